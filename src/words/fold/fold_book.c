/* fold_book.c - the vocabulary of folded grammar: tables over atoms, file form, names.
 *
 * File form (little-endian; it is the `extra` of a tokenizer's file):
 *
 *     u32 version 1, u32 options, u64 fingerprint of the dictionary
 *     u32 number of atoms beyond the 256 bytes; each: u8 kind, then
 *         form   u32 slot packed, u8 variant
 *         lex    u8 flags, u32 paradigm, u8 usual form, u8 length, base in dictionary bytes
 *         rune   u32          mark   u32 rune, u8 sides          others: nothing
 *     u32 number of pairs; each: u32 id, u32 id, both below the pair's own id
 *
 * Invariants after loading: every lexeme fits its paradigm, every slot exists, no token is longer
 * than FOLD_SPAN atoms; so coder and writer check nothing of it again.
 */
#include "words/fold/fold.h"

enum { FOLD_FILE = 1, ATOM_BYTES_MIN = 1 };

/* ---- tables ------------------------------------------------------------------------ */

static size_t lex_hash(const uint8_t *base, size_t n, uint32_t para)
{
	return hash64(base, n, para);
}

uint32_t fold_lex_find(const struct fold *o, const uint8_t *base, size_t n, uint32_t para)
{
	for (size_t at = lex_hash(base, n, para) & (o->n_lex - 1); o->lex[at];
	     at = (at + 1) & (o->n_lex - 1)) {
		const struct atom *a = &o->atom[o->lex[at]];

		if (a->para == para && a->n_base == n && !memcmp(a->base, base, n))
			return o->lex[at];
	}
	return NO_ATOM;
}

static bool put_lex(struct fold *o, uint32_t id)
{
	const struct atom *a = &o->atom[id];
	size_t at = lex_hash(a->base, a->n_base, a->para) & (o->n_lex - 1);

	if (!a->n_base || !inflect_fits(o->f, a->para, a->base, a->n_base) ||
	    a->usual >= inflect_size(o->f, a->para) ||
	    fold_lex_find(o, a->base, a->n_base, a->para))
		return false;
	while (o->lex[at])
		at = (at + 1) & (o->n_lex - 1);
	o->lex[at] = id;
	return true;
}

/* One atom a place; false when it is taken or impossible. */
static bool once(uint32_t *place, uint32_t id)
{
	if (*place)
		return false;
	*place = id;
	return true;
}

static bool rune_fits(uint32_t r)
{
	return r > ' ' && r < FOLD_RUNES && r != 0x7F;
}

static bool place(struct fold *o, uint32_t id)
{
	const struct atom *a = &o->atom[id];

	switch (a->kind) {
	case ATOM_NOSP:
	case ATOM_TITLE:
	case ATOM_LOW:
	case ATOM_CAPS:
	case ATOM_YO:
	case ATOM_WORD:
		return once(&o->sign[a->kind], id);
	case ATOM_FORM:
		return a->variant < FOLD_VARIANTS && a->slot < inflect_slots(o->f) &&
		       once(&o->form[(size_t)a->slot * FOLD_VARIANTS + a->variant], id);
	case ATOM_LEX: return put_lex(o, id);
	case ATOM_RUNE: return rune_fits(a->rune) && once(&o->rune[a->rune], id);
	case ATOM_MARK:
		return rune_fits(a->rune) && a->side < 4 &&
		       once(&o->mark[a->rune][a->side], id);
	default: return false;
	}
}

/* The slots that an adjective or a noun takes beside a word of this slot. */
static void agreeing(struct fold *o)
{
	for (uint32_t i = 0; i < inflect_slots(o->f); i++) {
		struct slot s = slot_unpack(inflect_slot(o->f, i));
		struct slot adj = { .g = { .gcase = s.g.gcase, .number = s.g.number,
		                           .gender = s.g.gender, .anim = s.g.anim } };
		struct slot noun = { .g = { .gcase = s.g.gcase, .number = s.g.number } };
		uint16_t at;

		if (inflect_slot_find(o->f, slot_pack(adj), &at))
			o->as_adj[i] = (uint16_t)(at + 1);
		if (inflect_slot_find(o->f, slot_pack(noun), &at))
			o->as_noun[i] = (uint16_t)(at + 1);
	}
}

static void copy_atoms(struct fold *o, const struct atom *atom, uint32_t n)
{
	o->atom = TAKE(&o->mem, struct atom, (size_t)n + 1);
	memcpy(o->atom, atom, n * sizeof *atom);
	o->n_atom = n;
	for (uint32_t i = 0; i < n; i++) {
		struct atom *a = &o->atom[i];
		uint8_t *base = TAKE(&o->mem, uint8_t, (size_t)a->n_base + 1);

		if (a->n_base)
			memcpy(base, a->base, a->n_base);
		a->base = base;
		if (i < FOLD_BYTES)
			*a = (struct atom){ .kind = ATOM_BYTE, .rune = i };
	}
}

static bool pairs_fit(struct fold *o, const struct fold_pair *pair, uint32_t n,
                      uint32_t *bad)
{
	uint8_t *span = mem_alloc((size_t)o->n_atom + n + 1, 1);
	bool ok = true;

	memset(span, 1, o->n_atom);
	for (uint32_t i = 0; i < n && ok; i++) {
		uint32_t id = o->n_atom + i;

		ok = pair[i].a < id && pair[i].b < id &&
		     span[pair[i].a] + span[pair[i].b] <= FOLD_SPAN;
		if (ok)
			span[id] = (uint8_t)(span[pair[i].a] + span[pair[i].b]);
		else
			*bad = id;
	}
	mem_free(span);
	o->pair = TAKE(&o->mem, struct fold_pair, (size_t)n + 1);
	if (n)
		memcpy(o->pair, pair, n * sizeof *pair);
	o->n_pair = n;
	return ok;
}

bool fold_build(struct fold *o, const struct inflect *f, uint32_t option,
                const struct atom *atom, uint32_t n_atom, const struct fold_pair *pair,
                uint32_t n_pair, uint32_t *bad)
{
	size_t n_slot = inflect_slots(f);

	must(n_atom >= FOLD_BYTES);
	*o = (struct fold){ .f = f, .option = option, .mem = arena_open("fold") };
	copy_atoms(o, atom, n_atom);
	for (o->n_lex = 64; o->n_lex < (size_t)n_atom * 2; o->n_lex *= 2)
		;
	o->lex = TAKE(&o->mem, uint32_t, o->n_lex);
	o->form = TAKE(&o->mem, uint32_t, n_slot * FOLD_VARIANTS);
	o->rune = TAKE(&o->mem, uint32_t, FOLD_RUNES);
	o->mark = arena_take_n(&o->mem, FOLD_RUNES, sizeof *o->mark);
	o->as_adj = TAKE(&o->mem, uint16_t, n_slot);
	o->as_noun = TAKE(&o->mem, uint16_t, n_slot);
	agreeing(o);
	for (uint32_t i = FOLD_BYTES; i < n_atom; i++)
		if (!place(o, i)) {
			*bad = i;
			return false;
		}
	if (!pairs_fit(o, pair, n_pair, bad))
		return false;
	o->trie = fold_trie_open(o);
	return true;
}

void fold_clear(struct fold *o)
{
	fold_trie_close(o->trie);
	arena_close(&o->mem);
	*o = (struct fold){ 0 };
}

/* ---- file -------------------------------------------------------------------------- */

static void save_atom(const struct fold *o, struct buf *out, const struct atom *a)
{
	buf_char(out, (char)a->kind);
	switch (a->kind) {
	case ATOM_FORM:
		buf_u32(out, inflect_slot(o->f, a->slot));
		buf_char(out, (char)a->variant);
		break;
	case ATOM_LEX:
		buf_char(out, (char)a->flag);
		buf_u32(out, a->para);
		buf_char(out, (char)a->usual);
		buf_char(out, (char)a->n_base);
		buf_add(out, a->base, a->n_base);
		break;
	case ATOM_RUNE: buf_u32(out, a->rune); break;
	case ATOM_MARK:
		buf_u32(out, a->rune);
		buf_char(out, (char)a->side);
		break;
	}
}

void fold_save(const struct fold *o, struct buf *out)
{
	buf_u32(out, FOLD_FILE);
	buf_u32(out, o->option);
	buf_u64(out, inflect_fingerprint(o->f));
	buf_u32(out, o->n_atom - FOLD_BYTES);
	for (uint32_t i = FOLD_BYTES; i < o->n_atom; i++)
		save_atom(o, out, &o->atom[i]);
	buf_u32(out, o->n_pair);
	for (uint32_t i = 0; i < o->n_pair; i++) {
		buf_u32(out, o->pair[i].a);
		buf_u32(out, o->pair[i].b);
	}
}

static bool load_atom(struct atom *a, struct reader *r, const struct inflect *f)
{
	a->kind = rd_u8(r);
	switch (a->kind) {
	case ATOM_FORM: {
		uint32_t slot = rd_u32(r);

		a->variant = rd_u8(r);
		return inflect_slot_find(f, slot, &a->slot);
	}
	case ATOM_LEX:
		a->flag = rd_u8(r);
		a->para = rd_u32(r);
		a->usual = rd_u8(r);
		a->n_base = rd_u8(r);
		a->base = (const uint8_t *)rd_bytes(r, a->n_base).p;
		return a->n_base && a->n_base <= FORM_MAX + 64;
	case ATOM_RUNE: a->rune = rd_u32(r); return true;
	case ATOM_MARK:
		a->rune = rd_u32(r);
		a->side = rd_u8(r);
		return true;
	default: return true;
	}
}

static enum status load_parts(struct fold *o, const struct inflect *f, uint32_t option,
                              struct reader *r, struct err *e)
{
	size_t n = FOLD_BYTES + rd_count(r, ATOM_BYTES_MIN), n_pair;
	uint32_t bad = 0;
	struct atom *atom = mem_alloc(n, sizeof *atom);
	struct fold_pair *pair = NULL;
	enum status s = OK;

	for (size_t i = FOLD_BYTES; i < n && !s; i++)
		if (!load_atom(&atom[i], r, f) || r->bad)
			s = err_set(e, ERR_FORMAT,
			            "folded grammar: token %zu cannot be, at byte %zu", i,
			            (size_t)(r->p - r->start));
	n_pair = rd_count(r, 8);
	if (!s && (r->bad || n + n_pair > TOKENS_VOCAB_MAX))
		s = err_set(e, ERR_FORMAT,
		            "folded grammar: cut short, or more than %d tokens",
		            TOKENS_VOCAB_MAX);
	if (!s) {
		pair = mem_alloc(n_pair + 1, sizeof *pair);
		for (size_t i = 0; i < n_pair; i++)
			pair[i] = (struct fold_pair){ rd_u32(r), rd_u32(r) };
		if (r->bad || rd_left(r))
			s = err_set(e, ERR_FORMAT, "folded grammar: %zu bytes too many",
			            rd_left(r));
	}
	if (!s &&
	    !fold_build(o, f, option, atom, (uint32_t)n, pair, (uint32_t)n_pair, &bad)) {
		fold_clear(o);
		s = err_set(e, ERR_FORMAT, "folded grammar: token %u does not fit", bad);
	}
	mem_free(atom);
	mem_free(pair);
	return s;
}

enum status fold_load(struct fold *o, const struct inflect *f, struct str bytes,
                      struct err *e)
{
	struct reader r = reader_of(bytes);
	uint32_t version = rd_u32(&r), option = rd_u32(&r);
	uint64_t print = rd_u64(&r);

	*o = (struct fold){ 0 };
	if (r.bad || version != FOLD_FILE || option > FOLD_OPTIONS)
		return err_set(e, ERR_FORMAT,
		               "folded grammar: version %u, this program reads %d",
		               version, FOLD_FILE);
	if (print != inflect_fingerprint(f))
		return err_set(e, ERR_USAGE,
		               "the tokenizer was trained with another dictionary; "
		               "train it again with this one (ltm tokens train)");
	return load_parts(o, f, option, &r, e);
}

/* ---- names ------------------------------------------------------------------------- */

/* [ … ] holds operators; lexemes stand outside in capitals. */
struct naming { struct buf *out; bool in, some; };

static void inside(struct naming *x, bool in)
{
	if (in && x->in)
		buf_char(x->out, ' ');
	else if (in)
		buf_char(x->out, '[');
	else if (x->in)
		buf_char(x->out, ']');
	x->in = in;
}

static void upper(struct buf *out, const uint8_t *p, size_t n)
{
	struct buf b = { 0 };

	cyr_utf8(&b, p, n);
	for (const char *q = b.p, *end = b.p + b.n; q < end;)
		buf_rune(out, rune_upper(utf8_next(&q, end)));
	buf_free(&b);
}

static void name_lex(struct naming *x, const struct atom *a)
{
	bool operator = a->flag & (LEXEME_PREP | LEXEME_CONJ);

	inside(x, operator);
	if (operator)
		cyr_utf8(x->out, a->base, a->n_base);
	else
		upper(x->out, a->base, a->n_base);
}

static void name_mark(struct naming *x, const struct atom *a)
{
	inside(x, true);
	if (a->side & MARK_LEFT)
		buf_char(x->out, '_');
	buf_rune(x->out, a->rune);
	if (a->side & MARK_RIGHT)
		buf_char(x->out, '_');
}

static void name_atom(struct naming *x, const struct fold *o, uint32_t id)
{
	static const char *const sign[] = {
		[ATOM_NOSP] = "nosp", [ATOM_TITLE] = "Title", [ATOM_LOW] = "low",
		[ATOM_CAPS] = "CAPS", [ATOM_YO] = "ё",
	};
	const struct atom *a = &o->atom[id];
	char room[160];

	switch (a->kind) {
	case ATOM_BYTE:
		inside(x, false);
		buf_printf(x->out, "<%02X>", id);
		break;
	case ATOM_WORD:
		inside(x, false);
		buf_str(x->out, S("▁"));
		break;
	case ATOM_RUNE:
		inside(x, false);
		buf_rune(x->out, a->rune);
		break;
	case ATOM_FORM:
		inside(x, true);
		buf_str(x->out, str_of(slot_name(inflect_slot(o->f, a->slot), room,
		                                 sizeof room)));
		if (a->variant)
			buf_printf(x->out, ",%d", a->variant + 1);
		break;
	case ATOM_LEX: name_lex(x, a); break;
	case ATOM_MARK: name_mark(x, a); break;
	default:
		inside(x, true);
		buf_str(x->out, str_of(sign[a->kind]));
	}
}

void fold_name(const struct fold *o, uint32_t id, struct buf *out)
{
	uint32_t atom[FOLD_SPAN];
	size_t n = fold_expand(o, id, atom);
	struct naming x = { .out = out };

	for (size_t i = 0; i < n; i++)
		name_atom(&x, o, atom[i]);
	inside(&x, false);
}
