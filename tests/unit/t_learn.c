/* t_learn.c - the training loop, its checkpoints, and windows over tokens: what a user relies on when
 * a training is stopped, killed, or meets a number that is not finite. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "io/models/checkpoint.h"
#include "model/learn.h"
#include "order/windows.h"

/* ---- a model of one line: w·x should be 3·x, in four lanes ---------------------------------- */
enum { D = 8 };
struct toy {
	struct params p;
	int w;
	uint64_t bad_at, bad_until;	/* steps whose gradient is not finite */
	double leap;			/* added to the loss of steps from bad_at to bad_until instead */
};

static void toy_lane(void *ctx, int lane, uint64_t step, double *loss, double *count)
{
	struct toy *t = ctx;
	struct rng r = rng_stream(9, "t.learn", step * 4 + (uint64_t)lane);
	float *w = params_w(&t->p, t->w), *g = params_g(&t->p, lane, t->w);
	bool bad = step >= t->bad_at && step < t->bad_until;

	*loss = 0;
	for (int i = 0; i < D; i++) {
		double x = rng_normal(&r), d = (double)w[i] * x - 3 * x;

		*loss += d * d / D;
		g[i] += (float)(2 * d * x / D / 4);
	}
	*count = 1;
	if (bad && t->leap > 0)
		*loss += t->leap;
	else if (bad)
		g[3] = NAN;
}

static void toy_make(struct toy *t)
{
	*t = (struct toy){ .bad_at = UINT64_MAX };
	t->w = PARAMS_ADD(&t->p, "line", 0, D);
	params_alloc(&t->p, 4);
}

static struct learn_plan plan(uint64_t steps)
{
	return (struct learn_plan){ .steps = steps, .rate = { .kind = RATE_COOL, .rate = 0.05, .warmup = 5,
	                            .total = steps, .cool = 0.5 }, .law = { 0.9, 0.95, 1e-8, 0 }, .clip = 5,
	                            .average_from = steps / 2, .average_keep = 0.9 };
}

/* ---- saving into memory, for the loop alone ---------------------------------------------------- */
struct kept {
	struct toy *t;
	float w[64], m[64], v[64];
	struct learn_state s;
	int saves, backs;
	uint64_t every;
};

static bool due(void *ctx, const struct learn_state *s)
{
	return s->step % ((struct kept *)ctx)->every == 0;
}

static enum status save(void *ctx, const struct learn_state *s, struct err *e)
{
	struct kept *k = ctx;

	(void)e;
	memcpy(k->w, k->t->p.w, sizeof k->w / 4), memcpy(k->m, k->t->p.m, sizeof k->m / 4);
	memcpy(k->v, k->t->p.v, sizeof k->v / 4);
	k->s = *s;
	k->s.avg = (struct average){ 0 };
	k->saves++;
	return OK;
}

static enum status back(void *ctx, struct learn_state *s, struct err *e)
{
	struct kept *k = ctx;

	(void)e;
	learn_state_clear(s);
	memcpy(k->t->p.w, k->w, sizeof k->w / 4), memcpy(k->t->p.m, k->m, sizeof k->m / 4);
	memcpy(k->t->p.v, k->v, sizeof k->v / 4);
	*s = k->s;
	k->backs++;
	/* The trouble was of the moment: the same steps go well the second time, unless for ever. */
	if (k->t->bad_until != UINT64_MAX)
		k->t->bad_at = UINT64_MAX;
	return OK;
}

static void t_learns(void **state)
{
	struct learn_state s = { 0 };
	struct learn_plan p = plan(400);
	struct err e = { 0 };
	struct toy t;

	(void)state;
	toy_make(&t);
	CHECK_EQ(learn(&(struct learner){ &t.p, &t, NULL, toy_lane, NULL }, &p, &s, NULL, NULL, &e), OK);
	CHECK_EQ(s.step, 400);
	CHECK(s.loss < 1e-2);
	CHECK(s.avg.seen == 201);
	for (int i = 0; i < D; i++)
		CHECK_NEAR(params_w(&t.p, t.w)[i], 3, 0.1);
	learn_state_clear(&s);
	params_clear(&t.p);
}

static void rolls(uint64_t at, uint64_t until, double leap, enum status want, int backs)
{
	struct kept k = { .every = 10 };
	struct learn_hooks h = { .ctx = &k, .due = due, .save = save, .back = back };
	struct learn_state s = { 0 };
	struct learn_plan p = plan(400);
	struct err e = { 0 };
	struct toy t;

	toy_make(&t);
	k.t = &t;
	p.average_from = p.steps;
	t.bad_at = at, t.bad_until = until, t.leap = leap;
	CHECK_EQ(learn(&(struct learner){ &t.p, &t, NULL, toy_lane, NULL }, &p, &s, &h, NULL, &e), want);
	CHECK_EQ(k.backs, backs);
	if (want == OK) {
		CHECK_EQ(s.step, 400);
		CHECK_NEAR(s.rate, backs ? 0.5 : 0, 1e-12);
		CHECK(s.loss < 1e-2);
	} else {
		CHECK(strstr(e.msg, "step 57") && strstr(e.msg, "line"));
	}
	learn_state_clear(&s);
	params_clear(&t.p);
}

static void t_rolls_back(void **state)
{
	(void)state;
	rolls(57, 58, 0, OK, 1);		/* a number that is not finite, once */
	rolls(300, 310, 50, OK, 1);		/* the loss leaps, and stays there */
	rolls(300, 301, 50, OK, 0);		/* one bad batch is no reason */
	rolls(57, UINT64_MAX, 0, ERR_NUM, LEARN_ROLLS);
}

/* ---- checkpoints --------------------------------------------------------------------------------- */
static char dir[] = "/tmp/t_learn.XXXXXX", path[64];

struct disk {
	struct toy *t;
	struct checkpoint c;
};

static bool disk_due(void *ctx, const struct learn_state *s)
{
	(void)ctx;
	return s->step % 7 == 0;
}

static enum status disk_save(void *ctx, const struct learn_state *s, struct err *e)
{
	struct disk *d = ctx;

	return checkpoint_save(path, &d->c, &d->t->p, s, e);
}

static struct checkpoint named(void)
{
	return (struct checkpoint){ .kind = "toy", .identity = 0xABC, .config = S("{\"toy\":1}"), .steps = 40 };
}

/* Weights after 40 steps, stopped after `stop` and gone on from disk; threads in each half. */
static uint64_t run(uint64_t stop, int threads1, int threads2)
{
	struct learn_plan p = plan(40);
	uint64_t hash;

	for (int part = 0; part < 2; part++) {
		struct learn_state s = { 0 };
		struct err e = { 0 };
		struct toy t;
		struct disk d = { &t, named() };
		struct learn_hooks h = { .ctx = &d, .due = disk_due, .save = disk_save, .stop_after = part ? 0 : stop };
		enum status want = part || !stop ? OK : ERR_STOP;

		if (!part)
			checkpoint_drop(path);
		toy_make(&t);
		if (part)
			CHECK(checkpoint_load(path, &d.c, &t.p, &s, NULL));
		num_threads_set(part ? threads2 : threads1);
		CHECK_EQ(learn(&(struct learner){ &t.p, &t, NULL, toy_lane, NULL }, &p, &s, &h, NULL, &e), want);
		hash = hash64(t.p.w, t.p.n * sizeof(float), 0);
		learn_state_clear(&s);
		params_clear(&t.p);
		if (want == OK)
			break;
	}
	num_threads_set(0);
	return hash;
}

static void t_resumes(void **state)
{
	uint64_t whole = run(0, 1, 1);

	(void)state;
	CHECK(run(0, 2, 2) == whole);
	CHECK(run(1, 1, 2) == whole);		/* before the first regular save */
	CHECK(run(13, 2, 1) == whole);
	CHECK(run(33, 1, 1) == whole);		/* amid averaging */
}

static void flip(const char *file, long at)
{
	FILE *f = fopen(file, "r+b");
	int c;

	CHECK(f != NULL);
	fseek(f, at, at < 0 ? SEEK_END : SEEK_SET);
	c = fgetc(f);
	fseek(f, -1, SEEK_CUR);
	fputc(c ^ 4, f);
	fclose(f);
}

static int notes;

static void note(void *ctx, const char *line)
{
	(void)ctx, (void)line;
	notes++;
}

static void t_damaged(void **state)
{
	struct watch w = { .note = note };
	char one[80], two[80];
	struct stat st;

	(void)state;
	snprintf(one, sizeof one, "%s.1.ckpt", path), snprintf(two, sizeof two, "%s.2.ckpt", path);
	for (int fault = 0; fault < 4; fault++) {
		struct checkpoint c = named();
		struct learn_state s = { 0 };
		struct toy t;

		run(0, 1, 1);			/* saves at 28 (2) and 35 (1) */
		toy_make(&t);
		CHECK(!stat(one, &st));
		if (fault == 0)
			flip(one, -5);		/* a byte of a tensor */
		else if (fault == 1)
			CHECK_EQ(truncate(one, st.st_size / 2), 0);
		else if (fault == 2)
			CHECK_EQ(truncate(one, 0), 0);
		else
			c.identity++;
		notes = 0;
		CHECK_EQ(checkpoint_load(path, &c, &t.p, &s, &w), fault < 3);
		CHECK_EQ(s.step, fault < 3 ? 28 : 0);
		CHECK(notes >= 1);
		learn_state_clear(&s);
		params_clear(&t.p);
	}
}

/* ---- windows --------------------------------------------------------------------------------------- */
static void t_windows(void **state)
{
	enum { N = 1000, T = 7, ROWS = 4 };
	uint32_t id[N], in[T], truth[T];
	struct err e = { 0 };
	struct windows w;
	uint8_t seen[N];

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		id[i] = i;
	CHECK_EQ(windows_open(&w, id, N, T, ROWS, 5, &e), OK);
	for (uint64_t epoch = 0; epoch < 3; epoch++) {
		int most = 0, n = 0;

		memset(seen, 0, sizeof seen);
		for (uint64_t b = 0; b < w.per_epoch; b++) {
			windows_step(&w, epoch * w.per_epoch + b);
			for (int r = 0; r < ROWS; r++) {
				windows_row(&w, epoch * w.per_epoch + b, r, in, truth);
				for (int i = 0; i < T; i++) {
					CHECK_EQ(truth[i], in[i] + 1);
					most = ++seen[truth[i]] > most ? seen[truth[i]] : most;
					n++;
				}
			}
		}
		CHECK_EQ(most, 1);
		CHECK(n > N - T * (ROWS + 2));
	}
	windows_close(&w);
	CHECK_EQ(windows_open(&w, id, T * 3, T, ROWS, 5, &e), ERR_USAGE);
}

/* Every token once, and never with less than half a window before it. */
static void t_scoring(void **state)
{
	static const uint64_t first[] = { 0, 1, 1, 8, 9, 40, 140 };
	uint32_t id[140], in[8], truth[8], seen[140] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 140; i++)
		id[i] = i;
	for (int T = 1; T <= 8; T++) {
		struct scoring s = { id, first, 6, 777, T };

		memset(seen, 0, sizeof seen);
		for (size_t k = 0; k < scoring_count(&s); k++) {
			int n = scoring_window(&s, k, in, truth), counted = 0;

			for (int i = 0; i < T; i++) {
				bool begins = false;

				if (truth[i] == UINT32_MAX)
					continue;
				counted++;
				seen[truth[i]]++;
				for (int t = 0; t < 6; t++)
					begins |= truth[i] == first[t] && first[t] < first[t + 1];
				CHECK_EQ(in[i], begins ? 777 : truth[i] - 1);
				CHECK(i >= T / 2 || in[0] == 777);
			}
			CHECK_EQ(counted, n);
		}
		for (int i = 0; i < 140; i++)
			CHECK_EQ(seen[i], 1);
	}
}

static void t_rate(void **state)
{
	struct rate_law r = { .kind = RATE_COOL, .rate = 2, .warmup = 10, .total = 100, .cool = 0.4, .floor = 0 };

	(void)state;
	CHECK_NEAR(rate_at(&r, 0), 0.2, 1e-12);
	CHECK_NEAR(rate_at(&r, 9), 2, 1e-12);
	CHECK_NEAR(rate_at(&r, 59), 2, 1e-12);
	CHECK_NEAR(rate_at(&r, 80), 1, 1e-12);
	CHECK_NEAR(rate_at(&r, 99), 0.05, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_learns), cmocka_unit_test(t_rolls_back), cmocka_unit_test(t_resumes),
		cmocka_unit_test(t_damaged), cmocka_unit_test(t_windows), cmocka_unit_test(t_scoring),
		cmocka_unit_test(t_rate),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof path, "%s/toy", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	checkpoint_drop(path);
	rmdir(dir);
	return failed;
}
