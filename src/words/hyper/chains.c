/* chains.c - mines hyperlexemes: chains of words that act as one unit.
 *
 *   in    a stream of symbols; 0 is a border
 *   out   chains of 2..6 symbols, best first by the positions they save
 *
 * Spans are counted level by level: one of n symbols can only be frequent if both its halves
 * of n - 1 are [a priori: Agrawal & Srikant 1994], so each place carries the number of its
 * frequent span of n - 1 (or none), and a span of n is a pair of neighbours. Stickiness is
 * the normalised pointwise mutual information [Bouma 2009] of the split that explains the
 * span best, so «пожать плечами и» is no chain because «пожать плечами» | «и» explains it.
 * What is sticky is laid over the stream (chains_apply.c) and judged by what it then saves:
 * a part of a longer chain that never stands alone falls away.
 *
 * Cost: five passes over the stream and a hash of its distinct neighbours; three layings.
 * Memory: 8 bytes a place, 16 a distinct pair of neighbours. Same stream, same chains.
 */
#include <math.h>
#include <stdlib.h>

#include "words/hyper/chains_in.h"

enum { LIMIT_DEFAULT = 8192, COUNT_DEFAULT = 8, LAYINGS = 3, WIDE = 8, NONE = 0 };
static const float STICKY_DEFAULT = 0.2f;

/* A frequent span: spans are numbered from 1 through all levels; those of one symbol come
 * first, with the symbol's own number. */
struct span {
	uint32_t head, tail;	/* without its last symbol, without its first; of one symbol: 0 */
	uint32_t count;
};
struct mine {
	const uint32_t *stream;
	size_t n;
	uint32_t symbols, min_count;
	uint32_t *at;		/* [n] the span of the level that begins at a place, or NONE */
	struct span *span;
	size_t n_span, cap_span;
	size_t level[CHAIN_WORDS_MAX + 2];	/* first span of n symbols */
	double places;		/* symbols that are not borders */
	/* the pairs of a level */
	struct span *slot;	/* open addressing; count 0 is empty */
	size_t n_slot, cap;
};

/* ---- counting -------------------------------------------------------------------------- */

static struct span *find(struct span *slot, size_t cap, uint32_t head, uint32_t tail)
{
	uint64_t h = ((uint64_t)head << 32 | tail) * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(h ^ h >> 29) & (cap - 1);

	while (slot[i].count && (slot[i].head != head || slot[i].tail != tail))
		i = (i + 1) & (cap - 1);
	return &slot[i];
}

static void widen(struct mine *m)
{
	struct span *old = m->slot;
	size_t was = m->cap;

	m->cap = was ? 2 * was : 1 << 16;
	m->slot = mem_alloc(m->cap, sizeof *m->slot);
	for (size_t i = 0; i < was; i++)
		if (old[i].count)
			*find(m->slot, m->cap, old[i].head, old[i].tail) = old[i];
	mem_free(old);
}

static void count_pairs(struct mine *m)
{
	m->n_slot = 0;
	for (size_t i = 0; i + 1 < m->n; i++) {
		struct span *x;

		if (m->at[i] == NONE || m->at[i + 1] == NONE)
			continue;
		if (3 * (m->n_slot + 1) > 2 * m->cap)
			widen(m);
		x = find(m->slot, m->cap, m->at[i], m->at[i + 1]);
		if (!x->count) {
			*x = (struct span){ m->at[i], m->at[i + 1], 0 };
			m->n_slot++;
		}
		x->count++;
	}
}

/* Numbers the frequent pairs in order of first standing, and moves the places to them. */
static void number_pairs(struct mine *m)
{
	uint32_t next = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct span *x;
		uint32_t here = m->at[i];

		next = i + 1 < m->n ? m->at[i + 1] : NONE;
		m->at[i] = NONE;
		if (here == NONE || next == NONE)
			continue;
		x = find(m->slot, m->cap, here, next);
		if (x->count & 1u << 31) {
			m->at[i] = x->count & ~(1u << 31);
		} else if (x->count >= m->min_count) {
			m->at[i] = (uint32_t)m->n_span;
			VEC_PUSH(m->span, m->n_span, m->cap_span) = *x;
			x->count = 1u << 31 | m->at[i];		/* from here on its number */
		}
	}
}

/* Level 1: the frequent symbols, each under its own number. */
static void count_symbols(struct mine *m)
{
	m->cap_span = m->symbols;
	m->span = mem_alloc(m->cap_span, sizeof *m->span);
	m->n_span = m->symbols;
	for (size_t i = 0; i < m->n; i++) {
		must(m->stream[i] < m->symbols);
		m->span[m->stream[i]].count++;
		m->places += m->stream[i] != 0;
	}
	for (size_t i = 0; i < m->n; i++)
		m->at[i] = m->span[m->stream[i]].count >= m->min_count ? m->stream[i] : NONE;
}

static enum status count_spans(struct mine *m, const struct watch *w, struct err *e)
{
	count_symbols(m);
	m->level[1] = 0;
	for (int n = 2; n <= CHAIN_WORDS_MAX; n++) {
		if (watch_stopped(w))
			return err_set(e, ERR_STOP, "stopped while spans of %d words were counted", n);
		m->level[n] = m->n_span;
		if (m->cap)
			memset(m->slot, 0, m->cap * sizeof *m->slot);
		count_pairs(m);
		if (m->cap)
			number_pairs(m);
		watch_step(w, "chains", n - 1, CHAIN_WORDS_MAX + LAYINGS - 1, "passes");
	}
	m->level[CHAIN_WORDS_MAX + 1] = m->n_span;
	return OK;
}

/* ---- stickiness ------------------------------------------------------------------------ */

/* Normalised PMI of span x [n symbols] over its weakest split. */
static float sticky(const struct mine *m, uint32_t x, int n)
{
	double whole = m->span[x].count, least = 1;

	for (int k = 1; k < n; k++) {
		uint32_t left = x, right = x;
		double pmi;

		for (int i = k; i < n; i++)
			left = m->span[left].head;
		for (int i = 0; i < k; i++)
			right = m->span[right].tail;
		pmi = log(whole * m->places / ((double)m->span[left].count * m->span[right].count)) /
		      log(m->places / whole);
		if (pmi < least)
			least = pmi;
	}
	return (float)least;
}

static struct chain chain_of(const struct mine *m, uint32_t x, int n, float s)
{
	struct chain c = { .n = (uint8_t)n, .count = m->span[x].count, .sticky = s };

	for (int i = 0; i < n; i++) {
		uint32_t first = x;

		for (int k = i + 1; k < n; k++)
			first = m->span[first].head;
		c.word[i] = first;
		x = m->span[x].tail;
	}
	return c;
}

/* ---- choosing -------------------------------------------------------------------------- */

static int by_saving(const void *x, const void *y)
{
	const struct chain *a = x, *b = y;
	uint64_t p = (uint64_t)a->count * (a->n - 1u), q = (uint64_t)b->count * (b->n - 1u);

	if (p != q)
		return p > q ? -1 : 1;
	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return memcmp(a->word, b->word, sizeof a->word);	/* only a fixed order is asked for */
}

static struct chain *candidates(const struct mine *m, float min_sticky, size_t *n)
{
	struct chain *c = NULL;
	size_t cap = 0;

	*n = 0;
	for (int len = 2; len <= CHAIN_WORDS_MAX; len++)
		for (size_t x = m->level[len]; x < m->level[len + 1]; x++) {
			float s = sticky(m, (uint32_t)x, len);

			if (s >= min_sticky)
				VEC_PUSH(c, *n, cap) = chain_of(m, (uint32_t)x, len, s);
		}
	if (*n)
		qsort(c, *n, sizeof *c, by_saving);
	return c;
}

/* Lays the chains over the stream; they keep the count they have there. */
static void lay(const struct mine *m, struct chain *c, size_t n)
{
	uint32_t *uses = mem_alloc(n + 1, sizeof *uses);
	struct chain_net net;

	chain_net_build(&net, c, n, m->symbols);
	chain_net_apply(&net, c, m->stream, m->n, NULL, uses);
	chain_net_clear(&net);
	for (size_t i = 0; i < n; i++)
		c[i].count = uses[i];
	mem_free(uses);
}

/* Leaves the best `limit` of those that stand min_count times. */
static size_t best(struct chain *c, size_t n, size_t limit, uint32_t min_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (c[i].count >= min_count)
			c[kept++] = c[i];
	if (kept)
		qsort(c, kept, sizeof *c, by_saving);
	return kept < limit ? kept : limit;
}

/* WIDE times the limit, then half as wide a laying, until the limit is met and holds. */
static enum status choose(struct chains *out, const struct mine *m, size_t limit, float min_sticky,
                          const struct watch *w, struct err *e)
{
	size_t n, wide = WIDE * limit;
	struct chain *c = candidates(m, min_sticky, &n);
	enum status st = OK;

	n = best(c, n, wide, m->min_count);
	for (int i = 0;; i++) {
		size_t before = n;

		if (watch_stopped(w)) {
			st = err_set(e, ERR_STOP, "stopped while chains were chosen");
			break;
		}
		lay(m, c, n);
		wide = wide / 2 > limit ? wide / 2 : limit;
		n = best(c, n, wide, m->min_count);
		watch_step(w, "chains", CHAIN_WORDS_MAX - 1 + (i < LAYINGS ? i + 1 : LAYINGS),
		           CHAIN_WORDS_MAX + LAYINGS - 1, "passes");
		if (n == before && wide == limit)
			break;		/* all of them stand: what was counted is what is applied */
	}
	for (size_t i = 0; !st && i < n; i++)
		c[i].saved = (float)(1000.0 * c[i].count * (c[i].n - 1) / (m->places ? m->places : 1));
	out->c = TAKE(&out->mem, struct chain, n + 1);
	out->n = st ? 0 : n;
	if (out->n)
		memcpy(out->c, c, n * sizeof *c);
	mem_free(c);
	return st;
}

enum status chains_mine(struct chains *out, const uint32_t *stream, size_t n, uint32_t symbols,
                        const struct chains_plan *p, const struct watch *w, struct err *e)
{
	struct mine m = { .stream = stream, .n = n, .symbols = symbols };
	enum status st;

	*out = (struct chains){ .mem = arena_open("chains") };
	m.min_count = p && p->min_count ? p->min_count : COUNT_DEFAULT;
	m.at = mem_alloc(n + 1, sizeof *m.at);
	st = count_spans(&m, w, e);
	mem_free(m.at);
	mem_free(m.slot);
	if (!st)
		st = choose(out, &m, p && p->limit ? p->limit : LIMIT_DEFAULT,
		            p && p->min_sticky != 0 ? p->min_sticky : STICKY_DEFAULT, w, e);
	mem_free(m.span);
	if (!st) {
		struct chain_net *net = TAKE(&out->mem, struct chain_net, 1);

		chain_net_build(net, out->c, out->n, symbols);
		out->own = net;
	} else {
		chains_close(out);
	}
	return st;
}

void chains_close(struct chains *c)
{
	if (c->own)
		chain_net_clear(c->own);
	arena_close(&c->mem);
	*c = (struct chains){ 0 };
}
