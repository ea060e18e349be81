/* vec512.c - loops over bf16 with AVX512-BF16: SwiGLU, the softmax of the output, scaling.
 *
 *   in    rows
 *   out   rows; each kernel is the plain loop of the file that calls it, but for rounding
 */
#include "num/mm/vec512.h"

bool vec512(void)
{
#if MM_X86
	return mm_fast() && __builtin_cpu_supports("avx512dq");
#else
	return false;
#endif
}

#if MM_X86
V512 void vec_swiglu(bf16 *y, const bf16 *g, const bf16 *u, int n)
{
	for (int i = 0; i < n; i += 16) {
		__mmask16 k = v_first16(n - i);
		__m512 a = v_load16(g + i, k);

		v_store16(y + i, k, _mm512_mul_ps(_mm512_mul_ps(a, v_sigmoid(a)), v_load16(u + i, k)));
	}
}

V512 void vec_swiglu_back(bf16 *dg, bf16 *du, const bf16 *dy, const bf16 *g, const bf16 *u, int n)
{
	const __m512 one = _mm512_set1_ps(1);

	for (int i = 0; i < n; i += 16) {
		__mmask16 k = v_first16(n - i);
		__m512 a = v_load16(g + i, k), d = v_load16(dy + i, k), s = v_sigmoid(a), ds = _mm512_mul_ps(d, s);
		__m512 slope = _mm512_fmadd_ps(a, _mm512_sub_ps(one, s), one);

		v_store16(dg + i, k, _mm512_mul_ps(_mm512_mul_ps(ds, v_load16(u + i, k)), slope));
		v_store16(du + i, k, _mm512_mul_ps(ds, a));
	}
}

V512 static float greatest(const float *s, int n)
{
	__m512 a = _mm512_set1_ps(-3e38f), b = a;
	int i = 0;

	for (; i + 32 <= n; i += 32) {		/* max_ps(x, a) gives a where x is NaN */
		a = _mm512_max_ps(_mm512_loadu_ps(s + i), a);
		b = _mm512_max_ps(_mm512_loadu_ps(s + i + 16), b);
	}
	for (; i < n; i += 16) {
		__mmask16 k = v_first16(n - i);

		a = _mm512_mask_max_ps(a, k, _mm512_maskz_loadu_ps(k, s + i), a);
	}
	return _mm512_reduce_max_ps(_mm512_max_ps(a, b));
}

V512 double vec_exp_sum(float *s, int n, float *max)
{
	const __m512 log2e = _mm512_set1_ps(V_LOG2E);
	float top = greatest(s, n);
	const __m512 t = _mm512_set1_ps(top);
	double sum = 0;

	*max = top;
	for (int from = 0; from < n; from += 512) {
		int to = from + 512 < n ? from + 512 : n, i = from;
		__m512 a = _mm512_setzero_ps();

		for (; i + 16 <= to; i += 16) {
			/* the difference first: it is exact where it matters */
			__m512 e = v_exp2_fine(_mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(s + i), t), log2e));

			_mm512_storeu_ps(s + i, e);
			a = _mm512_add_ps(a, e);
		}
		if (i < to) {
			__mmask16 k = v_first16(to - i);
			__m512 x = _mm512_sub_ps(_mm512_maskz_loadu_ps(k, s + i), t);
			__m512 e = v_exp2_fine(_mm512_mul_ps(x, log2e));

			_mm512_mask_storeu_ps(s + i, k, e);
			a = _mm512_mask_add_ps(a, k, a, e);
		}
		sum += (double)_mm512_reduce_add_ps(a);
	}
	return sum;
}

V512 void vec_times16(bf16 *d, const float *s, float f, int n)
{
	const __m512 v = _mm512_set1_ps(f);

	for (int i = 0; i < n; i += 16) {
		__mmask16 k = v_first16(n - i);

		v_store16(d + i, k, _mm512_mul_ps(_mm512_maskz_loadu_ps(k, s + i), v));
	}
}
#endif
