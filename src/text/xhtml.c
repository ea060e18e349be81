/* xhtml.c - one chapter file of an EPUB into paragraphs.
 *
 *   in    XHTML, well-formed or tag soup
 *   out   headings as chapters, blocks as paragraphs, verse by class or by its line breaks
 *
 * Left out: head, script, style, pictures, navigation, notes and their marks, whatever
 * epub:type, role or hidden says is no text. A mark of a note is a link whose text is a
 * number or stars; where such links point to is told, so that a file of notes is known.
 */
#include "text/inner.h"

enum {
	SKIP = 1, VERSE = 2, EPIGRAPH = 4, HEADING = 8, BLOCK = 16, LINK = 32, AUTHOR = 64,
	SUBTITLE = 128, PRE = 256,
};

struct page {
	struct maker *m;
	struct buf text;		/* of the open block; '\n' where a line was broken */
	uint16_t flag[LIMIT_XML_DEPTH + 2];
	size_t depth;
	uint32_t level;			/* of the open heading */
	size_t link_at;			/* text.n where the open link began */
	struct buf href;
	size_t chars, linked, links;
	bool gap, first_head_seen;
	struct xhtml_facts *facts;
	void (*note_target)(void *ctx, struct str href);
	void *note_ctx;
	struct maker_mark start;
};

static void reset(void *ctx)
{
	struct page *p = ctx;

	p->text.n = p->depth = p->chars = p->linked = p->links = 0;
	p->flag[0] = 0;
	p->gap = p->first_head_seen = false;
	*p->facts = (struct xhtml_facts){0};
	maker_back(p->m, p->start);
}

static bool in_list(struct str tag, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(tag, str_of(*list)))
			return true;
	return false;
}

/* Does the space-separated list hold one of these? */
static bool any_token(struct str tokens, const char *const *list)
{
	struct str one;

	while (str_cut(&tokens, ' ', &one))
		if (one.n && in_list(one, list))
			return true;
	return false;
}

static bool contains(struct str s, const char *part)
{
	return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

static bool skipped(struct str tag, const struct xml_attr *attr, size_t n)
{
	static const char *const tags[] = { "head", "script", "style", "nav", "svg", "math", "iframe",
		"object", "noscript", "template", "audio", "video", "form", "select", "button", "rt", "rp",
		NULL };
	static const char *const types[] = { "toc", "landmarks", "page-list", "footnote", "footnotes",
		"endnote", "endnotes", "rearnote", "rearnotes", "note", "notes", "noteref", "pagebreak",
		"index", "copyright-page", "cover", "loi", "lot", NULL };
	static const char *const roles[] = { "doc-toc", "doc-footnote", "doc-endnote", "doc-endnotes",
		"doc-noteref", "doc-pagebreak", "doc-pagelist", "doc-index", NULL };
	static const char *const classes[] = { "footnote", "footnotes", "endnote", "endnotes",
		"noteref", "footnote-ref", "toc", "pagebreak", "pagenum", NULL };
	struct str hidden = xml_attr(attr, n, "hidden");

	return in_list(tag, tags) || any_token(xml_attr(attr, n, "type"), types) ||
	       any_token(xml_attr(attr, n, "role"), roles) ||
	       any_token(xml_attr(attr, n, "class"), classes) || hidden.n;
}

static unsigned flags_of(struct str tag, const struct xml_attr *attr, size_t n)
{
	static const char *const blocks[] = { "p", "div", "li", "td", "th", "tr", "blockquote",
		"section", "article", "dd", "dt", "dl", "pre", "table", "ul", "ol", "header", "footer",
		"figure", "figcaption", "center", "address", "aside", "body", "main", "h1", "h2", "h3",
		"h4", "h5", "h6", NULL };
	struct str class = xml_attr(attr, n, "class"), type = xml_attr(attr, n, "type");
	unsigned f = in_list(tag, blocks) ? BLOCK : 0;

	if (tag.n == 2 && tag.p[0] == 'h' && tag.p[1] >= '1' && tag.p[1] <= '6')
		f |= HEADING;
	if (str_eq(tag, S("pre")))
		f |= PRE;
	if (str_eq(tag, S("a")))
		f |= LINK;
	if (contains(class, "verse") || contains(class, "poem") || contains(class, "poetry") ||
	    contains(class, "stanza") || contains(class, "stih") || contains(type, "z3998:verse"))
		f |= VERSE;
	if (contains(class, "epigraph") || contains(type, "epigraph"))
		f |= EPIGRAPH;
	if ((f & BLOCK) && (contains(class, "text-author") || contains(class, "epigraph-author")))
		f |= AUTHOR;
	if ((f & BLOCK) && contains(class, "subtitle"))
		f |= SUBTITLE;
	return f;
}

static enum para_kind kind_of(unsigned f)
{
	if (f & EPIGRAPH)
		return f & AUTHOR ? PARA_EPIGRAPH_AUTHOR : PARA_EPIGRAPH;
	if (f & VERSE)
		return PARA_VERSE;
	return f & SUBTITLE ? PARA_TITLE : PARA_PROSE;
}

/* Several short lines, most of them stopping inside a sentence, are verse. */
static bool looks_verse(struct str s)
{
	size_t lines = 0, open = 0;
	struct str line;

	while (str_cut(&s, '\n', &line)) {
		line = str_trim(line);
		if (!line.n)
			continue;
		if (utf8_count(line) > 60)
			return false;
		lines++;
		open += !strchr(".!?", line.p[line.n - 1]);
	}
	return lines >= 3 && open * 10 >= lines * 3;
}

static void put_lines(struct page *p, struct str s, unsigned f)
{
	enum para_kind kind = kind_of(f);
	struct str line;

	if (kind == PARA_PROSE && memchr(s.p, '\n', s.n) && looks_verse(s))
		kind = PARA_VERSE;
	while (str_cut(&s, '\n', &line)) {
		enum para_kind k = kind;
		line = str_trim(line);
		if (line.n && line.n < 64 && k == PARA_PROSE && head_kind(line) == HEAD_BREAK)
			k = PARA_BREAK;
		if (line.n) {
			maker_para(p->m, k, line, p->gap);
			p->gap = false;
		}
	}
}

static void put_heading(struct page *p, struct str s)
{
	struct buf joined = {0};
	struct str line;

	while (str_cut(&s, '\n', &line)) {
		line = str_trim(line);
		if (joined.n && line.n)
			buf_str(&joined, strchr(".!?:", joined.p[joined.n - 1]) ? S(" ") : S(". "));
		buf_str(&joined, line);
	}
	s = str_trim(buf_view(&joined));
	if (s.n && !p->first_head_seen && p->m->n_para == p->start.n_para) {
		p->facts->notes = head_is_notes(s);
		p->facts->contents = head_is_contents(s);
	}
	p->first_head_seen |= s.n > 0;
	if (s.n && head_kind(s) == HEAD_BREAK)
		maker_para(p->m, PARA_BREAK, s, true);
	else
		maker_chapter(p->m, p->level, s);
	buf_free(&joined);
}

static void flush(struct page *p, unsigned f)
{
	struct str s = str_trim(buf_view(&p->text));

	if (s.n && (f & HEADING))
		put_heading(p, s);
	else if (s.n)
		put_lines(p, s, f);
	p->text.n = 0;
	p->link_at = 0;
}

static void on_open(void *ctx, struct str tag, const struct xml_attr *attr, size_t n)
{
	struct page *p = ctx;
	unsigned above = p->flag[p->depth], f;

	if (p->depth > LIMIT_XML_DEPTH)
		return;			/* xml.c stops there */
	if ((above & SKIP) || skipped(tag, attr, n)) {
		p->flag[++p->depth] = SKIP;
		return;
	}
	f = flags_of(tag, attr, n);
	if (f & BLOCK)
		flush(p, above);
	if (f & HEADING)
		p->level = (uint32_t)(tag.p[1] - '0');
	if (str_eq(tag, S("br")))
		buf_char(&p->text, '\n');
	if (str_eq(tag, S("hr"))) {
		flush(p, above);
		maker_para(p->m, PARA_BREAK, S("* * *"), true);
	}
	if (f & LINK) {
		p->link_at = p->text.n;
		p->href.n = 0;
		buf_str(&p->href, xml_attr(attr, n, "href"));
		p->links += p->href.n > 0;
	}
	p->flag[++p->depth] = (uint16_t)(f | (above & (VERSE | EPIGRAPH | HEADING | PRE | AUTHOR | SUBTITLE)));
}

/* "[12]", "12", "*", "(3)": what a link to a note says. */
static bool is_mark(struct str s)
{
	size_t digits = 0, stars = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			digits++;
		else if (s.p[i] == '*')
			stars++;
		else if (!strchr("[](){} ", s.p[i]))
			return false;
	}
	return digits <= 4 && stars <= 4 && digits + stars > 0;
}

static void end_link(struct page *p)
{
	size_t n = p->text.n - p->link_at;
	struct str said = { p->text.p ? p->text.p + p->link_at : "", n };

	p->linked += p->href.n ? n : 0;
	if (!memchr(buf_view(&p->href).p, '#', p->href.n) || !is_mark(str_trim(said)))
		return;
	p->text.n = p->link_at;
	if (p->note_target)
		p->note_target(p->note_ctx, buf_view(&p->href));
}

static void on_close(void *ctx, struct str tag)
{
	struct page *p = ctx;
	unsigned f;

	(void)tag;
	if (!p->depth)
		return;
	f = p->flag[p->depth--];
	if (f & SKIP)
		return;
	if ((f & LINK) && p->link_at <= p->text.n)
		end_link(p);
	if (f & BLOCK)
		flush(p, f);
}

static void on_text(void *ctx, struct str s)
{
	struct page *p = ctx;
	unsigned f = p->flag[p->depth];

	if (f & SKIP)
		return;
	p->chars += str_trim(s).n;
	char *o = buf_room(&p->text, s.n);
	for (size_t i = 0; i < s.n; i++)
		*o++ = s.p[i] == '\n' && !(f & PRE) ? ' ' : s.p[i];
	p->text.n += s.n;
}

enum status xhtml_read(struct maker *m, struct str utf8, struct xhtml_facts *facts,
                       void (*note_target)(void *ctx, struct str href), void *ctx, struct err *e)
{
	static const struct xml_sax sax = { reset, on_open, on_close, on_text };
	struct page *p = mem_alloc(1, sizeof *p);

	*p = (struct page){ .m = m, .facts = facts, .note_target = note_target, .note_ctx = ctx,
		.start = maker_mark(m) };
	enum status st = xml_read(utf8, XML_PAGE, &sax, p, &m->warn, e);
	if (!st) {
		flush(p, 0);
		if (p->links >= 5 && p->linked * 10 >= p->chars * 7)
			facts->contents = true;
	}
	buf_free(&p->text);
	buf_free(&p->href);
	mem_free(p);
	return st;
}
