/* node_attend16.c - attention's products in bf16, on packed operands of one head at a time.
 *
 *   in    heads of q, k, v, turned and scaled (node_attend.c)
 *   out   y, the log-sum-exp in keep [heads][N]; dq, dk, dv
 *
 * Forward goes by tiles of queries, with scores S [TILE][keys]. Back goes by tiles of keys, with
 * Sᵀ [TILE][queries]: then Pᵀ and dSᵀ are the left operands of dV = Pᵀ·dy and dK = dSᵀ·Q as they
 * are made, and dSᵀ is written at once in the packed form too, for dQᵀ = Kᵀ·dSᵀ. Nothing large is
 * transposed.
 *
 * Sizes are padded to multiples of 32 with zeros: hp for the head, Tp and Sp for rows.
 */
#include "num/fast.h"
#include "num/node_attend.h"
#include "num/vec512.h"

enum { QUERIES = 256 };			/* of one piece of Sᵀ */

/* ---- forward -------------------------------------------------------------------------------- */
struct front {
	bf16 *q;			/* [T][hp] */
	bf16 *k, *v;			/* [S][hp] */
	bf16 *kt, *vp;			/* packed Kᵀ [hp][S], V [S][hp] */
	float *s;			/* [TILE][Sp] */
	bf16 *p;			/* [TILE][Sp] */
	float *y;			/* [TILE][hp] */
	float *inv;			/* [TILE] */
};

static size_t front_of(struct front *f, const struct attention *at, void *base)
{
	size_t used = 0, hp = (size_t)up32(at->a.head), T = (size_t)at->T, S = (size_t)at->S;
	size_t Sp = (size_t)up32(at->S);

	f->q = cut(base, &used, T * hp * sizeof(bf16));
	f->k = cut(base, &used, S * hp * sizeof(bf16));
	f->v = cut(base, &used, S * hp * sizeof(bf16));
	f->kt = cut(base, &used, mm_packed((int)hp, at->S) * sizeof(bf16));
	f->vp = cut(base, &used, mm_packed(at->S, (int)hp) * sizeof(bf16));
	f->s = cut(base, &used, TILE * Sp * sizeof(float));
	f->p = cut(base, &used, TILE * Sp * sizeof(bf16));
	f->y = cut(base, &used, TILE * hp * sizeof(float));
	f->inv = cut(base, &used, TILE * sizeof(float));
	return used;
}

/* C[M][N] = A[M][K]·B[from.. from+K][N], B packed with `rows` rows: one panel of columns at a time,
 * for a stretch of its rows. from and K are multiples of 32. */
static void run_rows(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, int rows, int from,
                     bool add, float *C, int ldc)
{
	for (int n = 0; n < N; n += MM_PANEL)
		mm_run(M, N - n < MM_PANEL ? N - n : MM_PANEL, K, A, lda,
		       packed + (size_t)n * rows + (size_t)from * MM_PANEL, add, C + n, NUM_F32, ldc);
}

static NUM_FAST void put_loop(bf16 *y, size_t ldy, const float *from, int ld, const float *inv, int head, int m)
{
	for (int i = 0; i < m; i++, y += ldy, from += ld)
		for (int d = 0; d < head; d++)
			y[d] = bf16_down(from[d] * inv[i]);
}

static void put_rows(const struct attention *at, bf16 *y, size_t ldy, const float *from, int ld, const float *inv,
                     int m)
{
#if MM_X86
	if (at->fast) {
		attend_put512(y, ldy, from, ld, inv, at->a.head, m);
		return;
	}
#endif
	put_loop(y, ldy, from, ld, inv, at->a.head, m);
}

static void soft(const struct attention *at, const struct front *f, float *lse, int i0, int lo, int w, int m)
{
	int ld = up32(at->S);

#if MM_X86
	if (at->fast) {
		attend_soft512(f->p, f->inv, lse, f->s, ld, at->lo + i0, at->hi + i0, lo, w, m);
		return;
	}
#endif
	attend_soft16(f->p, f->inv, lse, f->s, ld, at->lo + i0, at->hi + i0, lo, w, m);
}

static void tile_forward(struct node *n, struct front *f, int g, int h, int i0, int m)
{
	const struct attention *at = n->own;
	int head = at->a.head, hp = up32(head), Sp = up32(at->S), lo, hi;
	float *lse = (float *)n->keep + (size_t)h * n->N + (size_t)g * at->T + i0;
	bf16 *y = (bf16 *)n->x + ((size_t)g * at->T + i0) * n->D + (size_t)h * head;
	bool any = attend_span(at, i0, i0 + m, &lo, &hi);

	if (!any)
		lo = hi = 0;
	lo &= ~31;
	hi = up32(hi);
	if (any)
		mm_run(m, hi - lo, hp, f->q + (size_t)i0 * hp, hp, f->kt + (size_t)lo * hp, false, f->s, NUM_F32,
		       Sp);
	soft(at, f, lse, i0, lo, hi - lo, m);
	if (any)
		run_rows(m, head, hi - lo, f->p, Sp, f->vp, Sp, lo, false, f->y, hp);
	else
		memset(f->y, 0, (size_t)m * hp * sizeof(float));
	put_rows(at, y, (size_t)n->D, f->y, hp, f->inv, m);
}

void attend_forward16(struct node *n)
{
	const struct attention *at = n->own;
	struct side q, k, v;
	int hp = up32(at->a.head);
	struct front f;

	attend_sides(at, &q, &k, &v);
	front_of(&f, at, n->net->work);
	for (int g = 0; g < at->groups; g++)
		for (int h = 0; h < at->a.heads; h++) {
			attend_load16(f.q, hp, at, &q, g * at->T, at->T, h, at->scale * LOG2E);
			attend_load16(f.k, hp, at, &k, g * at->S, at->S, h, 1);
			attend_load16(f.v, hp, at, &v, g * at->S, at->S, h, 1);
			mm_pack(f.kt, f.k, NUM_BF16, hp, true, hp, at->S);
			mm_pack(f.vp, f.v, NUM_BF16, hp, false, at->S, hp);
			for (int i0 = 0; i0 < at->T; i0 += TILE)
				tile_forward(n, &f, g, h, i0, at->T - i0 < TILE ? at->T - i0 : TILE);
		}
}

/* ---- back ------------------------------------------------------------------------------------ */
struct rear {
	bf16 *q, *dy;			/* [T][hp] */
	bf16 *k, *v;			/* [S][hp] */
	bf16 *kt;			/* Kᵀ [hp][Sp] */
	bf16 *qt, *dyt;			/* packed Qᵀ, dyᵀ [hp][T] */
	bf16 *qp, *dyp;			/* packed Q, dy [T][hp] */
	float *s, *dp;			/* Sᵀ, dPᵀ [TILE][QUERIES] */
	bf16 *p, *ds;			/* Pᵀ, dSᵀ [TILE][QUERIES] */
	bf16 *dsp;			/* packed dSᵀ [TILE][QUERIES] */
	float *dqt;			/* dQᵀ [hp][Tp] */
	float *dq;			/* [T][hp] */
	float *dk, *dv;			/* [TILE][hp] */
	float *D, *lse;			/* [Tp] */
	int *lo;			/* [Tp], and how many keys each sees: */
	uint32_t *sees;
};

static size_t rear_of(struct rear *r, const struct attention *at, void *base)
{
	int hp = up32(at->a.head), Tp = up32(at->T), Sp = up32(at->S);
	size_t used = 0, T = (size_t)Tp * hp, S = (size_t)Sp * hp, tile = TILE * QUERIES;

	r->q = cut(base, &used, T * sizeof(bf16));
	r->dy = cut(base, &used, T * sizeof(bf16));
	r->k = cut(base, &used, S * sizeof(bf16));
	r->v = cut(base, &used, S * sizeof(bf16));
	r->kt = cut(base, &used, S * sizeof(bf16));
	r->qt = cut(base, &used, T * sizeof(bf16));
	r->dyt = cut(base, &used, T * sizeof(bf16));
	r->qp = cut(base, &used, T * sizeof(bf16));
	r->dyp = cut(base, &used, T * sizeof(bf16));
	r->s = cut(base, &used, tile * sizeof(float));
	r->dp = cut(base, &used, tile * sizeof(float));
	r->p = cut(base, &used, tile * sizeof(bf16));
	r->ds = cut(base, &used, tile * sizeof(bf16));
	r->dsp = cut(base, &used, tile * sizeof(bf16));
	r->dqt = cut(base, &used, T * sizeof(float));
	r->dq = cut(base, &used, T * sizeof(float));
	r->dk = cut(base, &used, (size_t)TILE * hp * sizeof(float));
	r->dv = cut(base, &used, (size_t)TILE * hp * sizeof(float));
	r->D = cut(base, &used, (size_t)Tp * sizeof(float));
	r->lse = cut(base, &used, (size_t)Tp * sizeof(float));
	r->lo = cut(base, &used, (size_t)Tp * sizeof(int));
	r->sees = cut(base, &used, (size_t)Tp * sizeof(uint32_t));
	return used;
}

size_t attend_work16(const struct attention *at)
{
	struct front f;
	struct rear r;
	size_t a = front_of(&f, at, NULL), b = rear_of(&r, at, NULL);

	return a > b ? a : b;
}

/* Keys j0.. (rows of Sᵀ) against the 32 queries from q on, at column `at` of the tile. */
static NUM_FAST void chunk_loop(const struct back_tile *t, int at, bf16 *packed, int j0, int keys, int q, bool all)
{
	for (int j = 0; j < keys; j += 2) {
		size_t from = (size_t)j * t->ld + (size_t)at, next = from + t->ld;

		for (int i = 0; i < 32; i++) {
			float p0 = fast_exp((t->s[from + i] - t->lse[q + i]) * LN2);
			float p1 = fast_exp((t->s[next + i] - t->lse[q + i]) * LN2);
			uint32_t key = (uint32_t)(j0 + j - t->lo[q + i]), d0, d1;

			p0 = pick(all | (key < t->sees[q + i]), p0, 0);
			p1 = pick(all | (key + 1 < t->sees[q + i]), p1, 0);
			d0 = bf16_down(p0 * (t->dp[from + i] - t->D[q + i]));
			d1 = bf16_down(p1 * (t->dp[next + i] - t->D[q + i]));
			t->p[from + i] = bf16_down(p0);
			t->p[next + i] = bf16_down(p1);
			t->ds[from + i] = (bf16)d0;
			t->ds[next + i] = (bf16)d1;
			d0 |= d1 << 16;
			memcpy(packed + (size_t)j * 32 + 2 * i, &d0, 4);
		}
	}
}

/* Rows j.. of a chunk that nobody sees, or that only pad. */
static void chunk_zero(const struct back_tile *t, int at, bf16 *packed, int j, int rows)
{
	memset(packed + (size_t)j * 32, 0, (size_t)(rows - j) * 32 * sizeof(bf16));
	for (; j < rows; j++) {
		memset(t->p + (size_t)j * t->ld + at, 0, 32 * sizeof(bf16));
		memset(t->ds + (size_t)j * t->ld + at, 0, 32 * sizeof(bf16));
	}
}

/* Pᵀ and dSᵀ of `keys` keys from j0 against chunks c0 .. c1-1 of queries; rows are made up to a
 * multiple of 32. */
static void probabilities(const struct attention *at, const struct rear *r, int j0, int keys, int c0, int c1)
{
	struct back_tile t = { r->s, r->dp, r->p, r->ds, r->lse, r->D, r->lo, r->sees, QUERIES };
	int rows = up32(keys), even = (keys + 1) & ~1;

	for (int c = c0; c < c1; c++) {
		const struct chunk *k = &at->chunk[c];
		bool any = k->any_lo < j0 + keys && k->any_hi > j0;
		bool all = k->all_lo <= j0 && k->all_hi >= j0 + even;
		int col = (c - c0) * 32;
		bf16 *packed = r->dsp + (size_t)col * rows;

#if MM_X86
		if (any && at->fast)
			attend_chunk512(&t, col, packed, j0, even, 32 * c, all);
		else
#endif
		if (any)
			chunk_loop(&t, col, packed, j0, even, 32 * c, all);
		chunk_zero(&t, col, packed, any ? even : 0, rows);
	}
}

/* Keys [j0, j0 + keys) against chunks c0 .. c1-1; the first piece writes dk and dv, others add. */
static void piece(struct node *n, struct rear *r, int j0, int keys, int c0, int c1, bool first)
{
	const struct attention *at = n->own;
	int head = at->a.head, hp = up32(head), Tp = up32(at->T), Sp = up32(at->S), i0 = 32 * c0;
	int w = 32 * (c1 - c0);

	mm_run(keys, w, hp, r->k + (size_t)j0 * hp, hp, r->qt + (size_t)i0 * hp, false, r->s, NUM_F32, QUERIES);
	mm_run(keys, w, hp, r->v + (size_t)j0 * hp, hp, r->dyt + (size_t)i0 * hp, false, r->dp, NUM_F32,
	       QUERIES);
	if (keys % 2) {			/* the last key's neighbour in a pair */
		memset(r->s + (size_t)keys * QUERIES, 0, (size_t)w * sizeof(float));
		memset(r->dp + (size_t)keys * QUERIES, 0, (size_t)w * sizeof(float));
	}
	probabilities(at, r, j0, keys, c0, c1);
	run_rows(keys, head, w, r->p, QUERIES, r->dyp, Tp, i0, !first, r->dv, hp);
	run_rows(keys, head, w, r->ds, QUERIES, r->qp, Tp, i0, !first, r->dk, hp);
	mm_run(head, w, up32(keys), r->kt + j0, Sp, r->dsp, true, r->dqt + i0, NUM_F32, Tp);
}

static void tile_back(struct node *n, struct rear *r, int j0, int keys)
{
	const struct attention *at = n->own;
	int chunks = up32(at->T) / 32, c0 = 0, c1 = chunks;
	bool first = true;

	while (c0 < c1 && !(at->chunk[c0].any_lo < j0 + keys && at->chunk[c0].any_hi > j0))
		c0++;
	while (c1 > c0 && !(at->chunk[c1 - 1].any_lo < j0 + keys && at->chunk[c1 - 1].any_hi > j0))
		c1--;
	for (int c = c0; c < c1; c += QUERIES / 32, first = false)
		piece(n, r, j0, keys, c, c1 - c < QUERIES / 32 ? c1 : c + QUERIES / 32, first);
	if (first) {			/* nobody sees these keys */
		memset(r->dk, 0, (size_t)keys * up32(at->a.head) * sizeof(float));
		memset(r->dv, 0, (size_t)keys * up32(at->a.head) * sizeof(float));
	}
}

static NUM_FAST void dots_loop(float *D, const bf16 *y, const bf16 *dy, size_t ld, int head, int rows)
{
	for (int i = 0; i < rows; i++, y += ld, dy += ld) {
		float a[16] = { 0 }, sum = 0;
		int d = 0;

		for (; d + 16 <= head; d += 16)
			for (int k = 0; k < 16; k++)
				a[k] += bf16_up(y[d + k]) * bf16_up(dy[d + k]);
		for (int k = 0; d < head; d++, k++)
			a[k] += bf16_up(y[d]) * bf16_up(dy[d]);
		for (int k = 0; k < 16; k++)
			sum += a[k];
		D[i] = sum;
	}
}

static void dots(const struct attention *at, float *D, const bf16 *y, const bf16 *dy, int ld, int rows)
{
#if MM_X86
	if (at->fast) {
		attend_dots512(D, y, dy, (size_t)ld, at->a.head, rows);
		return;
	}
#endif
	dots_loop(D, y, dy, (size_t)ld, at->a.head, rows);
}

static void load(struct node *n, struct rear *r, int g, int h)
{
	const struct attention *at = n->own;
	int head = at->a.head, hp = up32(head), T = at->T, S = at->S, Sp = up32(S);
	size_t row = (size_t)g * T, col = (size_t)h * head;
	struct side q, k, v;

	attend_sides(at, &q, &k, &v);
	attend_load16(r->q, hp, at, &q, g * T, T, h, at->scale * LOG2E);
	attend_load16(r->k, hp, at, &k, g * S, S, h, 1);
	attend_load16(r->v, hp, at, &v, g * S, S, h, 1);
	attend_load_dy16(r->dy, hp, n, g * T, T, h);
	mm_pack(r->qt, r->q, NUM_BF16, hp, true, hp, T);
	mm_pack(r->dyt, r->dy, NUM_BF16, hp, true, hp, T);
	mm_pack(r->qp, r->q, NUM_BF16, hp, false, T, hp);
	mm_pack(r->dyp, r->dy, NUM_BF16, hp, false, T, hp);
	mm_transpose(r->kt, Sp, r->k, hp, S, hp);
	for (int d = 0; S < Sp && d < hp; d++)
		memset(r->kt + (size_t)d * Sp + S, 0, (size_t)(Sp - S) * sizeof(bf16));
	dots(at, r->D, (const bf16 *)n->x + row * n->D + col, (const bf16 *)n->dx + row * n->D + col, n->D, T);
	memcpy(r->lse, (const float *)n->keep + (size_t)h * n->N + row, (size_t)T * sizeof(float));
	memset(r->dqt, 0, (size_t)hp * up32(T) * sizeof(float));
}

/* Queries beyond the last see nothing. */
static void load_bounds(struct rear *r, const struct attention *at)
{
	for (int i = 0; i < up32(at->T); i++) {
		bool in = i < at->T;

		r->lo[i] = in ? at->lo[i] : 0;
		r->sees[i] = in ? (uint32_t)(at->hi[i] - at->lo[i]) : 0;
		r->D[i] = 0;
		r->lse[i] = LSE_NONE;
	}
}

static void transpose(float *to, int ldt, const float *from, int ldf, int rows, int cols)
{
	for (int r0 = 0; r0 < rows; r0 += 16)
		for (int c = 0; c < cols; c++)
			for (int r = r0; r < r0 + 16 && r < rows; r++)
				to[(size_t)c * ldt + r] = from[(size_t)r * ldf + c];
}

void attend_back16(struct node *n, struct side *q, struct side *k, struct side *v)
{
	const struct attention *at = n->own;
	int hp = up32(at->a.head);
	struct rear r;

	rear_of(&r, at, n->net->work);
	load_bounds(&r, at);
	for (int g = 0; g < at->groups; g++)
		for (int h = 0; h < at->a.heads; h++) {
			load(n, &r, g, h);
			for (int j0 = 0; j0 < at->S; j0 += TILE) {
				int keys = at->S - j0 < TILE ? at->S - j0 : TILE;

				tile_back(n, &r, j0, keys);
				/* q was scaled when it was loaded, and put into units of log 2: of that, dk has
				 * too much and dq nothing. */
				if (k->n->wants)
					attend_store(at, k, r.dk, hp, g * at->S + j0, keys, h, LN2);
				if (v->n->wants)
					attend_store(at, v, r.dv, hp, g * at->S + j0, keys, h, 1);
			}
			if (!q->n->wants)
				continue;
			transpose(r.dq, hp, r.dqt, up32(at->T), at->a.head, at->T);
			attend_store(at, q, r.dq, hp, g * at->T, at->T, h, at->scale);
		}
}
