/* fit_words.c - fits data/ru/words_tagger.bin and words_lexicon.tsv: the tagger.
 *
 *   use   fit_words -d DICT [-o OUT.bin] [-l LEXICON.tsv] [-e EPOCHS] [-m MARGIN] [-x K/N]
 *                   FILE.conllu[*TIMES]... +OTHER.conllu[*TIMES]...
 *
 * A FILE tells UD tags outright. A +OTHER tells less or by another tag set (OpenCorpora): of
 * a word's candidates those that agree with what it tells are all right, and the one that
 * the present weights like best is learnt. -x holds out every N-th sentence of each set and
 * measures on it: for choosing settings by cross-validation. Never run on the sets that
 * measure (gsd-dev, taiga-dev, poetry-dev).
 *
 * Averaged structured perceptron [Collins 2002], update at the word where the wrong path is
 * most ahead of the best right one [Huang, Fayong & Guo 2012], margin by adding to wrong
 * candidates. The order of sentences comes from a named stream: the same input gives the
 * same files.
 */
#include <math.h>
#include <stdlib.h>
#include "../udset.h"
#include "io/dictfile.h"
#include "words/tag/tagweights.h"

struct item {			/* one word of a sentence to learn from */
	uint32_t entry;
	uint8_t shape, n;
	uint64_t allowed;	/* bit k: candidate k is right */
	const struct gold *gold;
};
struct example {
	struct item *w;
	size_t n, lost;		/* gold words that our cutting does not find */
	bool partial;
};
struct set { struct example *x; size_t n, cap; };
static struct set train, held;
static int16_t *raw;
static double *total;
static uint64_t now = 1;
static int margin = 3, fold = -1, folds = 5;

/* ---- what is right --------------------------------------------------------------------- */

static uint32_t gold_tag(const struct gold *g)
{
	uint32_t t = ud_parse(g->upos, g->feats);

	return UD_GET(t, POS) == UPOS_AUX ? t & ~UD_MASK(ASPECT) : t;
}

/* No field that both tell differs; gender counts in the singular only. */
static bool compatible(uint32_t a, uint32_t b, bool anim)
{
#define BOTH(name) (UD_GET(a, name) && UD_GET(b, name) && UD_GET(a, name) != UD_GET(b, name))
	if (BOTH(CASE) || BOTH(NUMBER) || BOTH(TENSE) || BOTH(PERSON) || BOTH(FORM) || BOTH(ASPECT))
		return false;
	if ((BOTH(ANIM) && anim) || UD_GET(a, SHORT) != UD_GET(b, SHORT))
		return false;
	if (UD_GET(a, MOOD) != UM_CND && UD_GET(b, MOOD) != UM_CND && BOTH(MOOD))
		return false;
	return !(BOTH(GENDER) && UD_GET(a, NUMBER) != UN_PLUR && UD_GET(b, NUMBER) != UN_PLUR);
#undef BOTH
}

static uint64_t right_full(struct word_cache *c, const struct cread *r, int n,
                           const struct gold *g, struct arena *a)
{
	uint32_t want = gold_tag(g);
	uint64_t best[6] = { 0 };
	bool digits = g->form.p[0] >= '0' && g->form.p[0] <= '9' && !ud_nominal(want);

	for (int k = 0; k < n; k++) {
		struct str lemma = str_fold(a, cache_lemma(c, r[k].lemma));
		bool l = str_eq(lemma, g->lemma), p = UD_GET(r[k].tag, POS) == UD_GET(want, POS);
		bool m = p && compatible(r[k].tag, want, true);

		best[0] |= (uint64_t)(l && (digits ? m : r[k].tag == want)) << k;
		best[1] |= (uint64_t)(r[k].tag == want) << k;
		best[2] |= (uint64_t)(m && l) << k;
		best[3] |= (uint64_t)m << k;
		best[4] |= (uint64_t)(p && compatible(r[k].tag, want, false)) << k;
		best[5] |= (uint64_t)(p && l) << k;
	}
	for (int i = 0; i < 6; i++)
		if (best[i])
			return best[i];
	return UINT64_MAX;
}

/* Which of our parts of speech a word of OpenCorpora's may be. */
static uint32_t may_be(struct str upos, int shape)
{
#define U(x) (1u << UPOS_##x)
	static const struct { const char *name; uint32_t set; } row[] = {
		{ "NOUN", U(NOUN) }, { "PROPN", U(PROPN) }, { "ADJ", U(ADJ) | U(VERB) },
		{ "DET", U(DET) | U(PRON) | U(ADJ) | U(NUM) }, { "VERB", U(VERB) | U(AUX) },
		{ "ADV", U(ADV) | U(ADJ) | U(VERB) | U(NUM) | U(DET) | U(PART) | U(SCONJ) },
		{ "CONJ", U(CCONJ) | U(SCONJ) | U(ADV) | U(PART) },
		{ "PART", U(PART) | U(AUX) | U(ADV) | U(VERB) | U(CCONJ) | U(SCONJ) },
		{ "NUM", U(NUM) | U(ADJ) | U(ADV) | U(NOUN) }, { "PRON", U(PRON) | U(DET) },
		{ "INTJ", U(INTJ) }, { "PUNCT", U(PUNCT) | U(SYM) }, { "ADP", U(ADP) },
		{ "SCONJ", U(SCONJ) }, { "CCONJ", U(CCONJ) },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (str_eq(upos, str_of(row[i].name)))
			return row[i].set | (i == 0 && shape ? U(PROPN) : 0);
	return 0;
#undef U
}

static uint64_t right_partial(struct word_cache *c, const struct cread *r, int n,
                              const struct gold *g, int shape, struct arena *a)
{
	uint32_t want = ud_parse(g->upos, g->feats), set = may_be(g->upos, shape);
	uint64_t best[3] = { 0 };

	if (g->form.p[0] >= '0' && g->form.p[0] <= '9')
		return UINT64_MAX;	/* all numbers are NUM there, years too */
	if (!set && shape && (g->form.p[0] & 0x80))	/* a name the corpus does not know */
		set = 1u << UPOS_PROPN | (shape > 1 ? 1u << UPOS_NOUN : 0);
	if (!set)
		return UINT64_MAX;
	if (str_eq(g->feats, S("Degree=Cmp")))	/* ADJ there, whatever it stands by */
		set |= 1u << UPOS_ADV | 1u << UPOS_ADJ;
	for (int k = 0; k < n; k++) {
		struct str lemma = str_fold(a, cache_lemma(c, r[k].lemma));
		unsigned pos = UD_GET(r[k].tag, POS);
		bool part = UD_GET(r[k].tag, FORM) == UF_PART;
		bool self = UD_GET(r[k].tag, VOICE) == UV_PASS && !part;
		bool l = part || self || str_eq(lemma, g->lemma), p = set >> pos & 1;

		if (pos == UPOS_VERB && str_eq(g->upos, S("ADJ")) && !part)
			p = false;
		best[0] |= (uint64_t)(p && l && compatible(r[k].tag, want, true)) << k;
		best[1] |= (uint64_t)(p && compatible(r[k].tag, want, true)) << k;
		best[2] |= (uint64_t)(p && compatible(r[k].tag, want, false)) << k;
	}
	for (int i = 0; i < 3; i++)
		if (best[i])
			return best[i];
	return UINT64_MAX;
}

/* ---- reading the sets -------------------------------------------------------------------- */

static void learn_from(struct word_cache *c, const struct ud_sent *s, struct arena *a,
                       bool partial, struct set *to)
{
	struct example x = { .partial = partial };
	size_t k = 0, met = 0;

	c->toks.n = 0;
	tok_cut(&c->toks, s->text, 0, (uint32_t)s->text.n);
	x.w = TAKE(a, struct item, c->toks.n + 1);
	for (size_t i = 0; i < c->toks.n; i++) {
		struct tok *t = &c->toks.t[i];
		struct item *w = &x.w[i];

		while (k < s->n && s->g[k].off < t->off)
			k++;
		w->entry = cache_entry(c, t, s->text);
		w->shape = (uint8_t)shape_of(t);
		w->n = entry_n(&c->e[w->entry], w->shape);
		w->allowed = UINT64_MAX;
		if (k < s->n && s->g[k].off == t->off) {
			const struct cread *r = entry_reads(c, w->entry);

			w->gold = &s->g[k];
			met++;
			w->allowed = partial ? right_partial(c, r, w->n, w->gold, w->shape, a) :
			             right_full(c, r, w->n, w->gold, a);
		}
	}
	x.n = c->toks.n;
	x.lost = s->n - met;
	if (x.n)
		VEC_PUSH(to->x, to->n, to->cap) = x;
}

static bool is_held(size_t s)
{
	return fold >= 0 && (int)(s % (size_t)folds) == fold;
}

/* ---- the lexicon ----------------------------------------------------------------------- */

/* Every word of the UD sets: form, analysis, and whether our candidates lack it. */
struct met { struct str form, lemma, row; uint32_t tag; const struct gold *g; bool lacks, unknown; };
static struct met *met;
static size_t n_met, cap_met;

static int met_cmp(const void *a, const void *b)
{
	const struct met *x = a, *y = b;
	int c = str_cmp(x->form, y->form);

	return c ? c : (c = str_cmp(x->row, y->row)) ? c : str_cmp(x->lemma, y->lemma);
}

static bool has_tag(struct word_cache *c, uint32_t entry, uint32_t tag, const struct gold *g,
                    struct arena *a)
{
	const struct cread *r = entry_reads(c, entry);
	bool abbr = ud_more_of(g->feats) & UDM_ABBR;

	for (int k = 0; k < c->e[entry].n; k++) {
		bool pos = UD_GET(r[k].tag, POS) == UD_GET(tag, POS);

		if (pos && (abbr || UD_GET(tag, POS) == UPOS_ADP || UD_GET(tag, POS) == UPOS_PUNCT))
			return true;	/* declined in the dictionary; во is of в */
		if (r[k].tag == tag && str_eq(str_fold(a, cache_lemma(c, r[k].lemma)), g->lemma))
			return true;
	}
	return false;
}

static void meet(struct word_cache *c, const struct ud_sent *s, struct arena *a)
{
	size_t k = 0;

	c->toks.n = 0;
	tok_cut(&c->toks, s->text, 0, (uint32_t)s->text.n);
	for (size_t i = 0; i < c->toks.n; i++) {
		struct tok *t = &c->toks.t[i];

		while (k < s->n && s->g[k].off < t->off)
			k++;
		if (k == s->n || s->g[k].off != t->off)
			continue;
		const struct gold *g = &s->g[k];
		struct str form = { s->text.p + t->off, t->len };
		uint32_t e = cache_entry(c, t, s->text), tag = gold_tag(g);
		struct buf b = { 0 };

		unsigned upos = UD_GET(tag, POS);

		if (t->kind == TOK_INITIAL || t->kind == TOK_DIGIT ||
		    (t->kind == TOK_PUNCT && upos != UPOS_PUNCT && upos != UPOS_SYM))
			continue;
		buf_str(&b, g->upos);
		buf_str(&b, S("\t"));
		buf_str(&b, g->feats);
		VEC_PUSH(met, n_met, cap_met) = (struct met){
			.form = str_fold(a, form), .lemma = g->lemma, .row = str_copy(a, buf_view(&b)),
			.tag = tag, .g = g, .lacks = !has_tag(c, e, tag, g, a),
			.unknown = c->e[e].n && entry_reads(c, e)[0].unknown,
		};
		buf_free(&b);
	}
}

static bool closed_class(uint32_t tag)
{
	switch (UD_GET(tag, POS)) {
	case UPOS_ADP: case UPOS_AUX: case UPOS_CCONJ: case UPOS_SCONJ: case UPOS_DET:
	case UPOS_PRON: case UPOS_PART: case UPOS_INTJ: case UPOS_NUM: case UPOS_ADV: return true;
	}
	return false;
}

/* Of a form met often: the parts of speech it was met as. Capitals may be names besides. */
enum { OFTEN = 12 };
static void limit_form(struct weights_ctx *c, size_t *cap, const struct met *m, size_t n,
                       FILE *out)
{
	uint32_t set = 0;

	for (size_t i = 0; i < n; i++)
		set |= 1u << UD_GET(m[i].tag, POS);
	if (n < OFTEN)
		return;
	set |= 1u << UPOS_PROPN;
	VEC_PUSH(c->lex, c->n_lex, *cap) = (struct lexrow){ .key = cache_key_of(m->form), .only = set };
	if (!out)
		return;
	fprintf(out, "%.*s\t", STR_ARG(m->form));
	for (int u = 0, any = 0; u < 17; u++)
		if (set >> u & 1)
			fprintf(out, "%s%s", any++ ? "," : "", upos_name(u));
	fprintf(out, "\tonly\t\n");
}

static void make_lexicon(struct weights_ctx *c, FILE *out)
{
	size_t cap = 0, n_form;

	c->lex = NULL;
	c->n_lex = 0;
	qsort(met, n_met, sizeof *met, met_cmp);
	if (out)
		fputs("# Analyses of forms that the dictionary lacks or words otherwise, and (feats \"only\") all\n"
		      "# the parts of speech that a common form was met as: learnt by bench/fit/fit_words.c from\n"
		      "# UD_Russian-Taiga (CC BY-SA 4.0, Lyashevskaya, Rudina, Vlasova, Zhuravleva); this file\n"
		      "# is CC BY-SA 4.0 too.\nform\tupos\tfeats\tlemma\n", out);
	for (size_t f = 0; f < n_met; f += n_form) {
		for (n_form = 1; f + n_form < n_met && str_eq(met[f].form, met[f + n_form].form);)
			n_form++;
		limit_form(c, &cap, met + f, n_form, out);
		for (size_t i = f, k; i < f + n_form; i = k) {
			for (k = i; k < f + n_form && !met_cmp(&met[i], &met[k]); k++)
				;
			size_t least = closed_class(met[i].tag) || (met[i].unknown && k - i == n_form) ? 1 : 2;

			if (!met[i].lacks || k - i < least || (k - i) * 50 < n_form ||
			    str_eq(met[i].lemma, S("_")) || str_eq(met[i].lemma, S("goeswith")))
				continue;
			VEC_PUSH(c->lex, c->n_lex, cap) = (struct lexrow){
				.key = cache_key_of(met[i].form), .tag = met[i].tag, .lemma = met[i].lemma,
				.more = ud_more_of(met[i].g->feats),
			};
			if (out)
				fprintf(out, "%.*s\t%.*s\t%.*s\n", STR_ARG(met[i].form), STR_ARG(met[i].row),
				        STR_ARG(met[i].lemma));
		}
	}
	weights_lex_sort(c->lex, c->n_lex);
}

/* ---- the perceptron ------------------------------------------------------------------------ */

struct still { uint32_t *ix; uint8_t n; };
static struct still *still;	/* by index of cread */
static size_t n_still;

static const struct still *still_of(const struct word_cache *c, uint32_t e, int k)
{
	struct still *s = &still[c->e[e].first + (uint32_t)k];

	if (!s->ix) {
		uint32_t ix[FEATS_MAX];

		s->n = (uint8_t)cache_still(ix, c, &c->e[e], k);
		s->ix = mem_alloc(s->n + 1u, sizeof *ix);
		memcpy(s->ix, ix, s->n * sizeof *ix);
	}
	return s;
}

static struct cword *words_of(const struct word_cache *c, const struct example *x)
{
	struct cword *s = mem_alloc(x->n, sizeof *s);

	for (size_t i = 0; i < x->n; i++) {
		const struct entry *e = &c->e[x->w[i].entry];

		s[i] = (struct cword){ c->r + e->first, &e->at, x->w[i].n, x->w[i].shape };
	}
	return s;
}

static void bump(uint32_t ix, int by)
{
	int v = raw[ix] + by;

	raw[ix] = (int16_t)(v > 32000 ? 32000 : v < -32000 ? -32000 : v);
	total[ix] += (double)by * (double)now;
}

static bool right(const struct item *w, int k)
{
	return w->allowed >> k & 1;
}

/* Adds by to every feature of the path pick[0..n) of the first words. */
static void update(const struct word_cache *c, const struct example *x, const struct cword *s,
                   const uint8_t *pick, size_t n, int by)
{
	struct state st = state_first();
	uint32_t ix[FEATS_MAX];

	for (size_t i = 0; i < n; i++) {
		const struct still *q = still_of(c, x->w[i].entry, pick[i]);
		size_t m = path_features(ix, &st, s, x->n, i, pick[i]);

		while (m-- > 0)
			bump(ix[m], by);
		if (s[i].n > 1) {
			for (m = 0; m < q->n; m++)
				bump(q->ix[m], by);
			m = place_features(ix, s, x->n, i, pick[i]);
			while (m-- > 0)
				bump(ix[m], by);
		}
		st = state_next(&st, s, i, pick[i]);
	}
}

static size_t one(const struct word_cache *c, const struct example *x)
{
	static struct beam got[20000], want[20000];
	struct cword *s = words_of(c, x);
	uint8_t *p = mem_alloc(x->n, 1), *q = mem_alloc(x->n, 1);
	int32_t worst = 0;
	size_t wrong = 0, at = 0;

	must(x->n < 20000);
	for (size_t i = 0; i < x->n; i++) {
		int32_t add[CANDS_MAX] = { 0 };
		bool bad[CANDS_MAX];

		for (int k = 0; k < s[i].n; k++) {
			const struct still *t = still_of(c, x->w[i].entry, k);

			for (size_t m = 0; s[i].n > 1 && m < t->n; m++)
				add[k] += raw[t->ix[m]];
			bad[k] = !right(&x->w[i], k);
		}
		if (s[i].n > 1)
			place_scores(add, raw, s, x->n, i, NULL);
		beam_step(&want[i], i ? &want[i - 1] : NULL, raw, NULL, s, x->n, i, add, bad);
		for (int k = 0; k < s[i].n; k++)
			add[k] += bad[k] ? margin : 0;
		beam_step(&got[i], i ? &got[i - 1] : NULL, raw, NULL, s, x->n, i, add, NULL);
		if (got[i].s[0].score - want[i].s[0].score > worst) {
			worst = got[i].s[0].score - want[i].s[0].score;
			at = i + 1;
		}
	}
	beam_trace(p, got, x->n, 0);
	for (size_t i = 0; i < x->n; i++)
		wrong += !right(&x->w[i], p[i]);
	if (at) {
		beam_trace(p, got, at, 0);
		beam_trace(q, want, at, 0);
		if (memcmp(p, q, at)) {
			update(c, x, s, q, at, 1);
			update(c, x, s, p, at, -1);
		}
	}
	now++;
	mem_free(s);
	mem_free(p);
	mem_free(q);
	return wrong;
}

/* ---- measuring --------------------------------------------------------------------------- */

/* Digits and abbreviations have no case in UD_Russian-Taiga; ours is not counted then. */
static bool same_tag(uint32_t ours, uint32_t want, const struct gold *g)
{
	bool bare = !ud_nominal(want) && ((ud_more_of(g->feats) & UDM_ABBR) ||
	                                  (g->form.p[0] >= '0' && g->form.p[0] <= '9'));

	return bare ? UD_GET(ours, POS) == UD_GET(want, POS) : ours == want;
}

static void measure(const struct word_cache *c, const struct weights_ctx *w, const struct set *h,
                    struct arena *a)
{
	size_t n[2] = { 0 }, upos[2] = { 0 }, tag[2] = { 0 }, lemma[2] = { 0 }, ok[2] = { 0 };
	size_t oracle[2] = { 0 }, all[2] = { 0 };

	for (size_t e = 0; e < h->n; e++) {
		const struct example *x = &h->x[e];
		struct cword *s = words_of(c, x);
		uint8_t *pick = mem_alloc(x->n, 1);
		struct beam *work = mem_alloc(x->n, sizeof *work);
		int t = x->partial;

		choose_path(pick, work, c->memo, w, s, x->n);
		n[t] += x->lost;
		for (size_t i = 0; i < x->n; i++) {
			const struct item *d = &x->w[i];
			const struct cread *r = &s[i].r[pick[i]];

			if (!d->gold)
				continue;
			uint32_t want = gold_tag(d->gold);
			bool can = false, l = str_eq(str_fold(a, cache_lemma(c, r->lemma)), d->gold->lemma) ||
			                      UD_GET(r->tag, POS) == UPOS_PUNCT;

			for (int k = 0; k < s[i].n; k++)
				can |= same_tag(s[i].r[k].tag, want, d->gold);
			n[t]++;
			ok[t] += right(d, pick[i]);
			upos[t] += UD_GET(r->tag, POS) == UD_GET(want, POS);
			tag[t] += same_tag(r->tag, want, d->gold);
			lemma[t] += l;
			oracle[t] += can;
			all[t] += same_tag(r->tag, want, d->gold) && l;
			if (getenv("SHOW") && !t && (!same_tag(r->tag, want, d->gold) || !l)) {
				char b[16];

				snprintf(b, sizeof b, "%s%s%s", can ? "" : "NOCAND ",
				         UD_GET(r->tag, POS) == UD_GET(want, POS) ? "" : "UPOS ", l ? "" : "LEM");
				printf("%s\t%.*s\tgold %.*s %.*s %.*s\tours %s %.*s %08x\n", b,
				       STR_ARG(d->gold->form), STR_ARG(d->gold->upos), STR_ARG(d->gold->feats),
				       STR_ARG(d->gold->lemma), upos_name(UD_GET(r->tag, POS)),
				       STR_ARG(cache_lemma(c, r->lemma)), r->tag ^ want);
			}
		}
		mem_free(s);
		mem_free(pick);
		mem_free(work);
	}
	for (int t = 0; t < 2; t++)
		if (n[t])
			fprintf(stderr, "held %s %zu words: right %.2f  upos %.2f  tag %.2f  lemma %.2f  "
			        "all %.2f  (tag among candidates %.2f)\n", t ? "other" : "ud", n[t],
			        100.0 * (double)ok[t] / (double)n[t], 100.0 * (double)upos[t] / (double)n[t],
			        100.0 * (double)tag[t] / (double)n[t], 100.0 * (double)lemma[t] / (double)n[t],
			        100.0 * (double)all[t] / (double)n[t],
			        100.0 * (double)oracle[t] / (double)n[t]);
}

static void write_weights(const char *path, const int16_t *w)
{
	uint32_t head[16] = { TAGGER_MAGIC, TAGGER_VERSION, TAGGER_BITS };
	uint64_t sum = hash64(w, TAGGER_N * sizeof *w, 0);
	FILE *f = fopen(path, "wb");

	memcpy(head + 4, &sum, sizeof sum);
	if (!f || fwrite(head, 1, sizeof head, f) != sizeof head ||
	    fwrite(w, sizeof *w, TAGGER_N, f) != TAGGER_N || fclose(f))
		perror(path), exit(5);
}

/* Averages go into whole numbers: 1 of the perceptron is SCALE. */
enum { SCALE = 64 };
static int16_t *averaged(void)
{
	int16_t *w = mem_alloc(TAGGER_N, sizeof *w);
	size_t used = 0;

	for (size_t i = 0; i < TAGGER_N; i++) {
		double v = round(SCALE * (raw[i] - total[i] / (double)now));

		w[i] = (int16_t)(v > 32000 ? 32000 : v < -32000 ? -32000 : v);
		used += w[i] != 0;
	}
	fprintf(stderr, "weights in use: %.1f %%\n", 100.0 * (double)used / TAGGER_N);
	return w;
}

static void fit(struct word_cache *c, int epochs)
{
	uint32_t *order = mem_alloc(train.n + 1, sizeof *order);

	for (size_t i = 0; i < train.n; i++)
		order[i] = (uint32_t)i;
	n_still = c->n_r;
	still = mem_alloc(n_still + 1, sizeof *still);
	for (int ep = 0; ep < epochs; ep++) {
		struct rng r = rng_stream(1, "fit.words", (uint64_t)ep);
		size_t wrong = 0, words = 0;

		rng_shuffle(&r, order, train.n);
		for (size_t i = 0; i < train.n; i++) {
			wrong += one(c, &train.x[order[i]]);
			words += train.x[order[i]].n;
		}
		fprintf(stderr, "epoch %d  wrong %.3f %%\n", ep + 1,
		        100.0 * (double)wrong / (double)words);
	}
	mem_free(order);
}

struct source { struct ud u; int times; bool partial; };

int main(int argc, char **argv)
{
	const char *dict = NULL, *out = NULL, *lex = NULL;
	struct arena a = arena_open("fit");
	struct source src[16];
	struct dictfile df;
	struct err e = { 0 };
	int epochs = 8, n_src = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && i + 1 < argc) {
			char *v = argv[++i];

			switch (argv[i - 1][1]) {
			case 'd': dict = v; break;
			case 'o': out = v; break;
			case 'l': lex = v; break;
			case 'e': epochs = atoi(v); break;
			case 'm': margin = atoi(v); break;
			case 'x': sscanf(v, "%d/%d", &fold, &folds); break;
			default: return fprintf(stderr, "fit_words: no option %s\n", argv[i - 1]), 2;
			}
			continue;
		}
		struct source *s = &src[n_src++];
		char *star = strchr(argv[i], '*'), *path = argv[i];
		struct buf b = { 0 };

		must(n_src <= 16);
		s->times = star ? atoi(star + 1) : 1;
		if (star)
			*star = '\0';
		s->partial = path[0] == '+';
		if (file_read(&b, path + s->partial, (size_t)1 << 28, &e))
			return fprintf(stderr, "%s\n", e.msg), 5;
		s->u = ud_read(buf_view(&b), &a);
	}
	if (!n_src || dictfile_open(&df, dict, &e))
		return fprintf(stderr, "use: see the head of fit_words.c. %s\n", e.msg), 2;
	struct weights_ctx *w = df.dict->ctx;
	struct word_cache *c = word_cache_open(df.dict);

	w->n_lex = 0;
	for (int i = 0; i < n_src; i++)
		for (size_t s = 0; !src[i].partial && s < src[i].u.n; s++)
			if (!is_held(s))
				meet(c, &src[i].u.s[s], &a);
	FILE *f = lex ? fopen(lex, "w") : NULL;

	make_lexicon(w, f);
	if (f)
		fclose(f);
	fprintf(stderr, "lexicon: %zu rows\n", w->n_lex);
	word_cache_close(c);
	c = word_cache_open(df.dict);
	for (int i = 0; i < n_src; i++)
		for (size_t s = 0; s < src[i].u.n; s++)
			for (int t = 0; t < src[i].times; t++)
				if (!is_held(s))
					learn_from(c, &src[i].u.s[s], &a, src[i].partial, &train);
				else if (!t)
					learn_from(c, &src[i].u.s[s], &a, src[i].partial, &held);
	raw = mem_alloc(TAGGER_N, sizeof *raw);
	total = mem_alloc(TAGGER_N, sizeof *total);
	fit(c, epochs);
	int16_t *avg = averaged();

	w->w = avg;
	cache_rescore(c, avg);
	memset(c->memo, 0, sizeof *c->memo);
	measure(c, w, &held, &a);
	if (out)
		write_weights(out, avg);
	return 0;
}
