/* t_model.c - what a user relies on in the core: its gradients are right, it learns what is
 * there to learn and nothing where there is nothing, it resumes to the same bits, and any
 * number of threads gives the same weights. */
#include "check.h"
#include "toy.h"
#include "model/eval.h"

struct world {
	struct arena a;
	struct strip shelf[6];
	struct shelf_set train, dev;
	struct str file;
	struct buf graph_file;
	struct graph graph;
	struct lexis_folds x;
};

static struct str toy_name(void *ctx, size_t i)
{
	(void)ctx, (void)i;
	return S("слово");
}

static void world_open(struct world *w, double keep)
{
	struct graph_builder *g = graph_begin();
	struct err e = { 0 };

	*w = (struct world){ .a = arena_open("world") };
	for (size_t i = 0; i < 6; i++) {
		w->shelf[i] = toy_strip(80, keep, 10 + i, &w->a);
		for (size_t k = 0; k < w->shelf[i].n && i < 4; k++)
			graph_scene(g, w->shelf[i].scene[k].bag, w->shelf[i].scene[k].n_bag, k == 0, toy_name, NULL);
	}
	w->train = (struct shelf_set){ w->shelf, 4 };
	w->dev = (struct shelf_set){ w->shelf + 4, 2 };
	graph_end(g, &w->graph_file, NULL);
	CHECK(!graph_open(&w->graph, buf_view(&w->graph_file), &e));
	folds_make(&w->x, &w->train, &w->graph, NULL);
}

static void world_close(struct world *w)
{
	folds_clear(&w->x);
	graph_close(&w->graph);
	buf_free(&w->graph_file);
	arena_close(&w->a);
}

static struct core_config small(void)
{
	struct core_config c = core_default();

	c.hidden1 = 12;
	c.hidden2 = 6;
	c.batch = 32;
	c.lanes = 4;
	c.epochs = 2;
	return c;
}

/* A few questions of each kind from the first shelf. */
static int some_inputs(struct core_input *in, const struct world *w, struct arena *a)
{
	struct rows rows;
	struct view *v;
	int n = 0;

	views_make(&v, &w->shelf[0], &w->x.all, a);
	rows_of_views(&rows, &w->shelf[0], v, a);
	for (int k = 0; k < 3; k++) {
		struct rng r = rng_stream(3, "test", (uint64_t)k);
		struct item *it;
		size_t got = items_make(&it, &rows, k, 4, 0, &r, a);

		for (size_t i = 0; i < got && i < 4; i++) {
			struct question q;

			question_of(&q, v, &it[i]);
			core_input_make(&in[n], k, &q, a);
			in[n++].truth = it[i].truth;
		}
	}
	return n;
}

/* Signed slope along a random direction, at two step sizes, of every tensor by itself. */
static void gradients(void **state)
{
	struct world w;
	struct arena a = arena_open("test");
	struct core_input in[12];
	const struct core_input *at[12];
	struct core_config cfg = small();
	struct core c;
	int n;

	(void)state;
	world_open(&w, 0.6);
	core_init(&c, &cfg);
	core_prepare(&c, &w.train, &w.x);
	n = some_inputs(in, &w, &a);
	CHECK(n >= 8);
	for (int i = 0; i < n; i++)
		at[i] = &in[i];
	for (size_t t = 0; t < c.p.n_t; t++) {
		struct rng r = rng_stream(5, "direction", t);
		float *x = c.p.w + c.p.t[t].off, *dir = TAKE(&a, float, c.p.t[t].n), *keep = TAKE(&a, float, c.p.t[t].n);
		double want = 0, norm = 0;

		core_batch(&c, at, n, UINT64_MAX);
		for (size_t i = 0; i < c.p.t[t].n; i++) {
			dir[i] = (float)rng_normal(&r);
			norm += (double)dir[i] * dir[i];
		}
		for (size_t i = 0; i < c.p.t[t].n; i++) {
			dir[i] /= (float)sqrt(norm);
			want += (double)dir[i] * c.p.g[c.p.t[t].off + i];
			keep[i] = x[i];
		}
		for (int big = 0; big < 2; big++) {
			float h = big ? 4e-2f : 2e-2f;
			double up, down;

			for (size_t i = 0; i < c.p.t[t].n; i++)
				x[i] = keep[i] + h * dir[i];
			up = core_batch(&c, at, n, UINT64_MAX);
			for (size_t i = 0; i < c.p.t[t].n; i++)
				x[i] = keep[i] - h * dir[i];
			down = core_batch(&c, at, n, UINT64_MAX);
			for (size_t i = 0; i < c.p.t[t].n; i++)
				x[i] = keep[i];
			if (fabs((up - down) / (2 * h) - want) > 2e-4 + 0.03 * fabs(want))
				print_error("%s: slope %g, gradient %g\n", c.p.t[t].name, (up - down) / (2 * h), want);
			CHECK_NEAR((up - down) / (2 * h), want, 2e-4 + 0.03 * fabs(want));
		}
	}
	core_clear(&c);
	world_close(&w);
	arena_close(&a);
}

static uint64_t weights_hash(const struct core *c)
{
	return hash64(c->p.w, c->p.n * sizeof *c->p.w, 0);
}

struct keeper { struct core *c; float *w, *m, *v, *avg; struct train_state st; struct buf log; };

static enum status keep_state(void *ctx, const struct core *c, const struct train_state *st,
                              bool regular, struct err *e)
{
	struct keeper *k = ctx;
	size_t bytes = c->p.n * sizeof *c->p.w;

	(void)e, (void)regular;
	memcpy(k->w, c->p.w, bytes);
	memcpy(k->m, c->p.m, bytes);
	memcpy(k->v, c->p.v, bytes);
	memcpy(k->avg, st->avg.w, bytes);
	k->st = *st;
	k->log.n = 0;
	buf_str(&k->log, buf_view(&st->log));
	return OK;
}

static uint64_t train(struct world *w, int threads, uint64_t stop, struct buf *log)
{
	struct core_config cfg = small();
	struct keeper k = { 0 };
	struct train_hooks h = { .save = keep_state, .ctx = &k, .save_every = 7, .stop_after = stop };
	struct train_state st = { 0 };
	struct err e = { 0 };
	struct core c;
	uint64_t hash;

	num_threads_set(threads);
	core_init(&c, &cfg);
	core_prepare(&c, &w->train, &w->x);
	k.w = mem_alloc(c.p.n, 4), k.m = mem_alloc(c.p.n, 4), k.v = mem_alloc(c.p.n, 4);
	k.avg = mem_alloc(c.p.n, 4);
	if (core_train(&c, &st, &w->train, &w->dev, &w->x, &h, NULL, &e)) {
		CHECK_EQ(e.code, ERR_STOP);
		CHECK_EQ(k.st.step, stop);
		err_clear(&e);
		average_clear(&st.avg);
		buf_free(&st.log);
		core_clear(&c);		/* a new process: everything from the kept state */
		core_init(&c, &cfg);
		core_prepare(&c, &w->train, &w->x);
		memcpy(c.p.w, k.w, c.p.n * 4), memcpy(c.p.m, k.m, c.p.n * 4), memcpy(c.p.v, k.v, c.p.n * 4);
		st = k.st;
		st.log = (struct buf){ 0 };
		buf_str(&st.log, buf_view(&k.log));
		average_init(&st.avg, &c.p);
		st.avg.seen = k.st.avg.seen;
		memcpy(st.avg.w, k.avg, c.p.n * 4);
		h.stop_after = 0;
		CHECK(!core_train(&c, &st, &w->train, &w->dev, &w->x, &h, NULL, &e));
	}
	hash = weights_hash(&c);
	if (log)
		buf_str(log, buf_view(&st.log));
	average_clear(&st.avg);
	buf_free(&st.log);
	buf_free(&k.log);
	mem_free(k.w), mem_free(k.m), mem_free(k.v), mem_free(k.avg);
	core_clear(&c);
	num_threads_set(0);
	return hash;
}

static void same_bits(void **state)
{
	struct world w;
	uint64_t one;
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	world_open(&w, 0.6);
	one = train(&w, 1, 0, &a);
	CHECK(one == train(&w, 2, 0, NULL));
	CHECK(one == train(&w, 1, 5, &b));	/* in the first epoch, within a chunk */
	CHECK(str_eq(buf_view(&a), buf_view(&b)));
	CHECK(one == train(&w, 2, 31, NULL));	/* where the average runs */
	buf_free(&a);
	buf_free(&b);
	world_close(&w);
}

static void score_seeing(const void *m, float *s, enum item_kind k, const struct question *q)
{
	(void)m, (void)k;
	for (int i = 0; i < q->n_cand; i++)	/* the true one is the neighbour in memory */
		s[i] = q->cand[i] == q->ctx[0] + 1;
}

static void score_blind(const void *m, float *s, enum item_kind k, const struct question *q)
{
	(void)m, (void)k;
	for (int i = 0; i < q->n_cand; i++)
		s[i] = (float)(hash64(&q->cand[i]->s->chars, 4, (uint64_t)q->ctx[0]->s->chars) % 1000);
}

static void score_still(const void *m, float *s, enum item_kind k, const struct question *q)
{
	(void)m, (void)k;
	memset(s, 0, sizeof *s * (size_t)q->n_cand);
}

/* An oracle is right everywhere, a blind system is at chance, an undecided one is never right. */
static void eval_is_fair(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct eval_table *t = calloc(1, sizeof *t);

	(void)state;
	world_open(&w, 0);	/* where nothing is shared, matched questions are many */
	t->seed = 1;
	t->n_system = 3;
	t->system[0] = (struct eval_system){ "still", "", score_still, NULL };
	t->system[1] = (struct eval_system){ "blind", "", score_blind, NULL };
	t->system[2] = (struct eval_system){ "seeing", "", score_seeing, NULL };
	CHECK(!eval_run(t, &w.train, &w.x.all, 100, NULL, &e));
	for (int k = 0; k < EVAL_TASKS; k++) {
		CHECK(t->task[k].n_item > 30);
		CHECK_NEAR(t->task[k].cell[2].acc, 1, 0);
		CHECK_NEAR(t->task[k].cell[1].acc, t->task[k].chance, 0.08);
		if (k != TASK_ORDER4)
			CHECK_NEAR(t->task[k].cell[0].acc, 0, 0);
		CHECK(t->task[k].cell[1].lo <= t->task[k].cell[1].acc && t->task[k].cell[1].acc <= t->task[k].cell[1].hi);
	}
	free(t);
	world_close(&w);
}

/* Learns where scenes share words, and stays at chance where they share nothing. */
static void learns_what_is_there(void **state)
{
	(void)state;
	for (int real = 0; real < 2; real++) {
		struct world w;
		struct err e = { 0 };
		struct core c;
		struct core_config cfg = small();
		struct train_state st = { 0 };
		struct eval_table *t = calloc(1, sizeof *t);

		world_open(&w, real ? 0.7 : 0);
		cfg.epochs = 3;
		core_init(&c, &cfg);
		core_prepare(&c, &w.train, &w.x);
		CHECK(!core_train(&c, &st, &w.train, &w.dev, &w.x, NULL, NULL, &e));
		t->seed = 1;
		t->n_system = 1;
		t->system[0] = (struct eval_system){ "core", "", score_core, &c };
		CHECK(!eval_run(t, &w.dev, &w.x.all, 100, NULL, &e));
		print_message("far %.3f near %.3f\n", t->task[0].cell[0].acc, t->task[1].cell[0].acc);
		if (real)
			CHECK(t->task[0].cell[0].acc > 0.9 && t->task[1].cell[0].acc > 0.7);
		else
			CHECK_NEAR(t->task[0].cell[0].acc, 1.0 / 6, 0.12);
		average_clear(&st.avg);
		buf_free(&st.log);
		core_clear(&c);
		world_close(&w);
		free(t);
	}
}

static void nothing_to_learn_from(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct core c;
	struct core_config cfg = small();
	struct train_state st = { 0 };
	struct shelf_set none = { NULL, 0 };

	(void)state;
	world_open(&w, 0.6);
	core_init(&c, &cfg);
	CHECK_EQ(core_train(&c, &st, &none, &none, &w.x, NULL, NULL, &e), ERR_USAGE);
	core_clear(&c);
	world_close(&w);
}

static void features_are_named_and_finite(void **state)
{
	struct world w;
	struct arena a = arena_open("test");
	struct core_input in[12];
	int n;

	(void)state;
	world_open(&w, 0.6);
	n = some_inputs(in, &w, &a);
	for (int i = 0; i < n; i++)
		CHECK_EQ(num_finite(in[i].raw, (size_t)(in[i].n_cand * core_raw())),
		         (size_t)(in[i].n_cand * core_raw()));
	for (int i = 0; i < deep_count(); i++)
		for (int j = 0; j < i; j++)
			CHECK(strcmp(deep_name(i), deep_name(j)) != 0);
	world_close(&w);
	arena_close(&a);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(gradients), cmocka_unit_test(same_bits), cmocka_unit_test(eval_is_fair),
		cmocka_unit_test(learns_what_is_there), cmocka_unit_test(nothing_to_learn_from),
		cmocka_unit_test(features_are_named_and_finite),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
