/* morphin.h - a word as letters, on its way into morphemes (inner header of words).
 *
 * Both ways of cutting, by the learnt model (morphmodel.c) and by the table of affixes
 * (morphrule.c), see a word as small numbers, a letter each, and answer with spans of letters.
 * morph.c makes the letters of bytes and turns the spans back.
 */
#ifndef LTM_WORDS_MORPHIN_H
#define LTM_WORDS_MORPHIN_H

#include "words/morph/morph.h"

/* Letters: а..я are 1..32 (ё is е; ѣ і ѳ ѵ as they are read today), the hyphen is 33; 0 and 34 stand
 * outside the word, on its left and right. */
enum { LETTER_HYPHEN = 33, LETTER_EDGE = 34, LETTERS = 35, MWORD_MAX = 60 };

struct mword {
	uint8_t c[MWORD_MAX + 2];	/* [n] letters */
	uint16_t at[MWORD_MAX + 2];	/* [n + 1] byte where letter i begins; at[0] = 0, at[n] = all */
	int n;
};
struct mspan { uint8_t from, to, type; };	/* letters [from, to), enum morph_type */

/* Letters of a form; stress marks and a last ъ belong to the letter before. False: not a
 * Russian word of 1..MWORD_MAX letters. */
bool mword_of(struct mword *w, struct str form);
uint8_t letter_of(uint32_t rune);	/* 0 when it is none */

/* By the table data/ru/words_affix.tsv alone. Spans cover the word; at least one. */
int morph_by_rules(const struct mword *w, struct mspan out[MORPHS_MAX]);

#endif
