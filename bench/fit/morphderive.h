/* morphderive.h - cuts of words made from free sources alone, for `fit_morph -u`: a model that owes
 * nothing to a printed dictionary of morphemes.
 *
 *   in    the dictionary's lemmas (OpenCorpora, CC BY-SA 3.0), pairs "base, derived word, affix"
 *         (UniMorph, CC BY-SA 3.0), our own table of affixes (data/ru/words_affix.tsv)
 *   out   a cut for every lemma that something is known of
 *
 * A word is its base's cut and an affix: the base is UniMorph's, or a lemma that the word is with
 * a prefix of ours before it, or one whose stem it is with a suffix of ours behind. A word
 * without a base is a root, an ending, one plain suffix, and for a verb its stem vowel and ть.
 */
#ifndef LTM_BENCH_MORPHDERIVE_H
#define LTM_BENCH_MORPHDERIVE_H
#include "base/data.h"
#include "morphforms.h"

struct pair_row { struct mword w, base, affix; bool prefix; };
struct affix_row { struct mword w; int type, worth; };
struct derive {
	struct lexicon *l;
	struct pair_row *pair;		/* by derived word */
	size_t n_pair, cap;
	struct affix_row affix[400];	/* longest first */
	int n_affix;
	struct strtab stems;		/* letters of a stem -> id */
	uint32_t *stem_of;		/* by id: the shortest lexeme with that stem */
	size_t cap_stem;
};

static inline int mword_cmp(const struct mword *a, const struct mword *b)
{
	int d = memcmp(a->c, b->c, (size_t)(a->n < b->n ? a->n : b->n));

	return d ? d : a->n - b->n;
}

static inline int pair_cmp(const void *a, const void *b)
{
	const struct pair_row *x = a, *y = b;
	int d = mword_cmp(&x->w, &y->w);

	return d ? d : mword_cmp(&x->base, &y->base);
}

static inline int affix_cmp(const void *a, const void *b)
{
	const struct affix_row *x = a, *y = b;

	return x->w.n != y->w.n ? y->w.n - x->w.n : mword_cmp(&x->w, &y->w);
}

/* A word without a base. n_stem: letters of what further suffixes stand on. */
static inline bool simple_cut(struct example *o, const struct lexeme *x, int *n_stem)
{
	struct tail t = { .f = &o->w, .at = x->w.n };

	*o = (struct example){ .w = x->w, .pos = x->pos };
	if (x->pos == POS_INF) {
		tail_cut(&t, MORPH_POSTFIX, "ся сь", 3);
		if (tail_cut(&t, MORPH_SUFF, "ть ти", 1))
			tail_cut(&t, MORPH_SUFF, "ствова ова ева ыва ива ну а я е и", 2);
	} else if (x->pos == POS_ADJ) {
		tail_cut(&t, MORPH_END, "ый ий ой", 2);
		tail_cut(&t, MORPH_SUFF, "ическ тельн альн оват еват енн онн еск ист лив чив ск ов ев н", 3);
	} else if (x->pos == POS_NOUN) {
		tail_cut(&t, MORPH_END, "ый ий ая яя ое ее ые ие а я о е и ы", 2);
		if (t.n && t.len[0] == 2 && t.at > 2 && (x->w.c[t.at - 1] == 14))
			t.at++, t.len[0] = 1;		/* здани-е, not здан-ие */
		tail_cut(&t, MORPH_SUFF, "ость ств тель щик чик ниц ник ени ани изм ист аци ни ир ор к", 3);
	}
	*n_stem = x->pos == POS_INF || !t.n ? t.at : x->w.n - (t.type[0] == MORPH_END ? t.len[0] : 0);
	if (!add_morph(o, t.at, MORPH_ROOT))
		return false;
	for (int at = t.at, i = t.n - 1; i >= 0; i--)
		add_morph(o, at += t.len[i], t.type[i]);
	return true;
}

static inline void stem_add(struct derive *v, const uint8_t *c, int n, size_t lexeme)
{
	size_t before = v->stems.n;
	uint32_t id = strtab_add(&v->stems, (struct str){ (const char *)c, (size_t)n });

	while (v->cap_stem <= id)
		v->stem_of = mem_grow(v->stem_of, &v->cap_stem, sizeof *v->stem_of);
	if (id == before || v->l->x[lexeme].w.n < v->l->x[v->stem_of[id]].w.n)
		v->stem_of[id] = (uint32_t)lexeme;
}

static inline void derive_open(struct derive *v, struct lexicon *l)
{
	struct tsv t = tsv_of(data_find("words_affix.tsv"));

	*v = (struct derive){ .l = l, .stems = strtab_open("stems") };
	while (tsv_next(&t) && v->n_affix < 400) {
		struct affix_row *a = &v->affix[v->n_affix];

		a->type = str_eq(t.field[0], S("PREF")) ? MORPH_PREF :
		          str_eq(t.field[0], S("SUFF")) ? MORPH_SUFF : 0;
		a->worth = t.field[2].p[0] - '0';
		v->n_affix += a->type && mword_of(&a->w, t.field[1]);
	}
	qsort(v->affix, (size_t)v->n_affix, sizeof *v->affix, affix_cmp);
	for (size_t i = 0; i < l->n; i++) {
		struct example x;
		int n;

		if (l->x[i].name || !simple_cut(&x, &l->x[i], &n))
			continue;
		stem_add(v, x.w.c, n, i);
		if (x.n > 2 && l->x[i].pos == POS_INF)	/* and with its vowel: враща-тельн */
			stem_add(v, x.w.c, x.end[1], i);
	}
}

static inline enum status derive_read(struct derive *v, const char *path, struct err *e)
{
	struct buf b = { 0 };
	struct str rest, line, f[4];
	enum status st = file_read(&b, path, (size_t)64 << 20, e);

	for (rest = buf_view(&b); !st && str_cut(&rest, '\n', &line);) {
		struct pair_row p = { .prefix = false };

		for (int i = 0; i < 4; i++)
			if (!str_cut(&line, '\t', &f[i]))
				f[i] = S("");
		if (f[3].n < 3)
			continue;
		p.prefix = f[3].p[f[3].n - 1] == '-';
		f[3] = p.prefix ? (struct str){ f[3].p, f[3].n - 1 } : (struct str){ f[3].p + 1, f[3].n - 1 };
		if (mword_of(&p.base, f[0]) && mword_of(&p.w, f[1]) && mword_of(&p.affix, f[3]))
			VEC_PUSH(v->pair, v->n_pair, v->cap) = p;
	}
	qsort(v->pair, v->n_pair, sizeof *v->pair, pair_cmp);
	buf_free(&b);
	return st;
}

static inline const struct pair_row *derive_pair(const struct derive *v, const struct mword *w)
{
	size_t lo = 0, hi = v->n_pair;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (mword_cmp(&v->pair[mid].w, w) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->n_pair && !mword_cmp(&v->pair[lo].w, w) ? &v->pair[lo] : NULL;
}

static inline bool derive_cut(struct example *o, const struct derive *v, const struct lexeme *x, int depth);

/* Prefix before the base's own cut. */
static inline bool with_prefix(struct example *o, const struct derive *v, const struct lexeme *x,
                               const struct lexeme *base, int n, int depth)
{
	struct example b;

	if (!base || !derive_cut(&b, v, base, depth + 1))
		return false;
	*o = (struct example){ .w = x->w, .pos = x->pos };
	if (!add_morph(o, n, MORPH_PREF))
		return false;
	for (int k = 0; k < b.n; k++)
		if (!add_morph(o, n + b.end[k], b.type[k]))
			return false;
	return o->end[o->n - 1] == x->w.n;
}

/* Stem [0, n_base) laid beside the base's, a suffix [n_base, n_suf), the word's own ending. */
static inline bool with_suffix(struct example *o, const struct derive *v, const struct lexeme *x,
                               const struct lexeme *base, int n_base, int n_suf, int depth)
{
	struct example b;
	int m;

	if (!base || base == x || n_base < 2 || !derive_cut(&b, v, base, depth + 1))
		return false;
	*o = (struct example){ .w = x->w, .pos = x->pos };
	for (m = b.n; m > 1 && (b.type[m - 1] == MORPH_POSTFIX || b.type[m - 1] == MORPH_END); m--)
		;
	if (m > 1 && base->pos == POS_INF && ends_as(&b.w, b.end[m - 2], b.end[m - 1], "ть ти"))
		m--;
	return lay(o, 0, n_base, &b, b.end[m - 1], m, false) && add_morph(o, n_suf, MORPH_SUFF) &&
	       (n_suf == x->w.n || add_morph(o, x->w.n, MORPH_END));
}

static inline struct mword rest_of(const struct mword *w, int from)
{
	struct mword r = { .n = w->n - from };

	memcpy(r.c, w->c + from, (size_t)r.n);
	return r;
}

static inline bool derive_cut(struct example *o, const struct derive *v, const struct lexeme *x, int depth)
{
	const struct pair_row *p = derive_pair(v, &x->w);
	struct example own;
	int stem, body;

	if (!simple_cut(&own, x, &stem))
		return false;
	body = own.n > 1 && own.type[own.n - 1] == MORPH_END ? own.end[own.n - 2] : x->w.n;
	if (p && depth < 5) {
		const struct lexeme *base = lexicon_find(v->l, &p->base);

		if (p->prefix && x->w.n > p->affix.n && !memcmp(x->w.c, p->affix.c, (size_t)p->affix.n) &&
		    with_prefix(o, v, x, base, p->affix.n, depth))
			return true;
		if (!p->prefix && x->pos != POS_INF && x->w.n > p->affix.n + 1 &&
		    !memcmp(x->w.c + x->w.n - p->affix.n, p->affix.c, (size_t)p->affix.n) &&
		    with_suffix(o, v, x, base, x->w.n - p->affix.n, body, depth))
			return true;
	}
	for (int i = 0; i < v->n_affix && depth < 5; i++) {
		const struct affix_row *a = &v->affix[i];
		struct mword r;

		if (a->type == MORPH_PREF && a->w.n >= 2 && x->w.n >= a->w.n + 4 &&
		    !memcmp(x->w.c, a->w.c, (size_t)a->w.n)) {
			const struct lexeme *base;

			r = rest_of(&x->w, a->w.n);
			base = lexicon_find(v->l, &r);
			if (base && base->pos == x->pos && with_prefix(o, v, x, base, a->w.n, depth))
				return true;
		}
		if (a->type == MORPH_SUFF && x->pos != POS_INF && a->worth >= 6 && body - a->w.n >= 3 &&
		    !memcmp(x->w.c + body - a->w.n, a->w.c, (size_t)a->w.n)) {
			uint32_t id = strtab_find(&v->stems, (struct str){ (const char *)x->w.c, (size_t)(body - a->w.n) });

			if (id != STRTAB_NONE && with_suffix(o, v, x, &v->l->x[v->stem_of[id]], body - a->w.n, body, depth))
				return true;
		}
	}
	*o = own;
	return true;
}
#endif
