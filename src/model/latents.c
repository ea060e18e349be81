/* latents.c - scenes as vectors: windows, the robust scale, metrics.
 *
 *   in    see latents.h
 *   out   see latents.h
 *
 * Invariants: a window lies in one book; every scene is in a window of each epoch (but for those
 * that do not fill a batch); the same seed, step and row give the same window.
 */
#include <math.h>
#include <stdlib.h>

#include "model/latents.h"
#include "num/num.h"

/* ---- what it holds ---------------------------------------------------------------- */
static const char *shapes_wrong(const struct latents *l)
{
	if (l->registers < 1 || l->dim < 1 || l->registers > 64 || l->dim > 4096)
		return "scenes must have 1 to 64 registers of 1 to 4096 numbers";
	if (!l->n || !l->books || !l->z || !l->first)
		return "there are no scenes";
	if (l->slots < 0 || l->slots > LATENTS_SLOTS_MAX || (l->slots && !l->slot))
		return "a scene must have 0 to 16 slots";
	if (l->side_dim < 0 || l->side_dim > 65536 || (l->side_dim && !l->side))
		return "the field must be read out in 0 to 65536 numbers";
	for (int k = 0; k < l->slots; k++)
		if (l->kinds[k] < 2 || l->kinds[k] > 256)
			return "a slot must have 2 to 256 kinds, the empty one counted";
	if (l->first[0] != 0 || l->first[l->books] != l->n)
		return "the books must hold all scenes";
	for (uint32_t b = 0; b < l->books; b++)
		if (l->first[b + 1] < l->first[b])
			return "the books are not in order";
	return NULL;
}

const char *latents_wrong(const struct latents *l)
{
	const char *wrong = shapes_wrong(l);
	size_t dims = (size_t)latents_dims(l), slots = (size_t)l->slots, side = (size_t)l->side_dim;

	if (wrong)
		return wrong;
	for (size_t i = 0; i < l->n * slots; i++)
		if (l->slot[i] >= l->kinds[i % slots])
			return "a slot holds what is not among its kinds";
	if (num_finite(l->z, l->n * dims) < l->n * dims)
		return "z is not finite";
	if (side && num_finite(l->side, l->n * side) < l->n * side)
		return "the field's read-out is not finite";
	return NULL;
}

bool latents_alike(const struct latents *a, const struct latents *b)
{
	return a->registers == b->registers && a->dim == b->dim && a->slots == b->slots &&
	       a->side_dim == b->side_dim &&
	       !memcmp(a->kinds, b->kinds, (size_t)a->slots * sizeof *a->kinds);
}

uint32_t latents_book(const struct latents *l, size_t i)
{
	uint32_t lo = 0, hi = l->books;		/* first[lo] <= i < first[hi] */

	must(i < l->n);
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (l->first[mid] <= i)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* ---- windows ---------------------------------------------------------------------- */
static void push(struct latent_windows *w, uint32_t book, size_t from, size_t len)
{
	VEC_PUSH(w->all, w->count, w->cap) = (struct latent_window){ from, len, book };
}

/* Cuts at phase - context, phase, phase + context, …; moved into the book where they reach out. */
static void cut_book(struct latent_windows *w, uint32_t book, size_t phase)
{
	size_t first = (size_t)w->l->first[book], n = (size_t)w->l->first[book + 1] - first;
	size_t C = (size_t)w->context;

	if (n <= C) {
		if (n)
			push(w, book, first, n);
		return;
	}
	for (size_t end = phase ? phase : C; end < n + C; end += C) {
		size_t from = end < C ? 0 : end - C;

		push(w, book, first + (from > n - C ? n - C : from), C);
	}
}

/* How many windows an epoch has depends on its phases; batches are counted by the least it can have. */
static size_t fewest(const struct latents *l, size_t C)
{
	size_t n = 0;

	for (uint32_t b = 0; b < l->books; b++)
		n += ((size_t)(l->first[b + 1] - l->first[b]) + C - 1) / C;
	return n;
}

static void shuffle(struct latent_windows *w, uint64_t epoch)
{
	struct rng r = rng_stream(w->seed, "latents.order", epoch);

	for (size_t i = w->count; i > 1; i--) {
		size_t k = (size_t)rng_below(&r, i);
		struct latent_window t = w->all[i - 1];

		w->all[i - 1] = w->all[k];
		w->all[k] = t;
	}
}

static void begin_epoch(struct latent_windows *w, uint64_t epoch)
{
	struct rng r = rng_stream(w->seed, "latents.phase", epoch);

	w->epoch = epoch;
	w->count = 0;
	for (uint32_t b = 0; b < w->l->books; b++)
		cut_book(w, b, (size_t)rng_below(&r, (uint64_t)w->context));
	shuffle(w, epoch);
	must(w->count >= w->per_epoch * (uint64_t)w->rows);
}

enum status latent_windows_open(struct latent_windows *w, const struct latents *l, int context, int rows,
                                uint64_t seed, struct err *e)
{
	size_t least = fewest(l, (size_t)context);

	*w = (struct latent_windows){ .l = l, .context = context, .rows = rows, .seed = seed };
	if (least < (size_t)rows)
		return err_set(e, ERR_USAGE, "%zu scenes make %zu windows of %d: less than one batch of %d; "
		               "give more books, or a smaller batch or context", l->n, least, context, rows);
	w->per_epoch = least / (size_t)rows;
	begin_epoch(w, 0);
	return OK;
}

void latent_windows_close(struct latent_windows *w)
{
	mem_free(w->all);
	*w = (struct latent_windows){ 0 };
}

void latent_windows_step(struct latent_windows *w, uint64_t step)
{
	if (step / w->per_epoch != w->epoch)
		begin_epoch(w, step / w->per_epoch);
}

struct latent_window latent_windows_row(const struct latent_windows *w, uint64_t step, int row)
{
	must(step / w->per_epoch == w->epoch && row < w->rows);
	return w->all[(size_t)(step % w->per_epoch) * (size_t)w->rows + (size_t)row];
}

/* ---- the robust normaliser -------------------------------------------------------- */
struct fit {
	float *middle, *scale;
	const struct latents *l;
	size_t n;
};
enum { FIT_LANES = 16 };

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* The value at share q of the sorted v, between its neighbours. */
static float quantile(const float *v, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t i = (size_t)at, j = i + 1 < n ? i + 1 : i;
	float f = (float)(at - (double)i);

	return v[i] + f * (v[j] - v[i]);
}

static void fit_lane(void *ctx, int lane)
{
	struct fit *f = ctx;
	size_t dims = (size_t)latents_dims(f->l), to = num_lane_to(dims, lane, FIT_LANES);
	float *v = mem_alloc(f->n, sizeof *v);

	for (size_t d = num_lane_from(dims, lane, FIT_LANES); d < to; d++) {
		float range;

		for (size_t i = 0; i < f->n; i++)
			v[i] = latents_z(f->l, i * f->l->n / f->n)[d];
		qsort(v, f->n, sizeof *v, by_value);
		range = (quantile(v, f->n, 0.75) - quantile(v, f->n, 0.25)) / 1.349f;
		f->middle[d] = quantile(v, f->n, 0.5);
		f->scale[d] = range > 1e-6f ? range : 1;
	}
	mem_free(v);
}

void normaliser_fit(float *middle, float *scale, const struct latents *l)
{
	struct fit f = { middle, scale, l, l->n < LATENTS_SAMPLE ? l->n : LATENTS_SAMPLE };

	num_lanes(FIT_LANES, 0, fit_lane, &f);
}

void normaliser_apply(float *x, const float *z, const float *middle, const float *scale, int dims)
{
	for (int d = 0; d < dims; d++)
		x[d] = (z[d] - middle[d]) / scale[d];
}

void normaliser_undo(float *z, const float *x, const float *middle, const float *scale, int dims)
{
	for (int d = 0; d < dims; d++)
		z[d] = x[d] * scale[d] + middle[d];
}

/* ---- metrics ---------------------------------------------------------------------- */
float latents_far2(const float *a, const float *b, size_t n)
{
	float s[16] = { 0 }, sum = 0;
	size_t i = 0;

	for (; i + 16 <= n; i += 16)
		for (size_t k = 0; k < 16; k++)
			s[k] += (a[i + k] - b[i + k]) * (a[i + k] - b[i + k]);
	for (size_t k = 0; i < n; i++, k++)
		s[k] += (a[i] - b[i]) * (a[i] - b[i]);
	for (int k = 0; k < 16; k++)
		sum += s[k];
	return sum;
}

size_t latents_others(const struct latents *l, size_t i, size_t most, size_t *other)
{
	uint32_t b = latents_book(l, i);
	size_t from = (size_t)l->first[b], all = (size_t)l->first[b + 1] - from - 1;
	size_t n = all < most ? all : most;

	for (size_t k = 0; k < n; k++) {
		other[k] = from + k * all / n;
		other[k] += other[k] >= i;
	}
	return n;
}

struct measuring {
	struct latents_worth *out;
	const struct latents *l;
	const float *guess;
	latents_scorer *score;
	void *ctx;
	size_t *end, *cand;		/* [at once], [at once][scenes of the book] */
	float *s;			/* [at once][scenes of the book] */
	double pairs;
};
enum { AT_ONCE = 1 << 21 };		/* scores */

static void by_nearness(struct measuring *m, const struct questions *q)
{
	size_t dims = (size_t)latents_dims(m->l), k = (size_t)q->k;

	for (size_t i = 0; i < q->n * k; i++) {
		const float *guess = m->guess + (q->end[i / k] + 1) * dims;

		m->s[i] = -latents_far2(guess, latents_z(m->l, q->cand[i]), dims);
	}
}

/* Scores of all scenes of a book (len from first) as what is told at scenes from .. to-1, not its first. */
static void ask(struct measuring *m, size_t first, size_t len, size_t from, size_t to)
{
	struct questions q = { to - from, (int)len, m->end, m->cand };

	for (size_t i = 0; i < to - from; i++) {
		m->end[i] = from + i - 1;
		for (size_t k = 0; k < len; k++)
			m->cand[i * len + k] = first + k;
	}
	if (m->score)
		m->score(m->ctx, m->l, &q, m->s);
	else
		by_nearness(m, &q);
}

/* How many of `most` others score below the truth (equal: half); s: scores of the book's scenes. */
static double won(const struct measuring *m, const float *s, size_t i, size_t first, size_t most,
                  size_t *pairs)
{
	size_t other[LATENTS_OTHERS];
	double n = 0;

	*pairs = latents_others(m->l, i, most, other);
	for (size_t k = 0; k < *pairs; k++) {
		float its = s[other[k] - first];

		n += its < s[i - first] ? 1 : its == s[i - first] ? 0.5 : 0;
	}
	return n;
}

static bool tops(const float *s, size_t own, size_t len)
{
	for (size_t k = 0; k < len; k++)
		if (k != own && !(s[k] < s[own]))
			return false;
	return true;
}

static double measure_scene(struct measuring *m, const float *s, size_t i, size_t first, size_t len)
{
	size_t pairs, few, dims = (size_t)latents_dims(m->l);
	double wins = won(m, s, i, first, LATENTS_OTHERS, &pairs);

	m->out->top_few += won(m, s, i, first, LATENTS_FEW, &few) == (double)few;
	m->out->top_all += tops(s, i - first, len);
	m->out->l2 += sqrt((double)latents_far2(m->guess + i * dims, latents_z(m->l, i), dims));
	m->out->contrast += wins;
	m->pairs += (double)pairs;
	return wins / (double)pairs;
}

static void measure_book(struct measuring *m, uint32_t b)
{
	size_t first = (size_t)m->l->first[b], len = (size_t)m->l->first[b + 1] - first;
	size_t at_once = AT_ONCE / (len + 1) + 1;
	double share = 0;

	for (size_t from = 1; from < len; from += at_once) {
		size_t to = len - from < at_once ? len : from + at_once;

		ask(m, first, len, first + from, first + to);
		for (size_t i = from; i < to; i++)
			share += measure_scene(m, m->s + (i - from) * len, first + i, first, len);
	}
	m->out->scenes += len > 1 ? len - 1 : 0;
	if (m->out->book_contrast)
		m->out->book_contrast[b] = len > 1 ? share / (double)(len - 1) : NAN;
}

static void room(struct measuring *m)
{
	size_t longest = 0, n;

	for (uint32_t b = 0; b < m->l->books; b++) {
		n = (size_t)(m->l->first[b + 1] - m->l->first[b]);
		longest = n > longest ? n : longest;
	}
	must(longest < INT32_MAX);
	n = AT_ONCE + longest + 1;
	m->end = mem_alloc(AT_ONCE + 1, sizeof *m->end);
	m->cand = mem_alloc(n, sizeof *m->cand);
	m->s = mem_alloc(n, sizeof *m->s);
}

void latents_measure(struct latents_worth *out, const struct latents *l, const float *guess,
                     latents_scorer *score, void *ctx)
{
	struct measuring m = { .out = out, .l = l, .guess = guess, .score = score, .ctx = ctx };

	*out = (struct latents_worth){ .book_contrast = out->book_contrast };
	room(&m);
	for (uint32_t b = 0; b < l->books; b++)
		measure_book(&m, b);
	mem_free(m.end), mem_free(m.cand), mem_free(m.s);
	if (!out->scenes)
		return;
	out->l2 /= (double)out->scenes;
	out->contrast /= m.pairs;
	out->top_few /= (double)out->scenes;
	out->top_all /= (double)out->scenes;
}
