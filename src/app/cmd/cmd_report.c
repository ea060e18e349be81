/* cmd_report.c - writes the report page of a mind. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_report_opts *o = c->own;

	o->mind = c->arg[0];
	o->seed = c->common.seed;
	o->lang = c->common.l == RU ? "ru" : "en";
	return ltm_report(o, &c->out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "output", 'o', OPT_STR, offsetof(struct ltm_report_opts, file), "FILE",
	  { "where to write (default: MIND/report.html)", "куда писать (по умолчанию РАЗУМ/report.html)" },
	  0, 0 },
	{ 0 },
};

extern const struct cmd cmd_report;
const struct cmd cmd_report = {
	.name = "report",
	.args = { "MIND", "РАЗУМ" },
	.brief = { "write the report page", "написать страницу отчёта" },
	.about = { "Writes one HTML file about the mind: its books, actors, tensions and resolutions, "
	           "measurements. It opens without a network.",
	           "Пишет один файл HTML о разуме: книги, лица, напряжения и развязки, измерения. "
	           "Открывается без сети." },
	.example = "ltm report mind -o report.html",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct ltm_report_opts), .run = run,
};
