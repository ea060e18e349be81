/* t_net.c - nets: every kind of node against slopes, and the check against planted faults; bf16
 * against float32; the plan of memory. Attention against its definition: t_attend.c. */
#include "netlab.h"

/* ---- the cases ------------------------------------------------------------------------------ */
#define IN(i, r, c) w->in[i].rows = (r), w->in[i].cols = (c)
#define WIDE(i, r, c) IN(i, r, c), w->in[i].wide = true
#define FIXED(i, r, c) IN(i, r, c), w->in[i].fixed = true
#define TENSOR(i, r, c, f, s, m) w->w[i].rows = (r), w->w[i].cols = (c), w->w[i].flags = (f), \
	w->w[i].std = (s), w->w[i].mean = (m)
#define WANT(name, ...) static void want_##name(struct lab_want *w, struct lab_size z) { (void)z; __VA_ARGS__; }
#define LAY(name, expr) static struct node *lay_##name(struct lab *l) { return expr; }

WANT(linear, IN(0, z.N, z.D), TENSOR(0, z.K, z.D, PARAM_PACK, 0.5, 0), TENSOR(1, 1, z.K, 0, 1, 0))
LAY(linear, net_linear(l->t, l->in[0], l->w[0], l->w[1]))
LAY(linear32, net_linear32(l->t, l->in[0], l->w[0], l->w[1]))
WANT(linear_wide, WIDE(0, z.N, z.D), TENSOR(0, z.K, z.D, PARAM_PACK, 0.5, 0))
LAY(linear_wide, net_linear(l->t, l->in[0], l->w[0], -1))
WANT(linear_add, IN(0, z.N, z.K), WIDE(1, z.N, z.D), TENSOR(0, z.K, z.D, PARAM_PACK, 0.5, 0))
LAY(linear_add, net_linear_add(l->t, l->in[0], l->in[1], l->w[0]))
WANT(rmsnorm, IN(0, z.N, z.D), TENSOR(0, 1, z.D, 0, 0.3, 1))
LAY(rmsnorm, net_rmsnorm(l->t, l->in[0], l->w[0]))
WANT(rmsnorm_wide, WIDE(0, z.N, z.D), TENSOR(0, 1, z.D, 0, 0.3, 1))
WANT(swiglu, WIDE(0, z.N, 2 * z.D))
LAY(swiglu, net_swiglu(l->t, l->in[0]))

/* ids that repeat and are missing */
WANT(embed, IN(0, z.K, z.D))
static struct node *lay_embed(struct lab *l)
{
	return net_embed(l->t, l->in_t[0], lab_random_ids(l, l->z.N, l->z.K, 4));
}

/* Attention. N rows of a sequence, D numbers of a head, K heads, two sequences. */
WANT(self, WIDE(0, 2 * z.N, 3 * z.D * z.K))
static struct node *self(struct lab *l, bool causal, int window, double rope)
{
	int wide = l->z.D * l->z.K, T = l->z.N;
	struct attend a = { l->z.K, l->z.D, 0, wide, 2 * wide, T, T, causal, window, rope };

	return net_attend(l->t, l->in[0], l->in[0], l->in[0], &a, NULL);
}
LAY(causal, self(l, true, 0, 0))
LAY(causal_rope, self(l, true, 0, l->z.D % 2 ? 0 : 100))
LAY(full, self(l, false, 0, 0))
LAY(window, self(l, true, 3, 0))
/* queries and keys from different nodes, with columns that nobody reads, S != T */
WANT(cross, WIDE(0, 2 * z.N, z.D * z.K + 3), WIDE(1, 2 * (z.N + 3), 2 * z.D * z.K + 2))
static struct node *cross(struct lab *l, bool causal, double rope)
{
	int wide = l->z.D * l->z.K, T = l->z.N;
	struct attend a = { l->z.K, l->z.D, 2, 1, wide + 1, T, T + 3, causal, 0, rope };

	return net_attend(l->t, l->in[0], l->in[1], l->in[1], &a, NULL);
}
LAY(cross, cross(l, false, 0))
LAY(cross_causal, cross(l, true, l->z.D % 2 ? 0 : 1000))
/* keys and values are the same columns; S < T, so that the first queries see nothing */
WANT(short, WIDE(0, 2 * (z.N + 2), z.D * z.K), WIDE(1, 2 * z.N, z.D * z.K))
static struct node *lay_short(struct lab *l)
{
	struct attend a = { l->z.K, l->z.D, 0, 0, 0, l->z.N + 2, l->z.N, true, 0, 0 };

	return net_attend(l->t, l->in[0], l->in[1], l->in[1], &a, NULL);
}
/* ranges: empty, one key, overlapping, all */
WANT(ranges, WIDE(0, z.N, z.D * z.K), WIDE(1, z.N + 4, z.D * z.K), WIDE(2, z.N + 4, z.D * z.K))
static struct node *ranges(struct lab *l, double rope)
{
	struct attend a = { l->z.K, l->z.D, 0, 0, 0, 7, 5, true, 0, rope };
	int N = l->z.N, S = N + 4;
	uint32_t *id = TAKE(&l->mem, uint32_t, 2 * N);

	for (int n = 0; n < N; n++) {
		uint32_t from = (uint32_t)rng_below(&l->r, (uint64_t)S), len = n % 4 == 0 ? 0 : n % 4 == 1 ? 1 :
			n % 4 == 2 ? (uint32_t)S : (uint32_t)rng_below(&l->r, 20);

		id[2 * n] = from;
		id[2 * n + 1] = from + len < (uint32_t)S ? from + len : (uint32_t)S;
	}
	if (N == 1)
		id[1] = (uint32_t)S, id[0] = 0;
	return net_attend(l->t, l->in[0], l->in[1], l->in[2], &a, lab_ids(l, id, 2 * N));
}
LAY(ranges, ranges(l, 0))
LAY(ranges_rope, ranges(l, l->z.D % 2 ? 0 : 50))

WANT(ce, IN(0, z.N, z.D), TENSOR(0, 3 * z.K, z.D, PARAM_PACK, 0.5, 0))
LAY(ce, net_ce(l->t, l->in[0], l->w[0], lab_random_ids(l, l->z.N, 3 * l->z.K, l->z.N > 1 ? 3 : 0), 0.7))
/* Three other voices, some silent, some sure of another token. */
WANT(ce_mixed, IN(0, z.N, z.D), IN(1, z.N, 4), TENSOR(0, 3 * z.K, z.D, PARAM_PACK, 0.5, 0))
static struct node *lay_ce_mixed(struct lab *l)
{
	struct node *m = net_input(l->t, l->z.N, 3), *truth = lab_random_ids(l, l->z.N, 3 * l->z.K, l->z.N > 1 ? 3 : 0);
	float *v = TAKE(&l->mem, float, 3 * l->z.N);

	for (int i = 0; i < 3 * l->z.N; i++)
		v[i] = i % 4 == 1 ? -1 : i % 7 == 2 ? 0 : (float)rng_unit(&l->r);
	lab_fill(l, m, v, 3 * (size_t)l->z.N * sizeof *v);
	return net_ce_mixed(l->t, l->in[0], l->w[0], truth, l->in[1], m, 0.7);
}
WANT(ce_wide, WIDE(0, z.N, z.D), TENSOR(0, 3 * z.K, z.D, PARAM_PACK, 0.5, 0))

/* Curves: of float32 and of the wide type. */
WANT(plain, IN(0, z.N, z.D))
WANT(wide, WIDE(0, z.N, z.D))
LAY(gelu, net_gelu(l->t, l->in[0]))
LAY(silu, net_silu(l->t, l->in[0]))
LAY(tanh, net_tanh(l->t, l->in[0]))
LAY(relu, net_relu(l->t, l->in[0]))
WANT(layernorm, IN(0, z.N, z.D), TENSOR(0, 1, z.D, 0, 0.3, 1), TENSOR(1, 1, z.D, 0, 1, 0))
LAY(layernorm, net_layernorm(l->t, l->in[0], l->w[0], l->w[1]))
WANT(layernorm_wide, WIDE(0, z.N, z.D), TENSOR(0, 1, z.D, 0, 0.3, 1), TENSOR(1, 1, z.D, 0, 1, 0))
LAY(l2norm, net_l2norm(l->t, l->in[0]))
LAY(dropout, net_dropout(l->t, l->in[0], 0.3))
WANT(two, IN(0, z.N, z.D), IN(1, z.N, z.D))
WANT(two_wide, WIDE(0, z.N, z.D), WIDE(1, z.N, z.D))
WANT(two_mixed, IN(0, z.N, z.D), WIDE(1, z.N, z.D))
LAY(add, net_add(l->t, l->in[0], l->in[1]))
LAY(add_self, net_add(l->t, l->in[0], l->in[0]))
LAY(mul, net_mul(l->t, l->in[0], l->in[1]))
LAY(mul_self, net_mul(l->t, l->in[0], l->in[0]))
LAY(scale, net_scale(l->t, l->in[0], -1.7))
WANT(cols, WIDE(0, z.N, z.D + 3))
LAY(cols, net_cols(l->t, l->in[0], 2, l->z.D))
WANT(join, IN(0, z.N, z.D), IN(1, z.N, z.K))
WANT(join_wide, WIDE(0, z.N, z.D), WIDE(1, z.N, z.K))
LAY(join, net_join(l->t, l->in[0], l->in[1]))
WANT(gather, IN(0, z.K + 2, z.D))
WANT(gather_wide, WIDE(0, z.K + 2, z.D))
LAY(gather, net_gather(l->t, l->in[0], lab_random_ids(l, l->z.N, l->z.K + 2, 4)))
/* stretches that overlap, one of one row, one empty */
static struct node *lay_mean(struct lab *l)
{
	uint32_t K = (uint32_t)l->z.K, id[8] = { 0, K + 2, 1, 2, 2, 2, K > 1 ? 1 : 0, K };

	return net_mean(l->t, l->in[0], lab_ids(l, id, 8));
}
WANT(scores, IN(0, z.N, z.D), IN(1, z.K, z.D))
WANT(scores_wide, WIDE(0, z.N, z.D), WIDE(1, z.K, z.D))
LAY(scores, net_scores(l->t, l->in[0], l->in[1], 0.4))
LAY(scores_self, net_scores(l->t, l->in[0], l->in[0], 0.4))
LAY(choice, net_choice(l->t, l->in[0], lab_random_ids(l, l->z.N, l->z.D, l->z.N > 1 ? 3 : 0), 0.6))
WANT(square, IN(0, z.N, z.N))
LAY(nce, net_nce(l->t, l->in[0], 1.3))
LAY(mse, net_mse(l->t, l->in[0], l->in[1], NULL, 0.8))
WANT(mse_rows, IN(0, z.N, z.D), WIDE(1, z.N, z.D), FIXED(2, z.N, 1))
LAY(mse_rows, net_mse(l->t, l->in[0], l->in[1], l->in[2], 1))
/* labels in 0..1, some missing */
WANT(bce, IN(0, z.N, z.D))
static struct node *lay_bce(struct lab *l)
{
	struct node *y = net_input(l->t, l->z.N, l->z.D);
	float *v = TAKE(&l->mem, float, node_len(y));

	for (size_t i = 0; i < node_len(y); i++)
		v[i] = i % 5 == 3 ? -1 : (float)rng_unit(&l->r);
	lab_fill(l, y, v, node_len(y) * 4);
	return net_bce(l->t, l->in[0], y, 0.9);
}
WANT(blend, IN(0, z.N * z.K, z.D), IN(1, z.N, z.K))
LAY(blend, net_blend(l->t, l->in[0], l->in[1]))
WANT(modulate, IN(0, 3 * z.N, z.D), IN(1, z.N, 2 * z.D))
WANT(modulate_wide, WIDE(0, 3 * z.N, z.D), WIDE(1, z.N, 2 * z.D))
LAY(modulate, net_modulate(l->t, l->in[0], l->in[1], 3))

#define CASE(n, w, ...) { .name = #n, .want = want_##w, .lay = lay_##n, __VA_ARGS__ }
#define ALSO(n, w, ...) { .name = #n " of " #w, .want = want_##w, .lay = lay_##n, __VA_ARGS__ }
static const struct lab_case cases[] = {
	CASE(linear, linear),
	CASE(linear32, linear),
	CASE(linear_wide, linear_wide),
	CASE(linear_add, linear_add),
	CASE(rmsnorm, rmsnorm),
	ALSO(rmsnorm, rmsnorm_wide),
	CASE(swiglu, swiglu, .once = true),
	CASE(embed, embed),
	CASE(causal, self),
	CASE(causal_rope, self),
	CASE(full, self),
	CASE(window, self),
	CASE(cross, cross),
	CASE(cross_causal, cross),
	CASE(short, short),
	CASE(ranges, ranges),
	CASE(ranges_rope, ranges),
	CASE(ce, ce, .weight = 0.7),
	ALSO(ce, ce_wide, .weight = 0.7), CASE(ce_mixed, ce_mixed, .weight = 0.7),
	CASE(gelu, plain), ALSO(gelu, wide),
	CASE(silu, plain), ALSO(silu, wide),
	CASE(tanh, plain), ALSO(tanh, wide),
	CASE(relu, plain, .kink = 0.1f),
	CASE(layernorm, layernorm), ALSO(layernorm, layernorm_wide),
	CASE(l2norm, plain), ALSO(l2norm, wide),
	CASE(dropout, plain), ALSO(dropout, wide),
	CASE(add, two), ALSO(add, two_wide), ALSO(add, two_mixed),
	CASE(add_self, plain), ALSO(add_self, wide),
	CASE(mul, two), ALSO(mul, two_wide), ALSO(mul, two_mixed),
	CASE(mul_self, wide),
	CASE(scale, plain), ALSO(scale, wide),
	CASE(cols, cols),
	CASE(join, join), ALSO(join, join_wide),
	CASE(gather, gather), ALSO(gather, gather_wide),
	CASE(mean, gather), ALSO(mean, gather_wide),
	CASE(scores, scores), ALSO(scores, scores_wide),
	CASE(scores_self, wide),
	CASE(choice, plain, .weight = 0.6), ALSO(choice, wide, .weight = 0.6),
	CASE(nce, square, .weight = 1.3),
	CASE(mse, two, .weight = 0.8), ALSO(mse, two_wide, .weight = 0.8),
	CASE(mse_rows, mse_rows),
	CASE(bce, bce, .weight = 0.9), ALSO(bce, wide, .weight = 0.9),
	CASE(blend, blend),
	CASE(modulate, modulate), ALSO(modulate, modulate_wide),
};
enum { N_CASE = sizeof cases / sizeof *cases };

static const struct lab_size sizes[] = { { 1, 1, 1 }, { 1, 6, 2 }, { 7, 1, 3 }, { 3, 12, 5 }, { 31, 8, 1 },
	{ 33, 31, 2 }, { 65, 4, 3 }, { 130, 6, 1 } };
enum { N_SIZE = sizeof sizes / sizeof *sizes, BIG = 5 };

/* ---- gradients ------------------------------------------------------------------------------ */
static void t_gradients(void **state)
{
	(void)state;
	for (int c = 0; c < N_CASE; c++)
		for (int s = 0; s < N_SIZE; s++) {
			struct lab l;

			lab_open(&l, &cases[c], sizes[s], NUM_F32, true, s % 2, false);
			for (int t = 0; t < (int)l.p.n_t; t++)
				if (!lab_fixed(&l, t) && !lab_agrees(&l, t, 1))
					fail_msg("%s: gradient of %s is wrong on [%d %d %d]", cases[c].name,
					         l.p.t[t].name, sizes[s].N, sizes[s].D, sizes[s].K);
			lab_close(&l);
		}
}

/* The check sees a gradient with the wrong sign, missing, or 5 % off. */
static void t_gradients_catch(void **state)
{
	static const double wrong[] = { -1, 0, 1.05, 0.95 };

	(void)state;
	for (int c = 0; c < N_CASE; c++)
		for (int f = 0; f < 4; f++) {
			struct lab l;

			lab_open(&l, &cases[c], sizes[BIG], NUM_F32, true, false, false);
			for (int t = 0; t < (int)l.p.n_t; t++)
				if (!lab_fixed(&l, t) && lab_agrees(&l, t, wrong[f]))
					fail_msg("%s: %s times %g went unseen", cases[c].name, l.p.t[t].name,
					         wrong[f]);
			lab_close(&l);
		}
}

/* Faults planted into a kind itself: the way back of one input negated, or left out for the last
 * third of its rows. */
static struct fault {
	const struct node_kind *kind;
	int in;
	bool negate;
} fault;

static void fault_back(struct node *n)
{
	struct node *x = n->in[fault.in];
	size_t from = fault.negate ? 0 : (size_t)(x->N - (x->N + 2) / 3) * (size_t)x->D;

	must(!x->written && x->type == NUM_F32);
	fault.kind->back(n);
	for (size_t i = from; i < node_len(x); i++)
		((float *)x->dx)[i] *= fault.negate ? -1 : 0;
}

static bool fault_seen(const struct lab_case *c, int in, bool negate)
{
	struct node_kind kind;
	struct lab l;
	bool seen = false;

	lab_open(&l, c, sizes[BIG], NUM_F32, true, false, false);
	if (in < l.out->n_in && l.out->in[in]->wants) {
		fault = (struct fault){ l.out->kind, in, negate };
		kind = *l.out->kind;
		kind.back = fault_back;
		l.out->kind = &kind;
		for (int t = 0; t < (int)l.p.n_t && !seen; t++)
			seen = !lab_fixed(&l, t) && !lab_agrees(&l, t, 1);
	} else {
		seen = true;
	}
	lab_close(&l);
	return seen;
}

static void t_faults_are_caught(void **state)
{
	(void)state;
	for (int c = 0; c < N_CASE; c++)
		for (int in = 0; in < 3; in++)
			for (int negate = 0; negate < 2; negate++)
				if (!fault_seen(&cases[c], in, negate))
					fail_msg("%s: a planted fault in input %d went unseen", cases[c].name, in);
}

/* ---- bf16 against float32 -------------------------------------------------------------------- */
/* Within 2 % of each; a gradient that is nothing but rounding, within 0.3 % of the largest. */
static void compare_types(const struct lab_case *c, struct lab_size z, bool twice)
{
	struct lab a, b;
	double far, size, most = 0;
	float *y, *tmp;

	lab_open(&a, c, z, NUM_F32, true, twice, false);
	lab_open(&b, c, z, NUM_BF16, true, twice, false);
	lab_run(&a);
	lab_run(&b);
	y = TAKE(&a.mem, float, node_len(b.out));
	tmp = TAKE(&a.mem, float, b.out->D);
	for (int i = 0; i < b.out->N; i++)
		memcpy(y + (size_t)i * b.out->D, node_row(b.out, i, tmp), (size_t)b.out->D * 4);
	far = lab_far(y, a.out->x, node_len(b.out));
	size = sqrt(num_sum2(a.out->x, node_len(b.out)));
	if (!(far <= 0.02 * size))
		fail_msg("%s: bf16 values are %.2g of %.2g from float32 on [%d %d %d]", c->name, far, size, z.N,
		         z.D, z.K);
	for (int t = 0; t < (int)a.p.n_t; t++)
		most = fmax(most, sqrt(num_sum2(params_g(&a.p, 0, t), a.p.t[t].n)));
	for (int t = 0; t < (int)a.p.n_t; t++) {
		far = lab_far(params_g(&b.p, 0, t), params_g(&a.p, 0, t), a.p.t[t].n);
		size = sqrt(num_sum2(params_g(&a.p, 0, t), a.p.t[t].n));
		if (!(far <= 0.02 * size + 0.003 * most))
			fail_msg("%s: bf16 gradient of %s is %.2g of %.2g from float32 on [%d %d %d]", c->name,
			         a.p.t[t].name, far, size, z.N, z.D, z.K);
	}
	lab_close(&a);
	lab_close(&b);
}

static void t_bf16(void **state)
{
	static const struct lab_size z[] = { { 1, 6, 2 }, { 31, 8, 3 }, { 33, 31, 2 }, { 65, 32, 2 },
		{ 130, 6, 1 }, { 300, 34, 1 } };

	(void)state;
	for (int c = 0; c < N_CASE; c++)
		for (size_t s = 0; s < sizeof z / sizeof *z; s++)
			if (!cases[c].exact)
				compare_types(&cases[c], z[s], s % 2 && !cases[c].once);
}

/* ---- the same bits again: nothing of an earlier run, and nothing unwritten, is read ----------- */
static void same_again(struct lab *l, const char *name)
{
	float *g = TAKE(&l->mem, float, l->p.n);
	double loss = lab_run(l);

	memcpy(g, l->p.g, l->p.n * sizeof *g);
	for (int turn = 0; turn < 2; turn++) {
		if (turn) {		/* every byte of the plan becomes part of a NaN */
			memset(l->t->block, 0xFF, l->t->bytes);
			lab_refill(l);
		}
		if (lab_run(l) != loss || memcmp(g, l->p.g, l->p.n * sizeof *g))
			fail_msg("%s: run again %sgives other bits", name, turn ? "on poisoned memory " : "");
	}
}

static void t_again(void **state)
{
	(void)state;
	for (int c = 0; c < N_CASE; c++)
		for (int s = 0; s < N_SIZE; s++) {
			struct lab l;

			lab_open(&l, &cases[c], sizes[s], s % 2 ? NUM_F32 : NUM_BF16, true, s % 4 == 1, false);
			same_again(&l, cases[c].name);
			lab_close(&l);
		}
}

/* ---- a small decoder: the plan of memory --------------------------------------------------------- */
enum { LAYERS_MAX = 24 };
struct decoder_shape {
	int layers, width, heads, hidden, vocab, T, sequences;
	double drop;
};

static void decoder_tensors(struct lab *l, const struct decoder_shape *d, int (*w)[6], int *embed, int *last)
{
	size_t D = (size_t)d->width, H = (size_t)d->hidden;
	char name[32];

	*embed = PARAMS_ADD(&l->p, "embed", PARAM_PACK, (size_t)d->vocab, D);
	*last = PARAMS_ADD(&l->p, "norm", 0, D);
	for (int i = 0; i < d->layers; i++) {
		static const char *const what[6] = { "att_norm", "qkv", "att_out", "ffn_norm", "gate_up", "down" };
		size_t shape[6][2] = { { 1, D }, { 3 * D, D }, { D, D }, { 1, D }, { 2 * H, D }, { D, H } };

		for (int k = 0; k < 6; k++) {
			snprintf(name, sizeof name, "layer.%d.%s", i, what[k]);
			w[i][k] = PARAMS_ADD(&l->p, name, k % 3 ? PARAM_PACK : 0, shape[k][0], shape[k][1]);
		}
	}
	params_alloc(&l->p, 1);
	for (int t = 0; t < (int)l->p.n_t; t++)
		if (l->p.t[t].flags & PARAM_PACK)
			params_init(&l->p, t, t == *embed ? 0.7 : params_fan_in(&l->p, t), 3);
		else
			params_fill(&l->p, t, 1);
}

static struct node *decoder_lay(struct lab *l, const struct decoder_shape *d, int (*w)[6], int embed, int last)
{
	int D = d->width, head = D / d->heads, N = d->T * d->sequences;
	struct attend a = { d->heads, head, 0, D, 2 * D, d->T, d->T, true, 0, 10000 };
	struct node *x = net_embed(l->t, embed, lab_random_ids(l, N, d->vocab, 0)), *y;

	x = net_dropout(l->t, x, d->drop);
	for (int i = 0; i < d->layers; i++) {
		y = net_linear(l->t, net_rmsnorm(l->t, x, w[i][0]), w[i][1], -1);
		x = net_linear_add(l->t, x, net_attend(l->t, y, y, y, &a, NULL), w[i][2]);
		y = net_swiglu(l->t, net_linear(l->t, net_rmsnorm(l->t, x, w[i][3]), w[i][4], -1));
		x = net_linear_add(l->t, x, net_dropout(l->t, y, d->drop), w[i][5]);
	}
	return net_ce(l->t, net_rmsnorm(l->t, x, last), embed, lab_random_ids(l, N, d->vocab, 5), 1);
}

static void decoder_open(struct lab *l, const struct decoder_shape *d, enum num_type wide, bool hold)
{
	static const struct lab_case c = { .name = "decoder" };
	int w[LAYERS_MAX][6], embed, last;

	*l = (struct lab){ .c = &c, .r = rng_stream(3, "decoder", 0), .mem = arena_open("lab") };
	decoder_tensors(l, d, w, &embed, &last);
	l->t = net_open(&l->p, 0, wide, true);
	l->loss[0] = decoder_lay(l, d, w, embed, last);
	l->t->scale = 1.0 / (d->T * d->sequences);
	for (size_t i = 0; hold && i < l->t->n; i++)
		net_hold(l->t->node[i]);
	net_plan(l->t);
	lab_refill(l);
}

static const struct decoder_shape small = { 2, 16, 2, 24, 37, 35, 2, 0.1 };

static void t_decoder_gradients(void **state)
{
	struct lab l;

	(void)state;
	decoder_open(&l, &small, NUM_F32, false);
	l.t->scale = 1;
	for (int t = 0; t < (int)l.p.n_t; t++)
		if (!lab_agrees(&l, t, 1))
			fail_msg("decoder: gradient of %s", l.p.t[t].name);
	lab_close(&l);
}

/* With every value held, nothing of the values is reused: the same bits must come. */
static void t_plan_changes_nothing(void **state)
{
	(void)state;
	for (int type = 0; type < 2; type++) {
		struct lab a, b;

		decoder_open(&a, &small, type ? NUM_BF16 : NUM_F32, false);
		decoder_open(&b, &small, type ? NUM_BF16 : NUM_F32, true);
		CHECK(a.t->bytes < b.t->bytes);
		CHECK(lab_run(&a) == lab_run(&b));
		CHECK(a.p.n == b.p.n && !memcmp(a.p.g, b.p.g, a.p.n * sizeof *a.p.g));
		same_again(&a, "decoder");
		same_again(&b, "decoder, held");
		CHECK(lab_run(&a) > 0);
		lab_close(&a);
		lab_close(&b);
	}
}

/* Two places that are alive together never meet, and a deep net needs less than all it ever holds. */
static void t_plan_saves(void **state)
{
	struct decoder_shape deep = { 24, 32, 2, 64, 50, 64, 4, 0 };
	size_t all = 0, values = 0;
	struct lab l;

	(void)state;
	decoder_open(&l, &deep, NUM_BF16, false);
	for (size_t i = 0; i < l.t->n; i++) {
		const struct node *n = l.t->node[i];

		values += node_len(n) * num_size(n->type);
		all += (n->wants ? 2 : 1) * node_len(n) * num_size(n->type) + n->keep_bytes;
	}
	if (l.t->bytes >= all * 7 / 10)
		fail_msg("24 layers: %zu bytes planned, %zu values, %zu in all", l.t->bytes, values, all);
	lab_run(&l);
	lab_close(&l);
}

/* ---- holes ---------------------------------------------------------------------------------------- */
enum { HOLES = 200, WIDE_HOLES = 100 };
static double holes(uint8_t *dead, uint64_t seed, uint64_t step, int lane, int before)
{
	struct params p = { 0 };
	struct net *t;
	struct node *x, *y;
	double sum = 0;
	int e = PARAMS_ADD(&p, "in", 0, HOLES, WIDE_HOLES);

	params_alloc(&p, 4);
	params_fill(&p, e, 1);
	t = net_open(&p, lane, NUM_F32, true);
	for (int i = 0; i < before; i++)
		net_input(t, 1, 1);
	x = net_ids(t, HOLES);
	y = net_dropout(t, net_embed(t, e, x), 0.25);
	net_hold(y);
	net_plan(t);
	for (int i = 0; i < HOLES; i++)
		node_ids(x)[i] = (uint32_t)i;
	t->seed = seed, t->step = step;
	net_forward(t);
	for (size_t i = 0; i < node_len(y); i++) {
		dead[i] = ((float *)y->x)[i] == 0;
		sum += (double)((float *)y->x)[i];
	}
	net_close(t);
	params_clear(&p);
	return sum / (HOLES * WIDE_HOLES);
}

static void t_dropout(void **state)
{
	static uint8_t a[HOLES * WIDE_HOLES], b[HOLES * WIDE_HOLES];
	static const uint64_t other[][4] = { { 2, 5, 0, 0 }, { 1, 6, 0, 0 }, { 1, 5, 1, 0 }, { 1, 5, 0, 1 } };
	size_t n = sizeof a, dead = 0, pairs = 0, down = 0;

	(void)state;
	CHECK_NEAR(holes(a, 1, 5, 0, 0), 1, 0.02);
	holes(b, 1, 5, 0, 0);
	CHECK(!memcmp(a, b, n));
	for (size_t i = 0; i < n; i++) {
		dead += a[i];
		pairs += i + 1 < n && a[i] && a[i + 1];
		down += i + WIDE_HOLES < n && a[i] && a[i + WIDE_HOLES];
	}
	CHECK_NEAR((double)dead / (double)n, 0.25, 0.015);	/* and neighbours know nothing of each other */
	CHECK_NEAR((double)pairs / (double)n, 0.0625, 0.008);
	CHECK_NEAR((double)down / (double)n, 0.0625, 0.008);
	for (size_t k = 0; k < sizeof other / sizeof *other; k++) {
		size_t both = 0;

		holes(b, other[k][0], other[k][1], (int)other[k][2], (int)other[k][3]);
		for (size_t i = 0; i < n; i++)
			both += a[i] & b[i];
		CHECK_NEAR((double)both / (double)n, 0.0625, 0.008);
	}
}

/* ---- what losses promise ------------------------------------------------------------------------- */
static void t_losses(void **state)
{
	struct params p = { 0 };
	int e = PARAMS_ADD(&p, "e", 0, 5, 3);
	struct net *t;
	struct node *x, *truth, *ce, *choice, *w, *mse, *s;
	const float *nats, *prob;

	(void)state;
	params_alloc(&p, 1);
	params_init(&p, e, 1, 1);
	t = net_open(&p, 0, NUM_F32, false);
	x = net_input(t, 4, 3);
	s = net_input(t, 4, 3);
	truth = net_ids(t, 4);
	w = net_input(t, 4, 1);
	ce = net_ce(t, x, e, truth, 2);
	choice = net_choice(t, net_scale(t, s, 1), truth, 1);
	mse = net_mse(t, x, s, w, 1);
	net_plan(t);
	for (int i = 0; i < 12; i++)
		((float *)x->x)[i] = (float)i / 7, ((float *)s->x)[i] = (float)(i % 5);
	for (int i = 0; i < 4; i++) {
		node_ids(truth)[i] = i == 2 ? ID_NONE : (uint32_t)(i % 3);
		((float *)w->x)[i] = i == 1 ? 0 : 1;
	}
	((float *)s->x)[5] = 500;		/* of row 1, weight 0; no overflow in its softmax either */
	for (int turn = 0; turn < 2; turn++) {	/* counts start anew */
		double sum = 0;

		net_forward(t);
		CHECK(ce->count == 3 && choice->count == 3 && mse->count == 3);
		nats = net_ce_rows(ce);
		CHECK(nats[2] == 0);
		for (int i = 0; i < 4; i++) {
			double z = 0, right = 0;

			for (int v = 0; v < 5; v++) {
				double dot = num_dot((float *)x->x + 3 * i, params_w(&p, e) + 3 * v, 3);

				z += exp(dot);
				right = (uint32_t)v == node_ids(truth)[i] ? dot : right;
			}
			if (i != 2)
				CHECK_NEAR(nats[i], log(z) - right, 1e-5);
			sum += (double)nats[i];
		}
		CHECK_NEAR(ce->loss, sum, 1e-6);
		prob = net_choice_p(choice);
		CHECK(prob[5] == 1 && prob[3] == 0);
		CHECK_NEAR(prob[0], 1 / (1 + exp(1.0) + exp(2.0)), 1e-6);
		CHECK(mse->loss < 1000);
	}
	((float *)s->x)[4] = NAN;		/* left out: does not matter; counted: shows */
	net_forward(t);
	CHECK(!isnan(mse->loss) && isnan(choice->loss));
	net_close(t);
	params_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_again), cmocka_unit_test(t_decoder_gradients),
		cmocka_unit_test(t_plan_changes_nothing), cmocka_unit_test(t_plan_saves),
		cmocka_unit_test(t_dropout), cmocka_unit_test(t_losses),
		cmocka_unit_test(t_gradients), cmocka_unit_test(t_gradients_catch),
		cmocka_unit_test(t_faults_are_caught), cmocka_unit_test(t_bf16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
