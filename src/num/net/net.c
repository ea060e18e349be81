/* net.c - a model as a list: laying nodes, and running them forward and back.
 *
 *   in    net_… calls, then inputs
 *   out   values, losses, gradients
 *
 * Invariants: an input of a node stands before it in the list; a node's gradient is complete
 * when its back runs; nodes whose gradient nobody wrote are passed over (their dx stays unread).
 */
#include "num/net/net.h"
#include "num/net/net_plan.h"

struct net *net_open(struct params *p, int lane, enum num_type wide, bool train)
{
	struct net *t = mem_alloc(1, sizeof *t);

	must(p->w && lane >= 0 && lane < p->lanes);
	t->p = p;
	t->lane = lane;
	t->wide = wide;
	t->train = train;
	t->scale = 1;
	t->mem = arena_open("net");
	return t;
}

void net_close(struct net *t)
{
	if (!t)
		return;
	mem_free(t->node);
	mem_free(t->block);
	arena_close(&t->mem);
	mem_free(t);
}

struct node *net_node(struct net *t, const struct node_kind *k, int N, int D, enum num_type type,
                      size_t own_bytes)
{
	struct node *n = TAKE(&t->mem, struct node, 1);

	must(!t->block && N > 0 && D > 0);
	n->kind = k;
	n->net = t;
	n->at = (int)t->n;
	n->N = N;
	n->D = D;
	n->type = type;
	for (int i = 0; i < NODE_W; i++)
		n->w[i] = -1;
	n->own = own_bytes ? arena_take(&t->mem, own_bytes) : NULL;
	VEC_PUSH(t->node, t->n, t->cap) = n;
	return n;
}

void node_in(struct node *n, struct node *in)
{
	must(n->n_in < NODE_IN && in && in->net == n->net && in->at < n->at);
	n->in[n->n_in++] = in;
	n->wants |= in->wants && n->net->train;
}

void node_w(struct node *n, int tensor)
{
	int i = 0;

	while (i < NODE_W && n->w[i] >= 0)
		i++;
	must(i < NODE_W && tensor >= 0 && tensor < (int)n->net->p->n_t);
	n->w[i] = tensor;
	n->wants |= n->net->train;
}

void node_work(struct node *n, size_t bytes)
{
	n->work_bytes = bytes > n->work_bytes ? bytes : n->work_bytes;
}

void net_hold(struct node *n)
{
	n->held = true;
}

void net_plan(struct net *t)
{
	must(!t->block && t->n > 0);
	net_plan_memory(t);
}

void net_forward(struct net *t)
{
	must(t->block);
	for (size_t i = 0; i < t->n; i++)
		if (t->node[i]->kind->forward)
			t->node[i]->kind->forward(t->node[i]);
}

void net_back(struct net *t)
{
	must(t->block && t->train);
	for (size_t i = 0; i < t->n; i++)
		t->node[i]->written = false;
	for (size_t i = t->n; i-- > 0;) {
		struct node *n = t->node[i];

		if (n->wants && n->kind->back && (n->written || n->kind->loss))
			n->kind->back(n);
	}
}

bool node_add(struct node *n)
{
	bool was = n->written;

	n->written = true;
	return was;
}

/* ---- rows of either type ---------------------------------------------------------------- */
static const float *row_of(const void *block, const struct node *n, int r, float *tmp)
{
	size_t at = (size_t)r * (size_t)n->D;

	if (n->type == NUM_F32)
		return (const float *)block + at;
	bf16_up_n(tmp, (const bf16 *)block + at, (size_t)n->D);
	return tmp;
}

const float *node_row(const struct node *n, int r, float *tmp)
{
	return row_of(n->x, n, r, tmp);
}

const float *node_drow(const struct node *n, int r, float *tmp)
{
	return row_of(n->dx, n, r, tmp);
}

void node_row_put(struct node *n, int r, const float *v)
{
	size_t at = (size_t)r * (size_t)n->D;

	if (n->type == NUM_F32)
		memcpy((float *)n->x + at, v, (size_t)n->D * sizeof(float));
	else
		bf16_down_n((bf16 *)n->x + at, v, (size_t)n->D);
}

void node_drow_put(struct node *n, int r, const float *v, bool add)
{
	size_t at = (size_t)r * (size_t)n->D;
	float *f = (float *)n->dx + at;
	bf16 *b = (bf16 *)n->dx + at;

	if (n->type == NUM_F32 && add)
		num_axpy(f, 1, v, (size_t)n->D);
	else if (n->type == NUM_F32)
		memcpy(f, v, (size_t)n->D * sizeof(float));
	else if (!add)
		bf16_down_n(b, v, (size_t)n->D);
	else
		for (int i = 0; i < n->D; i++)
			b[i] = bf16_down(bf16_up(b[i]) + v[i]);
}

/* ---- inputs ------------------------------------------------------------------------------ */
static const struct node_kind kind_input = { .name = "input" };

struct node *net_input(struct net *t, int N, int D)
{
	return net_node(t, &kind_input, N, D, NUM_F32, 0);
}

struct node *net_ids(struct net *t, int N)
{
	return net_node(t, &kind_input, N, 1, NUM_F32, 0);
}
