/* data.c - finds the tables that the build carries inside the library, and walks their rows. */
#include "base/data.h"

struct ltm_data_row { const char *name, *begin, *end; };
extern const struct ltm_data_row ltm_data_table[];	/* made by scripts/embed.sh */

bool data_has(const char *name)
{
	for (const struct ltm_data_row *r = ltm_data_table; r->name; r++)
		if (!strcmp(r->name, name))
			return true;
	return false;
}

struct str data_find(const char *name)
{
	for (const struct ltm_data_row *r = ltm_data_table; r->name; r++)
		if (!strcmp(r->name, name))
			return (struct str){ r->begin, (size_t)(r->end - r->begin) };
	fprintf(stderr, "ltm: the build carries no table %s\n", name);
	must(!"a table of data/ru is missing from the build");
	return (struct str){ "", 0 };
}

static bool row(struct tsv *t)
{
	struct str line, f;

	while (str_cut(&t->rest, '\n', &line)) {
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n || line.p[0] == '#')
			continue;
		for (t->n = 0; t->n < 16 && str_cut(&line, '\t', &f);)
			t->field[t->n++] = f;
		for (int i = t->n; i < 16; i++)
			t->field[i] = (struct str){ "", 0 };
		return true;
	}
	return false;
}

struct tsv tsv_of(struct str bytes)
{
	struct tsv t = { .rest = bytes };

	row(&t);		/* the row that names the columns */
	return t;
}

bool tsv_next(struct tsv *t)
{
	return row(t);
}
