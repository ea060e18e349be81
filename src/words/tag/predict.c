/* predict.c - readings of forms the dictionary does not have.
 *
 *   in    an unknown form in dictionary bytes
 *   out   readings guessed from its parts: particle (смотри-ка), по- adverb, parts of a
 *         hyphenated word, a known prefix (data/ru/words_prefix.tsv), old spelling, ending
 *
 * The ending's readings are those of known words with the same last one to five letters,
 * weighed by how many words they are [Korobov 2015]. Closed classes are never guessed.
 *
 * Invariants: every cell has unknown = 1; recursion goes only to strictly shorter forms.
 */
#include "words/dict/dict.h"
#include "words/tag/choose.h"

struct out {
	const struct dict *d;
	struct cell *c;
	size_t n, cap;
};

/* Puts bytes before a lemma that fits; too long a lemma keeps its head. */
static void prepend(struct cell *c, const uint8_t *p, size_t n)
{
	size_t room = sizeof c->lemma - n, keep = c->n_lemma < room ? c->n_lemma : room;

	memmove(c->lemma + n, c->lemma, keep);
	memcpy(c->lemma, p, n);
	c->n_lemma = (uint8_t)(n + keep);
}

static bool is_name(const struct cell *c)
{
	return c->tag->g.name != 0;
}

/* Known readings of part of a form; closed classes left out when `open`. */
static size_t known(struct out *o, const uint8_t *p, size_t n, bool open, float w)
{
	size_t from = o->n, got = dict_cells(o->d, o->c + o->n, o->cap - o->n, p, n);

	for (size_t i = 0; i < got; i++) {
		struct cell *c = &o->c[from + i];

		if (open && (c->tag->mark & (TAG_CLOSED | TAG_ABBR | TAG_INITIAL)))
			continue;
		o->c[o->n] = *c;
		o->c[o->n].unknown = 1;
		o->c[o->n++].w *= w;
	}
	return o->n - from;
}

/* ---- hyphens ------------------------------------------------------------------------ */

static bool particle(struct out *o, const uint8_t *f, size_t n)
{
	/* -то -ка -таки -де -с -ко -тка */
	static const struct prefix tail[] = {
		{ "-\xF2\xEE", 3 }, { "-\xEA\xE0", 3 }, { "-\xF2\xE0\xEA\xE8", 5 },
		{ "-\xE4\xE5", 3 }, { "-\xF1", 2 }, { "-\xEA\xEE", 3 }, { "-\xF2\xEA\xE0", 4 },
	};

	for (size_t i = 0; i < sizeof tail / sizeof *tail; i++)
		if (n > tail[i].n && !memcmp(f + n - tail[i].n, tail[i].p, tail[i].n) &&
		    known(o, f, n - tail[i].n, false, 0.9f))
			return true;
	return false;
}

static const struct tag adverb = { .pos = POS_ADV };
static const struct tag undeclined = { .pos = POS_NOUN, .mark = TAG_FIXED };

static void push_whole(struct out *o, const struct tag *t, const uint8_t *f, size_t n, float w)
{
	if (o->n == o->cap)
		return;
	struct cell *c = &o->c[o->n++];

	memset(c, 0, sizeof *c);
	memcpy(c->lemma, f, n);
	c->n_lemma = (uint8_t)n;
	c->unknown = 1;
	c->tag = t;
	c->w = w;
}

/* по-деревенски, по-твоему: an adverb of an adjective */
static bool po_adverb(struct out *o, const uint8_t *f, size_t n)
{
	struct cell c[CELLS_MAX];
	size_t m;

	if (n < 6 || memcmp(f, "\xEF\xEE-", 3))
		return false;
	if (f[n - 1] == 0xE8 && f[n - 2] == 0xEA) {	/* …ки */
		push_whole(o, &adverb, f, n, 1);
		return true;
	}
	m = dict_cells(o->d, c, CELLS_MAX, f + 3, n - 3);
	for (size_t i = 0; i < m; i++)
		if (c[i].tag->g.gcase == CASE_DAT && c[i].tag->g.number == 1 &&
		    (c[i].tag->pos == POS_ADJ || c[i].tag->pos == POS_APRO)) {
			push_whole(o, &adverb, f, n, 1);
			return true;
		}
	return false;
}

/* п-пошёл, не-ет: a stutter is the word itself */
static bool stutter(struct out *o, const uint8_t *f, size_t n, size_t cut)
{
	const uint8_t *right = f + cut + 1;
	size_t n_right = n - cut - 1;

	return cut <= 2 && n_right > cut && !memcmp(f, right, cut) &&
	       known(o, right, n_right, false, 0.9f);
}

/* не-е-ет, во-от: vowels drawn out with hyphens */
static bool drawn(struct out *o, const uint8_t *f, size_t n)
{
	uint8_t g[FORM_MAX];
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (f[i] != '-' && !(m && i && f[i - 1] == '-' && g[m - 1] == f[i]))
			g[m++] = f[i];
	return m > 1 && known(o, g, m, false, 0.5f);
}

/* инженера-механика: both parts decline; the lemma has both lemmas */
static void both_decline(struct out *o, size_t from, const uint8_t *f, size_t cut)
{
	struct cell left[CELLS_MAX];
	size_t m = dict_cells(o->d, left, CELLS_MAX, f, cut);

	for (size_t i = from; i < o->n; i++) {
		struct cell *c = &o->c[i];
		const struct cell *hit = NULL;

		for (size_t k = 0; k < m && !hit; k++)
			if (left[k].tag->pos == c->tag->pos && c->tag->g.gcase &&
			    left[k].tag->g.gcase == c->tag->g.gcase &&
			    left[k].tag->g.number == c->tag->g.number &&
			    !(left[k].tag->mark & (TAG_FIXED | TAG_ABBR)))
				hit = &left[k];
		if (hit) {
			prepend(c, (const uint8_t *)"-", 1);
			prepend(c, hit->lemma, hit->n_lemma);
			c->w *= 3;
		} else {
			prepend(c, f, cut + 1);
		}
	}
}

static bool hyphen(struct out *o, const uint8_t *f, size_t n)
{
	size_t cut = n;

	while (cut > 0 && f[cut - 1] != '-')
		cut--;
	if (cut < 2 || cut == n)
		return false;
	cut--;
	if (particle(o, f, n) || po_adverb(o, f, n) || stutter(o, f, n, cut) || drawn(o, f, n))
		return true;
	size_t from = o->n;

	if (!known(o, f + cut + 1, n - cut - 1, false, 0.5f)) {
		o->n += dict_predict(o->d, o->c + o->n, o->cap - o->n, f + cut + 1, n - cut - 1);
		if (o->n == from)
			return false;
	}
	both_decline(o, from, f, cut);
	return true;
}

/* ---- prefixes, old spelling, endings -------------------------------------------------- */

static bool prefixed(struct out *o, const uint8_t *f, size_t n)
{
	size_t n_row;
	const struct prefix *row = weights_prefixes(o->d->ctx, &n_row);
	size_t from = o->n;

	for (size_t i = 0; i < n_row; i++) {
		size_t start = o->n;

		if (n < row[i].n + 3 || memcmp(f, row[i].p, row[i].n))
			continue;
		known(o, f + row[i].n, n - row[i].n, true, 0.7f);
		for (size_t k = start; k < o->n; k++)
			prepend(&o->c[k], f, row[i].n);
	}
	return o->n > from;
}

/* Old spellings, each a change of one letter of g; false when it does not apply. */
static bool old_ago(uint8_t *g, size_t n)	/* краснаго: красного */
{
	if (n < 5 || memcmp(g + n - 3, "\xE0\xE3\xEE", 3))
		return false;
	g[n - 3] = 0xEE;
	return true;
}

static bool old_sya(uint8_t *g, size_t n)	/* хотелося: хотелось */
{
	if (n < 5 || g[n - 2] != 0xF1 || g[n - 1] != 0xFF)
		return false;
	g[n - 1] = 0xFC;
	return true;
}

static bool old_bez(uint8_t *g, size_t n)	/* безсильный: бессильный */
{
	for (size_t i = 1; i < 4 && i + 3 < n; i++)
		if (g[i] == 0xE7 && strchr("\xEF\xF2\xEA\xF5\xF6\xF7\xF8\xF9\xF1\xF4", g[i + 1])) {
			g[i] = 0xF1;
			return true;
		}
	return false;
}

static bool old_oyu(uint8_t *g, size_t n)	/* которою: которой, жизнию: жизнью */
{
	if (n < 4 || g[n - 1] != 0xFE)
		return false;
	if (g[n - 2] == 0xE8)
		g[n - 2] = 0xFC;
	else if (g[n - 2] == 0xEE || g[n - 2] == CYR_IE)
		g[n - 1] = 0xE9;
	else
		return false;
	return true;
}

/* Tries the form with all that applies made new. */
static bool old_spelling(struct out *o, const uint8_t *f, size_t n)
{
	uint8_t g[FORM_MAX];
	bool any = false;

	memcpy(g, f, n);
	any |= old_ago(g, n);
	any |= old_sya(g, n);
	any |= old_bez(g, n);
	any |= old_oyu(g, n);
	return any && known(o, g, n, false, 0.9f);
}

/* One graph of endings: those of `len` letters. Counts become weights. */
static size_t ending(struct out *o, int which, const uint8_t *f, size_t n, size_t len)
{
	static const float by_len[6] = { 0, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f };
	const struct dawg *g = &o->d->ends[which];
	uint8_t key[2 * CELLS_MAX][DAWG_DEPTH];
	uint32_t node = dawg_walk(g, DAWG_ROOT, f + n - len, len);
	size_t m, from = o->n;
	float top = 1;

	if (node == DAWG_NONE || (node = dawg_step(g, node, 1)) == DAWG_NONE)
		return 0;
	m = dawg_below(g, node, 6, key, 2 * CELLS_MAX);
	for (size_t i = 0; i < m && o->n < o->cap; i++) {
		uint32_t v[3];

		for (int k = 0; k < 3; k++)
			v[k] = (uint32_t)(key[i][2 * k] ^ 1) << 6 | key[i][2 * k + 1] >> 1;
		struct cell *c = &o->c[o->n];

		if (!dict_cell(o->d, c, v[1], v[2], f, n) ||
		    (c->tag->mark & (TAG_CLOSED | TAG_ABBR)))
			continue;
		c->unknown = 1;
		c->w = (float)v[0] * by_len[len] * (is_name(c) ? 0.7f : 1);
		top = c->w > top ? c->w : top;
		o->n++;
	}
	for (size_t i = from; i < o->n; i++)
		o->c[i].w *= by_len[len] / top;
	return o->n - from;
}

/* Returns the longest ending that was known. */
static size_t endings(struct out *o, const uint8_t *f, size_t n)
{
	size_t longest = 0;

	for (int which = 0; which < 3; which++) {
		struct prefix head = dict_prefix[which];
		size_t shortest = 1;

		if (n <= head.n + 1 || memcmp(f, head.p, head.n))
			continue;
		for (size_t len = 5; len >= shortest; len--)
			if (len < n - head.n && ending(o, which, f, n, len)) {
				longest = len > longest ? len : longest;
				if (shortest < len)
					shortest = len - 1 > 1 ? len - 1 : 1;
			}
	}
	return longest;
}

size_t dict_predict(const struct dict *d, struct cell *out, size_t cap, const uint8_t *form,
                    size_t n)
{
	struct out o = { d, out, 0, cap };

	if (n < 2 || n > FORM_MAX)
		return 0;
	if (memchr(form, '-', n))
		return hyphen(&o, form, n) ? o.n : 0;
	const uint8_t *mark = memchr(form, '\'', n);	/* д'артаньян */

	if (mark && mark + 2 < form + n && cap == CELLS_MAX) {
		size_t head = (size_t)(mark + 1 - form);

		o.n = dict_read(d, out, form + head, n - head);
		for (size_t i = 0; i < o.n; i++)
			prepend(&out[i], form, head);
		return o.n;
	}
	if (old_spelling(&o, form, n) || prefixed(&o, form, n))
		return o.n;
	size_t known_end = n >= 3 ? endings(&o, form, n) : 0;

	push_whole(&o, &undeclined, form, n, known_end >= 3 ? 0.002f : 0.03f);
	return o.n;
}
