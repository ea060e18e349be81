/* core.c - the core's first form: how well can a scene follow a context?
 *
 *   in    a question turned into numbers (core_input)
 *   out   a score for each candidate; the softmax of scores is the choice
 *
 *   score = a_kind · field + u·x + w3·silu(W2·silu(W1·x + b1) + b2)
 *   field = Σ_k ρ^(k-1) · (d_k + o·occurs_k + l·leads_k)          φ of DESIGN.md, read at the
 *           candidate; ρ, o, l are learned with everything else
 *   x     = standardised features, the same relative to the other candidates, the kind of
 *           question, and seam = tail(last) ⊙ head(candidate): both bags of learned word and
 *           grammar vectors over the words around the seam
 *
 * Trained by softmax cross-entropy over the true scene and its wrong ones (contrast). Shapes:
 * G questions in a lane, R = Σ n_cand rows, X inputs, H1, H2 widths, D = SEAM_DIM.
 */
#include <math.h>
#include <stdlib.h>

#include "model/model.h"

enum { FIELD_RHO, FIELD_OCCURS, FIELD_LEADS, FIELD_SCALE /* 3: by kind */, FIELD_PARAMS = 6 };
enum { GRAM_IDS = 2048, SEAM_IDS = SEAM_VOCAB + GRAM_IDS, KIND_INPUTS = 3 };

int core_raw(void)
{
	return SHALLOW_N + deep_count();
}

struct core_config core_default(void)
{
	return (struct core_config){
		.seed = 1, .hidden1 = 64, .hidden2 = 32, .rate = 1.5e-3, .decay = 0.02,
		.dropout = 0.2, .epochs = 4, .batch = 256, .lanes = 8, .per_book = 1000,
	};
}

void core_init(struct core *c, const struct core_config *cfg)
{
	size_t raw = (size_t)core_raw(), h1 = (size_t)cfg->hidden1, h2 = (size_t)cfg->hidden2;

	*c = (struct core){ .c = *cfg };
	c->n_in = (int)(2 * raw + KIND_INPUTS + SEAM_DIM);
	c->i_field = PARAMS_ADD(&c->p, "field", 0, FIELD_PARAMS);
	c->i_w1 = PARAMS_ADD(&c->p, "net.1.weight", PARAM_DECAY, h1, (size_t)c->n_in);
	c->i_b1 = PARAMS_ADD(&c->p, "net.1.bias", 0, h1);
	c->i_w2 = PARAMS_ADD(&c->p, "net.2.weight", PARAM_DECAY, h2, h1);
	c->i_b2 = PARAMS_ADD(&c->p, "net.2.bias", 0, h2);
	c->i_w3 = PARAMS_ADD(&c->p, "net.3.weight", PARAM_DECAY, 1, h2);
	c->i_lin = PARAMS_ADD(&c->p, "net.linear", PARAM_DECAY, 1, (size_t)c->n_in);
	c->i_tail = PARAMS_ADD(&c->p, "seam.tail", PARAM_ROWS, SEAM_IDS, SEAM_DIM);
	c->i_head = PARAMS_ADD(&c->p, "seam.head", PARAM_ROWS, SEAM_IDS, SEAM_DIM);
	params_alloc(&c->p, cfg->lanes);
	for (int i = 0; i < 3; i++)
		params_w(&c->p, c->i_field)[FIELD_SCALE + i] = 4;
	params_w(&c->p, c->i_field)[FIELD_RHO] = 0.8f;	/* ρ = sigmoid = 0.69 */
	params_w(&c->p, c->i_field)[FIELD_OCCURS] = 0.1f;
	params_w(&c->p, c->i_field)[FIELD_LEADS] = 0.1f;
	params_init(&c->p, c->i_w1, params_fan_in(&c->p, c->i_w1), cfg->seed);
	params_init(&c->p, c->i_w2, params_fan_in(&c->p, c->i_w2), cfg->seed);
	params_init(&c->p, c->i_w3, 0.5 * params_fan_in(&c->p, c->i_w3), cfg->seed);
	params_init(&c->p, c->i_tail, 0.3, cfg->seed);
	params_init(&c->p, c->i_head, 0.3, cfg->seed);
	c->mean = mem_alloc(2 * raw, sizeof *c->mean);
	c->scale = mem_alloc(2 * raw, sizeof *c->scale);
	for (size_t i = 0; i < 2 * raw; i++)
		c->scale[i] = 1;
	c->vocab = mem_alloc(SEAM_VOCAB, sizeof *c->vocab);
}

void core_clear(struct core *c)
{
	params_clear(&c->p);
	mem_free(c->mean);
	mem_free(c->scale);
	mem_free(c->vocab);
	*c = (struct core){ 0 };
}

void core_input_make(struct core_input *in, enum item_kind kind, const struct question *q,
                     struct arena *a)
{
	int raw = core_raw(), deep = deep_count();
	float *s = TAKE(a, float, (size_t)q->n_cand * SHALLOW_N);
	float *d = TAKE(a, float, (size_t)q->n_cand * (size_t)deep);

	must(q->n_ctx > 0 && q->n_cand > 0 && q->n_cand <= CAND_MAX);
	*in = (struct core_input){ .n_cand = q->n_cand, .truth = -1, .last = q->ctx[0],
	                           .kind = kind == ITEM_FAR32 ? ITEM_FAR : kind };
	memcpy(in->cand, q->cand, sizeof in->cand);
	in->raw = TAKE(a, float, (size_t)q->n_cand * (size_t)raw);
	in->field = TAKE(a, float, (size_t)q->n_cand * CHANNELS * LAGS);
	shallow_features(s, q);
	field_features(in->field, q);
	deep_features(d, q, in->field);
	for (int i = 0; i < q->n_cand; i++) {
		memcpy(in->raw + i * raw, s + i * SHALLOW_N, SHALLOW_N * sizeof *s);
		memcpy(in->raw + i * raw + SHALLOW_N, d + i * deep, (size_t)deep * sizeof *d);
	}
}

/* ---- the seam's ids ---- */

static int vocab_find(const struct core *c, uint32_t key)
{
	int lo = 0, hi = c->n_vocab;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (c->vocab[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n_vocab && c->vocab[lo] == key ? lo : -1;
}

/* Distance from the seam in words → 0, 1, 2, 3. */
static uint32_t nearness(int i)
{
	return i < 1 ? 0 : i < 4 ? 1 : i < 12 ? 2 : 3;
}

/* Two ids a word at most: its lemma, and its grammar with its nearness to the seam. */
static int seam_ids(uint32_t *id, float *weight, const struct core *c, const struct seam_word *w,
                    int n, bool tail)
{
	int k = 0;

	for (int i = 0; i < n; i++) {
		const struct seam_word *x = &w[tail ? n - 1 - i : i];
		uint32_t gram[4] = { x->pos, x->gram & 0x9FFFu, nearness(i),
		                     x->flags & (WORD_PROPER | WORD_SPEECH) };
		int lemma = vocab_find(c, x->key);

		if (lemma >= 0) {
			id[k] = (uint32_t)lemma;
			weight[k++] = 1.0f / (1 + 0.15f * (float)i);
		}
		id[k] = SEAM_VOCAB + (uint32_t)(hash64(gram, sizeof gram, 7) % GRAM_IDS);
		weight[k++] = 1.0f / (1 + 0.15f * (float)i);
	}
	for (int i = 0; i < k; i++)
		weight[i] *= 0.3f;
	return k;
}

/* ---- one lane's forward and back ---- */

struct work {
	int G, R, X, H1, H2;
	float *x, *z1, *h1, *mask, *d1, *z2, *h2, *s, *p, *field;	/* [R][…] */
	float *tail, *head;		/* [G][D], [R][D], after tanh */
	uint32_t *tail_id, *tail_off, *head_id, *head_off;
	float *tail_w, *head_w;
	int *row, *of, *truth;		/* [G+1] first row; [R] its question; [G] */
};

static void work_take(struct work *w, const struct core *c, const struct core_input *const *in,
                      int n, struct arena *a)
{
	int R = 0;

	for (int g = 0; g < n; g++)
		R += in[g]->n_cand;
	*w = (struct work){ .G = n, .R = R, .X = c->n_in, .H1 = c->c.hidden1,
	                     .H2 = c->c.hidden2 };
	w->x = TAKE(a, float, (size_t)(R * w->X));
	w->z1 = TAKE(a, float, (size_t)(R * w->H1));
	w->h1 = TAKE(a, float, (size_t)(R * w->H1));
	w->d1 = TAKE(a, float, (size_t)(R * w->H1));
	w->mask = TAKE(a, float, (size_t)(R * w->H1));
	w->z2 = TAKE(a, float, (size_t)(R * w->H2));
	w->h2 = TAKE(a, float, (size_t)(R * w->H2));
	w->s = TAKE(a, float, (size_t)R);
	w->p = TAKE(a, float, (size_t)R);
	w->field = TAKE(a, float, (size_t)R);
	w->tail = TAKE(a, float, (size_t)(n * SEAM_DIM));
	w->head = TAKE(a, float, (size_t)(R * SEAM_DIM));
	w->tail_id = TAKE(a, uint32_t, (size_t)n * SEAM_WORDS * 2);
	w->tail_w = TAKE(a, float, (size_t)n * SEAM_WORDS * 2);
	w->tail_off = TAKE(a, uint32_t, (size_t)n + 1);
	w->head_id = TAKE(a, uint32_t, (size_t)R * SEAM_WORDS * 2);
	w->head_w = TAKE(a, float, (size_t)R * SEAM_WORDS * 2);
	w->head_off = TAKE(a, uint32_t, (size_t)R + 1);
	w->row = TAKE(a, int, (size_t)n + 1);
	w->of = TAKE(a, int, (size_t)R);
	w->truth = TAKE(a, int, (size_t)n);
}

static float sigmoid(float x)
{
	return 1 / (1 + expf(-x));
}

/* field [n_cand] of one question. */
static void field_forward(float *f, const struct core *c, const struct core_input *in)
{
	const float *w = params_w(&c->p, c->i_field);
	float rho = sigmoid(w[FIELD_RHO]);

	for (int i = 0; i < in->n_cand; i++) {
		const float *d = in->field + i * CHANNELS * LAGS;
		double sum = 0;

		for (int k = LAGS; k-- > 0;)
			sum = sum * rho + d[k] + w[FIELD_OCCURS] * d[LAGS + k] +
			      w[FIELD_LEADS] * d[2 * LAGS + k];
		f[i] = (float)sum;
	}
}

static void field_back(float *dw, const struct core *c, const struct core_input *in,
                       const float *ds, const float *f)
{
	const float *w = params_w(&c->p, c->i_field);
	float rho = sigmoid(w[FIELD_RHO]), a = w[FIELD_SCALE + in->kind];

	for (int i = 0; i < in->n_cand; i++) {
		const float *d = in->field + i * CHANNELS * LAGS;
		double slope = 0, occ = 0, lead = 0, pow_k = 1, pow_1 = 1;

		for (int k = 0; k < LAGS; k++, pow_k *= rho) {
			occ += pow_k * d[LAGS + k];
			lead += pow_k * d[2 * LAGS + k];
			if (!k)
				continue;
			slope += k * pow_1 * (d[k] + w[FIELD_OCCURS] * d[LAGS + k] +
			                      w[FIELD_LEADS] * d[2 * LAGS + k]);
			pow_1 *= rho;
		}
		dw[FIELD_SCALE + in->kind] += ds[i] * f[i];
		dw[FIELD_OCCURS] += (float)(ds[i] * a * occ);
		dw[FIELD_LEADS] += (float)(ds[i] * a * lead);
		dw[FIELD_RHO] += (float)(ds[i] * a * slope * rho * (1 - rho));
	}
}

/* Standardised inputs, the same relative to the question's mean, the kind. */
static void inputs(float *x, int X, const struct core *c, const struct core_input *in)
{
	int raw = core_raw();

	for (int f = 0; f < raw; f++) {
		double mean = 0;

		for (int i = 0; i < in->n_cand; i++)
			mean += in->raw[i * raw + f];
		mean /= in->n_cand;
		for (int i = 0; i < in->n_cand; i++) {
			float v = in->raw[i * raw + f], *o = x + (size_t)i * X;

			o[f] = (v - c->mean[f]) * c->scale[f];
			o[raw + f] = (float)(v - mean) * c->scale[raw + f];
		}
	}
	for (int i = 0; i < in->n_cand; i++)
		x[(size_t)i * X + 2 * raw + in->kind] = 1;
}

static void gather(struct work *w, const struct core *c, const struct core_input *const *in)
{
	int r = 0;

	for (int g = 0; g < w->G; g++) {
		const struct strip_scene *l = in[g]->last->s;

		w->row[g] = r;
		w->truth[g] = in[g]->truth;
		inputs(w->x + (size_t)r * w->X, w->X, c, in[g]);
		field_forward(w->field + r, c, in[g]);
		w->tail_off[g + 1] = w->tail_off[g] + (uint32_t)seam_ids(w->tail_id + w->tail_off[g],
			w->tail_w + w->tail_off[g], c, l->last, l->n_last, true);
		for (int i = 0; i < in[g]->n_cand; i++, r++) {
			const struct strip_scene *s = in[g]->cand[i]->s;

			w->of[r] = g;
			w->head_off[r + 1] = w->head_off[r] + (uint32_t)seam_ids(
				w->head_id + w->head_off[r], w->head_w + w->head_off[r], c, s->first,
				s->n_first, false);
		}
	}
	w->row[w->G] = r;
}

static void forward(struct work *w, const struct core *c, const struct core_input *const *in,
                    struct rng *drop)
{
	const struct params *p = &c->p;
	const float *f = params_w(p, c->i_field);
	int at = 2 * core_raw() + KIND_INPUTS, H1 = w->H1, H2 = w->H2;

	gather(w, c, in);
	op_bag(w->tail, params_w(p, c->i_tail), w->tail_id, w->tail_w, w->tail_off, w->G, SEAM_DIM);
	op_tanh(w->tail, w->tail, (size_t)(w->G * SEAM_DIM));
	op_bag(w->head, params_w(p, c->i_head), w->head_id, w->head_w, w->head_off, w->R, SEAM_DIM);
	op_tanh(w->head, w->head, (size_t)(w->R * SEAM_DIM));
	for (int r = 0; r < w->R; r++)
		op_mul(w->x + (size_t)r * w->X + at, w->tail + w->of[r] * SEAM_DIM,
		       w->head + r * SEAM_DIM, SEAM_DIM);
	op_linear(w->z1, w->x, params_w(p, c->i_w1), params_w(p, c->i_b1), w->R, w->X, H1);
	op_silu(w->h1, w->z1, (size_t)(w->R * H1));
	if (drop)
		op_dropout(w->d1, w->mask, w->h1, c->c.dropout, drop, (size_t)(w->R * H1));
	else
		memcpy(w->d1, w->h1, sizeof *w->d1 * (size_t)(w->R * H1));
	op_linear(w->z2, w->d1, params_w(p, c->i_w2), params_w(p, c->i_b2), w->R, H1, H2);
	op_silu(w->h2, w->z2, (size_t)(w->R * H2));
	op_linear(w->s, w->h2, params_w(p, c->i_w3), NULL, w->R, H2, 1);
	for (int r = 0; r < w->R; r++)
		w->s[r] += f[FIELD_SCALE + in[w->of[r]]->kind] * w->field[r] +
		           (float)num_dot(params_w(p, c->i_lin), w->x + (size_t)r * w->X, (size_t)w->X);
}

static void back(struct work *w, struct core *c, const struct core_input *const *in, int lane,
                 float scale, bool dropped, struct arena *a)
{
	struct params *p = &c->p;
	int at = 2 * core_raw() + KIND_INPUTS, X = w->X, H1 = w->H1, H2 = w->H2, R = w->R;
	float *ds = TAKE(a, float, (size_t)R), *dh2 = TAKE(a, float, (size_t)(R * H2));
	float *dz2 = TAKE(a, float, (size_t)(R * H2)), *dd1 = TAKE(a, float, (size_t)(R * H1));
	float *dh1 = TAKE(a, float, (size_t)(R * H1)), *dz1 = TAKE(a, float, (size_t)(R * H1));
	float *dx = TAKE(a, float, (size_t)(R * X));
	float *dtail = TAKE(a, float, (size_t)(w->G * SEAM_DIM)), *dbag = TAKE(a, float, (size_t)(w->G * SEAM_DIM));
	float *dhead = TAKE(a, float, (size_t)(R * SEAM_DIM)), *dbag2 = TAKE(a, float, (size_t)(R * SEAM_DIM));

	for (int g = 0; g < w->G; g++) {
		int r = w->row[g], k = w->row[g + 1] - r;

		op_ce_back(ds + r, w->p + r, w->truth + g, scale, 1, k);
		field_back(params_g(p, lane, c->i_field), c, in[g], ds + r, w->field + r);
	}
	op_linear_back(dh2, params_g(p, lane, c->i_w3), NULL, ds, w->h2, params_w(p, c->i_w3), R, H2, 1);
	op_silu_back(dz2, dh2, w->z2, (size_t)(R * H2));
	op_linear_back(dd1, params_g(p, lane, c->i_w2), params_g(p, lane, c->i_b2), dz2, w->d1,
	               params_w(p, c->i_w2), R, H1, H2);
	if (dropped)
		op_dropout_back(dh1, dd1, w->mask, (size_t)(R * H1));
	else
		dh1 = dd1;
	op_silu_back(dz1, dh1, w->z1, (size_t)(R * H1));
	op_linear_back(dx, params_g(p, lane, c->i_w1), params_g(p, lane, c->i_b1), dz1, w->x,
	               params_w(p, c->i_w1), R, X, H1);
	op_linear_back(dx, params_g(p, lane, c->i_lin), NULL, ds, w->x, params_w(p, c->i_lin), R, X, 1);
	for (int r = 0; r < R; r++)
		op_mul_back(dtail + w->of[r] * SEAM_DIM, dhead + r * SEAM_DIM, dx + (size_t)r * X + at,
		            w->tail + w->of[r] * SEAM_DIM, w->head + r * SEAM_DIM, SEAM_DIM);
	op_tanh_back(dbag, dtail, w->tail, (size_t)(w->G * SEAM_DIM));
	op_tanh_back(dbag2, dhead, w->head, (size_t)(R * SEAM_DIM));
	op_bag_back(params_g(p, lane, c->i_tail), params_touch(p, lane, c->i_tail), NULL, dbag,
	            params_w(p, c->i_tail), w->tail_id, w->tail_w, w->tail_off, w->G, SEAM_DIM);
	op_bag_back(params_g(p, lane, c->i_head), params_touch(p, lane, c->i_head), NULL, dbag2,
	            params_w(p, c->i_head), w->head_id, w->head_w, w->head_off, R, SEAM_DIM);
}

/* ---- batches ---- */

struct batch {
	struct core *c;
	const struct core_input *const *in;
	int n;
	uint64_t step;
	double loss[64];
};

static void lane_run(void *ctx, int lane)
{
	struct batch *b = ctx;
	struct core *c = b->c;
	int from = (int)num_lane_from((size_t)b->n, lane, c->c.lanes);
	int to = (int)num_lane_to((size_t)b->n, lane, c->c.lanes);
	bool dropped = b->step != UINT64_MAX && c->c.dropout > 0;
	struct rng drop = rng_stream(c->c.seed, "core.dropout", b->step * 64 + (uint64_t)lane);
	struct arena a = arena_open("core.lane");
	struct work w;

	b->loss[lane] = 0;
	if (from == to)
		return;
	work_take(&w, c, b->in + from, to - from, &a);
	forward(&w, c, b->in + from, dropped ? &drop : NULL);
	for (int g = 0; g < w.G; g++)
		b->loss[lane] += op_ce(w.p + w.row[g], w.s + w.row[g], w.truth + g, 1,
		                       w.row[g + 1] - w.row[g]);
	back(&w, c, b->in + from, lane, 1.0f / (float)b->n, dropped, &a);
	arena_close(&a);
}

double core_batch(struct core *c, const struct core_input *const *in, int n, uint64_t step)
{
	struct batch b = { c, in, n, step, { 0 } };
	double loss = 0;

	must(c->c.lanes <= 64);
	params_zero(&c->p);
	num_lanes(c->c.lanes, 0, lane_run, &b);
	params_reduce(&c->p);
	for (int l = 0; l < c->c.lanes; l++)
		loss += b.loss[l];
	return loss / n;
}

void core_scores(const struct core *c, float *s, float *field_only, const struct core_input *in)
{
	struct arena a = arena_open("core.scores");
	struct work w;

	work_take(&w, c, &in, 1, &a);
	forward(&w, c, &in, NULL);
	memcpy(s, w.s, sizeof *s * (size_t)in->n_cand);
	if (field_only)
		memcpy(field_only, w.field, sizeof *s * (size_t)in->n_cand);
	arena_close(&a);
}
