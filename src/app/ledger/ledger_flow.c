/* ledger_flow.c - a book as the streams that the ledger counts (app/ledger/ledger.h).
 *
 *   surfaces   words and marks as they are written. A single blank before one belongs to it; any
 *              other gap is a symbol of its own. Joined they are the text, to the byte.
 *   words      of each word and mark its form in lower case, its lemma with part of speech, and
 *              whether it is a mark, a content word, the last of its sentence
 *   glyphs     of each scene its actors, its field, its tension, its resolution: kinds are told
 *              by the symbol, so no separators are needed; the skeleton can be read back
 *   line       the whole line of a scene as one symbol
 *   codes      the six kinds of a scene
 *
 * Invariant: what is made depends on the book alone.
 */
#include "app/ledger/ledger.h"

/* ---- surfaces --------------------------------------------------------------------------------- */

static void put_tok(struct flow *f, struct str s)
{
	VEC_PUSH(f->tok, f->n_tok, f->cap_tok) = strtab_add(&f->surf, s);
}

static void surfaces(struct flow *f, const struct words *w)
{
	struct str text = f->text;
	size_t at = 0;

	for (size_t i = 0; i < w->n; i++) {
		size_t from = w->w[i].off, end = from + w->w[i].len;

		if (from < at || end > text.n || end == from)
			continue;	/* overlaps what has been written: its bytes are there */
		if (from - at == 1 && text.p[at] == ' ')
			from = at;
		else if (from > at)
			put_tok(f, (struct str){ text.p + at, from - at });
		put_tok(f, (struct str){ text.p + from, end - from });
		at = end;
	}
	if (at < text.n)
		put_tok(f, (struct str){ text.p + at, text.n - at });
}

/* ---- words ------------------------------------------------------------------------------------ */

static void lower(struct buf *out, struct str s)
{
	for (const char *p = s.p, *end = s.p + s.n; p < end; )
		buf_rune(out, rune_lower(utf8_next(&p, end)));
}

static void words_of(struct flow *f, const struct book *b, const struct words *w)
{
	uint32_t *lemma = TAKE(&f->mem, uint32_t, w->n_lemma + 1);
	struct buf key = { 0 };

	for (size_t i = 0; i < w->n_lemma; i++) {
		key.n = 0;
		buf_str(&key, w->lemma[i].s);
		buf_char(&key, 1);
		buf_char(&key, (char)('A' + w->lemma[i].pos));
		lemma[i] = strtab_add(&f->lemma, buf_view(&key));
	}
	f->n_word = w->n;
	f->w_form = TAKE(&f->mem, uint32_t, w->n + 1);
	f->w_lemma = TAKE(&f->mem, uint32_t, w->n + 1);
	f->w_flag = TAKE(&f->mem, uint8_t, w->n + 1);
	for (size_t i = 0; i < w->n; i++) {
		const struct word *x = &w->w[i];

		key.n = 0;
		lower(&key, (struct str){ b->text.p + x->off, x->len });
		f->w_form[i] = strtab_add(&f->form, buf_view(&key));
		f->w_lemma[i] = lemma[x->lemma];
		f->w_flag[i] = x->pos == POS_PUNCT ? FW_MARK : pos_is_content(x->pos) ? FW_CONTENT : 0;
	}
	buf_free(&key);
	for (size_t i = 0; i < w->n_sent; i++)
		if (w->sent[i + 1] > w->sent[i])
			f->w_flag[w->sent[i + 1] - 1] |= FW_END;
}

/* ---- scenes ----------------------------------------------------------------------------------- */

static void put_glyph(struct flow *f, char kind, struct str s)
{
	char key[600];
	int n = snprintf(key, sizeof key, "%c%.*s", kind, (int)(s.n < 500 ? s.n : 500), s.p);

	VEC_PUSH(f->g, f->n_g, f->cap_g) = strtab_add(&f->glyph, (struct str){ key, (size_t)n });
}

static void glyphs_of(struct flow *f, const struct skeleton *k, size_t scene)
{
	struct buf line = { 0 };
	size_t from = f->n_g;

	for (int i = 0; i < k->n_actor; i++)
		put_glyph(f, 'a', k->actor[i]);
	put_glyph(f, 'f', k->field);
	put_glyph(f, 't', kind_get(SC_TENSION, k->tension)->code);
	put_glyph(f, 'r', kind_get(SC_RESOLUTION, k->resolution)->code);
	for (size_t i = from; i < f->n_g; i++) {
		buf_str(&line, f->glyph.s[f->g[i]]);
		buf_char(&line, ' ');
	}
	f->line_of[scene] = strtab_add(&f->line, buf_view(&line));
	buf_free(&line);
}

/* Marks the words of a scene whose lemma stands on its line. Words are in order of place: *at
 * goes along with the scenes. */
static void on_line(struct flow *f, const struct skeleton *k, const struct words *w, size_t *at,
                    const struct scene *s)
{
	struct arena tmp = arena_open("line");
	struct str name[ACTORS_MAX + 1];
	int n = 0;

	for (int i = 0; i < k->n_actor; i++)
		name[n++] = str_lower(&tmp, k->actor[i]);
	if (k->field.n)
		name[n++] = str_lower(&tmp, k->field);
	while (*at < w->n && w->w[*at].off < s->off)
		(*at)++;
	for (size_t i = *at; i < w->n && w->w[i].off < s->off + s->len; i++) {
		struct str lemma = flow_lemma_text(f->lemma.s[f->w_lemma[i]]);

		for (int j = 0; j < n && !(f->w_flag[i] & (FW_GLYPH | FW_MARK)); j++)
			if (str_eq(lemma, name[j]))
				f->w_flag[i] |= FW_GLYPH;
	}
	arena_close(&tmp);
}

static void scenes_of(struct flow *f, const struct words *w, const struct scene *s, size_t n)
{
	size_t at = 0;

	f->n_scene = n;
	f->line_of = TAKE(&f->mem, uint32_t, n + 1);
	f->code = TAKE(&f->mem, uint32_t, n * SC_N + 1);
	for (size_t i = 0; i < n; i++) {
		struct skeleton k;

		skeleton_of(&k, &s[i]);
		glyphs_of(f, &k, i);
		on_line(f, &k, w, &at, &s[i]);
		for (int c = 0; c < SC_N; c++)
			f->code[i * SC_N + (size_t)c] = (uint32_t)c * CODE_STEP + s[i].code[c];
	}
}

/* ---- a book ----------------------------------------------------------------------------------- */

void flow_make(struct flow *f, const struct book *b, struct scene *s, size_t n_scene,
               struct word_cache *c)
{
	struct arena tmp = arena_open("words");
	struct words w;

	f->surf = strtab_open("surfaces");
	f->form = strtab_open("forms");
	f->lemma = strtab_open("lemmas");
	f->glyph = strtab_open("glyphs");
	f->line = strtab_open("lines");
	words_read(&w, b, c, &tmp);
	surfaces(f, &w);
	words_of(f, b, &w);
	if (!s)
		scenes_read(&s, &n_scene, b, &w, &tmp);
	scenes_of(f, &w, s, n_scene);
	arena_close(&tmp);
}

void flow_clear(struct flow *f)
{
	strtab_close(&f->surf);
	strtab_close(&f->form);
	strtab_close(&f->lemma);
	strtab_close(&f->glyph);
	strtab_close(&f->line);
	mem_free(f->tok);
	mem_free(f->g);
	arena_close(&f->mem);
	*f = (struct flow){ 0 };
}

struct str flow_lemma_text(struct str key)
{
	return key.n >= 2 ? (struct str){ key.p, key.n - 2 } : key;
}
