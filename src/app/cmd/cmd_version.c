/* cmd_version.c - prints the version. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	char line[80];
	int n = snprintf(line, sizeof line, "ltm %s\n", ltm_version());

	c->out.write(c->out.ctx, line, n);
	return 0;
}

extern const struct cmd cmd_version;
const struct cmd cmd_version = {
	.name = "version",
	.args = { "", "" },
	.brief = { "print the version", "напечатать версию" },
	.about = { "Prints the version of the program.", "Печатает версию программы." },
	.min = 0, .max = 0, .own_size = sizeof(size_t), .run = run,
};
