/* node_dropout.c - holes: a number lives with probability 1-p and is scaled by 1/(1-p)
 * [Srivastava et al. 2014].
 *
 *   in    x [N][D]
 *   out   y of the same type;  dx += dy ⊙ mask
 *
 * The mask is a function of (seed, step, lane, place of the node, index), made by mixing a counter
 * [Salmon et al. 2011: random numbers as easy as 1, 2, 3], so that it need not be kept and the
 * way back makes it again. The mixer is two rounds of lowbias32 [Wellons 2018].
 */
#include "num/fast.h"
#include "num/net/net.h"

enum { PIECE = 2048 };

struct drop {
	float live;		/* 1 / (1 - p) */
	uint32_t below;		/* a number dies when its hash is below: p · 2^32 */
};

static inline uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7FEB352Du;
	x ^= x >> 15;
	x *= 0x846CA68Bu;
	return x ^ x >> 16;
}

static NUM_FAST void masked(float *x, float live, uint32_t below, uint32_t a, uint32_t b, uint32_t from,
                            uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t h = mix(mix((from + i) ^ a) + b);

		x[i] = pick(h >= below, x[i] * live, 0);
	}
}

/* from (times mask) into to, or added to it; both of n's type. */
static void through(const struct node *n, void *to, const void *from, bool add)
{
	const struct drop *d = n->own;
	uint64_t place = (uint64_t)n->net->lane << 32 | (uint32_t)n->at;
	struct rng r = rng_stream(n->net->seed ^ place * 0x9E3779B97F4A7C15u, "num.dropout", n->net->step);
	uint64_t key = rng_u64(&r);
	float v[PIECE], was[PIECE];

	for (size_t at = 0, all = node_len(n); at < all; at += PIECE) {
		size_t m = all - at < PIECE ? all - at : PIECE;

		if (n->type == NUM_F32)
			memcpy(v, (const float *)from + at, m * sizeof *v);
		else
			bf16_up_n(v, (const bf16 *)from + at, m);
		masked(v, d->live, d->below, (uint32_t)key, (uint32_t)(key >> 32), (uint32_t)at, (uint32_t)m);
		if (n->type == NUM_F32 && add) {
			num_axpy((float *)to + at, 1, v, m);
		} else if (n->type == NUM_F32) {
			memcpy((float *)to + at, v, m * sizeof *v);
		} else {
			if (add) {
				bf16_up_n(was, (const bf16 *)to + at, m);
				num_axpy(v, 1, was, m);
			}
			bf16_down_n((bf16 *)to + at, v, m);
		}
	}
}

static void forward(struct node *n)
{
	through(n, n->x, n->in[0]->x, false);
}

static void back(struct node *n)
{
	if (n->in[0]->wants)
		through(n, n->in[0]->dx, n->dx, node_add(n->in[0]));
}

static const struct node_kind kind_dropout = { .name = "dropout", .forward = forward, .back = back };

struct node *net_dropout(struct net *t, struct node *x, double p)
{
	struct node *n;
	struct drop *d;

	must(p >= 0 && p < 1 && node_len(x) <= UINT32_MAX);
	if (p == 0 || !t->train)
		return x;
	n = net_node(t, &kind_dropout, x->N, x->D, x->type, sizeof *d);
	d = n->own;
	d->live = (float)(1 / (1 - p));
	d->below = (uint32_t)(p * 4294967296.0);
	node_in(n, x);
	return n;
}
