/* scenes.h - from words to thought-scenes with their registers.
 *
 *   in    a book, its words
 *   out   struct scene[]: a partition of the book's sentences into wholes of the same actors,
 *         place and time, each with the fields of the schema (docs/schema.md)
 *
 * Rules and lexicons of data/ru fill the fields; each carries a confidence in [0, 1]; what is
 * not found is empty (code 0, length 0) with confidence 0. Nothing is invented.
 */
#ifndef LTM_SCENES_H
#define LTM_SCENES_H

#include "base/base.h"
#include "text/text.h"
#include "words/words.h"

/* ---- the taxonomy: data/ru/taxonomy.tsv ---------------------------------------------
 * Kinds of each coded field, 1-based in file order; 0 means empty. Order is pinned. */
enum scene_code {
	SC_TENSION,		/* 24 kinds, code a capital letter: R P N T … */
	SC_TRANSITION,		/* 7: line fork merge loop break spiral mirror */
	SC_RESOLUTION,		/* 14, capital letters */
	SC_LOGIC,		/* 9: cause contrast … none */
	SC_EMOTION,		/* 14: радость печаль … */
	SC_FUNCTION,		/* 9: exposition inciting … */
	SC_N
};
struct kind {
	struct str code;	/* "R", "line", "cause", "радость", "turn" */
	struct str name;	/* Russian name: "разрыв" */
	struct str what;	/* one line of what it is */
};
enum { KINDS_MAX = 32 };
int kind_count(enum scene_code f);				/* without the empty one */
const struct kind *kind_get(enum scene_code f, int i);		/* 1..count; 0 gives empty strs */
int kind_find(enum scene_code f, struct str code);		/* 0 when unknown */
const char *scene_code_key(enum scene_code f);			/* "tension", … as in YAML */

/* Free-text fields. */
enum scene_text {
	ST_ARCHETYPE, ST_FIELD, ST_DISTURBANCE, ST_INTENTION,
	ST_TENSION, ST_RESOLUTION, ST_LOGIC, ST_IDEA,
	ST_N
};
const char *scene_text_key(enum scene_text f);	/* "archetype", …, "tension.text", … */

enum { ACTORS_MAX = 4, IMAGES_MAX = 3 };

struct scene {
	uint32_t sent, n_sent;		/* its sentences in the book */
	uint32_t off, len;		/* bytes in book.text: first sentence's start to last one's end */
	uint32_t chapter;
	uint8_t code[SC_N];		/* kinds, 0 empty */
	float code_conf[SC_N];
	struct str text[ST_N];		/* phrases and lemmas, empty when not found */
	float text_conf[ST_N];
	float valence, arousal;		/* -1..1 and 0..1; meaningful when code[SC_EMOTION] != 0 */
	int n_actor, n_image;
	struct str actor[ACTORS_MAX];	/* lemmas, main one first; names with a capital */
	float actor_conf[ACTORS_MAX];
	struct str image[IMAGES_MAX];	/* concrete nouns of the text, lemmas */
	float image_conf[IMAGES_MAX];
	/* The same kinds read from the scene's own words, without its place in the chapter, and
	 * whether its field came from the scene before. Models are given these: a candidate must
	 * not tell where it stands or who stands before it. */
	uint8_t alone[SC_N];
	float alone_valence, alone_arousal;
	bool carried;
	float cut;			/* strength of the boundary before it, 0..1 */
};

/* Bounds of a scene in characters (runes), except where a chapter is shorter. */
enum { SCENE_MIN_CHARS = 400, SCENE_AIM_CHARS = 800, SCENE_MAX_CHARS = 1400 };

/* Cuts a book into scenes and fills their fields. Scenes never cross a chapter; a title
 * paragraph opens the scene after it. Strings live in a. Deterministic. */
void scenes_read(struct scene **out, size_t *n, const struct book *b, const struct words *w,
                 struct arena *a);

/* The two halves of it. scenes_cut fills only position fields and cut. scene_fill reads one
 * scene whose position is set (the whole of a typed situation, a gold scene's own text). */
void scenes_cut(struct scene **out, size_t *n, const struct book *b, const struct words *w,
                struct arena *a);
void scene_fill(struct scene *s, const struct book *b, const struct words *w, struct arena *a);
/* What scenes_read does after filling: a scene that names no place takes the one before it in
 * its chapter, with less confidence. */
void scenes_carry(struct scene *s, size_t n);

/* ---- a scene as a bag of lemmas ------------------------------------------------------
 * What concepts and the core read. key = low 32 bits of hash64 of the lemma string: the
 * same in every book and on every machine. Function words and punctuation are left out. */
struct bag_item {
	uint32_t key;
	uint16_t count;
	uint8_t pos;
	uint8_t flags;		/* WORD_PROPER, WORD_UNKNOWN of the lemma */
};
uint32_t lemma_key(struct str lemma);
/* Distinct content lemmas of the words [from, to) sorted by key; returns how many. */
size_t scene_bag(struct bag_item **out, const struct words *w, size_t from, size_t to,
                 struct arena *a);
bool pos_is_content(int pos);	/* NOUN ADJ VERB INF PART GER ADV NUM LATIN */

#endif
