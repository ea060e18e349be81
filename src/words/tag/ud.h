/* ud.h - words told in the terms of Universal Dependencies: UPOS, FEATS, lemma.
 *
 * The tagger chooses a UD tag for every word (struct word: upos, ud); this header writes it.
 * Treebanks differ in which features they mark and in a few parts of speech; a style says
 * whose convention is followed (docs/words.md lists the differences and their source).
 */
#ifndef LTM_WORDS_UD_H
#define LTM_WORDS_UD_H

#include "words/words.h"

enum ud_style {
	UD_STYLE_TAIGA = 0,	/* UD_Russian-Taiga since 2.8: the fullest; the default */
	UD_STYLE_POETRY = 1,	/* UD_Russian-Poetry: the same, no Aspect on AUX */
	UD_STYLE_GSD = 2,	/* UD_Russian-GSD: fewer features, который is PRON, другой ADJ */
};
enum { UD_TEXT_MAX = 512 };	/* room for any FEATS, ended by 0 */

/* "NOUN", … the seventeen of UD; "X" for anything else. */
const char *upos_name(int upos);
/* enum upos of a name, -1 when there is none such. */
int upos_find(struct str name);

/* UPOS of word i in a style. Thread-safe; depends on its arguments only. */
int ud_upos(const struct words *w, size_t i, struct str text, enum ud_style style);
/* FEATS of word i: "Animacy=Inan|Case=Nom|…" in UD's order, or "_". text is book.text.
 * Returns the length written to out. */
size_t ud_feats(char out[UD_TEXT_MAX], const struct words *w, size_t i, struct str text,
                enum ud_style style);
/* Lemma of word i as UD writes it: the mark itself, a capital for names. To b, replaced. */
void ud_lemma(struct buf *b, const struct words *w, size_t i, struct str text);
/* The same in a style: GSD has a name for the mark of per cent. */
void ud_lemma_in(struct buf *b, const struct words *w, size_t i, struct str text,
                 enum ud_style style);

#endif
