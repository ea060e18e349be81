/* node_linear.c - y = x·Wᵀ (+ b), alone or added to a stream of residuals.
 *
 *   in    x [N][I], W [O][I], b [O] or none;  r [N][O] float32
 *   out   y [N][O];  dx += dy·W,  dW += dyᵀ·x,  db += Σ_n dy,  dr += dy
 *
 * In a bf16 net the products read packed weights (num/mm/packed.c); operands that are float32 are
 * rounded to bf16 first, x into keep, dy into scratch.
 */
#include "num/net/net.h"
#include "num/op/ops.h"

struct linear {
	int I, O;
	bool bias, residual;
};

static bool in_bf16(const struct node *n)
{
	return n->net->wide == NUM_BF16;
}

/* The input as bf16: as it is, or rounded into keep in forward. */
static const bf16 *input16(struct node *n, const struct node *x, bool forward)
{
	if (x->type == NUM_BF16)
		return x->x;
	if (forward)
		bf16_down_n(n->keep, x->x, node_len(x));
	return n->keep;
}

static void add_bias(struct node *n, const float *b)
{
	for (int r = 0; r < n->N; r++) {
		if (n->type == NUM_F32) {
			num_axpy((float *)n->x + (size_t)r * n->D, 1, b, (size_t)n->D);
			continue;
		}
		bf16 *y = (bf16 *)n->x + (size_t)r * n->D;

		for (int i = 0; i < n->D; i++)
			y[i] = bf16_down(bf16_up(y[i]) + b[i]);
	}
}

static void forward(struct node *n)
{
	const struct linear *l = n->own;
	struct node *x = n->in[l->residual];

	if (l->residual)
		memcpy(n->x, n->in[0]->x, node_len(n) * sizeof(float));
	if (in_bf16(n))
		mm_run(n->N, l->O, l->I, input16(n, x, true), l->I, params_packed(n->net->p, n->w[0], 0),
		       l->residual, n->x, n->type, l->O);
	else
		num_gemm(false, true, n->N, l->O, l->I, 1, x->x, l->I, node_weight(n, 0), l->I,
		         l->residual ? 1 : 0, n->x, l->O);
	if (l->bias)
		add_bias(n, node_weight(n, 1));
}

static void bias_back(struct node *n)
{
	const struct linear *l = n->own;
	float *db = node_dweight(n, 1), *tmp = n->net->work;

	if (n->type == NUM_F32) {
		add_columns(db, n->dx, n->N, l->O);
		return;
	}
	bf16_up_n(tmp, n->dx, node_len(n));
	add_columns(db, tmp, n->N, l->O);
}

static void back16(struct node *n)
{
	const struct linear *l = n->own;
	struct node *x = n->in[l->residual];
	const bf16 *dy = n->dx;
	bf16 *scratch = n->net->work;

	if (n->type == NUM_F32) {
		bf16_down_n(scratch, n->dx, node_len(n));
		dy = scratch;
		scratch += (node_len(n) + 31) & ~(size_t)31;
	}
	mm_outer(node_dweight(n, 0), l->I, dy, l->O, input16(n, x, false), l->I, n->N, l->O, l->I, scratch);
	if (x->wants)
		mm_run(n->N, l->I, l->O, dy, l->O, params_packed(n->net->p, n->w[0], 1), node_add(x), x->dx,
		       x->type, l->I);
}

static void back32(struct node *n)
{
	const struct linear *l = n->own;
	struct node *x = n->in[l->residual];

	num_gemm(true, false, l->O, l->I, n->N, 1, n->dx, l->O, x->x, l->I, 1, node_dweight(n, 0), l->I);
	if (x->wants)
		num_gemm(false, false, n->N, l->I, l->O, 1, n->dx, l->O, node_weight(n, 0), l->I,
		         node_add(x) ? 1 : 0, x->dx, l->I);
}

static void back(struct node *n)
{
	const struct linear *l = n->own;
	struct node *r = n->in[0];

	if (l->bias)
		bias_back(n);
	if (in_bf16(n))
		back16(n);
	else
		back32(n);
	if (!l->residual || !r->wants)
		return;
	if (r->dx == n->dx)		/* shared by the plan: it is there already */
		must(!node_add(r));
	else if (node_add(r))
		num_axpy(r->dx, 1, n->dx, node_len(n));
	else
		memcpy(r->dx, n->dx, node_len(n) * sizeof(float));
}

static const struct node_kind kind_linear = { .name = "linear", .forward = forward, .back = back, .back_in = true };
static const struct node_kind kind_linear_add = {
	.name = "linear_add", .forward = forward, .back = back, .back_in = true, .passes = true,
};

static struct node *lay(struct net *t, struct node *r, struct node *x, int W, int b, enum num_type type)
{
	const struct tensor *w = &t->p->t[W];
	int O = (int)w->rows, I = (int)w->cols;
	struct node *n = net_node(t, r ? &kind_linear_add : &kind_linear, x->N, O, type, sizeof(struct linear));
	struct linear *l = n->own;

	must(x->D == I && (!r || (r->type == NUM_F32 && r->N == x->N && r->D == O)));
	must(b < 0 || t->p->t[b].n == (size_t)O);
	*l = (struct linear){ I, O, b >= 0, r != NULL };
	if (r)
		node_in(n, r);
	node_in(n, x);
	node_w(n, W);
	if (b >= 0)
		node_w(n, b);
	if (t->wide == NUM_F32)
		return n;
	must(w->flags & PARAM_PACK);
	if (x->type == NUM_F32)
		n->keep_bytes = node_len(x) * sizeof(bf16);
	if (n->wants)
		node_work(n, node_len(n) * sizeof(float) + mm_outer_scratch(n->N, O, I) * sizeof(bf16) + 64);
	return n;
}

struct node *net_linear(struct net *t, struct node *x, int W, int b)
{
	return lay(t, NULL, x, W, b, t->wide);
}

struct node *net_linear32(struct net *t, struct node *x, int W, int b)
{
	return lay(t, NULL, x, W, b, NUM_F32);
}

struct node *net_linear_add(struct net *t, struct node *r, struct node *x, int W)
{
	return lay(t, r, x, W, -1, NUM_F32);
}
