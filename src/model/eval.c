/* eval.c - asks every system the same questions and counts.
 *
 *   in    held-out shelves, systems
 *   out   accuracy, MRR or tau, intervals
 *
 * Intervals: books are resampled with replacement (scenes of one book are not independent),
 * BOOTSTRAP times, percentiles 2.5 and 97.5; a difference of two systems is resampled on the
 * same books. Everything is drawn from rng_stream(seed, …): the same table for any number of
 * threads.
 */
#include <math.h>
#include <stdlib.h>

#include "model/eval.h"

enum { BOOTSTRAP = 2000, ORDER = 4, PERMS = 24 };

/* ---- systems ---- */

void score_tfidf_last(const void *none, float *s, enum item_kind k, const struct question *q)
{
	(void)none, (void)k;
	for (int i = 0; i < q->n_cand; i++)
		s[i] = svec_dot(&q->ctx[0]->stem, &q->cand[i]->stem);
}

void score_tfidf_context(const void *none, float *s, enum item_kind k, const struct question *q)
{
	float x[CAND_MAX * SHALLOW_N];

	(void)none, (void)k;
	shallow_features(x, q);
	for (int i = 0; i < q->n_cand; i++)
		s[i] = x[i * SHALLOW_N + SHALLOW_CONTEXT];
}

void score_ranker(const void *ranker, float *s, enum item_kind k, const struct question *q)
{
	ranker_scores(s, ranker, k, q);
}

void score_core(const void *core, float *s, enum item_kind k, const struct question *q)
{
	struct arena a = arena_open("score");
	struct core_input in;

	core_input_make(&in, k, q, &a);
	core_scores(core, s, NULL, &in);
	arena_close(&a);
}

void score_field(const void *core, float *s, enum item_kind k, const struct question *q)
{
	struct arena a = arena_open("score");
	struct core_input in;
	float all[CAND_MAX];

	core_input_make(&in, k, q, &a);
	core_scores(core, all, s, &in);
	arena_close(&a);
}

/* ---- one book ---- */

struct mark { uint8_t right; float extra; };	/* of one item by one system */

struct book_marks {
	struct mark *mark[EVAL_TASKS];		/* [n][n_system] */
	size_t n[EVAL_TASKS];
};

static void mark_next(struct mark *m, const float *s, const struct item *it)
{
	int rank = 1;

	for (int i = 0; i < it->n; i++)	/* ties count against: an undecided system is not right */
		if (i != it->truth && s[i] >= s[it->truth])
			rank++;
	m->right = rank == 1;
	m->extra = 1.0f / (float)rank;
}

static bool asked(const struct eval_table *t, int task)
{
	return !t->tasks || (t->tasks >> task & 1);
}

static void next_tasks(struct book_marks *b, const struct eval_table *t, const struct view *v,
                       const struct rows *r, size_t book, size_t max, struct arena *a)
{
	for (int k = 0; k < ITEM_KINDS; k++) {
		struct rng rng = rng_stream(t->seed, "eval.items", book * ITEM_KINDS + (size_t)k);
		struct item *it;

		if (!asked(t, k))
			continue;
		b->n[k] = items_make(&it, r, k, max, 0, &rng, a);
		b->mark[k] = TAKE(a, struct mark, b->n[k] * (size_t)t->n_system);
		for (size_t i = 0; i < b->n[k]; i++) {
			struct question q;
			float s[CAND_MAX];

			question_of(&q, v, &it[i]);
			for (int y = 0; y < t->n_system; y++) {
				t->system[y].score(t->system[y].model, s, k, &q);
				mark_next(&b->mark[k][i * (size_t)t->n_system + (size_t)y], s, &it[i]);
			}
		}
	}
}

/* ---- order4: every prefix of every order is a question of what remains ---- */

struct chain {
	const struct eval_system *y;
	const struct view *before, *scene[ORDER];	/* shown in a shuffled order */
	int order[ORDER], best[ORDER];
	double score, top;
};

static double log_softmax(const float *s, int n, int i)
{
	double top = s[0], sum = 0;

	for (int k = 1; k < n; k++)
		top = s[k] > top ? s[k] : top;
	for (int k = 0; k < n; k++)
		sum += exp(s[k] - top);
	return s[i] - top - log(sum);
}

static void chain_step(struct chain *c, int depth, unsigned used)
{
	struct question q = { .n_ctx = depth + 1 };
	int left[ORDER];
	float s[CAND_MAX];
	double before = c->score;

	must(depth < ORDER);
	for (int i = 0; i < depth; i++)
		q.ctx[i] = c->scene[c->order[depth - 1 - i]];
	q.ctx[depth] = c->before;
	for (int i = 0; i < ORDER; i++)
		if (!(used >> i & 1)) {
			left[q.n_cand] = i;
			q.cand[q.n_cand++] = c->scene[i];
		}
	if (q.n_cand == 1) {
		c->order[depth] = left[0];
		if (c->score > c->top) {
			c->top = c->score;
			memcpy(c->best, c->order, sizeof c->best);
		}
		return;
	}
	c->y->score(c->y->model, s, ITEM_NEAR, &q);
	for (int i = 0; i < q.n_cand; i++) {
		c->order[depth] = left[i];
		c->score = before + log_softmax(s, q.n_cand, i);
		chain_step(c, depth + 1, used | 1u << left[i]);
	}
	c->score = before;
}

/* TF-IDF chains add up cosines of neighbours; a softmax of them would be nearly flat. */
static void chain_tfidf(struct chain *c, int depth, unsigned used)
{
	double before = c->score;

	if (depth >= ORDER) {
		if (c->score > c->top) {
			c->top = c->score;
			memcpy(c->best, c->order, sizeof c->best);
		}
		return;
	}
	for (int i = 0; i < ORDER; i++) {
		const struct view *last = depth ? c->scene[c->order[depth - 1]] : c->before;

		if (used >> i & 1)
			continue;
		c->order[depth] = i;
		c->score = before + svec_dot(&last->stem, &c->scene[i]->stem);
		chain_tfidf(c, depth + 1, used | 1u << i);
	}
	c->score = before;
}

static void order_task(struct book_marks *b, const struct eval_table *t, const struct view *v,
                       size_t n, size_t book, size_t max, struct arena *a)
{
	struct rng rng = rng_stream(t->seed, "eval.order4", book);
	size_t windows = n > ORDER ? n - ORDER : 0, step = windows / max > 1 ? windows / max : 1;

	b->mark[TASK_ORDER4] = TAKE(a, struct mark, (windows / step + 1) * (size_t)t->n_system);
	for (size_t at = 1; at + ORDER <= n; at += step) {
		uint32_t show[ORDER] = { 0, 1, 2, 3 };
		struct mark *m = b->mark[TASK_ORDER4] + b->n[TASK_ORDER4]++ * (size_t)t->n_system;

		rng_shuffle(&rng, show, ORDER);
		for (int y = 0; y < t->n_system; y++) {
			struct chain c = { .y = &t->system[y], .before = &v[at - 1], .top = -INFINITY };
			int right = 1, agree = 0;

			for (int i = 0; i < ORDER; i++)
				c.scene[i] = &v[at + show[i]];
			if (t->system[y].score == score_tfidf_last)
				chain_tfidf(&c, 0, 0);
			else
				chain_step(&c, 0, 0);
			for (int i = 0; i < ORDER; i++) {
				right &= show[c.best[i]] == (uint32_t)i;
				for (int j = 0; j < i; j++)
					agree += show[c.best[j]] < show[c.best[i]] ? 1 : -1;
			}
			m[y] = (struct mark){ (uint8_t)right, (float)agree / 6 };
		}
	}
}

/* ---- all books ---- */

struct run {
	const struct eval_table *t;
	const struct shelf_set *held;
	const struct lexis *x;
	struct book_marks *book;
	struct arena *mem;
	size_t max, from;
};

static void book_lane(void *ctx, int lane)
{
	struct run *r = ctx;
	size_t i = r->from + (size_t)lane;
	struct arena a = arena_open("eval.book");
	struct rows rows;
	struct view *v;

	views_make(&v, &r->held->shelf[i], r->x, &a);
	rows_of_views(&rows, &r->held->shelf[i], v, &a);
	next_tasks(&r->book[i], r->t, v, &rows, i, r->max, &r->mem[i]);
	if (asked(r->t, TASK_ORDER4))
		order_task(&r->book[i], r->t, v, r->held->shelf[i].n, i, r->max,
		           &r->mem[i]);
	arena_close(&a);
}

/* ---- figures ---- */

struct sums { double n, right[EVAL_SYSTEMS_MAX], extra[EVAL_SYSTEMS_MAX]; };

static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void interval(double *v, double *lo, double *hi)
{
	qsort(v, BOOTSTRAP, sizeof *v, by_double);
	*lo = v[(int)(0.025 * BOOTSTRAP)];
	*hi = v[(int)(0.975 * BOOTSTRAP) - 1];
}

static void figures(struct eval_task *k, const struct eval_table *t, const struct sums *book,
                    size_t n_book, int task)
{
	int Y = t->n_system, last = Y - 1;
	double *acc = mem_alloc((size_t)Y * 2 * BOOTSTRAP, sizeof *acc), *dif = acc + Y * BOOTSTRAP;
	struct sums all = { 0 };
	struct rng rng = rng_stream(t->seed, "eval.bootstrap", (uint64_t)task);

	for (size_t i = 0; i < n_book; i++) {
		all.n += book[i].n;
		k->n_book += book[i].n > 0;
		for (int y = 0; y < Y; y++) {
			all.right[y] += book[i].right[y];
			all.extra[y] += book[i].extra[y];
		}
	}
	k->n_item = (size_t)all.n;
	for (int b = 0; b < BOOTSTRAP && all.n > 0; b++) {
		struct sums s = { 0 };

		while (s.n == 0)
			for (size_t i = 0; i < n_book; i++) {
				const struct sums *pick = &book[rng_below(&rng, n_book)];

				s.n += pick->n;
				for (int y = 0; y < Y; y++)
					s.right[y] += pick->right[y];
			}
		for (int y = 0; y < Y; y++) {
			acc[y * BOOTSTRAP + b] = s.right[y] / s.n;
			dif[y * BOOTSTRAP + b] = (s.right[last] - s.right[y]) / s.n;
		}
	}
	for (int y = 0; y < Y && all.n > 0; y++) {
		struct eval_cell *c = &k->cell[y];

		*c = (struct eval_cell){ .acc = all.right[y] / all.n, .extra = all.extra[y] / all.n };
		interval(acc + y * BOOTSTRAP, &c->lo, &c->hi);
		if (y == last)
			continue;
		struct eval_diff *d = &k->diff[k->n_diff++];

		*d = (struct eval_diff){ last, y, (all.right[last] - all.right[y]) / all.n, 0, 0 };
		interval(dif + y * BOOTSTRAP, &d->lo, &d->hi);
	}
	mem_free(acc);
}

static void count_book(struct sums *s, const struct book_marks *b, int task, int Y)
{
	s->n = (double)b->n[task];
	for (size_t i = 0; i < b->n[task]; i++)
		for (int y = 0; y < Y; y++) {
			const struct mark *m = &b->mark[task][i * (size_t)Y + (size_t)y];

			s->right[y] += m->right;
			s->extra[y] += m->extra;
		}
}

enum status eval_run(struct eval_table *t, const struct shelf_set *held, const struct lexis *x,
                     size_t max, const struct watch *w, struct err *e)
{
	struct arena a = arena_open("eval");
	struct run r = { t, held, x, TAKE(&a, struct book_marks, held->n + 1),
	                 TAKE(&a, struct arena, held->n + 1), max, 0 };
	struct sums *sums = TAKE(&a, struct sums, held->n + 1);
	size_t items = 0, step = 8;

	must(t->n_system > 0 && t->n_system <= EVAL_SYSTEMS_MAX);
	t->resamples = BOOTSTRAP;
	for (size_t i = 0; i < held->n; i++)
		r.mem[i] = arena_open("eval.marks");
	for (; r.from < held->n && !watch_stopped(w); r.from += step) {
		size_t n = held->n - r.from < step ? held->n - r.from : step;

		num_lanes((int)n, 0, book_lane, &r);
		watch_step(w, "eval", (double)(r.from + n), (double)held->n, "books");
	}
	for (int k = 0; k < EVAL_TASKS && !watch_stopped(w); k++) {
		t->task[k] = (struct eval_task){ .name = k == TASK_ORDER4 ? "order4" : item_kind_name(k),
			.chance = k == TASK_ORDER4 ? 1.0 / PERMS : k == ITEM_FAR32 ? 1.0 / 32 : 1.0 / 6 };
		memset(sums, 0, sizeof *sums * held->n);
		for (size_t i = 0; i < held->n; i++)
			count_book(&sums[i], &r.book[i], k, t->n_system);
		figures(&t->task[k], t, sums, held->n, k);
		items += t->task[k].n_item;
	}
	for (size_t i = 0; i < held->n; i++)
		arena_close(&r.mem[i]);
	arena_close(&a);
	if (watch_stopped(w))
		return err_set(e, ERR_STOP, "evaluation stopped; nothing was changed");
	if (!items)
		return err_set(e, ERR_USAGE, "no held-out book is long enough to ask about (more than "
		               "%d scenes are needed)", CONTEXT_SCENES + 2);
	return OK;
}
