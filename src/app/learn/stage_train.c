/* stage_train.c - teaches a mind's core from its store.
 *
 *   in    MIND/store.db (strips of training and dev books), MIND/concepts.ltm
 *   out   MIND/core.safetensors, MIND/ranker.ltm, MIND/train.log, MIND/core.card.md
 *
 * While it runs, MIND/core.1.ckpt and core.2.ckpt are written in turn, core.stop.ckpt where it
 * is stopped; resuming takes the newest one that is whole and of the same data, and reaches the
 * same bits, in the same files, as an uninterrupted run.
 * A number that is not finite: back to the last checkpoint with half the rate, three times at
 * most (RELIABILITY.md).
 */
#include <stdlib.h>
#include <unistd.h>

#include "app/app.h"
#include "app/read/shelves.h"
#include "io/models/corefile.h"

enum { RANKER_PER_SHELF = 300, RETRIES = 3 };

struct training {
	const char *mind;
	struct arena mem;
	struct shelves train, dev;
	struct str graph_map;
	struct graph graph;
	bool has_graph;
	struct lexis_folds x;
	struct core core;
	struct train_state st;
	struct train_hooks hooks;
	uint64_t data;
};

/* Regular checkpoints in turn; the third is where a run was stopped, and goes when the next
 * regular one is written. */
enum { CKPTS = 3, CKPT_STOP = 2 };

static const char *ckpt_path(struct training *t, int i)
{
	static const char *const name[CKPTS] = { "core.1.ckpt", "core.2.ckpt", "core.stop.ckpt" };

	return mind_path(&t->mem, t->mind, name[i]);
}

static enum status save(void *ctx, const struct core *c, const struct train_state *st, bool regular,
                        struct err *e)
{
	struct training *t = ctx;
	int i = regular ? (int)(train_saves(st, &t->hooks) & 1) : CKPT_STOP;

	if (!ckptfile_save(ckpt_path(t, i), c, st, t->data, e) && regular)
		unlink(ckpt_path(t, CKPT_STOP));
	return e->code;
}

static enum status open_inputs(struct training *t, struct err *e)
{
	const char *graph = mind_path(&t->mem, t->mind, "concepts.ltm");
	struct store *s;

	if (mind_store(&s, t->mind, STORE_READ, e))
		return e->code;
	if (!shelves_open(&t->train, s, SPLIT_TRAIN, e))
		shelves_open(&t->dev, s, SPLIT_DEV, e);
	store_close(s);
	if (e->code)
		return e->code;
	if (!file_map(&t->graph_map, graph, e) && !graph_open(&t->graph, t->graph_map, e))
		t->has_graph = true;
	return e->code ? err_in(e, graph) : OK;
}

static uint64_t data_hash(const struct training *t, const struct core_config *c)
{
	uint64_t h[3] = { t->train.hash, t->dev.hash, hash64(t->graph_map.p, t->graph_map.n, 0) };

	return hash64(c, sizeof *c, hash64(h, sizeof h, (uint64_t)core_raw()));
}

/* The newer whole checkpoint of the same data; none is not an error. */
static void resume(struct training *t, const struct watch *w)
{
	struct core_config cfg = t->core.c;
	int best = -1;
	uint64_t step = 0;

	for (int i = 0; i < CKPTS; i++) {
		struct err e = { 0 };
		struct train_state st = { 0 };

		if (!file_exists(ckpt_path(t, i)))
			continue;
		if (ckptfile_load(ckpt_path(t, i), &t->core, &st, t->data, &e))
			watch_note(w, "%s: not used", e.msg);
		else if (best < 0 || st.step > step) {
			best = i;
			step = st.step;
		}
		average_clear(&st.avg);
		buf_free(&st.log);
	}
	core_clear(&t->core);		/* a refused file may have left half of itself */
	core_init(&t->core, &cfg);
	core_prepare(&t->core, &t->train.set, &t->x);
	if (best >= 0) {
		struct err e = { 0 };

		must(!ckptfile_load(ckpt_path(t, best), &t->core, &t->st, t->data, &e));
		watch_note(w, "training goes on from step %llu", (unsigned long long)t->st.step);
	}
}

/* Passes over the training books: the plan's number, and more over a small library, whose few
 * batches would not take the rate past its warm-up; never so many that it is learned by heart. */
static int epochs_for(const struct training *t, const struct core_config *c)
{
	enum { KINDS_ASKED = 3, STEPS_LEAST = 60, EPOCHS_MOST = 20 };
	size_t scenes = 0, steps;
	int n;

	for (size_t i = 0; i < t->train.set.n; i++)
		scenes += t->train.set.shelf[i].n;
	steps = scenes * KINDS_ASKED / (size_t)c->batch + 1;
	n = (int)((STEPS_LEAST + steps - 1) / steps);
	return n < c->epochs ? c->epochs : n > EPOCHS_MOST ? EPOCHS_MOST : n;
}

/* Checkpoints of an earlier training are of no use to this one. */
static void begin_anew(struct training *t)
{
	for (int i = 0; i < CKPTS; i++)
		unlink(ckpt_path(t, i));
	core_prepare(&t->core, &t->train.set, &t->x);
}

static enum status teach(struct training *t, const struct train_opts *o, const struct watch *w,
                         struct err *e)
{
	t->hooks = (struct train_hooks){ .save = save, .ctx = t,
		.stop_after = o->stop_after_steps > 0 ? (uint64_t)o->stop_after_steps : 0 };
	for (int i = 0; ; i++) {
		core_train(&t->core, &t->st, &t->train.set, &t->dev.set, &t->x, &t->hooks, w, e);
		if (e->code != ERR_NUM || i == RETRIES)
			return e->code;
		watch_note(w, "%s; back to the last checkpoint with half the rate", e->msg);
		err_clear(e);
		average_clear(&t->st.avg);
		buf_free(&t->st.log);
		t->st = (struct train_state){ 0 };
		resume(t, w);
		t->core.c.rate /= 2 << i;
	}
}

static enum status save_card(struct training *t, struct err *e)
{
	struct buf b = { 0 };
	const struct core_config *c = &t->core.c;
	enum status st;

	buf_printf(&b, "# Core of a mind\n\nScores how well a scene follows a context of scenes. Trained "
	           "from scratch by contrast\non this library alone.\n\n| | |\n| --- | --- |\n");
	buf_printf(&b, "| program | ltm %s |\n| parameters | %zu |\n| features of a candidate | %d |\n",
	           LTM_VERSION, t->core.p.n, core_raw());
	buf_printf(&b, "| training shelves, scenes | %zu, %llu |\n| dev shelves | %zu |\n", t->train.set.n,
	           (unsigned long long)t->x.all.stem.scenes, t->dev.set.n);
	buf_printf(&b, "| seed, epochs, batch, rate | %llu, %d, %d, %g |\n| data | %016llx |\n\n",
	           (unsigned long long)c->seed, c->epochs, c->batch, c->rate, (unsigned long long)t->data);
	buf_printf(&b, "Learning curve (accuracy on dev books, chance 0.167):\n\n```\n");
	buf_str(&b, buf_view(&t->st.log));
	buf_str(&b, S("```\n"));
	st = file_save(mind_path(&t->mem, t->mind, "core.card.md"), buf_view(&b), e);
	buf_free(&b);
	return st;
}

static enum status save_all(struct training *t, const struct train_opts *o, const struct watch *w,
                            struct err *e)
{
	struct ranker r;

	if (ranker_train(&r, &t->train.set, &t->x, true, RANKER_PER_SHELF, o->seed, w, e))
		return e->code;
	if (!rankerfile_save(mind_path(&t->mem, t->mind, "ranker.ltm"), &r, e) &&
	    !file_save(mind_path(&t->mem, t->mind, "train.log"), buf_view(&t->st.log), e) &&
	    !save_card(t, e))
		corefile_save(mind_path(&t->mem, t->mind, "core.safetensors"), &t->core, &t->x.all, t->data, e);
	ranker_clear(&r);
	return e->code;
}

enum status stage_train(const char *mind, const struct train_opts *o, const struct watch *w,
                        struct err *e)
{
	struct training t = { .mind = mind, .mem = arena_open("train") };
	struct core_config c = core_default();

	num_threads_set(o->threads);
	if (num_blas_warning())
		watch_note(w, "%s", num_blas_warning());
	c.seed = o->seed;
	if (!open_inputs(&t, e)) {
		c.epochs = o->epochs > 0 ? o->epochs : epochs_for(&t, &c);
		watch_step(w, "train", 0, c.epochs, "epochs");
		folds_make(&t.x, &t.train.set, &t.graph, w);
		t.data = data_hash(&t, &c);
		core_init(&t.core, &c);
		if (o->resume)
			resume(&t, w);
		else
			begin_anew(&t);
		if (!teach(&t, o, w, e))
			save_all(&t, o, w, e);
		core_clear(&t.core);
		average_clear(&t.st.avg);
		buf_free(&t.st.log);
		folds_clear(&t.x);
	}
	if (t.has_graph)
		graph_close(&t.graph);
	file_unmap(&t.graph_map);
	shelves_close(&t.train);
	shelves_close(&t.dev);
	arena_close(&t.mem);
	return e->code;
}
