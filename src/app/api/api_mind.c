/* api_mind.c - public functions that look into a mind: books, search, glyph. */
#include "app/api/api.h"
#include "app/docs.h"
#include "order/order.h"

static enum status enter(struct store **s, const char *mind, struct err *e)
{
	enum status st = need(mind, "the mind", e);

	if (!st)
		st = mind_enter(mind, NULL, e);
	return st ? st : mind_store(s, mind, STORE_READ, e);
}

/* ---- books ----------------------------------------------------------------------------- */

static void book_tsv(struct buf *b, const struct book_row *r)
{
	buf_printf(b, "%lld\t%s\t%u\t%u\t", (long long)r->id, split_name((enum split)r->split), r->scenes,
	           r->chars);
	tsv_field(b, r->author);
	buf_char(b, '\t');
	tsv_field(b, r->title);
	buf_char(b, '\t');
	tsv_field(b, r->path);
	if (r->warn.n) {
		buf_char(b, '\t');
		tsv_field(b, r->warn);
	}
	buf_char(b, '\n');
}

static void book_json(struct buf *b, const struct book_row *r)
{
	const struct { const char *key; struct str value; } text[] = {
		{ "author", r->author }, { "title", r->title }, { "path", r->path },
		{ "format", r->format }, { "charset", r->charset }, { "warn", r->warn },
	};

	buf_printf(b, "{\"book\":%lld,\"part\":\"%s\",\"scenes\":%u,\"sentences\":%u,"
	           "\"words\":%u,\"chars\":%u",
	           (long long)r->id, split_name((enum split)r->split), r->scenes, r->sentences, r->words,
	           r->chars);
	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		buf_printf(b, ",\"%s\":", text[i].key);
		json_str(b, text[i].value);
	}
	buf_char(b, '}');
}

static void books_text(struct buf *b, const struct book_row *row, size_t n,
                       const struct failed_row *bad, size_t n_bad)
{
	for (size_t i = 0; i < n; i++)
		book_tsv(b, &row[i]);
	for (size_t i = 0; i < n_bad; i++) {
		buf_str(b, S("-\tleft out\t\t\t\t\t"));
		tsv_field(b, bad[i].path);
		buf_char(b, '\t');
		tsv_field(b, bad[i].why);
		buf_char(b, '\n');
	}
}

static void books_json(struct buf *b, const struct book_row *row, size_t n,
                       const struct failed_row *bad, size_t n_bad)
{
	buf_str(b, S("{\"books\":["));
	for (size_t i = 0; i < n; i++) {
		buf_str(b, i ? S(",\n") : S("\n"));
		book_json(b, &row[i]);
	}
	buf_str(b, S("],\n\"left_out\":["));
	for (size_t i = 0; i < n_bad; i++) {
		buf_str(b, i ? S(",\n{\"path\":") : S("\n{\"path\":"));
		json_str(b, bad[i].path);
		buf_printf(b, ",\"code\":%d,\"why\":", bad[i].code);
		json_str(b, bad[i].why);
		buf_char(b, '}');
	}
	buf_str(b, S("]}\n"));
}

LTM_API int ltm_books(const struct ltm_books_opts *opts, const struct ltm_sink *out,
                      struct ltm_error *error)
{
	struct ltm_books_opts o;
	struct err e = { 0 };
	struct arena a = arena_open("books");
	struct buf b = { 0 };
	struct store *s = NULL;
	struct book_row *row;
	struct failed_row *bad;
	size_t n, n_bad;
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = enter(&s, o.mind, &e)) && !(st = store_books(s, &row, &n, &a, &e)) &&
	    !(st = store_failures(s, &bad, &n_bad, &a, &e)))
		(o.json ? books_json : books_text)(&b, row, n, bad, n_bad);
	if (s)
		store_close(s);
	arena_close(&a);
	sink_send(out, &b);
	return give(error, &e, st);
}

/* ---- search ---------------------------------------------------------------------------- */

enum { SHOW_RUNES = 220, SEARCH_POOL = 100000 };

struct search_job {
	const struct ltm_search_opts *o;
	struct store *s;
	struct arena mem;
	struct pattern pattern;
	bool by_glyph;
	size_t limit;
	struct hit *hit;
	size_t n, cap;
	struct buf out;
};

/* The query's words as lemmas, folded, each once. */
static enum status query_lemmas(struct search_job *j, struct str **lemma, size_t *n, struct err *e)
{
	struct reading_kit kit;
	struct strtab set;
	struct book b = { 0 };
	struct words w;
	enum status st;

	*n = 0;
	if (!utf8_valid(str_of(j->o->words)))
		return err_set(e, ERR_FORMAT, "the query is not UTF-8");
	st = kit_open(&kit, j->o->dict, e);
	if (st)
		return st;
	set = strtab_open("query");
	text_from_plain(&b, str_of(j->o->words), &j->mem);
	words_read(&w, &b, kit.cache, &j->mem);
	for (size_t i = 0; i < w.n; i++)
		if (w.w[i].pos != POS_PUNCT)
			strtab_add(&set, str_fold(&j->mem, w.lemma[w.w[i].lemma].s));
	*lemma = TAKE(&j->mem, struct str, set.n + 1);
	for (size_t i = 0; i < set.n; i++)
		(*lemma)[(*n)++] = str_copy(&j->mem, set.s[i]);
	strtab_close(&set);
	kit_close(&kit);
	return *n ? OK : err_set(e, ERR_USAGE, "the query has no words");
}

static bool fits(struct search_job *j, const struct scene *s)
{
	struct skeleton k;

	if (!j->by_glyph)
		return true;
	skeleton_of(&k, s);
	return pattern_match(&j->pattern, &k);
}

static int one_skeleton(void *ctx, int64_t scene, int64_t book, const struct skeleton *k,
                        struct str line)
{
	struct search_job *j = ctx;

	(void)book, (void)line;
	if (pattern_match(&j->pattern, k))
		VEC_PUSH(j->hit, j->n, j->cap) = (struct hit){ scene, 0 };
	return j->n >= j->limit;
}

static enum status by_words(struct search_job *j, struct err *e)
{
	struct str *lemma = NULL;
	struct hit *all;
	size_t n_lemma, n;
	enum status st = query_lemmas(j, &lemma, &n_lemma, e);

	if (!st)
		st = store_search(j->s, lemma, n_lemma, j->by_glyph ? SEARCH_POOL : j->limit, &all, &n,
		                  &j->mem, e);
	for (size_t i = 0; !st && i < n && j->n < j->limit; i++) {
		struct arena a = arena_open("scene");
		struct scene_row r;

		st = store_scene(j->s, all[i].scene, &r, &a, e);
		if (!st && fits(j, &r.scene))
			VEC_PUSH(j->hit, j->n, j->cap) = all[i];
		arena_close(&a);
	}
	return st;
}

static void hit_text(struct buf *b, const struct scene_row *r, const struct book_row *of,
                     struct str passage)
{
	buf_printf(b, "%lld\t%.*s\t", (long long)r->id, STR_ARG(r->glyph));
	tsv_field(b, of->author);
	buf_str(b, of->author.n ? S(". ") : S(""));
	tsv_field(b, of->title);
	buf_printf(b, ", S%03u\n\t", r->index + 1);
	put_short(b, passage, SHOW_RUNES);
	buf_char(b, '\n');
}

static void hit_json(struct buf *b, const struct scene_row *r, const struct book_row *of,
                     struct str passage, double rank)
{
	buf_printf(b, "{\"scene\":%lld,\"book\":%lld,\"index\":%u,\"glyph\":", (long long)r->id,
	           (long long)r->book, r->index);
	json_str(b, r->glyph);
	buf_str(b, S(",\"author\":"));
	json_str(b, of->author);
	buf_str(b, S(",\"title\":"));
	json_str(b, of->title);
	buf_printf(b, ",\"rank\":%.6g,\"passage\":", rank);
	json_str(b, passage);
	buf_char(b, '}');
}

static enum status put_hits(struct search_job *j, struct err *e)
{
	struct book_row *row;
	size_t n;
	enum status st = store_books(j->s, &row, &n, &j->mem, e);

	if (j->o->json)
		buf_char(&j->out, '[');
	for (size_t i = 0; !st && i < j->n; i++) {
		struct arena a = arena_open("hit");
		struct scene_row r;
		struct str passage;

		st = store_scene(j->s, j->hit[i].scene, &r, &a, e);
		if (!st)
			st = store_passage(j->s, j->hit[i].scene, &passage, &a, e);
		if (!st && (r.book < 1 || (size_t)r.book > n))
			st = err_set(e, ERR_FORMAT, "scene %lld is in no book", (long long)r.id);
		if (!st && j->o->json) {
			buf_str(&j->out, i ? S(",\n") : S("\n"));
			hit_json(&j->out, &r, &row[r.book - 1], passage, j->hit[i].rank);
		} else if (!st) {
			hit_text(&j->out, &r, &row[r.book - 1], passage);
		}
		arena_close(&a);
	}
	if (j->o->json)
		buf_str(&j->out, S("]\n"));
	return st;
}

static enum status search(struct search_job *j, struct err *e)
{
	bool words = j->o->words && *j->o->words;
	enum status st = OK;

	j->by_glyph = j->o->glyph && *j->o->glyph;
	j->limit = j->o->limit > 0 ? (size_t)j->o->limit : 10;
	if (!words && !j->by_glyph)
		return err_set(e, ERR_USAGE, "name words to look for, or --glyph PATTERN");
	if (j->by_glyph)
		st = pattern_parse(&j->pattern, str_of(j->o->glyph), store_aliases(j->s), &j->mem, e);
	if (!st && words)
		st = by_words(j, e);
	else if (!st)
		st = store_skeletons(j->s, one_skeleton, j, e);
	return st ? st : put_hits(j, e);
}

LTM_API int ltm_search(const struct ltm_search_opts *opts, const struct ltm_sink *out,
                       struct ltm_error *error)
{
	struct ltm_search_opts o;
	struct err e = { 0 };
	struct search_job j = { .o = &o, .mem = arena_open("search") };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = enter(&j.s, o.mind, &e)))
		st = search(&j, &e);
	if (j.s)
		store_close(j.s);
	mem_free(j.hit);
	arena_close(&j.mem);
	if (st)
		buf_free(&j.out);
	sink_send(out, &j.out);
	return give(error, &e, st);
}

/* ---- glyph ----------------------------------------------------------------------------- */

static void skeleton_text(struct buf *b, struct str line, const struct skeleton *k)
{
	const struct kind *t = kind_get(SC_TENSION, k->tension);
	const struct kind *r = kind_get(SC_RESOLUTION, k->resolution);

	buf_printf(b, "%.*s\n  actors      ", STR_ARG(line));
	for (int i = 0; i < k->n_actor; i++)
		buf_printf(b, "%s%.*s", i ? ", " : "", STR_ARG(k->actor[i]));
	buf_printf(b, "\n  field       %.*s\n  tension     %.*s %.*s\n  resolution  %.*s %.*s\n",
	           STR_ARG(k->field), STR_ARG(t->code), STR_ARG(t->name), STR_ARG(r->code),
	           STR_ARG(r->name));
}

static void skeleton_json(struct buf *b, struct str line, const struct skeleton *k)
{
	buf_str(b, S("{\"line\":"));
	json_str(b, line);
	buf_str(b, S(",\"actors\":["));
	for (int i = 0; i < k->n_actor; i++) {
		buf_str(b, i ? S(",") : S(""));
		json_str(b, k->actor[i]);
	}
	buf_str(b, S("],\"field\":"));
	json_str(b, k->field);
	buf_str(b, S(",\"tension\":"));
	json_str(b, kind_get(SC_TENSION, k->tension)->code);
	buf_str(b, S(",\"resolution\":"));
	json_str(b, kind_get(SC_RESOLUTION, k->resolution)->code);
	buf_char(b, '}');
}

static void put_aliases(struct buf *b, const struct aliases *t, bool json)
{
	if (json)
		buf_char(b, '{');
	for (size_t i = 0; i < aliases_count(t); i++) {
		struct str lemma, alias;

		aliases_get(t, i, &lemma, &alias);
		if (json) {
			buf_str(b, i ? S(",\n") : S("\n"));
			json_str(b, alias);
			buf_char(b, ':');
			json_str(b, lemma);
			continue;
		}
		buf_printf(b, "%.*s\t", STR_ARG(alias));
		tsv_field(b, lemma);
		buf_char(b, '\n');
	}
	if (json)
		buf_str(b, S("}\n"));
}

static enum status explain(struct buf *b, const struct ltm_glyph_opts *o, const struct aliases *t,
                           struct err *e)
{
	enum status st = OK;

	if (o->json)
		buf_char(b, '[');
	for (size_t i = 0; !st && i < o->n_line; i++) {
		struct str line = str_of(o->line[i]);
		struct skeleton k;

		st = glyph_decode(&k, line, t, e);
		if (st)
			break;
		if (o->json)
			buf_str(b, i ? S(",\n") : S("\n"));
		(o->json ? skeleton_json : skeleton_text)(b, line, &k);
	}
	if (o->json)
		buf_str(b, S("]\n"));
	return st;
}

LTM_API int ltm_glyph(const struct ltm_glyph_opts *opts, const struct ltm_sink *out,
                      struct ltm_error *error)
{
	struct ltm_glyph_opts o;
	struct err e = { 0 };
	struct buf b = { 0 };
	struct store *s = NULL;
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = enter(&s, o.mind, &e))) {
		if (o.n_line)
			st = explain(&b, &o, store_aliases(s), &e);
		else
			put_aliases(&b, store_aliases(s), o.json);
	}
	if (s)
		store_close(s);
	if (st)
		buf_free(&b);
	sink_send(out, &b);
	return give(error, &e, st);
}
