/* op_bag.c - weighted bags of embedding rows: how a scene's lemmas become one vector.
 *
 *   in    E [V][D], bag n = ids id[j] with weights c[j], j in off[n]..off[n+1]-1
 *   out   y[n] = Σ_j c[j]·E[id[j]];  dE[id[j]] += c[j]·dy[n],  dc[j] += dy[n]·E[id[j]]
 *
 * Bags are walked in order on one thread, so an id met twice is summed in a fixed order.
 * The rows written are marked in touch, so that the optimiser visits only them.
 */
#include "num/num.h"
#include "num/op/ops.h"

void op_bag(float *y, const float *E, const uint32_t *id, const float *c, const uint32_t *off,
            int N, int D)
{
	memset(y, 0, (size_t)N * D * sizeof(float));
	for (int n = 0; n < N; n++)
		for (uint32_t j = off[n]; j < off[n + 1]; j++)
			num_axpy(y + (size_t)n * D, c ? c[j] : 1.0f, E + (size_t)id[j] * D,
			         (size_t)D);
}

void op_bag_back(float *dE, uint8_t *touch, float *dc, const float *dy, const float *E,
                 const uint32_t *id, const float *c, const uint32_t *off, int N, int D)
{
	for (int n = 0; n < N; n++) {
		const float *g = dy + (size_t)n * D;

		for (uint32_t j = off[n]; j < off[n + 1]; j++) {
			num_axpy(dE + (size_t)id[j] * D, c ? c[j] : 1.0f, g, (size_t)D);
			if (touch)
				touch[id[j]] = 1;
			if (dc)
				dc[j] += (float)num_dot(g, E + (size_t)id[j] * D, (size_t)D);
		}
	}
}

static void size(struct op_case *c)
{
	c->n_in[0] = (size_t)c->K * c->D;
	c->n_in[1] = c->off[c->N];
	c->n_out = (size_t)c->N * c->D;
}

static double loss(struct op_case *c)
{
	op_bag(c->out, c->in[0], c->id, c->in[1], c->off, c->N, c->D);
	return num_dot(c->out, c->r, c->n_out);
}

static void back(struct op_case *c)
{
	op_bag_back(c->d[0], NULL, c->d[1], c->r, c->in[0], c->id, c->in[1], c->off, c->N, c->D);
}

const struct op_row op_row_bag = { "bag", size, loss, back, 0 };
