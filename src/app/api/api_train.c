/* api_train.c - the public function that trains a token model.
 *
 *   in    struct ltm_train_token_opts
 *   out   a model's folder; a summary
 */
#include "app/api/api.h"
#include "app/learn/token.h"
#include "io/mind.h"

static enum status impossible(const struct ltm_train_token_opts *o, struct err *e)
{
	const struct { const char *name; double v, lo, hi; } bound[] = {
		{ "layers", o->layers, 0, 256 }, { "width", o->width, 0, 16384 }, { "heads", o->heads, 0, 1024 },
		{ "hidden", o->hidden, 0, 65536 }, { "context", o->context, 0, 65536 }, { "batch", o->batch, 0, 65536 },
		{ "lanes", o->lanes, 0, 64 }, { "vocab", o->vocab, 0, TOKENS_VOCAB_MAX }, { "dropout", o->dropout, 0, 0.99 },
		{ "rate", o->rate, 0, 10 }, { "decay", o->decay, 0, 10 }, { "warmup", o->warmup, 0, 1e9 },
		{ "epochs", o->epochs, 0, 1e6 }, { "window", o->window, 0, 65536 }, { "registers", o->registers, 0, 64 },
		{ "words", o->words, 0, 1 }, { "read-at", o->read_at, 0, 256 }, { "minutes", o->minutes, 0, 1e6 },
	};

	for (size_t i = 0; i < sizeof bound / sizeof *bound; i++)
		if (!(bound[i].v >= bound[i].lo && bound[i].v <= bound[i].hi))
			return err_set(e, ERR_USAGE, "%s must be %g to %g", bound[i].name, bound[i].lo, bound[i].hi);
	return OK;
}

/* The one path when it is a mind, else NULL. */
static const char *mind_of(const struct ltm_train_token_opts *o, struct arena *a)
{
	return o->n_path == 1 && file_exists(mind_path(a, o->path[0], "store.db")) ? o->path[0] : NULL;
}

LTM_API int ltm_train_token(const struct ltm_train_token_opts *opts, const struct ltm_sink *out,
                            const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_train_token_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct arena a = arena_open("options");
	struct buf b = { 0 };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.dir, "the folder for the model (-o)", &e)) && !(st = impossible(&o, &e)) &&
	    o.scenes && !mind_of(&o, &a))
		st = err_set(&e, ERR_USAGE, "%s: no mind; scenes are read by ltm read BOOKS -o MIND", o.n_path ? o.path[0] : "(none)");
	if (!st)
		st = run_optimizer_check(o.optimizer, &e);
	if (!st)
		st = stage_token(&(struct token_opts){
			.from = { .path = o.path, .n_path = o.n_path, .mind = mind_of(&o, &a), .tokenizer = o.tokenizer, .scheme = o.scheme,
			          .vocab = o.vocab, .dict = o.dict, .salient = o.words, .echo = o.scenes && !o.no_echo },
			.dir = o.dir,
			.plan = { .t = { .shape = { .layers = o.layers, .width = o.width, .heads = o.heads, .hidden = o.hidden,
			                            .context = o.context },
			                 .rows = o.batch, .lanes = o.lanes, .dropout = o.dropout, .window = o.window, .seed = o.seed },
			          .path = o.scenes ? JOINT_ON : JOINT_OFF, .registers = o.registers, .read_at = o.read_at, .echo = o.scenes && !o.no_echo },
			.words = o.words,
			.run = { .steps = o.steps, .epochs = o.epochs, .minutes = o.minutes, .rate = o.rate, .decay = o.decay,
			         .warmup = o.warmup, .schedule = o.schedule, .optimizer = o.optimizer ? o.optimizer : "muon", .resume = o.resume,
			         .stop_after = o.stop_after > 0 ? (uint64_t)o.stop_after : 0 },
			.precision = o.precision, .threads = threads_of(o.threads),
		}, &b, &w, &e);
	arena_close(&a);
	sink_send(out, &b);
	return give(error, &e, st);
}
