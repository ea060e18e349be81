/* tagfeat.h - the features of the tagger, as hashes (inner header of words).
 *
 * A feature is (atom, view): an atom hashes what is seen around a word together with its
 * kind, a view hashes the candidate's tag more or less finely (choose.h). Its weight stands
 * at w[slot_at(atom, view)]. The kinds are listed in tagfeat.c.
 */
#ifndef LTM_WORDS_TAGFEAT_H
#define LTM_WORDS_TAGFEAT_H

#include "words/tag/choose.h"

static inline uint32_t mix32(uint32_t h)	/* the finisher of MurmurHash3 [Appleby] */
{
	h ^= h >> 16;
	h *= 0x85EBCA6Bu;
	h ^= h >> 13;
	h *= 0xC2B2AE35u;
	return h ^ h >> 16;
}

static inline uint32_t atom(uint32_t kind, uint32_t a, uint32_t b)
{
	return mix32(a * 0x9E3779B1u + b * 0x7FEB352Du + kind * 0x846CA68Bu + 1);
}

/* The atom chooses a line of the cache, atom and view a weight in it: all candidates of a word find
 * their weights for one atom with one read of memory. */
enum { LINE_BITS = 5 };
static inline uint32_t slot_at(uint32_t a, uint32_t view)
{
	return (a >> (32 - TAGGER_BITS + LINE_BITS) << LINE_BITS) |
	       ((a ^ view) * 0x9E3779B1u) >> (32 - LINE_BITS);
}

/* Atoms of one word, each with the view it is joined with. */
struct atoms {
	uint32_t a[40];
	uint8_t view[40];
	int n;
};
/* Path atoms; without `tags` only those that see more than tags. */
void path_atoms(struct atoms *a, const struct state *from, const struct cword *s, size_t n,
                size_t i, bool tags);
/* Sum over path atoms and over agreement with what was chosen before. With a memo the atoms
 * are those made without `tags`; the sum is the same. */
int32_t path_sum(const int16_t *w, struct memo *memo, const struct atoms *a,
                 const struct state *from, const struct cread *r);

#endif
