/* scenelm_base.c - Base-LCM: the next z is regressed [LCM team, arXiv 2412.08821, section 2.3.1].
 *
 *   PreNet    the trunk's entrance: Win·norm(z)
 *   PostNet   ẑ = denorm(Wout·h + b)
 *   loss      |ẑ - z|², in the space of z, as in the paper
 *
 * Departures. z is our reader's, for all kinds alike, not SONAR's. The trunk is ours for all kinds (RMSNorm,
 * SwiGLU and RoPE are the paper's too). No end-of-text vector: books end, and no length is asked for.
 */
#include "model/scenelm_in.h"

static void tensors(struct scenelm *m)
{
	m->out = scenelm_matrix(m, 0.5, 1, (size_t)m->dims, (size_t)m->p.width, "post.w");
	m->out_bias = scenelm_vector(m, 0, (size_t)m->dims, "post.b");
}

/* (y ⊙ scale) against z - middle: the distance of denorm(y) to z. sigma holds scale in every row. */
static void lay(struct scenelm *m, struct scenelm_net *n, struct node *h, bool train)
{
	struct net *t = n->net;

	n->said = net_linear32(t, h, m->out, m->out_bias);
	net_hold(n->said);
	if (!train)
		return;
	n->noisy = net_input(t, n->N, m->dims);		/* sigma */
	n->target = net_input(t, n->N, m->dims);
	n->counts = net_input(t, n->N, 1);
	scenelm_loss(n, net_mse(t, net_mul(t, n->said, n->noisy), n->target, n->counts, m->dims), m->dims);
}

static void fill(struct scenelm *m, struct scenelm_net *n, uint64_t step, int row0)
{
	(void)step, (void)row0;
	for (int i = 0; i < n->N; i++) {
		bool is = n->tell[i] != SIZE_MAX;
		const float *z = is ? latents_z(m->train, n->tell[i]) : m->middle;

		*scenelm_row(n->counts, i) = is;
		memcpy(scenelm_row(n->noisy, i), m->scale, (size_t)m->dims * sizeof(float));
		for (int d = 0; d < m->dims; d++)
			scenelm_row(n->target, i)[d] = z[d] - m->middle[d];
	}
}

static void say(struct scenelm *m, struct scenelm_net *n, const uint64_t *draw, float *z)
{
	(void)draw;
	for (int i = 0; i < n->N; i++)
		normaliser_undo(z + (size_t)i * (size_t)m->dims, scenelm_row(n->said, i), m->middle,
		                m->scale, m->dims);
}

const struct scenelm_head scenelm_base = {
	.name = "base-lcm", .tensors = tensors, .lay = lay, .fill = fill, .say = say,
};
