/* t_fold.c - folded grammar: the dictionary turned round, reversible coding, the lossy scheme. */
#include "check.h"
#include "golden.h"
#include "io/dictfile.h"
#include "words/dict/dict.h"
#include "words/fold/fold.h"

static struct dictfile real;
#define NEED_DICT() do { if (!real.dict) { \
	print_message("SKIP: needs words.dict (make build/words.dict)\n"); skip(); } } while (0)

static const char school[] =
	"В тёмном лесу жил старый волк. Старый волк не знал страха, и ходил к реке за водой.\n"
	"— Ты видел моего брата? — спросил волк. — Нет, — сказала река, — я не видела твоего брата!\n"
	"В лесу тихо, на реке тихо, а в поле ветер. Он шёл к лесу, он шёл к реке; он не шёл домой.\n"
	"Иван Петрович Волков сказал Ивану Петровичу: «Ещё раз, и всё». Её ёлка, моя ёлка.\n"
	"1812 год, 1813 год, XIX век. Bonjour, mon ami. Старого волка, старому волку, старым волком.\n";

/* ---- a tokenizer of either scheme, on texts ------------------------------------------------------- */

struct made { struct tokenizer t; struct tokens_work k; };

static void make(struct made *m, const struct scheme *of, uint32_t option, uint32_t vocab, const char *text,
                 int times)
{
	struct tokens_plan p = { of->id, vocab, real.dict };
	struct fold_plan q = { .option = option, .vocab = vocab };
	struct str *s = mem_alloc((size_t)times, sizeof *s);
	struct err e = { 0 };

	for (int i = 0; i < times; i++)
		s[i] = str_of(text);
	m->t = (struct tokenizer){ .scheme = of->id, .of = of, .dict = real.dict,
	                           .mem = arena_open("t") };
	if (of->id == TOKENS_FOLD)
		CHECK_EQ(fold_train(&m->t, &p, &q, s, (size_t)times, NULL, &e), OK);
	else
		CHECK_EQ(lemma_train(&m->t, &p, option, s, (size_t)times, NULL, &e), OK);
	CHECK_EQ(of->ready(&m->t, &e), OK);
	m->k = (struct tokens_work){ &m->t, of->work_open(&m->t) };
	mem_free(s);
}

static void unmake(struct made *m)
{
	m->t.of->work_close(m->k.own);
	m->t.of->close(&m->t);
	arena_close(&m->t.mem);
}

static void names(struct buf *out, struct made *m, struct str text, const char *between)
{
	struct ids ids = { 0 };

	m->t.of->encode(&m->k, text, &ids);
	for (size_t i = 0; i < ids.n; i++)
		buf_printf(out, "%s" STR_FMT, i ? between : "", STR_ARG(m->t.piece[ids.id[i]]));
	mem_free(ids.id);
}

static size_t there_and_back(struct made *m, struct str text)
{
	struct ids ids = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };
	size_t n;

	m->t.of->encode(&m->k, text, &ids);
	if (m->t.of->decode(&m->k, ids.id, ids.n, &b, &e) || !str_eq(buf_view(&b), text)) {
		print_error("%s\nwas '%.*s'\nis  '%.*s'\n", e.msg, (int)text.n, text.p, (int)b.n, b.p);
		CHECK(0);
	}
	n = ids.n;
	mem_free(ids.id);
	buf_free(&b);
	return n;
}

/* ---- inflection ------------------------------------------------------------------------------------ */

static void test_every_form(void **state)
{
	struct inflection *x = mem_alloc(INFLECTIONS_MAX, sizeof *x);
	static const char *const word[] = { "столами", "идущего", "наилучший", "еще", "ёлку", "Ивановичем",
	                                    "рукою", "читавшими", "двумястами", "бутявками", "пальто" };
	struct inflect *f;

	(void)state;
	NEED_DICT();
	f = inflect_open(real.dict);
	CHECK(inflect_slots(f) > 100);
	for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
		uint8_t form[FORM_MAX], back[INFLECTED_MAX];
		size_t n = form_bytes(form, str_of(word[i])), m = inflect_find(f, x, INFLECTIONS_MAX, form, n);

		CHECK(m >= 1);
		for (size_t k = 0; k < m; k++) {
			size_t len = inflect_spell(f, back, x[k].para, x[k].k, x[k].base, x[k].n_base);

			CHECK_EQ(len, n);
			for (size_t b = 0; b < n; b++)
				CHECK(back[b] == form[b] || (back[b] == CYR_IO && form[b] == CYR_IE));
			if (x[k].para != PARA_NONE)
				CHECK_EQ(inflect_pick(f, x[k].para, x[k].slot, x[k].variant), x[k].k);
		}
	}
	for (uint32_t i = 0; i < inflect_slots(f); i++)
		CHECK_EQ(slot_pack(slot_unpack(inflect_slot(f, i))), inflect_slot(f, i));
	inflect_close(f);
	mem_free(x);
}

static void test_one_form(void **state)
{
	struct arena a = arena_open("t");
	struct inflected *v;
	struct inflect *f;

	(void)state;
	NEED_DICT();
	f = inflect_open(real.dict);
	CHECK_STR(inflect_form(f, S("стол"), POS_NOUN, (struct gram){ .gcase = CASE_INS, .number = 2 }, &a), "столами");
	CHECK_STR(inflect_form(f, S("ЁЛКА"), 0, (struct gram){ .gcase = CASE_GEN, .number = 2 }, &a), "ёлок");
	CHECK_STR(inflect_form(f, S("стол"), POS_VERB, (struct gram){ .tense = 1 }, &a), "");
	CHECK_EQ(inflect_forms(f, &v, S("table"), &a), 0);
	CHECK_EQ(inflect_forms(f, &v, S(""), &a), 0);
	inflect_close(f);
	arena_close(&a);
}

/* ---- coding ---------------------------------------------------------------------------------------- */

static const char *const odd[] = {
	"", " ", "\n", "В", "в", "ВОЛК", "Волк", "вОлк", "волк", ".", "..", "...", " . ", ",,", "волк,волк",
	"волк , волк", "волк.волк", "волк—волк", "волк - волк-волк", "«Волк»", "« волк »", "\"Волк\" сказал \"нет\"",
	"волк\n\nволк", "волк\r\nВолк", "волк  волк", "\tволк\t", "волк\xC2\xA0волк", "за\xCC\x81мок",
	"сад\xD1\x8A, сѣно, і", "Ёлка ёлка ЁЛКА елка Елка еще ещё", "1812", "5-й", "В 5 ВЕКЕ", "Ivan IVAN ivan iPhone",
	"\xFF\xFE\xD0", "волк\xD0", "\xD0волк", "волк\xE2\x80", "в\0лк", "№ 5 % 7 €5 😀 волк😀волк", "не не не",
	"рукою рукой рукою", "Иван Петрович Волков", "ИВАН Петрович", "иван петрович", "волк:— Волк", "волк: «Волк",
	"— Да! — сказал волк. — Нет!", "…волк… Волк", "(волк) [Волк] {волк}", "\xEF\xBB\xBFволк", "волк\x7Fволк",
	"кто-нибудь, из-за, по-русски, смотри-ка", "ß ẞ ǅ İ ı", "ыыыыыыыыы ъъъ ь", "волкволкволк", "I II III",
	"''волк''", "'", "d'Artagnan Д'Артаньян", "e\xCC\x81te\xCC\x81", "\xCC\x81", "- - -", "--", "волк --волк",
};

static void test_odd(void **state)
{
	static const uint32_t option[] = { FOLD_DEFAULT, 0, FOLD_DEFAULT | FOLD_CHAIN, FOLD_OPTIONS };

	(void)state;
	NEED_DICT();
	for (size_t o = 0; o < sizeof option / sizeof *option; o++)
		for (uint32_t vocab = TOKENS_VOCAB_MIN; vocab <= 1200; vocab += 150) {
			struct made m;

			make(&m, &scheme_fold, option[o], vocab, school, 30);
			CHECK(m.t.n <= vocab);
			for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
				there_and_back(&m, str_of(odd[i]));
			there_and_back(&m, (struct str){ "в\0лк", 6 });
			there_and_back(&m, str_of(school));
			unmake(&m);
		}
}

/* Random bytes, and random pieces of Russian put together. */
static void test_random(void **state)
{
	struct rng r = rng_stream(7, "fold", 0);
	struct made m;

	(void)state;
	NEED_DICT();
	make(&m, &scheme_fold, FOLD_DEFAULT, 1000, school, 30);
	for (int i = 0; i < 400; i++) {
		struct buf b = { 0 };
		size_t n = rng_below(&r, 120);

		for (size_t k = 0; k < n; k++)
			if (i & 1)
				buf_char(&b, (char)rng_u64(&r));
			else
				buf_str(&b, str_of(odd[rng_below(&r, sizeof odd / sizeof *odd)]));
		there_and_back(&m, buf_view(&b));
		buf_free(&b);
	}
	unmake(&m);
}

/* What is folded: the forest's own operators. */
static void test_operators(void **state)
{
	struct made m;
	struct buf b = { 0 };

	(void)state;
	NEED_DICT();
	make(&m, &scheme_fold, FOLD_DEFAULT & ~FOLD_FUSE, 1200, school, 30);
	names(&b, &m, S("Старый волк, старого волка."), " ");
	CHECK(str_starts(buf_view(&b), S("СТАРЫЙ ВОЛК [,_")));	/* no form: base, then it agrees */
	CHECK(str_ends(buf_view(&b), S("gent,sing,masc] СТАРЫЙ ВОЛК [._]")));
	b.n = 0;
	names(&b, &m, S("Он шёл к реке."), " ");
	CHECK(strstr(b.p, "[к datv,sing] РЕКА"));
	buf_free(&b);
	unmake(&m);
}

static void test_same(void **state)
{
	struct made a, b;
	struct ids x = { 0 }, y = { 0 };

	(void)state;
	NEED_DICT();
	make(&a, &scheme_fold, FOLD_DEFAULT, 900, school, 30);
	make(&b, &scheme_fold, FOLD_DEFAULT, 900, school, 30);
	CHECK(str_eq(a.t.extra, b.t.extra));
	a.t.of->encode(&a.k, S("Ты видел ещё одного волка? Да!"), &x);	/* a warm cache */
	x.n = 0;
	a.t.of->encode(&a.k, str_of(school), &x);
	b.t.of->encode(&b.k, str_of(school), &y);
	CHECK_EQ(x.n, y.n);
	CHECK(!memcmp(x.id, y.id, x.n * sizeof *x.id));
	mem_free(x.id);
	mem_free(y.id);
	unmake(&a);
	unmake(&b);
}

/* A damaged vocabulary is refused or works; ids that no coder writes are refused. */
static void test_damage(void **state)
{
	struct made m;
	struct rng r = rng_stream(9, "fold", 0);
	struct err e = { 0 };
	struct buf b = { 0 };

	(void)state;
	NEED_DICT();
	make(&m, &scheme_fold, FOLD_DEFAULT, 600, school, 30);
	for (int i = 0; i < 300; i++) {
		struct tokenizer t = m.t;
		struct err bad = { 0 };
		char *p = mem_alloc(t.extra.n, 1);

		memcpy(p, t.extra.p, t.extra.n);
		t.own = NULL;
		t.extra.p = p;
		p[rng_below(&r, t.extra.n)] ^= (char)(1 + rng_below(&r, 255));
		if (i % 3 == 0)
			t.extra.n = rng_below(&r, t.extra.n);
		if (!t.of->ready(&t, &bad)) {
			struct tokens_work k = { &t, t.of->work_open(&t) };
			struct ids ids = { 0 };

			t.of->encode(&k, str_of(school), &ids);
			b.n = 0;
			t.of->decode(&k, ids.id, ids.n, &b, &bad);
			CHECK_STR(buf_view(&b), school);
			mem_free(ids.id);
			t.of->work_close(k.own);
			t.of->close(&t);
		} else {
			CHECK(bad.code == ERR_FORMAT || bad.code == ERR_USAGE);
		}
		mem_free(p);
	}
	for (int i = 0; i < 3000; i++) {
		uint32_t id[6];

		for (int k = 0; k < 6; k++)
			id[k] = (uint32_t)rng_below(&r, m.t.n + 1);
		err_clear(&e);
		b.n = 0;
		enum status s = m.t.of->decode(&m.k, id, 6, &b, &e);

		CHECK(s == OK || (s == ERR_FORMAT && e.msg[0]));
	}
	buf_free(&b);
	unmake(&m);
}

static void test_long(void **state)
{
	struct buf b = { 0 };
	struct made m;

	(void)state;
	NEED_DICT();
	make(&m, &scheme_fold, FOLD_DEFAULT, 900, school, 30);
	for (int i = 0; i < 60000; i++)
		buf_str(&b, S("волк"));
	there_and_back(&m, buf_view(&b));
	b.n = 0;
	for (int i = 0; i < 300000; i++)
		buf_str(&b, S(". "));
	there_and_back(&m, buf_view(&b));
	b.n = 0;
	for (int i = 0; i < 3000; i++)	/* more than one piece */
		buf_str(&b, str_of(school));
	CHECK(there_and_back(&m, buf_view(&b)) * 3 < utf8_count(buf_view(&b)));
	buf_free(&b);
	unmake(&m);
}

/* ---- the lossy scheme ---------------------------------------------------------------------------------- */

static void test_lemmas(void **state)
{
	struct made m;
	struct ids ids = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };
	struct lemma_count c;

	(void)state;
	NEED_DICT();
	make(&m, &scheme_lemma, 0, 500, school, 30);
	m.t.of->encode(&m.k, S("Он не видел дороги, и пошёл к реке. Табакерка № 5!"), &ids);
	CHECK_EQ(m.t.of->decode(&m.k, ids.id, ids.n, &b, &e), OK);
	CHECK_STR(buf_view(&b), "видеть дорога пойти река табакерка 5");
	c = lemma_counts(&m.k);
	CHECK_EQ(c.words, 10);
	CHECK_EQ(c.kept, 6);
	CHECK_EQ(c.function, 3);
	CHECK_EQ(c.negations, 1);
	CHECK_EQ(c.pronouns, 1);
	CHECK_EQ(c.forms, 4);
	mem_free(ids.id);
	buf_free(&b);
	unmake(&m);
}

/* ---- golden cases -------------------------------------------------------------------------------------- */

static void list_forms(struct buf *out, const struct inflect *f, struct str lemma)
{
	struct arena a = arena_open("t");
	struct inflected *v;
	size_t n = inflect_forms(f, &v, lemma, &a);
	char room[160];

	buf_printf(out, STR_FMT ": %zu\n", STR_ARG(lemma), n);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "\t%d\t" STR_FMT "\t%s\t%s%s\n", v[i].lexeme + 1, STR_ARG(v[i].form),
		           pos_name(v[i].pos), gram_name(v[i].g, room, sizeof room),
		           v[i].guessed ? "\tguessed" : "");
	arena_close(&a);
}

static struct gram gram_of(struct str words, uint8_t *pos)
{
	struct str w;
	char tag[200] = "", *at = tag;

	*pos = 0;
	while (str_cut(&words, ' ', &w))
		for (int p = 0; p <= POS_APRO; p++)
			if (str_eq(w, str_of(pos_name(p))))
				*pos = (uint8_t)p;
			else if (p == 0 && w.n == 4)
				at += snprintf(at, 8, "%.*s,", (int)w.n, w.p);
	return tag_parse(str_of(tag)).g;
}

static void golden_lemmas(struct buf *out, struct str in)
{
	struct inflect *f = inflect_open(real.dict);
	struct arena a = arena_open("t");
	struct str line, word;

	while (str_cut(&in, '\n', &line)) {
		str_cut(&line, ' ', &word);
		if (str_eq(word, S("forms"))) {
			list_forms(out, f, line);
		} else if (str_eq(word, S("form"))) {
			struct str lemma, ask;
			uint8_t pos;

			str_cut(&line, ' ', &lemma);
			ask = line;
			struct gram g = gram_of(ask, &pos);
			struct str got = inflect_form(f, lemma, pos, g, &a);

			buf_printf(out, STR_FMT " " STR_FMT ": " STR_FMT "\n", STR_ARG(lemma), STR_ARG(ask), STR_ARG(got));
		}
	}
	arena_close(&a);
	inflect_close(f);
}

static void golden_text(struct buf *out, struct str in)
{
	struct buf text = { 0 };
	struct made m;
	struct str line;

	buf_str(&text, in);
	make(&m, &scheme_fold, FOLD_DEFAULT & ~FOLD_FUSE, 1500, text.p, 30);
	while (str_cut(&in, '\n', &line)) {
		names(out, &m, line, " ");
		buf_char(out, '\n');
	}
	there_and_back(&m, buf_view(&text));
	unmake(&m);
	buf_free(&text);
}

static void golden_any(struct buf *out, struct str in, const char *path)
{
	if (strstr(path, "lemmas"))
		golden_lemmas(out, in);
	else
		golden_text(out, in);
}

static void test_golden(void **state)
{
	(void)state;
	NEED_DICT();
	golden_folder("tests/golden/fold", golden_any, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form), cmocka_unit_test(test_one_form),
		cmocka_unit_test(test_odd), cmocka_unit_test(test_random),
		cmocka_unit_test(test_operators), cmocka_unit_test(test_same),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_long),
		cmocka_unit_test(test_lemmas), cmocka_unit_test(test_golden),
	};
	struct err e = { 0 };
	int failed;

	dictfile_open(&real, NULL, &e);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	dictfile_close(&real);
	return failed;
}
