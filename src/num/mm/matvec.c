/* matvec.c - a float32 matrix and one vector or a few: the plain loop, AVX2, AVX-512, and the choice.
 *
 *   in    see matvec.h
 *   out   see matvec.h
 *
 * A tile is R rows by T vectors, one accumulator of 16 lanes each: eight sums in flight hide the
 * latency of FMA when T is 1, sixteen keep both its ports busy when T is 4. A row of W is read from
 * memory by the first tile and from the cache by the others, as all tokens meet the same few rows
 * before the next ones.
 */
#include <stdlib.h>

#include "num/fast.h"
#include "num/mm/matvec.h"
#include "num/mm/matvec_in.h"

/* ---- the plain loop: the order of sums of matvec.h, rounded twice -------------------------- */
static void fold_plain(float a[MATVEC_LANES])
{
	for (int half = MATVEC_LANES / 2; half; half /= 2)
		for (int i = 0; i < half; i++)
			a[i] += a[i + half];
}

static NUM_FAST void lanes_plain(float a[MATVEC_LANES], const float *w, const float *x, int cols)
{
	int c = 0;

	for (int i = 0; i < MATVEC_LANES; i++)
		a[i] = 0;
	for (; c + MATVEC_LANES <= cols; c += MATVEC_LANES)
		for (int i = 0; i < MATVEC_LANES; i++)
			a[i] += w[c + i] * x[c + i];
	for (int i = 0; c + i < cols; i++)
		a[i] += w[c + i] * x[c + i];
}

static void plain(float *Y, size_t ldy, const float *W, const float *X, size_t ldx, int from,
                  int to, int cols, int T)
{
	float a[MATVEC_LANES];

	for (int r = from; r < to; r++)
		for (int t = 0; t < T; t++) {
			lanes_plain(a, W + (size_t)r * cols, X + (size_t)t * ldx, cols);
			fold_plain(a);
			Y[(size_t)t * ldy + r] = a[0];
		}
}

#ifdef MATVEC_X86
/* ---- AVX-512 ------------------------------------------------------------------------------ */
/* What a product is made of, for the tiles. */
struct product {
	float *Y;
	const float *W, *X;
	size_t ldy, ldx;
	int cols;
};

/* Rows r0 .. r0 + R - 1 by vectors t0 .. t0 + T - 1. ahead: how many times R rows further on weights are
 * asked for already, so that memory is never waited for while the second four vectors are multiplied. */
AVX512 TILE void tile512(const int R, const int T, const int ahead, const struct product *p, int r0, int t0)
{
	const float *W = p->W + (size_t)r0 * p->cols, *X = p->X + (size_t)t0 * p->ldx;
	int cols = p->cols, c = 0;
	__m512 s[4][8], x[4];

	for (int r = 0; r < R; r++)
		for (int t = 0; t < T; t++)
			s[t][r] = _mm512_setzero_ps();
	for (; c + 16 <= cols; c += 16) {
		for (int t = 0; t < T; t++)
			x[t] = _mm512_loadu_ps(X + (size_t)t * p->ldx + c);
		for (int r = 0; r < R; r++) {
			const float *w = W + (size_t)r * cols + c;
			__m512 v = _mm512_loadu_ps(w);

			if (ahead)
				_mm_prefetch((const char *)(w + (size_t)(ahead * R) * cols), _MM_HINT_T0);
			for (int t = 0; t < T; t++)
				s[t][r] = _mm512_fmadd_ps(v, x[t], s[t][r]);
		}
	}
	if (c < cols) {
		__mmask16 m = (__mmask16)((1u << (cols - c)) - 1);

		for (int t = 0; t < T; t++)
			x[t] = _mm512_maskz_loadu_ps(m, X + (size_t)t * p->ldx + c);
		for (int r = 0; r < R; r++) {
			__m512 v = _mm512_maskz_loadu_ps(m, W + (size_t)r * cols + c);

			for (int t = 0; t < T; t++)
				s[t][r] = _mm512_fmadd_ps(v, x[t], s[t][r]);
		}
	}
	for (int t = 0; t < T; t++)
		store512(R, p->Y + (size_t)(t0 + t) * p->ldy + r0, s[t]);
}

/* R rows and all T vectors: what is left over of fours first, then four at a time. */
AVX512 TILE void rows512(const int R, const struct product *p, int r, int T)
{
	int t = T & 3 ? T & 3 : 4;

	if (t == 1)
		tile512(R, 1, 1, p, r, 0);
	else if (t == 2)
		tile512(R, 2, 1, p, r, 0);
	else if (t == 3)
		tile512(R, 3, 1, p, r, 0);
	else
		tile512(R, 4, 1, p, r, 0);
	if (t < T) {
		tile512(R, 4, 2, p, r, t);
		t += 4;
	}
	for (; t < T; t += 4)
		tile512(R, 4, 0, p, r, t);
}

AVX512 static void avx512(const struct product *p, int from, int to, int T)
{
	int r = from;

	for (; T == 1 && r + 8 <= to; r += 8)
		tile512(8, 1, 1, p, r, 0);
	for (; r + 4 <= to; r += 4)
		rows512(4, p, r, T);
	for (; r < to; r++)
		rows512(1, p, r, T);
}

/* ---- AVX2 and FMA: a sum of 16 lanes is two registers --------------------------------------- */
AVX2 TILE void tile2(const int R, const int T, const struct product *p, int r0, int t0)
{
	const float *W = p->W + (size_t)r0 * p->cols, *X = p->X + (size_t)t0 * p->ldx;
	int cols = p->cols, c = 0;
	__m256 s[4][2][2], x[2][2];

	for (int r = 0; r < R; r++)
		for (int t = 0; t < T; t++)
			s[r][t][0] = s[r][t][1] = _mm256_setzero_ps();
	for (; c + 16 <= cols; c += 16) {
		for (int t = 0; t < T; t++) {
			x[t][0] = _mm256_loadu_ps(X + (size_t)t * p->ldx + c);
			x[t][1] = _mm256_loadu_ps(X + (size_t)t * p->ldx + c + 8);
		}
		for (int r = 0; r < R; r++)
			for (int h = 0; h < 2; h++) {
				__m256 w = _mm256_loadu_ps(W + (size_t)r * cols + c + 8 * h);

				for (int t = 0; t < T; t++)
					s[r][t][h] = _mm256_fmadd_ps(w, x[t][h], s[r][t][h]);
			}
	}
	for (int h = 0; c < cols; h++, c += 8) {
		__m256i m = head_mask(cols - c);

		for (int t = 0; t < T; t++)
			x[t][h] = _mm256_maskload_ps(X + (size_t)t * p->ldx + c, m);
		for (int r = 0; r < R; r++) {
			__m256 w = _mm256_maskload_ps(W + (size_t)r * cols + c, m);

			for (int t = 0; t < T; t++)
				s[r][t][h] = _mm256_fmadd_ps(w, x[t][h], s[r][t][h]);
		}
	}
	for (int r = 0; r < R; r++)
		for (int t = 0; t < T; t++)
			p->Y[(size_t)(t0 + t) * p->ldy + r0 + r] = fold256(s[r][t][0], s[r][t][1]);
}

AVX2 static void avx2(const struct product *p, int from, int to, int T)
{
	int r = from, t;

	for (; T == 1 && r + 4 <= to; r += 4)
		tile2(4, 1, p, r, 0);
	for (; r + 2 <= to; r += 2) {
		for (t = 0; t + 2 <= T; t += 2)
			tile2(2, 2, p, r, t);
		if (t < T)
			tile2(2, 1, p, r, t);
	}
	for (; r < to; r++)
		for (t = 0; t < T; t++)
			tile2(1, 1, p, r, t);
}
#endif

/* ---- the choice ----------------------------------------------------------------------------- */
static int chosen = -1;		/* whoever comes first writes the same value */

static enum matvec_kind best(void)
{
#ifdef MATVEC_X86
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
		return MATVEC_PLAIN;
	if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
	    !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq"))
		return cpu_avxvnni() ? MATVEC_VNNI256 : MATVEC_AVX2;
	return __builtin_cpu_supports("avx512vnni") ? MATVEC_VNNI512 : MATVEC_AVX512;
#else
	return MATVEC_PLAIN;
#endif
}

static const char *const names[] = {
	[MATVEC_PLAIN] = "plain", [MATVEC_AVX2] = "avx2", [MATVEC_VNNI256] = "avx2+vnni",
	[MATVEC_AVX512] = "avx512", [MATVEC_VNNI512] = "avx512+vnni",
};

/* A wish counts when the chip has it: whatever stands before the best in the list, except that
 * AVX2 with VNNI is no part of AVX-512. */
static enum matvec_kind choose(const char *wish)
{
	enum matvec_kind top = best();

	for (int k = 0; wish && k < (int)top; k++)
		if (!strcmp(wish, names[k]) && (k != MATVEC_VNNI256 || cpu_avxvnni()))
			return (enum matvec_kind)k;
	return top;
}

enum matvec_kind matvec_kind(void)
{
	int k = __atomic_load_n(&chosen, __ATOMIC_RELAXED);

	if (k < 0)
		__atomic_store_n(&chosen, k = (int)choose(getenv("LTM_MATVEC")), __ATOMIC_RELAXED);
	return (enum matvec_kind)k;
}

void matvec_wish(const char *name)
{
	__atomic_store_n(&chosen, (int)choose(name), __ATOMIC_RELAXED);
}

const char *matvec_name(void)
{
	return names[matvec_kind()];
}

void matvec(float *Y, size_t ldy, const float *W, const float *X, size_t ldx, int from, int to, int cols,
            int T)
{
#ifdef MATVEC_X86
	struct product p = { Y, W, X, ldy, ldx, cols };
#endif

	switch (matvec_kind()) {
#ifdef MATVEC_X86
	case MATVEC_VNNI512:
	case MATVEC_AVX512: avx512(&p, from, to, T); return;
	case MATVEC_VNNI256:
	case MATVEC_AVX2: avx2(&p, from, to, T); return;
#endif
	default: plain(Y, ldy, W, X, ldx, from, to, cols, T);
	}
}
