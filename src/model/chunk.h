/* chunk.h - some shelves at a time: their views, their questions, the core's inputs.
 *
 * Shared by the trainer, the ranker's trainer and the reports on dev; not for other rooms.
 */
#ifndef LTM_MODEL_CHUNK_H
#define LTM_MODEL_CHUNK_H

#include "model/model.h"

enum { CHUNK_SCENES = 4000, KINDS = 3, INPUT_LANES = 32 };

/* An order of shelves cut into chunks of about CHUNK_SCENES scenes: chunk c is
 * order[start[c]] … order[start[c + 1] - 1]. r NULL keeps the set's own order. */
struct plan {
	uint32_t *order;
	size_t *start, n_chunk;
};
void plan_make(struct plan *p, const struct shelf_set *set, struct rng *r, struct arena *a);

struct chunk_task { size_t shelf; int kind; struct item *item; size_t n; };
struct chunk {
	const struct lexis **lexis;		/* [n_strip] */
	const struct strip **strip;		/* [n_strip] */
	size_t *shelf, n_strip;			/* their numbers in the set */
	struct view **view;			/* [n_strip] */
	struct rows *rows;
	struct chunk_task *task;		/* [n_strip][KINDS] */
	struct { uint32_t task, item; } *from;	/* [n] question → its item */
	struct core_input *in;			/* [n] */
	size_t n, max;				/* questions; most targets a shelf and kind */
	uint64_t seed, epoch;			/* items come from rng_stream(seed, "order.items", …) */
	struct arena mem, lane[INPUT_LANES], per[CHUNK_SCENES];
};
/* Runs on all threads; the result depends on seed, epoch and the shelves only. cross: each
 * shelf with its fold's lexis (training), else with that of all. with_inputs false leaves in
 * NULL. Lives until chunk_close. */
struct chunk *chunk_open(const struct shelf_set *set, const struct lexis_folds *x, bool cross,
                         const struct plan *p, size_t at, size_t max, uint64_t seed,
                         uint64_t epoch, bool with_inputs);
void chunk_close(struct chunk *k);
/* The i-th question; returns its item. */
const struct item *chunk_question(const struct chunk *k, size_t i, struct question *q);

#endif
