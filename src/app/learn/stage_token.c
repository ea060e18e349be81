/* stage_token.c - trains a decoder from a library: over tokens alone, or with the scene path.
 *
 *   in    books (token), a mind with its scenes (ltm, token), options
 *   out   DIR/model.safetensors, tokenizer.ltmt, curve.tsv, card.md, train.log
 *
 * Invariants: DIR/model.safetensors appears when training has ended, whole or not at all; a run that
 * is stopped or killed goes on with --resume to the same bits, with any number of threads.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/learn/run.h"
#include "app/learn/token.h"
#include "io/mind.h"
#include "io/models/tellerfile.h"
#include "num/team.h"
#include "order/windows.h"

struct training {
	const struct token_opts *o;
	struct arena mem;
	struct token_data d;
	struct token_run r;
	struct run run;
	const struct watch *w;
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

static int or_int(int v, int otherwise)
{
	return v ? v : otherwise;
}

/* The defaults: the shapes that docs/training.md measures. */
static void fill_plan(struct joint_plan *p, const struct training *t)
{
	struct teller_shape *s = &p->t.shape;
	bool scenes = p->path != JOINT_OFF;

	s->layers = or_int(s->layers, 6);
	s->width = or_int(s->width, 256);
	s->heads = or_int(s->heads, s->width >= 64 ? s->width / 32 : 2);
	s->hidden = or_int(s->hidden, (s->width * 8 / 3 + 31) / 32 * 32);
	s->vocab = (int)tokens_vocab(t->d.tok.t);
	s->rope_base = 10000;
	p->t.T = or_int(s->context, scenes ? 4096 : 256);
	p->t.window = or_int(p->t.window, scenes ? 256 : 0);
	p->t.lanes = or_int(p->t.lanes, scenes ? 2 : 4);
	p->t.rows = or_int(p->t.rows, scenes ? 2 : 16);
	s->context = p->t.window && p->t.window < p->t.T ? p->t.window : p->t.T;
	if (!scenes)
		return;
	p->read_at = or_int(p->read_at, (s->layers + 1) / 2);
	p->cross_heads = s->width >= 128 ? s->width / 64 : s->heads;
	p->register_dim = s->width / 4 > 1 ? s->width / 4 : 1;
	p->tell = p->registers ? 0.1 : 0;
	p->units = p->t.T >= 64 ? p->t.T / 64 : 1;
	p->words = (int)ceil(t->o->words * 1.3 * p->t.T);
	p->words = p->words < p->t.T ? p->words : p->t.T;
}

static struct str config_of(struct training *t)
{
	const struct joint_plan *p = &t->r.p;
	const struct teller_shape *s = &p->t.shape;
	const struct run_plan *o = &t->o->run;
	struct str scenes = S(""), optimizer = S("");

	if (p->path != JOINT_OFF)
		scenes = str_printf(&t->mem, "\"read_at\":%d,\"cross_every\":%d,\"cross_heads\":%d,\"registers\":%d,\"tell\":%g,"
		                    "\"units\":%d,\"words\":%d,\"salient\":%g,\"echo\":%d,", p->read_at, p->cross_every, p->cross_heads,
		                    p->registers, p->tell, p->units, p->words, t->o->words, p->echo);
	if (strcmp(o->optimizer, "adamw"))
		optimizer = str_printf(&t->mem, "\"optimizer\":\"%s\",", o->optimizer);
	return str_printf(&t->mem, "{\"layers\":%d,\"width\":%d,\"heads\":%d,\"hidden\":%d,\"vocab\":%d,\"context\":%d,"
	                  "\"batch\":%d,\"lanes\":%d,\"window\":%d," STR_FMT STR_FMT "\"dropout\":%g,\"precision\":\"%s\",\"rate\":%g,"
	                  "\"decay\":%g,\"warmup\":%g,\"schedule\":\"%s\",\"steps\":%llu,\"epochs\":%g,\"minutes\":%g,"
	                  "\"seed\":%llu}", s->layers, s->width, s->heads, s->hidden, s->vocab, p->t.T, p->t.rows,
	                  p->t.lanes, p->t.window, STR_ARG(scenes), STR_ARG(optimizer), p->t.dropout, p->t.wide == NUM_BF16 ? "bf16" : "float32",
	                  o->rate, o->decay, o->warmup, o->schedule ? o->schedule : "cool", (unsigned long long)o->steps,
	                  o->epochs, o->minutes, (unsigned long long)p->t.seed);
}

/* ---- what comes out ------------------------------------------------------------------------------ */
static void summary(struct training *t, struct buf *out, double dev, double test, double shuffled)
{
	const struct teller_plan *p = &t->r.p.t;
	const struct run *r = &t->run;
	double tokens = (double)r->plan.steps * p->rows * p->T;

	buf_printf(out, "%s: %d layers of %d, vocabulary %d, context %d: %.2f million parameters\n", t->o->dir,
	           p->shape.layers, p->shape.width, p->shape.vocab, p->T, (double)joint_size(t->r.j) / 1e6);
	if (t->r.p.path != JOINT_OFF)
		buf_printf(out, "scene path: attention over the last %d tokens; ended scenes %s, %d registers a scene, %.0f %% of the "
		           "tokens kept\n", p->window, t->r.p.echo ? "word for word" : "not word for word", t->r.p.registers,
		           100 * t->o->words);
	buf_printf(out, "%llu steps, %.2f epochs, %.1f million tokens in %.0f s (%.0f tokens a second), %.3g FLOP\n",
	           (unsigned long long)r->plan.steps, (double)r->plan.steps / (double)t->r.win.per_epoch, tokens / 1e6,
	           run_seconds(r), tokens / run_seconds(r), tokens * token_run_flops(&t->r));
	if (isfinite(dev))
		buf_printf(out, "dev: %.4f bits a character (%u books, %llu characters)\n", dev, t->d.dev.s.texts,
		           (unsigned long long)t->d.dev.chars);
	if (isfinite(test))
		buf_printf(out, "test: %.4f bits a character (%u books, %llu characters)\n", test, t->d.test.s.texts,
		           (unsigned long long)t->d.test.chars);
	if (isfinite(shuffled))
		buf_printf(out, "test, reading other books' scenes: %.4f bits a character\n", shuffled);
}

static enum status card(struct training *t, const struct buf *sum, struct err *e)
{
	struct buf b = { 0 };
	enum status st;

	buf_printf(&b, "# %s\n\nA LLaMA-shaped decoder trained from scratch on this library alone by ltm %s.\n\n",
	           t->r.p.path == JOINT_OFF ? "Token model" : "Teller with a scene path", LTM_VERSION);
	buf_printf(&b, "```\n" STR_FMT "```\n\n| | |\n| --- | --- |\n", STR_ARG(buf_view(sum)));
	buf_printf(&b, "| tokenizer | %s, %.3f characters a token |\n", tokens_scheme_name(tokens_scheme(t->d.tok.t)),
	           (double)t->d.train.chars / (double)t->d.train.s.ids.n);
	buf_printf(&b, "| training books | %u, %llu characters |\n", t->d.train.s.texts,
	           (unsigned long long)t->d.train.chars);
	buf_printf(&b, "| FLOP a token, forward and back | %.4g |\n", token_run_flops(&t->r));
	buf_printf(&b, "| settings | `" STR_FMT "` |\n| data | %016llx |\n\n", STR_ARG(t->run.k.config),
	           (unsigned long long)t->d.hash);
	buf_printf(&b, "Learning curve (dev: a sample of %d tokens):\n\n```\nstep\tepoch\tseconds\tloss\tdev bpc\n" STR_FMT "```\n",
	           TOKEN_RUN_DEV, STR_ARG(buf_view(&t->run.curve)));
	st = file_save(str_printf(&t->mem, "%s/card.md", t->o->dir).p, buf_view(&b), e);
	buf_free(&b);
	return st;
}

static enum status finish(struct training *t, struct buf *out, struct err *e)
{
	uint32_t start = token_start(t->d.tok.t);
	double dev, test, shuffled = NAN;
	char hash[20];

	snprintf(hash, sizeof hash, "%016llx", (unsigned long long)t->d.tok.hash);
	if (tellerfile_save(str_printf(&t->mem, "%s/" TELLER_MODEL, t->o->dir).p, &t->r.p.t.shape, joint_params(t->r.j), hash, e) ||
	    token_score(&dev, t->r.j, t->r.p.t.T, &t->d.dev, start, 0, 0, t->w, e) ||
	    token_score(&test, t->r.j, t->r.p.t.T, &t->d.test, start, 0, 0, t->w, e))
		return e->code;
	if (t->r.p.path != JOINT_OFF &&
	    token_score(&shuffled, t->r.j, t->r.p.t.T, &t->d.test, start, 0, TOKEN_SCORE_SHUFFLED, t->w, e))
		return e->code;
	summary(t, out, dev, test, shuffled);
	return card(t, out, e) ? e->code : run_done(&t->run, e);
}

/* ---- the run ------------------------------------------------------------------------------------ */
static enum status open_model(struct training *t, struct err *e)
{
	struct joint_plan p = t->o->plan;

	fill_plan(&p, t);
	return precision(&p.t.wide, t->o->precision, e) ? e->code : token_run_open(&t->r, &t->d, &p, e);
}

static enum status run(struct training *t, struct buf *out, struct err *e)
{
	struct run_model k = token_run_model(&t->r, config_of(t));

	if (run_train(&t->run, t->o->dir, "teller", &t->o->run, &k, t->w, e) || team_rank() > 0)
		return e->code;
	return finish(t, out, e);
}

static void take_part(struct training *t, struct buf *out, struct err *e)
{
	struct token_source from = t->o->from;

	from.save = str_printf(&t->mem, "%s/" TELLER_TOKENIZER, t->o->dir).p;
	/* A run that goes on keeps the tokenizer it began with. */
	if (t->o->run.resume && !from.tokenizer && file_exists(from.save))
		from.tokenizer = from.save;
	if (!token_data_open(&t->d, &from, t->w, e) && !open_model(t, e))
		run(t, out, e);
	if (!e->code && t->d.failed)
		err_set(e, ERR_PART, "%zu files could not be read and were left out", t->d.failed);
	run_clear(&t->run);
	token_run_close(&t->r);
	token_data_close(&t->d);
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
