/* store_read.c - rows become books, scenes, chapters, hits again.
 *
 *   in    a store that anyone may have written
 *   out   the same structs that were put, their strings in the caller's arena
 *
 * Invariants: every count, offset and code is checked against what holds it before it is
 * used: sentences and scenes lie within the book's bytes, and the text unpacked has exactly
 * those bytes; codes are kinds of the taxonomy; packed numbers are read to their last byte.
 * What fails a check is ERR_FORMAT with the book or scene it stands in.
 */
#include <math.h>

#include "io/store/store_in.h"

static enum status damaged(struct store *s, const char *what, int64_t id, struct err *e)
{
	return err_set(e, ERR_FORMAT, "%s: %s %lld is damaged; ltm check says more, reading the "
	               "books again mends it", s->path, what, (long long)id);
}

static struct str take_text(sqlite3_stmt *st, int i, struct arena *a)
{
	return str_copy(a, store_text(st, i));
}

/* ---- books --------------------------------------------------------------------------- */

int store_book_find(struct store *s, uint64_t source_hash, int64_t *id)
{
	struct err e = { 0 };
	sqlite3_stmt *st = store_query(s, Q_BOOK_FIND, &e);

	*id = 0;
	if (!st)
		return 0;
	sqlite3_bind_int64(st, 1, (int64_t)source_hash);
	int found = store_step(s, st, &e) > 0;
	if (found)
		*id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return found;
}

static int64_t one_number(struct store *s, enum store_query q, struct err *e)
{
	sqlite3_stmt *st = store_query(s, q, e);
	int64_t n = -1;

	if (st && store_step(s, st, e) > 0)
		n = sqlite3_column_int64(st, 0);
	if (st)
		sqlite3_reset(st);
	return n;
}

size_t store_book_count(struct store *s)
{
	struct err e = { 0 };
	int64_t n = one_number(s, Q_BOOK_COUNT, &e);

	return n > 0 ? (size_t)n : 0;
}

/* Columns of book in the order of the schema. */
static bool book_of(struct book_row *r, sqlite3_stmt *st, struct arena *a)
{
	bool bad = false;

	r->id = sqlite3_column_int64(st, 0);
	r->source_hash = (uint64_t)sqlite3_column_int64(st, 1);
	r->path = take_text(st, 2, a);
	r->title = take_text(st, 3, a);
	r->author = take_text(st, 4, a);
	r->format = take_text(st, 5, a);
	r->charset = take_text(st, 6, a);
	r->warn = take_text(st, 7, a);
	r->text_hash = (uint64_t)sqlite3_column_int64(st, 8);
	r->bytes = (uint32_t)store_count(st, 9, LIMIT_BOOK, &bad);
	r->chars = (uint32_t)store_count(st, 10, LIMIT_BOOK, &bad);
	r->words = (uint32_t)store_count(st, 11, LIMIT_BOOK, &bad);
	r->scenes = (uint32_t)store_count(st, 12, LIMIT_BOOK, &bad);
	r->sentences = (uint32_t)store_count(st, 13, LIMIT_BOOK, &bad);
	r->scene0 = (int64_t)store_count(st, 14, INT64_MAX / 2, &bad);
	r->split = (uint8_t)store_count(st, 15, 2, &bad);
	return !bad && r->id > 0;
}

enum status store_books(struct store *s, struct book_row **out, size_t *n, struct arena *a,
                        struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_BOOKS, e);
	struct book_row *v = NULL;
	size_t cap = 0;
	int rc = -1;

	*n = 0;
	while (st && (rc = store_step(s, st, e)) > 0) {
		struct book_row *r = &VEC_PUSH(v, *n, cap);
		if (!book_of(r, st, a)) {
			damaged(s, "the row of book", r->id, e);
			rc = -1;
			break;
		}
	}
	if (st)
		sqlite3_reset(st);
	*out = TAKE(a, struct book_row, *n);
	if (*n)
		memcpy(*out, v, *n * sizeof *v);
	mem_free(v);
	return rc < 0 ? e->code : OK;
}

static enum status book_row(struct store *s, int64_t id, struct book_row *r, struct arena *a,
                            struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_BOOK, e);

	if (!st)
		return e->code;
	sqlite3_bind_int64(st, 1, id);
	int rc = store_step(s, st, e);
	if (rc == 0)
		return err_set(e, ERR_USAGE, "%s: no book %lld", s->path, (long long)id);
	bool good = rc > 0 && book_of(r, st, a);
	sqlite3_reset(st);
	return rc < 0 ? e->code : good ? OK : damaged(s, "the row of book", id, e);
}

/* A blob of book_body: read (and unpacked when it is zstd) into out. */
static enum status body(struct store *s, enum store_query q, int64_t book, bool packed,
                        struct buf *out, struct err *e)
{
	sqlite3_stmt *st = store_query(s, q, e);
	struct err why = { 0 };

	out->n = 0;
	if (!st)
		return e->code;
	sqlite3_bind_int64(st, 1, book);
	int rc = store_step(s, st, e);
	if (rc == 0)
		return err_set(e, ERR_USAGE, "%s: no book %lld", s->path, (long long)book);
	if (rc > 0 && packed && pack_open(out, store_blob(st, 0), LIMIT_BOOK, &why))
		err_set(e, ERR_FORMAT, "%s: book %lld: %s", s->path, (long long)book, why.msg);
	else if (rc > 0 && !packed)
		buf_str(out, store_blob(st, 0));
	sqlite3_reset(st);
	return e->code;
}

/* The book's text in s->text, kept there until another book's is asked for. */
static enum status load_text(struct store *s, int64_t book, struct err *e)
{
	struct arena a = arena_open("store text");
	struct book_row r = { 0 };

	if (s->text_book == book)
		return OK;
	s->text_book = 0;
	bool bad = book_row(s, book, &r, &a, e) || body(s, Q_BODY_TEXT, book, true, &s->text, e);
	arena_close(&a);
	if (bad)
		return e->code;
	if (s->text.n != r.bytes)
		return damaged(s, "the text of book", book, e);
	s->text_book = book;
	return OK;
}

enum status store_book_text(struct store *s, int64_t book, struct str *text, struct arena *a,
                            struct err *e)
{
	*text = S("");
	if (load_text(s, book, e))
		return e->code;
	*text = str_copy(a, buf_view(&s->text));
	return OK;
}

enum status store_strip(struct store *s, int64_t book, struct str *strip, struct arena *a,
                        struct err *e)
{
	*strip = S("");
	if (body(s, Q_BODY_STRIP, book, true, &s->scratch, e))
		return e->code;
	*strip = str_copy(a, buf_view(&s->scratch));
	return OK;
}

/* The inverse of pack_sents; a sentence takes 3 bytes at least. */
static bool sents_of(struct sent *out, size_t n, struct str packed, uint32_t bytes)
{
	struct reader r = reader_of(packed);
	uint64_t end = 0, para = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t gap = varint_read(&r), len = varint_read(&r), step = varint_read(&r);
		if (r.bad || gap > bytes - end || len > bytes - end - gap || step > UINT32_MAX - para)
			return false;
		para += step;
		out[i] = (struct sent){ (uint32_t)(end + gap), (uint32_t)len, (uint32_t)para };
		end += gap + len;
	}
	return rd_left(&r) == 0;
}

enum status store_sentences(struct store *s, int64_t book, struct sent **out, size_t *n,
                            struct arena *a, struct err *e)
{
	struct book_row r = { 0 };

	*out = NULL;
	*n = 0;
	if (book_row(s, book, &r, a, e) || body(s, Q_BODY_SENTS, book, false, &s->scratch, e))
		return e->code;
	if (r.sentences > s->scratch.n / 3)
		return damaged(s, "the sentences of book", book, e);
	*out = TAKE(a, struct sent, r.sentences);
	if (!sents_of(*out, r.sentences, buf_view(&s->scratch), r.bytes))
		return damaged(s, "the sentences of book", book, e);
	*n = r.sentences;
	return OK;
}

enum status store_chapters(struct store *s, int64_t book, struct chapter_row **out, size_t *n,
                           struct arena *a, struct err *e)
{
	struct chapter_row *v = NULL;
	struct book_row r = { 0 };
	size_t cap = 0;
	bool bad = false;
	int rc = -1;

	*n = 0;
	*out = NULL;
	sqlite3_stmt *st = book_row(s, book, &r, a, e) ? NULL : store_query(s, Q_CHAPTERS, e);
	if (!st)
		return e->code;
	sqlite3_bind_int64(st, 1, book);
	while (!bad && (rc = store_step(s, st, e)) > 0) {
		struct chapter_row *c = &VEC_PUSH(v, *n, cap);
		c->index = (uint32_t)store_count(st, 0, LIMIT_BOOK, &bad);
		c->level = (uint32_t)store_count(st, 1, UINT32_MAX, &bad);
		c->title = take_text(st, 2, a);
		c->scene = (uint32_t)store_count(st, 3, r.scenes, &bad);
		c->n_scene = (uint32_t)store_count(st, 4, r.scenes - c->scene, &bad);
		bad = bad || c->index != *n - 1;
	}
	sqlite3_reset(st);
	*out = TAKE(a, struct chapter_row, *n);
	if (*n)
		memcpy(*out, v, *n * sizeof *v);
	mem_free(v);
	return bad ? damaged(s, "a chapter of book", book, e) : rc < 0 ? e->code : OK;
}

/* ---- scenes -------------------------------------------------------------------------- */

static float real(sqlite3_stmt *st, int i, bool *bad)
{
	double v = sqlite3_column_double(st, i);

	*bad = *bad || !(fabs(v) <= 3e38);
	return *bad ? 0 : (float)v;
}

/* Columns of scene in the order of the schema, then the chapter's title. */
static bool scene_of(struct scene_row *r, sqlite3_stmt *st, struct arena *a)
{
	struct scene *c = &r->scene;
	bool bad = false;
	int at = 10;

	memset(r, 0, sizeof *r);
	r->id = sqlite3_column_int64(st, 0);
	r->book = sqlite3_column_int64(st, 1);
	r->index = (uint32_t)store_count(st, 2, LIMIT_BOOK, &bad);
	c->chapter = (uint32_t)store_count(st, 3, LIMIT_BOOK, &bad);
	c->sent = (uint32_t)store_count(st, 4, LIMIT_BOOK, &bad);
	c->n_sent = (uint32_t)store_count(st, 5, LIMIT_BOOK, &bad);
	c->off = (uint32_t)store_count(st, 6, LIMIT_BOOK, &bad);
	c->len = (uint32_t)store_count(st, 7, LIMIT_BOOK, &bad);
	c->cut = real(st, 8, &bad);
	r->glyph = take_text(st, 9, a);
	for (int k = 0; k < SC_N; k++)
		c->code[k] = (uint8_t)store_count(st, at++, (uint64_t)kind_count(k), &bad);
	for (int k = 0; k < SC_N; k++)
		c->code_conf[k] = real(st, at++, &bad);
	for (int k = 0; k < ST_N; k++)
		c->text[k] = take_text(st, at++, a);
	for (int k = 0; k < ST_N; k++)
		c->text_conf[k] = real(st, at++, &bad);
	c->valence = real(st, at++, &bad);
	c->arousal = real(st, at++, &bad);
	r->chapter = take_text(st, at, a);
	return !bad;
}

/* The lemmas of a run of scenes, v[0] having id `first`. */
static bool add_lemmas(struct store *s, enum store_query q, struct scene_row *v, size_t n,
                       int64_t first, struct arena *a, struct err *e)
{
	sqlite3_stmt *st = store_query(s, q, e);
	bool bad = false, actors = q == Q_ACTORS;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, first);
	sqlite3_bind_int64(st, 2, first + (int64_t)n - 1);
	while (!bad && store_step(s, st, e) > 0) {
		int64_t at = sqlite3_column_int64(st, 0) - first;	/* within the asked run */
		bad = at < 0 || at >= (int64_t)n;	/* a key out of order in a damaged tree */
		if (bad)
			break;
		struct scene *c = &v[at].scene;
		int *count = actors ? &c->n_actor : &c->n_image;
		int max = actors ? ACTORS_MAX : IMAGES_MAX;
		bad = *count >= max || sqlite3_column_int64(st, 1) != *count;
		if (bad)
			break;
		*(actors ? &c->actor[*count] : &c->image[*count]) = take_text(st, 2, a);
		*(actors ? &c->actor_conf[*count] : &c->image_conf[*count]) = real(st, 3, &bad);
		++*count;
	}
	sqlite3_reset(st);
	return !bad && !e->code;
}

/* The scenes first … last of one book, into the arena, all checked. */
static enum status scenes(struct store *s, const struct book_row *b, int64_t first, int64_t last,
                          struct scene_row **out, size_t *n, struct arena *a, struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_SCENES, e);
	struct scene_row *v = NULL;
	size_t cap = 0;
	bool good = true;

	*n = 0;
	if (!st)
		return e->code;
	sqlite3_bind_int64(st, 1, first);
	sqlite3_bind_int64(st, 2, last);
	while (good && store_step(s, st, e) > 0) {
		int64_t id = first + (int64_t)*n;
		struct scene_row *r = &VEC_PUSH(v, *n, cap);
		const struct scene *c = &r->scene;
		good = scene_of(r, st, a) && r->id == id && r->book == b->id
			&& r->index == id - b->scene0
			&& c->sent <= b->sentences && c->n_sent <= b->sentences - c->sent
			&& c->off <= b->bytes && c->len <= b->bytes - c->off;
	}
	sqlite3_reset(st);
	good = good && !e->code && (int64_t)*n == last - first + 1;
	*out = TAKE(a, struct scene_row, *n);
	if (*n)
		memcpy(*out, v, *n * sizeof *v);
	mem_free(v);
	if (good && *n)
		good = add_lemmas(s, Q_ACTORS, *out, *n, first, a, e)
			&& add_lemmas(s, Q_IMAGES, *out, *n, first, a, e);
	return good ? OK : e->code ? e->code : damaged(s, "a scene of book", b->id, e);
}

enum status store_scenes(struct store *s, int64_t book, struct scene_row **out, size_t *n,
                         struct arena *a, struct err *e)
{
	struct book_row b = { 0 };

	*out = NULL;
	*n = 0;
	if (book_row(s, book, &b, a, e))
		return e->code;
	return scenes(s, &b, b.scene0, b.scene0 + b.scenes - 1, out, n, a, e);
}

enum status store_scene(struct store *s, int64_t id, struct scene_row *out, struct arena *a,
                        struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_SCENES, e);
	struct scene_row *r;
	struct book_row b = { 0 };
	size_t n;

	if (!st)
		return e->code;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, id);
	int rc = store_step(s, st, e);
	if (rc <= 0)
		return rc < 0 ? e->code
			: err_set(e, ERR_USAGE, "%s: no scene %lld", s->path, (long long)id);
	int64_t book = sqlite3_column_int64(st, 1);
	sqlite3_reset(st);
	if (book_row(s, book, &b, a, e) || scenes(s, &b, id, id, &r, &n, a, e))
		return e->code;
	*out = *r;
	return OK;
}

enum status store_passage(struct store *s, int64_t scene, struct str *text, struct arena *a,
                          struct err *e)
{
	struct scene_row r = { 0 };

	*text = S("");
	if (store_scene(s, scene, &r, a, e) || load_text(s, r.book, e))
		return e->code;
	*text = str_copy(a, (struct str){ s->text.p + r.scene.off, r.scene.len });
	return OK;
}

/* ---- lines, aliases ------------------------------------------------------------------ */

enum status store_skeletons(struct store *s, int (*each)(void *ctx, int64_t scene, int64_t book,
                            const struct skeleton *k, struct str line), void *ctx, struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_LINES, e);
	int rc = -1;

	while (st && (rc = store_step(s, st, e)) > 0) {
		int64_t id = sqlite3_column_int64(st, 0), book = sqlite3_column_int64(st, 1);
		struct str line = store_text(st, 2);
		struct skeleton k;
		struct err why = { 0 };
		if (glyph_decode(&k, line, s->aliases, &why)) {
			err_set(e, ERR_FORMAT, "%s: the line of scene %lld: %s", s->path,
			        (long long)id, why.msg);
			rc = -1;
			break;
		}
		if (each(ctx, id, book, &k, line)) {
			rc = 0;
			break;
		}
	}
	if (st)
		sqlite3_reset(st);
	return rc < 0 ? e->code : OK;
}

enum status store_reload(struct store *s, struct err *e)
{
	sqlite3_stmt *st;
	int rc = -1;

	if (s->aliases)
		aliases_close(s->aliases);
	s->aliases = aliases_open();
	s->last_book = one_number(s, Q_BOOK_LAST, e);
	s->last_scene = one_number(s, Q_SCENE_LAST, e);
	st = store_query(s, Q_ALIASES, e);
	while (st && (rc = store_step(s, st, e)) > 0)
		if (aliases_put(s->aliases, store_text(st, 0), store_text(st, 1), e)) {
			err_in(e, s->path);
			sqlite3_reset(st);
			break;
		}
	s->n_alias = aliases_count(s->aliases);
	return e->code;
}

struct aliases *store_aliases(struct store *s)
{
	return s->aliases;
}

/* ---- full text, failures ------------------------------------------------------------- */

/* "слово" AND "другое": a token holds no quotes (store_token). */
static bool question(struct buf *out, const struct str *lemma, size_t n)
{
	struct arena a = arena_open("search");

	for (size_t i = 0; i < n; i++) {
		struct str t = store_token(&a, lemma[i]);
		if (t.n) {
			buf_str(out, out->n ? S(" AND \"") : S("\""));
			buf_str(out, t);
			buf_char(out, '"');
		}
	}
	arena_close(&a);
	return out->n > 0;
}

enum status store_search(struct store *s, const struct str *lemma, size_t n_lemma, size_t limit,
                         struct hit **out, size_t *n, struct arena *a, struct err *e)
{
	struct buf ask = { 0 };
	struct hit *v = NULL;
	size_t cap = 0;

	*out = NULL;
	*n = 0;
	if (n_lemma > 64)
		return err_set(e, ERR_LIMIT, "a question of %zu words; the limit is 64", n_lemma);
	sqlite3_stmt *st = question(&ask, lemma, n_lemma) ? store_query(s, Q_SEARCH, e) : NULL;
	if (st) {
		sqlite3_bind_text64(st, 1, ask.p, ask.n, SQLITE_STATIC, SQLITE_UTF8);
		sqlite3_bind_int64(st, 2, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
		while (store_step(s, st, e) > 0) {
			struct hit *h = &VEC_PUSH(v, *n, cap);
			h->scene = sqlite3_column_int64(st, 0);
			h->rank = -sqlite3_column_double(st, 1);
		}
		sqlite3_clear_bindings(st);
	}
	*out = TAKE(a, struct hit, *n);
	if (*n)
		memcpy(*out, v, *n * sizeof *v);
	mem_free(v);
	buf_free(&ask);
	return e->code;
}

enum status store_failures(struct store *s, struct failed_row **out, size_t *n, struct arena *a,
                           struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_FAILURES, e);
	struct failed_row *v = NULL;
	size_t cap = 0;

	*n = 0;
	while (st && store_step(s, st, e) > 0) {
		struct failed_row *f = &VEC_PUSH(v, *n, cap);
		f->path = take_text(st, 0, a);
		f->code = sqlite3_column_int(st, 1);
		f->why = take_text(st, 2, a);
	}
	*out = TAKE(a, struct failed_row, *n);
	if (*n)
		memcpy(*out, v, *n * sizeof *v);
	mem_free(v);
	return e->code;
}
