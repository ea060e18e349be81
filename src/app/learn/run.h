/* run.h - one training on disk, whatever is trained: plan, checkpoints, log, curve, resume, ranks.
 *
 *   DIR/NAME.1.ckpt, NAME.2.ckpt   written in turn every two minutes and when the run is stopped
 *   DIR/curve.tsv                  step, epoch, seconds, loss, the model's own figure
 *   DIR/train.log                  key=value, every tenth step
 *
 * Every model goes through here (token, ltm, compare): one trainer for all of them.
 */
#ifndef LTM_APP_RUN_H
#define LTM_APP_RUN_H

#include "app/app.h"
#include "io/models/checkpoint.h"

struct run_plan {
	uint64_t steps;			/* 0: by epochs or minutes */
	double epochs, minutes;		/* both 0: 1 epoch */
	double rate, decay, warmup;	/* 0: defaults (rate 0.002, by Muon 0.005; decay 0.1); warmup in steps */
	const char *schedule;		/* "cool" (NULL), "cosine", "constant" */
	const char *optimizer;		/* "adamw" (NULL), "muon" where the model has matrices for it (num/num.h) */
	bool resume;
	uint64_t stop_after;
	bool keep;			/* a checkpoint at the end too: to be opened again by resume */
};
struct run_model {
	struct learner m;
	const char *kind;		/* of its checkpoints */
	uint64_t identity;		/* of data and tokenizer */
	struct str config;		/* one line of JSON: all that makes another run of it */
	uint64_t per_epoch;		/* steps */
	double each;			/* units a step */
	const char *unit;		/* "tokens" */
	const char *what;		/* what progress says; NULL: "train" */
	void (*reset)(void *ctx);	/* first values again; ctx is the learner's */
	int points;			/* of the curve; 0: 24 */
	double (*measure)(void *ctx, const struct watch *w);	/* figure of the curve, on rank 0; may be NULL */
	const char *figure;		/* "dev bits a character" */
};
struct run {
	struct run_plan o;
	struct run_model k;
	struct learn_plan plan;		/* plan.steps: of the whole run */
	struct learn_state s;
	struct buf curve;
	const char *dir;
	/* its own */
	struct muon muon;
	const char *ckpt_path, *curve_path;
	struct checkpoint ckpt;
	uint64_t loaded;		/* the step it went on from */
	const struct watch *w;
	FILE *log_file;
	double began, ended, saved, before;	/* clock; seconds of earlier runs */
	double loss, losses;			/* since the last line of the log */
	struct arena mem;
};
/* ERR_USAGE for a name that is none. */
enum status run_optimizer_check(const char *name, struct err *e);
/* Trains to the plan's end, or goes on with it. dir must exist. ERR_STOP: state saved, to be resumed. ERR_FORMAT:
 * there is a checkpoint of another run and resume is set. run_clear in every case. */
enum status run_train(struct run *r, const char *dir, const char *name, const struct run_plan *o,
                      const struct run_model *k, const struct watch *w, struct err *e);
/* When all that the run was for is written: the curve stays, the checkpoints go. */
enum status run_done(struct run *r, struct err *e);
void run_clear(struct run *r);
/* Seconds trained, of earlier parts too, without measuring. */
double run_seconds(const struct run *r);

#endif
