/* fold_path.c - atoms into the fewest tokens, and back.
 *
 *   in    atoms
 *   out   ids of tokens whose atoms, one after the other, are those atoms
 *
 * Tokens stand in a trie over atoms; from the end backwards, best[i] is the least number of tokens
 * that cover atoms i..n. Every atom is a token, so there always is a path. Of equal paths the one
 * whose first token is longer is taken, so the result does not depend on the order of tokens.
 *
 * Cost: at most FOLD_SPAN steps an atom, two or three in a text.
 */
#include "words/fold/fold.h"

struct edge { uint64_t key; uint32_t to; };	/* key: (node << 32 | atom) + 1 */
struct fold_trie {
	struct edge *edge;	/* open addressing */
	size_t n_slot, n_edge;
	uint32_t *token;	/* [n_node] token that ends here, or NO_TOKEN */
	size_t n_node, cap;
};
#define NO_TOKEN UINT32_MAX

size_t fold_expand(const struct fold *o, uint32_t id, uint32_t out[FOLD_SPAN])
{
	uint32_t stack[FOLD_SPAN + 1];
	size_t n = 0, top = 0;

	stack[top++] = id;
	while (top) {
		uint32_t x = stack[--top];

		if (x < o->n_atom) {
			must(n < FOLD_SPAN);
			out[n++] = x;
			continue;
		}
		must(top + 2 <= FOLD_SPAN + 1);
		stack[top++] = o->pair[x - o->n_atom].b;
		stack[top++] = o->pair[x - o->n_atom].a;
	}
	return n;
}

static size_t slot_of(const struct fold_trie *t, uint64_t key)
{
	size_t at = (size_t)((key * 0x9E3779B97F4A7C15u) >> 32) & (t->n_slot - 1);

	while (t->edge[at].key && t->edge[at].key != key)
		at = (at + 1) & (t->n_slot - 1);
	return at;
}

static uint64_t edge_key(uint32_t node, uint32_t atom)
{
	return ((uint64_t)node << 32 | atom) + 1;
}

/* Node of a single atom is its number; 0 when there is no such edge. */
static uint32_t step(const struct fold_trie *t, uint32_t node, uint32_t atom)
{
	const struct edge *e = &t->edge[slot_of(t, edge_key(node, atom))];

	return e->key ? e->to : 0;
}

static uint32_t step_or_make(struct fold_trie *t, uint32_t node, uint32_t atom)
{
	struct edge *e = &t->edge[slot_of(t, edge_key(node, atom))];

	if (!e->key) {
		*e = (struct edge){ edge_key(node, atom), (uint32_t)t->n_node };
		VEC_PUSH(t->token, t->n_node, t->cap) = NO_TOKEN;
		t->n_edge++;
		must(t->n_edge * 2 <= t->n_slot);
	}
	return e->to;
}

struct fold_trie *fold_trie_open(const struct fold *o)
{
	struct fold_trie *t = mem_alloc(1, sizeof *t);
	uint32_t atom[FOLD_SPAN];
	size_t total = 0;

	for (uint32_t i = 0; i < o->n_pair; i++)
		total += fold_expand(o, o->n_atom + i, atom);
	for (t->n_slot = 64; t->n_slot < 2 * total + 2;)
		t->n_slot *= 2;
	t->edge = mem_alloc(t->n_slot, sizeof *t->edge);
	for (uint32_t i = 0; i < o->n_atom; i++)
		VEC_PUSH(t->token, t->n_node, t->cap) = i;
	for (uint32_t i = 0; i < o->n_pair; i++) {
		size_t n = fold_expand(o, o->n_atom + i, atom);
		uint32_t node = atom[0];

		for (size_t k = 1; k < n; k++)
			node = step_or_make(t, node, atom[k]);
		if (t->token[node] == NO_TOKEN)
			t->token[node] = o->n_atom + i;
	}
	return t;
}

void fold_trie_close(struct fold_trie *t)
{
	if (!t)
		return;
	mem_free(t->edge);
	mem_free(t->token);
	mem_free(t);
}

static void room(struct fold_path_work *k, size_t n)
{
	if (n <= k->cap)
		return;
	k->cap = n * 2;
	mem_free(k->best);
	mem_free(k->token);
	mem_free(k->len);
	k->best = mem_alloc(k->cap, sizeof *k->best);
	k->token = mem_alloc(k->cap, sizeof *k->token);
	k->len = mem_alloc(k->cap, 1);
}

void fold_path(const struct fold *o, struct fold_path_work *k, struct ids *out,
               const uint32_t *atom, size_t n)
{
	const struct fold_trie *t = o->trie;

	room(k, n + 1);
	k->best[n] = 0;
	for (size_t i = n; i-- > 0;) {
		uint32_t node = atom[i];

		k->best[i] = k->best[i + 1] + 1;
		k->token[i] = atom[i];
		k->len[i] = 1;
		for (size_t to = i + 1; to < n && (node = step(t, node, atom[to])); to++)
			if (t->token[node] != NO_TOKEN &&
			    k->best[to + 1] + 1 <= k->best[i]) {
				k->best[i] = k->best[to + 1] + 1;
				k->token[i] = t->token[node];
				k->len[i] = (uint8_t)(to + 1 - i);
			}
	}
	for (size_t i = 0; i < n; i += k->len[i])
		VEC_PUSH(out->id, out->n, out->cap) = k->token[i];
}
