/* scenenet.h - which scene comes next, over vectors of scenes: the core's network and its rivals.
 *
 *   in    meanings: z of every scene, book by book; a kind, a plan
 *   out   for every scene a guess made from the scenes before it, and what candidates are compared with it by
 *
 * One reader, one data path, one trainer (model/learn.h): kinds differ in their heads alone.
 *
 *   core        z + slots + field enter; resonance with what was learnt and with the field, decaying at several
 *               rates (InfoNCE over other scenes of the same book [van den Oord 2018]), next code, next slots
 *   base        Base-LCM: z is regressed [LCM team, 2412.08821, 2.3.1]
 *   quant       Quant-LCM: residual codes, coarse to fine, each given the sum so far [2.4]
 *   diffusion   two-tower diffusion LCM: x0 is predicted from noise [2.3.4]
 *   planner     archetypes of z by k-means, the next one by cross-entropy
 *
 * The trunk is the teller's (RMSNorm, RoPE over places, SwiGLU), causal over scenes. Where each departs from
 * its paper: docs/scenenet.md.
 */
#ifndef LTM_MODEL_SCENENET_H
#define LTM_MODEL_SCENENET_H

#include "glyphs/pvq.h"
#include "num/net/net.h"
#include "num/num.h"

enum { SLOTS_MAX = 8 };
/* The scenes of a set of books. All lent. */
struct meanings {
	int registers, dim;		/* z: registers·dim numbers a scene, each register of length 1 */
	size_t n;
	const float *z;			/* [n][registers·dim] */
	int slots;			/* kinds of the schema; 0: none */
	int kinds[SLOTS_MAX];		/* of each slot, the empty one (0) counted */
	const uint8_t *slot;		/* [n][slots] */
	int field;			/* numbers of the field's read-out; 0: none */
	const float *side;		/* [n][field] */
	const uint64_t *first;		/* [books + 1]: the scenes of each book */
	uint32_t books;
};
static inline int meanings_dims(const struct meanings *m) { return m->registers * m->dim; }

enum scenenet_kind { SCENENET_CORE, SCENENET_BASE, SCENENET_QUANT, SCENENET_DIFFUSION, SCENENET_PLANNER, SCENENET_KINDS };
const char *scenenet_name(enum scenenet_kind k);	/* "core", "base-lcm", "quant-lcm", "diffusion-lcm", "planner" */

struct scenenet_plan {
	enum scenenet_kind kind;
	int layers, width, heads, hidden;
	int context;			/* scenes of a window */
	int rows, lanes;		/* windows of a batch, a multiple of lanes */
	int match;			/* core: numbers of a resonance vector */
	int stages;			/* core, quant: bytes of a register's code */
	double warmth;			/* core: scores are divided by it, 1 */
	int steps;			/* diffusion: of the way from noise, 20 */
	double guidance;		/* diffusion: 2 */
	double dropout;
	enum num_type wide;
	uint64_t seed;
};
struct scenenet_plan scenenet_plan_default(enum scenenet_kind k);

struct scenenet;
/* Codebooks, archetypes and scales are fitted to `train`, which must outlive the net. ERR_USAGE for an
 * impossible plan, or fewer scenes than a batch. */
enum status scenenet_open(struct scenenet **out, const struct scenenet_plan *p, const struct meanings *train,
                          struct err *e);
void scenenet_close(struct scenenet *s);
struct params *scenenet_params(struct scenenet *s);
void scenenet_reset(void *s);			/* first values again; s is a struct scenenet * */
/* For model/learn.h: ctx is the struct scenenet. */
struct learner scenenet_learner(struct scenenet *s);
uint64_t scenenet_per_epoch(const struct scenenet *s);	/* batches */

/* What a net says of the scenes of a set. guess[i] is made from at most `context` scenes before i in its
 * book, from none for a book's first; cand[i] is made from scene i alone. */
struct guesses {
	int dim;
	bool near;			/* likeness is -|guess - cand|²; else guess·cand */
	float *guess, *cand;		/* [n][dim] */
	float *z;			/* [n][registers·dim]: the guess as a z; may be guess itself */
};
/* Uses lanes; the bits do not depend on their threads. The field and the slots must be as in training. */
void scenenet_guess(struct guesses *out, struct scenenet *s, const struct meanings *m);
void guesses_clear(struct guesses *g);
/* The floors: the scene before is the guess, compared by z, or (field) by the product of read-outs of the field, where g->z
 * stays zero; of a book's first, zeros. */
void guesses_copy(struct guesses *g, const struct meanings *m, bool field);
float guesses_score(const struct guesses *g, size_t at, size_t cand);

/* LCM's metrics [2412.08821, 3.1] of the scenes that have one before them in their book. */
struct guesses_worth {
	double l2;			/* mean |ẑ - z| */
	double contrast;		/* share of (guess, other scene of its book) in which the truth scores higher; at
					 * most 64 others a scene, evenly spaced */
	double top1;			/* share in which the truth scores highest among these and itself */
	size_t scenes;
	double *book_contrast;		/* [books], for intervals; the caller's, or NULL */
};
void guesses_measure(struct guesses_worth *out, const struct guesses *g, const struct meanings *m);

uint64_t scenenet_size(const struct scenenet *s);		/* numbers in all tensors and codebooks */
double scenenet_flops(const struct scenenet *s);		/* of one scene, forward and back */

#endif
