/* op_rows.c - what joins vectors: products, dots of rows, slices; and dropout.
 *
 *   in    a, b [N][D]
 *   out   a·b elementwise, a[n]·b[n] a row, columns copied between strides, x with holes
 */
#include "num/fast.h"
#include "num/num.h"
#include "num/op/ops.h"

NUM_FAST void op_mul(float *y, const float *a, const float *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = a[i] * b[i];
}

NUM_FAST void op_mul_back(float *da, float *db, const float *dy, const float *a,
                          const float *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		da[i] += dy[i] * b[i];
	for (size_t i = 0; i < n; i++)
		db[i] += dy[i] * a[i];
}

void op_rowdot(float *y, const float *a, const float *b, int N, int D)
{
	for (int n = 0; n < N; n++)
		y[n] = (float)num_dot(a + (size_t)n * D, b + (size_t)n * D, (size_t)D);
}

void op_rowdot_back(float *da, float *db, const float *dy, const float *a, const float *b,
                    int N, int D)
{
	for (int n = 0; n < N; n++) {
		num_axpy(da + (size_t)n * D, dy[n], b + (size_t)n * D, (size_t)D);
		num_axpy(db + (size_t)n * D, dy[n], a + (size_t)n * D, (size_t)D);
	}
}

void op_cols(float *y, size_t ldy, const float *x, size_t ldx, int N, int D)
{
	for (int n = 0; n < N; n++)
		memcpy(y + (size_t)n * ldy, x + (size_t)n * ldx, (size_t)D * sizeof(float));
}

void op_cols_add(float *dx, size_t ldx, const float *dy, size_t ldy, int N, int D)
{
	for (int n = 0; n < N; n++)
		num_axpy(dx + (size_t)n * ldx, 1.0f, dy + (size_t)n * ldy, (size_t)D);
}

void op_dropout(float *y, float *mask, const float *x, double p, struct rng *r, size_t n)
{
	float live = (float)(1 / (1 - p));

	must(p >= 0 && p < 1);
	for (size_t i = 0; i < n; i++)
		mask[i] = rng_unit(r) < p ? 0 : live;
	op_mul(y, x, mask, n);
}

NUM_FAST void op_dropout_back(float *dx, const float *dy, const float *mask, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dx[i] += dy[i] * mask[i];
}

/* ---- gradient cases -------------------------------------------------------------- */
static void size_mul(struct op_case *c)
{
	c->n_in[0] = c->n_in[1] = c->n_out = (size_t)c->N * c->D;
}

static double loss_mul(struct op_case *c)
{
	op_mul(c->out, c->in[0], c->in[1], c->n_out);
	return num_dot(c->out, c->r, c->n_out);
}

static void back_mul(struct op_case *c)
{
	op_mul_back(c->d[0], c->d[1], c->r, c->in[0], c->in[1], c->n_out);
}

static void size_dot(struct op_case *c)
{
	c->n_in[0] = c->n_in[1] = (size_t)c->N * c->D;
	c->n_out = (size_t)c->N;
}

static double loss_dot(struct op_case *c)
{
	op_rowdot(c->out, c->in[0], c->in[1], c->N, c->D);
	return num_dot(c->out, c->r, c->n_out);
}

static void back_dot(struct op_case *c)
{
	op_rowdot_back(c->d[0], c->d[1], c->r, c->in[0], c->in[1], c->N, c->D);
}

/* [ a [N][D] | b [N][K] ]: a concatenation is two slices. */
static void size_cols(struct op_case *c)
{
	c->n_in[0] = (size_t)c->N * c->D;
	c->n_in[1] = (size_t)c->N * c->K;
	c->n_out = c->n_in[0] + c->n_in[1];
}

static double loss_cols(struct op_case *c)
{
	size_t ld = (size_t)c->D + c->K;

	op_cols(c->out, ld, c->in[0], (size_t)c->D, c->N, c->D);
	op_cols(c->out + c->D, ld, c->in[1], (size_t)c->K, c->N, c->K);
	return num_dot(c->out, c->r, c->n_out);
}

static void back_cols(struct op_case *c)
{
	size_t ld = (size_t)c->D + c->K;

	op_cols_add(c->d[0], (size_t)c->D, c->r, ld, c->N, c->D);
	op_cols_add(c->d[1], (size_t)c->K, c->r + c->D, ld, c->N, c->K);
}

static void size_drop(struct op_case *c)
{
	c->n_in[0] = c->n_out = c->n_keep = (size_t)c->N * c->D;
}

static double loss_drop(struct op_case *c)
{
	struct rng r = rng_stream(1, "num.dropout.case", 0);

	op_dropout(c->out, c->keep, c->in[0], 0.3, &r, c->n_out);
	return num_dot(c->out, c->r, c->n_out);
}

static void back_drop(struct op_case *c)
{
	op_dropout_back(c->d[0], c->r, c->keep, c->n_out);
}

const struct op_row op_row_mul = { "mul", size_mul, loss_mul, back_mul, 0 };
const struct op_row op_row_rowdot = { "rowdot", size_dot, loss_dot, back_dot, 0 };
const struct op_row op_row_cols = { "cols", size_cols, loss_cols, back_cols, 0 };
const struct op_row op_row_dropout = { "dropout", size_drop, loss_drop, back_drop, 0 };
