/* api_forms.c - the public function that lists all forms of a lemma, with their grammar.
 *
 *   in    a lemma: any case, е for ё
 *   out   a form a line: form, part of speech, grammar; lexemes of one spelling apart
 */
#include "app/api/api.h"
#include "io/scenes/json.h"
#include "words/dict/inflect.h"

static void row(struct buf *b, const struct inflected *v)
{
	char g[160];

	buf_printf(b, STR_FMT "\t%s\t%s\t%d%s\n", STR_ARG(v->form), pos_name(v->pos),
	           gram_name(v->g, g, sizeof g), v->lexeme + 1,
	           v->guessed ? "\tguessed" : "");
}

static void json_row(struct buf *b, const struct inflected *v, bool first)
{
	char g[160];

	buf_str(b, first ? S("[\n") : S(",\n"));
	buf_str(b, S("{\"form\":"));
	json_str(b, v->form);
	buf_printf(b, ",\"pos\":\"%s\",\"grammar\":\"%s\",\"lexeme\":%d,\"guessed\":%s}",
	           pos_name(v->pos), gram_name(v->g, g, sizeof g), v->lexeme + 1,
	           v->guessed ? "true" : "false");
}

static enum status list(struct buf *b, const struct dict *d,
                        const struct ltm_forms_opts *o, struct err *e)
{
	struct inflect *f = inflect_open(d);
	struct arena a = arena_open("forms");
	struct inflected *v;
	size_t n = inflect_forms(f, &v, str_of(o->lemma), &a);
	enum status st = OK;

	for (size_t i = 0; i < n; i++)
		if (o->json)
			json_row(b, &v[i], i == 0);
		else
			row(b, &v[i]);
	if (n && o->json)
		buf_str(b, S("\n]\n"));
	if (!n) {
		struct str safe = str_safe(&a, str_of(o->lemma), false);

		st = err_set(e, ERR_FORMAT,
		             "'" STR_FMT
		             "' is no Russian lemma: give the first form of a word "
		             "(стол, хороший, идти)",
		             STR_ARG(safe));
	}
	inflect_close(f);
	arena_close(&a);
	return st;
}

LTM_API int ltm_forms(const struct ltm_forms_opts *opts, const struct ltm_sink *out,
                      struct ltm_error *error)
{
	struct ltm_forms_opts o;
	struct err e = { 0 };
	struct buf b = { 0 };
	struct reading_kit kit;
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st)
		st = need(o.lemma, "a lemma", &e);
	if (!st && !(st = kit_open(&kit, o.dict, &e))) {
		st = list(&b, kit.dict.dict, &o, &e);
		kit_close(&kit);
	}
	sink_send(out, &b);
	return give(error, &e, st);
}
