/* token.h - training a decoder from a library, with or without scenes: `ltm train --format token|ltm`.
 *
 *   token_data.c    books -> tokenizer, streams of ids by part
 *   token_scenes.c  a mind's store -> texts and where their scenes begin
 *   token_run.c     a decoder and the windows it learns from, for app/learn/run.h
 *   token_score.c   bits per character of held-out texts
 *   stage_token.c   the whole way: plan, training (app/learn/run.h), scores, files
 */
#ifndef LTM_APP_TOKEN_H
#define LTM_APP_TOKEN_H

#include "app/app.h"
#include "app/learn/run.h"
#include "io/tokenfile.h"
#include "model/joint.h"
#include "order/windows.h"

/* A part of the library as tokens. From a mind also its scenes: scene i of the part is the tokens
 * scene[i] .. scene[i + 1]-1, text b has the scenes book[b] .. book[b + 1]-1. */
struct token_part {
	struct idstream s;
	uint64_t chars;		/* runes of its texts */
	uint64_t *scene;	/* [scenes + 1]; NULL without scenes */
	uint32_t *book;		/* [texts + 1] */
	int64_t *row;		/* [scenes]: ids in the store */
	uint8_t *is;		/* [ids]: TOKEN_SCENE, TOKEN_BOOK, TOKEN_SALIENT of model/joint.h */
	uint32_t scenes;
	struct echo *echo, *echo_other;	/* [ids], where asked for (order/echo.h); other: of another book's scenes */
};

/* A mind's books with the places where scenes begin: bytes cut[first[b]] .. of text b; the first is 0. */
struct scene_cuts {
	struct arena mem;
	uint32_t *cut;		/* [first[texts]] */
	size_t *first;		/* [texts + 1] */
	int64_t *row;		/* ids of the scenes in the store, as cut */
};
struct booktexts;
enum status scene_cuts_read(struct booktexts *t, struct scene_cuts *c, const char *mind, const struct watch *w,
                            struct err *e);
/* The streams of ids, and the tokenizer that made them. */
struct token_data {
	struct token_part train, dev, test;
	struct tokenfile tok;
	uint64_t hash;		/* of all ids and the tokenizer */
	size_t failed;		/* files left out */
};
struct token_source {
	const char *const *path;	/* none: the shipped library */
	size_t n_path;
	const char *mind;		/* instead of paths: books and scenes of its store */
	bool echo;			/* what ended scenes say of each token too */
	double salient;			/* share of running tokens that are salient (order/windows.h); 0: 0.2 */
	const char *tokenizer;		/* a file, or NULL: trained on the training books */
	const char *save;		/* where a tokenizer is kept: written when it is trained or another one */
	const char *scheme;		/* NULL: "byte" */
	int vocab;			/* 0: 8192 */
	const char *dict;
};
enum status token_data_open(struct token_data *out, const struct token_source *from, const struct watch *w,
                            struct err *e);
void token_data_close(struct token_data *d);
/* The id before a text's first token: that of a line end. */
uint32_t token_start(const struct tokenizer *t);

/* Bits per character over windows of T tokens that overlap by half (order/windows.h): each token is counted
 * once with half a window before it at least. sample > 0: of evenly spaced windows of so many tokens in all,
 * their bits a token times the part's tokens a character. NAN for a part without texts. ERR_STOP. */
enum { TOKEN_SCORE_QUIET = 1, TOKEN_SCORE_SHUFFLED = 2 /* each span reads its neighbour's scenes */ };
enum status token_score(double *bpc, struct joint *j, int T, const struct token_part *part, uint32_t start,
                        size_t sample, unsigned how, const struct watch *w, struct err *e);

/* ---- a decoder in training (token_run.c) ------------------------------------------------------ */
enum { TOKEN_RUN_DEV = 1 << 17 /* tokens of a point of the curve */ };
struct token_run {
	const struct token_data *d;	/* lent */
	struct windows win;
	struct joint *j;
	struct joint_plan p;
	size_t sample;			/* tokens of a point of the curve; 0: TOKEN_RUN_DEV */
};
/* Weights at their first values. The run must stay where it is while its model is trained. */
enum status token_run_open(struct token_run *r, const struct token_data *d, const struct joint_plan *p, struct err *e);
void token_run_close(struct token_run *r);
struct run_model token_run_model(struct token_run *r, struct str config);
/* Multiply-adds times two of a token, forward and back, with the scenes and salient tokens that the
 * training books have. */
double token_run_flops(const struct token_run *r);

struct token_opts {
	struct token_source from;
	const char *dir;
	struct joint_plan plan;		/* zeros: defaults; shape.vocab follows from the tokenizer; t.shape.context: of a span */
	double words;			/* share of tokens kept as words; 0: none */
	struct run_plan run;
	const char *precision;		/* "auto" (NULL), "bf16", "float32" */
	int threads;
};
/* Writes DIR/tokenizer.ltmt, model.safetensors, curve.tsv, card.md, train.log; while it runs,
 * DIR/teller.N.ckpt. out: a summary as text. */
enum status stage_token(const struct token_opts *o, struct buf *out, const struct watch *w, struct err *e);

#endif
