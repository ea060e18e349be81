/* inflect.h - the dictionary turned round: from a lemma to its forms.
 *
 * A lexeme is a base form (dictionary bytes, dawg.h) and a paradigm. What tells its forms
 * apart is a slot: case, number, gender, tense, … with all left out that every form of the
 * lexeme shares (animacy of a noun, aspect of a verb). So «лесу» and «столу» have one slot
 * though their tags differ. Several forms of one slot are variants 0, 1, … in the order of
 * the paradigm: рукой, рукою.
 *
 *     base «лес», its paradigm, slot {loct,sing}, variant 0   ->   «лесе»
 *     form «лесе»   ->   the lexemes it may be of, each with slot and variant
 *
 * Read-only after opening; any thread. The dictionary is the user's own (CC BY-SA); nothing of it
 * is kept here but numbers.
 */
#ifndef LTM_WORDS_INFLECT_H
#define LTM_WORDS_INFLECT_H

#include "words/dict/dawg.h"
#include "words/dict/gramtag.h"

struct inflect;
struct inflect *inflect_open(const struct dict *d);
void inflect_close(struct inflect *f);
/* Of the dictionary's forms, paradigms and tags: another dictionary gives another number. */
uint64_t inflect_fingerprint(const struct inflect *f);

/* A slot packed: stable, kept in files. */
enum slot_kind {
	SLOT_PLAIN,
	SLOT_PART,
	SLOT_GER,
	SLOT_INF,
	SLOT_COMP,
	SLOT_ORD,
	SLOT_ADV
};
struct slot {
	uint8_t kind;		/* enum slot_kind */
	uint8_t mark;		/* 1: TAG_ALT, 2: TAG_BE */
	struct gram g;		/* only what the lexeme's forms do not share */
};
struct slot slot_unpack(uint32_t v);
uint32_t slot_pack(struct slot s);
/* "loct,sing", "past,sing,femn", "part,actv,…"; returns buf. */
const char *slot_name(uint32_t v, char *buf, size_t n);

enum { PARA_NONE = UINT32_MAX };	/* a word without forms: base is all there is */
/* One way to understand a form. */
struct inflection {
	uint8_t base[FORM_MAX + 64];	/* dictionary bytes */
	uint8_t n_base;
	uint8_t variant;
	uint8_t guessed; /* by its ending: the dictionary does not know it */
	uint16_t k;			/* number of the form within its paradigm */
	uint16_t slot;			/* index of inflect_slot */
	uint32_t para;
	const struct tag *tag;
};
enum { INFLECTIONS_MAX = 48 };
/* All lexemes a form in dictionary bytes may be of, those of the dictionary, else guesses by ending.
 * A lexeme whose forms are all alike has para PARA_NONE. Returns how many, at most cap. */
size_t inflect_find(const struct inflect *f, struct inflection *out, size_t cap,
                    const uint8_t *form, size_t n);

/* Numbers of slots: ascending by packed value. */
uint32_t inflect_slots(const struct inflect *f);
uint32_t inflect_slot(const struct inflect *f, uint32_t i);
bool inflect_slot_find(const struct inflect *f, uint32_t packed, uint16_t *i);

uint32_t inflect_size(const struct inflect *f, uint32_t para);	/* forms of a paradigm */
uint16_t inflect_slot_of(const struct inflect *f, uint32_t para, uint32_t k);
const struct tag *inflect_tag(const struct inflect *f, uint32_t para, uint32_t k);
/* The form of a slot and variant; -1 when the paradigm has none. */
int inflect_pick(const struct inflect *f, uint32_t para, uint16_t slot, unsigned variant);
/* Whether base can be the first form of the paradigm. */
bool inflect_fits(const struct inflect *f, uint32_t para, const uint8_t *base, size_t n);
/* Form k of a lexeme that fits, in dictionary bytes; its length. */
enum { INFLECTED_MAX = 2 * FORM_MAX + 256 };
size_t inflect_spell(const struct inflect *f, uint8_t out[INFLECTED_MAX], uint32_t para,
                     uint32_t k, const uint8_t *base, size_t n);

/* ---- for people -------------------------------------------------------------------- */
struct inflected {
	struct str form;
	struct gram g;		/* whole: with what all forms share */
	uint8_t pos;		/* enum pos */
	uint8_t variant;
	uint8_t lexeme;		/* 0, 1, …: печь the stove, печь to bake */
	uint8_t guessed;
};
/* Every form of every lexeme whose first form is `lemma` (any case, е for ё), in the order of the
 * dictionary. Lives in a. Returns how many; 0 when it is no Russian word. */
size_t inflect_forms(const struct inflect *f, struct inflected **out, struct str lemma,
                     struct arena *a);
/* The form of a lemma that has part of speech pos (0: any) and every field that is not 0 in g;
 * empty when there is none. «стол», case ablt, number plur -> «столами». */
struct str inflect_form(const struct inflect *f, struct str lemma, uint8_t pos,
                        struct gram g, struct arena *a);

#endif
