/* fit_words.c - fits data/ru/words_weights.tsv: how readings are chosen by context.
 *
 *   use   fit_words DICT OUT.tsv EPOCHS FILE.conllu[*TIMES]...
 *
 * Averaged structured perceptron [Collins 2002]: the best path under the present weights
 * against the best path among readings that agree with the gold tag; where they differ, the
 * features of the one go up and of the other down. Order of sentences from a named stream,
 * so the same input gives the same table. Never run on the sets that measure (gsd-dev,
 * taiga-dev, poetry-dev).
 */
#include <math.h>
#include <stdlib.h>
#include "../udset.h"
#include "io/dictfile.h"

enum { LEX_KEEP = 330 };

struct item {			/* one word of a sentence to learn from */
	uint32_t entry;
	uint8_t shape;
	uint32_t allowed;	/* bit k: reading k agrees with the gold */
};
struct example {
	struct item *w;
	size_t n;
};
static struct example *ex;
static size_t n_ex, cap_ex;
static double *total;		/* sum over time of (w * steps) for averaging */
static float *raw;
static uint64_t now = 1;

/* ---- which readings agree ---------------------------------------------------------------- */

static bool pos_agrees(const struct cread *r, const struct gold *g)
{
	const char *u = ud_coarse(g->upos);
	struct str f = { 0 };
	bool form = ud_feat(g, "VerbForm", &f);

	switch (r->pos) {
	case POS_VERB: return !strcmp(u, "VERB") && (!form || str_eq(f, S("Fin")));
	case POS_INF: return !strcmp(u, "VERB") && str_eq(f, S("Inf"));
	case POS_GER: return !strcmp(u, "VERB") && str_eq(f, S("Conv"));
	case POS_PART: return (!strcmp(u, "VERB") && (!form || str_eq(f, S("Part")))) ||
	                      !strcmp(u, "ADJ");
	case POS_ADJ: return !strcmp(u, "ADJ");
	case POS_APRO: case POS_PRON: return !strcmp(u, "PRON");
	case POS_PRCL: return !strcmp(u, "PART");
	default: return !strcmp(u, ud_coarse(str_of(ud_upos(r->pos, S(""), false))));
	}
}

static int code_of(struct str v, const char *const *list)
{
	for (int i = 0; list[i]; i++)
		if (str_eq(v, str_of(list[i])))
			return i + 1;
	return 0;
}

static bool gram_agrees(const struct cread *r, const struct gold *g, bool gender)
{
	static const char *const cases[] = { "Nom", "Gen", "Dat", "Acc", "Ins", "Loc", NULL };
	static const char *const numbers[] = { "Sing", "Plur", NULL };
	static const char *const genders[] = { "Masc", "Fem", "Neut", NULL };
	static const uint8_t fold[16] = { 0, 1, 2, 3, 4, 5, 6, 1, 2, 6, 4 };
	struct str v;
	int k;

	if (ud_feat(g, "Case", &v) && r->pos == POS_NOUN && r->unknown && !r->g.gcase)
		return false;		/* declined is better than undeclined */
	if (ud_feat(g, "Case", &v) && (k = code_of(v, cases)) && r->g.gcase && fold[r->g.gcase] != k)
		return false;
	if (ud_feat(g, "Number", &v) && (k = code_of(v, numbers)) && r->g.number &&
	    (int)r->g.number != k)
		return false;
	if (gender && ud_feat(g, "Gender", &v) && (k = code_of(v, genders)) && r->g.gender &&
	    r->g.gender < 4 && r->g.number == 1 && (int)r->g.gender != k)
		return false;
	if (ud_feat(g, "Mood", &v) && r->g.mood && (r->g.mood == 2) != str_eq(v, S("Imp")))
		return false;
	if (ud_feat(g, "Variant", &v) && (r->pos == POS_ADJ || r->pos == POS_PART) && !r->g.shortf)
		return false;
	return true;
}

static uint32_t allowed(const struct word_cache *c, uint32_t entry, const struct gold *g,
                        struct arena *a)
{
	const struct cread *r = entry_reads(c, entry);
	uint32_t best[5] = { 0 };	/* the first that is not empty counts */

	for (int k = 0; k < c->e[entry].n; k++) {
		struct str lemma = str_fold(a, cache_lemma(c, r[k].lemma));
		bool l = str_eq(lemma, g->lemma), p = pos_agrees(&r[k], g);
		bool m = gram_agrees(&r[k], g, true), m2 = gram_agrees(&r[k], g, false);

		best[0] |= (uint32_t)(l && p && m) << k;
		best[1] |= (uint32_t)(l && p && m2) << k;
		best[2] |= (uint32_t)(p && m) << k;
		best[3] |= (uint32_t)(p && m2) << k;
		best[4] |= (uint32_t)(p && r[k].cls != CL_FIXED) << k;
	}
	for (int i = 0; i < 5; i++)
		if (best[i])
			return best[i];
	return UINT32_MAX;
}

static void learn_from(struct word_cache *c, const struct ud_sent *s, struct arena *a)
{
	struct example x = { 0 };
	size_t k = 0;

	c->toks.n = 0;
	tok_cut(&c->toks, s->text, 0, (uint32_t)s->text.n);
	x.w = TAKE(a, struct item, c->toks.n + 1);
	for (size_t i = 0; i < c->toks.n; i++) {
		struct tok *t = &c->toks.t[i];

		while (k < s->n && s->g[k].off < t->off)
			k++;
		x.w[i].entry = cache_entry(c, t, s->text);
		x.w[i].shape = (uint8_t)shape_of(t);
		x.w[i].allowed = k < s->n && s->g[k].off == t->off && s->g[k].len == t->len ?
		                 allowed(c, x.w[i].entry, &s->g[k], a) : UINT32_MAX;
	}
	x.n = c->toks.n;
	if (x.n)
		VEC_PUSH(ex, n_ex, cap_ex) = x;
}

/* ---- the perceptron ------------------------------------------------------------------------ */

static float pair_raw(const struct weights_ctx *c, const struct cread *x, const struct cread *y,
                      uint32_t ix[2])
{
	const struct ftag *a = &c->ftag[x->ftag], *b = &c->ftag[y->ftag];
	int agree = pair_agree(a, b);

	ix[0] = (uint32_t)(W_PAIR + x->ptag * PTAGS + y->ptag);
	ix[1] = agree ? (uint32_t)(W_AGREE + (a->cls * CL_N + b->cls) * AGREES + agree) : 0;
	return raw[ix[0]] + (agree ? raw[ix[1]] : 0);
}

static void path(uint8_t *pick, const struct weights_ctx *c, const struct cword *s,
                 const struct item *w, size_t n, bool gold)
{
	static uint8_t back[100000][READINGS_MAX];
	float old[READINGS_MAX] = { 0 }, cur[READINGS_MAX];
	int at = 0;

	must(n < 100000);
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < s[i].n; k++) {
			const struct cread *r = &s[i].r[k];
			uint32_t ix[8], pr[2];
			int m = word_features(ix, s, n, i, r), from = 0;
			float u = raw[W_SCALE] * r->logp - word_never(&s[i], r), best = 0;

			while (m-- > 0)
				u += raw[ix[m]];
			for (int j = 0; i && j < s[i - 1].n; j++) {
				float v = old[j] + pair_raw(c, &s[i - 1].r[j], r, pr);

				if (j == 0 || v > best) {
					best = v;
					from = j;
				}
			}
			back[i][k] = (uint8_t)from;
			cur[k] = best + u - (gold && !(w[i].allowed >> k & 1) ? 1e6f : 0);
		}
		memcpy(old, cur, sizeof old);
	}
	for (int k = 1; k < s[n - 1].n; k++)
		if (old[k] > old[at])
			at = k;
	for (size_t i = n; i-- > 0;) {
		pick[i] = (uint8_t)at;
		at = back[i][at];
	}
}

static void bump(uint32_t ix, float by)
{
	raw[ix] += by;
	total[ix] += (double)by * (double)now;
}

static void update(const struct weights_ctx *c, const struct cword *s, size_t n,
                   const uint8_t *pick, const uint8_t *other, float by)
{
	for (size_t i = 0; i < n; i++) {
		const struct cread *r = &s[i].r[pick[i]];
		uint32_t ix[8], pr[2];
		bool differs = pick[i] != other[i];

		if (differs) {
			int m = word_features(ix, s, n, i, r);

			while (m-- > 0)
				bump(ix[m], by);
			bump(W_SCALE, by * 0.02f * r->logp);
		}
		if (i && (differs || pick[i - 1] != other[i - 1])) {
			pair_raw(c, &s[i - 1].r[pick[i - 1]], r, pr);
			bump(pr[0], by);
			if (pr[1])
				bump(pr[1], by);
		}
	}
}

static size_t one(const struct word_cache *c, const struct example *x)
{
	struct cword *s = mem_alloc(x->n, sizeof *s);
	uint8_t *got = mem_alloc(x->n, 1), *want = mem_alloc(x->n, 1);
	size_t wrong = 0;

	for (size_t i = 0; i < x->n; i++) {
		const struct entry *e = &c->e[x->w[i].entry];

		s[i] = (struct cword){ c->r + e->first, e->n, x->w[i].shape, e->lex };
	}
	path(got, c->d->ctx, s, x->w, x->n, false);
	for (size_t i = 0; i < x->n; i++)
		wrong += !(x->w[i].allowed >> got[i] & 1);
	if (wrong) {
		path(want, c->d->ctx, s, x->w, x->n, true);
		update(c->d->ctx, s, x->n, want, got, 1);
		update(c->d->ctx, s, x->n, got, want, -1);
	}
	now++;
	mem_free(s);
	mem_free(got);
	mem_free(want);
	return wrong;
}

/* ---- the lexicon: forms with most ambiguity, by count -------------------------------------- */

static bool wants_lex(const struct word_cache *c, uint32_t e)
{
	const struct cread *r = entry_reads(c, e);

	for (int i = 0; i < c->e[e].n; i++)
		switch (r[i].pos) {
		case POS_PREP: case POS_CONJ: case POS_PRCL: case POS_PRON: case POS_APRO:
		case POS_PUNCT: case POS_ADV: case POS_NUM: return true;
		}
	return false;
}

static void choose_lexicon(struct word_cache *c)
{
	uint32_t *count = mem_alloc(c->n_e, sizeof *count);

	for (size_t i = 0; i < n_ex; i++)
		for (size_t k = 0; k < ex[i].n; k++)
			count[ex[i].w[k].entry]++;
	for (int k = 0; k < LEX_KEEP; k++) {
		size_t best = 0;
		struct buf b = { 0 };

		for (size_t i = 1; i < c->n_e; i++)
			if (wants_lex(c, (uint32_t)i) && count[i] > count[best])
				best = i;
		count[best] = 0;
		struct entry *e = &c->e[best];

		if (c->keys.p[e->key] == 'w')
			cyr_utf8(&b, (const uint8_t *)c->keys.p + e->key + 1, e->n_key - 1);
		else
			buf_add(&b, c->keys.p + e->key + 1, e->n_key - 1);
		e->lex = (uint16_t)(strtab_add(&c->d->ctx->lex, buf_view(&b)) + 1);
		buf_free(&b);
	}
	mem_free(count);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void row(FILE *f, const char *kind, const char *a, const char *b, double v)
{
	if (fabs(v) >= 0.15)
		fprintf(f, "%s\t%s\t%s\t%.3g\n", kind, a, b, v);
}

static void write_table(FILE *f, const struct weights_ctx *c, const float *w)
{
	static const char *const lex[] = { "here", "after", "after2", "before" };
	static const char *const shape[] = { "lower", "title", "start", "upper" };
	char a[16], b[16];

	fprintf(f, "# Weights of choosing a reading by context (src/words/choose.h says what each "
	        "kind is).\n# Made by bench/fit_words.c; agree: case or person, number, gender, "
	        "'=' same '#' other '.' none.\nkind\ta\tb\tweight\n");
	row(f, "scale", "p", "", w[W_SCALE]);
	for (int i = 0; i < PTAGS; i++)
		row(f, "tag", weights_tag_name(i, a), "", w[W_TAG + i]);
	for (int i = 0; i < SHAPES * CL_N; i++)
		row(f, "shape", shape[i / CL_N], weights_class_name(i % CL_N), w[W_SHAPE + i]);
	for (int i = 0; i < SHAPES * CL_N; i++)
		row(f, "guess", shape[i / CL_N], weights_class_name(i % CL_N), w[W_GUESS + i]);
	for (int i = 0; i < CL_N * CL_N * AGREES; i++) {
		int v = i % AGREES;
		char pair[40], code[4] = { ".=#"[v / 9], ".=#"[v / 3 % 3], ".=#"[v % 3], 0 };

		snprintf(pair, sizeof pair, "%s.%s", weights_class_name(i / AGREES / CL_N),
		         weights_class_name(i / AGREES % CL_N));
		row(f, "agree", pair, code, w[W_AGREE + i]);
	}
	for (int i = 0; i < PTAGS * PTAGS; i++)
		row(f, "pair", weights_tag_name(i / PTAGS, a), weights_tag_name(i % PTAGS, b),
		    w[W_PAIR + i]);
	for (int k = 0; k < 4; k++)
		for (size_t i = 0; i < c->lex.n; i++)
			for (int p = 0; p < PTAGS; p++)
				row(f, lex[k], c->lex.s[i].p, weights_tag_name(p, a),
				    w[W_LEX + (k * LEX_MAX + (int)i + 1) * PTAGS + p]);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct dictfile df;
	struct arena a = arena_open("fit");

	if (argc < 5 || dictfile_open(&df, argv[1], &e))
		return fprintf(stderr, "fit_words DICT OUT EPOCHS FILE[*TIMES]... %s\n", e.msg), 2;
	struct word_cache *c = word_cache_open(df.dict);

	for (int i = 4; i < argc; i++) {
		char *star = strchr(argv[i], '*');
		int times = star ? atoi(star + 1) : 1;
		struct buf b = { 0 };

		if (star)
			*star = '\0';
		if (file_read(&b, argv[i], (size_t)1 << 28, &e))
			return fprintf(stderr, "%s\n", e.msg), 5;
		struct ud u = ud_read(buf_view(&b), &a);

		for (int t = 0; t < times; t++)
			for (size_t s = 0; s < u.n; s++)
				learn_from(c, &u.s[s], &a);
	}
	raw = c->d->ctx->w;
	memset(raw, 0, W_N * sizeof *raw);
	raw[W_SCALE] = 1;
	total = mem_alloc(W_N, sizeof *total);
	if (!c->d->ctx->lex.n)
		choose_lexicon(c);
	uint32_t *order = mem_alloc(n_ex, sizeof *order);

	for (size_t i = 0; i < n_ex; i++)
		order[i] = (uint32_t)i;
	for (int ep = 0; ep < atoi(argv[3]); ep++) {
		struct rng r = rng_stream(1, "fit.words", (uint64_t)ep);
		size_t wrong = 0, words = 0;

		rng_shuffle(&r, order, n_ex);
		for (size_t i = 0; i < n_ex; i++) {
			wrong += one(c, &ex[order[i]]);
			words += ex[order[i]].n;
		}
		fprintf(stderr, "epoch %d  wrong %.3f %%  scale %.3f\n", ep + 1,
		        100.0 * (double)wrong / (double)words, (double)raw[W_SCALE]);
	}
	for (size_t i = 0; i < W_N; i++)
		raw[i] -= (float)(total[i] / (double)now);
	FILE *f = fopen(argv[2], "w");

	if (!f)
		return perror(argv[2]), 5;
	write_table(f, c->d->ctx, raw);
	fclose(f);
	return 0;
}
