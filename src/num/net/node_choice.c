/* node_choice.c - losses over given scores: the right one of K, InfoNCE, yes or no.
 *
 *   in    s: raw scores [N][K] of either type; truth by ids, or the diagonal, or y [N][D] in 0..1
 *   out   loss, the sum of nats; ds += scale·weight·(p - truth)
 *
 * choice: -ln softmax(s[n])[truth[n]]. nce [van den Oord 2018]: half of the rows' choices of the
 * diagonal and half of the columns'. bce: -y·ln σ(s) - (1-y)·ln σ(-s) for every y >= 0; its count is
 * of numbers, not of rows. Probabilities are kept; sums run in double.
 */
#include <math.h>

#include "num/fast.h"
#include "num/net/net.h"
#include "num/strands.h"

struct choice {
	double weight;
	float *p;		/* [N][K], the net's own: stays until the next forward */
};

static float factor(const struct node *n)
{
	return (float)(n->net->scale * ((const struct choice *)n->own)->weight);
}

static void begin(struct node *n)
{
	n->loss = n->count = 0;
}

static void end(struct node *n)
{
	*(float *)n->x = (float)n->loss;
}

/* ---- the right one of K ------------------------------------------------------------------------ */
static NUM_FAST float exp_row(float *p, const float *s, float top, int K)
{
	float a[STRANDS] = { 0 };
	int i = 0;

	for (; i + STRANDS <= K; i += STRANDS)
		for (int k = 0; k < STRANDS; k++) {
			p[i + k] = fast_exp(s[i + k] - top);
			a[k] += p[i + k];
		}
	for (int k = 0; i < K; i++, k++) {
		p[i] = fast_exp(s[i] - top);
		a[k] += p[i];
	}
	return strands_fold(a);
}

static NUM_FAST void times(float *p, float f, int K)
{
	for (int k = 0; k < K; k++)
		p[k] *= f;
}

/* p = softmax(s), p may be s, when s is not read any more; returns ln Σ e^s. */
static double softmax(float *p, const float *s, int K)
{
	float top = strands_max(s, K), sum = exp_row(p, s, top, K);

	times(p, 1 / sum, K);
	return (double)top + log((double)sum);
}

static void forward_choice(struct node *n)
{
	const struct node *s = n->in[0];
	const uint32_t *truth = node_ids(n->in[1]);
	float *p = ((struct choice *)n->own)->p, *tmp = n->net->work;

	begin(n);
	for (int i = 0; i < s->N; i++, p += s->D) {
		const float *row = node_row(s, i, tmp);
		double z = softmax(p, row, s->D);

		must(truth[i] < (uint32_t)s->D || truth[i] == ID_NONE);
		if (truth[i] == ID_NONE)
			continue;
		n->loss += z - (double)row[truth[i]];
		n->count++;
	}
	end(n);
}

static void back_choice(struct node *n)
{
	struct node *s = n->in[0];
	const uint32_t *truth = node_ids(n->in[1]);
	const float *p = ((struct choice *)n->own)->p;
	float *d = n->net->work;
	bool add;

	if (!s->wants)
		return;
	add = node_add(s);
	for (int i = 0; i < s->N; i++, p += s->D) {
		if (truth[i] == ID_NONE) {
			memset(d, 0, (size_t)s->D * sizeof *d);
		} else {
			memcpy(d, p, (size_t)s->D * sizeof *d);
			times(d, factor(n), s->D);
			d[truth[i]] -= factor(n);
		}
		node_drow_put(s, i, d, add);
	}
}

const float *net_choice_p(const struct node *n)
{
	return ((const struct choice *)n->own)->p;
}

/* ---- InfoNCE ------------------------------------------------------------------------------------ */
static void columns_of(float *to, const float *from, int N)
{
	for (int i0 = 0; i0 < N; i0 += 16)
		for (int j = 0; j < N; j++)
			for (int i = i0; i < i0 + 16 && i < N; i++)
				to[(size_t)j * N + i] = from[(size_t)i * N + j];
}

/* keep: half the sum of both softmaxes, [N][N]. */
static void forward_nce(struct node *n)
{
	const struct node *s = n->in[0];
	int N = s->N;
	size_t all = node_len(s);
	float *p = n->keep, *cols = n->net->work, *back = cols + all, *tmp = back + all;

	begin(n);
	for (int i = 0; i < N; i++)
		memcpy(p + (size_t)i * N, node_row(s, i, tmp), (size_t)N * sizeof *p);
	columns_of(cols, p, N);
	for (int i = 0; i < N; i++) {
		float *row = p + (size_t)i * N, *col = cols + (size_t)i * N, right = row[i];

		n->loss += 0.5 * (softmax(row, row, N) - (double)right);
		n->loss += 0.5 * (softmax(col, col, N) - (double)right);
	}
	columns_of(back, cols, N);
	num_axpy(p, 1, back, all);
	times(p, 0.5f, (int)all);
	n->count = N;
	end(n);
}

static void back_nce(struct node *n)
{
	struct node *s = n->in[0];
	const float *p = n->keep;
	float *d = n->net->work;
	bool add;

	if (!s->wants)
		return;
	add = node_add(s);
	for (int i = 0; i < s->N; i++) {
		memcpy(d, p + (size_t)i * s->N, (size_t)s->N * sizeof *d);
		times(d, factor(n), s->N);
		d[i] -= factor(n);
		node_drow_put(s, i, d, add);
	}
}

/* ---- yes or no ----------------------------------------------------------------------------------- */
static void forward_bce(struct node *n)
{
	const struct node *s = n->in[0], *y = n->in[1];
	float *tmp = n->net->work;

	begin(n);
	for (int i = 0; i < s->N; i++) {
		const float *row = node_row(s, i, tmp), *want = node_row(y, i, tmp + s->D);

		for (int k = 0; k < s->D; k++) {
			double x = (double)row[k];

			if (want[k] < 0)
				continue;
			n->loss += (x < 0 ? 0 : x) - x * (double)want[k] + log1p(exp(-fabs(x)));
			n->count++;
		}
	}
	end(n);
}

static NUM_FAST void row_bce(float *d, const float *s, const float *y, float f, int D)
{
	for (int i = 0; i < D; i++)
		d[i] = pick(y[i] < 0, 0, f * (fast_sigmoid(s[i]) - y[i]));
}

static void back_bce(struct node *n)
{
	struct node *s = n->in[0];
	float *tmp = n->net->work, *d = tmp + 2 * s->D;
	bool add;

	if (!s->wants)
		return;
	add = node_add(s);
	for (int i = 0; i < s->N; i++) {
		row_bce(d, node_row(s, i, tmp), node_row(n->in[1], i, tmp + s->D), factor(n), s->D);
		node_drow_put(s, i, d, add);
	}
}

/* ---- laying ---------------------------------------------------------------------------------------- */
static const struct node_kind kind_choice = {
	.name = "choice", .forward = forward_choice, .back = back_choice, .loss = true,
};
static const struct node_kind kind_nce = {
	.name = "nce", .forward = forward_nce, .back = back_nce, .loss = true,
};
static const struct node_kind kind_bce = {
	.name = "bce", .forward = forward_bce, .back = back_bce, .back_in = true, .loss = true,
};

static struct node *lay(struct net *t, const struct node_kind *k, struct node *s, struct node *truth,
                        double weight)
{
	struct node *n = net_node(t, k, 1, 1, NUM_F32, sizeof(struct choice));

	((struct choice *)n->own)->weight = weight;
	node_in(n, s);
	if (truth)
		node_in(n, truth);
	return n;
}

struct node *net_choice(struct net *t, struct node *s, struct node *truth, double weight)
{
	struct node *n = lay(t, &kind_choice, s, truth, weight);

	must(truth->N == s->N && !truth->kind->forward);
	((struct choice *)n->own)->p = TAKE(&t->mem, float, node_len(s));
	node_work(n, (size_t)s->D * sizeof(float));
	return n;
}

struct node *net_nce(struct net *t, struct node *s, double weight)
{
	struct node *n = lay(t, &kind_nce, s, NULL, weight);

	must(s->N == s->D);
	n->keep_bytes = node_len(s) * sizeof(float);
	node_work(n, (2 * node_len(s) + (size_t)s->D) * sizeof(float));
	return n;
}

struct node *net_bce(struct net *t, struct node *s, struct node *y, double weight)
{
	struct node *n = lay(t, &kind_bce, s, y, weight);

	must(y->N == s->N && y->D == s->D && !y->wants);
	node_work(n, 3 * (size_t)s->D * sizeof(float));
	return n;
}
