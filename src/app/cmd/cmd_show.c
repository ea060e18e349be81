/* cmd_show.c - prints any file of ours as text. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_show_opts *o = c->own;

	o->path = c->arg[0];
	return ltm_show(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "limit", 'n', OPT_INT, offsetof(struct ltm_show_opts, limit), "N",
	  { "rows of long tables (default: 40)",
	    "строк в длинных таблицах (по умолчанию 40)" }, 1, 100000000 },
	{ 0 },
};

extern const struct cmd cmd_show;
const struct cmd cmd_show = {
	.name = "show",
	.args = { "FILE|MIND", "ФАЙЛ|РАЗУМ" },
	.brief = { "print any file of ours as text", "показать любой наш файл как текст" },
	.about = { "Prints a mind's folder, a store, a concept graph, a dictionary, weights (safetensors, "
	           "GGUF), tokenizers, streams of ids, scene files (YAML, JSON). The kind is told by the "
	           "bytes, not by the name.",
	           "Показывает папку разума, хранилище, граф понятий, словарь, веса (safetensors, GGUF), "
	           "токенизаторы, потоки номеров, файлы сцен (YAML, JSON). Вид узнаётся по байтам, а не "
	           "по имени." },
	.example = "ltm show mind\nltm show mind/core.safetensors",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct ltm_show_opts), .run = run,
};
