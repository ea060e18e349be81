/* learn.h - one training loop for every model on nets: steps, rate, clipping, averages, roll-back.
 *
 *   in    a model (struct learner), a plan, a state to start from
 *   out   trained weights; the state, so that it can go on to the same bits
 *
 * Memory to memory: disk, clock and screen are the hooks'. A step is
 *
 *     begin(step); gradients = 0; lanes; sum in lane order; finite?; clip; AdamW or Muon; ready
 *
 * Numbers that are not finite, or a spike of the loss (above the running mean by LEARN_SPIKE
 * deviations and half a nat, twice running) send it back to the last good state (hooks->back) with
 * half the rate, LEARN_ROLLS times at most; then it ends in ERR_NUM with step and tensor.
 *
 * Threads: lanes run on the pool (num_lanes), all else on the caller's thread. Ranks of a team
 * (num/team.h) share the lanes; every rank then does the same step on the same sums. Hooks run on
 * every rank: only rank 0's may write files, and `due` must say the same on all.
 */
#ifndef LTM_MODEL_LEARN_H
#define LTM_MODEL_LEARN_H

#include "num/num.h"

enum { LEARN_ROLLS = 3, LEARN_SPIKE = 6 };

struct learner {
	struct params *p;
	void *ctx;
	void (*begin)(void *ctx, uint64_t step);	/* before the lanes, on one thread; may be NULL */
	/* The lane's share of the batch of `step`, forward and back into params_g(p, lane): adds
	 * nothing to what others write. loss: the sum in nats, count: of how many. */
	void (*lane)(void *ctx, int lane, uint64_t step, double *loss, double *count);
	void (*ready)(void *ctx);			/* weights have changed; may be NULL */
};

struct learn_plan {
	uint64_t steps;
	struct rate_law rate;
	struct adamw law;
	struct muon *muon;		/* opened over the learner's params, or NULL: AdamW for all of them */
	double clip;			/* of the gradient's norm; 0: none */
	uint64_t average_from;		/* weights are averaged from this step on; >= steps: never */
	double average_keep;		/* of the exponential average */
};

struct learn_state {
	uint64_t step;			/* steps done */
	double rate;			/* times the plan's: halved by each roll-back; 0 means 1 */
	uint32_t rolls, hot;		/* roll-backs; steps of a spike running */
	double mean, var;		/* running, of the loss */
	double loss;			/* of the last step, nats a truth */
	double norm;			/* of its gradient */
	double seen;			/* truths so far */
	struct average avg;		/* avg.w NULL until averaging begins */
};
void learn_state_clear(struct learn_state *s);

struct learn_hooks {
	void *ctx;
	/* After each step; any may be NULL. */
	void (*stepped)(void *ctx, const struct learn_state *s, double rate);
	/* True: the state is to be saved now. Asked after each step. */
	bool (*due)(void *ctx, const struct learn_state *s);
	enum status (*save)(void *ctx, const struct learn_state *s, struct err *e);
	/* Puts weights, moments and *s back to the last good state saved (or the first one). */
	enum status (*back)(void *ctx, struct learn_state *s, struct err *e);
	uint64_t stop_after;		/* stop once so many steps are done; 0: never */
};

/* From s->step to plan->steps. ERR_STOP when the watch stops it or stop_after is reached: the state
 * is saved first. At the end, where there is an average, p holds it and avg the last weights. */
enum status learn(const struct learner *m, const struct learn_plan *plan, struct learn_state *s,
                  const struct learn_hooks *h, const struct watch *w, struct err *e);

#endif
