/* pattern.c - patterns over glyph lines: a search for plots.
 *
 *   in    U*?_?#L→U, …_⟨лес⟩#?→?, and skeletons
 *   out   does the skeleton match
 *
 * A pattern is a line in which '?' stands for any one actor, any field (or none), any code
 * (or none); '…' as the last actor stands for any number of further ones; a lemma in ⟨ ⟩
 * stands for its alias. docs/alias.ebnf has the grammar.
 *
 * Invariants: a line without wildcards is a pattern that matches its own skeleton; the
 * order of actors does not matter, their number does.
 */
#include "glyphs/scan.h"

/* ⟨лемма⟩ or <лемма>; '\' takes the next character as it is. */
static enum status quoted(struct str *out, struct scan *s, const char *close, struct arena *a,
                          struct err *e)
{
	const char *from = s->p;
	struct buf b = { 0 };

	while (!scan_eat(s, close)) {
		if (s->p < s->end && *s->p == '\\')
			s->p++;
		if (s->p == s->end) {
			buf_free(&b);
			return scan_error(s, from, e, "a lemma that no %s closes", close);
		}
		do
			buf_char(&b, *s->p++);
		while (s->p < s->end && ((uint8_t)*s->p & 0xC0) == 0x80);
	}
	*out = str_copy(a, buf_view(&b));
	buf_free(&b);
	return OK;
}

/* An alias, a lemma in brackets, or '?'. */
static enum status item(struct str *out, bool *any, struct scan *s, const struct aliases *t,
                        const char *what, struct arena *a, struct err *e)
{
	const char *from = s->p;
	struct str alias;

	*any = scan_eat(s, "?");
	*out = S("");
	if (*any)
		return OK;
	if (scan_eat(s, "⟨"))
		return quoted(out, s, "⟩", a, e);
	if (scan_eat(s, "<"))
		return quoted(out, s, ">", a, e);
	alias = scan_name(s);
	if (!alias_is_formed(alias)) {
		s->p = from;
		return scan_expected(s, what, e);
	}
	if (!aliases_find(t, alias, out))
		return scan_error(s, from, e, "alias " STR_FMT " is not in the table; a lemma may "
		                  "stand in ⟨ ⟩", STR_ARG(alias));
	*out = str_copy(a, *out);
	return OK;
}

static enum status actors(struct pattern *p, struct scan *s, const struct aliases *t,
                          struct arena *a, struct err *e)
{
	if (scan_eat(s, "0"))
		return OK;
	do {
		if (scan_eat(s, "…") || scan_eat(s, "...")) {
			p->more_actors = true;
			return OK;
		}
		if (p->n_actor == ACTORS_MAX)
			return scan_error(s, s->p, e, "more than %d actors", ACTORS_MAX);
		if (item(&p->actor[p->n_actor].s, &p->actor[p->n_actor].any, s, t,
		         p->n_actor ? "an actor: an alias, ⟨lemma⟩, '?' or '…'"
		         : "an actor: an alias, ⟨lemma⟩, '?', '…' or 0", a, e))
			return ERR_FORMAT;
		p->n_actor++;
	} while (scan_eat(s, "*"));
	return OK;
}

static enum status code(uint8_t *kind, bool *any, struct scan *s, enum scene_code f,
                        struct err *e)
{
	*any = scan_eat(s, "?");
	return *any ? OK : scan_code(s, kind, f, e);
}

enum status pattern_parse(struct pattern *p, struct str text, const struct aliases *t,
                          struct arena *a, struct err *e)
{
	struct scan s = scan_of(text);
	enum status st;

	memset(p, 0, sizeof *p);
	p->field = S("");
	if ((st = actors(p, &s, t, a, e)))
		return st;
	if (!scan_eat(&s, "_"))
		return scan_expected(&s, p->more_actors ? "'_' (nothing follows '…')" : "'*' or '_'", e);
	if (!scan_eat(&s, "0") &&
	    (st = item(&p->field, &p->any_field, &s, t, "a field: an alias, ⟨lemma⟩, '?' or 0", a, e)))
		return st;
	if (!scan_eat(&s, "#"))
		return scan_expected(&s, "'#'", e);
	if ((st = code(&p->tension, &p->any_tension, &s, SC_TENSION, e)))
		return st;
	if (!scan_arrow(&s))
		return scan_expected(&s, "'→' or '->'", e);
	if ((st = code(&p->resolution, &p->any_resolution, &s, SC_RESOLUTION, e)))
		return st;
	return s.p == s.end ? OK : scan_expected(&s, "the end of the pattern", e);
}

/* Named actors each take one actor of their name; '?' take any of what is left. Equal names
 * are interchangeable, so taking the first found is as good as any. */
static bool actors_match(const struct pattern *p, const struct skeleton *k)
{
	bool taken[ACTORS_MAX] = { false };

	if (p->n_actor > k->n_actor || (p->n_actor < k->n_actor && !p->more_actors))
		return false;
	for (int i = 0; i < p->n_actor; i++) {
		int j = 0;

		if (p->actor[i].any)
			continue;		/* there are enough: counted above */
		while (j < k->n_actor && (taken[j] || !str_eq(p->actor[i].s, k->actor[j])))
			j++;
		if (j == k->n_actor)
			return false;
		taken[j] = true;
	}
	return true;
}

bool pattern_match(const struct pattern *p, const struct skeleton *k)
{
	return (p->any_tension || p->tension == k->tension) &&
	       (p->any_resolution || p->resolution == k->resolution) &&
	       (p->any_field || str_eq(p->field, k->field)) && actors_match(p, k);
}
