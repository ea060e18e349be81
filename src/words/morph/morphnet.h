/* morphnet.h - the learnt cutter: its file and its pass over a word (inner header of words).
 *
 * data/ru/morph_model.bin, everything little-endian:
 *
 *     u32 magic "LTMM", u32 version, u32 header size, u32 number of rows
 *     u64 file size, u64 XXH3 of what follows the header, seeded with XXH3 of the header
 *     in which this field is zero
 *     u32 blocks of the set, u32 log2 of segment weights, u32 labels, u32 affixes
 *     u8 pair[8][8], label of the gap between two types, 255: they never meet
 *     u8 inside[8], label of a gap inside a type, below 7; zeros up to 192
 *     i8  row[rows][16]; i8 seg[1 << log2]; u8 set[blocks][64]
 *     i16 w1[5][16][64], w2[80][40], row_bias[16]; i32 b1[64], b2[40]; u64 affix[affixes]
 *
 * each block on a 64-byte boundary. Fixed point: a row is in 1/64, a score in 1/256 nat.
 */
#ifndef LTM_WORDS_MORPHNET_H
#define LTM_WORDS_MORPHNET_H

#include "words/morph/morphfeat.h"

enum {
	MORPH_NET_MAGIC = 0x4D4D544C, MORPH_NET_VERSION = 1,
	MORPH_NET_HEADER = 192, MORPH_NET_SUM = 24,	/* bytes; where the sum stands */
	NET_D = 16, NET_H = 64,		/* width of a row, of the hidden layer */
	NET_R = 2, NET_TAPS = 2 * NET_R + 1,	/* gaps seen on each side, in all */
	NET_L = 40,			/* room for labels */
	NET_INSIDES = 7,		/* labels 0..6: inside of a type */
	NET_NONE = 255,
	/* Bits after the point: of rows, of weights, of the hidden layer, of scores, of segments. */
	FIX_ROW = 6, FIX_W = 10, FIX_H = 8, FIX_SCORE = 8, FIX_SEG = 4,
};

struct morph_net {
	const int8_t *row;		/* [rows][NET_D] */
	const int8_t *seg;		/* [1 << seg_bits] */
	struct bloom set;
	const int16_t *w1;		/* [NET_TAPS][NET_D][NET_H] */
	const int16_t *w2;		/* [NET_H + NET_D][NET_L] */
	const int16_t *row_bias;	/* [NET_D] */
	const int32_t *b1, *b2;		/* [NET_H], [NET_L] */
	const uint64_t *affix;		/* [n_affix] keys of known affixes, growing */
	uint32_t rows, seg_bits, labels, n_affix;
	uint8_t pair[MORPH_TYPES][MORPH_TYPES], inside[MORPH_TYPES];
	uint8_t quick[1024];		/* bit (key mod 8192): some affix has it */
};

/* Points into bytes, which must stay and begin on a 16-byte boundary. ERR_FORMAT when damaged. */
enum status morph_net_open(struct morph_net *net, struct str bytes, struct err *e);
uint64_t morph_net_sum(struct str bytes);	/* of at least MORPH_NET_HEADER bytes */
/* What is sure before the model is asked: a morpheme of a type begins at a letter. */
struct sure { uint8_t n, at[2], type[2]; };
/* The best cut under the model; pos is enum pos, or 0 when unknown; sure may be NULL. Spans
 * cover the word. */
int morph_net_cut(const struct morph_net *net, const struct mword *w, int pos,
                  const struct sure *sure, struct mspan out[MORPHS_MAX]);

#endif
