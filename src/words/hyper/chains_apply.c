/* chains_apply.c - lays chains over a stream with the fewest symbols.
 *
 *   in    chains, a stream of symbols with borders
 *   out   the stream with symbols + index for each chain that stands
 *
 * Between borders a cheapest path: every symbol of the result costs PRICE, a chain is let off
 * its stickiness in thousandths; so fewest symbols first, the stickier chains next, and of two
 * equal ways the one whose last step is longer. Cost: one hash look-up a place that begins no
 * chain; memory: a window of the stream between two borders.
 */
#include "words/hyper/chains_in.h"

enum { PRICE = 1 << 20 };

static size_t slot_of(const struct chain_net *net, uint32_t node, uint32_t symbol)
{
	uint64_t h = ((uint64_t)node << 32 | symbol) * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(h ^ h >> 29) & (net->cap - 1);

	while (net->step[i].to && (net->step[i].node != node || net->step[i].symbol != symbol))
		i = (i + 1) & (net->cap - 1);
	return i;
}

void chain_net_build(struct chain_net *net, const struct chain *c, size_t n, uint32_t symbols)
{
	size_t steps = 0;

	for (size_t i = 0; i < n; i++)
		steps += c[i].n;
	*net = (struct chain_net){ .cap = 16, .symbols = symbols };
	while (net->cap < 2 * steps + 2)
		net->cap *= 2;
	net->step = mem_alloc(net->cap, sizeof *net->step);
	net->ends = mem_alloc(steps + 2, sizeof *net->ends);
	net->begins = mem_alloc(symbols / 64 + 1, sizeof *net->begins);
	for (size_t i = 0; i < n; i++) {
		uint32_t node = 0;

		net->begins[c[i].word[0] / 64] |= (uint64_t)1 << c[i].word[0] % 64;
		for (int k = 0; k < c[i].n; k++) {
			struct chain_step *s = &net->step[slot_of(net, node, c[i].word[k])];

			if (!s->to)
				*s = (struct chain_step){ node, c[i].word[k], (uint32_t)++net->n };
			node = s->to;
		}
		net->ends[node] = (uint32_t)i + 1;
	}
}

void chain_net_clear(struct chain_net *net)
{
	mem_free(net->step);
	mem_free(net->ends);
	mem_free(net->begins);
	*net = (struct chain_net){ 0 };
}

struct way { uint64_t cost; uint32_t by; };	/* by: 0 the symbol itself, or 1 + a chain */

static bool begins(const struct chain_net *net, uint32_t s)
{
	return s < net->symbols && net->begins[s / 64] >> s % 64 & 1;
}

static void push(const struct chain_net *net, const struct chain *c, const uint32_t *s, size_t n,
                 size_t i, struct way *way)
{
	uint32_t node = 0;

	if (way[i].cost + PRICE < way[i + 1].cost)
		way[i + 1] = (struct way){ way[i].cost + PRICE, 0 };
	if (!begins(net, s[i]))
		return;
	for (size_t k = i; k < n && k < i + CHAIN_WORDS_MAX; k++) {
		uint32_t end;
		uint64_t cost;

		node = net->step[slot_of(net, node, s[k])].to;
		if (!node)
			return;
		end = net->ends[node];
		if (!end)
			continue;
		cost = way[i].cost + PRICE - (uint64_t)(1000 * (1 + (double)c[end - 1].sticky));
		if (cost < way[k + 1].cost)
			way[k + 1] = (struct way){ cost, end };
	}
}

/* The stretch s [n] without borders; returns the symbols it becomes. */
static size_t stretch(const struct chain_net *net, const struct chain *c, const uint32_t *s, size_t n,
                      struct way *way, uint32_t *out, uint32_t *uses)
{
	size_t m = 0;

	for (size_t i = 1; i <= n; i++)
		way[i].cost = UINT64_MAX;
	way[0].cost = 0;
	for (size_t i = 0; i < n; i++)
		push(net, c, s, n, i, way);
	for (size_t i = n; i; m++)
		i -= way[i].by ? c[way[i].by - 1].n : 1;
	for (size_t i = n, k = m; i;) {
		uint32_t by = way[i].by;

		i -= by ? c[by - 1].n : 1;
		k--;
		if (out)
			out[k] = by ? net->symbols + by - 1 : s[i];
		if (uses && by)
			uses[by - 1]++;
	}
	return m;
}

size_t chain_net_apply(const struct chain_net *net, const struct chain *c, const uint32_t *stream,
                       size_t n, uint32_t *out, uint32_t *uses)
{
	struct way *way = NULL;
	size_t cap = 0, m = 0;

	for (size_t i = 0, end; i < n; i = end) {
		end = i;
		while (end < n && stream[end])
			end++;
		while (cap < end - i + 1)
			way = mem_grow(way, &cap, sizeof *way);
		m += stretch(net, c, stream + i, end - i, way, out ? out + m : NULL, uses);
		if (end < n) {
			if (out)
				out[m] = 0;
			m++;
			end++;
		}
	}
	mem_free(way);
	return m;
}

size_t chains_apply(const struct chains *c, const uint32_t *stream, size_t n, uint32_t symbols,
                    uint32_t *out)
{
	const struct chain_net *net = c->own;

	must(symbols == net->symbols);
	return chain_net_apply(net, c->c, stream, n, out, NULL);
}
