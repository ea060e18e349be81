/* api_ledger.c - ltm_ledger (include/ltm.h): of books, or of a mind, where it is kept.
 *
 *   MIND/ledger.json        the ledger
 *   MIND/X.tokens           the tokenizers it trained, taken again when the texts are the same
 */
#include "app/api/api.h"
#include "app/done.h"
#include "app/ledger/ledger.h"

/* Everything a mind's ledger depends on: its books with their split, and the size asked for. */
static enum status inputs_of(uint64_t *h, const char *mind, uint32_t vocab, struct err *e)
{
	struct arena a = arena_open("books");
	struct book_row *row;
	struct store *s;
	size_t n;
	enum status st = mind_store(&s, mind, STORE_READ, e);

	*h = hash64(LTM_VERSION, strlen(LTM_VERSION), vocab);
	if (st)
		return st;
	st = store_books(s, &row, &n, &a, e);
	for (size_t i = 0; !st && i < n; i++)
		*h = hash64(&(uint64_t[]){ row[i].source_hash, row[i].split }, 16, *h);
	store_close(s);
	arena_close(&a);
	return st;
}

static enum status save(const struct ledger *l, const char *path, struct err *e)
{
	struct buf b = { 0 };
	enum status st;

	ledger_json(&b, l);
	st = file_save(path, buf_view(&b), e);
	buf_free(&b);
	return st;
}

enum status ledger_of_mind(struct ledger *l, const char *mind, const struct ledger_opts *o, bool *did,
                           const struct watch *w, struct err *e)
{
	struct arena a = arena_open("ledger");
	const char *path = mind_path(&a, mind, "ledger.json");
	struct ledger_opts own = *o;
	uint64_t h;
	enum status st = inputs_of(&h, mind, o->vocab, e);

	*did = false;
	own.path = &mind;
	own.n_path = 1;
	own.keep = mind;
	if (!st && done_is(mind, "ledger", h, path)) {
		st = ledger_load(l, path, e);
	} else if (!st && !(st = stage_ledger(l, &own, w, e)) && !(st = save(l, path, e))) {
		*did = true;
		st = done_set(mind, "ledger", h, path, e);
	}
	arena_close(&a);
	return st;
}

static enum status of_mind(struct ledger *l, const char *mind, const struct ledger_opts *o,
                           const struct watch *w, struct err *e)
{
	struct lock lock;
	bool did;
	enum status st = mind_enter(mind, w, e), end;

	if (st || (st = mind_begin(&lock, mind, e)))
		return st;
	st = ledger_of_mind(l, mind, o, &did, w, e);
	end = mind_end(&lock, mind, e);
	return st ? st : end;
}

static enum status of_books(struct ledger *l, struct ledger_opts *o, struct arena *a,
                            const struct watch *w, struct err *e)
{
	const char *shipped = o->n_path ? NULL : library_find(a);

	if (!o->n_path && !shipped)
		return err_set(e, ERR_USAGE, "the shipped library is not found; name books, a folder or a mind");
	if (shipped) {
		o->path = &shipped;
		o->n_path = 1;
		o->root = shipped;
	}
	return stage_ledger(l, o, w, e);
}

LTM_API int ltm_ledger(const struct ltm_ledger_opts *opts, const struct ltm_sink *out,
                       const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_ledger_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct buf b = { 0 };
	struct arena a = arena_open("ledger");
	struct ledger *l = TAKE(&a, struct ledger, 1);
	enum status st = opts_take(&o, sizeof o, opts, &e);
	struct ledger_opts x = { .path = o.path, .n_path = o.n_path, .keep = o.keep,
	                         .vocab = o.vocab > 0 ? (uint32_t)o.vocab : LEDGER_VOCAB, .threads = o.threads,
	                         .dict = o.dict };
	const char *mind = st ? NULL : ledger_mind(&x);

	if (!st)
		st = mind ? of_mind(l, mind, &x, &w, &e) : of_books(l, &x, &a, &w, &e);
	if (o.file && (!st || st == ERR_PART)) {
		struct err own = { 0 };

		if (save(l, o.file, &own))
			st = (err_clear(&e), err_set(&e, own.code, "%s", own.msg));
	}
	if (!st || st == ERR_PART)
		o.json ? ledger_json(&b, l) : ledger_text(&b, l, o.lang && !strcmp(o.lang, "ru"));
	arena_close(&a);
	sink_send(out, &b);
	return give(error, &e, st);
}
