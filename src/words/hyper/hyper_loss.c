/* hyper_loss.c - one pass over the training text: uses, losses, neighbours.
 *
 * A stretch of text is a lattice: every piece that stands somewhere is an edge. With f the cheapest way to
 * a place and b the cheapest way from it, a piece [i, j) on the best path costs, if it were
 * taken away,
 *
 *     min( min_{i<k<j} f[k] + b[k],  min over other edges [s, e) that hold [i, j) of
 *          f[s] + price + b[e] )  -  f[end]
 *
 * [PathPiece: Schmidt et al. 2024]. Sums are folded book by book as x^power: what one book
 * alone wants counts less than what many want.
 */
#include <math.h>

#include "words/hyper/hyper_in.h"

enum { STRETCH = 1 << 13, EDGES = STRETCH * 24 };

struct lattice {
	uint32_t f[STRETCH + 1], b[STRETCH + 1], by[STRETCH + 1];
	uint32_t first[STRETCH + 1];	/* edges that begin at a place */
	uint16_t end[EDGES];
	uint32_t piece[EDGES];
	size_t n;			/* edges */
};

void tally_open(struct tally *t)
{
	t->uses = mem_alloc(t->n, sizeof *t->uses);
	t->loss = mem_alloc(t->n, sizeof *t->loss);
	t->amid = mem_alloc(t->n, sizeof *t->amid);
	t->now = mem_alloc(t->n, sizeof *t->now);
	t->now_uses = mem_alloc(t->n, sizeof *t->now_uses);
	t->own = mem_alloc(1, sizeof *t->own);
}

void tally_close(struct tally *t)
{
	mem_free(t->uses);
	mem_free(t->loss);
	mem_free(t->amid);
	mem_free(t->now);
	mem_free(t->now_uses);
	mem_free(t->own);
}

/* Edges, f and by; returns how many letters of the stretch were taken (all, unless edges ran
 * out, which takes a text made to that end). */
static size_t forward(struct tally *t, const uint8_t *letter, size_t n)
{
	struct lattice *l = t->own;
	const struct trie_unit *u = t->set.trie->u;

	l->n = 0;
	for (size_t i = 0; i <= n; i++)
		l->f[i] = UINT32_MAX;
	l->f[0] = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t at = l->f[i], go = u[0].go, w;

		l->first[i] = (uint32_t)l->n;
		if (l->n + HYPER_PIECE_MAX > EDGES)
			return l->first[i + 1] = (uint32_t)l->n, i;
		if (!letter[i]) {
			l->end[l->n] = (uint16_t)(i + 1);
			l->piece[l->n++] = PATH_STRAY;
			w = at + t->set.stray;
			if (w < l->f[i + 1])
				l->f[i + 1] = w, l->by[i + 1] = PATH_STRAY;
			continue;
		}
		for (size_t e = i; e < n; e++) {
			const struct trie_unit *x = &u[(go >> 8) ^ letter[e]];

			go = x->go;
			if ((go & 0xff) != letter[e])
				break;
			if (!x->mark)
				continue;
			l->end[l->n] = (uint16_t)(e + 1);
			l->piece[l->n++] = x->mark - 1;
			w = at + t->set.price[x->mark - 1];
			if (w < l->f[e + 1])
				l->f[e + 1] = w, l->by[e + 1] = x->mark - 1;
		}
	}
	l->first[n] = (uint32_t)l->n;
	return n;
}

static uint32_t price(const struct tally *t, uint32_t piece)
{
	return piece == PATH_STRAY ? t->set.stray : t->set.price[piece];
}

static void backward(struct tally *t, size_t n)
{
	struct lattice *l = t->own;

	l->b[n] = 0;
	for (size_t i = n; i-- > 0;) {
		uint32_t best = UINT32_MAX;

		for (uint32_t x = l->first[i]; x < l->first[i + 1]; x++) {
			uint32_t w = l->b[l->end[x]];

			if (l->end[x] <= n && (w += price(t, l->piece[x])) < best)
				best = w;
		}
		l->b[i] = best;
	}
}

/* The cheapest way past [i, j) without piece p there. */
static uint32_t without(const struct tally *t, size_t i, size_t j, uint32_t p)
{
	const struct lattice *l = t->own;
	uint32_t best = UINT32_MAX;

	for (size_t k = i + 1; k < j; k++)
		if (l->f[k] + l->b[k] < best)
			best = l->f[k] + l->b[k];
	for (size_t s = j > HYPER_PIECE_MAX ? j - HYPER_PIECE_MAX : 0; s <= i; s++)
		for (uint32_t x = l->first[s + 1]; x-- > l->first[s] && l->end[x] >= j;)
			if (l->piece[x] != p && l->f[s] + price(t, l->piece[x]) + l->b[l->end[x]] < best)
				best = l->f[s] + price(t, l->piece[x]) + l->b[l->end[x]];
	return best;
}

static void count(struct tally *t, const uint8_t *place, size_t n)
{
	const struct lattice *l = t->own;
	uint32_t right = PATH_STRAY;

	for (size_t j = n; j;) {
		uint32_t p = l->by[j];
		size_t i = j - (p == PATH_STRAY ? 1 : t->set.piece[p].n);

		t->tokens++;
		if (p != PATH_STRAY) {
			t->now_uses[p]++;
			t->amid[p] += (place[i] == PLACE_AMID) + (place[j] == PLACE_AMID);
			if (t->pairs && right != PATH_STRAY)
				neighbours_add(t->pairs, p, right, t->book);
			if (!t->pairs && j - i > 1)
				t->now[p] += (float)(without(t, i, j, p) - l->f[n]);
		}
		right = p;
		j = i;
	}
}

static void fold(struct tally *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->now[i] > 0)
			t->loss[i] += t->power == 1 ? t->now[i] : pow(t->now[i] / HYPER_PRICE, t->power);
		t->uses[i] += t->now_uses[i];
		t->now[i] = 0;
		t->now_uses[i] = 0;
	}
}

void tally_book(struct tally *t, const uint8_t *letter, const uint8_t *place, size_t n, size_t stride,
                size_t phase)
{
	size_t k = 0;

	for (size_t at = 0; at < n; k++) {
		size_t len = n - at < STRETCH ? n - at : STRETCH;

		if (k % stride == phase) {
			len = forward(t, letter + at, len);
			if (!t->pairs)
				backward(t, len);
			count(t, place + at, len);
		}
		at += len;
	}
	t->book++;
	fold(t);
}
