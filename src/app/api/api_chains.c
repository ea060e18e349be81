/* api_chains.c - the public function that lists the hyperlexemes of a library: chains of
 * lemmas or of words as they stand, mined over all its books.
 *
 *   in    books and folders, read through the jail
 *   out   chains by the positions they save: words, count, stickiness, saving, kind, example
 *
 * Two streams run side by side: what is mined (lemmas, or words in lower case) and the words
 * as written, from which the example comes: the spelling a chain has most often. A chain is
 * lexical if it holds a content word (noun, adjective, verb but «быть», participle, gerund,
 * foreign word), else grammatical («в том что»): useful for length, no unit of meaning.
 * Memory: 8 bytes a word of the library, its vocabulary, and the mining.
 */
#include <stdlib.h>

#include "app/api/api.h"
#include "app/read/sources.h"
#include "words/hyper/chains.h"

enum { ROWS_DEFAULT = 100 };

struct chain_job {
	const struct ltm_chains_opts *o;
	struct reading_kit kit;
	struct strtab symbol, form;	/* symbol 0 is the border */
	int32_t *content;		/* by symbol: uses as a content word less other uses */
	size_t cap_content;
	uint32_t *stream, *written;	/* [n] symbols, forms */
	size_t n, cap_stream, cap_written;
	size_t books, words, failed;
};

/* ---- reading ------------------------------------------------------------------------------ */

static bool is_content(const struct word *w, struct str lemma)
{
	switch (w->pos) {
	case POS_NOUN: case POS_ADJ: case POS_INF: case POS_PART: case POS_GER:
	case POS_LATIN: return true;
	case POS_VERB: return !str_eq(lemma, S("быть"));
	default: return false;
	}
}

static void put(struct chain_job *j, uint32_t symbol, uint32_t form)
{
	VEC_PUSH(j->stream, j->n, j->cap_stream) = symbol;
	j->n--;
	VEC_PUSH(j->written, j->n, j->cap_written) = form;
}

static void put_word(struct chain_job *j, const struct book *b, const struct words *w, uint32_t i,
                     struct arena *a)
{
	const struct word *x = &w->w[i];
	struct str form = { b->text.p + x->off, x->len }, lemma = w->lemma[x->lemma].s;
	uint32_t id;

	if (x->pos == POS_PUNCT || x->pos == POS_OTHER || x->pos == POS_DIGIT || !utf8_has_letter(form)) {
		if (j->n && j->stream[j->n - 1])
			put(j, 0, 0);
		return;
	}
	id = strtab_add(&j->symbol, j->o->surface ? str_lower(a, form) : lemma);
	while (j->cap_content < j->symbol.n) {
		size_t was = j->cap_content;

		j->content = mem_grow(j->content, &j->cap_content, sizeof *j->content);
		memset(j->content + was, 0, (j->cap_content - was) * sizeof *j->content);
	}
	j->content[id] += is_content(x, lemma) ? 1 : -1;
	put(j, id, strtab_add(&j->form, form));
	j->words++;
}

static enum status one_book(void *ctx, struct book *b, struct err *e)
{
	struct chain_job *j = ctx;
	struct arena a = arena_open("words");
	struct words w;

	(void)e;
	words_read(&w, b, j->kit.cache, &a);
	for (size_t s = 0; s < w.n_sent; s++) {
		for (uint32_t i = w.sent[s]; i < w.sent[s + 1]; i++)
			put_word(j, b, &w, i, &a);
		if (j->n && j->stream[j->n - 1])
			put(j, 0, 0);
	}
	arena_close(&a);
	j->books++;
	return OK;
}

static enum status read_all(struct chain_job *j, const struct watch *w, struct err *e)
{
	struct sources src = { 0 };
	struct jail *jail;
	struct err first = { 0 };
	enum status st = sources_find(&src, j->o->path, j->o->n_path, NULL, w, e);

	jail = jail_open();
	for (size_t i = 0; !st && i < src.n; i++) {
		struct err own = { 0 };

		watch_step(w, "read", (double)i, (double)src.n, "books");
		if (watch_stopped(w))
			st = err_set(e, ERR_STOP, "stopped");
		else if (jail_read(jail, src.item[i].path, one_book, j, &own)) {
			watch_note(w, "%s", own.msg);
			if (!j->failed++)
				first = own;
		}
	}
	jail_close(jail);
	if (!st && !src.n)
		st = err_set(e, ERR_USAGE, "no books there: .txt, .fb2, .fb2.zip, .zip and .epub are read");
	else if (!st && !j->books)
		st = err_set(e, first.code, "%s", first.msg);
	else if (!st)
		watch_step(w, "read", (double)src.n, (double)src.n, "books");
	sources_clear(&src);
	return st;
}

/* ---- examples ------------------------------------------------------------------------------ */

/* A spelling of a chain, by the place of the stream where it was met first. */
struct spelling { size_t at; uint32_t chain, count; };
struct spellings { struct spelling *slot; size_t n, cap; };

static struct spelling *spelling_find(const struct spellings *t, const uint32_t *written, size_t at,
                                      uint32_t chain, size_t words)
{
	size_t i = hash64(written + at, words * sizeof *written, chain) & (t->cap - 1);

	while (t->slot[i].count && (t->slot[i].chain != chain ||
	       memcmp(written + t->slot[i].at, written + at, words * sizeof *written)))
		i = (i + 1) & (t->cap - 1);
	return &t->slot[i];
}

static void spelling_count(struct spellings *t, const struct chain_job *j, const struct chain *c,
                           uint32_t chain, size_t at)
{
	struct spelling *s;

	if (2 * (t->n + 1) > t->cap) {
		struct spellings old = *t;

		t->cap = old.cap ? 2 * old.cap : 1024;
		t->slot = mem_alloc(t->cap, sizeof *t->slot);
		for (size_t i = 0; i < old.cap; i++)
			if (old.slot[i].count)
				*spelling_find(t, j->written, old.slot[i].at, old.slot[i].chain,
				               c[old.slot[i].chain].n) = old.slot[i];
		mem_free(old.slot);
	}
	s = spelling_find(t, j->written, at, chain, c[chain].n);
	if (!s->count) {
		*s = (struct spelling){ at, chain, 0 };
		t->n++;
	}
	s->count++;
}

/* best[i]: where chain i < rows stands in its commonest spelling, the first one met of equals. */
static void examples(size_t *best, size_t rows, const struct chain_job *j, const struct chains *c)
{
	uint32_t symbols = (uint32_t)j->symbol.n, *out = mem_alloc(j->n + 1, sizeof *out);
	size_t n = chains_apply(c, j->stream, j->n, symbols, out), at = 0;
	uint32_t *count = mem_alloc(rows + 1, sizeof *count);
	struct spellings t = { 0 };

	for (size_t i = 0; i < n; i++) {
		uint32_t chain = out[i] >= symbols ? out[i] - symbols : UINT32_MAX;

		if (chain < rows)
			spelling_count(&t, j, c->c, chain, at);
		at += chain == UINT32_MAX ? 1 : c->c[chain].n;
	}
	for (size_t i = 0; i < t.cap; i++) {
		const struct spelling *s = &t.slot[i];

		if (s->count > count[s->chain] ||
		    (s->count && s->count == count[s->chain] && s->at < best[s->chain])) {
			count[s->chain] = s->count;
			best[s->chain] = s->at;
		}
	}
	mem_free(t.slot);
	mem_free(count);
	mem_free(out);
}

/* ---- telling ------------------------------------------------------------------------------- */

static struct str named(struct arena *a, const struct strtab *t, const uint32_t *id, size_t n)
{
	struct buf b = { 0 };
	struct str s;

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(&b, ' ');
		buf_str(&b, t->s[id[i]]);
	}
	s = str_copy(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static bool lexical(const struct chain_job *j, const struct chain *c)
{
	for (int i = 0; i < c->n; i++)
		if (j->content[c->word[i]] > 0)
			return true;
	return false;
}

struct chain_row { struct str name, example; const struct chain *c; bool lexical; };

static void put_json(struct buf *b, const struct chain_job *j, const struct chains *c,
                     const struct chain_row *row, size_t n, double saved)
{
	buf_printf(b, "{\"of\":\"%s\",\"books\":%zu,\"words\":%zu,\"chains\":%zu,\"saved_per_1000\":%.2f,"
	           "\"list\":[", j->o->surface ? "words" : "lemmas", j->books, j->words, c->n, saved);
	for (size_t i = 0; i < n; i++) {
		buf_str(b, i ? S(",\n {\"chain\":") : S("\n {\"chain\":"));
		json_str(b, row[i].name);
		buf_printf(b, ",\"words\":%d,\"count\":%u,\"sticky\":%.3f,\"saved_per_1000\":%.4f,"
		           "\"kind\":\"%s\",\"example\":", row[i].c->n, row[i].c->count,
		           (double)row[i].c->sticky, (double)row[i].c->saved,
		           row[i].lexical ? "lexical" : "grammatical");
		json_str(b, row[i].example);
		buf_char(b, '}');
	}
	buf_str(b, S("\n]}\n"));
}

static void put_padded(struct buf *b, struct str s, size_t wide)
{
	tsv_field(b, s);
	for (size_t n = utf8_count(s); n < wide; n++)
		buf_char(b, ' ');
}

static void put_table(struct buf *b, const struct chain_job *j, const struct chains *c,
                      const struct chain_row *row, size_t n, double saved)
{
	bool ru = j->o->lang && !strcmp(j->o->lang, "ru");
	size_t wide = 5;

	for (size_t i = 0; i < n; i++) {
		size_t w = utf8_count(row[i].name);

		wide = w > wide && w <= 40 ? w : wide;
	}
	put_padded(b, ru ? S("сцепка") : S("chain"), wide);
	buf_str(b, ru ? S("   число  спайка  экономия  вид    пример\n")
	              : S("   count  sticky     saved  kind   example\n"));
	for (size_t i = 0; i < n; i++) {
		put_padded(b, row[i].name, wide);
		buf_printf(b, "%8u  %6.2f  %8.3f  %s  ", row[i].c->count, (double)row[i].c->sticky,
		           (double)row[i].c->saved, row[i].lexical ? (ru ? "слов." : "lex. ")
		           : (ru ? "служ." : "gram."));
		tsv_field(b, row[i].example);
		buf_char(b, '\n');
	}
	buf_printf(b, ru ? "%zu сцепок в %zu книгах, %zu слов; вместе экономят %.1f позиций на 1000 слов\n"
	           : "%zu chains in %zu books, %zu words; together they save %.1f positions per 1000 words\n",
	           c->n, j->books, j->words, saved);
}

static void tell(struct chain_job *j, const struct chains *c, const struct ltm_sink *out)
{
	size_t limit = j->o->limit > 0 ? (size_t)j->o->limit : ROWS_DEFAULT, n = c->n < limit ? c->n : limit;
	struct arena a = arena_open("chain rows");
	struct chain_row *row = TAKE(&a, struct chain_row, n + 1);
	size_t *best = TAKE(&a, size_t, n + 1);
	struct buf b = { 0 };
	double saved = 0;

	examples(best, n, j, c);
	for (size_t i = 0; i < c->n; i++)
		saved += (double)c->c[i].saved;
	for (size_t i = 0; i < n; i++)
		row[i] = (struct chain_row){ named(&a, &j->symbol, c->c[i].word, c->c[i].n),
		                             named(&a, &j->form, j->written + best[i], c->c[i].n),
		                             &c->c[i], lexical(j, &c->c[i]) };
	(j->o->json ? put_json : put_table)(&b, j, c, row, n, saved);
	sink_send(out, &b);
	arena_close(&a);
}

LTM_API int ltm_chains(const struct ltm_chains_opts *opts, const struct ltm_sink *out,
                       const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_chains_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct chain_job j = { .o = &o };
	struct chains c;
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !o.n_path)
		st = err_set(&e, ERR_USAGE, "a library is missing: a folder of books, or books");
	if (st || (st = kit_open(&j.kit, o.dict, &e)))
		return give(error, &e, st);
	j.symbol = strtab_open("symbols");
	j.form = strtab_open("forms");
	strtab_add(&j.symbol, S("\n"));		/* 0: the border */
	st = read_all(&j, &w, &e);
	kit_close(&j.kit);
	if (!st && !(st = chains_mine(&c, j.stream, j.n, (uint32_t)j.symbol.n, NULL, &w, &e))) {
		tell(&j, &c, out);
		chains_close(&c);
		if (j.failed)
			st = err_set(&e, ERR_PART, "%zu files could not be read", j.failed);
	}
	strtab_close(&j.symbol);
	strtab_close(&j.form);
	mem_free(j.content);
	mem_free(j.stream);
	mem_free(j.written);
	return give(error, &e, st);
}
