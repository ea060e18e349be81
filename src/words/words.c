/* words.c - from the sentences of a book to words with one reading each.
 *
 *   in    struct book, a worker's cache
 *   out   struct words (words.h), all of it in the caller's arena
 *
 * Per paragraph: cut into tokens, mark speech. Per sentence: readings from the cache, the
 * best path (choose.c). Then names are settled over the whole book (names.c), and only then
 * lemmas are numbered, in reading order, so that nothing depends on the cache.
 */
#include "words/tag/names.h"

static void room(struct word_cache *c, size_t n)
{
	if (n <= c->cap_cw)
		return;
	size_t cap = n * 2 + 64;

	mem_free(c->cw);
	mem_free(c->pick);
	mem_free(c->work);
	c->cw = mem_alloc(cap, sizeof *c->cw);
	c->pick = mem_alloc(cap, 1);
	c->work = mem_alloc(cap, sizeof *c->work);
	c->cap_cw = cap;
}

/* Chooses the readings of one sentence: tokens t[0..n), picks into pick[0..n). */
static void sentence(struct word_cache *c, struct tok *t, uint8_t *pick, size_t n,
                     struct str text)
{
	room(c, n);
	for (size_t i = 0; i < n; i++)
		t[i].entry = cache_entry(c, &t[i], text);
	for (size_t i = 0; i < n; i++) {	/* after all entries: c->r may have moved */
		const struct entry *e = &c->e[t[i].entry];

		int shape = shape_of(&t[i]);

		c->cw[i] = (struct cword){ c->r + e->first, &e->at, entry_n(e, shape),
		                           (uint8_t)shape };
	}
	choose_path(pick, c->work, c->memo, c->d->ctx, c->cw, n);
}

/* Cuts the whole book; first[i] is the first token of sentence i. */
static void cut(struct word_cache *c, const struct book *b, uint32_t *first)
{
	c->toks.n = 0;
	for (size_t s = 0, from = 0; s < b->n_sent; s++) {
		if (s && b->sent[s].para != b->sent[s - 1].para) {
			tok_speech(c->toks.t + from, c->toks.n - from, b->text);
			from = c->toks.n;
		}
		first[s] = (uint32_t)c->toks.n;
		tok_cut(&c->toks, b->text, b->sent[s].off, b->sent[s].len);
		if (s + 1 == b->n_sent)
			tok_speech(c->toks.t + from, c->toks.n - from, b->text);
	}
	must(c->toks.n < UINT32_MAX);
	first[b->n_sent] = (uint32_t)c->toks.n;
}

/* ---- lemmas of the book --------------------------------------------------------------- */

struct numbering {
	struct word_cache *c;
	struct lemma *l;
	size_t n, cap;
	struct { uint32_t proper, unknown; } *use;
	size_t n_use, cap_use;
	struct arena *a;
};

static uint32_t number(struct numbering *x, const struct cread *r)
{
	uint32_t *of = &x->c->of_book[r->lemma];

	if (!*of) {
		struct gram g = { .anim = r->g.anim, .gender = r->g.gender, .name = r->g.name };

		VEC_PUSH(x->l, x->n, x->cap) = (struct lemma){
			.s = str_copy(x->a, cache_lemma(x->c, r->lemma)), .g = g,
			.pos = r->pos == POS_INF || r->pos == POS_PART || r->pos == POS_GER ?
			       POS_VERB : r->pos,
		};
		VEC_PUSH(x->use, x->n_use, x->cap_use).proper = 0;
		x->use[x->n - 1].unknown = 0;
		*of = (uint32_t)x->n;
	}
	return *of - 1;
}

static void count(struct numbering *x, const struct word *w, const struct cread *r)
{
	struct lemma *l = &x->l[w->lemma];

	l->count++;
	x->use[w->lemma].proper += (w->flags & WORD_PROPER) != 0;
	x->use[w->lemma].unknown += r->unknown;
	if (!l->g.gender)
		l->g.gender = r->g.gender;
	if (!l->g.name)
		l->g.name = r->g.name;
	if (!l->g.anim)
		l->g.anim = r->g.anim;
}

static void clear_map(struct word_cache *c)
{
	if (c->cap_of_book < c->lemma.n + 1) {
		mem_free(c->of_book);
		c->cap_of_book = c->lemma.n * 2 + 1;
		c->of_book = mem_alloc(c->cap_of_book, sizeof *c->of_book);
	}
	memset(c->of_book, 0, c->cap_of_book * sizeof *c->of_book);
}

static void make_words(struct words *out, struct word_cache *c, const uint8_t *pick,
                       struct arena *a)
{
	struct numbering x = { .c = c, .a = a };

	clear_map(c);
	out->w = TAKE(a, struct word, c->toks.n + 1);
	out->n = c->toks.n;
	for (size_t i = 0; i < out->n; i++) {
		const struct tok *t = &c->toks.t[i];
		const struct cread *r = entry_reads(c, t->entry) + pick[i];
		struct word *w = &out->w[i];

		*w = (struct word){ t->off, number(&x, r), r->g, t->len, r->pos, t->flags,
		                    r->tag, (uint8_t)UD_GET(r->tag, POS), r->more };
		if (r->unknown)
			w->flags |= WORD_UNKNOWN;
		count(&x, w, r);
	}
	out->n_lemma = x.n;
	out->lemma = TAKE(a, struct lemma, x.n + 1);
	for (size_t i = 0; i < x.n; i++) {
		struct lemma *l = &x.l[i];

		l->flags = (x.use[i].proper * 2 > l->count ? WORD_PROPER : 0) |
		           (x.use[i].unknown * 2 > l->count ? WORD_UNKNOWN : 0);
		out->lemma[i] = *l;
	}
	mem_free(x.l);
	mem_free(x.use);
}

void words_read(struct words *out, const struct book *b, struct word_cache *c, struct arena *a)
{
	uint32_t *first = TAKE(a, uint32_t, b->n_sent + 1);
	uint8_t *pick;

	cache_trim(c);
	cut(c, b, first);
	pick = mem_alloc(c->toks.n + 1, 1);
	for (size_t s = 0; s < b->n_sent; s++)
		sentence(c, c->toks.t + first[s], pick + first[s], first[s + 1] - first[s],
		         b->text);
	names_settle(c, pick, first, b->n_sent);
	*out = (struct words){ .sent = first, .n_sent = b->n_sent };
	make_words(out, c, pick, a);
	mem_free(pick);
}
