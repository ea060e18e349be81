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

#include "num/num.h"

struct teller_shape {
	int layers, width, heads;	/* width divisible by heads; head size even */
	int hidden;			/* of the SwiGLU */
	int vocab, context;		/* context: the longest it is trained for */
	double rope_base;		/* 10000 */
};

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
#endif
