/* morphteach.h - teaches the network and the chain of src/words/morph/morphnet.h in floats, for fit_morph.
 *
 *   in    words with their cuts, a word at a time
 *   out   weights: rows, segments, two layers, biases
 *
 * Maximises log P(cut | word) of the semi-Markov chain [Sarawagi & Cohen 2004] by AdaGrad
 * [Duchi et al. 2011] a word at a time; the chain's forward-backward gives the slopes of the
 * scores of gaps and segments, the network hands them on. Whole facts and hidden units are left
 * out at random while learning [Srivastava et al. 2014]. Loops run over outputs, so that the
 * compiler may use wide registers without changing the order of any sum: the same source and
 * seed give the same weights.
 */
#ifndef LTM_BENCH_MORPHTEACH_H
#define LTM_BENCH_MORPHTEACH_H
#include <math.h>
#include "words/morph/morphnet.h"
#include "morphforms.h"

enum { IN = NET_H + NET_D };
struct teacher {
	struct bloom set;
	uint64_t *affix;		/* [n_affix] growing */
	uint32_t n_affix, rows, seg_bits, labels;
	uint8_t pair[MORPH_TYPES][MORPH_TYPES], inside[MORPH_TYPES];
	float *row, *row_g;		/* [rows][NET_D]; _g: sums of squared slopes */
	float *seg, *seg_g;		/* [1 << seg_bits] */
	float w1[NET_TAPS * NET_D][NET_H], w1_g[NET_TAPS * NET_D][NET_H];
	float w2[IN][NET_L], w2_g[IN][NET_L];
	float rb[NET_D], rb_g[NET_D], b1[NET_H], b1_g[NET_H], b2[NET_L], b2_g[NET_L];
	float rate, drop_fact, drop_unit;
	struct rng rng;
	/* of the word at hand */
	struct word_hash hash;
	uint32_t at[MWORD_MAX][GAP_KEYS];	/* row, or UINT32_MAX: not used */
	float sum[MWORD_MAX][NET_D], a[MWORD_MAX][NET_D], da[MWORD_MAX][NET_D];
	float h[MWORD_MAX][NET_H], dh[MWORD_MAX][NET_H], keep[MWORD_MAX][NET_H];
	float J[MWORD_MAX][NET_L], dJ[MWORD_MAX][NET_L];
	float own[MWORD_MAX][MWORD_MAX + 1][MORPH_TYPES];	/* segment [from][to] as a type */
	float end[MWORD_MAX + 1][MORPH_TYPES], start[MWORD_MAX + 1][MORPH_TYPES];	/* forward */
	float after[MWORD_MAX + 1][MORPH_TYPES], from[MWORD_MAX + 1][MORPH_TYPES];	/* backward */
};

static const float NEVER = -1e30f;

static inline void adagrad(float *w, float *g2, float g, float rate)
{
	*g2 += g * g;
	*w -= rate * g / (sqrtf(*g2) + 1e-4f);
}

static inline void adagrad_all(float *w, float *g2, const float *g, int n, float rate)
{
	for (int i = 0; i < n; i++) {
		g2[i] += g[i] * g[i];
		w[i] -= rate * g[i] / (sqrtf(g2[i]) + 1e-4f);
	}
}

/* Eight sums side by side, then together: the same order on every machine. n: multiple of 8. */
static inline float dot(const float *x, const float *y, int n)
{
	float s[8] = { 0 };

	for (int i = 0; i < n; i += 8)
		for (int k = 0; k < 8; k++)
			s[k] += x[i + k] * y[i + k];
	return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

static inline void add_times_f(float *y, const float *x, float k, int n)
{
	for (int i = 0; i < n; i++)
		y[i] += k * x[i];
}

static inline float chance(struct teacher *t)
{
	return (float)(rng_u64(&t->rng) >> 40) / 16777216.0f;
}

/* ---- the network ------------------------------------------------------------------------------- */

static void teach_rows(struct teacher *t, int g)
{
	uint64_t key[GAP_KEYS];

	gap_keys(key, &t->hash, g);
	memcpy(t->sum[g], t->rb, sizeof t->rb);
	for (int k = 0; k < GAP_KEYS; k++) {
		t->at[g][k] = UINT32_MAX;
		if (!bloom_has(&t->set, key[k]) || chance(t) < t->drop_fact)
			continue;
		t->at[g][k] = morph_row(key[k], t->rows);
		add_times_f(t->sum[g], t->row + (size_t)t->at[g][k] * NET_D, 1 / (1 - t->drop_fact),
		            NET_D);
	}
	for (int d = 0; d < NET_D; d++)
		t->a[g][d] = t->sum[g][d] > 0 ? t->sum[g][d] : 0;
}

static void teach_forward(struct teacher *t, int n)
{
	for (int g = 1; g < n; g++)
		teach_rows(t, g);
	for (int g = 1; g < n; g++) {
		float *h = t->h[g];

		memcpy(h, t->b1, sizeof t->b1);
		for (int r = -NET_R; r <= NET_R; r++)
			for (int d = 0; g + r > 0 && g + r < n && d < NET_D; d++)
				if (t->a[g + r][d] > 0)
					add_times_f(h, t->w1[(r + NET_R) * NET_D + d], t->a[g + r][d], NET_H);
		memcpy(t->J[g], t->b2, sizeof t->b2);
		for (int o = 0; o < NET_H; o++) {
			float m = chance(t) < t->drop_unit ? 0 : 1 / (1 - t->drop_unit);

			t->keep[g][o] = h[o] > 0 ? m : 0;
			h[o] = h[o] > 0 ? h[o] * m : 0;
			if (h[o] > 0)
				add_times_f(t->J[g], t->w2[o], h[o], NET_L);
		}
		for (int d = 0; d < NET_D; d++)
			if (t->a[g][d] > 0)
				add_times_f(t->J[g], t->w2[NET_H + d], t->a[g][d], NET_L);
	}
}

struct slopes { float w1[NET_TAPS * NET_D][NET_H], w2[IN][NET_L], rb[NET_D], b1[NET_H], b2[NET_L]; };

static void teach_back(struct teacher *t, int n)
{
	static struct slopes s;
	float dense = 0.2f * t->rate;

	memset(&s, 0, sizeof s);
	memset(t->da, 0, sizeof *t->da * (size_t)(n + 1));
	for (int g = 1; g < n; g++) {
		const float *dJ = t->dJ[g];

		add_times_f(s.b2, dJ, 1, NET_L);
		for (int o = 0; o < NET_H; o++) {
			t->dh[g][o] = 0;
			if (t->keep[g][o] <= 0)
				continue;
			add_times_f(s.w2[o], dJ, t->h[g][o], NET_L);
			t->dh[g][o] = dot(dJ, t->w2[o], NET_L) * t->keep[g][o];
		}
		for (int d = 0; d < NET_D; d++)
			if (t->a[g][d] > 0) {
				add_times_f(s.w2[NET_H + d], dJ, t->a[g][d], NET_L);
				t->da[g][d] += dot(dJ, t->w2[NET_H + d], NET_L);
			}
	}
	for (int g = 1; g < n; g++) {
		add_times_f(s.b1, t->dh[g], 1, NET_H);
		for (int r = -NET_R; r <= NET_R; r++)
			for (int d = 0; g + r > 0 && g + r < n && d < NET_D; d++)
				if (t->a[g + r][d] > 0) {
					int i = (r + NET_R) * NET_D + d;

					add_times_f(s.w1[i], t->dh[g], t->a[g + r][d], NET_H);
					t->da[g + r][d] += dot(t->dh[g], t->w1[i], NET_H);
				}
	}
	for (int g = 1; g < n; g++) {
		for (int d = 0; d < NET_D; d++)
			if (t->a[g][d] <= 0)
				t->da[g][d] = 0;
		add_times_f(s.rb, t->da[g], 1, NET_D);
		for (int k = 0; k < GAP_KEYS; k++)
			if (t->at[g][k] != UINT32_MAX)
				adagrad_all(t->row + (size_t)t->at[g][k] * NET_D,
				            t->row_g + (size_t)t->at[g][k] * NET_D, t->da[g], NET_D, t->rate);
	}
	adagrad_all(t->w1[0], t->w1_g[0], s.w1[0], NET_TAPS * NET_D * NET_H, dense);
	adagrad_all(t->w2[0], t->w2_g[0], s.w2[0], IN * NET_L, dense);
	adagrad_all(t->rb, t->rb_g, s.rb, NET_D, dense);
	adagrad_all(t->b1, t->b1_g, s.b1, NET_H, dense);
	adagrad_all(t->b2, t->b2_g, s.b2, NET_L, dense);
}

/* ---- the chain ---------------------------------------------------------------------------------- */

static bool teach_may(const struct teacher *t, int from, int to, int type)
{
	const uint8_t *c = t->hash.w->c;
	uint64_t key;

	if (to - from > (type == MORPH_ROOT ? SEG_ROOT_MAX : SEG_AFFIX_MAX))
		return false;
	if (c[from] == LETTER_HYPHEN || type == MORPH_HYPH)
		return type == MORPH_HYPH && to - from == 1 && c[from] == LETTER_HYPHEN;
	if (memchr(c + from, LETTER_HYPHEN, (size_t)(to - from)))
		return false;
	if (type == MORPH_ROOT)
		return true;
	key = affix_key(type, word_hash_piece(&t->hash, from, to));
	for (uint32_t lo = 0, hi = t->n_affix; lo < hi;) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->affix[mid] == key)
			return true;
		if (t->affix[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static void teach_segments(struct teacher *t, int n)
{
	for (int type = 1; type < MORPH_TYPES; type++)
		for (int from = 0; from < n; from++) {
			float inner = 0;

			for (int to = from + 1; to <= n; to++) {
				uint64_t key[SEG_KEYS];

				if (to > from + 1)
					inner += t->J[to - 1][t->inside[type]];
				t->own[from][to][type] = NEVER;
				if (!teach_may(t, from, to, type))
					continue;
				t->own[from][to][type] = inner;
				for (int k = 0, m = segment_keys(key, &t->hash, from, to, type); k < m; k++)
					t->own[from][to][type] += t->seg[key[k] >> (64 - t->seg_bits)];
			}
		}
}

static inline float log_add(float a, float b)
{
	if (a < b) {
		float c = a;

		a = b;
		b = c;
	}
	return b <= NEVER / 2 || a - b > 30 ? a : a + log1pf(expf(b - a));
}

static bool real(float x) { return x > NEVER / 2; }

static float teach_sums(struct teacher *t, int n)
{
	float all = NEVER;

	for (int type = 1; type < MORPH_TYPES; type++)
		t->start[0][type] = t->after[n][type] = 0;
	for (int at = 1; at <= n; at++)
		for (int type = 1; type < MORPH_TYPES; type++) {
			float z = NEVER;

			for (int b = at - 1; b >= 0 && at - b <= SEG_ROOT_MAX; b--)
				if (real(t->own[b][at][type]) && real(t->start[b][type]))
					z = log_add(z, t->start[b][type] + t->own[b][at][type]);
			t->end[at][type] = z;
			for (int next = 1; at < n && next < MORPH_TYPES && type == MORPH_TYPES - 1; next++) {
				float s = NEVER;

				for (int a = 1; a < MORPH_TYPES; a++)
					if (t->pair[a][next] != NET_NONE && real(t->end[at][a]))
						s = log_add(s, t->end[at][a] + t->J[at][t->pair[a][next]]);
				t->start[at][next] = s;
			}
		}
	for (int type = 1; type < MORPH_TYPES; type++)
		all = log_add(all, t->end[n][type]);
	for (int at = n - 1; at >= 0; at--) {
		for (int type = 1; type < MORPH_TYPES; type++) {
			float z = NEVER;

			for (int b = at + 1; b <= n && b - at <= SEG_ROOT_MAX; b++)
				if (real(t->own[at][b][type]) && real(t->after[b][type]))
					z = log_add(z, t->own[at][b][type] + t->after[b][type]);
			t->from[at][type] = z;
		}
		for (int a = 1; at > 0 && a < MORPH_TYPES; a++) {
			float z = NEVER;

			for (int next = 1; next < MORPH_TYPES; next++)
				if (t->pair[a][next] != NET_NONE && real(t->from[at][next]))
					z = log_add(z, t->J[at][t->pair[a][next]] + t->from[at][next]);
			t->after[at][a] = z;
		}
	}
	return all;
}

/* Score of the right cut; NEVER when the chain cannot say it. */
static float teach_right(const struct teacher *t, const struct example *x)
{
	float sum = 0;

	for (int k = 0, from = 0; k < x->n; from = x->end[k++]) {
		uint8_t label = k ? t->pair[x->type[k - 1]][x->type[k]] : 0;

		if (!real(t->own[from][x->end[k]][x->type[k]]) || label == NET_NONE)
			return NEVER;
		sum += t->own[from][x->end[k]][x->type[k]] + (k ? t->J[from][label] : 0);
	}
	return sum;
}

static bool is_right(const struct example *x, int from, int to, int type)
{
	for (int k = 0, at = 0; k < x->n; at = x->end[k++])
		if (at == from)
			return x->end[k] == to && x->type[k] == type;
	return false;
}

static void teach_slopes(struct teacher *t, const struct example *x, float all)
{
	int n = x->w.n;

	memset(t->dJ, 0, sizeof *t->dJ * (size_t)(n + 1));
	for (int type = 1; type < MORPH_TYPES; type++) {
		float step[MWORD_MAX + 2] = { 0 }, inside = 0;

		for (int b = 0; b < n; b++)
			for (int to = b + 1; to <= n && to - b <= SEG_ROOT_MAX && real(t->start[b][type]); to++) {
				uint64_t key[SEG_KEYS];
				float d;

				if (!real(t->own[b][to][type]) || !real(t->after[to][type]))
					continue;
				d = expf(t->start[b][type] + t->own[b][to][type] + t->after[to][type] - all) -
				    (float)is_right(x, b, to, type);
				if (fabsf(d) < 1e-4f)
					continue;
				step[b + 1] += d;
				step[to] -= d;
				for (int k = 0, m = segment_keys(key, &t->hash, b, to, type); k < m; k++) {
					size_t i = key[k] >> (64 - t->seg_bits);

					adagrad(t->seg + i, t->seg_g + i, d, t->rate);
				}
			}
		for (int g = 1; g < n; g++)
			t->dJ[g][t->inside[type]] += inside += step[g];
	}
	for (int g = 1; g < n; g++)
		for (int a = 1; a < MORPH_TYPES; a++)
			for (int b = 1; b < MORPH_TYPES; b++) {
				uint8_t l = t->pair[a][b];

				if (l != NET_NONE && real(t->end[g][a]) && real(t->from[g][b]))
					t->dJ[g][l] += expf(t->end[g][a] + t->J[g][l] + t->from[g][b] - all);
			}
	for (int k = 1; k < x->n; k++)
		t->dJ[x->end[k - 1]][t->pair[x->type[k - 1]][x->type[k]]] -= 1;
}

/* One word: returns -log P of its cut, or -1 when the chain cannot say it. */
static double teach_word(struct teacher *t, const struct example *x)
{
	float all, right;

	word_hash_init(&t->hash, &x->w, &t->set, x->pos);
	teach_forward(t, x->w.n);
	teach_segments(t, x->w.n);
	right = teach_right(t, x);
	if (!real(right))
		return -1;
	all = teach_sums(t, x->w.n);
	teach_slopes(t, x, all);
	teach_back(t, x->w.n);
	return all - right;
}

static void teach_init(struct teacher *t, uint64_t seed)
{
	t->rng = rng_stream(seed, "morph.init", 0);
	t->row = mem_alloc((size_t)t->rows * NET_D, sizeof *t->row);
	t->row_g = mem_alloc((size_t)t->rows * NET_D, sizeof *t->row);
	t->seg = mem_alloc((size_t)1 << t->seg_bits, sizeof *t->seg);
	t->seg_g = mem_alloc((size_t)1 << t->seg_bits, sizeof *t->seg);
	for (size_t i = 0; i < (size_t)t->rows * NET_D; i++)
		t->row[i] = (chance(t) - 0.5f) * 0.2f;
	for (int i = 0; i < NET_TAPS * NET_D; i++)
		for (int o = 0; o < NET_H; o++)
			t->w1[i][o] = (chance(t) - 0.5f) * 0.25f;
	for (int i = 0; i < IN; i++)
		for (uint32_t l = 0; l < t->labels; l++)
			t->w2[i][l] = (chance(t) - 0.5f) * 0.2f;
	t->rng = rng_stream(seed, "morph.drop", 0);
}
#endif
