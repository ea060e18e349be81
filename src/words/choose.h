/* choose.h - choosing one reading a word by its context (inner header of words).
 *
 * The score of a sentence is a sum over its words and neighbouring pairs; the best sum is
 * found by Viterbi. Weights stand in data/ru/words_weights.tsv, one feature a row:
 *
 *     pair    NOUN.gent  ADJ.gent    two neighbouring tags
 *     agree   ADJ.NOUN   ===         do case (or person), number, gender agree: = # .
 *     tag     NOUN.gent              the tag alone
 *     here    что        CONJ.       a word and its own tag
 *     after   в          NOUN.loct   the tag of the word after it
 *     after2  в          NOUN.loct   the tag of the second word after it
 *     before  что        VERB.tran   the tag of the word before it
 *     shape   title      NAME        how it is written and what it is
 *     guess   title      NOUN        the same for a reading guessed by ending
 *     scale   p                      times log P(reading | form)
 *
 * They were fitted by bench/fit_words.c (averaged perceptron [Collins 2002]).
 */
#ifndef LTM_WORDS_CHOOSE_H
#define LTM_WORDS_CHOOSE_H

#include "words/dict.h"
#include "words/wordcut.h"

enum {
	CL_NAME = POS_APRO + 1,	/* a person's name is a class of its own beside NOUN */
	CL_PLACE,		/* and so is the name of a place or body */
	CL_FIXED,		/* and a guessed noun that does not decline */
	CL_N,
	SLOTS = 7,		/* case 1..6 or 0; of verbs transitivity and mood */
	PTAGS = CL_N * SLOTS,
	FTAGS_MAX = 640,
	AGREES = 27,
	LEX_MAX = 400,		/* words with features of their own; 0 is "none" */
	SHAPES = 4,		/* lower, title inside, title at a start, capitals */
};

/* Where each kind of feature begins in the one vector of weights. */
enum {
	W_SCALE = 0,
	W_PAIR = 1,
	W_AGREE = W_PAIR + PTAGS * PTAGS,
	W_TAG = W_AGREE + CL_N * CL_N * AGREES,
	W_LEX = W_TAG + PTAGS,		/* [4][LEX_MAX][PTAGS]: here after after2 before */
	W_SHAPE = W_LEX + 4 * LEX_MAX * PTAGS,
	W_GUESS = W_SHAPE + SHAPES * CL_N,
	W_N = W_GUESS + SHAPES * CL_N,
};
enum lex_kind { LEX_HERE, LEX_AFTER, LEX_AFTER2, LEX_BEFORE };

/* One reading as the cache keeps it. */
struct cread {
	struct gram g;
	uint32_t lemma;		/* of the cache */
	float logp;
	uint16_t ftag;		/* fine tag: class, case, number, gender, person */
	uint8_t ptag;		/* plain tag: class and slot */
	uint8_t pos, cls, unknown;
};
/* A word of the sentence as choosing sees it. */
struct cword {
	const struct cread *r;
	uint8_t n;
	uint8_t shape;
	uint16_t lex;
};

struct ftag { uint8_t cls, slot, number, gender, person; };
struct weights_ctx {
	float *w;		/* [W_N] */
	float *pair;		/* [n_ftag][n_ftag] folded: pair + agree */
	struct ftag ftag[FTAGS_MAX];
	uint16_t ftag_of[CL_N][SLOTS][3][4][4];	/* class slot number gender person */
	int n_ftag;
	struct strtab lex;	/* id + 1 is the word's lex */
	struct prefix *prefix;	/* data/ru/words_prefix.tsv in dictionary bytes */
	size_t n_prefix;
	struct freq *freq;	/* open addressing by hash; 0 is empty */
	size_t n_freq;
	struct fix { struct prefix lemma, better; int cls; } *fix;
	size_t n_fix;
	struct extra { struct prefix form, lemma; struct tag tag; float w; } *extra;
	size_t n_extra;
	struct arena mem;
};
struct freq { uint64_t hash; float w; };
/* The one read-only set of tables, read on first use; any thread. */
struct weights_ctx *weights_take(void);
const struct prefix *weights_prefixes(const struct weights_ctx *c, size_t *n);
/* How common a cell's lemma is: 1 when the table does not say. */
float weights_freq(const struct weights_ctx *c, const struct cell *cell);
/* Puts a better lemma where data/ru/words_lemma.tsv has one. */
void weights_lemma(const struct weights_ctx *c, struct cell *cell);
int cell_class(const struct tag *t);		/* class of a lemma: verbs' forms are VERB */
void weights_fold(struct weights_ctx *c);		/* after w has changed */
uint16_t weights_lex(const struct weights_ctx *c, struct str form);	/* lower case; 0 none */
const char *weights_tag_name(int ptag, char buf[16]);
const char *weights_class_name(int cls);

/* Class, plain and fine tag of a reading. */
void cread_tags(const struct weights_ctx *c, struct cread *r);
int shape_of(const struct tok *t);
int pair_agree(const struct ftag *a, const struct ftag *b);
/* Features of word i with reading r alone: indices into w; returns how many. */
int word_features(uint32_t ix[8], const struct cword *s, size_t n, size_t i,
                  const struct cread *r);
/* What is never so, whatever the weights: a guessed name written small. */
enum { NEVER = 1000 };
static inline float word_never(const struct cword *s, const struct cread *r)
{
	return r->unknown && r->cls == CL_NAME && s->shape == 0 ? NEVER : 0;
}
/* Best reading of every word: pick[i] in 0..s[i].n-1. back [n] is work memory. */
typedef uint8_t back_row[READINGS_MAX];
void choose_path(uint8_t *pick, back_row *back, const struct weights_ctx *c,
                 const struct cword *s, size_t n);

#endif
