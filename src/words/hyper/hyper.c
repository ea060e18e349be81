/* hyper.c - TOKENS_HYPER: pieces that may hold several words; the fewest tokens.
 *
 *   the file   pieces: the 256 bytes, then strings of whole runes; the scheme's own part:
 *              u16 c of each id, little-endian
 *   ready      letters (every rune of the pieces), prices K + c, the trie
 *   encode     text -> letters -> cheapest path -> ids; what is no letter goes byte by byte
 *
 * Every letter is a piece by itself, so there is a path through any text, and bytes of a letter
 * are never cheaper than the letter. That makes the encoding equal to a Unigram model over bytes
 * with the scores -(K + c), and so it is exported to tokenizer.json: sums of whole numbers are
 * exact in its doubles, and both keep the way found first of two equal ones, places and pieces
 * being tried in the same order. They differ only where 2^18 letters in a row have no place that
 * all cheapest paths share (hyper_path.c), and on text that is not UTF-8, which that library
 * does not take.
 */
#include "words/hyper/hyper_in.h"

struct hyper {
	struct letters letters;
	struct piece *piece;		/* in letters; bytes that are no letters are left out */
	uint32_t *price, *id;		/* by piece */
	uint8_t *bytes;			/* UTF-8 length of a piece, by piece */
	size_t n, all;			/* pieces; letters of all of them */
	struct trie trie;
	struct arena mem;
};

/* ---- making ready -------------------------------------------------------------------------- */

static enum status add_letters(struct hyper *h, const struct tokenizer *t, struct err *e)
{
	for (uint32_t i = 256; i < t->n; i++) {
		const char *p = t->piece[i].p, *end = p + t->piece[i].n;

		if (p == end || !utf8_valid(t->piece[i]))
			return err_set(e, ERR_FORMAT, "tokenizer: piece %u is not UTF-8", i);
		while (p < end)
			if (!letters_add(&h->letters, utf8_next(&p, end)))
				return err_set(e, ERR_FORMAT, "tokenizer: piece %u: more than %d different "
				               "runes, or one above U+FFFF", i, HYPER_LETTERS_MAX - 1);
	}
	return OK;
}

/* A piece of id i from its bytes; false when it is too long. */
static bool add_piece(struct hyper *h, struct str s, uint32_t id, uint32_t c)
{
	uint8_t *p = TAKE(&h->mem, uint8_t, s.n);
	size_t n = letters_read(&h->letters, s, p);

	if (n > HYPER_PIECE_MAX)
		return false;
	h->piece[h->n] = (struct piece){ p, (uint32_t)n };
	h->price[h->n] = HYPER_PRICE + c;
	h->all += n;
	h->bytes[h->n] = (uint8_t)s.n;
	h->id[h->n++] = id;
	return true;
}

static enum status add_pieces(struct hyper *h, const struct tokenizer *t, struct err *e)
{
	const uint8_t *c = (const uint8_t *)t->extra.p;
	struct strtab seen = strtab_open("pieces");
	enum status st = OK;

	for (uint32_t i = 0; i < t->n && !st; i++) {
		uint32_t extra = c[2 * i] | (uint32_t)c[2 * i + 1] << 8;
		size_t before = seen.n;

		if (extra > HYPER_EXTRA_MAX)
			st = err_set(e, ERR_FORMAT, "tokenizer: the price of id %u is beyond %d", i,
			             HYPER_EXTRA_MAX);
		else if (i < 256 && (i >= 128 || !h->letters.of[i]))
			continue;
		else if (strtab_add(&seen, t->piece[i]) < before)
			st = err_set(e, ERR_FORMAT, "tokenizer: piece %u stands twice", i);
		else if (!add_piece(h, t->piece[i], i, extra))
			st = err_set(e, ERR_FORMAT, "tokenizer: piece %u has more than %d letters", i,
			             HYPER_PIECE_MAX);
		else if (h->all > HYPER_LETTERS_ALL)
			st = err_set(e, ERR_LIMIT, "tokenizer: the pieces up to %u have more than %d letters", i,
			             HYPER_LETTERS_ALL);
	}
	for (uint32_t x = 1; x < h->letters.n && !st; x++) {
		char rune[4];
		int n = utf8_put(rune, h->letters.rune[x]);

		if (strtab_find(&seen, (struct str){ rune, (size_t)n }) == STRTAB_NONE)
			st = err_set(e, ERR_FORMAT, "tokenizer: the letter U+%04X is no piece by itself",
			             h->letters.rune[x]);
	}
	strtab_close(&seen);
	return st;
}

static void hyper_close(struct tokenizer *t)
{
	struct hyper *h = t->own;

	if (!h)
		return;
	mem_free(h->trie.u);
	arena_close(&h->mem);
	mem_free(h);
	t->own = NULL;
}

static enum status hyper_ready(struct tokenizer *t, struct err *e)
{
	struct hyper *h = mem_alloc(1, sizeof *h);

	t->own = h;
	h->mem = arena_open("hyperlexemes");
	letters_init(&h->letters);
	h->piece = TAKE(&h->mem, struct piece, t->n);
	h->price = TAKE(&h->mem, uint32_t, t->n);
	h->id = TAKE(&h->mem, uint32_t, t->n);
	h->bytes = TAKE(&h->mem, uint8_t, t->n);
	if (t->extra.n != 2 * (size_t)t->n)
		return err_set(e, ERR_FORMAT, "tokenizer: prices of %zu bytes for %u pieces", t->extra.n,
		               t->n);
	if (add_letters(h, t, e) || add_pieces(h, t, e))
		return e->code;
	trie_build(&h->trie, h->piece, h->n);
	return OK;
}

/* ---- encoding ------------------------------------------------------------------------------ */

struct hyper_work {
	const struct hyper *h;
	struct path_work path;
	uint8_t *letter;
	size_t cap;
	const uint8_t *at;		/* in the text: what is not yet handed over */
	struct ids *out;
};

static void *work_open(const struct tokenizer *t)
{
	struct hyper_work *k = mem_alloc(1, sizeof *k);

	k->h = t->own;
	return k;
}

static void work_close(void *own)
{
	struct hyper_work *k = own;

	path_clear(&k->path);
	mem_free(k->letter);
	mem_free(k);
}

static void take(void *ctx, const uint32_t *piece, size_t n)
{
	struct hyper_work *k = ctx;
	uint32_t *id;

	while (k->out->cap - k->out->n < n)
		k->out->id = mem_grow(k->out->id, &k->out->cap, sizeof *k->out->id);
	id = k->out->id + k->out->n;
	for (size_t i = 0; i < n; i++) {
		bool stray = piece[i] == PATH_STRAY;

		id[i] = stray ? *k->at : k->h->id[piece[i]];
		k->at += stray ? 1 : k->h->bytes[piece[i]];
	}
	k->out->n += n;
}

static void encode(struct tokens_work *w, struct str text, struct ids *out)
{
	struct hyper_work *k = w->own;
	const struct hyper *h = k->h;
	struct path_set set = { &h->trie, h->piece, h->price, HYPER_PRICE + HYPER_EXTRA_MAX };
	size_t n;

	if (text.n > k->cap) {
		k->cap = text.n;
		k->letter = mem_resize(k->letter, k->cap, 1);
	}
	n = letters_read(&h->letters, text, k->letter);
	k->at = (const uint8_t *)text.p;
	k->out = out;
	path_find(&k->path, &set, k->letter, n, take, k);
	must(k->at == (const uint8_t *)text.p + text.n);
}

const struct scheme scheme_hyper = {
	.id = TOKENS_HYPER, .name = "hyper", .reversible = true,
	.train = hyper_train, .ready = hyper_ready, .close = hyper_close,
	.work_open = work_open, .work_close = work_close, .encode = encode, .export = hyper_export,
};
