/* scenelm_in.h - private to the files scenelm*.c: what a head adds to the trunk. */
#ifndef LTM_MODEL_SCENELM_IN_H
#define LTM_MODEL_SCENELM_IN_H

#include "glyphs/pvq.h"
#include "model/scenelm.h"
#include "model/teller.h"

enum { SCENELM_LAYERS_MAX = 16, SCENELM_LOSSES = PVQ_BYTES_MAX + LATENTS_SLOTS_MAX + 2, SCENELM_TENSORS = 512,
       SCENELM_FIXED = 4, SCENELM_TIMES = 64 };
enum { START, SCENE, ENTRANCES };	/* rows of the trunk's embed */

/* How a scene is laid: three kinds of input, each NULL where it does not enter. */
struct scene_in {
	struct node *z, *side, *slot[LATENTS_SLOTS_MAX];	/* z normalised */
};

/* One net of N = micro·context places. Place i reads a scene and tells the next one. */
struct scenelm_net {
	struct net *net;
	int N, windows;
	struct node *start;
	struct scene_in in;
	size_t *tell;			/* [N]: the scene each place is to tell; SIZE_MAX: none */
	struct { struct node *n; double weight; } loss[SCENELM_LOSSES];
	int losses;
	/* inputs of heads */
	struct node *target, *counts;	/* base, diffusion: [N][R·D], [N][1] */
	struct node *code[PVQ_BYTES_MAX];	/* ids [N] */
	struct node *next_slot[LATENTS_SLOTS_MAX];
	struct scene_in cand;		/* core: M = N + windows·hard candidates */
	struct node *own, *mask;	/* core: ids [N], [N][M] */
	size_t *cand_is;		/* core: [M] */
	struct node *sum[PVQ_STAGES_MAX];	/* quant: entries of the stages before [N][R·D] */
	struct node *noisy, *time, *see;	/* diffusion */
	/* what is read off */
	struct node *said;		/* held: q, ẑ, or the state a tail reads */
	struct node *choice[PVQ_BYTES_MAX];
	struct scenelm_net *tail;	/* nets run after this one, when not training; [tails] */
	int tails;
};

struct scenelm {
	struct scenelm_plan p;
	const struct latents *train;
	int dims, codes;		/* R·D; ids of a scene's code */
	const struct scenelm_head *head;
	struct params params;
	struct teller_tensors trunk;
	struct { int tensor; double gain, uses; bool fill; } first[SCENELM_TENSORS];
	int firsts;
	struct { int tensor; float *of; size_t n; } fixed[SCENELM_FIXED];	/* of: the model's own copy */
	int fixeds;
	float *middle, *scale;		/* [dims] */
	struct pvq q;			/* core, quant */
	float *centre;			/* kmeans: [clusters][dims] */
	uint16_t *code;			/* [train->n][codes] */
	/* tensors */
	struct { int z, side, slot[LATENTS_SLOTS_MAX]; } in, cand;
	int resonance, tell_slot[LATENTS_SLOTS_MAX], tell_code[PVQ_BYTES_MAX];
	int state, sum, stage[PVQ_STAGES_MAX];		/* quant */
	int out, out_bias;
	struct { int norm[2], mod[2], gate[2], gate_bias[2], q, kv, o, up, down; } noise[SCENELM_LAYERS_MAX];
	int noise_in, time_in, time_mid, noise_norm;
	struct latent_windows win;
	struct scenelm_net *lane, *eval;		/* [lanes] */
};

/* Candidates of a set of questions, made ready by a head. */
struct scenelm_cands {
	size_t n;
	const struct latents *l;
	const size_t *scene;		/* [n] */
	float *k;			/* [n][match] */
	uint8_t *code;			/* [n][codes] */
};

/* A kind. NULL where it does nothing. */
struct scenelm_head {
	const char *name;
	const char *(*wrong)(const struct scenelm_plan *p, const struct latents *l);
	void (*fit)(struct scenelm *m);		/* codebooks or archetypes of m->train */
	void (*coded)(struct scenelm *m);	/* m->code anew, after fit or after loading */
	void (*tensors)(struct scenelm *m);
	void (*reset)(struct scenelm *m);	/* first values that are neither normal nor all one */
	/* h [N][width], wide: the trunk's state. */
	void (*lay)(struct scenelm *m, struct scenelm_net *n, struct node *h, bool train);
	void (*tails)(struct scenelm *m, struct scenelm_net *n, int lane);
	/* In training, when all of n->tell is known: step and row0 name its first window in the batch. */
	void (*fill)(struct scenelm *m, struct scenelm_net *n, uint64_t step, int row0);
	/* After the trunk has run: ẑ [N][R·D] of all places. seeds of place i's noise: draw[i]. */
	void (*say)(struct scenelm *m, struct scenelm_net *n, const uint64_t *draw, float *z);
	void (*ready)(struct scenelm *m, struct scenelm_cands *c);
	/* Place i against candidate c, after say; NULL: by nearness. */
	float (*score)(const struct scenelm *m, const struct scenelm_net *n, int i,
	               const struct scenelm_cands *c, size_t at);
	/* Multiply-adds of a scene, forward, beyond tensors times their uses. */
	double (*work)(const struct scenelm *m);
};
extern const struct scenelm_head scenelm_core, scenelm_base, scenelm_quant, scenelm_diffusion, scenelm_kmeans;

/* Tensors with their first values: normal of gain/sqrt(columns), or all of one value. uses: how often
 * a scene meets it in training. */
int scenelm_matrix(struct scenelm *m, double gain, double uses, size_t rows, size_t cols,
                   const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
int scenelm_vector(struct scenelm *m, float value, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A tensor that does not learn, rows·cols numbers kept at `of`. */
void scenelm_fixed(struct scenelm *m, float *of, size_t rows, size_t cols, const char *name);
void scenelm_loss(struct scenelm_net *n, struct node *loss, double weight);

/* Codes by residual codebooks: for core and quant. */
void scenelm_code_fit(struct scenelm *m);
void scenelm_code_all(struct scenelm *m);
void scenelm_code_fill(struct scenelm *m, struct scenelm_net *n);	/* n->code from n->tell */
void scenelm_code_ids(struct scenelm *m, struct scenelm_net *n);	/* lays n->code */
/* z += Σ_v p(v)·entry over places and codes c = from, from + by, … */
void scenelm_expect(const struct scenelm *m, const struct scenelm_net *n, int from, int by, float *z);

/* What enters: laid, and one row filled (scene SIZE_MAX: zeros). */
void scenelm_scene_in(struct scenelm *m, struct scene_in *in, struct net *t, int N);
void scenelm_scene_put(const struct scenelm *m, const struct scene_in *in, int i, const struct latents *l,
                       size_t scene);
/* Window w of a net: places that read scenes from-1 .. and tell from .. from+len-1; opens: from is its
 * book's first. A scene told may be one past the book's last: n->tell then names no scene of it. */
void scenelm_window_put(struct scenelm *m, struct scenelm_net *n, int w, const struct latents *l, size_t from,
                        size_t len, bool opens);
void scenelm_eval_lay(struct scenelm *m);	/* m->eval, when first asked for */
static inline float *scenelm_row(const struct node *n, int i)
{
	return (float *)n->x + (size_t)i * (size_t)n->D;
}

#endif
