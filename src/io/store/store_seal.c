/* store_seal.c - hashes of the store's tables, so that a changed byte in a row is found.
 *
 *   in    the rows of every table in order of its key, and the blocks of the full-text index
 *   out   one XXH3 a table in the table seal, written by the finish
 *
 * Pages that are well formed may still hold a wrong number: PRAGMA integrity_check does not
 * see it, the seal does. A seal is of the finished file; the first write after it (a book,
 * a split) drops the seals in its own transaction, so a store in the middle of its work has none.
 */
#include "io/store/store_in.h"

/* Every table with the order that makes its hash one. */
static const struct { const char *part, *sql; } parts[] = {
	{ "actor", "SELECT * FROM actor ORDER BY scene,place" },
	{ "alias", "SELECT * FROM alias ORDER BY id" },
	{ "book", "SELECT * FROM book ORDER BY id" },
	{ "book_body", "SELECT * FROM book_body ORDER BY book" },
	{ "chapter", "SELECT * FROM chapter ORDER BY book,idx" },
	{ "failure", "SELECT * FROM failure ORDER BY path" },
	{ "fulltext", "SELECT id,block FROM fulltext_data ORDER BY id" },
	{ "fulltext_size", "SELECT id,sz FROM fulltext_docsize ORDER BY id" },
	{ "image", "SELECT * FROM image ORDER BY scene,place" },
	{ "scene", "SELECT * FROM scene ORDER BY id" },
};
enum { N_PARTS = sizeof parts / sizeof *parts };

/* Adds kind, length and bytes of a value, so that no two rows look the same. */
static void add_value(struct buf *row, sqlite3_stmt *st, int i)
{
	int kind = sqlite3_column_type(st, i);
	double d;
	uint64_t u;

	buf_char(row, (char)kind);
	switch (kind) {
	case SQLITE_INTEGER:
		buf_u64(row, (uint64_t)sqlite3_column_int64(st, i));
		break;
	case SQLITE_FLOAT:
		d = sqlite3_column_double(st, i);
		memcpy(&u, &d, sizeof u);
		buf_u64(row, u);
		break;
	case SQLITE_TEXT:
		buf_blob(row, store_text(st, i));
		break;
	case SQLITE_BLOB:
		buf_blob(row, store_blob(st, i));
		break;
	}
}

static enum status part_hash(struct store *s, const char *sql, uint64_t *hash, struct err *e)
{
	sqlite3_stmt *st = NULL;
	struct buf *row = &s->scratch;
	int rc;

	*hash = 0;
	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL))
		return store_trouble(s, "sealing", e);
	int n = sqlite3_column_count(st);
	while ((rc = store_step(s, st, e)) > 0) {
		row->n = 0;
		for (int i = 0; i < n; i++)
			add_value(row, st, i);
		*hash = hash64(row->p, row->n, *hash);
	}
	sqlite3_finalize(st);
	return rc < 0 ? e->code : OK;
}

enum status store_seal_each(struct store *s,
                            enum status (*each)(struct store *s, const char *part,
                                                uint64_t hash, struct err *e),
                            struct err *e)
{
	for (int i = 0; i < N_PARTS; i++) {
		uint64_t hash;
		if (part_hash(s, parts[i].sql, &hash, e) || each(s, parts[i].part, hash, e))
			return e->code;
	}
	return OK;
}

static enum status put(struct store *s, const char *part, uint64_t hash, struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_SEAL_PUT, e);

	if (!st)
		return e->code;
	store_bind_text(st, 1, str_of(part));
	sqlite3_bind_int64(st, 2, (int64_t)hash);
	return store_run(s, st, e);
}

enum status store_seal_write(struct store *s, struct err *e)
{
	sqlite3_stmt *st = store_query(s, Q_BEGIN, e);

	if (!st || store_run(s, st, e))
		return e->code;
	if (store_seal_each(s, put, e) || !(st = store_query(s, Q_COMMIT, e))
	    || store_run(s, st, e)) {
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
		return e->code;
	}
	return OK;
}

static enum status compare(struct store *s, const char *part, uint64_t hash, struct err *e)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(s->db, "SELECT hash FROM seal WHERE part=?1", -1, &st, NULL))
		return store_trouble(s, "checking", e);
	store_bind_text(st, 1, str_of(part));
	bool same = sqlite3_step(st) == SQLITE_ROW
		&& (uint64_t)sqlite3_column_int64(st, 0) == hash;
	sqlite3_finalize(st);
	return same ? OK : err_set(e, ERR_FORMAT, "%s: table %s is not what was sealed: damaged; "
	                           "read the books again", s->path, part);
}

enum status store_seal_check(struct store *s, struct err *e)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(s->db, "SELECT count(*) FROM seal", -1, &st, NULL))
		return store_trouble(s, "checking", e);
	int n = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
	sqlite3_finalize(st);
	if (n < 0)
		return store_trouble(s, "checking", e);
	return n == 0 ? OK : store_seal_each(s, compare, e);
}
