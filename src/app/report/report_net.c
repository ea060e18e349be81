/* report_net.c - who meets whom: actors on a circle, meetings as arcs through it.
 *
 *   in    actors and how many scenes each two share
 *   out   a figure and a table a net
 *
 * A circle keeps every name readable, which no spring does at forty names. The order along it
 * puts those who meet side by side: we exchange two places as long as that lowers Σ w·d (w
 * meetings, d distance along the circle), in a fixed order, so the same net gives the same
 * picture. Colours are circles of acquaintance: label propagation that climbs modularity
 * [Barber & Clark 2009], in a fixed order, ties to the lower number instead of chance.
 */
#include <math.h>
#include <stdlib.h>
#include "app/report/report_page.h"

enum { SIZE = 640, RADIUS = 200, SWEEPS = 40, COLOURS = 6, TABLE_ROWS = 30, KEEP = 3 };

struct net {
	const struct report_net *of;
	int n;					/* actors shown */
	double w[REPORT_ACTORS_MAX][REPORT_ACTORS_MAX];
	double w_max, scenes_max;
	int seat[REPORT_ACTORS_MAX];		/* actor -> place */
	int colour[REPORT_ACTORS_MAX];		/* COLOURS: no company */
};

static void net_fill(struct net *x, const struct report_net *of)
{
	memset(x, 0, sizeof *x);
	x->of = of;
	x->n = of->n_actor < REPORT_ACTORS_MAX ? (int)of->n_actor : REPORT_ACTORS_MAX;
	for (size_t i = 0; i < of->n_meet; i++) {
		const struct report_meet *m = &of->meet[i];

		if (m->a >= (uint32_t)x->n || m->b >= (uint32_t)x->n || m->a == m->b)
			continue;
		x->w[m->a][m->b] += m->scenes;
		x->w[m->b][m->a] += m->scenes;
		x->w_max = fmax(x->w_max, x->w[m->a][m->b]);
	}
	for (int i = 0; i < x->n; i++) {
		x->seat[i] = i;
		x->scenes_max = fmax(x->scenes_max, of->actor[i].scenes);
	}
}

/* ---- order along the circle ---------------------------------------------------------------- */

static double around(int n, int a, int b)
{
	int d = abs(a - b);

	return d < n - d ? d : n - d;
}

/* Cost of actor i sitting at s, without the pair (i, but). */
static double cost_at(const struct net *x, int i, int s, int but)
{
	double c = 0;

	for (int k = 0; k < x->n; k++)
		if (k != i && k != but)
			c += x->w[i][k] * around(x->n, s, x->seat[k]);
	return c;
}

static void seat_all(struct net *x)
{
	bool moved = true;

	for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
		moved = false;
		for (int i = 0; i < x->n; i++)
			for (int j = i + 1; j < x->n; j++) {
				int a = x->seat[i], b = x->seat[j];
				double was = cost_at(x, i, a, j) + cost_at(x, j, b, i);
				double now = cost_at(x, i, b, j) + cost_at(x, j, a, i);

				if (now < was - 1e-9) {
					x->seat[i] = b;
					x->seat[j] = a;
					moved = true;
				}
			}
	}
}

/* ---- circles of acquaintance ----------------------------------------------------------------- */

/* degree k_i = Σ_j w_ij, 2m = Σ k: the gain of label l is Σ_{j in l} w_ij - k_i·k_j / 2m. */
static int strongest_label(const struct net *x, int i, const int *label, const double *degree,
                           double two_m)
{
	double sum[REPORT_ACTORS_MAX] = { 0 };
	int best = label[i];

	for (int k = 0; k < x->n; k++)
		if (k != i)
			sum[label[k]] += x->w[i][k] - degree[i] * degree[k] / two_m;
	for (int l = 0; l < x->n; l++)
		if (sum[l] > sum[best] + 1e-9)
			best = l;
	return best;
}

static void colour_all(struct net *x)
{
	int label[REPORT_ACTORS_MAX], size[REPORT_ACTORS_MAX] = { 0 }, of[REPORT_ACTORS_MAX];
	double degree[REPORT_ACTORS_MAX] = { 0 }, two_m = 0;

	for (int i = 0; i < x->n; i++) {
		label[i] = i;
		for (int k = 0; k < x->n; k++)
			degree[i] += x->w[i][k];
		two_m += degree[i];
	}
	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (int i = 0; i < x->n; i++)
			label[i] = strongest_label(x, i, label, degree, two_m);
	for (int i = 0; i < x->n; i++)
		size[label[i]]++;
	for (int l = 0; l < x->n; l++)
		of[l] = COLOURS;
	for (int c = 0; c < COLOURS; c++) {
		int big = -1;

		for (int l = 0; l < x->n; l++)
			if (size[l] > 1 && of[l] == COLOURS && (big < 0 || size[l] > size[big]))
				big = l;
		if (big >= 0)
			of[big] = c;
	}
	for (int i = 0; i < x->n; i++)
		x->colour[i] = of[label[i]];
}

/* ---- the figure -------------------------------------------------------------------------------- */

static double angle_of(const struct net *x, int i)
{
	return 2 * M_PI * x->seat[i] / x->n - M_PI / 2;
}

static struct xy on_circle(double angle, double radius)
{
	return (struct xy){ SIZE / 2.0 + radius * cos(angle), SIZE / 2.0 + radius * sin(angle) };
}

static void put_xy(const struct page *p, struct xy a)
{
	svg_num(p->b, a.x, 1);
	buf_char(p->b, ' ');
	svg_num(p->b, a.y, 1);
}

/* A meeting: a curve drawn towards the middle, the more the farther apart the two sit. */
static void draw_meet(const struct page *p, const struct net *x, int i, int j)
{
	struct xy a = on_circle(angle_of(x, i), RADIUS), b = on_circle(angle_of(x, j), RADIUS);
	double pull = around(x->n, x->seat[i], x->seat[j]) / (x->n / 2.0), m = SIZE / 2.0;
	double share = x->w[i][j] / x->w_max, keep = 0.9 - 0.75 * pull;
	struct xy c = { m + ((a.x + b.x) / 2 - m) * keep, m + ((a.y + b.y) / 2 - m) * keep };

	buf_printf(p->b, "<path class=\"meet c%d\" data-a=\"%d\" data-b=\"%d\" stroke-width=\"",
	           x->colour[i] == x->colour[j] ? x->colour[i] : COLOURS, i, j);
	svg_num(p->b, 0.6 + 6 * sqrt(share), 2);
	page_put(p, "\" stroke-opacity=\"");
	svg_num(p->b, 0.16 + 0.6 * sqrt(share), 2);
	page_put(p, "\" d=\"M");
	put_xy(p, a);
	page_put(p, "Q");
	put_xy(p, c);
	page_put(p, " ");
	put_xy(p, b);
	page_put(p, "\"><title>");
	html_cut(p->b, x->of->actor[i].name, 40);
	page_put(p, " — ");
	html_cut(p->b, x->of->actor[j].name, 40);
	buf_printf(p->b, ": %.0f</title></path>\n", x->w[i][j]);
}

static void draw_actor(const struct page *p, const struct net *x, int i)
{
	double angle = angle_of(x, i), turn = angle * 180 / M_PI;
	double r = 3 + 9 * sqrt(x->of->actor[i].scenes / fmax(1, x->scenes_max));
	bool left = cos(angle) < -1e-9;
	struct xy at = on_circle(angle, RADIUS), name = on_circle(angle, RADIUS + 18);

	buf_printf(p->b, "<g class=\"actor c%d\" data-i=\"%d\"><title>", x->colour[i], i);
	html_cut(p->b, x->of->actor[i].name, 60);
	buf_printf(p->b, ": %u</title>", x->of->actor[i].scenes);
	svg_dot(p->b, "dot", at, r);
	page_put(p, "<text transform=\"translate(");
	put_xy(p, name);
	page_put(p, ") rotate(");
	svg_num(p->b, left ? turn + 180 : turn, 1);
	buf_printf(p->b, ")\" dy=\"0.33em\" text-anchor=\"%s\">", left ? "end" : "start");
	html_cut(p->b, x->of->actor[i].name, 16);
	page_put(p, "</text></g>\n");
}

/* Is meeting (i, j) among the KEEP strongest of i? */
static bool strong_for(const struct net *x, int i, int j)
{
	int stronger = 0;

	for (int k = 0; k < x->n; k++)
		stronger += x->w[i][k] > x->w[i][j] || (x->w[i][k] == x->w[i][j] && k < j);
	return stronger < KEEP;
}

static struct str title_of(const struct page *p, const struct report_net *n)
{
	return n->title.n ? n->title : str_of(page_phrase(p, P_LIBRARY));
}

static void draw(const struct page *p, const struct net *x)
{
	svg_open(p->b, SIZE, SIZE, "plot net", title_of(p, x->of));
	for (int i = 0; i < x->n; i++)
		for (int j = i + 1; j < x->n; j++)
			if (x->w[i][j] > 0 && (strong_for(x, i, j) || strong_for(x, j, i)))
				draw_meet(p, x, i, j);
	for (int i = 0; i < x->n; i++)
		draw_actor(p, x, i);
	svg_close(p->b);
}

/* ---- the table --------------------------------------------------------------------------------- */

static int more_first(const void *x, const void *y)
{
	const struct report_meet *a = x, *b = y;

	if (a->scenes != b->scenes)
		return a->scenes > b->scenes ? -1 : 1;
	return a->a != b->a ? (a->a < b->a ? -1 : 1) : (a->b > b->b) - (a->b < b->b);
}

static void table(const struct page *p, const struct net *x)
{
	struct report_meet m[REPORT_ACTORS_MAX * REPORT_ACTORS_MAX / 2];
	size_t n = 0;

	for (int i = 0; i < x->n; i++)
		for (int j = i + 1; j < x->n; j++)
			if (x->w[i][j] > 0)
				m[n++] = (struct report_meet){ (uint32_t)i, (uint32_t)j,
				                               (uint32_t)x->w[i][j] };
	qsort(m, n, sizeof *m, more_first);
	page_put(p, "<details><summary>");
	page_say(p, P_MEET_TABLE);
	page_put(p, "</summary><table><thead><tr><th>");
	page_say(p, P_ACTOR);
	page_put(p, "</th><th>");
	page_say(p, P_ACTOR);
	page_put(p, "</th><th class=\"num\">");
	page_say(p, P_TOGETHER);
	page_put(p, "</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n && i < TABLE_ROWS; i++) {
		page_put(p, "<tr><td>");
		page_text(p, x->of->actor[m[i].a].name, 60);
		page_put(p, "</td><td>");
		page_text(p, x->of->actor[m[i].b].name, 60);
		buf_printf(p->b, "</td><td class=\"num\">%u</td></tr>\n", m[i].scenes);
	}
	page_put(p, "</tbody></table></details>\n");
}

void page_net(const struct page *p)
{
	struct net *x = mem_alloc(1, sizeof *x);

	page_section(p, "net", P_NET, P_NET_WHAT);
	page_put(p, "<div class=\"nets\">\n");
	for (size_t i = 0; i < p->r->n_net && i < REPORT_NETS_MAX; i++) {
		net_fill(x, &p->r->net[i]);
		if (x->n < 2 || !(x->w_max > 0))
			continue;
		seat_all(x);
		colour_all(x);
		page_put(p, "<figure><figcaption><b>");
		page_text(p, title_of(p, x->of), 120);
		page_put(p, "</b></figcaption>\n");
		draw(p, x);
		table(p, x);
		page_put(p, "</figure>\n");
	}
	page_put(p, "</div>\n");
	page_section_end(p);
	mem_free(x);
}
