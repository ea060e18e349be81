/* bench_words.c - how right and how fast the words are.
 *
 *   use   bench_words [DICT]      with LTM_SHARED or ../shared for the sets
 *
 * Prints, a line a set: share of tokens with the right lemma (ё as е, capitals as small), part
 * of speech (UD's seventeen), FEATS (the whole string), both, and all three. A token that we
 * cut otherwise than the set is wrong in everything. Each set is told in the style of its
 * treebank (words/tag/ud.h). Then words a second on a novel, cache cold and warm, and look-ups a
 * second beside the speed of plain reads from the same table.
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

struct score { size_t n, words, upos, feats, lemma, full, all, cut, proper_ok, proper_we, proper_gold; };

static void compare(struct score *s, const struct words *w, size_t i, struct str text,
                    const struct gold *g, enum ud_style style, struct arena *a)
{
	const struct word *x = &w->w[i];
	char feats[UD_TEXT_MAX];
	size_t n = ud_feats(feats, w, i, text, style);
	struct str upos = str_of(upos_name(ud_upos(w, i, text, style)));
	struct buf b = { 0 };
	bool p = str_eq(upos, g->upos), f = str_eq((struct str){ feats, n }, g->feats), l;

	ud_lemma_in(&b, w, i, text, style);
	l = str_eq(str_fold(a, buf_view(&b)), g->lemma);
	s->upos += p;
	s->feats += f;
	s->lemma += l;
	s->full += p && f;
	s->all += p && f && l;
	s->words += x->upos != UPOS_PUNCT;
	s->proper_gold += str_eq(g->upos, S("PROPN"));
	s->proper_we += str_eq(upos, S("PROPN"));
	s->proper_ok += str_eq(upos, S("PROPN")) && p;
	if (getenv("SHOW") && (!p || !f || !l))
		printf("%.*s\t%.*s %s %.*s\tgold %.*s %.*s %.*s\n", STR_ARG(g->form), STR_ARG(upos), feats,
		       STR_ARG(buf_view(&b)), STR_ARG(g->upos), STR_ARG(g->feats), STR_ARG(g->lemma));
	buf_free(&b);
}

static void measure(const char *name, enum ud_style style, struct word_cache *c)
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
				compare(&s, &w, j, book.text, g, style, &a);
			else
				s.cut++;
		}
	double n = (double)s.n / 100;

	printf("%-11s %6zu tokens  lemma %.2f  UPOS %.2f  FEATS %.2f  UPOS+FEATS %.2f  all three %.2f"
	       "  cut otherwise %.2f  PROPN P %.1f R %.1f\n", name, s.n, (double)s.lemma / n,
	       (double)s.upos / n, (double)s.feats / n, (double)s.full / n, (double)s.all / n,
	       (double)s.cut / n, 100 * (double)s.proper_ok / (double)(s.proper_we + 1),
	       100 * (double)s.proper_ok / (double)(s.proper_gold + 1));
	mem_free(u.s);
	buf_free(&b);
	arena_close(&a);
}

/* ---- speed ------------------------------------------------------------------------------- */

/* The graph alone against plain reads of the same memory: a walk visits some units a form,
 * each where the last one points; the same number of reads at places drawn beforehand, each
 * waiting for the last, is what memory itself would take. */
static void walks(const struct dict *d, const struct word_cache *c)
{
	const uint32_t n_unit = d->words.n;
	size_t n = 0, steps = 0;
	uint32_t got = 0;
	double t = seconds();

	for (int round = 0; round < 10; round++)
		for (size_t i = 0; i < c->n_e; i++) {
			const uint8_t *key = (const uint8_t *)c->keys.p + c->e[i].key;

			if (key[0] != 'w')
				continue;
			got += dawg_walk(&d->words, DAWG_ROOT, key + 1, c->e[i].n_key - 1) != DAWG_NONE;
			steps += c->e[i].n_key - 1;
			n++;
		}
	double walk = seconds() - t;
	struct rng r = rng_stream(1, "bench.words", 0);
	enum { PLACES = 1 << 16 };
	static uint32_t place[PLACES];
	uint32_t at = 0;

	for (size_t i = 0; i < PLACES; i++)
		place[i] = (uint32_t)rng_below(&r, n_unit);
	t = seconds();
	for (size_t i = 0; i < steps; i++)
		at = d->words.unit[place[(i + (at & 1)) % PLACES]];
	double plain = seconds() - t;

	printf("graph alone: %.2f M walks/s, %.1f ns a letter; a random read of the same table: %.1f ns; "
	       "walks reach %.0f %% of memory speed (found %u, last %u)\n", (double)n / walk / 1e6,
	       1e9 * walk / (double)steps, 1e9 * plain / (double)steps, 100 * plain / walk, got, at & 1);
}

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
	printf("look-ups with readings: %zu forms, %.0f /s\n", n, (double)n / t);
	walks(d, c);
	word_cache_close(c);
	buf_free(&b);
	arena_close(&a);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; enum ud_style style; } set[] = {
		{ "gsd-dev", UD_STYLE_GSD }, { "taiga-dev", UD_STYLE_TAIGA },
		{ "poetry-dev", UD_STYLE_POETRY },
	};
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

		measure(set[i].name, set[i].style, c);
		word_cache_close(c);
	}
	speed(df.dict);
	dictfile_close(&df);
	return 0;
}
