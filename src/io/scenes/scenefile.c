/* scenefile.c - books of scenes as files: the shape around the fields.
 *
 *   in    fractal_thoughtset.yaml, story files, lists of gold scenes, pvq.json; book_doc
 *   out   book_doc, one at a time; the same files
 *
 * What a scene says is scenefields.c; here is where scenes stand: book → chapter → scene →
 * sentence, with offsets. Shapes accepted are drawn in docs/formats.md.
 *
 * Invariants: reading what was written gives the same book_doc; nothing is left out
 * without a line in warn; a book's strings live until `each` returns.
 */
#include "io/scenes/scenefile.h"

#include "io/scenes/json.h"
#include "io/scenes/scenefields.h"
#include "io/scenes/yaml.h"

enum { ID_MAX = 200, BLOCK_ALIASES = 12 };

/* ---- reading: scenes --------------------------------------------------------------- */

struct book_reading {
	struct fields_ctx c;
	struct book_doc d;
	struct strtab ids;		/* to find an id used twice */
};

static bool id_char(uint32_t r)
{
	return rune_is_letter(r) || (r >= '0' && r <= '9');
}

/* "S001", "train_01_2", 7: begins with a letter or digit, so that -1 is none. */
static enum status read_id(struct book_reading *r, struct scene_doc *s, const struct tree *n)
{
	const char *p;

	if (fields_text(&s->id, n, &r->c))
		return r->c.e->code;
	p = s->id.p;
	if (s->id.n == 0 || s->id.n > ID_MAX || !id_char(utf8_next(&p, s->id.p + s->id.n)))
		return fields_error(&r->c, n, ERR_FORMAT, "'" STR_FMT "' is no scene id, expected one "
		                    "like S001", STR_ARG(tree_shown(s->id)));
	if (strtab_find(&r->ids, s->id) != STRTAB_NONE)
		return fields_error(&r->c, n, ERR_FORMAT, "scene id " STR_FMT " is used twice in one "
		                    "book", STR_ARG(tree_shown(s->id)));
	strtab_add(&r->ids, s->id);
	r->c.scene = s->id;
	return OK;
}

/* A list of whole numbers of exactly `want`, or of any length when want is 0. */
static enum status read_numbers(uint64_t *v, uint32_t want, uint64_t high, const struct tree *n,
                                const struct fields_ctx *c)
{
	uint32_t k = 0;

	if (n->kind != TREE_SEQ)
		return fields_error(c, n, ERR_FORMAT, "%s, expected a list of numbers",
		                    tree_kind_name(n));
	if (want && n->n != want)
		return fields_error(c, n, ERR_FORMAT, "%u numbers, expected %u", n->n, want);
	for (const struct tree *i = n->first; i; i = i->next)
		if (fields_u64(&v[k++], i, high, c))
			return c->e->code;
	return OK;
}

static enum status read_span(uint64_t v[2], uint64_t high, const struct tree *n,
                             const struct fields_ctx *c)
{
	if (read_numbers(v, 2, high, n, c))
		return c->e->code;
	if (v[0] > v[1])
		return fields_error(c, n, ERR_FORMAT, "the end %llu is before the beginning %llu",
		                    (unsigned long long)v[1], (unsigned long long)v[0]);
	return OK;
}

/* sentences: [[off, len, paragraph], …]; the paragraph may be left out. */
static enum status read_sentences(struct scene_doc *s, const struct tree *n,
                                  const struct fields_ctx *c)
{
	uint32_t k = 0;

	if (tree_is_null(n))
		return OK;
	if (n->kind != TREE_SEQ)
		return fields_error(c, n, ERR_FORMAT, "%s, expected a list of [offset, length]",
		                    tree_kind_name(n));
	s->sent = TAKE(c->a, struct sent, n->n);
	for (const struct tree *i = n->first; i; i = i->next) {
		uint64_t v[3] = { 0 };

		if (read_numbers(v, i->n == 2 ? 2 : 3, UINT32_MAX, i, c))
			return c->e->code;
		s->sent[k++] = (struct sent){ (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2] };
	}
	s->n_sent = k;
	return OK;
}

/* Older files name scenes by number; a cause comes before what it causes. */
static enum status read_cause(struct scene_doc *s, const struct tree *n,
                              const struct fields_ctx *c)
{
	uint64_t own;

	if (n->kind != TREE_SEQ)
		return fields_error(c, n, ERR_FORMAT, "%s, expected a list of scene numbers",
		                    tree_kind_name(n));
	s->cause = TAKE(c->a, uint64_t, n->n + 1);
	s->n_cause = n->n;
	if (read_numbers(s->cause, 0, UINT64_MAX, n, c))
		return c->e->code;
	for (uint32_t i = 0; i < n->n && str_u64(s->id, &own); i++)
		if (s->cause[i] >= own)
			fields_warn(c, n, "%llu does not come before scene %llu",
			            (unsigned long long)s->cause[i], (unsigned long long)own);
	return OK;
}

/* Keys of a scene that are not fields of the schema. */
static enum status read_place(struct book_reading *r, struct scene_doc *s, const struct tree *n,
                              const struct tree *map, bool *known)
{
	const struct fields_ctx *c = &r->c;
	uint64_t v[2] = { 0 };

	*known = true;
	if (str_eq(n->key, S("scene_id")) || str_eq(n->key, S("id")) ||
	    str_eq(n->key, S("confidence")))
		return OK;			/* read before and after the others */
	if (str_eq(n->key, S("text")))
		return fields_text(&s->passage, n, c);
	if (str_eq(n->key, S("glyph")))
		return fields_text(&s->glyph, n, c);
	if (str_eq(n->key, S("book")))
		return fields_text(&s->book, n, c);
	if (str_eq(n->key, S("sentences")))
		return read_sentences(s, n, c);
	if (str_eq(n->key, S("cause")))
		return read_cause(s, n, c);
	if (str_eq(n->key, S("cut")))
		return fields_float(&s->scene.cut, n, 0, 1, c);
	if (str_eq(n->key, S("span")) && tree_find(map, "book"))
		return read_span(s->span, UINT64_MAX, n, c);
	if (str_eq(n->key, S("span")) || str_eq(n->key, S("bytes"))) {
		if (read_span(v, UINT32_MAX, n, c))
			return c->e->code;
		s->scene.off = (uint32_t)v[0];
		s->scene.len = (uint32_t)(v[1] - v[0]);
		return OK;
	}
	if (str_eq(n->key, S("sentence"))) {
		if (read_numbers(v, 2, UINT32_MAX, n, c))
			return c->e->code;
		s->scene.sent = (uint32_t)v[0];
		s->scene.n_sent = (uint32_t)v[1];
		return OK;
	}
	*known = false;
	return OK;
}

static enum status read_scene(struct book_reading *r, struct scene_doc *s, const struct tree *map)
{
	const struct tree *id = NULL, *n;
	bool known;

	r->c.scene = S("");
	if (map->kind != TREE_MAP)
		return fields_error(&r->c, map, ERR_FORMAT, "%s, expected a scene: a mapping with "
		                    "scene_id", tree_kind_name(map));
	if (!(id = tree_find(map, "scene_id")) && !(id = tree_find(map, "id")))
		return fields_error(&r->c, map, ERR_FORMAT, "a scene without scene_id");
	if (read_id(r, s, id))
		return r->c.e->code;
	for (n = map->first; n; n = n->next) {
		if (read_place(r, s, n, map, &known))
			return r->c.e->code;
		if (!known && fields_read(&s->scene, n, &known, &r->c))
			return r->c.e->code;
		if (!known)
			fields_warn(&r->c, n, "unknown key, left out");
	}
	return fields_confidence(&s->scene, tree_find(map, "confidence"), &r->c);
}

/* ---- reading: books ---------------------------------------------------------------- */

static enum status read_scenes(struct book_reading *r, const struct tree *list, struct str chapter,
                               uint32_t index)
{
	if (tree_is_null(list))
		return OK;
	if (list->kind != TREE_SEQ)
		return fields_error(&r->c, list, ERR_FORMAT, "%s, expected a list of scenes",
		                    tree_kind_name(list));
	for (const struct tree *n = list->first; n; n = n->next) {
		struct scene_doc *s = &r->d.scene[r->d.n_scene++];

		s->chapter = chapter;
		s->chapter_index = s->scene.chapter = index;
		if (read_scene(r, s, n))
			return r->c.e->code;
	}
	r->c.scene = S("");
	return OK;
}

static enum status read_chapter(struct book_reading *r, const struct tree *map, uint32_t *index)
{
	const struct tree *scenes = NULL, *n;
	struct str title = S("");
	uint64_t given = *index;

	if (map->kind != TREE_MAP)
		return fields_error(&r->c, map, ERR_FORMAT, "%s, expected a chapter: a mapping with "
		                    "scenes", tree_kind_name(map));
	for (n = map->first; n; n = n->next) {
		if (str_eq(n->key, S("scenes")))
			scenes = n;
		else if (str_eq(n->key, S("title"))) {
			if (fields_text(&title, n, &r->c))
				return r->c.e->code;
		} else if (str_eq(n->key, S("index"))) {
			if (fields_u64(&given, n, UINT32_MAX - 1, &r->c))
				return r->c.e->code;
		} else
			fields_warn(&r->c, n, "unknown key in a chapter, left out");
	}
	*index = (uint32_t)given + 1;
	return scenes ? read_scenes(r, scenes, title, (uint32_t)given) : OK;
}

static size_t children(const struct tree *n)
{
	return n && n->kind == TREE_SEQ ? n->n : 0;
}

static enum status read_chapters(struct book_reading *r, const struct tree *list)
{
	uint32_t index = 0;

	if (tree_is_null(list))
		return OK;
	if (list->kind != TREE_SEQ)
		return fields_error(&r->c, list, ERR_FORMAT, "%s, expected a list of chapters",
		                    tree_kind_name(list));
	for (const struct tree *n = list->first; n; n = n->next)
		if (read_chapter(r, n, &index))
			return r->c.e->code;
	return OK;
}

/* [A-Z][A-Z0-9]* : the form of an alias (docs/alias.ebnf). */
static bool alias_form(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && !(i && s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
	return s.n > 0;
}

static enum status read_aliases(struct book_reading *r, const struct tree *map)
{
	size_t k = 0;

	if (tree_is_null(map))
		return OK;
	if (map->kind != TREE_MAP)
		return fields_error(&r->c, map, ERR_FORMAT, "%s, expected a mapping of aliases to "
		                    "lemmas", tree_kind_name(map));
	r->d.alias = arena_take_n(r->c.a, map->n + 1, sizeof *r->d.alias);
	for (const struct tree *n = map->first; n; n = n->next, k++) {
		if (!alias_form(n->key))
			return fields_error(&r->c, n, ERR_FORMAT, "no alias: expected capital Latin "
			                    "letters and digits, a letter first");
		if (!tree_is_scalar(n) || tree_is_null(n))
			return fields_error(&r->c, n, ERR_FORMAT, "%s, expected a lemma",
			                    tree_kind_name(n));
		r->d.alias[k].alias = n->key;
		r->d.alias[k].lemma = n->s;
	}
	r->d.n_alias = k;
	return OK;
}

static enum status read_version(struct book_reading *r, const struct tree *n)
{
	uint64_t v;

	if (fields_u64(&v, n, UINT32_MAX, &r->c))
		return r->c.e->code;
	if (v < 1 || v > SCENEFILE_VERSION)
		return fields_error(&r->c, n, ERR_FORMAT, "the file needs a program that reads version "
		                    "%llu of scene files; this one reads up to %d",
		                    (unsigned long long)v, SCENEFILE_VERSION);
	return OK;
}

static enum status read_head(struct book_reading *r, const struct tree *n)
{
	if (str_eq(n->key, S("version")))
		return read_version(r, n);
	if (str_eq(n->key, S("title")) || str_eq(n->key, S("book")))
		return fields_text(&r->d.title, n, &r->c);
	if (str_eq(n->key, S("author")))
		return fields_text(&r->d.author, n, &r->c);
	if (str_eq(n->key, S("segment")))
		return fields_text(&r->d.segment, n, &r->c);
	if (str_eq(n->key, S("story_id")))
		return fields_text(&r->d.story_id, n, &r->c);
	if (str_eq(n->key, S("aliases")))
		return read_aliases(r, n);
	if (!str_eq(n->key, S("chapters")) && !str_eq(n->key, S("scenes")))
		fields_warn(&r->c, n, "unknown key of a book, left out");
	return OK;
}

/* Room for n scenes, and no more than a book may have. */
static enum status room_for(struct book_reading *r, size_t n, const struct tree *at)
{
	if (n > SCENEFILE_SCENES)
		return fields_error(&r->c, at, ERR_LIMIT, "%zu scenes, a book has at most %d", n,
		                    SCENEFILE_SCENES);
	r->d.scene = TAKE(r->c.a, struct scene_doc, n + 1);
	return OK;
}

static enum status read_book(struct book_reading *r, const struct tree *map)
{
	const struct tree *chapters = tree_find(map, "chapters"), *scenes = tree_find(map, "scenes");
	size_t n_scene = children(scenes);

	if (chapters && scenes)
		return fields_error(&r->c, scenes, ERR_FORMAT, "a book has chapters or scenes, not both");
	for (const struct tree *n = chapters ? chapters->first : NULL; n; n = n->next)
		n_scene += children(n->kind == TREE_MAP ? tree_find(n, "scenes") : NULL);
	if (room_for(r, n_scene, map))
		return r->c.e->code;
	for (const struct tree *n = map->first; n; n = n->next)
		if (read_head(r, n))
			return r->c.e->code;
	return chapters ? read_chapters(r, chapters) : read_scenes(r, scenes, S(""), 0);
}

/* One document in any of the shapes. */
static enum status read_doc(struct book_reading *r, const struct tree *doc)
{
	if (doc->kind == TREE_SEQ)
		return room_for(r, doc->n, doc) ? r->c.e->code : read_scenes(r, doc, S(""), 0);
	if (tree_find(doc, "chapters") || tree_find(doc, "scenes"))
		return read_book(r, doc);
	if (tree_find(doc, "scene_id") || tree_find(doc, "id")) {
		room_for(r, 1, doc);
		r->d.n_scene = 1;
		return read_scene(r, &r->d.scene[0], doc);
	}
	return fields_error(&r->c, doc, ERR_FORMAT, "neither a book (chapters or scenes), a list of "
	                    "scenes, nor a scene (scene_id)");
}

typedef enum status each_fn(void *ctx, struct book_doc *d, struct err *e);

static enum status deliver(const struct tree *doc, struct arena *a, each_fn *each, void *ctx,
                           struct buf *warn, struct err *e)
{
	struct book_reading r = { .c = { .a = a, .warn = warn, .e = e }, .ids = strtab_open("scene ids") };
	enum status st = read_doc(&r, doc);

	strtab_close(&r.ids);
	return st ? st : each(ctx, &r.d, e);
}

enum status scenefile_yaml_read(struct str bytes, each_fn *each, void *ctx, struct buf *warn,
                                struct err *e)
{
	struct err own = { 0 };
	struct yaml *y;
	struct tree *doc;
	enum status st;
	size_t n = 0;

	if (!e)
		e = &own;
	st = yaml_open(&y, bytes, e);
	while (!st) {
		struct arena a = arena_open("scene file");

		st = yaml_next(y, &doc, &a, e);
		if (!st && doc)
			st = deliver(doc, &a, each, ctx, warn, e);
		n += !st && doc;
		arena_close(&a);
		if (st || !doc)
			break;
	}
	yaml_close(y);
	if (!st && !n)
		return err_set(e, ERR_FORMAT, "nothing in the file: expected a book of scenes");
	return st;
}

struct pvq_ctx {
	each_fn *each;
	void *ctx;
	struct buf *warn;
	size_t n;
};

static enum status pvq_book(void *ctx, struct tree *v, struct arena *a, struct err *e)
{
	struct pvq_ctx *p = ctx;

	p->n++;
	return deliver(v, a, p->each, p->ctx, p->warn, e);
}

enum status scenefile_pvq_read(struct str bytes, each_fn *each, void *ctx, struct buf *warn,
                               struct err *e)
{
	struct pvq_ctx p = { each, ctx, warn, 0 };
	struct err own = { 0 };
	enum status st;

	if (!e)
		e = &own;
	st = json_each(bytes, pvq_book, &p, e);
	if (!st && !p.n)
		return err_set(e, ERR_FORMAT, "an empty list: expected books of scenes");
	return st;
}

/* ---- writing ----------------------------------------------------------------------- */

static struct tree *pair(uint64_t x, uint64_t y, struct arena *a)
{
	struct tree *n = tree_flow(tree_seq(a));

	tree_append(n, tree_u64(a, x));
	tree_append(n, tree_u64(a, y));
	return n;
}

static void put_span(struct tree *map, const struct scene_doc *s, struct arena *a)
{
	const char *key = "span";

	if (s->book.n) {
		tree_put(map, "book", tree_text(a, s->book));
		tree_put(map, "span", pair(s->span[0], s->span[1], a));
		key = "bytes";
	}
	if (s->scene.off || s->scene.len)
		tree_put(map, key, pair(s->scene.off, (uint64_t)s->scene.off + s->scene.len, a));
}

static void put_sentences(struct tree *map, const struct scene_doc *s, struct arena *a)
{
	struct tree *list;

	if (s->scene.sent || s->scene.n_sent)
		tree_put(map, "sentence", pair(s->scene.sent, s->scene.n_sent, a));
	if (!s->sent)
		return;
	list = tree_flow(tree_seq(a));
	for (uint32_t i = 0; i < s->n_sent; i++) {
		struct tree *one = pair(s->sent[i].off, s->sent[i].len, a);

		tree_append(one, tree_u64(a, s->sent[i].para));
		tree_append(list, one);
	}
	tree_put(map, "sentences", list);
}

static void put_cause(struct tree *map, const struct scene_doc *s, struct arena *a)
{
	struct tree *list = tree_flow(tree_seq(a));

	if (!s->cause)
		return;
	for (uint32_t i = 0; i < s->n_cause; i++)
		tree_append(list, tree_u64(a, s->cause[i]));
	tree_put(map, "cause", list);
}

static struct tree *scene_node(const struct scene_doc *s, struct arena *a)
{
	struct tree *map = tree_map(a);

	tree_put(map, "scene_id", tree_text(a, s->id));
	put_span(map, s, a);
	put_sentences(map, s, a);
	if (s->scene.cut != 0)
		tree_put(map, "cut", tree_float(a, s->scene.cut));
	put_cause(map, s, a);
	if (s->passage.n)
		tree_put(map, "text", tree_text(a, s->passage));
	fields_write(map, &s->scene, false, a);
	if (s->glyph.n)
		tree_put(map, "glyph", tree_text(a, s->glyph));
	return map;
}

static struct tree *chapters_node(const struct book_doc *d, struct arena *a)
{
	struct tree *chapters = tree_seq(a), *scenes = NULL, *map;

	for (size_t i = 0; i < d->n_scene; i++) {
		const struct scene_doc *s = &d->scene[i];

		if (!scenes || s->chapter_index != s[-1].chapter_index ||
		    !str_eq(s->chapter, s[-1].chapter)) {
			map = tree_map(a);
			scenes = tree_seq(a);
			tree_put(map, "index", tree_u64(a, s->chapter_index));
			tree_put(map, "title", tree_text_or_null(a, s->chapter));
			tree_put(map, "scenes", scenes);
			tree_append(chapters, map);
		}
		tree_append(scenes, scene_node(s, a));
	}
	return chapters;
}

static void put_head(struct tree *map, const struct book_doc *d, struct arena *a)
{
	tree_put(map, "version", tree_u64(a, SCENEFILE_VERSION));
	tree_put(map, "title", tree_text_or_null(a, d->title));
	tree_put(map, "author", tree_text_or_null(a, d->author));
	if (d->segment.n)
		tree_put(map, "segment", tree_text(a, d->segment));
	if (d->story_id.n)
		tree_put(map, "story_id", tree_text(a, d->story_id));
}

void scenefile_yaml_write(struct buf *out, const struct book_doc *d)
{
	struct arena a = arena_open("scene file");
	struct tree *map = tree_map(&a), *aliases = tree_map(&a);

	put_head(map, d, &a);
	aliases->flow = d->n_alias <= BLOCK_ALIASES;
	for (size_t i = 0; i < d->n_alias; i++) {
		struct tree *lemma = tree_text(&a, d->alias[i].lemma);

		lemma->key = d->alias[i].alias;
		tree_append(aliases, lemma);
	}
	tree_put(map, "aliases", aliases);
	tree_put(map, "chapters", chapters_node(d, &a));
	yaml_write(out, map);
	arena_close(&a);
}

/* A book is one object, a scene one line: readable, and easy to compare with diff. */
void scenefile_pvq_write(struct buf *out, const struct book_doc *d, bool first, bool last)
{
	struct arena a = arena_open("pvq file");
	struct tree *head = tree_map(&a);

	put_head(head, d, &a);
	buf_str(out, first ? S("[\n") : S(""));
	json_write(out, head);
	out->p[--out->n] = 0;			/* the head's '}': its scenes follow */
	buf_str(out, S(", \"scenes\": ["));
	for (size_t i = 0; i < d->n_scene; i++) {
		struct tree *map = tree_map(&a);

		tree_put(map, "scene_id", tree_text(&a, d->scene[i].id));
		put_span(map, &d->scene[i], &a);
		fields_write(map, &d->scene[i].scene, true, &a);
		buf_str(out, i ? S(",\n") : S("\n"));
		json_write(out, map);
	}
	buf_str(out, last ? S("\n]}\n]\n") : S("\n]},\n"));
	arena_close(&a);
}
