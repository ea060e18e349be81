/* live.h - the whole way from a library to a thinking mind. */
#ifndef LTM_APP_LIVE_H
#define LTM_APP_LIVE_H

#include "app/app.h"

struct live_plan {
	const char *const *path;
	size_t n_path;			/* 0: the shipped library */
	int threads, epochs;
	uint64_t seed;
	const char *dict, *lang;
};
enum live_stage { LIVE_READ, LIVE_CONCEPTS, LIVE_TRAIN, LIVE_EVAL, LIVE_LEDGER, LIVE_REPORT,
                  LIVE_STAGES };
struct live_sum {
	struct read_sum read;
	double seconds[LIVE_STAGES];
	bool done[LIVE_STAGES];		/* it has run or had been done */
	bool ran[LIVE_STAGES];
	bool shipped;			/* the shipped library was read */
	bool no_ledger;			/* too large a library: `ltm ledger` makes it */
};
/* The caller holds the mind. ERR_PART when books were left out and all else went well. */
enum status live(const char *mind, const struct live_plan *p, struct live_sum *sum,
                 const struct watch *w, struct err *e);
void live_summary(struct buf *b, const char *mind, const struct live_sum *sum, bool ru);

#endif
