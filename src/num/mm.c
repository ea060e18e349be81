/* mm.c - products in bf16: packing, the plain kernel, and the choice of kernel.
 *
 *   in    see mm.h
 *   out   see mm.h
 */
#include "num/fast.h"
#include "num/mm.h"

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

static bf16 get(const void *B, enum num_type type, size_t at)
{
	return type == NUM_BF16 ? ((const bf16 *)B)[at] : bf16_down(((const float *)B)[at]);
}

void mm_pack(bf16 *to, const void *B, enum num_type type, int ldb, bool trans, int K, int N)
{
	int rows = (K + 2 * MM_PAIRS - 1) / (2 * MM_PAIRS) * 2 * MM_PAIRS;

	for (int n0 = 0; n0 < N; n0 += MM_PANEL)
		for (int k = 0; k < rows; k += 2)
			for (int j = 0; j < MM_PANEL; j++)
				for (int h = 0; h < 2; h++) {
					int n = n0 + j, kk = k + h;

					*to++ = n >= N || kk >= K ? 0 :
					        get(B, type, trans ? (size_t)n * ldb + kk : (size_t)kk * ldb + n);
				}
}

static size_t packed_at(int K, int k, int n)
{
	int rows = (K + 2 * MM_PAIRS - 1) / (2 * MM_PAIRS) * 2 * MM_PAIRS;

	return (size_t)(n / MM_PANEL) * rows * MM_PANEL + (size_t)(k / 2) * 2 * MM_PANEL +
	       (size_t)(n % MM_PANEL) * 2 + (size_t)(k & 1);
}

void mm_plain(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
              enum num_type type_c, int ldc)
{
	for (int m = 0; m < M; m++)
		for (int n = 0; n < N; n++) {
			size_t at = (size_t)m * ldc + n;
			float *f = (float *)C + at;
			bf16 *b = (bf16 *)C + at;
			double sum = !add ? 0 : type_c == NUM_BF16 ? (double)bf16_up(*b) : (double)*f;

			for (int k = 0; k < K; k++)
				sum += (double)bf16_up(A[(size_t)m * lda + k]) *
				       (double)bf16_up(packed[packed_at(K, k, n)]);
			if (type_c == NUM_BF16)
				*b = bf16_down((float)sum);
			else
				*f = (float)sum;
		}
}

void mm_run(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
            enum num_type type_c, int ldc)
{
	mm_plain(M, N, K, A, lda, packed, add, C, type_c, ldc);
}

void mm_transpose(bf16 *to, int ldt, const bf16 *from, int ldf, int rows, int cols)
{
	for (int r = 0; r < rows; r++)
		for (int c = 0; c < cols; c++)
			to[(size_t)c * ldt + r] = from[(size_t)r * ldf + c];
}

const char *mm_name(void)
{
	return "plain";
}

bool mm_fast(void)
{
	return false;
}
