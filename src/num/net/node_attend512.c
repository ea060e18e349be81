/* node_attend512.c - attention's loops in bf16 with AVX512-BF16 (vec512.h); the plain ones beside
 * which they stand are in node_attend.c and node_attend16.c.
 *
 *   in    scores of a tile in float32, in units of log 2; heads in bf16
 *   out   probabilities and their gradients in bf16, in rows and packed; heads turned by RoPE
 */
#include "num/net/node_attend.h"
#include "num/mm/vec512.h"

#if MM_X86
/* ---- forward: softmax of rows ---------------------------------------------------------------- */
/* The seen part [a, b) of columns i .. i+15. */
V512_INLINE __mmask16 seen(int i, int a, int b)
{
	__mmask16 k = v_first16(b - i);

	return i < a ? k & (__mmask16)~v_first16(a - i) : k;
}

/* log2 of 16 positive numbers: exponent, and of the mantissa m in [0.75, 1.5) by the series of
 * log m = 2·atanh((m-1)/(m+1)); to 1e-7. */
V512_INLINE __m512 log2_of(__m512 x)
{
	const __m512 one = _mm512_set1_ps(1);
	__m512 m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero);
	__m512 e = _mm512_getexp_ps(_mm512_div_ps(x, m));
	__m512 t = _mm512_div_ps(_mm512_sub_ps(m, one), _mm512_add_ps(m, one)), u = _mm512_mul_ps(t, t);
	__m512 p = _mm512_set1_ps(2.0f / 9 * V_LOG2E);

	p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(2.0f / 7 * V_LOG2E));
	p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(2.0f / 5 * V_LOG2E));
	p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(2.0f / 3 * V_LOG2E));
	p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(2 * V_LOG2E));
	return _mm512_fmadd_ps(p, t, e);
}

/* Row of scores s, seen in [a, b): p there and zeros from `from` to `to`, multiples of 16; returns Σ p,
 * *topp the greatest score. */
V512_INLINE float soft_row(bf16 *p, float *topp, const float *s, int a, int b, int from, int to)
{
	__m512 top = _mm512_set1_ps(-LSE_NONE), more = top, sum = _mm512_setzero_ps(), e;
	int in = a == from ? b & ~15 : from, i = from;

	for (; i + 32 <= in; i += 32) {		/* max_ps(x, top) gives top where x is NaN */
		top = _mm512_max_ps(_mm512_loadu_ps(s + i), top);
		more = _mm512_max_ps(_mm512_loadu_ps(s + i + 16), more);
	}
	top = _mm512_max_ps(top, more);
	for (; i < to; i += 16)
		top = _mm512_mask_max_ps(top, seen(i, a, b), _mm512_loadu_ps(s + i), top);
	*topp = _mm512_reduce_max_ps(top);
	top = _mm512_set1_ps(*topp);
	for (i = from; i < in; i += 16) {
		e = v_exp2(_mm512_sub_ps(_mm512_loadu_ps(s + i), top));
		sum = _mm512_add_ps(sum, e);
		_mm256_storeu_si256((void *)(p + i), (__m256i)_mm512_cvtneps_pbh(e));
	}
	for (; i < to; i += 16) {
		e = _mm512_maskz_mov_ps(seen(i, a, b), v_exp2(_mm512_sub_ps(_mm512_loadu_ps(s + i), top)));
		sum = _mm512_add_ps(sum, e);
		_mm256_storeu_si256((void *)(p + i), (__m256i)_mm512_cvtneps_pbh(e));
	}
	return _mm512_reduce_add_ps(sum);
}

/* m is at most 32. */
V512 void attend_soft512(bf16 *p, float *inv, float *lse, const float *s, int ld, const int *lo, const int *hi,
                         int j0, int w, int m)
{
	float top[32], sum[32];

	for (int r = 0; r < m; r++, s += ld, p += ld) {
		bool none = hi[r] <= lo[r];
		int a = none ? 0 : lo[r] - j0, b = none ? 0 : hi[r] - j0, from = a & ~15, to = (b + 15) & ~15;

		if (from)
			memset(p, 0, (size_t)from * sizeof *p);
		sum[r] = soft_row(p, &top[r], s, a, b, from, to);
		if (to < w)
			memset(p + to, 0, (size_t)(w - to) * sizeof *p);
	}
	for (int r = 0; r < m; r += 16) {
		__mmask16 k = v_first16(m - r), some;
		__m512 x = _mm512_maskz_loadu_ps(k, sum + r), l;

		some = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ);
		l = _mm512_add_ps(_mm512_maskz_loadu_ps(k, top + r), log2_of(x));
		_mm512_mask_storeu_ps(inv + r, k, _mm512_maskz_div_ps(some, _mm512_set1_ps(1), x));
		_mm512_mask_storeu_ps(lse + r, k, _mm512_mask_mov_ps(_mm512_set1_ps(LSE_NONE), some, l));
	}
}

/* ---- back: Pᵀ and dSᵀ of two keys against 32 queries ------------------------------------------- */
struct half {			/* 16 queries */
	__m512 lse, D;
	__m512i lo, sees;
};

V512_INLINE struct half half_of(const struct back_tile *t, int i)
{
	return (struct half){ _mm512_loadu_ps(t->lse + i), _mm512_loadu_ps(t->D + i),
	                      _mm512_loadu_si512(t->lo + i), _mm512_loadu_si512(t->sees + i) };
}

/* p and ds of key j. */
V512_INLINE void key(__m512 *p, __m512 *ds, const float *s, const float *dp, const struct half *h, int j, bool all)
{
	__m512 e = v_exp2(_mm512_sub_ps(_mm512_loadu_ps(s), h->lse));

	if (!all) {
		__m512i at = _mm512_sub_epi32(_mm512_set1_epi32(j), h->lo);

		e = _mm512_maskz_mov_ps(_mm512_cmplt_epu32_mask(at, h->sees), e);
	}
	*p = e;
	*ds = _mm512_mul_ps(e, _mm512_sub_ps(_mm512_loadu_ps(dp), h->D));
}

V512_INLINE __m512i both(__m512 lo, __m512 hi)
{
	return (__m512i)_mm512_cvtne2ps_pbh(hi, lo);
}

V512_INLINE void two_keys(const struct back_tile *t, const struct half *h, int j0, int j, bool all)
{
	__m512 p[4], d[4];		/* of key j: queries 0..15, 16..31; of key j+1 */
	__m512i row0, row1;
	size_t at = (size_t)j * t->ld;

	for (int k = 0; k < 2; k++)
		for (int q = 0; q < 2; q++) {
			int from = (j + k) * 32 + q * 16;

			key(&p[2 * k + q], &d[2 * k + q], t->s + from, t->dp + from, &h[q], j0 + j + k, all);
		}
	_mm512_storeu_si512(t->p + at, both(p[0], p[1]));
	_mm512_storeu_si512(t->p + at + t->ld, both(p[2], p[3]));
	row0 = both(d[0], d[1]);
	row1 = both(d[2], d[3]);
	_mm512_storeu_si512(t->ds + at, row0);
	_mm512_storeu_si512(t->ds + at + t->ld, row1);
	_mm512_storeu_si512(t->packed + j * 32, _mm512_unpacklo_epi16(row0, row1));
	_mm512_storeu_si512(t->packed + j * 32 + 32, _mm512_unpackhi_epi16(row0, row1));
}

V512 void attend_chunk512(const struct back_tile *t, int j0, int q, bool all)
{
	struct half h[2] = { half_of(t, q), half_of(t, q + 16) };

	if (all)
		for (int j = 0; j < 32; j += 2)
			two_keys(t, h, j0, j, true);
	else
		for (int j = 0; j < 32; j += 2)
			two_keys(t, h, j0, j, false);
}

/* 16 × 16 of float32: rows of registers become columns. */
V512_INLINE void over16(__m512 r[16])
{
	__m512 t[16];

	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
	}
	for (int i = 0; i < 16; i += 4)
		for (int k = 0; k < 2; k++) {
			__m512d a = _mm512_castps_pd(t[i + k]), b = _mm512_castps_pd(t[i + k + 2]);

			r[i + 2 * k] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
			r[i + 2 * k + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
		}
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 16; k += 8) {
			t[i + k] = _mm512_shuffle_f32x4(r[i + k], r[i + k + 4], 0x88);
			t[i + k + 4] = _mm512_shuffle_f32x4(r[i + k], r[i + k + 4], 0xDD);
		}
	for (int i = 0; i < 8; i++) {
		r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
		r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xDD);
	}
}

V512 void attend_turn_over512(float *to, int ldt, const float *from, int ldf, int cols, int rows)
{
	/* Column 16·half + c of a chunk is query 8·(c / 4) + 4·half + c % 4. */
	for (int c0 = 0; c0 < cols; c0 += 16)
		for (int r0 = 0; r0 < rows; r0 += 16) {
			__m512 r[16];
			int q = (c0 & ~31) + (c0 & 16 ? 4 : 0);

			for (int i = 0; i < 16; i++)
				r[i] = _mm512_loadu_ps(from + (size_t)(r0 + i) * ldf + c0);
			over16(r);
			for (int c = 0; c < 16; c++)
				_mm512_storeu_ps(to + (size_t)(q + c / 4 * 8 + c % 4) * ldt + r0, r[c]);
		}
}

/* ---- heads, row by row: rows [..][heads·head] and planes [heads][..][hp] --------------------------- */
V512 void attend_turn512(bf16 *to, size_t plane, int hp, const bf16 *x, size_t ldx, const float *c, const float *s,
                         int heads, int head, float scale, int rows, int place, int places)
{
	const __m512 f = _mm512_set1_ps(scale);
	int half = head / 2;

	for (int r = 0; r < rows; r++, x += ldx, to += hp) {
		const float *cr = c + (size_t)place * half, *sr = s + (size_t)place * half;

		for (int i = 0; i < half; i += 16) {
			__mmask16 k = v_first16(half - i);
			__m512 ci = _mm512_mul_ps(_mm512_maskz_loadu_ps(k, cr + i), f);
			__m512 si = _mm512_mul_ps(_mm512_maskz_loadu_ps(k, sr + i), f);

			for (int h = 0; h < heads; h++) {
				__m512i w = _mm512_maskz_loadu_epi32(k, x + h * head + 2 * i);
				__m512 a = v_low(w), b = v_high(w);

				w = v_pairs(_mm512_fmsub_ps(a, ci, _mm512_mul_ps(b, si)),
				            _mm512_fmadd_ps(a, si, _mm512_mul_ps(b, ci)));
				_mm512_mask_storeu_epi32(to + (size_t)h * plane + 2 * i, k, w);
			}
		}
		place = place + 1 == places ? 0 : place + 1;
	}
}

V512 void attend_scale512(bf16 *to, size_t plane, int hp, const bf16 *x, size_t ldx, int heads, int head, float scale,
                          int rows)
{
	const __m512 f = _mm512_set1_ps(scale);

	for (int r = 0; r < rows; r++, x += ldx, to += hp)
		for (int h = 0; h < heads; h++)
			for (int i = 0; i < head; i += 32) {
				__mmask32 k = v_first32(head - i);
				__m512i w = _mm512_maskz_loadu_epi16(k, x + h * head + i);

				if (scale != 1)
					w = v_pairs(_mm512_mul_ps(v_low(w), f), _mm512_mul_ps(v_high(w), f));
				_mm512_mask_storeu_epi16(to + (size_t)h * plane + i, k, w);
			}
}

V512 void attend_spread512(bf16 *x, size_t ldx, const bf16 *from, size_t plane, int hp, int heads, int head, bool add,
                           int rows)
{
	for (int r = 0; r < rows; r++, x += ldx, from += hp)
		for (int h = 0; h < heads; h++)
			for (int i = 0; i < head; i += 32) {
				__mmask32 k = v_first32(head - i);
				__m512i w = _mm512_maskz_loadu_epi16(k, from + (size_t)h * plane + i);
				bf16 *to = x + h * head + i;

				if (add) {
					__m512i was = _mm512_maskz_loadu_epi16(k, to);

					w = v_pairs(_mm512_add_ps(v_low(was), v_low(w)), _mm512_add_ps(v_high(was), v_high(w)));
				}
				_mm512_mask_storeu_epi16(to, k, w);
			}
}

V512 void attend_put512(bf16 *to, const float *from, int hp, const float *inv, int rows)
{
	for (int r = 0; r < rows; r++, to += hp, from += hp) {
		const __m512 f = _mm512_set1_ps(inv[r]);

		for (int i = 0; i < hp; i += 32)
			_mm512_storeu_si512(to + i, both(_mm512_mul_ps(_mm512_loadu_ps(from + i), f),
			                                 _mm512_mul_ps(_mm512_loadu_ps(from + i + 16), f)));
	}
}

/* c NULL: not turned. */
V512 void attend_turn_back512(bf16 *to, const float *g, int hp, const float *c, const float *s, int head, float scale,
                              int rows, int place, int places)
{
	const __m512 f = _mm512_set1_ps(scale);
	const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
	const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
	int half = head / 2;

	for (int r = 0; r < rows; r++, to += hp, g += hp) {
		for (int i = 0; i < hp; i += 32) {
			__mmask16 k = v_first16(half - i / 2);
			__m512 lo = _mm512_mul_ps(_mm512_loadu_ps(g + i), f), hi = _mm512_mul_ps(_mm512_loadu_ps(g + i + 16), f);
			__m512 a, b, ci, si;

			if (!c) {
				_mm512_storeu_si512(to + i, both(lo, hi));
				continue;
			}
			a = _mm512_permutex2var_ps(lo, even, hi);
			b = _mm512_permutex2var_ps(lo, odd, hi);
			ci = _mm512_maskz_loadu_ps(k, c + (size_t)place * half + i / 2);
			si = _mm512_maskz_loadu_ps(k, s + (size_t)place * half + i / 2);
			_mm512_storeu_si512(to + i, v_pairs(_mm512_fmadd_ps(a, ci, _mm512_mul_ps(b, si)),
			                                    _mm512_fmsub_ps(b, ci, _mm512_mul_ps(a, si))));
		}
		place = place + 1 == places ? 0 : place + 1;
	}
}

V512 void attend_dots512(float *D, int ldd, const bf16 *y, const bf16 *dy, size_t ld, int heads, int head, int rows)
{
	for (int r = 0; r < rows; r++, y += ld, dy += ld)
		for (int h = 0; h < heads; h++) {
			__m512 a = _mm512_setzero_ps();

			for (int i = 0; i < head; i += 32) {
				__mmask32 k = v_first32(head - i);
				__m512bh u = (__m512bh)_mm512_maskz_loadu_epi16(k, y + h * head + i);

				a = _mm512_dpbf16_ps(a, u, (__m512bh)_mm512_maskz_loadu_epi16(k, dy + h * head + i));
			}
			D[(size_t)h * ldd + r] = _mm512_reduce_add_ps(a);
		}
}
#else
typedef int node_attend512_is_for_x86;
#endif
