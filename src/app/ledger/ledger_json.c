/* ledger_json.c - a ledger as a file (ledger.json) and back (app/ledger/ledger.h).
 *
 * Counts are stored, shares of words with seven digits; claims and the basis of plans are
 * written for other readers and computed again when the file is read. A file of a newer version is
 * refused.
 */
#include "app/report/fill.h"
#include "app/ledger/ledger.h"
#include "io/scenes/json.h"

enum { LEDGER_VERSION = 1, LIMIT_LEDGER = 4 << 20 };

/* Whole numbers of the head and of a row, by name: one list writes and reads. */
static const struct { const char *key; size_t at; } head[] = {
	{ "books", offsetof(struct ledger, books) }, { "chars", offsetof(struct ledger, chars) },
	{ "bytes", offsetof(struct ledger, bytes) }, { "words", offsetof(struct ledger, words) },
	{ "scenes", offsetof(struct ledger, scenes) },
	{ "part_books", offsetof(struct ledger, part_books) },
	{ "part_chars", offsetof(struct ledger, part_chars) },
	{ "part_words", offsetof(struct ledger, part_words) },
	{ "part_scenes", offsetof(struct ledger, part_scenes) },
	{ "forms", offsetof(struct ledger, forms) }, { "lemmas", offsetof(struct ledger, lemmas) },
	{ "store_bytes", offsetof(struct ledger, store_bytes) },
	{ "left_out", offsetof(struct ledger, left_out) },
};
static const struct { const char *key; size_t at; } counts[] = {
	{ "positions", offsetof(struct stage_row, positions) },
	{ "positions_all", offsetof(struct stage_row, positions_all) },
	{ "vocab", offsetof(struct stage_row, vocab) },
	{ "vocab_all", offsetof(struct stage_row, vocab_all) },
	{ "vocab_bytes", offsetof(struct stage_row, vocab_bytes) },
	{ "bits", offsetof(struct stage_row, bits) },
	{ "vocab_bits", offsetof(struct stage_row, vocab_bits) },
};
static const struct { const char *key; size_t at; } shares[] = {
	{ "lost_form", offsetof(struct stage_row, lost_form) },
	{ "lost_order", offsetof(struct stage_row, lost_order) },
	{ "lost_identity", offsetof(struct stage_row, lost_identity) },
};
enum { HEAD = sizeof head / sizeof *head, COUNTS = sizeof counts / sizeof *counts,
       SHARES = sizeof shares / sizeof *shares };

#define AT(type, base, off) ((type *)(void *)((char *)(base) + (off)))
#define AT_CONST(type, base, off) (*(const type *)(const void *)((const char *)(base) + (off)))

/* ---- writing ----------------------------------------------------------------------------------- */

static void put_stages(struct buf *b, const struct ledger *l)
{
	bool first = true;

	buf_str(b, S(" \"stages\":["));
	for (int s = 0; s < LS_N; s++) {
		const struct stage_row *r = &l->row[s];

		if (!r->there)
			continue;
		buf_printf(b, "%s\n  {\"stage\":\"%s\",\"reversible\":%s", first ? "" : ",", stage_key((enum stage)s),
		           r->reversible ? "true" : "false");
		first = false;
		for (int i = 0; i < COUNTS; i++)
			buf_printf(b, ",\"%s\":%llu", counts[i].key,
			           (unsigned long long)AT_CONST(uint64_t, r, counts[i].at));
		for (int i = 0; i < SHARES; i++)
			buf_printf(b, ",\"%s\":%.7g", shares[i].key, AT_CONST(double, r, shares[i].at));
		buf_printf(b, ",\"per_1000\":%.6g,\"bits_per_char\":%.6g}", ledger_per1000(l, (enum stage)s),
		           ledger_bpc(l, (enum stage)s, false));
	}
	buf_str(b, S("],\n"));
}

static void put_claims(struct buf *b, const struct ledger *l)
{
	struct claim c[CLAIMS];

	ledger_claims(c, l);
	buf_str(b, S(" \"claims\":["));
	for (int i = 0; i < CLAIMS; i++) {
		buf_printf(b, "%s\n  {\"claim\":\"%s\",\"says\":", i ? "," : "", c[i].key);
		json_str(b, str_of(c[i].says[0]));
		buf_printf(b, ",\"low\":%.6g,\"high\":%.6g,\"lossless\":%.6g,\"lossy\":%.6g,\"product\":%.6g,"
		           "\"lost_form\":%.6g,\"lost_order\":%.6g,\"lost_identity\":%.6g,\"verdict\":\"%s\",\"how\":",
		           c[i].lo, c[i].hi, c[i].lossless, c[i].lossy, c[i].product, c[i].lost_form,
		           c[i].lost_order, c[i].lost_identity, verdict_name(c[i].verdict, false));
		json_str(b, str_of(c[i].how[0]));
		buf_char(b, '}');
	}
	buf_str(b, S("],\n"));
}

/* What `ltm plan` builds on (app/plan/plan_basis.c), a line each. */
static void put_basis(struct buf *b, const struct ledger *l)
{
	const struct { const char *key; double v; } list[] = {
		{ "books", (double)l->books }, { "chars", (double)l->chars }, { "bytes", (double)l->bytes },
		{ "words", (double)l->words }, { "scenes", (double)l->scenes },
		{ "store_bytes", (double)l->store_bytes },
		{ "gpt2", l->peer[0] }, { "cl100k", l->peer[1] }, { "o200k", l->peer[2] },
		{ "byte", ledger_per1000(l, LS_BYTE) }, { "hyper", ledger_per1000(l, LS_HYPER) },
		{ "chain", ledger_per1000(l, LS_CONTENT_CHAINS) }, { "glyph", ledger_per1000(l, LS_GLYPHS) },
		{ "scene", ledger_per1000(l, LS_SCENES) },
		{ "bits_text", ledger_bpc(l, LS_CLEAN, false) }, { "bits_hyper", ledger_bpc(l, LS_HYPER, false) },
		{ "bits_glyph", ledger_bpc(l, LS_GLYPHS, false) },
		{ "vocab_byte", (double)l->row[LS_BYTE].vocab_all },
		{ "vocab_hyper", (double)l->row[LS_HYPER].vocab_all },
	};

	buf_str(b, S(" \"basis\":{"));
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		buf_printf(b, "%s\n  \"%s\":%.10g", i ? "," : "", list[i].key, list[i].v);
	buf_str(b, S("\n }\n"));
}

void ledger_json(struct buf *b, const struct ledger *l)
{
	buf_printf(b, "{\"kind\":\"ltm ledger\",\"version\":%d,\"whole\":%s,\"peers_same\":%s,\"vocab\":%u,\n ",
	           LEDGER_VERSION, l->whole ? "true" : "false", l->peers_same ? "true" : "false", l->vocab);
	for (int i = 0; i < HEAD; i++)
		buf_printf(b, "\"%s\":%llu,", head[i].key, (unsigned long long)AT_CONST(uint64_t, l, head[i].at));
	buf_str(b, S("\n \"peers\":{"));
	for (int i = 0; i < PEERS; i++)
		buf_printf(b, "%s\"%s\":%.10g", i ? "," : "", peer_name(i), l->peer[i]);
	buf_str(b, S("},\n"));
	put_stages(b, l);
	put_claims(b, l);
	put_basis(b, l);
	buf_str(b, S("}\n"));
}

/* ---- reading ----------------------------------------------------------------------------------- */

static bool whole_number(const struct tree *map, const char *key, uint64_t *v)
{
	const struct tree *n = tree_find(map, key);

	return n && tree_is_scalar(n) && str_u64(n->s, v);
}

static bool real(const struct tree *map, const char *key, double *v)
{
	const struct tree *n = tree_find(map, key);

	return n && tree_is_scalar(n) && str_f64(n->s, v) && *v >= 0 && *v <= 1e18;
}

static bool yes(const struct tree *map, const char *key)
{
	const struct tree *n = tree_find(map, key);

	return n && tree_is_scalar(n) && str_eq(n->s, S("true"));
}

static bool take_stage(struct ledger *l, const struct tree *n)
{
	const struct tree *name = tree_find(n, "stage");
	struct stage_row *r = NULL;

	for (int s = 0; name && tree_is_scalar(name) && s < LS_N; s++)
		if (str_eq(name->s, str_of(stage_key((enum stage)s))))
			r = &l->row[s];
	if (!r)
		return true;		/* a stage of another program: passed over */
	r->there = true;
	r->reversible = yes(n, "reversible");
	for (int i = 0; i < COUNTS; i++)
		if (!whole_number(n, counts[i].key, AT(uint64_t, r, counts[i].at)))
			return false;
	for (int i = 0; i < SHARES; i++)
		if (!real(n, shares[i].key, AT(double, r, shares[i].at)))
			return false;
	return true;
}

static bool take(struct ledger *l, const struct tree *top)
{
	const struct tree *peers = tree_find(top, "peers"), *stages = tree_find(top, "stages");
	uint64_t vocab;

	if (!peers || !stages || stages->kind != TREE_SEQ || !whole_number(top, "vocab", &vocab) ||
	    vocab > UINT32_MAX)
		return false;
	l->vocab = (uint32_t)vocab;
	l->whole = yes(top, "whole");
	l->peers_same = yes(top, "peers_same");
	for (int i = 0; i < HEAD; i++)
		if (!whole_number(top, head[i].key, AT(uint64_t, l, head[i].at)))
			return false;
	for (int i = 0; i < PEERS; i++)
		if (!real(peers, peer_name(i), &l->peer[i]))
			return false;
	for (const struct tree *s = stages->first; s; s = s->next)
		if (!take_stage(l, s))
			return false;
	return true;
}

enum status ledger_load(struct ledger *l, const char *path, struct err *e)
{
	struct arena a = arena_open("ledger");
	struct buf bytes = { 0 };
	struct tree *top = NULL;
	const struct tree *kind;
	uint64_t version = 0;
	enum status st = file_read(&bytes, path, LIMIT_LEDGER, e);

	*l = (struct ledger){ 0 };
	if (!st && (st = json_read(&top, buf_view(&bytes), &a, e)))
		err_in(e, path);
	if (!st) {
		kind = tree_find(top, "kind");
		if (!kind || !tree_is_scalar(kind) || !str_eq(kind->s, S("ltm ledger")) ||
		    !whole_number(top, "version", &version))
			st = err_set(e, ERR_FORMAT, "%s: not a ledger; `ltm ledger` makes it", path);
		else if (version > LEDGER_VERSION)
			st = err_set(e, ERR_FORMAT, "%s: a ledger of version %llu; this program reads up to %d", path,
			             (unsigned long long)version, LEDGER_VERSION);
		else if (!take(l, top))
			st = err_set(e, ERR_FORMAT, "%s: a number of the ledger is missing or is none; make it anew "
			             "with `ltm ledger`", path);
	}
	buf_free(&bytes);
	arena_close(&a);
	return st;
}

enum status fill_ledger(struct report *r, const char *mind, struct arena *a, struct err *e)
{
	const char *path = mind_path(a, mind, "ledger.json");
	struct ledger *l;
	enum status st;

	if (!file_exists(path))
		return OK;
	l = TAKE(a, struct ledger, 1);
	st = ledger_load(l, path, e);
	r->ledger = st ? NULL : l;
	return st;
}
