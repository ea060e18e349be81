/* compare_scenes.c - the fractal reader's meanings of all scenes, the networks over them, codes and recall.
 *
 *   in    the trained fractal teller; streams with scenes; strips of the store (kinds, lemmas)
 *   out   z of every scene; a trained network of each kind, what its guesses are worth on the test books;
 *         how often a scene is found among its book's from its code
 *
 * Every rival meets the same z, from the same reader. The core also gets the scene's kinds and a read-out of
 * the field: the TF-IDF row of its lemmas, folded into FIELD numbers by signed hashing [Weinberger 2009].
 */
#include <math.h>
#include <stdlib.h>

#include "app/compare/compare.h"
#include "app/learn/run.h"
#include "io/mind.h"
#include "order/order.h"

enum { FIELD = 2048, SPANS = 8, BOOTSTRAP = 2000, SCENES = 20000, SCENES_DEV = 5000 };	/* SCENES: a million tokens */

static const struct token_part *part(const struct compare *c, int split)
{
	return split == SPLIT_TRAIN ? &c->d.train : split == SPLIT_DEV ? &c->d.dev : &c->d.test;
}

/* How many of the part's books are looked at: the first, as the budget allows, for a reader's pass over all scenes of
 * a library may take longer than a small budget's training. Test books are asked all. */
static uint32_t books_of(const struct compare *c, int split, const struct token_part *p)
{
	double budget = c->o->tokens > 0.2 ? c->o->tokens : 0.2;	/* as with --quick at least */
	double most = budget * (split == SPLIT_TRAIN ? SCENES : SCENES_DEV);
	uint32_t n = p->s.texts;

	while (split != SPLIT_TEST && n > 1 && (double)p->book[n] > most)
		n--;
	return n;
}

/* ---- registers ---------------------------------------------------------------------------------- */
/* Spans of whole scenes of one book, as many as fit. */
struct span {
	uint32_t scene, n;
};

static size_t spans_of(struct span **out, const struct token_part *p, uint32_t books, int T, int units)
{
	struct span *v = mem_alloc(p->scenes + 1, sizeof *v);
	size_t n = 0;

	for (uint32_t b = 0; b < books; b++)
		for (uint32_t i = p->book[b]; i < p->book[b + 1];) {
			uint32_t k = 1;

			while (i + k < p->book[b + 1] && (int)k < units && p->scene[i + k + 1] - p->scene[i] <= (uint64_t)T)
				k++;
			v[n++] = (struct span){ i, k };
			i += k;
		}
	*out = v;
	return n;
}

static void lay_span(uint32_t *in, uint8_t *is, const struct token_part *p, struct span s, size_t T)
{
	size_t from = p->scene[s.scene], n = p->scene[s.scene + s.n] - from;

	n = n < T ? n : T;			/* a scene longer than a span is read as far as it goes */
	memset(in, 0, T * sizeof *in);
	memset(is, 0, T);
	memcpy(in, p->s.ids.id + from, n * sizeof *in);
	memcpy(is, p->is + from, n);
	if (n < T)
		is[n] = TOKEN_SCENE | TOKEN_BOOK;
}

static enum status read_part(struct compare *c, struct token_run *r, int split, struct err *e)
{
	const struct token_part *p = part(c, split);
	int T = r->p.t.T, units = r->p.units, dims = r->p.registers * r->p.register_dim;
	uint32_t *in = mem_alloc(SPANS * (size_t)T, sizeof *in);
	uint8_t *is = mem_alloc(SPANS * (size_t)T, 1);
	float *z = mem_alloc((size_t)SPANS * (size_t)units * (size_t)dims, sizeof *z);
	struct span *s;
	size_t n = spans_of(&s, p, books_of(c, split, p), T, units);

	c->z[split] = mem_alloc((size_t)p->scenes * (size_t)dims + 1, sizeof(float));
	for (size_t at = 0; at < n && !watch_stopped(c->w); at += SPANS) {
		size_t here = n - at < SPANS ? n - at : SPANS;

		for (size_t i = 0; i < here; i++)
			lay_span(in + i * (size_t)T, is + i * (size_t)T, p, s[at + i], (size_t)T);
		joint_registers(r->j, in, is, (int)here, T, z);
		for (size_t i = 0; i < here; i++)
			memcpy(c->z[split] + (size_t)s[at + i].scene * (size_t)dims, z + i * (size_t)units * (size_t)dims,
			       (size_t)s[at + i].n * (size_t)dims * sizeof *z);
		watch_step(c->w, "registers", (double)(at + here), (double)n, "spans");
	}
	mem_free(in), mem_free(is), mem_free(z), mem_free(s);
	return watch_stopped(c->w) ? err_set(e, ERR_STOP, "stopped; what was finished is kept in %s", c->dir) : OK;
}

/* ---- kinds and field ------------------------------------------------------------------------------ */
struct strips {
	struct arena mem;
	struct strip *book;		/* [books] in order of the store */
	uint8_t *split;
	size_t n;
	struct idf idf;			/* lemmas of the training books */
};

static enum status strips_open(struct strips *s, const char *mind, struct err *e)
{
	struct book_row *row;
	struct store *st;

	*s = (struct strips){ .mem = arena_open("strips") };
	idf_init(&s->idf);
	if (mind_store(&st, mind, STORE_READ, e))
		return e->code;
	if (!store_books(st, &row, &s->n, &s->mem, e)) {
		s->book = TAKE(&s->mem, struct strip, s->n + 1);
		s->split = TAKE(&s->mem, uint8_t, s->n + 1);
		for (size_t i = 0; i < s->n && !e->code; i++) {
			struct str bytes;

			s->split[i] = row[i].split;
			if (store_strip(st, row[i].id, &bytes, &s->mem, e) || strip_open(&s->book[i], bytes, &s->mem, e))
				break;
			for (size_t k = 0; row[i].split == SPLIT_TRAIN && k < s->book[i].n; k++)
				idf_add(&s->idf, s->book[i].scene[k].bag, s->book[i].scene[k].n_bag);
		}
	}
	store_close(st);
	return e->code;
}

static void strips_close(struct strips *s)
{
	idf_clear(&s->idf);
	arena_close(&s->mem);
}

static void fold_lemmas(float *to, const struct strip_scene *s, const struct idf *idf)
{
	double len = 0;

	for (uint32_t i = 0; i < s->n_bag; i++) {
		uint64_t h = hash64(&s->bag[i].key, sizeof s->bag[i].key, 1);
		float v = (1 + logf((float)s->bag[i].count)) * idf_get(idf, s->bag[i].key);

		to[h % FIELD] += h >> 32 & 1 ? v : -v;
	}
	for (int i = 0; i < FIELD; i++)
		len += (double)to[i] * (double)to[i];
	for (int i = 0; i < FIELD && len > 0; i++)
		to[i] *= (float)(sqrt(FIELD / len));
}

/* Scenes of the part one after the other, as its tokens have them. */
static void sides(struct compare *c, int split, const struct strips *s)
{
	const struct token_part *p = part(c, split);
	uint32_t b = 0;

	c->side[split] = mem_alloc((size_t)p->scenes * FIELD + 1, sizeof(float));
	c->slot[split] = mem_alloc((size_t)p->scenes * SC_N + 1, 1);
	for (size_t i = 0; i < s->n && b < p->s.texts; i++) {
		if (s->split[i] != split)
			continue;
		for (uint32_t k = 0; p->book[b] + k < p->book[b + 1] && k < s->book[i].n; k++) {
			size_t at = p->book[b] + k;

			memcpy(c->slot[split] + at * SC_N, s->book[i].scene[k].code, SC_N);
			fold_lemmas(c->side[split] + at * FIELD, &s->book[i].scene[k], &s->idf);
		}
		b++;
	}
}

static void meanings_of(struct compare *c, int split)
{
	const struct token_part *p = part(c, split);
	struct meanings *m = &c->all[split];
	uint32_t books = books_of(c, split, p);
	uint64_t *first = TAKE(&c->mem, uint64_t, books + 1);

	for (uint32_t b = 0; b <= books; b++)
		first[b] = p->book[b];
	*m = (struct meanings){ c->shape.registers, c->shape.register_dim, p->book[books], c->z[split], SC_N, { 0 }, c->slot[split],
	                        FIELD, c->side[split], first, books };
	for (int k = 0; k < SC_N; k++)
		m->kinds[k] = kind_count(k) + 1;
}

/* Meanings are kept in DIR/meanings.SPLIT.f32, named by the reader's weights and the books. */
static bool kept_before(struct compare *c, int split, uint64_t identity)
{
	size_t bytes = (size_t)part(c, split)->scenes * (size_t)(c->shape.registers * c->shape.register_dim) * sizeof(float);
	struct buf b = { 0 };
	struct part p;
	bool good = part_load(&p, c->dir, "meanings", identity) &&
	            !file_read(&b, str_printf(&c->mem, "%s/meanings.%s.f32", c->dir, split_name((enum split)split)).p, bytes + 1, NULL) &&
	            b.n == bytes;

	if (good) {
		c->z[split] = mem_alloc(bytes / sizeof(float) + 1, sizeof(float));
		memcpy(c->z[split], b.p, bytes);
	}
	buf_free(&b);
	return good;
}

static enum status keep(struct compare *c, int split, uint64_t identity, struct err *e)
{
	size_t bytes = (size_t)part(c, split)->scenes * (size_t)(c->shape.registers * c->shape.register_dim) * sizeof(float);
	struct part p = { 0 };

	if (file_save(str_printf(&c->mem, "%s/meanings.%s.f32", c->dir, split_name((enum split)split)).p,
	              (struct str){ (const char *)c->z[split], bytes }, e))
		return e->code;
	return split == SPLIT_TEST ? part_save(&p, c->dir, "meanings", identity, e) : OK;	/* the last one */
}

/* The reader leaves its vectors in a narrow cone: what all scenes share says nothing. Each number is centred and scaled by
 * the training scenes, then each register brought to length 1 again. */
static void spread_out(struct compare *c)
{
	const struct meanings *train = &c->all[SPLIT_TRAIN];
	size_t dims = (size_t)meanings_dims(train), D = (size_t)train->dim;
	double *mean = mem_alloc(2 * dims, sizeof *mean), *var = mean + dims;

	for (size_t i = 0; i < train->n; i++)
		for (size_t d = 0; d < dims; d++)
			mean[d] += (double)train->z[i * dims + d] / (double)train->n;
	for (size_t i = 0; i < train->n; i++)
		for (size_t d = 0; d < dims; d++)
			var[d] += pow((double)train->z[i * dims + d] - mean[d], 2) / (double)train->n;
	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < c->all[k].n; i++)
			for (size_t r = 0; r < dims; r += D) {
				float *z = c->z[k] + i * dims + r;
				double len = 0;

				for (size_t d = 0; d < D; d++) {
					z[d] = (float)(((double)z[d] - mean[r + d]) / sqrt(var[r + d] + 1e-12));
					len += (double)z[d] * (double)z[d];
				}
				for (size_t d = 0; d < D && len > 0; d++)
					z[d] *= (float)(1 / sqrt(len));
			}
	mem_free(mean);
}

static uint64_t reader_identity(const struct compare *c, struct token_run *r)
{
	struct params *p = joint_params(r->j);
	uint32_t books[] = { books_of(c, SPLIT_TRAIN, part(c, SPLIT_TRAIN)), books_of(c, SPLIT_DEV, part(c, SPLIT_DEV)) };

	return hash64(books, sizeof books, hash64(p->w, p->n * sizeof *p->w, c->d.hash));
}

static enum status read_scenes(struct compare *c, struct err *e)
{
	struct token_run r = { 0 };
	struct strips s = { 0 };

	if (!compare_open_teller(c, &r, FORMAT_FRACTAL, 0, e) && !strips_open(&s, c->mind, e))
		for (int k = 0; k < 3 && !e->code; k++) {
			uint64_t identity = reader_identity(c, &r);

			sides(c, k, &s);
			if (kept_before(c, k, identity) || (!read_part(c, &r, k, e) && !keep(c, k, identity, e)))
				meanings_of(c, k);
		}
	if (!e->code)
		spread_out(c);
	if (s.n)
		strips_close(&s);
	token_run_close(&r);
	return e->code;
}

/* ---- recall ----------------------------------------------------------------------------------------- */
struct finding {
	const struct meanings *m;
	const float *as;		/* [n][dims]: what each scene is looked for with */
	size_t *right;			/* [lanes] */
	int lanes;
};

static size_t nearest(const struct meanings *m, const float *q, size_t from, size_t to)
{
	size_t dims = (size_t)meanings_dims(m), best = from;
	float top = -INFINITY;

	for (size_t i = from; i < to; i++) {	/* all z have one length: the nearest has the greatest product */
		float s = (float)num_dot(q, m->z + i * dims, dims);

		if (s > top)
			top = s, best = i;
	}
	return best;
}

static void find_lane(void *ctx, int lane)
{
	struct finding *f = ctx;
	const struct meanings *m = f->m;
	size_t dims = (size_t)meanings_dims(m);

	for (uint32_t b = (uint32_t)lane; b < m->books; b += (uint32_t)f->lanes)
		for (size_t i = (size_t)m->first[b]; i < (size_t)m->first[b + 1]; i++)
			f->right[lane] += nearest(m, f->as + i * dims, (size_t)m->first[b], (size_t)m->first[b + 1]) == i;
}

static double found(const struct meanings *m, const float *as)
{
	enum { LANES = 8 };
	size_t right[LANES] = { 0 }, sum = 0;
	struct finding f = { m, as, right, LANES };

	num_lanes(LANES, 0, find_lane, &f);
	for (int l = 0; l < LANES; l++)
		sum += right[l];
	return m->n ? (double)sum / (double)m->n : NAN;
}

static void recall(struct compare *c, int k, int stages)
{
	const struct meanings *train = &c->all[SPLIT_TRAIN], *m = &c->all[SPLIT_TEST];
	size_t dims = (size_t)meanings_dims(m);
	float *back = mem_alloc(m->n * dims + 1, sizeof *back);
	uint8_t *code;
	struct pvq q;
	double l2 = 0;

	pvq_init(&q, m->registers, m->dim, stages);
	pvq_train(&q, train->z, train->n, 10, c->o->seed);
	code = mem_alloc(m->n * (size_t)pvq_bytes(&q) + 1, 1);
	pvq_encode_all(&q, code, m->z, m->n, 4);
	for (size_t i = 0; i < m->n; i++) {
		double d = 0;

		pvq_decode(&q, back + i * dims, code + i * (size_t)pvq_bytes(&q));
		for (size_t j = 0; j < dims; j++)
			d += pow((double)(back[i * dims + j] - m->z[i * dims + j]), 2);
		l2 += sqrt(d);
	}
	c->recall[k].bytes = pvq_bytes(&q);
	c->recall[k].acc = found(m, back);
	c->recall[k].l2 = m->n ? l2 / (double)m->n : NAN;
	pvq_clear(&q);
	mem_free(back), mem_free(code);
}

static enum status recalls(struct compare *c, uint64_t identity, struct err *e)
{
	struct part p;

	c->recall_scenes = c->all[SPLIT_TEST].n;
	if (part_load(&p, c->dir, "recall", identity)) {
		for (int k = 0; k < RECALLS; k++) {
			c->recall[k].bytes = (int)part_get(&p, "bytes.%d", k);
			c->recall[k].acc = part_get(&p, "acc.%d", k);
			c->recall[k].l2 = part_get(&p, "l2.%d", k);
		}
		c->raw_recall = part_get(&p, "raw");
		return OK;
	}
	p = (struct part){ 0 };
	c->raw_recall = found(&c->all[SPLIT_TEST], c->all[SPLIT_TEST].z);
	part_put(&p, c->raw_recall, "raw");
	for (int k = 0; k < RECALLS; k++) {
		watch_step(c->w, "recall", k, RECALLS, "codes");
		recall(c, k, 2 << k);
		part_put(&p, c->recall[k].bytes, "bytes.%d", k);
		part_put(&p, c->recall[k].acc, "acc.%d", k);
		part_put(&p, c->recall[k].l2, "l2.%d", k);
	}
	return part_save(&p, c->dir, "recall", identity, e);
}

/* ---- networks ------------------------------------------------------------------------------------------ */
const char *net_name(int row)
{
	return row < SCENENET_KINDS ? scenenet_name((enum scenenet_kind)row) :
	       row == NET_VECTORS   ? "core-vectors" :
	       row == NET_COPY      ? "copy-last" : "copy-field";
}

static enum scenenet_kind kind_of(int row)
{
	return row == NET_VECTORS ? SCENENET_CORE : (enum scenenet_kind)row;
}

static struct scenenet_plan plan_of(const struct compare *c, enum scenenet_kind k, int hidden)
{
	struct scenenet_plan p = scenenet_plan_default(k);
	size_t scenes = c->all[SPLIT_TRAIN].n;

	p.seed = c->o->seed;
	p.wide = c->shape.t.wide;
	if (c->o->quick)
		p.width = 128, p.hidden = 352;
	if (hidden)
		p.hidden = hidden;
	while (p.rows > 2 && (size_t)p.rows * (size_t)p.context * 2 > scenes)
		p.rows /= 2;
	while (p.context > 8 && (size_t)p.rows * (size_t)p.context * 2 > scenes)
		p.context /= 2;
	return p;
}

/* Opens a net whose size is the core's, by its hidden width. */
static enum status open_net(struct scenenet **s, const struct compare *c, enum scenenet_kind k, uint64_t want, struct err *e)
{
	struct scenenet_plan p = plan_of(c, k, 0);
	double each = 3.0 * p.width * p.layers * (k == SCENENET_DIFFUSION ? 2 : 1);
	int hidden;

	if (scenenet_open(s, &p, &c->all[SPLIT_TRAIN], e) || !want)
		return e->code;
	hidden = p.hidden + (int)lround(((double)want - (double)scenenet_size(*s)) / each / 8) * 8;
	scenenet_close(*s);
	p = plan_of(c, k, hidden < 8 ? 8 : hidden);
	return scenenet_open(s, &p, &c->all[SPLIT_TRAIN], e);
}

static enum status teach(struct compare *c, struct scenenet *s, int k, uint64_t steps, uint64_t identity,
                         double *seconds, struct err *e)
{
	const char *dir = str_printf(&c->mem, "%s/%s", c->dir, net_name(k)).p;
	struct run_plan plan = { .steps = steps, .rate = 1e-3, .resume = true, .keep = true };
	struct run_model m = { .m = scenenet_learner(s), .kind = "scenenet", .identity = identity, .unit = "scenes",
	                       .config = str_printf(&c->mem, "{\"net\":\"%s\",\"steps\":%llu}", net_name(k),
	                                            (unsigned long long)steps),
	                       .per_epoch = scenenet_per_epoch(s), .what = net_name(k), .points = 6, .reset = scenenet_reset };
	struct scenenet_plan p = plan_of(c, kind_of(k), 0);
	struct run run;

	m.each = p.rows * p.context;
	if (dir_make(dir, e))
		return e->code;
	run_train(&run, dir, "net", &plan, &m, c->w, e);
	*seconds = run_seconds(&run);
	run_clear(&run);
	return e->code;
}

static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The core's contrast minus another's: books resampled, each with the weight of its scenes. */
static void interval(struct net_row *row, const double *core, const double *other, const struct meanings *m, uint64_t seed)
{
	struct rng r = rng_stream(seed, "compare.bootstrap", 0);
	double *v = mem_alloc(BOOTSTRAP, sizeof *v);

	for (int k = 0; k < BOOTSTRAP; k++) {
		double sum = 0, n = 0;

		for (uint32_t i = 0; i < m->books; i++) {
			uint32_t b = (uint32_t)rng_below(&r, m->books);
			double w = (double)(m->first[b + 1] - m->first[b]) - 1;

			if (w > 0)
				sum += w * (core[b] - other[b]), n += w;
		}
		v[k] = n > 0 ? sum / n : 0;
	}
	qsort(v, BOOTSTRAP, sizeof *v, by_double);
	row->lo = v[BOOTSTRAP / 40];
	row->hi = v[BOOTSTRAP - BOOTSTRAP / 40 - 1];
	mem_free(v);
}

enum { EPOCHS = 4, EPOCHS_QUICK = 2, STEPS_LEAST = 100, STEPS_LEAST_QUICK = 32 };

static enum status one_net(struct compare *c, int k, uint64_t identity, struct guesses *g, double *book, struct err *e)
{
	struct guesses_worth worth = { .book_contrast = book };
	struct net_row *row = &c->net[k], *core = &c->net[SCENENET_CORE];
	struct scenenet *s = NULL;
	uint64_t steps, least = c->o->quick ? STEPS_LEAST_QUICK : STEPS_LEAST;

	if (open_net(&s, c, kind_of(k), k == SCENENET_CORE ? 0 : core->params, e))
		return e->code;
	row->params = scenenet_size(s);
	if (k == SCENENET_CORE)
		steps = (c->o->quick ? EPOCHS_QUICK : EPOCHS) * scenenet_per_epoch(s);
	else
		steps = (uint64_t)lround(core->flops / scenenet_flops(s));
	if (steps < least && k == SCENENET_CORE)
		steps = least;
	row->flops = (double)steps * scenenet_flops(s);
	if (!teach(c, s, k, steps, hash64(&row->params, sizeof row->params, identity), &row->seconds, e)) {
		watch_step(c->w, "guess", k, SCENENET_KINDS, "nets");
		scenenet_guess(g, s, &c->all[SPLIT_TEST]);
		guesses_measure(&worth, g, &c->all[SPLIT_TEST]);
		row->l2 = worth.l2, row->contrast = worth.contrast, row->top1 = worth.top1;
	}
	scenenet_close(s);
	return e->code;
}

/* The core once more, without field and kinds: what its rivals see. */
static enum status vectors_alone(struct compare *c, uint64_t identity, double *book, struct err *e)
{
	struct meanings whole[3];
	struct guesses g = { 0 };

	memcpy(whole, c->all, sizeof whole);
	for (int k = 0; k < 3; k++)
		c->all[k].field = c->all[k].slots = 0;
	one_net(c, NET_VECTORS, identity, &g, book, e);
	guesses_clear(&g);
	memcpy(c->all, whole, sizeof whole);
	return e->code;
}

static void floor_of(struct compare *c, int k, double *book)
{
	struct guesses_worth worth = { .book_contrast = book };
	struct guesses g;

	guesses_copy(&g, &c->all[SPLIT_TEST], k == NET_FIELD);
	guesses_measure(&worth, &g, &c->all[SPLIT_TEST]);
	guesses_clear(&g);
	c->net[k] = (struct net_row){ .l2 = k == NET_FIELD ? NAN : worth.l2, .contrast = worth.contrast, .top1 = worth.top1 };
}

static enum status networks(struct compare *c, uint64_t identity, struct guesses out[SCENENET_KINDS], struct err *e)
{
	const struct meanings *m = &c->all[SPLIT_TEST];
	double *book = mem_alloc(NETS * (m->books + 1), sizeof *book);
	struct scenenet_plan p = plan_of(c, SCENENET_CORE, 0);

	for (int k = 0; k < SCENENET_KINDS && !e->code; k++)
		one_net(c, k, identity, &out[k], book + (size_t)k * m->books, e);
	if (!e->code)
		vectors_alone(c, identity, book + (size_t)NET_VECTORS * m->books, e);
	for (int k = NET_COPY; k < NETS && !e->code; k++)
		floor_of(c, k, book + (size_t)k * m->books);
	for (int k = 0; k < NETS && !e->code; k++) {
		struct net_row *row = &c->net[k];

		row->flops *= p.rows * p.context;
		row->over = c->net[SCENENET_CORE].contrast - row->contrast;
		interval(row, book, book + (size_t)k * m->books, m, c->o->seed);
	}
	mem_free(book);
	return e->code;
}

enum status compare_scenes(struct compare *c, struct guesses out[SCENENET_KINDS], struct err *e)
{
	uint64_t identity;

	if (read_scenes(c, e))
		return e->code;
	identity = hash64(c->z[SPLIT_TRAIN], c->all[SPLIT_TRAIN].n * (size_t)meanings_dims(&c->all[0]) * sizeof(float), c->d.hash);
	if (recalls(c, identity, e))
		return e->code;
	return networks(c, identity, out, e);
}
