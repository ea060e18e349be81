/* graph.c - gathers scenes as sets of lemmas and makes the concept graph of them.
 *
 *   in    bags of lemmas, scene by scene, book by book
 *   out   the graph's file (graphfile.c) with edges weighed by pairs.c
 *
 * Memory is bounded whatever comes. Scenes: when more than GRAPH_SCENES_MAX (or ITEMS_MAX
 * items) are held, the stride doubles and only books whose number in order is a multiple of
 * it stay; the numbers of books alone decide. A single book longer than the bound is cut.
 * Lemmas: when more than KEYS_MAX are known, the rarest are forgotten until at most half are
 * left; a forgotten lemma may come back and is then counted from there. Of a scene the first
 * BAG_MAX lemmas count.
 *
 * Invariants: the same scenes in the same order give the same bytes; every kept scene is a
 * set (a key twice in a bag counts once).
 */
#include <stdlib.h>
#include "concepts/parts.h"

enum { KEYS_MAX = 2000000, ITEMS_MAX = 36000000, BAG_MAX = 4096, DF_MIN = 3,
       NAME_MAX_BYTES = 512 };
static const double DF_SHARE = 0.15;
#define GONE UINT32_MAX

/* A lemma that was met; its index in known[] is its id while building. */
struct known {
	uint32_t key;
	uint32_t df;
	uint32_t seen;		/* number of the last scene that held it, + 1 */
	uint8_t pos, flags;
	struct str name;
};

struct graph_builder {
	struct arena names;
	struct known *known;
	size_t n_known, cap_known;
	uint32_t *slot;		/* open addressing over known: index + 1 */
	size_t n_slot;		/* a power of two */

	uint32_t *item;		/* known ids of kept scenes, one after another */
	size_t n_item, cap_item;
	uint32_t *at;		/* [n_scene] first item of each scene */
	size_t n_scene, cap_at;
	uint32_t *book;		/* [n_scene] number of its book */
	size_t n_book_of, cap_book;
	uint8_t *first;
	size_t n_first, cap_first;

	uint32_t books;		/* opened so far, kept or not */
	uint64_t stride;
	uint32_t told;		/* scenes told so far, for known.seen */
	bool cut;		/* the rest of the present book is left out */
	size_t keys_max, items_max, scenes_max;
};

struct graph_builder *graph_begin(void)
{
	struct graph_builder *g = mem_alloc(1, sizeof *g);

	g->names = arena_open("concepts");
	g->stride = 1;
	g->n_slot = 1024;
	g->slot = mem_alloc(g->n_slot, sizeof *g->slot);
	graph_bounds(g, GRAPH_SCENES_MAX, KEYS_MAX, ITEMS_MAX);
	return g;
}

void graph_bounds(struct graph_builder *g, size_t scenes, size_t keys, size_t items)
{
	must(scenes > 0 && scenes <= GRAPH_SCENES_MAX && keys > 1 && keys <= KEYS_MAX);
	must(items >= BAG_MAX && items <= ITEMS_MAX);
	g->scenes_max = scenes;
	g->keys_max = keys;
	g->items_max = items;
}

/* ---- lemmas ------------------------------------------------------------------------ */

static size_t slot_of(const struct graph_builder *g, uint32_t key)
{
	size_t mask = g->n_slot - 1;
	size_t i = (size_t)((uint64_t)key * 0x9e3779b97f4a7c15u >> 32) & mask;

	while (g->slot[i] && g->known[g->slot[i] - 1].key != key)
		i = (i + 1) & mask;
	return i;
}

static void reslot(struct graph_builder *g, size_t n_slot)
{
	mem_free(g->slot);
	g->n_slot = n_slot;
	g->slot = mem_alloc(n_slot, sizeof *g->slot);
	for (size_t k = 0; k < g->n_known; k++)
		g->slot[slot_of(g, g->known[k].key)] = (uint32_t)k + 1;
}

/* Names longer than the bound are cut at a whole rune: nothing reads them but people. */
static struct str name_kept(struct arena *a, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *q = p;

		utf8_next(&q, end);
		if (q - s.p > NAME_MAX_BYTES)
			break;
		p = q;
	}
	return str_copy(a, (struct str){ s.p, (size_t)(p - s.p) });
}

static uint32_t key_add(struct graph_builder *g, const struct bag_item *b, size_t i,
                        struct str (*name)(void *ctx, size_t i), void *ctx)
{
	size_t at = slot_of(g, b->key);

	if (g->slot[at])
		return g->slot[at] - 1;
	VEC_PUSH(g->known, g->n_known, g->cap_known) = (struct known){
		.key = b->key, .pos = b->pos, .flags = b->flags,
		.name = name_kept(&g->names, name(ctx, i)),
	};
	g->slot[at] = (uint32_t)g->n_known;
	if (g->n_known * 2 > g->n_slot)
		reslot(g, g->n_slot * 2);
	return (uint32_t)g->n_known - 1;
}

/* ---- shrinking --------------------------------------------------------------------- */

static bool book_stays(const struct graph_builder *g, size_t s)
{
	return g->book[s] % g->stride == 0;
}

static void recount(struct graph_builder *g)
{
	for (size_t k = 0; k < g->n_known; k++)
		g->known[k].df = 0;
	for (size_t s = 0; s < g->n_scene; s++) {
		size_t end = s + 1 < g->n_scene ? g->at[s + 1] : g->n_item;

		for (size_t i = g->at[s]; book_stays(g, s) && i < end; i++)
			g->known[g->item[i]].df++;
	}
}

/* Forgets lemmas with df < df_min; map[old] = new id or GONE. */
static void forget(struct graph_builder *g, uint32_t *map, uint32_t df_min)
{
	struct arena names = arena_open("concepts");
	size_t n = 0;

	for (size_t k = 0; k < g->n_known; k++) {
		struct known x = g->known[k];

		map[k] = GONE;
		if (x.df < df_min)
			continue;
		x.name = str_copy(&names, x.name);
		map[k] = (uint32_t)n;
		g->known[n++] = x;
	}
	g->n_known = n;
	arena_close(&g->names);
	g->names = names;
	reslot(g, g->n_slot);
}

/* Rewrites the kept scenes in place: without the books that go, without forgotten lemmas. */
static void compact(struct graph_builder *g, const uint32_t *map)
{
	size_t n_scene = 0, n_item = 0;

	for (size_t s = 0; s < g->n_scene; s++) {
		size_t from = g->at[s], end = s + 1 < g->n_scene ? g->at[s + 1] : g->n_item;

		if (!book_stays(g, s))
			continue;
		g->at[n_scene] = (uint32_t)n_item;
		g->book[n_scene] = g->book[s];
		g->first[n_scene++] = g->first[s];
		for (size_t i = from; i < end; i++)
			if (map[g->item[i]] != GONE)
				g->item[n_item++] = map[g->item[i]];
	}
	g->n_scene = g->n_book_of = g->n_first = n_scene;
	g->n_item = n_item;
}

static size_t at_least(const struct graph_builder *g, uint32_t df)
{
	size_t n = 0;

	for (size_t k = 0; k < g->n_known; k++)
		n += g->known[k].df >= df;
	return n;
}

/* Leaves out books off the stride and lemmas that no kept scene holds; of more lemmas than
 * keys_max, the rarest until half is left. */
static void shrink(struct graph_builder *g)
{
	uint32_t *map = mem_alloc(g->n_known + 1, sizeof *map);
	uint32_t df_min = 1;

	recount(g);
	if (at_least(g, 1) >= g->keys_max)
		while (at_least(g, df_min) > g->keys_max / 2)
			df_min++;
	forget(g, map, df_min);
	compact(g, map);
	mem_free(map);
}

/* Makes room for a scene of the present book; false when that book has no room. Books are
 * held in order and book 0 always stays, so the loop ends. */
static bool make_room(struct graph_builder *g, size_t n)
{
	uint32_t present = g->books - 1;

	while (g->n_scene >= g->scenes_max || g->n_item + n > g->items_max) {
		if (g->book[0] == present)
			return false;
		g->stride *= 2;
		shrink(g);
		if (present % g->stride)
			return false;
	}
	if (g->n_known >= g->keys_max)
		shrink(g);
	return true;
}

/* ---- scenes ------------------------------------------------------------------------ */

static void scene_keep(struct graph_builder *g, const struct bag_item *bag, size_t n, bool first,
                       struct str (*name)(void *ctx, size_t i), void *ctx)
{
	VEC_PUSH(g->at, g->n_scene, g->cap_at) = (uint32_t)g->n_item;
	VEC_PUSH(g->book, g->n_book_of, g->cap_book) = g->books - 1;
	VEC_PUSH(g->first, g->n_first, g->cap_first) = first;
	g->told++;
	for (size_t i = 0; i < n; i++) {
		uint32_t id = key_add(g, &bag[i], i, name, ctx);

		if (g->known[id].seen == g->told)
			continue;
		g->known[id].seen = g->told;
		VEC_PUSH(g->item, g->n_item, g->cap_item) = id;
	}
}

void graph_scene(struct graph_builder *g, const struct bag_item *bag, size_t n, bool first,
                 struct str (*name)(void *ctx, size_t i), void *ctx)
{
	first = first || g->books == 0;
	n = n < BAG_MAX ? n : BAG_MAX;
	if (first) {
		g->books++;
		g->cut = false;
	}
	if (g->cut || (g->books - 1) % g->stride)
		return;
	if (!make_room(g, n)) {
		g->cut = true;
		return;
	}
	scene_keep(g, bag, n, first, name, ctx);
}

/* ---- from lemmas to nodes ---------------------------------------------------------- */

static int by_df(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->df != y->df)
		return x->df > y->df ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static int by_key(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static int by_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The nodes, in order of key; their number. node[] is a copy: known keeps its order. */
static uint32_t choose_nodes(const struct graph_builder *g, struct known *node)
{
	double most = DF_SHARE * (double)g->n_scene;
	size_t n = 0;

	for (size_t k = 0; k < g->n_known; k++)
		if (g->known[k].df >= DF_MIN && g->known[k].df <= most)
			node[n++] = g->known[k];
	qsort(node, n, sizeof *node, by_df);
	if (n > NODES_MAX)
		n = NODES_MAX;
	qsort(node, n, sizeof *node, by_key);
	return (uint32_t)n;
}

/* Known ids become node ids, in place; scenes are sorted and their fresh items marked.
 * at gains its closing offset. */
static void items_to_nodes(struct graph_builder *g, const struct known *node, uint32_t n)
{
	uint32_t *map = mem_alloc(g->n_known + 1, sizeof *map);
	uint32_t *last = mem_alloc((size_t)n + 1, sizeof *last);	/* scene + 1 */

	for (size_t k = 0; k < g->n_known; k++)
		map[k] = GONE;
	for (uint32_t i = 0; i < n; i++)
		map[g->slot[slot_of(g, node[i].key)] - 1] = i;
	g->stride = 1;		/* compact keeps every scene that is here */
	compact(g, map);
	VEC_PUSH(g->at, g->n_scene, g->cap_at) = (uint32_t)g->n_item;
	g->n_scene--;
	for (uint32_t s = 0; s < g->n_scene; s++) {
		uint32_t *x = g->item + g->at[s], m = g->at[s + 1] - g->at[s];

		if (m)
			qsort(x, m, sizeof *x, by_id);
		for (uint32_t i = 0; i < m; i++) {
			uint32_t id = x[i];

			if (!g->first[s] && last[id] != s)
				x[i] |= ITEM_FRESH;
			last[id] = s + 1;
		}
	}
	mem_free(last);
	mem_free(map);
}

static void write_file(struct buf *file, const struct graph_builder *g, const struct known *node,
                       uint32_t n, const struct edge_slots *edges)
{
	struct arena a = arena_open("graph_end");
	uint32_t *key = TAKE(&a, uint32_t, n + 1), *df = TAKE(&a, uint32_t, n + 1);
	uint8_t *pos = TAKE(&a, uint8_t, n + 1), *flags = TAKE(&a, uint8_t, n + 1);
	struct str *name = TAKE(&a, struct str, n + 1);

	for (uint32_t i = 0; i < n; i++) {
		key[i] = node[i].key;
		df[i] = node[i].df;
		pos[i] = node[i].pos;
		flags[i] = node[i].flags;
		name[i] = node[i].name;
	}
	graph_write(file, &(struct graph_parts){
		.n = n, .scenes = g->n_scene, .key = key, .df = df, .pos = pos, .flags = flags,
		.name = name, .edges = edges });
	arena_close(&a);
}

static void builder_free(struct graph_builder *g)
{
	arena_close(&g->names);
	mem_free(g->known);
	mem_free(g->slot);
	mem_free(g->item);
	mem_free(g->at);
	mem_free(g->book);
	mem_free(g->first);
	mem_free(g);
}

void graph_end(struct graph_builder *g, struct buf *file, const struct watch *w)
{
	struct known *node = mem_alloc(g->n_known + 1, sizeof *node);
	struct edge_slots edges[EDGE_TYPES];

	recount(g);
	uint32_t n = choose_nodes(g, node);
	items_to_nodes(g, node, n);
	uint32_t *df = mem_alloc((size_t)n + 1, sizeof *df);
	for (uint32_t i = 0; i < n; i++)
		df[i] = node[i].df;
	struct corpus c = { .n = n, .scenes = (uint32_t)g->n_scene, .at = g->at, .item = g->item,
	                    .first = g->first, .df = df };
	for (int t = 0; t < EDGE_TYPES; t++)
		pairs_weigh(&edges[t], &c, t, w, (double)n * t, (double)n * EDGE_TYPES);
	write_file(file, g, node, n, edges);
	for (int t = 0; t < EDGE_TYPES; t++)
		pairs_free(&edges[t]);
	mem_free(df);
	mem_free(node);
	builder_free(g);
}
