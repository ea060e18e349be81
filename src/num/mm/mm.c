/* mm.c - products in bf16: packing, transposing, and the choice of kernel.
 *
 *   in    see mm.h
 *   out   see mm.h
 *
 * Blocks of 32 × 32 go through AVX-512 where there is one; edges, and other chips, number by
 * number. Which kernel multiplies is decided once a process.
 */
#include <pthread.h>
#include <stdlib.h>

#include "num/fast.h"
#include "num/mm/mm_kernel.h"

static struct {
	mm_kernel *run;
	const char *name;
	bool blocks;		/* AVX-512 packs and transposes */
} choice;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
	const char *want = getenv("LTM_MM");

	choice.run = mm_loop;
	choice.name = "plain";
	if (want && !strcmp(want, "plain"))
		return;
#if MM_X86
	if (!__builtin_cpu_supports("avx512bf16") || !__builtin_cpu_supports("avx512bw") ||
	    !__builtin_cpu_supports("avx512vl"))
		return;
	choice.run = mm_avx512;
	choice.name = "avx512";
	choice.blocks = true;
	if (want && !strcmp(want, "avx512"))
		return;
	if (mm_amx_usable()) {
		choice.run = mm_amx;
		choice.name = "amx";
	}
#endif
}

void mm_run(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
            enum num_type type_c, int ldc)
{
	must(M >= 0 && N >= 0 && K > 0);
	pthread_once(&once, choose);
	choice.run(M, N, K, A, lda, packed, add, C, type_c, ldc);
}

const char *mm_name(void)
{
	pthread_once(&once, choose);
	return choice.name;
}

bool mm_fast(void)
{
	pthread_once(&once, choose);
	return choice.run != mm_loop;
}

/* ---- conversion -------------------------------------------------------------------------- */
NUM_FAST void bf16_up_n(float *to, const bf16 *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = bf16_up(from[i]);
}

NUM_FAST void bf16_down_n(bf16 *to, const float *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = bf16_down(from[i]);
}

/* ---- packing ----------------------------------------------------------------------------- */
static bf16 get(const void *B, enum num_type type, size_t at)
{
	return type == NUM_BF16 ? ((const bf16 *)B)[at] : bf16_down(((const float *)B)[at]);
}

/* Pair rows [from, until) of a panel, number by number; columns beyond `cols` and rows beyond K are 0. */
static void pack_slow(bf16 *to, const void *B, enum num_type type, int ldb, bool trans, int K, int cols,
                      size_t from, size_t until)
{
	for (size_t q = from; q < until; q++)
		for (int j = 0; j < MM_PANEL; j++)
			for (int h = 0; h < 2; h++) {
				int k = (int)(2 * q) + h;
				size_t at = trans ? (size_t)j * ldb + k : (size_t)k * ldb + j;

				to[(q * MM_PANEL + (size_t)j) * 2 + h] = j < cols && k < K ? get(B, type, at) : 0;
			}
}

#if MM_X86
/* The whole blocks of a panel of 32 columns; returns how many pair rows are done. */
static size_t pack_blocks(bf16 *to, const void *B, enum num_type type, int ldb, bool trans, int K)
{
	enum { STEP = 2 * MM_PAIRS };
	_Alignas(64) bf16 tmp[STEP * MM_PANEL];
	int k = 0;

	for (; k + STEP <= K; k += STEP, to += STEP * MM_PANEL) {
		size_t at = trans ? (size_t)k : (size_t)k * ldb, ld = (size_t)ldb;
		const bf16 *from = (const bf16 *)B + at;

		if (type == NUM_F32) {
			mm_down512(tmp, (const float *)B + at, ld, STEP);
			from = tmp;
			ld = MM_PANEL;
		}
		if (trans) {
			mm_pack_trans512(to, from, ld);
			continue;
		}
		for (int q = 0; q < MM_PAIRS; q++)
			mm_pack_pairs512(to + q * 2 * MM_PANEL, from + (size_t)(2 * q) * ld, from + (size_t)(2 * q + 1) * ld);
	}
	return (size_t)k / 2;
}
#endif

void mm_pack(bf16 *to, const void *B, enum num_type type, int ldb, bool trans, int K, int N)
{
	size_t pairs = mm_pairs(K);

	pthread_once(&once, choose);
	for (int n = 0; n < N; n += MM_PANEL, to += pairs * 2 * MM_PANEL) {
		int cols = N - n < MM_PANEL ? N - n : MM_PANEL;
		const char *at = (const char *)B + (trans ? (size_t)n * ldb : (size_t)n) * num_size(type);
		size_t done = 0;

#if MM_X86
		if (choice.blocks && cols == MM_PANEL)
			done = pack_blocks(to, at, type, ldb, trans, K);
#endif
		pack_slow(to, at, type, ldb, trans, K, cols, done, pairs);
	}
}

void mm_transpose(bf16 *to, int ldt, const bf16 *from, int ldf, int rows, int cols)
{
	enum { B = 32 };

	pthread_once(&once, choose);
	for (int r = 0; r < rows; r += B)
		for (int c = 0; c < cols; c += B) {
			int nr = rows - r < B ? rows - r : B, nc = cols - c < B ? cols - c : B;
			const bf16 *a = from + (size_t)r * ldf + c;
			bf16 *b = to + (size_t)c * ldt + r;

#if MM_X86
			if (choice.blocks && nr == B && nc == B) {
				mm_transpose32(b, (size_t)ldt, a, (size_t)ldf);
				continue;
			}
#endif
			for (int i = 0; i < nr; i++)
				for (int j = 0; j < nc; j++)
					b[(size_t)j * ldt + i] = a[(size_t)i * ldf + j];
		}
}

/* ---- the gradient of a weight matrix -------------------------------------------------------- */
enum { OUTER_ROWS = 512 };		/* rows at a time: both operands stay in the second cache */

/* The length of a transposed row: one more block, lest rows lie a power of two apart. */
static size_t outer_row(int n)
{
	return (size_t)(n + 31) / 32 * 32 + 32;
}

size_t mm_outer_scratch(int N, int O, int I)
{
	int n = N < OUTER_ROWS ? N : OUTER_ROWS;

	return (size_t)O * outer_row(n) + 32 + mm_packed(n, I);
}

void mm_outer(float *dW, int ldw, const bf16 *dy, int ldy, const bf16 *x, int ldx, int N, int O, int I,
              bf16 *scratch)
{
	for (int at = 0; at < N; at += OUTER_ROWS) {
		int n = N - at < OUTER_ROWS ? N - at : OUTER_ROWS, wide = (int)outer_row(n);
		bf16 *packed = scratch + ((size_t)O * (size_t)wide + 31) / 32 * 32;

		mm_transpose(scratch, wide, dy + (size_t)at * ldy, ldy, n, O);
		mm_pack(packed, x + (size_t)at * ldx, NUM_BF16, ldx, false, n, I);
		mm_run(O, I, n, scratch, wide, packed, true, dW, NUM_F32, ldw);
	}
}

/* ---- any chip -------------------------------------------------------------------------------- */
static float sum_of(const void *C, enum num_type type, size_t at)
{
	return type == NUM_BF16 ? bf16_up(((const bf16 *)C)[at]) : ((const float *)C)[at];
}

static void put(void *C, enum num_type type, size_t at, float v)
{
	if (type == NUM_BF16)
		((bf16 *)C)[at] = bf16_down(v);
	else
		((float *)C)[at] = v;
}

NUM_FAST static void loop_row(float sum[MM_PANEL], const bf16 *a, const bf16 *panel, int K)
{
	for (int k = 0; k < K; k++) {
		const bf16 *b = panel + (size_t)(k / 2) * 2 * MM_PANEL + (k & 1);
		float v = bf16_up(a[k]);

		for (int j = 0; j < MM_PANEL; j++)
			sum[j] += v * bf16_up(b[2 * j]);
	}
}

void mm_loop(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
             enum num_type type_c, int ldc)
{
	size_t panel = mm_pairs(K) * 2 * MM_PANEL;

	for (int m = 0; m < M; m++)
		for (int n = 0; n < N; n += MM_PANEL) {
			float sum[MM_PANEL] = { 0 };

			loop_row(sum, A + (size_t)m * lda, packed + (size_t)(n / MM_PANEL) * panel, K);
			for (int j = 0; j < MM_PANEL && n + j < N; j++) {
				size_t at = (size_t)m * ldc + n + j;

				put(C, type_c, at, add ? sum_of(C, type_c, at) + sum[j] : sum[j]);
			}
		}
}

void mm_plain(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
              enum num_type type_c, int ldc)
{
	size_t panel = mm_pairs(K) * 2 * MM_PANEL;

	for (int m = 0; m < M; m++)
		for (int n = 0; n < N; n++) {
			const bf16 *b = packed + (size_t)(n / MM_PANEL) * panel + (size_t)(n % MM_PANEL) * 2;
			size_t at = (size_t)m * ldc + n;
			double sum = add ? (double)sum_of(C, type_c, at) : 0;

			for (int k = 0; k < K; k++)
				sum += (double)bf16_up(A[(size_t)m * lda + k]) *
				       (double)bf16_up(b[(size_t)(k / 2) * 2 * MM_PANEL + (k & 1)]);
			put(C, type_c, at, (float)sum);
		}
}
