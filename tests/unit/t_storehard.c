/* t_storehard.c - the store through kills, readers, full disks and foreign bytes. */
#include "store_kit.h"

/* ---- kill -9 ------------------------------------------------------------------------- */

enum { KILL_BOOKS = 14 };

/* How many files whose names begin so. */
static int files_like(const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *x;
	int n = 0;

	while ((x = readdir(d)))
		n += !strncmp(x->d_name, name, strlen(name));
	closedir(d);
	return n;
}

/* Puts what is missing of KILL_BOOKS, finishing in the middle when asked, then finishes. */
static void read_all(const char *path, size_t finish_after)
{
	struct store *s = open_store(path, STORE_WRITE);
	struct err e = { 0 }, why = { ERR_FORMAT, "not a book" };

	CHECK_EQ(store_failed(s, "bad.txt", &why, &e), OK);
	for (size_t i = 0; i < KILL_BOOKS; i++) {
		put_synth(s, i + 1, 5 + i * 11 % 40, 60);
		if (i + 1 == finish_after)
			finish(s);
	}
	finish(s);
	store_close(s);
}

static void killed(void **state)
{
	struct rng r = rng_stream(7, "t_store.kill", 0);
	int kills = 0;

	(void)state;
	read_all(at("whole.db"), 0);
	uint64_t want = file_hash(at("whole.db"));
	read_all(at("halves.db"), 5);
	CHECK_EQ(file_hash(at("halves.db")), want);
	for (int round = 0; round < 6; round++) {
		const char *path = at("killed.db");
		for (int tries = 0; tries < 40; tries++) {
			pid_t child = fork();
			if (child == 0) {
				read_all(path, round % 3 == 2 ? 9 : 0);
				_exit(0);
			}
			int status;
			if (tries < 6) {
				usleep((useconds_t)rng_below(&r, 60000));
				kill(child, SIGKILL);
			}
			waitpid(child, &status, 0);
			if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
				break;
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
			kills++;
		}
		CHECK(alone(path));
		CHECK_EQ(file_hash(path), want);
		CHECK_EQ(files_like("killed.db"), 1);	/* no copy, no journal is left */
		unlink(path);
	}
	CHECK(kills > 6);
	print_message("killed %d times\n", kills);
}

/* Stops in the middle of a question. */
static int hold(void *ctx, int64_t scene, int64_t book, const struct skeleton *k, struct str line)
{
	struct err e = { 0 };

	(void)scene, (void)book, (void)k, (void)line;
	CHECK_EQ(store_finish(ctx, &e), ERR_LOCK);
	CHECK(strstr(e.msg, "another process"));
	return 1;
}

/* A reader beside the writer sees what is committed; after the finish, the file it opened. */
static void beside_a_reader(void **state)
{
	struct err e = { 0 };
	struct store *w = open_store(at("shared.db"), STORE_WRITE), *r, *fresh;
	struct arena a = arena_open("test");
	struct str text;

	(void)state;
	put_synth(w, 1, 5, 40);
	r = open_store(at("shared.db"), STORE_READ);
	CHECK_EQ(store_book_count(r), 1);
	put_synth(w, 2, 5, 40);
	CHECK_EQ(store_book_count(r), 2);
	CHECK_EQ(store_skeletons(r, hold, w, &e), OK);
	CHECK(!store_stale(r));
	finish(w);
	CHECK(store_stale(r) && !store_stale(w));
	CHECK(alone(at("shared.db")));
	fresh = open_store(at("shared.db"), STORE_READ);
	put_synth(w, 3, 5, 40);
	CHECK_EQ(store_book_count(r), 2);
	CHECK_EQ(store_book_count(fresh), 3);
	CHECK_EQ(store_book_text(r, 2, &text, &a, &e), OK);
	store_close(r);
	CHECK_EQ(store_book_count(fresh), 3);
	finish(w);
	store_close(fresh);
	store_close(w);
	CHECK(alone(at("shared.db")));
	w = open_store(at("apart.db"), STORE_WRITE);
	for (uint64_t i = 1; i <= 3; i++)
		put_synth(w, i, 5, 40);
	finish(w);
	store_close(w);
	CHECK_EQ(file_hash(at("apart.db")), file_hash(at("shared.db")));
	arena_close(&a);
}

/* ---- files that are no stores -------------------------------------------------------- */

static void save(const char *path, const void *p, size_t n)
{
	struct err e = { 0 };

	CHECK_EQ(file_save(path, (struct str){ p, n }, &e), OK);
}

/* Refused both ways with a message that says `word`, and not a byte is changed. */
static void refused(const char *path, const char *word)
{
	uint64_t h = file_hash(path);

	for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		struct store *s;
		struct err e = { 0 };
		CHECK_EQ(store_open(&s, path, mode, &e), ERR_FORMAT);
		CHECK(!s);
		if (!strstr(e.msg, word))
			print_error("'%s' lacks '%s'\n", e.msg, word);
		CHECK(strstr(e.msg, word) && strstr(e.msg, path));
	}
	CHECK_EQ(file_hash(path), h);
	CHECK(alone(path));
}

static void foreign(void **state)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	struct store *s = open_store(at("good.db"), STORE_WRITE);
	char noise[5000];
	struct rng r = rng_stream(3, "t_store.noise", 0);

	(void)state;
	put_synth(s, 1, 20, 60);
	finish(s);
	store_close(s);
	CHECK_EQ(file_read(&b, at("good.db"), 1 << 28, &e), OK);
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char)rng_u64(&r);
	save(at("x.db"), noise, sizeof noise);
	refused(at("x.db"), "not a store");
	save(at("x.db"), b.p, 57);
	refused(at("x.db"), "not a store");
	for (size_t cut = 100; cut < b.n; cut += b.n / 7) {
		save(at("x.db"), b.p, cut);
		refused(at("x.db"), "truncated");
	}
	char app[4], version = b.p[63];
	memcpy(app, b.p + 68, 4);
	memset(b.p + 68, 0, 4);
	save(at("x.db"), b.p, b.n);
	refused(at("x.db"), "no store of ltm");
	memcpy(b.p + 68, app, 4);
	b.p[63] = 99;
	save(at("x.db"), b.p, b.n);
	refused(at("x.db"), "version 99");
	b.p[63] = 0;
	save(at("x.db"), b.p, b.n);
	refused(at("x.db"), "version 0");
	b.p[63] = version;
	/* a column renamed in the schema: the tables are not ours */
	char *name = memmem(b.p, b.n, "text_hash", 9);
	CHECK(name);
	memcpy(name, "text_hush", 9);
	save(at("x.db"), b.p, b.n);
	refused(at("x.db"), "foreign or damaged");
	memcpy(name, "text_hash", 9);
	save(at("x.db"), b.p, b.n);
	s = open_store(at("x.db"), STORE_READ);
	CHECK_EQ(store_check(s, &e), OK);
	store_close(s);
	struct store *none;
	CHECK_EQ(store_open(&none, at("none.db"), STORE_READ, &e), ERR_IO);
	err_clear(&e);
	save(at("x.db"), "", 0);
	CHECK_EQ(store_open(&none, at("x.db"), STORE_READ, &e), ERR_FORMAT);
	err_clear(&e);
	CHECK_EQ(store_open(&none, dir, STORE_WRITE, &e), ERR_IO);
	buf_free(&b);
}

/* Hash of everything that can be read; *bad when something cannot. */
static int add_line(void *ctx, int64_t scene, int64_t book, const struct skeleton *k, struct str line)
{
	uint64_t *h = ctx;

	*h = hash64(line.p, line.n, *h + (uint64_t)(scene + book + k->n_actor));
	return 0;
}

static uint64_t everything(struct store *s, bool *bad)
{
	struct arena a = arena_open("test");
	struct err e = { 0 };
	struct book_row *row;
	struct hit *hit;
	struct str q = synth_lemma(&a, 3);
	size_t n, m;
	uint64_t h = 0;

	*bad = store_books(s, &row, &n, &a, &e) != OK;
	for (size_t i = 0; i < n; i++) {
		struct str text = S(""), strip = S(""), pass = S("");
		struct scene_row *c = NULL;
		struct sent *t = NULL;
		struct chapter_row *ch = NULL;
		err_clear(&e);
		*bad |= store_book_text(s, row[i].id, &text, &a, &e) != OK;
		h = hash64(text.p, text.n, h + row[i].text_hash);
		err_clear(&e);
		*bad |= store_strip(s, row[i].id, &strip, &a, &e) != OK;
		err_clear(&e);
		*bad |= store_sentences(s, row[i].id, &t, &m, &a, &e) != OK;
		for (size_t k = 0; !*bad && k < m; k++)
			h = hash64(text.p + t[k].off, t[k].len, h);
		err_clear(&e);
		*bad |= store_chapters(s, row[i].id, &ch, &m, &a, &e) != OK;
		err_clear(&e);
		*bad |= store_scenes(s, row[i].id, &c, &m, &a, &e) != OK;
		for (size_t k = 0; !*bad && k < m; k++) {
			h = hash64(text.p + c[k].scene.off, c[k].scene.len, h + c[k].scene.n_actor);
			*bad |= k < 2 && store_passage(s, c[k].id, &pass, &a, &e) != OK;
		}
	}
	err_clear(&e);
	*bad |= store_skeletons(s, add_line, &h, &e) != OK;
	err_clear(&e);
	*bad |= store_search(s, &q, 1, 1000, &hit, &m, &a, &e) != OK;
	for (size_t k = 0; !*bad && k < m; k++)
		h = hash64(&hit[k], sizeof *hit, h);
	arena_close(&a);
	return h;
}

/* Bytes changed anywhere: nothing crashes, and the check finds every change that is read. */
static void flipped(void **state)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	struct rng r = rng_stream(5, "t_store.flip", 0);
	struct store *s = open_store(at("flip.db"), STORE_WRITE);
	int found = 0, silent = 0;
	bool bad;

	(void)state;
	for (uint64_t i = 1; i <= 3; i++)
		put_synth(s, i, 25, 60);
	finish(s);
	uint64_t want = everything(s, &bad);
	CHECK(!bad);
	store_close(s);
	CHECK_EQ(file_read(&b, at("flip.db"), 1 << 28, &e), OK);
	const char *path = at("flipped.db");
	int rounds = getenv("T_STORE_FLIPS") ? atoi(getenv("T_STORE_FLIPS")) : 400;
	for (int round = 0; round < rounds; round++) {
		size_t where = rng_below(&r, b.n);
		char was = b.p[where];
		b.p[where] = (char)(was ^ (1 + rng_below(&r, 255)));
		int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
		CHECK_EQ(write(fd, b.p, b.n), b.n);
		close(fd);
		err_clear(&e);
		if (!store_open(&s, path, STORE_READ, &e)) {
			uint64_t got = everything(s, &bad);
			enum status st = store_check(s, &e);
			if (st == OK && (bad || got != want))
				print_error("byte %zu of %zu: a change that the check does not see\n", where, b.n);
			CHECK(st != OK || (!bad && got == want));
			found += st != OK;
			silent += st == OK;
			store_close(s);
		} else {
			found++;
		}
		b.p[where] = was;
	}
	print_message("%d flips: %d found, %d in bytes that nothing reads\n", rounds, found, silent);
	CHECK(found > 50);
	unlink(path);
	buf_free(&b);
}

/* ---- the n-th write fails ------------------------------------------------------------ */

static void limit_files(rlim_t bytes)
{
	struct rlimit l;

	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = bytes < l.rlim_max ? bytes : l.rlim_max;
	setrlimit(RLIMIT_FSIZE, &l);
}

/* The file may grow to `room` bytes more: whatever fails, what was stored is whole. */
static void no_room(rlim_t room, uint64_t want, int *failed)
{
	const char *path = at("room.db");
	struct arena a = arena_open("test");
	struct err e = { 0 };
	struct book_put b;
	struct store *s = open_store(path, STORE_WRITE);

	for (uint64_t i = 1; i <= 2; i++)
		put_synth(s, i, 20, 60);
	limit_files(room);
	synth_put(&b, 3, 60, 90, &a);
	enum status st = store_book_put(s, &b, &e);
	if (!st)
		st = store_finish(s, &e);
	limit_files(RLIM_INFINITY);
	if (st) {
		++*failed;
		if (st != ERR_IO)
			print_error("room %lu: %d %s\n", (unsigned long)room, st, e.msg);
		CHECK_EQ(st, ERR_IO);
		CHECK(strstr(e.msg, path) && strlen(e.msg) > strlen(path) + 10);
	}
	err_clear(&e);
	CHECK(store_book_count(s) == 2 || store_book_count(s) == 3);
	/* the same object goes on when there is room again */
	put_synth(s, 3, 60, 90);
	put_synth(s, 4, 5, 60);
	finish(s);
	CHECK_EQ(store_check(s, &e), OK);
	store_close(s);
	CHECK_EQ(file_hash(path), want);
	CHECK(alone(path));
	unlink(path);
	arena_close(&a);
}

static void full(void **state)
{
	int failed = 0;
	struct store *s = open_store(at("full.db"), STORE_WRITE);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (uint64_t i = 1; i <= 3; i++)
		put_synth(s, i, i == 3 ? 60 : 20, i == 3 ? 90 : 60);
	put_synth(s, 4, 5, 60);
	finish(s);
	store_close(s);
	uint64_t want = file_hash(at("full.db"));
	for (rlim_t room = 4096; room < 900000; room += room / 3)
		no_room(room, want, &failed);
	print_message("%d times no room\n", failed);
	CHECK(failed > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed), cmocka_unit_test(beside_a_reader),
		cmocka_unit_test(foreign), cmocka_unit_test(flipped),
		cmocka_unit_test(full),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
