/* api_words.c - the public function that shows how a text is read, a word a line: lemma, part
 * of speech, grammar, morphemes. A file or standard input comes through the jail; nothing is
 * stored.
 *
 * A form is a row of `forms`: how a document opens, how a sentence, a word and the document
 * end. The table for people needs the widths of its columns, so a book's words are told into
 * memory first; the other forms are told the same way.
 */
#include "app/api/api.h"
#include "app/docs.h"
#include "words/morph/morph.h"
#include "words/tag/ud.h"

struct word_job;
/* What is told of one word: fields lend. */
struct told {
	struct str form, lemma, cut;	/* cut: morph_tell, empty for what is no Russian word */
	struct morph m[MORPHS_MAX];
	int n_m;
	const struct word *w;
};
struct word_form {
	void (*begin)(struct buf *b, struct word_job *j);
	void (*sent)(struct buf *b, struct word_job *j, uint32_t from, uint32_t to);
	void (*end)(struct buf *b, struct word_job *j);
};
struct word_job {
	struct reading_kit kit;
	const struct ltm_sink *out;
	const struct word_form *form;
	const char *lang;
	size_t sents;			/* told so far, over all books */
	const struct book *book;
	const struct words *w;		/* of the book */
	struct told *t;			/* [w->n] */
};

static const struct { unsigned bit; const char *name; } flag_row[] = {
	{ WORD_TITLE, "title" }, { WORD_UPPER, "upper" }, { WORD_FIRST, "first" },
	{ WORD_UNKNOWN, "unknown" }, { WORD_PROPER, "proper" }, { WORD_SPEECH, "speech" },
};

static void put_flags(struct buf *b, unsigned flags)
{
	bool any = false;

	for (size_t i = 0; i < sizeof flag_row / sizeof *flag_row; i++)
		if (flags & flag_row[i].bit) {
			buf_printf(b, "%s%s", any ? "," : "", flag_row[i].name);
			any = true;
		}
}

/* ---- tab-separated ------------------------------------------------------------------------ */

static void nothing(struct buf *b, struct word_job *j)
{
	(void)b;
	(void)j;
}

static void tsv_sent(struct buf *b, struct word_job *j, uint32_t from, uint32_t to)
{
	char gram[120];

	for (const struct told *t = j->t + from; t < j->t + to; t++) {
		tsv_field(b, t->form);
		buf_char(b, '\t');
		tsv_field(b, t->lemma);
		buf_printf(b, "\t%s\t%s\t", pos_name(t->w->pos),
		           gram_name(t->w->g, gram, sizeof gram));
		put_flags(b, t->w->flags);
		buf_char(b, '\t');
		buf_str(b, t->cut);
		buf_char(b, '\n');
	}
	buf_char(b, '\n');
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void json_morphs(struct buf *b, const struct told *t)
{
	buf_str(b, S("\"morphemes\":["));
	for (int i = 0; i < t->n_m && t->cut.n; i++) {
		buf_str(b, i ? S(",{\"morph\":") : S("{\"morph\":"));
		json_str(b, (struct str){ t->form.p + t->m[i].off, t->m[i].len });
		buf_printf(b, ",\"type\":\"%s\"}", morph_type_name(t->m[i].type));
	}
	buf_char(b, ']');
}

static void json_sent(struct buf *b, struct word_job *j, uint32_t from, uint32_t to)
{
	char gram[120];

	buf_str(b, j->sents ? S(",\n [") : S("[\n ["));
	for (const struct told *t = j->t + from; t < j->t + to; t++) {
		if (t > j->t + from)
			buf_str(b, S(",\n  "));
		buf_str(b, S("{\"form\":"));
		json_str(b, t->form);
		buf_str(b, S(",\"lemma\":"));
		json_str(b, t->lemma);
		buf_printf(b, ",\"pos\":\"%s\",\"grammar\":\"%s\",\"flags\":\"", pos_name(t->w->pos),
		           gram_name(t->w->g, gram, sizeof gram));
		put_flags(b, t->w->flags);
		buf_str(b, S("\","));
		json_morphs(b, t);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

static void json_end(struct buf *b, struct word_job *j)
{
	buf_str(b, j->sents ? S("\n]\n") : S("[]\n"));
}

/* ---- CoNLL-U: https://universaldependencies.org/format.html ---------------------------------- */

/* The sentence as it stands in the book, line ends as spaces. */
static void conllu_text(struct buf *b, const struct word_job *j, uint32_t from, uint32_t to)
{
	const struct word *first = &j->w->w[from], *last = &j->w->w[to - 1];

	buf_printf(b, "# sent_id = %zu\n# text = ", j->sents + 1);
	tsv_field(b, (struct str){ j->book->text.p + first->off, last->off + last->len - first->off });
	buf_char(b, '\n');
}

static void conllu_misc(struct buf *b, const struct told *t, bool glued)
{
	bool any = glued;

	if (glued)
		buf_str(b, S("SpaceAfter=No"));
	for (int i = 0; i < t->n_m && t->cut.n; i++, any = true) {
		buf_str(b, i ? S("/") : any ? S("|Morphemes=") : S("Morphemes="));
		tsv_field(b, (struct str){ t->form.p + t->m[i].off, t->m[i].len });
		buf_printf(b, ":%s", morph_type_name(t->m[i].type));
	}
	buf_str(b, any ? S("\n") : S("_\n"));
}

static void conllu_sent(struct buf *b, struct word_job *j, uint32_t from, uint32_t to)
{
	struct str text = j->book->text;
	struct buf lemma = { 0 };
	char feats[UD_TEXT_MAX];

	if (from == to)
		return;
	conllu_text(b, j, from, to);
	for (uint32_t k = from; k < to; k++) {
		const struct word *w = &j->w->w[k];
		bool glued = k + 1 < to && w[1].off == w->off + w->len;

		buf_printf(b, "%u\t", k - from + 1);
		tsv_field(b, j->t[k].form);
		buf_char(b, '\t');
		ud_lemma(&lemma, j->w, k, text);
		tsv_field(b, buf_view(&lemma));
		ud_feats(feats, j->w, k, text, UD_STYLE_TAIGA);
		buf_printf(b, "\t%s\t_\t%s\t_\t_\t_\t",
		           upos_name(ud_upos(j->w, k, text, UD_STYLE_TAIGA)), feats);
		conllu_misc(b, &j->t[k], glued);
	}
	buf_char(b, '\n');
	buf_free(&lemma);
}

/* ---- the table ----------------------------------------------------------------------------- */

enum { COLS = 6, WIDEST = 40 };

static void column(struct buf *b, const struct told *t, int c)
{
	char gram[120];

	switch (c) {
	case 0: tsv_field(b, t->form); break;
	case 1: tsv_field(b, t->lemma); break;
	case 2: buf_str(b, str_of(pos_name(t->w->pos))); break;
	case 3: buf_str(b, str_of(gram_name(t->w->g, gram, sizeof gram))); break;
	case 4: buf_str(b, t->cut); break;
	default: put_flags(b, t->w->flags); break;
	}
}

/* Columns a terminal gives a string: a mark over a letter takes none. */
static size_t width(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t n = 0;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);

		n += !(r >= 0x300 && r < 0x370);
	}
	return n;
}

static void put_row(struct buf *b, const struct str cell[COLS], const size_t wide[COLS])
{
	size_t gap = 0;

	for (int c = 0; c < COLS; c++) {
		if (cell[c].n) {
			for (; gap; gap--)
				buf_char(b, ' ');
			buf_str(b, cell[c]);
		}
		size_t used = cell[c].n ? width(cell[c]) : 0;

		gap += (used < wide[c] ? wide[c] - used : 0) + 2;
	}
	buf_char(b, '\n');
}

static void head_row(struct str cell[COLS], const char *lang)
{
	static const char *const name[2][COLS] = {
		{ "form", "lemma", "class", "grammar", "morphemes", "notes" },
		{ "форма", "лемма", "класс", "грамматика", "морфемы", "пометы" },
	};
	bool ru = lang && !strcmp(lang, "ru");

	for (int c = 0; c < COLS; c++)
		cell[c] = str_of(name[ru][c]);
}

static void word_row(struct buf out[COLS], struct str cell[COLS], const struct told *t)
{
	for (int c = 0; c < COLS; c++) {
		out[c].n = 0;
		column(&out[c], t, c);
		cell[c] = buf_view(&out[c]);
	}
}

/* Every book is a table of its own, its columns as wide as its words need. */
static void table_begin(struct buf *b, struct word_job *j)
{
	size_t wide[COLS] = { 0 };
	struct buf out[COLS] = { 0 };
	struct str cell[COLS];

	head_row(cell, j->lang);
	for (size_t i = 0; i <= j->w->n; i++) {
		for (int c = 0; c < COLS; c++) {
			size_t n = width(cell[c]);

			wide[c] = n > wide[c] && n <= WIDEST ? n : wide[c];
		}
		if (i < j->w->n)
			word_row(out, cell, j->t + i);
	}
	head_row(cell, j->lang);
	put_row(b, cell, wide);
	for (size_t i = 0; i < j->w->n_sent; i++) {
		for (uint32_t k = j->w->sent[i]; k < j->w->sent[i + 1]; k++) {
			word_row(out, cell, j->t + k);
			put_row(b, cell, wide);
		}
		buf_char(b, '\n');
	}
	for (int c = 0; c < COLS; c++)
		buf_free(&out[c]);
}

static void no_sent(struct buf *b, struct word_job *j, uint32_t from, uint32_t to)
{
	(void)b;
	(void)j;
	(void)from;
	(void)to;
}

static void table_end(struct buf *b, struct word_job *j)
{
	buf_str(b, morph_legend(j->lang));
	buf_char(b, '\n');
}

/* ---- the job -------------------------------------------------------------------------------- */

static const struct word_form form_table = { table_begin, no_sent, table_end };
static const struct word_form form_tsv = { nothing, tsv_sent, nothing };
static const struct word_form form_conllu = { nothing, conllu_sent, nothing };
static const struct word_form form_json = { nothing, json_sent, json_end };

static bool has_morphs(const struct word *w)
{
	return w->pos != POS_PUNCT && w->pos != POS_DIGIT && w->pos != POS_LATIN;
}

/* What a cut depends on: the form and its class. */
static struct str hinted(struct buf *b, const struct told *t)
{
	b->n = 0;
	buf_char(b, (char)(t->w->pos + 1));
	buf_str(b, t->form);
	return buf_view(b);
}

/* A form's cut is told once a book. */
static void tell_words(struct word_job *j, struct arena *a)
{
	struct strtab seen = strtab_open("cuts");
	uint32_t *first = TAKE(a, uint32_t, j->w->n);	/* where form id was met first */
	struct buf b = { 0 };

	j->t = TAKE(a, struct told, j->w->n);
	for (uint32_t i = 0; i < j->w->n; i++) {
		struct told *t = j->t + i;
		size_t known = seen.n;
		uint32_t id;

		t->w = &j->w->w[i];
		t->form = (struct str){ j->book->text.p + t->w->off, t->w->len };
		t->lemma = j->w->lemma[t->w->lemma].s;
		if (!has_morphs(t->w))
			continue;
		struct morph_hint hint = { t->lemma, t->w->pos };
		struct str key = hinted(&b, t);

		id = strtab_add(&seen, key);
		if (id < known) {
			const struct told *same = j->t + first[id];

			memcpy(t->m, same->m, sizeof t->m);
			t->n_m = same->n_m;
			t->cut = same->cut;
			continue;
		}
		first[id] = i;
		t->n_m = morph_cut(t->form, &hint, t->m);
		b.n = 0;
		morph_tell(&b, t->form, t->m, t->n_m);
		t->cut = str_copy(a, buf_view(&b));
	}
	buf_free(&b);
	strtab_close(&seen);
}

static enum status words_of_book(void *ctx, struct book *book, struct err *e)
{
	struct word_job *j = ctx;
	struct arena a = arena_open("words");
	struct buf b = { 0 };
	struct words w;

	(void)e;
	words_read(&w, book, j->kit.cache, &a);
	j->book = book;
	j->w = &w;
	tell_words(j, &a);
	j->form->begin(&b, j);
	for (size_t i = 0; i < w.n_sent; i++) {
		j->form->sent(&b, j, w.sent[i], w.sent[i + 1]);
		j->sents++;
	}
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

	if (!st && !!o.json + !!o.tsv + !!o.conllu > 1)
		st = err_set(&e, ERR_USAGE, "one form at a time: --json, --tsv or --conllu");
	if (!st && !o.from)
		st = need(o.text, "a text", &e);
	if (!st && !(st = kit_open(&j.kit, o.dict, &e))) {
		j.form = o.json ? &form_json : o.tsv ? &form_tsv :
		         o.conllu ? &form_conllu : &form_table;
		j.lang = o.lang;
		st = o.from ? words_of_file(&j, o.from, &e) : words_of_text(&j, o.text, &e);
		j.form->end(&end, &j);
		kit_close(&j.kit);
	}
	sink_send(out, &end);
	return give(error, &e, st);
}
