/* joint.c - reader and teller as one model: its tensors, learning, reading.
 *
 *   in    spans of tokens with the places where scenes and books begin, which tokens are salient, echoes
 *   out   losses, gradients into teller and reader; nats of held-out tokens; registers
 *
 * Invariant: a token's nats do not depend on what follows it (tests/unit/t_joint.c).
 */
#include <math.h>

#include "model/joint_in.h"

static const char *plan_wrong(const struct joint_plan *p)
{
	if (p->path == JOINT_OFF)
		return NULL;
	if (p->echo && p->path == JOINT_SHUFFLED)
		return "shuffled echoes are the caller's to give";
	if (!p->registers && !p->words)
		return p->echo ? NULL : "a scene path must keep registers or words, or echo";
	if (p->read_at < 1 || p->read_at >= p->t.shape.layers)
		return "the reader must stand above the first layer and below the last";
	if (p->cross_every < -1)
		return "cross_every must be -1 at least";
	if (p->cross_every < 0 && !(p->registers && p->tell > 0))
		return "scenes that no layer reads need registers with a task of their own";
	if (p->cross_heads < 0 || (p->cross_heads && p->t.shape.width % p->cross_heads))
		return "the width must be a multiple of the heads that read scenes";
	if (p->registers < 0 || p->registers > REGISTERS_MAX)
		return "a scene must have at most 64 registers";
	if (p->registers && (p->register_dim < 1 || p->register_dim > p->t.shape.width || !(p->tell >= 0)))
		return "a register must have 1 number to as many as the width";
	if (p->words < 0 || p->words > p->t.T)
		return "a span cannot keep more words than it has tokens";
	if (p->registers && (p->units < 1 || p->units > p->t.T))
		return "a span must have 1 scene to as many as it has tokens";
	if (p->path == JOINT_SHUFFLED && (p->t.micro % 2 || p->t.rows / p->t.lanes % 2))
		return "shuffled scenes need two spans at once";
	return NULL;
}

/* ---- tensors -------------------------------------------------------------------------------- */
static void tensors(struct joint *j)
{
	const unsigned gate = PARAM_DECAY | PARAM_PACK, matrix = gate | PARAM_ORTHO, two = matrix | PARAM_STACKED(2);
	const struct teller_shape *s = &j->plan.t.shape;
	size_t w = (size_t)s->width, R = (size_t)j->plan.registers;
	char name[64];

	teller_tensors_add(&j->m, &j->p, s);
	j->cross = mem_alloc((size_t)s->layers, sizeof *j->cross);
	for (int k = 0; k < s->layers * MEMORIES; k++) {
		int l = k / MEMORIES, m = k % MEMORIES;
		struct cross *c = &j->cross[l][m];

		c->q = c->now = c->after = -1;
		if (!reads(&j->plan, l) || !kept(&j->plan, m))
			continue;
#define ADD(field, flags, ...) \
		snprintf(name, sizeof name, "layer.%d.%s_" #field, l, m == WORDS ? "words" : "cross"); \
		c->field = PARAMS_ADD(&j->p, name, flags, __VA_ARGS__)
		ADD(norm, 0, w);
		ADD(q, matrix, w, w);
		ADD(kv, two, 2 * w, m == WORDS ? w : (size_t)j->plan.register_dim);
		ADD(out, matrix, w, w);
		if (m == WORDS && j->plan.follow) {
			ADD(now, matrix, w, w);
			ADD(after, two, 2 * w, w);
		}
#undef ADD
	}
	if (echoes(&j->plan)) {
		j->gate_x = PARAMS_ADD(&j->p, "echo.gate_x", gate, GATE, w);
		j->gate_f = PARAMS_ADD(&j->p, "echo.gate_f", gate, GATE, FEATURES);
		j->gate_b = PARAMS_ADD(&j->p, "echo.gate_b", 0, GATE);
		j->gate_out = PARAMS_ADD(&j->p, "echo.gate_out", gate, ECHO_ORDERS + 1, GATE);
		j->gate_bias = PARAMS_ADD(&j->p, "echo.gate_bias", 0, ECHO_ORDERS + 1);
	}
	if (kept(&j->plan, WORDS))
		j->mem_norm[WORDS] = PARAMS_ADD(&j->p, "words.norm", 0, w);
	if (kept(&j->plan, WORDS) && j->plan.follow)
		j->after_norm = PARAMS_ADD(&j->p, "words.after_norm", 0, w);
	if (!kept(&j->plan, REGISTERS))
		return;
	j->query = PARAMS_ADD(&j->p, "reader.query", PARAM_PACK, R, w);
	if (!kept(&j->plan, WORDS))
		j->pool_norm = PARAMS_ADD(&j->p, "reader.norm", 0, w);
	j->pool_q = PARAMS_ADD(&j->p, "reader.q", matrix, w, w);
	j->pool_kv = PARAMS_ADD(&j->p, "reader.kv", two, 2 * w, w);
	j->pool_out = PARAMS_ADD(&j->p, "reader.out", matrix, w, w);
	j->ffn_norm = PARAMS_ADD(&j->p, "reader.ffn_norm", 0, w);
	j->gate_up = PARAMS_ADD(&j->p, "reader.gate_up", two, 2 * w, w);
	j->down = PARAMS_ADD(&j->p, "reader.down", matrix, w, w);
	j->mem_norm[REGISTERS] = PARAMS_ADD(&j->p, "reader.out_norm", 0, w);
	j->meaning = PARAMS_ADD(&j->p, "reader.z", matrix, (size_t)j->plan.register_dim, w);
	if (j->plan.tell > 0)
		j->say = PARAMS_ADD(&j->p, "reader.tell", matrix, w, R * (size_t)j->plan.register_dim);
}

/* A word is looked for by what it followed: both sides begin as one projection of embeddings, so that the token at
 * hand finds the words that came after it in the past from the first step on. */
static void follow_first(struct joint *j, const struct cross *c, uint64_t seed)
{
	size_t w = (size_t)j->plan.t.shape.width;

	params_init(&j->p, c->now, params_fan_in(&j->p, c->now), seed);
	params_fill(&j->p, c->after, 0);
	memcpy(params_w(&j->p, c->after), params_w(&j->p, c->now), w * w * sizeof(float));
	params_init(&j->p, c->q, 0.2 * params_fan_in(&j->p, c->q), seed);
}

static void first_values(struct joint *j)
{
	const struct teller_shape *s = &j->plan.t.shape;
	uint64_t seed = j->plan.t.seed;

	teller_tensors_init(&j->m, &j->p, seed);
	for (int l = 0; l < s->layers * MEMORIES; l++) {
		const struct cross *c = &j->cross[l / MEMORIES][l % MEMORIES];

		if (c->q < 0)
			continue;
		params_fill(&j->p, c->norm, 1);
		params_init(&j->p, c->q, 0.5 * params_fan_in(&j->p, c->q), seed);
		params_init(&j->p, c->kv, 0.5 * params_fan_in(&j->p, c->kv), seed);
		if (c->after >= 0)
			follow_first(j, c, seed);
		params_fill(&j->p, c->out, 0);		/* it begins as the token model [Alayrac 2022] */
	}
	if (echoes(&j->plan)) {		/* it begins by believing the net */
		params_init(&j->p, j->gate_x, params_fan_in(&j->p, j->gate_x), seed);
		params_init(&j->p, j->gate_f, params_fan_in(&j->p, j->gate_f), seed);
		params_fill(&j->p, j->gate_b, 0);
		params_init(&j->p, j->gate_out, 0.3 * params_fan_in(&j->p, j->gate_out), seed);
		params_fill(&j->p, j->gate_bias, 0);
		params_w(&j->p, j->gate_bias)[0] = 4;
	}
	if (kept(&j->plan, WORDS))
		params_fill(&j->p, j->mem_norm[WORDS], 1);
	if (kept(&j->plan, WORDS) && j->plan.follow)
		params_fill(&j->p, j->after_norm, 1);
	if (!kept(&j->plan, REGISTERS))
		return;
	params_init(&j->p, j->query, 1, seed);
	if (!kept(&j->plan, WORDS))
		params_fill(&j->p, j->pool_norm, 1);
	params_init(&j->p, j->pool_q, 0.5 * params_fan_in(&j->p, j->pool_q), seed);
	params_init(&j->p, j->pool_kv, 0.5 * params_fan_in(&j->p, j->pool_kv), seed);
	params_init(&j->p, j->pool_out, params_fan_in(&j->p, j->pool_out), seed);
	params_fill(&j->p, j->ffn_norm, 1);
	params_init(&j->p, j->gate_up, 0.5 * params_fan_in(&j->p, j->gate_up), seed);
	params_init(&j->p, j->down, 0.5 * params_fan_in(&j->p, j->down), seed);
	params_fill(&j->p, j->mem_norm[REGISTERS], 1);
	params_init(&j->p, j->meaning, params_fan_in(&j->p, j->meaning), seed);
	if (j->plan.tell > 0)
		params_init(&j->p, j->say, params_fan_in(&j->p, j->say), seed);
}

/* ---- open, close ------------------------------------------------------------------------------ */
static const char *teller_plan_wrong(const struct joint_plan *p)
{
	const char *wrong = teller_shape_wrong(&p->t.shape);

	if (wrong)
		return wrong;
	if (p->t.lanes < 1 || p->t.rows < p->t.lanes || p->t.rows % p->t.lanes)
		return "the batch must be a multiple of the number of lanes";
	if (p->t.micro && (p->t.micro < 0 || p->t.rows / p->t.lanes % p->t.micro))
		return "the spans a net holds must divide the spans of a lane";
	if (p->t.T < 1 || p->t.window < 0)
		return "a span must have 1 token at least, and the window of attention too";
	if (!(p->t.dropout >= 0 && p->t.dropout < 1))
		return "dropout must be at least 0 and below 1";
	return NULL;
}

enum status joint_open(struct joint **out, const struct joint_plan *plan, joint_rows *rows, void *ctx,
                       struct err *e)
{
	struct joint_plan p = *plan;
	const char *wrong;
	struct joint *j;

	wrong = teller_plan_wrong(&p);
	if (!wrong && !p.t.micro)
		p.t.micro = p.path == JOINT_SHUFFLED ? 2 : teller_micro(&p.t);
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
		joint_lay(&j->lane[l], j, l, p.t.T, p.t.micro, LEARN);
	joint_ready(j);
	*out = j;
	return OK;
}

void joint_close(struct joint *j)
{
	if (!j)
		return;
	joint_unlay(j->lane, j->plan.t.lanes);
	joint_unlay(j->eval, j->plan.t.lanes);
	mem_free(j->cross);
	params_clear(&j->p);
	teller_tensors_clear(&j->m);
	mem_free(j);
}

void joint_reset(struct joint *j)
{
	first_values(j);
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
			        n->is + from, n->echo ? n->echo + from : NULL);
		}
		if (j->plan.path != JOINT_OFF)
			joint_ranges(j, n);
		if (n->echo)
			joint_hear(n);
		n->net->step = step * (uint64_t)(each / p->micro) + (uint64_t)(at / p->micro);
		if (n->tell)
			joint_told(j, n, n->net->step);
		net_forward(n->net);
		net_back(n->net);
		*loss += n->loss->loss + (n->tell ? j->plan.tell * n->tell->loss : 0);
		*count += n->loss->count;
	}
}

struct reading {
	struct joint *j;
	const uint32_t *in, *truth;
	const uint8_t *is;
	const struct echo *echo;
	float *nats, *z;		/* either may be NULL */
	size_t n;
};

static void load(struct joint *j, struct joint_net *n, const struct reading *k, size_t at)
{
	size_t T = (size_t)n->T, micro = (size_t)n->micro, here = k->n - at < micro ? k->n - at : micro;

	for (size_t i = 0; i < micro * T; i++) {
		bool in = i < here * T;

		node_ids(n->id)[i] = in ? k->in[at * T + i] : 0;
		node_ids(n->truth)[i] = in && k->truth ? k->truth[at * T + i] : ID_NONE;
		n->is[i] = in ? k->is[at * T + i] : 0;
		if (n->echo)
			n->echo[i] = in && k->echo ? k->echo[at * T + i] : (struct echo){ { 0 }, { 0 }, { 0 } };
	}
	if (n->echo)
		joint_hear(n);
	if (j->plan.path != JOINT_OFF)
		joint_ranges(j, n);
}

static void reading_lane(void *ctx, int lane)
{
	struct reading *k = ctx;
	struct joint *j = k->j;
	struct joint_net *n = &j->eval[lane];
	size_t T = (size_t)n->T, micro = (size_t)n->micro, sets = (k->n + micro - 1) / micro;
	size_t from = num_lane_from(sets, lane, j->plan.t.lanes), to = num_lane_to(sets, lane, j->plan.t.lanes);
	size_t each = k->z ? (size_t)span_units(&j->plan, n->T) * (size_t)j->plan.registers * (size_t)j->plan.register_dim : 0;

	for (size_t at = from * micro; at < to * micro; at += micro) {
		size_t here = k->n - at < micro ? k->n - at : micro;

		load(j, n, k, at);
		net_forward(n->net);
		if (k->nats)
			memcpy(k->nats + at * T, net_ce_rows(n->loss), here * T * sizeof(float));
		if (k->z)
			memcpy(k->z + at * each, n->z->x, here * each * sizeof(float));
	}
}

static void read_all(struct reading *k, int T, bool shuffled)
{
	enum use use = k->z ? READ : TELL;
	struct joint *j = k->j;

	if (j->eval && (j->eval_T != T || j->eval_use != (int)use)) {
		joint_unlay(j->eval, j->plan.t.lanes);
		j->eval = NULL;
	}
	if (!j->eval) {
		j->eval = mem_alloc((size_t)j->plan.t.lanes, sizeof *j->eval);
		j->eval_T = T;
		j->eval_use = use;
		for (int l = 0; l < j->plan.t.lanes; l++)
			joint_lay(&j->eval[l], j, l, T, 2, use);
	}
	for (int l = 0; l < j->plan.t.lanes; l++)
		j->eval[l].shuffled = shuffled || j->plan.path == JOINT_SHUFFLED;
	num_lanes(j->plan.t.lanes, 0, reading_lane, k);
}

void joint_nats(struct joint *j, const uint32_t *in, const uint32_t *truth, const uint8_t *is, const struct echo *echo,
                int n, int T, bool shuffled, float *out)
{
	read_all(&(struct reading){ j, in, truth, is, echo, out, NULL, (size_t)n }, T, shuffled);
}

void joint_registers(struct joint *j, const uint32_t *in, const uint8_t *is, int n, int T, float *z)
{
	must(kept(&j->plan, REGISTERS));
	read_all(&(struct reading){ j, in, NULL, is, NULL, NULL, z, (size_t)n }, T, false);
}

/* ---- counting --------------------------------------------------------------------------------- */
uint64_t joint_size(const struct joint *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->p.n_t; i++)
		n += j->p.t[i].n;
	return n;
}

/* Multiply-adds forward of one token that reads `kept` rows of D numbers on average, `per` of them a token. */
static double reading_cost(double w, double D, double per, double kept_rows)
{
	return 2 * w * w + per * 2 * w * D + 2 * w * kept_rows;
}

double joint_flops(const struct joint_plan *p, double scenes, double words)
{
	double w = p->t.shape.width, T = p->t.T, R = p->registers, D = p->register_dim, per = scenes * R / T, more = 0;
	double part = p->reach && p->reach < scenes / 2 ? p->reach / scenes : 0.5;	/* of the span that is seen */
	double pooled = kept(p, WORDS) ? words / T : 1;

	for (int l = 0; l < p->t.shape.layers && p->path != JOINT_OFF; l++) {
		if (reads(p, l) && kept(p, REGISTERS))
			more += reading_cost(w, D, per, scenes * R * part);
		if (reads(p, l) && kept(p, WORDS))
			more += reading_cost(w, w, words / T * (p->follow ? 2 : 1), words * part) + (p->follow ? w * w : 0);
	}
	if (kept(p, REGISTERS))
		more += pooled * (2 * w * w + 2 * w * R) + per * (2 * w * w + 3 * w * w + w * D);
	if (kept(p, REGISTERS) && p->tell > 0)
		more += scenes / T * (R * D * w + TOLD * w * p->t.shape.vocab);
	if (echoes(p))
		more += GATE * (w + FEATURES + ECHO_ORDERS + 1);
	return teller_flops(&p->t.shape, p->t.T, p->t.window) + 6 * more;
}
