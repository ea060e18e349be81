/* fit_prior.c - moves the biases of scene_weight.tsv so that kinds come as often as readers find them.
 *
 *   fit_prior LIBRARY SHARED < data/ru/scene_weight.tsv > new.tsv
 *
 * once, after fit_cues and a build with its table: shares are measured with the weights inside the
 * program, so it refuses any other table.
 *
 *   in    the weights; the annotators' kinds of the 'train' passages (how often a reader finds
 *         each); the training books of the shared development data, unlabelled
 *   out   the same table with another row "dense bias"; shares before and after on stderr
 *
 * A weak classifier that picks the likeliest kind picks the commonest far too often: on whole
 * books 81 % of scenes were "delay" where readers say 38 %. Prior matching [Saerens et al. 2002]:
 * a bias a kind is moved, b += η·ln(target / share), until the shares of picked kinds over scenes
 * of real books are those of the readers; the table then goes WAY of that. Targets are smoothed by
 * one. Deterministic.
 */
#include <dirent.h>
#include <math.h>

#include "goldset.h"
#include "order/order.h"
#include "scenes/parts.h"

enum { EVERY = 9, ROUNDS = 400 };
#define BIAS_MAX 3.0f
#define WAY 0.25f	/* how much of the way the biases go: on dev a quarter costs nothing, the whole some */

static struct { float (*z)[OUT_N]; size_t n, cap; } set;

static enum status add_book(void *ctx, struct book *b, struct err *e)
{
	struct arena a = arena_open("book");
	struct scene *s;
	struct words w;
	size_t n;

	(void)e;
	words_read(&w, b, ctx, &a);
	scenes_cut(&s, &n, b, &w, &a);
	for (size_t i = 0; i < n; i += EVERY) {
		struct arena scratch = arena_open("scene");
		struct look l;

		look_at(&l, &s[i], b, &w, &scratch);
		if (l.n_content >= 2)
			heads_score(VEC_PUSH(set.z, set.n, set.cap), &l);
		arena_close(&scratch);
	}
	arena_close(&a);
	return OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The training books of the development data, in order of name. */
static void add_books(const char *folder, struct word_cache *cache)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	char **name = NULL, path[4400];
	size_t n = 0, cap = 0;

	while (d && (f = readdir(d)))
		VEC_PUSH(name, n, cap) = strdup(f->d_name);
	if (d)
		closedir(d);
	qsort(name, n, sizeof *name, by_name);
	for (size_t i = 0; i < n; i++) {
		struct buf b = { 0 };
		struct err e = { 0 };

		snprintf(path, sizeof path, "%s/%s", folder, name[i]);
		if (str_ends(str_of(path), S(".txt")) && !str_starts(str_of(name[i]), S("tech_")) &&
		    split_of(data_find("split.tsv"), str_of(name[i]), S(""), S("")) == SPLIT_TRAIN &&
		    !file_read(&b, path, LIMIT_BOOK, &e))
			text_read(buf_view(&b), name[i], add_book, cache, &e);
		buf_free(&b);
	}
}

/* Shares of picked kinds under biases b. */
static void shares(float *out, enum scene_code f, const float *b)
{
	int n = kind_count(f);

	memset(out, 0, sizeof *out * KINDS_MAX);
	for (size_t i = 0; i < set.n; i++) {
		const float *y = set.z[i] + out_index(f, 1);
		int best = 0;

		for (int k = 1; k < n; k++)
			if (y[k] + b[k] > y[best] + b[best])
				best = k;
		out[best] += 1.0f / (float)set.n;
	}
}

static void match(float b[KINDS_MAX], enum scene_code f, const float *target)
{
	float share[KINDS_MAX], first[KINDS_MAX];
	int n = kind_count(f);

	shares(first, f, b);
	for (int r = 0; r < ROUNDS; r++) {
		shares(share, f, b);
		for (int k = 0; k < n; k++) {
			b[k] += 0.05f * logf((target[k] + 1e-3f) / (share[k] + 1e-3f));
			b[k] = b[k] > BIAS_MAX ? BIAS_MAX : b[k] < -BIAS_MAX ? -BIAS_MAX : b[k];
		}
	}
	shares(share, f, b);
	for (int k = 0; k < n; k++)
		fprintf(stderr, "%s %.*s: readers %.3f, was %.3f, is %.3f (bias %+.2f)\n", scene_code_key(f),
		        STR_ARG(kind_get(f, k + 1)->code), target[k], first[k], share[k], b[k]);
}

static void targets(float t[SC_N][KINDS_MAX], const struct goldset *g)
{
	for (int f = 0; f < SC_N; f++) {
		float sum = 0;
		int n = kind_count(f);

		for (int k = 0; k < n; k++)
			sum += t[f][k] = 1;
		for (size_t i = 0; i < g->n; i++)
			for (size_t j = 0; j < g->v[i].n; j++)
				if (g->v[i].g[j].s.code[f]) {
					t[f][g->v[i].g[j].s.code[f] - 1]++;
					sum++;
				}
		for (int k = 0; k < n; k++)
			t[f][k] /= sum;
	}
}

static void print_bias(struct str numbers, const float *move)
{
	struct str one;
	double v;

	fputs("dense\tbias\t", stdout);
	for (int k = 0; k < OUT_N && str_cut(&numbers, ' ', &one); k++) {
		must(str_f64(one, &v));
		printf("%s%.4g", k ? " " : "", v + WAY * move[k]);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	const char *shared = argc > 2 ? argv[2] : "../shared";
	float target[SC_N][KINDS_MAX], move[OUT_N] = { 0 };
	struct buf table = { 0 };
	struct dictfile df;
	struct goldset g;
	struct err e = { 0 };
	struct str rest, line;
	char path[4200];

	if (dictfile_open(&df, NULL, &e) || file_read(&table, "/dev/stdin", 64 << 20, &e)) {
		fprintf(stderr, "fit_prior: %s\n", e.msg);
		return e.code;
	}
	if (!str_eq(buf_view(&table), data_find("scene_weight.tsv"))) {
		fprintf(stderr, "fit_prior: the table given is not the one this program was built with: put it "
		        "into data/ru, build again, then run\n");
		return ERR_USAGE;
	}
	goldset_open(&g, df.dict);
	if (goldset_passages(&g, shared, "train") || !g.n) {
		fprintf(stderr, "fit_prior: no passages: %s\n", g.e.msg);
		return ERR_FORMAT;
	}
	targets(target, &g);
	snprintf(path, sizeof path, "%s/data/books", shared);
	add_books(path, g.cache);
	fprintf(stderr, "%zu scenes\n", set.n);
	for (int f = 0; f < SC_N; f++) {
		float b[KINDS_MAX] = { 0 };

		match(b, f, target[f]);
		memcpy(move + out_index(f, 1), b, sizeof *b * (size_t)kind_count(f));
	}
	rest = buf_view(&table);
	while (str_cut(&rest, '\n', &line)) {
		if (str_starts(line, S("dense\tbias\t")))
			print_bias((struct str){ line.p + 11, line.n - 11 }, move);
		else if (line.n || rest.p)
			printf(STR_FMT "\n", STR_ARG(line));
	}
	goldset_close(&g);
	dictfile_close(&df);
	return 0;
}
