/* scan.h - the cursor that lines and patterns are read with; private to glyphs. */
#ifndef LTM_GLYPHS_SCAN_H
#define LTM_GLYPHS_SCAN_H

#include "glyphs/glyphs.h"

struct scan {
	const char *start, *p, *end;
};
struct scan scan_of(struct str s);
/* Eats `what` if it stands here. */
bool scan_eat(struct scan *s, const char *what);
bool scan_arrow(struct scan *s);			/* '→' or "->" */
/* Letters A-Z and digits standing here, as far as they go; empty when there are none. */
struct str scan_name(struct scan *s);
/* "column 3: expected WHAT, found 'x'" (or "the end"); the column is in characters. */
enum status scan_expected(const struct scan *s, const char *what, struct err *e);
/* "column 3: …" about the place `at`. */
enum status scan_error(const struct scan *s, const char *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A code of tension or resolution, or '0'; *kind is 0 for '0'. */
enum status scan_code(struct scan *s, uint8_t *kind, enum scene_code f, struct err *e);

/* [A-Z][A-Z0-9]* and at most ALIAS_MAX bytes. */
enum { ALIAS_MAX = 32 };
bool alias_is_formed(struct str s);
/* Finds the lemma even when it is empty; false when there is no such alias. */
bool aliases_find(const struct aliases *t, struct str alias, struct str *lemma);

#endif
