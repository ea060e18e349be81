/* ud.c - writes words as UPOS, FEATS and lemma of Universal Dependencies.
 *
 *   in    words with the tags that the tagger chose (udtag.h), the book's text, a style
 *   out   what columns 3, 4 and 6 of a CoNLL-U file hold
 *
 * The tagger chooses what the form and its place decide: part of speech and inflection. What
 * hangs on the lemma alone (PronType, NumType, NumForm, NameType, Poss, Reflex, InflClass,
 * ExtPos) is read from data/ru/words_ud.tsv and words_extpos.tsv and left out where a
 * treebank does not mark it.
 *
 * Invariants: the same word in the same sentence is written the same; features stand in
 * UD's order (by name, capitals as small); nothing is kept between calls.
 */
#include <pthread.h>
#include "words/dict/gramtag.h"
#include "words/tag/udplace.h"
#include "base/data.h"

/* ---- tables ------------------------------------------------------------------------- */

static struct tables {
	struct strtab key;	/* upos letter, then the lemma */
	struct str *feats;	/* [key.n] */
	struct strtab pair;	/* "first second" */
	uint8_t *ext;		/* [pair.n] enum upos */
	size_t n_feats, cap_feats, n_ext, cap_ext;
} tables;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct str key_of(char room[160], int upos, struct str lemma)
{
	size_t n = lemma.n < 150 ? lemma.n : 150;

	room[0] = (char)('A' + upos);
	memcpy(room + 1, lemma.p, n);
	return (struct str){ room, n + 1 };
}

static void read_tables(void)
{
	struct tsv t = tsv_of(data_find("words_ud.tsv"));
	struct str lemma;
	char room[160];

	tables.key = strtab_open("ud lemmas");
	tables.pair = strtab_open("ud pairs");
	while (tsv_next(&t)) {
		int upos = upos_find(t.field[0]);

		must(upos >= 0);
		for (struct str rest = t.field[2]; str_cut(&rest, ' ', &lemma);) {
			uint32_t id = strtab_add(&tables.key, key_of(room, upos, lemma));

			if (id == tables.n_feats)
				VEC_PUSH(tables.feats, tables.n_feats, tables.cap_feats) = t.field[1];
		}
	}
	t = tsv_of(data_find("words_extpos.tsv"));
	while (tsv_next(&t)) {
		struct buf b = { 0 };
		int upos = upos_find(t.field[0]);

		must(upos >= 0);
		buf_str(&b, t.field[1]);
		buf_char(&b, ' ');
		buf_str(&b, t.field[2]);
		if (strtab_add(&tables.pair, buf_view(&b)) == tables.n_ext)
			VEC_PUSH(tables.ext, tables.n_ext, tables.cap_ext) = (uint8_t)upos;
		buf_free(&b);
	}
}

static struct str lemma_feats(int upos, struct str lemma)
{
	char room[160];
	uint32_t id;

	pthread_once(&once, read_tables);
	id = strtab_find(&tables.key, key_of(room, upos, lemma));
	return id == STRTAB_NONE ? (struct str){ 0 } : tables.feats[id];
}

/* ---- the sentence around a word -------------------------------------------------------- */

static struct place place_of(const struct words *w, size_t i, struct str text, enum ud_style st)
{
	size_t lo = 0, hi = w->n_sent;

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (w->sent[mid] <= i)
			lo = mid;
		else
			hi = mid;
	}
	if (!w->n_sent)
		return (struct place){ w, i, 0, w->n, text, st };
	return (struct place){ w, i, w->sent[lo], w->sent[lo + 1], text, st };
}

/* Does the sentence end so (with closing marks after it)? */
static bool sentence_ends(const struct place *p, char mark)
{
	for (size_t i = p->to; i-- > p->from && p->w->w[i].upos == UPOS_PUNCT;) {
		struct str f = form_of(p, i);

		if (f.n && f.p[0] == mark)
			return true;
	}
	return false;
}

/* Is the word the first of its sentence or part of one, prepositions not counted? */
static bool opens(const struct place *p)
{
	size_t i = p->i;

	while (i > p->from && (p->w->w[i - 1].upos == UPOS_ADP || p->w->w[i - 1].upos == UPOS_CCONJ ||
	                       p->w->w[i - 1].upos == UPOS_PART))
		i--;
	return i == p->from || (p->w->w[i - 1].upos == UPOS_PUNCT &&
	                        !str_eq(form_of(p, i - 1), S(",")));
}

static const char *question(const struct place *p)
{
	if (!opens(p))
		return "Rel";
	return sentence_ends(p, '?') ? "Int" : sentence_ends(p, '!') ? "Exc" : "Rel";
}

/* 10 января: the day is an ordinal of the neuter. */
bool ud_day_of_month(const struct place *p)
{
	static const char *const month[] = { "январь", "февраль", "март", "апрель", "май", "июнь",
		"июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь" };
	struct str form = form_of(p, p->i);

	if (p->i + 1 >= p->to || p->w->w[p->i].pos != POS_DIGIT || form.n > 2 || !all_digits(form))
		return false;
	const struct word *x = &p->w->w[p->i + 1];
	struct str l = p->w->lemma[x->lemma].s;

	for (size_t i = 0; i < sizeof month / sizeof *month; i++)
		if (str_eq(l, str_of(month[i])))
			return UD_GET(x->ud, CASE) == UC_GEN;
	return false;
}

/* ---- parts of speech ------------------------------------------------------------------- */

static int upos_in(const struct place *p)
{
	static const char *const det[] = { "другой", "иной", "сам", "самый", "многий", NULL };
	const struct word *x = &p->w->w[p->i];
	struct str l = lemma_at(p);

	if (x->upos == UPOS_NUM && ud_day_of_month(p))
		return UPOS_ADJ;
	if (p->style == UD_STYLE_GSD)
		return gsd_upos(p);
	if (x->upos == UPOS_PRON && str_eq(l, S("который")))
		return UPOS_DET;
	if (x->upos == UPOS_ADJ && one_of(l, det))
		return UPOS_DET;
	return x->upos;
}

int ud_upos(const struct words *w, size_t i, struct str text, enum ud_style style)
{
	struct place p = place_of(w, i, text, style);

	return upos_in(&p);
}

/* ---- features -------------------------------------------------------------------------- */

static const char *const feat_name[F_N] = {
	"Abbr", "Animacy", "Aspect", "Case", "Degree", "ExtPos", "Foreign", "Gender",
	"InflClass", "Mood", "NameType", "Number", "NumForm", "NumType", "Person", "Polarity",
	"Poss", "PronType", "Reflex", "Tense", "Variant", "VerbForm", "Voice",
};

static const char *pick(const char *const *list, unsigned v)
{
	return v ? list[v - 1] : NULL;
}

void ud_inflection(struct feats *f, uint32_t t)
{
	static const char *const cases[] = { "Nom", "Gen", "Dat", "Acc", "Ins", "Loc", "Par", "Voc",
		"Nom", "Nom", "Nom", "Nom", "Nom", "Nom", "Nom" };
	static const char *const number[] = { "Sing", "Plur", "Plur" };
	static const char *const gender[] = { "Masc", "Fem", "Neut" };
	static const char *const anim[] = { "Anim", "Inan", "Inan" };
	static const char *const tense[] = { "Past", "Pres", "Fut" };
	static const char *const person[] = { "1", "2", "3" };
	static const char *const mood[] = { "Ind", "Imp", "Cnd" };
	static const char *const aspect[] = { "Perf", "Imp", "Imp" };
	static const char *const voice[] = { "Act", "Pass", "Mid" };
	static const char *const form[] = { "Fin", "Inf", "Part", "Conv", "Fin", "Fin", "Fin" };
	static const char *const degree[] = { "Pos", "Cmp", "Sup" };

	f->v[F_CASE] = pick(cases, UD_GET(t, CASE));
	f->v[F_NUMBER] = pick(number, UD_GET(t, NUMBER));
	f->v[F_GENDER] = pick(gender, UD_GET(t, GENDER));
	f->v[F_ANIMACY] = pick(anim, UD_GET(t, ANIM));
	f->v[F_TENSE] = pick(tense, UD_GET(t, TENSE));
	f->v[F_PERSON] = pick(person, UD_GET(t, PERSON));
	f->v[F_MOOD] = pick(mood, UD_GET(t, MOOD));
	f->v[F_ASPECT] = pick(aspect, UD_GET(t, ASPECT));
	f->v[F_VOICE] = pick(voice, UD_GET(t, VOICE));
	f->v[F_VERBFORM] = pick(form, UD_GET(t, FORM));
	if (UD_GET(t, FORM) == UF_PART && UD_GET(t, VOICE) == UV_MID)
		f->v[F_VOICE] = "Act";	/* движущийся: 34 of 42 in oldtrain, all in GSD */
	f->v[F_DEGREE] = pick(degree, UD_GET(t, DEGREE));
	f->v[F_VARIANT] = UD_GET(t, SHORT) ? "Short" : NULL;
	f->v[F_POLARITY] = UD_GET(t, NEG) ? "Neg" : NULL;
}

static void set_pair(struct feats *f, struct str name, struct str value, const struct place *p)
{
	for (int i = 0; i < F_N; i++) {
		if (!str_eq(name, str_of(feat_name[i])))
			continue;
		size_t at = strlen(f->room) + (f->room[0] ? 1 : 0);

		must(i != F_PRONTYPE || value.n);
		if (str_eq(value, S("?"))) {
			f->v[i] = question(p);
			return;
		}
		if (i == F_PRONTYPE) {
			must(at + value.n + 1 < sizeof f->room);
			memcpy(f->room, value.p, value.n);
			f->room[value.n] = '\0';
			f->v[i] = f->room;
			return;
		}
		static const char *const known[] = { "Yes", "Neg", "Cnd", "Sets", "Frac", "Ord", NULL };

		for (int k = 0; known[k]; k++)
			if (str_eq(value, str_of(known[k])))
				f->v[i] = known[k];
		must(f->v[i]);		/* our own table: a bug */
	}
}

static void of_lemma(struct feats *f, int upos, const struct place *p)
{
	struct str rest = lemma_feats(upos, lemma_at(p)), one, name;

	while (str_cut(&rest, '|', &one))
		if (str_cut(&one, '=', &name))
			set_pair(f, name, one, p);
}

static void numbers(struct feats *f, int upos, const struct place *p)
{
	struct str form = form_of(p, p->i);
	bool digits = has_digit(form), roman = p->w->w[p->i].pos == POS_DIGIT && !digits;

	if (upos == UPOS_NUM && !f->v[F_NUMTYPE])
		f->v[F_NUMTYPE] = digits && (memchr(form.p, ',', form.n) || memchr(form.p, '.', form.n)) ?
		                  "Frac" : "Card";
	bool plain = p->w->w[p->i].pos == POS_DIGIT && (roman || all_digits(form));

	if (upos == UPOS_ADJ && p->w->w[p->i].pos == POS_DIGIT)
		f->v[F_NUMTYPE] = "Ord";
	if (upos == UPOS_ADJ && f->v[F_NUMTYPE])	/* an ordinal has no degrees */
		f->v[F_DEGREE] = NULL;
	if (plain && p->style != UD_STYLE_GSD)	/* no inflection is told of a plain number */
		for (int i = 0; i < F_N; i++)
			if (i != F_NUMTYPE)
				f->v[i] = NULL;
	if (f->v[F_NUMTYPE])
		f->v[F_NUMFORM] = roman ? "Roman" : !digits ? "Word" :
		                  all_digits(form) ? "Digit" : "Combi";
}

static void names(struct feats *f, const struct place *p)
{
	static const char *const type[8] = { [WNAME_GIVEN] = "Giv", [WNAME_PATR] = "Pat",
		[WNAME_SURN] = "Sur", [WNAME_PLACE] = "Geo", [WNAME_ORG] = "Com" };
	const struct word *x = &p->w->w[p->i];

	f->v[F_NAMETYPE] = type[x->g.name];
	if (f->v[F_NAMETYPE] || (x->ud_more & UDM_FOREIGN))
		return;
	if (x->flags & WORD_UPPER)
		f->v[F_NAMETYPE] = "Com";
	else
		f->v[F_NAMETYPE] = x->g.anim == 1 ? (x->flags & WORD_UNKNOWN ? "Sur" : "Giv") : "Geo";
}

/* то есть is told as SCONJ where то is a pronoun; тот же only where тот is a determiner. */
static const char *whole(int ext, int upos, struct str form)
{
	if (ext == UPOS_DET && upos != UPOS_DET && !str_eq(form, S("что")))
		return NULL;
	return upos_name(ext == UPOS_CCONJ && upos == UPOS_PRON ? UPOS_SCONJ : ext);
}

static void fixed_expression(struct feats *f, const struct place *p)
{
	struct buf b = { 0 };
	uint32_t id;
	size_t next = p->i + 1;
	static const char sep[] = " ";

	if (next < p->to && str_eq(form_of(p, next), S(".")))
		next++;			/* т. е. */
	if (next >= p->to)
		return;
	struct arena a = arena_open("pair");

	buf_str(&b, str_lower(&a, form_of(p, p->i)));
	if (next == p->i + 2)
		buf_str(&b, S("."));
	buf_str(&b, S(sep));
	buf_str(&b, str_lower(&a, form_of(p, next)));
	if (next == p->i + 2)
		buf_str(&b, S("."));
	pthread_once(&once, read_tables);
	id = strtab_find(&tables.pair, buf_view(&b));
	if (id != STRTAB_NONE)
		f->v[F_EXTPOS] = whole(tables.ext[id], p->w->w[p->i].upos, form_of(p, p->i));
	buf_free(&b);
	arena_close(&a);
}

/* Is the word cut short: a point behind it, or a unit of measure? */
static bool abbreviated(const struct place *p)
{
	return p->style == UD_STYLE_TAIGA ||
	       (p->style != UD_STYLE_GSD && !(p->w->w[p->i].flags & WORD_UPPER));
}

/* An abbreviation tells nothing else; GSD declines it. */
static void bare_abbreviation(struct feats *f)
{
	const char *type = f->v[F_NAMETYPE];

	memset(f->v, 0, sizeof f->v);
	f->v[F_ABBR] = "Yes";
	f->v[F_NAMETYPE] = type;
}

/* Degrees of "much" and "little" count as total pronouns in UD_Russian-Taiga and -Poetry. */
static bool more_of_all(struct str form)
{
	static const char *const list[] = { "более", "больше", "менее", "меньше", NULL };

	return one_of(form, list);
}

/* Predicates without inflection: Taiga and Poetry tell at most their polarity; GSD calls
 * some adverbs by degree and inflects нет. */
static void predicate(struct feats *f, const struct place *p)
{
	static const char *const bare[] = { "нет", "нету", "можно", "надо", "нельзя", "жаль", "пора", NULL };
	const char *neg = f->v[F_POLARITY];
	bool no = str_eq(lemma_at(p), S("нет"));

	if (!one_of(lemma_at(p), bare))
		return;
	memset(f->v, 0, sizeof f->v);
	if (p->style != UD_STYLE_GSD)
		f->v[F_POLARITY] = neg;
	else if (!no)
		f->v[F_DEGREE] = "Pos";
	else
		ud_inflection(f, UD_IS(POS, UPOS_VERB) | UD_IS(ASPECT, US_IMP) | UD_IS(MOOD, UM_IND) |
		              UD_IS(NUMBER, UN_SING) | UD_IS(PERSON, 3) | UD_IS(TENSE, UT_PRES) |
		              UD_IS(FORM, UF_FIN) | UD_IS(VOICE, UV_ACT));
}

/* быть: Poetry tells no aspect of it, Taiga none of its future. */
static void to_be(struct feats *f, int upos, const struct place *p)
{
	uint32_t t = p->w->w[p->i].ud;
	bool later = UD_GET(t, TENSE) == UT_FUT || UD_GET(t, MOOD) == UM_IMP;

	if (!UD_GET(t, FORM) || !str_eq(lemma_at(p), S("быть")))
		return;
	if (p->style == UD_STYLE_POETRY || (p->style == UD_STYLE_TAIGA && upos == UPOS_AUX && later))
		f->v[F_ASPECT] = NULL;
	else
		f->v[F_ASPECT] = "Imp";
}

/* Pronouns that the table does not name are told by how they are made. */
static const char *pronoun_kind(struct str l)
{
	if (l.n > 4 && !memcmp(l.p, "ни", 4))
		return "Neg";
	return memchr(l.p, '-', l.n) ? "Ind" : "Tot";
}

/* Addresses are no foreign words; @someone is the name of a person. */
static void latin(struct feats *f, int upos, struct str form)
{
	bool at = form.n && form.p[0] == '@';

	if (!at && form.p[0] != '#' && (form.n < 4 || memcmp(form.p, "http", 4)))
		f->v[F_FOREIGN] = "Yes";
	if (at && upos == UPOS_PROPN)
		f->v[F_NAMETYPE] = "Prs";
}

static bool ends_so(struct str s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n > n && !memcmp(s.p + s.n - n, tail, n);
}

/* A noun of the plural only has the gender that its genitive looks like: ворот, ножниц,
 * обоев. The dictionary has none; here by the end of the lemma. */
static const char *gender_of_pair(struct str l)
{
	if (ends_so(l, "а") || ends_so(l, "я") || ends_so(l, "ые") || ends_so(l, "ие"))
		return str_eq(l, S("сша")) ? "Masc" : "Neut";
	return (ends_so(l, "ки") && !ends_so(l, "очки") && !ends_so(l, "тиски")) ||
	       ends_so(l, "ницы") || ends_so(l, "ины") || ends_so(l, "ороны") || ends_so(l, "улы") ?
	       "Fem" : "Masc";
}

static void fill(struct feats *f, const struct place *p)
{
	static const char *const most[] = { "наиболее", "наименее", NULL };
	const struct word *x = &p->w->w[p->i];
	int upos = upos_in(p);

	ud_inflection(f, x->ud);
	if (upos == UPOS_DET && x->upos == UPOS_ADJ)
		f->v[F_DEGREE] = NULL;
	if (of_that(upos, x->ud, lemma_at(p))) {
		f->v[F_GENDER] = "Neut";
		f->v[F_ANIMACY] = "Inan";
	}
	if (upos == UPOS_PRON || upos == UPOS_DET)
		f->v[F_POLARITY] = NULL;
	of_lemma(f, upos, p);
	if ((upos == UPOS_PRON || upos == UPOS_DET) && !f->v[F_PRONTYPE])
		f->v[F_PRONTYPE] = pronoun_kind(lemma_at(p));
	if (upos == UPOS_ADV && UD_GET(x->ud, DEGREE) == UD_CMP_DEG && more_of_all(form_of(p, p->i)))
		f->v[F_PRONTYPE] = "Tot";
	if (upos == UPOS_NUM || upos == UPOS_ADJ)
		numbers(f, upos, p);
	if (upos == UPOS_PROPN)
		names(f, p);
	if (x->ud_more & UDM_FOREIGN)
		latin(f, upos, form_of(p, p->i));
	if ((upos == UPOS_NOUN || upos == UPOS_PROPN) && UD_GET(x->ud, NUMBER) == UN_PLUR &&
	    !UD_GET(x->ud, GENDER) && UD_GET(x->ud, CASE))
		f->v[F_GENDER] = gender_of_pair(lemma_at(p));
	if ((x->ud_more & UDM_ABBR) && abbreviated(p))
		bare_abbreviation(f);
	if ((x->ud_more & UDM_INDECL) && (upos == UPOS_NOUN || upos == UPOS_PROPN || upos == UPOS_ADJ))
		f->v[F_INFL] = "Ind";
	if (upos == UPOS_AUX || upos == UPOS_VERB)
		to_be(f, upos, p);
	if (upos == UPOS_VERB && !(x->ud_more & UDM_ABBR))
		predicate(f, p);
	if (upos == UPOS_ADV && one_of(form_of(p, p->i), most))
		f->v[F_DEGREE] = "Sup";
	fixed_expression(f, p);
	if (p->style == UD_STYLE_GSD)
		gsd_feats(f, upos, p);
}

size_t ud_feats(char out[UD_TEXT_MAX], const struct words *w, size_t i, struct str text,
                enum ud_style style)
{
	struct place p = place_of(w, i, text, style);
	struct feats f = { .v = { NULL } };
	size_t n = 0;

	fill(&f, &p);
	for (int k = 0; k < F_N; k++)
		if (f.v[k])
			n += (size_t)snprintf(out + n, UD_TEXT_MAX - n, "%s%s=%s", n ? "|" : "",
			                      feat_name[k], f.v[k]);
	if (!n)
		n = (size_t)snprintf(out, UD_TEXT_MAX, "_");
	return n;
}
