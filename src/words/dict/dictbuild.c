/* dictbuild.c - turns the files of the npm package az into our one dictionary file.
 *
 *   in    words.dawg, p_t_given_w.intdawg, prediction-suffixes-{0,1,2}.dawg,
 *         paradigms.array, suffixes.json, gramtab-opencorpora-int.json
 *   out   the bytes of words.dict (layout in dict.h)
 *
 * The graphs are kept as they are; paradigms get an index, endings and tags leave JSON, tags
 * are read once into struct gram. The same input gives the same bytes.
 *
 * Source: pymorphy's compiled OpenCorpora dictionary [Korobov 2015], CC BY-SA 3.0.
 */
#include "words/dict/dict.h"

enum { JSON_ROWS_MAX = 65535 };

static const char credit[] =
	"OpenCorpora dictionary, opencorpora.org, CC BY-SA 3.0; "
	"compiled for pymorphy2 by M. Korobov; packed by az (D. Denisov), MIT.\n";

struct sect { uint64_t off, n, hash; };

struct maker {
	struct buf *out;
	struct sect s[DICT_SECTIONS + 1];
};

static void pad(struct buf *b)
{
	static const char zero[64];

	if (b->n % 64)
		buf_add(b, zero, 64 - b->n % 64);
}

static void section(struct maker *m, int id, const void *p, size_t n)
{
	pad(m->out);
	m->s[id] = (struct sect){ m->out->n, n, hash64(p, n, 0) };
	buf_add(m->out, p, n);
}

/* u32 n, u32 unit[n], and with a guide u32 n, u8 guide[2n] */
static enum status graph(struct maker *m, int id, struct str file, bool guide,
                         const char *name, struct err *e)
{
	struct reader r = reader_of(file);
	size_t n = rd_count(&r, 4);
	struct str unit = rd_bytes(&r, n * 4);

	if (r.bad || !n)
		return err_set(e, ERR_FORMAT, "%s: not a word graph", name);
	section(m, id, unit.p, unit.n);
	if (!guide)
		return OK;
	size_t k = rd_count(&r, 2);
	struct str side = rd_bytes(&r, k * 2);

	if (r.bad || k != n)
		return err_set(e, ERR_FORMAT, "%s: its guide does not fit", name);
	section(m, id + 1, side.p, side.n);
	return OK;
}

/* paradigms.array: u16 count, then per paradigm u16 length and values. */
static enum status paradigms(struct maker *m, struct str file, struct err *e)
{
	struct reader r = reader_of(file);
	struct buf first = { 0 }, value = { 0 };
	uint32_t n = rd_u16(&r), at = 0;

	buf_u32(&first, n);
	for (uint32_t i = 0; i < n && !r.bad; i++) {
		uint16_t len = rd_u16(&r);
		struct str v = rd_bytes(&r, (size_t)len * 2);

		r.bad |= len % 3 != 0;
		buf_u32(&first, at);
		buf_str(&value, v);
		at += len;
	}
	buf_u32(&first, at);
	if (!r.bad) {
		buf_str(&first, buf_view(&value));
		section(m, SEC_PARADIGMS, first.p, first.n);
	}
	buf_free(&first);
	buf_free(&value);
	return r.bad ? err_set(e, ERR_FORMAT, "paradigms.array: cut short") : OK;
}

/* One string of a JSON array of plain strings; false at the end or on trouble. */
static bool json_string(struct str *rest, struct str *s, bool *bad)
{
	size_t i = 0;

	while (i < rest->n && strchr(" \t\r\n,[", rest->p[i]))
		i++;
	if (i == rest->n || rest->p[i] == ']')
		return *bad |= i == rest->n, false;
	size_t k = i + 1;

	while (k < rest->n && rest->p[k] != '"' && rest->p[k] != '\\')
		k++;
	if (rest->p[i] != '"' || k == rest->n || rest->p[k] == '\\')
		return *bad = true, false;
	*s = (struct str){ rest->p + i + 1, k - i - 1 };
	*rest = (struct str){ rest->p + k + 1, rest->n - k - 1 };
	return true;
}

/* Appends the dictionary bytes of a UTF-8 string; false on a letter that has none. */
static bool put_bytes(struct buf *b, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		uint8_t c = cyr_byte(r);

		if (!c && r < 0x80)
			c = (uint8_t)r;
		if (!c)
			return false;
		buf_char(b, (char)c);
	}
	return true;
}

/* u32 n, u32 first[n + 1], bytes */
static void put_rows(struct maker *m, int id, const struct buf *first, const struct buf *byte)
{
	struct buf b = { 0 };

	buf_u32(&b, (uint32_t)(first->n / 4 - 1));
	buf_str(&b, buf_view(first));
	buf_str(&b, buf_view(byte));
	section(m, id, b.p, b.n);
	buf_free(&b);
}

static enum status suffixes(struct maker *m, struct str file, struct err *e)
{
	struct buf first = { 0 }, byte = { 0 };
	struct str s;
	bool bad = false;
	size_t n = 0;

	while (n < JSON_ROWS_MAX && json_string(&file, &s, &bad)) {
		buf_u32(&first, (uint32_t)byte.n);
		bad |= !put_bytes(&byte, s);
		n++;
	}
	buf_u32(&first, (uint32_t)byte.n);
	put_rows(m, SEC_SUFFIXES, &first, &byte);
	buf_free(&first);
	buf_free(&byte);
	return bad || !n ? err_set(e, ERR_FORMAT, "suffixes.json: not a list of endings") : OK;
}

static enum status tags(struct maker *m, struct str file, struct err *e)
{
	struct buf first = { 0 }, name = { 0 }, row = { 0 };
	struct str s;
	bool bad = false;
	size_t n = 0;

	while (n < JSON_ROWS_MAX && json_string(&file, &s, &bad)) {
		struct tag t = tag_parse(s);

		buf_u32(&row, gram_pack(t.g));
		buf_u32(&row, t.pos | (uint32_t)t.mark << 8);
		buf_u32(&first, (uint32_t)name.n);
		buf_str(&name, s);
		n++;
	}
	buf_u32(&first, (uint32_t)name.n);
	section(m, SEC_TAGS, row.p, row.n);
	put_rows(m, SEC_TAG_NAMES, &first, &name);
	buf_free(&first);
	buf_free(&name);
	buf_free(&row);
	return bad || !n ? err_set(e, ERR_FORMAT, "gramtab: not a list of tags") : OK;
}

static void store32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> 8 * i);
}

static void store64(char *p, uint64_t v)
{
	store32(p, (uint32_t)v);
	store32(p + 4, (uint32_t)(v >> 32));
}

/* Writes header and table into the room left for them at the front. */
static void head(struct maker *m)
{
	char *h = m->out->p, *row = h + DICT_HEADER;

	for (int id = 1; id <= DICT_SECTIONS; id++, row += DICT_ROW) {
		store32(row, (uint32_t)id);
		store64(row + 8, m->s[id].off);
		store64(row + 16, m->s[id].n);
		store64(row + 24, m->s[id].hash);
	}
	store32(h, DICT_MAGIC);
	store32(h + 4, DICT_VERSION);
	store32(h + 8, DICT_HEADER + DICT_SECTIONS * DICT_ROW);
	store32(h + 12, DICT_SECTIONS);
	store64(h + 16, m->out->n);
	store64(h + 24, hash64(h + DICT_HEADER, DICT_SECTIONS * DICT_ROW, 0));
}

enum status dict_build(struct buf *out, const struct dict_source *src, struct err *e)
{
	static const char room[DICT_HEADER + DICT_SECTIONS * DICT_ROW];
	static const char *const ends[3] = {
		"prediction-suffixes-0.dawg", "prediction-suffixes-1.dawg",
		"prediction-suffixes-2.dawg",
	};
	struct maker m = { .out = out };
	struct dict *d;

	must(out->n == 0);
	buf_add(out, room, sizeof room);
	if (graph(&m, SEC_WORDS, src->words, true, "words.dawg", e) ||
	    graph(&m, SEC_PROB, src->p_t_given_w, false, "p_t_given_w.intdawg", e))
		return e->code;
	for (int i = 0; i < 3; i++)
		if (graph(&m, SEC_ENDS + 2 * i, src->predict[i], true, ends[i], e))
			return e->code;
	if (paradigms(&m, src->paradigms, e) || suffixes(&m, src->suffixes_json, e) ||
	    tags(&m, src->gramtab_json, e))
		return e->code;
	section(&m, SEC_CREDIT, credit, sizeof credit - 1);
	pad(out);
	head(&m);
	if (dict_open(&d, buf_view(out), e))	/* what is written must open */
		return err_in(e, "the dictionary made from these files");
	dict_close(d);
	return OK;
}
