/* boost.h - gradient boosted trees: the learned ranker over shallow features.
 *
 *   in    X [n][d] float features, y [n] 0 or 1; optionally groups of equal size of which
 *         exactly one row is true (the candidates of one question)
 *   out   struct boost: a list of small trees whose values add up to a raw score
 *
 * Histogram trees grown best leaf first [Friedman 2001; Ke et al. 2017, LightGBM], with the
 * defaults of the reference ranker in DESIGN.md: 200 trees, rate 0.05, 15 leaves, L2 of 1,
 * 20 rows a leaf, 255 bins.
 *
 * A trained model is read-only: share freely between threads. The same rows in the same
 * order give the same bytes for any number of threads.
 */
#ifndef LTM_MODEL_BOOST_H
#define LTM_MODEL_BOOST_H

#include "base/base.h"

struct boost_opts {
	int trees;		/* most trees */
	double rate;		/* shrinkage */
	int leaves;		/* leaves a tree, 2..256 */
	double l2;
	int min_rows;		/* rows a leaf */
	int bins;		/* 2..255 */
	int group;		/* 0: log loss of rows. K > 1: rows come in groups of K and the
				   loss is softmax cross-entropy in the group */
	double valid;		/* share of rows (groups) held out to stop early; 0 = never stop.
				   Negative: 0.1 when n > 10000, else 0 */
	int patience;		/* trees without a gain on them before stopping */
	uint64_t seed;		/* chooses the rows held out */
	int threads;		/* 0: num_threads_get(); the result never depends on it */
};
#define BOOST_DEFAULT ((struct boost_opts){ 200, 0.05, 15, 1.0, 20, 255, 0, -1.0, 10, 1, 0 })

/* A leaf has feature -1. x <= at goes left, NaN goes left. Children follow their parent. */
struct boost_node {
	int32_t feature;
	float at;
	int32_t left, right;	/* indices within the tree */
	float value;		/* of a leaf, shrunk */
};
enum { BOOST_TREES_MAX = 10000, BOOST_DIM_MAX = 4096 };
struct boost {
	int d;			/* features a row */
	float base;		/* score before the first tree */
	struct boost_node *node;	/* all trees, one after another */
	uint32_t *tree;		/* [n_tree + 1] first node of each */
	size_t n_tree, n_node;
	double *gain;		/* [d] total gain each feature brought (not stored by save) */
	double loss, valid_loss;	/* means at the end of training; valid NaN when none */
};

/* Zero-initialise out. y must hold both classes (ERR_USAGE); with group, n a multiple of it
 * and one true row in each. ERR_STOP when the watch says so: out then holds the trees so far. */
enum status boost_train(struct boost *out, const float *X, const uint8_t *y, size_t n, int d,
                        const struct boost_opts *o, const struct watch *w, struct err *e);
float boost_score(const struct boost *b, const float *x /* [d] */);	/* raw: log-odds */
void boost_scores(const struct boost *b, float *s /* [n] */, const float *X, size_t n);
void boost_clear(struct boost *b);

/* File form: magic, version, sizes, trees, checksum; the same model gives the same bytes.
 * boost_open distrusts everything: any bad byte is ERR_FORMAT. */
void boost_save(struct buf *out, const struct boost *b);
enum status boost_open(struct boost *out, struct str bytes, struct err *e);

#endif
