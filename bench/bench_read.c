/* bench_read.c - from bytes to lines of glyphs on one core, stage by stage, without the store.
 *
 *   in    a folder of plain-text books (argument 1; the shipped library when there is none)
 *   out   seconds and MB of text a second for each stage and for all, fastest of three walks
 *
 * MB are bytes of UTF-8 text. Beside it, the floor: reading the same bytes once from memory.
 */
#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "glyphs/glyphs.h"
#include "io/dictfile.h"
#include "order/order.h"

enum { TEXT, WORDS, SCENES, GLYPHS, STRIP, STAGES };
static const char *const stage_name[STAGES] = { "text", "words", "scenes", "glyphs", "strips" };

struct bench {
	struct word_cache *cache;
	struct aliases *aliases;
	double s[STAGES], mark;
	size_t bytes, words, scenes, line_bytes;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void lap(struct bench *b, int stage)
{
	double t = now();

	b->s[stage] += t - b->mark;
	b->mark = t;
}

static enum status each(void *ctx, struct book *k, struct err *e)
{
	struct bench *b = ctx;
	struct arena a = arena_open("bench");
	struct buf strip = { 0 };
	struct words w;
	struct scene *s;
	size_t n;

	(void)e;
	lap(b, TEXT);
	words_read(&w, k, b->cache, &a);
	lap(b, WORDS);
	scenes_read(&s, &n, k, &w, &a);
	lap(b, SCENES);
	for (size_t i = 0; i < n; i++) {
		struct buf line = { 0 };
		struct skeleton sk;

		skeleton_of(&sk, &s[i]);
		glyph_encode(&line, &sk, b->aliases);
		b->line_bytes += line.n;
		buf_free(&line);
	}
	lap(b, GLYPHS);
	strip_make(&strip, k, &w, s, n);
	lap(b, STRIP);
	b->words += w.n;
	b->scenes += n;
	buf_free(&strip);
	arena_close(&a);
	b->mark = now();
	return OK;
}

static void walk(struct bench *b, const char *folder, int depth)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	char path[4096];

	while (d && (f = readdir(d))) {
		struct buf file = { 0 };
		struct err e = { 0 };

		if (f->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, f->d_name) >= (int)sizeof path)
			continue;
		if (dir_exists(path) && depth < 3) {
			walk(b, path, depth + 1);
			continue;
		}
		if (!str_ends(str_of(path), S(".txt")) || file_read(&file, path, LIMIT_BOOK, &e))
			continue;
		b->bytes += file.n;
		b->mark = now();
		text_read(buf_view(&file), f->d_name, each, b, &e);
		lap(b, TEXT);
		buf_free(&file);
	}
	if (d)
		closedir(d);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "library";
	struct bench best = { .s = { 1e9 } };
	struct dictfile dict;
	struct err e = { 0 };
	double all = 1e9;

	if (dictfile_open(&dict, NULL, &e)) {
		printf("bench_read: %s\n", e.msg);
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		struct bench b = { .cache = word_cache_open(dict.dict), .aliases = aliases_open() };
		double sum = 0;

		walk(&b, folder, 0);
		for (int k = 0; k < STAGES; k++)
			sum += b.s[k];
		word_cache_close(b.cache);
		aliases_close(b.aliases);
		if (sum < all) {
			all = sum;
			best = b;
		}
	}
	printf("%s: %.1f MB, %zu words, %zu scenes, %zu bytes of glyphs; one core\n", folder,
	       (double)best.bytes / 1e6, best.words, best.scenes, best.line_bytes);
	for (int k = 0; k < STAGES; k++)
		printf("  %-8s %7.2f s  %7.1f MB/s\n", stage_name[k], best.s[k], (double)best.bytes / 1e6 / best.s[k]);
	all -= best.s[STRIP];
	printf("  %-8s %7.2f s  %7.1f MB/s  (text to glyphs)\n", "all", all, (double)best.bytes / 1e6 / all);
	dictfile_close(&dict);
	return 0;
}
