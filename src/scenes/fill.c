/* fill.c - the registers of a scene, and the whole way from words to scenes.
 *
 *   in    a book, its words
 *   out   scenes cut and filled
 *
 * A scene is looked at once; codes, nouns and phrases read the same look. Working memory is a
 * scratch arena of the call; only strings that stay go to the caller's arena.
 */
#include "scenes/parts.h"

void scene_fill(struct scene *s, const struct book *b, const struct words *w, struct arena *a)
{
	struct arena scratch = arena_open("scene");
	struct look l;
	size_t n;

	look_at(&l, s, b, w, &scratch);
	if (l.n_word) {
		heads_fill(s, &l);
		struct noun *v = nouns_of(&n, &l, &scratch);
		nouns_fill(s, &l, v, n, a);
		phrases_fill(s, &l, a, &scratch);
	}
	arena_close(&scratch);
}

/* A place holds until another is named: a scene that names none is where the last one was. */
void scenes_carry(struct scene *s, size_t n)
{
	static const float fade = 0.7f, weak = 0.12f;

	for (size_t i = 1; i < n; i++) {
		float p = s[i - 1].text_conf[ST_FIELD] * fade;

		if (s[i].chapter != s[i - 1].chapter || p < weak)
			continue;
		if (s[i].text[ST_FIELD].n && s[i].text_conf[ST_FIELD] >= p)
			continue;
		s[i].text[ST_FIELD] = s[i - 1].text[ST_FIELD];
		s[i].text_conf[ST_FIELD] = p;
		s[i].carried = true;
	}
}

void scenes_read(struct scene **out, size_t *n, const struct book *b, const struct words *w,
                 struct arena *a)
{
	scenes_cut(out, n, b, w, a);
	for (size_t i = 0; i < *n; i++)
		scene_fill(&(*out)[i], b, w, a);
	scenes_carry(*out, *n);
}
