/* items.c - questions to a model: which of these scenes comes next?
 *
 *   in    a book's rows, a kind of wrong answers, a random stream
 *   out   items: target t, shuffled candidates, where the true one stands
 *
 * Definitions are DESIGN.md's (How it is measured), the reference is shared/tools/floors.py:
 *   far      5 scenes more than 12 away        near  5 of the scenes 2..12 ahead
 *   matched  the p scenes just above and the 5-p just below the true one in the blended
 *            similarity, p drawn from 0..5, so that neither likeness nor unlikeness tells
 *   far32    31 far scenes
 */
#include <stdlib.h>

#include "order/order.h"

const char *item_kind_name(enum item_kind k)
{
	static const char *const name[] = { "next6-far", "next6-near", "next6-matched", "next32" };

	must(k < ITEM_KINDS);
	return name[k];
}

void rows_make(struct rows *r, const struct strip *s, const struct svec *const *stem,
               struct numbering *t, struct arena *a)
{
	r->strip = s;
	r->stem = stem;
	r->context = TAKE(a, struct svec, s->n);
	for (size_t i = 1; i < s->n; i++) {
		svec_context(&r->context[i], stem, i - 1, i < CONTEXT_SCENES ? i : CONTEXT_SCENES,
		             0.75, a);
		svec_number(&r->context[i], t, a);
	}
}

static bool is_far(uint32_t t, uint32_t j)
{
	return (j > t ? j - t : t - j) > CONTEXT_SCENES;
}

/* k distinct far scenes; false when there are too few. Rejection: far is most of a book. */
static bool draw_far(struct item *it, const struct rows *r, uint32_t t, int k, struct rng *rng)
{
	uint32_t n = (uint32_t)r->strip->n, far = 0;

	for (uint32_t j = 0; j < n; j++)
		far += is_far(t, j);
	if (far < (uint32_t)k)
		return false;
	for (int i = 0; i < k;) {
		uint32_t j = (uint32_t)rng_below(rng, n);
		bool again = !is_far(t, j);

		for (int m = 0; m < i; m++)
			again |= it->cand[1 + m] == j;
		if (!again)
			it->cand[1 + i++] = j;
	}
	return true;
}

static bool draw_near(struct item *it, const struct rows *r, uint32_t t, struct rng *rng)
{
	uint32_t v[CONTEXT_SCENES], n = 0;

	for (uint32_t j = t + 2; j <= t + CONTEXT_SCENES && j < r->strip->n; j++)
		v[n++] = j;
	if (n < 5)
		return false;
	rng_shuffle(rng, v, n);
	memcpy(it->cand + 1, v, 5 * sizeof *v);
	return true;
}

struct scored { float s; uint32_t j; };

static int by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	return x->s != y->s ? (x->s > y->s) - (x->s < y->s) : (x->j > y->j) - (x->j < y->j);
}

/* The five far scenes nearest above and below the true one in the blended similarity. */
static bool draw_matched(struct item *it, const struct rows *r, uint32_t t, struct rng *rng)
{
	uint32_t n = (uint32_t)r->strip->n, m = 0, lo = 0, p;
	struct scored *v = mem_alloc(n, sizeof *v);
	float *last = mem_alloc(n, sizeof *last), *ctx = mem_alloc(n, sizeof *ctx), own;
	bool ok;

	svec_dots(last, r->stem[t - 1], r->stem, n);
	svec_dots(ctx, &r->context[t], r->stem, n);
	own = 0.6f * last[t] + 0.4f * ctx[t];
	for (uint32_t j = 0; j < n; j++)
		if (is_far(t, j))
			v[m++] = (struct scored){ 0.6f * last[j] + 0.4f * ctx[j], j };
	qsort(v, m, sizeof *v, by_score);
	while (lo < m && v[lo].s < own)
		lo++;
	ok = lo >= 5 && m - lo >= 5;
	if (ok) {
		p = (uint32_t)rng_below(rng, 6);
		for (uint32_t i = 0; i < 5; i++)
			it->cand[1 + i] = i < p ? v[lo + i].j : v[lo - 1 - (i - p)].j;
	}
	mem_free(last);
	mem_free(ctx);
	mem_free(v);
	return ok;
}

static bool draw(struct item *it, const struct rows *r, enum item_kind k, uint32_t t,
                 struct rng *rng)
{
	*it = (struct item){ .target = t, .n = k == ITEM_FAR32 ? 32 : 6 };
	it->cand[0] = t;
	switch (k) {
	case ITEM_FAR: return draw_far(it, r, t, 5, rng);
	case ITEM_FAR32: return draw_far(it, r, t, 31, rng);
	case ITEM_NEAR: return draw_near(it, r, t, rng);
	case ITEM_MATCHED: return draw_matched(it, r, t, rng);
	default: must(!"no such kind of item"); return false;
	}
}

size_t items_make(struct item **out, const struct rows *r, enum item_kind k, size_t max,
                  size_t phase, struct rng *rng, struct arena *a)
{
	size_t n = r->strip->n, step = n / max > 1 ? n / max : 1, got = 0, cap = n / step + 1;

	*out = NULL;
	if (n <= CONTEXT_SCENES)
		return 0;
	*out = TAKE(a, struct item, cap);
	for (size_t t = CONTEXT_SCENES + phase % step; t < n; t += step) {
		struct item *it = &(*out)[got];

		if (!draw(it, r, k, (uint32_t)t, rng))
			continue;
		rng_shuffle(rng, it->cand, it->n);
		while (it->cand[it->truth] != t)
			it->truth++;
		got++;
	}
	return got;
}
