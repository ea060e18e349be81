/* choose.h - the tagger: one reading a word by its context (inner header of words).
 *
 * A word's candidates are its readings told as UD tags (udtag.h), and what the lexicon of
 * data/ru/words_lexicon.tsv adds. The score of a path is a sum of weights over hashed
 * features; the best path is sought from left to right with a beam. Three groups:
 *
 *     still   form, ending, lemma, P(reading | form), class of ambiguity: the same wherever
 *             the form stands, added up once when the cache meets it
 *     place   forms, endings, classes of ambiguity and verbs around, capitals, end marks
 *     path    tags already chosen: the last three, whether case, number and gender agree,
 *             the preposition, verb and noun that govern, whether a subject was seen
 *
 * Weights are int16 in one table (data/ru/words_tagger.bin), fitted by bench/fit/fit_words.c:
 * averaged structured perceptron [Collins 2002] with max-violation updates [Huang 2012] and
 * latent readings where a corpus tells less than we tag. Sums are whole numbers, so every
 * machine chooses the same.
 */
#ifndef LTM_WORDS_CHOOSE_H
#define LTM_WORDS_CHOOSE_H

#include "words/dict/dict.h"
#include "words/tag/udtag.h"
#include "words/tag/wordcut.h"

enum {
	CL_NAME = POS_APRO + 1,	/* classes of lemmas in words_freq.tsv and words_lemma.tsv */
	CANDS_MAX = 48,		/* candidates a word */
	BEAM = 2,
	TAGGER_BITS = 21,	/* log2 of the number of weights */
	TAGGER_N = 1 << TAGGER_BITS,
	FEATS_MAX = 96,		/* of one candidate in one group */
};

/* Coarser and coarser views of a tag, as hashes. */
enum { P_FULL, P_MID, P_POS, P_CASE, P_N };

/* One candidate as the cache keeps it. */
struct cread {
	struct gram g;
	uint32_t lemma;		/* of the cache */
	uint32_t lemma_hash;
	uint32_t tag;		/* udtag.h */
	uint32_t p[P_N];
	int32_t base;		/* sum of its still features */
	float logp;
	uint8_t pos, unknown;
	uint8_t fixed;		/* a guessed noun that does not decline */
	uint8_t more;		/* enum ud_more */
	uint8_t by_list;	/* the lexicon's, not the dictionary's */
	uint16_t tid;		/* number of the tag in its cache, 0 < tid < TIDS_MAX */
};
enum ud_more { UDM_FOREIGN = 1, UDM_ABBR = 2, UDM_ORDINAL = 4, UDM_INDECL = 8 };

/* What the features see of a form: hashes, made with its entry. */
struct look_at {
	uint32_t form, klass, end3, lemma;
	uint32_t verb;		/* tag when it can only be a finite verb, else 0 */
	uint32_t prep;		/* form when it can only be a preposition, else 0 */
	uint8_t nominal;	/* can it be adjective, participle, determiner, numeral */
	uint8_t mark;		/* enum mark */
};
/* A word of the sentence as choosing sees it. */
struct cword {
	const struct cread *r;
	const struct look_at *at;
	uint8_t n;
	uint8_t shape;
};

struct freq { uint64_t hash; float w; };
struct lexrow {			/* one analysis the lexicon knows of a form */
	uint64_t key;		/* hash of the cache's key of the form */
	uint32_t tag;
	struct str lemma;	/* empty: the row says only what follows */
	uint32_t only;		/* of a common form: bit u, it was met as enum upos u; 0 not known */
	uint8_t more;
};
struct weights_ctx {
	const int16_t *w;	/* [TAGGER_N] */
	struct prefix *prefix;	/* data/ru/words_prefix.tsv in dictionary bytes */
	size_t n_prefix;
	struct freq *freq;	/* open addressing by hash; 0 is empty */
	size_t n_freq;
	struct fix { struct prefix lemma, better; int cls; } *fix;
	size_t n_fix;
	struct extra { struct prefix form, lemma; struct tag tag; float w; } *extra;
	size_t n_extra;
	struct lexrow *lex;	/* [n_lex] by key */
	size_t n_lex;
	struct arena mem;
};
/* The one read-only set of tables, read on first use; any thread. */
struct weights_ctx *weights_take(void);
const struct prefix *weights_prefixes(const struct weights_ctx *c, size_t *n);
/* How common a cell's lemma is: 1 when the table does not say. */
float weights_freq(const struct weights_ctx *c, const struct cell *cell);
/* Puts a better lemma where data/ru/words_lemma.tsv has one. */
void weights_lemma(const struct weights_ctx *c, struct cell *cell);
int cell_class(const struct tag *t);		/* class of a lemma: verbs' forms are VERB */
/* The lexicon's rows of a key; n of them. */
const struct lexrow *weights_lex(const struct weights_ctx *c, uint64_t key, size_t *n);
/* Sorts rows by key as weights_lex needs them. */
void weights_lex_sort(struct lexrow *row, size_t n);

/* 0 small, 1 capital inside, 2 capital that says nothing, 3 capitals. */
int shape_of(const struct tok *t);
/* Fills r->p from r->tag. */
void cread_views(struct cread *r);
/* Indices of the still features of a candidate; ends[k] hash of the form's last k + 1 letters,
 * n_end of them. */
size_t still_features(uint32_t ix[FEATS_MAX], const struct look_at *at, const uint32_t *ends,
                      int n_end, const struct cread *r);

/* ---- the beam ------------------------------------------------------------------------- */
/* Sums of features that see nothing but tags, kept by exact key: what it holds changes the
 * time, never the result. */
enum { MEMO_BITS = 15, TIDS_MAX = 4096 };
struct memo { uint64_t slot[1 << MEMO_BITS]; };

struct state {
	int32_t score;
	uint8_t from, pick;	/* state of the word before; candidate of this word */
	uint8_t subject;	/* 1 a nominative in this clause, 2 before its last mark */
	uint8_t old_verb;	/* a mark has passed since the verb */
	uint32_t t[3];		/* tags of this word and the two before */
	uint32_t v[2][2];	/* their views P_MID, P_POS: this word, the one before */
	uint32_t noun;		/* last tag of a noun or pronoun */
	uint32_t verb, verb_lemma;
	uint32_t prep;		/* preposition still waiting for its noun */
	uint16_t id[2];		/* cread.tid of t[0], t[1] */
	uint16_t noun_id, verb_id;
};
struct beam { struct state s[BEAM]; int n; };

/* Scores of the place features of word i's candidates, added to sum; those with `forbid` set
 * (may be NULL) are passed over. */
void place_scores(int32_t *sum, const int16_t *w, const struct cword *s, size_t n, size_t i,
                  const bool *forbid);
/* Indices, for fitting. */
size_t place_features(uint32_t ix[FEATS_MAX], const struct cword *s, size_t n, size_t i, int k);
size_t path_features(uint32_t ix[FEATS_MAX], const struct state *from, const struct cword *s,
                     size_t n, size_t i, int k);
/* State after word i takes candidate k. */
struct state state_next(const struct state *from, const struct cword *s, size_t i, int k);
struct state state_first(void);

/* Best candidate of every word: pick[i] in 0..s[i].n-1. work [n] is memory. memo may be NULL;
 * it belongs to the cache that the candidates come from. */
void choose_path(uint8_t *pick, struct beam *work, struct memo *memo,
                 const struct weights_ctx *c, const struct cword *s, size_t n);
/* One step: fills to[i] from `before` (NULL at the start). add[k] is what candidate k is worth
 * by itself; a candidate with `forbid` set is passed over. */
void beam_step(struct beam *to, const struct beam *before, const int16_t *w, struct memo *memo,
               const struct cword *s, size_t n, size_t i, const int32_t *add,
               const bool *forbid);
void beam_trace(uint8_t *pick, const struct beam *b, size_t n, int last);

#endif
