/* pvq.c - residual codebooks: encoding, decoding, tables of a query.
 *
 *   in    see pvq.h
 *   out   see pvq.h
 *
 * A step of encoding needs argmin_e |x - e|² = argmin_e |e|² - 2<x, e>; the products of a beam with
 * all entries are plain loops that vectorise.
 */
#include <math.h>
#include <stdlib.h>

#include "glyphs/pvq.h"
#include "num/num.h"

const char *pvq_wrong(int registers, int dim, int stages)
{
	if (registers < 1 || registers > PVQ_REGISTERS_MAX)
		return "a code has 1 to 16 registers";
	if (dim < 1 || dim > PVQ_DIM_MAX)
		return "a register has 1 to 1024 numbers";
	if (stages < 1 || stages > PVQ_STAGES_MAX || registers * stages > PVQ_BYTES_MAX)
		return "a code has 1 to 16 stages a register, and 64 bytes at most";
	return NULL;
}

void pvq_init(struct pvq *q, int registers, int dim, int stages)
{
	size_t rows = (size_t)registers * (size_t)stages * PVQ_ENTRIES;

	must(!pvq_wrong(registers, dim, stages));
	*q = (struct pvq){ .registers = registers, .dim = dim, .stages = stages };
	q->book = mem_aligned(rows * (size_t)dim * sizeof *q->book);
	q->norm = mem_aligned(rows * sizeof *q->norm);
}

void pvq_clear(struct pvq *q)
{
	mem_free(q->book);
	mem_free(q->norm);
	mem_free(q->count);
	mem_free(q->sum);
	*q = (struct pvq){ 0 };
}

void pvq_norms(struct pvq *q)
{
	size_t rows = (size_t)pvq_bytes(q) * PVQ_ENTRIES, D = (size_t)q->dim;

	for (size_t i = 0; i < rows; i++)
		q->norm[i] = (float)num_sum2(q->book + i * D, D);
}

/* ---- encoding ------------------------------------------------------------------------------------ */
struct path {
	float rest[PVQ_DIM_MAX];	/* what is left over */
	double error;			/* |rest|² */
	uint8_t code[PVQ_STAGES_MAX];
};
struct step {
	double error;
	int from, entry;
};

static float dot(const float *a, const float *b, int D)
{
	float s[8] = { 0 };
	int i = 0;

	for (; i + 8 <= D; i += 8)
		for (int k = 0; k < 8; k++)
			s[k] += a[i + k] * b[i + k];
	for (int k = 0; i < D; i++, k++)
		s[k] += a[i] * b[i];
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* Keeps the `beam` best steps, best first; of equals the one met first. */
static void keep_step(struct step *best, int *n, int beam, struct step s)
{
	int i = *n < beam ? (*n)++ : beam;

	if (i == beam && !(s.error < best[beam - 1].error))
		return;
	if (i == beam)
		i--;
	for (; i > 0 && s.error < best[i - 1].error; i--)
		best[i] = best[i - 1];
	best[i] = s;
}

static int extend(const struct pvq *q, struct path *to, const struct path *from, int n, int r, int s, int beam)
{
	struct step best[PVQ_BEAM_MAX];
	int m = 0, D = q->dim;
	const float *norm = q->norm + ((size_t)r * (size_t)q->stages + (size_t)s) * PVQ_ENTRIES;

	for (int p = 0; p < n; p++)
		for (int v = 0; v < PVQ_ENTRIES; v++) {
			double e = from[p].error + (double)norm[v] - 2 * (double)dot(from[p].rest, pvq_entry(q, r, s, v), D);

			keep_step(best, &m, beam, (struct step){ e, p, v });
		}
	for (int i = 0; i < m; i++) {
		const struct path *f = &from[best[i].from];
		const float *e = pvq_entry(q, r, s, best[i].entry);

		memcpy(to[i].code, f->code, sizeof f->code);
		to[i].code[s] = (uint8_t)best[i].entry;
		for (int d = 0; d < D; d++)
			to[i].rest[d] = f->rest[d] - e[d];
		to[i].error = num_sum2(to[i].rest, (size_t)D);
	}
	return m;
}

double pvq_encode(const struct pvq *q, uint8_t *code, const float *z, int beam)
{
	struct path *a = mem_alloc(2 * PVQ_BEAM_MAX, sizeof *a), *b = a + PVQ_BEAM_MAX;
	double error = 0;

	beam = beam < 1 ? 1 : beam > PVQ_BEAM_MAX ? PVQ_BEAM_MAX : beam;
	for (int r = 0; r < q->registers; r++) {
		struct path *now = a, *next = b, *best;
		int n = 1;

		memcpy(now->rest, z + (size_t)r * (size_t)q->dim, (size_t)q->dim * sizeof *z);
		now->error = num_sum2(now->rest, (size_t)q->dim);
		for (int s = 0; s < q->stages; s++) {
			struct path *t = now;

			n = extend(q, next, now, n, r, s, beam);
			now = next;
			next = t;
		}
		best = now;
		for (int i = 1; i < n; i++)
			best = now[i].error < best->error ? &now[i] : best;
		memcpy(code + r * q->stages, best->code, (size_t)q->stages);
		error += best->error;
	}
	mem_free(a);
	return error;
}

struct all {
	const struct pvq *q;
	uint8_t *code;
	const float *z;
	size_t n;
	int beam;
};
enum { LANES = 64 };

static void encode_lane(void *ctx, int lane)
{
	const struct all *a = ctx;
	size_t to = num_lane_to(a->n, lane, LANES);

	for (size_t i = num_lane_from(a->n, lane, LANES); i < to; i++)
		pvq_encode(a->q, a->code + i * (size_t)pvq_bytes(a->q), a->z + i * pvq_dims(a->q), a->beam);
}

void pvq_encode_all(const struct pvq *q, uint8_t *code, const float *z, size_t n, int beam)
{
	struct all a = { q, code, z, n, beam };

	num_lanes(LANES, 0, encode_lane, &a);
}

void pvq_decode(const struct pvq *q, float *z, const uint8_t *code)
{
	memset(z, 0, pvq_dims(q) * sizeof *z);
	for (int r = 0; r < q->registers; r++)
		for (int s = 0; s < q->stages; s++)
			num_axpy(z + (size_t)r * (size_t)q->dim, 1, pvq_entry(q, r, s, code[r * q->stages + s]),
			         (size_t)q->dim);
}

/* ---- for those who use codes ----------------------------------------------------------------------- */
void pvq_table(const struct pvq *q, float *table, const float *query)
{
	for (int r = 0; r < q->registers; r++)
		for (int s = 0; s < q->stages; s++)
			for (int v = 0; v < PVQ_ENTRIES; v++)
				*table++ = (float)num_dot(query + (size_t)r * (size_t)q->dim, pvq_entry(q, r, s, v),
				                          (size_t)q->dim);
}

double pvq_commit(float *dz, const float *z, const float *decoded, size_t n, double weight)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		double d = (double)z[i] - (double)decoded[i];

		sum += d * d;
		dz[i] += (float)(2 * weight * d);
	}
	return weight * sum;
}

void pvq_perplexity(const struct pvq *q, double *out, const uint8_t *codes, size_t n)
{
	int bytes = pvq_bytes(q);

	for (int b = 0; b < bytes; b++) {
		size_t used[PVQ_ENTRIES] = { 0 };
		double h = 0;

		for (size_t i = 0; i < n; i++)
			used[codes[i * (size_t)bytes + (size_t)b]]++;
		for (int v = 0; v < PVQ_ENTRIES; v++)
			if (used[v])
				h -= (double)used[v] / (double)n * log((double)used[v] / (double)n);
		out[b] = exp(h);
	}
}
