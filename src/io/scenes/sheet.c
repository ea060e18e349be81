/* sheet.c - tensors and metadata into one safetensors file and out again.
 *
 *   in    params, arrays, keys and values; or a file nobody vouches for
 *   out   the file, whole or not at all; or copies of what was asked for
 *
 * Invariant: the same content gives the same bytes: metadata is sorted by key.
 */
#include <math.h>
#include <stdlib.h>

#include "io/scenes/sheet.h"

void sheet_add(struct sheet *s, const char *name, enum dtype type, const void *data, size_t each, size_t rows,
               size_t cols)
{
	struct tensor_row t = { .name = str_copy(&s->mem, str_of(name)), .type = type, .n_dim = cols ? 2 : 1,
	                        .dim = { rows, cols }, .data = data,
	                        .bytes = rows * (cols ? cols : 1) * each };

	VEC_PUSH(s->w.t, s->w.n, s->cap_t) = t;
}

void sheet_params(struct sheet *s, const struct params *p, const float *block, const char *prefix)
{
	for (size_t i = 0; i < p->n_t; i++) {
		struct str name = str_printf(&s->mem, "%s%s", prefix, p->t[i].name);

		sheet_add(s, name.p, DT_F32, block + p->t[i].off, 4, p->t[i].dim[0],
		          p->t[i].n_dim > 1 ? p->t[i].cols : 0);
	}
}

void sheet_meta(struct sheet *s, const char *key, struct str value)
{
	if (s->w.n_meta == s->cap_m)
		s->w.meta = mem_grow(s->w.meta, &s->cap_m, sizeof *s->w.meta);
	s->w.meta[s->w.n_meta].key = str_of(key);
	s->w.meta[s->w.n_meta++].value = value;
}

void sheet_meta_u64(struct sheet *s, const char *key, uint64_t v)
{
	sheet_meta(s, key, str_printf(&s->mem, "%llu", (unsigned long long)v));
}

void sheet_meta_real(struct sheet *s, const char *key, double v)
{
	sheet_meta(s, key, str_printf(&s->mem, "%.17g", v));
}

static int by_key(const void *a, const void *b)
{
	const struct str *x = a, *y = b;	/* key is the first member of a pair */

	return str_cmp(*x, *y);
}

enum status sheet_save(struct sheet *s, const char *path, struct err *e)
{
	enum status st;

	qsort(s->w.meta, s->w.n_meta, sizeof *s->w.meta, by_key);
	st = weights_save(path, &s->w, e);
	mem_free(s->w.t);
	mem_free(s->w.meta);
	arena_close(&s->mem);
	return st;
}

/* ---- reading -------------------------------------------------------------------------------- */
enum status sheet_open(struct weights *w, struct str *map, const char *path, struct arena *a, struct err *e)
{
	if (file_map(map, path, e))
		return e->code;
	if (map->n >> 20 <= SHEET_LIMIT_MB && !weights_read(w, *map, a, e))
		return OK;
	if (e->code)
		err_in(e, path);
	else
		err_set(e, ERR_LIMIT, "%s: over the limit of %d MB", path, SHEET_LIMIT_MB);
	file_unmap(map);
	return e->code;
}

enum status sheet_header(const struct weights *w, const char *format, uint64_t known, const char *path,
                         struct err *e)
{
	uint64_t version;

	if (!str_eq(weights_meta(w, "format"), str_of(format)) || !sheet_u64(w, "version", UINT32_MAX, &version))
		return err_set(e, ERR_FORMAT, "%s: not a file of format %s", path, format);
	if (version > known)
		return err_set(e, ERR_FORMAT, "%s: version %llu; this program reads up to %llu: a newer "
		               "ltm is needed", path, (unsigned long long)version, (unsigned long long)known);
	return OK;
}

bool sheet_u64(const struct weights *w, const char *key, uint64_t max, uint64_t *v)
{
	return str_u64(weights_meta(w, key), v) && *v <= max;
}

bool sheet_real(const struct weights *w, const char *key, double *v)
{
	return str_f64(weights_meta(w, key), v) && isfinite(*v);
}

enum status sheet_take(void *to, const struct weights *w, const char *name, enum dtype type, uint64_t bytes,
                       const char *path, struct err *e)
{
	const struct tensor_row *t = weights_find(w, name);

	if (!t || t->type != type || t->bytes != bytes)
		return err_set(e, ERR_FORMAT, "%s: tensor %s is missing or of another shape; train again",
		               path, name);
	memcpy(to, t->data, bytes);
	if (type == DT_F32 && num_finite(to, bytes / 4) != bytes / 4)
		return err_set(e, ERR_FORMAT, "%s: tensor %s holds a number that is not finite", path, name);
	return OK;
}

enum status sheet_take_params(struct params *p, float *block, const char *prefix, const struct weights *w,
                              const char *path, struct err *e)
{
	for (size_t i = 0; i < p->n_t; i++) {
		char name[256];

		snprintf(name, sizeof name, "%s%s", prefix, p->t[i].name);
		if (sheet_take(block + p->t[i].off, w, name, DT_F32, p->t[i].n * 4, path, e))
			return e->code;
	}
	return OK;
}
