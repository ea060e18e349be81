/* joint.h - the teller with its scene path: reader and teller trained by one token loss.
 *
 *   tokens of a span   ->  layers 0 .. read_at-1, attention over the last `window` tokens
 *   scenes             ->  reader: each scene's states, pooled into `registers` vectors
 *   layers read_at ..  ->  as before, and each of `cross` also reads the registers of the scenes that
 *                          ended before the token
 *
 * A span is a stretch of a book of T tokens, cut into scenes by the caller. The reader shares the
 * teller's lower layers, so that reading costs little more than pooling; the gradient of every
 * token passes through the registers into all the scenes before it (Thought Gestalt, 2026; memory
 * read by cross-attention as in RETRO [Borgeaud 2022], trained through as in the Compressive
 * Transformer's ideal [Rae 2020]).
 *
 *   reader     k, v = Wkv·norm(x);  r[s][j] = query[j] + Wo·attention(Wq·query[j], k, v over scene s);
 *              r += Wdown·(silu(g) ⊙ u), [g|u] = Wgu·norm(r)
 *   cross      x += Wxo·attention(Wxq·norm(x), Wxk·norm(r), Wxv·norm(r) over scenes that ended)
 *
 * With JOINT_OFF it is the token model of the same spans and window: the rival at equal text.
 */
#ifndef LTM_MODEL_JOINT_H
#define LTM_MODEL_JOINT_H

#include "model/teller.h"

enum joint_path {
	JOINT_OFF,		/* the token model */
	JOINT_ON,
	JOINT_SHUFFLED,		/* registers of another span of the batch: the control */
};
struct joint_plan {
	struct teller_plan t;	/* T: tokens of a span; window */
	enum joint_path path;
	int read_at;		/* layers below the reader, 1 .. layers-1 */
	int cross_every;	/* layers read_at, read_at + cross_every, … read the scenes */
	int registers;		/* a scene, 1 .. 64; DESIGN.md has four: logic, emotion, image, function */
	int units;		/* scenes of a span at most; those beyond are joined to the last */
	int reach;		/* scenes back that a token reads; 0: all of the span */
};

/* Row `row` of the batch of `step`: T inputs, T truths (ID_NONE: not counted), and first[i] = 1 where
 * a scene begins. Called from lanes. */
typedef void joint_rows(void *ctx, uint64_t step, int row, uint32_t *in, uint32_t *truth, uint8_t *first);

struct joint;
/* ERR_USAGE for an impossible plan. Two rows of a lane at least are needed for JOINT_SHUFFLED. */
enum status joint_open(struct joint **out, const struct joint_plan *plan, joint_rows *rows, void *ctx,
                       struct err *e);
void joint_close(struct joint *j);
struct params *joint_params(struct joint *j);
/* As teller_lane, teller_ready, teller_nats (first [n][T]). `joint` is a struct joint *. */
void joint_lane(void *joint, int lane, uint64_t step, double *loss, double *count);
void joint_ready(void *joint);
void joint_nats(struct joint *j, const uint32_t *in, const uint32_t *truth, const uint8_t *first, int n,
                float *out);
/* Numbers in all tensors; multiply-adds times two of one token, forward and back, with `scenes` scenes a
 * span. */
uint64_t joint_size(const struct joint *j);
double joint_flops(const struct joint_plan *p, double scenes);

#endif
