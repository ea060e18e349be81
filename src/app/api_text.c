/* api_text.c - public functions that show how a text is read: scenes and words. A mind is read
 * from its store, a file or standard input through the jail; nothing is stored.
 */
#include "app/api.h"
#include "app/docs.h"

/* ---- scenes ---------------------------------------------------------------------------- */

/* Documents go out one behind: pvq.json must know which is the last. */
struct scene_job {
	const struct ltm_scenes_opts *o;
	const struct ltm_sink *out;
	struct reading_kit kit;
	struct aliases *aliases;
	struct doc held;
	size_t sent;
};

static void flush_doc(struct scene_job *j, bool last)
{
	struct buf b = { 0 };

	if (!j->held.full)
		return;
	doc_write(&b, &j->held, j->o->form, !j->sent, last);
	doc_clear(&j->held);
	j->sent++;
	sink_send(j->out, &b);
}

static enum status one_book(void *ctx, struct book *b, struct err *e)
{
	struct scene_job *j = ctx;

	(void)e;
	flush_doc(j, false);
	doc_of_book(&j->held, b, &j->kit, j->aliases, j->o->with_passage);
	return OK;
}

static enum status scenes_of_file(struct scene_job *j, struct err *e)
{
	struct buf bytes = { 0 };
	struct jail *jail;
	enum status st = source_bytes(&bytes, j->o->from, e);

	if (!st)
		st = kit_open(&j->kit, j->o->dict, e);
	if (!st) {
		jail = jail_open();
		j->aliases = aliases_open();
		st = jail_read_bytes(jail, buf_view(&bytes), strcmp(j->o->from, "-") ? j->o->from : "stdin",
		                     one_book, j, e);
		flush_doc(j, true);
		aliases_close(j->aliases);
		jail_close(jail);
		kit_close(&j->kit);
	}
	buf_free(&bytes);
	return st;
}

static enum status each_stored(struct scene_job *j, struct store *s, const struct watch *w,
                               struct err *e)
{
	struct arena a = arena_open("books");
	struct book_row *row;
	size_t n, met = 0;
	enum status st = store_books(s, &row, &n, &a, e);

	for (size_t i = 0; !st && i < n; i++) {
		if (j->o->book && row[i].id != j->o->book)
			continue;
		if (watch_stopped(w)) {
			st = err_set(e, ERR_STOP, "stopped");
			break;
		}
		flush_doc(j, false);
		st = doc_of_store(&j->held, s, &row[i], j->o->with_passage, e);
		met++;
	}
	if (!st)
		flush_doc(j, true);
	doc_clear(&j->held);
	if (!st && j->o->book && !met)
		st = err_set(e, ERR_USAGE, "no book %lld in %s; `ltm books %s` lists %zu",
		             (long long)j->o->book, j->o->from, j->o->from, n);
	arena_close(&a);
	return st;
}

static enum status scenes_of_mind(struct scene_job *j, const struct watch *w, struct err *e)
{
	struct store *s;
	enum status st = mind_enter(j->o->from, w, e);

	if (!st)
		st = mind_store(&s, j->o->from, STORE_READ, e);
	if (st)
		return st;
	st = each_stored(j, s, w, e);
	store_close(s);
	return st;
}

LTM_API int ltm_scenes(const struct ltm_scenes_opts *opts, const struct ltm_sink *out,
                       const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_scenes_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct scene_job j = { .o = &o, .out = out };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.from, "a mind or a file", &e)))
		st = dir_exists(o.from) ? scenes_of_mind(&j, &w, &e) : scenes_of_file(&j, &e);
	return give(error, &e, st);
}

/* ---- words ----------------------------------------------------------------------------- */

struct word_job {
	struct reading_kit kit;
	const struct ltm_sink *out;
	bool json, begun;
};

static void put_flags(struct buf *b, unsigned flags)
{
	static const struct { unsigned bit; const char *name; } row[] = {
		{ WORD_TITLE, "title" }, { WORD_UPPER, "upper" }, { WORD_FIRST, "first" },
		{ WORD_UNKNOWN, "unknown" }, { WORD_PROPER, "proper" }, { WORD_SPEECH, "speech" },
	};
	bool any = false;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (flags & row[i].bit) {
			buf_printf(b, "%s%s", any ? "," : "", row[i].name);
			any = true;
		}
}

static void word_tsv(struct buf *b, struct str form, struct str lemma, const struct word *w)
{
	char gram[120];

	tsv_field(b, form);
	buf_char(b, '\t');
	tsv_field(b, lemma);
	buf_printf(b, "\t%s\t%s\t", pos_name(w->pos), gram_name(w->g, gram, sizeof gram));
	put_flags(b, w->flags);
	buf_char(b, '\n');
}

static void word_json(struct buf *b, struct str form, struct str lemma, const struct word *w)
{
	char gram[120];

	buf_str(b, S("{\"form\":"));
	json_str(b, form);
	buf_str(b, S(",\"lemma\":"));
	json_str(b, lemma);
	buf_printf(b, ",\"pos\":\"%s\",\"grammar\":\"%s\",\"flags\":\"", pos_name(w->pos),
	           gram_name(w->g, gram, sizeof gram));
	put_flags(b, w->flags);
	buf_str(b, S("\"}"));
}

static void put_sentence(struct buf *b, struct word_job *j, const struct book *book,
                         const struct words *w, size_t i)
{
	if (j->json)
		buf_str(b, j->begun ? S(",\n [") : S("[\n ["));
	j->begun = true;
	for (uint32_t k = w->sent[i]; k < w->sent[i + 1]; k++) {
		const struct word *x = &w->w[k];
		struct str form = { book->text.p + x->off, x->len };

		if (j->json && k > w->sent[i])
			buf_str(b, S(",\n  "));
		(j->json ? word_json : word_tsv)(b, form, w->lemma[x->lemma].s, x);
	}
	buf_str(b, j->json ? S("]") : S("\n"));
}

static enum status words_of_book(void *ctx, struct book *book, struct err *e)
{
	struct word_job *j = ctx;
	struct arena a = arena_open("words");
	struct buf b = { 0 };
	struct words w;

	(void)e;
	words_read(&w, book, j->kit.cache, &a);
	for (size_t i = 0; i < w.n_sent; i++)
		put_sentence(&b, j, book, &w, i);
	arena_close(&a);
	sink_send(j->out, &b);
	return OK;
}

static enum status words_of_file(struct word_job *j, const char *path, struct err *e)
{
	struct buf bytes = { 0 };
	enum status st = source_bytes(&bytes, path, e);

	if (!st) {
		struct jail *jail = jail_open();

		st = jail_read_bytes(jail, buf_view(&bytes), strcmp(path, "-") ? path : "stdin",
		                     words_of_book, j, e);
		jail_close(jail);
	}
	buf_free(&bytes);
	return st;
}

static enum status words_of_text(struct word_job *j, const char *text, struct err *e)
{
	struct arena a = arena_open("text");
	struct book b = { 0 };
	enum status st = OK;

	if (!utf8_valid(str_of(text))) {
		st = err_set(e, ERR_FORMAT, "the text is not UTF-8");
	} else {
		text_from_plain(&b, str_of(text), &a);
		st = words_of_book(j, &b, e);
	}
	arena_close(&a);
	return st;
}

LTM_API int ltm_words(const struct ltm_words_opts *opts, const struct ltm_sink *out,
                      struct ltm_error *error)
{
	struct ltm_words_opts o;
	struct err e = { 0 };
	struct word_job j = { .out = out };
	struct buf end = { 0 };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !o.from)
		st = need(o.text, "a text", &e);
	if (!st && !(st = kit_open(&j.kit, o.dict, &e))) {
		j.json = o.json;
		st = o.from ? words_of_file(&j, o.from, &e) : words_of_text(&j, o.text, &e);
		if (o.json)
			buf_str(&end, j.begun ? S("\n]\n") : S("[]\n"));
		kit_close(&j.kit);
	}
	sink_send(out, &end);
	return give(error, &e, st);
}
