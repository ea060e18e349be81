/* xmlprep.c - makes an XML text harmless before libxml2 sees it.
 *
 *   in    UTF-8 with a declaration, a document type, entities
 *   out   the same document without declaration, document type, comments and instructions;
 *         internal entities expanded, external ones never read: U+FFFD stands for them
 *
 * The parser then has no DTD to load, no entity to expand and no file to open. Expansion is
 * held under XML_TIMES x the document + XML_MORE bytes ("a billion laughs"), references are
 * counted, an entity inside itself is refused.
 *
 * Mended with a remark: control characters, references to no character, a bare '&', the
 * HTML names of characters where no document type allows them.
 */
#include <stdlib.h>

#include "text/inner.h"

enum {
	ENTITIES = 256,			/* declared in one document */
	NESTED = 32,			/* entity within entity */
	REFERENCES = 1 << 20,		/* followed in one document */
	ATTRIBUTES = 2000,		/* of one tag */
};

struct entity { struct str name, value; bool outside, open; };

struct prep {
	struct buf *out, *warn;
	enum xml_kind kind;
	struct err *e;
	struct entity ent[ENTITIES];
	size_t n_ent, refs, limit, equals;
	bool typed;			/* a document type was there */
	bool in_tag;
};

/* The names of characters that books use; a document type for HTML declares them. */
uint32_t html_entity(struct str name)
{
	static const struct { const char *name; uint32_t rune; } names[] = {
		{ "nbsp", 0xA0 }, { "shy", 0xAD }, { "laquo", 0xAB }, { "raquo", 0xBB },
		{ "mdash", 0x2014 }, { "ndash", 0x2013 }, { "hellip", 0x2026 }, { "ldquo", 0x201C },
		{ "rdquo", 0x201D }, { "bdquo", 0x201E }, { "lsquo", 0x2018 }, { "rsquo", 0x2019 },
		{ "sbquo", 0x201A }, { "ensp", 0x2002 }, { "emsp", 0x2003 }, { "thinsp", 0x2009 },
		{ "zwnj", 0x200C }, { "zwj", 0x200D }, { "copy", 0xA9 }, { "reg", 0xAE },
		{ "trade", 0x2122 }, { "deg", 0xB0 }, { "sect", 0xA7 }, { "para", 0xB6 },
		{ "middot", 0xB7 }, { "bull", 0x2022 }, { "euro", 0x20AC }, { "pound", 0xA3 },
		{ "times", 0xD7 }, { "divide", 0xF7 }, { "plusmn", 0xB1 }, { "minus", 0x2212 },
		{ "frac12", 0xBD }, { "frac14", 0xBC }, { "sup2", 0xB2 }, { "sup3", 0xB3 },
		{ "agrave", 0xE0 }, { "aacute", 0xE1 }, { "acirc", 0xE2 }, { "atilde", 0xE3 },
		{ "auml", 0xE4 }, { "aring", 0xE5 }, { "aelig", 0xE6 }, { "ccedil", 0xE7 },
		{ "egrave", 0xE8 }, { "eacute", 0xE9 }, { "ecirc", 0xEA }, { "euml", 0xEB },
		{ "igrave", 0xEC }, { "iacute", 0xED }, { "icirc", 0xEE }, { "iuml", 0xEF },
		{ "ntilde", 0xF1 }, { "ograve", 0xF2 }, { "oacute", 0xF3 }, { "ocirc", 0xF4 },
		{ "ouml", 0xF6 }, { "ugrave", 0xF9 }, { "uacute", 0xFA }, { "ucirc", 0xFB },
		{ "uuml", 0xFC }, { "yuml", 0xFF }, { "szlig", 0xDF }, { "Agrave", 0xC0 },
		{ "Eacute", 0xC9 }, { "Egrave", 0xC8 }, { "Ccedil", 0xC7 }, { "Ouml", 0xD6 },
		{ "Auml", 0xC4 }, { "Uuml", 0xDC }, { "oelig", 0x153 }, { "OElig", 0x152 },
		{ "numero", 0x2116 }, { "larr", 0x2190 }, { "rarr", 0x2192 },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(name, str_of(names[i].name)))
			return names[i].rune;
	return 0;
}

static bool name_byte(uint8_t c)
{
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':';
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static const char *find(const char *p, const char *end, const char *what)
{
	const char *q = memmem(p, (size_t)(end - p), what, strlen(what));

	return q ? q : end;
}

/* ---- the document type ------------------------------------------------------------------ */

/* <!ENTITY name "value"> or <!ENTITY name SYSTEM "…">, p after "<!ENTITY". */
static const char *entity_decl(struct prep *x, const char *p, const char *end)
{
	struct entity t = { .value = { "", 0 } };
	const char *stop;

	p = skip_space(p, end);
	if (p < end && *p == '%') {
		warn_add(x->warn, "parameter entities left out");
		return find(p, end, ">");
	}
	t.name.p = p;
	while (p < end && name_byte((uint8_t)*p))
		p++;
	t.name.n = (size_t)(p - t.name.p);
	p = skip_space(p, end);
	t.outside = p >= end || (*p != '"' && *p != '\'');
	if (!t.outside) {
		stop = memchr(p + 1, *p, (size_t)(end - p - 1));
		if (!stop)
			return end;
		t.value = (struct str){ p + 1, (size_t)(stop - p - 1) };
		p = stop + 1;
	}
	if (t.name.n && x->n_ent < ENTITIES)
		x->ent[x->n_ent++] = t;
	return find(p, end, ">");
}

/* p after "<!DOCTYPE"; returns what follows its '>'. */
static const char *doctype(struct prep *x, const char *p, const char *end)
{
	bool subset = false;

	x->typed = true;
	while (p < end) {
		size_t left = (size_t)(end - p);
		if (*p == '[') {
			subset = true;
		} else if (*p == ']') {
			subset = false;
		} else if (*p == '>' && !subset) {
			return p + 1;
		} else if (*p == '"' || *p == '\'') {
			const char *q = memchr(p + 1, *p, left - 1);
			p = q ? q : end - 1;
		} else if (left > 4 && !memcmp(p, "<!--", 4)) {
			p = find(p, end, "-->");
			continue;
		} else if (left > 8 && !memcmp(p, "<!ENTITY", 8)) {
			p = entity_decl(x, p + 8, end);
			continue;
		} else if (*p == '%' && subset) {
			warn_add(x->warn, "parameter entities left out");
		} else if (*p == '<' && !subset) {
			return p;		/* a type that never closed */
		}
		p++;
	}
	return end;
}

/* ---- the text ------------------------------------------------------------------------------ */

static enum status copy(struct prep *x, struct str s, int depth);

static bool xml_char(uint32_t r)
{
	return r == 9 || r == 10 || r == 13 || (r >= 0x20 && r < 0xD800) ||
	       (r >= 0xE000 && r < 0xFFFE) || (r >= 0x10000 && r <= 0x10FFFF);
}

static enum status expand(struct prep *x, struct entity *t, int depth)
{
	enum status st;

	if (t->outside) {
		warn_add(x->warn, "external entity &%.*s; left out", t->name.n < 40 ? (int)t->name.n : 40,
		         t->name.p);
		buf_rune(x->out, 0xFFFD);
		return OK;
	}
	if (t->open)
		return err_set(x->e, ERR_FORMAT, "the entity &%.*s; contains itself",
		               t->name.n < 40 ? (int)t->name.n : 40, t->name.p);
	if (depth >= NESTED || ++x->refs > REFERENCES)
		return err_set(x->e, ERR_LIMIT, "entities are nested too deep or used too often");
	t->open = true;
	st = copy(x, t->value, depth + 1);
	t->open = false;
	return st;
}

static enum status named(struct prep *x, struct str name, int depth)
{
	uint32_t r;

	if (str_eq(name, S("amp")) || str_eq(name, S("lt")) || str_eq(name, S("gt")) ||
	    str_eq(name, S("quot")) || str_eq(name, S("apos"))) {
		buf_printf(x->out, "&" STR_FMT ";", STR_ARG(name));
		return OK;
	}
	for (size_t i = 0; i < x->n_ent; i++)
		if (str_eq(name, x->ent[i].name))
			return expand(x, &x->ent[i], depth);
	if ((r = html_entity(name))) {
		if (!x->typed && x->kind != XML_PAGE)
			warn_add(x->warn, "&%.*s; is not defined in XML", (int)name.n, name.p);
		buf_rune(x->out, r);
		return OK;
	}
	warn_add(x->warn, "an unknown entity &%.*s; left out", name.n < 40 ? (int)name.n : 40, name.p);
	buf_rune(x->out, 0xFFFD);
	return OK;
}

/* &#1071; and &#x42F; of a real character stay; others become U+FFFD. */
static void numbered(struct prep *x, struct str digits)
{
	bool hex = digits.n && (*digits.p == 'x' || *digits.p == 'X');
	uint32_t r = 0;

	for (size_t i = hex; i < digits.n && r < 0x110000; i++) {
		char c = digits.p[i];
		int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
		      : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
		if (d >= (hex ? 16 : 10))
			r = 0x110000;
		else
			r = r * (hex ? 16 : 10) + (uint32_t)d;
	}
	if (digits.n <= (size_t)hex || !xml_char(r)) {
		warn_add(x->warn, "a reference to no character");
		buf_rune(x->out, 0xFFFD);
	} else if (r == '<' || r == '&' || r == '>' || r == '"' || r == '\'') {
		buf_printf(x->out, "&#%u;", r);
	} else {
		buf_rune(x->out, r);
	}
}

/* *p at '&'. */
static enum status reference(struct prep *x, const char **p, const char *end, int depth)
{
	const char *q = *p + 1;

	if (q < end && *q == '#')
		q++;
	while (q < end && q - *p < 256 && name_byte((uint8_t)*q))
		q++;
	if (q >= end || *q != ';' || q == *p + 1) {
		warn_add(x->warn, "a bare & in the text");
		buf_str(x->out, S("&amp;"));
		++*p;
		return OK;
	}
	struct str name = { *p + 1, (size_t)(q - *p - 1) };
	*p = q + 1;
	if (*name.p != '#')
		return named(x, name, depth);
	numbered(x, (struct str){ name.p + 1, name.n - 1 });
	return OK;
}

/* Copies a CDATA section without control characters; *p at "<![CDATA[". */
static void cdata(struct prep *x, const char **p, const char *end)
{
	const char *stop = find(*p, end, "]]>");

	for (const char *q = *p + 9; q < stop; q++)
		if (*q == '<' || *q == '&' || *q == '>')
			buf_str(x->out, *q == '<' ? S("&lt;") : *q == '>' ? S("&gt;") : S("&amp;"));
		else if ((uint8_t)*q >= 32 || *q == '\n' || *q == '\t' || *q == '\r')
			buf_char(x->out, *q);
	*p = stop < end ? stop + 3 : end;
}

/* *p at '<'. */
static enum status angle(struct prep *x, const char **p, const char *end)
{
	size_t left = (size_t)(end - *p);

	if (left > 3 && !memcmp(*p, "<!--", 4)) {
		const char *q = find(*p + 4, end, "-->");
		*p = q < end ? q + 3 : end;
	} else if (left > 8 && !memcmp(*p, "<![CDATA[", 9)) {
		cdata(x, p, end);
	} else if (left > 8 && !memcmp(*p, "<!DOCTYPE", 9)) {
		*p = doctype(x, *p + 9, end);
	} else if (left > 1 && ((*p)[1] == '?' || (*p)[1] == '!')) {
		const char *q = find(*p, end, (*p)[1] == '?' ? "?>" : ">");
		*p = q < end ? q + ((*p)[1] == '?' ? 2 : 1) : end;
	} else if (x->kind == XML_BOOK && left > 8 && !memcmp(*p, "<binary", 7)) {
		const char *q = find(*p, end, ">"), *close = find(q, end, "</binary");
		buf_add(x->out, *p, (size_t)(q - *p));
		*p = q < end && q[-1] == '/' ? q : close;	/* pictures are not text */
		if (*p == close && close < end)
			buf_char(x->out, '>');
	} else {
		buf_char(x->out, '<');
		x->in_tag = true;
		x->equals = 0;
		++*p;
	}
	return OK;
}

static bool plain(uint8_t c)
{
	return c != '<' && c != '&' && c != '>' && c != '=' && (c >= 32 || c == '\n' || c == '\t' || c == '\r') &&
	       c != 0xEF;
}

static enum status other(struct prep *x, const char **p, const char *end)
{
	uint8_t c = (uint8_t)**p;

	if (c == 0xEF && end - *p > 2 && (uint8_t)(*p)[1] == 0xBF && (uint8_t)(*p)[2] >= 0xBE) {
		*p += 3;			/* U+FFFE, U+FFFF */
		return OK;
	}
	++*p;
	if (c == '>')
		x->in_tag = false;
	if (c == '=' && x->in_tag && ++x->equals > ATTRIBUTES)
		return err_set(x->e, ERR_LIMIT, "a tag has over %d attributes", ATTRIBUTES);
	if (c < 32)
		warn_add(x->warn, "control characters left out");
	else
		buf_char(x->out, (char)c);
	return OK;
}

static enum status copy(struct prep *x, struct str s, int depth)
{
	const char *p = s.p, *end = s.p + s.n;
	enum status st = OK;

	while (p < end && !st) {
		const char *q = p;
		while (q < end && plain((uint8_t)*q))
			q++;
		if (q > p)
			buf_add(x->out, p, (size_t)(q - p));
		p = q;
		if (p < end)
			st = *p == '&' ? reference(x, &p, end, depth)
			   : *p == '<' ? angle(x, &p, end) : other(x, &p, end);
		if (x->out->n > x->limit)
			return err_set(x->e, ERR_LIMIT, "its entities expand to over %d times its size",
			               XML_TIMES);
	}
	return st;
}

struct str xml_declared(struct str head)
{
	const char *p = find(head.p, head.p + head.n, "<?xml"), *end = head.p + head.n;
	const char *stop = find(p, end, "?>"), *q = find(p, stop, "encoding");

	if (q == stop)
		return (struct str){ "", 0 };
	q = skip_space(q + 8, stop);
	if (q >= stop || *q != '=')
		return (struct str){ "", 0 };
	q = skip_space(q + 1, stop);
	if (q >= stop || (*q != '"' && *q != '\''))
		return (struct str){ "", 0 };
	const char *close = memchr(q + 1, *q, (size_t)(stop - q - 1));
	return close ? (struct str){ q + 1, (size_t)(close - q - 1) } : (struct str){ "", 0 };
}

enum status xml_prepare(struct buf *out, struct str utf8, enum xml_kind kind, struct buf *warn,
                        struct err *e)
{
	struct prep *x = mem_alloc(1, sizeof *x);
	const char *stop = find(utf8.p, utf8.p + (utf8.n < 256 ? utf8.n : 256), "?>");

	*x = (struct prep){ .out = out, .warn = warn, .kind = kind, .e = e,
		.limit = utf8.n * XML_TIMES + XML_MORE };
	if (find(utf8.p, stop, "version=\"1.1\"") < stop || find(utf8.p, stop, "version='1.1'") < stop)
		warn_add(warn, "XML 1.1 read as 1.0");
	buf_room(out, utf8.n);
	enum status st = copy(x, utf8, 0);
	mem_free(x);
	return st;
}
