/* ledger_tokens.c - trains, counts and tries the tokenizers (app/ledger/ledger_tokens.h).
 *
 *   KEEP/byte.tokens …   tokenizers kept between runs; KEEP/stages.tsv says what they were made
 *                        from, so that one trained on other texts is never used
 *
 * Books are encoded in lanes, one a book; counts are added in order of books: the same for any
 * number of threads. Every counted book is decoded again and compared, so that "reversible" is
 * found and not believed.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "app/done.h"
#include "app/ledger/ledger_tokens.h"
#include "num/num.h"
#include "order/order.h"

enum { LIMIT_TOKENS = 256 << 20, WORKS_MAX = 64 };

/* ---- training --------------------------------------------------------------------------------- */

static bool learns(const struct joined *j, size_t i)
{
	return j->whole || j->book[i].split == SPLIT_TRAIN;
}

static uint64_t inputs_of(const struct joined *j, enum tokens_scheme s, uint32_t vocab)
{
	uint64_t h = hash64(LTM_VERSION, strlen(LTM_VERSION), ((uint64_t)vocab << 8) + (uint64_t)s);

	for (size_t i = 0; i < j->n; i++)
		if (learns(j, i))
			h = hash64(j->book[i].text.p, j->book[i].text.n, h);
	return h;
}

static enum status train(struct tokenizer **out, enum tokens_scheme s, const struct joined *j,
                         uint32_t vocab, const struct dict *d, const struct watch *w, struct err *e)
{
	struct str *text = mem_alloc(j->n + 1, sizeof *text);
	struct tokens_plan p = { .scheme = s, .vocab = vocab, .dict = d };
	size_t n = 0;
	enum status st;

	for (size_t i = 0; i < j->n; i++)
		if (learns(j, i))
			text[n++] = j->book[i].text;
	st = tokens_train(out, &p, text, n, w, e);
	mem_free(text);
	return st;
}

static enum status take(struct tokenizer **out, const char *path, const struct dict *d,
                        struct err *e)
{
	struct buf bytes = { 0 };
	enum status st = file_read(&bytes, path, LIMIT_TOKENS, e);

	if (!st && (st = tokens_open(out, buf_view(&bytes), d, e)))
		err_in(e, path);
	buf_free(&bytes);
	return st;
}

/* The stage's name in stages.tsv, the file, and the hash of what it is made from. */
struct kept { const char *stage, *path; uint64_t inputs; };

static struct kept kept_of(enum tokens_scheme s, const struct joined *j, const struct ledger_opts *o,
                           struct arena *a)
{
	const char *name = tokens_scheme_name(s);

	return (struct kept){ str_printf(a, "tokens-%s", name).p,
	                      str_printf(a, "%s/%s.tokens", o->keep, name).p, inputs_of(j, s, o->vocab) };
}

/* One that does not open, or was made with another dictionary, is trained anew. */
static enum status have(struct toked *x, enum tokens_scheme s, const struct joined *j,
                        const struct ledger_opts *o, const struct dict *d, const struct watch *w,
                        struct err *e)
{
	struct arena a = arena_open("tokens");
	struct kept k = o->keep ? kept_of(s, j, o, &a) : (struct kept){ 0 };
	enum status st = OK;

	x->fresh = !o->keep || !done_is(o->keep, k.stage, k.inputs, k.path) || take(&x->t, k.path, d, NULL);
	if (x->fresh)
		st = train(&x->t, s, j, o->vocab, d, w, e);
	arena_close(&a);
	return st;
}

enum status toked_keep(const struct toked *x, const struct joined *j, const struct ledger_opts *o,
                       struct err *e)
{
	struct arena a = arena_open("tokens");
	struct buf bytes = { 0 };
	enum status st = OK;

	if (o->keep && x->fresh) {
		struct kept k = kept_of(tokens_scheme(x->t), j, o, &a);

		tokens_save(x->t, &bytes);
		if (!(st = dir_make(o->keep, e)) && !(st = file_save(k.path, buf_view(&bytes), e)))
			st = done_set(o->keep, k.stage, k.inputs, k.path, e);
	}
	buf_free(&bytes);
	arena_close(&a);
	return st;
}

/* ---- encoding --------------------------------------------------------------------------------- */

struct encoding {
	const struct toked *x;
	const struct joined *j;
	struct tokens_work *work[WORKS_MAX];
	atomic_flag busy[WORKS_MAX];
	int n_work;
	struct ids *ids;		/* [j->n] */
	bool *same;			/* [j->n] */
	atomic_size_t done;
	pthread_t owner;
	const char *stage;
	const struct watch *w;
};

static int work_take(struct encoding *c)
{
	for (;;)
		for (int i = 0; i < c->n_work; i++)
			if (!atomic_flag_test_and_set(&c->busy[i]))
				return i;
}

static bool comes_back(struct tokens_work *k, const struct ids *ids, struct str text)
{
	struct buf back = { 0 };
	struct err e = { 0 };
	bool same = !tokens_decode(k, ids->id, ids->n, &back, &e) && str_eq(buf_view(&back), text);

	buf_free(&back);
	return same;
}

static void encode_lane(void *ctx, int i)
{
	struct encoding *c = ctx;
	const struct shelf_text *b = &c->j->book[i];
	int k = work_take(c);

	if (!watch_stopped(c->w)) {
		tokens_encode(c->work[k], b->text, &c->ids[i]);
		c->same[i] = !in_part(c->j, b->split) || comes_back(c->work[k], &c->ids[i], b->text);
	}
	atomic_flag_clear(&c->busy[k]);
	atomic_fetch_add(&c->done, 1);
	if (pthread_equal(pthread_self(), c->owner))
		watch_step(c->w, "encode", (double)atomic_load(&c->done), (double)c->j->n, "books");
}

static void put_book(struct stream *s, const struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		stream_put(s, ids->id[i] + 1);
	stream_put(s, 0);
}

/* Adds up in order of books, and frees the books' ids. */
static void gather(struct toked *x, struct encoding *c, bool want_all)
{
	const struct joined *j = c->j;
	uint8_t *seen = mem_alloc((size_t)tokens_vocab(x->t) + 1, 1);

	x->same = true;
	for (size_t i = 0; i < j->n; i++) {
		struct ids *ids = &c->ids[i];

		x->same = x->same && c->same[i];
		x->positions_all += ids->n;
		for (size_t k = 0; k < ids->n; k++) {
			x->vocab_all += !seen[ids->id[k]];
			seen[ids->id[k]] = 1;
		}
		for (size_t k = 0; in_part(j, j->book[i].split) && k < ids->n; k++)
			stream_put(&x->part, ids->id[k]);
		if (want_all)
			put_book(&x->all, ids);
		if (want_all && learns(j, i))
			put_book(&x->learn, ids);
		mem_free(ids->id);
	}
	mem_free(seen);
}

static enum status encode(struct toked *x, bool want_all, const struct joined *j, int threads,
                          const struct watch *w, struct err *e)
{
	struct arena a = arena_open("encoding");
	struct encoding c = { .x = x, .j = j, .w = w, .owner = pthread_self(),
	                      .n_work = threads < WORKS_MAX ? threads : WORKS_MAX };

	c.ids = TAKE(&a, struct ids, j->n);
	c.same = TAKE(&a, bool, j->n);
	for (int i = 0; i < c.n_work; i++) {
		c.work[i] = tokens_work_open(x->t);
		atomic_flag_clear(&c.busy[i]);
	}
	num_lanes((int)j->n, c.n_work, encode_lane, &c);
	gather(x, &c, want_all);
	for (int i = 0; i < c.n_work; i++)
		tokens_work_close(c.work[i]);
	arena_close(&a);
	return watch_stopped(w) ? err_set(e, ERR_STOP, "stopped while encoding") : OK;
}

enum status toked_make(struct toked *x, enum tokens_scheme scheme, bool want_all,
                       const struct joined *j, const struct ledger_opts *o, const struct dict *d,
                       const struct watch *w, struct err *e)
{
	enum status st;

	*x = (struct toked){ 0 };
	st = have(x, scheme, j, o, d, w, e);
	return st ? st : encode(x, want_all, j, threads_of(o->threads), w, e);
}

void toked_close(struct toked *x)
{
	tokens_close(x->t);
	mem_free(x->part.id);
	mem_free(x->all.id);
	mem_free(x->learn.id);
	*x = (struct toked){ 0 };
}
