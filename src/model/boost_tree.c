/* boost_tree.c - grows one tree, the most promising leaf first.
 *
 *   in    binned features, slopes g and h of the loss a row
 *   out   a tree whose leaves step against the slope: value = -rate · G / (H + l2)
 *
 * A split's gain is what the two halves gain over the whole [Chen & Guestrin 2016, eq. 7]:
 *   Gl²/(Hl+l2) + Gr²/(Hr+l2) - G²/(H+l2)
 * Only the smaller child is counted into a histogram; the larger is the parent's less the
 * smaller [Ke et al. 2017].
 *
 * Invariants: a pack of features is summed by one lane in the order of rows, packs are
 * compared in order, so threads do not change a bit. Rows of a leaf keep their order.
 */
#include "model/boost_tree.h"
#include "num/num.h"

#define HESSIAN_MIN 1e-3	/* of a leaf, as the reference has it */

struct cell {
	double g, h;
};
struct hist {			/* of one pack */
	struct cell sum[PACK][BINS_MAX + 1];
	uint32_t n[PACK][BINS_MAX + 1];
};
struct split {
	double gain;		/* 0: none */
	double g, h;		/* of the left side */
	uint32_t n;
	int feature, bin;
};
struct leaf {
	size_t from, n;		/* its rows in order[] */
	double g, h;
	uint32_t node;		/* in the tree */
	struct hist *hist;	/* [packs] */
	struct split best;
};
struct boost_grower {
	const struct boost_bins *b;
	const struct boost_opts *o;
	uint32_t *order, *spare;	/* [n] rows, those of a leaf together */
	float (*gh)[2];			/* [n] slopes of the rows being counted, in their order */
	struct leaf *leaf;		/* [leaves] */
	struct hist **hist;		/* [leaves] buffers, [packs] each; made when needed */
	struct split (*found)[2];	/* [packs] best of each pack, for both children */
};

struct boost_grower *grower_open(const struct boost_bins *b, const struct boost_opts *o)
{
	struct boost_grower *g = mem_alloc(1, sizeof *g);

	g->b = b;
	g->o = o;
	g->order = mem_alloc(b->n, sizeof *g->order);
	g->spare = mem_alloc(b->n, sizeof *g->spare);
	g->gh = mem_alloc(b->n, sizeof *g->gh);
	g->leaf = mem_alloc((size_t)o->leaves, sizeof *g->leaf);
	g->hist = mem_alloc((size_t)o->leaves, sizeof *g->hist);
	g->found = mem_alloc((size_t)b->packs, sizeof *g->found);
	return g;
}

void grower_close(struct boost_grower *g)
{
	for (int i = 0; i < g->o->leaves; i++)
		mem_free(g->hist[i]);
	mem_free(g->order);
	mem_free(g->spare);
	mem_free(g->gh);
	mem_free(g->leaf);
	mem_free(g->hist);
	mem_free(g->found);
	mem_free(g);
}

/* ---- histograms ------------------------------------------------------------------ */
static void add(struct hist *t, const uint8_t bin[PACK], const float gh[2])
{
	double g = (double)gh[0], h = (double)gh[1];

	for (int k = 0; k < PACK; k++) {
		struct cell *c = &t->sum[k][bin[k]];

		c->g += g;
		c->h += h;
		t->n[k][bin[k]]++;
	}
}

/* gh is in the order of the rows. */
static void count(struct hist *t, const uint8_t (*bin)[PACK], const uint32_t *row,
                  const float (*gh)[2], size_t n)
{
	memset(t, 0, sizeof *t);
	for (size_t i = 0; i < n; i++)
		add(t, bin[row[i]], gh[i]);
}

static void subtract(struct hist *t, const struct hist *part)
{
	for (int k = 0; k < PACK; k++) {
		for (int b = 0; b <= BINS_MAX; b++) {
			t->sum[k][b].g -= part->sum[k][b].g;
			t->sum[k][b].h -= part->sum[k][b].h;
			t->n[k][b] -= part->n[k][b];
		}
	}
}

/* ---- the best split -------------------------------------------------------------- */
static double worth(double g, double h, double l2)
{
	return g * g / (h + l2 + 1e-15);
}

static void best_of_feature(struct split *best, const struct boost_grower *g,
                            const struct leaf *l, const struct hist *t, int f)
{
	const uint32_t least = (uint32_t)g->o->min_rows;
	const double l2 = g->o->l2, whole = worth(l->g, l->h, l2);
	int k = f % PACK;
	struct split s = { .feature = f };

	for (int b = 0; b < g->b->n_at[f]; b++) {
		s.g += t->sum[k][b].g;
		s.h += t->sum[k][b].h;
		s.n += t->n[k][b];
		if (s.n < least || s.h < HESSIAN_MIN)
			continue;
		if (l->n - s.n < least || l->h - s.h < HESSIAN_MIN)
			break;
		s.gain = worth(s.g, s.h, l2) + worth(l->g - s.g, l->h - s.h, l2) - whole;
		s.bin = b;
		if (s.gain > best->gain)
			*best = s;
	}
}

static struct split best_of_pack(const struct boost_grower *g, const struct leaf *l, int pack)
{
	struct split best = { 0 };

	if (l->n < 2 * (size_t)g->o->min_rows)
		return best;
	for (int f = pack * PACK; f < g->b->d && f < (pack + 1) * PACK; f++)
		best_of_feature(&best, g, l, &l->hist[pack], f);
	return best;
}

/* Counts the small child (or the root), takes it from the large one, looks for splits. */
struct look {
	struct boost_grower *g;
	struct leaf *small, *large;	/* large NULL at the root */
};

static void look_pack(void *ctx, int pack)
{
	const struct look *k = ctx;
	struct boost_grower *g = k->g;
	const uint8_t (*bin)[PACK] = (const uint8_t (*)[PACK])g->b->bin + (size_t)pack * g->b->n;

	count(&k->small->hist[pack], bin, g->order + k->small->from, (const float (*)[2])g->gh,
	      k->small->n);
	g->found[pack][0] = best_of_pack(g, k->small, pack);
	if (!k->large)
		return;
	subtract(&k->large->hist[pack], &k->small->hist[pack]);
	g->found[pack][1] = best_of_pack(g, k->large, pack);
}

static void look(struct boost_grower *g, const float (*gh)[2], struct leaf *small,
                 struct leaf *large)
{
	struct look k = { g, small, large };
	bool little = small->n * (size_t)g->b->d < 1 << 14;

	for (size_t i = 0; i < small->n; i++)
		memcpy(g->gh[i], gh[g->order[small->from + i]], sizeof *g->gh);
	num_lanes(g->b->packs, little ? 1 : g->o->threads, look_pack, &k);
	for (int pack = 0; pack < g->b->packs; pack++) {
		if (g->found[pack][0].gain > small->best.gain)
			small->best = g->found[pack][0];
		if (large && g->found[pack][1].gain > large->best.gain)
			large->best = g->found[pack][1];
	}
}

/* ---- growing --------------------------------------------------------------------- */
/* Rows with bin <= the split's come first, both sides in their old order. */
static void part(struct boost_grower *g, const struct leaf *l)
{
	int f = l->best.feature, k = f % PACK;
	const uint8_t (*bin)[PACK] = (const uint8_t (*)[PACK])g->b->bin +
		(size_t)(f / PACK) * g->b->n;
	uint32_t *row = g->order + l->from;
	size_t left = 0, right = 0;

	for (size_t i = 0; i < l->n; i++) {
		uint32_t r = row[i];

		if (bin[r][k] <= l->best.bin)
			row[left++] = r;
		else
			g->spare[right++] = r;
	}
	must(left == l->best.n);
	memcpy(row + left, g->spare, right * sizeof *row);
}

static uint32_t new_node(struct boost *out, size_t *cap, size_t first)
{
	struct boost_node leaf = { .feature = -1 };

	VEC_PUSH(out->node, out->n_node, *cap) = leaf;
	return (uint32_t)(out->n_node - 1 - first);
}

static struct hist *buffer(struct boost_grower *g, int i)
{
	if (!g->hist[i])
		g->hist[i] = mem_alloc((size_t)g->b->packs, sizeof **g->hist);
	return g->hist[i];
}

/* Splits leaf l; its place becomes the left child's, leaf[n] the right child's. */
static void grow(struct boost_grower *g, struct boost *out, size_t *cap, size_t first, int l,
                 int n, const float (*gh)[2])
{
	struct leaf old = g->leaf[l], *a = &g->leaf[l], *b = &g->leaf[n];
	uint32_t left = new_node(out, cap, first), right = new_node(out, cap, first);
	struct boost_node *node = &out->node[first + old.node];
	const struct split *s = &old.best;

	node->feature = s->feature;
	node->at = g->b->at[s->feature][s->bin];
	node->left = (int32_t)left;
	node->right = (int32_t)right;
	out->gain[s->feature] += s->gain;
	part(g, &old);
	*a = (struct leaf){ .from = old.from, .n = s->n, .g = s->g, .h = s->h, .node = left };
	*b = (struct leaf){ .from = old.from + s->n, .n = old.n - s->n, .g = old.g - s->g,
		.h = old.h - s->h, .node = right };
	if (n + 1 == g->o->leaves)		/* nothing will be split after this */
		return;
	if (a->n > b->n) {
		struct leaf *swap = a;

		a = b;
		b = swap;
	}
	a->hist = buffer(g, n);
	b->hist = old.hist;
	look(g, gh, a, b);
}

static int most_promising(const struct boost_grower *g, int n)
{
	int best = 0;

	for (int l = 1; l < n; l++)
		if (g->leaf[l].best.gain > g->leaf[best].best.gain)
			best = l;
	return best;
}

static void set_values(struct boost_grower *g, struct boost *out, size_t first, int n,
                       double *score)
{
	for (int i = 0; i < n; i++) {
		const struct leaf *l = &g->leaf[i];
		float v = (float)(-g->o->rate * l->g / (l->h + g->o->l2 + 1e-15));

		out->node[first + l->node].value = v;
		for (size_t r = l->from; r < l->from + l->n; r++)
			score[g->order[r]] += (double)v;
	}
}

bool grower_tree(struct boost_grower *g, struct boost *out, size_t *cap, const float (*gh)[2],
                 double *score)
{
	size_t first = out->n_node, rows = g->b->n;
	struct leaf *root = &g->leaf[0];
	int n = 1;

	*root = (struct leaf){ .n = rows, .hist = buffer(g, 0) };
	for (size_t i = 0; i < rows; i++) {
		g->order[i] = (uint32_t)i;
		root->g += (double)gh[i][0];
		root->h += (double)gh[i][1];
	}
	look(g, gh, root, NULL);
	if (root->best.gain <= 0)
		return false;
	root->node = new_node(out, cap, first);
	while (n < g->o->leaves) {
		int l = most_promising(g, n);

		if (g->leaf[l].best.gain <= 0)
			break;
		grow(g, out, cap, first, l, n++, gh);
	}
	set_values(g, out, first, n, score);
	return true;
}
