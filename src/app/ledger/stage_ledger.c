/* stage_ledger.c - makes a ledger: reads once, counts every stage (app/ledger/ledger.h). */
#include "app/ledger/ledger.h"

const char *ledger_mind(const struct ledger_opts *o)
{
	struct arena a = arena_open("path");
	bool mind = o->n_path == 1 && dir_exists(o->path[0]) &&
		(file_exists(mind_path(&a, o->path[0], "manifest.json")) ||
		 file_exists(mind_path(&a, o->path[0], "store.db")));

	arena_close(&a);
	return mind ? o->path[0] : NULL;
}

enum status stage_ledger(struct ledger *out, const struct ledger_opts *o, const struct watch *w,
                         struct err *e)
{
	struct ledger_opts own = *o;
	struct dictfile dict = { 0 };
	struct joined *j = mem_alloc(1, sizeof *j);
	struct err err = { 0 };
	enum status st;

	*out = (struct ledger){ .vocab = o->vocab ? o->vocab : LEDGER_VOCAB };
	own.vocab = out->vocab;
	st = joined_read(j, &own, w, &err);
	if (!st && !(st = dictfile_open(&dict, own.dict, &err))) {
		st = ledger_rows(out, j, &own, dict.dict, w, &err);
		dictfile_close(&dict);
	}
	if (!st && j->left_out)
		st = err_set(&err, ERR_PART, j->left_out == 1 ? "%.300s" : "%.300s, and %llu others", j->why,
		             (unsigned long long)j->left_out - 1);
	joined_close(j);
	mem_free(j);
	return st ? err_set(e, st, "%s", err.msg) : OK;
}
