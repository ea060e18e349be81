/* report_ledger.c - the ledger on the report page: bars of positions by stage, a table, verdicts.
 *
 * The scale is logarithmic, for the stages span three powers of ten; each bar says its number.
 * What loses nothing is a dark bar, what loses words an outlined one, other people's tokenizers a
 * pale one: they can be told apart without colour.
 */
#include <math.h>

#include "app/ledger/ledger.h"
#include "app/report/report_page.h"

enum { NAME = 190, BAR = 640, ROW = 24, NUMBER = 120, TOP = 22 };

static const struct scale axis = { 0, 3.1, NAME, NAME + BAR };	/* log10 of positions, from 1 */

static double at(double per) { return scale_at(axis, per > 1 ? log10(per) : 0); }

static void put_number(const struct page *p, double x, double y, double v)
{
	struct buf b = { 0 };

	svg_num(&b, v, v < 10 ? 2 : v < 100 ? 1 : 0);
	for (size_t i = 0; p->ru && i < b.n; i++)
		if (b.p[i] == '.')
			b.p[i] = ',';
	svg_text(p->b, "count", (struct xy){ x, y }, "start", buf_view(&b));
	buf_free(&b);
}

static void bar(const struct page *p, double y, const char *cls, const char *name, double per)
{
	svg_text(p->b, "name", (struct xy){ NAME - 8, y + 15 }, "end", str_of(name));
	svg_rect(p->b, cls, (struct xy){ NAME, y + 4 }, fmax(at(per) - NAME, 2), ROW - 10);
	put_number(p, at(per) + 8, y + 15, per);
}

static void grid(const struct page *p, double h)
{
	for (int i = 0; i <= 3; i++) {
		double x = scale_at(axis, i);
		char n[8];

		snprintf(n, sizeof n, "%.0f", pow(10, i));
		svg_line(p->b, "grid", (struct xy){ x, TOP - 4 }, (struct xy){ x, h });
		svg_text(p->b, "tick", (struct xy){ x, TOP - 8 }, "middle", str_of(n));
	}
}

static int rows_of(const struct ledger *l)
{
	int n = PEERS;

	for (int s = 0; s < LS_N; s++)
		n += l->row[s].there;
	return n;
}

static void bars(const struct page *p, const struct ledger *l)
{
	double y = TOP, h = TOP + rows_of(l) * ROW;

	svg_open(p->b, NAME + BAR + NUMBER, h, "plot ledger", str_of(page_phrase(p, P_LEDGER)));
	grid(p, h);
	for (int i = 0; i < PEERS; i++, y += ROW)
		bar(p, y, "peer", peer_name(i), l->peer[i]);
	for (int s = 0; s < LS_N; s++)
		if (l->row[s].there) {
			bar(p, y, stage_lossless((enum stage)s) || s == LS_RAW ? "kept" : "lossy",
			    stage_name((enum stage)s, p->ru), ledger_per1000(l, (enum stage)s));
			y += ROW;
		}
	svg_close(p->b);
}

static void legend(const struct page *p)
{
	page_put(p, "<p class=\"legend\"><span class=\"key kept\"></span>");
	page_say(p, P_LOSSLESS);
	page_put(p, "<span class=\"key lossy\"></span>");
	page_say(p, P_LOSSY);
	page_put(p, "<span class=\"key peer\"></span>");
	page_say(p, P_PEERS);
	page_put(p, "</p>\n");
}

/* ---- table ------------------------------------------------------------------------------------ */

static void head_num(const struct page *p, enum phrase id)
{
	page_put(p, "<th class=\"num\">");
	page_say(p, id);
	page_put(p, "</th>");
}

static void num(const struct page *p, double v, int digits)
{
	page_put(p, "<td class=\"num\">");
	if (v > 0)
		page_real(p, v, digits);
	page_put(p, "</td>");
}

static void share(const struct page *p, double v, bool lossy)
{
	page_put(p, "<td class=\"num\">");
	if (lossy)
		page_share(p, v);
	else
		page_put(p, "0");
	page_put(p, "</td>");
}

static void table_row(const struct page *p, const struct ledger *l, enum stage s)
{
	const struct stage_row *r = &l->row[s];
	double per = ledger_per1000(l, s);
	bool lossy = !stage_lossless(s) && s != LS_RAW;

	page_put(p, "<tr><td>");
	html_text(p->b, str_of(stage_name(s, p->ru)));
	page_put(p, "<br><span class=\"soft\">");
	html_text(p->b, str_of(stage_what(s, p->ru)));
	page_put(p, "</span></td>");
	num(p, per, per < 10 ? 2 : 0);
	page_put(p, "<td class=\"num\">");
	page_big(p, r->vocab);
	page_put(p, "</td>");
	num(p, ledger_bpc(l, s, false), 3);
	num(p, ledger_bpc(l, s, true), 3);
	share(p, r->lost_form, lossy);
	share(p, r->lost_order, lossy);
	share(p, r->lost_identity, lossy);
	num(p, per > 0 ? l->peer[1] / per : 0, 2);
	num(p, per > 0 ? ledger_per1000(l, LS_BYTE) / per : 0, 2);
	page_put(p, "</tr>\n");
}

static void table(const struct page *p, const struct ledger *l)
{
	page_put(p, "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><td></td>");
	head_num(p, P_PER1000);
	head_num(p, P_VOCAB);
	head_num(p, P_BITS);
	head_num(p, P_BITS_VOCAB);
	head_num(p, P_LOST_FORM);
	head_num(p, P_LOST_ORDER);
	head_num(p, P_LOST_WORD);
	page_put(p, "<th class=\"num\">× cl100k</th><th class=\"num\">× BPE</th></tr></thead><tbody>\n");
	for (int s = 0; s < LS_N; s++)
		if (l->row[s].there)
			table_row(p, l, (enum stage)s);
	page_put(p, "</tbody></table></div>\n");
}

static void verdicts(const struct page *p, const struct ledger *l)
{
	struct claim c[CLAIMS];

	ledger_claims(c, l);
	page_put(p, "<h3>");
	page_say(p, P_CLAIMS);
	page_put(p, "</h3><div class=\"wide\" tabindex=\"0\"><table class=\"claims\"><thead><tr><td></td><td></td>");
	head_num(p, P_LOSSLESS);
	head_num(p, P_LOSSY);
	page_put(p, "</tr></thead><tbody>\n");
	for (int i = 0; i < CLAIMS; i++) {
		page_put(p, c[i].verdict == HOLDS ? "<tr><td class=\"good\">" : c[i].verdict == FAILS
		         ? "<tr><td class=\"bad\">" : "<tr><td>");
		html_text(p->b, str_of(verdict_name(c[i].verdict, p->ru)));
		page_put(p, "</td><td>");
		html_text(p->b, str_of(c[i].says[p->ru]));
		page_put(p, "<br><span class=\"soft\">");
		html_text(p->b, str_of(c[i].how[p->ru]));
		page_put(p, "</span></td>");
		num(p, c[i].lossless, 2);
		num(p, c[i].lossy, 2);
		page_put(p, "</tr>\n");
	}
	page_put(p, "</tbody></table></div>\n");
}

void page_ledger(const struct page *p)
{
	const struct ledger *l = p->r->ledger;

	page_section(p, "ledger", P_LEDGER, l->whole ? P_LEDGER_WHOLE : P_LEDGER_WHAT);
	page_put(p, "<p class=\"soft\">");
	page_say(p, P_BOOKS);
	page_put(p, " ");
	page_big(p, l->books);
	page_put(p, ", ");
	page_say(p, P_CHARS);
	page_put(p, " ");
	page_big(p, l->chars);
	page_put(p, "</p>\n");
	legend(p);
	bars(p, l);
	table(p, l);
	verdicts(p, l);
	page_section_end(p);
}
