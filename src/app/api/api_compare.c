/* api_compare.c - ltm_compare (include/ltm.h).
 *
 *   in    struct ltm_compare_opts
 *   out   the comparison as text or JSON; DIR with all that was trained
 */
#include "app/api/api.h"
#include "app/compare/compare.h"
#include "app/learn/run.h"
#include "num/team.h"

static enum status impossible(const struct ltm_compare_opts *o, struct err *e)
{
	const struct { const char *name; double v, lo, hi; } bound[] = {
		{ "tokens", o->tokens, 0, 1e6 }, { "seeds", o->seeds, 0, COMPARE_SEEDS_MAX }, { "layers", o->layers, 0, 256 },
		{ "width", o->width, 0, 16384 }, { "vocab", o->vocab, 0, TOKENS_VOCAB_MAX },
	};

	for (size_t i = 0; i < sizeof bound / sizeof *bound; i++)
		if (!(bound[i].v >= bound[i].lo && bound[i].v <= bound[i].hi))
			return err_set(e, ERR_USAGE, "%s must be %g to %g", bound[i].name, bound[i].lo, bound[i].hi);
	if (o->layers == 1)
		return err_set(e, ERR_USAGE, "layers must be 2 at least: scenes are read between two");
	if (o->width % 32)
		return err_set(e, ERR_USAGE, "width must be a multiple of 32");
	return OK;
}

static enum status formats_of(unsigned *bits, const char *list, struct err *e)
{
	struct str rest = str_of(list), one;

	*bits = 0;
	while (list && str_cut(&rest, ',', &one)) {
		unsigned was = *bits;

		for (int f = 0; f < FORMATS; f++)
			if (str_eq(str_trim(one), str_of(format_name(f))))
				*bits |= 1u << f;
		if (*bits == was)
			return err_set(e, ERR_USAGE, "no format '%.*s': token, latent, concept, fractal, long", STR_ARG(one));
	}
	return OK;
}

LTM_API int ltm_compare(const struct ltm_compare_opts *opts, const struct ltm_sink *out, const struct ltm_watch *watch,
                        struct ltm_error *error)
{
	struct ltm_compare_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct buf b = { 0 };
	unsigned formats;
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && team_started())
		st = err_set(&e, ERR_USAGE, "compare is one process: start it without mpirun");
	if (!st && !(st = need(o.dir, "the folder for the comparison (-o)", &e)) && !(st = impossible(&o, &e)) && !(st = formats_of(&formats, o.formats, &e)) &&
	    !(st = run_optimizer_check(o.optimizer, &e)))
		st = stage_compare(&(struct compare_opts){
			.path = o.path, .n_path = o.n_path, .dir = o.dir, .quick = o.quick, .tokens = o.tokens, .seeds = o.seeds, .formats = formats,
			.layers = o.layers, .width = o.width, .vocab = o.vocab, .likelihood = o.likelihood, .json = o.json, .threads = threads_of(o.threads),
			.seed = o.seed, .dict = o.dict, .optimizer = o.optimizer ? o.optimizer : "muon",
		}, &b, &w, &e);
	sink_send(out, &b);
	return give(error, &e, st);
}
