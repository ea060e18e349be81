/* train.c - teaches the core by contrast: the true next scene against far, near and matched.
 *
 *   in    shelves of training scenes, shelves to watch the progress on, a state to start from
 *   out   the core's weights, averaged over the last epochs (constant rate)
 *
 * An epoch walks the shelves in an order of its own, in chunks of about CHUNK_SCENES scenes;
 * a chunk's questions are drawn anew each epoch, turned into numbers on all threads, shuffled,
 * and learned in batches. All randomness is rng_stream(seed, name, index), so a state (epoch,
 * chunk, batch) and the weights are enough to go on to the same bits.
 */
#include <math.h>
#include <stdlib.h>

#include "model/chunk.h"

enum { SAVE_EVERY = 500, PREPARE_ITEMS = 40, DEV_ITEMS = 60 };

/* ---- vocabulary and standardisation ---- */

struct word_count { uint32_t key, n; };

static int by_count(const void *a, const void *b)
{
	const struct word_count *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->key > y->key) - (x->key < y->key);
}

static void count_seams(struct idf *t, const struct seam_word *w, int n)
{
	for (int i = 0; i < n; i++) {
		struct bag_item one = { .key = w[i].key, .count = 1 };

		idf_add(t, &one, 1);
	}
}

static void vocabulary(struct core *c, const struct shelf_set *train)
{
	struct idf t;
	struct word_count *v;
	size_t n = 0;

	idf_init(&t);
	for (size_t i = 0; i < train->n; i++)
		for (size_t k = 0; k < train->shelf[i].n; k++) {
			count_seams(&t, train->shelf[i].scene[k].first, train->shelf[i].scene[k].n_first);
			count_seams(&t, train->shelf[i].scene[k].last, train->shelf[i].scene[k].n_last);
		}
	v = mem_alloc(t.n + 1, sizeof *v);
	for (size_t i = 0; i < t.cap; i++)
		if (t.key[i])
			v[n++] = (struct word_count){ t.key[i], t.df[i] };
	qsort(v, n, sizeof *v, by_count);
	for (c->n_vocab = 0; c->n_vocab < SEAM_VOCAB && (size_t)c->n_vocab < n &&
	                     v[c->n_vocab].n >= 8; c->n_vocab++)
		c->vocab[c->n_vocab] = v[c->n_vocab].key;
	qsort(c->vocab, (size_t)c->n_vocab, sizeof *c->vocab, u32_cmp);
	mem_free(v);
	idf_clear(&t);
}

/* Adds a question's raw and relative features to sums [2·raw] of x and x². */
static void add_moments(double *sum, double *sum2, const struct core_input *in)
{
	int raw = core_raw();

	for (int f = 0; f < raw; f++) {
		double mean = 0;

		for (int i = 0; i < in->n_cand; i++)
			mean += in->raw[i * raw + f];
		mean /= in->n_cand;
		for (int i = 0; i < in->n_cand; i++) {
			double v = in->raw[i * raw + f], d = v - mean;

			sum[f] += v;
			sum2[f] += v * v;
			sum2[raw + f] += d * d;
		}
	}
}

void core_prepare(struct core *c, const struct shelf_set *train, const struct lexis_folds *x)
{
	struct arena a = arena_open("prepare");
	size_t raw = (size_t)core_raw();
	double *sum = TAKE(&a, double, 2 * raw), *sum2 = TAKE(&a, double, 2 * raw), n = 0;
	struct plan p;

	vocabulary(c, train);
	plan_make(&p, train, NULL, &a);
	for (size_t at = 0; at < p.n_chunk; at++) {
		struct chunk *k = chunk_open(train, x, true, &p, at, PREPARE_ITEMS, c->c.seed, 1u << 20,
		                             true);

		for (size_t i = 0; i < k->n; i++) {
			add_moments(sum, sum2, &k->in[i]);
			n += k->in[i].n_cand;
		}
		chunk_close(k);
	}
	for (size_t f = 0; f < 2 * raw && n > 0; f++) {
		double mean = sum[f] / n, var = sum2[f] / n - mean * mean;

		c->mean[f] = (float)mean;
		c->scale[f] = var > 1e-8 ? (float)(1 / sqrt(var)) : 0;
	}
	arena_close(&a);
}

/* ---- watching ---- */

struct score_lane { const struct core *c; const struct chunk *k; uint8_t *right; };

static void dev_lane(void *ctx, int lane)
{
	struct score_lane *s = ctx;
	const struct chunk *k = s->k;
	size_t from = num_lane_from(k->n, lane, INPUT_LANES), to = num_lane_to(k->n, lane, INPUT_LANES);

	for (size_t i = from; i < to; i++) {
		float v[CAND_MAX];
		int best = 0;

		core_scores(s->c, v, NULL, &k->in[i]);
		for (int j = 1; j < k->in[i].n_cand; j++)
			best = v[j] > v[best] ? j : best;
		s->right[i] = best == k->in[i].truth;
	}
}

/* Share of dev questions answered, by kind. */
static void dev_accuracy(double acc[KINDS], struct core *c, const struct shelf_set *dev,
                         const struct lexis_folds *x)
{
	struct arena a = arena_open("dev");
	double right[KINDS] = { 0 }, n[KINDS] = { 0 };
	struct plan p;

	plan_make(&p, dev, NULL, &a);
	for (size_t at = 0; at < p.n_chunk; at++) {
		struct chunk *k = chunk_open(dev, x, false, &p, at, DEV_ITEMS, c->c.seed, 1u << 21, true);
		struct score_lane s = { c, k, TAKE(&a, uint8_t, k->n + 1) };

		num_lanes(INPUT_LANES, 0, dev_lane, &s);
		for (size_t i = 0; i < k->n; i++) {
			n[k->in[i].kind]++;
			right[k->in[i].kind] += s.right[i];
		}
		chunk_close(k);
	}
	for (int i = 0; i < KINDS; i++)
		acc[i] = n[i] > 0 ? right[i] / n[i] : NAN;
	arena_close(&a);
}

/* ---- the loop ---- */

struct run {
	struct core *c;
	struct train_state *st;
	const struct shelf_set *train, *dev;
	const struct lexis_folds *x;
	const struct train_hooks *h;
	const struct watch *w;
	struct err *e;
	double total;			/* scenes in all epochs, for progress */
};

/* regular: at a place every run passes, not where this one was stopped. */
static enum status save(struct run *r, bool regular)
{
	return r->h && r->h->save ? r->h->save(r->h->ctx, r->c, r->st, regular, r->e) : OK;
}

static uint64_t save_every(const struct train_hooks *h)
{
	return h && h->save_every ? h->save_every : SAVE_EVERY;
}

static bool stop_now(const struct run *r)
{
	return watch_stopped(r->w) || (r->h && r->h->stop_after && r->st->step >= r->h->stop_after);
}

static enum status learn(struct run *r, const struct core_input *const *in, int n)
{
	struct core *c = r->c;
	struct adamw law = { 0.9, 0.99, 1e-8, c->c.decay };
	struct rate_law rate = { .kind = RATE_CONSTANT, .rate = c->c.rate, .warmup = 100 };
	double loss = core_batch(c, in, n, r->st->step);
	const char *bad = params_finite(&c->p);

	if (bad || !isfinite(loss))
		return err_set(r->e, ERR_NUM, "training met a number that is not finite: step %llu, "
		               "tensor %s", (unsigned long long)r->st->step, bad ? bad : "loss");
	params_clip(&c->p, 1.0);
	adamw_step(&c->p, &law, rate_at(&rate, r->st->step), r->st->step + 1);
	if (r->st->epoch * 2 >= (uint64_t)c->c.epochs)	/* the second half is averaged */
		average_ema(&r->st->avg, &c->p, 0.998);
	r->st->loss += loss;
	r->st->losses++;
	r->st->step++;
	return OK;
}

/* Batches [st->batch, …) of a chunk. */
static enum status learn_chunk(struct run *r, struct chunk *k, struct arena *a)
{
	struct core *c = r->c;
	uint32_t *at = TAKE(a, uint32_t, k->n + 1);
	const struct core_input **in = TAKE(a, const struct core_input *, (size_t)c->c.batch);
	struct rng rng = rng_stream(c->c.seed, "order.batches", r->st->epoch * 100003 + r->st->chunk);

	for (size_t i = 0; i < k->n; i++)
		at[i] = (uint32_t)i;
	rng_shuffle(&rng, at, k->n);
	for (size_t b = r->st->batch * (size_t)c->c.batch; b < k->n; b += (size_t)c->c.batch) {
		int n = (int)(k->n - b < (size_t)c->c.batch ? k->n - b : (size_t)c->c.batch);

		if (stop_now(r)) {
			if (save(r, false))
				return r->e->code;
			return err_set(r->e, ERR_STOP, "training stopped at step %llu; the state is saved",
			               (unsigned long long)r->st->step);
		}
		for (int i = 0; i < n; i++)
			in[i] = &k->in[at[b + (size_t)i]];
		if (learn(r, in, n))
			return r->e->code;
		r->st->batch++;
		if (r->st->step % save_every(r->h) == 0 && save(r, true))
			return r->e->code;
	}
	return OK;
}

static enum status epoch(struct run *r)
{
	struct rng rng = rng_stream(r->c->c.seed, "order.shelves", r->st->epoch);
	struct arena plan_mem = arena_open("plan");
	double acc[KINDS] = { NAN, NAN, NAN }, done = 0;
	struct plan p;
	enum status s = OK;

	plan_make(&p, r->train, &rng, &plan_mem);
	for (size_t at = 0; at < p.n_chunk && !s; at++) {
		struct arena a = arena_open("learn");

		if (at >= r->st->chunk) {
			struct chunk *k = chunk_open(r->train, r->x, true, &p, at,
			                             (size_t)r->c->c.per_book, r->c->c.seed,
			                             r->st->epoch, true);

			s = learn_chunk(r, k, &a);
			chunk_close(k);
			if (!s) {
				r->st->chunk++;
				r->st->batch = 0;
			}
		}
		arena_close(&a);
		done = ((double)r->st->epoch + (double)(at + 1) / (double)p.n_chunk);
		watch_step(r->w, "train", done, r->c->c.epochs, "epochs");
	}
	arena_close(&plan_mem);
	if (s)
		return s;
	if (r->dev->n) {
		if (r->st->avg.seen)
			average_swap(&r->st->avg, &r->c->p);
		dev_accuracy(acc, r->c, r->dev, r->x);
		if (r->st->avg.seen)
			average_swap(&r->st->avg, &r->c->p);
	}
	buf_printf(&r->st->log, "epoch=%llu step=%llu loss=%.5f", (unsigned long long)r->st->epoch + 1,
	           (unsigned long long)r->st->step,
	           r->st->losses ? r->st->loss / (double)r->st->losses : 0);
	for (int k = 0; k < KINDS; k++)		/* kinds that dev cannot ask are left out */
		if (isfinite(acc[k]))
			buf_printf(&r->st->log, " dev_%s=%.4f", item_kind_name(k) + strlen("next6-"), acc[k]);
	buf_char(&r->st->log, '\n');
	r->st->loss = 0;
	r->st->losses = 0;
	r->st->epoch++;
	r->st->chunk = r->st->batch = 0;
	return save(r, true);
}

uint64_t train_saves(const struct train_state *st, const struct train_hooks *h)
{
	return st->step / save_every(h) + st->epoch;
}

enum status core_train(struct core *c, struct train_state *st, const struct shelf_set *train,
                       const struct shelf_set *dev, const struct lexis_folds *x,
                       const struct train_hooks *h, const struct watch *w, struct err *e)
{
	struct run r = { .c = c, .st = st, .train = train, .dev = dev, .x = x, .h = h, .w = w, .e = e };
	size_t scenes = 0;

	for (size_t i = 0; i < train->n; i++)
		scenes = train->shelf[i].n > scenes ? train->shelf[i].n : scenes;
	if (scenes <= CONTEXT_SCENES + 1)
		return err_set(e, ERR_USAGE, "no training book is longer than %d scenes: nothing to "
		               "learn an order from", CONTEXT_SCENES + 1);
	if (!st->avg.w)
		average_init(&st->avg, &c->p);
	while (st->epoch < (uint64_t)c->c.epochs)
		if (epoch(&r))
			return e->code;
	if (st->avg.seen)
		average_swap(&st->avg, &c->p);
	return OK;
}

