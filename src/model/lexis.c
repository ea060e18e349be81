/* lexis.c - what views are made with: document frequencies and the graph, counted so that a
 * training book never meets its own.
 *
 *   in    training shelves, the concept graph of all of them
 *   out   a lexis of all (for held-out books) and one a fold (for training)
 */
#include "model/model.h"

static void count_shelf(struct lexis *x, const struct strip *s)
{
	for (size_t k = 0; k < s->n; k++) {
		idf_add(&x->stem, s->scene[k].stem, s->scene[k].n_stem);
		idf_add(&x->lemma, s->scene[k].bag, s->scene[k].n_bag);
	}
}

void lexis_make(struct lexis *x, const struct shelf_set *train, const struct graph *g)
{
	idf_init(&x->stem);
	idf_init(&x->lemma);
	x->graph = g;
	for (size_t i = 0; i < train->n; i++)
		count_shelf(x, &train->shelf[i]);
}

void lexis_clear(struct lexis *x)
{
	idf_clear(&x->stem);
	idf_clear(&x->lemma);
}

/* A fold's graph is never shown: its names do not matter. */
static struct str no_name(void *ctx, size_t i)
{
	(void)ctx, (void)i;
	return S("?");
}

static void fold_make(struct lexis_folds *x, int f, const struct shelf_set *train)
{
	struct graph_builder *g = graph_begin();
	struct err e = { 0 };

	idf_init(&x->fold[f].stem);
	idf_init(&x->fold[f].lemma);
	for (size_t i = 0; i < train->n; i++) {
		const struct strip *s = &train->shelf[i];

		if (i % (size_t)x->n == (size_t)f)
			continue;
		count_shelf(&x->fold[f], s);
		for (size_t k = 0; k < s->n; k++)
			graph_scene(g, s->scene[k].bag, s->scene[k].n_bag, k == 0, no_name, NULL);
	}
	graph_end(g, &x->file[f], NULL);
	must(!graph_open(&x->graph[f], buf_view(&x->file[f]), &e));
	x->fold[f].graph = &x->graph[f];
}

void folds_make(struct lexis_folds *x, const struct shelf_set *train, const struct graph *g,
                const struct watch *w)
{
	*x = (struct lexis_folds){ 0 };
	lexis_make(&x->all, train, g);
	if (train->n > 1)
		x->n = train->n < FOLDS ? (int)train->n : FOLDS;
	for (int f = 0; f < x->n; f++) {
		watch_step(w, "folds", f, x->n, "parts");
		fold_make(x, f, train);
	}
}

void folds_clear(struct lexis_folds *x)
{
	lexis_clear(&x->all);
	for (int f = 0; f < x->n; f++) {
		lexis_clear(&x->fold[f]);
		graph_close(&x->graph[f]);
		buf_free(&x->file[f]);
	}
	*x = (struct lexis_folds){ 0 };
}
