/* t_text.c - the text room: every shape of a book reads the same, hostile files meet their
 * verdicts, sentences read as a linguist would cut them.
 *
 * tests/golden/text/split-X.in    typed text      -> split-X.out, a sentence a line
 * tests/golden/text/read-X.in     a book file X   -> read-X.out, a paragraph a line with its kind
 */
#include <iconv.h>
#include <time.h>
#include <zip.h>

#include "golden.h"
#include "text/text.h"

/* ---- what a reader gave --------------------------------------------------------------------- */

struct got {
	struct arena a;
	struct book b;			/* of the last book */
	size_t books;
};

static struct str keep(struct arena *a, struct str s) { return str_copy(a, s); }

static enum status take(void *ctx, struct book *b, struct err *e)
{
	struct got *g = ctx;

	(void)e;
	arena_close(&g->a);
	g->a = arena_open("got");
	g->b = *b;
	g->b.title = keep(&g->a, b->title);
	g->b.author = keep(&g->a, b->author);
	g->b.text = keep(&g->a, b->text);
	g->b.warn = keep(&g->a, b->warn);
	g->b.para = TAKE(&g->a, struct para, b->n_para);
	memcpy(g->b.para, b->para, b->n_para * sizeof *b->para);
	g->b.sent = TAKE(&g->a, struct sent, b->n_sent + 1);
	memcpy(g->b.sent, b->sent, b->n_sent * sizeof *b->sent);
	g->b.chapter = TAKE(&g->a, struct chapter, b->n_chapter);
	memcpy(g->b.chapter, b->chapter, b->n_chapter * sizeof *b->chapter);
	g->books++;
	return OK;
}

static void drop(struct got *g) { arena_close(&g->a); }

static enum status read_file(struct got *g, const char *path, struct err *e)
{
	struct buf bytes = {0};
	enum status st = file_read(&bytes, path, LIMIT_BOOK, e);

	*g = (struct got){ .a = arena_open("got") };
	if (!st)
		st = text_read(buf_view(&bytes), path, take, g, e);
	buf_free(&bytes);
	return st;
}

static enum status read_bytes(struct got *g, struct str bytes, const char *name, struct err *e)
{
	*g = (struct got){ .a = arena_open("got") };
	return text_read(bytes, name, take, g, e);
}

/* What text.h promises of every book. */
static void check_book(const struct book *b)
{
	const char *t = b->text.p;
	size_t at = 0, s = 0;

	CHECK(utf8_valid(b->text) && utf8_valid(b->title) && utf8_valid(b->author));
	CHECK(b->n_chapter > 0 && b->title.n <= 500 && b->author.n <= 500);
	for (size_t i = 0; i < b->text.n; i++)
		CHECK((uint8_t)t[i] >= 32 || t[i] == '\n');
	for (size_t i = 0; i < b->n_para; i++) {
		const struct para *p = &b->para[i];
		const struct chapter *c = &b->chapter[p->chapter];
		size_t in = p->off;
		CHECK(p->off == at && p->len > 0 && p->chapter < b->n_chapter);
		CHECK(c->para <= i && i < c->para + c->n_para);
		CHECK(p->sent == s && (p->kind != PARA_BREAK || p->n_sent == 0));
		for (size_t k = 0; k < p->n_sent; k++, s++) {
			const struct sent *x = &b->sent[s];
			for (; in < x->off; in++)
				CHECK(t[in] == ' ');
			CHECK(x->para == i && x->len > 0 && t[x->off] != ' ' && t[x->off + x->len - 1] != ' ');
			in = x->off + x->len;
		}
		CHECK(in <= p->off + p->len);
		for (; in < p->off + p->len && p->kind != PARA_BREAK; in++)
			CHECK(t[in] == ' ');
		at = p->off + p->len + 1;
	}
	CHECK(s == b->n_sent && (at == b->text.n + 1 || b->n_para == 0));
}

/* ---- golden ---------------------------------------------------------------------------------- */

#define GOLDEN "tests/golden/text/"

static void print_paras(struct buf *out, const struct book *b)
{
	static const char *const kind[] = { "prose", "verse", "title", "epigraph", "by", "break" };

	buf_printf(out, "# " STR_FMT " | " STR_FMT " | " STR_FMT "\n", STR_ARG(b->title), STR_ARG(b->author),
	           STR_ARG(b->format));
	for (size_t i = 0; i < b->n_para; i++) {
		const struct para *p = &b->para[i];
		buf_printf(out, "%s", kind[p->kind]);
		if (p->kind == PARA_TITLE)
			buf_printf(out, " %u", b->chapter[p->chapter].level);
		buf_printf(out, "\t%.*s\n", (int)p->len, b->text.p + p->off);
	}
}

static enum status print_each(void *ctx, struct book *b, struct err *e)
{
	(void)e;
	check_book(b);
	print_paras(ctx, b);
	return OK;
}

static void one_golden(struct buf *out, struct str in, const char *in_path)
{
	struct arena a = arena_open("golden");
	struct err e = {0};
	const char *name = in_path + strlen(GOLDEN);

	if (!strncmp(name, "split-", 6)) {
		struct book b;
		text_from_plain(&b, in, &a);
		check_book(&b);
		for (size_t i = 0; i < b.n_sent; i++)
			buf_printf(out, "%.*s\n", (int)b.sent[i].len, b.text.p + b.sent[i].off);
	} else {			/* read-book.fb2.in is the file read-book.fb2 */
		struct str as = str_copy(&a, (struct str){ in_path, strlen(in_path) - 3 });
		CHECK_EQ(text_read(in, as.p, print_each, out, &e), OK);
	}
	arena_close(&a);
}

static void golden(void **state)
{
	(void)state;
	golden_folder("tests/golden/text", one_golden, 10);
}

/* ---- every shape of a book ---------------------------------------------------------------------- */

/* Typography that cp866 and koi8-r cannot hold, folded as the makers of those files did; note
 * marks and stress accents go, as in the reader. */
static struct str folded(struct arena *a, struct str s)
{
	static const char *const from[] = { "«", "»", "“", "”", "„", "—", "–", "…", "ё", "Ё", "--",
		"\xC2\xA0", "\xCC\x81", NULL };
	static const char *const to[] = { "\"", "\"", "\"", "\"", "\"", "-", "-", "...", "е", "Е", "-", " ", "" };
	struct buf b = {0};

	for (size_t i = 0; i < s.n;) {
		size_t k = 0, d = i + 1;
		while (from[k] && !str_starts((struct str){ s.p + i, s.n - i }, str_of(from[k])))
			k++;
		while (s.p[i] == '[' && d < s.n && s.p[d] >= '0' && s.p[d] <= '9')
			d++;
		if (from[k]) {
			buf_str(&b, str_of(to[k]));
			i += strlen(from[k]);
		} else if (d > i + 1 && d < s.n && s.p[d] == ']') {
			i = d + 1;
		} else if (s.p[i] == ' ' && b.n && b.p[b.n - 1] == ' ') {
			i++;
		} else {
			buf_char(&b, s.p[i++]);
		}
	}
	struct str out = str_copy(a, str_trim(buf_view(&b)));
	buf_free(&b);
	return out;
}

/* The next paragraph of expected/BASE.txt: notes "^N " passed over, marks of kind taken off. */
static bool next_expected(struct str *rest, struct str *line)
{
	while (str_cut(rest, '\n', line)) {
		if (!str_trim(*line).n || *line->p == '^')
			continue;
		size_t k = 0;
		while (k < line->n && (line->p[k] == '#' || line->p[k] == '>'))
			k++;
		if (k && k < line->n && line->p[k] == ' ')
			*line = (struct str){ line->p + k + 1, line->n - k - 1 };
		return true;
	}
	return false;
}

static void shape(const char *dir, const char *file, const char *base)
{
	char path[1024];
	struct got g;
	struct err e = {0};
	struct buf want = {0};
	struct str line;
	struct arena a = arena_open("shape");

	snprintf(path, sizeof path, "%s/data/formats/%s", dir, file);
	if (read_file(&g, path, &e))
		print_error("%s: %s\n", file, e.msg);
	CHECK_EQ(e.code, OK);
	CHECK_EQ(g.books, 1);
	CHECK(g.b.author.n > 0 && g.b.title.n > 0);
	check_book(&g.b);
	snprintf(path, sizeof path, "%s/data/formats/expected/%s.txt", dir, base);
	CHECK_EQ(file_read(&want, path, LIMIT_BOOK, &e), OK);
	struct str rest = buf_view(&want);
	for (size_t i = 0; i < g.b.n_para; i++) {
		const struct para *p = &g.b.para[i];
		if (p->kind == PARA_BREAK && !strchr("*", g.b.text.p[p->off]))
			continue;
		CHECK(next_expected(&rest, &line));
		struct str x = folded(&a, line), y = folded(&a, (struct str){ g.b.text.p + p->off, p->len });
		if (!str_eq(x, y))
			print_error("%s, paragraph %zu\n want %s\n got  %s\n", file, i, x.p, y.p);
		CHECK(str_eq(x, y));
	}
	CHECK(!next_expected(&rest, &line));
	buf_free(&want);
	arena_close(&a);
	drop(&g);
}

static void shapes(void **state)
{
	const char *dir = shared_dir();
	char path[1024];
	struct buf b = {0};
	struct err e = {0};
	size_t n = 0;

	(void)state;
	if (!dir)
		skip_shared();
	snprintf(path, sizeof path, "%s/data/formats/manifest.tsv", dir);
	CHECK_EQ(file_read(&b, path, 1 << 20, &e), OK);
	struct str rest = buf_view(&b), row;
	str_cut(&rest, '\n', &row);
	while (str_cut(&rest, '\n', &row)) {
		char file[256], base[256];
		if (sscanf(row.p, "%255[^\t]\t%255[^\t]", file, base) != 2 || strstr(file, ".wild-"))
			continue;
		shape(dir, file, base);
		n++;
	}
	CHECK(n >= 15);
	buf_free(&b);
}

/* Sentences of two shapes of one book, byte for byte. */
static void same_sentences(void **state)
{
	static const char *const pairs[][2] = {
		{ "turgenev_ottsy-i-deti.fb2", "turgenev_ottsy-i-deti.epub" },
		{ "turgenev_ottsy-i-deti.fb2", "turgenev_ottsy-i-deti.fb2.zip" },
		{ "chekhov_chayka.fb2", "chekhov_chayka.epub" },
		{ "dostoevsky_prestuplenie-i-nakazanie.epub", "dostoevsky_prestuplenie-i-nakazanie.cp1251.fb2.zip" },
		{ "chekhov_dama-s-sobachkoy.utf-16le-bom.txt", "chekhov_dama-s-sobachkoy.mac-cyrillic.txt" },
	};
	const char *dir = shared_dir();

	(void)state;
	if (!dir)
		skip_shared();
	for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
		struct got g[2];
		struct arena a = arena_open("same");
		for (int i = 0; i < 2; i++) {
			char path[1024];
			struct err e = {0};
			snprintf(path, sizeof path, "%s/data/formats/%s", dir, pairs[k][i]);
			CHECK_EQ(read_file(&g[i], path, &e), OK);
		}
		CHECK_EQ(g[0].b.n_sent, g[1].b.n_sent);
		for (size_t i = 0; i < g[0].b.n_sent; i++) {
			const struct sent *x = &g[0].b.sent[i], *y = &g[1].b.sent[i];
			CHECK(str_eq(folded(&a, (struct str){ g[0].b.text.p + x->off, x->len }),
			             folded(&a, (struct str){ g[1].b.text.p + y->off, y->len })));
		}
		drop(&g[0]);
		drop(&g[1]);
		arena_close(&a);
	}
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
enum { PATIENCE = 20 };			/* seconds; a sanitizer slows everything */
#else
enum { PATIENCE = 2 };
#endif

/* ---- hostile files --------------------------------------------------------------------------- */

/* Of CPU: a busy machine is not the reader's fault. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void hostile(void **state)
{
	const char *dir = shared_dir();
	char path[1024];
	struct buf b = {0};
	struct err e = {0};
	size_t n = 0;

	(void)state;
	if (!dir)
		skip_shared();
	snprintf(path, sizeof path, "%s/data/hostile/MANIFEST.tsv", dir);
	CHECK_EQ(file_read(&b, path, 1 << 20, &e), OK);
	struct str rest = buf_view(&b), row;
	while (str_cut(&rest, '\n', &row)) {
		char file[256], expect[32];
		if (sscanf(row.p, "%255[^\t]\t%*[^\t]\t%*[^\t]\t%31[^\t]", file, expect) != 2 ||
		    (strncmp(file, "fb2", 3) && strncmp(file, "txt/", 4) && strncmp(file, "epub/", 5)))
			continue;
		struct got g;
		struct err own = {0};
		double t = seconds();
		snprintf(path, sizeof path, "%s/data/hostile/%s", dir, file);
		enum status st = read_file(&g, path, &own);
		bool good = !strcmp(expect, "any") ||
			(!strcmp(expect, "accept") && st == OK && g.b.text.n > 0) ||
			(!strcmp(expect, "accept-warn") && st == OK && g.b.warn.n > 0) ||
			(!strcmp(expect, "reject") && (st == ERR_FORMAT || st == ERR_LIMIT) && own.msg[0]);
		if (!good)
			print_error("%s: expected %s, got %d %s; remarks: %.*s\n", file, expect, st, own.msg,
			            (int)g.b.warn.n, g.b.warn.n ? g.b.warn.p : "");
		CHECK(good);
		CHECK(seconds() - t < PATIENCE);
		CHECK(!strchr(own.msg, '\n'));
		if (st == OK)
			check_book(&g.b);
		drop(&g);
		n++;
	}
	CHECK(n > 100);
	buf_free(&b);
}

static void archive_of_many(void **state)
{
	const char *dir = shared_dir();
	char path[1024];
	struct got g;
	struct err e = {0};

	(void)state;
	if (!dir)
		skip_shared();
	snprintf(path, sizeof path, "%s/data/hostile/fb2zip/1000-books.zip", dir);
	CHECK_EQ(read_file(&g, path, &e), OK);
	CHECK_EQ(g.books, 1000);
	drop(&g);
}

/* ---- charsets ---------------------------------------------------------------------------------- */

static const char story[] =
	"Анна шла по мокрой улице и думала о письме, которого всё не было. Вронский молчал.\n"
	"Поезд опоздал на час, и снег пошёл снова; она подняла воротник и закрыла глаза.\n"
	"Никто не встретил её на платформе, только старый сторож снял шапку и вздохнул.\n";

static void charsets(void **state)
{
	static const char *const names[] = { "UTF-8", "CP1251", "KOI8-R", "CP866", "MAC-CYRILLIC",
		"ISO-8859-5", "UTF-16LE", "UTF-16BE", "UTF-16" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char out[4096], *po = out, *pi = (char *)(uintptr_t)story;
		size_t ni = strlen(story), no = sizeof out;
		iconv_t cd = iconv_open(names[i], "UTF-8");
		struct got g;
		struct err e = {0};
		CHECK(cd != (iconv_t)-1 && iconv(cd, &pi, &ni, &po, &no) == 0);
		iconv_close(cd);
		CHECK_EQ(read_bytes(&g, (struct str){ out, sizeof out - no }, "story.txt", &e), OK);
		CHECK_STR(g.b.warn, "");
		CHECK_EQ(g.b.text.n, strlen(story) - 1);
		CHECK(!memcmp(g.b.text.p, story, g.b.text.n));
		drop(&g);
	}
}

/* ---- limits --------------------------------------------------------------------------------------- */

static void laughs(void **state)
{
	struct buf b = {0};
	struct got g;
	struct err e = {0};

	(void)state;
	buf_str(&b, S("<?xml version=\"1.0\"?><!DOCTYPE F [<!ENTITY a0 \"ха-ха-ха\">"));
	for (int i = 1; i < 12; i++) {
		buf_printf(&b, "<!ENTITY a%d \"", i);
		for (int k = 0; k < 10; k++)
			buf_printf(&b, "&a%d;", i - 1);
		buf_str(&b, S("\">"));
	}
	buf_str(&b, S("]><FictionBook><body><section><p>&a11;</p></section></body></FictionBook>"));
	double t = seconds();
	CHECK_EQ(read_bytes(&g, buf_view(&b), "laughs.fb2", &e), ERR_LIMIT);
	CHECK(seconds() - t < PATIENCE);
	buf_free(&b);
	drop(&g);
}

static void depth(void **state)
{
	(void)state;
	for (int deep = 200; deep <= 100000; deep *= 500) {
		struct buf b = {0};
		struct got g;
		struct err e = {0};
		buf_str(&b, S("<FictionBook><body>"));
		for (int i = 0; i < deep; i++)
			buf_str(&b, S("<section>"));
		buf_str(&b, S("<p>Слово.</p>"));
		for (int i = 0; i < deep; i++)
			buf_str(&b, S("</section>"));
		buf_str(&b, S("</body></FictionBook>"));
		CHECK_EQ(read_bytes(&g, buf_view(&b), "deep.fb2", &e), deep > 256 ? ERR_LIMIT : OK);
		buf_free(&b);
		drop(&g);
	}
}

/* An archive made in memory: entry NAME of n bytes 'x'. */
static void zip_of(struct buf *out, const char *name, size_t n)
{
	zip_error_t ze;
	char *big = mem_alloc(n + 1, 1);
	memset(big, 'x', n);
	zip_source_t *src = zip_source_buffer_create(NULL, 0, 0, &ze);
	zip_t *z = zip_open_from_source(src, ZIP_TRUNCATE, &ze);

	CHECK(z != NULL);
	zip_source_keep(src);
	CHECK(zip_file_add(z, name, zip_source_buffer(z, big, n, 0), 0) >= 0);
	CHECK_EQ(zip_close(z), 0);
	CHECK_EQ(zip_source_open(src), 0);
	zip_source_seek(src, 0, SEEK_END);
	size_t size = (size_t)zip_source_tell(src);
	zip_source_seek(src, 0, SEEK_SET);
	char *p = mem_alloc(size, 1);
	CHECK_EQ(zip_source_read(src, p, size), size);
	buf_add(out, p, size);
	zip_source_close(src);
	zip_source_free(src);
	mem_free(p);
	mem_free(big);
}

static void bomb(void **state)
{
	struct buf b = {0};
	struct got g;
	struct err e = {0};

	(void)state;
	zip_of(&b, "bomb.fb2", 50 << 20);
	CHECK(b.n < 100 << 10);
	CHECK_EQ(read_bytes(&g, buf_view(&b), "bomb.fb2.zip", &e), ERR_LIMIT);
	CHECK_EQ(g.books, 0);
	buf_free(&b);
	drop(&g);
}

/* ---- packing ---------------------------------------------------------------------------------------- */

static void packing(void **state)
{
	struct arena a = arena_open("pack");
	struct book b, c;
	struct buf p = {0}, q = {0};
	struct err e = {0};

	(void)state;
	text_from_plain(&b, str_of(story), &a);
	book_pack(&p, &b);
	CHECK_EQ(book_unpack(&c, buf_view(&p), &a, &e), OK);
	book_pack(&q, &c);
	CHECK(str_eq(buf_view(&p), buf_view(&q)));
	for (size_t n = 0; n < p.n; n++) {	/* cut anywhere: refused */
		struct err own = {0};
		CHECK_EQ(book_unpack(&c, (struct str){ p.p, n }, &a, &own), ERR_FORMAT);
	}
	for (size_t i = 0; i < p.n; i++) {	/* one byte changed: refused, or in bounds */
		struct err own = {0};
		p.p[i] ^= 0x5A;
		if (book_unpack(&c, buf_view(&p), &a, &own) == OK)
			for (size_t k = 0; k < c.n_sent; k++)
				CHECK((size_t)c.sent[k].off + c.sent[k].len <= c.text.n);
		p.p[i] ^= 0x5A;
	}
	buf_free(&p);
	buf_free(&q);
	arena_close(&a);
}

/* ---- real books -------------------------------------------------------------------------------------- */

static void real_books(void **state)
{
	static const char *const names[] = { "lermontov_geroy-nashego-vremeni", "tolstoy_anna-karenina",
		"pushkin_boris-godunov", "sologub_tyazhyolye-sny", "narezhny_rossiyskiy-zhilblaz" };
	const char *dir = shared_dir();

	(void)state;
	if (!dir)
		skip_shared();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[1024];
		struct got g;
		struct err e = {0};
		size_t verse = 0, mid = 0;
		snprintf(path, sizeof path, "%s/data/books/%s.txt", dir, names[i]);
		CHECK_EQ(read_file(&g, path, &e), OK);
		check_book(&g.b);
		for (size_t k = 0; k < g.b.n_para; k++) {
			const struct para *p = &g.b.para[k];
			verse += p->kind == PARA_VERSE;
			mid += p->kind == PARA_PROSE && strchr(",-", g.b.text.p[p->off + p->len - 1]);
		}
		if (i == 2)
			CHECK(verse * 2 > g.b.n_para);		/* a drama in verse */
		else
			CHECK(verse * 10 < g.b.n_para && mid * 20 < g.b.n_para);	/* lines were joined */
		drop(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden), cmocka_unit_test(charsets), cmocka_unit_test(laughs),
		cmocka_unit_test(depth), cmocka_unit_test(bomb), cmocka_unit_test(packing),
		cmocka_unit_test(shapes), cmocka_unit_test(same_sentences), cmocka_unit_test(hostile),
		cmocka_unit_test(archive_of_many), cmocka_unit_test(real_books),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
