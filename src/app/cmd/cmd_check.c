/* cmd_check.c - proves every byte of a mind. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_check_opts *o = c->own;

	o->mind = c->arg[0];
	return ltm_check(o, &c->out, &c->watch, &c->e);
}

extern const struct cmd cmd_check;
const struct cmd cmd_check = {
	.name = "check",
	.args = { "MIND", "РАЗУМ" },
	.brief = { "prove every byte of a mind", "сверить каждый байт разума" },
	.about = { "Compares every file with the size and hash in the manifest and checks the store's "
	           "integrity. Names the first thing that is wrong and what mends it.",
	           "Сверяет каждый файл с размером и хешем в описи и проверяет целость хранилища. "
	           "Называет первое, что не так, и чем это исправить." },
	.example = "ltm check mind",
	.min = 1, .max = 1, .own_size = sizeof(struct ltm_check_opts), .run = run,
};
