/* bench_net.c - where a step of a net goes: every kind of node, forward and back, on one core.
 *
 *   bench_net [--layers N] [--rows N] [--T N] [--width N] [--heads N] [--vocab N] [--one bf16|float32]
 *
 * First a decoder of the benchmark's shape (6 layers, width 256, 8 heads, context 256, vocabulary
 * 8192; 1024 rows a lane), node by node: thread CPU time, the least of many runs of each node, so
 * that neighbours on the machine matter little. Products are given in GFLOP/s, the rest in GB/s of
 * what they must read and write once. The share is of one layer, or of the whole step for what
 * stands outside the layers. Then the other kinds, each alone, at the same rows and width.
 */
#include <stdlib.h>
#include <time.h>

#include "num/net/net.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct shape {
	int layers, rows, T, width, heads, hidden, vocab, runs;
} shape = { 6, 1024, 256, 256, 8, 704, 8192, 12 };

/* ---- timing ------------------------------------------------------------------------------------ */
struct took {
	double forward, back;		/* seconds, least of all runs */
};

static void run(struct net *t, struct took *took)
{
	for (size_t i = 0; i < t->n; i++) {
		double s = now();

		t->node[i]->written = false;
		if (t->node[i]->kind->forward)
			t->node[i]->kind->forward(t->node[i]);
		s = now() - s;
		took[i].forward = s < took[i].forward ? s : took[i].forward;
	}
	for (size_t i = t->n; i-- > 0;) {
		struct node *n = t->node[i];
		double s = now();

		if (n->wants && n->kind->back && (n->written || n->kind->loss))
			n->kind->back(n);
		s = now() - s;
		took[i].back = s < took[i].back ? s : took[i].back;
	}
}

static struct took *measure(struct net *t)
{
	struct took *took = mem_alloc(t->n, sizeof *took);

	for (size_t i = 0; i < t->n; i++)
		took[i] = (struct took){ 1e9, 1e9 };
	params_pack(t->p);
	for (int r = 0; r < shape.runs; r++)
		run(t, took);
	return took;
}

/* ---- what a node has to do ---------------------------------------------------------------------- */
static bool starts(const struct node *n, const char *with)
{
	return !strncmp(n->kind->name, with, strlen(with));
}

/* FLOPs of forward; back has twice as many (attention makes its scores again: 2.5 times). */
static double flops(const struct node *n)
{
	const struct tensor *w = n->w[0] >= 0 ? &n->net->p->t[n->w[0]] : NULL;

	if (starts(n, "linear"))
		return 2.0 * n->N * (double)w->n;
	if (starts(n, "ce"))
		return 2.0 * n->in[0]->N * (double)w->n * 3;	/* the gradient is made in forward */
	if (starts(n, "attend"))
		return 4.0 * n->N * n->D * (shape.T + 1) / 2;
	return 0;
}

static double bytes(const struct node *n)
{
	double sum = (double)node_len(n) * (double)num_size(n->type);

	for (int i = 0; i < n->n_in; i++)
		sum += (double)node_len(n->in[i]) * (double)num_size(n->in[i]->type);
	return sum;
}

struct row {
	const char *name;
	int n;
	double forward, back, flops, bytes;
};

static void row_add(struct row *r, const struct node *n, const struct took *t)
{
	r->name = n->kind->name;
	r->n++;
	r->forward += t->forward;
	r->back += t->back;
	r->flops += flops(n);
	r->bytes += bytes(n);
}

static void print(const struct row *r, double of)
{
	double f = r->forward / r->n, b = r->back / r->n;

	printf("%-12s %3d  %8.3f %8.3f ms", r->name, r->n, 1e3 * f, 1e3 * b);
	if (r->flops > 0 && !strcmp(r->name, "ce"))
		printf("  %7.1f         GFLOP/s", 1e-9 * r->flops / r->forward);
	else if (r->flops > 0)
		printf("  %7.1f %7.1f GFLOP/s", 1e-9 * r->flops / r->forward,
		       1e-9 * r->flops * (strcmp(r->name, "attend") ? 2 : 2.5) / r->back);
	else
		printf("  %7.1f %7.1f GB/s   ", 1e-9 * r->bytes / r->forward, 1e-9 * 2 * r->bytes / r->back);
	if (of > 0)
		printf("  %5.1f %%", 100 * (r->forward + r->back) / of);
	printf("\n");
}

/* Rows by kind and, for linear, by shape. */
static size_t rows_of(struct row *row, const struct net *t, const struct took *took, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		size_t k = 0;

		if (!t->node[i]->kind->forward)
			continue;
		while (k < n && strcmp(row[k].name, t->node[i]->kind->name))
			k++;
		if (k == n)
			row[n++] = (struct row){ 0 };
		row_add(&row[k], t->node[i], &took[i]);
	}
	return n;
}

/* ---- the decoder ---------------------------------------------------------------------------------- */
enum { KINDS = 40, ROOT = 6 };
struct decoder {
	struct params p;
	struct net *t;
	size_t first, last;		/* nodes of the layers: [first, last) */
	struct node *id, *truth;
};

static void decoder_open(struct decoder *d, enum num_type type)
{
	size_t D = (size_t)shape.width, H = (size_t)shape.hidden;
	int head = shape.width / shape.heads, w[64][6], embed, norm;
	struct attend a = { shape.heads, head, 0, (int)D, 2 * (int)D, shape.T, shape.T, true, 0, 10000 };
	struct node *x, *y;

	*d = (struct decoder){ 0 };
	embed = PARAMS_ADD(&d->p, "embed", PARAM_PACK, (size_t)shape.vocab, D);
	norm = PARAMS_ADD(&d->p, "norm", 0, D);
	for (int i = 0; i < shape.layers; i++)
		for (int k = 0; k < ROOT; k++) {
			const size_t size[ROOT][2] = { { 1, D }, { 3 * D, D }, { D, D }, { 1, D }, { 2 * H, D }, { D, H } };
			char name[32];

			snprintf(name, sizeof name, "%d.%d", i, k);
			w[i][k] = PARAMS_ADD(&d->p, name, k % 3 ? PARAM_PACK : 0, size[k][0], size[k][1]);
		}
	params_alloc(&d->p, 1);
	for (int t = 0; t < (int)d->p.n_t; t++)
		params_init(&d->p, t, 0.05, 1);
	d->t = net_open(&d->p, 0, type, true);
	d->t->scale = 1e-3;
	d->id = net_ids(d->t, shape.rows);
	d->truth = net_ids(d->t, shape.rows);
	x = net_embed(d->t, embed, d->id);
	d->first = d->t->n;
	for (int i = 0; i < shape.layers; i++) {
		y = net_linear(d->t, net_rmsnorm(d->t, x, w[i][0]), w[i][1], -1);
		x = net_linear_add(d->t, x, net_attend(d->t, y, y, y, &a, NULL), w[i][2]);
		y = net_swiglu(d->t, net_linear(d->t, net_rmsnorm(d->t, x, w[i][3]), w[i][4], -1));
		x = net_linear_add(d->t, x, y, w[i][5]);
	}
	d->last = d->t->n;
	net_ce(d->t, net_rmsnorm(d->t, x, norm), embed, d->truth, 1);
	net_plan(d->t);
	for (int i = 0; i < shape.rows; i++) {
		node_ids(d->id)[i] = (uint32_t)(i * 7919 % shape.vocab);
		node_ids(d->truth)[i] = (uint32_t)((i * 104729 + 1) % shape.vocab);
	}
}

static void decoder(enum num_type type)
{
	struct row row[KINDS];
	struct took *took;
	struct decoder d;
	double all = 0, layers = 0, products = 0;
	size_t n;

	decoder_open(&d, type);
	took = measure(d.t);
	for (size_t i = 0; i < d.t->n; i++)
		if (d.t->node[i]->kind->forward)
			all += took[i].forward + took[i].back;
	printf("decoder, %s: %d layers, %d rows of %d, context %d, %d heads, vocabulary %d; plan %.1f MB\n",
	       type == NUM_BF16 ? "bf16" : "float32", shape.layers, shape.rows, shape.width, shape.T, shape.heads,
	       shape.vocab, 1e-6 * (double)d.t->bytes);
	printf("kind         in it  forward     back of one                        of the layers\n");
	n = rows_of(row, d.t, took, d.first, d.last);
	for (size_t k = 0; k < n; k++) {
		layers += row[k].forward + row[k].back;
		products += strncmp(row[k].name, "linear", 6) ? 0 : row[k].forward + row[k].back;
	}
	for (size_t k = 0; k < n; k++)
		print(&row[k], layers);
	for (size_t k = 0; k < n; k++)
		if (!strcmp(row[k].name, "attend"))
			printf("attention takes %.1f %% of the time of the layers' products\n",
			       100 * (row[k].forward + row[k].back) / products);
	n = rows_of(row, d.t, took, d.last, d.t->n);
	printf("outside the layers                                                 of the step\n");
	for (size_t k = 0; k < n; k++)
		print(&row[k], all);
	printf("step: %.1f ms of nodes, %.0f tokens/s a core\n\n", 1e3 * all, shape.rows / all);
	mem_free(took);
	net_close(d.t);
	params_clear(&d.p);
}

/* ---- the other kinds -------------------------------------------------------------------------------- */
static void others(enum num_type type)
{
	size_t D = (size_t)shape.width, N = (size_t)shape.rows;
	struct params p = { 0 };
	int e = PARAMS_ADD(&p, "e", 0, N, D), m = PARAMS_ADD(&p, "m", PARAM_PACK, D, D);
	int g = PARAMS_ADD(&p, "g", 0, D), b = PARAMS_ADD(&p, "b", 0, D), up = PARAMS_ADD(&p, "u", PARAM_PACK, 2 * D, D);
	struct row row[KINDS];
	struct node *id, *ranges, *truth, *x, *y, *s, *few;
	struct took *took;
	struct net *t;
	size_t n, first;

	params_alloc(&p, 1);
	for (int i = 0; i < (int)p.n_t; i++)
		params_init(&p, i, 0.05, 1);
	t = net_open(&p, 0, type, true);
	id = net_ids(t, shape.rows);
	ranges = net_ids(t, shape.rows / 4);
	truth = net_ids(t, shape.rows);
	few = net_ids(t, shape.rows / 8);
	x = net_linear(t, net_embed(t, e, id), m, -1);
	y = net_linear(t, x, up, -1);
	first = t->n;
	y = net_modulate(t, x, y, 1);
	x = net_layernorm(t, net_dropout(t, net_gelu(t, net_add(t, x, y)), 0.1), g, b);
	x = net_mul(t, net_silu(t, x), net_tanh(t, net_scale(t, net_relu(t, x), 0.5)));
	x = net_gather(t, net_join(t, net_cols(t, x, 0, shape.width / 2), net_cols(t, x, 3, shape.width / 2)), id);
	net_mse(t, x, y, NULL, 1);
	y = net_l2norm(t, net_mean(t, x, ranges));
	s = net_scores(t, y, net_l2norm(t, net_gather(t, x, few)), 10);
	net_choice(t, net_scores(t, x, x, 0.1), truth, 1);
	net_nce(t, s, 1);
	net_plan(t);
	for (int i = 0; i < shape.rows; i++) {
		node_ids(id)[i] = (uint32_t)i;
		node_ids(truth)[i] = (uint32_t)(i * 7919 % shape.rows);
	}
	for (int i = 0; i < shape.rows / 8; i++) {
		node_ids(ranges)[2 * i] = (uint32_t)(8 * i);
		node_ids(ranges)[2 * i + 1] = (uint32_t)(8 * i + 8);
		node_ids(few)[i] = (uint32_t)(8 * i + 3);
	}
	took = measure(t);
	printf("the other kinds, %s, %d rows of %d\n", type == NUM_BF16 ? "bf16" : "float32", shape.rows, shape.width);
	n = rows_of(row, t, took, first, t->n);
	for (size_t k = 0; k < n; k++)
		print(&row[k], 0);
	printf("\n");
	mem_free(took);
	net_close(t);
	params_clear(&p);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int *to; } option[] = {
		{ "--layers", &shape.layers }, { "--rows", &shape.rows }, { "--T", &shape.T },
		{ "--width", &shape.width }, { "--heads", &shape.heads }, { "--vocab", &shape.vocab },
		{ "--hidden", &shape.hidden }, { "--runs", &shape.runs },
	};
	bool half = mm_fast(), whole = true;

	for (int i = 1; i + 1 < argc; i += 2) {
		for (size_t k = 0; k < sizeof option / sizeof *option; k++)
			if (!strcmp(argv[i], option[k].name))
				*option[k].to = atoi(argv[i + 1]);
		if (!strcmp(argv[i], "--one")) {
			half = !strcmp(argv[i + 1], "bf16");
			whole = !half;
		}
	}
	printf("products: float32 by %s; bf16 by %s\n\n", num_blas_name(), mm_name());
	if (half)
		decoder(NUM_BF16), others(NUM_BF16);
	if (whole)
		decoder(NUM_F32), others(NUM_F32);
	return 0;
}
