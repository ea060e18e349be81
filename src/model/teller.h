/* teller.h - the decoder: LLaMA-shaped, over any tokenizer of the word room [Touvron 2023].
 *
 *   token   x0 = embed[id]
 *   layer   h = x + Wo·attention(RoPE(Wqkv·norm(x)));  x' = h + Wdown·(silu(g) ⊙ u), [g|u] = Wgu·norm(h)
 *   logits  embed · norm(x_L)          (tied)
 *
 * RMSNorm (eps 1e-5), no biases, RoPE over neighbouring pairs (2i, 2i+1) of a head with base
 * rope_base [Su 2021], as llama.cpp's and llama2.c's llama has it: exports need no permutation.
 * Without the scene path this is the token model; with it, layers also read scene registers.
 */
#ifndef LTM_MODEL_TELLER_H
#define LTM_MODEL_TELLER_H

#include "num/net/net.h"
#include "num/num.h"

struct teller_shape {
	int layers, width, heads;	/* width divisible by heads; head size even */
	int hidden;			/* of the SwiGLU */
	int vocab, context;		/* context: the longest it is trained for */
	double rope_base;		/* 10000 */
};

/* NULL when a model of this shape can be made, else one sentence that says what is wrong. */
const char *teller_shape_wrong(const struct teller_shape *s);
/* Numbers in all tensors; without the embedding; and multiply-adds times two of one token, forward
 * and back (three times forward), the causal attention counted as half of the context [Kaplan 2020,
 * with the attention's term]. */
uint64_t teller_params(const struct teller_shape *s);
double teller_flops(const struct teller_shape *s, int T, int window);

/* Tensors, by name, in this order; [rows][columns] as op_linear wants its W. L = layer number.
 *
 *     embed             [vocab][width]
 *     L.att_norm        [width]
 *     L.qkv             [3·width][width]     rows: queries, keys, values; within each, by head
 *     L.att_out         [width][width]
 *     L.ffn_norm        [width]
 *     L.gate_up         [2·hidden][width]    rows: gate, then up
 *     L.down            [width][hidden]
 *     norm              [width]
 *
 * where "L." is "layer.0." and so on. */

enum { TELLER_LAYERS_MAX = 256 };
struct teller_layer {
	int att_norm, qkv, att_out, ffn_norm, gate_up, down;	/* tensors of struct params */
};
struct teller_tensors {
	struct teller_shape s;
	int embed, norm;
	struct teller_layer *layer;	/* [layers] */
};
/* Adds the tensors to p; first values come after params_alloc, from streams by (seed, name): the
 * matrices that end a residual branch are smaller by sqrt(2·layers) [Radford 2019]. */
void teller_tensors_add(struct teller_tensors *m, struct params *p, const struct teller_shape *s);
void teller_tensors_init(const struct teller_tensors *m, struct params *p, uint64_t seed);
void teller_tensors_clear(struct teller_tensors *m);

/* The parts of a forward pass, for models that put something between. T rows a sequence; window > 0: a
 * token sees itself and the window - 1 tokens before it [Beltagy 2020], so that a long sequence costs no
 * more a token than a short one. */
struct node *teller_attend(struct net *t, const struct teller_tensors *m, int layer, struct node *x, int T,
                           int window, double dropout);
struct node *teller_feed(struct net *t, const struct teller_tensors *m, int layer, struct node *x,
                         double dropout);

/* ---- the token model ------------------------------------------------------------------------ */
struct teller_plan {
	struct teller_shape shape;
	int rows, T;			/* sequences in a batch, tokens in each (<= shape.context) */
	int lanes;			/* rows is a multiple of it; part of the run */
	int micro;			/* sequences a net holds at once; divides rows / lanes; 0: chosen */
	int window;			/* of attention; 0: the whole sequence */
	enum num_type wide;
	double dropout;
	uint64_t seed;
};
/* Row `row` of the batch of `step`: T inputs and T truths (ID_NONE: not counted). Called from lanes. */
typedef void teller_rows(void *ctx, uint64_t step, int row, uint32_t *in, uint32_t *truth);

struct teller {
	struct teller_plan plan;
	struct teller_tensors m;
	struct params p;
	struct teller_net {
		struct net *net;
		struct node *id, *truth, *loss;
	} *lane, *eval;			/* [lanes]; eval nets are made when first asked for */
	teller_rows *rows;
	void *rows_ctx;
};
/* The micro of a plan that leaves it open: about a thousand tokens at once. */
int teller_micro(const struct teller_plan *p);
/* ERR_USAGE for an impossible plan. Weights have their first values; in bf16 they are packed. */
enum status teller_open(struct teller **out, const struct teller_plan *plan, struct err *e);
void teller_close(struct teller *t);
/* For the trainer: lane's share of a batch, forward and back into params_g(p, lane), the sum of nats
 * and how many truths there were. `teller` is a struct teller *. */
void teller_lane(void *teller, int lane, uint64_t step, double *loss, double *count);
/* To be called whenever weights have changed. */
void teller_ready(void *teller);
/* Nats of each truth of n sequences, in, truth and out [n][T]; uses lanes; no gradients, no dropout. */
void teller_nats(struct teller *t, const uint32_t *in, const uint32_t *truth, int n, float *out);

#endif
