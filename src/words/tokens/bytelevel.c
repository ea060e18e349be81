/* bytelevel.c - bytes as Hugging Face's ByteLevel writes them, for both schemes that export.
 *
 * Every byte is a printable rune [Radford 2019]: bytes that are printable in Latin-1 stand for
 * themselves, the others for U+0100, U+0101, … in their order.
 */
#include "words/tokens/tokens_in.h"

void bytelevel_runes(uint32_t rune[256])
{
	uint32_t hidden = 0;

	for (uint32_t i = 0; i < 256; i++) {
		bool shown = (i >= '!' && i <= '~') || (i >= 0xA1 && i <= 0xAC) || i >= 0xAE;

		rune[i] = shown ? i : 0x100 + hidden++;
	}
}

void bytelevel_put(struct buf *b, const uint32_t rune[256], struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint32_t r = rune[(uint8_t)s.p[i]];

		if (r == '"' || r == '\\')
			buf_char(b, '\\');
		buf_rune(b, r);
	}
}
