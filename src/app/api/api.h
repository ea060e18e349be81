/* api.h - between include/ltm.h and the rooms: options, errors, watches, sinks. */
#ifndef LTM_APP_API_H
#define LTM_APP_API_H

#include "app/app.h"

/* Copies a caller's struct of options into ours: members it does not know yet are zero.
 * ERR_USAGE when it was not made by LTM_OPTS. */
enum status opts_take(void *own, size_t size, const void *from, struct err *e);
struct watch watch_of(const struct ltm_watch *w);
/* Hands the error to the caller; returns the code. */
int give(struct ltm_error *e, const struct err *own, enum status st);
/* Sends what a buf holds to the sink and frees it. */
void sink_send(const struct ltm_sink *out, struct buf *b);
/* e says that an argument is missing unless it is there. */
enum status need(const char *value, const char *name, struct err *e);

#endif
