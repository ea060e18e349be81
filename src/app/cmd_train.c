/* cmd_train.c - trains the core of a mind. */
#include "app/cmd.h"

static int run(struct call *c)
{
	struct ltm_train_opts *o = c->own;

	o->mind = c->arg[0];
	o->threads = c->common.threads;
	o->seed = c->common.seed;
	return ltm_train(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "epochs", 0, OPT_INT, offsetof(struct ltm_train_opts, epochs), "N",
	  { "passes over the training books (default: by the plan)",
	    "проходов по учебным книгам (по умолчанию по плану)" }, 1, 10000 },
	{ "resume", 0, OPT_FLAG, offsetof(struct ltm_train_opts, resume), NULL,
	  { "go on from the last checkpoint", "продолжить с последней сохранённой точки" }, 0, 0 },
	{ "stop-after", 0, OPT_LONG, offsetof(struct ltm_train_opts, stop_after), "STEPS",
	  { "stop after so many steps, state saved (exit code 130)",
	    "остановиться через столько шагов с сохранением (код выхода 130)" }, 1, 1000000000 },
	{ 0 },
};

extern const struct cmd cmd_train;
const struct cmd cmd_train = {
	.name = "train",
	.args = { "MIND", "РАЗУМ" },
	.brief = { "train the core on the training books", "обучить ядро на учебных книгах" },
	.about = { "Trains the core of a mind on its training books. The log is MIND/train.log; the last "
	           "two checkpoints are kept. A training stopped by Ctrl-C, by --stop-after or by a "
	           "kill goes on with --resume to the same bits, with any number of threads.",
	           "Обучает ядро разума на учебных книгах. Журнал — РАЗУМ/train.log; хранятся две "
	           "последние точки. Обучение, остановленное Ctrl-C, ключом --stop-after или сбоем, "
	           "продолжается с --resume до тех же битов при любом числе потоков." },
	.example = "ltm train mind --seed 1\nltm train mind --resume",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct ltm_train_opts), .run = run,
};
