/* pretoken.c - pre-tokens: the pieces of text that no merge of byte-pair encoding crosses.
 *
 *   in    any bytes
 *   out   the length of the first pre-token, by the rule of pretoken_regex: the first
 *         alternative that matches, each as long as it can be. After GPT-2 [Radford 2019] and
 *         its successors: a word takes the space before it or one mark ("«так", "-то"), numbers
 *         are cut by three, marks take the line ends behind them; combining marks are letters
 *
 * A byte that begins no valid UTF-8 counts as a mark (neither letter, number nor space).
 * Spaces are those of Unicode's White_Space, written out, because engines of regular
 * expressions differ about \s.
 *
 * Invariants: 1 <= length <= min(n, PRETOKEN_MAX), on a border of runes; only a run longer than
 * PRETOKEN_MAX is cut where the expression would not cut. One pass: a pre-token costs its own
 * length, and at most one run of spaces is looked over twice.
 */
#include <pthread.h>
#include <utf8proc.h>

#include "words/tokens/tokens_in.h"

#define LETTERS "\\p{L}\\p{Mn}\\p{Mc}"
#define SPACES "\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
#define MARK "[^" SPACES LETTERS "\\p{N}]"

/* As Oniguruma and JavaScript (flag u) read it; \uXXXX is a rune. */
const char pretoken_regex[] =
	"(?: |" MARK ")?[" LETTERS "]+"
	"| ?\\p{N}{1,3}"
	"| ?" MARK "+[\\r\\n]*"
	"|[" SPACES "]*[\\r\\n]+"
	"|[" SPACES "]+(?![^" SPACES "])"
	"|[" SPACES "]+";

enum kind { K_MARK, K_LETTER, K_NUMBER, K_SPACE, K_LINE };
enum { KINDS = 0x3001 };	/* runes of the table; later ones go by their category */

static bool is_space(uint32_t r)
{
	return (r >= 9 && r <= 13) || r == ' ' || r == 0x85 || r == 0xA0 || r == 0x1680 ||
	       (r >= 0x2000 && r <= 0x200A) || r == 0x2028 || r == 0x2029 || r == 0x202F ||
	       r == 0x205F || r == 0x3000;
}

static uint8_t kind_of(uint32_t r)
{
	if (r == '\n' || r == '\r')
		return K_LINE;
	if (is_space(r))
		return K_SPACE;
	if (rune_is_letter(r))
		return K_LETTER;
	switch (utf8proc_category((utf8proc_int32_t)r)) {
	case UTF8PROC_CATEGORY_ND: case UTF8PROC_CATEGORY_NL: case UTF8PROC_CATEGORY_NO:
		return K_NUMBER;
	default:
		return K_MARK;
	}
}

static uint8_t kinds[KINDS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void)
{
	for (uint32_t r = 0; r < KINDS; r++)
		kinds[r] = kind_of(r);
}

const uint8_t *pretoken_kinds(void)
{
	pthread_once(&once, fill);
	return kinds;
}

/* The kind of the rune at p and its length. */
static inline uint8_t look(const uint8_t *kind, const char *p, const char *end, int *len)
{
	const uint8_t *u = (const uint8_t *)p;
	const char *next = p;
	uint32_t r;

	*len = 1;
	if (u[0] < 0x80)
		return kind[u[0]];
	if (u[0] < 0xE0 && u[0] >= 0xC2 && end - p > 1 && (u[1] & 0xC0) == 0x80) {
		*len = 2;
		return kind[(u[0] & 31u) << 6 | (u[1] & 63u)];
	}
	r = utf8_next(&next, end);
	*len = (int)(next - p);
	if (*len == 1)
		return K_MARK;
	return r < KINDS ? kind[r] : kind_of(r);
}

/* Four Cyrillic letters at once: U+0400..U+047F are letters all, bytes D0|D1 80..BF. */
static inline const char *skip_cyrillic(const char *p, const char *end)
{
	const uint8_t pattern[8] = { 0xD0, 0x80, 0xD0, 0x80, 0xD0, 0x80, 0xD0, 0x80 };
	const uint8_t mask[8] = { 0xFE, 0xC0, 0xFE, 0xC0, 0xFE, 0xC0, 0xFE, 0xC0 };
	uint64_t want, keep, x;

	memcpy(&want, pattern, 8);
	memcpy(&keep, mask, 8);
	while (end - p >= 8) {
		memcpy(&x, p, 8);
		x = (x & keep) ^ want;
		if (x)
			return p + __builtin_ctzll(x) / 16 * 2;	/* little-endian, as all our files */
		p += 8;
	}
	return p;
}

/* Past the runes of one kind from p. */
static inline const char *run_of(const uint8_t *kind, uint8_t want, const char *p, const char *end)
{
	int len;

	for (;;) {
		if (want == K_LETTER)
			p = skip_cyrillic(p, end);
		if (p >= end || look(kind, p, end, &len) != want)
			return p;
		p += len;
	}
}

/* Up to three numbers. */
static const char *numbers(const uint8_t *kind, const char *p, const char *end)
{
	int len;

	for (int i = 0; i < 3 && p < end && look(kind, p, end, &len) == K_NUMBER; i++)
		p += len;
	return p;
}

static const char *line_ends(const char *p, const char *end)
{
	while (p < end && (*p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* A run of spaces: through its last line end; else all but its last rune, which belongs to
 * what follows; else all of it. */
static const char *spaces(const uint8_t *kind, const char *p, const char *end, bool whole)
{
	const char *line = NULL, *last = p, *q = p;
	uint8_t k;
	int len;

	while (q < end && (k = look(kind, q, end, &len)) >= K_SPACE) {
		last = q;
		q += len;
		if (k == K_LINE)
			line = q;
	}
	if (line)
		return line;
	return (q == end && whole) || last == p ? q : last;
}

/* The end of a cut run, moved back to a border of runes. */
static const char *limit_of(const char *p, size_t n)
{
	const char *end = p + n;

	if (n <= PRETOKEN_MAX)
		return end;
	end = p + PRETOKEN_MAX;
	for (int i = 0; i < 3 && (*end & 0xC0) == 0x80; i++)
		end--;
	return end;
}

size_t pretoken_at(const uint8_t *kind, const char *p, size_t n)
{
	const char *end = limit_of(p, n), *q = p;
	int len = 0;
	uint8_t k = look(kind, p, end, &len);

	if (*p == ' ' && end - p > 1) {
		k = look(kind, p + 1, end, &len);
		if (k >= K_SPACE)
			return (size_t)(spaces(kind, p, end, end == p + n) - p);
		q = p + 1;
	}
	q += len;
	switch (k) {
	case K_LETTER:
		return (size_t)(run_of(kind, K_LETTER, q, end) - p);
	case K_MARK:
		if (*p != ' ' && q < end && look(kind, q, end, &len) == K_LETTER)
			return (size_t)(run_of(kind, K_LETTER, q + len, end) - p);
		return (size_t)(line_ends(run_of(kind, K_MARK, q, end), end) - p);
	case K_NUMBER:
		return (size_t)(numbers(kind, q - len, end) - p);
	default:
		return (size_t)(spaces(kind, p, end, end == p + n) - p);
	}
}

size_t pretoken(struct str text)
{
	return pretoken_at(pretoken_kinds(), text.p, text.n);
}
