/* joint.c - reader and teller as one net: pooling of scenes, reading of registers.
 *
 *   in    spans of tokens with the places where scenes begin
 *   out   losses, gradients into teller and reader; nats of held-out tokens
 *
 * Scenes of a span are numbered from 0; scene u of row r has the register rows
 * (r·units + u)·registers ... A token sees the registers of scenes that ended before it, nothing of
 * its own scene. Scenes a span does not have pool nothing, and no token sees them.
 *
 * Invariant: a token's nats do not depend on what follows it (tests/unit/t_joint.c).
 */
#include <math.h>

#include "model/joint.h"

struct cross {
	int norm, q, kv, out;		/* tensors */
};
struct joint_net {
	struct net *net;
	struct node *id, *truth, *pool, *see, *query, *loss;
	uint8_t *first;			/* [micro][T] */
};
struct joint {
	struct joint_plan plan;
	struct teller_tensors m;
	struct params p;
	int query, pool_norm, pool_q, pool_kv, pool_out, ffn_norm, gate_up, down, mem_norm;	/* the reader's tensors */
	struct cross *cross;		/* [layers]; q < 0 where a layer does not read */
	struct joint_net *lane, *eval;	/* [lanes] */
	joint_rows *rows;
	void *ctx;
};

static bool reads(const struct joint_plan *p, int layer)
{
	return p->path != JOINT_OFF && layer >= p->read_at && (layer - p->read_at) % p->cross_every == 0;
}

static const char *plan_wrong(const struct joint_plan *p)
{
	if (p->path == JOINT_OFF)
		return NULL;
	if (p->read_at < 1 || p->read_at >= p->t.shape.layers)
		return "the reader must stand above the first layer and below the last";
	if (p->cross_every < 1)
		return "cross_every must be at least 1";
	if (p->registers < 1 || p->registers > 64)
		return "a scene must have 1 to 64 registers";
	if (p->units < 1 || p->units > p->t.T)
		return "a span must have 1 scene to as many as it has tokens";
	if (p->path == JOINT_SHUFFLED && p->t.micro < 2)
		return "shuffled scenes need two spans at once";
	return NULL;
}

/* ---- tensors -------------------------------------------------------------------------------- */
static void tensors(struct joint *j)
{
	const unsigned matrix = PARAM_DECAY | PARAM_PACK;
	const struct teller_shape *s = &j->plan.t.shape;
	size_t w = (size_t)s->width, R = (size_t)j->plan.registers;
	char name[64];

	teller_tensors_add(&j->m, &j->p, s);
	j->cross = mem_alloc((size_t)s->layers, sizeof *j->cross);
	for (int l = 0; l < s->layers; l++) {
		struct cross *c = &j->cross[l];

		c->q = -1;
		if (!reads(&j->plan, l))
			continue;
#define ADD(field, flags, ...) \
		snprintf(name, sizeof name, "layer.%d.cross_" #field, l); \
		c->field = PARAMS_ADD(&j->p, name, flags, __VA_ARGS__)
		ADD(norm, 0, w);
		ADD(q, matrix, w, w);
		ADD(kv, matrix, 2 * w, w);
		ADD(out, matrix, w, w);
#undef ADD
	}
	if (j->plan.path == JOINT_OFF)
		return;
	j->query = PARAMS_ADD(&j->p, "reader.query", PARAM_PACK, R, w);
	j->pool_norm = PARAMS_ADD(&j->p, "reader.norm", 0, w);
	j->pool_q = PARAMS_ADD(&j->p, "reader.q", matrix, w, w);
	j->pool_kv = PARAMS_ADD(&j->p, "reader.kv", matrix, 2 * w, w);
	j->pool_out = PARAMS_ADD(&j->p, "reader.out", matrix, w, w);
	j->ffn_norm = PARAMS_ADD(&j->p, "reader.ffn_norm", 0, w);
	j->gate_up = PARAMS_ADD(&j->p, "reader.gate_up", matrix, 2 * w, w);
	j->down = PARAMS_ADD(&j->p, "reader.down", matrix, w, w);
	j->mem_norm = PARAMS_ADD(&j->p, "reader.out_norm", 0, w);
}

static void first_values(struct joint *j)
{
	const struct teller_shape *s = &j->plan.t.shape;
	uint64_t seed = j->plan.t.seed;

	teller_tensors_init(&j->m, &j->p, seed);
	for (int l = 0; l < s->layers; l++) {
		const struct cross *c = &j->cross[l];

		if (c->q < 0)
			continue;
		params_fill(&j->p, c->norm, 1);
		params_init(&j->p, c->q, 0.5 * params_fan_in(&j->p, c->q), seed);
		params_init(&j->p, c->kv, 0.5 * params_fan_in(&j->p, c->kv), seed);
		params_fill(&j->p, c->out, 0);		/* it begins as the token model [Alayrac 2022] */
	}
	if (j->plan.path == JOINT_OFF)
		return;
	params_init(&j->p, j->query, 1, seed);
	params_fill(&j->p, j->pool_norm, 1);
	params_init(&j->p, j->pool_q, 0.5 * params_fan_in(&j->p, j->pool_q), seed);
	params_init(&j->p, j->pool_kv, 0.5 * params_fan_in(&j->p, j->pool_kv), seed);
	params_init(&j->p, j->pool_out, params_fan_in(&j->p, j->pool_out), seed);
	params_fill(&j->p, j->ffn_norm, 1);
	params_init(&j->p, j->gate_up, 0.5 * params_fan_in(&j->p, j->gate_up), seed);
	params_init(&j->p, j->down, 0.5 * params_fan_in(&j->p, j->down), seed);
	params_fill(&j->p, j->mem_norm, 1);
}

/* ---- the net -------------------------------------------------------------------------------- */
static int register_rows(const struct joint_plan *p)
{
	return p->t.micro * p->units * p->registers;
}

/* The registers of all scenes, normalised: [micro·units·registers][width]. */
static struct node *reader(struct net *t, struct joint *j, struct joint_net *n, struct node *x)
{
	const struct joint_plan *p = &j->plan;
	int w = p->t.shape.width, H = p->t.shape.heads;
	struct attend a = { .heads = H, .head = w / H, .v_at = w };
	struct node *kv = net_linear(t, net_rmsnorm(t, x, j->pool_norm), j->pool_kv, -1);
	struct node *q, *r;

	n->query = net_ids(t, register_rows(p));
	n->pool = net_ids(t, 2 * register_rows(p));
	q = net_embed(t, j->query, n->query);
	a.T = register_rows(p), a.S = p->t.micro * p->t.T;
	r = net_attend(t, net_linear(t, q, j->pool_q, -1), kv, kv, &a, n->pool);
	r = net_linear_add(t, q, r, j->pool_out);
	r = net_linear_add(t, r, net_swiglu(t, net_linear(t, net_rmsnorm(t, r, j->ffn_norm), j->gate_up, -1)),
	                   j->down);
	return net_rmsnorm(t, r, j->mem_norm);
}

static struct node *cross(struct net *t, struct joint *j, struct joint_net *n, int layer, struct node *x,
                          struct node *mem)
{
	const struct joint_plan *p = &j->plan;
	const struct cross *c = &j->cross[layer];
	int w = p->t.shape.width, H = p->t.shape.heads;
	struct attend a = { .heads = H, .head = w / H, .v_at = w, .T = x->N, .S = mem->N };
	struct node *q = net_linear(t, net_rmsnorm(t, x, c->norm), c->q, -1);
	struct node *kv = net_linear(t, mem, c->kv, -1);

	return net_linear_add(t, x, net_attend(t, q, kv, kv, &a, n->see), c->out);
}

static void lay(struct joint_net *n, struct joint *j, int lane, bool train)
{
	const struct joint_plan *p = &j->plan;
	int rows = p->t.micro * p->t.T;
	struct net *t = net_open(&j->p, lane, p->t.wide, train);
	struct node *x, *mem = NULL;

	n->net = t;
	n->first = mem_alloc((size_t)rows, 1);
	n->id = net_ids(t, rows);
	n->truth = net_ids(t, rows);
	n->see = p->path == JOINT_OFF ? NULL : net_ids(t, 2 * rows);
	x = net_embed(t, j->m.embed, n->id);
	if (p->t.dropout > 0 && train)
		x = net_dropout(t, x, p->t.dropout);
	for (int l = 0; l < p->t.shape.layers; l++) {
		if (p->path != JOINT_OFF && l == p->read_at)
			mem = reader(t, j, n, x);
		x = teller_attend(t, &j->m, l, x, p->t.T, p->t.window, p->t.dropout);
		if (reads(p, l))
			x = cross(t, j, n, l, x, mem);
		x = teller_feed(t, &j->m, l, x, p->t.dropout);
	}
	n->loss = net_ce(t, net_rmsnorm(t, x, j->m.norm), j->m.embed, n->truth, 1);
	t->scale = 1.0 / ((double)p->t.rows * p->t.T);
	t->seed = p->t.seed;
	net_plan(t);
}

/* From the places where scenes begin: what each scene pools, and what each token sees. */
static void ranges(const struct joint *j, struct joint_net *n)
{
	const struct joint_plan *p = &j->plan;
	int T = p->t.T, R = p->registers, micro = p->t.micro;
	uint32_t *pool = node_ids(n->pool), *see = node_ids(n->see);

	memset(pool, 0, 2 * (size_t)register_rows(p) * sizeof *pool);
	for (int i = 0; i < register_rows(p); i++)
		node_ids(n->query)[i] = (uint32_t)(i % R);
	for (int r = 0; r < micro; r++) {
		int from = p->path == JOINT_SHUFFLED ? (r + 1) % micro : r;	/* whose registers are read */
		int unit = 0, start = 0;

		for (int i = 0; i < T; i++) {
			size_t at = (size_t)r * (size_t)T + (size_t)i;
			int low;

			if (i > 0 && n->first[at] && unit + 1 < p->units) {
				for (int k = 0; k < R; k++) {
					uint32_t *range = pool + 2 * ((size_t)(r * p->units + unit) * (size_t)R + (size_t)k);

					range[0] = (uint32_t)(r * T + start);
					range[1] = (uint32_t)(r * T + i);
				}
				unit++;
				start = i;
			}
			low = p->reach && unit > p->reach ? unit - p->reach : 0;
			see[2 * at] = (uint32_t)((from * p->units + low) * R);
			see[2 * at + 1] = (uint32_t)((from * p->units + unit) * R);
		}
	}
}

/* ---- open, close ------------------------------------------------------------------------------ */
static const char *teller_plan_wrong(const struct joint_plan *p)
{
	const char *wrong = teller_shape_wrong(&p->t.shape);

	if (wrong)
		return wrong;
	if (p->t.lanes < 1 || p->t.rows < p->t.lanes || p->t.rows % p->t.lanes)
		return "the batch must be a multiple of the number of lanes";
	if (p->t.micro < 1 || p->t.rows / p->t.lanes % p->t.micro)
		return "the spans a net holds must divide the spans of a lane";
	if (p->t.T < 1 || p->t.window < 0)
		return "a span must have 1 token at least, and the window of attention too";
	return NULL;
}

enum status joint_open(struct joint **out, const struct joint_plan *plan, joint_rows *rows, void *ctx,
                       struct err *e)
{
	struct joint_plan p = *plan;
	const char *wrong;
	struct joint *j;

	if (!p.t.micro)
		p.t.micro = p.path == JOINT_SHUFFLED ? 2 : 1;
	wrong = teller_plan_wrong(&p);
	if (!wrong)
		wrong = plan_wrong(&p);
	if (wrong)
		return err_set(e, ERR_USAGE, "%s", wrong);
	j = mem_alloc(1, sizeof *j);
	j->plan = p;
	j->rows = rows;
	j->ctx = ctx;
	tensors(j);
	params_alloc(&j->p, p.t.lanes);
	first_values(j);
	j->lane = mem_alloc((size_t)p.t.lanes, sizeof *j->lane);
	for (int l = 0; l < p.t.lanes; l++)
		lay(&j->lane[l], j, l, true);
	joint_ready(j);
	*out = j;
	return OK;
}

void joint_close(struct joint *j)
{
	if (!j)
		return;
	for (int l = 0; l < j->plan.t.lanes; l++) {
		net_close(j->lane[l].net);
		mem_free(j->lane[l].first);
		if (!j->eval)
			continue;
		net_close(j->eval[l].net);
		mem_free(j->eval[l].first);
	}
	mem_free(j->lane);
	mem_free(j->eval);
	mem_free(j->cross);
	params_clear(&j->p);
	teller_tensors_clear(&j->m);
	mem_free(j);
}

struct params *joint_params(struct joint *j)
{
	return &j->p;
}

void joint_ready(void *joint)
{
	struct joint *j = joint;

	if (j->plan.t.wide == NUM_BF16)
		params_pack(&j->p);
}

/* ---- running ---------------------------------------------------------------------------------- */
void joint_lane(void *joint, int lane, uint64_t step, double *loss, double *count)
{
	struct joint *j = joint;
	struct joint_net *n = &j->lane[lane];
	const struct teller_plan *p = &j->plan.t;
	int each = p->rows / p->lanes;

	*loss = *count = 0;
	for (int at = 0; at < each; at += p->micro) {
		for (int r = 0; r < p->micro; r++) {
			size_t from = (size_t)r * (size_t)p->T;

			j->rows(j->ctx, step, lane * each + at + r, node_ids(n->id) + from, node_ids(n->truth) + from,
			        n->first + from);
		}
		if (j->plan.path != JOINT_OFF)
			ranges(j, n);
		n->net->step = step * (uint64_t)(each / p->micro) + (uint64_t)(at / p->micro);
		net_forward(n->net);
		net_back(n->net);
		*loss += n->loss->loss;
		*count += n->loss->count;
	}
}

struct nats {
	struct joint *j;
	const uint32_t *in, *truth;
	const uint8_t *first;
	float *out;
	size_t n;
};

static void nats_lane(void *ctx, int lane)
{
	struct nats *k = ctx;
	struct joint *j = k->j;
	struct joint_net *n = &j->eval[lane];
	size_t T = (size_t)j->plan.t.T, micro = (size_t)j->plan.t.micro;
	size_t from = num_lane_from(k->n, lane, j->plan.t.lanes), to = num_lane_to(k->n, lane, j->plan.t.lanes);

	for (size_t at = from; at < to; at += micro) {
		size_t here = to - at < micro ? to - at : micro;

		for (size_t i = 0; i < micro * T; i++) {
			bool in = i < here * T;

			node_ids(n->id)[i] = in ? k->in[at * T + i] : 0;
			node_ids(n->truth)[i] = in ? k->truth[at * T + i] : ID_NONE;
			n->first[i] = in ? k->first[at * T + i] : 0;
		}
		if (j->plan.path != JOINT_OFF)
			ranges(j, n);
		net_forward(n->net);
		memcpy(k->out + at * T, net_ce_rows(n->loss), here * T * sizeof(float));
	}
}

void joint_nats(struct joint *j, const uint32_t *in, const uint32_t *truth, const uint8_t *first, int n,
                float *out)
{
	struct nats k = { j, in, truth, first, out, (size_t)n };

	if (!j->eval) {
		j->eval = mem_alloc((size_t)j->plan.t.lanes, sizeof *j->eval);
		for (int l = 0; l < j->plan.t.lanes; l++)
			lay(&j->eval[l], j, l, false);
	}
	num_lanes(j->plan.t.lanes, 0, nats_lane, &k);
}

/* ---- counting --------------------------------------------------------------------------------- */
uint64_t joint_size(const struct joint *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->p.n_t; i++)
		n += j->p.t[i].n;
	return n;
}

double joint_flops(const struct joint_plan *p, double scenes)
{
	double w = p->t.shape.width, per = scenes * p->registers / p->t.T;	/* registers a token */
	double flops = teller_flops(&p->t.shape, p->t.T, p->t.window), seen = scenes * p->registers / 2;
	double reading = 0;

	if (p->path == JOINT_OFF)
		return flops;
	if (p->reach && seen > p->reach * (double)p->registers)
		seen = p->reach * (double)p->registers;
	for (int l = 0; l < p->t.shape.layers; l++)
		if (reads(p, l))
			reading += 2 * w * w + per * 2 * w * w + 2 * w * seen;
	reading += 2 * w * w + 2 * w * p->registers + per * (2 * w * w + 3 * w * w);
	return flops + 6 * reading;
}
