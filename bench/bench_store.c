/* bench_store.c - how long the store takes for a library.
 *
 *   in    BENCH_BOOKS books (240) of BENCH_SCENES scenes (225) of BENCH_WORDS words (135)
 *   out   seconds of put, finish, search, all skeletons, all scenes, check; the file's size,
 *         peak memory before the check
 *
 * Synthetic books (tests/unit/synth_book.h); making them is not counted.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../tests/unit/synth_book.h"

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int count(void *ctx, int64_t scene, int64_t book, const struct skeleton *k, struct str line)
{
	(void)scene, (void)book, (void)k, (void)line;
	++*(size_t *)ctx;
	return 0;
}

/* Every field of every scene, a book at a time. */
static enum status all_scenes(struct store *s, size_t books, struct err *e)
{
	for (size_t i = 1; i <= books; i++) {
		struct arena a = arena_open("bench");
		struct scene_row *c;
		size_t n;
		store_scenes(s, (int64_t)i, &c, &n, &a, e);
		arena_close(&a);
	}
	return e->code;
}

static size_t number(const char *name, size_t otherwise)
{
	const char *v = getenv(name);

	return v ? strtoul(v, NULL, 10) : otherwise;
}

int main(void)
{
	size_t books = number("BENCH_BOOKS", 240), scenes = number("BENCH_SCENES", 225);
	size_t words = number("BENCH_WORDS", 135), bytes = 0;
	const char *dir = getenv("TMPDIR");
	char path[4096];
	struct err e = { 0 };
	struct store *s;
	double put = 0, put_wall = 0, t, tw;

	snprintf(path, sizeof path, "%s/bench_store.%d.db", dir ? dir : "/tmp", (int)getpid());
	if (store_open(&s, path, STORE_WRITE, &e))
		return fprintf(stderr, "%s\n", e.msg), 5;
	for (size_t i = 0; i < books; i++) {
		struct arena a = arena_open("bench");
		struct book_put b;
		synth_put(&b, i + 1, scenes, words, &a);
		bytes += b.book->text.n;
		t = cpu(), tw = wall();
		if (store_book_put(s, &b, &e))
			return fprintf(stderr, "%s\n", e.msg), 5;
		put += cpu() - t, put_wall += wall() - tw;
		arena_close(&a);
	}
	t = cpu(), tw = wall();
	if (store_finish(s, &e))
		return fprintf(stderr, "%s\n", e.msg), 5;
	double finish = cpu() - t, finish_wall = wall() - tw;
	struct arena a = arena_open("bench");
	struct str q[2] = { synth_lemma(&a, 7), synth_lemma(&a, 300) };
	struct hit *hit;
	size_t n;
	t = cpu();
	if (store_search(s, q, 2, 10, &hit, &n, &a, &e))
		return fprintf(stderr, "%s\n", e.msg), 5;
	double search = cpu() - t;
	t = cpu(), n = 0;
	if (store_skeletons(s, count, &n, &e) || n != books * scenes)
		return fprintf(stderr, "%s\n", e.msg), 5;
	double skeletons = cpu() - t;
	t = cpu();
	if (all_scenes(s, books, &e))
		return fprintf(stderr, "%s\n", e.msg), 5;
	double rows = cpu() - t;
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	t = cpu();
	if (store_check(s, &e))
		return fprintf(stderr, "%s\n", e.msg), 5;
	double check = cpu() - t;
	struct stat st;
	stat(path, &st);
	printf("store: %zu scenes, %.1f MB text, %.2f M words: put %.2f s (wall %.2f), finish %.2f s "
	       "(wall %.2f), search %.4f s, skeletons %.2f s, scenes %.2f s, check %.2f s, file %.1f MB, peak %.0f MB\n",
	       books * scenes, (double)bytes / 1e6, (double)(books * scenes * words) / 1e6, put,
	       put_wall, finish, finish_wall, search, skeletons, rows,
	       check, (double)st.st_size / 1e6,
	       (double)u.ru_maxrss / 1024);
	store_close(s);
	unlink(path);
	arena_close(&a);
	return 0;
}
