/* tiles.h - private to num: products of one block of 32 × 32, for operations that do more with a block
 * than multiply while it is in the nearest cache (attention).
 *
 *   in    A [32][32·steps] bf16;  B [32·steps][32], a stretch of a packed panel (mm.h)
 *   out   C [32][32] float32
 *
 * Between tiles_begin and tiles_end, on one thread, no mm_run: with AMX the tiles' shape is set once
 * for many blocks (mm_run sets it anew in each call, which costs more than a block). Without AMX a
 * block is an mm_run.
 */
#ifndef LTM_NUM_TILES_H
#define LTM_NUM_TILES_H

#include "num/mm/mm.h"

bool tiles_begin(void);			/* whether AMX multiplies: hand it to the others */
void tiles_end(bool amx);
/* C = A·B, or += when add. */
void tiles_block_amx(float *C, int ldc, bool add, const bf16 *A, int lda, const bf16 *panel, int steps);
static inline void tiles_block(bool amx, float *C, int ldc, bool add, const bf16 *A, int lda, const bf16 *panel,
                               int steps)
{
	if (amx)
		tiles_block_amx(C, ldc, add, A, lda, panel, steps);
	else
		mm_run(32, 32, 32 * steps, A, lda, panel, add, C, NUM_F32, ldc);
}

#endif
