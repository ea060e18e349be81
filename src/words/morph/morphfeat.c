/* morphfeat.c - keys of gaps and segments: what the learnt cutter looks at.
 *
 *   in    letters of a word, and the set of keys that were worth keeping
 *   out   64-bit keys
 *
 * A gap sees the letters around it (up to six on a side, seven in all), all of the word on its
 * left and on its right, its place, the word's class when known, and what the dictionary says
 * of the two sides: is the right one a lemma, the left one a stem, do many letters follow the
 * left one in the dictionary [Harris 1955: successor variety]. A segment sees its own letters,
 * its neighbours and whether the dictionary knows it.
 *
 * Invariants: pure integer arithmetic, the same keys on every machine. Changing anything here
 * makes every model unusable: raise MORPH_NET_VERSION (morphnet.h) with it.
 */
#include "words/morph/morphfeat.h"

static uint64_t mix(uint64_t x)		/* murmur3's last step [Appleby 2011] */
{
	x ^= x >> 33;
	x *= 0xFF51AFD7ED558CCDull;
	x ^= x >> 33;
	x *= 0xC4CEB9FE1A85EC53ull;
	return x ^ x >> 33;
}

/* ---- the set ------------------------------------------------------------------------------ */

void bloom_add(uint8_t *bit, uint32_t blocks, uint64_t key)
{
	uint8_t *block = bit + 64 * (size_t)((uint64_t)(uint32_t)key * blocks >> 32);
	uint64_t x = bloom_bits(key);

	for (int i = 0; i < 4; i++, x >>= 9)
		block[x >> 31 & 63] |= (uint8_t)(1u << (x >> 28 & 7));
}

/* ---- pieces of a word ----------------------------------------------------------------------- */

#define BASE 0x9E3779B97F4A7C15ull	/* odd: head[j] - head[i] * BASE^(j - i) is the piece's own */

void word_hash_init(struct word_hash *h, const struct mword *w, const struct bloom *set, int pos)
{
	h->w = w;
	h->set = set;
	h->pos = pos;
	h->head[0] = 0;
	h->power[0] = 1;
	for (int i = 0; i < w->n; i++) {
		h->head[i + 1] = h->head[i] * BASE + mix(w->c[i]);
		h->power[i + 1] = h->power[i] * BASE;
	}
}

uint64_t word_hash_piece(const struct word_hash *h, int from, int to)
{
	return h->head[to] - h->head[from] * h->power[to - from];
}

uint64_t lexset_key(enum lex_kind kind, uint64_t piece)
{
	return mix(piece + (uint64_t)kind * 0xA0761D6478BD642Full);
}

static unsigned knows(const struct word_hash *h, enum lex_kind kind, int from, int to)
{
	return bloom_has(h->set, lexset_key(kind, word_hash_piece(h, from, to)));
}

/* ---- gaps ------------------------------------------------------------------------------------ */

/* Windows around a gap: letters on its left, on its right. */
static const struct { uint8_t left, right; } window[] = {
	{ 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 0 }, { 5, 0 }, { 6, 0 },
	{ 0, 1 }, { 0, 2 }, { 0, 3 }, { 0, 4 }, { 0, 5 }, { 0, 6 },
	{ 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 2 }, { 1, 3 }, { 3, 1 }, { 2, 3 }, { 3, 2 },
	{ 3, 3 }, { 1, 4 }, { 4, 1 }, { 2, 4 }, { 4, 2 }, { 4, 3 }, { 3, 4 },
};
enum { WINDOWS = sizeof window / sizeof *window, BITS = 6 };

static uint64_t letter(const struct mword *w, int i)
{
	return i < 0 || i >= w->n ? LETTER_EDGE : w->c[i];
}

static uint64_t fact(unsigned kind, uint64_t x)
{
	return mix((uint64_t)kind << 56 ^ x);
}

static unsigned at_most(int x, int top)
{
	return (unsigned)(x < top ? x : top);
}

static uint64_t low(uint64_t x, unsigned letters)
{
	return x & ((1ull << BITS * letters) - 1);
}

/* The nearest letter lowest on the left, highest on the right: a window is two cuts of these. */
static int windows(uint64_t *key, const struct mword *w, int g)
{
	uint64_t left = 0, right = 0;
	int k = 0;

	for (int i = 6; i >= 1; i--)
		left = left << BITS | letter(w, g - i);
	for (int i = 0; i < 6; i++)
		right = right << BITS | letter(w, g + i);
	for (; k < WINDOWS; k++) {
		unsigned m = window[k].right;

		key[k] = fact((unsigned)k + 1, low(left, window[k].left) << BITS * m |
		                               right >> BITS * (6 - m));
	}
	return k;
}

/* What the dictionary says of both sides. */
static int sides(uint64_t *key, const struct word_hash *h, int g)
{
	int n = h->w->n, right = n - g;
	unsigned lemma = right >= 2 && knows(h, LEX_LEMMA, g, n);
	unsigned stem = g >= 2 && knows(h, LEX_STEM, 0, g);
	unsigned rest = right >= 3 && knows(h, LEX_REST, g, n);
	unsigned tail = right >= 2 && knows(h, LEX_STEM, g, n);
	unsigned tail1 = right >= 4 && knows(h, LEX_STEM, g, n - 1);
	unsigned tail2 = right >= 5 && knows(h, LEX_STEM, g, n - 2);
	unsigned next = !knows(h, LEX_NEXT3, 0, g) ? 0 : knows(h, LEX_NEXT6, 0, g) ? 2 : 1;
	unsigned before = !knows(h, LEX_BEFORE3, g, n) ? 0 : knows(h, LEX_BEFORE6, g, n) ? 2 : 1;
	unsigned all = lemma | stem << 1 | rest << 2 | tail << 3 | tail1 << 4 | tail2 << 5;
	uint64_t two = letter(h->w, g - 1) << BITS | letter(h->w, g);
	uint64_t left3 = letter(h->w, g - 3) << 2 * BITS | letter(h->w, g - 2) << BITS |
	                 letter(h->w, g - 1);
	uint64_t right3 = letter(h->w, g) << 2 * BITS | letter(h->w, g + 1) << BITS |
	                  letter(h->w, g + 2);

	key[0] = fact(101, all);
	key[1] = fact(102, next * 3 + before);
	key[2] = fact(103, all * 9 + next * 3 + before);
	key[3] = fact(104, two << 3 | (all & 7));
	key[4] = fact(105, two << 2 | next);
	key[5] = fact(106, two << 2 | before);
	key[6] = fact(107, (left3 << 3 | lemma << 2 | rest << 1 | tail1) << 3 | at_most(g, 5));
	key[7] = fact(108, (right3 << 1 | stem) << 3 | at_most(right, 6));
	return 8;
}

void gap_keys(uint64_t key[GAP_KEYS], const struct word_hash *h, int g)
{
	int n = h->w->n, k = windows(key, h->w, g);
	uint64_t left = word_hash_piece(h, 0, g), right = word_hash_piece(h, g, n);

	key[k++] = mix(left ^ 0x1F83D9ABFB41BD6Bull);
	key[k++] = mix(right ^ 0x5BE0CD19137E2179ull);
	key[k++] = fact(90, at_most(g, 8) << 4 | at_most(n - g, 8));
	k += sides(key + k, h, g);
	key[k++] = fact(91, (uint64_t)(unsigned)h->pos << 4 | at_most(n - g, 8));
	key[k++] = n - g <= 4 && h->pos ? mix(right + fact(92, (unsigned)h->pos)) :
	                                  fact(93, (unsigned)h->pos);
	must(k == GAP_KEYS);
}

/* ---- segments -------------------------------------------------------------------------------- */

uint64_t affix_key(int type, uint64_t piece)
{
	return mix(piece + (uint64_t)(unsigned)type * 0xE7037ED1A0B428DBull);
}

/* What the dictionary says of a segment of this type. */
static uint64_t told(const struct word_hash *h, uint64_t own, int from, int to, int type)
{
	int n = h->w->n;

	switch (type) {
	case MORPH_ROOT:
		return fact(110, at_most(to - from, 9) << 4 | knows(h, LEX_STEM, from, to) << 3 |
		                 knows(h, LEX_LEMMA, from, to) << 2 | (unsigned)(from == 0) << 1 |
		                 (unsigned)(to == n));
	case MORPH_PREF:
		return mix(own ^ fact(111, to == n ? 9 : knows(h, LEX_LEMMA, to, n) << 2 |
		                      knows(h, LEX_REST, to, n) << 1 | knows(h, LEX_STEM, to, n)));
	default:
		return mix(own ^ fact(112, (from ? knows(h, LEX_STEM, 0, from) : 2) << 2 |
		                      (to < n && type == MORPH_LINK ? knows(h, LEX_LEMMA, to, n) : 2)));
	}
}

int segment_keys(uint64_t key[SEG_KEYS], const struct word_hash *h, int from, int to, int type)
{
	const struct mword *w = h->w;
	uint64_t own = affix_key(type, word_hash_piece(h, from, to));
	uint64_t before = letter(w, from - 1), after = letter(w, to), after2 = letter(w, to + 1);

	key[0] = own;
	key[1] = mix(own ^ fact(121, after));
	key[2] = mix(own ^ fact(122, before));
	key[3] = mix(own ^ fact(123, before << BITS | after));
	key[4] = mix(own ^ fact(124, after << BITS | after2));
	key[5] = fact(125, (unsigned)type << 8 | at_most(to - from, 15) << 2 |
	                   (unsigned)(from == 0) << 1 | (unsigned)(to == w->n));
	key[6] = told(h, own, from, to, type);
	return SEG_KEYS;
}
