/* ledger_rows.h - what the files that fill the ledger's rows share. Private to the ledger.
 *
 *   ledger_stages.c    letters, words, morphemes, tokenizers, scenes, losses; the order of it all
 *   ledger_chained.c   chains over lemmas and over folded tokens
 *   ledger_code.c      vocabulary and bits of every stream
 */
#ifndef LTM_APP_LEDGER_ROWS_H
#define LTM_APP_LEDGER_ROWS_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/ledger/ledger.h"
#include "app/ledger/ledger_tokens.h"
#include "words/hyper/chains.h"

enum { JOBS_MAX = LS_N };

/* How an id of a stream is spelt. */
struct spelling {
	struct str (*of)(const struct spelling *s, uint32_t id, struct arena *a);
	const void *from;
	const struct spelling *base;	/* of chains: how their words are spelt */
	uint32_t first;			/* the first chain's number */
};
struct job {
	enum stage stage;
	const uint32_t *id;
	size_t n;
	uint32_t symbols;
	struct spelling spell;
};
struct rows {
	struct ledger *l;
	const struct joined *j;
	const struct ledger_opts *o;
	const struct watch *w;
	struct arena mem;
	struct job job[JOBS_MAX];
	size_t n_job;
	atomic_size_t done;
	pthread_t owner;
	atomic_bool stopped;
	/* built here, freed at the end */
	struct stream morphs, clean, chained, content, content_chained, fold_chained;
	struct strtab morph;
	struct chains lemma_chain, content_chain, fold_chain;
	struct toked byte, bpe, hyper, fold;
};

/* How ids are spelt: runes, strings of a table, lemmas of a table, tokens, codes of scenes. */
struct str spell_rune(const struct spelling *s, uint32_t id, struct arena *a);
struct str spell_tab(const struct spelling *s, uint32_t id, struct arena *a);
struct str spell_lemma(const struct spelling *s, uint32_t id, struct arena *a);
struct str spell_token(const struct spelling *s, uint32_t id, struct arena *a);
struct str spell_code(const struct spelling *s, uint32_t id, struct arena *a);
/* Ids of chained streams are one more than those below; chains follow them. */
struct str spell_chain(const struct spelling *s, uint32_t id, struct arena *a);

/* Notes a stream of the counted part: its row is there, its positions are counted. id is lent. */
void add_job(struct rows *r, enum stage s, const uint32_t *id, size_t n, size_t symbols,
             struct spelling spell);
/* Vocabulary and bits of all that was noted. */
enum status code_all(struct rows *r, struct err *e);

/* Chains over lemmas or content lemmas of the training books; over their folded tokens. */
enum status lemma_chains_mine(struct rows *r, struct chains *out, const struct stream *learn,
                              const struct watch *w, struct err *e);
enum status fold_chains_mine(struct rows *r, const struct watch *w, struct err *e);
/* Rows of lemmas, content lemmas, and the chains mined over both. */
void lemma_rows(struct rows *r);
/* The row of chains over folded tokens: all in a row without loss. */
void fold_chains_row(struct rows *r);

#endif
