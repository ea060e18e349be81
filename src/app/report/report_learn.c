/* report_learn.c - how a mind learned and what it can do: curves and the table of eval.
 *
 * Invariants: an interval is drawn wherever a number is; the best system of a task is bold
 * only when it is above chance; a difference is called an advantage only when its interval
 * leaves zero out.
 */
#include <math.h>
#include <stdlib.h>
#include "app/report/report_page.h"

/* ---- curves --------------------------------------------------------------------------------- */

enum { CW = 460, CH = 220, LEFT = 46, RIGHT = 10, UP = 10, DOWN = 30, COLOURS = 6 };

static double value_of(const struct report_point *q, bool acc) { return acc ? q->acc : q->loss; }

/* False when no curve has two such values. */
static bool span(const struct report *r, bool acc, struct scale *x, struct scale *y)
{
	size_t most = 0;

	*x = (struct scale){ INFINITY, -INFINITY, LEFT, CW - RIGHT };
	*y = (struct scale){ INFINITY, -INFINITY, CH - DOWN, UP };
	for (size_t c = 0; c < r->n_curve; c++) {
		size_t n = 0;

		for (size_t i = 0; i < r->curve[c].n; i++) {
			double s = r->curve[c].p[i].step, v = value_of(&r->curve[c].p[i], acc);

			if (!isfinite(v) || !isfinite(s))
				continue;
			n++;
			x->v0 = fmin(x->v0, s);
			x->v1 = fmax(x->v1, s);
			y->v0 = fmin(y->v0, v);
			y->v1 = fmax(y->v1, v);
		}
		most = n > most ? n : most;
	}
	double pad = (y->v1 - y->v0) * 0.06;
	y->v0 -= pad;
	y->v1 += pad;
	return most > 1 && x->v1 > x->v0;
}

static void tick(const struct page *p, struct xy at, const char *anchor, double v, int digits,
                 bool share)
{
	struct buf t = { 0 };
	struct page q = *p;

	q.b = &t;
	if (share)
		page_real(&q, v * 100, 0), page_put(&q, "%");
	else
		page_real(&q, v, digits);
	svg_text(p->b, "tick", at, anchor, buf_view(&t));
	buf_free(&t);
}

static int digits_of(double step)
{
	int d = 0;

	for (; d < 6 && fabs(step - round(step)) > 1e-9; d++)
		step *= 10;
	return d;
}

static void axes(const struct page *p, bool acc, struct scale x, struct scale y)
{
	double first, step = scale_step(y.v0, y.v1, 5, &first);

	for (double v = first; v <= y.v1 + step * 1e-6; v += step) {
		double at = scale_at(y, v);

		svg_line(p->b, "grid", (struct xy){ LEFT, at }, (struct xy){ CW - RIGHT, at });
		tick(p, (struct xy){ LEFT - 6, at + 4 }, "end", v, digits_of(step), acc && step >= 0.01);
	}
	step = scale_step(x.v0, x.v1, 6, &first);
	for (double v = first; v <= x.v1 + step * 1e-6; v += step)
		tick(p, (struct xy){ scale_at(x, v), CH - DOWN + 16 }, "middle", v, digits_of(step), false);
	svg_text(p->b, "tick", (struct xy){ CW - RIGHT, CH - 2 }, "end",
	         str_of(page_phrase(p, P_STEP)));
}

static void draw_curve(const struct page *p, const struct report_curve *c, int colour, bool acc,
                       struct scale x, struct scale y)
{
	struct xy *xy = mem_alloc(c->n + 1, sizeof *xy), last = { NAN, NAN };
	size_t n = 0;
	char cls[32];

	for (size_t i = 0; i < c->n; i++) {
		double v = value_of(&c->p[i], acc);

		if (isfinite(v) && isfinite(c->p[i].step))
			last = xy[n++] = (struct xy){ scale_at(x, c->p[i].step), scale_at(y, v) };
	}
	snprintf(cls, sizeof cls, "curve s%d", colour);
	if (n > 1)
		svg_path(p->b, cls, xy, n);
	snprintf(cls, sizeof cls, "end s%d", colour);
	if (n)
		svg_dot(p->b, cls, last, 3);
	mem_free(xy);
}

static void chart(const struct page *p, bool acc)
{
	enum phrase head = acc ? P_ACC : P_LOSS;
	struct scale x, y;

	if (!span(p->r, acc, &x, &y))
		return;
	page_put(p, "<figure><figcaption><b>");
	page_say(p, head);
	page_put(p, "</b></figcaption>\n");
	svg_open(p->b, CW, CH, "plot", str_of(page_phrase(p, head)));
	axes(p, acc, x, y);
	for (size_t c = 0; c < p->r->n_curve; c++)
		draw_curve(p, &p->r->curve[c], (int)(c % COLOURS), acc, x, y);
	svg_close(p->b);
	page_put(p, "</figure>\n");
}

void page_learn(const struct page *p)
{
	page_section(p, "learn", P_LEARN, P_LEARN_WHAT);
	page_put(p, "<p class=\"legend\">");
	for (size_t c = 0; c < p->r->n_curve; c++) {
		buf_printf(p->b, "<span class=\"key s%d\"></span>", (int)(c % COLOURS));
		page_text(p, p->r->curve[c].name, 60);
		page_put(p, " ");
	}
	page_put(p, "</p>\n<div class=\"pair\">\n");
	chart(p, false);
	chart(p, true);
	page_put(p, "</div>\n");
	page_section_end(p);
}

/* ---- eval ------------------------------------------------------------------------------------- */

enum { EW = 320, EH = 22 };

static int best_first(const void *x, const void *y)
{
	const struct report_eval *a = *(const struct report_eval *const *)x;
	const struct report_eval *b = *(const struct report_eval *const *)y;

	if (a->acc != b->acc)
		return a->acc > b->acc ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* 0..100 % with the interval as a bar, the value as a mark, chance as a dashed line. */
static void strip(const struct page *p, const struct report_eval *e, bool best)
{
	struct scale x = { 0, 1, 4, EW - 4 };
	double mid = EH / 2.0, c = scale_at(x, e->chance);

	page_put(p, "<svg class=\"strip\" viewBox=\"0 0 320 22\" aria-hidden=\"true\">\n");
	svg_line(p->b, "track", (struct xy){ 4, mid }, (struct xy){ EW - 4, mid });
	svg_line(p->b, "chance", (struct xy){ c, 0 }, (struct xy){ c, EH });
	if (isfinite(e->lo) && isfinite(e->hi) && e->hi >= e->lo)
		svg_rect(p->b, best ? "span best" : "span",
		         (struct xy){ scale_at(x, e->lo), mid - 5 },
		         scale_at(x, e->hi) - scale_at(x, e->lo), 10);
	svg_rect(p->b, best ? "value best" : "value", (struct xy){ scale_at(x, e->acc) - 1.25, mid - 8 },
	         2.5, 16);
	page_put(p, "</svg>");
}

static void eval_row(const struct page *p, const struct report_eval *e, bool best)
{
	page_put(p, best ? "<tr class=\"best\"><td>" : "<tr><td>");
	page_text(p, e->system, 80);
	page_put(p, "</td><td class=\"num\">");
	page_share(p, e->acc);
	page_put(p, "</td><td class=\"num soft\">");
	if (isfinite(e->lo) && isfinite(e->hi)) {
		page_real(p, e->lo * 100, 1);
		page_put(p, "…");
		page_real(p, e->hi * 100, 1);
	}
	page_put(p, "</td><td>");
	strip(p, e, best);
	page_put(p, "</td><td class=\"num\">");
	if (isfinite(e->extra))
		page_real(p, e->extra, 3);
	page_put(p, "</td></tr>\n");
}

static void chance_row(const struct page *p, double chance)
{
	page_put(p, "<tr class=\"chance\"><td>");
	page_say(p, P_CHANCE);
	page_put(p, "</td><td class=\"num\">");
	page_share(p, chance);
	page_put(p, "</td><td></td><td></td><td></td></tr>\n");
}

static void eval_task(const struct page *p, const struct report_eval *e, size_t n)
{
	const struct report_eval **row = mem_alloc(n, sizeof *row);
	const char *what = page_task(p, e->task);
	bool chance_done = false;

	for (size_t i = 0; i < n; i++)
		row[i] = e + i;
	qsort(row, n, sizeof *row, best_first);
	page_put(p, "<tbody><tr class=\"task\"><th colspan=\"5\" scope=\"rowgroup\">");
	page_text(p, e->task, 60);
	page_put(p, " <span>");
	page_put(p, what);
	page_put(p, *what ? " · " : "");
	page_say(p, P_QUESTIONS);
	page_put(p, " ");
	page_big(p, e->n);
	page_put(p, "</span></th></tr>\n");
	for (size_t i = 0; i < n; i++) {
		if (!chance_done && row[i]->acc < e->chance) {
			chance_row(p, e->chance);
			chance_done = true;
		}
		eval_row(p, row[i], row[i]->acc == row[0]->acc && row[i]->acc > e->chance);
	}
	if (!chance_done)
		chance_row(p, e->chance);
	page_put(p, "</tbody>\n");
	mem_free(row);
}

static void signed_points(const struct page *p, double v)
{
	if (v > 0)
		page_put(p, "+");
	page_real(p, v * 100, 1);
}

static void diff_row(const struct page *p, const struct report_diff *d)
{
	enum phrase verdict = d->lo > 0 ? P_HOLDS : d->hi < 0 ? P_WORSE : P_HOLDS_NOT;

	page_put(p, "<tr><td>");
	page_text(p, d->task, 60);
	page_put(p, "</td><td>");
	page_text(p, d->a, 60);
	page_put(p, " <i>−</i> ");
	page_text(p, d->b, 60);
	page_put(p, "</td><td class=\"num\">");
	signed_points(p, d->diff);
	page_put(p, "</td><td class=\"num soft\">");
	signed_points(p, d->lo);
	page_put(p, "…");
	signed_points(p, d->hi);
	page_put(p, verdict == P_HOLDS ? "</td><td class=\"good\">" : verdict == P_WORSE
	         ? "</td><td class=\"bad\">" : "</td><td class=\"soft\">");
	page_say(p, verdict);
	page_put(p, "</td></tr>\n");
}

static void diffs(const struct page *p)
{
	if (!p->r->n_diff)
		return;
	page_put(p, "<details open><summary>");
	page_say(p, P_DIFF);
	page_put(p, "</summary><div class=\"wide\"><table class=\"diff\"><tbody>\n");
	for (size_t i = 0; i < p->r->n_diff; i++)
		diff_row(p, &p->r->diff[i]);
	page_put(p, "</tbody></table></div></details>\n");
}

static void th(const struct page *p, enum phrase id, bool num)
{
	page_put(p, num ? "<th class=\"num\" scope=\"col\">" : "<th scope=\"col\">");
	page_say(p, id);
	page_put(p, "</th>");
}

void page_eval(const struct page *p)
{
	const struct report *r = p->r;

	page_section(p, "eval", P_EVAL, P_EVAL_WHAT);
	page_put(p, "<div class=\"wide\"><table class=\"eval\"><thead><tr>");
	th(p, P_SYSTEM, false);
	th(p, P_ACC, true);
	th(p, P_INTERVAL, true);
	page_put(p, "<td class=\"scale\"><span>0</span><span>50</span><span>100%</span></td>");
	th(p, P_EXTRA, true);
	page_put(p, "</tr></thead>\n");
	for (size_t i = 0, n; i < r->n_eval; i += n) {
		for (n = 1; i + n < r->n_eval && str_eq(r->eval[i].task, r->eval[i + n].task); n++)
			;
		eval_task(p, r->eval + i, n);
	}
	page_put(p, "</table></div>\n");
	diffs(p);
	page_section_end(p);
}
