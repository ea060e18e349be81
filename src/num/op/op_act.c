/* op_act.c - pointwise curves: relu, gelu, silu, tanh.
 *
 *   in    x, n numbers
 *   out   y; and dx += dy · y'(x)
 *
 * GELU is the tanh form [Hendrycks & Gimpel 2016], SiLU is x·σ(x) [Elfwing et al. 2018]. NaN
 * goes through all of them.
 */
#include "num/fast.h"
#include "num/num.h"
#include "num/op/ops.h"

NUM_FAST void op_relu(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] < 0 ? 0 : x[i];
}

NUM_FAST void op_relu_back(float *dx, const float *dy, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dx[i] += pick(y[i] > 0, dy[i], 0);
}

#define GELU_A 0.7978845608f	/* sqrt(2/π) */
#define GELU_B 0.044715f

NUM_FAST void op_gelu(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float t = fast_tanh(GELU_A * (x[i] + GELU_B * x[i] * x[i] * x[i]));

		y[i] = 0.5f * x[i] * (1 + t);
	}
}

NUM_FAST void op_gelu_back(float *dx, const float *dy, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float s = x[i] * x[i];
		float t = fast_tanh(GELU_A * (x[i] + GELU_B * s * x[i]));
		float dt = (1 - t * t) * GELU_A * (1 + 3 * GELU_B * s);

		dx[i] += dy[i] * 0.5f * (1 + t + x[i] * dt);
	}
}

NUM_FAST void op_silu(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] * fast_sigmoid(x[i]);
}

NUM_FAST void op_silu_back(float *dx, const float *dy, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float s = fast_sigmoid(x[i]);

		dx[i] += dy[i] * s * (1 + x[i] * (1 - s));
	}
}

NUM_FAST void op_tanh(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fast_tanh(x[i]);
}

NUM_FAST void op_tanh_back(float *dx, const float *dy, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dx[i] += dy[i] * (1 - y[i] * y[i]);
}

/* ---- gradient cases -------------------------------------------------------------- */
static void size(struct op_case *c)
{
	c->n_in[0] = c->n_out = (size_t)c->N * c->D;
}

#define CASE(name, kept, kink) \
	static double loss_##name(struct op_case *c) \
	{ \
		op_##name(c->out, c->in[0], c->n_out); \
		return num_dot(c->out, c->r, c->n_out); \
	} \
	static void back_##name(struct op_case *c) \
	{ \
		op_##name##_back(c->d[0], c->r, kept, c->n_out); \
	} \
	const struct op_row op_row_##name = { #name, size, loss_##name, back_##name, kink };

CASE(relu, c->out, 0.1f)
CASE(gelu, c->in[0], 0)
CASE(silu, c->in[0], 0)
CASE(tanh, c->out, 0)
