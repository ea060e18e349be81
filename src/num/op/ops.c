/* ops.c - the table of operations: one row each, checked by tests/unit/t_num.c.
 *
 * A new operation is src/num/op_<name>.c with forward, backward and a row of its own, and a
 * line here. Its gradient is then tested on every shape, and so is the test itself.
 */
#include "num/num.h"
#include "num/op/ops.h"

const struct op_row *const op_table[] = {
	&op_row_linear, &op_row_bag, &op_row_relu, &op_row_gelu, &op_row_silu, &op_row_tanh,
	&op_row_rmsnorm, &op_row_layernorm, &op_row_l2norm, &op_row_dropout, &op_row_mul,
	&op_row_rowdot, &op_row_cols, &op_row_ce, &op_row_nce, &op_row_bce,
	NULL,
};

void add_columns(float *out, const float *a, int N, int D)
{
	enum { BLOCK = 64 };

	for (int d = 0; d < D; d += BLOCK) {
		int m = D - d < BLOCK ? D - d : BLOCK;
		double sum[BLOCK] = { 0 };

		for (int n = 0; n < N; n++)
			for (int k = 0; k < m; k++)
				sum[k] += (double)a[(size_t)n * D + d + k];
		for (int k = 0; k < m; k++)
			out[d + k] += (float)sum[k];
	}
}
