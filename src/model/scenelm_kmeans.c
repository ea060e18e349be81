/* scenelm_kmeans.c - a planner over archetypes: z by k-means, the next cluster by cross-entropy.
 *
 *   codes   the nearest of K centres of the training z [k-means++: Arthur & Vassilvitskii 2007; Lloyd 1982]
 *   loss    -ln softmax(Wout·h)[cluster of the next scene]
 *   ẑ       Σ_c p(c)·centre c
 *
 * The floor among planners over plots, without names: what is left of Quant-LCM (2412.08821, 2.4) when one
 * book stands for all of z. Departure from taking the likeliest cluster: the expected centre is
 * nearest to the truth on average, and an uncertain plan need not jump.
 *
 * Distances are |x|² - 2x·c + |c|² by matrix products, in fixed chunks of rows; sums of clusters run in
 * double, row by row in order: the same bits for any number of threads.
 */
#include <math.h>

#include "model/scenelm_in.h"

enum { CHUNK = 512, CLUSTERS_MAX = 4096, SEED_EACH = 16 };

static const char *wrong(const struct scenelm_plan *p, const struct latents *l)
{
	if (p->clusters < 2 || p->clusters > CLUSTERS_MAX)
		return "a planner must have 2 to 4096 clusters";
	if ((size_t)p->clusters > l->n)
		return "a planner must have no more clusters than scenes";
	return p->rounds < 0 || p->rounds > 1000 ? "k-means takes 0 to 1000 rounds" : NULL;
}

/* ---- k-means ---------------------------------------------------------------------- */
struct near {
	const struct scenelm *m;
	const float *half;		/* [K]: |c|²/2 */
	uint16_t *at;			/* [n] */
	float *far;			/* [n]: |x - c|² - |x|², over 2 and turned: x·c - |c|²/2 */
};

static void near_chunk(void *ctx, int chunk)
{
	struct near *k = ctx;
	const struct latents *l = k->m->train;
	size_t from = (size_t)chunk * CHUNK, n = l->n - from < CHUNK ? l->n - from : CHUNK;
	int K = k->m->p.clusters, D = k->m->dims;
	float *s = mem_alloc(n * (size_t)K, sizeof *s);

	num_gemm(false, true, (int)n, K, D, 1, latents_z(l, from), D, k->m->centre, D, 0, s, K);
	for (size_t i = 0; i < n; i++) {
		const float *row = s + i * (size_t)K;
		int best = 0;

		for (int c = 1; c < K; c++)
			if (row[c] - k->half[c] > row[best] - k->half[best])
				best = c;
		k->at[from + i] = (uint16_t)best;
		k->far[from + i] = row[best] - k->half[best];
	}
	mem_free(s);
}

/* The nearest centre of every scene. */
static void assign(const struct scenelm *m, uint16_t *at, float *far)
{
	float *half = mem_alloc((size_t)m->p.clusters, sizeof *half);
	struct near k = { m, half, at, far };

	for (int c = 0; c < m->p.clusters; c++)
		half[c] = (float)(0.5 * num_sum2(m->centre + (size_t)c * (size_t)m->dims, (size_t)m->dims));
	num_lanes((int)((m->train->n + CHUNK - 1) / CHUNK), 0, near_chunk, &k);
	mem_free(half);
}

/* k-means++ over a sample of scenes, evenly spaced. */
static void seeds(struct scenelm *m)
{
	size_t D = (size_t)m->dims, K = (size_t)m->p.clusters, n = m->train->n;
	size_t few = n < SEED_EACH * K ? n : SEED_EACH * K, at;
	struct rng r = rng_stream(m->p.seed, "scenelm.kmeans", 0);
	float *far = mem_alloc(few, sizeof *far);

	at = (size_t)rng_below(&r, few);
	for (size_t c = 0; c < K; c++) {
		double sum = 0, u;

		memcpy(m->centre + c * D, latents_z(m->train, at * n / few), D * sizeof(float));
		for (size_t i = 0; i < few; i++) {
			float d = latents_far2(latents_z(m->train, i * n / few), m->centre + c * D, D);

			far[i] = c == 0 || d < far[i] ? d : far[i];
			sum += (double)far[i];
		}
		u = rng_unit(&r) * sum;
		for (at = 0; at + 1 < few && (u -= (double)far[at]) >= 0; at++)
			;
	}
	mem_free(far);
}

/* Centres are the means of their scenes; one without scenes takes the scene worst served. */
static void move(struct scenelm *m, const uint16_t *at, float *far)
{
	size_t D = (size_t)m->dims, K = (size_t)m->p.clusters, n = m->train->n;
	double *sum = mem_alloc(K * D, sizeof *sum), *count = mem_alloc(K, sizeof *count);

	for (size_t i = 0; i < n; i++) {
		const float *z = latents_z(m->train, i);

		far[i] = (float)num_sum2(z, D) - 2 * far[i];
		count[at[i]]++;
		for (size_t d = 0; d < D; d++)
			sum[at[i] * D + d] += (double)z[d];
	}
	for (size_t c = 0; c < K; c++) {
		size_t worst = 0;

		for (size_t d = 0; count[c] > 0 && d < D; d++)
			m->centre[c * D + d] = (float)(sum[c * D + d] / count[c]);
		if (count[c] > 0)
			continue;
		for (size_t i = 1; i < n; i++)
			worst = far[i] > far[worst] ? i : worst;
		far[worst] = 0;
		memcpy(m->centre + c * D, latents_z(m->train, worst), D * sizeof(float));
	}
	mem_free(sum), mem_free(count);
}

static void fit(struct scenelm *m)
{
	size_t n = m->train->n;
	uint16_t *at = mem_alloc(n, sizeof *at);
	float *far = mem_alloc(n, sizeof *far);

	m->centre = mem_alloc((size_t)m->p.clusters * (size_t)m->dims, sizeof *m->centre);
	m->code = mem_alloc(n, sizeof *m->code);
	m->codes = 1;
	seeds(m);
	for (int k = 0; k < m->p.rounds; k++) {
		assign(m, at, far);
		move(m, at, far);
	}
	mem_free(at), mem_free(far);
}

static void coded(struct scenelm *m)
{
	float *far = mem_alloc(m->train->n, sizeof *far);

	assign(m, m->code, far);
	mem_free(far);
}

/* ---- the head --------------------------------------------------------------------- */
static void tensors(struct scenelm *m)
{
	m->out = scenelm_matrix(m, 0.5, 1, (size_t)m->p.clusters, (size_t)m->p.width, "tell.archetype");
	scenelm_fixed(m, m->centre, (size_t)m->p.clusters, (size_t)m->dims, "fixed.centres");
}

static void lay(struct scenelm *m, struct scenelm_net *n, struct node *h, bool train)
{
	(void)train;
	scenelm_code_ids(m, n);
	n->choice[0] = net_choice(n->net, net_linear32(n->net, h, m->out, -1), n->code[0], 1);
	scenelm_loss(n, n->choice[0], 1);
}

static void fill(struct scenelm *m, struct scenelm_net *n, uint64_t step, int row0)
{
	(void)step, (void)row0;
	scenelm_code_fill(m, n);
}

static void say(struct scenelm *m, struct scenelm_net *n, const uint64_t *draw, float *z)
{
	(void)draw;
	num_gemm(false, false, n->N, m->dims, m->p.clusters, 1, net_choice_p(n->choice[0]), m->p.clusters,
	         m->centre, m->dims, 0, z, m->dims);
}

const struct scenelm_head scenelm_kmeans = {
	.name = "kmeans-planner", .wrong = wrong, .fit = fit, .coded = coded, .tensors = tensors, .lay = lay,
	.fill = fill, .say = say,
};
