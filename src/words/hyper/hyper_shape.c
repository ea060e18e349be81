/* hyper_shape.c - which strings may be pieces.
 *
 *   word   one class of letters, at most one space before: " слово", "сло", " —", " 12", "..."
 *   free   anything else up to HYPER_PIECE_MAX letters: words together, ends of sentences
 *
 * Pieces grow within words first. A free piece may begin or end inside a word: to forbid it costs
 * one token in a hundred (docs/hyper.md).
 */
#include "words/hyper/hyper_in.h"

void shape_kinds(uint8_t *kind, const struct letters *l)
{
	kind[0] = KIND_STRAY;
	for (uint32_t i = 1; i < l->n; i++) {
		uint32_t r = l->rune[i];

		kind[i] = r == ' ' || r == 0xa0 || r == '\t' ? KIND_SPACE :
		          r == '\n' || r == '\r' ? KIND_LINE : r >= '0' && r <= '9' ? KIND_DIGIT :
		          rune_is_letter(r) ? KIND_LETTER : KIND_MARK;
	}
}

enum shape shape_find(const uint8_t *kind, const uint8_t *p, size_t n)
{
	size_t i = 0;
	int k;

	if (n > HYPER_PIECE_MAX)
		return SHAPE_NONE;
	if (n > 1 && kind[p[0]] == KIND_SPACE)
		i = 1;
	k = kind[p[i]];
	for (; i < n; i++)
		if (kind[p[i]] != k)
			return SHAPE_FREE;
	return SHAPE_WORD;
}
