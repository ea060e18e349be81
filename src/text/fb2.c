/* fb2.c - FictionBook 2: description, body, sections, verse, epigraphs.
 *
 *   in    the XML of one book
 *   out   title, authors; sections as chapters, p and v as paragraphs
 *
 * Left out: description, notes bodies and their marks, annotations, pictures, the title page
 * (the body's own title). An untitled section after text of the same chapter is a break.
 */
#include "text/inner.h"

struct fb2 {
	struct maker *m;
	struct buf leaf;		/* text of the open p, v, subtitle … or description field */
	struct buf heading;		/* of the open title */
	struct buf person;		/* names of the open author */
	size_t skip;			/* elements open inside something left out */
	int depth;			/* of sections */
	int chapter_depth;		/* of the section that titled the current chapter */
	int epigraph, poem, bodies;
	bool info, in_author, in_title, in_body, untitled, chapter_closed, gap, in_leaf;
};

static void reset(void *ctx)
{
	struct fb2 *f = ctx;
	struct fb2 keep = { .m = f->m, .leaf = f->leaf, .heading = f->heading, .person = f->person };

	keep.leaf.n = keep.heading.n = keep.person.n = 0;
	*f = keep;
	maker_reset(f->m);
}

static bool is(struct str tag, const char *name) { return str_eq(tag, str_of(name)); }

static bool is_leaf(struct str tag)
{
	static const char *const leaves[] = { "p", "v", "subtitle", "text-author", "td", "th", "date" };

	for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
		if (is(tag, leaves[i]))
			return true;
	return false;
}

/* A body called notes, comments, footnotes … holds no running text. */
static bool notes_body(struct str name)
{
	static const char *const parts[] = { "note", "comment", "Note", "NOTE", "прим", "Прим", "снос",
		"Снос" };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (memmem(name.p, name.n, parts[i], strlen(parts[i])))
			return true;
	return false;
}

/* The first text of an untitled section: a new chapter after a closed one, else a break. */
static void enter_section(struct fb2 *f)
{
	if (!f->untitled)
		return;
	f->untitled = false;
	if (f->chapter_closed) {
		maker_section(f->m);
		f->chapter_closed = false;
		f->chapter_depth = f->depth;
	} else if (f->m->n_para) {
		uint8_t last = f->m->para[f->m->n_para - 1].kind;
		if (last == PARA_PROSE || last == PARA_VERSE)
			maker_para(f->m, PARA_BREAK, S("* * *"), true);
	}
}

static void flush(struct fb2 *f, enum para_kind kind)
{
	struct str s = buf_view(&f->leaf);

	if (f->in_body && s.n) {
		enter_section(f);
		if (s.n < 64 && (kind == PARA_PROSE || kind == PARA_TITLE) &&
		    head_kind(str_trim(s)) == HEAD_BREAK)
			kind = PARA_BREAK;
		maker_para(f->m, kind, s, f->gap);
		f->gap = false;
	}
	f->leaf.n = 0;
}

static enum para_kind leaf_kind(const struct fb2 *f, struct str tag)
{
	if (is(tag, "text-author"))
		return f->epigraph ? PARA_EPIGRAPH_AUTHOR : PARA_PROSE;
	if (f->epigraph)
		return PARA_EPIGRAPH;
	if (is(tag, "v"))
		return PARA_VERSE;
	return is(tag, "subtitle") ? PARA_TITLE : PARA_PROSE;
}

/* "Глава первая" and "Метель" in one title become "Глава первая. Метель". */
static void add_heading(struct fb2 *f)
{
	struct str s = str_trim(buf_view(&f->leaf));

	if (s.n) {
		struct str h = buf_view(&f->heading);
		if (h.n)
			buf_str(&f->heading, strchr(".!?:", h.p[h.n - 1]) ? S(" ") : S(". "));
		buf_str(&f->heading, s);
	}
	f->leaf.n = 0;
}

static void end_title(struct fb2 *f)
{
	struct str s = buf_view(&f->heading);

	f->in_title = false;
	if (!s.n)
		return;
	if (f->poem || f->epigraph) {
		enter_section(f);
		maker_para(f->m, PARA_TITLE, s, true);
	} else if (f->depth) {
		maker_chapter(f->m, (uint32_t)f->depth, s);
		f->chapter_depth = f->depth;
		f->untitled = f->chapter_closed = false;
	} else if (f->bodies > 1) {
		maker_chapter(f->m, 1, s);
		f->chapter_depth = 0;
	} else if (!f->m->title.n) {
		maker_name(&f->m->title, s);
	}
	f->heading.n = 0;
}

static void open_in_description(struct fb2 *f, struct str tag)
{
	if (is(tag, "title-info"))
		f->info = true;
	else if (is(tag, "author") && f->info)
		f->in_author = true, f->person.n = 0;
	f->leaf.n = 0;
}

static void close_in_description(struct fb2 *f, struct str tag)
{
	struct str s = str_trim(buf_view(&f->leaf));

	if (is(tag, "title-info")) {
		f->info = false;
	} else if (is(tag, "book-title") && f->info) {
		maker_name(&f->m->title, s);
	} else if (is(tag, "author") && f->in_author) {
		f->in_author = false;
		if (f->person.n && f->m->author.n + f->person.n < LIMIT_TITLE) {
			if (f->m->author.n)
				buf_str(&f->m->author, S(", "));
			clean_add(&f->m->author, buf_view(&f->person));
		} else if (f->person.n && !f->m->author.n) {
			maker_name(&f->m->author, buf_view(&f->person));
		}
	} else if (f->in_author && s.n && (is(tag, "first-name") || is(tag, "middle-name") ||
	           is(tag, "last-name") || (is(tag, "nickname") && !f->person.n))) {
		if (f->person.n)
			buf_char(&f->person, ' ');
		buf_str(&f->person, s);
	}
	f->leaf.n = 0;
}

static bool left_out(const struct fb2 *f, struct str tag, const struct xml_attr *attr, size_t n)
{
	if (is(tag, "binary") || is(tag, "stylesheet") || is(tag, "annotation") || is(tag, "history") ||
	    is(tag, "src-title-info") || is(tag, "document-info") || is(tag, "publish-info") ||
	    is(tag, "custom-info") || is(tag, "script") || is(tag, "style-sheet"))
		return true;
	if (is(tag, "a"))
		return is(xml_attr(attr, n, "type"), "note");
	return is(tag, "body") && f->bodies && notes_body(xml_attr(attr, n, "name"));
}

static void open_block(struct fb2 *f, struct str tag)
{
	if (is(tag, "section")) {
		f->depth++;
		f->untitled = true;
	} else if (is(tag, "title")) {
		f->in_title = true;
		f->heading.n = 0;
	} else if (is(tag, "epigraph")) {
		f->epigraph++;
	} else if (is(tag, "poem")) {
		f->poem++;
	} else if (is(tag, "empty-line") || is(tag, "stanza")) {
		f->gap = true;
	}
}

static bool is_block(struct str tag)
{
	return is(tag, "section") || is(tag, "title") || is(tag, "epigraph") || is(tag, "poem") ||
	       is(tag, "stanza") || is(tag, "cite") || is(tag, "empty-line") || is(tag, "table") ||
	       is(tag, "tr");
}

static void on_open(void *ctx, struct str tag, const struct xml_attr *attr, size_t n)
{
	struct fb2 *f = ctx;

	if (f->skip || left_out(f, tag, attr, n)) {
		f->skip++;
	} else if (is(tag, "body")) {
		f->in_body = true;
		f->bodies++;
		f->leaf.n = 0;
		if (f->bodies > 1)
			f->chapter_closed = true;
	} else if (!f->in_body) {
		open_in_description(f, tag);
	} else if (is(tag, "include")) {
		warn_add(&f->m->warn, "xi:include left out");
		buf_rune(&f->leaf, 0xFFFD);
	} else if (is_leaf(tag) || is_block(tag)) {
		if (f->in_title)
			add_heading(f);
		else
			flush(f, f->epigraph ? PARA_EPIGRAPH : PARA_PROSE);	/* loose text */
		f->in_leaf = is_leaf(tag);
		open_block(f, tag);
	}
}

static void close_block(struct fb2 *f, struct str tag)
{
	if (is(tag, "section")) {
		if (f->chapter_depth >= f->depth)
			f->chapter_closed = true;
		f->depth -= f->depth > 0;
		f->untitled = false;
	} else if (is(tag, "epigraph")) {
		f->epigraph -= f->epigraph > 0;
	} else if (is(tag, "poem")) {
		f->poem -= f->poem > 0;
		f->gap = true;
	}
}

static void on_close(void *ctx, struct str tag)
{
	struct fb2 *f = ctx;

	if (f->skip) {
		f->skip--;
	} else if (!f->in_body) {
		close_in_description(f, tag);
	} else if (is(tag, "title")) {
		add_heading(f);
		end_title(f);
	} else if (is(tag, "body")) {
		flush(f, PARA_PROSE);
		f->in_body = false;
		f->depth = 0;
	} else if (is_leaf(tag)) {
		if (f->in_title)
			add_heading(f);
		else
			flush(f, leaf_kind(f, tag));
		f->in_leaf = false;
	} else if (is_block(tag)) {
		flush(f, f->epigraph ? PARA_EPIGRAPH : PARA_PROSE);
		close_block(f, tag);
	}
}

static void on_text(void *ctx, struct str s)
{
	struct fb2 *f = ctx;

	if (!f->skip && (f->in_leaf || str_trim(s).n))
		buf_str(&f->leaf, s);
}

static enum status sections(struct maker *m, struct str utf8, struct err *e)
{
	static const struct xml_sax sax = { reset, on_open, on_close, on_text };
	struct fb2 f = { .m = m };
	enum status st = xml_read(utf8, XML_BOOK, &sax, &f, &m->warn, e);

	if (!st && !f.bodies)
		st = err_set(e, ERR_FORMAT, "not a FictionBook: it has no body");
	buf_free(&f.leaf);
	buf_free(&f.heading);
	buf_free(&f.person);
	return st;
}

enum status fb2_read(struct str bytes, const char *name, struct str format, book_each each,
                     void *ctx, struct err *e)
{
	char room[1024];
	struct str said = xml_declared(charset_peek(bytes, room, sizeof room));

	return book_decode(bytes, said, true, sections, name, format, each, ctx, e);
}

static int recognise(struct str bytes, struct str head, const char *name)
{
	if (str_starts(bytes, S("PK\x03\x04")))
		return 0;		/* an archive that keeps its book unpacked */
	if (memmem(head.p, head.n, "<FictionBook", 12))
		return 95;
	if (name_ends(name, ".fb2"))
		return 80;
	return memmem(head.p, head.n, "<?xml", 5) == head.p && head.n > 5 && !name_ends(name, ".txt") ? 30 : 0;
}

static enum status read(struct str bytes, const char *name, book_each each, void *ctx,
                        struct err *e)
{
	return fb2_read(bytes, name, S("fb2"), each, ctx, e);
}

const struct format format_fb2 = { "fb2", recognise, read };
