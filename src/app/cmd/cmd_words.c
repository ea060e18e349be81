/* cmd_words.c - prints the analysis of a text, a word a line. */
#include "app/cmd/cmd.h"

struct words_call {
	struct ltm_words_opts o;	/* first: begins with its size */
	int is_file, chains, surface, limit, forms;
};

static int list_chains(struct call *c)
{
	const struct words_call *w = c->own;
	struct ltm_chains_opts o = LTM_OPTS(struct ltm_chains_opts);

	o.path = (const char *const *)c->arg;
	o.n_path = (size_t)c->n_arg;
	o.surface = w->surface;
	o.limit = w->limit;
	o.json = w->o.json;
	o.dict = w->o.dict;
	o.lang = w->o.lang;
	return ltm_chains(&o, &c->out, &c->watch, &c->e);
}

static int list_forms(struct call *c)
{
	const struct words_call *w = c->own;
	struct ltm_forms_opts o = LTM_OPTS(struct ltm_forms_opts);

	o.lemma = c->arg[0];
	o.json = w->o.json;
	o.dict = w->o.dict;
	return ltm_forms(&o, &c->out, &c->e);
}

static int run(struct call *c)
{
	struct words_call *w = c->own;

	if (w->forms)
		return list_forms(c);
	w->o.size = sizeof w->o;
	w->o.lang = c->common.l == RU ? "ru" : "en";
	if (w->chains)
		return list_chains(c);
	if (w->is_file || !(c->arg[0][0] != '-' || c->arg[0][1]))
		w->o.from = c->arg[0];
	else
		w->o.text = c->arg[0];
	return ltm_words(&w->o, &c->out, &c->e);
}

static const struct opt opts[] = {
	{ "file", 'f', OPT_FLAG, offsetof(struct words_call, is_file), NULL,
	  { "the argument is a book file, not the text", "аргумент — файл книги, а не сам текст" }, 0, 0 },
	{ "json", 0, OPT_FLAG, offsetof(struct words_call, o.json), NULL,
	  { "as JSON", "в JSON" }, 0, 0 },
	{ "tsv", 0, OPT_FLAG, offsetof(struct words_call, o.tsv), NULL,
	  { "tab-separated, without head and legend", "через табуляцию, без шапки и легенды" }, 0, 0 },
	{ "conllu", 0, OPT_FLAG, offsetof(struct words_call, o.conllu), NULL,
	  { "as CoNLL-U of Universal Dependencies, without heads; morphemes in MISC",
	    "в CoNLL-U (Universal Dependencies), без вершин; морфемы в MISC" }, 0, 0 },
	{ "chains", 0, OPT_FLAG, offsetof(struct words_call, chains), NULL,
	  { "the argument is a library: list its hyperlexemes, chains of lemmas that act as one unit",
	    "аргумент — библиотека: перечислить её гиперлексемы, сцепки лемм" }, 0, 0 },
	{ "surface", 0, OPT_FLAG, offsetof(struct words_call, surface), NULL,
	  { "with --chains: chains of words as they stand", "с --chains: сцепки словоформ" }, 0, 0 },
	{ "limit", 0, OPT_INT, offsetof(struct words_call, limit), "N",
	  { "with --chains: how many to list (default: 100)",
	    "с --chains: сколько показать (по умолчанию 100)" }, 1, 1000000 },
	{ "forms", 0, OPT_FLAG, offsetof(struct words_call, forms), NULL,
	  { "the argument is a lemma: list all its forms", "аргумент — лемма: перечислить все её формы" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct words_call, o.dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_words;
const struct cmd cmd_words = {
	.name = "words",
	.args = { "TEXT|-|LIBRARY", "ТЕКСТ|-|БИБЛИОТЕКА" },
	.brief = { "print words with lemma, part of speech, grammar, morphemes",
	           "разобрать слова: лемма, часть речи, форма, морфемы" },
	.about = { "A word a line: form, lemma, part of speech, grammar, morphemes, notes; an empty line "
	           "after a sentence. Morphemes: prefix-, ROOT, ^suffix, +ending, ~linking vowel~, "
	           "=postfix. '-' is standard input.",
	           "Слово на строку: форма, лемма, часть речи, грамматика, морфемы, пометы; пустая "
	           "строка после предложения. Морфемы: приставка-, КОРЕНЬ, ^суффикс, +окончание, "
	           "~соединительная гласная~, =постфикс. «-» — стандартный ввод." },
	.example = "ltm words \"Ученик смотрит в зеркало.\"\nltm words --chains library",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct words_call), .run = run,
};
