/* speak_screen.c - the best logits in float32 without reading the whole output matrix in float32.
 *
 *   in    logits by int8, the hidden vector they come from, how many of the best are wanted
 *   out   those logits in float32, to the bit as the whole product has them; the others far below
 *
 * The output matrix is a third to two thirds of a small model's bytes, and only the best few logits
 * are ever chosen from. int8 copies of its rows, w', say where these can be: with y the hidden vector
 * and y' its int8 form,
 *
 *   w·y = w'·y' + w'·(y - y') + (w - w')·y,   so   |w·y - w'·y'| <= |w'|·|y - y'| + |w - w'|·|y|
 *
 * by Cauchy and Schwarz, the norms of w' and w - w' being known from the start; what the rounding of
 * both sums can add is put on top. Every row whose upper bound reaches the k-th greatest lower bound
 * is computed in float32, in the same order of sums. A row that is not, is not among the k best: no
 * choice changes, and a quarter of the bytes are read.
 */
#include <math.h>

#include "model/speak_in.h"
#include "num/fast.h"

/* Norms of rows are rounded up. */
#define UP 1.00001

void screen_make(struct speak *s)
{
	int W = s->s.width;
	float *row = mem_alloc((size_t)W, sizeof *row);

	for (int r = 0; r < s->s.vocab; r++) {
		const float *w = s->embed.f + (size_t)r * W;
		double off = 0;

		matq_row(&s->embed.q, r, row);
		for (int i = 0; i < W; i++)
			off += ((double)w[i] - row[i]) * ((double)w[i] - row[i]);
		s->row_norm[r] = (float)(sqrt(num_sum2(row, (size_t)W)) * UP);
		s->row_off[r] = (float)(sqrt(off) * UP);
	}
	mem_free(row);
}

/* |y| and |y - y'| of vector t. */
static void lengths(const struct speak *s, int t, const float *y, double *all, double *off)
{
	int W = s->s.width, groups = matq_groups(W);
	const int8_t *q = s->vq.q + (size_t)t * groups * MATVEC_GROUP;
	const float *scale = s->vq.scale + (size_t)t * groups;
	double d2 = 0;

	for (int i = 0; i < W; i++) {
		double d = (double)y[i] - (double)q[i] * scale[i / MATVEC_GROUP];

		d2 += d * d;
	}
	*all = sqrt(num_sum2(y, (size_t)W));
	*off = sqrt(d2);
}

/* Lower and upper bounds: x - b and x + b, b = norm·a + off·c; low goes to `low`, x becomes the upper. */
static NUM_FAST void bounds(float *low, float *x, const float *norm, const float *off, float a, float c,
                            int n)
{
	for (int i = 0; i < n; i++) {
		float b = norm[i] * a + off[i] * c;

		low[i] = x[i] - b;
		x[i] += b;
	}
}

static NUM_FAST float most(const float *x, int n)
{
	float m[16];
	int i = 0;

	for (int j = 0; j < 16; j++)
		m[j] = x[0];
	for (; i + 16 <= n; i += 16)
		for (int j = 0; j < 16; j++)
			m[j] = x[i + j] > m[j] ? x[i + j] : m[j];
	for (; i < n; i++)
		m[0] = x[i] > m[0] ? x[i] : m[0];
	for (int j = 1; j < 16; j++)
		m[0] = m[j] > m[0] ? m[j] : m[0];
	return m[0];
}

/* The k-th greatest of n numbers: a heap of the k greatest so far, the least on top. */
static float kth(const float *x, int n, int k)
{
	float h[SCREEN_MAX];
	int used = 0;

	for (int i = 0; i < n; i++) {
		int at;

		if (used < k) {
			for (at = used++; at && h[(at - 1) / 2] > x[i]; at = (at - 1) / 2)
				h[at] = h[(at - 1) / 2];
		} else if (x[i] > h[0]) {
			for (at = 0; 2 * at + 1 < k;) {
				int c = 2 * at + 1;

				c += c + 1 < k && h[c + 1] < h[c];
				if (h[c] >= x[i])
					break;
				h[at] = h[c];
				at = c;
			}
		} else {
			continue;
		}
		h[at] = x[i];
	}
	return h[0];
}

bool screen_row(struct speak *s, float *logits, const float *y, int t)
{
	int V = s->s.vocab, W = s->s.width, n = 0;
	int32_t *id = s->screen_id;
	/* A float32 sum of W/16 products a lane and a fold, and int8's of its groups, lose less. */
	double round = (W / 8 + 32) * 0x1p-24, all, off;
	float bar;

	lengths(s, t, y, &all, &off);
	if (!(all < 1e15) || num_finite(logits, (size_t)V) < (size_t)V)
		return false;
	bounds(s->screen, logits, s->row_norm, s->row_off, (float)((off + 2 * round * all) * UP),
	       (float)((1 + 2 * round) * all * UP), V);
	bar = s->best == 1 ? most(s->screen, V) : kth(s->screen, V, s->best);
	for (int i = 0; i < V; i++) {
		id[n] = i;
		n += logits[i] >= bar;
	}
	if (n > V / 4)
		return false;
	for (int i = 0; i < V; i++)
		logits[i] = SCREEN_FAR;
	for (int i = 0; i < n; i++) {
		if (i + 8 < n)
			__builtin_prefetch(s->embed.f + (size_t)id[i + 8] * W);
		matvec(logits, (size_t)V, s->embed.f, y, (size_t)W, id[i], id[i] + 1, W, 1);
	}
	return true;
}
