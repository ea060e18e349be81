/* utf8.c - runes, letter case and folding. Cyrillic and Latin go by arithmetic, the rest by
 * utf8proc's tables. */
#include <utf8proc.h>

#include "base/base.h"

uint32_t utf8_next(const char **pp, const char *end)
{
	const uint8_t *p = (const uint8_t *)*pp;
	size_t left = (size_t)((const uint8_t *)end - p), need;
	uint32_t r;

	must(left > 0);
	(*pp)++;
	if (p[0] < 0x80)
		return p[0];
	need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
	if (p[0] < 0xC2 || p[0] > 0xF4 || need > left)
		return 0xFFFD;
	r = p[0] & (0x7Fu >> need);
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0xFFFD;
		r = r << 6 | (p[i] & 0x3F);
	}
	if ((need == 3 && (r < 0x800 || (r >= 0xD800 && r < 0xE000))) ||
	    (need == 4 && (r < 0x10000 || r > 0x10FFFF)))
		return 0xFFFD;
	*pp += need - 1;
	return r;
}

int utf8_put(char out[4], uint32_t r)
{
	if (r > 0x10FFFF || (r >= 0xD800 && r < 0xE000))
		r = 0xFFFD;
	if (r < 0x80) {
		out[0] = (char)r;
		return 1;
	}
	if (r < 0x800) {
		out[0] = (char)(0xC0 | r >> 6);
		out[1] = (char)(0x80 | (r & 0x3F));
		return 2;
	}
	if (r < 0x10000) {
		out[0] = (char)(0xE0 | r >> 12);
		out[1] = (char)(0x80 | (r >> 6 & 0x3F));
		out[2] = (char)(0x80 | (r & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | r >> 18);
	out[1] = (char)(0x80 | (r >> 12 & 0x3F));
	out[2] = (char)(0x80 | (r >> 6 & 0x3F));
	out[3] = (char)(0x80 | (r & 0x3F));
	return 4;
}

size_t utf8_count(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] & 0xC0) != 0x80;
	return n;
}

bool utf8_valid(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *at = p;

		if (utf8_next(&p, end) == 0xFFFD && p - at == 1)
			return false;
	}
	return true;
}

size_t utf8_offset(struct str s, size_t n)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] & 0xC0) != 0x80 && n-- == 0)
			return i;
	return s.n;
}

uint32_t rune_lower(uint32_t r)
{
	if (r < 0x80)
		return r >= 'A' && r <= 'Z' ? r + 32 : r;
	if (r >= 0x410 && r <= 0x42F)
		return r + 32;
	if (r >= 0x400 && r <= 0x40F)
		return r + 80;
	if (r >= 0x430 && r <= 0x45F)
		return r;
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)r);
}

uint32_t rune_upper(uint32_t r)
{
	if (r < 0x80)
		return r >= 'a' && r <= 'z' ? r - 32 : r;
	if (r >= 0x430 && r <= 0x44F)
		return r - 32;
	if (r >= 0x450 && r <= 0x45F)
		return r - 80;
	return (uint32_t)utf8proc_toupper((utf8proc_int32_t)r);
}

bool rune_is_letter(uint32_t r)
{
	if (r < 0x80)
		return (r | 32) >= 'a' && (r | 32) <= 'z';
	if (r >= 0x400 && r <= 0x481)
		return true;
	switch (utf8proc_category((utf8proc_int32_t)r)) {
	case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM: case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
		return true;
	default:
		return false;
	}
}

bool rune_is_upper(uint32_t r)
{
	return rune_lower(r) != r;
}

bool rune_is_cyrillic(uint32_t r)
{
	return r >= 0x400 && r <= 0x52F;
}

/* A rune's lower case takes at most three bytes for each of its own (a bad byte becomes
 * U+FFFD). */
static struct str mapped(struct arena *a, struct str s, bool yo)
{
	const char *p = s.p, *end = s.p + s.n;
	char *out = arena_take(a, s.n * 3 + 4);
	size_t n = 0;

	while (p < end) {
		uint32_t r = rune_lower(utf8_next(&p, end));

		n += (size_t)utf8_put(out + n, !yo && r == 0x451 ? 0x435 : r);
	}
	return (struct str){ out, n };
}

struct str str_fold(struct arena *a, struct str s) { return mapped(a, s, false); }
struct str str_lower(struct arena *a, struct str s) { return mapped(a, s, true); }

struct str str_title(struct arena *a, struct str s)
{
	const char *p = s.p;
	struct buf b = { 0 };
	struct str r;

	if (!s.n)
		return s;
	buf_rune(&b, rune_upper(utf8_next(&p, s.p + s.n)));
	buf_add(&b, p, (size_t)(s.p + s.n - p));
	r = str_copy(a, buf_view(&b));
	buf_free(&b);
	return r;
}

struct str str_safe(struct arena *a, struct str s, bool keep_lines)
{
	const char *p = s.p, *end = s.p + s.n;
	struct buf b = { 0 };
	struct str out;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		bool line = keep_lines && (r == '\n' || r == '\t');
		bool bidi = (r >= 0x202A && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069) ||
		            r == 0x200E || r == 0x200F;

		buf_rune(&b, !line && (r < 32 || (r >= 0x7F && r < 0xA0) || bidi) ? '?' : r);
	}
	out = str_copy(a, buf_view(&b));
	buf_free(&b);
	return out;
}

bool utf8_has_letter(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end)
		if (rune_is_letter(utf8_next(&p, end)))
			return true;
	return false;
}
