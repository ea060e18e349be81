/* tree.c - makes and asks the tree that stands between files and meaning.
 *
 *   in    strings, numbers, children in order
 *   out   struct node; order of children is order of adding
 *
 * Invariant: a node has one parent; lists of children end with next == NULL.
 */
#include "io/tree.h"

#include <math.h>
#include <stdlib.h>

static struct node *make(struct arena *a, enum node_kind kind)
{
	struct node *n = TAKE(a, struct node, 1);

	n->kind = kind;
	return n;
}

struct node *node_map(struct arena *a)
{
	return make(a, NODE_MAP);
}

struct node *node_seq(struct arena *a)
{
	return make(a, NODE_SEQ);
}

struct node *node_text(struct arena *a, struct str s)
{
	struct node *n = make(a, NODE_TEXT);

	n->s = s;
	return n;
}

struct node *node_null(struct arena *a)
{
	struct node *n = make(a, NODE_PLAIN);

	n->s = S("null");
	return n;
}

struct node *node_text_or_null(struct arena *a, struct str s)
{
	return s.n ? node_text(a, s) : node_null(a);
}

struct node *node_u64(struct arena *a, uint64_t v)
{
	struct node *n = make(a, NODE_PLAIN);

	n->s = str_printf(a, "%llu", (unsigned long long)v);
	return n;
}

struct node *node_float(struct arena *a, float v)
{
	struct node *n = make(a, NODE_PLAIN);
	char text[40];

	if (!isfinite(v) || v == 0)
		v = 0;				/* -0 too: one zero in files */
	for (int digits = 1; digits <= 9; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, (double)v);
		if (strtof(text, NULL) == v)
			break;
	}
	for (char *p = text; *p; p++)
		if (*p == ',')
			*p = '.';		/* the user's locale is not the file's */
	n->s = str_copy(a, str_of(text));
	return n;
}

struct node *node_flow(struct node *n)
{
	n->flow = true;
	return n;
}

void node_append(struct node *parent, struct node *child)
{
	must(parent->kind == NODE_SEQ || parent->kind == NODE_MAP);
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->n++;
}

void node_put(struct node *map, const char *key, struct node *child)
{
	must(map->kind == NODE_MAP);
	child->key = str_of(key);
	node_append(map, child);
}

struct node *node_find(const struct node *map, const char *key)
{
	struct str k = str_of(key);

	if (map->kind != NODE_MAP)
		return NULL;
	for (struct node *c = map->first; c; c = c->next)
		if (str_eq(c->key, k))
			return c;
	return NULL;
}

bool node_is_scalar(const struct node *n)
{
	return n->kind == NODE_TEXT || n->kind == NODE_PLAIN;
}

bool node_is_null(const struct node *n)
{
	return n->kind == NODE_PLAIN &&
	       (n->s.n == 0 || str_eq(n->s, S("~")) || str_eq(n->s, S("null")) ||
	        str_eq(n->s, S("Null")) || str_eq(n->s, S("NULL")));
}

const char *node_kind_name(const struct node *n)
{
	switch (n->kind) {
	case NODE_SEQ: return "a list";
	case NODE_MAP: return "a mapping";
	case NODE_TEXT: return "a string";
	default: return node_is_null(n) ? "null" : "a plain value";
	}
}

struct str node_shown(struct str s)
{
	return (struct str){ s.p, utf8_offset(s, 40) };
}

static int by_key(const void *x, const void *y)
{
	const struct node *a = *(struct node *const *)x, *b = *(struct node *const *)y;
	int c = str_cmp(a->key, b->key);

	if (c)
		return c;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->col < b->col ? -1 : a->col > b->col;
}

/* Sorting pointers: a hostile map may have a million keys. */
const struct node *node_twice(const struct node *map)
{
	const struct node *twice = NULL;
	const struct node **v;
	size_t n = 0;

	if (map->n < 2)
		return NULL;
	v = mem_alloc(map->n, sizeof *v);
	for (const struct node *c = map->first; c; c = c->next)
		v[n++] = c;
	qsort(v, n, sizeof *v, by_key);
	for (size_t i = 1; i < n && !twice; i++)
		if (str_eq(v[i]->key, v[i - 1]->key))
			twice = v[i];
	mem_free(v);
	return twice;
}
