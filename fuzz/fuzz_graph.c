/* fuzz_graph.c - graph_open against any bytes; a graph that opens is walked and stepped.
 *
 * Checksums would stop a fuzzer at the door, so the input is taken as it comes and once more
 * with the checksums made right (the header's and each section's, where they lie inside).
 */
#include <stdlib.h>
#include "concepts/concepts.h"

enum { HEAD = 48, ROW = 32, SECTIONS = 11, HEADER = HEAD + ROW * SECTIONS };

static uint64_t get(const char *p) { uint64_t v; memcpy(&v, p, 8); return v; }

static void put(char *p, uint64_t v) { memcpy(p, &v, 8); }

static void mend(char *p, size_t n)
{
	if (n < HEADER)
		return;
	put(p + 16, n);
	for (int s = 0; s < SECTIONS; s++) {
		char *row = p + HEAD + s * ROW;
		uint64_t off = get(row + 8), bytes = get(row + 16);

		if (off <= n && bytes <= n - off)
			put(row + 24, hash64(p + off, bytes, 0));
	}
	put(p + 40, 0);
	put(p + 40, hash64(p, HEADER, 0));
}

static void walk(const struct graph *g)
{
	struct bag_item bag[64] = { 0 };
	struct concept_pair pair[8];
	uint32_t node[8];
	float value[8];
	struct field f;
	size_t n = 0;

	for (uint32_t i = 0; i < g->n && n < 64; i++)
		bag[n++] = (struct bag_item){ .key = g->key[i], .count = 1 };
	field_init(&f, g);
	for (int t = 0; t < 3; t++)
		field_step(&f, &(struct field_law){ .7f, { .2f, .1f } }, bag, n);
	must(field_top(&f, node, value, 8) <= 8);
	must(field_score(&f, bag, n) < 1.001f);
	for (int t = 0; t < EDGE_TYPES; t++)
		must(graph_strongest(g, t, true, pair, 8) <= 8);
	for (uint32_t i = 0; i < g->n; i++) {
		must(graph_find(g, g->key[i]) == i);
		must(utf8_valid(graph_name(g, i)));
	}
	field_clear(&f);
}

static void open_walk(const char *p, size_t n)
{
	struct err e = { 0 };
	struct graph g;

	if (graph_open(&g, (struct str){ p, n }, &e)) {
		must(e.code == ERR_FORMAT && e.msg[0]);
		return;
	}
	walk(&g);
	graph_close(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *p = malloc(n + 1);

	memcpy(p, data, n);
	open_walk(p, n);
	mend(p, n);
	open_walk(p, n);
	free(p);
	return 0;
}
