/* udlemma.c - writes a word's lemma as Universal Dependencies has it.
 *
 *   in    a word of a book, its text, a style
 *   out   what column 3 of a CoNLL-U file holds
 *
 * The dictionary and the treebanks disagree on what belongs to one word: во is a form of в or
 * a word of its own, лучший a degree of хороший or an adjective, быстрее of быстрый or of
 * быстро. What the treebanks do is read off their statistics and UD_Russian-Taiga's older
 * release. The lemma of struct words, on which scenes are built, stays the dictionary's.
 */
#include "words/tag/udplace.h"

void ud_lemma(struct buf *b, const struct words *w, size_t i, struct str text)
{
	ud_lemma_in(b, w, i, text, UD_STYLE_TAIGA);
}

/* во, со, ко, об are lemmas of their own in all three treebanks. */
static const char *full_preposition(struct str lemma, struct str form)
{
	static const char *const of[][2] = {
		{ "в", "во" }, { "с", "со" }, { "к", "ко" }, { "о", "об" }, { "о", "обо" },
		{ "из", "изо" }, { "от", "ото" }, { "над", "надо" }, { "под", "подо" },
		{ "без", "безо" }, { "пред", "предо" }, { "перед", "передо" },
	};
	const char *end = form.p + form.n;
	bool o = form.n > 2 && (!memcmp(end - 2, "о", 2) || !memcmp(end - 2, "О", 2));
	bool b = form.n > 2 && (!memcmp(end - 2, "б", 2) || !memcmp(end - 2, "Б", 2));

	for (size_t i = 0; (o || b) && i < sizeof of / sizeof *of; i++)
		if (str_eq(lemma, str_of(of[i][0])) && form.n == strlen(of[i][1]))
			return of[i][1];
	return NULL;
}

/* A comparative that stands as an adverb belongs to the adverb: быстрее to быстро; some are
 * lemmas of their own. The dictionary has them all under the adjective. */
static bool adverb_lemma(struct buf *b, struct str lemma, struct str form)
{
	static const char *const own[] = { "раньше", "дальше", "больше", "позже", "скорее", "ранее",
		"далее", NULL };
	struct arena a = arena_open("adverb");
	struct str low = str_lower(&a, form);
	const char *end = lemma.p + lemma.n;
	bool adj = lemma.n > 6 && !memcmp(end - 2, "й", 2);

	if (adj && one_of(low, own)) {
		buf_str(b, low);
	} else if (adj && str_eq(lemma, S("маленький"))) {
		buf_str(b, S("мало"));
	} else if (adj) {
		buf_add(b, lemma.p, lemma.n - 4);
		buf_str(b, S("о"));
	}
	arena_close(&a);
	return adj;
}

/* UD: лучший and its like are lemmas of their own; the dictionary has them under хороший. */
static const char *superlative(struct str form, uint32_t tag)
{
	static const char *const of[][3] = {
		{ "лучш", "Лучш", "лучший" }, { "худш", "Худш", "худший" },
		{ "высш", "Высш", "высший" }, { "низш", "Низш", "низший" },
	};

	if (UD_GET(tag, POS) != UPOS_ADJ || !UD_GET(tag, CASE))
		return NULL;
	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		if (form.n > 8 && (!memcmp(form.p, of[i][0], 8) || !memcmp(form.p, of[i][1], 8)))
			return of[i][2];
	return NULL;
}

void ud_lemma_in(struct buf *b, const struct words *w, size_t i, struct str text,
                 enum ud_style style)
{
	const struct word *x = &w->w[i];
	struct str s = w->lemma[x->lemma].s, form = { text.p + x->off, x->len };

	b->n = 0;
	if (superlative(form, x->ud)) {
		buf_str(b, str_of(superlative(form, x->ud)));
	} else if (x->upos == UPOS_ADV && UD_GET(x->ud, DEGREE) == UD_CMP_DEG &&
	           adverb_lemma(b, s, form)) {
		if (style == UD_STYLE_GSD)
			gsd_degree(b);
	} else if (x->upos == UPOS_ADP && full_preposition(s, form)) {
		buf_str(b, str_of(full_preposition(s, form)));
	} else if (of_that(x->upos, x->ud, s)) {
		buf_str(b, S("то"));
	} else if (style == UD_STYLE_GSD && gsd_lemma(b, x, s, form)) {
		return;
	} else if (x->upos == UPOS_PUNCT || x->upos == UPOS_SYM) {
		buf_add(b, text.p + x->off, x->len);
	} else if (x->upos == UPOS_PROPN && (x->flags & WORD_UPPER)) {
		for (const char *q = s.p; q < s.p + s.n;)
			buf_rune(b, rune_upper(utf8_next(&q, s.p + s.n)));
	} else if (x->upos == UPOS_PROPN && s.n) {
		const char *q = s.p;
		uint32_t r = utf8_next(&q, s.p + s.n);

		buf_rune(b, rune_upper(r));
		buf_add(b, q, (size_t)(s.p + s.n - q));
	} else {
		buf_str(b, s);
	}
}
