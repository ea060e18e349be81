/* fold_write.c - from atoms back to text.
 *
 *   in    atoms, one after the other
 *   out   the bytes they stand for
 *
 * Signs and forms wait for the word they belong to. The flow (fold_flow.c) is run over what is written,
 * as the coder ran it, and says what the atoms left out: spaces, capitals, forms.
 *
 * Invariants: any sequence of atoms either gives bytes or a reason why no coder writes it; nothing
 * is read outside the vocabulary's tables.
 */
#include "words/fold/fold.h"

struct fold_writer fold_writer_begin(const struct fold *o, struct buf *out)
{
	return (struct fold_writer){ .o = o, .w = flow_begin(), .out = out };
}

static void space(struct fold_writer *x, bool left)
{
	if (x->w.right && left)
		buf_char(x->out, ' ');
}

static bool pending(const struct fold_writer *x)
{
	return x->form || x->caps || x->yo;
}

static const char *sign(struct fold_writer *x, const struct atom *a)
{
	x->in_word = 0;
	switch (a->kind) {
	case ATOM_NOSP:
		if (pending(x))
			return "\"no space\" stands between a sign and its word";
		x->w.right = false;
		return NULL;
	case ATOM_YO:
		if (x->yo)
			return "two signs of ё";
		x->yo = 1;
		return NULL;
	default:
		if (x->caps)
			return "two signs of capitals";
		x->caps = a->kind;
		return NULL;
	}
}

static const char *byte(struct fold_writer *x, uint32_t id)
{
	char c = (char)id;

	if (pending(x))
		return "a sign or form stands before a byte";
	buf_char(x->out, c);
	flow_bytes(&x->w, &c, 1);
	flow_other(&x->w, 0);
	x->w.right = false;
	x->in_word = x->in_word ? 2 : 0;
	return NULL;
}

/* ---- spelled words ----------------------------------------------------------------- */

static const char *word(struct fold_writer *x)
{
	if (x->form || x->yo)
		return "a form stands before a word that is spelled";
	space(x, true);
	x->in_word = 1;
	x->word_caps = x->caps ? x->caps : x->w.start ? ATOM_TITLE : ATOM_LOW;
	x->caps = 0;
	x->w.right = true;
	flow_other(&x->w, 0);
	return NULL;
}

static const char *rune(struct fold_writer *x, uint32_t r)
{
	char room[4];

	if (pending(x))
		return "a sign or form stands inside a word";
	if (x->in_word && (x->word_caps == ATOM_CAPS ||
	                   (x->word_caps == ATOM_TITLE && x->in_word == 1)))
		r = rune_upper(r);
	size_t n = (size_t)utf8_put(room, r);

	buf_add(x->out, room, n);
	flow_bytes(&x->w, room, n);
	flow_other(&x->w, 0);
	x->w.right = true;
	x->in_word = x->in_word ? 2 : 0;
	return NULL;
}

/* ---- lexemes ----------------------------------------------------------------------- */

static const char *form_of(struct fold_writer *x, const struct atom *lex, int *k)
{
	bool agrees;

	*k = fold_expect(x->o, &x->w, lex, &agrees);
	if (!x->form)
		return NULL;
	const struct atom *f = &x->o->atom[x->form];

	*k = inflect_pick(x->o->f, lex->para, f->slot, f->variant);
	return *k < 0 ? "a form that the lexeme does not have" : NULL;
}

/* Appends the form with its capitals. */
static void letters(struct fold_writer *x, const uint8_t *form, size_t n, int caps)
{
	struct buf b = { 0 };
	const char *p, *end;
	bool first = true;

	if (caps != ATOM_TITLE && caps != ATOM_CAPS) {
		cyr_utf8(x->out, form, n);
		return;
	}
	cyr_utf8(&b, form, n);
	p = b.p;
	end = p + b.n;
	while (p < end) {
		uint32_t r = utf8_next(&p, end);

		buf_rune(x->out, first || caps == ATOM_CAPS ? rune_upper(r) : r);
		first = false;
	}
	buf_free(&b);
}

static const char *lexeme(struct fold_writer *x, const struct atom *lex)
{
	uint8_t form[INFLECTED_MAX];
	int k, caps = x->caps ? x->caps :
	              x->w.start || (lex->flag & LEXEME_TITLE) ? ATOM_TITLE : ATOM_LOW;
	const char *bad = form_of(x, lex, &k);

	if (bad)
		return bad;
	size_t n = inflect_spell(x->o->f, form, lex->para, (uint32_t)k, lex->base,
	                         lex->n_base);

	for (size_t i = 0; i < n && !x->yo; i++)
		form[i] = form[i] == CYR_IO ? CYR_IE : form[i];
	space(x, true);
	letters(x, form, n, caps);
	flow_word(&x->w);
	flow_lex(&x->w, x->o, lex, k);
	x->w.right = true;
	x->form = 0;
	x->caps = x->yo = x->in_word = 0;
	return NULL;
}

static const char *mark(struct fold_writer *x, const struct atom *a)
{
	char room[4];
	size_t n = (size_t)utf8_put(room, a->rune);

	if (pending(x))
		return "a sign or form stands before a mark";
	space(x, a->side & MARK_LEFT);
	buf_add(x->out, room, n);
	flow_bytes(&x->w, room, n);
	flow_other(&x->w, a->rune);
	x->w.right = a->side & MARK_RIGHT;
	x->in_word = 0;
	return NULL;
}

const char *fold_write(struct fold_writer *x, uint32_t atom)
{
	const struct atom *a = &x->o->atom[atom];

	switch (a->kind) {
	case ATOM_BYTE: return byte(x, atom);
	case ATOM_WORD: return word(x);
	case ATOM_RUNE: return rune(x, a->rune);
	case ATOM_LEX: return lexeme(x, a);
	case ATOM_MARK: return mark(x, a);
	case ATOM_FORM:
		if (x->form)
			return "two forms before one word";
		x->in_word = 0;
		x->form = atom;
		return NULL;
	default: return sign(x, a);
	}
}

const char *fold_write_end(struct fold_writer *x)
{
	return pending(x) ? "ends with a sign or form that has no word" : NULL;
}
