/* node_ce.c - cross-entropy of softmax(x·Eᵀ), the output product and the loss in one.
 *
 *   in    x [N][D], E [V][D], truth [N] (ID_NONE: the row is left out and costs nothing)
 *   out   Σ -ln p[truth] over rows; in a net that trains at once dx (kept) and dE (added):
 *         d = scale·weight·(p - [v = truth]),  dx = d·E,  dE += dᵀ·x
 *
 * With other voices (net_ce_mixed): scores s [N][K+1], m [N][K] what each other voice gives the truth,
 *
 *     p = g0·p_net + Σ g_k·m_k,  g = softmax(s) over the voices that speak;  loss -ln p
 *     r0 = g0·p_net/p scales the row's d;  ds_k = scale·weight·(g_k - r_k), r the voices' shares of p
 *
 * No [N][V] of logits is ever in memory: rows are taken CHUNK at a time, and of these the logits
 * in float32 only BLOCK at a time; what the gradient needs of a chunk is bf16 (half the size)
 * in a bf16 net. The way back only hands dx on. Rows that count are packed together first.
 */
#include <math.h>

#include "num/fast.h"
#include "num/net/net.h"
#include "num/strands.h"
#include "num/mm/vec512.h"

enum { CHUNK = 256, BLOCK = 32, CE_VOICES = 16 };

struct ce {
	int V;
	double weight;
	float *nats;		/* [N] */
	int voices;		/* K; 0: none */
	float *ds;		/* [N][K+1] */
	size_t dx_bytes;
};

struct room {
	void *x;		/* [CHUNK][D] of the net's wide type: rows that count */
	float *s;		/* logits [BLOCK][V]; in a float32 net [CHUNK][V], then d */
	bf16 *d;		/* [CHUNK][V], bf16 net that trains */
	float *dx;		/* [CHUNK][D] */
	bf16 *outer;		/* scratch of mm_outer */
};

static void *cut(void *base, size_t *used, size_t bytes)
{
	void *p = base ? (char *)base + *used : NULL;

	*used += (bytes + 63) & ~(size_t)63;
	return p;
}

static size_t room_of(struct room *r, const struct node *n, void *base)
{
	const struct ce *c = n->own;
	bool half = n->net->wide == NUM_BF16, train = n->net->train;
	size_t used = 0, D = (size_t)n->in[0]->D, V = (size_t)c->V;

	*r = (struct room){ 0 };
	r->x = cut(base, &used, CHUNK * D * num_size(n->net->wide));
	r->s = cut(base, &used, (half ? BLOCK : CHUNK) * V * sizeof(float));
	if (half && train)
		r->d = cut(base, &used, CHUNK * V * sizeof(bf16));
	if (train)
		r->dx = cut(base, &used, CHUNK * D * sizeof(float));
	if (half && train)
		r->outer = cut(base, &used, mm_outer_scratch(CHUNK, c->V, (int)D) * sizeof(bf16));
	return used;
}

/* ---- a row of logits -------------------------------------------------------------------------- */
/* s becomes e^(s - top); their sum, by parts of 512 in float32, the parts in double. */
static NUM_FAST double exp_sum_loop(float *s, int n, float *topp)
{
	float top = strands_max(s, n);
	double sum = 0;

	*topp = top;
	for (int from = 0; from < n; from += 512) {
		float a[STRANDS] = { 0 };
		int to = from + 512 < n ? from + 512 : n, i = from;

		for (; i + STRANDS <= to; i += STRANDS)
			for (int k = 0; k < STRANDS; k++) {
				s[i + k] = fast_exp(s[i + k] - top);
				a[k] += s[i + k];
			}
		for (int k = 0; i < to; i++, k++) {
			s[i] = fast_exp(s[i] - top);
			a[k] += s[i];
		}
		sum += (double)strands_fold(a);
	}
	return sum;
}

static NUM_FAST void times_loop16(bf16 *d, const float *s, float f, int n)
{
	for (int i = 0; i < n; i++)
		d[i] = bf16_down(s[i] * f);
}

static double exp_sum(float *s, int n, float *top, bool half)
{
#if MM_X86
	if (half && vec512())
		return vec_exp_sum(s, n, top);
#endif
	(void)half;
	return exp_sum_loop(s, n, top);
}

static void times16(bf16 *d, const float *s, float f, int n)
{
#if MM_X86
	if (vec512()) {
		vec_times16(d, s, f, n);
		return;
	}
#endif
	times_loop16(d, s, f, n);
}

static NUM_FAST void times32(float *d, float f, int n)
{
	for (int i = 0; i < n; i++)
		d[i] *= f;
}

/* Mixes the other voices in: *nats of the net alone become those of the mixture; returns the net's share of it. */
static float mix(struct node *n, int at, float *nats, float f)
{
	struct ce *c = n->own;
	int K = c->voices;
	const float *s = (const float *)n->in[2]->x + (size_t)at * (size_t)(K + 1);
	const float *m = (const float *)n->in[3]->x + (size_t)at * (size_t)K;
	double g[CE_VOICES + 1], top = (double)s[0], sum = 0, p = 0, net = exp(-(double)*nats);

	for (int k = 0; k < K; k++)
		if (m[k] >= 0 && (double)s[k + 1] > top)
			top = (double)s[k + 1];
	for (int k = 0; k <= K; k++) {
		g[k] = k && m[k - 1] < 0 ? 0 : exp((double)s[k] - top);
		sum += g[k];
	}
	for (int k = 0; k <= K; k++) {
		g[k] /= sum;
		p += g[k] * (k ? m[k - 1] > 0 ? (double)m[k - 1] : 0 : net);
	}
	for (int k = 0; k <= K && c->ds; k++) {
		double r = p > 0 ? g[k] * (k ? m[k - 1] > 0 ? (double)m[k - 1] : 0 : net) / p : !k;

		c->ds[(size_t)at * (size_t)(K + 1) + (size_t)k] = f * (float)(g[k] - r);
	}
	if (p > 0)
		*nats = (float)-log(p);
	return p > 0 ? (float)(g[0] * net / p) : 1;
}

/* One row: its nats; in a net that trains, d16 in a bf16 net, else s itself, becomes
 * f·(p - [v = truth]). */
static float row(struct node *n, int r, float *s, bf16 *d16, uint32_t truth, float f, bool train, bool half, int V)
{
	float top, at = s[truth];
	double sum = exp_sum(s, V, &top, half);
	float p = (float)((double)s[truth] / sum), nats = (float)((double)top + log(sum) - (double)at), scale;

	if (((const struct ce *)n->own)->voices)
		f *= mix(n, r, &nats, f);
	scale = (float)((double)f / sum);

	if (train && half) {
		times16(d16, s, scale, V);
		d16[truth] = bf16_down(f * (p - 1));
	} else if (train) {
		times32(s, scale, V);
		s[truth] = f * (p - 1);
	}
	return nats;
}

/* ---- a chunk of rows that count --------------------------------------------------------------- */
static void logits(const struct node *n, const struct room *r, int from, int m)
{
	const struct ce *c = n->own;
	int D = n->in[0]->D;

	if (n->net->wide == NUM_BF16)
		mm_run(m, c->V, D, (const bf16 *)r->x + (size_t)from * D, D, params_packed(n->net->p, n->w[0], 0),
		       false, r->s, NUM_F32, c->V);
	else
		num_gemm(false, true, m, c->V, D, 1, (const float *)r->x + (size_t)from * D, D, node_weight(n, 0), D,
		         0, r->s + (size_t)from * c->V, c->V);
}

static void gradients(struct node *n, const struct room *r, int m)
{
	const struct ce *c = n->own;
	int D = n->in[0]->D, V = c->V;

	if (n->net->wide == NUM_BF16) {
		mm_outer(node_dweight(n, 0), D, r->d, V, r->x, D, m, V, D, r->outer);
		if (n->in[0]->wants)
			mm_run(m, D, V, r->d, V, params_packed(n->net->p, n->w[0], 1), false, r->dx, NUM_F32, D);
		return;
	}
	num_gemm(true, false, V, D, m, 1, r->s, V, r->x, D, 1, node_dweight(n, 0), D);
	if (n->in[0]->wants)
		num_gemm(false, false, m, D, V, 1, r->s, V, node_weight(n, 0), D, 0, r->dx, D);
}

static void put(void *to, enum num_type type, size_t row_at, int D, const float *from)
{
	if (type == NUM_F32)
		memcpy((float *)to + row_at * (size_t)D, from, (size_t)D * sizeof *from);
	else
		bf16_down_n((bf16 *)to + row_at * (size_t)D, from, (size_t)D);
}

/* The rows at[0..m-1] of x, gathered. */
static void gather(const struct node *n, const struct room *r, const int *at, int m)
{
	const struct node *x = n->in[0];
	size_t D = (size_t)x->D, size = num_size(n->net->wide);

	for (int i = 0; i < m; i++) {
		const char *from = (const char *)x->x + (size_t)at[i] * D * num_size(x->type);
		char *to = (char *)r->x + (size_t)i * D * size;

		if (x->type == n->net->wide)
			memcpy(to, from, D * size);
		else
			bf16_down_n((bf16 *)(void *)to, (const float *)(const void *)from, D);
	}
}

static void chunk(struct node *n, const struct room *r, const int *at, int m)
{
	struct ce *c = n->own;
	const uint32_t *truth = node_ids(n->in[1]);
	bool half = n->net->wide == NUM_BF16, train = n->net->train;
	float f = (float)(n->net->scale * c->weight);

	gather(n, r, at, m);
	for (int from = 0; from < m; from += BLOCK) {
		int k = m - from < BLOCK ? m - from : BLOCK;

		logits(n, r, from, k);
		for (int i = from; i < from + k; i++) {
			float *s = r->s + (size_t)(half ? i - from : i) * c->V;

			must(truth[at[i]] < (uint32_t)c->V);
			c->nats[at[i]] = row(n, at[i], s, half && train ? r->d + (size_t)i * c->V : NULL, truth[at[i]], f, train,
			                     half, c->V);
			n->loss += (double)c->nats[at[i]];
		}
	}
	n->count += m;
	if (!train)
		return;
	gradients(n, r, m);
	for (int i = 0; i < m && n->in[0]->wants; i++)
		put(n->keep, n->in[0]->type, (size_t)at[i], n->in[0]->D, r->dx + (size_t)i * n->in[0]->D);
}

static void forward(struct node *n)
{
	struct ce *c = n->own;
	const uint32_t *truth = node_ids(n->in[1]);
	int at[CHUNK], m = 0;
	struct room r;

	room_of(&r, n, n->net->work);
	n->loss = n->count = 0;
	memset(c->nats, 0, (size_t)n->in[0]->N * sizeof *c->nats);
	if (n->keep_bytes)
		memset(n->keep, 0, n->keep_bytes);
	if (c->ds)
		memset(c->ds, 0, (size_t)n->in[0]->N * (size_t)(c->voices + 1) * sizeof *c->ds);
	for (int i = 0; i < n->in[0]->N; i++) {
		if (truth[i] != ID_NONE)
			at[m++] = i;
		if (m == CHUNK || (m && i == n->in[0]->N - 1)) {
			chunk(n, &r, at, m);
			m = 0;
		}
	}
	*(float *)n->x = (float)n->loss;
}

static void voices_back(const struct node *n)
{
	const struct ce *c = n->own;
	struct node *s = n->in[2];

	if (!s->wants)
		return;
	if (node_add(s))
		num_axpy(s->dx, 1, c->ds, node_len(s));
	else
		memcpy(s->dx, c->ds, node_len(s) * sizeof(float));
}

static void back(struct node *n)
{
	struct node *x = n->in[0];
	size_t all = node_len(x);

	if (((const struct ce *)n->own)->voices)
		voices_back(n);

	if (!x->wants)
		return;
	if (!node_add(x))
		memcpy(x->dx, n->keep, all * num_size(x->type));
	else if (x->type == NUM_F32)
		num_axpy(x->dx, 1, n->keep, all);
	else
		for (size_t i = 0; i < all; i++)
			((bf16 *)x->dx)[i] = bf16_down(bf16_up(((bf16 *)x->dx)[i]) + bf16_up(((bf16 *)n->keep)[i]));
}

static const struct node_kind kind_ce = { .name = "ce", .forward = forward, .back = back, .loss = true };

struct node *net_ce(struct net *t, struct node *x, int E, struct node *truth, double weight)
{
	const struct tensor *e = &t->p->t[E];
	struct node *n = net_node(t, &kind_ce, 1, 1, NUM_F32, sizeof(struct ce));
	struct ce *c = n->own;
	struct room r;

	must(e->cols == (size_t)x->D && truth->N == x->N && !(e->flags & PARAM_ROWS));
	must(t->wide == NUM_F32 || e->flags & PARAM_PACK);	/* bf16 products read a packed E */
	must(x->type == t->wide || x->type == NUM_F32);
	c->V = (int)e->rows;
	c->weight = weight;
	c->nats = TAKE(&t->mem, float, x->N);
	node_in(n, x);
	node_in(n, truth);
	node_w(n, E);
	if (t->train && x->wants)
		n->keep_bytes = node_len(x) * num_size(x->type);
	node_work(n, room_of(&r, n, NULL));
	return n;
}

struct node *net_ce_mixed(struct net *t, struct node *x, int E, struct node *truth, struct node *s, struct node *m,
                          double weight)
{
	struct node *n = net_ce(t, x, E, truth, weight);
	struct ce *c = n->own;

	must(s->N == x->N && m->N == x->N && s->D == m->D + 1 && m->D <= CE_VOICES && s->type == NUM_F32 && !m->wants);
	node_in(n, s);
	node_in(n, m);
	c->voices = m->D;
	if (t->train)
		c->ds = TAKE(&t->mem, float, (size_t)x->N * (size_t)s->D);
	return n;
}

const float *net_ce_rows(const struct node *n)
{
	return ((const struct ce *)n->own)->nats;
}
