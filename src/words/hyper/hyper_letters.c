/* hyper_letters.c - runes as one byte each, so that a step of the trie is a step of a letter.
 *
 * Most text is made of some hundred runes. Each gets a number 1..255, its letter; a byte that
 * begins none of them (other runes, damaged UTF-8) is letter 0 and stays a byte. Reading is
 * total: any bytes give letters, and letters with the text beside them give the bytes back.
 * Only the shortest UTF-8 form of a rune is a letter: an overlong form is stray bytes.
 */
#include "words/hyper/hyper_in.h"

void letters_init(struct letters *l)
{
	memset(l, 0, sizeof *l);
	l->n = 1;
	l->bytes[0] = 1;
}

bool letters_add(struct letters *l, uint32_t rune)
{
	char out[4];

	if (rune >= 1 << 16 || l->of[rune])
		return rune < 1 << 16;
	if (l->n == HYPER_LETTERS_MAX)
		return false;
	l->rune[l->n] = rune;
	l->bytes[l->n] = (uint8_t)utf8_put(out, rune);
	l->of[rune] = (uint8_t)l->n++;
	return true;
}

static bool tail(uint8_t c) { return (c & 0xc0) == 0x80; }

size_t letters_read(const struct letters *l, struct str text, uint8_t *out)
{
	const uint8_t *p = (const uint8_t *)text.p, *end = p + text.n;
	size_t n = 0;

	while (p < end) {
		uint8_t x = 0;

		if (*p < 0x80) {
			out[n++] = l->of[*p++];
			continue;
		}
		if (*p < 0xe0 && *p >= 0xc2 && end - p > 1 && tail(p[1]))
			x = l->of[(*p & 0x1f) << 6 | (p[1] & 0x3f)];
		else if (*p >= 0xe0 && *p < 0xf0 && end - p > 2 && tail(p[1]) && tail(p[2]) &&
		         (*p > 0xe0 || p[1] >= 0xa0))
			x = l->of[(*p & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f)];
		out[n++] = x;
		p += l->bytes[x];
	}
	return n;
}

size_t letters_write(const struct letters *l, const uint8_t *letter, size_t n, char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		at += (size_t)utf8_put(out + at, l->rune[letter[i]]);
	return at;
}
