/* llamavocab.h - a tokenizer as the vocabulary of a GGUF file: what llama.cpp makes of it.
 *
 *   byte    "gpt2": byte-level BPE with our merges. Ids of text are ours but where the pre-tokens
 *           differ: its list of expressions has none that is ours, "gpt-4o" is the nearest
 *   morph   the same; llama.cpp knows no morphemes, so its ids of text are others. Text of ids is right
 *   hyper   "t5" (Unigram): our prices as scores. Ids of text are ours as long as all its runes have
 *           letters; another rune becomes id 0, where we spell its bytes
 *   fold,   "none": ids go in and come out, llama.cpp makes no text of them
 *   lemma
 *
 * Ids given as ids mean the same in all five: a model's output does not depend on any of this.
 */
#ifndef LTM_WORDS_LLAMAVOCAB_H
#define LTM_WORDS_LLAMAVOCAB_H

#include "words/tokens/tokens.h"

enum llama_type { LLAMA_NORMAL = 1, LLAMA_CONTROL = 3, LLAMA_UNUSED = 5, LLAMA_BYTE = 6 };
struct llamavocab {
	const char *model, *pre;	/* "gpt2", "t5", "none"; pre NULL: none */
	size_t n, n_merge;
	struct str *token;		/* [n] all different, none empty */
	int32_t *type;			/* [n] enum llama_type */
	float *score;			/* [n], or NULL */
	struct str *merge;		/* [n_merge] "left right" */
	uint32_t bos, eos, unk;
	struct arena mem;		/* all of it lives here */
};
/* n: tokens the model has, at least those of the tokenizer: the rest are unused. t NULL: "none". */
void llamavocab_make(struct llamavocab *v, const struct tokenizer *t, size_t n);
void llamavocab_clear(struct llamavocab *v);

#endif
