/* morph.c - a word form into morphemes: the door of the room's two ways of cutting.
 *
 *   in    a form in UTF-8, any case, ё or е, old or new spelling, stress marks allowed
 *   out   spans of its bytes: prefixes, roots, suffixes, ending …
 *
 * Bytes become letters (numbers 1..33), the learnt model (data/ru/morph_model.bin) or, where the
 * program was built without it, the table of affixes cuts the letters, and the cuts become bytes
 * again. Of the hint the model hears the part of speech; a verb in -ть also tells its past tense,
 * so that стали of стать is not cut as стали of сталь.
 *
 * Invariants: spans follow one another, cover the form and begin on letters; what is not a
 * Russian word is one ROOT; the same form gives the same cut on every machine and thread.
 */
#include <pthread.h>
#include "base/data.h"
#include "words/morph/morphnet.h"

const char *morph_type_name(int type)
{
	static const char *const name[] = { "", "PREF", "ROOT", "SUFF", "END", "LINK", "HYPH", "POSTFIX" };

	return type > 0 && type <= MORPH_POSTFIX ? name[type] : "";
}

/* ---- letters ----------------------------------------------------------------------------- */

uint8_t letter_of(uint32_t r)
{
	r = rune_lower(r);
	if (r >= 0x430 && r <= 0x44F)
		return (uint8_t)(r - 0x430 + 1);
	switch (r) {
	case 0x451: return 6;			/* ё is е */
	case 0x463: return 6;			/* ѣ */
	case 0x456: case 0x475: return 9;	/* і ѵ */
	case 0x473: return 21;			/* ѳ */
	case '-': case 0x2010: case 0x2011: return LETTER_HYPHEN;
	default: return 0;
	}
}

static bool is_stress(uint32_t r)
{
	return r == 0x300 || r == 0x301;
}

bool mword_of(struct mword *w, struct str form)
{
	const char *p = form.p, *end = form.p + form.n;
	enum { HARD = 27 };

	w->n = 0;
	while (p < end) {
		const char *from = p;
		uint32_t r = utf8_next(&p, end);
		uint8_t c = letter_of(r);

		if (is_stress(r) && w->n)
			continue;
		if (!c || w->n == MWORD_MAX)
			return false;
		if (c == LETTER_HYPHEN && (!w->n || p == end || w->c[w->n - 1] == LETTER_HYPHEN))
			return false;
		w->at[w->n] = (uint16_t)(from - form.p);
		w->c[w->n++] = c;
	}
	if (w->n > 1 && w->c[w->n - 1] == HARD)	/* рабъ: silent, belongs to the letter before */
		w->n--;
	w->at[w->n] = (uint16_t)form.n;
	return w->n > 0 && w->c[w->n - 1] != LETTER_HYPHEN;
}

/* ---- the model ----------------------------------------------------------------------------- */

static const char model_name[] = "morph_model.bin";
static struct morph_net net;
static bool has_net;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_model(void)
{
	struct err e = { 0 };

	if (!data_has(model_name))
		return;
	if (morph_net_open(&net, data_find(model_name), &e)) {
		fprintf(stderr, "ltm: %s\n", e.msg);
		must(!"the build carries a model of morphemes that it cannot read");
	}
	has_net = true;
}

bool morph_has_model(void)
{
	pthread_once(&once, open_model);
	return has_net;
}

/* ---- the hint ------------------------------------------------------------------------------ */

enum { LETTER_L = 12, LETTER_S = 18, LETTER_T = 19, LETTER_SOFT = 29, LETTER_YA = 32 };

static int before_sya(const struct mword *w)	/* letters without -ся, -сь */
{
	int n = w->n;

	return n > 3 && w->c[n - 2] == LETTER_S && (w->c[n - 1] == LETTER_YA || w->c[n - 1] == LETTER_SOFT) ?
	       n - 2 : n;
}

/* ста-ть, ста-л-и: the past of a verb in -ть is its stem and л, whatever else looks so. */
static bool sure_past(struct sure *out, const struct mword *w, const struct morph_hint *hint)
{
	struct mword lemma;
	int stem, n = before_sya(w);

	if (!hint || hint->pos != POS_VERB || !mword_of(&lemma, hint->lemma))
		return false;
	stem = before_sya(&lemma) - 2;
	if (stem < 1 || lemma.c[stem] != LETTER_T || lemma.c[stem + 1] != LETTER_SOFT ||
	    n < stem + 1 || n > stem + 2 || memcmp(w->c, lemma.c, (size_t)stem) || w->c[stem] != LETTER_L)
		return false;
	*out = (struct sure){ 1, { (uint8_t)stem }, { MORPH_SUFF } };
	if (n == stem + 2) {
		out->at[out->n] = (uint8_t)(stem + 1);
		out->type[out->n++] = MORPH_END;
	}
	return true;
}

/* A word without a root is one ("и", "над"), and so is a short word that never changes ("если"). */
static bool is_one_root(const struct mspan *s, int n, const struct morph_hint *hint)
{
	enum { SHORT = 4 };
	bool root = false;

	for (int i = 0; i < n; i++)
		root |= s[i].type == MORPH_ROOT;
	return !root || (hint && s[n - 1].to <= SHORT &&
	                 (hint->pos == POS_PREP || hint->pos == POS_CONJ || hint->pos == POS_PRCL));
}

/* ---- the door ----------------------------------------------------------------------------- */

int morph_cut(struct str form, const struct morph_hint *hint, struct morph out[MORPHS_MAX])
{
	struct mspan s[MORPHS_MAX];
	struct sure sure;
	struct mword w;
	int n;

	if (form.n > UINT16_MAX)
		form.n = UINT16_MAX;
	if (!mword_of(&w, form)) {
		out[0] = (struct morph){ 0, (uint16_t)form.n, MORPH_ROOT };
		return 1;
	}
	if (morph_has_model())
		n = morph_net_cut(&net, &w, hint ? hint->pos : 0, sure_past(&sure, &w, hint) ? &sure : NULL, s);
	else
		n = morph_by_rules(&w, s);
	if (is_one_root(s, n, hint)) {
		out[0] = (struct morph){ 0, w.at[s[n - 1].to], MORPH_ROOT };
		return 1;
	}
	for (int i = 0; i < n; i++)
		out[i] = (struct morph){ w.at[s[i].from], (uint16_t)(w.at[s[i].to] - w.at[s[i].from]),
		                         s[i].type };
	return n;
}
