/* model.h - from strips to what scores the next scene: views, features, the ranker, the core.
 *
 *   view       a scene prepared for comparison: sparse rows of stems, lemmas, spread lemmas
 *   features   numbers of a candidate in a question: shallow (the floor's) and deep (the core's)
 *   ranker     the learned shallow ranker of DESIGN.md: boosted trees over shallow features
 *   core       the field with learned decay and edge weights, and a small scene network
 *
 * Memory to memory. Trained models are read-only and may be shared between threads.
 */
#ifndef LTM_MODEL_H
#define LTM_MODEL_H

#include "base/base.h"
#include "concepts/concepts.h"
#include "model/boost.h"
#include "num/num.h"
#include "order/order.h"

/* ---- views --------------------------------------------------------------------------- */

struct view {
	const struct strip_scene *s;
	struct svec stem, head, tail;		/* TF-IDF of all stems, of the first and last 25 words */
	struct svec lemma;			/* TF-IDF of content lemmas */
	struct svec spread[EDGE_TYPES];		/* lemma rows carried along the graph's edges, L2-normed:
						   occurs-with; leads-to backwards, i.e. what this
						   scene would follow */
};
struct lexis {			/* what views are made with: document frequencies of training books */
	struct idf stem, lemma;
	const struct graph *graph;
};
void view_make(struct view *v, const struct strip_scene *s, const struct lexis *x,
               struct arena *a);
void views_make(struct view **out, const struct strip *s, const struct lexis *x, struct arena *a);
/* Numbers the rows of views that will meet in a question: makes their dots cheap (optional:
 * the values are the same without). */
void views_number(struct view *const *v, size_t n, struct numbering *t, struct arena *a);
/* Numbers a shelf's views, and makes order's rows over their stems, which are lent. */
void rows_of_views(struct rows *r, const struct strip *s, struct view *v, struct arena *a);

/* ---- features --------------------------------------------------------------------------
 * A question: context scenes, the last one first, at most CONTEXT_SCENES; candidates. */
struct question {
	const struct view *ctx[CONTEXT_SCENES], *cand[CAND_MAX];
	int n_ctx, n_cand;
};
enum { SHALLOW_N = 39, LAGS = CONTEXT_SCENES, CHANNELS = 3 /* lemma, occurs, leads */ };
/* Raw shallow features [n_cand][SHALLOW_N], as shared/tools/floors.py has them. */
void shallow_features(float *out, const struct question *q);
/* The same with each feature also relative to the candidates' mean: [n_cand][2*SHALLOW_N]. */
void shallow_relative(float *out, const struct question *q);
enum { SHALLOW_BLEND = 0, SHALLOW_CONTEXT = 1, SHALLOW_LAST = 2 };	/* columns of the TF-IDF floors */

/* Deep features [n_cand][DEEP_N]: beyond the shallow ones (docs/core.md lists them). */
int deep_count(void);
const char *deep_name(int i);
/* The field's reading of each candidate: dots with the context scene of each lag, by channel:
 * [n_cand][CHANNELS][LAGS]; missing lags are 0. */
void field_features(float *out, const struct question *q);
/* field: what field_features gave for the same question. */
void deep_features(float *out, const struct question *q, const float *field);

/* ---- the ranker ------------------------------------------------------------------------ */
struct ranker {
	struct boost kind[3];		/* ITEM_FAR, ITEM_NEAR, ITEM_MATCHED */
};
void ranker_clear(struct ranker *r);
void ranker_scores(float *s, const struct ranker *r, enum item_kind kind, const struct question *q);

/* ---- the core -------------------------------------------------------------------------- */
enum { SEAM_DIM = 24, SEAM_VOCAB = 4096 };
struct core_config {
	uint64_t seed;
	int hidden1, hidden2;		/* widths of the scene network */
	double rate, decay, dropout;
	int epochs, batch, lanes;
	int per_book;			/* targets of a kind a book and epoch */
};
struct core_config core_default(void);

struct core {
	struct core_config c;
	struct params p;
	int i_field, i_w1, i_b1, i_w2, i_b2, i_w3, i_tail, i_head, i_lin;
	int n_in;			/* inputs of the scene network */
	float *mean, *scale;		/* [raw] standardisation of raw features, from training */
	uint32_t *vocab;		/* [SEAM_VOCAB] keys, ascending; 0 padding */
	int n_vocab;
};
/* Everything a question is turned into for the core; made in any thread, one a question. */
struct core_input {
	int n_cand;
	enum item_kind kind;
	int truth;			/* -1 when not known */
	float *raw;			/* [n_cand][core_raw()] */
	float *field;			/* [n_cand][CHANNELS][LAGS] */
	const struct view *last;	/* ctx[0]; seams are read from the strips */
	const struct view *cand[CAND_MAX];
};
int core_raw(void);
void core_init(struct core *c, const struct core_config *cfg);
void core_clear(struct core *c);
void core_input_make(struct core_input *in, enum item_kind kind, const struct question *q,
                     struct arena *a);
/* Scores, higher is better; field_only [n_cand] (or NULL) receives the field's part. */
void core_scores(const struct core *c, float *s, float *field_only, const struct core_input *in);
/* Forward and back of a batch, lane by lane; returns the mean loss. For the trainer and the
 * gradient check. step is the dropout stream's index; dropout off when it is UINT64_MAX. */
double core_batch(struct core *c, const struct core_input *const *in, int n, uint64_t step);

/* ---- training ---------------------------------------------------------------------------
 * A shelf is a sequence of scenes that questions are asked of: a book, or short books of one
 * author joined when a library has no long ones. */
struct shelf_set {
	const struct strip *shelf;
	size_t n;
};
void lexis_make(struct lexis *x, const struct shelf_set *train, const struct graph *g);
void lexis_clear(struct lexis *x);	/* not the graph */

/* Cross-fitting [Chernozhukov et al. 2018]: a training book must meet document frequencies and
 * a concept graph that have not seen it, as a held-out book does, or the core learns to trust
 * pairs that the graph has from the very scenes in question. Shelf i belongs to fold i mod n;
 * fold[f] is counted on the shelves of all other folds. n = 0 when there is one shelf only. */
enum { FOLDS = 4 };
struct lexis_folds {
	struct lexis all, fold[FOLDS];
	struct graph graph[FOLDS];
	struct buf file[FOLDS];
	int n;
};
/* The graph of all is lent. Builds the folds' graphs: some seconds for 40,000 scenes. */
void folds_make(struct lexis_folds *x, const struct shelf_set *train, const struct graph *g,
                const struct watch *w);
void folds_clear(struct lexis_folds *x);

/* Where a training stands: with the weights, the moments and the average, all that resuming
 * needs to reach the same bits. */
struct train_state {
	uint64_t epoch, chunk, batch, step;	/* batch within the chunk; step in all */
	double loss;			/* sum over the epoch's batches so far, and their number */
	uint64_t losses;
	struct average avg;
	struct buf log;			/* key=value lines, whole since the start */
};
struct train_hooks {
	/* Called every save_every steps and at the end of each epoch (regular), and when stopped. */
	enum status (*save)(void *ctx, const struct core *c, const struct train_state *st,
	                    bool regular, struct err *e);
	void *ctx;
	uint64_t save_every;		/* steps; 0 = 500 */
	uint64_t stop_after;		/* steps, 0 = never: stops as Ctrl-C does (tests) */
};
/* How many regular saves an uninterrupted run has made by this state: names the file that a
 * regular save goes to, so that interrupted runs leave the same files. */
uint64_t train_saves(const struct train_state *st, const struct train_hooks *h);
/* Sets vocabulary and standardisation from the training shelves. */
void core_prepare(struct core *c, const struct shelf_set *train, const struct lexis_folds *x);
/* Trains from st (zero = the start) to the end; at the end the averaged weights are in c.
 * ERR_STOP: saved and stopped. ERR_NUM: a number went bad; c holds the last good weights.
 * Shelves must hold at least one question (ERR_USAGE). */
enum status core_train(struct core *c, struct train_state *st, const struct shelf_set *train,
                       const struct shelf_set *dev, const struct lexis_folds *x,
                       const struct train_hooks *h, const struct watch *w, struct err *e);
/* The shallow ranker, trained on the same shelves: one model a kind. cross: with the folds'
 * document frequencies; false is the reference's way. */
enum status ranker_train(struct ranker *r, const struct shelf_set *train,
                         const struct lexis_folds *x, bool cross,
                         int per_shelf, uint64_t seed, const struct watch *w, struct err *e);
/* Fills q from a shelf's views and an item. */
void question_of(struct question *q, const struct view *v, const struct item *it);

#endif
