/* scenenet_in.h - private to the files scenenet*.c. */
#ifndef LTM_MODEL_SCENENET_IN_H
#define LTM_MODEL_SCENENET_IN_H

#include "model/learn.h"
#include "model/scenenet.h"
#include "model/teller.h"
#include "order/windows.h"

enum { START, PLAIN, PLACES };		/* rows of trunk's embed: before a book's first scene; elsewhere */
enum { LAYERS_MAX = 16, LOSSES_MAX = PVQ_BYTES_MAX + SLOTS_MAX + 2, TENSORS_MAX = 512 };

/* One net: N = windows·context places. Place i reads the scene before and is to tell the next one. */
struct scene_lane {
	struct net *net;
	int N;
	struct node *start, *z, *side, *slot[SLOTS_MAX];		/* inputs: of the scene before; z normalised */
	struct node *truth, *next_side, *next_slot[SLOTS_MAX];		/* … of the scene that comes; z as it is */
	struct node *code[PVQ_BYTES_MAX];				/* ids: bytes of its code */
	struct node *partial[PVQ_BYTES_MAX];				/* quant: the stages before, added up */
	struct node *own;						/* core: ids, each place's own number */
	struct node *past;						/* core: RATES fields before the scene that comes */
	struct node *mask;						/* core: [N][N + far], 0, or -LEFT_OUT */
	struct node *far_z, *far_side, *far_slot[SLOTS_MAX];		/* … scenes of the same books, from beyond the windows */
	struct node *noisy, *time, *see, *clean;			/* diffusion */
	struct node *guess, *cand;					/* held */
	struct node *choice[PVQ_BYTES_MAX], *tell[SLOTS_MAX];
	struct { struct node *n; double weight; } loss[LOSSES_MAX];
	int losses;
};

struct scenenet {
	struct scenenet_plan p;
	const struct meanings *train;
	int dims, codes;		/* registers·dim; bytes of a code, 0: none */
	struct params params;
	struct teller_tensors m;
	struct { int tensor; double gain; bool fill; } first[TENSORS_MAX];	/* first values of the others */
	int firsts;
	int in, side, slot[SLOTS_MAX];
	int match_q, match_k, match_side, rate, rate_bias, match_slot[SLOTS_MAX], tell[SLOTS_MAX];
	int head[PVQ_BYTES_MAX], part[PVQ_BYTES_MAX], choose[PVQ_BYTES_MAX];
	int out, out_bias;
	struct { int mod, norm, q, kv, o, mod2, norm2, up, down; } noise[LAYERS_MAX];
	int noise_in, time_in, time_mid, noise_norm;
	struct pvq q;			/* codes, or archetypes: one register of all dims, one stage */
	uint8_t *code;			/* [train->n][codes] */
	float *middle, *scale;		/* [dims]: robust normaliser */
	struct windows win;
	struct scene_lane *lane, *eval;	/* [lanes] */
};

/* What a kind adds to the trunk; NULL where it adds nothing. */
struct scene_head {
	const char *name;
	int bytes;			/* of a code: -1 registers·stages; 1 archetypes; 0 none */
	void (*tensors)(struct scenenet *s);
	/* h [N][width] normalised, wide. */
	void (*lay)(struct scenenet *s, struct scene_lane *n, struct node *h);
	/* Place i is to tell scene `at` of m; in training its code is known (at of s->train). draw: a stream's
	 * index, the same for the same place of a run. */
	void (*fill)(struct scenenet *s, struct scene_lane *n, int i, const struct meanings *m, size_t at, bool train,
	             uint64_t draw);
	/* Runs the filled net as often as it takes; NULL: once. */
	void (*run)(struct scenenet *s, struct scene_lane *n);
	/* Multiply-adds times two of a place, forward and back, beside those of matrices with the place; NULL: none. */
	double (*more)(const struct scenenet *s);
	/* guess [dims or match] and z [dims] of place i, after run. */
	void (*guess)(const struct scenenet *s, const struct scene_lane *n, int i, float *guess, float *z);
};
extern const struct scene_head scene_head_core, scene_head_base, scene_head_quant, scene_head_planner,
	scene_head_diffusion;

/* The book of scene at. */
size_t scenenet_book(const struct meanings *m, size_t at);

/* Tensors with their first values: normal of gain/sqrt(columns), or all of one value. */
int scenenet_matrix(struct scenenet *s, double gain, size_t rows, size_t cols, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
int scenenet_vector(struct scenenet *s, float value, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void scenenet_loss(struct scene_lane *n, struct node *loss, double weight);

#endif
