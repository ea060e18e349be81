/* token_run.c - a decoder in training: the windows it reads, its learner, its point of the curve.
 *
 *   in    streams of tokens, with or without what the tokens are to the scene path
 *   out   what app/learn/run.h trains
 */
#include <math.h>

#include "app/learn/token.h"

static void rows(void *ctx, uint64_t step, int row, uint32_t *in, uint32_t *truth, uint8_t *is, struct echo *echo)
{
	const struct token_run *r = ctx;
	size_t T = (size_t)r->p.t.T;

	windows_row(&r->win, step, row, in, truth);
	if (r->d->train.is)
		memcpy(is, r->d->train.is + windows_at(&r->win, step, row), T);
	else
		memset(is, 0, T);
	if (echo)
		memcpy(echo, r->d->train.echo + windows_at(&r->win, step, row) + 1, T * sizeof *echo);
}

static void begin(void *ctx, uint64_t step)
{
	windows_step(&((struct token_run *)ctx)->win, step);
}

static void lane(void *ctx, int l, uint64_t step, double *loss, double *count)
{
	joint_lane(((struct token_run *)ctx)->j, l, step, loss, count);
}

static void ready(void *ctx)
{
	joint_ready(((struct token_run *)ctx)->j);
}

static void reset(void *ctx)
{
	joint_reset(((struct token_run *)ctx)->j);
}

static double measure(void *ctx, const struct watch *w)
{
	struct token_run *r = ctx;
	struct err e = { 0 };
	double bpc = NAN;

	if (r->d->dev.s.ids.n)		/* NAN when stopped */
		token_score(&bpc, r->j, r->p.t.T, &r->d->dev, token_start(r->d->tok.t),
		            r->sample ? r->sample : TOKEN_RUN_DEV, TOKEN_SCORE_QUIET, w, &e);
	return bpc;
}

enum status token_run_open(struct token_run *r, const struct token_data *d, const struct joint_plan *p, struct err *e)
{
	*r = (struct token_run){ .d = d, .p = *p };
	must(!p->echo || d->train.echo);
	if (windows_open(&r->win, d->train.s.ids.id, d->train.s.ids.n, p->t.T, p->t.rows, p->t.seed, e))
		return e->code;
	return joint_open(&r->j, p, rows, r, e);
}

void token_run_close(struct token_run *r)
{
	joint_close(r->j);
	windows_close(&r->win);
	*r = (struct token_run){ 0 };
}

struct run_model token_run_model(struct token_run *r, struct str config)
{
	return (struct run_model){
		.m = { joint_params(r->j), r, begin, lane, ready }, .kind = "teller", .identity = r->d->hash, .config = config,
		.per_epoch = r->win.per_epoch, .each = (double)r->p.t.rows * r->p.t.T, .unit = "tokens", .reset = reset,
		.measure = measure, .figure = "dev bits a character",
	};
}

double token_run_flops(const struct token_run *r)
{
	const struct token_part *p = &r->d->train;
	double n = (double)p->s.ids.n, T = r->p.t.T, words = 0;

	for (size_t i = 0; p->is && i < p->s.ids.n; i++)
		words += p->is[i] & TOKEN_SALIENT ? 1 : 0;
	return joint_flops(&r->p, p->scenes / n * T, words / n * T);
}
