/* plan_speed.c - how fast this machine is: matrix products, reading, writing (app/plan/plan.h).
 *
 *   products   512 × 512 × 512 float32, the best of several short runs: on one core, then on all
 *              at once, which tells how much they disturb each other
 *   reading    the shipped stories from file to store, in a folder that is taken away again
 *   writing    32 MB, synced and taken away
 *
 * What the caller has given is not measured. Reading is told a little too slow here: the stories
 * are short, and opening dictionary and store counts in.
 */
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/plan/plan.h"
#include "num/num.h"

enum { SIDE = 512, PRODUCTS = 8, RUNS = 5, WRITE_MB = 32 };

/* ---- matrix products ------------------------------------------------------------------------ */

struct products { float *a, *b, *c; };

static void products_lane(void *ctx, int lane)
{
	struct products *p = (struct products *)ctx + lane;

	for (int i = 0; i < PRODUCTS; i++)
		num_gemm(false, false, SIDE, SIDE, SIDE, 1, p->a, SIDE, p->b, SIDE, 0, p->c, SIDE);
}

/* GFLOP/s of all lanes together, the best run. */
static double products_speed(struct products *p, int lanes)
{
	double best = 1e9;

	for (int i = 0; i < RUNS; i++) {
		double t = clock_now();

		num_lanes(lanes, lanes, products_lane, p);
		t = clock_now() - t;
		best = t < best ? t : best;
	}
	return 2.0 * SIDE * SIDE * SIDE * PRODUCTS * lanes / best / 1e9;
}

static void measure_products(struct plan_speed *s)
{
	int cores = s->cores < NUM_THREADS_MAX ? s->cores : NUM_THREADS_MAX;
	struct products *p = mem_alloc((size_t)cores, sizeof *p);

	for (int i = 0; i < cores; i++) {
		float **m[3] = { &p[i].a, &p[i].b, &p[i].c };

		for (int k = 0; k < 3; k++) {
			*m[k] = mem_aligned(SIDE * SIDE * sizeof(float));
			for (int j = 0; j < SIDE * SIDE; j++)
				(*m[k])[j] = (float)(j % 7) * 0.25f;
		}
	}
	s->gflops = products_speed(p, 1);
	s->all = cores > 1 ? products_speed(p, cores) / (s->gflops * cores) : 1;
	s->all = s->all > 1 ? 1 : s->all;
	for (int i = 0; i < cores; i++) {
		mem_free(p[i].a);
		mem_free(p[i].b);
		mem_free(p[i].c);
	}
	mem_free(p);
}

/* ---- reading and writing --------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static enum status measure_reading(struct plan_speed *s, const char *dir, const char *dict,
                                   const struct watch *w, struct err *e)
{
	struct arena a = arena_open("library");
	const char *library = library_find(&a);
	struct watch stop = { .stop = w ? w->stop : NULL };
	struct read_opts o = { .path = &library, .n_path = 1, .threads = s->cores, .dict = dict };
	struct read_sum sum = { 0 };
	enum status st = library ? stage_read(dir, &o, &sum, &stop, e)
		: err_set(e, ERR_USAGE, "the shipped stories are not found, so the speed of reading cannot be "
		          "measured: give it, --read-speed N (characters a second)");

	if (!st && sum.chars)
		s->read = (double)sum.chars / (sum.seconds > 1e-3 ? sum.seconds : 1e-3);
	arena_close(&a);
	return st;
}

static enum status measure_writing(struct plan_speed *s, const char *dir, struct err *e)
{
	struct buf b = { 0 };
	struct rng r = rng_stream(1, "plan.write", 0);
	char path[4200];
	double t;
	enum status st;

	for (size_t i = 0; i < (size_t)WRITE_MB << 17; i++)
		buf_u64(&b, rng_u64(&r));
	snprintf(path, sizeof path, "%s/write", dir);
	t = clock_now();
	st = file_save(path, buf_view(&b), e);
	t = clock_now() - t;
	if (!st)
		s->write = (double)b.n / 1e6 / (t > 1e-3 ? t : 1e-3);
	buf_free(&b);
	return st;
}

static enum status measure_files(struct plan_speed *s, const char *dict, const struct watch *w,
                                 struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char dir[4096];
	enum status st = OK;

	snprintf(dir, sizeof dir, "%s/ltm-plan-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return err_set(e, ERR_IO, "%s: cannot make a folder to measure in", dir);
	if (!(s->write > 0))
		st = measure_writing(s, dir, e);
	if (!st && !(s->read > 0))
		st = measure_reading(s, dir, dict, w, e);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return st;
}

/* ---- all ------------------------------------------------------------------------------------- */

static void from_table(struct plan_speed *s, const struct plan_basis *b)
{
	s->gflops = s->gflops > 0 ? s->gflops : b->gflops;
	s->read = s->read > 0 ? s->read : b->read;
	s->write = s->write > 0 ? s->write : b->write;
	s->cores = b->cores >= 1 ? (int)b->cores : s->cores;
}

enum status plan_speed_measure(struct plan_speed *s, const struct plan_basis *b, bool quick,
                               const char *dict, const struct watch *w, struct err *e)
{
	enum status st = OK;

	if (s->cores <= 0)
		s->cores = threads_of(0);
	if (quick)
		from_table(s, b);
	if (!(s->gflops > 0)) {
		watch_step(w, "measure", 0, 2, "speeds");
		measure_products(s);
		s->measured = true;
	}
	if (!(s->all > 0))
		s->all = 1;
	watch_step(w, "measure", 1, 2, "speeds");
	if (!(s->read > 0) || !(s->write > 0)) {
		st = measure_files(s, dict, w, e);
		s->measured = true;
	}
	watch_step(w, "measure", 2, 2, "speeds");
	if (!st && !(s->gflops > 0 && s->read > 0 && s->write > 0))
		st = err_set(e, ERR_NUM, "a speed could not be measured: give --gflops, --read-speed, "
		             "--write-speed");
	return st;
}
