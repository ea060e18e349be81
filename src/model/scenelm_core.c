/* scenelm_core.c - the core (LTM): what follows is recognised, coded and named (DESIGN.md, section 7).
 *
 *   resonance   q = unit(Wq·h) of a place, k = unit(Wk·norm(z) + Wf·side + Σ slots) of a candidate;
 *               -ln softmax over all candidates of (q·k / warmth) [InfoNCE: van den Oord 2018]
 *   code        each byte of the next scene's residual code, by cross-entropy
 *   slots       the next scene's kinds, by cross-entropy; the empty one (0) is left out
 *   ẑ           Σ p(v)·entry over all bytes
 *
 * Candidates are the scenes told by all places of the net, and `hard` more of each window's book from
 * outside the window. Those of other books count e^-far: to tell books apart is easy, and would take all
 * of q; only what happens tells the scenes of one book apart. A candidate that is the truth met again in
 * another window is not a wrong answer.
 *
 * ẑ needs no head of its own: an expectation of a sum is the sum of expectations, so the bytes'
 * marginals give the exact mean of the decoded code, the best ẑ for a squared distance, however the
 * bytes hang together. A regressed ẑ is what failed wherever it was tried (DESIGN.md).
 *
 * Score of a candidate: q·k/warmth + code_score · mean over bytes of ln p(its byte).
 *
 * Departures from DESIGN.md: no learned bias of attention from shared actors, no recalled scenes among
 * the keys, no tension as a number: z, slots and side are all that is known here.
 */
#include <math.h>

#include "model/scenelm_in.h"

static const char *wrong(const struct scenelm_plan *p, const struct latents *l)
{
	if (p->match < 1 || p->match > 4096)
		return "a resonance vector must have 1 to 4096 numbers";
	if (!(p->warmth > 0) || !(p->code_weight >= 0) || !(p->slot_weight >= 0) || !isfinite(p->code_score))
		return "warmth must be above 0, and weights at least 0";
	if (!(p->far >= 0 && p->far <= 1000))
		return "scenes of other books must count 0 to 1000 nats less";
	if (p->hard < 0 || p->hard > 1024)
		return "a window must have 0 to 1024 wrong answers of its own";
	if (p->rounds < 0 || p->rounds > 1000)
		return "k-means takes 0 to 1000 rounds";
	return pvq_wrong(l->registers, l->dim, p->stages);
}

/* ---- codes, as Quant-LCM has them too --------------------------------------------- */
/* On LATENTS_SAMPLE scenes at most, evenly spaced: 64 for each entry, and seconds instead of a minute. */
void scenelm_code_fit(struct scenelm *m)
{
	const struct latents *l = m->train;
	size_t n = l->n < LATENTS_SAMPLE ? l->n : LATENTS_SAMPLE, D = (size_t)m->dims;
	float *z = mem_alloc(n * D, sizeof *z);

	for (size_t i = 0; i < n; i++)
		memcpy(z + i * D, latents_z(l, i * l->n / n), D * sizeof *z);
	pvq_init(&m->q, l->registers, l->dim, m->p.stages);
	pvq_train(&m->q, z, n, m->p.rounds, m->p.seed);
	mem_free(z);
	m->codes = pvq_bytes(&m->q);
	m->code = mem_alloc(l->n * (size_t)m->codes, sizeof *m->code);
}

void scenelm_code_all(struct scenelm *m)
{
	size_t n = m->train->n * (size_t)m->codes;
	uint8_t *code = mem_alloc(n, 1);

	pvq_norms(&m->q);
	pvq_encode_all(&m->q, code, m->train->z, m->train->n, 1);
	for (size_t i = 0; i < n; i++)
		m->code[i] = code[i];
	mem_free(code);
}

void scenelm_code_ids(struct scenelm *m, struct scenelm_net *n)
{
	for (int c = 0; c < m->codes; c++)
		n->code[c] = net_ids(n->net, n->N);
}

void scenelm_code_fill(struct scenelm *m, struct scenelm_net *n)
{
	for (int i = 0; i < n->N; i++)
		for (int c = 0; c < m->codes; c++)
			node_ids(n->code[c])[i] = n->tell[i] == SIZE_MAX ? ID_NONE :
			                          m->code[n->tell[i] * (size_t)m->codes + (size_t)c];
}

void scenelm_expect(const struct scenelm *m, const struct scenelm_net *n, int from, int by, float *z)
{
	int D = m->q.dim, S = m->q.stages;

	for (int c = from; c < m->codes; c += by)
		num_gemm(false, false, n->N, D, PVQ_ENTRIES, 1, net_choice_p(n->choice[c]), PVQ_ENTRIES,
		         pvq_entry(&m->q, c / S, c % S, 0), D, 1, z + (size_t)(c / S) * (size_t)D, m->dims);
}

static size_t book_rows(const struct scenelm *m)
{
	return (size_t)m->codes * PVQ_ENTRIES;
}

/* ---- tensors ---------------------------------------------------------------------- */
static double told_too(const struct scenelm *m)		/* candidates a place */
{
	return 1 + (double)m->p.hard / m->p.context;
}

static void tensors(struct scenelm *m)
{
	const struct latents *l = m->train;
	size_t w = (size_t)m->p.width, M = (size_t)m->p.match;
	double uses = told_too(m);

	m->resonance = scenelm_matrix(m, 1, 1, M, w, "resonance.q");
	m->cand.z = scenelm_matrix(m, 1, uses, M, (size_t)m->dims, "resonance.z");
	if (m->p.side && l->side_dim)
		m->cand.side = scenelm_matrix(m, 1, uses, M, (size_t)l->side_dim, "resonance.side");
	for (int k = 0; m->p.slots && k < l->slots; k++)
		m->cand.slot[k] = scenelm_matrix(m, 0.3, 0, (size_t)l->kinds[k], M, "resonance.slot.%d", k);
	for (int c = 0; c < m->codes; c++)
		m->tell_code[c] = scenelm_matrix(m, 0.5, 1, PVQ_ENTRIES, w, "tell.code.%d", c);
	for (int k = 0; k < l->slots; k++)
		m->tell_slot[k] = scenelm_matrix(m, 0.5, 1, (size_t)l->kinds[k], w, "tell.slot.%d", k);
	scenelm_fixed(m, m->q.book, book_rows(m), (size_t)m->q.dim, "fixed.codebook");
}

/* Scores of a place against the other places of its net, and those drawn. */
static double work(const struct scenelm *m)
{
	return (double)m->p.micro * m->p.context * told_too(m) * m->p.match;
}

/* ---- the net ---------------------------------------------------------------------- */
/* Candidates as they are compared with q: [M][match], rows of length 1. */
static struct node *candidates(struct scenelm *m, struct scene_in *in, struct net *t, int M)
{
	struct node *k;

	scenelm_scene_in(m, in, t, M);
	k = net_linear32(t, in->z, m->cand.z, -1);
	if (in->side)
		k = net_add(t, k, net_linear32(t, in->side, m->cand.side, -1));
	for (int s = 0; s < LATENTS_SLOTS_MAX && in->slot[s]; s++)
		k = net_add(t, k, net_embed(t, m->cand.slot[s], in->slot[s]));
	return net_l2norm(t, k);
}

static void resonance(struct scenelm *m, struct scenelm_net *n)
{
	struct net *t = n->net;
	int M = n->N + n->windows * m->p.hard;
	struct node *s;

	n->cand_is = mem_alloc((size_t)M, sizeof *n->cand_is);
	s = net_scores(t, n->said, candidates(m, &n->cand, t, M), 1 / m->p.warmth);
	n->mask = net_input(t, n->N, M);
	n->own = net_ids(t, n->N);
	scenelm_loss(n, net_choice(t, net_add(t, s, n->mask), n->own, 1), 1);
}

static void next_slots(struct scenelm *m, struct scenelm_net *n, struct node *h)
{
	double each = m->p.slot_weight;

	for (int k = 0; k < m->train->slots; k++) {
		struct node *s = net_linear32(n->net, h, m->tell_slot[k], -1);

		n->next_slot[k] = net_ids(n->net, n->N);
		scenelm_loss(n, net_choice(n->net, s, n->next_slot[k], each), each);
	}
}

static void lay(struct scenelm *m, struct scenelm_net *n, struct node *h, bool train)
{
	struct net *t = n->net;
	double each = m->p.code_weight / m->codes;

	n->said = net_l2norm(t, net_linear32(t, h, m->resonance, -1));
	net_hold(n->said);
	scenelm_code_ids(m, n);
	for (int c = 0; c < m->codes; c++) {
		n->choice[c] = net_choice(t, net_linear32(t, h, m->tell_code[c], -1), n->code[c], each);
		scenelm_loss(n, n->choice[c], each);
	}
	if (!train)
		return;
	resonance(m, n);
	next_slots(m, n, h);
}

/* ---- filling ---------------------------------------------------------------------- */
/* Scenes of the book of window w that are not in it; SIZE_MAX where it has no others. */
static void draw_hard(struct scenelm *m, struct scenelm_net *n, int w, uint64_t window)
{
	struct rng r = rng_stream(m->p.seed, "scenelm.hard", window);
	const size_t *tell = n->tell + (size_t)w * (size_t)m->p.context;
	size_t *to = n->cand_is + n->N + (size_t)w * (size_t)m->p.hard, from = tell[0], len = 0;
	uint32_t b = latents_book(m->train, from);
	size_t first = (size_t)m->train->first[b], all = (size_t)m->train->first[b + 1] - first;

	while (len < (size_t)m->p.context && tell[len] != SIZE_MAX)
		len++;
	for (int k = 0; k < m->p.hard; k++) {
		size_t at = all > len ? first + (size_t)rng_below(&r, all - len) : SIZE_MAX;

		to[k] = at != SIZE_MAX && at >= from ? at + len : at;
	}
}

/* The wrong answers of window w's places: every candidate that is a scene, less `far` where it is of another
 * book, and never the truth in another place. */
#define LEFT_OUT -1e4f
static void fill_mask(const struct scenelm *m, struct scenelm_net *n, int w)
{
	int C = m->p.context;
	uint32_t b = latents_book(m->train, n->tell[w * C]);
	size_t from = (size_t)m->train->first[b], to = (size_t)m->train->first[b + 1];

	for (int i = w * C; i < (w + 1) * C; i++) {
		float *mask = scenelm_row(n->mask, i);

		for (int c = 0; c < n->mask->D; c++) {
			size_t at = n->cand_is[c];
			bool out = at == SIZE_MAX || (at == n->tell[i] && c != i);

			mask[c] = out ? LEFT_OUT : at < from || at >= to ? -(float)m->p.far : 0;
		}
		node_ids(n->own)[i] = n->tell[i] == SIZE_MAX ? ID_NONE : (uint32_t)i;
	}
}

static void fill(struct scenelm *m, struct scenelm_net *n, uint64_t step, int row0)
{
	const struct latents *l = m->train;
	size_t S = (size_t)l->slots;

	scenelm_code_fill(m, n);
	memcpy(n->cand_is, n->tell, (size_t)n->N * sizeof *n->cand_is);
	for (int w = 0; w < n->windows; w++)
		draw_hard(m, n, w, step * (uint64_t)m->p.rows + (uint64_t)(row0 + w));
	for (int c = 0; c < n->mask->D; c++)
		scenelm_scene_put(m, &n->cand, c, l, n->cand_is[c]);
	for (int w = 0; w < n->windows; w++)
		fill_mask(m, n, w);
	for (int i = 0; i < n->N; i++)
		for (size_t k = 0; k < S; k++) {
			uint8_t v = n->tell[i] == SIZE_MAX ? 0 : l->slot[n->tell[i] * S + k];

			node_ids(n->next_slot[k])[i] = v ? v : ID_NONE;
		}
}

/* ---- asking ----------------------------------------------------------------------- */
static void say(struct scenelm *m, struct scenelm_net *n, const uint64_t *draw, float *z)
{
	(void)draw;
	memset(z, 0, (size_t)n->N * (size_t)m->dims * sizeof *z);
	scenelm_expect(m, n, 0, 1, z);
}

enum { CHUNK = 256, READY_LANES = 16 };
struct readying {
	struct scenelm *m;
	struct scenelm_cands *c;
};

static void ready_lane(void *ctx, int lane)
{
	struct readying *r = ctx;
	struct scenelm *m = r->m;
	size_t from = num_lane_from(r->c->n, lane, READY_LANES), to = num_lane_to(r->c->n, lane, READY_LANES);
	size_t M = (size_t)m->p.match;
	struct scene_in in = { 0 };
	struct net *t;
	struct node *k;

	if (from == to)
		return;
	t = net_open(&m->params, 0, m->p.wide, false);
	k = candidates(m, &in, t, CHUNK);
	net_hold(k);
	net_plan(t);
	for (size_t at = from; at < to; at += CHUNK) {
		size_t n = to - at < CHUNK ? to - at : CHUNK;

		for (size_t i = 0; i < CHUNK; i++)
			scenelm_scene_put(m, &in, (int)i, r->c->l, i < n ? r->c->scene[at + i] : SIZE_MAX);
		net_forward(t);
		memcpy(r->c->k + at * M, k->x, n * M * sizeof(float));
		for (size_t i = 0; i < n; i++)
			pvq_encode(&m->q, r->c->code + (at + i) * (size_t)m->codes,
			           latents_z(r->c->l, r->c->scene[at + i]), 1);
	}
	net_close(t);
}

static void ready(struct scenelm *m, struct scenelm_cands *c)
{
	struct readying r = { m, c };

	c->k = mem_alloc(c->n * (size_t)m->p.match + 1, sizeof *c->k);
	c->code = mem_alloc(c->n * (size_t)m->codes + 1, 1);
	num_lanes(READY_LANES, 0, ready_lane, &r);
}

static float score(const struct scenelm *m, const struct scenelm_net *n, int i, const struct scenelm_cands *c,
                   size_t at)
{
	const uint8_t *code = c->code + at * (size_t)m->codes;
	double nats = 0, p = 1;
	double like = num_dot(scenelm_row(n->said, i), c->k + at * (size_t)m->p.match, (size_t)m->p.match);

	for (int b = 0; m->p.code_score != 0 && b < m->codes; b++) {
		p *= (double)net_choice_p(n->choice[b])[(size_t)i * PVQ_ENTRIES + code[b]] + 1e-12;
		if (b % 8 == 7 || b == m->codes - 1) {	/* a logarithm costs more than eight products */
			nats += log(p);
			p = 1;
		}
	}
	return (float)(like / m->p.warmth + m->p.code_score * nats / m->codes);
}

const struct scenelm_head scenelm_core = {
	.name = "core", .wrong = wrong, .fit = scenelm_code_fit, .coded = scenelm_code_all,
	.tensors = tensors, .lay = lay, .fill = fill, .say = say, .ready = ready, .score = score, .work = work,
};
