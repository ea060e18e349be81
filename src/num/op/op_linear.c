/* op_linear.c - y = x·Wᵀ + b, three matrix products in all.
 *
 *   in    x [N][I], W [O][I], b [O]
 *   out   y [N][O];  dx += dy·W,  dW += dyᵀ·x,  db += Σ_n dy
 */
#include "num/num.h"
#include "num/op/ops.h"

void op_linear(float *y, const float *x, const float *w, const float *b, int N, int I, int O)
{
	if (b)
		for (int n = 0; n < N; n++)
			memcpy(y + (size_t)n * O, b, (size_t)O * sizeof(float));
	num_gemm(false, true, N, O, I, 1, x, I, w, I, b ? 1 : 0, y, O);
}

void op_linear_back(float *dx, float *dw, float *db, const float *dy, const float *x,
                    const float *w, int N, int I, int O)
{
	if (dx)
		num_gemm(false, false, N, I, O, 1, dy, O, w, I, 1, dx, I);
	num_gemm(true, false, O, I, N, 1, dy, O, x, I, 1, dw, I);
	if (db)
		add_columns(db, dy, N, O);
}

static void size(struct op_case *c)
{
	c->n_in[0] = (size_t)c->N * c->D;
	c->n_in[1] = (size_t)c->K * c->D;
	c->n_in[2] = (size_t)c->K;
	c->n_out = (size_t)c->N * c->K;
}

static double loss(struct op_case *c)
{
	op_linear(c->out, c->in[0], c->in[1], c->in[2], c->N, c->D, c->K);
	return num_dot(c->out, c->r, c->n_out);
}

static void back(struct op_case *c)
{
	op_linear_back(c->d[0], c->d[1], c->d[2], c->r, c->in[0], c->in[1], c->N, c->D, c->K);
}

const struct op_row op_row_linear = { "linear", size, loss, back, 0 };
