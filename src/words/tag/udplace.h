/* udplace.h - a word in its sentence and the features written of it (inner header of ud).
 *
 * ud.c writes what UD_Russian-Taiga and -Poetry tell; udgsd.c turns that into the convention
 * of UD_Russian-GSD.
 */
#ifndef LTM_WORDS_UDPLACE_H
#define LTM_WORDS_UDPLACE_H

#include "words/tag/choose.h"
#include "words/tag/ud.h"

struct place {
	const struct words *w;
	size_t i, from, to;	/* the word and its sentence */
	struct str text;
	enum ud_style style;
};

static inline struct str form_of(const struct place *p, size_t i)
{
	return (struct str){ p->text.p + p->w->w[i].off, p->w->w[i].len };
}

static inline struct str lemma_at(const struct place *p)
{
	return p->w->lemma[p->w->w[p->i].lemma].s;
}

static inline bool has_digit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return false;
}

static inline bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789.,:", s.p[i]))
			return false;
	return s.n > 0;
}

static inline bool one_of(struct str s, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(s, str_of(*list)))
			return true;
	return false;
}

/* In UD's order; the value of each, or none. */
enum feat {
	F_ABBR, F_ANIMACY, F_ASPECT, F_CASE, F_DEGREE, F_EXTPOS, F_FOREIGN, F_GENDER, F_INFL,
	F_MOOD, F_NAMETYPE, F_NUMBER, F_NUMFORM, F_NUMTYPE, F_PERSON, F_POLARITY, F_POSS,
	F_PRONTYPE, F_REFLEX, F_TENSE, F_VARIANT, F_VERBFORM, F_VOICE, F_N,
};
struct feats { const char *v[F_N]; char room[64]; };

/* того, тому, тем, том standing for a noun are forms of то. */
static inline bool of_that(int upos, uint32_t tag, struct str lemma)
{
	return upos == UPOS_PRON && str_eq(lemma, S("тот")) && UD_GET(tag, NUMBER) == UN_SING &&
	       UD_GET(tag, GENDER) != UG_FEM && UD_GET(tag, CASE) > UC_NOM &&
	       UD_GET(tag, ANIM) != UA_ANIM;
}

/* Sets what a tag tells of inflection, and clears what it does not. */
void ud_inflection(struct feats *f, uint32_t tag);
/* 10 января: is the word the day? */
bool ud_day_of_month(const struct place *p);

/* ---- udgsd.c ---------------------------------------------------------------------------- */
int gsd_upos(const struct place *p);
void gsd_feats(struct feats *f, int upos, const struct place *p);
/* GSD's own lemma of word x, or none. */
bool gsd_lemma(struct buf *b, const struct word *x, struct str lemma, struct str form);

/* больше is of много there. */
void gsd_degree(struct buf *b);

#endif
