/* borders.c - the evidence for a scene's end at every border of sentences.
 *
 *   in    a chapter's sentences and words
 *   out   for every border its features; border_logit weighs them (scene_weight.tsv, "cut")
 *
 * Lexical cohesion is the cosine of the content lemmas of REACH words to the left and to the right,
 * kept up by sliding both windows; its depth is TextTiling's [Hearst 1997]: how far it falls below
 * the higher cohesion on both sides. Beside it: cues of time, place and motion, names that come and
 * go, speech that begins or ends, section marks, blank lines.
 */
#include <math.h>

#include "scenes/parts.h"

enum {
	BF_BIAS, BF_PARA, BF_DEPTH, BF_COHESION, BF_TIME, BF_TURN, BF_MOVE, BF_NEW, BF_GONE, BF_PLACE,
	BF_TALK, BF_TALK_END, BF_TALK_BEGIN, BF_GAP, BF_LONG_BEFORE, BF_LONG_AFTER, BF_MARK, BF_PRONOUN,
	BF_NAME, BF_MARKED,
};
_Static_assert(BF_MARKED + 1 == CUT_FEATURES, "features and their names agree");
static const char *const names[CUT_FEATURES] = {
	"bias", "para", "depth", "cohesion", "time", "turn", "move", "new", "gone", "place",
	"talk", "talk_end", "talk_begin", "gap", "long_before", "long_after", "mark", "pronoun",
	"name", "marked",
};
enum { REACH = 70, HEAD = 14, NAMES_REACH = 60 };

const char *cut_feature_name(int i)
{
	return names[i];
}

float border_logit(const struct border *v, const float *weight)
{
	double z = 0;

	for (int i = 0; i < CUT_FEATURES; i++)
		z += (double)v->x[i] * weight[i];
	return (float)z;
}

/* ---- two windows over the content lemmas --------------------------------------------- */
struct slide {
	const struct words *w;
	uint32_t *content;		/* [n] words that count, by index */
	size_t n;
	uint16_t *left, *right;		/* [n_lemma] counts in the windows */
	float *idf2;			/* [n_lemma] squared weight of a lemma */
	double dot, ll, rr;
};

static float rare(const struct lemma *l)
{
	float v = 1 / (1 + logf((float)(l->count ? l->count : 1)));

	return v * v * (l->flags & WORD_PROPER ? 2 : 1);
}

/* Adds d (1 or -1) of lemma k to a window of counts x whose square sum is xx; y is the other. */
static void put(struct slide *s, uint16_t *x, const uint16_t *y, double *xx, uint32_t k, int d)
{
	double v = s->idf2[k];

	s->dot += v * d * y[k];
	*xx += v * (2.0 * d * x[k] + 1);
	x[k] = (uint16_t)(x[k] + d);
}

static double cohesion(const struct slide *s)
{
	double m = s->ll * s->rr;

	return m > 1e-12 ? s->dot / sqrt(m) : 0;
}

static void slide_init(struct slide *s, const struct words *w, size_t from, size_t to,
                       struct arena *scratch)
{
	s->w = w;
	s->content = TAKE(scratch, uint32_t, to - from + 1);
	s->left = TAKE(scratch, uint16_t, w->n_lemma + 1);
	s->right = TAKE(scratch, uint16_t, w->n_lemma + 1);
	s->idf2 = TAKE(scratch, float, w->n_lemma + 1);
	for (size_t i = from; i < to; i++)
		if (pos_is_content(w->w[i].pos)) {
			uint32_t k = w->w[i].lemma;

			s->content[s->n++] = (uint32_t)i;
			if (s->idf2[k] == 0)
				s->idf2[k] = rare(&w->lemma[k]);
		}
	for (size_t i = 0; i < s->n && i < REACH; i++)
		put(s, s->right, s->left, &s->rr, w->w[s->content[i]].lemma, 1);
}

/* Moves the border over the content word at index i. */
static void slide_step(struct slide *s, size_t i)
{
	uint32_t k = s->w->w[s->content[i]].lemma;

	put(s, s->right, s->left, &s->rr, k, -1);
	if (i + REACH < s->n)
		put(s, s->right, s->left, &s->rr, s->w->w[s->content[i + REACH]].lemma, 1);
	put(s, s->left, s->right, &s->ll, k, 1);
	if (i >= REACH)
		put(s, s->left, s->right, &s->ll, s->w->w[s->content[i - REACH]].lemma, -1);
}

static void cohesions(struct border *v, size_t n, const struct words *w, size_t from, size_t to,
                      struct arena *scratch)
{
	struct slide s = { 0 };
	size_t at = 0;

	slide_init(&s, w, from, to, scratch);
	for (size_t k = 0; k < n; k++) {
		size_t word = w->sent[v[k].sent];

		for (; at < s.n && s.content[at] < word; at++)
			slide_step(&s, at);
		v[k].x[BF_COHESION] = (float)cohesion(&s);
	}
	/* depth: peaks are looked for among the next few borders on each side */
	for (size_t k = 0; k < n; k++) {
		float c = v[k].x[BF_COHESION], l = c, r = c;

		for (size_t d = 1; d <= 6; d++) {
			if (k >= d && v[k - d].x[BF_COHESION] > l)
				l = v[k - d].x[BF_COHESION];
			if (k + d < n && v[k + d].x[BF_COHESION] > r)
				r = v[k + d].x[BF_COHESION];
		}
		v[k].x[BF_DEPTH] = l + r - 2 * c;
	}
}

/* ---- what the words around a border say ---------------------------------------------- */
static bool actor_like(const struct words *w, size_t i)
{
	return w->w[i].pos == POS_NOUN && (w->w[i].flags & WORD_PROPER || w->w[i].g.anim == 1);
}

static bool occurs(const struct words *w, uint32_t lemma, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (w->w[i].lemma == lemma)
			return true;
	return false;
}

/* Share of the persons of [a, b) that [c, d) does not name. */
static float strangers(const struct words *w, size_t a, size_t b, size_t c, size_t d)
{
	int n = 0, new = 0;

	for (size_t i = a; i < b; i++) {
		if (!actor_like(w, i))
			continue;
		n++;
		new += !occurs(w, w->w[i].lemma, c, d);
	}
	return n ? (float)new / (float)(n + 1) : 0;
}

static uint64_t form_key(const struct book *b, const struct word *w)
{
	char low[128];
	struct str s = { b->text.p + w->off, w->len };
	size_t n = 0;

	for (const char *p = s.p; p < s.p + s.n && n + 4 < sizeof low;)
		n += (size_t)utf8_put(low + n, rune_lower(utf8_next(&p, s.p + s.n)));
	return lex_key((struct str){ low, n });
}

static void head_cues(struct border *v, const struct book *b, const struct words *w, size_t at,
                      size_t to)
{
	uint64_t form[4];
	size_t n = 0, word = 0;

	for (size_t i = at; i < to && word < HEAD; i++) {
		if (w->w[i].pos == POS_PUNCT)
			continue;
		if (n < 4)
			form[n++] = form_key(b, &w->w[i]);
		if (word++ == 0) {
			v->x[BF_PRONOUN] = w->w[i].pos == POS_PRON;
			v->x[BF_NAME] = (w->w[i].flags & WORD_PROPER) != 0;
		}
		const struct lex *x = lex_find(lex_key(w->lemma[w->w[i].lemma].s));
		if (!x)
			continue;
		if (x->flags & LEX_MOVE)
			v->x[BF_MOVE] = 1;
		if (x->flags & LEX_PLACE && w->w[i].pos == POS_NOUN)
			v->x[BF_PLACE] = 1;
	}
	int cue = cut_cue(form, n);
	v->x[BF_TIME] = cue >= 10;
	v->x[BF_TURN] = cue > 0 && cue < 10;
}

static bool talks(const struct book *b, uint32_t para)
{
	struct str s = { b->text.p + b->para[para].off, b->para[para].len };

	return str_starts(s, S("—")) || str_starts(s, S("–")) || str_starts(s, S("- "));
}

static float long_para(const struct book *b, uint32_t para)
{
	return logf(1 + (float)b->para[para].len / 400);
}

static void para_features(struct border *v, const struct book *b)
{
	uint32_t p = b->sent[v->sent - 1].para, q = b->sent[v->sent].para;
	bool before = talks(b, p), after = talks(b, q);
	const struct sent *s = &b->sent[v->sent - 1];
	struct str end = { b->text.p + s->off, s->len };

	v->para = p != q;
	v->x[BF_PARA] = v->para;
	v->x[BF_MARK] = str_ends(end, S("?")) || str_ends(end, S("!")) || str_ends(end, S("…"));
	if (!v->para)
		return;
	v->x[BF_TALK] = before && after;
	v->x[BF_TALK_END] = before && !after;
	v->x[BF_TALK_BEGIN] = !before && after;
	v->x[BF_LONG_BEFORE] = long_para(b, p);
	v->x[BF_LONG_AFTER] = long_para(b, q);
	for (uint32_t k = p + 1; k < q; k++)
		v->force |= b->para[k].kind == PARA_BREAK;
	v->x[BF_MARKED] = v->force || b->para[q].kind == PARA_TITLE;
}

/* A blank line says something only where not every paragraph has one. */
static void gaps(struct border *v, size_t n, const struct book *b)
{
	size_t gap = 0, paras = 0;

	for (size_t k = 0; k < n; k++) {
		paras += v[k].para;
		gap += v[k].para && b->para[b->sent[v[k].sent].para].gap;
	}
	if (2 * gap >= paras)
		return;
	for (size_t k = 0; k < n; k++)
		v[k].x[BF_GAP] = v[k].para && b->para[b->sent[v[k].sent].para].gap;
}

size_t borders_of(struct border **out, const struct book *b, const struct words *w, uint32_t sent,
                  uint32_t n_sent, struct arena *scratch)
{
	size_t n = n_sent ? n_sent - 1 : 0, from = w->sent[sent], to = w->sent[sent + n_sent];
	struct border *v = TAKE(scratch, struct border, n + 1);

	for (size_t k = 0; k < n; k++) {
		struct border *o = &v[k];

		o->sent = sent + (uint32_t)k + 1;
		o->x[BF_BIAS] = 1;
		para_features(o, b);
		if (!o->para)
			continue;
		size_t at = w->sent[o->sent], lo = at > from + NAMES_REACH ? at - NAMES_REACH : from;
		size_t hi = at + NAMES_REACH < to ? at + NAMES_REACH : to;

		head_cues(o, b, w, at, to);
		o->x[BF_NEW] = strangers(w, at, hi, lo, at);
		o->x[BF_GONE] = strangers(w, lo, at, at, hi);
	}
	gaps(v, n, b);
	cohesions(v, n, w, from, to, scratch);
	*out = v;
	return n;
}
