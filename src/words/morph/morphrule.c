/* morphrule.c - cuts a word into morphemes by a table of affixes and the order they stand in.
 *
 *   in    the letters of a word
 *   out   spans: PREF* ROOT SUFF* END? POSTFIX?, and the same again after a hyphen or a linking
 *         vowel
 *
 * The best path through the phases of a word, where an affix earns its worth from
 * data/ru/words_affix.tsv and a root pays for its length: letters that no affix explains.
 * This is what the program does without its learnt model; it has no weights to learn, so it
 * also tells how much the learnt ones bring (docs/morph.md has both figures).
 *
 * Invariants: spans cover the word; no allocation after the first call; any thread.
 * Cost: letters x affixes that fit there, about a microsecond a word.
 */
#include <pthread.h>
#include <stdlib.h>
#include "base/data.h"
#include "words/morph/morphin.h"

enum { AFFIX_MAX = 400, AFFIX_LEN = 8, FAR = -1000000 };
/* Where the path stands after a span. */
enum phase { BEGIN, PREFIXED, ROOTED, SUFFIXED, ENDED, DONE, PHASES };

struct affix { uint8_t c[AFFIX_LEN], n, type, worth; };
static struct affix table[AFFIX_MAX];		/* by first letter */
static int n_table, first[LETTERS + 1];		/* table[first[c]] begins with letter c */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int type_of(struct str name)
{
	for (int t = MORPH_PREF; t <= MORPH_POSTFIX; t++)
		if (str_eq(name, str_of(morph_type_name(t))))
			return t;
	return 0;
}

static int by_letter(const void *a, const void *b)
{
	const struct affix *x = a, *y = b;
	int d = memcmp(x->c, y->c, AFFIX_LEN);

	return d ? d : x->type - y->type;
}

static void load(void)
{
	struct tsv t = tsv_of(data_find("words_affix.tsv"));

	while (tsv_next(&t)) {
		struct affix a = { .type = (uint8_t)type_of(t.field[0]) };
		struct mword w;
		uint64_t worth;

		must(n_table < AFFIX_MAX && a.type && mword_of(&w, t.field[1]) && w.n <= AFFIX_LEN);
		must(str_u64(t.field[2], &worth) && worth >= 1 && worth <= 9);
		memcpy(a.c, w.c, (size_t)w.n);
		a.n = (uint8_t)w.n;
		a.worth = (uint8_t)worth;
		table[n_table++] = a;
	}
	qsort(table, (size_t)n_table, sizeof *table, by_letter);
	for (int c = 0, i = 0; c <= LETTERS; first[c++] = i)
		while (i < n_table && table[i].c[0] < c)
			i++;
}

/* ---- the path ------------------------------------------------------------------------------ */

struct node { int score; uint8_t from, phase, type; };
struct grid { struct node at[MWORD_MAX + 1][PHASES]; };

static void reach(struct grid *g, int from, int phase, int to, int next, int type, int worth)
{
	int score = g->at[from][phase].score + worth;

	if (g->at[from][phase].score > FAR && score > g->at[to][next].score)
		g->at[to][next] = (struct node){ score, (uint8_t)from, (uint8_t)phase, (uint8_t)type };
}

static bool vowel(uint8_t c)	/* а е и о у ы э ю я */
{
	return c == 1 || c == 6 || c == 9 || c == 15 || c == 20 || c == 28 || c >= 30;
}

/* A root pays two for each letter, and for being too short to be one. */
static int root_worth(const struct mword *w, int from, int to)
{
	int n = to - from, vowels = 0;

	for (int i = from; i < to; i++)
		vowels += vowel(w->c[i]);
	return -2 * n - (n == 1 ? 12 : n == 2 ? 6 : n == 3 ? 1 : 0) - (vowels ? 0 : 6) -
	       (vowels == n ? 6 : 0) - (w->c[from] == 27 || w->c[from] == 29 ? 12 : 0) -
	       (w->c[from] == 28 ? 4 : 0);
}

static bool stands(const struct mword *w, int i, const struct affix *a)
{
	return i + a->n <= w->n && !memcmp(w->c + i, a->c, a->n);
}

static void affixes(struct grid *g, const struct mword *w, int i)
{
	for (const struct affix *a = table + first[w->c[i]]; a < table + first[w->c[i] + 1]; a++) {
		int to = i + a->n;
		bool last;

		if (!stands(w, i, a))
			continue;
		last = to == w->n || w->c[to] == LETTER_HYPHEN;
		switch (a->type) {
		case MORPH_PREF:
			reach(g, i, BEGIN, to, PREFIXED, MORPH_PREF, a->worth - 4);
			reach(g, i, PREFIXED, to, PREFIXED, MORPH_PREF, a->worth - 7);
			break;
		case MORPH_SUFF:
			reach(g, i, ROOTED, to, SUFFIXED, MORPH_SUFF, a->worth - 7);
			reach(g, i, SUFFIXED, to, SUFFIXED, MORPH_SUFF, a->worth - 7);
			break;
		case MORPH_END:
			reach(g, i, ROOTED, to, ENDED, MORPH_END, a->worth - 5);
			reach(g, i, SUFFIXED, to, ENDED, MORPH_END, a->worth - 4);
			break;
		case MORPH_POSTFIX:
			if (!last)
				break;
			for (int p = ROOTED; p <= ENDED; p++)
				reach(g, i, p, to, DONE, MORPH_POSTFIX, a->worth);
			break;
		default:	/* a linking vowel: another word begins */
			for (int p = ROOTED; p <= SUFFIXED && !last; p++)
				reach(g, i, p, to, BEGIN, MORPH_LINK, a->worth - 9);
			break;
		}
	}
}

static void step(struct grid *g, const struct mword *w, int i)
{
	if (w->c[i] == LETTER_HYPHEN)
		for (int p = ROOTED; p <= DONE; p++)
			reach(g, i, p, i + 1, BEGIN, MORPH_HYPH, 0);
	affixes(g, w, i);
	for (int p = BEGIN; p <= PREFIXED; p++)
		for (int to = i + 1; to <= w->n && w->c[to - 1] != LETTER_HYPHEN; to++)
			reach(g, i, p, to, ROOTED, MORPH_ROOT, root_worth(w, i, to));
}

int morph_by_rules(const struct mword *w, struct mspan out[MORPHS_MAX])
{
	struct grid g;
	int n = 0, at = w->n, phase = ROOTED;

	pthread_once(&once, load);
	for (int i = 0; i <= w->n; i++)
		for (int p = 0; p < PHASES; p++)
			g.at[i][p].score = FAR;
	g.at[0][BEGIN].score = 0;
	for (int i = 0; i < w->n; i++)
		step(&g, w, i);
	for (int p = ROOTED; p < PHASES; p++)
		if (g.at[w->n][p].score > g.at[w->n][phase].score)
			phase = p;
	while (at > 0 && n < MORPHS_MAX) {
		struct node k = g.at[at][phase];

		out[n++] = (struct mspan){ k.from, (uint8_t)at, k.type };
		at = k.from;
		phase = k.phase;
	}
	if (at > 0) {		/* more pieces than a word can have: not a word */
		out[0] = (struct mspan){ 0, (uint8_t)w->n, MORPH_ROOT };
		return 1;
	}
	for (int i = 0, j = n - 1; i < j; i++, j--) {
		struct mspan x = out[i];

		out[i] = out[j];
		out[j] = x;
	}
	return n;
}
