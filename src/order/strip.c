/* strip.c - a book's scenes as numbers: what models read instead of text.
 *
 *   in    a book, its words, its scenes
 *   out   bytes for the store; and back as struct strip
 *
 * Stems, names and style follow the shallow features of DESIGN.md (six-letter heads, five-letter
 * names, counts per 100 characters), so that the floors mean here what they mean there. Lemmas
 * and seam words are what the core reads beyond them.
 *
 * Invariants: the same book gives the same bytes; keys depend on nothing but the word; nothing
 * in a scene's numbers depends on where it stands or on its neighbours (scenes carry a place
 * on and know their position in a chapter: that would answer "which comes next" by itself).
 */
#include <stdlib.h>

#include "order/order.h"

enum { STRIP_MAGIC = 0x50525453 /* "STRP" */, STRIP_VERSION = 1, STEM_RUNES = 6, NAME_RUNES = 5 };
enum { LIMIT_STRIP_SCENES = 1 << 22 };

/* ---- gathering one scene's stems, names and style ---- */

struct gather {
	uint32_t *stem, *name;
	size_t n_stem, cap_stem, n_name, cap_name;
	uint32_t n_word, n_pron, n_first, n_past, n_latin, n_dash, n_quest, n_excl, n_ell, n_comma;
	uint32_t runes;
	bool opens_pronoun;
};

static bool any_of(struct str w, const char *list)	/* list: "|он|она|" */
{
	char probe[32];

	if (w.n + 3 > sizeof probe)
		return false;
	probe[0] = '|';
	memcpy(probe + 1, w.p, w.n);
	probe[w.n + 1] = '|';
	probe[w.n + 2] = 0;
	return strstr(list, probe) != NULL;
}

static const char PRONOUNS[] = "|он|она|они|его|её|ее|ему|ей|им|них|него|неё|нее|ним|ней|я|мне|меня|мой|";
static const char FIRST_PERSON[] = "|я|мне|меня|мы|мой|";

/* One word: w is its lower-cased first runes (at most STEM_RUNES), runes its full length. */
static void word_end(struct gather *g, struct str w, struct str head5, uint32_t runes, bool name)
{
	uint32_t key = lemma_key(w);

	VEC_PUSH(g->stem, g->n_stem, g->cap_stem) = key;
	if (name && runes >= 3)
		VEC_PUSH(g->name, g->n_name, g->cap_name) = lemma_key(head5);
	if (w.n <= 6) {			/* pronouns are of one to three letters */
		bool pron = any_of(w, PRONOUNS);

		g->n_pron += pron;
		g->n_first += any_of(w, FIRST_PERSON);
		if (g->n_word == 0)
			g->opens_pronoun = pron;
	}
	g->n_past += str_ends(w, S("л")) || str_ends(w, S("ла")) || str_ends(w, S("ли"));
	g->n_word++;
}

static bool russian(uint32_t low)
{
	return (low >= 0x430 && low <= 0x44F) || low == 0x451;
}

/* Walks the text once. A name is a capitalised word after ", ", "; ", ": ", "— " or a
 * lower-case letter and a space. */
static void gather_text(struct gather *g, struct str t)
{
	const char *p = t.p, *end = t.p + t.n;
	uint32_t before = 0, before2 = 0;	/* the rune before, and the one before it */
	char head[STEM_RUNES * 2];
	size_t n_head = 0, n_head5 = 0, dots = 0;
	uint32_t runes = 0;
	bool name = false;

	g->n_stem = g->n_name = 0;
	while (p < end) {
		uint32_t r = utf8_next(&p, end), low = rune_lower(r);
		bool letter = russian(low);

		if (letter) {
			if (!runes)
				name = r != low && before == ' ' &&
				       (before2 == ',' || before2 == ';' || before2 == ':' ||
				        before2 == 0x2014 || before2 == 0x2013 || russian(before2));
			if (runes < STEM_RUNES)
				n_head += (size_t)utf8_put(head + n_head, low);
			if (++runes == NAME_RUNES)
				n_head5 = n_head;
		} else if (runes) {
			word_end(g, (struct str){ head, n_head },
			         (struct str){ head, n_head5 ? n_head5 : n_head }, runes, name);
			runes = 0;
			n_head = n_head5 = 0;
		}
		g->runes++;
		g->n_dash += r == 0x2014 || r == 0x2013;
		g->n_quest += r == '?';
		g->n_excl += r == '!';
		g->n_comma += r == ',';
		dots = r == '.' ? dots + 1 : 0;
		g->n_ell += r == 0x2026 || dots == 3;
		g->n_latin += (low >= 'a' && low <= 'z');
		before2 = before;
		before = r;
	}
	if (runes)
		word_end(g, (struct str){ head, n_head }, (struct str){ head, n_head5 ? n_head5 : n_head },
		         runes, name);
}

static size_t distinct(uint32_t *v, size_t n)
{
	size_t k = 0;

	if (n)
		qsort(v, n, sizeof *v, u32_cmp);
	for (size_t i = 0; i < n; i++)
		if (!k || v[k - 1] != v[i])
			v[k++] = v[i];
	return k;
}

static bool dash_at(struct str t, size_t off)
{
	const char *p = t.p + off;

	if (off >= t.n)
		return false;
	return *p == '-' || utf8_next(&p, t.p + t.n) == 0x2014 || !memcmp(t.p + off, "\xE2\x80\x93",
	       t.n - off < 3 ? 1 : 3);
}

/* ---- writing ---- */

static uint16_t gram_pack(struct gram g)
{
	return (uint16_t)(g.gcase | g.number << 4 | g.gender << 6 | g.tense << 9 | g.person << 11 |
	                  (g.anim & 3u) << 13);
}

static void put_keys(struct buf *out, const uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_u32(out, v[i]);
}

/* Where the paragraph that a scene begins inside of ends, 0 when it begins a paragraph: whether
 * such words are speech was said before the scene, and is left out. */
static size_t torn_end(const struct book *b, const struct scene *s)
{
	const struct para *p = &b->para[b->sent[s->sent].para];

	return p->sent == s->sent ? 0 : (size_t)p->off + p->len;
}

static void put_seam(struct buf *out, const struct words *w, size_t from, size_t to, size_t torn)
{
	for (size_t i = from; i < to; i++) {
		const struct word *x = &w->w[i];
		uint32_t flags = x->off < torn ? x->flags & ~(uint32_t)WORD_SPEECH : x->flags;

		buf_u32(out, lemma_key(w->lemma[x->lemma].s));
		buf_u32(out, (uint32_t)x->pos | flags << 8 |
		             (uint32_t)gram_pack(x->g) << 16);
	}
}

static void put_bag(struct buf *out, const struct bag_item *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_u32(out, b[i].key);
		buf_u32(out, b[i].count | (uint32_t)b[i].pos << 16 | (uint32_t)b[i].flags << 24);
	}
}

static void put_stems(struct buf *out, uint32_t *v, size_t n)
{
	size_t at = out->n, k = 0;

	buf_u32(out, 0);
	if (n)
		qsort(v, n, sizeof *v, u32_cmp);
	for (size_t i = 0, j; i < n; i = j, k++) {
		for (j = i + 1; j < n && v[j] == v[i];)
			j++;
		buf_u32(out, v[i]);
		buf_u32(out, (uint32_t)(j - i > 0xFFFF ? 0xFFFF : j - i));
	}
	out->p[at] = (char)k;
	out->p[at + 1] = (char)(k >> 8);
	out->p[at + 2] = (char)(k >> 16);
	out->p[at + 3] = (char)(k >> 24);
}

static void put_style(struct buf *out, const struct gather *g)
{
	float n = g->runes ? (float)g->runes : 1, w = g->n_word ? (float)g->n_word : 1;
	float v[STYLE_N] = {
		[STYLE_DASH] = (float)g->n_dash / n * 100,
		[STYLE_QUESTION] = (float)g->n_quest / n * 100,
		[STYLE_EXCLAIM] = (float)g->n_excl / n * 100,
		[STYLE_ELLIPSIS] = (float)g->n_ell / n * 100,
		[STYLE_LENGTH] = (float)g->runes,
		[STYLE_PRONOUN] = (float)g->n_pron / w,
		[STYLE_FIRST_PERSON] = (float)g->n_first / w,
		[STYLE_COMMA] = (float)g->n_comma / n * 100,
		[STYLE_LATIN] = (float)g->n_latin / n,
		[STYLE_PAST] = (float)g->n_past / w,
	};

	for (int i = 0; i < STYLE_N; i++)
		buf_f32(out, v[i]);
}

/* Start of the last paragraph inside the scene. */
static size_t last_para(const struct book *b, const struct scene *s)
{
	struct str t = { b->text.p + s->off, s->len };
	size_t at = t.n;

	while (at > 0 && t.p[at - 1] != '\n')
		at--;
	return s->off + at;
}

static void put_scene(struct buf *out, const struct book *b, const struct words *w,
                      const struct scene *s, struct gather *g, struct arena *a)
{
	size_t from = w->sent[s->sent], to = w->sent[s->sent + s->n_sent], n, k;
	uint32_t lower[ACTORS_MAX + 1] = { 0 };
	struct bag_item *bag;
	uint32_t flags;

	gather_text(g, (struct str){ b->text.p + s->off, s->len });
	for (int i = 0; i < s->n_actor; i++)
		lower[i] = lemma_key(str_lower(a, s->actor[i]));
	if (s->text[ST_FIELD].n && !s->carried)
		lower[ACTORS_MAX] = lemma_key(str_lower(a, s->text[ST_FIELD]));
	flags = (uint32_t)dash_at(b->text, s->off) | (uint32_t)dash_at(b->text, last_para(b, s)) << 1 |
	        (uint32_t)g->opens_pronoun << 2;
	buf_u32(out, flags | (uint32_t)s->n_actor << 8);
	buf_u32(out, s->chapter);
	buf_u32(out, g->runes);
	for (int i = 0; i < SC_N; i++)
		buf_u32(out, s->alone[i]);
	put_keys(out, lower, ACTORS_MAX + 1);
	buf_f32(out, s->alone_valence);
	buf_f32(out, s->alone_arousal);
	put_style(out, g);

	n = scene_bag(&bag, w, from, to, a);
	buf_u32(out, (uint32_t)n);
	put_bag(out, bag, n);
	k = g->n_stem < EDGE_WORDS ? g->n_stem : EDGE_WORDS;
	buf_u32(out, (uint32_t)k);
	put_keys(out, g->stem, k);
	buf_u32(out, (uint32_t)k);
	put_keys(out, g->stem + g->n_stem - k, k);
	put_stems(out, g->stem, g->n_stem);
	n = distinct(g->name, g->n_name);
	if (n > 255)
		n = 255;
	buf_u32(out, (uint32_t)n);
	put_keys(out, g->name, n);
	k = to - from < SEAM_WORDS ? to - from : SEAM_WORDS;
	buf_u32(out, (uint32_t)k);
	put_seam(out, w, from, from + k, torn_end(b, s));
	buf_u32(out, (uint32_t)k);
	put_seam(out, w, to - k, to, torn_end(b, s));
}

void strip_make(struct buf *out, const struct book *b, const struct words *w,
                const struct scene *s, size_t n)
{
	struct gather g = { 0 };

	buf_u32(out, STRIP_MAGIC);
	buf_u32(out, STRIP_VERSION);
	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		struct arena a = arena_open("strip");
		uint32_t *stem = g.stem, *name = g.name;
		size_t cs = g.cap_stem, cn = g.cap_name;

		g = (struct gather){ .stem = stem, .name = name, .cap_stem = cs, .cap_name = cn };
		put_scene(out, b, w, &s[i], &g, &a);
		arena_close(&a);
	}
	mem_free(g.stem);
	mem_free(g.name);
}

/* ---- reading ---- */

static const uint32_t *get_keys(struct reader *r, size_t n, struct arena *a)
{
	uint32_t *v = TAKE(a, uint32_t, n);

	for (size_t i = 0; i < n; i++)
		v[i] = rd_u32(r);
	return v;
}

static const struct bag_item *get_bag(struct reader *r, uint32_t *n, struct arena *a)
{
	struct bag_item *v;

	*n = (uint32_t)rd_count(r, 8);
	v = TAKE(a, struct bag_item, *n);
	for (uint32_t i = 0; i < *n; i++) {
		uint32_t x;

		v[i].key = rd_u32(r);
		x = rd_u32(r);
		v[i].count = (uint16_t)x;
		v[i].pos = (uint8_t)(x >> 16);
		v[i].flags = (uint8_t)(x >> 24);
		if (i && v[i].key <= v[i - 1].key)
			r->bad = true;
	}
	return v;
}

static const struct seam_word *get_seam(struct reader *r, uint8_t *n, struct arena *a)
{
	size_t k = rd_count(r, 8);
	struct seam_word *v;

	if (k > SEAM_WORDS)
		r->bad = true, k = 0;
	*n = (uint8_t)k;
	v = TAKE(a, struct seam_word, k);
	for (size_t i = 0; i < k; i++) {
		uint32_t x;

		v[i].key = rd_u32(r);
		x = rd_u32(r);
		v[i].pos = (uint8_t)x;
		v[i].flags = (uint8_t)(x >> 8);
		v[i].gram = (uint16_t)(x >> 16);
	}
	return v;
}

static size_t small_count(struct reader *r, size_t max)
{
	size_t n = rd_count(r, 4);

	if (n > max)
		r->bad = true;
	return r->bad ? 0 : n;
}

static void get_scene(struct strip_scene *s, struct reader *r, struct arena *a)
{
	uint32_t flags = rd_u32(r);

	s->opens_dash = flags & 1;
	s->ends_dash = flags >> 1 & 1;
	s->opens_pronoun = flags >> 2 & 1;
	s->n_actor = (uint8_t)(flags >> 8);
	if (s->n_actor > ACTORS_MAX)
		r->bad = true, s->n_actor = 0;
	s->chapter = rd_u32(r);
	s->chars = rd_u32(r);
	for (int i = 0; i < SC_N; i++)
		s->code[i] = (uint8_t)rd_u32(r);
	for (int i = 0; i < ACTORS_MAX; i++)
		s->actor[i] = rd_u32(r);
	s->place = rd_u32(r);
	s->valence = rd_f32(r);
	s->arousal = rd_f32(r);
	for (int i = 0; i < STYLE_N; i++)
		s->style[i] = rd_f32(r);
	s->bag = get_bag(r, &s->n_bag, a);
	s->n_head = (uint8_t)small_count(r, EDGE_WORDS);
	s->head = get_keys(r, s->n_head, a);
	s->n_tail = (uint8_t)small_count(r, EDGE_WORDS);
	s->tail = get_keys(r, s->n_tail, a);
	s->stem = get_bag(r, &s->n_stem, a);
	s->n_name = (uint8_t)small_count(r, 255);
	s->name = get_keys(r, s->n_name, a);
	s->first = get_seam(r, &s->n_first, a);
	s->last = get_seam(r, &s->n_last, a);
}

enum status strip_open(struct strip *out, struct str bytes, struct arena *a, struct err *e)
{
	struct reader r = reader_of(bytes);
	uint32_t magic = rd_u32(&r), version = rd_u32(&r), n = rd_u32(&r);

	*out = (struct strip){ 0 };
	if (r.bad || magic != STRIP_MAGIC)
		return err_set(e, ERR_FORMAT, "not a strip of scenes");
	if (version > STRIP_VERSION)
		return err_set(e, ERR_FORMAT, "a strip of version %u: this program reads up to %d",
		               version, STRIP_VERSION);
	if (n > LIMIT_STRIP_SCENES || n > bytes.n / 100)
		return err_set(e, ERR_FORMAT, "a strip says %u scenes in %zu bytes", n, bytes.n);
	out->scene = TAKE(a, struct strip_scene, n);
	out->n = n;
	for (uint32_t i = 0; i < n && !r.bad; i++)
		get_scene(&out->scene[i], &r, a);
	if (r.bad || rd_left(&r)) {
		*out = (struct strip){ 0 };
		return err_set(e, ERR_FORMAT, "a strip of scenes is cut short or damaged");
	}
	return OK;
}
