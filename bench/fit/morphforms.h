/* morphforms.h - the cut of a lemma carried over to its other forms, by the paradigms of the
 * dictionary (for fit_morph and bench_morph).
 *
 *   in    a lemma with its cut (a person's), its paradigm (OpenCorpora)
 *   out   a form with a cut: ending and formative suffixes by its grammar, the rest by letters
 *
 * The form's tail is told by its tag: case endings; personal endings; л, вш, ущ, енн … before an
 * ending. What is left is laid beside the lemma's stem: morphemes that agree are kept, the one in
 * which they part takes the letters that differ (пис-а-ть, пиш-у; под-кор-к-а, под-кор-ок), what
 * comes after it in the lemma is dropped. Where that leaves no root, there is no cut.
 */
#ifndef LTM_BENCH_MORPHFORMS_H
#define LTM_BENCH_MORPHFORMS_H
#include <stdlib.h>
#include "words/dict/dict.h"
#include "words/morph/morphin.h"

struct example {		/* a word and its cut */
	struct mword w;
	uint8_t n, end[MORPHS_MAX], type[MORPHS_MAX];
	uint8_t pos;
};
struct lexeme {			/* a first form of the dictionary, in letters */
	struct mword w;
	uint32_t para;
	uint8_t stem, pos, name;
};
struct lexicon {
	const struct dict *d;
	struct lexeme *x;	/* by letters */
	size_t n, cap;
};

static inline uint8_t letter_of_byte(uint8_t b)
{
	return b >= 0xE0 ? (uint8_t)(b - 0xE0 + 1) : b == CYR_IO ? 6 : b == '-' ? LETTER_HYPHEN : 0;
}

static inline bool letters_of_bytes(struct mword *w, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (w->n == MWORD_MAX || !letter_of_byte(p[i]))
			return false;
		w->c[w->n++] = letter_of_byte(p[i]);
	}
	return true;
}

/* ---- all lemmas ----------------------------------------------------------------------------- */

static inline int lexeme_cmp(const void *a, const void *b)
{
	const struct lexeme *x = a, *y = b;
	int d = memcmp(x->w.c, y->w.c, (size_t)(x->w.n < y->w.n ? x->w.n : y->w.n));

	d = d ? d : x->w.n - y->w.n;
	return d ? d : x->para < y->para ? -1 : x->para > y->para;
}

struct paradigm { const uint16_t *v; uint32_t m; };
static inline struct paradigm para_of(const struct dict *d, uint32_t i)
{
	return (struct paradigm){ d->para + d->para_first[i], (d->para_first[i + 1] - d->para_first[i]) / 3 };
}

static inline void lexemes_at(struct lexicon *l, uint32_t node, const uint8_t *path, size_t n)
{
	uint8_t key[CELLS_MAX][DAWG_DEPTH];
	size_t m = dawg_below(&l->d->words, node, 4, key, CELLS_MAX);

	for (size_t i = 0; i < m; i++) {
		struct lexeme x = { .para = (uint32_t)(key[i][0] ^ 1) << 6 | key[i][1] >> 1 };
		uint32_t k = (uint32_t)(key[i][2] ^ 1) << 6 | key[i][3] >> 1;

		if (k || x.para >= l->d->n_para || !letters_of_bytes(&x.w, path, n) || x.w.n < 2)
			continue;
		struct paradigm p = para_of(l->d, x.para);
		const struct tag *t = &l->d->tag[p.v[p.m]];

		if (t->mark & (TAG_ABBR | TAG_INITIAL))
			continue;
		x.stem = (uint8_t)(n - (l->d->suffix.first[p.v[0] + 1] - l->d->suffix.first[p.v[0]]));
		x.pos = t->pos;
		x.name = t->g.name;
		VEC_PUSH(l->x, l->n, l->cap) = x;
	}
}

static inline void lexemes_below(struct lexicon *l, uint32_t node, uint8_t *path, size_t n)
{
	uint32_t end = dawg_step(&l->d->words, node, 1);

	if (end != DAWG_NONE)
		lexemes_at(l, end, path, n);
	for (int c = 2; c < 256 && n < MWORD_MAX; c++) {
		uint32_t j = dawg_step(&l->d->words, node, (uint8_t)c);

		path[n] = (uint8_t)c;
		if (j != DAWG_NONE)
			lexemes_below(l, j, path, n + 1);
	}
}

static inline void lexicon_of(struct lexicon *l, const struct dict *d)
{
	uint8_t path[MWORD_MAX + 1];

	*l = (struct lexicon){ .d = d };
	lexemes_below(l, DAWG_ROOT, path, 0);
	qsort(l->x, l->n, sizeof *l->x, lexeme_cmp);
}

/* The first lexeme of these letters that is no name, or NULL. */
static inline const struct lexeme *lexicon_find(const struct lexicon *l, const struct mword *w)
{
	struct lexeme key = { .w = *w, .para = 0 };
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (lexeme_cmp(&l->x[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < l->n && l->x[lo].w.n == w->n && !memcmp(l->x[lo].w.c, w->c, (size_t)w->n); lo++)
		if (!l->x[lo].name)
			return &l->x[lo];
	return NULL;
}

/* ---- tails ----------------------------------------------------------------------------------- */

struct tail {			/* what has been cut off the form's end, last first */
	const struct mword *f;
	int at;			/* the form's letters [0, at) are left */
	uint8_t n, len[8], type[8];
};

/* Cuts off the first string of the list (longest ones stand first) that leaves at least min. */
static inline bool tail_cut(struct tail *t, int type, const char *list, int min)
{
	struct str rest = str_of(list), s;

	while (str_cut(&rest, ' ', &s)) {
		struct mword x;

		if (!mword_of(&x, s) || t->at - x.n < min || t->n == 8 ||
		    memcmp(t->f->c + t->at - x.n, x.c, (size_t)x.n))
			continue;
		t->at -= x.n;
		t->len[t->n] = (uint8_t)x.n;
		t->type[t->n++] = (uint8_t)type;
		return true;
	}
	return false;
}

#define ENDS_ADJ "ыми ими ого его ому ему ый ий ой ая яя ое ее ые ие ым им ых их ую юю ом ем ей ою ею"
#define ENDS_NOUN "ами ями ьми ах ях ам ям ом ем ой ей ою ею ов ев а я о е у ю ы и"
#define ENDS_VERB "ешь ишь ете ите ем им ет ит ут ют ат ят у ю"

static inline bool tail_finite(struct tail *t, const struct tag *g)
{
	if (g->g.tense == 1) {
		bool vowel = tail_cut(t, MORPH_END, "а о и", 2);

		return tail_cut(t, MORPH_SUFF, "л", 1) || !vowel;
	}
	if (g->g.mood == 2) {
		if (g->g.number == 2)
			tail_cut(t, MORPH_POSTFIX, "те", 2);
		if (t->f->c[t->at - 1] == 13)		/* пойдём, пойдёмте */
			return tail_cut(t, MORPH_END, ENDS_VERB, 1);
		tail_cut(t, MORPH_SUFF, "и", 1);
		return true;
	}
	return tail_cut(t, MORPH_END, ENDS_VERB, 1);
}

static inline bool tail_participle(struct tail *t, const struct tag *g, const struct mword *stem, int n_stem)
{
	bool shrt = g->g.shortf, whole;

	if (!tail_cut(t, MORPH_END, shrt ? "а о ы е и" : ENDS_ADJ, 2) && !shrt)
		return false;
	if (g->g.voice != 2)
		return tail_cut(t, MORPH_SUFF, g->g.tense == 1 ? "вш ш" : "ущ ющ ащ ящ", 1);
	if (g->g.tense != 1)
		return tail_cut(t, MORPH_SUFF, "ем им ом", 1);
	/* сдела-нн-ый keeps the whole stem; расшир-енн-ый does not */
	whole = n_stem <= t->at && !memcmp(t->f->c, stem->c, (size_t)n_stem) &&
	        (stem->c[n_stem - 1] == 1 || stem->c[n_stem - 1] == 32);
	if (whole && tail_cut(t, MORPH_SUFF, shrt ? "н" : "нн", n_stem))
		return true;
	return tail_cut(t, MORPH_SUFF, shrt ? "ен н т" : "енн нн т", 1);
}

static inline int common(const struct mword *a, int from, int to, const struct mword *b, int nb)
{
	int i = 0;

	while (from + i < to && i < nb && a->c[from + i] == b->c[i])
		i++;
	return i;
}

static inline bool tail_noun(struct tail *t, const struct tag *g, bool adjective, bool ended,
                             int from, const struct mword *stem, int n_stem)
{
	if (adjective)
		return tail_cut(t, MORPH_END, ENDS_ADJ " а о е ы и", 2);
	if (g->g.gcase == CASE_INS && g->g.number == 1 && !ended && tail_cut(t, MORPH_END, "ью", 2))
		return true;
	tail_cut(t, MORPH_END, ENDS_NOUN, from + common(t->f, from, t->at, stem, n_stem));
	return true;
}

static inline bool tail_adjective(struct tail *t, const struct tag *g, const char *name)
{
	if (g->mark & TAG_COMP)
		return tail_cut(t, MORPH_SUFF, "ее ей ше е", 2);
	if (g->g.shortf) {
		tail_cut(t, MORPH_END, "а я о е ы и", 2);
		return true;
	}
	if (!tail_cut(t, MORPH_END, ENDS_ADJ " а я о е ы и у ю", 2))
		return false;
	if (strstr(name, "Supr"))
		tail_cut(t, MORPH_SUFF, "ейш айш ш", 1);
	return true;
}

/* ---- the rest --------------------------------------------------------------------------------- */

static inline bool add_morph(struct example *o, int end, int type)
{
	if (o->n == MORPHS_MAX || end <= (o->n ? o->end[o->n - 1] : 0))
		return false;
	o->end[o->n] = (uint8_t)end;
	o->type[o->n++] = (uint8_t)type;
	return true;
}

static inline bool sign(uint8_t c) { return c == 10 || c == 29; }	/* й ь */

/* Lays letters [from, to) of the form beside the first n_stem letters of the lemma, whose first
 * n_morph morphemes they are. */
static inline bool lay(struct example *o, int from, int to, const struct example *lemma, int n_stem,
                       int n_morph, bool soft)
{
	int same = common(&o->w, from, to, &lemma->w, n_stem), left = to - from - same, k = 0;
	bool root = false;

	for (; k < n_morph && lemma->end[k] <= same; k++) {
		root |= lemma->type[k] == MORPH_ROOT;
		if (!add_morph(o, from + lemma->end[k], lemma->type[k]))
			return false;
	}
	int begin = k ? lemma->end[k - 1] : 0;

	if (k < n_morph) {	/* they part inside morpheme k */
		int t = lemma->type[k];

		if (same == begin && !left)
			return root;
		if (same == begin && left == 1 && o->n && sign(o->w.c[to - 1])) {
			o->end[o->n - 1] = (uint8_t)to;		/* расшир-и-ть, расширь */
			return root;
		}
		if ((t != MORPH_ROOT && t != MORPH_SUFF) || (t == MORPH_ROOT && same == begin))
			return false;
		for (int i = k + 1; i < n_morph; i++)
			if (lemma->type[i] == MORPH_ROOT)
				return false;
		return add_morph(o, to, t) && (root || t == MORPH_ROOT);
	}
	if (left == 1 && soft && o->n && sign(o->w.c[to - 1]))
		o->end[o->n - 1] = (uint8_t)to;		/* станци-я, станций */
	else if (left)
		return root && add_morph(o, to, MORPH_SUFF);
	return root;
}

static inline bool ends_as(const struct mword *w, int from, int to, const char *list)
{
	struct str rest = str_of(list), s;
	struct mword x;

	while (str_cut(&rest, ' ', &s))
		if (mword_of(&x, s) && x.n == to - from && !memcmp(w->c + from, x.c, (size_t)x.n))
			return true;
	return false;
}

/* The k-th form of a lemma, cut. False: no such form, or it cannot be told from the lemma. */
static inline bool form_of(struct example *o, const struct lexicon *l, const struct lexeme *x,
                           const struct example *lemma, uint32_t k)
{
	struct paradigm p = para_of(l->d, x->para);
	const uint16_t *v = p.v;
	const struct tag *g = &l->d->tag[v[p.m + k]];
	struct prefix head = dict_prefix[v[2 * p.m + k]];
	const uint8_t *suf = l->d->suffix.byte + l->d->suffix.first[v[k]];
	const uint32_t *name = l->d->tag_name.first + v[p.m + k];
	char tag[128];
	int n_morph = lemma->n, n_stem, from = (int)head.n;
	bool ended = false, adjective = false, ok;

	*o = (struct example){ .pos = g->pos };
	if (!letters_of_bytes(&o->w, (const uint8_t *)head.p, head.n) || o->w.n + x->stem > MWORD_MAX)
		return false;
	memcpy(o->w.c + o->w.n, x->w.c, x->stem);
	o->w.n += x->stem;
	if (!letters_of_bytes(&o->w, suf, l->d->suffix.first[v[k] + 1] - l->d->suffix.first[v[k]]) ||
	    o->w.n < 2)
		return false;
	snprintf(tag, sizeof tag, "%.*s", (int)(name[1] - name[0]), l->d->tag_name.byte + name[0]);
	struct tail t = { .f = &o->w, .at = o->w.n };

	if (lemma->type[n_morph - 1] == MORPH_POSTFIX) {
		if (!tail_cut(&t, MORPH_POSTFIX, "ся сь", 2))
			return false;
		n_morph--;
	}
	n_stem = lemma->end[n_morph - 1];
	if (n_morph > 1) {
		int b = lemma->end[n_morph - 2];

		ended = lemma->type[n_morph - 1] == MORPH_END;
		adjective = ended && ends_as(&lemma->w, b, n_stem, "ый ий ой ая яя ое ее ые ие") && n_stem - b > 1;
		if (ended || (x->pos == POS_INF && ends_as(&lemma->w, b, n_stem, "ть ти чь"))) {
			n_morph--;
			n_stem = b;
		}
	}
	switch (g->pos) {
	case POS_NOUN: ok = tail_noun(&t, g, adjective, ended, from, &lemma->w, n_stem); break;
	case POS_ADJ: case POS_APRO: ok = tail_adjective(&t, g, tag); break;
	case POS_ADV: ok = (g->mark & TAG_COMP) && tail_adjective(&t, g, tag); break;
	case POS_VERB: ok = tail_finite(&t, g); break;
	case POS_PART: ok = tail_participle(&t, g, &lemma->w, n_stem); break;
	case POS_GER: ok = tail_cut(&t, MORPH_SUFF, "вши ши в учи ючи а я", 1); break;
	default: ok = false;
	}
	if (!ok || t.at <= from || (from && !add_morph(o, from, MORPH_PREF)) ||
	    !lay(o, from, t.at, lemma, n_stem, n_morph, g->pos != POS_ADJ))
		return false;
	for (int at = t.at, i = t.n - 1; i >= 0; i--)
		if (!add_morph(o, at += t.len[i], t.type[i]))
			return false;
	return o->end[o->n - 1] == o->w.n;
}

static inline uint32_t forms_count(const struct lexicon *l, const struct lexeme *x)
{
	return para_of(l->d, x->para).m;
}
#endif
