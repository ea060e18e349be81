/* mm.h - products in bf16: half the bytes of float32, the same range, 8 bits of mantissa.
 *
 *   in    A [M][K] bf16, row-major;  B [K][N] packed once, used many times
 *   out   C [M][N] float32 or bf16;  sums run in float32
 *
 * The packed form is what the chips' instructions want, TDPBF16PS (AMX) and VDPBF16PS
 * (AVX512-BF16): panels of MM_PANEL columns, each with its rows in pairs,
 *
 *     packed[N/32 up][K/2 up to a multiple of 16][32][2]
 *
 * so that two neighbours along K lie side by side. What pads is zero. A weight matrix is packed
 * twice a step (for x·Wᵀ and for dy·W) and then serves every lane.
 *
 * The kernel is chosen once by what the chip has: AMX, AVX512-BF16, or a plain loop in float32,
 * which defines the others (they differ from it in rounding only). One kind of chip gives the
 * same bits with any number of threads. LTM_MM=plain|avx512|amx overrides (for tests).
 *
 * Threads: a call runs on the calling thread and touches only what it is given.
 */
#ifndef LTM_NUM_MM_H
#define LTM_NUM_MM_H

#include "base/base.h"

typedef uint16_t bf16;
enum num_type { NUM_F32, NUM_BF16 };
static inline size_t num_size(enum num_type t) { return t == NUM_BF16 ? 2 : 4; }

static inline float bf16_up(bf16 x)
{
	uint32_t u = (uint32_t)x << 16;
	float f;

	memcpy(&f, &u, 4);
	return f;
}
/* To nearest, ties to even; NaN stays NaN. Without a branch, so that loops vectorise. */
static inline bf16 bf16_down(float f)
{
	uint32_t u, nan;

	memcpy(&u, &f, 4);
	nan = (u & 0x7FFFFFFFu) > 0x7F800000u;
	return (bf16)((u + (nan ? 0x10000u : 0x7FFFu + (u >> 16 & 1))) >> 16);
}
void bf16_up_n(float *to, const bf16 *from, size_t n);
void bf16_down_n(bf16 *to, const float *from, size_t n);

enum { MM_PANEL = 32, MM_PAIRS = 16 };

/* bf16 numbers that a packed [K][N] takes. */
static inline size_t mm_packed(int K, int N)
{
	return (size_t)((N + MM_PANEL - 1) / MM_PANEL) * MM_PANEL *
	       (size_t)((K + 2 * MM_PAIRS - 1) / (2 * MM_PAIRS)) * 2 * MM_PAIRS;
}

/* Packs B [K][N] (row stride ldb), or, when trans, Bᵀ of an array stored [N][K]. `type` is what
 * B's numbers are. `to` has mm_packed(K, N) numbers, 64-aligned; every one is written. */
void mm_pack(bf16 *to, const void *B, enum num_type type, int ldb, bool trans, int K, int N);

/* C[M][N] = A[M][K]·B (+ C when add). Rows of A are lda apart, of C ldc. C must not overlap A.
 * Fastest when K and N are multiples of 32 and A is 64-aligned. */
void mm_run(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
            enum num_type type_c, int ldc);

/* to[cols][ldt] = fromᵀ, from [rows][ldf] of bf16: makes the left operand of dW = dyᵀ·x. */
void mm_transpose(bf16 *to, int ldt, const bf16 *from, int ldf, int rows, int cols);

/* dW[O][I] += dyᵀ·x over N rows, dy [N][O], x [N][I]: the gradient of a weight matrix. scratch has
 * mm_outer_scratch numbers, 64-aligned. */
size_t mm_outer_scratch(int N, int O, int I);
void mm_outer(float *dW, int ldw, const bf16 *dy, int ldy, const bf16 *x, int ldx, int N, int O, int I,
              bf16 *scratch);

/* "amx", "avx512" or "plain": what mm_run runs on here. mm_fast: bf16 beats float32 here. */
const char *mm_name(void);
bool mm_fast(void);

/* The definition, for tests: the same product with double sums over the packed form. */
void mm_plain(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
              enum num_type type_c, int ldc);

#endif
