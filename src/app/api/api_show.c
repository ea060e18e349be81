/* api_show.c - prints any file of ours, or a mind's folder, as text.
 *
 * Every kind is a row: how its bytes begin, and what prints it. Invariant: bytes are told from
 * what they say, not from their name; nothing in a file is believed before its reader has
 * checked it; long tables are cut at `limit` rows and say how many more there are.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "app/api/api.h"
#include "app/docs.h"
#include "app/think/tokentell.h"
#include "concepts/concepts.h"
#include "io/models/pvqfile.h"
#include "order/order.h"

enum { LIMIT_SHOW_TEXT = 256 << 20 };

struct show {
	const char *path;
	struct str bytes;
	size_t limit;
	struct buf out;
	struct arena mem;
};

static void more(struct show *s, size_t n, const char *what)
{
	if (n > s->limit)
		buf_printf(&s->out, "… %zu more %s; --limit shows them\n", n - s->limit, what);
}

/* ---- store and mind -------------------------------------------------------------------- */

static enum status show_store(struct show *s, struct err *e)
{
	struct store *db = NULL;
	struct book_row *row;
	size_t n, n_bad;
	struct failed_row *bad;
	uint64_t scenes = 0, chars = 0;
	enum status st = store_open(&db, s->path, STORE_READ, e);

	if (!st && !(st = store_books(db, &row, &n, &s->mem, e)) &&
	    !(st = store_failures(db, &bad, &n_bad, &s->mem, e))) {
		for (size_t i = 0; i < n; i++) {
			scenes += row[i].scenes;
			chars += row[i].chars;
		}
		buf_printf(&s->out, "store: %zu books, %llu scenes, %llu characters, "
		           "%zu aliases, %zu left out\n", n,
		           (unsigned long long)scenes, (unsigned long long)chars,
		           aliases_count(store_aliases(db)), n_bad);
		for (size_t i = 0; i < n && i < s->limit; i++) {
			buf_printf(&s->out, "%6lld  %-5s %5u scenes  ", (long long)row[i].id,
			           split_name((enum split)row[i].split), row[i].scenes);
			tsv_field(&s->out, row[i].author);
			buf_str(&s->out, row[i].author.n ? S(". ") : S(""));
			tsv_field(&s->out, row[i].title);
			buf_char(&s->out, '\n');
		}
		more(s, n, "books");
	}
	if (db)
		store_close(db);
	return st;
}

static enum status show_mind(struct show *s, const struct watch *w, struct err *e)
{
	static const char *const file[] = {
		"manifest.json", "store.db", "lemmas.ltm", "concepts.ltm", "core.safetensors",
		"core.1.ckpt", "core.2.ckpt", "eval.json", "report.html", "train.log" };
	enum status st = mind_enter(s->path, w, e);

	if (st)
		return st;
	buf_printf(&s->out, "mind %s\n", s->path);
	for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
		const char *path = mind_path(&s->mem, s->path, file[i]);
		struct stat b;

		if (!stat(path, &b))
			buf_printf(&s->out, "%14lld  %s\n", (long long)b.st_size, file[i]);
	}
	s->path = mind_path(&s->mem, s->path, "store.db");
	return show_store(s, e);
}

/* ---- our binary files ------------------------------------------------------------------ */

struct node_df {
	uint32_t df, node;
};

static int by_df(const void *a, const void *b)
{
	const struct node_df *x = a, *y = b;

	return x->df != y->df ? (x->df < y->df ? 1 : -1) : (x->node > y->node) - (x->node < y->node);
}

static void put_edges(struct buf *b, const struct graph *g, uint32_t node, enum edge_type t)
{
	uint32_t from = g->edge_at[t][node], to = g->edge_at[t][node + 1];

	for (uint32_t i = from; i < to && i < from + 5; i++) {
		const struct edge *x = &g->edge[t][i];
		struct str name = graph_name(g, x->to);

		buf_printf(b, "%s%.*s %.1f", i > from ? ", " : t == EDGE_LEADS ? "  → " : "  ~ ",
		           STR_ARG(name), (double)x->w);
	}
}

static enum status show_graph(struct show *s, struct err *e)
{
	struct graph g;
	struct node_df *v;
	enum status st = graph_open(&g, s->bytes, e);

	if (st)
		return st;
	buf_printf(&s->out, "concept graph: %u nodes from %llu scenes, %u edges occurs-with, "
	           "%u leads-to\n", g.n,
	           (unsigned long long)g.scenes, g.n ? g.edge_at[EDGE_OCCURS][g.n] : 0,
	           g.n ? g.edge_at[EDGE_LEADS][g.n] : 0);
	v = TAKE(&s->mem, struct node_df, g.n + 1u);
	for (uint32_t i = 0; i < g.n; i++)
		v[i] = (struct node_df){ g.df[i], i };
	qsort(v, g.n, sizeof *v, by_df);
	for (uint32_t i = 0; i < g.n && i < s->limit; i++) {
		struct str name = graph_name(&g, v[i].node);

		buf_printf(&s->out, "%7u  %.*s", v[i].df, STR_ARG(name));
		put_edges(&s->out, &g, v[i].node, EDGE_OCCURS);
		put_edges(&s->out, &g, v[i].node, EDGE_LEADS);
		buf_char(&s->out, '\n');
	}
	more(s, g.n, "nodes");
	graph_close(&g);
	return OK;
}

static enum status show_dict(struct show *s, struct err *e)
{
	static const struct str sample[] = { { "зеркала", 14 }, { "стекло", 12 }, { "идя", 6 } };
	struct dict *d;
	enum status st = dict_open(&d, s->bytes, e);

	if (st)
		return st;
	buf_printf(&s->out, "dictionary: %zu bytes (OpenCorpora, CC BY-SA 3.0)\n", s->bytes.n);
	for (size_t i = 0; i < sizeof sample / sizeof *sample; i++) {
		struct reading r[READINGS_MAX];
		int n = dict_readings(d, sample[i], r, &s->mem);
		char gram[120];

		buf_printf(&s->out, "%.*s\n", STR_ARG(sample[i]));
		for (int k = 0; k < n; k++)
			buf_printf(&s->out, "  %.3f  %.*s  %s  %s\n", (double)r[k].p, STR_ARG(r[k].lemma),
			           pos_name(r[k].pos), gram_name(r[k].g, gram, sizeof gram));
	}
	dict_close(d);
	return OK;
}

static enum status show_tokens(struct show *s, struct err *e)
{
	struct tokenfile f;
	struct err own = { 0 };
	enum status st = tokenfile_open(&f, s->path, NULL, &own);

	if (st) {	/* the caller names the path again */
		size_t n = str_starts(str_of(own.msg), str_of(s->path)) ? strlen(s->path) + 2 : 0;

		return err_set(e, st, "%s", own.msg + n);
	}
	tokens_tell(&s->out, f.t, s->limit);
	tokenfile_close(&f);
	return OK;
}

static enum status show_ids(struct show *s, struct err *e)
{
	struct idstream v;

	if (idstream_read(&v, s->bytes, e))
		return e->code;
	idstream_tell(&s->out, &v, s->limit);
	idstream_clear(&v);
	return OK;
}

static enum status show_codebooks(struct show *s, struct err *e)
{
	struct pvq q;

	if (pvqfile_read(&q, s->bytes, e))
		return e->code;
	pvqfile_tell(&s->out, &q);
	pvq_clear(&q);
	return OK;
}

static enum status show_lemmas(struct show *s, struct err *e)
{
	struct lemmas t;
	size_t shown = 0;
	enum status st = lemmas_open_file(&t, s->path, e);

	if (st)
		return st;
	buf_printf(&s->out, "lemmas: %zu\n", t.n);
	for (size_t i = 0; i < t.cap && shown < s->limit; i++)
		if (t.slot[i].s.p) {
			buf_printf(&s->out, "%08x  %.*s\n", t.slot[i].key, STR_ARG(t.slot[i].s));
			shown++;
		}
	more(s, t.n, "lemmas");
	return lemmas_close(&t, e);
}

/* ---- weights --------------------------------------------------------------------------- */

static void put_tensor(struct buf *b, const struct tensor_row *t)
{
	static const char *const name[] = { "F32", "F64", "F16", "BF16", "I64", "I32",
	                                    "U32", "U8", "I8", "?" };
	int type = t->type >= 0 && t->type <= DT_OTHER ? (int)t->type : (int)DT_OTHER;

	buf_printf(b, "%12llu  %-4s [", (unsigned long long)t->bytes, name[type]);
	for (int k = 0; k < t->n_dim; k++)
		buf_printf(b, "%s%llu", k ? ", " : "", (unsigned long long)t->dim[k]);
	buf_str(b, S("]  "));
	tsv_field(b, t->name);
	buf_char(b, '\n');
}

static enum status show_weights(struct show *s, struct err *e)
{
	struct weights w;
	enum status st = weights_read(&w, s->bytes, &s->mem, e);

	if (st)
		return st;
	buf_printf(&s->out, "safetensors: %zu tensors\n", w.n);
	for (size_t i = 0; i < w.n_meta && i < s->limit; i++) {
		buf_str(&s->out, S("  "));
		tsv_field(&s->out, w.meta[i].key);
		buf_str(&s->out, S(" = "));
		put_short(&s->out, w.meta[i].value, 200);
		buf_char(&s->out, '\n');
	}
	for (size_t i = 0; i < w.n && i < s->limit; i++)
		put_tensor(&s->out, &w.t[i]);
	more(s, w.n, "tensors");
	return OK;
}

static enum status show_gguf(struct show *s, struct err *e)
{
	return gguf_show(&s->out, s->bytes, e);
}

/* ---- scene files and text -------------------------------------------------------------- */

static enum status one_doc(void *ctx, struct book_doc *d, struct err *e)
{
	struct show *s = ctx;
	struct doc x = { .d = *d };

	(void)e;
	doc_write(&s->out, &x, LTM_TEXT, true, true);
	return OK;
}

static enum status with_warnings(struct show *s, struct buf *warn, enum status st)
{
	if (warn->n)
		buf_printf(&s->out, "warnings:\n%.*s\n", STR_ARG(str_trim(buf_view(warn))));
	buf_free(warn);
	return st;
}

static enum status show_yaml(struct show *s, struct err *e)
{
	struct buf warn = { 0 };

	return with_warnings(s, &warn, scenefile_yaml_read(s->bytes, one_doc, s, &warn, e));
}

static enum status show_pvq(struct show *s, struct err *e)
{
	struct buf warn = { 0 };

	return with_warnings(s, &warn, scenefile_pvq_read(s->bytes, one_doc, s, &warn, e));
}

/* manifest.json, eval.json: text that is for people already. */
static enum status show_plain(struct show *s, struct err *e)
{
	if (!utf8_valid(s->bytes))
		return err_set(e, ERR_FORMAT, "not UTF-8");
	buf_str(&s->out, s->bytes);
	if (s->out.n && s->out.p[s->out.n - 1] != '\n')
		buf_char(&s->out, '\n');
	return OK;
}

/* ---- which kind ------------------------------------------------------------------------ */

static bool begins(const struct show *s, const char *magic, size_t n)
{
	return s->bytes.n >= n && !memcmp(s->bytes.p, magic, n);
}

/* u64 length of a JSON header that fits, then '{'. */
static bool is_safetensors(const struct show *s)
{
	struct reader r = reader_of(s->bytes);
	uint64_t n = rd_u64(&r);

	return !r.bad && n <= rd_left(&r) && s->bytes.n > 8 && s->bytes.p[8] == '{';
}

static bool named(const struct show *s, const char *name)
{
	const char *slash = strrchr(s->path, '/');

	return !strcmp(slash ? slash + 1 : s->path, name);
}

static enum status show_bytes(struct show *s, struct err *e)
{
	struct str text = str_trim(s->bytes);
	struct str ext = str_of(s->path);

	if (begins(s, "LTMG", 4))
		return show_graph(s, e);
	if (begins(s, "LTMD", 4))
		return show_dict(s, e);
	if (begins(s, "LTML", 4))
		return show_lemmas(s, e);
	if (begins(s, "LTMT", 4))
		return show_tokens(s, e);
	if (begins(s, "LTMI", 4))
		return show_ids(s, e);
	if (begins(s, "LTMQ", 4))
		return show_codebooks(s, e);
	if (begins(s, "GGUF", 4))
		return show_gguf(s, e);
	if (is_safetensors(s) || str_ends(ext, S(".safetensors")) || str_ends(ext, S(".ckpt")))
		return show_weights(s, e);
	if (s->bytes.n > LIMIT_SHOW_TEXT)
		return err_set(e, ERR_LIMIT, "%zu bytes: larger than any scene file", s->bytes.n);
	if (named(s, "manifest.json") || named(s, "eval.json") || named(s, "stages.tsv"))
		return show_plain(s, e);
	if (text.n && (text.p[0] == '{' || text.p[0] == '['))
		return show_pvq(s, e);
	return show_yaml(s, e);
}

static enum status show_file(struct show *s, struct err *e)
{
	struct stat b;
	enum status st;

	if (!stat(s->path, &b) && !S_ISREG(b.st_mode))
		return err_set(e, ERR_USAGE, "%s: neither a file nor a mind", s->path);
	st = file_map(&s->bytes, s->path, e);
	if (st)
		return st;
	if (begins(s, "SQLite format 3", 16))
		st = show_store(s, e);
	else if ((st = show_bytes(s, e)))
		err_in(e, s->path);
	file_unmap(&s->bytes);
	return st;
}

LTM_API int ltm_show(const struct ltm_show_opts *opts, const struct ltm_sink *out,
                     const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_show_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct show s = { .mem = arena_open("show") };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.path, "a file", &e))) {
		s.path = o.path;
		s.limit = o.limit > 0 ? (size_t)o.limit : 40;
		st = dir_exists(o.path) ? show_mind(&s, &w, &e) : show_file(&s, &e);
	}
	arena_close(&s.mem);
	if (st)
		buf_free(&s.out);
	sink_send(out, &s.out);
	return give(error, &e, st);
}
