/* adamw.c - the optimiser, the learning rate, and averages of weights.
 *
 *   in    the summed gradient of a step (lane 0), the rate, the number of the step
 *   out   new weights and moments
 *
 * Source: Loshchilov & Hutter 2019 (decoupled decay). Everything is elementwise, so pieces
 * and threads cannot change the result.
 */
#include <math.h>

#include "num/fast.h"
#include "num/num.h"
#include "num/params_walk.h"

struct adamw_now {
	float b1, b2, eps, rate, decay;	/* rate with the first moment's bias in it */
	float c2;			/* 1 / (1 - b2^t) */
	float shrink;			/* of the gradient */
	unsigned but;			/* flags of tensors that stay */
};

static NUM_FAST void update(float *w, float *m, float *v, const float *g, size_t n,
                            const struct adamw_now *now, float decay)
{
	const float b1 = now->b1, b2 = now->b2, a1 = 1 - b1, a2 = 1 - b2;
	const float c2 = now->c2, eps = now->eps, rate = now->rate, shrink = now->shrink;

	for (size_t i = 0; i < n; i++) {
		float x = g[i] * shrink, mi = b1 * m[i] + a1 * x, vi = b2 * v[i] + a2 * x * x;

		m[i] = mi;
		v[i] = vi;
		w[i] -= rate * mi / (sqrtf(vi * c2) + eps) + decay * w[i];
	}
}

static void adamw_span(struct params *p, void *ctx, int piece, int i, size_t off, size_t n)
{
	const struct adamw_now *now = ctx;
	float decay = p->t[i].flags & PARAM_DECAY ? now->decay : 0;

	(void)piece;
	if (p->t[i].flags & now->but)
		return;
	update(p->w + off, p->m + off, p->v + off, p->g + off, n, now, decay);
}

void adamw_step(struct params *p, const struct adamw *law, double rate, uint64_t step)
{
	adamw_step_but(p, law, rate, step, 0);
}

void adamw_step_but(struct params *p, const struct adamw *law, double rate, uint64_t step, unsigned flags)
{
	struct adamw_now now = { .but = flags };

	must(step >= 1);
	now.b1 = (float)law->b1;
	now.b2 = (float)law->b2;
	now.eps = (float)law->eps;
	now.rate = (float)(rate / (1 - pow(law->b1, (double)step)));
	now.decay = (float)(rate * law->decay);
	now.c2 = (float)(1 / (1 - pow(law->b2, (double)step)));
	now.shrink = p->shrink;
	params_walk(p, 0, adamw_span, &now);
}

double rate_at(const struct rate_law *law, uint64_t step)
{
	double x;

	if (step < law->warmup)
		return law->rate * (double)(step + 1) / (double)law->warmup;
	if (law->kind == RATE_CONSTANT)
		return law->rate;
	if (step >= law->total)
		return law->rate * law->floor;
	if (law->kind == RATE_COOL) {
		double left = (double)(law->total - step) / ((double)law->total * law->cool);

		return law->rate * (left < 1 ? law->floor + (1 - law->floor) * left : 1);
	}
	x = (double)(step - law->warmup) / (double)(law->total - law->warmup);
	return law->rate * (law->floor + (1 - law->floor) * 0.5 * (1 + cos(M_PI * x)));
}

/* ---- averages -------------------------------------------------------------------- */
void average_init(struct average *a, const struct params *p)
{
	must(p->w);
	a->n = p->n;
	a->seen = 0;
	a->w = mem_aligned(p->n * sizeof(float));
}

void average_clear(struct average *a)
{
	mem_free(a->w);
	*a = (struct average){ 0 };
}

static NUM_FAST void toward(float *a, const float *w, float share, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] += share * (w[i] - a[i]);
}

/* The first one is copied whole: a + 1·(w - a) would round. */
static void move_toward(struct average *a, const struct params *p, double share)
{
	must(a->n == p->n);
	if (a->seen == 1)
		memcpy(a->w, p->w, a->n * sizeof(float));
	else
		toward(a->w, p->w, (float)share, a->n);
}

void average_add(struct average *a, const struct params *p)
{
	a->seen++;
	move_toward(a, p, 1.0 / (double)a->seen);
}

void average_ema(struct average *a, const struct params *p, double keep)
{
	a->seen++;
	move_toward(a, p, (1 - keep) / (1 - pow(keep, (double)a->seen)));
}

void average_swap(struct average *a, struct params *p)
{
	float *w = a->w;

	must(a->n == p->n && a->seen > 0);
	a->w = p->w;
	p->w = w;
}
