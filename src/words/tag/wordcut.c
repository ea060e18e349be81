/* wordcut.c - cuts a sentence into words, numbers and marks.
 *
 *   in    bytes of one sentence
 *   out   tokens in order: words with inner hyphen and apostrophe, Latin words, numbers
 *         with what hangs on them (5-й, 1,5, 10:30), single marks; runs of points are one
 *         mark, as are "--" and every dash
 *
 * Invariants: tokens do not overlap and cover every byte that is not space; a token is at
 * most 65535 bytes; broken UTF-8 becomes marks of one byte.
 */
#include "words/tag/wordcut.h"

enum { TOK_BYTES_MAX = 65000 };

struct scan {
	const char *p, *end;
};

static uint32_t peek(const char *p, const char *end)
{
	if (p == end)
		return 0;
	unsigned char c = (unsigned char)*p;

	/* Russian letters and ASCII by hand: nearly all there is. */
	if (c < 0x80)
		return c;
	if ((c == 0xD0 || c == 0xD1) && p + 1 < end && ((unsigned char)p[1] & 0xC0) == 0x80)
		return (uint32_t)(c & 31) << 6 | ((unsigned char)p[1] & 63);
	return utf8_next(&p, end);
}

static const char *after(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;

	if (c < 0x80)
		return p + 1;
	if ((c == 0xD0 || c == 0xD1) && p + 1 < end && ((unsigned char)p[1] & 0xC0) == 0x80)
		return p + 2;
	utf8_next(&p, end);
	return p;
}

static bool letter(uint32_t r)
{
	if (r < 0x80)
		return (r | 32) >= 'a' && (r | 32) <= 'z';
	if (r >= 0x400 && r <= 0x481)
		return true;
	return r != 0xFFFD && rune_is_letter(r);
}

static bool digit(uint32_t r)
{
	return r >= '0' && r <= '9';
}

static bool upper(uint32_t r)
{
	if (r >= 0x410 && r <= 0x44F)
		return r < 0x430;
	if (r < 0x80)
		return r >= 'A' && r <= 'Z';
	return rune_is_upper(r);
}

static bool joins(uint32_t r)
{
	return r == '-' || r == 0x2010 || r == 0x2011 || r == '\'' || r == 0x2019 || r == 0x2BC;
}

static bool space(uint32_t r)
{
	return r <= ' ' || r == 0xA0 || (r >= 0x2000 && r <= 0x200B) || r == 0x202F ||
	       r == 0x3000 || r == 0xFEFF;
}

static bool roman(const char *p, const char *end)
{
	while (p < end && strchr("IVXLC", *p) && *p)
		p++;
	return p == end;
}

/* The end of a word: letters and digits, joined by a hyphen or apostrophe between them. */
static const char *word(struct tok *t, const char *p, const char *end)
{
	const char *from = p;
	int n = 0, n_upper = 0;
	bool latin = false, cyr = false;

	while (p < end && p - from < TOK_BYTES_MAX) {
		uint32_t r = peek(p, end);
		const char *q = after(p, end);

		if (joins(r) && q < end && (letter(peek(q, end)) || digit(peek(q, end)))) {
			p = q;
			continue;
		}
		if (!letter(r) && !digit(r)) {
			if ((r == 0xB2 || r == 0xB3) && p > from)	/* км² */
				p = q;
			break;
		}
		if (r < 0x80 ? letter(r) : r < 0x250)
			latin = true;
		else if (letter(r))
			cyr = true;
		if (letter(r)) {
			if (upper(r)) {
				n_upper++;
				if (p == from)
					t->flags |= WORD_TITLE;
			}
			n++;
		}
		p = q;
	}
	t->inner = n_upper > 1 && n_upper < n && (t->flags & WORD_TITLE);
	if (n > 1 && n_upper == n)
		t->flags |= WORD_UPPER;
	t->kind = latin && !cyr ? TOK_LATIN : TOK_WORD;
	if (t->kind == TOK_LATIN && roman(from, p))
		t->kind = TOK_DIGIT;	/* XIX: a Roman number */
	return p;
}

/* 1,5  10:30  1990-х  5-й  100% keeps its sign apart */
static const char *number(struct tok *t, const char *p, const char *end)
{
	const char *from = p;

	t->kind = TOK_DIGIT;
	while (p < end && p - from < TOK_BYTES_MAX) {
		uint32_t r = peek(p, end);
		const char *q = after(p, end);

		if (digit(r) || letter(r)) {
			p = q;
			continue;
		}
		bool inner = (r == ',' || r == '.' || r == ':') && q < end && digit(peek(q, end));

		if (inner || (joins(r) && q < end && (letter(peek(q, end)) || digit(peek(q, end)))))
			p = q;
		else
			break;
	}
	return p;
}

/* Signs that are not punctuation: № % + $ and pictures. */
static bool symbol(uint32_t r)
{
	if (r < 0x80)
		return strchr("#$%&*+<=>@^|~", (int)r) != NULL;
	return !(r >= 0x2010 && r <= 0x205E) && r != 0xAB && r != 0xBB && r != 0xFFFD;
}

/* :) ;-) =( ))) : a face, or NULL. p is at its first mark. */
static const char *face(const char *p, const char *end, bool after_space)
{
	const char *q = p;

	if (*q == ')' || *q == '(') {
		while (q < end && *q == *p && q - p < TOK_BYTES_MAX)
			q++;
		return q - p > 1 ? q : NULL;
	}
	if (!after_space || !strchr(":;=", *q) || q + 1 == end)
		return NULL;
	q++;
	if (*q == '-')
		q++;
	const char *mouth = q;

	while (q < end && (*q == ')' || *q == '(') && q - p < TOK_BYTES_MAX)
		q++;
	return q > mouth ? q : NULL;
}

/* @name, #tag, http://…: as far as it goes. */
static const char *address(const char *p, const char *end)
{
	const char *q = p;

	if ((*p == '@' || *p == '#') && p + 1 < end && (letter(peek(p + 1, end)) || p[1] == '_')) {
		for (q = p + 1; q < end && q - p < TOK_BYTES_MAX; q = after(q, end)) {
			uint32_t r = peek(q, end);

			if (!letter(r) && !digit(r) && r != '_')
				break;
		}
		return q;
	}
	size_t n = (size_t)(end - p);

	if (!(n > 7 && !memcmp(p, "http://", 7)) && !(n > 8 && !memcmp(p, "https://", 8)))
		return NULL;
	while (q < end && !space(peek(q, end)) && *q != ')' && *q != '>' && *q != '"' &&
	       q - p < TOK_BYTES_MAX)
		q = after(q, end);
	while (q > p && strchr(".,;:!?", q[-1]))
		q--;
	return q;
}

static const char *punct(struct tok *t, const char *p, const char *end)
{
	uint32_t r = peek(p, end);
	const char *q = after(p, end);

	t->kind = TOK_PUNCT;
	t->mark = symbol(r) ? MARK_SIGN : MARK_OTHER;
	switch (r) {
	case '.': case '!': case '?':	/* … !!! ?! ?.. */
		while (q < end && (*q == '.' || ((*q == '!' || *q == '?') && r != '.')) &&
		       q - p < TOK_BYTES_MAX)
			q++;
		t->mark = MARK_STOP;
		break;
	case '`': case '\'':
		if (q < end && *q == *p)
			q++;
		t->mark = MARK_QUOTE;
		break;
	case 0x2026: case ';': t->mark = MARK_STOP; break;
	case ',': t->mark = MARK_COMMA; break;
	case ':': t->mark = MARK_COLON; break;
	case '-':
		while (q < end && *q == '-' && q - p < TOK_BYTES_MAX)
			q++;
		t->mark = MARK_DASH;
		break;
	case 0x2012: case 0x2013: case 0x2014: case 0x2015: t->mark = MARK_DASH; break;
	case 0xAB: case 0x201E: case '(': case '[': t->mark = MARK_OPEN; break;
	case 0xBB: case ')': case ']': t->mark = MARK_CLOSE; break;
	case '"': case 0x201C: case 0x201D: t->mark = MARK_QUOTE; break;
	}
	return q;
}

/* Marks after which a capital says nothing. */
static void starts(struct tok *t, size_t n)
{
	bool start = true, first = true;

	for (size_t i = 0; i < n; i++) {
		uint8_t before = i ? t[i - 1].mark : MARK_NONE;

		if (t[i].kind == TOK_PUNCT) {
			if (t[i].mark == MARK_STOP)
				start = !(i && t[i - 1].initial);
			else if (t[i].mark == MARK_OPEN || t[i].mark == MARK_QUOTE)
				start = true;
			else if (t[i].mark == MARK_COLON)
				start = true;
			else if (t[i].mark == MARK_DASH)
				start |= before == MARK_STOP || before == MARK_COMMA || !i ||
				         before == MARK_COLON || before == MARK_CLOSE;
			else if (t[i].mark == MARK_COMMA)
				start = false;
			continue;
		}
		t[i].start = start;
		if (first || (start && before == MARK_DASH))
			t[i].flags |= WORD_FIRST;
		start = first = false;
	}
}

/* Verse begins its lines with a capital: where a little word that is never a name has one
 * inside a sentence, other capitals there say nothing either. */
static void verse(struct tok *t, size_t n, const char *text)
{
	static const char *const little[] = {
		"И", "В", "На", "Но", "А", "Как", "Что", "Не", "Я", "Ты", "Он", "Она", "Мы", "По",
		"С", "К", "Из", "За", "От", "У", "Для", "То", "Так", "Где", "Когда", "Чтоб", "Ни",
		"Со", "Во", "Над", "Под", "Без", "Мне", "Меня", "Мой", "Моя", "Тебя", "Все", "Всё",
		"Они", "Его", "Её", "Ее", "Лишь", "Или", "Иль", "Чтобы", "Если", "Кто", "О", "До",
	};
	bool is = false;

	for (size_t i = 0; i < n && !is; i++) {
		if (!(t[i].flags & WORD_TITLE) || t[i].start || t[i].dotted || t[i].kind != TOK_WORD)
			continue;
		for (size_t k = 0; k < sizeof little / sizeof *little && !is; k++)
			is = t[i].len == strlen(little[k]) && !memcmp(text + t[i].off, little[k], t[i].len);
	}
	for (size_t i = 0; i < n && is; i++)
		t[i].start |= (t[i].flags & WORD_TITLE) != 0;
}

/* A sentence whose words are nearly all in capitals shouts: capitals mean nothing there. */
static void shouting(struct tok *t, size_t n)
{
	size_t words = 0, caps = 0;

	for (size_t i = 0; i < n; i++)
		if (t[i].kind == TOK_WORD && t[i].len > 2) {
			words++;
			caps += (t[i].flags & WORD_UPPER) != 0;
		}
	for (size_t i = 0; i < n; i++)
		t[i].shout = caps && caps * 10 >= words * 7;
}

/* А. С. Пушкин, Пушкин А. С.: letters with points beside a name. */
static void initials(struct tok *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool before = i && t[i - 1].kind == TOK_WORD && (t[i - 1].flags & WORD_TITLE) &&
		              !t[i - 1].start;
		bool chain = i > 1 && t[i - 2].kind == TOK_INITIAL;
		bool next = i + 2 < n && t[i + 2].kind == TOK_WORD && (t[i + 2].flags & WORD_TITLE);

		if (t[i].initial && (before || chain || next))
			t[i].kind = TOK_INITIAL;
	}
}

/* A closing bracket that nothing opened is a smile, but for lists: 1) а) */
static void brackets(struct tok *t, size_t n, const char *text)
{
	int open = 0;

	for (size_t i = 0; i < n; i++) {
		char c = t[i].kind == TOK_PUNCT && t[i].len == 1 ? text[t[i].off] : 0;

		if (c == '(')
			open++;
		else if (c == ')' && open > 0)
			open--;
		else if (c == ')')
			t[i].loose = !(i == 1 || (i && t[i - 1].kind == TOK_DIGIT));
	}
}

void tok_cut(struct toks *out, struct str text, uint32_t off, uint32_t len)
{
	const char *p = text.p + off, *end = p + len;
	size_t from = out->n;

	while (p < end) {
		uint32_t r = peek(p, end);
		struct tok t = { .off = (uint32_t)(p - text.p) };
		const char *q;

		if (space(r)) {
			p = after(p, end);
			continue;
		}
		bool after_space = p == text.p + off || space(peek(p - 1, end));

		if (r < 0x80 && (q = address(p, end)) != NULL)
			t.kind = TOK_LATIN, t.mark = MARK_SIGN;
		else if (r < 0x80 && (q = face(p, end, after_space)) != NULL)
			t.kind = TOK_PUNCT, t.mark = MARK_SIGN;
		else if (letter(r))
			q = word(&t, p, end);
		else if (digit(r))
			q = number(&t, p, end);
		else
			q = punct(&t, p, end);
		t.len = (uint16_t)(q - p);
		t.initial = t.kind == TOK_WORD && t.len <= 2 && (t.flags & WORD_TITLE) &&
		            q < end && *q == '.' && !(q + 1 < end && q[1] == '.');
		t.dotted = t.kind == TOK_WORD && t.len <= 8 && q < end && *q == '.' &&
		           !(q + 1 < end && q[1] == '.');
		VEC_PUSH(out->t, out->n, out->cap) = t;
		p = q;
	}
	starts(out->t + from, out->n - from);
	verse(out->t + from, out->n - from, text.p);
	initials(out->t + from, out->n - from);
	brackets(out->t + from, out->n - from, text.p);
	shouting(out->t + from, out->n - from);
}
