/* cmd_help.c - prints the tables of commands and options: help, man pages, completion.
 *
 *   ltm help                  all commands
 *   ltm help COMMAND          one command with its options
 *   ltm help --scdoc [NAME]   the man page ltm(1) or ltm-NAME(1), as scdoc source
 *   ltm help --bash           completion for bash
 *
 * Invariant: everything printed comes from the rows, so that none can be forgotten.
 */
#include <string.h>

#include "app/cmd/cmd.h"

struct help_opts {
	size_t size;
	int scdoc, bash, list;
};

static const char *const title[LANGS] = {
	"LTM turns a library of Russian books into thought-scenes and thinks in them.",
	"LTM превращает библиотеку русских книг в мыслесцены и думает ими.",
};

static size_t runes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Prints text between columns `at` and 88, beginning at the cursor's column `col`. */
static void wrap(FILE *f, const char *text, size_t col, size_t at)
{
	while (*text) {
		size_t len = strcspn(text, " \n");
		char one[400];

		snprintf(one, sizeof one, "%.*s", (int)len, text);
		if (col > at && col + runes(one) + 1 > 88) {
			fprintf(f, "\n%*s", (int)at, "");
			col = at;
		} else if (col > at) {
			fputc(' ', f);
			col++;
		}
		fputs(one, f);
		col += runes(one);
		text += len;
		if (*text == '\n') {
			fprintf(f, "\n%*s", (int)at, "");
			col = at;
		}
		text += *text != 0;
	}
	fputc('\n', f);
}

static void pad(FILE *f, const char *left, size_t at)
{
	size_t n = runes(left);

	fputs(left, f);
	if (n + 1 > at)
		fprintf(f, "\n%*s", (int)at, "");
	else
		fprintf(f, "%*s", (int)(at - n), "");
}

static void print_options(FILE *f, const struct opt *o, enum lang l)
{
	for (; o && o->name; o++) {
		char left[80], letter[8] = "    ";

		if (o->letter)
			snprintf(letter, sizeof letter, "-%c, ", o->letter);
		snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, o->arg ? " " : "",
		         o->arg ? o->arg : "");
		pad(f, left, 26);
		wrap(f, o->help[l], 26, 26);
	}
}

static void print_example(FILE *f, const char *text)
{
	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n')
		fprintf(f, "  %.*s\n", (int)strcspn(text, "\n"), text);
}

void help_command(FILE *f, const struct cmd *c, enum lang l)
{
	static const char *const head[][LANGS] = {
		{ "usage", "вызов" }, { "options", "ключи" }, { "options of every command", "общие ключи" },
		{ "example", "пример" },
	};

	fprintf(f, "%s: ltm %s %s\n\n", head[0][l], c->name, c->args[l]);
	wrap(f, c->about[l], 0, 0);
	if (c->opts) {
		fprintf(f, "\n%s:\n", head[1][l]);
		print_options(f, c->opts, l);
	}
	fprintf(f, "\n%s:\n", head[2][l]);
	print_options(f, common_opts, l);
	if (c->example) {
		fprintf(f, "\n%s:\n", head[3][l]);
		print_example(f, c->example);
	}
}

void help_all(FILE *f, enum lang l)
{
	fprintf(f, "%s\n\n", title[l]);
	fputs(l == RU ? "вызов: ltm КОМАНДА …     подробно: ltm help КОМАНДА\n\n"
	      : "usage: ltm COMMAND …     in detail: ltm help COMMAND\n\n", f);
	for (int i = 0; commands[i]; i++) {
		char left[40];

		snprintf(left, sizeof left, "  %s", commands[i]->name);
		pad(f, left, 12);
		wrap(f, commands[i]->brief[l], 12, 12);
	}
	fputs(l == RU ? "\nначать:\n" : "\nto begin:\n", f);
	print_example(f, "ltm live -o mind\n"
	              "ltm think mind \"Ученик смотрит в зеркало и видит чужое лицо\" "
	              "--intention \"вернуть своё имя\"");
}

/* ---- man pages ------------------------------------------------------------------------- */

/* scdoc gives a meaning to these at any place, and to '#', '|' … where a line begins. */
static void scdoc_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (strchr("_*\\`[]<>#|", *s))
			fputc('\\', f);
		fputc(*s, f);
	}
}

static void scdoc_paragraphs(FILE *f, const char *s)
{
	for (; *s; s++)
		if (*s == '\n')
			fputs("\n\n", f);
		else
			scdoc_text(f, (char[]){ *s, 0 });
	fputs("\n\n", f);
}

static void scdoc_options(FILE *f, const struct opt *o, enum lang l)
{
	for (; o && o->name; o++) {
		if (o->letter)
			fprintf(f, "*-%c*, ", o->letter);
		fprintf(f, "*--%s*", o->name);
		if (o->arg) {
			fputs(" _", f);
			scdoc_text(f, o->arg);
			fputs("_", f);
		}
		fputs("\n\t", f);
		scdoc_text(f, o->help[l]);
		fputs("\n\n", f);
	}
}

static void scdoc_example(FILE *f, const char *text)
{
	fputs("```\n", f);
	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n')
		fprintf(f, "%.*s\n", (int)strcspn(text, "\n"), text);
	fputs("```\n\n", f);
}

static void scdoc_codes(FILE *f, enum lang l)
{
	static const char *const row[][LANGS] = {
		{ "0", "0" }, { "done", "сделано" },
		{ "1", "1" }, { "done, but some input was left out (it is listed)",
		                "сделано, но часть входа пропущена (перечислена)" },
		{ "2", "2" }, { "wrong use", "неверный вызов" },
		{ "3", "3" }, { "bad input file", "негодный входной файл" },
		{ "4", "4" }, { "out of memory, or over a limit", "не хватило памяти или превышен предел" },
		{ "5", "5" }, { "disk or I/O", "диск, ввод-вывод" },
		{ "6", "6" }, { "numeric failure", "сбой вычислений" },
		{ "7", "7" }, { "the mind is held by another process", "разум занят другим процессом" },
		{ "130, 143", "130, 143" }, { "stopped by a signal, state saved",
		                              "остановлено сигналом, состояние сохранено" },
	};

	fputs(l == RU ? "# КОДЫ ВЫХОДА\n\n" : "# EXIT STATUS\n\n", f);
	for (size_t i = 0; i < sizeof row / sizeof *row; i += 2)
		fprintf(f, "*%s*\n\t%s\n\n", row[i][l], row[i + 1][l]);
}

static void scdoc_command(FILE *f, const struct cmd *c, enum lang l)
{
	fprintf(f, "ltm-%s(1) \"ltm\"\n\n# %s\n\nltm-%s - ", c->name, l == RU ? "ИМЯ" : "NAME", c->name);
	scdoc_text(f, c->brief[l]);
	fprintf(f, "\n\n# %s\n\n*ltm %s* ", l == RU ? "ВЫЗОВ" : "SYNOPSIS", c->name);
	scdoc_text(f, c->args[l]);
	fprintf(f, "\n\n# %s\n\n", l == RU ? "ОПИСАНИЕ" : "DESCRIPTION");
	scdoc_paragraphs(f, c->about[l]);
	fprintf(f, "# %s\n\n", l == RU ? "КЛЮЧИ" : "OPTIONS");
	scdoc_options(f, c->opts, l);
	scdoc_options(f, common_opts, l);
	if (c->example) {
		fprintf(f, "# %s\n\n", l == RU ? "ПРИМЕР" : "EXAMPLES");
		scdoc_example(f, c->example);
	}
	scdoc_codes(f, l);
	fprintf(f, "# %s\n\n*ltm*(1)\n", l == RU ? "СМ. ТАКЖЕ" : "SEE ALSO");
}

static void scdoc_all(FILE *f, enum lang l)
{
	fprintf(f, "ltm(1) \"ltm\"\n\n# %s\n\nltm - ", l == RU ? "ИМЯ" : "NAME");
	scdoc_text(f, title[l]);
	fprintf(f, "\n\n# %s\n\n*ltm* _%s_ …\n\n# %s\n\n", l == RU ? "ВЫЗОВ" : "SYNOPSIS",
	        l == RU ? "КОМАНДА" : "COMMAND", l == RU ? "КОМАНДЫ" : "COMMANDS");
	for (int i = 0; commands[i]; i++) {
		fprintf(f, "*%s* ", commands[i]->name);
		scdoc_text(f, commands[i]->args[l]);
		fputs("\n\t", f);
		scdoc_text(f, commands[i]->brief[l]);
		fprintf(f, " (*ltm-%s*(1))\n\n", commands[i]->name);
	}
	fprintf(f, "# %s\n\n", l == RU ? "КЛЮЧИ" : "OPTIONS");
	scdoc_options(f, common_opts, l);
	scdoc_codes(f, l);
	fprintf(f, "# %s\n\n", l == RU ? "ОКРУЖЕНИЕ" : "ENVIRONMENT");
	fprintf(f, "*LTM_DICT*\n\t%s\n\n*LC_ALL*, *LC_MESSAGES*, *LANG*\n\t%s\n",
	        l == RU ? "файл словаря" : "the dictionary's file",
	        l == RU ? "язык сообщений: русский, если значение начинается с ru"
	        : "the language of messages: Russian when the value begins with ru");
}

/* ---- completion ------------------------------------------------------------------------ */

static void bash_words(FILE *f, const struct opt *o)
{
	for (; o && o->name; o++)
		fprintf(f, " --%s", o->name);
}

static void bash(FILE *f)
{
	fputs("# completion of ltm for bash; printed by: ltm help --bash\n_ltm()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} cmd=${COMP_WORDS[1]} opts=\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W \"", f);
	for (int i = 0; commands[i]; i++)
		fprintf(f, "%s%s", i ? " " : "", commands[i]->name);
	fputs("\" -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase $cmd in\n", f);
	for (int i = 0; commands[i]; i++) {
		fprintf(f, "\t%s) opts=\"", commands[i]->name);
		bash_words(f, commands[i]->opts);
		fputs("\" ;;\n", f);
	}
	fputs("\tesac\n\tcase $cur in\n\t-*) COMPREPLY=($(compgen -W \"$opts", f);
	bash_words(f, common_opts);
	fputs("\" -- \"$cur\")) ;;\n\t*) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n\tesac\n}\n"
	      "complete -o filenames -F _ltm ltm\n", f);
}

static int no_topic(struct call *c, const char *name)
{
	const char *near = command_nearest(name);

	c->e.code = LTM_USAGE;
	snprintf(c->e.msg, sizeof c->e.msg, c->common.l == RU ? "нет команды '%.60s'%s%s%s" :
	         "no command '%.60s'%s%s%s", name,
	         !near ? "" : c->common.l == RU ? "; может быть, " : "; did you mean ", near ? near : "",
	         near ? "?" : "");
	return LTM_USAGE;
}

static int run(struct call *c)
{
	const struct help_opts *o = c->own;
	const struct cmd *of = c->n_arg ? command_find(c->arg[0]) : NULL;
	enum lang l = c->common.l;

	if (c->n_arg && !of)
		return no_topic(c, c->arg[0]);
	if (o->bash)
		bash(stdout);
	else if (o->list)
		for (int i = 0; commands[i]; i++)
			printf("%s\n", commands[i]->name);
	else if (o->scdoc && of)
		scdoc_command(stdout, of, l);
	else if (o->scdoc)
		scdoc_all(stdout, l);
	else if (of)
		help_command(stdout, of, l);
	else
		help_all(stdout, l);
	return 0;
}

static const struct opt opts[] = {
	{ "scdoc", 0, OPT_FLAG, offsetof(struct help_opts, scdoc), NULL,
	  { "as the source of a man page", "как исходник страницы man" }, 0, 0 },
	{ "bash", 0, OPT_FLAG, offsetof(struct help_opts, bash), NULL,
	  { "completion for bash", "дополнение для bash" }, 0, 0 },
	{ "list", 0, OPT_FLAG, offsetof(struct help_opts, list), NULL,
	  { "only the names of the commands", "только имена команд" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_help;
const struct cmd cmd_help = {
	.name = "help",
	.args = { "[COMMAND]", "[КОМАНДА]" },
	.brief = { "help on the command or on all of them", "справка о команде или обо всех" },
	.about = { "Prints what a command does, its options and an example. The man pages and the "
	           "completion for bash are printed from the same tables.",
	           "Печатает, что делает команда, её ключи и пример. Страницы man и дополнение для "
	           "bash печатаются из тех же таблиц." },
	.example = "ltm help think\nltm help --bash > ~/.local/share/bash-completion/completions/ltm",
	.min = 0, .max = 1, .opts = opts, .own_size = sizeof(struct help_opts), .run = run,
};
