/* stage_token.c - trains a token model from a library.
 *
 *   in    books, options
 *   out   DIR/model.safetensors, tokenizer.ltmt, curve.tsv, card.md, train.log
 *
 * The plan of steps is made once: from --steps, from --epochs, or, for --minutes, from the speed of the
 * first steps; it stands in the checkpoint, so that a resumed run follows the same curve of rates.
 *
 * Invariants: DIR/model.safetensors appears when training has ended, whole or not at all; a run that
 * is stopped or killed goes on with --resume to the same bits, with any number of threads.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/token.h"
#include "io/checkpoint.h"
#include "io/tellerfile.h"
#include "num/team.h"
#include "order/windows.h"

enum { MEASURED = 20, CURVE_POINTS = 24, POINT_STEPS = 10 /* at least between two */, DEV_SAMPLE = 512, SAVE_SECONDS = 120, LOG_EVERY = 10 };

struct training {
	const struct token_opts *o;
	struct arena mem;
	struct token_data d;
	struct windows win;
	struct teller *t;
	struct learner m;
	struct learn_plan plan;
	struct learn_state s;
	struct checkpoint ckpt;
	const char *ckpt_path;
	const struct watch *w;
	struct buf curve;
	FILE *log_file;
	double began, saved, before;	/* clock: start, last save; seconds of earlier runs */
	double loss, losses;		/* since the last line of the log */
};

/* ---- options -> plan ------------------------------------------------------------------------- */
static enum status precision(enum num_type *out, const char *name, struct err *e)
{
	*out = mm_fast() ? NUM_BF16 : NUM_F32;
	if (!name || !strcmp(name, "auto"))
		return OK;
	if (strcmp(name, "bf16") && strcmp(name, "float32"))
		return err_set(e, ERR_USAGE, "no precision '%s': auto, bf16, float32", name);
	*out = !strcmp(name, "bf16") ? NUM_BF16 : NUM_F32;
	return OK;
}

static enum status rate_kind(enum rate_kind *out, const char *name, struct err *e)
{
	*out = RATE_COOL;
	if (!name || !strcmp(name, "cool"))
		return OK;
	if (!strcmp(name, "cosine"))
		*out = RATE_COSINE;
	else if (!strcmp(name, "constant"))
		*out = RATE_CONSTANT;
	else
		return err_set(e, ERR_USAGE, "no schedule '%s': cool, cosine, constant", name);
	return OK;
}

static int or_int(int v, int otherwise)
{
	return v ? v : otherwise;
}

/* The defaults: the shape that docs/training.md measures. */
static void fill_plan(struct teller_plan *p, const struct training *t)
{
	struct teller_shape *s = &p->shape;

	s->layers = or_int(s->layers, 6);
	s->width = or_int(s->width, 256);
	s->heads = or_int(s->heads, s->width >= 64 ? s->width / 32 : 2);
	s->hidden = or_int(s->hidden, (s->width * 8 / 3 + 31) / 32 * 32);
	s->vocab = (int)tokens_vocab(t->d.tok.t);
	s->context = or_int(s->context, 256);
	s->rope_base = 10000;
	p->T = s->context;
	p->lanes = or_int(p->lanes, 4);
	p->rows = or_int(p->rows, 16);
}

static void learning(struct training *t, uint64_t steps, enum rate_kind kind)
{
	const struct token_opts *o = t->o;
	double warmup = o->warmup > 0 ? o->warmup : (double)steps / 50 < 100 ? (double)steps / 50 : 100;

	t->plan = (struct learn_plan){
		.steps = steps,
		.rate = { .kind = kind, .rate = o->rate > 0 ? o->rate : 2e-3, .warmup = (uint64_t)warmup,
		          .total = steps, .floor = 0, .cool = 0.4 },
		.law = { 0.9, 0.98, 1e-8, o->decay > 0 ? o->decay : 0.1 }, .clip = 1,
		.average_from = kind == RATE_CONSTANT ? steps / 2 : steps, .average_keep = 0.998,
	};
	if (kind == RATE_COSINE)
		t->plan.rate.floor = 0.02;
	t->ckpt.steps = steps;
}

static struct str config_of(struct training *t, const struct teller_plan *p, const char *schedule)
{
	const struct teller_shape *s = &p->shape;
	const struct token_opts *o = t->o;

	return str_printf(&t->mem, "{\"layers\":%d,\"width\":%d,\"heads\":%d,\"hidden\":%d,\"vocab\":%d,\"context\":%d,"
	                  "\"batch\":%d,\"lanes\":%d,\"window\":%d,\"dropout\":%g,\"precision\":\"%s\",\"rate\":%g,"
	                  "\"decay\":%g,\"warmup\":%g,\"schedule\":\"%s\",\"steps\":%llu,\"epochs\":%g,\"minutes\":%g,"
	                  "\"seed\":%llu}", s->layers, s->width, s->heads, s->hidden, s->vocab, s->context, p->rows,
	                  p->lanes, p->window, p->dropout, p->wide == NUM_BF16 ? "bf16" : "float32", o->rate, o->decay,
	                  o->warmup, schedule ? schedule : "cool", (unsigned long long)o->steps, o->epochs, o->minutes,
	                  (unsigned long long)p->seed);
}

/* ---- hooks ------------------------------------------------------------------------------------- */
static void rows(void *ctx, uint64_t step, int row, uint32_t *in, uint32_t *truth)
{
	const struct training *t = ctx;

	windows_row(&t->win, step, row, in, truth);
}

static void begin(void *ctx, uint64_t step)
{
	windows_step(&((struct training *)ctx)->win, step);
}

static void lane(void *ctx, int l, uint64_t step, double *loss, double *count)
{
	teller_lane(((struct training *)ctx)->t, l, step, loss, count);
}

static void ready(void *ctx)
{
	teller_ready(((struct training *)ctx)->t);
}

static double seconds(const struct training *t)
{
	return t->before + clock_now() - t->began;
}

/* A point of the curve: loss since the last one and the dev sample's bits per character. */
static void point(struct training *t, const struct learn_state *s)
{
	struct err e = { 0 };
	double bpc = NAN, at = clock_now();

	if (t->d.dev.s.ids.n)
		token_score(&bpc, t->t, &t->d.dev, token_start(t->d.tok.t), DEV_SAMPLE, t->w, &e);	/* NAN when stopped */
	t->began += clock_now() - at;		/* scoring is not training */
	buf_printf(&t->curve, "%llu\t%.4f\t%.1f\t%.5f\t%.4f\n", (unsigned long long)s->step,
	           (double)s->step / (double)t->win.per_epoch, seconds(t), s->mean, bpc);
	watch_note(t->w, "step %llu, epoch %.2f: loss %.4f nats a token, dev %.4f bits a character",
	           (unsigned long long)s->step, (double)s->step / (double)t->win.per_epoch, s->mean, bpc);
}

static void stepped(void *ctx, const struct learn_state *s, double rate)
{
	struct training *t = ctx;
	double tokens = (double)t->t->plan.rows * t->t->plan.T;
	bool first = team_rank() == 0;
	uint64_t every = t->plan.steps / CURVE_POINTS > POINT_STEPS ? t->plan.steps / CURVE_POINTS : POINT_STEPS;

	t->loss += s->loss;
	t->losses++;
	if (t->log_file && (s->step % LOG_EVERY == 0 || s->step == t->plan.steps)) {
		fprintf(t->log_file, "step=%llu loss=%.5f norm=%.4f rate=%.6f tokens=%.0f seconds=%.1f\n",
		        (unsigned long long)s->step, t->loss / t->losses, s->norm, rate, (double)s->step * tokens,
		        seconds(t));
		fflush(t->log_file);
		t->loss = t->losses = 0;
	}
	watch_step(t->w, "train", (double)s->step * tokens, (double)t->plan.steps * tokens, "tokens");
	if (first && s->step % every == 0)
		point(t, s);
}

static bool due(void *ctx, const struct learn_state *s)
{
	struct training *t = ctx;

	(void)s;
	return clock_now() - t->saved > SAVE_SECONDS;
}

static enum status save(void *ctx, const struct learn_state *s, struct err *e)
{
	struct training *t = ctx;

	if (team_rank() > 0)
		return OK;
	t->ckpt.seconds = seconds(t);
	t->saved = clock_now();
	if (checkpoint_save(t->ckpt_path, &t->ckpt, &t->t->p, s, e))
		return e->code;
	return file_save(str_printf(&t->mem, "%s/curve.tsv", t->o->dir).p, buf_view(&t->curve), e);
}

/* Everyone gets rank 0's state of the training. */
static void share_state(struct training *t, struct learn_state *s)
{
	struct params *p = &t->t->p;
	size_t bytes = p->n * sizeof(float);
	struct average avg = s->avg;

	if (team_size() == 1)
		return;
	team_share(p->w, bytes, 0);
	team_share(p->m, bytes, 0);
	team_share(p->v, bytes, 0);
	team_share(s, sizeof *s, 0);
	if (s->avg.seen && !avg.w)
		average_init(&avg, p);
	avg.seen = s->avg.seen;
	s->avg = avg;
	if (avg.seen)
		team_share(avg.w, bytes, 0);
	team_share(&t->ckpt.steps, sizeof t->ckpt.steps, 0);
}

/* Rank 0 reads the last checkpoint, when there is one; all have its state then. */
static bool load(struct training *t, struct learn_state *s)
{
	uint8_t found = team_rank() == 0 && checkpoint_load(t->ckpt_path, &t->ckpt, &t->t->p, s, t->w);

	team_share(&found, sizeof found, 0);
	if (found)
		share_state(t, s);
	return found;
}

static enum status back(void *ctx, struct learn_state *s, struct err *e)
{
	struct training *t = ctx;
	size_t bytes = t->t->p.n * sizeof(float);

	(void)e;
	if (load(t, s))
		return OK;
	learn_state_clear(s);			/* none yet: from the beginning */
	teller_tensors_init(&t->t->m, &t->t->p, t->t->plan.seed);
	memset(t->t->p.m, 0, bytes);
	memset(t->t->p.v, 0, bytes);
	return OK;
}

/* ---- the run ------------------------------------------------------------------------------------ */
/* For --minutes: the first steps, timed; then their state is thrown away. */
static enum status steps_by_minutes(struct training *t, uint64_t *steps, enum rate_kind kind, struct err *e)
{
	struct learn_hooks none = { 0 };
	struct learn_state s = { 0 };
	double at, each;

	learning(t, 1 << 20, kind);
	t->plan.steps = MEASURED;
	if (learn(&t->m, &(struct learn_plan){ .steps = 2, .rate = t->plan.rate, .law = t->plan.law, .clip = 1 }, &s,
	          &none, t->w, e))
		return e->code == ERR_STOP ? e->code : err_in(e, "measuring the speed");
	at = clock_now();
	if (learn(&t->m, &t->plan, &s, &none, t->w, e))
		return e->code;
	each = (clock_now() - at) / (MEASURED - 2);
	learn_state_clear(&s);
	*steps = (uint64_t)(t->o->minutes * 60 * 0.97 / each);		/* scoring and saving have their part */
	*steps = *steps < 1 ? 1 : *steps;
	team_share(steps, sizeof *steps, 0);
	watch_note(t->w, "%.0f tokens a second: %llu steps in %g minutes",
	           (double)t->t->plan.rows * t->t->plan.T / each, (unsigned long long)*steps, t->o->minutes);
	return back(t, &t->s, e);
}

static enum status plan(struct training *t, bool resumed, struct err *e)
{
	uint64_t steps = t->o->steps;
	enum rate_kind kind;

	if (rate_kind(&kind, t->o->schedule, e))
		return e->code;
	if (resumed)
		steps = t->ckpt.steps;
	else if (!steps && t->o->minutes > 0) {
		if (steps_by_minutes(t, &steps, kind, e))
			return e->code;
	} else if (!steps)
		steps = (uint64_t)ceil((t->o->epochs > 0 ? t->o->epochs : 1) * (double)t->win.per_epoch);
	learning(t, steps, kind);
	ready(t);
	return OK;
}

static void summary(struct training *t, struct buf *out, double dev, double test)
{
	const struct teller_plan *p = &t->t->plan;
	double tokens = (double)t->plan.steps * p->rows * p->T;

	buf_printf(out, "%s: %d layers of %d, vocabulary %d, context %d: %.2f million parameters\n", t->o->dir,
	           p->shape.layers, p->shape.width, p->shape.vocab, p->T, (double)teller_params(&p->shape) / 1e6);
	buf_printf(out, "%llu steps, %.2f epochs, %.1f million tokens in %.0f s (%.0f tokens a second), %.3g FLOP\n",
	           (unsigned long long)t->plan.steps, (double)t->plan.steps / (double)t->win.per_epoch, tokens / 1e6,
	           seconds(t), tokens / seconds(t), tokens * teller_flops(&p->shape, p->T, p->window));
	if (isfinite(dev))
		buf_printf(out, "dev: %.4f bits a character (%u books, %llu characters)\n", dev, t->d.dev.s.texts,
		           (unsigned long long)t->d.dev.chars);
	if (isfinite(test))
		buf_printf(out, "test: %.4f bits a character (%u books, %llu characters)\n", test, t->d.test.s.texts,
		           (unsigned long long)t->d.test.chars);
}

static enum status card(struct training *t, const struct buf *sum, struct err *e)
{
	struct buf b = { 0 };
	enum status st;

	buf_printf(&b, "# Token model\n\nA LLaMA-shaped decoder trained from scratch on this library alone by ltm %s.\n\n",
	           LTM_VERSION);
	buf_printf(&b, "```\n" STR_FMT "```\n\n| | |\n| --- | --- |\n", STR_ARG(buf_view(sum)));
	buf_printf(&b, "| tokenizer | %s, %.3f characters a token |\n", tokens_scheme_name(tokens_scheme(t->d.tok.t)),
	           (double)t->d.train.chars / (double)t->d.train.s.ids.n);
	buf_printf(&b, "| training books | %u, %llu characters |\n", t->d.train.s.texts,
	           (unsigned long long)t->d.train.chars);
	buf_printf(&b, "| FLOP a token, forward and back | %.4g |\n",
	           teller_flops(&t->t->plan.shape, t->t->plan.T, t->t->plan.window));
	buf_printf(&b, "| settings | `" STR_FMT "` |\n| data | %016llx |\n\n", STR_ARG(t->ckpt.config),
	           (unsigned long long)t->d.hash);
	buf_printf(&b, "Learning curve (dev: %d windows):\n\n```\nstep\tepoch\tseconds\tloss\tdev bpc\n" STR_FMT "```\n",
	           DEV_SAMPLE, STR_ARG(buf_view(&t->curve)));
	st = file_save(str_printf(&t->mem, "%s/card.md", t->o->dir).p, buf_view(&b), e);
	buf_free(&b);
	return st;
}

static enum status finish(struct training *t, struct buf *out, struct err *e)
{
	uint32_t start = token_start(t->d.tok.t);
	char hash[20];
	double dev, test;

	snprintf(hash, sizeof hash, "%016llx", (unsigned long long)t->d.tok.hash);
	t->before = seconds(t);			/* what follows is not training */
	t->began = clock_now();
	if (tellerfile_save(str_printf(&t->mem, "%s/" TELLER_MODEL, t->o->dir).p, &t->t->plan.shape, &t->t->p, hash, e) ||
	    token_score(&dev, t->t, &t->d.dev, start, 0, t->w, e) ||
	    token_score(&test, t->t, &t->d.test, start, 0, t->w, e))
		return e->code;
	t->began = clock_now();
	summary(t, out, dev, test);
	if (!file_save(str_printf(&t->mem, "%s/curve.tsv", t->o->dir).p, buf_view(&t->curve), e) && !card(t, out, e))
		checkpoint_drop(t->ckpt_path);
	return e->code;
}

static enum status run(struct training *t, struct buf *out, struct err *e)
{
	struct learn_hooks h = { .ctx = t, .stepped = stepped, .due = due, .save = save, .back = back,
	                         .stop_after = t->o->stop_after };
	bool resumed = t->o->resume && load(t, &t->s), first = team_rank() == 0;

	if (resumed && first) {
		struct buf curve = { 0 };

		watch_note(t->w, "training goes on from step %llu", (unsigned long long)t->s.step);
		t->before = t->ckpt.seconds;
		if (!file_read(&curve, str_printf(&t->mem, "%s/curve.tsv", t->o->dir).p, 1 << 24, NULL))
			buf_str(&t->curve, buf_view(&curve));
		buf_free(&curve);
	} else if (!resumed && t->o->resume && first && checkpoint_there(t->ckpt_path)) {
		err_set(e, ERR_FORMAT, "%s: no checkpoint of this run (the notes say why); leave out --resume to "
		               "begin anew over it", t->o->dir);
	} else if (!resumed && t->o->resume) {
		watch_note(t->w, "no checkpoint of this run in %s: training from the beginning", t->o->dir);
	}
	if (team_share_err(e))
		return e->code;
	if (!resumed && first)
		checkpoint_drop(t->ckpt_path);
	if (plan(t, resumed, e))
		return e->code;
	t->began = t->saved = clock_now();
	if (first)
		t->log_file = fopen(str_printf(&t->mem, "%s/train.log", t->o->dir).p, resumed ? "a" : "w");
	learn(&t->m, &t->plan, &t->s, &h, t->w, e);
	if (t->log_file)
		fclose(t->log_file);
	return e->code || !first ? e->code : finish(t, out, e);
}

static enum status open_model(struct training *t, struct err *e)
{
	struct teller_plan p = t->o->plan;

	fill_plan(&p, t);
	if (precision(&p.wide, t->o->precision, e))
		return e->code;
	if (windows_open(&t->win, t->d.train.s.ids.id, t->d.train.s.ids.n, p.T, p.rows, p.seed, e) ||
	    teller_open(&t->t, &p, e))
		return e->code;
	t->t->rows = rows;
	t->t->rows_ctx = t;
	t->m = (struct learner){ &t->t->p, t, begin, lane, ready };
	t->ckpt = (struct checkpoint){ .kind = "teller", .identity = t->d.hash,
	                               .config = config_of(t, &p, t->o->schedule) };
	t->ckpt_path = str_printf(&t->mem, "%s/teller", t->o->dir).p;
	return OK;
}

static void take_part(struct training *t, struct buf *out, struct err *e)
{
	struct token_source from = t->o->from;

	from.save = str_printf(&t->mem, "%s/" TELLER_TOKENIZER, t->o->dir).p;
	/* A run that goes on keeps the tokenizer it began with. */
	if (t->o->resume && !from.tokenizer && file_exists(from.save))
		from.tokenizer = from.save;
	if (!token_data_open(&t->d, &from, t->w, e) && !open_model(t, e))
		run(t, out, e);
	if (!e->code && t->d.failed)
		err_set(e, ERR_PART, "%zu files could not be read and were left out", t->d.failed);
	learn_state_clear(&t->s);
	teller_close(t->t);
	windows_close(&t->win);
	token_data_close(&t->d);
	buf_free(&t->curve);
}

enum status stage_token(const struct token_opts *o, struct buf *out, const struct watch *w, struct err *e)
{
	struct training t = { .o = o, .mem = arena_open("token training"), .w = w };
	struct lock l = { -1 };

	num_threads_set(o->threads);
	if (num_blas_warning())
		watch_note(w, "%s", num_blas_warning());
	if (!team_join(e)) {
		if (team_rank() > 0)
			t.w = NULL;			/* rank 0 speaks for all */
		else if (!dir_make(o->dir, e) && !lock_take(&l, o->dir, e))
			saver_sweep(o->dir);
		if (!team_share_err(e))
			take_part(&t, out, e);
		if (team_rank() == 0 && l.fd >= 0)
			lock_drop(&l);
		team_leave();
	}
	arena_close(&t.mem);
	return e->code;
}
