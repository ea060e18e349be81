/* tfidf.c - TF-IDF rows of scenes: the floors' vectors, and what matched negatives are drawn by.
 *
 *   weight = (1 + ln count) · ln(N / df);  rows L2-normed      [Salton & Buckley 1988]
 *   context before t = Σ_k decay^(k-1) · row[t - k], k = 1..12, L2-normed
 *
 * Sums run in double over keys in ascending order: the same bits everywhere.
 */
#include <math.h>
#include <stdlib.h>

#include "order/order.h"

void idf_init(struct idf *t)
{
	*t = (struct idf){ .cap = 1 << 12 };
	t->key = mem_alloc(t->cap, sizeof *t->key);
	t->df = mem_alloc(t->cap, sizeof *t->df);
}

void idf_clear(struct idf *t)
{
	mem_free(t->key);
	mem_free(t->df);
	*t = (struct idf){ 0 };
}

/* Key 0 marks an empty slot; the one word that hashes to 0 shares with key 1. */
static size_t slot_of(const struct idf *t, uint32_t key)
{
	size_t mask = t->cap - 1, i = (key * 0x9E3779B1u) & mask;

	while (t->key[i] && t->key[i] != key)
		i = (i + 1) & mask;
	return i;
}

static void grow(struct idf *t)
{
	struct idf old = *t;

	t->cap *= 2;
	t->key = mem_alloc(t->cap, sizeof *t->key);
	t->df = mem_alloc(t->cap, sizeof *t->df);
	for (size_t i = 0; i < old.cap; i++)
		if (old.key[i]) {
			size_t k = slot_of(t, old.key[i]);

			t->key[k] = old.key[i];
			t->df[k] = old.df[i];
		}
	mem_free(old.key);
	mem_free(old.df);
}

void idf_add(struct idf *t, const struct bag_item *bag, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t key = bag[i].key ? bag[i].key : 1;
		size_t k;

		if (t->n * 2 >= t->cap)
			grow(t);
		k = slot_of(t, key);
		if (!t->key[k]) {
			t->key[k] = key;
			t->n++;
		}
		t->df[k]++;
	}
	t->scenes++;
}

bool idf_put(struct idf *t, uint32_t key, uint32_t df)
{
	size_t k;

	if (t->n * 2 >= t->cap)
		grow(t);
	k = slot_of(t, key);
	if (!key || !df || t->key[k])
		return false;
	t->key[k] = key;
	t->df[k] = df;
	t->n++;
	return true;
}

float idf_get(const struct idf *t, uint32_t key)
{
	double n = t->scenes ? (double)t->scenes : 1;
	size_t k = slot_of(t, key ? key : 1);

	return (float)(t->key[k] ? log(n / t->df[k]) : log(n));
}

static void normalise(struct svec *v)
{
	double sum = 0;
	float r;

	for (uint32_t i = 0; i < v->n; i++)
		sum += (double)v->w[i] * v->w[i];
	r = sum > 0 ? (float)(1 / sqrt(sum)) : 0;
	for (uint32_t i = 0; i < v->n; i++)
		v->w[i] *= r;
}

void svec_tfidf(struct svec *v, const struct bag_item *bag, size_t n, const struct idf *t,
                struct arena *a)
{
	*v = (struct svec){ .key = TAKE(a, uint32_t, n), .w = TAKE(a, float, n), .n = (uint32_t)n };
	for (size_t i = 0; i < n; i++) {
		v->key[i] = bag[i].key;
		v->w[i] = (1 + logf(bag[i].count)) * idf_get(t, bag[i].key);
	}
	normalise(v);
}

void svec_keys(struct svec *v, const uint32_t *key, size_t n, const struct idf *t,
               struct arena *a)
{
	uint32_t *k = TAKE(a, uint32_t, n);

	*v = (struct svec){ .key = k, .w = TAKE(a, float, n) };
	if (n)
		memcpy(k, key, n * sizeof *k);
	qsort(k, n, sizeof *k, u32_cmp);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && k[j] == k[i];)
			j++;
		k[v->n] = k[i];
		v->w[v->n++] = (1 + logf((float)(j - i))) * idf_get(t, k[i]);
	}
	normalise(v);
}

float svec_dot(const struct svec *a, const struct svec *b)
{
	double sum = 0;
	uint32_t i = 0, j = 0;

	while (i < a->n && j < b->n) {
		uint32_t x = a->key[i], y = b->key[j];

		if (x == y)
			sum += (double)a->w[i] * b->w[j];
		i += x <= y;
		j += y <= x;
	}
	return (float)sum;
}

/* c = c·by + v, merged by key. */
static void merge(struct svec *c, double by, const struct svec *v, struct arena *a)
{
	struct svec out = { .key = TAKE(a, uint32_t, c->n + v->n), .w = TAKE(a, float, c->n + v->n) };
	uint32_t i = 0, j = 0;

	while (i < c->n || j < v->n) {
		bool left = j >= v->n || (i < c->n && c->key[i] <= v->key[j]);
		bool right = i >= c->n || (j < v->n && v->key[j] <= c->key[i]);

		out.key[out.n] = left ? c->key[i] : v->key[j];
		out.w[out.n++] = (left ? (float)(c->w[i] * by) : 0) + (right ? v->w[j] : 0);
		i += left;
		j += right;
	}
	*c = out;
}

void svec_context(struct svec *out, const struct svec *const *v, size_t last, size_t n,
                  double decay, struct arena *a)
{
	struct arena tmp = arena_open("context");
	struct svec c = { 0 };

	for (size_t k = n; k-- > 0;)		/* oldest first: c = c·decay + v */
		if (last >= k)
			merge(&c, decay, v[last - k], &tmp);
	normalise(&c);
	*out = (struct svec){ .n = c.n };
	out->key = TAKE(a, uint32_t, c.n);
	out->w = TAKE(a, float, c.n);
	if (c.n) {
		memcpy(out->key, c.key, c.n * sizeof *c.key);
		memcpy(out->w, c.w, c.n * sizeof *c.w);
	}
	arena_close(&tmp);
}

/* ---- numberings, and dots of one with many ---- */

void numbering_init(struct numbering *t)
{
	*t = (struct numbering){ .cap = 1 << 10 };
	t->key = mem_alloc(t->cap, sizeof *t->key);
	t->id = mem_alloc(t->cap, sizeof *t->id);
}

void numbering_clear(struct numbering *t)
{
	mem_free(t->key);
	mem_free(t->id);
	*t = (struct numbering){ 0 };
}

static size_t number_slot(const struct numbering *t, uint32_t key)
{
	size_t mask = t->cap - 1, i = (key * 0x9E3779B1u) >> 7 & mask;

	while (t->id[i] && t->key[i] != key)
		i = (i + 1) & mask;
	return i;
}

uint32_t numbering_of(struct numbering *t, uint32_t key)
{
	size_t i;

	if ((size_t)t->n * 2 >= t->cap) {
		struct numbering old = *t;

		t->cap *= 2;
		t->key = mem_alloc(t->cap, sizeof *t->key);
		t->id = mem_alloc(t->cap, sizeof *t->id);
		for (size_t k = 0; k < old.cap; k++)
			if (old.id[k]) {
				i = number_slot(t, old.key[k]);
				t->key[i] = old.key[k];
				t->id[i] = old.id[k];
			}
		mem_free(old.key);
		mem_free(old.id);
	}
	i = number_slot(t, key);
	if (!t->id[i]) {
		t->key[i] = key;
		t->id[i] = ++t->n;
	}
	return t->id[i] - 1;
}

void svec_number(struct svec *v, struct numbering *t, struct arena *a)
{
	v->id = TAKE(a, uint32_t, v->n);
	v->top = 0;
	for (uint32_t i = 0; i < v->n; i++) {
		v->id[i] = numbering_of(t, v->key[i]);
		v->top = v->id[i] >= v->top ? v->id[i] + 1 : v->top;
	}
}

/* The one vector laid out densely by id; all zero between calls. One a thread. */
static _Thread_local struct {
	float *w;
	size_t cap;
} dense;

static void dense_for(uint32_t top)
{
	size_t cap = dense.cap ? dense.cap : 1 << 12;

	if (top <= dense.cap)
		return;
	while (cap < top)
		cap *= 2;
	dense.w = mem_resize(dense.w, cap, sizeof *dense.w);
	memset(dense.w + dense.cap, 0, (cap - dense.cap) * sizeof *dense.w);
	dense.cap = cap;
}

static float walk(const struct svec *v)
{
	double sum = 0;

	for (uint32_t i = 0; i < v->n; i++)
		sum += (double)dense.w[v->id[i]] * v->w[i];
	return (float)sum;
}

void svec_dots(float *out, const struct svec *a, const struct svec *const *v, size_t n)
{
	bool numbered = a->id || !a->n;

	for (size_t i = 0; i < n; i++)
		numbered &= v[i]->id || !v[i]->n;
	if (!numbered) {
		for (size_t i = 0; i < n; i++)
			out[i] = svec_dot(a, v[i]);
		return;
	}
	dense_for(a->top);
	for (uint32_t i = 0; i < a->n; i++)
		dense.w[a->id[i]] = a->w[i];
	for (size_t i = 0; i < n; i++) {
		dense_for(v[i]->top);
		out[i] = walk(v[i]);
	}
	for (uint32_t i = 0; i < a->n; i++)
		dense.w[a->id[i]] = 0;
}
