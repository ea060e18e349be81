/* chunk.c - some shelves at a time, turned into questions on all threads.
 *
 *   in    shelves, a plan of chunks, a seed and an epoch
 *   out   views, items of the three kinds, the core's inputs
 *
 * Invariant: what a question is depends on (seed, epoch, shelf, kind) only, never on threads or
 * on which chunk its shelf fell into.
 */
#include "model/chunk.h"

void question_of(struct question *q, const struct view *v, const struct item *it)
{
	q->n_ctx = it->target < CONTEXT_SCENES ? (int)it->target : CONTEXT_SCENES;
	q->n_cand = it->n;
	for (int k = 0; k < q->n_ctx; k++)
		q->ctx[k] = &v[it->target - 1 - (uint32_t)k];
	for (int i = 0; i < it->n; i++)
		q->cand[i] = &v[it->cand[i]];
}

static void view_lane(void *ctx, int lane)
{
	struct chunk *k = ctx;

	for (size_t i = 0; i < k->n_strip; i++) {
		size_t n = k->strip[i]->n;
		size_t from = num_lane_from(n, lane, INPUT_LANES), to = num_lane_to(n, lane, INPUT_LANES);

		for (size_t s = from; s < to; s++)
			view_make(&k->view[i][s], &k->strip[i]->scene[s], k->lexis[i], &k->lane[lane]);
	}
}

static void rows_task(void *ctx, int i)
{
	struct chunk *k = ctx;

	rows_of_views(&k->rows[i], k->strip[i], k->view[i], &k->per[i]);
}

static void item_task(void *ctx, int i)
{
	struct chunk *k = ctx;
	struct chunk_task *t = &k->task[i];
	struct rng r = rng_stream(k->seed, "order.items",
	                          (k->epoch * 1000003 + t->shelf) * KINDS + (uint64_t)t->kind);

	t->n = items_make(&t->item, &k->rows[i / KINDS], t->kind, k->max, rng_below(&r, 1 << 20), &r,
	                  &k->per[k->n_strip + (size_t)i]);
}

const struct item *chunk_question(const struct chunk *k, size_t i, struct question *q)
{
	const struct item *it = &k->task[k->from[i].task].item[k->from[i].item];

	question_of(q, k->view[k->from[i].task / KINDS], it);
	return it;
}

static void input_lane(void *ctx, int lane)
{
	struct chunk *k = ctx;
	size_t from = num_lane_from(k->n, lane, INPUT_LANES), to = num_lane_to(k->n, lane, INPUT_LANES);

	for (size_t i = from; i < to; i++) {
		struct question q;
		const struct item *it = chunk_question(k, i, &q);

		core_input_make(&k->in[i], k->task[k->from[i].task].kind, &q, &k->lane[lane]);
		k->in[i].truth = it->truth;
	}
}

static void fill(struct chunk *k, bool with_inputs)
{
	size_t n_task = k->n_strip * KINDS, at = 0;

	for (int l = 0; l < INPUT_LANES; l++)
		k->lane[l] = arena_open("chunk.lane");
	must(k->n_strip * (KINDS + 1) <= CHUNK_SCENES);
	for (size_t i = 0; i < k->n_strip * (KINDS + 1); i++)
		k->per[i] = arena_open("chunk.task");
	k->view = TAKE(&k->mem, struct view *, k->n_strip);
	k->rows = TAKE(&k->mem, struct rows, k->n_strip);
	k->task = TAKE(&k->mem, struct chunk_task, n_task);
	for (size_t i = 0; i < k->n_strip; i++)
		k->view[i] = TAKE(&k->mem, struct view, k->strip[i]->n);
	num_lanes(INPUT_LANES, 0, view_lane, k);
	num_lanes((int)k->n_strip, 0, rows_task, k);
	for (size_t i = 0; i < n_task; i++)
		k->task[i] = (struct chunk_task){ .shelf = k->shelf[i / KINDS],
		                                  .kind = (int)(i % KINDS) };
	num_lanes((int)n_task, 0, item_task, k);
	k->n = 0;
	for (size_t i = 0; i < n_task; i++)
		k->n += k->task[i].n;
	k->from = arena_take_n(&k->mem, k->n + 1, sizeof *k->from);
	for (size_t i = 0; i < n_task; i++)
		for (size_t j = 0; j < k->task[i].n; j++, at++) {
			k->from[at].task = (uint32_t)i;
			k->from[at].item = (uint32_t)j;
		}
	if (!with_inputs)
		return;
	k->in = TAKE(&k->mem, struct core_input, k->n + 1);
	num_lanes(INPUT_LANES, 0, input_lane, k);
}

void chunk_close(struct chunk *k)
{
	for (int l = 0; l < INPUT_LANES; l++)
		arena_close(&k->lane[l]);
	for (size_t i = 0; i < k->n_strip * (KINDS + 1); i++)
		arena_close(&k->per[i]);
	arena_close(&k->mem);
	mem_free(k);
}

struct chunk *chunk_open(const struct shelf_set *set, const struct lexis_folds *x, bool cross,
                         const struct plan *p, size_t at, size_t max, uint64_t seed,
                         uint64_t epoch, bool with_inputs)
{
	struct chunk *k = mem_alloc(1, sizeof *k);
	size_t from = p->start[at];

	k->mem = arena_open("chunk");
	k->n_strip = p->start[at + 1] - from;
	k->strip = TAKE(&k->mem, const struct strip *, k->n_strip);
	k->shelf = TAKE(&k->mem, size_t, k->n_strip);
	k->lexis = TAKE(&k->mem, const struct lexis *, k->n_strip);
	for (size_t i = 0; i < k->n_strip; i++) {
		k->shelf[i] = p->order[from + i];
		k->strip[i] = &set->shelf[k->shelf[i]];
		k->lexis[i] = cross && x->n ? &x->fold[k->shelf[i] % (size_t)x->n] : &x->all;
	}
	k->max = max;
	k->seed = seed;
	k->epoch = epoch;
	fill(k, with_inputs);
	return k;
}

void plan_make(struct plan *p, const struct shelf_set *set, struct rng *r, struct arena *a)
{
	size_t scenes = 0;

	p->order = TAKE(a, uint32_t, set->n);
	p->start = TAKE(a, size_t, set->n + 1);
	p->n_chunk = 0;
	for (size_t i = 0; i < set->n; i++)
		p->order[i] = (uint32_t)i;
	if (r)
		rng_shuffle(r, p->order, set->n);
	for (size_t i = 0; i < set->n; i++) {
		size_t n = i - p->start[p->n_chunk];

		if (n && (scenes + set->shelf[p->order[i]].n > CHUNK_SCENES ||
		          (n + 1) * (KINDS + 1) > CHUNK_SCENES)) {
			p->start[++p->n_chunk] = i;
			scenes = 0;
		}
		scenes += set->shelf[p->order[i]].n;
	}
	if (set->n)
		p->start[++p->n_chunk] = set->n;
}
