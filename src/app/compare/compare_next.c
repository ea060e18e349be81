/* compare_next.c - which scene comes next: floors, the token model's likelihood, networks of scenes, the mind's core.
 *
 *   in    a mind with its core and ranker; the trained token model; guesses of the networks
 *   out   next6-far, -near, -matched; order4; what a question costs
 *
 * Likelihood: how much more the token model expects a candidate's beginning after the last scene's end than
 * after nothing: (nats alone - nats given) / tokens, HALF tokens of each. Without the first term the
 * commonest words win. Its pairs are collected in a first pass over the questions, then scored in batches.
 *
 * The networks' guesses follow the scenes that truly stand before, so they are not asked for order4, whose
 * questions make up a past.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "app/compare/compare.h"
#include "app/learn/judge.h"
#include "io/mind.h"
#include "io/models/tellerfile.h"

enum { HALF = 128, BATCH = 64 };

/* ---- which scene of the part is a view? -------------------------------------------------------------- */
struct map {
	struct shelf { const struct strip_scene *scene; size_t n, first; } *shelf;	/* by address */
	size_t n;
};

static int by_address(const void *a, const void *b)
{
	const struct shelf *x = a, *y = b;

	return x->scene < y->scene ? -1 : x->scene > y->scene;
}

/* Shelves hold the part's books in order: all of them joined, or those of SHELF_SCENES and more. */
static void map_make(struct map *m, const struct shelves *held, const struct token_part *p, struct arena *a)
{
	size_t at = 0;
	uint32_t b = 0;

	m->shelf = TAKE(a, struct shelf, held->set.n + 1);
	for (m->n = 0; m->n < held->set.n; m->n++) {
		const struct strip *s = &held->set.shelf[m->n];

		while (!held->joined && b < p->s.texts && p->book[b + 1] - p->book[b] < SHELF_SCENES)
			b++;
		m->shelf[m->n] = (struct shelf){ s->scene, s->n, held->joined ? at : p->book[b] };
		must(m->shelf[m->n].first + s->n <= p->scenes);
		at += s->n;
		b++;
	}
	qsort(m->shelf, m->n, sizeof *m->shelf, by_address);
}

static size_t scene_of(const struct map *m, const struct view *v)
{
	size_t lo = 0, hi = m->n;

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (m->shelf[mid].scene <= v->s)
			lo = mid;
		else
			hi = mid;
	}
	return m->shelf[lo].first + (size_t)(v->s - m->shelf[lo].scene);
}

/* ---- guesses ---------------------------------------------------------------------------------------- */
struct guesser {
	const struct map *map;
	const struct guesses *g;
};

static void score_guess(const void *model, float *s, enum item_kind k, const struct question *q)
{
	const struct guesser *m = model;
	size_t at = scene_of(m->map, q->ctx[0]) + 1;

	(void)k;
	for (int i = 0; i < q->n_cand; i++)
		s[i] = guesses_score(m->g, at, scene_of(m->map, q->cand[i]));
}

/* ---- the token model's likelihood --------------------------------------------------------------------- */
struct pairs {
	pthread_mutex_t lock;
	const struct map *map;
	uint64_t *key;			/* last << 32 | cand; last NONE: the candidate alone */
	float *nats;			/* a token */
	size_t n, cap;
};
#define NONE ((uint64_t)UINT32_MAX << 32)

static void pair_add(struct pairs *p, uint64_t key)
{
	VEC_PUSH(p->key, p->n, p->cap) = key;
}

static void collect(const void *model, float *s, enum item_kind k, const struct question *q)
{
	struct pairs *p = (struct pairs *)(uintptr_t)model;
	uint64_t last = scene_of(p->map, q->ctx[0]);

	(void)k;
	pthread_mutex_lock(&p->lock);
	for (int i = 0; i < q->n_cand; i++) {
		size_t c = scene_of(p->map, q->cand[i]);

		pair_add(p, last << 32 | c);
		pair_add(p, NONE | c);
		s[i] = 0;
	}
	pthread_mutex_unlock(&p->lock);
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void unique(struct pairs *p)
{
	size_t n = 0;

	qsort(p->key, p->n, sizeof *p->key, by_key);
	for (size_t i = 0; i < p->n; i++)
		if (!i || p->key[i] != p->key[i - 1])
			p->key[n++] = p->key[i];
	p->n = n;
	p->nats = mem_alloc(n + 1, sizeof *p->nats);
}

static float nats_of(const struct pairs *p, uint64_t key)
{
	const uint64_t *at = bsearch(&key, p->key, p->n, sizeof key, by_key);

	must(at);
	return p->nats[at - p->key];
}

static void score_likelihood(const void *model, float *s, enum item_kind k, const struct question *q)
{
	const struct pairs *p = model;
	uint64_t last = scene_of(p->map, q->ctx[0]);

	(void)k;
	for (int i = 0; i < q->n_cand; i++) {
		size_t c = scene_of(p->map, q->cand[i]);

		s[i] = nats_of(p, NONE | c) - nats_of(p, last << 32 | c);
	}
}

/* The end of one scene and the beginning of another as one sequence; returns how many truths count. */
static int lay_pair(uint32_t *in, uint32_t *truth, const struct token_part *p, uint64_t key, uint32_t start)
{
	uint32_t c = (uint32_t)key, l = (uint32_t)(key >> 32);
	const uint32_t *head = p->s.ids.id + p->scene[c], *tail = NULL;
	uint64_t n_head = p->scene[c + 1] - p->scene[c], n_tail = l == UINT32_MAX ? 0 : p->scene[l + 1] - p->scene[l];
	int n = 0, from;

	n_head = n_head < HALF ? n_head : HALF;
	n_tail = n_tail < HALF ? n_tail : HALF;
	if (n_tail)
		tail = p->s.ids.id + p->scene[l + 1] - n_tail;
	memset(in, 0, 2 * HALF * sizeof *in);
	memset(truth, 0xff, 2 * HALF * sizeof *truth);
	if (!n_tail)
		in[n++] = start;
	for (uint64_t i = 0; i < n_tail; i++)
		in[n++] = tail[i];
	from = n - 1;
	for (uint64_t i = 0; i < n_head; i++) {
		if (i + 1 < n_head)
			in[n++] = head[i];
		truth[from + (int)i] = head[i];
	}
	return (int)n_head;
}

static enum status given(struct tellerfile *f, const struct compare *c, struct err *e)
{
	if (tellerfile_open(f, c->o->likelihood, c->o->dict, e))
		return e->code;
	if (!f->tok.t || f->tok.hash != c->d.tok.hash)
		err_set(e, ERR_USAGE, "%s: its tokenizer is not the comparison's (%s/tokenizer.ltmt)", c->o->likelihood, c->dir);
	if (e->code)
		tellerfile_close(f);
	return e->code;
}

enum status compare_likelihood_check(const struct compare *c, struct err *e)
{
	struct tellerfile f;

	if (c->o->likelihood && !given(&f, c, e))
		tellerfile_close(&f);
	return e->code;
}

/* A token model trained elsewhere, on the same tokens. */
static enum status open_given(struct compare *c, struct token_run *r, struct err *e)
{
	struct joint_plan p = { .path = JOINT_OFF };
	struct speak_weights to;
	struct speak_tensor t;
	struct tellerfile f;

	if (given(&f, c, e))
		return e->code;
	p.t = c->shape.t;
	p.t.shape = f.w.s;
	p.t.T = 2 * HALF;
	p.t.window = 2 * HALF;
	if (!token_run_open(r, &c->d, &p, e) && !speak_weights_of(&to, &f.w.s, joint_params(r->j), &c->mem, e)) {
		for (int i = 0; speak_tensor_at(&t, &f.w.s, i); i++)
			memcpy((float *)(uintptr_t)*speak_slot(&to, i), *speak_slot(&f.w, i),
			       t.rows * (t.cols ? t.cols : 1) * sizeof(float));
		joint_ready(r->j);
	}
	tellerfile_close(&f);
	return e->code;
}

static enum status likelihoods(struct compare *c, struct pairs *p, struct err *e)
{
	const struct token_part *part = &c->d.test;
	uint32_t start = token_start(c->d.tok.t), *in = mem_alloc(2 * BATCH * 2 * HALF, sizeof *in), *truth = in + BATCH * 2 * HALF;
	uint8_t *is = mem_alloc(BATCH * 2 * HALF, 1);
	float *nats = mem_alloc(BATCH * 2 * HALF, sizeof *nats);
	struct token_run r = { 0 };
	double began;

	unique(p);
	if (!(c->o->likelihood ? open_given(c, &r, e) : compare_open_teller(c, &r, FORMAT_TOKEN, 0, e))) {
		began = clock_now();
		for (size_t at = 0; at < p->n && !watch_stopped(c->w); at += BATCH) {
			size_t here = p->n - at < BATCH ? p->n - at : BATCH;
			int count[BATCH];

			for (size_t i = 0; i < here; i++)
				count[i] = lay_pair(in + i * 2 * HALF, truth + i * 2 * HALF, part, p->key[at + i], start);
			joint_nats(r.j, in, truth, is, NULL, (int)here, 2 * HALF, false, nats);
			for (size_t i = 0; i < here; i++) {
				double sum = 0;

				for (size_t k = 0; k < 2 * HALF; k++)
					sum += (double)nats[i * 2 * HALF + k];
				p->nats[at + i] = (float)(sum / (count[i] ? count[i] : 1));
			}
			watch_step(c->w, "likelihood", (double)(at + here), (double)p->n, "pairs");
		}
		c->token_cost = (clock_now() - began) / (double)(p->n ? p->n : 1) * 6 * threads_of(c->o->threads);
		c->token_flops = token_run_flops(&r) / 3 * 6 * 2 * HALF;
	}
	token_run_close(&r);
	mem_free(in), mem_free(is), mem_free(nats);
	return watch_stopped(c->w) ? err_set(e, ERR_STOP, "stopped; what was finished is kept in %s", c->dir) : e->code;
}

/* ---- the tables ------------------------------------------------------------------------------------------ */
static void add(struct eval_table *t, const char *key, const char *name,
                void (*score)(const void *, float *, enum item_kind, const struct question *), const void *model)
{
	t->system[t->n_system++] = (struct eval_system){ key, name, score, model };
}

struct timed {
	const struct core *core;
	pthread_mutex_t lock;
	double seconds;
	size_t n;
};

static void score_timed(const void *model, float *s, enum item_kind k, const struct question *q)
{
	struct timed *t = (struct timed *)(uintptr_t)model;
	double began = clock_now();

	score_core(t->core, s, k, q);
	began = clock_now() - began;
	pthread_mutex_lock(&t->lock);
	t->seconds += began;
	t->n++;
	pthread_mutex_unlock(&t->lock);
}

static void systems(struct eval_table *t, const struct judge *j, const struct pairs *p, const struct guesser *g,
                    struct timed *core)
{
	static const char *const name[SCENENET_KINDS] = { "LTM's resonance (network of scenes)", "Base-LCM", "Quant-LCM",
	                                                  "diffusion LCM", "k-means planner" };

	add(t, "tfidf-last", "TF-IDF, last scene", score_tfidf_last, NULL);
	add(t, "tfidf-context", "TF-IDF, decayed context", score_tfidf_context, NULL);
	add(t, "ranker", "learned shallow ranker", score_ranker, &j->ranker);
	add(t, "token", "token model's likelihood", score_likelihood, p);
	for (int k = 1; g && k <= SCENENET_KINDS; k++)
		add(t, scenenet_name(k % SCENENET_KINDS), name[k % SCENENET_KINDS], score_guess, &g[k % SCENENET_KINDS]);
	add(t, "ltm", "LTM's core", score_timed, core);
}

static enum status ask(struct compare *c, struct judge *j, const struct guesses g[SCENENET_KINDS], struct err *e)
{
	size_t most = c->o->quick ? 8 : compare_small(c) ? 16 : 40;
	struct map map;
	struct pairs p = { .map = &map };
	struct guesser by[SCENENET_KINDS];
	struct timed core = { .core = &j->core };
	struct eval_table pass = { .seed = c->o->seed, .tasks = 7u | 1u << TASK_ORDER4 };

	map_make(&map, &j->held, &c->d.test, &c->mem);
	for (int k = 0; k < SCENENET_KINDS; k++)
		by[k] = (struct guesser){ &map, &g[k] };
	pthread_mutex_init(&p.lock, NULL);
	pthread_mutex_init(&core.lock, NULL);
	add(&pass, "pairs", "pairs", collect, &p);
	if (!eval_run(&pass, &j->held.set, &j->x, most, c->w, e) && !likelihoods(c, &p, e)) {
		c->next = (struct eval_table){ .seed = c->o->seed, .tasks = 7 };
		c->order = (struct eval_table){ .seed = c->o->seed, .tasks = 1u << TASK_ORDER4 };
		systems(&c->next, j, &p, by, &core);
		systems(&c->order, j, &p, NULL, &core);
		if (!eval_run(&c->next, &j->held.set, &j->x, most, c->w, e)) {
			c->core_cost = core.seconds / (double)(core.n ? core.n : 1);
			eval_run(&c->order, &j->held.set, &j->x, most, c->w, e);
		}
	}
	mem_free(p.key), mem_free(p.nats);
	pthread_mutex_destroy(&p.lock);
	pthread_mutex_destroy(&core.lock);
	return e->code;
}

/* A mind that has not learnt yet, does so. */
static enum status prepared(struct compare *c, struct err *e)
{
	struct train_opts o = { .seed = c->o->seed, .threads = c->o->threads, .epochs = c->o->quick ? 1 : 0, .resume = true };
	bool did;

	if (file_exists(mind_path(&c->mem, c->mind, "core.safetensors")) && file_exists(mind_path(&c->mem, c->mind, "ranker.ltm")))
		return OK;
	return stage_concepts(c->mind, &did, c->w, e) ? e->code : stage_train(c->mind, &o, c->w, e);
}

enum status compare_next(struct compare *c, const struct guesses g[SCENENET_KINDS], struct err *e)
{
	struct judge *j = mem_alloc(1, sizeof *j);
	struct store *s;

	if (!prepared(c, e) && !judge_open(j, c->mind, e) && !mind_store(&s, c->mind, STORE_READ, e)) {
		shelves_open(&j->held, s, SPLIT_TEST, e);
		store_close(s);
		if (!e->code)
			ask(c, j, g, e);
	}
	judge_close(j);
	mem_free(j);
	return e->code;
}
