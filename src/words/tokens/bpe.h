/* bpe.h - the parts of the two schemes of byte-pair encoding (inner header of words).
 *
 *   pretoken.c     where no merge crosses
 *   bpe_count.c    the distinct words of a training text with their counts
 *   bpe_train.c    counted words -> merges, in order of their counts
 *   bpe_merge.c    the merges as a table; one word -> ids
 *   bpe.c          the two schemes: encoding with a cache, the scheme's part of the file
 *   bpe_export.c   tokenizer.json
 *   docs/tokens.md what was measured
 *
 * A "word" here is a pre-token, or for TOKENS_MORPH one morpheme of it (with what stands before
 * or behind the letters). Merge k joins the ids a and b into the id 256 + k; no two ids have
 * the same bytes.
 */
#ifndef LTM_WORDS_BPE_H
#define LTM_WORDS_BPE_H

#include "words/tokens/tokens_in.h"

struct merge { uint32_t a, b; };

/* ---- distinct words -------------------------------------------------------------------- */
struct bpe_word { struct str s; uint64_t count; };
struct bpe_words {
	struct bpe_word *w;		/* [n] in order of first meeting */
	size_t n, cap;
	uint64_t *slot;			/* open addressing: high hash bits | id + 1; 0 is empty */
	size_t n_slot;
};
void bpe_words_clear(struct bpe_words *t);
/* Counts the pre-tokens of the texts, which must outlive t. ERR_STOP when stopped. */
enum status bpe_count(struct bpe_words *t, const struct str *text, size_t n, const struct watch *w,
                      struct err *e);
/* The same words cut at morphemes, counted anew. */
enum status bpe_count_morphs(struct bpe_words *out, const struct bpe_words *words,
                             const struct watch *w, struct err *e);
/* Borders of a pre-token for TOKENS_MORPH: end[0] < end[1] < … = n; returns how many parts. */
enum { PARTS_MAX = 34 };
size_t bpe_parts(struct str pre, uint32_t end[PARTS_MAX]);

/* ---- training -------------------------------------------------------------------------- */
/* Greedy merges of the most frequent pair [Sennrich 2016]; equal counts go to the lower ids. At
 * most `limit` merges; fewer when no pair is met twice. Fills merge and piece (ids 0.. of
 * 256 + *n). Pieces go to a. ERR_STOP when stopped. */
enum status bpe_train(struct merge *merge, struct str *piece, uint32_t *n, uint32_t limit,
                      const struct bpe_words *words, struct arena *a, const struct watch *w,
                      struct err *e);

/* ---- encoding one word ----------------------------------------------------------------- */
/* The rules as tables for encoding; bpe_merge.c says how they lie. */
enum { MERGE_CODES = 128, MERGE_CODED = 2048 };
struct merges {
	struct merge *rule;	/* [merges] */
	uint32_t *slot;		/* open table of pairs: some bits of the hash, the id; 0 is empty */
	uint32_t mask;
	uint32_t *letter;	/* [65536] id of two bytes that may be joined before all others, or MERGE_NONE */
	uint8_t *code;		/* [MERGE_CODED] ids that words begin as -> 1.. */
	uint32_t *pair;		/* [MERGE_CODES][MERGE_CODES] what two codes become, or MERGE_NONE */
};
#define MERGE_NONE UINT32_MAX
void merges_init(struct merges *m, const struct merge *v, uint32_t n);
void merges_clear(struct merges *m);
/* Work memory for words up to PRETOKEN_MAX bytes. */
struct merge_work;
struct merge_work *merge_work_open(void);
void merge_work_close(struct merge_work *w);
/* The ids of a word of n bytes (1..PRETOKEN_MAX); out [n]; returns how many. n log n. */
size_t merges_word(const struct merges *m, struct merge_work *w, const uint8_t *p, size_t n,
                   uint32_t *out);

/* ---- tokenizer.json -------------------------------------------------------------------- */
enum status bpe_export(const struct tokenizer *t, struct buf *json, struct err *e);
/* The k-th merge of the scheme's part of the file. */
struct merge bpe_merge_at(const struct tokenizer *t, uint32_t k);

#endif
