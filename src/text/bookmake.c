/* bookmake.c - collects paragraphs from a reader and makes a struct book of them.
 *
 *   in    raw paragraphs, chapter titles, remarks, in reading order
 *   out   one clean text with chapters, paragraphs and sentences over it
 *
 * Invariants: paragraphs are joined by one '\n'; every paragraph is in exactly one chapter;
 * a chapter has at least one paragraph, its title first; levels begin at 1 without holes.
 */
#include "text/inner.h"

char *buf_room(struct buf *b, size_t n)
{
	size_t need;

	must(add_ok(b->n, n, &need) && add_ok(need, 1, &need));
	if (need > b->cap) {
		size_t cap = b->cap + b->cap / 2 > need ? b->cap + b->cap / 2 : need;
		b->p = mem_resize(b->p, cap, 1);
		b->cap = cap;
	}
	b->p[b->n] = 0;
	return b->p + b->n;
}

void warn_add(struct buf *warn, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	if (!warn)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n <= 0 || warn->n + sizeof line > LIMIT_WARN || (warn->p && strstr(warn->p, line)))
		return;
	struct buf clean = {0};
	clean_add(&clean, str_of(line));	/* may quote a name from outside */
	if (warn->n)
		buf_str(warn, S("; "));
	buf_str(warn, buf_view(&clean));
	buf_free(&clean);
}

struct maker maker_open(struct arena *a)
{
	return (struct maker){ .a = a, .fresh = true };
}

void maker_close(struct maker *m)
{
	buf_free(&m->text);
	buf_free(&m->warn);
	buf_free(&m->title);
	buf_free(&m->author);
	mem_free(m->para);
	mem_free(m->chapter);
	*m = (struct maker){0};
}

void maker_reset(struct maker *m)
{
	m->text.n = m->n_para = m->n_chapter = m->title.n = m->author.n = 0;
	m->fresh = true;
	m->full = false;
}

/* At most LIMIT_TITLE bytes, cut between runes; leading "..." of a cut shows nothing. */
void maker_name(struct buf *field, struct str raw)
{
	field->n = 0;
	clean_add(field, raw);
	if (field->n > LIMIT_TITLE) {
		field->n = LIMIT_TITLE;
		while (field->n && ((uint8_t)field->p[field->n] & 0xC0) == 0x80)
			field->n--;
		field->p[field->n] = 0;
	}
}

static bool add(struct maker *m, enum para_kind kind, struct str raw, bool gap)
{
	size_t before = m->text.n;

	if (m->full || m->n_para >= LIMIT_PARAS || raw.n > LIMIT_BOOK ||
	    m->text.n > LIMIT_BOOK - raw.n) {
		m->full = true;
		return false;
	}
	if (before)
		buf_char(&m->text, '\n');
	size_t off = m->text.n, n = clean_add(&m->text, raw);
	if (!n) {
		m->text.n = before;
		return false;
	}
	if (m->fresh) {
		VEC_PUSH(m->chapter, m->n_chapter, m->chapter_cap) =
			(struct chapter){ .para = (uint32_t)m->n_para, .level = 1 };
		m->fresh = false;
	}
	VEC_PUSH(m->para, m->n_para, m->para_cap) = (struct para){
		.off = (uint32_t)off, .len = (uint32_t)n, .kind = (uint8_t)kind, .gap = gap,
		.chapter = (uint32_t)m->n_chapter - 1 };
	m->chapter[m->n_chapter - 1].n_para++;
	return true;
}

void maker_para(struct maker *m, enum para_kind kind, struct str raw, bool gap)
{
	add(m, kind, raw, gap);
}

void maker_section(struct maker *m)
{
	m->fresh = true;
}

void maker_chapter(struct maker *m, uint32_t level, struct str title)
{
	bool was = m->fresh;

	m->fresh = true;
	if (!add(m, PARA_TITLE, title, true)) {
		m->fresh = was;
		return;
	}
	struct chapter *c = &m->chapter[m->n_chapter - 1];
	c->title_off = m->para[m->n_para - 1].off;
	c->title_len = m->para[m->n_para - 1].len;
	c->level = level ? level : 1;
}

struct maker_mark maker_mark(const struct maker *m)
{
	return (struct maker_mark){ m->text.n, m->n_para, m->n_chapter, m->fresh };
}

void maker_back(struct maker *m, struct maker_mark k)
{
	m->text.n = k.text;
	m->n_para = k.n_para;
	m->n_chapter = k.n_chapter;
	m->fresh = k.fresh;
	if (k.n_chapter) {
		struct chapter *c = &m->chapter[k.n_chapter - 1];
		c->n_para = (uint32_t)(k.n_para - c->para);
	}
}

/* Levels as found (h2, h4, or depth of sections) become 1, 2, … */
static void even_levels(struct maker *m)
{
	uint32_t to[16] = {0}, next = 1;

	for (size_t i = 0; i < m->n_chapter; i++)
		if (m->chapter[i].title_len)
			to[m->chapter[i].level < 15 ? m->chapter[i].level : 15] = 1;
	for (int i = 0; i < 16; i++)
		if (to[i])
			to[i] = next++;
	for (size_t i = 0; i < m->n_chapter; i++) {
		struct chapter *c = &m->chapter[i];
		c->level = c->title_len ? to[c->level < 15 ? c->level : 15] : 1;
	}
}

/* "dir/leo_tolstoy.fb2.zip" -> "leo_tolstoy": a title when the file has none. */
static struct str stem(const char *name)
{
	const char *slash = strrchr(name ? name : "", '/');
	struct str s = str_of(slash ? slash + 1 : name);
	static const char *const tail[] = { ".zip", ".fb2", ".txt", ".epub" };

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof tail / sizeof *tail; i++)
			if (s.n > strlen(tail[i]) &&
			    !strncasecmp(s.p + s.n - strlen(tail[i]), tail[i], strlen(tail[i])))
				s.n -= strlen(tail[i]);
	return s;
}

enum status maker_finish(struct maker *m, struct book *out, const char *name,
                         struct str format, struct str charset, struct err *e)
{
	if (m->full)
		return err_set(e, ERR_LIMIT, "the book is over %d MB or %d paragraphs",
		               LIMIT_BOOK >> 20, LIMIT_PARAS);
	if (!m->n_para)
		return err_set(e, ERR_FORMAT, "there is no text in it");
	if (!m->title.n)
		maker_name(&m->title, stem(name));
	const char *language = pairs_language(buf_view(&m->text));
	if (language)
		warn_add(&m->warn, "%s", language);
	even_levels(m);
	*out = (struct book){
		.title = str_copy(m->a, buf_view(&m->title)),
		.author = str_copy(m->a, buf_view(&m->author)),
		.text = str_copy(m->a, buf_view(&m->text)),
		.warn = str_copy(m->a, buf_view(&m->warn)),
		.format = format, .charset = charset,
		.n_para = m->n_para, .n_chapter = m->n_chapter,
		.para = TAKE(m->a, struct para, m->n_para),
		.chapter = TAKE(m->a, struct chapter, m->n_chapter),
	};
	memcpy(out->para, m->para, m->n_para * sizeof *m->para);
	memcpy(out->chapter, m->chapter, m->n_chapter * sizeof *m->chapter);
	text_split(out, m->a);
	return OK;
}

void text_from_plain(struct book *out, struct str utf8, struct arena *a)
{
	struct maker m = maker_open(a);
	struct str line;
	bool gap = false;

	while (str_cut(&utf8, '\n', &line)) {
		size_t before = m.n_para;
		maker_para(&m, PARA_PROSE, line, gap);
		gap = m.n_para == before;
	}
	*out = (struct book){
		.title = S(""), .author = S(""), .warn = S(""), .format = S("txt"),
		.charset = S("utf-8"), .text = str_copy(a, buf_view(&m.text)),
		.n_para = m.n_para, .n_chapter = 1,
		.para = TAKE(a, struct para, m.n_para + 1), .chapter = TAKE(a, struct chapter, 1),
	};
	if (m.n_para)
		memcpy(out->para, m.para, m.n_para * sizeof *m.para);
	out->chapter[0] = (struct chapter){ .n_para = (uint32_t)m.n_para, .level = 1 };
	text_split(out, a);
	maker_close(&m);
}
