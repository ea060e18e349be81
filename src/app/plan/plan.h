/* plan.h - what a library of so many books costs and can teach: computed rows, each with its
 * formula, for LTM and for a token model beside it.
 *
 *   plan_basis.c   ratios measured by a ledger: MIND/ledger.json, a file, or the shipped table
 *   plan_speed.c   speeds of this machine, measured in a few seconds, or given
 *   plan.c         the rows
 *   plan_print.c   the rows as text and as JSON
 *
 * The same basis, wishes and speeds give the same rows.
 */
#ifndef LTM_APP_PLAN_H
#define LTM_APP_PLAN_H

#include "app/app.h"

/* Positions per 1,000 characters of each format a plan speaks of. */
enum plan_format { PF_GPT2, PF_CL100K, PF_O200K, PF_BYTE, PF_HYPER, PF_CHAIN, PF_GLYPH, PF_SCENE, PF_N };

/* Ratios of a ledger; 0 where it does not know. */
struct plan_basis {
	double books, chars, bytes, words, scenes;	/* of the library it counted */
	double store_bytes;				/* of its store.db */
	double per1000[PF_N];
	double bits_text, bits_hyper, bits_glyph;	/* coded, per character */
	double vocab_byte, vocab_hyper;
	double gflops, read, write, cores;		/* of the machine of the shipped table */
	char from[300];					/* whose it is, for the page */
};
/* from: a mind, a ledger.json, or NULL: the shipped table (data/ru/ledger_default.tsv). */
enum status plan_basis_read(struct plan_basis *b, const char *from, struct err *e);

struct plan_speed {
	double gflops;		/* a core, float32 matrix product, 10^9 a second */
	double all;		/* all cores together over one core times their number: 0..1 */
	double read;		/* characters a second from file to store, on `cores` cores */
	double write;		/* MB a second to disk, synced */
	int cores;		/* they were measured on */
	bool measured;		/* some were; else all were given or are the table's */
};
/* Fills what is 0 by measuring: about four seconds. quick: from the basis instead. */
enum status plan_speed_measure(struct plan_speed *s, const struct plan_basis *b, bool quick,
                               const char *dict, const struct watch *w, struct err *e);

struct plan_wish {
	double books, chars;		/* chars: of one book; 0: the basis' mean */
	double total;			/* characters in all; 0: books times chars */
	const char *model;		/* NULL: "fill" */
	int cores;			/* 0: those of the speeds */
	int context;			/* tokens of the token model; 0: 1024 */
	int epochs;			/* 0: 4 */
};

enum { PLAN_ROWS_MAX = 64, PLAN_FORMULA = 260 };
enum plan_unit { PU_COUNT, PU_BYTES, PU_SECONDS, PU_FLOPS, PU_RATIO };
struct plan_row {
	const char *key;		/* also finds its words in plan_print.c */
	enum plan_unit unit;
	double token, ltm;		/* NAN: nothing there; token alone: of both */
	char formula[PLAN_FORMULA];
};
struct plan {
	struct plan_basis basis;
	struct plan_speed speed;
	struct plan_wish wish;
	double share;			/* of the matrix product's speed that training reaches */
	struct plan_row row[PLAN_ROWS_MAX];
	size_t n;
};
/* ERR_USAGE for impossible wishes. p->basis, speed and wish are set by the caller. */
enum status plan_check(const struct plan_wish *w, const struct plan_basis *b, struct err *e);
enum status plan_fill(struct plan *p, struct err *e);

void plan_text(struct buf *out, const struct plan *p, bool ru);
void plan_json(struct buf *out, const struct plan *p);

#endif
