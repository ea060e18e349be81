/* stage_eval.c - measures a mind on books it has not learned from.
 *
 *   in    MIND (core, ranker, concept graph), and its test books or a folder of other books
 *   out   a table or JSON: every system on every task, intervals, differences to the floors
 */
#include <math.h>

#include "app/app.h"
#include "app/learn/judge.h"
#include "model/eval.h"

enum { ITEMS_A_BOOK = 100 };

static void system_add(struct eval_table *t, const char *key, const char *name,
                       void (*score)(const void *, float *, enum item_kind, const struct question *),
                       const void *model)
{
	t->system[t->n_system++] = (struct eval_system){ key, name, score, model };
}

/* ---- printing ---- */

static void put_task(struct buf *b, const struct eval_table *t, const struct eval_task *k)
{
	bool order = !strcmp(k->name, "order4");
	const char *extra = order ? "tau" : "MRR";

	if (t->tasks && !(t->tasks >> (k - t->task) & 1))
		return;
	if (!k->n_item) {
		buf_printf(b, "%s: no book is long enough\n\n", k->name);
		return;
	}
	buf_printf(b, "%s  (%zu questions, %zu books)\n", k->name, k->n_item, k->n_book);
	buf_printf(b, "  %-34s %5.1f %%\n", "chance", 100 * k->chance);
	for (int y = 0; y < t->n_system; y++)
		buf_printf(b, "  %-34s %5.1f %%  [%4.1f, %4.1f]   %s %.3f\n", t->system[y].name,
		           100 * k->cell[y].acc, 100 * k->cell[y].lo, 100 * k->cell[y].hi, extra,
		           k->cell[y].extra);
	for (int i = 0; i < k->n_diff; i++) {
		const struct eval_diff *d = &k->diff[i];

		buf_printf(b, "  %s − %s: %+.1f  [%+.1f, %+.1f]%s\n", t->system[d->a].key,
		           t->system[d->b].key, 100 * d->diff, 100 * d->lo, 100 * d->hi,
		           d->lo > 0 ? "  holds" : d->hi < 0 ? "  reversed" : "");
	}
	buf_char(b, '\n');
}

static void put_json(struct buf *b, const struct eval_table *t, const struct shelves *held)
{
	buf_printf(b, "{\n \"seed\": %llu,\n \"resamples\": %d,\n \"joined\": %s,\n \"books\": [",
	           (unsigned long long)t->seed, t->resamples, held->joined ? "true" : "false");
	for (size_t i = 0; i < held->set.n; i++) {
		buf_str(b, i ? S(", ") : S(""));
		json_str(b, held->title[i]);
	}
	int n = 0;

	buf_str(b, S("],\n \"tasks\": ["));
	for (int i = 0; i < EVAL_TASKS; i++) {
		const struct eval_task *k = &t->task[i];

		if (t->tasks && !(t->tasks >> i & 1))
			continue;
		buf_printf(b, "%s\n  {\"task\": \"%s\", \"chance\": %.6f, \"questions\": %zu, \"books\": %zu, "
		           "\"systems\": [", n++ ? "," : "", k->name, k->chance, k->n_item, k->n_book);
		for (int y = 0; y < t->n_system && k->n_item; y++) {
			const struct eval_cell *c = &k->cell[y];

			buf_printf(b, "%s\n   {\"system\": \"%s\", \"accuracy\": %.6f, \"low\": %.6f, \"high\": %.6f, "
			           "\"%s\": %.6f}", y ? "," : "", t->system[y].key, c->acc, c->lo, c->hi,
			           i == TASK_ORDER4 ? "tau" : "mrr", c->extra);
		}
		buf_str(b, S("],\n   \"differences\": ["));
		for (int d = 0; d < k->n_diff; d++)
			buf_printf(b, "%s\n   {\"of\": \"%s\", \"over\": \"%s\", \"difference\": %.6f, \"low\": %.6f, "
			           "\"high\": %.6f}", d ? "," : "", t->system[k->diff[d].a].key,
			           t->system[k->diff[d].b].key, k->diff[d].diff, k->diff[d].lo, k->diff[d].hi);
		buf_str(b, S("]}"));
	}
	buf_str(b, S("\n ]\n}\n"));
}

static void put_text(struct buf *b, const struct eval_table *t, const struct shelves *held)
{
	buf_printf(b, "Held-out shelves: %zu%s. Accuracy, 95 %% bootstrap interval over books "
	           "(%d resamples, seed %llu).\n\n", held->set.n,
	           held->joined ? " (short stories of one segment joined)" : "", t->resamples,
	           (unsigned long long)t->seed);
	for (int i = 0; i < EVAL_TASKS; i++)
		put_task(b, t, &t->task[i]);
}

/* ---- opening ---- */
/* Books of a folder are read into a store of their own, beside no mind. */
static enum status open_held(struct judge *j, const char *mind, const struct eval_opts *o,
                             const struct watch *w, struct err *e)
{
	struct store *s;

	if (o->books)
		return shelves_of_folder(&j->held, o->books, o->threads, NULL, w, e);
	if (mind_store(&s, mind, STORE_READ, e))
		return e->code;
	shelves_open(&j->held, s, SPLIT_TEST, e);
	store_close(s);
	return e->code;
}

/* "next6,order4" → bits of tasks; next6 means its three kinds. */
static enum status tasks_of(unsigned *bits, const char *list, struct err *e)
{
	struct str rest = str_of(list), one;

	*bits = 0;
	while (list && str_cut(&rest, ',', &one)) {
		unsigned was = *bits;

		one = str_trim(one);
		for (int k = 0; k < EVAL_TASKS; k++) {
			struct str name = str_of(k == TASK_ORDER4 ? "order4" : item_kind_name(k));

			if (str_eq(one, name) || (str_eq(one, S("next6")) && str_starts(name, S("next6-"))))
				*bits |= 1u << k;
		}
		if (*bits == was)
			return err_set(e, ERR_USAGE, "no task \"" STR_FMT "\"; there are next6 (next6-far, "
			               "next6-near, next6-matched), next32, order4", STR_ARG(one));
	}
	return OK;
}

static enum status ask(struct judge *j, const struct eval_opts *o, struct buf *out,
                         const struct watch *w, struct err *e)
{
	struct eval_table *t = TAKE(&j->mem, struct eval_table, 1);

	t->seed = o->seed;
	if (tasks_of(&t->tasks, o->tasks, e))
		return e->code;
	system_add(t, "tfidf-last", "TF-IDF, last scene", score_tfidf_last, NULL);
	system_add(t, "tfidf-context", "TF-IDF, decayed context", score_tfidf_context, NULL);
	system_add(t, "ranker", "learned shallow ranker", score_ranker, &j->ranker);
	system_add(t, "field", "field alone (learned decay, edges)", score_field, &j->core);
	system_add(t, "core", "core", score_core, &j->core);
	if (eval_run(t, &j->held.set, &j->x, o->max_items > 0 ? (size_t)o->max_items : ITEMS_A_BOOK, w, e))
		return e->code;
	if (o->json)
		put_json(out, t, &j->held);
	else
		put_text(out, t, &j->held);
	return OK;
}

enum status stage_eval(const char *mind, const struct eval_opts *o, struct buf *out,
                       const struct watch *w, struct err *e)
{
	struct judge *j = mem_alloc(1, sizeof *j);

	num_threads_set(o->threads);
	watch_step(w, "eval", 0, 1, "books");
	if (!judge_open(j, mind, e) && !open_held(j, mind, o, w, e))
		ask(j, o, out, w, e);
	judge_close(j);
	mem_free(j);
	return e->code;
}
