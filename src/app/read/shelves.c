/* shelves.c - the scenes of one split of a store, as shelves.
 *
 *   in    a store, a split
 *   out   struct shelves: strips, in order of books
 */
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/read/shelves.h"

static bool any_long(const struct book_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (row[i].scenes >= SHELF_SCENES)
			return true;
	return false;
}

static bool in_split(const struct book_row *row, int split)
{
	return split == SPLIT_ANY || row->split == split;
}

/* Every k-th book of the split, k such that the scenes stay under the limit. */
static size_t stride(const struct book_row *row, size_t n, int split)
{
	uint64_t scenes = 0;

	for (size_t i = 0; i < n; i++)
		scenes += in_split(&row[i], split) ? row[i].scenes : 0;
	return (size_t)(scenes / SHELVES_SCENES_MAX) + 1;
}

static struct str folder_of(struct str path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	return path;
}

static enum status open_strip(struct strip *out, struct store *s, int64_t book, struct arena *a,
                              struct err *e)
{
	struct arena tmp = arena_open("strip bytes");
	struct str bytes;

	if (!store_strip(s, book, &bytes, &tmp, e))
		strip_open(out, bytes, a, e);	/* copies: the bytes may go */
	arena_close(&tmp);
	return e->code;
}

/* Joins the strips [0, n) into one. */
static struct strip joined(const struct strip *v, size_t n, struct arena *a)
{
	struct strip out = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		out.n += v[i].n;
	out.scene = TAKE(a, struct strip_scene, out.n);
	for (size_t i = 0; i < n; i++) {
		if (v[i].n)
			memcpy(out.scene + at, v[i].scene, v[i].n * sizeof *v[i].scene);
		at += v[i].n;
	}
	return out;
}

static void push(struct shelves *out, struct strip *shelf, struct strip s, struct str title)
{
	shelf[out->set.n] = s;
	out->title[out->set.n++] = title;
}

static enum status fill(struct shelves *out, struct store *s, const struct book_row *row, size_t n,
                        int split, struct err *e)
{
	struct strip *wait = TAKE(&out->mem, struct strip, n + 1);	/* short books to join */
	struct strip *shelf = TAKE(&out->mem, struct strip, n + 1);
	size_t n_wait = 0, k = stride(row, n, split), seen = 0;
	struct str folder = { "", 0 };

	out->set.shelf = shelf;
	out->title = TAKE(&out->mem, struct str, n + 1);
	out->joined = !any_long(row, n);
	for (size_t i = 0; i < n && !e->code; i++) {
		struct strip one;

		if (!in_split(&row[i], split) || seen++ % k)
			continue;
		uint64_t two[2] = { out->hash, row[i].source_hash };

		out->hash = hash64(two, sizeof two, (uint64_t)split);
		if (!out->joined && row[i].scenes < SHELF_SCENES)
			continue;
		if (open_strip(&one, s, row[i].id, &out->mem, e))
			break;
		if (!out->joined) {
			push(out, shelf, one, str_copy(&out->mem, row[i].title));
			continue;
		}
		if (n_wait && !str_eq(folder, folder_of(row[i].path))) {
			push(out, shelf, joined(wait, n_wait, &out->mem), folder);
			n_wait = 0;
		}
		folder = folder_of(row[i].path);
		wait[n_wait++] = one;
	}
	if (n_wait)
		push(out, shelf, joined(wait, n_wait, &out->mem), folder);
	return e->code;
}

enum status shelves_open(struct shelves *out, struct store *s, int split, struct err *e)
{
	struct book_row *row;
	size_t n;

	*out = (struct shelves){ .mem = arena_open("shelves") };
	if (store_books(s, &row, &n, &out->mem, e) || fill(out, s, row, n, split, e)) {
		shelves_close(out);
		return e->code;
	}
	return OK;
}

void shelves_close(struct shelves *s)
{
	arena_close(&s->mem);
	*s = (struct shelves){ 0 };
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

enum status shelves_of_folder(struct shelves *out, const char *folder, int threads, const char *dict,
                              const struct watch *w, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct read_opts o = { .path = &folder, .n_path = 1, .threads = threads, .dict = dict };
	struct read_sum sum = { 0 };
	struct err part = { 0 };
	char dir[4096];
	struct store *s;

	snprintf(dir, sizeof dir, "%s/ltm-eval-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return err_set(e, ERR_IO, "%s: cannot make a folder for the books under test", dir);
	stage_read(dir, &o, &sum, w, &part);
	if (part.code && part.code != ERR_PART)
		err_set(e, part.code, "%s", part.msg);
	else if (!mind_store(&s, dir, STORE_READ, e)) {
		shelves_open(out, s, SPLIT_ANY, e);
		store_close(s);
	}
	if (part.code == ERR_PART)
		watch_note(w, "%s", part.msg);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return e->code;
}
