/* morph.h - a word form into morphemes: prefix, root, suffix, ending.
 *
 * The model is learnt (bench/fit/fit_morph.c) and carried inside the program; it needs no
 * dictionary. A program built without it cuts by a table of affixes (docs/morph.md). Pure
 * functions of the form and the hint: any thread, the same cut on every machine.
 */
#ifndef LTM_WORDS_MORPH_H
#define LTM_WORDS_MORPH_H

#include "words/words.h"

enum morph_type {
	MORPH_PREF = 1, MORPH_ROOT, MORPH_SUFF, MORPH_END, MORPH_LINK /* соединительная гласная */,
	MORPH_HYPH, MORPH_POSTFIX /* -ся, -то */,
};
struct morph { uint16_t off, len; uint8_t type; };	/* bytes of the form */
enum { MORPHS_MAX = 32 };

/* What is known of the word, when it is; all may be empty. */
struct morph_hint { struct str lemma; uint8_t pos; };

/* Cuts a word form in UTF-8, any case, е for ё allowed. The spans follow one another and cover the
 * form. What is not a Russian word (or is longer than 60 letters) is one ROOT. Returns how many.
 * hint may be NULL. */
int morph_cut(struct str form, const struct morph_hint *hint, struct morph out[MORPHS_MAX]);
const char *morph_type_name(int type);		/* "PREF", "ROOT", … */
bool morph_has_model(void);			/* does this build carry the learnt model? */
/* Adds the cut as a line for people: пере-ПИС^ыва^ть, ПАР~о~ВОЗ+ом, УЧ^и^ть=ся (morphtell.c lists
 * the marks). Small letters; roots in capitals. */
void morph_tell(struct buf *b, struct str form, const struct morph *m, int n);
/* The legend of those marks, one line without its end; lang "ru" or "en". */
struct str morph_legend(const char *lang);

#endif
