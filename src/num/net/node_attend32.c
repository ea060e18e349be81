/* node_attend32.c - attention's products in float32: the BLAS, a tile of queries at a time.
 *
 *   in    heads of q, k, v, turned and scaled (node_attend.c)
 *   out   y, the log-sum-exp in keep [heads][N]; dq, dk, dv
 */
#include "num/fast.h"
#include "num/net/node_attend.h"

enum { TILE = 64 };			/* queries at a time */

struct room {
	float *q, *k, *v, *dq, *dk, *dv;	/* [T or S][head] of one head */
	float *p, *dp;				/* [TILE][S] */
	float *inv;				/* [TILE] */
};

static size_t room_of(struct room *r, const struct attention *at, void *base)
{
	size_t used = 0, head = (size_t)at->a.head, T = (size_t)at->T, S = (size_t)at->S;

	r->q = cut(base, &used, T * head * sizeof(float));
	r->k = cut(base, &used, S * head * sizeof(float));
	r->v = cut(base, &used, S * head * sizeof(float));
	r->dq = cut(base, &used, T * head * sizeof(float));
	r->dk = cut(base, &used, S * head * sizeof(float));
	r->dv = cut(base, &used, S * head * sizeof(float));
	r->p = cut(base, &used, TILE * S * sizeof(float));
	r->dp = cut(base, &used, TILE * S * sizeof(float));
	r->inv = cut(base, &used, TILE * sizeof(float));
	return used;
}

size_t attend_work32(const struct attention *at)
{
	struct room r;

	return room_of(&r, at, NULL);
}

static void load(struct room *r, const struct attention *at, int g, int h)
{
	struct side q, k, v;

	attend_sides(at, &q, &k, &v);
	attend_load32(r->q, at->a.head, at, &q, g * at->T, at->T, h, at->scale);
	attend_load32(r->k, at->a.head, at, &k, g * at->S, at->S, h, 1);
	attend_load32(r->v, at->a.head, at, &v, g * at->S, at->S, h, 1);
}

static void tile_forward(struct node *n, struct room *r, int g, int h, int i0, int m)
{
	const struct attention *at = n->own;
	int head = at->a.head, lo, hi;
	float *lse = (float *)n->keep + (size_t)h * n->N + (size_t)g * at->T + i0;
	float *y = (float *)n->x + ((size_t)g * at->T + i0) * n->D + (size_t)h * head;
	bool any = attend_span(at, i0, i0 + m, &lo, &hi);
	int w = hi - lo;

	if (!any)
		lo = hi = w = 0;
	num_gemm(false, true, m, w, head, 1, r->q + (size_t)i0 * head, head, r->k + (size_t)lo * head, head, 0,
	         r->p, w);
	attend_soft32(r->p, r->inv, lse, r->p, w, at->lo + i0, at->hi + i0, lo, w, m);
	num_gemm(false, false, m, head, w, 1, r->p, w, r->v + (size_t)lo * head, head, 0, y, n->D);
	for (int i = 0; i < m; i++)
		for (int d = 0; d < head; d++)
			y[(size_t)i * n->D + d] *= r->inv[i];
}

void attend_forward32(struct node *n)
{
	const struct attention *at = n->own;
	struct room r;

	room_of(&r, at, n->net->work);
	for (int g = 0; g < at->groups; g++)
		for (int h = 0; h < at->a.heads; h++) {
			load(&r, at, g, h);
			for (int i0 = 0; i0 < at->T; i0 += TILE)
				tile_forward(n, &r, g, h, i0, at->T - i0 < TILE ? at->T - i0 : TILE);
		}
}

/* p = e^(s - lse) where seen, ds = p·(dp - D), in place; n columns from a to b are seen. */
static NUM_FAST void row_back(float *p, float *dp, float lse, float D, int a, int b, int w)
{
	for (int j = a; j < b; j++) {
		p[j] = fast_exp(p[j] - lse);
		dp[j] = p[j] * (dp[j] - D);
	}
	memset(p, 0, (size_t)a * sizeof *p);
	memset(dp, 0, (size_t)a * sizeof *dp);
	memset(p + b, 0, (size_t)(w - b) * sizeof *p);
	memset(dp + b, 0, (size_t)(w - b) * sizeof *dp);
}

static void tile_back(struct node *n, struct room *r, int g, int h, int i0, int m)
{
	const struct attention *at = n->own;
	int head = at->a.head, lo, hi, w;
	size_t row = (size_t)g * at->T + i0;
	const float *lse = (const float *)n->keep + (size_t)h * n->N + row;
	const float *y = (const float *)n->x + row * n->D + (size_t)h * head;
	const float *dy = (const float *)n->dx + row * n->D + (size_t)h * head;
	float *q = r->q + (size_t)i0 * head, *dq = r->dq + (size_t)i0 * head;

	if (!attend_span(at, i0, i0 + m, &lo, &hi)) {
		memset(dq, 0, (size_t)m * head * sizeof *dq);
		return;
	}
	w = hi - lo;
	num_gemm(false, true, m, w, head, 1, q, head, r->k + (size_t)lo * head, head, 0, r->p, w);
	num_gemm(false, true, m, w, head, 1, dy, n->D, r->v + (size_t)lo * head, head, 0, r->dp, w);
	for (int i = 0; i < m; i++) {
		bool none = at->hi[i0 + i] <= at->lo[i0 + i];
		float D = (float)num_dot(y + (size_t)i * n->D, dy + (size_t)i * n->D, (size_t)head);

		row_back(r->p + (size_t)i * w, r->dp + (size_t)i * w, lse[i], D, none ? 0 : at->lo[i0 + i] - lo,
		         none ? 0 : at->hi[i0 + i] - lo, w);
	}
	num_gemm(true, false, w, head, m, 1, r->p, w, dy, n->D, 1, r->dv + (size_t)lo * head, head);
	num_gemm(false, false, m, head, w, 1, r->dp, w, r->k + (size_t)lo * head, head, 0, dq, head);
	num_gemm(true, false, w, head, m, 1, r->dp, w, q, head, 1, r->dk + (size_t)lo * head, head);
}

void attend_back32(struct node *n, struct side *q, struct side *k, struct side *v)
{
	const struct attention *at = n->own;
	size_t keys = (size_t)at->S * at->a.head * sizeof(float);
	struct room r;

	room_of(&r, at, n->net->work);
	for (int g = 0; g < at->groups; g++)
		for (int h = 0; h < at->a.heads; h++) {
			load(&r, at, g, h);
			memset(r.dk, 0, keys);
			memset(r.dv, 0, keys);
			for (int i0 = 0; i0 < at->T; i0 += TILE)
				tile_back(n, &r, g, h, i0, at->T - i0 < TILE ? at->T - i0 : TILE);
			/* q was scaled when it was loaded: dk has the scale already, dq not yet. */
			if (q->n->wants)
				attend_store32(at, q, r.dq, at->a.head, g * at->T, at->T, h, at->scale);
			if (k->n->wants)
				attend_store32(at, k, r.dk, at->a.head, g * at->S, at->S, h, 1);
			if (v->n->wants)
				attend_store32(at, v, r.dv, at->a.head, g * at->S, at->S, h, 1);
		}
}
