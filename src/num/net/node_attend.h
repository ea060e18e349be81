/* node_attend.h - private to num: what the two ways of attention (float32, bf16) share.
 *
 * A group is a stretch of queries and the stretch of keys that they may see: one sequence, or,
 * with ranges, everything. Query i of a group sees its keys lo[i] .. hi[i]-1 (none: lo = hi = 0).
 */
#ifndef LTM_NUM_NODE_ATTEND_H
#define LTM_NUM_NODE_ATTEND_H

#include "num/net/net.h"

struct attention {
	struct attend a;
	struct node *q, *k, *v, *range;
	int groups, T, S;		/* rows of a group in q; in k and v */
	float scale;			/* 1 / sqrt(head) */
	bool fast;			/* the loops of node_attend512.c run here */
	int *lo, *hi;			/* [T] */
	/* Of each 32 queries, for the way back in bf16: keys that any sees, keys that all see. */
	struct chunk {
		int any_lo, any_hi, all_lo, all_hi;
	} *chunk;			/* [T / 32 up] */
	float *c, *s;			/* [places][head / 2]: cosines and sines of RoPE, or NULL */
	int places_q, places_k;		/* row r has the place r % places */
};

/* Which side of the product a stretch of rows stands on. */
struct side {
	struct node *n;
	int at;				/* first column of head 0 */
	int places;
	bool turn;
	bool add;			/* of its gradient */
};

/* The log-sum-exp of a query that sees nothing: e^(s - it) is 0 for every score. */
#define LSE_NONE 3e38f
#define LOG2E 1.44269504f
#define LN2 0.69314718f

static inline int up32(int n) { return (n + 31) & ~31; }

/* Cuts scratch into aligned pieces; base NULL only counts. */
static inline void *cut(void *base, size_t *used, size_t bytes)
{
	void *p = base ? (char *)base + *used : NULL;

	*used += (bytes + 63) & ~(size_t)63;
	return p;
}

/* The three sides, with gradients to be written. */
void attend_sides(const struct attention *at, struct side *q, struct side *k, struct side *v);

/* Rows [from, from + rows) of head h of one side, turned by RoPE and scaled, into to [rows][ld];
 * columns head..ld-1 become zero. */
void attend_load32(float *to, int ld, const struct attention *at, const struct side *s, int from,
                   int rows, int h, float scale);
/* The way back: g [rows][ld], turned back and scaled, written or added to the gradient's columns. */
void attend_store32(const struct attention *at, const struct side *s, const float *g, int ld, int from,
                    int rows, int h, float scale);

/* In bf16 all heads of a stretch of rows come and go together, because rows are read and written whole:
 * as planes [heads][up32(rows)][up32(head)], zeros beyond rows and head. */
static inline size_t attend_plane(const struct attention *at, int rows)
{
	return (size_t)up32(rows) * (size_t)up32(at->a.head);
}
void attend_load16(bf16 *planes, const struct attention *at, const struct side *s, int from, int rows,
                   float scale);
/* Planes into rows x [rows][ldx], head h at column h·head: written, or added. */
void attend_spread(bf16 *x, size_t ldx, const bf16 *planes, const struct attention *at, bool add, int rows);
/* g [rows][up32(head)], gradients of rows that begin at place `from`, turned back and scaled, as bf16. */
void attend_turn_back(bf16 *to, const struct attention *at, const struct side *s, const float *g, int from,
                      int rows, float scale);

/* Softmax of m rows of scores s [m][ld], row i over its columns lo[i]-j0 .. hi[i]-j0-1 of w; the
 * rest of p becomes zero. p is not divided by its sum: inv [m] is 1/sum (0: sees nothing), lse [m]
 * the log of the sum of e^s. p may be s in the float32 form. In the bf16 form scores and lse are in
 * units of log 2, so that the exponential is 2^s. */
void attend_soft32(float *p, float *inv, float *lse, const float *s, int ld, const int *lo, const int *hi,
                   int j0, int w, int m);
void attend_soft16(bf16 *p, float *inv, float *lse, const float *s, int ld, const int *lo, const int *hi,
                   int j0, int w, int m);

/* Least lo and greatest hi of queries [i0, i1) that see anything; false when none does. */
bool attend_span(const struct attention *at, int i0, int i1, int *lo, int *hi);

size_t attend_work32(const struct attention *at);
void attend_forward32(struct node *n);
void attend_back32(struct node *n, struct side *q, struct side *k, struct side *v);
size_t attend_work16(const struct attention *at);
void attend_forward16(struct node *n);
void attend_back16(struct node *n, struct side *q, struct side *k, struct side *v);

/* What the way back in bf16 makes probabilities from: a block of 32 keys and 32 queries. */
struct back_tile {
	const float *s, *dp;		/* Sᵀ, dPᵀ [32][32] */
	bf16 *p, *ds;			/* Pᵀ, dSᵀ [32][ld] */
	bf16 *packed;			/* dSᵀ as a panel, query i in column attend_column(i) */
	const float *lse, *D;		/* by query */
	const int *lo;			/* the first key a query sees, and how many: */
	const uint32_t *sees;
	size_t ld;
};
/* Pairs of rows are packed by unpacking within quarters of a register: this is where it puts them. */
static inline int attend_column(int i) { return i / 8 * 4 + i % 4 + (i & 4 ? 16 : 0); }

/* ---- with AVX512-BF16 (node_attend512.c): where vec512() -------------------------------------- */
void attend_soft512(bf16 *p, float *inv, float *lse, const float *s, int ld, const int *lo, const int *hi,
                    int j0, int w, int m);
/* Keys j0 .. j0+31 against queries q .. q+31; all: every query sees every key. */
void attend_chunk512(const struct back_tile *t, int j0, int q, bool all);
/* to [cols][ldt] = fromᵀ of float32, its columns in the order of attend_column; sizes multiples of 32 */
void attend_turn_over512(float *to, int ldt, const float *from, int ldf, int cols, int rows);
void attend_turn512(bf16 *to, size_t plane, int hp, const bf16 *x, size_t ldx, const float *c, const float *s,
                    int heads, int head, float scale, int rows, int place, int places);
void attend_scale512(bf16 *to, size_t plane, int hp, const bf16 *x, size_t ldx, int heads, int head, float scale,
                     int rows);
void attend_spread512(bf16 *x, size_t ldx, const bf16 *from, size_t plane, int hp, int heads, int head, bool add,
                      int rows);
void attend_turn_back512(bf16 *to, const float *g, int hp, const float *c, const float *s, int head, float scale,
                         int rows, int place, int places);
void attend_put512(bf16 *to, const float *from, int hp, const float *inv, int rows);
/* D [heads][ldd] of rows y, dy [rows][ld] */
void attend_dots512(float *D, int ldd, const bf16 *y, const bf16 *dy, size_t ld, int heads, int head, int rows);

#endif
