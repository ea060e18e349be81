/* order.h - from scenes to what a model is fed: strips, splits, items.
 *
 *   strip   a book's scenes as numbers (keys of words, style, codes): kept in the store and
 *           read back without the text
 *   split   which books train, which tune (dev), which are only reported on (test)
 *   item    one question: a context of scenes, candidates, the true next one
 *
 * Memory to memory; deterministic; read-only structs may be shared between threads.
 */
#ifndef LTM_ORDER_H
#define LTM_ORDER_H

#include "base/base.h"
#include "scenes/scenes.h"

/* ---- strips -------------------------------------------------------------------------- */

/* A word at the edge of a scene, with its grammar, for the seam between scenes. */
struct seam_word {
	uint32_t key;		/* lemma_key of the lemma (function words and marks too) */
	uint8_t pos;		/* enum pos */
	uint8_t flags;		/* enum word_flag */
	uint16_t gram;		/* case | number<<4 | gender<<6 | tense<<9 | person<<11 | anim<<13 */
};

/* Style of a scene, as the shallow ranker of DESIGN.md lists it (shares in [0, 1] or per 100
 * characters). */
enum {
	STYLE_DASH, STYLE_QUESTION, STYLE_EXCLAIM, STYLE_ELLIPSIS, STYLE_LENGTH, STYLE_PRONOUN,
	STYLE_FIRST_PERSON, STYLE_COMMA, STYLE_LATIN, STYLE_PAST,
	STYLE_N
};
enum { EDGE_WORDS = 25, SEAM_WORDS = 32 };

struct strip_scene {
	const struct bag_item *bag;	/* content lemmas, by key */
	const struct bag_item *stem;	/* six-letter heads of all Russian words, by key */
	const uint32_t *name;		/* five-letter heads of words capitalised inside a sentence, sorted */
	const uint32_t *head, *tail;	/* stems of the first and last EDGE_WORDS words, in order */
	const struct seam_word *first, *last;	/* first and last SEAM_WORDS words and marks */
	uint32_t n_bag, n_stem;
	uint8_t n_name, n_head, n_tail, n_first, n_last;
	bool opens_dash;		/* its first paragraph is speech */
	bool ends_dash;			/* its last paragraph is speech */
	bool opens_pronoun;		/* its first word is a personal pronoun */
	uint8_t code[SC_N];		/* scene.alone: without its place in the chapter */
	uint8_t n_actor;
	uint32_t actor[ACTORS_MAX];	/* lemma_key of actors */
	uint32_t place;			/* lemma_key of the field, 0 when empty or carried on */
	uint32_t chapter;
	uint32_t chars;
	float style[STYLE_N];
	float valence, arousal;
};
struct strip {
	struct strip_scene *scene;	/* [n] */
	size_t n;
};
void strip_make(struct buf *out, const struct book *b, const struct words *w,
                const struct scene *s, size_t n);
/* Copies everything into a: the bytes may go. Refuses bytes whose counts do not fit. */
enum status strip_open(struct strip *out, struct str bytes, struct arena *a, struct err *e);

/* ---- splits -------------------------------------------------------------------------- */

enum split { SPLIT_TRAIN = 0, SPLIT_DEV = 1, SPLIT_TEST = 2 };
/* rules: rows "pattern <tab> set" (train, dev, test or report), first match wins; a pattern
 * is matched against the file's name without folders and extension, '*' matches any run.
 * A book that no row names goes by the hash of author and title: 8 of 10 train, 1 dev, 1 test.
 * The project's own table is data_find("split.tsv"). */
/* The part that a row names for the file, or -1. */
int split_named(struct str rules, struct str path);
enum split split_of(struct str rules, struct str path, struct str title, struct str author);
const char *split_name(enum split s);

/* ---- TF-IDF over stems ----------------------------------------------------------------
 * Document frequencies over the training books, as shared/tools/floors.py has them:
 * idf = ln(N / df), ln(N) for a stem not met; weight (1 + ln count)·idf, rows L2-normed. */
struct idf {
	uint32_t *key;		/* [cap] open addressing, 0 empty */
	uint32_t *df;
	size_t cap, n;
	uint64_t scenes;	/* N */
};
void idf_init(struct idf *t);
void idf_clear(struct idf *t);
void idf_add(struct idf *t, const struct bag_item *bag, size_t n);	/* one scene */
float idf_get(const struct idf *t, uint32_t key);
/* Restores a count read from a file; false when the key is there already or df is 0. */
bool idf_put(struct idf *t, uint32_t key, uint32_t df);

/* A sparse vector sorted by key. id, when not NULL, are places in a numbering shared with
 * the vectors it meets: dots with many of them then cost a walk each (svec_dots). */
struct svec {
	uint32_t *key;
	float *w;
	uint32_t n;
	uint32_t top;		/* above every id */
	uint32_t *id;
};
/* Numbers keys 0, 1, 2 … in order of meeting. */
struct numbering {
	uint32_t *key, *id, n;	/* [cap] open addressing; id + 1, 0 empty */
	size_t cap;
};
void numbering_init(struct numbering *t);
void numbering_clear(struct numbering *t);
uint32_t numbering_of(struct numbering *t, uint32_t key);
void svec_number(struct svec *v, struct numbering *t, struct arena *a);
void svec_tfidf(struct svec *v, const struct bag_item *bag, size_t n, const struct idf *t,
                struct arena *a);
/* From keys in any order, repeats counted (edges of scenes). */
void svec_keys(struct svec *v, const uint32_t *key, size_t n, const struct idf *t,
               struct arena *a);
float svec_dot(const struct svec *a, const struct svec *b);
/* out[i] = a · v[i], to the same bits as svec_dot. Keeps one
 * dense row for the calling thread, as long as the thread lives. */
void svec_dots(float *out, const struct svec *a, const struct svec *const *v, size_t n);
/* Σ_k decay^(k-1) · v[last - k + 1], k = 1..n, L2-normed: the decayed context. */
void svec_context(struct svec *out, const struct svec *const *v, size_t last, size_t n,
                  double decay, struct arena *a);

/* ---- items ----------------------------------------------------------------------------
 * next6 and next32 of DESIGN.md. */
enum item_kind { ITEM_FAR, ITEM_NEAR, ITEM_MATCHED, ITEM_FAR32, ITEM_KINDS };
enum { CONTEXT_SCENES = 12, CAND_MAX = 32 };
struct item {
	uint32_t target;		/* the true next scene; context is target-12 … target-1 */
	uint8_t n, truth;		/* candidates; cand[truth] == target */
	uint32_t cand[CAND_MAX];
};
const char *item_kind_name(enum item_kind k);

/* TF-IDF rows of a book: what matched negatives and both TF-IDF floors read. */
struct rows {
	const struct strip *strip;
	const struct svec *const *stem;	/* [n] lent, numbered */
	struct svec *context;		/* [n] decayed context before scene t (0.75), empty for t < 1;
					   numbered alike */
};
void rows_make(struct rows *r, const struct strip *s, const struct svec *const *stem,
               struct numbering *t, struct arena *a);

/* Items of one kind: at most max evenly spaced targets; draws from rng_stream(seed, …). phase
 * shifts the targets (training passes meet others). Fewer when negatives do not suffice. */
size_t items_make(struct item **out, const struct rows *r, enum item_kind k, size_t max,
                  size_t phase, struct rng *rng, struct arena *a);

#endif
