/* gemm.c - the matrix product: the one door of the BLAS.
 *
 *   in    A, B, C in float32, row-major, any strides
 *   out   C = alpha·op(A)·op(B) + beta·C
 *
 * Each product runs on the thread that calls it; lanes are the only parallelism (lanes.c).
 * OpenBLAS's own threading gives other bits for other thread counts and nests badly.
 *
 * Invariant: the caller's OpenMP setting is as it was before.
 */
#include <omp.h>
#include <pthread.h>

#include "num/num.h"

#include <cblas.h>		/* last: it brings complex.h, which makes I a macro */

/* Absent in the reference BLAS: then their addresses are NULL. */
#pragma weak openblas_get_parallel
#pragma weak openblas_set_num_threads
#pragma weak openblas_get_corename
#pragma weak openblas_get_config

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void one_thread(void)
{
	int was = omp_get_max_threads();

	if (openblas_set_num_threads)
		openblas_set_num_threads(1);
	omp_set_num_threads(was);
}

/* The plain part of the definition that BLAS libraries disagree about: nothing to sum. */
static void scale_only(int M, int N, float beta, float *C, int ldc)
{
	for (int i = 0; i < M; i++)
		for (int j = 0; j < N; j++)
			C[(size_t)i * ldc + j] = beta == 0 ? 0 : beta * C[(size_t)i * ldc + j];
}

void num_gemm(bool trans_a, bool trans_b, int M, int N, int K, float alpha, const float *A,
              int lda, const float *B, int ldb, float beta, float *C, int ldc)
{
	int was;

	must(M >= 0 && N >= 0 && K >= 0);
	if (M == 0 || N == 0)
		return;
	if (K == 0 || alpha == 0) {
		scale_only(M, N, beta, C, ldc);
		return;
	}
	pthread_once(&once, one_thread);
	/* The OpenMP flavour asks OpenMP, whose setting belongs to each thread. */
	was = omp_get_max_threads();
	if (was != 1)
		omp_set_num_threads(1);
	cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
	            trans_b ? CblasTrans : CblasNoTrans, M, N, K, alpha, A, lda, B, ldb, beta, C,
	            ldc);
	if (was != 1)
		omp_set_num_threads(was);
}

void num_gemm_plain(bool trans_a, bool trans_b, int M, int N, int K, float alpha,
                    const float *A, int lda, const float *B, int ldb, float beta, float *C,
                    int ldc)
{
	for (int i = 0; i < M; i++) {
		for (int j = 0; j < N; j++) {
			float *c = &C[(size_t)i * ldc + j];
			double sum = 0;

			for (int k = 0; k < K; k++)
				sum += (double)A[trans_a ? k * (size_t)lda + i : i * (size_t)lda + k] *
				       B[trans_b ? j * (size_t)ldb + k : k * (size_t)ldb + j];
			*c = (float)(alpha * sum + (beta == 0 ? 0 : (double)beta * *c));
		}
	}
}

const char *num_blas_warning(void)
{
	if (!openblas_get_parallel)
		return "the BLAS in use is not OpenBLAS: training will be about 30 times slower; "
		       "install libopenblas-openmp-dev and build again";
	if (openblas_get_parallel() == 1)
		return "the OpenBLAS in use is its pthread flavour, which nests threads; install "
		       "libopenblas-openmp-dev and build again";
	return NULL;
}

const char *num_blas_name(void)
{
	static _Thread_local char name[300];

	if (!openblas_get_config || !openblas_get_corename)
		return "unknown BLAS";
	snprintf(name, sizeof name, "%s, running on %s", openblas_get_config(),
	         openblas_get_corename());
	return name;
}
