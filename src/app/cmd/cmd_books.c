/* cmd_books.c - lists the books of a mind. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_books_opts *o = c->own;

	o->mind = c->arg[0];
	return ltm_books(o, &c->out, &c->e);
}

static const struct opt opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct ltm_books_opts, json), NULL,
	  { "as JSON", "в JSON" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_books;
const struct cmd cmd_books = {
	.name = "books",
	.args = { "MIND", "РАЗУМ" },
	.brief = { "list the books of a mind", "перечислить книги разума" },
	.about = { "A book a line, tab-separated: number, part (train, dev, test), scenes, characters, "
	           "author, title, path. Then what could not be read, with its reason.",
	           "Книга на строку, через табуляцию: номер, часть (train, dev, test), сцены, знаки, "
	           "автор, название, путь. Затем непрочитанное с причиной." },
	.example = "ltm books mind",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct ltm_books_opts), .run = run,
};
