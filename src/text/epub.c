/* epub.c - EPUB 2 and 3: container, package, chapters in the order of the spine.
 *
 *   in    the archive
 *   out   one book
 *
 * Paths are resolved inside the archive and never outside it; nothing is unpacked to disk.
 * Navigation, covers, contents and notes are left out. A chapter that is missing or broken is
 * a remark as long as others can be read.
 */
#include "text/inner.h"

struct epub {
	struct zipbox *z;
	struct maker m;
	struct opf opf;
	struct str dir;			/* of the package file */
	struct str charset;
	struct strtab notes;		/* paths that marks of notes point to */
	struct strtab ids;		/* of the package's items */
	uint32_t *item;			/* [ids.n] the first item of an id */
	struct str at;			/* path of the chapter being read */
	size_t read;			/* chapters that could be */
	struct err why;			/* of the first that could not */
};

static struct str folder(struct str path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;

	return slash ? (struct str){ path.p, (size_t)(slash - path.p) } : (struct str){ "", 0 };
}

static bool ends(struct str s, const char *tail) { return name_ends(s.p, tail) && s.n >= strlen(tail); }

static size_t find_opf(const struct zipbox *z)
{
	for (size_t i = 0; i < zipbox_count(z); i++)
		if (ends(zipbox_name(z, i), ".opf"))
			return i;
	return SIZE_MAX;
}

bool epub_inside(const struct zipbox *z)
{
	return zipbox_find(z, S("META-INF/container.xml")) != SIZE_MAX || find_opf(z) != SIZE_MAX;
}

/* Entry i as UTF-8, whatever it declares. */
static enum status entry_text(struct epub *x, size_t i, size_t limit, struct buf *room,
                              struct decoded *d, struct err *e)
{
	char peek[512];
	enum status st = zipbox_read(x->z, i, limit, room, e);
	struct str bytes = buf_view(room);

	if (st)
		return st;
	return charset_decode(d, bytes, xml_declared(charset_peek(bytes, peek, sizeof peek)), true,
	                      &x->m.warn, e);
}

static enum status read_opf(struct epub *x, size_t i, struct err *e)
{
	struct buf room = {0};
	struct decoded d = {0};
	enum status st = entry_text(x, i, LIMIT_PART, &room, &d, e);

	if (!st)
		st = opf_read(&x->opf, d.text, &x->m.warn, e);
	buf_free(&d.own);
	buf_free(&room);
	return st;
}

/* The package file: where container.xml says, else any .opf. */
static enum status find_package(struct epub *x, struct err *e)
{
	size_t box = zipbox_find(x->z, S("META-INF/container.xml")), i = SIZE_MAX;
	struct err ignored = {0};

	if (box != SIZE_MAX && !read_opf(x, box, &ignored) && x->opf.root.n)
		i = zipbox_find(x->z, epub_path(x->m.a, S(""), x->opf.root));
	if (i == SIZE_MAX) {
		i = find_opf(x->z);
		if (i == SIZE_MAX)
			return err_set(e, ERR_FORMAT, "not an EPUB: no package file (.opf) in it");
		warn_add(&x->m.warn, "container.xml does not lead to the package file");
	}
	x->dir = folder(zipbox_name(x->z, i));
	return read_opf(x, i, e);
}

static void note_target(void *ctx, struct str href)
{
	struct epub *x = ctx;
	struct str path = epub_path(x->m.a, folder(x->at), href);

	if (path.n && !str_eq(path, x->at))
		strtab_add(&x->notes, path);
}

/* Looks the spine's and the guide's words up once: lists may be long. */
static void index_package(struct epub *x)
{
	x->item = TAKE(x->m.a, uint32_t, x->opf.n_item + 1);
	for (size_t i = 0; i < x->opf.n_item; i++) {
		size_t before = x->ids.n;
		uint32_t id = strtab_add(&x->ids, x->opf.item[i].id);
		if (x->ids.n > before)
			x->item[id] = (uint32_t)i;
	}
	for (size_t i = 0; i < x->opf.n_skip; i++)
		x->opf.skip[i] = epub_path(x->m.a, x->dir, x->opf.skip[i]);
}

static const struct opf_item *item_of(const struct epub *x, struct str idref)
{
	uint32_t id = strtab_find(&x->ids, idref);

	return id == STRTAB_NONE ? NULL : &x->opf.item[x->item[id]];
}

static bool is_page(const struct opf_item *it)
{
	return str_eq(it->type, S("application/xhtml+xml")) || str_eq(it->type, S("text/html")) ||
	       str_eq(it->type, S("text/x-oeb1-document")) || ends(it->href, ".xhtml") ||
	       ends(it->href, ".html") || ends(it->href, ".htm");
}

static bool guide_skips(struct epub *x, struct str path)
{
	for (size_t i = 0; i < x->opf.n_skip; i++)
		if (str_eq(x->opf.skip[i], path))
			return true;
	return false;
}

/* Once in the list of contents or of notes, a file's paragraphs are taken back. */
static enum status one_page(struct epub *x, size_t entry, struct err *e)
{
	struct maker_mark before = maker_mark(&x->m);
	struct xhtml_facts facts = {0};
	struct buf room = {0};
	struct decoded d = {0};
	enum status st = entry_text(x, entry, LIMIT_PART, &room, &d, e);

	if (!st) {
		x->charset = d.charset;
		st = xhtml_read(&x->m, d.text, &facts, note_target, x, e);
	}
	buf_free(&d.own);
	buf_free(&room);
	if (st || facts.contents || facts.notes || strtab_find(&x->notes, x->at) != STRTAB_NONE)
		maker_back(&x->m, before);
	return st;
}

static enum status chapter(struct epub *x, struct str idref, struct err *e)
{
	const struct opf_item *it = item_of(x, idref);
	struct err own = {0};
	enum status st;

	if (!it) {
		warn_add(&x->m.warn, "the spine names a file that is not listed");
		return OK;
	}
	if (!is_page(it) || memmem(it->props.p, it->props.n, "nav", 3))
		return OK;
	x->at = epub_path(x->m.a, x->dir, it->href);
	if (!x->at.n) {
		warn_add(&x->m.warn, "a path that leads out of the archive left out");
		return OK;
	}
	size_t entry = zipbox_find(x->z, x->at);
	if (entry == SIZE_MAX) {
		warn_add(&x->m.warn, "missing in the archive: " STR_FMT, STR_ARG(x->at));
		return OK;
	}
	if (guide_skips(x, x->at))
		return OK;
	st = one_page(x, entry, &own);
	if (st) {
		if (!x->why.code)
			x->why = own;
		warn_add(&x->m.warn, "a chapter left out: %.200s", own.msg);
		return own.code == ERR_LIMIT ? err_set(e, ERR_LIMIT, "%s", own.msg) : OK;
	}
	x->read++;
	return OK;
}

static enum status chapters(struct epub *x, struct err *e)
{
	enum status st = OK;
	struct str name;

	maker_name(&x->m.title, buf_view(&x->opf.title));
	maker_name(&x->m.author, buf_view(&x->opf.author));
	if (zipbox_doubles(x->z, &name))
		warn_add(&x->m.warn, "two entries named " STR_FMT "; the first is read", STR_ARG(name));
	if (zipbox_loose(x->z))
		warn_add(&x->m.warn, "the archive's directory is inconsistent");
	if (!x->opf.n_spine)
		return err_set(e, ERR_FORMAT, "the package file lists no reading order");
	index_package(x);
	for (size_t i = 0; i < x->opf.n_spine && !st; i++)
		st = chapter(x, x->opf.spine[i], e);
	if (!st && !x->m.n_para && x->why.code)
		st = err_set(e, x->why.code, "%s", x->why.msg);
	return st;
}

enum status epub_read_box(struct zipbox *z, const char *name, book_each each, void *ctx,
                          struct err *e)
{
	struct arena a = arena_open("book");
	struct epub *x = mem_alloc(1, sizeof *x);
	struct book b;

	*x = (struct epub){ .z = z, .m = maker_open(&a), .opf = { .a = &a, .root = { "", 0 } },
		.charset = S("utf-8"), .notes = strtab_open("notes"),
		.ids = strtab_open("ids") };
	enum status st = find_package(x, e);
	if (!st)
		st = chapters(x, e);
	if (!st)
		st = maker_finish(&x->m, &b, name, S("epub"), x->charset, e);
	if (!st)
		st = each(ctx, &b, e);
	maker_close(&x->m);
	buf_free(&x->opf.title);
	buf_free(&x->opf.author);
	mem_free(x->opf.item);
	mem_free(x->opf.spine);
	mem_free(x->opf.skip);
	strtab_close(&x->notes);
	strtab_close(&x->ids);
	mem_free(x);
	arena_close(&a);
	return st;
}

static int recognise(struct str bytes, struct str head, const char *name)
{
	(void)head;
	if (bytes.n > 58 && str_starts(bytes, S("PK")) &&
	    !memcmp(bytes.p + 30, "mimetypeapplication/epub+zip", 28))
		return 100;
	return name_ends(name, ".epub") ? 90 : 0;
}

static enum status read(struct str bytes, const char *name, book_each each, void *ctx,
                        struct err *e)
{
	struct zipbox *z = NULL;
	enum status st = zipbox_open(&z, bytes, e);

	if (!st)
		st = epub_read_box(z, name, each, ctx, e);
	zipbox_close(z);
	return st;
}

const struct format format_epub = { "epub", recognise, read };
