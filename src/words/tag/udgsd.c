/* udgsd.c - the convention of UD_Russian-GSD.
 *
 *   in    a word in its sentence, its features as UD_Russian-Taiga tells them
 *   out   part of speech, features and lemma as GSD tells them
 *
 * What differs is read off the statistics that GSD publishes of its features and parts of
 * speech (UD 2.16, pages ru_gsd-feat-* and ru_gsd-pos-*), not off sentences: animacy on all
 * participles and on the numbers that agree, a case on short participles, no voice of
 * auxiliaries, no passive of finite verbs, no superlatives of adjectives.
 */
#include "words/tag/udplace.h"

/* ---- parts of speech ------------------------------------------------------------------- */

/* как before a noun or its adjectives is a preposition in GSD. */
static bool before_noun(const struct place *p)
{
	const struct word *x = &p->w->w[p->i + 1 < p->to ? p->i + 1 : p->i];

	return x->upos == UPOS_NOUN || x->upos == UPOS_PROPN || x->upos == UPOS_ADJ ||
	       x->upos == UPOS_DET || x->upos == UPOS_NUM || UD_GET(x->ud, FORM) == UF_PART;
}

int gsd_upos(const struct place *p)
{
	const struct word *x = &p->w->w[p->i];
	struct str l = lemma_at(p);

	if (x->upos == UPOS_ADV && str_eq(l, S("также")))
		return p->i > p->from && p->w->w[p->i - 1].upos == UPOS_CCONJ ? UPOS_CCONJ : UPOS_PART;
	if (x->upos == UPOS_DET && str_eq(l, S("один")))
		return UPOS_NUM;
	if (x->upos == UPOS_SCONJ && str_eq(l, S("когда")))
		return UPOS_ADV;
	if (x->upos == UPOS_SCONJ && str_eq(l, S("как")) && before_noun(p))
		return UPOS_ADP;
	return x->pos == POS_LATIN && x->upos == UPOS_PROPN ? UPOS_X :
	       x->upos == UPOS_NOUN && (x->flags & WORD_PROPER) ? UPOS_PROPN : x->upos;
}

/* ---- features --------------------------------------------------------------------------- */

static const char *animacy_of(const struct word *x)
{
	return x->upos == UPOS_PRON ? "Anim" : x->g.anim == 1 ? "Anim" : "Inan";
}

static bool noun_like(const struct word *x)
{
	return x->upos == UPOS_NOUN || x->upos == UPOS_PROPN;
}

/* The noun after a run of adjectives, numbers and prepositions; NULL when there is none. */
static const struct word *noun_after(const struct place *p, unsigned want_case)
{
	for (size_t i = p->i + 1; i < p->to && i <= p->i + 5; i++) {
		const struct word *x = &p->w->w[i];

		if (noun_like(x) && (!want_case || UD_GET(x->ud, CASE) == want_case))
			return x;
		if (x->upos == UPOS_PUNCT || UD_GET(x->ud, FORM) == UF_FIN)
			return NULL;
	}
	return NULL;
}

static const struct word *noun_before(const struct place *p, uint32_t like)
{
	for (size_t i = p->i; i-- > p->from;) {
		const struct word *x = &p->w->w[i];
		bool he = x->upos == UPOS_PRON && UD_GET(x->ud, PERSON);

		if (!noun_like(x) && !he)
			continue;
		if (UD_GET(like, NUMBER) && UD_GET(x->ud, NUMBER) &&
		    UD_GET(x->ud, NUMBER) != UD_GET(like, NUMBER))
			continue;
		if (UD_GET(like, GENDER) && UD_GET(x->ud, GENDER) &&
		    UD_GET(x->ud, GENDER) != UD_GET(like, GENDER))
			continue;
		if (!UD_GET(like, CASE) && UD_GET(x->ud, CASE) != UC_NOM)
			continue;
		return x;
	}
	return NULL;
}

/* Participles tell the animacy of what they are said of; the short ones a case too. */
static void participle_as_gsd(struct feats *f, const struct place *p)
{
	uint32_t t = p->w->w[p->i].ud;
	bool brief = UD_GET(t, SHORT);
	const struct word *x = brief ? noun_before(p, t) : noun_after(p, UD_GET(t, CASE));

	if (!x)
		x = brief ? noun_after(p, UC_NOM) : noun_before(p, t);
	f->v[F_ANIMACY] = x ? animacy_of(x) : "Inan";
	if (brief)
		f->v[F_CASE] = "Nom";
}

/* один to четыре, несколько and 1 to 4 agree with what is counted, the others do not. */
static void number_as_gsd(struct feats *f, const struct place *p)
{
	static const char *const few[] = { "один", "два", "три", "четыре", "несколько", "оба",
		"полтора", "много", "сколько", NULL };
	struct str form = form_of(p, p->i);
	bool digit = form.n == 1 && form.p[0] >= '1' && form.p[0] <= '4';
	const struct word *x = noun_after(p, 0);

	f->v[F_ANIMACY] = NULL;
	if (!digit && !one_of(lemma_at(p), few))
		return;
	f->v[F_ANIMACY] = x ? animacy_of(x) : "Inan";
	if (digit && form.p[0] <= '2') {
		unsigned g = x ? UD_GET(x->ud, GENDER) : 0;

		f->v[F_GENDER] = g == UG_FEM ? "Fem" : g == UG_NEUT && form.p[0] == '1' ? "Neut" : "Masc";
		if (form.p[0] == '1')
			f->v[F_NUMBER] = "Sing";
	}
}

static void animacy_of_antecedent(struct feats *f, const struct place *p)
{
	for (size_t i = p->i; i-- > p->from;) {
		const struct word *x = &p->w->w[i];

		if (!noun_like(x))
			continue;
		f->v[F_ANIMACY] = x->g.anim == 1 ? "Anim" : x->g.anim == 2 ? "Inan" : NULL;
		return;
	}
}

static void verb_as_gsd(struct feats *f, int upos, const struct place *p)
{
	if (upos == UPOS_AUX)
		f->v[F_VOICE] = NULL;
	else if (UD_GET(p->w->w[p->i].ud, FORM) == UF_PART)
		participle_as_gsd(f, p);
	else if (f->v[F_VOICE] && !strcmp(f->v[F_VOICE], "Pass"))
		f->v[F_VOICE] = "Mid";
}

/* GSD: an initial stands in the case of the name beside it. */
static void initial_as_gsd(struct feats *f, const struct place *p)
{
	for (size_t k = 1; k <= 4; k++)
		for (int side = 0; side < 2; side++) {
			size_t i = side ? p->i - k : p->i + k;
			const struct word *x = &p->w->w[i];

			if (i < p->from || i >= p->to || x->upos != UPOS_PROPN || (x->ud_more & UDM_ABBR))
				continue;
			ud_inflection(f, x->ud);
			return;
		}
}

/* UD_Russian-GSD marks fewer features than the others, and animacy on more words; which, is
 * read off the statistics that its feature pages publish (docs/words.md). */
void gsd_feats(struct feats *f, int upos, const struct place *p)
{
	static const char *const asking[] = { "где", "как", "когда", "куда", "откуда", NULL };
	bool digit = p->w->w[p->i].pos == POS_DIGIT;

	if (upos == UPOS_PROPN && (p->w->w[p->i].ud_more & UDM_ABBR) &&
	    p->w->w[p->i].g.name == WNAME_GIVEN)
		initial_as_gsd(f, p);
	f->v[F_PRONTYPE] = f->v[F_POSS] = f->v[F_NUMFORM] = f->v[F_NAMETYPE] = f->v[F_INFL] = NULL;
	if (upos != UPOS_PRON)
		f->v[F_REFLEX] = NULL;
	if (upos != UPOS_PART)
		f->v[F_POLARITY] = NULL;
	f->v[F_NUMTYPE] = upos == UPOS_NUM ? "Card" : NULL;
	if (f->v[F_MOOD] && !strcmp(f->v[F_MOOD], "Cnd"))
		f->v[F_MOOD] = NULL;
	if (upos == UPOS_ADJ && (!f->v[F_DEGREE] || !strcmp(f->v[F_DEGREE], "Sup")))
		f->v[F_DEGREE] = "Pos";
	if (upos == UPOS_ADJ && digit && !all_digits(form_of(p, p->i)) && has_digit(form_of(p, p->i)))
		f->v[F_DEGREE] = NULL;
	if (upos == UPOS_ADV && one_of(lemma_at(p), asking))
		f->v[F_DEGREE] = NULL;
	if (upos == UPOS_ADJ && ud_day_of_month(p)) {
		f->v[F_GENDER] = "Neut";
		f->v[F_NUMBER] = "Sing";
		f->v[F_ANIMACY] = NULL;
		if (!f->v[F_CASE] || p->w->w[p->i].upos == UPOS_NUM)
			f->v[F_CASE] = "Gen";
	}
	if (upos == UPOS_VERB || upos == UPOS_AUX)
		verb_as_gsd(f, upos, p);
	if (upos == UPOS_NUM)
		number_as_gsd(f, p);
	if (str_eq(lemma_at(p), S("который")))
		animacy_of_antecedent(f, p);
}

/* ---- lemmas ----------------------------------------------------------------------------- */

/* GSD: degrees of "much" and "little" belong to them. */
static const char *much_of(struct str s)
{
	return str_eq(s, S("больше")) || str_eq(s, S("побольше")) ? "много" :
	       str_eq(s, S("меньше")) || str_eq(s, S("менее")) ? "мало" : NULL;
}

void gsd_degree(struct buf *b)
{
	const char *of = much_of(buf_view(b));

	if (of) {
		b->n = 0;
		buf_str(b, str_of(of));
	}
}

bool gsd_lemma(struct buf *b, const struct word *x, struct str lemma, struct str form)
{
	if (form.n == 1 && form.p[0] == '%') {
		buf_str(b, S("процент-знак"));
	} else if (x->upos == UPOS_ADV && much_of(lemma)) {
		buf_str(b, str_of(much_of(lemma)));
	} else if (UD_GET(x->ud, VOICE) == UV_PASS && UD_GET(x->ud, FORM) != UF_PART) {
		buf_str(b, lemma);
		buf_str(b, S("ся"));
	} else {
		return false;
	}
	return true;
}
