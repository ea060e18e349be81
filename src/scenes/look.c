/* look.c - one scene seen through the lexicon.
 *
 *   in    a scene whose position is set, its book and words
 *   out   for every word its key and its rows in the lexicon, alone and with the word before
 *
 * Also where the scene stands in its chapter: openings and endings have their own kinds of
 * function. A text that is one scene as a whole (a situation typed by a user) stands nowhere.
 */
#include "scenes/parts.h"

static void place(struct look *l, const struct scene *s)
{
	uint32_t sent, n_sent;

	l->at = 0.5f;
	if (s->chapter >= l->b->n_chapter)
		return;
	chapter_sents(l->b, s->chapter, &sent, &n_sent);
	if (s->n_sent >= n_sent || s->sent < sent)
		return;
	/* a title paragraph belongs to the scene after it, so "first" looks past nothing */
	l->first = s->sent == sent;
	l->last = s->sent + s->n_sent == sent + n_sent;
	l->at = (float)((s->sent - sent) + s->n_sent * 0.5) / (float)n_sent;
}

/* Marks the first use of every key: open addressing over the scene's own words. */
static void mark_fresh(struct look *l, struct arena *scratch)
{
	size_t n = l->to - l->from, cap = 16;

	while (cap < 2 * n)
		cap *= 2;
	uint64_t *seen = TAKE(scratch, uint64_t, cap);
	for (size_t i = 0; i < n; i++) {
		uint64_t key = l->lw[i].key;
		size_t at = (size_t)(key >> 20) & (cap - 1);

		if (!key)
			continue;
		while (seen[at] && seen[at] != key)
			at = (at + 1) & (cap - 1);
		l->lw[i].fresh = !seen[at];
		seen[at] = key;
	}
}

void look_at(struct look *l, const struct scene *s, const struct book *b, const struct words *w,
             struct arena *scratch)
{
	*l = (struct look){ .b = b, .w = w, .sent = s->sent, .n_sent = s->n_sent };
	must((size_t)s->sent + s->n_sent <= w->n_sent);
	l->from = w->sent[s->sent];
	l->to = w->sent[s->sent + s->n_sent];
	l->lw = TAKE(scratch, struct lookw, l->to - l->from + 1);
	place(l, s);
	uint64_t before = 0;
	for (size_t i = l->from; i < l->to; i++) {
		const struct word *v = &w->w[i];
		struct lookw *o = &l->lw[i - l->from];

		if (v->pos == POS_PUNCT) {
			before = 0;
			continue;
		}
		o->key = lex_key(w->lemma[v->lemma].s);
		o->lex = lex_find(o->key);
		o->pair = before ? lex_find(lex_key_pair(before, o->key)) : NULL;
		before = o->key;
		l->n_word++;
		l->n_content += pos_is_content(v->pos);
	}
	mark_fresh(l, scratch);
}
