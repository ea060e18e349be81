/* stage_compare.c - four formats, a core and its rivals on one library: the way through `ltm compare`.
 *
 *   in    books or a mind, options
 *   out   DIR/compare.json, compare.txt, compare.svg; DIR/mind when books were given
 *
 * Invariant: a run that is stopped goes on; one that has ended does nothing over but print.
 */
#include <math.h>
#include <unistd.h>

#include "app/compare/compare.h"
#include "io/mind.h"
#include "num/mm/mm.h"

/* Megabytes of books that --quick reads at most. */
enum { QUICK_TRAIN = 13, QUICK_DEV = 2, QUICK_TEST = 5 };

/* The mind: the one given, or one read from the books into DIR/mind. */
static enum status mind_of(struct compare *c, struct err *e)
{
	const struct compare_opts *o = c->o;
	const char *shipped = NULL;
	static const uint64_t part[3] = { QUICK_TRAIN << 20, QUICK_DEV << 20, QUICK_TEST << 20 };
	struct read_opts r = { .path = o->path, .n_path = o->n_path, .threads = o->threads, .dict = o->dict,
	                       .most = o->quick ? part : NULL };
	struct read_sum sum = { 0 };

	if (o->n_path == 1 && file_exists(mind_path(&c->mem, o->path[0], "store.db"))) {
		c->mind = o->path[0];
		return OK;
	}
	c->mind = str_printf(&c->mem, "%s/mind", c->dir).p;
	if (!o->n_path && !(shipped = library_find(&c->mem)))
		return err_set(e, ERR_USAGE, "no books given, and the shipped library is not found");
	if (shipped) {
		r.path = &shipped;
		r.n_path = 1;
		r.root = shipped;
	}
	if (dir_make(c->mind, e))
		return e->code;
	stage_read(c->mind, &r, &sum, c->w, e);
	if (e->code == ERR_PART) {
		watch_note(c->w, "%s", e->msg);
		err_clear(e);
	}
	return e->code;
}

static void shape_of(struct compare *c)
{
	const struct compare_opts *o = c->o;
	struct joint_plan *p = &c->shape;
	struct teller_shape *s = &p->t.shape;

	*s = (struct teller_shape){ .layers = o->layers ? o->layers : o->quick ? 2 : 6,
	                            .width = o->width ? o->width : o->quick ? 128 : 256, .rope_base = 10000 };
	s->heads = s->width >= 64 ? s->width / 32 : 2;
	s->hidden = (s->width * 8 / 3 + 31) / 32 * 32;
	s->vocab = (int)tokens_vocab(c->d.tok.t);
	s->context = 256;
	p->t.T = c->d.train.s.ids.n > 1 << 19 ? 2048 : 512;
	p->t.window = 256;
	p->t.rows = 2, p->t.lanes = 2;
	p->t.wide = mm_fast() ? NUM_BF16 : NUM_F32;
	p->read_at = (s->layers + 1) / 2;
	p->cross_heads = s->width >= 128 ? s->width / 64 : s->heads;
	p->registers = 4;
	p->register_dim = s->width / 4;
	p->tell = 0.1;
	p->units = p->t.T / 64;
	p->words = (int)(0.26 * p->t.T);
	c->seeds = o->seeds ? o->seeds : 1;
}

static enum status data(struct compare *c, struct err *e)
{
	struct token_source from = { .mind = c->mind, .vocab = c->o->vocab ? c->o->vocab : c->o->quick ? 4096 : 8192,
	                             .dict = c->o->dict, .echo = true };

	from.save = str_printf(&c->mem, "%s/tokenizer.ltmt", c->dir).p;
	if (file_exists(from.save))
		from.tokenizer = from.save;
	if (token_data_open(&c->d, &from, c->w, e))
		return e->code;
	if (!c->d.test.s.texts || !c->d.dev.s.texts)
		return err_set(e, ERR_USAGE, "no dev or test books among these: a comparison needs books that are set aside "
		                             "(data/ru/split.tsv, else 1 book of 10 each)");
	shape_of(c);
	return OK;
}

static enum status save(const struct compare *c, void (*put)(struct buf *, const struct compare *), const char *name, struct err *e)
{
	struct arena a = arena_open("compare");
	struct buf b = { 0 };
	enum status st;

	put(&b, c);
	st = file_save(str_printf(&a, "%s/%s", c->dir, name).p, buf_view(&b), e);
	buf_free(&b);
	arena_close(&a);
	return st;
}

static enum status way(struct compare *c, struct guesses g[SCENENET_KINDS], struct buf *out, struct err *e)
{
	if (mind_of(c, e) || data(c, e) || compare_likelihood_check(c, e) || compare_tellers(c, e) || compare_scenes(c, g, e))
		return e->code;
	if (compare_next(c, g, e) == ERR_USAGE) {	/* no book is long enough: the rest stands */
		watch_note(c->w, "%s", e->msg);
		err_clear(e);
	}
	if (e->code || save(c, compare_json, "compare.json", e) || save(c, compare_text, "compare.txt", e) ||
	    save(c, compare_svg, "compare.svg", e))
		return e->code;
	(c->o->json ? compare_json : compare_text)(out, c);
	return OK;
}

enum status stage_compare(const struct compare_opts *o, struct buf *out, const struct watch *w, struct err *e)
{
	struct compare_opts own = *o;
	struct compare *c = mem_alloc(1, sizeof *c);
	struct guesses g[SCENENET_KINDS] = { { 0 } };
	struct lock l = { -1 };

	if (own.tokens <= 0)
		own.tokens = own.quick ? 0.2 : mm_fast() ? 3 : 0.4;	/* for an hour of two cores: docs/compare.md */
	own.formats = own.formats ? own.formats | 1u << FORMAT_TOKEN | 1u << FORMAT_FRACTAL : (1u << FORMAT_LONG) - 1;
	*c = (struct compare){ .o = &own, .dir = o->dir, .mem = arena_open("compare"), .w = w };
	num_threads_set(o->threads);
	if (num_blas_warning())
		watch_note(w, "%s", num_blas_warning());
	if (!dir_make(o->dir, e) && !lock_take(&l, o->dir, e)) {
		saver_sweep(o->dir);
		way(c, g, out, e);
		lock_drop(&l);
	}
	for (int k = 0; k < SCENENET_KINDS; k++)
		guesses_clear(&g[k]);
	for (int k = 0; k < 3; k++)
		mem_free(c->z[k]), mem_free(c->side[k]), mem_free(c->slot[k]);
	token_data_close(&c->d);
	arena_close(&c->mem);
	mem_free(c);
	return e->code;
}
