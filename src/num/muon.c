/* muon.c - Muon: the update of a hidden matrix is its momentum made orthogonal (num.h).
 *
 *   in    the summed gradient of a step (lane 0), the rate, the number of the step
 *   out   new weights and moments
 *
 *   M = b·M + G;  U = G + b·M;  O = NS(U);  W -= rate·(0.2·sqrt(max(rows, cols))·O + decay·W)
 *
 * NS is five steps of Newton-Schulz on X = U/|U|, each X = a·X + (b·A + c·A²)·X with A = X·Xᵀ, which bring
 * all singular values near 1 [Jordan 2024; its a, b, c]. The factor makes the step as long as AdamW's
 * usually is, so that one rate serves both [Liu 2025, "Muon is scalable for LLM training"]. Why: AdamW moves a matrix
 * mostly along the few directions that all gradients share; here every direction moves alike.
 *
 * Cost of a matrix R × C, R <= C: 10·(2·R²·C + R³) operations a step, whatever the batch; in bf16 where the chip
 * multiplies it (num/mm/mm.h), else through gemm.
 *
 * Departs from Jordan: rows that are matrices of their own, stacked for one product (q, k, v; gate, up), are made
 * orthogonal each for itself.
 *
 * Threads: matrices are dealt to LANES lanes by their number; a matrix is one lane's, so threads change no bit.
 */
#include <math.h>

#include "num/fast.h"
#include "num/mm/mm.h"
#include "num/num.h"
#include "num/params_walk.h"

enum { LANES = 8, NS_STEPS = 5 };

/* ---- the matrices ----------------------------------------------------------------------------- */
struct piece {
	int tensor;
	size_t off, rows, cols;		/* within a block of the parameters */
};

static size_t parts_of(const struct tensor *t)
{
	return t->flags / PARAM_STACKED(1) ? t->flags / PARAM_STACKED(1) : 1;
}

/* The matrix of this number; false past the last. */
static bool piece_at(struct piece *m, const struct params *p, size_t number)
{
	for (int i = 0; i < (int)p->n_t; i++) {
		const struct tensor *t = &p->t[i];
		size_t parts = parts_of(t);

		if (!(t->flags & PARAM_ORTHO))
			continue;
		if (number < parts) {
			*m = (struct piece){ i, t->off + number * (t->n / parts), t->rows / parts, t->cols };
			return true;
		}
		number -= parts;
	}
	return false;
}

static size_t least(const struct piece *m) { return m->rows < m->cols ? m->rows : m->cols; }
static size_t most(const struct piece *m) { return m->rows < m->cols ? m->cols : m->rows; }

/* Floats of a lane: X and its product, A and its square; and the same as bf16 with the packed operands. */
static size_t room(const struct piece *m)
{
	size_t r = (least(m) + 31) / 32 * 32, c = (most(m) + 31) / 32 * 32;

	return 2 * r * c + 2 * r * r + (r * c + r * r) / 2 + r * c / 2 + r * r / 2 + 64;
}

void muon_open(struct muon *u, const struct params *p)
{
	struct piece m;

	must(p->w);
	*u = (struct muon){ .momentum = 0.95, .wide = mm_fast() ? NUM_BF16 : NUM_F32 };
	for (size_t k = 0; piece_at(&m, p, k); k++)
		u->each = room(&m) > u->each ? room(&m) : u->each;
	u->each = (u->each + 15) / 16 * 16;
	u->scratch = u->each ? mem_aligned(u->each * LANES * sizeof(float)) : NULL;
}

void muon_close(struct muon *u)
{
	mem_free(u->scratch);
	*u = (struct muon){ 0 };
}

/* ---- Newton-Schulz ------------------------------------------------------------------------------ */
struct work {
	size_t r, c;
	bool wide;
	float *x, *y, *a, *s;		/* X [r][c], the next X; A [r][r], b·A + c·A² */
	bf16 *x16, *s16, *packed;
};

static struct work work_at(float *scratch, size_t r, size_t c, bool wide)
{
	size_t R = (r + 31) / 32 * 32, C = (c + 31) / 32 * 32;
	struct work k = { .r = r, .c = c, .wide = wide, .x = scratch };

	k.y = k.x + R * C;
	k.a = k.y + R * C;
	k.s = k.a + R * R;
	k.packed = (bf16 *)(k.s + R * R);
	k.x16 = k.packed + (R * C > R * R ? R * C : R * R);
	k.s16 = k.x16 + R * C;
	return k;
}

static void gram(struct work *k)	/* A = X·Xᵀ */
{
	int r = (int)k->r, c = (int)k->c;

	if (!k->wide) {
		num_gemm(false, true, r, r, c, 1, k->x, c, k->x, c, 0, k->a, r);
		return;
	}
	bf16_down_n(k->x16, k->x, k->r * k->c);
	mm_pack(k->packed, k->x16, NUM_BF16, c, true, c, r);
	mm_run(r, r, c, k->x16, c, k->packed, false, k->a, NUM_F32, r);
}

static void square(struct work *k)	/* S = A·A */
{
	int r = (int)k->r;

	if (!k->wide) {
		num_gemm(false, false, r, r, r, 1, k->a, r, k->a, r, 0, k->s, r);
		return;
	}
	bf16_down_n(k->s16, k->a, k->r * k->r);
	mm_pack(k->packed, k->s16, NUM_BF16, r, false, r, r);
	mm_run(r, r, r, k->s16, r, k->packed, false, k->s, NUM_F32, r);
}

static void apply(struct work *k)	/* Y = S·X */
{
	int r = (int)k->r, c = (int)k->c;

	if (!k->wide) {
		num_gemm(false, false, r, c, r, 1, k->s, r, k->x, c, 0, k->y, c);
		return;
	}
	bf16_down_n(k->s16, k->s, k->r * k->r);
	mm_pack(k->packed, k->x16, NUM_BF16, c, false, r, c);
	mm_run(r, c, r, k->s16, r, k->packed, false, k->y, NUM_F32, c);
}

static NUM_FAST void mix(float *y, float b, float a, const float *x, size_t n)	/* y = b·y + a·x */
{
	for (size_t i = 0; i < n; i++)
		y[i] = b * y[i] + a * x[i];
}

static void newton_schulz(struct work *k)
{
	static const float a = 3.4445f, b = -4.7750f, c = 2.0315f;
	double norm = sqrt(num_sum2(k->x, k->r * k->c));

	mix(k->x, (float)(1 / (norm + 1e-7)), 0, k->x, k->r * k->c);
	for (int i = 0; i < NS_STEPS; i++) {
		float *was = k->x;

		gram(k);
		square(k);
		mix(k->s, c, b, k->a, k->r * k->r);
		apply(k);
		mix(k->y, 1, a, k->x, k->r * k->c);
		k->x = k->y;
		k->y = was;
	}
}

static void transpose(float *to, const float *from, size_t rows, size_t cols)
{
	enum { B = 16 };

	for (size_t i = 0; i < rows; i += B)
		for (size_t j = 0; j < cols; j += B)
			for (size_t k = i; k < i + B && k < rows; k++)
				for (size_t l = j; l < j + B && l < cols; l++)
					to[l * rows + k] = from[k * cols + l];
}

/* ---- the step --------------------------------------------------------------------------------------- */
struct deal {
	const struct muon *u;
	struct params *p;
	float rate, decay;
};

static NUM_FAST void momentum(float *m, float *u, const float *g, float shrink, float b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float x = g[i] * shrink;

		m[i] = b * m[i] + x;
		u[i] = x + b * m[i];
	}
}

static NUM_FAST void move(float *w, const float *o, float by, float decay, size_t n)
{
	for (size_t i = 0; i < n; i++)
		w[i] -= by * o[i] + decay * w[i];
}

static void one(const struct deal *d, const struct piece *m, float *scratch)
{
	struct params *p = d->p;
	bool tall = m->rows > m->cols;
	size_t n = m->rows * m->cols;
	struct work k = work_at(scratch, least(m), most(m), d->u->wide == NUM_BF16);
	float decay = p->t[m->tensor].flags & PARAM_DECAY ? d->decay : 0;

	momentum(p->m + m->off, tall ? k.y : k.x, p->g + m->off, p->shrink, (float)d->u->momentum, n);
	if (tall)
		transpose(k.x, k.y, m->rows, m->cols);
	newton_schulz(&k);
	if (tall)
		transpose(k.y, k.x, m->cols, m->rows);
	move(p->w + m->off, tall ? k.y : k.x, d->rate * 0.2f * sqrtf((float)most(m)), decay, n);
}

static void lane(void *ctx, int l)
{
	const struct deal *d = ctx;
	struct piece m;

	for (size_t k = (size_t)l; piece_at(&m, d->p, k); k += LANES)
		one(d, &m, d->u->scratch + (size_t)l * d->u->each);
}

void muon_step(struct muon *u, struct params *p, const struct adamw *law, double rate, uint64_t step)
{
	struct deal d = { u, p, (float)rate, (float)(rate * law->decay) };

	adamw_step_but(p, law, rate, step, PARAM_ORTHO);
	if (u->each)
		num_lanes(LANES, 0, lane, &d);
}
