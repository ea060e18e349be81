/* udtag.c - from the dictionary's readings to tags of Universal Dependencies.
 *
 *   in    a reading (our grammar, part of speech, marks) or UD's own words
 *   out   packed tags of udtag.h
 *
 * The dictionary and UD disagree on what a class is: one noun reading may be NOUN or PROPN,
 * a conjunction CCONJ or SCONJ, быть VERB or AUX, a comparative ADJ or ADV. Every tag that
 * may be meant is given; the tagger chooses. The inner tags follow UD_Russian-Taiga 2.6, on
 * which the weights were fitted; ud.c turns them into the convention of a style.
 */
#include "words/dict/gramtag.h"
#include "words/tag/udtag.h"
#include "words/tag/choose.h"

static const char *const upos_names[] = {
	"X", "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON",
	"PROPN", "PUNCT", "SCONJ", "SYM", "VERB",
};
enum { N_UPOS = sizeof upos_names / sizeof *upos_names };

const char *upos_name(int upos)
{
	return upos >= 0 && upos < N_UPOS ? upos_names[upos] : "X";
}

int upos_find(struct str name)
{
	for (int i = 0; i < N_UPOS; i++)
		if (str_eq(name, str_of(upos_names[i])))
			return i;
	return str_eq(name, S("CONJ")) ? UPOS_CCONJ : -1;
}

static const struct value {
	const char *row;	/* "Name=Value" */
	uint32_t bits;
} values[] = {
	{ "Case=Nom", UD_IS(CASE, UC_NOM) }, { "Case=Gen", UD_IS(CASE, UC_GEN) },
	{ "Case=Dat", UD_IS(CASE, UC_DAT) }, { "Case=Acc", UD_IS(CASE, UC_ACC) },
	{ "Case=Ins", UD_IS(CASE, UC_INS) }, { "Case=Loc", UD_IS(CASE, UC_LOC) },
	{ "Case=Par", UD_IS(CASE, UC_PAR) }, { "Case=Voc", UD_IS(CASE, UC_VOC) },
	{ "Number=Sing", UD_IS(NUMBER, UN_SING) }, { "Number=Plur", UD_IS(NUMBER, UN_PLUR) },
	{ "Number=Ptan", UD_IS(NUMBER, UN_PLUR) },
	{ "Gender=Masc", UD_IS(GENDER, UG_MASC) }, { "Gender=Fem", UD_IS(GENDER, UG_FEM) },
	{ "Gender=Neut", UD_IS(GENDER, UG_NEUT) },
	{ "Animacy=Anim", UD_IS(ANIM, UA_ANIM) }, { "Animacy=Inan", UD_IS(ANIM, UA_INAN) },
	{ "Tense=Past", UD_IS(TENSE, UT_PAST) }, { "Tense=Pres", UD_IS(TENSE, UT_PRES) },
	{ "Tense=Fut", UD_IS(TENSE, UT_FUT) },
	{ "Person=1", UD_IS(PERSON, 1) }, { "Person=2", UD_IS(PERSON, 2) },
	{ "Person=3", UD_IS(PERSON, 3) },
	{ "Mood=Ind", UD_IS(MOOD, UM_IND) }, { "Mood=Imp", UD_IS(MOOD, UM_IMP) },
	{ "Mood=Cnd", UD_IS(MOOD, UM_CND) },
	{ "Aspect=Perf", UD_IS(ASPECT, US_PERF) }, { "Aspect=Imp", UD_IS(ASPECT, US_IMP) },
	{ "Voice=Act", UD_IS(VOICE, UV_ACT) }, { "Voice=Pass", UD_IS(VOICE, UV_PASS) },
	{ "Voice=Mid", UD_IS(VOICE, UV_MID) },
	{ "VerbForm=Fin", UD_IS(FORM, UF_FIN) }, { "VerbForm=Inf", UD_IS(FORM, UF_INF) },
	{ "VerbForm=Part", UD_IS(FORM, UF_PART) }, { "VerbForm=PartRes", UD_IS(FORM, UF_PART) },
	{ "VerbForm=Conv", UD_IS(FORM, UF_CONV) },
	{ "Degree=Pos", UD_IS(DEGREE, UD_POS_DEG) }, { "Degree=Cmp", UD_IS(DEGREE, UD_CMP_DEG) },
	{ "Degree=Sup", UD_IS(DEGREE, UD_SUP_DEG) },
	{ "Variant=Short", UD_IS(SHORT, 1) }, { "Polarity=Neg", UD_IS(NEG, 1) },
};

uint32_t ud_parse(struct str upos, struct str feats)
{
	int pos = upos_find(upos);
	uint32_t t = UD_IS(POS, pos < 0 ? UPOS_X : pos);
	struct str one;

	while (str_cut(&feats, '|', &one))
		for (size_t i = 0; i < sizeof values / sizeof *values; i++)
			if (str_eq(one, str_of(values[i].row)))
				t |= values[i].bits;
	return t;
}

uint8_t ud_more_of(struct str feats)
{
	struct str one;
	uint8_t m = 0;

	while (str_cut(&feats, '|', &one))
		m |= str_eq(one, S("Foreign=Yes")) ? UDM_FOREIGN :
		     str_eq(one, S("Abbr=Yes")) ? UDM_ABBR : 0;
	return m;
}

/* ---- from our grammar ---------------------------------------------------------------- */

static uint32_t common(struct gram g)
{
	static const uint8_t cases[16] = {
		0, UC_NOM, UC_GEN, UC_DAT, UC_ACC, UC_INS, UC_LOC, UC_VOC, UC_PAR, UC_LOC, UC_ACC,
	};
	uint32_t t = UD_IS(CASE, cases[g.gcase]) | UD_IS(NUMBER, g.number);

	return g.gender < 4 ? t | UD_IS(GENDER, g.gender) : t;
}

/* Adjectives and their like tell animacy in the accusative of masculine and plural only,
 * and gender in the singular only. */
static uint32_t adjectival(struct gram g)
{
	uint32_t t = common(g);

	if (g.number == 2)
		t &= ~UD_MASK(GENDER);
	if (g.gcase == CASE_ACC && (g.number == 2 || g.gender == 1))
		t |= UD_IS(ANIM, g.anim);
	return g.shortf ? (t & ~UD_MASK(CASE)) | UD_IS(SHORT, 1) : t;
}

static bool ends(const uint8_t *p, size_t n, const char *tail)
{
	size_t k = strlen(tail);

	return n >= k && !memcmp(p + n - k, tail, k);
}

static bool starts(const uint8_t *p, size_t n, const char *head)
{
	size_t k = strlen(head);

	return n >= k && !memcmp(p, head, k);
}

static bool holds(const uint8_t *p, size_t n, const char *s)
{
	for (size_t i = 0; i + strlen(s) <= n; i++)
		if (!memcmp(p + i, s, strlen(s)))
			return true;
	return false;
}

static bool reflexive(const uint8_t *p, size_t n)	/* -ся -сь */
{
	return ends(p, n, "\xF1\xFF") || ends(p, n, "\xF1\xFC");
}

struct look {			/* one reading, as the makers below see it */
	struct gram g;
	unsigned mark;
	const uint8_t *form, *lemma;
	size_t n_form, n_lemma;
};

static int noun(uint32_t *out, const struct look *x)
{
	uint32_t t = common(x->g) | UD_IS(ANIM, x->g.anim);
	int n = 0;

	if (x->g.gender == 4 && x->g.number == 2 && x->g.anim == 2) {	/* США, ножницы: none */
		out[n++] = t | UD_IS(POS, x->g.name ? UPOS_PROPN : UPOS_NOUN);
		return n;
	}
	if (x->g.gender == 4) {		/* сирота: either */
		for (unsigned g = UG_MASC; g <= UG_FEM; g++) {
			if (!x->g.name)
				out[n++] = UD_PUT(t, GENDER, g) | UD_IS(POS, UPOS_NOUN);
			out[n++] = UD_PUT(t, GENDER, g) | UD_IS(POS, UPOS_PROPN);
		}
		return n;
	}
	if (!x->g.name)
		out[n++] = t | UD_IS(POS, UPOS_NOUN);
	out[n++] = t | UD_IS(POS, UPOS_PROPN);
	if (x->g.gcase == CASE_GEN2)	/* чаю: Par or plain Gen */
		out[n++] = UD_PUT(t, CASE, UC_GEN) | UD_IS(POS, UPOS_NOUN);
	return n;
}

static int adjective(uint32_t *out, const struct look *x)
{
	static const char *const best[] = {	/* лучш высш низш худш */
		"\xEB\xF3\xF7\xF8", "\xE2\xFB\xF1\xF8", "\xED\xE8\xE7\xF8", "\xF5\xF3\xE4\xF8",
	};
	bool sup = holds(x->form, x->n_form, "\xE5\xE9\xF8") ||	/* ейш, айш */
	           holds(x->form, x->n_form, "\xE0\xE9\xF8");
	uint32_t t = adjectival(x->g) | UD_IS(POS, UPOS_ADJ);

	for (size_t i = 0; i < sizeof best / sizeof *best; i++)
		sup |= starts(x->form, x->n_form, best[i]);
	out[0] = t | UD_IS(DEGREE, sup ? UD_SUP_DEG : UD_POS_DEG);
	return 1;
}

static int determiner(uint32_t *out, const struct look *x)
{
	if (x->mark & TAG_FIXED) {	/* его, её, их */
		out[0] = UD_IS(POS, UPOS_DET);
		return 1;
	}
	/* другой, иной, самый, сам */
	static const char *const adj[] = {
		"\xE4\xF0\xF3\xE3\xEE\xE9", "\xE8\xED\xEE\xE9", "\xF1\xE0\xEC\xFB\xE9", "\xF1\xE0\xEC",
	};

	out[0] = adjectival(x->g) | UD_IS(POS, UPOS_DET);
	out[1] = adjectival(x->g) | UD_IS(POS, UPOS_PRON);
	for (size_t i = 0; i < sizeof adj / sizeof *adj; i++)
		if (x->n_lemma == strlen(adj[i]) && !memcmp(x->lemma, adj[i], x->n_lemma))
			out[1] = adjectival(x->g) | UD_IS(POS, UPOS_ADJ) | UD_IS(DEGREE, UD_POS_DEG);
	return 2;
}

static int pronoun(uint32_t *out, const struct look *x)
{
	uint32_t t = common(x->g) | UD_IS(PERSON, x->g.person) | UD_IS(POS, UPOS_PRON);
	bool who = holds(x->lemma, x->n_lemma, "\xEA\xF2\xEE");		/* кто */
	bool what = holds(x->lemma, x->n_lemma, "\xF7\xF2\xEE") ||	/* что */
	            holds(x->lemma, x->n_lemma, "\xFD\xF2\xEE");	/* это */
	bool self = starts(x->lemma, x->n_lemma, "\xF1\xE5\xE1");	/* себя */

	if (who)
		t = UD_PUT(UD_PUT(t, NUMBER, UN_SING), GENDER, UG_MASC) | UD_IS(ANIM, UA_ANIM);
	if (what)
		t = UD_PUT(UD_PUT(t, NUMBER, UN_SING), GENDER, UG_NEUT) | UD_IS(ANIM, UA_INAN);
	if (self)
		t &= ~(UD_MASK(NUMBER) | UD_MASK(GENDER) | UD_MASK(PERSON));
	if (x->g.person == 1 || x->g.person == 2 || x->g.number == 2)
		t &= ~UD_MASK(GENDER);
	out[0] = t;
	if (what || who || self || x->g.person)
		return 1;
	out[0] = UD_PUT(t, ANIM, UA_ANIM);
	out[1] = UD_PUT(t, ANIM, UA_INAN);
	return 2;
}

static int numeral(uint32_t *out, const struct look *x)
{
	uint32_t t = common(x->g) | UD_IS(POS, UPOS_NUM);

	t &= ~UD_MASK(NUMBER);
	if (x->g.gcase == CASE_ACC)
		t |= UD_IS(ANIM, x->g.anim);
	out[0] = t;
	return 1;
}

static int verb(uint32_t *out, const struct look *x, int form)
{
	static const char to_be[] = "\xE1\xFB\xF2\xFC";	/* быть */
	bool self = reflexive(x->lemma, x->n_lemma);
	uint32_t t = UD_IS(POS, UPOS_VERB) | UD_IS(FORM, form) |
	             UD_IS(ASPECT, x->g.aspect) | UD_IS(VOICE, self ? UV_MID : UV_ACT);
	int n = 0;

	if (form == UF_FIN) {
		t |= UD_IS(NUMBER, x->g.number) | UD_IS(PERSON, x->g.person) |
		     UD_IS(TENSE, x->g.tense) | UD_IS(MOOD, x->g.mood ? x->g.mood : UM_IND);
		if (x->g.tense == 1 && x->g.number == 1)
			t |= UD_IS(GENDER, x->g.gender & 3);
		if (x->g.mood == 2)
			t = UD_PUT(t, PERSON, x->g.person ? x->g.person : 2) & ~UD_MASK(TENSE);
	}
	if (form == UF_CONV)
		t |= UD_IS(TENSE, x->g.tense);
	if (form == UF_PART) {
		t = UD_PUT(t, VOICE, x->g.voice == 2 ? UV_PASS : self ? UV_MID : UV_ACT);
		t |= adjectival(x->g) | UD_IS(TENSE, x->g.tense);
	}
	out[n++] = t;
	if (x->n_lemma == 4 && !memcmp(x->lemma, to_be, 4) && form != UF_PART)
		out[n++] = UD_PUT(t & ~UD_MASK(ASPECT), POS, UPOS_AUX);
	return n;
}

static int one(uint32_t *out, uint32_t t)
{
	out[0] = t;
	return 1;
}

int ud_tags_of(uint32_t out[UD_TAGS_MAX], struct gram g, int pos, unsigned mark,
               const uint8_t *form, size_t n_form, const uint8_t *lemma, size_t n_lemma)
{
	struct look x = { g, mark, form, lemma, n_form, n_lemma };

	switch (pos) {
	case POS_NOUN: return noun(out, &x);
	case POS_ADJ: return adjective(out, &x);
	case POS_APRO: return determiner(out, &x);
	case POS_PRON: return pronoun(out, &x);
	case POS_NUM: return numeral(out, &x);
	case POS_VERB: return verb(out, &x, UF_FIN);
	case POS_INF: return verb(out, &x, UF_INF);
	case POS_GER: return verb(out, &x, UF_CONV);
	case POS_PART: return verb(out, &x, UF_PART);
	case POS_ADV:
		if (!(mark & TAG_COMP))
			return one(out, UD_IS(POS, UPOS_ADV) | UD_IS(DEGREE, UD_POS_DEG));
		out[0] = UD_IS(POS, UPOS_ADJ) | UD_IS(DEGREE, UD_CMP_DEG);
		out[1] = UD_IS(POS, UPOS_ADV) | UD_IS(DEGREE, UD_CMP_DEG);
		return 2;
	case POS_PREP: return one(out, UD_IS(POS, UPOS_ADP));
	case POS_CONJ:
		out[0] = UD_IS(POS, UPOS_CCONJ);
		out[1] = UD_IS(POS, UPOS_SCONJ);
		return 2;
	case POS_PRCL: return one(out, UD_IS(POS, UPOS_PART));
	case POS_INTJ: return one(out, UD_IS(POS, UPOS_INTJ));
	case POS_PUNCT: return one(out, UD_IS(POS, UPOS_PUNCT));
	case POS_DIGIT:
		out[0] = UD_IS(POS, UPOS_NUM);
		out[1] = UD_IS(POS, UPOS_ADJ);
		return 2;
	case POS_LATIN:
		out[0] = UD_IS(POS, UPOS_X);
		out[1] = UD_IS(POS, UPOS_PROPN);
		return 2;
	}
	return one(out, UD_IS(POS, n_form || pos != POS_OTHER ? UPOS_X : UPOS_SYM));
}

/* ---- back ------------------------------------------------------------------------------ */

int ud_our_pos(uint32_t t)
{
	static const uint8_t of[N_UPOS] = {
		[UPOS_X] = POS_OTHER, [UPOS_ADJ] = POS_ADJ, [UPOS_ADP] = POS_PREP,
		[UPOS_ADV] = POS_ADV, [UPOS_AUX] = POS_VERB, [UPOS_CCONJ] = POS_CONJ,
		[UPOS_DET] = POS_APRO, [UPOS_INTJ] = POS_INTJ, [UPOS_NOUN] = POS_NOUN,
		[UPOS_NUM] = POS_NUM, [UPOS_PART] = POS_PRCL, [UPOS_PRON] = POS_PRON,
		[UPOS_PROPN] = POS_NOUN, [UPOS_PUNCT] = POS_PUNCT, [UPOS_SCONJ] = POS_CONJ,
		[UPOS_SYM] = POS_OTHER, [UPOS_VERB] = POS_VERB,
	};

	switch (UD_GET(t, FORM)) {
	case UF_INF: return POS_INF;
	case UF_PART: return POS_PART;
	case UF_CONV: return POS_GER;
	}
	if (UD_GET(t, POS) == UPOS_AUX && UD_GET(t, MOOD) == UM_CND)
		return POS_PRCL;	/* бы */
	return UD_GET(t, POS) == UPOS_ADJ && UD_GET(t, DEGREE) == UD_CMP_DEG ? POS_ADV :
	       of[UD_GET(t, POS) < N_UPOS ? UD_GET(t, POS) : 0];
}

struct gram ud_gram(uint32_t t)
{
	static const uint8_t cases[16] = {
		0, CASE_NOM, CASE_GEN, CASE_DAT, CASE_ACC, CASE_INS, CASE_LOC, CASE_GEN2, CASE_VOC,
	};
	unsigned v = UD_GET(t, VOICE);

	return (struct gram){
		.gcase = cases[UD_GET(t, CASE)] & 15, .number = UD_GET(t, NUMBER) & 3,
		.gender = UD_GET(t, GENDER) & 3, .anim = UD_GET(t, ANIM) & 3,
		.tense = UD_GET(t, TENSE) & 3, .person = UD_GET(t, PERSON) & 3,
		.mood = UD_GET(t, MOOD) < 3 ? UD_GET(t, MOOD) & 3 : 0,
		.aspect = UD_GET(t, ASPECT) & 3,
		.voice = UD_GET(t, FORM) == UF_PART && v < 3 ? v & 3 : 0,
		.shortf = UD_GET(t, SHORT) & 1,
	};
}
