/* cmd_plan.c - what so many books cost and can teach, computed. */
#include "app/cmd/cmd.h"

struct plan_call {
	struct ltm_plan_opts o;		/* first: begins with its size */
	long books, chars, total, gflops, read_speed, write_speed;
};

static int run(struct call *c)
{
	struct plan_call *p = c->own;
	struct ltm_plan_opts *o = &p->o;

	o->size = sizeof *o;
	o->from = c->n_arg ? c->arg[0] : NULL;
	o->books = p->books;
	o->chars = (double)p->chars;
	o->total_chars = (double)p->total;
	o->gflops = (double)p->gflops;
	o->read_speed = (double)p->read_speed;
	o->write_speed = (double)p->write_speed;
	o->threads = c->common.threads;
	o->lang = c->common.l == RU ? "ru" : "en";
	return ltm_plan(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "books", 0, OPT_LONG, offsetof(struct plan_call, books), "N",
	  { "how many books", "сколько книг" }, 1, 1000000000 },
	{ "chars", 0, OPT_LONG, offsetof(struct plan_call, chars), "N",
	  { "characters in a book (default: the ledger's mean)",
	    "знаков в книге (по умолчанию среднее ведомости)" }, 1, 1000000000 },
	{ "total", 0, OPT_LONG, offsetof(struct plan_call, total), "N",
	  { "characters in all, instead of books times characters",
	    "знаков всего, вместо произведения" }, 1, 1000000000000000 },
	{ "model", 0, OPT_STR, offsetof(struct plan_call, o.model), "SIZE",
	  { "tiny, small, base, large (10^6 to 10^9 parameters) or fill: what the text can fill (default)",
	    "tiny, small, base, large (от 10^6 до 10^9 параметров) или fill: сколько наполнит текст "
	    "(по умолчанию)" }, 0, 0 },
	{ "cores", 0, OPT_INT, offsetof(struct plan_call, o.cores), "N",
	  { "cores of the machine planned for (default: this one's)",
	    "ядер у машины, для которой план (по умолчанию у этой)" }, 1, 100000 },
	{ "context", 0, OPT_INT, offsetof(struct plan_call, o.context), "N",
	  { "context of the token model (default: 1024)", "контекст токенной модели (по умолчанию 1024)" },
	  16, 1 << 20 },
	{ "epochs", 0, OPT_INT, offsetof(struct plan_call, o.epochs), "N",
	  { "how often the text is seen (default: 4)", "сколько раз проходится текст (по умолчанию 4)" },
	  1, 1000 },
	{ "gflops", 0, OPT_LONG, offsetof(struct plan_call, gflops), "N",
	  { "speed of a core, GFLOP/s of float32, instead of measuring",
	    "скорость ядра, GFLOP/s во float32, вместо измерения" }, 1, 1000000 },
	{ "read-speed", 0, OPT_LONG, offsetof(struct plan_call, read_speed), "N",
	  { "characters read a second, instead of measuring", "знаков чтения в секунду, вместо измерения" },
	  1, 1000000000000 },
	{ "write-speed", 0, OPT_LONG, offsetof(struct plan_call, write_speed), "N",
	  { "MB written a second, instead of measuring", "МБ записи в секунду, вместо измерения" },
	  1, 1000000 },
	{ "quick", 0, OPT_FLAG, offsetof(struct plan_call, o.quick), NULL,
	  { "measure nothing: speeds of the machine of the shipped table",
	    "ничего не измерять: скорости машины, на которой сделана таблица" }, 0, 0 },
	{ "json", 0, OPT_FLAG, offsetof(struct plan_call, o.json), NULL,
	  { "as JSON", "в JSON" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct plan_call, o.dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_plan;
const struct cmd cmd_plan = {
	.name = "plan",
	.args = { "--books N [MIND|LEDGER]", "--books N [РАЗУМ|ВЕДОМОСТЬ]" },
	.brief = { "compute what a library of N books costs and can teach",
	           "посчитать, чего стоит и чему научит библиотека из N книг" },
	.about = { "Characters, tokens by format, scenes, disk, memory, parameters that the text can fill, "
	           "FLOPs and hours, for LTM and for a token model beside it; every row with its formula. "
	           "Ratios come from a ledger (a mind's, or a file of `ltm ledger -o`), else from the shipped "
	           "table; speeds are measured in a few seconds, unless they are given.",
	           "Знаки, токены по форматам, сцены, диск, память, число параметров, которое наполнит "
	           "текст, операции и часы: для LTM и для токенной модели рядом; у каждой строки формула. "
	           "Отношения берутся из ведомости (разума или файла `ltm ledger -o`), иначе из таблицы "
	           "программы; скорости измеряются за несколько секунд, если не заданы." },
	.example = "ltm plan --books 20000\nltm plan --books 20000 --chars 500000 --model small --json",
	.min = 0, .max = 1, .opts = opts, .own_size = sizeof(struct plan_call), .run = run,
};
