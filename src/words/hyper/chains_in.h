/* chains_in.h - between mining and applying chains (inner header of words). */
#ifndef LTM_WORDS_CHAINS_IN_H
#define LTM_WORDS_CHAINS_IN_H

#include "words/hyper/chains.h"

/* A trie over symbols: a hash of (node, symbol) -> node. Node 0 is the root. */
struct chain_step { uint32_t node, symbol, to; };	/* to 0: an empty slot */
struct chain_net {
	struct chain_step *step;	/* [cap] open addressing */
	size_t cap, n;
	uint32_t *ends;			/* [n + 1] by node: 1 + the chain that ends there, or 0 */
	uint64_t *begins;		/* bits of symbols that begin a chain */
	uint32_t symbols;
};
void chain_net_build(struct chain_net *net, const struct chain *c, size_t n, uint32_t symbols);
void chain_net_clear(struct chain_net *net);

/* Fewest symbols: the path over stream [n]. out (may be NULL) [n] gets it; uses (may be NULL)
 * [chains] is added to. Returns the symbols of the path. */
size_t chain_net_apply(const struct chain_net *net, const struct chain *c, const uint32_t *stream,
                       size_t n, uint32_t *out, uint32_t *uses);

#endif
