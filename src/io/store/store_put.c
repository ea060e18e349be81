/* store_put.c - one read book becomes rows, in one transaction.
 *
 *   in    a book with its words, scenes, skeletons and strip (struct book_put)
 *   out   rows of book, book_body, chapter, scene, actor, image, alias, fulltext
 *
 * Invariants: a book is there whole or not at all; ids of books and scenes run on without
 * holes in order of putting; aliases that were thought of for a book that was not kept are
 * forgotten again, so that the next book's lines do not depend on the failure.
 */
#include <math.h>

#include "io/store/store_in.h"

enum { LOG_PAGES = 4000 };	/* of 8 kB: the log is folded in past 32 MB */

/* The first write after an opening moves to a write-ahead log; opening alone changes no byte. */
static enum status begin(struct store *s, struct err *e)
{
	char sql[160];

	must(s->mode == STORE_WRITE);
	if (!s->wal) {
		snprintf(sql, sizeof sql, "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
		         "PRAGMA wal_autocheckpoint=%d", LOG_PAGES);
		if (sqlite3_exec(s->db, sql, NULL, NULL, NULL))
			return store_trouble(s, "writing", e);
		s->wal = true;
	}
	sqlite3_stmt *st = store_query(s, Q_BEGIN, e);
	if (!st || store_run(s, st, e) || !(st = store_query(s, Q_UNSEAL, e)))
		return e->code;
	return store_run(s, st, e);
}

/* Commits what went well, takes back what did not. */
static enum status end(struct store *s, enum status so_far, struct err *e)
{
	if (!so_far) {
		sqlite3_stmt *st = store_query(s, Q_COMMIT, e);
		if (st && !store_run(s, st, e))
			return OK;
	}
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	struct err again = { 0 };
	store_reload(s, &again);	/* the first trouble is the one to tell */
	return e->code;
}

/* ---- the parts of a book ------------------------------------------------------------- */

static struct str either(struct str a, struct str b)
{
	return a.n ? a : b;
}

static uint32_t word_count(const struct words *w)
{
	uint32_t n = 0;

	for (size_t i = 0; w && i < w->n; i++)
		n += w->w[i].pos != POS_PUNCT;
	return n;
}

/* What the store itself knows better than the caller. */
static void row_fill(struct store *s, struct book_put *b)
{
	struct book_row *r = &b->row;

	r->id = s->last_book + 1;
	r->scene0 = s->last_scene + 1;
	r->split = 0;
	r->title = either(r->title, b->book->title);
	r->author = either(r->author, b->book->author);
	r->format = either(r->format, b->book->format);
	r->charset = either(r->charset, b->book->charset);
	r->warn = either(r->warn, b->book->warn);
	r->text_hash = str_hash(b->book->text);
	r->bytes = (uint32_t)b->book->text.n;
	r->chars = (uint32_t)utf8_count(b->book->text);
	r->words = b->words ? word_count(b->words) : r->words;
	r->scenes = (uint32_t)b->n_scene;
	r->sentences = (uint32_t)b->book->n_sent;
}

static enum status put_row(struct store *s, const struct book_row *r, struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_BOOK_PUT, e);

	if (!st)
		return e->code;
	sqlite3_bind_int64(st, 1, r->id);
	sqlite3_bind_int64(st, 2, (int64_t)r->source_hash);
	store_bind_text(st, 3, r->path);
	store_bind_text(st, 4, r->title);
	store_bind_text(st, 5, r->author);
	store_bind_text(st, 6, r->format);
	store_bind_text(st, 7, r->charset);
	store_bind_text(st, 8, r->warn);
	sqlite3_bind_int64(st, 9, (int64_t)r->text_hash);
	sqlite3_bind_int64(st, 10, r->bytes);
	sqlite3_bind_int64(st, 11, r->chars);
	sqlite3_bind_int64(st, 12, r->words);
	sqlite3_bind_int64(st, 13, r->scenes);
	sqlite3_bind_int64(st, 14, r->sentences);
	sqlite3_bind_int64(st, 15, r->scene0);
	return store_run(s, st, e);
}

/* Sentences follow each other, so gaps and steps are small: 3 to 4 bytes a sentence. */
static void pack_sents(struct buf *out, const struct book *b)
{
	uint32_t end = 0, para = 0;

	for (size_t i = 0; i < b->n_sent; i++) {
		const struct sent *t = &b->sent[i];
		must(t->off >= end && t->para >= para);
		must(t->off <= b->text.n && t->len <= b->text.n - t->off);
		varint_add(out, t->off - end);
		varint_add(out, t->len);
		varint_add(out, t->para - para);
		end = t->off + t->len;
		para = t->para;
	}
}

static enum status put_body(struct store *s, const struct book_put *b, struct err *e)
{
	struct buf text = { 0 }, sents = { 0 }, strip = { 0 };
	sqlite3_stmt *st = store_query(s, Q_BODY_PUT, e);

	if (!st)
		return e->code;
	pack_add(&text, b->book->text);
	pack_add(&strip, b->strip);
	pack_sents(&sents, b->book);
	sqlite3_bind_int64(st, 1, b->row.id);
	sqlite3_bind_blob64(st, 2, text.p, text.n, SQLITE_STATIC);
	sqlite3_bind_blob64(st, 3, sents.n ? sents.p : "", sents.n, SQLITE_STATIC);
	sqlite3_bind_blob64(st, 4, strip.p, strip.n, SQLITE_STATIC);
	enum status code = store_run(s, st, e);
	sqlite3_clear_bindings(st);
	buf_free(&text);
	buf_free(&sents);
	buf_free(&strip);
	return code;
}

static enum status put_chapters(struct store *s, const struct book_put *b, struct err *e)
{
	size_t from = 0;

	for (size_t i = 0; i < b->book->n_chapter; i++) {
		const struct chapter *c = &b->book->chapter[i];
		sqlite3_stmt *st = store_query(s, Q_CHAPTER_PUT, e);
		size_t to = from;
		if (!st)
			return e->code;
		while (to < b->n_scene && b->scene[to].chapter == i)
			to++;
		must(c->title_off <= b->book->text.n && c->title_len <= b->book->text.n - c->title_off);
		sqlite3_bind_int64(st, 1, b->row.id);
		sqlite3_bind_int64(st, 2, (int64_t)i);
		sqlite3_bind_int64(st, 3, c->level);
		store_bind_text(st, 4, (struct str){ b->book->text.p + c->title_off, c->title_len });
		sqlite3_bind_int64(st, 5, (int64_t)from);
		sqlite3_bind_int64(st, 6, (int64_t)(to - from));
		if (store_run(s, st, e))
			return e->code;
		from = to;
	}
	must(from == b->n_scene);	/* scenes stand in order of chapter */
	return OK;
}

/* ---- the parts of a scene ------------------------------------------------------------ */

static enum status put_lemmas(struct store *s, enum store_query q, int64_t scene,
                              const struct str *lemma, const float *conf, int n, struct err *e)
{
	for (int i = 0; i < n; i++) {
		sqlite3_stmt *st = store_query(s, q, e);
		if (!st)
			return e->code;
		sqlite3_bind_int64(st, 1, scene);
		sqlite3_bind_int(st, 2, i);
		sqlite3_bind_text64(st, 3, lemma[i].n ? lemma[i].p : "", lemma[i].n, SQLITE_STATIC,
		                    SQLITE_UTF8);
		sqlite3_bind_double(st, 4, conf[i]);
		if (store_run(s, st, e))
			return e->code;
	}
	return OK;
}

/* A number that is none would come back as an empty column: it is refused here. */
static bool all_finite(const struct scene *c)
{
	float sum = c->cut + c->valence + c->arousal;

	for (int i = 0; i < SC_N; i++)
		sum += c->code_conf[i];
	for (int i = 0; i < ST_N; i++)
		sum += c->text_conf[i];
	for (int i = 0; i < c->n_actor; i++)
		sum += c->actor_conf[i];
	for (int i = 0; i < c->n_image; i++)
		sum += c->image_conf[i];
	return isfinite(sum);
}

static enum status put_scene(struct store *s, const struct book_put *b, size_t i, struct str line,
                             struct err *e)
{
	const struct scene *c = &b->scene[i];
	int64_t id = b->row.scene0 + (int64_t)i;
	sqlite3_stmt *st = store_query(s, Q_SCENE_PUT, e);
	int at = 11;

	if (!st)
		return e->code;
	must(c->n_actor >= 0 && c->n_actor <= ACTORS_MAX && c->n_image >= 0
	     && c->n_image <= IMAGES_MAX);
	if (!all_finite(c))
		return err_set(e, ERR_NUM, "%s: scene %zu of '%.*s': a confidence is no number", s->path,
		               i, (int)(b->row.path.n > 200 ? 200 : b->row.path.n), b->row.path.p);
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, b->row.id);
	sqlite3_bind_int64(st, 3, (int64_t)i);
	sqlite3_bind_int64(st, 4, c->chapter);
	sqlite3_bind_int64(st, 5, c->sent);
	sqlite3_bind_int64(st, 6, c->n_sent);
	sqlite3_bind_int64(st, 7, c->off);
	sqlite3_bind_int64(st, 8, c->len);
	sqlite3_bind_double(st, 9, c->cut);
	sqlite3_bind_text64(st, 10, line.p, line.n, SQLITE_STATIC, SQLITE_UTF8);
	for (int k = 0; k < SC_N; k++)
		sqlite3_bind_int(st, at++, c->code[k]);
	for (int k = 0; k < SC_N; k++)
		sqlite3_bind_double(st, at++, c->code_conf[k]);
	for (int k = 0; k < ST_N; k++)
		store_bind_text(st, at++, c->text[k]);
	for (int k = 0; k < ST_N; k++)
		sqlite3_bind_double(st, at++, c->text_conf[k]);
	sqlite3_bind_double(st, at++, c->valence);
	sqlite3_bind_double(st, at++, c->arousal);
	must(at == 41);			/* as many as columns of scene in the schema */
	if (store_run(s, st, e)
	    || put_lemmas(s, Q_ACTOR_PUT, id, c->actor, c->actor_conf, c->n_actor, e))
		return e->code;
	return put_lemmas(s, Q_IMAGE_PUT, id, c->image, c->image_conf, c->n_image, e);
}

/* ---- full text ----------------------------------------------------------------------- */

struct str store_token(struct arena *a, struct str lemma)
{
	struct str f = str_fold(a, lemma);
	char *p = arena_take(a, f.n + 1);
	bool any = false;

	for (size_t i = 0; i < f.n; i++) {
		unsigned char c = (unsigned char)f.p[i];
		bool letter = c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		p[i] = letter || c == '-' || c == '\'' || c == '.' ? (char)c : '_';
		any |= letter;
	}
	return (struct str){ p, any ? f.n : 0 };	/* marks alone are no word */
}

/* The lemmas of a scene's words with one space between; each lemma is folded once a book. */
static void scene_lemmas(struct buf *out, const struct book_put *b, const struct scene *c,
                         const struct str *token)
{
	const struct words *w = b->words;

	out->n = 0;
	must(c->sent <= w->n_sent && c->n_sent <= w->n_sent - c->sent);
	for (size_t i = w->sent[c->sent]; i < w->sent[c->sent + c->n_sent]; i++) {
		must(w->w[i].lemma < w->n_lemma);
		if (w->w[i].pos == POS_PUNCT || !token[w->w[i].lemma].n)
			continue;
		if (out->n)
			buf_char(out, ' ');
		buf_str(out, token[w->w[i].lemma]);
	}
}

static enum status put_fulltext(struct store *s, const struct book_put *b, struct err *e)
{
	struct arena a = arena_open("full text");
	size_t n = b->words ? b->words->n_lemma : 0;
	struct str *token = TAKE(&a, struct str, n);

	for (size_t i = 0; i < n; i++)
		token[i] = store_token(&a, b->words->lemma[i].s);
	for (size_t i = 0; b->words && i < b->n_scene && !e->code; i++) {
		sqlite3_stmt *st = store_query(s, Q_FULLTEXT_PUT, e);
		if (!st)
			break;
		scene_lemmas(&s->scratch, b, &b->scene[i], token);
		sqlite3_bind_int64(st, 1, b->row.scene0 + (int64_t)i);
		sqlite3_bind_text64(st, 2, s->scratch.n ? s->scratch.p : "", s->scratch.n,
		                    SQLITE_STATIC, SQLITE_UTF8);
		store_run(s, st, e);
	}
	arena_close(&a);
	return e->code;
}

/* ---- the whole ----------------------------------------------------------------------- */

static enum status put_scenes(struct store *s, const struct book_put *b, struct err *e)
{
	struct buf line = { 0 };

	for (size_t i = 0; i < b->n_scene && !e->code; i++) {
		struct skeleton k;
		if (!b->skeleton)
			skeleton_of(&k, &b->scene[i]);
		line.n = 0;
		glyph_encode(&line, b->skeleton ? &b->skeleton[i] : &k, s->aliases);
		put_scene(s, b, i, buf_view(&line), e);
	}
	buf_free(&line);
	return e->code;
}

static enum status put_aliases(struct store *s, struct err *e)
{
	for (size_t i = s->n_alias; i < aliases_count(s->aliases); i++) {
		struct str lemma, alias;
		sqlite3_stmt *st = store_query(s, Q_ALIAS_PUT, e);
		if (!st)
			return e->code;
		aliases_get(s->aliases, i, &lemma, &alias);
		sqlite3_bind_int64(st, 1, (int64_t)i + 1);
		sqlite3_bind_text64(st, 2, lemma.p, lemma.n, SQLITE_STATIC, SQLITE_UTF8);
		sqlite3_bind_text64(st, 3, alias.p, alias.n, SQLITE_STATIC, SQLITE_UTF8);
		if (store_run(s, st, e))
			return e->code;
	}
	return OK;
}

static enum status drop_failure(struct store *s, struct str path, struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_FAILURE_DROP, e);

	if (!st)
		return e->code;
	store_bind_text(st, 1, path);
	return store_run(s, st, e);
}

enum status store_book_put(struct store *s, struct book_put *b, struct err *e)
{
	int64_t there;
	int found = store_book_find(s, b->row.source_hash, &there);

	must(!e->code && b->book->text.n <= LIMIT_BOOK && b->n_scene < UINT32_MAX);
	if (found)
		return err_set(e, ERR_USAGE, "%s: these bytes are in the store already, as book %lld",
		               s->path, (long long)there);
	row_fill(s, b);
	bool bad = begin(s, e) || put_row(s, &b->row, e) || put_body(s, b, e)
		|| put_chapters(s, b, e) || put_scenes(s, b, e) || put_aliases(s, e)
		|| put_fulltext(s, b, e) || drop_failure(s, b->row.path, e);
	if (end(s, bad ? e->code : OK, e))
		return e->code;
	s->last_book = b->row.id;
	s->last_scene += (int64_t)b->n_scene;
	s->n_alias = aliases_count(s->aliases);
	return OK;
}

/* What is there already is not written again: a second reading of the same folder leaves a
 * finished file as it is. 1 there, 0 not, -1 trouble. */
static int there_already(struct store *s, sqlite3_stmt *st, struct err *e)
{
	int rc = st ? store_step(s, st, e) : -1;

	if (st)
		sqlite3_reset(st);
	return rc;
}

static sqlite3_stmt *failure_query(struct store *s, enum store_query q, const char *path,
                                   const struct err *why, struct err *e)
{
	sqlite3_stmt *st = store_query(s, q, e);

	if (!st)
		return NULL;
	sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 2, (int)why->code);
	sqlite3_bind_text(st, 3, why->msg, -1, SQLITE_STATIC);
	return st;
}

enum status store_failed(struct store *s, const char *path, const struct err *why, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int there = there_already(s, failure_query(s, Q_FAILURE, path, why, e), e);

	if (there)
		return there > 0 ? OK : e->code;
	if (!begin(s, e) && (st = failure_query(s, Q_FAILURE_PUT, path, why, e)))
		store_run(s, st, e);
	return end(s, e->code, e);
}

static sqlite3_stmt *split_query(struct store *s, enum store_query q, int64_t book, int split,
                                 struct err *e)
{
	sqlite3_stmt *st = store_query(s, q, e);

	if (!st)
		return NULL;
	sqlite3_bind_int64(st, 1, book);
	sqlite3_bind_int(st, 2, split);
	return st;
}

enum status store_split(struct store *s, int64_t book, int split, struct err *e)
{
	sqlite3_stmt *st = NULL;

	must(split >= 0 && split <= 2);
	int there = there_already(s, split_query(s, Q_SPLIT_IS, book, split, e), e);
	if (there)
		return there > 0 ? OK : e->code;
	if (!begin(s, e) && (st = split_query(s, Q_SPLIT, book, split, e))
	    && !store_run(s, st, e) && sqlite3_changes(s->db) != 1)
		err_set(e, ERR_USAGE, "%s: no book %lld", s->path, (long long)book);
	return end(s, e->code, e);
}
