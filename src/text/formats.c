/* formats.c - the table of book formats, and the one entry to the room.
 *
 *   in    the bytes of a file and its name
 *   out   its books, one call of `each` a book
 *
 * The row that recognises the file best reads it. A new format is a file and a row.
 */
#include <strings.h>

#include "text/inner.h"

static const struct format *const formats[] = {
	&format_epub, &format_zip, &format_fb2, &format_txt,
};

bool name_ends(const char *name, const char *tail)
{
	size_t n = name ? strlen(name) : 0, t = strlen(tail);

	return n >= t && !strcasecmp(name + n - t, tail);
}

const struct format *format_find(struct str bytes, const char *name)
{
	char room[4096];
	struct str head = charset_peek(bytes, room, sizeof room);
	const struct format *best = NULL;
	int score = 0;

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		int s = formats[i]->recognise(bytes, head, name);
		if (s > score) {
			score = s;
			best = formats[i];
		}
	}
	return best;
}

enum status book_decode(struct str bytes, struct str said, bool xml, book_fill fill, const char *name,
                        struct str format, book_each each, void *ctx, struct err *e)
{
	struct arena a = arena_open("book");
	struct maker m = maker_open(&a);
	struct decoded d = {0};
	struct book b;
	enum status st = charset_decode(&d, bytes, said, xml, &m.warn, e);

	if (!st)
		st = fill(&m, d.text, e);
	buf_free(&d.own);
	if (!st)
		st = maker_finish(&m, &b, name, format, d.charset, e);
	maker_close(&m);
	if (!st)
		st = each(ctx, &b, e);
	arena_close(&a);
	return st;
}

enum status text_read(struct str bytes, const char *name, book_each each, void *ctx,
                      struct err *e)
{
	const struct format *f;
	struct err own = {0};

	if (!e)
		e = &own;
	if (!bytes.n)
		return err_set(e, ERR_FORMAT, "the file is empty");
	if (bytes.n > LIMIT_BOOK)
		return err_set(e, ERR_LIMIT, "%zu MB is over the limit of %d MB", bytes.n >> 20,
		               LIMIT_BOOK >> 20);
	f = format_find(bytes, name);
	must(f);			/* plain text recognises anything a little */
	return f->read(bytes, name, each, ctx, e);
}

void text_warm(void)
{
	charset_warm();
	xml_warm();
}
