/* store_final.c - the final bytes of a store.
 *
 *   in    a store in the middle of its work: a write-ahead log, pages in any order
 *   out   one file whose bytes are a function of its rows, nothing beside it
 *
 * The rows are copied in order into a fresh file (VACUUM INTO), the counters of its header
 * that tell history (schema cookie, change counter) are set to fixed values, the file is synced
 * and renamed. The full-text index is a function of the transactions, a book each: so the
 * same books in the same order give the same bytes, whether killed and resumed or not, and
 * however often finished. The index is not "optimised" into one segment at the end, as its
 * numbers would then tell when that was; its own merging keeps it at a dozen segments.
 *
 * Invariants: before the rename the old file is whole, after it the new one is; a log never
 * stays beside a name that another file takes. The change counter's fixed value marks a
 * finished file: any later write adds to it.
 * Source: https://sqlite.org/fileformat2.html#the_database_header
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/store/store_in.h"

static const uint32_t FINISHED = 0x4c544d01;	/* the change counter: "LTM", 1 */

/* Bytes of SQLite's header, and where in it. */
enum { HEADER = 100, AT_CHANGES = 24, AT_COOKIE = 40, AT_VALID_FOR = 92 };

static void put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool finished(const char *path)
{
	uint8_t h[HEADER], mark[4];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	put_be32(mark, FINISHED);
	bool yes = fd >= 0 && pread(fd, h, HEADER, 0) == HEADER && !memcmp(h + AT_CHANGES, mark, 4);

	if (fd >= 0)
		close(fd);
	return yes;
}

/* Sets what the header tells of history to fixed values, and syncs the file. */
static bool settle(const char *path)
{
	uint8_t b[4], c[4];
	int fd = open(path, O_RDWR | O_CLOEXEC);

	put_be32(b, FINISHED);
	put_be32(c, SCHEMA_VERSION);
	bool ok = fd >= 0 && pwrite(fd, b, 4, AT_CHANGES) == 4 && pwrite(fd, b, 4, AT_VALID_FOR) == 4
		&& pwrite(fd, c, 4, AT_COOKIE) == 4 && !fsync(fd);
	if (fd >= 0)
		close(fd);
	return ok;
}

static void sync_folder(const char *path)
{
	char dir[4200];
	int fd = open(store_folder(dir, sizeof dir, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

/* Copies the rows in order into a fresh file. */
static enum status copy_into(struct store *s, const char *tmp, struct err *e)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(s->db, "VACUUM INTO ?1", -1, &st, NULL))
		return store_trouble(s, "finishing", e);
	sqlite3_bind_text(st, 1, tmp, -1, SQLITE_STATIC);
	sqlite3_step(st);
	if (sqlite3_finalize(st))
		return store_trouble(s, "finishing", e);
	return settle(tmp) ? OK
		: err_set(e, ERR_IO, "%s: %s", tmp, strerror(errno));
}

/* Takes the log into the file. *shared: another process has the store open, so that the
 * (empty) log cannot be taken away by SQLite. */
static enum status drop_journal(struct store *s, bool *shared, struct err *e)
{
	int busy = 0;

	for (int i = 0; i < Q_N; i++)
		if (s->query[i])
			sqlite3_reset(s->query[i]);
	int rc = sqlite3_exec(s->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	*shared = rc == SQLITE_BUSY || rc == SQLITE_LOCKED || store_beside(s->path, "-wal");
	if (rc && !*shared)
		return store_trouble(s, "finishing", e);
	if (*shared) {
		sqlite3_stmt *st = NULL;
		sqlite3_prepare_v2(s->db, "PRAGMA wal_checkpoint(TRUNCATE)", -1, &st, NULL);
		busy = sqlite3_step(st) != SQLITE_ROW || sqlite3_column_int(st, 0) != 0;
		sqlite3_finalize(st);
	}
	if (busy || store_beside(s->path, "-wal"))
		return err_set(e, ERR_LOCK, "%s: finishing: another process is reading the store; "
		               "the books are kept", s->path);
	s->wal = false;
	return OK;
}

/* Puts the copy in the place of the file. Whoever has the old one open keeps it with its own
 * log, which is empty and loses its name, so that it never stands beside the new one. */
static void replace(struct store *s, const char *tmp, bool shared, struct err *e)
{
	char name[4300];

	if (shared)
		for (int i = 0; i < 2; i++) {
			snprintf(name, sizeof name, "%s%s", s->path, i ? "-shm" : "-wal");
			unlink(name);
		}
	if (rename(tmp, s->path))
		err_set(e, ERR_IO, "%s: %s", s->path, strerror(errno));
	sync_folder(s->path);
}

/* A copy and its own journal: beside a new copy of the same name that would be played back. */
static void drop_copy(const char *tmp)
{
	char journal[4700];

	snprintf(journal, sizeof journal, "%s-journal", tmp);
	unlink(journal);
	unlink(tmp);
}

void store_sweep(const char *path)
{
	char dir[4200], name[4600];
	const char *in = store_folder(dir, sizeof dir, path), *base = strrchr(path, '/');
	struct dirent *x;
	DIR *d;

	saver_sweep(in);		/* PATH.tmp.PID of processes that no longer run */
	base = base ? base + 1 : path;
	d = opendir(in);
	while (d && (x = readdir(d))) {
		struct str s = str_of(x->d_name), head = str_of(base);
		if (!str_starts(s, head) || !str_ends(s, S("-journal"))
		    || !str_starts((struct str){ s.p + head.n, s.n - head.n }, S(".tmp.")))
			continue;
		snprintf(name, sizeof name, "%s/%.*s", in, (int)(s.n - strlen("-journal")), s.p);
		if (!file_exists(name))		/* its copy is gone */
			drop_copy(name);
	}
	if (d)
		closedir(d);
}

enum status store_finish(struct store *s, struct err *e)
{
	char tmp[4200];
	bool shared;

	must(s->mode == STORE_WRITE);
	if (!s->wal && finished(s->path))
		return OK;
	snprintf(tmp, sizeof tmp, "%s.tmp.%d", s->path, (int)getpid());
	drop_copy(tmp);
	if (store_seal_write(s, e) || drop_journal(s, &shared, e) || copy_into(s, tmp, e)) {
		drop_copy(tmp);
		return e->code;
	}
	store_disconnect(s);
	replace(s, tmp, shared, e);
	if (e->code)
		drop_copy(tmp);
	struct err again = { 0 };
	return store_connect(s, &again) ? err_set(e, again.code, "%s", again.msg) : e->code;
}
