/* docs.c - turns a book's scenes into a document (io/scenes/scenefile.h) and prints it (app/docs.h).
 *
 * Invariant: a book printed from the store and the same book printed from its file differ only
 * in their aliases, which belong to the corpus.
 */
#include "app/docs.h"

void doc_clear(struct doc *x)
{
	if (x->full)
		arena_close(&x->mem);
	*x = (struct doc){ 0 };
}

static struct str scene_id(struct arena *a, size_t i)
{
	return str_printf(a, "S%03zu", i + 1);
}

/* Aliases that the lines of this book use, each once, in order of first use. */
struct alias_list {
	struct strtab seen;
	struct str *alias;
	size_t n, cap;
};

static void note_alias(struct alias_list *l, const struct aliases *t, struct str lemma)
{
	struct str alias = lemma.n ? aliases_alias(t, lemma) : (struct str){ 0 };
	size_t before = l->n;

	if (!alias.n || strtab_add(&l->seen, lemma) < before)
		return;
	VEC_PUSH(l->alias, l->n, l->cap) = alias;
}

static void collect_aliases(struct doc *x, const struct aliases *t)
{
	struct alias_list l = { .seen = strtab_open("aliases") };

	for (size_t i = 0; i < x->d.n_scene; i++) {
		const struct scene *s = &x->d.scene[i].scene;

		for (int k = 0; k < s->n_actor; k++)
			note_alias(&l, t, s->actor[k]);
		note_alias(&l, t, s->text[ST_FIELD]);
	}
	x->d.alias = TAKE(&x->mem, __typeof__(*x->d.alias), l.n + 1);
	x->d.n_alias = l.n;
	for (size_t i = 0; i < l.n; i++) {
		x->d.alias[i].alias = str_copy(&x->mem, l.alias[i]);
		x->d.alias[i].lemma = str_copy(&x->mem, l.seen.s[i]);
	}
	mem_free(l.alias);
	strtab_close(&l.seen);
}

static struct str line_of(struct arena *a, const struct scene *s, struct aliases *t)
{
	struct skeleton k;
	struct buf b = { 0 };
	struct str line;

	skeleton_of(&k, s);
	glyph_encode(&b, &k, t);
	line = str_copy(a, buf_view(&b));
	buf_free(&b);
	return line;
}

void doc_of_book(struct doc *x, const struct book *lent, struct reading_kit *k, struct aliases *t,
                 bool passages)
{
	struct arena *a = &x->mem;
	struct book *b;
	struct words w;
	struct scene *s;

	*x = (struct doc){ .mem = arena_open("document"), .full = true };
	b = TAKE(a, struct book, 1);
	book_keep(b, lent, a);
	words_read(&w, b, k->cache, a);
	scenes_read(&s, &x->d.n_scene, b, &w, a);
	x->d.title = b->title;
	x->d.author = b->author;
	x->d.scene = TAKE(a, struct scene_doc, x->d.n_scene + 1);
	for (size_t i = 0; i < x->d.n_scene; i++) {
		const struct chapter *c = &b->chapter[s[i].chapter];

		x->d.scene[i] = (struct scene_doc){
			.id = scene_id(a, i), .glyph = line_of(a, &s[i], t), .scene = s[i],
			.chapter = { b->text.p + c->title_off, c->title_len }, .chapter_index = s[i].chapter,
			.sent = b->sent + s[i].sent, .n_sent = s[i].n_sent,
			.passage = { passages ? b->text.p + s[i].off : "", passages ? s[i].len : 0 } };
	}
	collect_aliases(x, t);
}

enum status doc_of_store(struct doc *x, struct store *s, const struct book_row *row,
                         bool passages, struct err *e)
{
	struct arena *a = &x->mem;
	struct scene_row *r;
	struct sent *sent;
	struct str text = { 0 };
	size_t n_sent;

	*x = (struct doc){ .mem = arena_open("document"), .full = true };
	if (store_scenes(s, row->id, &r, &x->d.n_scene, a, e) ||
	    store_sentences(s, row->id, &sent, &n_sent, a, e) ||
	    (passages && store_book_text(s, row->id, &text, a, e)))
		return e->code;
	x->d.title = str_copy(a, row->title);
	x->d.author = str_copy(a, row->author);
	x->d.scene = TAKE(a, struct scene_doc, x->d.n_scene + 1);
	for (size_t i = 0; i < x->d.n_scene; i++) {
		const struct scene *c = &r[i].scene;
		size_t end;

		if (!add_ok(c->sent, c->n_sent, &end) || end > n_sent ||
		    (passages && (!add_ok(c->off, c->len, &end) || end > text.n)))
			return err_set(e, ERR_FORMAT, "scene %lld points outside its book; "
			               "`ltm check` tells more", (long long)r[i].id);
		x->d.scene[i] = (struct scene_doc){
			.id = scene_id(a, i), .glyph = r[i].glyph, .scene = *c, .chapter = r[i].chapter,
			.chapter_index = c->chapter, .sent = sent + c->sent, .n_sent = c->n_sent,
			.passage = { passages ? text.p + c->off : "", passages ? c->len : 0 } };
	}
	collect_aliases(x, store_aliases(s));
	return OK;
}

/* ---- printing -------------------------------------------------------------------------- */

void put_short(struct buf *out, struct str s, size_t n)
{
	size_t end = utf8_offset(s, n);
	const char *p = s.p, *stop = s.p + end;

	while (p < stop) {
		uint32_t r = utf8_next(&p, stop);

		buf_rune(out, r < ' ' || r == 0x7f ? ' ' : r);
	}
	if (end < s.n)
		buf_str(out, S("…"));
}

static void put_kind(struct buf *out, const struct scene *s, enum scene_code f, enum scene_text t)
{
	const struct kind *k = kind_get(f, s->code[f]);

	if (!s->code[f])
		return;
	buf_printf(out, "      %-12s%.*s", scene_code_key(f), STR_ARG(k->code));
	if (k->name.n && !str_eq(k->name, k->code))
		buf_printf(out, " %.*s", STR_ARG(k->name));
	if (t < ST_N && s->text[t].n)
		buf_printf(out, ": %.*s", STR_ARG(s->text[t]));
	buf_char(out, '\n');
}

static void put_list(struct buf *out, const char *key, const struct str *v, int n)
{
	if (!n)
		return;
	buf_printf(out, "      %-12s", key);
	for (int i = 0; i < n; i++)
		buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(v[i]));
	buf_char(out, '\n');
}

static void put_text(struct buf *out, const struct scene *s, enum scene_text t)
{
	if (s->text[t].n)
		buf_printf(out, "      %-12s%.*s\n", scene_text_key(t), STR_ARG(s->text[t]));
}

void doc_scene_text(struct buf *out, const struct scene *s)
{
	put_list(out, "actors", s->actor, s->n_actor);
	put_text(out, s, ST_FIELD);
	put_text(out, s, ST_DISTURBANCE);
	put_text(out, s, ST_INTENTION);
	put_kind(out, s, SC_TENSION, ST_TENSION);
	put_kind(out, s, SC_TRANSITION, ST_N);
	put_kind(out, s, SC_RESOLUTION, ST_RESOLUTION);
	put_kind(out, s, SC_LOGIC, ST_LOGIC);
	put_kind(out, s, SC_EMOTION, ST_N);
	put_kind(out, s, SC_FUNCTION, ST_N);
	put_text(out, s, ST_ARCHETYPE);
	put_text(out, s, ST_IDEA);
	put_list(out, "image", s->image, s->n_image);
}

static void write_text(struct buf *out, const struct book_doc *d)
{
	buf_str(out, S("== "));
	if (d->author.n)
		buf_printf(out, "%.*s. ", STR_ARG(d->author));
	buf_str(out, d->title.n ? d->title : S("(no title)"));
	buf_char(out, '\n');
	for (size_t i = 0; i < d->n_scene; i++) {
		const struct scene_doc *s = &d->scene[i];

		if (s->chapter.n && (!i || s->chapter_index != s[-1].chapter_index))
			buf_printf(out, "-- %.*s\n", STR_ARG(s->chapter));
		buf_printf(out, "%.*s  %.*s\n", STR_ARG(s->id), STR_ARG(s->glyph));
		doc_scene_text(out, &s->scene);
		if (s->passage.n) {
			buf_str(out, S("      | "));
			put_short(out, s->passage, 400);
			buf_char(out, '\n');
		}
	}
}

void doc_write(struct buf *out, const struct doc *x, enum ltm_form form, bool first, bool last)
{
	switch (form) {
	case LTM_PVQ:
		scenefile_pvq_write(out, &x->d, first, last);
		return;
	case LTM_GLYPHS:
		for (size_t i = 0; i < x->d.n_scene; i++)
			buf_printf(out, "%.*s\n", STR_ARG(x->d.scene[i].glyph));
		return;
	case LTM_TEXT:
		write_text(out, &x->d);
		return;
	case LTM_YAML:
	default:
		scenefile_yaml_write(out, &x->d);
	}
}
