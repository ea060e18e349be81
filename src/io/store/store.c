/* store.c - one SQLite file holds a library: opening, statements, checking.
 *
 *   in    a path; a file that may be ours, half written, foreign or damaged
 *   out   a connection that is safe to use, or one line that says what is wrong
 *
 * A file is looked at before SQLite touches it: magic, our application id, version and size
 * by its header. Then its whole schema must be the one the numbered files make, so that no
 * trigger, view or column of a stranger is ever run.
 *
 * Source: https://sqlite.org/fileformat2.html
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/data.h"
#include "io/store/store_in.h"

/* Numbered files of src/io/schema; row i brings the store to version i + 1. */
static const char *const schema[] = {
	"001_library.sql",
};
_Static_assert(SCHEMA_VERSION == sizeof schema / sizeof *schema, "store_in.h says how many");

enum {
	HEADER = 100,			/* bytes of SQLite's header, offsets below */
	AT_PAGE = 16, AT_PAGES = 28, AT_VERSION = 60, AT_APP = 68,
	LIMIT_VALUE = 600 << 20,	/* bytes of a row: a packed book with its margin */
	BUSY_MS = 2000,
};

const char *const store_sql[Q_N] = {
	[Q_BEGIN] = "BEGIN IMMEDIATE",
	[Q_COMMIT] = "COMMIT",
	[Q_ROLLBACK] = "ROLLBACK",
	[Q_BOOK_FIND] = "SELECT id FROM book WHERE source_hash=?1",
	[Q_BOOK_COUNT] = "SELECT count(*) FROM book",
	[Q_BOOK_LAST] = "SELECT coalesce(max(id),0) FROM book",
	[Q_SCENE_LAST] = "SELECT coalesce(max(id),0) FROM scene",
	[Q_BOOK_PUT] = "INSERT INTO book VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,"
		"?14,?15,0)",
	[Q_BODY_PUT] = "INSERT INTO book_body VALUES(?1,?2,?3,?4)",
	[Q_CHAPTER_PUT] = "INSERT INTO chapter VALUES(?1,?2,?3,?4,?5,?6)",
	[Q_SCENE_PUT] = "INSERT INTO scene VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,"
		"?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29,?30,"
		"?31,?32,?33,?34,?35,?36,?37,?38,?39,?40)",
	[Q_ACTOR_PUT] = "INSERT INTO actor VALUES(?1,?2,?3,?4)",
	[Q_IMAGE_PUT] = "INSERT INTO image VALUES(?1,?2,?3,?4)",
	[Q_ALIAS_PUT] = "INSERT INTO alias VALUES(?1,?2,?3)",
	[Q_FULLTEXT_PUT] = "INSERT INTO fulltext(rowid,lemmas) VALUES(?1,?2)",
	[Q_FAILURE_PUT] = "INSERT OR REPLACE INTO failure VALUES(?1,?2,?3)",
	[Q_FAILURE_DROP] = "DELETE FROM failure WHERE path=?1",
	[Q_FAILURE] = "SELECT 1 FROM failure WHERE path=?1 AND code=?2 AND why=?3",
	[Q_SPLIT_IS] = "SELECT 1 FROM book WHERE id=?1 AND split=?2",
	[Q_SPLIT] = "UPDATE book SET split=?2 WHERE id=?1",
	[Q_UNSEAL] = "DELETE FROM seal",
	[Q_SEAL_PUT] = "INSERT OR REPLACE INTO seal VALUES(?1,?2)",
	[Q_BOOKS] = "SELECT * FROM book ORDER BY id",
	[Q_BOOK] = "SELECT * FROM book WHERE id=?1",
	[Q_BODY_TEXT] = "SELECT text FROM book_body WHERE book=?1",
	[Q_BODY_SENTS] = "SELECT sents FROM book_body WHERE book=?1",
	[Q_BODY_STRIP] = "SELECT strip FROM book_body WHERE book=?1",
	[Q_CHAPTERS] = "SELECT idx,level,title,scene,n_scene FROM chapter WHERE book=?1 ORDER BY idx",
	[Q_SCENES] = "SELECT scene.*,chapter.title FROM scene LEFT JOIN chapter "
		"ON chapter.book=scene.book AND chapter.idx=scene.chapter "
		"WHERE scene.id BETWEEN ?1 AND ?2 ORDER BY scene.id",
	[Q_ACTORS] = "SELECT scene,place,lemma,conf FROM actor WHERE scene BETWEEN ?1 AND ?2 "
		"ORDER BY scene,place",
	[Q_IMAGES] = "SELECT scene,place,lemma,conf FROM image WHERE scene BETWEEN ?1 AND ?2 "
		"ORDER BY scene,place",
	[Q_LINES] = "SELECT id,book,glyph FROM scene ORDER BY id",
	[Q_ALIASES] = "SELECT lemma,alias FROM alias ORDER BY id",
	[Q_SEARCH] = "SELECT rowid,bm25(fulltext) AS r FROM fulltext WHERE fulltext MATCH ?1 "
		"ORDER BY r,rowid LIMIT ?2",
	[Q_FAILURES] = "SELECT path,code,why FROM failure ORDER BY path",
};

/* ---- errors, statements, values ------------------------------------------------------ */

enum status store_trouble(struct store *s, const char *doing, struct err *e)
{
	int rc = sqlite3_errcode(s->db), sys = sqlite3_system_errno(s->db);
	const char *what = sqlite3_errmsg(s->db);

	switch (rc & 0xff) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_set(e, ERR_IO, "%s: %s: %s%s%s%s", s->path, doing, what, sys ? ": " : "",
		               sys ? strerror(sys) : "", s->mode == STORE_WRITE && s->last_book
		               ? "; the books stored before are kept" : "");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_LOCK, "%s: %s: another process holds the store", s->path, doing);
	case SQLITE_NOMEM:
	case SQLITE_TOOBIG:
		return err_set(e, ERR_LIMIT, "%s: %s: %s", s->path, doing, what);
	case SQLITE_OK:		/* no error of SQLite's: the rows themselves are wrong */
		return err_set(e, ERR_FORMAT, "%s: %s: damaged", s->path, doing);
	}
	return err_set(e, ERR_FORMAT, "%s: %s: %s", s->path, doing, what);
}

sqlite3_stmt *store_query(struct store *s, enum store_query q, struct err *e)
{
	sqlite3_stmt **st = &s->query[q];

	if (*st) {
		sqlite3_reset(*st);
		sqlite3_clear_bindings(*st);
	} else if (sqlite3_prepare_v3(s->db, store_sql[q], -1, SQLITE_PREPARE_PERSISTENT, st, NULL)) {
		store_trouble(s, "asking", e);
		return NULL;
	}
	return *st;
}

int store_step(struct store *s, sqlite3_stmt *st, struct err *e)
{
	bool writing = !sqlite3_stmt_readonly(st) || !sqlite3_get_autocommit(s->db);
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		store_trouble(s, writing ? "writing" : "reading", e);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

enum status store_run(struct store *s, sqlite3_stmt *st, struct err *e)
{
	return store_step(s, st, e) < 0 ? e->code : OK;
}

void store_bind_text(sqlite3_stmt *st, int i, struct str v)
{
	if (v.n)
		sqlite3_bind_text64(st, i, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_null(st, i);
}

struct str store_text(sqlite3_stmt *st, int i)
{
	const char *p = (const char *)sqlite3_column_text(st, i);

	return p ? (struct str){ p, (size_t)sqlite3_column_bytes(st, i) } : (struct str){ "", 0 };
}

struct str store_blob(sqlite3_stmt *st, int i)
{
	const char *p = sqlite3_column_blob(st, i);

	return p ? (struct str){ p, (size_t)sqlite3_column_bytes(st, i) } : (struct str){ "", 0 };
}

uint64_t store_count(sqlite3_stmt *st, int i, uint64_t max, bool *bad)
{
	int64_t v = sqlite3_column_int64(st, i);

	if (v >= 0 && (uint64_t)v <= max)
		return (uint64_t)v;
	*bad = true;
	return 0;
}

enum status store_exec(struct store *s, const char *sql, const char *doing, struct err *e)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) ? store_trouble(s, doing, e) : OK;
}

/* ---- looking at a file before SQLite does -------------------------------------------- */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

const char *store_folder(char *dir, size_t n, const char *path)
{
	snprintf(dir, n, "%s", path);
	char *cut = strrchr(dir, '/');
	if (!cut)
		return ".";
	cut[cut == dir] = 0;
	return dir;
}

bool store_beside(const char *path, const char *tail)
{
	char name[4200];
	struct stat st;

	snprintf(name, sizeof name, "%s%s", path, tail);
	return !stat(name, &st) && st.st_size > 0;
}

/* ERR_FORMAT unless the file can be a store of ours. *fresh: nothing is there yet. A log
 * beside it may hold pages the file has not got: sizes are then SQLite's to judge. */
static enum status look(const char *path, bool *fresh, struct err *e)
{
	uint8_t h[HEADER];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*fresh = false;
	if (fd < 0 && errno == ENOENT) {
		*fresh = true;
		return OK;
	}
	if (fd < 0)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	ssize_t n = fstat(fd, &st) || !S_ISREG(st.st_mode) ? -1 : pread(fd, h, HEADER, 0);
	close(fd);
	if (n < 0)
		return err_set(e, ERR_IO, "%s: not a file", path);
	*fresh = n == 0;
	if (n == 0)
		return OK;
	if (n < HEADER || memcmp(h, "SQLite format 3", 16))
		return err_set(e, ERR_FORMAT, "%s: not a store (no SQLite file)", path);
	if (be32(h + AT_APP) != STORE_APP_ID)
		return err_set(e, ERR_FORMAT, "%s: an SQLite file, but no store of ltm", path);
	if (be32(h + AT_VERSION) > SCHEMA_VERSION)
		return err_set(e, ERR_FORMAT, "%s: version %u of the store; this program knows %d: "
		               "a newer ltm reads it", path, be32(h + AT_VERSION), SCHEMA_VERSION);
	uint64_t page = (uint64_t)h[AT_PAGE] << 8 | h[AT_PAGE + 1];
	if (page == 1)
		page = 65536;
	uint64_t whole = page * be32(h + AT_PAGES);
	if (!store_beside(path, "-wal") && !store_beside(path, "-journal") && whole != (uint64_t)st.st_size)
		return err_set(e, ERR_FORMAT, "%s: %llu bytes, its header says %llu: truncated or "
		               "damaged", path, (unsigned long long)st.st_size,
		               (unsigned long long)whole);
	return OK;
}

/* ---- opening ------------------------------------------------------------------------- */

static void harden(sqlite3 *db, enum store_mode mode)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	if (mode == STORE_READ)		/* the log may be another file's by now (store_final.c) */
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LIMIT_VALUE);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 1 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 100);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1);	/* VACUUM INTO needs one */
	sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
	sqlite3_busy_timeout(db, BUSY_MS);
}

/* Applies the files from+1 … to in one transaction. */
static int grow(sqlite3 *db, int from, int to)
{
	struct buf sql = { 0 };

	buf_str(&sql, S("BEGIN IMMEDIATE;"));
	for (int i = from; i < to; i++)
		buf_str(&sql, data_find(schema[i]));
	buf_printf(&sql, "PRAGMA application_id=%d;PRAGMA user_version=%d;COMMIT;",
	           STORE_APP_ID, to);
	int rc = sqlite3_exec(db, sql.p, NULL, NULL, NULL);
	buf_free(&sql);
	return rc;
}

/* Hash of all that a schema says, in order of name. */
static int schema_hash(sqlite3 *db, uint64_t *hash)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT type,name,tbl_name,sql FROM sqlite_schema "
	                            "ORDER BY type,name", -1, &st, NULL);

	*hash = 0;
	while (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		for (int i = 0; i < 4; i++) {
			struct str v = store_text(st, i);
			*hash = hash64(v.p, v.n, *hash + 1);
		}
	int end = sqlite3_finalize(st);
	return rc ? rc : end;
}

static int pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int v = -1;

	if (!sqlite3_prepare_v2(db, sql, -1, &st, NULL)
	    && sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* The schema must be the one our files make at this version. */
static enum status same_schema(struct store *s, int version, struct err *e)
{
	sqlite3 *model = NULL;
	uint64_t ours = 1, theirs = 0;

	if (version < 1 || version > SCHEMA_VERSION)
		return err_set(e, ERR_FORMAT, "%s: version %d of the store; this program knows 1 to "
		               "%d", s->path, version, SCHEMA_VERSION);
	int bad = sqlite3_open(":memory:", &model) || grow(model, 0, version)
		|| schema_hash(model, &ours);
	if (bad)
		err_set(e, ERR_LIMIT, "the store's own schema: %s", sqlite3_errmsg(model));
	sqlite3_close(model);
	if (bad)
		return e->code;
	if (schema_hash(s->db, &theirs))
		return store_trouble(s, "opening", e);
	if (ours != theirs)
		return err_set(e, ERR_FORMAT, "%s: its tables are not those of version %d of the "
		               "store: foreign or damaged", s->path, version);
	return OK;
}

/* A new file gets its schema, an old one the files it lacks. A file whose making was killed
 * has no pages any more once SQLite has looked at its journal: it is new again. */
static enum status bring_up(struct store *s, struct err *e)
{
	int version = pragma(s->db, "PRAGMA user_version");

	if (s->mode == STORE_WRITE && version == 0 && pragma(s->db, "PRAGMA page_count") == 0) {
		if (sqlite3_exec(s->db, "PRAGMA page_size=8192", NULL, NULL, NULL)
		    || grow(s->db, 0, SCHEMA_VERSION))
			return store_trouble(s, "creating", e);
		version = SCHEMA_VERSION;
	}
	if (version < 0)
		return store_trouble(s, "opening", e);
	if (same_schema(s, version, e))
		return e->code;
	if (version == SCHEMA_VERSION)
		return OK;
	if (s->mode == STORE_READ)
		return err_set(e, ERR_FORMAT, "%s: version %d of the store, this program reads %d: "
		               "open it once for writing (ltm read)", s->path, version,
		               SCHEMA_VERSION);
	return grow(s->db, version, SCHEMA_VERSION) ? store_trouble(s, "growing", e) : OK;
}

enum status store_connect(struct store *s, struct err *e)
{
	struct stat st;
	bool fresh, journal = store_beside(s->path, "-wal") || store_beside(s->path, "-journal");
	/* Only a connection that may write can bring back what a killed writer left. */
	int flags = s->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
		: journal ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;

	if (look(s->path, &fresh, e))
		return e->code;
	if (fresh && s->mode == STORE_READ)
		return err_set(e, file_exists(s->path) ? ERR_FORMAT : ERR_IO, "%s: %s", s->path,
		               file_exists(s->path) ? "an empty file, no store" : strerror(ENOENT));
	if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL))
		return store_trouble(s, "opening", e);
	harden(s->db, s->mode);
	if (store_exec(s, "PRAGMA cell_size_check=ON; PRAGMA cache_size=-24000; PRAGMA temp_store=MEMORY;",
	         "opening", e) || bring_up(s, e))
		return e->code;
	if (s->mode == STORE_READ && store_exec(s, "PRAGMA query_only=ON", "opening", e))
		return e->code;
	if (!stat(s->path, &st)) {
		s->dev = (uint64_t)st.st_dev;
		s->ino = (uint64_t)st.st_ino;
	}
	return store_reload(s, e);
}

void store_disconnect(struct store *s)
{
	for (int i = 0; i < Q_N; i++) {
		sqlite3_finalize(s->query[i]);
		s->query[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
	s->wal = false;
	s->text_book = 0;
}

enum status store_open(struct store **out, const char *path, enum store_mode mode, struct err *e)
{
	struct store *s = mem_alloc(1, sizeof *s);

	*out = NULL;
	s->path = mem_alloc(strlen(path) + 1, 1);
	strcpy(s->path, path);
	s->mode = mode;
	if (mode == STORE_WRITE)
		store_sweep(path);
	if (store_connect(s, e)) {
		store_close(s);
		return e->code;
	}
	*out = s;
	return OK;
}

bool store_stale(const struct store *s)
{
	struct stat st;

	return stat(s->path, &st) || (uint64_t)st.st_dev != s->dev || (uint64_t)st.st_ino != s->ino;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_disconnect(s);
	if (s->aliases)
		aliases_close(s->aliases);
	buf_free(&s->text);
	buf_free(&s->scratch);
	mem_free(s->path);
	mem_free(s);
}

/* ---- checking ------------------------------------------------------------------------ */

static enum status check_pages(struct store *s, struct err *e)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &st, NULL))
		return store_trouble(s, "checking", e);
	int rc = sqlite3_step(st);
	struct str said = rc == SQLITE_ROW ? store_text(st, 0) : S("");
	if (rc != SQLITE_ROW)
		store_trouble(s, "checking", e);
	else if (!str_eq(said, S("ok")))
		err_set(e, ERR_FORMAT, "%s: damaged: " STR_FMT "; read the books again", s->path,
		        STR_ARG(said));
	sqlite3_finalize(st);
	return e->code;
}

/* What a book says of itself must be what its rows hold. */
static enum status check_book(struct store *s, const struct book_row *b, struct err *e)
{
	struct arena a = arena_open("store check");
	struct scene_row *scene;
	struct sent *sent;
	struct str text, strip;
	size_t n, n_sent;

	bool bad = store_book_text(s, b->id, &text, &a, e) || store_strip(s, b->id, &strip, &a, e)
		|| store_sentences(s, b->id, &sent, &n_sent, &a, e)
		|| store_scenes(s, b->id, &scene, &n, &a, e);
	if (!bad && str_hash(text) != b->text_hash)
		bad = err_set(e, ERR_FORMAT, "%s: book %lld: its text is not what was stored; read "
		              "it again", s->path, (long long)b->id);
	for (size_t i = 0; !bad && i < n; i++) {
		struct skeleton k;
		struct err why = { 0 };
		if (glyph_decode(&k, scene[i].glyph, s->aliases, &why))
			bad = err_set(e, ERR_FORMAT, "%s: scene %lld: its line: %s", s->path,
			              (long long)scene[i].id, why.msg);
	}
	arena_close(&a);
	return bad ? e->code : OK;
}

enum status store_check(struct store *s, struct err *e)
{
	struct arena a = arena_open("store check");
	struct book_row *b;
	size_t n;
	int64_t scene = 1;
	enum status st = check_pages(s, e);

	st = st ? st : store_seal_check(s, e);
	st = st ? st : store_books(s, &b, &n, &a, e);
	for (size_t i = 0; !st && i < n; i++) {
		if (b[i].id != (int64_t)i + 1 || b[i].scene0 != scene)
			st = err_set(e, ERR_FORMAT, "%s: book %lld is out of order", s->path,
			             (long long)b[i].id);
		st = st ? st : check_book(s, &b[i], e);
		scene += b[i].scenes;
	}
	if (!st && scene != s->last_scene + 1)
		st = err_set(e, ERR_FORMAT, "%s: scenes without a book", s->path);
	arena_close(&a);
	return st;
}
