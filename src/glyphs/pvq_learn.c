/* pvq_learn.c - where codebooks come from: k-means of residuals, then averages that follow the data.
 *
 *   in    vectors z [n][R·D]
 *   out   the entries of a struct pvq
 *
 * k-means: seeds by k-means++, each drawn with probability in proportion to its squared distance from
 * those chosen; then Lloyd's rounds. An entry that loses all its vectors takes the vector that is
 * farthest from its own entry. Sums run in double by fixed lanes, joined in their order.
 */
#include <math.h>
#include <stdlib.h>

#include "glyphs/pvq.h"
#include "num/num.h"

enum { LANES = 16 };

/* One codebook: x [n][D] -> e [256][D]. */
struct kmeans {
	const float *x;
	size_t n;
	int D, chosen;			/* entries that exist so far, while seeding */
	float *e;
	uint8_t *at;			/* [n] nearest entry */
	float *far;			/* [n] squared distance to it */
	double *sum;			/* [LANES][256][D] */
	double *count;			/* [LANES][256] */
};

static float distance2(const float *a, const float *b, int D)
{
	float s[8] = { 0 };
	int i = 0;

	for (; i + 8 <= D; i += 8)
		for (int k = 0; k < 8; k++)
			s[k] += (a[i + k] - b[i + k]) * (a[i + k] - b[i + k]);
	for (int k = 0; i < D; i++, k++)
		s[k] += (a[i] - b[i]) * (a[i] - b[i]);
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* The newest seed may be nearer than those before it. */
static void seed_lane(void *ctx, int lane)
{
	struct kmeans *k = ctx;
	size_t to = num_lane_to(k->n, lane, LANES);
	const float *e = k->e + (size_t)(k->chosen - 1) * (size_t)k->D;

	for (size_t i = num_lane_from(k->n, lane, LANES); i < to; i++) {
		float d = distance2(k->x + i * (size_t)k->D, e, k->D);

		k->far[i] = k->chosen == 1 || d < k->far[i] ? d : k->far[i];
	}
}

static size_t draw(const struct kmeans *k, struct rng *r)
{
	double sum = 0, at;

	for (size_t i = 0; i < k->n; i++)
		sum += (double)k->far[i];
	if (!(sum > 0))
		return (size_t)rng_below(r, k->n);
	at = rng_unit(r) * sum;
	for (size_t i = 0; i < k->n; i++) {
		at -= (double)k->far[i];
		if (at < 0)
			return i;
	}
	return k->n - 1;
}

static void seeds(struct kmeans *k, struct rng *r)
{
	size_t i = (size_t)rng_below(r, k->n);

	for (k->chosen = 0; k->chosen < PVQ_ENTRIES; i = draw(k, r)) {
		memcpy(k->e + (size_t)k->chosen++ * (size_t)k->D, k->x + i * (size_t)k->D, (size_t)k->D * sizeof(float));
		num_lanes(LANES, 0, seed_lane, k);
	}
}

static void nearest_lane(void *ctx, int lane)
{
	struct kmeans *k = ctx;
	size_t to = num_lane_to(k->n, lane, LANES), D = (size_t)k->D;
	double *sum = k->sum + (size_t)lane * PVQ_ENTRIES * D, *count = k->count + (size_t)lane * PVQ_ENTRIES;

	memset(sum, 0, PVQ_ENTRIES * D * sizeof *sum);
	memset(count, 0, PVQ_ENTRIES * sizeof *count);
	for (size_t i = num_lane_from(k->n, lane, LANES); i < to; i++) {
		const float *x = k->x + i * D;
		int best = 0;

		k->far[i] = distance2(x, k->e, k->D);
		for (int v = 1; v < PVQ_ENTRIES; v++) {
			float d = distance2(x, k->e + (size_t)v * D, k->D);

			if (d < k->far[i]) {
				k->far[i] = d;
				best = v;
			}
		}
		k->at[i] = (uint8_t)best;
		count[best]++;
		for (size_t d = 0; d < D; d++)
			sum[(size_t)best * D + d] += (double)x[d];
	}
}

/* The vector farthest from its entry; its distance is then taken for zero. */
static size_t farthest(struct kmeans *k)
{
	size_t best = 0;

	for (size_t i = 1; i < k->n; i++)
		best = k->far[i] > k->far[best] ? i : best;
	k->far[best] = 0;
	return best;
}

static void round_of(struct kmeans *k)
{
	size_t D = (size_t)k->D;

	num_lanes(LANES, 0, nearest_lane, k);
	for (int l = 1; l < LANES; l++) {
		for (size_t i = 0; i < PVQ_ENTRIES * D; i++)
			k->sum[i] += k->sum[(size_t)l * PVQ_ENTRIES * D + i];
		for (int v = 0; v < PVQ_ENTRIES; v++)
			k->count[v] += k->count[l * PVQ_ENTRIES + v];
	}
	for (int v = 0; v < PVQ_ENTRIES; v++) {
		float *e = k->e + (size_t)v * D;

		if (k->count[v] > 0)
			for (size_t d = 0; d < D; d++)
				e[d] = (float)(k->sum[(size_t)v * D + d] / k->count[v]);
		else
			memcpy(e, k->x + farthest(k) * D, D * sizeof *e);
	}
}

/* ---- all codebooks of a register, stage after stage ------------------------------------------------- */
static void register_books(struct pvq *q, struct kmeans *k, float *rest, int r, int rounds, uint64_t seed)
{
	size_t D = (size_t)q->dim;

	for (int s = 0; s < q->stages; s++) {
		struct rng rng = rng_stream(seed, "pvq.kmeans", (uint64_t)(r * q->stages + s));

		k->e = (float *)pvq_entry(q, r, s, 0);
		seeds(k, &rng);
		for (int i = 0; i < rounds; i++)
			round_of(k);
		num_lanes(LANES, 0, nearest_lane, k);
		for (size_t i = 0; i < k->n; i++)
			num_axpy(rest + i * D, -1, k->e + k->at[i] * D, D);
	}
}

void pvq_train(struct pvq *q, const float *z, size_t n, int rounds, uint64_t seed)
{
	size_t D = (size_t)q->dim;
	float *rest = mem_alloc(n * D, sizeof *rest);
	struct kmeans k = { .x = rest, .n = n, .D = q->dim, .at = mem_alloc(n, 1), .far = mem_alloc(n, sizeof(float)),
	                    .sum = mem_alloc((size_t)LANES * PVQ_ENTRIES * D, sizeof(double)),
	                    .count = mem_alloc((size_t)LANES * PVQ_ENTRIES, sizeof(double)) };

	must(n > 0);
	for (int r = 0; r < q->registers; r++) {
		for (size_t i = 0; i < n; i++)
			memcpy(rest + i * D, z + i * pvq_dims(q) + (size_t)r * D, D * sizeof *rest);
		register_books(q, &k, rest, r, rounds, seed);
	}
	pvq_norms(q);
	mem_free(q->count), mem_free(q->sum);
	q->count = q->sum = NULL;
	mem_free(rest), mem_free(k.at), mem_free(k.far), mem_free(k.sum), mem_free(k.count);
}

/* ---- following ------------------------------------------------------------------------------------- */
static void begin_following(struct pvq *q)
{
	size_t rows = (size_t)pvq_bytes(q) * PVQ_ENTRIES, D = (size_t)q->dim;

	if (q->count)
		return;
	q->count = mem_alloc(rows, sizeof *q->count);
	q->sum = mem_alloc(rows * D, sizeof *q->sum);
	for (size_t i = 0; i < rows; i++) {
		q->count[i] = 1;
		for (size_t d = 0; d < D; d++)
			q->sum[i * D + d] = (double)q->book[i * D + d];
	}
}

/* Batch sums of one byte's entries: of what this stage had to quantise. */
static void batch_sums(const struct pvq *q, double *count, double *sum, const float *rest, const uint8_t *code,
                       size_t n, int byte)
{
	size_t D = (size_t)q->dim, bytes = (size_t)pvq_bytes(q);

	memset(count, 0, PVQ_ENTRIES * sizeof *count);
	memset(sum, 0, PVQ_ENTRIES * D * sizeof *sum);
	for (size_t i = 0; i < n; i++) {
		size_t v = code[i * bytes + (size_t)byte];

		count[v]++;
		for (size_t d = 0; d < D; d++)
			sum[v * D + d] += (double)rest[i * D + d];
	}
}

static int update(struct pvq *q, const double *count, const double *sum, const float *rest, size_t n, int byte,
                  double keep, struct rng *rng)
{
	size_t D = (size_t)q->dim;
	double *C = q->count + (size_t)byte * PVQ_ENTRIES, *M = q->sum + (size_t)byte * PVQ_ENTRIES * D, total = 0;
	int revived = 0;

	for (int v = 0; v < PVQ_ENTRIES; v++) {
		C[v] = keep * C[v] + (1 - keep) * count[v];
		total += C[v];
		for (size_t d = 0; d < D; d++)
			M[(size_t)v * D + d] = keep * M[(size_t)v * D + d] + (1 - keep) * sum[(size_t)v * D + d];
	}
	for (int v = 0; v < PVQ_ENTRIES; v++) {
		float *e = q->book + ((size_t)byte * PVQ_ENTRIES + (size_t)v) * D;

		if (C[v] < 0.1 * total / PVQ_ENTRIES) {
			const float *x = rest + (size_t)rng_below(rng, n) * D;

			C[v] = total / PVQ_ENTRIES;
			for (size_t d = 0; d < D; d++)
				M[(size_t)v * D + d] = (double)x[d] * C[v];
			revived++;
		}
		for (size_t d = 0; d < D; d++)
			e[d] = (float)(M[(size_t)v * D + d] / C[v]);
	}
	return revived;
}

int pvq_follow(struct pvq *q, const float *z, size_t n, double keep, uint64_t seed, uint64_t step)
{
	size_t D = (size_t)q->dim, bytes = (size_t)pvq_bytes(q);
	uint8_t *code = mem_alloc(n, bytes);
	float *rest = mem_alloc(n * D, sizeof *rest), *old = mem_alloc((size_t)PVQ_ENTRIES * D, sizeof *old);
	double *count = mem_alloc(PVQ_ENTRIES, sizeof *count), *sum = mem_alloc((size_t)PVQ_ENTRIES * D, sizeof *sum);
	struct rng rng = rng_stream(seed, "pvq.revive", step);
	int revived = 0;

	must(n > 0 && keep > 0 && keep < 1);
	begin_following(q);
	pvq_encode_all(q, code, z, n, 1);
	for (int r = 0; r < q->registers; r++) {
		for (size_t i = 0; i < n; i++)
			memcpy(rest + i * D, z + i * pvq_dims(q) + (size_t)r * D, D * sizeof *rest);
		for (int s = 0; s < q->stages; s++) {
			int byte = r * q->stages + s;

			memcpy(old, pvq_entry(q, r, s, 0), PVQ_ENTRIES * D * sizeof *old);
			batch_sums(q, count, sum, rest, code, n, byte);
			revived += update(q, count, sum, rest, n, byte, keep, &rng);
			for (size_t i = 0; i < n; i++)
				num_axpy(rest + i * D, -1, old + code[i * bytes + (size_t)byte] * D, D);
		}
	}
	pvq_norms(q);
	mem_free(code), mem_free(rest), mem_free(old), mem_free(count), mem_free(sum);
	return revived;
}
