/* boost_tree.h - private to boost: features cut into bins, and one tree grown over them. */
#ifndef LTM_MODEL_BOOST_TREE_H
#define LTM_MODEL_BOOST_TREE_H

#include "model/boost.h"

/* Four features share a block, so that one pass over the rows feeds four histograms whose
 * sums do not wait for each other. */
enum { BINS_MAX = 255, PACK = 4 };

struct boost_bins {
	size_t n;		/* rows of the training part */
	int d, packs;		/* features; ceil(d / PACK) */
	uint8_t (*bin)[PACK];	/* [packs][n] */
	float (*at)[BINS_MAX];	/* [d] thresholds: bin b holds at[b-1] < x <= at[b] */
	int *n_at;		/* [d] thresholds of each, bins less one */
};
/* Cuts the features of rows X[row[i]], i < n. Owned: bins_clear. */
void bins_make(struct boost_bins *b, const float *X, const uint32_t *row, size_t n, int d,
               int max_bins, int threads);
void bins_clear(struct boost_bins *b);

/* Memory for growing, used again for every tree. */
struct boost_grower;
struct boost_grower *grower_open(const struct boost_bins *b, const struct boost_opts *o);
void grower_close(struct boost_grower *g);

/* Grows one tree on slopes gh [n][2] (first and second derivative of the loss), appends its
 * nodes to out, adds its values to score [n]. False when even the root has no split. */
bool grower_tree(struct boost_grower *g, struct boost *out, size_t *cap, const float (*gh)[2],
                 double *score);

#endif
