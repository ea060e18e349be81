/* boost.c - boosting: tree after tree along the slope of the loss; scoring; the file form.
 *
 *   in    X [n][d], y [n], options (boost.h)
 *   out   a list of trees; score(x) = base + Σ trees
 *
 * Loss of rows: -ln of the logistic; g = p - y, h = p(1-p), base = log-odds. Loss of groups:
 * softmax cross-entropy among the rows of a group; the same g and h with p the softmax
 * (the diagonal of the Hessian, a ListNet step [Cao et al. 2007]), base = 0.
 *
 * Invariants: rows held out for stopping touch neither bins nor trees; whole groups are held
 * out; sums over rows run in LANES fixed lanes.
 */
#include <math.h>

#include "model/boost_tree.h"
#include "num/num.h"

enum { LANES = 16, FILE_VERSION = 1, NODE_BYTES = 20 };
static const uint32_t MAGIC = 0x424D544Cu;	/* "LTMB" */

struct part {			/* the rows trained on, or those held out */
	uint32_t *row;		/* [n] rows of X, in order */
	size_t n;
	double *score;		/* [n] */
};
struct job {
	const float *X;
	const uint8_t *y;
	int d, group;		/* group 1: rows on their own */
	struct part train, held;
	float (*gh)[2];		/* [train.n] */
	const struct boost *b;
	double part_loss[LANES];
	struct part *now;	/* whose loss is summed */
	bool slopes;		/* and whether gh is filled on the way */
};

/* ---- the two losses -------------------------------------------------------------- */
static void put_slope(struct job *j, size_t i, double p, double y)
{
	if (!j->slopes)
		return;
	j->gh[i][0] = (float)(p - y);
	j->gh[i][1] = (float)(p * (1 - p));
}

static double row_loss(struct job *j, size_t i)
{
	double s = j->now->score[i], y = j->y[j->now->row[i]];

	put_slope(j, i, 1 / (1 + exp(-s)), y);
	return (s < 0 ? 0 : s) - s * y + log1p(exp(-fabs(s)));
}

static double group_loss(struct job *j, size_t first)
{
	const double *s = j->now->score + first;
	const uint32_t *row = j->now->row + first;
	double top = s[0], sum = 0, loss = 0;

	for (int k = 1; k < j->group; k++)
		top = s[k] > top ? s[k] : top;
	for (int k = 0; k < j->group; k++)
		sum += exp(s[k] - top);
	for (int k = 0; k < j->group; k++) {
		put_slope(j, first + (size_t)k, exp(s[k] - top) / sum, j->y[row[k]]);
		if (j->y[row[k]])
			loss = top + log(sum) - s[k];
	}
	return loss;
}

static void loss_lane(void *ctx, int lane)
{
	struct job *j = ctx;
	size_t units = j->now->n / (size_t)j->group;
	double sum = 0;

	for (size_t u = num_lane_from(units, lane, LANES); u < num_lane_to(units, lane, LANES); u++)
		sum += j->group > 1 ? group_loss(j, u * (size_t)j->group) : row_loss(j, u);
	j->part_loss[lane] = sum;
}

/* Mean loss of a part, a row or a group; fills gh when it is the training part. */
static double loss_of(struct job *j, struct part *p, int threads)
{
	double sum = 0;

	j->now = p;
	j->slopes = p == &j->train;
	num_lanes(LANES, threads, loss_lane, j);
	for (int i = 0; i < LANES; i++)
		sum += j->part_loss[i];
	return sum / (double)(p->n / (size_t)j->group);
}

/* ---- scoring --------------------------------------------------------------------- */
static float tree_value(const struct boost *b, size_t t, const float *x)
{
	const struct boost_node *tree = b->node + b->tree[t], *n = tree;

	while (n->feature >= 0)
		n = tree + (x[n->feature] > n->at ? n->right : n->left);
	return n->value;
}

float boost_score(const struct boost *b, const float *x)
{
	double s = (double)b->base;

	for (size_t t = 0; t < b->n_tree; t++)
		s += (double)tree_value(b, t, x);
	return (float)s;
}

struct scoring {
	const struct boost *b;
	float *s;
	const float *X;
	size_t n;
};

static void score_lane(void *ctx, int lane)
{
	const struct scoring *k = ctx;

	for (size_t i = num_lane_from(k->n, lane, LANES); i < num_lane_to(k->n, lane, LANES); i++)
		k->s[i] = boost_score(k->b, k->X + i * (size_t)k->b->d);
}

void boost_scores(const struct boost *b, float *s, const float *X, size_t n)
{
	struct scoring k = { b, s, X, n };

	num_lanes(LANES, n < 256 ? 1 : 0, score_lane, &k);
}

static void held_lane(void *ctx, int lane)
{
	struct job *j = ctx;
	const struct part *p = &j->held;

	for (size_t i = num_lane_from(p->n, lane, LANES); i < num_lane_to(p->n, lane, LANES); i++)
		p->score[i] += (double)tree_value(j->b, j->b->n_tree - 1,
		                                  j->X + (size_t)p->row[i] * j->d);
}

/* ---- setting up ------------------------------------------------------------------ */
static enum status check(const uint8_t *y, size_t n, int d, const struct boost_opts *o,
                         struct err *e)
{
	size_t ones = 0, k = o->group > 1 ? (size_t)o->group : 1;

	if (n < 2 || n > UINT32_MAX || d < 1 || d > BOOST_DIM_MAX)
		return err_set(e, ERR_USAGE, "boost: %zu rows of %d features", n, d);
	if (o->trees < 1 || o->trees > BOOST_TREES_MAX || o->leaves < 2 || o->leaves > 256 ||
	    o->bins < 2 || o->bins > BINS_MAX || o->min_rows < 1 || !(o->valid < 1) ||
	    !(o->l2 >= 0) || !(o->rate > 0))
		return err_set(e, ERR_USAGE, "boost: an option is out of range");
	if (n % k)
		return err_set(e, ERR_USAGE, "boost: %zu rows are not in groups of %zu", n, k);
	for (size_t i = 0; i < n; i++) {
		ones += y[i] == 1;
		if (y[i] > 1)
			return err_set(e, ERR_USAGE, "boost: label %d of row %zu", y[i], i);
		if (k > 1 && (i + 1) % k == 0 && ones != (i + 1) / k)
			return err_set(e, ERR_USAGE, "boost: the group of row %zu has not one truth",
			               i);
	}
	if (ones == 0 || ones == n)
		return err_set(e, ERR_USAGE, "boost: all labels are equal");
	return OK;
}

/* Holds out a share of the units (rows or groups), drawn by the seed; both parts in order. */
static void divide(struct job *j, size_t n, const struct boost_opts *o)
{
	size_t k = (size_t)j->group, units = n / k, held;
	double share = o->valid >= 0 ? o->valid : n > 10000 ? 0.1 : 0;
	uint32_t *unit = mem_alloc(units, sizeof *unit);
	uint8_t *out = mem_alloc(units, 1);
	struct rng r = rng_stream(o->seed, "boost.valid", 0);

	held = (size_t)(share * (double)units + 0.5);
	held = held < units ? held : units - 1;
	for (size_t u = 0; u < units; u++)
		unit[u] = (uint32_t)u;
	rng_shuffle(&r, unit, units);
	for (size_t u = 0; u < held; u++)
		out[unit[u]] = 1;
	j->held.row = mem_alloc(held * k + 1, sizeof *j->held.row);
	j->train.row = mem_alloc((units - held) * k, sizeof *j->train.row);
	for (size_t i = 0; i < n; i++) {
		struct part *p = out[i / k] ? &j->held : &j->train;

		p->row[p->n++] = (uint32_t)i;
	}
	mem_free(unit);
	mem_free(out);
}

/* Log-odds of the training rows; half a row on each side keeps a lone class finite. */
static float base_of(const struct job *j)
{
	size_t ones = 0, n = j->train.n;

	if (j->group > 1)
		return 0;
	for (size_t i = 0; i < n; i++)
		ones += j->y[j->train.row[i]];
	if (ones == 0 || ones == n)
		return (float)log(((double)ones + 0.5) / ((double)(n - ones) + 0.5));
	return (float)log((double)ones / (double)(n - ones));
}

static void part_open(struct part *p, float base)
{
	p->score = mem_alloc(p->n + 1, sizeof *p->score);
	for (size_t i = 0; i < p->n; i++)
		p->score[i] = (double)base;
}

static void part_clear(struct part *p)
{
	mem_free(p->row);
	mem_free(p->score);
}

/* The loss is of 0, 1, … t trees: none of the last `patience` beat the one before them. */
static bool stalled(const double *loss, int t, int patience)
{
	if (t <= patience)
		return false;
	for (int i = t - patience + 1; i <= t; i++)
		if (loss[i] < loss[t - patience] - 1e-7)
			return false;
	return true;
}

/* ---- training -------------------------------------------------------------------- */
static enum status rounds(struct boost *out, struct job *j, struct boost_grower *g,
                          const struct boost_opts *o, const struct watch *w, struct err *e)
{
	double *held = mem_alloc((size_t)o->trees + 1, sizeof *held);
	size_t cap = 0;
	enum status st = OK;

	out->loss = loss_of(j, &j->train, o->threads);
	held[0] = out->valid_loss = j->held.n ? loss_of(j, &j->held, o->threads) : NAN;
	for (int t = 1; t <= o->trees; t++) {
		if (watch_stopped(w)) {
			st = err_set(e, ERR_STOP, "boost: stopped after %d trees", t - 1);
			break;
		}
		if (!grower_tree(g, out, &cap, (const float (*)[2])j->gh, j->train.score))
			break;
		out->tree[++out->n_tree] = (uint32_t)out->n_node;
		out->loss = loss_of(j, &j->train, o->threads);
		watch_step(w, "boost", t, o->trees, "trees");
		if (j->held.n == 0)
			continue;
		num_lanes(LANES, o->threads, held_lane, j);
		held[t] = out->valid_loss = loss_of(j, &j->held, o->threads);
		if (stalled(held, t, o->patience))
			break;
	}
	mem_free(held);
	return st;
}

enum status boost_train(struct boost *out, const float *X, const uint8_t *y, size_t n, int d,
                        const struct boost_opts *o, const struct watch *w, struct err *e)
{
	struct job j = { .X = X, .y = y, .d = d, .group = o->group > 1 ? o->group : 1, .b = out };
	struct boost_bins bins;
	struct boost_grower *g;
	enum status st;

	if (check(y, n, d, o, e))
		return e ? e->code : ERR_USAGE;
	divide(&j, n, o);
	*out = (struct boost){ .d = d, .base = base_of(&j) };
	out->gain = mem_alloc((size_t)d, sizeof *out->gain);
	out->tree = mem_alloc((size_t)o->trees + 1, sizeof *out->tree);
	part_open(&j.train, out->base);
	part_open(&j.held, out->base);
	j.gh = mem_alloc(j.train.n, sizeof *j.gh);
	bins_make(&bins, X, j.train.row, j.train.n, d, o->bins, o->threads);
	g = grower_open(&bins, o);
	st = rounds(out, &j, g, o, w, e);
	grower_close(g);
	bins_clear(&bins);
	part_clear(&j.train);
	part_clear(&j.held);
	mem_free(j.gh);
	return st;
}

void boost_clear(struct boost *b)
{
	mem_free(b->node);
	mem_free(b->tree);
	mem_free(b->gain);
	*b = (struct boost){ 0 };
}

/* ---- the file form: magic, version, d, base, trees, nodes of each, nodes, XXH3 ---- */
void boost_save(struct buf *out, const struct boost *b)
{
	size_t start = out->n;

	buf_u32(out, MAGIC);
	buf_u32(out, FILE_VERSION);
	buf_u32(out, (uint32_t)b->d);
	buf_f32(out, b->base);
	buf_u32(out, (uint32_t)b->n_tree);
	for (size_t t = 0; t < b->n_tree; t++)
		buf_u32(out, b->tree[t + 1] - b->tree[t]);
	buf_u32(out, (uint32_t)b->n_node);
	for (size_t i = 0; i < b->n_node; i++) {
		buf_u32(out, (uint32_t)b->node[i].feature);
		buf_f32(out, b->node[i].at);
		buf_u32(out, (uint32_t)b->node[i].left);
		buf_u32(out, (uint32_t)b->node[i].right);
		buf_f32(out, b->node[i].value);
	}
	buf_u64(out, hash64(out->p + start, out->n - start, MAGIC));
}

/* Children come after their parent and inside the tree: a walk always ends. */
static bool tree_sound(const struct boost_node *tree, size_t n, int d)
{
	for (size_t i = 0; i < n; i++) {
		const struct boost_node *k = &tree[i];
		size_t l = (uint32_t)k->left, r = (uint32_t)k->right;

		if (k->feature == -1 && isfinite(k->value))
			continue;
		if (k->feature < 0 || k->feature >= d || isnan(k->at))
			return false;
		if (l <= i || r <= i || l >= n || r >= n)
			return false;
	}
	return n > 0;
}

static bool read_trees(struct boost *b, struct reader *r)
{
	size_t sum = 0;

	b->n_tree = rd_count(r, 4);
	if (r->bad || b->n_tree > BOOST_TREES_MAX)
		return false;
	b->tree = mem_alloc(b->n_tree + 1, sizeof *b->tree);
	for (size_t t = 0; t < b->n_tree; t++) {
		sum += rd_u32(r);
		if (sum > UINT32_MAX)
			return false;
		b->tree[t + 1] = (uint32_t)sum;
	}
	b->n_node = rd_count(r, NODE_BYTES);
	if (r->bad || b->n_node != sum)
		return false;
	b->node = mem_alloc(b->n_node + 1, sizeof *b->node);
	for (size_t i = 0; i < b->n_node; i++) {
		struct boost_node *k = &b->node[i];

		k->feature = (int32_t)rd_u32(r);
		k->at = rd_f32(r);
		k->left = (int32_t)rd_u32(r);
		k->right = (int32_t)rd_u32(r);
		k->value = rd_f32(r);
	}
	for (size_t t = 0; t < b->n_tree; t++)
		if (!tree_sound(b->node + b->tree[t], b->tree[t + 1] - b->tree[t], b->d))
			return false;
	return !r->bad;
}

enum status boost_open(struct boost *out, struct str bytes, struct err *e)
{
	struct reader r = reader_of(bytes);
	uint32_t magic = rd_u32(&r), version = rd_u32(&r), d = rd_u32(&r);
	uint64_t hash = bytes.n >= 8 ? hash64(bytes.p, bytes.n - 8, MAGIC) : 0;

	*out = (struct boost){ .d = (int)d, .base = rd_f32(&r) };
	if (r.bad || magic != MAGIC)
		return err_set(e, ERR_FORMAT, "not a file of boosted trees");
	if (version > FILE_VERSION)
		return err_set(e, ERR_FORMAT, "boosted trees of version %u; this program reads %d",
		               version, FILE_VERSION);
	if (d < 1 || d > BOOST_DIM_MAX || !isfinite(out->base) || !read_trees(out, &r) ||
	    rd_u64(&r) != hash || r.bad || rd_left(&r) != 0) {
		boost_clear(out);
		return err_set(e, ERR_FORMAT, "boosted trees are damaged");
	}
	out->gain = mem_alloc(d, sizeof *out->gain);
	out->loss = out->valid_loss = NAN;
	return OK;
}
