/* xmlmend.c - makes a broken document well-formed: what a strict parser refused.
 *
 *   in    a prepared document (xmlprep.c) that is not well-formed
 *   out   one root element, balanced tags, quoted attributes, '<' of the text escaped
 *
 * An end tag closes what is open above its start tag; one without a start tag is dropped;
 * what is open at the end is closed (a download that stopped). A paragraph does not hold a
 * paragraph: a new one closes the old. So «Треплев & Ко <b>.» costs its line and no more.
 */
#include "text/inner.h"

enum { NAME_MAX_BYTES = 256, VALUE_MAX = 64 << 10, ATTR_MAX = 64, DEEP = LIMIT_XML_DEPTH + 8 };

struct mend {
	struct buf *out;
	const char *p, *end;
	const char *gt;			/* the first '>' at or after where it was looked for */
	struct str open[DEEP];
	size_t depth;
};

static bool name_start(uint8_t c)
{
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool name_byte(uint8_t c)
{
	return name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

static struct str take_name(struct mend *m)
{
	const char *p = m->p;

	while (m->p < m->end && name_byte((uint8_t)*m->p))
		m->p++;
	return (struct str){ p, (size_t)(m->p - p) };
}

/* Letters beyond ASCII are not all name characters: such a name is none. */
static bool good_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!name_byte((uint8_t)s.p[i]) || (uint8_t)s.p[i] >= 0x80)
			return false;
	return s.n && s.n <= NAME_MAX_BYTES && name_start((uint8_t)s.p[0]) && s.p[s.n - 1] != ':';
}

static void skip_space(struct mend *m)
{
	while (m->p < m->end && (*m->p == ' ' || *m->p == '\n' || *m->p == '\t' || *m->p == '\r'))
		m->p++;
}

/* A '>' follows p. Looked for once for many '<' in a row. */
static bool gt_after(struct mend *m, const char *p)
{
	if (m->gt < p) {
		m->gt = memchr(p, '>', (size_t)(m->end - p));
		if (!m->gt)
			m->gt = m->end;
	}
	return m->gt < m->end;
}

static void put_value(struct buf *out, struct str v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] == '<')
			buf_str(out, S("&lt;"));
		else if (v.p[i] == '"')
			buf_str(out, S("&quot;"));
		else
			buf_char(out, v.p[i]);
}

static struct str take_value(struct mend *m)
{
	const char *from = m->p;

	if (m->p < m->end && (*m->p == '"' || *m->p == '\'')) {
		size_t left = (size_t)(m->end - m->p - 1);
		const char *close = memchr(m->p + 1, *m->p, left < VALUE_MAX ? left : VALUE_MAX);
		if (close) {
			m->p = close + 1;
			return (struct str){ from + 1, (size_t)(close - from - 1) };
		}
	}
	while (m->p < m->end && !strchr(" \t\r\n>/<", *m->p))
		m->p++;
	return (struct str){ from, (size_t)(m->p - from) };
}

/* Attributes up to '>' or "/>"; each name once. Returns whether the tag closes itself. */
static bool attributes(struct mend *m)
{
	struct str seen[ATTR_MAX];
	size_t n = 0;
	bool self = false;

	while (m->p < m->end && *m->p != '>' && *m->p != '<') {
		skip_space(m);
		struct str name = take_name(m), value = S("");
		if (!name.n) {
			self = m->p < m->end && *m->p == '/';
			m->p += m->p < m->end && *m->p != '>' && *m->p != '<';
			continue;
		}
		skip_space(m);
		if (m->p < m->end && *m->p == '=') {
			m->p++;
			skip_space(m);
			value = take_value(m);
		}
		bool twice = !good_name(name) || n == ATTR_MAX;
		for (size_t i = 0; i < n && !twice; i++)
			twice = str_eq(seen[i], name);
		if (twice)
			continue;
		seen[n++] = name;
		buf_printf(m->out, " " STR_FMT "=\"", STR_ARG(name));
		put_value(m->out, value);
		buf_char(m->out, '"');
	}
	m->p += m->p < m->end && *m->p == '>';
	return self;
}

static void close_to(struct mend *m, size_t depth)
{
	while (m->depth > depth) {
		struct str s = m->open[--m->depth];
		buf_printf(m->out, "</" STR_FMT ">", STR_ARG(s));
	}
}

static bool is_one(struct str s, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(s, str_of(*list)))
			return true;
	return false;
}

/* Opening a block while a paragraph is open ends the paragraph. */
static void end_paragraph(struct mend *m, struct str tag)
{
	static const char *const leaf[] = { "p", "v", "subtitle", "text-author", NULL };
	static const char *const block[] = { "p", "v", "subtitle", "text-author", "section", "title",
		"poem", "stanza", "cite", "epigraph", "empty-line", "body", "binary", NULL };

	if (!is_one(tag, block))
		return;
	for (size_t i = m->depth; i-- > 0 && i + 8 > m->depth;)
		if (is_one(m->open[i], leaf)) {
			close_to(m, i);
			return;
		}
}

static void start_tag(struct mend *m)
{
	m->p++;
	struct str tag = take_name(m);

	if (!good_name(tag)) {
		struct buf hole = {0}, *out = m->out;	/* a tag with no usable name: left out */
		m->out = &hole;
		attributes(m);
		m->out = out;
		buf_free(&hole);
		return;
	}
	end_paragraph(m, tag);
	buf_printf(m->out, "<" STR_FMT, STR_ARG(tag));
	if (attributes(m)) {
		buf_str(m->out, S("/>"));
		return;
	}
	buf_char(m->out, '>');
	if (m->depth < DEEP)
		m->open[m->depth++] = tag;
}

static void end_tag(struct mend *m)
{
	m->p += 2;
	struct str tag = take_name(m);

	m->p = gt_after(m, m->p) ? m->gt + 1 : m->end;
	for (size_t i = m->depth; i-- > 0;)
		if (str_eq(m->open[i], tag)) {
			close_to(m, i);
			return;
		}
}

void xml_mend(struct buf *out, struct str s)
{
	struct mend *m = mem_alloc(1, sizeof *m);

	*m = (struct mend){ .out = out, .p = s.p, .end = s.p + s.n, .gt = s.p - 1 };
	buf_str(out, S("<mended>"));
	while (m->p < m->end) {
		const char *q = memchr(m->p, '<', (size_t)(m->end - m->p));
		if (!q)
			q = m->end;
		if (q > m->p)
			buf_add(out, m->p, (size_t)(q - m->p));
		m->p = q;
		size_t left = (size_t)(m->end - q);
		if (left < 2 || m->depth >= DEEP) {
			m->p = m->end;		/* a lone '<' at the end; or deeper than any book */
		} else if (name_start((uint8_t)q[1]) && gt_after(m, q)) {
			start_tag(m);
		} else if (q[1] == '/') {
			end_tag(m);
		} else {
			if (gt_after(m, q))
				buf_str(out, S("&lt;"));
			m->p = gt_after(m, q) ? q + 1 : m->end;
		}
	}
	close_to(m, 0);
	buf_str(out, S("</mended>"));
	mem_free(m);
}
