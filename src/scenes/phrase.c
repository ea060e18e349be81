/* phrase.c - the free-text fields: clauses of the scene's own words, and two by table.
 *
 *   in    a look whose codes are chosen
 *   out   disturbance, intention, texts of tension, resolution and logic; idea; archetype
 *
 * The scene is cut into clauses at punctuation. A clause speaks for a kind when its words are cues
 * of that kind (scene_cues.tsv) or have a fitted weight for it (scene_weight.tsv). The intention is
 * the words from an infinitive on, after a word of will (хотеть, решить, надо, чтобы …). The idea
 * is an abstract noun whose family the text uses (scene_idea.tsv); the archetype comes by tension
 * and resolution (scene_archetype.tsv).
 *
 * Invariant: every phrase is a stretch of the scene's text or a row of a table; where no clause
 * scores, the field stays empty.
 */
#include <math.h>

#include "scenes/parts.h"

enum { CLAUSE_WORDS = 9, CLAUSE_MIN = 2, PHRASE_BYTES = 160 };

struct clause {
	size_t from, to;		/* words, absolute; to is past the last word */
	uint16_t n;			/* words that are not punctuation */
	float at;			/* 0..1 in the scene */
};

static bool hard_mark(struct str m)
{
	static const char *const soft[] = { "«", "»", "\"", "(", ")", "„", "“", "'", "-" };

	for (size_t i = 0; i < sizeof soft / sizeof *soft; i++)
		if (str_eq(m, str_of(soft[i])))
			return false;
	return true;
}

static size_t clauses_of(struct clause **out, const struct look *l, struct arena *scratch)
{
	const struct word *w = l->w->w;
	struct clause *c = TAKE(scratch, struct clause, l->to - l->from + 1);
	size_t n = 0, i = l->from;

	while (i < l->to) {
		struct clause k = { .from = i };

		for (; i < l->to; i++) {
			if (w[i].pos != POS_PUNCT)
				k.n++;
			else if (hard_mark(l->w->lemma[w[i].lemma].s))
				break;
		}
		k.to = i++;
		while (k.from < k.to && w[k.from].pos == POS_PUNCT)
			k.from++;
		while (k.to > k.from && w[k.to - 1].pos == POS_PUNCT)
			k.to--;
		k.at = (float)(k.from - l->from) / (float)(l->to - l->from);
		if (k.n >= CLAUSE_MIN)
			c[n++] = k;
	}
	*out = c;
	return n;
}

/* ---- a stretch of words as text ------------------------------------------------------ */
/* The bytes from word i to word j - 1, at most PHRASE_BYTES, whole words; the first letter goes
 * to lower case unless it is a name. */
static struct str stretch(const struct look *l, size_t i, size_t j, struct arena *a)
{
	const struct word *w = l->w->w;
	uint32_t off = w[i].off, end = off;

	for (size_t k = i; k < j && w[k].off + w[k].len - off <= PHRASE_BYTES; k++)
		end = w[k].off + w[k].len;
	if (end == off)
		return (struct str){ "", 0 };
	char *p = (char *)arena_take(a, end - off + 1);
	memcpy(p, l->b->text.p + off, end - off);
	for (uint32_t k = 0; k < end - off; k++)
		if (p[k] == '\n')
			p[k] = ' ';
	struct str s = { p, end - off };
	if (w[i].flags & (WORD_PROPER | WORD_UPPER) || !(w[i].flags & WORD_TITLE))
		return s;
	const char *q = p;
	uint32_t r = utf8_next(&q, p + s.n);
	char low[4];
	int n = utf8_put(low, rune_lower(r));
	if (n == q - p)
		memcpy(p, low, (size_t)n);
	return s;
}

static struct str clause_text(const struct look *l, const struct clause *c, struct arena *a)
{
	size_t to = c->from;
	int n = 0;

	while (to < c->to && n < CLAUSE_WORDS)
		n += l->w->w[to++].pos != POS_PUNCT;
	while (to > c->from + 1 && (l->w->w[to - 1].pos == POS_PREP || l->w->w[to - 1].pos == POS_CONJ
	                            || l->w->w[to - 1].pos == POS_PUNCT))
		to--;
	return stretch(l, c->from, to, a);
}

/* ---- clauses that speak for a kind --------------------------------------------------- */
static float word_speaks(const struct lex *x, uint64_t bit, int out)
{
	if (!x)
		return 0;
	return (x->cue & bit ? 1.0f : 0) + (x->weight ? (float)x->weight[out] / 16 : 0);
}

static float clause_speaks(const struct look *l, const struct clause *c, int f, int kind)
{
	int b = cue_bit(f, kind), out = out_index(f, kind);
	uint64_t bit = b < 0 ? 0 : 1ull << b;
	float sum = 0;

	for (size_t i = c->from; i < c->to; i++) {
		const struct lookw *o = &l->lw[i - l->from];

		sum += word_speaks(o->lex, bit, out);
		if (o->pair && o->pair->cue & bit)
			sum += 1.5f;
	}
	/* a clause of one cue and many other words says less */
	return sum / sqrtf((float)(c->n < 4 ? 4 : c->n));
}

/* The clause that speaks loudest for the kind; `late` pulls towards the scene's end. */
static void fill_clause(struct scene *s, enum scene_text t, enum scene_code f, float late,
                        const struct look *l, const struct clause *c, size_t n, struct arena *a)
{
	float best = 0;
	size_t at = n;

	if (!s->code[f])
		return;
	for (size_t i = 0; i < n; i++) {
		float v = clause_speaks(l, &c[i], f, s->code[f]);

		v *= 1 + late * (c[i].at - 0.5f);
		if (v > best) {
			best = v;
			at = i;
		}
	}
	if (at == n)
		return;
	s->text[t] = clause_text(l, &c[at], a);
	s->text_conf[t] = s->text[t].n ? best / (best + 1) * 0.8f : 0;
}

/* What disturbs: early, feeling, a turn, cues of any tension. */
static float disturbs(const struct look *l, const struct clause *c, uint64_t tension)
{
	float sum = 0;
	bool verb = false;

	for (size_t i = c->from; i < c->to; i++) {
		const struct lex *x = l->lw[i - l->from].lex;

		verb |= l->w->w[i].pos == POS_VERB;
		if (!x)
			continue;
		sum += x->cue & tension ? 0.6f : 0;
		sum += x->flags & LEX_FEEL && x->valence < 0 ? 0.5f * x->arousal : 0;
		sum += x->flags & LEX_TURN ? 0.7f : 0;
	}
	sum *= verb ? 1.3f : 1;
	return sum * (1.2f - 0.5f * c->at) / sqrtf((float)(c->n < 4 ? 4 : c->n));
}

static void fill_disturbance(struct scene *s, const struct look *l, const struct clause *c, size_t n,
                             struct arena *a)
{
	uint64_t tension = 0;
	float best = 0;
	size_t at = n;

	for (int k = 1; k <= kind_count(SC_TENSION); k++)
		if (k == s->code[SC_TENSION])
			tension |= 1ull << cue_bit(SC_TENSION, k);
	for (size_t i = 0; i < n; i++) {
		float v = disturbs(l, &c[i], tension);

		if (v > best) {
			best = v;
			at = i;
		}
	}
	if (at == n)
		return;
	s->text[ST_DISTURBANCE] = clause_text(l, &c[at], a);
	s->text_conf[ST_DISTURBANCE] = s->text[ST_DISTURBANCE].n ? best / (best + 1) * 0.7f : 0;
}

/* ---- intention ----------------------------------------------------------------------- */
static const struct {
	const char *lemma;
	float weight;
} wills[] = {
	{ "хотеть", 1 }, { "захотеть", 1 }, { "хотеться", 1 }, { "решить", 1 }, { "решиться", 1 },
	{ "чтобы", 0.9f }, { "чтоб", 0.9f }, { "дабы", 0.9f }, { "надо", 0.8f }, { "нужно", 0.8f },
	{ "собираться", 0.9f }, { "собраться", 0.8f }, { "пытаться", 0.9f }, { "попытаться", 0.9f },
	{ "стараться", 0.9f }, { "постараться", 0.8f }, { "мечтать", 1 }, { "желать", 1 },
	{ "пожелать", 0.9f }, { "намереваться", 1 }, { "намерение", 1 }, { "надеяться", 0.8f },
	{ "обещать", 0.7f }, { "велеть", 0.6f }, { "просить", 0.7f }, { "попросить", 0.7f },
	{ "должный", 0.7f }, { "пора", 0.6f }, { "мочь", 0.4f }, { "идти", 0.5f }, { "пойти", 0.5f },
	{ "желание", 0.8f }, { "попробовать", 0.7f }, { "готовый", 0.6f }, { "задумать", 0.9f },
	{ "вздумать", 0.8f }, { "думать", 0.5f }, { "спешить", 0.5f }, { "поспешить", 0.5f },
	{ "стать", 0.3f }, { "начать", 0.3f }, { "уметь", 0.3f }, { "бояться", 0.3f },
};
enum { WILL_REACH = 4, INTENT_WORDS = 6 };

static float will_of(struct str lemma)
{
	for (size_t i = 0; i < sizeof wills / sizeof *wills; i++)
		if (str_eq(lemma, str_of(wills[i].lemma)))
			return wills[i].weight;
	return 0;
}

/* The will that rules the infinitive at i, within its sentence; 0.15 when none is said. */
static float ruled(const struct look *l, size_t i, size_t lo)
{
	float best = 0.15f;

	for (size_t k = 1; k <= WILL_REACH && i >= lo + k; k++) {
		float v = will_of(l->w->lemma[l->w->w[i - k].lemma].s);

		if (v > best)
			best = v;
	}
	return best;
}

static void fill_intention(struct scene *s, const struct look *l, const struct clause *c, size_t n,
                           struct arena *a)
{
	const struct word *w = l->w->w;
	float best = 0;
	size_t from = 0, to = 0;

	for (size_t k = 0; k < n; k++)
		for (size_t i = c[k].from; i < c[k].to; i++) {
			/* «быть» and «мочь» say nothing without what follows */
			if (w[i].pos != POS_INF)
				continue;
			float v = ruled(l, i, k ? c[k - 1].from : c[k].from);
			size_t left = c[k].to - i;

			v *= left > 1 ? 1 : 0.6f;
			v *= w[i].flags & WORD_SPEECH ? 0.8f : 1;
			if (v > best) {
				best = v;
				from = i;
				to = i + (left < INTENT_WORDS ? left : INTENT_WORDS);
			}
		}
	if (best < 0.3f)		/* an infinitive without a will is no intention */
		return;
	/* «не» belongs to what is wanted */
	if (from > l->from && str_eq(l->w->lemma[w[from - 1].lemma].s, S("не")))
		from--;
	while (to > from + 1 && (w[to - 1].pos == POS_PREP || w[to - 1].pos == POS_CONJ))
		to--;
	s->text[ST_INTENTION] = stretch(l, from, to, a);
	s->text_conf[ST_INTENTION] = s->text[ST_INTENTION].n ? best * 0.7f : 0;
}

/* ---- idea, archetype ----------------------------------------------------------------- */
static void fill_idea(struct scene *s, const struct look *l, struct arena *a)
{
	size_t m = idea_count(), best = 0;
	float *v = mem_alloc(m + 1, sizeof *v);

	for (size_t i = 0; i < l->to - l->from; i++) {
		const struct lex *x[2] = { l->lw[i].lex, l->lw[i].pair };

		for (int k = 0; k < 2; k++) {
			if (!x[k])
				continue;
			if (x[k]->noun)
				v[x[k]->noun] += 1.5f;
			for (int j = 0; j < x[k]->n_idea; j++)
				v[x[k]->idea[j]] += 1;
		}
	}
	for (size_t i = 1; i <= m; i++) {
		const struct idea *d = idea_get(i);

		if (v[i] <= 0)
			continue;
		v[i] = logf(1 + v[i]);
		v[i] += d->tension >> s->code[SC_TENSION] & 1 ? 2 * s->code_conf[SC_TENSION] + 0.3f : 0;
		v[i] += d->resolution >> s->code[SC_RESOLUTION] & 1 ? s->code_conf[SC_RESOLUTION] + 0.2f : 0;
		if (!best || v[i] > v[best])
			best = i;
	}
	if (best) {
		s->text[ST_IDEA] = str_copy(a, idea_get(best)->name);
		s->text_conf[ST_IDEA] = v[best] / (v[best] + 4);
	}
	mem_free(v);
}

static void fill_archetype(struct scene *s)
{
	float t = s->code_conf[SC_TENSION], r = s->code_conf[SC_RESOLUTION];

	if (!s->code[SC_TENSION])
		return;
	s->text[ST_ARCHETYPE] = archetype_of(s->code[SC_TENSION], s->code[SC_RESOLUTION]);
	s->text_conf[ST_ARCHETYPE] = s->text[ST_ARCHETYPE].n ? (t < r ? t : r) : 0;
}

void phrases_fill(struct scene *s, const struct look *l, struct arena *a, struct arena *scratch)
{
	struct clause *c;
	size_t n = clauses_of(&c, l, scratch);

	fill_disturbance(s, l, c, n, a);
	fill_intention(s, l, c, n, a);
	fill_clause(s, ST_TENSION, SC_TENSION, 0, l, c, n, a);
	fill_clause(s, ST_RESOLUTION, SC_RESOLUTION, 1.2f, l, c, n, a);
	fill_clause(s, ST_LOGIC, SC_LOGIC, 0, l, c, n, a);
	fill_idea(s, l, a);
	fill_archetype(s);
}
