/* err.c - the first failure's message, clean enough for a terminal.
 *
 *   in    a code, a printf format
 *   out   struct err that holds the first failure; later ones only return its code
 *
 * Invariant: msg is valid UTF-8 without control characters: file names and titles come from
 * outside and must not drive a terminal.
 */
#include <stdlib.h>

#include "base/base.h"

/* Rewrites msg in place: control and bad bytes become '?'; a rune cut at the end goes. */
static void clean(char *msg)
{
	const char *p = msg, *end = msg + strlen(msg);
	char *to = msg;

	while (p < end) {
		const char *at = p;
		uint32_t r = utf8_next(&p, end);
		bool bad = r == 0xFFFD && p - at == 1;

		if (bad && end - at < 4)
			break;
		if (bad || r < 32 || (r >= 0x7F && r < 0xA0)) {
			*to++ = '?';
			continue;
		}
		memmove(to, at, (size_t)(p - at));
		to += p - at;
	}
	*to = 0;
}

enum status err_set(struct err *e, enum status code, const char *fmt, ...)
{
	va_list ap;

	must(code != OK);
	if (!e)
		return code;
	if (e->code)
		return e->code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	clean(e->msg);
	return e->code = code;
}

enum status err_in(struct err *e, const char *what)
{
	char old[sizeof e->msg];

	if (!e)
		return ERR_FORMAT;
	memcpy(old, e->msg, sizeof old);
	snprintf(e->msg, sizeof e->msg, "%.300s: %.390s", what, old);
	clean(e->msg);
	return e->code;
}

void err_clear(struct err *e)
{
	e->code = OK;
	e->msg[0] = 0;
}

void must_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "ltm: a bug: %s does not hold (%s:%d)\n", what, file, line);
	abort();
}
