/* scenenet_heads.c - what tells the next scene from the trunk's state: core, base, quant, planner.
 *
 * core (LTM). Resonance of a candidate = q·k / warmth + Σ_r g_r(h)·φ_r·field: q = norm(Wq·h); k = norm(Wk·z + Wf·field +
 *   Σ slots), from the candidate alone; φ_r the field that the scenes before have left, φ ← ρ_r·φ + field(scene)
 *   at four rates, brought to length 1; g_r linear in the state: what persists, what comes back, and when.
 *   InfoNCE [van den Oord 2018] over the scenes of the same window that are still to come, and FAR of the same
 *   book from beyond it. Not over those that have passed: the state has read them, and would learn to know
 *   them again; and not over other books': telling books apart is easy, and is no guess of what follows
 *   (measured: docs/scenenet.md). Beside it
 *   the next scene's code, byte by byte, and its slots, by cross-entropy: auxiliary tasks that keep the
 *   state from knowing only what tells candidates apart. ẑ is the expected entry of each codebook.
 * base (Base-LCM, 2.3.1). ẑ = W·h + b, trained on |ẑ - z|². Input by the robust normaliser; the
 *   PostNet's inverse is folded into W and b. SONAR is replaced by the reader's z, for all rivals alike.
 * quant (Quant-LCM, 2.4, the discrete form). The code of the next scene, register by register and from
 *   coarse to fine; each byte's logits see the state and the sum of the entries before it; the true sum in
 *   training, its own greedy choices when guessing. The paper draws with temperature; one guess is wanted
 *   here. It shares one head among stages; here each byte has a small one of its own.
 * planner. Archetypes: 256 k-means clusters of z; the next one by cross-entropy; ẑ the expected centre.
 */
#include <math.h>

#include "model/scenenet_in.h"

static float *held(const struct node *n, int i)
{
	return (float *)n->x + (size_t)i * (size_t)n->D;
}

/* Ids of code bytes, and the choice of each given its logits. */
static void choose(struct scene_lane *n, int c, struct node *logits, double weight)
{
	n->choice[c] = net_choice(n->net, logits, n->code[c], weight);
	scenenet_loss(n, n->choice[c], weight);
}

static void code_inputs(const struct scenenet *s, struct scene_lane *n)
{
	for (int c = 0; c < s->codes; c++)
		n->code[c] = net_ids(n->net, n->N);
}

/* z += Σ_v p(v)·entry of byte c, into its register. */
static void expect(const struct scenenet *s, const struct scene_lane *n, int i, int c, float *z)
{
	const float *p = net_choice_p(n->choice[c]) + (size_t)i * PVQ_ENTRIES;
	int r = c / s->q.stages, stage = c % s->q.stages;

	for (int v = 0; v < PVQ_ENTRIES; v++)
		num_axpy(z + (size_t)r * (size_t)s->q.dim, p[v], pvq_entry(&s->q, r, stage, v), (size_t)s->q.dim);
}

static void expect_all(const struct scenenet *s, const struct scene_lane *n, int i, float *z)
{
	memset(z, 0, (size_t)s->dims * sizeof *z);
	for (int c = 0; c < s->codes; c++)
		expect(s, n, i, c, z);
}

/* ---- core ---------------------------------------------------------------------------------------- */
#define CODE_WEIGHT 0.5		/* of all bytes together */
#define SLOT_WEIGHT 0.05	/* of each */
#define LEFT_OUT 30		/* from scores of what is no candidate */
#define RATE_FIRST 3		/* the weight of each field before anything is learnt */
enum { RATES = 4, REACH = 32, FAR = 32 };	/* REACH: scenes a field goes back; FAR: scenes from beyond, a window */
static const float rate_of[RATES] = { 0, 0.4F, 0.7F, 0.9F };

static void core_tensors(struct scenenet *s)
{
	size_t w = (size_t)s->p.width, M = (size_t)s->p.match;

	s->match_q = scenenet_matrix(s, 1, M, w, "match.q");
	s->match_k = scenenet_matrix(s, 1, M, (size_t)s->dims, "match.z");
	if (s->train->field) {
		s->match_side = scenenet_matrix(s, 1, M, (size_t)s->train->field, "match.field");
		s->rate = scenenet_matrix(s, 0.3, RATES, w, "field.rate");
		s->rate_bias = scenenet_vector(s, RATE_FIRST, RATES, "field.rate.b");
	}
	for (int k = 0; k < s->train->slots; k++) {
		s->match_slot[k] = scenenet_matrix(s, 0.3, (size_t)s->train->kinds[k], M, "match.slot.%d", k);
		s->tell[k] = scenenet_matrix(s, 0.5, (size_t)s->train->kinds[k], w, "tell.slot.%d", k);
	}
	for (int c = 0; c < s->codes; c++)
		s->head[c] = scenenet_matrix(s, 0.5, PVQ_ENTRIES, w, "tell.code.%d", c);
}

static struct node *candidate(struct scenenet *s, struct net *t, struct node *z, struct node *side, struct node **slot)
{
	struct node *k = net_linear32(t, z, s->match_k, -1);

	if (side)
		k = net_add(t, k, net_linear32(t, side, s->match_side, -1));
	for (int i = 0; i < s->train->slots; i++)
		k = net_add(t, k, net_embed(t, s->match_slot[i], slot[i]));
	k = net_l2norm(t, k);
	return side ? net_join(t, k, net_l2norm(t, side)) : k;
}

/* Inputs of a candidate beside its z. */
static void candidate_inputs(const struct scenenet *s, struct net *t, int n, struct node **side, struct node **slot)
{
	if (s->train->field)
		*side = net_input(t, n, s->train->field);
	for (int i = 0; i < s->train->slots; i++)
		slot[i] = net_ids(t, n);
}

static void core_lay(struct scenenet *s, struct scene_lane *n, struct node *h)
{
	struct net *t = n->net;
	struct node *scores;
	int far = n->N / s->p.context * FAR;

	n->guess = net_scale(t, net_l2norm(t, net_linear32(t, h, s->match_q, -1)), 1 / s->p.warmth);
	if (s->train->field) {
		n->past = net_input(t, n->N * RATES, s->train->field);
		n->guess = net_join(t, n->guess, net_blend(t, n->past, net_linear32(t, h, s->rate, s->rate_bias)));
	}
	candidate_inputs(s, t, n->N, &n->next_side, n->next_slot);
	candidate_inputs(s, t, far, &n->far_side, n->far_slot);
	n->far_z = net_input(t, far, s->dims);
	n->cand = candidate(s, t, n->truth, n->next_side, n->next_slot);
	net_hold(n->guess);
	net_hold(n->cand);
	scores = net_join(t, net_scores(t, n->guess, n->cand, 1),
	                  net_scores(t, n->guess, candidate(s, t, n->far_z, n->far_side, n->far_slot), 1));
	n->mask = net_input(t, n->N, n->N + far);
	n->own = net_ids(t, n->N);
	scenenet_loss(n, net_choice(t, net_add(t, scores, n->mask), n->own, 1), 1);
	code_inputs(s, n);
	for (int c = 0; c < s->codes; c++)
		choose(n, c, net_linear32(t, h, s->head[c], -1), CODE_WEIGHT / s->codes);
	for (int k = 0; k < s->train->slots; k++) {
		n->tell[k] = net_choice(t, net_linear32(t, h, s->tell[k], -1), n->next_slot[k], SLOT_WEIGHT);
		scenenet_loss(n, n->tell[k], SLOT_WEIGHT);
	}
}

/* The fields that scene `at` comes into: of the scenes before it in its book, each rate's, brought to length 1. */
static void fill_past(struct scene_lane *n, int i, const struct meanings *m, size_t at)
{
	size_t F = (size_t)m->field, from, to = at;

	memset(held(n->past, i * RATES), 0, RATES * F * sizeof(float));
	if (at == SIZE_MAX)
		return;
	from = (size_t)m->first[scenenet_book(m, at)];
	from = to - from > REACH ? to - REACH : from;
	for (int k = 0; k < RATES; k++) {
		float *f = held(n->past, i * RATES + k), w = 1;
		double len;

		for (size_t t = to; t > from && w > 0; t--, w *= rate_of[k])
			num_axpy(f, w, m->side + (t - 1) * F, F);
		len = sqrt(num_sum2(f, F));
		for (size_t d = 0; d < F && len > 0; d++)
			f[d] *= (float)(1 / len);
	}
}

/* Scene `far` as candidate `to` of those from beyond. */
static void put_far(struct scenenet *s, struct scene_lane *n, int to, const struct meanings *m, size_t far)
{
	size_t F = (size_t)m->field, dims = (size_t)s->dims;

	memcpy(held(n->far_z, to), m->z + far * dims, dims * sizeof(float));
	if (F)
		memcpy(held(n->far_side, to), m->side + far * F, F * sizeof(float));
	for (int k = 0; k < m->slots; k++)
		node_ids(n->far_slot[k])[to] = m->slot[far * (size_t)m->slots + (size_t)k];
}

/* A window's scenes from beyond, when its first place is filled: each of the book of one of its places, not of
 * the window and not of what its fields hold. The places of that book have it as a candidate. */
static void fill_far(struct scenenet *s, struct scene_lane *n, int w, const struct meanings *m, size_t at, uint64_t draw)
{
	int C = s->p.context;
	struct rng r = rng_stream(s->p.seed, "scenenet.far", draw);

	for (int f = 0; f < FAR; f++) {
		size_t book = scenenet_book(m, at + (size_t)rng_below(&r, (uint64_t)C)), first = (size_t)m->first[book];
		size_t end = (size_t)m->first[book + 1], far;

		far = first + (size_t)rng_below(&r, end - first);
		put_far(s, n, w * FAR + f, m, far);
		for (int j = 0; j < C; j++) {
			size_t here = at + (size_t)j;
			bool good = (far + REACH < at || far >= at + (size_t)C) && here >= first && here < end;

			held(n->mask, w * C + j)[n->N + w * FAR + f] = good ? 0 : -LEFT_OUT;
		}
	}
}

static void core_fill(struct scenenet *s, struct scene_lane *n, int i, const struct meanings *m, size_t at, bool train,
                      uint64_t draw)
{
	int C = s->p.context, w = i / C;

	node_ids(n->own)[i] = (uint32_t)i;
	if (n->past)
		fill_past(n, i, m, at);
	if (!train)
		return;		/* guesses ask no candidates */
	for (int j = 0; j < n->N; j++)
		held(n->mask, i)[j] = w == j / C && j >= i ? 0 : -LEFT_OUT;
	for (int j = 0; j < n->mask->D - n->N; j++)
		if (j / FAR != w)
			held(n->mask, i)[n->N + j] = -LEFT_OUT;
	if (i % C == 0)
		fill_far(s, n, w, m, at, draw);
}

static void core_guess(const struct scenenet *s, const struct scene_lane *n, int i, float *guess, float *z)
{
	memcpy(guess, held(n->guess, i), (size_t)n->guess->D * sizeof *guess);
	expect_all(s, n, i, z);
}

/* Scores of all candidates, keys of those from beyond, the fields and their blend. */
static double core_more(const struct scenenet *s)
{
	double F = s->train->field, M = s->p.match, windows = (double)s->p.rows / s->p.lanes;

	return 6 * windows * (s->p.context + FAR) * (M + F) + 6.0 * FAR / s->p.context * M * (s->dims + F) +
	       2 * ((RATES - 1) * REACH + 1) * F + 6 * RATES * F;
}

const struct scene_head scene_head_core = {
	.name = "core", .bytes = -1, .tensors = core_tensors, .lay = core_lay, .fill = core_fill, .guess = core_guess,
	.more = core_more,
};

/* ---- base ---------------------------------------------------------------------------------------- */
static void base_tensors(struct scenenet *s)
{
	s->out = scenenet_matrix(s, 0.5, (size_t)s->dims, (size_t)s->p.width, "post.w");
	s->out_bias = scenenet_vector(s, 0, (size_t)s->dims, "post.b");
}

static void base_lay(struct scenenet *s, struct scene_lane *n, struct node *h)
{
	n->guess = net_linear32(n->net, h, s->out, s->out_bias);
	net_hold(n->guess);
	scenenet_loss(n, net_mse(n->net, n->guess, n->truth, NULL, s->dims), s->dims);
}

static void base_guess(const struct scenenet *s, const struct scene_lane *n, int i, float *guess, float *z)
{
	memcpy(z, held(n->guess, i), (size_t)s->dims * sizeof *z);
	memcpy(guess, z, (size_t)s->dims * sizeof *z);
}

const struct scene_head scene_head_base = {
	.name = "base-lcm", .tensors = base_tensors, .lay = base_lay, .guess = base_guess,
};

/* ---- quant --------------------------------------------------------------------------------------- */
enum { QUANT_WIDTH = 128 };

static void quant_tensors(struct scenenet *s)
{
	for (int c = 0; c < s->codes; c++) {
		s->head[c] = scenenet_matrix(s, 1, QUANT_WIDTH, (size_t)s->p.width, "stage.%d.state", c);
		if (c)		/* before the first there is nothing */
			s->part[c] = scenenet_matrix(s, 1, QUANT_WIDTH, (size_t)s->dims, "stage.%d.sum", c);
		s->choose[c] = scenenet_matrix(s, 0.5, PVQ_ENTRIES, QUANT_WIDTH, "stage.%d.choose", c);
	}
}

static void quant_lay(struct scenenet *s, struct scene_lane *n, struct node *h)
{
	struct net *t = n->net;

	code_inputs(s, n);
	for (int c = 0; c < s->codes; c++) {
		struct node *g;

		n->partial[c] = net_input(t, n->N, s->dims);
		g = net_linear32(t, h, s->head[c], -1);
		if (c)
			g = net_add(t, g, net_linear32(t, n->partial[c], s->part[c], -1));
		choose(n, c, net_linear32(t, net_silu(t, g), s->choose[c], -1), 1.0 / s->codes);
	}
}

static void add_entry(const struct scenenet *s, float *z, int c, int v)
{
	int r = c / s->q.stages;

	num_axpy(z + (size_t)r * (size_t)s->q.dim, 1, pvq_entry(&s->q, r, c % s->q.stages, v), (size_t)s->q.dim);
}

static void quant_fill(struct scenenet *s, struct scene_lane *n, int i, const struct meanings *m, size_t at, bool train,
                       uint64_t draw)
{
	const uint8_t *code = train ? s->code + at * (size_t)s->codes : NULL;

	(void)m, (void)draw;
	memset(held(n->partial[0], i), 0, (size_t)s->dims * sizeof(float));
	for (int c = 1; c < s->codes; c++) {
		memcpy(held(n->partial[c], i), held(n->partial[c - 1], i), (size_t)s->dims * sizeof(float));
		if (code)
			add_entry(s, held(n->partial[c], i), c - 1, code[c - 1]);
	}
}

static int likeliest(const struct scene_lane *n, int i, int c)
{
	const float *p = net_choice_p(n->choice[c]) + (size_t)i * PVQ_ENTRIES;
	int best = 0;

	for (int v = 1; v < PVQ_ENTRIES; v++)
		if (p[v] > p[best])
			best = v;
	return best;
}

/* One pass a byte: each sees what was chosen before it. */
static void quant_run(struct scenenet *s, struct scene_lane *n)
{
	for (int c = 0; c < s->codes; c++) {
		net_forward(n->net);
		for (int i = 0; i < n->N && c + 1 < s->codes; i++) {
			memcpy(held(n->partial[c + 1], i), held(n->partial[c], i), (size_t)s->dims * sizeof(float));
			add_entry(s, held(n->partial[c + 1], i), c, likeliest(n, i, c));
		}
	}
}

static void quant_guess(const struct scenenet *s, const struct scene_lane *n, int i, float *guess, float *z)
{
	int last = s->codes - 1;

	memcpy(z, held(n->partial[last], i), (size_t)s->dims * sizeof *z);
	add_entry(s, z, last, likeliest(n, i, last));
	memcpy(guess, z, (size_t)s->dims * sizeof *z);
}

const struct scene_head scene_head_quant = {
	.name = "quant-lcm", .bytes = -1, .tensors = quant_tensors, .lay = quant_lay, .fill = quant_fill, .run = quant_run,
	.guess = quant_guess,
};

/* ---- planner ------------------------------------------------------------------------------------- */
static void planner_tensors(struct scenenet *s)
{
	s->head[0] = scenenet_matrix(s, 0.5, PVQ_ENTRIES, (size_t)s->p.width, "tell.archetype");
}

static void planner_lay(struct scenenet *s, struct scene_lane *n, struct node *h)
{
	code_inputs(s, n);
	choose(n, 0, net_linear32(n->net, h, s->head[0], -1), 1);
}

static void planner_guess(const struct scenenet *s, const struct scene_lane *n, int i, float *guess, float *z)
{
	expect_all(s, n, i, z);
	memcpy(guess, z, (size_t)s->dims * sizeof *z);
}

const struct scene_head scene_head_planner = {
	.name = "planner", .bytes = 1, .tensors = planner_tensors, .lay = planner_lay, .guess = planner_guess,
};
