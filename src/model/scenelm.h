/* scenelm.h - which scene comes next, over vectors of scenes: the core (LTM) and its rivals.
 *
 *   in    scenes as vectors (latents.h), a kind, a plan
 *   out   weights trained by learn.h; ẑ of every scene from those before it; scores of candidates
 *
 * One data path, one trunk, one trainer; kinds differ in their heads:
 *
 *   core        resonance (InfoNCE, hard negatives), next code, next slots       scenelm_core.c
 *   base        Base-LCM: z is regressed                                         scenelm_base.c
 *   quant       Quant-LCM: residual codes, stage by stage                        scenelm_quant.c
 *   diffusion   two-tower diffusion LCM                                          scenelm_diffusion.c
 *   kmeans      a planner over archetypes of z                                   scenelm_kmeans.c
 *
 *   enter    x[j] = Win·norm(z[j-1]) + E[scene]  (+ Σ slots + Wside·side), or E[START]
 *   trunk    the teller's layers (teller.h) over scenes: causal, RoPE over their places, SwiGLU
 *   head     from norm(x[j]), scene j
 *
 * norm is the robust normaliser. Codebooks, archetypes and the normaliser are fitted when a model is
 * opened and stand among the tensors as "fixed.…", without gradient: saving and loading the tensors
 * saves and loads the model. How each departs from its paper: its file's head, and docs/scenelm.md.
 */
#ifndef LTM_MODEL_SCENELM_H
#define LTM_MODEL_SCENELM_H

#include "model/latents.h"
#include "model/learn.h"
#include "num/net.h"
#include "num/num.h"

enum scenelm_kind {
	SCENELM_CORE, SCENELM_BASE, SCENELM_QUANT, SCENELM_DIFFUSION, SCENELM_KMEANS, SCENELM_KINDS
};
const char *scenelm_name(enum scenelm_kind k);	/* "core", "base-lcm", "quant-lcm", … */

struct scenelm_plan {
	enum scenelm_kind kind;
	int layers, width, heads, hidden;	/* of the trunk; the denoiser has as many layers */
	int context;			/* scenes of a window */
	int rows, lanes;		/* windows in a batch, a multiple of lanes; part of the run */
	int micro;			/* windows a net holds at once; divides rows / lanes; 0: all */
	enum num_type wide;
	double dropout;
	uint64_t seed;
	bool slots, side;		/* whether they enter, where the scenes have them */
	/* core */
	int match;			/* numbers of a resonance vector */
	double warmth;			/* resonance is divided by it */
	int hard;			/* wrong answers drawn from a window's own book, beside its scenes */
	double far;			/* nats by which those of other books count less */
	double code_weight, slot_weight;	/* of the loss: all bytes of a code together; each slot */
	double code_score;		/* of a score: the mean log-likelihood of a byte, against resonance */
	/* core, quant */
	int stages;			/* bytes of a register's code */
	/* quant */
	bool soft;			/* ẑ from expected entries instead of the likeliest ones */
	/* diffusion */
	int steps;			/* from noise to ẑ */
	double guidance, noise;		/* 1: none; deviation of the first noise */
	double alone;			/* probability that the context is left out in training */
	/* kmeans */
	int clusters;
	/* core, quant, kmeans */
	int rounds;			/* of Lloyd */
};
/* The plan that docs/scenelm.md argues for: 2 layers of 256, 64 scenes, 16 windows on 2 lanes. */
struct scenelm_plan scenelm_plan_default(enum scenelm_kind k);

struct scenelm;
/* ERR_USAGE for an impossible plan, scenes that do not hold together, or fewer than a batch. `train` is
 * lent until the close. Uses lanes. */
enum status scenelm_open(struct scenelm **out, const struct scenelm_plan *plan, const struct latents *train,
                         struct err *e);
void scenelm_close(struct scenelm *m);
struct params *scenelm_params(struct scenelm *m);
void scenelm_reset(void *m);			/* first values again; m is a struct scenelm * */
/* For learn.h; ctx is the struct scenelm. Gradients are of the mean over rows·context places, those of
 * short windows counted as nothing; the loss is the sum over scenes told, and how many those were.
 * `ready` must also be called after tensors have been loaded: it takes up the fixed ones. */
struct learner scenelm_learner(struct scenelm *m);
uint64_t scenelm_per_epoch(const struct scenelm *m);	/* batches */

/* Both use lanes; the bits do not depend on threads. l must be like the scenes trained on. A place is
 * told from at least half of `context` scenes before it, at most all of `context`, or from START
 * and all before it; windows overlap, so where a place stands in its book decides.
 *
 * z [l->n][R·D]: ẑ of scene i from the scenes before i in its book. */
void scenelm_predict(struct scenelm *m, const struct latents *l, float *z);
/* score [q->n][q->k]. core: q·k/warmth + code_score·(mean over bytes of ln p(byte)), the candidate's own z,
 * slots and side read; rivals: -|ẑ - z|. `m` is a struct scenelm *: a latents_scorer. */
void scenelm_score(void *m, const struct latents *l, const struct questions *q, float *score);

uint64_t scenelm_size(const struct scenelm *m);		/* numbers in all tensors, the fixed ones too */
double scenelm_flops(const struct scenelm *m);		/* of one scene, forward and back */

#endif
