/* t_teller.c - the decoder: its gradient against slopes, that it learns, that threads do not
 * matter, that bf16 is near float32, and that impossible shapes are refused. */
#include "check.h"
#include "model/teller.h"

static const struct teller_shape small = { 2, 16, 2, 24, 37, 9, 10000 };

/* A text in which every token follows from the two before it. */
static void rows(void *ctx, uint64_t step, int row, uint32_t *in, uint32_t *truth)
{
	const struct teller_plan *p = ctx;
	uint32_t a = (uint32_t)(step * 5 + (uint64_t)row * 3) % 37, b = (a * 7 + 1) % 37;

	for (int i = 0; i < p->T; i++) {
		uint32_t c = (a + 2 * b + 3) % 37;

		in[i] = b;
		truth[i] = c;
		a = b;
		b = c;
	}
}

static struct teller *make(struct teller_plan *p)
{
	struct teller *t = NULL;
	struct err e = { 0 };

	CHECK_EQ(teller_open(&t, p, &e), OK);
	t->rows = rows;
	t->rows_ctx = p;
	return t;
}

struct one {
	struct teller *t;
	uint64_t step;
	double loss[8], count[8];
};

static void lane(void *ctx, int l)
{
	struct one *o = ctx;

	teller_lane(o->t, l, o->step, &o->loss[l], &o->count[l]);
}

/* Mean nats of the batch; gradients summed into lane 0. */
static double batch(struct teller *t, uint64_t step)
{
	struct one o = { t, step, { 0 }, { 0 } };
	double loss = 0, count = 0;

	params_zero(&t->p);
	num_lanes(t->plan.lanes, 0, lane, &o);
	params_reduce(&t->p);
	for (int l = 0; l < t->plan.lanes; l++)
		loss += o.loss[l], count += o.count[l];
	return loss / count;
}

static double slope(struct teller *t, const float *dir, double h)
{
	double up, down;

	num_axpy(t->p.w, (float)h, dir, t->p.n);
	up = batch(t, 3);
	num_axpy(t->p.w, (float)(-2 * h), dir, t->p.n);
	down = batch(t, 3);
	num_axpy(t->p.w, (float)h, dir, t->p.n);
	return (up - down) / (2 * h);
}

static void t_gradient(void **state)
{
	struct teller_plan p = { .shape = small, .rows = 4, .T = 9, .lanes = 2, .wide = NUM_F32, .seed = 5 };
	struct teller *t = make(&p);
	struct rng r = rng_stream(1, "t.teller", 0);

	(void)state;
	CHECK_EQ(t->p.t[t->m.embed].n, 37 * 16);
	for (int turn = 0; turn < 4; turn++) {
		float *dir = mem_alloc(t->p.n, sizeof *dir);
		double want, got;

		for (size_t i = 0; i < t->p.n_t; i++)
			for (size_t k = 0; k < t->p.t[i].n; k++)
				dir[t->p.t[i].off + k] = (float)rng_normal(&r);
		batch(t, 3);
		want = num_dot(t->p.g, dir, t->p.n);
		got = slope(t, dir, 1e-3);
		CHECK_NEAR(got, want, 0.02 * fabs(want) + 2e-3);
		mem_free(dir);
	}
	teller_close(t);
}

static double learn(struct teller *t, int steps)
{
	double loss = 0;

	for (int s = 0; s < steps; s++) {
		loss = batch(t, (uint64_t)s % 8);
		params_clip(&t->p, 1);
		adamw_step(&t->p, &ADAMW_DEFAULT, 1e-2, (uint64_t)s + 1);
		teller_ready(t);
	}
	return loss;
}

static void t_learns(void **state)
{
	(void)state;
	for (int wide = NUM_F32; wide <= NUM_BF16; wide++) {
		struct teller_plan p = { .shape = small, .rows = 8, .T = 9, .lanes = 2, .wide = (enum num_type)wide,
		                         .seed = 5 };
		struct teller *t = make(&p);
		double first = batch(t, 0), last;

		CHECK_NEAR(first, log(37), 0.6);
		last = learn(t, 200);
		CHECK(last < 0.4);
		teller_close(t);
	}
}

/* The same weights to the bit whatever the number of threads. */
static void t_threads(void **state)
{
	uint64_t hash[2];

	(void)state;
	for (int threads = 1; threads <= 2; threads++) {
		struct teller_plan p = { .shape = small, .rows = 8, .T = 9, .lanes = 4, .wide = NUM_BF16,
		                         .dropout = 0.2, .seed = 5 };
		struct teller *t = make(&p);

		num_threads_set(threads);
		learn(t, 12);
		hash[threads - 1] = hash64(t->p.w, t->p.n * sizeof(float), 0);
		teller_close(t);
	}
	num_threads_set(0);
	CHECK_EQ(hash[0], hash[1]);
}

/* How many sequences a net holds changes no sum but the order of adding. */
static void t_micro(void **state)
{
	double norm[2], loss[2];

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct teller_plan p = { .shape = small, .rows = 8, .T = 9, .lanes = 2, .micro = k ? 1 : 4,
		                         .wide = NUM_F32, .seed = 5 };
		struct teller *t = make(&p);

		loss[k] = batch(t, 1);
		norm[k] = params_norm(&t->p);
		teller_close(t);
	}
	CHECK_NEAR(loss[0], loss[1], 1e-6);
	CHECK_NEAR(norm[0], norm[1], 1e-4 * norm[0]);
}

/* Evaluation gives each token's nats; their mean is the loss; a token does not see what follows. */
static void t_nats(void **state)
{
	struct teller_plan p = { .shape = small, .rows = 4, .T = 9, .lanes = 2, .wide = NUM_F32, .seed = 5 };
	struct teller *t = make(&p);
	uint32_t in[5 * 9], truth[5 * 9];
	float nats[5 * 9], again[5 * 9];
	double sum = 0;

	(void)state;
	for (int r = 0; r < 5; r++)
		rows(&p, 0, r, in + r * 9, truth + r * 9);
	teller_nats(t, in, truth, 5, nats);
	for (int i = 0; i < 4 * 9; i++)
		sum += (double)nats[i];
	CHECK_NEAR(sum / (4 * 9), batch(t, 0), 1e-4);
	in[4 * 9 + 8] = (in[4 * 9 + 8] + 1) % 37;
	teller_nats(t, in, truth, 5, again);
	for (int i = 0; i < 5 * 9; i++)
		CHECK((again[i] == nats[i]) == (i != 4 * 9 + 8));
	truth[4 * 9 + 2] = ID_NONE;		/* one row less in a product: another kernel may add in another order */
	teller_nats(t, in, truth, 5, nats);
	CHECK(nats[4 * 9 + 2] == 0);
	for (int i = 0; i < 5 * 9; i++)
		CHECK(i == 4 * 9 + 2 || fabsf(nats[i] - again[i]) <= 1e-5F);
	teller_close(t);
}

static void t_refused(void **state)
{
	struct teller_plan good = { .shape = small, .rows = 4, .T = 9, .lanes = 2 }, p;
	struct teller *t = NULL;

	(void)state;
#define REFUSED(change) do { \
		struct err e = { 0 }; \
		p = good; \
		change; \
		CHECK_EQ(teller_open(&t, &p, &e), ERR_USAGE); \
		CHECK(e.msg[0] != 0); \
	} while (0)
	REFUSED(p.shape.heads = 3);
	REFUSED(p.shape.heads = 16);
	REFUSED(p.shape.layers = 0);
	REFUSED(p.shape.vocab = 1);
	REFUSED(p.shape.rope_base = 0);
	REFUSED(p.lanes = 3);
	REFUSED(p.T = 10);
	REFUSED(p.dropout = 1);
	REFUSED(p.micro = 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_gradient), cmocka_unit_test(t_learns), cmocka_unit_test(t_threads),
		cmocka_unit_test(t_micro), cmocka_unit_test(t_nats), cmocka_unit_test(t_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
