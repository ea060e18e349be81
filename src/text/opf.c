/* opf.c - an EPUB's container.xml and package file: title, authors, files in reading order.
 *
 *   in    either XML
 *   out   struct opf; strings in its arena
 */
#include "text/inner.h"

enum { ITEMS = LIMIT_ENTRIES };

struct reading { struct opf *o; struct buf text; bool metadata; };

static void reset(void *ctx)
{
	struct reading *r = ctx;
	struct opf *o = r->o;

	r->text.n = 0;
	r->metadata = false;
	o->title.n = o->author.n = 0;
	o->n_item = o->n_spine = o->n_skip = 0;
}

static struct str keep(struct opf *o, const struct xml_attr *attr, size_t n, const char *name)
{
	return str_copy(o->a, xml_attr(attr, n, name));
}

/* Parts of a guide that are not the book's text. */
static bool guide_skips(struct str type)
{
	return str_eq(type, S("toc")) || str_eq(type, S("cover")) || str_eq(type, S("notes")) ||
	       str_eq(type, S("copyright-page")) || str_eq(type, S("index"));
}

static void on_open(void *ctx, struct str tag, const struct xml_attr *attr, size_t n)
{
	struct reading *r = ctx;
	struct opf *o = r->o;

	r->text.n = 0;
	if (str_eq(tag, S("rootfile")) && !o->root.n) {
		o->root = keep(o, attr, n, "full-path");
	} else if (str_eq(tag, S("metadata"))) {
		r->metadata = true;
	} else if (str_eq(tag, S("item")) && o->n_item < ITEMS) {
		VEC_PUSH(o->item, o->n_item, o->item_cap) = (struct opf_item){
			keep(o, attr, n, "id"), keep(o, attr, n, "href"), keep(o, attr, n, "media-type"),
			keep(o, attr, n, "properties") };
	} else if (str_eq(tag, S("itemref")) && o->n_spine < ITEMS) {
		if (!str_eq(xml_attr(attr, n, "linear"), S("no")))
			VEC_PUSH(o->spine, o->n_spine, o->spine_cap) = keep(o, attr, n, "idref");
	} else if (str_eq(tag, S("reference")) && guide_skips(xml_attr(attr, n, "type")) &&
	           o->n_skip < 64) {
		VEC_PUSH(o->skip, o->n_skip, o->skip_cap) = keep(o, attr, n, "href");
	}
}

static void on_close(void *ctx, struct str tag)
{
	struct reading *r = ctx;
	struct opf *o = r->o;
	struct str s = str_trim(buf_view(&r->text));

	if (str_eq(tag, S("metadata")))
		r->metadata = false;
	else if (r->metadata && str_eq(tag, S("title")) && !o->title.n)
		maker_name(&o->title, s);
	else if (r->metadata && str_eq(tag, S("creator")) && s.n && o->author.n + s.n < LIMIT_TITLE) {
		if (o->author.n)
			buf_str(&o->author, S(", "));
		clean_add(&o->author, s);
	}
	r->text.n = 0;
}

static void on_text(void *ctx, struct str s)
{
	struct reading *r = ctx;

	if (r->metadata)
		buf_str(&r->text, s);
}

enum status opf_read(struct opf *o, struct str utf8, struct buf *warn, struct err *e)
{
	static const struct xml_sax sax = { reset, on_open, on_close, on_text };
	struct reading r = { .o = o };
	enum status st = xml_read(utf8, XML_DATA, &sax, &r, warn, e);

	buf_free(&r.text);
	return st;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
	     : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %D0%9F and the like; cuts a #fragment and a ?query. */
static size_t unescape(char *out, struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && s.p[i] != '#' && s.p[i] != '?'; i++) {
		int hi = i + 2 < s.n && s.p[i] == '%' ? hex(s.p[i + 1]) : -1;
		int lo = hi >= 0 ? hex(s.p[i + 2]) : -1;
		if (lo >= 0) {
			out[n++] = (char)(hi << 4 | lo);
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	return n;
}

struct str epub_path(struct arena *a, struct str dir, struct str href)
{
	char *room = arena_take(a, dir.n + href.n + 2), *out = arena_take(a, dir.n + href.n + 2);
	const struct str none = { "", 0 };
	size_t n = 0, at = 0;

	if (dir.n) {
		memcpy(room, dir.p, dir.n);
		room[dir.n] = '/';
		at = dir.n + 1;
	}
	struct str path = { room, at + unescape(room + at, href) }, part;
	if (path.n == at || memchr(path.p, 0, path.n) || memchr(path.p, '\\', path.n) ||
	    room[at] == '/' || memchr(room + at, ':', path.n - at))
		return none;
	while (str_cut(&path, '/', &part)) {
		if (!part.n || str_eq(part, S(".")))
			continue;
		if (str_eq(part, S(".."))) {
			if (!n)
				return none;	/* out of the archive */
			while (n && out[--n] != '/')
				;
			continue;
		}
		if (n)
			out[n++] = '/';
		memcpy(out + n, part.p, part.n);
		n += part.n;
	}
	return (struct str){ out, n };
}
