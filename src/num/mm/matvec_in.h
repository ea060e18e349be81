/* matvec_in.h - private to num: what matvec.c and matvec8.c share, the choice and the folds. */
#ifndef LTM_NUM_MATVEC_IN_H
#define LTM_NUM_MATVEC_IN_H

#include "num/mm/matvec.h"

enum matvec_kind { MATVEC_PLAIN, MATVEC_AVX2, MATVEC_VNNI256, MATVEC_AVX512, MATVEC_VNNI512 };
enum matvec_kind matvec_kind(void);
bool cpu_avxvnni(void);

#if defined(__x86_64__) && defined(__GNUC__)
#define MATVEC_X86
#include <immintrin.h>
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")))
#define AVX2 __attribute__((target("avx2,fma")))
/* A tile has constant numbers of rows and vectors: its loops unroll where it is called. */
#define TILE static inline __attribute__((always_inline))

/* 16 lanes to one number: i with i + 8, i + 4, i + 2, i + 1. */
AVX2 static inline float fold256(__m256 lo, __m256 hi)
{
	__m256 a = _mm256_add_ps(lo, hi);
	__m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

	b = _mm_add_ps(b, _mm_movehl_ps(b, b));
	return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

AVX512 static inline float fold512(__m512 v)
{
	return fold256(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

/* The same of four and of eight at once: the same pairs are added, side by side. */
AVX512 static inline __m128 fold512x4(__m512 a, __m512 b, __m512 c, __m512 d)
{
	/* [a8 b8], [c8 d8], then [a4 b4 c4 d4] */
	__m512 ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
	__m512 cd = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xEE));
	__m512 q = _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xDD));
	__m512 h = _mm512_add_ps(q, _mm512_permute_ps(q, 0x4E));	/* i with i + 2 */

	h = _mm512_add_ps(h, _mm512_permute_ps(h, 0xB1));		/* i with i + 1 */
	/* one number every four lanes, in the order a b c d */
	return _mm512_castps512_ps128(_mm512_permutexvar_ps(
		_mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), h));
}

AVX512 static inline __m256 fold512x8(const __m512 v[8])
{
	return _mm256_insertf128_ps(_mm256_castps128_ps256(fold512x4(v[0], v[1], v[2], v[3])),
	                            fold512x4(v[4], v[5], v[6], v[7]), 1);
}

/* R sums, a register each, folded and stored side by side. */
AVX512 TILE void store512(const int R, float *y, const __m512 *s)
{
	if (R == 8)
		_mm256_storeu_ps(y, fold512x8(s));
	else if (R == 4)
		_mm_storeu_ps(y, fold512x4(s[0], s[1], s[2], s[3]));
	else
		for (int r = 0; r < R; r++)
			y[r] = fold512(s[r]);
}

/* The first n lanes of eight; all of them when n is 8 or more. */
AVX2 static inline __m256i head_mask(int n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

#endif
