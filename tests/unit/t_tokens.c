/* t_tokens.c - tokenizers: one interface, the file, byte-pair encoding within pre-tokens and
 * within morphemes.
 *
 * Small tokenizers are trained here on a page of text. What encoding should give is defined by
 * `slow`: the lowest merge, leftmost first, found anew each time, without table, heap or cache.
 */
#include <dirent.h>
#include "check.h"
#include "tokens_file.h"
#include "io/scenes/json.h"
#include "io/tokenfile.h"
#include "words/tokens/bpe.h"
#include "words/morph/morph.h"

static const char page[] =
	"Мороз и солнце; день чудесный! Ещё ты дремлешь, друг прелестный — пора, красавица, проснись: "
	"открой сомкнуты негой взоры навстречу северной Авроры, звездою севера явись!\n"
	"Вечор, ты помнишь, вьюга злилась, на мутном небе мгла носилась; луна, как бледное пятно, сквозь "
	"тучи мрачные желтела, и ты печальная сидела — а нынче… погляди в окно: под голубыми небесами "
	"великолепными коврами, блестя на солнце, снег лежит; прозрачный лес один чернеет, и ель сквозь "
	"иней зеленеет, и речка подо льдом блестит. В 1829 году, 3 ноября — «Зимнее утро»…\n\n"
	"   Вся комната янтарным блеском озарена. Весёлым треском трещит затопленная печь. The quick brown "
	"fox, the quick brown dog; 12345 678 90.  Кто-нибудь что-то где-то видел-таки?!\n";

static struct tokenizer *trained(enum tokens_scheme s, uint32_t vocab)
{
	struct str text[3] = { S(page), S(page), S("") };
	struct tokens_plan p = { .scheme = s, .vocab = vocab };
	struct err e = { 0 };
	struct tokenizer *t;

	CHECK_EQ(tokens_train(&t, &p, text, 3, NULL, &e), OK);
	return t;
}

static void there_and_back(struct tokens_work *k, struct str text)
{
	struct ids ids = { 0 };
	struct buf back = { 0 };
	struct err e = { 0 };

	tokens_encode(k, text, &ids);
	CHECK_EQ(tokens_decode(k, ids.id, ids.n, &back, &e), OK);
	CHECK(str_eq(buf_view(&back), text));
	CHECK(ids.n <= text.n);
	mem_free(ids.id);
	buf_free(&back);
}

/* Random bytes of several tempers: any, letters of the page cut anywhere, few kinds repeated. */
static struct str random_text(struct rng *r, struct buf *b)
{
	size_t n = rng_below(r, 3000);
	int temper = (int)rng_below(r, 3);

	b->n = 0;
	while (b->n < n) {
		if (temper == 0) {
			buf_char(b, (char)rng_below(r, 256));
		} else if (temper == 1) {
			size_t at = rng_below(r, sizeof page - 1), k = rng_below(r, 9);

			buf_add(b, page + at, at + k < sizeof page ? k : 0);
			if (!k)
				buf_char(b, (char)rng_below(r, 256));
		} else {
			buf_char(b, "\xd0\xbe \n-a1"[rng_below(r, 7)]);
		}
	}
	return buf_view(b);
}

/* ---- pre-tokens ------------------------------------------------------------------------ */

/* The pre-tokens of a text joined by '|', line ends as ^. */
static struct str cut(struct str s, struct arena *a)
{
	struct buf b = { 0 };
	struct str out;

	while (s.n) {
		size_t n = pretoken(s);

		CHECK(n >= 1 && n <= s.n && n <= PRETOKEN_MAX);
		for (size_t i = 0; i < n; i++)
			buf_char(&b, s.p[i] == '\n' ? '^' : s.p[i]);
		buf_char(&b, '|');
		s.p += n;
		s.n -= n;
	}
	out = str_copy(a, buf_view(&b));
	buf_free(&b);
	return out;
}

static void test_pretokens(void **state)
{
	struct arena a = arena_open("test");

	(void)state;
	CHECK_STR(cut(S("Ученик смотрит."), &a), "Ученик| смотрит|.|");
	CHECK_STR(cut(S("«Так!» — сказал он.\n\nДа"), &a), "«Так|!»| —| сказал| он|.^^|Да|");
	CHECK_STR(cut(S("что-то, где\t12345 год"), &a), "что|-то|,| где|\t|123|45| год|");
	CHECK_STR(cut(S("a  b   \n  c  "), &a), "a| | b|   ^| | c|  |");
	CHECK_STR(cut(S(" (слово) (x)"), &a), " (|слово|)| (|x|)|");
	CHECK_STR(cut(S("е\xcc\x81ж \xc2\xa0\xc2\xa0я"), &a), "е\xcc\x81ж| \xc2\xa0|\xc2\xa0|я|");
	CHECK_STR(cut(S("\xff\xd0 \xd0\xd0\xbe"), &a), "\xff\xd0| \xd0|о|");
	CHECK_STR(cut(S("١٢٣٤ Ⅳ漢字"), &a), "١٢٣|٤| Ⅳ|漢字|");
	CHECK_STR(cut(S(""), &a), "");
	arena_close(&a);
}

static void test_long_runs(void **state)
{
	static const char *const unit[] = { "я", " ", "-", "7", "\n", "\xff", "\xe2\x80\x83", "漢" };
	struct tokenizer *t = trained(TOKENS_BYTE, 400);
	struct tokens_work *k = tokens_work_open(t);

	(void)state;
	for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
		struct buf b = { 0 };
		struct str rest;

		while (b.n < 3 * PRETOKEN_MAX + 5)
			buf_str(&b, str_of(unit[i]));
		there_and_back(k, buf_view(&b));
		for (rest = buf_view(&b); rest.n;) {
			size_t n = pretoken(rest);

			CHECK(n >= 1 && n <= PRETOKEN_MAX && n <= rest.n);
			CHECK(n % strlen(unit[i]) == 0 || n == rest.n);
			rest.p += n;
			rest.n -= n;
		}
		buf_free(&b);
	}
	tokens_work_close(k);
	tokens_close(t);
}

/* ---- merging --------------------------------------------------------------------------- */

static size_t slow(const struct tokenizer *t, const uint8_t *p, size_t n, uint32_t *id)
{
	for (size_t i = 0; i < n; i++)
		id[i] = p[i];
	for (;;) {
		uint32_t best = UINT32_MAX;
		size_t at = 0;

		for (size_t i = 0; i + 1 < n; i++)
			for (uint32_t k = 0; k < t->n - 256 && 256 + k < best; k++) {
				struct merge m = bpe_merge_at(t, k);

				if (m.a == id[i] && m.b == id[i + 1]) {
					best = 256 + k;
					at = i;
				}
			}
		if (best == UINT32_MAX)
			return n;
		id[at] = best;
		memmove(id + at + 1, id + at + 2, (--n - at - 1) * sizeof *id);
	}
}

/* Words short and long, by the table and by the definition. */
static void test_merging(void **state)
{
	struct tokenizer *t = trained(TOKENS_BYTE, 700);
	struct merge *v = mem_alloc(t->n, sizeof *v);
	struct merge_work *w = merge_work_open();
	struct rng r = rng_stream(1, "t_tokens.merging", 0);
	struct buf b = { 0 };
	struct merges m;
	uint32_t fast[3000], want[3000];

	(void)state;
	for (uint32_t k = 0; k < t->n - 256; k++)
		v[k] = bpe_merge_at(t, k);
	merges_init(&m, v, t->n - 256);
	for (int i = 0; i < 150; i++) {
		struct str s = random_text(&r, &b);

		s.n = s.n > 300 ? 20 + s.n % 280 : s.n;
		if (!s.n)
			continue;
		size_t n = merges_word(&m, w, (const uint8_t *)s.p, s.n, fast);

		CHECK_EQ(slow(t, (const uint8_t *)s.p, s.n, want), n);
		CHECK(!memcmp(fast, want, n * sizeof *fast));
	}
	buf_free(&b);
	mem_free(v);
	merges_clear(&m);
	merge_work_close(w);
	tokens_close(t);
}

/* What is trained first is what stands most often; equal counts go to the lower ids. */
static void test_training(void **state)
{
	struct str text = S("abab abab abab cd cd zz ");
	struct tokens_plan p = { .scheme = TOKENS_BYTE, .vocab = 300 };
	struct err e = { 0 };
	struct tokenizer *t;

	(void)state;
	CHECK_EQ(tokens_train(&t, &p, &text, 1, NULL, &e), OK);
	CHECK_STR(tokens_piece(t, 256), "ab");
	CHECK_STR(tokens_piece(t, 257), "abab");
	CHECK_STR(tokens_piece(t, 258), " c");
	CHECK_STR(tokens_piece(t, 259), " abab");
	CHECK_STR(tokens_piece(t, 260), " cd");
	CHECK_EQ(tokens_vocab(t), 261);		/* " zz" stands once */
	CHECK_STR(tokens_piece(t, 261), "");
	tokens_close(t);
	p.vocab = 299;
	CHECK_EQ(tokens_train(&t, &p, &text, 1, NULL, &e), ERR_USAGE);
	CHECK(!t);
	err_clear(&e);
	p = (struct tokens_plan){ .scheme = TOKENS_BYTE, .vocab = TOKENS_VOCAB_MAX + 1 };
	CHECK_EQ(tokens_train(&t, &p, &text, 1, NULL, &e), ERR_USAGE);
	err_clear(&e);
	p.scheme = (enum tokens_scheme)77;
	CHECK_EQ(tokens_train(&t, &p, &text, 1, NULL, &e), ERR_USAGE);
}

static void test_training_stops(void **state)
{
	struct str text = S(page);
	volatile int stop = 1;
	struct watch w = { .stop = &stop };
	struct err e = { 0 };
	struct tokenizer *t;

	(void)state;
	for (enum tokens_scheme s = TOKENS_BYTE; s <= TOKENS_MORPH; s++) {
		struct tokens_plan p = { .scheme = s, .vocab = 600 };

		err_clear(&e);
		CHECK_EQ(tokens_train(&t, &p, &text, 1, &w, &e), ERR_STOP);
		CHECK(!t);
	}
}

static void test_no_texts(void **state)
{
	struct tokens_plan p = { .scheme = TOKENS_BYTE, .vocab = 600 };
	struct err e = { 0 };
	struct tokenizer *t;

	(void)state;
	CHECK_EQ(tokens_train(&t, &p, NULL, 0, NULL, &e), OK);
	CHECK_EQ(tokens_vocab(t), 256);
	tokens_close(t);
}

/* ---- there and back -------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
	struct rng r = rng_stream(1, "t_tokens.round", 0);
	struct buf b = { 0 };

	(void)state;
	for (enum tokens_scheme s = TOKENS_BYTE; s <= TOKENS_MORPH; s++) {
		struct tokenizer *t = trained(s, 700);
		struct tokens_work *k = tokens_work_open(t);

		there_and_back(k, S(""));
		there_and_back(k, S(page));
		there_and_back(k, S("\xd0"));
		there_and_back(k, (struct str){ "a\0\0b\0", 5 });
		for (int i = 0; i < 400; i++)
			there_and_back(k, random_text(&r, &b));
		tokens_work_close(k);
		tokens_close(t);
	}
	buf_free(&b);
}

/* A cache full of other words gives the ids that an empty one gives. */
static void test_cache(void **state)
{
	struct tokenizer *t = trained(TOKENS_MORPH, 500);
	struct tokens_work *old = tokens_work_open(t);
	struct rng r = rng_stream(2, "t_tokens.cache", 0);
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct str s = random_text(&r, &b);
		struct tokens_work *fresh = tokens_work_open(t);
		struct ids x = { 0 }, y = { 0 };

		tokens_encode(old, s, &x);
		tokens_encode(fresh, s, &y);
		CHECK_EQ(x.n, y.n);
		CHECK(!x.n || !memcmp(x.id, y.id, x.n * sizeof *x.id));
		mem_free(x.id);
		mem_free(y.id);
		tokens_work_close(fresh);
	}
	buf_free(&b);
	tokens_work_close(old);
	tokens_close(t);
}

static void test_decode_refuses(void **state)
{
	struct tokenizer *t = trained(TOKENS_BYTE, 300);
	struct tokens_work *k = tokens_work_open(t);
	uint32_t id[] = { 65, 300 };
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	CHECK_EQ(tokens_decode(k, id, 2, &b, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "300"));
	buf_free(&b);
	tokens_work_close(k);
	tokens_close(t);
}

/* No token of MORPH holds a border of morphemes. */
static void test_morphemes(void **state)
{
	struct tokenizer *t = trained(TOKENS_MORPH, 2000);
	struct tokens_work *k = tokens_work_open(t);
	struct str rest = S(page);

	(void)state;
	while (rest.n) {
		struct str pre = { rest.p, pretoken(rest) };
		uint32_t end[PARTS_MAX];
		size_t parts = bpe_parts(pre, end), at = 0, part = 0;
		struct ids ids = { 0 };

		tokens_encode(k, pre, &ids);
		CHECK_EQ(end[parts - 1], pre.n);
		for (size_t i = 0; i < ids.n; i++) {
			at += tokens_piece(t, ids.id[i]).n;
			CHECK(at <= end[part]);
			part += at == end[part];
		}
		CHECK_EQ(part, parts);
		mem_free(ids.id);
		rest.p += pre.n;
		rest.n -= pre.n;
	}
	tokens_work_close(k);
	tokens_close(t);
}

/* ---- the file -------------------------------------------------------------------------- */

static void test_file(void **state)
{
	(void)state;
	for (enum tokens_scheme s = TOKENS_BYTE; s <= TOKENS_MORPH; s++) {
		struct tokenizer *t = trained(s, 600), *u;
		struct buf a = { 0 }, b = { 0 };
		struct err e = { 0 };

		tokens_save(t, &a);
		CHECK_EQ(tokens_peek(buf_view(&a)), s);
		CHECK_EQ(tokens_open(&u, buf_view(&a), NULL, &e), OK);
		CHECK_EQ(tokens_vocab(u), tokens_vocab(t));
		CHECK_EQ(tokens_scheme(u), s);
		tokens_save(u, &b);
		CHECK(str_eq(buf_view(&a), buf_view(&b)));
		tokens_close(t);
		tokens_close(u);
		t = trained(s, 600);	/* training again gives the same bytes */
		b.n = 0;
		tokens_save(t, &b);
		CHECK(str_eq(buf_view(&a), buf_view(&b)));
		tokens_close(t);
		buf_free(&a);
		buf_free(&b);
	}
}

static void refused(struct buf *b, size_t n)
{
	struct tokenizer *t;
	struct err e = { 0 };

	CHECK_EQ(tokens_open(&t, (struct str){ b->p, n }, NULL, &e), ERR_FORMAT);
	CHECK(!t && e.msg[0]);
}

/* Every byte flipped is found; every length but the whole is refused. */
static void test_damage(void **state)
{
	struct tokenizer *t = trained(TOKENS_MORPH, 330);
	struct buf b = { 0 };
	size_t unseen = 0;

	(void)state;
	tokens_save(t, &b);
	for (size_t i = 0; i < b.n; i++) {
		struct tokenizer *u = NULL;
		struct err e = { 0 };

		b.p[i] ^= 0x40;
		if (!tokens_open(&u, buf_view(&b), NULL, &e)) {
			struct buf again = { 0 };	/* only the zeros between may differ unseen */

			tokens_save(u, &again);
			CHECK_EQ(again.n, b.n);
			CHECK(again.p[i] == 0 && (b.p[i] ^ 0x40) == 0);
			unseen++;
			buf_free(&again);
			tokens_close(u);
		}
		b.p[i] ^= 0x40;
	}
	CHECK(unseen < 24 + 2 * 64);
	for (size_t n = 0; n < b.n; n += n < 200 ? 1 : 61)
		refused(&b, n);
	tokens_close(t);
	buf_free(&b);
}

/* Behind right checksums: wrong merges, wrong pieces, foreign morphemes, sizes out of reach. */
static void test_hostile(void **state)
{
	struct tokenizer *t = trained(TOKENS_MORPH, 330), *u;
	struct buf b = { 0 };
	struct err e = { 0 };
	size_t extra;

	(void)state;
	tokens_save(t, &b);
	extra = tf_u64(b.p + 64 + 32 + 8);
	b.p[extra + 8] ^= 1;			/* merge 0 */
	tokens_mend(b.p, b.n);
	refused(&b, b.n);
	b.p[extra + 8] ^= 1;
	b.p[128 + 4 * 256 + 4] ^= 0x7F;		/* where piece 257 begins */
	tokens_mend(b.p, b.n);
	refused(&b, b.n);
	b.p[128 + 4 * 256 + 4] ^= 0x7F;
	b.p[36 + 2] = 3;			/* a vocabulary of 196,000 */
	refused(&b, b.n);
	b.p[36 + 2] = 0;
	tf_put64(b.p + 64 + 16, UINT64_MAX - 63);	/* pieces as long as memory */
	tokens_mend(b.p, b.n);
	refused(&b, b.n);
	b.n = 0;
	tokens_save(t, &b);
	tf_put64(b.p + extra + t->extra.n - 8, 12345);	/* cuts of another program */
	tokens_mend(b.p, b.n);
	CHECK_EQ(tokens_open(&u, buf_view(&b), NULL, &e), ERR_USAGE);
	CHECK(strstr(e.msg, "morphemes"));
	tokens_close(t);
	buf_free(&b);
}

/* Files of version 1 stay readable: what they encode and decode is written here. */
static void test_golden_files(void **state)
{
	const char *folder = "tests/golden/files";
	struct tokenfile f;
	struct idstream s;
	struct buf b = { 0 }, back = { 0 };
	struct err e = { 0 };
	char path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s/tokens-1.ltm", folder);
	CHECK_EQ(tokenfile_open(&f, path, NULL, &e), OK);
	CHECK_EQ(tokens_vocab(f.t), 300);
	snprintf(path, sizeof path, "%s/ids-1.ltm", folder);
	CHECK_EQ(file_read(&b, path, 1 << 20, &e), OK);
	CHECK_EQ(idstream_read(&s, buf_view(&b), &e), OK);
	CHECK(s.tokenizer == f.hash && s.texts == 1 && s.vocab == 300);
	struct tokens_work *k = tokens_work_open(f.t);

	CHECK_EQ(tokens_decode(k, s.ids.id, s.ids.n, &back, &e), OK);
	CHECK_STR(buf_view(&back), "Ученик смотрит");
	struct ids ids = { 0 };

	tokens_encode(k, S("Ученик смотрит"), &ids);
	CHECK(ids.n == s.ids.n && !memcmp(ids.id, s.ids.id, ids.n * sizeof *ids.id));
	mem_free(ids.id);
	idstream_clear(&s);
	tokens_work_close(k);
	tokenfile_close(&f);
	buf_free(&b);
	buf_free(&back);
}

/* ---- tokenizer.json, streams ----------------------------------------------------------- */

static void test_export(void **state)
{
	struct tokenizer *t = trained(TOKENS_BYTE, 500), *m = trained(TOKENS_MORPH, 500);
	struct arena a = arena_open("json");
	struct buf b = { 0 };
	struct err e = { 0 };
	struct tree *root;

	(void)state;
	CHECK_EQ(tokens_export(t, &b, &e), OK);
	CHECK_EQ(json_read(&root, buf_view(&b), &a, &e), OK);
	CHECK(strstr(b.p, "\"Ġ\":32"));
	CHECK(strstr(b.p, "\\\\p{L}"));
	CHECK_EQ(tokens_export(m, &b, &e), ERR_USAGE);
	buf_free(&b);
	arena_close(&a);
	tokens_close(t);
	tokens_close(m);
}

static void test_stream(void **state)
{
	const char *path = "t_tokens.ids";
	uint64_t first[] = { 0, 2, 2, 5 };
	uint32_t small[] = { 0, 65535, 7, 8, 9 }, large[] = { 0, 65536, 7, 8, 9 };
	struct idstream s = { .first = first, .texts = 3, .tokenizer = 42 }, r;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct buf b = { 0 };

		s.ids = (struct ids){ i ? large : small, 5, 5 };
		s.vocab = i ? 65537 : 65536;
		CHECK_EQ(idstream_save(&s, path, &e), OK);
		CHECK_EQ(file_read(&b, path, 1 << 20, &e), OK);
		CHECK_EQ(b.n, 64 + (i ? 24 : 16) + 32);
		CHECK_EQ(idstream_read(&r, buf_view(&b), &e), OK);
		CHECK(r.ids.n == 5 && !memcmp(r.ids.id, s.ids.id, 20) && !memcmp(r.first, first, 32));
		CHECK(r.tokenizer == 42 && r.texts == 3);
		idstream_clear(&r);
		for (size_t n = 0; n < b.n; n++)
			CHECK_EQ(idstream_read(&r, (struct str){ b.p, n }, NULL), ERR_FORMAT);
		b.p[70] ^= 1;
		CHECK_EQ(idstream_read(&r, buf_view(&b), NULL), ERR_FORMAT);
		buf_free(&b);
	}
	remove(path);
}

/* ---- real books ------------------------------------------------------------------------ */

static void test_books(void **state)
{
	struct tokenizer *t = trained(TOKENS_BYTE, 800);
	struct tokens_work *k = tokens_work_open(t);
	char path[4096];
	struct dirent *f;
	size_t n = 0;
	DIR *d;

	(void)state;
	if (!shared_dir())
		skip_shared();
	snprintf(path, sizeof path, "%s/data/books", shared_dir());
	d = opendir(path);
	while (d && (f = readdir(d))) {
		struct buf b = { 0 };
		struct err e = { 0 };
		char file[8192];

		snprintf(file, sizeof file, "%s/%s", path, f->d_name);
		if (!str_ends(str_of(f->d_name), S(".txt")) || n++ % 9)
			continue;	/* every ninth; bench_tokens takes them all */
		CHECK_EQ(file_read(&b, file, 64 << 20, &e), OK);
		there_and_back(k, buf_view(&b));
		buf_free(&b);
	}
	if (d)
		closedir(d);
	CHECK(n > 100);
	tokens_work_close(k);
	tokens_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pretokens),
		cmocka_unit_test(test_long_runs),
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_training),
		cmocka_unit_test(test_training_stops),
		cmocka_unit_test(test_no_texts),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_decode_refuses),
		cmocka_unit_test(test_morphemes),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_golden_files),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_books),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
