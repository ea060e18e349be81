/* bench_codescan.c - exact search over 7 million codes of 16 bytes, beside the floor of memory.
 *
 *   bench_codescan [N] [--quiet]
 *
 * Codes and tables are random; the best of 20 searches for the top 10, on one thread and on all. The floor
 * is a plain sum over the same bytes.
 */
#include <stdlib.h>
#include <time.h>

#include "glyphs/codescan.h"
#include "num/num.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct sum {
	const uint64_t *p;
	size_t n;
	uint64_t out[16];
};

static void sum_lane(void *ctx, int lane)
{
	struct sum *s = ctx;
	uint64_t t[8] = { 0 };
	size_t from = num_lane_from(s->n / 8, lane, 16) * 8, to = num_lane_to(s->n / 8, lane, 16) * 8;

	for (size_t i = from; i < to; i += 8)
		for (int k = 0; k < 8; k++)
			t[k] += s->p[i + k];
	s->out[lane] = t[0] + t[1] + t[2] + t[3] + t[4] + t[5] + t[6] + t[7];
}

int main(int argc, char **argv)
{
	enum { BYTES = 16, K = 10, TURNS = 20 };
	size_t n = argc > 1 && atol(argv[1]) > 0 ? (size_t)atol(argv[1]) : 7000000;
	uint8_t *codes = mem_alloc(n, BYTES);
	float table[BYTES * 256];
	struct rng r = rng_stream(1, "bench.codes", 0);
	struct code_hit hit[K], plain[K];
	struct codescan s;

	for (size_t i = 0; i + 8 <= n * BYTES; i += 8) {
		uint64_t v = rng_u64(&r);

		memcpy(codes + i, &v, 8);
	}
	for (int i = 0; i < BYTES * 256; i++)
		table[i] = (float)rng_normal(&r) * 0.25f;
	codescan_open(&s, codes, n, BYTES);
	codescan_plain(plain, K, &s, table);
	for (int threads = 1; threads <= num_threads_get(); threads++) {
		struct sum floor = { (const uint64_t *)(const void *)s.block, n * BYTES / 8, { 0 } };
		double best = 1e9, bare = 1e9;

		num_threads_set(threads);
		for (int i = 0; i < TURNS; i++) {
			double t = now();

			codescan_search(hit, K, &s, table);
			t = now() - t;
			best = t < best ? t : best;
			t = now();
			num_lanes(16, 0, sum_lane, &floor);
			t = now() - t;
			bare = t < bare ? t : bare;
		}
		printf("%zu codes of %d bytes, %d thread%s: %.2f ms a search by %s, %.2f GB/s; reading alone %.2f ms; "
		       "ratio %.2f; %s\n", n, BYTES, threads, threads > 1 ? "s" : "", best * 1e3, codescan_name(),
		       (double)n * BYTES / best / 1e9, bare * 1e3, best / bare,
		       memcmp(hit, plain, sizeof hit) ? "NOT THE PLAIN RESULT" : "as the plain loop");
		num_threads_set(0);
		if (threads == num_threads_get())
			break;
	}
	codescan_close(&s);
	mem_free(codes);
	return 0;
}
