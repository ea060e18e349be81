/* shallow.c - the shallow features of a candidate: the floor that LTM must rise above.
 *
 *   in    a question
 *   out   [n_cand][SHALLOW_N], in the order of shared/tools/floors.py
 *
 * Cosines to the last scenes and to the decayed context, last words against first words,
 * shared and new names, style and its difference, speech at the seam.
 */
#include <math.h>

#include "model/model.h"

/* The scene at lag k (1 = the last), or NULL. */
static const struct view *lag(const struct question *q, int k)
{
	return k <= q->n_ctx ? q->ctx[k - 1] : NULL;
}

/* 1/|Σ decay^(k-1) v_k| over the context's stem rows. */
static double context_norm(const struct svec *const *row, int n, double decay)
{
	double sum = 0;

	for (int i = 0; i < n; i++) {
		float dot[CONTEXT_SCENES];

		svec_dots(dot, row[i], row, (size_t)i + 1);
		for (int j = 0; j <= i; j++)
			sum += (i == j ? 1 : 2) * pow(decay, i + j) * dot[j];
	}
	return sum > 0 ? 1 / sqrt(sum) : 0;
}

static int in_common(const uint32_t *a, int na, const uint32_t *b, int nb)
{
	int i = 0, j = 0, n = 0;

	while (i < na && j < nb) {
		n += a[i] == b[j];
		uint32_t x = a[i], y = b[j];

		i += x <= y;
		j += y <= x;
	}
	return n;
}

static bool has(const uint32_t *v, int n, uint32_t key)
{
	for (int i = 0; i < n; i++)
		if (v[i] == key)
			return true;
	return false;
}

/* Names of the last three scenes that the candidate holds too. */
static int recent_names(const struct question *q, const struct strip_scene *c)
{
	int n = 0;

	for (int i = 0; i < c->n_name; i++)
		for (int k = 1; k <= 3; k++) {
			const struct view *v = lag(q, k);

			if (v && has(v->s->name, v->s->n_name, c->name[i])) {
				n++;
				break;
			}
		}
	return n;
}

static void one(float *o, const struct question *q, const struct view *c,
                const struct svec *const *row, double norm)
{
	const struct strip_scene *s = c->s, *l = q->ctx[0]->s;
	const struct view *last = q->ctx[0];
	float dot[CONTEXT_SCENES + 1] = { 0 };
	double ctx = 0;
	int n = 3, shared;

	svec_dots(dot + 1, &c->stem, row, (size_t)q->n_ctx);
	for (int k = q->n_ctx; k > 0; k--)
		ctx = ctx * 0.75 + dot[k];
	ctx *= norm;
	o[SHALLOW_BLEND] = (float)(0.6 * dot[1] + 0.4 * ctx);
	o[SHALLOW_CONTEXT] = (float)ctx;
	o[SHALLOW_LAST] = (float)dot[1];
	for (int k = 2; k <= 6; k++)
		o[n++] = (float)dot[k];
	o[n++] = svec_dot(&last->tail, &c->head);
	o[n++] = svec_dot(&last->tail, &c->stem);
	o[n++] = svec_dot(&last->stem, &c->head);
	shared = in_common(l->name, l->n_name, s->name, s->n_name);
	o[n++] = (float)recent_names(q, s);
	o[n++] = (float)shared;
	o[n++] = (float)(s->n_name - shared);
	for (int i = 0; i < STYLE_N; i++)
		o[n++] = fabsf(l->style[i] - s->style[i]);
	for (int i = 0; i < STYLE_N; i++)
		o[n++] = s->style[i];
	o[n++] = s->opens_dash;
	o[n++] = l->ends_dash;
	o[n++] = s->opens_dash == l->ends_dash;
	o[n++] = s->opens_pronoun;
	o[n++] = (float)q->n_ctx;
	must(n == SHALLOW_N);
}

void shallow_features(float *out, const struct question *q)
{
	const struct svec *row[CONTEXT_SCENES];
	double norm;

	must(q->n_ctx > 0);
	for (int i = 0; i < q->n_ctx; i++)
		row[i] = &q->ctx[i]->stem;
	norm = context_norm(row, q->n_ctx, 0.75);
	for (int i = 0; i < q->n_cand; i++)
		one(out + (size_t)i * SHALLOW_N, q, q->cand[i], row, norm);
}

void shallow_relative(float *out, const struct question *q)
{
	float raw[CAND_MAX * SHALLOW_N];

	shallow_features(raw, q);
	for (int f = 0; f < SHALLOW_N; f++) {
		double mean = 0;

		for (int i = 0; i < q->n_cand; i++)
			mean += raw[i * SHALLOW_N + f];
		mean /= q->n_cand;
		for (int i = 0; i < q->n_cand; i++) {
			float *o = out + (size_t)i * 2 * SHALLOW_N;

			o[f] = raw[i * SHALLOW_N + f];
			o[SHALLOW_N + f] = (float)(raw[i * SHALLOW_N + f] - mean);
		}
	}
}
