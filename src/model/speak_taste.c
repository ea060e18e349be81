/* speak_taste.c - which id comes next: penalty, temperature, top-k, top-p, and the draw.
 *
 *   in    logits, the tokens before, the taste, the step
 *   out   one id
 *
 * The draw is the greatest of logit/temperature + Gumbel noise, which takes id i with the
 * probability softmax gives it [Maddison, Tarlow & Minka 2014]. The noise is a hash of (seed, step,
 * id), not a stream: it does not matter which candidates were looked at, and two models with nearly
 * the same logits meet the same noise, so they part only where two candidates are nearly equal. That
 * is what makes drafts cheap when ids are drawn and not only when they are the greatest.
 *
 * Invariants: the same logits, tokens before, taste and step give the same id; ties go to the lower
 * id; top_k 1 is the greatest logit.
 */
#include <math.h>
#include <stdlib.h>

#include "model/speak.h"
#include "num/fast.h"

struct cand {
	float logit;
	uint32_t id;
	double p;		/* e^((logit - greatest)/temperature) */
};
struct speak_chooser {
	struct speak_taste t;
	int vocab;
	struct cand *cand;	/* [vocab] */
	uint32_t *seen, turn;	/* [vocab] the turn an id was last penalised in */
};

const char *speak_taste_wrong(const struct speak_taste *t)
{
	if (!(t->temperature >= 0 && t->temperature <= 100))
		return "the temperature must be 0 to 100";
	if (t->top_k < 0)
		return "top-k must be 0 (all) or more";
	if (!(t->top_p > 0 && t->top_p <= 1))
		return "top-p must be above 0 and at most 1";
	if (!(t->penalty > 0 && t->penalty <= 100))
		return "the repetition penalty must be above 0 and at most 100 (1: none)";
	if (t->last < 0)
		return "the tokens that are penalised must be 0 or more";
	return NULL;
}

struct speak_chooser *speak_chooser_open(const struct speak_taste *t, int vocab)
{
	struct speak_chooser *c = mem_alloc(1, sizeof *c);

	must(!speak_taste_wrong(t) && vocab > 0);
	c->t = *t;
	c->vocab = vocab;
	c->cand = mem_alloc((size_t)vocab, sizeof *c->cand);
	c->seen = mem_alloc((size_t)vocab, sizeof *c->seen);
	return c;
}

void speak_chooser_close(struct speak_chooser *c)
{
	if (!c)
		return;
	mem_free(c->cand);
	mem_free(c->seen);
	mem_free(c);
}

static void penalise(struct speak_chooser *c, float *logits, const uint32_t *before, size_t n)
{
	size_t last = (size_t)c->t.last < n ? (size_t)c->t.last : n;
	float by = (float)c->t.penalty;

	c->turn++;
	for (size_t i = n - last; i < n; i++) {
		uint32_t id = before[i];

		if (c->seen[id] == c->turn)
			continue;
		c->seen[id] = c->turn;
		logits[id] = logits[id] > 0 ? logits[id] / by : logits[id] * by;
	}
}

static NUM_FAST float top_of(const float *x, int n)
{
	float m[16];
	int i = 0;

	for (int j = 0; j < 16; j++)
		m[j] = x[0];
	for (; i + 16 <= n; i += 16)
		for (int j = 0; j < 16; j++)
			m[j] = x[i + j] > m[j] ? x[i + j] : m[j];
	for (; i < n; i++)
		m[0] = x[i] > m[0] ? x[i] : m[0];
	for (int j = 1; j < 16; j++)
		m[0] = m[j] > m[0] ? m[j] : m[0];
	return m[0];
}

static uint32_t greatest(const float *x, int n)
{
	float top = top_of(x, n);
	int i = 0;

	while (i + 1 < n && x[i] != top)
		i++;
	return (uint32_t)i;
}

/* ---- candidates: the best first, ties by id ------------------------------------------------- */
static bool better(const struct cand *a, const struct cand *b)
{
	return a->logit > b->logit || (a->logit == b->logit && a->id < b->id);
}

static int by_rank(const void *a, const void *b)
{
	return better(a, b) ? -1 : better(b, a);
}

/* The worst of heap v [n] moves down from i to its place. */
static void sift(struct cand *v, int n, int i)
{
	for (int k; (k = 2 * i + 1) < n; i = k) {
		struct cand x = v[i];

		if (k + 1 < n && better(&v[k], &v[k + 1]))
			k++;
		if (!better(&x, &v[k]))
			return;
		v[i] = v[k];
		v[k] = x;
	}
}

/* The k best of the logits; v is a heap with the worst on top until the end. */
static void best(struct cand *v, int k, const float *x, int n)
{
	for (int i = 0; i < k; i++)
		v[i] = (struct cand){ x[i], (uint32_t)i, 0 };
	for (int i = k / 2 - 1; i >= 0; i--)
		sift(v, k, i);
	for (int i = k; i < n; i++)
		if (x[i] > v[0].logit) {	/* an equal logit has a lower id in the heap */
			v[0] = (struct cand){ x[i], (uint32_t)i, 0 };
			sift(v, k, 0);
		}
	qsort(v, (size_t)k, sizeof *v, by_rank);
}

/* All logits that may be in a nucleus of top_p: one below (1 - top_p)/(n - 1) of the whole cannot,
 * since all of its kind together are less than what is left out. Sorted when top_p is below 1. */
static int all(struct speak_chooser *c, const float *x)
{
	int n = c->vocab, k = 0;
	float top = x[greatest(x, n)];
	double sum = 0, least = 0;

	if (c->t.top_p < 1) {
		for (int i = 0; i < n; i++)
			sum += exp((double)(x[i] - top) / c->t.temperature);
		least = n > 1 ? (1 - c->t.top_p) / (n - 1) * sum * 0.999 : 0;
	}
	for (int i = 0; i < n; i++)
		if (least == 0 || exp((double)(x[i] - top) / c->t.temperature) >= least)
			c->cand[k++] = (struct cand){ x[i], (uint32_t)i, 0 };
	if (c->t.top_p < 1)
		qsort(c->cand, (size_t)k, sizeof *c->cand, by_rank);
	return k;
}

/* The fewest best candidates whose share of `sum` reaches top_p. */
static int nucleus(struct cand *v, int n, double top_p, double temperature, double sum)
{
	double so_far = 0;

	for (int i = 0; i < n; i++) {
		so_far += exp((double)(v[i].logit - v[0].logit) / temperature);
		if (so_far >= top_p * sum)
			return i + 1;
	}
	return n;
}

/* ---- the draw ------------------------------------------------------------------------------------ */
/* A number in (0, 1) from a key and an id [Steele 2014, SplitMix64]. */
static double noise(uint64_t key, uint32_t id)
{
	uint64_t z = key + (id + 1ull) * 0x9E3779B97F4A7C15ull;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
	z = (z ^ z >> 27) * 0x94D049BB133111EBull;
	z ^= z >> 31;
	return ((double)(z >> 12) + 0.5) * 0x1p-52;
}

static uint32_t draw(const struct cand *v, int n, double temperature, uint64_t key)
{
	double most = -INFINITY;
	int at = 0;

	for (int i = 0; i < n; i++) {
		double x = (double)v[i].logit / temperature - log(-log(noise(key, v[i].id)));

		if (x > most || (x == most && v[i].id < v[at].id)) {
			most = x;
			at = i;
		}
	}
	return v[at].id;
}

uint32_t speak_choose(struct speak_chooser *c, float *logits, const uint32_t *before, size_t n, uint64_t step)
{
	const struct speak_taste *t = &c->t;
	struct rng r = rng_stream(t->seed, "speak.choose", step);
	bool few = t->top_k > 0 && t->top_k < c->vocab;
	int k;

	if (t->penalty != 1)
		penalise(c, logits, before, n);
	if (t->temperature == 0 || t->top_k == 1)
		return greatest(logits, c->vocab);
	if (few)
		best(c->cand, k = t->top_k, logits, c->vocab);
	else
		k = all(c, logits);
	if (t->top_p < 1) {
		double sum = 0;

		if (few)
			for (int i = 0; i < k; i++)
				sum += exp((double)(c->cand[i].logit - c->cand[0].logit) / t->temperature);
		else
			for (int i = 0; i < c->vocab; i++)
				sum += exp((double)(logits[i] - c->cand[0].logit) / t->temperature);
		k = nucleus(c->cand, k, t->top_p, t->temperature, sum);
	}
	return draw(c->cand, k, t->temperature, rng_u64(&r));
}
