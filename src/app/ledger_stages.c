/* ledger_stages.c - from joined streams to the rows of the ledger: positions, vocabulary, bits,
 * losses (app/ledger.h).
 *
 * Losses are shares of the counted words (marks are not words). A word that is dropped is lost in
 * all three ways. Of a word that is kept
 *   identity   its lemma is in the stream
 *   order      its place among its neighbours is
 *   form       the commonest training form of its lemma is the form that stood there, without
 *              regard to case: the best guess that what is kept allows
 *
 * "All in a row" is one pipeline over the same text: every stage of it is counted on what the
 * stage before left, nothing is multiplied.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "app/ledger.h"
#include "app/ledger_tokens.h"
#include "num/num.h"
#include "order/idcode.h"
#include "words/chains.h"
#include "words/morph.h"

enum { JOBS_MAX = LS_N };

/* How an id of a stream is spelt. */
struct spelling {
	struct str (*of)(const struct spelling *s, uint32_t id, struct arena *a);
	const void *from;
	const struct spelling *base;	/* of chains: how their words are spelt */
	uint32_t first;			/* the first chain's number */
};
struct job {
	enum stage stage;
	const uint32_t *id;
	size_t n;
	uint32_t symbols;
	struct spelling spell;
};
struct rows {
	struct ledger *l;
	const struct joined *j;
	const struct ledger_opts *o;
	const struct watch *w;
	struct arena mem;
	struct job job[JOBS_MAX];
	size_t n_job;
	atomic_size_t done;
	pthread_t owner;
	bool stopped;
	/* built here, freed at the end */
	struct stream morphs, clean, chained, content, content_chained, fold_chained;
	struct strtab morph;
	struct chains lemma_chain, content_chain, fold_chain;
	struct toked byte, bpe, hyper, fold;
};

/* ---- spellings -------------------------------------------------------------------------------- */

static struct str spell_rune(const struct spelling *s, uint32_t id, struct arena *a)
{
	char *p = TAKE(a, char, 5);

	(void)s;
	return (struct str){ p, (size_t)utf8_put(p, id) };
}

static struct str spell_tab(const struct spelling *s, uint32_t id, struct arena *a)
{
	(void)a;
	return ((const struct strtab *)s->from)->s[id];
}

static struct str spell_lemma(const struct spelling *s, uint32_t id, struct arena *a)
{
	(void)a;
	return flow_lemma_text(((const struct strtab *)s->from)->s[id]);
}

static struct str spell_token(const struct spelling *s, uint32_t id, struct arena *a)
{
	(void)a;
	return tokens_piece(s->from, id);
}

static struct str spell_code(const struct spelling *s, uint32_t id, struct arena *a)
{
	enum scene_code f = (enum scene_code)(id / CODE_STEP);

	(void)s;
	return str_printf(a, "%s %.*s", scene_code_key(f), STR_ARG(kind_get(f, (int)(id % CODE_STEP))->code));
}

/* Ids of chained streams are one more than those below; chains follow them. */
static struct str spell_chain(const struct spelling *s, uint32_t id, struct arena *a)
{
	struct buf b = { 0 };
	struct str out;

	if (id < s->first)
		return s->base->of(s->base, id - 1, a);
	const struct chain *c = &((const struct chains *)s->from)->c[id - s->first];
	for (int i = 0; i < c->n; i++) {
		if (i)
			buf_char(&b, '+');
		buf_str(&b, s->base->of(s->base, c->word[i] - 1, a));
	}
	out = str_copy(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* ---- coding ----------------------------------------------------------------------------------- */

static void add_job(struct rows *r, enum stage s, const uint32_t *id, size_t n, size_t symbols,
                    struct spelling spell)
{
	r->l->row[s].there = true;
	r->l->row[s].positions = n;
	r->job[r->n_job++] = (struct job){ s, id, n, (uint32_t)symbols, spell };
}

/* The vocabulary as a text of its own: spellings in order of coming, a line end after each; bytes
 * that are no UTF-8 (pieces of letters) as numbers above all runes. */
static void vocab_letters(struct stream *out, uint64_t *bytes, const struct job *j,
                          const uint32_t *fresh, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena a = arena_open("spelling");
		struct str s = j->spell.of(&j->spell, fresh[i], &a);
		const char *p = s.p, *end = s.p + s.n;
		bool utf8 = utf8_valid(s);

		*bytes += s.n + 1;
		while (p < end)
			stream_put(out, utf8 ? utf8_next(&p, end) : 0x110000u + (uint8_t)*p++);
		stream_put(out, '\n');
		arena_close(&a);
	}
}

static void job_lane(void *ctx, int lane)
{
	struct rows *r = ctx;
	struct job *j = &r->job[lane];
	struct stage_row *row = &r->l->row[j->stage];
	struct arena a = arena_open("fresh");
	struct stream letters = { 0 };
	struct buf out = { 0 }, names = { 0 };
	size_t n;
	const uint32_t *fresh = idcode_fresh(&n, j->id, j->n, j->symbols, &a);

	row->vocab = n;
	vocab_letters(&letters, &row->vocab_bytes, j, fresh, n);
	if (idcode_pack(&out, j->id, j->n, j->symbols, r->w, NULL) ||
	    idcode_pack(&names, letters.id, letters.n, 0x110100, r->w, NULL))
		r->stopped = true;
	row->bits = (uint64_t)out.n * 8;
	row->vocab_bits = (uint64_t)names.n * 8;
	buf_free(&out);
	buf_free(&names);
	mem_free(letters.id);
	arena_close(&a);
	atomic_fetch_add(&r->done, 1);
	if (pthread_equal(pthread_self(), r->owner))
		watch_step(r->w, "code", (double)atomic_load(&r->done), (double)r->n_job, "streams");
}

static int longest_first(const void *a, const void *b)
{
	const struct job *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : (int)x->stage - (int)y->stage;
}

static enum status code_all(struct rows *r, struct err *e)
{
	qsort(r->job, r->n_job, sizeof *r->job, longest_first);
	watch_step(r->w, "code", 0, (double)r->n_job, "streams");
	num_lanes((int)r->n_job, threads_of(r->o->threads), job_lane, r);
	return r->stopped ? err_set(e, ERR_STOP, "stopped while coding") : OK;
}

/* ---- letters, words, morphemes ---------------------------------------------------------------- */

static void letters(struct rows *r)
{
	const struct joined *j = r->j;
	struct stage_row *raw = &r->l->row[LS_RAW], *clean = &r->l->row[LS_CLEAN];

	for (size_t i = 0; i < j->n; i++) {
		const char *p = j->book[i].text.p, *end = p + j->book[i].text.n;

		while (in_part(j, j->book[i].split) && p < end)
			stream_put(&r->clean, utf8_next(&p, end));
	}
	if (j->raw_all) {
		add_job(r, LS_RAW, j->raw.id, j->raw.n, 0x110000, (struct spelling){ .of = spell_rune });
		raw->positions_all = j->raw_all;
	}
	add_job(r, LS_CLEAN, r->clean.id, r->clean.n, 0x110000, (struct spelling){ .of = spell_rune });
	clean->positions_all = r->l->chars;
}

static void words(struct rows *r)
{
	const struct joined *j = r->j;
	struct stage_row *row = &r->l->row[LS_WORDS];

	add_job(r, LS_WORDS, j->tok.id, j->tok.n, j->surf.n, (struct spelling){ spell_tab, &j->surf, NULL, 0 });
	row->positions_all = j->tok_all;
	row->vocab_all = j->surf.n;
}

/* Every surface cut once: lanes take runs of surfaces. */
enum { CUT_LANES = 64 };
struct cutting {
	const struct strtab *surf;
	uint8_t *n;				/* [surf.n] */
	struct { uint16_t *len; size_t n, cap; } lane[CUT_LANES];
};

static void cut_lane(void *ctx, int lane)
{
	struct cutting *c = ctx;

	for (size_t i = num_lane_from(c->surf->n, lane, CUT_LANES); i < num_lane_to(c->surf->n, lane, CUT_LANES); i++) {
		struct str s = c->surf->s[i];
		size_t blank = s.n > 1 && s.p[0] == ' ';
		struct morph m[MORPHS_MAX];
		int n = s.n < 60000 ? morph_cut((struct str){ s.p + blank, s.n - blank }, NULL, m) : 0;

		if (n <= 0) {		/* too long to be a word: it stays whole */
			c->n[i] = 0;
			continue;
		}
		c->n[i] = (uint8_t)n;
		for (int k = 0; k < n; k++)
			VEC_PUSH(c->lane[lane].len, c->lane[lane].n, c->lane[lane].cap) =
				(uint16_t)(m[k].len + (k ? 0 : blank));
	}
}

static void morphemes(struct rows *r)
{
	const struct joined *j = r->j;
	struct cutting *c = TAKE(&r->mem, struct cutting, 1);
	uint32_t *first = TAKE(&r->mem, uint32_t, j->surf.n + 2);
	struct stream ids = { 0 };
	struct stage_row *row = &r->l->row[LS_MORPHS];

	c->surf = &j->surf;
	c->n = TAKE(&r->mem, uint8_t, j->surf.n + 1);
	num_lanes(CUT_LANES, threads_of(r->o->threads), cut_lane, c);
	r->morph = strtab_open("morphemes");
	for (int lane = 0; lane < CUT_LANES; lane++) {
		size_t at = 0;

		for (size_t i = num_lane_from(j->surf.n, lane, CUT_LANES); i < num_lane_to(j->surf.n, lane, CUT_LANES); i++) {
			struct str s = j->surf.s[i];

			first[i] = (uint32_t)ids.n;
			if (!c->n[i])
				stream_put(&ids, strtab_add(&r->morph, s));
			for (int k = 0; k < c->n[i]; k++) {
				struct str piece = { s.p, c->lane[lane].len[at++] };

				stream_put(&ids, strtab_add(&r->morph, piece));
				s.p += piece.n;
			}
			row->positions_all += (ids.n - first[i]) * j->surf_count[i];
		}
		mem_free(c->lane[lane].len);
	}
	first[j->surf.n] = (uint32_t)ids.n;
	row->vocab_all = r->morph.n;
	for (size_t i = 0; i < j->tok.n; i++)
		for (uint32_t k = first[j->tok.id[i]]; k < first[j->tok.id[i] + 1]; k++)
			stream_put(&r->morphs, ids.id[k]);
	mem_free(ids.id);
	add_job(r, LS_MORPHS, r->morphs.id, r->morphs.n, r->morph.n,
	        (struct spelling){ spell_tab, &r->morph, NULL, 0 });
}

/* Surfaces and morphemes, joined, are the text: found, not believed. */
static bool joins_to_text(const struct rows *r, const struct stream *s, const struct strtab *t)
{
	size_t at = 0, book = 0, off = 0;

	for (size_t i = 0; i < r->j->n; i++, book++) {
		struct str text = r->j->book[i].text;

		if (!in_part(r->j, r->j->book[i].split))
			continue;
		for (off = 0; off < text.n; at++) {
			struct str p = at < s->n ? t->s[s->id[at]] : (struct str){ 0 };

			if (!p.n || p.n > text.n - off || memcmp(text.p + off, p.p, p.n))
				return false;
			off += p.n;
		}
	}
	return at == s->n;
}

/* ---- tokenizers ------------------------------------------------------------------------------- */

static enum status tokens_row(struct rows *r, struct toked *x, enum stage s, enum tokens_scheme scheme,
                              const struct dict *d, struct err *e)
{
	enum status st = toked_make(x, scheme, s == LS_FOLD, r->j, r->o, d, r->w, e);

	if (st)
		return st;
	add_job(r, s, x->part.id, x->part.n, tokens_vocab(x->t), (struct spelling){ spell_token, x->t, NULL, 0 });
	r->l->row[s].positions_all = x->positions_all;
	r->l->row[s].vocab_all = x->vocab_all;
	r->l->row[s].reversible = x->same;
	return OK;
}

/* ---- chains ----------------------------------------------------------------------------------- */

static size_t zeros(const uint32_t *v, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += !v[i];
	return k;
}

/* Applies chains to a stream; *vocab of the result without borders; returns positions. */
static size_t chained_positions(const struct chains *c, const struct stream *s, uint32_t symbols,
                                uint64_t *vocab)
{
	uint32_t *out = mem_alloc(s->n + 1, sizeof *out);
	uint8_t *seen = mem_alloc((size_t)symbols + c->n + 1, 1);
	size_t n = chains_apply(c, s->id, s->n, symbols, out), k;

	*vocab = 0;
	for (size_t i = 0; i < n; i++) {
		*vocab += out[i] && !seen[out[i]];
		seen[out[i]] = 1;
	}
	k = n - zeros(out, n);
	mem_free(out);
	mem_free(seen);
	return k;
}

/* The counted part with chains: marks keep their places when keep_marks; other borders go. */
static void chain_part(struct stream *out, const struct joined *j, const struct chains *c,
                       bool content, bool keep_marks)
{
	uint32_t symbols = (uint32_t)j->lemma.n + 1, *to;
	struct stream in = { 0 }, mark = { 0 };
	size_t n, k = 0;

	for (size_t i = 0; i < j->w_flag.n; i++) {
		uint32_t flag = j->w_flag.id[i];

		if (flag & FW_MARK) {
			stream_put(&in, 0);
			stream_put(&mark, keep_marks ? j->w_lemma.id[i] + 1 : 0);
		} else if (!content || (flag & FW_CONTENT)) {
			stream_put(&in, j->w_lemma.id[i] + 1);
		}
		if ((flag & FW_END) && !(flag & FW_MARK)) {
			stream_put(&in, 0);
			stream_put(&mark, 0);
		}
	}
	to = mem_alloc(in.n + 1, sizeof *to);
	n = chains_apply(c, in.id, in.n, symbols, to);
	for (size_t i = 0; i < n; i++) {
		uint32_t id = to[i] ? to[i] : mark.id[k++];

		if (id)
			stream_put(out, id);
	}
	mem_free(to);
	mem_free(in.id);
	mem_free(mark.id);
}

static enum status lemma_rows(struct rows *r, struct err *e)
{
	const struct joined *j = r->j;
	uint32_t symbols = (uint32_t)j->lemma.n + 1;
	struct spelling *base = TAKE(&r->mem, struct spelling, 1);
	struct stage_row *row = r->l->row;

	*base = (struct spelling){ spell_lemma, &j->lemma, NULL, 0 };
	for (size_t i = 0; i < j->w_lemma.n; i++)
		if (j->w_flag.id[i] & FW_CONTENT)
			stream_put(&r->content, j->w_lemma.id[i]);
	add_job(r, LS_LEMMAS, j->w_lemma.id, j->w_lemma.n, j->lemma.n, *base);
	row[LS_LEMMAS].positions_all = j->words;
	row[LS_LEMMAS].vocab_all = j->lemma.n;
	add_job(r, LS_CONTENT, r->content.id, r->content.n, j->lemma.n, *base);
	row[LS_CONTENT].positions_all = j->content;
	if (chains_mine(&r->lemma_chain, j->learn_lemma.id, j->learn_lemma.n, symbols, NULL, r->w, e) ||
	    chains_mine(&r->content_chain, j->learn_content.id, j->learn_content.n, symbols, NULL, r->w, e))
		return e->code;
	chain_part(&r->chained, j, &r->lemma_chain, false, true);
	add_job(r, LS_LEMMA_CHAINS, r->chained.id, r->chained.n, symbols + r->lemma_chain.n,
	        (struct spelling){ spell_chain, &r->lemma_chain, base, symbols });
	row[LS_LEMMA_CHAINS].positions_all = j->marks +
		chained_positions(&r->lemma_chain, &j->all_lemma, symbols, &row[LS_LEMMA_CHAINS].vocab_all);
	chain_part(&r->content_chained, j, &r->content_chain, true, false);
	add_job(r, LS_CONTENT_CHAINS, r->content_chained.id, r->content_chained.n,
	        symbols + r->content_chain.n, (struct spelling){ spell_chain, &r->content_chain, base, symbols });
	row[LS_CONTENT_CHAINS].positions_all =
		chained_positions(&r->content_chain, &j->all_content, symbols, &row[LS_CONTENT_CHAINS].vocab_all);
	return OK;
}

/* Chains taken apart again are the stream they were made of. */
static bool unchains(const struct chains *c, const uint32_t *chained, size_t n, uint32_t symbols,
                     const struct stream *s)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct chain *k = chained[i] >= symbols ? &c->c[chained[i] - symbols] : NULL;

		for (int w = 0; w < (k ? k->n : 1); w++)
			if (at >= s->n || s->id[at++] + 1 != (k ? k->word[w] : chained[i]))
				return false;
	}
	return at == s->n;
}

/* All in a row without loss: folded grammar, then chains over its tokens. */
static enum status fold_chains_row(struct rows *r, struct err *e)
{
	uint32_t symbols = tokens_vocab(r->fold.t) + 1;
	struct stage_row *row = &r->l->row[LS_FOLD_CHAINS];
	struct spelling *base = TAKE(&r->mem, struct spelling, 1);
	const struct stream *part = &r->fold.part;
	uint32_t *in = mem_alloc(part->n + 1, sizeof *in), *out = mem_alloc(part->n + 1, sizeof *out);
	enum status st = chains_mine(&r->fold_chain, r->fold.learn.id, r->fold.learn.n, symbols, NULL, r->w, e);
	size_t n;

	*base = (struct spelling){ spell_token, r->fold.t, NULL, 0 };
	if (!st) {
		for (size_t i = 0; i < part->n; i++)
			in[i] = part->id[i] + 1;
		n = chains_apply(&r->fold_chain, in, part->n, symbols, out);
		for (size_t i = 0; i < n; i++)
			stream_put(&r->fold_chained, out[i]);
		add_job(r, LS_FOLD_CHAINS, r->fold_chained.id, n, symbols + r->fold_chain.n,
		        (struct spelling){ spell_chain, &r->fold_chain, base, symbols });
		row->reversible = r->fold.same && unchains(&r->fold_chain, out, n, symbols, part);
		row->positions_all = chained_positions(&r->fold_chain, &r->fold.all, symbols, &row->vocab_all);
	}
	mem_free(in);
	mem_free(out);
	return st;
}

/* ---- scenes ----------------------------------------------------------------------------------- */

static void scenes(struct rows *r)
{
	const struct joined *j = r->j;
	struct stage_row *row = r->l->row;

	add_job(r, LS_GLYPHS, j->g.id, j->g.n, j->glyph.n, (struct spelling){ spell_tab, &j->glyph, NULL, 0 });
	row[LS_GLYPHS].positions_all = j->g_all;
	row[LS_GLYPHS].vocab_all = j->glyph.n;
	add_job(r, LS_SCENES, j->line_of.id, j->line_of.n, j->line.n,
	        (struct spelling){ spell_tab, &j->line, NULL, 0 });
	row[LS_SCENES].positions_all = j->scene_all;
	row[LS_SCENES].vocab_all = j->line.n;
	add_job(r, LS_CODES, j->code.id, j->code.n, SC_N * CODE_STEP, (struct spelling){ .of = spell_code });
	row[LS_CODES].positions_all = j->scene_all * SC_N;
	for (int i = 0; i < SC_N * CODE_STEP; i++)
		row[LS_CODES].vocab_all += j->code_seen[i] > 0;
}

/* ---- losses ----------------------------------------------------------------------------------- */

static void losses(struct rows *r)
{
	const struct joined *j = r->j;
	const uint32_t *best = guess_best(j->forms_of, j->lemma.n, &r->mem);
	uint64_t words = 0, content = 0, glyph = 0, guessed = 0, guessed_content = 0, guessed_glyph = 0;
	struct stage_row *row = r->l->row;

	for (size_t i = 0; i < j->w_flag.n; i++) {
		uint32_t f = j->w_flag.id[i];
		bool right = best[j->w_lemma.id[i]] == j->w_form.id[i];

		if (f & FW_MARK)
			continue;
		words++;
		content += (f & FW_CONTENT) != 0;
		glyph += (f & FW_GLYPH) != 0;
		guessed += right;
		guessed_content += right && (f & FW_CONTENT);
		guessed_glyph += right && (f & FW_GLYPH);
	}
	double n = words ? (double)words : 1;
	row[LS_LEMMAS].lost_form = row[LS_LEMMA_CHAINS].lost_form = 1 - (double)guessed / n;
	for (int i = LS_CONTENT; i <= LS_CONTENT_CHAINS; i++) {
		row[i].lost_form = 1 - (double)guessed_content / n;
		row[i].lost_order = row[i].lost_identity = 1 - (double)content / n;
	}
	for (int i = LS_GLYPHS; i <= LS_SCENES; i++)
		row[i].lost_order = 1;
	row[LS_GLYPHS].lost_form = row[LS_SCENES].lost_form = 1 - (double)guessed_glyph / n;
	row[LS_GLYPHS].lost_identity = row[LS_SCENES].lost_identity = 1 - (double)glyph / n;
	row[LS_CODES].lost_form = row[LS_CODES].lost_identity = 1;
}

/* Distinct words and lemmas of the whole library: marks and numbers are none. */
static bool has_letter(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end)
		if (rune_is_letter(utf8_next(&p, end)))
			return true;
	return false;
}

static void vocabulary(struct rows *r)
{
	for (size_t i = 0; i < r->j->form.n; i++)
		r->l->forms += has_letter(r->j->form.s[i]);
	for (size_t i = 0; i < r->j->lemma.n; i++)
		r->l->lemmas += has_letter(flow_lemma_text(r->j->lemma.s[i]));
}

/* ---- all rows --------------------------------------------------------------------------------- */

static void totals(struct ledger *l, const struct joined *j)
{
	l->books = j->n;
	l->bytes = j->bytes;
	l->words = j->words - j->marks;
	l->scenes = j->scene_all;
	l->part_words = j->part_words;
	l->part_scenes = j->part_scenes;
	l->whole = j->whole;
	l->store_bytes = j->store_bytes;
	l->left_out = j->left_out;
	for (size_t i = 0; i < j->n; i++) {
		l->chars += j->book[i].chars;
		l->part_books += in_part(j, j->book[i].split);
		l->part_chars += in_part(j, j->book[i].split) ? j->book[i].chars : 0;
	}
}

static void peers(struct ledger *l, const struct joined *j)
{
	struct arena a = arena_open("peers");
	struct str *name = TAKE(&a, struct str, j->n);
	uint64_t *chars = TAKE(&a, uint64_t, j->n);
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++)
		if (in_part(j, j->book[i].split)) {
			name[n] = j->book[i].name;
			chars[n++] = j->book[i].chars;
		}
	ledger_peers(l, name, chars, n);
	arena_close(&a);
}

static void rows_close(struct rows *r)
{
	struct stream *s[] = { &r->morphs, &r->clean, &r->chained, &r->content, &r->content_chained,
		&r->fold_chained };

	for (size_t i = 0; i < sizeof s / sizeof *s; i++)
		mem_free(s[i]->id);
	strtab_close(&r->morph);
	chains_close(&r->lemma_chain);
	chains_close(&r->content_chain);
	chains_close(&r->fold_chain);
	toked_close(&r->byte);
	toked_close(&r->bpe);
	toked_close(&r->hyper);
	toked_close(&r->fold);
	arena_close(&r->mem);
}

enum status ledger_rows(struct ledger *l, const struct joined *j, const struct ledger_opts *o,
                        const struct dict *d, const struct watch *w, struct err *e)
{
	struct rows *r = mem_alloc(1, sizeof *r);
	enum status st;

	*r = (struct rows){ .l = l, .j = j, .o = o, .w = w, .mem = arena_open("rows"),
	                    .owner = pthread_self() };
	totals(l, j);
	peers(l, j);
	vocabulary(r);
	letters(r);
	words(r);
	morphemes(r);
	l->row[LS_CLEAN].reversible = true;
	l->row[LS_WORDS].reversible = joins_to_text(r, &j->tok, &j->surf);
	l->row[LS_MORPHS].reversible = joins_to_text(r, &r->morphs, &r->morph);
	scenes(r);
	st = tokens_row(r, &r->byte, LS_BYTE, TOKENS_BYTE, d, e);
	if (!st)
		st = tokens_row(r, &r->bpe, LS_MORPH, TOKENS_MORPH, d, e);
	if (!st)
		st = tokens_row(r, &r->hyper, LS_HYPER, TOKENS_HYPER, d, e);
	if (!st)
		st = tokens_row(r, &r->fold, LS_FOLD, TOKENS_FOLD, d, e);
	if (!st)
		st = lemma_rows(r, e);
	if (!st)
		st = fold_chains_row(r, e);
	if (!st)
		st = code_all(r, e);
	losses(r);
	rows_close(r);
	mem_free(r);
	return st;
}
