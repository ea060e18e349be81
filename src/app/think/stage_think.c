/* stage_think.c - one thought over a mind: reads the situation, recalls, proposes, chooses, tells.
 *
 *   in    MIND (store, concepts, core), a situation and an intention in Russian
 *   out   text for a person or JSON for a program
 *
 * The library's strips are walked once, book by book; only the books of resonant scenes are
 * opened again. Read-only: a mind may be thought with while another process reads it too.
 */
#include <stdlib.h>

#include "app/think/think.h"
#include "io/models/corefile.h"

enum { LIMIT_SITUATION = 200000 };

/* ---- reading what was typed ---- */

static enum status read_situation(struct thinking *k, struct err *e)
{
	struct str s = str_trim(str_of(k->o->situation));
	struct buf bytes = { 0 };

	if (!s.n)
		return err_set(e, ERR_USAGE, "the situation is empty");
	if (s.n > LIMIT_SITUATION)
		return err_set(e, ERR_LIMIT, "the situation is longer than %d bytes", LIMIT_SITUATION);
	if (!utf8_valid(s))
		return err_set(e, ERR_USAGE, "the situation is not UTF-8");
	text_from_plain(&k->text, s, &k->mem);
	words_read(&k->words, &k->text, k->kit.cache, &k->mem);
	if (!k->text.n_sent)
		return err_set(e, ERR_USAGE, "the situation has no words");
	scenes_read(&k->scene, &k->n_scene, &k->text, &k->words, &k->mem);
	if (!k->n_scene)
		return err_set(e, ERR_USAGE, "the situation has no words");
	strip_make(&bytes, &k->text, &k->words, k->scene, k->n_scene);
	strip_open(&k->strip, buf_view(&bytes), &k->mem, e);
	buf_free(&bytes);
	return e->code;
}

static enum status read_intention(struct thinking *k, struct err *e)
{
	struct str s = str_trim(str_of(k->o->intention));
	struct book text;

	if (!s.n)
		return OK;
	if (s.n > LIMIT_SITUATION || !utf8_valid(s))
		return err_set(e, ERR_USAGE, "the intention is too long or not UTF-8");
	text_from_plain(&text, s, &k->mem);
	words_read(&k->intent_words, &text, k->kit.cache, &k->mem);
	k->n_intention = scene_bag(&k->intention, &k->intent_words, 0, k->intent_words.n, &k->mem);
	return OK;
}

static enum status open_all(struct thinking *k, const char *mind, struct err *e)
{
	const char *graph = mind_path(&k->mem, mind, "concepts.ltm");

	if (kit_open(&k->kit, k->o->dict, e))
		return e->code;
	k->has_kit = true;
	if (mind_store(&k->store, mind, STORE_READ, e) ||
	    store_books(k->store, &k->book, &k->n_book, &k->mem, e) ||
	    lemmas_open(&k->lemmas, mind, false, e) ||
	    corefile_load(mind_path(&k->mem, mind, "core.safetensors"), &k->core, &k->x, e))
		return e->code;
	if (!file_map(&k->graph_map, graph, e) && !graph_open(&k->graph, k->graph_map, e))
		k->has_graph = true;
	k->x.graph = &k->graph;
	return e->code ? err_in(e, graph) : OK;
}

static enum status strip_of(struct strip *out, struct thinking *k, size_t book, struct arena *a,
                            struct err *e)
{
	struct arena tmp = arena_open("strip bytes");
	struct str bytes;

	if (!store_strip(k->store, k->book[book].id, &bytes, &tmp, e))
		strip_open(out, bytes, a, e);
	arena_close(&tmp);
	return e->code;
}

static enum status recall_all(struct thinking *k, const struct watch *w, struct err *e)
{
	for (size_t i = 0; i < k->n_book; i++) {
		struct arena a = arena_open("recall book");
		struct strip s;

		if (!strip_of(&s, k, i, &a, e))
			thought_recall(&k->t, (uint32_t)i, &s);
		arena_close(&a);
		if (e->code)
			return e->code;
		if (watch_stopped(w))
			return err_set(e, ERR_STOP, "the thought was stopped; the mind is unchanged");
		watch_step(w, "recall", (double)(i + 1), (double)k->n_book, "books");
	}
	return OK;
}

/* Opens the books of what was recalled (each once) and proposes. */
static enum status propose(struct thinking *k, struct err *e)
{
	const struct strip *next[RECALL_MAX];
	struct strip **open = TAKE(&k->mem, struct strip *, k->n_book + 1);

	for (size_t i = 0; i < k->t.n_recall; i++) {
		uint32_t b = k->t.recall[i].book;

		if (!open[b]) {
			open[b] = TAKE(&k->mem, struct strip, 1);
			if (strip_of(open[b], k, b, &k->mem, e))
				return e->code;
		}
		next[i] = open[b];
	}
	k->n = thought_propose(&k->t, k->p, next);
	k->verdict = thought_verdict(&k->t, k->p, k->n);
	return OK;
}

/* ---- the stage ---- */

static void close_all(struct thinking *k)
{
	if (k->opened)
		thought_close(&k->t);
	core_clear(&k->core);
	lexis_clear(&k->x);
	if (k->has_graph)
		graph_close(&k->graph);
	file_unmap(&k->graph_map);
	lemmas_close(&k->lemmas, NULL);
	if (k->store)
		store_close(k->store);
	if (k->has_kit)
		kit_close(&k->kit);
	arena_close(&k->mem);
	mem_free(k);
}

enum status stage_think(const char *mind, const struct think_opts *o, struct buf *out,
                        const struct watch *w, struct err *e)
{
	struct thinking *k = mem_alloc(1, sizeof *k);

	k->o = o;
	k->mem = arena_open("think");
	if (!open_all(k, mind, e) && !read_situation(k, e) && !read_intention(k, e)) {
		thought_open(&k->t, &k->core, &k->x, &k->strip, k->intention, k->n_intention);
		k->opened = true;
		if (!recall_all(k, w, e) && !propose(k, e)) {
			if (o->json)
				think_json(out, k, e);
			else
				think_text(out, k, e);
		}
	}
	close_all(k);
	return e->code;
}
