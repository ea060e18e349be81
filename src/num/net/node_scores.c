/* node_scores.c - every row of one node against every row of another.
 *
 *   in    a [N][D], b [M][D], of either type
 *   out   s [N][M] float32, s[n][m] = scale · a[n]·b[m];  da += scale·ds·b,  db += scale·dsᵀ·a
 *
 * In float32 whatever the net: scores of unit vectors, divided by a temperature, want the digits,
 * and these products are small.
 */
#include "num/net/net.h"

struct scores {
	float scale;
};

/* x as float32: itself, or converted into `to`. */
static const float *whole(const struct node *x, float *to)
{
	if (x->type == NUM_F32)
		return x->x;
	bf16_up_n(to, x->x, node_len(x));
	return to;
}

static void forward(struct node *n)
{
	const struct scores *s = n->own;
	const struct node *a = n->in[0], *b = n->in[1];
	float *work = n->net->work;

	num_gemm(false, true, a->N, b->N, a->D, s->scale, whole(a, work), a->D, whole(b, work + node_len(a)),
	         b->D, 0, n->x, n->D);
}

/* d(x) [rows][D] += scale · op(ds) · other */
static void side(struct node *n, struct node *x, bool trans, const float *other, int rows, float *scratch)
{
	const struct scores *s = n->own;
	bool add = node_add(x);
	float *to = x->type == NUM_F32 ? x->dx : scratch;

	if (add && x->type == NUM_BF16)
		bf16_up_n(to, x->dx, node_len(x));
	num_gemm(trans, false, x->N, x->D, rows, s->scale, n->dx, n->D, other, x->D, add ? 1 : 0, to, x->D);
	if (x->type == NUM_BF16)
		bf16_down_n(x->dx, to, node_len(x));
}

static void back(struct node *n)
{
	struct node *a = n->in[0], *b = n->in[1];
	float *wa = n->net->work, *wb = wa + node_len(a), *scratch = wb + node_len(b);

	if (a->wants)
		side(n, a, false, whole(b, wb), b->N, scratch);
	if (b->wants)
		side(n, b, true, whole(a, wa), a->N, scratch);
}

static const struct node_kind kind_scores = {
	.name = "scores", .forward = forward, .back = back, .back_in = true,
};

struct node *net_scores(struct net *t, struct node *a, struct node *b, double scale)
{
	struct node *n = net_node(t, &kind_scores, a->N, b->N, NUM_F32, sizeof(struct scores));

	must(a->D == b->D);
	((struct scores *)n->own)->scale = (float)scale;
	node_in(n, a);
	node_in(n, b);
	node_work(n, 2 * (node_len(a) + node_len(b)) * sizeof(float));
	return n;
}
