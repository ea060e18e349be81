/* judge.c - opens a mind's models for measuring.
 *
 *   in    MIND/core.safetensors, ranker.ltm, concepts.ltm
 *   out   struct judge
 */
#include "app/learn/judge.h"

enum status judge_open(struct judge *j, const char *mind, struct err *e)
{
	const char *graph;

	*j = (struct judge){ .mem = arena_open("judge") };
	graph = mind_path(&j->mem, mind, "concepts.ltm");
	if (corefile_load(mind_path(&j->mem, mind, "core.safetensors"), &j->core, &j->x, e) ||
	    rankerfile_load(mind_path(&j->mem, mind, "ranker.ltm"), &j->ranker, e))
		return e->code;
	if (!file_map(&j->graph_map, graph, e) && !graph_open(&j->graph, j->graph_map, e)) {
		j->has_graph = true;
		j->x.graph = &j->graph;
	}
	return e->code;
}

void judge_close(struct judge *j)
{
	shelves_close(&j->held);
	if (j->has_graph)
		graph_close(&j->graph);
	file_unmap(&j->graph_map);
	ranker_clear(&j->ranker);
	core_clear(&j->core);
	lexis_clear(&j->x);
	arena_close(&j->mem);
}
