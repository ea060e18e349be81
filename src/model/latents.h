/* latents.h - scenes as vectors: what the core and its rivals are trained on and measured by.
 *
 *   in    z of every scene, book by book; by wish its slots and a read-out of the field
 *   out   windows for training; a robust scale; the metrics of the LCM paper
 *
 * Source of scale and metrics: LCM team, "Large Concept Models", arXiv 2412.08821, sections 2.3.1, 3.1.
 * Threads: a struct latents is read-only once made; functions that use lanes say so, and their bits
 * never depend on the number of threads.
 */
#ifndef LTM_MODEL_LATENTS_H
#define LTM_MODEL_LATENTS_H

#include "base/base.h"

enum { LATENTS_SLOTS_MAX = 16, LATENTS_OTHERS = 64, LATENTS_FEW = 31 };
/* All lent. */
struct latents {
	int registers, dim;		/* z: R·D numbers a scene, each register of length about 1 */
	size_t n;			/* scenes */
	const float *z;			/* [n][R·D] */
	const uint64_t *first;		/* [books + 1]: the scenes of each book; first[books] = n */
	uint32_t books;
	int slots;			/* 0: none */
	int kinds[LATENTS_SLOTS_MAX];	/* of each slot, the empty one (0) counted */
	const uint8_t *slot;		/* [n][slots], below kinds */
	int side_dim;			/* numbers of the field's read-out; 0: none */
	const float *side;		/* [n][side_dim] */
};
static inline int latents_dims(const struct latents *l) { return l->registers * l->dim; }
static inline const float *latents_z(const struct latents *l, size_t i)
{
	return l->z + i * (size_t)latents_dims(l);
}
/* NULL when l holds together (shapes, books in order, slots below their kinds, numbers finite), else
 * one sentence. Reads all of it. */
const char *latents_wrong(const struct latents *l);
/* Whether models made for a can read b: registers, dim, slots, kinds, side_dim are the same. */
bool latents_alike(const struct latents *a, const struct latents *b);
/* The book of scene i < n. Empty books are passed over. */
uint32_t latents_book(const struct latents *l, size_t i);

/* ---- windows for training ------------------------------------------------------------
 * A window is `context` scenes that follow one another in one book, or all of a book that is shorter.
 * Each epoch cuts every book anew at a phase of its own (rng_stream(seed, "latents.phase", epoch)): the
 * cuts lie `context` apart, the first and the last are moved to the book's ends, so that every scene
 * is met at least once an epoch, at most twice, and no window of a longer book is short. They are
 * shuffled (rng_stream(seed, "latents.order", epoch)) and dealt out in batches; what does not fill a
 * batch waits for another epoch. Step and row alone say which window it is. */
struct latent_window {
	size_t from, len;		/* scenes from .. from+len-1; len <= context */
	uint32_t book;
};
struct latent_windows {
	const struct latents *l;
	int context, rows;
	uint64_t seed;
	struct latent_window *all;	/* of the epoch: [count], shuffled */
	size_t count, cap;
	uint64_t epoch, per_epoch;	/* batches of an epoch */
};
/* ERR_USAGE when an epoch does not fill one batch. l is lent until the close. */
enum status latent_windows_open(struct latent_windows *w, const struct latents *l, int context, int rows,
                                uint64_t seed, struct err *e);
void latent_windows_close(struct latent_windows *w);
/* Before the rows of a step are asked for; one thread. */
void latent_windows_step(struct latent_windows *w, uint64_t step);
/* Row of the batch. Any thread, between two calls of latent_windows_step. */
struct latent_window latent_windows_row(const struct latent_windows *w, uint64_t step, int row);

/* ---- the robust normaliser -----------------------------------------------------------
 * x = (z - median) / scale, each number by itself; scale is the interquartile range over 1.349, the
 * deviation of a normal number (the paper divides by the range itself: a constant apart), or 1
 * where the range is nothing. The quartiles are those of at most LATENTS_SAMPLE scenes, evenly
 * spaced. middle, scale [R·D] are the caller's. Uses lanes. */
enum { LATENTS_SAMPLE = 16384 };
void normaliser_fit(float *middle, float *scale, const struct latents *l);
/* One scene: x = norm(z), z = its inverse. x and z may be one. */
void normaliser_apply(float *x, const float *z, const float *middle, const float *scale, int dims);
void normaliser_undo(float *z, const float *x, const float *middle, const float *scale, int dims);

/* ---- questions and metrics -----------------------------------------------------------
 * Which of k candidates follows the scenes up to and with end[i]? Candidates may be any scenes of l. */
struct questions {
	size_t n;
	int k;
	const size_t *end;		/* [n]: the last scene known; the context is of its book */
	const size_t *cand;		/* [n][k]; SIZE_MAX: none, its score is -INFINITY */
};
/* Fills score [n][k], higher is likelier; may use lanes. */
typedef void latents_scorer(void *ctx, const struct latents *l, const struct questions *q, float *score);

/* Up to `most` other scenes of i's book, evenly spaced, into other; returns how many. */
size_t latents_others(const struct latents *l, size_t i, size_t most, size_t *other);

/* Over the scenes that have one before them in their book. */
struct latents_worth {
	size_t scenes;
	double l2;			/* mean |ẑ - z| */
	double contrast;		/* contrastive accuracy: share of (prediction, other scene of the
					   book) in which the truth scores higher; LATENTS_OTHERS a scene */
	double top_few, top_all;	/* the truth scores highest: of LATENTS_FEW others; all of its book */
	double *book_contrast;		/* [books], NAN where a book has none; the caller's, or NULL */
};
/* guess [n][R·D]: ẑ of every scene. By `score`, or where it is NULL by nearness to ẑ. An equal score
 * counts half in contrast, nothing in top_…. All scenes of a book are scored for each of its scenes. */
void latents_measure(struct latents_worth *out, const struct latents *l, const float *guess,
                     latents_scorer *score, void *ctx);

/* Squared distance of two rows, in sixteen strands: the same bits wherever it runs. */
float latents_far2(const float *a, const float *b, size_t n);

#endif
