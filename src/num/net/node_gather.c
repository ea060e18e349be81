/* node_gather.c - rows by id, and means of stretches of rows.
 *
 *   in    x [M][D]; ids [N], or ranges [2N]
 *   out   gather: y[n] = x[id[n]] (ID_NONE: zeros);  mean: y[n] = mean of x[range[2n] .. range[2n+1]-1]
 *         (empty: zeros), of the type of x;  dx += …
 *
 * Rows of x may be named many times: their gradient is summed in float32 and, in bf16, rounded once.
 */
#include "num/net/net.h"

static void forward_gather(struct node *n)
{
	const struct node *x = n->in[0];
	const uint32_t *id = node_ids(n->in[1]);
	size_t row = (size_t)n->D * num_size(n->type);

	for (size_t r = 0; r < (size_t)n->N; r++) {
		char *to = (char *)n->x + r * row;

		must(id[r] < (uint32_t)x->N || id[r] == ID_NONE);
		if (id[r] == ID_NONE)
			memset(to, 0, row);
		else
			memcpy(to, (const char *)x->x + id[r] * row, row);
	}
}

/* Where sums of dx are made: dx itself when it is float32, else scratch; zero unless it is added to. */
static float *sums_of(struct node *n, struct node *x)
{
	bool add = node_add(x);
	float *sum = x->type == NUM_F32 ? x->dx : n->net->work;

	if (!add)
		memset(sum, 0, node_len(x) * sizeof *sum);
	else if (x->type == NUM_BF16)
		bf16_up_n(sum, x->dx, node_len(x));
	return sum;
}

static void sums_done(const struct node *x, const float *sum)
{
	if (x->type == NUM_BF16)
		bf16_down_n(x->dx, sum, node_len(x));
}

static float *row_scratch(struct node *n)
{
	return (float *)n->net->work + (n->type == NUM_BF16 ? node_len(n->in[0]) : 0);
}

static void back_gather(struct node *n)
{
	struct node *x = n->in[0];
	const uint32_t *id = node_ids(n->in[1]);
	float *tmp = row_scratch(n), *sum;

	if (!x->wants)
		return;
	sum = sums_of(n, x);
	for (int r = 0; r < n->N; r++)
		if (id[r] != ID_NONE)
			num_axpy(sum + (size_t)id[r] * (size_t)x->D, 1, node_drow(n, r, tmp), (size_t)x->D);
	sums_done(x, sum);
}

static void forward_mean(struct node *n)
{
	const struct node *x = n->in[0];
	const uint32_t *range = node_ids(n->in[1]);
	float *tmp = n->net->work, *sum = tmp + n->D;

	for (int r = 0; r < n->N; r++) {
		uint32_t from = range[2 * r], to = range[2 * r + 1];

		must(to <= from || to <= (uint32_t)x->N);
		memset(sum, 0, (size_t)n->D * sizeof *sum);
		for (uint32_t i = from; i < to; i++)
			num_axpy(sum, 1 / (float)(to - from), node_row(x, (int)i, tmp), (size_t)n->D);
		node_row_put(n, r, sum);
	}
}

static void back_mean(struct node *n)
{
	struct node *x = n->in[0];
	const uint32_t *range = node_ids(n->in[1]);
	float *tmp = row_scratch(n), *sum;

	if (!x->wants)
		return;
	sum = sums_of(n, x);
	for (int r = 0; r < n->N; r++) {
		uint32_t from = range[2 * r], to = range[2 * r + 1];
		const float *dy = node_drow(n, r, tmp);

		for (uint32_t i = from; i < to; i++)
			num_axpy(sum + (size_t)i * (size_t)x->D, 1 / (float)(to - from), dy, (size_t)x->D);
	}
	sums_done(x, sum);
}

/* Of values, back reads only the ids, which are inputs and stay. */
static const struct node_kind kind_gather = { .name = "gather", .forward = forward_gather, .back = back_gather };
static const struct node_kind kind_mean = { .name = "mean", .forward = forward_mean, .back = back_mean };

static struct node *lay(struct net *t, const struct node_kind *k, struct node *x, struct node *id, int N)
{
	struct node *n = net_node(t, k, N, x->D, x->type, 0);

	must(!id->kind->forward);		/* an input */
	node_in(n, x);
	node_in(n, id);
	node_work(n, ((x->type == NUM_BF16 ? node_len(x) : 0) + 2 * (size_t)x->D) * sizeof(float));
	return n;
}

struct node *net_gather(struct net *t, struct node *x, struct node *id)
{
	return lay(t, &kind_gather, x, id, id->N);
}

struct node *net_mean(struct net *t, struct node *x, struct node *range)
{
	must(range->N % 2 == 0);
	return lay(t, &kind_mean, x, range, range->N / 2);
}
