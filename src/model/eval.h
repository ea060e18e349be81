/* eval.h - one definition of each task, every system in the same run, intervals with it.
 *
 *   in    shelves of held-out scenes, the systems that are asked
 *   out   a table: accuracy (and MRR or Kendall's tau) of each system on each task with a 95 %
 *         bootstrap interval over books, and paired differences to the floors
 *
 * next6-far, next6-near, next6-matched, next32, order4: DESIGN.md, How it is measured.
 */
#ifndef LTM_MODEL_EVAL_H
#define LTM_MODEL_EVAL_H

#include "model/model.h"

enum { EVAL_SYSTEMS_MAX = 12, EVAL_TASKS = 5, TASK_ORDER4 = 4 /* tasks 0..3 are enum item_kind */ };

/* A system scores the candidates of a question; higher is better. Threads share it. */
struct eval_system {
	const char *key;	/* "tfidf-last" */
	const char *name;	/* what the table prints */
	void (*score)(const void *model, float *s, enum item_kind kind, const struct question *q);
	const void *model;
};

struct eval_cell {
	double acc, lo, hi;	/* share right (order4: perfect matches), 95 % interval */
	double extra;		/* MRR of next tasks, Kendall's tau of order4 */
};
struct eval_diff { int a, b; double diff, lo, hi; };	/* systems a minus b, paired */
struct eval_task {
	const char *name;
	double chance;
	size_t n_item, n_book;
	struct eval_cell cell[EVAL_SYSTEMS_MAX];
	struct eval_diff diff[EVAL_SYSTEMS_MAX];	/* the last system against each other one */
	int n_diff;
};
struct eval_table {
	struct eval_system system[EVAL_SYSTEMS_MAX];
	int n_system;
	struct eval_task task[EVAL_TASKS];
	int resamples;
	uint64_t seed;
	unsigned tasks;		/* bit k: task k is asked; 0 = all */
};
/* Fills t->task; t->system and t->seed are set by the caller. max: most targets a book (100).
 * ERR_USAGE when no shelf is long enough for any question. */
enum status eval_run(struct eval_table *t, const struct shelf_set *held, const struct lexis *x,
                     size_t max, const struct watch *w, struct err *e);

/* The floors as systems (model unused). */
void score_tfidf_last(const void *none, float *s, enum item_kind k, const struct question *q);
void score_tfidf_context(const void *none, float *s, enum item_kind k, const struct question *q);
/* Models as systems: const struct ranker *, const struct core *. */
void score_ranker(const void *ranker, float *s, enum item_kind k, const struct question *q);
void score_field(const void *core, float *s, enum item_kind k, const struct question *q);
void score_core(const void *core, float *s, enum item_kind k, const struct question *q);

#endif
