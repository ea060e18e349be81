/* corefile.c - a trained core, its ranker and its checkpoints as files.
 *
 *   in    struct core, struct lexis, struct train_state
 *   out   safetensors with metadata; and back, checked
 *
 * Invariants: the same core gives the same bytes; what is read has the names, shapes and
 * configuration this program would write, or it is refused and nothing of it is kept.
 */
#include <stdlib.h>

#include "io/corefile.h"
#include "io/weights.h"

enum { CORE_VERSION = 1, CKPT_VERSION = 1, RANKER_MAGIC = 0x4b4e4152 /* "RANK" */ };
enum { LIMIT_WEIGHTS = 1 << 30, LIMIT_IDF = 1 << 26 };

/* ---- gathering rows ---- */

struct sheet {
	struct weights w;
	size_t cap_t, cap_m;
	struct arena mem;
};

static void add(struct sheet *s, const char *name, enum dtype type, const void *data, size_t each,
                size_t rows, size_t cols)
{
	struct tensor_row t = { .name = str_copy(&s->mem, str_of(name)), .type = type, .n_dim = cols ? 2 : 1,
	                        .dim = { rows, cols }, .data = data,
	                        .bytes = rows * (cols ? cols : 1) * each };

	VEC_PUSH(s->w.t, s->w.n, s->cap_t) = t;
}

static void meta(struct sheet *s, const char *key, struct str value)
{
	if (s->w.n_meta == s->cap_m)
		s->w.meta = mem_grow(s->w.meta, &s->cap_m, sizeof *s->w.meta);
	s->w.meta[s->w.n_meta].key = str_of(key);
	s->w.meta[s->w.n_meta++].value = value;
}

static void meta_u64(struct sheet *s, const char *key, uint64_t v)
{
	meta(s, key, str_printf(&s->mem, "%llu", (unsigned long long)v));
}

static int by_key(const void *a, const void *b)
{
	const struct str *x = a, *y = b;	/* key is the first member of a pair */

	return str_cmp(*x, *y);
}

static enum status sheet_save(struct sheet *s, const char *path, struct err *e)
{
	qsort(s->w.meta, s->w.n_meta, sizeof *s->w.meta, by_key);
	enum status st = weights_save(path, &s->w, e);

	mem_free(s->w.t);
	mem_free(s->w.meta);
	arena_close(&s->mem);
	return st;
}

/* Pairs (key, df) by key: [n][2]. */
static void add_idf(struct sheet *s, const char *name, const struct idf *t)
{
	uint32_t *v = TAKE(&s->mem, uint32_t, t->n * 2);
	size_t n = 0;

	for (size_t i = 0; i < t->cap; i++)
		if (t->key[i]) {
			v[n * 2] = t->key[i];
			v[n++ * 2 + 1] = t->df[i];
		}
	qsort(v, n, 2 * sizeof *v, u32_cmp);
	add(s, name, DT_U32, v, 4, n, 2);
}

static void add_params(struct sheet *s, const struct params *p, const float *block,
                       const char *prefix)
{
	for (size_t i = 0; i < p->n_t; i++) {
		struct str name = str_printf(&s->mem, "%s%s", prefix, p->t[i].name);

		add(s, name.p, DT_F32, block + p->t[i].off, 4, p->t[i].dim[0],
		    p->t[i].n_dim > 1 ? p->t[i].cols : 0);
	}
}

static void meta_config(struct sheet *s, const struct core_config *c)
{
	meta_u64(s, "seed", c->seed);
	meta_u64(s, "hidden1", (uint64_t)c->hidden1);
	meta_u64(s, "hidden2", (uint64_t)c->hidden2);
	meta_u64(s, "epochs", (uint64_t)c->epochs);
	meta_u64(s, "batch", (uint64_t)c->batch);
	meta_u64(s, "lanes", (uint64_t)c->lanes);
	meta_u64(s, "per_book", (uint64_t)c->per_book);
	meta(s, "rate", str_printf(&s->mem, "%.17g", c->rate));
	meta(s, "decay", str_printf(&s->mem, "%.17g", c->decay));
	meta(s, "dropout", str_printf(&s->mem, "%.17g", c->dropout));
}

enum status corefile_save(const char *path, const struct core *c, const struct lexis *x,
                          uint64_t data, struct err *e)
{
	struct sheet s = { .mem = arena_open("corefile") };
	size_t raw = 2 * (size_t)core_raw();

	add_params(&s, &c->p, c->p.w, "");
	add(&s, "input.mean", DT_F32, c->mean, 4, raw, 0);
	add(&s, "input.scale", DT_F32, c->scale, 4, raw, 0);
	add(&s, "seam.vocabulary", DT_U32, c->vocab, 4, (size_t)c->n_vocab, 0);
	add_idf(&s, "idf.stem", &x->stem);
	add_idf(&s, "idf.lemma", &x->lemma);
	meta(&s, "format", S("ltm-core"));
	meta_u64(&s, "version", CORE_VERSION);
	meta_u64(&s, "features", (uint64_t)core_raw());
	meta_u64(&s, "scenes", x->stem.scenes);
	meta(&s, "data", str_printf(&s.mem, "%016llx", (unsigned long long)data));
	meta_config(&s, &c->c);
	return sheet_save(&s, path, e);
}

/* ---- reading ---- */

static bool number(const struct weights *w, const char *key, uint64_t max, uint64_t *v)
{
	return str_u64(weights_meta(w, key), v) && *v <= max;
}

static bool real(const struct weights *w, const char *key, double *v)
{
	return str_f64(weights_meta(w, key), v) && *v >= 0 && *v < 1e6;
}

static enum status read_config(struct core_config *c, const struct weights *w, const char *path,
                               struct err *e)
{
	uint64_t seed, h1, h2, epochs, batch, lanes, per;

	if (!number(w, "seed", UINT64_MAX, &seed) || !number(w, "hidden1", 4096, &h1) ||
	    !number(w, "hidden2", 4096, &h2) || !number(w, "epochs", 100000, &epochs) ||
	    !number(w, "batch", 1 << 20, &batch) || !number(w, "lanes", 64, &lanes) ||
	    !number(w, "per_book", 1 << 30, &per) || !h1 || !h2 || !batch || !lanes ||
	    !real(w, "rate", &c->rate) || !real(w, "decay", &c->decay) ||
	    !real(w, "dropout", &c->dropout) || c->dropout >= 1)
		return err_set(e, ERR_FORMAT, "%s: the configuration in the metadata is missing or "
		               "impossible; train again", path);
	c->seed = seed;
	c->hidden1 = (int)h1;
	c->hidden2 = (int)h2;
	c->epochs = (int)epochs;
	c->batch = (int)batch;
	c->lanes = (int)lanes;
	c->per_book = (int)per;
	return OK;
}

static enum status take(void *to, const struct weights *w, const char *name, enum dtype type,
                        uint64_t bytes, const char *path, struct err *e)
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

static enum status take_params(struct params *p, float *block, const char *prefix,
                               const struct weights *w, const char *path, struct err *e)
{
	for (size_t i = 0; i < p->n_t; i++) {
		char name[256];

		snprintf(name, sizeof name, "%s%s", prefix, p->t[i].name);
		if (take(block + p->t[i].off, w, name, DT_F32, p->t[i].n * 4, path, e))
			return e->code;
	}
	return OK;
}

static enum status take_idf(struct idf *t, const struct weights *w, const char *name,
                            uint64_t scenes, const char *path, struct err *e)
{
	const struct tensor_row *row = weights_find(w, name);
	const char *p;

	idf_init(t);
	t->scenes = scenes;
	if (!row || row->type != DT_U32 || row->n_dim != 2 || row->dim[1] != 2 || row->dim[0] > LIMIT_IDF)
		return err_set(e, ERR_FORMAT, "%s: tensor %s is missing or of another shape", path, name);
	p = row->data;
	for (uint64_t i = 0; i < row->dim[0]; i++, p += 8) {
		uint32_t pair[2];

		memcpy(pair, p, 8);
		if (pair[1] > scenes || !idf_put(t, pair[0], pair[1]))
			return err_set(e, ERR_FORMAT, "%s: tensor %s row %llu is impossible", path, name,
			               (unsigned long long)i);
	}
	return OK;
}

static enum status header(const struct weights *w, const char *format, uint64_t known,
                          const char *path, struct err *e)
{
	uint64_t version;

	if (!str_eq(weights_meta(w, "format"), str_of(format)) || !number(w, "version", UINT32_MAX, &version))
		return err_set(e, ERR_FORMAT, "%s: not a file of format %s", path, format);
	if (version > known)
		return err_set(e, ERR_FORMAT, "%s: version %llu; this program reads up to %llu: a newer "
		               "ltm is needed", path, (unsigned long long)version, (unsigned long long)known);
	return OK;
}

static enum status load(struct core *c, struct lexis *x, const struct weights *w, const char *path,
                        struct err *e)
{
	size_t raw = 2 * (size_t)core_raw();
	struct core_config cfg;
	const struct tensor_row *v = weights_find(w, "seam.vocabulary");
	uint64_t features, scenes;

	if (header(w, "ltm-core", CORE_VERSION, path, e) || read_config(&cfg, w, path, e))
		return e->code;
	if (!number(w, "features", 1 << 20, &features) || features != (uint64_t)core_raw())
		return err_set(e, ERR_FORMAT, "%s: made for other features than this program's; train "
		               "again (ltm train)", path);
	if (!number(w, "scenes", UINT32_MAX, &scenes) || !v || v->type != DT_U32 || v->n_dim != 1 ||
	    v->dim[0] > SEAM_VOCAB)
		return err_set(e, ERR_FORMAT, "%s: damaged metadata or vocabulary", path);
	core_init(c, &cfg);
	c->n_vocab = (int)v->dim[0];
	memcpy(c->vocab, v->data, v->dim[0] * 4);
	if (take_params(&c->p, c->p.w, "", w, path, e) ||
	    take(c->mean, w, "input.mean", DT_F32, raw * 4, path, e) ||
	    take(c->scale, w, "input.scale", DT_F32, raw * 4, path, e))
		return e->code;
	if (take_idf(&x->stem, w, "idf.stem", scenes, path, e) ||
	    take_idf(&x->lemma, w, "idf.lemma", scenes, path, e))
		return e->code;
	return OK;
}

static enum status open_weights(struct weights *w, struct str *map, const char *path,
                                struct arena *a, struct err *e)
{
	if (file_map(map, path, e))
		return e->code;
	if (map->n <= LIMIT_WEIGHTS && !weights_read(w, *map, a, e))
		return OK;
	if (e->code)
		err_in(e, path);
	else
		err_set(e, ERR_LIMIT, "%s: over the limit of %d MB", path, LIMIT_WEIGHTS >> 20);
	file_unmap(map);
	return e->code;
}

enum status corefile_load(const char *path, struct core *c, struct lexis *x, struct err *e)
{
	struct arena a = arena_open("corefile");
	struct weights w;
	struct str map;

	*c = (struct core){ 0 };
	*x = (struct lexis){ 0 };
	if (!open_weights(&w, &map, path, &a, e)) {
		if (load(c, x, &w, path, e)) {
			core_clear(c);
			lexis_clear(x);
		}
		file_unmap(&map);
	}
	arena_close(&a);
	return e->code;
}

/* ---- the ranker ---- */

enum status rankerfile_save(const char *path, const struct ranker *r, struct err *e)
{
	struct buf b = { 0 };
	enum status st;

	buf_u32(&b, RANKER_MAGIC);
	buf_u32(&b, 1);
	for (int k = 0; k < 3; k++) {
		struct buf one = { 0 };

		boost_save(&one, &r->kind[k]);
		buf_blob(&b, buf_view(&one));
		buf_free(&one);
	}
	st = file_save(path, buf_view(&b), e);
	buf_free(&b);
	return st;
}

enum status rankerfile_load(const char *path, struct ranker *r, struct err *e)
{
	struct str map;
	struct reader in;

	*r = (struct ranker){ 0 };
	if (file_map(&map, path, e))
		return e->code;
	in = reader_of(map);
	if (rd_u32(&in) != RANKER_MAGIC || rd_u32(&in) != 1)
		err_set(e, ERR_FORMAT, "%s: not a ranker of this version", path);
	for (int k = 0; k < 3 && !e->code; k++)
		if (boost_open(&r->kind[k], rd_blob(&in), e))
			err_in(e, path);
		else if (r->kind[k].d != 2 * SHALLOW_N)
			err_set(e, ERR_FORMAT, "%s: made for other features; train again", path);
	if (!e->code && (in.bad || rd_left(&in)))
		err_set(e, ERR_FORMAT, "%s: cut short or too long", path);
	if (e->code)
		ranker_clear(r);
	file_unmap(&map);
	return e->code;
}

/* ---- checkpoints ---- */

static uint64_t bits_of(double x)
{
	uint64_t u;

	memcpy(&u, &x, 8);
	return u;
}

enum status ckptfile_save(const char *path, const struct core *c, const struct train_state *st,
                          uint64_t data, struct err *e)
{
	struct sheet s = { .mem = arena_open("checkpoint") };

	add_params(&s, &c->p, c->p.w, "");
	add_params(&s, &c->p, c->p.m, "adamw.m.");
	add_params(&s, &c->p, c->p.v, "adamw.v.");
	add_params(&s, &c->p, st->avg.w, "average.");
	meta(&s, "format", S("ltm-checkpoint"));
	meta_u64(&s, "version", CKPT_VERSION);
	meta_u64(&s, "epoch", st->epoch);
	meta_u64(&s, "chunk", st->chunk);
	meta_u64(&s, "position", st->batch);
	meta_u64(&s, "step", st->step);
	meta_u64(&s, "loss_bits", bits_of(st->loss));
	meta_u64(&s, "losses", st->losses);
	meta_u64(&s, "averaged", st->avg.seen);
	meta(&s, "log", buf_view(&st->log));
	meta(&s, "data", str_printf(&s.mem, "%016llx", (unsigned long long)data));
	meta_config(&s, &c->c);
	return sheet_save(&s, path, e);
}

static enum status load_ckpt(const char *path, struct core *c, struct train_state *st, uint64_t data,
                             const struct weights *w, struct err *e)
{
	char want[20];
	uint64_t loss;
	struct str log = weights_meta(w, "log");

	snprintf(want, sizeof want, "%016llx", (unsigned long long)data);
	if (header(w, "ltm-checkpoint", CKPT_VERSION, path, e))
		return e->code;
	if (!str_eq(weights_meta(w, "data"), str_of(want)))
		return err_set(e, ERR_FORMAT, "%s: a checkpoint of other books or settings", path);
	if (!number(w, "epoch", 1 << 20, &st->epoch) || !number(w, "chunk", 1u << 31, &st->chunk) ||
	    !number(w, "position", 1u << 31, &st->batch) || !number(w, "step", 1ull << 40, &st->step) ||
	    !number(w, "loss_bits", UINT64_MAX, &loss) || !number(w, "losses", 1ull << 40, &st->losses) ||
	    !number(w, "averaged", 1ull << 40, &st->avg.seen))
		return err_set(e, ERR_FORMAT, "%s: the position in the metadata is impossible", path);
	memcpy(&st->loss, &loss, 8);
	st->log.n = 0;
	buf_str(&st->log, log);
	if (take_params(&c->p, c->p.w, "", w, path, e) ||
	    take_params(&c->p, c->p.m, "adamw.m.", w, path, e) ||
	    take_params(&c->p, c->p.v, "adamw.v.", w, path, e) ||
	    take_params(&c->p, st->avg.w, "average.", w, path, e))
		return e->code;
	return OK;
}

enum status ckptfile_load(const char *path, struct core *c, struct train_state *st, uint64_t data,
                          struct err *e)
{
	struct arena a = arena_open("checkpoint");
	struct weights w;
	struct str map;

	if (!open_weights(&w, &map, path, &a, e)) {
		if (!st->avg.w)
			average_init(&st->avg, &c->p);
		load_ckpt(path, c, st, data, &w, e);
		file_unmap(&map);
	}
	arena_close(&a);
	return e->code;
}
