/* wordcache.h - the forms a worker has met, with their readings ready (inner header). */
#ifndef LTM_WORDS_WORDCACHE_H
#define LTM_WORDS_WORDCACHE_H

#include "words/tag/choose.h"

struct entry {
	uint64_t hash;
	uint32_t key, n_key;	/* bytes of its key in word_cache.keys */
	uint32_t first;		/* of its readings in word_cache.r */
	uint8_t n;		/* candidates; those for capitals only stand last */
	uint8_t n_small;	/* candidates of the form written small, >= 1 */
	uint8_t kind;		/* enum tok_kind */
	struct look_at at;
};
struct word_cache {
	const struct dict *d;
	struct entry *e;
	size_t n_e, cap_e;
	uint32_t *slot;		/* open addressing, entry + 1 */
	size_t n_slot;
	struct buf keys;
	struct cread *r;
	size_t n_r, cap_r;
	struct strtab lemma;	/* class letter, then the lemma in UTF-8 */
	uint32_t *of_book;	/* [cap_of_book] lemma of the cache -> lemma of the book + 1 */
	size_t cap_of_book;
	struct toks toks;	/* work memory of words_read */
	struct cword *cw;
	size_t cap_cw;
	uint8_t *pick;
	struct beam *work;
	struct memo *memo;
	uint32_t tag_of[TIDS_MAX];	/* tid -> tag; 0 is none */
	uint16_t tid_slot[4 * TIDS_MAX];	/* open addressing, tid */
	uint32_t n_tid;
};
/* Hash of the key under which the lexicon knows a form. */
uint64_t cache_key_of(struct str form);
/* Candidates of an entry for a token written so. */
static inline uint8_t entry_n(const struct entry *e, int shape)
{
	return shape ? e->n : e->n_small;
}
/* Adds the still features up again, after the weights have changed (fitting). */
void cache_rescore(struct word_cache *c, const int16_t *w);
/* The indices of the still features of candidate k of entry e. */
size_t cache_still(uint32_t ix[FEATS_MAX], const struct word_cache *c, const struct entry *e,
                   int k);
/* The entry of a token, made on first sight. */
uint32_t cache_entry(struct word_cache *c, const struct tok *t, struct str text);
static inline const struct cread *entry_reads(const struct word_cache *c, uint32_t e)
{
	return c->r + c->e[e].first;
}
static inline struct str cache_lemma(const struct word_cache *c, uint32_t lemma)
{
	struct str s = c->lemma.s[lemma];

	return (struct str){ s.p + 1, s.n - 1 };
}
/* Forgets everything when it has grown large; called between books. */
void cache_trim(struct word_cache *c);

#endif
