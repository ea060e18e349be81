/* bpe_train.c - learns the merges of byte-pair encoding from counted words.
 *
 *   in    distinct words with counts
 *   out   merges, most frequent pair first; the bytes of every id
 *
 * Greedy as in [Sennrich 2016], but nothing is counted twice. All words lie in one array of
 * places, a byte each; a symbol of len bytes is written at its first and its last place:
 *
 *     place    0    1    2    3    4          (symbols 300 and 301 of two bytes, then an end)
 *     sym     300  300  301  301  END         next of p: p + len(sym[p])
 *                                              before p: the symbol at p - 1, by its last place
 *
 * A pair keeps its count and the places where it stood when it arose. A pair (x, y) arises only
 * in the step that makes the younger of the two, so its count only falls afterwards and its
 * places are complete and in order: the heap is mended lazily, stale places are passed over.
 * Within a step the new pairs are (x, new) and (new, y): two arrays indexed by x and y stand in
 * for a hash table, and counts that fall are gathered there too.
 *
 * Letters: a b the pair, c the new id, x before, y behind, w how often the word occurs.
 * Cost: one visit to every place of every merge made; n log n for the heap.
 */
#include "words/tokens/bpe.h"

#define END UINT32_MAX		/* behind each word */
#define DEAD (UINT32_MAX - 1)	/* inside a symbol */
enum { COUNT_MIN = 2 };		/* a pair met once is no habit */

struct pair {
	uint64_t key;		/* a << 32 | b */
	uint64_t count;
	uint32_t *place;	/* [n] first places, growing */
	uint32_t n;
};
struct entry { uint64_t count, key; uint32_t pair; };

/* What one step adds or takes, by the neighbour's id. */
struct side {
	int64_t *plus, *minus;	/* [ids] */
	uint32_t *n;		/* [ids] places gathered */
	uint32_t *met;		/* [n_met] ids touched */
	size_t n_met;
};
struct event { uint32_t id, place; };	/* place of the pair's first symbol */

struct trainer {
	struct { uint32_t sym, weight; } *at;	/* [n_at] places; weight of the word */
	size_t n_at;
	uint32_t *len;			/* [ids] bytes of a symbol */
	struct pair *pair;
	size_t n_pair, cap_pair;
	uint32_t *slot;			/* open addressing by key, pair + 1 */
	size_t n_slot;
	struct entry *heap;
	size_t n_heap, cap_heap;
	struct side left, right;
	struct event *ev[2];		/* left, right */
	size_t n_ev[2], cap_ev[2];
	struct arena mem;		/* places */
	struct strtab known;		/* bytes of all ids: none twice */
};

/* ---- pairs ----------------------------------------------------------------------------- */

static inline uint64_t key_of(uint32_t a, uint32_t b)
{
	return (uint64_t)a << 32 | b;
}

static inline size_t slot_of(uint64_t key, size_t n_slot)
{
	key ^= key >> 29;
	return (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & (n_slot - 1);
}

static void put_slot(struct trainer *t, uint64_t key, uint32_t id)
{
	size_t at = slot_of(key, t->n_slot);

	while (t->slot[at])
		at = (at + 1) & (t->n_slot - 1);
	t->slot[at] = id + 1;
}

static struct pair *find(const struct trainer *t, uint64_t key)
{
	for (size_t at = slot_of(key, t->n_slot); t->slot[at]; at = (at + 1) & (t->n_slot - 1))
		if (t->pair[t->slot[at] - 1].key == key)
			return &t->pair[t->slot[at] - 1];
	return NULL;
}

static uint32_t add_pair(struct trainer *t, uint64_t key, uint64_t count, uint32_t n)
{
	uint32_t id = (uint32_t)t->n_pair;

	if (2 * t->n_pair >= t->n_slot) {
		mem_free(t->slot);
		t->n_slot = t->n_slot ? 2 * t->n_slot : 1 << 17;
		t->slot = mem_alloc(t->n_slot, sizeof *t->slot);
		for (size_t i = 0; i < t->n_pair; i++)
			put_slot(t, t->pair[i].key, (uint32_t)i);
	}
	VEC_PUSH(t->pair, t->n_pair, t->cap_pair) =
		(struct pair){ key, count, TAKE(&t->mem, uint32_t, n), 0 };
	put_slot(t, key, id);
	return id;
}

/* ---- the heap: greatest count first, then the lower ids -------------------------------- */

static bool before(const struct entry *x, const struct entry *y)
{
	return x->count != y->count ? x->count > y->count : x->key < y->key;
}

static void push(struct trainer *t, struct entry v)
{
	size_t i;

	VEC_PUSH(t->heap, t->n_heap, t->cap_heap) = v;
	for (i = t->n_heap - 1; i && before(&v, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
		t->heap[i] = t->heap[(i - 1) / 2];
	t->heap[i] = v;
}

static struct entry pop(struct trainer *t)
{
	struct entry top = t->heap[0], v = t->heap[--t->n_heap];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < t->n_heap) {
		if (k + 1 < t->n_heap && before(&t->heap[k + 1], &t->heap[k]))
			k++;
		if (!before(&t->heap[k], &v))
			break;
		t->heap[i] = t->heap[k];
		i = k;
	}
	t->heap[i] = v;
	return top;
}

static void push_pair(struct trainer *t, uint32_t pair)
{
	if (t->pair[pair].count >= COUNT_MIN)
		push(t, (struct entry){ t->pair[pair].count, t->pair[pair].key, pair });
}

/* The most frequent pair by its count as it stands; NULL when there is none. */
static struct pair *best(struct trainer *t)
{
	while (t->n_heap) {
		struct entry top = pop(t);
		struct pair *p = &t->pair[top.pair];

		if (p->count == top.count)
			return p;
		push_pair(t, top.pair);
	}
	return NULL;
}

/* ---- the start: words as bytes --------------------------------------------------------- */

static enum status lay_out(struct trainer *t, const struct bpe_words *words, struct err *e)
{
	size_t n = 0, at = 1;

	for (size_t i = 0; i < words->n; i++)
		n += words->w[i].s.n + 1;
	if (n + 1 >= DEAD)
		return err_set(e, ERR_LIMIT, "%zu bytes of distinct words: more than training can hold; "
		               "train on a part of the texts", n);
	t->at = mem_alloc(n + 1, sizeof *t->at);
	t->n_at = n + 1;
	t->at[0].sym = END;
	for (size_t i = 0; i < words->n; i++) {
		uint64_t c = words->w[i].count;

		for (size_t k = 0; k < words->w[i].s.n; k++, at++) {
			t->at[at].sym = (uint8_t)words->w[i].s.p[k];
			t->at[at].weight = c < UINT32_MAX ? (uint32_t)c : UINT32_MAX;
		}
		t->at[at++].sym = END;
	}
	return OK;
}

static void first_pairs(struct trainer *t)
{
	uint64_t *count = mem_alloc(65536, sizeof *count);
	uint32_t *n = mem_alloc(65536, sizeof *n), *id = mem_alloc(65536, sizeof *id);

	for (size_t p = 1; p + 1 < t->n_at; p++)
		if (t->at[p].sym != END && t->at[p + 1].sym != END) {
			count[t->at[p].sym << 8 | t->at[p + 1].sym] += t->at[p].weight;
			n[t->at[p].sym << 8 | t->at[p + 1].sym]++;
		}
	for (uint32_t k = 0; k < 65536; k++)
		if (n[k])
			id[k] = add_pair(t, key_of(k >> 8, k & 255), count[k], n[k]);
	for (size_t p = 1; p + 1 < t->n_at; p++)
		if (t->at[p].sym != END && t->at[p + 1].sym != END) {
			struct pair *x = &t->pair[id[t->at[p].sym << 8 | t->at[p + 1].sym]];

			x->place[x->n++] = (uint32_t)p;
		}
	for (uint32_t i = 0; i < t->n_pair; i++)
		push_pair(t, i);
	mem_free(count);
	mem_free(n);
	mem_free(id);
}

/* ---- one step -------------------------------------------------------------------------- */

static inline void touch(struct side *s, uint32_t id)
{
	if (!s->plus[id] && !s->minus[id] && !s->n[id])
		s->met[s->n_met++] = id;
}

/* The pair (id, new) or (new, id) stands at place. */
static inline void gain(struct trainer *t, int right, uint32_t id, uint32_t place, uint32_t w)
{
	struct side *s = right ? &t->right : &t->left;

	touch(s, id);
	s->plus[id] += w;
	s->n[id]++;
	VEC_PUSH(t->ev[right], t->n_ev[right], t->cap_ev[right]) = (struct event){ id, place };
}

/* (x, a) or (b, y) stands there no more. When x was made in this step, it is (new, a) that goes:
 * it was counted a moment ago as new's right neighbour. */
static inline void lose(struct side *s, uint32_t id, uint32_t w)
{
	touch(s, id);
	s->minus[id] += w;
}

static void join(struct trainer *t, uint32_t p, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t la = t->len[a], q = p + la, end = q + t->len[b], w = t->at[p].weight;
	uint32_t x = t->at[p - 1].sym, y = t->at[end].sym;

	t->at[q - 1].sym = DEAD;
	t->at[q].sym = DEAD;
	t->at[p].sym = c;
	t->at[end - 1].sym = c;
	if (x == c)
		t->right.plus[a] -= w;	/* touched when that neighbour was gained */
	else if (x != END)
		lose(&t->left, x, w);
	if (x != END)
		gain(t, 0, x, p - t->len[x], w);
	if (y != END) {
		lose(&t->right, y, w);
		gain(t, 1, y, p, w);
	}
}

/* Counts of old pairs fall, new pairs get their places. */
static void settle_side(struct trainer *t, int right, uint32_t a, uint32_t b, uint32_t c)
{
	struct side *s = right ? &t->right : &t->left;
	uint32_t base = (uint32_t)t->n_pair;

	for (size_t i = 0; i < s->n_met; i++) {
		uint32_t id = s->met[i];
		struct pair *old = s->minus[id] ? find(t, right ? key_of(b, id) : key_of(id, a)) : NULL;

		if (old)
			old->count -= old->count < (uint64_t)s->minus[id] ? old->count
			                                                  : (uint64_t)s->minus[id];
		s->n[id] = s->plus[id] < COUNT_MIN ? UINT32_MAX
		           : add_pair(t, right ? key_of(c, id) : key_of(id, c), (uint64_t)s->plus[id],
		                      s->n[id]);
	}
	for (size_t i = 0; i < t->n_ev[right]; i++)
		if (s->n[t->ev[right][i].id] != UINT32_MAX) {
			struct pair *x = &t->pair[s->n[t->ev[right][i].id]];

			x->place[x->n++] = t->ev[right][i].place;
		}
	for (size_t i = 0; i < s->n_met; i++)
		s->plus[s->met[i]] = s->minus[s->met[i]] = s->n[s->met[i]] = 0;
	for (; base < t->n_pair; base++)
		push_pair(t, base);
	s->n_met = t->n_ev[right] = 0;
}

static void step(struct trainer *t, struct pair p, uint32_t c)
{
	uint32_t a = (uint32_t)(p.key >> 32), b = (uint32_t)p.key;

	t->len[c] = t->len[a] + t->len[b];
	for (uint32_t i = 0; i < p.n; i++) {
		uint32_t at = p.place[i];

		if (t->at[at].sym == a && t->at[at + t->len[a]].sym == b)
			join(t, at, a, b, c);
	}
	settle_side(t, 0, a, b, c);
	settle_side(t, 1, a, b, c);
}

/* ---- all steps ------------------------------------------------------------------------- */

static void side_open(struct side *s, size_t ids)
{
	s->plus = mem_alloc(ids, sizeof *s->plus);
	s->minus = mem_alloc(ids, sizeof *s->minus);
	s->n = mem_alloc(ids, sizeof *s->n);
	s->met = mem_alloc(ids, sizeof *s->met);
}

static void side_close(struct side *s)
{
	mem_free(s->plus);
	mem_free(s->minus);
	mem_free(s->n);
	mem_free(s->met);
}

static void trainer_close(struct trainer *t)
{
	side_close(&t->left);
	side_close(&t->right);
	mem_free(t->at);
	mem_free(t->len);
	mem_free(t->pair);
	mem_free(t->slot);
	mem_free(t->heap);
	mem_free(t->ev[0]);
	mem_free(t->ev[1]);
	arena_close(&t->mem);
	strtab_close(&t->known);
}

/* Whole runes, or the beginning of one: no piece ends in half a letter that belongs to the next
 * (the space and the first byte of all Cyrillic letters would be the first piece of all). */
static bool on_runes(struct str s)
{
	uint8_t lead = (uint8_t)s.p[0];
	size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;

	if (utf8_valid(s))
		return true;
	if (lead < 0xC2 || lead > 0xF4 || s.n >= need)
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (((uint8_t)s.p[i] & 0xC0) != 0x80)
			return false;
	return true;
}

/* False when a and b joined would be no piece, be too long or already have an id: then this pair
 * is left as it is, for ever. */
static bool new_piece(struct trainer *t, struct str *out, struct str a, struct str b,
                      struct arena *mem)
{
	char tmp[TOKENS_PIECE_MAX];
	struct str s = { tmp, a.n + b.n };

	if (s.n > sizeof tmp)
		return false;
	memcpy(tmp, a.p, a.n);
	memcpy(tmp + a.n, b.p, b.n);
	if (!on_runes(s) || strtab_find(&t->known, s) != STRTAB_NONE)
		return false;
	strtab_add(&t->known, s);
	*out = str_copy(mem, s);
	return true;
}

static enum status run(struct trainer *t, struct merge *merge, struct str *piece, uint32_t *n,
                       uint32_t limit, struct arena *a, const struct watch *w, struct err *e)
{
	struct pair *p;

	for (*n = 0; *n < limit && (p = best(t));) {
		struct merge m = { (uint32_t)(p->key >> 32), (uint32_t)p->key };
		struct pair now = *p;

		p->count = 0;
		if (!new_piece(t, &piece[256 + *n], piece[m.a], piece[m.b], a))
			continue;
		merge[*n] = m;
		step(t, now, 256 + (*n)++);
		if (*n % 256)
			continue;
		watch_step(w, "merge", *n, limit, "merges");
		if (watch_stopped(w))
			return err_set(e, ERR_STOP, "stopped after %u of %u merges; nothing is written", *n,
			               limit);
	}
	return OK;
}

enum status bpe_train(struct merge *merge, struct str *piece, uint32_t *n, uint32_t limit,
                      const struct bpe_words *words, struct arena *a, const struct watch *w,
                      struct err *e)
{
	struct trainer t = { .mem = arena_open("bpe places"), .known = strtab_open("bpe pieces") };
	enum status st;

	t.len = mem_alloc(256 + (size_t)limit, sizeof *t.len);
	side_open(&t.left, 256 + (size_t)limit);
	side_open(&t.right, 256 + (size_t)limit);
	for (uint32_t i = 0; i < 256; i++) {
		char byte = (char)i;

		t.len[i] = 1;
		piece[i] = str_copy(a, (struct str){ &byte, 1 });
		strtab_add(&t.known, piece[i]);
	}
	st = lay_out(&t, words, e);
	if (!st) {
		first_pairs(&t);
		st = run(&t, merge, piece, n, limit, a, w, e);
	}
	trainer_close(&t);
	return st;
}
