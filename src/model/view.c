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

/* Activation by node while one scene spreads; one a thread, grown to the graph, all zero
 * between scenes. */
static _Thread_local struct {
	float *w;
	uint32_t *lit, n, cap;
} pad;

static void pad_for(const struct graph *g)
{
	if (pad.cap >= g->n)
		return;
	mem_free(pad.w);
	mem_free(pad.lit);
	pad.w = mem_alloc(g->n, sizeof *pad.w);
	pad.lit = mem_alloc(g->n, sizeof *pad.lit);
	pad.cap = g->n;
}

static int by_weight(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	float p = pad.w[x], q = pad.w[y];

	return p != q ? (p < q) - (p > q) : (x > y) - (x < y);
}

static int by_node(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The weight that about SPREAD_KEEP nodes reach, so that few are sorted: by 64 buckets. */
static float threshold(void)
{
	uint32_t bucket[64] = { 0 }, n = 0;
	float top = 0;
	int b = 63;

	for (uint32_t i = 0; i < pad.n; i++)
		top = pad.w[pad.lit[i]] > top ? pad.w[pad.lit[i]] : top;
	for (uint32_t i = 0; i < pad.n; i++)
		bucket[(int)(pad.w[pad.lit[i]] / top * 63.999f)]++;
	for (; b > 0 && n + bucket[b] < SPREAD_KEEP; b--)
		n += bucket[b];
	return (float)b / 63.999f * top;
}

static void light(const struct svec *d, const struct graph *g, enum edge_type type)
{
	pad_for(g);
	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t node = graph_find(g, d->key[i]), from, to;

		if (node == UINT32_MAX)
			continue;
		from = g->edge_at[type][node];
		to = g->edge_at[type][node + 1];
		if (to - from > SPREAD_EDGES)
			to = from + SPREAD_EDGES;
		for (uint32_t k = from; k < to; k++) {
			const struct edge *e = &g->edge[type][k];

			if (pad.w[e->to] == 0)
				pad.lit[pad.n++] = e->to;
			pad.w[e->to] += d->w[i] * e->w;
		}
	}
}

static void spread(struct svec *out, const struct svec *d, const struct graph *g,
                   enum edge_type type, struct arena *a)
{
	uint32_t keep[4096], n = 0;
	float least;
	double sum = 0;

	*out = (struct svec){ 0 };
	if (!g)
		return;
	light(d, g, type);
	least = pad.n > SPREAD_KEEP ? threshold() : 0;
	for (uint32_t i = 0; i < pad.n && n < 4096; i++)
		if (pad.w[pad.lit[i]] >= least)
			keep[n++] = pad.lit[i];
	if (n > SPREAD_KEEP) {
		qsort(keep, n, sizeof *keep, by_weight);
		n = SPREAD_KEEP;
	}
	qsort(keep, n, sizeof *keep, by_node);		/* nodes ascend with keys */
	for (uint32_t i = 0; i < n; i++)
		sum += (double)pad.w[keep[i]] * pad.w[keep[i]];
	out->key = TAKE(a, uint32_t, n);
	out->w = TAKE(a, float, n);
	out->n = n;
	for (uint32_t i = 0; i < n; i++) {
		out->key[i] = g->key[keep[i]];
		out->w[i] = sum > 0 ? (float)(pad.w[keep[i]] / sqrt(sum)) : 0;
	}
	for (uint32_t i = 0; i < pad.n; i++)
		pad.w[pad.lit[i]] = 0;
	pad.n = 0;
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

void views_number(struct view *const *v, size_t n, struct numbering *t, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		svec_number(&v[i]->stem, t, a);
		svec_number(&v[i]->head, t, a);
		svec_number(&v[i]->tail, t, a);
		svec_number(&v[i]->lemma, t, a);
		for (int k = 0; k < EDGE_TYPES; k++)
			svec_number(&v[i]->spread[k], t, a);
	}
}

void views_make(struct view **out, const struct strip *s, const struct lexis *x, struct arena *a)
{
	*out = TAKE(a, struct view, s->n);
	for (size_t i = 0; i < s->n; i++)
		view_make(&(*out)[i], &s->scene[i], x, a);
}

void rows_of_views(struct rows *r, const struct strip *s, struct view *v, struct arena *a)
{
	const struct svec **stem = TAKE(a, const struct svec *, s->n);
	struct numbering t;

	numbering_init(&t);
	for (size_t i = 0; i < s->n; i++) {
		struct view *one = &v[i];

		views_number(&one, 1, &t, a);
		stem[i] = &v[i].stem;
	}
	rows_make(r, s, stem, &t, a);
	numbering_clear(&t);
}
