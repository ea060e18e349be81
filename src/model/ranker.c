/* ranker.c - the learned shallow ranker: the floor that LTM must rise above.
 *
 *   in    shelves of training scenes
 *   out   boosted trees over the shallow features, one model for each kind of wrong answers
 *
 * As shared/tools/floors.py trains it: rows of all questions, each feature also relative to its
 * six, log loss. With cross-fitted document frequencies and more questions a book than there,
 * which make it the stronger floor (on dev: matched 37.9 against 35.5).
 */
#include <stdlib.h>

#include "model/chunk.h"

void ranker_clear(struct ranker *r)
{
	for (int k = 0; k < KINDS; k++)
		boost_clear(&r->kind[k]);
}

void ranker_scores(float *s, const struct ranker *r, enum item_kind kind, const struct question *q)
{
	float x[CAND_MAX * 2 * SHALLOW_N];

	shallow_relative(x, q);
	boost_scores(&r->kind[kind == ITEM_FAR32 ? ITEM_FAR : kind], s, x, (size_t)q->n_cand);
}

struct table { float *x; uint8_t *y; size_t n, cap; };	/* x [n][2*SHALLOW_N] */

struct fill { const struct chunk *k; float *x; uint8_t *y; };

static void fill_lane(void *ctx, int lane)
{
	struct fill *f = ctx;
	const struct chunk *k = f->k;
	size_t from = num_lane_from(k->n, lane, INPUT_LANES), to = num_lane_to(k->n, lane, INPUT_LANES);

	for (size_t i = from; i < to; i++) {
		struct question q;
		const struct item *it = chunk_question(k, i, &q);

		must(it->n == 6);
		shallow_relative(f->x + i * 6 * 2 * SHALLOW_N, &q);
		f->y[i * 6 + it->truth] = 1;
	}
}

static void add_rows(struct table *t, const float *x, const uint8_t *y)
{
	if (t->n + 6 > t->cap) {
		t->cap = t->cap ? t->cap * 2 : 6 * 1024;
		t->x = mem_resize(t->x, t->cap * 2 * SHALLOW_N, sizeof *t->x);
		t->y = mem_resize(t->y, t->cap, 1);
	}
	memcpy(t->x + t->n * 2 * SHALLOW_N, x, 6 * 2 * SHALLOW_N * sizeof *x);
	memcpy(t->y + t->n, y, 6);
	t->n += 6;
}

static void gather_rows(struct table t[KINDS], const struct chunk *k)
{
	struct fill f = { k, mem_alloc(k->n * 6 * 2 * SHALLOW_N + 1, sizeof *f.x),
	                  mem_alloc(k->n * 6 + 1, 1) };

	num_lanes(INPUT_LANES, 0, fill_lane, &f);
	for (size_t i = 0; i < k->n; i++)
		add_rows(&t[k->task[k->from[i].task].kind], f.x + i * 6 * 2 * SHALLOW_N, f.y + i * 6);
	mem_free(f.x);
	mem_free(f.y);
}

enum status ranker_train(struct ranker *out, const struct shelf_set *train,
                         const struct lexis_folds *x, bool cross, int per_shelf, uint64_t seed, const struct watch *w, struct err *e)
{
	struct arena a = arena_open("ranker");
	struct table t[KINDS] = { 0 };
	struct boost_opts o = BOOST_DEFAULT;
	struct plan p;

	*out = (struct ranker){ 0 };
	o.seed = seed;
	plan_make(&p, train, NULL, &a);
	for (size_t at = 0; at < p.n_chunk && !watch_stopped(w); at++) {
		struct chunk *k = chunk_open(train, x, cross, &p, at, (size_t)per_shelf, seed,
		                             1u << 22, false);

		gather_rows(t, k);
		chunk_close(k);
		watch_step(w, "ranker", (double)at, (double)p.n_chunk + KINDS, "parts");
	}
	for (int k = 0; k < KINDS; k++) {
		if (watch_stopped(w))
			err_set(e, ERR_STOP, "stopped while the ranker was being trained");
		else if (t[k].n < 60)
			err_set(e, ERR_USAGE, "too few questions of kind %s to train the ranker on",
			        item_kind_name(k));
		else
			boost_train(&out->kind[k], t[k].x, t[k].y, t[k].n, 2 * SHALLOW_N, &o, NULL, e);
		mem_free(t[k].x);
		mem_free(t[k].y);
		watch_step(w, "ranker", (double)p.n_chunk + k + 1, (double)p.n_chunk + KINDS, "parts");
	}
	arena_close(&a);
	return e->code;
}
