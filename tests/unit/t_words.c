/* t_words.c - the room of words: dictionary, readings, tokens, choice, names.
 *
 * A synthetic dictionary of six words serves what needs no real one; tests on the real
 * dictionary say SKIP when build/words.dict is not there.
 */
#include <dirent.h>
#include "check.h"
#include "synth_dict.h"
#include "words/words.h"
#include "words/tag/ud.h"
#include "words/dict/gramtag.h"
#include "io/dictfile.h"

static struct dictfile real;
#define NEED_DICT() do { if (!real.dict) { \
	print_message("SKIP: needs words.dict (make build/words.dict)\n"); skip(); } } while (0)

static struct dict *synth_open(struct buf *b)
{
	struct err e = { 0 };
	struct dict *d = NULL;

	synth_dict(b);
	CHECK_EQ(dict_open(&d, buf_view(b), &e), OK);
	return d;
}

/* "lemma POS gram p" of the k-th reading */
static struct str told(const struct dict *d, const char *form, int k, struct arena *a)
{
	struct reading r[READINGS_MAX];
	int n = dict_readings(d, str_of(form), r, a);
	char g[160];

	if (k >= n)
		return S("none");
	return str_printf(a, STR_FMT " %s %s", STR_ARG(r[k].lemma), pos_name(r[k].pos),
	                  gram_name(r[k].g, g, sizeof g));
}

static void test_synth(void **state)
{
	struct arena a = arena_open("t");
	struct buf b = { 0 };
	struct dict *d = synth_open(&b);
	struct reading r[READINGS_MAX];

	(void)state;
	CHECK_STR(told(d, "СТОЛА", 0, &a), "стол NOUN gent,sing,masc,inan");
	CHECK_STR(told(d, "мыла", 0, &a), "мыло NOUN gent,sing,neut,inan");
	CHECK_STR(told(d, "мыла", 1, &a), "мыть VERB sing,femn,past,indc,impf,tran");
	CHECK_EQ(dict_readings(d, S("мыла"), r, &a), 2);
	CHECK(r[0].p > 0.8 && r[0].p < 0.95);
	CHECK_NEAR(r[0].p + r[1].p, 1, 1e-5);
	dict_close(d);
	buf_free(&b);
	arena_close(&a);
}

static void test_yo(void **state)
{
	struct arena a = arena_open("t");
	struct buf b = { 0 };
	struct dict *d = synth_open(&b);
	struct reading r[READINGS_MAX];

	(void)state;
	CHECK_STR(told(d, "ежу", 0, &a), "ёж NOUN datv,sing,masc,inan");	/* е stands for ё */
	CHECK_EQ(dict_readings(d, S("ежа"), r, &a), 2);			/* ёжа, and ежа of ежо */
	CHECK_EQ(dict_readings(d, S("ёжа"), r, &a), 1);			/* ё is only ё */
	CHECK_STR(told(d, "ёжо", 0, &a), "ежо NOUN nomn,sing,neut,inan");	/* but better than nothing */
	dict_close(d);
	buf_free(&b);
	arena_close(&a);
}

static void test_predict(void **state)
{
	struct arena a = arena_open("t");
	struct buf b = { 0 };
	struct dict *d = synth_open(&b);
	struct reading r[READINGS_MAX];

	(void)state;
	CHECK_STR(told(d, "престола", 0, &a), "престол NOUN gent,sing,masc,inan");
	CHECK_STR(told(d, "фрадамы", 0, &a), "фрадама NOUN gent,sing,femn,anim");
	CHECK_STR(told(d, "мама-мама", 0, &a), "мама-мама NOUN nomn,sing,femn,anim");
	CHECK_STR(told(d, "столу-то", 0, &a), "стол NOUN datv,sing,masc,inan");
	CHECK_STR(told(d, "м-мама", 0, &a), "мама NOUN nomn,sing,femn,anim");
	CHECK_STR(told(d, "столъ", 0, &a), "стол NOUN nomn,sing,masc,inan");
	CHECK(dict_readings(d, S("фрадамы"), r, &a) >= 1 && r[0].unknown);
	CHECK_EQ(dict_readings(d, S("щ"), r, &a), 1);
	CHECK_EQ(dict_readings(d, S(""), r, &a), 1);
	dict_close(d);
	buf_free(&b);
	arena_close(&a);
}

static void test_gram_round_trip(void **state)
{
	struct tag t = tag_parse(S("NOUN,anim,masc,Ms-f,Surn plur,loct"));

	(void)state;
	CHECK_EQ(t.pos, POS_NOUN);
	CHECK_EQ(t.g.gender, 4);
	CHECK_EQ(t.g.name, WNAME_SURN);
	for (unsigned bit = 0; bit < 27; bit++) {
		uint32_t v = 1u << bit;

		CHECK_EQ(gram_pack(gram_unpack(v)), v);
	}
	char tiny[4];

	CHECK_EQ(strlen(gram_name(t.g, tiny, sizeof tiny)), 0);
	CHECK_STR(str_of(pos_name(POS_APRO)), "DET");
	CHECK_STR(str_of(pos_name(-1)), "X");
	CHECK_STR(str_of(pos_name(200)), "X");
}

/* ---- hostile dictionaries ------------------------------------------------------------------ */

/* Opens damaged bytes; whatever opens must answer. Returns 1 when it opened. */
static int attack(char *p, size_t n)
{
	struct err e = { 0 };
	struct dict *d;
	struct arena a = arena_open("t");
	struct reading r[READINGS_MAX];

	if (dict_open(&d, (struct str){ p, n }, &e)) {
		CHECK_EQ(e.code, ERR_FORMAT);
		arena_close(&a);
		return 0;
	}
	CHECK(dict_readings(d, S("мыла"), r, &a) >= 1);
	CHECK(dict_readings(d, S("бутямы"), r, &a) >= 1);
	CHECK(dict_readings(d, S("ежееее-ежа"), r, &a) >= 1);
	dict_close(d);
	arena_close(&a);
	return 1;
}

static void test_hostile(void **state)
{
	struct buf b = { 0 };
	struct rng rng = rng_stream(1, "t_words.hostile", 0);
	int opened = 0;

	(void)state;
	synth_dict(&b);
	char *p = mem_aligned(b.n + 64);

	for (size_t cut = 0; cut < b.n; cut += cut < 700 ? 1 : 97) {
		memcpy(p, b.p, b.n);
		CHECK_EQ(attack(p, cut), 0);
	}
	for (int i = 0; i < 300; i++) {		/* one flip anywhere is noticed */
		size_t at = rng_below(&rng, b.n);
		bool slack = true;

		memcpy(p, b.p, b.n);
		for (size_t k = at & ~(size_t)63; k < (at | 63) && k < b.n; k++)
			slack &= b.p[k] == 0;
		p[at] ^= (char)(1 + rng_below(&rng, 255));
		if (at >= 512 && b.p[at])	/* padding between sections is not covered */
			CHECK_EQ(attack(p, b.n), 0);
	}
	for (int i = 0; i < 600; i++) {		/* damage under right checksums never crashes */
		memcpy(p, b.p, b.n);
		for (int k = 0; k < 1 + i % 20; k++)
			p[64 + rng_below(&rng, b.n - 64)] = (char)rng_u64(&rng);
		synth_mend(p, b.n);
		opened += attack(p, b.n);
	}
	CHECK(opened > 10);		/* the damage did reach further than the door */
	mem_free(p);
	buf_free(&b);
}

static void test_sources(void **state)
{
	struct dict_source src = { 0 };
	struct buf out = { 0 };
	struct err e = { 0 };

	(void)state;
	CHECK_EQ(dict_build(&out, &src, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "words.dawg"));
	buf_free(&out);
}

/* ---- words of a text --------------------------------------------------------------------- */

static void tell(struct buf *out, const struct book *b, const struct words *w, bool flags)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct word *x = &w->w[i];
		char g[160];

		buf_printf(out, "%.*s\t" STR_FMT "\t%s\t%s", x->len, b->text.p + x->off,
		           STR_ARG(w->lemma[x->lemma].s), pos_name(x->pos),
		           gram_name(x->g, g, sizeof g));
		if (flags)
			buf_printf(out, "\t%s%s%s%s", x->flags & WORD_FIRST ? "first " : "",
			           x->flags & WORD_PROPER ? "name " : "",
			           x->flags & WORD_SPEECH ? "speech " : "",
			           x->flags & WORD_UNKNOWN ? "unknown " : "");
		while (out->n && (out->p[out->n - 1] == ' ' || out->p[out->n - 1] == '\t'))
			out->n--;
		buf_char(out, '\n');
	}
}

static void read_text(struct buf *out, const struct dict *d, struct word_cache *c,
                      struct str text)
{
	struct word_cache *own = c ? c : word_cache_open(d);
	struct arena a = arena_open("t");
	struct book b;
	struct words w;

	text_from_plain(&b, text, &a);
	words_read(&w, &b, own, &a);
	CHECK_EQ(w.n_sent, b.n_sent);
	CHECK_EQ(w.sent[w.n_sent], w.n);
	for (size_t i = 0; i < w.n; i++)
		CHECK(w.w[i].lemma < w.n_lemma && w.w[i].off + w.w[i].len <= b.text.n);
	tell(out, &b, &w, true);
	arena_close(&a);
	if (!c)
		word_cache_close(own);
}

static void test_tokens(void **state)
{
	struct buf b = { 0 }, out = { 0 };
	struct dict *d = synth_open(&b);

	(void)state;
	read_text(&out, d, NULL, S("Мама, м-м, 1,5 -- «стол»?!"));
	CHECK_STR(buf_view(&out),
		"Мама\tмама\tNOUN\tnomn,sing,femn,anim\tfirst\n"
		",\t,\tPUNCT\n"
		"м-м\tм-м\tNOUN\tnomn,sing,masc,anim\tunknown\n"
		",\t,\tPUNCT\n"
		"1,5\t1,5\tDIGIT\n"
		"--\t—\tPUNCT\n"
		"«\t«\tPUNCT\n"
		"стол\tстол\tNOUN\tnomn,sing,masc,inan\tspeech\n"
		"»\t»\tPUNCT\n"
		"?!\t?!\tPUNCT\n");
	dict_close(d);
	buf_free(&b);
	buf_free(&out);
}

static void test_empty(void **state)
{
	struct buf b = { 0 }, out = { 0 };
	struct dict *d = synth_open(&b);

	(void)state;
	read_text(&out, d, NULL, S(""));
	CHECK_EQ(out.n, 0);
	read_text(&out, d, NULL, S("***"));
	read_text(&out, d, NULL, S("\xFF\xFE мама\xC3"));
	dict_close(d);
	buf_free(&b);
	buf_free(&out);
}

static const char prose[] =
	"Анна Каренина вошла в комнату. Левин видел Кити и Левину.\n"
	"— Да, — сказал Иван Петрович, — мама мыла раму. — Он улыбнулся.\n"
	"Бутявка некузявая. Стали варить сталь; печь топили, пирог печь стали.\n";

/* What a cache has met before changes nothing. */
static void test_cache(void **state)
{
	struct buf cold = { 0 }, warm = { 0 }, other = { 0 };
	struct word_cache *c;

	(void)state;
	NEED_DICT();
	c = word_cache_open(real.dict);
	read_text(&cold, real.dict, NULL, str_of(prose));
	read_text(&other, real.dict, c, S("Левин Кити стали печь Анну. Пирог, мыла, бутявки! Он."));
	read_text(&warm, real.dict, c, str_of(prose));
	CHECK(str_eq(buf_view(&cold), buf_view(&warm)));
	CHECK(cold.n > 500);
	word_cache_close(c);
	buf_free(&cold);
	buf_free(&warm);
	buf_free(&other);
}

static void test_real_words(void **state)
{
	struct arena a = arena_open("t");

	(void)state;
	NEED_DICT();
	CHECK_STR(told(real.dict, "елка", 0, &a), "ёлка NOUN nomn,sing,femn,inan");
	CHECK_STR(told(real.dict, "по-деревенски", 0, &a), "по-деревенски ADV ");
	CHECK_STR(told(real.dict, "северо-восточными", 0, &a),
	          "северо-восточный ADJ ablt,plur");
	CHECK_STR(told(real.dict, "Ивановной", 0, &a), "ивановна NOUN ablt,sing,femn,anim,Patr");
	CHECK_STR(told(real.dict, "первому", 0, &a), "первый ADJ datv,sing,masc");
	CHECK_STR(told(real.dict, "счастьем", 0, &a), "счастье NOUN ablt,sing,neut,inan");
	CHECK_STR(told(real.dict, "читавшими", 0, &a),
	          "читать PART ablt,plur,past,impf,actv,tran");
	CHECK_STR(told(real.dict, "домѣ", 0, &a), "дом NOUN loct,sing,masc,inan");
	CHECK_STR(told(real.dict, "безсильнымъ", 0, &a), "бессильный ADJ ablt,sing,masc");
	arena_close(&a);
}

/* ---- Universal Dependencies ------------------------------------------------------------------ */

/* "form lemma UPOS FEATS" lines of a text. */
static void ud_text(struct buf *out, struct word_cache *c, struct str text, enum ud_style style)
{
	struct word_cache *own = c ? c : word_cache_open(real.dict);
	struct arena a = arena_open("t");
	struct buf lemma = { 0 };
	struct book b;
	struct words w;

	text_from_plain(&b, text, &a);
	words_read(&w, &b, own, &a);
	for (size_t i = 0; i < w.n; i++) {
		char feats[UD_TEXT_MAX];

		size_t n = ud_feats(feats, &w, i, b.text, style);

		CHECK_EQ(n, strlen(feats));
		ud_lemma_in(&lemma, &w, i, b.text, style);
		buf_printf(out, "%.*s %.*s %s %s\n", w.w[i].len, b.text.p + w.w[i].off,
		           (int)lemma.n, lemma.p, upos_name(ud_upos(&w, i, b.text, style)), feats);
	}
	buf_free(&lemma);
	arena_close(&a);
	if (!c)
		word_cache_close(own);
}

/* Does the text, read as UD, hold this line? */
static void says(const char *text, enum ud_style style, const char *line)
{
	struct buf out = { 0 };
	char want[300];

	ud_text(&out, NULL, str_of(text), style);
	snprintf(want, sizeof want, "%s\n", line);
	if (!strstr(out.p, want))
		fail_msg("no '%s' in:\n%.*s", line, (int)out.n, out.p);
	buf_free(&out);
}

static void test_ud(void **state)
{
	const enum ud_style t = UD_STYLE_TAIGA, g = UD_STYLE_GSD;

	(void)state;
	NEED_DICT();
	says("Мама мыла раму.", t, "раму рама NOUN Animacy=Inan|Case=Acc|Gender=Fem|Number=Sing");
	says("Мама мыла раму.", t, "мыла мыть VERB Aspect=Imp|Gender=Fem|Mood=Ind|Number=Sing|"
	     "Tense=Past|VerbForm=Fin|Voice=Act");
	says("Он её не видел.", t, "не не PART Polarity=Neg");
	says("Он её не видел.", t, "Он он PRON Case=Nom|Gender=Masc|Number=Sing|Person=3|PronType=Prs");
	says("Он её не видел.", g, "Он он PRON Case=Nom|Gender=Masc|Number=Sing|Person=3");
	/* names, abbreviations, numbers, Latin */
	says("В 2008 году он жил в Москве.", t, "Москве Москва PROPN "
	     "Animacy=Inan|Case=Loc|Gender=Fem|NameType=Geo|Number=Sing");
	says("В 2008 году он жил в Москве.", t, "2008 2008 ADJ NumForm=Digit|NumType=Ord");
	says("В 2008 году он жил в Москве.", g, "2008 2008 ADJ Case=Loc|Degree=Pos|Gender=Masc|Number=Sing");
	says("Родился в 1950 г. в Туле.", t, "г год NOUN Abbr=Yes");
	says("Родился в 1950 г. в Туле.", g, "г год NOUN Animacy=Inan|Case=Loc|Gender=Masc|Number=Sing");
	says("Он слушал The Beatles.", g, "Beatles Beatles X Foreign=Yes");
	says("Скидка 30 % сегодня.", g, "% процент-знак SYM _");
	/* old spelling, ё written е, unknown words, brackets and faces */
	says("Онъ увидѣлъ бѣлый домъ.", t, "увидѣлъ увидеть VERB Aspect=Perf|Gender=Masc|Mood=Ind|"
	     "Number=Sing|Tense=Past|VerbForm=Fin|Voice=Act");
	says("В саду росла елка.", t, "елка ёлка NOUN Animacy=Inan|Case=Nom|Gender=Fem|Number=Sing");
	says("Мы видели большую бутявку.", t,
	     "бутявку бутявка NOUN Animacy=Inan|Case=Acc|Gender=Fem|Number=Sing");
	says("Он (говорят) пришёл.", t, ") ) PUNCT _");
	CHECK_STR(str_of(upos_name(-5)), "X");
	CHECK_EQ(upos_find(S("NOUN")), UPOS_NOUN);
	CHECK_EQ(upos_find(S("NOMEN")), -1);
}

/* Any bytes are read, twice the same, whatever the cache has met. */
static void test_ud_hostile(void **state)
{
	struct rng r = rng_stream(3, "t_words.ud", 0);
	struct word_cache *warm;

	(void)state;
	NEED_DICT();
	warm = word_cache_open(real.dict);
	for (int round = 0; round < 60; round++) {
		struct buf text = { 0 }, x = { 0 }, y = { 0 };
		size_t n = rng_below(&r, 400);

		for (size_t i = 0; i < n; i++)
			switch (rng_below(&r, 4)) {
			case 0: buf_char(&text, (char)rng_below(&r, 256)); break;
			case 1: buf_char(&text, " .,:;!?()-@#'`=0123XIV"[rng_below(&r, 22)]); break;
			default: buf_rune(&text, 0x410 + (uint32_t)rng_below(&r, 64)); break;
			}
		ud_text(&x, NULL, buf_view(&text), UD_STYLE_GSD);
		ud_text(&y, warm, buf_view(&text), UD_STYLE_GSD);
		CHECK(str_eq(buf_view(&x), buf_view(&y)));
		buf_free(&text);
		buf_free(&x);
		buf_free(&y);
	}
	word_cache_close(warm);
}

/* ---- golden cases ---------------------------------------------------------------------------- */

static void golden(const char *in_path)
{
	struct buf in = { 0 }, want = { 0 }, got = { 0 };
	struct err e = { 0 };
	char out_path[4096];

	CHECK_EQ(file_read(&in, in_path, 1 << 20, &e), OK);
	read_text(&got, real.dict, NULL, buf_view(&in));
	snprintf(out_path, sizeof out_path, "%.*sout", (int)strlen(in_path) - 2, in_path);
	if (getenv("LTM_GOLDEN_WRITE"))
		CHECK_EQ(file_save(out_path, buf_view(&got), &e), OK);
	CHECK_EQ(file_read(&want, out_path, 1 << 20, &e), OK);
	if (!str_eq(buf_view(&want), buf_view(&got)))
		fail_msg("%s differs; got:\n%s", out_path, got.p);
	buf_free(&in);
	buf_free(&want);
	buf_free(&got);
}

static void test_golden(void **state)
{
	static const char dir[] = "tests/golden/words";
	struct dirent **v;
	char path[4096];
	int n, done = 0;

	(void)state;
	NEED_DICT();
	n = scandir(dir, &v, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, v[i]->d_name);
		if (str_ends(str_of(path), S(".in"))) {
			golden(path);
			done++;
		}
		free(v[i]);
	}
	CHECK(done >= 4);
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_synth),
		cmocka_unit_test(test_yo),
		cmocka_unit_test(test_predict),
		cmocka_unit_test(test_gram_round_trip),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_real_words),
		cmocka_unit_test(test_ud),
		cmocka_unit_test(test_ud_hostile),
		cmocka_unit_test(test_golden),
	};
	struct err e = { 0 };
	int failed;

	if (dictfile_open(&real, NULL, &e))
		fprintf(stderr, "t_words: %s\n", e.msg);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (real.dict)
		dictfile_close(&real);
	return failed;
}
