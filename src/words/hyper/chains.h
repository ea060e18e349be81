/* chains.h - hyperlexemes: chains of words that act as one unit, mined from a library.
 *
 * A chain is frequent, sticky (its words come together far more often than chance would have it)
 * and useful for length (it saves positions). It is mined over a stream of symbols (lemmas, or surface
 * words); 0 in the stream is a border that no chain crosses (end of sentence, punctuation).
 */
#ifndef LTM_WORDS_CHAINS_H
#define LTM_WORDS_CHAINS_H

#include "base/base.h"

enum { CHAIN_WORDS_MAX = 6 };
struct chain {
	uint32_t word[CHAIN_WORDS_MAX];	/* symbols of the stream */
	uint8_t n;			/* >= 2 */
	uint32_t count;			/* disjoint places in the stream where it stands, as finally applied */
	float sticky;			/* normalised PMI, -1..1 */
	float saved;			/* positions saved per 1,000 of the stream */
};
struct chains { struct chain *c; size_t n; struct arena mem; void *own; };

struct chains_plan {
	uint32_t limit;		/* how many at most; 0: 8192 */
	uint32_t min_count;	/* 0: 8 */
	float min_sticky;	/* 0: 0.2 */
};
/* symbols: 1 + the greatest id in stream. Best first, by saving. ERR_STOP when stopped. */
enum status chains_mine(struct chains *out, const uint32_t *stream, size_t n, uint32_t symbols,
                        const struct chains_plan *p, const struct watch *w, struct err *e);
/* Replaces each chain met by symbols + its index; borders are kept. Fewest symbols. out [n];
 * returns how many. */
size_t chains_apply(const struct chains *c, const uint32_t *stream, size_t n, uint32_t symbols,
                    uint32_t *out);
void chains_close(struct chains *c);

#endif
