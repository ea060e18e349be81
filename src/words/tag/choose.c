/* choose.c - the reading of each word that fits its neighbours best.
 *
 *   in    the candidates of every word of a sentence, weights
 *   out   one candidate a word
 *
 * Beam search from left to right. Two paths with the same last two tags go on alike but for
 * what governs them, so only the better is kept; a run of words that can be read one way
 * only makes the beam one path wide again.
 *
 * Invariant: ties go to the earlier candidate and the earlier path, so the result depends on
 * the words alone.
 *
 * Cost: a word with one candidate costs the path features of each path in the beam; the
 * others some thirty look-ups a candidate besides.
 */
#include "words/tag/choose.h"
#include "words/tag/tagfeat.h"

/* In units of the table (64 a step of the perceptron); by cross-validation nothing is lost. */
enum { BEHIND_STILL = 12000, BEHIND_PLACE = 6000 };

int shape_of(const struct tok *t)
{
	if (t->flags & WORD_UPPER)
		return t->shout ? 2 : 3;
	if (t->flags & WORD_TITLE)
		return t->start || t->shout ? 2 : 1;
	return 0;
}

struct state state_first(void)
{
	struct state s = { .t = { 0, 0, 0 } };

	return s;
}

static bool is_noun(uint32_t t)
{
	unsigned p = UD_GET(t, POS);

	return p == UPOS_NOUN || p == UPOS_PROPN || p == UPOS_PRON;
}

struct state state_next(const struct state *from, const struct cword *s, size_t i, int k)
{
	const struct cread *r = &s[i].r[k];
	unsigned pos = UD_GET(r->tag, POS);
	struct state to = *from;

	to.t[2] = from->t[1];
	to.t[1] = from->t[0];
	to.t[0] = r->tag;
	to.id[1] = from->id[0];
	to.id[0] = r->tid;
	to.v[1][0] = from->v[0][0];
	to.v[1][1] = from->v[0][1];
	to.v[0][0] = r->p[P_MID];
	to.v[0][1] = r->p[P_POS];
	to.pick = (uint8_t)k;
	if (pos == UPOS_PUNCT) {
		to.prep = 0;
		to.old_verb = 1;
		to.subject = from->subject ? 2 : 0;
	} else if (is_noun(r->tag)) {
		to.noun = r->tag;
		to.noun_id = r->tid;
		to.prep = 0;
		if (UD_GET(r->tag, CASE) == UC_NOM)
			to.subject = 1;
	} else if (pos == UPOS_ADP) {
		to.prep = s[i].at->form;
	} else if (pos == UPOS_VERB || pos == UPOS_AUX) {
		unsigned f = UD_GET(r->tag, FORM);

		if (f != UF_PART || UD_GET(r->tag, SHORT)) {
			to.verb = r->tag;
			to.verb_id = r->tid;
			to.verb_lemma = s[i].at->lemma;
			to.old_verb = 0;
			to.prep = 0;
		}
	} else if (pos == UPOS_CCONJ || pos == UPOS_SCONJ) {
		to.prep = 0;
	}
	return to;
}

static bool same_end(const struct state *a, const struct state *b)
{
	return a->t[0] == b->t[0] && a->t[1] == b->t[1] && a->pick == b->pick;
}

/* Puts a state into the beam, best first; of equal scores the one that came first. */
static void offer(struct beam *b, const struct state *x)
{
	int at = b->n;

	for (int i = 0; i < b->n; i++)
		if (same_end(&b->s[i], x)) {
			if (x->score <= b->s[i].score)
				return;
			at = i;
			break;
		}
	if (at == b->n) {
		if (b->n < BEAM)
			b->n++;
		else if (b->s[BEAM - 1].score >= x->score)
			return;
		else
			at = BEAM - 1;
	}
	for (; at > 0 && b->s[at - 1].score < x->score; at--)
		b->s[at] = b->s[at - 1];
	b->s[at] = *x;
}

/* Whether a score would find no place; spares the making of the state. */
static bool hopeless(const struct beam *b, int32_t score)
{
	return b->n == BEAM && b->s[BEAM - 1].score >= score;
}

/* The only candidate left, or -1. */
static int only_one(const struct cword *s, const bool *forbid)
{
	int one = -1;

	for (int k = 0; k < s->n; k++)
		if (!forbid || !forbid[k]) {
			if (one >= 0)
				return -1;
			one = k;
		}
	return one;
}

void beam_step(struct beam *to, const struct beam *before, const int16_t *w, struct memo *memo,
               const struct cword *s, size_t n, size_t i, const int32_t *add,
               const bool *forbid)
{
	static const struct state none;
	int m = before ? before->n : 1;

	int one = m == 1 && memo ? only_one(&s[i], forbid) : -1;

	if (one >= 0) {			/* nothing to choose: no sums */
		to->s[0] = state_next(before ? &before->s[0] : &none, s, i, one);
		to->s[0].from = 0;
		to->n = 1;
		return;
	}
	to->n = 0;
	for (int j = 0; j < m; j++) {
		const struct state *from = before ? &before->s[j] : &none;
		struct atoms a;

		path_atoms(&a, from, s, n, i, !memo);
		for (int k = 0; k < s[i].n; k++) {
			if (forbid && forbid[k])
				continue;
			int32_t score = from->score + add[k] + path_sum(w, memo, &a, from, &s[i].r[k]);

			if (hopeless(to, score))
				continue;
			struct state x = state_next(from, s, i, k);

			x.score = score;
			x.from = (uint8_t)j;
			offer(to, &x);
		}
	}
}

void beam_trace(uint8_t *pick, const struct beam *b, size_t n, int last)
{
	for (size_t i = n; i-- > 0;) {
		pick[i] = b[i].s[last].pick;
		last = b[i].s[last].from;
	}
}

/* Candidates far behind the best by themselves are passed over. */
static void prune(bool *forbid, const int32_t *add, int n, int32_t behind)
{
	int32_t best = INT32_MIN;

	for (int k = 0; k < n; k++)
		if (!forbid[k] && add[k] > best)
			best = add[k];
	for (int k = 0; k < n; k++)
		forbid[k] |= add[k] < best - behind;
}

void choose_path(uint8_t *pick, struct beam *work, struct memo *memo,
                 const struct weights_ctx *c, const struct cword *s, size_t n)
{
	int32_t add[CANDS_MAX];
	bool forbid[CANDS_MAX];

	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < s[i].n; k++) {
			add[k] = s[i].r[k].base;
			forbid[k] = false;
		}
		if (s[i].n > 1) {
			prune(forbid, add, s[i].n, BEHIND_STILL);
			place_scores(add, c->w, s, n, i, forbid);
			prune(forbid, add, s[i].n, BEHIND_PLACE);
		}
		beam_step(&work[i], i ? &work[i - 1] : NULL, c->w, memo, s, n, i, add, forbid);
	}
	if (n)
		beam_trace(pick, work, n, 0);
}
