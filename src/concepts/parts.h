/* parts.h - what the files of this room share: the corpus as sets of node ids, and the
 * edges counted from it. Not for other rooms. */
#ifndef LTM_CONCEPTS_PARTS_H
#define LTM_CONCEPTS_PARTS_H

#include "concepts/concepts.h"

/* Kept scenes as sets. Item = node id, with ITEM_FRESH when the scene before it, in the same
 * book, does not hold that node (never set in a book's first scene). */
#define ITEM_FRESH 0x80000000u
#define ITEM_NODE(x) ((x) & ~ITEM_FRESH)

struct corpus {
	uint32_t n;		/* nodes */
	uint32_t scenes;
	const uint32_t *at;	/* [scenes + 1] into item */
	const uint32_t *item;	/* ascending by node within a scene */
	const uint8_t *first;	/* [scenes] it opens a book */
	const uint32_t *df;	/* [n] scenes that hold the node */
};

/* Edges in slots: node i has count[i] of them at slot[i * EDGES_MAX], strongest first. */
struct edge_slots {
	uint8_t *count;		/* [n] */
	struct edge *slot;	/* [n * EDGES_MAX] */
};

/* pairs.c: weighs all pairs of a type. The result does not depend on the number of threads. */
void pairs_weigh(struct edge_slots *out, const struct corpus *c, enum edge_type type,
                 const struct watch *w, double done0, double total);
void pairs_free(struct edge_slots *s);

/* Weights under this are no more than chance and carry no edge. */
#define EDGE_LEAST 1e-6f

/* The order of edges of one node: strongest first, ties by node id. */
static inline bool edge_before(struct edge a, struct edge b)
{
	return a.w > b.w || (a.w == b.w && a.to < b.to);
}

/* graphfile.c: what goes into a file. */
struct graph_parts {
	uint32_t n;
	uint64_t scenes;
	const uint32_t *key, *df;
	const uint8_t *pos, *flags;
	const struct str *name;		/* [n] */
	const struct edge_slots *edges;	/* [EDGE_TYPES] */
};
void graph_write(struct buf *file, const struct graph_parts *p);

#endif
