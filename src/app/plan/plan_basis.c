/* plan_basis.c - the ratios a plan stands on: from a ledger, or from the shipped table.
 *
 *   in    the object "basis" of a ledger.json (app/ledger/ledger_json.c writes it), or rows
 *         key <tab> value of data/ru/ledger_default.tsv, which is such an object, made by
 *         bench/peers/ledger_default.sh on the development library
 *   out   struct plan_basis; ERR_FORMAT when something a plan needs is missing or is not a
 *         positive number
 */
#include <math.h>

#include "app/plan/plan.h"
#include "base/data.h"
#include "io/scenes/json.h"

enum { LIMIT_LEDGER = 4 << 20 };

static const struct { const char *key; size_t at; bool needed; } fields[] = {
	{ "books", offsetof(struct plan_basis, books), true },
	{ "chars", offsetof(struct plan_basis, chars), true },
	{ "bytes", offsetof(struct plan_basis, bytes), true },
	{ "words", offsetof(struct plan_basis, words), true },
	{ "scenes", offsetof(struct plan_basis, scenes), true },
	{ "store_bytes", offsetof(struct plan_basis, store_bytes), false },
	{ "gpt2", offsetof(struct plan_basis, per1000[PF_GPT2]), false },
	{ "cl100k", offsetof(struct plan_basis, per1000[PF_CL100K]), false },
	{ "o200k", offsetof(struct plan_basis, per1000[PF_O200K]), false },
	{ "byte", offsetof(struct plan_basis, per1000[PF_BYTE]), true },
	{ "hyper", offsetof(struct plan_basis, per1000[PF_HYPER]), true },
	{ "chain", offsetof(struct plan_basis, per1000[PF_CHAIN]), false },
	{ "glyph", offsetof(struct plan_basis, per1000[PF_GLYPH]), true },
	{ "scene", offsetof(struct plan_basis, per1000[PF_SCENE]), true },
	{ "bits_text", offsetof(struct plan_basis, bits_text), true },
	{ "bits_hyper", offsetof(struct plan_basis, bits_hyper), true },
	{ "bits_glyph", offsetof(struct plan_basis, bits_glyph), true },
	{ "vocab_byte", offsetof(struct plan_basis, vocab_byte), true },
	{ "vocab_hyper", offsetof(struct plan_basis, vocab_hyper), true },
	{ "gflops", offsetof(struct plan_basis, gflops), false },
	{ "read", offsetof(struct plan_basis, read), false },
	{ "write", offsetof(struct plan_basis, write), false },
	{ "cores", offsetof(struct plan_basis, cores), false },
};
enum { FIELDS = sizeof fields / sizeof *fields };

static double *field_of(struct plan_basis *b, int i)
{
	return (double *)(void *)((char *)b + fields[i].at);
}

static void put(struct plan_basis *b, struct str key, struct str value)
{
	for (int i = 0; i < FIELDS; i++)
		if (str_eq(key, str_of(fields[i].key)) && !str_f64(value, field_of(b, i)))
			*field_of(b, i) = NAN;
}

static enum status whole(struct plan_basis *b, const char *path, struct err *e)
{
	for (int i = 0; i < FIELDS; i++) {
		double v = *field_of(b, i);

		if (!isfinite(v) || v < 0 || (fields[i].needed && v == 0))
			return err_set(e, ERR_FORMAT, "%s: a plan needs '%s' of the ledger; make it anew with "
			               "`ltm ledger`", path, fields[i].key);
	}
	return OK;
}

static enum status from_json(struct plan_basis *b, const char *path, struct err *e)
{
	struct arena a = arena_open("ledger");
	struct buf bytes = { 0 };
	struct tree *top = NULL;
	const struct tree *basis;
	enum status st = file_read(&bytes, path, LIMIT_LEDGER, e);

	if (!st && (st = json_read(&top, buf_view(&bytes), &a, e)))
		err_in(e, path);
	if (!st && !(basis = tree_find(top, "basis")))
		st = err_set(e, ERR_FORMAT, "%s: not a ledger: no \"basis\" in it", path);
	for (const struct tree *n = st ? NULL : basis->first; n; n = n->next)
		put(b, n->key, n->s);
	if (!st)
		st = whole(b, path, e);
	buf_free(&bytes);
	arena_close(&a);
	return st;
}

enum status plan_basis_read(struct plan_basis *b, const char *from, struct err *e)
{
	struct arena a = arena_open("path");
	struct tsv t = tsv_of(data_find("ledger_default.tsv"));
	const char *path = from;
	enum status st = OK;

	*b = (struct plan_basis){ 0 };
	while (tsv_next(&t))	/* speeds of the table's machine stand in for --quick */
		if (!from || str_eq(t.field[0], S("gflops")) || str_eq(t.field[0], S("read")) ||
		    str_eq(t.field[0], S("write")) || str_eq(t.field[0], S("cores")))
			put(b, t.field[0], t.field[1]);
	if (!from) {
		snprintf(b->from, sizeof b->from, "ledger_default.tsv");
		st = whole(b, "ledger_default.tsv", e);
	} else {
		if (dir_exists(from))
			path = mind_path(&a, from, "ledger.json");
		snprintf(b->from, sizeof b->from, "%s", path);
		if (!file_exists(path))
			st = err_set(e, ERR_IO, "%s: no ledger there; `ltm ledger %s` makes it", path, from);
		else
			st = from_json(b, path, e);
	}
	arena_close(&a);
	return st;
}
