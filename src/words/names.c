/* names.c - which words are names, decided over the whole book.
 *
 *   in    tokens with their chosen readings
 *   out   WORD_PROPER; for names whose form fits several lemmas (Левина: Левин or Левина),
 *         the lemma that the rest of the book speaks for
 *
 * A capital inside a sentence makes a name, except on closed classes, after an opening
 * quote, and in shouting. At a sentence's start a capital says nothing: there a word is a
 * name when its lemma is one elsewhere in the book more often than it is written small, or
 * when all its readings are names.
 */
#include "words/names.h"

/* Evidence on a lemma of the cache, gathered over the book. */
struct seen {
	uint32_t proper;	/* written with a capital inside a sentence */
	uint32_t small;		/* written small */
	uint32_t sure;		/* capital, and no other lemma fits the form */
};

static bool closed(int pos)
{
	return pos == POS_PREP || pos == POS_CONJ || pos == POS_PRCL || pos == POS_PRON ||
	       pos == POS_APRO || pos == POS_PUNCT || pos == POS_DIGIT || pos == POS_INTJ ||
	       pos == POS_ADV || pos == POS_VERB || pos == POS_GER || pos == POS_INF;
}

static bool one_lemma(const struct cread *r, int n)
{
	for (int i = 1; i < n; i++)
		if (r[i].lemma != r[0].lemma)
			return false;
	return true;
}

static bool capital_inside(const struct tok *t)
{
	return (t->flags & WORD_TITLE) && (!t->start || t->inner) && !t->shout;
}

static void gather(struct seen *seen, const struct word_cache *c, const uint8_t *pick)
{
	for (size_t i = 0; i < c->toks.n; i++) {
		const struct tok *t = &c->toks.t[i];
		const struct cread *r = entry_reads(c, t->entry);
		struct seen *s = &seen[r[pick[i]].lemma];

		if (t->kind != TOK_WORD)
			continue;
		if (!(t->flags & WORD_TITLE))
			s->small++;
		else if (capital_inside(t)) {
			s->proper++;
			s->sure += one_lemma(r, c->e[t->entry].n);
		}
	}
}

/* All readings that are nouns are names, and there is one. */
static bool only_names(const struct cread *r, int n)
{
	for (int i = 0; i < n; i++)
		if (!r[i].g.name)
			return false;
	return n > 0;
}

static bool lemma_is_name(const struct seen *s)
{
	return s->proper > 0 && s->proper >= s->small;
}

/* At a start: the reading whose lemma is a name elsewhere, or -1. Of several the one whose
 * grammar is that of the chosen reading, then the likelier. */
static int known_name(const struct seen *seen, const struct cread *r, int n, int chosen)
{
	int best = -1;

	for (int i = 0; i < n; i++) {
		if (r[i].pos != POS_NOUN || !lemma_is_name(&seen[r[i].lemma]))
			continue;
		if (i == chosen)
			return i;
		if (best < 0 || (r[i].g.gcase == CASE_NOM && r[best].g.gcase != CASE_NOM))
			best = i;
	}
	return best;
}

/* Of the readings with the same case and number the one whose lemma the book is sure of. */
static int better_lemma(const struct seen *seen, const struct cread *r, int n, int chosen)
{
	int best = chosen;

	for (int i = 0; i < n; i++) {
		const struct seen *s = &seen[r[i].lemma], *b = &seen[r[best].lemma];

		if (r[i].pos != POS_NOUN || r[i].lemma == r[best].lemma || s->small > s->proper)
			continue;
		bool same = r[i].g.gcase == r[chosen].g.gcase &&
		            r[i].g.number == r[chosen].g.number;

		if (s->sure > 2 * b->sure + (same ? 0 : 4))
			best = i;
	}
	return best;
}

void names_settle(struct word_cache *c, uint8_t *pick, const uint32_t *first, size_t n_sent)
{
	struct seen *seen = mem_alloc(c->lemma.n + 1, sizeof *seen);

	(void)first;
	(void)n_sent;
	gather(seen, c, pick);
	for (size_t i = 0; i < c->toks.n; i++) {
		struct tok *t = &c->toks.t[i];
		const struct cread *r = entry_reads(c, t->entry);
		int n = c->e[t->entry].n;

		if (t->kind == TOK_INITIAL)
			t->flags |= WORD_PROPER;
		if (t->kind != TOK_WORD || !(t->flags & WORD_TITLE))
			continue;
		if (capital_inside(t)) {
			if (closed(r[pick[i]].pos))
				continue;
			t->flags |= WORD_PROPER;
		} else {
			int k = known_name(seen, r, n, pick[i]);

			if (k >= 0)
				pick[i] = (uint8_t)k;
			else if (!r[pick[i]].g.name && !only_names(r, n))
				continue;
			t->flags |= WORD_PROPER;
		}
		if (r[pick[i]].pos == POS_NOUN)
			pick[i] = (uint8_t)better_lemma(seen, r, n, pick[i]);
	}
	mem_free(seen);
}
