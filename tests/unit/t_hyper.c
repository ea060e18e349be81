/* t_hyper.c - the hyperlexeme tokenizer: its paths against the plain definition, its training,
 * its file in hostile hands.
 *
 * What encoding should give is defined by `slow`: over bytes, every id at every place, the least
 * sum of prices, of equals the one whose last piece begins first. That is also what a Unigram
 * model with the exported scores does, so these tests prove the export.
 */
#include "check.h"
#include "tokens_file.h"
#include "words/hyper/hyper_in.h"

static const char page[] =
	"В конце концов он пожал плечами. — Не может быть! — сказал он и пожал плечами.\n"
	"В конце концов, подумал я, в самом деле, не может быть, чтобы он пожал плечами.\n"
	"— Может быть, — сказала она, — в самом деле так; в конце концов… Ёлка №7, 1829 год.\n"
	"«Не может быть!» — в самом деле, в конце концов он сказал: «The end». Она пожала плечами.\n";

static struct tokenizer *trained(uint32_t vocab)
{
	struct str text[3] = { S(page), S(page), S("") };
	struct tokens_plan p = { .scheme = TOKENS_HYPER, .vocab = vocab };
	struct err e = { 0 };
	struct tokenizer *t;

	CHECK_EQ(tokens_train(&t, &p, text, 3, NULL, &e), OK);
	return t;
}

/* ---- the definition ------------------------------------------------------------------------ */

static uint32_t price(const struct tokenizer *t, uint32_t id)
{
	const uint8_t *c = (const uint8_t *)t->extra.p + 2 * (size_t)id;
	bool letter = id >= 256;

	for (uint32_t i = 256; i < t->n && !letter && id < 128; i++)
		letter = memchr(t->piece[i].p, (int)id, t->piece[i].n) != NULL;
	return HYPER_PRICE + (letter ? c[0] | (uint32_t)c[1] << 8 : HYPER_EXTRA_MAX);
}

static void slow(const struct tokenizer *t, struct str text, struct ids *out)
{
	uint64_t *cost = mem_alloc(text.n + 1, sizeof *cost);
	uint32_t *by = mem_alloc(text.n + 1, sizeof *by), *all = mem_alloc(t->n, sizeof *all);

	for (uint32_t i = 0; i < t->n; i++)
		all[i] = price(t, i);
	for (size_t i = 1; i <= text.n; i++)
		cost[i] = UINT64_MAX;
	for (size_t i = 0; i < text.n; i++)
		for (uint32_t id = 0; id < t->n; id++) {
			struct str s = t->piece[id];

			if (!str_starts((struct str){ text.p + i, text.n - i }, s) ||
			    cost[i] + all[id] >= cost[i + s.n])
				continue;
			cost[i + s.n] = cost[i] + all[id];
			by[i + s.n] = id;
		}
	for (size_t i = text.n; i; i -= t->piece[by[i]].n)
		VEC_PUSH(out->id, out->n, out->cap) = by[i];
	for (size_t i = 0; i < out->n / 2; i++) {
		uint32_t x = out->id[i];

		out->id[i] = out->id[out->n - 1 - i];
		out->id[out->n - 1 - i] = x;
	}
	mem_free(cost);
	mem_free(by);
	mem_free(all);
}

static void same_as_slow(const struct tokenizer *t, struct tokens_work *k, struct str text)
{
	struct ids a = { 0 }, b = { 0 };
	struct buf back = { 0 };
	struct err e = { 0 };

	tokens_encode(k, text, &a);
	slow(t, text, &b);
	CHECK_EQ(a.n, b.n);
	CHECK(!a.n || !memcmp(a.id, b.id, a.n * sizeof *a.id));
	CHECK_EQ(tokens_decode(k, a.id, a.n, &back, &e), OK);
	CHECK(str_eq(buf_view(&back), text));
	mem_free(a.id);
	mem_free(b.id);
	buf_free(&back);
}

/* Any bytes, runes of the page in any order, or pieces of the page cut anywhere. */
static void random_text(struct buf *b, struct rng *r, size_t n)
{
	int temper = (int)rng_below(r, 3);

	b->n = 0;
	while (b->n < n) {
		size_t at = rng_below(r, sizeof page - 1), len = 1 + rng_below(r, 30);

		if (temper == 0)
			buf_char(b, (char)rng_below(r, 256));
		else if (temper == 1)
			buf_rune(b, rng_below(r, 40) ? 0x430 + (uint32_t)rng_below(r, 32) : (uint32_t)rng_below(r, 0x3000));
		else
			buf_add(b, page + at, at + len < sizeof page - 1 ? len : 1);
	}
}

static void paths_are_the_definition(void **state)
{
	struct tokenizer *t = trained(600);
	struct tokens_work *k = tokens_work_open(t);
	struct rng r = rng_stream(5, "hyper", 0);
	struct buf b = { 0 };

	(void)state;
	same_as_slow(t, k, S(page));
	same_as_slow(t, k, S(""));
	same_as_slow(t, k, S("\xD0"));
	same_as_slow(t, k, S("\xE0\x80\xB0\xC1\xBF\xED\xA0\x80\xF0\x9F\x98\x80\xD0\xD0\xBF"));
	for (int i = 0; i < 60; i++) {
		random_text(&b, &r, 1 + rng_below(&r, 300));
		same_as_slow(t, k, buf_view(&b));
	}
	random_text(&b, &r, 60000);	/* several windows */
	same_as_slow(t, k, buf_view(&b));
	buf_free(&b);
	tokens_work_close(k);
	tokens_close(t);
}

/* A tokenizer made by hand from a file form: bytes, then pieces with their c. */
static enum status by_hand(struct tokenizer **t, const struct str *piece, const uint16_t *c, uint32_t n,
                           size_t extra_cut, struct err *e)
{
	struct tokenizer x = { .scheme = TOKENS_HYPER, .n = 256 + n };
	struct str all[300];
	char byte[256], extra[600] = { 0 };
	struct buf file = { 0 };
	enum status st;

	for (int i = 0; i < 256; i++) {
		byte[i] = (char)i;
		all[i] = (struct str){ byte + i, 1 };
	}
	for (uint32_t i = 0; i < n; i++) {
		all[256 + i] = piece[i];
		extra[512 + 2 * i] = (char)c[i];
		extra[513 + 2 * i] = (char)(c[i] >> 8);
	}
	x.piece = all;
	x.extra = (struct str){ extra, 2 * (size_t)x.n - extra_cut };
	tokens_save(&x, &file);
	st = tokens_open(t, buf_view(&file), NULL, e);
	buf_free(&file);
	return st;
}

/* "aa" alone makes two ways that never meet: the window grows, and past its limit ends by force;
 * the fewest tokens come out all the same up to that limit. */
static void paths_that_never_meet(void **state)
{
	struct str piece[] = { S("aa"), S("aaa") };
	uint16_t c[] = { 7, 7 };
	struct tokenizer *t;
	struct err e = { 0 };

	(void)state;
	CHECK_EQ(by_hand(&t, piece, c, 2, 0, &e), OK);
	struct tokens_work *k = tokens_work_open(t);
	struct buf b = { 0 };
	struct ids ids = { 0 };

	while (b.n < 50000)
		buf_char(&b, 'a');
	same_as_slow(t, k, buf_view(&b));
	while (b.n < 900001)
		buf_char(&b, 'a');
	tokens_encode(k, buf_view(&b), &ids);
	CHECK(ids.n >= 300001 && ids.n <= 300001 + 4);
	struct buf back = { 0 };
	CHECK_EQ(tokens_decode(k, ids.id, ids.n, &back, &e), OK);
	CHECK(str_eq(buf_view(&back), buf_view(&b)));
	buf_free(&back);
	buf_free(&b);
	mem_free(ids.id);
	tokens_work_close(k);
	tokens_close(t);
}

static void refuses(const struct str *piece, const uint16_t *c, uint32_t n, size_t cut, const char *why)
{
	struct tokenizer *t;
	struct err e = { 0 };

	CHECK_EQ(by_hand(&t, piece, c, n, cut, &e), ERR_FORMAT);
	if (!strstr(e.msg, why))
		print_error("got: %s\n", e.msg);
	CHECK(strstr(e.msg, why));
}

static void hostile_files(void **state)
{
	uint16_t c[3] = { 1, 2, 3 }, dear[3] = { 1, 512, 3 };
	char longer[HYPER_PIECE_MAX + 1];

	(void)state;
	memset(longer, 'x', sizeof longer);
	refuses((struct str[]){ S("п"), S("\xD0"), S("по") }, c, 3, 0, "not UTF-8");
	refuses((struct str[]){ S("п"), S("по"), S("пп") }, c, 3, 0, "no piece by itself");
	refuses((struct str[]){ S("п"), S("пп"), S("пп") }, c, 3, 0, "stands twice");
	refuses((struct str[]){ S("ab"), S("a"), S("b") }, c, 3, 0, "stands twice");
	refuses((struct str[]){ S("ab"), S("bc"), S("cd") }, dear, 3, 0, "price of id 257");
	refuses((struct str[]){ S("ab"), S(""), S("cd") }, c, 3, 0, "not UTF-8");
	refuses((struct str[]){ S("ab"), S("😀"), S("cd") }, c, 3, 0, "above U+FFFF");
	refuses((struct str[]){ S("ab"), S("bc"), { longer, sizeof longer } }, c, 3, 0, "more than 48 letters");
	refuses((struct str[]){ S("ab"), S("bc"), S("cd") }, c, 3, 2, "prices of");
}

/* Random damage behind mended checksums: refused, or a tokenizer that still comes back. */
static void damaged_files(void **state)
{
	struct tokenizer *t = trained(400), *u;
	struct buf file = { 0 };
	struct rng r = rng_stream(9, "damage", 0);
	int opened = 0, refused = 0;

	(void)state;
	tokens_save(t, &file);
	for (int i = 0; i < 400; i++) {
		struct buf bad = { 0 };
		struct err e = { 0 };

		buf_str(&bad, buf_view(&file));
		for (int k = 0; k < 1 + i % 3; k++)
			bad.p[128 + rng_below(&r, bad.n - 128)] = (char)rng_below(&r, 256);
		tokens_mend(bad.p, bad.n);
		if (tokens_open(&u, buf_view(&bad), NULL, &e)) {
			CHECK_EQ(e.code, ERR_FORMAT);
			refused++;
		} else {
			struct tokens_work *k = tokens_work_open(u);

			same_as_slow(u, k, S(page));
			tokens_work_close(k);
			tokens_close(u);
			opened++;
		}
		buf_free(&bad);
	}
	CHECK(opened > 20 && refused > 20);
	buf_free(&file);
	tokens_close(t);
}

/* ---- training ------------------------------------------------------------------------------ */

static void chains_become_tokens(void **state)
{
	struct tokenizer *t = trained(900);
	struct tokens_work *k = tokens_work_open(t);
	struct ids ids = { 0 };

	(void)state;
	tokens_encode(k, S("в конце концов"), &ids);
	CHECK(ids.n <= 2);
	ids.n = 0;
	tokens_encode(k, S(" пожал плечами"), &ids);
	CHECK(ids.n <= 2);
	for (uint32_t i = 0; i < 256; i++)
		CHECK(t->piece[i].n == 1 && (uint8_t)t->piece[i].p[0] == i);
	CHECK(t->n <= 900);
	mem_free(ids.id);
	tokens_work_close(k);
	tokens_close(t);
}

static void same_texts_same_file(void **state)
{
	struct tokenizer *a = trained(500), *b = trained(500);
	struct buf x = { 0 }, y = { 0 };

	(void)state;
	tokens_save(a, &x);
	tokens_save(b, &y);
	CHECK(str_eq(buf_view(&x), buf_view(&y)));
	CHECK(a->n > 400 && a->n <= 500);
	buf_free(&x);
	buf_free(&y);
	tokens_close(a);
	tokens_close(b);
}

static void odd_texts(void **state)
{
	static const char binary[] = "\0\xFF\xFE\x80\0\xFF\xFE\x80\0\xFF\xFE\x80";
	struct str text[3][1] = { { S("") }, { { binary, sizeof binary } }, { S("аааааааааааааааааааа") } };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct tokens_plan p = { .scheme = TOKENS_HYPER, .vocab = TOKENS_VOCAB_MIN };
		struct err e = { 0 };
		struct tokenizer *t;

		CHECK_EQ(tokens_train(&t, &p, text[i], 1, NULL, &e), OK);
		struct tokens_work *k = tokens_work_open(t);
		same_as_slow(t, k, text[i][0]);
		same_as_slow(t, k, S(page));
		tokens_work_close(k);
		tokens_close(t);
	}
}

static void stops(void **state)
{
	const volatile int stop = 1;
	struct watch w = { .stop = &stop };
	struct str text = S(page);
	struct tokens_plan p = { .scheme = TOKENS_HYPER, .vocab = 500 };
	struct err e = { 0 };
	struct tokenizer *t;

	(void)state;
	CHECK_EQ(tokens_train(&t, &p, &text, 1, &w, &e), ERR_STOP);
	CHECK(!t);
}

/* The export has our pieces in our order with our prices. */
static void exports_its_prices(void **state)
{
	struct tokenizer *t = trained(400);
	struct buf json = { 0 };
	struct err e = { 0 };
	struct str rest;
	uint32_t id = 0;

	(void)state;
	CHECK_EQ(tokens_export(t, &json, &e), OK);
	CHECK(utf8_valid(buf_view(&json)));
	rest = buf_view(&json);
	for (struct str line; str_cut(&rest, '\n', &line);) {
		double score;

		if (!str_starts(line, S("[\"")))
			continue;
		while (line.n && *line.p != ',')
			line.p++, line.n--;
		while (line.n > 1 && line.p[1] != '-')	/* a piece may hold commas */
			do
				line.p++, line.n--;
			while (line.n && *line.p != ',');
		CHECK(str_f64((struct str){ line.p + 1, (size_t)((char *)memchr(line.p, ']', line.n) - line.p - 1) },
		              &score));
		CHECK_EQ(-score, price(t, id));
		id++;
	}
	CHECK_EQ(id, t->n);
	buf_free(&json);
	tokens_close(t);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(paths_are_the_definition), cmocka_unit_test(paths_that_never_meet),
		cmocka_unit_test(hostile_files), cmocka_unit_test(damaged_files),
		cmocka_unit_test(chains_become_tokens), cmocka_unit_test(same_texts_same_file),
		cmocka_unit_test(odd_texts), cmocka_unit_test(stops), cmocka_unit_test(exports_its_prices),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
