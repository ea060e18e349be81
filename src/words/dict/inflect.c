/* inflect.c - lexemes, slots and forms (see inflect.h).
 *
 *   in    the dictionary: paradigms and the graphs of forms and endings
 *   out   slot numbers beside every form of every paradigm; forms spelled; lexemes found
 *
 * Invariants: inflect_spell of what inflect_find returns is the form that was asked for, but for
 * ё where the form has е; every index into a paradigm is checked against its size.
 * Cost: opening walks all paradigms once (milliseconds); the rest is a walk over one word.
 */
#include <stdlib.h>
#include "words/dict/dict.h"
#include "words/dict/inflect.h"

enum { YO_STEPS = 2000, GUESSES_MAX = 12, GUESS_KEYS = 128, GUESS_LEN = 5 };

struct inflect {
	const struct dict *d;
	uint32_t *first;	/* [n_para + 1] into slot */
	uint16_t *slot;		/* of form k of paradigm p: slot[first[p] + k] */
	uint8_t *variant;	/* beside slot */
	uint8_t *flat;		/* [n_para] all forms are spelled alike */
	uint32_t *value;	/* [n_slot] packed, ascending */
	uint32_t n_slot;
	uint64_t print;
};

/* ---- slots ------------------------------------------------------------------------- */

/* The layout is pinned: files keep it. */
uint32_t slot_pack(struct slot s)
{
	return (uint32_t)s.g.gcase | (uint32_t)s.g.number << 4 |
	       (uint32_t)s.g.gender << 6 | (uint32_t)s.g.anim << 9 |
	       (uint32_t)s.g.tense << 11 | (uint32_t)s.g.person << 13 |
	       (uint32_t)s.g.mood << 15 | (uint32_t)s.g.voice << 17 |
	       (uint32_t)s.g.name << 19 | (uint32_t)s.g.shortf << 22 |
	       (uint32_t)(s.mark & 3) << 23 | (uint32_t)(s.kind & 7) << 25;
}

struct slot slot_unpack(uint32_t v)
{
	return (struct slot){
		.kind = v >> 25 & 7, .mark = v >> 23 & 3,
		.g = { .gcase = v & 15, .number = v >> 4 & 3, .gender = v >> 6 & 7,
		       .anim = v >> 9 & 3, .tense = v >> 11 & 3, .person = v >> 13 & 3,
		       .mood = v >> 15 & 3, .voice = v >> 17 & 3, .name = v >> 19 & 7,
		       .shortf = v >> 22 & 1 },
	};
}

static unsigned kind_of(const struct tag *t, const struct tag *t0)
{
	switch (t->pos) {
	case POS_PART: return SLOT_PART;
	case POS_GER: return SLOT_GER;
	case POS_INF: return SLOT_INF;
	case POS_ADJ: return t0->pos == POS_ADJ ? SLOT_PLAIN : SLOT_ORD;
	case POS_ADV: return t->mark & TAG_COMP ? SLOT_COMP : SLOT_ADV;
	default: return SLOT_PLAIN;
	}
}

/* What a form says beyond what its lexeme says: t0 is the tag of the first form. */
static uint32_t slot_value(const struct tag *t, const struct tag *t0)
{
	bool thing = t->pos == POS_NOUN || t->pos == POS_PRON;
	struct slot s = { .g = t->g };

	s.kind = (uint8_t)kind_of(t, t0);
	s.mark = (uint8_t)((t->mark & TAG_ALT ? 1 : 0) | (t->mark & TAG_BE ? 2 : 0));
	s.g.aspect = s.g.trans = 0;
	if (thing)
		s.g.anim = 0;
	if (thing && t->g.gender == t0->g.gender)
		s.g.gender = 0;
	if (thing && t->g.person == t0->g.person)
		s.g.person = 0;
	if (t->pos != POS_PART)
		s.g.voice = 0;
	if (t->g.name == t0->g.name)
		s.g.name = 0;
	return slot_pack(s);
}

const char *slot_name(uint32_t v, char *buf, size_t n)
{
	static const char *const kind[8] = { "",     "part", "gerund", "inf",
		                             "comp", "ord",  "adv",    "" };
	struct slot s = slot_unpack(v);
	char g[160];
	size_t at = 0;

	gram_name(s.g, g, sizeof g);
	must(n > 0);
	buf[0] = '\0';
	for (int i = 0; i < 4; i++) {
		const char *part = i == 0   ? kind[s.kind]
		                   : i == 1 ? g
		                   : i == 2 ? (s.mark & 1 ? "alt" : "")
		                            : (s.mark & 2 ? "ье" : "");

		if (*part && at < n)
			at += (size_t)snprintf(buf + at, n - at, "%s%s", at ? "," : "",
			                       part);
	}
	if (!at)
		snprintf(buf, n, "base");
	return buf;
}

/* ---- opening ----------------------------------------------------------------------- */

static uint32_t size_of(const struct dict *d, uint32_t para)
{
	return (d->para_first[para + 1] - d->para_first[para]) / 3;
}

static const struct tag *tag_of(const struct dict *d, uint32_t para, uint32_t k)
{
	return &d->tag[d->para[d->para_first[para] + size_of(d, para) + k]];
}

static bool all_alike(const struct dict *d, uint32_t para)
{
	const uint16_t *v = d->para + d->para_first[para];
	uint32_t m = size_of(d, para);

	for (uint32_t k = 1; k < m; k++)
		if (v[k] != v[0] || v[2 * m + k] != v[2 * m])
			return false;
	return true;
}

/* Keeps v[0..*n) ascending and without doubles. */
static void insert(uint32_t **v, uint32_t *n, size_t *cap, uint32_t x)
{
	size_t at = *n, len = *n;

	VEC_PUSH(*v, len, *cap) = x;
	*n = (uint32_t)len;
	for (; at && (*v)[at - 1] > x; at--)
		(*v)[at] = (*v)[at - 1];
	(*v)[at] = x;
}

static void number_slots(struct inflect *f, const uint32_t *packed, size_t n)
{
	size_t cap = 0;
	uint16_t at = 0;

	for (size_t i = 0; i < n; i++)	/* a few hundred differ */
		if (!f->n_slot || !inflect_slot_find(f, packed[i], &at))
			insert(&f->value, &f->n_slot, &cap, packed[i]);
	must(f->n_slot < UINT16_MAX);
	for (size_t i = 0; i < n; i++)
		must(inflect_slot_find(f, packed[i], &f->slot[i]));
}

/* How many earlier forms of the paradigm have the same slot. */
static void number_variants(struct inflect *f)
{
	uint8_t *met = mem_alloc((size_t)f->n_slot + 1, 1);

	for (uint32_t p = 0; p < f->d->n_para; p++) {
		for (uint32_t k = f->first[p]; k < f->first[p + 1]; k++) {
			uint8_t *m = &met[f->slot[k]];

			f->variant[k] = *m;
			*m += *m < 255;
		}
		for (uint32_t k = f->first[p]; k < f->first[p + 1]; k++)
			met[f->slot[k]] = 0;
	}
	mem_free(met);
}

static uint64_t fingerprint(const struct dict *d, const uint32_t *packed, size_t n)
{
	uint64_t h = hash64(d->words.unit, (size_t)d->words.n * 4, 3);

	for (int i = 0; i < 3; i++)
		h = hash64(d->ends[i].unit, (size_t)d->ends[i].n * 4, h);
	h = hash64(d->para_first, ((size_t)d->n_para + 1) * 4, h);
	h = hash64(d->para, (size_t)d->para_first[d->n_para] * 2, h);
	h = hash64(d->suffix.first, ((size_t)d->suffix.n + 1) * 4, h);
	h = hash64(d->suffix.byte, d->suffix.first[d->suffix.n], h);
	return hash64(packed, n * 4, h);
}

struct inflect *inflect_open(const struct dict *d)
{
	struct inflect *f = mem_alloc(1, sizeof *f);
	size_t n = d->para_first[d->n_para] / 3;
	uint32_t *packed = mem_alloc(n + 1, sizeof *packed);

	f->d = d;
	f->first = mem_alloc((size_t)d->n_para + 1, sizeof *f->first);
	f->flat = mem_alloc((size_t)d->n_para + 1, 1);
	f->slot = mem_alloc(n + 1, sizeof *f->slot);
	f->variant = mem_alloc(n + 1, 1);
	for (uint32_t p = 0; p < d->n_para; p++) {
		uint32_t m = size_of(d, p);

		f->first[p + 1] = f->first[p] + m;
		f->flat[p] = all_alike(d, p);
		for (uint32_t k = 0; k < m; k++)
			packed[f->first[p] + k] =
			        slot_value(tag_of(d, p, k), tag_of(d, p, 0));
	}
	number_slots(f, packed, n);
	number_variants(f);
	f->print = fingerprint(d, packed, n);
	mem_free(packed);
	return f;
}

void inflect_close(struct inflect *f)
{
	if (!f)
		return;
	mem_free(f->first);
	mem_free(f->flat);
	mem_free(f->slot);
	mem_free(f->variant);
	mem_free(f->value);
	mem_free(f);
}

uint64_t inflect_fingerprint(const struct inflect *f) { return f->print; }
uint32_t inflect_slots(const struct inflect *f) { return f->n_slot; }
uint32_t inflect_slot(const struct inflect *f, uint32_t i) { return f->value[i]; }

bool inflect_slot_find(const struct inflect *f, uint32_t packed, uint16_t *i)
{
	const uint32_t *hit = bsearch(&packed, f->value, f->n_slot, sizeof *hit, u32_cmp);

	if (hit)
		*i = (uint16_t)(hit - f->value);
	return hit != NULL;
}

/* ---- one paradigm ------------------------------------------------------------------ */

uint32_t inflect_size(const struct inflect *f, uint32_t para)
{
	return para < f->d->n_para ? size_of(f->d, para) : 1;
}

uint16_t inflect_slot_of(const struct inflect *f, uint32_t para, uint32_t k)
{
	must(para < f->d->n_para && k < size_of(f->d, para));
	return f->slot[f->first[para] + k];
}

const struct tag *inflect_tag(const struct inflect *f, uint32_t para, uint32_t k)
{
	must(para < f->d->n_para && k < size_of(f->d, para));
	return tag_of(f->d, para, k);
}

int inflect_pick(const struct inflect *f, uint32_t para, uint16_t slot, unsigned variant)
{
	if (para >= f->d->n_para)
		return -1;
	const uint16_t *s = f->slot + f->first[para];
	uint32_t m = size_of(f->d, para);

	for (uint32_t k = 0; k < m; k++)
		if (s[k] == slot && variant-- == 0)
			return (int)k;
	return -1;
}

/* The prefix and the ending of a form. */
struct parts { struct prefix head, tail; };

static struct parts parts_of(const struct inflect *f, uint32_t para, uint32_t k)
{
	const struct dict *d = f->d;
	const uint16_t *v = d->para + d->para_first[para];
	const uint32_t *first = d->suffix.first + v[k];

	return (struct parts){
		dict_prefix[v[2 * size_of(d, para) + k]],
		{ (const char *)d->suffix.byte + first[0], first[1] - first[0] },
	};
}

static bool fits(struct parts p, const uint8_t *form, size_t n)
{
	return p.head.n + p.tail.n <= n && !memcmp(form, p.head.p, p.head.n) &&
	       !memcmp(form + n - p.tail.n, p.tail.p, p.tail.n);
}

bool inflect_fits(const struct inflect *f, uint32_t para, const uint8_t *base, size_t n)
{
	return para == PARA_NONE ||
	       (para < f->d->n_para && fits(parts_of(f, para, 0), base, n));
}

/* Changes the parts of form `from` for those of form `to`; 0 when it does not fit. */
static size_t change(const struct inflect *f, uint8_t *out, size_t cap, uint32_t para,
                     uint32_t from, uint32_t to, const uint8_t *form, size_t n)
{
	struct parts a = parts_of(f, para, from), b = parts_of(f, para, to);

	if (!fits(a, form, n))
		return 0;
	size_t stem = n - a.head.n - a.tail.n;

	if (b.head.n + stem + b.tail.n > cap)
		return 0;
	memcpy(out, b.head.p, b.head.n);
	memcpy(out + b.head.n, form + a.head.n, stem);
	memcpy(out + b.head.n + stem, b.tail.p, b.tail.n);
	return b.head.n + stem + b.tail.n;
}

size_t inflect_spell(const struct inflect *f, uint8_t out[INFLECTED_MAX], uint32_t para,
                     uint32_t k, const uint8_t *base, size_t n)
{
	if (para >= f->d->n_para) {
		n = n < INFLECTED_MAX ? n : INFLECTED_MAX;
		memcpy(out, base, n);
		return n;
	}
	must(k < size_of(f->d, para));
	return change(f, out, INFLECTED_MAX, para, 0, k, base, n);
}

/* ---- from a form to its lexemes ---------------------------------------------------- */

struct seek {
	const struct inflect *f;
	struct inflection *out;
	size_t n_out, cap, n;
	int budget;
	uint8_t form[FORM_MAX];
	bool guessed;
};

static bool known_already(const struct seek *s, const struct inflection *x)
{
	for (size_t i = 0; i < s->n_out; i++) {
		const struct inflection *o = &s->out[i];

		if (o->para == x->para && o->slot == x->slot &&
		    o->tag->pos == x->tag->pos && o->n_base == x->n_base &&
		    !memcmp(o->base, x->base, x->n_base))
			return true;
	}
	return false;
}

/* Form k of a paradigm is s->form: one more way to understand it. */
static void take(struct seek *s, uint32_t para, uint32_t k)
{
	const struct inflect *f = s->f;

	if (s->n_out == s->cap || para >= f->d->n_para || k >= size_of(f->d, para))
		return;
	struct inflection *x = &s->out[s->n_out];
	size_t n = change(f, x->base, sizeof x->base, para, k, 0, s->form, s->n);

	if (!n)
		return;
	x->n_base = (uint8_t)n;
	x->para = f->flat[para] ? PARA_NONE : para;
	x->k = f->flat[para] ? 0 : (uint16_t)k;
	x->tag = tag_of(f->d, para, k);
	x->slot = f->slot[f->first[para] + k];
	x->variant = f->flat[para] ? 0 : f->variant[f->first[para] + k];
	x->guessed = s->guessed;
	if (!known_already(s, x))
		s->n_out++;
}

static void collect(struct seek *s, uint32_t node)
{
	uint8_t key[INFLECTIONS_MAX][DAWG_DEPTH];
	size_t n;

	node = dawg_step(&s->f->d->words, node, 1);
	if (node == DAWG_NONE)
		return;
	n = dawg_below(&s->f->d->words, node, 4, key, INFLECTIONS_MAX);
	for (size_t i = 0; i < n; i++)
		take(s, (uint32_t)(key[i][0] ^ 1) << 6 | key[i][1] >> 1,
		     (uint32_t)(key[i][2] ^ 1) << 6 | key[i][3] >> 1);
}

/* Walks on from letter i; е is tried as itself and as ё (as readings.c does). */
static void walk_on(struct seek *s, uint32_t node, size_t i)
{
	const struct dawg *g = &s->f->d->words;

	for (; i < s->n; i++) {
		if (s->budget-- <= 0)
			return;
		if (s->form[i] == CYR_IE) {
			uint32_t yo = dawg_step(g, node, CYR_IO);

			if (yo != DAWG_NONE) {
				s->form[i] = CYR_IO;
				walk_on(s, yo, i + 1);
				s->form[i] = CYR_IE;
			}
		}
		node = dawg_step(g, node, s->form[i]);
		if (node == DAWG_NONE)
			return;
	}
	collect(s, node);
}

/* Lexemes of known words with the same last letters, the longest ending that any has, those of
 * most words first. */
static void guess(struct seek *s, int which, size_t len)
{
	const struct dawg *g = &s->f->d->ends[which];
	uint8_t key[GUESS_KEYS][DAWG_DEPTH];
	uint32_t node = dawg_walk(g, DAWG_ROOT, s->form + s->n - len, len),
	         used[GUESSES_MAX];
	size_t n, n_used = 0;

	if (node == DAWG_NONE || (node = dawg_step(g, node, 1)) == DAWG_NONE)
		return;
	n = dawg_below(g, node, 6, key, GUESS_KEYS);
	for (; n_used < GUESSES_MAX; n_used++) {
		uint32_t best = 0, at = 0;

		for (uint32_t i = 0; i < n; i++) {
			uint32_t count = (uint32_t)(key[i][0] ^ 1) << 6 | key[i][1] >> 1;
			bool done = false;

			for (size_t u = 0; u < n_used; u++)
				done |= used[u] == i;
			if (!done && count > best) {
				best = count;
				at = i;
			}
		}
		if (!best)
			return;
		used[n_used] = at;
		uint32_t para = (uint32_t)(key[at][2] ^ 1) << 6 | key[at][3] >> 1;
		uint32_t k = (uint32_t)(key[at][4] ^ 1) << 6 | key[at][5] >> 1;

		if (para < s->f->d->n_para && k < size_of(s->f->d, para) &&
		    !(tag_of(s->f->d, para, k)->mark & (TAG_CLOSED | TAG_ABBR)))
			take(s, para, k);
	}
}

size_t inflect_find(const struct inflect *f, struct inflection *out, size_t cap,
                    const uint8_t *form, size_t n)
{
	struct seek s = { .f = f, .out = out, .cap = cap, .n = n, .budget = YO_STEPS };

	if (!n || n > FORM_MAX)
		return 0;
	memcpy(s.form, form, n);
	walk_on(&s, DAWG_ROOT, 0);
	if (s.n_out || memchr(form, '-', n))
		return s.n_out;
	s.guessed = true;
	for (size_t len = GUESS_LEN; len >= 2 && !s.n_out; len--)
		for (int which = 0; which < 3; which++) {
			struct prefix head = dict_prefix[which];

			if (n > head.n + len && !memcmp(form, head.p, head.n))
				guess(&s, which, len);
		}
	return s.n_out;
}
