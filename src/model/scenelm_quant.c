/* scenelm_quant.c - Quant-LCM: the next scene's residual code, stage by stage [LCM team, arXiv 2412.08821,
 * section 2.4; the discrete form, Quant-LCM-d].
 *
 *   given    the state h of a place, and the sum so far of the entries of stages 0 .. s-1
 *   g_s      = silu(Wh·h + Ws·norm'(sum so far) + b_s)
 *   loss     Σ_s Σ_r -ln softmax(Head[r][s]·g_s)[byte of register r, stage s], all stages in every step
 *   ẑ        stage by stage: the sum goes on with the expected entries (soft), or the likeliest
 *
 * norm' divides by the normaliser's scale. Departures. The paper's codes are 64 stages of one book over all
 * of a SONAR vector; ours are `stages` of a book for each register, the same codes as the core's. It feeds the
 * sum so far through the whole model and trains one random stage a step; here it enters above the
 * trunk, so one pass of the trunk serves all stages, and no stage is drawn. It shares one output matrix
 * among stages; small books make one for each cheap. It samples with temperature and guidance; one ẑ is
 * wanted here, and the expected entry serves the rival best under its own metrics (docs/scenelm.md).
 */
#include "model/scenelm_in.h"

static const char *wrong(const struct scenelm_plan *p, const struct latents *l)
{
	if (p->rounds < 0 || p->rounds > 1000)
		return "k-means takes 0 to 1000 rounds";
	return pvq_wrong(l->registers, l->dim, p->stages);
}

static void tensors(struct scenelm *m)
{
	size_t w = (size_t)m->p.width;

	m->state = scenelm_matrix(m, 1, 1, w, w, "quant.state");
	m->sum = scenelm_matrix(m, 1, m->p.stages, w, (size_t)m->dims, "quant.sum");
	for (int s = 0; s < m->p.stages; s++)
		m->stage[s] = scenelm_vector(m, 0, w, "quant.stage.%d", s);
	for (int c = 0; c < m->codes; c++)
		m->tell_code[c] = scenelm_matrix(m, 0.5, 1, PVQ_ENTRIES, w, "tell.code.%d", c);
	scenelm_fixed(m, m->q.book, (size_t)m->codes * PVQ_ENTRIES, (size_t)m->q.dim, "fixed.codebook");
}

/* The choices of stage `at`, given the state a = Wh·h [N][width], float32. */
static void stage(struct scenelm *m, struct scenelm_net *n, struct node *a, int at)
{
	struct net *t = n->net;
	struct node *g;

	n->sum[at] = net_input(t, n->N, m->dims);
	g = net_silu(t, net_add(t, a, net_linear32(t, n->sum[at], m->sum, m->stage[at])));
	for (int c = at; c < m->codes; c += m->p.stages) {
		struct node *s = net_linear32(t, g, m->tell_code[c], -1);

		n->code[c] = net_ids(t, n->N);
		n->choice[c] = net_choice(t, s, n->code[c], 1.0 / m->codes);
		scenelm_loss(n, n->choice[c], 1.0 / m->codes);
	}
}

static void lay(struct scenelm *m, struct scenelm_net *n, struct node *h, bool train)
{
	n->said = net_linear32(n->net, h, m->state, -1);
	net_hold(n->said);
	for (int s = 0; train && s < m->p.stages; s++)
		stage(m, n, n->said, s);
}

/* A small net for each stage, so that the trunk runs once. */
static void tails(struct scenelm *m, struct scenelm_net *n, int lane)
{
	n->tail = mem_alloc((size_t)m->p.stages, sizeof *n->tail);
	n->tails = m->p.stages;
	for (int s = 0; s < n->tails; s++) {
		struct scenelm_net *k = &n->tail[s];

		k->N = n->N;
		k->net = net_open(&m->params, lane, m->p.wide, false);
		k->said = net_input(k->net, n->N, m->p.width);
		stage(m, k, k->said, s);
		net_plan(k->net);
	}
}

static void put_sum(const struct scenelm *m, float *to, const float *sum)
{
	for (int d = 0; d < m->dims; d++)
		to[d] = sum[d] / m->scale[d];
}

static void add_entry(const struct scenelm *m, float *sum, int c, int v)
{
	int r = c / m->q.stages;
	size_t D = (size_t)m->q.dim;

	num_axpy(sum + (size_t)r * D, 1, pvq_entry(&m->q, r, c % m->q.stages, v), D);
}

static void fill(struct scenelm *m, struct scenelm_net *n, uint64_t step, int row0)
{
	float *sum = mem_alloc((size_t)m->dims, sizeof *sum);

	(void)step, (void)row0;
	scenelm_code_fill(m, n);
	for (int i = 0; i < n->N; i++) {
		memset(sum, 0, (size_t)m->dims * sizeof *sum);
		for (int s = 0; s < m->p.stages; s++) {
			put_sum(m, scenelm_row(n->sum[s], i), sum);
			for (int c = s; n->tell[i] != SIZE_MAX && c < m->codes; c += m->p.stages)
				add_entry(m, sum, c, m->code[n->tell[i] * (size_t)m->codes + (size_t)c]);
		}
	}
	mem_free(sum);
}

static int likeliest(const struct scenelm_net *n, int i, int c)
{
	const float *p = net_choice_p(n->choice[c]) + (size_t)i * PVQ_ENTRIES;
	int best = 0;

	for (int v = 1; v < PVQ_ENTRIES; v++)
		if (p[v] > p[best])
			best = v;
	return best;
}

static void say(struct scenelm *m, struct scenelm_net *n, const uint64_t *draw, float *z)
{
	size_t D = (size_t)m->dims;

	(void)draw;
	memset(z, 0, (size_t)n->N * D * sizeof *z);
	for (int s = 0; s < n->tails; s++) {
		struct scenelm_net *k = &n->tail[s];

		memcpy(k->said->x, n->said->x, node_len(n->said) * sizeof(float));
		for (int i = 0; i < n->N; i++) {
			put_sum(m, scenelm_row(k->sum[s], i), z + (size_t)i * D);
			for (int c = s; c < m->codes; c += m->p.stages)
				node_ids(k->code[c])[i] = ID_NONE;
		}
		net_forward(k->net);
		if (m->p.soft)
			scenelm_expect(m, k, s, m->p.stages, z);
		for (int i = 0; !m->p.soft && i < n->N; i++)
			for (int c = s; c < m->codes; c += m->p.stages)
				add_entry(m, z + (size_t)i * D, c, likeliest(k, i, c));
	}
}

const struct scenelm_head scenelm_quant = {
	.name = "quant-lcm", .wrong = wrong, .fit = scenelm_code_fit, .coded = scenelm_code_all,
	.tensors = tensors, .lay = lay, .tails = tails, .fill = fill, .say = say,
};
