/* ledger_stages.c - from joined streams to the rows of the ledger: positions, vocabulary, bits,
 * losses (app/ledger/ledger.h).
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
#include "app/ledger/ledger_rows.h"
#include "num/num.h"
#include "words/morph/morph.h"

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

	add_job(r, LS_WORDS, j->tok.id, j->tok.n, j->surf.n,
	        (struct spelling){ spell_tab, &j->surf, NULL, 0 });
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

	size_t to = num_lane_to(c->surf->n, lane, CUT_LANES);

	for (size_t i = num_lane_from(c->surf->n, lane, CUT_LANES); i < to; i++) {
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
		size_t at = 0, to = num_lane_to(j->surf.n, lane, CUT_LANES);

		for (size_t i = num_lane_from(j->surf.n, lane, CUT_LANES); i < to; i++) {
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

/* ---- what must be learnt ------------------------------------------------------------------------- */

/* Learning and applying, side by side: the longest first. Each task has one thread; which one
 * does not matter for what comes out. Only the owner's thread tells the watch. */
enum task { TASK_HYPER, TASK_FOLD, TASK_MORPH, TASK_LEMMA_CHAINS, TASK_CONTENT_CHAINS, TASK_BYTE, TASKS };
struct learning {
	struct rows *r;
	const struct dict *dict;
	struct err e[TASKS];
};

static void learn_lane(void *ctx, int task)
{
	struct learning *x = ctx;
	struct rows *r = x->r;
	struct watch quiet = { .stop = r->w ? r->w->stop : NULL };
	const struct watch *w = pthread_equal(pthread_self(), r->owner) ? r->w : &quiet;
	struct err *e = &x->e[task];

	switch ((enum task)task) {
	case TASK_HYPER: toked_make(&r->hyper, TOKENS_HYPER, false, r->j, r->o, NULL, w, e); return;
	case TASK_MORPH: toked_make(&r->bpe, TOKENS_MORPH, false, r->j, r->o, NULL, w, e); return;
	case TASK_BYTE: toked_make(&r->byte, TOKENS_BYTE, false, r->j, r->o, NULL, w, e); return;
	case TASK_FOLD:
		if (!toked_make(&r->fold, TOKENS_FOLD, true, r->j, r->o, x->dict, w, e))
			fold_chains_mine(r, w, e);
		return;
	case TASK_LEMMA_CHAINS: lemma_chains_mine(r, &r->lemma_chain, &r->j->learn_lemma, w, e); return;
	case TASK_CONTENT_CHAINS: lemma_chains_mine(r, &r->content_chain, &r->j->learn_content, w, e); return;
	case TASKS: return;
	}
}

static enum status learn_all(struct rows *r, const struct dict *d, struct err *e)
{
	struct learning x = { .r = r, .dict = d };

	num_lanes(TASKS, threads_of(r->o->threads), learn_lane, &x);
	for (int i = 0; i < TASKS; i++)
		if (x.e[i].code)
			return err_set(e, x.e[i].code, "%s", x.e[i].msg);
	if (toked_keep(&r->byte, r->j, r->o, e) || toked_keep(&r->bpe, r->j, r->o, e) ||
	    toked_keep(&r->hyper, r->j, r->o, e) || toked_keep(&r->fold, r->j, r->o, e))
		return e->code;
	return OK;
}

static void tokens_row(struct rows *r, const struct toked *x, enum stage s)
{
	add_job(r, s, x->part.id, x->part.n, tokens_vocab(x->t),
	        (struct spelling){ spell_token, x->t, NULL, 0 });
	r->l->row[s].positions_all = x->positions_all;
	r->l->row[s].vocab_all = x->vocab_all;
	r->l->row[s].reversible = x->same;
}

/* ---- scenes ----------------------------------------------------------------------------------- */

static void scenes(struct rows *r)
{
	const struct joined *j = r->j;
	struct stage_row *row = r->l->row;

	add_job(r, LS_GLYPHS, j->g.id, j->g.n, j->glyph.n,
	        (struct spelling){ spell_tab, &j->glyph, NULL, 0 });
	row[LS_GLYPHS].positions_all = j->g_all;
	row[LS_GLYPHS].vocab_all = j->glyph.n;
	add_job(r, LS_SCENES, j->line_of.id, j->line_of.n, j->line.n,
	        (struct spelling){ spell_tab, &j->line, NULL, 0 });
	row[LS_SCENES].positions_all = j->scene_all;
	row[LS_SCENES].vocab_all = j->line.n;
	add_job(r, LS_CODES, j->code.id, j->code.n, SC_N * CODE_STEP,
	        (struct spelling){ .of = spell_code });
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
static void vocabulary(struct rows *r)
{
	for (size_t i = 0; i < r->j->form.n; i++)
		r->l->forms += utf8_has_letter(r->j->form.s[i]);
	for (size_t i = 0; i < r->j->lemma.n; i++)
		r->l->lemmas += utf8_has_letter(flow_lemma_text(r->j->lemma.s[i]));
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
	st = learn_all(r, d, e);
	if (!st) {
		tokens_row(r, &r->byte, LS_BYTE);
		tokens_row(r, &r->bpe, LS_MORPH);
		tokens_row(r, &r->hyper, LS_HYPER);
		tokens_row(r, &r->fold, LS_FOLD);
		lemma_rows(r);
		fold_chains_row(r);
	}
	if (!st)
		st = code_all(r, e);
	losses(r);
	rows_close(r);
	mem_free(r);
	return st;
}
