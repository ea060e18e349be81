/* cmd.h - how the command `ltm` is put together: one table of commands, a table of options each.
 *
 *   main.c           finds the row of the command and runs it
 *   cmd_options.c    reads the command line by the tables
 *   cmd_help.c       prints the tables as help, man pages, completion, in Russian and English
 *   cmd_*.c          one command each: its row, and one call of include/ltm.h
 *   cmd_progress.c   the progress line and the notes, on stderr
 *
 * Invariant: what a user can type is written down once, in the rows. The command sees the
 * library only through include/ltm.h (scripts/rooms.sh proves it).
 */
#ifndef LTM_APP_CMD_H
#define LTM_APP_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ltm.h"

enum lang { EN, RU, LANGS };

/* What an option stores, at offset `at` of the struct it belongs to. */
enum opt_kind {
	OPT_FLAG,		/* int 1 */
	OPT_INT,		/* int in lo..hi */
	OPT_LONG,		/* long in lo..hi */
	OPT_U64,		/* uint64_t */
	OPT_REAL,		/* double in lo..hi, with a point */
	OPT_STR,		/* const char * */
	OPT_FORM,		/* enum ltm_form by its name: yaml pvq glyph text */
};

struct opt {
	const char *name;		/* "threads"; NULL ends a table */
	char letter;			/* 't', or 0 */
	enum opt_kind kind;
	size_t at;
	const char *arg;		/* "N", "FILE"; NULL for a flag */
	const char *help[LANGS];
	long lo, hi;
};

/* The options every command has. */
struct common {
	int threads;
	uint64_t seed;
	int quiet;
	int help;
	const char *lang;
	enum lang l;			/* chosen by lang and the locale */
};
extern const struct opt common_opts[];

/* One call of a command: what the user typed, and where results go. */
struct call {
	const struct cmd *cmd;
	struct common common;
	void *own;			/* the command's struct of options, [cmd->own_size] */
	char **arg;			/* what is not an option */
	int n_arg;
	struct ltm_sink out;
	struct ltm_watch watch;
	struct ltm_error e;
};

struct cmd {
	const char *name;
	const char *args[LANGS];	/* "MIND SITUATION" */
	const char *brief[LANGS];	/* one line */
	const char *about[LANGS];	/* paragraphs, '\n' between */
	const char *example;		/* lines to type, '\n' between */
	int min, max;			/* how many arguments; max -1: any number */
	const struct opt *opts;		/* ends with a NULL name; NULL: none of its own */
	size_t own_size;		/* the struct begins with size_t size */
	int (*run)(struct call *c);	/* returns an exit code; message in c->e */
};

/* The table of commands, in order of help; ends with NULL (main.c). */
extern const struct cmd *const commands[];
const struct cmd *command_find(const char *name);

/* ---- cmd_options.c ----------------------------------------------------------------------- */

/* Reads argv[1…] of a command (argv[0] is its name) into c. Returns 0, or LTM_USAGE with one
 * line in c->e that names the nearest known option. */
int options_read(struct call *c, int argc, char **argv);
/* RU when LC_ALL, LC_MESSAGES or LANG begins with "ru" (first one set decides), or --lang ru. */
enum lang lang_find(const char *wish);
/* The nearest of the commands to a mistyped name, or NULL when none is near. */
const char *command_nearest(const char *name);

/* ---- cmd_help.c ------------------------------------------------------------------------ */
void help_all(FILE *f, enum lang l);
void help_command(FILE *f, const struct cmd *c, enum lang l);

/* ---- cmd_progress.c: the conversation, on stderr ---------------------------------------
 * On a terminal one line that is drawn after half a second and again at least once a second:
 * stage, done/total, rate, time left. Else one plain line when a stage ends. */
void progress_start(bool quiet, enum lang l);
void progress_show(void *ctx, const char *stage, double done, double total, const char *unit);
void progress_note(void *ctx, const char *line);
void progress_hide(void);	/* takes the line away, so that results may be printed */
void progress_end(bool well);	/* well: the last stage was ended, not broken off */
/* Writes bytes with control characters (C0, C1, DEL; bidi marks if `bidi`) as '?', except
 * newline and tab. Keeps no state: call it with whole lines or whole texts. */
void write_safe(FILE *f, const char *p, size_t n, bool bidi);

#endif
