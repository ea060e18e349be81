/* fill.h - fills the report's plain data (app/report/report.h) from a mind's files. Private to app. */
#ifndef LTM_APP_FILL_H
#define LTM_APP_FILL_H

#include "app/app.h"
#include "app/report/report.h"

/* Books, arcs, actors and whom they meet, kinds, samples, failures: from the store. */
enum status fill_store(struct report *r, struct store *s, struct arena *a, const struct watch *w,
                       struct err *e);
/* Pairs of concepts: from concepts.ltm, when it is there. */
enum status fill_graph(struct report *r, const char *mind, struct arena *a, struct err *e);
/* Measurements of eval.json and curves of train.log, when they are there. */
enum status fill_eval(struct report *r, const char *mind, struct arena *a, struct err *e);
/* The ledger: from ledger.json, when it is there. */
enum status fill_ledger(struct report *r, const char *mind, struct arena *a, struct err *e);
enum status fill_curves(struct report *r, const char *mind, struct arena *a, struct err *e);

#endif
