/* fold_lemma.c - the lossy scheme: lemmas of content words, in order.
 *
 *   in    any text
 *   out   one id a lemma that is frequent, several for a rare one; decoded: lemmas with spaces between
 *
 * Dropped: forms, capitals, marks, prepositions, conjunctions, particles, interjections, pronouns (the
 * last two may be kept by option). What is dropped is counted, so that the ledger can say what is lost.
 *
 * The vocabulary is that of fold.h with lexemes that have no forms; a lemma that has no id of its own,
 * or is not of Russian letters, is spelled: ▁, then runes melted as in byte-pair encoding.
 */
#include <stdlib.h>
#include "words/dict/dict.h"
#include "words/fold/fold.h"

enum { RUNE_MIN = 20, LEX_MIN = 3, PAIR_MIN = 4 };
#define LEMMA_SHARE 0.75f

struct lemma_work {
	const struct fold *o;
	struct word_cache *cache;
	struct ids atoms;
	struct fold_path_work path;
	struct lemma_count count;
};

/* ---- what stays -------------------------------------------------------------------- */

static bool is_not(struct str lemma)
{
	return str_eq(lemma, S("не")) || str_eq(lemma, S("ни"));
}

static bool is_mark(int pos)
{
	return pos == POS_PUNCT || pos == POS_OTHER;
}

static bool stays(uint32_t option, int pos, struct str lemma)
{
	switch (pos) {
	case POS_PREP: case POS_CONJ: case POS_PRCL: case POS_INTJ:
		return (option & LEMMA_NOT) && is_not(lemma);
	case POS_PRON: case POS_APRO: return option & LEMMA_PRONOUNS;
	default: return !is_mark(pos);
	}
}

/* ---- atoms of one lemma ------------------------------------------------------------ */

/* The lemma in dictionary bytes when these give it back; 0 when not. */
static size_t base_of(uint8_t base[FORM_MAX], struct str lemma)
{
	size_t n = form_bytes(base, lemma);
	struct buf b = { 0 };

	if (n)
		cyr_utf8(&b, base, n);
	if (!str_eq(buf_view(&b), lemma))
		n = 0;
	buf_free(&b);
	return n;
}

static void spell(const struct fold *o, struct ids *out, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	VEC_PUSH(out->id, out->n, out->cap) =
	        o->sign[ATOM_WORD] ? o->sign[ATOM_WORD] : ' ';
	while (p < end) {
		const char *from = p;
		uint32_t r = utf8_next(&p, end),
		         a = r < FOLD_RUNES ? o->rune[r] : NO_ATOM;

		if (a)
			VEC_PUSH(out->id, out->n, out->cap) = a;
		for (; !a && from < p; from++)
			VEC_PUSH(out->id, out->n, out->cap) = (unsigned char)*from;
	}
}

static void put_lemma(const struct fold *o, struct ids *out, struct str lemma)
{
	uint8_t base[FORM_MAX];
	size_t n = base_of(base, lemma);
	uint32_t a = n ? fold_lex_find(o, base, n, PARA_NONE) : NO_ATOM;

	if (a)
		VEC_PUSH(out->id, out->n, out->cap) = a;
	else
		spell(o, out, lemma);
}

/* ---- counting what is lost --------------------------------------------------------- */

static bool same_letters(struct str word, struct str lemma)
{
	uint8_t a[FORM_MAX], b[FORM_MAX];
	size_t n = form_bytes(a, word), m = form_bytes(b, lemma);

	for (size_t i = 0; i < n; i++)
		a[i] = a[i] == CYR_IO ? CYR_IE : a[i];
	for (size_t i = 0; i < m; i++)
		b[i] = b[i] == CYR_IO ? CYR_IE : b[i];
	return n ? n == m && !memcmp(a, b, n) : str_eq(word, lemma);
}

static void count(struct lemma_count *c, const struct word *w, struct str word,
                  struct str lemma, bool kept)
{
	if (is_mark(w->pos)) {
		c->marks++;
		return;
	}
	c->words++;
	if (kept) {
		c->kept++;
		c->forms += !same_letters(word, lemma);
		c->capitals += (w->flags & (WORD_TITLE | WORD_UPPER)) != 0;
		c->names += (w->flags & WORD_PROPER) || w->g.name;
	} else if (w->pos == POS_PRON || w->pos == POS_APRO) {
		c->pronouns++;
	} else {
		c->function++;
		c->negations += is_not(lemma);
	}
}

/* ---- training ---------------------------------------------------------------------- */

struct lemma_use { uint32_t count, id; };
struct learning {
	struct strtab lemma;
	uint32_t *count;
	size_t n, cap;
	uint32_t option;
	struct atom *atom;
	size_t n_atom, cap_atom;
	struct arena mem;
};

static void learn_text(struct learning *x, struct word_cache *c, struct str text)
{
	while (text.n) {
		struct arena a = arena_open("lemma");
		struct str piece = { text.p, fold_piece(text) };
		struct words w;

		fold_words(&w, piece, c, &a);
		for (size_t i = 0; i < w.n; i++) {
			struct str s = w.lemma[w.w[i].lemma].s;

			if (!stays(x->option, w.w[i].pos, s))
				continue;
			uint32_t id = strtab_add(&x->lemma, s);

			if (id == x->n)
				VEC_PUSH(x->count, x->n, x->cap) = 0;
			x->count[id]++;
		}
		arena_close(&a);
		text.p += piece.n;
		text.n -= piece.n;
	}
}

static int use_cmp(const void *a, const void *b)
{
	const struct lemma_use *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void push(struct learning *x, struct atom a)
{
	VEC_PUSH(x->atom, x->n_atom, x->cap_atom) = a;
}

/* Bytes, the sign of a word, the runes met often. */
static void push_letters(struct learning *x)
{
	uint64_t *met = mem_alloc(FOLD_RUNES, sizeof *met);

	for (uint32_t i = 0; i < FOLD_BYTES; i++)
		push(x, (struct atom){ .kind = ATOM_BYTE, .rune = i });
	push(x, (struct atom){ .kind = ATOM_WORD });
	for (size_t i = 0; i < x->n; i++) {
		const char *p = x->lemma.s[i].p, *end = p + x->lemma.s[i].n;

		while (p < end) {
			uint32_t r = utf8_next(&p, end);

			if (r > ' ' && r < FOLD_RUNES && r != 0x7F)
				met[r] += x->count[i];
		}
	}
	for (uint32_t r = 0; r < FOLD_RUNES && x->n_atom < TOKENS_VOCAB_MIN - 10; r++)
		if (met[r] >= RUNE_MIN && r >= 0x430 &&
		    r < 0x460) /* Russian ones first */
			push(x, (struct atom){ .kind = ATOM_RUNE, .rune = r });
	mem_free(met);
}

static void push_lemmas(struct learning *x, uint32_t vocab)
{
	struct lemma_use *u = mem_alloc(x->n + 1, sizeof *u);
	size_t want = (size_t)(LEMMA_SHARE * (float)vocab);

	for (size_t i = 0; i < x->n; i++)
		u[i] = (struct lemma_use){ x->count[i], (uint32_t)i };
	if (x->n)
		qsort(u, x->n, sizeof *u, use_cmp);
	for (size_t i = 0, put = 0; i < x->n && put < want && x->n_atom < vocab; i++) {
		uint8_t base[FORM_MAX];
		size_t n = base_of(base, x->lemma.s[u[i].id]);

		if (u[i].count < LEX_MIN)
			break;
		if (!n)
			continue;
		uint8_t *copy = TAKE(&x->mem, uint8_t, n);

		memcpy(copy, base, n);
		push(x, (struct atom){ .kind = ATOM_LEX, .para = PARA_NONE, .base = copy,
		                       .n_base = (uint8_t)n });
		put++;
	}
	mem_free(u);
}

/* Runes of the lemmas that have no id melt into pieces; each lemma counts as often as it was met,
 * at most MET times: the order of frequent names need not be exact. */
static enum status learn_pieces(struct learning *x, struct fold *o,
                                const struct inflect *f, uint32_t vocab,
                                const struct watch *w, struct err *e)
{
	enum { MET = 64 };
	struct fold base;
	struct fold_pair *pair = NULL;
	uint32_t n = 0, bad = 0;
	struct ids ids = { 0 };

	must(fold_build(&base, f, x->option, x->atom, (uint32_t)x->n_atom, NULL, 0,
	                &bad));
	struct fold_melt *m = fold_melt_open(&base);

	for (size_t i = 0; i < x->n; i++) {
		ids.n = 0;
		put_lemma(&base, &ids, x->lemma.s[i]);
		for (uint32_t k = 0; k < x->count[i] && k < MET; k++)
			fold_melt_add(m, ids.id, ids.n);
	}
	enum status s = fold_melt_learn(m, &pair, &n, vocab - (uint32_t)x->n_atom,
	                                PAIR_MIN, w, e);

	fold_melt_close(m);
	fold_clear(&base);
	if (!s)
		must(fold_build(o, f, x->option, x->atom, (uint32_t)x->n_atom, pair, n,
		                &bad));
	mem_free(pair);
	mem_free(ids.id);
	return s;
}

enum status lemma_train(struct tokenizer *t, const struct tokens_plan *p, uint32_t option,
                        const struct str *text, size_t n, const struct watch *w,
                        struct err *e)
{
	struct learning x = { .option = option, .lemma = strtab_open("lemmas"),
	                      .mem = arena_open("lemmas") };
	struct word_cache *c;
	struct inflect *f;
	struct fold o;
	enum status s = OK;

	if (!p->dict || p->vocab < TOKENS_VOCAB_MIN || p->vocab > TOKENS_VOCAB_MAX)
		return err_set(e, ERR_USAGE,
		               "lemmas need the dictionary and a vocabulary of %d to %d",
		               TOKENS_VOCAB_MIN, TOKENS_VOCAB_MAX);
	c = word_cache_open(p->dict);
	f = inflect_open(p->dict);
	for (size_t i = 0; i < n && !s; i++) {
		learn_text(&x, c, text[i]);
		watch_step(w, "reading", (double)i + 1, (double)n, "texts");
		if (watch_stopped(w))
			s = err_set(e, ERR_STOP, "stopped");
	}
	push_letters(&x);
	push_lemmas(&x, p->vocab);
	if (!s)
		s = learn_pieces(&x, &o, f, p->vocab, w, e);
	if (!s) {
		fold_give(t, &o);
		fold_clear(&o);
	}
	strtab_close(&x.lemma);
	arena_close(&x.mem);
	mem_free(x.count);
	mem_free(x.atom);
	inflect_close(f);
	word_cache_close(c);
	return s;
}

static enum status train(struct tokenizer *t, const struct tokens_plan *p,
                         const struct str *text, size_t n, const struct watch *w,
                         struct err *e)
{
	return lemma_train(t, p, 0, text, n, w, e);
}

/* ---- work -------------------------------------------------------------------------- */

static void *work_open(const struct tokenizer *t)
{
	struct lemma_work *k = mem_alloc(1, sizeof *k);

	k->o = &((const struct fold_own *)t->own)->o;
	k->cache = word_cache_open(t->dict);
	return k;
}

static void work_close(void *p)
{
	struct lemma_work *k = p;

	if (!k)
		return;
	word_cache_close(k->cache);
	mem_free(k->atoms.id);
	mem_free(k->path.best);
	mem_free(k->path.token);
	mem_free(k->path.len);
	mem_free(k);
}

/* The atoms of each lemma of a piece, made when it is first met. */
struct lemma_atoms { uint32_t from, n; };

static void put_known(struct lemma_work *k, struct lemma_atoms *l, struct ids *known,
                      struct str lemma)
{
	if (!l->n) {
		l->from = (uint32_t)known->n;
		put_lemma(k->o, known, lemma);
		l->n = (uint32_t)known->n - l->from;
	}
	for (uint32_t i = 0; i < l->n; i++)
		VEC_PUSH(k->atoms.id, k->atoms.n, k->atoms.cap) = known->id[l->from + i];
	k->count.spelled += k->o->atom[known->id[l->from]].kind != ATOM_LEX;
}

static void encode_piece(struct lemma_work *k, struct str text)
{
	struct arena a = arena_open("lemma");
	struct ids known = { 0 };
	struct lemma_atoms *l;
	struct words w;

	fold_words(&w, text, k->cache, &a);
	l = TAKE(&a, struct lemma_atoms, w.n_lemma + 1);
	for (size_t i = 0; i < w.n; i++) {
		struct str s = w.lemma[w.w[i].lemma].s;
		bool kept = stays(k->o->option, w.w[i].pos, s);

		count(&k->count, &w.w[i], (struct str){ text.p + w.w[i].off, w.w[i].len },
		      s, kept);
		if (kept)
			put_known(k, &l[w.w[i].lemma], &known, s);
	}
	mem_free(known.id);
	arena_close(&a);
}

static void encode(struct tokens_work *t, struct str text, struct ids *out)
{
	struct lemma_work *k = t->own;

	while (text.n) {
		struct str piece = { text.p, fold_piece(text) };

		k->atoms.n = 0;
		encode_piece(k, piece);
		fold_path(k->o, &k->path, out, k->atoms.id, k->atoms.n);
		text.p += piece.n;
		text.n -= piece.n;
	}
}

static void write_atom(const struct fold *o, uint32_t id, struct buf *out, size_t from)
{
	const struct atom *a = &o->atom[id];

	if ((a->kind == ATOM_LEX || a->kind == ATOM_WORD) && out->n > from)
		buf_char(out, ' ');
	if (a->kind == ATOM_LEX)
		cyr_utf8(out, a->base, a->n_base);
	else if (a->kind == ATOM_RUNE)
		buf_rune(out, a->rune);
	else if (a->kind == ATOM_BYTE)
		buf_char(out, (char)id);
}

static enum status decode(struct tokens_work *t, const uint32_t *id, size_t n,
                          struct buf *out, struct err *e)
{
	const struct fold *o = ((const struct lemma_work *)t->own)->o;
	uint32_t atom[FOLD_SPAN];
	size_t from = out->n;

	for (size_t i = 0; i < n; i++) {
		if (id[i] >= o->n_atom + o->n_pair)
			return err_set(e, ERR_FORMAT,
			               "token %zu is %u, the vocabulary ends at %u", i,
			               id[i], o->n_atom + o->n_pair);
		size_t m = fold_expand(o, id[i], atom);

		for (size_t k = 0; k < m; k++)
			write_atom(o, atom[k], out, from);
	}
	return OK;
}

struct lemma_count lemma_counts(const struct tokens_work *k)
{
	return ((const struct lemma_work *)k->own)->count;
}

const struct scheme scheme_lemma = {
	.id = TOKENS_LEMMA,
	.name = "lemma",
	.needs_dict = true,
	.train = train,
	.ready = fold_ready,
	.close = fold_close,
	.work_open = work_open,
	.work_close = work_close,
	.encode = encode,
	.decode = decode,
};
