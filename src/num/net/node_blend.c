/* node_blend.c - a weighted sum of K rows for each row.
 *
 *   in    v [N·K][D] float32, rows n·K … n·K+K-1 belong to n; g [N][K] float32
 *   out   y [N][D] float32, y[n] = Σ_k g[n][k]·v[n·K + k];  dg[n][k] += dy[n]·v[n·K + k],  dv[n·K + k] += g[n][k]·dy[n]
 *
 * Memory: v is passed over once, forward and back: nothing is stored beside y.
 */
#include "num/net/net.h"
#include "num/num.h"

static void forward(struct node *n)
{
	const struct node *v = n->in[0], *g = n->in[1];
	size_t D = (size_t)n->D, K = (size_t)g->D;

	for (size_t i = 0; i < (size_t)n->N; i++) {
		float *y = (float *)n->x + i * D;

		memset(y, 0, D * sizeof *y);
		for (size_t k = 0; k < K; k++)
			num_axpy(y, ((const float *)g->x)[i * K + k], (const float *)v->x + (i * K + k) * D, D);
	}
}

static void back(struct node *n)
{
	struct node *v = n->in[0], *g = n->in[1];
	size_t D = (size_t)n->D, K = (size_t)g->D;
	bool add_v = v->wants && node_add(v), add_g = g->wants && node_add(g);

	for (size_t i = 0; i < (size_t)n->N; i++)
		for (size_t k = 0; k < K; k++) {
			const float *dy = (const float *)n->dx + i * D;
			size_t at = i * K + k;

			if (g->wants) {
				float d = (float)num_dot(dy, (const float *)v->x + at * D, D);

				((float *)g->dx)[at] = add_g ? ((float *)g->dx)[at] + d : d;
			}
			if (v->wants) {
				if (!add_v)
					memset((float *)v->dx + at * D, 0, D * sizeof(float));
				num_axpy((float *)v->dx + at * D, ((const float *)g->x)[at], dy, D);
			}
		}
}

static const struct node_kind kind_blend = {
	.name = "blend", .forward = forward, .back = back, .back_in = true,
};

struct node *net_blend(struct net *t, struct node *v, struct node *g)
{
	struct node *n = net_node(t, &kind_blend, g->N, v->D, NUM_F32, 0);

	must(v->N == g->N * g->D && v->type == NUM_F32 && g->type == NUM_F32);
	node_in(n, v);
	node_in(n, g);
	return n;
}
