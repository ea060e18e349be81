/* parts.h - what the files of the scenes room share; no other room includes it (the fitter
 * bench/fit/fit_cues.c does, because it must see the same features).
 *
 *   lexicon   every cue word, feeling, place, thing, idea, vector and weight of data/ru, one
 *             hash table, built once and then read-only
 *   look      one scene seen through the lexicon: its words with their rows
 *   nouns     the distinct nouns of a look with what can be measured of them: candidates for
 *             actors, field, images
 *   heads     linear scores of the coded fields
 */
#ifndef LTM_SCENES_PARTS_H
#define LTM_SCENES_PARTS_H

#include "scenes/scenes.h"

/* ---- lexicon.c ---------------------------------------------------------------------- */
enum {
	VEC_N = 48,		/* numbers of a lemma vector (scene_vec.tsv) */
	CUE_N = 63,		/* kinds of tension, transition, resolution, logic, function */
	FEEL_N = 14,
	OUT_N = 79,		/* all kinds of all fields (77), valence, arousal */
	IDEAS_OF_MAX = 4,
};
enum lex_flag { LEX_FEEL = 1, LEX_PLACE = 2, LEX_THING = 4, LEX_TIME = 8, LEX_TURN = 16, LEX_MOVE = 32,
	LEX_IDEA = 64 };
enum place_group { PLACE_NONE, PLACE_ROOM, PLACE_HOUSE, PLACE_LAND, PLACE_TOWN, PLACE_WATER,
	PLACE_ROAD, PLACE_WORK, PLACE_PEOPLE, PLACE_GROUPS };
struct lex {
	uint64_t cue;		/* bit cue_bit(field, kind) */
	uint64_t key;
	float valence, arousal;
	uint16_t feel;		/* bit per label */
	uint8_t flags, place, thing, n_idea;
	uint16_t idea[IDEAS_OF_MAX];	/* ideas it speaks for, 1-based */
	uint16_t noun;		/* it is this idea's own noun, 1-based */
	const int8_t *vec;	/* [VEC_N] or NULL */
	const int8_t *weight;	/* [OUT_N] or NULL */
};
struct idea {
	struct str name;
	uint32_t tension, resolution;	/* bit per kind it goes with */
};
/* The key of a word for the lexicon: lower case expected, ё as е. Two keys make a pair's. */
uint64_t lex_key(struct str lemma);
uint64_t lex_key_pair(uint64_t a, uint64_t b);
const struct lex *lex_find(uint64_t key);	/* NULL when no table names it */
int cue_bit(enum scene_code f, int kind);	/* -1 for emotion; 0 … CUE_N - 1 */
int out_index(enum scene_code f, int kind);	/* place among the 77 outputs */
size_t idea_count(void);
const struct idea *idea_get(size_t i);		/* 1 … idea_count() */
/* Weights by name of a dense feature (scene_weight.tsv); zeros when the table lacks it. */
const float *weight_dense(int feature);		/* [OUT_N] */
const float *weight_rank(const char *ranker);	/* [NOUN_FEATURES] of "actor", "image", "field" */
const float *weight_cut(void);			/* [CUT_FEATURES] */
struct str archetype_of(int tension, int resolution);
float weight_lemma_scale(void);
int cut_cue(const uint64_t *form, size_t n);	/* weight of the cue that begins here, tenths */

/* ---- look.c -------------------------------------------------------------------------- */
struct lookw {
	uint64_t key;
	const struct lex *lex, *pair;	/* of the word, of it with the word before */
	bool fresh;			/* first use of its lemma in the scene */
};
struct look {
	const struct book *b;
	const struct words *w;
	size_t from, to;		/* its words */
	struct lookw *lw;		/* [to - from] */
	uint32_t sent, n_sent;
	uint32_t n_word, n_content;	/* without punctuation */
	uint8_t first, last;		/* opens, closes its chapter; 0 both when it is the whole */
	float at;			/* where in its chapter, 0..1; 0.5 when it is the whole */
};
void look_at(struct look *l, const struct scene *s, const struct book *b, const struct words *w,
             struct arena *scratch);

/* ---- heads.c ------------------------------------------------------------------------- */
enum { LOOK_STYLES = 30, DENSE_N = 1 + VEC_N + CUE_N + FEEL_N + 2 + LOOK_STYLES };
void dense_features(float x[DENSE_N], const struct look *l);
const char *dense_name(int i);		/* "vec.7", "cue.tension.R", "style.dialog", … */
void heads_score(float out[OUT_N], const struct look *l);
void heads_fill(struct scene *s, const struct look *l);

/* ---- nouns.c ------------------------------------------------------------------------- */
enum { NOUN_FEATURES = 32 };
struct noun {
	uint32_t lemma;			/* index in words.lemma; NARRATOR for «я» */
	uint32_t count;
	uint32_t first;			/* first word, relative to look.from */
	float x[NOUN_FEATURES];
	const struct lex *lex;
	uint8_t proper, anim;
};
#define NARRATOR UINT32_MAX
/* Probabilities below which a candidate is left out; chosen on the dev stories. */
#define ACTOR_FIRST 0.10f
#define ACTOR_NEXT 0.30f
#define FIELD_FLOOR 0.05f
#define IMAGE_FLOOR 0.08f
const char *noun_feature_name(int i);
/* Distinct nouns in order of first mention; names joined by `same`. */
struct noun *nouns_of(size_t *n, const struct look *l, struct arena *scratch);
struct str noun_text(const struct noun *v, const struct words *w, struct arena *a);
float noun_score(const struct noun *v, const float *weight);
void nouns_fill(struct scene *s, const struct look *l, const struct noun *v, size_t n, struct arena *a);

/* ---- phrase.c ------------------------------------------------------------------------ */
void phrases_fill(struct scene *s, const struct look *l, struct arena *a, struct arena *scratch);

/* ---- cut.c --------------------------------------------------------------------------- */
enum { CUT_FEATURES = 20 };
const char *cut_feature_name(int i);
/* The places where a cut is possible: before sentence at[i].sent, which begins a paragraph
 * (or not); features for the fitter. */
struct border {
	uint32_t sent;
	uint8_t para;			/* begins a paragraph */
	uint8_t force;			/* a section mark stands before it */
	float x[CUT_FEATURES];
};
size_t borders_of(struct border **out, const struct book *b, const struct words *w, uint32_t sent,
                  uint32_t n_sent, struct arena *scratch);
float border_logit(const struct border *v, const float *weight);
/* scenes_cut with other weights; all zero: by length and paragraphs alone (a floor to beat). */
void scenes_cut_by(struct scene **out, size_t *n, const struct book *b, const struct words *w,
                   const float *weight, struct arena *a);
void chapter_sents(const struct book *b, size_t chapter, uint32_t *sent, uint32_t *n_sent);

#endif
