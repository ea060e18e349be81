/* windows.h - a stream of tokens as training windows, and held-out texts as windows to be scored.
 *
 *   in    ids of all texts one after the other; a length T; a seed
 *   out   rows of T inputs and the T truths that follow them
 *
 * Training: each epoch cuts the stream at a place of its own (rng_stream(seed, "windows.phase",
 * epoch)) into windows of T, shuffles them (rng_stream(seed, "windows.order", epoch)) and deals them
 * out in batches; what does not fill a batch is left for another epoch. Windows pass from one text
 * into the next: nothing is padded. So step and row alone say which window it is.
 *
 * Scoring: windows overlap by half. Each token is counted once, with T/2 tokens before it at
 * least, except at the beginning of a text; a text's first token follows START.
 */
#ifndef LTM_ORDER_WINDOWS_H
#define LTM_ORDER_WINDOWS_H

#include "base/base.h"

struct windows {
	const uint32_t *id;		/* lent, [n] */
	size_t n;
	int T, rows;			/* tokens of a window; windows of a batch */
	uint64_t seed;
	uint32_t *order;		/* of the epoch */
	size_t count;			/* windows of an epoch */
	uint64_t epoch, per_epoch;	/* batches of an epoch */
	size_t phase;
};
/* ERR_USAGE when the stream does not fill one batch. */
enum status windows_open(struct windows *w, const uint32_t *id, size_t n, int T, int rows, uint64_t seed,
                         struct err *e);
void windows_close(struct windows *w);
/* Before the rows of a step are asked for; one thread. */
void windows_step(struct windows *w, uint64_t step);
/* Row of the batch: in, truth [T]. Any thread, between two calls of windows_step. */
void windows_row(const struct windows *w, uint64_t step, int row, uint32_t *in, uint32_t *truth);
/* The place in the stream of the row's first input. */
size_t windows_at(const struct windows *w, uint64_t step, int row);

/* ---- scoring -------------------------------------------------------------------------------- */
struct scoring {
	const uint32_t *id;
	const uint64_t *first;		/* [texts + 1] */
	uint32_t texts, start;		/* start: the id before a text's first token */
	int T;
};
size_t scoring_count(const struct scoring *s);		/* windows in all */
/* Window k: in [T], truth [T]; UINT32_MAX where a truth is not counted. Returns how many are. */
int scoring_window(const struct scoring *s, size_t k, uint32_t *in, uint32_t *truth);
/* Where window k stands: its text, and the first truth's place in that text. */
size_t scoring_at(const struct scoring *s, size_t k, uint32_t *text);

/* ---- salience --------------------------------------------------------------------------------
 * yes[id] = 1 for the rarest ids: as many as make up `share` of the running tokens, ids never met
 * among them. What they stand for tells one scene from another; the rest is how it is said. */
void salient_ids(uint8_t *yes, uint32_t vocab, const uint32_t *id, size_t n, double share);

#endif
