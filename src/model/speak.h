/* speak.h - a teller speaks: the forward pass of one stream with kept keys and values, sampling.
 *
 *   in    trained weights (teller.h), a prompt of token ids
 *   out   the logits of what follows; ids, chosen one after the other
 *
 * A model that speaks has its own copy of the weights, so the file or the trainer they came from may
 * go. Three ways:
 *
 *   SPEAK_F32    float32 weights
 *   SPEAK_INT8   int8 weights (matvec.h): a quarter of the bytes, 3-4 times as fast; not the same ids
 *   SPEAK_DRAFT  float32 with int8 running ahead: int8 proposes a few ids, float32 reads them all in
 *                one pass over its weights and keeps those it would have chosen itself [Leviathan
 *                et al. 2023; the draft is the same model, quantised]. The ids are those of SPEAK_F32,
 *                always: sums have one order whether tokens come one by one or in blocks, and an id is
 *                chosen from the logits, the seed and the step alone.
 *
 * The window: at most `window` tokens are kept. When it is full and another token comes, the last
 * half stays: it is read again from place 0 (a teller knows no place beyond its context), and the
 * text goes on. A longer prompt ends in the same state as if it had come token by token.
 *
 * Threads: a struct speak belongs to one thread; it uses lanes inside where a product is large enough
 * to pay for them. The same bits for any number of threads.
 */
#ifndef LTM_MODEL_SPEAK_H
#define LTM_MODEL_SPEAK_H

#include "model/teller.h"

/* ---- weights, lent ------------------------------------------------------------------------- */
struct speak_layer {
	const float *att_norm, *qkv, *att_out, *ffn_norm, *gate_up, *down;
};
struct speak_weights {
	struct teller_shape s;
	const float *embed, *norm;
	struct speak_layer *layer;	/* [layers] */
};
/* The i-th tensor in the order of teller.h; false past the last. cols 0: a vector. */
struct speak_tensor {
	char name[64];
	size_t rows, cols;
};
bool speak_tensor_at(struct speak_tensor *t, const struct teller_shape *s, int i);
/* Where w keeps the i-th tensor; w->layer is there. */
const float **speak_slot(struct speak_weights *w, int i);
/* The tensors of p by name; w->layer comes from a. ERR_FORMAT: one is missing or has another shape. */
enum status speak_weights_of(struct speak_weights *w, const struct teller_shape *s, const struct params *p,
                             struct arena *a, struct err *e);

/* ---- the forward pass ------------------------------------------------------------------------ */
enum speak_way { SPEAK_F32 = 1, SPEAK_INT8 = 2, SPEAK_DRAFT = 3 };
enum { SPEAK_BLOCK = 32, SPEAK_AHEAD = 8 };	/* tokens read at once; most ids proposed ahead */
/* Bytes of keys and values that one stream may keep. */
#define SPEAK_KEEP_MAX ((size_t)8 << 30)

struct speak_plan {
	enum speak_way way;
	int window;			/* 0: the shape's context; never more */
	int threads;			/* 0: num_threads_get() */
};
struct speak;
/* w is copied. ERR_USAGE: a wrong shape; ERR_LIMIT: a window beyond SPEAK_KEEP_MAX. */
enum status speak_open(struct speak **out, const struct speak_weights *w, const struct speak_plan *p,
                       struct err *e);
void speak_close(struct speak *s);

/* Reads n more tokens, each below the vocabulary. */
void speak_feed(struct speak *s, const uint32_t *id, size_t n);
/* From now on only the n greatest logits are looked at (0, as at first: all): then the others may be
 * left far below, which saves most of the output matrix's reading. The n greatest have the same bits. */
void speak_want(struct speak *s, int n);
/* What follows the last token that was read: [vocab], the caller may change it; valid until the next
 * call. NULL before the first token. */
float *speak_logits(struct speak *s);
size_t speak_length(const struct speak *s);		/* tokens kept now */
void speak_cut(struct speak *s, size_t n);		/* forgets all but the first n of them */
const struct teller_shape *speak_shape(const struct speak *s);
uint64_t speak_bytes(const struct speak *s);		/* of the weights that one token reads */

/* For the drafts: reads n <= SPEAK_AHEAD + 1 tokens, which must fit in the window, by int8 or by
 * float32, and returns logits [n][vocab]. */
float *speak_read(struct speak *s, const uint32_t *id, int n, bool int8);
bool speak_drafts(const struct speak *s);
/* What reading n tokens costs, in bytes that take as long to fetch: for choosing how far to run ahead. */
double speak_cost(const struct speak *s, int n, bool int8);
int speak_room(const struct speak *s);			/* tokens until the window is full */
void speak_slide(struct speak *s);			/* the last half of the window is read again */

/* ---- choosing an id ---------------------------------------------------------------------------
 * In this order: repetition penalty [Keskar 2019] on the distinct ids of the last `last` tokens (a
 * positive logit is divided, another multiplied); temperature; top-k; top-p [Holtzman 2020] among
 * those; then the greatest of log p + Gumbel noise [Gumbel 1954; Maddison 2014], which draws by p. The
 * noise of an id depends on seed, step and id alone, so two models of nearly the same logits nearly
 * always choose the same id. Ties go to the lower id. */
struct speak_taste {
	double temperature;		/* 0: the greatest logit */
	int top_k;			/* 0: all */
	double top_p;			/* 1: all */
	double penalty;			/* 1: none */
	int last;
	uint64_t seed;
};
#define SPEAK_GREEDY ((struct speak_taste){ 0, 0, 1, 1, 0, 0 })
/* NULL when it can be used, else one sentence that says what is wrong. */
const char *speak_taste_wrong(const struct speak_taste *t);
struct speak_chooser;		/* memory for choosing, of one thread */
struct speak_chooser *speak_chooser_open(const struct speak_taste *t, int vocab);
void speak_chooser_close(struct speak_chooser *c);
/* Changes logits, which must be finite. before [n]: the tokens before, the latest last. */
uint32_t speak_choose(struct speak_chooser *c, float *logits, const uint32_t *before, size_t n,
                      uint64_t step);

/* ---- saying ------------------------------------------------------------------------------------ */
struct speak_order {
	struct speak_taste taste;
	size_t length;			/* at most so many ids */
	const uint32_t *stop;		/* [n_stop] ids that end it; they are not heard */
	size_t n_stop;
};
struct speak_sum {
	size_t said;			/* ids heard */
	size_t drafted, kept;		/* ids proposed ahead, and of them chosen */
	bool stopped;			/* by a stop id */
};
/* Reads the prompt (n >= 1), then says ids; heard may return false to end. ERR_NUM: a logit is not a
 * number. */
enum status speak_say(struct speak *s, const struct speak_order *o, const uint32_t *prompt, size_t n,
                      bool (*heard)(void *ctx, uint32_t id), void *ctx, struct speak_sum *sum,
                      struct err *e);

#endif
