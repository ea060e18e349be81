/* token_score.c - bits per character of held-out texts.
 *
 *   in    a token model, a part of the library as tokens
 *   out   bpc = Σ nats / ln 2 / characters
 *
 * Windows are scored a batch at a time on all lanes; the sum runs in their order, so that neither
 * threads nor batches change a bit of it.
 */
#include <math.h>

#include "app/token.h"
#include "order/windows.h"

enum { BATCH = 64 };

enum status token_score(double *bpc, struct teller *t, const struct token_part *part, uint32_t start,
                        size_t sample, const struct watch *w, struct err *e)
{
	struct scoring s = { part->s.ids.id, part->s.first, part->s.texts, start, t->plan.T };
	size_t all = scoring_count(&s), n = sample && sample < all ? sample : all, T = (size_t)s.T;
	uint32_t *in = mem_alloc(BATCH * T, sizeof *in), *truth = mem_alloc(BATCH * T, sizeof *truth);
	float *nats = mem_alloc(BATCH * T, sizeof *nats);
	double sum = 0, count = 0;

	*bpc = NAN;
	for (size_t at = 0; at < n && !watch_stopped(w); at += BATCH) {
		size_t here = n - at < BATCH ? n - at : BATCH;

		for (size_t i = 0; i < here; i++)
			count += scoring_window(&s, (size_t)((double)(at + i) * (double)all / (double)n), in + i * T,
			                        truth + i * T);
		teller_nats(t, in, truth, (int)here, nats);
		for (size_t i = 0; i < here * T; i++)
			sum += (double)nats[i];
		if (!sample)
			watch_step(w, "score", (double)(at + here), (double)n, "windows");
	}
	mem_free(in), mem_free(truth), mem_free(nats);
	if (watch_stopped(w))
		return err_set(e, ERR_STOP, "stopped while scoring");
	if (count > 0)
		*bpc = sum / count / M_LN2 * (double)part->s.ids.n / (double)part->chars;
	return OK;
}
