/* t_num.c - the training kit: products against their definition, gradients against slopes,
 * a test of that test, and the same bits for any number of threads. */
#include "check.h"
#include "num/mm/mm.h"
#include "num/num.h"

static void fill(float *x, size_t n, struct rng *r)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (float)rng_normal(r);
}

/* ---- lanes ----------------------------------------------------------------------- */
struct count {
	int hits[1000];
	double sums[1000];
};

static void count_lane(void *ctx, int lane)
{
	struct count *c = ctx;

	c->hits[lane]++;
	for (int i = 0; i < 100; i++)
		c->sums[lane] += sqrt((double)(lane + i));
}

static void t_lanes(void **state)
{
	(void)state;
	for (int threads = 1; threads <= 5; threads++) {
		for (int round = 0; round < 200; round++) {
			struct count c = { { 0 }, { 0 } };
			int n = round * 5;

			num_lanes(n, threads, count_lane, &c);
			for (int i = 0; i < 1000; i++)
				CHECK_EQ(c.hits[i], i < n);
		}
	}
	for (size_t n = 0; n < 40; n++) {
		CHECK_EQ(num_lane_from(n, 0, 7), 0);
		CHECK_EQ(num_lane_to(n, 6, 7), n);
		for (int l = 0; l < 7; l++)
			CHECK(num_lane_to(n, l, 7) - num_lane_from(n, l, 7) <= n / 7 + 1);
	}
}

static void nested_lane(void *ctx, int lane)
{
	struct count *c = ctx;

	num_lanes(10, 4, count_lane, &c[lane]);
}

static void t_lanes_nested(void **state)
{
	static struct count c[8];

	(void)state;
	num_lanes(8, 4, nested_lane, c);
	for (int l = 0; l < 8; l++)
		for (int i = 0; i < 10; i++)
			CHECK_EQ(c[l].hits[i], 1);
}

/* ---- products -------------------------------------------------------------------- */
static void t_gemm(void **state)
{
	static const int shape[][3] = { { 1, 1, 1 }, { 1, 7, 5 }, { 13, 1, 9 }, { 31, 33, 1 },
		{ 64, 48, 130 }, { 5, 3, 257 }, { 129, 65, 33 } };
	struct rng r = rng_stream(1, "t.gemm", 0);

	(void)state;
	for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
		for (int flags = 0; flags < 16; flags++) {
			int M = shape[s][0], N = shape[s][1], K = shape[s][2];
			bool ta = flags & 1, tb = flags & 2;
			int lda = (ta ? M : K) + 3, ldb = (tb ? K : N) + 1, ldc = N + 2;
			float beta = flags & 4 ? 1 : 0, alpha = flags & 8 ? 0.5f : 1;
			size_t na = (size_t)(ta ? K : M) * lda, nb = (size_t)(tb ? N : K) * ldb;
			size_t nc = (size_t)M * ldc;
			float *A = mem_alloc(na, 4), *B = mem_alloc(nb, 4);
			float *C = mem_alloc(nc, 4), *D = mem_alloc(nc, 4);

			fill(A, na, &r);
			fill(B, nb, &r);
			fill(C, nc, &r);
			memcpy(D, C, nc * 4);
			if (beta == 0)
				C[0] = NAN;	/* must be ignored */
			num_gemm(ta, tb, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
			num_gemm_plain(ta, tb, M, N, K, alpha, A, lda, B, ldb, beta, D, ldc);
			for (size_t i = 0; i < nc; i++)
				CHECK_NEAR(C[i], D[i], 1e-5 * (10 + K));
			mem_free(A), mem_free(B), mem_free(C), mem_free(D);
		}
	}
	CHECK(num_blas_warning() == NULL);
	CHECK(strlen(num_blas_name()) > 5);
}

static void t_gemm_empty(void **state)
{
	float c[4] = { NAN, 2, 3, 4 };

	(void)state;
	num_gemm(false, false, 2, 2, 0, 1, c, 1, c, 2, 0, c, 2);
	for (int i = 0; i < 4; i++)
		CHECK(c[i] == 0);
	num_gemm(false, false, 0, 2, 3, 1, NULL, 3, NULL, 2, 0, c, 2);
}

/* ---- curves against libm --------------------------------------------------------- */
static void t_curves(void **state)
{
	(void)state;
	for (float x = -100; x < 100; x += 0.0317f) {
		float y, p, one = 1;
		double sig = 1 / (1 + exp(-(double)x));

		op_tanh(&y, &x, 1);
		CHECK_NEAR(y, tanh((double)x), 2e-7);
		op_silu(&y, &x, 1);
		CHECK_NEAR(y, (double)x * sig, 1e-6 * (1 + fabs((double)x)));
		op_gelu(&y, &x, 1);
		CHECK_NEAR(y, 0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * pow(x, 3)))),
		           1e-6 * (1 + fabs((double)x)));
		CHECK_NEAR(op_bce(&p, &x, &one, 1), log1p(exp(-(double)x)), 1e-4);
		CHECK_NEAR(p, sig, 2e-7);
	}
	for (float x = 1e-6f; x < 0.7f; x *= 1.1f) {	/* small x keep their relative precision */
		float y;

		op_tanh(&y, &x, 1);
		CHECK_NEAR(y / tanh((double)x), 1, 3e-7);
	}
}

static void t_nan_goes_through(void **state)
{
	float x[3] = { 1, NAN, 2 }, y[3], p[3], w[3] = { 1, 1, 1 }, r, m;
	int truth = 0;

	(void)state;
	op_relu(y, x, 3);
	CHECK(y[0] == 1 && isnan(y[1]) && y[2] == 2);
	op_gelu(y, x, 3);
	CHECK(isnan(y[1]) && !isnan(y[2]));
	op_silu(y, x, 3);
	CHECK(isnan(y[1]) && !isnan(y[2]));
	op_tanh(y, x, 3);
	CHECK(isnan(y[1]) && !isnan(y[2]));
	op_rmsnorm(y, &r, x, w, 1, 3);
	CHECK(isnan(y[0]));
	op_layernorm(y, &m, &r, x, w, w, 1, 3);
	CHECK(isnan(y[0]));
	op_l2norm(y, &r, x, 1, 3);
	CHECK(isnan(y[0]));
	CHECK(isnan(op_ce(p, x, &truth, 1, 3)));
	x[1] = INFINITY;
	CHECK(!isfinite(op_ce(p, x, &truth, 1, 3)));
	CHECK_EQ(num_finite(x, 3), 1);
	CHECK_EQ(num_finite(w, 3), 3);
	x[1] = -INFINITY;		/* a masked candidate */
	CHECK_NEAR(op_ce(p, x, &truth, 1, 3), log(1 + exp(1.0)), 1e-6);
	CHECK(p[1] == 0);
}

/* ---- gradients ------------------------------------------------------------------- */
struct shape { int N, D, K; };
static const struct shape shapes[] = { { 1, 1, 1 }, { 1, 5, 2 }, { 7, 1, 3 }, { 3, 13, 5 },
	{ 5, 8, 1 }, { 9, 67, 11 } };
enum { N_SHAPE = sizeof shapes / sizeof *shapes };

static void case_open(struct op_case *c, const struct op_row *row, struct shape s,
                      struct arena *a, struct rng *r)
{
	*c = (struct op_case){ .N = s.N, .D = s.D, .K = s.K };
	c->off = TAKE(a, uint32_t, (size_t)s.N + 1);
	for (int n = 0; n < s.N; n++)		/* bags of 0 to 3; the first is never empty */
		c->off[n + 1] = c->off[n] + (n ? (uint32_t)rng_below(r, 4) : 3);
	c->id = TAKE(a, uint32_t, c->off[s.N]);
	for (uint32_t j = 0; j < c->off[s.N]; j++)
		c->id[j] = (uint32_t)rng_below(r, (uint64_t)s.K);
	c->truth = TAKE(a, int, (size_t)s.N);
	row->size(c);
	for (int i = 0; i < OP_IN; i++) {
		c->in[i] = TAKE(a, float, c->n_in[i]);
		c->d[i] = TAKE(a, float, c->n_in[i]);
		fill(c->in[i], c->n_in[i], r);
		for (size_t k = 0; k < c->n_in[i]; k++)
			if (fabsf(c->in[i][k]) < row->kink)
				c->in[i][k] = c->in[i][k] < 0 ? -row->kink : row->kink;
	}
	c->out = TAKE(a, float, c->n_out);
	c->keep = TAKE(a, float, c->n_keep + 1);
	c->r = TAKE(a, float, c->n_out);
	fill(c->r, c->n_out, r);
}

/* (L(x + h·v) - L(x - h·v)) / 2h along direction v of input i. */
static double slope(struct op_case *c, const struct op_row *row, int i, const float *v, float h,
                    float *save)
{
	double up, down;

	memcpy(save, c->in[i], c->n_in[i] * 4);
	for (size_t k = 0; k < c->n_in[i]; k++)
		c->in[i][k] = save[k] + h * v[k];
	up = row->loss(c);
	for (size_t k = 0; k < c->n_in[i]; k++)
		c->in[i][k] = save[k] - h * v[k];
	down = row->loss(c);
	memcpy(c->in[i], save, c->n_in[i] * 4);
	return (up - down) / (2 * (double)h);
}

/* Whether `factor` times the analytic slope agrees with the measured ones, for input i. Two
 * steps: their difference tells how far the larger one may be off, and extrapolates. */
static bool agrees(struct op_case *c, const struct op_row *row, int i, double factor,
                   struct arena *a, struct rng *r)
{
	float *v = TAKE(a, float, c->n_in[i]), *save = TAKE(a, float, c->n_in[i]);
	const float h = 0.02f;
	double size = 0;

	for (int turn = 0; turn < 6; turn++) {
		double want, s1, s2, best;

		for (size_t k = 0; k < c->n_in[i]; k++)
			v[k] = rng_u64(r) & 1 ? 1 : -1;
		s1 = slope(c, row, i, v, h, save);
		s2 = slope(c, row, i, v, h / 2, save);
		best = s2 + (s2 - s1) / 3;		/* Richardson */
		for (int k = 0; k < OP_IN; k++)
			memset(c->d[k], 0, c->n_in[k] * 4);
		row->loss(c);
		row->back(c);
		want = factor * num_dot(c->d[i], v, c->n_in[i]);
		size = sqrt(num_sum2(c->d[i], c->n_in[i]));
		/* A slope is about |d|; noise of float32 and what extrapolation leaves. */
		if (fabs(want - best) > 2e-3 * size + 0.2 * fabs(s2 - s1) + 1e-4)
			return false;
	}
	return true;
}

static void t_gradients(void **state)
{
	(void)state;
	for (const struct op_row *const *row = op_table; *row; row++) {
		for (int s = 0; s < N_SHAPE; s++) {
			struct arena a = arena_open("gradients");
			struct rng r = rng_stream(7, (*row)->name, (uint64_t)s);
			struct op_case c;

			case_open(&c, *row, shapes[s], &a, &r);
			for (int i = 0; i < OP_IN; i++) {
				if (c.n_in[i] == 0 || agrees(&c, *row, i, 1, &a, &r))
					continue;
				fail_msg("%s: gradient of input %d is wrong on [%d %d %d]", (*row)->name,
				         i, shapes[s].N, shapes[s].D, shapes[s].K);
			}
			arena_close(&a);
		}
	}
}

/* The test above must see a wrong sign, a missing gradient and a wrong scale, in every input
 * of every operation, on at least the larger shapes. */
static void t_gradients_catch(void **state)
{
	static const double wrong[] = { -1, 0, 1.05, 0.95 };

	(void)state;
	for (const struct op_row *const *row = op_table; *row; row++) {
		for (int f = 0; f < 4; f++) {
			struct arena a = arena_open("planted");
			struct rng r = rng_stream(8, (*row)->name, (uint64_t)f);
			struct op_case c;

			case_open(&c, *row, shapes[N_SHAPE - 1], &a, &r);
			for (int i = 0; i < OP_IN; i++)
				if (c.n_in[i] && agrees(&c, *row, i, wrong[f], &a, &r))
					fail_msg("%s: input %d times %g went unseen", (*row)->name, i,
					         wrong[f]);
			arena_close(&a);
		}
	}
}

/* Backward adds: a second call doubles, and what was there stays. */
static void t_gradients_add(void **state)
{
	(void)state;
	for (const struct op_row *const *row = op_table; *row; row++) {
		struct arena a = arena_open("adds");
		struct rng r = rng_stream(9, (*row)->name, 0);
		struct op_case c;
		float *once[OP_IN];

		case_open(&c, *row, shapes[3], &a, &r);
		(*row)->loss(&c);
		(*row)->back(&c);
		for (int i = 0; i < OP_IN; i++) {
			once[i] = TAKE(&a, float, c.n_in[i]);
			memcpy(once[i], c.d[i], c.n_in[i] * 4);
			for (size_t k = 0; k < c.n_in[i]; k++)
				c.d[i][k] = 3;
		}
		(*row)->loss(&c);
		(*row)->back(&c);
		for (int i = 0; i < OP_IN; i++)
			for (size_t k = 0; k < c.n_in[i]; k++)
				CHECK_NEAR(c.d[i][k], 3 + once[i][k], 1e-4);
		arena_close(&a);
	}
}

static void t_dropout(void **state)
{
	enum { N = 20000 };
	float *x = mem_alloc(N, 4), *y = mem_alloc(N, 4), *mask = mem_alloc(N, 4);
	struct rng r = rng_stream(3, "t.drop", 0);
	double sum = 0;
	int dead = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		x[i] = 1;
	op_dropout(y, mask, x, 0.25, &r, N);
	for (int i = 0; i < N; i++)
		sum += (double)y[i], dead += y[i] == 0;
	CHECK_NEAR(dead / (double)N, 0.25, 0.015);
	CHECK_NEAR(sum / N, 1, 0.02);
	op_dropout(y, mask, x, 0, &r, N);
	for (int i = 0; i < N; i++)
		CHECK(y[i] == 1);
	mem_free(x), mem_free(y), mem_free(mask);
}

/* ---- parameters and the optimiser ------------------------------------------------ */
static void t_params(void **state)
{
	struct params p = { 0 };
	int a = PARAMS_ADD(&p, "a", PARAM_DECAY, 3, 5), b = PARAMS_ADD(&p, "b", 0, 7);
	int e = PARAMS_ADD(&p, "e", PARAM_ROWS, 10, 4);

	(void)state;
	params_alloc(&p, 2);
	CHECK_EQ(params_find(&p, "b"), b);
	CHECK_EQ(params_find(&p, "x"), -1);
	CHECK_EQ(p.t[b].off % 16, 0);
	CHECK_EQ(p.t[e].rows, 10);
	CHECK(params_touch(&p, 0, a) == NULL);
	params_init(&p, a, 0.5, 1);
	CHECK(params_w(&p, a)[0] != params_w(&p, a)[1]);
	params_fill(&p, b, 2);

	params_g(&p, 0, a)[0] = 3;
	params_g(&p, 1, a)[0] = 1;
	params_g(&p, 1, e)[4 * 6 + 1] = 3;		/* row 6 in lane 1 only */
	params_touch(&p, 1, e)[6] = 1;
	params_reduce(&p);
	CHECK(params_g(&p, 0, a)[0] == 4 && params_g(&p, 0, e)[4 * 6 + 1] == 3);
	for (size_t i = 0; i < p.n; i++)	/* the next step finds the other lanes clean */
		CHECK(p.g[p.n + i] == 0);
	CHECK_NEAR(params_norm(&p), 5, 1e-9);
	CHECK_NEAR(params_clip(&p, 1), 5, 1e-9);
	CHECK_NEAR(params_norm(&p), 1, 1e-6);
	CHECK(params_finite(&p) == NULL);
	params_g(&p, 0, b)[6] = NAN;
	CHECK(!strcmp(params_finite(&p), "b"));
	CHECK(isnan(params_clip(&p, 1)));
	params_zero(&p);
	for (size_t i = 0; i < 2 * p.n; i++)
		CHECK(p.g[i] == 0);
	CHECK(params_finite(&p) == NULL);
	params_clear(&p);
}

/* AdamW against its equations in double, untouched rows left alone. */
static void t_adamw(void **state)
{
	struct params p = { 0 };
	int a = PARAMS_ADD(&p, "a", PARAM_DECAY, 2, 3), e = PARAMS_ADD(&p, "e", PARAM_ROWS, 4, 2);
	struct adamw law = { 0.9, 0.99, 1e-8, 0.1 };
	struct rng r = rng_stream(5, "t.adamw", 0);
	double w[6], m[6] = { 0 }, v[6] = { 0 };

	(void)state;
	params_alloc(&p, 1);
	params_init(&p, a, 1, 1);
	params_init(&p, e, 1, 1);
	for (int i = 0; i < 6; i++)
		w[i] = (double)params_w(&p, a)[i];
	for (int t = 1; t <= 50; t++) {
		float before = params_w(&p, e)[2], moved = params_w(&p, e)[7];

		params_zero(&p);
		fill(params_g(&p, 0, a), 6, &r);
		params_g(&p, 0, e)[7] = 1;
		params_touch(&p, 0, e)[3] = 1;
		for (int i = 0; i < 6; i++) {
			double g = (double)params_g(&p, 0, a)[i];

			m[i] = 0.9 * m[i] + 0.1 * g;
			v[i] = 0.99 * v[i] + 0.01 * g * g;
			w[i] -= 0.01 * (m[i] / (1 - pow(0.9, t)) /
			        (sqrt(v[i] / (1 - pow(0.99, t))) + 1e-8) + 0.1 * w[i]);
		}
		adamw_step(&p, &law, 0.01, (uint64_t)t);
		CHECK(params_w(&p, e)[2] == before);
		CHECK_NEAR(moved - params_w(&p, e)[7], 0.01, 1e-5);
	}
	for (int i = 0; i < 6; i++)
		CHECK_NEAR(params_w(&p, a)[i], w[i], 1e-5);
	params_clear(&p);
}

/* ---- Muon -------------------------------------------------------------------------- */
/* Newton-Schulz by its definition, in double: X [r][c], r <= c. */
static void ns_plain(double *x, int r, int c)
{
	double *A = calloc((size_t)r * r, sizeof *A), *B = calloc((size_t)r * r, sizeof *B);
	double *y = calloc((size_t)r * c, sizeof *y), norm = 0;

	for (int i = 0; i < r * c; i++)
		norm += x[i] * x[i];
	for (int i = 0; i < r * c; i++)
		x[i] /= sqrt(norm) + 1e-7;
	for (int t = 0; t < 5; t++) {
		for (int i = 0; i < r; i++)
			for (int j = 0; j < r; j++) {
				A[i * r + j] = 0;
				for (int k = 0; k < c; k++)
					A[i * r + j] += x[i * c + k] * x[j * c + k];
			}
		for (int i = 0; i < r; i++)
			for (int j = 0; j < r; j++) {
				B[i * r + j] = -4.7750 * A[i * r + j];
				for (int k = 0; k < r; k++)
					B[i * r + j] += 2.0315 * A[i * r + k] * A[k * r + j];
			}
		for (int i = 0; i < r; i++)
			for (int j = 0; j < c; j++) {
				y[i * c + j] = 3.4445 * x[i * c + j];
				for (int k = 0; k < r; k++)
					y[i * c + j] += B[i * r + k] * x[k * c + j];
			}
		memcpy(x, y, (size_t)r * c * sizeof *x);
	}
	free(A), free(B), free(y);
}

/* What the first step of Muon does to a matrix of zeros [rows][cols]: -rate·0.2·sqrt(max)·O. */
static void muon_want(double *to, const float *g, int rows, int cols)
{
	bool tall = rows > cols;
	double *x = calloc((size_t)rows * cols, sizeof *x);

	for (int i = 0; i < rows; i++)
		for (int j = 0; j < cols; j++)
			x[tall ? j * rows + i : i * cols + j] = (double)g[i * cols + j];
	ns_plain(x, tall ? cols : rows, tall ? rows : cols);
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < cols; j++)
			to[i * cols + j] = -0.01 * 0.2 * sqrt(tall ? rows : cols) * x[tall ? j * rows + i : i * cols + j];
	free(x);
}

static void muon_params(struct params *p, int t[4])
{
	*p = (struct params){ 0 };
	t[0] = PARAMS_ADD(p, "wide", PARAM_DECAY | PARAM_ORTHO, 33, 70);
	t[1] = PARAMS_ADD(p, "tall", PARAM_ORTHO, 45, 20);
	t[2] = PARAMS_ADD(p, "stack", PARAM_ORTHO | PARAM_STACKED(3), 3 * 24, 24);
	t[3] = PARAMS_ADD(p, "plain", 0, 50);
	params_alloc(p, 1);
}

static void t_muon(void **state)
{
	static const struct { int t, rows, cols, at; } piece[] = {
		{ 0, 33, 70, 0 }, { 1, 45, 20, 0 }, { 2, 24, 24, 0 }, { 2, 24, 24, 24 * 24 }, { 2, 24, 24, 2 * 24 * 24 } };
	struct adamw law = { 0.9, 0.98, 1e-8, 0.1 };

	(void)state;
	for (int wide = NUM_F32; wide <= NUM_BF16; wide++) {
		struct rng r = rng_stream(8, "t.muon", 0);
		struct params p, same;
		struct muon u;
		double want[33 * 70];
		int t[4];

		muon_params(&p, t);
		muon_params(&same, t);
		muon_open(&u, &p);
		u.wide = wide;
		fill(p.g, p.n, &r);
		for (int k = 0; k < 4; k++)	/* gaps stay zero */
			memset(p.g + p.t[k].off + p.t[k].n, 0, ((k < 3 ? p.t[k + 1].off : p.n) - p.t[k].off - p.t[k].n) * 4);
		memcpy(same.g, p.g, p.n * sizeof(float));
		muon_step(&u, &p, &law, 0.01, 1);
		for (size_t k = 0; k < sizeof piece / sizeof *piece; k++) {
			int n = piece[k].rows * piece[k].cols;

			muon_want(want, params_g(&p, 0, t[piece[k].t]) + piece[k].at, piece[k].rows, piece[k].cols);
			for (int i = 0; i < n; i++)
				CHECK_NEAR((double)params_w(&p, t[piece[k].t])[piece[k].at + i], want[i],
				           wide == NUM_BF16 ? 5e-4 : 2e-7);
		}
		adamw_step(&same, &law, 0.01, 1);	/* what is not orthogonal moves as ever */
		CHECK(!memcmp(params_w(&p, t[3]), params_w(&same, t[3]), 50 * sizeof(float)));
		muon_close(&u);
		params_clear(&p);
		params_clear(&same);
	}
}

/* Any number of threads, the same bits; decay and momentum from step to step. */
static void t_muon_threads(void **state)
{
	struct adamw law = { 0.9, 0.98, 1e-8, 0.1 };
	struct params p[2];

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct rng r = rng_stream(9, "t.muon", 1);
		struct muon u;
		int t[4];

		num_threads_set(k ? 3 : 1);
		muon_params(&p[k], t);
		muon_open(&u, &p[k]);
		params_init(&p[k], t[0], 1, 1);
		for (int s = 1; s <= 3; s++) {
			params_zero(&p[k]);
			for (int i = 0; i < 4; i++)
				fill(params_g(&p[k], 0, t[i]), p[k].t[t[i]].n, &r);
			params_clip(&p[k], 1);
			muon_step(&u, &p[k], &law, 0.01, (uint64_t)s);
		}
		muon_close(&u);
	}
	num_threads_set(0);
	CHECK(!memcmp(p[0].w, p[1].w, p[0].n * sizeof(float)));
	CHECK(!memcmp(p[0].m, p[1].m, p[0].n * sizeof(float)));
	params_clear(&p[0]);
	params_clear(&p[1]);
}

static void t_rates(void **state)
{
	struct rate_law c = { RATE_CONSTANT, 0.1, 10, 100, 0, 0 };
	struct rate_law k = { RATE_COSINE, 0.1, 10, 110, 0.1, 0 };

	(void)state;
	CHECK_NEAR(rate_at(&c, 0), 0.01, 1e-12);
	CHECK_NEAR(rate_at(&c, 9), 0.1, 1e-12);
	CHECK_NEAR(rate_at(&c, 5000), 0.1, 1e-12);
	CHECK_NEAR(rate_at(&k, 10), 0.1, 1e-12);
	CHECK_NEAR(rate_at(&k, 60), 0.055, 1e-12);
	CHECK_NEAR(rate_at(&k, 110), 0.01, 1e-12);
	CHECK_NEAR(rate_at(&k, 5000), 0.01, 1e-12);
}

static void t_average(void **state)
{
	struct params p = { 0 };
	struct average mean = { 0 }, ema = { 0 };
	int a = PARAMS_ADD(&p, "a", 0, 1, 3);
	double want = 0, weight = 0;

	(void)state;
	params_alloc(&p, 1);
	average_init(&mean, &p);
	average_init(&ema, &p);
	for (int i = 1; i <= 9; i++) {
		params_fill(&p, a, (float)i);
		average_add(&mean, &p);
		average_ema(&ema, &p, 0.8);
		want = 0.8 * want + 0.2 * i;
		weight = 0.8 * weight + 0.2;
	}
	CHECK_NEAR(mean.w[1], 5, 1e-6);
	CHECK_NEAR(ema.w[2], want / weight, 1e-5);
	average_swap(&mean, &p);
	CHECK_NEAR(params_w(&p, a)[0], 5, 1e-6);
	CHECK_NEAR(mean.w[0], 9, 1e-6);
	average_clear(&mean);
	average_clear(&ema);
	params_clear(&p);
}

/* ---- a small network, trained: it learns, and threads do not change a bit -------- */
enum { V = 600, D = 128, H = 130, LANES = 4, BATCH = 64, BAG = 5, GROUP = 6 };

struct net {
	struct params p;
	int e, w1, b1, w2, b2;
	uint64_t step;
	double loss[LANES];
};

/* Which of six bags shares its ids' class with the first: bags of V ids, class = id % 3. */
static void net_lane(void *ctx, int lane)
{
	enum { G = BATCH / LANES, N = G * GROUP };
	struct net *t = ctx;
	struct params *p = &t->p;
	struct rng r = rng_stream(11, "t.net", t->step * LANES + (uint64_t)lane);
	struct arena a = arena_open("net");
	uint32_t *id = TAKE(&a, uint32_t, N * BAG), *off = TAKE(&a, uint32_t, N + 1);
	float *x = TAKE(&a, float, N * D), *h = TAKE(&a, float, N * H), *z = TAKE(&a, float, N * H);
	float *s = TAKE(&a, float, N), *prob = TAKE(&a, float, N), *ds = TAKE(&a, float, N);
	float *dz = TAKE(&a, float, N * H), *dh = TAKE(&a, float, N * H);
	float *dx = TAKE(&a, float, N * D);
	int truth[G];

	for (int n = 0; n < N; n++) {
		if (n % GROUP == 0)
			truth[n / GROUP] = (int)rng_below(&r, GROUP);
		off[n + 1] = off[n] + BAG;
		for (int j = 0; j < BAG; j++)
			id[n * BAG + j] = (uint32_t)rng_below(&r, V / 3) * 3 +
				(n % GROUP == truth[n / GROUP] ? 0 : 1 + (uint32_t)rng_below(&r, 2));
	}
	op_bag(x, params_w(p, t->e), id, NULL, off, N, D);
	op_linear(h, x, params_w(p, t->w1), params_w(p, t->b1), N, D, H);
	op_gelu(z, h, N * H);
	op_linear(s, z, params_w(p, t->w2), params_w(p, t->b2), N, H, 1);
	t->loss[lane] = op_ce(prob, s, truth, G, GROUP);
	op_ce_back(ds, prob, truth, 1.0f / BATCH, G, GROUP);
	op_linear_back(dz, params_g(p, lane, t->w2), params_g(p, lane, t->b2), ds, z,
	               params_w(p, t->w2), N, H, 1);
	op_gelu_back(dh, dz, h, N * H);
	op_linear_back(dx, params_g(p, lane, t->w1), params_g(p, lane, t->b1), dh, x,
	               params_w(p, t->w1), N, D, H);
	op_bag_back(params_g(p, lane, t->e), params_touch(p, lane, t->e), NULL, dx,
	            params_w(p, t->e), id, NULL, off, N, D);
	arena_close(&a);
}

static uint64_t net_train(int threads, double *first, double *last)
{
	struct net t = { 0 };
	struct adamw law = ADAMW_DEFAULT;
	uint64_t hash;

	t.e = PARAMS_ADD(&t.p, "e", PARAM_ROWS, V, D);
	t.w1 = PARAMS_ADD(&t.p, "w1", PARAM_DECAY, H, D);
	t.b1 = PARAMS_ADD(&t.p, "b1", 0, H);
	t.w2 = PARAMS_ADD(&t.p, "w2", PARAM_DECAY, 1, H);
	t.b2 = PARAMS_ADD(&t.p, "b2", 0, 1);
	params_alloc(&t.p, LANES);
	params_init(&t.p, t.e, 0.1, 1);
	params_init(&t.p, t.w1, params_fan_in(&t.p, t.w1), 1);
	params_init(&t.p, t.w2, params_fan_in(&t.p, t.w2), 1);
	num_threads_set(threads);
	for (t.step = 1; t.step <= 60; t.step++) {
		params_zero(&t.p);
		num_lanes(LANES, 0, net_lane, &t);
		params_reduce(&t.p);
		CHECK(params_finite(&t.p) == NULL);
		params_clip(&t.p, 1);
		adamw_step(&t.p, &law, 0.003, t.step);
		*last = (t.loss[0] + t.loss[1] + t.loss[2] + t.loss[3]) / BATCH;
		if (t.step == 1)
			*first = *last;
	}
	num_threads_set(0);
	hash = hash64(t.p.w, t.p.n * 4, 0) ^ hash64(t.p.m, t.p.n * 4, 1) ^ hash64(last, 8, 2);
	params_clear(&t.p);
	return hash;
}

static void t_same_bits(void **state)
{
	double first, last;
	uint64_t one = net_train(1, &first, &last);

	(void)state;
	CHECK(first > 1.5 && last < 0.3);
	CHECK(net_train(2, &first, &last) == one);
	CHECK(net_train(4, &first, &last) == one);
	CHECK(net_train(7, &first, &last) == one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_lanes), cmocka_unit_test(t_lanes_nested),
		cmocka_unit_test(t_gemm), cmocka_unit_test(t_gemm_empty),
		cmocka_unit_test(t_curves), cmocka_unit_test(t_nan_goes_through),
		cmocka_unit_test(t_gradients), cmocka_unit_test(t_gradients_catch),
		cmocka_unit_test(t_gradients_add), cmocka_unit_test(t_dropout),
		cmocka_unit_test(t_params), cmocka_unit_test(t_adamw), cmocka_unit_test(t_muon),
		cmocka_unit_test(t_muon_threads), cmocka_unit_test(t_rates),
		cmocka_unit_test(t_average), cmocka_unit_test(t_same_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
