/* plan.c - the rows of a plan (app/plan/plan.h).
 *
 *   Chinchilla   D = 20·N: a model of N parameters wants 20 tokens a parameter
 *                [Hoffmann et al. 2022, Training Compute-Optimal Large Language Models, table 3]
 *   repetition   U tokens seen E times are worth D' = U·(1 + R·(1 - exp(-(E-1)/R))), R = 15.39:
 *                four epochs are nearly as good as fresh text
 *                [Muennighoff et al. 2023, Scaling Data-Constrained Language Models, eq. 5]
 *   compute      6·N a position for the weights, 6·L·d·c for causal attention over c positions
 *                [Kaplan et al. 2020, table 1, both ways; half of the full square is causal]
 *   shape        width d = 64·L, N = 12·L·d²                         [Kaplan et al. 2020, §3]
 *
 * The law of 20 was found for BPE tokens of English (some 4 characters); a text's information
 * does not shrink when its tokens get longer. So the parameters that a text can fill are
 * counted once, in byte-BPE tokens, and both models get the same number; what LTM saves is
 * positions, not knowledge. Beside it stands what the law gives in LTM's own positions.
 */
#include <math.h>

#include "app/plan/plan.h"

static const double LAW = 20, R_STAR = 15.39, SHARE = 0.66;

static const struct { const char *name; double n; } models[] = {
	{ "tiny", 1e6 }, { "small", 1e7 }, { "base", 1e8 }, { "large", 1e9 },
};
enum { MODELS = sizeof models / sizeof *models };

static void row(struct plan *p, const char *key, enum plan_unit u, double token, double ltm,
                const char *formula, ...) __attribute__((format(printf, 6, 7)));

static void row(struct plan *p, const char *key, enum plan_unit u, double token, double ltm,
                const char *formula, ...)
{
	struct plan_row *r = &p->row[p->n++];
	va_list ap;

	must(p->n <= PLAN_ROWS_MAX);
	*r = (struct plan_row){ .key = key, .unit = u, .token = token, .ltm = ltm };
	va_start(ap, formula);
	vsnprintf(r->formula, sizeof r->formula, formula, ap);
	va_end(ap);
}

/* ---- wishes -------------------------------------------------------------------------------- */

static double model_size(const char *name)
{
	for (int i = 0; i < MODELS; i++)
		if (!strcmp(name, models[i].name))
			return models[i].n;
	return 0;
}

enum status plan_check(const struct plan_wish *w, const struct plan_basis *b, struct err *e)
{
	if (!(w->total > 0) && !(w->books >= 1))
		return err_set(e, ERR_USAGE, "a plan needs books: --books N, at least 1");
	if (w->books > 1e9)
		return err_set(e, ERR_USAGE, "%.0f books: more than were ever printed; at most 1000000000",
		               w->books);
	if (w->chars < 0 || w->chars > 1e9 || (w->chars > 0 && w->chars < 1))
		return err_set(e, ERR_USAGE, "%.0f characters in one book: 1 to 1000000000", w->chars);
	if (w->total < 0 || w->total > 1e15)
		return err_set(e, ERR_USAGE, "%.0f characters in all: at most 10^15", w->total);
	if (!(w->total > 0) && w->books * (w->chars > 0 ? w->chars : b->chars / b->books) > 1e15)
		return err_set(e, ERR_USAGE, "%.0f books of %.0f characters: more than 10^15 in all", w->books,
		               w->chars > 0 ? w->chars : b->chars / b->books);
	if (w->cores < 0 || w->cores > 100000)
		return err_set(e, ERR_USAGE, "%d cores: 1 to 100000", w->cores);
	if (w->context < 0 || w->context > 1 << 20 || w->epochs < 0 || w->epochs > 1000)
		return err_set(e, ERR_USAGE, "context up to %d positions, up to 1000 epochs", 1 << 20);
	if (w->model && strcmp(w->model, "fill") && !model_size(w->model))
		return err_set(e, ERR_USAGE, "no model '%.40s': tiny, small, base, large, or fill", w->model);
	return OK;
}

/* ---- a model's costs ------------------------------------------------------------------------ */

struct shape { double n, layers, width; };

static struct shape shape_of(double n)
{
	double layers = cbrt(n / (12 * 64 * 64));

	layers = layers < 1 ? 1 : round(layers);
	return (struct shape){ n, layers, 8 * ceil(sqrt(n / (12 * layers)) / 8) };
}

static double per_position(struct shape s, double context)
{
	return 6 * s.n + 6 * s.layers * s.width * context;
}

/* What U tokens seen E times are worth, in fresh tokens. */
static double worth(double u, double epochs)
{
	return u * (1 + R_STAR * (1 - exp(-(epochs - 1) / R_STAR)));
}

/* ---- groups of rows -------------------------------------------------------------------------- */

struct sums {			/* what later rows build on */
	double books, chars, epochs, cores, context, context_ltm;
	double tokens, hyper, glyphs, scenes;
	struct shape model, core;
};

static void put_text(struct plan *p, struct sums *s)
{
	const struct plan_basis *b = &p->basis;
	double per_book = p->wish.chars > 0 ? p->wish.chars : b->chars / b->books;

	s->books = p->wish.books >= 1 ? p->wish.books : p->wish.total / per_book;
	s->chars = p->wish.total > 0 ? p->wish.total : s->books * per_book;
	row(p, "books", PU_COUNT, s->books, NAN, p->wish.books >= 1 ? "as wished" : "characters / %.0f a book",
	    per_book);
	row(p, "chars", PU_COUNT, s->chars, NAN, p->wish.total > 0 ? "as wished"
	    : p->wish.chars > 0 ? "books × %.0f, as wished" : "books × %.0f, the ledger's mean", per_book);
	row(p, "bytes", PU_BYTES, s->chars * b->bytes / b->chars, NAN, "characters × %.3f bytes in UTF-8",
	    b->bytes / b->chars);
	row(p, "words", PU_COUNT, s->chars * b->words / b->chars, NAN, "characters × %.4f", b->words / b->chars);
	s->scenes = s->chars * p->basis.per1000[PF_SCENE] / 1000;
	row(p, "scenes", PU_COUNT, NAN, s->scenes, "characters / %.0f a scene", 1000 / b->per1000[PF_SCENE]);
}

static void put_positions(struct plan *p, struct sums *s)
{
	static const struct { const char *key; enum plan_format f; bool ltm; } list[] = {
		{ "tokens.gpt2", PF_GPT2, false }, { "tokens.cl100k", PF_CL100K, false },
		{ "tokens.o200k", PF_O200K, false }, { "tokens.byte", PF_BYTE, false },
		{ "tokens.hyper", PF_HYPER, true }, { "tokens.chain", PF_CHAIN, true },
		{ "tokens.glyph", PF_GLYPH, true },
	};
	const double *per = p->basis.per1000;

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		double v = s->chars * per[list[i].f] / 1000;

		if (per[list[i].f] > 0)
			row(p, list[i].key, PU_COUNT, list[i].ltm ? NAN : v, list[i].ltm ? v : NAN,
			    "characters × %.2f / 1000", per[list[i].f]);
	}
	s->tokens = s->chars * per[PF_BYTE] / 1000;
	s->hyper = s->chars * per[PF_HYPER] / 1000;
	s->glyphs = s->chars * per[PF_GLYPH] / 1000;
}

static void put_parameters(struct plan *p, struct sums *s)
{
	double fill = worth(s->tokens, s->epochs) / LAW, n = fill;

	row(p, "fill.once", PU_COUNT, s->tokens / LAW, s->hyper / LAW,
	    "tokens / 20 [Hoffmann 2022]; LTM: its own positions / 20");
	row(p, "fill.epochs", PU_COUNT, fill, worth(s->hyper, s->epochs) / LAW,
	    "tokens × (1 + 15.39·(1 − exp(−(%.0f − 1)/15.39))) / 20 [Muennighoff 2023]", s->epochs);
	if (p->wish.model && strcmp(p->wish.model, "fill"))
		n = model_size(p->wish.model);
	s->model = shape_of(n < 1e4 ? 1e4 : n);
	s->core = shape_of(worth(s->glyphs, s->epochs) / LAW < 1e4 ? 1e4 : worth(s->glyphs, s->epochs) / LAW);
	row(p, "params", PU_COUNT, s->model.n, s->model.n, "%s; the same text fills the same parameters",
	    n == fill ? "as many as the tokens fill" : p->wish.model);
	row(p, "params.core", PU_COUNT, NAN, s->core.n,
	    "glyphs × %.2f / 20: a bound, the law is not tried on glyphs", worth(1, s->epochs));
	row(p, "layers", PU_COUNT, s->model.layers, s->model.layers, "(N / (12·64²))^(1/3)");
	row(p, "width", PU_COUNT, s->model.width, s->model.width, "(N / (12·layers))^(1/2), by eights");
	row(p, "context", PU_COUNT, s->context, s->context_ltm, "LTM: the same characters, %.0f",
	    s->context / p->basis.per1000[PF_BYTE] * 1000);
}

static void put_disk(struct plan *p, const struct sums *s)
{
	const struct plan_basis *b = &p->basis;

	if (b->store_bytes > 0)
		row(p, "disk.store", PU_BYTES, NAN, s->chars * b->store_bytes / b->chars,
		    "characters × %.3f bytes of store.db", b->store_bytes / b->chars);
	row(p, "disk.tokens", PU_BYTES, s->tokens * (b->vocab_byte > 65536 ? 4 : 2),
	    s->hyper * (b->vocab_hyper > 65536 ? 4 : 2), "positions × 2 bytes (a vocabulary of 32,768)");
	row(p, "disk.coded", PU_BYTES, s->chars * b->bits_text / 8, s->chars * b->bits_hyper / 8,
	    "characters × %.3f bits of text, %.3f of hyperlexemes, / 8, by the ledger's coder", b->bits_text,
	    b->bits_hyper);
	row(p, "disk.glyphs", PU_BYTES, NAN, s->chars * b->bits_glyph / 8, "characters × %.4f bits / 8: plots only",
	    b->bits_glyph);
	row(p, "disk.checkpoint", PU_BYTES, 24 * s->model.n, 24 * (s->model.n + s->core.n),
	    "2 checkpoints × 12 bytes a parameter (weight, two moments)");
}

static void put_memory(struct plan *p, const struct sums *s)
{
	/* activations of one sequence: 34·d values of two bytes a layer and position [Korthikanti et
	 * al. 2022, eq. 2], four bytes here; the scores of attention are counted as recomputed */
	double lanes = s->cores < 8 ? s->cores : 8;
	double act = 2 * 34 * s->model.layers * s->model.width;

	row(p, "memory.train", PU_BYTES, (12 + 4 * lanes) * s->model.n + lanes * act * s->context,
	    (12 + 4 * lanes) * (s->model.n + s->core.n) + lanes * act * s->context_ltm,
	    "(12 + 4·lanes)·N + lanes·68·layers·width·context, %.0f lanes", lanes);
	row(p, "memory.think", PU_BYTES, 4 * s->model.n, 4 * (s->model.n + s->core.n), "4 bytes a parameter");
	row(p, "memory.read", PU_BYTES, NAN, 512e6, "bounded by the program, whatever the library");
}

static void put_work(struct plan *p, const struct sums *s)
{
	double per[2] = { per_position(s->model, s->context), per_position(s->model, s->context_ltm) };
	double core = per_position(s->core, 64 * p->basis.per1000[PF_GLYPH] / p->basis.per1000[PF_SCENE]);
	double flops[2] = { per[0] * s->tokens * s->epochs,
	                    per[1] * s->hyper * s->epochs + core * s->glyphs * s->epochs };
	double speed = p->speed.gflops * 1e9 * s->cores * p->speed.all * p->share;
	double read = s->chars / (p->speed.read * s->cores / p->speed.cores);

	row(p, "flops.position", PU_FLOPS, per[0], per[1], "6·N + 6·layers·width·context [Kaplan 2020]");
	row(p, "flops", PU_FLOPS, flops[0], flops[1],
	    "a position × positions × %.0f epochs; LTM: and the core's over 64 scenes of glyphs", s->epochs);
	row(p, "speed", PU_FLOPS, speed, speed, "%.1f GFLOP/s × %.0f cores × %.2f together × %.1f in training",
	    p->speed.gflops, s->cores, p->speed.all, p->share);
	row(p, "time.read", PU_SECONDS, NAN, read, "characters / (%.0f a second on %d cores × %.0f / %d)",
	    p->speed.read, p->speed.cores, s->cores, p->speed.cores);
	if (p->basis.store_bytes > 0)
		row(p, "time.write", PU_SECONDS, NAN, s->chars * p->basis.store_bytes /
		    p->basis.chars / 1e6 / p->speed.write, "store / %.0f MB a second", p->speed.write);
	row(p, "time.train", PU_SECONDS, flops[0] / speed, flops[1] / speed, "FLOPs / speed");
	row(p, "time.all", PU_SECONDS, flops[0] / speed, flops[1] / speed + read, "reading + training");
}

/* The guesses of the conversation of 15 June, computed. */
static void put_guesses(struct plan *p, const struct sums *s)
{
	const struct plan_basis *b = &p->basis;
	double chars = 800e9 / (b->bytes / b->chars), per_t = 1e12 / b->per1000[PF_CL100K] * 1000;

	static const struct { const char *key; double n; } size[] = {
		{ "guess.175b", 175e9 }, { "guess.70b", 70e9 }, { "guess.30b", 30e9 } };

	for (int i = 0; i < 3; i++) {
		double want = size[i].n * LAW / worth(1, s->epochs);

		row(p, size[i].key, PU_COUNT, want / s->tokens * s->books, want / s->hyper * s->books,
		    "%.3ge9 × 20 / %.2f, worth of %.0f epochs, / positions of a book", size[i].n / 1e9,
		    worth(1, s->epochs), s->epochs);
	}
	row(p, "guess.800gb", PU_BYTES, 800e9, chars * b->bits_hyper / 8,
	    "800 GB / %.3f bytes × %.3f bits / 8 (claimed: 10–30 GB)", b->bytes / b->chars, b->bits_hyper);
	if (b->per1000[PF_CL100K] > 0)
		row(p, "guess.1t", PU_COUNT, 1e12, per_t * b->per1000[PF_HYPER] / 1000,
		    "10^12 × %.2f / %.2f a 1,000 characters (claimed: 30–100 G)", b->per1000[PF_HYPER],
		    b->per1000[PF_CL100K]);
	if (b->per1000[PF_CL100K] > 0)
		row(p, "guess.context", PU_COUNT, 32768, 32768 / b->per1000[PF_CL100K] * b->per1000[PF_HYPER],
		    "32,768 cl100k tokens in hyperlexemes; in scenes: %.0f (claimed: 2K)",
		    32768 / b->per1000[PF_CL100K] * b->per1000[PF_SCENE]);
	row(p, "guess.books", PU_BYTES, 20000 * b->bytes / b->books, NAN,
	    "20,000 books as long as the ledger's (claimed: 10 GB)");
}

enum status plan_fill(struct plan *p, struct err *e)
{
	const struct plan_basis *b = &p->basis;
	struct sums s = { .epochs = p->wish.epochs ? p->wish.epochs : 4,
	                  .cores = p->wish.cores ? p->wish.cores : p->speed.cores,
	                  .context = p->wish.context ? p->wish.context : 1024 };

	if (plan_check(&p->wish, b, e))
		return e->code;
	p->n = 0;
	p->share = SHARE;
	s.context_ltm = ceil(s.context * b->per1000[PF_HYPER] / b->per1000[PF_BYTE]);
	put_text(p, &s);
	put_positions(p, &s);
	put_parameters(p, &s);
	put_disk(p, &s);
	put_memory(p, &s);
	put_work(p, &s);
	put_guesses(p, &s);
	for (size_t i = 0; i < p->n; i++)	/* an infinity is a bug or an impossible basis */
		if (isinf(p->row[i].token) || isinf(p->row[i].ltm))
			return err_set(e, ERR_NUM, "the row '%s' has no finite value", p->row[i].key);
	return OK;
}
