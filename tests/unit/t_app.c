/* t_app.c - the room of commands: order of sources, the one loop over books, lemmas, what is
 * done, a mind's lock and seal, the public functions as a program calls them.
 */
#include "check.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/done.h"
#include "app/read/sources.h"

/* ---- a scratch folder -------------------------------------------------------------------- */

static char root[] = "/tmp/t_app.XXXXXX";

static struct arena paths = { .name = "paths" };

static const char *at(const char *name)
{
	return str_printf(&paths, "%s/%s", root, name).p;
}

static void put(const char *name, struct str bytes)
{
	char dir[4096];
	struct err e = { 0 };

	snprintf(dir, sizeof dir, "%s", at(name));
	*strrchr(dir, '/') = 0;
	CHECK_EQ(dir_make(dir, &e), OK);
	CHECK_EQ(file_save(at(name), bytes, &e), OK);
}

static void scrub(const char *dir)
{
	char cmd[4200];

	snprintf(cmd, sizeof cmd, "rm -rf '%s'", dir);
	CHECK_EQ(system(cmd), 0);
}

static int set_up(void **state)
{
	(void)state;
	return !mkdtemp(root);
}

static int tear_down(void **state)
{
	(void)state;
	scrub(root);
	arena_close(&paths);
	return 0;
}

/* ---- sources ------------------------------------------------------------------------------ */

static void order_of_sources(void **state)
{
	static const char *const file[] = {
		"l/b.txt", "l/a/z.FB2", "l/a/a.epub", "l/a.txt", "l/c.fb2.zip", "l/README.txt",
		"l/index.tsv", "l/notes.md", "l/.hidden.txt", "l/a.d/x.txt" };
	static const char *const want[] = {
		"a/a.epub", "a/z.FB2", "a.d/x.txt", "a.txt", "b.txt", "c.fb2.zip" };
	struct sources s;
	struct err e = { 0 };
	const char *path = at("l"), *named[2];

	(void)state;
	for (size_t i = 0; i < sizeof file / sizeof *file; i++)
		put(file[i], S("x"));
	CHECK_EQ(symlink(at("l"), at("l/loop")), 0);
	CHECK_EQ(sources_find(&s, &path, 1, path, NULL, &e), OK);
	CHECK_EQ(s.n, sizeof want / sizeof *want);
	for (size_t i = 0; i < s.n; i++)
		CHECK_STR(s.item[i].name, want[i]);
	sources_clear(&s);
	named[0] = at("l/notes.md");	/* what is named is always tried */
	named[1] = "-";
	CHECK_EQ(sources_find(&s, named, 2, NULL, NULL, &e), OK);
	CHECK_EQ(s.n, 2);
	CHECK_STR(s.item[0].name, named[0]);
	sources_clear(&s);
	named[0] = at("l/absent.txt");
	CHECK_EQ(sources_find(&s, named, 1, NULL, NULL, &e), ERR_IO);
	CHECK(strstr(e.msg, "absent.txt") != NULL);
	sources_clear(&s);
}

/* A part of a library: within its bytes, the same each time, in order; what the rules do not name has the sum. */
static void part_of_sources(void **state)
{
	static const uint64_t most[3] = { 3000, 1000, 2000 }, all[3] = { 1 << 20, 1 << 20, 1 << 20 };
	const struct str rules = S("pattern\tset\ndev_*\tdev\ntest_*\ttest\nb_*\ttrain\n");
	static char text[700];
	struct sources s[2];
	struct err e = { 0 };
	const char *path = at("part");
	size_t of[4] = { 0 };

	(void)state;
	memset(text, 'x', sizeof text);
	for (int i = 0; i < 40; i++) {
		static const char *const kind[] = { "b", "dev", "test", "other" };
		char name[40];

		snprintf(name, sizeof name, "part/%s_%d.txt", kind[i % 4], i);
		put(name, (struct str){ text, sizeof text });
	}
	for (int k = 0; k < 2; k++) {
		CHECK_EQ(sources_find(&s[k], &path, 1, path, NULL, &e), OK);
		CHECK_EQ(sources_part(&s[k], all, rules), 0);
		CHECK_EQ(sources_part(&s[k], most, rules), 40 - (4 + 1 + 2 + 8));
	}
	for (size_t i = 0; i < s[0].n; i++) {
		struct str name = s[0].item[i].name;

		CHECK(str_eq(name, s[1].item[i].name));
		CHECK(!i || strcmp(s[0].item[i - 1].name.p, name.p) < 0);
		of[name.p[0] == 'b' ? 0 : name.p[0] == 'd' ? 1 : name.p[0] == 't' ? 2 : 3]++;
	}
	CHECK(of[0] == 4 && of[1] == 1 && of[2] == 2 && of[3] == 8);
	CHECK_EQ(sources_part(&s[0], (uint64_t[3]){ 0 }, rules), 15 - 4);	/* the first always */
	sources_clear(&s[0]);
	sources_clear(&s[1]);
}

static void sets_of_hashes(void **state)
{
	struct hashset h = { 0 };
	struct rng r = rng_stream(1, "t_app", 0);

	(void)state;
	CHECK(!hashset_has(&h, 0) && !hashset_has(&h, 7));
	for (uint64_t i = 0; i < 3000; i++)
		hashset_add(&h, i * i << 20);	/* 0 among them, and equal low bits */
	for (uint64_t i = 0; i < 3000; i++)
		CHECK(hashset_has(&h, i * i << 20));
	for (int i = 0; i < 3000; i++)
		CHECK(!hashset_has(&h, rng_u64(&r) | 1));
	hashset_clear(&h);
}

/* ---- reading ------------------------------------------------------------------------------ */

static const char *const sentence[] = {
	"Ученик вошёл в мастерскую и увидел на стене старое зеркало.",
	"Мастер молчал, и от его молчания становилось страшно.",
	"За окном шёл дождь, и река поднималась к самому крыльцу.",
	"— Верни мне имя, — сказал мальчик, — и я уйду отсюда навсегда.",
	"Старуха засмеялась и бросила в огонь последнее письмо сына.",
	"Никто не знал, откуда пришёл этот человек и чего он ищет.",
};

/* A book of its own for every number, long enough for several scenes. */
static void make_text(struct buf *b, int number)
{
	struct rng r = rng_stream(7, "book", (uint64_t)number);

	buf_printf(b, "Книга номер %d\n\n", number);
	for (int i = 0; i < 20 + number % 50; i++) {
		for (uint64_t k = 0, n = 1 + rng_below(&r, 5); k < n; k++)
			buf_printf(b, "%s ", sentence[rng_below(&r, 6)]);
		buf_str(b, S("\n\n"));
	}
}

static enum status read_lib(const char *mind, const char *const *path, size_t n, int threads,
                            struct read_sum *sum, const struct watch *w, struct err *e)
{
	struct lock l;
	enum status st = mind_begin(&l, mind, e), end;

	if (st)
		return st;
	st = stage_read(mind, &(struct read_opts){ .path = path, .n_path = n, .threads = threads,
	                .root = path[0] }, sum, w, e);
	end = mind_end(&l, mind, e);
	return st ? st : end;
}

static bool same_file(const char *mind_a, const char *mind_b, const char *name)
{
	struct arena a = arena_open("t_app");
	struct buf x = { 0 }, y = { 0 };
	bool same = !file_read(&x, mind_path(&a, mind_a, name), 1 << 30, NULL) &&
	            !file_read(&y, mind_path(&a, mind_b, name), 1 << 30, NULL) &&
	            str_eq(buf_view(&x), buf_view(&y));

	buf_free(&x);
	buf_free(&y);
	arena_close(&a);
	return same;
}

static bool no_dictionary(void)
{
	struct dictfile d;
	struct err e = { 0 };

	if (dictfile_open(&d, NULL, &e))
		return true;
	dictfile_close(&d);
	return false;
}

enum { BOOKS = 40 };

static void write_library(void)
{
	for (int i = 0; i < BOOKS; i++) {
		struct buf b = { 0 };
		char name[40];

		make_text(&b, i);
		snprintf(name, sizeof name, "lib/%c/%02d.txt", 'a' + i % 3, i);
		put(name, buf_view(&b));
		buf_free(&b);
	}
	put("lib/b/broken.txt", (struct str){ "\0\1\2\3\0\1\2\3", 8 });
}

/* Stops after so many books: what Ctrl-C does. */
static volatile int stop_flag;
static double stop_at;

static void show(void *ctx, const char *stage, double done, double total, const char *unit)
{
	(void)ctx, (void)total, (void)unit;
	if (!strcmp(stage, "read") && done >= stop_at)
		stop_flag = 1;
}

static void same_store_for_any_threads(void **state)
{
	struct watch w = { .show = show, .stop = &stop_flag };
	const char *lib = at("lib");
	struct read_sum sum;
	struct err e = { 0 };

	(void)state;
	if (no_dictionary())
		skip();
	write_library();
	for (int threads = 1; threads <= 7; threads += 3) {
		char mind[40];

		snprintf(mind, sizeof mind, "m%d", threads);
		err_clear(&e);
		CHECK_EQ(read_lib(at(mind), &lib, 1, threads, &sum, NULL, &e), ERR_PART);
		CHECK_EQ(sum.added, BOOKS);
		CHECK_EQ(sum.failed, 1);
		CHECK(strstr(e.msg, "b/broken.txt") != NULL);
		CHECK(same_file(at("m1"), at(mind), "store.db"));
		CHECK(same_file(at("m1"), at(mind), "lemmas.ltm"));
	}
	/* broken off again and again, then finished: the same bytes */
	for (stop_at = 5; stop_at < BOOKS; stop_at += 13) {
		stop_flag = 0;
		err_clear(&e);
		CHECK_EQ(read_lib(at("s"), &lib, 1, 3, &sum, &w, &e), ERR_STOP);
		CHECK_EQ(mind_check(at("s"), NULL), OK);
	}
	err_clear(&e);
	CHECK_EQ(read_lib(at("s"), &lib, 1, 2, &sum, NULL, &e), ERR_PART);
	CHECK(sum.known > 0 && sum.known + sum.added == BOOKS);
	CHECK(same_file(at("m1"), at("s"), "store.db"));
	CHECK(same_file(at("m1"), at("s"), "lemmas.ltm"));
}

/* ---- an archive of many books: stored entries, written by hand ----------------------------- */

static uint32_t crc32_of(struct str s)
{
	uint32_t c = ~0u;

	for (size_t i = 0; i < s.n; i++) {
		c ^= (uint8_t)s.p[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (0xedb88320u & -(c & 1));
	}
	return ~c;
}

static void u16(struct buf *b, unsigned v)
{
	buf_char(b, (char)v);
	buf_char(b, (char)(v >> 8));
}

/* The fields that the local header and the directory share. */
static void zip_fields(struct buf *b, struct str name, struct str data)
{
	u16(b, 20), u16(b, 0x800), u16(b, 0), u16(b, 0), u16(b, 0x21);
	buf_u32(b, crc32_of(data));
	buf_u32(b, (uint32_t)data.n);
	buf_u32(b, (uint32_t)data.n);
	u16(b, (unsigned)name.n), u16(b, 0);
}

static void zip_books(struct buf *zip, int from, int n)
{
	struct buf dir = { 0 };
	size_t start;

	for (int i = from; i < from + n; i++) {
		struct buf text = { 0 };
		char name[20];
		struct str s = { name, (size_t)snprintf(name, sizeof name, "%02d.txt", i) };
		size_t off = zip->n;

		make_text(&text, i);
		buf_str(zip, S("PK\3\4"));
		zip_fields(zip, s, buf_view(&text));
		buf_str(zip, s);
		buf_str(zip, buf_view(&text));
		buf_str(&dir, S("PK\1\2"));
		u16(&dir, 20);
		zip_fields(&dir, s, buf_view(&text));
		u16(&dir, 0), u16(&dir, 0), u16(&dir, 0);
		buf_u32(&dir, 0);
		buf_u32(&dir, (uint32_t)off);
		buf_str(&dir, s);
		buf_free(&text);
	}
	start = zip->n;
	buf_str(zip, buf_view(&dir));
	buf_str(zip, S("PK\5\6"));
	u16(zip, 0), u16(zip, 0), u16(zip, (unsigned)n), u16(zip, (unsigned)n);
	buf_u32(zip, (uint32_t)dir.n);
	buf_u32(zip, (uint32_t)start);
	u16(zip, 0);
	buf_free(&dir);
}

/* Many books in one source: committed one by one, known as a whole afterwards. */
static void archives(void **state)
{
	struct buf zip = { 0 };
	const char *path[2];
	struct read_sum sum;
	struct err e = { 0 };

	(void)state;
	if (no_dictionary())
		skip();
	zip_books(&zip, 100, 30);
	put("z/many.zip", buf_view(&zip));
	buf_free(&zip);
	path[0] = at("z");
	CHECK_EQ(read_lib(at("z1"), path, 1, 1, &sum, NULL, &e), OK);
	CHECK_EQ(sum.sources, 1);
	CHECK_EQ(sum.added, 30);
	CHECK_EQ(read_lib(at("z4"), path, 1, 4, &sum, NULL, &e), OK);
	CHECK(same_file(at("z1"), at("z4"), "store.db"));
	CHECK_EQ(read_lib(at("z4"), path, 1, 4, &sum, NULL, &e), OK);	/* known as a whole */
	CHECK_EQ(sum.added, 0);
	CHECK_EQ(sum.known, 1);
	/* the same archive under another name, beside a new book */
	zip_books(&zip, 200, 2);
	put("y/new.zip", buf_view(&zip));
	buf_free(&zip);
	path[1] = at("y/new.zip");
	CHECK_EQ(read_lib(at("z4"), path, 2, 2, &sum, NULL, &e), OK);
	CHECK_EQ(sum.added, 2);
	CHECK_EQ(sum.known, 1);
}

/* ---- lemmas -------------------------------------------------------------------------------- */

static void words_of(struct words *w, struct lemma *l, const char *const *s, size_t n)
{
	*w = (struct words){ .lemma = l, .n_lemma = n };
	for (size_t i = 0; i < n; i++)
		l[i] = (struct lemma){ .s = str_of(s[i]), .pos = POS_NOUN };
}

static void lemmas_grow_and_mend(void **state)
{
	static const char *const first[] = { "зеркало", "имя", "ученик" };
	static const char *const second[] = { "имя", "мастер" };
	struct lemma l[3];
	struct words w;
	struct lemmas t;
	struct err e = { 0 };
	struct stat whole, now;
	const char *file = at("lem/lemmas.ltm");

	(void)state;
	CHECK_EQ(dir_make(at("lem"), &e), OK);
	CHECK_EQ(lemmas_open(&t, at("lem"), true, &e), OK);
	words_of(&w, l, first, 3);
	CHECK_EQ(lemmas_book(&t, &w, &e), OK);
	CHECK_EQ(lemmas_close(&t, &e), OK);
	CHECK_EQ(stat(file, &whole), 0);
	CHECK_EQ(lemmas_open(&t, at("lem"), true, &e), OK);
	CHECK_EQ(t.n, 3);
	words_of(&w, l, second, 2);
	CHECK_EQ(lemmas_book(&t, &w, &e), OK);
	CHECK_EQ(lemmas_close(&t, &e), OK);
	CHECK_EQ(stat(file, &now), 0);
	/* cut anywhere in the last block: only that block is lost, and a writer cuts it off */
	for (off_t n = now.st_size - 1; n > whole.st_size; n -= 5) {
		CHECK_EQ(truncate(file, n), 0);
		CHECK_EQ(lemmas_open(&t, at("lem"), false, &e), OK);
		CHECK_EQ(t.n, 3);
		CHECK_STR(lemmas_find(&t, lemma_key(S("имя"))), "имя");
		CHECK_EQ(lemmas_find(&t, lemma_key(S("мастер"))).n, 0);
		lemmas_close(&t, NULL);
	}
	CHECK_EQ(lemmas_open(&t, at("lem"), true, &e), OK);
	CHECK_EQ(lemmas_book(&t, &w, &e), OK);
	CHECK_EQ(lemmas_close(&t, &e), OK);
	CHECK_EQ(lemmas_open(&t, at("lem"), false, &e), OK);
	CHECK_EQ(t.n, 4);
	lemmas_close(&t, NULL);
	put("lem/lemmas.ltm", S("not ours, whatever it is"));
	CHECK_EQ(lemmas_open(&t, at("lem"), true, &e), ERR_FORMAT);
}

/* ---- what is done, lock and seal ----------------------------------------------------------- */

static void stages_are_remembered(void **state)
{
	struct err e = { 0 };

	(void)state;
	put("d/made", S("one"));
	CHECK(!done_is(at("d"), "train", 5, at("d/made")));
	CHECK_EQ(done_set(at("d"), "train", 5, at("d/made"), &e), OK);
	CHECK_EQ(done_set(at("d"), "train-begun", 9, at("d/made"), &e), OK);
	CHECK(done_is(at("d"), "train", 5, at("d/made")));
	CHECK(!done_is(at("d"), "train", 6, at("d/made")));
	CHECK(done_is(at("d"), "train-begun", 9, at("d/made")));
	put("d/made", S("two"));		/* edited: to be made again */
	CHECK(!done_is(at("d"), "train", 5, at("d/made")));
	CHECK_EQ(unlink(at("d/made")), 0);
	CHECK(!done_is(at("d"), "train", 5, at("d/made")));
}

static void one_writer(void **state)
{
	struct lock l, second;
	struct err e = { 0 };
	struct store *s;

	(void)state;
	CHECK_EQ(mind_begin(&l, at("w"), &e), OK);
	CHECK_EQ(mind_begin(&second, at("w"), &e), ERR_LOCK);
	err_clear(&e);
	CHECK_EQ(mind_end(&l, at("w"), &e), OK);
	CHECK(!dir_exists(at("w")));		/* nothing was read into it */
	CHECK_EQ(mind_begin(&l, at("w"), &e), OK);
	CHECK_EQ(mind_store(&s, at("w"), STORE_WRITE, &e), OK);
	CHECK_EQ(store_finish(s, &e), OK);
	store_close(s);
	CHECK_EQ(mind_end(&l, at("w"), &e), OK);
	CHECK_EQ(mind_check(at("w"), &e), OK);
	CHECK_EQ(mind_begin(&l, at("w"), &e), OK);
	CHECK_EQ(mind_end(&l, at("w"), &e), OK);
	put("foreign/thing", S("mine"));
	CHECK_EQ(mind_begin(&l, at("foreign"), &e), ERR_USAGE);
	CHECK(file_exists(at("foreign/thing")) && !file_exists(at("foreign/.unsealed")) &&
	      !file_exists(at("foreign/lock")));
}

/* ---- output -------------------------------------------------------------------------------- */

static void strings_of_json(void **state)
{
	struct buf b = { 0 };

	(void)state;
	json_str(&b, (struct str){ "а\"\\\n\t\x1b\x7f\xc2\x9b\xff", 11 });
	CHECK_STR(buf_view(&b), "\"а\\\"\\\\\\n\\u0009\\u001b\\u007f\\u009b\xef\xbf\xbd\"");
	buf_free(&b);
	put_count(&b, 1234567);
	buf_char(&b, '|');
	put_count(&b, 12);
	CHECK_STR(buf_view(&b), "1 234 567|12");
	buf_free(&b);
}

/* ---- the public functions ------------------------------------------------------------------ */

static void keep(void *ctx, const char *p, size_t n)
{
	buf_add(ctx, p, n);
}

static void public_functions_check_their_caller(void **state)
{
	struct ltm_books_opts o = LTM_OPTS(struct ltm_books_opts);
	struct ltm_error e = { 0 };
	struct buf b = { 0 };
	struct ltm_sink out = { keep, &b };

	(void)state;
	CHECK_EQ(ltm_books(NULL, &out, &e), LTM_USAGE);
	CHECK_EQ(ltm_books(&(struct ltm_books_opts){ 0 }, &out, &e), LTM_USAGE);
	CHECK_EQ(ltm_books(&o, &out, &e), LTM_USAGE);		/* no mind named */
	o.mind = at("nowhere");
	CHECK_EQ(ltm_books(&o, NULL, NULL), LTM_IO);		/* nobody listens */
	CHECK_EQ(ltm_books(&o, &out, &e), LTM_IO);
	CHECK(strstr(e.msg, "nowhere") != NULL);
	CHECK_EQ(b.n, 0);
	/* a caller older than the library: members it does not know are zero */
	o.size = offsetof(struct ltm_books_opts, json);
	o.json = 77;
	CHECK_EQ(ltm_books(&o, &out, &e), LTM_IO);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_sources),
		cmocka_unit_test(part_of_sources),
		cmocka_unit_test(sets_of_hashes),
		cmocka_unit_test(same_store_for_any_threads),
		cmocka_unit_test(archives),
		cmocka_unit_test(lemmas_grow_and_mend),
		cmocka_unit_test(stages_are_remembered),
		cmocka_unit_test(one_writer),
		cmocka_unit_test(strings_of_json),
		cmocka_unit_test(public_functions_check_their_caller),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
