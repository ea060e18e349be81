/* fold_learn.c - learns a vocabulary of folded grammar from texts.
 *
 *   in    texts, a size, options
 *   out   atoms and pairs (fold.h), built and ready
 *
 *   1  all texts are read once into items
 *   2  lexemes are ranked by what they save: count times what spelling them would cost
 *   3  with all forms, marks and runes as atoms the items are coded; those used often stay
 *   4  with these atoms the items are coded again, and pairs of tokens learnt (fold_melt.c)
 *
 * A lexeme is a name when it has a capital in most of its places inside sentences, an operator when
 * it was read as preposition, or as conjunction or particle, in most of its places.
 *
 * Invariants: the same texts in the same order give the same vocabulary; memory is about three
 * times the texts.
 */
#include <stdlib.h>
#include "words/fold/fold.h"

enum { FORM_MIN = 5, MARK_MIN = 8, RUNE_MIN = 20, LEX_MIN = 4, PAIR_MIN = 4 };
#define LEXEME_SHARE 0.35f	/* by trial on the dev books: 0.25 is 0.2 % worse, 0.65 3 % */

struct use {	/* of a lexeme */
	uint32_t lex, count, prep, conj, title, low;
	uint8_t usual;
	float gain;
};
struct piece { struct str text; struct fold_items it; bool first; };
struct fold_school {	/* texts read */
	const struct inflect *f;
	struct fold_reader *r;
	struct piece *piece;
	size_t n_piece, cap_piece;
};
struct learn {
	const struct fold_plan *p;
	const struct inflect *f;
	struct fold_reader *r;
	const struct piece *piece;
	size_t n_piece;
	struct use *use;	/* [handles], then by rank */
	size_t n_use;
	struct atom *atom;
	size_t n_atom, cap_atom;
	const struct watch *w;
};

/* ---- 1 reading --------------------------------------------------------------------- */

static enum status read_text(struct fold_school *x, struct str text,
                             const struct watch *w, struct err *e)
{
	bool first = true;

	while (text.n) {
		size_t n = fold_piece(text);
		struct piece *p = &VEC_PUSH(x->piece, x->n_piece, x->cap_piece);

		*p = (struct piece){ .text = { text.p, n }, .first = first };
		fold_read(x->r, &p->it, p->text);
		text.p += n;
		text.n -= n;
		first = false;
		if (watch_stopped(w))
			return err_set(e, ERR_STOP, "stopped");
	}
	return OK;
}

void fold_school_close(struct fold_school *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n_piece; i++)
		mem_free(x->piece[i].it.v);
	mem_free(x->piece);
	fold_reader_close(x->r);
	mem_free(x);
}

enum status fold_school_open(struct fold_school **out, const struct inflect *f,
                             const struct dict *d, const struct str *text, size_t n,
                             const struct watch *w, struct err *e)
{
	struct fold_school *x = mem_alloc(1, sizeof *x);
	enum status s = OK;

	x->f = f;
	x->r = fold_reader_open(f, d, NULL);
	for (size_t i = 0; i < n && !s; i++) {
		s = read_text(x, text[i], w, e);
		watch_step(w, "reading", (double)i + 1, (double)n, "texts");
	}
	if (s) {
		fold_school_close(x);
		x = NULL;
	}
	*out = x;
	return s;
}

/* ---- 2 lexemes --------------------------------------------------------------------- */

static void count_piece(struct learn *x, const struct piece *p)
{
	struct flow w = flow_begin();
	size_t at = 0;

	for (size_t i = 0; i < p->it.n; i++) {
		const struct fold_item *it = &p->it.v[i];

		flow_bytes(&w, p->text.p + at, it->off - at);
		if (it->lex != NO_LEX) {
			struct use *u = &x->use[it->lex];

			u->count++;
			u->prep += it->pos == POS_PREP;
			u->conj += it->pos == POS_CONJ || it->pos == POS_PRCL;
			u->title += !w.start && it->caps == CAPS_TITLE;
			u->low += !w.start && it->caps == CAPS_LOWER;
		}
		at = (size_t)it->off + it->len;
		flow_bytes(&w, p->text.p + it->off, it->len);
	}
}

static int use_cmp(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->gain != y->gain)
		return x->gain > y->gain ? -1 : 1;
	return (x->lex > y->lex) - (x->lex < y->lex);
}

static void rank_lexemes(struct learn *x)
{
	x->n_use = fold_handles(x->r);
	x->use = mem_alloc(x->n_use + 1, sizeof *x->use);
	for (size_t i = 0; i < x->n_piece; i++)
		count_piece(x, &x->piece[i]);
	for (size_t i = 0; i < x->n_use; i++) {
		struct str base;
		uint32_t para;

		fold_handle(x->r, (uint32_t)i, &base, &para);
		x->use[i].lex = (uint32_t)i;
		x->use[i].gain = (float)x->use[i].count * (0.5f + (float)base.n / 4);
	}
	qsort(x->use, x->n_use, sizeof *x->use, use_cmp);
}

/* The form that each of the first n lexemes is most often met in; equal ones: the first. */
static void find_usual(struct learn *x, size_t n)
{
	uint32_t *first = mem_alloc(fold_handles(x->r) + 1, sizeof *first), total = 1,
	         *met;

	for (size_t i = 0; i < n; i++) {
		struct str base;
		uint32_t para;

		fold_handle(x->r, x->use[i].lex, &base, &para);
		first[x->use[i].lex] = total;
		total += inflect_size(x->f, para);
	}
	met = mem_alloc(total, sizeof *met);
	for (size_t i = 0; i < x->n_piece; i++)
		for (size_t k = 0; k < x->piece[i].it.n; k++) {
			const struct fold_item *it = &x->piece[i].it.v[k];

			if (it->lex != NO_LEX && first[it->lex])
				met[first[it->lex] + it->k]++;
		}
	for (size_t i = 0; i < n; i++) {
		const uint32_t *m = met + first[x->use[i].lex];
		uint32_t end = i + 1 < n ? first[x->use[i + 1].lex] : total;

		for (uint32_t k = 1; first[x->use[i].lex] + k < end && k < 255; k++)
			if (m[k] > m[x->use[i].usual])
				x->use[i].usual = (uint8_t)k;
	}
	mem_free(first);
	mem_free(met);
}

static struct atom lexeme_atom(const struct learn *x, const struct use *u)
{
	struct atom a = { .kind = ATOM_LEX, .usual = u->usual };
	struct str base;

	fold_handle(x->r, u->lex, &base, &a.para);
	a.base = (const uint8_t *)base.p;
	a.n_base = (uint8_t)base.n;
	if (u->title > u->low)
		a.flag |= LEXEME_TITLE;
	if (u->prep * 2 > u->count)
		a.flag |= LEXEME_PREP;
	else if (u->conj * 2 > u->count)
		a.flag |= LEXEME_CONJ;
	return a;
}

/* ---- 3 atoms ----------------------------------------------------------------------- */

static void push(struct learn *x, struct atom a)
{
	VEC_PUSH(x->atom, x->n_atom, x->cap_atom) = a;
}

static void push_fixed(struct learn *x)
{
	x->n_atom = 0;
	for (uint32_t i = 0; i < FOLD_BYTES; i++)
		push(x, (struct atom){ .kind = ATOM_BYTE, .rune = i });
	for (int k = ATOM_NOSP; k <= ATOM_WORD; k++)
		push(x, (struct atom){ .kind = (uint8_t)k });
}

/* Which runes words and marks have. */
static void runes_met(const struct learn *x, uint8_t *met)
{
	for (size_t i = 0; i < x->n_piece; i++)
		for (size_t k = 0; k < x->piece[i].it.n; k++) {
			const struct fold_item *it = &x->piece[i].it.v[k];
			const char *p = x->piece[i].text.p + it->off, *end = p + it->len;

			while (p < end) {
				uint32_t r = utf8_next(&p, end);

				if (r <= ' ' || r == 0x7F || r >= FOLD_RUNES)
					continue;
				met[r] |= it->word ? 1 : 2;
				if (it->word && rune_lower(r) < FOLD_RUNES)
					met[rune_lower(r)] |= 1;
			}
		}
}

/* Every atom that may be of use. */
static void push_all(struct learn *x, size_t lexemes)
{
	uint8_t *met = mem_alloc(FOLD_RUNES, 1);

	push_fixed(x);
	for (uint32_t s = 0; s < inflect_slots(x->f); s++)
		for (int v = 0; v < FOLD_VARIANTS; v++)
			push(x, (struct atom){ .kind = ATOM_FORM, .slot = (uint16_t)s,
			                       .variant = (uint8_t)v });
	runes_met(x, met);
	for (uint32_t r = 0; r < FOLD_RUNES; r++)
		for (int side = 0; side < 4 && (met[r] & 2); side++)
			push(x, (struct atom){ .kind = ATOM_MARK,
			                       .rune = r,
			                       .side = (uint8_t)side });
	for (uint32_t r = 0; r < FOLD_RUNES; r++)
		if (met[r] & 1)
			push(x, (struct atom){ .kind = ATOM_RUNE, .rune = r });
	for (size_t i = 0; i < lexemes; i++)
		push(x, lexeme_atom(x, &x->use[i]));
	mem_free(met);
}

/* Codes all items, a text at a time, and hands the atoms on. */
static void code_all(const struct learn *x, const struct fold *o,
                     void (*each)(void *ctx, const uint32_t *atom, size_t n), void *ctx)
{
	struct ids atoms = { 0 };
	struct fold_coder c = { .o = o, .r = x->r, .out = &atoms };

	for (size_t i = 0; i < x->n_piece; i++) {
		if (x->piece[i].first)
			c.w = flow_begin();
		atoms.n = 0;
		fold_code(&c, x->piece[i].text, &x->piece[i].it);
		each(ctx, atoms.id, atoms.n);
	}
	mem_free(atoms.id);
}

static void count_atoms(void *ctx, const uint32_t *atom, size_t n)
{
	uint64_t *count = ctx;

	for (size_t i = 0; i < n; i++)
		count[atom[i]]++;
}

struct rank { uint64_t count; uint32_t atom; };

static int rank_cmp(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->atom > y->atom) - (x->atom < y->atom);
}

static int atom_cmp(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	return (x->atom > y->atom) - (x->atom < y->atom);
}

static uint64_t least(const struct atom *a)
{
	return a->kind == ATOM_FORM   ? FORM_MIN
	       : a->kind == ATOM_MARK ? MARK_MIN
	                              : RUNE_MIN;
}

/* Forms, marks and runes that are used often, at most `limit`, in the order they had. */
static size_t often(const struct learn *x, const uint64_t *count, struct rank *v,
                    size_t limit)
{
	size_t n = 0;

	for (size_t i = FOLD_BYTES + 6; i < x->n_atom; i++)
		if (x->atom[i].kind != ATOM_LEX && count[i] >= least(&x->atom[i]))
			v[n++] = (struct rank){ count[i], (uint32_t)i };
	qsort(v, n, sizeof *v, rank_cmp);
	n = n < limit ? n : limit;
	qsort(v, n, sizeof *v, atom_cmp);
	return n;
}

static size_t lexemes_wanted(const struct learn *x)
{
	float share = x->p->lexemes > 0 ? x->p->lexemes : LEXEME_SHARE;
	size_t want = (size_t)(share * (float)x->p->vocab), n = 0;

	while (n < want && n < x->n_use && x->use[n].count >= LEX_MIN)
		n++;
	return n;
}

static void choose_atoms(struct learn *x, const uint64_t *count)
{
	size_t room = x->p->vocab - FOLD_BYTES - 6, lexemes = lexemes_wanted(x);
	struct rank *v = mem_alloc(x->n_atom + 1, sizeof *v);
	size_t n = often(x, count, v, room / 2);
	struct atom *old = x->atom;

	x->atom = NULL;
	x->cap_atom = x->n_atom = 0;
	push_fixed(x);
	for (size_t i = 0; i < n; i++)
		push(x, old[v[i].atom]);
	lexemes = lexemes < room - n ? lexemes : room - n;
	for (size_t i = 0; i < lexemes; i++)
		push(x, lexeme_atom(x, &x->use[i]));
	mem_free(old);
	mem_free(v);
}

static void build(const struct learn *x, struct fold *o, const struct fold_pair *pair,
                  uint32_t n)
{
	uint32_t bad = 0;

	must(fold_build(o, x->f, x->p->option, x->atom, (uint32_t)x->n_atom, pair, n,
	                &bad));
	fold_reader_bind(x->r, o);
}

static void find_atoms(struct learn *x)
{
	struct fold all;
	uint64_t *count;

	if (x->p->option & FOLD_USUAL)
		find_usual(x, lexemes_wanted(x));
	push_all(x, lexemes_wanted(x));
	build(x, &all, NULL, 0);
	count = mem_alloc(x->n_atom + 1, sizeof *count);
	code_all(x, &all, count_atoms, count);
	choose_atoms(x, count);
	mem_free(count);
	fold_clear(&all);
}

/* ---- 4 pairs ----------------------------------------------------------------------- */

static void add_segments(void *ctx, const uint32_t *atom, size_t n)
{
	fold_melt_add(ctx, atom, n);
}

static enum status find_pairs(struct learn *x, struct fold *out, struct err *e)
{
	struct fold o;
	struct fold_pair *pair = NULL;
	uint32_t n = 0, limit = x->p->vocab - (uint32_t)x->n_atom;
	struct fold_melt *m;
	enum status s;

	build(x, &o, NULL, 0);
	m = fold_melt_open(&o);
	code_all(x, &o, add_segments, m);
	s = fold_melt_learn(m, &pair, &n, limit, PAIR_MIN, x->w, e);
	fold_melt_close(m);
	fold_clear(&o);
	if (!s)
		build(x, out, pair, n);
	mem_free(pair);
	return s;
}

enum status fold_learn(struct fold *out, const struct fold_school *from,
                       const struct fold_plan *p, const struct watch *w, struct err *e)
{
	struct learn x = { .p = p, .f = from->f, .r = from->r, .piece = from->piece,
	                   .n_piece = from->n_piece, .w = w };
	enum status s;

	*out = (struct fold){ 0 };
	if (p->vocab < TOKENS_VOCAB_MIN || p->vocab > TOKENS_VOCAB_MAX)
		return err_set(e, ERR_USAGE, "a vocabulary of %u; %d to %d can be",
		               p->vocab, TOKENS_VOCAB_MIN, TOKENS_VOCAB_MAX);
	rank_lexemes(&x);
	find_atoms(&x);
	s = find_pairs(&x, out, e);
	mem_free(x.use);
	mem_free(x.atom);
	return s;
}
