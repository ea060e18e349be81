/* cmd_read.c - reads books into a mind's store. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_read_opts *o = c->own;

	o->path = (const char *const *)c->arg;
	o->n_path = c->n_arg;
	o->threads = c->common.threads;
	o->lang = c->common.l == RU ? "ru" : "en";
	return ltm_read(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "output", 'o', OPT_STR, offsetof(struct ltm_read_opts, mind), "MIND",
	  { "the mind's folder (default: mind)", "папка разума (по умолчанию mind)" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct ltm_read_opts, dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_read;
const struct cmd cmd_read = {
	.name = "read",
	.args = { "PATH… -o MIND", "ПУТЬ… -o РАЗУМ" },
	.brief = { "read books into a mind's store", "прочитать книги в хранилище разума" },
	.about = { "Reads TXT, FB2, FB2.ZIP and EPUB in any Russian charset: words, scenes with their "
	           "registers, lines of glyphs. A folder is walked in order of name; files of other "
	           "kinds in it are passed over, but a file that is named is always tried. '-' is "
	           "standard input. Books already in the store are passed over.\n"
	           "A book that cannot be read is listed with its reason, and the exit code is then 1.",
	           "Читает TXT, FB2, FB2.ZIP и EPUB в любой русской кодировке: слова, сцены с их "
	           "регистрами, строки значков. Папка обходится по порядку имён; файлы других видов в "
	           "ней пропускаются, но названный файл читается всегда. «-» — стандартный ввод. "
	           "Уже прочитанные книги пропускаются.\n"
	           "Книга, которую не удалось прочитать, названа с причиной; код выхода тогда 1." },
	.example = "ltm read ~/books war.fb2.zip -o mind",
	.min = 1, .max = -1, .opts = opts, .own_size = sizeof(struct ltm_read_opts), .run = run,
};
