/* yaml.c - the one door to libyaml: documents to trees by its events, and trees to documents.
 *
 *   in    UTF-8 bytes from outside; trees of our own
 *   out   one struct tree a document; text
 *
 * libyaml finds the grammar; what a file may ask of us (depth, nodes, keys given twice,
 * anchors) is decided here, event by event, before memory is taken.
 *
 * Invariants: yaml_next(yaml_write(t)) gives t again, except that every plain word comes
 * back plain; the same tree gives the same bytes.
 */
#include "io/scenes/yaml.h"

#include <yaml.h>

/* ---- reading ----------------------------------------------------------------------- */

enum { TAGS_MAX = 64 };

struct yaml {
	yaml_parser_t p;
	struct str bytes;
	bool begun;
};

/* What stands in line `line` (from 1) at character `col` (from 1); 0 past the end. */
static uint32_t rune_at(struct str s, size_t line, size_t col)
{
	const char *p = s.p, *end = s.p + s.n;

	for (size_t l = 1; l < line; l++) {
		p = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		if (!p)
			return 0;
		p++;
	}
	for (size_t c = 1; c < col && p < end; c++)
		utf8_next(&p, end);
	return p < end ? utf8_next(&p, end) : 0;
}

/* Names the first byte that is not UTF-8. */
static enum status check_utf8(struct str s, struct err *e)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t line = 1, col = 1;

	if (utf8_valid(s))
		return OK;
	while (p < end) {
		const char *was = p;
		uint32_t r = utf8_next(&p, end);

		if (r == 0xFFFD && p - was == 1)
			return err_set(e, ERR_FORMAT, "line %zu, column %zu: byte 0x%02X is not "
			               "UTF-8; save the file as UTF-8", line, col,
			               (unsigned)(uint8_t)*was);
		line += r == '\n';
		col = r == '\n' ? 1 : col + 1;
	}
	return err_set(e, ERR_FORMAT, "not UTF-8; save the file as UTF-8");
}

/* libyaml compares every %TAG with all before it: 200,000 of them are minutes. */
static enum status check_tags(struct str s, struct err *e)
{
	static const char mark[] = "\n%TAG";
	const char *p = s.p, *end = s.p + s.n;

	for (int n = 0; (p = memmem(p, (size_t)(end - p), mark, sizeof mark - 1)); p++)
		if (++n > TAGS_MAX)
			return err_set(e, ERR_LIMIT, "more than %d %%TAG directives", TAGS_MAX);
	return OK;
}

enum status yaml_open(struct yaml **out, struct str bytes, struct err *e)
{
	struct yaml *y;
	enum status st;

	*out = NULL;
	if ((st = check_utf8(bytes, e)) || (st = check_tags(bytes, e)))
		return st;
	y = mem_alloc(1, sizeof *y);
	if (!yaml_parser_initialize(&y->p)) {
		mem_free(y);
		return err_set(e, ERR_LIMIT, "out of memory for a YAML reader");
	}
	y->bytes = bytes;
	yaml_parser_set_encoding(&y->p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y->p, (const unsigned char *)bytes.p, bytes.n);
	*out = y;
	return OK;
}

void yaml_close(struct yaml *y)
{
	if (!y)
		return;
	yaml_parser_delete(&y->p);
	mem_free(y);
}

static enum status parser_error(struct yaml *y, struct err *e)
{
	const yaml_parser_t *p = &y->p;
	size_t line = p->problem_mark.line + 1, col = p->problem_mark.column + 1;

	if (p->error == YAML_MEMORY_ERROR)
		return err_set(e, ERR_LIMIT, "out of memory while reading YAML");
	if (p->error == YAML_READER_ERROR)
		return err_set(e, ERR_FORMAT, "byte %zu: %s (U+%04X)", p->problem_offset,
		               p->problem, (unsigned)p->problem_value);
	if (rune_at(y->bytes, line, col) == '\t')
		return err_set(e, ERR_FORMAT, "line %zu, column %zu: a tab; YAML is indented by "
		               "spaces", line, col);
	return err_set(e, ERR_FORMAT, "line %zu, column %zu: %s%s%s", line, col,
	               p->problem ? p->problem : "not YAML", p->context ? " " : "",
	               p->context ? p->context : "");
}

static enum status at(struct err *e, enum status code, const yaml_event_t *ev, const char *what)
{
	return err_set(e, code, "line %zu, column %zu: %s", ev->start_mark.line + 1,
	               ev->start_mark.column + 1, what);
}

/* Tags of the core schema say nothing new; others could mean anything. */
static bool tag_known(const yaml_char_t *tag)
{
	static const char core[] = "tag:yaml.org,2002:";
	static const char *const known[] = { "str", "int", "float", "bool", "null", "map", "seq" };

	if (!tag || !strcmp((const char *)tag, "!"))
		return true;
	if (strncmp((const char *)tag, core, sizeof core - 1))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp((const char *)tag + sizeof core - 1, known[i]))
			return true;
	return false;
}

/* A document being built: the open maps and lists, and the key that waits for its value. */
struct build {
	struct arena *a;
	struct tree *open[TREE_DEPTH];
	struct str key[TREE_DEPTH];
	bool has_key[TREE_DEPTH];
	int depth;
	size_t nodes;
	struct tree *root;
};

/* Gives a node its place; a scalar in a map's key position becomes the key instead. */
static enum status place(struct build *b, struct tree *n, const yaml_event_t *ev, struct err *e)
{
	struct tree *top = b->depth ? b->open[b->depth - 1] : NULL;

	if (++b->nodes > TREE_NODES)
		return at(e, ERR_LIMIT, ev, "more values than a document may have");
	n->line = (uint32_t)ev->start_mark.line + 1;
	n->col = (uint32_t)ev->start_mark.column + 1;
	if (!top) {
		b->root = n;
		return OK;
	}
	if (top->kind == TREE_MAP) {
		if (!b->has_key[b->depth - 1]) {
			if (!tree_is_scalar(n))
				return at(e, ERR_FORMAT, ev, "a key must be a word, not a list or "
				          "mapping");
			b->key[b->depth - 1] = n->s;
			b->has_key[b->depth - 1] = true;
			return OK;
		}
		n->key = b->key[b->depth - 1];
		b->has_key[b->depth - 1] = false;
	}
	tree_append(top, n);
	return OK;
}

static enum status on_scalar(struct build *b, const yaml_event_t *ev, struct err *e)
{
	size_t n = ev->data.scalar.length;
	struct str s = { (const char *)ev->data.scalar.value, n };
	bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !ev->data.scalar.tag;
	struct tree *node;

	if (ev->data.scalar.anchor)
		return at(e, ERR_FORMAT, ev, "anchors (&name) are not allowed here");
	if (!tag_known(ev->data.scalar.tag))
		return at(e, ERR_FORMAT, ev, "tags (!name) are not allowed here");
	if (n > TREE_SCALAR)
		return at(e, ERR_LIMIT, ev, "a string longer than 16 MB");
	node = tree_text(b->a, str_copy(b->a, s));
	if (plain)
		node->kind = TREE_PLAIN;
	return place(b, node, ev, e);
}

static enum status on_open(struct build *b, const yaml_event_t *ev, struct err *e)
{
	bool seq = ev->type == YAML_SEQUENCE_START_EVENT;
	struct tree *n = seq ? tree_seq(b->a) : tree_map(b->a);

	if (seq ? ev->data.sequence_start.anchor : ev->data.mapping_start.anchor)
		return at(e, ERR_FORMAT, ev, "anchors (&name) are not allowed here");
	if (!tag_known(seq ? ev->data.sequence_start.tag : ev->data.mapping_start.tag))
		return at(e, ERR_FORMAT, ev, "tags (!name) are not allowed here");
	if (b->depth == TREE_DEPTH)
		return at(e, ERR_LIMIT, ev, "nested deeper than 64");
	n->flow = seq ? ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
	              : ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	if (place(b, n, ev, e))
		return e->code;
	b->has_key[b->depth] = false;
	b->open[b->depth++] = n;
	return OK;
}

static enum status on_close(struct build *b, struct err *e)
{
	const struct tree *n = b->open[--b->depth], *twice;

	if (n->kind != TREE_MAP || !(twice = tree_twice(n)))
		return OK;
	return err_set(e, ERR_FORMAT, "line %u, column %u: key '" STR_FMT "' is given twice in one "
	               "mapping", twice->line, twice->col, STR_ARG(tree_shown(twice->key)));
}

static enum status on_event(struct build *b, const yaml_event_t *ev, struct err *e)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, ev, e);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return on_open(b, ev, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(b, e);
	case YAML_ALIAS_EVENT:
		return at(e, ERR_FORMAT, ev, "aliases (*name) are not allowed here");
	default:
		return OK;		/* stream and document marks */
	}
}

enum status yaml_next(struct yaml *y, struct tree **doc, struct arena *a, struct err *e)
{
	struct build b = { .a = a };
	struct err own = { 0 };

	if (!e)
		e = &own;
	*doc = NULL;
	for (;;) {
		yaml_event_t ev;
		yaml_event_type_t type;
		enum status st;

		if (!yaml_parser_parse(&y->p, &ev))
			return parser_error(y, e);
		type = ev.type;
		st = on_event(&b, &ev, e);
		yaml_event_delete(&ev);
		if (st)
			return st;
		if (type == YAML_DOCUMENT_END_EVENT)
			break;
		if (type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT)
			return OK;
	}
	*doc = b.root;
	return OK;
}

/* ---- writing ----------------------------------------------------------------------- */

static int to_buf(void *ctx, unsigned char *p, size_t n)
{
	buf_add(ctx, p, n);
	return 1;
}

/* The emitter fails only without memory (strings are valid UTF-8 by then): the house's
 * answer to that is in base, and a request nothing can grant leads there. */
static void emit(yaml_emitter_t *em, yaml_event_t *ev, int made)
{
	if (!made || !yaml_emitter_emit(em, ev)) {
		must(!made || em->error == YAML_MEMORY_ERROR);
		mem_alloc(SIZE_MAX, 1);
	}
}

/* Words that YAML 1.1 readers take for truth, falsehood or nothing. */
static bool reserved(struct str s)
{
	static const char *const word[] = { "y", "n", "yes", "no", "on", "off", "true", "false",
		"null", "nan", "inf" };

	for (size_t i = 0; i < sizeof word / sizeof *word; i++)
		if (s.n == strlen(word[i]) && !strncasecmp(s.p, word[i], s.n))
			return true;
	return false;
}

/* Letters, digits, single spaces, '-' and '_' inside, a letter first: no reader errs. */
static bool plain_word(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	uint32_t was = 0;

	if (s.n == 0 || s.n > 100 || reserved(s))
		return false;
	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		bool letter = (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || rune_is_cyrillic(r);

		if (!was && !letter)
			return false;
		if (r == ' ' && (was == ' ' || p == end))
			return false;
		if (!letter && r != ' ' && r != '-' && r != '_' && !(r >= '0' && r <= '9'))
			return false;
		was = r;
	}
	return true;
}

/* A text of several lines that a literal block ('|') carries exactly and readably. */
static bool block_text(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	uint32_t was = '\n';

	if (!memchr(s.p, '\n', s.n) || s.p[0] == ' ' || s.p[0] == '\n' || s.p[s.n - 1] == ' ')
		return false;
	while (p < end) {
		uint32_t r = utf8_next(&p, end);

		if ((r < 0x20 && r != '\n') || (r >= 0x7F && r <= 0x9F) || r == 0x2028 ||
		    r == 0x2029 || r == 0xFEFF || (r == '\n' && was == ' '))
			return false;
		if (was == '\n' && r == ' ')
			return false;
		was = r;
	}
	return true;
}

static yaml_scalar_style_t style_of(const struct tree *n, struct str s, bool flow)
{
	if (n->kind == TREE_PLAIN || plain_word(s))
		return YAML_PLAIN_SCALAR_STYLE;
	if (!flow && s.n && block_text(s))
		return YAML_LITERAL_SCALAR_STYLE;
	return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static void emit_scalar(yaml_emitter_t *em, struct str s, yaml_scalar_style_t style)
{
	struct buf mended = { 0 };
	yaml_event_t ev;

	if (!utf8_valid(s)) {
		for (const char *p = s.p, *end = s.p + s.n; p < end;)
			buf_rune(&mended, utf8_next(&p, end));
		s = buf_view(&mended);
	}
	must(s.n <= INT32_MAX);
	emit(em, &ev, yaml_scalar_event_initialize(&ev, NULL, NULL,
	     (const yaml_char_t *)(s.n ? s.p : ""), (int)s.n, 1, 1, style));
	buf_free(&mended);
}

static void emit_node(yaml_emitter_t *em, const struct tree *n, bool flow)
{
	yaml_event_t ev;
	bool seq = n->kind == TREE_SEQ;

	if (tree_is_scalar(n)) {
		emit_scalar(em, n->s, style_of(n, n->s, flow));
		return;
	}
	flow = flow || n->flow || n->n == 0;
	emit(em, &ev, seq ? yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1,
	                    flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE)
	                  : yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1,
	                    flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE));
	for (const struct tree *c = n->first; c; c = c->next) {
		if (!seq)
			emit_scalar(em, c->key, plain_word(c->key) ? YAML_PLAIN_SCALAR_STYLE
			                                           : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
		emit_node(em, c, flow);
	}
	emit(em, &ev, seq ? yaml_sequence_end_event_initialize(&ev)
	                  : yaml_mapping_end_event_initialize(&ev));
}

void yaml_write(struct buf *out, const struct tree *doc)
{
	yaml_emitter_t em;
	yaml_event_t ev;

	if (!yaml_emitter_initialize(&em))
		mem_alloc(SIZE_MAX, 1);
	yaml_emitter_set_output(&em, to_buf, out);
	yaml_emitter_set_unicode(&em, 1);
	yaml_emitter_set_width(&em, -1);	/* folding would break lines inside strings */
	emit(&em, &ev, yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING));
	emit(&em, &ev, yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 0));
	emit_node(&em, doc, false);
	emit(&em, &ev, yaml_document_end_event_initialize(&ev, 1));
	emit(&em, &ev, yaml_stream_end_event_initialize(&ev));
	yaml_emitter_delete(&em);
}
