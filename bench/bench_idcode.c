/* bench_idcode.c - the ledger's coder beside zstd -19: bits a character and speed, on letters
 * and on words of a library as ids (2 or 3 bytes, big-endian, for zstd).
 *
 *   in    a folder of plain texts (argument 1; the shipped stories when there is none)
 */
#include <dirent.h>
#include <stdlib.h>
#include <time.h>
#include <zstd.h>

#include "order/idcode.h"

struct stream { uint32_t *id; size_t n, cap; uint32_t symbols; };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void gather(struct buf *text, const char *folder, int depth)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	char path[4096];
	char *name[4096];
	size_t n = 0;

	while (d && (f = readdir(d)) && n < 4096)
		if (f->d_name[0] != '.')
			name[n++] = strdup(f->d_name);
	if (d)
		closedir(d);
	qsort(name, n, sizeof *name, by_name);
	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };
		struct buf one = { 0 };

		if (snprintf(path, sizeof path, "%s/%s", folder, name[i]) >= (int)sizeof path)
			continue;
		if (dir_exists(path) && depth < 3)
			gather(text, path, depth + 1);
		else if (str_ends(str_of(path), S(".txt")))
			file_read(&one, path, (size_t)512 << 20, &e);
		buf_str(text, buf_view(&one));
		buf_free(&one);
		free(name[i]);
	}
}

static struct stream letters(struct str text)
{
	struct stream s = { .symbols = 0x110000 };
	const char *p = text.p, *end = text.p + text.n;

	while (p < end)
		VEC_PUSH(s.id, s.n, s.cap) = utf8_next(&p, end);
	return s;
}

/* Runs of letters with the blank before them, and single other characters. */
static struct stream words(struct str text)
{
	struct strtab t = strtab_open("bench");
	struct stream s = { 0 };
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		const char *from = p, *q;

		utf8_next(&p, end);
		for (q = p; q < end && rune_is_letter(utf8_next(&q, end)); p = q)
			;
		VEC_PUSH(s.id, s.n, s.cap) = strtab_add(&t, (struct str){ from, (size_t)(p - from) });
	}
	s.symbols = (uint32_t)t.n;
	strtab_close(&t);
	return s;
}

static void zstd(const struct stream *s, int width, double chars)
{
	size_t n = s->n * (size_t)width, cap = ZSTD_compressBound(n);
	uint8_t *in = mem_alloc(n + 1, 1);
	void *out = mem_alloc(cap, 1);
	double t;

	for (size_t i = 0; i < s->n; i++)
		for (int k = 0; k < width; k++)
			in[i * (size_t)width + (size_t)k] = (uint8_t)(s->id[i] >> 8 * (width - 1 - k));
	t = now();
	n = ZSTD_compress(out, cap, in, n, 19);
	t = now() - t;
	printf("  zstd -19, %d bytes  %.3f bits a character  %7.1f s\n", width, (double)n * 8 / chars, t);
	mem_free(in);
	mem_free(out);
}

static void measure(const char *name, const struct stream *s, int width, double chars)
{
	struct buf out = { 0 };
	struct err e = { 0 };
	double t = now();

	idcode_pack(&out, s->id, s->n, s->symbols, NULL, &e);
	t = now() - t;
	printf("%s: %zu ids\n  ours               %.3f bits a character  %7.1f s, %.2f M ids/s\n", name, s->n,
	       (double)out.n * 8 / chars, t, (double)s->n / t / 1e6);
	buf_free(&out);
	zstd(s, width, chars);
}

int main(int argc, char **argv)
{
	struct buf text = { 0 };
	struct stream s;
	double chars;

	gather(&text, argc > 1 ? argv[1] : "library", 0);
	chars = (double)utf8_count(buf_view(&text));
	printf("%.2f M characters\n", chars / 1e6);
	s = letters(buf_view(&text));
	measure("letters", &s, 2, chars);
	mem_free(s.id);
	s = words(buf_view(&text));
	measure("words", &s, 3, chars);
	mem_free(s.id);
	buf_free(&text);
	return 0;
}
