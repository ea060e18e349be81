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

enum tree_kind {
	TREE_TEXT,	/* a string: quoted YAML, a JSON string */
	TREE_PLAIN,	/* unquoted: a number, null, true; in YAML also a plain word */
	TREE_SEQ,
	TREE_MAP,
};

struct tree {
	enum tree_kind kind;
	bool flow;			/* written on one line */
	uint32_t line, col;		/* from 1, in characters; 0 where the reader knows none */
	uint32_t n;			/* children */
	struct str key;			/* its key when the parent is a map */
	struct str s;			/* scalars */
	struct tree *first, *last, *next;
};

/* Making. Strings are lent, not copied. */
struct tree *tree_map(struct arena *a);
struct tree *tree_seq(struct arena *a);
struct tree *tree_text(struct arena *a, struct str s);
struct tree *tree_text_or_null(struct arena *a, struct str s);	/* empty gives null */
struct tree *tree_null(struct arena *a);
struct tree *tree_u64(struct arena *a, uint64_t v);
/* The shortest decimal that reads back as the same float; what is not finite is 0. */
struct tree *tree_float(struct arena *a, float v);
struct tree *tree_flow(struct tree *n);				/* sets flow, returns n */
void tree_append(struct tree *parent, struct tree *child);
void tree_put(struct tree *map, const char *key, struct tree *child);

/* Asking. */
struct tree *tree_find(const struct tree *map, const char *key);	/* NULL when absent */
bool tree_is_null(const struct tree *n);	/* plain: empty, ~, null, Null, NULL */
bool tree_is_scalar(const struct tree *n);
const char *tree_kind_name(const struct tree *n);	/* "a list", … for messages */
/* The beginning of s that a message shows: at most 40 characters. */
struct str tree_shown(struct str s);
/* The first child of a map whose key an earlier one has; NULL when keys are unique. */
const struct tree *tree_twice(const struct tree *map);

#endif
