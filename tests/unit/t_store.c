/* t_store.c - the store gives back what it is given, and finds it. */
#include "store_kit.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(any_bytes), cmocka_unit_test(search),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
