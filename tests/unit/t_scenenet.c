/* t_scenenet.c - the core's network and its rivals: gradients against slopes, no guess sees what follows,
 * each learns a chain of scenes that neither the last scene nor the mean one tells, pinned losses, same bits. */
#include "check.h"
#include "model/scenenet.h"
#include "model/learn.h"

enum { R = 2, D = 4, DIMS = R * D, BOOKS = 12, SCENES = 60, KINDS = 7, FIELD = 3 };

struct world {
	struct meanings m;
	float z[BOOKS * SCENES * DIMS], side[BOOKS * SCENES * FIELD];
	uint8_t slot[BOOKS * SCENES];
	uint64_t first[BOOKS + 1];
};

/* A book walks round KINDS places by its own stride; after two scenes the third is known. */
static void world_make(struct world *w, uint64_t seed)
{
	struct rng place = rng_stream(5, "t.places", 0), r = rng_stream(seed, "t.world", 0);
	float centre[KINDS][DIMS];

	for (int k = 0; k < KINDS; k++)
		for (int d = 0; d < DIMS; d++)
			centre[k][d] = (float)rng_normal(&place);
	for (int b = 0; b < BOOKS; b++) {
		int at = (int)rng_below(&r, KINDS), stride = 1 + (int)rng_below(&r, 3);

		w->first[b] = (uint64_t)b * SCENES;
		for (int i = 0; i < SCENES; i++, at = (at + stride) % KINDS) {
			float *z = w->z + (b * SCENES + i) * DIMS;

			for (int d = 0; d < DIMS; d++)
				z[d] = centre[at][d] + 0.15f * (float)rng_normal(&r);
			for (int k = 0; k < R; k++) {
				float len = sqrtf((float)num_sum2(z + k * D, D));

				for (int d = 0; d < D; d++)
					z[k * D + d] /= len;
			}
			w->slot[b * SCENES + i] = (uint8_t)(at % 3);
			for (int f = 0; f < FIELD; f++)
				w->side[(b * SCENES + i) * FIELD + f] = (float)rng_normal(&r);
		}
	}
	w->first[BOOKS] = BOOKS * SCENES;
	w->m = (struct meanings){ R, D, BOOKS * SCENES, w->z, 1, { 4 }, w->slot, FIELD, w->side, w->first, BOOKS };
}

static struct scenenet_plan plan(enum scenenet_kind k)
{
	struct scenenet_plan p = scenenet_plan_default(k);

	p.layers = 1, p.width = 16, p.heads = 2, p.hidden = 24, p.context = 9, p.rows = 4, p.match = 6, p.stages = 1;
	p.warmth = 0.2, p.dropout = 0, p.seed = 4, p.steps = 6;
	return p;
}

static struct scenenet *make(const struct scenenet_plan *p, const struct world *w)
{
	struct scenenet *s = NULL;
	struct err e = { 0 };

	CHECK_EQ(scenenet_open(&s, p, &w->m, &e), OK);
	return s;
}

struct one {
	struct learner m;
	uint64_t step;
	double loss[8], count[8];
};

static void lane(void *ctx, int l)
{
	struct one *o = ctx;

	o->m.lane(o->m.ctx, l, o->step, &o->loss[l], &o->count[l]);
}

static double batch(struct scenenet *s, uint64_t step)
{
	struct one o = { .m = scenenet_learner(s), .step = step };
	int lanes = o.m.p->lanes;
	double loss = 0, count = 0;

	o.m.begin(o.m.ctx, step);
	params_zero(o.m.p);
	num_lanes(lanes, 0, lane, &o);
	params_reduce(o.m.p);
	for (int l = 0; l < lanes; l++)
		loss += o.loss[l], count += o.count[l];
	return loss / count;
}

static void t_gradients(void **state)
{
	struct world *w = mem_alloc(1, sizeof *w);

	(void)state;
	world_make(w, 1);
	for (int k = 0; k < SCENENET_KINDS; k++) {
		struct scenenet_plan p = plan(k);
		struct scenenet *s = make(&p, w);
		struct params *q = scenenet_params(s);
		struct rng r = rng_stream(1, "t.dir", (uint64_t)k);
		float *dir = mem_alloc(q->n, sizeof *dir);

		for (size_t i = 0; i < q->n_t; i++) {
			double want, up, down, h = 2e-3;

			memset(dir, 0, q->n * sizeof *dir);
			for (size_t j = 0; j < q->t[i].n; j++)
				dir[q->t[i].off + j] = (float)rng_normal(&r);
			batch(s, 2);
			want = num_dot(q->g, dir, q->n);
			num_axpy(q->w, (float)h, dir, q->n);
			up = batch(s, 2);
			num_axpy(q->w, (float)(-2 * h), dir, q->n);
			down = batch(s, 2);
			num_axpy(q->w, (float)h, dir, q->n);
			if (!(fabs((up - down) / (2 * h) - want) <= 0.04 * fabs(want) + 4e-3)) {
				print_error("%s, %s: slope %g, gradient %g\n", scenenet_name(k), q->t[i].name, (up - down) / (2 * h), want);
				CHECK(0);
			}
			if (!(fabs(want) > 1e-9))
				print_error("%s: no gradient for %s\n", scenenet_name(k), q->t[i].name);
			CHECK(fabs(want) > 1e-9);
		}
		mem_free(dir);
		scenenet_close(s);
	}
	mem_free(w);
}

static void t_sees_no_future(void **state)
{
	struct world *w = mem_alloc(1, sizeof *w);

	(void)state;
	world_make(w, 1);
	for (int k = 0; k < SCENENET_KINDS; k++) {
		struct scenenet_plan p = plan(k);
		struct scenenet *s = make(&p, w);
		struct guesses a, b;
		size_t at = SCENES + 20;

		world_make(w, 1);
		scenenet_guess(&a, s, &w->m);
		for (int d = 0; d < DIMS; d++)
			w->z[at * DIMS + (size_t)d] *= -1;
		w->slot[at] = (uint8_t)((w->slot[at] + 1) % 3);
		scenenet_guess(&b, s, &w->m);
		for (size_t i = 0; i < w->m.n; i++) {
			bool same = !memcmp(a.guess + i * (size_t)a.dim, b.guess + i * (size_t)b.dim, (size_t)a.dim * sizeof(float)) &&
			            !memcmp(a.z + i * DIMS, b.z + i * DIMS, DIMS * sizeof(float));

			if (i <= at || i > at + (size_t)p.context || i >= 2 * SCENES)
				CHECK(same);
			else if (i == at + 1 && k != SCENENET_QUANT)	/* a greedy choice may stay */
				CHECK(!same);
		}
		guesses_clear(&a);
		guesses_clear(&b);
		world_make(w, 1);
		scenenet_close(s);
	}
	mem_free(w);
}

static void step(struct scenenet *s, uint64_t i)
{
	struct params *q = scenenet_params(s);

	params_clip(q, 1);
	adamw_step(q, &ADAMW_DEFAULT, 5e-3, i + 1);
	if (scenenet_learner(s).ready)
		scenenet_learner(s).ready(s);
}

/* The last scene as a guess: what any model must beat. */
static double copying(const struct world *w)
{
	struct guesses_worth v = { 0 };
	struct guesses g;

	guesses_copy(&g, &w->m, false);
	guesses_measure(&v, &g, &w->m);
	guesses_clear(&g);
	return v.contrast;
}

static void t_learns(void **state)
{
	static const double bar[SCENENET_KINDS] = { 0.83, 0.83, 0.83, 0.7, 0.83 };
	struct world *w = mem_alloc(1, sizeof *w), *other = mem_alloc(1, sizeof *other);

	(void)state;
	world_make(w, 1);
	world_make(other, 2);
	CHECK(copying(other) < 0.6);
	for (int k = 0; k < SCENENET_KINDS; k++) {
		struct scenenet_plan p = plan(k);
		struct scenenet *s;
		struct guesses g;
		struct guesses_worth v = { 0 };
		double first = 0, last = 0;

		p.width = 32, p.hidden = 64;
		s = make(&p, w);
		for (uint64_t i = 0; i < 500; i++) {
			double loss = batch(s, i);

			first += i < 20 ? loss / 20 : 0;
			last += i >= 480 ? loss / 20 : 0;
			step(s, i);
		}
		CHECK(last < first);
		scenenet_guess(&g, s, &other->m);
		guesses_measure(&v, &g, &other->m);
		if (!(v.contrast > bar[k]))
			print_error("%s: contrastive accuracy %.3f, l2 %.3f\n", scenenet_name(k), v.contrast, v.l2);
		CHECK(v.contrast > bar[k]);
		CHECK_EQ(v.scenes, (size_t)BOOKS * (SCENES - 1));
		CHECK(v.l2 < sqrt(2.0 * R) && v.top1 <= v.contrast);
		CHECK(scenenet_size(s) > 0 && scenenet_flops(s) > 0);
		guesses_clear(&g);
		scenenet_close(s);
	}
	mem_free(w), mem_free(other);
}

/* z is noise, and the field stays for a while: it is the field that tells what comes. */
static void t_hears_the_field(void **state)
{
	struct world *w = mem_alloc(1, sizeof *w);
	double with[2];

	(void)state;
	world_make(w, 1);
	for (int i = 0; i < BOOKS * SCENES; i++) {
		struct rng r = rng_stream(7, "t.block", (uint64_t)i / 6), noise = rng_stream(8, "t.noise", (uint64_t)i);

		for (int f = 0; f < FIELD; f++)
			w->side[i * FIELD + f] = (float)(rng_normal(&r) + 0.1 * rng_normal(&noise));
		for (int d = 0; d < DIMS; d++)
			w->z[i * DIMS + d] = (float)(rng_normal(&noise) / sqrt(D));
		w->slot[i] = 0;
	}
	for (int field = 0; field < 2; field++) {
		struct scenenet_plan p = plan(SCENENET_CORE);
		struct guesses_worth v = { 0 };
		struct scenenet *s;
		struct guesses g;

		w->m.field = field ? FIELD : 0;
		s = make(&p, w);
		for (uint64_t i = 0; i < 60; i++) {
			batch(s, i);
			step(s, i);
		}
		scenenet_guess(&g, s, &w->m);
		guesses_measure(&v, &g, &w->m);
		with[field] = v.contrast;
		guesses_clear(&g);
		scenenet_close(s);
	}
	CHECK(with[1] > 0.75 && with[0] < 0.65);
	mem_free(w);
}

static void t_threads(void **state)
{
	struct world *w = mem_alloc(1, sizeof *w);
	uint64_t hash[2];

	(void)state;
	world_make(w, 1);
	for (int k = 0; k < SCENENET_KINDS; k++) {
		for (int threads = 1; threads <= 2; threads++) {
			struct scenenet_plan p = plan(k);
			struct scenenet *s = make(&p, w);
			struct guesses g;

			num_threads_set(threads);
			for (uint64_t i = 0; i < 5; i++) {
				batch(s, i);
				step(s, i);
			}
			scenenet_guess(&g, s, &w->m);
			hash[threads - 1] = hash64(g.guess, w->m.n * (size_t)g.dim * sizeof(float),
			                           hash64(scenenet_params(s)->w, scenenet_params(s)->n * sizeof(float), 0));
			guesses_clear(&g);
			scenenet_close(s);
		}
		CHECK_EQ(hash[0], hash[1]);
	}
	num_threads_set(0);
	mem_free(w);
}

static void t_refused(void **state)
{
	struct world *w = mem_alloc(1, sizeof *w);
	struct scenenet *s = NULL;

	(void)state;
	world_make(w, 1);
#define REFUSED(change) do { \
		struct scenenet_plan p = plan(SCENENET_CORE); \
		struct err e = { 0 }; \
		change; \
		CHECK_EQ(scenenet_open(&s, &p, &w->m, &e), ERR_USAGE); \
		CHECK(e.msg[0] != 0); \
	} while (0)
	REFUSED(p.lanes = 3);
	REFUSED(p.context = 1);
	REFUSED(p.context = 600);
	REFUSED(p.heads = 5);
	REFUSED(p.stages = 0);
	REFUSED(p.dropout = 1);
	REFUSED(p.match = 0);
	REFUSED(p.steps = 0; p.kind = SCENENET_DIFFUSION);
	mem_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_gradients), cmocka_unit_test(t_sees_no_future), cmocka_unit_test(t_learns),
		cmocka_unit_test(t_hears_the_field), cmocka_unit_test(t_threads), cmocka_unit_test(t_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
