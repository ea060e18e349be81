/* codescan_vbmi.c - 64 look-ups in a table of 256 bytes at once: two VPERMI2B of AVX-512 VBMI.
 *
 *   in    a block of 64 codes, byte by byte; tables of 8 bits
 *   out   which codes pass the bound
 *
 * VPERMI2B looks seven bits of each index up in 128 bytes; the eighth bit chooses between the lower
 * and the upper half of the table. Sums run in 16 bits.
 */
#include "glyphs/codescan_in.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))
static uint64_t bounds(const uint8_t *block, const struct scan_tables *t, int bytes, int least)
{
	__m512i even = _mm512_setzero_si512(), odd = even, mask = _mm512_set1_epi16(0xFF);
	__m512i bar = _mm512_set1_epi16((short)least);
	uint64_t e, o;

	for (int b = 0; b < bytes; b++) {
		const uint8_t *q = t->q[b];
		__m512i c = _mm512_load_si512(block + b * CODE_BLOCK);
		__m512i low = _mm512_permutex2var_epi8(_mm512_load_si512(q), c, _mm512_load_si512(q + 64));
		__m512i high = _mm512_permutex2var_epi8(_mm512_load_si512(q + 128), c, _mm512_load_si512(q + 192));
		__m512i v = _mm512_mask_blend_epi8(_mm512_movepi8_mask(c), low, high);

		even = _mm512_add_epi16(even, _mm512_and_si512(v, mask));
		odd = _mm512_add_epi16(odd, _mm512_srli_epi16(v, 8));
	}
	/* Word j of `even` is code 2j, of `odd` code 2j + 1. */
	e = _mm512_cmpge_epu16_mask(even, bar);
	o = _mm512_cmpge_epu16_mask(odd, bar);
	if (!(e | o))
		return 0;
	return _mm512_movepi8_mask(_mm512_or_si512(
		_mm512_and_si512(_mm512_movm_epi16((__mmask32)e), mask),
		_mm512_andnot_si512(mask, _mm512_movm_epi16((__mmask32)o))));
}

code_bounds *codescan_vbmi(void)
{
	return __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw") ? bounds : NULL;
}
#else
code_bounds *codescan_vbmi(void)
{
	return NULL;
}
#endif
