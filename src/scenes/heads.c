/* heads.c - linear scores of the coded fields, of valence and arousal.
 *
 *   in    a look: words with their lexicon rows
 *   out   for every field the most probable kind and its probability; two numbers
 *
 *   score[k] = sum_i W[i][k] x[i]  +  sum_l v w[l][k]
 *
 * x are the dense features: the mean lemma vector (latent semantic analysis over scenes
 * [Deerwester et al. 1990]), counts of cue words of every kind, feelings, style, place in the
 * chapter. l runs over distinct lemmas with a weight of their own, v damps long scenes.
 * W and w are fitted by bench/fit/fit_cues.c (multinomial logistic regression, ridge) on the training
 * stories and come from scene_weight.tsv. Confidence is the softmax within the field.
 */
#include <math.h>

#include "scenes/parts.h"

enum style {
	ST_DIALOG, ST_DIALOG_PARA, ST_ASK, ST_CRY, ST_DOTS, ST_SENT_LEN, ST_ME, ST_YOU, ST_HE,
	ST_PAST, ST_PRESENT, ST_COMMAND, ST_INFIN, ST_VERBS, ST_ADJS, ST_NOUNS, ST_NOT, ST_PROPER,
	ST_ADVS, ST_DIGITS, ST_VERSE, ST_WHOLE, ST_FIRST, ST_LAST, ST_AT, ST_EARLY, ST_LATE,
	ST_LENGTH, ST_QUOTES, ST_COMMAS,
};
_Static_assert(ST_COMMAS + 1 == LOOK_STYLES, "styles and their names agree");
static const char *const style_name[LOOK_STYLES] = {
	"dialog", "dialog_para", "ask", "cry", "dots", "sent_len", "me", "you", "he",
	"past", "present", "command", "infinitive", "verbs", "adjs", "nouns", "not", "proper",
	"advs", "digits", "verse", "whole", "first", "last", "at", "early", "late",
	"length", "quotes", "commas",
};

enum { AT_VEC = 1, AT_CUE = AT_VEC + VEC_N, AT_FEEL = AT_CUE + CUE_N, AT_VA = AT_FEEL + FEEL_N,
	AT_STYLE = AT_VA + 2 };

const char *dense_name(int i)
{
	static _Thread_local char buf[64];

	if (i == 0)
		return "bias";
	if (i < AT_CUE) {
		snprintf(buf, sizeof buf, "vec.%d", i - AT_VEC);
	} else if (i < AT_FEEL) {
		for (int f = 0; f < SC_N; f++)
			for (int k = 1; k <= kind_count(f); k++)
				if (cue_bit(f, k) == i - AT_CUE)
					snprintf(buf, sizeof buf, "cue.%s.%.*s", scene_code_key(f),
					         STR_ARG(kind_get(f, k)->code));
	} else if (i < AT_VA) {
		snprintf(buf, sizeof buf, "feel.%.*s", STR_ARG(kind_get(SC_EMOTION, i - AT_FEEL + 1)->code));
	} else if (i < AT_STYLE) {
		return i == AT_VA ? "valence" : "arousal";
	} else {
		snprintf(buf, sizeof buf, "style.%s", style_name[i - AT_STYLE]);
	}
	return buf;
}

/* ---- features ------------------------------------------------------------------------ */
static void add_row(float x[DENSE_N], float va[3], const struct lex *l)
{
	if (!l)
		return;
	for (uint64_t m = l->cue; m; m &= m - 1)
		x[AT_CUE + __builtin_ctzll(m)] += 1;
	if (!l->feel)
		return;
	for (unsigned m = l->feel; m; m &= m - 1)
		x[AT_FEEL + __builtin_ctz(m)] += 1.0f / (float)__builtin_popcount(l->feel);
	va[0] += l->valence;
	va[1] += l->arousal;
	va[2] += 1;
}

static bool is(struct str s, const char *lit)
{
	return str_eq(s, str_of(lit));
}

static void add_pron(float *t, const struct word *v, struct str lemma)
{
	bool speech = v->flags & WORD_SPEECH;

	if (is(lemma, "я") || is(lemma, "мы"))
		t[ST_ME] += !speech;
	else if (is(lemma, "ты") || is(lemma, "вы"))
		t[ST_YOU] += 1;
	else if (is(lemma, "он") || is(lemma, "она") || is(lemma, "они"))
		t[ST_HE] += 1;
}

static void add_style(float *t, const struct word *v, struct str lemma)
{
	t[ST_DIALOG] += (v->flags & WORD_SPEECH) != 0;
	t[ST_PROPER] += (v->flags & WORD_PROPER) != 0;
	switch (v->pos) {
	case POS_VERB:
		t[ST_VERBS] += 1;
		t[ST_PAST] += v->g.tense == 1;
		t[ST_PRESENT] += v->g.tense == 2;
		t[ST_COMMAND] += v->g.mood == 2;
		break;
	case POS_INF: t[ST_INFIN] += 1; break;
	case POS_ADJ: t[ST_ADJS] += 1; break;
	case POS_NOUN: t[ST_NOUNS] += 1; break;
	case POS_ADV: t[ST_ADVS] += 1; break;
	case POS_DIGIT: t[ST_DIGITS] += 1; break;
	case POS_PRON: add_pron(t, v, lemma); break;
	case POS_PRCL: t[ST_NOT] += is(lemma, "не") || is(lemma, "ни") || is(lemma, "нет"); break;
	default: break;
	}
}

static void add_mark(float *t, struct str m)
{
	if (!m.n)
		return;
	switch (m.p[0]) {
	case '?': t[ST_ASK] += 1; return;
	case '!': t[ST_CRY] += 1; return;
	case ',': t[ST_COMMAS] += 1; return;
	case '.': t[ST_DOTS] += m.n > 1; return;
	default: break;
	}
	t[ST_DOTS] += is(m, "…");
	t[ST_QUOTES] += is(m, "«");
}

static bool begins_speech(const struct book *b, const struct para *p)
{
	struct str s = { b->text.p + p->off, p->len };

	return str_starts(s, S("—")) || str_starts(s, S("–")) || str_starts(s, S("-"));
}

static void add_paras(float *t, const struct look *l)
{
	float n = 0, talk = 0, verse = 0;
	uint32_t last = UINT32_MAX;

	for (uint32_t i = l->sent; i < l->sent + l->n_sent; i++) {
		if (l->b->sent[i].para == last)
			continue;
		last = l->b->sent[i].para;
		n++;
		talk += begins_speech(l->b, &l->b->para[last]);
		verse += l->b->para[last].kind == PARA_VERSE;
	}
	t[ST_DIALOG_PARA] = n ? talk / n : 0;
	t[ST_VERSE] = n ? verse / n : 0;
}

static void scale_style(float *t, const struct look *l)
{
	float words = (float)(l->n_word ? l->n_word : 1), sents = (float)(l->n_sent ? l->n_sent : 1);
	float verbs = t[ST_VERBS] > 0 ? t[ST_VERBS] : 1;

	for (int i = ST_PAST; i <= ST_COMMAND; i++)
		t[i] /= verbs;
	for (int i = ST_ASK; i <= ST_DOTS; i++)
		t[i] /= sents;
	t[ST_DIALOG] /= words;
	for (int i = ST_ME; i <= ST_HE; i++)
		t[i] = sqrtf(t[i] / words);
	for (int i = ST_INFIN; i <= ST_DIGITS; i++)
		t[i] /= words;
	t[ST_QUOTES] /= sents;
	t[ST_COMMAS] /= words;
	t[ST_SENT_LEN] = logf(words / sents);
	t[ST_LENGTH] = logf(words);
	t[ST_WHOLE] = !l->first && !l->last && l->at == 0.5f;
	t[ST_FIRST] = l->first;
	t[ST_LAST] = l->last;
	t[ST_AT] = l->at;
	t[ST_EARLY] = l->at < 0.25f;
	t[ST_LATE] = l->at > 0.75f;
}

void dense_features(float x[DENSE_N], const struct look *l)
{
	int64_t sum[VEC_N] = { 0 };
	float va[3] = { 0 }, norm = 0, damp = sqrtf((float)(l->n_word ? l->n_word : 1) / 100);

	memset(x, 0, DENSE_N * sizeof *x);
	for (size_t i = l->from; i < l->to; i++) {
		const struct word *v = &l->w->w[i];
		const struct lookw *o = &l->lw[i - l->from];

		if (v->pos == POS_PUNCT) {
			add_mark(x + AT_STYLE, l->w->lemma[v->lemma].s);
			continue;
		}
		add_style(x + AT_STYLE, v, l->w->lemma[v->lemma].s);
		add_row(x, va, o->lex);
		add_row(x, va, o->pair);
		if (o->lex && o->lex->vec)
			for (int k = 0; k < VEC_N; k++)
				sum[k] += o->lex->vec[k];
	}
	x[0] = 1;
	for (int k = 0; k < VEC_N; k++)
		norm += (float)sum[k] * (float)sum[k];
	for (int k = 0; norm > 0 && k < VEC_N; k++)
		x[AT_VEC + k] = (float)sum[k] / sqrtf(norm);
	for (int k = AT_CUE; k < AT_VA; k++)
		x[k] = logf(1 + x[k]) / damp;
	x[AT_VA] = va[2] > 0 ? va[0] / (va[2] + 2) : 0;	/* two neutral words as a prior */
	x[AT_VA + 1] = va[2] > 0 ? va[1] / (va[2] + 2) : 0;
	add_paras(x + AT_STYLE, l);
	scale_style(x + AT_STYLE, l);
}

/* ---- scores -------------------------------------------------------------------------- */
void heads_score(float out[OUT_N], const struct look *l)
{
	float x[DENSE_N], sum[OUT_N] = { 0 };
	float v = weight_lemma_scale() / sqrtf((float)(l->n_content ? l->n_content : 1) / 100);

	dense_features(x, l);
	for (size_t i = 0; i < l->to - l->from; i++) {
		const struct lex *o = l->lw[i].lex;

		if (!o || !o->weight || !l->lw[i].fresh)
			continue;
		for (int k = 0; k < OUT_N; k++)
			sum[k] += (float)o->weight[k];
	}
	for (int k = 0; k < OUT_N; k++)
		out[k] = v * sum[k];
	for (int i = 0; i < DENSE_N; i++) {
		const float *w = weight_dense(i);

		if (x[i] != 0)
			for (int k = 0; k < OUT_N; k++)
				out[k] += x[i] * w[k];
	}
}

static float clamp(float v, float lo, float hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* z as it would be if the scene stood alone: what its place in the chapter added is taken off,
 * what a text that is one scene gets is put in. */
static void stand_alone(float z[OUT_N], const struct look *l)
{
	struct look one = *l;
	float here[LOOK_STYLES] = { 0 }, alone[LOOK_STYLES] = { 0 };

	one.first = one.last = 0;
	one.at = 0.5f;
	scale_style(here, l);
	scale_style(alone, &one);
	for (int i = ST_WHOLE; i <= ST_LATE; i++) {
		const float *w = weight_dense(AT_STYLE + i);

		for (int k = 0; k < OUT_N && here[i] != alone[i]; k++)
			z[k] += (alone[i] - here[i]) * w[k];
	}
}

/* The best kind of a field and its share of the softmax. */
static int best_kind(float *conf, const float *z, enum scene_code f)
{
	const float *y = z + out_index(f, 1);
	int n = kind_count(f), best = 0;
	double sum = 0;

	for (int k = 1; k < n; k++)
		if (y[k] > y[best])
			best = k;
	for (int k = 0; k < n; k++)
		sum += exp((double)y[k] - y[best]);
	*conf = (float)(1 / sum);
	return best + 1;
}

void heads_fill(struct scene *s, const struct look *l)
{
	float z[OUT_N], conf;

	if (l->n_content < 2)		/* nothing to judge by */
		return;
	heads_score(z, l);
	for (int f = 0; f < SC_N; f++)
		s->code[f] = (uint8_t)best_kind(&s->code_conf[f], z, f);
	s->valence = clamp(z[OUT_N - 2], -1, 1);
	s->arousal = clamp(z[OUT_N - 1], 0, 1);
	stand_alone(z, l);
	for (int f = 0; f < SC_N; f++)
		s->alone[f] = (uint8_t)best_kind(&conf, z, f);
	s->alone_valence = clamp(z[OUT_N - 2], -1, 1);
	s->alone_arousal = clamp(z[OUT_N - 1], 0, 1);
}
