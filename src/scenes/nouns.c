/* nouns.c - the nouns of a scene: who acts, where, what the eye keeps.
 *
 *   in    a look
 *   out   candidates with features; the best of them as actors, field and images
 *
 * A person is one candidate whatever the case, and a given name, a patronymic and a surname that
 * stand side by side are one person, called by the given name; the parts met alone in the same
 * scene join it. «Я» outside of speech is the narrator. Candidates are ranked by logistic scores
 * (scene_weight.tsv; fitted by bench/fit/fit_cues.c); confidence is their probability.
 *
 * Invariants: candidates come in order of first mention; nothing that is not in the text.
 */
#include <math.h>

#include "scenes/parts.h"

enum {
	NF_BIAS, NF_COUNT, NF_SHARE, NF_PROPER, NF_ANIM, NF_NOM, NF_SUBJECT, NF_EARLY, NF_OPENING,
	NF_GIVEN, NF_SURN, NF_PATR, NF_SPEECH, NF_PLACE, NF_THING, NF_ABSTRACT, NF_UNKNOWN, NF_BOOK,
	NF_IN, NF_NARRATOR, NF_ME, NF_SUFFIX, NF_PERSON, NF_ACC, NF_INS, NF_BODY, NF_NATURE,
	NF_PLURAL, NF_SHORT, NF_LATE, NF_ROOM, NF_PEOPLE,
};
_Static_assert(NF_PEOPLE + 1 == NOUN_FEATURES, "features and their names agree");
static const char *const names[NOUN_FEATURES] = {
	"bias", "count", "share", "proper", "anim", "nominative", "subject", "early", "opening",
	"given", "surname", "patronymic", "speech", "place", "thing", "abstract", "unknown", "book",
	"in", "narrator", "me", "suffix", "person", "accusative", "instrumental", "body", "nature",
	"plural", "short", "late", "room", "people",
};

const char *noun_feature_name(int i)
{
	return names[i];
}

enum { SUBJECT_REACH = 4, IN_REACH = 3, THING_BODY = 4, THING_NATURE = 8 };

/* ---- names that stand side by side --------------------------------------------------- */
/* Which lemma stands for a lemma in this scene: pairs found, few. */
struct same {
	uint32_t from, to;
};
struct sames {
	struct same v[32];
	int n;
};

static uint32_t same_find(const struct sames *s, uint32_t lemma)
{
	for (int i = 0; i < s->n; i++)
		if (s->v[i].from == lemma)
			return s->v[i].to;
	return lemma;
}

static void same_add(struct sames *s, uint32_t from, uint32_t to)
{
	if (from != to && s->n < 32 && same_find(s, from) == from && same_find(s, to) == to)
		s->v[s->n++] = (struct same){ from, to };
}

static bool is_name(const struct word *v)
{
	return v->pos == POS_NOUN && v->flags & WORD_PROPER
		&& v->g.name >= WNAME_GIVEN && v->g.name <= WNAME_SURN;
}

/* Joins a run of names [i, j) to its given name, else to its surname. */
static void join_run(struct sames *s, const struct words *w, size_t i, size_t j)
{
	static const int order[] = { WNAME_GIVEN, WNAME_SURN, WNAME_PATR };
	bool seen[8] = { false };
	size_t head = i;

	for (size_t k = i; k < j; k++) {
		if (seen[w->w[k].g.name])	/* two given names in a row: two persons */
			return;
		seen[w->w[k].g.name] = true;
	}
	for (int o = 2; o >= 0; o--)
		for (size_t k = i; k < j; k++)
			if (w->w[k].g.name == (unsigned)order[o])
				head = k;
	for (size_t k = i; k < j; k++)
		same_add(s, w->w[k].lemma, w->w[head].lemma);
}

static void find_same(struct sames *s, const struct look *l)
{
	const struct word *w = l->w->w;

	s->n = 0;
	for (size_t i = l->from; i < l->to; i++) {
		size_t j = i;

		while (j < l->to && j - i < 3 && is_name(&w[j]))
			j++;
		if (j - i < 2)
			continue;
		join_run(s, l->w, i, j);
		i = j - 1;
	}
}

/* ---- features ------------------------------------------------------------------------ */
static bool sentence_end(struct str m)
{
	return m.n && (m.p[0] == '.' || m.p[0] == '!' || m.p[0] == '?' || str_eq(m, S("…")));
}

/* A finite verb near a nominative: to the right first, within its sentence. */
static bool is_subject(const struct look *l, size_t i)
{
	const struct word *w = l->w->w;

	if (w[i].g.gcase != CASE_NOM)
		return false;
	for (int d = 1; d >= -1; d -= 2)
		for (int k = 1; k <= SUBJECT_REACH; k++) {
			ptrdiff_t j = (ptrdiff_t)i + d * k;

			if (j < (ptrdiff_t)l->from || j >= (ptrdiff_t)l->to)
				break;
			if (w[j].pos == POS_PUNCT && sentence_end(l->w->lemma[w[j].lemma].s))
				break;
			if (w[j].pos == POS_VERB && w[j].g.mood != 2)
				return w[j].g.number == 0 || w[i].g.number == 0
					|| w[j].g.number == w[i].g.number;
		}
	return false;
}

/* Stands after в, на, у, за, под, по, возле …, with at most two words between. */
static bool is_inside(const struct look *l, size_t i)
{
	static const char *const prep[] = { "в", "во", "на", "у", "под", "над", "за", "возле", "около",
		"из", "по", "среди", "через", "к", "с" };
	const struct word *w = l->w->w;

	for (size_t k = 1; k <= IN_REACH && i >= l->from + k; k++) {
		const struct word *v = &w[i - k];

		if (v->pos == POS_PREP) {
			for (size_t p = 0; p < sizeof prep / sizeof *prep; p++)
				if (str_eq(l->w->lemma[v->lemma].s, str_of(prep[p])))
					return p < 9 || w[i].g.gcase != CASE_INS;
			return false;
		}
		if (v->pos != POS_ADJ && v->pos != POS_APRO && v->pos != POS_PART && v->pos != POS_NUM)
			return false;
	}
	return false;
}

static bool abstract_suffix(struct str s)
{
	static const char *const suffix[] = { "ость", "есть", "ение", "ание", "ство", "ция", "изм", "тие",
		"ота", "изна" };

	for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++)
		if (str_ends(s, str_of(suffix[i])))
			return true;
	return false;
}

static void kind_features(struct noun *v, const struct look *l, uint32_t lemma)
{
	const struct lemma *m = &l->w->lemma[lemma];
	const struct lex *x = v->lex;

	v->x[NF_UNKNOWN] = (m->flags & WORD_UNKNOWN) != 0;
	v->x[NF_BOOK] = logf(1 + (float)m->count);
	v->x[NF_SUFFIX] = abstract_suffix(m->s);
	v->x[NF_SHORT] = m->s.n <= 8;		/* four letters */
	if (!x)
		return;
	v->x[NF_PLACE] = (x->flags & LEX_PLACE) != 0;
	v->x[NF_ROOM] = x->place == PLACE_ROOM || x->place == PLACE_HOUSE || x->place == PLACE_WORK;
	v->x[NF_PEOPLE] = x->place == PLACE_PEOPLE;
	v->x[NF_THING] = (x->flags & LEX_THING) != 0;
	v->x[NF_BODY] = x->thing == THING_BODY;
	v->x[NF_NATURE] = x->thing == THING_NATURE;
	v->x[NF_ABSTRACT] = x->noun != 0;
}

static void use_features(struct noun *v, const struct look *l, size_t i)
{
	const struct word *w = &l->w->w[i];

	v->count++;
	v->proper += (w->flags & WORD_PROPER) != 0 && v->proper < UINT8_MAX;
	v->anim |= w->g.anim == 1;
	v->x[NF_NOM] += w->g.gcase == CASE_NOM;
	v->x[NF_ACC] += w->g.gcase == CASE_ACC;
	v->x[NF_INS] += w->g.gcase == CASE_INS;
	v->x[NF_PLURAL] += w->g.number == 2;
	v->x[NF_SUBJECT] += is_subject(l, i);
	v->x[NF_IN] += is_inside(l, i);
	v->x[NF_SPEECH] += (w->flags & WORD_SPEECH) != 0;
	v->x[NF_LATE] += i - l->from > (l->to - l->from) / 2;
	v->x[NF_GIVEN] += w->g.name == WNAME_GIVEN;
	v->x[NF_SURN] += w->g.name == WNAME_SURN;
	v->x[NF_PATR] += w->g.name == WNAME_PATR;
}

static void finish(struct noun *v, const struct look *l, float max)
{
	float n = (float)v->count;
	static const int shares[] = { NF_NOM, NF_ACC, NF_INS, NF_PLURAL, NF_IN, NF_SPEECH, NF_LATE,
		NF_GIVEN, NF_SURN, NF_PATR };

	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		v->x[shares[i]] /= n;
	v->x[NF_SUBJECT] = logf(1 + v->x[NF_SUBJECT]);
	v->x[NF_BIAS] = 1;
	v->x[NF_COUNT] = logf(n);
	v->x[NF_SHARE] = n / max;
	v->x[NF_PROPER] = 2 * v->proper > v->count;
	v->x[NF_ANIM] = v->anim;
	v->x[NF_PERSON] = v->anim || v->proper;
	v->x[NF_EARLY] = 1 - (float)v->first / (float)(l->to - l->from);
	v->x[NF_OPENING] = l->from + v->first < l->w->sent[l->sent + 1];
}

static bool is_noun(const struct word *v)
{
	return v->pos == POS_NOUN || (v->pos == POS_LATIN && v->flags & WORD_PROPER);
}

static void add_narrator(struct noun *v, size_t *n, const struct look *l)
{
	struct noun me = { .lemma = NARRATOR };

	for (size_t i = l->from; i < l->to; i++) {
		const struct word *w = &l->w->w[i];

		if (w->pos != POS_PRON || w->flags & WORD_SPEECH
		    || !str_eq(l->w->lemma[w->lemma].s, S("я")))
			continue;
		if (!me.count++)
			me.first = (uint32_t)(i - l->from);
		me.x[NF_NOM] += w->g.gcase == CASE_NOM;
		me.x[NF_SUBJECT] += is_subject(l, i);
	}
	if (!me.count)
		return;
	me.x[NF_NARRATOR] = 1;
	me.x[NF_ME] = logf((float)me.count);
	v[(*n)++] = me;
}

struct noun *nouns_of(size_t *n, const struct look *l, struct arena *scratch)
{
	struct sames same;
	size_t cap = 16, words = l->to - l->from;
	struct noun *v = TAKE(scratch, struct noun, words + 1);
	float max = 1;

	while (cap < 2 * words)
		cap *= 2;
	uint32_t *slot = TAKE(scratch, uint32_t, cap);	/* index + 1 */
	*n = 0;
	find_same(&same, l);
	for (size_t i = l->from; i < l->to; i++) {
		const struct word *w = &l->w->w[i];

		if (!is_noun(w))
			continue;
		uint32_t lemma = same_find(&same, w->lemma);
		size_t at = (lemma * 2654435761u >> 7) & (cap - 1);

		while (slot[at] && v[slot[at] - 1].lemma != lemma)
			at = (at + 1) & (cap - 1);
		if (!slot[at]) {
			struct noun *o = &v[(*n)++];

			slot[at] = (uint32_t)*n;
			o->lemma = lemma;
			o->first = (uint32_t)(i - l->from);
			o->lex = lex_find(lex_key(l->w->lemma[lemma].s));
			kind_features(o, l, lemma);
		}
		use_features(&v[slot[at] - 1], l, i);
	}
	add_narrator(v, n, l);
	for (size_t i = 0; i < *n; i++)
		if (v[i].lemma != NARRATOR && (float)v[i].count > max)
			max = (float)v[i].count;
	for (size_t i = 0; i < *n; i++)
		finish(&v[i], l, max);
	return v;
}

/* ---- choosing ------------------------------------------------------------------------ */
struct str noun_text(const struct noun *v, const struct words *w, struct arena *a)
{
	if (v->lemma == NARRATOR)
		return S("я");
	struct str s = w->lemma[v->lemma].s;
	return 2 * v->proper > v->count ? str_title(a, s) : str_copy(a, s);
}

float noun_score(const struct noun *v, const float *weight)
{
	double z = 0;

	for (int i = 0; i < NOUN_FEATURES; i++)
		z += (double)v->x[i] * weight[i];
	return (float)(1 / (1 + exp(-z)));
}

struct pick {
	int i;		/* candidate, -1 none */
	float p;
};

/* The k best of n by score, ties to the earlier; entries below `floor` stay out. */
static int best_of(struct pick *out, int k, const float *p, size_t n, float floor)
{
	int m = 0;

	for (size_t i = 0; i < n; i++) {
		int at = m;

		if (p[i] < floor)
			continue;
		while (at > 0 && out[at - 1].p < p[i])
			at--;
		if (at >= k)
			continue;
		for (int j = m < k ? m : k - 1; j > at; j--)
			out[j] = out[j - 1];
		out[at] = (struct pick){ (int)i, p[i] };
		m += m < k;
	}
	return m;
}

static void fill_actors(struct scene *s, const struct look *l, const struct noun *v, float *p,
                        size_t n, struct arena *a)
{
	const float *w = weight_rank("actor");
	struct pick top[ACTORS_MAX];
	int k;

	for (size_t i = 0; i < n; i++)
		p[i] = noun_score(&v[i], w);
	k = best_of(top, ACTORS_MAX, p, n, 0);
	s->n_actor = 0;
	for (int i = 0; i < k; i++) {
		/* the first is kept while it is plausible, the others must be probable */
		if (top[i].p < (i == 0 ? ACTOR_FIRST : ACTOR_NEXT))
			break;
		s->actor[s->n_actor] = noun_text(&v[top[i].i], l->w, a);
		s->actor_conf[s->n_actor++] = top[i].p;
	}
}

static void fill_field(struct scene *s, const struct look *l, const struct noun *v, float *p,
                       size_t n, struct arena *a)
{
	const float *w = weight_rank("field");
	struct pick top;

	for (size_t i = 0; i < n; i++)		/* a place by lexicon or by its preposition */
		p[i] = v[i].x[NF_PLACE] > 0 || v[i].x[NF_IN] > 0 ? noun_score(&v[i], w) : 0;
	if (best_of(&top, 1, p, n, FIELD_FLOOR) < 1)
		return;
	s->text[ST_FIELD] = noun_text(&v[top.i], l->w, a);
	s->text_conf[ST_FIELD] = top.p;
}

static void fill_images(struct scene *s, const struct look *l, const struct noun *v, float *p,
                        size_t n, struct arena *a)
{
	const float *w = weight_rank("image");
	struct pick top[IMAGES_MAX];
	int k;

	for (size_t i = 0; i < n; i++)		/* persons are actors */
		p[i] = v[i].lemma == NARRATOR || v[i].x[NF_PROPER] > 0 ? 0 : noun_score(&v[i], w);
	k = best_of(top, IMAGES_MAX, p, n, IMAGE_FLOOR);
	s->n_image = 0;
	for (int i = 0; i < k; i++) {
		s->image[s->n_image] = noun_text(&v[top[i].i], l->w, a);
		s->image_conf[s->n_image++] = top[i].p;
	}
}

void nouns_fill(struct scene *s, const struct look *l, const struct noun *v, size_t n, struct arena *a)
{
	float *p = mem_alloc(n + 1, sizeof *p);

	fill_actors(s, l, v, p, n, a);
	fill_field(s, l, v, p, n, a);
	fill_images(s, l, v, p, n, a);
	mem_free(p);
}
