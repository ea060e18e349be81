/* fold.h - folded grammar: a text as lexemes and operators (inner header of words).
 *
 *   text -> fold_read.c -> items -> fold_code.c -> atoms -> fold_path.c -> ids
 *   ids  -> fold_path.c -> atoms -> fold_write.c -> text
 *
 * An item is a word or a mark with its place in the text. An atom is the smallest thing that an id
 * can name:
 *
 *     byte      a byte as it is; no spaces are put around it (ids 0..255)
 *     lex       a lexeme: a base form and a paradigm (inflect.h): ЛЕС
 *     form      the slot of the lexeme that follows: [loct,sing]
 *     mark      a punctuation mark with its spaces: «, » «—» …
 *     word      a word begins that is spelled: runes follow
 *     rune      one letter of it
 *     signs     Title, lower, CAPITALS, ё, no space: how the next word departs from what was expected
 *
 * What is expected costs nothing: one space between words, a capital where a sentence begins or the
 * lexeme is a name, the base form, and after an adjective its case, number and gender.
 * A token is an atom or a run of atoms that was frequent in training: [в loct,sing] is one operator,
 * [, что] another, and (when fused) «в лесу» one token.
 *
 * Whatever reading the tagger chose, and whatever the bytes, atoms give the text back: the coder writes
 * a word as a lexeme only where the dictionary spells it to the byte, and spells or copies the rest.
 */
#ifndef LTM_WORDS_FOLD_H
#define LTM_WORDS_FOLD_H

#include "words/dict/inflect.h"
#include "words/tokens/tokens_in.h"

/* Steps of folding: each may be left out, to count what it saves. Stored in files. */
enum fold_option {
	FOLD_BASE = 1, /* the base form needs no form atom */
	FOLD_AGREE = 2, /* a form that follows from the adjective before needs none */
	FOLD_PREP = 4, /* prepositions melt with the form they govern */
	FOLD_CONJ = 8, /* so do conjunctions and particles */
	FOLD_MARKS = 16, /* and marks, and line ends */
	FOLD_FUSE = 32, /* operators melt with a frequent lexeme: (lemma, tag) pairs */
	FOLD_CHAIN = 64, /* tokens may hold several lexemes: folded hyperlexemes */
	FOLD_LAZY = 128, /* no form atom where the expected form is spelled the same */
	FOLD_USUAL =
	        256, /* what needs no form atom is not the base form but the lexeme's most
				 * frequent one: глаза of глаз, сказал of сказать */
	FOLD_DEFAULT =
	        FOLD_BASE | FOLD_AGREE | FOLD_PREP | FOLD_CONJ | FOLD_MARKS | FOLD_FUSE,
	FOLD_OPTIONS = 511,
};

/* ---- atoms ------------------------------------------------------------------------- */
enum atom_kind { /* stored in files: never reused */
	         ATOM_BYTE = 0,
	         ATOM_NOSP = 1,
	         ATOM_TITLE = 2,
	         ATOM_LOW = 3,
	         ATOM_CAPS = 4,
	         ATOM_YO = 5,
	         ATOM_WORD = 6,
	         ATOM_FORM = 7,
	         ATOM_LEX = 8,
	         ATOM_RUNE = 9,
	         ATOM_MARK = 10,
	         ATOM_KINDS,
};
enum lex_flag {
	LEXEME_TITLE = 1, /* written with a capital */
	LEXEME_PREP = 2,
	LEXEME_CONJ = 4, /* an operator: preposition; conjunction or particle */
};
enum {
	FOLD_BYTES = 256,
	FOLD_VARIANTS = 4,	/* of a slot that have atoms */
	FOLD_RUNES = 0x2200,	/* runes that may have atoms */
	FOLD_SPAN = 24,		/* atoms of the longest token */
	MARK_LEFT = 1, MARK_RIGHT = 2,	/* of a mark: a space stands there */
	NO_ATOM = 0,		/* byte 0 is never looked up */
};
struct atom {
	uint8_t kind, variant;
	uint8_t side;		/* of marks: MARK_LEFT | MARK_RIGHT */
	uint8_t flag;		/* of lexemes */
	uint8_t n_base;
	uint8_t usual;		/* of lexemes: the form expected when nothing else is */
	uint16_t slot;		/* index of inflect_slot */
	uint32_t rune, para;
	const uint8_t *base;
};
struct fold_pair { uint32_t a, b; };

struct fold_trie;
struct fold {
	const struct inflect *f;
	uint32_t option;
	struct atom *atom;	/* [n_atom], the 256 bytes first */
	uint32_t n_atom;
	struct fold_pair *pair;	/* [n_pair] token n_atom + i is a then b */
	uint32_t n_pair;
	uint32_t sign[ATOM_KINDS];	/* the atom of a kind that has but one */
	uint32_t *form;		/* [n_slot][FOLD_VARIANTS] */
	uint32_t *rune;		/* [FOLD_RUNES] */
	uint32_t (*mark)[4];	/* [FOLD_RUNES] by sides */
	uint32_t *lex;		/* open addressing, atom */
	size_t n_lex;
	uint16_t *as_adj, *as_noun;	/* [n_slot] the slot that agrees with it, + 1 */
	struct fold_trie *trie;
	struct arena mem;	/* atoms and bases */
};
/* Builds the tables over atoms (copied) and pairs. false: an impossible one; *bad says which. */
bool fold_build(struct fold *o, const struct inflect *f, uint32_t option,
                const struct atom *atom, uint32_t n_atom, const struct fold_pair *pair,
                uint32_t n_pair, uint32_t *bad);
void fold_clear(struct fold *o);
uint32_t fold_lex_find(const struct fold *o, const uint8_t *base, size_t n,
                       uint32_t para);
/* The scheme's part of the file, and its reader; *o is zeroed on failure. */
void fold_save(const struct fold *o, struct buf *out);
enum status fold_load(struct fold *o, const struct inflect *f, struct str bytes,
                      struct err *e);
/* What people see of a token: [в loct,sing]ЛЕС. */
void fold_name(const struct fold *o, uint32_t id, struct buf *out);

/* ---- what is expected (fold_flow.c): the coder and the writer run the same --------- */
struct flow {
	bool start;		/* a sentence begins here */
	bool right;		/* what stands before wants a space after it */
	bool colon, far;
	uint8_t after, seq;
	bool name;		/* agree is of a name */
	uint16_t agree;		/* slot of the word before that others agree with, + 1 */
};
struct flow flow_begin(void);
void flow_bytes(struct flow *w, const char *p, size_t n);
void flow_word(struct flow *w);		/* a word of letters has passed */
/* Form that a lexeme is expected in, and whether that is for the word before. */
int fold_expect(const struct fold *o, const struct flow *w, const struct atom *lex,
                bool *agrees);
/* The lexeme has passed in form k. */
void flow_lex(struct flow *w, const struct fold *o, const struct atom *lex, int k);
void flow_other(struct flow *w, uint32_t rune);	/* a mark, or 0: anything else */

/* ---- items (fold_read.c) ----------------------------------------------------------- */
enum item_caps { CAPS_LOWER, CAPS_TITLE, CAPS_UPPER, CAPS_MIXED };
struct fold_item {
	uint32_t off, len;	/* bytes of the text */
	uint32_t lex;		/* handle in the reader, or NO_LEX */
	uint16_t slot;
	uint8_t variant;
	uint8_t k;		/* number of the form; 255: look it up */
	uint8_t caps;		/* enum item_caps */
	uint8_t yo;		/* ё is written */
	uint8_t pos;		/* as the tagger read it */
	uint8_t word;		/* 0: a mark of one rune */
};
#define NO_LEX UINT32_MAX
struct fold_items { struct fold_item *v; size_t n, cap; };

struct fold_reader;
/* fold NULL: training, all lexemes are wanted. */
struct fold_reader *fold_reader_open(const struct inflect *f, const struct dict *d,
                                     const struct fold *fold);
void fold_reader_close(struct fold_reader *r);
/* Looks all handles up in a vocabulary made since. */
void fold_reader_bind(struct fold_reader *r, const struct fold *fold);
/* Reads a piece of any bytes; offsets are those of the bytes. */
void fold_words(struct words *out, struct str text, struct word_cache *c,
                struct arena *a);
/* Items of a piece of text that fold_piece gave. */
void fold_read(struct fold_reader *r, struct fold_items *out, struct str text);
/* How much of a text is read at once: up to a line's end, about a megabyte. */
size_t fold_piece(struct str text);
size_t fold_handles(const struct fold_reader *r);
/* A handle's base form and paradigm. */
void fold_handle(const struct fold_reader *r, uint32_t lex, struct str *base,
                 uint32_t *para);
uint32_t fold_handle_atom(const struct fold_reader *r, uint32_t lex);

/* ---- atoms of items, text of atoms ------------------------------------------------- */
struct fold_count {	/* what became of the words: for the ledger */
	uint64_t words;		/* words of letters or digits */
	uint64_t lexemes;	/* written as lexeme and form */
	uint64_t spelled;	/* letter by letter */
	uint64_t base, agree,
	        form; /* of lexemes: expected base, agreeing, with a form atom */
	uint64_t one_form;		/* … and those that have but one form */
};
struct fold_coder {
	const struct fold *o;
	const struct fold_reader *r;
	struct flow w;
	struct ids *out;	/* atoms */
	struct fold_count *count;	/* or NULL */
};
/* Appends the atoms of text with its items. last: nothing follows. */
void fold_code(struct fold_coder *c, struct str text, const struct fold_items *it);

struct fold_writer {
	const struct fold *o;
	struct flow w;
	struct buf *out;
	uint32_t form;		/* pending: atom, 0 none */
	uint8_t caps, yo;	/* pending: ATOM_TITLE, …, 0 none */
	uint8_t in_word;	/* spelling: 1 before the first rune, 2 after */
	uint8_t word_caps;
	uint32_t word_form;
	size_t word_at;		/* where its bytes begin in out */
};
struct fold_writer fold_writer_begin(const struct fold *o, struct buf *out);
/* Both say what is wrong, or NULL. */
const char *fold_write(struct fold_writer *x, uint32_t atom);
const char *fold_write_end(struct fold_writer *x);

/* ---- runs of atoms as tokens ------------------------------------------------------- */
enum fold_class {
	CLASS_BYTE = 1, CLASS_RUNE = 2, CLASS_SIGN = 4, CLASS_FORM = 8, CLASS_PREP = 16,
	CLASS_CONJ = 32, CLASS_MARK = 64, CLASS_LEX = 128,
};
unsigned fold_class(const struct atom *a);
/* May one token hold atoms of all these classes? */
bool fold_may_melt(uint32_t option, unsigned classes);
/* A run of atoms never goes on from a to b. */
bool fold_cut(uint32_t option, const struct atom *a, const struct atom *b);

/* fold_melt.c: learns pairs over segments of atoms. */
struct fold_melt;
struct fold_melt *fold_melt_open(const struct fold *o);
void fold_melt_add(struct fold_melt *m, const uint32_t *atom, size_t n);
/* At most `limit` pairs, each met min_count times or more; mem_free(*out). */
enum status fold_melt_learn(struct fold_melt *m, struct fold_pair **out, uint32_t *n,
                            uint32_t limit, uint32_t min_count, const struct watch *w,
                            struct err *e);
void fold_melt_close(struct fold_melt *m);

/* fold_path.c: fewest tokens that cover the atoms; equal ones: the longest first. */
struct fold_trie *fold_trie_open(const struct fold *o);
void fold_trie_close(struct fold_trie *t);
struct fold_path_work { uint32_t *best, *token; uint8_t *len; size_t cap; };
void fold_path(const struct fold *o, struct fold_path_work *k, struct ids *out,
               const uint32_t *atom, size_t n);
/* The atoms of a token: n of them. */
size_t fold_expand(const struct fold *o, uint32_t id, uint32_t out[FOLD_SPAN]);

/* ---- learning and the schemes ------------------------------------------------------ */
struct fold_plan {
	uint32_t option;	/* enum fold_option */
	uint32_t vocab;
	float lexemes; /* share of the vocabulary that lexemes get; 0: the default */
};
/* Texts read once, to learn from under several plans. */
struct fold_school;
enum status fold_school_open(struct fold_school **out, const struct inflect *f,
                             const struct dict *d, const struct str *text, size_t n,
                             const struct watch *w, struct err *e);
void fold_school_close(struct fold_school *x);
/* *out is built over the school's f, which must outlive it. */
enum status fold_learn(struct fold *out, const struct fold_school *from,
                       const struct fold_plan *p, const struct watch *w, struct err *e);
/* As tokens_train with TOKENS_FOLD, with the options chosen. */
enum status fold_train(struct tokenizer *t, const struct tokens_plan *p,
                       const struct fold_plan *q, const struct str *text, size_t n,
                       const struct watch *w, struct err *e);
/* What an encoder has counted since it was opened. */
struct fold_count fold_counts(const struct tokens_work *k);

/* ---- lemmas alone (fold_lemma.c): what is left of a text, and what is lost --------- */
enum lemma_option { /* stored in files */
	            LEMMA_PRONOUNS = 1, /* pronouns stay */
	            LEMMA_NOT =
	                    2, /* не and ни stay: without them a sentence may say its opposite */
};
struct lemma_count {
	uint64_t words;		/* of letters or digits */
	uint64_t kept;
	uint64_t
	        function; /* dropped: prepositions, conjunctions, particles, interjections */
	uint64_t pronouns;	/* dropped */
	uint64_t negations;	/* dropped; also counted among function */
	uint64_t forms; /* kept, but written otherwise than their lemma, capitals aside */
	uint64_t capitals;	/* kept, small now */
	uint64_t names;		/* kept, and read as names */
	uint64_t spelled;	/* kept, and not in the vocabulary as one lemma */
	uint64_t marks;		/* dropped */
};
struct lemma_count lemma_counts(const struct tokens_work *k);
/* As tokens_train with TOKENS_LEMMA; option: enum lemma_option. */
enum status lemma_train(struct tokenizer *t, const struct tokens_plan *p, uint32_t option,
                        const struct str *text, size_t n, const struct watch *w,
                        struct err *e);
/* Names of all tokens and the scheme's part of the file, into the tokenizer. */
void fold_give(struct tokenizer *t, const struct fold *o);
/* The two schemes' own part of a tokenizer. */
struct fold_own { struct inflect *f; struct fold o; };
enum status fold_ready(struct tokenizer *t, struct err *e);
void fold_close(struct tokenizer *t);

#endif
