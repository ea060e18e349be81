/* bench_tokens.c - tokenizers: characters a token, speed of training and encoding, and how far
 * that is from plain memory.
 *
 *   use   bench_tokens [SCHEME [VOCAB [BOOKS]]]     all schemes, 32768, ../shared/data/books
 *         bench_tokens --text FOLDER [BOOKS]        writes FOLDER/train.txt, dev.txt, test.txt
 *         bench_tokens --save FILE SCHEME [VOCAB [BOOKS]]
 *         bench_tokens --speed TOKENIZER TEXT       encoding by lines, for bench/peers/spm.sh
 *
 * Trains on the training books of data/ru/split.tsv as `ltm` reads them, tells characters a token
 * on dev and test books, gives the raw bytes of every book there and back, and times, by CPU of
 * one thread: training; encoding with an empty and with a full cache; decoding; and what a copy
 * of the same bytes takes.
 */
#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "base/data.h"
#include "io/tokenfile.h"
#include "order/order.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the library ----------------------------------------------------------------------- */

struct shelf { struct str *text; size_t n, cap; };
struct library {
	struct shelf part[3], raw;
	const char *path;
	struct arena mem;
};

static enum status one_book(void *ctx, struct book *b, struct err *e)
{
	struct library *l = ctx;
	enum split s = split_of(data_find("split.tsv"), str_of(l->path), b->title, b->author);
	struct shelf *to = &l->part[s];

	(void)e;
	VEC_PUSH(to->text, to->n, to->cap) = str_copy(&l->mem, b->text);
	return OK;
}

static int is_text(const struct dirent *d)
{
	return str_ends(str_of(d->d_name), S(".txt"));
}

static void read_all(struct library *l, const char *folder)
{
	struct dirent **name;
	int n = scandir(folder, &name, is_text, alphasort);

	l->mem = arena_open("library");
	for (int i = 0; i < n; i++) {
		struct str path = str_printf(&l->mem, "%s/%s", folder, name[i]->d_name);
		struct buf bytes = { 0 };
		struct err e = { 0 };

		l->path = path.p;
		if (file_read(&bytes, path.p, LIMIT_BOOK, &e) ||
		    text_read(buf_view(&bytes), path.p, one_book, l, &e))
			fprintf(stderr, "%s\n", e.msg);
		VEC_PUSH(l->raw.text, l->raw.n, l->raw.cap) = str_copy(&l->mem, buf_view(&bytes));
		buf_free(&bytes);
		free(name[i]);
	}
	free(name);
}

static size_t bytes_of(const struct shelf *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->text[i].n;
	return n;
}

static size_t runes_of(const struct shelf *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += utf8_count(s->text[i]);
	return n;
}

static int write_texts(const struct library *l, const char *folder)
{
	for (int s = 0; s < 3; s++) {
		struct buf b = { 0 };
		char path[4096];
		struct err e = { 0 };

		for (size_t i = 0; i < l->part[s].n; i++) {
			buf_str(&b, l->part[s].text[i]);
			buf_char(&b, '\n');
		}
		snprintf(path, sizeof path, "%s/%s.txt", folder, split_name((enum split)s));
		if (file_save(path, buf_view(&b), &e))
			return fprintf(stderr, "%s\n", e.msg), 1;
		printf("%s: %zu bytes, %zu characters\n", path, b.n, utf8_count(buf_view(&b)));
		buf_free(&b);
	}
	return 0;
}

/* ---- one tokenizer --------------------------------------------------------------------- */

static size_t encode_shelf(struct tokens_work *k, const struct shelf *s, struct ids *ids)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		ids->n = 0;
		tokens_encode(k, s->text[i], ids);
		n += ids->n;
	}
	return n;
}

static void fit(const struct tokenizer *t, const struct library *l)
{
	static const char *const name[] = { "train", "dev", "test" };
	struct tokens_work *k = tokens_work_open(t);
	struct ids ids = { 0 };

	for (int s = 0; s < 3; s++) {
		size_t n = encode_shelf(k, &l->part[s], &ids), c = runes_of(&l->part[s]);

		printf("  %-5s %9zu characters  %8zu tokens  %.3f characters a token\n", name[s], c, n,
		       (double)c / (double)n);
	}
	tokens_work_close(k);
	mem_free(ids.id);
}

static void round_trip(const struct tokenizer *t, const struct shelf *s)
{
	struct tokens_work *k = tokens_work_open(t);
	struct ids ids = { 0 };
	struct buf back = { 0 };
	size_t same = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct err e = { 0 };

		ids.n = back.n = 0;
		tokens_encode(k, s->text[i], &ids);
		same += !tokens_decode(k, ids.id, ids.n, &back, &e) && str_eq(buf_view(&back), s->text[i]);
	}
	printf("  there and back: %zu of %zu books equal to the byte\n", same, s->n);
	buf_free(&back);
	mem_free(ids.id);
	tokens_work_close(k);
}

static void speed(const struct tokenizer *t, const struct shelf *s)
{
	enum { TURNS = 5 };
	double mb = (double)bytes_of(s) / 1e6, cold = 1e9, warm = 1e9, back = 1e9, copy = 1e9;
	struct ids all = { 0 };
	char *to = mem_alloc(bytes_of(s), 1);

	for (int i = 0; i < TURNS; i++) {
		struct tokens_work *k = tokens_work_open(t);
		struct ids ids = { 0 };
		struct buf b = { 0 };
		double t0 = seconds(), t1, t2, t3;
		size_t at = 0;

		encode_shelf(k, s, &ids);
		t1 = seconds();
		encode_shelf(k, s, &ids);
		t2 = seconds();
		for (size_t j = 0; j < s->n; at += s->text[j++].n)
			memcpy(to + at, s->text[j].p, s->text[j].n);
		t3 = seconds();
		cold = t1 - t0 < cold ? t1 - t0 : cold;
		warm = t2 - t1 < warm ? t2 - t1 : warm;
		copy = t3 - t2 < copy ? t3 - t2 : copy;
		all.n = 0;
		for (size_t j = 0; j < s->n; j++)
			tokens_encode(k, s->text[j], &all);
		buf_add(&b, to, at);	/* pages are there */
		b.n = 0;
		t0 = seconds();
		tokens_decode(k, all.id, all.n, &b, NULL);
		t1 = seconds();
		back = t1 - t0 < back ? t1 - t0 : back;
		buf_free(&b);
		mem_free(ids.id);
		tokens_work_close(k);
	}
	printf("  encode %.0f MB/s from an empty cache, %.0f from a full one; decode %.0f; copy of the "
	       "bytes %.0f (%.1f MB)\n", mb / cold, mb / warm, mb / back, mb / copy, mb);
	mem_free(all.id);
	mem_free(to);
}

/* By lines, as the other library is given them; the line ends count as bytes but are not encoded. */
static int by_lines(const char *file, const char *path)
{
	struct tokenfile f;
	struct buf text = { 0 };
	struct ids ids = { 0 };
	struct err e = { 0 };
	double first = 0, best = 1e9;

	if (tokenfile_open(&f, file, NULL, &e) || file_read(&text, path, LIMIT_BOOK, &e))
		return fprintf(stderr, "%s\n", e.msg), 1;
	struct tokens_work *k = tokens_work_open(f.t);

	for (int i = 0; i < 4; i++) {
		struct str rest = buf_view(&text), line;
		double t0 = seconds();

		ids.n = 0;
		while (str_cut(&rest, '\n', &line))
			tokens_encode(k, line, &ids);
		t0 = seconds() - t0;
		first = i ? first : t0;
		best = t0 < best ? t0 : best;
	}
	printf("  ltm               %.1f MB/s, at first %.1f, %zu tokens\n", (double)text.n / 1e6 / best,
	       (double)text.n / 1e6 / first, ids.n);
	tokens_work_close(k);
	tokenfile_close(&f);
	mem_free(ids.id);
	buf_free(&text);
	return 0;
}

static int one(const char *scheme, uint32_t vocab, const struct library *l, const struct dict *d,
               const char *save)
{
	struct tokens_plan p = { .vocab = vocab, .dict = d };
	struct tokenizer *t, *again;
	struct err e = { 0 };
	struct buf file = { 0 };
	double t0 = seconds(), t1;

	if (!tokens_scheme_find(&p.scheme, str_of(scheme)) ||
	    tokens_train(&t, &p, l->part[0].text, l->part[0].n, NULL, &e))
		return fprintf(stderr, "%s: %s\n", scheme, e.msg[0] ? e.msg : "no such scheme"), 1;
	t1 = seconds();
	tokens_save(t, &file);
	printf("%s: vocabulary %u, trained in %.2f s on %.1f MB, file %zu bytes\n", scheme, tokens_vocab(t),
	       t1 - t0, (double)bytes_of(&l->part[0]) / 1e6, file.n);
	if (tokens_open(&again, buf_view(&file), d, &e) || (save && file_save(save, buf_view(&file), &e)))
		return fprintf(stderr, "%s: %s\n", scheme, e.msg), 1;
	fit(again, l);
	if (tokens_reversible(p.scheme))
		round_trip(again, &l->raw);
	speed(again, &l->part[2]);
	fflush(stdout);
	tokens_close(t);
	tokens_close(again);
	buf_free(&file);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const all[] = { "byte", "morph", "hyper", "fold", "lemma" };
	bool text = argc > 2 && !strcmp(argv[1], "--text"), save = argc > 2 && !strcmp(argv[1], "--save");
	int skip = text || save ? 2 : 0, bad = 0;
	char **arg = argv + 1 + skip;
	int n = argc - 1 - skip;
	const char *folder = text ? (n > 0 ? arg[0] : NULL) : n > 2 ? arg[2] : NULL;
	uint32_t vocab = n > 1 && !text ? (uint32_t)atoi(arg[1]) : 32768;
	struct library l = { 0 };
	struct dictfile d = { 0 };
	struct err e = { 0 };

	if (argc == 4 && !strcmp(argv[1], "--speed"))
		return by_lines(argv[2], argv[3]);
	read_all(&l, folder ? folder : "../shared/data/books");
	if (text)
		return write_texts(&l, argv[2]);
	if (dictfile_open(&d, NULL, &e))
		fprintf(stderr, "%s\n", e.msg);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		enum tokens_scheme s;

		if (n > 0 ? !strcmp(arg[0], all[i]) : tokens_scheme_find(&s, str_of(all[i])))
			bad |= one(all[i], vocab, &l, d.dict, save ? argv[2] : NULL);
	}
	dictfile_close(&d);
	return bad;
}
