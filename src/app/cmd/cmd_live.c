/* cmd_live.c - the whole way from a library to a thinking mind. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_live_opts *o = c->own;

	o->path = (const char *const *)c->arg;
	o->n_path = c->n_arg;
	o->threads = c->common.threads;
	o->seed = c->common.seed;
	o->lang = c->common.l == RU ? "ru" : "en";
	return ltm_live(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "output", 'o', OPT_STR, offsetof(struct ltm_live_opts, mind), "MIND",
	  { "the mind's folder (default: mind)", "папка разума (по умолчанию mind)" }, 0, 0 },
	{ "epochs", 0, OPT_INT, offsetof(struct ltm_live_opts, epochs), "N",
	  { "passes over the training books (default: by the plan)",
	    "проходов по учебным книгам (по умолчанию по плану)" }, 1, 10000 },
	{ "dict", 0, OPT_STR, offsetof(struct ltm_live_opts, dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_live;
const struct cmd cmd_live = {
	.name = "live",
	.args = { "[LIBRARY…] -o MIND", "[БИБЛИОТЕКА…] -o РАЗУМ" },
	.brief = { "the whole way: read, concepts, train, evaluate, report",
	           "весь путь: чтение, понятия, обучение, проверка, отчёт" },
	.about = { "Reads the books of a library (files and folders: TXT, FB2, FB2.ZIP, EPUB), builds "
	           "the concept graph, trains the core, measures it on books it has not seen, writes "
	           "report.html and seals the mind. With no library the shipped stories are read.\n"
	           "A second run redoes only what has changed. Ctrl-C saves; the same command goes on. "
	           "A broken book never stops a library: it is listed at the end.",
	           "Читает книги библиотеки (файлы и папки: TXT, FB2, FB2.ZIP, EPUB), строит граф "
	           "понятий, обучает ядро, проверяет его на книгах, которых оно не видело, пишет "
	           "report.html и опечатывает разум. Без библиотеки читаются рассказы из поставки.\n"
	           "Повторный запуск делает только изменившееся. Ctrl-C сохраняет; та же команда "
	           "продолжает. Испорченная книга не останавливает библиотеку: она названа в конце." },
	.example = "ltm live -o mind\nltm live ~/books -o mind --epochs 3",
	.min = 0, .max = -1, .opts = opts, .own_size = sizeof(struct ltm_live_opts), .run = run,
};
