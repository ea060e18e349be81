/* ops.h - private to num: the rows of the table of operations and what they share. */
#ifndef LTM_NUM_OPS_H
#define LTM_NUM_OPS_H

#include "num/num.h"

/* out[D] += Σ_n a[n][D], each column summed in double in the order of rows. */
void add_columns(float *out, const float *a, int N, int D);

extern const struct op_row op_row_linear, op_row_bag, op_row_relu, op_row_gelu, op_row_silu,
	op_row_tanh, op_row_rmsnorm, op_row_layernorm, op_row_l2norm, op_row_dropout, op_row_mul,
	op_row_rowdot, op_row_cols, op_row_ce, op_row_nce, op_row_bce;

#endif
