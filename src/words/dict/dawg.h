/* dawg.h - a read-only double-array word graph, walked with every step checked.
 *
 * The form is dawgdic's: u32 unit[n], u8 guide[2n]. A unit holds its label (low byte, and
 * bit 31 for a value), a leaf bit and the offset of its children:
 *
 *     child of i on byte c:   j = i ^ offset(unit[i]) ^ c,  if label(unit[j]) == c
 *     offset(u) = (u >> 10) << ((u & 512) >> 6)
 *
 * The guide gives the first child's byte and the next sibling's byte of every node.
 * Bytes may be hostile: no step leaves the array, every walk has a budget.
 */
#ifndef LTM_WORDS_DAWG_H
#define LTM_WORDS_DAWG_H

#include "base/base.h"

struct dawg {
	const uint32_t *unit;	/* [n] */
	const uint8_t *guide;	/* [2n], NULL when the graph is only walked by key */
	uint32_t n;
};
#define DAWG_NONE UINT32_MAX
enum { DAWG_ROOT = 0, DAWG_DEPTH = 6 };

/* The child of node i on byte c, or DAWG_NONE. */
static inline uint32_t dawg_step(const struct dawg *d, uint32_t i, uint8_t c)
{
	uint32_t u = d->unit[i];
	uint32_t j = i ^ ((u >> 10) << ((u & 512) >> 6)) ^ c;

	if (j >= d->n || (d->unit[j] & 0x800000FFu) != c)
		return DAWG_NONE;
	return j;
}

/* Walks n bytes from node i. */
uint32_t dawg_walk(const struct dawg *d, uint32_t i, const uint8_t *p, size_t n);
/* The value stored at node i; false when it has none. */
bool dawg_value(const struct dawg *d, uint32_t i, uint32_t *v);
/* All keys of exactly `depth` bytes below node i, in byte order, at most cap of them:
 * key[k][0..depth-1]. Returns how many. */
size_t dawg_below(const struct dawg *d, uint32_t i, int depth, uint8_t key[][DAWG_DEPTH],
                  size_t cap);

/* ---- letters of the graph: Windows-1251, lower case --------------------------------- */
enum { FORM_MAX = 80 };		/* letters of the longest form that is looked up */
/* One rune as a dictionary byte: lower-cased, old letters made new; 0 when it has none. */
uint8_t cyr_byte(uint32_t rune);
/* Dictionary bytes as UTF-8 appended to b. */
void cyr_utf8(struct buf *b, const uint8_t *p, size_t n);
enum { CYR_IE = 0xE5, CYR_IO = 0xB8, CYR_HARD = 0xFA };

#endif
