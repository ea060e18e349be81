/* bench_hyper.c - hyperlexemes: what the tokenizer and the chains are worth, and how fast.
 *
 *   use   bench_hyper [--tokens FILE] [VOCAB [BOOKS]]      32768, ../shared/data/books
 *
 * Trains TOKENS_HYPER on the training books of data/ru/split.tsv (or opens FILE) and tells, for
 * dev and test books: characters a token on the text as the reader gives it and on the bytes of
 * the files as they are; what share of tokens hold more than one word; of the borders between
 * tokens inside words, what share are borders of morphemes by words/morph/morph.h (and what share of
 * all places inside words are, which is what chance would give). Then chains of words as they
 * stand, mined from the training books: time and saving. CPU time of one thread.
 */
#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "base/data.h"
#include "order/order.h"
#include "words/hyper/chains.h"
#include "words/morph/morph.h"
#include "words/tokens/tokens.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the library ----------------------------------------------------------------------- */

struct shelf { struct str *text; size_t n, cap; };
struct library {
	struct shelf part[3], raw[3];
	const char *path;
	enum split last;
	struct arena mem;
};

static enum status one_book(void *ctx, struct book *b, struct err *e)
{
	struct library *l = ctx;
	struct shelf *to;

	(void)e;
	l->last = split_of(data_find("split.tsv"), str_of(l->path), b->title, b->author);
	to = &l->part[l->last];
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
		struct buf bytes = { 0 };
		struct err e = { 0 };
		struct shelf *raw;

		l->path = str_printf(&l->mem, "%s/%s", folder, name[i]->d_name).p;
		if (file_read(&bytes, l->path, LIMIT_BOOK, &e) ||
		    text_read(buf_view(&bytes), l->path, one_book, l, &e)) {
			fprintf(stderr, "%s\n", e.msg);
		} else {
			raw = &l->raw[l->last];
			VEC_PUSH(raw->text, raw->n, raw->cap) = str_copy(&l->mem, buf_view(&bytes));
		}
		buf_free(&bytes);
		free(name[i]);
	}
	free(name);
}

/* ---- the tokenizer ------------------------------------------------------------------------ */

struct sum { double chars, tokens, many, inside, on, places, borders; };

/* The words of a text, their places between letters, and the ends of tokens there. ends [bytes
 * + 1] is 1 where a token ends. */
static void count_borders(struct sum *s, struct str text, const uint8_t *ends)
{
	const char *p = text.p, *end = p + text.n;

	while (p < end) {
		const char *from = p, *next = p;
		struct morph m[MORPHS_MAX];
		size_t letters = 0;
		int n;

		while (next < end && rune_is_cyrillic(utf8_next(&next, end))) {
			p = next;
			letters++;
		}
		if (p == from) {
			utf8_next(&p, end);
			continue;
		}
		n = morph_cut((struct str){ from, (size_t)(p - from) }, NULL, m);
		s->places += (double)(letters - 1);
		s->borders += n - 1;
		for (const char *q = from + 1; q < p; q++)
			s->inside += ends[q - text.p];
		for (int i = 1; i < n; i++)
			s->on += ends[from - text.p + m[i].off];
	}
}

static bool many_words(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	int words = 0;
	bool in = false;

	while (p < end) {
		bool letter = rune_is_letter(utf8_next(&p, end));

		words += letter && !in;
		in = letter;
	}
	return words > 1;
}

static struct sum measure(const struct tokenizer *t, const struct shelf *s, bool morphs)
{
	struct tokens_work *k = tokens_work_open(t);
	struct sum sum = { 0 };
	struct ids ids = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		uint8_t *ends = mem_alloc(s->text[i].n + 1, 1);
		size_t at = 0;

		ids.n = 0;
		tokens_encode(k, s->text[i], &ids);
		for (size_t x = 0; x < ids.n; x++) {
			struct str piece = tokens_piece(t, ids.id[x]);

			ends[at += piece.n] = 1;
			sum.many += many_words(piece);
		}
		sum.chars += (double)utf8_count(s->text[i]);
		sum.tokens += (double)ids.n;
		if (morphs)
			count_borders(&sum, s->text[i], ends);
		mem_free(ends);
	}
	mem_free(ids.id);
	tokens_work_close(k);
	return sum;
}

static void tell(const struct tokenizer *t, const struct library *l, int part)
{
	struct sum s = measure(t, &l->part[part], true), raw = measure(t, &l->raw[part], false);

	printf("  %-5s %.0f characters: %.3f a token; of the files as they are %.3f; %.1f %% of tokens hold "
	       "several words\n", split_name((enum split)part), s.chars, s.chars / s.tokens,
	       raw.chars / raw.tokens, 100 * s.many / s.tokens);
	printf("        borders of tokens inside words: %.1f %% are borders of morphemes (%.1f %% of places "
	       "are)\n", 100 * s.on / s.inside, 100 * s.borders / s.places);
}

static struct tokenizer *make(const char *file, uint32_t vocab, const struct shelf *s)
{
	struct tokens_plan p = { .scheme = TOKENS_HYPER, .vocab = vocab };
	struct tokenizer *t = NULL;
	struct buf bytes = { 0 };
	struct err e = { 0 };
	double began = seconds();

	if (file ? file_read(&bytes, file, 1 << 28, &e) || tokens_open(&t, buf_view(&bytes), NULL, &e)
	         : tokens_train(&t, &p, s->text, s->n, NULL, &e))
		puts(e.msg);
	else
		printf("hyper: vocabulary %u, %s in %.1f s\n", tokens_vocab(t), file ? "opened" : "trained",
		       seconds() - began);
	buf_free(&bytes);
	return t;
}

static void encode_speed(const struct tokenizer *t, const struct shelf *s)
{
	double best = 1e9, bytes = 0;

	for (int run = 0; run < 5; run++) {
		struct tokens_work *k = tokens_work_open(t);
		struct ids ids = { 0 };
		double began = seconds();

		bytes = 0;
		for (size_t i = 0; i < s->n; i++, ids.n = 0) {
			tokens_encode(k, s->text[i], &ids);
			bytes += (double)s->text[i].n;
		}
		best = seconds() - began < best ? seconds() - began : best;
		mem_free(ids.id);
		tokens_work_close(k);
	}
	printf("  encodes %.1f MB/s\n", bytes / 1e6 / best);
}

/* ---- chains ------------------------------------------------------------------------------- */

struct stream { uint32_t *id; size_t n, cap; };

/* Words in small letters; whatever is neither letter nor space is a border. */
static void put_text(struct stream *s, struct strtab *t, struct str text)
{
	const char *p = text.p, *end = p + text.n;
	struct buf word = { 0 };

	while (p <= end) {
		uint32_t r = p < end ? utf8_next(&p, end) : (p++, '\n');

		if (rune_is_letter(r)) {
			buf_rune(&word, rune_lower(r));
			continue;
		}
		if (word.n)
			VEC_PUSH(s->id, s->n, s->cap) = strtab_add(t, buf_view(&word));
		word.n = 0;
		if (r != ' ' && s->n && s->id[s->n - 1])
			VEC_PUSH(s->id, s->n, s->cap) = 0;
	}
	buf_free(&word);
}

static void chains(const struct shelf *s)
{
	struct strtab t = strtab_open("words");
	struct stream x = { 0 };
	struct chains c;
	struct err e = { 0 };
	double began, saved = 0;
	size_t words = 0;

	strtab_add(&t, S("\n"));
	for (size_t i = 0; i < s->n; i++)
		put_text(&x, &t, s->text[i]);
	for (size_t i = 0; i < x.n; i++)
		words += x.id[i] != 0;
	began = seconds();
	if (chains_mine(&c, x.id, x.n, (uint32_t)t.n, NULL, NULL, &e)) {
		puts(e.msg);
		return;
	}
	for (size_t i = 0; i < c.n; i++)
		saved += (double)c.c[i].saved;
	printf("chains: %zu of %zu words (%zu different) in %.2f s; they save %.1f positions of 1000\n",
	       c.n, words, t.n - 1, seconds() - began, saved);
	chains_close(&c);
	mem_free(x.id);
	strtab_close(&t);
}

int main(int argc, char **argv)
{
	struct library l = { 0 };
	const char *file = argc > 2 && !strcmp(argv[1], "--tokens") ? argv[2] : NULL;
	int at = file ? 3 : 1;
	struct tokenizer *t;

	read_all(&l, argc > at + 1 ? argv[at + 1] : "../shared/data/books");
	if (!l.part[SPLIT_TRAIN].n)
		return puts("no training books there"), 0;
	t = make(file, argc > at ? (uint32_t)atoi(argv[at]) : 32768, &l.part[SPLIT_TRAIN]);
	if (!t)
		return 1;
	encode_speed(t, &l.part[SPLIT_DEV]);
	tell(t, &l, SPLIT_DEV);
	tell(t, &l, SPLIT_TEST);
	tokens_close(t);
	chains(&l.part[SPLIT_TRAIN]);
	for (int i = 0; i < 3; i++) {
		mem_free(l.part[i].text);
		mem_free(l.raw[i].text);
	}
	arena_close(&l.mem);
	return 0;
}
