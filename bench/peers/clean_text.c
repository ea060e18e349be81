/* clean_text.c - the running text of a library's books, as LTM reads them, one file a book.
 *
 *   in    a folder of books, a folder to write into, and which part (train, dev, test, all)
 *   out   OUT/NAME.txt for every book of that part: what foreign tokenizers are given, so that
 *         they count the very characters that `ltm ledger` counts
 */
#include <dirent.h>

#include "base/data.h"
#include "order/order.h"
#include "text/text.h"

struct job {
	const char *name, *out, *part;
	size_t n;
};

static enum status each(void *ctx, struct book *b, struct err *e)
{
	struct job *j = ctx;
	struct str name = str_of(j->name);
	const char *part = split_name(split_of(data_find("split.tsv"), name, b->title, b->author));
	char path[4096];

	if (strcmp(j->part, "all") && strcmp(j->part, part))
		return OK;
	snprintf(path, sizeof path, "%s/%s", j->out, j->name);
	j->n++;
	return file_save(path, b->text, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct job j = { .out = argc > 2 ? argv[2] : NULL, .part = argc > 3 ? argv[3] : "test" };
	DIR *d = argc > 2 ? opendir(argv[1]) : NULL;
	struct dirent *f;

	if (!d || dir_make(j.out, &e)) {
		fprintf(stderr, "usage: clean_text LIBRARY OUT [train|dev|test|all]\n");
		return 2;
	}
	while ((f = readdir(d))) {
		char path[4096];
		struct buf bytes = { 0 };

		snprintf(path, sizeof path, "%s/%s", argv[1], f->d_name);
		if (!str_ends(str_of(f->d_name), S(".txt")) || file_read(&bytes, path, LIMIT_BOOK, &e))
			continue;
		j.name = f->d_name;
		if (text_read(buf_view(&bytes), f->d_name, each, &j, &e))
			fprintf(stderr, "%s: %s\n", f->d_name, e.msg);
		buf_free(&bytes);
	}
	closedir(d);
	printf("%zu books\n", j.n);
	return 0;
}
