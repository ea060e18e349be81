/* names.h - settles over a whole book which words are names (inner header of words). */
#ifndef LTM_WORDS_NAMES_H
#define LTM_WORDS_NAMES_H

#include "words/tag/wordcache.h"

/* Sets WORD_PROPER on the tokens of c->toks and may change pick of names, so that one name
 * has one lemma throughout. first [n_sent + 1] are the sentences' first tokens. */
void names_settle(struct word_cache *c, uint8_t *pick, const uint32_t *first, size_t n_sent);

#endif
