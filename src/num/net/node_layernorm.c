/* node_layernorm.c - LayerNorm [Ba et al. 2016] and unit length as nodes.
 *
 *   in    x [N][D]; w, b [D]
 *   out   y = w ⊙ x̂ + b, x̂ = (x - mean)·r, r = 1/sqrt(var + eps);  l2norm: y = x/|x|, zero rows stay
 *         with g = dy ⊙ w:  dx += r·(g - mean(g) - x̂·mean(g ⊙ x̂)),  dw += Σ dy ⊙ x̂,  db += Σ dy
 *         l2norm:           dx += (dy - y·(dy·y)) / |x|
 *
 * Sums over a row run in sixteen float32 strands, folded in one order; over rows by blocks.
 */
#include <math.h>

#include "num/fast.h"
#include "num/net/net.h"
#include "num/strands.h"

#define EPS 1e-5f
enum { ROWS = 64 };

static NUM_FAST float sum_of(const float *x, int D)
{
	float a[STRANDS] = { 0 };
	int i = 0;

	for (; i + STRANDS <= D; i += STRANDS)
		for (int k = 0; k < STRANDS; k++)
			a[k] += x[i + k];
	for (int k = 0; i < D; i++, k++)
		a[k] += x[i];
	return strands_fold(a);
}

/* Σ (x - u)² */
static NUM_FAST float spread(const float *x, float u, int D)
{
	float a[STRANDS] = { 0 };
	int i = 0;

	for (; i + STRANDS <= D; i += STRANDS)
		for (int k = 0; k < STRANDS; k++)
			a[k] += (x[i + k] - u) * (x[i + k] - u);
	for (int k = 0; i < D; i++, k++)
		a[k] += (x[i] - u) * (x[i] - u);
	return strands_fold(a);
}

static NUM_FAST void scaled(float *y, const float *x, const float *w, const float *b, float u, float s, int D)
{
	for (int i = 0; i < D; i++)
		y[i] = w[i] * ((x[i] - u) * s) + b[i];
}

static void forward(struct node *n)
{
	float *r = n->keep, *mean = r + n->N, *tmp = n->net->work, *y = tmp + n->D;

	for (int i = 0; i < n->N; i++) {
		const float *x = node_row(n->in[0], i, tmp);

		mean[i] = sum_of(x, n->D) / (float)n->D;
		r[i] = 1 / sqrtf(spread(x, mean[i], n->D) / (float)n->D + EPS);
		scaled(y, x, node_weight(n, 0), node_weight(n, 1), mean[i], r[i], n->D);
		node_row_put(n, i, y);
	}
}

/* g = dy ⊙ w, xh = x̂ */
static NUM_FAST void row_parts(float *g, float *xh, const float *dy, const float *x, const float *w, float u,
                               float s, int D)
{
	for (int i = 0; i < D; i++) {
		xh[i] = (x[i] - u) * s;
		g[i] = dy[i] * w[i];
	}
}

static NUM_FAST float dot(const float *p, const float *q, int D)
{
	float a[STRANDS] = { 0 };
	int i = 0;

	for (; i + STRANDS <= D; i += STRANDS)
		for (int k = 0; k < STRANDS; k++)
			a[k] += p[i + k] * q[i + k];
	for (int k = 0; i < D; i++, k++)
		a[k] += p[i] * q[i];
	return strands_fold(a);
}

static NUM_FAST void row_sums(float *dw, float *db, const float *dy, const float *xh, int D)
{
	for (int i = 0; i < D; i++) {
		dw[i] += dy[i] * xh[i];
		db[i] += dy[i];
	}
}

static NUM_FAST void row_dx(float *dx, const float *g, const float *xh, float s, float mg, float mgx, int D)
{
	for (int i = 0; i < D; i++)
		dx[i] = s * (g[i] - mg - xh[i] * mgx);
}

static void back(struct node *n)
{
	struct node *in = n->in[0];
	const float *r = n->keep, *mean = r + n->N;
	size_t D = (size_t)n->D;
	float *tmp = n->net->work, *tmp2 = tmp + D, *g = tmp2 + D, *xh = g + D, *dw = xh + D, *db = dw + D;
	bool add = in->wants && node_add(in);

	for (int i = 0; i < n->N; i++) {
		const float *x = node_row(in, i, tmp), *dy = node_drow(n, i, tmp2);

		if (i % ROWS == 0)
			memset(dw, 0, 2 * D * sizeof *dw);
		row_parts(g, xh, dy, x, node_weight(n, 0), mean[i], r[i], n->D);
		row_sums(dw, db, dy, xh, n->D);
		if (i % ROWS == ROWS - 1 || i == n->N - 1) {
			num_axpy(node_dweight(n, 0), 1, dw, D);
			num_axpy(node_dweight(n, 1), 1, db, D);
		}
		if (!in->wants)
			continue;
		row_dx(g, g, xh, r[i], sum_of(g, n->D) / (float)n->D, dot(g, xh, n->D) / (float)n->D, n->D);
		node_drow_put(in, i, g, add);
	}
}

static const struct node_kind kind_layernorm = {
	.name = "layernorm", .forward = forward, .back = back, .back_in = true,
};

struct node *net_layernorm(struct net *t, struct node *x, int w, int b)
{
	struct node *n = net_node(t, &kind_layernorm, x->N, x->D, t->wide, 0);

	must(t->p->t[w].n == (size_t)x->D && t->p->t[b].n == (size_t)x->D);
	node_in(n, x);
	node_w(n, w);
	node_w(n, b);
	n->keep_bytes = 2 * (size_t)x->N * sizeof(float);
	node_work(n, 6 * (size_t)x->D * sizeof(float));
	return n;
}

/* ---- unit length ------------------------------------------------------------------------------ */
static NUM_FAST void times(float *y, const float *x, float s, int D)
{
	for (int i = 0; i < D; i++)
		y[i] = x[i] * s;
}

static void forward_l2(struct node *n)
{
	float *r = n->keep, *tmp = n->net->work, *y = tmp + n->D;

	for (int i = 0; i < n->N; i++) {
		const float *x = node_row(n->in[0], i, tmp);
		double q = num_sum2(x, (size_t)n->D);

		r[i] = q == 0 ? 0 : (float)(1 / sqrt(q));	/* NaN stays NaN */
		times(y, x, r[i], n->D);
		node_row_put(n, i, y);
	}
}

static void back_l2(struct node *n)
{
	struct node *in = n->in[0];
	const float *r = n->keep;
	float *tmp = n->net->work, *y = tmp + n->D, *dx = y + n->D, *tmp2 = dx + n->D;
	bool add;

	if (!in->wants)
		return;
	add = node_add(in);
	for (int i = 0; i < n->N; i++) {
		const float *x = node_row(in, i, tmp), *dy = node_drow(n, i, tmp2);

		times(y, x, r[i], n->D);	/* anew from x: the value itself may be rounded */
		row_dx(dx, dy, y, r[i], 0, dot(dy, y, n->D), n->D);
		node_drow_put(in, i, dx, add);
	}
}

static const struct node_kind kind_l2norm = {
	.name = "l2norm", .forward = forward_l2, .back = back_l2, .back_in = true,
};

struct node *net_l2norm(struct net *t, struct node *x)
{
	struct node *n = net_node(t, &kind_l2norm, x->N, x->D, x->type, 0);

	node_in(n, x);
	n->keep_bytes = (size_t)x->N * sizeof(float);
	node_work(n, 4 * (size_t)x->D * sizeof(float));
	return n;
}
