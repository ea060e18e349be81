/* cmd_tokens.c - tokenizers: train, encode, decode, export, show. */
#include <string.h>

#include "app/cmd/cmd.h"

struct tokens_call {
	struct ltm_tokens_opts o;	/* first: begins with its size */
	const char *output;
	int is_file;
};

static const struct act {
	const char *name;
	enum ltm_tokens_act act;
	int min, max;			/* arguments after the name */
} acts[] = {
	{ "train", LTM_TOKENS_TRAIN, 1, -1 },
	{ "encode", LTM_TOKENS_ENCODE, 2, -1 },
	{ "decode", LTM_TOKENS_DECODE, 2, 2 },
	{ "export", LTM_TOKENS_EXPORT, 1, 1 },
	{ "show", LTM_TOKENS_SHOW, 1, -1 },
};

static const struct act *act_find(const char *name)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (!strcmp(acts[i].name, name))
			return &acts[i];
	return NULL;
}

static int wrong(struct call *c, const char *en, const char *ru)
{
	c->e.code = LTM_USAGE;
	snprintf(c->e.msg, sizeof c->e.msg, "%s", c->common.l == RU ? ru : en);
	return LTM_USAGE;
}

/* What is encoded, decoded or measured: a text, standard input, files. */
static int take_text(struct call *c, struct tokens_call *t, char **arg, int n)
{
	if (t->is_file && t->o.act == LTM_TOKENS_DECODE) {
		t->o.from = arg[0];
	} else if (t->is_file) {
		t->o.path = (const char *const *)arg;
		t->o.n_path = (size_t)n;
	} else if (n > 1) {
		return wrong(c, "one text at a time: put it in quotes, or --file for books",
		             "текст один: возьмите его в кавычки, а для книг есть --file");
	} else if (n && !strcmp(arg[0], "-")) {
		t->o.from = "-";
	} else if (n) {
		t->o.text = arg[0];
	}
	return LTM_OK;
}

static int run(struct call *c)
{
	struct tokens_call *t = c->own;
	const struct act *a = act_find(c->arg[0]);
	char **arg = c->arg + 1;
	int n = c->n_arg - 1, code = LTM_OK;

	if (!a)
		return wrong(c, "the first argument says what to do: train, encode, decode, export, show",
		             "первый аргумент — что делать: train, encode, decode, export, show");
	if (n < a->min || (a->max >= 0 && n > a->max))
		return wrong(c, "wrong number of arguments: ltm help tokens",
		             "не столько аргументов: ltm help tokens");
	t->o.size = sizeof t->o;
	t->o.act = a->act;
	if (a->act == LTM_TOKENS_TRAIN) {
		t->o.file = t->output ? t->output : "tokens.ltm";
		t->o.path = (const char *const *)arg;
		t->o.n_path = (size_t)n;
	} else {
		t->o.file = arg[0];
		t->o.output = t->output;
		code = take_text(c, t, arg + 1, n - 1);
	}
	return code ? code : ltm_tokens(&t->o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "output", 'o', OPT_STR, offsetof(struct tokens_call, output), "FILE",
	  { "train: the tokenizer (default: tokens.ltm); encode: a binary stream of ids; decode: exact "
	    "bytes; export: tokenizer.json",
	    "train: куда писать токенизатор (по умолчанию tokens.ltm); encode: двоичный поток номеров; "
	    "decode: точные байты; export: tokenizer.json" }, 0, 0 },
	{ "scheme", 's', OPT_STR, offsetof(struct tokens_call, o.scheme), "NAME",
	  { "train: byte (default), morph, hyper, fold or lemma",
	    "train: byte (по умолчанию), morph, hyper, fold или lemma" }, 0, 0 },
	{ "vocab", 'v', OPT_INT, offsetof(struct tokens_call, o.vocab), "N",
	  { "train: size of the vocabulary (default: 32768)",
	    "train: размер словаря (по умолчанию 32768)" }, 300, 1 << 18 },
	{ "part", 0, OPT_STR, offsetof(struct tokens_call, o.part), "PART",
	  { "books of this part of the split: train, dev, test or all (default of train: train, else all)",
	    "книги этой части: train, dev, test или all (для train по умолчанию train, иначе all)" }, 0, 0 },
	{ "file", 'f', OPT_FLAG, offsetof(struct tokens_call, is_file), NULL,
	  { "the arguments are books and folders (decode: a file of ids), not the text",
	    "аргументы — книги и папки (для decode — файл номеров), а не сам текст" }, 0, 0 },
	{ "raw", 0, OPT_FLAG, offsetof(struct tokens_call, o.raw), NULL,
	  { "books are plain text: their bytes are taken as they are",
	    "книги — простой текст: их байты берутся как есть" }, 0, 0 },
	{ "pieces", 'p', OPT_FLAG, offsetof(struct tokens_call, o.pieces), NULL,
	  { "encode: an id and its piece a line", "encode: номер и кусок, по одному на строке" }, 0, 0 },
	{ "json", 0, OPT_FLAG, offsetof(struct tokens_call, o.json), NULL,
	  { "encode: as JSON", "encode: в JSON" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct tokens_call, o.dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_tokens;
const struct cmd cmd_tokens = {
	.name = "tokens",
	.args = { "train LIBRARY… | encode FILE TEXT|- | decode FILE IDS|- | export FILE | show FILE [TEXT|-]",
	          "train БИБЛИОТЕКА… | encode ФАЙЛ ТЕКСТ|- | decode ФАЙЛ НОМЕРА|- | export ФАЙЛ | "
	          "show ФАЙЛ [ТЕКСТ|-]" },
	.brief = { "train and use tokenizers", "обучить токенизатор и применить его" },
	.about = { "A tokenizer turns text into numbers and back. Schemes: byte - byte-pair encoding, the "
	           "common rival; morph - the same within morphemes; hyper - pieces of several words; "
	           "fold - lemma and grammar apart; lemma - lemmas of content words alone. All but the "
	           "last give every input back to the byte.\n"
	           "'-' is standard input, taken byte by byte as it is; --file reads books as ltm read "
	           "does. FILE of train is written whole or not at all; Ctrl-C leaves nothing behind. "
	           "On a terminal control characters are shown as '?': -o writes exact bytes.",
	           "Токенизатор превращает текст в номера и обратно. Схемы: byte — слияние пар байтов, "
	           "обычный соперник; morph — то же внутри морфем; hyper — куски из нескольких слов; "
	           "fold — лемма и грамматика порознь; lemma — одни леммы значимых слов. Все, кроме "
	           "последней, возвращают любой вход до байта.\n"
	           "«-» — стандартный ввод, его байты берутся как есть; --file читает книги, как ltm read. "
	           "Файл пишется целиком или никак; Ctrl-C ничего не оставляет. На экране управляющие "
	           "знаки показаны как «?»: точные байты пишет -o." },
	.example = "ltm tokens train ~/books -o byte.ltm --scheme byte --vocab 32768\n"
	           "ltm tokens encode byte.ltm \"Ученик смотрит в зеркало.\" --pieces\n"
	           "ltm tokens encode byte.ltm --file war.fb2 -o war.ids\n"
	           "ltm tokens decode byte.ltm --file war.ids -o war.txt\n"
	           "ltm tokens export byte.ltm -o tokenizer.json",
	.min = 1, .max = -1, .opts = opts, .own_size = sizeof(struct tokens_call), .run = run,
};
