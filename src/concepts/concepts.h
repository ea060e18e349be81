/* concepts.h - the concept graph and the field over it.
 *
 *   in    scenes as bags of lemmas, book by book in reading order
 *   out   struct graph: nodes (lemmas that more than one scene knows), edges occurs-with
 *         (PPMI in a scene) and leads-to (scene t → scene t+1); struct field: activation φ
 *
 *   φ ← ρ·φ + spread(φ) + disturbance(scene)          (DESIGN.md, 4)
 */
#ifndef LTM_CONCEPTS_H
#define LTM_CONCEPTS_H

#include "base/base.h"
#include "scenes/scenes.h"

enum edge_type { EDGE_OCCURS = 0, EDGE_LEADS = 1, EDGE_TYPES };

struct edge {
	uint32_t to;
	float w;		/* occurs-with: PPMI; leads-to: PPMI of (a in t, b in t+1, b not in t) */
};

/* Read-only once opened; share freely. Arrays may lie in a mapped file. */
struct graph {
	uint32_t n;			/* nodes */
	uint64_t scenes;		/* scenes counted */
	const uint32_t *key;		/* [n] lemma_key, ascending: a node is found by bisection */
	const uint32_t *df;		/* [n] scenes that hold it */
	const float *idf;		/* [n] ln(scenes / df) */
	const uint8_t *pos, *flags;	/* [n] */
	const uint32_t *name_off;	/* [n + 1] into names */
	const char *names;		/* lemma strings */
	const uint32_t *edge_at[EDGE_TYPES];	/* [n + 1] */
	const struct edge *edge[EDGE_TYPES];	/* at most EDGES_MAX a node, strongest first */
	const float *share[EDGE_TYPES];	/* [n] 1 / sum of the weights of a node's edges, 0 if none */
	void *owned;
};
enum { EDGES_MAX = 32, NODES_MAX = 60000, GRAPH_SCENES_MAX = 400000 };

/* Building. Counts in bounded memory: at most GRAPH_SCENES_MAX scenes are kept (every k-th
 * book beyond that, by a rule that depends only on the order of books). */
struct graph_builder;
struct graph_builder *graph_begin(void);
/* One scene; first = it opens a book (no leads-to edge into it). name(i) gives the lemma of
 * the i-th item and is asked only for keys not met before. */
void graph_scene(struct graph_builder *g, const struct bag_item *bag, size_t n, bool first,
                 struct str (*name)(void *ctx, size_t i), void *ctx);
/* Lower bounds on what is held at once (scenes kept, lemmas known, items of all scenes), for
 * tests; call before the first scene. */
void graph_bounds(struct graph_builder *g, size_t scenes, size_t keys, size_t items);
/* Ends building: writes the file form (magic, version, sizes, sections, checksum). Frees g.
 * Nodes: df >= 3 and df <= 15 % of scenes, at most NODES_MAX by df, ties by key. */
void graph_end(struct graph_builder *g, struct buf *file, const struct watch *w);
/* Checks every offset, index, order and checksum: ERR_FORMAT says what is wrong where. bytes
 * must stay while the graph lives. */
enum status graph_open(struct graph *g, struct str bytes, struct err *e);
void graph_close(struct graph *g);
uint32_t graph_find(const struct graph *g, uint32_t key);	/* UINT32_MAX when absent */
struct str graph_name(const struct graph *g, uint32_t node);

/* The k pairs that say most about the library, strongest first, each pair once: PPMI times
 * the logarithm of how many scenes hold the rarer one, so that a pair stands for many scenes.
 * names = false leaves out names and words the dictionary does not know. */
struct concept_pair {
	uint32_t a, b;
	float w;		/* weight of the edge a → b */
	float rank;
};
size_t graph_strongest(const struct graph *g, enum edge_type type, bool names,
                       struct concept_pair *out, size_t k);

/* The field: dense activation, sparse list of what is lit. One a thread.
 *
 *   spread(φ)_j = Σ_type spread[type] · Σ_i φ_i · w_ij / Σ_k w_ik
 *
 * so of what a node holds, the share spread[type] flows out along its edges of that type (and
 * ρ stays): Σφ' = (ρ + Σ spread) Σφ + Σ disturbance, for nodes that have edges. To stay sparse
 * and finite: a node under FIELD_PRUNE of the strongest goes out; a single flow under
 * FIELD_TRICKLE of it is not carried; a φ over 2^30 (laws with ρ + Σ spread > 1) is scaled
 * down as a whole, which no cosine sees. */
struct field_law {
	float rho;			/* decay a scene, >= 0 */
	float spread[EDGE_TYPES];	/* share that flows along edges of each type, >= 0 */
};
#define FIELD_PRUNE 1e-4f
#define FIELD_TRICKLE 2e-4f
struct field {
	const struct graph *g;
	float *phi;			/* [n] */
	uint32_t *lit;			/* nodes with phi != 0, in order of lighting */
	size_t n_lit;
	float *next;			/* scratch [n], all zero between steps */
	uint32_t *next_lit;		/* scratch [n] */
	double norm;			/* L2 norm of phi */
	float max;			/* strongest phi */
};
void field_init(struct field *f, const struct graph *g);
void field_clear(struct field *f);			/* frees */
void field_reset(struct field *f);			/* φ = 0 */
/* One step of the law with a scene's bag as disturbance: (1 + ln count)·idf, L2-normed. */
void field_step(struct field *f, const struct field_law *law, const struct bag_item *bag, size_t n);
/* Cosine of φ with a scene's disturbance. */
float field_score(const struct field *f, const struct bag_item *bag, size_t n);
/* The k strongest nodes, strongest first; returns how many. */
size_t field_top(const struct field *f, uint32_t *node, float *value, size_t k);

#endif
