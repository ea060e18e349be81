/* netlab.h - a laboratory for nets: one case is laid as a float32 or a bf16 net on parameters
 * that play its inputs, and asked for values, gradients and slopes.
 *
 * An input is a tensor [rows][cols] read by net_embed with ids 0..rows-1 (float32), in cases that
 * want the wide type followed by a square net_linear. Its gradient is the tensor's. The output meets
 * fixed random weights in a loss of the laboratory's own (`probe`), unless it is a loss itself.
 */
#ifndef LTM_NETLAB_H
#define LTM_NETLAB_H

#include "check.h"
#include "num/net/net.h"

enum { LAB_IN = 4, LAB_W = 3, LAB_IDS = 4 };
struct lab_size {
	int N, D, K;			/* the case says what they mean */
};
/* What a case wants: filled by its `want` from a size. */
struct lab_want {
	struct { int rows, cols; bool wide, fixed; } in[LAB_IN];	/* fixed: no gradient */
	struct { int rows, cols; unsigned flags; double std, mean; } w[LAB_W];
};
struct lab;
struct lab_case {
	const char *name;
	void (*want)(struct lab_want *w, struct lab_size z);
	struct node *(*lay)(struct lab *l);
	bool once;			/* its inputs may have no other reader in a bf16 net */
	bool exact;			/* float32 only */
	float kink;			/* inputs are kept this far from 0 */
	double weight;			/* of a loss, not in node->loss; 0: 1 */
};
struct lab {
	const struct lab_case *c;
	struct lab_size z;
	struct lab_want want;
	struct params p;
	int in_t[LAB_IN], mix_t[LAB_IN], w[LAB_W];	/* tensors */
	struct net *t;
	struct node *in[LAB_IN];	/* for lay */
	struct node *out;		/* what lay gave (of the first of two) */
	struct node *loss[2];
	struct arena mem;
	struct fill { struct node *n; const void *v; size_t bytes; } fill[32];
	int n_fill;
	struct rng r;
};

/* Values of an input, given after the plan: copied. */
static inline void lab_fill(struct lab *l, struct node *n, const void *v, size_t bytes)
{
	void *own = arena_take(&l->mem, bytes + 1);

	memcpy(own, v, bytes);
	must(l->n_fill < 32);
	l->fill[l->n_fill++] = (struct fill){ n, own, bytes };
}
static inline struct node *lab_ids(struct lab *l, const uint32_t *id, int n)
{
	struct node *x = net_ids(l->t, n);

	lab_fill(l, x, id, (size_t)n * sizeof *id);
	return x;
}
/* ids below `below`; one in `none` is ID_NONE (0: never). */
static inline struct node *lab_random_ids(struct lab *l, int n, int below, int none)
{
	uint32_t *id = TAKE(&l->mem, uint32_t, n);

	for (int i = 0; i < n; i++)
		id[i] = none && i % none == none - 1 ? ID_NONE : (uint32_t)rng_below(&l->r, (uint64_t)below);
	return lab_ids(l, id, n);
}

/* ---- a loss: Σ r ⊙ x, r fixed ------------------------------------------------------------- */
static inline void lab_probe_forward(struct node *n)
{
	const float *r = *(float **)n->own;
	float *tmp = TAKE(&n->net->mem, float, n->in[0]->D);

	n->loss = 0;
	for (int i = 0; i < n->in[0]->N; i++)
		n->loss += num_dot(node_row(n->in[0], i, tmp), r + (size_t)i * n->in[0]->D, (size_t)n->in[0]->D);
	n->count = n->in[0]->N;
}
static inline void lab_probe_back(struct node *n)
{
	const float *r = *(float **)n->own;
	bool add;

	if (!n->in[0]->wants)
		return;
	add = node_add(n->in[0]);
	for (int i = 0; i < n->in[0]->N; i++)
		node_drow_put(n->in[0], i, r + (size_t)i * n->in[0]->D, add);
}
static const struct node_kind lab_kind_probe = {
	.name = "probe", .forward = lab_probe_forward, .back = lab_probe_back, .loss = true,
};
static inline struct node *lab_probe(struct lab *l, struct node *x, uint64_t turn)
{
	struct node *n = net_node(l->t, &lab_kind_probe, 1, 1, NUM_F32, sizeof(float *));
	struct rng r = rng_stream(77, "lab.probe", turn);
	float *v = TAKE(&l->mem, float, node_len(x));

	for (size_t i = 0; i < node_len(x); i++)
		v[i] = bf16_up(bf16_down((float)rng_normal(&r)));
	*(float **)n->own = v;
	node_in(n, x);
	return n;
}

/* ---- laying -------------------------------------------------------------------------------- */
static inline void lab_tensors(struct lab *l)
{
	char name[32];

	for (int i = 0; i < LAB_IN; i++) {
		size_t rows = (size_t)l->want.in[i].rows, cols = (size_t)l->want.in[i].cols;

		if (!rows)
			continue;
		snprintf(name, sizeof name, "in%d", i);
		l->in_t[i] = PARAMS_ADD(&l->p, name, 0, rows, cols);
		snprintf(name, sizeof name, "mix%d", i);
		l->mix_t[i] = l->want.in[i].wide ? PARAMS_ADD(&l->p, name, PARAM_PACK, cols, cols) : -1;
	}
	for (int i = 0; i < LAB_W; i++) {
		snprintf(name, sizeof name, "w%d", i);
		if (l->want.w[i].cols)
			l->w[i] = PARAMS_ADD(&l->p, name, l->want.w[i].flags, (size_t)l->want.w[i].rows,
			                     (size_t)l->want.w[i].cols);
	}
	params_alloc(&l->p, 1);
	for (int i = 0; i < LAB_IN; i++) {
		float *x;

		if (!l->want.in[i].rows)
			continue;
		params_init(&l->p, l->in_t[i], 1, 5);
		if (l->mix_t[i] >= 0)
			params_init(&l->p, l->mix_t[i], params_fan_in(&l->p, l->mix_t[i]), 5);
		x = params_w(&l->p, l->in_t[i]);
		for (size_t k = 0; k < l->p.t[l->in_t[i]].n; k++)
			if (fabsf(x[k]) < l->c->kink)
				x[k] = x[k] < 0 ? -l->c->kink : l->c->kink;
	}
	for (int i = 0; i < LAB_W; i++)
		if (l->want.w[i].cols) {
			float *x = params_w(&l->p, l->w[i]);

			params_init(&l->p, l->w[i], l->want.w[i].std, 6);
			for (size_t k = 0; k < l->p.t[l->w[i]].n; k++)
				x[k] += (float)l->want.w[i].mean;
		}
}

static inline void lab_input(struct lab *l, int i)
{
	int rows = l->want.in[i].rows, cols = l->want.in[i].cols;
	uint32_t *id = TAKE(&l->mem, uint32_t, rows);

	if (!rows)
		return;
	for (int k = 0; k < rows; k++)
		id[k] = (uint32_t)k;
	if (l->want.in[i].fixed) {
		l->in[i] = net_input(l->t, rows, cols);
		lab_fill(l, l->in[i], params_w(&l->p, l->in_t[i]), (size_t)rows * (size_t)cols * 4);
	} else {
		l->in[i] = net_embed(l->t, l->in_t[i], lab_ids(l, id, rows));
	}
	if (l->want.in[i].wide)
		l->in[i] = net_linear(l->t, l->in[i], l->mix_t[i], -1);
}

static inline void lab_refill(struct lab *l)
{
	for (int i = 0; i < l->n_fill; i++)
		memcpy(l->fill[i].n->x, l->fill[i].v, l->fill[i].bytes);
}

/* twice: the operation is laid two times on the same inputs, so that gradients are added. */
static inline void lab_open(struct lab *l, const struct lab_case *c, struct lab_size z, enum num_type wide,
                            bool train, bool twice, bool hold)
{
	*l = (struct lab){ .c = c, .z = z, .r = rng_stream(3, c->name, (uint64_t)z.N) };
	l->mem = arena_open("lab");
	c->want(&l->want, z);
	lab_tensors(l);
	l->t = net_open(&l->p, 0, wide, train);
	l->t->seed = 9, l->t->step = 4;
	for (int i = 0; i < LAB_IN; i++)
		lab_input(l, i);
	for (int k = 0; k < (twice ? 2 : 1); k++) {
		struct node *y = c->lay(l);

		if (k == 0)
			l->out = y;
		net_hold(y);
		l->loss[k] = y->kind->loss ? y : lab_probe(l, y, (uint64_t)k);
	}
	for (size_t i = 0; hold && i < l->t->n; i++)
		net_hold(l->t->node[i]);
	net_plan(l->t);
	lab_refill(l);
}
static inline void lab_close(struct lab *l)
{
	net_close(l->t);
	params_clear(&l->p);
	arena_close(&l->mem);
}
static inline double lab_forward(struct lab *l)
{
	if (l->t->wide == NUM_BF16)
		params_pack(&l->p);
	net_forward(l->t);
	return (l->loss[0]->loss + (l->loss[1] ? l->loss[1]->loss : 0)) * (l->c->weight != 0 ? l->c->weight : 1);
}
/* Gradients anew. */
static inline double lab_run(struct lab *l)
{
	double loss;

	params_zero(&l->p);
	loss = lab_forward(l);
	net_back(l->t);
	return loss;
}

/* Whether tensor t is an input without a gradient. */
static inline bool lab_fixed(const struct lab *l, int t)
{
	for (int i = 0; i < LAB_IN; i++)
		if (l->want.in[i].fixed && l->in_t[i] == t)
			return true;
	return false;
}

/* ---- slopes --------------------------------------------------------------------------------- */
static inline double lab_slope(struct lab *l, int t, const float *v, float h, float *save)
{
	size_t n = l->p.t[t].n;
	float *w = params_w(&l->p, t);
	double up, down;

	memcpy(save, w, n * 4);
	for (size_t k = 0; k < n; k++)
		w[k] = save[k] + h * v[k];
	up = lab_forward(l);
	for (size_t k = 0; k < n; k++)
		w[k] = save[k] - h * v[k];
	down = lab_forward(l);
	memcpy(w, save, n * 4);
	return (up - down) / (2 * (double)h);
}

/* Whether the gradient of tensor t, times factor, agrees with slopes measured at two step sizes
 * along random signs; their difference says how far the larger step is off, and extrapolates. */
static inline bool lab_agrees(struct lab *l, int t, double factor)
{
	size_t n = l->p.t[t].n;
	float *v = TAKE(&l->mem, float, n), *save = TAKE(&l->mem, float, n);
	/* A matrix moves every number of its output by as many steps as it has columns. */
	const float h = 0.02f / (l->p.t[t].name[0] == 'i' ? 1 : sqrtf((float)l->p.t[t].cols));

	for (int turn = 0; turn < 3; turn++) {
		double want, s1, s2, best, size;

		for (size_t k = 0; k < n; k++)
			v[k] = rng_u64(&l->r) & 1 ? 1 : -1;
		s1 = lab_slope(l, t, v, h, save);
		s2 = lab_slope(l, t, v, h / 2, save);
		best = s2 + (s2 - s1) / 3;		/* Richardson */
		lab_run(l);
		want = factor * num_dot(params_g(&l->p, 0, t), v, n);
		size = sqrt(num_sum2(params_g(&l->p, 0, t), n));
		if (!(fabs(want - best) <= 2e-3 * size + 0.2 * fabs(s2 - s1) + 1e-4))
			return false;
	}
	return true;
}

/* Distance of two arrays in L2. */
static inline double lab_far(const float *a, const float *b, size_t n)
{
	double d = 0;

	for (size_t i = 0; i < n; i++)
		d += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
	return sqrt(d);
}

#endif
