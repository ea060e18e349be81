/* cmd_think.c - proposes what follows a situation. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_think_opts *o = c->own;

	o->mind = c->arg[0];
	o->situation = c->arg[1];
	o->seed = c->common.seed;
	o->lang = c->common.l == RU ? "ru" : "en";
	return ltm_think(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "intention", 'i', OPT_STR, offsetof(struct ltm_think_opts, intention), "PHRASE",
	  { "where the thought should go (default: inferred)",
	    "куда направить мысль (по умолчанию выводится)" }, 0, 0 },
	{ "number", 'n', OPT_INT, offsetof(struct ltm_think_opts, n), "N",
	  { "proposals to show (default: 3)", "сколько продолжений показать (по умолчанию 3)" }, 1, 100 },
	{ "json", 0, OPT_FLAG, offsetof(struct ltm_think_opts, json), NULL,
	  { "as JSON", "в JSON" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct ltm_think_opts, dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_think;
const struct cmd cmd_think = {
	.name = "think",
	.args = { "MIND SITUATION", "РАЗУМ СИТУАЦИЯ" },
	.brief = { "propose the scenes that follow a situation", "предложить, что следует за ситуацией" },
	.about = { "Reads the situation, disturbs the field, recalls resonant scenes, proposes next "
	           "scenes, criticises them and chooses, or declines when nothing holds. "
	           "'-' reads the situation from standard input.",
	           "Читает ситуацию, возмущает поле, вспоминает созвучные сцены, предлагает следующие, "
	           "критикует их и выбирает, или отказывается, если ничто не держится. "
	           "«-» читает ситуацию со стандартного ввода." },
	.example = "ltm think mind \"Ученик смотрит в зеркало и видит чужое лицо\" "
	           "--intention \"вернуть своё имя\"",
	.min = 2, .max = 2, .opts = opts, .own_size = sizeof(struct ltm_think_opts), .run = run,
};
