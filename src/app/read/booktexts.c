/* booktexts.c - the texts of a library's books in memory, one part of the split.
 *
 *   in    paths, in the order of app/read/sources.h
 *   out   texts as the reading rooms leave them: NFC, clean, paragraphs by '\n'
 *
 * Invariant: the order and the bytes depend on the files alone.
 */
#include "app/read/booktexts.h"
#include "app/read/sources.h"
#include "base/data.h"
#include "num/team.h"
#include "order/order.h"

struct picking {
	struct booktexts *out;
	const char *path;
	struct str rules;
	int part;			/* enum split, or -1: all */
};

static void keep(struct booktexts *t, struct str text, enum split split)
{
	size_t n = t->n;

	if (t->bytes + text.n > BOOKTEXTS_MAX) {
		t->over++;
		return;
	}
	VEC_PUSH(t->text, t->n, t->cap) = str_copy(&t->mem, text);
	VEC_PUSH(t->split, n, t->cap_split) = (uint8_t)split;
	t->bytes += text.n;
	t->chars += utf8_count(text);
}

static enum status one_book(void *ctx, struct book *b, struct err *e)
{
	struct picking *r = ctx;
	enum split split = split_of(r->rules, str_of(r->path), b->title, b->author);

	(void)e;
	if (r->part < 0 || (int)split == r->part)
		keep(r->out, b->text, split);
	return OK;
}

static enum status read_one(struct picking *r, struct jail *jail, bool raw, struct err *e)
{
	struct buf bytes = { 0 };
	enum status st;

	if (!raw)
		return jail_read(jail, r->path, one_book, r, e);
	st = source_bytes(&bytes, r->path, e);
	if (!st)
		keep(r->out, buf_view(&bytes), SPLIT_TRAIN);
	buf_free(&bytes);
	return st;
}

/* One source's texts, split and all, from the rank that has read it to the others, in its place. */
static void pass_round(struct booktexts *t, struct booktexts *own, size_t *taken, size_t n, int owner)
{
	uint64_t count = n;

	team_share(&count, sizeof count, owner);
	for (uint64_t i = 0; i < count; i++) {
		struct buf text = { 0 };
		uint8_t split = 0;

		if (team_rank() == owner) {
			buf_str(&text, own->text[*taken]);
			split = own->split[(*taken)++];
		}
		team_share_buf(&text, owner);
		team_share(&split, sizeof split, owner);
		keep(t, buf_view(&text), (enum split)split);
		buf_free(&text);
	}
}

/* Under mpirun each rank reads every size-th source; then all have all texts, in order of sources. */
static void gather_ranks(struct booktexts *t, const size_t *from, size_t n_src)
{
	struct booktexts own = *t;
	size_t taken = 0;

	*t = (struct booktexts){ .mem = arena_open("texts of books"), .failed = own.failed, .first = own.first };
	for (size_t i = 0; i < n_src; i++)
		pass_round(t, &own, &taken, from[i + 1] - from[i], (int)(i % (size_t)team_size()));
	for (int r = 0; r < team_size(); r++) {
		size_t failed = own.failed;

		team_share(&failed, sizeof failed, r);
		if (r != team_rank())
			t->failed += failed;
	}
	booktexts_clear(&own);
}

static enum status read_all(struct picking *r, const struct sources *src, bool raw,
                            const struct watch *w, struct err *e)
{
	struct booktexts *t = r->out;
	struct jail *jail = raw ? NULL : jail_open();
	size_t *from = mem_alloc(src->n + 1, sizeof *from);	/* texts before each source */
	bool stopped;

	for (size_t i = 0; i < src->n; from[++i] = t->n) {
		struct err own = { 0 };

		if (watch_stopped(w) || (int)(i % (size_t)team_size()) != team_rank())
			continue;
		r->path = src->item[i].path;
		watch_step(w, "read", (double)i, (double)src->n, "books");
		if (!read_one(r, jail, raw, &own))
			continue;
		if (!t->failed++)
			t->first = own;
		watch_note(w, "%s", own.msg);
	}
	if (jail)
		jail_close(jail);
	watch_step(w, "read", (double)src->n, (double)src->n, "books");
	stopped = team_any(watch_stopped(w));
	if (team_size() > 1 && !stopped)
		gather_ranks(t, from, src->n);
	mem_free(from);
	if (stopped)
		return err_set(e, ERR_STOP, "stopped while reading; nothing is written");
	if (t->over)
		watch_note(w, "%zu books beyond the first %d MB are left out", t->over, BOOKTEXTS_MAX >> 20);
	if (t->failed && t->failed == src->n)
		return err_set(e, t->first.code ? t->first.code : ERR_FORMAT, "%s", t->first.msg);
	return OK;
}

static bool part_find(int *out, const char *part)
{
	*out = -1;
	if (!strcmp(part, "all"))
		return true;
	for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; s++)
		if (!strcmp(part, split_name((enum split)s))) {
			*out = s;
			return true;
		}
	return false;
}

enum status booktexts_read(struct booktexts *out, const char *const *path, size_t n, const char *part,
                           bool raw, const struct watch *w, struct err *e)
{
	struct picking r = { .out = out, .rules = data_find("split.tsv") };
	struct sources src = { 0 };
	enum status st = OK;

	*out = (struct booktexts){ .mem = arena_open("texts of books") };
	if (!part_find(&r.part, part))
		st = err_set(e, ERR_USAGE, "no part '%s': train, dev, test, all", part);
	if (!st)
		st = sources_find(&src, path, n, NULL, w, e);
	if (!st)
		st = read_all(&r, &src, raw, w, e);
	if (!st && !out->n)
		st = err_set(e, ERR_USAGE, src.n ? "none of these books is in the part '%s'; --part all takes "
		             "them all" : "no books there: .txt, .fb2, .fb2.zip, .zip and .epub are read", part);
	sources_clear(&src);
	return st;
}

void booktexts_clear(struct booktexts *t)
{
	mem_free(t->text);
	mem_free(t->split);
	arena_close(&t->mem);
	*t = (struct booktexts){ 0 };
}
