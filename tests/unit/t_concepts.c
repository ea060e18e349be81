/* t_concepts.c - the concept graph against weights computed by hand, its file against harm,
 * the field against its law.
 */
#include "check.h"
#include "concepts/concepts.h"
#include "num/num.h"

/* ---- a corpus made by hand ----------------------------------------------------------- */

enum { A = 10, B = 20, C = 30, D = 40 };	/* keys; ascending as in a bag */

static struct str key_name(void *ctx, size_t i)
{
	const struct bag_item *bag = ctx;
	static char s[4][32];
	static int turn;
	char *p = s[turn++ % 4];

	int n = snprintf(p, 32, "к%u", bag[i].key);
	return (struct str){ p, (size_t)n };
}

static void tell(struct graph_builder *g, bool first, size_t n, const uint32_t *key)
{
	struct bag_item bag[64];

	for (size_t i = 0; i < n; i++)
		bag[i] = (struct bag_item){ .key = key[i], .count = 1, .pos = POS_NOUN };
	graph_scene(g, bag, n, first, key_name, bag);
}
#define TELL(g, first, ...) tell(g, first, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, \
	(uint32_t[]){ __VA_ARGS__ })

/* 40 scenes in 2 books. A in scenes 0..5 of book 1, B in 0..3 with it, C in 1..6, D in 3, 5
 * and 7; the rest hold one lemma each that no other scene has. */
static void tell_by_hand(struct graph_builder *g)
{
	TELL(g, true, A, B);
	TELL(g, false, A, B, C);
	TELL(g, false, A, B, C);
	TELL(g, false, A, B, C, D);
	TELL(g, false, A, C);
	TELL(g, false, A, C, D);
	TELL(g, false, C);
	TELL(g, false, D);
	for (uint32_t i = 0; i < 32; i++)
		TELL(g, i == 12, 1000 + i);
}

static void end_open(struct graph_builder *b, struct buf *file, struct graph *g)
{
	struct err e = { 0 };

	graph_end(b, file, NULL);
	if (graph_open(g, buf_view(file), &e))
		print_error("%s\n", e.msg);
	CHECK_EQ(e.code, OK);
}

static float edge_w(const struct graph *g, enum edge_type t, uint32_t a, uint32_t b)
{
	uint32_t i = graph_find(g, a), j = graph_find(g, b);

	for (uint32_t k = g->edge_at[t][i]; k < g->edge_at[t][i + 1]; k++)
		if (g->edge[t][k].to == j)
			return g->edge[t][k].w;
	return 0;
}

static void nodes_by_hand(void **state)
{
	struct graph_builder *b = graph_begin();
	struct buf file = { 0 };
	struct graph g;

	(void)state;
	tell_by_hand(b);
	end_open(b, &file, &g);
	CHECK_EQ(g.n, 4);
	CHECK_EQ(g.scenes, 40);
	CHECK_EQ(graph_find(&g, A), 0);
	CHECK_EQ(graph_find(&g, D), 3);
	CHECK_EQ(graph_find(&g, 1000), UINT32_MAX);
	CHECK_EQ(graph_find(&g, 0), UINT32_MAX);
	CHECK_EQ(graph_find(&g, UINT32_MAX), UINT32_MAX);
	CHECK_EQ(g.df[0], 6);
	CHECK_EQ(g.df[1], 4);
	CHECK_EQ(g.df[2], 6);
	CHECK_EQ(g.df[3], 3);
	CHECK_NEAR(g.idf[1], log(10), 1e-6);
	CHECK_STR(graph_name(&g, 2), "к30");
	CHECK_EQ(g.pos[0], POS_NOUN);
	graph_close(&g);
	buf_free(&file);
}

/* ln( n_ab / (m_a · q_b) ), q_b = (Σm/N) m_b^.75 / Σ m^.75 */
static double ppmi(double n_ab, double m_a, double m_b, const double m[4], double N)
{
	double sum = 0, flat = 0;

	for (int i = 0; i < 4; i++) {
		sum += m[i];
		flat += pow(m[i], 0.75);
	}
	return log(n_ab / (m_a * (sum / N * pow(m_b, 0.75) / flat)));
}

static void weights_by_hand(void **state)
{
	const double df[4] = { 6, 4, 6, 3 };
	/* 38 steps t → t+1: 19 in book 1, 19 in book 2. Scenes that open something new:
	 * A nowhere (scene 0 opens the book), B nowhere, C at 1, D at 3, 5, 7 */
	const double fresh[4] = { 0, 0, 1, 3 };
	struct graph_builder *b = graph_begin();
	struct buf file = { 0 };
	struct graph g;

	(void)state;
	tell_by_hand(b);
	end_open(b, &file, &g);
	CHECK_NEAR(edge_w(&g, EDGE_OCCURS, A, B), ppmi(4, 6, 4, df, 40), 1e-6);
	CHECK_NEAR(edge_w(&g, EDGE_OCCURS, B, A), ppmi(4, 4, 6, df, 40), 1e-6);
	CHECK_NEAR(edge_w(&g, EDGE_OCCURS, A, C), ppmi(5, 6, 6, df, 40), 1e-6);
	CHECK_NEAR(edge_w(&g, EDGE_OCCURS, B, C), ppmi(3, 4, 6, df, 40), 1e-6);
	CHECK_EQ(edge_w(&g, EDGE_OCCURS, A, D), 0);	/* met twice: chance */
	CHECK_EQ(edge_w(&g, EDGE_OCCURS, A, A), 0);
	/* c at 2, 4, 6, d new at 3, 5, 7: three steps; a at 2, 4 only: two, chance */
	CHECK_NEAR(edge_w(&g, EDGE_LEADS, C, D), ppmi(3, 6, 3, fresh, 38), 1e-6);
	CHECK_EQ(edge_w(&g, EDGE_LEADS, A, D), 0);
	CHECK_EQ(edge_w(&g, EDGE_LEADS, D, C), 0);
	graph_close(&g);
	buf_free(&file);
}

static void books_do_not_lead(void **state)
{
	struct graph_builder *b = graph_begin();
	struct buf file = { 0 };
	struct graph g;

	(void)state;
	for (int i = 0; i < 6; i++) {	/* A ends a book, B opens the next: never a → b */
		TELL(b, true, B);
		for (uint32_t k = 0; k < 12; k++)
			TELL(b, false, 100 + k + 20 * (uint32_t)i);
		TELL(b, false, A);
	}
	end_open(b, &file, &g);
	CHECK_EQ(g.n, 2);
	CHECK_EQ(g.edge_at[EDGE_LEADS][2], 0);
	graph_close(&g);
	buf_free(&file);
}

/* ---- a larger corpus from a random stream -------------------------------------------- */

enum { RANDOM_BAG = 30 };

static int by_bag_key(const void *a, const void *b)
{
	uint32_t x = ((const struct bag_item *)a)->key, y = ((const struct bag_item *)b)->key;

	return (x > y) - (x < y);
}

/* A scene about `topic`: half its lemmas from the topic's own 40, half from 2000. */
static size_t random_bag(struct bag_item *bag, struct rng *r, uint32_t topic)
{
	size_t n = 0;

	for (int i = 0; i < RANDOM_BAG; i++) {
		uint32_t k = i % 2 ? (uint32_t)rng_below(r, 2000)
		                   : 2000 + topic * 40 + (uint32_t)rng_below(r, 40);
		bag[n++] = (struct bag_item){ .key = k * 2654435761u,
			.count = (uint16_t)(1 + rng_below(r, 3)), .pos = POS_NOUN };
	}
	qsort(bag, n, sizeof *bag, by_bag_key);
	size_t m = 0;
	for (size_t i = 0; i < n; i++)
		if (!m || bag[m - 1].key != bag[i].key)
			bag[m++] = bag[i];
	return m;
}

static void random_corpus(struct graph_builder *g, int books, int scenes)
{
	struct rng r = rng_stream(7, "t_concepts", 0);
	struct bag_item bag[RANDOM_BAG];

	for (int b = 0; b < books; b++)
		for (int s = 0; s < scenes; s++) {
			size_t n = random_bag(bag, &r, (uint32_t)(b + s) % 20);

			graph_scene(g, bag, n, s == 0, key_name, bag);
		}
}

static void same_bytes_any_threads(void **state)
{
	struct buf one = { 0 }, many = { 0 };
	struct graph_builder *g;

	(void)state;
	num_threads_set(1);
	random_corpus(g = graph_begin(), 10, 100);
	graph_end(g, &one, NULL);
	num_threads_set(4);
	random_corpus(g = graph_begin(), 10, 100);
	graph_end(g, &many, NULL);
	num_threads_set(0);
	CHECK(one.n > 10000);
	CHECK_EQ(one.n, many.n);
	CHECK(!memcmp(one.p, many.p, one.n));
	buf_free(&one);
	buf_free(&many);
}

static void edges_are_topics(void **state)
{
	struct graph_builder *b = graph_begin();
	struct buf file = { 0 };
	struct concept_pair pair[50];
	struct graph g;
	int together = 0;

	(void)state;
	random_corpus(b, 20, 100);
	end_open(b, &file, &g);
	size_t n = graph_strongest(&g, EDGE_OCCURS, true, pair, 50);
	CHECK_EQ(n, 50);
	for (size_t i = 0; i < n; i++) {
		uint32_t ka = 0, kb = 0;	/* keys back to numbers */

		for (uint32_t k = 0; k < 2800; k++) {
			ka = k * 2654435761u == g.key[pair[i].a] ? k : ka;
			kb = k * 2654435761u == g.key[pair[i].b] ? k : kb;
		}
		together += ka >= 2000 && kb >= 2000 && (ka - 2000) / 40 == (kb - 2000) / 40;
		CHECK(i == 0 || pair[i].rank <= pair[i - 1].rank);
	}
	CHECK(together >= 48);
	graph_close(&g);
	buf_free(&file);
}

static void bounds_hold(void **state)
{
	struct buf a = { 0 }, b = { 0 };
	struct graph_builder *g;
	struct graph x;

	(void)state;
	graph_bounds(g = graph_begin(), 500, 2000000, 36000000);
	random_corpus(g, 40, 50);
	end_open(g, &a, &x);
	CHECK_EQ(x.scenes, 500);	/* every fourth of 40 books */
	graph_close(&x);
	graph_bounds(g = graph_begin(), 60, 2000000, 36000000);
	random_corpus(g, 1, 200);
	end_open(g, &b, &x);
	CHECK_EQ(x.scenes, 60);		/* one book, cut */
	graph_close(&x);
	buf_free(&a);
	b.n = 0;
	graph_bounds(g = graph_begin(), 100000, 600, 4096);
	random_corpus(g, 40, 50);
	end_open(g, &b, &x);
	size_t items = 0;
	for (uint32_t i = 0; i < x.n; i++)
		items += x.df[i];
	CHECK(x.scenes >= 50 && x.scenes % 50 == 0 && x.n > 0 && x.n <= 600);
	CHECK(items > 1000 && items <= 4096);
	graph_close(&x);
	buf_free(&b);
}

static void nothing_is_a_graph(void **state)
{
	struct buf file = { 0 };
	struct graph g;
	struct field f;

	(void)state;
	end_open(graph_begin(), &file, &g);
	CHECK_EQ(g.n, 0);
	CHECK_EQ(graph_find(&g, 5), UINT32_MAX);
	field_init(&f, &g);
	field_step(&f, &(struct field_law){ .5f, { .1f, .1f } }, NULL, 0);
	CHECK_EQ(f.n_lit, 0);
	CHECK_EQ(field_score(&f, NULL, 0), 0);
	field_clear(&f);
	graph_close(&g);
	buf_free(&file);
}

/* ---- harm to the file ------------------------------------------------------------------ */

static void every_flip_is_found(void **state)
{
	struct graph_builder *b = graph_begin();
	struct buf file = { 0 };

	(void)state;
	tell_by_hand(b);
	graph_end(b, &file, NULL);
	for (size_t i = 0; i < file.n; i++) {
		struct err e = { 0 };
		struct graph g;

		file.p[i] ^= 1 << i % 8;
		CHECK_EQ(graph_open(&g, buf_view(&file), &e), ERR_FORMAT);
		CHECK(e.msg[0]);
		CHECK(!g.owned);
		file.p[i] ^= 1 << i % 8;
	}
	buf_free(&file);
}

static void every_cut_is_found(void **state)
{
	struct graph_builder *b = graph_begin();
	struct buf file = { 0 };
	struct graph g;

	(void)state;
	tell_by_hand(b);
	graph_end(b, &file, NULL);
	for (size_t n = 0; n < file.n; n++) {
		char *p = malloc(n + 1);

		memcpy(p, file.p, n);
		CHECK_EQ(graph_open(&g, (struct str){ p, n }, NULL), ERR_FORMAT);
		free(p);
	}
	buf_char(&file, 0);
	CHECK_EQ(graph_open(&g, buf_view(&file), NULL), ERR_FORMAT);
	buf_free(&file);
}

/* A graph lying askew in memory opens to the same numbers. */
static void askew(void **state)
{
	struct graph_builder *b = graph_begin();
	struct buf file = { 0 };
	struct graph g;

	(void)state;
	tell_by_hand(b);
	graph_end(b, &file, NULL);
	char *p = malloc(file.n + 3);
	memcpy(p + 3, file.p, file.n);
	CHECK_EQ(graph_open(&g, (struct str){ p + 3, file.n }, NULL), OK);
	CHECK_EQ(g.df[0], 6);
	graph_close(&g);
	free(p);
	buf_free(&file);
}

static void newer_is_refused(void **state)
{
	struct buf file = { 0 };
	struct err e = { 0 };
	struct graph g;

	(void)state;
	graph_end(graph_begin(), &file, NULL);
	file.p[4] = 9;
	CHECK_EQ(graph_open(&g, buf_view(&file), &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "version 9") && strstr(e.msg, "newer"));
	buf_free(&file);
}

/* ---- the field ------------------------------------------------------------------------- */

static void open_random(struct buf *file, struct graph *g)
{
	struct graph_builder *b = graph_begin();

	random_corpus(b, 20, 100);
	end_open(b, file, g);
}

static double mass(const struct field *f)
{
	double sum = 0;

	for (uint32_t i = 0; i < f->g->n; i++)
		sum += f->phi[i];
	return sum;
}

static void fades(void **state)
{
	struct rng r = rng_stream(1, "fades", 0);
	struct bag_item bag[RANDOM_BAG];
	struct buf file = { 0 };
	struct graph g;
	struct field f;

	(void)state;
	open_random(&file, &g);
	field_init(&f, &g);
	size_t n = random_bag(bag, &r, 3);
	const struct field_law law = { .rho = 0.5f };
	field_step(&f, &law, bag, n);
	CHECK_NEAR(f.norm, 1, 1e-6);
	CHECK_NEAR(field_score(&f, bag, n), 1, 1e-6);
	double before = mass(&f);
	for (int i = 1; i <= 10; i++) {
		field_step(&f, &law, NULL, 0);
		CHECK_NEAR(mass(&f), before * pow(0.5, i), before * 1e-6);
		CHECK_NEAR(field_score(&f, bag, n), 1, 1e-6);
	}
	field_reset(&f);
	CHECK_EQ(f.n_lit, 0);
	CHECK_EQ(mass(&f), 0);
	CHECK_EQ(field_score(&f, bag, n), 0);
	field_clear(&f);
	graph_close(&g);
	buf_free(&file);
}

/* Σφ' = (ρ + Σ spread) Σφ + Σ disturbance, up to what is pruned; and lit tells the truth. */
static void spreading_conserves(void **state)
{
	struct rng r = rng_stream(2, "conserve", 0);
	struct bag_item bag[RANDOM_BAG];
	struct buf file = { 0 };
	struct graph g;
	struct field f, alone;

	(void)state;
	open_random(&file, &g);
	field_init(&f, &g);
	field_init(&alone, &g);
	const struct field_law law = { 0.7f, { 0.2f, 0 } };
	for (int t = 0; t < 30; t++) {
		size_t n = random_bag(bag, &r, (uint32_t)t % 20);
		double was = 0.7 * mass(&f);
		size_t lit = 0;

		for (uint32_t i = 0; i < g.n; i++)
			if (g.share[0][i] > 0)
				was += 0.2 * f.phi[i];
		field_reset(&alone);
		field_step(&alone, &law, bag, n);
		field_step(&f, &law, bag, n);
		double want = was + mass(&alone);
		CHECK(mass(&f) <= want * (1 + 1e-5) && mass(&f) >= want * 0.97);
		for (uint32_t i = 0; i < g.n; i++)
			lit += f.phi[i] != 0;
		CHECK_EQ(lit, f.n_lit);
	}
	field_clear(&f);
	field_clear(&alone);
	graph_close(&g);
	buf_free(&file);
}

/* next = ρ·φ + spread(φ) + d, written out over all nodes. */
static void law_plainly(double *next, const double *phi, const struct field_law *law,
                        const struct graph *g, const float *d)
{
	for (uint32_t i = 0; i < g->n; i++)
		next[i] = law->rho * phi[i] + d[i];
	for (int e = 0; e < EDGE_TYPES; e++)
		for (uint32_t i = 0; i < g->n; i++) {
			double sum = 0;

			for (uint32_t k = g->edge_at[e][i]; k < g->edge_at[e][i + 1]; k++)
				sum += g->edge[e][k].w;
			for (uint32_t k = g->edge_at[e][i]; k < g->edge_at[e][i + 1]; k++)
				next[g->edge[e][k].to] += law->spread[e] * phi[i]
				                         * g->edge[e][k].w / sum;
		}
}

static double apart(const float *a, const double *b, size_t n)
{
	double diff = 0, all = 0;

	for (size_t i = 0; i < n; i++) {
		diff += (a[i] - b[i]) * (a[i] - b[i]);
		all += b[i] * b[i];
	}
	return sqrt(diff / all);
}

/* The sparse step is the law up to what a trickle leaves; without spreading it would be far. */
static void as_the_law_says(void **state)
{
	struct rng r = rng_stream(3, "law", 0);
	struct bag_item bag[RANDOM_BAG];
	struct buf file = { 0 };
	struct graph g;
	struct field f, d, still;

	(void)state;
	open_random(&file, &g);
	field_init(&f, &g);
	field_init(&d, &g);
	field_init(&still, &g);
	double *phi = calloc(g.n, sizeof *phi), *next = calloc(g.n, sizeof *next);
	const struct field_law law = { 0.6f, { 0.15f, 0.1f } }, none = { 0 }, decay = { 0.6f, { 0 } };
	for (int t = 0; t < 20; t++) {
		size_t n = random_bag(bag, &r, (uint32_t)t / 3);

		field_step(&f, &law, bag, n);
		field_step(&still, &decay, bag, n);
		field_step(&d, &none, bag, n);
		law_plainly(next, phi, &law, &g, d.phi);
		double far = apart(still.phi, next, g.n), near = apart(f.phi, next, g.n);
		if (t == 1)
			CHECK(near < 1e-6);	/* all flows are above a trickle yet */
		CHECK(near < 0.08);
		CHECK(t < 2 || near < far / 4);
		memcpy(phi, next, g.n * sizeof *phi);
	}
	free(phi);
	free(next);
	field_clear(&f);
	field_clear(&d);
	field_clear(&still);
	graph_close(&g);
	buf_free(&file);
}

static void stays_finite(void **state)
{
	struct rng r = rng_stream(4, "finite", 0);
	struct bag_item bag[RANDOM_BAG];
	struct buf file = { 0 };
	struct graph g;
	struct field f;

	(void)state;
	open_random(&file, &g);
	field_init(&f, &g);
	for (int t = 0; t < 400; t++) {
		size_t n = random_bag(bag, &r, 1);

		field_step(&f, &(struct field_law){ 1.5f, { 0.5f, 0.5f } }, bag, n);
		CHECK(f.norm > 0 && f.norm < 1e12);
	}
	field_clear(&f);
	graph_close(&g);
	buf_free(&file);
}

static void top_is_sorted(void **state)
{
	struct rng r = rng_stream(5, "top", 0);
	struct bag_item bag[RANDOM_BAG];
	struct buf file = { 0 };
	struct graph g;
	struct field f;
	uint32_t node[40];
	float value[40];

	(void)state;
	open_random(&file, &g);
	field_init(&f, &g);
	for (int t = 0; t < 5; t++) {
		size_t n = random_bag(bag, &r, (uint32_t)t);

		field_step(&f, &(struct field_law){ 0.8f, { 0.1f, 0.1f } }, bag, n);
	}
	CHECK_EQ(field_top(&f, node, value, 0), 0);
	CHECK_EQ(field_top(&f, node, value, 40), 40);
	for (int i = 0; i < 40; i++) {
		CHECK_EQ(value[i], f.phi[node[i]]);
		CHECK(i == 0 || value[i] < value[i - 1]
		      || (value[i] == value[i - 1] && node[i] > node[i - 1]));
	}
	for (uint32_t i = 0, above = 0; i < g.n; i++) {
		above += f.phi[i] > value[39];
		CHECK(above < 40);
	}
	field_clear(&f);
	graph_close(&g);
	buf_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_by_hand), cmocka_unit_test(weights_by_hand),
		cmocka_unit_test(books_do_not_lead), cmocka_unit_test(same_bytes_any_threads),
		cmocka_unit_test(edges_are_topics), cmocka_unit_test(bounds_hold),
		cmocka_unit_test(nothing_is_a_graph), cmocka_unit_test(every_flip_is_found),
		cmocka_unit_test(every_cut_is_found), cmocka_unit_test(askew),
		cmocka_unit_test(newer_is_refused), cmocka_unit_test(fades),
		cmocka_unit_test(spreading_conserves), cmocka_unit_test(as_the_law_says),
		cmocka_unit_test(stays_finite), cmocka_unit_test(top_is_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
