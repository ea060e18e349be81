/* codescan.c - the scan: bounds from 8-bit tables, exact scores for what passes.
 *
 *   in    see codescan.h
 *   out   see codescan.h
 *
 * Rounded tables: with lo_b the least of table b and u = (the widest table's range) / 255,
 *
 *     q_b[v] = floor((table[b][v] - lo_b) / u),   so   Σ table[b][c_b] < Σ lo_b + u·(Σ q_b[c_b] + bytes)
 *
 * Let t be the k-th best score so far: a code can be as good only if
 *
 *     Σ q_b[c_b] > (t - slack - Σ lo_b) / u - bytes
 *
 * where slack covers the rounding of float32 sums: bytes · 2^-22 · Σ max|table[b]|. The sums of q fit
 * 16 bits: 64 · 255. Each lane keeps a heap of its own best k; the lanes' heaps are joined at the end.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "glyphs/codescan.h"
#include "glyphs/codescan_in.h"
#include "num/num.h"

enum { LANES = 16 };

void codescan_open(struct codescan *s, const uint8_t *codes, size_t n, int bytes)
{
	size_t blocks = (n + CODE_BLOCK - 1) / CODE_BLOCK;

	must(bytes >= 1 && bytes <= CODE_BYTES_MAX);
	*s = (struct codescan){ .n = n, .bytes = bytes, .block = mem_aligned(blocks * CODE_BLOCK * (size_t)bytes + 64) };
	for (size_t i = 0; i < n; i++)
		for (int b = 0; b < bytes; b++)
			s->block[(i / CODE_BLOCK * (size_t)bytes + (size_t)b) * CODE_BLOCK + i % CODE_BLOCK] =
				codes[i * (size_t)bytes + (size_t)b];
}

void codescan_close(struct codescan *s)
{
	mem_free(s->block);
	*s = (struct codescan){ 0 };
}

/* ---- the best k so far: a heap whose root is the worst of them ------------------------------- */
struct best {
	struct code_hit *v;
	size_t n, k;
};

/* a comes after b in the order of results. */
static bool worse(const struct code_hit *a, const struct code_hit *b)
{
	return a->score != b->score ? a->score < b->score : a->id > b->id;
}

static void sink(struct best *h, size_t i)
{
	for (;;) {
		size_t c = 2 * i + 1;
		struct code_hit t;

		if (c >= h->n)
			return;
		if (c + 1 < h->n && worse(&h->v[c + 1], &h->v[c]))
			c++;
		if (!worse(&h->v[c], &h->v[i]))
			return;
		t = h->v[c], h->v[c] = h->v[i], h->v[i] = t;
		i = c;
	}
}

static void offer(struct best *h, struct code_hit hit)
{
	if (h->n < h->k) {
		size_t i = h->n++;

		for (; i > 0 && worse(&hit, &h->v[(i - 1) / 2]); i = (i - 1) / 2)
			h->v[i] = h->v[(i - 1) / 2];
		h->v[i] = hit;
	} else if (worse(&h->v[0], &hit)) {
		h->v[0] = hit;
		sink(h, 0);
	}
}

static int by_rank(const void *pa, const void *pb)
{
	const struct code_hit *a = pa, *b = pb;

	return worse(a, b) ? 1 : worse(b, a) ? -1 : 0;
}

/* ---- scores ------------------------------------------------------------------------------------- */
static float score(const struct codescan *s, const float *table, size_t id)
{
	const uint8_t *c = s->block + id / CODE_BLOCK * (size_t)s->bytes * CODE_BLOCK + id % CODE_BLOCK;
	float sum = 0;

	for (int b = 0; b < s->bytes; b++)
		sum += table[b * 256 + c[(size_t)b * CODE_BLOCK]];
	return sum;
}

struct search {
	const struct codescan *s;
	const float *table;
	struct scan_tables q;
	double low, unit, slack;	/* Σ lo_b, u, slack */
	size_t k;
	struct code_hit *hits;		/* [LANES][k] */
	size_t n_hits[LANES];
	code_bounds *bounds;
};

static void round_tables(struct search *x)
{
	double range = 0, most = 0;
	float lo[CODE_BYTES_MAX];

	for (int b = 0; b < x->s->bytes; b++) {
		const float *t = x->table + b * 256;
		float hi = t[0];

		lo[b] = t[0];
		for (int v = 1; v < 256; v++) {
			lo[b] = t[v] < lo[b] ? t[v] : lo[b];
			hi = t[v] > hi ? t[v] : hi;
		}
		range = (double)hi - (double)lo[b] > range ? (double)hi - (double)lo[b] : range;
		most += fmax(fabs((double)hi), fabs((double)lo[b]));
		x->low += (double)lo[b];
	}
	x->unit = range > 0 ? range / 255 : 1;
	x->slack = x->s->bytes * ldexp(1, -22) * most;
	for (int b = 0; b < x->s->bytes; b++)
		for (int v = 0; v < 256; v++) {
			double q = floor(((double)x->table[b * 256 + v] - (double)lo[b]) / x->unit);

			x->q.q[b][v] = (uint8_t)(q < 0 ? 0 : q > 255 ? 255 : q);
		}
}

/* The least sum of q that a code of score t can have. */
static int least_sum(const struct search *x, float t)
{
	double q = ((double)t - x->slack - x->low) / x->unit - x->s->bytes;

	return q < 0 ? 0 : q > 65535 ? 65535 : (int)q;
}

static void scan_lane(void *ctx, int lane)
{
	struct search *x = ctx;
	size_t blocks = (x->s->n + CODE_BLOCK - 1) / CODE_BLOCK;
	size_t from = num_lane_from(blocks, lane, LANES), to = num_lane_to(blocks, lane, LANES);
	struct best h = { x->hits + (size_t)lane * x->k, 0, x->k };
	int least = 0;

	for (size_t b = from; b < to; b++) {
		const uint8_t *at = x->s->block + b * (size_t)x->s->bytes * CODE_BLOCK;
		uint64_t pass = h.n < h.k || !x->bounds ? ~(uint64_t)0 : x->bounds(at, &x->q, x->s->bytes, least);

		while (pass) {
			size_t id = b * CODE_BLOCK + (size_t)__builtin_ctzll(pass);

			pass &= pass - 1;
			if (id < x->s->n)
				offer(&h, (struct code_hit){ id, score(x->s, x->table, id) });
			if (h.n == h.k)
				least = least_sum(x, h.v[0].score);
		}
	}
	x->n_hits[lane] = h.n;
}

static size_t search(struct code_hit *out, size_t k, const struct codescan *s, const float *table,
                     code_bounds *bounds)
{
	struct search x = { .s = s, .table = table, .bounds = bounds, .k = k < s->n ? k : s->n };
	size_t n = 0;

	if (x.k == 0)
		return 0;
	x.hits = mem_alloc(LANES * x.k, sizeof *x.hits);
	round_tables(&x);
	num_lanes(LANES, 0, scan_lane, &x);
	for (int l = 0; l < LANES; l++) {
		memmove(x.hits + n, x.hits + (size_t)l * x.k, x.n_hits[l] * sizeof *x.hits);
		n += x.n_hits[l];
	}
	qsort(x.hits, n, sizeof *x.hits, by_rank);
	n = n < x.k ? n : x.k;
	memcpy(out, x.hits, n * sizeof *out);
	mem_free(x.hits);
	return n;
}

/* ---- the choice of kernel ----------------------------------------------------------------------- */
static code_bounds *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
	const char *want = getenv("LTM_SCAN");

	if (!want || strcmp(want, "plain"))
		chosen = codescan_vbmi();
}

const char *codescan_name(void)
{
	pthread_once(&once, choose);
	return chosen ? "vbmi" : "plain";
}

size_t codescan_search(struct code_hit *out, size_t k, const struct codescan *s, const float *table)
{
	pthread_once(&once, choose);
	return search(out, k, s, table, chosen);
}

size_t codescan_plain(struct code_hit *out, size_t k, const struct codescan *s, const float *table)
{
	return search(out, k, s, table, NULL);
}
