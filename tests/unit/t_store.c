/* t_store.c - the store keeps what it is given, through kills, full disks and foreign bytes. */
#include "check.h"
#include "synth_book.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/t_store.XXXXXX";

static const char *at(const char *name)
{
	static char path[8][200];
	static int i;

	i = (i + 1) % 8;
	snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
	return path[i];
}

static struct store *open_store(const char *path, enum store_mode mode)
{
	struct store *s;
	struct err e = { 0 };

	if (store_open(&s, path, mode, &e))
		print_error("%s\n", e.msg);
	CHECK_EQ(e.code, OK);
	return s;
}

static void put_synth(struct store *s, uint64_t seed, size_t scenes, size_t words)
{
	struct arena a = arena_open("test");
	struct book_put b;
	struct err e = { 0 };
	int64_t id;

	synth_put(&b, seed, scenes, words, &a);
	if (!store_book_find(s, b.row.source_hash, &id)) {
		if (store_book_put(s, &b, &e))
			print_error("%s\n", e.msg);
		CHECK_EQ(e.code, OK);
	}
	arena_close(&a);
}

static void finish(struct store *s)
{
	struct err e = { 0 };

	if (store_finish(s, &e))
		print_error("%s\n", e.msg);
	CHECK_EQ(e.code, OK);
}

static uint64_t file_hash(const char *path)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	CHECK_EQ(file_read(&b, path, 1 << 30, &e), OK);
	uint64_t h = hash64(b.p, b.n, 0);
	buf_free(&b);
	return h;
}

static bool alone(const char *path)
{
	char name[300];
	bool yes = true;

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", path, i == 0 ? "-wal" : i == 1 ? "-shm" : "-journal");
		yes = yes && !file_exists(name);
	}
	return yes;
}

/* ---- what is put comes back ---------------------------------------------------------- */

static void same_scene(const struct scene *x, const struct scene *y)
{
	CHECK(x->sent == y->sent && x->n_sent == y->n_sent && x->off == y->off && x->len == y->len);
	CHECK(x->chapter == y->chapter && x->cut == y->cut);
	CHECK(!memcmp(x->code, y->code, sizeof x->code));
	CHECK(!memcmp(x->code_conf, y->code_conf, sizeof x->code_conf));
	CHECK(!memcmp(x->text_conf, y->text_conf, sizeof x->text_conf));
	CHECK(x->valence == y->valence && x->arousal == y->arousal);
	for (int i = 0; i < ST_N; i++)
		CHECK(str_eq(x->text[i], y->text[i]));
	CHECK_EQ(x->n_actor, y->n_actor);
	for (int i = 0; i < x->n_actor; i++)
		CHECK(str_eq(x->actor[i], y->actor[i]) && x->actor_conf[i] == y->actor_conf[i]);
	CHECK_EQ(x->n_image, y->n_image);
	for (int i = 0; i < x->n_image; i++)
		CHECK(str_eq(x->image[i], y->image[i]) && x->image_conf[i] == y->image_conf[i]);
}

static void same_book(struct store *s, int64_t id, const struct book_put *b, struct arena *a)
{
	struct err e = { 0 };
	struct scene_row *scene, one;
	struct chapter_row *chapter;
	struct sent *sent;
	struct str text, strip;
	size_t n;

	CHECK_EQ(store_book_text(s, id, &text, a, &e), OK);
	CHECK(str_eq(text, b->book->text));
	CHECK_EQ(store_strip(s, id, &strip, a, &e), OK);
	CHECK(str_eq(strip, b->strip));
	CHECK_EQ(store_sentences(s, id, &sent, &n, a, &e), OK);
	CHECK_EQ(n, b->book->n_sent);
	CHECK(!memcmp(sent, b->book->sent, n * sizeof *sent));
	CHECK_EQ(store_chapters(s, id, &chapter, &n, a, &e), OK);
	CHECK_EQ(n, b->book->n_chapter);
	for (size_t i = 0; i < n; i++) {
		const struct chapter *c = &b->book->chapter[i];
		CHECK(chapter[i].index == i && chapter[i].level == c->level);
		CHECK(str_eq(chapter[i].title, (struct str){ text.p + c->title_off, c->title_len }));
		CHECK_EQ(chapter[i].scene, i * 10);
	}
	CHECK_EQ(store_scenes(s, id, &scene, &n, a, &e), OK);
	CHECK_EQ(n, b->n_scene);
	for (size_t i = 0; i < n; i++) {
		same_scene(&scene[i].scene, &b->scene[i]);
		CHECK(scene[i].book == id && scene[i].index == i && scene[i].id == b->row.scene0 + (int64_t)i);
		CHECK(str_eq(scene[i].chapter, chapter[i / 10].title));
		CHECK(scene[i].glyph.n > 0);
	}
	CHECK_EQ(store_scene(s, scene[n / 2].id, &one, a, &e), OK);
	same_scene(&one.scene, &b->scene[n / 2]);
	CHECK_EQ(store_passage(s, one.id, &text, a, &e), OK);
	CHECK(str_eq(text, (struct str){ b->book->text.p + one.scene.off, one.scene.len }));
}

struct seen { struct store *s; struct book_put *b; size_t n; int64_t last; };

static int see(void *ctx, int64_t scene, int64_t book, const struct skeleton *k, struct str line)
{
	struct seen *v = ctx;
	struct skeleton want;

	CHECK_EQ(scene, v->last + 1);
	v->last = scene;
	v->n++;
	CHECK(line.n > 0);
	skeleton_of(&want, &v->b[book - 1].scene[scene - v->b[book - 1].row.scene0]);
	CHECK(k->n_actor == want.n_actor && k->tension == want.tension
	      && k->resolution == want.resolution && str_eq(k->field, want.field));
	return 0;
}

static void round_trip(void **state)
{
	struct arena a = arena_open("test");
	struct book_put b[4];
	struct book_row *row;
	struct err e = { 0 };
	size_t n;
	int64_t id;
	struct store *s = open_store(at("round.db"), STORE_WRITE);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		synth_put(&b[i], i + 1, i == 2 ? 1 : 12 + i * 7, 20 + i * 30, &a);
		CHECK_EQ(store_book_put(s, &b[i], &e), OK);
		CHECK_EQ(b[i].row.id, i + 1);
	}
	CHECK_EQ(store_split(s, 2, 1, &e), OK);
	CHECK_EQ(store_split(s, 9, 1, &e), ERR_USAGE);
	err_clear(&e);
	CHECK_EQ(store_book_put(s, &b[1], &e), ERR_USAGE);	/* the same bytes twice */
	err_clear(&e);
	for (int round = 0; round < 2; round++) {	/* before and after the finish */
		CHECK_EQ(store_book_count(s), 4);
		CHECK_EQ(store_books(s, &row, &n, &a, &e), OK);
		CHECK_EQ(n, 4);
		for (size_t i = 0; i < 4; i++) {
			CHECK(row[i].source_hash == b[i].row.source_hash && row[i].split == (i == 1));
			CHECK(row[i].text_hash == str_hash(b[i].book->text));
			CHECK(row[i].words == b[i].words->n && row[i].scenes == b[i].n_scene);
			CHECK(str_eq(row[i].title, b[i].book->title) && str_eq(row[i].path, b[i].row.path));
			CHECK_EQ(row[i].chars, utf8_count(b[i].book->text));
			same_book(s, row[i].id, &b[i], &a);
		}
		struct seen v = { s, b, 0, 0 };
		CHECK_EQ(store_skeletons(s, see, &v, &e), OK);
		CHECK_EQ(v.n, b[3].row.scene0 + (int64_t)b[3].n_scene - 1);
		CHECK_EQ(store_book_find(s, b[3].row.source_hash, &id), 1);
		CHECK_EQ(id, 4);
		CHECK_EQ(store_book_find(s, 12345, &id), 0);
		if (round == 0)
			finish(s);
	}
	CHECK_EQ(store_check(s, &e), OK);
	store_close(s);
	CHECK(alone(at("round.db")));
	uint64_t h = file_hash(at("round.db"));
	/* opening, even for writing, and a finish with nothing to do change no byte */
	s = open_store(at("round.db"), STORE_WRITE);
	CHECK_EQ(store_split(s, 2, 1, &e), OK);
	finish(s);
	store_close(s);
	CHECK_EQ(file_hash(at("round.db")), h);
	s = open_store(at("round.db"), STORE_READ);
	CHECK_EQ(store_check(s, &e), OK);
	struct scene_row one;
	CHECK_EQ(store_scene(s, 1000, &one, &a, &e), ERR_USAGE);
	store_close(s);
	CHECK_EQ(file_hash(at("round.db")), h);
	arena_close(&a);
}

/* ---- titles, paths, reasons: any bytes ------------------------------------------------ */

static void any_bytes(void **state)
{
	static const struct str title[] = {
		{ "'; DROP TABLE book; --", 22 }, { "\" OR \"\"=\"", 9 }, { "a\tb\nc\r\x01\x1b[31m", 13 },
		{ "a\0b", 3 }, { "\0", 1 }, { "\xff\xfe\xc3", 3 }, { "🤖🧠", 8 }, { "", 0 },
		{ "\xe2\x80\xae\xc2\x85", 5 }, { "%s%n$(touch x)", 14 }, { "../../etc", 9 }, { " ", 1 },
	};
	enum { N = sizeof title / sizeof *title };
	struct arena a = arena_open("test");
	struct store *s = open_store(at("bytes.db"), STORE_WRITE);
	struct err e = { 0 }, why = { 0 };
	struct book_put b;
	struct book_row *row;
	struct failed_row *f;
	size_t n;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		synth_put(&b, i + 1, 2, 10, &a);
		((struct book *)(uintptr_t)b.book)->title = S("");
		b.row.title = b.row.author = b.row.warn = title[i];
		CHECK_EQ(store_book_put(s, &b, &e), OK);
	}
	err_set(&why, ERR_FORMAT, "empty");
	CHECK_EQ(store_failed(s, "б'; --.txt", &why, &e), OK);
	CHECK_EQ(store_failed(s, "а.txt", &why, &e), OK);
	err_clear(&why);
	err_set(&why, ERR_LIMIT, "now too large");
	CHECK_EQ(store_failed(s, "б'; --.txt", &why, &e), OK);
	finish(s);
	store_close(s);
	s = open_store(at("bytes.db"), STORE_READ);
	CHECK_EQ(store_books(s, &row, &n, &a, &e), OK);
	CHECK_EQ(n, N);
	for (size_t i = 0; i < N; i++)
		CHECK(str_eq(row[i].title, title[i]) && str_eq(row[i].author, title[i])
		      && str_eq(row[i].warn, title[i]));
	CHECK_EQ(store_failures(s, &f, &n, &a, &e), OK);
	CHECK_EQ(n, 2);
	CHECK_STR(f[0].path, "а.txt");
	CHECK_STR(f[1].why, "now too large");
	CHECK_EQ(f[1].code, ERR_LIMIT);
	store_close(s);
	/* a source that is read after all is a failure no more */
	s = open_store(at("bytes.db"), STORE_WRITE);
	synth_put(&b, 100, 2, 10, &a);
	b.row.path = S("а.txt");
	CHECK_EQ(store_book_put(s, &b, &e), OK);
	CHECK_EQ(store_failures(s, &f, &n, &a, &e), OK);
	CHECK_EQ(n, 1);
	store_close(s);
	arena_close(&a);
}

/* ---- full text ----------------------------------------------------------------------- */

/* A book of one scene a line; words are cut at spaces, a word is its own lemma. */
static void put_lines(struct store *s, uint64_t hash, const char *const *line, size_t n)
{
	struct arena a = arena_open("test");
	struct book_put b = { .row.source_hash = hash };
	struct book k = { .n_chapter = 1, .format = S("txt") };
	struct words w = { 0 };
	struct buf text = { 0 };
	struct err e = { 0 };
	struct scene *c = TAKE(&a, struct scene, n);

	k.chapter = TAKE(&a, struct chapter, 1);
	k.sent = TAKE(&a, struct sent, n);
	w.sent = TAKE(&a, uint32_t, n + 1);
	w.w = TAKE(&a, struct word, 1000);
	w.lemma = TAKE(&a, struct lemma, 1000);
	for (size_t i = 0; i < n; i++) {
		struct str rest = str_of(line[i]), piece;
		k.sent[i] = (struct sent){ (uint32_t)text.n, (uint32_t)rest.n, 0 };
		c[i] = (struct scene){ .sent = (uint32_t)i, .n_sent = 1, .off = (uint32_t)text.n,
			.len = (uint32_t)rest.n };
		w.sent[i] = (uint32_t)w.n;
		buf_str(&text, rest);
		buf_char(&text, '\n');
		while (str_cut(&rest, ' ', &piece)) {
			w.lemma[w.n_lemma].s = piece;
			w.w[w.n++] = (struct word){ .lemma = (uint32_t)w.n_lemma++,
				.pos = str_eq(piece, S(",")) ? POS_PUNCT : POS_NOUN };
		}
	}
	w.sent[n] = (uint32_t)w.n;
	w.n_sent = k.n_sent = n;
	k.text = buf_view(&text);
	b.book = &k;
	b.words = &w;
	b.scene = c;
	b.n_scene = n;
	CHECK_EQ(store_book_put(s, &b, &e), OK);
	buf_free(&text);
	arena_close(&a);
}

/* The scenes found, as "1 4 ". */
static void finds(struct store *s, const char *question, const char *want)
{
	struct arena a = arena_open("test");
	struct str lemma[8], rest = str_of(question);
	struct buf got = { 0 };
	struct hit *hit;
	struct err e = { 0 };
	size_t n = 0, found;

	while (n < 8 && str_cut(&rest, ' ', &lemma[n]))
		n++;
	CHECK_EQ(store_search(s, lemma, n, 100, &hit, &found, &a, &e), OK);
	for (size_t i = 0; i < found; i++)
		buf_printf(&got, "%lld ", (long long)hit[i].scene);
	for (size_t i = 1; i < found; i++)
		CHECK(hit[i - 1].rank > hit[i].rank || (hit[i - 1].rank == hit[i].rank
		      && hit[i - 1].scene < hit[i].scene));
	if (!str_eq(buf_view(&got), str_of(want)))
		print_error("question '%s'\n", question);
	CHECK_STR(buf_view(&got), want);
	buf_free(&got);
	arena_close(&a);
}

static void search(void **state)
{
	static const char *const line[] = {
		"мой дом , ёлка",			/* 1 */
		"мои дом дом что-то",			/* 2 */
		"край Paris д'артаньян",		/* 3 */
		"елка что то т.д.",			/* 4 */
		"OR NOT \" * кот кот кот собака собака лес поле река",	/* 5 */
		"кот собака лес поле река гора море дом",		/* 6 */
		"a:b (c) тень",				/* 7 */
		"тень a:b (c)",				/* 8: as 7, so they tie */
	};
	struct store *s = open_store(at("search.db"), STORE_WRITE);

	(void)state;
	put_lines(s, 1, line, sizeof line / sizeof *line);
	for (int round = 0; round < 2; round++) {
		finds(s, "мой", "1 ");			/* й is not и */
		finds(s, "мои", "2 ");
		finds(s, "МОЙ", "1 ");
		finds(s, "край", "3 ");
		finds(s, "краи", "");
		finds(s, "ёлка", "1 4 ");		/* ё as е, both ways */
		finds(s, "Елка", "1 4 ");
		finds(s, "что-то", "2 ");		/* a hyphen holds */
		finds(s, "что", "4 ");
		finds(s, "paris", "3 ");
		finds(s, "д'артаньян", "3 ");
		finds(s, "т.д.", "4 ");
		finds(s, ",", "");			/* marks are not words */
		finds(s, "дом мои", "2 ");		/* all must occur */
		finds(s, "дом", "2 1 6 ");		/* oftener and shorter first */
		finds(s, "кот", "5 6 ");
		finds(s, "тень", "7 8 ");		/* ties by id */
		finds(s, "a:b (c)", "7 8 ");
		finds(s, "OR", "5 ");			/* operators are words here */
		finds(s, "not кот", "5 ");
		finds(s, "\"", "");
		finds(s, "\" кот *", "5 6 ");		/* marks in a question are passed over */
		finds(s, "до*", "");
		finds(s, "кот собак", "");		/* no prefixes by accident */
		finds(s, "", "");
		finish(s);
	}
	store_close(s);
}

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

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	char cmd[300];

	(void)state;
	snprintf(cmd, sizeof cmd, "rm -r '%s'", dir);
	return system(cmd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(any_bytes), cmocka_unit_test(search),
		cmocka_unit_test(killed), cmocka_unit_test(beside_a_reader),
		cmocka_unit_test(foreign), cmocka_unit_test(flipped),
		cmocka_unit_test(full),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
