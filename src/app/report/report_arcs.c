/* report_arcs.c - arcs of tension and feeling: a small figure for every book.
 *
 *   in    scenes of books with tension and valence
 *   out   figures of one size and one scale; each step of an arc opens its passage
 *
 * Scene values are noisy: we smooth with a Gaussian over scenes (σ a thirtieth of the book, at
 * least one scene), skipping scenes where nothing was found. A long book is drawn in at most
 * STEPS steps; a step carries the passage of its most tense scene.
 */
#include <math.h>
#include <stdlib.h>
#include "app/report/report_page.h"

enum { STEPS = 120, W = 320, TOP = 6, TENSION_H = 56, GAP = 10, FEEL_H = 50, TENSEST = 5 };
enum { FEEL_TOP = TOP + TENSION_H + GAP, H = FEEL_TOP + FEEL_H + 4 };

struct arc {
	const struct report_book *book;
	uint32_t number;		/* its place among the books: pinned for ids */
	double *tension, *valence;	/* [steps] smoothed, NAN where nothing is known */
	uint32_t *pick;			/* [steps] the scene that stands for it */
	uint32_t steps;
};

static double smooth_at(const struct report_book *b, bool feel, double at, double sigma)
{
	long from = (long)(at - 3 * sigma), to = (long)(at + 3 * sigma) + 1;
	double sum = 0, weight = 0;

	for (long i = from < 0 ? 0 : from; i <= to && i < (long)b->n_scene; i++) {
		double v = feel ? b->scene[i].valence : b->scene[i].tension;
		double z = ((double)i - at) / sigma, w = exp(-z * z / 2);

		if (!isfinite(v))
			continue;
		sum += w * v;
		weight += w;
	}
	return weight > 0 ? sum / weight : NAN;
}

static uint32_t most_tense(const struct report_book *b, uint32_t from, uint32_t to)
{
	uint32_t best = from;

	for (uint32_t i = from; i < to; i++)
		if (isfinite(b->scene[i].tension)
		    && !(b->scene[best].tension >= b->scene[i].tension))
			best = i;
	return best;
}

static void arc_fill(struct arc *a, struct arena *mem)
{
	const struct report_book *b = a->book;
	double sigma = b->n_scene / 30.0 > 1 ? b->n_scene / 30.0 : 1;

	a->steps = b->n_scene < STEPS ? b->n_scene : STEPS;
	a->tension = TAKE(mem, double, a->steps);
	a->valence = TAKE(mem, double, a->steps);
	a->pick = TAKE(mem, uint32_t, a->steps);
	for (uint32_t k = 0; k < a->steps; k++) {
		uint32_t from = (uint32_t)((uint64_t)b->n_scene * k / a->steps);
		uint32_t to = (uint32_t)((uint64_t)b->n_scene * (k + 1) / a->steps);
		double mid = (from + to - 1) / 2.0;

		a->tension[k] = smooth_at(b, false, mid, sigma);
		a->valence[k] = smooth_at(b, true, mid, sigma);
		a->pick[k] = most_tense(b, from, to);
	}
}

/* ---- one figure --------------------------------------------------------------------------- */

struct scales { struct scale tension, feel; };

static double step_x(const struct arc *a, uint32_t k)
{
	return 2 + (W - 4) * (k + 0.5) / a->steps;
}

/* The smoothed values as points; unknown ones take the base line. */
static void points(struct xy *xy, const struct arc *a, const double *v, struct scale s, double base)
{
	for (uint32_t k = 0; k < a->steps; k++)
		xy[k] = (struct xy){ step_x(a, k), scale_at(s, isnan(v[k]) ? base : v[k]) };
}

static void draw_tension(const struct page *p, const struct arc *a, struct scale s)
{
	struct xy xy[STEPS], top = { 0, H };

	points(xy, a, a->tension, s, s.v0);
	svg_area(p->b, "t-area", xy, a->steps, TOP + TENSION_H);
	svg_path(p->b, "t-line", xy, a->steps);
	for (uint32_t k = 0; k < a->steps; k++)
		if (xy[k].y < top.y)
			top = xy[k];
	svg_line(p->b, "axis", (struct xy){ 2, TOP + TENSION_H }, (struct xy){ W - 2, TOP + TENSION_H });
	if (top.y < TOP + TENSION_H - 1)
		svg_dot(p->b, "t-dot", top, 3);
}

static void draw_feel(const struct page *p, const struct arc *a, struct scale s)
{
	struct xy xy[STEPS], half[STEPS];
	double zero = scale_at(s, 0);

	points(xy, a, a->valence, s, 0);
	for (int up = 0; up < 2; up++) {
		for (uint32_t k = 0; k < a->steps; k++) {
			half[k] = xy[k];
			half[k].y = up ? fmin(xy[k].y, zero) : fmax(xy[k].y, zero);
		}
		svg_area(p->b, up ? "bright" : "dark", half, a->steps, zero);
	}
	svg_line(p->b, "axis", (struct xy){ 2, zero }, (struct xy){ W - 2, zero });
}

/* Strips one can hit; their <title> is the passage: place, glyph line, first words. */
static void draw_strips(const struct page *p, const struct arc *a)
{
	double w = (double)(W - 4) / a->steps;

	for (uint32_t k = 0; k < a->steps; k++) {
		const struct report_scene *s = &a->book->scene[a->pick[k]];

		page_put(p, "<rect class=\"hit\" x=\"");
		svg_num(p->b, 2 + w * k, 2);
		page_put(p, "\" y=\"0\" width=\"");
		svg_num(p->b, w, 2);
		buf_printf(p->b, "\" height=\"%d\"><title>%s %u/%u", H, page_phrase(p, P_SCENE),
		           a->pick[k] + 1, a->book->n_scene);
		if (s->chapter.n) {
			page_put(p, ", ");
			html_cut(p->b, s->chapter, 60);
		}
		page_put(p, "\n");
		html_cut(p->b, s->glyph, 60);
		page_put(p, "\n");
		html_cut(p->b, s->excerpt, 200);
		page_put(p, "</title></rect>\n");
	}
}

static void put_valence(const struct page *p, double v)
{
	if (!isfinite(v))
		return;
	page_put(p, ", ");
	page_say(p, P_VALENCE);
	page_put(p, v > 0.005 ? " +" : " ");
	page_real(p, v, 2);
}

/* The passages behind the highest scenes, for those who read rather than look. */
static void tensest(const struct page *p, const struct arc *a)
{
	const struct report_book *b = a->book;
	uint32_t top[TENSEST], n = 0;

	for (uint32_t i = 0; i < b->n_scene; i++) {
		uint32_t k = n < TENSEST ? n : TENSEST;

		if (!isfinite(b->scene[i].tension))
			continue;
		for (; k > 0 && b->scene[i].tension > b->scene[top[k - 1]].tension; k--)
			if (k < TENSEST)
				top[k] = top[k - 1];
		if (k < TENSEST) {
			top[k] = i;
			n += n < TENSEST;
		}
	}
	if (!n)
		return;
	page_put(p, "<details><summary>");
	page_say(p, P_TENSEST);
	page_put(p, "</summary><ol class=\"tensest\">\n");
	for (uint32_t k = 0; k < n; k++) {
		const struct report_scene *s = &b->scene[top[k]];

		buf_printf(p->b, "<li value=\"%u\"><code>", top[k] + 1);
		html_cut(p->b, s->glyph, 60);
		page_put(p, "</code> <span class=\"soft\">");
		page_say(p, P_TENSION);
		page_put(p, " ");
		page_real(p, s->tension, 2);
		put_valence(p, s->valence);
		page_put(p, "</span> <q>");
		page_text(p, s->excerpt, 200);
		page_put(p, "</q></li>\n");
	}
	page_put(p, "</ol></details>\n");
}

static void figure(const struct page *p, const struct arc *a, struct scales s)
{
	buf_printf(p->b, "<figure class=\"arc\" id=\"arc-%u\"><figcaption><b>", a->number + 1);
	page_title(p, a->book);
	page_put(p, "</b><span>");
	if (a->book->author.n) {
		page_text(p, a->book->author, 60);
		page_put(p, " · ");
	}
	page_say(p, P_SCENES_N);
	page_put(p, " ");
	page_big(p, a->book->n_scene);
	page_put(p, "</span></figcaption>\n");
	svg_open(p->b, W, H, "plot", a->book->title.n ? a->book->title
	                                              : str_of(page_phrase(p, P_UNTITLED)));
	draw_tension(p, a, s.tension);
	draw_feel(p, a, s.feel);
	draw_strips(p, a);
	svg_close(p->b);
	tensest(p, a);
	page_put(p, "</figure>\n");
}

/* ---- the section -------------------------------------------------------------------------- */

static int longest_first(const void *x, const void *y)
{
	const struct arc *a = x, *b = y;

	if (a->book->n_scene != b->book->n_scene)
		return a->book->n_scene > b->book->n_scene ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

static int by_number(const void *x, const void *y)
{
	const struct arc *a = x, *b = y;

	return a->number < b->number ? -1 : a->number > b->number;
}

/* One scale for all: what the smoothed curves span, zero of feeling included. Curves that
 * hardly move keep the whole scale, or noise would look like drama. */
static const double FLAT = 0.1;

static struct scales scales_of(const struct arc *a, size_t n)
{
	double lo = INFINITY, hi = -INFINITY, dark = 0, bright = 0;

	for (size_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < a[i].steps; k++) {
			double t = a[i].tension[k], v = a[i].valence[k];

			lo = t < lo ? t : lo;
			hi = t > hi ? t : hi;
			dark = v < dark ? v : dark;
			bright = v > bright ? v : bright;
		}
	if (!(hi - lo > FLAT))
		lo = 0, hi = 1;
	lo -= (hi - lo) * 0.08;
	if (!(bright - dark > FLAT))
		dark = -1, bright = 1;
	return (struct scales){
		.tension = { lo, hi, TOP + TENSION_H, TOP },
		.feel = { dark, bright, FEEL_TOP + FEEL_H, FEEL_TOP },
	};
}

static void legend(const struct page *p, size_t shown, size_t of)
{
	page_put(p, "<p class=\"legend\"><span class=\"key k-tension\"></span>");
	page_say(p, P_TENSION);
	page_put(p, " <span class=\"key k-bright\"></span>");
	page_say(p, P_BRIGHT);
	page_put(p, " <span class=\"key k-dark\"></span>");
	page_say(p, P_DARK);
	if (shown < of) {
		page_put(p, " <span class=\"some\">");
		page_say(p, P_ARCS_SOME);
		buf_printf(p->b, " %zu / %zu</span>", shown, of);
	}
	page_put(p, "</p>\n");
}

void page_arcs(const struct page *p)
{
	struct arena mem = arena_open("arcs");
	struct arc *a = TAKE(&mem, struct arc, p->r->n_book + 1);
	size_t n = 0, all;

	for (size_t i = 0; i < p->r->n_book; i++)
		if (p->r->book[i].scene && p->r->book[i].n_scene)
			a[n++] = (struct arc){ .book = &p->r->book[i], .number = (uint32_t)i };
	all = p->r->n_book;
	qsort(a, n, sizeof *a, longest_first);
	n = n < REPORT_ARCS_MAX ? n : REPORT_ARCS_MAX;
	qsort(a, n, sizeof *a, by_number);
	for (size_t i = 0; i < n; i++)
		arc_fill(&a[i], &mem);
	struct scales s = scales_of(a, n);
	page_section(p, "arcs", P_ARCS, P_ARCS_WHAT);
	legend(p, n, all);
	page_put(p, n == 1 ? "<div class=\"arcs one\">\n" : "<div class=\"arcs\">\n");
	for (size_t i = 0; i < n; i++)
		figure(p, &a[i], s);
	page_put(p, "</div>\n");
	page_section_end(p);
	arena_close(&mem);
}
