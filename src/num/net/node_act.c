/* node_act.c - pointwise curves as nodes: gelu, silu, tanh, relu (op_act.c has the mathematics).
 *
 *   in    x [N][D] of either type
 *   out   y of the same type;  dx += dy · y'(x)
 *
 * bf16 goes through float32 a piece at a time, small enough for the nearest cache.
 */
#include "num/net/net.h"

enum { PIECE = 2048 };

struct curve {
	void (*op)(float *y, const float *x, size_t n);
	void (*back)(float *dx, const float *dy, const float *kept, size_t n);
	bool from_y;			/* kept: y, not x */
};

static void forward(struct node *n)
{
	const struct curve *c = *(const struct curve **)n->own;
	const struct node *x = n->in[0];
	float a[PIECE];

	if (n->type == NUM_F32) {
		c->op(n->x, x->x, node_len(n));
		return;
	}
	for (size_t at = 0, all = node_len(n); at < all; at += PIECE) {
		size_t m = all - at < PIECE ? all - at : PIECE;

		bf16_up_n(a, (const bf16 *)x->x + at, m);
		c->op(a, a, m);
		bf16_down_n((bf16 *)n->x + at, a, m);
	}
}

static void back16(struct node *n, const struct curve *c, const bf16 *kept, bool add)
{
	bf16 *to = n->in[0]->dx;
	float dx[PIECE], dy[PIECE], k[PIECE];

	for (size_t at = 0, all = node_len(n); at < all; at += PIECE) {
		size_t m = all - at < PIECE ? all - at : PIECE;

		if (add)
			bf16_up_n(dx, to + at, m);
		else
			memset(dx, 0, m * sizeof *dx);
		bf16_up_n(dy, (const bf16 *)n->dx + at, m);
		bf16_up_n(k, kept + at, m);
		c->back(dx, dy, k, m);
		bf16_down_n(to + at, dx, m);
	}
}

static void back(struct node *n)
{
	const struct curve *c = *(const struct curve **)n->own;
	struct node *x = n->in[0];
	const void *kept = c->from_y ? n->x : x->x;
	bool add;

	if (!x->wants)
		return;
	add = node_add(x);
	if (n->type == NUM_BF16) {
		back16(n, c, kept, add);
		return;
	}
	if (!add)
		memset(x->dx, 0, node_len(x) * sizeof(float));
	c->back(x->dx, n->dx, kept, node_len(n));
}

static struct node *lay(struct net *t, struct node *x, const struct node_kind *k, const struct curve *c)
{
	struct node *n = net_node(t, k, x->N, x->D, x->type, sizeof(const struct curve *));

	*(const struct curve **)n->own = c;
	node_in(n, x);
	return n;
}

#define CURVE(f, of_y) \
	struct node *net_##f(struct net *t, struct node *x) \
	{ \
		static const struct curve c = { op_##f, op_##f##_back, of_y }; \
		static const struct node_kind k = { .name = #f, .forward = forward, .back = back, \
		                                    .back_in = !(of_y), .back_out = of_y }; \
		return lay(t, x, &k, &c); \
	}

CURVE(gelu, false)
CURVE(silu, false)
CURVE(tanh, true)
CURVE(relu, true)
