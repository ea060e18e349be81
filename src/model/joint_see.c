/* joint_see.c - who sees what: the scenes of a span, and which of them a token may read.
 *
 *   in    what each token is (TOKEN_…), echoes
 *   out   the net's ranges, kept words, queries, features
 *
 * A token sees what is kept of the scenes of its book that ended before it, nothing of its own scene.
 * Scenes a span does not have pool nothing, and no token sees them.
 */
#include <math.h>

#include "model/joint_in.h"

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
void joint_told(const struct joint *j, struct joint_net *n, uint64_t step)
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
void joint_ranges(const struct joint *j, struct joint_net *n)
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

/* What an order says of the truth, and what can be known of it without the truth. */
void joint_hear(struct joint_net *n)
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
