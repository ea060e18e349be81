/* hyper_train.c - chooses the pieces: grow by frequent neighbours, prune by loss.
 *
 *   in    texts
 *   out   the pieces that let the texts be written with the fewest tokens, as far as
 *         one piece more or less can tell
 *
 * Letters are the first pieces. The texts are laid with what there is, and frequent neighbours
 * become pieces in batches, up to OVER times the vocabulary: first within words only, then
 * anywhere, as in SuperBPE [Liu et al. 2025]. Then the pieces whose loss is least go, a
 * tenth at a time, each time laid anew [PathPiece: Schmidt et al. 2024]; and all that once more.
 * As encoding is by cheapest path, no piece is kept only because others were merged from it.
 *
 * A loss counts as x^POWER in each book, which favours what many books want over what one
 * repeats; the constants were chosen on the dev books (docs/hyper.md).
 *
 * Cost: some twenty passes over the texts. Memory: two bytes a letter (itself, its place) and the
 * neighbours (hyper_pairs.c). One thread: the same texts in the same order, the same pieces.
 */
#include <math.h>
#include <stdlib.h>

#include "words/hyper/hyper_in.h"

static const double POWER = 0.6;	/* of a book's loss */
static const double OVER = 1.5;		/* pieces before pruning, by the vocabulary */
static const double WORDS = 0.5;	/* share of the vocabulary grown within words */
static const double KEEP = 0.9;		/* of the pieces in one pruning */
static const double MORPH = 0.3;	/* of its loss a piece forfeits if it ends amid morphemes */
static const double AMID = 40;		/* and what c it then gets: among equals it comes last */
static const double BITS = 16;		/* c of a piece per bit of its rarity */
enum {
	AGAIN = 1,			/* growings and prunings more */
	BATCH = 7000,			/* pieces in one growing, or as many as there are */
	LETTER_SHARE = 400000,		/* a letter is met at least once in so many runes */
	SAMPLE_4 = 4000, SAMPLE_2 = 16000,	/* while pieces are fewer, a part of the text is enough */
};

struct school {
	struct letters letters;
	uint8_t kind[HYPER_LETTERS_MAX];
	uint8_t **book, **place;
	size_t *len, n_book;
	struct strtab seen;		/* the pieces' letters */
	struct piece *piece;
	uint32_t *price;
	double *uses;
	size_t n, cap, fixed;		/* fixed: the letters, which come first and stay */
	struct trie trie;
	const struct watch *w;
	double done, steps;
};

/* ---- letters ------------------------------------------------------------------------------- */

struct rune_count { uint64_t count; uint32_t rune; };

static int by_count(const void *x, const void *y)
{
	const struct rune_count *a = x, *b = y;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return (a->rune > b->rune) - (a->rune < b->rune);
}

/* The commonest runes become letters. ASCII costs nothing, others an id each: at most a quarter
 * of what the vocabulary has beyond the bytes. */
static void find_letters(struct school *s, const struct str *text, size_t n, size_t vocab)
{
	struct rune_count *c = mem_alloc(1 << 16, sizeof *c);
	uint64_t total = 0;
	size_t costly = 0;

	letters_init(&s->letters);
	for (uint32_t i = 0; i < 1 << 16; i++)
		c[i].rune = i;
	for (size_t i = 0; i < n; i++)
		for (const char *p = text[i].p, *end = p + text[i].n; p < end; total++) {
			uint32_t r = utf8_next(&p, end);

			if (r < 1 << 16 && r != 0xFFFD)
				c[r].count++;
		}
	qsort(c, 1 << 16, sizeof *c, by_count);
	for (uint32_t i = 0; i < 1 << 16 && c[i].count > total / LETTER_SHARE; i++) {
		if (c[i].rune >= 128 && 4 * ++costly > vocab - 256)
			break;
		if (!letters_add(&s->letters, c[i].rune))
			break;
	}
	mem_free(c);
	shape_kinds(s->kind, &s->letters);
}

/* ---- pieces -------------------------------------------------------------------------------- */

static bool add_piece(struct school *s, const uint8_t *p, size_t n)
{
	size_t before = s->seen.n;
	uint32_t id = strtab_add(&s->seen, (struct str){ (const char *)p, n });

	if (s->seen.n == before)
		return false;
	VEC_PUSH(s->piece, s->n, s->cap) =
		(struct piece){ (const uint8_t *)s->seen.s[id].p, (uint32_t)n };
	return true;
}

static void add_text(struct school *s, struct str text)
{
	uint8_t *p = mem_alloc(text.n + 1, 1);
	size_t n = letters_read(&s->letters, text, p);

	s->book[s->n_book] = mem_resize(p, n + 1, 1);
	s->len[s->n_book++] = n;
}

static void find_borders(struct school *s)
{
	struct forms f = { .seen = strtab_open("forms") };

	for (size_t i = 0; i < s->n_book; i++)
		forms_count(&f, &s->letters, s->kind, s->book[i], s->len[i]);
	forms_cut(&f);
	for (size_t i = 0; i < s->n_book; i++) {
		s->place[i] = mem_alloc(s->len[i] + 1, 1);
		forms_mark(s->place[i], &f, &s->letters, s->kind, s->book[i], s->len[i]);
	}
	forms_clear(&f);
}

/* c of every piece from its uses; a piece beyond `known` counts as met as often as the rarest. */
static void set_prices(struct school *s, size_t known)
{
	double all = 0, least = 1;

	for (size_t i = 0; i < known; i++)
		all += s->uses[i];
	s->price = mem_resize(s->price, s->n, sizeof *s->price);
	for (size_t i = 0; i < s->n; i++) {
		double c = all > 0 ? BITS * log2(all / ((i < known ? s->uses[i] : 20 * least) + 0.5)) : 0;

		s->price[i] = HYPER_PRICE + (uint32_t)(c > HYPER_EXTRA_MAX ? HYPER_EXTRA_MAX : c < 0 ? 0 : c);
	}
}

/* ---- growing and pruning ------------------------------------------------------------------- */

static void pass(struct school *s, struct tally *t, struct neighbours *pairs, size_t stride)
{
	mem_free(s->trie.u);
	trie_build(&s->trie, s->piece, s->n);
	*t = (struct tally){
		.set = { &s->trie, s->piece, s->price, HYPER_PRICE + HYPER_EXTRA_MAX },
		.n = s->n, .pairs = pairs, .power = POWER,
	};
	tally_open(t);
	for (size_t i = 0; i < s->n_book && !watch_stopped(s->w); i++)
		tally_book(t, s->book[i], s->place[i], s->len[i], stride, i % stride);
	s->uses = mem_resize(s->uses, s->n + 1, sizeof *s->uses);
	for (size_t i = 0; i < s->n; i++)
		s->uses[i] = t->uses[i];
	s->done++;
	watch_step(s->w, "hyperlexemes", s->done, s->steps > s->done ? s->steps : s->done, "passes");
}

static int by_frequency(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

/* Joins the commonest neighbours until there are `want` pieces; false when there are no more. */
static bool grow(struct school *s, size_t want, size_t stride, bool in_words)
{
	struct neighbours pairs = { 0 };
	struct tally t;
	size_t before = s->n, m = 0;

	pass(s, &t, &pairs, stride);
	for (size_t i = 0; i < pairs.cap; i++)
		if (pairs.slot[i].count > 1 && (pairs.slot[i].books > 1 || s->n_book < 8))
			pairs.slot[m++] = pairs.slot[i];
	if (m)
		qsort(pairs.slot, m, sizeof *pairs.slot, by_frequency);
	for (size_t i = 0; i < m && s->n < want; i++) {
		struct piece a = s->piece[pairs.slot[i].a], b = s->piece[pairs.slot[i].b];
		uint8_t p[2 * HYPER_PIECE_MAX];
		enum shape shape;

		memcpy(p, a.p, a.n);
		memcpy(p + a.n, b.p, b.n);
		shape = shape_find(s->kind, p, a.n + b.n);
		if (shape == SHAPE_WORD || (shape == SHAPE_FREE && !in_words))
			add_piece(s, p, a.n + b.n);
	}
	set_prices(s, before);
	tally_close(&t);
	neighbours_free(&pairs);
	return s->n > before;
}

/* The share of a piece's ends that lie amid a morpheme. */
static double amid(const struct tally *t, size_t i)
{
	return t->uses[i] ? t->amid[i] / (2.0 * t->uses[i]) : 0;
}

struct rank { double loss; uint32_t piece; };

static int by_loss(const void *x, const void *y)
{
	const struct rank *a = x, *b = y;

	if (a->loss != b->loss)
		return a->loss > b->loss ? -1 : 1;
	return (a->piece > b->piece) - (a->piece < b->piece);
}

/* The parts that piece p falls into without itself: locked, for they will carry its uses. */
static void lock_parts(const struct school *s, uint8_t *keep, uint32_t p)
{
	const struct piece *x = &s->piece[p];
	const struct trie_unit *u = s->trie.u;
	uint32_t cost[HYPER_PIECE_MAX + 1], by[HYPER_PIECE_MAX + 1];

	memset(cost, 0xff, sizeof cost);
	cost[0] = 0;
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t go = u[0].go;

		for (uint32_t e = i; e < x->n; e++) {
			const struct trie_unit *t = &u[(go >> 8) ^ x->p[e]];

			go = t->go;
			if ((go & 0xff) != x->p[e])
				break;
			if (!t->mark || t->mark - 1 == p || keep[t->mark - 1] == 2)
				continue;
			if (cost[i] + s->price[t->mark - 1] < cost[e + 1])
				cost[e + 1] = cost[i] + s->price[t->mark - 1], by[e + 1] = t->mark - 1;
		}
	}
	for (uint32_t at = x->n; at; at -= s->piece[by[at]].n)
		keep[by[at]] = 1;
}

/* Keeps the letters and the pieces of greatest loss, in their order. */
static void prune(struct school *s, size_t want)
{
	struct strtab old = s->seen;
	struct rank *rank = mem_alloc(s->n, sizeof *rank);
	uint8_t *keep = mem_alloc(s->n, 1);
	size_t n = s->n;
	struct tally t;

	pass(s, &t, NULL, 1);
	for (size_t i = 0; i < n; i++)
		rank[i] = (struct rank){ i < s->fixed ? INFINITY : t.loss[i] * (1 - MORPH * amid(&t, i)),
		                         (uint32_t)i };
	qsort(rank, n, sizeof *rank, by_loss);
	/* keep: 1 locked, 2 gone */
	for (size_t i = n, gone = 0; i-- > s->fixed && n - gone > want;) {
		if (keep[rank[i].piece])
			continue;
		keep[rank[i].piece] = 2;
		lock_parts(s, keep, rank[i].piece);
		gone++;
	}
	s->seen = strtab_open("pieces");
	s->n = 0;
	for (size_t i = 0; i < n; i++)
		if (keep[i] != 2) {
			s->uses[s->n] = t.uses[i];
			add_piece(s, s->piece[i].p, s->piece[i].n);
		}
	set_prices(s, s->n);
	strtab_close(&old);
	tally_close(&t);
	mem_free(keep);
	mem_free(rank);
}

static bool stopped(const struct school *s) { return watch_stopped(s->w); }

static void prune_to(struct school *s, size_t goal)
{
	while (s->n > goal && !stopped(s)) {
		size_t v = (size_t)(KEEP * (double)s->n), before = s->n;

		prune(s, v > goal ? v : goal);
		must(s->n < before);
	}
}

/* From the letters to `goal` pieces. */
static void learn(struct school *s, size_t goal)
{
	size_t over = (size_t)(OVER * (double)goal), words = (size_t)(WORDS * (double)goal);
	struct tally t;

	s->steps = 3 + log2((double)(goal < BATCH ? goal : BATCH) / (double)(s->n + 1)) +
	           (double)over / BATCH + log(OVER) / -log(KEEP);
	for (size_t v = s->n, more = 1; v < over && more && !stopped(s);) {
		v += v < BATCH ? v + 1 : BATCH;
		v = v < over ? v : over;
		more = grow(s, v, v < SAMPLE_4 ? 4 : v < SAMPLE_2 ? 2 : 1, v <= words);
		if (!more && v <= words)	/* no words left to join: go beyond them */
			more = grow(s, v, 1, false);
	}
	prune_to(s, goal);
	for (int i = 0; i < AGAIN && !stopped(s); i++) {
		grow(s, goal + (over - goal) / 2, 1, false);
		prune_to(s, goal);
	}
	if (stopped(s))
		return;
	pass(s, &t, NULL, 1);		/* the last prices: what is used in the end */
	set_prices(s, s->n);
	for (size_t i = 0; i < s->n; i++) {
		s->price[i] += (uint32_t)(AMID * amid(&t, i));
		if (s->price[i] > HYPER_PRICE + HYPER_EXTRA_MAX)
			s->price[i] = HYPER_PRICE + HYPER_EXTRA_MAX;
	}
	tally_close(&t);
}

/* ---- handing over -------------------------------------------------------------------------- */

struct use { double uses; uint32_t piece; };

static int by_uses(const void *x, const void *y)
{
	const struct use *a = x, *b = y;

	if (a->uses != b->uses)
		return a->uses > b->uses ? -1 : 1;
	return (a->piece > b->piece) - (a->piece < b->piece);
}

/* ids 0..255 are the bytes; the others follow by use. Prices of ASCII letters go to their byte. */
static void give(struct tokenizer *t, const struct school *s)
{
	struct use *order = mem_alloc(s->n, sizeof *order);
	char *byte = TAKE(&t->mem, char, 256);
	uint8_t *c;
	size_t n = 256;

	for (size_t i = 0; i < s->n; i++)
		order[i] = (struct use){ s->uses[i], (uint32_t)i };
	qsort(order, s->n, sizeof *order, by_uses);
	t->piece = TAKE(&t->mem, struct str, 256 + s->n);
	c = TAKE(&t->mem, uint8_t, 2 * (256 + s->n));
	for (int i = 0; i < 256; i++) {
		byte[i] = (char)i;
		t->piece[i] = (struct str){ byte + i, 1 };
	}
	for (size_t i = 0; i < s->n; i++) {
		struct piece p = s->piece[order[i].piece];
		uint32_t extra = s->price[order[i].piece] - HYPER_PRICE;
		char *bytes = TAKE(&t->mem, char, 3 * p.n);
		size_t len = letters_write(&s->letters, p.p, p.n, bytes), id;

		id = len == 1 ? (uint8_t)bytes[0] : n++;
		t->piece[id] = (struct str){ bytes, len };
		c[2 * id] = (uint8_t)extra;
		c[2 * id + 1] = (uint8_t)(extra >> 8);
	}
	t->n = (uint32_t)n;
	t->extra = (struct str){ (char *)c, 2 * n };
	mem_free(order);
}

static void school_close(struct school *s)
{
	for (size_t i = 0; i < s->n_book; i++) {
		mem_free(s->book[i]);
		mem_free(s->place[i]);
	}
	mem_free(s->book);
	mem_free(s->place);
	mem_free(s->len);
	mem_free(s->piece);
	mem_free(s->price);
	mem_free(s->uses);
	mem_free(s->trie.u);
	strtab_close(&s->seen);
}

enum status hyper_train(struct tokenizer *t, const struct tokens_plan *p, const struct str *text,
                        size_t n, const struct watch *w, struct err *e)
{
	struct school s = { .seen = strtab_open("pieces"), .w = w };
	enum status st = OK;
	size_t ascii = 0;

	find_letters(&s, text, n, p->vocab);
	s.book = mem_alloc(n + 1, sizeof *s.book);
	s.place = mem_alloc(n + 1, sizeof *s.place);
	s.len = mem_alloc(n + 1, sizeof *s.len);
	for (size_t i = 0; i < n; i++)
		add_text(&s, text[i]);
	find_borders(&s);
	for (uint32_t i = 1; i < s.letters.n; i++) {
		add_piece(&s, &(uint8_t){ (uint8_t)i }, 1);
		ascii += s.letters.rune[i] < 128;
	}
	s.fixed = s.n;
	set_prices(&s, 0);
	learn(&s, p->vocab - 256 + ascii);
	if (stopped(&s))
		st = err_set(e, ERR_STOP, "stopped while hyperlexemes were chosen; nothing is written");
	else
		give(t, &s);
	school_close(&s);
	return st;
}
