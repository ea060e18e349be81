/* xml.c - the only door of libxml2: a document into calls of open, close and text.
 *
 *   in    UTF-8, well-formed or not
 *   out   elements and characters in document order, names without prefixes
 *
 * Three tries: strictly; then a mended copy in recovery mode (XHTML: the HTML parser, which
 * knows tag soup). Every try begins with reset(). The parser never sees a document type
 * (xmlprep.c), opens nothing, and is stopped past LIMIT_XML_DEPTH elements in one another or
 * XML_TIMES x its input delivered.
 */
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "text/inner.h"

enum { ATTRS = 64, CHUNK = 64 << 10 };

struct run {
	const struct xml_sax *sax;
	void *ctx;
	xmlParserCtxtPtr parser;
	size_t depth, delivered, limit;
	enum status st;
	int line;			/* of the first error, 0 when none */
	char said[200];
	struct err *e;
};

static struct str bare_name(const xmlChar *name)
{
	const char *colon = strrchr((const char *)name, ':');

	return str_of(colon ? colon + 1 : (const char *)name);
}

static void stop(struct run *r, const char *why)
{
	r->st = err_set(r->e, ERR_LIMIT, "%s", why);
	xmlStopParser(r->parser);
}

static bool deeper(struct run *r)
{
	if (r->st)
		return false;
	if (++r->depth <= LIMIT_XML_DEPTH)
		return true;
	stop(r, "its XML is nested over 256 deep");
	return false;
}

static void on_open_ns(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                       int n_ns, const xmlChar **ns, int n, int n_default, const xmlChar **attr)
{
	struct run *r = user;
	struct xml_attr a[ATTRS];
	size_t k = 0;

	(void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_default;
	if (!deeper(r))
		return;
	for (int i = 0; i < n && k < ATTRS; i++, k++)
		a[k] = (struct xml_attr){ bare_name(attr[5 * i]),
			{ (const char *)attr[5 * i + 3], (size_t)(attr[5 * i + 4] - attr[5 * i + 3]) } };
	r->sax->open(r->ctx, bare_name(name), a, k);
}

static void on_close_ns(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct run *r = user;

	(void)prefix, (void)uri;
	if (r->st)
		return;
	r->depth -= r->depth > 0;
	r->sax->close(r->ctx, bare_name(name));
}

static void on_open_html(void *user, const xmlChar *name, const xmlChar **attr)
{
	struct run *r = user;
	struct xml_attr a[ATTRS];
	size_t k = 0;

	if (!deeper(r))
		return;
	for (; attr && attr[2 * k] && k < ATTRS; k++)
		a[k] = (struct xml_attr){ bare_name(attr[2 * k]), str_of((const char *)attr[2 * k + 1]) };
	r->sax->open(r->ctx, bare_name(name), a, k);
}

static void on_close_html(void *user, const xmlChar *name)
{
	on_close_ns(user, name, NULL, NULL);
}

static void on_text(void *user, const xmlChar *s, int n)
{
	struct run *r = user;

	if (r->st || n <= 0)
		return;
	r->delivered += (size_t)n;
	if (r->delivered > r->limit) {
		stop(r, "its XML delivers over 20 times its size");
		return;
	}
	r->sax->text(r->ctx, (struct str){ (const char *)s, (size_t)n });
}

static void on_error(void *user, xmlErrorPtr why)
{
	struct run *r = user;

	if (r->line || why->level < XML_ERR_ERROR || why->domain == XML_FROM_NAMESPACE)
		return;
	r->line = why->line > 0 ? why->line : 1;
	snprintf(r->said, sizeof r->said, "%s", why->message ? why->message : "not well-formed");
	r->said[strcspn(r->said, "\n")] = 0;
}

static xmlSAXHandler handler(bool html)
{
	xmlSAXHandler h;

	memset(&h, 0, sizeof h);
	h.initialized = XML_SAX2_MAGIC;
	h.characters = on_text;
	h.ignorableWhitespace = on_text;
	h.serror = (xmlStructuredErrorFunc)on_error;
	if (html) {
		h.startElement = on_open_html;
		h.endElement = on_close_html;
	} else {
		h.startElementNs = on_open_ns;
		h.endElementNs = on_close_ns;
		h.cdataBlock = on_text;
	}
	return h;
}

static void feed(struct run *r, struct str s, bool html)
{
	for (size_t at = 0; at < s.n && !r->st;) {
		size_t n = s.n - at < CHUNK ? s.n - at : CHUNK;
		if (html)
			htmlParseChunk(r->parser, s.p + at, (int)n, 0);
		else if (xmlParseChunk(r->parser, s.p + at, (int)n, 0) && !r->parser->recovery)
			break;
		at += n;
	}
	if (!r->st && html)
		htmlParseChunk(r->parser, NULL, 0, 1);
	else if (!r->st)
		xmlParseChunk(r->parser, NULL, 0, 1);
}

/* One pass; true when the document was well-formed, or mended. */
static bool parse(struct run *r, struct str s, bool html, bool recover)
{
	xmlSAXHandler h = handler(html);
	int quiet = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;

	r->depth = r->delivered = 0;
	r->sax->reset(r->ctx);
	r->parser = html ? htmlCreatePushParserCtxt(&h, r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8)
	                 : xmlCreatePushParserCtxt(&h, r, NULL, 0, NULL);
	if (!r->parser) {
		r->st = err_set(r->e, ERR_LIMIT, "no memory for an XML parser");
		return false;
	}
	if (html) {
		htmlCtxtUseOptions(r->parser, HTML_PARSE_RECOVER | HTML_PARSE_NONET |
		                   HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
	} else {
		xmlCtxtUseOptions(r->parser, quiet | (recover ? XML_PARSE_RECOVER : 0));
		xmlSwitchEncoding(r->parser, XML_CHAR_ENCODING_UTF8);
	}
	feed(r, s, html);
	bool good = r->parser->wellFormed;
	if (r->parser->myDoc)
		xmlFreeDoc(r->parser->myDoc);
	if (html)
		htmlFreeParserCtxt(r->parser);
	else
		xmlFreeParserCtxt(r->parser);
	r->parser = NULL;
	return good;
}

static void mend_and_parse(struct run *r, struct str s, bool html)
{
	struct buf b = {0};

	if (!html)
		xml_mend(&b, s);
	parse(r, html ? s : buf_view(&b), html, true);
	buf_free(&b);
}

enum status xml_read(struct str utf8, enum xml_kind kind, const struct xml_sax *sax, void *ctx,
                     struct buf *warn, struct err *e)
{
	struct buf b = {0};
	struct run r = { .sax = sax, .ctx = ctx, .e = e, .limit = utf8.n * XML_TIMES + XML_MORE };
	enum status st = xml_prepare(&b, utf8, kind, warn, e);

	xml_warm();
	if (!st && !parse(&r, str_trim(buf_view(&b)), false, false) && !r.st) {
		warn_add(warn, "the XML is broken, mended: %s", r.said[0] ? r.said : "it ends early");
		mend_and_parse(&r, buf_view(&b), kind == XML_PAGE);
	}
	buf_free(&b);
	return st ? st : r.st;
}

struct str xml_attr(const struct xml_attr *attr, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(attr[i].name, str_of(name)))
			return attr[i].value;
	return (struct str){ "", 0 };
}

void xml_warm(void)
{
	xmlInitParser();
}
