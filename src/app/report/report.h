/* report.h - the page that a mind shows of itself: one HTML file without a network.
 *
 *   in    struct report, plain data that the caller fills from the store and from eval
 *   out   bytes of one page: styles and script inside, charts as SVG
 *
 * Text from books enters the page only as text; the page's policy (CSP) lets no other script
 * run than its own, named by its hash. The same report gives the same bytes. Empty parts are
 * left out or say that nothing is known. Strings are UTF-8; bad bytes become U+FFFD.
 */
#ifndef LTM_APP_REPORT_H
#define LTM_APP_REPORT_H

#include "base/base.h"
#include "scenes/scenes.h"

enum { REPORT_ARCS_MAX = 60, REPORT_ACTORS_MAX = 40, REPORT_BOOKS_MAX = 2000,
       REPORT_SAMPLES_MAX = 40, REPORT_PAIRS_MAX = 40, REPORT_NETS_MAX = 7 };

/* A scene as a point of its book's arc. */
struct report_scene {
	float tension;			/* 0..1, NAN when unknown */
	float valence;			/* -1..1, NAN when unknown */
	struct str chapter, glyph;
	struct str excerpt;		/* its first words */
};
struct report_book {
	struct str title, author, format, warn;
	int split;			/* 0 train, 1 dev, 2 test */
	uint64_t chars;
	uint32_t n_scene;
	const struct report_scene *scene;	/* [n_scene], or NULL: no arc is drawn */
};
/* Who meets whom: in the library, or in one book. */
struct report_actor { struct str name; uint32_t scenes; };
struct report_meet { uint32_t a, b; uint32_t scenes; };	/* indexes into actor[] */
struct report_net {
	struct str title;		/* empty: the whole library */
	const struct report_actor *actor;
	size_t n_actor;			/* most frequent first; REPORT_ACTORS_MAX are shown */
	const struct report_meet *meet;
	size_t n_meet;
};
/* A scene shown whole: its line, what the line says, its first words. */
struct report_sample {
	struct str glyph, actors, field;	/* actors: lemmas joined by ", " */
	uint8_t tension, resolution;		/* kinds, 0 empty */
	struct str excerpt, book;
};
struct report_pair { struct str a, b; double w; bool leads; };	/* concepts; leads: a → b */
struct report_point { double step, loss, acc; };		/* NAN when not measured */
struct report_curve { struct str name; const struct report_point *p; size_t n; };
struct report_eval {
	struct str task, system;
	size_t n;			/* questions */
	double acc, lo, hi;		/* shares */
	double extra;			/* MRR or Kendall's tau, NAN when there is none */
	double chance;
};
/* Paired difference a - b in accuracy with its 95 % interval. */
struct report_diff { struct str task, a, b; double diff, lo, hi; };
struct report_failure { struct str path, why; };

struct ledger;
struct report {
	const char *lang;		/* "ru" or "en" */
	struct str name;		/* of the mind */
	struct str version;
	uint64_t seed;
	const struct report_book *book;
	size_t n_book;
	const struct report_net *net;	/* the library's first */
	size_t n_net;
	/* scenes by kind, [0] those without one */
	uint64_t kinds[SC_N][KINDS_MAX + 1];
	uint64_t answers[KINDS_MAX + 1][KINDS_MAX + 1];	/* [tension][resolution] */
	const struct report_sample *sample;
	size_t n_sample;
	const struct report_pair *pair;
	size_t n_pair;
	uint64_t n_concept, n_edge;
	const struct report_curve *curve;
	size_t n_curve;
	const struct report_eval *eval;	/* rows of a task stand together */
	size_t n_eval;
	const struct report_diff *diff;
	size_t n_diff;
	const struct report_failure *failure;
	size_t n_failure;
	const struct ledger *ledger;	/* app/ledger/ledger.h; NULL: none was made */
	const struct str *note;
	size_t n_note;
};

void report_html(struct buf *out, const struct report *r);

#endif
