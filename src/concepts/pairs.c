/* pairs.c - counts which concepts meet and how much more often than chance.
 *
 *   in    the corpus as sets of node ids (parts.h)
 *   out   for every node its EDGES_MAX strongest edges of one type
 *
 * For a node a we walk the scenes that hold it (inverted index) and count into a dense row:
 *   occurs-with   n_ab = scenes that hold a and b,             m_a = df_a, m_b = df_b, N scenes
 *   leads-to      n_ab = steps t → t+1 with a in t, b in t+1, b not in t;
 *                 m_a = steps from a scene with a, m_b = steps at which b is new, N steps
 * and weigh with positive pointwise mutual information, the distribution of b flattened by
 * SMOOTH [Levy, Goldberg & Dagan 2015, 3.2] so that rare b do not win by being rare:
 *   w_ab = max(0, ln( n_ab / (m_a · q_b) )),   q_b = (Σm / N) · m_b^SMOOTH / Σ m^SMOOTH
 * With SMOOTH = 1 this is the common PPMI ln(n_ab·N / (m_a·m_b)). Pairs met fewer than
 * PAIR_MIN times are chance and carry no edge.
 *
 * Invariants: no edge to itself; weights finite and > 0; each node writes only its own slot
 * and its row is counted by one thread, so any number of threads gives the same bytes.
 */
#include <math.h>
#include "concepts/parts.h"
#include "num/num.h"

static const double SMOOTH = 0.75;
enum { PAIR_MIN = 3, BLOCKS = 64, LANES = 8 };

/* Scenes by node: the corpus turned over. */
struct inverted {
	uint32_t *at;		/* [n + 1] */
	uint32_t *scene;	/* ascending within a node */
};

static void invert(struct inverted *v, const struct corpus *c)
{
	uint32_t *fill = mem_alloc((size_t)c->n + 1, sizeof *fill);

	v->at = mem_alloc((size_t)c->n + 1, sizeof *v->at);
	for (uint32_t i = 0; i < c->n; i++)
		v->at[i + 1] = v->at[i] + c->df[i];
	memcpy(fill, v->at, ((size_t)c->n + 1) * sizeof *fill);
	v->scene = mem_alloc((size_t)v->at[c->n] + 1, sizeof *v->scene);
	for (uint32_t s = 0; s < c->scenes; s++)
		for (uint32_t k = c->at[s]; k < c->at[s + 1]; k++)
			v->scene[fill[ITEM_NODE(c->item[k])]++] = s;
	mem_free(fill);
}

/* Everything a row of counts needs, read-only while rows are counted. */
struct weigher {
	const struct corpus *c;
	const struct inverted *v;
	enum edge_type type;
	const double *m_a;	/* [n] */
	const double *q_b;	/* [n] */
	struct edge_slots *out;
	uint32_t from, to;	/* nodes of this block */
	struct row *row;	/* [lanes] */
};
struct row {			/* one lane's own */
	uint32_t *count;	/* [n], all zero between nodes */
	uint32_t *touched;	/* [n] */
};

static bool has_next(const struct corpus *c, uint32_t s)
{
	return s + 1 < c->scenes && !c->first[s + 1];
}

static uint32_t count_scene(struct row *r, uint32_t n, const struct corpus *c, uint32_t s,
                            bool fresh_only)
{
	for (uint32_t k = c->at[s]; k < c->at[s + 1]; k++) {
		uint32_t x = c->item[k], b = ITEM_NODE(x);

		if (fresh_only && !(x & ITEM_FRESH))
			continue;
		if (!r->count[b]++)
			r->touched[n++] = b;
	}
	return n;
}

static uint32_t count_row(struct row *r, const struct weigher *g, uint32_t a)
{
	uint32_t n = 0;

	for (uint32_t k = g->v->at[a]; k < g->v->at[a + 1]; k++) {
		uint32_t s = g->v->scene[k];

		if (g->type == EDGE_OCCURS)
			n = count_scene(r, n, g->c, s, false);
		else if (has_next(g->c, s))
			n = count_scene(r, n, g->c, s + 1, true);
	}
	return n;
}

/* Puts e among the n strongest in top; returns the new n. */
static uint8_t keep(struct edge *top, uint8_t n, struct edge e)
{
	uint8_t i = n;

	if (n == EDGES_MAX && !edge_before(e, top[n - 1]))
		return n;
	if (n == EDGES_MAX)
		i = --n;
	for (; i > 0 && edge_before(e, top[i - 1]); i--)
		top[i] = top[i - 1];
	top[i] = e;
	return n + 1;
}

static void weigh_node(struct row *r, const struct weigher *g, uint32_t a)
{
	struct edge *top = g->out->slot + (size_t)a * EDGES_MAX;
	uint32_t n = count_row(r, g, a);
	uint8_t kept = 0;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t b = r->touched[k], count = r->count[b];

		r->count[b] = 0;
		if (b == a || count < PAIR_MIN)
			continue;
		double ratio = count / (g->m_a[a] * g->q_b[b]);
		float w = (float)log(ratio);
		if (w >= EDGE_LEAST)
			kept = keep(top, kept, (struct edge){ b, w });
	}
	g->out->count[a] = kept;
}

/* Lane l of a block: nodes dealt like cards, because neighbours in key order are alike only
 * by chance and frequent nodes cost most. */
static void weigh_lane(void *ctx, int lane)
{
	struct weigher *g = ctx;

	for (uint32_t a = g->from + (uint32_t)lane; a < g->to; a += LANES)
		weigh_node(&g->row[lane], g, a);
}

/* Marginals of the two sides, and N. */
static double marginals(double *m_a, double *m_b, const struct corpus *c, enum edge_type type)
{
	double steps = 0;

	if (type == EDGE_OCCURS) {
		for (uint32_t i = 0; i < c->n; i++)
			m_a[i] = m_b[i] = c->df[i];
		return c->scenes;
	}
	for (uint32_t s = 0; s < c->scenes; s++) {
		bool next = has_next(c, s);

		steps += next;
		for (uint32_t k = c->at[s]; k < c->at[s + 1]; k++) {
			uint32_t x = c->item[k];

			m_a[ITEM_NODE(x)] += next;
			m_b[ITEM_NODE(x)] += (x & ITEM_FRESH) != 0;
		}
	}
	return steps;
}

/* q_b from m_b, in place. */
static void flatten(double *m, uint32_t n, double N)
{
	double sum = 0, flat = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum += m[i];
		flat += pow(m[i], SMOOTH);
	}
	for (uint32_t i = 0; i < n; i++)
		m[i] = flat > 0 ? sum / N * pow(m[i], SMOOTH) / flat : 0;
}

static void weigh_blocks(struct weigher *g, const struct watch *w, double done0, double total)
{
	uint32_t n = g->c->n;

	for (uint32_t b = 0; b < BLOCKS; b++) {
		g->from = (uint32_t)((uint64_t)n * b / BLOCKS);
		g->to = (uint32_t)((uint64_t)n * (b + 1) / BLOCKS);
		num_lanes(LANES, 0, weigh_lane, g);
		watch_step(w, "concepts", done0 + g->to, total, "nodes");
	}
}

void pairs_weigh(struct edge_slots *out, const struct corpus *c, enum edge_type type,
                 const struct watch *w, double done0, double total)
{
	double *m_a = mem_alloc((size_t)c->n + 1, sizeof *m_a);
	double *m_b = mem_alloc((size_t)c->n + 1, sizeof *m_b);
	struct row row[LANES];
	struct inverted v;

	out->count = mem_alloc((size_t)c->n + 1, 1);
	out->slot = mem_alloc((size_t)c->n * EDGES_MAX + 1, sizeof *out->slot);
	invert(&v, c);
	for (int l = 0; l < LANES; l++) {
		row[l].count = mem_alloc((size_t)c->n + 1, sizeof *row[l].count);
		row[l].touched = mem_alloc((size_t)c->n + 1, sizeof *row[l].touched);
	}
	double N = marginals(m_a, m_b, c, type);
	flatten(m_b, c->n, N > 0 ? N : 1);
	struct weigher g = { .c = c, .v = &v, .type = type, .m_a = m_a, .q_b = m_b,
	                     .out = out, .row = row };
	weigh_blocks(&g, w, done0, total);
	for (int l = 0; l < LANES; l++) {
		mem_free(row[l].count);
		mem_free(row[l].touched);
	}
	mem_free(v.at);
	mem_free(v.scene);
	mem_free(m_a);
	mem_free(m_b);
}

void pairs_free(struct edge_slots *s)
{
	mem_free(s->count);
	mem_free(s->slot);
}
