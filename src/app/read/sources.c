/* sources.c - walks the files of a library in one fixed order (app/read/sources.h).
 *
 * Invariant: the order depends on names only, not on how a file system lists them.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/read/sources.h"
#include "order/order.h"

static const struct str extension[] = {
	{ ".txt", 4 }, { ".fb2", 4 }, { ".zip", 4 }, { ".epub", 5 },
};

/* Lower-case ASCII copy of a name's end, enough for extensions. */
static bool ends_as(struct str name, struct str ext)
{
	if (name.n < ext.n)
		return false;
	for (size_t i = 0; i < ext.n; i++) {
		char c = name.p[name.n - ext.n + i];

		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != ext.p[i])
			return false;
	}
	return true;
}

static bool is_book(struct str name)
{
	if (!name.n || name.p[0] == '.' || str_starts(name, S("README.")) ||
	    str_starts(name, S("index.")))
		return false;
	for (size_t i = 0; i < sizeof extension / sizeof *extension; i++)
		if (ends_as(name, extension[i]))
			return true;
	return false;
}

static enum status add(struct sources *s, const char *path, const char *root, struct err *e)
{
	struct str name = str_of(path);
	size_t cut = root ? strlen(root) : 0;

	if (s->n >= LIMIT_SOURCES)
		return err_set(e, ERR_LIMIT, "more than %d books in one reading", LIMIT_SOURCES);
	if (cut && str_starts(name, str_of(root)) && name.n > cut + 1 && name.p[cut] == '/') {
		name.p += cut + 1;
		name.n -= cut + 1;
	}
	VEC_PUSH(s->item, s->n, s->cap) = (struct source){
		.path = str_copy(&s->mem, str_of(path)).p, .name = str_copy(&s->mem, name) };
	return OK;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted; taken from the arena. */
static enum status names_in(char ***out, size_t *n, const char *dir, struct arena *a,
                            struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *x;
	char **v = NULL;
	size_t cap = 0;

	*n = 0;
	if (!d)
		return err_set(e, ERR_IO, "%s: cannot open the folder: %s", dir, strerror(errno));
	while ((x = readdir(d)))
		if (x->d_name[0] != '.')
			VEC_PUSH(v, *n, cap) = (char *)str_copy(a, str_of(x->d_name)).p;
	closedir(d);
	if (*n)
		qsort(v, *n, sizeof *v, by_bytes);
	*out = TAKE(a, char *, *n + 1);
	if (*n)
		memcpy(*out, v, *n * sizeof *v);
	mem_free(v);
	return OK;
}

static enum status walk(struct sources *s, const char *dir, int depth, const char *root,
                        const struct watch *w, struct err *e)
{
	struct arena a = arena_open("folder");
	char **name = NULL;
	size_t n;
	enum status st = names_in(&name, &n, dir, &a, e);

	if (!st && depth > LIMIT_FOLDERS)
		st = err_set(e, ERR_LIMIT, "%s: folders nest deeper than %d", dir, LIMIT_FOLDERS);
	for (size_t i = 0; !st && i < n; i++) {
		const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";
		const char *path = str_printf(&a, "%s%s%s", dir, slash, name[i]).p;
		struct stat b;

		if (watch_stopped(w))
			st = err_set(e, ERR_STOP, "stopped while looking for books");
		else if (!lstat(path, &b) && S_ISDIR(b.st_mode))
			st = walk(s, path, depth + 1, root, w, e);
		else if (is_book(str_of(name[i])) && !stat(path, &b) && S_ISREG(b.st_mode))
			st = add(s, path, root, e);
	}
	if (s->n % 512 == 0)
		watch_step(w, "find", (double)s->n, 0, "books");
	arena_close(&a);
	return st;
}

enum status sources_find(struct sources *out, const char *const *path, size_t n,
                         const char *root, const struct watch *w, struct err *e)
{
	enum status st = OK;

	*out = (struct sources){ .mem = arena_open("sources") };
	for (size_t i = 0; !st && i < n; i++) {
		struct stat b;

		if (!strcmp(path[i], "-"))
			st = add(out, path[i], NULL, e);
		else if (!*path[i] || stat(path[i], &b))
			st = err_set(e, ERR_IO, "%s: %s", *path[i] ? path[i] : "an empty path",
			             strerror(*path[i] ? errno : ENOENT));
		else if (S_ISDIR(b.st_mode))
			st = walk(out, path[i], 1, root, w, e);
		else if (S_ISREG(b.st_mode))
			st = add(out, path[i], root, e);
		else
			st = err_set(e, ERR_USAGE, "%s: neither a file nor a folder", path[i]);
	}
	return st;
}

void sources_clear(struct sources *s)
{
	mem_free(s->item);
	arena_close(&s->mem);
	*s = (struct sources){ 0 };
}

/* ---- a part --------------------------------------------------------------------------------- */
struct draw {
	uint64_t hash;
	size_t i;
};

static int by_hash(const void *a, const void *b)
{
	const struct draw *x = a, *y = b;

	return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash) : (x->i > y->i) - (x->i < y->i);
}

size_t sources_part(struct sources *s, const uint64_t most[3], struct str rules)
{
	uint64_t limit[4] = { most[0], most[1], most[2], most[0] + most[1] + most[2] }, taken[4] = { 0 };
	struct draw *d = mem_alloc(s->n + 1, sizeof *d);
	bool *keep = mem_alloc(s->n + 1, sizeof *keep);
	size_t n = 0, was = s->n;

	for (size_t i = 0; i < s->n; i++)
		d[i] = (struct draw){ str_hash(s->item[i].name), i };
	qsort(d, s->n, sizeof *d, by_hash);
	for (size_t i = 0; i < s->n; i++) {
		struct stat b;
		const struct source *x = &s->item[d[i].i];
		int part = split_named(rules, x->name);
		uint64_t bytes = stat(x->path, &b) || b.st_size < 0 ? 0 : (uint64_t)b.st_size;	/* standard input: unknown */

		part = part < 0 ? 3 : part;
		keep[d[i].i] = !taken[part] || taken[part] + bytes <= limit[part];
		taken[part] += keep[d[i].i] ? bytes : 0;
	}
	for (size_t i = 0; i < s->n; i++)
		if (keep[i])
			s->item[n++] = s->item[i];
	s->n = n;
	mem_free(d), mem_free(keep);
	return was - n;
}

/* ---- hashes ---------------------------------------------------------------------------- */

static void put(struct hashset *h, uint64_t v)
{
	size_t i = v & (h->cap - 1);

	while (h->slot[i] && h->slot[i] != v)
		i = (i + 1) & (h->cap - 1);
	h->n += !h->slot[i];
	h->slot[i] = v;
}

void hashset_add(struct hashset *h, uint64_t v)
{
	struct hashset old = *h;

	if (!v) {
		h->zero = true;
		return;
	}
	if (2 * (h->n + 1) > h->cap) {
		h->cap = h->cap ? 2 * h->cap : 64;
		h->slot = mem_alloc(h->cap, sizeof *h->slot);
		h->n = 0;
		for (size_t i = 0; i < old.cap; i++)
			if (old.slot[i])
				put(h, old.slot[i]);
		mem_free(old.slot);
	}
	put(h, v);
}

bool hashset_has(const struct hashset *h, uint64_t v)
{
	if (!v || !h->cap)
		return !v && h->zero;
	for (size_t i = v & (h->cap - 1); h->slot[i]; i = (i + 1) & (h->cap - 1))
		if (h->slot[i] == v)
			return true;
	return false;
}

void hashset_clear(struct hashset *h)
{
	mem_free(h->slot);
	*h = (struct hashset){ 0 };
}
