/* t_ledger.c - the ledger: its coder gives back what it was given and is never fooled by bytes,
 * its verdicts follow the stated rule, its file comes back, its streams are the text.
 */
#include "check.h"

#include <unistd.h>

#include "app/ledger/ledger.h"
#include "app/ledger/ledger_guess.h"
#include "app/report/report.h"
#include "order/idcode.h"

/* ---- the coder ------------------------------------------------------------------------------- */

static size_t there_and_back(const uint32_t *id, size_t n, uint32_t symbols)
{
	struct arena a = arena_open("test");
	struct buf out = { 0 };
	struct err e = { 0 };
	uint32_t *back = TAKE(&a, uint32_t, n + 1);
	size_t n_fresh, size;
	uint32_t *fresh = idcode_fresh(&n_fresh, id, n, symbols, &a);

	CHECK_EQ(idcode_pack(&out, id, n, symbols, NULL, &e), OK);
	CHECK_EQ(idcode_unpack(back, n, buf_view(&out), fresh, n_fresh, &e), OK);
	CHECK(!n || !memcmp(id, back, n * sizeof *id));
	size = out.n;
	buf_free(&out);
	arena_close(&a);
	return size;
}

static void coder_round_trip(void **state)
{
	enum { N = 20000 };
	uint32_t *v = mem_alloc(N, sizeof *v);
	struct rng r = rng_stream(3, "test.idcode", 0);
	static const uint32_t symbols[] = { 1, 2, 3, 15, 16, 17, 255, 300, 32768, 1 << 20, 1u << 31 };

	(void)state;
	CHECK_EQ(there_and_back(v, 0, 1), 0);
	CHECK(there_and_back(v, 1, 1) <= 8);
	for (size_t s = 0; s < 10; s++) {
		for (int i = 0; i < N; i++)	/* skewed, with runs */
			v[i] = i && rng_below(&r, 3) == 0 ? v[i - 1]
				: (uint32_t)(symbols[s] * pow(rng_unit(&r), 4)) % symbols[s];
		there_and_back(v, N, symbols[s]);
	}
	for (int i = 0; i < N; i++)	/* every id new: nothing to learn but "new" */
		v[i] = (uint32_t)i * 3 % (3 * N);
	CHECK(there_and_back(v, N, 3 * N) < 200);
	memset(v, 0, N * sizeof *v);
	CHECK(there_and_back(v, N, 1) < 200);
	mem_free(v);
}

/* Bits come near the entropy where it is known, and under it nowhere. */
static void coder_entropy(void **state)
{
	enum { N = 100000 };
	uint32_t *v = mem_alloc(N, sizeof *v);
	struct rng r = rng_stream(5, "test.entropy", 0);
	double size;

	(void)state;
	for (int i = 0; i < N; i++)
		v[i] = (uint32_t)rng_below(&r, 256);
	size = (double)there_and_back(v, N, 256) / N;
	CHECK(size >= 0.999 && size < 1.05);
	for (int i = 0; i < N; i++)	/* one bit a symbol, given the two before */
		v[i] = i < 2 ? 0 : (v[i - 1] * 7 + v[i - 2] * 3 + (uint32_t)rng_below(&r, 2)) % 64;
	CHECK((double)there_and_back(v, N, 64) * 8 / N >= 0.999);
	/* once the 4,096 contexts are learnt: what the second half costs */
	size = (double)(there_and_back(v, N, 64) - there_and_back(v, N / 2, 64)) * 8 / (N / 2.0);
	CHECK(size < 1.1);
	mem_free(v);
}

static void coder_hostile(void **state)
{
	uint32_t id[400], fresh[4] = { 9, 8, 7, 6 };
	struct rng r = rng_stream(7, "test.hostile", 0);

	(void)state;
	for (int k = 0; k < 300; k++) {
		char bytes[64];
		size_t n = rng_below(&r, sizeof bytes);
		struct err e = { 0 };

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)rng_u64(&r);
		enum status st = idcode_unpack(id, 400, (struct str){ bytes, n }, fresh, 4, &e);

		CHECK(st == OK || st == ERR_FORMAT);
		for (int i = 0; !st && i < 400; i++)
			CHECK(id[i] >= 6 && id[i] <= 9);
	}
}

/* ---- guesses ----------------------------------------------------------------------------------- */

static void guesses(void **state)
{
	struct arena a = arena_open("test");
	struct guess *g = guess_open();
	uint32_t *best;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		guess_add(g, i, 10 * i + 1);
		guess_add(g, i, 10 * i + 2);
		guess_add(g, i, 10 * i + 2);
	}
	guess_add(g, 6000, 5);		/* a tie: the one met first */
	guess_add(g, 6000, 4);
	best = guess_best(g, 6001, &a);
	for (uint32_t i = 0; i < 5000; i++)
		CHECK_EQ(best[i], 10 * i + 2);
	CHECK_EQ(best[5500], STRTAB_NONE);
	CHECK_EQ(best[6000], 5);
	guess_close(g);
	arena_close(&a);
}

/* ---- verdicts ---------------------------------------------------------------------------------- */

static void verdicts(void **state)
{
	(void)state;
	CHECK_EQ(claim_verdict(3, 3, 0), HOLDS);
	CHECK_EQ(claim_verdict(3, 2.99, 0), IN_PART);
	CHECK_EQ(claim_verdict(3, 1.74, 0), IN_PART);
	CHECK_EQ(claim_verdict(3, 1.73, 0), FAILS);
	CHECK_EQ(claim_verdict(3, 1.1, 3), IN_PART);	/* with loss it holds only in part */
	CHECK_EQ(claim_verdict(3, 0, 300), IN_PART);
	CHECK_EQ(claim_verdict(3, 0, 2.9), FAILS);
	CHECK_EQ(claim_verdict(30, 0, 0), UNKNOWN_VERDICT);
}

static struct ledger made_up(void)
{
	static const uint64_t per[LS_N] = { 1010, 1000, 200, 370, 250, 300, 185, 260, 200, 190, 170, 90, 80, 8,
		7, 1 };
	struct ledger l = { .books = 20, .chars = 4000000, .bytes = 7200000, .words = 700000, .scenes = 4000,
		.part_books = 3, .part_chars = 1000000, .part_words = 170000, .part_scenes = 1000, .forms = 90000,
		.lemmas = 30000, .vocab = 32768, .peer = { 1000, 500, 300 } };

	for (int s = 0; s < LS_N; s++)
		l.row[s] = (struct stage_row){ .there = true, .reversible = stage_lossless((enum stage)s),
			.positions = per[s] * 1000, .positions_all = per[s] * 4000, .vocab = 1000, .vocab_all = 2000,
			.vocab_bytes = 9000, .bits = per[s] * 10000, .vocab_bits = 40000,
			.lost_form = stage_lossless((enum stage)s) ? 0 : 0.5 };
	return l;
}

static void claims_follow_numbers(void **state)
{
	struct ledger l = made_up();
	struct claim c[CLAIMS];

	(void)state;
	ledger_claims(c, &l);
	CHECK_STR(str_of(c[0].key), "morphemes");
	CHECK_NEAR(c[0].lossless, 500.0 / 300, 1e-9);
	CHECK_EQ(c[0].verdict, FAILS);
	CHECK_NEAR(c[1].lossless, 250.0 / 185, 1e-9);
	CHECK_NEAR(c[1].lossy, 190.0 / 170, 1e-9);
	CHECK_NEAR(c[3].lossy, 3, 1e-9);
	CHECK_EQ(c[3].verdict, IN_PART);
	CHECK_NEAR(c[4].lossy, 10, 1e-9);
	CHECK_NEAR(c[5].lossy, 62.5, 1e-9);
	CHECK_NEAR(c[5].lossless, 500.0 / 185, 1e-9);
	CHECK_NEAR(c[6].lossless, 14.4 / 1.85, 1e-9);
	l.row[LS_MORPH].positions = 100000;		/* other numbers, another verdict */
	l.row[LS_HYPER].reversible = false;		/* what does not come back is not without loss */
	ledger_claims(c, &l);
	CHECK_EQ(c[0].verdict, HOLDS);
	CHECK_NEAR(c[1].lossless, 0, 1e-9);
	CHECK_NEAR(c[5].lossless, 500.0 / 200, 1e-9);
}

/* ---- the file ----------------------------------------------------------------------------------- */

static char path[] = "/tmp/t_ledger.XXXXXX";

static void file_comes_back(void **state)
{
	struct ledger l = made_up(), m;
	struct buf a = { 0 }, b = { 0 };
	struct err e = { 0 };

	(void)state;
	ledger_json(&a, &l);
	CHECK_EQ(file_save(path, buf_view(&a), &e), OK);
	CHECK_EQ(ledger_load(&m, path, &e), OK);
	ledger_json(&b, &m);
	CHECK(str_eq(buf_view(&a), buf_view(&b)));
	for (int ru = 0; ru < 2; ru++) {
		a.n = b.n = 0;
		ledger_text(&a, &l, ru);
		ledger_text(&b, &m, ru);
		CHECK(a.n > 2000 && str_eq(buf_view(&a), buf_view(&b)) && utf8_valid(buf_view(&a)));
	}
	buf_free(&a);
	buf_free(&b);
}

static void refuses(const char *text, const char *why)
{
	struct ledger l;
	struct err e = { 0 };

	CHECK_EQ(file_save(path, str_of(text), &e), OK);
	CHECK_EQ(ledger_load(&l, path, &e), ERR_FORMAT);
	if (!strstr(e.msg, why))
		print_error("'%s' without '%s'\n", e.msg, why);
	CHECK(strstr(e.msg, why));
}

static void file_is_checked(void **state)
{
	struct ledger l = made_up();
	struct buf a = { 0 };
	struct err e = { 0 };

	(void)state;
	refuses("", "");
	refuses("{}", "not a ledger");
	refuses("[1,2]", "not a ledger");
	refuses("{\"kind\":\"ltm ledger\",\"version\":99}", "version 99");
	refuses("{\"kind\":\"ltm ledger\",\"version\":1}", "missing");
	ledger_json(&a, &l);
	for (size_t i = 1; i < a.n; i += 97) {	/* cut anywhere: an error, never a half ledger */
		CHECK_EQ(file_save(path, (struct str){ a.p, i }, &e), OK);
		CHECK_EQ(ledger_load(&l, path, &(struct err){ 0 }), ERR_FORMAT);
	}
	buf_free(&a);
}

/* On the page: every bar says its number, the kinds of bars differ, verdicts stand there. */
static void page(void **state)
{
	struct ledger l = made_up();
	struct report *r = mem_alloc(1, sizeof *r);
	struct buf b = { 0 };

	(void)state;
	for (int ru = 0; ru < 2; ru++) {
		*r = (struct report){ .lang = ru ? "ru" : "en", .ledger = &l };
		b.n = 0;
		report_html(&b, r);
		CHECK(utf8_valid(buf_view(&b)));
		CHECK(strstr(b.p, "<section id=\"ledger\">") && strstr(b.p, "href=\"#ledger\""));
		CHECK(strstr(b.p, "class=\"kept\"") && strstr(b.p, "class=\"lossy\"") && strstr(b.p, "class=\"peer\""));
		CHECK(strstr(b.p, ru ? "верно отчасти" : "holds in part") && strstr(b.p, ">1000</text>"));
		CHECK(!strstr(b.p, "nan") && !strstr(b.p, "inf\""));
	}
	r->ledger = NULL;
	b.n = 0;
	report_html(&b, r);
	CHECK(!strstr(b.p, "id=\"ledger\""));
	mem_free(r);
	buf_free(&b);
}

/* ---- real books: needs the dictionary, and some seconds ------------------------------------------ */

static enum status of_stories(struct buf *out, const char *const *books, size_t n, int threads,
                              struct ledger *l, struct err *e)
{
	struct ledger_opts o = { .path = books, .n_path = n, .threads = threads, .vocab = 2000 };
	enum status st = stage_ledger(l, &o, NULL, e);

	if (!st)
		ledger_json(out, l);
	return st;
}

static void stories(void **state)
{
	static const char *const books[] = { "library/myth", "library/talk" };
	struct ledger l, m;
	struct buf a = { 0 }, b = { 0 };
	struct err e = { 0 };

	(void)state;
	if (!dir_exists(books[0])) {
		print_message("SKIP: run from the root of the tree\n");
		skip();
	}
	CHECK_EQ(of_stories(&a, books, 2, 1, &l, &e), OK);
	CHECK_EQ(of_stories(&b, books, 2, 4, &m, &e), OK);
	CHECK(str_eq(buf_view(&a), buf_view(&b)));	/* threads change nothing */
	for (int s = 0; s < LS_N; s++) {
		const struct stage_row *r = &l.row[s];

		CHECK(r->there && r->positions && r->positions <= r->positions_all && r->vocab);
		CHECK_EQ(r->reversible, stage_lossless((enum stage)s));
		CHECK(r->lost_identity <= r->lost_form + 1e-9 && r->lost_form <= 1);
	}
	CHECK_EQ(l.row[LS_CLEAN].positions, l.part_chars);
	CHECK(l.row[LS_HYPER].positions < l.row[LS_BYTE].positions);
	CHECK(l.row[LS_LEMMA_CHAINS].positions <= l.row[LS_LEMMAS].positions);
	CHECK(l.row[LS_CONTENT_CHAINS].positions <= l.row[LS_CONTENT].positions);
	CHECK(l.row[LS_FOLD_CHAINS].positions <= l.row[LS_FOLD].positions);
	CHECK_EQ(l.row[LS_SCENES].positions, l.part_scenes);
	CHECK_EQ(l.row[LS_CODES].positions, l.part_scenes * SC_N);
	CHECK_EQ(l.row[LS_LEMMAS].lost_identity, 0);
	CHECK(l.forms > l.lemmas && !l.peers_same);
	buf_free(&a);
	buf_free(&b);
}

/* One book alone learns from itself, and says so. */
static void one_book(void **state)
{
	static const char *const books[] = { "library/myth/01_valenok.txt" };
	struct ledger l;
	struct buf a = { 0 };
	struct err e = { 0 };

	(void)state;
	if (!file_exists(books[0]))
		skip();
	CHECK_EQ(of_stories(&a, books, 1, 2, &l, &e), OK);
	CHECK(l.whole && l.books == 1 && l.part_chars == l.chars);
	buf_free(&a);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coder_round_trip), cmocka_unit_test(coder_entropy),
		cmocka_unit_test(coder_hostile), cmocka_unit_test(guesses), cmocka_unit_test(verdicts),
		cmocka_unit_test(claims_follow_numbers), cmocka_unit_test(file_comes_back),
		cmocka_unit_test(file_is_checked), cmocka_unit_test(page),
		cmocka_unit_test(stories), cmocka_unit_test(one_book),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
