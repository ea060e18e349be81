/* t_report.c - the report page: nothing of a book's becomes markup, every tag closes, the same
 * report gives the same bytes, and it stands with nothing and with thousands of books.
 *
 * REPORT_OUT=FILE writes the made-up page there, to be looked at in a browser (REPORT_LANG=en,
 * REPORT_TEXT=… in place of every name).
 */
#include <dirent.h>
#include "check.h"
#include "app/report/report.h"
#include "app/report/sha256.h"
#include "app/report/svg.h"

/* ---- small parts ------------------------------------------------------------------------ */

static void text_is_escaped(void **state)
{
	struct buf b = { 0 };

	(void)state;
	html_text(&b, S("<a href=\"x\" onload='y'>&amp;"));
	CHECK_STR(buf_view(&b), "&lt;a href=&quot;x&quot; onload=&#39;y&#39;&gt;&amp;amp;");
	b.n = 0;
	html_text(&b, (struct str){ "a\0b\xff\r\n", 6 });
	CHECK_STR(buf_view(&b), "a\xef\xbf\xbd" "b\xef\xbf\xbd&#13;\n");
	b.n = 0;
	html_cut(&b, S("длинное <имя>"), 9);
	CHECK_STR(buf_view(&b), "длинное &lt;…");
	b.n = 0;
	html_cut(&b, S("ровно"), 5);
	CHECK_STR(buf_view(&b), "ровно");
	buf_free(&b);
}

static void number_is(double v, int digits, const char *want)
{
	struct buf b = { 0 };

	svg_num(&b, v, digits);
	CHECK_STR(buf_view(&b), want);
	buf_free(&b);
}

static void numbers(void **state)
{
	(void)state;
	number_is(0, 2, "0");
	number_is(1.5, 2, "1.5");
	number_is(-0.004, 2, "0");
	number_is(-12.345, 2, "-12.35");
	number_is(3.999, 2, "4");
	number_is(7.05, 2, "7.05");
	number_is(NAN, 2, "0");
	number_is(-INFINITY, 2, "0");
}

static void steps(void **state)
{
	double first;

	(void)state;
	CHECK_NEAR(scale_step(0, 1, 5, &first), 0.2, 1e-12);
	CHECK_NEAR(first, 0, 1e-12);
	CHECK_NEAR(scale_step(0.13, 0.97, 5, &first), 0.2, 1e-12);
	CHECK_NEAR(first, 0.2, 1e-12);
	CHECK_NEAR(scale_step(0, 1234, 6, &first), 250, 1e-9);
	CHECK_EQ(scale_step(5, 5, 6, &first), 1);
}

static void hash_is(struct str s, const char *hex)
{
	uint8_t h[32];
	char got[65];

	sha256(h, s);
	for (int i = 0; i < 32; i++)
		snprintf(got + 2 * i, 3, "%02x", h[i]);
	CHECK_STR(str_of(got), hex);
}

static void hashes(void **state)
{
	struct buf b = { 0 };
	char *a = malloc(1000000);

	(void)state;
	hash_is(S(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_is(S("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_is(S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(a, 'a', 1000000);
	hash_is((struct str){ a, 1000000 },
	        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(a);
	sha256_policy(&b, S(""));
	CHECK_STR(buf_view(&b), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
	buf_free(&b);
}

/* ---- a made-up mind ----------------------------------------------------------------------- */

enum { NAMES = 34 };
static const char *const names[NAMES] = {
	"Раскольников", "Соня", "Разумихин", "Порфирий", "Дуня", "Свидригайлов", "Мармеладов",
	"Лужин", "Катерина", "Пульхерия", "Лебезятников", "Зосимов", "Настасья", "Заметов",
	"Алёна", "Лизавета", "Никодим", "Поленька", "Амалия", "Миколка", "старуха", "студент",
	"офицер", "мещанин", "дворник", "писарь", "лошадь", "извозчик", "хозяйка", "доктор",
	"священник", "прохожий", "девочка", "кучер",
};
static const char *const titles[] = {
	"Преступление и наказание", "Капитанская дочка", "Герой нашего времени", "Мёртвые души",
	"Обломов", "Отцы и дети", "Анна Каренина", "Дубровский", "Невский проспект",
	"Очарованный странник", "Вишнёвый сад", "Пиковая дама",
};
static const char *const authors[] = {
	"Фёдор Достоевский", "Александр Пушкин", "Михаил Лермонтов", "Николай Гоголь",
	"Иван Гончаров", "Иван Тургенев", "Лев Толстой", "Александр Пушкин", "Николай Гоголь",
	"Николай Лесков", "Антон Чехов", "Александр Пушкин",
};
static const char *const words[] = {
	"В начале июля, в чрезвычайно жаркое время, под вечер один молодой человек вышел из своей каморки",
	"Он остановился на мосту и долго глядел на воду, пока кто-то не тронул его за рукав",
	"— Вы ли это? — спросила она тихо и не сразу подняла глаза. Свеча догорала",
	"Дверь отворилась на крошечную щёлочку, и два вострые и недоверчивые взгляда уставились на него",
	"Снег шёл всю ночь; к утру дорогу замело, и никто уже не ждал, что почта придёт",
};

struct made {
	struct arena mem;
	struct report r;
};

static float wave(struct rng *r, double x, double phase, double lo, double hi)
{
	double v = 0.5 + 0.28 * sin(5.1 * x + phase) + 0.18 * sin(13 * x + 2 * phase)
	           + 0.3 * (x > 0.75 ? 1 - 8 * fabs(x - 0.85) : 0) + 0.16 * rng_normal(r);

	v = v < 0 ? 0 : v > 1 ? 1 : v;
	return (float)(lo + (hi - lo) * v);
}

static const struct report_scene *make_scenes(struct made *m, struct rng *r, uint32_t n, int book)
{
	struct report_scene *s = TAKE(&m->mem, struct report_scene, n);

	for (uint32_t i = 0; i < n; i++) {
		double x = (double)i / n;

		s[i] = (struct report_scene){
			.tension = rng_below(r, 9) ? wave(r, x, book, 0.1, 0.9) : NAN,
			.valence = rng_below(r, 3) ? wave(r, x, 2.0 * book + 1, -0.9, 0.7) : NAN,
			.chapter = str_printf(&m->mem, "Глава %u", 1 + i / 12),
			.glyph = S("RAS*SON_KOM#V→A"),
			.excerpt = str_of(words[i % 5]),
		};
	}
	return s;
}

static void make_books(struct made *m, size_t n, struct str title, bool arcs)
{
	struct rng r = rng_stream(11, "t_report.books", 0);
	struct report_book *b = TAKE(&m->mem, struct report_book, n);

	for (size_t i = 0; i < n; i++) {
		uint32_t scenes = (uint32_t)(12 + rng_below(&r, 700));

		b[i] = (struct report_book){
			.title = title.n ? title : str_of(titles[i % 12]),
			.author = title.n ? title : str_of(authors[i % 12]),
			.warn = i % 5 == 2 ? S("14 испорченных байтов заменены") : S(""),
			.split = i % 6 == 4 ? 1 : i % 6 == 5 ? 2 : 0,
			.chars = scenes * 812u, .n_scene = scenes,
			.scene = arcs ? make_scenes(m, &r, scenes, (int)i) : NULL,
		};
	}
	m->r.book = b;
	m->r.n_book = n;
}

static void make_nets(struct made *m, size_t n, struct str title)
{
	struct rng r = rng_stream(11, "t_report.nets", 0);
	struct report_net *net = TAKE(&m->mem, struct report_net, n);

	for (size_t k = 0; k < n; k++) {
		struct report_actor *a = TAKE(&m->mem, struct report_actor, NAMES);
		struct report_meet *e = TAKE(&m->mem, struct report_meet, NAMES * NAMES);
		size_t n_e = 0;

		for (uint32_t i = 0; i < NAMES; i++)
			a[i] = (struct report_actor){ title.n ? title : str_of(names[i]), 300 / (i + 2) };
		for (uint32_t i = 0; i < NAMES; i++)
			for (uint32_t j = i + 1; j < NAMES; j++)
				if (rng_below(&r, 10) < (i % 4 == j % 4 ? 5u : i < 3 ? 3u : 1u))
					e[n_e++] = (struct report_meet){ i, j,
						1 + (uint32_t)rng_below(&r, 120 / (i + j + 1) + 2) };
		net[k] = (struct report_net){ k ? str_of(titles[k - 1]) : S(""),
		                              a, k ? 18 : NAMES, e, n_e };
	}
	m->r.net = net;
	m->r.n_net = n;
}

static void make_kinds(struct made *m)
{
	struct rng r = rng_stream(11, "t_report.kinds", 0);

	for (int f = 0; f < SC_N; f++)
		for (int k = 0; k <= kind_count(f); k++)
			m->r.kinds[f][k] = k ? rng_below(&r, 900) * rng_below(&r, 900) / 300 : 700;
	for (int t = 1; t <= kind_count(SC_TENSION); t++)
		for (int k = 1; k <= kind_count(SC_RESOLUTION); k++)
			m->r.answers[t][k] = rng_below(&r, 5) ? rng_below(&r, 40) * rng_below(&r, 40) / 9 : 0;
}

static void make_samples(struct made *m, struct str hostile)
{
	struct report_sample *s = TAKE(&m->mem, struct report_sample, 6);
	struct report_pair *p = TAKE(&m->mem, struct report_pair, 24);
	static const char *const a[] = { "свеча", "снег", "дорога", "топор", "письмо", "мост" };
	static const char *const b[] = { "тень", "метель", "станция", "петля", "печать", "вода" };

	for (int i = 0; i < 6; i++)
		s[i] = (struct report_sample){
			hostile.n ? hostile : S("RAS*SON_KOM#V→A"), hostile.n ? hostile : S("Раскольников, Соня"),
			hostile.n ? hostile : S("комната"), (uint8_t)(1 + i * 3), (uint8_t)(i * 2),
			hostile.n ? hostile : str_of(words[i % 5]), hostile.n ? hostile : str_of(titles[i]) };
	for (int i = 0; i < 24; i++)
		p[i] = (struct report_pair){ hostile.n ? hostile : str_of(a[i % 6]),
			hostile.n ? hostile : str_of(b[i / 4]), 6.2 - 0.15 * i, i % 2 };
	m->r.sample = s;
	m->r.n_sample = 6;
	m->r.pair = p;
	m->r.n_pair = 24;
}

static void make_curves(struct made *m)
{
	struct rng r = rng_stream(11, "t_report.curves", 0);
	struct report_curve *c = TAKE(&m->mem, struct report_curve, 2);

	for (int k = 0; k < 2; k++) {
		struct report_point *p = TAKE(&m->mem, struct report_point, 200);

		for (int i = 0; i < 200; i++)
			p[i] = (struct report_point){ 40.0 * i,
				1.1 + 2.3 * exp(-i / (40.0 + 20 * k)) + 0.04 * rng_normal(&r),
				i % 10 ? NAN : 0.62 - 0.4 * exp(-i / 50.0) - 0.05 * k };
		c[k] = (struct report_curve){ k ? S("ядро без поля") : S("ядро"), p, 200 };
	}
	m->r.curve = c;
	m->r.n_curve = 2;
}

static void make_eval(struct made *m, struct str hostile)
{
	static const char *const task[] = { "next6-far", "next6-near", "next6-matched", "next32", "order4" };
	static const char *const sys[] = { "TF-IDF, последняя сцена", "TF-IDF с затуханием",
	                                   "обученный ранжировщик", "поле", "ядро LTM" };
	static const double acc[5][5] = {
		{ .631, .612, .592, .664, .713 }, { .502, .431, .463, .521, .566 },
		{ .214, .192, .371, .228, .402 }, { .412, .498, .305, .507, .553 },
		{ .118, .094, .262, .121, .271 } };
	struct report_eval *e = TAKE(&m->mem, struct report_eval, 25);
	struct report_diff *d = TAKE(&m->mem, struct report_diff, 3);

	for (int i = 0; i < 25; i++)
		e[i] = (struct report_eval){ str_of(task[i / 5]), hostile.n ? hostile : str_of(sys[i % 5]),
			1400, acc[i / 5][i % 5], acc[i / 5][i % 5] - .024, acc[i / 5][i % 5] + .023,
			acc[i / 5][i % 5] + .17, i / 5 == 3 ? 1 / 32. : i / 5 == 4 ? 1 / 24. : 1 / 6. };
	d[0] = (struct report_diff){ S("next6-far"), S("ядро LTM"), S("поле"), .049, .021, .077 };
	d[1] = (struct report_diff){ S("order4"), S("ядро LTM"), S("обученный ранжировщик"), .009, -.011, .03 };
	d[2] = (struct report_diff){ S("next32"), S("обученный ранжировщик"), S("поле"), -.2, -.23, -.17 };
	m->r.eval = e;
	m->r.n_eval = 25;
	m->r.diff = d;
	m->r.n_diff = 3;
}

static void make_rest(struct made *m, struct str hostile)
{
	struct report_failure *f = TAKE(&m->mem, struct report_failure, 2);
	struct str *note = TAKE(&m->mem, struct str, 2);

	f[0] = (struct report_failure){ hostile.n ? hostile : S("книги/сломанная.fb2"),
		hostile.n ? hostile : S("XML: тег не закрыт, строка 14") };
	f[1] = (struct report_failure){ S("книги/бомба.epub"), S("архив раскрывается больше чем в 100 раз") };
	note[0] = hostile.n ? hostile : S("Книг для проверки мало (2): интервалы широки.");
	note[1] = S("Посчитано на 2 ядрах.");
	m->r.failure = f;
	m->r.n_failure = 2;
	m->r.note = note;
	m->r.n_note = 2;
	m->r.name = hostile.n ? hostile : S("моя библиотека");
	m->r.version = S("0.1.0");
	m->r.seed = 1;
	m->r.n_concept = 28417;
	m->r.n_edge = 1104522;
}

static void make(struct made *m, const char *lang, struct str hostile)
{
	*m = (struct made){ .mem = arena_open("t_report"), .r = { .lang = lang } };
	make_books(m, hostile.n ? 3 : 12, hostile, true);
	make_nets(m, 3, hostile);
	make_kinds(m);
	make_samples(m, hostile);
	make_curves(m);
	make_eval(m, hostile);
	make_rest(m, hostile);
}

/* ---- a strict little reader of our own markup ------------------------------------------------ */

static const char *const known_tags[] = {
	"html", "head", "meta", "title", "style", "body", "nav", "a", "main", "header", "p", "h1", "h2",
	"h3", "dl", "div", "dt", "dd", "section", "figure", "figcaption", "b", "span", "svg", "path",
	"line", "circle", "rect", "text", "g", "details", "summary", "ol", "li", "ul", "code", "q", "bdi",
	"table", "thead", "tbody", "tr", "th", "td", "i", "em", "article", "blockquote", "cite", "footer",
	"aside", "button", "script",
};

static bool known_tag(struct str s)
{
	for (size_t i = 0; i < sizeof known_tags / sizeof *known_tags; i++)
		if (str_eq(s, str_of(known_tags[i])))
			return true;
	return false;
}

/* Skips name="value" pairs; no attribute may be a handler. */
static const char *attributes(const char *p, const char *end, bool *closed)
{
	*closed = false;
	while (p < end && *p == ' ') {
		const char *name = ++p;

		while (p < end && ((*p >= 'a' && *p <= 'z') || strchr("-BAR", *p) || (*p >= '0' && *p <= '9')))
			p++;
		CHECK(p > name);
		CHECK(name[0] != 'o' || name[1] != 'n');
		if (*p != '=')		/* hidden, open */
			continue;
		CHECK(p + 1 < end && p[1] == '"');
		for (p += 2; p < end && *p != '"'; p++)
			CHECK(*p != '<' && *p != '>');
		p++;
	}
	if (p < end && *p == '/') {
		*closed = true;
		p++;
	}
	CHECK(p < end && *p == '>');
	return p + 1;
}

/* Every '<' opens or closes a tag we know, and tags nest. Returns how many scripts there are. */
static int read_page(struct str page)
{
	struct str stack[64];
	const char *p = page.p, *end = page.p + page.n;
	int depth = 0, scripts = 0;

	CHECK(utf8_valid(page));
	CHECK(str_starts(page, S("<!DOCTYPE html>\n")));
	p += 16;
	while ((p = memchr(p, '<', (size_t)(end - p)))) {
		bool closing = p[1] == '/', closed;
		const char *name = p += 1 + closing;

		while (p < end && ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')))
			p++;
		struct str tag = { name, (size_t)(p - name) };
		CHECK(known_tag(tag));
		if (closing) {
			CHECK(*p == '>' && depth > 0);
			CHECK(str_eq(stack[--depth], tag));
			continue;
		}
		p = attributes(p, end, &closed);
		if (closed || str_eq(tag, S("meta")))
			continue;
		CHECK(depth < 64);
		stack[depth++] = tag;
		if (str_eq(tag, S("script")) || str_eq(tag, S("style"))) {
			const char *stop = strstr(p, tag.p[1] == 'c' ? "</script>" : "</style>");

			CHECK(stop);
			scripts += tag.p[1] == 'c';
			p = stop;
		}
	}
	CHECK_EQ(depth, 0);
	return scripts;
}

static void page_of(struct buf *b, const char *lang, struct str hostile)
{
	struct made m;

	make(&m, lang, hostile);
	b->n = 0;
	report_html(b, &m.r);
	arena_close(&m.mem);
}

static void whole_page(void **state)
{
	static const char *const parts[] = { "\"arcs\"", "\"net\"", "\"kinds\"", "\"glyphs\"", "\"pairs\"",
	                                     "\"learn\"", "\"eval\"", "\"books\"", "\"failed\"", "\"notes\"" };
	struct buf ru = { 0 }, again = { 0 }, en = { 0 };
	const char *file = getenv("REPORT_OUT");

	(void)state;
	page_of(&ru, "ru", S(""));
	page_of(&again, "ru", S(""));
	page_of(&en, "en", S(""));
	CHECK_EQ(read_page(buf_view(&ru)), 1);
	CHECK_EQ(read_page(buf_view(&en)), 1);
	CHECK(ru.n == again.n && !memcmp(ru.p, again.p, ru.n));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		CHECK(strstr(ru.p, parts[i]));
	CHECK(strstr(ru.p, "default-src 'none'"));
	CHECK(strstr(ru.p, "Преступление и наказание") && strstr(ru.p, "Кто с кем"));
	CHECK(strstr(en.p, "Who meets whom") && strstr(en.p, "rift"));
	CHECK(!strstr(ru.p, "http:") && !strstr(ru.p, "https:") && !strstr(ru.p, "url("));
	CHECK(!strstr(ru.p, "nan") && !strstr(ru.p, "inf\""));
	if (file) {
		page_of(&ru, getenv("REPORT_LANG") ? "en" : "ru", str_of(getenv("REPORT_TEXT")));
		CHECK_EQ(file_save(file, buf_view(&ru), NULL), OK);
	}
	buf_free(&ru);
	buf_free(&again);
	buf_free(&en);
}

static void hostile_names(void **state)
{
	static const char *const bad[] = {
		"<script>window.__pwn=1</script>", "</script><script>window.__pwn=1</script>",
		"</title><script>window.__pwn=1</script>", "\"><img src=x onerror=window.__pwn=1>",
		"' onmouseover='window.__pwn=1", "</style><svg onload=window.__pwn=1>",
		"<!--<script>window.__pwn=1//-->", "]]><script>window.__pwn=1</script>",
		"&lt;script&gt;window.__pwn=1", "&#60;script&#62;", "\xf0\x9f<script>", "\xe2\x80\xae<b>",
		"\x1b[31m<script>\x07", "javascript:window.__pwn=1", "\xed\xa0\x80<x>", "%s%n%d",
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		page_of(&b, i % 2 ? "en" : "ru", str_of(bad[i]));
		CHECK_EQ(read_page(buf_view(&b)), 1);
	}
	buf_free(&b);
}

/* The whole bytes of hostile books as titles: whatever a reader lets through stays text. */
static void hostile_books(void **state)
{
	const char *shared = shared_dir();
	char path[4096];
	struct buf b = { 0 }, file = { 0 };
	struct dirent *d;
	int n = 0;

	(void)state;
	if (!shared)
		skip_shared();
	snprintf(path, sizeof path, "%s/data/hostile/fb2", shared);
	DIR *dir = opendir(path);
	CHECK(dir);
	while ((d = readdir(dir))) {
		if (!strstr(d->d_name, "xss-") && !strstr(d->d_name, "title-inj"))
			continue;
		snprintf(path, sizeof path, "%s/data/hostile/fb2/%s", shared, d->d_name);
		file.n = 0;
		CHECK_EQ(file_read(&file, path, 1 << 20, NULL), OK);
		const char *t = strstr(file.p, "<book-title>");
		page_of(&b, "ru", t ? str_of(t) : buf_view(&file));
		CHECK_EQ(read_page(buf_view(&b)), 1);
		n++;
	}
	closedir(dir);
	CHECK(n > 5);
	buf_free(&file);
	buf_free(&b);
}

static void empty_mind(void **state)
{
	struct buf b = { 0 };
	struct report r = { .lang = "ru" };

	(void)state;
	report_html(&b, &r);
	CHECK_EQ(read_page(buf_view(&b)), 1);
	CHECK(strstr(b.p, "Пока ничего не известно"));
	buf_free(&b);
}

static size_t count_of(const struct buf *b, const char *what)
{
	size_t n = 0;

	for (const char *p = b->p; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static void thousands_of_books(void **state)
{
	struct made m = { .mem = arena_open("t_report"), .r = { .lang = "ru", .name = S("большая") } };
	struct buf b = { 0 };

	(void)state;
	make_books(&m, 5000, S(""), true);
	report_html(&b, &m.r);
	CHECK_EQ(read_page(buf_view(&b)), 1);
	CHECK_EQ(count_of(&b, "<figure class=\"arc\""), REPORT_ARCS_MAX);
	CHECK(strstr(b.p, "60 / 5000") && strstr(b.p, "2000 / 5000"));
	CHECK(b.n < 6000000);
	arena_close(&m.mem);
	buf_free(&b);
}

/* Scenes of which nothing is known, books of one scene, counts out of bounds in a net. */
static void odd_figures(void **state)
{
	const struct report_scene none[3] = { { NAN, NAN, { 0 }, { 0 }, { 0 } },
		{ NAN, NAN, { 0 }, { 0 }, { 0 } }, { NAN, NAN, { 0 }, { 0 }, { 0 } } };
	const struct report_scene one = { .tension = 0.5f, .valence = -1 };
	const struct report_book book[] = { { .n_scene = 3, .scene = none },
		{ .n_scene = 1, .scene = &one, .split = 77 }, { .n_scene = 0 } };
	const struct report_actor actor[] = { { S("а"), 0 }, { S("б"), 5 } };
	const struct report_meet meet[] = { { 0, 1, 3 }, { 0, 9, 3 }, { 1, 1, 3 } };
	const struct report_net net[] = { { .actor = actor, .n_actor = 2, .meet = meet, .n_meet = 3 },
		{ .n_actor = 0 } };
	const struct report_point point[] = { { NAN, NAN, NAN }, { 1, INFINITY, 0.5 } };
	const struct report_curve curve[] = { { S("x"), point, 2 }, { S("y"), NULL, 0 } };
	const struct report_eval eval = { S("?"), S("!"), 0, NAN, NAN, NAN, NAN, NAN };
	struct report r = { .book = book, .n_book = 3, .net = net, .n_net = 2, .curve = curve,
		.n_curve = 2, .eval = &eval, .n_eval = 1 };
	struct buf b = { 0 };

	(void)state;
	report_html(&b, &r);
	CHECK_EQ(read_page(buf_view(&b)), 1);
	CHECK(!strstr(b.p, "=\"nan") && !strstr(b.p, "=\"inf"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped), cmocka_unit_test(numbers), cmocka_unit_test(steps),
		cmocka_unit_test(hashes), cmocka_unit_test(whole_page), cmocka_unit_test(hostile_names),
		cmocka_unit_test(hostile_books), cmocka_unit_test(empty_mind),
		cmocka_unit_test(thousands_of_books), cmocka_unit_test(odd_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
