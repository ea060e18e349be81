/* tree.h - one small tree between files and meaning: YAML and JSON are read into it and
 * written from it, so that the table of fields (scenefields.c) is written once for both.
 *
 * Everything lives in the arena given. Depth is at most TREE_DEPTH: recursion is safe.
 */
#ifndef LTM_IO_TREE_H
#define LTM_IO_TREE_H

#include "base/base.h"

enum {
	TREE_DEPTH = 64,		/* maps and lists within each other */
	TREE_NODES = 1000000,		/* of one document: ten of the longest novels */
	TREE_SCALAR = 16 << 20,		/* bytes of one string */
};

enum node_kind {
	NODE_TEXT,	/* a string: quoted YAML, a JSON string */
	NODE_PLAIN,	/* unquoted: a number, null, true; in YAML also a plain word */
	NODE_SEQ,
	NODE_MAP,
};

struct node {
	enum node_kind kind;
	bool flow;			/* written on one line */
	uint32_t line, col;		/* from 1, in characters; 0 where the reader knows none */
	uint32_t n;			/* children */
	struct str key;			/* its key when the parent is a map */
	struct str s;			/* scalars */
	struct node *first, *last, *next;
};

/* Making. Strings are lent, not copied. */
struct node *node_map(struct arena *a);
struct node *node_seq(struct arena *a);
struct node *node_text(struct arena *a, struct str s);
struct node *node_text_or_null(struct arena *a, struct str s);	/* empty gives null */
struct node *node_null(struct arena *a);
struct node *node_u64(struct arena *a, uint64_t v);
/* The shortest decimal that reads back as the same float; what is not finite is 0. */
struct node *node_float(struct arena *a, float v);
struct node *node_flow(struct node *n);				/* sets flow, returns n */
void node_append(struct node *parent, struct node *child);
void node_put(struct node *map, const char *key, struct node *child);

/* Asking. */
struct node *node_find(const struct node *map, const char *key);	/* NULL when absent */
bool node_is_null(const struct node *n);	/* plain: empty, ~, null, Null, NULL */
bool node_is_scalar(const struct node *n);
const char *node_kind_name(const struct node *n);	/* "a list", … for messages */
/* The beginning of s that a message shows: at most 40 characters. */
struct str node_shown(struct str s);
/* The first child of a map whose key an earlier one has; NULL when keys are unique. */
const struct node *node_twice(const struct node *map);

#endif
