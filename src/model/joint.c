/* joint.c - reader and teller as one net: what is kept of scenes, and how it is read.
 *
 *   in    spans of tokens with the places where scenes and books begin, and which tokens are salient
 *   out   losses, gradients into teller and reader; nats of held-out tokens
 *
 * Two memories, laid out by span r and read by ranges of rows:
 *
 *   registers   rows (r·units + u)·registers ..   of scene u
 *   words       rows r·words ..                   the salient tokens of the span, in order
 *
 * A token sees what is kept of the scenes of its book that ended before it, nothing of its own scene.
 * Scenes a span does not have pool nothing, and no token sees them.
 *
 * Invariant: a token's nats do not depend on what follows it (tests/unit/t_joint.c).
 */
#include <math.h>

#include "model/joint.h"

enum { FEATURES = 3 * ECHO_ORDERS, GATE = 32 /* width of the gate */ };
enum { REGISTERS_MAX = 64, TOLD = 4 /* tokens a scene */ };
enum memory { REGISTERS, WORDS, MEMORIES };
struct cross {
	int norm, q, kv, out, now, after;	/* tensors; q < 0: not read; now, after < 0: none */
};
struct joint_net {
	struct net *net;
	struct node *id, *truth, *pool, *query, *word, *before, *after, *now, *see[MEMORIES], *loss;
	/* before: ids; after: their embeddings; now: those of all tokens */
	struct node *z, *part[REGISTERS_MAX], *of, *told, *tell;	/* registers; their own task: whose, which, its loss */
	struct node *says, *feature;	/* echo: [rows][ECHO_ORDERS], [rows][FEATURES] */
	uint8_t *is;			/* [micro][T] */
	struct echo *echo;		/* [micro][T], or NULL */
	int T, micro;			/* tokens of a span; spans at once */
	int *words;			/* [micro]: salient tokens kept of each span */
	bool shuffled;
};
struct joint {
	struct joint_plan plan;
	struct teller_tensors m;
	struct params p;
	int query, pool_norm, pool_q, pool_kv, pool_out, ffn_norm, gate_up, down, mem_norm[MEMORIES], meaning, say, after_norm;	/* the reader's */
	int gate_x, gate_f, gate_b, gate_out, gate_bias;	/* whom to believe: echo's tensors */
	struct cross (*cross)[MEMORIES];	/* [layers] */
	struct joint_net *lane, *eval;	/* [lanes] */
	int eval_T;
	joint_rows *rows;
	void *ctx;
};

static bool kept(const struct joint_plan *p, enum memory m)
{
	return p->path != JOINT_OFF && (m == REGISTERS ? p->registers : p->words) > 0;
}

static bool echoes(const struct joint_plan *p)
{
	return p->path != JOINT_OFF && p->echo;
}

static bool reads(const struct joint_plan *p, int layer)
{
	if (p->path == JOINT_OFF || (!p->registers && !p->words) || layer < p->read_at)
		return false;
	if (p->cross_every < 0)
		return false;
	return p->cross_every ? (layer - p->read_at) % p->cross_every == 0 : layer == p->read_at;
}

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
	const unsigned matrix = PARAM_DECAY | PARAM_PACK;
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
		ADD(kv, matrix, 2 * w, m == WORDS ? w : (size_t)j->plan.register_dim);
		ADD(out, matrix, w, w);
		if (m == WORDS && j->plan.follow) {
			ADD(now, matrix, w, w);
			ADD(after, matrix, 2 * w, w);
		}
#undef ADD
	}
	if (echoes(&j->plan)) {
		j->gate_x = PARAMS_ADD(&j->p, "echo.gate_x", matrix, GATE, w);
		j->gate_f = PARAMS_ADD(&j->p, "echo.gate_f", matrix, GATE, FEATURES);
		j->gate_b = PARAMS_ADD(&j->p, "echo.gate_b", 0, GATE);
		j->gate_out = PARAMS_ADD(&j->p, "echo.gate_out", matrix, ECHO_ORDERS + 1, GATE);
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
	j->pool_kv = PARAMS_ADD(&j->p, "reader.kv", matrix, 2 * w, w);
	j->pool_out = PARAMS_ADD(&j->p, "reader.out", matrix, w, w);
	j->ffn_norm = PARAMS_ADD(&j->p, "reader.ffn_norm", 0, w);
	j->gate_up = PARAMS_ADD(&j->p, "reader.gate_up", matrix, 2 * w, w);
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

/* ---- the net -------------------------------------------------------------------------------- */
/* Of a span of T tokens: as many a token as in training. */
static int span_words(const struct joint_plan *p, int T)
{
	return (int)((int64_t)p->words * T / p->t.T);
}

static int span_units(const struct joint_plan *p, int T)
{
	int n = (int)((int64_t)p->units * T / p->t.T);

	return n > 1 ? n : 1;
}

static int register_rows(const struct joint_plan *p, const struct joint_net *n)
{
	return n->micro * span_units(p, n->T) * p->registers;
}

/* The registers of all scenes [micro·units·registers][register_dim], each of length sqrt(register_dim). x:
 * what is pooled, normalised. */
static struct node *reader(struct net *t, struct joint *j, struct joint_net *n, struct node *x)
{
	const struct joint_plan *p = &j->plan;
	int w = p->t.shape.width, H = p->t.shape.heads;
	struct attend a = { .heads = H, .head = w / H, .v_at = w };
	struct node *kv = net_linear(t, x, j->pool_kv, -1), *q, *r;

	n->query = net_ids(t, register_rows(p, n));
	n->pool = net_ids(t, 2 * register_rows(p, n));
	q = net_embed(t, j->query, n->query);
	a.T = register_rows(p, n), a.S = x->N;
	r = net_attend(t, net_linear(t, q, j->pool_q, -1), kv, kv, &a, n->pool);
	r = net_linear_add(t, q, r, j->pool_out);
	r = net_linear_add(t, r, net_swiglu(t, net_linear(t, net_rmsnorm(t, r, j->ffn_norm), j->gate_up, -1)),
	                   j->down);
	n->z = net_l2norm(t, net_linear32(t, net_rmsnorm(t, r, j->mem_norm[REGISTERS]), j->meaning, -1));
	net_hold(n->z);
	return net_scale(t, n->z, sqrt(p->register_dim));
}

/* The registers' own task: tokens of a scene from its registers, joined. */
static void tell(struct net *t, struct joint *j, struct joint_net *n, struct node *mem)
{
	int scenes = n->micro * span_units(&j->plan, n->T);
	struct node *z = NULL;

	for (int r = 0; r < j->plan.registers; r++) {
		struct node *one;

		n->part[r] = net_ids(t, scenes);
		one = net_gather(t, mem, n->part[r]);
		z = z ? net_join(t, z, one) : one;
	}
	n->of = net_ids(t, TOLD * scenes);
	n->told = net_ids(t, TOLD * scenes);
	n->tell = net_ce(t, net_gather(t, net_linear32(t, z, j->say, -1), n->of), j->m.embed, n->told, j->plan.tell);
}

static struct node *cross(struct net *t, struct joint *j, struct joint_net *n, int layer, struct node *x,
                          struct node *const mem[MEMORIES])
{
	const struct joint_plan *p = &j->plan;
	int w = p->t.shape.width, H = p->cross_heads ? p->cross_heads : p->t.shape.heads;

	for (int m = 0; m < MEMORIES; m++) {
		const struct cross *c = &j->cross[layer][m];
		struct attend a = { .heads = H, .head = w / H, .v_at = w, .T = x->N };
		struct node *q, *kv;

		if (c->q < 0)
			continue;
		a.S = mem[m]->N;
		q = net_linear(t, net_rmsnorm(t, x, c->norm), c->q, -1);
		if (c->now >= 0)
			q = net_add(t, q, net_linear(t, n->now, c->now, -1));
		kv = net_linear(t, mem[m], c->kv, -1);
		if (c->after >= 0)
			kv = net_add(t, kv, net_linear(t, n->after, c->after, -1));
		x = net_linear_add(t, x, net_attend(t, q, kv, kv, &a, n->see[m]), c->out);
	}
	return x;
}

/* The loss with what ended scenes say mixed in; x: the last states, normalised. */
static struct node *echo(struct net *t, struct joint *j, struct joint_net *n, struct node *x)
{
	struct node *g;

	n->says = net_input(t, x->N, ECHO_ORDERS);
	n->feature = net_input(t, x->N, FEATURES);
	g = net_add(t, net_linear32(t, x, j->gate_x, -1), net_linear32(t, n->feature, j->gate_f, j->gate_b));
	g = net_linear32(t, net_silu(t, g), j->gate_out, j->gate_bias);
	return net_ce_mixed(t, x, j->m.embed, n->truth, g, n->says, 1);
}

/* What an order says of the truth, and what can be known of it without the truth. */
static void hear(struct joint_net *n)
{
	float *says = n->says->x, *f = n->feature->x;

	for (int i = 0; i < n->says->N; i++, says += ECHO_ORDERS, f += FEATURES) {
		const struct echo *e = &n->echo[i];

		for (int k = 0; k < ECHO_ORDERS; k++) {
			float count = (float)e->n[k];

			says[k] = e->n[k] ? (float)e->hit[k] / count : -1;
			f[k] = e->n[k] > 0;
			f[ECHO_ORDERS + k] = 0.2f * log2f(1 + count);
			f[2 * ECHO_ORDERS + k] = e->n[k] ? (float)e->top[k] / count : 0;
		}
	}
}

static void lay(struct joint_net *n, struct joint *j, int lane, int T, int micro, bool train)
{
	const struct joint_plan *p = &j->plan;
	int rows = micro * T;
	struct net *t = net_open(&j->p, lane, p->t.wide, train);
	struct node *x, *mem[MEMORIES] = { NULL }, *embedded;

	*n = (struct joint_net){ .net = t, .T = T, .micro = micro, .shuffled = p->path == JOINT_SHUFFLED };
	n->is = mem_alloc((size_t)rows, 1);
	n->words = mem_alloc((size_t)micro, sizeof *n->words);
	n->id = net_ids(t, rows);
	n->truth = net_ids(t, rows);
	for (int m = 0; m < MEMORIES; m++)
		n->see[m] = kept(p, m) ? net_ids(t, 2 * rows) : NULL;
	x = embedded = net_embed(t, j->m.embed, n->id);
	if (p->t.dropout > 0 && train)
		x = net_dropout(t, x, p->t.dropout);
	for (int l = 0; l < p->t.shape.layers; l++) {
		if (kept(p, WORDS) && l == p->read_at) {
			n->word = net_ids(t, micro * span_words(p, T));
			if (p->follow) {
				n->before = net_ids(t, micro * span_words(p, T));
				n->now = net_rmsnorm(t, embedded, j->after_norm);
				n->after = net_rmsnorm(t, net_gather(t, embedded, n->before), j->after_norm);
			}
			mem[WORDS] = net_rmsnorm(t, net_gather(t, p->symbols ? embedded : x, n->word), j->mem_norm[WORDS]);
		}
		if (kept(p, REGISTERS) && l == p->read_at)
			mem[REGISTERS] = reader(t, j, n, mem[WORDS] ? mem[WORDS] : net_rmsnorm(t, x, j->pool_norm));
		x = teller_attend(t, &j->m, l, x, T, p->t.window, p->t.dropout);
		if (reads(p, l))
			x = cross(t, j, n, l, x, mem);
		x = teller_feed(t, &j->m, l, x, p->t.dropout);
	}
	if (kept(p, REGISTERS) && p->tell > 0 && train)
		tell(t, j, n, mem[REGISTERS]);
	x = net_rmsnorm(t, x, j->m.norm);
	if (echoes(p)) {
		n->echo = mem_alloc((size_t)rows, sizeof *n->echo);
		n->loss = echo(t, j, n, x);
	} else {
		n->loss = net_ce(t, x, j->m.embed, n->truth, 1);
	}
	t->scale = 1.0 / ((double)p->t.rows * T);
	t->seed = p->t.seed;
	net_plan(t);
}

static void unlay(struct joint_net *n, int lanes)
{
	for (int l = 0; n && l < lanes; l++) {
		net_close(n[l].net);
		mem_free(n[l].is);
		mem_free(n[l].echo);
		mem_free(n[l].words);
	}
	mem_free(n);
}

/* ---- who sees what ----------------------------------------------------------------------------- */
/* Where the scenes of a span stand so far. */
struct place {
	int unit, start;		/* the scene at hand, its first token */
	int book;			/* the first scene of the book at hand */
	int words, ended;		/* words kept; of these, of scenes that ended */
	int *at;			/* [T]: words kept before each scene */
};

/* What the registers of the scene at hand pool, which reaches to token i. */
static void pools(const struct joint *j, struct joint_net *n, int r, const struct place *k, int i)
{
	const struct joint_plan *p = &j->plan;
	int R = p->registers, most = span_words(p, n->T);
	uint32_t *range = node_ids(n->pool) + 2 * (size_t)(r * span_units(p, n->T) + k->unit) * (size_t)R;

	for (int q = 0; q < R; q++) {
		range[2 * q] = (uint32_t)(kept(p, WORDS) ? r * most + k->at[k->unit] : r * n->T + k->start);
		range[2 * q + 1] = (uint32_t)(kept(p, WORDS) ? r * most + k->words : r * n->T + i);
	}
}

static void scene_ends(const struct joint *j, struct joint_net *n, int r, struct place *k, int i)
{
	if (kept(&j->plan, REGISTERS)) {
		if (k->unit + 1 >= span_units(&j->plan, n->T))
			return;			/* joined to the last scene */
		pools(j, n, r, k, i);
	}
	k->unit++;
	k->start = i;
	k->at[k->unit] = k->ended = k->words;
}

static void see(const struct joint *j, struct joint_net *n, int r, const struct place *k, int i)
{
	const struct joint_plan *p = &j->plan;
	int from = n->shuffled ? r ^ 1 : r;		/* whose scenes are read */
	int units = span_units(p, n->T);
	int low = p->reach && k->unit - p->reach > k->book ? k->unit - p->reach : k->book;
	size_t at = 2 * ((size_t)r * (size_t)n->T + (size_t)i);

	if (kept(p, REGISTERS)) {
		node_ids(n->see[REGISTERS])[at] = (uint32_t)((from * units + low) * p->registers);
		node_ids(n->see[REGISTERS])[at + 1] = (uint32_t)((from * units + k->unit) * p->registers);
	}
	if (kept(p, WORDS)) {
		node_ids(n->see[WORDS])[at] = (uint32_t)(from * span_words(p, n->T) + k->at[low]);
		node_ids(n->see[WORDS])[at + 1] = (uint32_t)(from * span_words(p, n->T) + k->ended);
	}
}

/* Place `at` of the kept words holds token i of the net, or none (-1). */
static void keep_word(struct joint_net *n, int at, int i, bool followed)
{
	node_ids(n->word)[at] = i < 0 ? ID_NONE : (uint32_t)i;
	if (n->before)
		node_ids(n->before)[at] = followed ? (uint32_t)(i - 1) : ID_NONE;
}

static void span(const struct joint *j, struct joint_net *n, int r, int *scratch)
{
	const struct joint_plan *p = &j->plan;
	const uint8_t *is = n->is + (size_t)r * (size_t)n->T;
	struct place k = { .at = scratch };
	int most = kept(p, WORDS) ? span_words(p, n->T) : 0;

	k.at[0] = 0;
	for (int i = 0; i < n->T; i++) {
		if (i > 0 && is[i] & TOKEN_SCENE)
			scene_ends(j, n, r, &k, i);
		if (is[i] & TOKEN_BOOK)
			k.book = k.unit;
		see(j, n, r, &k, i);
		if (is[i] & TOKEN_SALIENT && k.words < most)
			keep_word(n, r * most + k.words++, r * n->T + i, i > 0);
	}
	if (kept(p, REGISTERS))
		pools(j, n, r, &k, n->T);	/* nobody sees the last one; joint_registers reads it */
	n->words[r] = k.words;
	for (int i = k.words; i < most; i++)
		keep_word(n, r * most + i, -1, false);
}

/* Of each scene TOLD salient tokens, evenly spaced from a place drawn by the step. */
static void told(const struct joint *j, struct joint_net *n, uint64_t step)
{
	int units = span_units(&j->plan, n->T), R = j->plan.registers;
	struct rng r = rng_stream(j->plan.t.seed, "joint.told", step * (uint64_t)j->plan.t.lanes + (uint64_t)n->net->lane);

	for (int u = 0; u < n->micro * units; u++) {
		const uint32_t *range = node_ids(n->pool) + 2 * (size_t)u * (size_t)R;
		uint32_t len = range[1] - range[0], from = len ? (uint32_t)rng_below(&r, len) : 0;

		for (int q = 0; q < R; q++)
			node_ids(n->part[q])[u] = (uint32_t)(u * R + q);
		for (int k = 0; k < TOLD; k++) {
			uint32_t at = len ? range[0] + (from + (uint32_t)k * len / TOLD) % len : 0;

			if (len && n->word)
				at = node_ids(n->word)[at];
			node_ids(n->of)[u * TOLD + k] = (uint32_t)u;
			node_ids(n->told)[u * TOLD + k] = len ? node_ids(n->id)[at] : ID_NONE;
		}
	}
}

/* In a shuffled net a token may see fewer words than its own span has kept. */
static void bound(const struct joint *j, struct joint_net *n)
{
	int most = span_words(&j->plan, n->T);

	for (int i = 0; i < 2 * n->micro * n->T; i++) {
		int r = i / 2 / n->T ^ 1;
		uint32_t top = (uint32_t)(r * most + n->words[r]), *at = &node_ids(n->see[WORDS])[i];

		*at = *at < top ? *at : top;
	}
}

/* From what the tokens are: what each scene pools, which words are kept, and what each token sees. */
static void ranges(const struct joint *j, struct joint_net *n)
{
	const struct joint_plan *p = &j->plan;

	if (!kept(p, REGISTERS) && !kept(p, WORDS))
		return;
	int *scratch = mem_alloc((size_t)n->T + 1, sizeof *scratch);

	if (kept(p, REGISTERS)) {
		memset(node_ids(n->pool), 0, 2 * (size_t)register_rows(p, n) * sizeof(uint32_t));
		for (int i = 0; i < register_rows(p, n); i++)
			node_ids(n->query)[i] = (uint32_t)(i % p->registers);
	}
	for (int r = 0; r < n->micro; r++)
		span(j, n, r, scratch);
	if (n->shuffled && kept(p, WORDS))
		bound(j, n);
	mem_free(scratch);
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
		lay(&j->lane[l], j, l, p.t.T, p.t.micro, true);
	joint_ready(j);
	*out = j;
	return OK;
}

void joint_close(struct joint *j)
{
	if (!j)
		return;
	unlay(j->lane, j->plan.t.lanes);
	unlay(j->eval, j->plan.t.lanes);
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
			ranges(j, n);
		if (n->echo)
			hear(n);
		n->net->step = step * (uint64_t)(each / p->micro) + (uint64_t)(at / p->micro);
		if (n->tell)
			told(j, n, n->net->step);
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
		hear(n);
	if (j->plan.path != JOINT_OFF)
		ranges(j, n);
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
	struct joint *j = k->j;

	if (j->eval && j->eval_T != T) {
		unlay(j->eval, j->plan.t.lanes);
		j->eval = NULL;
	}
	if (!j->eval) {
		j->eval = mem_alloc((size_t)j->plan.t.lanes, sizeof *j->eval);
		j->eval_T = T;
		for (int l = 0; l < j->plan.t.lanes; l++)
			lay(&j->eval[l], j, l, T, 2, false);
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
