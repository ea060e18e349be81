/* dawg.c - walks the double-array word graph (see dawg.h), trusting nothing in it.
 *
 *   in    units and guide of a graph that may have been damaged
 *   out   nodes, values and the keys below a node
 *
 * Invariants: every index is below n; labels of siblings grow, so a walk over siblings ends;
 * a walk over keys takes at most STEPS steps.
 */
#include "words/dict/dawg.h"

enum { STEPS = 4096 };

uint32_t dawg_walk(const struct dawg *d, uint32_t i, const uint8_t *p, size_t n)
{
	for (size_t k = 0; k < n && i != DAWG_NONE; k++)
		i = dawg_step(d, i, p[k]);
	return i;
}

bool dawg_value(const struct dawg *d, uint32_t i, uint32_t *v)
{
	uint32_t u = d->unit[i];
	uint32_t j = i ^ ((u >> 10) << ((u & 512) >> 6));

	if (!(u & 256) || j >= d->n)
		return false;
	*v = d->unit[j] & 0x7FFFFFFFu;
	return true;
}

size_t dawg_below(const struct dawg *d, uint32_t i, int depth, uint8_t key[][DAWG_DEPTH],
                  size_t cap)
{
	uint32_t node[DAWG_DEPTH + 1] = { i };
	uint8_t path[DAWG_DEPTH] = { 0 };
	uint8_t c = d->guide[2 * (size_t)i];
	size_t n = 0;
	int at = 0;

	must(depth <= DAWG_DEPTH);
	for (int steps = 0; steps < STEPS && n < cap; steps++) {
		uint32_t j = c ? dawg_step(d, node[at], c) : DAWG_NONE;

		if (j != DAWG_NONE) {
			path[at] = c;
			node[++at] = j;
			c = d->guide[2 * (size_t)j];
			if (at < depth)
				continue;
			memcpy(key[n++], path, DAWG_DEPTH);
		}
		do {		/* up to the nearest node with a next sibling */
			if (at == 0)
				return n;
			c = d->guide[2 * (size_t)node[at--] + 1];
		} while (c <= path[at]);
	}
	return n;
}

/* Letters: а..я are 0xE0..0xFF, ё 0xB8. Old spelling: ѣ і ѳ ѵ stand for е и ф и. */
uint8_t cyr_byte(uint32_t r)
{
	if (r >= 0x430 && r <= 0x44F)
		return (uint8_t)(r - 0x430 + 0xE0);
	if (r >= 0x410 && r <= 0x42F)
		return (uint8_t)(r - 0x410 + 0xE0);
	switch (r) {
	case 0x401: case 0x451: return CYR_IO;
	case 0x462: case 0x463: return CYR_IE;
	case 0x406: case 0x456: case 0x474: case 0x475: return 0xE8;
	case 0x472: case 0x473: return 0xF4;
	case 0xE1: return 0xE0;		/* Latin á é ó ý: stress in old scans (чтó) */
	case 0xE9: return CYR_IE;
	case 0xF3: return 0xEE;
	case 0xFD: return 0xF3;
	case '-': case 0x2010: case 0x2011: return '-';
	case '\'': case 0x2019: case 0x2BC: return '\'';
	}
	return 0;
}

void cyr_utf8(struct buf *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 0xE0)
			buf_rune(b, 0x430u + (p[i] - 0xE0u));
		else if (p[i] == CYR_IO)
			buf_rune(b, 0x451);
		else if (p[i] < 0x80)
			buf_char(b, (char)p[i]);
		else
			buf_rune(b, 0xFFFD);
	}
}
