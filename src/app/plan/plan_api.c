/* plan_api.c - ltm_plan (include/ltm.h): basis, speeds, rows, print. */
#include "app/api/api.h"
#include "app/plan/plan.h"

LTM_API int ltm_plan(const struct ltm_plan_opts *opts, const struct ltm_sink *out,
                     const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_plan_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct buf b = { 0 };
	struct arena a = arena_open("plan");
	struct plan *p = TAKE(&a, struct plan, 1);
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && (o.gflops < 0 || o.read_speed < 0 || o.write_speed < 0))
		st = err_set(&e, ERR_USAGE, "a speed below zero");
	p->wish = (struct plan_wish){ .books = o.books, .chars = o.chars, .total = o.total_chars,
	                              .model = o.model, .cores = o.cores, .context = o.context,
	                              .epochs = o.epochs };
	p->speed = (struct plan_speed){ .gflops = o.gflops, .read = o.read_speed, .write = o.write_speed,
	                                .cores = threads_of(o.threads) };
	if (!st && !(st = plan_basis_read(&p->basis, o.from, &e)) &&
	    !(st = plan_check(&p->wish, &p->basis, &e)) &&
	    !(st = plan_speed_measure(&p->speed, &p->basis, o.quick, o.dict, &w, &e)))
		st = plan_fill(p, &e);
	if (!st && o.json)
		plan_json(&b, p);
	else if (!st)
		plan_text(&b, p, o.lang && !strcmp(o.lang, "ru"));
	arena_close(&a);
	sink_send(out, &b);
	return give(error, &e, st);
}
