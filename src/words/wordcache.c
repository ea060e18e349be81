/* wordcache.c - remembers the readings of forms, so that a repeated word costs one look-up.
 *
 *   in    a token
 *   out   its entry: readings with tags and log-probabilities ready for choosing
 *
 * Invariants: an entry depends on the token's bytes alone, never on what came before, so a
 * warm and a cold cache give the same words; one thread owns a cache; its size is held
 * between books (ENTRIES_MAX).
 */
#include <math.h>
#include "words/wordcache.h"

enum { ENTRIES_MAX = 400000, SLOTS_FIRST = 1 << 14, KEY_MAX = 256 };

/* Lemmas of one spelling are one lemma when of one class: печь (stove) and печь (to bake)
 * are two, all forms of a verb are one. */
static char class_letter(int pos)
{
	switch (pos) {
	case POS_VERB: case POS_INF: case POS_PART: case POS_GER: return 'v';
	default: return (char)('A' + pos);
	}
}

static uint32_t intern(struct word_cache *c, int pos, struct str lemma)
{
	char room[4 * FORM_MAX + 4 * 64 + 1 + KEY_MAX];

	if (lemma.n > sizeof room - 1)
		lemma.n = sizeof room - 1;
	room[0] = class_letter(pos);
	memcpy(room + 1, lemma.p, lemma.n);
	return strtab_add(&c->lemma, (struct str){ room, lemma.n + 1 });
}

static struct cread *push(struct word_cache *c, struct cread r)
{
	cread_tags(c->d->ctx, &r);
	VEC_PUSH(c->r, c->n_r, c->cap_r) = r;
	return &c->r[c->n_r - 1];
}

static void push_one(struct word_cache *c, int pos, int slot, struct str lemma)
{
	push(c, (struct cread){ .lemma = intern(c, pos, lemma), .pos = (uint8_t)pos,
	                        .ptag = (uint8_t)slot });
}

static void read_form(struct word_cache *c, const uint8_t *form, size_t n)
{
	struct cell cell[CELLS_MAX];
	size_t m = dict_read(c->d, cell, form, n);
	struct buf b = { 0 };

	for (size_t i = 0; i < m; i++) {
		const struct tag *t = cell[i].tag;

		b.n = 0;
		cyr_utf8(&b, cell[i].lemma, cell[i].n_lemma);
		push(c, (struct cread){
			.g = t->g, .lemma = intern(c, t->pos, buf_view(&b)),
			.logp = logf(cell[i].w + 1e-6f), .pos = t->pos,
			.ptag = t->mark & TAG_COMP ? 1 : 0, .unknown = cell[i].unknown,
		});
	}
	buf_free(&b);
}

/* 20-летний, 100-рублёвка: read by the word after the hyphen. */
static bool read_number(struct word_cache *c, struct str s)
{
	struct cell cell[CELLS_MAX];
	uint8_t form[FORM_MAX];
	size_t cut = s.n, n, m;

	while (cut > 0 && s.p[cut - 1] != '-')
		cut--;
	n = cut ? form_bytes(form, (struct str){ s.p + cut, s.n - cut }) : 0;
	if (n < 4 || cut > 40)
		return false;
	m = dict_read(c->d, cell, form, n);
	for (size_t i = 0; i < m; i++) {
		struct buf b = { 0 };

		buf_add(&b, s.p, cut);
		cyr_utf8(&b, cell[i].lemma, cell[i].n_lemma);
		push(c, (struct cread){
			.g = cell[i].tag->g, .lemma = intern(c, cell[i].tag->pos, buf_view(&b)),
			.logp = logf(cell[i].w + 1e-6f), .pos = cell[i].tag->pos, .unknown = 1,
		});
		buf_free(&b);
	}
	return m > 0;
}

/* The key: 'w' and dictionary bytes, or the kind's letter and the bytes of the text. */
static size_t make_key(uint8_t key[KEY_MAX], const struct tok *t, struct str s)
{
	size_t n = t->kind == TOK_WORD ? form_bytes(key + 1, s) : 0;

	if (n) {
		key[0] = 'w';
		return n + 1;
	}
	key[0] = (uint8_t)("xldpi"[t->kind]);
	n = s.n < KEY_MAX - 1 ? s.n : KEY_MAX - 1;
	memcpy(key + 1, s.p, n);
	return n + 1;
}

static struct str punct_lemma(const struct tok *t, struct str s)
{
	if (t->mark == MARK_DASH)
		return S("—");
	if (t->mark == MARK_STOP && s.n > 1 && s.p[0] == '.')
		return S("…");
	return s;
}

static int punct_slot(const struct tok *t)
{
	static const uint8_t slot[] = {
		[MARK_NONE] = 0, [MARK_COMMA] = 1, [MARK_STOP] = 2, [MARK_DASH] = 3,
		[MARK_OPEN] = 4, [MARK_CLOSE] = 5, [MARK_QUOTE] = 5, [MARK_COLON] = 6,
		[MARK_OTHER] = 0, [MARK_SIGN] = 0,
	};

	return slot[t->mark];
}

/* Lower case of at most KEY_MAX bytes. */
static struct str lower(struct arena *a, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	struct buf b = { 0 };
	struct str r;

	while (p < end && b.n + 4 < KEY_MAX)
		buf_rune(&b, rune_lower(utf8_next(&p, end)));
	r = str_copy(a, buf_view(&b));
	buf_free(&b);
	return r;
}

/* The word's own features are found by its lower-case spelling. */
static uint16_t lex_of(const struct word_cache *c, const uint8_t *key, size_t n, struct str s)
{
	struct buf b = { 0 };
	uint16_t lex;

	if (key[0] != 'w')
		return weights_lex(c->d->ctx, s);
	cyr_utf8(&b, key + 1, n - 1);
	lex = weights_lex(c->d->ctx, buf_view(&b));
	buf_free(&b);
	return lex;
}

static uint32_t add(struct word_cache *c, const uint8_t *key, size_t n, uint64_t hash,
                    const struct tok *t, struct str s)
{
	struct arena a = arena_open("word");
	struct entry e = {
		.hash = hash, .key = (uint32_t)c->keys.n, .n_key = (uint32_t)n,
		.first = (uint32_t)c->n_r, .kind = t->kind,
	};

	buf_add(&c->keys, key, n);
	if (t->kind == TOK_PUNCT) {
		s = punct_lemma(t, s);
		push_one(c, t->mark == MARK_SIGN ? POS_OTHER : POS_PUNCT, punct_slot(t), s);
	} else if (t->kind == TOK_LATIN) {
		push_one(c, POS_LATIN, 0, lower(&a, s));
	} else if (t->kind == TOK_DIGIT) {
		if (!read_number(c, s))
			push_one(c, POS_DIGIT, 0, lower(&a, s));
	} else if (t->kind == TOK_INITIAL) {
		push(c, (struct cread){ .pos = POS_NOUN, .g = { .anim = 1, .name = WNAME_GIVEN },
		                        .lemma = intern(c, POS_NOUN, lower(&a, s)) });
	} else if (key[0] == 'w') {
		read_form(c, key + 1, n - 1);
	} else {
		push_one(c, POS_OTHER, 0, lower(&a, s));
		c->r[c->n_r - 1].unknown = 1;
	}
	e.n = (uint8_t)(c->n_r - e.first);
	e.lex = lex_of(c, key, n, s);
	arena_close(&a);
	VEC_PUSH(c->e, c->n_e, c->cap_e) = e;
	return (uint32_t)(c->n_e - 1);
}

static void rehash(struct word_cache *c, size_t n_slot)
{
	mem_free(c->slot);
	c->slot = mem_alloc(n_slot, sizeof *c->slot);
	c->n_slot = n_slot;
	for (size_t i = 0; i < c->n_e; i++) {
		size_t at = c->e[i].hash & (n_slot - 1);

		while (c->slot[at])
			at = (at + 1) & (n_slot - 1);
		c->slot[at] = (uint32_t)i + 1;
	}
}

uint32_t cache_entry(struct word_cache *c, const struct tok *t, struct str text)
{
	struct str s = { text.p + t->off, t->len };
	uint8_t key[KEY_MAX];
	size_t n = make_key(key, t, s);
	uint64_t hash = hash64(key, n, 0);
	size_t at = hash & (c->n_slot - 1);

	for (; c->slot[at]; at = (at + 1) & (c->n_slot - 1)) {
		const struct entry *e = &c->e[c->slot[at] - 1];

		if (e->hash == hash && e->n_key == n && !memcmp(c->keys.p + e->key, key, n))
			return c->slot[at] - 1;
	}
	uint32_t id = add(c, key, n, hash, t, s);

	c->slot[at] = id + 1;
	if (c->n_e * 2 > c->n_slot)
		rehash(c, c->n_slot * 2);
	return id;
}

void cache_trim(struct word_cache *c)
{
	if (c->n_e <= ENTRIES_MAX)
		return;
	c->n_e = c->n_r = 0;
	c->keys.n = 0;
	strtab_close(&c->lemma);
	c->lemma = strtab_open("word cache");
	rehash(c, SLOTS_FIRST);
}

struct word_cache *word_cache_open(const struct dict *d)
{
	struct word_cache *c = mem_alloc(1, sizeof *c);

	c->d = d;
	c->lemma = strtab_open("word cache");
	rehash(c, SLOTS_FIRST);
	return c;
}

void word_cache_close(struct word_cache *c)
{
	if (!c)
		return;
	strtab_close(&c->lemma);
	buf_free(&c->keys);
	mem_free(c->e);
	mem_free(c->r);
	mem_free(c->slot);
	mem_free(c->of_book);
	mem_free(c->toks.t);
	mem_free(c->cw);
	mem_free(c->pick);
	mem_free(c->back);
	mem_free(c);
}
