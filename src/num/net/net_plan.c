/* net_plan.c - one block of memory for a net: who lives when, and where.
 *
 *   in    the list of nodes with sizes
 *   out   x, dx, keep, work of each, as places in one block; two that never live at the same
 *         time may have the same place
 *
 * Time runs forward through nodes 0..n-1 and back through 2n-1-i. A value lives from its forward
 * to the last that reads it; a gradient from the first that writes it to its node's own back.
 * Places are given to the largest first, each at the lowest offset free for its whole life
 * (greedy by size [Pisarchyk & Lee 2020]).
 *
 * The stream of residuals passes its gradient through unchanged: where a node `passes` and is the
 * last reader of its in[0], both share one gradient, and the sum costs nothing.
 */
#include <stdlib.h>

#include "num/net/net_plan.h"

struct life {
	size_t bytes, off;
	int from, to;		/* both included */
	void **where;		/* who gets the address */
};
struct lives {
	struct life *v;
	size_t n, cap;
};

static void live(struct lives *l, void **where, size_t bytes, int from, int to)
{
	if (bytes)
		VEC_PUSH(l->v, l->n, l->cap) = (struct life){ (bytes + 63) & ~(size_t)63, 0, from, to, where };
}

static bool has_dx(const struct node *n)
{
	return n->net->train && n->wants;
}

/* The last node in the list that reads n; n itself when nobody does. */
static struct node *last_reader(const struct net *t, struct node *n)
{
	for (size_t i = t->n; i-- > (size_t)n->at + 1;)
		for (int k = 0; k < t->node[i]->n_in; k++)
			if (t->node[i]->in[k] == n)
				return t->node[i];
	return n;
}

static int value_end(const struct net *t, const struct node *n)
{
	int last = (int)t->n, end = n->at;

	if (n->held || !n->kind->forward)		/* inputs stay: the caller fills them */
		return 2 * last;
	if (n->wants && n->kind->back && n->kind->back_out)
		end = 2 * last - 1 - n->at;
	for (int i = n->at + 1; i < last; i++)
		for (int k = 0; k < t->node[i]->n_in; k++)
			if (t->node[i]->in[k] == n) {
				bool back = t->node[i]->wants && t->node[i]->kind->back_in;
				int at = back ? 2 * last - 1 - i : i;

				end = at > end ? at : end;
			}
	return end;
}

/* Whose gradient memory n uses: its own, or that of the node it passes to. */
static struct node *grad_owner(const struct net *t, struct node *n)
{
	for (;;) {
		struct node *r = last_reader(t, n);

		if (r == n || !r->kind->passes || r->in[0] != n || !has_dx(r) || r->type != n->type)
			return n;
		n = r;
	}
}

static int by_size(const void *pa, const void *pb)
{
	const struct life *a = pa, *b = pb;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->from > b->from) - (a->from < b->from);
}

static int by_offset(const void *pa, const void *pb)
{
	const struct life *const *a = pa, *const *b = pb;

	return ((*a)->off > (*b)->off) - ((*a)->off < (*b)->off);
}

/* The lowest offset where life i fits beside those placed before it. */
static size_t fit(const struct lives *l, size_t i, struct life **met)
{
	size_t n = 0, off = 0;

	for (size_t k = 0; k < i; k++)
		if (l->v[k].from <= l->v[i].to && l->v[i].from <= l->v[k].to)
			met[n++] = &l->v[k];
	qsort(met, n, sizeof *met, by_offset);
	for (size_t k = 0; k < n; k++) {
		if (met[k]->off >= off + l->v[i].bytes)
			break;
		if (met[k]->off + met[k]->bytes > off)
			off = met[k]->off + met[k]->bytes;
	}
	return off;
}

static size_t place(struct lives *l)
{
	struct life **met = mem_alloc(l->n + 1, sizeof *met);
	size_t top = 0;

	qsort(l->v, l->n, sizeof *l->v, by_size);
	for (size_t i = 0; i < l->n; i++) {
		l->v[i].off = fit(l, i, met);
		if (l->v[i].off + l->v[i].bytes > top)
			top = l->v[i].off + l->v[i].bytes;
	}
	mem_free(met);
	return top;
}

static void gather(struct net *t, struct lives *l)
{
	int end = 2 * (int)t->n;

	for (size_t i = 0; i < t->n; i++) {
		struct node *n = t->node[i];
		struct node *r = last_reader(t, n);

		live(l, &n->x, node_len(n) * num_size(n->type), n->kind->forward ? n->at : 0, value_end(t, n));
		live(l, &n->keep, n->keep_bytes, n->at, n->wants ? end - 1 - n->at : n->at);
		/* A gradient that others pass through lives from the first writer of them all. */
		if (has_dx(n) && r != n && grad_owner(t, n) == n) {
			int to = end - 1 - n->at;

			for (size_t k = 0; k < i; k++)
				if (has_dx(t->node[k]) && grad_owner(t, t->node[k]) == n)
					to = end - 1 - (int)k > to ? end - 1 - (int)k : to;
			live(l, &n->dx, node_len(n) * num_size(n->type), end - 1 - r->at, to);
		}
	}
}

void net_plan_memory(struct net *t)
{
	struct lives l = { 0 };
	size_t work = 0, top;

	gather(t, &l);
	top = place(&l);
	for (size_t i = 0; i < t->n; i++)
		work = t->node[i]->work_bytes > work ? t->node[i]->work_bytes : work;
	t->bytes = top + ((work + 63) & ~(size_t)63);
	t->block = mem_aligned(t->bytes ? t->bytes : 64);
	for (size_t i = 0; i < l.n; i++)
		*l.v[i].where = (char *)t->block + l.v[i].off;
	t->work = (char *)t->block + top;
	for (size_t i = 0; i < t->n; i++) {
		struct node *n = t->node[i], *owner = grad_owner(t, n);

		if (owner != n && has_dx(n))
			n->dx = owner->dx;
	}
	mem_free(l.v);
}
