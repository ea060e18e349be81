/* ziplib.c - a ZIP archive of books: one FB2 in a .fb2.zip, or a library in one file.
 *
 *   in    the archive
 *   out   every .fb2 in it, in the archive's order; plain texts when there is no .fb2
 *
 * An archive that is an EPUB by its inside is read as one. Archives inside are not opened.
 * A broken book does not stop the others: ERR_PART with the first reason.
 */
#include <strings.h>

#include "text/inner.h"

struct relay {			/* tells a refusing `each` from a book that cannot be read */
	book_each each;
	void *ctx;
	bool stopped;
	size_t given;
};

static enum status pass_on(void *ctx, struct book *b, struct err *e)
{
	struct relay *r = ctx;
	enum status st = r->each(r->ctx, b, e);

	r->stopped = st != OK;
	r->given++;
	return st;
}

static bool ends(struct str s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n > n && !strncasecmp(s.p + s.n - n, tail, n);
}

/* Files about the archive and not in it: readme.txt, license.txt, what a Mac adds. */
static bool about(struct str name)
{
	static const char *const heads[] = { "readme", "read.me", "license", "licence", "copying",
		"changelog", "index.", "contents.", "file_id" };
	const char *slash = memrchr(name.p, '/', name.n);
	struct str base = slash ? (struct str){ slash + 1, name.n - (size_t)(slash + 1 - name.p) } : name;

	if (memmem(name.p, name.n, "__MACOSX", 8) || str_starts(base, S(".")))
		return true;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (base.n >= strlen(heads[i]) && !strncasecmp(base.p, heads[i], strlen(heads[i])))
			return true;
	return false;
}

static enum status one(struct zipbox *z, size_t i, const char *archive, bool fb2,
                       struct relay *r, struct buf *room, struct err *e)
{
	struct buf name = {0};
	enum status st = zipbox_read(z, i, LIMIT_BOOK, room, e);
	struct str bytes = buf_view(room);

	buf_printf(&name, "%s/" STR_FMT, archive, STR_ARG(zipbox_name(z, i)));
	if (!st)
		st = fb2 ? fb2_read(bytes, name.p, S("fb2.zip"), pass_on, r, e)
		         : txt_read(bytes, name.p, S("txt.zip"), pass_on, r, e);
	buf_free(&name);
	return st;
}

static enum status read_all(struct zipbox *z, const char *name, const char *tail,
                            struct relay *r, struct err *e)
{
	struct err first = {0};
	struct buf room = {0};
	size_t failed = 0, seen = 0;
	enum status st = OK;

	for (size_t i = 0; i < zipbox_count(z) && !r->stopped; i++) {
		struct str entry = zipbox_name(z, i);
		struct err own = {0};
		if (!ends(entry, tail) || about(entry))
			continue;
		seen++;
		st = one(z, i, name, tail[1] == 'f', r, &room, &own);
		if (r->stopped) {
			err_set(e, own.code ? own.code : st, "%s", own.msg);
			break;
		}
		if (st && !failed++) {
			first = own;
			err_in(&first, zipbox_name(z, i).p);
		}
	}
	buf_free(&room);
	if (r->stopped)
		return st;
	if (!failed)
		return seen ? OK : err_set(e, ERR_FORMAT, "no book inside the archive");
	if (!r->given)
		return err_set(e, first.code, "%s", first.msg);
	return err_set(e, ERR_PART, "%zu of %zu books in the archive could not be read: %s", failed,
	               seen, first.msg);
}

static bool holds(const struct zipbox *z, const char *tail)
{
	for (size_t i = 0; i < zipbox_count(z); i++)
		if (ends(zipbox_name(z, i), tail) && !about(zipbox_name(z, i)))
			return true;
	return false;
}

static enum status read(struct str bytes, const char *name, book_each each, void *ctx,
                        struct err *e)
{
	struct relay r = { each, ctx, false, 0 };
	struct zipbox *z = NULL;
	enum status st = zipbox_open(&z, bytes, e);

	if (st)
		return st;
	if (holds(z, ".fb2"))
		st = read_all(z, name, ".fb2", &r, e);
	else if (epub_inside(z))
		st = epub_read_box(z, name, each, ctx, e);
	else
		st = read_all(z, name, ".txt", &r, e);
	zipbox_close(z);
	return st;
}

static int recognise(struct str bytes, struct str head, const char *name)
{
	(void)head;
	if (str_starts(bytes, S("PK\x03\x04")) || str_starts(bytes, S("PK\x05\x06")))
		return 85;
	return name_ends(name, ".zip") ? 82 : 0;
}

const struct format format_zip = { "zip", recognise, read };
