/* net.h - a model as a list of operations: laid once, its memory planned once, run many times.
 *
 *   in    parameters (num.h), inputs that the caller fills before each run
 *   out   values of nodes, losses, gradients added into params_g(p, lane)
 *
 * A model calls net_… once for each operation, in order; that is its whole definition:
 *
 *     struct net *t = net_open(p, lane, NUM_BF16, true);
 *     struct node *id = net_ids(t, N), *x = net_embed(t, embed, id);
 *     x = net_linear_add(t, x, net_swiglu(t, net_linear(t, net_rmsnorm(t, x, norm), gate_up)), down);
 *     struct node *loss = net_ce(t, x, embed, truth);
 *     net_plan(t);
 *
 * and a step is: fill the inputs; net_forward(t); net_back(t). Nothing is allocated after net_plan.
 * A net belongs to one lane and runs on the thread that calls it.
 *
 * Types. The stream of residuals and all losses are float32. What lies between (the "wide"
 * activations) is bf16 in a bf16 net and float32 in a float32 net; gradients have the type of
 * their value; weights and their gradients are float32 always. Products in bf16 use packed copies
 * of the weights (params_pack, once after every update); their sums run in float32.
 *
 * Gradients. Backward runs the list from its end. The first that reaches a node's gradient
 * writes it, the others add (node_add says which), so that nothing has to be cleared.
 *
 * A new operation is src/num/node_<name>.c: a kind with forward and back, the function that lays
 * it, and a case in tests/unit/t_net.c, which checks its gradient against slopes.
 */
#ifndef LTM_NUM_NET_H
#define LTM_NUM_NET_H

#include "num/mm/mm.h"
#include "num/num.h"

struct net;
struct node;

struct node_kind {
	const char *name;
	void (*forward)(struct node *n);
	/* Adds into params_g and into the gradients of inputs that want one. NULL for inputs. */
	void (*back)(struct node *n);
	/* What back reads of values: lets the planner reuse the rest. */
	bool back_in, back_out;		/* values of in[], its own value */
	bool passes;			/* the gradient of in[0] is its own gradient, plus nothing */
	bool loss;			/* starts the way back by itself; no dx */
};

enum { NODE_IN = 6, NODE_W = 3 };
struct node {
	const struct node_kind *kind;
	struct net *net;
	int at;				/* its place in the list */
	struct node *in[NODE_IN];
	int n_in;
	int w[NODE_W];			/* tensors of net->p; -1: none */
	enum num_type type;
	int N, D;			/* rows, columns */
	void *x;			/* [N][D] of type; set by net_plan */
	void *dx;			/* [N][D] of type; NULL in a net that does not train, or not wanted */
	bool wants;			/* something below it learns */
	bool written;			/* dx holds something in this pass */
	bool held;			/* its value is to stay readable until the next forward */
	void *keep;			/* what forward keeps for back, keep_bytes; 64-aligned */
	size_t keep_bytes;
	size_t work_bytes;		/* scratch wanted during forward or back: net->work */
	void *own;			/* the kind's settings, in the net's arena */
	double loss;			/* of a loss: the sum over its rows, unscaled */
	double count;			/* … and how many rows counted */
};

struct net {
	struct params *p;
	int lane;
	enum num_type wide;
	bool train;			/* with gradients and dropout */
	double scale;			/* of losses in back: 1 / tokens in the batch; the caller sets it */
	uint64_t seed, step;		/* of dropout: set before forward; the same give the same masks */
	void *work;
	struct node **node;		/* [n] in order */
	size_t n, cap;
	size_t bytes;			/* of the plan: values, gradients, keeps */
	struct arena mem;
	void *block;
};

/* p must be allocated (params_alloc). lane: whose gradients it adds to. */
struct net *net_open(struct params *p, int lane, enum num_type wide, bool train);
void net_plan(struct net *t);			/* once, after the last operation */
void net_close(struct net *t);
void net_forward(struct net *t);
void net_back(struct net *t);			/* after net_forward, in a net that trains */

/* ---- for the files node_*.c --------------------------------------------------------------
 * A node appended to the list with inputs in[n_in] (NULL allowed at the end) and tensors. `wants`
 * follows from them. own_bytes of zeroed settings. */
struct node *net_node(struct net *t, const struct node_kind *k, int N, int D, enum num_type type,
                      size_t own_bytes);
void node_in(struct node *n, struct node *in);		/* appends an input */
void node_w(struct node *n, int tensor);		/* appends a parameter */
void node_work(struct node *n, size_t bytes);		/* asks for scratch, at least */
/* True when n's gradient holds something already (add to it); false: write every number of it. */
bool node_add(struct node *n);
static inline size_t node_len(const struct node *n) { return (size_t)n->N * (size_t)n->D; }
/* Row r as float32: itself, or converted into tmp [D]. */
const float *node_row(const struct node *n, int r, float *tmp);
const float *node_drow(const struct node *n, int r, float *tmp);
void node_row_put(struct node *n, int r, const float *v);
/* dx row r = v, or += v when add. tmp-free; v [D]. */
void node_drow_put(struct node *n, int r, const float *v, bool add);
static inline const float *node_weight(const struct node *n, int i) { return params_w(n->net->p, n->w[i]); }
static inline float *node_dweight(const struct node *n, int i) { return params_g(n->net->p, n->net->lane, n->w[i]); }

/* ---- inputs and plumbing ------------------------------------------------------------------ */
struct node *net_input(struct net *t, int N, int D);	/* float32, filled by the caller: node->x */
struct node *net_ids(struct net *t, int N);		/* uint32 [N] at node->x; ID_NONE = no row */
#define ID_NONE UINT32_MAX
static inline uint32_t *node_ids(const struct node *n) { return n->x; }
void net_hold(struct node *n);				/* keep its value readable after the run */

/* x[n] = E[id[n]], float32 [N][D]; ID_NONE gives a zero row. E [V][D]. */
struct node *net_embed(struct net *t, int E, struct node *id);
/* y = x·Wᵀ (+ b), W [O][I]; b -1: none. Wide type, or `out` float32 with net_linear32. */
struct node *net_linear(struct net *t, struct node *x, int W, int b);
struct node *net_linear32(struct net *t, struct node *x, int W, int b);
/* r + x·Wᵀ, float32: the end of a residual branch. r float32. */
struct node *net_linear_add(struct net *t, struct node *r, struct node *x, int W);
struct node *net_rmsnorm(struct net *t, struct node *x, int w);	/* wide [N][D] */
/* [gate | up] [N][2H] -> silu(gate) ⊙ up [N][H] [Shazeer 2020]. */
struct node *net_swiglu(struct net *t, struct node *x);

/* ---- attention (node_attend.c) --------------------------------------------------------------
 * Scaled dot products by blocks of queries, no T×T matrix in memory [Rabe & Staats 2021; Dao 2022].
 * q, k, v may be one node (a fused qkv) or several: each has its first column. Wide type. */
struct attend {
	int heads, head;		/* head: numbers of one */
	int q_at, k_at, v_at;		/* first column of queries, keys, values in their nodes */
	int T, S;			/* rows of a sequence in q; in k and v */
	bool causal;			/* query i sees key j only when j <= i + S - T */
	int window;			/* > 0: and only when j > i + S - T - window */
	double rope_base;		/* 0: none; else queries and keys are turned by their place in the
					   sequence, pairs (2i, 2i+1) [Su 2021] */
};
/* out [N of q][heads·head]. range NULL: sequence b of q sees sequence b of k and v. Else ids
 * [2·N of q]: query row n sees key rows range[2n] .. range[2n+1]-1, nothing else (an empty range
 * gives zeros), and T, S, causal serve for nothing but the places of RoPE. */
struct node *net_attend(struct net *t, struct node *q, struct node *k, struct node *v,
                        const struct attend *a, struct node *range);

/* ---- losses ---------------------------------------------------------------------------------
 * Each adds its sum of nats to node->loss and its rows to node->count in forward; in back their
 * gradient is net->scale · weight. A truth of ID_NONE leaves the row out. */

/* Cross-entropy of softmax(x·Eᵀ), E [V][D], by chunks of rows: no [N][V] in memory. In a net that
 * trains the gradient is made within forward, while the chunk is at hand (net->scale must be set
 * before). net_ce_rows: nats of each row [N], 0 where left out; valid until the next forward. */
struct node *net_ce(struct net *t, struct node *x, int E, struct node *truth, double weight);
const float *net_ce_rows(const struct node *n);
/* The same of a mixture with K other voices: m [N][K], an input, is the probability each gives the truth, below 0
 * where it is silent; s [N][K+1] float32 are the scores of whom to believe, the net itself first. The rows'
 * nats are the mixture's. */
struct node *net_ce_mixed(struct net *t, struct node *x, int E, struct node *truth, struct node *s, struct node *m,
                          double weight);
/* Cross-entropy of given scores s [N][K]. net_choice_p: their softmax [N][K]. */
struct node *net_choice(struct net *t, struct node *s, struct node *truth, double weight);
const float *net_choice_p(const struct node *n);
/* InfoNCE: s [N][N], row i's truth is column i, and column j's is row j; half of each. */
struct node *net_nce(struct net *t, struct node *s, double weight);
/* Σ_n |a[n] - b[n]|² / D, into a and b both, where they learn; rows of weight 0 in w [N][1] are
 * left out (w NULL: ones). */
struct node *net_mse(struct net *t, struct node *a, struct node *b, struct node *w, double weight);
/* Binary cross-entropy of raw scores s [N][D] against y [N][D] in 0..1; y < 0: left out. */
struct node *net_bce(struct net *t, struct node *s, struct node *y, double weight);

/* ---- the rest (node_<name>.c) ------------------------------------------------------------- */
struct node *net_layernorm(struct net *t, struct node *x, int w, int b);	/* wide */
struct node *net_l2norm(struct net *t, struct node *x);				/* rows to length 1; type of x */
struct node *net_gelu(struct net *t, struct node *x);		/* these four: type of x */
struct node *net_silu(struct net *t, struct node *x);
struct node *net_tanh(struct net *t, struct node *x);
struct node *net_relu(struct net *t, struct node *x);
/* A number lives with probability 1-p, scaled by 1/(1-p); masks from (net->seed, net->step, lane, the
 * node's place), made again in back, not stored. p 0, or a net that does not train: a copy (or x). */
struct node *net_dropout(struct net *t, struct node *x, double p);
struct node *net_add(struct net *t, struct node *a, struct node *b);	/* float32 if either is, else wide */
struct node *net_mul(struct net *t, struct node *a, struct node *b);
struct node *net_scale(struct net *t, struct node *x, double s);
struct node *net_cols(struct net *t, struct node *x, int from, int D);	/* a slice of columns */
struct node *net_join(struct net *t, struct node *a, struct node *b);	/* [N][Da + Db], same type */
struct node *net_gather(struct net *t, struct node *x, struct node *id); /* rows; ID_NONE: zeros */
struct node *net_mean(struct net *t, struct node *x, struct node *range); /* [M][D]: means of rows range[2m].. */
/* s[n][m] = scale · a[n]·b[m], float32; a [N][D], b [M][D]. */
struct node *net_scores(struct net *t, struct node *a, struct node *b, double scale);
/* y[n] = Σ_k g[n][k]·v[n·K + k], float32; v [N·K][D], g [N][K], both float32. */
struct node *net_blend(struct net *t, struct node *v, struct node *g);
/* y = x ⊙ (1 + scale) + shift, [scale | shift] = m [N / each][2D], row n of x takes row n / each. */
struct node *net_modulate(struct net *t, struct node *x, struct node *m, int each);

#endif
