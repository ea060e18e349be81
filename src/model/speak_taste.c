/* speak_taste.c - which id comes next: penalty, temperature, top-k, top-p, and the draw.
 *
 *   in    logits, the tokens before, the taste, the step
 *   out   one id
 *
 * The draw is a race: id i arrives after the time -ln(u_i)/p_i, u_i uniform in (0, 1), and the first
 * one wins, which happens to i with the probability p_i (the same as the greatest of log p + Gumbel
 * noise [Maddison, Tarlow & Minka 2014]). u_i is a hash of (seed, step, id), not a stream: it does not
 * matter which others were looked at, and two models with nearly the same logits meet the same noise,
 * so they part only where two ids arrive at nearly the same time. That is what makes drafts cheap when
 * ids are drawn and not only when they are the greatest.
 *
 * Invariants: the same logits, tokens before, taste and step give the same id; ties go to the lower
 * id; top_k 1 is the greatest logit.
 */
#include <math.h>
#include <stdlib.h>

#include "model/speak.h"
#include "num/fast.h"

/* Colder than this is frozen: differences of logits times its inverse would leave float's range. */
#define COLD 1e-4

/* A penalty may not make an infinity of a finite logit. */
#define FAR 1e38f

/* Weights e^((logit - greatest)/temperature) in (0, 1] by the high bits of their float form: buckets
 * some 3 % wide. */
enum { BUCKET_SHIFT = 18, BUCKETS = (0x3F800000 >> BUCKET_SHIFT) + 1 };

struct cand {
	float x;		/* logit, or weight */
	uint32_t id;
};
struct speak_chooser {
	struct speak_taste t;
	int vocab;
	float *weight;		/* [vocab] */
	struct cand *cand;	/* [vocab] */
	uint32_t *id;		/* [top_k] of the k best, ascending */
	uint32_t *seen, turn;	/* [vocab] the turn an id was last penalised in */
	double *bucket;		/* [BUCKETS] sums of weights */
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
	c->weight = mem_alloc((size_t)vocab, sizeof *c->weight);
	c->cand = mem_alloc((size_t)vocab, sizeof *c->cand);
	c->bucket = mem_alloc(BUCKETS, sizeof *c->bucket);
	c->id = mem_alloc((size_t)vocab, sizeof *c->id);
	c->seen = mem_alloc((size_t)vocab, sizeof *c->seen);
	return c;
}

void speak_chooser_close(struct speak_chooser *c)
{
	if (!c)
		return;
	mem_free(c->weight);
	mem_free(c->cand);
	mem_free(c->bucket);
	mem_free(c->id);
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
		logits[id] = fminf(fmaxf(logits[id] > 0 ? logits[id] / by : logits[id] * by, -FAR), FAR);
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

/* ---- the k best, ties by id ------------------------------------------------------------------- */
static bool better(const struct cand *a, const struct cand *b)
{
	return a->x > b->x || (a->x == b->x && a->id < b->id);
}

static int by_rank(const void *a, const void *b)
{
	return better(a, b) ? -1 : better(b, a);
}

static int by_id(const void *a, const void *b)
{
	const struct cand *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The element at i of the heap v [n], the worst of which is on top, moves down to its place. */
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

static void best(struct cand *v, int k, const float *x, int n)
{
	for (int i = 0; i < k; i++)
		v[i] = (struct cand){ x[i], (uint32_t)i };
	for (int i = k / 2 - 1; i >= 0; i--)
		sift(v, k, i);
	for (int i = k; i < n; i++)
		if (x[i] > v[0].x) {	/* an equal logit has a lower id in the heap */
			v[0] = (struct cand){ x[i], (uint32_t)i };
			sift(v, k, 0);
		}
}

/* ---- weights, and which of them are in the nucleus ------------------------------------------------- */
static NUM_FAST void weigh(float *w, const float *x, float top, float by, int n)
{
	for (int i = 0; i < n; i++)
		w[i] = fast_exp((x[i] - top) * by);
}

static NUM_FAST void drop_below(float *w, uint32_t bucket, int n)
{
	for (int i = 0; i < n; i++)
		w[i] = pick(bits_of(w[i]) >> BUCKET_SHIFT < bucket, 0, w[i]);
}

/* Leaves of the weights the fewest best whose share of all reaches top_p; the others become 0. The
 * bucket in which the share is reached is found by sums, and only that one is sorted. */
static void nucleus(struct speak_chooser *c, float *w, int n)
{
	double all = 0, above = 0;
	uint32_t b = BUCKETS;
	int k = 0, in = 0;

	memset(c->bucket, 0, BUCKETS * sizeof *c->bucket);
	for (int i = 0; i < n; i++)
		c->bucket[bits_of(w[i]) >> BUCKET_SHIFT] += (double)w[i];
	for (int i = 0; i < BUCKETS; i++)
		all += c->bucket[i];
	while (b > 1 && above < c->t.top_p * all)
		above += c->bucket[--b];
	above -= c->bucket[b];
	drop_below(w, b, n);
	for (int i = 0; i < n; i++)
		if (bits_of(w[i]) >> BUCKET_SHIFT == b)
			c->cand[k++] = (struct cand){ w[i], (uint32_t)i };
	qsort(c->cand, (size_t)k, sizeof *c->cand, by_rank);
	while (in < k && above < c->t.top_p * all)
		above += (double)c->cand[in++].x;
	for (; in < k; in++)
		w[c->cand[in].id] = 0;
}

/* ---- the draw ------------------------------------------------------------------------------------ */
/* A number in (0, 1) from a key and an id [Steele 2014, SplitMix64]. */
static inline double noise(uint64_t key, uint32_t id)
{
	uint64_t z = key + (id + 1ull) * 0x9E3779B97F4A7C15ull;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
	z = (z ^ z >> 27) * 0x94D049BB133111EBull;
	z ^= z >> 31;
	return ((double)(z >> 12) + 0.5) * 0x1p-52;
}

struct race {
	uint64_t key;
	double first;		/* the earliest time so far, and whose it is */
	uint32_t id;
};

/* 1 - u <= -ln u: most come too late by that already. */
static inline void run(struct race *r, uint32_t id, float weight)
{
	double u = noise(r->key, id), t;

	if (!(1 - u <= r->first * (double)weight))
		return;
	t = -log(u) / (double)weight;
	if (t < r->first || (t == r->first && id < r->id)) {
		r->first = t;
		r->id = id;
	}
}

uint32_t speak_choose(struct speak_chooser *c, float *logits, const uint32_t *before, size_t n, uint64_t step)
{
	const struct speak_taste *t = &c->t;
	struct rng stream = rng_stream(t->seed, "speak.choose", step);
	struct race r = { rng_u64(&stream), INFINITY, 0 };
	bool few = t->top_k > 0 && t->top_k < c->vocab;
	int k = few ? t->top_k : c->vocab;
	float top, by = (float)(1 / fmax(t->temperature, COLD));

	if (t->penalty != 1)
		penalise(c, logits, before, n);
	if (t->temperature < COLD || t->top_k == 1)
		return greatest(logits, c->vocab);
	top = top_of(logits, c->vocab);
	if (few) {
		best(c->cand, k, logits, c->vocab);
		qsort(c->cand, (size_t)k, sizeof *c->cand, by_id);
		for (int i = 0; i < k; i++) {
			logits[i] = c->cand[i].x;
			c->id[i] = c->cand[i].id;
		}
	}
	weigh(c->weight, logits, top, by, k);
	if (t->top_p < 1)
		nucleus(c, c->weight, k);
	for (int i = 0; i < k; i++)
		if (c->weight[i] > 0)
			run(&r, few ? c->id[i] : (uint32_t)i, c->weight[i]);
	return r.id;
}
