/* token.h - training a token model from a library: `ltm train --format token`.
 *
 *   token_data.c    books -> tokenizer, streams of ids by part
 *   token_score.c   bits per character of held-out texts
 *   stage_token.c   the whole way: plan, training with checkpoints, scores, files
 */
#ifndef LTM_APP_TOKEN_H
#define LTM_APP_TOKEN_H

#include "app/app.h"
#include "io/tokenfile.h"
#include "model/teller.h"

/* A part of the library as tokens. */
struct token_part {
	struct idstream s;
	uint64_t chars;		/* runes of its texts */
};
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

/* Bits per character over windows that overlap by half (order/windows.h): each token is counted once
 * with half a window before it at least. sample > 0: of so many evenly spaced windows alone, their
 * bits a token times the part's tokens a character. NAN for a part without texts. ERR_STOP. */
enum status token_score(double *bpc, struct teller *t, const struct token_part *part, uint32_t start,
                        size_t sample, const struct watch *w, struct err *e);

struct token_opts {
	struct token_source from;
	const char *dir;
	struct teller_plan plan;	/* zeros: defaults; shape.vocab follows from the tokenizer */
	uint64_t steps;			/* 0: by epochs or minutes */
	double epochs, minutes;		/* both 0: 1 epoch */
	double rate, decay, warmup;	/* 0: defaults; warmup in steps */
	const char *schedule;		/* "cool" (NULL), "cosine", "constant" */
	const char *precision;		/* "auto" (NULL), "bf16", "float32" */
	bool resume;
	uint64_t stop_after;
	int threads;
};
/* Writes DIR/tokenizer.ltmt, model.safetensors, curve.tsv, card.md, train.log; while it runs,
 * DIR/teller.N.ckpt. out: a summary as text. */
enum status stage_token(const struct token_opts *o, struct buf *out, const struct watch *w, struct err *e);

#endif
