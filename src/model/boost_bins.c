/* boost_bins.c - cuts each feature into at most 255 bins.
 *
 *   in    X [n][d], the rows to look at
 *   out   thresholds of each feature and a byte a row and feature
 *
 * Few distinct values: a threshold between each pair of neighbours. Many: at equal shares of
 * the sorted values, as the reference does [scikit-learn, _BinMapper]. NaN goes to bin 0,
 * where a split sends it left; a feature with NaN begins with the threshold -infinity, which
 * only NaN is not above.
 *
 * Invariants: thresholds never fall; x <= at[b] if and only if bin(x) <= b.
 */
#include <math.h>

#include "model/boost_tree.h"
#include "num/num.h"

enum { SAMPLE_MAX = 200000 };	/* values that decide about thresholds */

/* Ascending, by their bits in three passes; keys and scratch have room for n. */
static void sort_floats(float *v, uint32_t *key, uint32_t *scratch, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t u;

		memcpy(&u, &v[i], 4);
		key[i] = u & 0x80000000u ? ~u : u | 0x80000000u;
	}
	for (int shift = 0; shift < 33; shift += 11) {
		uint32_t at[2048] = { 0 }, sum = 0, *swap = key;

		for (size_t i = 0; i < n; i++)
			at[key[i] >> shift & 2047]++;
		for (int b = 0; b < 2048; b++) {
			uint32_t c = at[b];

			at[b] = sum;
			sum += c;
		}
		for (size_t i = 0; i < n; i++)
			scratch[at[key[i] >> shift & 2047]++] = key[i];
		key = scratch;
		scratch = swap;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t u = key[i] & 0x80000000u ? key[i] & 0x7FFFFFFFu : ~key[i];

		memcpy(&v[i], &u, 4);
	}
}

/* A number t with a <= t < b. */
static float between(float a, float b)
{
	float t = a / 2 + b / 2;

	return t >= a && t < b ? t : a;
}

/* Thresholds from the sorted values v, at most max_bins - 1; returns how many. */
static int cut(float *at, const float *v, size_t n, int max_bins)
{
	size_t distinct = n > 0;
	int n_at = 0;

	for (size_t i = 1; i < n; i++)
		distinct += v[i] != v[i - 1];
	if (distinct <= (size_t)max_bins) {
		for (size_t i = 1; i < n; i++)
			if (v[i] != v[i - 1])
				at[n_at++] = between(v[i - 1], v[i]);
		return n_at;
	}
	for (int k = 1; k < max_bins; k++) {
		size_t num = (size_t)k * (n - 1), lo = num / (size_t)max_bins;
		size_t hi = lo + (num % (size_t)max_bins > 0);
		float t = v[lo] == v[hi] ? v[lo] : between(v[lo], v[hi]);

		if (t < v[n - 1] && (n_at == 0 || t > at[n_at - 1]))
			at[n_at++] = t;
	}
	return n_at;
}

/* How many thresholds x is above. */
static uint8_t bin_of(const float *at, int n_at, float x)
{
	int lo = 0, hi = n_at;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (x > at[mid])
			lo = mid + 1;
		else
			hi = mid;
	}
	return (uint8_t)lo;
}

struct binning {
	struct boost_bins *b;
	const float *X;
	const uint32_t *row;
	int max_bins;
};

static void bin_feature(const struct binning *k, int f, float *v, uint32_t *key)
{
	struct boost_bins *b = k->b;
	size_t step = (b->n + SAMPLE_MAX - 1) / SAMPLE_MAX, n = 0;
	int gap = 0;
	uint8_t (*out)[PACK] = b->bin + (size_t)(f / PACK) * b->n;

	for (size_t i = 0; i < b->n; i += step) {
		float x = k->X[(size_t)k->row[i] * b->d + f];

		if (!isnan(x))
			v[n++] = x == 0 ? 0 : x;	/* one zero */
	}
	for (size_t i = 0; i < b->n && !gap; i++)
		gap = isnan(k->X[(size_t)k->row[i] * b->d + f]);
	if (gap)
		b->at[f][0] = -INFINITY;
	sort_floats(v, key, key + b->n, n);
	b->n_at[f] = gap + cut(b->at[f] + gap, v, n, k->max_bins - gap);
	for (size_t i = 0; i < b->n; i++)
		out[i][f % PACK] = bin_of(b->at[f], b->n_at[f],
		                          k->X[(size_t)k->row[i] * b->d + f]);
}

static void bin_pack(void *ctx, int pack)
{
	const struct binning *k = ctx;
	float *v = mem_alloc(k->b->n, sizeof *v);
	uint32_t *key = mem_alloc(2 * k->b->n, sizeof *key);

	for (int f = pack * PACK; f < k->b->d && f < (pack + 1) * PACK; f++)
		bin_feature(k, f, v, key);
	mem_free(v);
	mem_free(key);
}

void bins_make(struct boost_bins *b, const float *X, const uint32_t *row, size_t n, int d,
               int max_bins, int threads)
{
	struct binning k = { b, X, row, max_bins };

	*b = (struct boost_bins){ .n = n, .d = d, .packs = (d + PACK - 1) / PACK };
	b->bin = mem_alloc((size_t)b->packs * n, sizeof *b->bin);
	b->at = mem_alloc((size_t)d, sizeof *b->at);
	b->n_at = mem_alloc((size_t)d, sizeof *b->n_at);
	num_lanes(b->packs, threads, bin_pack, &k);
}

void bins_clear(struct boost_bins *b)
{
	mem_free(b->bin);
	mem_free(b->at);
	mem_free(b->n_at);
	*b = (struct boost_bins){ 0 };
}
