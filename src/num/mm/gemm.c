/* gemm.c - the matrix product: the one door of the BLAS.
 *
 *   in    A, B, C in float32, row-major, any strides
 *   out   C = alpha·op(A)·op(B) + beta·C
 *
 * Each product runs on the thread that calls it; lanes are the only parallelism (lanes.c).
 * OpenBLAS's own threading gives other bits for other thread counts and nests badly.
 *
 * The library is opened when the first product is asked for: at load it claims some 160 MB of
 * address space and, where it does not get them (ulimit -v), tries again for ever. So a
 * program that only reads books never meets it, and under a limit too tight for it, or without
 * it, the plain loop serves (num_blas_warning says so).
 *
 * Invariant: the caller's OpenMP setting is as it was before.
 */
#include <dlfcn.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "num/num.h"

#include <cblas.h>		/* last: it brings complex.h, which makes I a macro */

static struct {
	__typeof__(&cblas_sgemm) sgemm;
	void (*set_threads)(int);
	int (*parallel)(void);
	char *(*core)(void), *(*config)(void);
	bool cramped;		/* not opened: the limit on memory is too tight */
} blas;
static pthread_once_t once = PTHREAD_ONCE_INIT;

enum { BLAS_ROOM = 1 << 30 };	/* address space it may want, with room for threads */

static void find(void *to, void *lib, const char *name)
{
	void *at = dlsym(lib, name);

	memcpy(to, &at, sizeof at);
}

/* OpenBLAS knows chips by their model numbers: on one newer than itself it may fall back to
 * kernels of 2004, five times slower. What a chip can do does not depend on its number. A setting
 * of the user's own stays. */
static void name_core(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
	else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		setenv("OPENBLAS_CORETYPE", "Haswell", 0);
#endif
}

static void open_blas(void)
{
	static const char *const file[] = { LTM_BLAS, "libopenblas.so.0", "libblas.so.3" };
	int was = omp_get_max_threads();
	struct rlimit room;
	void *lib = NULL;

	blas.cramped = !getrlimit(RLIMIT_AS, &room) && room.rlim_cur != RLIM_INFINITY &&
	               room.rlim_cur < BLAS_ROOM;
	name_core();
	for (size_t i = 0; !lib && !blas.cramped && i < sizeof file / sizeof *file; i++)
		lib = dlopen(file[i], RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return;
	find(&blas.sgemm, lib, "cblas_sgemm");
	find(&blas.set_threads, lib, "openblas_set_num_threads");
	find(&blas.parallel, lib, "openblas_get_parallel");
	find(&blas.core, lib, "openblas_get_corename");
	find(&blas.config, lib, "openblas_get_config");
	if (blas.set_threads)
		blas.set_threads(1);
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
	pthread_once(&once, open_blas);
	if (!blas.sgemm) {
		num_gemm_plain(trans_a, trans_b, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
		return;
	}
	/* The OpenMP flavour asks OpenMP, whose setting belongs to each thread. */
	was = omp_get_max_threads();
	if (was != 1)
		omp_set_num_threads(1);
	blas.sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
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
	pthread_once(&once, open_blas);
	if (blas.cramped)
		return "the limit on memory (ulimit -v) is under 1 GB: the matrix library is not used and "
		       "training will be about 30 times slower";
	if (!blas.parallel)
		return "OpenBLAS is not found: training will be about 30 times slower; install "
		       "libopenblas0-openmp";
	if (blas.parallel() == 1)
		return "the OpenBLAS in use is its pthread flavour, which nests threads; install "
		       "libopenblas0-openmp";
	return NULL;
}

const char *num_blas_name(void)
{
	static _Thread_local char name[300];

	pthread_once(&once, open_blas);
	if (!blas.config || !blas.core)
		return "unknown BLAS";
	snprintf(name, sizeof name, "%s, running on %s", blas.config(), blas.core());
	return name;
}
