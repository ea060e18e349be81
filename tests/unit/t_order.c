/* t_order.c - what a user relies on in order: strips survive the store, books go where the
 * table says, questions are what their definitions say. */
#include "check.h"
#include "toy.h"
#include "base/data.h"
#include "order/echo.h"
#include "order/windows.h"

/* A small book with words as a dictionary would give them: lemma = the word itself. */
static const char story[] = "Иван пошёл, Марья осталась. Она ждала… — Где он? — спросила мать.\n"
	"— Я не знаю! — сказала Марья Ивану. Ночь прошла.";

static void small_book(const char *text, struct book *b, struct words *w, struct scene **s, size_t *n,
                       struct arena *a)
{
	struct strtab t = strtab_open("lemmas");
	size_t cap = 256;

	text_from_plain(b, str_of(text), a);
	*w = (struct words){ .w = TAKE(a, struct word, cap), .sent = TAKE(a, uint32_t, b->n_sent + 1),
	                     .n_sent = b->n_sent, .lemma = TAKE(a, struct lemma, cap) };
	for (size_t i = 0; i < b->n_sent; i++) {
		const char *p = b->text.p + b->sent[i].off, *end = p + b->sent[i].len;

		w->sent[i] = (uint32_t)w->n;
		while (p < end) {
			const char *from = p;
			uint32_t r = utf8_next(&p, end);

			while (rune_is_letter(r) && p < end) {
				const char *q = p;

				if (!rune_is_letter(utf8_next(&q, end)))
					break;
				p = q;
			}
			if (r == ' ')
				continue;
			struct str form = { from, (size_t)(p - from) };
			uint32_t id = strtab_add(&t, str_lower(a, form));

			w->w[w->n++] = (struct word){ .off = (uint32_t)(from - b->text.p), .len = (uint16_t)form.n,
				.lemma = id, .pos = rune_is_letter(r) ? POS_NOUN : POS_PUNCT,
				.g = { .gcase = 1 + id % 6, .number = 1 } };
			w->lemma[id] = (struct lemma){ .s = str_copy(a, t.s[id]), .pos = POS_NOUN };
			w->n_lemma = t.n;
		}
	}
	w->sent[b->n_sent] = (uint32_t)w->n;
	strtab_close(&t);
	*s = TAKE(a, struct scene, 1);
	*n = 1;
	**s = (struct scene){ .n_sent = (uint32_t)b->n_sent, .off = b->sent[0].off,
		.len = b->sent[b->n_sent - 1].off + b->sent[b->n_sent - 1].len - b->sent[0].off,
		.n_actor = 1, .actor = { S("Марья") }, .alone = { 3, 1, 2, 0, 4, 9 }, .valence = -0.5f };
}

static void strip_round_trip(void **state)
{
	struct arena a = arena_open("test");
	struct buf bytes = { 0 }, again = { 0 };
	struct err e = { 0 };
	struct strip s;
	struct book b;
	struct words w;
	struct scene *sc;
	size_t n;

	(void)state;
	small_book(story, &b, &w, &sc, &n, &a);
	strip_make(&bytes, &b, &w, sc, n);
	strip_make(&again, &b, &w, sc, n);
	CHECK(str_eq(buf_view(&bytes), buf_view(&again)));
	CHECK(!strip_open(&s, buf_view(&bytes), &a, &e));
	CHECK_EQ(s.n, 1);
	CHECK_EQ(s.scene[0].code[SC_TENSION], 3);
	CHECK_EQ(s.scene[0].actor[0], lemma_key(S("марья")));
	CHECK(s.scene[0].ends_dash && !s.scene[0].opens_dash && !s.scene[0].opens_pronoun);
	/* Марья after ", ", Ивану after "Марья ", and Где after "— ", as the reference has it */
	CHECK_EQ(s.scene[0].n_name, 3);
	CHECK_NEAR(s.scene[0].style[STYLE_LENGTH], utf8_count(b.text), 0);
	CHECK(s.scene[0].n_head > 10 && s.scene[0].n_first > 20);
	for (size_t cut = 0; cut < bytes.n; cut++) {	/* cut short anywhere: refused */
		struct err cutting = { 0 };

		CHECK_EQ(strip_open(&s, (struct str){ bytes.p, cut }, &a, &cutting), ERR_FORMAT);
	}
	for (size_t i = 0; i < bytes.n; i++) {		/* any byte changed: read or refused, no crash */
		struct err flip = { 0 };

		bytes.p[i] ^= 0x5a;
		strip_open(&s, buf_view(&bytes), &a, &flip);
		bytes.p[i] ^= 0x5a;
	}
	buf_free(&bytes);
	buf_free(&again);
	arena_close(&a);
}

/* No Russian word, no name: an empty list is a list (UBSan met qsort of NULL here). */
static void strip_of_a_bare_scene(void **state)
{
	struct arena a = arena_open("test");
	struct buf bytes = { 0 };
	struct err e = { 0 };
	struct strip s;
	struct book b;
	struct words w;
	struct scene *sc;
	size_t n;

	(void)state;
	small_book("Lorem ipsum.", &b, &w, &sc, &n, &a);
	strip_make(&bytes, &b, &w, sc, n);
	CHECK(!strip_open(&s, buf_view(&bytes), &a, &e));
	CHECK(s.n == 1 && !s.scene[0].n_name && !s.scene[0].n_stem && s.scene[0].n_first > 0);
	buf_free(&bytes);
	arena_close(&a);
}

static void splits(void **state)
{
	struct str rules = S("# comment\npattern\tset\na_*\ttest\n*_b\tdev\nmine\treport\n");

	(void)state;
	CHECK_EQ(split_of(rules, S("x/a_book.fb2.zip"), S(""), S("")), SPLIT_TEST);
	CHECK_EQ(split_of(rules, S("x_b.txt"), S(""), S("")), SPLIT_DEV);
	CHECK_EQ(split_of(rules, S("dir/mine.epub"), S(""), S("")), SPLIT_TEST);
	/* a book that no row names goes one way whatever its file is called */
	CHECK_EQ(split_of(rules, S("one.txt"), S("Т"), S("А")), split_of(rules, S("two.fb2"), S("Т"), S("А")));
	int count[3] = { 0 };
	for (int i = 0; i < 1000; i++) {
		char title[32];

		snprintf(title, sizeof title, "Книга %d", i);
		count[split_of(rules, S("q.txt"), str_of(title), S("Автор"))]++;
	}
	CHECK(count[SPLIT_TRAIN] > 720 && count[SPLIT_DEV] > 60 && count[SPLIT_TEST] > 60);
	/* the project's own table: two authors wholly unseen */
	CHECK_EQ(split_of(data_find("split.tsv"), S("turgenev_rudin.txt"), S(""), S("")), SPLIT_TEST);
	CHECK_EQ(split_of(data_find("split.tsv"), S("leskov_soboryane.txt"), S(""), S("")), SPLIT_TEST);
	CHECK_EQ(split_of(data_find("split.tsv"), S("tolstoy_anna-karenina.txt"), S(""), S("")), SPLIT_TRAIN);
}

/* The two tables that say where a shipped story goes agree. */
static void shipped_stories_go_as_their_table_says(void **state)
{
	struct err e = { 0 };
	struct buf b = { 0 };
	struct tsv t;
	int n = 0;

	(void)state;
	CHECK(!file_read(&b, "library/split.tsv", 1 << 20, &e));
	t = tsv_of(buf_view(&b));
	while (tsv_next(&t)) {
		enum split want = str_eq(t.field[1], S("report")) ? SPLIT_TEST :
		                  str_eq(t.field[1], S("dev")) ? SPLIT_DEV : SPLIT_TRAIN;

		CHECK_EQ(split_of(data_find("split.tsv"), t.field[2], S(""), S("")), want);
		n++;
	}
	CHECK_EQ(n, 120);
	buf_free(&b);
}

static void rows_of(struct rows *r, const struct strip *s, struct idf *t, struct arena *a)
{
	struct numbering ids;

	struct svec *v = TAKE(a, struct svec, s->n);
	const struct svec **at = TAKE(a, const struct svec *, s->n);

	idf_init(t);
	numbering_init(&ids);
	for (size_t i = 0; i < s->n; i++)
		idf_add(t, s->scene[i].stem, s->scene[i].n_stem);
	for (size_t i = 0; i < s->n; i++) {
		svec_tfidf(&v[i], s->scene[i].stem, s->scene[i].n_stem, t, a);
		svec_number(&v[i], &ids, a);
		at[i] = &v[i];
	}
	rows_make(r, s, at, &ids, a);
	numbering_clear(&ids);
}

static double blend(const struct rows *r, uint32_t t, uint32_t j)
{
	return 0.6 * svec_dot(r->stem[t - 1], r->stem[j]) + 0.4 * svec_dot(&r->context[t], r->stem[j]);
}

static void items_keep_their_definitions(void **state)
{
	struct arena a = arena_open("test");
	struct strip s = toy_strip(150, 0, 1, &a);
	struct rows r;
	struct idf t;
	size_t above = 0, all = 0;

	(void)state;
	rows_of(&r, &s, &t, &a);
	for (int k = 0; k < ITEM_KINDS; k++) {
		struct rng g = rng_stream(1, "items", (uint64_t)k), h = g;
		struct item *it, *same;
		size_t n = items_make(&it, &r, k, 100, 0, &g, &a), place[CAND_MAX] = { 0 };

		CHECK_EQ(n, items_make(&same, &r, k, 100, 0, &h, &a));
		CHECK(n > 50 && !memcmp(it, same, n * sizeof *it));
		for (size_t i = 0; i < n; i++) {
			CHECK_EQ(it[i].n, k == ITEM_FAR32 ? 32 : 6);
			CHECK_EQ(it[i].cand[it[i].truth], it[i].target);
			CHECK(it[i].target >= CONTEXT_SCENES);
			place[it[i].truth]++;
			for (int c = 0; c < it[i].n; c++) {
				int far = abs((int)it[i].cand[c] - (int)it[i].target);

				for (int d = 0; d < c; d++)
					CHECK(it[i].cand[c] != it[i].cand[d]);
				if (c == it[i].truth)
					continue;
				if (k == ITEM_NEAR)
					CHECK(it[i].cand[c] >= it[i].target + 2 && it[i].cand[c] <= it[i].target + 12);
				else
					CHECK(far > CONTEXT_SCENES);
				if (k == ITEM_MATCHED) {
					above += blend(&r, it[i].target, it[i].cand[c]) >= blend(&r, it[i].target, it[i].target);
					all++;
				}
			}
		}
		for (int c = 0; c < 6 && k != ITEM_FAR32; c++)	/* the true one stands anywhere */
			CHECK(place[c] > 0);
	}
	/* matched: on the whole as many wrong answers above the true one as below it */
	CHECK_NEAR((double)above / (double)all, 0.5, 0.08);
	idf_clear(&t);
	arena_close(&a);
}

static void tfidf_by_hand(void **state)
{
	struct bag_item one[] = { { 5, 1, 0, 0 }, { 9, 2, 0, 0 } }, two[] = { { 5, 1, 0, 0 } };
	struct arena a = arena_open("test");
	struct svec v, w;
	struct idf t;
	double x, y;

	(void)state;
	idf_init(&t);
	idf_add(&t, one, 2);
	idf_add(&t, two, 1);
	idf_add(&t, two, 1);
	CHECK_NEAR(idf_get(&t, 5), 0, 1e-6);
	CHECK_NEAR(idf_get(&t, 9), log(3), 1e-6);
	CHECK_NEAR(idf_get(&t, 77), log(3), 1e-6);
	idf_add(&t, NULL, 0);
	svec_tfidf(&v, one, 2, &t, &a);
	x = log(4.0 / 3), y = (1 + log(2)) * log(4);
	CHECK_NEAR(v.w[0], x / sqrt(x * x + y * y), 1e-6);
	svec_tfidf(&w, two, 1, &t, &a);
	CHECK_NEAR(svec_dot(&v, &w), v.w[0], 1e-6);
	idf_clear(&t);
	arena_close(&a);
}

/* Numbered or not, one by one or together: the same bits. */
static void dots_agree(void **state)
{
	struct arena a = arena_open("test");
	struct strip s = toy_strip(40, 0.5, 2, &a);
	const struct svec *at[40];
	struct svec v[40];
	struct numbering ids;
	struct idf t;
	float one[40], many[40];

	(void)state;
	idf_init(&t);
	numbering_init(&ids);
	for (int i = 0; i < 40; i++)
		idf_add(&t, s.scene[i].stem, s.scene[i].n_stem);
	for (int i = 0; i < 40; i++) {
		svec_tfidf(&v[i], s.scene[i].stem, s.scene[i].n_stem, &t, &a);
		at[i] = &v[i];
	}
	svec_dots(one, &v[7], at, 40);
	for (int i = 0; i < 40; i++)
		svec_number(&v[i], &ids, &a);
	svec_dots(many, &v[7], at, 40);
	CHECK(!memcmp(one, many, sizeof one));
	CHECK_NEAR(one[7], 1, 1e-5);
	numbering_clear(&ids);
	idf_clear(&t);
	arena_close(&a);
}

/* Scenes of four tokens: 1 2 3 4 | 1 2 3 5 | 1 2 3 4. */
static void echoes_by_hand(void **state)
{
	static const uint32_t id[12] = { 1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3, 4 }, other[8] = { 9, 9, 2, 3, 7, 9, 9, 9 };
	static const uint8_t begins[12] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0 };
	struct echo e[12];

	(void)state;
	echo_text(e, id, 12, begins, 1, id, 12);
	for (int i = 0; i < 5; i++)		/* the first scene has no past, nor has a token a context across nothing */
		CHECK_EQ(e[i].n[0], 0);
	/* Token 7 (a 5): after "3" once came 4. */
	CHECK_EQ(e[7].n[0], 1), CHECK_EQ(e[7].hit[0], 0), CHECK_EQ(e[7].top[0], 1);
	CHECK_EQ(e[7].n[2], 1), CHECK_EQ(e[7].hit[2], 0);
	/* Token 11 (a 4): after "3" came 4 and 5, after "1 2 3" too, after "5 1 2 3" nothing. */
	for (int k = 0; k < 3; k++)
		CHECK_EQ(e[11].n[k], 2), CHECK_EQ(e[11].hit[k], 1), CHECK_EQ(e[11].top[k], 1);
	CHECK_EQ(e[11].n[3], 0);
	/* Another text as the past: after "2 3" comes 7; its end is not known before the text at hand is as far. */
	echo_text(e, id, 12, begins, 1, other, 8);
	CHECK_EQ(e[7].n[0], 0);
	CHECK_EQ(e[11].n[1], 1), CHECK_EQ(e[11].hit[1], 0), CHECK_EQ(e[11].n[2], 0);
}

/* What is said of a token does not change with what comes after it, nor with its own scene. */
static void echoes_know_the_past_alone(void **state)
{
	enum { N = 400 };
	struct rng r = rng_stream(1, "t.echo", 0);
	uint32_t id[N];
	uint8_t begins[N];
	struct echo a[N], b[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		id[i] = (uint32_t)rng_below(&r, 5);
		begins[i] = i % 37 == 0;
	}
	echo_text(a, id, N, begins, 1, id, N);
	for (int i = 300; i < N; i++)
		id[i] = 4 - id[i];
	echo_text(b, id, N, begins, 1, id, N);
	CHECK(!memcmp(a, b, 300 * sizeof *a));
	for (int i = 0; i < N; i++)
		for (int k = 0; k < ECHO_ORDERS; k++)
			CHECK(a[i].hit[k] <= a[i].top[k] && a[i].top[k] <= a[i].n[k] && a[i].n[k] <= ECHO_MOST);
}

static void salience_by_hand(void **state)
{
	static const uint32_t id[10] = { 0, 0, 0, 0, 0, 1, 1, 1, 2, 3 };
	uint8_t yes[5];

	(void)state;
	salient_ids(yes, 5, id, 10, 0.2);
	CHECK_EQ(yes[0], 0), CHECK_EQ(yes[1], 0), CHECK_EQ(yes[2], 1), CHECK_EQ(yes[3], 1), CHECK_EQ(yes[4], 1);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(echoes_by_hand), cmocka_unit_test(echoes_know_the_past_alone), cmocka_unit_test(salience_by_hand),
		cmocka_unit_test(strip_round_trip), cmocka_unit_test(strip_of_a_bare_scene),
		cmocka_unit_test(splits),
		cmocka_unit_test(items_keep_their_definitions), cmocka_unit_test(tfidf_by_hand),
		cmocka_unit_test(dots_agree),
		cmocka_unit_test(shipped_stories_go_as_their_table_says),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
