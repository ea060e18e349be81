/* ledger_guess.c - counts pairs of lemma and form, to tell how well a form can be guessed from
 * its lemma alone (app/ledger/ledger_guess.h).
 *
 * Invariant: of forms met equally often the one met first is the best: no order of hashing shows.
 */
#include "app/ledger/ledger_guess.h"

struct pair { uint64_t key; uint32_t n, first; };	/* n 0: empty; first: place in order of coming */
struct guess {
	struct pair *slot;
	size_t cap, n;
};

struct guess *guess_open(void)
{
	struct guess *p = mem_alloc(1, sizeof *p);

	p->cap = 1 << 12;
	p->slot = mem_alloc(p->cap, sizeof *p->slot);
	return p;
}

void guess_close(struct guess *p)
{
	if (!p)
		return;
	mem_free(p->slot);
	mem_free(p);
}

static struct pair *find(struct pair *slot, size_t cap, uint64_t key)
{
	size_t i = (key * 0x9e3779b97f4a7c15u) >> 20 & (cap - 1);

	while (slot[i].n && slot[i].key != key)
		i = (i + 1) & (cap - 1);
	return &slot[i];
}

static void grow(struct guess *p)
{
	size_t cap = p->cap * 2;
	struct pair *slot = mem_alloc(cap, sizeof *slot);

	for (size_t i = 0; i < p->cap; i++)
		if (p->slot[i].n)
			*find(slot, cap, p->slot[i].key) = p->slot[i];
	mem_free(p->slot);
	p->slot = slot;
	p->cap = cap;
}

void guess_add(struct guess *p, uint32_t lemma, uint32_t form)
{
	uint64_t key = (uint64_t)lemma << 32 | form;
	struct pair *x;

	if (p->n * 2 >= p->cap)
		grow(p);
	x = find(p->slot, p->cap, key);
	if (!x->n)
		*x = (struct pair){ .key = key, .first = (uint32_t)p->n++ };
	x->n++;
}

uint32_t *guess_best(const struct guess *p, size_t lemmas, struct arena *a)
{
	uint32_t *best = TAKE(a, uint32_t, lemmas + 1);
	const struct pair **of = TAKE(a, const struct pair *, lemmas + 1);

	for (size_t i = 0; i < p->cap; i++) {
		const struct pair *x = &p->slot[i], **y = &of[x->key >> 32];

		if (x->n && (!*y || x->n > (*y)->n || (x->n == (*y)->n && x->first < (*y)->first)))
			*y = x;
	}
	for (size_t i = 0; i < lemmas; i++)
		best[i] = of[i] ? (uint32_t)of[i]->key : STRTAB_NONE;
	return best;
}
