/* headlines.c - what a short line of plain text is: a heading, a break, a person's name.
 *
 *   in    one trimmed line
 *   out   its kind by its words alone; whether it stands free is txt.c's to see
 *
 * «Часть первая», «ГЛАВА II. Вожатый», «XVIII», «Эпилог», «* * *», «А. П. Чехов».
 */
#include "text/inner.h"

enum { LONG_HEAD = 100 };	/* runes */

struct word { struct str s; bool stop; };	/* stop: a full stop follows it */

/* Cuts line at spaces; a word loses its closing stop, comma or colon. */
static size_t words_of(struct word *w, size_t max, struct str line)
{
	struct str piece;
	size_t n = 0;

	while (n < max && str_cut(&line, ' ', &piece)) {
		if (!piece.n)
			continue;
		char last = piece.p[piece.n - 1];
		w[n].stop = last == '.';
		if (last == '.' || last == ':' || last == ',')
			piece.n--;
		w[n++].s = piece;
	}
	return n;
}

static bool same_word(struct str s, const char *lower)
{
	const char *p = s.p, *end = s.p + s.n, *q = lower;

	while (p < end && *q) {
		const char *at = q;
		if (rune_lower(utf8_next(&p, end)) != utf8_next(&at, q + strlen(q)))
			return false;
		q = at;
	}
	return p == end && !*q;
}

static bool one_of(struct str s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (same_word(s, list[i]))
			return true;
	return false;
}
#define ONE_OF(s, list) one_of((s), (list), sizeof (list) / sizeof *(list))

/* I V X L C and the Cyrillic letters that look like them. */
static bool is_roman(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		if (!(r < 0x80 && strchr("IVXLC", (int)r)) && r != 0x425 && r != 0x406)
			return false;
	}
	return s.n > 0 && s.n <= 9;
}

static bool is_arabic(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && s.n <= 3;
}

/* первая, второй, третье, десятого …: by stem, so that every gender and case is met. */
static bool is_ordinal(struct str s)
{
	static const char *const stems[] = {
		"перв", "втор", "трет", "четв", "пят", "шест", "седьм", "восьм", "девят",
		"десят", "одиннадцат", "двенадцат", "тринадцат", "четырнадцат", "пятнадцат",
		"шестнадцат", "семнадцат", "восемнадцат", "девятнадцат", "двадцат", "тридцат",
		"последн",
	};
	static const char *const tails[] = {
		"ая", "ое", "ый", "ой", "ий", "ья", "ье", "яя", "ее", "ертая", "ёртая", "ертое",
		"ёртое", "ертый", "ёртый", "ь",
	};

	for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
		size_t n = strlen(stems[i]);
		if (s.n > n && same_word((struct str){ s.p, n }, stems[i]))
			return ONE_OF(((struct str){ s.p + n, s.n - n }), tails);
	}
	return false;
}

static bool is_number(struct str s)
{
	return is_roman(s) || is_arabic(s) || is_ordinal(s);
}

static bool all_upper(struct str s, size_t *letters)
{
	const char *p = s.p, *end = s.p + s.n;

	*letters = 0;
	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		if (!rune_is_letter(r))
			continue;
		if (rune_lower(r) == r)
			return false;
		++*letters;
	}
	return *letters > 0;
}

static bool starts_upper(struct str s)
{
	const char *p = s.p;
	uint32_t r = s.n ? utf8_next(&p, s.p + s.n) : 0;

	return rune_is_letter(r) && rune_lower(r) != r;
}

/* "* * *", "-----", "~": three marks or more, or stars alone. Rows of dots are text. */
static bool is_break(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t n = 0, stars = 0;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		if (r == ' ')
			continue;
		if (!(r < 0x80 && strchr("*-_=~#+", (int)r)) && r != 0x2014 && r != 0x2013 &&
		    r != 0x2022 && r != 0xB7 && r != 0x2217 && r != 0x2500 && r != 0x2042)
			return false;
		n++;
		stars += r == '*' || r == 0x2217 || r == 0x2042;
	}
	return n >= 3 || (stars && stars == n);
}

static enum head_kind by_keyword(struct str line, const struct word *w, size_t n)
{
	static const char *const parts[] = { "часть", "том", "книга", "действие", "акт", "песнь",
		"песня", "отдел", "раздел", "отделение", "картина" };
	static const char *const chapters[] = { "глава", "явление", "сцена", "письмо", "видение",
		"ночь", "стих", "выход" };
	static const char *const alone[] = { "пролог", "эпилог" };
	static const char *const alone2[] = { "предисловие", "послесловие", "введение",
		"вступление", "заключение", "посвящение", "предуведомление", "интродукция" };
	static const char *const phrases[] = { "от автора", "от издателя", "к читателю",
		"вместо предисловия", "вместо эпилога", "вместо введения", "действующие лица" };
	struct str bare = line;

	if (bare.n && bare.p[bare.n - 1] == '.')
		bare.n--;
	if (ONE_OF(bare, alone))
		return HEAD_PART;
	if (ONE_OF(bare, alone2) || ONE_OF(bare, phrases))
		return HEAD_CHAPTER;
	if (n < 2 || !starts_upper(line))
		return HEAD_NONE;
	bool key_first = is_number(w[1].s), num_first = n == 2 && is_ordinal(w[0].s);
	struct str key = key_first ? w[0].s : w[1].s;
	if (!key_first && !num_first)
		return HEAD_NONE;
	if (key_first && n > 2 && !w[1].stop && (uint8_t)w[2].s.p[0] >= 0xD0 &&
	    (uint8_t)w[2].s.p[0] <= 0xD1 && !starts_upper(w[2].s) && !is_ordinal(w[2].s))
		return HEAD_NONE;	/* «Часть первая его жизни …» */
	if (ONE_OF(key, parts))
		return HEAD_PART;
	return ONE_OF(key, chapters) ? HEAD_CHAPTER : HEAD_NONE;
}

enum head_kind head_kind(struct str line)
{
	struct word w[24];
	size_t letters, n;

	if (!line.n || line.n > 2 * LONG_HEAD)
		return HEAD_NONE;
	if (is_break(line))
		return HEAD_BREAK;
	if (strchr(",;:-", line.p[line.n - 1]))
		return HEAD_NONE;
	n = words_of(w, 24, line);
	if (n == 2 && str_eq(w[0].s, S("§")) && is_arabic(w[1].s))
		return HEAD_CHAPTER;
	if (n == 1 && (is_roman(w[0].s) || is_arabic(w[0].s)))
		return HEAD_NUMBER;
	enum head_kind k = by_keyword(line, w, n);
	if (k != HEAD_NONE)
		return k;
	if (n > 1 && n < 14 && w[0].stop && is_roman(w[0].s) && w[0].s.n < 8 &&
	    starts_upper(w[1].s) && !w[1].stop && !strchr("!?", line.p[line.n - 1]))
		return HEAD_CAPS;		/* «II. Вожатый»: if it stands free */
	if (all_upper(line, &letters) && letters >= 4 && !strchr("!?", line.p[line.n - 1]))
		return HEAD_CAPS;
	return HEAD_NONE;
}

/* ---- names --------------------------------------------------------------------------- */

static bool is_initials(struct word w)	/* «А.», «Д.В.» (its last stop is taken off) */
{
	const char *p = w.s.p, *end = w.s.p + w.s.n;

	if (!w.stop || !w.s.n)
		return false;
	for (bool letter = true; p < end; letter = !letter) {
		uint32_t r = utf8_next(&p, end);
		if (letter ? !(rune_is_letter(r) && rune_lower(r) != r) : r != '.')
			return false;
	}
	return true;
}

static bool is_capitalised(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	if (utf8_count(s) < 3 || !starts_upper(s))
		return false;
	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		if (!rune_is_letter(r) && r != '-')
			return false;
	}
	return true;
}

static bool is_patronymic(struct str s)
{
	static const char *const tails[] = { "ович", "евич", "ична", "овна", "евна", "ьич", "мич", "тич" };

	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
		if (s.n > strlen(tails[i]) + 2 &&
		    same_word((struct str){ s.p + s.n - strlen(tails[i]), strlen(tails[i]) }, tails[i]))
			return true;
	return false;
}

static bool is_given(struct str s)
{
	static const char *const names[] = {
		"александр", "александра", "алексей", "анастасия", "анатолий", "андрей", "анна",
		"антон", "антоний", "аполлон", "аркадий", "афанасий", "борис", "вадим", "валентин",
		"валерий", "варвара", "василий", "вера", "викентий", "виктор", "виссарион",
		"владимир", "владислав", "всеволод", "вячеслав", "гавриил", "георгий", "герман",
		"глеб", "григорий", "даниил", "денис", "дмитрий", "евгений", "евгения", "евдокия",
		"екатерина", "елена", "елизавета", "зинаида", "иван", "игнатий", "игорь", "илья",
		"иннокентий", "иосиф", "карл", "кирилл", "константин", "корней", "лев", "леонид",
		"лидия", "любовь", "людмила", "максим", "максимилиан", "марина", "мария", "марк",
		"марко", "михаил", "надежда", "наталья", "никита", "николай", "нина", "олег",
		"ольга", "осип", "павел", "петр", "пётр", "роман", "саша", "семен", "семён",
		"сергей", "софья", "степан", "тарас", "татьяна", "федор", "фёдор", "фаддей",
		"федот", "филипп", "фома", "эдуард", "юлия", "юрий", "яков",
	};

	return ONE_OF(s, names);
}

/* «А.И.ГЕРЦЕН»: a space after each initial. */
static struct str space_initials(char *room, size_t n_room, struct str line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.n && n + 2 < n_room; i++) {
		room[n++] = line.p[i];
		if (line.p[i] == '.' && i + 1 < line.n && line.p[i + 1] != ' ')
			room[n++] = ' ';
	}
	return (struct str){ room, n };
}

bool head_is_name(struct str line)
{
	char room[260];
	struct word w[6];
	size_t n = words_of(w, 6, space_initials(room, sizeof room, line)), initials = 0, words = 0;

	if (n < 2 || n > 4 || line.n > 120)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (is_initials(w[i]))
			initials++;
		else if (is_capitalised(w[i].s) && !w[i].stop)
			words++;
		else
			return false;
	}
	if (initials)
		return words == 1 || (words == 2 && is_given(w[0].s));
	if (words == 2)
		return is_given(w[0].s) && !is_patronymic(w[1].s);
	return words == 3 && (is_patronymic(w[1].s) || is_patronymic(w[2].s));
}

bool head_name_title(struct str line, struct str *name, struct str *title)
{
	if (line.n > 240 || strchr(".,;:", line.n ? line.p[line.n - 1] : '.'))
		return false;
	for (size_t i = 0; i + 2 < line.n; i++) {
		if (line.p[i] != '.' || line.p[i + 1] != ' ')
			continue;
		*name = (struct str){ line.p, i };
		*title = str_trim((struct str){ line.p + i + 1, line.n - i - 1 });
		if (head_is_name(*name) && starts_upper(*title))
			return true;
	}
	return false;
}

static bool title_is(struct str title, const char *const *list, size_t n)
{
	while (title.n && strchr(".: ", title.p[title.n - 1]))
		title.n--;
	return one_of(title, list, n);
}

bool head_is_notes(struct str title)
{
	static const char *const list[] = { "примечания", "сноски", "комментарии", "примечание",
		"примечания автора", "notes", "footnotes", "endnotes" };

	return title_is(title, list, sizeof list / sizeof *list);
}

bool head_is_contents(struct str title)
{
	static const char *const list[] = { "оглавление", "содержание", "contents",
		"table of contents", "содержание книги" };

	return title_is(title, list, sizeof list / sizeof *list);
}
