/* report.c - the frame of the report page: policy, styles, heading, totals, sections in order.
 *
 *   in    struct report
 *   out   one HTML page (report.h)
 *
 * The script's hash goes into the page's policy: even if a tag of someone else's slipped
 * through, the browser would not run it, and nothing can be loaded.
 */
#include <math.h>
#include "app/report/report_page.h"
#include "app/report/sha256.h"
#include "base/data.h"

/* ---- what the other files write with ----------------------------------------------------- */

void page_put(const struct page *p, const char *s) { buf_str(p->b, str_of(s)); }
void page_say(const struct page *p, enum phrase id) { html_text(p->b, str_of(page_phrase(p, id))); }

void page_text(const struct page *p, struct str s, size_t runes)
{
	page_put(p, "<bdi>");
	html_cut(p->b, s, runes);
	page_put(p, "</bdi>");
}

void page_title(const struct page *p, const struct report_book *b)
{
	struct str s = str_trim(b->title);

	if (s.n)
		page_text(p, s, 120);
	else
		page_say(p, P_UNTITLED);
}

void page_big(const struct page *p, uint64_t n)
{
	char d[32];
	int len = snprintf(d, sizeof d, "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			page_put(p, "\xe2\x80\xaf");	/* U+202F, narrow and unbroken */
		buf_char(p->b, d[i]);
	}
}

void page_real(const struct page *p, double v, int digits)
{
	long long ten = 1;

	if (!isfinite(v) || fabs(v) > 1e12) {
		page_put(p, "–");
		return;
	}
	for (int i = 0; i < digits; i++)
		ten *= 10;
	long long x = llround(fabs(v) * (double)ten);
	if (v < 0 && x)
		page_put(p, "−");
	buf_printf(p->b, "%lld", x / ten);
	if (digits)
		buf_printf(p->b, "%c%0*lld", p->ru ? ',' : '.', digits, x % ten);
}

void page_share(const struct page *p, double v)
{
	page_real(p, v * 100, 1);
	page_put(p, p->ru ? "\xe2\x80\xaf%" : "%");
}

void page_section(const struct page *p, const char *id, enum phrase head, enum phrase what)
{
	buf_printf(p->b, "<section id=\"%s\">\n<h2>", id);
	page_say(p, head);
	page_put(p, "</h2>\n<p class=\"what\">");
	page_say(p, what);
	page_put(p, "</p>\n");
}

void page_section_end(const struct page *p) { page_put(p, "</section>\n"); }

/* ---- the frame --------------------------------------------------------------------------- */

static void head(const struct page *p)
{
	page_put(p, "<!DOCTYPE html>\n<html lang=\"");
	page_put(p, p->ru ? "ru" : "en");
	page_put(p, "\">\n<head>\n<meta charset=\"utf-8\">\n"
	            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	            "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src ");
	sha256_policy(p->b, data_find("report.js"));
	page_put(p, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	            "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	page_say(p, P_REPORT);
	page_put(p, " ");
	html_cut(p->b, p->r->name, 80);
	page_put(p, "</title>\n<style>\n");
	buf_str(p->b, data_find("report.css"));
	page_put(p, "</style>\n</head>\n<body>\n");
}

static void tile(const struct page *p, uint64_t n, enum phrase what)
{
	page_put(p, "<div><dt>");
	page_say(p, what);
	page_put(p, "</dt><dd>");
	page_big(p, n);
	page_put(p, "</dd></div>\n");
}

static void totals(const struct page *p)
{
	uint64_t chars = 0, scenes = 0;

	for (size_t i = 0; i < p->r->n_book; i++) {
		chars += p->r->book[i].chars;
		scenes += p->r->book[i].n_scene;
	}
	page_put(p, "<dl class=\"tiles\">\n");
	tile(p, p->r->n_book, P_BOOKS);
	tile(p, scenes, P_SCENES);
	tile(p, chars, P_CHARS);
	tile(p, p->r->n_concept, P_CONCEPTS);
	tile(p, p->r->n_edge, P_EDGES);
	page_put(p, "</dl>\n");
}

/* The sections: their place on the page, in the contents and in the code are one table. */
static bool has_arcs(const struct report *r)
{
	for (size_t i = 0; i < r->n_book; i++)
		if (r->book[i].scene && r->book[i].n_scene)
			return true;
	return false;
}
static bool has_eval(const struct report *r) { return r->n_eval; }
static bool has_net(const struct report *r) { return r->n_net; }
static bool has_kinds(const struct report *r) { return r->n_book; }
static bool has_samples(const struct report *r) { return r->n_sample; }
static bool has_pairs(const struct report *r) { return r->n_pair; }
static bool has_curve(const struct report *r) { return r->n_curve; }
static bool has_books(const struct report *r) { return r->n_book; }
static bool has_ledger(const struct report *r) { return r->ledger; }
static bool has_failed(const struct report *r) { return r->n_failure; }

static const struct part {
	const char *id;
	enum phrase name;		/* in the contents */
	bool (*has)(const struct report *r);
	void (*write)(const struct page *p);
} parts[] = {
	{ "arcs", P_N_ARCS, has_arcs, page_arcs },
	{ "eval", P_N_EVAL, has_eval, page_eval },
	{ "net", P_N_NET, has_net, page_net },
	{ "kinds", P_N_KINDS, has_kinds, page_kinds },
	{ "glyphs", P_N_GLYPHS, has_samples, page_glyphs },
	{ "pairs", P_N_PAIRS, has_pairs, page_pairs },
	{ "learn", P_N_LEARN, has_curve, page_learn },
	{ "ledger", P_N_LEDGER, has_ledger, page_ledger },
	{ "books", P_N_BOOKS, has_books, page_books },
	{ "failed", P_N_FAILED, has_failed, page_failed },
};
enum { PARTS = sizeof parts / sizeof *parts };

static void contents(const struct page *p)
{
	buf_printf(p->b, "<nav aria-label=\"%s\">\n", page_phrase(p, P_NAV));
	for (int i = 0; i < PARTS; i++)
		if (parts[i].has(p->r)) {
			buf_printf(p->b, "<a href=\"#%s\">", parts[i].id);
			page_say(p, parts[i].name);
			page_put(p, "</a>\n");
		}
	page_put(p, "</nav>\n");
}

static void heading(const struct page *p)
{
	page_put(p, "<header>\n<p class=\"kicker\">");
	page_say(p, P_REPORT);
	page_put(p, "</p>\n<h1>");
	page_text(p, p->r->name.n ? p->r->name : S("LTM"), 80);
	page_put(p, "</h1>\n");
	totals(p);
	page_put(p, "</header>\n");
}

static void notes(const struct page *p)
{
	if (!p->r->n_note)
		return;
	page_put(p, "<section id=\"notes\">\n<h2>");
	page_say(p, P_NOTES);
	page_put(p, "</h2>\n<ul>\n");
	for (size_t i = 0; i < p->r->n_note; i++) {
		page_put(p, "<li>");
		page_text(p, p->r->note[i], 600);
		page_put(p, "</li>\n");
	}
	page_put(p, "</ul>\n</section>\n");
}

/* Where the script shows a passage; the script is the last thing on the page. */
static void foot(const struct page *p)
{
	page_put(p, "<footer><p>");
	page_say(p, P_FOOT);
	page_put(p, " ltm ");
	html_cut(p->b, p->r->version, 40);
	page_put(p, ", ");
	page_say(p, P_SEED);
	buf_printf(p->b, " %llu.", (unsigned long long)p->r->seed);
	page_put(p, "</p></footer>\n</main>\n"
	            "<aside id=\"passage\" aria-live=\"polite\" hidden><button type=\"button\" aria-label=\"");
	page_say(p, P_CLOSE);
	page_put(p, "\">×</button><p class=\"where\"></p><p class=\"line\"></p>"
	            "<p class=\"words\"></p></aside>\n<script>");
	buf_str(p->b, data_find("report.js"));
	page_put(p, "</script>\n</body>\n</html>\n");
}

void report_html(struct buf *out, const struct report *r)
{
	struct page page = { .b = out, .r = r, .ru = !r->lang || strcmp(r->lang, "en") };
	const struct page *p = &page;

	head(p);
	contents(p);
	page_put(p, "<main>\n");
	heading(p);
	for (int i = 0; i < PARTS; i++)
		if (parts[i].has(r))
			parts[i].write(p);
	if (!r->n_book) {
		page_put(p, "<p class=\"what\">");
		page_say(p, P_NOTHING);
		page_put(p, "</p>\n");
	}
	notes(p);
	foot(p);
}
