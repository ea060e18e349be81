/* t_net.c - nets: every kind of node against slopes, and the check against planted faults; bf16
 * against float32; attention against its definition; the plan of memory. */
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
	ALSO(ce, ce_wide, .weight = 0.7),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_gradients), cmocka_unit_test(t_gradients_catch),
		cmocka_unit_test(t_faults_are_caught), cmocka_unit_test(t_bf16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
