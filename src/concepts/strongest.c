/* strongest.c - the pairs of concepts that say most about a library.
 *
 *   in    the graph
 *   out   k pairs, each once, strongest first
 *
 * Bare PPMI puts pairs met three times on top; weighing by the root of the count puts the
 * commonest verbs there. We rank by w · ln(min(df_a, df_b)): how much more often than chance,
 * times the order of magnitude of what it stands on.
 *
 * Invariants: a pair in both directions appears once, in its stronger direction for
 * occurs-with; leads-to keeps both directions, for they say different things. Ties by ids.
 */
#include <math.h>
#include "concepts/parts.h"
#include "words/words.h"

static bool pair_before(const struct concept_pair *x, const struct concept_pair *y)
{
	if (x->rank != y->rank)
		return x->rank > y->rank;
	return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static bool named(const struct graph *g, uint32_t i)
{
	return g->flags[i] & (WORD_PROPER | WORD_UNKNOWN);
}

/* Is a → b the pair's own direction: its weight is over that of b → a (ties: a < b)? */
static bool own_direction(const struct graph *g, uint32_t a, struct edge e)
{
	const struct edge *x = g->edge[EDGE_OCCURS];
	const uint32_t *at = g->edge_at[EDGE_OCCURS];

	for (uint32_t k = at[e.to]; k < at[e.to + 1]; k++)
		if (x[k].to == a)
			return e.w > x[k].w || (e.w == x[k].w && a < e.to);
	return true;
}

static size_t insert(struct concept_pair *out, size_t n, size_t k, struct concept_pair p)
{
	size_t i = n < k ? n : k - 1;

	if (n == k && !pair_before(&p, &out[k - 1]))
		return n;
	for (; i > 0 && pair_before(&p, &out[i - 1]); i--)
		out[i] = out[i - 1];
	out[i] = p;
	return n < k ? n + 1 : n;
}

size_t graph_strongest(const struct graph *g, enum edge_type type, bool names,
                       struct concept_pair *out, size_t k)
{
	size_t n = 0;

	for (uint32_t a = 0; k > 0 && a < g->n; a++)
		for (uint32_t i = g->edge_at[type][a]; i < g->edge_at[type][a + 1]; i++) {
			struct edge e = g->edge[type][i];
			uint32_t df = g->df[a] < g->df[e.to] ? g->df[a] : g->df[e.to];

			if (!names && (named(g, a) || named(g, e.to)))
				continue;
			if (type == EDGE_OCCURS && !own_direction(g, a, e))
				continue;
			n = insert(out, n, k, (struct concept_pair){
				a, e.to, e.w, e.w * logf((float)df) });
		}
	return n;
}
