/* bench_mm.c - products of the training step, in float32 and in bf16, on one core and on two.
 *
 *   in    shapes of the model of 6 layers, width 256, vocabulary 8192, 1,024 tokens at once; `reps` as argument
 *   out   GFLOP/s of float32 (num_gemm: OpenBLAS), bf16 (mm_run over packed weights, and mm_outer for dW), the
 *         fastest of many runs; bytes moved a second; each as a share of the fastest square product
 */
#include <stdlib.h>
#include <time.h>

#include "num/mm/mm.h"
#include "num/num.h"

enum { LANES = 2, SIDE = 1024 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One product of each lane: x [N][I], w [O][I], y [N][O] in both types. */
struct product {
	int N, O, I, what;
	float *x, *w, *y;
	bf16 *xb, *wb, *wt, *yb, *scratch;
};
enum { F32, FORWARD, BACK, OUTER, WHATS };
static const char *const names[WHATS] = { "float32 y = x·Wᵀ", "bf16 y = x·Wᵀ", "bf16 dx = dy·W", "bf16 dW += dyᵀ·x" };

static void run_lane(void *ctx, int lane)
{
	struct product *p = (struct product *)ctx + lane;

	switch (p->what) {
	case F32:
		num_gemm(false, true, p->N, p->O, p->I, 1, p->x, p->I, p->w, p->I, 0, p->y, p->O);
		break;
	case FORWARD:
		mm_run(p->N, p->O, p->I, p->xb, p->I, p->wb, false, p->yb, NUM_BF16, p->O);
		break;
	case BACK:
		mm_run(p->N, p->I, p->O, p->yb, p->O, p->wt, false, p->xb, NUM_BF16, p->I);
		break;
	default:
		mm_outer(p->w, p->I, p->yb, p->O, p->xb, p->I, p->N, p->O, p->I, p->scratch);
	}
}

static void *room(size_t n)
{
	void *p = mem_aligned(n);

	memset(p, 0, n);
	return p;
}

static void make(struct product *p, int N, int O, int I)
{
	*p = (struct product){ .N = N, .O = O, .I = I };
	p->x = room((size_t)N * (size_t)I * 4);
	p->w = room((size_t)O * (size_t)I * 4);
	p->y = room((size_t)N * (size_t)O * 4);
	p->xb = room((size_t)N * (size_t)I * 2);
	p->yb = room((size_t)N * (size_t)O * 2);
	p->wb = room(mm_packed(I, O) * 2);
	p->wt = room(mm_packed(O, I) * 2);
	p->scratch = room(mm_outer_scratch(N, O, I) * 2);
	for (int i = 0; i < N * I; i++)
		p->x[i] = (float)(i % 13 - 6) * 0.1f;
	for (int i = 0; i < O * I; i++)
		p->w[i] = (float)(i % 11 - 5) * 0.1f;
	bf16_down_n(p->xb, p->x, (size_t)N * (size_t)I);
	mm_pack(p->wb, p->w, NUM_F32, I, true, I, O);
	mm_pack(p->wt, p->w, NUM_F32, I, false, O, I);
}

static void drop(struct product *p)
{
	void *all[] = { p->x, p->w, p->y, p->xb, p->yb, p->wb, p->wt, p->scratch };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		mem_free(all[i]);
}

/* GFLOP/s of all lanes, the fastest of `reps` runs. */
static double speed(struct product *p, int lanes, int what, int reps)
{
	double best = 1e9;

	for (int l = 0; l < lanes; l++)
		p[l].what = what;
	for (int i = 0; i < reps; i++) {
		double t = now();

		num_lanes(lanes, lanes, run_lane, p);
		t = now() - t;
		best = t < best ? t : best;
	}
	return 2.0 * p->N * p->O * p->I * lanes / best / 1e9;
}

/* Bytes that must be read and written once. */
static double bytes(const struct product *p, int what)
{
	double each = what == F32 ? 4 : 2, x = (double)p->N * p->I, y = (double)p->N * p->O, w = (double)p->O * p->I;

	return what == OUTER ? 2 * x + 2 * y + 8 * w : each * (x + y + w);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int N, O, I; } shape[] = {
		{ "square", SIDE, SIDE, SIDE }, { "qkv", 1024, 768, 256 }, { "att_out", 1024, 256, 256 },
		{ "gate_up", 1024, 1408, 256 }, { "down", 1024, 256, 704 }, { "logits, a chunk", 256, 8192, 256 },
	};
	int reps = argc > 1 ? atoi(argv[1]) : 200;
	double top[2][WHATS] = { { 0 } };

	printf("bf16 on %s%s; GFLOP/s, fastest of %d\n", mm_name(), mm_fast() ? "" : " (slower than float32 here)", reps);
	printf("%-16s %-20s %18s %18s %12s\n", "N x O x I", "", "1 core (of square)", "2 cores (of square)", "GB/s, 1 core");
	for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
		struct product p[LANES];

		for (int l = 0; l < LANES; l++)
			make(&p[l], shape[s].N, shape[s].O, shape[s].I);
		for (int k = 0; k < WHATS; k++) {
			double one = speed(p, 1, k, reps), two = speed(p, LANES, k, reps);

			if (!s)
				top[0][k] = one, top[1][k] = two;
			printf("%-16s %-20s %10.0f  %4.0f %% %10.0f  %4.0f %% %12.1f\n", k ? "" : shape[s].name, names[k], one,
			       100 * one / top[0][k], two, 100 * two / top[1][k], bytes(p, k) * one / (2.0 * p->N * p->O * p->I));
		}
		for (int l = 0; l < LANES; l++)
			drop(&p[l]);
	}
	return 0;
}
