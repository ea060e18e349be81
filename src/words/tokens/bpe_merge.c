/* bpe_merge.c - one word into ids by the merges, lowest id first, leftmost first.
 *
 *   in    the merges as a table, the bytes of a word
 *   out   ids
 *
 * Short words (nearly all) look for the least of their possible merges anew after each merge;
 * long ones keep them in a heap, so that a line of 16,384 dashes costs n log n. Both give the
 * same ids.
 */
#include "words/tokens/bpe.h"

enum { SHORT = 80 };	/* bytes up to which looking anew is faster */

/* ---- the table of merges --------------------------------------------------------------- */

/* A slot is 32 bits, so that the table of 32,768 pieces takes 256 KB and stays near the core: 14
 * bits of the pair's hash, then the id; a hit is proved on the rule itself. 0 is empty. */
enum { ID_BITS = 18 };
#define ID_MASK ((1u << ID_BITS) - 1)

static inline uint64_t pair_hash(uint32_t a, uint32_t b)
{
	return ((uint64_t)a << ID_BITS | b) * 0x9E3779B97F4A7C15u;
}

static inline uint32_t slot_at(const struct merges *m, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & m->mask;
}

static inline uint32_t slot_tag(uint64_t hash)
{
	return (uint32_t)hash & ~ID_MASK;
}

static inline uint32_t merged(const struct merges *m, uint32_t a, uint32_t b)
{
	uint64_t hash = pair_hash(a, b);
	uint32_t at = slot_at(m, hash), tag = slot_tag(hash), s;

	for (; (s = m->slot[at]); at = (at + 1) & m->mask)
		if ((s & ~ID_MASK) == tag) {
			const struct merge *r = &m->rule[(s & ID_MASK) - 256];

			if (r->a == a && r->b == b)
				return s & ID_MASK;
		}
	return MERGE_NONE;
}

/* Two bytes are joined before all others when no earlier rule could part them: none that takes
 * the first byte on its right or the second on its left. So it is with nearly all Cyrillic
 * letters, and words begin as letters instead of bytes. */
static void letters_init(struct merges *m, const struct merge *v, uint32_t n)
{
	uint32_t left[256], right[256];		/* the first rule with that byte on its left, right */

	memset(left, 0xFF, sizeof left);
	memset(right, 0xFF, sizeof right);
	for (uint32_t k = n; k-- > 0;) {
		if (v[k].a < 256)
			left[v[k].a] = k;
		if (v[k].b < 256)
			right[v[k].b] = k;
	}
	m->letter = mem_alloc(65536, sizeof *m->letter);
	memset(m->letter, 0xFF, 65536 * sizeof *m->letter);
	for (uint32_t k = n; k-- > 0;)	/* the first rule of a pair is the one that acts */
		if (v[k].a < 256 && v[k].b < 256 && k < right[v[k].a] && k < left[v[k].b])
			m->letter[v[k].a << 8 | v[k].b] = 256 + k;
}

/* Pairs of what words begin as: a table for the first look at a word. Codes go to the ids of
 * letters, to the space and the hyphen; 0 is none. */
static void pairs_init(struct merges *m)
{
	uint32_t id[MERGE_CODES], n = 1;

	id[n++] = ' ';
	id[n++] = '-';
	for (uint32_t i = 0; i < 65536 && n < MERGE_CODES; i++)
		if (m->letter[i] < MERGE_CODED)
			id[n++] = m->letter[i];
	m->code = mem_alloc(MERGE_CODED, 1);
	m->pair = mem_alloc(MERGE_CODES * MERGE_CODES, sizeof *m->pair);
	for (uint32_t i = 1; i < n; i++) {
		m->code[id[i]] = (uint8_t)i;
		for (uint32_t k = 1; k < n; k++)
			m->pair[i * MERGE_CODES + k] = merged(m, id[i], id[k]);
	}
}

void merges_init(struct merges *m, const struct merge *v, uint32_t n)
{
	uint32_t size = 1024;

	while (size < 2 * n)
		size *= 2;
	m->mask = size - 1;
	m->slot = mem_alloc(size, sizeof *m->slot);
	m->rule = mem_alloc(n + 1, sizeof *m->rule);
	for (uint32_t k = 0; k < n; k++) {
		uint64_t hash = pair_hash(v[k].a, v[k].b);
		uint32_t at = slot_at(m, hash);

		m->rule[k] = v[k];
		if (merged(m, v[k].a, v[k].b) != MERGE_NONE)
			continue;	/* the first rule of a pair is the one that acts */
		while (m->slot[at])
			at = (at + 1) & m->mask;
		m->slot[at] = slot_tag(hash) | (256 + k);
	}
	letters_init(m, v, n);
	pairs_init(m);
}

void merges_clear(struct merges *m)
{
	mem_free(m->slot);
	mem_free(m->rule);
	mem_free(m->letter);
	mem_free(m->code);
	mem_free(m->pair);
	*m = (struct merges){ 0 };
}

/* ---- short words ----------------------------------------------------------------------- */

/* Bytes as ids, letters joined; returns how many. */
static size_t begin_word(const struct merges *m, const uint8_t *p, size_t n, uint32_t *id)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t two = i + 1 < n ? m->letter[p[i] << 8 | p[i + 1]] : MERGE_NONE;

		id[k++] = two == MERGE_NONE ? p[i] : two;
		i += two != MERGE_NONE;
	}
	return k;
}

static inline uint32_t first_merged(const struct merges *m, uint32_t a, uint32_t b)
{
	uint32_t x = a < MERGE_CODED ? m->code[a] : 0, y = b < MERGE_CODED ? m->code[b] : 0;

	return x && y ? m->pair[x * MERGE_CODES + y] : merged(m, a, b);
}

/* id [bytes]; rank[i] is what i and i + 1 become. */
static size_t short_word(const struct merges *m, const uint8_t *p, size_t bytes, uint32_t *id)
{
	uint32_t rank[SHORT];
	size_t n = begin_word(m, p, bytes, id);

	for (size_t i = 0; i + 1 < n; i++)
		rank[i] = first_merged(m, id[i], id[i + 1]);
	for (;;) {
		uint32_t best = MERGE_NONE;
		size_t at = 0;

		for (size_t i = 0; i + 1 < n; i++)
			if (rank[i] < best) {
				best = rank[i];
				at = i;
			}
		if (best == MERGE_NONE)
			return n;
		id[at] = best;
		n--;
		for (size_t i = at + 1; i < n; i++)
			id[i] = id[i + 1];
		for (size_t i = at + 1; i + 1 < n; i++)
			rank[i] = rank[i + 1];
		if (at)
			rank[at - 1] = merged(m, id[at - 1], best);
		if (at + 1 < n)
			rank[at] = merged(m, best, id[at + 1]);
	}
}

/* ---- long words ------------------------------------------------------------------------ */

struct merge_work {
	uint32_t id[PRETOKEN_MAX];
	uint16_t next[PRETOKEN_MAX + 1], prev[PRETOKEN_MAX + 1];	/* n: none */
	uint64_t heap[2 * PRETOKEN_MAX];	/* id << 32 | position, least first */
	size_t n_heap;
};

struct merge_work *merge_work_open(void)
{
	return mem_alloc(1, sizeof(struct merge_work));
}

void merge_work_close(struct merge_work *w)
{
	mem_free(w);
}

static void heap_push(struct merge_work *w, uint64_t v)
{
	size_t i = w->n_heap++;

	must(w->n_heap <= sizeof w->heap / sizeof *w->heap);
	for (; i && w->heap[(i - 1) / 2] > v; i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = v;
}

static uint64_t heap_pop(struct merge_work *w)
{
	uint64_t top = w->heap[0], v = w->heap[--w->n_heap];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < w->n_heap) {
		if (k + 1 < w->n_heap && w->heap[k + 1] < w->heap[k])
			k++;
		if (w->heap[k] >= v)
			break;
		w->heap[i] = w->heap[k];
		i = k;
	}
	w->heap[i] = v;
	return top;
}

static void consider(const struct merges *m, struct merge_work *w, size_t i, size_t n)
{
	size_t k = w->next[i];
	uint32_t id = k < n ? merged(m, w->id[i], w->id[k]) : MERGE_NONE;

	if (id != MERGE_NONE)
		heap_push(w, (uint64_t)id << 32 | i);
}

/* A heap entry may be stale: the pair at its place is another by now. A dead place holds
 * MERGE_NONE, which no pair has. Each merge takes one entry and adds at most two, and there
 * are fewer than n merges: the heap holds fewer than 2n. */
static size_t long_word(const struct merges *m, struct merge_work *w, const uint8_t *p, size_t bytes,
                        uint32_t *out)
{
	size_t n = begin_word(m, p, bytes, w->id), k = 0;

	w->n_heap = 0;
	for (size_t i = 0; i < n; i++) {
		w->next[i] = (uint16_t)(i + 1);
		w->prev[i + 1] = (uint16_t)i;
	}
	for (size_t i = 0; i < n; i++)
		consider(m, w, i, n);
	while (w->n_heap) {
		uint64_t top = heap_pop(w);
		size_t i = (uint32_t)top, r = w->next[i];

		if (w->id[i] == MERGE_NONE || r >= n ||
		    merged(m, w->id[i], w->id[r]) != (uint32_t)(top >> 32))
			continue;
		w->id[i] = (uint32_t)(top >> 32);
		w->id[r] = MERGE_NONE;
		w->next[i] = w->next[r];
		w->prev[w->next[r]] = (uint16_t)i;
		if (i)
			consider(m, w, w->prev[i], n);
		consider(m, w, i, n);
	}
	for (size_t i = 0; i < n; i = w->next[i])
		out[k++] = w->id[i];
	return k;
}

size_t merges_word(const struct merges *m, struct merge_work *w, const uint8_t *p, size_t n,
                   uint32_t *out)
{
	return n <= SHORT ? short_word(m, p, n, out) : long_word(m, w, p, n, out);
}
