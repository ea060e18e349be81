/* tokens.h - tokenizers: bytes -> token ids -> bytes, five schemes behind one interface.
 *
 *   TOKENS_BYTE    byte-level BPE within pre-tokens [Sennrich 2016; Radford 2019]: the rival
 *   TOKENS_MORPH   the same, but no merge crosses a border of morphemes (words/morph/morph.h)
 *   TOKENS_HYPER   hyperlexemes: pieces may hold several words; fewest tokens, by shortest path
 *   TOKENS_FOLD    folded grammar: lemma + grammar tag, function words as operators; reversible
 *   TOKENS_LEMMA   lemmas of content words alone; lossy
 *
 * The first four give back every input to the byte, whatever it is. The same text gives the same
 * ids on every machine and with any number of threads; training too is deterministic.
 */
#ifndef LTM_WORDS_TOKENS_H
#define LTM_WORDS_TOKENS_H

#include "words/words.h"

enum tokens_scheme {		/* stored in files: never reused */
	TOKENS_BYTE = 1, TOKENS_MORPH = 2, TOKENS_HYPER = 3, TOKENS_FOLD = 4, TOKENS_LEMMA = 5,
};
enum { TOKENS_VOCAB_MIN = 300, TOKENS_VOCAB_MAX = 1 << 18 };

struct ids { uint32_t *id; size_t n, cap; };	/* VEC_PUSH; mem_free(id) */

struct tokenizer;		/* read-only once made; shared by threads */
struct tokens_work;		/* a worker's own memory and caches; never changes a result */

/* Trains on texts (UTF-8 or any bytes). vocab counts everything an id can name, the 256 bytes
 * too; fewer come out when the texts do not fill it. d: needed by FOLD and LEMMA (which read in
 * context), ignored by the others; it must outlive the tokenizer. w may be NULL.
 * ERR_STOP when stopped; ERR_USAGE for an impossible size. */
struct tokens_plan {
	enum tokens_scheme scheme;
	uint32_t vocab;
	const struct dict *dict;
};
enum status tokens_train(struct tokenizer **out, const struct tokens_plan *p, const struct str *text,
                         size_t n, const struct watch *w, struct err *e);

/* The file form (docs/tokens.md). tokens_open copies what it needs; a damaged file is ERR_FORMAT
 * with the place. A FOLD or LEMMA file opened without a dictionary, or with another one than it
 * was trained with, is ERR_USAGE. */
void tokens_save(const struct tokenizer *t, struct buf *out);
enum status tokens_open(struct tokenizer **out, struct str bytes, const struct dict *d, struct err *e);
void tokens_close(struct tokenizer *t);

/* Hugging Face tokenizer.json whose encoding equals ours; ERR_USAGE where the scheme has none. */
enum status tokens_export(const struct tokenizer *t, struct buf *json, struct err *e);

struct tokens_work *tokens_work_open(const struct tokenizer *t);
void tokens_work_close(struct tokens_work *k);
/* Appends the ids of text. */
void tokens_encode(struct tokens_work *k, struct str text, struct ids *out);
/* Appends the text of ids. ERR_FORMAT: an id outside the vocabulary, or (FOLD) a sequence that no
 * encoding gives. LEMMA gives its lemmas with spaces between. */
enum status tokens_decode(struct tokens_work *k, const uint32_t *id, size_t n, struct buf *out,
                          struct err *e);

enum tokens_scheme tokens_scheme(const struct tokenizer *t);
uint32_t tokens_vocab(const struct tokenizer *t);
/* The bytes of a token, or the name of a FOLD operator, tag or lemma; lives in the tokenizer. */
struct str tokens_piece(const struct tokenizer *t, uint32_t id);
bool tokens_reversible(enum tokens_scheme s);
bool tokens_needs_dict(enum tokens_scheme s);
/* The scheme that a file's first bytes name, 0 when they are not a tokenizer's. */
enum tokens_scheme tokens_peek(struct str bytes);
const char *tokens_scheme_name(enum tokens_scheme s);		/* "byte", "morph", "hyper", "fold", "lemma" */
bool tokens_scheme_find(enum tokens_scheme *s, struct str name);

#endif
