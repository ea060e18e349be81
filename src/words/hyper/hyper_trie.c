/* hyper_trie.c - pieces as a double array [Aoe 1989; XOR form of Yata's darts-clone].
 *
 *   in    strings of letters 1..255, all different
 *   out   units: base << 8 | label, and the number of the string that ends there
 *
 * A node's children stand at base ^ letter. Each node with children has a base of its own, so
 * a unit whose label is the letter asked for is a child of the node that asks and of no other.
 * Cost: a step is one load and one comparison. Unit 0 is the root, and has no label.
 */
#include <stdlib.h>

#include "words/hyper/hyper_in.h"

enum { BLOCK = 256, TRIES = 512 };

struct builder {
	struct trie *t;
	const struct piece *piece;
	uint32_t *order;		/* pieces in order of letters */
	uint8_t *used, *base_used;	/* [t->cap] */
	size_t first;			/* no free unit below */
};

static void widen(struct builder *b)
{
	size_t old = b->t->cap, cap = old ? 2 * old : 1 << 12;

	b->t->u = mem_resize(b->t->u, cap, sizeof *b->t->u);
	b->used = mem_resize(b->used, cap, 1);
	b->base_used = mem_resize(b->base_used, cap, 1);
	memset(b->t->u + old, 0, (cap - old) * sizeof *b->t->u);
	memset(b->used + old, 0, cap - old);
	memset(b->base_used + old, 0, cap - old);
	b->t->cap = cap;
}

static bool fits(const struct builder *b, size_t base, const uint8_t *label, size_t n)
{
	if (b->base_used[base])
		return false;
	for (size_t i = 0; i < n; i++)
		if (b->used[base ^ label[i]])
			return false;
	return true;
}

/* A free base for the labels. The search begins at the first free unit, and gives up the
 * crowded places after TRIES units: what is left free there is not worth the time. */
static size_t find_base(struct builder *b, const uint8_t *label, size_t n)
{
	size_t tries = 0;

	while (b->first < b->t->cap && b->used[b->first])
		b->first++;
	for (size_t at = b->first;; at++) {
		if (at + BLOCK >= b->t->cap)
			widen(b);
		if (b->used[at])
			continue;
		if (fits(b, at ^ label[0], label, n))
			return at ^ label[0];
		if (++tries == TRIES)
			b->first = at;
	}
}

/* The node at unit `at` holds order[lo..hi), which agree in their first `depth` letters. */
static void place(struct builder *b, size_t at, size_t lo, size_t hi, uint32_t depth)
{
	uint8_t label[BLOCK];
	size_t start[BLOCK + 1], n = 0, base;

	if (lo < hi && b->piece[b->order[lo]].n == depth)
		b->t->u[at].mark = b->order[lo++] + 1;
	for (size_t i = lo; i < hi; i++) {
		uint8_t x = b->piece[b->order[i]].p[depth];

		if (!n || label[n - 1] != x) {
			start[n] = i;
			label[n++] = x;
		}
	}
	if (!n)
		return;
	start[n] = hi;
	base = find_base(b, label, n);
	b->base_used[base] = 1;
	b->t->u[at].go |= (uint32_t)base << 8;
	for (size_t i = 0; i < n; i++) {
		b->used[base ^ label[i]] = 1;
		b->t->u[base ^ label[i]].go = label[i];
	}
	for (size_t i = 0; i < n; i++)
		place(b, base ^ label[i], start[i], start[i + 1], depth + 1);
}

static int by_letters(const void *x, const void *y, void *ctx)
{
	const struct piece *piece = ctx, *a = &piece[*(const uint32_t *)x],
	                   *b = &piece[*(const uint32_t *)y];
	int d = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);

	return d ? d : (a->n > b->n) - (a->n < b->n);
}

void trie_build(struct trie *t, const struct piece *piece, size_t n)
{
	struct builder b = { .t = t, .piece = piece, .first = 1 };

	*t = (struct trie){ 0 };
	b.order = mem_alloc(n, sizeof *b.order);
	for (size_t i = 0; i < n; i++)
		b.order[i] = (uint32_t)i;
	qsort_r(b.order, n, sizeof *b.order, by_letters, (void *)(uintptr_t)piece);
	widen(&b);
	b.used[0] = b.base_used[0] = 1;	/* base 0 would send letter 0 to the root */
	place(&b, 0, 0, n, 0);
	t->n = t->cap;
	must(t->n <= 1 << 24);
	mem_free(b.order);
	mem_free(b.used);
	mem_free(b.base_used);
}
