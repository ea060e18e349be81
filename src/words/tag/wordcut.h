/* wordcut.h - tokens of a sentence, before their morphology (inner header of words). */
#ifndef LTM_WORDS_WORDCUT_H
#define LTM_WORDS_WORDCUT_H

#include "words/words.h"

enum tok_kind { TOK_WORD, TOK_LATIN, TOK_DIGIT, TOK_PUNCT, TOK_INITIAL };
struct tok {
	uint32_t off;		/* bytes in book.text */
	uint32_t entry;		/* of the cache, set by words.c */
	uint16_t len;
	uint8_t kind;		/* enum tok_kind */
	uint8_t flags;		/* enum word_flag, and TOK_… below */
	uint8_t mark;		/* of TOK_PUNCT: enum mark */
	bool start;		/* a capital here says nothing: a sentence or speech begins */
	bool shout;		/* its sentence is all in capitals */
	bool initial;		/* one capital letter with a point: А. */
	bool loose;		/* ) that closes nothing */
	bool dotted;		/* a short word with a point right behind it: г., т. д., стр. */
	bool inner;		/* a capital inside: Д'Артаньян, Ван-Дейк */
};
enum mark { MARK_NONE, MARK_COMMA, MARK_STOP, MARK_DASH, MARK_OPEN, MARK_CLOSE, MARK_QUOTE,
            MARK_COLON, MARK_OTHER, MARK_SIGN /* not punctuation: № % */ };
struct toks {
	struct tok *t;		/* mem_free */
	size_t n, cap;
};
/* Appends the tokens of text[off, off + len), flags WORD_TITLE WORD_UPPER WORD_FIRST set. */
void tok_cut(struct toks *out, struct str text, uint32_t off, uint32_t len);
/* Sets WORD_SPEECH on the tokens of one paragraph. */
void tok_speech(struct tok *t, size_t n, struct str text);

#endif
