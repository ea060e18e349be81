/* morphfeat.h - what the learnt cutter looks at: keys of gaps and segments (inner header).
 *
 * A gap is the place between two letters. A key is 64 bits of hash that name one fact about a gap
 * or a segment: "ь stands left and с right", "the segment is the prefix пере". The run-time model
 * and its teacher (bench/fit) use these same functions, so they cannot disagree.
 */
#ifndef LTM_WORDS_MORPHFEAT_H
#define LTM_WORDS_MORPHFEAT_H

#include "words/morph/morphin.h"

enum {
	GAP_KEYS = 40,		/* facts about a gap */
	SEG_KEYS = 7,		/* facts about a segment */
	MORPH_TYPES = 8,	/* enum morph_type and 0 */
	SEG_ROOT_MAX = 20, SEG_AFFIX_MAX = 9,	/* letters of the longest root and affix */
};

/* A set of keys in blocks of 512 bits, four bits a key: may say yes wrongly, never no [Bloom 1970;
 * blocked: Putze, Sanders & Singler 2007]. */
struct bloom { const uint8_t *bit; uint32_t blocks; };
static inline const uint8_t *bloom_block(const struct bloom *b, uint64_t key)
{
	return b->bit + 64 * (size_t)((uint64_t)(uint32_t)key * b->blocks >> 32);
}
static inline uint64_t bloom_bits(uint64_t key)		/* four times nine bits, from bit 28 on */
{
	return (key ^ 0x9E3779B97F4A7C15ull) * 0xD6E8FEB86659FD93ull;
}
static inline bool bloom_has(const struct bloom *b, uint64_t key)
{
	const uint8_t *block = bloom_block(b, key);
	uint64_t x = bloom_bits(key);
	unsigned all = 1;

	for (int i = 0; i < 4; i++, x >>= 9)	/* no branch: one line of cache has them all */
		all &= (unsigned)block[x >> 31 & 63] >> (x >> 28 & 7);
	return all & 1;
}
static inline void bloom_expect(const struct bloom *b, uint64_t key)	/* it will be asked soon */
{
	__builtin_prefetch(bloom_block(b, key));
}
void bloom_add(uint8_t *bit, uint32_t blocks, uint64_t key);

/* Kinds of keys in the set beside the keys of gaps: strings of the dictionary's lemmas. */
enum lex_kind {
	LEX_LEMMA = 1,		/* a lemma */
	LEX_STEM,		/* a lemma without its ending */
	LEX_REST,		/* what follows two prefixes or more: -йти, -писать */
	LEX_NEXT3, LEX_NEXT6,	/* a beginning of lemmas with 3, 6 or more next letters */
	LEX_BEFORE3, LEX_BEFORE6,	/* an end of lemmas, letters before it */
};

/* A word made ready: hashes of its beginnings, so that any piece's hash is two steps away. */
struct word_hash {
	const struct mword *w;
	const struct bloom *set;
	uint64_t head[MWORD_MAX + 1], power[MWORD_MAX + 1];
	int pos;		/* enum pos when it is known, else 0 */
};
void word_hash_init(struct word_hash *h, const struct mword *w, const struct bloom *set, int pos);
uint64_t word_hash_piece(const struct word_hash *h, int from, int to);	/* letters [from, to) */
uint64_t lexset_key(enum lex_kind kind, uint64_t piece);

/* Keys of the gap before letter g, 0 < g < n. What the set does not know should be passed over. */
void gap_keys(uint64_t key[GAP_KEYS], const struct word_hash *h, int g);
/* Keys of the segment [from, to) as a morpheme of a type. Returns how many. */
int segment_keys(uint64_t key[SEG_KEYS], const struct word_hash *h, int from, int to, int type);
uint64_t affix_key(int type, uint64_t piece);

/* Place of a key in a table of n rows. */
static inline uint32_t morph_row(uint64_t key, uint32_t n)
{
	return (uint32_t)((key >> 32) * n >> 32);
}

#endif
