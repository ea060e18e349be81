/* charset.c - bytes in any Russian charset into UTF-8; the only door of iconv and uchardet.
 *
 *   in    the bytes of a file, and what an XML declaration says about them
 *   out   valid UTF-8 and the name of the charset found
 *
 * A byte-order mark is believed; UTF-16 without one shows by its zero and four bytes; valid
 * UTF-8 is UTF-8. Among the single-byte charsets the letter pairs decide (letterpairs.c): Russian
 * text read in its own charset scores 6 to 7, in another under 4. A declaration counts when it
 * scores about as well as the best. uchardet is asked only when the pairs know nothing.
 *
 * iconv gives each single-byte charset as a table of 128 runes, once (charset_warm), so that
 * nothing is opened while an untrusted book is read.
 */
#include <iconv.h>
#include <pthread.h>
#include <strings.h>
#include <uchardet/uchardet.h>

#include "text/inner.h"

struct table {
	const char *name, *iconv;
	const char *also;		/* other names, spaces between */
	bool russian;			/* a candidate when nothing is declared */
	uint16_t rune[128];		/* of bytes 128…255; 0 where undefined */
};

static struct table tables[] = {
	{ "windows-1251", "CP1251", "cp1251 cp-1251 win-1251 windows1251 win1251 ansi-1251", true, {0} },
	{ "koi8-r", "KOI8-R", "koi8r koi8 cskoi8r", true, {0} },
	{ "cp866", "CP866", "ibm866 866 dos-866 csibm866", true, {0} },
	{ "x-mac-cyrillic", "MAC-CYRILLIC", "mac-cyrillic maccyrillic macintosh-cyrillic", true, {0} },
	{ "iso-8859-5", "ISO-8859-5", "iso8859-5 iso_8859-5 cyrillic iso88595", true, {0} },
	{ "koi8-u", "KOI8-U", "koi8u", false, {0} },
	{ "windows-1252", "CP1252", "cp1252 windows1252 latin1-windows", false, {0} },
	{ "iso-8859-1", "ISO-8859-1", "latin1 iso8859-1 iso_8859-1 us-ascii ascii", false, {0} },
	{ "windows-1250", "CP1250", "cp1250", false, {0} },
	{ "iso-8859-2", "ISO-8859-2", "latin2", false, {0} },
	{ "iso-8859-15", "ISO-8859-15", "latin9", false, {0} },
	{ "cp855", "CP855", "ibm855", false, {0} },
	{ "windows-1253", "CP1253", "cp1253", false, {0} },
	{ "windows-1254", "CP1254", "cp1254", false, {0} },
	{ "windows-1257", "CP1257", "cp1257", false, {0} },
};
enum {
	TABLES = sizeof tables / sizeof *tables,
	LATIN = 6,			/* windows-1252: for Latin text with a few accents */
	PEEK = 64 << 10,		/* bytes that decide */
};

static void fill(struct table *t)
{
	iconv_t cd = iconv_open("UTF-16LE", t->iconv);

	if (cd == (iconv_t)-1)
		return;			/* all zero: never chosen, it decodes to nothing */
	for (int i = 0; i < 128; i++) {
		char in = (char)(128 + i), out[8], *pi = &in, *po = out;
		size_t ni = 1, no = sizeof out;
		if (iconv(cd, &pi, &ni, &po, &no) != (size_t)-1 && no == sizeof out - 2)
			t->rune[i] = (uint16_t)((uint8_t)out[0] | (uint8_t)out[1] << 8);
		iconv(cd, NULL, NULL, NULL, NULL);
	}
	iconv_close(cd);
}

static void fill_all(void)
{
	for (int i = 0; i < TABLES; i++)
		fill(&tables[i]);
}

void charset_warm(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill_all);
}

static const struct table *table_named(struct str name)
{
	for (int i = 0; i < TABLES; i++) {
		struct str also = str_of(tables[i].also), one;
		if (name.n == strlen(tables[i].name) && !strncasecmp(name.p, tables[i].name, name.n))
			return &tables[i];
		while (str_cut(&also, ' ', &one))
			if (one.n == name.n && !strncasecmp(one.p, name.p, name.n))
				return &tables[i];
	}
	return NULL;
}

/* ---- decoding --------------------------------------------------------------------------- */

static size_t from_table(struct buf *out, struct str in, const struct table *t)
{
	size_t bad = 0;
	char *o = buf_room(out, in.n * 3);

	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = (uint8_t)in.p[i];
		uint32_t r = c < 128 ? c : t->rune[c - 128];
		bad += c >= 128 && !r;
		if (c < 128)
			*o++ = (char)c;
		else
			o += utf8_put(o, r ? r : 0xFFFD);
	}
	out->n = (size_t)(o - out->p);
	*o = 0;
	return bad;
}

static uint32_t unit16(const uint8_t *p, bool big) { return big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]; }

static size_t from_utf16(struct buf *out, struct str in, bool big)
{
	const uint8_t *p = (const uint8_t *)in.p, *end = p + (in.n & ~(size_t)1);
	size_t bad = in.n & 1;
	char *o = buf_room(out, in.n / 2 * 3 + 4);

	while (p < end) {
		uint32_t r = unit16(p, big);
		p += 2;
		if (r >= 0xD800 && r < 0xDC00 && p < end) {
			uint32_t low = unit16(p, big);
			if (low >= 0xDC00 && low < 0xE000) {
				r = 0x10000 + ((r - 0xD800) << 10) + (low - 0xDC00);
				p += 2;
			}
		}
		bad += r >= 0xD800 && r < 0xE000;
		o += utf8_put(o, r);
	}
	out->n = (size_t)(o - out->p);
	*o = 0;
	return bad;
}

/* ---- what is it? --------------------------------------------------------------------------- */

/* 0 no, 1 little-endian, 2 big-endian: in UTF-16 of Russian or Latin text nearly every second
 * byte is 0 or 4; a few are 0x20, the dashes and dots of U+2010 … U+2026. */
static int utf16_unmarked(struct str in)
{
	size_t n = (in.n < PEEK ? in.n : PEEK) / 2, sure[2] = {0}, sign[2] = {0};

	for (size_t i = 0; i < 2 * n; i++) {
		uint8_t c = (uint8_t)in.p[i];
		sure[i & 1] += c == 0 || c == 4;
		sign[i & 1] += c == 0x20;
	}
	for (int k = 0; k < 2 && n >= 4; k++)
		if (sure[k] * 5 >= n * 4 && (sure[k] + sign[k]) * 20 >= n * 19 && sure[!k] * 2 < n)
			return k ? 1 : 2;
	return 0;
}

static bool too_many_controls(struct str in)
{
	size_t n = in.n < PEEK ? in.n : PEEK, bad = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)in.p[i];
		bad += c < 32 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1A && c != 0x1B;
	}
	return bad > 8 ? bad * 50 > n : bad * 10 > n;
}

/* A binary file that calls itself a book deserves its name in the message. */
static const char *known_binary(struct str in)
{
	static const struct { const char *magic; size_t n; const char *what; } kinds[] = {
		{ "\x1F\x8B", 2, "gzip data" }, { "%PDF", 4, "a PDF" }, { "\x7F" "ELF", 4, "a program" },
		{ "\x89PNG", 4, "a PNG picture" }, { "\xFF\xD8\xFF", 3, "a JPEG picture" },
		{ "Rar!", 4, "a RAR archive" }, { "7z\xBC\xAF", 4, "a 7z archive" },
		{ "AT&TFORM", 8, "a DjVu" }, { "\xD0\xCF\x11\xE0", 4, "an old Word document" },
		{ "{\\rtf", 5, "an RTF document" }, { "SQLite format 3", 15, "an SQLite store" },
		{ "PK\x03\x04", 4, "a ZIP archive" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_starts(in, (struct str){ kinds[i].magic, kinds[i].n }))
			return kinds[i].what;
	return NULL;
}

/* Counts the runes beyond ASCII that are good UTF-8, and the bytes that are not. */
static void utf8_count_bad(struct str s, size_t *good, size_t *bad)
{
	const char *p = s.p, *end = s.p + s.n;

	*good = *bad = 0;
	while (p < end) {
		const char *at = p;
		uint32_t r = utf8_next(&p, end);
		if (r == 0xFFFD && p - at == 1)
			++*bad;
		else if (r >= 0x80)
			++*good;
	}
}

static struct str sample(struct str in)
{
	/* Past a head of Latin or markup: the first bytes beyond ASCII, and what follows. */
	size_t i = 0;

	while (i < in.n && (uint8_t)in.p[i] < 128)
		i++;
	if (i == in.n)
		return (struct str){ in.p, 0 };
	return (struct str){ in.p + i, in.n - i < PEEK ? in.n - i : PEEK };
}

static double score_of(const struct table *t, struct str part)
{
	struct buf b = {0};

	from_table(&b, part, t);
	double s = pairs_score(buf_view(&b), NULL);
	buf_free(&b);
	return s;
}

static const struct table *best_table(struct str part, double *best)
{
	const struct table *t = NULL;

	*best = -100;
	for (int i = 0; i < TABLES; i++) {
		if (!tables[i].russian)
			continue;
		double s = score_of(&tables[i], part);
		if (s > *best) {
			*best = s;
			t = &tables[i];
		}
	}
	return t;
}

static const struct table *ask_uchardet(struct str part)
{
	uchardet_t u = uchardet_new();
	const struct table *t = NULL;

	if (!uchardet_handle_data(u, part.p, part.n)) {
		uchardet_data_end(u);
		t = table_named(str_of(uchardet_get_charset(u)));
	}
	uchardet_delete(u);
	return t;
}

/* ---- text that was decoded wrongly before it was saved -------------------------------------- */

/* Undoes "read as `was` and saved as UTF-8": the bytes that `was` has for these runes. */
static bool back_to_bytes(struct buf *out, struct str s, const struct table *was)
{
	const char *p = s.p, *end = s.p + s.n;
	uint8_t *byte = mem_alloc(1 << 16, 1);	/* of a rune; 0: none */
	size_t lost = 0, all = 0;

	for (int i = 0; i < 128; i++)		/* a byte the charset leaves undefined is itself */
		byte[128 + i] = (uint8_t)(128 + i);
	for (int i = 0; i < 128; i++)
		byte[was->rune[i]] = (uint8_t)(128 + i);
	char *o = buf_room(out, s.n);
	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		uint8_t c = r < 0x80 ? (uint8_t)r : r < 0x10000 ? byte[r] : 0;
		all += r >= 0x80;
		lost += r >= 0x80 && !c;
		*o++ = r >= 0x80 && !c ? '?' : (char)c;
	}
	out->n = (size_t)(o - out->p);
	mem_free(byte);
	return lost * 20 <= all;
}

struct twist { int was, is; const char *said; };	/* is: -1 UTF-8, else a table */

static bool untwist(struct decoded *d, struct str text, const struct twist *t, double than)
{
	struct buf bytes = {0}, again = {0};
	size_t bad = 0;
	double s = -100;
	struct str part = sample(text);

	for (int whole = 0; whole < 2; whole++) {
		struct str in = whole ? text : part;
		bytes.n = again.n = 0;
		if (!back_to_bytes(&bytes, in, &tables[t->was]))
			break;
		if (t->is >= 0)
			from_table(&again, buf_view(&bytes), &tables[t->is]);
		else if (utf8_valid(buf_view(&bytes)))
			buf_str(&again, buf_view(&bytes));
		else
			utf8_mend(buf_view(&bytes), &again, &bad);
		s = pairs_score(buf_view(&again), NULL);
		if (s < than + 2 || s < 4)
			break;
		if (whole) {
			buf_free(&bytes);
			buf_free(&d->own);
			d->own = again;
			d->text = buf_view(&d->own);
			return true;
		}
	}
	buf_free(&bytes);
	buf_free(&again);
	return false;
}

/* Valid text whose letters make no Russian sense may be Russian decoded twice. */
static void mend_mojibake(struct decoded *d, struct buf *warn)
{
	static const struct twist twists[] = {
		{ 7, -1, "UTF-8 had been read as Latin-1" }, { 6, -1, "UTF-8 had been read as windows-1252" },
		{ 0, -1, "UTF-8 had been read as windows-1251" }, { 2, -1, "UTF-8 had been read as cp866" },
		{ 1, -1, "UTF-8 had been read as koi8-r" },
		{ 0, 1, "koi8-r had been read as windows-1251" }, { 1, 0, "windows-1251 had been read as koi8-r" },
		{ 0, 2, "cp866 had been read as windows-1251" }, { 2, 0, "windows-1251 had been read as cp866" },
		{ 6, 0, "windows-1251 had been read as windows-1252" }, { 7, 0, "windows-1251 had been read as Latin-1" },
		{ 7, 1, "koi8-r had been read as Latin-1" },
	};
	size_t judged;
	struct str part = sample(d->text);
	double s = pairs_score(part, &judged);

	if (judged < 40 || judged * 4 < utf8_count(part) || s > 4.2)
		return;
	for (size_t i = 0; i < sizeof twists / sizeof *twists; i++)
		if (untwist(d, d->text, &twists[i], s)) {
			warn_add(warn, "mended: %s", twists[i].said);
			return;
		}
}

/* ---- the decision --------------------------------------------------------------------------- */

static enum status done(struct decoded *d, const char *charset, size_t bad, struct buf *warn)
{
	d->charset = str_of(charset);
	if (d->own.n)
		d->text = buf_view(&d->own);
	if (bad)
		warn_add(warn, "%zu bytes are no %s", bad, charset);
	return OK;
}

static bool declared_as(struct str declared, const char *head)
{
	return declared.n >= strlen(head) && !strncasecmp(declared.p, head, strlen(head));
}

static enum status as_utf8(struct decoded *d, struct str in, size_t bad, struct str declared,
                           struct buf *warn)
{
	size_t lost = 0;

	d->text = bad ? utf8_mend(in, &d->own, &lost) : in;
	if (declared.n && !declared_as(declared, "utf-8") && !declared_as(declared, "utf8") &&
	    sample(in).n)
		warn_add(warn, "declared %.*s, but it is utf-8", declared.n < 40 ? (int)declared.n : 40,
		         declared.p);
	mend_mojibake(d, warn);
	return done(d, "utf-8", bad, warn);
}

static enum status as_utf16(struct decoded *d, struct str in, bool big, bool marked, bool xml,
                            struct buf *warn)
{
	size_t bad = from_utf16(&d->own, in, big);

	if (xml && !marked)
		warn_add(warn, "UTF-16 without a byte-order mark");
	return done(d, big ? "utf-16be" : "utf-16le", bad, warn);
}

static enum status single_byte(struct decoded *d, struct str in, struct str declared,
                               struct buf *warn, struct err *e)
{
	struct str part = sample(in);
	double best, said = -100;
	const struct table *t = best_table(part, &best), *word = table_named(declared);
	size_t high = 0;

	for (size_t i = 0; i < part.n; i++)
		high += (uint8_t)part.p[i] >= 128;
	if (word)
		said = score_of(word, part);
	if (word && (said >= best - 0.7 || (best < 3 && high * 4 < part.n))) {
		t = word;
	} else if (best < 3) {
		const struct table *guess = ask_uchardet(part);
		if (high * 3 > part.n && best < 0 && !guess)
			return err_set(e, ERR_FORMAT, "not text in any charset known here");
		if (high * 4 < part.n)
			t = guess ? guess : &tables[LATIN];
		else if (guess && guess->russian)
			t = guess;
		warn_add(warn, "the charset was guessed: %s", t->name);
	} else if (declared.n) {
		warn_add(warn, "declared %.*s, but it is %s", declared.n < 40 ? (int)declared.n : 40,
		         declared.p, t->name);
	}
	size_t bad = from_table(&d->own, in, t);
	return done(d, t->name, bad, warn);
}

enum status charset_decode(struct decoded *d, struct str in, struct str declared, bool xml,
                           struct buf *warn, struct err *e)
{
	size_t good, bad;
	int wide;

	charset_warm();
	*d = (struct decoded){ .text = { "", 0 }, .charset = S("utf-8") };
	if (in.n > LIMIT_BOOK)
		return err_set(e, ERR_LIMIT, "%zu MB is over the limit of %d MB", in.n >> 20, LIMIT_BOOK >> 20);
	if (str_starts(in, S("\xEF\xBB\xBF"))) {
		in.p += 3;
		in.n -= 3;
		declared = (struct str){ "", 0 };
	}
	if (str_starts(in, S("\xFF\xFE")) || str_starts(in, S("\xFE\xFF")))
		return as_utf16(d, (struct str){ in.p + 2, in.n - 2 }, in.p[0] == '\xFE', true, xml, warn);
	if ((wide = utf16_unmarked(in)))
		return as_utf16(d, in, wide == 2, false, xml, warn);
	const char *what = known_binary(in);
	if (what)
		return err_set(e, ERR_FORMAT, "not text: it looks like %s", what);
	if (too_many_controls(in))
		return err_set(e, ERR_FORMAT, "not text: it is full of control bytes");
	if (utf8_valid(in))
		return as_utf8(d, in, 0, declared, warn);
	utf8_count_bad(in, &good, &bad);
	if (good > bad * 4 || (good > bad && declared_as(declared, "utf-8") && bad < 100))
		return as_utf8(d, in, bad, declared, warn);
	return single_byte(d, in, declared, warn, e);
}

struct str charset_peek(struct str in, char *room, size_t n_room)
{
	int wide = str_starts(in, S("\xFF\xFE")) ? 1 : str_starts(in, S("\xFE\xFF")) ? 2
	         : utf16_unmarked(in);
	size_t n = 0;

	for (size_t i = wide == 2; i < in.n && n + 1 < n_room; i += wide ? 2 : 1)
		room[n++] = in.p[i];
	return (struct str){ room, n };
}
