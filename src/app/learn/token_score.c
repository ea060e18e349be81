/* token_score.c - bits per character of held-out texts.
 *
 *   in    a decoder, a part of the library as tokens
 *   out   bpc = Σ nats / ln 2 / characters
 *
 * Windows are scored a batch at a time on all lanes; the sum runs in their order, so that neither
 * threads nor batches change a bit of it.
 */
#include <math.h>

#include "app/learn/token.h"
#include "order/windows.h"

enum { BATCH_TOKENS = 1 << 14 };

struct batch {
	uint32_t *in, *truth;
	uint8_t *is;
	struct echo *echo;
	float *nats;
};

/* What the inputs of window k are; those of a part without scenes are nothing. */
static void what(uint8_t *is, const struct token_part *p, const struct scoring *s, size_t k)
{
	uint32_t text;
	size_t from = scoring_at(s, k, &text), n = (size_t)(s->first[text + 1] - s->first[text]);

	for (size_t j = 0; j < (size_t)s->T; j++)
		is[j] = p->is && from + j > 0 && from + j <= n ? p->is[s->first[text] + from + j - 1] : 0;
}

/* The q-th window to be scored of n: in their order, or, shuffled, in pairs that stand far from each other. */
static size_t which(size_t q, size_t n, bool shuffled)
{
	return !shuffled ? q : q % 2 ? (n + 1) / 2 + q / 2 : q / 2;
}

/* What ended scenes say of window k's truths; other: those of another book. */
static void echoes(struct echo *out, const struct token_part *p, const struct scoring *s, size_t k, bool other)
{
	const struct echo *from = other ? p->echo_other : p->echo;
	uint32_t text;
	size_t at = scoring_at(s, k, &text), n = (size_t)(s->first[text + 1] - s->first[text]);

	for (size_t j = 0; j < (size_t)s->T; j++)
		out[j] = from && at + j < n ? from[s->first[text] + at + j] : (struct echo){ { 0 }, { 0 }, { 0 } };
}

enum status token_score(double *bpc, struct joint *j, int width, const struct token_part *part, uint32_t start,
                        size_t sample, unsigned how, const struct watch *w, struct err *e)
{
	struct scoring s = { part->s.ids.id, part->s.first, part->s.texts, start, width };
	size_t all = scoring_count(&s), T = (size_t)width, n = sample && sample / T < all ? sample / T + 1 : all;
	size_t each = (BATCH_TOKENS / T + 2) & ~(size_t)1;		/* even, for shuffled scenes */
	struct batch b = { mem_alloc(each * T, 4), mem_alloc(each * T, 4), mem_alloc(each * T, 1), mem_alloc(each * T, sizeof(struct echo)),
	                   mem_alloc(each * T, 4) };
	double sum = 0, count = 0;

	*bpc = NAN;
	for (size_t at = 0; at < n && !watch_stopped(w); at += each) {
		size_t here = n - at < each ? n - at : each;

		for (size_t i = 0; i < here; i++) {
			size_t q = which(at + i, n, how & TOKEN_SCORE_SHUFFLED), k = (size_t)((double)q * (double)all / (double)n);

			count += scoring_window(&s, k, b.in + i * T, b.truth + i * T);
			what(b.is + i * T, part, &s, k);
			echoes(b.echo + i * T, part, &s, k, how & TOKEN_SCORE_SHUFFLED);
		}
		joint_nats(j, b.in, b.truth, b.is, b.echo, (int)here, width, how & TOKEN_SCORE_SHUFFLED, b.nats);
		for (size_t i = 0; i < here * T; i++)
			sum += (double)b.nats[i];
		if (!(how & TOKEN_SCORE_QUIET))
			watch_step(w, "score", (double)(at + here), (double)n, "windows");
	}
	mem_free(b.in), mem_free(b.truth), mem_free(b.is), mem_free(b.echo), mem_free(b.nats);
	if (watch_stopped(w))
		return err_set(e, ERR_STOP, "stopped while scoring");
	if (count > 0)
		*bpc = sum / count / M_LN2 * (double)part->s.ids.n / (double)part->chars;
	return OK;
}
