/* learn.c - the training loop.
 *
 *   in    see learn.h
 *   out   see learn.h
 *
 * Invariants: what a step does depends on the plan, the weights, moments and the state alone; so a
 * run that is stopped, saved and loaded ends in the same bits as one that is not.
 */
#include <math.h>

#include "model/learn.h"
#include "num/team.h"

enum { LANES_MAX = 64 };

struct run {
	const struct learner *m;
	const struct learn_plan *plan;
	struct learn_state *s;
	double loss[LANES_MAX], count[LANES_MAX];
};

void learn_state_clear(struct learn_state *s)
{
	average_clear(&s->avg);
	*s = (struct learn_state){ 0 };
}

static void lane(void *ctx, int l)
{
	struct run *r = ctx;

	if (team_mine(l, team_rank(), team_size()))
		r->m->lane(r->m->ctx, l, r->s->step, &r->loss[l], &r->count[l]);
}

/* Forward and back; the summed gradient is in lane 0. */
static void gradients(struct run *r, double *count)
{
	const struct learner *m = r->m;
	double loss = 0;

	if (m->begin)
		m->begin(m->ctx, r->s->step);
	params_zero(m->p);
	num_lanes(m->p->lanes, 0, lane, r);
	team_share_lanes(m->p, r->loss, r->count);
	params_reduce(m->p);
	*count = 0;
	for (int l = 0; l < m->p->lanes; l++) {
		loss += r->loss[l];
		*count += r->count[l];
	}
	r->s->loss = *count > 0 ? loss / *count : 0;
}

/* What is wrong with this step, or NULL. */
static const char *trouble(struct run *r)
{
	struct learn_state *s = r->s;
	double over = s->loss - s->mean, dev = sqrt(s->var);
	const char *bad;

	if (!isfinite(s->loss))
		return "the loss is not finite";
	if (!isfinite(s->norm)) {
		bad = params_finite(r->m->p);
		return bad ? bad : "the gradient is not finite";
	}
	s->hot = s->step > 200 && over > LEARN_SPIKE * dev + 0.5 ? s->hot + 1 : 0;
	return s->hot >= 2 ? "the loss leaps" : NULL;
}

static void remember(struct learn_state *s, double count)
{
	double keep = s->step < 100 ? (double)s->step / (double)(s->step + 1) : 0.99, d = s->loss - s->mean;

	s->mean += (1 - keep) * d;
	s->var = keep * (s->var + (1 - keep) * d * d);
	s->seen += count;
	s->step++;
}

static void average(struct run *r)
{
	struct learn_state *s = r->s;

	if (s->step < r->plan->average_from || r->plan->average_from >= r->plan->steps)
		return;
	if (!s->avg.w)
		average_init(&s->avg, r->m->p);
	average_ema(&s->avg, r->m->p, r->plan->average_keep);
}

static double scale_of(const struct learn_state *s)
{
	return s->rate > 0 ? s->rate : 1;
}

static enum status roll_back(struct run *r, const struct learn_hooks *h, const char *why, const struct watch *w,
                             struct err *e)
{
	struct learn_state *s = r->s;
	double rate = scale_of(s) / 2;
	uint32_t rolls = s->rolls + 1;
	uint64_t step = s->step;

	if (rolls > LEARN_ROLLS || !h || !h->back)
		return err_set(e, ERR_NUM, "training met trouble at step %llu: %s; rolled back %u times",
		               (unsigned long long)step, why, rolls - 1);
	watch_note(w, "step %llu: %s; back to the last good state with half the rate",
	           (unsigned long long)step, why);
	if (h->back(h->ctx, s, e))
		return e->code;
	s->rate = rate;
	s->rolls = rolls;
	s->hot = 0;
	if (r->m->ready)
		r->m->ready(r->m->ctx);
	return OK;
}

static enum status stop(const struct learn_hooks *h, const struct learn_state *s, struct err *e)
{
	if (h && h->save && h->save(h->ctx, s, e))
		return e->code;
	return err_set(e, ERR_STOP, "training stopped after step %llu; the state is saved",
	               (unsigned long long)s->step);
}

static enum status step(struct run *r, const struct learn_hooks *h, const struct watch *w, struct err *e)
{
	const struct learn_plan *p = r->plan;
	struct learn_state *s = r->s;
	double rate = rate_at(&p->rate, s->step) * scale_of(s), count;
	const char *why;

	gradients(r, &count);
	s->norm = p->clip > 0 ? params_clip(r->m->p, p->clip) : params_norm(r->m->p);
	why = trouble(r);
	if (why)
		return roll_back(r, h, why, w, e);
	if (p->muon)
		muon_step(p->muon, r->m->p, &p->law, rate, s->step + 1);
	else
		adamw_step(r->m->p, &p->law, rate, s->step + 1);
	if (r->m->ready)
		r->m->ready(r->m->ctx);
	remember(s, count);
	average(r);
	if (h && h->stepped)
		h->stepped(h->ctx, s, rate);
	if (h && h->due && h->save && h->due(h->ctx, s) && h->save(h->ctx, s, e))
		return e->code;
	return OK;
}

enum status learn(const struct learner *m, const struct learn_plan *plan, struct learn_state *s,
                  const struct learn_hooks *h, const struct watch *w, struct err *e)
{
	struct run r = { m, plan, s, { 0 }, { 0 } };

	must(m->p->lanes <= LANES_MAX);
	while (s->step < plan->steps) {
		/* A rank that could not save, or was told to stop, stops them all. */
		bool halt = team_any(e->code || watch_stopped(w));

		if (e->code)
			return e->code;
		if (halt || (h && h->stop_after && s->step >= h->stop_after))
			return stop(h, s, e);
		step(&r, h, w, e);
	}
	if (team_any(e->code))
		return e->code ? e->code : err_set(e, ERR_STOP, "another rank failed");
	if (s->avg.seen) {
		average_swap(&s->avg, m->p);
		if (m->ready)
			m->ready(m->ctx);
	}
	return OK;
}
