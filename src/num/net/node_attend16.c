/* node_attend16.c - attention in bf16: blocks of 32 queries and 32 keys, one head at a time.
 *
 *   in    heads of q, k, v, turned and scaled (node_attend.c)
 *   out   y, the log-sum-exp in keep [heads][N]; dq, dk, dv
 *
 * Forward takes 32 queries and all their keys: S = Q·Kᵀ, its softmax P, P·V. Back takes 32 keys
 * and all queries that see them, with Sᵀ [32][queries]: then Pᵀ and dSᵀ are the left operands of
 * dV = Pᵀ·dy and dK = dSᵀ·Q as they are made, and dSᵀ is at once written as the right one too, for
 * dQᵀ = Kᵀ·dSᵀ. Nothing large is transposed, and a block's scores never leave the nearest cache.
 *
 * Sizes are padded to multiples of 32 with zeros: hp for the head, Tp and Sp for rows. Scores are in
 * units of log 2 (q is scaled by log2 e), so that the exponential is 2^s.
 */
#include "num/fast.h"
#include "num/net/node_attend.h"
#include "num/mm/tiles.h"
#include "num/mm/vec512.h"

enum { B = 32 };			/* queries and keys of a block */
enum { PIECE = 4, ROW = PIECE * B + B };	/* blocks of queries between sums of dV and dK; the stride
					   of a row of them, padded so that rows do not meet in few
					   sets of the cache */

/* ---- forward -------------------------------------------------------------------------------- */
struct front {
	bf16 *q, *k, *v, *y;		/* planes [heads][Tp or Sp][hp] */
	bf16 *kt, *vp;			/* of one head: packed Kᵀ [hp][S], V [S][hp] */
	float *s;			/* [B][row_of(S)] */
	bf16 *p;			/* [B][row_of(S)] */
	float *o;			/* [B][hp] */
	float *inv;			/* [B] */
};

static int row_of(int n)
{
	return up32(n) + B;
}

static size_t front_of(struct front *f, const struct attention *at, void *base)
{
	size_t used = 0, hp = (size_t)up32(at->a.head), row = (size_t)row_of(at->S);
	size_t T = attend_plane(at, at->T), S = attend_plane(at, at->S), heads = (size_t)at->a.heads;

	f->q = cut(base, &used, heads * T * sizeof(bf16));
	f->k = cut(base, &used, heads * S * sizeof(bf16));
	f->v = cut(base, &used, heads * S * sizeof(bf16));
	f->y = cut(base, &used, heads * T * sizeof(bf16));
	f->kt = cut(base, &used, S * sizeof(bf16));
	f->vp = cut(base, &used, S * sizeof(bf16));
	f->s = cut(base, &used, B * row * sizeof(float));
	f->p = cut(base, &used, B * row * sizeof(bf16));
	f->o = cut(base, &used, B * hp * sizeof(float));
	f->inv = cut(base, &used, B * sizeof(float));
	return used;
}

/* Rows of sums divided by those of their probabilities. */
static void put_rows(const struct attention *at, bf16 *y, const float *o, const float *inv, int m)
{
	int hp = up32(at->a.head);

#if MM_X86
	if (at->fast) {
		attend_put512(y, o, hp, inv, m);
		return;
	}
#endif
	for (int i = 0; i < m; i++)
		for (int d = 0; d < hp; d++)
			y[i * hp + d] = bf16_down(o[i * hp + d] * inv[i]);
}

static void soft(const struct attention *at, const struct front *f, float *lse, int i0, int lo, int w, int m)
{
	int ld = row_of(at->S);

#if MM_X86
	if (at->fast) {
		attend_soft512(f->p, f->inv, lse, f->s, ld, at->lo + i0, at->hi + i0, lo, w, m);
		return;
	}
#endif
	attend_soft16(f->p, f->inv, lse, f->s, ld, at->lo + i0, at->hi + i0, lo, w, m);
}

/* Queries i0.. of head h in group g. */
static void queries(struct node *n, struct front *f, bool amx, int g, int h, int i0)
{
	const struct attention *at = n->own;
	int hp = up32(at->a.head), Sp = up32(at->S), ld = row_of(at->S);
	int m = at->T - i0 < B ? at->T - i0 : B, lo = 0, hi = 0;
	float *lse = (float *)n->keep + (size_t)h * n->N + (size_t)g * at->T + i0;
	size_t row = (size_t)h * attend_plane(at, at->T) + (size_t)i0 * hp;

	if (attend_span(at, i0, i0 + m, &lo, &hi)) {
		lo &= ~(B - 1);
		hi = up32(hi);
	} else {
		lo = hi = 0;
	}
	for (int j = lo; j < hi; j += B)
		tiles_block(amx, f->s + j - lo, ld, false, f->q + row, hp, f->kt + (size_t)j * hp, hp / B);
	soft(at, f, lse, i0, lo, hi - lo, m);
	if (hi == 0)
		memset(f->o, 0, (size_t)B * hp * sizeof(float));
	for (int d = 0; d < hp && hi > 0; d += B)
		tiles_block(amx, f->o + d, hp, false, f->p, ld, f->vp + (size_t)d * Sp + (size_t)lo * B, (hi - lo) / B);
	put_rows(at, f->y + row, f->o, f->inv, m);
}

void attend_forward16(struct node *n)
{
	const struct attention *at = n->own;
	int hp = up32(at->a.head), T = at->T, S = at->S;
	size_t plane = attend_plane(at, S);
	struct side q, k, v;
	bool amx = tiles_begin();
	struct front f;

	attend_sides(at, &q, &k, &v);
	front_of(&f, at, n->net->work);
	for (int g = 0; g < at->groups; g++) {
		attend_load16(f.q, at, &q, g * T, T, at->scale * LOG2E);
		attend_load16(f.k, at, &k, g * S, S, 1);
		attend_load16(f.v, at, &v, g * S, S, 1);
		for (int h = 0; h < at->a.heads; h++) {
			mm_pack(f.kt, f.k + (size_t)h * plane, NUM_BF16, hp, true, hp, S);
			mm_pack(f.vp, f.v + (size_t)h * plane, NUM_BF16, hp, false, S, hp);
			for (int i0 = 0; i0 < T; i0 += B)
				queries(n, &f, amx, g, h, i0);
		}
		attend_spread((bf16 *)n->x + (size_t)g * T * n->D, (size_t)n->D, f.y, at, false, T);
	}
	tiles_end(amx);
}

/* ---- back ------------------------------------------------------------------------------------ */
struct rear {
	bf16 *q, *dy;			/* planes [heads][Tp][hp] */
	bf16 *k, *v;			/* planes [heads][Sp][hp] */
	bf16 *dq, *dk, *dv;		/* the same of gradients */
	float *D;			/* [heads][Tp] */
	/* Of one head: */
	bf16 *kt;			/* Kᵀ [hp][Sp] */
	bf16 *qt, *dyt;			/* packed Qᵀ, dyᵀ [hp][T] */
	bf16 *qp, *dyp;			/* packed Q, dy [T][hp] */
	float *s, *dp;			/* Sᵀ, dPᵀ of a block, [B][B] */
	bf16 *p, *ds;			/* Pᵀ, dSᵀ of a piece, [B][ROW] */
	bf16 *dsp;			/* packed dSᵀ of a block, columns in the order of attend_column */
	float *dqt;			/* dQᵀ [hp][Tp], columns in that order; */
	float *whole;			/* and dQ [Tp][hp] */
	float *dko, *dvo;		/* [B][hp] */
	float *lse;			/* [Tp] */
	int *lo;			/* [Tp], and how many keys each sees: */
	uint32_t *sees;
};

static size_t rear_of(struct rear *r, const struct attention *at, void *base)
{
	size_t used = 0, T = attend_plane(at, at->T), S = attend_plane(at, at->S), heads = (size_t)at->a.heads;
	size_t hp = (size_t)up32(at->a.head), Tp = (size_t)up32(at->T);

	r->q = cut(base, &used, heads * T * sizeof(bf16));
	r->dy = cut(base, &used, heads * T * sizeof(bf16));
	r->k = cut(base, &used, heads * S * sizeof(bf16));
	r->v = cut(base, &used, heads * S * sizeof(bf16));
	r->dq = cut(base, &used, heads * T * sizeof(bf16));
	r->dk = cut(base, &used, heads * S * sizeof(bf16));
	r->dv = cut(base, &used, heads * S * sizeof(bf16));
	r->D = cut(base, &used, heads * Tp * sizeof(float));
	r->kt = cut(base, &used, S * sizeof(bf16));
	r->qt = cut(base, &used, T * sizeof(bf16));
	r->dyt = cut(base, &used, T * sizeof(bf16));
	r->qp = cut(base, &used, T * sizeof(bf16));
	r->dyp = cut(base, &used, T * sizeof(bf16));
	r->s = cut(base, &used, B * B * sizeof(float));
	r->dp = cut(base, &used, B * B * sizeof(float));
	r->p = cut(base, &used, B * ROW * sizeof(bf16));
	r->ds = cut(base, &used, B * ROW * sizeof(bf16));
	r->dsp = cut(base, &used, B * B * sizeof(bf16));
	r->dqt = cut(base, &used, T * sizeof(float));
	r->whole = cut(base, &used, T * sizeof(float));
	r->dko = cut(base, &used, B * hp * sizeof(float));
	r->dvo = cut(base, &used, B * hp * sizeof(float));
	r->lse = cut(base, &used, Tp * sizeof(float));
	r->lo = cut(base, &used, Tp * sizeof(int));
	r->sees = cut(base, &used, Tp * sizeof(uint32_t));
	return used;
}

size_t attend_work16(const struct attention *at)
{
	struct front f;
	struct rear r;
	size_t a = front_of(&f, at, NULL), b = rear_of(&r, at, NULL);

	return a > b ? a : b;
}

/* Pᵀ and dSᵀ of keys j0 .. j0+31 against queries q .. q+31. In the packed form, query i stands in
 * column attend_column(i): as the chip's unpacking leaves them. */
static NUM_FAST void chunk_loop(const struct back_tile *t, int j0, int q, bool all)
{
	for (int j = 0; j < B; j += 2) {
		const float *s = t->s + j * B, *dp = t->dp + j * B;
		bf16 *p = t->p + (size_t)j * t->ld, *ds = t->ds + (size_t)j * t->ld;

		for (int i = 0; i < B; i++) {
			float p0 = fast_exp((s[i] - t->lse[q + i]) * LN2), p1 = fast_exp((s[B + i] - t->lse[q + i]) * LN2);
			uint32_t key = (uint32_t)(j0 + j - t->lo[q + i]);

			p0 = pick(all | (key < t->sees[q + i]), p0, 0);
			p1 = pick(all | (key + 1 < t->sees[q + i]), p1, 0);
			p[i] = bf16_down(p0);
			p[t->ld + (size_t)i] = bf16_down(p1);
			ds[i] = bf16_down(p0 * (dp[i] - t->D[q + i]));
			ds[t->ld + (size_t)i] = bf16_down(p1 * (dp[B + i] - t->D[q + i]));
		}
		for (int i = 0; i < B; i++) {
			t->packed[(j * B) + 2 * attend_column(i)] = ds[i];
			t->packed[(j * B) + 2 * attend_column(i) + 1] = ds[t->ld + (size_t)i];
		}
	}
}

/* The block of keys j0.. and chunk c of queries, the slot-th of its piece: its probabilities, and dQᵀ. */
static void block(const struct attention *at, struct rear *r, bool amx, int h, int j0, int c, int slot)
{
	int hp = up32(at->a.head), Tp = up32(at->T), Sp = up32(at->S), q = B * c;
	size_t key = (size_t)h * attend_plane(at, at->S) + (size_t)j0 * hp;
	struct back_tile t = { r->s, r->dp, r->p + slot * B, r->ds + slot * B, r->dsp, r->lse,
	                       r->D + (size_t)h * Tp, r->lo, r->sees, ROW };
	bool all = at->chunk[c].all_lo <= j0 && at->chunk[c].all_hi >= j0 + B;

	tiles_block(amx, r->s, B, false, r->k + key, hp, r->qt + (size_t)q * hp, hp / B);
	tiles_block(amx, r->dp, B, false, r->v + key, hp, r->dyt + (size_t)q * hp, hp / B);
#if MM_X86
	if (at->fast)
		attend_chunk512(&t, j0, q, all);
	else
#endif
		chunk_loop(&t, j0, q, all);
	for (int d = 0; d < hp; d += B)
		tiles_block(amx, r->dqt + (size_t)d * Tp + q, Tp, true, r->kt + (size_t)d * Sp + j0, Sp, r->dsp, 1);
}

static bool meets(const struct attention *at, int c, int j0)
{
	return at->chunk[c].any_lo < j0 + B && at->chunk[c].any_hi > j0;
}

/* dV and dK of keys j0 .. j0+31 of head h. */
static void keys(const struct attention *at, struct rear *r, bool amx, int h, int j0)
{
	int hp = up32(at->a.head), Tp = up32(at->T), chunks = Tp / B, slot;
	bool add = false;

	for (int c = 0; c < chunks; c += slot) {
		slot = 0;
		if (!meets(at, c, j0)) {
			slot = 1;
			continue;
		}
		for (; slot < PIECE && c + slot < chunks && meets(at, c + slot, j0); slot++)
			block(at, r, amx, h, j0, c + slot, slot);
		for (int d = 0; d < hp; d += B) {
			size_t from = (size_t)d * Tp + (size_t)c * B * B;

			tiles_block(amx, r->dvo + d, hp, add, r->p, ROW, r->dyp + from, slot);
			tiles_block(amx, r->dko + d, hp, add, r->ds, ROW, r->qp + from, slot);
		}
		add = true;
	}
	if (!add) {			/* nobody sees these keys */
		memset(r->dko, 0, (size_t)B * hp * sizeof(float));
		memset(r->dvo, 0, (size_t)B * hp * sizeof(float));
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

static void dots(const struct attention *at, float *D, const bf16 *y, const bf16 *dy, int ld)
{
	int head = at->a.head, Tp = up32(at->T);

#if MM_X86
	if (at->fast) {
		attend_dots512(D, Tp, y, dy, (size_t)ld, at->a.heads, head, at->T);
		return;
	}
#endif
	for (int h = 0; h < at->a.heads; h++)
		dots_loop(D + (size_t)h * Tp, y + h * head, dy + h * head, (size_t)ld, head, at->T);
}

/* All heads of group g. */
static void load_group(struct node *n, struct rear *r, int g)
{
	const struct attention *at = n->own;
	int T = at->T, S = at->S;
	size_t row = (size_t)g * T * n->D;
	struct node grad = { .N = n->N, .D = n->D, .type = n->type, .x = n->dx };
	struct side q, k, v, dy = { &grad, 0, 1, false, false };

	attend_sides(at, &q, &k, &v);
	attend_load16(r->q, at, &q, g * T, T, at->scale * LOG2E);
	attend_load16(r->k, at, &k, g * S, S, 1);
	attend_load16(r->v, at, &v, g * S, S, 1);
	attend_load16(r->dy, at, &dy, g * T, T, 1);
	dots(at, r->D, (const bf16 *)n->x + row, (const bf16 *)n->dx + row, n->D);
}

static void load_head(struct node *n, struct rear *r, int g, int h)
{
	const struct attention *at = n->own;
	int hp = up32(at->a.head), T = at->T, Sp = up32(at->S);
	const bf16 *q = r->q + (size_t)h * attend_plane(at, T), *dy = r->dy + (size_t)h * attend_plane(at, T);
	const float *lse = (const float *)n->keep + (size_t)h * n->N + (size_t)g * T;

	mm_pack(r->qt, q, NUM_BF16, hp, true, hp, T);
	mm_pack(r->qp, q, NUM_BF16, hp, false, T, hp);
	mm_pack(r->dyt, dy, NUM_BF16, hp, true, hp, T);
	mm_pack(r->dyp, dy, NUM_BF16, hp, false, T, hp);
	mm_transpose(r->kt, Sp, r->k + (size_t)h * attend_plane(at, at->S), hp, Sp, hp);
	memcpy(r->lse, lse, (size_t)T * sizeof(float));
	memset(r->dqt, 0, (size_t)hp * up32(T) * sizeof(float));
}

/* Queries beyond the last see nothing. */
static void load_bounds(struct rear *r, const struct attention *at)
{
	memset(r->D, 0, (size_t)at->a.heads * up32(at->T) * sizeof *r->D);
	for (int i = 0; i < up32(at->T); i++) {
		bool in = i < at->T;

		r->lo[i] = in ? at->lo[i] : 0;
		r->sees[i] = in ? (uint32_t)(at->hi[i] - at->lo[i]) : 0;
		r->lse[i] = LSE_NONE;
	}
}

/* dQ [Tp][hp] of dQᵀ, whose columns are in the order of attend_column. */
static void turn_over(float *to, const struct attention *at, const float *dqt)
{
	int hp = up32(at->a.head), Tp = up32(at->T);

#if MM_X86
	if (at->fast) {
		attend_turn_over512(to, hp, dqt, Tp, Tp, hp);
		return;
	}
#endif
	for (int i = 0; i < Tp; i++)
		for (int d = 0; d < hp; d++)
			to[(size_t)i * hp + d] = dqt[(size_t)d * Tp + (i & ~(B - 1)) + attend_column(i & (B - 1))];
}

/* Head h: q was scaled when it was loaded, and put into units of log 2; of that, dk has too much
 * and dq nothing. */
static void head_back(struct node *n, struct rear *r, bool amx, int g, int h, const struct side *q,
                      const struct side *k, const struct side *v)
{
	const struct attention *at = n->own;
	int hp = up32(at->a.head);
	size_t row = (size_t)h * attend_plane(at, at->S);

	load_head(n, r, g, h);
	for (int j0 = 0; j0 < at->S; j0 += B, row += (size_t)B * hp) {
		int m = at->S - j0 < B ? at->S - j0 : B;

		keys(at, r, amx, h, j0);
		attend_turn_back(r->dk + row, at, k, r->dko, g * at->S + j0, m, LN2);
		attend_turn_back(r->dv + row, at, v, r->dvo, g * at->S + j0, m, 1);
	}
	turn_over(r->whole, at, r->dqt);
	attend_turn_back(r->dq + (size_t)h * attend_plane(at, at->T), at, q, r->whole, g * at->T, at->T, at->scale);
}

static void spread(const struct attention *at, const struct side *s, const bf16 *planes, int from, int rows)
{
	bf16 *to = (bf16 *)s->n->dx + (size_t)from * s->n->D + s->at;

	if (s->n->wants)
		attend_spread(to, (size_t)s->n->D, planes, at, s->add, rows);
}

void attend_back16(struct node *n, struct side *q, struct side *k, struct side *v)
{
	const struct attention *at = n->own;
	bool amx = tiles_begin();
	struct rear r;

	rear_of(&r, at, n->net->work);
	load_bounds(&r, at);
	for (int g = 0; g < at->groups; g++) {
		load_group(n, &r, g);
		for (int h = 0; h < at->a.heads; h++)
			head_back(n, &r, amx, g, h, q, k, v);
		spread(at, q, r.dq, g * at->T, at->T);
		spread(at, k, r.dk, g * at->S, at->S);
		spread(at, v, r.dv, g * at->S, at->S);
	}
	tiles_end(amx);
}
