/* num.h - the training kit: matrix products, lanes, parameters, operations, optimiser.
 *
 *   in    float32 arrays, row-major, shapes [N][D] in every comment
 *   out   the same; nothing is read from or written to disk
 *
 * A training step, the pattern every model follows:
 *
 *   params_zero(p)                               gradients of all lanes = 0
 *   num_lanes(p->lanes, 0, fn, ctx)              lane l: its share of the batch, forward and
 *                                                back, into params_g(p, l, i)
 *   params_reduce(p)                             lane gradients summed in lane order
 *   params_finite(p, …)                          NaN or infinity is found here
 *   params_clip(p, max_norm)                     by the global norm
 *   adamw_step(p, &law, rate, step)
 *
 * The number of lanes is part of the run (fixed in its config); the number of threads is
 * not: 1, 2 or 8 threads give the same weights to the last bit on one kind of chip.
 *
 * Threads: an operation runs on the thread that calls it, on memory it is given; functions
 * that use lanes inside say so. No function here allocates except *_alloc and num_lanes.
 */
#ifndef LTM_NUM_H
#define LTM_NUM_H

#include "base/base.h"

/* ---- threads and lanes --------------------------------------------------------------
 * How many threads num_lanes uses when asked for 0: LTM_THREADS, else the cores this
 * process may use. num_threads_set(0) returns to that default. At most NUM_THREADS_MAX. */
enum { NUM_THREADS_MAX = 64 };
void num_threads_set(int n);
int num_threads_get(void);

/* Calls fn(ctx, lane) once for each lane 0..n_lanes-1, on up to `threads` threads (0: the
 * default), and returns when all are done. Who computes which lane is not defined, so a lane
 * writes only what belongs to it. A call from inside a lane, or while another thread holds
 * the pool, runs its lanes one after another on the calling thread. Waiting is passive. */
void num_lanes(int n_lanes, int threads, void (*fn)(void *ctx, int lane), void *ctx);

/* Lane l of L has the part [from, to) of n things: contiguous, sizes differ by at most 1. */
static inline size_t num_lane_from(size_t n, int lane, int lanes)
{
	size_t q = n / (size_t)lanes, r = n % (size_t)lanes, l = (size_t)lane;

	return q * l + (l < r ? l : r);
}
static inline size_t num_lane_to(size_t n, int lane, int lanes)
{
	return num_lane_from(n, lane + 1, lanes);
}

/* ---- matrix product -----------------------------------------------------------------
 * C[M][N] = alpha · op(A)[M][K] · op(B)[K][N] + beta · C, op transposes when its flag is set;
 * ld* are row strides of the arrays as stored. beta 0 ignores what C held (even NaN). One
 * BLAS thread: call it inside a lane. */
void num_gemm(bool trans_a, bool trans_b, int M, int N, int K, float alpha, const float *A,
              int lda, const float *B, int ldb, float beta, float *C, int ldc);
/* The definition of num_gemm as a plain loop with double sums, for tests. */
void num_gemm_plain(bool trans_a, bool trans_b, int M, int N, int K, float alpha,
                    const float *A, int lda, const float *B, int ldb, float beta, float *C,
                    int ldc);
/* NULL when the BLAS is a good one, else one sentence for the user (reference BLAS: some 30
 * times slower; pthread flavour: threads nest). */
const char *num_blas_warning(void);
const char *num_blas_name(void);		/* core and build of the library, one line */

/* ---- small things over arrays -------------------------------------------------------
 * Sums run in double in a fixed order: the same bits on every chip. */
double num_dot(const float *a, const float *b, size_t n);
double num_sum2(const float *a, size_t n);		/* Σ a² */
void num_axpy(float *y, float a, const float *x, size_t n);	/* y += a·x */
/* Index of the first NaN or infinity, or n when there is none. */
size_t num_finite(const float *a, size_t n);

/* ---- parameters ---------------------------------------------------------------------
 * One table of tensors (name, shape, offset) cuts the blocks: weights, moments m and v, and
 * one gradient block a lane. Offsets are multiples of 16 floats (64 bytes); the gap between
 * tensors stays zero. */
enum param_flag {
	PARAM_DECAY = 1,	/* AdamW decays it (matrices yes; biases, norms, embeddings no) */
	PARAM_ROWS = 2,		/* an embedding table: only touched rows are summed and updated */
	PARAM_PACK = 4,		/* a matrix that products in bf16 use (params_pack) */
	PARAM_ORTHO = 8,	/* a hidden matrix, which Muon may move */
};
/* Flag of a PARAM_ORTHO tensor that holds n matrices of equal size one above the other (q, k, v). */
#define PARAM_STACKED(n) ((unsigned)(n) << 8)
enum { PARAM_DIMS = 4 };
struct tensor {
	const char *name;	/* copied by params_add */
	size_t dim[PARAM_DIMS];
	int n_dim;
	size_t off, n;		/* floats, within a block */
	size_t rows, cols;	/* dim[0] and the product of the rest */
	unsigned flags;
};
struct params {
	struct tensor *t;	/* [n_t], in order of params_add */
	size_t n_t, cap_t;
	size_t n;		/* floats in a block, gaps included */
	int lanes;
	float *w, *m, *v;	/* [n] */
	float *g;		/* [lanes][n]; after params_reduce the sum is lane 0's, the others are zero */
	bool swept;		/* … and nothing was written to them since */
	float shrink;		/* what the summed gradient still has to be multiplied by: params_clip's work, done by adamw_step */
	uint8_t *touch;		/* [lanes][n_touch]: rows of PARAM_ROWS tensors */
	size_t n_touch;
	size_t *touch_off;	/* [n_t] */
	uint16_t *pack;		/* packed bf16 copies of PARAM_PACK tensors, or NULL (mm.h) */
	size_t *pack_off;	/* [n_t] */
};
/* Zero-initialise struct params. Returns the tensor's index. Names are unique. */
int params_add(struct params *p, const char *name, unsigned flags, int n_dim,
               const size_t *dim);
#define PARAMS_ADD(p, name, flags, ...) params_add((p), (name), (flags), \
	(int)(sizeof((size_t[]){ __VA_ARGS__ }) / sizeof(size_t)), (size_t[]){ __VA_ARGS__ })
void params_alloc(struct params *p, int lanes);	/* once, after the last params_add; zeroed */
void params_clear(struct params *p);
int params_find(const struct params *p, const char *name);		/* -1 when absent */
static inline float *params_w(const struct params *p, int i) { return p->w + p->t[i].off; }
static inline float *params_g(const struct params *p, int lane, int i)
{
	return p->g + (size_t)lane * p->n + p->t[i].off;
}
/* The touched-rows bytes of a PARAM_ROWS tensor, [rows], for op_bag_back; else NULL. */
uint8_t *params_touch(const struct params *p, int lane, int i);

/* Normal numbers of deviation std from the stream (seed, the tensor's name). */
void params_init(struct params *p, int i, double std, uint64_t seed);
void params_fill(struct params *p, int i, float value);
/* std = 1/sqrt(cols) of a matrix used by op_linear. */
double params_fan_in(const struct params *p, int i);

/* Packed bf16 copies of the PARAM_PACK tensors, W [O][I], for products: x·Wᵀ (way 0) and dy·W
 * (way 1). Made anew from the weights by each call: once at the start and after every change.
 * Uses lanes inside. */
void params_pack(struct params *p);
const uint16_t *params_packed(const struct params *p, int i, int way);

/* These four use lanes inside. PARAM_ROWS: rows no lane touched are skipped by all. */
void params_zero(struct params *p);		/* gradients and touch marks */
/* Lane 0 += lane 1, += lane 2, … in that order; the others become zero in the same pass over memory. Before lanes
 * write again, params_zero. */
void params_reduce(struct params *p);
double params_norm(const struct params *p);	/* L2 norm of the summed gradient, shrunk */
/* Shrinks the gradient to max_norm for params_norm and adamw_step (p->shrink; p->g stays as it is, which spares a pass
 * over memory). Returns the norm before; NaN as is. */
double params_clip(struct params *p, double max_norm);
/* NULL when weights and the summed gradient are finite, else the name of the first tensor
 * that is not. */
const char *params_finite(const struct params *p);

/* AdamW [Loshchilov & Hutter 2019], bias-corrected, decoupled decay; step counts from 1.
 *   m = b1·m + (1-b1)·g,  v = b2·v + (1-b2)·g²,  w -= rate·(m̂/(sqrt(v̂)+eps) + decay·w)
 * A row of a PARAM_ROWS tensor moves only in steps that touch it. */
struct adamw {
	double b1, b2, eps, decay;
};
#define ADAMW_DEFAULT ((struct adamw){ 0.9, 0.999, 1e-8, 0.01 })
void adamw_step(struct params *p, const struct adamw *law, double rate, uint64_t step);
/* The same, leaving alone the tensors that have any of the flags. */
void adamw_step_but(struct params *p, const struct adamw *law, double rate, uint64_t step, unsigned flags);

/* Muon [Jordan 2024; Liu 2025]: PARAM_ORTHO tensors move by their momentum made orthogonal, the others by
 * AdamW; one rate and decay for both (muon.c). It uses the moments m alone of what it moves. muon_open once the
 * params are allocated; muon_close. Uses lanes inside; the same bits for any number of threads. */
struct muon {
	double momentum;	/* 0.95 */
	int wide;		/* enum num_type of its products (num/mm/mm.h): bf16 where the chip multiplies it */
	float *scratch;		/* its own */
	size_t each;
};
void muon_open(struct muon *u, const struct params *p);
void muon_close(struct muon *u);
void muon_step(struct muon *u, struct params *p, const struct adamw *law, double rate, uint64_t step);

/* Learning rate by step, 0-based: linear warm-up, then constant, or cosine to rate·floor, or constant
 * and in the last `cool` share of the steps linear to rate·floor (warm-up, stable, decay [Hu 2024;
 * Hägele 2024]). */
enum rate_kind { RATE_CONSTANT, RATE_COSINE, RATE_COOL };
struct rate_law {
	enum rate_kind kind;
	double rate;
	uint64_t warmup, total;
	double floor;		/* share of rate at the end */
	double cool;		/* RATE_COOL: share of the steps */
};
double rate_at(const struct rate_law *law, uint64_t step);

/* Averages of weights: a plain mean of all added since the start (last-k: start it k steps
 * before the end), or an exponential one. w is what a model is evaluated with. */
struct average {
	float *w;		/* [n] */
	size_t n;
	uint64_t seen;
};
void average_init(struct average *a, const struct params *p);	/* seen = 0 */
void average_clear(struct average *a);
void average_add(struct average *a, const struct params *p);
void average_ema(struct average *a, const struct params *p, double keep); /* bias-free */
void average_swap(struct average *a, struct params *p);	/* exchanges a->w and p->w */

/* ---- operations ---------------------------------------------------------------------
 * Forward writes, backward ADDS into every gradient. A gradient pointer that may be NULL
 * (not wanted) says so. Each operation is a row of op_table with its gradient case. */

/* y[N][O] = x[N][I] · Wᵀ + b;  W [O][I], b [O] or NULL. */
void op_linear(float *y, const float *x, const float *w, const float *b, int N, int I, int O);
void op_linear_back(float *dx /* or NULL */, float *dw, float *db /* or NULL */,
                    const float *dy, const float *x, const float *w, int N, int I, int O);

/* Weighted bags: y[n] = Σ_j c[j] · E[id[j]], j in off[n]..off[n+1]-1; y [N][D], E [V][D].
 * c NULL means ones. Backward adds into dE rows and marks them in touch [V] (or NULL); dc
 * [off[N]] or NULL. */
void op_bag(float *y, const float *E, const uint32_t *id, const float *c, const uint32_t *off,
            int N, int D);
void op_bag_back(float *dE, uint8_t *touch, float *dc, const float *dy, const float *E,
                 const uint32_t *id, const float *c, const uint32_t *off, int N, int D);

/* Pointwise, n numbers; y may be x in the forward of those whose back needs only y or
 * nothing (relu, tanh). */
void op_relu(float *y, const float *x, size_t n);
void op_relu_back(float *dx, const float *dy, const float *y, size_t n);
void op_gelu(float *y, const float *x, size_t n);	/* tanh form [Hendrycks 2016] */
void op_gelu_back(float *dx, const float *dy, const float *x, size_t n);
void op_silu(float *y, const float *x, size_t n);
void op_silu_back(float *dx, const float *dy, const float *x, size_t n);
void op_tanh(float *y, const float *x, size_t n);
void op_tanh_back(float *dx, const float *dy, const float *y, size_t n);

/* Norms over the last dimension. w, b [D]; r, mean [N] are kept for the way back. */
void op_rmsnorm(float *y, float *r, const float *x, const float *w, int N, int D);
void op_rmsnorm_back(float *dx, float *dw, const float *dy, const float *r, const float *x,
                     const float *w, int N, int D);
void op_layernorm(float *y, float *mean, float *r, const float *x, const float *w,
                  const float *b, int N, int D);
void op_layernorm_back(float *dx, float *dw, float *db, const float *dy, const float *mean,
                       const float *r, const float *x, const float *w, int N, int D);
/* y = x / |x|; a zero row stays zero. r[n] = 1/|x|. */
void op_l2norm(float *y, float *r, const float *x, int N, int D);
void op_l2norm_back(float *dx, const float *dy, const float *y, const float *r, int N, int D);

/* Dropout: each number lives with probability 1-p and is scaled by 1/(1-p); mask [n] is 0 or
 * that scale. r is advanced by exactly n draws. p = 0 copies. */
void op_dropout(float *y, float *mask, const float *x, double p, struct rng *r, size_t n);
void op_dropout_back(float *dx, const float *dy, const float *mask, size_t n);

void op_mul(float *y, const float *a, const float *b, size_t n);
void op_mul_back(float *da, float *db, const float *dy, const float *a, const float *b,
                 size_t n);
/* y[n] = a[n]·b[n] (dot of rows), a, b [N][D]. */
void op_rowdot(float *y, const float *a, const float *b, int N, int D);
void op_rowdot_back(float *da, float *db, const float *dy, const float *a, const float *b,
                    int N, int D);
/* A slice of D columns of rows with strides: the piece of a concatenation. The backward of
 * op_cols is op_cols_add with the sides exchanged. */
void op_cols(float *y, size_t ldy, const float *x, size_t ldx, int N, int D);
void op_cols_add(float *dx, size_t ldx, const float *dy, size_t ldy, int N, int D);

/* Softmax cross-entropy over G groups of K scores s [G][K]; truth[g] in 0..K-1, or -1 to
 * leave the group out. p [G][K] receives the softmax. Returns the sum of -ln p[truth]. */
double op_ce(float *p, const float *s, const int *truth, int G, int K);
void op_ce_back(float *ds, const float *p, const int *truth, float scale, int G, int K);
/* InfoNCE in a batch [van den Oord 2018]: s [N][N], the truth of row i is column i and of
 * column j is row j; loss = half the sum of both cross-entropies. p, q [N][N] keep them. */
double op_nce(float *p, float *q, const float *s, int N);
void op_nce_back(float *ds, const float *p, const float *q, float scale, int N);
/* Binary cross-entropy of raw scores s [n] against y in 0..1; p [n] = sigmoid. The sum. */
double op_bce(float *p, const float *s, const float *y, size_t n);
void op_bce_back(float *ds, const float *p, const float *y, float scale, size_t n);

/* ---- the table of operations, and its gradient cases --------------------------------
 * A case is an operation on arrays the harness fills: loss(c) runs forward on c->in and
 * returns Σ c->r · outputs in double; back(c) adds into c->d. */
enum { OP_IN = 4 };
struct op_case {
	int N, D, K;			/* sizes; the row says what they mean */
	float *in[OP_IN], *d[OP_IN];	/* inputs and their gradients */
	size_t n_in[OP_IN];		/* numbers in each; 0 = absent */
	size_t n_out, n_keep;
	float *out, *r, *keep;		/* outputs, their weights, what forward keeps */
	uint32_t *id, *off;		/* bags: off [N + 1], id [off[N]] < K */
	int *truth;			/* [N] */
};
struct op_row {
	const char *name;
	void (*size)(struct op_case *c);	/* fills n_in, n_out, n_keep from N, D, K */
	double (*loss)(struct op_case *c);
	void (*back)(struct op_case *c);
	float kink;			/* inputs are kept this far from 0 (relu) */
};
extern const struct op_row *const op_table[];	/* NULL at the end */

#endif
