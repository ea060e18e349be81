/* cmd_options.c - reads a command line by the tables of options (app/cmd/cmd.h).
 *
 *   in    argv, the command's table and the common one
 *   out   members of the command's struct, the arguments that are not options
 *
 * getopt_long does the cutting; kinds, bounds and messages are ours. Invariants: a number is
 * taken whole ("3x" is refused) and within its bounds; an option that is not in a table ends
 * the call with one line that names the nearest known one (edit distance with exchanges
 * [Damerau 1964], at most a third of the longer word).
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd/cmd.h"

enum { OPTS_MAX = 40, WORD_MAX = 40 };

const struct opt common_opts[] = {
	{ "threads", 't', OPT_INT, offsetof(struct common, threads), "N",
	  { "threads to use; results do not depend on it (default: all cores)",
	    "сколько потоков; на результат не влияет (по умолчанию все ядра)" }, 1, 256 },
	{ "seed", 0, OPT_U64, offsetof(struct common, seed), "N",
	  { "seed of everything random (default: 0)",
	    "зерно всего случайного (по умолчанию 0)" }, 0, 0 },
	{ "quiet", 'q', OPT_FLAG, offsetof(struct common, quiet), NULL,
	  { "no progress and no notes, only errors",
	    "без хода работы и замечаний, только ошибки" }, 0, 0 },
	{ "lang", 0, OPT_STR, offsetof(struct common, lang), "ru|en",
	  { "language of the interface (default: by locale)",
	    "язык сообщений (по умолчанию по локали)" }, 0, 0 },
	{ "help", 'h', OPT_FLAG, offsetof(struct common, help), NULL,
	  { "this help", "эта справка" }, 0, 0 },
	{ 0 },
};

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/* d[i][j]: cheapest way from a[0..i) to b[0..j); an exchange of neighbours costs one. */
static int distance(const char *a, const char *b)
{
	int d[WORD_MAX + 1][WORD_MAX + 1];
	int n = (int)strlen(a), m = (int)strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return WORD_MAX;
	for (int i = 0; i <= n; i++)
		for (int j = 0; j <= m; j++) {
			int same = i && j && a[i - 1] == b[j - 1];

			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	return d[n][m];
}

/* Keeps the nearer of *best and word, if it is near enough to be meant. */
static void nearer(const char *typed, const char *word, const char **best, int *least)
{
	int n = (int)strlen(typed), m = (int)strlen(word);
	int far = ((n > m ? n : m) + 2) / 3, d = distance(typed, word);

	/* the beginning of a longer word is meant too: "--intent" */
	if (n >= 3 && !strncmp(typed, word, n))
		d = 1;
	if (d <= far && d < *least) {
		*best = word;
		*least = d;
	}
}

const char *command_nearest(const char *name)
{
	const char *best = NULL;
	int least = WORD_MAX;

	for (int i = 0; commands[i]; i++)
		nearer(name, commands[i]->name, &best, &least);
	return best;
}

static const char *option_nearest(const struct cmd *cmd, const char *name)
{
	const char *best = NULL;
	int least = WORD_MAX;

	for (const struct opt *o = cmd->opts; o && o->name; o++)
		nearer(name, o->name, &best, &least);
	for (const struct opt *o = common_opts; o->name; o++)
		nearer(name, o->name, &best, &least);
	return best;
}

enum lang lang_find(const char *wish)
{
	const char *name[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	if (wish)
		return !strcmp(wish, "ru") ? RU : EN;
	for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
		const char *v = getenv(name[i]);

		if (v && *v)
			return !strncmp(v, "ru", 2) ? RU : EN;
	}
	return EN;
}

/* One line for the user; the typed part is cut short and cleaned of control bytes. */
static int wrong(struct call *c, const char *en, const char *ru, const char *typed, const char *more)
{
	const char *form = c->common.l == RU ? ru : en;
	char clean[120];
	size_t n = 0;

	for (const char *p = typed; *p && n + 1 < sizeof clean; p++)
		clean[n++] = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
	while (n && ((unsigned char)clean[n - 1] & 0xc0) == 0x80 && n + 1 >= sizeof clean)
		n--;
	clean[n] = 0;
	c->e.code = LTM_USAGE;
	snprintf(c->e.msg, sizeof c->e.msg, form, clean, more);
	return LTM_USAGE;
}

static int unknown(struct call *c, const char *typed)
{
	char bare[WORD_MAX + 1], more[200];
	const char *near;

	snprintf(bare, sizeof bare, "%s", typed + strspn(typed, "-"));
	bare[strcspn(bare, "=")] = 0;
	near = option_nearest(c->cmd, bare);
	if (near)
		snprintf(more, sizeof more, c->common.l == RU ? "; может быть, --%s?"
		         : "; did you mean --%s?", near);
	else
		snprintf(more, sizeof more, c->common.l == RU ? "; все ключи: ltm help %s"
		         : "; all options: ltm help %s", c->cmd->name);
	return wrong(c, "unknown option %s%s", "неизвестный ключ %s%s", typed, more);
}

static bool number(const char *s, long lo, long hi, long *v)
{
	char *end;

	errno = 0;
	*v = strtol(s, &end, 10);
	return *s && !*end && !errno && *v >= lo && *v <= hi && s[0] != ' ';
}

static bool form(const char *s, enum ltm_form *v)
{
	static const char *const name[] = { "yaml", "pvq", "glyph", "text" };

	for (int i = 0; i < 4; i++)
		if (!strcmp(s, name[i])) {
			*v = (enum ltm_form)i;
			return true;
		}
	return false;
}

/* Stores the value of one option; false when it is no such value. */
static bool take(const struct opt *o, void *into, const char *value)
{
	void *at = (char *)into + o->at;
	char *end;
	long v;

	switch (o->kind) {
	case OPT_FLAG:
		*(int *)at = 1;
		return true;
	case OPT_INT:
		if (!number(value, o->lo, o->hi, &v))
			return false;
		*(int *)at = (int)v;
		return true;
	case OPT_LONG:
		return number(value, o->lo, o->hi, (long *)at);
	case OPT_U64:
		errno = 0;
		*(uint64_t *)at = strtoull(value, &end, 10);
		return *value >= '0' && *value <= '9' && !*end && !errno;
	case OPT_REAL:
		*(double *)at = strtod(value, &end);
		return *value && !*end && *(double *)at >= (double)o->lo && *(double *)at <= (double)o->hi;
	case OPT_STR:
		*(const char **)at = value;
		return true;
	case OPT_FORM:
		return form(value, (enum ltm_form *)at);
	}
	return false;
}

static int bad_value(struct call *c, const struct opt *o, const char *value)
{
	char more[200];

	if (o->kind == OPT_INT || o->kind == OPT_LONG)
		snprintf(more, sizeof more, c->common.l == RU ? "--%s: нужно целое число от %ld до %ld"
		         : "--%s takes a whole number from %ld to %ld", o->name, o->lo, o->hi);
	else if (o->kind == OPT_REAL)
		snprintf(more, sizeof more, c->common.l == RU ? "--%s: нужно число от %ld до %ld, с точкой"
		         : "--%s takes a number from %ld to %ld", o->name, o->lo, o->hi);
	else if (o->kind == OPT_FORM)
		snprintf(more, sizeof more, c->common.l == RU ? "--%s: yaml, pvq, glyph или text"
		         : "--%s takes yaml, pvq, glyph or text", o->name);
	else
		snprintf(more, sizeof more, c->common.l == RU ? "--%s: нужно целое число"
		         : "--%s takes a whole number", o->name);
	return wrong(c, "'%s': %s", "«%s»: %s", value, more);
}

/* The rows of both tables as getopt wants them; row[i] is the option behind long_[i]. */
struct table {
	struct option long_[2 * OPTS_MAX];
	const struct opt *row[2 * OPTS_MAX];
	char letters[4 * OPTS_MAX];
	int n;
};

static void table_add(struct table *t, const struct opt *o)
{
	size_t k = strlen(t->letters);

	for (; o && o->name && t->n < 2 * OPTS_MAX - 1; o++) {
		t->row[t->n] = o;
		t->long_[t->n++] = (struct option){
			.name = o->name, .has_arg = o->arg ? required_argument : no_argument };
		if (o->letter) {
			t->letters[k++] = o->letter;
			if (o->arg)
				t->letters[k++] = ':';
		}
	}
	t->letters[k] = 0;
}

static const struct opt *by_letter(const struct table *t, int letter)
{
	for (int i = 0; i < t->n; i++)
		if (t->row[i]->letter == letter)
			return t->row[i];
	return NULL;
}

static bool is_common(const struct opt *o)
{
	return o >= common_opts && o < common_opts + sizeof common_opts / sizeof *common_opts;
}

static int one_too_many(struct call *c, const char *typed)
{
	char usage[200];

	snprintf(usage, sizeof usage, "%s %s", c->cmd->name, c->cmd->args[c->common.l]);
	return wrong(c, "'%s' is one argument too many; usage: ltm %s",
	             "«%s»: лишний аргумент; нужно: ltm %s", typed, usage);
}

static int arguments(struct call *c, int argc, char **argv)
{
	c->arg = argv + optind;
	c->n_arg = argc - optind;
	if (c->common.help)
		return 0;
	if (c->n_arg < c->cmd->min)
		return wrong(c, "too few arguments; usage: ltm %s %s",
		             "не хватает аргументов; нужно: ltm %s %s",
		             c->cmd->name, c->cmd->args[c->common.l]);
	if (c->cmd->max >= 0 && c->n_arg > c->cmd->max)
		return one_too_many(c, c->arg[c->cmd->max]);
	return 0;
}

/* --lang must be known before the first message: looked for by hand. */
static void find_lang(struct call *c, int argc, char **argv)
{
	c->common.l = lang_find(NULL);
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strncmp(argv[i], "--lang=", 7))
			c->common.l = lang_find(argv[i] + 7);
		else if (!strcmp(argv[i], "--lang") && i + 1 < argc)
			c->common.l = lang_find(argv[i + 1]);
	}
}

int options_read(struct call *c, int argc, char **argv)
{
	struct table t = { .letters = ":" };
	int got, at;

	find_lang(c, argc, argv);
	table_add(&t, c->cmd->opts);
	table_add(&t, common_opts);
	opterr = 0;
	optind = 0;			/* GNU: begin anew */
	while ((got = getopt_long(argc, argv, t.letters, t.long_, &at)) != -1) {
		const struct opt *o = got == 0 ? t.row[at] : by_letter(&t, got);

		if (got == ':')
			return wrong(c, "%s needs a value%s", "%s: нужно значение%s", argv[optind - 1], "");
		if (got == '?' || !o) {
			char one[3] = { '-', (char)optopt, 0 };

			return unknown(c, optopt && optopt < 128 ? one : argv[optind - 1]);
		}
		if (!take(o, is_common(o) ? (void *)&c->common : c->own, optarg))
			return bad_value(c, o, optarg);
	}
	if (c->common.lang && strcmp(c->common.lang, "ru") && strcmp(c->common.lang, "en"))
		return wrong(c, "--lang '%s': ru or en%s", "--lang «%s»: ru или en%s", c->common.lang, "");
	return arguments(c, argc, argv);
}
