/* tree.c - makes and asks the tree that stands between files and meaning.
 *
 *   in    strings, numbers, children in order
 *   out   struct tree; order of children is order of adding
 *
 * Invariant: a node has one parent; lists of children end with next == NULL.
 */
#include "io/scenes/tree.h"

#include <math.h>
#include <stdlib.h>

static struct tree *make(struct arena *a, enum tree_kind kind)
{
	struct tree *n = TAKE(a, struct tree, 1);

	n->kind = kind;
	return n;
}

struct tree *tree_map(struct arena *a)
{
	return make(a, TREE_MAP);
}

struct tree *tree_seq(struct arena *a)
{
	return make(a, TREE_SEQ);
}

struct tree *tree_text(struct arena *a, struct str s)
{
	struct tree *n = make(a, TREE_TEXT);

	n->s = s;
	return n;
}

struct tree *tree_null(struct arena *a)
{
	struct tree *n = make(a, TREE_PLAIN);

	n->s = S("null");
	return n;
}

struct tree *tree_text_or_null(struct arena *a, struct str s)
{
	return s.n ? tree_text(a, s) : tree_null(a);
}

struct tree *tree_u64(struct arena *a, uint64_t v)
{
	struct tree *n = make(a, TREE_PLAIN);

	n->s = str_printf(a, "%llu", (unsigned long long)v);
	return n;
}

struct tree *tree_float(struct arena *a, float v)
{
	struct tree *n = make(a, TREE_PLAIN);
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

struct tree *tree_flow(struct tree *n)
{
	n->flow = true;
	return n;
}

void tree_append(struct tree *parent, struct tree *child)
{
	must(parent->kind == TREE_SEQ || parent->kind == TREE_MAP);
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->n++;
}

void tree_put(struct tree *map, const char *key, struct tree *child)
{
	must(map->kind == TREE_MAP);
	child->key = str_of(key);
	tree_append(map, child);
}

struct tree *tree_find(const struct tree *map, const char *key)
{
	struct str k = str_of(key);

	if (map->kind != TREE_MAP)
		return NULL;
	for (struct tree *c = map->first; c; c = c->next)
		if (str_eq(c->key, k))
			return c;
	return NULL;
}

bool tree_is_scalar(const struct tree *n)
{
	return n->kind == TREE_TEXT || n->kind == TREE_PLAIN;
}

bool tree_is_null(const struct tree *n)
{
	return n->kind == TREE_PLAIN &&
	       (n->s.n == 0 || str_eq(n->s, S("~")) || str_eq(n->s, S("null")) ||
	        str_eq(n->s, S("Null")) || str_eq(n->s, S("NULL")));
}

const char *tree_kind_name(const struct tree *n)
{
	switch (n->kind) {
	case TREE_SEQ: return "a list";
	case TREE_MAP: return "a mapping";
	case TREE_TEXT: return "a string";
	default: return tree_is_null(n) ? "null" : "a plain value";
	}
}

struct str tree_shown(struct str s)
{
	return (struct str){ s.p, utf8_offset(s, 40) };
}

static int by_key(const void *x, const void *y)
{
	const struct tree *a = *(struct tree *const *)x, *b = *(struct tree *const *)y;
	int c = str_cmp(a->key, b->key);

	if (c)
		return c;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->col < b->col ? -1 : a->col > b->col;
}

/* Sorting pointers: a hostile map may have a million keys. */
const struct tree *tree_twice(const struct tree *map)
{
	const struct tree *twice = NULL;
	const struct tree **v;
	size_t n = 0;

	if (map->n < 2)
		return NULL;
	v = mem_alloc(map->n, sizeof *v);
	for (const struct tree *c = map->first; c; c = c->next)
		v[n++] = c;
	qsort(v, n, sizeof *v, by_key);
	for (size_t i = 1; i < n && !twice; i++)
		if (str_eq(v[i]->key, v[i - 1]->key))
			twice = v[i];
	mem_free(v);
	return twice;
}
