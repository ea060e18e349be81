/* svg.c - text and shapes for pages (svg.h).
 *
 * Invariants: no byte of s leaves html_text that could begin a tag, an attribute or a
 * reference; numbers are written by integers, so that no locale puts a comma in them.
 */
#include <math.h>
#include "app/report/svg.h"

static void put_escaped(struct buf *b, const char *p, size_t n, uint32_t r)
{
	switch (r) {
	case '&': buf_str(b, S("&amp;")); return;
	case '<': buf_str(b, S("&lt;")); return;
	case '>': buf_str(b, S("&gt;")); return;
	case '"': buf_str(b, S("&quot;")); return;
	case '\'': buf_str(b, S("&#39;")); return;
	case '\r': buf_str(b, S("&#13;")); return;
	case 0: case 0xfffd: buf_str(b, S("\xef\xbf\xbd")); return;
	default: buf_add(b, p, n);
	}
}

void html_cut(struct buf *b, struct str s, size_t n)
{
	const char *p = s.p, *end = s.p + s.n;

	for (size_t i = 0; p < end; i++) {
		const char *q = p;
		uint32_t r = utf8_next(&q, end);

		if (i == n) {
			buf_str(b, S("…"));
			return;
		}
		put_escaped(b, p, (size_t)(q - p), r);
		p = q;
	}
}

void html_text(struct buf *b, struct str s)
{
	html_cut(b, s, SIZE_MAX);
}

void svg_num(struct buf *b, double v, int digits)
{
	long long ten = 1;

	if (!isfinite(v) || fabs(v) > 1e12)
		v = 0;
	for (int i = 0; i < digits; i++)
		ten *= 10;
	long long x = llround(fabs(v) * (double)ten), frac = x % ten;
	if (v < 0 && x)
		buf_char(b, '-');
	buf_printf(b, "%lld", x / ten);
	if (!frac)
		return;
	buf_char(b, '.');
	while (frac) {
		ten /= 10;
		buf_char(b, (char)('0' + frac / ten));
		frac %= ten;
	}
}

double scale_at(struct scale s, double v)
{
	return s.v1 == s.v0 ? s.p0 : s.p0 + (v - s.v0) / (s.v1 - s.v0) * (s.p1 - s.p0);
}

double scale_step(double lo, double hi, int most, double *first)
{
	static const double nice[] = { 1, 2, 2.5, 5, 10 };
	double raw = (hi - lo) / most, ten, step = 0;

	if (!(raw > 0)) {
		*first = lo;
		return 1;
	}
	ten = pow(10, floor(log10(raw)));
	for (int i = 0; i < 5 && step < raw; i++)
		step = nice[i] * ten;
	*first = ceil(lo / step - 1e-9) * step;
	return step;
}

/* name="v" with a blank before */
static void attr(struct buf *b, const char *name, double v)
{
	buf_printf(b, " %s=\"", name);
	svg_num(b, v, 2);
	buf_char(b, '"');
}

void svg_open(struct buf *b, double w, double h, const char *cls, struct str label)
{
	buf_printf(b, "<svg class=\"%s\" viewBox=\"0 0 ", cls);
	svg_num(b, w, 2);
	buf_char(b, ' ');
	svg_num(b, h, 2);
	buf_str(b, S("\" role=\"img\" aria-label=\""));
	html_cut(b, label, 200);
	buf_str(b, S("\">\n"));
}

void svg_close(struct buf *b) { buf_str(b, S("</svg>\n")); }

void svg_line(struct buf *b, const char *cls, struct xy a, struct xy c)
{
	buf_printf(b, "<line class=\"%s\"", cls);
	attr(b, "x1", a.x);
	attr(b, "y1", a.y);
	attr(b, "x2", c.x);
	attr(b, "y2", c.y);
	buf_str(b, S("/>\n"));
}

void svg_rect(struct buf *b, const char *cls, struct xy at, double w, double h)
{
	buf_printf(b, "<rect class=\"%s\"", cls);
	attr(b, "x", at.x);
	attr(b, "y", at.y);
	attr(b, "width", w > 0 ? w : 0);
	attr(b, "height", h > 0 ? h : 0);
	buf_str(b, S("/>\n"));
}

void svg_dot(struct buf *b, const char *cls, struct xy at, double r)
{
	buf_printf(b, "<circle class=\"%s\"", cls);
	attr(b, "cx", at.x);
	attr(b, "cy", at.y);
	attr(b, "r", r);
	buf_str(b, S("/>\n"));
}

void svg_text(struct buf *b, const char *cls, struct xy at, const char *anchor, struct str s)
{
	buf_printf(b, "<text class=\"%s\"", cls);
	attr(b, "x", at.x);
	attr(b, "y", at.y);
	buf_printf(b, " text-anchor=\"%s\">", anchor);
	html_cut(b, s, 80);
	buf_str(b, S("</text>\n"));
}

static void point(struct buf *b, char cmd, struct xy p)
{
	buf_char(b, cmd);
	svg_num(b, p.x, 1);
	buf_char(b, ' ');
	svg_num(b, p.y, 1);
}

void svg_path(struct buf *b, const char *cls, const struct xy *p, size_t n)
{
	char cmd = 'M';

	buf_printf(b, "<path class=\"%s\" d=\"", cls);
	for (size_t i = 0; i < n; i++) {
		if (isnan(p[i].x) || isnan(p[i].y)) {
			cmd = 'M';
			continue;
		}
		point(b, cmd, p[i]);
		cmd = 'L';
	}
	buf_str(b, S("\"/>\n"));
}

void svg_area(struct buf *b, const char *cls, const struct xy *p, size_t n, double y)
{
	if (!n)
		return;
	buf_printf(b, "<path class=\"%s\" d=\"", cls);
	point(b, 'M', (struct xy){ p[0].x, y });
	for (size_t i = 0; i < n; i++)
		point(b, 'L', p[i]);
	point(b, 'L', (struct xy){ p[n - 1].x, y });
	buf_str(b, S("Z\"/>\n"));
}

void svg_title(struct buf *b, struct str s)
{
	buf_str(b, S("<title>"));
	html_cut(b, s, 400);
	buf_str(b, S("</title>"));
}
