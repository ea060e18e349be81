/* choose.c - the reading of each word that fits its neighbours best.
 *
 *   in    the readings of every word of a sentence
 *   out   one reading a word
 *
 * score = sum_i u(i, r_i) + sum_i pair(r_{i-1}, r_i), maximised exactly by Viterbi over
 * neighbouring pairs. u adds log P(reading | form) and the features of choose.h that look at
 * written words only, so they are the same whatever is chosen for the neighbours.
 *
 * Invariant: ties go to the earlier reading, so the result does not depend on anything else.
 */
#include "words/choose.h"

int shape_of(const struct tok *t)
{
	if (t->flags & WORD_UPPER)
		return t->shout ? 2 : 3;
	if (t->flags & WORD_TITLE)
		return t->start || t->shout ? 2 : 1;
	return 0;
}

static uint32_t lex_ix(int kind, int lex, int ptag)
{
	return (uint32_t)(W_LEX + (kind * LEX_MAX + lex) * PTAGS + ptag);
}

int word_features(uint32_t ix[8], const struct cword *s, size_t n, size_t i,
                  const struct cread *r)
{
	int k = 0;

	ix[k++] = (uint32_t)(W_TAG + r->ptag);
	ix[k++] = (uint32_t)(W_SHAPE + s[i].shape * CL_N + r->cls);
	if (s[i].lex)
		ix[k++] = lex_ix(LEX_HERE, s[i].lex, r->ptag);
	if (i > 0 && s[i - 1].lex)
		ix[k++] = lex_ix(LEX_AFTER, s[i - 1].lex, r->ptag);
	if (i > 1 && s[i - 2].lex)
		ix[k++] = lex_ix(LEX_AFTER2, s[i - 2].lex, r->ptag);
	if (i + 1 < n && s[i + 1].lex)
		ix[k++] = lex_ix(LEX_BEFORE, s[i + 1].lex, r->ptag);
	if (r->unknown)
		ix[k++] = (uint32_t)(W_GUESS + s[i].shape * CL_N + r->cls);
	return k;
}

static float unary(const struct weights_ctx *c, const struct cword *s, size_t n, size_t i,
                   const struct cread *r)
{
	uint32_t ix[8];
	int k = word_features(ix, s, n, i, r);
	float sum = c->w[W_SCALE] * r->logp - word_never(&s[i], r);

	while (k-- > 0)
		sum += c->w[ix[k]];
	return sum;
}

void choose_path(uint8_t *pick, back_row *back, const struct weights_ctx *c,
                 const struct cword *s, size_t n)
{
	float old[READINGS_MAX] = { 0 }, now[READINGS_MAX];
	size_t n_ftag = (size_t)c->n_ftag;

	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < s[i].n; k++) {
			const struct cread *r = &s[i].r[k];
			float best = 0;
			int from = 0;

			for (int j = 0; i && j < s[i - 1].n; j++) {
				float v = old[j] + c->pair[s[i - 1].r[j].ftag * n_ftag + r->ftag];

				if (j == 0 || v > best) {
					best = v;
					from = j;
				}
			}
			back[i][k] = (uint8_t)from;
			now[k] = best + (s[i].n > 1 ? unary(c, s, n, i, r) : 0);
		}
		memcpy(old, now, sizeof old);
	}
	int at = 0;

	for (int k = 1; n && k < s[n - 1].n; k++)
		if (old[k] > old[at])
			at = k;
	for (size_t i = n; i-- > 0;) {
		pick[i] = (uint8_t)at;
		at = back[i][at];
	}
}
