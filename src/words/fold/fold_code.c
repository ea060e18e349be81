/* fold_code.c - from items to atoms.
 *
 *   in    text and its items
 *   out   atoms that give the text back, the fewest that the vocabulary allows
 *
 * A word is written as a lexeme with its form when both have atoms and the dictionary spells it to the
 * byte (the reader saw to that); else as runes; a rune without an atom as its bytes. What stands
 * between two items is nothing when it is as expected, else the sign "no space" or bytes.
 *
 * A mark says itself whether spaces stand beside it; where it could be told of either neighbour,
 * the usual side of the mark is kept, so that few variants are in use.
 */
#include "words/fold/fold.h"

static void put(struct fold_coder *c, uint32_t atom)
{
	VEC_PUSH(c->out->id, c->out->n, c->out->cap) = atom;
}

static void bytes(struct fold_coder *c, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		put(c, (unsigned char)s.p[i]);
	if (!s.n)
		return;
	flow_bytes(&c->w, s.p, s.n);
	flow_other(&c->w, 0);
	c->w.right = false;
}

/* What stands before an item that wants a space on its left or not. */
static void gap(struct fold_coder *c, struct str g, bool left)
{
	bool space = c->w.right && left;

	if (space ? g.n == 1 && g.p[0] == ' ' : !g.n)
		return;
	if (g.n) {
		bytes(c, g);
		return;
	}
	must(c->o->sign[ATOM_NOSP]);
	put(c, c->o->sign[ATOM_NOSP]);
	c->w.right = false;
}

/* Without the sign "no space" a word that touches another one can only be copied. */
static bool must_copy(const struct fold_coder *c, struct str g, bool left)
{
	return c->w.right && left && !g.n && !c->o->sign[ATOM_NOSP];
}

/* Bytes are never spaced, so the gap is always written out. */
static void raw(struct fold_coder *c, struct str g, struct str s)
{
	bytes(c, g);
	bytes(c, s);
}

/* Where a coder stood, to try another way from there. */
struct mark { struct flow w; size_t n; };

static struct mark here(const struct fold_coder *c)
{
	return (struct mark){ c->w, c->out->n };
}

static void back(struct fold_coder *c, struct mark m)
{
	c->w = m.w;
	c->out->n = m.n;
}

/* ---- capitals ---------------------------------------------------------------------- */

static uint32_t caps_atom(const struct fold_coder *c, int caps, bool title, bool *ok)
{
	int want = caps == CAPS_TITLE   ? ATOM_TITLE
	           : caps == CAPS_UPPER ? ATOM_CAPS
	                                : ATOM_LOW;

	*ok = true;
	if ((caps == CAPS_TITLE && title) || (caps == CAPS_LOWER && !title))
		return NO_ATOM;
	*ok = c->o->sign[want] != NO_ATOM;
	return c->o->sign[want];
}

/* ---- a word spelled ---------------------------------------------------------------- */

static uint32_t rune_atom(const struct fold *o, uint32_t r)
{
	return r < FOLD_RUNES ? o->rune[r] : NO_ATOM;
}

/* Small letters all with atoms: such a word may be written small and raised by a sign. */
static bool can_lower(const struct fold *o, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end)
		if (!rune_atom(o, rune_lower(utf8_next(&p, end))))
			return false;
	return true;
}

static void spell(struct fold_coder *c, struct str s, bool lower)
{
	const char *p = s.p, *end = s.p + s.n;

	put(c, c->o->sign[ATOM_WORD]);
	while (p < end) {
		const char *from = p;
		uint32_t r = utf8_next(&p, end),
		         a = rune_atom(c->o, lower ? rune_lower(r) : r);

		if (r == 0xFFFD && p - from == 1)
			a = NO_ATOM;
		if (a)
			put(c, a);
		for (; !a && from < p; from++)
			put(c, (unsigned char)*from);
	}
}

/* The last rune has an atom: else a space after the word would not be expected. */
static bool ends_in_atom(const struct fold *o, struct str s, bool lower)
{
	const char *p = s.p, *end = s.p + s.n;
	uint32_t r = 0;

	while (p < end)
		r = utf8_next(&p, end);
	return rune_atom(o, lower ? rune_lower(r) : r) != NO_ATOM;
}

/* A word that is written as it is, with capitals: a first small rune would be raised. */
static bool raised(const struct fold_coder *c, struct str s)
{
	const char *p = s.p;
	uint32_t r = utf8_next(&p, s.p + s.n);

	return c->w.start && rune_upper(r) != r && rune_atom(c->o, r);
}

/* The first letter has no capital: 1812. */
static bool caseless(struct str s)
{
	const char *p = s.p;
	uint32_t r = utf8_next(&p, s.p + s.n);

	return rune_upper(r) == r && rune_lower(r) == r;
}

/* The sign for the capitals of a word written small; *lower becomes false when there is none. */
static uint32_t spelled_caps(const struct fold_coder *c, struct str s, int caps,
                             bool *lower)
{
	bool ok;
	uint32_t a;

	if (!*lower || (caps != CAPS_UPPER && caseless(s)))
		return NO_ATOM;
	a = caps_atom(c, caps, c->w.start, &ok);
	*lower = ok;
	return a;
}

static void spelled(struct fold_coder *c, struct str g, struct str s,
                    const struct fold_item *it)
{
	bool lower = it->caps != CAPS_MIXED && can_lower(c->o, s);
	struct mark m = here(c);

	if (!c->o->sign[ATOM_WORD] || must_copy(c, g, true)) {
		raw(c, g, s);
		return;
	}
	gap(c, g, true);
	uint32_t a = spelled_caps(c, s, it->caps, &lower);

	if (!lower && raised(c, s)) {
		a = c->o->sign[ATOM_LOW];
		if (!a) {
			back(c, m);
			raw(c, g, s);
			return;
		}
	}
	if (a)
		put(c, a);
	spell(c, s, lower);
	flow_bytes(&c->w, s.p, s.n);
	flow_other(&c->w, 0);
	c->w.right = ends_in_atom(c->o, s, lower);
}

/* ---- a word as lexeme and form ----------------------------------------------------- */

static const struct atom *lexeme(const struct fold_coder *c, const struct fold_item *it)
{
	uint32_t a = fold_handle_atom(c->r, it->lex);

	return a ? &c->o->atom[a] : NULL;
}

static bool spelled_alike(const struct fold *o, const struct atom *lex, int a, int b)
{
	uint8_t x[INFLECTED_MAX], y[INFLECTED_MAX];
	size_t n = inflect_spell(o->f, x, lex->para, (uint32_t)a, lex->base, lex->n_base);

	return n &&
	       n == inflect_spell(o->f, y, lex->para, (uint32_t)b, lex->base,
	                          lex->n_base) &&
	       !memcmp(x, y, n);
}

/* The form atom that is needed: NO_ATOM when none is. */
static uint32_t form_atom(const struct fold_coder *c, const struct fold_item *it,
                          const struct atom *lex, int *k, bool *ok)
{
	const struct fold *o = c->o;
	bool agrees;
	int expect = fold_expect(o, &c->w, lex, &agrees);

	*ok = true;
	*k = it->k;
	if (lex->para == PARA_NONE)
		return NO_ATOM;
	bool alike = expect == it->k;

	if (!alike && (o->option & FOLD_LAZY) && spelled_alike(o, lex, expect, it->k)) {
		*k = expect;
		alike = true;
	}
	if (alike && (agrees || (o->option & FOLD_BASE)))
		return NO_ATOM;
	*ok = it->variant < FOLD_VARIANTS;
	uint32_t a =
	        *ok ? o->form[(size_t)it->slot * FOLD_VARIANTS + it->variant] : NO_ATOM;

	*ok = a != NO_ATOM;
	return a;
}

static void count(struct fold_coder *c, const struct atom *lex, uint32_t form, int k)
{
	struct fold_count *n = c->count;
	bool agrees;

	if (!n)
		return;
	n->lexemes++;
	if (lex->para == PARA_NONE)
		n->one_form++;
	else if (form)
		n->form++;
	else if (fold_expect(c->o, &c->w, lex, &agrees) == k && agrees)
		n->agree++;
	else
		n->base++;
}

static bool as_lexeme(struct fold_coder *c, struct str g, const struct fold_item *it)
{
	const struct atom *lex = lexeme(c, it);
	struct mark m = here(c);
	bool ok_form, ok_caps;
	int k;

	if (!lex || must_copy(c, g, true) || (it->yo && !c->o->sign[ATOM_YO]))
		return false;
	gap(c, g, true);
	uint32_t form = form_atom(c, it, lex, &k, &ok_form);
	uint32_t caps = caps_atom(c, it->caps, c->w.start || (lex->flag & LEXEME_TITLE),
	                          &ok_caps);

	if (!ok_form || !ok_caps) {
		back(c, m);
		return false;
	}
	if (caps)
		put(c, caps);
	if (it->yo)
		put(c, c->o->sign[ATOM_YO]);
	if (form)
		put(c, form);
	put(c, fold_handle_atom(c->r, it->lex));
	count(c, lex, form, k);
	flow_word(&c->w);
	flow_lex(&c->w, c->o, lex, k);
	c->w.right = true;
	return true;
}

static void word(struct fold_coder *c, struct str g, struct str s,
                 const struct fold_item *it)
{
	if (c->count)
		c->count->words++;
	if (as_lexeme(c, g, it))
		return;
	if (c->count)
		c->count->spelled++;
	spelled(c, g, s, it);
}

/* ---- marks ------------------------------------------------------------------------- */

/* Where a mark has spaces as a rule. */
static unsigned usual(uint32_t r)
{
	switch (r) {
	case '(': case '[': case '{': case 0xAB: case 0x201E: case 0x2018:
		return MARK_LEFT;
	case 0x2012:
	case 0x2013:
	case 0x2014:
	case 0x2015:
	case '+':
	case '=':
	case '&':
	case 0x2116:
		return MARK_LEFT | MARK_RIGHT;
	default:
		return MARK_RIGHT;
	}
}

static uint32_t rune_of(struct str s)
{
	const char *p = s.p;
	uint32_t r = utf8_next(&p, s.p + s.n);

	return r == 0xFFFD && s.n == 1 ? UINT32_MAX : r;
}

static bool is_space(struct str g) { return g.n == 1 && g.p[0] == ' '; }

/* Sides of mark r: before is the gap on its left, next the gap on its right with the item after it
 * (NULL at the end). */
static unsigned sides(const struct fold_coder *c, uint32_t r, struct str before,
                      struct str after, const struct fold_item *next, uint32_t next_rune)
{
	unsigned left = usual(r) & MARK_LEFT, right = usual(r) & MARK_RIGHT;

	if (is_space(before) && c->w.right)
		left = MARK_LEFT;
	else if (!before.n && c->w.right)
		left = 0;
	if (next && is_space(after))
		right = MARK_RIGHT;
	else if (next && !after.n && (next->word || (usual(next_rune) & MARK_LEFT)))
		right = 0;
	return left | right;
}

static void mark(struct fold_coder *c, struct str g, struct str s, struct str after,
                 const struct fold_item *next, struct str next_s)
{
	uint32_t r = rune_of(s), a = NO_ATOM;
	unsigned side =
	        sides(c, r, g, after, next, next && !next->word ? rune_of(next_s) : 0);

	if (r < FOLD_RUNES)
		a = c->o->mark[r][side];
	if (!a || must_copy(c, g, side & MARK_LEFT)) {
		raw(c, g, s);
		return;
	}
	gap(c, g, side & MARK_LEFT);
	put(c, a);
	flow_bytes(&c->w, s.p, s.n);
	flow_other(&c->w, r);
	c->w.right = side & MARK_RIGHT;
}

void fold_code(struct fold_coder *c, struct str text, const struct fold_items *it)
{
	size_t at = 0;

	for (size_t i = 0; i < it->n; i++) {
		const struct fold_item *x = &it->v[i],
		                       *next = i + 1 < it->n ? x + 1 : NULL;
		struct str g = { text.p + at, x->off - at },
		           s = { text.p + x->off, x->len };
		size_t end = x->off + x->len, to = next ? next->off : text.n;
		struct str after = { text.p + end, to - end };
		struct str next_s =
		        next ? (struct str){ text.p + next->off, next->len } : S("");

		if (x->word)
			word(c, g, s, x);
		else
			mark(c, g, s, after, next, next_s);
		at = end;
	}
	bytes(c, (struct str){ text.p + at, text.n - at });
}
