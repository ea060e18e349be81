/* node_attend.c - attention as a node: what it sees, RoPE, softmax of a tile; the products are in
 * node_attend32.c and node_attend16.c.
 *
 *   in    q [N][..], k, v [M][..]: columns by heads; range [2N] or none
 *   out   y [N][heads·head], head by head: softmax(q·kᵀ/sqrt(head) + mask)·v
 *
 * A tile of queries at a time meets all its keys, so that no T×T matrix is ever in memory
 * [Rabe & Staats 2021]; only the log-sum-exp of each query and head is kept, and the way back
 * makes the probabilities again [Dao 2022; 2023]. With P the probabilities, D = rowsum(dy ⊙ y):
 *
 *   dV = Pᵀ·dy,  dP = dy·Vᵀ,  dS = P ⊙ (dP - D),  dQ = dS·K/sqrt(head),  dK = dSᵀ·Q/sqrt(head)
 *
 * Invariants: a query that sees nothing gives zeros and takes no gradient; every number of the
 * gradient of q, k and v is written, also of columns and rows that nobody reads.
 */
#include <math.h>

#include "num/fast.h"
#include "num/net/node_attend.h"
#include "num/strands.h"
#include "num/mm/vec512.h"

/* ---- loading and storing heads ------------------------------------------------------------- */
static NUM_FAST void turn32(float *to, int ld, const float *x, size_t ldx, const float *c, const float *s,
                            int half, float scale, int rows, int place, int places)
{
	for (int r = 0; r < rows; r++, x += ldx, to += ld) {
		const float *cr = c + (size_t)((place + r) % places) * half;
		const float *sr = s + (size_t)((place + r) % places) * half;

		for (int i = 0; i < half; i++) {
			float a = x[2 * i] * scale, b = x[2 * i + 1] * scale;

			to[2 * i] = a * cr[i] - b * sr[i];
			to[2 * i + 1] = a * sr[i] + b * cr[i];
		}
	}
}

static NUM_FAST void copy32(float *to, int ld, const float *x, size_t ldx, int head, float scale, int rows)
{
	for (int r = 0; r < rows; r++, x += ldx, to += ld)
		for (int i = 0; i < head; i++)
			to[i] = x[i] * scale;
}

static void pad_zero(void *to, size_t size, int head, int ld, int rows)
{
	for (int r = 0; head < ld && r < rows; r++)
		memset((char *)to + ((size_t)r * ld + head) * size, 0, (size_t)(ld - head) * size);
}

void attend_sides(const struct attention *at, struct side *q, struct side *k, struct side *v)
{
	bool rope = at->c != NULL;

	*q = (struct side){ at->q, at->a.q_at, at->places_q, rope, false };
	*k = (struct side){ at->k, at->a.k_at, at->places_k, rope, false };
	*v = (struct side){ at->v, at->a.v_at, at->places_k, false, false };
}

void attend_load32(float *to, int ld, const struct attention *at, const struct side *s, int from, int rows,
                   int h, float scale)
{
	int head = at->a.head;
	const float *x = (const float *)s->n->x + (size_t)from * s->n->D + s->at + (size_t)h * head;

	if (s->turn)
		turn32(to, ld, x, (size_t)s->n->D, at->c, at->s, head / 2, scale, rows, from % s->places,
		       s->places);
	else
		copy32(to, ld, x, (size_t)s->n->D, head, scale, rows);
	pad_zero(to, sizeof *to, head, ld, rows);
}

/* One row turned by minus its place, into to [head]. */
static NUM_FAST void turn_back(float *to, const float *g, const float *c, const float *s, int half, float scale)
{
	for (int i = 0; i < half; i++) {
		float a = g[2 * i] * scale, b = g[2 * i + 1] * scale;

		to[2 * i] = a * c[i] + b * s[i];
		to[2 * i + 1] = b * c[i] - a * s[i];
	}
}

/* Row r of a gradient as it is to leave: turned back or not, scaled. */
static void leave(float *to, const struct attention *at, const struct side *s, const float *g, int r, float scale)
{
	int half = at->a.head / 2;
	size_t place = (size_t)(r % s->places) * half;

	if (s->turn)
		turn_back(to, g, at->c + place, at->s + place, half, scale);
	else
		copy32(to, at->a.head, g, 0, at->a.head, scale, 1);
}

enum { HEAD_MAX = 1024 };

void attend_store32(const struct attention *at, const struct side *s, const float *g, int ld, int from,
                    int rows, int h, float scale)
{
	float tmp[HEAD_MAX];
	size_t head = (size_t)at->a.head;

	for (int r = from; r < from + rows; r++, g += ld) {
		float *to = (float *)s->n->dx + (size_t)r * s->n->D + s->at + (size_t)h * head;

		leave(tmp, at, s, g, r, scale);
		if (s->add)
			num_axpy(to, 1, tmp, head);
		else
			memcpy(to, tmp, head * sizeof *to);
	}
}

/* ---- the same in bf16, all heads -------------------------------------------------------------- */
static NUM_FAST void turn16(bf16 *to, const bf16 *x, const float *c, const float *s, int half, float scale)
{
	for (int i = 0; i < half; i++) {
		float a = bf16_up(x[2 * i]) * scale, b = bf16_up(x[2 * i + 1]) * scale;

		to[2 * i] = bf16_down(a * c[i] - b * s[i]);
		to[2 * i + 1] = bf16_down(a * s[i] + b * c[i]);
	}
}

static NUM_FAST void scale16(bf16 *to, const bf16 *x, float scale, int head)
{
	for (int i = 0; i < head; i++)
		to[i] = bf16_down(bf16_up(x[i]) * scale);
}

/* Rows of every plane beyond `rows`, and columns beyond the head. */
static void pad_planes(bf16 *planes, const struct attention *at, int rows)
{
	int hp = up32(at->a.head);
	size_t plane = attend_plane(at, rows), over = (size_t)(up32(rows) - rows) * hp;

	for (int h = 0; h < at->a.heads; h++, planes += plane) {
		memset(planes + (size_t)rows * hp, 0, over * sizeof *planes);
		pad_zero(planes, sizeof *planes, at->a.head, hp, rows);
	}
}

void attend_load16(bf16 *planes, const struct attention *at, const struct side *s, int from, int rows,
                   float scale)
{
	int head = at->a.head, hp = up32(head), place = from % s->places;
	size_t ldx = (size_t)s->n->D, plane = attend_plane(at, rows);
	const bf16 *x = (const bf16 *)s->n->x + (size_t)from * ldx + s->at;

	pad_planes(planes, at, rows);
#if MM_X86
	if (at->fast && s->turn) {
		attend_turn512(planes, plane, hp, x, ldx, at->c, at->s, at->a.heads, head, scale, rows, place,
		               s->places);
		return;
	} else if (at->fast) {
		attend_scale512(planes, plane, hp, x, ldx, at->a.heads, head, scale, rows);
		return;
	}
#endif
	for (int r = 0; r < rows; r++, x += ldx)
		for (int h = 0; h < at->a.heads; h++) {
			bf16 *to = planes + (size_t)h * plane + (size_t)r * hp;
			size_t turn = (size_t)((place + r) % s->places) * (size_t)(head / 2);

			if (s->turn)
				turn16(to, x + h * head, at->c + turn, at->s + turn, head / 2, scale);
			else
				scale16(to, x + h * head, scale, head);
		}
}

void attend_spread(bf16 *x, size_t ldx, const bf16 *planes, const struct attention *at, bool add, int rows)
{
	int head = at->a.head, hp = up32(head);
	size_t plane = attend_plane(at, rows);

#if MM_X86
	if (at->fast) {
		attend_spread512(x, ldx, planes, plane, hp, at->a.heads, head, add, rows);
		return;
	}
#endif
	for (int r = 0; r < rows; r++, x += ldx)
		for (int h = 0; h < at->a.heads; h++) {
			const bf16 *from = planes + (size_t)h * plane + (size_t)r * hp;
			bf16 *to = x + h * head;

			for (int i = 0; i < head; i++)
				to[i] = add ? bf16_down(bf16_up(to[i]) + bf16_up(from[i])) : from[i];
		}
}

void attend_turn_back(bf16 *to, const struct attention *at, const struct side *s, const float *g, int from,
                      int rows, float scale)
{
	float tmp[HEAD_MAX];
	int hp = up32(at->a.head);

#if MM_X86
	if (at->fast) {
		attend_turn_back512(to, g, hp, s->turn ? at->c : NULL, at->s, at->a.head, scale, rows,
		                    from % s->places, s->places);
		return;
	}
#endif
	for (int r = from; r < from + rows; r++, g += hp, to += hp) {
		leave(tmp, at, s, g, r, scale);
		bf16_down_n(to, tmp, (size_t)at->a.head);
	}
}

/* ---- softmax of a tile ---------------------------------------------------------------------- */
static inline float exp_sum32(float *p, const float *s, float top, int n)
{
	float a[STRANDS] = { 0 };
	int i = 0;

	for (; i + STRANDS <= n; i += STRANDS)
		for (int k = 0; k < STRANDS; k++) {
			p[i + k] = fast_exp(s[i + k] - top);
			a[k] += p[i + k];
		}
	for (int k = 0; i < n; i++, k++) {
		p[i] = fast_exp(s[i] - top);
		a[k] += p[i];
	}
	return strands_fold(a);
}

static inline float exp_sum16(bf16 *p, const float *s, float top, int n)
{
	float a[STRANDS] = { 0 };
	int i = 0;

	for (; i + STRANDS <= n; i += STRANDS)
		for (int k = 0; k < STRANDS; k++) {
			float e = fast_exp((s[i + k] - top) * LN2);

			p[i + k] = bf16_down(e);
			a[k] += e;
		}
	for (int k = 0; i < n; i++, k++) {
		float e = fast_exp((s[i] - top) * LN2);

		p[i] = bf16_down(e);
		a[k] += e;
	}
	return strands_fold(a);
}

#define SOFT(name, type, exp_sum, log) \
	NUM_FAST void name(type *p, float *inv, float *lse, const float *s, int ld, const int *lo, \
	                   const int *hi, int j0, int w, int m) \
	{ \
		for (int i = 0; i < m; i++, s += ld, p += ld) { \
			int a = lo[i] - j0, b = hi[i] - j0; \
			bool none = hi[i] <= lo[i]; \
			float top = none ? 0 : strands_max(s + a, b - a), sum; \
			if (none) \
				a = b = 0; \
			sum = exp_sum(p + a, s + a, top, b - a); \
			memset(p, 0, (size_t)a * sizeof *p); \
			memset(p + b, 0, (size_t)(w - b) * sizeof *p); \
			inv[i] = none ? 0 : 1 / sum; \
			lse[i] = none ? LSE_NONE : top + log(sum); \
		} \
	}

SOFT(attend_soft32, float, exp_sum32, logf)
SOFT(attend_soft16, bf16, exp_sum16, log2f)

/* ---- the node -------------------------------------------------------------------------------- */
bool attend_span(const struct attention *at, int i0, int i1, int *lo, int *hi)
{
	*lo = at->S;
	*hi = 0;
	for (int i = i0; i < i1; i++) {
		if (at->hi[i] <= at->lo[i])
			continue;
		*lo = at->lo[i] < *lo ? at->lo[i] : *lo;
		*hi = at->hi[i] > *hi ? at->hi[i] : *hi;
	}
	return *hi > *lo;
}

static void sum_up_chunks(struct attention *at)
{
	for (int i0 = 0; i0 < at->T; i0 += 32) {
		struct chunk *c = &at->chunk[i0 / 32];
		int i1 = i0 + 32 < at->T ? i0 + 32 : at->T;

		attend_span(at, i0, i1, &c->any_lo, &c->any_hi);
		c->all_lo = 0;
		c->all_hi = at->S;
		for (int i = i0; i < i1; i++) {
			c->all_lo = at->lo[i] > c->all_lo ? at->lo[i] : c->all_lo;
			c->all_hi = at->hi[i] < c->all_hi ? at->hi[i] : c->all_hi;
		}
	}
}

static void read_ranges(struct attention *at)
{
	const uint32_t *r = node_ids(at->range);

	for (int i = 0; i < at->T; i++) {
		bool none = r[2 * i + 1] <= r[2 * i];

		must(none || r[2 * i + 1] <= (uint32_t)at->S);
		at->lo[i] = none ? 0 : (int)r[2 * i];
		at->hi[i] = none ? 0 : (int)r[2 * i + 1];
	}
	sum_up_chunks(at);
}

static void forward(struct node *n)
{
	struct attention *at = n->own;

	if (at->range)
		read_ranges(at);
	if (n->type == NUM_F32)
		attend_forward32(n);
	else
		attend_forward16(n);
}

/* Whether q, k and v as sides of node x tile its columns without gap or overlap. */
static bool covers(const struct attention *at, const struct node *x)
{
	const struct node *of[3] = { at->q, at->k, at->v };
	int from[3] = { at->a.q_at, at->a.k_at, at->a.v_at }, wide = at->a.heads * at->a.head, sum = 0;

	for (int i = 0; i < 3; i++) {
		if (of[i] != x)
			continue;
		sum += wide;
		for (int k = 0; k < i; k++)
			if (of[k] == x && from[k] < from[i] + wide && from[i] < from[k] + wide)
				return false;
	}
	return sum == x->D;
}

/* Prepares the gradient of x once; true: its columns are to be added to. */
static bool add_to(struct attention *at, struct node *x)
{
	if (node_add(x))
		return true;
	if (covers(at, x))
		return false;
	memset(x->dx, 0, node_len(x) * num_size(x->type));
	return true;
}

static void back(struct node *n)
{
	struct attention *at = n->own;
	struct side q, k, v;

	attend_sides(at, &q, &k, &v);
	if (q.n->wants)
		q.add = add_to(at, q.n);
	if (k.n->wants)
		k.add = k.n == q.n ? q.add : add_to(at, k.n);
	if (v.n->wants)
		v.add = v.n == q.n ? q.add : v.n == k.n ? k.add : add_to(at, v.n);
	if (n->type == NUM_F32)
		attend_back32(n, &q, &k, &v);
	else
		attend_back16(n, &q, &k, &v);
}

static const struct node_kind kind_attend = {
	.name = "attend", .forward = forward, .back = back, .back_in = true, .back_out = true,
};

static void lay_rope(struct net *t, struct attention *at)
{
	int half = at->a.head / 2, places = at->places_q > at->places_k ? at->places_q : at->places_k;

	must(at->a.head % 2 == 0);
	at->c = TAKE(&t->mem, float, (size_t)places * half);
	at->s = TAKE(&t->mem, float, (size_t)places * half);
	for (int p = 0; p < places; p++)
		for (int i = 0; i < half; i++) {
			double turn = p * pow(at->a.rope_base, -2.0 * i / at->a.head);

			at->c[(size_t)p * half + i] = (float)cos(turn);
			at->s[(size_t)p * half + i] = (float)sin(turn);
		}
}

static void lay_bounds(struct attention *at)
{
	const struct attend *a = &at->a;

	for (int i = 0; i < at->T; i++) {
		int last = i + a->S - a->T, lo = 0, hi = a->S;

		if (a->causal && last + 1 < hi)
			hi = last + 1;
		if (a->window > 0 && last - a->window + 1 > 0)
			lo = last - a->window + 1;
		at->lo[i] = lo < hi ? lo : 0;
		at->hi[i] = lo < hi ? hi : 0;
	}
	sum_up_chunks(at);
}

struct node *net_attend(struct net *t, struct node *q, struct node *k, struct node *v, const struct attend *a,
                        struct node *range)
{
	int wide = a->heads * a->head;
	struct node *n = net_node(t, &kind_attend, q->N, wide, t->wide, sizeof(struct attention));
	struct attention *at = n->own;

	must(a->heads > 0 && a->head > 0 && a->head <= HEAD_MAX && a->T > 0 && a->S > 0);
	must(q->type == t->wide && k->type == t->wide && v->type == t->wide && k->N == v->N);
	must(a->q_at >= 0 && a->k_at >= 0 && a->v_at >= 0);
	must(a->q_at + wide <= q->D && a->k_at + wide <= k->D && a->v_at + wide <= v->D);
	must(range ? range->N == 2 * q->N : q->N % a->T == 0 && k->N == q->N / a->T * a->S);
	*at = (struct attention){ .a = *a, .q = q, .k = k, .v = v, .range = range };
	at->groups = range ? 1 : q->N / a->T;
	at->T = range ? q->N : a->T;
	at->S = range ? k->N : a->S;
	at->places_q = a->T;
	at->places_k = a->S;
	at->scale = (float)(1 / sqrt((double)a->head));
	at->fast = vec512();
	at->lo = TAKE(&t->mem, int, at->T);
	at->hi = TAKE(&t->mem, int, at->T);
	at->chunk = TAKE(&t->mem, struct chunk, at->T / 32 + 1);
	if (!range)
		lay_bounds(at);
	if (a->rope_base > 0)
		lay_rope(t, at);
	node_in(n, q);
	node_in(n, k);
	node_in(n, v);
	if (range)
		node_in(n, range);
	n->keep_bytes = (size_t)q->N * (size_t)a->heads * sizeof(float);
	node_work(n, t->wide == NUM_F32 ? attend_work32(at) : attend_work16(at));
	return n;
}
