/* stage_report.c - the page of a mind: gathers what its files tell and writes report.html.
 *
 *   in    store.db, concepts.ltm, eval.json, train.log: whatever is there
 *   out   MIND/report.html, or another file
 */
#include "app/report/fill.h"

static enum status gather(struct report *r, const char *mind, struct arena *a,
                          const struct watch *w, struct err *e)
{
	struct store *s;
	enum status st = mind_store(&s, mind, STORE_READ, e);

	if (!st) {
		st = fill_store(r, s, a, w, e);
		store_close(s);
	}
	if (!st)
		st = fill_graph(r, mind, a, e);
	if (!st)
		st = fill_eval(r, mind, a, e);
	if (!st)
		st = fill_ledger(r, mind, a, e);
	return st ? st : fill_curves(r, mind, a, e);
}

enum status stage_report(const char *mind, const char *file, const char *lang, uint64_t seed,
                         const struct watch *w, struct err *e)
{
	struct arena a = arena_open("report");
	struct report *r = TAKE(&a, struct report, 1);
	struct buf page = { 0 };
	enum status st;

	r->lang = lang;
	r->name = S("");	/* not the folder's: the same mind elsewhere has the same bytes */
	r->version = S(LTM_VERSION);
	r->seed = seed;
	st = gather(r, mind, &a, w, e);
	if (!st) {
		report_html(&page, r);
		st = file_save(file ? file : mind_path(&a, mind, "report.html"), buf_view(&page), e);
	}
	buf_free(&page);
	arena_close(&a);
	return st;
}
