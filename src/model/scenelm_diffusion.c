/* scenelm_diffusion.c - the two-tower diffusion LCM [LCM team, arXiv 2412.08821, sections 2.3.2 to 2.3.4].
 *
 *   x_t = cos(πt/2)·x0 + sin(πt/2)·ε     x0 = norm(z), ε normal, t in (0, 1)
 *                                    [cosine: Nichol & Dhariwal 2021]
 *   contextualiser   the trunk: the state h of each place, from the scenes before it
 *   denoiser         x = W·x_t;  each of its layers
 *                      x += gate ⊙ Wo·attention(Wq·mod(norm(x)), Wkv·h), over states up to its own place
 *                      x += gate ⊙ Wdown·swiglu(Wup·mod(norm(x)))
 *                    mod (scale, shift) and gate from the time, gates 0 at first [AdaLN-Zero: Peebles &
 *                    Xie 2023]
 *   loss             |x̂0 - x0|² / (R·D)
 *   ẑ                from ε·noise, `steps` steps without noise of their own [DDIM, η = 0: Song 2021], x̂0 =
 *                    x̂0(∅) + guidance·(x̂0(h) - x̂0(∅)) [Ho & Salimans 2022]; the context is left out of
 *                    15 % of the places in training
 *
 * A place of the denoiser sees no other place of the denoiser, as in the paper; queries and keys are turned
 * by their places (RoPE), else it could not tell the last scene from the first: contrastive accuracy
 * 0.63 with it, 0.55 without (docs/scenelm.md). The first noise is drawn by (seed, place in the book),
 * so that a ẑ can be repeated; its deviation 0.6 and guidance 3 are the paper's.
 *
 * Departures. Times are continuous, of a density that grows with t: near t = 0 the noisy z tells itself
 * and nothing is learnt of the context. Neighbours share one (up to eight places; the times of a net are
 * spread evenly from a random start [Kingma 2021]): AdaLN then costs next to nothing. No weighting of the
 * loss, no rescaled guidance, no epsilon scaling, 20 steps instead of 40.
 */
#include <math.h>

#include "model/scenelm_in.h"

enum { ATT, FEED };
#define T_MOST 0.985

static const char *wrong(const struct scenelm_plan *p, const struct latents *l)
{
	(void)l;
	if (p->steps < 1 || p->steps > 1000)
		return "diffusion takes 1 to 1000 steps";
	if (!(p->guidance >= 0 && p->guidance <= 100) || !(p->noise >= 0 && p->noise <= 10))
		return "guidance must be 0 to 100, the first noise 0 to 10";
	if (!(p->alone >= 0 && p->alone < 1))
		return "the share without context must be at least 0, below 1";
	return NULL;
}

/* Neighbouring places that share a time in training. */
static int sharing(const struct scenelm *m)
{
	int n = 8;

	while (m->p.context % n)
		n /= 2;
	return n;
}

/* ---- tensors ---------------------------------------------------------------------- */
static void layer_tensors(struct scenelm *m, int l)
{
	size_t w = (size_t)m->p.width, H = (size_t)m->p.hidden;
	double rare = 1.0 / sharing(m);
	static const char *const part[2] = { "att", "ffn" };

	for (int k = 0; k < 2; k++) {
		m->noise[l].norm[k] = scenelm_vector(m, 1, w, "noise.%d.%s_norm", l, part[k]);
		m->noise[l].mod[k] = scenelm_matrix(m, 0.1, rare, 2 * w, w, "noise.%d.%s_mod", l, part[k]);
		m->noise[l].gate[k] = scenelm_matrix(m, 0.1, rare, 2 * w, w, "noise.%d.%s_gate", l, part[k]);
		m->noise[l].gate_bias[k] = scenelm_vector(m, 0, 2 * w, "noise.%d.%s_gate_bias", l, part[k]);
	}
	m->noise[l].q = scenelm_matrix(m, 0.5, 1, w, w, "noise.%d.q", l);
	m->noise[l].kv = scenelm_matrix(m, 0.5, 1, 2 * w, w, "noise.%d.kv", l);
	m->noise[l].o = scenelm_matrix(m, 1, 1, w, w, "noise.%d.out", l);
	m->noise[l].up = scenelm_matrix(m, 0.5, 1, 2 * H, w, "noise.%d.gate_up", l);
	m->noise[l].down = scenelm_matrix(m, 1, 1, w, H, "noise.%d.down", l);
}

static void tensors(struct scenelm *m)
{
	size_t w = (size_t)m->p.width;
	double rare = 1.0 / sharing(m);

	m->noise_in = scenelm_matrix(m, 1, 1, w, (size_t)m->dims, "noise.in");
	m->time_in = scenelm_matrix(m, 1, rare, w, SCENELM_TIMES, "noise.time_in");
	m->time_mid = scenelm_matrix(m, 1, rare, w, w, "noise.time_mid");
	for (int l = 0; l < m->p.layers; l++)
		layer_tensors(m, l);
	m->noise_norm = scenelm_vector(m, 1, w, "noise.norm");
	m->out = scenelm_matrix(m, 0.5, 1, (size_t)m->dims, w, "noise.out");
	m->out_bias = scenelm_vector(m, 0, (size_t)m->dims, "noise.out_bias");
}

/* net_modulate multiplies by 1 + scale: -1 shuts the gate. */
static void reset(struct scenelm *m)
{
	for (int l = 0; l < m->p.layers; l++)
		for (int k = 0; k < 2; k++)
			for (int i = 0; i < m->p.width; i++)
				params_w(&m->params, m->noise[l].gate_bias[k])[i] = -1;
}

/* The denoiser's attention: queries of N places, half of the keys of a window each. */
static double work(const struct scenelm *m)
{
	return m->p.layers * (double)m->p.width * (m->p.context + 1);
}

/* ---- the net ---------------------------------------------------------------------- */
static struct node *moded(struct scenelm *m, struct net *t, int l, int k, struct node *x, struct node *time,
                          int each)
{
	x = net_rmsnorm(t, x, m->noise[l].norm[k]);
	return net_modulate(t, x, net_linear(t, time, m->noise[l].mod[k], -1), each);
}

static struct node *gated(struct scenelm *m, struct net *t, int l, int k, struct node *x, struct node *y,
                          int W, struct node *time, int each)
{
	struct node *g = net_linear(t, time, m->noise[l].gate[k], m->noise[l].gate_bias[k]);

	return net_add(t, x, net_modulate(t, net_linear(t, y, W, -1), g, each));
}

static struct node *layer(struct scenelm *m, struct scenelm_net *n, int l, struct node *x, struct node *h,
                          struct node *time, int each)
{
	struct net *t = n->net;
	int w = m->p.width, H = m->p.heads;
	struct attend a = { .heads = H, .head = w / H, .v_at = w, .T = m->p.context, .S = m->p.context,
	                    .rope_base = m->trunk.s.rope_base };
	struct node *kv = net_linear(t, h, m->noise[l].kv, -1);
	struct node *y = net_linear(t, moded(m, t, l, ATT, x, time, each), m->noise[l].q, -1);

	y = net_attend(t, y, kv, kv, &a, n->see);
	x = gated(m, t, l, ATT, x, y, m->noise[l].o, time, each);
	y = net_swiglu(t, net_linear(t, moded(m, t, l, FEED, x, time, each), m->noise[l].up, -1));
	return gated(m, t, l, FEED, x, y, m->noise[l].down, time, each);
}

/* x̂0 of all places; `each` of them share a time. */
static struct node *denoiser(struct scenelm *m, struct scenelm_net *n, struct node *h, int each)
{
	struct net *t = n->net;
	struct node *time, *x;

	n->noisy = net_input(t, n->N, m->dims);
	n->time = net_input(t, n->N / each, SCENELM_TIMES);
	n->see = net_ids(t, 2 * n->N);
	time = net_silu(t, net_linear(t, n->time, m->time_in, -1));
	time = net_silu(t, net_linear(t, time, m->time_mid, -1));
	x = net_linear32(t, n->noisy, m->noise_in, -1);
	for (int l = 0; l < m->p.layers; l++)
		x = layer(m, n, l, x, h, time, each);
	return net_linear32(t, net_rmsnorm(t, x, m->noise_norm), m->out, m->out_bias);
}

static void lay(struct scenelm *m, struct scenelm_net *n, struct node *h, bool train)
{
	struct net *t = n->net;

	if (!train) {
		n->said = h;
		net_hold(h);
		return;
	}
	n->target = net_input(t, n->N, m->dims);
	n->counts = net_input(t, n->N, 1);
	scenelm_loss(n, net_mse(t, denoiser(m, n, h, sharing(m)), n->target, n->counts, 1), 1);
}

/* The denoiser by itself: the trunk runs once for all its steps, and all places are at one time. */
static void tails(struct scenelm *m, struct scenelm_net *n, int lane)
{
	struct scenelm_net *k = n->tail = mem_alloc(1, sizeof *n->tail);

	n->tails = 1;
	k->N = n->N;
	k->net = net_open(&m->params, lane, m->p.wide, false);
	k->target = net_input(k->net, n->N, m->p.width);	/* the states */
	k->said = denoiser(m, k, k->target, n->N);
	net_hold(k->said);
	net_plan(k->net);
}

/* ---- noise ------------------------------------------------------------------------ */
/* Sines and cosines of 1000·t, wavelengths in a geometric row. */
static void tell_time(float *to, double t)
{
	for (int k = 0; k < SCENELM_TIMES / 2; k++) {
		double a = 1000 * t * pow(10000, -2.0 * k / SCENELM_TIMES);

		to[k] = (float)sin(a);
		to[SCENELM_TIMES / 2 + k] = (float)cos(a);
	}
}

/* Place i sees the states of its window up to its own, or none. */
static void sees(const struct scenelm *m, const struct scenelm_net *n, int i, bool context)
{
	node_ids(n->see)[2 * i] = context ? (uint32_t)(i - i % m->p.context) : 0;
	node_ids(n->see)[2 * i + 1] = context ? (uint32_t)i + 1 : 0;
}

static void noise_place(struct scenelm *m, struct scenelm_net *n, int i, double t, struct rng *r)
{
	float *x0 = scenelm_row(n->target, i), *x = scenelm_row(n->noisy, i);
	float keep = (float)cos(M_PI_2 * t), noise = (float)sin(M_PI_2 * t);
	bool is = n->tell[i] != SIZE_MAX;

	*scenelm_row(n->counts, i) = is;
	if (is)
		normaliser_apply(x0, latents_z(m->train, n->tell[i]), m->middle, m->scale, m->dims);
	else
		memset(x0, 0, (size_t)m->dims * sizeof *x0);
	for (int d = 0; d < m->dims; d++)
		x[d] = keep * x0[d] + noise * (float)rng_normal(r);
	sees(m, n, i, rng_unit(r) >= m->p.alone);
}

static void fill(struct scenelm *m, struct scenelm_net *n, uint64_t step, int row0)
{
	struct rng r = rng_stream(m->p.seed, "scenelm.noise", step * (uint64_t)m->p.rows + (uint64_t)row0);
	int each = sharing(m), times = n->N / each;
	double t = rng_unit(&r);

	for (int g = 0; g < times; g++) {
		/* The golden section: the times of a window are spread as well. */
		double u = t + (double)g * 0.6180339887498949, at;

		at = sqrt(u - floor(u)) * T_MOST;
		tell_time(scenelm_row(n->time, g), at);
		for (int i = g * each; i < (g + 1) * each; i++)
			noise_place(m, n, i, at, &r);
	}
}

/* ---- asking ----------------------------------------------------------------------- */
/* From time t to `next`, given what the noise is thought to hide. */
static void go(float *x, const float *x0, size_t n, double t, double next)
{
	float c = (float)cos(M_PI_2 * t), s = (float)sin(M_PI_2 * t);
	float c2 = (float)cos(M_PI_2 * next), s2 = (float)sin(M_PI_2 * next);

	for (size_t k = 0; k < n; k++)
		x[k] = c2 * x0[k] + s2 * ((x[k] - c * x0[k]) / s);
}

static void denoise(struct scenelm *m, struct scenelm_net *k, double t, bool context, float *x0)
{
	for (int i = 0; i < k->N; i++)
		sees(m, k, i, context);
	tell_time(k->time->x, t);
	net_forward(k->net);
	memcpy(x0, k->said->x, (size_t)k->N * (size_t)m->dims * sizeof *x0);
}

/* x̂0 with guidance; `without` is scratch. */
static void guided(struct scenelm *m, struct scenelm_net *k, double t, float *with, float *without)
{
	float g = (float)m->p.guidance;

	denoise(m, k, t, true, with);
	if (g == 1)
		return;
	denoise(m, k, t, false, without);
	for (size_t i = 0; i < (size_t)k->N * (size_t)m->dims; i++)
		with[i] = without[i] + g * (with[i] - without[i]);
}

static void begin(struct scenelm *m, struct scenelm_net *n, const uint64_t *draw)
{
	struct scenelm_net *k = n->tail;

	for (int i = 0; i < n->N; i++) {
		struct rng r = rng_stream(m->p.seed, "scenelm.first_noise", draw[i]);

		node_row(n->said, i, scenelm_row(k->target, i));
		for (int d = 0; d < m->dims; d++)
			scenelm_row(k->noisy, i)[d] = (float)(m->p.noise * rng_normal(&r));
	}
	if (n->said->type == NUM_F32)		/* node_row lends: copy */
		memcpy(k->target->x, n->said->x, node_len(n->said) * sizeof(float));
}

static void say(struct scenelm *m, struct scenelm_net *n, const uint64_t *draw, float *z)
{
	struct scenelm_net *k = n->tail;
	size_t len = (size_t)n->N * (size_t)m->dims;
	float *without = mem_alloc(len, sizeof *without);

	begin(m, n, draw);
	for (int s = m->p.steps; s > 0; s--) {
		guided(m, k, T_MOST * s / m->p.steps, z, without);
		go(k->noisy->x, z, len, T_MOST * s / m->p.steps, T_MOST * (s - 1) / m->p.steps);
	}
	for (int i = 0; i < n->N; i++)
		normaliser_undo(z + (size_t)i * (size_t)m->dims, scenelm_row(k->noisy, i), m->middle,
		                m->scale, m->dims);
	mem_free(without);
}

const struct scenelm_head scenelm_diffusion = {
	.name = "diffusion-lcm", .wrong = wrong, .tensors = tensors, .reset = reset, .lay = lay,
	.tails = tails, .fill = fill, .say = say, .work = work,
};
