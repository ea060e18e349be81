/* bench_train.c - tokens a second of a training step, and how near that is to the machine.
 *
 *   bench_train [--precision bf16|float32] [--steps N] [--lanes N] [--threads N] [--quiet]
 *
 * The shape: 6 layers, width 256, 8 heads, vocabulary 8192, context 256, batch 16; the SwiGLU's
 * hidden width gives the 6.9 million parameters and the FLOPs of GPT-2's layer. A step is forward,
 * back, sum over lanes, clipping, AdamW, packing. Beside it the best rate of a large product at
 * the same precision, two lanes at once, in the same run; --quiet prints tokens/s alone, for
 * bench/peers/train.sh, which runs the peers in turn.
 */
#include <stdlib.h>
#include <time.h>

#include "model/teller.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the machine's best product at this precision ---------------------------------------- */
enum { PEAK = 1024 };
struct peak {
	enum num_type type;
	float *a, *c;
	bf16 *a16, *b16;
};

static void peak_lane(void *ctx, int lane)
{
	struct peak *p = ctx;
	size_t n = (size_t)PEAK * PEAK * (size_t)lane;

	if (p->type == NUM_BF16)
		mm_run(PEAK, PEAK, PEAK, p->a16 + n, PEAK, p->b16 + n, false, p->c + n, NUM_F32, PEAK);
	else
		num_gemm(false, false, PEAK, PEAK, PEAK, 1, p->a + n, PEAK, p->a + n, PEAK, 0, p->c + n, PEAK);
}

static double peak(enum num_type type, int threads)
{
	size_t n = (size_t)PEAK * PEAK * (size_t)threads;
	struct peak p = { type, mem_aligned(n * 4), mem_aligned(n * 4), mem_aligned(n * 2), mem_aligned(n * 2) };
	double best = 1e9;

	for (int i = 0; i < 40; i++) {
		double t = now();

		num_lanes(threads, threads, peak_lane, &p);
		t = now() - t;
		best = t < best ? t : best;
	}
	mem_free(p.a), mem_free(p.c), mem_free(p.a16), mem_free(p.b16);
	return 2.0 * PEAK * PEAK * PEAK * threads / best;
}

/* ---- a step -------------------------------------------------------------------------------- */
static void rows(void *ctx, uint64_t step, int row, uint32_t *in, uint32_t *truth)
{
	const struct teller_plan *p = ctx;
	struct rng r = rng_stream(1, "bench.rows", step * 1000 + (uint64_t)row);

	for (int i = 0; i < p->T; i++) {
		in[i] = (uint32_t)rng_below(&r, (uint64_t)p->shape.vocab);
		truth[i] = (uint32_t)rng_below(&r, (uint64_t)p->shape.vocab);
	}
}

struct run {
	struct teller *t;
	uint64_t step;
	double loss[64], count[64];
};

static void lane(void *ctx, int l)
{
	struct run *r = ctx;

	teller_lane(r->t, l, r->step, &r->loss[l], &r->count[l]);
}

static void step(struct run *r, double part[3])
{
	double t0 = now(), t1, t2;
	struct params *p = &r->t->p;

	params_zero(p);
	num_lanes(p->lanes, 0, lane, r);
	t1 = now();
	params_reduce(p);
	params_clip(p, 1);
	adamw_step(p, &ADAMW_DEFAULT, 1e-4, r->step + 1);
	t2 = now();
	teller_ready(r->t);
	part[0] = t1 - t0, part[1] = t2 - t1, part[2] = now() - t2;
	r->step++;
}

int main(int argc, char **argv)
{
	struct teller_plan p = { .shape = { 6, 256, 8, 688, 8192, 256, 10000 }, .rows = 16, .T = 256, .lanes = 4,
	                         .wide = mm_fast() ? NUM_BF16 : NUM_F32, .seed = 1 };
	struct run r = { 0 };
	struct err e = { 0 };
	double best = 1e9, part[3] = { 0 }, at = 0, tokens = p.rows * p.T;
	bool quiet = false;
	int steps = 10;

	for (int i = 1; i < argc; i++) {
		const char *v = i + 1 < argc ? argv[i + 1] : "";

		if (!strcmp(argv[i], "--quiet"))
			quiet = true;
		else if (!strcmp(argv[i], "--precision") && ++i)
			p.wide = !strcmp(v, "bf16") ? NUM_BF16 : NUM_F32;
		else if (!strcmp(argv[i], "--steps") && ++i)
			steps = atoi(v);
		else if (!strcmp(argv[i], "--lanes") && ++i)
			p.lanes = atoi(v);
		else if (!strcmp(argv[i], "--micro") && ++i)
			p.micro = atoi(v);
		else if (!strcmp(argv[i], "--threads") && ++i)
			num_threads_set(atoi(v));
	}
	if (teller_open(&r.t, &p, &e)) {
		fprintf(stderr, "bench_train: %s\n", e.msg);
		return e.code;
	}
	r.t->rows = rows;
	r.t->rows_ctx = &p;
	for (int s = 0; s <= steps; s++) {
		double now3[3], t;

		step(&r, now3);
		t = now3[0] + now3[1] + now3[2];
		if (s > 0 && t < best) {
			best = t;
			memcpy(part, now3, sizeof part);
		}
	}
	if (quiet) {
		printf("tokens_per_second=%.1f\n", tokens / best);
		return 0;
	}
	at = peak(p.wide, num_threads_get());
	printf("%s, products by %s, %d lanes, %d threads: %.2f M parameters, %.1f MFLOP a token\n",
	       p.wide == NUM_BF16 ? "bf16" : "float32", p.wide == NUM_BF16 ? mm_name() : num_blas_name(),
	       p.lanes, num_threads_get(), (double)teller_params(&p.shape) / 1e6, teller_flops(&p.shape, p.T, p.window) / 1e6);
	printf("fastest of %d steps: %.0f tokens/s (lanes %.1f ms, update %.1f ms, packing %.1f ms)\n", steps,
	       tokens / best, part[0] * 1e3, part[1] * 1e3, part[2] * 1e3);
	printf("%.0f GFLOP/s, %.1f %% of the best product here (%.0f GFLOP/s); memory of a lane %.0f MB\n",
	       teller_flops(&p.shape, p.T, p.window) * tokens / best / 1e9,
	       100 * teller_flops(&p.shape, p.T, p.window) * tokens / best / at, at / 1e9, (double)r.t->lane[0].net->bytes / 1e6);
	teller_close(r.t);
	return 0;
}
