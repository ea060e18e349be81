/* scan.c - the cursor that lines and patterns are read with: its steps and its complaints.
 *
 *   in    one line of UTF-8 from a user, a store or a file
 *   out   names, marks and codes, or a message that names the column
 *
 * Invariants: never reads past the end; a complaint shows at most one character of the
 * line, made safe by err_set.
 */
#include "glyphs/scan.h"

struct scan scan_of(struct str s)
{
	return (struct scan){ s.p, s.p, s.p + s.n };
}

bool scan_eat(struct scan *s, const char *what)
{
	size_t n = strlen(what);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, what, n))
		return false;
	s->p += n;
	return true;
}

bool scan_arrow(struct scan *s)
{
	return scan_eat(s, "→") || scan_eat(s, "->");
}

static bool name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

struct str scan_name(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && name_char(*s->p))
		s->p++;
	return (struct str){ from, (size_t)(s->p - from) };
}

static size_t column(const struct scan *s, const char *at)
{
	return utf8_count((struct str){ s->start, (size_t)(at - s->start) }) + 1;
}

enum status scan_error(const struct scan *s, const char *at, struct err *e, const char *fmt, ...)
{
	char what[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(e, ERR_FORMAT, "column %zu: %s", column(s, at), what);
}

enum status scan_expected(const struct scan *s, const char *what, struct err *e)
{
	const char *p = s->p;
	char shown[4];
	int n;

	if (p == s->end)
		return scan_error(s, p, e, "expected %s, found the end of the line", what);
	n = utf8_put(shown, utf8_next(&p, s->end));
	return scan_error(s, s->p, e, "expected %s, found '%.*s'", what, n, shown);
}

enum status scan_code(struct scan *s, uint8_t *kind, enum scene_code f, struct err *e)
{
	const char *from = s->p;
	struct str code = scan_name(s);
	char known[8 * KINDS_MAX] = "";
	size_t n = 0;
	int k;

	*kind = 0;
	if (str_eq(code, S("0")))
		return OK;
	k = code.n ? kind_find(f, code) : 0;
	if (k > 0) {
		*kind = (uint8_t)k;
		return OK;
	}
	for (int i = 1; i <= kind_count(f) && n + 8 < sizeof known; i++)
		n += (size_t)snprintf(known + n, sizeof known - n, i > 1 ? " %.*s" : "%.*s",
		                      STR_ARG(kind_get(f, i)->code));
	s->p = from;
	if (!code.n) {
		char what[sizeof known + 80];

		snprintf(what, sizeof what, "a code of %s (one of %s) or 0", scene_code_key(f), known);
		return scan_expected(s, what, e);
	}
	return scan_error(s, from, e, "'%.*s' is no code of %s: expected one of %s or 0",
	                  (int)(code.n < 40 ? code.n : 40), code.p, scene_code_key(f), known);
}
