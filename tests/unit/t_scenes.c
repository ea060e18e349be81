/* t_scenes.c - the scenes room: taxonomy, partition, determinism, empty input, and extraction
 * against the annotated 'dev' stories of the shipped library. */
#include "check.h"
#include "../../bench/goldset.h"
#include "scenes/parts.h"

static struct dictfile df;
static bool have_dict;

#define need_dict() do { if (!have_dict) { print_message("SKIP: no dictionary (make setup)\n"); \
	skip(); } } while (0)

static void taxonomy(void **state)
{
	static const int want[SC_N] = { 24, 7, 14, 9, 14, 9 };

	(void)state;
	for (int f = 0; f < SC_N; f++) {
		CHECK_EQ(kind_count(f), want[f]);
		CHECK_EQ(kind_get(f, 0)->code.n, 0);
		for (int i = 1; i <= want[f]; i++) {
			CHECK(kind_get(f, i)->name.n > 0);
			CHECK_EQ(kind_find(f, kind_get(f, i)->code), i);
		}
		CHECK_EQ(kind_find(f, S("no such kind")), 0);
	}
	CHECK_STR(kind_get(SC_TENSION, 1)->code, "R");
	CHECK_STR(kind_get(SC_RESOLUTION, 14)->code, "Q");
	CHECK_STR(kind_get(SC_EMOTION, 14)->code, "отчаяние");
	CHECK_STR(str_of(scene_text_key(ST_LOGIC)), "logic.text");
}

/* Every cue bit is its own: 63 kinds that are not feelings. */
static void cue_bits(void **state)
{
	uint64_t seen = 0;

	(void)state;
	for (int f = 0; f < SC_N; f++)
		for (int k = 1; f != SC_EMOTION && k <= kind_count(f); k++) {
			uint64_t bit = 1ull << cue_bit(f, k);

			CHECK(!(seen & bit));
			seen |= bit;
		}
	CHECK_EQ(__builtin_popcountll(seen), CUE_N);
	CHECK_EQ(out_index(SC_FUNCTION, 9), OUT_N - 3);
}

static void lexicon(void **state)
{
	const struct lex *l = lex_find(lex_key(S("зеркало")));

	(void)state;
	CHECK(l && l->flags & LEX_THING);
	/* ё and е are one letter to the lexicon */
	CHECK(lex_key(S("ещё")) == lex_key(S("еще")));
	l = lex_find(lex_key(S("кухня")));
	CHECK(l && l->place == PLACE_ROOM);
	CHECK(!lex_find(lex_key(S("щрбдывлт"))));
}

/* ---- cutting --------------------------------------------------------------------------- */
struct text {
	struct book b;
	struct words w;
	struct scene *s;
	size_t n;
	struct arena a;
};

static void read_text(struct text *t, struct str s)
{
	struct word_cache *c = word_cache_open(df.dict);

	*t = (struct text){ .a = arena_open("test") };
	text_from_plain(&t->b, s, &t->a);
	words_read(&t->w, &t->b, c, &t->a);
	scenes_read(&t->s, &t->n, &t->b, &t->w, &t->a);
	word_cache_close(c);
}

static uint32_t runes(const struct text *t, const struct scene *s)
{
	return (uint32_t)utf8_count((struct str){ t->b.text.p + s->off, s->len });
}

static void check_partition(const struct text *t)
{
	uint32_t next = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct scene *s = &t->s[i];

		CHECK_EQ(s->sent, next);
		CHECK(s->n_sent > 0);
		next += s->n_sent;
		CHECK_EQ(s->off, t->b.sent[s->sent].off);
		CHECK(s->cut >= 0 && s->cut <= 1);
		for (uint32_t k = s->sent; k < next; k++)
			CHECK_EQ(t->b.para[t->b.sent[k].para].chapter, s->chapter);
	}
	CHECK_EQ(next, t->b.n_sent);
}

static void empty(void **state)
{
	static const char *const nothing[] = { "", "\n\n", "…", "—", "!!!", "* * *\n* * *" };

	(void)state;
	need_dict();
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
		struct text t;

		read_text(&t, str_of(nothing[i]));
		check_partition(&t);
		for (size_t k = 0; k < t.n; k++) {
			CHECK_EQ(t.s[k].n_actor, 0);
			CHECK_EQ(t.s[k].code[SC_TENSION], 0);
			CHECK_EQ(t.s[k].text[ST_INTENTION].n, 0);
		}
		arena_close(&t.a);
	}
}

/* Paragraphs of every length: where cuts are possible, every scene keeps its bounds. */
static void bounds(void **state)
{
	struct rng r = rng_stream(7, "t_scenes.bounds", 0);

	(void)state;
	need_dict();
	for (int round = 0; round < 6; round++) {
		struct buf b = { 0 };
		struct text t;

		for (int p = 0; p < 60; p++) {
			int n = 1 + (int)rng_below(&r, round < 3 ? 6 : 40);

			for (int k = 0; k < n; k++)
				buf_str(&b, S("Старик вышел на берег и долго смотрел на серую воду. "));
			buf_char(&b, '\n');
		}
		read_text(&t, buf_view(&b));
		check_partition(&t);
		CHECK(t.n > 5);
		for (size_t i = 0; i < t.n; i++)
			CHECK(runes(&t, &t.s[i]) >= SCENE_MIN_CHARS
			      && runes(&t, &t.s[i]) <= SCENE_MAX_CHARS);
		arena_close(&t.a);
		buf_free(&b);
	}
}

static void check_same(const struct scene *a, const struct scene *b)
{
	CHECK(a->sent == b->sent && a->n_sent == b->n_sent && a->off == b->off && a->len == b->len);
	CHECK(!memcmp(a->code, b->code, sizeof a->code));
	CHECK(!memcmp(a->code_conf, b->code_conf, sizeof a->code_conf));
	CHECK(a->valence == b->valence && a->arousal == b->arousal);
	for (int i = 0; i < ST_N; i++)
		CHECK(str_eq(a->text[i], b->text[i]));
	CHECK(a->n_actor == b->n_actor && a->n_image == b->n_image);
	for (int i = 0; i < a->n_actor; i++)
		CHECK(str_eq(a->actor[i], b->actor[i]));
}

static void deterministic(void **state)
{
	struct buf file = { 0 };
	struct err e = { 0 };
	struct text t, u;

	(void)state;
	need_dict();
	CHECK_EQ(file_read(&file, "library/drama/03_vtoroj_botinok.txt", GOLD_FILE_MAX, &e), OK);
	read_text(&t, buf_view(&file));
	read_text(&u, buf_view(&file));
	check_partition(&t);
	CHECK(t.n > 2 && t.n == u.n);
	for (size_t i = 0; i < t.n; i++)
		check_same(&t.s[i], &u.s[i]);
	arena_close(&t.a);
	arena_close(&u.a);
	buf_free(&file);
}

static void bag(void **state)
{
	struct text t;
	struct bag_item *v;

	(void)state;
	need_dict();
	read_text(&t, S("Рыбак и рыбака видит, и рыбак молчит. Молчит и море."));
	size_t n = scene_bag(&v, &t.w, 0, t.w.n, &t.a);
	uint32_t fisher = lemma_key(S("рыбак")), and = lemma_key(S("и"));
	bool found = false;
	for (size_t i = 0; i < n; i++) {
		CHECK(i == 0 || v[i - 1].key < v[i].key);
		CHECK(v[i].key != and);
		if (v[i].key == fisher) {
			found = true;
			CHECK_EQ(v[i].count, 3);
		}
	}
	CHECK(found);
	CHECK(pos_is_content(POS_NOUN) && !pos_is_content(POS_PREP) && !pos_is_content(POS_PUNCT));
	arena_close(&t.a);
}

/* A person keeps one place in the list whatever the case and the parts of the name. */
static void names(void **state)
{
	struct text t;
	int found = 0;

	(void)state;
	need_dict();
	read_text(&t, S("Пульхерия Александровна вошла в комнату. Родион встретил Пульхерию "
	                "Александровну у двери. Он хотел рассказать матери о письме. Родион молчал."));
	CHECK_EQ(t.n, 1);
	for (int i = 0; i < t.s[0].n_actor; i++) {
		CHECK(!str_eq(t.s[0].actor[i], S("Александровна")));
		found += str_eq(t.s[0].actor[i], S("Пульхерия")) + str_eq(t.s[0].actor[i], S("Родион"));
	}
	CHECK_EQ(found, 2);
	CHECK(str_starts(t.s[0].text[ST_INTENTION], S("рассказать матери")));
	arena_close(&t.a);
}

/* One line a scene: its sentences, actors and field; compared byte for byte. */
static void golden(void **state)
{
	struct buf in = { 0 }, want = { 0 }, got = { 0 };
	struct err e = { 0 };
	struct text t;

	(void)state;
	need_dict();
	CHECK_EQ(file_read(&in, "tests/golden/scenes/mirror.in", GOLD_FILE_MAX, &e), OK);
	CHECK_EQ(file_read(&want, "tests/golden/scenes/mirror.out", GOLD_FILE_MAX, &e), OK);
	read_text(&t, buf_view(&in));
	for (size_t i = 0; i < t.n; i++) {
		const struct scene *s = &t.s[i];

		buf_printf(&got, "%u-%u actors:", s->sent + 1, s->sent + s->n_sent);
		for (int k = 0; k < s->n_actor; k++)
			buf_printf(&got, " " STR_FMT, STR_ARG(s->actor[k]));
		buf_printf(&got, " field: " STR_FMT "\n", STR_ARG(s->text[ST_FIELD]));
	}
	if (!str_eq(buf_view(&got), buf_view(&want)))
		print_error("got:\n%s", got.p);
	CHECK(str_eq(buf_view(&got), buf_view(&want)));
	arena_close(&t.a);
	buf_free(&in);
	buf_free(&want);
	buf_free(&got);
}

/* ---- against gold ---------------------------------------------------------------------- */
/* Letters and marks of s without any space. */
static struct str packed(struct str s, struct arena *a)
{
	char *p = arena_take(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != ' ' && s.p[i] != '\n')
			p[n++] = s.p[i];
	return (struct str){ p, n };
}

/* The plain book of a story holds its title, then exactly the gold scenes' text in order; gold
 * scenes are a partition of its sentences. */
static void library_agrees(void **state)
{
	struct goldset g;
	struct buf split = { 0 };
	struct arena a = arena_open("library");
	struct err e = { 0 };
	size_t i = 0;

	(void)state;
	need_dict();
	goldset_open(&g, df.dict);
	CHECK_EQ(goldset_stories(&g, "library", "dev"), OK);
	CHECK_EQ(file_read(&split, "library/split.tsv", GOLD_FILE_MAX, &e), OK);
	struct tsv rows = tsv_of(buf_view(&split));
	while (tsv_next(&rows)) {
		struct buf file = { 0 };
		struct book b;
		uint32_t next = 0;

		if (!str_eq(rows.field[1], S("dev")))
			continue;
		struct str path = str_printf(&a, "library/" STR_FMT ".txt", STR_ARG(rows.field[2]));
		CHECK_EQ(file_read(&file, path.p, GOLD_FILE_MAX, &e), OK);
		struct str body = buf_view(&file), title;
		CHECK(str_cut(&body, '\n', &title) && title.n > 0);
		text_from_plain(&b, body, &a);
		CHECK(str_eq(packed(b.text, &a), packed(g.v[i].b.text, &a)));
		for (size_t j = 0; j < g.v[i].n; j++) {
			CHECK_EQ(g.v[i].g[j].s.sent, next);
			next += g.v[i].g[j].s.n_sent;
		}
		CHECK_EQ(next, g.v[i++].b.n_sent);
		buf_free(&file);
	}
	CHECK(i == g.n && i == 18);
	buf_free(&split);
	arena_close(&a);
	goldset_close(&g);
}

static int hits(const struct scene *s, const struct scene *g, struct arena *a)
{
	int n = 0;

	for (int i = 0; i < s->n_actor; i++)
		for (int j = 0; j < g->n_actor; j++)
			n += str_eq(str_fold(a, s->actor[i]), str_fold(a, g->actor[j]));
	return n;
}

/* The kind that is most frequent in the training stories: what one would say without reading. */
static void majority_of_training(int major[SC_N])
{
	struct goldset g;
	int count[SC_N][KINDS_MAX + 1] = { 0 };

	goldset_open(&g, df.dict);
	CHECK_EQ(goldset_stories(&g, "library", "train"), OK);
	for (size_t i = 0; i < g.n; i++)
		for (size_t j = 0; j < g.v[i].n; j++)
			for (int f = 0; f < SC_N; f++)
				count[f][g.v[i].g[j].s.code[f]]++;
	for (int f = 0; f < SC_N; f++) {
		major[f] = 1;
		for (int k = 2; k <= kind_count(f); k++)
			major[f] = count[f][k] > count[f][major[f]] ? k : major[f];
	}
	goldset_close(&g);
}

static void beats_majority(void **state)
{
	struct goldset g;
	struct arena a = arena_open("gold");
	int right[SC_N] = { 0 }, floor[SC_N] = { 0 }, major[SC_N], hit = 0, told = 0, gold = 0;

	(void)state;
	need_dict();
	majority_of_training(major);
	goldset_open(&g, df.dict);
	CHECK_EQ(goldset_stories(&g, "library", "dev"), OK);
	for (size_t i = 0; i < g.n; i++)
		for (size_t j = 0; j < g.v[i].n; j++) {
			const struct scene *want = &g.v[i].g[j].s;
			struct scene s = { .sent = want->sent, .n_sent = want->n_sent };

			scene_fill(&s, &g.v[i].b, &g.v[i].w, &a);
			for (int f = 0; f < SC_N; f++) {
				right[f] += s.code[f] == want->code[f];
				floor[f] += major[f] == want->code[f];
			}
			hit += hits(&s, want, &a);
			told += s.n_actor;
			gold += want->n_actor;
		}
	for (int f = 0; f < SC_N; f++) {
		print_message("%s: %d right, majority %d\n", scene_code_key(f), right[f], floor[f]);
		CHECK(right[f] > floor[f]);
	}
	print_message("actors F1 %.3f\n", 2.0 * hit / (told + gold));
	CHECK(2.0 * hit / (told + gold) > 0.68);
	goldset_close(&g);
	arena_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taxonomy), cmocka_unit_test(cue_bits), cmocka_unit_test(lexicon),
		cmocka_unit_test(empty), cmocka_unit_test(bounds), cmocka_unit_test(deterministic),
		cmocka_unit_test(bag), cmocka_unit_test(names), cmocka_unit_test(golden),
		cmocka_unit_test(library_agrees),
		cmocka_unit_test(beats_majority),
	};
	struct err e = { 0 };

	have_dict = !dictfile_open(&df, NULL, &e);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
