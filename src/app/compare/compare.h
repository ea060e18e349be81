/* compare.h - four formats of one library on equal terms: `ltm compare`.
 *
 *   token     a decoder over tokens alone
 *   latent    the same, reading one vector of each past scene
 *   concept   the same, reading the symbols of past scenes: their salient words, without context
 *   fractal   the same, with the book's ended scenes remembered word for word (echo), and four registers of each: LTM
 *   long      the control, when it is asked for: a decoder over tokens alone whose attention reaches over the whole span
 *
 * and over the fractal reader's vectors of scenes: LTM's core and the rivals of the LCM paper
 * (model/scenenet.h). Same text, tokenizer, parameters (hidden widths are fitted to within 5 %), and floating-point
 * operations (steps are what the budget pays for).
 *
 *   compare_tellers.c   trains and scores the formats
 *   compare_scenes.c    registers -> meanings -> networks of scenes, LCM's metrics, recall from codes
 *   compare_next.c      next6 and order4: floors, token likelihood, networks, the mind's core
 *   compare_print.c     table, JSON, chart
 *   stage_compare.c     the way through them
 *
 * DIR keeps everything that took long: DIR/mind, DIR/<format>.<seed>/, DIR/<net>/, DIR/part.<name>.tsv; a
 * second run goes on where the first was stopped, and does nothing over.
 */
#ifndef LTM_APP_COMPARE_H
#define LTM_APP_COMPARE_H

#include "app/app.h"
#include "app/learn/token.h"
#include "model/eval.h"
#include "model/scenenet.h"

enum format { FORMAT_TOKEN, FORMAT_LATENT, FORMAT_CONCEPT, FORMAT_FRACTAL, FORMAT_LONG, FORMATS };
enum { COMPARE_SEEDS_MAX = 10, RECALLS = 3, COMPARE_SYSTEMS = 10 };
const char *format_name(enum format f);

struct compare_opts {
	const char *const *path;	/* books, or one mind; none: the shipped library */
	size_t n_path;
	const char *dir;
	bool quick;			/* a smaller model and budget, a part of the library: five minutes on two cores */
	double tokens;			/* millions the token model learns from: the budget; 0: 3 in bf16, else 0.4; quick 0.2 */
	int seeds;			/* of the formats; 0: 1 */
	unsigned formats;		/* bit f: format f is trained; 0: all but long. token and fractal always are */
	int layers, width, vocab;	/* 0: 6, 256, 8192; quick 2, 128, 4096 */
	const char *optimizer;		/* of the formats (app/learn/run.h) */
	const char *likelihood;		/* a folder of `ltm train --format token`: its likelihood is asked; NULL: the comparison's own */
	bool json;
	int threads;
	uint64_t seed;
	const char *dict;
};

/* Figures that took long, kept as DIR/part.NAME.tsv: "identity HEX", then "key value" lines. */
struct part {
	struct { char key[40]; double v; } row[400];
	int n;
};
bool part_load(struct part *p, const char *dir, const char *name, uint64_t identity);
enum status part_save(const struct part *p, const char *dir, const char *name, uint64_t identity, struct err *e);
void part_put(struct part *p, double v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
double part_get(const struct part *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));	/* NAN: not there */

struct format_row {
	uint64_t params, steps;
	double flops, tokens, seconds, bytes;	/* flops: of the whole training */
	int hidden;
	double dev[COMPARE_SEEDS_MAX], test[COMPARE_SEEDS_MAX], shuffled[COMPARE_SEEDS_MAX];	/* bits a character */
};
/* Rows beside the nets: the core given vectors alone; the last scene as the guess, by z; by the field. */
enum { NET_VECTORS = SCENENET_KINDS, NET_COPY, NET_FIELD, NETS };
const char *net_name(int row);
struct net_row {
	uint64_t params;
	double flops, seconds;
	double l2, contrast, top1;		/* on the test books (model/scenenet.h) */
	double over, lo, hi;			/* the core's contrast minus this one's, 95 % interval over books */
};
struct compare {
	const struct compare_opts *o;
	struct arena mem;
	const char *dir, *mind;
	struct token_data d;
	struct joint_plan shape;	/* what formats share */
	int seeds;
	double budget;			/* floating-point operations of a format's training */
	struct format_row f[FORMATS];
	struct net_row net[NETS];
	struct { int bytes; double acc, l2; } recall[RECALLS];	/* of the scene among its book's, from its code */
	double raw_recall;
	size_t recall_scenes;
	struct meanings all[3];		/* of SPLIT_TRAIN, SPLIT_DEV, SPLIT_TEST */
	float *z[3], *side[3];
	uint8_t *slot[3];
	struct eval_table next, order;		/* next6 by all systems; order4 by those that read a made-up past */
	double token_cost, core_cost;	/* seconds a question */
	double token_flops;		/* … and operations of the token model's likelihood */
	const struct watch *w;
};

/* Budgets below a million tokens are scored on less and asked less: what is asked must not cost more than what is learnt. */
static inline bool compare_small(const struct compare *c) { return c->o->tokens < 1; }

/* Each fills its part of c, from DIR where it is there already. */
enum status compare_tellers(struct compare *c, struct err *e);
enum status compare_scenes(struct compare *c, struct guesses out[SCENENET_KINDS], struct err *e);
enum status compare_next(struct compare *c, const struct guesses g[SCENENET_KINDS], struct err *e);
/* That the folder of --likelihood holds a token model over the comparison's tokens, before anything long begins. */
enum status compare_likelihood_check(const struct compare *c, struct err *e);
/* The trained decoder of a format and seed; token_run_close. */
enum status compare_open_teller(struct compare *c, struct token_run *r, enum format f, int seed, struct err *e);

void compare_text(struct buf *b, const struct compare *c);
void compare_json(struct buf *b, const struct compare *c);
void compare_svg(struct buf *b, const struct compare *c);

enum status stage_compare(const struct compare_opts *o, struct buf *out, const struct watch *w, struct err *e);

#endif
