/* token_scenes.c - a mind's books with the places where their scenes begin.
 *
 *   in    MIND/store.db
 *   out   texts in order of reading, each cut into scenes
 *
 * Scenes cover a text whole: the blank between two belongs to the one before, what stands before the
 * first scene to the first.
 */
#include "app/read/booktexts.h"
#include "app/learn/token.h"
#include "io/mind.h"

struct cutting {
	struct booktexts *t;
	struct scene_cuts *c;
	size_t n, cap;
};

static enum status one(struct cutting *k, struct store *s, const struct book_row *row, struct err *e)
{
	struct arena tmp = arena_open("scenes of a book");
	struct booktexts *t = k->t;
	struct scene_row *scene;
	size_t n;

	if (!store_book_text(s, row->id, &t->text[t->n], &t->mem, e) && !store_scenes(s, row->id, &scene, &n, &tmp, e)) {
		for (size_t i = 0; i < n; i++) {
			k->c->cut[k->n] = i ? scene[i].scene.off : 0;
			k->c->row[k->n++] = scene[i].id;
		}
		if (!n) {		/* a text without scenes is one */
			k->c->cut[k->n] = 0;
			k->c->row[k->n++] = 0;
		}
		t->split[t->n] = row->split;
		t->bytes += t->text[t->n].n;
		t->chars += row->chars;
		k->c->first[++t->n] = k->n;
	}
	arena_close(&tmp);
	return e->code;
}

static enum status all(struct cutting *k, struct store *s, const struct watch *w, struct err *e)
{
	struct book_row *row;
	size_t n, most = 0;

	if (store_books(s, &row, &n, &k->c->mem, e))
		return e->code;
	for (size_t i = 0; i < n; i++)
		most += row[i].scenes + 1;
	k->c->cut = TAKE(&k->c->mem, uint32_t, most + 1);
	k->c->row = TAKE(&k->c->mem, int64_t, most + 1);
	k->c->first = TAKE(&k->c->mem, size_t, n + 1);
	k->t->text = mem_alloc(n + 1, sizeof *k->t->text);
	k->t->split = mem_alloc(n + 1, 1);
	for (size_t i = 0; i < n && !e->code; i++) {
		if (watch_stopped(w))
			return err_set(e, ERR_STOP, "stopped while reading the store; nothing is written");
		if (k->t->bytes + row[i].bytes > BOOKTEXTS_MAX)
			return err_set(e, ERR_LIMIT, "more than %d MB of text", BOOKTEXTS_MAX >> 20);
		one(k, s, &row[i], e);
	}
	return e->code;
}

enum status scene_cuts_read(struct booktexts *t, struct scene_cuts *c, const char *mind, const struct watch *w,
                            struct err *e)
{
	struct cutting k = { .t = t, .c = c };
	struct store *s;

	*t = (struct booktexts){ .mem = arena_open("texts of books") };
	*c = (struct scene_cuts){ .mem = arena_open("scenes of books") };
	if (mind_store(&s, mind, STORE_READ, e))
		return e->code;
	all(&k, s, w, e);
	store_close(s);
	return e->code;
}
