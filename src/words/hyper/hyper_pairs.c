/* hyper_pairs.c - which pieces stand side by side on the path, how often, in how many books.
 *
 * A table by open addressing, of bounded size: when it would grow beyond the limit, what was
 * met only once goes [lossy counting: Manku & Motwani 2002], as often as need be.
 */
#include "words/hyper/hyper_in.h"

enum { PAIRS_FIRST = 1 << 16, PAIRS_LIMIT = 1 << 23 };

void neighbours_free(struct neighbours *t)
{
	mem_free(t->slot);
	*t = (struct neighbours){ 0 };
}

static struct pair *find(struct pair *slot, size_t cap, uint32_t a, uint32_t b)
{
	uint64_t h = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15u;
	size_t i = (h ^ h >> 32) & (cap - 1);

	while (slot[i].count && (slot[i].a != a || slot[i].b != b))
		i = (i + 1) & (cap - 1);
	return &slot[i];
}

static void rebuild(struct neighbours *t)
{
	struct pair *old = t->slot;
	size_t was = t->cap;
	uint32_t floor = was < PAIRS_LIMIT ? 0 : 1;

	for (;; floor++) {
		t->cap = was < PAIRS_LIMIT ? (was ? 2 * was : PAIRS_FIRST) : was;
		t->slot = mem_alloc(t->cap, sizeof *t->slot);
		t->n = 0;
		for (size_t i = 0; i < was; i++)
			if (old[i].count > floor) {
				*find(t->slot, t->cap, old[i].a, old[i].b) = old[i];
				t->n++;
			}
		if (4 * t->n < 2 * t->cap)
			break;
		mem_free(t->slot);
	}
	mem_free(old);
}

void neighbours_add(struct neighbours *t, uint32_t a, uint32_t b, uint16_t book)
{
	struct pair *x;

	if (4 * (t->n + 1) > 3 * t->cap)
		rebuild(t);
	x = find(t->slot, t->cap, a, b);
	if (!x->count) {
		*x = (struct pair){ a, b, 0, 0, (uint16_t)(book - 1) };
		t->n++;
	}
	x->count++;
	x->books = (uint16_t)(x->books + (x->last != book && x->books < UINT16_MAX));
	x->last = book;
}
