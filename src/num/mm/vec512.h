/* vec512.h - private to num: what loops over bf16 are written with on chips that have AVX512-BF16.
 *
 * A kernel written with this stands beside a plain loop that defines it, differs from it in
 * rounding only, and runs where products run in bf16 (vec512()): the curves are as exact as their
 * use needs, multiply-adds are fused, and one instruction rounds 32 numbers. LTM_MM=plain turns all
 * of them off. One kind of chip gives the same bits always.
 */
#ifndef LTM_NUM_VEC512_H
#define LTM_NUM_VEC512_H

#include "num/mm/mm_kernel.h"

/* Whether the kernels below run here. */
bool vec512(void);

#if MM_X86
#include <immintrin.h>

#define V512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define V512_INLINE V512 __attribute__((always_inline)) static inline

/* The first n of 16, of 32. */
V512_INLINE __mmask16 v_first16(int n) { return n >= 16 ? 0xFFFF : n <= 0 ? 0 : (__mmask16)((1u << n) - 1); }
V512_INLINE __mmask32 v_first32(int n) { return n >= 32 ? ~0u : n <= 0 ? 0 : (1u << n) - 1; }

/* 2^x by minimax polynomials over [0, 1) and the exponent: relative error 3e-6, and 8e-8. Far below
 * zero it is 0, far above infinity, and NaN stays. */
V512_INLINE __m512 v_exp2(__m512 x)
{
	__m512 r = _mm512_reduce_ps(x, 0x09);		/* x - floor(x) */
	__m512 p = _mm512_set1_ps(0.013534168f);

	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.05201146f));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.24144276f));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.69300383f));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0000026f));
	return _mm512_scalef_ps(p, x);			/* · 2^floor(x) */
}
V512_INLINE __m512 v_exp2_fine(__m512 x)
{
	__m512 r = _mm512_reduce_ps(x, 0x09);
	__m512 p = _mm512_set1_ps(0.0018775767f);

	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.00898934f));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.055826318f));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.24015362f));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.69315308f));
	p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.99999993f));
	return _mm512_scalef_ps(p, x);
}

/* 1/x: the estimate of 14 bits and one step of Newton; of infinity 0. */
V512_INLINE __m512 v_inverse(__m512 x)
{
	__m512 y = _mm512_rcp14_ps(x);

	/* y·(2 - x·y); where x is infinite x·y is NaN and the estimate, 0, stands */
	__m512 e = _mm512_fnmadd_ps(x, y, _mm512_set1_ps(2));

	return _mm512_mask_mul_ps(y, _mm512_cmp_ps_mask(x, _mm512_set1_ps(3e38f), _CMP_LE_OQ), y, e);
}

#define V_LOG2E 1.44269504f
#define V_LN2 0.69314718f

V512_INLINE __m512 v_sigmoid(__m512 x)
{
	__m512 e = v_exp2(_mm512_mul_ps(x, _mm512_set1_ps(-V_LOG2E)));

	return v_inverse(_mm512_add_ps(_mm512_set1_ps(1), e));
}

/* bf16 and back, 16 at a time. */
V512_INLINE __m512 v_up(__m256i x)
{
	return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
V512_INLINE __m512 v_load16(const bf16 *x, __mmask16 k)
{
	return v_up(_mm256_maskz_loadu_epi16(k, x));
}
V512_INLINE void v_store16(bf16 *to, __mmask16 k, __m512 x)
{
	_mm256_mask_storeu_epi16(to, k, (__m256i)_mm512_cvtneps_pbh(x));
}

/* Words whose halves are bf16: the low halves as float32, the high halves, and a word of both. */
V512_INLINE __m512 v_low(__m512i w) { return _mm512_castsi512_ps(_mm512_slli_epi32(w, 16)); }
V512_INLINE __m512 v_high(__m512i w)
{
	return _mm512_castsi512_ps(_mm512_and_si512(w, _mm512_set1_epi32((int)0xFFFF0000)));
}
V512_INLINE __m512i v_pairs(__m512 low, __m512 high)
{
	const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7,
	                                       22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);

	return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(high, low));
}
#endif

/* ---- kernels, n numbers or a row; only where vec512() --------------------------------------- */
#if MM_X86
/* y = silu(g) ⊙ u, and its way back (node_swiglu.c). */
void vec_swiglu(bf16 *y, const bf16 *g, const bf16 *u, int n);
void vec_swiglu_back(bf16 *dg, bf16 *du, const bf16 *dy, const bf16 *g, const bf16 *u, int n);
/* s becomes e^(s - max); returns their sum, in double by parts of 512. */
double vec_exp_sum(float *s, int n, float *max);
void vec_times16(bf16 *d, const float *s, float f, int n);
#endif

#endif
