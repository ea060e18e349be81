/* cmd_search.c - finds scenes by words or by a pattern of glyphs. */
#include "app/cmd/cmd.h"

/* The arguments after the mind are the query, joined by spaces. */
static const char *join(char **word, int n, char *into, size_t cap)
{
	size_t k = 0;

	into[0] = 0;
	for (int i = 0; i < n && k < cap; i++)
		k += snprintf(into + k, cap - k, "%s%s", i ? " " : "", word[i]);
	return into;
}

static int run(struct call *c)
{
	struct ltm_search_opts *o = c->own;
	char words[8192];

	o->mind = c->arg[0];
	o->words = join(c->arg + 1, c->n_arg - 1, words, sizeof words);
	return ltm_search(o, &c->out, &c->e);
}

static const struct opt opts[] = {
	{ "glyph", 'g', OPT_STR, offsetof(struct ltm_search_opts, glyph), "PATTERN",
	  { "a pattern of glyphs: 'U*?_?#L→U'", "узор значков: 'U*?_?#L→U'" }, 0, 0 },
	{ "limit", 'n', OPT_INT, offsetof(struct ltm_search_opts, limit), "N",
	  { "at most so many scenes (default: 10)", "не больше стольких сцен (по умолчанию 10)" },
	  1, 1000000 },
	{ "json", 0, OPT_FLAG, offsetof(struct ltm_search_opts, json), NULL,
	  { "as JSON", "в JSON" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct ltm_search_opts, dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_search;
const struct cmd cmd_search = {
	.name = "search",
	.args = { "MIND [WORD…]", "РАЗУМ [СЛОВО…]" },
	.brief = { "find scenes by words or by a pattern of glyphs",
	           "найти сцены по словам или узору значков" },
	.about = { "Finds scenes that hold all the words, in any form of theirs, best first. With --glyph "
	           "only those whose line matches the pattern: ? is anything, * joins actors.",
	           "Находит сцены, где есть все слова в любой форме, лучшие первыми. С --glyph — только "
	           "те, чья строка подходит под узор: ? — что угодно, * соединяет лица." },
	.example = "ltm search mind зеркало лицо\nltm search mind --glyph '?_?#L→U' --limit 5",
	.min = 1, .max = -1, .opts = opts, .own_size = sizeof(struct ltm_search_opts), .run = run,
};
