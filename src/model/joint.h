/* joint.h - the teller with its scene path: reader and teller trained by one token loss.
 *
 *   tokens of a span   ->  layers 0 .. read_at-1, attention over the last `window` tokens
 *   scenes             ->  reader: of each scene its salient words, as they stand, and `registers`
 *                          vectors pooled from all its states
 *   layers read_at ..  ->  as before, and each of `cross` also reads what is kept of the scenes that
 *                          ended before the token
 *
 * A span is a stretch of T tokens, cut into scenes and books by the caller. The reader shares the
 * teller's lower layers, so that reading costs little more than pooling; the gradient of every
 * token passes through the memory into all the scenes before it (Thought Gestalt, 2026; memory
 * read by cross-attention as in RETRO [Borgeaud 2022], trained through as in the Compressive
 * Transformer's ideal [Rae 2020]; single states kept, not blurred, as in Memorizing Transformers
 * [Wu 2022], but only of the words that tell one scene from another).
 *
 *   words      m[i] = norm(x[i]) for each salient token i; its key and value also from embed[id[i-1]]: what it
 *              followed, so that one reading finds what came after the token at hand [Olsson 2022]
 *   reader     k, v = Wkv·m, or Wkv·norm(x) when no words are kept;
 *              r[s][j] = query[j] + Wo·attention(Wq·query[j], k, v over scene s);
 *              r += Wdown·(silu(g) ⊙ u), [g|u] = Wgu·norm(r);  z[s][j] = Wz·norm(r) to length 1: the scene's meaning
 *   tell       a few salient tokens of scene s by embed·(Wt·z[s]): what else is a scene remembered for?
 *   cross      x += Wxo·attention(Wxq·norm(x), Wxk·r, Wxv·r over scenes that ended), for registers and
 *              words apart. No place enters: a scene is as near as it is alike, and spans may be longer
 *              when scoring than in training.
 *
 *   echo       p = g0·softmax(logits) + Σ_k g_k·m_k: what the book's ended scenes, word for word, say of the next token
 *              (order/echo.h), m_k for matches of k tokens; g = softmax(W2·silu(W1·norm(x_L) + F·features + b) + c) is whom
 *              to believe (the pointer of [Merity 2017], the gate of kNN models, over a memory of scenes)
 *
 * With JOINT_OFF it is the token model of the same spans and window: the rival at equal text.
 */
#ifndef LTM_MODEL_JOINT_H
#define LTM_MODEL_JOINT_H

#include "model/teller.h"
#include "order/echo.h"

enum joint_path {
	JOINT_OFF,		/* the token model */
	JOINT_ON,
	JOINT_SHUFFLED,		/* the scenes of another span of the batch: the control */
};
struct joint_plan {
	struct teller_plan t;	/* T: tokens of a span; window */
	enum joint_path path;
	int read_at;		/* layers below the reader, 1 .. layers-1 */
	int cross_every;	/* layers read_at, read_at + cross_every, … read the scenes; 0: only read_at;
				 * -1: none, the registers learn by their own task alone */
	int cross_heads;	/* of the reading; 0: as the teller has */
	int registers;		/* pooled vectors a scene, 0 .. 64; DESIGN.md has four: logic, emotion, image, function */
	int register_dim;	/* numbers of each */
	double tell;		/* weight of the registers' own task, a token of a scene by its registers alone; 0: none */
	int units;		/* scenes of a span at most, for registers; those beyond are joined to the last */
	int words;		/* salient tokens a span keeps at most, 0 .. T; those beyond are left out */
	bool follow;		/* a word is also known by the embedding of the token it followed */
	bool symbols;		/* words are kept as their embeddings, without what stood around them */
	bool echo;		/* what ended scenes say word for word is mixed in */
	int reach;		/* scenes back that a token reads; 0: all of the span */
};

/* What a token is to the scene path. */
enum { TOKEN_SCENE = 1 /* the first of a scene */, TOKEN_BOOK = 2 /* … of a book */, TOKEN_SALIENT = 4 };

/* Row `row` of the batch of `step`: T inputs, T truths (ID_NONE: not counted), and what each input is
 * (TOKEN_…), and, where the plan has echo (else NULL), what ended scenes say of each truth. Called from lanes. */
typedef void joint_rows(void *ctx, uint64_t step, int row, uint32_t *in, uint32_t *truth, uint8_t *is,
                        struct echo *echo);

struct joint;
/* ERR_USAGE for an impossible plan. Two rows of a lane at least are needed for JOINT_SHUFFLED. */
enum status joint_open(struct joint **out, const struct joint_plan *plan, joint_rows *rows, void *ctx,
                       struct err *e);
void joint_close(struct joint *j);
struct params *joint_params(struct joint *j);
void joint_reset(struct joint *j);	/* first values again */
/* As teller_lane, teller_ready; the loss holds the registers' own task with its weight. `joint` is a struct joint *. */
void joint_lane(void *joint, int lane, uint64_t step, double *loss, double *count);
void joint_ready(void *joint);
/* Nats of each truth of n spans of T tokens (T may be another than in training; nets are laid anew when it changes), in,
 * truth, is, echo (NULL: silence) and out [n][T]. shuffled: spans 2k
 * and 2k + 1 read each other's scenes, to see what the scenes are worth. Uses lanes. */
void joint_nats(struct joint *j, const uint32_t *in, const uint32_t *truth, const uint8_t *is, const struct echo *echo,
                int n, int T, bool shuffled, float *out);
/* The registers of every scene of n spans, z [n][units][registers·register_dim], units = plan.units·T/plan.T; those
 * that a span does not have hold nothing of use. T as for joint_nats. */
void joint_registers(struct joint *j, const uint32_t *in, const uint8_t *is, int n, int T, float *z);
/* Numbers in all tensors; multiply-adds times two of one token, forward and back, with `scenes` scenes and
 * `words` salient tokens a span. */
uint64_t joint_size(const struct joint *j);
double joint_flops(const struct joint_plan *p, double scenes, double words);

#endif
