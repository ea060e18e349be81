/* fuzz_book.c - any bytes as a book: TXT, FB2, EPUB, ZIP, and the packed form of the pipe.
 *
 * The first byte chooses the name, and so the format that is tried first; seeds made of the
 * hostile corpus therefore begin with any byte and still reach their reader by their magic.
 */
#include "text/text.h"

static enum status each(void *ctx, struct book *b, struct err *e)
{
	struct arena a = arena_open("fuzz");
	struct buf p = {0};
	struct book again;
	size_t at = 0;

	(void)ctx;
	must(utf8_valid(b->text) && utf8_valid(b->title) && utf8_valid(b->author) && b->n_chapter > 0);
	for (size_t i = 0; i < b->n_para; i++) {
		must(b->para[i].off == at && b->para[i].chapter < b->n_chapter && b->para[i].len > 0);
		at = (size_t)b->para[i].off + b->para[i].len + 1;
	}
	must(b->n_para == 0 || at == b->text.n + 1);
	for (size_t i = 0; i < b->n_sent; i++)
		must((size_t)b->sent[i].off + b->sent[i].len <= b->text.n && b->sent[i].len > 0);
	book_pack(&p, b);
	must(book_unpack(&again, buf_view(&p), &a, e) == OK);
	must(str_eq(again.text, b->text) && again.n_sent == b->n_sent);
	buf_free(&p);
	arena_close(&a);
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a", "a.txt", "a.fb2", "a.epub", "a.fb2.zip", "packed" };
	struct err e = {0};

	if (!size)
		return 0;
	const char *name = names[*data % (sizeof names / sizeof *names)];
	struct str bytes = { (const char *)data + 1, size - 1 };
	if (*name == 'p') {
		struct arena a = arena_open("fuzz");
		struct book b;
		if (book_unpack(&b, bytes, &a, &e) == OK)
			each(NULL, &b, &e);
		arena_close(&a);
	} else {
		text_read(bytes, name, each, NULL, &e);
	}
	return 0;
}
