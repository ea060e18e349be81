/* fold_read.c - from bytes to items: every word with the lexeme and form it is read as.
 *
 *   in    any bytes
 *   out   words and marks in order; what stands between them is left to the coder
 *
 * The text is cut into paragraphs at line ends, the text room cuts sentences, words_read reads them
 * in context. Each spelling is looked up once: which lexemes it may be of, each checked to spell it
 * to the byte. The tagger's reading chooses among them; where the tagger's lexeme has no atom,
 * another of the same part of speech will do.
 *
 * Invariants: items do not overlap and are in order; offsets are of the bytes given. Time is linear:
 * paragraphs are cut at PARAGRAPH_MAX, pieces at PIECE_MAX.
 */
#include "words/dict/dict.h"
#include "words/fold/fold.h"

enum {
	PIECE_MAX = 1 << 20,
	PARAGRAPH_MAX = 8192,
	SURFACE_MAX = 250,
	SEEN_MAX = 300000,
	CANDS = 24
};

struct cand {
	uint32_t lex;
	uint64_t lemma;		/* hash of the lemma as words_read names it; 0 unknown */
	struct gram g;
	uint16_t slot;
	uint8_t variant, k, yo, pos;
};
struct seen {		/* a spelling that was met */
	uint64_t hash;
	uint32_t first;	/* of its candidates */
	uint8_t n, caps;
};
struct fold_reader {
	const struct inflect *f;
	const struct dict *d;
	const struct fold *fold;
	struct word_cache *cache;
	struct cand *cand;
	size_t n_cand, cap_cand;
	struct seen *seen;	/* open addressing; hash 0 is empty */
	size_t n_seen, n_slot;
	struct strtab key;	/* base bytes, then the paradigm */
	uint32_t *atom;		/* [key.n] */
	size_t n_atom, cap_atom;
	struct inflection *found;
	struct buf low, form;
};

struct fold_reader *fold_reader_open(const struct inflect *f, const struct dict *d,
                                     const struct fold *fold)
{
	struct fold_reader *r = mem_alloc(1, sizeof *r);

	r->f = f;
	r->d = d;
	r->fold = fold;
	r->cache = word_cache_open(d);
	r->n_slot = 1 << 14;
	r->seen = mem_alloc(r->n_slot, sizeof *r->seen);
	r->key = strtab_open("lexemes");
	r->found = mem_alloc(INFLECTIONS_MAX, sizeof *r->found);
	return r;
}

void fold_reader_close(struct fold_reader *r)
{
	if (!r)
		return;
	word_cache_close(r->cache);
	strtab_close(&r->key);
	mem_free(r->cand);
	mem_free(r->seen);
	mem_free(r->atom);
	mem_free(r->found);
	buf_free(&r->low);
	buf_free(&r->form);
	mem_free(r);
}

size_t fold_handles(const struct fold_reader *r) { return r->key.n; }

void fold_handle(const struct fold_reader *r, uint32_t lex, struct str *base,
                 uint32_t *para)
{
	struct str s = r->key.s[lex];

	*base = (struct str){ s.p, s.n - 4 };
	memcpy(para, s.p + s.n - 4, 4);
}

uint32_t fold_handle_atom(const struct fold_reader *r, uint32_t lex)
{
	return lex == NO_LEX ? NO_ATOM : r->atom[lex];
}

void fold_reader_bind(struct fold_reader *r, const struct fold *fold)
{
	r->fold = fold;
	for (size_t i = 0; i < r->n_atom; i++) {
		struct str base;
		uint32_t para;

		fold_handle(r, (uint32_t)i, &base, &para);
		r->atom[i] = fold_lex_find(fold, (const uint8_t *)base.p, base.n, para);
	}
}

/* ---- a spelling seen for the first time -------------------------------------------- */

static uint32_t handle_of(struct fold_reader *r, const struct inflection *x)
{
	char key[FORM_MAX + 64 + 4];
	uint32_t h;

	memcpy(key, x->base, x->n_base);
	memcpy(key + x->n_base, &x->para, 4);
	h = strtab_add(&r->key, (struct str){ key, x->n_base + 4u });
	if (h == r->n_atom)
		VEC_PUSH(r->atom, r->n_atom, r->cap_atom) = r->fold ?
			fold_lex_find(r->fold, x->base, x->n_base, x->para) : NO_ATOM;
	return h;
}

/* The lemma that the tagger would name for this reading. */
static uint64_t lemma_hash(struct fold_reader *r, const struct inflection *x,
                           const uint8_t *form, size_t n)
{
	struct cell c = { .n_lemma = 0 };

	if (x->para == PARA_NONE || !dict_cell(r->d, &c, x->para, x->k, form, n)) {
		memcpy(c.lemma, x->base, x->n_base);
		c.n_lemma = x->n_base;
	}
	r->form.n = 0;
	cyr_utf8(&r->form, c.lemma, c.n_lemma);
	return str_hash(buf_view(&r->form));
}

/* Does the lexeme spell the word? 0 no, 1 as the dictionary has it, 2 with its ё. е for ё is 1. */
static int spells(struct fold_reader *r, const struct inflection *x, uint8_t *form,
                  size_t *n)
{
	uint8_t bytes[INFLECTED_MAX];
	struct str low = buf_view(&r->low);
	bool yo;

	*n = inflect_spell(r->f, bytes, x->para, x->k, x->base, x->n_base);
	if (!*n || *n > FORM_MAX)
		return 0;
	memcpy(form, bytes, *n);
	yo = memchr(bytes, CYR_IO, *n) != NULL;
	r->form.n = 0;
	cyr_utf8(&r->form, bytes, *n);
	if (str_eq(buf_view(&r->form), low))
		return yo ? 2 : 1;
	if (!yo)
		return 0;
	for (size_t i = 0; i < *n; i++)
		bytes[i] = bytes[i] == CYR_IO ? CYR_IE : bytes[i];
	r->form.n = 0;
	cyr_utf8(&r->form, bytes, *n);
	return str_eq(buf_view(&r->form), low);
}

static void add_cands(struct fold_reader *r, struct seen *s, struct str word)
{
	uint8_t form[FORM_MAX], as[FORM_MAX];
	size_t n = form_bytes(form, word), n_as;

	n = n ? inflect_find(r->f, r->found, INFLECTIONS_MAX, form, n) : 0;
	for (size_t i = 0; i < n && s->n < CANDS; i++) {
		const struct inflection *x = &r->found[i];
		int as_is = x->k < 255 ? spells(r, x, as, &n_as) : 0;

		if (!as_is)
			continue;
		VEC_PUSH(r->cand, r->n_cand, r->cap_cand) = (struct cand){
			.lex = handle_of(r, x),
			.g = x->tag->g,
			.slot = x->slot,
			.variant = x->variant,
			.k = (uint8_t)x->k,
			.yo = as_is == 2,
			.pos = x->tag->pos,
			.lemma = lemma_hash(r, x, as, n_as),
		};
		s->n++;
	}
}

/* Capitals of a word, and its small letters in r->low. What cannot be put back is MIXED. */
static enum item_caps caps_of(struct fold_reader *r, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	bool first = true, all_up = true, rest_low = true, first_up = false;
	int runes = 0;

	r->low.n = 0;
	while (p < end) {
		const char *from = p;
		uint32_t c = utf8_next(&p, end), low = rune_lower(c);
		char back[4];

		buf_rune(&r->low, low);
		if (utf8_put(back, low == c ? c : rune_upper(low)) != p - from ||
		    memcmp(back, from, (size_t)(p - from)))
			return CAPS_MIXED;
		if (low != c && first)
			first_up = true;
		else if (low != c)
			rest_low = false;
		else if (rune_upper(c) != c)
			all_up = false;
		first = false;
		runes++;
	}
	if (rest_low)
		return first_up ? CAPS_TITLE : CAPS_LOWER;
	return all_up && runes > 1 ? CAPS_UPPER : CAPS_MIXED;
}

/* Called between pieces. A coder needs no handle of an earlier piece; training keeps them all. */
static void forget(struct fold_reader *r)
{
	r->n_seen = r->n_cand = 0;
	memset(r->seen, 0, r->n_slot * sizeof *r->seen);
	if (!r->fold)
		return;
	strtab_close(&r->key);
	r->key = strtab_open("lexemes");
	r->n_atom = 0;
}

static void grow(struct fold_reader *r)
{
	struct seen *old = r->seen;
	size_t n = r->n_slot;

	r->n_slot *= 2;
	r->seen = mem_alloc(r->n_slot, sizeof *r->seen);
	for (size_t i = 0; i < n; i++) {
		size_t at = old[i].hash & (r->n_slot - 1);

		if (!old[i].hash)
			continue;
		while (r->seen[at].hash)
			at = (at + 1) & (r->n_slot - 1);
		r->seen[at] = old[i];
	}
	mem_free(old);
}

static struct seen look(struct fold_reader *r, struct str word)
{
	uint64_t hash = str_hash(word) | 1;
	size_t at = hash & (r->n_slot - 1);

	for (; r->seen[at].hash; at = (at + 1) & (r->n_slot - 1))
		if (r->seen[at].hash == hash)
			return r->seen[at];
	struct seen s = { .hash = hash, .first = (uint32_t)r->n_cand };

	s.caps = (uint8_t)caps_of(r, word);
	if (s.caps != CAPS_MIXED && word.n <= SURFACE_MAX)
		add_cands(r, &s, word);
	r->seen[at] = s;
	if (++r->n_seen * 2 > r->n_slot)
		grow(r);
	return s;
}

/* ---- the reading chosen ------------------------------------------------------------ */

/* Parts of speech that readers of one word may differ in: как, прошедший, один. */
static int kind(int pos)
{
	switch (pos) {
	case POS_PREP: case POS_CONJ: case POS_PRCL: case POS_INTJ: case POS_ADV: return 1;
	case POS_ADJ: case POS_APRO: case POS_PART: case POS_NUM: return 2;
	case POS_NOUN: case POS_PRON: return 3;
	case POS_VERB: case POS_INF: case POS_GER: return 4;
	default: return 0;
	}
}

/* How much two readings' grammar has in common; case and number weigh most. */
static int common(struct gram a, struct gram b)
{
	static const uint8_t as[16] = { [CASE_GEN2] = CASE_GEN, [CASE_LOC2] = CASE_LOC,
	                                [CASE_ACC2] = CASE_ACC };
	unsigned x = as[a.gcase] ? as[a.gcase] : a.gcase;
	unsigned y = as[b.gcase] ? as[b.gcase] : b.gcase;

	return 5 * (x == y) + (a.gcase == b.gcase) + 3 * (a.number == b.number) +
	       2 * (a.gender == b.gender) + 2 * (a.anim == b.anim) + 2 * (a.tense == b.tense) +
	       2 * (a.person == b.person) + 2 * (a.mood == b.mood) +
	       2 * (a.shortf == b.shortf) + 2 * (a.voice == b.voice);
}

enum { KIN = 64, IN_VOCABULARY = 256 };

/* How well a candidate is what the tagger says. */
static int score(const struct cand *c, const struct word *w, uint64_t lemma)
{
	int s = common(c->g, w->g);

	s += kind(c->pos) == kind(w->pos) ? KIN : 0;
	s += c->pos == w->pos ? 24 : 0;
	s += c->lemma == lemma ? 12 : 0;
	return s;
}

static void choose(const struct fold_reader *r, struct fold_item *it,
                   const struct seen *s, const struct word *w, uint64_t lemma)
{
	const struct cand *best = NULL;
	int top = -1;

	for (int i = 0; i < s->n; i++) {
		const struct cand *c = &r->cand[s->first + (uint32_t)i];
		int v = score(c, w, lemma);

		if (r->fold && r->atom[c->lex] && v >= KIN)
			v += IN_VOCABULARY;
		if (v > top) {
			top = v;
			best = c;
		}
	}
	if (!best)
		return;
	it->lex = best->lex;
	it->slot = best->slot;
	it->variant = best->variant;
	it->k = best->k;
	it->yo = best->yo;
}

static bool is_word(struct str s)
{
	const char *p = s.p;
	uint32_t c = utf8_next(&p, s.p + s.n);

	return (c >= '0' && c <= '9') || (c != 0xFFFD && rune_is_letter(c));
}

/* A run of points or hyphens is a mark each. */
static void marks(struct fold_items *out, uint32_t off, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *from = p;

		utf8_next(&p, end);
		VEC_PUSH(out->v, out->n, out->cap) = (struct fold_item){
			.off = off + (uint32_t)(from - s.p), .len = (uint32_t)(p - from),
			.lex = NO_LEX, .pos = POS_PUNCT };
	}
}

static void items(struct fold_reader *r, struct fold_items *out, const struct words *w,
                  struct str text)
{
	uint64_t *lemma = mem_alloc(w->n_lemma + 1, sizeof *lemma);

	for (size_t i = 0; i < w->n_lemma; i++)
		lemma[i] = str_hash(w->lemma[i].s);
	for (size_t i = 0; i < w->n; i++) {
		const struct word *x = &w->w[i];
		struct str s = { text.p + x->off, x->len };

		if (!is_word(s)) {
			marks(out, x->off, s);
			continue;
		}
		struct seen seen = look(r, s);
		struct fold_item it = { .off = x->off, .len = x->len, .lex = NO_LEX,
		                        .caps = seen.caps, .pos = x->pos, .word = 1 };

		choose(r, &it, &seen, x, lemma[x->lemma]);
		VEC_PUSH(out->v, out->n, out->cap) = it;
	}
	mem_free(lemma);
}

/* ---- from bytes to a book whose offsets are those of the bytes --------------------- */

static size_t cut_at(struct str text, size_t max)
{
	if (text.n <= max)
		return text.n;
	for (size_t n = max; n > max / 2; n--)
		if (text.p[n - 1] == '\n')
			return n;
	for (size_t n = max; n > max / 2; n--)
		if (text.p[n - 1] == ' ')
			return n;
	return max;
}

size_t fold_piece(struct str text)
{
	return cut_at(text, PIECE_MAX);
}

static void paragraphs(struct book *b, struct str text, struct arena *a)
{
	size_t cap = 0, at = 0;

	b->text = text;
	while (at < text.n) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t line = (nl ? (size_t)(nl - text.p) : text.n) - at;
		size_t n = cut_at((struct str){ text.p + at, line }, PARAGRAPH_MAX);

		if (n)
			VEC_PUSH(b->para, b->n_para, cap) = (struct para){
				.off = (uint32_t)at, .len = (uint32_t)n };
		at += n + (n == line);
	}
	text_split(b, a);
}

void fold_words(struct words *out, struct str text, struct word_cache *c, struct arena *a)
{
	struct book b = { 0 };

	paragraphs(&b, text, a);
	words_read(out, &b, c, a);
	mem_free(b.para);
}

void fold_read(struct fold_reader *r, struct fold_items *out, struct str text)
{
	struct arena a = arena_open("fold");
	struct words w;

	if (r->n_seen > SEEN_MAX)
		forget(r);
	fold_words(&w, text, r->cache, &a);
	items(r, out, &w, text);
	arena_close(&a);
}
