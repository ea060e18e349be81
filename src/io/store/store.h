/* store.h - one SQLite file holds a library: books, scenes, lines of glyphs, full text.
 *
 * One connection an object, one thread an object. A book is a transaction; the same books in
 * the same order give the same bytes of the file, interrupted or not (store_close after
 * store_finish leaves no journal beside it). The schema grows by numbered files,
 * src/io/store/schema/NNN_name.sql, applied in order, their number in PRAGMA user_version; a newer
 * file than the program knows is refused with the version it needs.
 */
#ifndef LTM_IO_STORE_H
#define LTM_IO_STORE_H

#include "base/base.h"
#include "text/text.h"
#include "words/words.h"
#include "scenes/scenes.h"
#include "glyphs/glyphs.h"

struct store;
enum store_mode { STORE_READ, STORE_WRITE };
/* STORE_WRITE creates the file and applies the schema. ERR_FORMAT names what is wrong with a
 * truncated or foreign file (quick_check on sizes and header; full check by store_check). */
enum status store_open(struct store **out, const char *path, enum store_mode mode, struct err *e);
void store_close(struct store *s);
enum status store_check(struct store *s, struct err *e);	/* PRAGMA integrity_check and own sums */

/* What is known of a book in the store. Strings live in the arena given. */
struct book_row {
	int64_t id;			/* 1, 2, 3 … in order of reading */
	uint64_t source_hash;		/* XXH3 of the file's bytes (and entry index in an archive) */
	struct str path;		/* as given by the user, relative where it was */
	struct str title, author, format, charset, warn;
	uint64_t text_hash;		/* XXH3 of the running text */
	uint32_t bytes, chars, words, scenes, sentences;
	int64_t scene0;			/* its scenes have the ids scene0 … scene0 + scenes - 1 */
	uint8_t split;			/* 0 train, 1 dev, 2 test: set by store_split */
};

/* One read book, ready to be stored. scenes[i].glyph comes in glyph[i]. */
struct book_put {
	/* The caller gives source_hash and path; title, author, format, charset, warn where they
	 * shall differ from the book's own. The store fills in the rest. */
	struct book_row row;
	const struct book *book;
	const struct words *words;	/* NULL: no full text */
	const struct scene *scene;	/* in order, chapters in order */
	size_t n_scene;
	struct skeleton *skeleton;	/* [n_scene], or NULL: skeleton_of each; the store's aliases
					 * encode them (store_aliases) */
	struct str strip;		/* opaque bytes of the order room: the scenes as numbers */
};
/* 1 and *id when the book (source_hash) is already there, else 0. */
int store_book_find(struct store *s, uint64_t source_hash, int64_t *id);
/* Stores in one transaction: book, chapters, sentences (offsets), scenes with every field,
 * aliases that are new, full-text rows (folded lemmas). After an error (ERR_IO: no room; …)
 * the books before it are intact and the store stays usable; ERR_USAGE when source_hash is
 * there already. b->row is filled in. */
enum status store_book_put(struct store *s, struct book_put *b, struct err *e);
/* Notes a source that could not be read, with its reason; replaces an older note. */
enum status store_failed(struct store *s, const char *path, const struct err *why, struct err *e);
enum status store_split(struct store *s, int64_t book, int split, struct err *e);
/* Ends a reading: rows copied in order into a fresh file, synced and renamed, no journal beside:
 * the file in its final bytes. More books may follow, and another finish. A second finish
 * with nothing written between costs nothing. Another process may have it open: it keeps
 * seeing the file it opened (store_stale). ERR_LOCK when that one is in the middle of a
 * question: all books are kept, only the final form waits. Kill it anywhere: the next finish
 * does it. */
enum status store_finish(struct store *s, struct err *e);
/* A finish has put another file in the place of the one s reads: close and open it again. */
bool store_stale(const struct store *s);

/* The corpus's alias table, loaded at opening, grown by store_book_put. The pointer and its
 * strings are good until the next store_book_put, store_finish or close. */
struct aliases *store_aliases(struct store *s);

size_t store_book_count(struct store *s);
enum status store_books(struct store *s, struct book_row **out, size_t *n, struct arena *a, struct err *e);
enum status store_book_text(struct store *s, int64_t book, struct str *text, struct arena *a, struct err *e);
enum status store_strip(struct store *s, int64_t book, struct str *strip, struct arena *a, struct err *e);

/* A stored scene, all fields, its line and its place. */
struct scene_row {
	int64_t id, book;
	uint32_t index;			/* in its book, from 0 */
	struct scene scene;		/* offsets are into the book's text */
	struct str glyph;		/* its line in ALIAS grammar */
	struct str chapter;		/* title of its chapter, or empty */
};
enum status store_scene(struct store *s, int64_t id, struct scene_row *out, struct arena *a, struct err *e);
enum status store_scenes(struct store *s, int64_t book, struct scene_row **out, size_t *n,
                         struct arena *a, struct err *e);
/* The scene's own passage of the book's text. */
enum status store_passage(struct store *s, int64_t scene, struct str *text, struct arena *a, struct err *e);
/* Sentence offsets of a book (for nested output). */
enum status store_sentences(struct store *s, int64_t book, struct sent **out, size_t *n,
                            struct arena *a, struct err *e);
struct chapter_row { uint32_t index, level; struct str title; uint32_t scene, n_scene; };
enum status store_chapters(struct store *s, int64_t book, struct chapter_row **out, size_t *n,
                           struct arena *a, struct err *e);

/* Calls each for every scene's skeleton in order of id (pattern search, charts), until it
 * returns non-zero. */
enum status store_skeletons(struct store *s, int (*each)(void *ctx, int64_t scene, int64_t book,
                            const struct skeleton *k, struct str line), void *ctx, struct err *e);

/* Full text: words of the query are reduced to lemmas by the caller (case and ё do not
 * matter); all must occur; empty ones are passed over, none gives no hits. Best first (rank
 * is bm25, larger is better), ties by id. */
struct hit { int64_t scene; double rank; };
enum status store_search(struct store *s, const struct str *lemma, size_t n_lemma, size_t limit,
                         struct hit **out, size_t *n, struct arena *a, struct err *e);

/* Failed sources, in order of path. */
struct failed_row { struct str path, why; int code; };
enum status store_failures(struct store *s, struct failed_row **out, size_t *n, struct arena *a,
                           struct err *e);

#endif
