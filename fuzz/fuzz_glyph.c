/* fuzz_glyph.c - libFuzzer target: glyph lines, patterns and alias tables from any bytes.
 *
 * Beyond not crashing: a line that is read is written again and read the same; a pattern
 * that is a line matches it; an alias table keeps its pairs.
 */
#include <stdlib.h>

#include "glyphs/glyphs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct aliases *table(void)
{
	static const char *const lemma[] = { "ученик", "зеркало", "мастерская", "", "лес", "поле" };
	struct aliases *t = aliases_open();

	for (size_t i = 0; i < sizeof lemma / sizeof *lemma; i++)
		aliases_add(t, str_of(lemma[i]));
	return t;
}

static void same(struct str line, const struct skeleton *k, struct aliases *t)
{
	struct buf out = { 0 };
	struct skeleton back;
	struct pattern p;
	struct arena a = arena_open("fuzz");

	glyph_encode(&out, k, t);
	must(!glyph_decode(&back, buf_view(&out), t, NULL));
	must(back.n_actor == k->n_actor && str_eq(back.field, k->field));
	must(back.tension == k->tension && back.resolution == k->resolution);
	must(!pattern_parse(&p, line, t, &a, NULL) && pattern_match(&p, k));
	buf_free(&out);
	arena_close(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena a = arena_open("fuzz");
	struct aliases *t = table();
	struct err e = { 0 };
	struct skeleton k = { 0 };
	struct pattern p;

	if (!glyph_decode(&k, s, t, &e))
		same(s, &k, t);
	else
		must(e.msg[0]);
	if (!pattern_parse(&p, s, t, &a, NULL))
		pattern_match(&p, &k);
	if (size > 1 && data[0] < size) {
		struct str alias = { s.p + 1, data[0] % size }, lemma = { alias.p + alias.n,
			size - 1 - alias.n };

		if (1 + alias.n <= size && !aliases_put(t, lemma, alias, NULL))
			must(str_eq(aliases_lemma(t, alias), lemma));
	}
	must(str_eq(aliases_lemma(t, aliases_add(t, s)), s));
	aliases_close(t);
	arena_close(&a);
	return 0;
}
