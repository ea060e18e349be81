/* bench_words.c - how right and how fast the words are.
 *
 *   use   bench_words [DICT]      with LTM_SHARED or ../shared for the sets
 *
 * Prints, a line a set: share of tokens with the right part of speech (coarse: the classes
 * of udset.h; strict: UD's seventeen), the right lemma (ё as е, capitals as small) and both,
 * over all tokens and over words alone; then words a second on a novel, cache cold and warm,
 * and look-ups a second.
 */
#include <stdlib.h>
#include <time.h>
#include "udset.h"
#include "io/dictfile.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);	/* one thread; others may be busy */
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char *shared(void)
{
	const char *d = getenv("LTM_SHARED");

	return d ? d : "../shared";
}

/* ---- accuracy --------------------------------------------------------------------------- */

/* All sentences as one book, a paragraph each. */
static struct book as_book(const struct ud *u, uint32_t *off, struct arena *a)
{
	struct book b = { .n_sent = u->n, .n_para = u->n };
	struct buf text = { 0 };

	b.sent = TAKE(a, struct sent, u->n);
	b.para = TAKE(a, struct para, u->n);
	for (size_t i = 0; i < u->n; i++) {
		off[i] = (uint32_t)text.n;
		b.sent[i] = (struct sent){ off[i], (uint32_t)u->s[i].text.n, (uint32_t)i };
		b.para[i] = (struct para){ .off = off[i], .len = (uint32_t)u->s[i].text.n,
		                           .sent = (uint32_t)i, .n_sent = 1 };
		buf_str(&text, u->s[i].text);
		buf_char(&text, '\n');
	}
	b.text = str_copy(a, buf_view(&text));
	buf_free(&text);
	return b;
}

struct score { size_t n, words, coarse, strict, lemma, both, lemma_w, cut, proper_ok, proper_we, proper_gold; };

static void compare(struct score *s, const struct words *w, const struct word *x,
                    const struct gold *g, struct arena *a)
{
	struct str lemma = w->lemma[x->lemma].s;
	bool proper = x->flags & WORD_PROPER, gold_proper = str_eq(g->upos, S("PROPN"));
	const char *upos = ud_upos(x->pos, lemma, proper);
	bool l = str_eq(str_fold(a, lemma), g->lemma) || x->pos == POS_PUNCT;
	bool c = !strcmp(ud_coarse(str_of(upos)), ud_coarse(g->upos));
	bool punct = str_eq(g->upos, S("PUNCT"));

	s->coarse += c;
	s->strict += str_eq(g->upos, str_of(upos));
	s->lemma += l;
	s->both += c && l;
	s->words += !punct;
	s->lemma_w += !punct && l;
	s->proper_gold += gold_proper;
	s->proper_we += x->pos == POS_NOUN && proper;
	s->proper_ok += gold_proper && proper;
	if (getenv("SHOW") && (!c || !l))
		printf("%.*s\t%s %.*s\tgold %.*s %.*s\n", (int)g->form.n, g->form.p, upos,
		       STR_ARG(lemma), STR_ARG(g->upos), STR_ARG(g->lemma));
}

static void measure(const char *name, struct word_cache *c)
{
	struct arena a = arena_open("measure");
	struct score s = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };
	struct words w;
	char path[4096];

	snprintf(path, sizeof path, "%s/data/ud/%s.conllu", shared(), name);
	if (file_read(&b, path, (size_t)1 << 28, &e)) {
		printf("%-14s skipped: no file %s\n", name, path);
		return;
	}
	struct ud u = ud_read(buf_view(&b), &a);
	uint32_t *off = TAKE(&a, uint32_t, u.n);
	struct book book = as_book(&u, off, &a);

	words_read(&w, &book, c, &a);
	for (size_t i = 0; i < u.n; i++)
		for (size_t k = 0, j = w.sent[i]; k < u.s[i].n; k++) {
			const struct gold *g = &u.s[i].g[k];

			while (j < w.sent[i + 1] && w.w[j].off < off[i] + g->off)
				j++;
			s.n++;
			if (j < w.sent[i + 1] && w.w[j].off == off[i] + g->off)
				compare(&s, &w, &w.w[j], g, &a);
			else {
				s.cut++;
				if (getenv("SHOW"))
					printf("CUT\t%.*s\t%.*s\n", STR_ARG(g->form), STR_ARG(g->upos));
			}
		}
	double n = (double)s.n / 100;

	printf("%-14s %6zu tokens  coarse %.2f  upos %.2f  lemma %.2f  both %.2f  "
	       "lemma of words %.2f  cut otherwise %.2f  proper P %.1f R %.1f\n", name, s.n,
	       (double)s.coarse / n, (double)s.strict / n, (double)s.lemma / n, (double)s.both / n,
	       100 * (double)s.lemma_w / (double)s.words, (double)s.cut / n,
	       100 * (double)s.proper_ok / (double)(s.proper_we + 1),
	       100 * (double)s.proper_ok / (double)(s.proper_gold + 1));
	mem_free(u.s);
	buf_free(&b);
	arena_close(&a);
}

/* ---- speed ------------------------------------------------------------------------------- */

static void speed(const struct dict *d)
{
	struct arena a = arena_open("novel");
	struct err e = { 0 };
	struct buf b = { 0 };
	struct book book;
	char path[4096];

	snprintf(path, sizeof path, "%s/data/books/tolstoy_anna-karenina.txt", shared());
	if (file_read(&b, path, (size_t)1 << 28, &e)) {
		printf("speed skipped: no file %s\n", path);
		return;
	}
	struct word_cache *c = word_cache_open(d);

	text_from_plain(&book, buf_view(&b), &a);
	for (int run = 0; run < 6; run++) {
		struct arena one = arena_open("run");
		struct words w;
		double t = seconds();

		words_read(&w, &book, c, &one);
		t = seconds() - t;
		if (run == 0 || run == 5)
			printf("%s cache: %zu words, %zu lemmas, %.0f words/s of one core\n",
			       run ? "warm" : "cold", w.n, w.n_lemma, (double)w.n / t);
		arena_close(&one);
	}
	size_t n = 0;
	double t = seconds();

	for (size_t i = 0; i < c->n_e; i++) {
		struct cell cell[CELLS_MAX];

		if (c->keys.p[c->e[i].key] != 'w')
			continue;
		dict_read(d, cell, (const uint8_t *)c->keys.p + c->e[i].key + 1, c->e[i].n_key - 1);
		n++;
	}
	t = seconds() - t;
	printf("look-ups: %zu forms, %.0f /s\n", n, (double)n / t);
	word_cache_close(c);
	buf_free(&b);
	arena_close(&a);
}

int main(int argc, char **argv)
{
	static const char *const set[] = { "gsd-dev", "taiga-dev", "poetry-dev" };
	struct dictfile df;
	struct err e = { 0 };
	double t = seconds();

	if (dictfile_open(&df, argc > 1 ? argv[1] : NULL, &e)) {
		printf("bench_words skipped: %s\n", e.msg);
		return 0;
	}
	printf("dictionary opened in %.1f ms\n", 1e3 * (seconds() - t));
	for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
		struct word_cache *c = word_cache_open(df.dict);

		measure(set[i], c);
		word_cache_close(c);
	}
	speed(df.dict);
	dictfile_close(&df);
	return 0;
}
