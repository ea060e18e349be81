/* bench_fold.c - what each step of folding saves, measured on books set aside.
 *
 *   use   bench_fold [VOCAB [SET]]        SET: test (default) or dev; LTM_SHARED or ../shared
 *         bench_fold VOCAB SET [OPTIONS SHARE]...   these: sums of enum fold_option, shares of lexemes
 *         bench_fold all VOCAB            round trip of every book of the library
 *         bench_fold lemma VOCAB [SET]    the lossy scheme and what it loses
 *
 * Trains on the books that data/ru/split.tsv gives to training and prints, a line a setting, characters
 * a token on the other set, tokens in use there, and what became of the words. Every text is decoded
 * and compared. Speeds are of one core, by CPU time.
 */
#include <dirent.h>
#include <stdlib.h>
#include <time.h>
#include "base/data.h"
#include "io/dictfile.h"
#include "order/order.h"
#include "words/fold/fold.h"

struct texts { struct str *s; size_t n, cap, bytes, chars; };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Books of a split; split < 0: all. */
static struct texts load(const char *dir, int split)
{
	struct texts t = { 0 };
	char **name = NULL;
	size_t n = 0, cap = 0;
	DIR *d = opendir(dir);
	struct dirent *x;

	if (!d) {
		fprintf(stderr, "%s: not there; set LTM_SHARED\n", dir);
		exit(5);
	}
	while ((x = readdir(d)))
		if (str_ends(str_of(x->d_name), S(".txt")))
			VEC_PUSH(name, n, cap) = strdup(x->d_name);
	closedir(d);
	if (n)
		qsort(name, n, sizeof *name, name_cmp);
	for (size_t i = 0; i < n; i++) {
		char path[4096];
		struct buf b = { 0 };
		struct err e = { 0 };

		if (split >= 0 && (int)split_of(data_find("split.tsv"), str_of(name[i]),
		                                S(""), S("")) != split)
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, name[i]);
		if (file_read(&b, path, 64 << 20, &e)) {
			fprintf(stderr, "%s\n", e.msg);
			exit(5);
		}
		VEC_PUSH(t.s, t.n, t.cap) = buf_view(&b);
		t.bytes += b.n;
		t.chars += utf8_count(buf_view(&b));
	}
	return t;
}

struct result {
	double per_token, encode_mb, decode_mb;
	size_t tokens, used, wrong;
	struct fold_count c;
};

static struct result measure(const struct tokenizer *t, const struct texts *x)
{
	struct tokens_work k = { t, scheme_fold.work_open(t) };
	struct result r = { 0 };
	uint8_t *used = mem_alloc(t->n, 1);
	double enc = 0, dec = 0, t0;
	struct ids ids = { 0 };
	struct buf b = { 0 };

	for (size_t i = 0; i < x->n; i++) {
		struct err e = { 0 };

		ids.n = b.n = 0;
		t0 = seconds();
		scheme_fold.encode(&k, x->s[i], &ids);
		enc += seconds() - t0;
		t0 = seconds();
		enum status s = scheme_fold.decode(&k, ids.id, ids.n, &b, &e);
		dec += seconds() - t0;
		if (s || !str_eq(buf_view(&b), x->s[i])) {
			size_t at = 0;

			while (at < b.n && at < x->s[i].n && b.p[at] == x->s[i].p[at])
				at++;
			fprintf(stderr,
			        "text %zu: wrong at byte %zu: %s\n  is  %.*s\n  was "
			        "%.*s\n",
			        i, at, e.msg, (int)(b.n - at > 60 ? 60 : b.n - at),
			        b.p + at,
			        (int)(x->s[i].n - at > 60 ? 60 : x->s[i].n - at),
			        x->s[i].p + at);
			r.wrong++;
		}
		r.tokens += ids.n;
		for (size_t j = 0; j < ids.n; j++)
			used[ids.id[j]] = 1;
	}
	for (uint32_t i = 0; i < t->n; i++)
		r.used += used[i];
	r.c = fold_counts(&k);
	r.per_token = (double)x->chars / (double)(r.tokens ? r.tokens : 1);
	r.encode_mb = (double)x->bytes / 1e6 / enc;
	r.decode_mb = (double)x->bytes / 1e6 / dec;
	scheme_fold.work_close(k.own);
	mem_free(ids.id);
	mem_free(used);
	buf_free(&b);
	return r;
}

static void train(struct tokenizer *t, const struct dict *d, const struct fold_school *x,
                  uint32_t option, uint32_t vocab, float share)
{
	struct fold_plan q = { .option = option, .vocab = vocab, .lexemes = share };
	struct err e = { 0 };
	struct fold o;

	*t = (struct tokenizer){ .scheme = TOKENS_FOLD, .of = &scheme_fold, .dict = d,
	                         .mem = arena_open("t") };
	if (!fold_learn(&o, x, &q, NULL, &e)) {
		fold_give(t, &o);
		fold_clear(&o);
		if (!scheme_fold.ready(t, &e))
			return;
	}
	fprintf(stderr, "%s\n", e.msg);
	exit(3);
}

static void drop(struct tokenizer *t)
{
	scheme_fold.close(t);
	arena_close(&t->mem);
}

static void row(const char *name, const struct result *r, double train_s, uint32_t vocab)
{
	double w = (double)r->c.words / 100;

	printf("%-34s %6.3f %8zu %6u %6zu  %5.1f %5.1f %5.1f %5.1f %5.1f  %5.1f %5.1f "
	       "%6.1f%s\n",
	       name, r->per_token, r->tokens, vocab, r->used, (double)r->c.lexemes / w,
	       (double)(r->c.one_form) / w, (double)r->c.base / w, (double)r->c.agree / w,
	       (double)r->c.form / w, r->encode_mb, r->decode_mb, train_s,
	       r->wrong ? "  WRONG" : "");
	fflush(stdout);
}

static void head(void)
{
	printf("%-34s %6s %8s %6s %6s  %5s %5s %5s %5s %5s  %5s %5s %6s\n", "folded",
	       "ch/tok", "tokens", "vocab", "used", "lex%", "one%", "base%", "agr%",
	       "form%", "enc", "dec", "train");
}

static const struct step { const char *name; uint32_t option; } steps[] = {
	{ "lemma and tag, always both", 0 },
	{ "+ base form needs no tag", FOLD_BASE },
	{ "+ agreement needs no tag", FOLD_BASE | FOLD_AGREE },
	{ "+ prepositions folded", FOLD_BASE | FOLD_AGREE | FOLD_PREP },
	{ "+ conjunctions, particles", FOLD_BASE | FOLD_AGREE | FOLD_PREP | FOLD_CONJ },
	{ "+ marks", FOLD_DEFAULT & ~FOLD_FUSE },
	{ "+ fused pairs (the default)", FOLD_DEFAULT },
	{ "+ several lexemes a token", FOLD_DEFAULT | FOLD_CHAIN },
	{ "default, no tag where spelled alike", FOLD_DEFAULT | FOLD_LAZY },
	{ "default, usual form needs no tag", FOLD_DEFAULT | FOLD_USUAL },
};

static void one(const struct dict *d, const struct fold_school *tr,
                const struct texts *te, const char *name, uint32_t option, uint32_t vocab,
                float share)
{
	struct tokenizer t;
	double t0 = seconds();

	train(&t, d, tr, option, vocab, share);
	t0 = seconds() - t0;
	struct result r = measure(&t, te);

	row(name, &r, t0, t.n);
	drop(&t);
}

/* ---- the lossy scheme ------------------------------------------------------------------------------ */

static double share(uint64_t a, uint64_t b)
{
	return b ? 100.0 * (double)a / (double)b : 0;
}

static void lemmas(const struct dict *d, const struct texts *tr, const struct texts *te,
                   const char *name, uint32_t option, uint32_t vocab)
{
	struct tokenizer t = { .scheme = TOKENS_LEMMA,
		               .of = &scheme_lemma,
		               .dict = d,
		               .mem = arena_open("t") };
	struct tokens_plan p = { TOKENS_LEMMA, vocab, d };
	struct ids ids = { 0 };
	struct err e = { 0 };
	double t0;

	if (lemma_train(&t, &p, option, tr->s, tr->n, NULL, &e) ||
	    scheme_lemma.ready(&t, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		exit(3);
	}
	struct tokens_work k = { &t, scheme_lemma.work_open(&t) };
	uint8_t *used = mem_alloc(t.n, 1);
	size_t n_used = 0;

	t0 = seconds();
	for (size_t i = 0; i < te->n; i++)
		scheme_lemma.encode(&k, te->s[i], &ids);
	t0 = seconds() - t0;
	for (size_t i = 0; i < ids.n; i++) {
		n_used += !used[ids.id[i]];
		used[ids.id[i]] = 1;
	}
	struct lemma_count c = lemma_counts(&k);

	printf("%s: %.3f characters a token, %zu tokens, vocabulary %u, %zu in use, %.1f "
	       "MB/s\n",
	       name, (double)te->chars / (double)ids.n, ids.n, t.n, n_used,
	       (double)te->bytes / 1e6 / t0);
	printf("  of %llu words kept %.1f %%; dropped: function words %.1f %% (negations "
	       "%.2f %%), pronouns %.1f %%\n",
	       (unsigned long long)c.words, share(c.kept, c.words),
	       share(c.function, c.words), share(c.negations, c.words),
	       share(c.pronouns, c.words));
	printf("  of the kept: form lost %.1f %%, capital lost %.1f %%, names %.1f %%, "
	       "spelled %.1f %%; "
	       "%llu marks dropped\n",
	       share(c.forms, c.kept), share(c.capitals, c.kept), share(c.names, c.kept),
	       share(c.spelled, c.kept), (unsigned long long)c.marks);
	scheme_lemma.work_close(k.own);
	scheme_lemma.close(&t);
	arena_close(&t.mem);
	mem_free(ids.id);
	mem_free(used);
}

int main(int argc, char **argv)
{
	const char *shared = getenv("LTM_SHARED") ? getenv("LTM_SHARED") : "../shared";
	bool all = argc > 1 && !strcmp(argv[1], "all"),
	     lemma = argc > 1 && !strcmp(argv[1], "lemma");

	argc -= all || lemma;
	argv += all || lemma;
	uint32_t vocab = argc > 1 ? (uint32_t)atoi(argv[1]) : 32768;
	struct dictfile d;
	struct err e = { 0 };
	char dir[4096];

	snprintf(dir, sizeof dir, "%s/data/books", shared);
	if (dictfile_open(&d, NULL, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 5;
	}
	struct texts tr = load(dir, SPLIT_TRAIN);
	struct texts te = load(dir, all                                   ? -1
	                            : argc > 2 && !strcmp(argv[2], "dev") ? SPLIT_DEV
	                                                                  : SPLIT_TEST);

	printf("# trained on %zu books, %.1f M characters; measured on %zu books, %.2f M "
	       "characters\n",
	       tr.n, (double)tr.chars / 1e6, te.n, (double)te.chars / 1e6);
	if (lemma) {
		lemmas(d.dict, &tr, &te, "content words", 0, vocab);
		lemmas(d.dict, &tr, &te, "and pronouns, not", LEMMA_PRONOUNS | LEMMA_NOT,
		       vocab);
		return 0;
	}
	struct inflect *f = inflect_open(d.dict);
	struct fold_school *school;
	double t0 = seconds();

	if (fold_school_open(&school, f, d.dict, tr.s, tr.n, NULL, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 3;
	}
	printf("# reading the training books: %.1f s\n", seconds() - t0);
	head();
	if (all)
		one(d.dict, school, &te, "default, every book", FOLD_DEFAULT, vocab, 0);
	for (int i = 3; i < argc; i += 2)
		one(d.dict, school, &te, argv[i], (uint32_t)atoi(argv[i]), vocab,
		    i + 1 < argc ? (float)atof(argv[i + 1]) : 0);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && !all && argc <= 3; i++)
		one(d.dict, school, &te, steps[i].name, steps[i].option, vocab, 0);
	fold_school_close(school);
	inflect_close(f);
	dictfile_close(&d);
	return 0;
}
