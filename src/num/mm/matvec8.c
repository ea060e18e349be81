/* matvec8.c - an int8 matrix and one int8 vector or a few.
 *
 *   in    see matvec.h
 *   out   see matvec.h
 *
 * A group of 64 columns fills one 512-bit register: VPDPBUSD multiplies 64 bytes of the matrix
 * (unsigned: w + 128) by 64 of the vector (signed) and adds them four by four into 16 whole numbers.
 * Started from `fix` = -128·(sum of the four), these are exact: at most 4·127·127 in magnitude. So
 * every kernel has the same whole numbers, and multiplies and adds the same floats in the same order,
 * each rounded by itself: the same bits on every chip.
 *
 * Source of the groups: [Dettmers et al. 2022, LLM.int8()], block-wise; of the unsigned side: the
 * instruction's own definition.
 */
#include <math.h>

#include "num/fast.h"
#include "num/mm/matvec_in.h"

/* ---- packing -------------------------------------------------------------------------------- */
static NUM_FAST float most(const float *x, int n)
{
	float m[16] = { 0 };
	int i = 0;

	for (; i + 16 <= n; i += 16)
		for (int j = 0; j < 16; j++) {
			float a = float_of(bits_of(x[i + j]) & 0x7FFFFFFFu);

			m[j] = a > m[j] ? a : m[j];
		}
	for (; i < n; i++)
		m[0] = fabsf(x[i]) > m[0] ? fabsf(x[i]) : m[0];
	for (int j = 1; j < 16; j++)
		m[0] = m[j] > m[0] ? m[j] : m[0];
	return m[0];
}

/* To the nearest whole number, ties to even; |x| is far below 2^22. */
static inline int32_t nearest(float x)
{
	const float magic = 12582912.0f;	/* 1.5·2^23 */

	return (int32_t)(bits_of(x + magic) & 0x7FFFFF) - 0x400000;
}

static NUM_FAST void round_group(int8_t *q, const float *x, float inverse, int n)
{
	for (int i = 0; i < n; i++)
		q[i] = (int8_t)nearest(x[i] * inverse);
}

/* One group of n <= 64 numbers; returns its scale. What is too small for its inverse to be a number
 * becomes 0. */
static float group(int8_t q[MATVEC_GROUP], const float *x, int n)
{
	float m = most(x, n);

	memset(q, 0, MATVEC_GROUP);
	if (!(m > 1e-30f))
		return 0;
	round_group(q, x, 127.0f / m, n);
	return m / 127.0f;
}

static int in_group(int cols, int g)
{
	int left = cols - g * MATVEC_GROUP;

	return left < MATVEC_GROUP ? left : MATVEC_GROUP;
}

void matq_pack(struct matq *m, const float *W, int from, int to)
{
	int8_t q[MATVEC_GROUP];

	for (int r = from; r < to; r++)
		for (int g = 0; g < m->groups; g++) {
			size_t at = (size_t)r * m->groups + g;
			const float *x = W + (size_t)r * m->cols + g * MATVEC_GROUP;
			uint8_t *w = m->w + at * MATVEC_GROUP;

			m->scale[at] = group(q, x, in_group(m->cols, g));
			for (int i = 0; i < MATVEC_GROUP; i++)
				w[i] = (uint8_t)(q[i] + 128);
		}
}

void matq_row(const struct matq *m, int r, float *x)
{
	const uint8_t *w = m->w + (size_t)r * m->groups * MATVEC_GROUP;

	for (int c = 0; c < m->cols; c++)
		x[c] = (float)(w[c] - 128) * m->scale[(size_t)r * m->groups + c / MATVEC_GROUP];
}

static NUM_FAST void fix_group(int32_t *fix, const int8_t *q)
{
	for (int i = 0; i < MATVEC_LANES; i++)
		fix[i] = -128 * (q[4 * i] + q[4 * i + 1] + q[4 * i + 2] + q[4 * i + 3]);
}

void vecq_set(struct vecq *v, int t, const float *x, int cols)
{
	int groups = matq_groups(cols);

	for (int g = 0; g < groups; g++) {
		size_t at = (size_t)t * groups + g;

		v->scale[at] = group(v->q + at * MATVEC_GROUP, x + g * MATVEC_GROUP, in_group(cols, g));
		fix_group(v->fix + at * MATVEC_LANES, v->q + at * MATVEC_GROUP);
	}
}

/* ---- the plain loop -------------------------------------------------------------------------- */
static NUM_FAST void group_plain(float f[MATVEC_LANES], const uint8_t *w, const int8_t *q,
                                 const int32_t *fix, float scale)
{
	for (int i = 0; i < MATVEC_LANES; i++) {
		int32_t s = fix[i];

		for (int k = 0; k < 4; k++)
			s += w[4 * i + k] * q[4 * i + k];
		f[i] += (float)s * scale;
	}
}

static void plain(float *Y, size_t ldy, const struct matq *m, const struct vecq *v, int from, int to, int T)
{
	size_t n = (size_t)m->groups;

	for (int r = from; r < to; r++)
		for (int t = 0; t < T; t++) {
			float f[MATVEC_LANES] = { 0 };

			for (size_t g = 0; g < n; g++) {
				size_t w = (size_t)r * n + g, x = (size_t)t * n + g;

				group_plain(f, m->w + w * MATVEC_GROUP, v->q + x * MATVEC_GROUP,
				            v->fix + x * MATVEC_LANES, m->scale[w] * v->scale[x]);
			}
			for (int half = MATVEC_LANES / 2; half; half /= 2)
				for (int i = 0; i < half; i++)
					f[i] += f[i + half];
			Y[(size_t)t * ldy + r] = f[0];
		}
}

#ifdef MATVEC_X86
#define VNNI512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")))

/* ---- AVX512-VNNI ------------------------------------------------------------------------------ */
/* The products of scales come 16 groups at a time, each then spread over the lanes by its load. */
VNNI512 TILE void tile512(const int R, const int T, const bool ahead, float *Y, size_t ldy,
                          const struct matq *m, const struct vecq *v, int r0, int t0)
{
	size_t n = (size_t)m->groups;
	const uint8_t *w = m->w + (size_t)r0 * n * MATVEC_GROUP;
	const int8_t *q = v->q + (size_t)t0 * n * MATVEC_GROUP;
	const int32_t *fix = v->fix + (size_t)t0 * n * MATVEC_LANES;
	const float *sw = m->scale + (size_t)r0 * n, *sx = v->scale + (size_t)t0 * n;
	float k[8][4][16];
	__m512 f[4][8];

	for (int r = 0; r < R; r++)
		for (int t = 0; t < T; t++)
			f[t][r] = _mm512_setzero_ps();
	for (size_t from = 0; from < n; from += 16) {
		size_t here = n - from < 16 ? n - from : 16;
		__mmask16 some = (__mmask16)((1u << here) - 1);

		for (int r = 0; r < R; r++)
			for (int t = 0; t < T; t++)
				_mm512_storeu_ps(k[r][t], _mm512_mul_ps(
					_mm512_maskz_loadu_ps(some, sw + (size_t)r * n + from),
					_mm512_maskz_loadu_ps(some, sx + (size_t)t * n + from)));
		for (size_t i = 0, g = from; i < here; i++, g++)
			for (int r = 0; r < R; r++) {
				const uint8_t *wr = w + ((size_t)r * n + g) * MATVEC_GROUP;
				__m512i wi = _mm512_loadu_si512(wr);

				if (ahead)
					_mm_prefetch((const char *)(wr + R * n * MATVEC_GROUP), _MM_HINT_T0);
				for (int t = 0; t < T; t++) {
					size_t x = (size_t)t * n + g;
					__m512i o = _mm512_loadu_si512(fix + x * MATVEC_LANES);
					__m512i v8 = _mm512_loadu_si512(q + x * MATVEC_GROUP);
					__m512 s = _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(o, wi, v8));

					s = _mm512_mul_ps(s, _mm512_set1_ps(k[r][t][i]));
					f[t][r] = _mm512_add_ps(f[t][r], s);
				}
			}
	}
	for (int t = 0; t < T; t++)
		store512(R, Y + (size_t)(t0 + t) * ldy + r0, f[t]);
}

VNNI512 static void vnni512(float *Y, size_t ldy, const struct matq *m, const struct vecq *v, int from,
                            int to, int T)
{
	int r = from, t;

	for (; T == 1 && r + 8 <= to; r += 8)
		tile512(8, 1, true, Y, ldy, m, v, r, 0);
	for (; r + 4 <= to; r += 4) {
		for (t = 0; t + 4 <= T; t += 4)
			tile512(4, 4, false, Y, ldy, m, v, r, t);
		for (; t < T; t++)
			tile512(4, 1, false, Y, ldy, m, v, r, t);
	}
	for (; r < to; r++)
		for (t = 0; t < T; t++)
			tile512(1, 1, false, Y, ldy, m, v, r, t);
}

/* ---- 256 bits: a group is two halves of 32 bytes, 8 lanes each ---------------------------------- */
#define VNNI256 __attribute__((target("avxvnni,avx2,fma")))

VNNI256 TILE __m256i half_vnni(const uint8_t *w, const int8_t *q, const int32_t *fix)
{
	return _mm256_dpbusd_avx_epi32(_mm256_loadu_si256((const __m256i *)fix),
	                               _mm256_loadu_si256((const __m256i *)w),
	                               _mm256_loadu_si256((const __m256i *)q));
}

/* Without VNNI: both sides as 16 bits, whose products are added in pairs without saturation. */
AVX2 TILE __m256i half_wide(const uint8_t *w, const int8_t *q, const int32_t *fix)
{
	__m256i a = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)w)),
	                              _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)q)));
	__m256i b = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(w + 16))),
	                              _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(q + 16))));
	/* pairs of a and b come by halves of 128 bits; put back in order */
	__m256i s = _mm256_permute4x64_epi64(_mm256_hadd_epi32(a, b), 0xD8);

	return _mm256_add_epi32(s, _mm256_loadu_si256((const __m256i *)fix));
}

#define ROW256(name, TARGET, half) \
	TARGET static float name(const struct matq *m, const struct vecq *v, int r, int t) \
	{ \
		size_t n = (size_t)m->groups; \
		const uint8_t *w = m->w + (size_t)r * n * MATVEC_GROUP; \
		const int8_t *q = v->q + (size_t)t * n * MATVEC_GROUP; \
		const int32_t *fix = v->fix + (size_t)t * n * MATVEC_LANES; \
		const float *sw = m->scale + (size_t)r * n, *sx = v->scale + (size_t)t * n; \
		__m256 lo = _mm256_setzero_ps(), hi = lo; \
		for (size_t g = 0; g < n; g++) { \
			__m256 k = _mm256_set1_ps(sw[g] * sx[g]); \
			__m256 a = _mm256_cvtepi32_ps(half(w, q, fix)); \
			__m256 b = _mm256_cvtepi32_ps(half(w + 32, q + 32, fix + 8)); \
			lo = _mm256_add_ps(lo, _mm256_mul_ps(a, k)); \
			hi = _mm256_add_ps(hi, _mm256_mul_ps(b, k)); \
			w += MATVEC_GROUP, q += MATVEC_GROUP, fix += MATVEC_LANES; \
		} \
		return fold256(lo, hi); \
	} \
	TARGET static void name##s(float *Y, size_t ldy, const struct matq *m, const struct vecq *v, \
	                           int from, int to, int T) \
	{ \
		for (int r = from; r < to; r++) \
			for (int t = 0; t < T; t++) \
				Y[(size_t)t * ldy + r] = name(m, v, r, t); \
	}
ROW256(row_vnni, VNNI256, half_vnni)
ROW256(row_wide, AVX2, half_wide)

/* Leaf 7, sub-leaf 1, EAX bit 4: this compiler's __builtin_cpu_supports has no name for it. */
bool cpu_avxvnni(void)
{
	unsigned a = 7, b, c = 1, d;

	if (!__builtin_cpu_supports("avx2"))
		return false;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return a >> 4 & 1;
}
#else
bool cpu_avxvnni(void)
{
	return false;
}
#endif

void matvec8(float *Y, size_t ldy, const struct matq *m, const struct vecq *v, int from, int to, int T)
{
	switch (matvec_kind()) {
#ifdef MATVEC_X86
	case MATVEC_VNNI512: vnni512(Y, ldy, m, v, from, to, T); return;
	case MATVEC_VNNI256: row_vnnis(Y, ldy, m, v, from, to, T); return;
	case MATVEC_AVX512:
	case MATVEC_AVX2: row_wides(Y, ldy, m, v, from, to, T); return;
#endif
	default: plain(Y, ldy, m, v, from, to, T);
	}
}
