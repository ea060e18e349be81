/* params.c - the table of tensors and the blocks it cuts.
 *
 *   in    names, shapes, flags; then gradients that lanes have written
 *   out   weights, moments, and the summed, clipped gradient
 *
 * Everything that walks a block walks it in PIECES fixed pieces of each tensor, so that the
 * threads that take the pieces cannot change a bit of the result.
 *
 * Invariants: tensors start at multiples of 16 floats and the gaps stay zero; a row of a
 * PARAM_ROWS tensor whose touch byte is 0 has a zero gradient in that lane.
 */
#include <math.h>
#include <stdlib.h>

#include "num/num.h"
#include "num/params_walk.h"

int params_add(struct params *p, const char *name, unsigned flags, int n_dim,
               const size_t *dim)
{
	struct tensor t = { .n_dim = n_dim, .flags = flags, .off = p->n, .n = 1 };
	size_t len = strlen(name) + 1;

	must(!p->w && n_dim >= 1 && n_dim <= PARAM_DIMS && params_find(p, name) < 0);
	for (int i = 0; i < n_dim; i++) {
		must(dim[i] > 0 && mul_ok(t.n, dim[i], &t.n));
		t.dim[i] = dim[i];
	}
	t.rows = dim[0];
	t.cols = t.n / dim[0];
	t.name = memcpy(mem_alloc(len, 1), name, len);
	must(add_ok(p->n, t.n, &p->n) && add_ok(p->n, 15, &p->n));
	p->n &= ~(size_t)15;
	if (flags & PARAM_ROWS)
		p->n_touch += t.rows;
	VEC_PUSH(p->t, p->n_t, p->cap_t) = t;
	return (int)p->n_t - 1;
}

void params_alloc(struct params *p, int lanes)
{
	size_t bytes, all, touch = 0;

	must(!p->w && p->n_t > 0 && lanes > 0);
	must(mul_ok(p->n, sizeof(float), &bytes) && mul_ok(bytes, (size_t)lanes, &all));
	p->lanes = lanes;
	p->shrink = 1;
	p->w = mem_aligned(bytes);
	p->m = mem_aligned(bytes);
	p->v = mem_aligned(bytes);
	p->g = mem_aligned(all);
	p->touch = mem_alloc(p->n_touch ? p->n_touch : 1, (size_t)lanes);
	p->touch_off = mem_alloc(p->n_t, sizeof *p->touch_off);
	for (size_t i = 0; i < p->n_t; i++) {
		p->touch_off[i] = touch;
		if (p->t[i].flags & PARAM_ROWS)
			touch += p->t[i].rows;
	}
}

void params_clear(struct params *p)
{
	for (size_t i = 0; i < p->n_t; i++)
		mem_free((void *)p->t[i].name);
	mem_free(p->t);
	mem_free(p->w);
	mem_free(p->m);
	mem_free(p->v);
	mem_free(p->g);
	mem_free(p->touch);
	mem_free(p->touch_off);
	mem_free(p->pack);
	mem_free(p->pack_off);
	*p = (struct params){ 0 };
}

int params_find(const struct params *p, const char *name)
{
	for (size_t i = 0; i < p->n_t; i++)
		if (!strcmp(p->t[i].name, name))
			return (int)i;
	return -1;
}

uint8_t *params_touch(const struct params *p, int lane, int i)
{
	if (!(p->t[i].flags & PARAM_ROWS))
		return NULL;
	return p->touch + (size_t)lane * p->n_touch + p->touch_off[i];
}

/* ---- first values ---------------------------------------------------------------- */
void params_init(struct params *p, int i, double std, uint64_t seed)
{
	struct rng r = rng_stream(seed, p->t[i].name, 0);
	float *w = params_w(p, i);

	for (size_t k = 0; k < p->t[i].n; k++)
		w[k] = (float)(std * rng_normal(&r));
}

void params_fill(struct params *p, int i, float value)
{
	float *w = params_w(p, i);

	for (size_t k = 0; k < p->t[i].n; k++)
		w[k] = value;
}

double params_fan_in(const struct params *p, int i)
{
	return 1.0 / sqrt((double)p->t[i].cols);
}

/* ---- walking in pieces ----------------------------------------------------------- */
struct walk {
	struct params *p;
	int lane;		/* whose touch marks say which rows count */
	params_span *fn;
	void *ctx;
};

/* Calls fn for each run of touched rows among [from, to). */
static void walk_rows(const struct walk *k, int piece, int i, size_t from, size_t to)
{
	const struct tensor *t = &k->p->t[i];
	const uint8_t *touch = params_touch(k->p, k->lane, i);

	while (from < to) {
		size_t end = from;

		if (!touch[from]) {
			const uint8_t *next = memchr(touch + from, 1, to - from);

			if (!next)
				return;
			end = from = (size_t)(next - touch);
		}
		while (end < to && touch[end])
			end++;
		k->fn(k->p, k->ctx, piece, i, t->off + from * t->cols, (end - from) * t->cols);
		from = end;
	}
}

static void walk_piece(void *ctx, int piece)
{
	const struct walk *k = ctx;

	for (int i = 0; i < (int)k->p->n_t; i++) {
		const struct tensor *t = &k->p->t[i];
		size_t n = t->flags & PARAM_ROWS ? t->rows : t->n;
		size_t from = num_lane_from(n, piece, PIECES), to = num_lane_to(n, piece, PIECES);

		if (t->flags & PARAM_ROWS)
			walk_rows(k, piece, i, from, to);
		else if (from < to)
			k->fn(k->p, k->ctx, piece, i, t->off + from, to - from);
	}
}

void params_walk(struct params *p, int lane, params_span *fn, void *ctx)
{
	struct walk k = { p, lane, fn, ctx };

	/* Waking threads for a small table costs more than the walk. */
	num_lanes(PIECES, p->n < 1 << 16 ? 1 : 0, walk_piece, &k);
}

/* ---- gradients ------------------------------------------------------------------- */
static void zero_span(struct params *p, void *ctx, int piece, int i, size_t off, size_t n)
{
	(void)piece, (void)i;
	memset(p->g + *(int *)ctx * p->n + off, 0, n * sizeof(float));
}

void params_zero(struct params *p)
{
	for (int lane = 0; lane < (p->swept ? 1 : p->lanes); lane++)
		params_walk(p, lane, zero_span, &lane);
	if (p->n_touch)
		memset(p->touch, 0, p->n_touch * (size_t)p->lanes);
	p->swept = false;
	p->shrink = 1;
}

/* A run is added and swept in chunks that stay in the first cache. */
static void reduce_span(struct params *p, void *ctx, int piece, int i, size_t off, size_t n)
{
	enum { CHUNK = 1024 };
	const struct tensor *t = &p->t[i];
	size_t most = t->flags & PARAM_ROWS ? t->cols : CHUNK;

	(void)piece, (void)ctx;
	for (size_t at = 0, m; at < n; at += m) {
		m = n - at < most ? n - at : most;
		for (int lane = 1; lane < p->lanes; lane++) {
			const uint8_t *touch = params_touch(p, lane, i);
			float *from = p->g + (size_t)lane * p->n + off + at;

			if (touch && !touch[(off + at - t->off) / t->cols])
				continue;
			num_axpy(p->g + off + at, 1.0f, from, m);
			memset(from, 0, m * sizeof *from);
		}
	}
}

void params_reduce(struct params *p)
{
	for (int lane = 1; lane < p->lanes; lane++)
		for (size_t r = 0; r < p->n_touch; r++)
			p->touch[r] |= p->touch[(size_t)lane * p->n_touch + r];
	params_walk(p, 0, reduce_span, NULL);
	p->swept = true;
}

static void sum2_span(struct params *p, void *ctx, int piece, int i, size_t off, size_t n)
{
	(void)i;
	((double *)ctx)[piece] += num_sum2(p->g + off, n);
}

double params_norm(const struct params *p)
{
	double part[PIECES] = { 0 }, sum = 0;

	params_walk((struct params *)p, 0, sum2_span, part);	/* reads only */
	for (int i = 0; i < PIECES; i++)
		sum += part[i];
	return sqrt(sum) * (double)p->shrink;
}

double params_clip(struct params *p, double max_norm)
{
	double norm = params_norm(p);

	if (isfinite(norm) && norm > max_norm)
		p->shrink *= (float)(max_norm / norm);
	return norm;
}

const char *params_finite(const struct params *p)
{
	for (size_t i = 0; i < p->n_t; i++) {
		const struct tensor *t = &p->t[i];

		if (num_finite(p->w + t->off, t->n) < t->n ||
		    num_finite(p->g + t->off, t->n) < t->n)
			return t->name;
	}
	return NULL;
}
