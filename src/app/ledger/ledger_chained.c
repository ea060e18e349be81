/* ledger_chained.c - chains over lemmas, over content lemmas and over folded tokens
 * (app/ledger/ledger_rows.h).
 *
 * Chains are mined on the training books and applied to the counted ones and to the whole
 * library. Marks and ends of sentences are borders; where marks are kept, they get their places back.
 */
#include "app/ledger/ledger_rows.h"

static size_t zeros(const uint32_t *v, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += !v[i];
	return k;
}

/* Applies chains to a stream; *vocab of the result without borders; returns positions. */
static size_t chained_positions(const struct chains *c, const struct stream *s, uint32_t symbols,
                                uint64_t *vocab)
{
	uint32_t *out = mem_alloc(s->n + 1, sizeof *out);
	uint8_t *seen = mem_alloc((size_t)symbols + c->n + 1, 1);
	size_t n = chains_apply(c, s->id, s->n, symbols, out), k;

	*vocab = 0;
	for (size_t i = 0; i < n; i++) {
		*vocab += out[i] && !seen[out[i]];
		seen[out[i]] = 1;
	}
	k = n - zeros(out, n);
	mem_free(out);
	mem_free(seen);
	return k;
}

/* The counted part with chains: marks keep their places when keep_marks; other borders go. */
static void chain_part(struct stream *out, const struct joined *j, const struct chains *c,
                       bool content, bool keep_marks)
{
	uint32_t symbols = (uint32_t)j->lemma.n + 1, *to;
	struct stream in = { 0 }, mark = { 0 };
	size_t n, k = 0;

	for (size_t i = 0; i < j->w_flag.n; i++) {
		uint32_t flag = j->w_flag.id[i];

		if (flag & FW_MARK) {
			stream_put(&in, 0);
			stream_put(&mark, keep_marks ? j->w_lemma.id[i] + 1 : 0);
		} else if (!content || (flag & FW_CONTENT)) {
			stream_put(&in, j->w_lemma.id[i] + 1);
		}
		if ((flag & FW_END) && !(flag & FW_MARK)) {
			stream_put(&in, 0);
			stream_put(&mark, 0);
		}
	}
	to = mem_alloc(in.n + 1, sizeof *to);
	n = chains_apply(c, in.id, in.n, symbols, to);
	for (size_t i = 0; i < n; i++) {
		uint32_t id = to[i] ? to[i] : mark.id[k++];

		if (id)
			stream_put(out, id);
	}
	mem_free(to);
	mem_free(in.id);
	mem_free(mark.id);
}

enum status lemma_chains_mine(struct rows *r, struct chains *out, const struct stream *learn,
                              const struct watch *w, struct err *e)
{
	return chains_mine(out, learn->id, learn->n, (uint32_t)r->j->lemma.n + 1, NULL, w, e);
}

void lemma_rows(struct rows *r)
{
	const struct joined *j = r->j;
	uint32_t symbols = (uint32_t)j->lemma.n + 1;
	struct spelling *base = TAKE(&r->mem, struct spelling, 1);
	struct stage_row *row = r->l->row, *lemma = &row[LS_LEMMA_CHAINS], *content = &row[LS_CONTENT_CHAINS];

	*base = (struct spelling){ spell_lemma, &j->lemma, NULL, 0 };
	for (size_t i = 0; i < j->w_lemma.n; i++)
		if (j->w_flag.id[i] & FW_CONTENT)
			stream_put(&r->content, j->w_lemma.id[i]);
	add_job(r, LS_LEMMAS, j->w_lemma.id, j->w_lemma.n, j->lemma.n, *base);
	row[LS_LEMMAS].positions_all = j->words;
	row[LS_LEMMAS].vocab_all = j->lemma.n;
	add_job(r, LS_CONTENT, r->content.id, r->content.n, j->lemma.n, *base);
	row[LS_CONTENT].positions_all = j->content;
	chain_part(&r->chained, j, &r->lemma_chain, false, true);
	add_job(r, LS_LEMMA_CHAINS, r->chained.id, r->chained.n, symbols + r->lemma_chain.n,
	        (struct spelling){ spell_chain, &r->lemma_chain, base, symbols });
	lemma->positions_all = j->marks +
		chained_positions(&r->lemma_chain, &j->all_lemma, symbols, &lemma->vocab_all);
	chain_part(&r->content_chained, j, &r->content_chain, true, false);
	add_job(r, LS_CONTENT_CHAINS, r->content_chained.id, r->content_chained.n,
	        symbols + r->content_chain.n,
	        (struct spelling){ spell_chain, &r->content_chain, base, symbols });
	content->positions_all =
		chained_positions(&r->content_chain, &j->all_content, symbols, &content->vocab_all);
}

/* Chains taken apart again are the stream they were made of. */
static bool unchains(const struct chains *c, const uint32_t *chained, size_t n, uint32_t symbols,
                     const struct stream *s)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct chain *k = chained[i] >= symbols ? &c->c[chained[i] - symbols] : NULL;

		for (int w = 0; w < (k ? k->n : 1); w++)
			if (at >= s->n || s->id[at++] + 1 != (k ? k->word[w] : chained[i]))
				return false;
	}
	return at == s->n;
}

enum status fold_chains_mine(struct rows *r, const struct watch *w, struct err *e)
{
	const struct stream *learn = &r->fold.learn;

	return chains_mine(&r->fold_chain, learn->id, learn->n, tokens_vocab(r->fold.t) + 1, NULL, w, e);
}

void fold_chains_row(struct rows *r)
{
	uint32_t symbols = tokens_vocab(r->fold.t) + 1;
	struct stage_row *row = &r->l->row[LS_FOLD_CHAINS];
	struct spelling *base = TAKE(&r->mem, struct spelling, 1);
	const struct stream *part = &r->fold.part;
	uint32_t *in = mem_alloc(part->n + 1, sizeof *in);
	size_t n;

	*base = (struct spelling){ spell_token, r->fold.t, NULL, 0 };
	for (size_t i = 0; i < part->n; i++)
		in[i] = part->id[i] + 1;
	r->fold_chained.id = mem_alloc(part->n + 1, sizeof *in);
	n = r->fold_chained.n = chains_apply(&r->fold_chain, in, part->n, symbols, r->fold_chained.id);
	add_job(r, LS_FOLD_CHAINS, r->fold_chained.id, n, symbols + r->fold_chain.n,
	        (struct spelling){ spell_chain, &r->fold_chain, base, symbols });
	row->reversible = r->fold.same && unchains(&r->fold_chain, r->fold_chained.id, n, symbols, part);
	row->positions_all =
		chained_positions(&r->fold_chain, &r->fold.all, symbols, &row->vocab_all);
	mem_free(in);
}
