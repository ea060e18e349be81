/* mm_kernel.h - private to num: the kernels behind mm_run, one a kind of chip. */
#ifndef LTM_NUM_MM_KERNEL_H
#define LTM_NUM_MM_KERNEL_H

#include "num/mm/mm.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MM_X86 1
#else
#define MM_X86 0
#endif

typedef void mm_kernel(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
                       enum num_type type_c, int ldc);

/* Pairs of rows of a panel, padded: K/2 rounded up to a multiple of MM_PAIRS. */
static inline size_t mm_pairs(int K)
{
	return (size_t)((K + 2 * MM_PAIRS - 1) / (2 * MM_PAIRS)) * MM_PAIRS;
}

mm_kernel mm_loop;			/* any chip: float32 sums in a plain loop */
#if MM_X86
bool mm_amx_usable(void);		/* asks the kernel for the tiles' state, once */
mm_kernel mm_amx, mm_avx512;
/* Packing and transposing with AVX-512: whole blocks of 32; mm.c does the rest. */
void mm_pack_pairs512(bf16 *to, const bf16 *row0, const bf16 *row1);	/* 32 columns of two rows */
void mm_transpose32(bf16 *to, size_t ldt, const bf16 *from, size_t ldf);	/* 32 × 32 */
/* `rows` rows of 32 float32 numbers, ld apart, to bf16 one after the other; numbers under 2^-126 become 0. */
void mm_down512(bf16 *to, const float *from, size_t ld, int rows);
/* Of an array stored [32][ldf]: its columns 0..31 as 16 pair rows of a panel. */
void mm_pack_trans512(bf16 *to, const bf16 *from, size_t ldf);
#endif

#endif
