/* run.c - one training on disk, whatever is trained.
 *
 *   in    a model that model/learn.h can train, a plan, a folder
 *   out   trained weights in memory; DIR/NAME.N.ckpt while it runs, curve.tsv, train.log
 *
 * The plan of steps is made once: from the steps, from epochs, or, for minutes, from the speed of the
 * first steps; it stands in the checkpoint, so that a resumed run follows the same curve of rates.
 *
 * Invariant: a run that is stopped or killed goes on to the same bits, with any number of threads
 * and ranks.
 */
#include <math.h>
#include <stdlib.h>

#include "app/learn/run.h"
#include "num/team.h"

enum { MEASURED = 20, CURVE_POINTS = 24, POINT_STEPS = 10 /* at least between two */, SAVE_SECONDS = 120, LOG_EVERY = 10 };

/* ---- the plan ---------------------------------------------------------------------------------- */
static enum status rate_kind(enum rate_kind *out, const char *name, struct err *e)
{
	*out = RATE_COOL;
	if (!name || !strcmp(name, "cool"))
		return OK;
	if (!strcmp(name, "cosine"))
		*out = RATE_COSINE;
	else if (!strcmp(name, "constant"))
		*out = RATE_CONSTANT;
	else
		return err_set(e, ERR_USAGE, "no schedule '%s': cool, cosine, constant", name);
	return OK;
}

enum status run_optimizer_check(const char *name, struct err *e)
{
	return !name || !strcmp(name, "adamw") || !strcmp(name, "muon") ? OK :
	       err_set(e, ERR_USAGE, "no optimizer '%s': adamw, muon", name);
}

static void learning(struct run *r, uint64_t steps, enum rate_kind kind)
{
	const struct run_plan *o = &r->o;
	double warmup = o->warmup > 0 ? o->warmup : (double)steps / 50 < 100 ? (double)steps / 50 : 100;

	r->plan = (struct learn_plan){
		.steps = steps,
		.rate = { .kind = kind, .rate = o->rate > 0 ? o->rate : r->muon.scratch ? 5e-3 : 2e-3, .warmup = (uint64_t)warmup,
		          .total = steps, .floor = 0, .cool = 0.4 },
		.law = { 0.9, 0.98, 1e-8, o->decay > 0 ? o->decay : 0.1 }, .clip = 1,
		.muon = r->muon.scratch ? &r->muon : NULL,
		.average_from = kind == RATE_CONSTANT ? steps / 2 : steps, .average_keep = 0.998,
	};
	if (kind == RATE_COSINE)
		r->plan.rate.floor = 0.02;
	r->ckpt.steps = steps;
}

/* ---- hooks ------------------------------------------------------------------------------------- */
double run_seconds(const struct run *r)
{
	return r->before + (r->ended ? r->ended : clock_now()) - r->began;
}

/* A point of the curve: loss since the last one and the model's own figure. */
static void point(struct run *r, const struct learn_state *s)
{
	double at = clock_now(), v = r->k.measure ? r->k.measure(r->k.m.ctx, r->w) : NAN;
	double epoch = (double)s->step / (double)r->k.per_epoch;

	r->began += clock_now() - at;		/* measuring is not training */
	buf_printf(&r->curve, "%llu\t%.4f\t%.1f\t%.5f\t%.4f\n", (unsigned long long)s->step, epoch, run_seconds(r),
	           s->mean, v);
	if (isfinite(v))
		watch_note(r->w, "step %llu, epoch %.2f: loss %.4f, %s %.4f", (unsigned long long)s->step, epoch, s->mean,
		           r->k.figure, v);
	else
		watch_note(r->w, "step %llu, epoch %.2f: loss %.4f", (unsigned long long)s->step, epoch, s->mean);
}

static void stepped(void *ctx, const struct learn_state *s, double rate)
{
	struct run *r = ctx;
	uint64_t points = r->k.points > 0 ? (uint64_t)r->k.points : CURVE_POINTS;
	uint64_t every = r->plan.steps / points > POINT_STEPS ? r->plan.steps / points : POINT_STEPS;

	r->loss += s->loss;
	r->losses++;
	if (r->log_file && (s->step % LOG_EVERY == 0 || s->step == r->plan.steps)) {
		fprintf(r->log_file, "step=%llu loss=%.5f norm=%.4f rate=%.6f %s=%.0f seconds=%.1f\n",
		        (unsigned long long)s->step, r->loss / r->losses, s->norm, rate, r->k.unit,
		        (double)s->step * r->k.each, run_seconds(r));
		fflush(r->log_file);
		r->loss = r->losses = 0;
	}
	watch_step(r->w, r->k.what ? r->k.what : "train", (double)s->step * r->k.each,
	           (double)r->plan.steps * r->k.each, r->k.unit);
	if (team_rank() == 0 && s->step % every == 0)
		point(r, s);
}

static bool due(void *ctx, const struct learn_state *s)
{
	(void)s;
	return clock_now() - ((struct run *)ctx)->saved > SAVE_SECONDS;
}

static enum status save(void *ctx, const struct learn_state *s, struct err *e)
{
	struct run *r = ctx;

	if (team_rank() > 0)
		return OK;
	r->ckpt.seconds = run_seconds(r);
	r->saved = clock_now();
	if (checkpoint_save(r->ckpt_path, &r->ckpt, r->k.m.p, s, e))
		return e->code;
	return file_save(r->curve_path, buf_view(&r->curve), e);
}

/* Everyone gets rank 0's state of the training. */
static void share_state(struct run *r, struct learn_state *s)
{
	struct params *p = r->k.m.p;
	size_t bytes = p->n * sizeof(float);
	struct average avg = s->avg;

	if (team_size() == 1)
		return;
	team_share(p->w, bytes, 0);
	team_share(p->m, bytes, 0);
	team_share(p->v, bytes, 0);
	team_share(s, sizeof *s, 0);
	if (s->avg.seen && !avg.w)
		average_init(&avg, p);
	avg.seen = s->avg.seen;
	s->avg = avg;
	if (avg.seen)
		team_share(avg.w, bytes, 0);
	team_share(&r->ckpt.steps, sizeof r->ckpt.steps, 0);
}

/* Rank 0 reads the last checkpoint, when there is one; all have its state then. */
static bool load(struct run *r, struct learn_state *s)
{
	uint8_t found = team_rank() == 0 && checkpoint_load(r->ckpt_path, &r->ckpt, r->k.m.p, s, r->w);

	team_share(&found, sizeof found, 0);
	if (found)
		share_state(r, s);
	return found;
}

static enum status back(void *ctx, struct learn_state *s, struct err *e)
{
	struct run *r = ctx;
	struct params *p = r->k.m.p;

	(void)e;
	if (load(r, s))
		return OK;
	learn_state_clear(s);			/* none yet: from the beginning */
	r->k.reset(r->k.m.ctx);
	memset(p->m, 0, p->n * sizeof(float));
	memset(p->v, 0, p->n * sizeof(float));
	return OK;
}

/* ---- the run ----------------------------------------------------------------------------------- */
/* For minutes: the first steps, timed; then their state is thrown away. */
static enum status steps_by_minutes(struct run *r, uint64_t *steps, enum rate_kind kind, struct err *e)
{
	struct learn_hooks none = { 0 };
	struct learn_state s = { 0 };
	double at, each;

	learning(r, 1 << 20, kind);
	r->plan.steps = MEASURED;
	if (learn(&r->k.m, &(struct learn_plan){ .steps = 2, .rate = r->plan.rate, .law = r->plan.law, .muon = r->plan.muon, .clip = 1 },
	          &s, &none, r->w, e))
		return e->code == ERR_STOP ? e->code : err_in(e, "measuring the speed");
	at = clock_now();
	if (learn(&r->k.m, &r->plan, &s, &none, r->w, e))
		return e->code;
	each = (clock_now() - at) / (MEASURED - 2);
	learn_state_clear(&s);
	*steps = (uint64_t)(r->o.minutes * 60 * 0.97 / each);		/* measuring and saving have their part */
	*steps = *steps < 1 ? 1 : *steps;
	team_share(steps, sizeof *steps, 0);
	watch_note(r->w, "%.0f %s a second: %llu steps in %g minutes", r->k.each / each, r->k.unit,
	           (unsigned long long)*steps, r->o.minutes);
	return back(r, &r->s, e);
}

static enum status plan(struct run *r, bool resumed, struct err *e)
{
	uint64_t steps = r->o.steps;
	enum rate_kind kind;

	if (rate_kind(&kind, r->o.schedule, e))
		return e->code;
	if (resumed)
		steps = r->ckpt.steps;
	else if (!steps && r->o.minutes > 0) {
		if (steps_by_minutes(r, &steps, kind, e))
			return e->code;
	} else if (!steps)
		steps = (uint64_t)ceil((r->o.epochs > 0 ? r->o.epochs : 1) * (double)r->k.per_epoch);
	learning(r, steps, kind);
	if (r->k.m.ready)
		r->k.m.ready(r->k.m.ctx);
	return OK;
}

static bool go_on(struct run *r, struct err *e)
{
	bool resumed = r->o.resume && load(r, &r->s), first = team_rank() == 0;

	if (resumed && first) {
		struct buf curve = { 0 };

		if (r->s.step < r->ckpt.steps)
			watch_note(r->w, "training goes on from step %llu", (unsigned long long)r->s.step);
		r->loaded = r->s.step;
		r->before = r->ckpt.seconds;
		if (!file_read(&curve, r->curve_path, 1 << 24, NULL))
			buf_str(&r->curve, buf_view(&curve));
		buf_free(&curve);
	} else if (!resumed && r->o.resume && first && checkpoint_there(r->ckpt_path)) {
		err_set(e, ERR_FORMAT, "%s: no checkpoint of this run (the notes say why); leave out --resume to "
		               "begin anew over it", r->dir);
	} else if (!resumed && r->o.resume) {
		watch_note(r->w, "no checkpoint of this run in %s: training from the beginning", r->dir);
	}
	return resumed;
}

enum status run_train(struct run *r, const char *dir, const char *name, const struct run_plan *o,
                      const struct run_model *k, const struct watch *w, struct err *e)
{
	struct learn_hooks h = { .ctx = r, .stepped = stepped, .due = due, .save = save, .back = back,
	                         .stop_after = o->stop_after };
	bool resumed, first = team_rank() == 0;

	*r = (struct run){ .o = *o, .k = *k, .dir = dir, .w = w, .mem = arena_open("a run") };
	r->ckpt = (struct checkpoint){ .kind = k->kind, .identity = k->identity, .config = k->config };
	r->ckpt_path = str_printf(&r->mem, "%s/%s", dir, name).p;
	r->curve_path = str_printf(&r->mem, "%s/curve.tsv", dir).p;
	if (run_optimizer_check(o->optimizer, e))
		return e->code;
	if (o->optimizer && !strcmp(o->optimizer, "muon"))
		muon_open(&r->muon, k->m.p);
	resumed = go_on(r, e);
	if (team_share_err(e))
		return e->code;
	if (!resumed && first)
		checkpoint_drop(r->ckpt_path);
	if (plan(r, resumed, e))
		return e->code;
	r->began = r->saved = clock_now();
	if (first)
		r->log_file = fopen(str_printf(&r->mem, "%s/train.log", dir).p, resumed ? "a" : "w");
	if (!learn(&r->k.m, &r->plan, &r->s, &h, w, e) && o->keep && r->s.step > r->loaded)
		save(r, &r->s, e);
	if (r->log_file)
		fclose(r->log_file);
	r->ended = clock_now();
	return e->code;
}

enum status run_done(struct run *r, struct err *e)
{
	if (!file_save(r->curve_path, buf_view(&r->curve), e))
		checkpoint_drop(r->ckpt_path);
	return e->code;
}

void run_clear(struct run *r)
{
	learn_state_clear(&r->s);
	muon_close(&r->muon);
	buf_free(&r->curve);
	arena_close(&r->mem);
	*r = (struct run){ 0 };
}
