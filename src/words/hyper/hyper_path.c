/* hyper_path.c - the cheapest path through the pieces of a text.
 *
 *   in    letters, pieces with prices K + c
 *   out   the pieces, in order, whose prices sum to the least
 *
 * Forward dynamic programming [Viterbi 1967] with the pieces that begin at each place taken
 * from the trie: as K is far greater than any c, it is the segmentation with the fewest tokens
 * [PathPiece: Schmidt et al. 2024], and among those the likeliest. The sums are whole numbers,
 * and of two equal ways the one that begins its last piece earlier stands: exactly what a
 * Unigram model with the scores -(K + c) does.
 *
 * Memory: a window. At its end all cheapest paths are followed back from every place where one
 * may go on; where they have become one, everything to the left is final and leaves. If they
 * do not (a text made to that end), the window doubles, and at WINDOW_MAX ends by force.
 */
#include "words/hyper/hyper_in.h"

enum { WINDOW = 1 << 14, WINDOW_MAX = 1 << 18 };
_Static_assert((WINDOW_MAX + HYPER_PIECE_MAX) * (uint64_t)(HYPER_PRICE + HYPER_EXTRA_MAX) < UINT32_MAX,
               "the cost of a window fits");

void path_clear(struct path_work *k)
{
	mem_free(k->cost);
	mem_free(k->by);
	mem_free(k->alive);
	*k = (struct path_work){ 0 };
}

static void room(struct path_work *k, size_t n)
{
	if (n <= k->cap)
		return;
	k->cap = n;
	k->cost = mem_resize(k->cost, n, sizeof *k->cost);
	k->by = mem_resize(k->by, n, sizeof *k->by);
	k->alive = mem_resize(k->alive, n, 1);
}

static uint32_t length(const struct path_set *s, uint32_t by)
{
	return by == PATH_STRAY ? 1 : s->piece[by].n;
}

/* Pushes the ways on from places lo..hi-1 of letter [n]. */
static void push(struct path_work *k, const struct path_set *s, const uint8_t *letter, size_t lo,
                 size_t hi, size_t n)
{
	const struct trie_unit *u = s->trie->u;
	uint32_t *cost = k->cost, *by = k->by;

	for (size_t i = lo; i < hi; i++) {
		uint32_t at = cost[i], go = u[0].go, w;

		if (!letter[i]) {
			if (at + s->stray < cost[i + 1])
				cost[i + 1] = at + s->stray, by[i + 1] = PATH_STRAY;
			continue;
		}
		for (size_t e = i; e < n; e++) {
			const struct trie_unit *t = &u[(go >> 8) ^ letter[e]];

			go = t->go;
			if ((go & 0xff) != letter[e])
				break;
			if (!t->mark)
				continue;
			w = at + s->price[t->mark - 1];
			if (w < cost[e + 1])
				cost[e + 1] = w, by[e + 1] = t->mark - 1;
		}
	}
}

/* Where the ways back from the places end-PIECE_MAX+1..end meet first. */
static size_t meet(const struct path_work *k, const struct path_set *s, size_t end)
{
	size_t lo = end > HYPER_PIECE_MAX - 1 ? end - (HYPER_PIECE_MAX - 1) : 0;
	size_t alive = end - lo + 1, at = end;

	memset(k->alive, 0, lo);
	memset(k->alive + lo, 1, alive);
	for (; alive > 1; at--) {
		size_t back;

		if (!k->alive[at])
			continue;
		back = at - length(s, k->by[at]);
		if (k->alive[back])
			alive--;
		k->alive[back] = 1;
	}
	while (!k->alive[at])
		at--;
	return at;
}

/* Hands over the path that ends at `cut`, laid over the costs before it, which are spent. */
static void hand(struct path_work *k, const struct path_set *s, size_t cut,
                 void (*take)(void *ctx, const uint32_t *piece, size_t n), void *ctx)
{
	size_t w = cut, n = 0;

	for (size_t at = cut; at; n++) {
		uint32_t by = k->by[at];

		at -= length(s, by);
		k->cost[--w] = by;
	}
	take(ctx, k->cost + w, n);
}

/* The places cut..reach become 0..: the costs begin anew, for only differences matter. */
static void shift(struct path_work *k, size_t cut, size_t reach)
{
	uint32_t from = k->cost[cut];

	for (size_t i = cut; i <= reach; i++) {
		k->cost[i - cut] = k->cost[i] == UINT32_MAX ? UINT32_MAX : k->cost[i] - from;
		k->by[i - cut] = k->by[i];
	}
}

void path_find(struct path_work *k, const struct path_set *s, const uint8_t *letter, size_t n,
               void (*take)(void *ctx, const uint32_t *piece, size_t n), void *ctx)
{
	size_t done = 0, reach = 0, window = WINDOW;	/* places of the window: pushed, priced */

	room(k, 1);
	k->cost[0] = 0;
	while (n) {
		size_t end = window < n ? window : n, cut;
		size_t top = end + HYPER_PIECE_MAX < n ? end + HYPER_PIECE_MAX : n;

		room(k, top + 1);
		for (; reach < top; reach++)
			k->cost[reach + 1] = UINT32_MAX;
		push(k, s, letter, done, end, n);
		done = end;
		cut = end == n ? end : meet(k, s, end);
		if (!cut && window < WINDOW_MAX) {
			window *= 2;
			continue;
		}
		if (!cut) {			/* by force: no way across the end is left */
			cut = end;
			for (size_t i = end + 1; i <= reach; i++)
				k->cost[i] = UINT32_MAX;
		}
		hand(k, s, cut, take, ctx);
		shift(k, cut, reach);
		letter += cut;
		n -= cut;
		done -= cut;
		reach -= cut;
	}
}
