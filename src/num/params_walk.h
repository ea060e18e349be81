/* params_walk.h - private to num: one walk over the tensors in fixed pieces. */
#ifndef LTM_NUM_PARAMS_WALK_H
#define LTM_NUM_PARAMS_WALK_H

#include "num/num.h"

enum { PIECES = 16 };		/* fixed: the order of sums depends on it */

/* A run of n floats at off of every block, all of tensor i. */
typedef void params_span(struct params *p, void *ctx, int piece, int i, size_t off, size_t n);

/* Calls fn for all runs that count: whole tensors in PIECES parts, and of PARAM_ROWS tensors
 * the rows that `lane` has touched. Pieces run in parallel, runs of one piece in order. */
void params_walk(struct params *p, int lane, params_span *fn, void *ctx);

#endif
