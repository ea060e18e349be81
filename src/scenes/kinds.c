/* kinds.c - the taxonomy of coded fields, read once from data/ru/taxonomy.tsv.
 *
 *   in    rows field, code, name, what
 *   out   kinds 1 … n of every field, in the order of the file
 *
 * Invariants: read-only after the first call (pthread_once), so threads share it; a field has at
 * most KINDS_MAX kinds; an unknown field in the table is a bug of the build.
 */
#include <pthread.h>

#include "base/data.h"
#include "scenes/scenes.h"

static struct kind table[SC_N][KINDS_MAX + 1];
static int count[SC_N];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *const code_key[SC_N] = {
	[SC_TENSION] = "tension", [SC_TRANSITION] = "transition", [SC_RESOLUTION] = "resolution",
	[SC_LOGIC] = "logic", [SC_EMOTION] = "emotion", [SC_FUNCTION] = "function",
};

static const char *const text_key[ST_N] = {
	[ST_ARCHETYPE] = "archetype", [ST_FIELD] = "field", [ST_DISTURBANCE] = "disturbance",
	[ST_INTENTION] = "intention", [ST_TENSION] = "tension.text",
	[ST_RESOLUTION] = "resolution.text", [ST_LOGIC] = "logic.text", [ST_IDEA] = "idea",
};

static void load(void)
{
	struct tsv t = tsv_of(data_find("taxonomy.tsv"));

	while (tsv_next(&t)) {
		int f = 0;

		while (f < SC_N && !str_eq(t.field[0], str_of(code_key[f])))
			f++;
		must(f < SC_N && count[f] < KINDS_MAX);
		table[f][++count[f]] = (struct kind){ t.field[1], t.field[2], t.field[3] };
	}
}

int kind_count(enum scene_code f)
{
	pthread_once(&once, load);
	return count[f];
}

const struct kind *kind_get(enum scene_code f, int i)
{
	pthread_once(&once, load);
	must(i >= 0 && i <= count[f]);
	return &table[f][i];	/* row 0 stays empty */
}

int kind_find(enum scene_code f, struct str code)
{
	pthread_once(&once, load);
	for (int i = 1; i <= count[f]; i++)
		if (str_eq(table[f][i].code, code))
			return i;
	return 0;
}

const char *scene_code_key(enum scene_code f)
{
	return code_key[f];
}

const char *scene_text_key(enum scene_text f)
{
	return text_key[f];
}
