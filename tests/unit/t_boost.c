/* t_boost.c - boosted trees: what they learn, that threads and files change nothing, and that
 * damaged files are refused. */
#include "check.h"
#include "model/boost.h"
#include "num/num.h"

enum { D = 9 };

/* Rows whose log-odds depend on a step, an interaction and a curve; features 5.. are noise. */
static void rows(float *X, uint8_t *y, size_t n, uint64_t index)
{
	struct rng r = rng_stream(1, "t.boost", index);

	for (size_t i = 0; i < n; i++) {
		float *x = X + i * D;
		double z;

		for (int f = 0; f < D; f++)
			x[f] = (float)rng_normal(&r);
		x[1] = x[1] > 0.5f;			/* two values only */
		x[4] = roundf(2 * x[4]);
		z = 2 * (x[0] > 0.3f) + 1.5 * (x[1] > 0 ? x[2] : -x[2]) - x[3] * x[3] + 0.3 * x[4];
		y[i] = rng_unit(&r) < 1 / (1 + exp(-z));
	}
}

static double accuracy(const float *s, const uint8_t *y, size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++)
		good += (s[i] > 0) == (y[i] == 1);
	return (double)good / (double)n;
}

static struct boost trained(size_t n, int threads, struct boost_opts o)
{
	float *X = mem_alloc(n * D, sizeof *X);
	uint8_t *y = mem_alloc(n, 1);
	struct boost b = { 0 };
	struct err e = { 0 };

	rows(X, y, n, 0);
	o.threads = threads;
	if (boost_train(&b, X, y, n, D, &o, NULL, &e))
		fail_msg("%s", e.msg);
	mem_free(X);
	mem_free(y);
	return b;
}

static void t_learns(void **state)
{
	enum { N = 4000 };
	struct boost b = trained(8000, 0, BOOST_DEFAULT);
	float *X = mem_alloc(N * D, sizeof *X), *s = mem_alloc(N, sizeof *s);
	uint8_t *y = mem_alloc(N, 1);
	double top = 0;

	(void)state;
	CHECK_EQ(b.n_tree, 200);
	CHECK(isnan(b.valid_loss));
	rows(X, y, N, 1);
	boost_scores(&b, s, X, N);
	CHECK(accuracy(s, y, N) > 0.78);	/* the best possible is about 0.82 */
	for (int f = 5; f < D; f++)
		top = b.gain[f] > top ? b.gain[f] : top;
	for (int f = 0; f < 4; f++)
		CHECK(b.gain[f] > top);		/* noise explains less than any real feature */
	for (int i = 0; i < N; i += 97)
		CHECK(s[i] == boost_score(&b, X + (size_t)i * D));
	boost_clear(&b);
	mem_free(X), mem_free(y), mem_free(s);
}

/* One tree against a search by hand: gain, threshold and values of a single split. */
static void t_first_split(void **state)
{
	enum { N = 300 };
	struct boost_opts o = BOOST_DEFAULT;
	float X[N];
	uint8_t y[N];
	struct rng r = rng_stream(2, "t.boost.split", 0);
	double p = 0, best = 0, at = 0, vl = 0, vr = 0;
	struct boost b = { 0 };

	(void)state;
	for (int i = 0; i < N; i++) {
		X[i] = (float)(rng_below(&r, 200));
		y[i] = rng_unit(&r) < (X[i] > 120 ? 0.8 : 0.3);
		p += y[i] / (double)N;
	}
	for (int t = 0; t < 200; t++) {		/* split between t and the next value */
		double g[2] = { 0 }, h[2] = { 0 }, gain;
		int n[2] = { 0 };

		for (int i = 0; i < N; i++) {
			g[X[i] > t] += (double)(float)(p - y[i]);
			h[X[i] > t] += (double)(float)(p * (1 - p));
			n[X[i] > t]++;
		}
		if (n[0] < 20 || n[1] < 20)
			continue;
		gain = g[0] * g[0] / (h[0] + 1) + g[1] * g[1] / (h[1] + 1) -
			(g[0] + g[1]) * (g[0] + g[1]) / (h[0] + h[1] + 1);
		if (gain > best + 1e-9)
			best = gain, at = t, vl = -0.05 * g[0] / (h[0] + 1),
			vr = -0.05 * g[1] / (h[1] + 1);
	}
	o.trees = 1;
	o.leaves = 2;
	CHECK_EQ(boost_train(&b, X, y, N, 1, &o, NULL, NULL), OK);
	CHECK_EQ(b.n_node, 3);
	CHECK_NEAR(b.gain[0], best, 1e-4);
	CHECK(b.node[0].at >= at && b.node[0].at < at + 3);
	CHECK_NEAR(b.node[b.node[0].left].value, vl, 1e-5);
	CHECK_NEAR(b.node[b.node[0].right].value, vr, 1e-5);
	CHECK_NEAR(b.base, log(p / (1 - p)), 1e-5);
	boost_clear(&b);
}

static void t_same_bits(void **state)
{
	struct boost_opts o = BOOST_DEFAULT;
	struct buf one = { 0 };

	(void)state;
	o.trees = 40;
	for (int threads = 1; threads <= 4; threads++) {
		struct boost b = trained(12000, threads, o);	/* stops early by default */
		struct buf now = { 0 };

		CHECK(!isnan(b.valid_loss));
		boost_save(&now, &b);
		if (threads == 1)
			boost_save(&one, &b);
		CHECK(now.n == one.n && !memcmp(now.p, one.p, one.n));
		buf_free(&now);
		boost_clear(&b);
	}
	buf_free(&one);
}

/* Pure noise: the held-out loss does not fall, and training ends soon. */
static void t_stops(void **state)
{
	enum { N = 3000 };
	struct boost_opts o = BOOST_DEFAULT;
	float *X = mem_alloc(N * D, sizeof *X);
	uint8_t *y = mem_alloc(N, 1);
	struct rng r = rng_stream(4, "t.boost.noise", 0);
	struct boost b = { 0 };

	(void)state;
	for (int i = 0; i < N * D; i++)
		X[i] = (float)rng_normal(&r);
	for (int i = 0; i < N; i++)
		y[i] = rng_unit(&r) < 0.4;
	o.valid = 0.2;
	CHECK_EQ(boost_train(&b, X, y, N, D, &o, NULL, NULL), OK);
	CHECK(b.n_tree < 60);
	boost_clear(&b);
	mem_free(X), mem_free(y);
}

/* Six candidates; the truth has the greatest x0 - |x1| + noise. */
static void groups(float *X, uint8_t *y, size_t n_group, uint64_t index)
{
	struct rng r = rng_stream(5, "t.boost.group", index);

	for (size_t g = 0; g < n_group; g++) {
		size_t best = 0;
		double top = -1e9;

		for (size_t k = 0; k < 6; k++) {
			float *x = X + (g * 6 + k) * 3;
			double worth;

			for (int f = 0; f < 3; f++)
				x[f] = (float)rng_normal(&r);
			y[g * 6 + k] = 0;
			worth = (double)(x[0] - fabsf(x[1])) + 0.5 * rng_normal(&r);
			if (worth > top) {
				top = worth;
				best = k;
			}
		}
		y[g * 6 + best] = 1;
	}
}

static void t_groups(void **state)
{
	enum { G = 2000 };
	struct boost_opts o = BOOST_DEFAULT;
	float *X = mem_alloc(G * 6 * 3, sizeof *X), *s = mem_alloc(G * 6, sizeof *s);
	uint8_t *y = mem_alloc(G * 6, 1);
	struct boost b = { 0 };
	struct err e = { 0 };
	int good = 0;

	(void)state;
	o.group = 6;
	groups(X, y, G, 0);
	CHECK_EQ(boost_train(&b, X, y, G * 6, 3, &o, NULL, NULL), OK);
	CHECK(b.loss < 1.2 && b.valid_loss < 1.3);	/* chance is ln 6 = 1.79 */
	groups(X, y, G, 1);
	boost_scores(&b, s, X, G * 6);
	for (int g = 0; g < G; g++) {
		int best = 0;

		for (int k = 1; k < 6; k++)
			if (s[g * 6 + k] > s[g * 6 + best])
				best = k;
		good += y[g * 6 + best];
	}
	CHECK(good > G * 0.5);
	boost_clear(&b);
	y[0] = y[1] = 1;
	CHECK_EQ(boost_train(&b, X, y, G * 6, 3, &o, NULL, &e), ERR_USAGE);
	CHECK_EQ(boost_train(&b, X, y, G * 6 - 1, 3, &o, NULL, NULL), ERR_USAGE);
	mem_free(X), mem_free(y), mem_free(s);
}

/* NaN, infinities, constants and both zeros are features too. */
static void t_odd_values(void **state)
{
	enum { N = 400 };
	float X[N * 4];
	uint8_t y[N];
	struct boost_opts o = BOOST_DEFAULT;
	struct boost b = { 0 };
	float s[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		y[i] = i % 2;
		X[i * 4] = y[i] ? NAN : 1;
		X[i * 4 + 1] = i % 3 ? INFINITY : -INFINITY;
		X[i * 4 + 2] = 7;
		X[i * 4 + 3] = i % 5 ? 0.0f : -0.0f;
	}
	CHECK_EQ(boost_train(&b, X, y, N, 4, &o, NULL, NULL), OK);
	boost_scores(&b, s, X, N);
	CHECK(accuracy(s, y, N) == 1);		/* missing is told from 1 */
	boost_clear(&b);

	memset(y, 1, N);
	CHECK_EQ(boost_train(&b, X, y, N, 4, &o, NULL, NULL), ERR_USAGE);
	y[0] = 2;
	CHECK_EQ(boost_train(&b, X, y, N, 4, &o, NULL, NULL), ERR_USAGE);
	o.bins = 256;
	CHECK_EQ(boost_train(&b, X, y, N, 4, &o, NULL, NULL), ERR_USAGE);
}

static void t_file(void **state)
{
	struct boost_opts o = BOOST_DEFAULT;
	struct boost b, c;
	struct buf f = { 0 }, again = { 0 };
	float x[D] = { 0.5f, 1, -0.3f, 0.1f, 2, 0, 0, 0, 0 };

	(void)state;
	o.trees = 5;
	b = trained(1000, 1, o);
	boost_save(&f, &b);
	CHECK_EQ(boost_open(&c, buf_view(&f), NULL), OK);
	CHECK(boost_score(&b, x) == boost_score(&c, x));
	boost_save(&again, &c);
	CHECK(again.n == f.n && !memcmp(again.p, f.p, f.n));
	boost_clear(&c);
	for (size_t i = 0; i < f.n; i++) {		/* any bit, any length */
		f.p[i] ^= 1 << i % 8;
		CHECK_EQ(boost_open(&c, buf_view(&f), NULL), ERR_FORMAT);
		f.p[i] ^= 1 << i % 8;
		CHECK_EQ(boost_open(&c, (struct str){ f.p, i }, NULL), ERR_FORMAT);
	}
	buf_free(&f);
	buf_free(&again);
	boost_clear(&b);
}

/* Checksums that are right over trees that are wrong: loops, children outside, bad features. */
static void t_file_crafted(void **state)
{
	static const struct boost_node wrong[] = {
		{ 0, 1, 0, 2, 0 }, { 0, 1, 1, 3, 0 }, { 0, 1, -1, 2, 0 }, { D, 1, 1, 2, 0 },
		{ -2, 1, 1, 2, 0 }, { 0, NAN, 1, 2, 0 }, { -1, 0, 0, 0, NAN },
		{ -1, 0, 0, 0, INFINITY },
	};
	struct boost_node node[3] = { { 0, 1, 1, 2, 0 }, { -1, 0, 0, 0, -1 }, { -1, 0, 0, 0, 1 } };
	uint32_t tree[2] = { 0, 3 };
	struct boost b = { .d = D, .node = node, .tree = tree, .n_tree = 1, .n_node = 3 }, c;
	struct buf f = { 0 };

	(void)state;
	boost_save(&f, &b);
	CHECK_EQ(boost_open(&c, buf_view(&f), NULL), OK);
	boost_clear(&c);
	buf_free(&f);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		node[0] = wrong[i];
		boost_save(&f, &b);
		CHECK_EQ(boost_open(&c, buf_view(&f), NULL), ERR_FORMAT);
		buf_free(&f);
	}
}

static void t_stop(void **state)
{
	static const int stop = 1;
	struct watch w = { .stop = &stop };
	struct boost_opts o = BOOST_DEFAULT;
	struct boost b = { 0 };
	float X[100 * D];
	uint8_t y[100];

	(void)state;
	rows(X, y, 100, 3);
	CHECK_EQ(boost_train(&b, X, y, 100, D, &o, &w, NULL), ERR_STOP);
	CHECK_EQ(b.n_tree, 0);
	CHECK(boost_score(&b, X) == b.base);
	boost_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_learns), cmocka_unit_test(t_first_split),
		cmocka_unit_test(t_same_bits), cmocka_unit_test(t_stops), cmocka_unit_test(t_groups),
		cmocka_unit_test(t_odd_values), cmocka_unit_test(t_file),
		cmocka_unit_test(t_file_crafted), cmocka_unit_test(t_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
