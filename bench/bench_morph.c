/* bench_morph.c - how right and how fast words are cut into morphemes.
 *
 *   use   bench_morph [FILE.tsv]...      default: the morpheme sets of LTM_SHARED or ../shared
 *
 * Prints, a line a set: words wholly right (borders and types), words with all borders right,
 * precision, recall and F1 of inner borders, share of morphemes whose span and type are right
 * (type accuracy: of those with a right span), and words a second, each word cut once.
 * The dev set of Tikhonov is the one to report; the train set was learnt from.
 */
#include <stdlib.h>
#include "morphset.h"

static void bench(const char *path)
{
	struct arena a = arena_open("bench");
	struct err e = { 0 };
	struct morph_set m = { 0 };
	struct morph_score s = { 0 };
	double t = 0;

	if (morph_set_read(&m, path, &a, &e)) {
		fprintf(stderr, "bench_morph: %s\n", e.msg);
		exit(e.code);
	}
	for (int round = 0; round < 3; round++) {
		double t0 = morph_seconds(), dt;
		struct morph out[MORPHS_MAX];

		for (size_t i = 0; i < m.n; i++)
			morph_cut(m.w[i].form, NULL, out);
		dt = morph_seconds() - t0;
		t = !round || dt < t ? dt : t;
	}
	for (size_t i = 0; i < m.n; i++) {
		struct morph out[MORPHS_MAX];
		int n = morph_cut(m.w[i].form, NULL, out);

		morph_score_add(&s, &m.w[i], out, n);
	}
	printf("%-30s", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
	morph_score_print(&s);
	printf("  %8.0f words/s\n", (double)m.n / t);
	arena_close(&a);
}

int main(int argc, char **argv)
{
	static const char *const set[] = { "tikhonov.dev", "crosslexica.train" };
	const char *d = getenv("LTM_SHARED");
	char path[4096];

	for (int i = 1; i < argc; i++)
		bench(argv[i]);
	for (size_t i = 0; argc < 2 && i < sizeof set / sizeof *set; i++) {
		snprintf(path, sizeof path, "%s/data/morphemes/%s.tsv", d ? d : "../shared", set[i]);
		if (file_exists(path))
			bench(path);
		else
			printf("SKIP: no %s (LTM_SHARED)\n", path);
	}
	return 0;
}
