/* api_text.c - the public function that shows how a text is read into scenes. A mind is read
 * from its store, a file or standard input through the jail; nothing is stored.
 */
#include "app/api/api.h"
#include "app/docs.h"

/* ---- scenes ---------------------------------------------------------------------------- */

/* Documents go out one behind: pvq.json must know which is the last. */
struct scene_job {
	const struct ltm_scenes_opts *o;
	const struct ltm_sink *out;
	struct reading_kit kit;
	struct aliases *aliases;
	struct doc held;
	size_t sent;
};

static void flush_doc(struct scene_job *j, bool last)
{
	struct buf b = { 0 };

	if (!j->held.full)
		return;
	doc_write(&b, &j->held, j->o->form, !j->sent, last);
	doc_clear(&j->held);
	j->sent++;
	sink_send(j->out, &b);
}

static enum status one_book(void *ctx, struct book *b, struct err *e)
{
	struct scene_job *j = ctx;

	(void)e;
	flush_doc(j, false);
	doc_of_book(&j->held, b, &j->kit, j->aliases, j->o->with_passage);
	return OK;
}

static enum status scenes_of_file(struct scene_job *j, struct err *e)
{
	struct buf bytes = { 0 };
	struct jail *jail;
	enum status st = source_bytes(&bytes, j->o->from, e);

	if (!st)
		st = kit_open(&j->kit, j->o->dict, e);
	if (!st) {
		jail = jail_open();
		j->aliases = aliases_open();
		st = jail_read_bytes(jail, buf_view(&bytes), strcmp(j->o->from, "-") ? j->o->from : "stdin",
		                     one_book, j, e);
		flush_doc(j, true);
		aliases_close(j->aliases);
		jail_close(jail);
		kit_close(&j->kit);
	}
	buf_free(&bytes);
	return st;
}

static enum status each_stored(struct scene_job *j, struct store *s, const struct watch *w,
                               struct err *e)
{
	struct arena a = arena_open("books");
	struct book_row *row;
	size_t n, met = 0;
	enum status st = store_books(s, &row, &n, &a, e);

	for (size_t i = 0; !st && i < n; i++) {
		if (j->o->book && row[i].id != j->o->book)
			continue;
		if (watch_stopped(w)) {
			st = err_set(e, ERR_STOP, "stopped");
			break;
		}
		flush_doc(j, false);
		st = doc_of_store(&j->held, s, &row[i], j->o->with_passage, e);
		met++;
	}
	if (!st)
		flush_doc(j, true);
	doc_clear(&j->held);
	if (!st && j->o->book && !met)
		st = err_set(e, ERR_USAGE, "no book %lld in %s; `ltm books %s` lists %zu",
		             (long long)j->o->book, j->o->from, j->o->from, n);
	arena_close(&a);
	return st;
}

static enum status scenes_of_mind(struct scene_job *j, const struct watch *w, struct err *e)
{
	struct store *s;
	enum status st = mind_enter(j->o->from, w, e);

	if (!st)
		st = mind_store(&s, j->o->from, STORE_READ, e);
	if (st)
		return st;
	st = each_stored(j, s, w, e);
	store_close(s);
	return st;
}

LTM_API int ltm_scenes(const struct ltm_scenes_opts *opts, const struct ltm_sink *out,
                       const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_scenes_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct scene_job j = { .o = &o, .out = out };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.from, "a mind or a file", &e)))
		st = dir_exists(o.from) ? scenes_of_mind(&j, &w, &e) : scenes_of_file(&j, &e);
	return give(error, &e, st);
}
