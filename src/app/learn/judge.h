/* judge.h - a mind's trained models and held-out scenes, opened for measuring. */
#ifndef LTM_APP_JUDGE_H
#define LTM_APP_JUDGE_H

#include "app/read/shelves.h"
#include "io/models/corefile.h"

struct judge {
	struct arena mem;
	struct core core;
	struct lexis x;			/* document frequencies and the concept graph */
	struct ranker ranker;
	struct str graph_map;
	struct graph graph;
	bool has_graph;
	struct shelves held;		/* the caller's to open */
};
/* Core, ranker, graph. judge_close in every case. */
enum status judge_open(struct judge *j, const char *mind, struct err *e);
void judge_close(struct judge *j);

#endif
