/* layout.c - measures the lines of a plain text and joins those that were wrapped.
 *
 *   in    lines
 *   out   a layout found by statistics, and pieces: one a paragraph or a line of verse
 *
 * A wrapped file has no line much longer than the others, many lines that stop inside a
 * sentence, and the next ones go on in lower case; verse stops inside sentences too, but its
 * lines begin with capitals, and unwrapped prose has few such lines and long ones.
 */
#include "text/layout.h"

enum { BINS = 512 };

/* ---- lines ---------------------------------------------------------------------------- */

static uint8_t end_of(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *q = p + s.n;

	for (;;) {
		if (q - p >= 2 && q[-2] == 0xC2 && q[-1] == 0xBB)		/* » */
			q -= 2;
		else if (q - p >= 3 && q[-3] == 0xE2 && q[-2] == 0x80 && q[-1] >= 0x98 && q[-1] <= 0x9D)
			q -= 3;
		else if (q > p && (q[-1] == '"' || q[-1] == ')' || q[-1] == ']' || q[-1] == '\''))
			q--;
		else
			break;
	}
	if (q == p)
		return END_OPEN;
	if (q[-1] == '.' || q[-1] == '!' || q[-1] == '?' ||
	    (q - p >= 3 && q[-3] == 0xE2 && q[-2] == 0x80 && q[-1] == 0xA6))
		return END_FULL;
	if (q[-1] == ',' || q[-1] == ';' || q[-1] == ':' || q[-1] == '-' ||
	    (q - p >= 3 && q[-3] == 0xE2 && q[-2] == 0x80 && (q[-1] & 0xF8) == 0x90))
		return END_SOFT;
	return END_OPEN;
}

static uint8_t start_of(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	uint32_t r = utf8_next(&p, end);

	if (r == '-' || (r >= 0x2012 && r <= 0x2015))
		return START_DASH;
	while (p < end && (r == '"' || r == '(' || r == 0xAB || r == 0x201E || r == 0x201C))
		r = utf8_next(&p, end);
	if (!rune_is_letter(r))
		return START_OTHER;
	return rune_lower(r) == r && rune_upper(r) != r ? START_LOWER : START_UPPER;
}

/* Eats leading blanks of s; a tab counts as four columns. */
static unsigned indent_of(struct str *s)
{
	unsigned n = 0;

	for (;;) {
		size_t step = 1;
		if (s->n && *s->p == ' ')
			n++;
		else if (s->n && *s->p == '\t')
			n += 4;
		else if (s->n > 1 && !memcmp(s->p, "\xC2\xA0", 2))
			n++, step = 2;
		else
			break;
		s->p += step;
		s->n -= step;
	}
	return n < 60000 ? n : 60000;
}

static bool nothing_in(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] > ' ' && s.p[i] != 0x7F)
			return false;
	return true;
}

enum status lines_cut(struct lines *out, struct str text, struct err *e)
{
	unsigned blanks = 0;
	struct str s;

	while (str_cut(&text, '\n', &s)) {
		unsigned indent = indent_of(&s);
		s = str_trim(s);
		if (nothing_in(s)) {
			blanks += blanks < 255;
			continue;
		}
		if (out->n >= LIMIT_LINES)
			return err_set(e, ERR_LIMIT, "the text has over %d lines", LIMIT_LINES);
		size_t runes = utf8_count(s);
		VEC_PUSH(out->v, out->n, out->cap) = (struct line){
			.s = s, .indent = (uint16_t)indent, .blanks = (uint8_t)blanks,
			.runes = (uint16_t)(runes < 60000 ? runes : 60000),
			.ends = end_of(s), .starts = start_of(s) };
		blanks = 0;
	}
	return OK;
}

/* ---- statistics -------------------------------------------------------------------------- */

/* The value below which `share` of the counts lie. */
static unsigned quantile(const size_t *bin, size_t n, double share)
{
	size_t seen = 0, want = (size_t)((double)n * share);

	for (unsigned i = 0; i < BINS; i++)
		if ((seen += bin[i]) > want)
			return i;
	return BINS - 1;
}

static unsigned held(unsigned x) { return x < BINS ? x : BINS - 1; }

/* The smallest indent that a tenth of the lines have. */
static unsigned base_indent(const size_t *bin, size_t n)
{
	for (unsigned i = 0; i < BINS; i++)
		if (bin[i] * 10 >= n)
			return i;
	return 0;
}

/* The commonest indent above base: that of first lines. */
static unsigned first_indent(const size_t *bin, unsigned base)
{
	unsigned best = base;

	for (unsigned i = base + 1; i < BINS; i++)
		if (bin[i] > (best == base ? 0 : bin[best]))
			best = i;
	return best;
}

struct layout layout_of(const struct lines *l)
{
	size_t full[BINS] = {0}, bare[BINS] = {0}, indent[BINS] = {0};
	size_t open = 0, goes_on = 0, low = 0, longer = 0, deep = 0, gaps = 0;
	struct layout y = {0};

	for (size_t i = 0; i < l->n; i++)
		indent[held(l->v[i].indent)]++;
	y.base = base_indent(indent, l->n);
	for (size_t i = 0; i < l->n; i++) {
		const struct line *v = &l->v[i];
		unsigned in = v->indent > y.base ? v->indent - y.base : 0;
		full[held(in + v->runes)]++;
		bare[held(v->runes)]++;
		open += v->ends != END_FULL;
		deep += in >= 2;
		gaps += v->blanks > 0;
		if (i && l->v[i - 1].ends != END_FULL && !v->blanks) {
			goes_on++;
			low += v->starts == START_LOWER;
		}
	}
	y.width = quantile(full, l->n, 0.95);
	for (size_t i = 0; i < BINS; i++)
		longer += i * 10 > y.width * 13u ? full[i] : 0;
	y.wrapped = l->n >= 5 && y.width >= 30 && y.width <= 130 && longer * 50 <= l->n &&
	            open * 4 >= l->n && goes_on * 5 >= l->n && low * 2 >= goes_on;
	y.indents = deep * 50 >= l->n && deep * 20 <= l->n * 19;
	y.para_indent = first_indent(indent, y.base);
	y.poem = !y.wrapped && l->n >= 8 && quantile(bare, l->n, 0.5) <= 45 &&
	         quantile(bare, l->n, 0.9) <= 65 && open * 10 >= l->n * 3;
	y.usual_blanks = gaps * 4 >= l->n ? 1 : 0;
	return y;
}

/* ---- joining ------------------------------------------------------------------------------ */

/* Line b goes on with the paragraph that line a ended so far. */
static bool continues(const struct line *a, const struct line *b, const struct layout *l)
{
	if (!l->wrapped || b->blanks)
		return false;
	if (b->starts == START_LOWER && a->ends != END_FULL)
		return true;
	if (l->indents)
		return b->indent < l->base + 2 && a->indent <= l->para_indent + 1;
	bool brief = a->indent + a->runes < (l->base + l->width) * 3 / 4;
	return !(brief && (a->ends == END_FULL || b->starts == START_DASH)) &&
	       b->indent == (a->indent > l->base ? l->base : a->indent);
}

/* A hyphen at the end of a line: does the word keep it? «кто-|то» does, «сло-|во» not. */
static bool keeps_hyphen(struct str so_far, struct str next)
{
	static const char *const after[] = { "то", "либо", "нибудь", "ка", "таки", "де", "с" };
	static const char *const before[] = { "кое", "по", "во", "из", "в" };
	size_t n = 0, w = so_far.n;

	while (n < next.n && (next.p[n] & 0x80))
		n++;
	for (size_t i = 0; i < sizeof after / sizeof *after; i++)
		if (n == strlen(after[i]) && !memcmp(next.p, after[i], n))
			return true;
	while (w && (so_far.p[w - 1] & 0x80))
		w--;
	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		if (so_far.n - w == strlen(before[i]) && !memcmp(so_far.p + w, before[i], so_far.n - w))
			return true;
	return false;
}

static void join_line(struct buf *b, size_t from, const struct line *v)
{
	if (b->n > from) {
		struct str so_far = { b->p + from, b->n - from };
		bool cut = so_far.n > 2 && so_far.p[so_far.n - 1] == '-' &&
		           (so_far.p[so_far.n - 2] & 0x80) && v->starts == START_LOWER;
		if (cut) {
			so_far.n--;
			if (!keeps_hyphen(so_far, v->s))
				b->n--;
		} else {
			buf_char(b, ' ');
		}
	}
	buf_str(b, v->s);
}

void pieces_join(struct pieces *out, struct buf *joined, const struct lines *in,
                 const struct layout *l)
{
	size_t total = 0;

	for (size_t i = 0; l->wrapped && i < in->n; i++)
		total += in->v[i].s.n + 1;
	if (total)
		buf_room(joined, total);	/* so that it never moves: pieces lend it */
	for (size_t i = 0, j; i < in->n; i = j) {
		const struct line *v = &in->v[i];
		struct piece p = { .s = v->s, .lines = 1, .indent = v->indent, .runes = v->runes,
			.blanks = v->blanks, .ends = v->ends, .starts = v->starts };
		size_t from = joined->n;
		for (j = i + 1; j < in->n && continues(&in->v[j - 1], &in->v[j], l); j++) {
			if (j == i + 1)
				join_line(joined, from, v);
			join_line(joined, from, &in->v[j]);
			p.lines++;
			p.runes += in->v[j].runes + 1;
			p.ends = in->v[j].ends;
		}
		if (p.lines > 1)
			p.s = (struct str){ joined->p + from, joined->n - from };
		VEC_PUSH(out->v, out->n, out->cap) = p;
	}
}
