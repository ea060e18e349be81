/* compare_print.c - the comparison as a table, as JSON, as a chart.
 *
 *   in    struct compare, filled
 *   out   text; {"formats": …}; an SVG of bits a character
 */
#include <math.h>

#include "app/compare/compare.h"
#include "app/report/svg.h"

struct spread {
	double mean, lo, hi;		/* lo, hi: ± 2.776…·s/√n by Student's t; the mean for one seed */
};

/* Half-width of the 95 % interval for n values with deviation s. */
static double half(int n, double s)
{
	static const double t[COMPARE_SEEDS_MAX + 1] = { 0, 0, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262 };

	return n > 1 ? t[n] * s / sqrt(n) : 0;
}

static struct spread spread(const double *v, int n)
{
	double sum = 0, sq = 0, m, h;

	for (int i = 0; i < n; i++)
		sum += v[i];
	m = sum / n;
	for (int i = 0; i < n; i++)
		sq += (v[i] - m) * (v[i] - m);
	h = half(n, n > 1 ? sqrt(sq / (n - 1)) : 0);
	return (struct spread){ m, m - h, m + h };
}

/* How much lower than the token model's, in per cent, seed by seed. */
static struct spread gain(const struct compare *c, enum format f, const double *test)
{
	double v[COMPARE_SEEDS_MAX];

	(void)f;
	for (int i = 0; i < c->seeds; i++)
		v[i] = 100 * (1 - test[i] / c->f[FORMAT_TOKEN].test[i]);
	return spread(v, c->seeds);
}

/* ---- text ---------------------------------------------------------------------------------------------- */
static void put_formats(struct buf *b, const struct compare *c)
{
	buf_printf(b, "%-9s %9s %9s %8s %8s %8s %8s %9s %9s   %s\n", "format", "params M", "FLOP e12", "tokens M", "seconds",
	           "MB", "dev bpc", "test bpc", "shuffled", "below token, %");
	for (int f = 0; f < FORMATS; f++) {
		const struct format_row *r = &c->f[f];
		struct spread test = spread(r->test, c->seeds), g = gain(c, f, r->test);

		if (!(c->o->formats >> f & 1))
			continue;
		buf_printf(b, "%-9s %9.2f %9.1f %8.2f %8.0f %8.1f %8.4f %9.4f ", format_name(f), (double)r->params / 1e6,
		           r->flops / 1e12, r->tokens / 1e6, r->seconds, r->bytes / 1e6, spread(r->dev, c->seeds).mean, test.mean);
		if (f == FORMAT_TOKEN)
			buf_str(b, S("        –   –\n"));
		else {
			if (f == FORMAT_LONG)
				buf_str(b, S("        –"));
			else
				buf_printf(b, "%9.4f", spread(r->shuffled, c->seeds).mean);
			buf_printf(b, "   %+.2f", g.mean);
			if (c->seeds > 1)
				buf_printf(b, " [%+.2f, %+.2f]", g.lo, g.hi);
			buf_str(b, S("\n"));
		}
	}
}

static void put_nets(struct buf *b, const struct compare *c)
{
	buf_printf(b, "\n%-14s %9s %9s %8s %8s %12s %8s   %s\n", "of scenes", "params M", "FLOP e12", "seconds", "l2",
	           "contrastive", "top of 64", "core − it, points");
	for (int k = 0; k < NETS; k++) {
		const struct net_row *r = &c->net[k];

		buf_printf(b, "%-14s", net_name(k));
		if (k < NET_COPY)
			buf_printf(b, " %9.2f %9.2f %8.0f %8.3f", (double)r->params / 1e6, r->flops / 1e12, r->seconds, r->l2);
		else if (k == NET_COPY)
			buf_printf(b, " %11s %11s %10s %8.3f", "–", "–", "–", r->l2);
		else
			buf_printf(b, " %11s %11s %10s %10s", "–", "–", "–", "–");
		buf_printf(b, " %11.1f%% %7.1f%%", 100 * r->contrast, 100 * r->top1);
		if (k == SCENENET_CORE)
			buf_str(b, S("   –\n"));
		else
			buf_printf(b, "   %+.1f [%+.1f, %+.1f]\n", 100 * r->over, 100 * r->lo, 100 * r->hi);
	}
	buf_str(b, S("core-vectors: the core without field and kinds; copy: the last scene as the guess, by its vector, by its field\n"));
}

static void put_task(struct buf *b, const struct eval_table *t, int k)
{
	const struct eval_task *task = &t->task[k];

	if (!task->n_item)
		return;
	buf_printf(b, "\n%s: %zu questions, %zu books, chance %.1f %%\n", task->name, task->n_item, task->n_book, 100 * task->chance);
	for (int y = 0; y < t->n_system; y++) {
		const struct eval_cell *v = &task->cell[y];

		buf_printf(b, "  %-36s %5.1f %% [%4.1f, %4.1f]", t->system[y].name, 100 * v->acc, 100 * v->lo, 100 * v->hi);
		if (y + 1 < t->n_system)
			buf_printf(b, "   core − it %+.1f [%+.1f, %+.1f]", 100 * task->diff[y].diff, 100 * task->diff[y].lo,
			           100 * task->diff[y].hi);
		buf_char(b, '\n');
	}
}

void compare_text(struct buf *b, const struct compare *c)
{
	buf_printf(b, "%u training, %u dev, %u test books; %.1f million training tokens, %u scenes; %d seed%s; %s. bpc: bits a character.\n\n",
	           c->d.train.s.texts, c->d.dev.s.texts, c->d.test.s.texts, (double)c->d.train.s.ids.n / 1e6,
	           c->d.train.scenes + c->d.dev.scenes + c->d.test.scenes, c->seeds, c->seeds > 1 ? "s, 95 % intervals" : "", c->o->optimizer);
	put_formats(b, c);
	put_nets(b, c);
	buf_printf(b, "\nrecall of %zu test scenes among their book's, from a code of", c->recall_scenes);
	for (int k = 0; k < RECALLS; k++)
		buf_printf(b, "%s %d bytes %.1f %% (round trip l2 %.3f)", k ? "," : "", c->recall[k].bytes, 100 * c->recall[k].acc,
		           c->recall[k].l2);
	buf_printf(b, "; from the vector %.1f %%\n", 100 * c->raw_recall);
	for (int k = 0; k < EVAL_TASKS; k++)
		put_task(b, k == TASK_ORDER4 ? &c->order : &c->next, k);
	if (c->core_cost > 0 && c->o->likelihood)
		buf_printf(b, "\nlikelihood: of the token model in %s", c->o->likelihood);
	if (c->core_cost > 0)
		buf_printf(b, "\na question costs the token model %.1f ms of a core (%.3g FLOP), the core %.3f ms: 1/%.0f\n", 1e3 * c->token_cost,
		           c->token_flops, 1e3 * c->core_cost, c->token_cost / c->core_cost);
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */
static void num(struct buf *b, const char *key, double v, const char *end)
{
	if (isfinite(v))
		buf_printf(b, "\"%s\": %.8g%s", key, v, end);
	else
		buf_printf(b, "\"%s\": null%s", key, end);
}

static void seeds(struct buf *b, const char *key, const double *v, int n, const char *end)
{
	buf_printf(b, "\"%s\": [", key);
	for (int i = 0; i < n; i++)
		buf_printf(b, isfinite(v[i]) ? "%s%.6f" : "%snull", i ? ", " : "", v[i]);
	buf_printf(b, "]%s", end);
}

static void json_formats(struct buf *b, const struct compare *c)
{
	for (int f = 0; f < FORMATS; f++) {
		const struct format_row *r = &c->f[f];

		if (!(c->o->formats >> f & 1))
			continue;
		buf_printf(b, "%s\n  {\"format\": \"%s\", \"hidden\": %d, \"steps\": %llu, ", f ? "," : "", format_name(f), r->hidden,
		           (unsigned long long)r->steps);
		num(b, "parameters", (double)r->params, ", ");
		num(b, "flop", r->flops, ", ");
		num(b, "tokens", r->tokens, ", ");
		num(b, "seconds", r->seconds, ", ");
		num(b, "bytes", r->bytes, ", ");
		seeds(b, "dev_bpc", r->dev, c->seeds, ", ");
		seeds(b, "test_bpc", r->test, c->seeds, ", ");
		seeds(b, "shuffled_bpc", r->shuffled, c->seeds, "}");
	}
}

static void json_nets(struct buf *b, const struct compare *c)
{
	for (int k = 0; k < NETS; k++) {
		const struct net_row *r = &c->net[k];

		buf_printf(b, "%s\n  {\"net\": \"%s\", ", k ? "," : "", net_name(k));
		num(b, "parameters", (double)r->params, ", ");
		num(b, "flop", r->flops, ", ");
		num(b, "seconds", r->seconds, ", ");
		num(b, "l2", r->l2, ", ");
		num(b, "contrastive", r->contrast, ", ");
		num(b, "top", r->top1, ", ");
		num(b, "core_minus", r->over, ", ");
		num(b, "low", r->lo, ", ");
		num(b, "high", r->hi, "}");
	}
}

static void json_task(struct buf *b, const struct eval_table *t, int k, bool first)
{
	const struct eval_task *task = &t->task[k];

	buf_printf(b, "%s\n  {\"task\": \"%s\", \"questions\": %zu, \"books\": %zu, \"systems\": [", first ? "" : ",", task->name,
	           task->n_item, task->n_book);
	for (int y = 0; y < t->n_system; y++) {
		buf_printf(b, "%s\n   {\"system\": \"%s\", ", y ? "," : "", t->system[y].key);
		num(b, "accuracy", task->cell[y].acc, ", ");
		num(b, "low", task->cell[y].lo, ", ");
		num(b, "high", task->cell[y].hi, ", ");
		num(b, k == TASK_ORDER4 ? "tau" : "mrr", task->cell[y].extra, "}");
	}
	buf_str(b, S("]}"));
}

void compare_json(struct buf *b, const struct compare *c)
{
	bool first = true;

	buf_printf(b, "{\n \"seed\": %llu, \"seeds\": %d, \"optimizer\": \"%s\", ", (unsigned long long)c->o->seed, c->seeds,
	           c->o->optimizer);
	num(b, "budget_flop", c->budget, ",\n");
	buf_str(b, S(" \"formats\": ["));
	json_formats(b, c);
	buf_str(b, S("],\n \"nets\": ["));
	json_nets(b, c);
	buf_str(b, S("],\n \"recall\": ["));
	for (int k = 0; k < RECALLS; k++) {
		buf_printf(b, "%s{\"bytes\": %d, ", k ? ", " : "", c->recall[k].bytes);
		num(b, "accuracy", c->recall[k].acc, ", ");
		num(b, "round_trip_l2", c->recall[k].l2, "}");
	}
	buf_str(b, S("],\n "));
	num(b, "recall_raw", c->raw_recall, ",\n \"tasks\": [");
	for (int k = 0; k < EVAL_TASKS; k++) {
		const struct eval_table *t = k == TASK_ORDER4 ? &c->order : &c->next;

		if (!t->task[k].n_item)
			continue;
		json_task(b, t, k, first);
		first = false;
	}
	buf_str(b, S("],\n "));
	if (c->o->likelihood) {
		buf_str(b, S("\"likelihood_of\": "));
		json_str(b, str_of(c->o->likelihood));
		buf_str(b, S(", "));
	}
	num(b, "token_question_seconds", c->token_cost, ", ");
	num(b, "core_question_seconds", c->core_cost, "\n}\n");
}

/* ---- chart ------------------------------------------------------------------------------------------------- */
enum { WIDE = 640, BAR = 26, LEFT = 150, TOP = 40 };

static void bars(struct buf *b, double y, const char *title, const char *const *name, const double *v, int n, double most,
                 int digits)
{
	svg_text(b, "title", (struct xy){ 8, y - 10 }, "start", str_of(title));
	for (int i = 0; i < n; i++) {
		double at = y + i * BAR, wide = isfinite(v[i]) && most > 0 ? v[i] / most * (WIDE - LEFT - 90) : 0;
		struct buf t = { 0 };

		svg_text(b, "label", (struct xy){ LEFT - 8, at + 16 }, "end", str_of(name[i]));
		svg_rect(b, "bar", (struct xy){ LEFT, at + 3 }, wide, BAR - 8);
		buf_printf(&t, "%.*f", digits, v[i]);
		svg_text(b, "value", (struct xy){ LEFT + wide + 6, at + 16 }, "start", buf_view(&t));
		buf_free(&t);
	}
}

void compare_svg(struct buf *b, const struct compare *c)
{
	const char *name[EVAL_SYSTEMS_MAX + FORMATS];
	double v[EVAL_SYSTEMS_MAX + FORMATS], most = 0;
	const struct eval_task *t = &c->next.task[ITEM_MATCHED];
	int n = c->next.n_system, height = TOP + FORMATS * BAR + 50 + SCENENET_KINDS * BAR + 50 + n * BAR + 20;
	int shown = 0;
	double y = TOP;

	svg_open(b, WIDE, height, "compare", S("Four formats on equal terms"));
	buf_str(b, S("<style>.compare{background:#fff;font:13px sans-serif}.title{font-weight:bold}.bar{fill:#4a7}</style>"));
	for (int f = 0; f < FORMATS; f++) {
		if (!(c->o->formats >> f & 1))
			continue;
		name[shown] = format_name(f);
		v[shown] = spread(c->f[f].test, c->seeds).mean;
		most = v[shown] > most ? v[shown] : most;
		shown++;
	}
	bars(b, y, "Bits a character of test books (less is better)", name, v, shown, most, 4);
	y += FORMATS * BAR + 50;
	for (int k = 0; k < SCENENET_KINDS; k++) {
		name[k] = scenenet_name(k);
		v[k] = 100 * c->net[k].contrast;
	}
	bars(b, y, "Contrastive accuracy of networks of scenes, %", name, v, SCENENET_KINDS, 100, 1);
	y += SCENENET_KINDS * BAR + 50;
	for (int i = 0; i < n; i++) {
		name[i] = c->next.system[i].key;
		v[i] = 100 * t->cell[i].acc;
	}
	bars(b, y, "next6-matched, % right", name, v, n, 100, 1);
	svg_close(b);
}
