/* node_mix.c - plumbing between nodes: sums, products, scaling, slices of columns, joining,
 * modulation.
 *
 *   in    nodes of either type
 *   out   add, mul: float32 if either is, else wide; the others keep the type of x
 *
 * Rows are float32 while they are worked on. `add` passes its gradient: into the stream of
 * residuals it costs nothing.
 */
#include "num/fast.h"
#include "num/net/net.h"

static NUM_FAST void plus(float *y, const float *a, const float *b, int D)
{
	for (int i = 0; i < D; i++)
		y[i] = a[i] + b[i];
}

static NUM_FAST void product(float *y, const float *a, const float *b, int D)
{
	for (int i = 0; i < D; i++)
		y[i] = a[i] * b[i];
}

static NUM_FAST void times(float *y, const float *x, float s, int D)
{
	for (int i = 0; i < D; i++)
		y[i] = x[i] * s;
}

/* ---- a + b, a ⊙ b -------------------------------------------------------------------------- */
static void forward_add(struct node *n)
{
	float *y = n->net->work, *ta = y + n->D, *tb = ta + n->D;

	for (int i = 0; i < n->N; i++) {
		plus(y, node_row(n->in[0], i, ta), node_row(n->in[1], i, tb), n->D);
		node_row_put(n, i, y);
	}
}

static void back_add(struct node *n)
{
	float *tmp = n->net->work;

	for (int k = 0; k < 2; k++) {
		struct node *x = n->in[k];
		bool add;

		if (!x->wants)
			continue;
		add = node_add(x);
		if (!add && x->dx == n->dx)	/* shared by the plan: it is there already */
			continue;
		for (int i = 0; i < n->N; i++)
			node_drow_put(x, i, node_drow(n, i, tmp), add);
	}
}

static void forward_mul(struct node *n)
{
	float *y = n->net->work, *ta = y + n->D, *tb = ta + n->D;

	for (int i = 0; i < n->N; i++) {
		product(y, node_row(n->in[0], i, ta), node_row(n->in[1], i, tb), n->D);
		node_row_put(n, i, y);
	}
}

static void back_mul(struct node *n)
{
	float *d = n->net->work, *ty = d + n->D, *to = ty + n->D;

	for (int k = 0; k < 2; k++) {
		struct node *x = n->in[k], *other = n->in[1 - k];
		bool add;

		if (!x->wants)
			continue;
		add = node_add(x);
		for (int i = 0; i < n->N; i++) {
			product(d, node_drow(n, i, ty), node_row(other, i, to), n->D);
			node_drow_put(x, i, d, add);
		}
	}
}

static const struct node_kind kind_add = {
	.name = "add", .forward = forward_add, .back = back_add, .passes = true,
};
static const struct node_kind kind_mul = {
	.name = "mul", .forward = forward_mul, .back = back_mul, .back_in = true,
};

static struct node *lay_two(struct net *t, const struct node_kind *k, struct node *a, struct node *b)
{
	bool whole = a->type == NUM_F32 || b->type == NUM_F32;
	struct node *n = net_node(t, k, a->N, a->D, whole ? NUM_F32 : t->wide, 0);

	must(a->N == b->N && a->D == b->D);
	node_in(n, a);
	node_in(n, b);
	node_work(n, 3 * (size_t)n->D * sizeof(float));
	return n;
}

struct node *net_add(struct net *t, struct node *a, struct node *b)
{
	return lay_two(t, &kind_add, a, b);
}

struct node *net_mul(struct net *t, struct node *a, struct node *b)
{
	return lay_two(t, &kind_mul, a, b);
}

/* ---- s·x -------------------------------------------------------------------------------------- */
static void forward_scale(struct node *n)
{
	float s = *(const float *)n->own, *y = n->net->work, *tmp = y + n->D;

	for (int i = 0; i < n->N; i++) {
		times(y, node_row(n->in[0], i, tmp), s, n->D);
		node_row_put(n, i, y);
	}
}

static void back_scale(struct node *n)
{
	float s = *(const float *)n->own, *d = n->net->work, *tmp = d + n->D;
	bool add;

	if (!n->in[0]->wants)
		return;
	add = node_add(n->in[0]);
	for (int i = 0; i < n->N; i++) {
		times(d, node_drow(n, i, tmp), s, n->D);
		node_drow_put(n->in[0], i, d, add);
	}
}

static const struct node_kind kind_scale = { .name = "scale", .forward = forward_scale, .back = back_scale };

struct node *net_scale(struct net *t, struct node *x, double s)
{
	struct node *n = net_node(t, &kind_scale, x->N, x->D, x->type, sizeof(float));

	*(float *)n->own = (float)s;
	node_in(n, x);
	node_work(n, 2 * (size_t)n->D * sizeof(float));
	return n;
}

/* ---- columns: a slice, and two side by side ---------------------------------------------------- */
static void copy_columns(struct node *to, int at, const struct node *from, int from_at, int D)
{
	size_t size = num_size(to->type);

	for (size_t i = 0; i < (size_t)to->N; i++)
		memcpy((char *)to->x + (i * (size_t)to->D + (size_t)at) * size,
		       (const char *)from->x + (i * (size_t)from->D + (size_t)from_at) * size, (size_t)D * size);
}

/* dx of x, columns at.., = or += dy of n, columns from.. */
static void columns_back(struct node *x, int at, const struct node *n, int from, int D, bool add)
{
	for (size_t i = 0; i < (size_t)n->N; i++) {
		size_t to = i * (size_t)x->D + (size_t)at, src = i * (size_t)n->D + (size_t)from;
		bf16 *d = (bf16 *)x->dx + to;
		const bf16 *s = (const bf16 *)n->dx + src;

		if (n->type == NUM_F32 && add)
			num_axpy((float *)x->dx + to, 1, (const float *)n->dx + src, (size_t)D);
		else if (n->type == NUM_F32)
			memcpy((float *)x->dx + to, (const float *)n->dx + src, (size_t)D * sizeof(float));
		else if (!add)
			memcpy(d, s, (size_t)D * sizeof(bf16));
		else
			for (int k = 0; k < D; k++)
				d[k] = bf16_down(bf16_up(d[k]) + bf16_up(s[k]));
	}
}

static void forward_cols(struct node *n)
{
	copy_columns(n, 0, n->in[0], *(const int *)n->own, n->D);
}

/* The first writer owes zeros to the columns it does not read. */
static void back_cols(struct node *n)
{
	struct node *x = n->in[0];

	if (!x->wants)
		return;
	if (!node_add(x))
		memset(x->dx, 0, node_len(x) * num_size(x->type));
	columns_back(x, *(const int *)n->own, n, 0, n->D, true);
}

static void forward_join(struct node *n)
{
	copy_columns(n, 0, n->in[0], 0, n->in[0]->D);
	copy_columns(n, n->in[0]->D, n->in[1], 0, n->in[1]->D);
}

static void back_join(struct node *n)
{
	struct node *a = n->in[0], *b = n->in[1];

	if (a->wants)
		columns_back(a, 0, n, 0, a->D, node_add(a));
	if (b->wants)
		columns_back(b, 0, n, a->D, b->D, node_add(b));
}

static const struct node_kind kind_cols = { .name = "cols", .forward = forward_cols, .back = back_cols };
static const struct node_kind kind_join = { .name = "join", .forward = forward_join, .back = back_join };

struct node *net_cols(struct net *t, struct node *x, int from, int D)
{
	struct node *n = net_node(t, &kind_cols, x->N, D, x->type, sizeof(int));

	must(from >= 0 && D <= x->D - from);
	*(int *)n->own = from;
	node_in(n, x);
	return n;
}

struct node *net_join(struct net *t, struct node *a, struct node *b)
{
	struct node *n = net_node(t, &kind_join, a->N, a->D + b->D, a->type, 0);

	must(a->N == b->N && a->type == b->type);
	node_in(n, a);
	node_in(n, b);
	return n;
}

/* ---- y = x ⊙ (1 + scale) + shift, a group of rows shares one [scale | shift] -------------------- */
static NUM_FAST void modulate(float *y, const float *x, const float *scale, const float *shift, int D)
{
	for (int i = 0; i < D; i++)
		y[i] = x[i] * (1 + scale[i]) + shift[i];
}

static void forward_modulate(struct node *n)
{
	int each = *(const int *)n->own;
	float *y = n->net->work, *tx = y + n->D, *tm = tx + n->D;

	for (int i = 0; i < n->N; i++) {
		const float *m = node_row(n->in[1], i / each, tm);

		modulate(y, node_row(n->in[0], i, tx), m, m + n->D, n->D);
		node_row_put(n, i, y);
	}
}

/* dx = dy ⊙ (1 + scale); dm += [dy ⊙ x | dy] */
static NUM_FAST void modulate_back(float *dx, float *dm, const float *dy, const float *x, const float *scale,
                                   int D)
{
	for (int i = 0; i < D; i++) {
		dx[i] = dy[i] * (1 + scale[i]);
		dm[i] += dy[i] * x[i];
		dm[D + i] += dy[i];
	}
}

static void back_modulate(struct node *n)
{
	struct node *x = n->in[0], *m = n->in[1];
	int each = *(const int *)n->own, D = n->D;
	float *dx = n->net->work, *tx = dx + D, *ty = tx + D, *tm = ty + D, *dm = tm + 2 * D;
	bool add_x = x->wants && node_add(x), add_m = m->wants && node_add(m);

	for (int i = 0; i < n->N; i++) {
		if (i % each == 0)
			memset(dm, 0, 2 * (size_t)D * sizeof *dm);
		modulate_back(dx, dm, node_drow(n, i, ty), node_row(x, i, tx), node_row(m, i / each, tm), D);
		if (x->wants)
			node_drow_put(x, i, dx, add_x);
		if (m->wants && i % each == each - 1)
			node_drow_put(m, i / each, dm, add_m);
	}
}

static const struct node_kind kind_modulate = {
	.name = "modulate", .forward = forward_modulate, .back = back_modulate, .back_in = true,
};

struct node *net_modulate(struct net *t, struct node *x, struct node *m, int each)
{
	struct node *n = net_node(t, &kind_modulate, x->N, x->D, x->type, sizeof(int));

	must(each > 0 && x->N == m->N * each && m->D == 2 * x->D && x != m);
	*(int *)n->own = each;
	node_in(n, x);
	node_in(n, m);
	node_work(n, 7 * (size_t)n->D * sizeof(float));
	return n;
}
