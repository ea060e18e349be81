/* scenenet_diffusion.c - the two-tower diffusion LCM [LCM team, 2412.08821, 2.3.2 to 2.3.4].
 *
 *   contextualiser   the trunk: a state of each place, from the scenes before it
 *   denoiser         x = W·noisy; as many layers as the trunk, each
 *                      x += Wo·attention(Wq·mod(norm(x)), Wk·h, Wv·h)   over the states up to its own place, turned by
 *                                                                    their places: the last scene is not the first
 *                      x += Wdown·swiglu(Wup·mod(norm(x)))
 *                    mod: scale and shift from the time of the noise [Peebles & Xie 2023, AdaLN]
 *   loss             |x0 - ẑ|², z by the robust normaliser
 *
 * x_t = cos(πt/2)·z + sin(πt/2)·ε, t even in (0, 1) [Nichol & Dhariwal 2021]; the context is left out for
 * 15 % of the places, so that guessing can go beyond it: x0 = x0(∅) + guidance·(x0(context) - x0(∅)) [Ho &
 * Salimans 2022], `steps` steps without noise of their own [Song 2021, DDIM]. Departures: x0 is rescaled
 * to no norm, times are even (no weighting by signal to noise), the denoiser has no gates; its first
 * noise is drawn by (seed, scene), so that a guess can be repeated.
 */
#include <math.h>

#include "model/scenenet_in.h"

enum { TIMES = 64 };		/* numbers that tell the time */
#define ALONE 0.15
#define T_MOST 0.98

static void tensors(struct scenenet *s)
{
	size_t w = (size_t)s->p.width, H = (size_t)s->p.hidden;

	s->noise_in = scenenet_matrix(s, 1, w, (size_t)s->dims, "noise.in");
	s->time_in = scenenet_matrix(s, 1, w, TIMES, "time.in");
	s->time_mid = scenenet_matrix(s, 1, w, w, "time.mid");
	for (int l = 0; l < s->p.layers; l++) {
		s->noise[l].mod = scenenet_matrix(s, 0.1, 2 * w, w, "noise.%d.att_mod", l);
		s->noise[l].norm = scenenet_vector(s, 1, w, "noise.%d.att_norm", l);
		s->noise[l].q = scenenet_matrix(s, 0.5, w, w, "noise.%d.q", l);
		s->noise[l].kv = scenenet_matrix(s, 0.5, 2 * w, w, "noise.%d.kv", l);
		s->noise[l].o = scenenet_matrix(s, 0.3, w, w, "noise.%d.o", l);
		s->noise[l].mod2 = scenenet_matrix(s, 0.1, 2 * w, w, "noise.%d.ffn_mod", l);
		s->noise[l].norm2 = scenenet_vector(s, 1, w, "noise.%d.ffn_norm", l);
		s->noise[l].up = scenenet_matrix(s, 0.5, 2 * H, w, "noise.%d.gate_up", l);
		s->noise[l].down = scenenet_matrix(s, 0.3, w, H, "noise.%d.down", l);
	}
	s->noise_norm = scenenet_vector(s, 1, w, "noise.norm");
	s->out = scenenet_matrix(s, 0.5, (size_t)s->dims, w, "noise.out");
	s->out_bias = scenenet_vector(s, 0, (size_t)s->dims, "noise.out_bias");
}

static struct node *layer(struct scenenet *s, struct scene_lane *n, int l, struct node *x, struct node *h, struct node *time)
{
	struct net *t = n->net;
	int w = s->p.width, H = s->p.heads;
	struct attend a = { .heads = H, .head = w / H, .v_at = w, .T = s->p.context, .S = s->p.context, .rope_base = 10000 };
	struct node *kv = net_linear(t, h, s->noise[l].kv, -1), *y;

	y = net_modulate(t, net_rmsnorm(t, x, s->noise[l].norm), net_linear(t, time, s->noise[l].mod, -1), 1);
	y = net_attend(t, net_linear(t, y, s->noise[l].q, -1), kv, kv, &a, n->see);
	x = net_linear_add(t, x, y, s->noise[l].o);
	y = net_modulate(t, net_rmsnorm(t, x, s->noise[l].norm2), net_linear(t, time, s->noise[l].mod2, -1), 1);
	return net_linear_add(t, x, net_swiglu(t, net_linear(t, y, s->noise[l].up, -1)), s->noise[l].down);
}

static void lay(struct scenenet *s, struct scene_lane *n, struct node *h)
{
	struct net *t = n->net;
	struct node *time, *x;

	n->noisy = net_input(t, n->N, s->dims);
	n->time = net_input(t, n->N, TIMES);
	n->clean = net_input(t, n->N, s->dims);
	n->see = net_ids(t, 2 * n->N);
	time = net_silu(t, net_linear(t, n->time, s->time_in, -1));
	time = net_silu(t, net_linear(t, time, s->time_mid, -1));
	x = net_linear32(t, n->noisy, s->noise_in, -1);
	for (int l = 0; l < s->p.layers; l++)
		x = layer(s, n, l, x, h, time);
	n->guess = net_linear32(t, net_rmsnorm(t, x, s->noise_norm), s->out, s->out_bias);
	net_hold(n->guess);
	scenenet_loss(n, net_mse(t, n->guess, n->clean, NULL, s->dims), s->dims);
}

static float *at(const struct node *n, int i)
{
	return (float *)n->x + (size_t)i * (size_t)n->D;
}

/* Sines and cosines of 1,000·t at wavelengths in a geometric row. */
static void tell_time(struct node *n, int i, double t)
{
	float *to = at(n, i);

	for (int k = 0; k < TIMES / 2; k++) {
		double a = 1000 * t * pow(10000, -2.0 * k / TIMES);

		to[k] = (float)sin(a);
		to[TIMES / 2 + k] = (float)cos(a);
	}
}

/* Place i sees the states of its window up to its own, or none. */
static void sees(struct scenenet *s, struct scene_lane *n, int i, bool context)
{
	node_ids(n->see)[2 * i] = (uint32_t)(context ? i - i % s->p.context : 0);
	node_ids(n->see)[2 * i + 1] = (uint32_t)(context ? i + 1 : 0);
}

static void fill(struct scenenet *s, struct scene_lane *n, int i, const struct meanings *m, size_t scene, bool train,
                 uint64_t draw)
{
	struct rng r = rng_stream(s->p.seed, train ? "scenenet.noise" : "scenenet.guess", draw);
	const float *z = scene == SIZE_MAX ? NULL : m->z + scene * (size_t)s->dims;
	double t = train ? rng_unit(&r) * T_MOST : T_MOST, keep = train ? cos(M_PI_2 * t) : 0, noise = train ? sin(M_PI_2 * t) : 1;

	for (int d = 0; d < s->dims; d++) {
		float x0 = train && z ? (z[d] - s->middle[d]) * s->scale[d] : 0;

		at(n->clean, i)[d] = x0;
		at(n->noisy, i)[d] = (float)(keep * (double)x0 + noise * rng_normal(&r));
	}
	tell_time(n->time, i, t);
	sees(s, n, i, !train || rng_unit(&r) >= ALONE);
}

/* From t to the time `next`, given what the noise is thought to hide. */
static void step(float *x, const float *x0, size_t n, double t, double next)
{
	double c = cos(M_PI_2 * t), s = sin(M_PI_2 * t), c2 = cos(M_PI_2 * next), s2 = sin(M_PI_2 * next);

	for (size_t k = 0; k < n; k++) {
		double noise = ((double)x[k] - c * (double)x0[k]) / s;

		x[k] = (float)(c2 * (double)x0[k] + s2 * noise);
	}
}

/* x0 of all places; only what depends on `context` differs between two calls. */
static void denoise(struct scenenet *s, struct scene_lane *n, double t, bool context, float *x0)
{
	for (int i = 0; i < n->N; i++) {
		sees(s, n, i, context);
		tell_time(n->time, i, t);
	}
	net_forward(n->net);
	memcpy(x0, n->guess->x, (size_t)n->N * (size_t)s->dims * sizeof *x0);
}

static void run(struct scenenet *s, struct scene_lane *n)
{
	size_t len = (size_t)n->N * (size_t)s->dims;
	float *with = mem_alloc(len, sizeof *with), *without = mem_alloc(len, sizeof *without);

	for (int k = 0; k < s->p.steps; k++) {
		double t = T_MOST * (s->p.steps - k) / s->p.steps, next = T_MOST * (s->p.steps - k - 1) / s->p.steps;

		denoise(s, n, t, true, with);
		if (s->p.guidance != 1) {
			denoise(s, n, t, false, without);
			for (size_t i = 0; i < len; i++)
				with[i] = without[i] + (float)s->p.guidance * (with[i] - without[i]);
		}
		step(n->noisy->x, with, len, t, next);
	}
	mem_free(with), mem_free(without);
}

/* At time 0 the noisy one is x0. */
static void guess(const struct scenenet *s, const struct scene_lane *n, int i, float *g, float *z)
{
	for (int d = 0; d < s->dims; d++)
		g[d] = z[d] = at(n->noisy, i)[d] / s->scale[d] + s->middle[d];
}

const struct scene_head scene_head_diffusion = {
	.name = "diffusion-lcm", .tensors = tensors, .lay = lay, .fill = fill, .run = run, .guess = guess,
};
