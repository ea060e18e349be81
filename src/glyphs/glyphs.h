/* glyphs.h - scenes as lines of glyphs in the ALIAS grammar, and back.
 *
 *   line    = actors '_' field '#' tension '→' resolution       U*Z_M#R→S
 *   actors  = actor ('*' actor)*
 *
 * The grammar in full (empty parts, escapes, patterns) is docs/alias.ebnf. Actors and fields
 * are open classes: their letters are aliases that one table a corpus resolves.
 */
#ifndef LTM_GLYPHS_H
#define LTM_GLYPHS_H

#include "base/base.h"
#include "scenes/scenes.h"

/* The skeleton a line stands for. Missing actors, field, tension or resolution are written
 * '0' (an empty place), so that every scene has a line and every line one skeleton. */
struct skeleton {
	int n_actor;
	struct str actor[ACTORS_MAX];	/* lemmas */
	struct str field;		/* lemma or empty */
	uint8_t tension, resolution;	/* kinds of the taxonomy, 0 empty */
};
void skeleton_of(struct skeleton *k, const struct scene *s);

/* Alias table of a corpus: lemma <-> alias of Latin capital letters and digits, beginning
 * with a letter, unique, derived from the lemma's transliteration; given in order of adding,
 * so the same scenes in the same order give the same table. Never reused, only added to. */
struct aliases;
struct aliases *aliases_open(void);
void aliases_close(struct aliases *t);
struct str aliases_add(struct aliases *t, struct str lemma);		/* existing or new alias */
struct str aliases_alias(const struct aliases *t, struct str lemma);	/* empty if none */
struct str aliases_lemma(const struct aliases *t, struct str alias);	/* empty if none */
size_t aliases_count(const struct aliases *t);
/* The i-th pair in order of adding. */
void aliases_get(const struct aliases *t, size_t i, struct str *lemma, struct str *alias);
/* Restores a pair read from a file; ERR_FORMAT when either side is taken or malformed. */
enum status aliases_put(struct aliases *t, struct str lemma, struct str alias, struct err *e);

/* Writes the line; adds aliases that are missing. */
void glyph_encode(struct buf *out, const struct skeleton *k, struct aliases *t);
/* Reads a line back: exact inverse for every skeleton. ERR_FORMAT names the column. Strings
 * are lent by the table. */
enum status glyph_decode(struct skeleton *k, struct str line, const struct aliases *t,
                         struct err *e);

/* A pattern over lines: '?' any one actor, field or code; '*' between actors joins them as in
 * a line, and a lone "?*" + "…" tail "U*…" allows more actors; (see docs/alias.ebnf). Several
 * patterns joined by ' → … ' are not allowed in this version. An alias or a lemma in angle
 * brackets ⟨ученик⟩ may stand for an actor or field. Actors match as a set in any order. */
struct pattern {
	struct { struct str s; bool any; } actor[ACTORS_MAX];
	int n_actor;
	bool more_actors, any_field, any_tension, any_resolution;
	struct str field;
	uint8_t tension, resolution;
};
enum status pattern_parse(struct pattern *p, struct str text, const struct aliases *t,
                          struct arena *a, struct err *e);
bool pattern_match(const struct pattern *p, const struct skeleton *k);

#endif
