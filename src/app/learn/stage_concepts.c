/* stage_concepts.c - builds a mind's concept graph from its stored strips.
 *
 *   in    MIND/store.db (strips of the training books, in order of reading), MIND/lemmas.ltm
 *   out   MIND/concepts.ltm
 *
 * Only training books count: what a held-out book says must not reach the graph, or the
 * measurements on it would be worth nothing. Invariant: the same books give the same bytes;
 * a graph made from the same books is left alone (app/done.h).
 */
#include "app/app.h"
#include "app/done.h"
#include "concepts/concepts.h"
#include "order/order.h"

struct naming {
	const struct lemmas *lemmas;
	const struct bag_item *bag;
	size_t missing;
};

static struct str name_of(void *ctx, size_t i)
{
	struct naming *x = ctx;
	struct str s = lemmas_find(x->lemmas, x->bag[i].key);

	x->missing += !s.n;
	return s.n ? s : S("?");
}

static enum status add_book(struct graph_builder *g, struct store *s, const struct book_row *row,
                            struct naming *x, struct err *e)
{
	struct arena a = arena_open("strip");
	struct str bytes;
	struct strip strip;
	enum status st = store_strip(s, row->id, &bytes, &a, e);

	if (!st)
		st = strip_open(&strip, bytes, &a, e);
	for (size_t i = 0; !st && i < strip.n; i++) {
		x->bag = strip.scene[i].bag;
		graph_scene(g, x->bag, strip.scene[i].n_bag, i == 0, name_of, x);
	}
	arena_close(&a);
	return st;
}

static enum status build(struct buf *file, struct store *s, const struct book_row *row, size_t n,
                         const struct lemmas *l, const struct watch *w, struct err *e)
{
	struct graph_builder *g = graph_begin();
	struct naming x = { .lemmas = l };
	enum status st = OK;

	for (size_t i = 0; !st && i < n; i++) {
		if (watch_stopped(w))
			st = err_set(e, ERR_STOP, "the concept graph is not built; the same command goes on");
		else if (row[i].split == SPLIT_TRAIN)
			st = add_book(g, s, &row[i], &x, e);
		watch_step(w, "concepts", (double)(i + 1), (double)n, "books");
	}
	graph_end(g, file, w);		/* frees the builder in every case */
	if (!st && x.missing)
		watch_note(w, "lemmas.ltm lacks %zu words: they are shown as '?'; reading the library "
		           "into a new mind mends it", x.missing);
	return st;
}

static uint64_t inputs_of(const struct book_row *row, size_t n)
{
	uint64_t h = hash64("concepts 1", 10, 0);

	for (size_t i = 0; i < n; i++)
		if (row[i].split == SPLIT_TRAIN) {
			uint64_t two[2] = { h, row[i].source_hash };

			h = hash64(two, sizeof two, 0);
		}
	return h;
}

static enum status rebuild(const char *mind, const char *path, struct store *s,
                           const struct book_row *row, size_t n, const struct watch *w,
                           struct err *e)
{
	struct buf file = { 0 };
	struct lemmas l;
	enum status st = lemmas_open(&l, mind, false, e);

	if (st)
		return st;
	st = build(&file, s, row, n, &l, w, e);
	if (!st)
		st = file_save(path, buf_view(&file), e);
	buf_free(&file);
	lemmas_close(&l, NULL);
	return st;
}

enum status stage_concepts(const char *mind, bool *did, const struct watch *w, struct err *e)
{
	struct arena a = arena_open("concepts");
	const char *path = mind_path(&a, mind, "concepts.ltm");
	struct store *s;
	struct book_row *row;
	uint64_t from;
	size_t n;
	enum status st = mind_store(&s, mind, STORE_READ, e);

	*did = false;
	if (!st) {
		st = store_books(s, &row, &n, &a, e);
		from = st ? 0 : inputs_of(row, n);
		if (!st && !done_is(mind, "concepts", from, path)) {
			*did = true;
			st = rebuild(mind, path, s, row, n, w, e);
			if (!st)
				st = done_set(mind, "concepts", from, path, e);
		}
		store_close(s);
	}
	arena_close(&a);
	return st;
}
