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
#include "words/tag/names.h"

/* Evidence on a lemma of the cache, gathered over the book. */
struct seen {
	uint32_t proper;	/* written with a capital inside a sentence */
	uint32_t small;		/* written small */
	uint32_t sure;		/* capital, and no other lemma fits the form */
	uint32_t cover;		/* capital, and it is one of the lemmas that fit */
	uint32_t forms;		/* different forms among those */
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

/* The i-th reading is the first noun with its lemma. */
static bool fresh_noun(const struct cread *r, int i)
{
	for (int k = 0; k < i; k++)
		if (r[k].lemma == r[i].lemma && r[k].pos == POS_NOUN)
			return false;
	return r[i].pos == POS_NOUN;
}

static void cover(struct seen *seen, const struct cread *r, int n, bool first)
{
	for (int i = 0; i < n; i++)
		if (fresh_noun(r, i)) {
			seen[r[i].lemma].cover++;
			seen[r[i].lemma].forms += first;
		}
}

static void gather(struct seen *seen, const struct word_cache *c, const uint8_t *pick)
{
	uint8_t *met = mem_alloc(c->n_e + 1, 1);

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
			cover(seen, r, c->e[t->entry].n, !met[t->entry]);
			met[t->entry] = 1;
		}
	}
	mem_free(met);
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

/* Case and number as in the chosen reading. */
static bool same_place(const struct cread *a, const struct cread *b)
{
	return a->g.gcase == b->g.gcase && a->g.number == b->g.number;
}

/* The reading with a lemma: in the chosen one's place, or the likeliest. */
static int with_lemma(const struct cread *r, int n, uint32_t lemma, int chosen)
{
	int first = -1;

	for (int i = 0; i < n; i++) {
		if (r[i].lemma != lemma || r[i].pos != POS_NOUN)
			continue;
		if (same_place(&r[i], &r[chosen]))
			return i;
		first = first < 0 ? i : first;
	}
	return first;
}

/* A guessed name: the lemma that explains most of the book's forms (Катавасова, Катавасову:
 * Катавасов, not Катавас); one form alone, met often, does not decline (Кити). */
static int guessed_lemma(const struct seen *seen, const struct cread *r, int n, int chosen)
{
	int best = chosen, fixed = -1;

	for (int i = 0; i < n; i++) {
		if (r[i].pos != POS_NOUN)
			continue;
		if (r[i].fixed)
			fixed = fixed < 0 || i == chosen ? i : fixed;
		else if (r[best].pos != POS_NOUN ||
		         seen[r[i].lemma].cover * 2 > seen[r[best].lemma].cover * 3)
			best = i;
	}
	if (r[best].pos != POS_NOUN)
		return chosen;
	if (fixed >= 0 && seen[r[best].lemma].forms == 1 && seen[r[best].lemma].cover >= 3)
		return r[best].g.gcase == CASE_NOM && r[best].g.number == 1 ? best : fixed;
	return with_lemma(r, n, r[best].lemma, chosen);
}

/* A common word with a capital inside a sentence (Песцов: genitive of песец) is a surname
 * when the surname explains at least as many of the book's forms. */
static int surname_after_all(const struct seen *seen, const struct cread *r, int n, int chosen)
{
	const struct seen *now = &seen[r[chosen].lemma];

	for (int i = 0; i < n; i++) {
		const struct seen *s = &seen[r[i].lemma];

		if (r[i].unknown && r[i].g.name == WNAME_SURN && s->cover >= 3 &&
		    s->cover >= now->cover && now->small < s->cover)
			return with_lemma(r, n, r[i].lemma, chosen);
	}
	return chosen;
}

/* At a start, before a patronymic or surname: the given name that agrees with it (Лев
 * Николаевич), or -1. */
static int given_before(const struct word_cache *c, const uint8_t *pick, size_t i)
{
	if (i + 1 >= c->toks.n || c->toks.t[i + 1].kind != TOK_WORD)
		return -1;
	const struct cread *next = entry_reads(c, c->toks.t[i + 1].entry) + pick[i + 1];
	const struct cread *r = entry_reads(c, c->toks.t[i].entry);

	if (next->g.name != WNAME_PATR && next->g.name != WNAME_SURN)
		return -1;
	for (int k = 0; k < c->e[c->toks.t[i].entry].n; k++)
		if (r[k].g.name == WNAME_GIVEN && same_place(&r[k], next) &&
		    r[k].g.gender == next->g.gender)
			return k;
	return -1;
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
			int k = given_before(c, pick, i);

			if (k < 0)
				k = known_name(seen, r, n, pick[i]);

			if (k >= 0)
				pick[i] = (uint8_t)k;
			else if (!r[pick[i]].g.name && !only_names(r, n))
				continue;
			t->flags |= WORD_PROPER;
		}
		if (r[pick[i]].unknown && (t->flags & WORD_PROPER))
			pick[i] = (uint8_t)guessed_lemma(seen, r, n, pick[i]);
		else if (!r[pick[i]].g.name && (t->flags & WORD_PROPER))
			pick[i] = (uint8_t)surname_after_all(seen, r, n, pick[i]);
		else if (r[pick[i]].pos == POS_NOUN)
			pick[i] = (uint8_t)better_lemma(seen, r, n, pick[i]);
	}
	mem_free(seen);
}
