/* op_norm.c - norms over the last dimension: RMSNorm, LayerNorm, unit length.
 *
 *   in    x [N][D], weights w (and b) [D]
 *   out   y [N][D]; r [N] (and mean [N]) kept for the way back
 *
 * RMSNorm [Zhang & Sennrich 2019], LayerNorm [Ba et al. 2016]. With x̂ the normalised row and
 * g = dy·w:  dx += r·(g - x̂·mean(g·x̂) [- mean(g)]);  dw += Σ_n dy·x̂;  db += Σ_n dy.
 * Means run in double.
 */
#include <math.h>

#include "num/fast.h"
#include "num/num.h"
#include "num/op/ops.h"

#define EPS 1e-5

/* dw[D] += Σ_n dy[n][d] · (x[n][d] - mean[n]) · r[n]; mean NULL is 0. */
static NUM_FAST void weight_back(float *dw, const float *dy, const float *x, const float *mean,
                                 const float *r, int N, int D)
{
	enum { BLOCK = 64 };

	for (int d = 0; d < D; d += BLOCK) {
		int m = D - d < BLOCK ? D - d : BLOCK;
		double sum[BLOCK] = { 0 };

		for (int n = 0; n < N; n++) {
			const float *a = dy + (size_t)n * D + d, *b = x + (size_t)n * D + d;
			float u = mean ? mean[n] : 0, s = r[n];

			for (int k = 0; k < m; k++)
				sum[k] += (double)(a[k] * ((b[k] - u) * s));
		}
		for (int k = 0; k < m; k++)
			dw[d + k] += (float)sum[k];
	}
}

/* Sums over a row of g = dy·w and of g·x̂, x̂ = (x - u)·s. */
static NUM_FAST void row_sums(double *g, double *gx, const float *dy, const float *w,
                              const float *x, float u, float s, int D)
{
	double a[8] = { 0 }, b[8] = { 0 };
	int i = 0;

	for (; i + 8 <= D; i += 8)
		for (int k = 0; k < 8; k++) {
			float v = dy[i + k] * w[i + k];

			a[k] += (double)v;
			b[k] += (double)(v * ((x[i + k] - u) * s));
		}
	for (int k = 0; i < D; i++, k++) {
		float v = dy[i] * w[i];

		a[k] += (double)v;
		b[k] += (double)(v * ((x[i] - u) * s));
	}
	*g = fold8(a);
	*gx = fold8(b);
}

/* dx += s·(dy·w - mg - x̂·mgx) */
static NUM_FAST void row_back(float *dx, const float *dy, const float *w, const float *x,
                              float u, float s, float mg, float mgx, int D)
{
	for (int i = 0; i < D; i++)
		dx[i] += s * (dy[i] * w[i] - mg - (x[i] - u) * s * mgx);
}

NUM_FAST void op_rmsnorm(float *y, float *r, const float *x, const float *w, int N, int D)
{
	for (int n = 0; n < N; n++) {
		const float *a = x + (size_t)n * D;
		float *o = y + (size_t)n * D;
		float s = (float)(1 / sqrt(num_sum2(a, (size_t)D) / D + EPS));

		r[n] = s;
		for (int i = 0; i < D; i++)
			o[i] = w[i] * (a[i] * s);
	}
}

void op_rmsnorm_back(float *dx, float *dw, const float *dy, const float *r, const float *x,
                     const float *w, int N, int D)
{
	for (int n = 0; n < N; n++) {
		size_t at = (size_t)n * D;
		double g, gx;

		row_sums(&g, &gx, dy + at, w, x + at, 0, r[n], D);
		row_back(dx + at, dy + at, w, x + at, 0, r[n], 0, (float)(gx / D), D);
	}
	weight_back(dw, dy, x, NULL, r, N, D);
}

/* Mean and variance of a row, in two passes: no cancellation. */
static NUM_FAST void moments(float *mean, float *r, const float *x, int D)
{
	double sum = 0, sum2 = 0, u;

	for (int i = 0; i < D; i++)
		sum += (double)x[i];
	u = sum / D;
	for (int i = 0; i < D; i++)
		sum2 += ((double)x[i] - u) * ((double)x[i] - u);
	*mean = (float)u;
	*r = (float)(1 / sqrt(sum2 / D + EPS));
}

NUM_FAST void op_layernorm(float *y, float *mean, float *r, const float *x, const float *w,
                           const float *b, int N, int D)
{
	for (int n = 0; n < N; n++) {
		const float *a = x + (size_t)n * D;
		float *o = y + (size_t)n * D, u, s;

		moments(&mean[n], &r[n], a, D);
		u = mean[n];
		s = r[n];
		for (int i = 0; i < D; i++)
			o[i] = w[i] * ((a[i] - u) * s) + b[i];
	}
}

void op_layernorm_back(float *dx, float *dw, float *db, const float *dy, const float *mean,
                       const float *r, const float *x, const float *w, int N, int D)
{
	for (int n = 0; n < N; n++) {
		size_t at = (size_t)n * D;
		double g, gx;

		row_sums(&g, &gx, dy + at, w, x + at, mean[n], r[n], D);
		row_back(dx + at, dy + at, w, x + at, mean[n], r[n], (float)(g / D),
		         (float)(gx / D), D);
	}
	weight_back(dw, dy, x, mean, r, N, D);
	add_columns(db, dy, N, D);
}

void op_l2norm(float *y, float *r, const float *x, int N, int D)
{
	for (int n = 0; n < N; n++) {
		size_t at = (size_t)n * D;
		double q = num_sum2(x + at, (size_t)D);
		float s = q == 0 ? 0 : (float)(1 / sqrt(q));	/* NaN stays NaN */

		r[n] = s;
		for (int i = 0; i < D; i++)
			y[at + i] = x[at + i] * s;
	}
}

/* dx += r·(dy - y·(dy·y)) */
void op_l2norm_back(float *dx, const float *dy, const float *y, const float *r, int N, int D)
{
	for (int n = 0; n < N; n++) {
		size_t at = (size_t)n * D;
		float q = (float)num_dot(dy + at, y + at, (size_t)D);

		for (int i = 0; i < D; i++)
			dx[at + i] += r[n] * (dy[at + i] - y[at + i] * q);
	}
}

/* ---- gradient cases: keep is r [N], then mean [N] -------------------------------- */
static void size(struct op_case *c)
{
	c->n_in[0] = c->n_out = (size_t)c->N * c->D;
	c->n_in[1] = (size_t)c->D;
	c->n_keep = 2 * (size_t)c->N;
}

static void size_ln(struct op_case *c)
{
	size(c);
	c->n_in[2] = (size_t)c->D;
}

static void size_l2(struct op_case *c)
{
	size(c);
	c->n_in[1] = 0;
}

static double loss_rms(struct op_case *c)
{
	op_rmsnorm(c->out, c->keep, c->in[0], c->in[1], c->N, c->D);
	return num_dot(c->out, c->r, c->n_out);
}

static void back_rms(struct op_case *c)
{
	op_rmsnorm_back(c->d[0], c->d[1], c->r, c->keep, c->in[0], c->in[1], c->N, c->D);
}

static double loss_ln(struct op_case *c)
{
	op_layernorm(c->out, c->keep + c->N, c->keep, c->in[0], c->in[1], c->in[2], c->N, c->D);
	return num_dot(c->out, c->r, c->n_out);
}

static void back_ln(struct op_case *c)
{
	op_layernorm_back(c->d[0], c->d[1], c->d[2], c->r, c->keep + c->N, c->keep, c->in[0],
	                  c->in[1], c->N, c->D);
}

static double loss_l2(struct op_case *c)
{
	op_l2norm(c->out, c->keep, c->in[0], c->N, c->D);
	return num_dot(c->out, c->r, c->n_out);
}

static void back_l2(struct op_case *c)
{
	op_l2norm_back(c->d[0], c->r, c->out, c->keep, c->N, c->D);
}

const struct op_row op_row_rmsnorm = { "rmsnorm", size, loss_rms, back_rms, 0 };
const struct op_row op_row_layernorm = { "layernorm", size_ln, loss_ln, back_ln, 0 };
const struct op_row op_row_l2norm = { "l2norm", size_l2, loss_l2, back_l2, 0 };
