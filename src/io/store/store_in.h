/* store_in.h - what the files of the store share: the connection and its statements.
 *
 * store.c opens and checks; store_put.c writes books; store_read.c reads them back;
 * store_seal.c hashes tables; store_final.c makes the final bytes. Nobody else includes
 * this header: it is the door of sqlite3.
 */
#ifndef LTM_IO_STORE_IN_H
#define LTM_IO_STORE_IN_H

#include <sqlite3.h>

#include "io/pack.h"
#include "io/store/store.h"

/* 'LTMs': what PRAGMA application_id says of our files. */
enum { STORE_APP_ID = 0x4c544d73 };
/* How many numbered files src/io/schema has (the list is in store.c). */
enum { SCHEMA_VERSION = 1 };

/* Every statement of the store; its text stands in the same place of store_sql (store.c). */
enum store_query {
	Q_BEGIN, Q_COMMIT, Q_ROLLBACK,
	Q_BOOK_FIND, Q_BOOK_COUNT, Q_BOOK_LAST, Q_SCENE_LAST,
	Q_BOOK_PUT, Q_BODY_PUT, Q_CHAPTER_PUT, Q_SCENE_PUT, Q_ACTOR_PUT, Q_IMAGE_PUT,
	Q_ALIAS_PUT, Q_FULLTEXT_PUT, Q_FAILURE_PUT, Q_FAILURE_DROP, Q_FAILURE, Q_SPLIT_IS, Q_SPLIT,
	Q_UNSEAL, Q_SEAL_PUT,
	Q_BOOKS, Q_BOOK, Q_BODY_TEXT, Q_BODY_SENTS, Q_BODY_STRIP, Q_CHAPTERS,
	Q_SCENES, Q_ACTORS, Q_IMAGES, Q_LINES, Q_ALIASES, Q_SEARCH, Q_FAILURES,
	Q_N
};
extern const char *const store_sql[Q_N];

struct store {
	sqlite3 *db;
	sqlite3_stmt *query[Q_N];	/* prepared when first asked for */
	char *path;
	enum store_mode mode;
	bool wal;			/* the journal was switched for writing */
	uint64_t dev, ino;		/* of the file that was opened */
	struct aliases *aliases;
	size_t n_alias;			/* how many of them are in the file */
	int64_t last_book, last_scene;	/* highest ids given */
	int64_t text_book;		/* whose text is kept below, 0 none */
	struct buf text;		/* the last text unpacked: passages come in runs */
	struct buf scratch;
};

/* Opens and closes s->db; both leave the rest of s. */
enum status store_connect(struct store *s, struct err *e);
void store_disconnect(struct store *s);
enum status store_exec(struct store *s, const char *sql, const char *doing, struct err *e);
/* Is there a file PATH+tail that holds anything? */
bool store_beside(const char *path, const char *tail);
/* The folder of a path, in dir of n bytes. */
const char *store_folder(char *dir, size_t n, const char *path);
/* Takes away what a finish that was killed left beside the store. */
void store_sweep(const char *path);

/* The statement, reset and without values; NULL after an error told in e. */
sqlite3_stmt *store_query(struct store *s, enum store_query q, struct err *e);
/* Steps once: 1 a row, 0 done, -1 trouble told in e. */
int store_step(struct store *s, sqlite3_stmt *st, struct err *e);
/* Steps a statement that gives no row. */
enum status store_run(struct store *s, sqlite3_stmt *st, struct err *e);
/* The status for sqlite's last error, its message with the store's path in e. */
enum status store_trouble(struct store *s, const char *doing, struct err *e);
/* Reads aliases and last ids anew: at opening and after a book that was not kept. */
enum status store_reload(struct store *s, struct err *e);
/* Hashes every table (and the full-text index) in one order; each is called a table. */
enum status store_seal_each(struct store *s,
                            enum status (*each)(struct store *s, const char *part,
                                                uint64_t hash, struct err *e),
                            struct err *e);
enum status store_seal_write(struct store *s, struct err *e);
enum status store_seal_check(struct store *s, struct err *e);

/* Values in and out. Empty text is NULL; out is lent until the next step. */
void store_bind_text(sqlite3_stmt *st, int i, struct str v);
struct str store_text(sqlite3_stmt *st, int i);
struct str store_blob(sqlite3_stmt *st, int i);
/* A lemma as the full-text index has it: folded, in bytes its tokenizer keeps together. */
struct str store_token(struct arena *a, struct str lemma);
/* A column that must lie in 0..max: 0 and *bad set when it does not. */
uint64_t store_count(sqlite3_stmt *st, int i, uint64_t max, bool *bad);

#endif
