/* clean.c - one paragraph's raw UTF-8 into the normal form of the running text.
 *
 *   in    any bytes
 *   out   valid UTF-8 in NFC: no control characters, no soft hyphens, no zero-width or
 *         direction marks, no stress accents, typographic spaces as ' ', single, trimmed;
 *         marks of notes such as [12] taken out
 *
 * Almost every paragraph is ASCII and Cyrillic, which is in NFC already; only when another
 * rune turns up does the paragraph go through utf8proc and then through the same loop. The
 * stress accent U+0301 is dropped after composition, so that й and ё survive.
 *
 * Invariant: cleaning what is clean changes nothing.
 */
#include <stdlib.h>
#include <utf8proc.h>

#include "text/inner.h"

enum { KEEP, SPACE, DROP, ASK };	/* ASK: keep, but only after NFC */

static int general_kind(uint32_t r)
{
	if (r < 0xA0 || r == 0xAD)
		return r == 0x85 ? SPACE : DROP;
	if (r == 0xA0)
		return SPACE;
	if (r < 0x300)
		return KEEP;
	if (r == 0x34F || r == 0x61C || r == 0x180E || r == 0xFEFF)
		return DROP;
	if (r < 0x400)
		return ASK;
	if (r < 0x530)
		return r >= 0x483 && r <= 0x489 ? ASK : KEEP;
	if (r >= 0x2000 && r <= 0x206F) {
		if (r <= 0x200A || r == 0x2028 || r == 0x2029 || r == 0x202F || r == 0x205F)
			return r <= 0x2001 ? ASK : SPACE;
		if (r <= 0x200F || (r >= 0x202A && r <= 0x202E) || r >= 0x2060)
			return DROP;
		return KEEP;
	}
	if (r == 0x1680 || r == 0x3000)
		return SPACE;
	if ((r >= 0xFE00 && r <= 0xFE0F) || (r >= 0xFFF9 && r <= 0xFFFB))
		return DROP;
	if ((r & 0xFFFE) == 0xFFFE || (r >= 0xFDD0 && r <= 0xFDEF) || (r >= 0xE0000 && r <= 0xE0FFF))
		return DROP;
	if (r == 0xFFFD || (r >= 0x20A0 && r <= 0x20BF) || (r >= 0x2190 && r <= 0x21FF) || r == 0x2116)
		return KEEP;
	return ASK;
}

/* After NFC: U+2000 and U+2001 have become U+2002, U+2003; the accent may go. */
static int composed_kind(uint32_t r)
{
	if (r == 0x301)
		return DROP;
	int k = general_kind(r);
	return k == ASK ? (r >= 0x2000 && r <= 0x200A ? SPACE : KEEP) : k;
}

/* Length of a note's mark at p ("[12]", "{3}", "[*]"), or 0. */
static size_t note_mark(const uint8_t *p, const uint8_t *end)
{
	uint8_t close = *p == '[' ? ']' : '}';
	const uint8_t *q = p + 1;

	if (q < end && *q == '*' && *p == '[')
		q++;
	else
		while (q < end && q - p <= 3 && *q >= '0' && *q <= '9')
			q++;
	return q > p + 1 && q < end && *q == close ? (size_t)(q - p) + 1 : 0;
}

static bool hugs_left(uint8_t c)
{
	return c == ',' || c == '.' || c == ';' || c == ':' || c == '!' || c == '?' || c == ')';
}

/* The loop. Returns false when a rune asks for NFC first (then *n is nothing). */
static bool wash(char *out, size_t *n, struct str raw, bool composed)
{
	const uint8_t *p = (const uint8_t *)raw.p, *end = p + raw.n;
	char *o = out;
	bool space = false, marked = false;

	while (p < end) {
		uint8_t c = *p;
		if (c > ' ' && c < 0x7F) {
			size_t mark;
			if ((c == '[' || c == '{') && o > out && (mark = note_mark(p, end))) {
				p += mark;
				marked = true;
				continue;
			}
			if (space && !(marked && hugs_left(c)))
				*o++ = ' ';
			space = marked = false;
			*o++ = (char)c;
			p++;
		} else if ((c == 0xD0 || c == 0xD1) && end - p > 1) {	/* U+0400 … U+047F */
			if (space)
				*o++ = ' ';
			space = marked = false;
			*o++ = (char)c;
			*o++ = (char)p[1];
			p += 2;
		} else if (c < 0x80) {
			if (c == ' ' || (c >= '\t' && c <= '\r'))
				space = o > out;
			p++;
		} else {
			const char *q = (const char *)p;
			uint32_t r = utf8_next(&q, (const char *)end);
			int k = composed ? composed_kind(r) : general_kind(r);
			if (k == ASK)
				return false;
			p = (const uint8_t *)q;
			if (k == SPACE)
				space = o > out;
			if (k != KEEP)
				continue;
			if (space)
				*o++ = ' ';
			space = marked = false;
			o += utf8_put(o, r);
		}
	}
	*n = (size_t)(o - out);
	return true;
}

size_t clean_add(struct buf *out, struct str raw)
{
	struct buf mended = {0};
	size_t n = 0, bad = 0;

	raw = utf8_mend(raw, &mended, &bad);
	if (!wash(buf_room(out, raw.n), &n, raw, false)) {
		utf8proc_uint8_t *nfc = NULL;
		utf8proc_ssize_t got = utf8proc_map((const utf8proc_uint8_t *)raw.p,
			(utf8proc_ssize_t)raw.n, &nfc, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
		struct str s = got >= 0 ? (struct str){ (const char *)nfc, (size_t)got } : raw;
		wash(buf_room(out, s.n), &n, s, true);
		free(nfc);
	}
	buf_free(&mended);
	out->n += n;
	if (out->p)
		out->p[out->n] = 0;
	return n;
}

struct str utf8_mend(struct str raw, struct buf *b, size_t *bad)
{
	const char *p = raw.p, *end = raw.p + raw.n;

	if (utf8_valid(raw))
		return raw;
	while (p < end) {
		const char *q = p;
		uint32_t r = utf8_next(&q, end);
		*bad += r == 0xFFFD && !(q - p == 3);
		buf_rune(b, r);
		p = q;
	}
	return buf_view(b);
}
