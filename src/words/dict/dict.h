/* dict.h - the dictionary's one file and how it lies in memory (inner header of words).
 *
 *     u32 magic "LTMD", u32 version, u32 header size, u32 number of sections
 *     u64 file size, u64 XXH3 of the section table, zeros up to 64
 *     section table: { u32 id, u32 0, u64 offset, u64 bytes, u64 XXH3 } each
 *     sections, each on a 64-byte boundary, zeros between
 *
 * Everything little-endian. Sections (ids are pinned):
 *     1 2      units and guide of the graph of forms: form, 1, paradigm and form number
 *     3        units of the graph of probabilities: "form:tag" -> P(tag | form) * 10^6
 *     4..9     units and guide of the three graphs of endings, one a prefix "", по, наи
 *     10       paradigms: u32 n, u32 first[n + 1], then u16 values: for m forms m endings,
 *              m tags, m prefixes
 *     11       endings: u32 n, u32 first[n + 1], then dictionary bytes
 *     12       tags: { u32 grammar packed, u8 part of speech, u8 marks, u16 0 } each
 *     13       names of tags: u32 n, u32 first[n + 1], then ASCII
 *     14       credit: whose data this is
 */
#ifndef LTM_WORDS_DICT_H
#define LTM_WORDS_DICT_H

#include "words/dict/dawg.h"
#include "words/dict/gramtag.h"

enum {
	DICT_MAGIC = 0x444D544C,	/* "LTMD" */
	DICT_VERSION = 1,
	DICT_HEADER = 64,
	DICT_SECTIONS = 14,
	DICT_ROW = 32,
};
enum section {
	SEC_WORDS = 1, SEC_WORDS_GUIDE, SEC_PROB, SEC_ENDS, SEC_ENDS_GUIDE,
	SEC_PARADIGMS = 10, SEC_SUFFIXES, SEC_TAGS, SEC_TAG_NAMES, SEC_CREDIT,
};

/* Rows of bytes: row i is bytes [first[i], first[i + 1]). */
struct rows {
	const uint32_t *first;	/* [n + 1], growing, last within bytes */
	const uint8_t *byte;
	uint32_t n;
};

struct dict {
	struct dawg words, prob, ends[3];
	const uint32_t *para_first;	/* [n_para + 1] into para, multiples of 3 apart */
	const uint16_t *para;
	uint32_t n_para;
	struct rows suffix, tag_name;
	struct tag *tag;	/* [n_tag] */
	uint32_t n_tag;
	struct weights_ctx *ctx;	/* weights of choosing by context (choose.c) */
};

/* The three prefixes a paradigm may put before a form, in dictionary bytes. */
struct prefix { const char *p; size_t n; };
extern const struct prefix dict_prefix[3];

/* A reading before it is told in UTF-8: the form's place in a paradigm, and the lemma. */
struct cell {
	uint8_t lemma[FORM_MAX + 64];	/* dictionary bytes */
	uint8_t n_lemma;
	uint8_t unknown;
	const struct tag *tag;
	float w;			/* weight, normalised by the caller */
};
enum { CELLS_MAX = 64 };

/* A form in dictionary bytes: exactly known readings; е may stand for ё. n added. */
size_t dict_cells(const struct dict *d, struct cell *out, size_t cap, const uint8_t *form,
                  size_t n);
/* Readings the dictionary lacks: data/ru/words_extra.tsv. Appends to out; returns n. */
size_t dict_extra(const struct dict *d, struct cell *out, size_t n_out, size_t cap,
                  const uint8_t *form, size_t n);
/* Readings of an unknown form by hyphen, prefix and ending (predict.c); 0 when there is none. */
size_t dict_predict(const struct dict *d, struct cell *out, size_t cap, const uint8_t *form,
                    size_t n);
/* Fills a cell from paradigm and form number; false when they do not fit the form. */
bool dict_cell(const struct dict *d, struct cell *c, uint32_t para, uint32_t k,
               const uint8_t *form, size_t n);
/* All readings of a form, known or predicted, probabilities summing to 1, best first;
 * at least one for any form. */
size_t dict_read(const struct dict *d, struct cell out[CELLS_MAX], const uint8_t *form,
                 size_t n);
/* A word of the text as dictionary bytes: lower case, new spelling, no ъ at the end.
 * 0 when it has a letter the dictionary does not know or is longer than FORM_MAX. */
size_t form_bytes(uint8_t out[FORM_MAX], struct str word);

#endif
