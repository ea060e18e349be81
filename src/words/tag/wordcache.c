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
#include "words/tag/wordcache.h"
#include "words/tag/tagfeat.h"

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

static bool is_word(const uint8_t *key)
{
	return key[0] == 'w' || key[0] == 'a';
}

/* A candidate before it is told as a tag: its readings may stand for several. */
static void push(struct word_cache *c, struct cread r)
{
	VEC_PUSH(c->r, c->n_r, c->cap_r) = r;
}

static void push_tag(struct word_cache *c, int pos, int upos, struct str lemma, int more)
{
	push(c, (struct cread){ .lemma = intern(c, pos, lemma), .pos = (uint8_t)pos,
	                        .tag = UD_IS(POS, upos), .more = (uint8_t)more });
}

/* вести, not вестись, is the lemma of a passive ведётся. */
static bool passive_of_self(uint32_t tag, const struct cell *x)
{
	return UD_GET(tag, VOICE) == UV_PASS && x->n_lemma > 4 &&
	       !memcmp(x->lemma + x->n_lemma - 2, "\xF1\xFF", 2);
}

static void push_cell(struct word_cache *c, const struct cell *x, struct str head,
                      const uint8_t *form, size_t n)
{
	uint32_t tag[UD_TAGS_MAX];
	const struct tag *t = x->tag;
	int m = ud_tags_of(tag, t->g, t->pos, t->mark, form, n, x->lemma, x->n_lemma);
	struct buf b = { 0 };

	for (int i = 0; i < m; i++) {
		bool self = passive_of_self(tag[i], x);

		b.n = 0;
		buf_str(&b, head);
		cyr_utf8(&b, x->lemma, x->n_lemma - (self ? 2u : 0u));
		push(c, (struct cread){
			.g = t->g, .lemma = intern(c, t->pos, buf_view(&b)), .tag = tag[i],
			.logp = x->w, .pos = t->pos, .unknown = x->unknown,
			.fixed = x->unknown && t->pos == POS_NOUN && !t->g.gcase,
			.more = t->mark & TAG_ABBR ? UDM_ABBR : t->mark & TAG_FIXED ? UDM_INDECL : 0,
		});
	}
	buf_free(&b);
}

/* A guessed noun that does not decline: КПРФ, Кити, сопрано. It may stand in any case. */
static void push_fixed(struct word_cache *c, const struct cell *x)
{
	struct buf b = { 0 };

	cyr_utf8(&b, x->lemma, x->n_lemma);
	for (unsigned k = UC_NOM; k <= UC_LOC; k++)
		for (unsigned how = 0; how < 6; how++) {
			unsigned gender = how < 3 ? how + UG_MASC : how < 5 ? how - 3 + UG_MASC : UG_NEUT;
			unsigned anim = how < 3 || how == 5 ? UA_INAN : UA_ANIM;
			uint32_t tag = UD_IS(POS, how == 5 ? UPOS_NOUN : UPOS_PROPN) | UD_IS(CASE, k) |
			               UD_IS(NUMBER, UN_SING) | UD_IS(GENDER, gender) | UD_IS(ANIM, anim);

			push(c, (struct cread){
				.g = ud_gram(tag), .lemma = intern(c, POS_NOUN, buf_view(&b)), .tag = tag,
				.logp = x->w, .pos = POS_NOUN, .unknown = 1, .fixed = 1, .more = UDM_INDECL,
			});
		}
	buf_free(&b);
}

static void read_form(struct word_cache *c, const uint8_t *form, size_t n)
{
	struct cell cell[CELLS_MAX];
	size_t m = dict_read(c->d, cell, form, n);

	for (size_t i = 0; i < m; i++) {
		const struct tag *t = cell[i].tag;

		if (cell[i].unknown && t->pos == POS_NOUN && !t->g.gcase)
			push_fixed(c, &cell[i]);
		else
			push_cell(c, &cell[i], S(""), form, n);
	}
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
		cell[i].unknown = 1;
		push_cell(c, &cell[i], (struct str){ s.p, cut }, form, n);
	}
	return m > 0;
}

/* What follows the digits of 90-х, 5-й, 2-го: the cases and numbers it may be. */
static int digit_end(uint32_t out[8], struct str s)
{
#define T(c, n, g) (UD_IS(CASE, UC_##c) | UD_IS(NUMBER, UN_##n) | UD_IS(GENDER, g))
	static const struct { const char *end; uint32_t t[6]; } row[] = {
		{ "-х", { T(GEN, PLUR, 0), T(LOC, PLUR, 0) } },
		{ "-е", { T(NOM, PLUR, 0), T(ACC, PLUR, 0) | UD_IS(ANIM, UA_INAN), T(NOM, SING, UG_NEUT) } },
		{ "-й", { T(NOM, SING, UG_MASC), T(ACC, SING, UG_MASC) | UD_IS(ANIM, UA_INAN),
		          T(GEN, SING, UG_FEM), T(LOC, SING, UG_FEM) } },
		{ "-го", { T(GEN, SING, UG_MASC), T(GEN, SING, UG_NEUT) } },
		{ "-му", { T(DAT, SING, UG_MASC), T(DAT, SING, UG_NEUT) } },
		{ "-м", { T(LOC, SING, UG_MASC), T(LOC, SING, UG_NEUT), T(DAT, PLUR, 0), T(INS, SING, UG_MASC) } },
		{ "-ми", { T(INS, PLUR, 0) } }, { "-я", { T(NOM, SING, UG_FEM) } },
		{ "-ю", { T(ACC, SING, UG_FEM) } },
	};
#undef T
	int n = 0;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		size_t k = strlen(row[i].end);

		if (s.n > k && !memcmp(s.p + s.n - k, row[i].end, k))
			for (n = 0; n < 6 && row[i].t[n]; n++)
				out[n] = row[i].t[n];
	}
	return n;
}

/* A number in digits may be a cardinal or an ordinal of any case. */
static void push_digits(struct word_cache *c, struct str s)
{
	uint32_t end[8];
	int n = digit_end(end, s);

	if (n) {
		char room[KEY_MAX + 4];
		size_t dash = s.n;

		while (s.p[dash - 1] != '-')
			dash--;
		memcpy(room, s.p, dash);
		memcpy(room + dash, "й", 2);
		for (int i = 0; i < n; i++) {
			push_tag(c, POS_DIGIT, UPOS_ADJ, (struct str){ room, dash + 2 }, 0);
			c->r[c->n_r - 1].tag |= end[i] | UD_IS(DEGREE, UD_POS_DEG);
		}
		return;
	}
	for (unsigned k = UC_NOM; k <= UC_LOC; k++) {
		uint32_t inan = k == UC_ACC ? UD_IS(ANIM, UA_INAN) : 0;

		push_tag(c, POS_DIGIT, UPOS_NUM, s, 0);
		c->r[c->n_r - 1].tag |= UD_IS(CASE, k) | inan;
		push_tag(c, POS_DIGIT, UPOS_ADJ, s, 0);
		c->r[c->n_r - 1].tag |= UD_IS(CASE, k) | UD_IS(NUMBER, UN_SING) | inan |
		                        UD_IS(GENDER, UG_MASC) | UD_IS(DEGREE, UD_POS_DEG);
	}
}

/* The key: 'w' ('a' where a point follows) and dictionary bytes, or the kind's letter and the bytes of the text. */
static size_t make_key(uint8_t key[KEY_MAX], const struct tok *t, struct str s)
{
	bool power = s.n > 2 && (uint8_t)s.p[s.n - 2] == 0xC2;	/* км² */
	size_t n = t->kind == TOK_WORD ?
	           form_bytes(key + 1, (struct str){ s.p, s.n - (power ? 2 : 0) }) : 0;

	if (n) {
		key[0] = t->dotted ? 'a' : 'w';
		return n + 1;
	}
	key[0] = t->loose ? 's' : (uint8_t)("xldpi"[t->kind]);
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

/* ---- finishing an entry ---------------------------------------------------------------- */

enum { RARE_SHARE = 200 };
#define RARE (1.0f / RARE_SHARE)
#define LISTED 0.03f		/* P of a reading that the lexicon adds */

static struct str lemma_of(const struct word_cache *c, const struct cread *r)
{
	return cache_lemma(c, r->lemma);
}

/* Equal but for ё written е. */
static bool same_fold(struct str a, struct str b)
{
	size_t i = 0, k = 0;

	while (i < a.n && k < b.n) {
		bool ya = i + 1 < a.n && !memcmp(a.p + i, "ё", 2);
		bool yb = k + 1 < b.n && !memcmp(b.p + k, "ё", 2);

		if (ya != yb) {
			if (memcmp(ya ? b.p + k : a.p + i, "е", 2))
				return false;
			i += 2;
			k += 2;
			continue;
		}
		if (a.p[i++] != b.p[k++])
			return false;
	}
	return i == a.n && k == b.n;
}

/* Readings that are one candidate add up; the grammar they do not share is not told. */
static size_t join_same(struct cread *r, size_t n)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < m && (r[k].tag != r[i].tag || r[k].lemma != r[i].lemma ||
		                 r[k].pos != r[i].pos))
			k++;
		if (k == m) {
			r[m++] = r[i];
			continue;
		}
		if (r[k].g.gcase != r[i].g.gcase && !ud_nominal(r[k].tag))
			r[k].g.gcase = 0;
		if (r[k].g.number != r[i].g.number && !UD_GET(r[k].tag, NUMBER))
			r[k].g.number = 0;
		if (r[k].g.gender != r[i].g.gender && !UD_GET(r[k].tag, GENDER) && r[k].pos != POS_NOUN)
			r[k].g.gender = 0;
		r[k].logp += r[i].logp;
		r[k].unknown &= r[i].unknown;
	}
	return m;
}

static struct gram gram_like(const struct cread *r, size_t n, uint32_t tag)
{
	struct gram g = ud_gram(tag);

	for (size_t i = 0; i < n; i++)
		if (r[i].pos == ud_our_pos(tag) && r[i].g.gcase == g.gcase &&
		    r[i].g.number == g.number)
			return r[i].g;
	return g;
}

/* Commas, points, dashes, quotes and brackets that close something are nothing else. */
static bool plain_mark(const struct tok *t)
{
	return t->kind == TOK_PUNCT && !t->loose && t->mark != MARK_OTHER && t->mark != MARK_SIGN;
}

/* What the lexicon knows of the form beside the dictionary. */
static void add_listed(struct word_cache *c, struct entry *e, const struct lexrow *row,
                       size_t n_row)
{
	for (size_t k = 0; k < n_row; k++) {
		if (!row[k].lemma.n)
			continue;
		struct cread *r = c->r + e->first;
		size_t n = c->n_r - e->first;
		struct cread x = {
			.tag = row[k].tag, .pos = (uint8_t)ud_our_pos(row[k].tag), .by_list = 1,
			.logp = LISTED, .more = row[k].more,
		};
		bool known = false;

		x.g = gram_like(r, n, x.tag);
		x.lemma = UINT32_MAX;
		for (size_t i = 0; i < n; i++) {
			if (!same_fold(lemma_of(c, &r[i]), row[k].lemma))
				continue;
			if (r[i].tag == row[k].tag) {
				r[i].by_list = 1;
				if (r[i].logp < LISTED)		/* however rare elsewhere */
					r[i].logp = LISTED;
				r[i].more |= row[k].more;
				known = true;
			} else if (r[i].pos == x.pos) {
				x.lemma = r[i].lemma;
			}
		}
		if (known || n >= CANDS_MAX)
			continue;
		if (x.lemma == UINT32_MAX) {
			struct str l = row[k].lemma;

			for (size_t i = 0; i < n; i++)
				if (same_fold(lemma_of(c, &r[i]), l))
					l = lemma_of(c, &r[i]);
			char room[KEY_MAX];

			l.n = l.n < sizeof room ? l.n : sizeof room;
			memcpy(room, l.p, l.n);
			x.lemma = intern(c, x.pos, (struct str){ room, l.n });
		}
		push(c, x);
	}
}

/* Readings that hardly ever occur go: against the likeliest of the form, and abbreviations
 * of few letters where no point follows. Of a common form only the parts of speech that the
 * lexicon has met stay. */
static size_t drop_rare(struct cread *r, size_t n, bool word, size_t letters, uint32_t only)
{
	bool word_unknown = n && r[0].unknown;
	float best = 0;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		best = r[i].logp > best ? r[i].logp : best;
	for (size_t i = 0; i < n; i++) {
		bool abbr = (r[i].more & UDM_ABBR) && word && letters <= 2 && !r[i].by_list;
		bool unmet = only && !(only >> UD_GET(r[i].tag, POS) & 1);

		if ((r[i].logp >= best * RARE || (r[i].fixed && word_unknown)) && !abbr && !unmet)
			r[m++] = r[i];
	}
	return m ? m : n;
}

/* Only a word with a capital is a proper noun, unless the dictionary has it as a name. */
static bool capital_only(const struct cread *r)
{
	return UD_GET(r->tag, POS) == UPOS_PROPN && !r->g.name && !r->by_list && !r->more;
}

static int cand_cmp(const struct cread *a, const struct cread *b)
{
	int ca = capital_only(a), cb = capital_only(b);

	if (ca != cb)
		return ca - cb;
	if (a->logp != b->logp)
		return a->logp > b->logp ? -1 : 1;
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}

static void sort_cands(struct cread *r, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct cread x = r[i];
		size_t k = i;

		for (; k > 0 && cand_cmp(&x, &r[k - 1]) < 0; k--)
			r[k] = r[k - 1];
		r[k] = x;
	}
}

/* Numbers are told apart by their look alone: 1..31, years, digits by count, what else is in
 * them; Latin words and addresses by their first sign. */
static uint32_t look_hash(const struct entry *e, const uint8_t *key)
{
	uint8_t p[16] = { key[0] };
	size_t n = 1;

	if (key[0] == 'i')
		return (uint32_t)hash64(p, 1, 5);
	if (key[0] == 'l' && e->n_key > 1) {
		p[1] = key[1] == '@' || key[1] == '#' ? key[1] : 'l';
		return (uint32_t)hash64(p, 2, 5);
	}
	if (key[0] != 'd')
		return (uint32_t)e->hash;
	for (size_t i = 1; i < e->n_key && n < sizeof p; i++)
		p[n++] = key[i] >= '0' && key[i] <= '9' ? '0' : key[i] >= 'A' && key[i] <= 'Z' ? 'X' : key[i];
	if (n == 3 && p[1] == '0' && p[2] == '0' && (key[1] < '3' || (key[1] == '3' && key[2] < '2')))
		p[2] = p[1] = 'D';
	if (n == 5 && !memcmp(p + 1, "0000", 4) && (key[1] == '1' || key[1] == '2'))
		p[1] = 'Y';
	return (uint32_t)hash64(p, p[1] == 'X' ? 2 : n, 5);
}

static struct look_at look_of(const struct word_cache *c, const struct entry *e,
                              const struct tok *t)
{
	const struct cread *r = c->r + e->first;
	const uint8_t *key = (const uint8_t *)c->keys.p + e->key;
	size_t k = e->n_key < 4 ? e->n_key : 4;
	struct look_at at = { .form = look_hash(e, key), .mark = t->mark, .verb = r[0].tag,
	                      .prep = (uint32_t)e->hash, .lemma = r[0].lemma_hash };

	at.end3 = (uint32_t)hash64(key + e->n_key - k, k, 3);
	for (int i = 0; i < e->n_small; i++) {
		unsigned p = UD_GET(r[i].tag, POS);

		at.klass += mix32(r[i].p[P_MID] + 7);
		if (!(p == UPOS_VERB || p == UPOS_AUX) || UD_GET(r[i].tag, FORM) != UF_FIN)
			at.verb = 0;
		if (p != UPOS_ADP)
			at.prep = 0;
		if (p == UPOS_ADJ || p == UPOS_DET || p == UPOS_NUM ||
		    UD_GET(r[i].tag, FORM) == UF_PART)
			at.nominal = 1;
	}
	return at;
}

size_t cache_still(uint32_t ix[FEATS_MAX], const struct word_cache *c, const struct entry *e,
                   int k)
{
	const uint8_t *key = (const uint8_t *)c->keys.p + e->key;
	uint32_t ends[5];
	int n = 0;

	for (size_t len = 1; len <= 5 && is_word(key) && len < e->n_key; len++)
		ends[n++] = (uint32_t)hash64(key + e->n_key - len, len, len);
	return still_features(ix, &e->at, ends, n, &c->r[e->first + (uint32_t)k]);
}

static void score_still(struct word_cache *c, const struct entry *e, const int16_t *w)
{
	uint32_t ix[FEATS_MAX];

	for (int k = 0; k < e->n; k++) {
		size_t m = cache_still(ix, c, e, k);
		int32_t sum = 0;

		while (m-- > 0)
			sum += w[ix[m]];
		c->r[e->first + (uint32_t)k].base = sum;
	}
}

void cache_rescore(struct word_cache *c, const int16_t *w)
{
	for (size_t i = 0; i < c->n_e; i++)
		score_still(c, &c->e[i], w);
}

/* The lexicon's key: the cache's own with ё as е. */
static uint64_t list_key(const uint8_t *key, size_t n)
{
	uint8_t k[KEY_MAX];

	memcpy(k, key, n);
	if (is_word(key))
		k[0] = 'w';
	for (size_t i = 1; i < n && is_word(key); i++)
		k[i] = k[i] == CYR_IO ? CYR_IE : k[i];
	return hash64(k, n, 1);
}

uint64_t cache_key_of(struct str form)
{
	struct toks toks = { 0 };
	uint8_t key[KEY_MAX];
	uint64_t h = 0;

	tok_cut(&toks, form, 0, (uint32_t)form.n);
	if (toks.n == 1)
		h = list_key(key, make_key(key, &toks.t[0], form));
	mem_free(toks.t);
	return h;
}

/* The number of a tag. Tags come from the dictionary's own (some 800) and the lexicon, both
 * fixed, so their number is bounded whatever the text. */
static uint16_t tid_of(struct word_cache *c, uint32_t tag)
{
	size_t at = mix32(tag) & (4 * TIDS_MAX - 1);

	for (; c->tid_slot[at]; at = (at + 1) & (4 * TIDS_MAX - 1))
		if (c->tag_of[c->tid_slot[at]] == tag)
			return c->tid_slot[at];
	must(c->n_tid + 1 < TIDS_MAX);
	c->tid_slot[at] = (uint16_t)++c->n_tid;
	c->tag_of[c->n_tid] = tag;
	return (uint16_t)c->n_tid;
}

static void finish(struct word_cache *c, struct entry *e, const struct tok *t)
{
	size_t n_row, n;
	const struct lexrow *row = weights_lex(c->d->ctx,
	                                       list_key((const uint8_t *)c->keys.p + e->key, e->n_key),
	                                       &n_row);

	n = join_same(c->r + e->first, c->n_r - e->first);
	c->n_r = e->first + (n < CANDS_MAX ? n : CANDS_MAX);
	if (plain_mark(t))
		n_row = 0;
	add_listed(c, e, row, n_row);
	n = drop_rare(c->r + e->first, c->n_r - e->first, c->keys.p[e->key] == 'w', e->n_key - 1,
	              n_row ? row[0].only : 0);
	c->n_r = e->first + n;
	sort_cands(c->r + e->first, n);
	e->n = (uint8_t)n;
	e->n_small = 0;
	for (size_t i = 0; i < n; i++) {
		struct cread *r = &c->r[e->first + i];

		r->logp = logf(r->logp + 1e-6f);
		r->lemma_hash = is_word((const uint8_t *)c->keys.p + e->key) ?
		                (uint32_t)str_hash(lemma_of(c, r)) :
		                look_hash(e, (const uint8_t *)c->keys.p + e->key);
		cread_views(r);
		r->tid = tid_of(c, r->tag);
		e->n_small += !capital_only(r);
	}
	if (!e->n_small)
		e->n_small = e->n;
	e->at = look_of(c, e, t);
	score_still(c, e, c->d->ctx->w);
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
		bool sign = t->mark == MARK_SIGN;

		push_tag(c, sign ? POS_OTHER : POS_PUNCT, sign ? UPOS_SYM : UPOS_PUNCT,
		         punct_lemma(t, s), 0);
	} else if (t->kind == TOK_LATIN) {
		push_tag(c, POS_LATIN, UPOS_X, lower(&a, s), UDM_FOREIGN);
		push_tag(c, POS_LATIN, UPOS_PROPN, lower(&a, s), UDM_FOREIGN);
	} else if (t->kind == TOK_DIGIT) {
		if (!read_number(c, s))
			push_digits(c, lower(&a, s));
	} else if (t->kind == TOK_INITIAL) {
		push_tag(c, POS_NOUN, UPOS_PROPN, lower(&a, s), UDM_ABBR);
		c->r[c->n_r - 1].tag |= UD_IS(ANIM, UA_ANIM);
		c->r[c->n_r - 1].g = (struct gram){ .anim = 1, .name = WNAME_GIVEN };
	} else if (is_word(key)) {
		read_form(c, key + 1, n - 1);
	} else {
		push_tag(c, POS_OTHER, UPOS_X, lower(&a, s), 0);
		c->r[c->n_r - 1].unknown = 1;
	}
	finish(c, &e, t);
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
	c->memo = mem_alloc(1, sizeof *c->memo);
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
	mem_free(c->work);
	mem_free(c->memo);
	mem_free(c);
}
