/* node_norm.c - RMSNorm [Zhang & Sennrich 2019] as a node.
 *
 *   in    x [N][D], w [D]
 *   out   y[n] = w ⊙ x[n]·r[n],  r[n] = 1/sqrt(mean x² + eps);  see op_norm.c for the way back
 *
 * Sums over a row run in sixteen float32 strands, folded in one order: a row is short, and
 * doubles would cost more than all the rest of it.
 */
#include <math.h>

#include "num/fast.h"
#include "num/net/net.h"

#define EPS 1e-5f
enum { STRANDS = 16 };

static inline float fold16(const float *a)
{
	float b[8];

	for (int i = 0; i < 8; i++)
		b[i] = a[i] + a[i + 8];
	return ((b[0] + b[4]) + (b[2] + b[6])) + ((b[1] + b[5]) + (b[3] + b[7]));
}

static NUM_FAST float sum2(const float *x, int D)
{
	float a[STRANDS] = { 0 };
	int i = 0;

	for (; i + STRANDS <= D; i += STRANDS)
		for (int k = 0; k < STRANDS; k++)
			a[k] += x[i + k] * x[i + k];
	for (int k = 0; i < D; i++, k++)
		a[k] += x[i] * x[i];
	return fold16(a);
}

/* Σ dy·w·x */
static NUM_FAST float sum3(const float *dy, const float *w, const float *x, int D)
{
	float a[STRANDS] = { 0 };
	int i = 0;

	for (; i + STRANDS <= D; i += STRANDS)
		for (int k = 0; k < STRANDS; k++)
			a[k] += dy[i + k] * w[i + k] * x[i + k];
	for (int k = 0; i < D; i++, k++)
		a[k] += dy[i] * w[i] * x[i];
	return fold16(a);
}

static NUM_FAST void scaled32(float *y, const float *x, const float *w, float s, int D)
{
	for (int i = 0; i < D; i++)
		y[i] = w[i] * (x[i] * s);
}

static NUM_FAST void scaled16(bf16 *y, const float *x, const float *w, float s, int D)
{
	for (int i = 0; i < D; i++)
		y[i] = bf16_down(w[i] * (x[i] * s));
}

static void forward(struct node *n)
{
	const float *w = node_weight(n, 0);
	float *r = n->keep, *tmp = n->net->work;

	for (int i = 0; i < n->N; i++) {
		const float *x = node_row(n->in[0], i, tmp);
		size_t at = (size_t)i * (size_t)n->D;

		r[i] = 1 / sqrtf(sum2(x, n->D) / (float)n->D + EPS);
		if (n->type == NUM_BF16)
			scaled16((bf16 *)n->x + at, x, w, r[i], n->D);
		else
			scaled32((float *)n->x + at, x, w, r[i], n->D);
	}
}

/* dx (+)= s·(dy·w - x·q) */
static NUM_FAST void row_dx(float *dx, const float *dy, const float *w, const float *x, float s, float q,
                            bool add, int D)
{
	if (add)
		for (int i = 0; i < D; i++)
			dx[i] += s * (dy[i] * w[i] - x[i] * q);
	else
		for (int i = 0; i < D; i++)
			dx[i] = s * (dy[i] * w[i] - x[i] * q);
}

static NUM_FAST void row_dw(float *dw, const float *dy, const float *x, float s, int D)
{
	for (int i = 0; i < D; i++)
		dw[i] += dy[i] * (x[i] * s);
}

/* The sum over rows of dw goes by blocks, so that long batches lose no digits. */
enum { ROWS = 64 };

static void back(struct node *n)
{
	struct node *in = n->in[0];
	const float *w = node_weight(n, 0), *r = n->keep;
	size_t D = (size_t)n->D;
	float *tmp = n->net->work, *tmp2 = tmp + D, *part = tmp2 + D, *row = part + D;
	bool add = in->wants && node_add(in);

	for (int i = 0; i < n->N; i++) {
		const float *x = node_row(in, i, tmp), *dy = node_drow(n, i, tmp2);
		float q = sum3(dy, w, x, n->D) * r[i] * r[i] / (float)n->D;

		if (i % ROWS == 0)
			memset(part, 0, D * sizeof *part);
		row_dw(part, dy, x, r[i], n->D);
		if (i % ROWS == ROWS - 1 || i == n->N - 1)
			num_axpy(node_dweight(n, 0), 1, part, D);
		if (!in->wants)
			continue;
		if (in->type == NUM_F32) {
			row_dx((float *)in->dx + (size_t)i * D, dy, w, x, r[i], q, add, n->D);
		} else {
			row_dx(row, dy, w, x, r[i], q, false, n->D);
			node_drow_put(in, i, row, add);
		}
	}
}

static const struct node_kind kind_rmsnorm = { .name = "rmsnorm", .forward = forward, .back = back, .back_in = true };

struct node *net_rmsnorm(struct net *t, struct node *x, int w)
{
	struct node *n = net_node(t, &kind_rmsnorm, x->N, x->D, t->wide, 0);

	must(t->p->t[w].n == (size_t)x->D);
	node_in(n, x);
	node_w(n, w);
	n->keep_bytes = (size_t)x->N * sizeof(float);
	node_work(n, 4 * (size_t)x->D * sizeof(float));
	return n;
}
