/* json.c - the one door to jansson: JSON values to trees, and trees to JSON.
 *
 *   in    bytes from outside; trees of our own
 *   out   struct tree; text
 *
 * jansson reads and escapes; depth and number of values are held here. A list of books is
 * read element by element (JSON_DISABLE_EOF_CHECK tells where one value ends), so memory
 * is that of the largest book.
 *
 * Invariants: json_read(json_write(t)) gives t again for valid UTF-8; the same tree gives
 * the same bytes.
 */
#include "io/scenes/json.h"

#include <pthread.h>

#include <jansson.h>

enum { READ_FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL };

/* Without memory jansson may call a good text bad. Our own allocation stops the program in
 * the house's way instead, with exit code 4. */
static void *take(size_t n)
{
	return mem_alloc(n, 1);
}

static void use_our_memory(void)
{
	json_set_alloc_funcs(take, mem_free);
}

static void ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, use_our_memory);
}

/* ---- reading ----------------------------------------------------------------------- */

struct counts {
	struct arena *a;
	size_t nodes;
};

static enum status too_much(struct err *e, const char *what)
{
	return err_set(e, ERR_LIMIT, "JSON: %s", what);
}

static struct tree *scalar(const json_t *j, struct arena *a)
{
	struct tree *n = tree_null(a);

	switch (json_typeof(j)) {
	case JSON_STRING:
		n->kind = TREE_TEXT;
		n->s = str_copy(a, (struct str){ json_string_value(j), json_string_length(j) });
		return n;
	case JSON_INTEGER:
		n->s = str_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
		return n;
	case JSON_REAL:
		n->s = str_printf(a, "%.17g", json_real_value(j));
		for (char *p = (char *)n->s.p; *p; p++)
			if (*p == ',')
				*p = '.';	/* the user's locale is not the file's */
		return n;
	case JSON_TRUE: n->s = S("true"); return n;
	case JSON_FALSE: n->s = S("false"); return n;
	default: return n;
	}
}

static enum status tree_of(struct tree **out, json_t *j, int depth, struct counts *c,
                           struct err *e)
{
	struct tree *n, *child;
	const char *key;
	json_t *v;
	size_t i;

	if (++c->nodes > TREE_NODES)
		return too_much(e, "more values than a document may have");
	if (!json_is_object(j) && !json_is_array(j)) {
		*out = scalar(j, c->a);
		return OK;
	}
	if (depth == TREE_DEPTH)
		return too_much(e, "nested deeper than 64");
	*out = n = json_is_object(j) ? tree_map(c->a) : tree_seq(c->a);
	if (json_is_array(j)) {
		json_array_foreach(j, i, v) {
			if (tree_of(&child, v, depth + 1, c, e))
				return e->code;
			tree_append(n, child);
		}
		return OK;
	}
	json_object_foreach(j, key, v) {
		if (tree_of(&child, v, depth + 1, c, e))
			return e->code;
		child->key = str_copy(c->a, str_of(key));
		tree_append(n, child);
	}
	return OK;
}

/* A cursor over the text: jansson reads one value at a time from p. */
struct text {
	const char *p, *end, *start;
};

/* Line and column of byte `at`, from 1. */
static void where(const struct text *t, const char *at, size_t *line, size_t *col)
{
	const char *from = t->start;

	*line = 1;
	for (const char *p = t->start; p < at; p++)
		if (*p == '\n') {
			++*line;
			from = p + 1;
		}
	*col = utf8_count((struct str){ from, (size_t)(at - from) }) + 1;
}

static enum status refuse(const struct text *t, const char *at, const char *what, struct err *e)
{
	size_t line, col;

	where(t, at > t->end ? t->end : at, &line, &col);
	return err_set(e, ERR_FORMAT, "line %zu, column %zu: JSON: %s", line, col, what);
}

static enum status too_deep(const struct text *t, const char *at, const char *what,
                            struct err *e)
{
	size_t line, col;

	where(t, at, &line, &col);
	return err_set(e, ERR_LIMIT, "line %zu, column %zu: JSON: %s", line, col, what);
}

/* The value at t->p is weighed before jansson sees it, which would recurse 2048 deep and
 * take memory for every value. Whether it is well formed is jansson's to say. */
static enum status weigh(const struct text *t, struct err *e)
{
	size_t values = 1;
	bool quoted = false;
	int depth = 0;

	for (const char *p = t->p; p < t->end; p++) {
		if (quoted) {
			if (*p == '\\')
				p++;
			else if (*p == '"')
				quoted = false;
			continue;
		}
		quoted = *p == '"';
		if (*p == '[' || *p == '{')
			depth++;
		values += *p == ',' || *p == '[' || *p == '{';
		if (depth > TREE_DEPTH)
			return too_deep(t, p, "nested deeper than 64", e);
		if (values > TREE_NODES)
			return too_deep(t, p, "more values than a document may have", e);
		if ((*p == ']' || *p == '}') && --depth <= 0)
			return OK;
		if (depth == 0 && *p == ',')
			return OK;
	}
	return OK;
}

/* One value at t->p; t->p goes behind it. */
static enum status next_value(struct tree **out, struct text *t, struct arena *a, struct err *e)
{
	struct counts c = { a, 0 };
	json_error_t je;
	enum status st = weigh(t, e);
	json_t *j;

	if (st)
		return st;
	j = json_loadb(t->p, (size_t)(t->end - t->p), READ_FLAGS | JSON_DISABLE_EOF_CHECK, &je);
	if (!j)
		return refuse(t, t->p + (je.position > 0 ? je.position : 0), je.text, e);
	t->p += je.position;
	st = tree_of(out, j, 0, &c, e);
	json_decref(j);
	return st;
}

static void skip_space(struct text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\n' || *t->p == '\r' || *t->p == '\t'))
		t->p++;
}

static enum status begin(struct text *t, struct str bytes, struct err *e)
{
	ready();
	*t = (struct text){ bytes.p, bytes.p + bytes.n, bytes.p };
	if (str_starts(bytes, S("\xEF\xBB\xBF")))
		t->p += 3;
	skip_space(t);
	if (t->p == t->end)
		return err_set(e, ERR_FORMAT, "nothing in the file: expected JSON");
	return OK;
}

enum status json_read(struct tree **out, struct str bytes, struct arena *a, struct err *e)
{
	struct err own = { 0 };
	struct text t;

	e = e ? e : &own;
	*out = NULL;
	if (begin(&t, bytes, e) || next_value(out, &t, a, e))
		return e->code;
	skip_space(&t);
	return t.p < t.end ? refuse(&t, t.p, "bytes after the end of the value", e) : OK;
}

typedef enum status each_fn(void *ctx, struct tree *v, struct arena *a, struct err *e);

static enum status one(struct text *t, each_fn *each, void *ctx, struct err *e)
{
	struct arena a = arena_open("json");
	struct tree *v;
	enum status st = next_value(&v, t, &a, e);

	if (!st)
		st = each(ctx, v, &a, e);
	arena_close(&a);
	skip_space(t);
	return st;
}

/* '[' value (',' value)* ']' by hand, each value by jansson. */
static enum status elements(struct text *t, each_fn *each, void *ctx, struct err *e)
{
	enum status st;

	t->p++;
	skip_space(t);
	if (t->p < t->end && *t->p == ']') {
		t->p++;
		return OK;
	}
	for (;;) {
		if ((st = one(t, each, ctx, e)))
			return st;
		if (t->p == t->end || (*t->p != ',' && *t->p != ']'))
			return refuse(t, t->p, "expected ',' or ']'", e);
		if (*t->p++ == ']')
			return OK;
		skip_space(t);
	}
}

enum status json_each(struct str bytes, each_fn *each, void *ctx, struct err *e)
{
	struct err own = { 0 };
	struct text t;
	enum status st;

	e = e ? e : &own;
	if ((st = begin(&t, bytes, e)))
		return st;
	st = *t.p == '[' ? elements(&t, each, ctx, e) : one(&t, each, ctx, e);
	if (st)
		return st;
	skip_space(&t);
	return t.p < t.end ? refuse(&t, t.p, "bytes after the end of the value", e) : OK;
}

/* ---- writing ----------------------------------------------------------------------- */

static int to_buf(const char *p, size_t n, void *ctx)
{
	buf_add(ctx, p, n);
	return 0;
}

/* jansson wants valid UTF-8; a bad byte becomes U+FFFD. */
static void put_string(struct buf *out, struct str s)
{
	struct buf mended = { 0 };
	json_t *j;

	ready();
	if (!utf8_valid(s)) {
		for (const char *p = s.p, *end = s.p + s.n; p < end;)
			buf_rune(&mended, utf8_next(&p, end));
		s = buf_view(&mended);
	}
	j = json_stringn(s.n ? s.p : "", s.n);
	must(j && !json_dump_callback(j, to_buf, out, JSON_ENCODE_ANY));
	json_decref(j);
	buf_free(&mended);
}

void json_write(struct buf *out, const struct tree *v)
{
	bool map = v->kind == TREE_MAP;

	if (v->kind == TREE_TEXT)
		put_string(out, v->s);
	else if (v->kind == TREE_PLAIN)
		buf_str(out, v->s);		/* our own: a number, null, true, false */
	if (tree_is_scalar(v))
		return;
	buf_char(out, map ? '{' : '[');
	for (const struct tree *c = v->first; c; c = c->next) {
		if (map) {
			put_string(out, c->key);
			buf_str(out, S(": "));
		}
		json_write(out, c);
		if (c->next)
			buf_str(out, S(", "));
	}
	buf_char(out, map ? '}' : ']');
}
