/* deep.c - what the core reads of a candidate beyond the shallow features.
 *
 *   in    a question
 *   out   [n_cand][deep_count()]; names by deep_name
 *
 * Families: lemma rows at lags and decays; the graph's spread; names and actors by how long
 * ago they were last met; rows re-weighted by what the question itself holds (a word that all
 * candidates share tells nothing, a word that one of them alone shares with the context tells
 * much); codes of the schema; how candidates stand to each other (one that another candidate
 * would precede is not next).
 */
#include <math.h>
#include <stdlib.h>

#include "model/model.h"

enum { DEEP_MAX = 96, DECAYS = 4 };
static const double DECAY[DECAYS] = { 0.35, 0.6, 0.8, 0.95 };

/* A row being filled; names are noted the first time through. */
struct put {
	float *v;
	int n;
	const char **name;
};

static void put(struct put *p, const char *name, double x)
{
	must(p->n < DEEP_MAX);
	if (p->name)
		p->name[p->n] = name;
	p->v[p->n++] = (float)x;
}

/* ---- what is computed once a question ---- */

struct shared {
	const struct question *q;
	const float *field;		/* [n_cand][CHANNELS][LAGS] */
	double inv[DECAYS];		/* 1/|decayed context| over lemma rows */
	float among[CAND_MAX][CAND_MAX];	/* lemma cosines of candidates */
	float seam[CAND_MAX][CAND_MAX];		/* tail of i · head of j */
	/* words of the question: how many candidates hold each, newest lag that holds it */
	uint32_t *key;
	uint8_t *held, *lag;
	size_t cap;
};

static size_t slot(const struct shared *s, uint32_t key)
{
	size_t mask = s->cap - 1, i = (key * 0x9E3779B1u) & mask;

	if (!key)
		key = 1;
	while (s->key[i] && s->key[i] != key)
		i = (i + 1) & mask;
	return i;
}

static void count_words(struct shared *s, struct arena *a)
{
	const struct question *q = s->q;
	size_t total = 0;

	for (int i = 0; i < q->n_ctx; i++)
		total += q->ctx[i]->lemma.n;
	for (int i = 0; i < q->n_cand; i++)
		total += q->cand[i]->lemma.n;
	for (s->cap = 64; s->cap < total * 2;)
		s->cap *= 2;
	s->key = TAKE(a, uint32_t, s->cap);
	s->held = TAKE(a, uint8_t, s->cap);
	s->lag = TAKE(a, uint8_t, s->cap);
	for (int i = q->n_ctx; i-- > 0;)
		for (uint32_t k = 0; k < q->ctx[i]->lemma.n; k++) {
			size_t at = slot(s, q->ctx[i]->lemma.key[k]);

			s->key[at] = q->ctx[i]->lemma.key[k] ? q->ctx[i]->lemma.key[k] : 1;
			s->lag[at] = (uint8_t)(i + 1);
		}
	for (int i = 0; i < q->n_cand; i++)
		for (uint32_t k = 0; k < q->cand[i]->lemma.n; k++) {
			size_t at = slot(s, q->cand[i]->lemma.key[k]);

			s->key[at] = q->cand[i]->lemma.key[k] ? q->cand[i]->lemma.key[k] : 1;
			s->held[at]++;
		}
}

/* 1/|decayed context| over lemma rows, for each decay. */
static void norms(struct shared *s)
{
	const struct question *q = s->q;
	const struct svec *row[CONTEXT_SCENES];
	double sum[DECAYS] = { 0 };

	for (int i = 0; i < q->n_ctx; i++) {
		float g[CONTEXT_SCENES];

		row[i] = &q->ctx[i]->lemma;
		svec_dots(g, row[i], row, (size_t)i + 1);
		for (int d = 0; d < DECAYS; d++)
			for (int j = 0; j <= i; j++)
				sum[d] += (i == j ? 1 : 2) * pow(DECAY[d], i + j) * g[j];
	}
	for (int d = 0; d < DECAYS; d++)
		s->inv[d] = sum[d] > 0 ? 1 / sqrt(sum[d]) : 0;
}

static void share(struct shared *s, const struct question *q, const float *field, struct arena *a)
{
	const struct svec *lemma[CAND_MAX], *head[CAND_MAX];

	s->q = q;
	s->field = field;
	norms(s);
	for (int i = 0; i < q->n_cand; i++) {
		lemma[i] = &q->cand[i]->lemma;
		head[i] = &q->cand[i]->head;
	}
	for (int i = 0; i < q->n_cand; i++) {
		svec_dots(s->among[i], lemma[i], lemma, (size_t)q->n_cand);
		svec_dots(s->seam[i], &q->cand[i]->tail, head, (size_t)q->n_cand);
	}
	count_words(s, a);
}

/* ---- families ---- */

/* i: the candidate. Its dots with each lag are the field's lemma channel. */
static void lemma_family(struct put *p, const struct shared *s, int i)
{
	static const char *const by_decay[DECAYS] = { "lemma.d35", "lemma.d60", "lemma.d80", "lemma.d95" };
	static const char *const by_lag[] = { "lemma.1", "lemma.2", "lemma.3", "lemma.4" };
	const float *dot = s->field + i * CHANNELS * LAGS;
	const struct question *q = s->q;
	double top = 0;

	for (int k = 0; k < q->n_ctx; k++)
		top = dot[k] > top ? dot[k] : top;
	for (int d = 0; d < DECAYS; d++) {
		double sum = 0;

		for (int k = q->n_ctx; k-- > 0;)	/* Σ decay^k dot[k], by Horner */
			sum = sum * DECAY[d] + dot[k];
		put(p, by_decay[d], sum * s->inv[d]);
	}
	for (int k = 0; k < 4; k++)
		put(p, by_lag[k], dot[k]);
	put(p, "lemma.max", top);
}

static void spread_family(struct put *p, const struct shared *s, const struct view *c, int i)
{
	const float *leads = s->field + i * CHANNELS * LAGS + 2 * LAGS;
	const struct question *q = s->q;
	const struct svec *row[CONTEXT_SCENES];
	float o[CONTEXT_SCENES] = { 0 };
	double occ = 0, lead = 0;

	for (int k = 0; k < q->n_ctx; k++)
		row[k] = &q->ctx[k]->spread[EDGE_OCCURS];
	svec_dots(o, &c->spread[EDGE_OCCURS], row, (size_t)q->n_ctx);
	for (int k = q->n_ctx; k-- > 0;) {
		occ = occ * 0.7 + o[k];
		lead = lead * 0.7 + leads[k];
	}
	put(p, "occurs.1", o[0]);
	put(p, "occurs.d70", occ);
	put(p, "leads.1", leads[0]);
	put(p, "leads.d70", lead);
	put(p, "leads.back", leads[0] - svec_dot(&c->spread[EDGE_LEADS], &q->ctx[0]->lemma));
}

/* Names among the candidate's lemmas by the newest lag that holds them. */
static void name_family(struct put *p, const struct shared *s, const struct view *c)
{
	double near1 = 0, near3 = 0, old = 0, fresh = 0, n = 0, only = 0, fresh_only = 0;

	for (uint32_t i = 0; i < c->s->n_bag; i++) {
		const struct bag_item *b = &c->s->bag[i];
		size_t at = slot(s, b->key);
		double rare = 1.0 / s->held[at];

		if (!(b->flags & WORD_PROPER))
			continue;
		n++;
		if (s->lag[at] == 1)
			near1++;
		else if (s->lag[at] && s->lag[at] <= 3)
			near3++;
		else if (s->lag[at])
			old++;
		else
			fresh++;
		if (s->lag[at])
			only += rare * pow(0.8, s->lag[at] - 1);
		else
			fresh_only += rare;
	}
	put(p, "name.last", near1);
	put(p, "name.3", near3);
	put(p, "name.old", old);
	put(p, "name.new", fresh);
	put(p, "name.share", n ? (near1 + near3) / n : 0.5);
	put(p, "name.only", only);
	put(p, "name.newonly", fresh_only);
}

/* Names of the last scene that the candidate drops. */
static void dropped_family(struct put *p, const struct shared *s, const struct view *c)
{
	const struct strip_scene *l = s->q->ctx[0]->s;
	double drop = 0, n = 0;

	for (uint32_t i = 0; i < l->n_bag; i++) {
		if (!(l->bag[i].flags & WORD_PROPER))
			continue;
		n++;
		for (uint32_t k = 0; k < c->lemma.n; k++)
			if (c->lemma.key[k] == l->bag[i].key) {
				drop--;
				break;
			}
		drop++;
	}
	put(p, "name.dropped", n ? drop / n : 0.5);
}

static int find_u32(const uint32_t *v, int n, uint32_t x)
{
	for (int i = 0; i < n; i++)
		if (v[i] == x)
			return i;
	return -1;
}

static void actor_family(struct put *p, const struct shared *s, const struct view *c)
{
	const struct question *q = s->q;
	const struct strip_scene *x = c->s, *l = q->ctx[0]->s;
	double shared = 0, recent = 0, place = 0;

	for (int i = 0; i < x->n_actor; i++) {
		shared += find_u32(l->actor, l->n_actor, x->actor[i]) >= 0;
		for (int k = 0; k < q->n_ctx && k < 6; k++)
			if (find_u32(q->ctx[k]->s->actor, q->ctx[k]->s->n_actor, x->actor[i]) >= 0) {
				recent += pow(0.7, k);
				break;
			}
	}
	for (int k = 0; k < q->n_ctx && k < 6; k++)
		if (x->place && q->ctx[k]->s->place == x->place) {
			place = pow(0.7, k);
			break;
		}
	put(p, "actor.last", shared);
	put(p, "actor.recent", x->n_actor ? recent / x->n_actor : 0);
	put(p, "actor.main", x->n_actor && l->n_actor && x->actor[0] == l->actor[0]);
	put(p, "actor.main_in_last", x->n_actor && find_u32(l->actor, l->n_actor, x->actor[0]) >= 0);
	put(p, "place.same", place);
	put(p, "place.known", x->place != 0);
}

/* Lemma overlap with weights that know the question: idf / candidates that hold the word. */
static void own_family(struct put *p, const struct shared *s, const struct view *c)
{
	double last = 0, decayed = 0, fresh = 0, total = 0, best = 0;
	int known = 0, n_recent = 0;

	for (uint32_t i = 0; i < c->lemma.n; i++) {
		size_t at = slot(s, c->lemma.key[i]);
		double w = c->lemma.w[i], own = w / s->held[at];
		int lag = s->lag[at];

		total += w;
		if (!lag) {
			fresh += own;
			continue;
		}
		known++;
		n_recent += lag <= 2;
		if (lag == 1)
			last += own;
		decayed += own * pow(0.75, lag - 1);
		if (lag <= 2 && s->held[at] == 1 && w > best)
			best = w;
	}
	put(p, "own.last", last);
	put(p, "own.d75", decayed);
	put(p, "own.fresh", fresh);
	put(p, "own.best", best);
	put(p, "known", c->lemma.n ? (double)known / c->lemma.n : 0);
	put(p, "known.2", c->lemma.n ? (double)n_recent / c->lemma.n : 0);
	put(p, "mass", total);
}

static void code_family(struct put *p, const struct shared *s, const struct view *c)
{
	const struct strip_scene *x = c->s, *l = s->q->ctx[0]->s;

	put(p, "tension.same", x->code[SC_TENSION] && x->code[SC_TENSION] == l->code[SC_TENSION]);
	put(p, "emotion.same", x->code[SC_EMOTION] && x->code[SC_EMOTION] == l->code[SC_EMOTION]);
	put(p, "function.same", x->code[SC_FUNCTION] && x->code[SC_FUNCTION] == l->code[SC_FUNCTION]);
	put(p, "valence", x->valence);
	put(p, "valence.step", fabs(x->valence - l->valence));
	put(p, "arousal.step", fabs(x->arousal - l->arousal));
	put(p, "length.ratio", log((x->chars + 50.0) / (l->chars + 50.0)));
}

/* How candidate i stands to the other candidates. */
static void among_family(struct put *p, const struct shared *s, int i)
{
	const struct question *q = s->q;
	double sum = 0, top = 0, before = 0, after = 0;
	int n = q->n_cand - 1;

	for (int j = 0; j < q->n_cand; j++) {
		if (j == i)
			continue;
		sum += s->among[i][j];
		top = s->among[i][j] > top ? s->among[i][j] : top;
		before = s->seam[j][i] > before ? s->seam[j][i] : before;
		after = s->seam[i][j] > after ? s->seam[i][j] : after;
	}
	put(p, "among.mean", n ? sum / n : 0);
	put(p, "among.max", top);
	put(p, "among.before", before);
	put(p, "among.after", after);
}

static void row(struct put *p, const struct shared *s, int i)
{
	const struct view *c = s->q->cand[i];

	lemma_family(p, s, i);
	spread_family(p, s, c, i);
	name_family(p, s, c);
	dropped_family(p, s, c);
	actor_family(p, s, c);
	own_family(p, s, c);
	code_family(p, s, c);
	among_family(p, s, i);
}

/* The table of names is made once, from an empty question; any thread writes the same. */
static const char *names[DEEP_MAX];
static int n_names;

int deep_count(void)
{
	int n = __atomic_load_n(&n_names, __ATOMIC_ACQUIRE);

	if (!n) {
		static const struct strip_scene none;
		struct view v = { .s = &none };
		struct question q = { .ctx = { &v }, .cand = { &v }, .n_ctx = 1, .n_cand = 1 };
		struct arena a = arena_open("deep");
		struct shared s = { 0 };
		float x[DEEP_MAX], field[CHANNELS * LAGS] = { 0 };
		const char *own[DEEP_MAX];
		struct put p = { .v = x, .name = own };

		share(&s, &q, field, &a);
		row(&p, &s, 0);
		for (int i = 0; i < p.n; i++)
			__atomic_store_n(&names[i], own[i], __ATOMIC_RELAXED);
		arena_close(&a);
		__atomic_store_n(&n_names, n = p.n, __ATOMIC_RELEASE);
	}
	return n;
}

const char *deep_name(int i)
{
	must(i >= 0 && i < deep_count());
	return names[i];
}

void deep_features(float *out, const struct question *q, const float *field)
{
	struct arena a = arena_open("question");
	struct shared s = { 0 };
	int n = deep_count();

	share(&s, q, field, &a);
	for (int i = 0; i < q->n_cand; i++) {
		struct put p = { .v = out + (size_t)i * n };

		row(&p, &s, i);
	}
	arena_close(&a);
}

void field_features(float *out, const struct question *q)
{
	const struct svec *row[CHANNELS][CONTEXT_SCENES];

	memset(out, 0, sizeof *out * (size_t)q->n_cand * CHANNELS * LAGS);
	for (int k = 0; k < q->n_ctx; k++) {
		row[0][k] = &q->ctx[k]->lemma;
		row[1][k] = &q->ctx[k]->spread[EDGE_OCCURS];
		row[2][k] = &q->ctx[k]->spread[EDGE_LEADS];
	}
	for (int i = 0; i < q->n_cand; i++)
		for (int c = 0; c < CHANNELS; c++)
			svec_dots(out + (i * CHANNELS + c) * LAGS, &q->cand[i]->lemma, row[c],
			          (size_t)q->n_ctx);
}
