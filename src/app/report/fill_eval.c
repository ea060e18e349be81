/* fill_eval.c - what eval.json, train.log and the concept graph tell the report (app/report/fill.h).
 *
 * A file that is not there leaves its part empty; one that cannot be understood is an error.
 */
#include <math.h>
#include <stdlib.h>

#include "app/report/fill.h"
#include "concepts/concepts.h"
#include "io/scenes/json.h"

enum { LIMIT_EVAL = 16 << 20, LIMIT_LOG = 64 << 20, EVAL_ROWS = 1000, CURVES = 4,
       POINTS_MAX = 2000 };

/* ---- eval.json ------------------------------------------------------------------------- */

static double number(const struct tree *map, const char *key, double otherwise)
{
	const struct tree *v = tree_find(map, key);
	double x;

	return v && tree_is_scalar(v) && str_f64(v->s, &x) ? x : otherwise;
}

static struct str text(const struct tree *map, const char *key)
{
	const struct tree *v = tree_find(map, key);

	return v && tree_is_scalar(v) ? v->s : (struct str){ 0 };
}

static const struct tree *first_of(const struct tree *map, const char *key)
{
	const struct tree *v = tree_find(map, key);

	return v && v->kind == TREE_SEQ ? v->first : NULL;
}

static void task_fill(struct report *r, struct report_eval *eval, struct report_diff *diff,
                      const struct tree *task)
{
	for (const struct tree *s = first_of(task, "systems"); s && r->n_eval < EVAL_ROWS; s = s->next)
		eval[r->n_eval++] = (struct report_eval){
			.task = text(task, "task"), .system = text(s, "system"),
			.n = (size_t)number(task, "questions", 0), .acc = number(s, "accuracy", NAN),
			.lo = number(s, "low", NAN), .hi = number(s, "high", NAN),
			.extra = number(s, "mrr", number(s, "tau", NAN)),
			.chance = number(task, "chance", NAN) };
	for (const struct tree *d = first_of(task, "differences"); d && r->n_diff < EVAL_ROWS; d = d->next)
		diff[r->n_diff++] = (struct report_diff){
			.task = text(task, "task"), .a = text(d, "of"), .b = text(d, "over"),
			.diff = number(d, "difference", NAN), .lo = number(d, "low", NAN),
			.hi = number(d, "high", NAN) };
}

enum status fill_eval(struct report *r, const char *mind, struct arena *a, struct err *e)
{
	const char *path = mind_path(a, mind, "eval.json");
	struct report_eval *eval = TAKE(a, struct report_eval, EVAL_ROWS);
	struct report_diff *diff = TAKE(a, struct report_diff, EVAL_ROWS);
	struct buf b = { 0 };
	struct tree *top;
	enum status st;

	if (!file_exists(path))
		return OK;
	st = file_read(&b, path, LIMIT_EVAL, e);
	if (!st && (st = json_read(&top, str_copy(a, buf_view(&b)), a, e)))
		err_in(e, path);
	buf_free(&b);
	if (st)
		return st;
	r->eval = eval;
	r->diff = diff;
	for (const struct tree *t = first_of(top, "tasks"); t; t = t->next)
		task_fill(r, eval, diff, t);
	return OK;
}

/* ---- train.log: key=value lines -------------------------------------------------------- */

static double value_of(struct str line, struct str key)
{
	struct str word;
	double x;

	while (str_cut(&line, ' ', &word))
		if (str_starts(word, key) && word.n > key.n && word.p[key.n] == '=') {
			word.p += key.n + 1;
			word.n -= key.n + 1;
			return str_f64(word, &x) ? x : NAN;
		}
	return NAN;
}

/* One curve; false when the log knows none of its points. */
static bool curve_fill(struct report_curve *c, struct str log, struct str key, bool loss,
                       struct arena *a)
{
	struct report_point *p = TAKE(a, struct report_point, POINTS_MAX);
	struct str line;

	c->name = loss ? S("loss") : key;
	c->p = p;
	while (str_cut(&log, '\n', &line) && c->n < POINTS_MAX) {
		double step = value_of(line, S("step")), v = value_of(line, key);

		if (isnan(step) || isnan(v))
			continue;
		p[c->n++] = (struct report_point){ step, loss ? v : NAN, loss ? NAN : v };
	}
	return c->n > 0;
}

enum status fill_curves(struct report *r, const char *mind, struct arena *a, struct err *e)
{
	static const struct { struct str key; bool loss; } row[CURVES] = {
		{ { "loss", 4 }, true }, { { "dev_far", 7 }, false }, { { "dev_near", 8 }, false },
		{ { "dev_matched", 11 }, false } };
	const char *path = mind_path(a, mind, "train.log");
	struct report_curve *c = TAKE(a, struct report_curve, CURVES);
	struct buf b = { 0 };
	enum status st;

	if (!file_exists(path))
		return OK;
	st = file_read(&b, path, LIMIT_LOG, e);
	r->curve = c;
	for (int i = 0; !st && i < CURVES; i++)
		if (curve_fill(&c[r->n_curve], buf_view(&b), row[i].key, row[i].loss, a))
			r->n_curve++;
	buf_free(&b);
	return st;
}

/* ---- concepts.ltm ---------------------------------------------------------------------- */

struct known {
	uint32_t df, node;
};

static int by_df(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->df != y->df ? (x->df < y->df ? 1 : -1) : (x->node > y->node) - (x->node < y->node);
}

/* Of the commonest nouns the strongest neighbour that is common too: pairs a reader knows. */
static bool pair_of(struct report_pair *p, const struct graph *g, uint32_t node, enum edge_type t,
                    uint32_t least_df, struct arena *a)
{
	for (uint32_t i = g->edge_at[t][node]; i < g->edge_at[t][node + 1]; i++) {
		uint32_t to = g->edge[t][i].to;

		if (g->df[to] < least_df || g->pos[to] != POS_NOUN || to == node)
			continue;
		*p = (struct report_pair){ str_copy(a, graph_name(g, node)), str_copy(a, graph_name(g, to)),
		                           (double)g->edge[t][i].w, t == EDGE_LEADS };
		return true;
	}
	return false;
}

static void pairs_fill(struct report *r, const struct graph *g, struct arena *a)
{
	struct report_pair *p = TAKE(a, struct report_pair, REPORT_PAIRS_MAX);
	struct known *v = TAKE(a, struct known, g->n + 1u);
	size_t n = 0;

	for (uint32_t i = 0; i < g->n; i++)
		if (g->pos[i] == POS_NOUN)
			v[n++] = (struct known){ g->df[i], i };
	qsort(v, n, sizeof *v, by_df);
	r->pair = p;
	for (size_t i = 0; i < n && r->n_pair < REPORT_PAIRS_MAX; i++) {
		enum edge_type t = r->n_pair % 2 ? EDGE_LEADS : EDGE_OCCURS;
		uint32_t least = v[i].df / 8 > 3 ? v[i].df / 8 : 3;

		if (pair_of(&p[r->n_pair], g, v[i].node, t, least, a))
			r->n_pair++;
	}
	r->n_concept = g->n;
	r->n_edge = g->n ? (uint64_t)g->edge_at[EDGE_OCCURS][g->n] + g->edge_at[EDGE_LEADS][g->n] : 0;
}

enum status fill_graph(struct report *r, const char *mind, struct arena *a, struct err *e)
{
	const char *path = mind_path(a, mind, "concepts.ltm");
	struct graph g;
	struct str bytes;
	enum status st;

	if (!file_exists(path))
		return OK;
	st = file_map(&bytes, path, e);
	if (st)
		return st;
	st = graph_open(&g, bytes, e);
	if (!st) {
		pairs_fill(r, &g, a);
		graph_close(&g);
	} else {
		err_in(e, path);
	}
	file_unmap(&bytes);
	return st;
}
