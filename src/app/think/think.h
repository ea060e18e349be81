/* think.h - a thought being had: what stage_think.c fills and think_tell.c tells. */
#ifndef LTM_APP_THINK_H
#define LTM_APP_THINK_H

#include "app/app.h"
#include "thought/thought.h"

struct thinking {
	const struct think_opts *o;
	struct arena mem;
	struct reading_kit kit;
	struct store *store;
	struct book_row *book;
	size_t n_book;
	struct lemmas lemmas;
	struct str graph_map;
	struct graph graph;
	struct core core;
	struct lexis x;
	/* the situation */
	struct book text;
	struct words words;
	struct scene *scene;
	size_t n_scene;
	struct strip strip;
	struct bag_item *intention;
	size_t n_intention;
	struct words intent_words;
	/* the thought */
	struct thought t;
	struct proposal p[PROPOSE_MAX];
	size_t n;
	enum verdict verdict;
	bool opened, has_graph, has_kit;
};

/* Appends the thought as text (in k->o->lang) or as JSON. */
void think_text(struct buf *b, struct thinking *k, struct err *e);
void think_json(struct buf *b, struct thinking *k, struct err *e);

#endif
