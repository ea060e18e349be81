/* think_tell.c - tells a thought: text for a person, JSON for a program.
 *
 *   in    struct thinking, all filled
 *   out   the situation's line and field, resonant scenes, proposals with reasons, the choice
 *
 * Book text passes through str_safe: no control byte of a book reaches a terminal.
 */
#include "app/think/think.h"

enum { EXCERPT_RUNES = 220, RESONANT_SHOWN = 3 };

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

/* What is said, in English and in Russian. */
enum said { SAID_SITUATION, SAID_TENSION, SAID_EMOTION, SAID_INTENTION, SAID_FROM_TEXT, SAID_FIELD,
	SAID_EMPTY, SAID_RESONANT, SAID_PROPOSALS, SAID_SCENE, SAID_SHARED, SAID_LIT, SAID_SERVES,
	SAID_FOLLOWED, SAID_SAME_TENSION, SAID_SAME_EMOTION, SAID_CORE, SAID_CHOICE, SAID_HOLDS,
	SAID_NO_MEMORY, SAID_WEAK, SAID_NO_INTENTION };
static const char *const phrase[][2] = {
	[SAID_SITUATION] = { "SITUATION   ", "СИТУАЦИЯ   " },
	[SAID_TENSION] = { "tension", "напряжение" },
	[SAID_EMOTION] = { "feeling", "чувство" },
	[SAID_INTENTION] = { "INTENTION   ", "ИНТЕНЦИЯ   " },
	[SAID_FROM_TEXT] = { " (from the text)", " (из текста)" },
	[SAID_FIELD] = { "FIELD       ", "ПОЛЕ       " },
	[SAID_EMPTY] = { "empty", "пусто" },
	[SAID_RESONANT] = { "RESONANT SCENES", "СОЗВУЧНЫЕ СЦЕНЫ" },
	[SAID_PROPOSALS] = { "PROPOSALS", "ПРЕДЛОЖЕНИЯ" },
	[SAID_SCENE] = { "scene", "сцена" },
	[SAID_SHARED] = { "shared with the situation", "общее с ситуацией" },
	[SAID_LIT] = { "lit by the field", "зажжено полем" },
	[SAID_SERVES] = { "serves the intention", "служит интенции" },
	[SAID_FOLLOWED] = { "followed scene %u of the same book: resonance %.2f",
	                    "следовала за сценой %u той же книги: созвучие %.2f" },
	[SAID_SAME_TENSION] = { ", the same tension", ", то же напряжение" },
	[SAID_SAME_EMOTION] = { ", the same feeling", ", то же чувство" },
	[SAID_CORE] = { "; core %+.2f\n", "; ядро %+.2f\n" },
	[SAID_CHOICE] = { "CHOICE      ", "ВЫБОР      " },
	[SAID_HOLDS] = { "holds", "держится" },
	[SAID_NO_MEMORY] = { "declined: nothing in memory resonates with this situation",
	                     "не согласен: в памяти нет ничего созвучного этой ситуации" },
	[SAID_WEAK] = { "declined: alike in kind only, no shared concepts",
	                "не согласен: созвучие только по виду, общих понятий нет" },
	[SAID_NO_INTENTION] = { "declined: nothing proposed serves the intention",
	                        "не согласен: ничто из предложенного не служит интенции" },
};

static const char *say(const struct thinking *k, enum said what)
{
	return phrase[what][k->o->lang && !strcmp(k->o->lang, "ru")];
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

	buf_printf(b, "%s" STR_FMT "\n", say(k, SAID_SITUATION), STR_ARG(line));
	if (legend.n)
		buf_printf(b, "  " STR_FMT "\n", STR_ARG(buf_view(&legend)));
	put_kind(b, s, SC_TENSION, say(k, SAID_TENSION));
	put_kind(b, s, SC_EMOTION, say(k, SAID_EMOTION));
	if (k->n_intention)
		buf_printf(b, "%s" STR_FMT "\n", say(k, SAID_INTENTION),
		           STR_ARG(str_safe(&k->mem, str_trim(str_of(k->o->intention)), false)));
	else if (s->text[ST_INTENTION].n)
		buf_printf(b, "%s" STR_FMT "%s\n", say(k, SAID_INTENTION),
		           STR_ARG(str_safe(&k->mem, s->text[ST_INTENTION], false)), say(k, SAID_FROM_TEXT));
	buf_str(b, str_of(say(k, SAID_FIELD)));
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s" STR_FMT " %.2f", i ? ", " : "",
		           STR_ARG(str_safe(&k->mem, graph_name(&k->graph, node[i]), false)), value[i]);
	buf_str(b, str_of(n ? "" : say(k, SAID_EMPTY)));
	buf_char(b, '\n');
	buf_free(&legend);
}

static void put_place(struct buf *b, struct thinking *k, uint32_t book, uint32_t scene)
{
	const struct book_row *row = &k->book[book];

	buf_printf(b, STR_FMT "%s" STR_FMT ", %s %u", STR_ARG(str_safe(&k->mem, row->author, false)),
	           row->author.n ? ", " : "", STR_ARG(str_safe(&k->mem, row->title, false)),
	           say(k, SAID_SCENE), scene + 1);
}

static void put_recalled(struct buf *b, struct thinking *k, struct err *e)
{
	buf_printf(b, "\n%s\n", say(k, SAID_RESONANT));
	for (size_t i = 0; i < k->t.n_recall && i < RESONANT_SHOWN; i++) {
		const struct recall *r = &k->t.recall[i];

		buf_printf(b, "  %.2f  " STR_FMT "  ", r->resonance, STR_ARG(line_of(k, r->book, r->scene, e)));
		put_place(b, k, r->book, r->scene);
		buf_printf(b, "\n        " STR_FMT "\n", STR_ARG(excerpt(k, r->book, r->scene, e)));
	}
}

static void put_reasons(struct buf *b, struct thinking *k, const struct proposal *p)
{
	static const enum said label[] = { SAID_SHARED, SAID_LIT, SAID_SERVES };

	for (int r = 0; r < REASON_KINDS; r++)
		if (p->reason[r].n) {
			buf_printf(b, "     %s: ", say(k, label[r]));
			put_words(b, k, p->reason[r].key, p->reason[r].n);
			buf_char(b, '\n');
		}
	buf_str(b, S("     "));
	buf_printf(b, say(k, SAID_FOLLOWED), p->from.scene + 1, p->from.resonance);
	buf_str(b, str_of(p->from.same_tension ? say(k, SAID_SAME_TENSION) : ""));
	buf_str(b, str_of(p->from.same_emotion ? say(k, SAID_SAME_EMOTION) : ""));
	buf_printf(b, say(k, SAID_CORE), p->logit);
}

static size_t shown(const struct thinking *k)
{
	size_t want = k->o->n > 0 ? (size_t)k->o->n : 3;

	return k->n < want ? k->n : want;
}

void think_text(struct buf *b, struct thinking *k, struct err *e)
{
	put_situation(b, k);
	put_recalled(b, k, e);
	buf_printf(b, "\n%s\n", say(k, SAID_PROPOSALS));
	for (size_t i = 0; i < shown(k); i++) {
		const struct proposal *p = &k->p[i];

		buf_printf(b, "  %zu. %.0f %%  " STR_FMT "  ", i + 1, 100 * p->p,
		           STR_ARG(line_of(k, p->book, p->scene, e)));
		put_place(b, k, p->book, p->scene);
		buf_printf(b, "\n     «" STR_FMT "»\n", STR_ARG(excerpt(k, p->book, p->scene, e)));
		put_reasons(b, k, p);
	}
	if (k->verdict != VERDICT_HOLDS) {
		buf_printf(b, "\n%s%s\n", say(k, SAID_CHOICE), say(k, SAID_HOLDS + (int)k->verdict));
		return;
	}
	buf_printf(b, "\n%s1: ", say(k, SAID_CHOICE));
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

void think_json(struct buf *b, struct thinking *k, struct err *e)
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
