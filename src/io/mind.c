/* mind.c - a mind's folder: the manifest that says what belongs to it, sealed and checked.
 *
 *   in    a folder
 *   out   manifest.json: version, every file with size and XXH3, and a seal over itself
 *
 * The manifest is text a person can read and a file like any other, so its own bytes are
 * under a hash too: the last member, "seal", is the XXH3 of everything before it, and the
 * bytes after that are fixed. One byte flipped anywhere in a mind is found.
 *
 * Invariants: the same files give the same manifest; it is renamed into place last; names
 * in it are relative, sorted and never leave the folder, whoever wrote them. Left out:
 * the lock, temporary files (*.tmp.PID), SQLite's -wal, -shm and -journal.
 */
#include "io/mind.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "io/scenes/json.h"

enum { MIND_VERSION = 1, MANIFEST_MAX = 16 << 20, DIRS_MAX = 4, FILES_MAX = 100000 };

const char *mind_path(struct arena *a, const char *mind, const char *file)
{
	return str_printf(a, "%s/%s", mind, file).p;
}

/* ---- the files of a folder ----------------------------------------------------------- */

struct list {
	struct arena *a;
	const char **name;	/* relative to the mind */
	size_t n, cap;
};

static bool left_out(const char *name)
{
	struct str s = str_of(name);

	return name[0] == '.' || !strcmp(name, "manifest.json") || !strcmp(name, "lock") ||
	       strstr(name, ".tmp.") || str_ends(s, S("-wal")) || str_ends(s, S("-shm")) ||
	       str_ends(s, S("-journal"));
}

static enum status gather(struct list *l, const char *mind, const char *sub, int depth,
                          struct err *e);

static enum status gather_one(struct list *l, const char *mind, const char *name, int depth,
                              struct err *e)
{
	const char *path = mind_path(l->a, mind, name);
	struct stat st;

	if (lstat(path, &st))
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode) && depth < DIRS_MAX)
		return gather(l, mind, name, depth + 1, e);
	if (!S_ISREG(st.st_mode))
		return OK;
	if (l->n == FILES_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than %d files in a mind", mind, FILES_MAX);
	VEC_PUSH(l->name, l->n, l->cap) = name;
	return OK;
}

static enum status gather(struct list *l, const char *mind, const char *sub, int depth,
                          struct err *e)
{
	const char *path = *sub ? mind_path(l->a, mind, sub) : mind;
	enum status st = OK;
	struct dirent *d;
	DIR *dir = opendir(path);

	if (!dir)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	while (!st && (d = readdir(dir))) {
		if (!left_out(d->d_name))
			st = gather_one(l, mind, str_printf(l->a, "%s%s%s", sub, *sub ? "/" : "",
			                d->d_name).p, depth, e);
	}
	closedir(dir);
	return st;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* ---- one file ------------------------------------------------------------------------ */

static struct str hex(struct arena *a, uint64_t v)
{
	return str_printf(a, "%016llx", (unsigned long long)v);
}

/* ---- sealing ------------------------------------------------------------------------- */

static const char seal_head[] = " \"seal\": \"", seal_tail[] = "\"\n}\n";

static enum status put_file(struct buf *out, const char *mind, const char *name, bool last,
                            struct arena *a, struct err *e)
{
	struct tree *map = tree_map(a);
	uint64_t size = 0, hash = 0;

	if (!utf8_valid(str_of(name)))
		return err_set(e, ERR_FORMAT, "%s: the file name %s is not UTF-8; rename it", mind, name);
	if (file_measure(&size, &hash, mind_path(a, mind, name), e))
		return e->code;
	tree_put(map, "name", tree_text(a, str_of(name)));
	tree_put(map, "size", tree_u64(a, size));
	tree_put(map, "xxh3", tree_text(a, hex(a, hash)));
	buf_str(out, S("  "));
	json_write(out, map);
	buf_str(out, last ? S("\n") : S(",\n"));
	return OK;
}

static enum status write_manifest(struct buf *out, const char *mind, struct arena *a,
                                  struct err *e)
{
	struct list l = { .a = a };
	enum status st = gather(&l, mind, "", 0, e);

	if (l.n)
		qsort(l.name, l.n, sizeof *l.name, by_name);
	buf_printf(out, "{\n \"kind\": \"ltm mind\",\n \"version\": %d,\n \"program\": \"%s\",\n"
	           " \"files\": [\n", MIND_VERSION, LTM_VERSION);
	for (size_t i = 0; i < l.n && !st; i++)
		st = put_file(out, mind, l.name[i], i + 1 == l.n, a, e);
	mem_free(l.name);
	buf_str(out, S(" ],\n"));
	buf_printf(out, "%s%s%s", seal_head, hex(a, str_hash(buf_view(out))).p, seal_tail);
	return st;
}

enum status mind_seal(const char *mind, struct err *e)
{
	struct arena a = arena_open("mind");
	struct err own = { 0 };
	struct buf out = { 0 };
	enum status st;

	e = e ? e : &own;
	st = write_manifest(&out, mind, &a, e);
	if (!st)
		st = file_save(mind_path(&a, mind, "manifest.json"), buf_view(&out), e);
	buf_free(&out);
	arena_close(&a);
	return st;
}

/* ---- checking ------------------------------------------------------------------------ */

static const char mend[] = "make the mind again with ltm live, or copy it anew";

/* The text ends with the seal of what stands before it, byte for byte. */
static bool seal_holds(struct str text, struct arena *a)
{
	size_t tail = sizeof seal_head - 1 + 16 + sizeof seal_tail - 1;
	struct str head = { text.p, text.n - tail }, want;

	if (text.n < tail)
		return false;
	want = str_printf(a, "%s%s%s", seal_head, hex(a, str_hash(head)).p, seal_tail);
	return str_eq((struct str){ text.p + head.n, tail }, want);
}

static bool number(const struct tree *n, uint64_t *v)
{
	return n && n->kind == TREE_PLAIN && str_u64(n->s, v);
}

/* Relative, no empty, "." or ".." part: a manifest never leads out of its folder. */
static bool safe_name(struct str s)
{
	struct str piece;

	if (s.n == 0 || s.n > 1000 || memchr(s.p, 0, s.n) || s.p[0] == '/')
		return false;
	while (str_cut(&s, '/', &piece))
		if (piece.n == 0 || str_eq(piece, S(".")) || str_eq(piece, S("..")))
			return false;
	return true;
}

static enum status check_file(const char *mind, const struct tree *f, bool whole,
                              struct arena *a, struct err *e)
{
	const struct tree *name = tree_find(f, "name"), *xxh3 = tree_find(f, "xxh3");
	uint64_t want, size = 0, hash = 0;
	struct stat st;
	const char *path;

	if (!name || name->kind != TREE_TEXT || !safe_name(name->s) || !xxh3 ||
	    xxh3->kind != TREE_TEXT || !number(tree_find(f, "size"), &want))
		return err_set(e, ERR_FORMAT, "%s/manifest.json: a file without name, size and xxh3; "
		               "%s", mind, mend);
	path = mind_path(a, mind, name->s.p);
	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return err_set(e, ERR_FORMAT, "%s: the manifest names it but it is missing; %s", path,
		               mend);
	if ((uint64_t)st.st_size != want)
		return err_set(e, ERR_FORMAT, "%s: %llu bytes, the manifest says %llu; %s", path,
		               (unsigned long long)st.st_size, (unsigned long long)want, mend);
	if (!whole)
		return OK;
	if (file_measure(&size, &hash, path, e))
		return e->code;
	if (size != want || !str_eq(hex(a, hash), xxh3->s))
		return err_set(e, ERR_FORMAT, "%s: its bytes changed (XXH3 %s, the manifest says "
		               STR_FMT "); %s", path, hex(a, hash).p, STR_ARG(xxh3->s), mend);
	return OK;
}

static enum status check_head(const char *mind, const struct tree *m, struct str text,
                              struct arena *a, struct err *e)
{
	const struct tree *kind = tree_find(m, "kind"), *files = tree_find(m, "files");
	uint64_t version;

	if (!kind || !str_eq(kind->s, S("ltm mind")) || !number(tree_find(m, "version"), &version))
		return err_set(e, ERR_FORMAT, "%s: not a mind: manifest.json is another program's", mind);
	if (version > MIND_VERSION)
		return err_set(e, ERR_FORMAT, "%s: needs a program that reads version %llu of minds; "
		               "this one (%s) reads up to %d", mind, (unsigned long long)version,
		               LTM_VERSION, MIND_VERSION);
	if (!seal_holds(text, a))
		return err_set(e, ERR_FORMAT, "%s/manifest.json: its bytes changed (the seal does not "
		               "hold); %s", mind, mend);
	if (version < 1 || !files || files->kind != TREE_SEQ)
		return err_set(e, ERR_FORMAT, "%s/manifest.json: no list of files; %s", mind, mend);
	return OK;
}

static enum status check_all(const char *mind, const char *path, struct str text, bool whole,
                             struct arena *a, struct err *e)
{
	struct tree *m;
	enum status st;

	if (json_read(&m, text, a, e))
		return err_in(e, path);
	if ((st = check_head(mind, m, text, a, e)))
		return st;
	for (const struct tree *f = tree_find(m, "files")->first; f && !st; f = f->next)
		st = check_file(mind, f, whole, a, e);
	return st;
}

static enum status check(const char *mind, bool whole, struct err *e)
{
	struct arena a = arena_open("mind");
	struct err own = { 0 };
	struct buf text = { 0 };
	const char *path = mind_path(&a, mind, "manifest.json");
	enum status st;

	e = e ? e : &own;
	if (!file_exists(path))
		st = err_set(e, ERR_FORMAT, "%s: not a mind: no manifest.json in it; ltm live LIBRARY "
		             "-o %s makes one", mind, mind);
	else if (!(st = file_read(&text, path, MANIFEST_MAX, e)))
		st = check_all(mind, path, buf_view(&text), whole, &a, e);
	buf_free(&text);
	arena_close(&a);
	return st;
}

enum status mind_check(const char *mind, struct err *e)
{
	return check(mind, true, e);
}

enum status mind_glance(const char *mind, struct err *e)
{
	return check(mind, false, e);
}
