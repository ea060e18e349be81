/* t_joint.c - the teller with its scene path: its gradient against slopes, that no token sees what
 * follows, that the path carries what the window cannot, and that shuffling takes it away. */
#include "check.h"
#include "model/joint.h"

enum { T = 24, VOCAB = 19 };
static const struct teller_shape small = { 3, 16, 2, 24, VOCAB, T, 10000 };

/* Scenes of six tokens. The first scene names a token; every scene's last token is that token again,
 * which three layers with a window of two cannot know; all else is noise. */
static void rows(void *ctx, uint64_t step, int row, uint32_t *in, uint32_t *truth, uint8_t *is,
                 struct echo *echo)
{
	struct rng r = rng_stream(7, "t.joint", step * 100 + (uint64_t)row);
	uint32_t text[T + 1], name = 10 + (uint32_t)rng_below(&r, 8);

	(void)ctx;
	for (int i = 0; i <= T; i++)
		text[i] = i == 1 ? name : i % 6 == 5 ? 9 : i % 6 == 0 && i ? name : (uint32_t)rng_below(&r, 9);
	for (int i = 0; i < T; i++) {
		in[i] = text[i];
		truth[i] = text[i + 1];
		if (echo)
			for (int k = 0; k < ECHO_ORDERS; k++)
				echo[i].n[k] = (uint8_t)(1 + (i + k) % 3), echo[i].hit[k] = (uint8_t)(k < 2), echo[i].top[k] = 1;
		is[i] = (i % 6 == 1 ? TOKEN_SCENE : 0) | (in[i] >= 9 ? TOKEN_SALIENT : 0);
	}
}

static struct joint_plan plan(enum joint_path path)
{
	return (struct joint_plan){
		.t = { .shape = small, .rows = 8, .T = T, .lanes = 2, .micro = 2, .window = 2, .wide = NUM_F32, .seed = 3 },
		.path = path, .read_at = 1, .cross_every = 1, .cross_heads = 4, .registers = 2, .register_dim = 5, .tell = 0.5, .units = 6, .words = 12, .follow = true,
	};
}

struct one {
	struct joint *j;
	uint64_t step;
	double loss[8], count[8];
};

static void lane(void *ctx, int l)
{
	struct one *o = ctx;

	joint_lane(o->j, l, o->step, &o->loss[l], &o->count[l]);
}

static double batch(struct joint *j, uint64_t step)
{
	struct one o = { j, step, { 0 }, { 0 } };
	struct params *p = joint_params(j);

	params_zero(p);
	num_lanes(p->lanes, 0, lane, &o);
	params_reduce(p);
	return (o.loss[0] + o.loss[1]) / (o.count[0] + o.count[1]);
}

static struct joint *make(const struct joint_plan *p)
{
	struct joint *j = NULL;
	struct err e = { 0 };

	CHECK_EQ(joint_open(&j, p, rows, NULL, &e), OK);
	return j;
}

static void t_gradient(void **state)
{
	struct joint_plan plan1 = plan(JOINT_ON);

	plan1.echo = true;	struct joint *j = make(&plan1);
	struct params *p = joint_params(j);
	struct rng r = rng_stream(1, "t.joint.dir", 0);
	float *dir = mem_alloc(p->n, sizeof *dir);

	(void)state;
	/* Away from the first values, where the path is still closed. */
	for (size_t i = 0; i < p->n_t; i++)
		for (size_t k = 0; k < p->t[i].n; k++)
			params_w(p, (int)i)[k] += 0.1f * (float)rng_normal(&r);
	/* One direction a tensor: a tensor that gets no gradient, or a wrong one, is named. */
	for (size_t i = 0; i < p->n_t; i++) {
		double want, up, down, h = 2e-3;

		memset(dir, 0, p->n * sizeof *dir);
		for (size_t k = 0; k < p->t[i].n; k++)
			dir[p->t[i].off + k] = (float)rng_normal(&r);
		batch(j, 3);
		want = num_dot(p->g, dir, p->n);
		num_axpy(p->w, (float)h, dir, p->n);
		up = batch(j, 3);
		num_axpy(p->w, (float)(-2 * h), dir, p->n);
		down = batch(j, 3);
		num_axpy(p->w, (float)h, dir, p->n);
		if (!(fabs((up - down) / (2 * h) - want) <= 0.03 * fabs(want) + 1e-3)) {
			print_error("%s: slope %g, gradient %g\n", p->t[i].name, (up - down) / (2 * h), want);
			CHECK(0);
		}
		CHECK(fabs(want) > 1e-9);
	}
	mem_free(dir);
	joint_close(j);
}

static void t_sees_no_future(void **state)
{
	struct joint_plan p = plan(JOINT_ON);
	struct joint *j = make(&p);
	uint32_t in[2 * T], truth[2 * T];
	uint8_t is[2 * T];
	float a[2 * T], b[2 * T];

	(void)state;
	for (int s = 0; s < 5; s++) {		/* the path opens */
		batch(j, (uint64_t)s);
		adamw_step(joint_params(j), &ADAMW_DEFAULT, 1e-2, (uint64_t)s + 1);
	}
	for (int r = 0; r < 2; r++)
		rows(NULL, 0, r, in + r * T, truth + r * T, is + r * T, NULL);
	joint_nats(j, in, truth, is, NULL, 2, T, false, a);
	in[14] = (in[14] + 1) % VOCAB;
	is[16] = TOKEN_SCENE;
	joint_nats(j, in, truth, is, NULL, 2, T, false, b);
	for (int i = 0; i < 2 * T; i++)
		CHECK(i >= 14 && i < T ? 1 : a[i] == b[i]);
	CHECK(a[14] != b[14]);
	CHECK(a[T - 1] != b[T - 1]);	/* far behind its window, through a register */
	joint_close(j);
}

/* Mean nats of the tokens that only the scene path can know, after training. */
static double named(enum joint_path path, int steps)
{
	struct joint_plan p = plan(path);
	struct joint *j = make(&p);
	uint32_t in[8 * T], truth[8 * T];
	uint8_t is[8 * T];
	float nats[8 * T];
	double sum = 0;
	int n = 0;

	for (int s = 0; s < steps; s++) {
		batch(j, (uint64_t)s);
		params_clip(joint_params(j), 1);
		adamw_step(joint_params(j), &ADAMW_DEFAULT, 1e-2, (uint64_t)s + 1);
		joint_ready(j);
	}
	for (int r = 0; r < 8; r++)
		rows(NULL, 1000000, r, in + r * T, truth + r * T, is + r * T, NULL);
	joint_nats(j, in, truth, is, NULL, 8, T, false, nats);
	for (int i = 0; i < 8 * T; i++)
		if (i % T > 8 && i % T % 6 == 5) {
			sum += (double)nats[i];
			n++;
		}
	joint_close(j);
	return sum / n;
}

static void t_carries(void **state)
{
	double on = named(JOINT_ON, 300), off = named(JOINT_OFF, 300), shuffled = named(JOINT_SHUFFLED, 300);

	(void)state;
	CHECK(on < 0.5);
	CHECK(off > 1.5);
	CHECK(shuffled > 1.5);
}

/* With a memory that knows the truth for sure the gate learns to believe it; without, the net stands alone. */
static void t_believes(void **state)
{
	struct joint_plan p = plan(JOINT_ON);
	uint32_t in[2 * T], truth[2 * T];
	uint8_t is[2 * T];
	struct echo echo[2 * T] = { { { 0 }, { 0 }, { 0 } } };
	float with[2 * T], without[2 * T];
	double sum[2] = { 0 };
	struct joint *j;

	(void)state;
	p.registers = p.words = 0;
	p.follow = false;
	p.echo = true;
	j = make(&p);
	for (int s = 0; s < 200; s++) {
		batch(j, (uint64_t)s);
		adamw_step(joint_params(j), &ADAMW_DEFAULT, 1e-2, (uint64_t)s + 1);
		joint_ready(j);
	}
	for (int r = 0; r < 2; r++)
		rows(NULL, 1000000, r, in + r * T, truth + r * T, is + r * T, echo + r * T);
	joint_nats(j, in, truth, is, echo, 2, T, false, with);
	joint_nats(j, in, truth, is, NULL, 2, T, false, without);
	for (int i = 0; i < 2 * T; i++)
		sum[0] += (double)with[i], sum[1] += (double)without[i];
	CHECK(sum[0] < 0.7 * sum[1]);
	CHECK(isfinite(sum[1]));		/* silence breaks nothing */
	joint_close(j);
}

static void t_threads(void **state)
{
	uint64_t hash[2];

	(void)state;
	for (int threads = 1; threads <= 2; threads++) {
		struct joint_plan p = plan(JOINT_ON);
		struct joint *j;

		p.t.wide = NUM_BF16;
		j = make(&p);
		num_threads_set(threads);
		for (int s = 0; s < 6; s++) {
			batch(j, (uint64_t)s);
			adamw_step(joint_params(j), &ADAMW_DEFAULT, 1e-2, (uint64_t)s + 1);
			joint_ready(j);
		}
		hash[threads - 1] = hash64(joint_params(j)->w, joint_params(j)->n * sizeof(float), 0);
		joint_close(j);
	}
	num_threads_set(0);
	CHECK_EQ(hash[0], hash[1]);
}

static void t_refused(void **state)
{
	struct joint *j = NULL;

	(void)state;
#define REFUSED(change) do { \
		struct joint_plan p = plan(JOINT_ON); \
		struct err e = { 0 }; \
		change; \
		CHECK_EQ(joint_open(&j, &p, rows, NULL, &e), ERR_USAGE); \
		CHECK(e.msg[0] != 0); \
	} while (0)
	REFUSED(p.read_at = 0);
	REFUSED(p.read_at = 3);
	REFUSED(p.registers = 0; p.words = 0);
	REFUSED(p.words = T + 1);
	REFUSED(p.register_dim = 0);
	REFUSED(p.cross_heads = 3);
	REFUSED(p.units = T + 1);
	REFUSED(p.t.lanes = 3);
	REFUSED(p.path = JOINT_SHUFFLED; p.t.micro = 1);
	REFUSED(p.t.shape.heads = 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_gradient), cmocka_unit_test(t_sees_no_future), cmocka_unit_test(t_carries),
		cmocka_unit_test(t_believes),
		cmocka_unit_test(t_threads), cmocka_unit_test(t_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
