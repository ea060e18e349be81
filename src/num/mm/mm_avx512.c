/* mm_avx512.c - the product with VDPBF16PS, and packing and transposing with AVX-512.
 *
 *   in    A [M][K] bf16, B packed in panels of 32 columns (mm.h)
 *   out   C [M][N]
 *
 * A block of C is 12 rows × 32 columns in 24 registers; a step along K takes one pair of rows of the
 * panel (two registers) and one pair of numbers of each row of A, broadcast.
 */
#include "num/mm/mm_kernel.h"

#if MM_X86
#include <immintrin.h>

#define AVX __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
enum { ROWS = 12 };

AVX static inline __m512bh pair(const bf16 *a)
{
	int32_t v;

	memcpy(&v, a, 4);
	return (__m512bh)_mm512_set1_epi32(v);
}

AVX static inline void store(void *C, enum num_type type, int cols, __m512 lo, __m512 hi, bool add)
{
	__mmask16 ml = cols >= 16 ? 0xFFFF : (__mmask16)((1u << cols) - 1);
	__mmask16 mh = cols >= 32 ? 0xFFFF : cols <= 16 ? 0 : (__mmask16)((1u << (cols - 16)) - 1);

	if (type == NUM_F32) {
		float *c = C;

		if (add) {
			lo = _mm512_add_ps(lo, _mm512_maskz_loadu_ps(ml, c));
			hi = _mm512_add_ps(hi, _mm512_maskz_loadu_ps(mh, c + 16));
		}
		_mm512_mask_storeu_ps(c, ml, lo);
		_mm512_mask_storeu_ps(c + 16, mh, hi);
	} else {
		bf16 *c = C;

		if (add) {
			__m512i a = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(ml, c));
			__m512i b = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mh, c + 16));

			lo = _mm512_add_ps(lo, _mm512_castsi512_ps(_mm512_slli_epi32(a, 16)));
			hi = _mm512_add_ps(hi, _mm512_castsi512_ps(_mm512_slli_epi32(b, 16)));
		}
		_mm256_mask_storeu_epi16(c, ml, (__m256i)_mm512_cvtneps_pbh(lo));
		_mm256_mask_storeu_epi16(c + 16, mh, (__m256i)_mm512_cvtneps_pbh(hi));
	}
}

/* Rows m..m+R-1; R is a literal, so that the sums stay in registers. */
#define BLOCK(R) \
AVX static void block##R(int cols, int K, const bf16 *A, int lda, const bf16 *panel, bool add, char *C, \
                         enum num_type type, int ldc) \
{ \
	__m512 lo[R], hi[R]; \
	int k = 0; \
	for (int r = 0; r < R; r++) \
		lo[r] = hi[r] = _mm512_setzero_ps(); \
	for (; k + 2 <= K; k += 2, panel += 2 * MM_PANEL) { \
		__m512bh b0 = (__m512bh)_mm512_loadu_si512(panel), b1 = (__m512bh)_mm512_loadu_si512(panel + 32); \
		_Pragma("GCC unroll 12") \
		for (int r = 0; r < R; r++) { \
			__m512bh a = pair(A + (size_t)r * lda + k); \
			lo[r] = _mm512_dpbf16_ps(lo[r], a, b0); \
			hi[r] = _mm512_dpbf16_ps(hi[r], a, b1); \
		} \
	} \
	if (k < K) { \
		__m512bh b0 = (__m512bh)_mm512_loadu_si512(panel), b1 = (__m512bh)_mm512_loadu_si512(panel + 32); \
		for (int r = 0; r < R; r++) { \
			bf16 last[2] = { A[(size_t)r * lda + k], 0 }; \
			lo[r] = _mm512_dpbf16_ps(lo[r], pair(last), b0); \
			hi[r] = _mm512_dpbf16_ps(hi[r], pair(last), b1); \
		} \
	} \
	for (int r = 0; r < R; r++) \
		store(C + (size_t)r * ldc * num_size(type), type, cols, lo[r], hi[r], add); \
}
BLOCK(12)
BLOCK(1)

void mm_avx512(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
               enum num_type type_c, int ldc)
{
	size_t panel = mm_pairs(K) * 2 * MM_PANEL;

	for (int n = 0; n < N; n += MM_PANEL) {
		const bf16 *p = packed + (size_t)(n / MM_PANEL) * panel;
		int cols = N - n < MM_PANEL ? N - n : MM_PANEL, m = 0;
		char *to = (char *)C + (size_t)n * num_size(type_c);
		size_t row = (size_t)ldc * num_size(type_c);

		for (; m + ROWS <= M; m += ROWS)
			block12(cols, K, A + (size_t)m * lda, lda, p, add, to + (size_t)m * row, type_c, ldc);
		for (; m < M; m++)
			block1(cols, K, A + (size_t)m * lda, lda, p, add, to + (size_t)m * row, type_c, ldc);
	}
}

/* ---- packing ----------------------------------------------------------------------------- */
AVX void mm_pack_pairs512(bf16 *to, const bf16 *row0, const bf16 *row1)
{
	__m512i a = _mm512_loadu_si512(row0), b = _mm512_loadu_si512(row1);
	__m512i lo = _mm512_unpacklo_epi16(a, b), hi = _mm512_unpackhi_epi16(a, b);
	const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
	const __m512i last = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);

	_mm512_storeu_si512(to, _mm512_permutex2var_epi64(lo, first, hi));
	_mm512_storeu_si512(to + 32, _mm512_permutex2var_epi64(lo, last, hi));
}

AVX void mm_down512(bf16 *to, const float *from, size_t ld, int rows)
{
	for (int r = 0; r < rows; r++, from += ld, to += MM_PANEL)
		_mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from)));
}

/* 16 × 16 of 32-bit units, in place. */
AVX static inline void transpose16(__m512i r[16])
{
	__m512i t[16];

	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
	}
	for (int i = 0; i < 16; i += 4) {
		r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
		t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xDD);
		t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
		t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xDD);
	}
	for (int i = 0; i < 4; i++) {
		r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
		r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xDD);
		r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
		r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xDD);
	}
}

AVX void mm_pack_trans512(bf16 *to, const bf16 *from, size_t ldf)
{
	for (int half = 0; half < 2; half++) {
		__m512i r[16];

		for (int i = 0; i < 16; i++)
			r[i] = _mm512_loadu_si512(from + (size_t)(half * 16 + i) * ldf);
		transpose16(r);
		for (int i = 0; i < 16; i++)
			_mm512_storeu_si512(to + i * 2 * MM_PANEL + half * 32, r[i]);
	}
}

/* Rows in pairs first, then the pairs as units. */
AVX void mm_transpose32(bf16 *to, size_t ldt, const bf16 *from, size_t ldf)
{
	__m512i lo[16], hi[16];
	const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
	const __m512i last = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);

	for (int i = 0; i < 16; i++) {
		__m512i a = _mm512_loadu_si512(from + (size_t)(2 * i) * ldf);
		__m512i b = _mm512_loadu_si512(from + (size_t)(2 * i + 1) * ldf);
		__m512i l = _mm512_unpacklo_epi16(a, b), h = _mm512_unpackhi_epi16(a, b);

		lo[i] = _mm512_permutex2var_epi64(l, first, h);
		hi[i] = _mm512_permutex2var_epi64(l, last, h);
	}
	transpose16(lo);
	transpose16(hi);
	for (int i = 0; i < 16; i++) {
		_mm512_storeu_si512(to + (size_t)i * ldt, lo[i]);
		_mm512_storeu_si512(to + (size_t)(16 + i) * ldt, hi[i]);
	}
}
#else
typedef int mm_avx512_is_for_x86;
#endif
