/* report_kinds.c - what kinds of scenes a library holds: bars, the matrix tension →
 * resolution, sample scenes as glyph lines, resonant concepts.
 *
 * Invariants: bars of one figure share one scale; a matrix row's colours are shares of the
 * row, so that a rare tension shows how it ends as clearly as a frequent one.
 */
#include <math.h>
#include <stdlib.h>
#include "app/report/report_page.h"

/* ---- bars --------------------------------------------------------------------------------- */

enum { BAR_W = 420, NAME_W = 150, ROW_H = 22, COUNT_W = 62, SHADES = 9 };

struct bar { int kind; uint64_t n; };

static int tallest_first(const void *x, const void *y)
{
	const struct bar *a = x, *b = y;

	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return (a->kind > b->kind) - (a->kind < b->kind);
}

/* The kinds that occur, most frequent first; those without one stand last. */
static int bars_of(struct bar *bar, const struct report *r, enum scene_code f)
{
	int n = 0;

	for (int k = 1; k <= kind_count(f); k++)
		if (r->kinds[f][k])
			bar[n++] = (struct bar){ k, r->kinds[f][k] };
	qsort(bar, (size_t)n, sizeof *bar, tallest_first);
	if (n && r->kinds[f][0])
		bar[n++] = (struct bar){ 0, r->kinds[f][0] };
	return n;
}

/* A count with its thousands apart, as SVG text. */
static void text_big(const struct page *p, struct xy at, uint64_t n)
{
	buf_printf(p->b, "<text class=\"count\" x=\"");
	svg_num(p->b, at.x, 1);
	page_put(p, "\" y=\"");
	svg_num(p->b, at.y, 1);
	page_put(p, "\">");
	page_big(p, n);
	page_put(p, "</text>\n");
}

static void draw_bar(const struct page *p, enum scene_code f, struct bar bar, double y, double most)
{
	double w = (BAR_W - NAME_W - COUNT_W) * (double)bar.n / most;
	bool coded = bar.kind && (f == SC_TENSION || f == SC_RESOLUTION);

	page_put(p, "<g><title>");
	if (bar.kind)
		html_text(p->b, kind_get(f, bar.kind)->what);
	page_put(p, "</title>");
	if (coded)
		svg_text(p->b, "code", (struct xy){ 8, y + 15 }, "middle", kind_get(f, bar.kind)->code);
	svg_text(p->b, bar.kind ? "name" : "name none", (struct xy){ NAME_W - 8, y + 15 }, "end",
	         page_kind(p, f, bar.kind));
	svg_rect(p->b, bar.kind ? "bar" : "bar none", (struct xy){ NAME_W, y + 4 },
	         w > 1 ? w : 1, ROW_H - 8);
	text_big(p, (struct xy){ NAME_W + (w > 1 ? w : 1) + 6, y + 15 }, bar.n);
	page_put(p, "</g>\n");
}

static void bars(const struct page *p, enum scene_code f, enum phrase head)
{
	struct bar bar[KINDS_MAX + 1];
	int n = bars_of(bar, p->r, f);
	double most = 0;

	if (!n)
		return;
	for (int i = 0; i < n; i++)
		most = fmax(most, (double)bar[i].n);
	page_put(p, "<figure class=\"bars b-");
	page_put(p, scene_code_key(f));
	page_put(p, "\"><figcaption><b>");
	page_say(p, head);
	page_put(p, "</b></figcaption>\n");
	svg_open(p->b, BAR_W, n * ROW_H, "plot", str_of(page_phrase(p, head)));
	for (int i = 0; i < n; i++)
		draw_bar(p, f, bar[i], i * ROW_H, most);
	svg_close(p->b);
	page_put(p, "</figure>\n");
}

/* ---- the matrix --------------------------------------------------------------------------- */

static void matrix_head(const struct page *p)
{
	page_put(p, "<thead><tr><td></td>");
	for (int k = 1; k <= kind_count(SC_RESOLUTION); k++) {
		page_put(p, "<th scope=\"col\"><span><code>");
		html_text(p->b, kind_get(SC_RESOLUTION, k)->code);
		page_put(p, "</code> ");
		html_text(p->b, page_kind(p, SC_RESOLUTION, k));
		page_put(p, "</span></th>");
	}
	page_put(p, "</tr></thead>\n");
}

static void matrix_row(const struct page *p, int t)
{
	const uint64_t *row = p->r->answers[t];
	uint64_t sum = 0;

	for (int k = 1; k <= kind_count(SC_RESOLUTION); k++)
		sum += row[k];
	if (!sum)
		return;
	page_put(p, "<tr><th scope=\"row\">");
	html_text(p->b, page_kind(p, SC_TENSION, t));
	page_put(p, " <code>");
	html_text(p->b, kind_get(SC_TENSION, t)->code);
	page_put(p, "</code></th>");
	for (int k = 1; k <= kind_count(SC_RESOLUTION); k++) {
		double share = (double)row[k] / (double)sum;
		int shade = row[k] ? 1 + (int)(fmin(share, 0.5) * 2 * (SHADES - 1)) : 0;

		buf_printf(p->b, "<td class=\"h%d\">", shade);
		if (row[k])
			page_big(p, row[k]);
		page_put(p, "</td>");
	}
	page_put(p, "</tr>\n");
}

static bool has_answers(const struct report *r)
{
	for (int t = 1; t <= kind_count(SC_TENSION); t++)
		for (int k = 1; k <= kind_count(SC_RESOLUTION); k++)
			if (r->answers[t][k])
				return true;
	return false;
}

static void matrix(const struct page *p)
{
	if (!has_answers(p->r))
		return;
	page_put(p, "<h3>");
	page_say(p, P_MATRIX);
	page_put(p, "</h3>\n<p class=\"what\">");
	page_say(p, P_MATRIX_WHAT);
	page_put(p, "</p>\n<div class=\"wide\"><table class=\"matrix\">");
	matrix_head(p);
	page_put(p, "<tbody>\n");
	for (int t = 1; t <= kind_count(SC_TENSION); t++)
		matrix_row(p, t);
	page_put(p, "</tbody></table></div>\n");
}

void page_kinds(const struct page *p)
{
	page_section(p, "kinds", P_KINDS, P_KINDS_WHAT);
	page_put(p, "<div class=\"pair\">\n");
	bars(p, SC_TENSION, P_TENSION);
	page_put(p, "<div>\n");
	bars(p, SC_RESOLUTION, P_RESOLUTION);
	bars(p, SC_TRANSITION, P_TRANSITION);
	page_put(p, "</div>\n");
	bars(p, SC_EMOTION, P_EMOTION);
	bars(p, SC_FUNCTION, P_FUNCTION);
	page_put(p, "</div>\n");
	matrix(p);
	page_section_end(p);
}

/* ---- sample scenes ------------------------------------------------------------------------ */

static void reading(const struct page *p, const struct report_sample *s)
{
	if (s->actors.n)
		page_text(p, s->actors, 80);
	if (s->field.n) {
		page_put(p, s->actors.n ? ", <i>" : "<i>");
		page_text(p, s->field, 40);
		page_put(p, "</i>");
	}
	if (s->actors.n || s->field.n)
		page_put(p, ": ");
	page_put(p, "<span class=\"arrow\"><em class=\"t\">");
	html_text(p->b, s->tension ? page_kind(p, SC_TENSION, s->tension) : S("…"));
	page_put(p, "</em> → <em class=\"r\">");
	html_text(p->b, s->resolution ? page_kind(p, SC_RESOLUTION, s->resolution) : S("…"));
	page_put(p, "</em></span>");
}

void page_glyphs(const struct page *p)
{
	page_section(p, "glyphs", P_GLYPHS, P_GLYPHS_WHAT);
	page_put(p, "<div class=\"samples\">\n");
	for (size_t i = 0; i < p->r->n_sample && i < REPORT_SAMPLES_MAX; i++) {
		const struct report_sample *s = &p->r->sample[i];

		page_put(p, "<article><code class=\"glyph\">");
		html_cut(p->b, s->glyph, 80);
		page_put(p, "</code><p class=\"reads\">");
		reading(p, s);
		page_put(p, "</p><blockquote>");
		page_text(p, s->excerpt, 240);
		page_put(p, "</blockquote><cite>");
		page_text(p, s->book, 100);
		page_put(p, "</cite></article>\n");
	}
	page_put(p, "</div>\n");
	page_section_end(p);
}

/* ---- resonant concepts --------------------------------------------------------------------- */

static void pair_list(const struct page *p, bool leads, enum phrase head)
{
	const struct report *r = p->r;
	double most = 0;
	size_t shown = 0;

	for (size_t i = 0; i < r->n_pair; i++)
		if (r->pair[i].leads == leads)
			most = fmax(most, r->pair[i].w);
	if (!(most > 0))
		return;
	page_put(p, "<div><h3>");
	page_say(p, head);
	page_put(p, "</h3><table class=\"pairs\"><tbody>\n");
	for (size_t i = 0; i < r->n_pair && shown < REPORT_PAIRS_MAX; i++) {
		if (r->pair[i].leads != leads)
			continue;
		shown++;
		page_put(p, "<tr><td>");
		page_text(p, r->pair[i].a, 40);
		page_put(p, leads ? " <i>→</i> " : " <i>—</i> ");
		page_text(p, r->pair[i].b, 40);
		page_put(p, "</td><td class=\"num\">");
		page_real(p, r->pair[i].w, 1);
		page_put(p, "</td><td><svg class=\"spark\" "
		            "viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
		svg_rect(p->b, "bar", (struct xy){ 0, 0 }, 100 * r->pair[i].w / most, 8);
		page_put(p, "</svg></td></tr>\n");
	}
	page_put(p, "</tbody></table></div>\n");
}

void page_pairs(const struct page *p)
{
	page_section(p, "pairs", P_PAIRS, P_PAIRS_WHAT);
	page_put(p, "<div class=\"pair\">\n");
	pair_list(p, false, P_OCCURS);
	pair_list(p, true, P_LEADS);
	page_put(p, "</div>\n");
	page_section_end(p);
}
