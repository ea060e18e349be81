/* field.c - the activation over all concepts: disturbed by scenes, spreading, fading.
 *
 *   in    the graph, a law (ρ and the share that flows along each type of edge), scenes
 *   out   φ ← ρ·φ + spread(φ) + disturbance(scene)            (concepts.h, DESIGN.md 4)
 *
 * A step costs what is lit, not what exists: φ is dense for look-up, the nodes with φ > 0
 * are also a list. Because a node's edges are strongest first, a row is left at the first
 * flow that is a trickle.
 *
 * Invariants: φ >= 0, finite; lit lists exactly the nodes with φ > 0; next is all zero
 * between steps; the same scenes give the same bits (one order of sums).
 */
#include <math.h>
#include <stdlib.h>
#include "concepts/concepts.h"

static const float PHI_HIGH = 1073741824.0f, PHI_DOWN = 1 / 1073741824.0f;	/* 2^30, 2^-30 */

void field_init(struct field *f, const struct graph *g)
{
	size_t n = (size_t)g->n + 1;

	*f = (struct field){ .g = g };
	f->phi = mem_alloc(n, sizeof *f->phi);
	f->next = mem_alloc(n, sizeof *f->next);
	f->lit = mem_alloc(n, sizeof *f->lit);
	f->next_lit = mem_alloc(n, sizeof *f->next_lit);
}

void field_clear(struct field *f)
{
	mem_free(f->phi);
	mem_free(f->next);
	mem_free(f->lit);
	mem_free(f->next_lit);
	*f = (struct field){ 0 };
}

void field_reset(struct field *f)
{
	for (size_t k = 0; k < f->n_lit; k++)
		f->phi[f->lit[k]] = 0;
	f->n_lit = 0;
	f->norm = 0;
	f->max = 0;
}

/* ---- the disturbance --------------------------------------------------------------- */

static float weight_of(const struct graph *g, uint32_t node, const struct bag_item *b)
{
	return (1 + logf(b->count ? b->count : 1)) * g->idf[node];
}

/* 1 / L2 norm of a scene's disturbance, 0 when the graph knows none of its lemmas. */
static double disturbance_scale(const struct graph *g, const struct bag_item *bag, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t node = graph_find(g, bag[i].key);

		if (node != UINT32_MAX) {
			double w = weight_of(g, node, &bag[i]);

			sum += w * w;
		}
	}
	return sum > 0 ? 1 / sqrt(sum) : 0;
}

/* ---- a step ------------------------------------------------------------------------ */

static inline size_t light(struct field *f, size_t n, uint32_t node, float x)
{
	if (!(x > 0))
		return n;
	if (f->next[node] == 0)
		f->next_lit[n++] = node;
	f->next[node] += x;
	return n;
}

static size_t flow(struct field *f, size_t n, uint32_t i, enum edge_type t, float share)
{
	const struct graph *g = f->g;
	float least = f->max * FIELD_TRICKLE, out = f->phi[i] * share * g->share[t][i];
	const struct edge *e = g->edge[t] + g->edge_at[t][i];
	const struct edge *end = g->edge[t] + g->edge_at[t][i + 1];

	for (; e < end; e++) {
		float x = out * e->w;

		if (x < least)
			break;
		n = light(f, n, e->to, x);
	}
	return n;
}

static size_t disturb(struct field *f, size_t n_lit, const struct bag_item *bag, size_t n)
{
	double scale = disturbance_scale(f->g, bag, n);

	for (size_t i = 0; scale > 0 && i < n; i++) {
		uint32_t node = graph_find(f->g, bag[i].key);

		if (node != UINT32_MAX)
			n_lit = light(f, n_lit, node,
			              (float)(weight_of(f->g, node, &bag[i]) * scale));
	}
	return n_lit;
}

/* next becomes φ: nodes under the floor go out, the old φ is wiped and becomes scratch. */
static void settle(struct field *f, size_t n)
{
	float max = 0, scale, floor;
	double sum = 0;
	size_t kept = 0;

	for (size_t k = 0; k < n; k++)
		if (f->next[f->next_lit[k]] > max)
			max = f->next[f->next_lit[k]];
	scale = max > PHI_HIGH ? PHI_DOWN : 1;
	floor = max * FIELD_PRUNE;
	for (size_t k = 0; k < f->n_lit; k++)
		f->phi[f->lit[k]] = 0;
	for (size_t k = 0; k < n; k++) {
		uint32_t i = f->next_lit[k];
		float x = f->next[i];

		f->next[i] = 0;
		if (x < floor)
			continue;
		f->phi[i] = x * scale;
		sum += (double)f->phi[i] * f->phi[i];
		f->lit[kept++] = i;
	}
	f->n_lit = kept;
	f->norm = sqrt(sum);
	f->max = max * scale;
}

void field_step(struct field *f, const struct field_law *law, const struct bag_item *bag, size_t n)
{
	size_t n_lit = 0;

	for (size_t k = 0; k < f->n_lit; k++)
		n_lit = light(f, n_lit, f->lit[k], law->rho * f->phi[f->lit[k]]);
	for (int t = 0; t < EDGE_TYPES; t++)
		for (size_t k = 0; law->spread[t] > 0 && k < f->n_lit; k++)
			n_lit = flow(f, n_lit, f->lit[k], t, law->spread[t]);
	settle(f, disturb(f, n_lit, bag, n));
}

/* ---- reading the field ------------------------------------------------------------- */

float field_score(const struct field *f, const struct bag_item *bag, size_t n)
{
	double dot = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t node = graph_find(f->g, bag[i].key);

		if (node == UINT32_MAX)
			continue;
		double w = weight_of(f->g, node, &bag[i]);
		dot += w * f->phi[node];
		sum += w * w;
	}
	return sum > 0 && f->norm > 0 ? (float)(dot / (sqrt(sum) * f->norm)) : 0;
}

size_t field_top(const struct field *f, uint32_t *node, float *value, size_t k)
{
	size_t n = 0;

	for (size_t l = 0; k > 0 && l < f->n_lit; l++) {
		uint32_t x = f->lit[l];
		float v = f->phi[x];
		size_t i = n < k ? n : k;

		while (i > 0 && (v > value[i - 1] || (v == value[i - 1] && x < node[i - 1]))) {
			i--;
			if (i + 1 < k) {
				value[i + 1] = value[i];
				node[i + 1] = node[i];
			}
		}
		if (i == k)
			continue;
		value[i] = v;
		node[i] = x;
		n += n < k;
	}
	return n;
}
