/* cmd_ledger.c - the account of compression: what each stage saves and what it loses. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_ledger_opts *o = c->own;

	o->path = (const char *const *)c->arg;
	o->n_path = (size_t)c->n_arg;
	o->threads = c->common.threads;
	o->lang = c->common.l == RU ? "ru" : "en";
	return ltm_ledger(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "output", 'o', OPT_STR, offsetof(struct ltm_ledger_opts, file), "FILE",
	  { "write the ledger as JSON there too", "записать туда ведомость в JSON" }, 0, 0 },
	{ "keep", 0, OPT_STR, offsetof(struct ltm_ledger_opts, keep), "FOLDER",
	  { "keep trained tokenizers there, and take them again when the texts are the same",
	    "хранить там обученные токенизаторы и брать их снова, если тексты те же" }, 0, 0 },
	{ "vocab", 0, OPT_INT, offsetof(struct ltm_ledger_opts, vocab), "N",
	  { "vocabulary of the tokenizers (default: 32768)", "словарь токенизаторов (по умолчанию 32768)" },
	  300, 262144 },
	{ "json", 0, OPT_FLAG, offsetof(struct ltm_ledger_opts, json), NULL,
	  { "as JSON", "в JSON" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct ltm_ledger_opts, dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_ledger;
const struct cmd cmd_ledger = {
	.name = "ledger",
	.args = { "[MIND|PATH…]", "[РАЗУМ|ПУТЬ…]" },
	.brief = { "count what each stage of compression saves and loses",
	           "посчитать, что сберегает и что теряет каждая ступень сжатия" },
	.about = { "From letters to scenes: positions per 1,000 characters, vocabulary, bits a character by one "
	           "coder, words that cannot be recovered, factors against GPT-2, cl100k, o200k and byte-BPE; all "
	           "in a row, measured; and a verdict on every claim. Tokenizers learn from the training "
	           "books and are counted on the test books.\n"
	           "A mind keeps its ledger and shows it in its report. Without a path: the shipped stories.",
	           "От букв до сцен: позиций на 1000 знаков, словарь, бит на знак одним кодером, "
	           "невосстановимые слова, множители против GPT-2, cl100k, o200k и байтового BPE; всё подряд, "
	           "измеренное; и приговор каждому утверждению. Токенизаторы учатся на учебных книгах, "
	           "считаются на отложенных.\n"
	           "Разум хранит свою ведомость и показывает её в отчёте. Без пути: приложенные истории." },
	.example = "ltm ledger mind\nltm ledger ~/books -o ledger.json --keep tokens",
	.min = 0, .max = -1, .opts = opts, .own_size = sizeof(struct ltm_ledger_opts), .run = run,
};
