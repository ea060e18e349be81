/* teller.c - the decoder's tensors and layers, and the token model made of them.
 *
 *   in    a shape; batches of token ids
 *   out   losses, gradients; nats of held-out tokens
 *
 * One net a lane, each with `micro` sequences at once: few enough that a layer's activations stay
 * near the core, enough that a product is worth its overhead.
 */
#include <math.h>

#include "model/teller.h"

const char *teller_shape_wrong(const struct teller_shape *s)
{
	if (s->layers < 1 || s->layers > TELLER_LAYERS_MAX)
		return "the number of layers must be 1 to 256";
	if (s->width < 8 || s->width > 16384 || s->heads < 1 || s->width % s->heads)
		return "the width must be 8 to 16384 and a multiple of the number of heads";
	if (s->width / s->heads % 2)
		return "the width of a head (width / heads) must be even";
	if (s->hidden < 1 || s->hidden > 65536)
		return "the hidden width must be 1 to 65536";
	if (s->vocab < 2 || s->vocab > 1 << 20)
		return "the vocabulary must have 2 to 1,048,576 tokens";
	if (s->context < 1 || s->context > 65536)
		return "the context must be 1 to 65536 tokens";
	if (!(s->rope_base > 1 && s->rope_base < 1e9))
		return "the base of RoPE must be between 1 and 1e9";
	return NULL;
}

static uint64_t layer_params(const struct teller_shape *s)
{
	uint64_t w = (uint64_t)s->width, h = (uint64_t)s->hidden;

	return 4 * w * w + 3 * w * h;
}

uint64_t teller_params(const struct teller_shape *s)
{
	uint64_t w = (uint64_t)s->width, L = (uint64_t)s->layers;

	return (uint64_t)s->vocab * w + L * (layer_params(s) + 2 * w) + w;
}

/* How many keys a token sees, on average. */
static double keys_seen(int T, int window)
{
	double W = window > 0 && window < T ? window : T;

	return (W * (W + 1) / 2 + (T - W) * W) / T;
}

double teller_flops(const struct teller_shape *s, int T, int window)
{
	double L = s->layers, w = s->width;
	double product = L * (double)layer_params(s) + (double)s->vocab * w;
	double attention = L * 2 * w * keys_seen(T, window);	/* scores and sum */

	return 6 * (product + attention);
}

static int add(struct params *p, int layer, const char *name, unsigned flags, size_t rows, size_t cols)
{
	char full[64];

	if (layer < 0)
		snprintf(full, sizeof full, "%s", name);
	else
		snprintf(full, sizeof full, "layer.%d.%s", layer, name);
	return cols ? PARAMS_ADD(p, full, flags, rows, cols) : PARAMS_ADD(p, full, flags, rows);
}

void teller_tensors_add(struct teller_tensors *m, struct params *p, const struct teller_shape *s)
{
	const unsigned matrix = PARAM_DECAY | PARAM_PACK | PARAM_ORTHO;
	size_t w = (size_t)s->width, h = (size_t)s->hidden;

	must(!teller_shape_wrong(s));
	m->s = *s;
	m->layer = mem_alloc((size_t)s->layers, sizeof *m->layer);
	m->embed = add(p, -1, "embed", PARAM_PACK, (size_t)s->vocab, w);
	for (int l = 0; l < s->layers; l++) {
		struct teller_layer *y = &m->layer[l];

		y->att_norm = add(p, l, "att_norm", 0, w, 0);
		y->qkv = add(p, l, "qkv", matrix | PARAM_STACKED(3), 3 * w, w);
		y->att_out = add(p, l, "att_out", matrix, w, w);
		y->ffn_norm = add(p, l, "ffn_norm", 0, w, 0);
		y->gate_up = add(p, l, "gate_up", matrix | PARAM_STACKED(2), 2 * h, w);
		y->down = add(p, l, "down", matrix, w, h);
	}
	m->norm = add(p, -1, "norm", 0, w, 0);
}

void teller_tensors_init(const struct teller_tensors *m, struct params *p, uint64_t seed)
{
	const struct teller_shape *s = &m->s;
	double branch = 1 / sqrt(2.0 * s->layers);

	params_init(p, m->embed, 0.5 / sqrt((double)s->width), seed);
	for (int l = 0; l < s->layers; l++) {
		const struct teller_layer *y = &m->layer[l];

		params_fill(p, y->att_norm, 1);
		params_fill(p, y->ffn_norm, 1);
		params_init(p, y->qkv, 0.5 * params_fan_in(p, y->qkv), seed);
		params_init(p, y->att_out, branch * params_fan_in(p, y->att_out), seed);
		params_init(p, y->gate_up, 0.5 * params_fan_in(p, y->gate_up), seed);
		params_init(p, y->down, branch * params_fan_in(p, y->down), seed);
	}
	params_fill(p, m->norm, 1);
}

void teller_tensors_clear(struct teller_tensors *m)
{
	mem_free(m->layer);
	*m = (struct teller_tensors){ 0 };
}

/* ---- layers -------------------------------------------------------------------------------- */
static struct node *residual(struct net *t, struct node *x, struct node *y, int W, double dropout)
{
	return net_linear_add(t, x, dropout > 0 && t->train ? net_dropout(t, y, dropout) : y, W);
}

struct node *teller_attend(struct net *t, const struct teller_tensors *m, int layer, struct node *x, int T,
                           int window, double dropout)
{
	const struct teller_layer *y = &m->layer[layer];
	int w = m->s.width;
	struct attend a = { .heads = m->s.heads, .head = w / m->s.heads, .q_at = 0, .k_at = w, .v_at = 2 * w,
	                    .T = T, .S = T, .causal = true, .window = window,
	                    .rope_base = m->s.rope_base };
	struct node *qkv = net_linear(t, net_rmsnorm(t, x, y->att_norm), y->qkv, -1);

	return residual(t, x, net_attend(t, qkv, qkv, qkv, &a, NULL), y->att_out, dropout);
}

struct node *teller_feed(struct net *t, const struct teller_tensors *m, int layer, struct node *x,
                         double dropout)
{
	const struct teller_layer *y = &m->layer[layer];
	struct node *h = net_linear(t, net_rmsnorm(t, x, y->ffn_norm), y->gate_up, -1);

	return residual(t, x, net_swiglu(t, h), y->down, dropout);
}

/* ---- the token model ------------------------------------------------------------------------ */
static void lay(struct teller_net *n, struct teller *t, int lane, bool train)
{
	const struct teller_plan *p = &t->plan;
	struct net *net = net_open(&t->p, lane, p->wide, train);
	struct node *x;

	n->net = net;
	n->id = net_ids(net, p->micro * p->T);
	n->truth = net_ids(net, p->micro * p->T);
	x = net_embed(net, t->m.embed, n->id);
	if (p->dropout > 0 && train)
		x = net_dropout(net, x, p->dropout);
	for (int l = 0; l < p->shape.layers; l++) {
		x = teller_attend(net, &t->m, l, x, p->T, p->window, p->dropout);
		x = teller_feed(net, &t->m, l, x, p->dropout);
	}
	n->loss = net_ce(net, net_rmsnorm(net, x, t->m.norm), t->m.embed, n->truth, 1);
	net->scale = 1.0 / ((double)p->rows * p->T);
	net->seed = p->seed;
	net_plan(net);
}

int teller_micro(const struct teller_plan *p)
{
	int each = p->rows / p->lanes, best = 1;

	for (int m = 1; m <= each; m++)
		if (each % m == 0 && m * p->T <= 1024)
			best = m;
	return best;
}

static const char *plan_wrong(const struct teller_plan *p)
{
	const char *wrong = teller_shape_wrong(&p->shape);

	if (wrong)
		return wrong;
	if (p->lanes < 1 || p->rows < p->lanes || p->rows % p->lanes)
		return "the batch must be a multiple of the number of lanes";
	if (p->T < 1 || p->T > p->shape.context)
		return "a sequence must have 1 to `context` tokens";
	if (p->micro && (p->micro < 0 || p->rows / p->lanes % p->micro))
		return "the sequences a net holds must divide the sequences of a lane";
	if (p->window < 0)
		return "the window of attention must be at least 1";
	if (!(p->dropout >= 0 && p->dropout < 1))
		return "dropout must be at least 0 and below 1";
	return NULL;
}

enum status teller_open(struct teller **out, const struct teller_plan *plan, struct err *e)
{
	const char *wrong = plan_wrong(plan);
	struct teller *t;

	if (wrong)
		return err_set(e, ERR_USAGE, "%s", wrong);
	t = mem_alloc(1, sizeof *t);
	t->plan = *plan;
	if (!t->plan.micro)
		t->plan.micro = teller_micro(plan);
	teller_tensors_add(&t->m, &t->p, &plan->shape);
	params_alloc(&t->p, plan->lanes);
	teller_tensors_init(&t->m, &t->p, plan->seed);
	t->lane = mem_alloc((size_t)plan->lanes, sizeof *t->lane);
	for (int l = 0; l < plan->lanes; l++)
		lay(&t->lane[l], t, l, true);
	teller_ready(t);
	*out = t;
	return OK;
}

void teller_close(struct teller *t)
{
	if (!t)
		return;
	for (int l = 0; l < t->plan.lanes; l++) {
		net_close(t->lane[l].net);
		if (t->eval)
			net_close(t->eval[l].net);
	}
	mem_free(t->lane);
	mem_free(t->eval);
	params_clear(&t->p);
	teller_tensors_clear(&t->m);
	mem_free(t);
}

void teller_ready(void *teller)
{
	struct teller *t = teller;

	if (t->plan.wide == NUM_BF16)
		params_pack(&t->p);
}

void teller_lane(void *teller, int lane, uint64_t step, double *loss, double *count)
{
	struct teller *t = teller;
	struct teller_net *n = &t->lane[lane];
	int each = t->plan.rows / t->plan.lanes, micro = t->plan.micro, T = t->plan.T;

	*loss = *count = 0;
	for (int at = 0; at < each; at += micro) {
		for (int r = 0; r < micro; r++)
			t->rows(t->rows_ctx, step, lane * each + at + r, node_ids(n->id) + (size_t)r * T,
			        node_ids(n->truth) + (size_t)r * T);
		n->net->step = step * (uint64_t)(each / micro) + (uint64_t)(at / micro);
		net_forward(n->net);
		net_back(n->net);
		*loss += n->loss->loss;
		*count += n->loss->count;
	}
}

/* ---- evaluation ----------------------------------------------------------------------------- */
struct nats {
	struct teller *t;
	const uint32_t *in, *truth;
	float *out;
	size_t n;		/* sequences */
};

static void nats_lane(void *ctx, int lane)
{
	struct nats *k = ctx;
	struct teller *t = k->t;
	struct teller_net *n = &t->eval[lane];
	size_t T = (size_t)t->plan.T, micro = (size_t)t->plan.micro;
	size_t from = num_lane_from(k->n, lane, t->plan.lanes), to = num_lane_to(k->n, lane, t->plan.lanes);

	for (size_t at = from; at < to; at += micro) {
		size_t here = to - at < micro ? to - at : micro;

		for (size_t i = 0; i < micro * T; i++) {
			node_ids(n->id)[i] = i < here * T ? k->in[at * T + i] : 0;
			node_ids(n->truth)[i] = i < here * T ? k->truth[at * T + i] : ID_NONE;
		}
		net_forward(n->net);
		memcpy(k->out + at * T, net_ce_rows(n->loss), here * T * sizeof(float));
	}
}

void teller_nats(struct teller *t, const uint32_t *in, const uint32_t *truth, int n, float *out)
{
	struct nats k = { t, in, truth, out, (size_t)n };

	if (!t->eval) {
		t->eval = mem_alloc((size_t)t->plan.lanes, sizeof *t->eval);
		for (int l = 0; l < t->plan.lanes; l++)
			lay(&t->eval[l], t, l, false);
	}
	num_lanes(t->plan.lanes, 0, nats_lane, &k);
}
