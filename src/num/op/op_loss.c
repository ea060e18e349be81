/* op_loss.c - what training makes small: cross-entropy in groups, InfoNCE, binary.
 *
 *   in    raw scores
 *   out   the sum of losses in double; probabilities kept for the way back
 *
 * With p the softmax and t the truth: loss = -ln p[t], ds = scale·(p - [k = t]). The maximum
 * is taken out first, so no score overflows; NaN among the scores makes the loss NaN.
 */
#include <math.h>

#include "num/fast.h"
#include "num/num.h"
#include "num/op/ops.h"

static NUM_FAST void exp_row(float *p, const float *s, size_t step, float top, int K)
{
	for (int k = 0; k < K; k++)
		p[k * step] = fast_exp(s[k * step] - top);
}

/* Softmax of K scores `step` apart; returns ln Σ e^s. The sum is walked in order. */
static double softmax(float *p, const float *s, size_t step, int K)
{
	float top = s[0];
	double sum = 0;

	for (int k = 1; k < K; k++)
		top = s[k * step] > top || s[k * step] != s[k * step] ? s[k * step] : top;
	exp_row(p, s, step, top, K);
	for (int k = 0; k < K; k++)
		sum += (double)p[k * step];
	for (int k = 0; k < K; k++)
		p[k * step] = (float)((double)p[k * step] / sum);
	return (double)top + log(sum);
}

double op_ce(float *p, const float *s, const int *truth, int G, int K)
{
	double loss = 0;

	for (int g = 0; g < G; g++) {
		size_t at = (size_t)g * K;
		double z = softmax(p + at, s + at, 1, K);

		must(truth[g] < K);
		if (truth[g] >= 0)
			loss += z - (double)s[at + (size_t)truth[g]];
	}
	return loss;
}

void op_ce_back(float *ds, const float *p, const int *truth, float scale, int G, int K)
{
	for (int g = 0; g < G; g++) {
		size_t at = (size_t)g * K;

		if (truth[g] < 0)
			continue;
		num_axpy(ds + at, scale, p + at, (size_t)K);
		ds[at + (size_t)truth[g]] -= scale;
	}
}

double op_nce(float *p, float *q, const float *s, int N)
{
	double loss = 0;

	for (int n = 0; n < N; n++) {
		size_t row = (size_t)n * N;
		double truth = (double)s[row + n];

		loss += 0.5 * (softmax(p + row, s + row, 1, N) - truth);
		loss += 0.5 * (softmax(q + n, s + n, (size_t)N, N) - truth);
	}
	return loss;
}

void op_nce_back(float *ds, const float *p, const float *q, float scale, int N)
{
	size_t n = (size_t)N * N;

	num_axpy(ds, 0.5f * scale, p, n);
	num_axpy(ds, 0.5f * scale, q, n);
	for (int i = 0; i < N; i++)
		ds[(size_t)i * N + i] -= scale;
}

/* -y·ln σ(s) - (1-y)·ln σ(-s) = max(s,0) - s·y + ln(1 + e^-|s|) */
double op_bce(float *p, const float *s, const float *y, size_t n)
{
	double loss = 0;

	for (size_t i = 0; i < n; i++) {
		double x = (double)s[i];

		p[i] = fast_sigmoid(s[i]);
		loss += (x < 0 ? 0 : x) - x * (double)y[i] + log1p(exp(-fabs(x)));
	}
	return loss;
}

void op_bce_back(float *ds, const float *p, const float *y, float scale, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ds[i] += scale * (p[i] - y[i]);
}

/* ---- gradient cases: N groups of D; the loss is weighted by r[0] ----------------- */
static void size_ce(struct op_case *c)
{
	c->n_in[0] = c->n_keep = (size_t)c->N * c->D;
	c->n_out = 1;
	for (int g = 0; g < c->N; g++)		/* one group is left out */
		c->truth[g] = g == 2 ? -1 : (g * 7 + 1) % c->D;
}

static double loss_ce(struct op_case *c)
{
	return (double)c->r[0] * op_ce(c->keep, c->in[0], c->truth, c->N, c->D);
}

static void back_ce(struct op_case *c)
{
	op_ce_back(c->d[0], c->keep, c->truth, c->r[0], c->N, c->D);
}

static void size_nce(struct op_case *c)
{
	c->n_in[0] = (size_t)c->N * c->N;
	c->n_keep = 2 * c->n_in[0];
	c->n_out = 1;
}

static double loss_nce(struct op_case *c)
{
	return (double)c->r[0] * op_nce(c->keep, c->keep + c->n_in[0], c->in[0], c->N);
}

static void back_nce(struct op_case *c)
{
	op_nce_back(c->d[0], c->keep, c->keep + c->n_in[0], c->r[0], c->N);
}

static void size_bce(struct op_case *c)
{
	c->n_in[0] = c->n_keep = (size_t)c->N * c->D;
	c->n_out = c->n_in[0];
}

/* r, folded into 0..1, plays the labels. */
static void labels(struct op_case *c)
{
	for (size_t i = 0; i < c->n_out; i++)
		c->out[i] = c->r[i] - floorf(c->r[i]);
}

static double loss_bce(struct op_case *c)
{
	labels(c);
	return op_bce(c->keep, c->in[0], c->out, c->n_out);
}

static void back_bce(struct op_case *c)
{
	op_bce_back(c->d[0], c->keep, c->out, 1, c->n_out);
}

const struct op_row op_row_ce = { "ce", size_ce, loss_ce, back_ce, 0 };
const struct op_row op_row_nce = { "nce", size_nce, loss_nce, back_nce, 0 };
const struct op_row op_row_bce = { "bce", size_bce, loss_bce, back_bce, 0 };
