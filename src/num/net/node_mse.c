/* node_mse.c - the squared distance of two nodes, as a loss.
 *
 *   in    a, b [N][D] of either type; w [N][1] or none
 *   out   loss Σ_n w[n]·|a[n] - b[n]|²/D;  da += scale·weight·w·2(a - b)/D,  db -= the same
 *
 * A row of weight 0 is left out: what it holds, even NaN, does not matter.
 */
#include "num/fast.h"
#include "num/net/net.h"

struct mse {
	double weight;
	bool weighted;
};

static NUM_FAST void minus(float *d, const float *a, const float *b, float f, int D)
{
	for (int i = 0; i < D; i++)
		d[i] = (a[i] - b[i]) * f;
}

/* d = (a[i] - b[i])·f */
static void row(const struct node *n, int i, float f, float *d, float *tmp)
{
	const struct node *a = n->in[0], *b = n->in[1];

	if (f == 0)
		memset(d, 0, (size_t)a->D * sizeof *d);
	else
		minus(d, node_row(a, i, tmp), node_row(b, i, tmp + a->D), f, a->D);
}

static float weight_of(const struct node *n, int i)
{
	return ((const struct mse *)n->own)->weighted ? ((const float *)n->in[2]->x)[i] : 1;
}

static void forward(struct node *n)
{
	const struct node *a = n->in[0];
	float *d = n->net->work, *tmp = d + a->D;

	n->loss = n->count = 0;
	for (int i = 0; i < a->N; i++) {
		float w = weight_of(n, i);

		if (w == 0)
			continue;
		row(n, i, 1, d, tmp);
		n->loss += (double)w * num_sum2(d, (size_t)a->D) / a->D;
		n->count++;
	}
	*(float *)n->x = (float)n->loss;
}

static void back(struct node *n)
{
	const struct mse *m = n->own;
	struct node *a = n->in[0];
	float *d = n->net->work, *tmp = d + a->D;

	for (int k = 0; k < 2; k++) {
		struct node *x = n->in[k];
		double f = (k ? -2 : 2) * n->net->scale * m->weight / a->D;
		bool add;

		if (!x->wants)
			continue;
		add = node_add(x);
		for (int i = 0; i < a->N; i++) {
			row(n, i, (float)f * weight_of(n, i), d, tmp);
			node_drow_put(x, i, d, add);
		}
	}
}

static const struct node_kind kind_mse = {
	.name = "mse", .forward = forward, .back = back, .back_in = true, .loss = true,
};

struct node *net_mse(struct net *t, struct node *a, struct node *b, struct node *w, double weight)
{
	struct node *n = net_node(t, &kind_mse, 1, 1, NUM_F32, sizeof(struct mse));

	must(a->N == b->N && a->D == b->D);
	must(!w || (w->N == a->N && w->D == 1 && w->type == NUM_F32 && !w->wants));
	*(struct mse *)n->own = (struct mse){ weight, w != NULL };
	node_in(n, a);
	node_in(n, b);
	if (w)
		node_in(n, w);
	node_work(n, 3 * (size_t)a->D * sizeof(float));
	return n;
}
