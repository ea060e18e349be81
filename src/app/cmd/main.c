/* main.c - the command `ltm`: finds the command's row, reads the options, runs it, speaks.
 *
 * stdout carries the product, stderr the conversation; the exit code is the library's
 * (include/ltm.h). The first SIGINT or SIGTERM asks the library to save and come back, the
 * second leaves at once; then the exit code is 130 or 143.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cmd/cmd.h"

extern const struct cmd cmd_live, cmd_think, cmd_read, cmd_train, cmd_compare, cmd_eval, cmd_report;
extern const struct cmd cmd_books, cmd_scenes, cmd_glyph, cmd_search, cmd_words, cmd_tokens;
extern const struct cmd cmd_tell, cmd_export;
extern const struct cmd cmd_ledger, cmd_plan, cmd_show, cmd_check, cmd_dict, cmd_help, cmd_version;

const struct cmd *const commands[] = {
	&cmd_live, &cmd_think, &cmd_read, &cmd_train, &cmd_compare, &cmd_eval, &cmd_report,
	&cmd_books, &cmd_scenes, &cmd_glyph, &cmd_search, &cmd_words, &cmd_tokens, &cmd_tell,
	&cmd_export, &cmd_show,
	&cmd_ledger, &cmd_plan,
	&cmd_check, &cmd_dict, &cmd_help, &cmd_version, NULL,
};

const struct cmd *command_find(const char *name)
{
	for (int i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static volatile int stop_signal;

static void on_signal(int sig)
{
	if (stop_signal)
		_exit(128 + sig);
	stop_signal = sig;
}

static void watch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

static void out_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	progress_hide();
	write_safe(stdout, bytes, n, false);
}

static void complain(const struct call *c, int code)
{
	bool ru = c->common.l == RU;

	if (!c->e.msg[0])
		return;
	fputs(code == LTM_PART ? ru ? "ltm: пропущено: " : "ltm: left out: "
	      : code == LTM_STOP ? ru ? "ltm: остановлено: " : "ltm: stopped: "
	      : ru ? "ltm: ошибка: " : "ltm: error: ", stderr);
	write_safe(stderr, c->e.msg, strcspn(c->e.msg, "\n"), true);
	fputc('\n', stderr);
}

/* What was printed must have arrived: a full disk is an error, not a silence. */
static int flush_out(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	fprintf(stderr, "ltm: cannot write the output: %s\n", strerror(errno));
	return code == LTM_OK || code == LTM_PART ? LTM_IO : code;
}

static int run(struct call *c)
{
	int code;

	watch_signals();
	progress_start(c->common.quiet, c->common.l);
	code = c->cmd->run(c);
	progress_end(code == LTM_OK || code == LTM_PART);
	complain(c, code);
	if (code == LTM_STOP && stop_signal)
		code = 128 + stop_signal;
	return flush_out(code);
}

static int no_command(const char *name)
{
	enum lang l = lang_find(NULL);
	const char *near = command_nearest(name);

	fputs(l == RU ? "ltm: ошибка: нет команды '" : "ltm: error: no command '", stderr);
	write_safe(stderr, name, strlen(name) < 60 ? strlen(name) : 60, true);
	if (near)
		fprintf(stderr, l == RU ? "'; может быть, %s?\n" : "'; did you mean %s?\n", near);
	else
		fputs(l == RU ? "'; все команды: ltm help\n" : "'; all commands: ltm help\n", stderr);
	return LTM_USAGE;
}

/* `ltm --help`, `ltm -h`, `ltm --version`: options in the place of a command. */
static const char *alias(const char *name)
{
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		return "help";
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		return "version";
	return name;
}

int main(int argc, char **argv)
{
	struct call c = { .out = { out_write, NULL },
	                  .watch = { progress_show, progress_note, NULL, &stop_signal } };
	int code;

	setlocale(LC_CTYPE, "");	/* numbers stay in the C locale: output is for programs too */
	if (argc < 2) {
		help_all(stderr, lang_find(NULL));
		return LTM_USAGE;
	}
	c.cmd = command_find(alias(argv[1]));
	if (!c.cmd)
		return no_command(argv[1]);
	c.own = calloc(1, c.cmd->own_size ? c.cmd->own_size : sizeof(size_t));
	if (!c.own)
		return LTM_LIMIT;
	*(size_t *)c.own = c.cmd->own_size;
	code = options_read(&c, argc - 1, argv + 1);
	if (code) {
		complain(&c, code);
	} else if (c.common.help) {
		help_command(stdout, c.cmd, c.common.l);
		code = flush_out(0);
	} else {
		code = run(&c);
	}
	free(c.own);
	return code;
}
