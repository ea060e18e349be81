/* checkpoint.c - saves and loads the state of a training.
 *
 *   in    see checkpoint.h
 *   out   see checkpoint.h
 *
 * Invariant: a file is checked whole before a number of it reaches the caller.
 */
#include <unistd.h>

#include "io/models/checkpoint.h"
#include "io/scenes/sheet.h"

enum { VERSION = 2, FILES = 2 };

static const char *file_of(struct arena *a, const char *path, int i)
{
	return str_printf(a, "%s.%d.ckpt", path, i + 1).p;
}

static uint64_t content(const struct params *p, const float *w, const float *m, const float *v, const float *avg)
{
	size_t bytes = p->n * sizeof(float);
	uint64_t h = hash64(w, bytes, 0);

	h = hash64(m, bytes, h);
	h = hash64(v, bytes, h);
	return avg ? hash64(avg, bytes, h) : h;
}

static enum status save_to(const char *file, const struct checkpoint *c, const struct params *p,
                           const struct learn_state *s, struct err *e)
{
	struct sheet t = { .mem = arena_open("checkpoint") };
	uint64_t hash = content(p, p->w, p->m, p->v, s->avg.w);

	sheet_params(&t, p, p->w, "");
	sheet_params(&t, p, p->m, "adamw.m.");
	sheet_params(&t, p, p->v, "adamw.v.");
	if (s->avg.w)
		sheet_params(&t, p, s->avg.w, "average.");
	sheet_meta(&t, "format", S("ltm-checkpoint"));
	sheet_meta_u64(&t, "version", VERSION);
	sheet_meta(&t, "kind", str_of(c->kind));
	sheet_meta(&t, "identity", str_printf(&t.mem, "%016llx", (unsigned long long)c->identity));
	sheet_meta(&t, "config", c->config);
	sheet_meta_u64(&t, "steps", c->steps);
	sheet_meta_real(&t, "seconds", c->seconds);
	sheet_meta_u64(&t, "step", s->step);
	sheet_meta_real(&t, "rate", s->rate);
	sheet_meta_u64(&t, "rolls", s->rolls);
	sheet_meta_u64(&t, "hot", s->hot);
	sheet_meta_real(&t, "mean", s->mean);
	sheet_meta_real(&t, "var", s->var);
	sheet_meta_real(&t, "loss", s->loss);
	sheet_meta_real(&t, "norm", s->norm);
	sheet_meta_real(&t, "seen", s->seen);
	sheet_meta_u64(&t, "averaged", s->avg.seen);
	sheet_meta(&t, "content", str_printf(&t.mem, "%016llx", (unsigned long long)hash));
	return sheet_save(&t, file, e);
}

/* The step of a file that can be read at all; false else, and *e says why where there is a file. */
static bool glance(const char *file, uint64_t *step, struct err *e)
{
	struct arena a = arena_open("checkpoint");
	struct weights w;
	struct str map;
	bool ok = false;

	if (file_exists(file) && !sheet_open(&w, &map, file, &a, e)) {
		ok = !sheet_header(&w, "ltm-checkpoint", VERSION, file, e) && sheet_u64(&w, "step", 1ull << 48, step);
		file_unmap(&map);
	}
	arena_close(&a);
	return ok;
}

enum status checkpoint_save(const char *path, const struct checkpoint *c, const struct params *p,
                            const struct learn_state *s, struct err *e)
{
	struct arena a = arena_open("checkpoint");
	uint64_t step[FILES] = { 0 };
	bool ok[FILES];
	int to = 0;

	for (int i = 0; i < FILES; i++) {
		struct err any = { 0 };

		ok[i] = glance(file_of(&a, path, i), &step[i], &any);
	}
	/* Over the one that cannot be read, or the older one. */
	if (ok[0] && (!ok[1] || step[1] < step[0]))
		to = 1;
	save_to(file_of(&a, path, to), c, p, s, e);
	arena_close(&a);
	return e->code;
}

/* ---- reading -------------------------------------------------------------------------------- */
static enum status state(struct checkpoint *c, struct learn_state *s, const struct weights *w, const char *file,
                         struct err *e)
{
	uint64_t rolls, hot;

	if (!sheet_u64(w, "steps", 1ull << 48, &c->steps) || !sheet_real(w, "seconds", &c->seconds) ||
	    !sheet_u64(w, "step", 1ull << 48, &s->step) || !sheet_real(w, "rate", &s->rate) ||
	    !sheet_u64(w, "rolls", LEARN_ROLLS, &rolls) || !sheet_u64(w, "hot", 2, &hot) ||
	    !sheet_real(w, "mean", &s->mean) || !sheet_real(w, "var", &s->var) ||
	    !sheet_real(w, "loss", &s->loss) || !sheet_real(w, "norm", &s->norm) ||
	    !sheet_real(w, "seen", &s->seen) || !sheet_u64(w, "averaged", 1ull << 48, &s->avg.seen))
		return err_set(e, ERR_FORMAT, "%s: the state in the metadata is missing or impossible", file);
	s->rolls = (uint32_t)rolls;
	s->hot = (uint32_t)hot;
	return OK;
}

static enum status same_run(const struct checkpoint *c, const struct weights *w, const char *file, struct err *e)
{
	char want[20];

	snprintf(want, sizeof want, "%016llx", (unsigned long long)c->identity);
	if (!str_eq(weights_meta(w, "kind"), str_of(c->kind)))
		return err_set(e, ERR_FORMAT, "%s: a checkpoint of kind '" STR_FMT "', not '%s'", file,
		               STR_ARG(weights_meta(w, "kind")), c->kind);
	if (!str_eq(weights_meta(w, "config"), c->config))
		return err_set(e, ERR_FORMAT, "%s: a checkpoint of other settings: " STR_FMT ", not " STR_FMT, file,
		               STR_ARG(weights_meta(w, "config")), STR_ARG(c->config));
	if (!str_eq(weights_meta(w, "identity"), str_of(want)))
		return err_set(e, ERR_FORMAT, "%s: a checkpoint of other books or another tokenizer", file);
	return OK;
}

/* Everything into blocks of its own: [4][n], weights, m, v, average. */
static enum status blocks(float *b, struct params *p, bool averaged, const struct weights *w, const char *file,
                          struct err *e)
{
	char want[20];

	if (sheet_take_params(p, b, "", w, file, e) || sheet_take_params(p, b + p->n, "adamw.m.", w, file, e) ||
	    sheet_take_params(p, b + 2 * p->n, "adamw.v.", w, file, e) ||
	    (averaged && sheet_take_params(p, b + 3 * p->n, "average.", w, file, e)))
		return e->code;
	snprintf(want, sizeof want, "%016llx",
	         (unsigned long long)content(p, b, b + p->n, b + 2 * p->n, averaged ? b + 3 * p->n : NULL));
	if (!str_eq(weights_meta(w, "content"), str_of(want)))
		return err_set(e, ERR_FORMAT, "%s: damaged: its tensors are not those that were written", file);
	return OK;
}

static void hand_over(struct params *p, struct learn_state *s, const struct learn_state *t, const float *b)
{
	size_t bytes = p->n * sizeof(float);
	struct average avg = s->avg;

	memcpy(p->w, b, bytes);
	memcpy(p->m, b + p->n, bytes);
	memcpy(p->v, b + 2 * p->n, bytes);
	*s = *t;
	if (!t->avg.seen) {
		average_clear(&avg);
		s->avg = avg;
		return;
	}
	if (!avg.w)
		average_init(&avg, p);
	avg.seen = t->avg.seen;
	memcpy(avg.w, b + 3 * p->n, bytes);
	s->avg = avg;
}

enum status checkpoint_read(const char *file, struct checkpoint *c, struct params *p, struct learn_state *s,
                            struct err *e)
{
	struct arena a = arena_open("checkpoint");
	struct checkpoint got = *c;
	struct learn_state t = { 0 };
	struct weights w;
	struct str map;

	if (!sheet_open(&w, &map, file, &a, e)) {
		if (!sheet_header(&w, "ltm-checkpoint", VERSION, file, e) && !same_run(c, &w, file, e) &&
		    !state(&got, &t, &w, file, e)) {
			float *b = mem_aligned(4 * p->n * sizeof *b);	/* the gaps between tensors stay zero */

			if (!blocks(b, p, t.avg.seen > 0, &w, file, e)) {
				hand_over(p, s, &t, b);
				c->steps = got.steps;
				c->seconds = got.seconds;
			}
			mem_free(b);
		}
		file_unmap(&map);
	}
	arena_close(&a);
	return e->code;
}

bool checkpoint_load(const char *path, struct checkpoint *c, struct params *p, struct learn_state *s,
                     const struct watch *w)
{
	struct arena a = arena_open("checkpoint");
	uint64_t step[FILES] = { 0 };
	bool found = false, ok[FILES];
	int newest;

	for (int i = 0; i < FILES; i++) {
		struct err one = { 0 };

		ok[i] = glance(file_of(&a, path, i), &step[i], &one);
		if (one.code)
			watch_note(w, "%s: not used", one.msg);
	}
	newest = ok[1] && (!ok[0] || step[1] > step[0]);
	for (int i = 0; i < FILES && !found; i++) {
		int which = i == 0 ? newest : !newest;
		const char *file = file_of(&a, path, which);
		struct err one = { 0 };

		if (!ok[which])
			continue;
		found = !checkpoint_read(file, c, p, s, &one);
		if (!found)
			watch_note(w, "%s: not used", one.msg);
	}
	arena_close(&a);
	return found;
}

bool checkpoint_there(const char *path)
{
	struct arena a = arena_open("checkpoint");
	bool there = false;

	for (int i = 0; i < FILES; i++)
		there |= file_exists(file_of(&a, path, i));
	arena_close(&a);
	return there;
}

void checkpoint_drop(const char *path)
{
	struct arena a = arena_open("checkpoint");

	for (int i = 0; i < FILES; i++)
		unlink(file_of(&a, path, i));
	arena_close(&a);
}
