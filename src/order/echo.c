/* echo.c - see echo.h.
 *
 *   in    see echo.h
 *   out   see echo.h
 *
 * Places of each k-gram are chained, newest first, from a table of hashes; a chain is followed ECHO_STEPS long.
 *
 * Invariant: what is said of a token depends on ended scenes and on the ECHO_ORDERS tokens before it alone.
 */
#include "order/echo.h"

enum { ECHO_STEPS = 64 };
#define NONE UINT32_MAX

struct chains {
	const uint32_t *past;
	uint32_t *head[ECHO_ORDERS], *next[ECHO_ORDERS];	/* place: of the token that followed */
	size_t mask;
};

static size_t slot(const struct chains *c, const uint32_t *context, int k)
{
	return (size_t)hash64(context, (size_t)k * sizeof *context, (uint64_t)k) & c->mask;
}

static void remember(struct chains *c, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		for (int k = 1; k <= ECHO_ORDERS && i >= (size_t)k; k++) {
			size_t h = slot(c, c->past + i - k, k);

			c->next[k - 1][i] = c->head[k - 1][h];
			c->head[k - 1][h] = (uint32_t)i;
		}
}

struct tally {
	uint32_t id[ECHO_MOST];
	uint8_t count[ECHO_MOST];
	int kinds, n;
};

static void count(struct tally *t, uint32_t id)
{
	int i = 0;

	while (i < t->kinds && t->id[i] != id)
		i++;
	if (i == t->kinds) {
		t->id[t->kinds++] = id;
		t->count[i] = 0;
	}
	t->count[i]++;
	t->n++;
}

static void say(struct echo *e, const struct chains *c, const uint32_t *at, int k)
{
	struct tally t = { .kinds = 0 };
	uint32_t x = c->head[k - 1][slot(c, at - k, k)];

	for (int i = 0; x != NONE && i < ECHO_STEPS && t.n < ECHO_MOST; i++, x = c->next[k - 1][x])
		if (!memcmp(c->past + x - k, at - k, (size_t)k * sizeof *at))
			count(&t, c->past[x]);
	e->n[k - 1] = (uint8_t)t.n;
	for (int i = 0; i < t.kinds; i++) {
		if (t.id[i] == *at)
			e->hit[k - 1] = t.count[i];
		if (t.count[i] > e->top[k - 1])
			e->top[k - 1] = t.count[i];
	}
}

void echo_text(struct echo *out, const uint32_t *id, size_t n, const uint8_t *begins, uint8_t mask, const uint32_t *past,
               size_t n_past)
{
	struct chains c = { .past = past, .mask = 1023 };
	size_t known = 0;

	while (c.mask < n_past)
		c.mask = 2 * c.mask + 1;
	for (int k = 0; k < ECHO_ORDERS; k++) {
		c.head[k] = mem_alloc(c.mask + 1, sizeof(uint32_t));
		c.next[k] = mem_alloc(n_past + 1, sizeof(uint32_t));
		memset(c.head[k], 0xff, (c.mask + 1) * sizeof(uint32_t));
	}
	memset(out, 0, n * sizeof *out);
	for (size_t i = 0; i < n; i++) {
		size_t to = i < n_past ? i : n_past;

		if (begins[i] & mask && to > known) {
			remember(&c, known, to);
			known = to;
		}
		for (int k = 1; k <= ECHO_ORDERS && i >= (size_t)k; k++) {
			say(&out[i], &c, id + i, k);
			if (!out[i].n[k - 1])
				break;		/* a longer one cannot be there either */
		}
	}
	for (int k = 0; k < ECHO_ORDERS; k++)
		mem_free(c.head[k]), mem_free(c.next[k]);
}
