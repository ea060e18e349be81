/* speak_in.h - private to speak: the memory of a model that speaks. */
#ifndef LTM_MODEL_SPEAK_IN_H
#define LTM_MODEL_SPEAK_IN_H

#include "model/speak.h"
#include "num/mm/matvec.h"

/* A matrix in one form or both. */
struct mat {
	int rows, cols;
	float *f;			/* [rows][cols], or NULL */
	struct matq q;			/* q.w NULL: not there */
};
struct layer {
	const float *att_norm, *ffn_norm;
	struct mat qkv, att_out, gate_up, down;
	float *k, *v;			/* kept: by head, each as kv_attend wants it */
};
struct speak {
	struct teller_shape s;
	enum speak_way way;
	int window, threads, head;
	uint64_t bytes;
	struct layer *layer;		/* [layers] */
	struct mat embed;
	const float *norm;
	float *cos, *sin;		/* [window][head / 2] */
	uint32_t *id;			/* [window] the tokens that are kept */
	int n;
	bool int8;			/* how the block in work is computed */
	float *x, *y, *r, *qkv, *att, *gu, *h;	/* [SPEAK_BLOCK][…] */
	float *score;			/* [threads][window up to 16s] */
	float *logits, *last;		/* [SPEAK_AHEAD + 1][vocab]; the row of the last token */
	struct vecq vq;
	int best;			/* so many logits are wanted; 0: all */
	float *row_norm, *row_off;	/* [vocab] of the output's rows in int8, or NULL: no screening */
	float *screen;			/* [vocab] */
	int32_t *screen_id;		/* [vocab] */
	void **held;			/* [n_held] everything that is freed at the end */
	size_t n_held;
};

/* speak_screen.c */
enum { SCREEN_MAX = 256, SCREEN_ROWS = 5 };	/* most of best; most rows of a block it pays for */
#define SCREEN_FAR (-1e38f)
void screen_make(struct speak *s);
/* logits [vocab] hold row t by int8, y [width] is where they come from. The best become float32, the
 * others SCREEN_FAR; false, and logits are undefined, when it does not pay or cannot be told. */
bool screen_row(struct speak *s, float *logits, const float *y, int t);

#endif
