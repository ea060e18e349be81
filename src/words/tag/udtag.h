/* udtag.h - the core of a Universal Dependencies tag in 32 bits (inner header of words).
 *
 * Part of speech and the inflectional features that change from form to form; features that
 * belong to the lemma (PronType, NumType, …) are added when a tag is written (ud.c).
 * The packing is hashed into features of the tagger and so is part of the form of
 * data/ru/words_tagger.bin: never change it without fitting anew.
 */
#ifndef LTM_WORDS_UDTAG_H
#define LTM_WORDS_UDTAG_H

#include "words/tag/ud.h"

/* Fields of a tag: first bit and width. Values count from 1 in the order of ud.c's names. */
#define UD_FIELDS(X) \
	X(POS, 0, 5) X(CASE, 5, 4) X(NUMBER, 9, 2) X(GENDER, 11, 2) X(ANIM, 13, 2) \
	X(TENSE, 15, 2) X(PERSON, 17, 2) X(MOOD, 19, 2) X(ASPECT, 21, 2) X(VOICE, 23, 2) \
	X(FORM, 25, 3) X(DEGREE, 28, 2) X(SHORT, 30, 1) X(NEG, 31, 1)
#define UD_ENUM(name, at, width) UD_##name##_AT = at, UD_##name##_W = width,
enum { UD_FIELDS(UD_ENUM) };
#undef UD_ENUM
#define UD_GET(t, name) ((t) >> UD_##name##_AT & ((1u << UD_##name##_W) - 1))
#define UD_MASK(name) (((1u << UD_##name##_W) - 1) << UD_##name##_AT)
#define UD_PUT(t, name, v) (((t) & ~UD_MASK(name)) | (uint32_t)(v) << UD_##name##_AT)
#define UD_IS(name, v) ((uint32_t)(v) << UD_##name##_AT)

enum { UC_NOM = 1, UC_GEN, UC_DAT, UC_ACC, UC_INS, UC_LOC, UC_PAR, UC_VOC };
enum { UN_SING = 1, UN_PLUR };
enum { UG_MASC = 1, UG_FEM, UG_NEUT };
enum { UA_ANIM = 1, UA_INAN };
enum { UT_PAST = 1, UT_PRES, UT_FUT };
enum { UM_IND = 1, UM_IMP, UM_CND };
enum { US_PERF = 1, US_IMP };
enum { UV_ACT = 1, UV_PASS, UV_MID };
enum { UF_FIN = 1, UF_INF, UF_PART, UF_CONV };
enum { UD_POS_DEG = 1, UD_CMP_DEG, UD_SUP_DEG };

static inline bool ud_nominal(uint32_t t)
{
	return t & (UD_MASK(CASE));
}

/* A tag from UD's own words; features that are not of the core are passed over. */
uint32_t ud_parse(struct str upos, struct str feats);

/* Marks beside the tag (enum ud_more of choose.h) that FEATS names. */
uint8_t ud_more_of(struct str feats);

/* The tags that a reading of the dictionary may stand for, most usual first. `mark` are marks
 * of gramtag.h; form and lemma in dictionary bytes. */
enum { UD_TAGS_MAX = 6 };
int ud_tags_of(uint32_t out[UD_TAGS_MAX], struct gram g, int pos, unsigned mark,
               const uint8_t *form, size_t n_form, const uint8_t *lemma, size_t n_lemma);
/* Our grammar and part of speech of a tag (readings that only the learnt lexicon has). */
struct gram ud_gram(uint32_t tag);
int ud_our_pos(uint32_t tag);

#endif
