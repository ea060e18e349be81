/* bookpack.c - a book as bytes, for the pipe between the reading child and its parent.
 *
 *   in    struct book, or bytes that a child under attack may have written
 *   out   the bytes, or a book whose every offset was checked
 *
 * Layout, little-endian: magic, version, six blobs (title, author, format, charset, warn,
 * text), then chapters, paragraphs, sentences, each a count and its rows.
 *
 * Invariants checked on the way in: texts are UTF-8; every range lies in the text or in its
 * array; paragraphs and sentences follow each other; kinds are known.
 */
#include "text/text.h"

enum { BOOK_MAGIC = 0x4B50424C, BOOK_VERSION = 1 };

void book_pack(struct buf *out, const struct book *b)
{
	buf_u32(out, BOOK_MAGIC);
	buf_u32(out, BOOK_VERSION);
	buf_blob(out, b->title);
	buf_blob(out, b->author);
	buf_blob(out, b->format);
	buf_blob(out, b->charset);
	buf_blob(out, b->warn);
	buf_blob(out, b->text);
	buf_u32(out, (uint32_t)b->n_chapter);
	for (size_t i = 0; i < b->n_chapter; i++) {
		const struct chapter *c = &b->chapter[i];
		buf_u32(out, c->title_off);
		buf_u32(out, c->title_len);
		buf_u32(out, c->para);
		buf_u32(out, c->n_para);
		buf_u32(out, c->level);
	}
	buf_u32(out, (uint32_t)b->n_para);
	for (size_t i = 0; i < b->n_para; i++) {
		const struct para *p = &b->para[i];
		buf_u32(out, p->off);
		buf_u32(out, p->len);
		buf_u32(out, p->chapter);
		buf_u32(out, p->sent);
		buf_u32(out, p->n_sent);
		buf_u32(out, (uint32_t)(p->kind | p->gap << 8));
	}
	buf_u32(out, (uint32_t)b->n_sent);
	for (size_t i = 0; i < b->n_sent; i++) {
		buf_u32(out, b->sent[i].off);
		buf_u32(out, b->sent[i].len);
		buf_u32(out, b->sent[i].para);
	}
}

/* off..off+len lies in 0..n. */
static bool inside(uint32_t off, uint32_t len, size_t n)
{
	return off <= n && len <= n - off;
}

static struct str text_blob(struct reader *r, struct arena *a)
{
	struct str s = rd_blob(r);

	if (!r->bad && !utf8_valid(s))
		r->bad = true;
	return r->bad ? (struct str){ "", 0 } : str_copy(a, s);
}

static void read_chapters(struct reader *r, struct book *b, struct arena *a)
{
	b->n_chapter = rd_count(r, 20);
	b->chapter = TAKE(a, struct chapter, b->n_chapter + 1);
	for (size_t i = 0; i < b->n_chapter; i++) {
		struct chapter *c = &b->chapter[i];
		c->title_off = rd_u32(r);
		c->title_len = rd_u32(r);
		c->para = rd_u32(r);
		c->n_para = rd_u32(r);
		c->level = rd_u32(r);
		r->bad |= !inside(c->title_off, c->title_len, b->text.n);
	}
}

static void read_paras(struct reader *r, struct book *b, struct arena *a)
{
	size_t at = 0;

	b->n_para = rd_count(r, 24);
	b->para = TAKE(a, struct para, b->n_para + 1);
	for (size_t i = 0; i < b->n_para; i++) {
		struct para *p = &b->para[i];
		p->off = rd_u32(r);
		p->len = rd_u32(r);
		p->chapter = rd_u32(r);
		p->sent = rd_u32(r);
		p->n_sent = rd_u32(r);
		uint32_t kind = rd_u32(r);
		p->kind = (uint8_t)kind;
		p->gap = kind >> 8 & 1;
		r->bad |= !inside(p->off, p->len, b->text.n) || p->off < at || kind > 0x1FF ||
		          p->kind > PARA_BREAK || p->chapter >= b->n_chapter;
		at = (size_t)p->off + p->len;
	}
}

static void read_sents(struct reader *r, struct book *b, struct arena *a)
{
	size_t at = 0;

	b->n_sent = rd_count(r, 12);
	b->sent = TAKE(a, struct sent, b->n_sent + 1);
	for (size_t i = 0; i < b->n_sent; i++) {
		struct sent *s = &b->sent[i];
		s->off = rd_u32(r);
		s->len = rd_u32(r);
		s->para = rd_u32(r);
		r->bad |= !inside(s->off, s->len, b->text.n) || s->off < at || s->para >= b->n_para;
		at = (size_t)s->off + s->len;
	}
}

static bool counts_fit(const struct book *b)
{
	for (size_t i = 0; i < b->n_chapter; i++)
		if (!inside(b->chapter[i].para, b->chapter[i].n_para, b->n_para))
			return false;
	for (size_t i = 0; i < b->n_para; i++)
		if (!inside(b->para[i].sent, b->para[i].n_sent, b->n_sent))
			return false;
	return b->n_chapter > 0;
}

enum status book_unpack(struct book *out, struct str bytes, struct arena *a, struct err *e)
{
	struct reader r = reader_of(bytes);
	struct book b = {0};

	if (rd_u32(&r) != BOOK_MAGIC || rd_u32(&r) != BOOK_VERSION)
		return err_set(e, ERR_FORMAT, "not a packed book");
	b.title = text_blob(&r, a);
	b.author = text_blob(&r, a);
	b.format = text_blob(&r, a);
	b.charset = text_blob(&r, a);
	b.warn = text_blob(&r, a);
	b.text = text_blob(&r, a);
	read_chapters(&r, &b, a);
	read_paras(&r, &b, a);
	read_sents(&r, &b, a);
	if (r.bad || rd_left(&r) || b.text.n > LIMIT_BOOK || !counts_fit(&b))
		return err_set(e, ERR_FORMAT, "a packed book is damaged at byte %zu of %zu",
		               (size_t)(r.p - r.start), bytes.n);
	*out = b;
	return OK;
}
