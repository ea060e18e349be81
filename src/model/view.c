/* view.c - a scene prepared for comparison: sparse rows over stems, lemmas and the graph.
 *
 *   in    a strip's scene, document frequencies of the training books, the concept graph
 *   out   struct view
 *
 * spread[OCCURS] lights what usually stands beside the scene's lemmas, spread[LEADS] what
 * usually follows them: A·d of DESIGN.md's field for one scene, kept to its SPREAD_KEEP
 * strongest nodes.
 */
#include <math.h>
#include <stdlib.h>

#include "model/model.h"

enum { SPREAD_EDGES = 12, SPREAD_KEEP = 128 };

struct lit { uint32_t key; float w; };

static int by_key(const void *a, const void *b)
{
	const struct lit *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static int by_weight(const void *a, const void *b)
{
	const struct lit *x = a, *y = b;

	return x->w != y->w ? (x->w < y->w) - (x->w > y->w) : by_key(a, b);
}

static size_t merge_equal(struct lit *v, size_t n)
{
	size_t k = 0;

	qsort(v, n, sizeof *v, by_key);
	for (size_t i = 0; i < n; i++) {
		if (k && v[k - 1].key == v[i].key)
			v[k - 1].w += v[i].w;
		else
			v[k++] = v[i];
	}
	return k;
}

static void spread(struct svec *out, const struct svec *d, const struct graph *g,
                   enum edge_type type, struct arena *a)
{
	struct lit *v = mem_alloc((size_t)d->n * SPREAD_EDGES, sizeof *v);
	size_t n = 0;
	double sum = 0;

	for (uint32_t i = 0; g && i < d->n; i++) {
		uint32_t node = graph_find(g, d->key[i]), from, to;

		if (node == UINT32_MAX)
			continue;
		from = g->edge_at[type][node];
		to = g->edge_at[type][node + 1];
		if (to - from > SPREAD_EDGES)
			to = from + SPREAD_EDGES;
		for (uint32_t k = from; k < to; k++) {
			const struct edge *e = &g->edge[type][k];

			v[n++] = (struct lit){ g->key[e->to], d->w[i] * e->w };
		}
	}
	n = merge_equal(v, n);
	if (n > SPREAD_KEEP) {
		qsort(v, n, sizeof *v, by_weight);
		n = SPREAD_KEEP;
		qsort(v, n, sizeof *v, by_key);
	}
	for (size_t i = 0; i < n; i++)
		sum += (double)v[i].w * v[i].w;
	out->key = TAKE(a, uint32_t, n);
	out->w = TAKE(a, float, n);
	out->n = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		out->key[i] = v[i].key;
		out->w[i] = sum > 0 ? (float)(v[i].w / sqrt(sum)) : 0;
	}
	mem_free(v);
}

void view_make(struct view *v, const struct strip_scene *s, const struct lexis *x,
               struct arena *a)
{
	v->s = s;
	svec_tfidf(&v->stem, s->stem, s->n_stem, &x->stem, a);
	svec_keys(&v->head, s->head, s->n_head, &x->stem, a);
	svec_keys(&v->tail, s->tail, s->n_tail, &x->stem, a);
	svec_tfidf(&v->lemma, s->bag, s->n_bag, &x->lemma, a);
	for (int t = 0; t < EDGE_TYPES; t++)
		spread(&v->spread[t], &v->lemma, x->graph, t, a);
}

void views_make(struct view **out, const struct strip *s, const struct lexis *x, struct arena *a)
{
	*out = TAKE(a, struct view, s->n);
	for (size_t i = 0; i < s->n; i++)
		view_make(&(*out)[i], &s->scene[i], x, a);
}
