/* sentences.c - finds the sentences of every paragraph.
 *
 *   in    paragraphs of clean text
 *   out   sentences: every non-space byte of a prose or verse paragraph is in exactly one
 *
 * A title, a line of verse, an epigraph's author are one sentence each; prose is cut after
 * . ! ? … and the quotes and brackets that close with them, when what follows can begin a
 * sentence. What follows decides more than what stands before [Palmer & Hearst 1997]:
 *
 *   lower case        no:  «Пойдём! — сказал он», «Да... может быть»
 *   dash + lower      no:  the author's words go on
 *   dash + capital    yes: «— сказал он. | — Пойдём»
 *   , ; :             no
 *   capital           yes, unless the full stop belongs to an initial (А. С. Пушкин), an
 *                     abbreviation (abbrev.c) or a number that opens the sentence (1. Лиса)
 *
 * Invariant: a sentence has a letter or a digit, or is all that its paragraph holds.
 */
#include "text/inner.h"

typedef const uint8_t *ptr;

enum { YEAR_OPENS = 14 };	/* bytes: a sentence so short before «г.» has only begun */

static bool is_dot3(ptr p, ptr end) { return end - p > 2 && p[0] == 0xE2 && p[1] == 0x80 && p[2] == 0xA6; }

/* The next byte that may end a sentence: . ! ? or the first of … */
static ptr next_mark(ptr p, ptr end)
{
	while (p < end && *p != '.' && *p != '!' && *p != '?' && !is_dot3(p, end))
		p++;
	return p;
}

static ptr marks_end(ptr p, ptr end)
{
	for (;; p++) {
		if (is_dot3(p, end))
			p += 2;
		else if (p >= end || (*p != '.' && *p != '!' && *p != '?'))
			return p;
	}
}

static uint32_t rune_at(ptr p, ptr end, ptr *next)
{
	const char *q = (const char *)p;
	uint32_t r = p < end ? utf8_next(&q, (const char *)end) : 0;

	*next = (ptr)q;
	return r;
}

static bool closes(uint32_t r)
{
	return r == ')' || r == ']' || r == '"' || r == '\'' || r == 0xBB || r == 0x201D ||
	       r == 0x2019 || r == 0x201C || r == 0x203A;
}

static bool opens(uint32_t r)
{
	return r == '(' || r == '[' || r == '"' || r == '\'' || r == 0xAB || r == 0x201E ||
	       r == 0x201C || r == 0x2018 || r == 0x2039;
}

static ptr skip_if(ptr p, ptr end, bool (*is)(uint32_t))
{
	ptr next;

	while (p < end && is(rune_at(p, end, &next)))
		p = next;
	return p;
}

static ptr skip_spaces(ptr p, ptr end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/* A dash that stands alone: —, –, ―, -, --, followed by a space or a letter. */
static ptr skip_dash(ptr p, ptr end)
{
	ptr next;
	uint32_t r = rune_at(p, end, &next);

	if (r == '-')
		return next < end && *next == '-' ? next + 1 : next;
	return r >= 0x2012 && r <= 0x2015 ? next : p;
}

static bool is_upper(uint32_t r) { return rune_is_letter(r) && rune_lower(r) != r; }
static bool is_digit(uint32_t r) { return r >= '0' && r <= '9'; }

static bool has_word(ptr p, ptr end)
{
	while (p < end) {
		uint32_t r = rune_at(p, end, &p);
		if (is_digit(r) || rune_is_letter(r))
			return true;
	}
	return false;
}

/* The letters just before p, not past from. */
static struct str word_before(ptr from, ptr p)
{
	ptr w = p, at = p, next;

	while (at > from) {
		at--;
		if ((*at & 0xC0) == 0x80)
			continue;
		if (!rune_is_letter(rune_at(at, p, &next)))
			break;
		w = at;
	}
	return (struct str){ (const char *)w, (size_t)(p - w) };
}

static struct str word_after(ptr p, ptr end)
{
	ptr q = p, next;

	while (q < end && rune_is_letter(rune_at(q, end, &next)))
		q = next;
	return (struct str){ (const char *)p, (size_t)(q - p) };
}

/* Nothing but a number, an opening sign or a Roman numeral stands between from and p. */
static bool only_number(ptr from, ptr p)
{
	size_t n = 0;

	for (; from < p; from++) {
		if (is_digit(*from) || strchr("IVXLC", *from))
			n++;
		else if (*from == '.' || *from == ' ' || *from == '(')
			continue;
		else
			return false;
	}
	return n > 0 && n <= 8;
}

/* What stands before the word: "т. " of «т. д.», or a number, as in «1859 г.». */
static bool after_t(ptr from, ptr w)
{
	w -= w > from && w[-1] == ' ';
	return w - from >= 3 && w[-1] == '.' && w[-2] == 0x82 && w[-3] == 0xD1;	/* "т." */
}

static bool after_number(ptr from, ptr w)
{
	w -= w > from && w[-1] == ' ';
	return w > from && (is_digit(w[-1]) || strchr("IVXLC", w[-1]));
}

/* What comes after the marks, past spaces, a dash and opening signs. */
struct after {
	ptr at;			/* the first letter, digit or other sign */
	uint32_t rune;
	bool dash;
};

static struct after look(ptr p, ptr end)
{
	struct after a = { .at = skip_spaces(p, end) };
	ptr q = skip_dash(a.at, end), next;

	if (q != a.at) {
		a.dash = true;
		a.at = skip_spaces(q, end);
	}
	a.at = skip_if(a.at, end, opens);
	if (a.at < end && (*a.at == '.' || is_dot3(a.at, end)))
		a.at = skip_spaces(marks_end(a.at, end), end);
	a.rune = rune_at(a.at, end, &next);
	return a;
}

/* One capital letter and a full stop: an initial, unless the next word opens sentences. */
static bool is_initial(struct str w, struct after a, ptr end)
{
	struct str next = word_after(a.at, end);
	const uint8_t *stop = (ptr)next.p + next.n;
	bool more = utf8_count(next) == 1 && stop < end && *stop == '.';

	if (a.dash)
		return false;
	if (str_eq(w, S("Я")))
		return more;
	return more || !abbrev_begins(next);
}

/* «им. Горького», «им. Пушкина», «им. А. П. Чехова», but «овладело им. Каждая из них …» */
static bool named_after(struct after a, ptr end)
{
	static const char *const tails[] = { "ого", "его", "ина", "ова", "ева", "ича" };
	struct str w = word_after(a.at, end);

	if (a.dash || !is_upper(a.rune))
		return false;
	if (utf8_count(w) == 1)
		return (ptr)w.p + w.n < end && w.p[w.n] == '.';
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
		if (utf8_count(w) > 5 && str_ends(w, str_of(tails[i])))
			return true;
	return false;
}

/* The single full stop at p belongs to what stands before it. */
static bool dot_inside(ptr from, ptr p, struct after a, ptr end)
{
	struct str w = word_before(from, p);
	ptr head = (ptr)w.p, next;

	if (only_number(from, p))
		return true;
	if (!w.n)
		return false;
	if (head > from && head[-1] == '-')
		return false;
	if (utf8_count(w) == 1 && is_upper(rune_at(head, p, &next)))
		return is_initial(w, a, end);
	switch (abbrev_find(w)) {
	case ABBREV_NO:
		return false;
	case ABBREV_MAY_END:	/* «5 руб. 20 коп.» */
		return is_digit(a.rune) || (str_eq(w, S("им")) && named_after(a, end));
	default:
		if (after_t(from, head) && (str_eq(w, S("д")) || str_eq(w, S("п"))))
			return false;
		if (after_number(from, head) && !is_digit(a.rune))
			return head - from < YEAR_OPENS;	/* «В 1812 г. Наполеон …» */
		return !a.dash;
	}
}

/* «разговоры.Оживленнее»: the space was lost. */
static bool glued(ptr from, ptr p, ptr q, ptr end)
{
	struct str w = word_before(from, p);
	ptr next, next2;
	uint32_t r = rune_at(q, end, &next), r2 = rune_at(next, end, &next2);

	return w.n >= 6 && rune_is_cyrillic(r) && is_upper(r) && rune_is_cyrillic(r2) &&
	       !is_upper(r2) && !is_upper(rune_at((ptr)w.p + w.n - 2, p, &next));
}

/* The sentence that began at from ends with the marks p..q and the signs up to `close`. */
static bool ends_here(ptr from, ptr p, ptr q, ptr close, ptr end)
{
	if (!has_word(from, p))
		return false;
	if (close == end)
		return true;
	if (*close != ' ')
		return close == q && glued(from, p, q, end);
	struct after a = look(close, end);
	if (a.at == end)
		return false;
	if (rune_is_letter(a.rune) && !is_upper(a.rune))
		return rune_lower(a.rune) == a.rune && rune_upper(a.rune) == a.rune;
	if (a.rune == ',' || a.rune == ';' || a.rune == ':' || closes(a.rune))
		return false;
	if (q - p == 1 && *p == '.')
		return !dot_inside(from, p, a, end);
	return true;
}

struct out {
	struct sent *s;
	size_t n, cap;
	const uint8_t *text;
};

static void push(struct out *o, ptr from, ptr to, uint32_t para)
{
	while (to > from && to[-1] == ' ')
		to--;
	if (to == from)
		return;
	if (o->n && o->s[o->n - 1].para == para && !has_word(from, to)) {
		struct sent *last = &o->s[o->n - 1];	/* a loose dash or row of dots */
		last->len = (uint32_t)(to - o->text) - last->off;
		return;
	}
	VEC_PUSH(o->s, o->n, o->cap) = (struct sent){
		.off = (uint32_t)(from - o->text), .len = (uint32_t)(to - from), .para = para };
}

static void split_prose(struct out *o, ptr from, ptr end, uint32_t para)
{
	ptr p = from;

	while ((p = next_mark(p, end)) < end) {
		ptr q = marks_end(p, end), close = skip_if(q, end, closes);
		if (ends_here(from, p, q, close, end)) {
			push(o, from, close, para);
			from = close = skip_spaces(close, end);
		}
		p = close;
	}
	push(o, from, end, para);
}

void text_split(struct book *b, struct arena *a)
{
	struct out o = { .text = (const uint8_t *)b->text.p };

	for (size_t i = 0; i < b->n_para; i++) {
		struct para *p = &b->para[i];
		ptr from = o.text + p->off, end = from + p->len;
		size_t before = o.n;
		if (p->kind == PARA_PROSE || p->kind == PARA_EPIGRAPH)
			split_prose(&o, from, end, (uint32_t)i);
		else if (p->kind != PARA_BREAK)
			push(&o, from, end, (uint32_t)i);
		p->sent = (uint32_t)before;
		p->n_sent = (uint32_t)(o.n - before);
	}
	b->n_sent = o.n;
	b->sent = TAKE(a, struct sent, o.n + 1);
	if (o.n)
		memcpy(b->sent, o.s, o.n * sizeof *o.s);
	mem_free(o.s);
}
