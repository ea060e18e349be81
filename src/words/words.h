/* words.h - from sentences to words with their Russian morphology.
 *
 *   in    a struct book (text + sentences) and the dictionary (one mapped file)
 *   out   struct words: every word of every sentence with lemma, part of speech, grammar
 *
 * The dictionary is OpenCorpora's (CC BY-SA 3.0), taken from the npm package az and turned by
 * dict_build into one file that is mapped read-only and shared by all threads.
 */
#ifndef LTM_WORDS_H
#define LTM_WORDS_H

#include "base/base.h"
#include "text/text.h"

/* Part of speech. Ids are stored in files: never reused. */
enum pos {
	POS_OTHER = 0, POS_NOUN = 1, POS_ADJ = 2 /* full and short */, POS_VERB = 3 /* finite */,
	POS_INF = 4, POS_PART = 5 /* participle, full and short */, POS_GER = 6 /* gerund */,
	POS_NUM = 7, POS_ADV = 8 /* and predicatives, comparatives */, POS_PRON = 9 /* noun-like: я, он, кто */,
	POS_PREP = 10, POS_CONJ = 11, POS_PRCL = 12, POS_INTJ = 13, POS_LATIN = 14, POS_DIGIT = 15,
	POS_PUNCT = 16, POS_APRO = 17 /* adjective-like pronouns: мой, этот, который */,
};

/* Part of speech in Universal Dependencies. Ids are stored in files: never reused. */
enum upos {
	UPOS_X = 0, UPOS_ADJ = 1, UPOS_ADP = 2, UPOS_ADV = 3, UPOS_AUX = 4, UPOS_CCONJ = 5,
	UPOS_DET = 6, UPOS_INTJ = 7, UPOS_NOUN = 8, UPOS_NUM = 9, UPOS_PART = 10,
	UPOS_PRON = 11, UPOS_PROPN = 12, UPOS_PUNCT = 13, UPOS_SCONJ = 14, UPOS_SYM = 15,
	UPOS_VERB = 16,
};

/* Grammar of the chosen reading, one field each; 0 = none or unknown. */
struct gram {
	uint32_t gcase : 4;	/* enum gcase */
	uint32_t number : 2;	/* 1 singular 2 plural */
	uint32_t gender : 3;	/* 1 masculine 2 feminine 3 neuter 4 common */
	uint32_t anim : 2;	/* 1 animate 2 inanimate */
	uint32_t tense : 2;	/* 1 past 2 present 3 future */
	uint32_t person : 2;	/* 1 2 3 */
	uint32_t mood : 2;	/* 1 indicative 2 imperative */
	uint32_t aspect : 2;	/* 1 perfective 2 imperfective */
	uint32_t voice : 2;	/* 1 active 2 passive */
	uint32_t name : 3;	/* enum wname */
	uint32_t shortf : 1;	/* short adjective or participle */
	uint32_t trans : 2;	/* 1 transitive 2 intransitive */
};
enum gcase { CASE_NOM = 1, CASE_GEN, CASE_DAT, CASE_ACC, CASE_INS, CASE_LOC, CASE_VOC, CASE_GEN2, CASE_LOC2, CASE_ACC2 };
enum wname { WNAME_NONE = 0, WNAME_GIVEN = 1, WNAME_PATR = 2, WNAME_SURN = 3, WNAME_PLACE = 4, WNAME_ORG = 5 };

enum word_flag {
	WORD_TITLE = 1,		/* first letter upper case */
	WORD_UPPER = 2,		/* all letters upper case, more than one letter */
	WORD_FIRST = 4,		/* first word of its sentence (after dashes and quotes), or of a
				 * speech or author's part that begins after a dash inside it */
	WORD_UNKNOWN = 8,	/* not in the dictionary: predicted by suffix */
	WORD_PROPER = 16,	/* a name by dictionary, or upper case where a sentence does not begin */
	WORD_SPEECH = 32,	/* within direct speech of a dialogue paragraph (— …) or «…» */
};

struct word {
	uint32_t off;		/* bytes in book.text */
	uint32_t lemma;		/* index into words.lemma */
	struct gram g;
	uint16_t len;		/* bytes; longer words are cut */
	uint8_t pos;		/* enum pos */
	uint8_t flags;		/* enum word_flag */
	uint32_t ud;		/* the tag in UD, packed; ud.h writes it */
	uint8_t upos;		/* enum upos */
	uint8_t ud_more;	/* marks beside the tag (inner) */
};

/* A book's own lemmas, in order of first use: ids mean nothing outside the book; the
 * strings do. One spelling may be two lemmas when of two classes (печь: a stove, to bake);
 * all forms of a verb, participles too, are one lemma with pos POS_VERB. A woman's surname,
 * a patronymic and an ordinal have lemmas of their own: каренина, ивановна, первый. */
struct lemma {
	struct str s;		/* lower case, ё as the dictionary has it; names too */
	uint32_t count;		/* words of the book with this lemma */
	uint8_t pos;
	uint8_t flags;		/* WORD_UNKNOWN, WORD_PROPER (a name in most of its uses) */
	struct gram g;		/* of the lemma: anim, gender, name */
};

struct words {
	struct word *w;		/* [n] in reading order; punctuation is POS_PUNCT with lemma = its mark
				 * (every dash "—", every run of points "…"); № % and pictures are
				 * POS_OTHER; initials beside a name are NOUN with name GIVEN */
	size_t n;
	uint32_t *sent;		/* [n_sent + 1] first word of each sentence of the book */
	size_t n_sent;
	struct lemma *lemma;
	size_t n_lemma;
};

/* ---- the dictionary ---------------------------------------------------------------- */
struct dict;			/* read-only after opening; share freely between threads */

/* Turns the files of the npm package az (its folder `dicts`) into our one file, in memory. */
struct dict_source {
	struct str words, p_t_given_w, predict[3], paradigms, suffixes_json, gramtab_json;
};
enum status dict_build(struct buf *out, const struct dict_source *src, struct err *e);
/* bytes must stay mapped while the dictionary lives. */
enum status dict_open(struct dict **out, struct str bytes, struct err *e);
void dict_close(struct dict *d);

/* One reading of a form. */
struct reading {
	struct str lemma;	/* lives in the arena or cache given */
	struct gram g;
	uint8_t pos;
	uint8_t unknown;	/* predicted */
	float p;		/* probability of this reading given the form, sums to 1 */
};
enum { READINGS_MAX = 24 };
/* Readings of a form (any case, е for ё allowed), most probable first; count returned (>= 1). */
int dict_readings(const struct dict *d, struct str form, struct reading out[READINGS_MAX],
                  struct arena *a);

/* A worker's own cache of forms it has met; results never depend on what it holds. */
struct word_cache;
struct word_cache *word_cache_open(const struct dict *d);
void word_cache_close(struct word_cache *c);

/* Cuts the sentences of a book into words and chooses a reading for each in its context.
 * Words go to arena a. The same text gives the same words whatever the cache holds. */
void words_read(struct words *out, const struct book *b, struct word_cache *c, struct arena *a);

const char *pos_name(int pos);		/* "NOUN", … Universal Dependencies names where they exist */
/* "nomn,sing,masc,anim" style, into buf of n bytes; returns buf. */
const char *gram_name(struct gram g, char *buf, size_t n);

#endif
