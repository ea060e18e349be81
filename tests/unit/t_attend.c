/* t_attend.c - attention against its definition: windows, ranges, RoPE, shared heads. */
#include "netlab.h"

struct attend_case {
	struct attend a;
	int q_cols, k_cols, v_cols, sequences;	/* sequences 0: by ranges, 3 T queries, 2 S keys */
};
static const struct attend_case attends[] = {
	{ { 2, 8, 0, 0, 0, 70, 70, true, 0, 10000 }, 16, 16, 16, 2 },
	{ { 2, 8, 0, 0, 0, 70, 70, false, 0, 0 }, 16, 16, 16, 2 },
	{ { 3, 6, 1, 2, 3, 130, 130, true, 9, 100 }, 20, 21, 22, 1 },
	{ { 1, 32, 0, 0, 0, 1, 1, true, 0, 10000 }, 32, 32, 32, 4 },
	{ { 1, 5, 0, 0, 0, 31, 65, false, 0, 0 }, 5, 5, 5, 3 },
	{ { 2, 34, 0, 0, 0, 33, 66, true, 0, 10000 }, 68, 68, 68, 2 },
	{ { 2, 4, 0, 0, 0, 40, 7, true, 5, 10000 }, 8, 8, 8, 2 },
	{ { 2, 8, 0, 0, 0, 300, 300, true, 64, 0 }, 16, 16, 16, 1 },
	{ { 2, 8, 0, 0, 0, 600, 600, true, 0, 500 }, 16, 16, 16, 1 },
	{ { 2, 8, 0, 0, 0, 30, 9, true, 3, 0 }, 16, 16, 16, 0 },
	{ { 3, 6, 2, 1, 0, 50, 40, false, 0, 77 }, 20, 20, 20, 0 },
};

/* Number d of head h of row n, turned by RoPE. */
static double turned(const struct node *x, int at, const struct attend *a, int n, int place, int h, int d,
                     bool rope)
{
	const float *row = (const float *)x->x + (size_t)n * x->D + at + h * a->head;
	double turn = place * pow(a->rope_base, -2.0 * (d / 2) / a->head);

	if (!rope || a->rope_base == 0)
		return (double)row[d];
	return d % 2 ? (double)row[d] * cos(turn) + (double)row[d - 1] * sin(turn)
	             : (double)row[d] * cos(turn) - (double)row[d + 1] * sin(turn);
}

static bool sees(const struct attend_case *c, const uint32_t *range, int n, int m)
{
	const struct attend *a = &c->a;
	int i = n % a->T, j = m % a->S;

	if (!c->sequences)
		return m >= (int)range[2 * n] && m < (int)range[2 * n + 1];
	return n / a->T == m / a->S && (!a->causal || j <= i + a->S - a->T) &&
	       (a->window <= 0 || j > i + a->S - a->T - a->window);
}

/* out [head] of query n and head h, by the whole row of scores. */
static void defined(double *out, const struct attend_case *c, const uint32_t *range, const struct node *q,
                    const struct node *k, const struct node *v, int n, int h)
{
	const struct attend *a = &c->a;
	double *s = mem_alloc((size_t)k->N, sizeof *s), top = -1e300, sum = 0;

	for (int m = 0; m < k->N; m++) {
		for (int d = 0; d < a->head; d++)
			s[m] += turned(q, a->q_at, a, n, n % a->T, h, d, true) *
			        turned(k, a->k_at, a, m, m % a->S, h, d, true) / sqrt((double)a->head);
		top = sees(c, range, n, m) && s[m] > top ? s[m] : top;
	}
	for (int m = 0; m < k->N; m++)
		sum += s[m] = sees(c, range, n, m) ? exp(s[m] - top) : 0;
	for (int d = 0; d < a->head; d++) {
		out[d] = 0;
		for (int m = 0; m < k->N; m++)
			out[d] += sum > 0 ? s[m] / sum * turned(v, a->v_at, a, m, 0, h, d, false) : 0;
	}
	mem_free(s);
}

static void attend_like_defined(const struct attend_case *c, uint64_t seed)
{
	struct params p = { 0 };
	const struct attend *a = &c->a;
	int N = (c->sequences ? c->sequences : 3) * a->T, M = (c->sequences ? c->sequences : 2) * a->S;
	struct rng r = rng_stream(seed, "t.attend", 0);
	struct node *q, *k, *v, *y, *range = NULL;
	struct net *t;
	double out[64];

	PARAMS_ADD(&p, "nothing", 0, 1);
	params_alloc(&p, 1);
	t = net_open(&p, 0, NUM_F32, false);
	q = net_input(t, N, c->q_cols);
	k = net_input(t, M, c->k_cols);
	v = net_input(t, M, c->v_cols);
	if (!c->sequences)
		range = net_ids(t, 2 * N);
	y = net_attend(t, q, k, v, a, range);
	net_hold(y);
	net_plan(t);
	for (size_t i = 0; i < node_len(q); i++)
		((float *)q->x)[i] = (float)rng_normal(&r);
	for (size_t i = 0; i < node_len(k); i++)
		((float *)k->x)[i] = (float)rng_normal(&r);
	for (size_t i = 0; i < node_len(v); i++)
		((float *)v->x)[i] = (float)rng_normal(&r);
	for (int n = 0; range && n < N; n++) {
		uint32_t from = (uint32_t)rng_below(&r, (uint64_t)M), len = (uint32_t)rng_below(&r, 30);

		len = n % 5 == 0 ? 0 : n % 5 == 1 ? 1 : len;
		node_ids(range)[2 * n] = from;
		node_ids(range)[2 * n + 1] = from + len < (uint32_t)M ? from + len : (uint32_t)M;
	}
	net_forward(t);
	for (int n = 0; n < N; n++)
		for (int h = 0; h < a->heads; h++) {
			defined(out, c, range ? node_ids(range) : NULL, q, k, v, n, h);
			for (int d = 0; d < a->head; d++)
				CHECK_NEAR(((float *)y->x)[(size_t)n * y->D + h * a->head + d], out[d], 2e-5);
		}
	net_close(t);
	params_clear(&p);
}

static void t_attend(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof attends / sizeof *attends; c++)
		attend_like_defined(&attends[c], c);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(t_attend) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
