/* stage_think.c - one thought over a mind: reads the situation, recalls, proposes, chooses, tells.
 *
 *   in    MIND (store, concepts, core), a situation and an intention in Russian
 *   out   text for a person or JSON for a program
 *
 * The library's strips are walked once, book by book; only the books of resonant scenes are
 * opened again. Read-only: a mind may be thought with while another process reads it too.
 */
#include <stdlib.h>

#include "app/app.h"
#include "io/corefile.h"
#include "thought/thought.h"

enum { LIMIT_SITUATION = 200000, EXCERPT_RUNES = 220, RESONANT_SHOWN = 3 };

struct thinking {
	const struct think_opts *o;
	struct arena mem;
	struct reading_kit kit;
	struct store *store;
	struct book_row *book;
	size_t n_book;
	struct lemmas lemmas;
	struct str graph_map;
	struct graph graph;
	struct core core;
	struct lexis x;
	/* the situation */
	struct book text;
	struct words words;
	struct scene *scene;
	size_t n_scene;
	struct strip strip;
	struct bag_item *intention;
	size_t n_intention;
	struct words intent_words;
	/* the thought */
	struct thought t;
	struct proposal p[PROPOSE_MAX];
	size_t n;
	enum verdict verdict;
	bool opened, has_graph, has_kit;
};

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

/* ---- telling ---- */

/* The first runes of a passage, on one line, for a terminal. */
static struct str excerpt(struct thinking *k, uint32_t book, uint32_t scene, struct err *e)
{
	struct str t, out;
	struct buf b = { 0 };
	size_t cut;

	if (store_passage(k->store, k->book[book].scene0 + scene, &t, &k->mem, e))
		return S("");
	cut = utf8_offset(t, EXCERPT_RUNES);
	for (size_t i = 0; i < cut; i++)
		buf_char(&b, t.p[i] == '\n' ? ' ' : t.p[i]);
	if (cut < t.n)
		buf_str(&b, S("…"));
	out = str_safe(&k->mem, buf_view(&b), false);
	buf_free(&b);
	return out;
}

static struct str line_of(struct thinking *k, uint32_t book, uint32_t scene, struct err *e)
{
	struct scene_row row;

	if (store_scene(k->store, k->book[book].scene0 + scene, &row, &k->mem, e))
		return S("");
	return row.glyph;
}

static struct str word_of(struct thinking *k, uint32_t key)
{
	struct str s = lemmas_find(&k->lemmas, key);

	if (!s.n)
		for (size_t i = 0; i < k->words.n_lemma; i++)
			if (lemma_key(k->words.lemma[i].s) == key)
				return k->words.lemma[i].s;
	return s.n ? s : S("?");
}

static void put_words(struct buf *b, struct thinking *k, const uint32_t *key, int n)
{
	for (int i = 0; i < n; i++) {
		buf_str(b, i ? S(", ") : S(""));
		buf_str(b, str_safe(&k->mem, word_of(k, key[i]), false));
	}
}

static const char *verdict_text(enum verdict v)
{
	static const char *const text[] = {
		"держится", "не согласен: в памяти нет ничего созвучного этой ситуации",
		"не согласен: созвучие только по виду, общих понятий нет",
		"не согласен: ничто из предложенного не служит интенции" };

	return text[v];
}

static const char *verdict_key(enum verdict v)
{
	static const char *const key[] = { "holds", "no-memory", "weak", "intention" };

	return key[v];
}

/* The situation's own line; aliases that the corpus lacks are added to a copy in memory only
 * (the store was opened for reading and is not written). */
static struct str own_line(struct thinking *k, struct buf *legend)
{
	struct skeleton s;
	struct buf b = { 0 };
	struct aliases *t = store_aliases(k->store);
	struct str out;

	skeleton_of(&s, &k->scene[k->n_scene - 1]);
	glyph_encode(&b, &s, t);
	out = str_copy(&k->mem, buf_view(&b));
	buf_free(&b);
	for (int i = 0; i <= s.n_actor; i++) {
		struct str lemma = i < s.n_actor ? s.actor[i] : s.field;

		if (!lemma.n)
			continue;
		buf_str(legend, legend->n ? S(", ") : S(""));
		buf_str(legend, aliases_alias(t, lemma));
		buf_str(legend, S(": "));
		buf_str(legend, str_safe(&k->mem, lemma, false));
	}
	return out;
}

static void put_kind(struct buf *b, const struct scene *s, enum scene_code f, const char *label)
{
	const struct kind *kind = kind_get(f, s->code[f]);

	if (s->code[f])
		buf_printf(b, "  %s: " STR_FMT " (" STR_FMT ", %.2f)\n", label, STR_ARG(kind->name),
		           STR_ARG(kind->code), s->code_conf[f]);
}

static void put_situation(struct buf *b, struct thinking *k)
{
	const struct scene *s = &k->scene[k->n_scene - 1];
	struct buf legend = { 0 };
	struct str line = own_line(k, &legend);
	uint32_t node[FIELD_SHOWN];
	float value[FIELD_SHOWN];
	size_t n = field_top(&k->t.field, node, value, FIELD_SHOWN);

	buf_printf(b, "СИТУАЦИЯ   " STR_FMT "\n", STR_ARG(line));
	if (legend.n)
		buf_printf(b, "  " STR_FMT "\n", STR_ARG(buf_view(&legend)));
	put_kind(b, s, SC_TENSION, "напряжение");
	put_kind(b, s, SC_EMOTION, "чувство");
	if (k->n_intention)
		buf_printf(b, "ИНТЕНЦИЯ   " STR_FMT "\n",
		           STR_ARG(str_safe(&k->mem, str_trim(str_of(k->o->intention)), false)));
	else if (s->text[ST_INTENTION].n)
		buf_printf(b, "ИНТЕНЦИЯ   " STR_FMT " (из текста)\n",
		           STR_ARG(str_safe(&k->mem, s->text[ST_INTENTION], false)));
	buf_str(b, S("ПОЛЕ       "));
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s" STR_FMT " %.2f", i ? ", " : "",
		           STR_ARG(str_safe(&k->mem, graph_name(&k->graph, node[i]), false)), value[i]);
	buf_str(b, n ? S("\n") : S("пусто\n"));
	buf_free(&legend);
}

static void put_place(struct buf *b, struct thinking *k, uint32_t book, uint32_t scene)
{
	const struct book_row *row = &k->book[book];

	buf_printf(b, STR_FMT "%s" STR_FMT ", сцена %u", STR_ARG(str_safe(&k->mem, row->author, false)),
	           row->author.n ? ", " : "", STR_ARG(str_safe(&k->mem, row->title, false)), scene + 1);
}

static void put_recalled(struct buf *b, struct thinking *k, struct err *e)
{
	buf_str(b, S("\nСОЗВУЧНЫЕ СЦЕНЫ\n"));
	for (size_t i = 0; i < k->t.n_recall && i < RESONANT_SHOWN; i++) {
		const struct recall *r = &k->t.recall[i];

		buf_printf(b, "  %.2f  " STR_FMT "  ", r->resonance, STR_ARG(line_of(k, r->book, r->scene, e)));
		put_place(b, k, r->book, r->scene);
		buf_printf(b, "\n        " STR_FMT "\n", STR_ARG(excerpt(k, r->book, r->scene, e)));
	}
}

static void put_reasons(struct buf *b, struct thinking *k, const struct proposal *p)
{
	static const char *const label[] = { "общее с ситуацией", "зажжено полем", "служит интенции" };

	for (int r = 0; r < REASON_KINDS; r++)
		if (p->reason[r].n) {
			buf_printf(b, "     %s: ", label[r]);
			put_words(b, k, p->reason[r].key, p->reason[r].n);
			buf_char(b, '\n');
		}
	buf_printf(b, "     следовала за сценой %u той же книги: созвучие %.2f%s%s; ядро %+.2f\n",
	           p->from.scene + 1, p->from.resonance, p->from.same_tension ? ", то же напряжение" : "",
	           p->from.same_emotion ? ", то же чувство" : "", p->logit);
}

static size_t shown(const struct thinking *k)
{
	size_t want = k->o->n > 0 ? (size_t)k->o->n : 3;

	return k->n < want ? k->n : want;
}

static void put_text(struct buf *b, struct thinking *k, struct err *e)
{
	put_situation(b, k);
	put_recalled(b, k, e);
	buf_str(b, S("\nПРЕДЛОЖЕНИЯ\n"));
	for (size_t i = 0; i < shown(k); i++) {
		const struct proposal *p = &k->p[i];

		buf_printf(b, "  %zu. %.0f %%  " STR_FMT "  ", i + 1, 100 * p->p,
		           STR_ARG(line_of(k, p->book, p->scene, e)));
		put_place(b, k, p->book, p->scene);
		buf_printf(b, "\n     «" STR_FMT "»\n", STR_ARG(excerpt(k, p->book, p->scene, e)));
		put_reasons(b, k, p);
	}
	if (k->verdict != VERDICT_HOLDS) {
		buf_printf(b, "\nВЫБОР      %s\n", verdict_text(k->verdict));
		return;
	}
	buf_str(b, S("\nВЫБОР      1: "));
	buf_str(b, line_of(k, k->p[0].book, k->p[0].scene, e));
	buf_str(b, S(" — "));
	put_place(b, k, k->p[0].book, k->p[0].scene);
	buf_char(b, '\n');
}

/* ---- JSON ---- */

static void json_place(struct buf *b, struct thinking *k, uint32_t book, uint32_t scene, struct err *e)
{
	struct str passage = S("");

	buf_str(b, S("\"book\": "));
	json_str(b, k->book[book].title);
	buf_str(b, S(", \"author\": "));
	json_str(b, k->book[book].author);
	buf_printf(b, ", \"scene\": %u, \"id\": %lld, \"glyph\": ", scene + 1,
	           (long long)(k->book[book].scene0 + scene));
	json_str(b, line_of(k, book, scene, e));
	store_passage(k->store, k->book[book].scene0 + scene, &passage, &k->mem, e);
	buf_str(b, S(", \"text\": "));
	json_str(b, passage);
}

static void json_situation(struct buf *b, struct thinking *k)
{
	const struct scene *s = &k->scene[k->n_scene - 1];
	struct buf legend = { 0 };
	uint32_t node[FIELD_SHOWN];
	float value[FIELD_SHOWN];
	size_t n = field_top(&k->t.field, node, value, FIELD_SHOWN);

	buf_str(b, S("{\n \"situation\": {\"glyph\": "));
	json_str(b, own_line(k, &legend));
	for (int f = 0; f < SC_N; f++)
		if (s->code[f]) {
			buf_printf(b, ", \"%s\": ", scene_code_key(f));
			json_str(b, kind_get(f, s->code[f])->code);
		}
	buf_str(b, S(", \"actors\": ["));
	for (int i = 0; i < s->n_actor; i++) {
		buf_str(b, i ? S(", ") : S(""));
		json_str(b, s->actor[i]);
	}
	buf_str(b, S("], \"field\": "));
	json_str(b, s->text[ST_FIELD]);
	buf_str(b, S(", \"intention\": "));
	json_str(b, k->n_intention ? str_trim(str_of(k->o->intention)) : s->text[ST_INTENTION]);
	buf_str(b, S("},\n \"field\": ["));
	for (size_t i = 0; i < n; i++) {
		buf_str(b, i ? S(", {\"concept\": ") : S("{\"concept\": "));
		json_str(b, graph_name(&k->graph, node[i]));
		buf_printf(b, ", \"activation\": %.4f}", value[i]);
	}
	buf_free(&legend);
}

static void json_reasons(struct buf *b, struct thinking *k, const struct proposal *p)
{
	static const char *const key[] = { "shared", "field", "intention" };

	buf_printf(b, "\"reasons\": {\"core\": %.4f, \"resonance\": %.4f, \"same_tension\": %s, "
	           "\"same_emotion\": %s, \"intention_fit\": %.4f", p->logit, p->from.resonance,
	           p->from.same_tension ? "true" : "false", p->from.same_emotion ? "true" : "false",
	           p->intention);
	for (int r = 0; r < REASON_KINDS; r++) {
		buf_printf(b, ", \"%s\": [", key[r]);
		for (int i = 0; i < p->reason[r].n; i++) {
			buf_str(b, i ? S(", ") : S(""));
			json_str(b, word_of(k, p->reason[r].key[i]));
		}
		buf_char(b, ']');
	}
	buf_char(b, '}');
}

static void put_json(struct buf *b, struct thinking *k, struct err *e)
{
	json_situation(b, k);
	buf_str(b, S("],\n \"resonant\": ["));
	for (size_t i = 0; i < k->t.n_recall && i < shown(k); i++) {
		const struct recall *r = &k->t.recall[i];

		buf_printf(b, "%s\n  {\"resonance\": %.4f, ", i ? "," : "", r->resonance);
		json_place(b, k, r->book, r->scene, e);
		buf_char(b, '}');
	}
	buf_str(b, S("],\n \"proposals\": ["));
	for (size_t i = 0; i < shown(k); i++) {
		const struct proposal *p = &k->p[i];

		buf_printf(b, "%s\n  {\"rank\": %zu, \"p\": %.4f, \"score\": %.4f, ", i ? "," : "", i + 1, p->p,
		           p->score);
		json_place(b, k, p->book, p->scene, e);
		buf_printf(b, ", \"follows_scene\": %u, ", p->from.scene + 1);
		json_reasons(b, k, p);
		buf_char(b, '}');
	}
	buf_printf(b, "],\n \"verdict\": \"%s\",\n \"choice\": %s\n}\n", verdict_key(k->verdict),
	           k->verdict == VERDICT_HOLDS ? "1" : "null");
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
				put_json(out, k, e);
			else
				put_text(out, k, e);
		}
	}
	close_all(k);
	return e->code;
}
