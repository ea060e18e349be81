/* node_embed.c - rows of a table by id.
 *
 *   in    ids [N], E [V][D]
 *   out   x [N][D] float32; the row of ID_NONE is zero;  dE[id[n]] += dx[n]
 */
#include "num/net/net.h"

static void forward(struct node *n)
{
	const uint32_t *id = node_ids(n->in[0]);
	const float *E = node_weight(n, 0);
	size_t D = (size_t)n->D, V = n->net->p->t[n->w[0]].rows;

	for (size_t r = 0; r < (size_t)n->N; r++) {
		float *x = (float *)n->x + r * D;

		must(id[r] < V || id[r] == ID_NONE);
		if (id[r] == ID_NONE)
			memset(x, 0, D * sizeof *x);
		else
			memcpy(x, E + id[r] * D, D * sizeof *x);
	}
}

static void back(struct node *n)
{
	const uint32_t *id = node_ids(n->in[0]);
	float *dE = node_dweight(n, 0);
	size_t D = (size_t)n->D;

	for (size_t r = 0; r < (size_t)n->N; r++)
		if (id[r] != ID_NONE)
			num_axpy(dE + id[r] * D, 1, (const float *)n->dx + r * D, D);
}

static const struct node_kind kind_embed = { .name = "embed", .forward = forward, .back = back, .back_in = true };

struct node *net_embed(struct net *t, int E, struct node *id)
{
	const struct tensor *e = &t->p->t[E];
	struct node *n = net_node(t, &kind_embed, id->N, (int)e->cols, NUM_F32, 0);

	must(!(e->flags & PARAM_ROWS));		/* ids of all lanes are summed whole */
	node_in(n, id);
	node_w(n, E);
	return n;
}
