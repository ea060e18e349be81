/* glyphline.c - a scene's skeleton as one line in the ALIAS grammar, and back.
 *
 *   in    a skeleton and the alias table; a line and the table
 *   out   U*Z_M#R→S; the skeleton again
 *
 * The grammar is docs/alias.ebnf. Invariants: decode(encode(k)) is k for every skeleton;
 * encode(decode(line)) is the line with '→' for "->".
 */
#include "glyphs/scan.h"

void skeleton_of(struct skeleton *k, const struct scene *s)
{
	memset(k, 0, sizeof *k);
	k->n_actor = s->n_actor;
	for (int i = 0; i < s->n_actor; i++)
		k->actor[i] = s->actor[i];
	k->field = s->text[ST_FIELD];
	k->tension = s->code[SC_TENSION];
	k->resolution = s->code[SC_RESOLUTION];
}

static void put_code(struct buf *out, enum scene_code f, int kind)
{
	must(kind >= 0 && kind <= kind_count(f));
	buf_str(out, kind ? kind_get(f, kind)->code : S("0"));
}

void glyph_encode(struct buf *out, const struct skeleton *k, struct aliases *t)
{
	must(k->n_actor >= 0 && k->n_actor <= ACTORS_MAX);
	for (int i = 0; i < k->n_actor; i++) {
		if (i)
			buf_char(out, '*');
		buf_str(out, aliases_add(t, k->actor[i]));
	}
	if (!k->n_actor)
		buf_char(out, '0');
	buf_char(out, '_');
	buf_str(out, k->field.n ? aliases_add(t, k->field) : S("0"));
	buf_char(out, '#');
	put_code(out, SC_TENSION, k->tension);
	buf_str(out, S("→"));
	put_code(out, SC_RESOLUTION, k->resolution);
}

static enum status one_alias(struct str *lemma, struct scan *s, const struct aliases *t,
                             const char *what, struct err *e)
{
	const char *from = s->p;
	struct str alias = scan_name(s);

	if (!alias_is_formed(alias)) {
		s->p = from;
		return scan_expected(s, what, e);
	}
	if (!aliases_find(t, alias, lemma))
		return scan_error(s, from, e, "alias " STR_FMT " is not in the table", STR_ARG(alias));
	return OK;
}

static enum status actors(struct skeleton *k, struct scan *s, const struct aliases *t,
                          struct err *e)
{
	if (scan_eat(s, "0"))
		return OK;
	do {
		if (k->n_actor == ACTORS_MAX)
			return scan_error(s, s->p, e, "more than %d actors", ACTORS_MAX);
		if (one_alias(&k->actor[k->n_actor], s, t, k->n_actor ? "an actor's alias"
		              : "an actor's alias or 0", e))
			return ERR_FORMAT;
		k->n_actor++;
	} while (scan_eat(s, "*"));
	return OK;
}

enum status glyph_decode(struct skeleton *k, struct str line, const struct aliases *t,
                         struct err *e)
{
	struct scan s = scan_of(line);
	enum status st;

	memset(k, 0, sizeof *k);
	k->field = S("");
	if ((st = actors(k, &s, t, e)))
		return st;
	if (!scan_eat(&s, "_"))
		return scan_expected(&s, "'*' or '_'", e);
	if (!scan_eat(&s, "0") && (st = one_alias(&k->field, &s, t, "the field's alias or 0", e)))
		return st;
	if (!scan_eat(&s, "#"))
		return scan_expected(&s, "'#'", e);
	if ((st = scan_code(&s, &k->tension, SC_TENSION, e)))
		return st;
	if (!scan_arrow(&s))
		return scan_expected(&s, "'→' or '->'", e);
	if ((st = scan_code(&s, &k->resolution, SC_RESOLUTION, e)))
		return st;
	return s.p == s.end ? OK : scan_expected(&s, "the end of the line", e);
}
