/* tokens_in.h - what the schemes of tokens.h are made of (inner header of words).
 *
 *   tokens.c        the interface: table of schemes, file form, decoding of plain pieces
 *   bpe_*.c         TOKENS_BYTE and TOKENS_MORPH
 *   hyper_*.c       TOKENS_HYPER
 *   fold_*.c        TOKENS_FOLD and TOKENS_LEMMA
 *
 * Ids 0..255 are the single bytes in every reversible scheme, so nothing is ever unknown.
 */
#ifndef LTM_WORDS_TOKENS_IN_H
#define LTM_WORDS_TOKENS_IN_H

#include "words/tokens/tokens.h"

struct tokenizer {
	enum tokens_scheme scheme;
	const struct scheme *of;
	uint32_t n;			/* vocabulary */
	struct str *piece;		/* [n] bytes of each id, or its name */
	struct str extra;		/* the scheme's own part of the file: merges, tags, … */
	const struct dict *dict;
	void *own;			/* what `ready` built: tables for encoding */
	struct arena mem;		/* pieces and extra live here */
};

/* Longest piece or name in bytes: tokens_open refuses longer ones, so that a file cannot blow up
 * decoding; training must keep to it. */
enum { TOKENS_PIECE_MAX = 1024 };

struct tokens_work {
	const struct tokenizer *t;
	void *own;			/* the scheme's work memory */
};

/* One scheme. ready: checks piece and extra (they may come from a hostile file) and builds own;
 * called after training and after opening. decode NULL: the pieces one after the other. */
struct scheme {
	enum tokens_scheme id;
	const char *name;
	bool reversible, needs_dict;
	enum status (*train)(struct tokenizer *t, const struct tokens_plan *p, const struct str *text,
	                     size_t n, const struct watch *w, struct err *e);
	enum status (*ready)(struct tokenizer *t, struct err *e);
	void (*close)(struct tokenizer *t);	/* also after a failed train or ready: own may be NULL */
	void *(*work_open)(const struct tokenizer *t);
	void (*work_close)(void *own);
	void (*encode)(struct tokens_work *k, struct str text, struct ids *out);
	enum status (*decode)(struct tokens_work *k, const uint32_t *id, size_t n, struct buf *out,
	                      struct err *e);
	enum status (*export)(const struct tokenizer *t, struct buf *json, struct err *e);	/* may be NULL */
};
extern const struct scheme scheme_byte, scheme_morph;	/* bpe.c */
extern const struct scheme scheme_hyper;		/* hyper.c */
extern const struct scheme scheme_fold, scheme_lemma;	/* fold.c */

/* Pre-tokens: where a piece of BYTE and MORPH may not go on. Length in bytes of the first one of
 * text (n > 0): " слово", " 123" (up to three digits), " ?!", spaces, line ends … (pretoken.c).
 * At most PRETOKEN_MAX. Equals the regular expression `pretoken_regex` (for valid UTF-8). */
enum { PRETOKEN_MAX = 16384 };
size_t pretoken(struct str text);
extern const char pretoken_regex[];
/* The same for a loop: kinds of runes, taken once. */
const uint8_t *pretoken_kinds(void);
size_t pretoken_at(const uint8_t *kind, const char *p, size_t n);

/* bytelevel.c: the rune for each byte, and a piece in a JSON string without its quotes. */
void bytelevel_runes(uint32_t rune[256]);
void bytelevel_put(struct buf *b, const uint32_t rune[256], struct str s);

#endif
