/* bench_concepts.c - how long a concept graph takes to build and a field to step.
 *
 *   bench_concepts [scenes]     54,000 scenes by default, 80 lemmas each, Zipf over 40,000
 *
 * Lemmas follow rank^-1 as in a language; scenes of a book share a topic, so that the field
 * lights about as many nodes as it does over real books.
 */
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include "concepts/concepts.h"
#include "num/num.h"

enum { LEMMAS = 40000, BAG = 80, BOOK = 400 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct str name(void *ctx, size_t i)
{
	static char s[32];

	return (struct str){ s, (size_t)snprintf(s, sizeof s, "%u", ((struct bag_item *)ctx)[i].key) };
}

static int by_key(const void *a, const void *b)
{
	uint32_t x = ((const struct bag_item *)a)->key, y = ((const struct bag_item *)b)->key;

	return (x > y) - (x < y);
}

/* rank with p ~ 1/rank, by inversion */
static uint32_t zipf(struct rng *r, double lo)
{
	return (uint32_t)exp(log(lo) + rng_unit(r) * (log(LEMMAS) - log(lo)));
}

static size_t bag_make(struct bag_item *bag, struct rng *r, uint32_t topic)
{
	size_t m = 0;

	for (int i = 0; i < BAG; i++) {
		uint32_t rank = zipf(r, 20);

		if (i % 3 == 0)		/* the book's own words */
			rank = (topic * 977 + zipf(r, 300)) % LEMMAS;
		bag[i] = (struct bag_item){ .key = rank * 2654435761u, .count = 1 };
	}
	qsort(bag, BAG, sizeof *bag, by_key);
	for (int i = 0; i < BAG; i++)
		if (!m || bag[m - 1].key != bag[i].key)
			bag[m++] = bag[i];
	return m;
}

static void build(struct buf *file, uint32_t scenes)
{
	struct rng r = rng_stream(1, "bench", 0);
	struct graph_builder *g = graph_begin();
	struct bag_item bag[BAG];

	for (uint32_t s = 0; s < scenes; s++) {
		size_t n = bag_make(bag, &r, s / BOOK);

		graph_scene(g, bag, n, s % BOOK == 0, name, bag);
	}
	double t = now();
	graph_end(g, file, NULL);
	printf("graph_end\t%u scenes\t%d threads\t%.2f s\t%zu bytes\n", scenes, num_threads_get(),
	       now() - t, file->n);
}

static void step(const struct graph *g, const char *what, struct field_law law, int steps)
{
	struct rng r = rng_stream(1, "bench", 1);
	struct bag_item bag[BAG];
	struct field f;
	double t, took = 0, lit = 0;

	field_init(&f, g);
	for (int s = 0; s < steps; s++) {
		size_t n = bag_make(bag, &r, (uint32_t)s / BOOK);

		if (s % BOOK == 0)
			field_reset(&f);
		t = now();
		field_step(&f, &law, bag, n);
		took += now() - t;
		lit += (double)f.n_lit;
	}
	printf("field_step\t%s\t%.1f us a step\t%.0f lit\n", what, took / steps * 1e6, lit / steps);
	field_clear(&f);
}

int main(int argc, char **argv)
{
	uint32_t scenes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 54000;
	struct buf file = { 0 };
	struct err e = { 0 };
	struct graph g;

	build(&file, scenes);
	double t = now();
	if (graph_open(&g, buf_view(&file), &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return e.code;
	}
	printf("graph_open\t%u nodes\t%.1f ms\n", g.n, (now() - t) * 1e3);
	step(&g, "rho 0.75", (struct field_law){ .75f, { 0, 0 } }, 4000);
	step(&g, "rho 0.75 occurs 0.1", (struct field_law){ .75f, { .1f, 0 } }, 2000);
	step(&g, "rho 0.75 both 0.1", (struct field_law){ .75f, { .1f, .1f } }, 2000);
	step(&g, "rho 0.9 both 0.05", (struct field_law){ .9f, { .05f, .05f } }, 1000);
	graph_close(&g);
	buf_free(&file);
	return 0;
}
