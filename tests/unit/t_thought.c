/* t_thought.c - what a user relies on in a thought: it recalls what resonates, proposes what
 * followed it, says why, and declines when nothing holds. */
#include "check.h"
#include "toy.h"
#include "thought/thought.h"

struct world {
	struct arena a;
	struct strip book[4];
	struct buf file;
	struct graph graph;
	struct lexis_folds x;
	struct core core;
};

static struct str toy_name(void *ctx, size_t i)
{
	(void)ctx, (void)i;
	return S("слово");
}

static void world_open(struct world *w)
{
	struct graph_builder *g = graph_begin();
	struct shelf_set set = { w->book, 4 };
	struct core_config c = core_default();
	struct err e = { 0 };

	*w = (struct world){ .a = arena_open("world") };
	for (size_t i = 0; i < 4; i++) {
		w->book[i] = toy_strip(60, 0.5, 40 + i, &w->a);
		for (size_t k = 0; k < w->book[i].n; k++)
			graph_scene(g, w->book[i].scene[k].bag, w->book[i].scene[k].n_bag, k == 0, toy_name, NULL);
	}
	graph_end(g, &w->file, NULL);
	CHECK(!graph_open(&w->graph, buf_view(&w->file), &e));
	folds_make(&w->x, &set, &w->graph, NULL);
	core_init(&w->core, &c);
	core_prepare(&w->core, &set, &w->x);
}

static void world_close(struct world *w)
{
	core_clear(&w->core);
	folds_clear(&w->x);
	graph_close(&w->graph);
	buf_free(&w->file);
	arena_close(&w->a);
}

static size_t think(struct thought *t, struct world *w, const struct strip *now,
                    const struct bag_item *intention, size_t n, struct proposal *p)
{
	const struct strip *next[RECALL_MAX];

	thought_open(t, &w->core, &w->x.all, now, intention, n);
	for (uint32_t b = 0; b < 4; b++)
		thought_recall(t, b, &w->book[b]);
	for (size_t i = 0; i < t->n_recall; i++)
		next[i] = &w->book[t->recall[i].book];
	return thought_propose(t, p, next);
}

static void recalls_and_proposes(void **state)
{
	struct world w;
	struct thought t;
	struct proposal p[PROPOSE_MAX];
	size_t n, found = 0;

	(void)state;
	world_open(&w);
	struct strip now = { &w.book[2].scene[30], 1 };
	n = think(&t, &w, &now, NULL, 0, p);
	CHECK_EQ(n, PROPOSE_MAX);
	CHECK_EQ(t.recall[0].book, 2);
	CHECK_EQ(t.recall[0].scene, 30);		/* the very scene resonates most */
	CHECK_NEAR(t.recall[0].lemmas, 1, 1e-4);
	for (size_t i = 1; i < t.n_recall; i++)
		CHECK(t.recall[i].resonance <= t.recall[i - 1].resonance);
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		CHECK_EQ(p[i].scene, p[i].from.scene + 1);
		CHECK_EQ(p[i].book, p[i].from.book);
		CHECK(i == 0 || p[i].score <= p[i - 1].score);
		found += p[i].book == 2 && p[i].scene == 31;
		sum += p[i].p;
	}
	CHECK_EQ(found, 1);
	CHECK_NEAR(sum, 1, 1e-4);
	CHECK_EQ(thought_verdict(&t, p, n), VERDICT_HOLDS);
	CHECK(p[0].reason[REASON_SHARED].n + p[0].reason[REASON_FIELD].n > 0);
	thought_close(&t);
	world_close(&w);
}

static void intention_turns_the_thought(void **state)
{
	struct world w;
	struct thought t;
	struct proposal p[PROPOSE_MAX], q[PROPOSE_MAX];
	size_t n;

	(void)state;
	world_open(&w);
	struct strip now = { &w.book[0].scene[10], 1 };
	n = think(&t, &w, &now, NULL, 0, p);
	thought_close(&t);
	CHECK(n > 10 && p[0].intention == 0);
	/* the intention is the words of the proposal that came last: it rises */
	const struct strip_scene *last = &w.book[p[n - 1].book].scene[p[n - 1].scene];
	size_t m = think(&t, &w, &now, last->bag, last->n_bag, q), was = n - 1, is = 0;

	while (is < m && (q[is].book != p[n - 1].book || q[is].scene != p[n - 1].scene))
		is++;
	CHECK(is < was);
	thought_close(&t);
	world_close(&w);
}

static void declines(void **state)
{
	struct world w;
	struct thought t;
	struct proposal p[PROPOSE_MAX];
	struct bag_item strange[3] = { { 11, 1, 1, 0 }, { 22, 1, 1, 0 }, { 33, 1, 1, 0 } };
	struct strip_scene s;
	size_t n;

	(void)state;
	world_open(&w);
	s = w.book[0].scene[5];
	s.bag = s.stem = strange;
	s.n_bag = s.n_stem = 3;
	memset(s.code, 0, sizeof s.code);
	struct strip now = { &s, 1 };
	n = think(&t, &w, &now, NULL, 0, p);
	CHECK_EQ(thought_verdict(&t, p, n), VERDICT_NO_MEMORY);
	thought_close(&t);
	s.code[SC_TENSION] = w.book[0].scene[5].code[SC_TENSION];	/* alike by kind only */
	n = think(&t, &w, &now, NULL, 0, p);
	CHECK_EQ(thought_verdict(&t, p, n), VERDICT_WEAK);
	thought_close(&t);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(recalls_and_proposes), cmocka_unit_test(intention_turns_the_thought),
		cmocka_unit_test(declines),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
