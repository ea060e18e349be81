/* svg.h - text and shapes for pages: escaped, with numbers that no locale can bend.
 *
 * Coordinates are in units of the viewBox, written with at most two decimals.
 */
#ifndef LTM_APP_SVG_H
#define LTM_APP_SVG_H

#include "base/base.h"

/* ---- text in a page -------------------------------------------------------------------- */
/* s as HTML text, fit for attributes in double quotes too: & < > " ' as references, NUL and
 * bad bytes as U+FFFD, CR as a reference. Everything else as it is. */
void html_text(struct buf *b, struct str s);
/* The same, cut to at most n runes with '…'. */
void html_cut(struct buf *b, struct str s, size_t n);

/* v with up to `digits` decimals, no trailing zeros, always '.'; NaN and infinity as 0. */
void svg_num(struct buf *b, double v, int digits);

/* ---- scales ---------------------------------------------------------------------------- */
struct scale {
	double v0, v1;		/* values */
	double p0, p1;		/* positions of them */
};
double scale_at(struct scale s, double v);
/* Round steps between lo and hi: at most `most` of them; returns the step, *first <= hi. */
double scale_step(double lo, double hi, int most, double *first);

/* ---- shapes ---------------------------------------------------------------------------- */
struct xy { double x, y; };
void svg_open(struct buf *b, double w, double h, const char *cls, struct str label);
void svg_close(struct buf *b);
void svg_line(struct buf *b, const char *cls, struct xy a, struct xy c);
void svg_rect(struct buf *b, const char *cls, struct xy at, double w, double h);
void svg_dot(struct buf *b, const char *cls, struct xy at, double r);
/* anchor: "start", "middle" or "end". */
void svg_text(struct buf *b, const char *cls, struct xy at, const char *anchor, struct str s);
/* A polyline; points with a NaN coordinate break it. */
void svg_path(struct buf *b, const char *cls, const struct xy *p, size_t n);
/* The area between a polyline without gaps and the horizontal y. */
void svg_area(struct buf *b, const char *cls, const struct xy *p, size_t n, double y);
/* <title> of the shape around it. */
void svg_title(struct buf *b, struct str s);

#endif
