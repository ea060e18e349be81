/* bench_gemm.c - how fast the training kit is here: products of the shapes that training
 * uses, and the operations beside them.
 *
 * Prints the fastest of many runs: GFLOP/s a core beside the core's measured multiply-add
 * peak (the bound for float32), then two lanes at once, then GB/s of the pointwise
 * operations beside a plain copy.
 */
#include <stdlib.h>
#include <time.h>

#include "num/num.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the peak: chains of multiply-adds that do not wait for each other ----------- */
#if defined(__x86_64__) && defined(__GNUC__)
typedef float v8 __attribute__((vector_size(32)));
typedef float v16 __attribute__((vector_size(64)));
enum { CHAINS = 12, TURNS = 20000 };

#define PEAK(name, vec, isa) \
	__attribute__((target(isa), optimize("fp-contract=fast", "unroll-loops"))) \
	static float name(float x) \
	{ \
		vec s[CHAINS], a = { 0 }, b = { 0 }; \
		float out = 0; \
		a += x, b += 1e-9f * x; \
		for (int c = 0; c < CHAINS; c++) \
			s[c] = a * (float)c; \
		for (int t = 0; t < TURNS; t++) \
			for (int c = 0; c < CHAINS; c++) \
				s[c] = s[c] * a + b; \
		for (int c = 0; c < CHAINS; c++) \
			out += s[c][0] + s[c][3]; \
		return out; \
	}
PEAK(peak8, v8, "avx2,fma")
PEAK(peak16, v16, "avx512f")

static double peak(void)
{
	bool wide = __builtin_cpu_supports("avx512f");
	double best = 1e9, flop = 2.0 * CHAINS * TURNS * (wide ? 16 : 8);
	volatile float sink = 0;

	if (!wide && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")))
		return 0;
	for (int i = 0; i < 300; i++) {
		double t = now();

		sink += wide ? peak16(0.999f) : peak8(0.999f);
		t = now() - t;
		best = t < best ? t : best;
	}
	return flop / best * 1e-9;
}
#else
static double peak(void)
{
	return 0;
}
#endif

/* ---- products -------------------------------------------------------------------- */
struct product {
	bool ta, tb;
	int M, N, K;
	const char *use;
	float *A, *B, *C[2];
};

static void once(void *ctx, int lane)
{
	struct product *p = ctx;

	num_gemm(p->ta, p->tb, p->M, p->N, p->K, 1, p->A, p->ta ? p->M : p->K, p->B,
	         p->tb ? p->K : p->N, 0, p->C[lane], p->N);
}

static double best_of(struct product *p, int lanes)
{
	double best = 1e9, end = now() + 0.25;

	while (now() < end) {
		double t = now();

		num_lanes(lanes, lanes, once, p);
		t = now() - t;
		best = t < best ? t : best;
	}
	return 2.0 * lanes * p->M * p->N * p->K / best * 1e-9;
}

static float *numbers(size_t n)
{
	struct rng r = rng_stream(1, "bench", n);
	float *x = mem_aligned(n * sizeof *x);

	for (size_t i = 0; i < n; i++)
		x[i] = (float)rng_normal(&r);
	return x;
}

static void products(double top)
{
	static struct product all[] = {
		{ false, true, 96, 128, 64, "scorer forward", 0, 0, { 0 } },
		{ false, true, 768, 128, 128, "scorer forward", 0, 0, { 0 } },
		{ false, false, 768, 128, 128, "scorer dx", 0, 0, { 0 } },
		{ true, false, 128, 128, 768, "scorer dW", 0, 0, { 0 } },
		{ false, true, 768, 1, 128, "score head", 0, 0, { 0 } },
		{ false, true, 128, 128, 256, "in-batch scores", 0, 0, { 0 } },
		{ false, true, 1024, 256, 256, "core, small", 0, 0, { 0 } },
		{ false, true, 1024, 1024, 384, "teller MLP", 0, 0, { 0 } },
		{ true, false, 1024, 384, 1024, "teller MLP dW", 0, 0, { 0 } },
		{ false, true, 512, 8192, 256, "teller logits", 0, 0, { 0 } },
	};

	printf("%-18s %5s %5s %5s  %9s %6s  %9s\n", "product", "M", "N", "K", "GFLOP/s", "peak",
	       "2 lanes");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct product *p = &all[i];
		double one, two;

		p->A = numbers((size_t)p->M * p->K);
		p->B = numbers((size_t)p->N * p->K);
		p->C[0] = numbers((size_t)p->M * p->N);
		p->C[1] = numbers((size_t)p->M * p->N);
		one = best_of(p, 1);
		two = best_of(p, 2);
		printf("%-18s %5d %5d %5d  %9.1f %5.0f%%  %9.1f\n", p->use, p->M, p->N, p->K, one,
		       top > 0 ? 100 * one / top : 0.0, two);
		mem_free(p->A), mem_free(p->B), mem_free(p->C[0]), mem_free(p->C[1]);
	}
}

/* ---- pointwise ------------------------------------------------------------------- */
enum { ROWS = 768, COLS = 256, ALL = ROWS * COLS };

struct point {
	const char *name;
	int streams;		/* floats read and written a number */
	int kind;
};

static void run_point(int kind, float *y, float *z, const float *x, const float *w, float *r)
{
	switch (kind) {
	case 0: memcpy(y, x, ALL * sizeof *y); break;
	case 1: op_relu(y, x, ALL); break;
	case 2: op_gelu(y, x, ALL); break;
	case 3: op_gelu_back(z, y, x, ALL); break;
	case 4: op_silu(y, x, ALL); break;
	case 5: op_rmsnorm(y, r, x, w, ROWS, COLS); break;
	case 6: op_rmsnorm_back(z, r + ROWS, y, r, x, w, ROWS, COLS); break;
	case 7: op_layernorm(y, r + ROWS + COLS, r, x, w, w, ROWS, COLS); break;
	case 8: num_dot(x, y, ALL); break;
	}
}

static void points(void)
{
	static const struct point all[] = { { "copy", 2, 0 }, { "relu", 2, 1 }, { "gelu", 2, 2 },
		{ "gelu back", 4, 3 }, { "silu", 2, 4 }, { "rmsnorm", 2, 5 },
		{ "rmsnorm back", 4, 6 }, { "layernorm", 2, 7 }, { "dot in double", 2, 8 } };
	float *x = numbers(ALL), *y = numbers(ALL), *z = numbers(ALL), *w = numbers(COLS);
	float *r = numbers(2 * ROWS + 2 * COLS);

	printf("\n%-18s %9s %9s\n", "768 x 256 numbers", "GB/s", "ns each");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		double best = 1e9, end = now() + 0.1;

		while (now() < end) {
			double t = now();

			run_point(all[i].kind, y, z, x, w, r);
			t = now() - t;
			best = t < best ? t : best;
		}
		printf("%-18s %9.1f %9.2f\n", all[i].name, 4e-9 * all[i].streams * ALL / best,
		       best / ALL * 1e9);
	}
	mem_free(x), mem_free(y), mem_free(z), mem_free(w), mem_free(r);
}

int main(void)
{
	double top = peak();

	printf("%s\n", num_blas_name());
	if (num_blas_warning())
		printf("warning: %s\n", num_blas_warning());
	printf("multiply-add peak of a core: %.0f GFLOP/s\n\n", top);
	products(top);
	points();
	return 0;
}
