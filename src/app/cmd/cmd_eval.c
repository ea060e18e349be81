/* cmd_eval.c - measures a mind on held-out books. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_eval_opts *o = c->own;

	o->mind = c->arg[0];
	o->threads = c->common.threads;
	o->seed = c->common.seed;
	return ltm_eval(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "books", 0, OPT_STR, offsetof(struct ltm_eval_opts, books), "FOLDER",
	  { "other books than the mind's own held-out ones",
	    "другие книги вместо отложенных книг самого разума" }, 0, 0 },
	{ "tasks", 0, OPT_STR, offsetof(struct ltm_eval_opts, tasks), "LIST",
	  { "tasks, with commas (default: all)", "задания через запятую (по умолчанию все)" }, 0, 0 },
	{ "max-items", 0, OPT_INT, offsetof(struct ltm_eval_opts, max_items), "N",
	  { "at most so many targets a book", "не больше стольких заданий на книгу" }, 1, 1000000 },
	{ "json", 0, OPT_FLAG, offsetof(struct ltm_eval_opts, json), NULL,
	  { "as JSON", "в JSON" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_eval;
const struct cmd cmd_eval = {
	.name = "eval",
	.args = { "MIND", "РАЗУМ" },
	.brief = { "measure a mind on books it has not seen", "проверить разум на незнакомых книгах" },
	.about = { "Runs the tasks on held-out books only, with floors and rivals in the same run, and "
	           "prints a table with bootstrap intervals. An advantage counts when its interval "
	           "excludes zero.",
	           "Выполняет задания только на отложенных книгах, вместе с нижними границами и "
	           "соперниками, и печатает таблицу с бутстреп-интервалами. Преимущество засчитано, "
	           "если его интервал не содержит нуля." },
	.example = "ltm eval mind\nltm eval mind --tasks next6 --json",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct ltm_eval_opts), .run = run,
};
