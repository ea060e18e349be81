/* idcode.c - codes a stream of ids by mixing contexts of ids (order/idcode.h).
 *
 *   number   m = 0 for a new id, else 1 + its place in the order of first coming
 *   path     L = bits of m in a nibble (15: a second one follows), then the L - 1 bits below
 *            the highest, in nibbles
 *   slot     of each context and nibble: 15 counters, one a choice, in one cache line
 *   counter  probability in 22 bits, and how often it was met in 10: learns as 1/(n + 1.5)
 *
 * Invariant: coder and decoder walk through the same code and see the same numbers, so what is
 * written can be read back; idcode_unpack is tried against idcode_pack in the tests.
 */
#include "order/idcode.h"

enum {
	ORDERS = 7,		/* contexts of the last 0 1 2 3 4 6 ids, and of the last but one */
	INPUTS = 2 * ORDERS + 1,
	PLACES = 8,		/* kinds of nibble: length, its second, then up to six of the number */
	SLOT = 16,
	SLOTS_MAX = 1 << 19, SLOTS_MIN = 1 << 12,
	COUNT_MAX = 255,
	WEIGHT_ONE = 1 << 16, RATE = 14,
};

/* 65536 / (1 + exp(-x/256)) at x = -2048, -1920 … 2048 */
static const int32_t squash_at[33] = {
	22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768,
	40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438,
	65476, 65500, 65514 };

/* Logits have 8 bits after the point; probabilities 16 bits. */
static int32_t squash(int32_t x)
{
	if (x > 2047)
		x = 2047;
	if (x < -2047)
		x = -2047;
	int32_t i = (x + 2048) >> 7, f = (x + 2048) & 127;
	return (squash_at[i] * (128 - f) + squash_at[i + 1] * f) >> 7;
}

struct coder {
	uint32_t *slot[ORDERS];		/* [slots][SLOT]; word 0 of a slot is its check */
	uint32_t mask;			/* slots - 1 */
	int32_t *w1, *w2;		/* [PLACES][ORDERS + 1][INPUTS], [PLACES][SLOT][INPUTS] */
	int16_t stretch[4096];
	int32_t rate_of[COUNT_MAX + 1];	/* 65536 / (n + 1.5) */
	uint32_t hist[6];		/* the last ids' numbers, newest first */
	uint64_t ctx[ORDERS];
	/* the arithmetic coder */
	uint32_t lo, hi, x;
	struct buf *out;		/* writing, or */
	struct reader in;		/* reading */
	bool reading;
};

static void stretch_fill(int16_t *t)
{
	int p = 0;

	for (int x = -2047; x <= 2047; x++)
		for (int v = squash(x) >> 4; p <= v; p++)
			t[p] = (int16_t)x;
	while (p < 4096)
		t[p++] = 2047;
}

static void coder_open(struct coder *c, size_t n)
{
	size_t slots = SLOTS_MIN;

	*c = (struct coder){ .hi = UINT32_MAX };
	while (slots < SLOTS_MAX && slots < n * 2)
		slots *= 2;
	c->mask = (uint32_t)slots - 1;
	for (int i = 0; i < ORDERS; i++)
		c->slot[i] = mem_aligned(slots * SLOT * sizeof(uint32_t));
	c->w1 = mem_alloc((size_t)PLACES * (ORDERS + 1) * INPUTS, sizeof *c->w1);
	c->w2 = mem_alloc((size_t)PLACES * SLOT * INPUTS, sizeof *c->w2);
	for (int i = 0; i < PLACES * (ORDERS + 1) * INPUTS; i++)
		c->w1[i] = WEIGHT_ONE * 3 / 10;
	for (int i = 0; i < PLACES * SLOT * INPUTS; i++)
		c->w2[i] = WEIGHT_ONE * 3 / 10;
	stretch_fill(c->stretch);
	for (int i = 0; i <= COUNT_MAX; i++)
		c->rate_of[i] = 65536 * 2 / (2 * i + 3);
}

static void coder_close(struct coder *c)
{
	for (int i = 0; i < ORDERS; i++)
		mem_free(c->slot[i]);
	mem_free(c->w1);
	mem_free(c->w2);
}

/* ---- the arithmetic coder: p16 is the probability of a one ------------------------------- */

static int code_bit(struct coder *c, int bit, uint32_t p16)
{
	uint32_t range = c->hi - c->lo;
	uint32_t mid = c->lo + (uint32_t)(((uint64_t)range * p16) >> 16);

	if (c->reading)
		bit = c->x <= mid;
	if (bit)
		c->hi = mid;
	else
		c->lo = mid + 1;
	while (!((c->lo ^ c->hi) >> 24)) {
		if (c->reading)
			c->x = c->x << 8 | (rd_left(&c->in) ? rd_u8(&c->in) : 0);
		else
			buf_char(c->out, (char)(c->hi >> 24));
		c->lo <<= 8;
		c->hi = c->hi << 8 | 255;
	}
	return bit;
}

/* ---- contexts ---------------------------------------------------------------------------- */

static inline uint64_t stir(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static void contexts(struct coder *c)
{
	const uint32_t *h = c->hist;
	uint64_t x = 1;

	c->ctx[0] = 1;
	for (int i = 0; i < 6; i++) {
		x = stir(x, (uint64_t)h[i] + 1);
		if (i < 4)
			c->ctx[i + 1] = x;
	}
	c->ctx[5] = x + 5;
	c->ctx[6] = stir(77, h[1]);
}

/* The slot of a context's nibble: found by its check among two neighbours, or taken from the
 * one that was met less. */
static uint32_t *slot_of(const struct coder *c, int order, uint64_t h)
{
	uint32_t i = (uint32_t)(h >> 20) & c->mask, check = (uint32_t)(h >> 48) | 1u << 16;
	uint32_t *a = c->slot[order] + (size_t)i * SLOT, *b = c->slot[order] + (size_t)(i ^ 1) * SLOT;

	if (a[0] == check)
		return a;
	if (b[0] == check)
		return b;
	if ((b[1] & 1023) < (a[1] & 1023))
		a = b;
	a[0] = check;
	for (int k = 1; k < SLOT; k++)
		a[k] = 1u << 31;
	return a;
}

/* ---- one choice --------------------------------------------------------------------------- */

static inline int32_t mixed(const int32_t *w, const int32_t *in)
{
	int64_t s = 0;

	for (int i = 0; i < INPUTS; i++)
		s += (int64_t)w[i] * in[i];
	return (int32_t)(s >> 16);
}

static inline void learn(int32_t *w, const int32_t *in, int32_t err)
{
	for (int i = 0; i < INPUTS; i++)
		w[i] += (int32_t)(((int64_t)in[i] * err + (1 << (RATE - 1))) >> RATE);
}

static inline void count(const struct coder *c, uint32_t *v, int bit)
{
	uint32_t n = *v & 1023;
	int64_t p = *v >> 10, goal = bit ? (1 << 22) - 1 : 0;

	p += ((goal - p) * c->rate_of[n]) >> 16;
	*v = (uint32_t)p << 10 | (n < COUNT_MAX ? n + 1 : n);
}

static int choice(struct coder *c, uint32_t *const *slot, int place, int met, int node, int bit)
{
	int32_t in[INPUTS], *w1 = c->w1 + (place * (ORDERS + 1) + met) * INPUTS;
	int32_t *w2 = c->w2 + (place * SLOT + node) * INPUTS;

	for (int i = 0; i < ORDERS; i++) {
		uint32_t v = slot[i][node], n = v & 1023;
		int32_t p = (int32_t)(v >> 20);

		in[2 * i] = n ? c->stretch[p] : 0;
		in[2 * i + 1] = n ? (p - 2048) >> (n < 3 ? 2 : 1) : 0;
	}
	in[2 * ORDERS] = 256;
	int32_t x1 = mixed(w1, in), x2 = mixed(w2, in);
	int32_t p1 = squash(x1), p2 = squash(x2), p = squash((x1 + x2) >> 1);

	bit = code_bit(c, bit, (uint32_t)p);
	int32_t goal = bit ? 65535 : 0;
	learn(w1, in, (goal - p1) >> 1);
	learn(w2, in, (goal - p2) >> 1);
	for (int i = 0; i < ORDERS; i++)
		count(c, &slot[i][node], bit);
	return bit;
}

/* bits choices, highest first: 1..4 of them; path tells this nibble from its neighbours. */
static uint32_t nibble(struct coder *c, uint32_t v, int bits, int place, uint64_t path)
{
	uint32_t *slot[ORDERS], node = 1;
	uint64_t h[ORDERS];
	int met = 0;

	for (int i = 0; i < ORDERS; i++) {	/* all on their way before the first is looked at */
		h[i] = stir(c->ctx[i], path);
		__builtin_prefetch(c->slot[i] + (size_t)((uint32_t)(h[i] >> 20) & c->mask) * SLOT, 1);
	}
	for (int i = 0; i < ORDERS; i++) {
		slot[i] = slot_of(c, i, h[i]);
		met += i > 0 && (slot[i][1] & 1023);
	}
	for (int i = bits - 1; i >= 0; i--)
		node = node << 1 | (uint32_t)choice(c, slot, place, met, (int)node, v >> i & 1);
	return node - (1u << bits);
}

static int bits_of(uint32_t m)
{
	return m ? 32 - __builtin_clz(m) : 0;
}

/* Writes m, or reads it. */
static uint32_t number(struct coder *c, uint32_t m)
{
	uint32_t L = (uint32_t)bits_of(m), got, v = 1;

	contexts(c);
	got = nibble(c, L < 15 ? L : 15, 4, 0, 3);
	if (got == 15)
		got += nibble(c, L - 15, 4, 1, 5);
	L = got;
	if (!L)
		return 0;
	for (int left = (int)L - 1, place = 2; left > 0 && left < 32; place++) {
		int k = left % 4 ? left % 4 : 4;

		left -= k;
		v = v << k | nibble(c, m >> left & ((1u << k) - 1), k, place < PLACES ? place : PLACES - 1,
		                    (uint64_t)L << 40 | (uint64_t)v << 4 | 9);
	}
	return v;
}

static void remember(struct coder *c, uint32_t m)
{
	memmove(c->hist + 1, c->hist, sizeof c->hist - sizeof *c->hist);
	c->hist[0] = m;
}

/* ---- streams ------------------------------------------------------------------------------ */

enum status idcode_pack(struct buf *out, const uint32_t *id, size_t n, uint32_t symbols,
                        const struct watch *w, struct err *e)
{
	uint32_t *num = mem_alloc((size_t)symbols + 1, sizeof *num), seen = 0;
	enum status st = OK;
	struct coder c;

	coder_open(&c, n);
	c.out = out;
	for (size_t i = 0; i < n && !st; i++) {
		must(id[i] < symbols);
		number(&c, num[id[i]]);
		if (!num[id[i]])
			num[id[i]] = ++seen;
		remember(&c, num[id[i]]);
		if (i % 65536 == 0 && watch_stopped(w))
			st = err_set(e, ERR_STOP, "stopped while coding");
	}
	for (int i = 24; n && i >= 0; i -= 8)
		buf_char(out, (char)(c.hi >> i));
	coder_close(&c);
	mem_free(num);
	return st;
}

uint32_t *idcode_fresh(size_t *n_fresh, const uint32_t *id, size_t n, uint32_t symbols,
                       struct arena *a)
{
	uint8_t *seen = mem_alloc((size_t)symbols + 1, 1);
	uint32_t *list = NULL, *out;
	size_t cap = 0;

	*n_fresh = 0;
	for (size_t i = 0; i < n; i++)
		if (!seen[id[i]]) {
			seen[id[i]] = 1;
			VEC_PUSH(list, *n_fresh, cap) = id[i];
		}
	out = TAKE(a, uint32_t, *n_fresh + 1);
	if (*n_fresh)
		memcpy(out, list, *n_fresh * sizeof *out);
	mem_free(list);
	mem_free(seen);
	return out;
}

enum status idcode_unpack(uint32_t *id, size_t n, struct str bytes, const uint32_t *fresh,
                          size_t n_fresh, struct err *e)
{
	enum status st = OK;
	size_t seen = 0;
	struct coder c;

	coder_open(&c, n);
	c.reading = true;
	c.in = reader_of(bytes);
	for (int i = 0; i < 4; i++)
		c.x = c.x << 8 | (rd_left(&c.in) ? rd_u8(&c.in) : 0);
	for (size_t i = 0; i < n && !st; i++) {
		size_t m = number(&c, 0);

		if (!m)
			m = ++seen;
		if (m > seen || m > n_fresh) {
			st = err_set(e, ERR_FORMAT, "coded stream: id %zu names what has not come yet", i);
			break;
		}
		id[i] = fresh[m - 1];
		remember(&c, (uint32_t)m);
	}
	coder_close(&c);
	return st;
}
