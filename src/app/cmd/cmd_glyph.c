/* cmd_glyph.c - explains lines of glyphs. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_glyph_opts *o = c->own;

	o->mind = c->arg[0];
	o->line = (const char *const *)c->arg + 1;
	o->n_line = c->n_arg - 1;
	return ltm_glyph(o, &c->out, &c->e);
}

static const struct opt opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct ltm_glyph_opts, json), NULL,
	  { "as JSON", "в JSON" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_glyph;
const struct cmd cmd_glyph = {
	.name = "glyph",
	.args = { "MIND [LINE…]", "РАЗУМ [СТРОКА…]" },
	.brief = { "explain lines of glyphs", "объяснить строки значков" },
	.about = { "Says what lines of glyphs stand for, by the aliases of the mind. Without lines prints "
	           "the table of aliases.",
	           "Говорит, что значат строки значков по таблице имён разума. Без строк печатает саму "
	           "таблицу." },
	.example = "ltm glyph mind 'U*Z_M#R→S'",
	.min = 1, .max = -1, .opts = opts, .own_size = sizeof(struct ltm_glyph_opts), .run = run,
};
