/* fit_vec.c - makes data/ru/scene_vec.tsv: a vector for every frequent content lemma, by latent
 * semantic analysis of windows of books [Deerwester et al. 1990; randomised decomposition after
 * Halko, Martinsson & Tropp 2011].
 *
 *   fit_vec BOOKS_DIR > data/ru/scene_vec.tsv
 *
 *   in    plain books in the public domain (names with the prefixes of SKIP are left out)
 *   out   rows lemma, VEC_N letters (one a number, '0' + 32 + value)
 *
 * A [docs][lemmas], a = ln(1 + tf) * idf, rows of unit length. A V is wanted for the VEC_N leading
 * right vectors after the first (the first is only how common a word is). The vector of a lemma is
 * V[lemma] * sqrt(s), stretched to the length idf: a scene's is the sum over its words.
 * Deterministic.
 */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>

#include "io/dictfile.h"
#include "scenes/parts.h"

enum { WINDOW_WORDS = 90, VOCAB = 12000, DF_MIN = 25, RANK = VEC_N + 16, ROUNDS = 7, SCALE = 8 };
static const char *const SKIP[] = { "bible_", "folk_didoyskiy", "tech_" };

struct cell {
	uint32_t col;
	float v;
};
static struct {
	struct strtab lemma;
	uint32_t *df, *last;			/* [lemma.n] documents, last document seen */
	size_t cap;
	uint32_t *tok;				/* lemma ids, documents one after another */
	size_t n_tok, cap_tok;
	size_t *doc;				/* starts in tok */
	size_t n_doc, cap_doc;
	struct word_cache *cache;
} c;

static void add_word(struct str s)
{
	uint32_t id = strtab_add(&c.lemma, s);

	if (c.lemma.n > c.cap) {
		c.cap = c.lemma.n * 2;
		c.df = mem_resize(c.df, c.cap, sizeof *c.df);
		c.last = mem_resize(c.last, c.cap, sizeof *c.last);
	}
	if (id + 1 == c.lemma.n && !c.df[id])
		c.last[id] = UINT32_MAX;
	if (c.last[id] != c.n_doc) {
		c.last[id] = (uint32_t)c.n_doc;
		c.df[id]++;
	}
	VEC_PUSH(c.tok, c.n_tok, c.cap_tok) = id;
}

static enum status add_book(void *ctx, struct book *b, struct err *e)
{
	struct arena a = arena_open("book");
	struct words w;
	int n = 0;

	(void)ctx;
	(void)e;
	words_read(&w, b, c.cache, &a);
	for (size_t i = 0; i < w.n; i++) {
		const struct lemma *l = &w.lemma[w.w[i].lemma];

		if (!pos_is_content(w.w[i].pos) || l->flags & (WORD_PROPER | WORD_UNKNOWN)
		    || w.w[i].flags & WORD_PROPER)
			continue;
		if (n == 0)
			VEC_PUSH(c.doc, c.n_doc, c.cap_doc) = c.n_tok;
		add_word(l->s);
		n = (n + 1) % WINDOW_WORDS;
	}
	arena_close(&a);
	return OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_all(const char *dir)
{
	char **name = NULL, path[4096];
	size_t n = 0, cap = 0;
	DIR *d = opendir(dir);
	struct dirent *f;

	must(d);
	while ((f = readdir(d))) {
		bool skip = !str_ends(str_of(f->d_name), S(".txt"));

		for (size_t i = 0; i < sizeof SKIP / sizeof *SKIP; i++)
			skip |= str_starts(str_of(f->d_name), str_of(SKIP[i]));
		if (!skip)
			VEC_PUSH(name, n, cap) = strdup(f->d_name);
	}
	closedir(d);
	qsort(name, n, sizeof *name, by_name);
	for (size_t i = 0; i < n; i++) {
		struct buf b = { 0 };
		struct err e = { 0 };

		snprintf(path, sizeof path, "%s/%s", dir, name[i]);
		if (file_read(&b, path, LIMIT_BOOK, &e) || text_read(buf_view(&b), name[i], add_book, NULL, &e))
			fprintf(stderr, "%s: %s\n", name[i], e.msg);
		buf_free(&b);
		free(name[i]);
	}
	mem_free(name);
	fprintf(stderr, "%zu books, %zu windows, %zu lemmas\n", n, c.n_doc, c.lemma.n);
}

/* ---- the matrix ----------------------------------------------------------------------- */
static uint32_t *col;			/* [lemma.n] column + 1, 0 none */
static uint32_t *col_lemma;		/* [n_col] */
static float *idf;			/* [n_col] */
static size_t n_col;
static struct cell *cell;
static size_t *row;			/* [n_doc + 1] */

static int by_df(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return c.df[x] != c.df[y] ? (c.df[x] < c.df[y] ? 1 : -1) : (x > y) - (x < y);
}

static void choose_columns(void)
{
	uint32_t *v = mem_alloc(c.lemma.n, sizeof *v);
	size_t n = 0;

	for (uint32_t i = 0; i < c.lemma.n; i++)
		if (c.df[i] >= DF_MIN && c.df[i] < c.n_doc / 10)
			v[n++] = i;
	qsort(v, n, sizeof *v, by_df);
	n_col = n < VOCAB ? n : VOCAB;
	col = mem_alloc(c.lemma.n, sizeof *col);
	idf = mem_alloc(n_col, sizeof *idf);
	col_lemma = v;
	for (size_t i = 0; i < n_col; i++) {
		col[v[i]] = (uint32_t)i + 1;
		idf[i] = logf((float)c.n_doc / (float)c.df[v[i]]);
	}
}

static void fill_matrix(void)
{
	uint16_t *tf = mem_alloc(n_col, sizeof *tf);
	size_t n = 0;

	cell = mem_alloc(c.n_tok, sizeof *cell);
	row = mem_alloc(c.n_doc + 1, sizeof *row);
	for (size_t d = 0; d < c.n_doc; d++) {
		size_t end = d + 1 < c.n_doc ? c.doc[d + 1] : c.n_tok;
		double norm = 0;

		row[d] = n;
		for (size_t i = c.doc[d]; i < end; i++)
			if (col[c.tok[i]])
				tf[col[c.tok[i]] - 1]++;
		for (size_t i = c.doc[d]; i < end; i++) {
			uint32_t k = col[c.tok[i]];

			if (!k || !tf[k - 1])
				continue;
			float v = logf(1 + tf[k - 1]) * idf[k - 1];
			tf[k - 1] = 0;
			norm += (double)v * v;
			cell[n++] = (struct cell){ k - 1, v };
		}
		for (size_t i = row[d]; i < n; i++)
			cell[i].v /= (float)sqrt(norm > 0 ? norm : 1);
	}
	row[c.n_doc] = n;
	mem_free(tf);
}

/* y = A'A x for RANK columns: x, y [n_col][RANK] */
static void gram_times(float *y, const float *x)
{
	memset(y, 0, n_col * RANK * sizeof *y);
	for (size_t d = 0; d < c.n_doc; d++) {
		float t[RANK] = { 0 };

		for (size_t i = row[d]; i < row[d + 1]; i++)
			for (int k = 0; k < RANK; k++)
				t[k] += cell[i].v * x[cell[i].col * RANK + k];
		for (size_t i = row[d]; i < row[d + 1]; i++)
			for (int k = 0; k < RANK; k++)
				y[cell[i].col * RANK + k] += cell[i].v * t[k];
	}
}

/* Gram–Schmidt on columns, twice for accuracy; len[k] the length taken off. */
static void orthonormal(float *x, double len[RANK])
{
	for (int k = 0; k < RANK; k++) {
		len[k] = 1;
		for (int pass = 0; pass < 2; pass++) {
			double norm = 0;

			for (int j = 0; j < k; j++) {
				double dot = 0;

				for (size_t i = 0; i < n_col; i++)
					dot += (double)x[i * RANK + j] * x[i * RANK + k];
				for (size_t i = 0; i < n_col; i++)
					x[i * RANK + k] -= (float)dot * x[i * RANK + j];
			}
			for (size_t i = 0; i < n_col; i++)
				norm += (double)x[i * RANK + k] * x[i * RANK + k];
			norm = sqrt(norm);
			len[k] *= norm;
			for (size_t i = 0; i < n_col; i++)
				x[i * RANK + k] /= (float)(norm > 0 ? norm : 1);
		}
	}
}

/* Every lemma's vector has the length idf: common words would otherwise drown the rest. */
static void print_vectors(const float *x, const double len[RANK])
{
	printf("# scene_vec.tsv - vectors of %zu lemmas, made by bench/fit/fit_vec.c from %zu windows of\n"
	       "# Russian books in the public domain. One letter a number: '0' + 32 + value.\n"
	       "lemma\tvector\n", n_col, c.n_doc);
	for (size_t i = 0; i < n_col; i++) {
		struct str s = c.lemma.s[col_lemma[i]];
		double v[VEC_N], norm = 1e-12;

		for (int k = 0; k < VEC_N; k++) {
			v[k] = x[i * RANK + k + 1] * pow(len[k + 1], 0.25);	/* len = s^2 */
			norm += v[k] * v[k];
		}
		printf(STR_FMT "\t", STR_ARG(s));
		for (int k = 0; k < VEC_N; k++) {
			long q = lrint(v[k] / sqrt(norm) * idf[i] * SCALE);

			putchar('0' + 32 + (int)(q < -31 ? -31 : q > 31 ? 31 : q));
		}
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	struct dictfile df;
	struct err e = { 0 };

	if (argc != 2 || dictfile_open(&df, NULL, &e)) {
		fprintf(stderr, "use: fit_vec BOOKS_DIR > data/ru/scene_vec.tsv (%s)\n", e.msg);
		return 2;
	}
	c.lemma = strtab_open("lemmas");
	c.cache = word_cache_open(df.dict);
	read_all(argv[1]);
	choose_columns();
	fill_matrix();
	float *x = mem_alloc(n_col * RANK, sizeof *x), *y = mem_alloc(n_col * RANK, sizeof *y);
	struct rng r = rng_stream(1, "fit_vec", 0);
	double len[RANK];
	for (size_t i = 0; i < n_col * RANK; i++)
		x[i] = (float)rng_normal(&r);
	orthonormal(x, len);
	for (int i = 0; i < ROUNDS; i++) {
		gram_times(y, x);
		memcpy(x, y, n_col * RANK * sizeof *x);
		orthonormal(x, len);
		fprintf(stderr, "round %d: s1 %.1f s2 %.1f s%d %.1f\n", i, sqrt(len[0]), sqrt(len[1]),
		        VEC_N + 1, sqrt(len[VEC_N]));
	}
	print_vectors(x, len);
	return 0;
}
