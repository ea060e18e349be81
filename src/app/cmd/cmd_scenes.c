/* cmd_scenes.c - prints the scenes of a mind or of a text. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_scenes_opts *o = c->own;

	o->from = c->arg[0];
	return ltm_scenes(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "form", 'f', OPT_FORM, offsetof(struct ltm_scenes_opts, form), "FORM",
	  { "yaml (default), pvq (JSON), glyph, or text",
	    "yaml (по умолчанию), pvq (JSON), glyph или text" },
	  0, 0 },
	{ "book", 'b', OPT_LONG, offsetof(struct ltm_scenes_opts, book), "N",
	  { "only this book of the mind (see ltm books)", "только эта книга разума (см. ltm books)" },
	  1, 1000000000 },
	{ "passage", 'p', OPT_FLAG, offsetof(struct ltm_scenes_opts, with_passage), NULL,
	  { "the text of each scene too", "и текст каждой сцены" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct ltm_scenes_opts, dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_scenes;
const struct cmd cmd_scenes = {
	.name = "scenes",
	.args = { "MIND|FILE|-", "РАЗУМ|ФАЙЛ|-" },
	.brief = { "print scenes: YAML, JSON, glyph lines or text",
	           "напечатать сцены: YAML, JSON, значки, текст" },
	.about = { "Prints the scenes of a mind's books, or reads a book file or standard input and "
	           "prints its scenes; nothing is stored then.",
	           "Печатает сцены книг разума либо читает файл книги или стандартный ввод и печатает "
	           "его сцены; тогда ничего не сохраняется." },
	.example = "ltm scenes mind --book 1 --form glyph\nltm scenes war.fb2 > fractal_thoughtset.yaml",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct ltm_scenes_opts), .run = run,
};
