/* fold_melt.c - learns which runs of atoms become one token.
 *
 *   in    segments of atoms (a segment ends where no token may go on: fold_cut)
 *   out   pairs of tokens, the most frequent first, as byte-pair encoding makes them
 *
 * Which atoms may stand in one token is decided by their classes and the options (fold_may_melt):
 * so each step of folding can be switched, and its saving counted. Equal segments are kept once with a
 * count. A pair's places are the segments it was seen in; a heap holds the pairs by count and is
 * corrected when a count proves to have fallen [Sennrich 2016; the lazy heap as in sentencepiece].
 *
 * With FOLD_CHAIN the first part of the pairs is learnt as without it, and only then tokens that end with
 * a lexeme go on to the next word: else half-words and half-chains crowd each other out [as superword
 * BPE is staged: Liu et al. 2025].
 *
 * Invariant: equal counts are ordered by ids, so the same segments in any order of adding equal
 * contents give the same pairs.
 */
#include <stdlib.h>
#include "words/fold/fold.h"

/* Of all pairs, how many are kept for chains. */
#define CHAIN_SHARE 0.3f

unsigned fold_class(const struct atom *a)
{
	switch (a->kind) {
	case ATOM_BYTE: return CLASS_BYTE;
	case ATOM_WORD: case ATOM_RUNE: return CLASS_RUNE;
	case ATOM_FORM: return CLASS_FORM;
	case ATOM_MARK: return CLASS_MARK;
	case ATOM_LEX:
		return a->flag & LEXEME_PREP   ? CLASS_PREP
		       : a->flag & LEXEME_CONJ ? CLASS_CONJ
		                               : CLASS_LEX;
	default: return CLASS_SIGN;
	}
}

static bool within(unsigned classes, unsigned allowed)
{
	return !(classes & ~allowed);
}

bool fold_may_melt(uint32_t option, unsigned classes)
{
	unsigned operators = CLASS_FORM | CLASS_SIGN;

	if (option & FOLD_PREP)
		operators |= CLASS_PREP;
	if (option & FOLD_CONJ)
		operators |= CLASS_CONJ;
	if (option & FOLD_MARKS)
		operators |= CLASS_MARK | CLASS_BYTE;
	if (within(classes, CLASS_BYTE) || within(classes, CLASS_RUNE) ||
	    within(classes, CLASS_MARK) || within(classes, operators))
		return true;
	return (option & FOLD_FUSE) && (within(classes, operators | CLASS_LEX) ||
	                                within(classes, operators | CLASS_RUNE));
}

bool fold_cut(uint32_t option, const struct atom *a, const struct atom *b)
{
	unsigned ca = fold_class(a), cb = fold_class(b);

	if (ca == CLASS_RUNE && (cb != CLASS_RUNE || b->kind == ATOM_WORD))
		return true;
	return ca == CLASS_LEX && !(option & FOLD_CHAIN);
}

/* ---- segments, each kept once ------------------------------------------------------ */

struct seg { size_t off; uint32_t n, count; };
struct pairs {
	uint64_t key;		/* a << 32 | b; UINT64_MAX: empty */
	int64_t count;
	uint32_t *where;	/* segments */
	uint32_t n, cap;
};
struct heap_row { int64_t count; uint64_t key; };
struct fold_melt {
	const struct fold *o;
	uint32_t *sym;
	size_t n_sym, cap_sym;
	struct seg *seg;
	size_t n_seg, cap_seg;
	uint32_t *slot;		/* open addressing, segment + 1 */
	size_t n_slot;
	struct pairs *pair;	/* open addressing */
	size_t n_pair, pair_slots;
	struct heap_row *heap;
	size_t n_heap, cap_heap;
	uint8_t *span, *class;	/* [vocabulary] */
	bool chain;		/* tokens may go on after a lexeme */
};

struct fold_melt *fold_melt_open(const struct fold *o)
{
	struct fold_melt *m = mem_alloc(1, sizeof *m);

	m->o = o;
	m->n_slot = 1 << 16;
	m->slot = mem_alloc(m->n_slot, sizeof *m->slot);
	return m;
}

static void drop_pairs(struct fold_melt *m)
{
	for (size_t i = 0; i < m->pair_slots; i++)
		mem_free(m->pair[i].where);
	mem_free(m->pair);
}

void fold_melt_close(struct fold_melt *m)
{
	if (!m)
		return;
	drop_pairs(m);
	mem_free(m->sym);
	mem_free(m->seg);
	mem_free(m->slot);
	mem_free(m->heap);
	mem_free(m->span);
	mem_free(m->class);
	mem_free(m);
}

static size_t seg_slot(const struct fold_melt *m, const uint32_t *p, size_t n)
{
	size_t at = hash64(p, n * sizeof *p, 0) & (m->n_slot - 1);

	for (; m->slot[at]; at = (at + 1) & (m->n_slot - 1)) {
		const struct seg *s = &m->seg[m->slot[at] - 1];

		if (s->n == n && !memcmp(m->sym + s->off, p, n * sizeof *p))
			break;
	}
	return at;
}

static void more_slots(struct fold_melt *m)
{
	m->n_slot *= 2;
	mem_free(m->slot);
	m->slot = mem_alloc(m->n_slot, sizeof *m->slot);
	for (size_t i = 0; i < m->n_seg; i++)
		m->slot[seg_slot(m, m->sym + m->seg[i].off, m->seg[i].n)] =
		        (uint32_t)i + 1;
}

static void add_segment(struct fold_melt *m, const uint32_t *p, size_t n)
{
	size_t at;

	if (n < 2)
		return;
	at = seg_slot(m, p, n);
	if (m->slot[at]) {
		m->seg[m->slot[at] - 1].count++;
		return;
	}
	VEC_PUSH(m->seg, m->n_seg, m->cap_seg) = (struct seg){ m->n_sym, (uint32_t)n, 1 };
	m->slot[at] = (uint32_t)m->n_seg;
	for (size_t i = 0; i < n; i++)
		VEC_PUSH(m->sym, m->n_sym, m->cap_sym) = p[i];
	if (m->n_seg * 2 > m->n_slot)
		more_slots(m);
}

void fold_melt_add(struct fold_melt *m, const uint32_t *atom, size_t n)
{
	enum { SEGMENT_MAX = 64 };
	size_t from = 0;

	for (size_t i = 1; i <= n; i++)
		if (i == n || i - from == SEGMENT_MAX ||
		    fold_cut(m->o->option, &m->o->atom[atom[i - 1]],
		             &m->o->atom[atom[i]])) {
			add_segment(m, atom + from, i - from);
			from = i;
		}
}

/* ---- pairs ------------------------------------------------------------------------- */

static size_t pair_slot(const struct fold_melt *m, uint64_t key)
{
	size_t at = (size_t)((key * 0x9E3779B97F4A7C15u) >> 30) & (m->pair_slots - 1);

	while (m->pair[at].key != UINT64_MAX && m->pair[at].key != key)
		at = (at + 1) & (m->pair_slots - 1);
	return at;
}

static void pair_table(struct fold_melt *m, size_t slots)
{
	struct pairs *old = m->pair;
	size_t n = m->pair_slots;

	m->pair_slots = slots;
	m->pair = mem_alloc(slots, sizeof *m->pair);
	for (size_t i = 0; i < slots; i++)
		m->pair[i].key = UINT64_MAX;
	for (size_t i = 0; i < n; i++)
		if (old[i].key != UINT64_MAX)
			m->pair[pair_slot(m, old[i].key)] = old[i];
	mem_free(old);
}

static bool may_join(const struct fold_melt *m, uint32_t a, uint32_t b)
{
	if (!m->chain && (m->class[a] & CLASS_LEX))
		return false;
	return m->span[a] + m->span[b] <= FOLD_SPAN &&
	       fold_may_melt(m->o->option, (unsigned)(m->class[a] | m->class[b]));
}

static void push_heap(struct fold_melt *m, struct heap_row r);

/* Counts a pair seen in a segment; `fresh` pairs go to the heap by the caller. */
static struct pairs *count_pair(struct fold_melt *m, uint32_t a, uint32_t b, uint32_t seg,
                                int64_t by)
{
	uint64_t key = (uint64_t)a << 32 | b;
	struct pairs *p = &m->pair[pair_slot(m, key)];

	if (p->key == UINT64_MAX) {
		if (by < 0 || !may_join(m, a, b))
			return NULL;
		if (++m->n_pair * 2 > m->pair_slots)
			pair_table(m, m->pair_slots * 2);
		p = &m->pair[pair_slot(m, key)];
		p->key = key;
	}
	p->count += by;
	if (by > 0 && (!p->n || p->where[p->n - 1] != seg)) {
		if (p->n == p->cap) {
			p->cap = p->cap ? p->cap * 2 : 2;
			p->where = mem_resize(p->where, p->cap, sizeof *p->where);
		}
		p->where[p->n++] = seg;
	}
	return p;
}

/* ---- heap: greatest count first, then least key ------------------------------------ */

static bool before(struct heap_row a, struct heap_row b)
{
	return a.count != b.count ? a.count > b.count : a.key < b.key;
}

static void push_heap(struct fold_melt *m, struct heap_row r)
{
	size_t i = m->n_heap;

	VEC_PUSH(m->heap, m->n_heap, m->cap_heap) = r;
	for (; i && before(r, m->heap[(i - 1) / 2]); i = (i - 1) / 2)
		m->heap[i] = m->heap[(i - 1) / 2];
	m->heap[i] = r;
}

static struct heap_row pop_heap(struct fold_melt *m)
{
	struct heap_row top = m->heap[0], r = m->heap[--m->n_heap];
	size_t i = 0, n = m->n_heap;

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= n)
			break;
		if (c + 1 < n && before(m->heap[c + 1], m->heap[c]))
			c++;
		if (!before(m->heap[c], r))
			break;
		m->heap[i] = m->heap[c];
		i = c;
	}
	if (n)
		m->heap[i] = r;
	return top;
}

/* The pair with the greatest true count; NULL when none is left. */
static struct pairs *best_pair(struct fold_melt *m, uint32_t min_count)
{
	while (m->n_heap) {
		struct heap_row r = pop_heap(m);
		struct pairs *p = &m->pair[pair_slot(m, r.key)];

		if (r.count < (int64_t)min_count)
			return NULL;
		if (p->count == r.count)
			return p;
		if (p->count >= (int64_t)min_count && p->count < r.count)
			push_heap(m, (struct heap_row){ p->count, r.key });
	}
	return NULL;
}

/* ---- learning ---------------------------------------------------------------------- */

static void first_counts(struct fold_melt *m)
{
	drop_pairs(m);
	m->pair = NULL;
	m->n_pair = m->pair_slots = m->n_heap = 0;
	pair_table(m, 1 << 16);
	for (size_t s = 0; s < m->n_seg; s++)
		for (uint32_t i = 0; i + 1 < m->seg[s].n; i++) {
			const uint32_t *p = m->sym + m->seg[s].off + i;

			count_pair(m, p[0], p[1], (uint32_t)s, m->seg[s].count);
		}
	for (size_t i = 0; i < m->pair_slots; i++)
		if (m->pair[i].key != UINT64_MAX)
			push_heap(m,
			          (struct heap_row){ m->pair[i].count, m->pair[i].key });
}

struct fresh { uint64_t *key; size_t n, cap; };

/* Puts id for each a, b in a segment and counts the pairs that come and go. */
static void replace(struct fold_melt *m, uint32_t s, uint32_t a, uint32_t b, uint32_t id,
                    struct fresh *f)
{
	uint32_t *p = m->sym + m->seg[s].off, n = m->seg[s].n, to = 0;
	int64_t c = m->seg[s].count;

	for (uint32_t i = 0; i < n; i++) {
		if (i + 1 == n || p[i] != a || p[i + 1] != b) {
			p[to++] = p[i];
			continue;
		}
		if (to) {
			count_pair(m, p[to - 1], a, s, -c);
			if (count_pair(m, p[to - 1], id, s, c))
				VEC_PUSH(f->key, f->n, f->cap) =
				        (uint64_t)p[to - 1] << 32 | id;
		}
		if (i + 2 < n) {
			count_pair(m, b, p[i + 2], s, -c);
			if (count_pair(m, id, p[i + 2], s, c))
				VEC_PUSH(f->key, f->n, f->cap) =
				        (uint64_t)id << 32 | p[i + 2];
		}
		p[to++] = id;
		i++;
	}
	m->seg[s].n = to;
}

static int u64_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void push_fresh(struct fold_melt *m, struct fresh *f)
{
	if (f->n)
		qsort(f->key, f->n, sizeof *f->key, u64_cmp);
	for (size_t i = 0; i < f->n; i++) {
		const struct pairs *p = &m->pair[pair_slot(m, f->key[i])];

		if ((!i || f->key[i] != f->key[i - 1]) && p->count > 0)
			push_heap(m, (struct heap_row){ p->count, p->key });
	}
	f->n = 0;
}

static void melt_one(struct fold_melt *m, struct pairs *p, uint32_t id, struct fresh *f)
{
	uint32_t a = (uint32_t)(p->key >> 32), b = (uint32_t)p->key, n = p->n,
	         *where = p->where;

	p->where = NULL;
	p->n = p->cap = 0;
	p->count = 0;
	for (uint32_t i = 0; i < n; i++)
		replace(m, where[i], a, b, id, f);
	mem_free(where);
	m->pair[pair_slot(m, (uint64_t)a << 32 | b)].count = 0;
	push_fresh(m, f);
}

static enum status melt_to(struct fold_melt *m, struct fold_pair *out, uint32_t *n,
                           uint32_t limit, uint32_t min_count, const struct watch *w,
                           struct err *e)
{
	uint32_t first = m->o->n_atom;
	struct fresh f = { 0 };
	enum status s = OK;

	first_counts(m);
	while (*n < limit && !s) {
		struct pairs *p = best_pair(m, min_count);

		if (!p)
			break;
		uint32_t id = first + *n, a = (uint32_t)(p->key >> 32),
		         b = (uint32_t)p->key;

		out[(*n)++] = (struct fold_pair){ a, b };
		m->span[id] = (uint8_t)(m->span[a] + m->span[b]);
		m->class[id] = (uint8_t)(m->class[a] | m->class[b]);
		melt_one(m, p, id, &f);
		if (*n % 512 == 0)
			watch_step(w, "folding", *n, limit, "tokens");
		if (watch_stopped(w))
			s = err_set(e, ERR_STOP, "stopped");
	}
	mem_free(f.key);
	return s;
}

enum status fold_melt_learn(struct fold_melt *m, struct fold_pair **out, uint32_t *n,
                            uint32_t limit, uint32_t min_count, const struct watch *w,
                            struct err *e)
{
	uint32_t first = m->o->n_atom, words = limit;
	enum status s;

	m->span = mem_alloc((size_t)first + limit + 1, 1);
	m->class = mem_alloc((size_t)first + limit + 1, 1);
	for (uint32_t i = 0; i < first; i++) {
		m->span[i] = 1;
		m->class[i] = (uint8_t)fold_class(&m->o->atom[i]);
	}
	*out = mem_alloc((size_t)limit + 1, sizeof **out);
	*n = 0;
	if (m->o->option & FOLD_CHAIN)
		words = (uint32_t)((float)limit * (1 - CHAIN_SHARE));
	s = melt_to(m, *out, n, words, min_count, w, e);
	m->chain = m->o->option & FOLD_CHAIN;
	if (!s && m->chain)
		s = melt_to(m, *out, n, limit, min_count, w, e);
	return s;
}
