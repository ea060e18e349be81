/* compare_tellers.c - the four formats as decoders: fitted to equal size, trained for equal operations, scored.
 *
 *   in    streams of tokens with their scenes; a shape, a budget
 *   out   bits a character of each format and seed; DIR/<format>.<seed>/teller.N.ckpt
 */
#include <math.h>
#include <stdarg.h>

#include "app/compare/compare.h"
#include "app/learn/run.h"
#include "io/mind.h"

static const char *const names[FORMATS] = { "token", "latent", "concept", "fractal", "long" };

const char *format_name(enum format f)
{
	return names[f];
}

/* ---- figures that are kept --------------------------------------------------------------------- */
void part_put(struct part *p, double v, const char *fmt, ...)
{
	va_list ap;

	must(p->n < (int)(sizeof p->row / sizeof *p->row));
	va_start(ap, fmt);
	vsnprintf(p->row[p->n].key, sizeof p->row->key, fmt, ap);
	va_end(ap);
	p->row[p->n++].v = v;
}

double part_get(const struct part *p, const char *fmt, ...)
{
	char key[sizeof p->row->key];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(key, sizeof key, fmt, ap);
	va_end(ap);
	for (int i = 0; i < p->n; i++)
		if (!strcmp(p->row[i].key, key))
			return p->row[i].v;
	return NAN;
}

enum status part_save(const struct part *p, const char *dir, const char *name, uint64_t identity, struct err *e)
{
	struct arena a = arena_open("part");
	struct buf b = { 0 };
	enum status st;

	buf_printf(&b, "identity\t%016llx\n", (unsigned long long)identity);
	for (int i = 0; i < p->n; i++)
		buf_printf(&b, "%s\t%.17g\n", p->row[i].key, p->row[i].v);
	st = file_save(str_printf(&a, "%s/part.%s.tsv", dir, name).p, buf_view(&b), e);
	buf_free(&b);
	arena_close(&a);
	return st;
}

bool part_load(struct part *p, const char *dir, const char *name, uint64_t identity)
{
	struct arena a = arena_open("part");
	struct buf b = { 0 };
	struct str rest, line, key;
	char want[20];
	bool good;

	*p = (struct part){ 0 };
	snprintf(want, sizeof want, "%016llx", (unsigned long long)identity);
	good = !file_read(&b, str_printf(&a, "%s/part.%s.tsv", dir, name).p, 1 << 20, NULL);
	rest = buf_view(&b);
	good = good && str_cut(&rest, '\n', &line) && str_cut(&line, '\t', &key) && str_eq(key, S("identity")) &&
	       str_eq(line, str_of(want));
	while (good && str_cut(&rest, '\n', &line) && line.n && p->n < (int)(sizeof p->row / sizeof *p->row)) {
		double v;

		good = str_cut(&line, '\t', &key) && key.n < sizeof p->row->key &&
		       (str_f64(line, &v) || (str_eq(line, S("nan")) && (v = NAN, true)));
		if (good)
			part_put(p, v, STR_FMT, STR_ARG(key));
	}
	buf_free(&b);
	arena_close(&a);
	return good;
}

/* ---- formats -> plans --------------------------------------------------------------------------- */
static struct joint_plan plan_of(const struct compare *c, enum format f, int hidden)
{
	struct joint_plan p = c->shape;

	p.t.shape.hidden = hidden;
	p.path = f == FORMAT_TOKEN || f == FORMAT_LONG ? JOINT_OFF : JOINT_ON;
	if (f == FORMAT_LONG)
		p.t.window = p.t.T;
	if (f == FORMAT_LATENT)
		p.registers = 1, p.register_dim = p.t.shape.width, p.words = 0;
	if (f == FORMAT_CONCEPT)
		p.registers = 0, p.symbols = true;
	if (f == FORMAT_FRACTAL)
		p.echo = true, p.cross_every = -1;
	return p;
}

static uint64_t size_of(const struct compare *c, enum format f, int hidden)
{
	struct joint_plan p = plan_of(c, f, hidden);
	struct joint *j;
	struct err e = { 0 };
	uint64_t n;

	p.t.rows = p.t.lanes = p.t.micro = 1;		/* the weights are the same, the nets are small */
	p.t.T = 64, p.words = p.words ? 16 : 0, p.units = 1;
	if (joint_open(&j, &p, NULL, NULL, &e))
		return 0;
	n = joint_size(j);
	joint_close(j);
	return n;
}

/* The hidden width, a multiple of 8, at which the format is nearest in size to `want`. */
static int fit_hidden(const struct compare *c, enum format f, uint64_t want)
{
	int layers = c->shape.t.shape.layers, width = c->shape.t.shape.width, at = c->shape.t.shape.hidden;
	double over = (double)size_of(c, f, at) - (double)want, each = 3.0 * layers * width;
	int hidden = at - (int)lround(over / each / 8) * 8;

	return hidden < 8 ? 8 : hidden;
}

static struct str config_of(struct compare *c, const struct joint_plan *p, uint64_t steps)
{
	const struct teller_shape *s = &p->t.shape;

	return str_printf(&c->mem, "{\"layers\":%d,\"width\":%d,\"heads\":%d,\"hidden\":%d,\"vocab\":%d,\"span\":%d,\"window\":%d,"
	                  "\"rows\":%d,\"lanes\":%d,\"path\":%d,\"registers\":%d,\"register_dim\":%d,\"tell\":%g,\"words\":%d,"
	                  "\"symbols\":%d,\"echo\":%d,\"cross\":%d,\"read_at\":%d,\"precision\":%d,%s\"steps\":%llu,\"seed\":%llu}", s->layers, s->width,
	                  s->heads, s->hidden, s->vocab, p->t.T, p->t.window, p->t.rows, p->t.lanes, p->path, p->registers,
	                  p->register_dim, p->tell, p->words, p->symbols, p->echo, p->cross_every, p->read_at, p->t.wide,
	                  strcmp(c->o->optimizer, "adamw") ? "\"optimizer\":\"muon\"," : "", (unsigned long long)steps,
	                  (unsigned long long)p->t.seed);
}

static const char *dir_of(struct compare *c, enum format f, int seed)
{
	return str_printf(&c->mem, "%s/%s.%d", c->dir, names[f], seed).p;
}

enum {
	POINTS = 6, POINTS_SMALL = 4, POINTS_QUICK = 2,				/* of a curve */
	SAMPLE = 1 << 19, SAMPLE_SMALL = 1 << 18, SAMPLE_QUICK = 1 << 16	/* tokens that are scored */
};

/* Trains it, or opens what was trained: its checkpoint at the end stays. */
static enum status train(struct compare *c, struct token_run *r, enum format f, int seed, double *seconds, struct err *e)
{
	struct joint_plan p = plan_of(c, f, c->f[f].hidden);
	struct run_plan plan = { .steps = c->f[f].steps, .optimizer = c->o->optimizer, .resume = true, .keep = true };
	const char *dir = dir_of(c, f, seed);
	struct run_model k;
	struct run run;

	p.t.seed = c->o->seed + (uint64_t)seed;
	if (dir_make(dir, e) || token_run_open(r, &c->d, &p, e))
		return e->code;
	r->sample = c->o->quick ? SAMPLE_QUICK : 0;
	k = token_run_model(r, config_of(c, &p, plan.steps));
	k.what = names[f];
	k.points = c->o->quick ? POINTS_QUICK : compare_small(c) ? POINTS_SMALL : POINTS;
	run_train(&run, dir, "teller", &plan, &k, c->w, e);
	*seconds = run_seconds(&run);
	run_clear(&run);
	return e->code;
}

enum status compare_open_teller(struct compare *c, struct token_run *r, enum format f, int seed, struct err *e)
{
	double seconds;

	return train(c, r, f, seed, &seconds, e);
}

static size_t sample_of(const struct compare *c)
{
	return c->o->quick ? SAMPLE_QUICK : compare_small(c) ? SAMPLE_SMALL : SAMPLE;
}

/* ---- scores ---------------------------------------------------------------------------------------- */
static enum status score(struct compare *c, struct token_run *r, struct part *p, struct err *e)
{
	uint32_t start = token_start(c->d.tok.t);
	size_t sample = sample_of(c);
	double v;

	if (token_score(&v, r->j, r->p.t.T, &c->d.dev, start, sample, 0, c->w, e))
		return e->code;
	part_put(p, v, "dev");
	if (token_score(&v, r->j, r->p.t.T, &c->d.test, start, sample, 0, c->w, e))
		return e->code;
	part_put(p, v, "test");
	v = NAN;
	if (r->p.path != JOINT_OFF &&
	    token_score(&v, r->j, r->p.t.T, &c->d.test, start, sample, TOKEN_SCORE_SHUFFLED, c->w, e))
		return e->code;
	part_put(p, v, "shuffled");
	return OK;
}

static enum status one(struct compare *c, enum format f, int seed, struct err *e)
{
	struct joint_plan plan = plan_of(c, f, c->f[f].hidden);
	char name[40];
	struct part p;
	uint64_t identity;

	plan.t.seed = c->o->seed + (uint64_t)seed;
	snprintf(name, sizeof name, "%s.%d", names[f], seed);
	identity = hash64(&c->d.hash, sizeof c->d.hash, sample_of(c));
	identity = hash64(config_of(c, &plan, c->f[f].steps).p, config_of(c, &plan, c->f[f].steps).n, identity);
	if (!part_load(&p, c->dir, name, identity)) {
		struct token_run r = { 0 };
		double seconds = 0;

		p = (struct part){ 0 };
		if (!train(c, &r, f, seed, &seconds, e)) {
			part_put(&p, seconds, "seconds");
			if (!score(c, &r, &p, e))
				part_save(&p, c->dir, name, identity, e);
		}
		token_run_close(&r);
		if (e->code)
			return err_in(e, name);
	}
	c->f[f].seconds += part_get(&p, "seconds") / c->seeds;
	c->f[f].dev[seed] = part_get(&p, "dev");
	c->f[f].test[seed] = part_get(&p, "test");
	c->f[f].shuffled[seed] = part_get(&p, "shuffled");
	return OK;
}

/* Sizes, operations and steps, before anything is trained. */
static enum status plans(struct compare *c, struct err *e)
{
	uint64_t want = size_of(c, FORMAT_TOKEN, c->shape.t.shape.hidden);
	double each = (double)c->shape.t.rows * c->shape.t.T;

	for (int f = 0; f < FORMATS; f++) {
		struct format_row *row = &c->f[f];
		struct token_run r = { .d = &c->d };
		double flops;

		row->hidden = f == FORMAT_TOKEN || f == FORMAT_LONG ? c->shape.t.shape.hidden : fit_hidden(c, f, want);
		row->params = size_of(c, f, row->hidden);
		if (!row->params)
			return err_set(e, ERR_USAGE, "no model of %d layers of %d can be made", c->shape.t.shape.layers,
			               c->shape.t.shape.width);
		r.p = plan_of(c, f, row->hidden);
		flops = token_run_flops(&r);
		if (f == FORMAT_TOKEN)
			c->budget = flops * c->o->tokens * 1e6;
		row->steps = (uint64_t)lround(c->budget / flops / each);
		row->steps = row->steps ? row->steps : 1;
		row->tokens = (double)row->steps * each;
		row->flops = row->tokens * flops;
		row->bytes = 4.0 * (double)row->params;
	}
	return OK;
}

enum status compare_tellers(struct compare *c, struct err *e)
{
	if (plans(c, e))
		return e->code;
	for (int seed = 0; seed < c->seeds; seed++)
		for (int f = 0; f < FORMATS && !e->code; f++)
			if (c->o->formats >> f & 1)
				one(c, f, seed, e);
	return e->code;
}
