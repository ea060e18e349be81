/* matvec.h - the products of inference: a matrix and one vector, or a few at once.
 *
 *   in    W [rows][cols], float32 or packed int8; X [T][cols], the vectors of T tokens
 *   out   Y [T][rows] = X·Wᵀ
 *
 * One token a step makes a step as slow as reading the weights once, so what counts here is that
 * every byte of W is touched once for all T vectors, and that int8 has a quarter of the bytes.
 *
 * Every sum has one order, whatever T, whatever part of the rows a call takes: so any number of
 * threads, and prompts read in blocks or token by token, give the same bits. LANES = 16:
 *
 *   float32   lane i adds the products of columns i, i + 16, … ; then the lanes are folded,
 *             i with i + 8, with i + 4, with i + 2, with i + 1
 *   int8      groups of 64 columns; lane i has the exact whole sum of four products of a group,
 *             times the two scales, added group by group; then folded the same way
 *
 * The kernel is chosen once by what the chip has. int8 gives the same bits on every chip; float32
 * on every chip with FMA (there products and sums are rounded once, elsewhere twice).
 * LTM_MATVEC=plain|avx2|avx2+vnni|avx512 asks for less than that.
 *
 * Threads: a call runs on the calling thread and writes only rows [from, to) of Y.
 */
#ifndef LTM_NUM_MATVEC_H
#define LTM_NUM_MATVEC_H

#include "base/base.h"

enum { MATVEC_LANES = 16, MATVEC_GROUP = 64 };

/* Y[t][r] = Σ_c W[r][c]·X[t][c] for from <= r < to, t < T. Rows of W are cols apart, of X ldx, of
 * Y ldy (r counts from 0 in Y too). Any alignment; fastest when cols is a multiple of 16. */
void matvec(float *Y, size_t ldy, const float *W, const float *X, size_t ldx, int from, int to, int cols,
            int T);

/* A matrix as int8: w = round(W / scale), scale = max|W| / 127 of the group [Dettmers 2022]. Kept as
 * w + 128 (what VPDPBUSD takes on its unsigned side); columns that pad the last group are 0. */
struct matq {
	int rows, cols, groups;		/* groups = cols / 64, up */
	uint8_t *w;			/* [rows][groups·64], 64-aligned */
	float *scale;			/* [rows][groups] */
};
static inline int matq_groups(int cols)
{
	return (cols + MATVEC_GROUP - 1) / MATVEC_GROUP;
}
/* Fills m->w and m->scale, which the caller holds, rows [from, to) of W [rows][cols]. Numbers must be
 * finite. */
void matq_pack(struct matq *m, const float *W, int from, int to);
/* Row r as float32 again, x [cols]. */
void matq_row(const struct matq *m, int r, float *x);

/* Vectors as int8, group by group like the matrix. `fix` is -128 times each lane's sum: what the 128
 * of the matrix adds too much. The caller holds the arrays, 64-aligned. */
struct vecq {
	int8_t *q;			/* [T][groups·64] */
	int32_t *fix;			/* [T][groups·16] */
	float *scale;			/* [T][groups] */
};
/* x [cols] into place t. */
void vecq_set(struct vecq *v, int t, const float *x, int cols);
/* Y[t][r] as matvec, by m and v. */
void matvec8(float *Y, size_t ldy, const struct matq *m, const struct vecq *v, int from, int to, int T);

/* "plain", "avx2", "avx2+vnni", "avx512", "avx512+vnni": what runs here. A wish, for tests, is
 * granted when the chip has it; NULL is the best. Not while others compute. */
const char *matvec_name(void);
void matvec_wish(const char *name);

/* ---- attention of one query over cached keys and values ---------------------------------
 * Keys lie in panels of 16 places, so that 16 scores come from one pass: k [places/16][head][16].
 * Values lie row by row, padded: v [places][head16], head16 = head up to a multiple of 16. */
enum { KV_PANEL = 16 };
static inline int kv_head16(int head) { return (head + 15) / 16 * 16; }
/* A key into place t of its head's panels, a value into its row. */
void kv_put_key(float *k, const float *key, int t, int head);
void kv_put_value(float *v, const float *value, int t, int head);
/* out [head] = softmax(q·k)·v over places 0..n-1; q [head] is scaled already; s is scratch of n floats
 * up to a multiple of 16. The same order of sums for every n; the same bits on every chip. */
void kv_attend(float *out, float *s, const float *q, const float *k, const float *v, int n, int head);

#endif
