/* hyper_in.h - the parts of the hyperlexeme tokenizer (inner header of words).
 *
 *   hyper_letters.c   runes <-> letters: one byte for each rune that pieces are made of
 *   hyper_trie.c      the pieces as a double array over letters
 *   hyper_path.c      the cheapest path through the pieces of a text, in bounded memory
 *   hyper.c           the scheme behind words/tokens/tokens_in.h
 *   hyper_export.c    tokenizer.json
 *   hyper_train.c     which pieces: grow by frequent neighbours, prune by loss, again
 *   hyper_loss.c      one pass over the training text: uses, losses, neighbours
 *   hyper_morph.c     where in words morphemes meet
 *   hyper_shape.c     which strings may be pieces
 *   docs/hyper.md     what it does and what was measured
 *
 * Letters of the files: K the price of a token, c what is added for a rare piece.
 */
#ifndef LTM_WORDS_HYPER_IN_H
#define LTM_WORDS_HYPER_IN_H

#include "words/tokens/tokens_in.h"

enum {
	HYPER_PRICE = 4096,		/* K: a token costs K + c */
	HYPER_EXTRA_MAX = 511,		/* the greatest c */
	HYPER_LETTERS_MAX = 256,	/* letter 0: a byte that begins no known rune */
	HYPER_PIECE_MAX = 48,		/* letters of a piece */
	HYPER_LETTERS_ALL = 1 << 22,	/* letters of all pieces: the trie has 24 bits for a place */
};

/* ---- letters --------------------------------------------------------------------------- */

struct letters {
	uint32_t n;			/* letters in use, 0 among them */
	uint32_t rune[HYPER_LETTERS_MAX];
	uint8_t bytes[HYPER_LETTERS_MAX];	/* UTF-8 length of a letter; 1 for letter 0 */
	uint8_t of[1 << 16];		/* rune -> letter; 0: none. Runes above U+FFFF have none */
};
void letters_init(struct letters *l);
/* False when there is no room for one more (or it lies above U+FFFF). */
bool letters_add(struct letters *l, uint32_t rune);
/* Cuts text into letters; out [text.n]; returns how many. Any bytes. */
size_t letters_read(const struct letters *l, struct str text, uint8_t *out);
/* The bytes of letters (none of them 0); out [3 * n]. */
size_t letters_write(const struct letters *l, const uint8_t *letter, size_t n, char *out);

/* ---- the trie -------------------------------------------------------------------------- */

/* One place of the double array [Aoe 1989]: the child of s by letter x is t = base(s) ^ x, if
 * label(t) == x. Bases of nodes differ, so the label alone proves the parent. */
struct trie_unit {
	uint32_t go;			/* base << 8 | label */
	uint32_t mark;			/* 0, or 1 + the number of the string that ends here */
};
struct trie { struct trie_unit *u; size_t n, cap; };

struct piece {				/* a string of letters */
	const uint8_t *p;
	uint32_t n;
};
/* Builds from pieces in any order, all different, none empty, HYPER_LETTERS_ALL letters at most
 * in all. mem_free(t->u). */
void trie_build(struct trie *t, const struct piece *piece, size_t n);

/* ---- the path -------------------------------------------------------------------------- */

/* Memory of one who looks for paths; zero-initialise, path_clear. */
struct path_work {
	uint32_t *cost;			/* cheapest way to each place of the window */
	uint32_t *by;			/* the last piece of that way */
	uint8_t *alive;
	size_t cap;
};
void path_clear(struct path_work *k);

struct path_set {
	const struct trie *trie;
	const struct piece *piece;
	const uint32_t *price;		/* [pieces] K + c */
	uint32_t stray;			/* the price of letter 0, a byte outside the letters */
};
enum { PATH_STRAY = UINT32_MAX };	/* in place of a piece: one byte */
/* The cheapest path of letters [n]: calls take for runs of it, in order. Between equals the one
 * whose last piece is longest, and so on to the left. Every letter but 0 must be a piece. */
void path_find(struct path_work *k, const struct path_set *s, const uint8_t *letter, size_t n,
               void (*take)(void *ctx, const uint32_t *piece, size_t n), void *ctx);

/* ---- the scheme's halves ----------------------------------------------------------------- */
enum status hyper_train(struct tokenizer *t, const struct tokens_plan *p, const struct str *text,
                        size_t n, const struct watch *w, struct err *e);
enum status hyper_export(const struct tokenizer *t, struct buf *json, struct err *e);

/* ---- training -------------------------------------------------------------------------- */

enum kind { KIND_STRAY, KIND_LETTER, KIND_DIGIT, KIND_SPACE, KIND_LINE, KIND_MARK };
enum shape { SHAPE_NONE, SHAPE_WORD /* within a word */, SHAPE_FREE };
/* kind [256] of each letter. */
void shape_kinds(uint8_t *kind, const struct letters *l);
enum shape shape_find(const uint8_t *kind, const uint8_t *p, size_t n);

/* Words of the texts and where their morphemes meet (hyper_morph.c). */
enum place { PLACE_OUTSIDE, PLACE_BORDER, PLACE_AMID };
struct forms {
	struct strtab seen;		/* small letters */
	uint32_t *count;		/* [n] by id */
	uint64_t *bits;			/* [n] bit k: a border after k letters */
	size_t n, cap;
};
void forms_count(struct forms *f, const struct letters *l, const uint8_t *kind, const uint8_t *p,
                 size_t n);
void forms_cut(struct forms *f);	/* after all are counted */
/* place [n + 1]: what stands between p[k - 1] and p[k]. */
void forms_mark(uint8_t *place, const struct forms *f, const struct letters *l, const uint8_t *kind,
                const uint8_t *p, size_t n);
void forms_clear(struct forms *f);

/* Neighbours on the path: how often, in how many books. Open addressing. */
struct pair { uint32_t a, b, count; uint16_t books, last; };
struct neighbours { struct pair *slot; size_t n, cap, limit; };
void neighbours_free(struct neighbours *t);
void neighbours_add(struct neighbours *t, uint32_t a, uint32_t b, uint16_t book);

/* One pass over training text. uses and loss have a place a piece; pairs may be NULL (then
 * losses are counted, else neighbours). loss is in prices. */
struct tally {
	struct path_set set;
	size_t n;			/* pieces */
	uint32_t *uses;
	double *loss;
	uint32_t *amid;			/* ends of a piece, both, that lie amid a morpheme */
	float *now;			/* of the book at hand */
	uint32_t *now_uses;
	struct neighbours *pairs;
	double tokens, power;
	uint16_t book;
	struct lattice *own;
};
void tally_open(struct tally *t);
void tally_close(struct tally *t);
/* A book: letters [n], their places [n + 1], every stride-th stretch of it. */
void tally_book(struct tally *t, const uint8_t *letter, const uint8_t *place, size_t n, size_t stride,
                size_t phase);

#endif
