/* t_glyphs.c - glyph lines: every skeleton comes back from its line, patterns find what they
 * say, errors name the column, the alias table holds a million lemmas.
 */
#include "golden.h"

#include <time.h>

#include "glyphs/glyphs.h"

static bool same(const struct skeleton *a, const struct skeleton *b)
{
	if (a->n_actor != b->n_actor || !str_eq(a->field, b->field) || a->tension != b->tension ||
	    a->resolution != b->resolution)
		return false;
	for (int i = 0; i < a->n_actor; i++)
		if (!str_eq(a->actor[i], b->actor[i]))
			return false;
	return true;
}

/* ---- round trip ---------------------------------------------------------------------- */

static const char *const odd[] = {
	"", " ", "0", "00", "ученик", "ёж", "Ёж", "еж", "ель", "объём", "Петров-Водкин", "я", "Я",
	"в конце концов", "U", "UC", "A*B", "_", "#", "→", "->", "⟨ученик⟩", "\"кавычки\"", "«ёлочки»",
	"'", "\\", "iPhone", "Ångström", "北京", "\xF0\x9F\x98\x80", "\n", "\t", "123", "дом2", "X", "ъ",
	"Анна Каренина", "naïve", "\x01", "й", "щука", "щи", "?", "…", "null",
};
enum { ODD = sizeof odd / sizeof *odd };

static struct str any_lemma(struct rng *r, struct arena *a)
{
	struct buf b = { 0 };
	struct str s;
	uint64_t kind = rng_below(r, 20);

	if (kind < 8)
		return str_of(odd[rng_below(r, ODD)]);
	if (kind == 8)
		return (struct str){ "a\0b", 3 };
	if (kind == 9)
		for (int i = 0; i < 3000; i++)
			buf_str(&b, S("очень"));
	for (uint64_t n = 1 + rng_below(r, 12); n; n--)
		buf_rune(&b, 0x430 + (uint32_t)rng_below(r, 33));
	s = str_copy(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static void any_skeleton(struct skeleton *k, struct rng *r, struct arena *a)
{
	memset(k, 0, sizeof *k);
	k->n_actor = (int)rng_below(r, ACTORS_MAX + 1);
	for (int i = 0; i < k->n_actor; i++)
		k->actor[i] = i && !rng_below(r, 6) ? k->actor[0] : any_lemma(r, a);
	k->field = any_lemma(r, a);
	k->tension = (uint8_t)rng_below(r, (uint64_t)kind_count(SC_TENSION) + 1);
	k->resolution = (uint8_t)rng_below(r, (uint64_t)kind_count(SC_RESOLUTION) + 1);
}

static struct str ascii_arrow(struct arena *a, struct str line)
{
	const char *at = memmem(line.p, line.n, "→", 3);

	return str_printf(a, "%.*s->%.*s", (int)(at - line.p), line.p,
	                  (int)(line.p + line.n - at - 3), at + 3);
}

static void test_round_trip(void **state)
{
	struct rng r = rng_stream(3, "t_glyphs", 0);
	struct arena a = arena_open("test");
	struct aliases *t = aliases_open(), *again = aliases_open();
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct skeleton k, back;
		struct pattern p;
		struct buf line = { 0 }, twin = { 0 };

		any_skeleton(&k, &r, &a);
		glyph_encode(&line, &k, t);
		glyph_encode(&twin, &k, again);
		CHECK(str_eq(buf_view(&line), buf_view(&twin)));
		if (glyph_decode(&back, buf_view(&line), t, &e))
			fail_msg("%s: %s", line.p, e.msg);
		CHECK(same(&k, &back));
		CHECK_EQ(glyph_decode(&back, ascii_arrow(&a, buf_view(&line)), t, &e), OK);
		CHECK(same(&k, &back));
		CHECK_EQ(pattern_parse(&p, buf_view(&line), t, &a, &e), OK);
		CHECK(pattern_match(&p, &k));
		buf_free(&line);
		buf_free(&twin);
	}
	aliases_close(t);
	aliases_close(again);
	arena_close(&a);
}

/* ---- aliases ------------------------------------------------------------------------- */

static void test_choice(void **state)
{
	static const char *const want[][2] = {
		{ "ученик", "U" }, { "учитель", "UC" }, { "улица", "UL" }, { "учёба", "UCB" },
		{ "учение", "UCN" }, { "я", "Y" }, { "", "X" }, { "ъь", "X2" }, { "123", "X3" },
		{ "Latin", "L" }, { "подпол", "P" }, { "поле", "PL" }, { "пол", "PO" },
	};
	struct aliases *t = aliases_open();

	(void)state;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof want / sizeof *want; i++)
			CHECK_STR(aliases_add(t, str_of(want[i][0])), want[i][1]);
	CHECK_EQ(aliases_count(t), sizeof want / sizeof *want);
	CHECK_STR(aliases_lemma(t, S("UC")), "учитель");
	CHECK_STR(aliases_lemma(t, S("ZZ")), "");
	CHECK_STR(aliases_alias(t, S("нет такого")), "");
	aliases_close(t);
}

static void test_put(void **state)
{
	struct aliases *t = aliases_open(), *copy = aliases_open();
	struct err e = { 0 };
	struct str lemma, alias;

	(void)state;
	CHECK_EQ(aliases_put(t, S("ученик"), S("UC"), &e), OK);
	CHECK_EQ(aliases_put(t, S("учитель"), S("UC"), &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "given twice"));
	err_clear(&e);
	CHECK_EQ(aliases_put(t, S("ученик"), S("U"), &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "two aliases"));
	static const char *const bad[] = { "", "0", "u", "1A", "A-B", "Ж",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		err_clear(&e);
		CHECK_EQ(aliases_put(t, S("новый"), str_of(bad[i]), &e), ERR_FORMAT);
		CHECK(strstr(e.msg, "is no alias"));
	}
	err_clear(&e);
	for (int i = 2; i < 1000; i++) {
		char text[16];

		snprintf(text, sizeof text, "UC%d", i);
		CHECK_EQ(aliases_put(t, str_of(text), str_of(text), &e), OK);
	}
	for (size_t i = 0; i < aliases_count(t); i++) {
		aliases_get(t, i, &lemma, &alias);
		CHECK_EQ(aliases_put(copy, lemma, alias, &e), OK);
	}
	CHECK(str_eq(aliases_add(t, S("чаща")), aliases_add(copy, S("чаща"))));
	aliases_close(t);
	aliases_close(copy);
}

static void test_million(void **state)
{
	struct aliases *t = aliases_open();
	clock_t from = clock();
	size_t longest = 0, bytes = 0;
	char lemma[40];
	double seconds;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		struct buf b = { 0 };

		for (int n = i; n || !b.n; n /= 32)
			buf_rune(&b, 0x430 + (uint32_t)(n % 32));
		snprintf(lemma, sizeof lemma, "%s", b.p);
		buf_free(&b);
		struct str s = aliases_add(t, str_of(lemma));
		bytes += s.n;
		longest = s.n > longest ? s.n : longest;
	}
	seconds = (double)(clock() - from) / CLOCKS_PER_SEC;
	print_message("1,000,000 aliases: %.2f s, %.1f letters a piece, at most %zu\n", seconds,
	              (double)bytes / 1e6, longest);
	CHECK_EQ(aliases_count(t), 1000000);
	CHECK(longest <= 9);
	CHECK(seconds < 30);
	aliases_close(t);
}

/* ---- patterns ------------------------------------------------------------------------ */

/* What a pattern means, by trying every way to give actors to its items. */
static bool assign(const struct pattern *p, const struct skeleton *k, int i, unsigned used)
{
	if (i == p->n_actor || i == ACTORS_MAX)
		return p->more_actors || used == (1u << k->n_actor) - 1;
	for (int j = 0; j < k->n_actor; j++)
		if (!(used & 1u << j) && (p->actor[i].any || str_eq(p->actor[i].s, k->actor[j])) &&
		    assign(p, k, i + 1, used | 1u << j))
			return true;
	return false;
}

static bool means(const struct pattern *p, const struct skeleton *k)
{
	return assign(p, k, 0, 0) && (p->any_field || str_eq(p->field, k->field)) &&
	       (p->any_tension || p->tension == k->tension) &&
	       (p->any_resolution || p->resolution == k->resolution);
}

static void test_patterns_mean(void **state)
{
	static const struct str few[] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };
	struct rng r = rng_stream(4, "t_glyphs", 1);
	int yes = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		struct pattern p = { .n_actor = (int)rng_below(&r, 5), .more_actors = rng_below(&r, 2),
			.any_field = rng_below(&r, 2), .any_tension = rng_below(&r, 2),
			.any_resolution = rng_below(&r, 2), .field = few[rng_below(&r, 2)],
			.tension = (uint8_t)rng_below(&r, 2), .resolution = (uint8_t)rng_below(&r, 2) };
		struct skeleton k = { .n_actor = (int)rng_below(&r, 5), .field = few[rng_below(&r, 2)],
			.tension = (uint8_t)rng_below(&r, 2), .resolution = (uint8_t)rng_below(&r, 2) };

		for (int j = 0; j < ACTORS_MAX; j++) {
			p.actor[j].any = rng_below(&r, 2);
			p.actor[j].s = few[rng_below(&r, 3)];
			k.actor[j] = few[rng_below(&r, 3)];
		}
		CHECK_EQ(pattern_match(&p, &k), means(&p, &k));
		yes += means(&p, &k);
	}
	CHECK(yes > 1000);
}

static void matches(const char *pattern, const char *line, bool want)
{
	struct aliases *t = aliases_open();
	struct arena a = arena_open("test");
	struct err e = { 0 };
	struct skeleton k;
	struct pattern p;

	aliases_put(t, S("ученик"), S("U"), &e);
	aliases_put(t, S("зеркало"), S("Z"), &e);
	aliases_put(t, S("мастерская"), S("M"), &e);
	aliases_put(t, S("а⟩б"), S("Q"), &e);
	if (glyph_decode(&k, str_of(line), t, &e) || pattern_parse(&p, str_of(pattern), t, &a, &e))
		fail_msg("%s, %s: %s", pattern, line, e.msg);
	if (pattern_match(&p, &k) != want)
		fail_msg("%s and %s", pattern, line);
	arena_close(&a);
	aliases_close(t);
}

static void test_patterns(void **state)
{
	(void)state;
	matches("U*?_?#L→U", "U*Z_M#L→U", true);
	matches("U*?_?#L→U", "Z*U_0#L→U", true);
	matches("U*?_?#L→U", "U_M#L→U", false);
	matches("U*?_?#L→U", "U*Z*M_M#L→U", false);
	matches("U*?_?#L→U", "U*Z_M#L→S", false);
	matches("U*…_?#?→?", "U_M#L→U", true);
	matches("U*..._?#?->?", "Z*M*U_M#0→0", true);
	matches("U*…_?#?→?", "Z_M#L→U", false);
	matches("…_?#?→?", "0_0#0→0", true);
	matches("0_?#?→?", "0_M#R→S", true);
	matches("0_?#?→?", "U_M#R→S", false);
	matches("?_0#?→?", "U_0#R→S", true);
	matches("?_0#?→?", "U_M#R→S", false);
	matches("?_?#0→?", "U_M#R→S", false);
	matches("⟨ученик⟩*Z_<мастерская>#R→S", "Z*U_M#R→S", true);
	matches("⟨а\\⟩б⟩_?#?→?", "Q_M#R→S", true);
	matches("⟨Ученик⟩*…_?#?→?", "U_M#R→S", false);
	matches("U*U_?#?→?", "U*Z_M#R→S", false);
	matches("U*U_?#?→?", "U*U_M#R→S", true);
}

/* ---- golden lines -------------------------------------------------------------------- */

static void show_skeleton(struct buf *out, const struct skeleton *k)
{
	for (int i = 0; i < k->n_actor; i++)
		buf_printf(out, "%s" STR_FMT, i ? ", " : "", STR_ARG(k->actor[i]));
	buf_printf(out, " | " STR_FMT " | " STR_FMT " | " STR_FMT "\n", STR_ARG(k->field),
	           STR_ARG(kind_get(SC_TENSION, k->tension)->name),
	           STR_ARG(kind_get(SC_RESOLUTION, k->resolution)->name));
}

/* "alias A lemma" fills the table; "line L" is read; "find P" becomes the pattern that all
 * later lines are tried with. */
static void golden_line(struct buf *out, struct str text, struct aliases *t, struct pattern *p,
                        bool *has_p, struct arena *a)
{
	struct str verb = S(""), alias;
	struct err e = { 0 };
	struct skeleton k;

	str_cut(&text, ' ', &verb);
	if (str_eq(verb, S("alias"))) {
		str_cut(&text, ' ', &alias);
		aliases_put(t, text, alias, &e);
	} else if (str_eq(verb, S("line"))) {
		if (!glyph_decode(&k, text, t, &e)) {
			buf_printf(out, "%s", *has_p ? pattern_match(p, &k) ? "+ " : "- " : "");
			show_skeleton(out, &k);
		}
	} else if (str_eq(verb, S("find"))) {
		*has_p = !pattern_parse(p, text, t, a, &e);
		buf_printf(out, STR_FMT "\n", STR_ARG(text));
	}
	if (e.code)
		buf_printf(out, "%s: %s\n", text.n ? text.p : "", e.msg);
}

static void golden(struct buf *got, struct str rest, const char *in_path)
{
	struct aliases *t = aliases_open();
	struct arena a = arena_open("golden");
	struct pattern p;
	struct str line;
	bool has_p = false;

	(void)in_path;
	while (str_cut(&rest, '\n', &line))
		golden_line(got, str_copy(&a, line), t, &p, &has_p, &a);
	arena_close(&a);
	aliases_close(t);
}

static void test_golden(void **state)
{
	(void)state;
	golden_folder("tests/golden/glyphs", golden, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_patterns_mean),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
