/* txt.c - plain text in any Russian charset: from lines to paragraphs.
 *
 *   in    the bytes of a .txt
 *   out   one book; title and author only where the first lines say them clearly
 *
 * Lines are cut (any line end), measured (layout.c), joined where the file wraps them, and
 * the pieces judged by how they stand and by their words (headlines.c): headings, breaks, verse.
 *
 * Invariant: every visible character is in some paragraph, but for the head lines that
 * became title and author, note marks, and a list of notes at the end.
 */
#include "text/inner.h"
#include "text/layout.h"

enum { CAPS_SLOTS = 1 << 16 };	/* a power of two */

/* ---- lines ---------------------------------------------------------------------------- */

static bool odd_ends(struct str s)
{
	return memchr(s.p, '\r', s.n) || memchr(s.p, '\f', s.n) || memchr(s.p, '\v', s.n) ||
	       memmem(s.p, s.n, "\xE2\x80\xA8", 3) || memmem(s.p, s.n, "\xE2\x80\xA9", 3) ||
	       memmem(s.p, s.n, "\xC2\x85", 2);
}

/* CR, CRLF, NEL, U+2028, U+2029, form feeds: all become '\n'. */
static struct str unify(struct buf *b, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	if (!s.n || !odd_ends(s))
		return s;
	char *o = buf_room(b, s.n);
	while (p < end) {
		size_t left = (size_t)(end - p);
		if (*p == '\r' || *p == '\f' || *p == '\v') {
			p += *p == '\r' && left > 1 && p[1] == '\n' ? 2 : 1;
			*o++ = '\n';
		} else if (left > 2 && (!memcmp(p, "\xE2\x80\xA8", 3) || !memcmp(p, "\xE2\x80\xA9", 3))) {
			p += 3;
			*o++ = '\n';
		} else if (left > 1 && !memcmp(p, "\xC2\x85", 2)) {
			p += 2;
			*o++ = '\n';
		} else {
			*o++ = *p++;
		}
	}
	b->n = (size_t)(o - b->p);
	return buf_view(b);
}

/* ---- what the pieces are ---------------------------------------------------------------- */

static bool gap_after(const struct pieces *p, size_t i)
{
	return i + 1 >= p->n || p->v[i + 1].blanks > 0;
}

/* A short free-standing line in a file whose paragraphs follow each other without gaps. */
static bool stands_free(const struct pieces *p, size_t i, const struct layout *l)
{
	const struct piece *v = &p->v[i];

	return v->blanks > l->usual_blanks && i + 1 < p->n && p->v[i + 1].blanks > 0 &&
	       v->runes <= 60 && v->lines == 1 && v->ends == END_OPEN && v->starts == START_UPPER &&
	       !l->poem && p->v[i + 1].runes > 60;
}

/* A speaker's name comes again and again, a heading does not: counts lines in capitals. */
static void count_caps(uint8_t *seen, const struct pieces *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct piece *v = &p->v[i];
		v->head = v->lines > 2 || v->runes > 100 ? HEAD_NONE : (uint8_t)head_kind(v->s);
		uint8_t *n = &seen[str_hash(v->s) & (CAPS_SLOTS - 1)];
		if (v->head == HEAD_CAPS && *n < 255)
			++*n;
	}
}

static uint8_t level_of(const struct pieces *p, size_t i, const struct layout *l,
                        const uint8_t *caps)
{
	const struct piece *v = &p->v[i];
	bool near = v->blanks > 0 || i == 0 || gap_after(p, i);

	switch (v->head) {
	case HEAD_PART:
		return 1;
	case HEAD_CHAPTER:
		return 2;
	case HEAD_NUMBER:
		return near || (uint8_t)v->s.p[0] > '9' ? 3 : 0;
	case HEAD_CAPS:
		return near && caps[str_hash(v->s) & (CAPS_SLOTS - 1)] <= 3 ? 2 : 0;
	default:
		return stands_free(p, i, l) ? 2 : 0;
	}
}

/* Marks headings and breaks; the level of a chapter goes to piece.level. */
static void find_heads(struct pieces *p, const struct layout *l)
{
	uint8_t *caps = mem_alloc(CAPS_SLOTS, 1);

	count_caps(caps, p);
	for (size_t i = 0; i < p->n; i++) {
		struct piece *v = &p->v[i];
		v->level = v->head == HEAD_BREAK ? 0 : level_of(p, i, l, caps);
		if (v->head == HEAD_BREAK)
			v->kind = PARA_BREAK;
		else if (v->level)
			v->kind = PARA_TITLE;
	}
	mem_free(caps);
}

static bool may_be_verse(const struct piece *v)
{
	return v->kind == PARA_PROSE && v->lines == 1 && v->runes <= 60 && v->starts != START_LOWER;
}

/* Runs of short lines that mostly end in the middle of a sentence are verse; in a file of
 * verse so is every short line. Wrapped files set verse off by a deeper indent. */
static void find_verse(struct pieces *p, const struct layout *l)
{
	for (size_t i = 0, j; i < p->n; i = j) {
		size_t open = 0, dash = 0, deep = 0;
		for (j = i; j < p->n && may_be_verse(&p->v[j]); j++) {
			open += p->v[j].ends != END_FULL;
			dash += p->v[j].starts == START_DASH;
			deep += p->v[j].indent > l->para_indent + 1;
		}
		size_t n = j - i;
		bool verse = l->wrapped ? n >= 2 && deep * 4 >= n * 3
		                        : n >= (l->poem ? 1 : 4) && open * 10 >= n * 3 && dash * 2 < n;
		if (l->poem && n && !l->wrapped)
			verse = true;
		for (size_t k = i; verse && k < j; k++)
			p->v[k].kind = PARA_VERSE;
		j += j == i;
	}
}

/* ---- title and author ------------------------------------------------------------------- */

static bool genre_word(struct str s)
{
	static const char *const genres[] = { "Очерк", "Рассказ", "Повесть", "Роман", "Поэма",
		"Новелла", "Сказка", "Драма", "Комедия", "Трагедия", "Стихотворения" };

	for (size_t i = 0; i < sizeof genres / sizeof *genres; i++)
		if (str_eq(s, str_of(genres[i])))
			return true;
	return false;
}

/* «Предисловие», «ОТ АВТОРА», «Часть первая», «* I *», «1833»: of a part, or no words at all. */
static bool part_word(struct str s)
{
	static const char *const first[] = { "предисловие", "послесловие", "вступление", "введение",
		"пролог", "эпилог", "посвящение", "приложение", "часть", "глава", "том", "от автора",
		"от издателя", "от редактора", "оглавление", "содержание" };
	struct arena a = arena_open("title");
	struct str low = str_lower(&a, s);
	bool part = false, letters = false;
	const char *p = low.p, *end = low.p + low.n;

	while (p < end)
		letters |= rune_is_letter(utf8_next(&p, end));
	while (low.n && strchr("* ", low.p[0]))
		low.p++, low.n--;
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		struct str w = str_of(first[i]);

		part |= str_starts(low, w) && (low.n == w.n || strchr(" .:", low.p[w.n]));
	}
	arena_close(&a);
	return part || !letters;
}

static bool may_be_title(const struct piece *v)
{
	enum head_kind k = v->head;

	return !part_word(v->s) && v->runes <= 80 && v->lines == 1 && v->kind != PARA_BREAK && !genre_word(v->s) &&
	       (k == HEAD_NONE || k == HEAD_CAPS) && (v->ends == END_OPEN || k == HEAD_CAPS) &&
	       !strchr(",;:-", v->s.p[v->s.n - 1]) && v->starts != START_DASH &&
	       v->starts != START_LOWER;
}

/* The number of pieces at the head that say title and author and are no text themselves. */
static size_t head_lines(struct maker *m, const struct pieces *p)
{
	struct str name, title;

	if (p->n < 3)
		return 0;
	const struct piece *a = &p->v[0], *b = &p->v[1];
	if (head_name_title(a->s, &name, &title) && a->runes <= 100 && (b->blanks || b->runes > 100)) {
		maker_name(&m->author, name);
		maker_name(&m->title, title);
		return 1;
	}
	if (head_is_name(a->s) && may_be_title(b) && !head_is_name(b->s)) {
		maker_name(&m->author, a->s);
		if (str_starts(b->s, S("Собрание сочинений")) || str_starts(b->s, S("Полное собрание")))
			return 2;		/* of an edition, not of this book */
		maker_name(&m->title, b->s);
		return 2;
	}
	bool headed = b->head != HEAD_NONE && b->head != HEAD_CAPS;
	if (head_is_name(a->s) && !part_word(a->s) && (b->blanks || headed)) {	/* the author alone */
		maker_name(&m->author, a->s);
		return 1;
	}
	if (may_be_title(a) && (b->blanks || headed)) {
		maker_name(&m->title, a->s);
		return 1;
	}
	return 0;
}

/* Where a list of notes begins in the second half of the book; p->n when there is none. */
static size_t notes_begin(const struct pieces *p)
{
	size_t marked = 0;

	for (size_t i = p->n; i-- > p->n / 2;) {
		char c = p->v[i].s.p[0];
		if (i + 1 < p->n && marked * 10 >= (p->n - i - 1) * 6 && head_is_notes(p->v[i].s))
			return i;
		marked += (c >= '0' && c <= '9') || c == '[' || c == '*';
	}
	return p->n;
}

/* ---- the reader --------------------------------------------------------------------------- */

/* «ГЛАВА I» and on the next line «СЕРЖАНТ ГВАРДИИ» are one heading of two lines. */
static bool two_lines(const struct pieces *p, size_t i, size_t end)
{
	const struct piece *v = &p->v[i];

	return i + 1 < end && (v->head == HEAD_CHAPTER || v->head == HEAD_NUMBER) &&
	       p->v[i + 1].head == HEAD_CAPS && !p->v[i + 1].blanks;
}

static void tell_heading(struct maker *m, const struct piece *v, bool two)
{
	struct buf b = {0};

	buf_str(&b, v->s);
	if (two) {
		buf_str(&b, v->s.p[v->s.n - 1] == '.' ? S(" ") : S(". "));
		buf_str(&b, v[1].s);
	}
	maker_chapter(m, v->level, buf_view(&b));
	buf_free(&b);
}

static void tell(struct maker *m, const struct pieces *p)
{
	size_t end = notes_begin(p);
	bool two;

	if (end < p->n)
		warn_add(&m->warn, "notes at the end left out");
	for (size_t i = head_lines(m, p); i < end; i++) {
		const struct piece *v = &p->v[i];
		if (v->kind == PARA_TITLE) {
			two = two_lines(p, i, end);
			tell_heading(m, v, two);
			i += two;
		} else
			maker_para(m, v->kind, v->s, v->blanks > 0);
	}
}

static enum status lay_out(struct maker *m, struct str text, struct err *e)
{
	struct buf own = {0}, joined = {0};
	struct pieces p = {0};
	struct layout l;
	struct lines lines = {0};
	enum status st = lines_cut(&lines, unify(&own, text), e);

	if (!st) {
		l = layout_of(&lines);
		pieces_join(&p, &joined, &lines, &l);
		mem_free(lines.v);
		lines.v = NULL;
		find_heads(&p, &l);
		find_verse(&p, &l);
		tell(m, &p);
	}
	mem_free(lines.v);
	mem_free(p.v);
	buf_free(&own);
	buf_free(&joined);
	return st;
}

static enum status fill(struct maker *m, struct str text, struct err *e)
{
	if (!utf8_has_letter(text))
		return err_set(e, ERR_FORMAT, "there is no text in it: %s",
		               text.n ? "not a letter" : "the file is empty");
	return lay_out(m, text, e);
}

enum status txt_read(struct str bytes, const char *name, struct str format, book_each each,
                     void *ctx, struct err *e)
{
	return book_decode(bytes, S(""), false, fill, name, format, each, ctx, e);
}

static int recognise(struct str bytes, struct str head, const char *name)
{
	(void)bytes;
	(void)head;
	return name_ends(name, ".txt") ? 50 : 20;
}

static enum status read(struct str bytes, const char *name, book_each each, void *ctx,
                        struct err *e)
{
	return txt_read(bytes, name, S("txt"), each, ctx, e);
}

const struct format format_txt = { "txt", recognise, read };
