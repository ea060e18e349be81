/* ledger_tokens.h - tokenizers as the ledger counts them. Private to the ledger. */
#ifndef LTM_APP_LEDGER_TOKENS_H
#define LTM_APP_LEDGER_TOKENS_H

#include "app/ledger/ledger.h"
#include "words/tokens/tokens.h"

struct toked {
	struct tokenizer *t;
	struct stream part;		/* ids of the counted books */
	struct stream all, learn;	/* 1 + id, 0 between books; only when wanted */
	uint64_t positions_all, vocab_all;
	bool same;			/* every counted book came back to the byte */
	bool fresh;			/* trained now, not taken from o->keep */
};
/* Trains on the learning books, or takes the tokenizer from o->keep when it was made there from
 * the same texts; encodes every book, tries the counted ones back and forth. */
enum status toked_make(struct toked *x, enum tokens_scheme scheme, bool want_all,
                       const struct joined *j, const struct ledger_opts *o, const struct dict *d,
                       const struct watch *w, struct err *e);
/* Puts a fresh one into o->keep; one at a time (stages.tsv is shared). */
enum status toked_keep(const struct toked *x, const struct joined *j, const struct ledger_opts *o,
                       struct err *e);
void toked_close(struct toked *x);

#endif
