/* morphnet.c - opens the learnt cutter and lets it score a word.
 *
 *   in    letters of a word
 *   out   scores of what may stand in each gap, and the best path of segments over them
 *
 * A small network on the gaps of a word under a semi-Markov chain of segments
 * [Sarawagi & Cohen 2004]. For gap g, with keys k and letters of the paper:
 *
 *     a[g] = relu(row_bias + sum_k row[k])                        [16]
 *     h[g] = relu(b1 + sum_{r=-2..2} w1[r] a[g + r])              [64]
 *     J[g] = b2 + w2 (h[g], a[g])                                 [labels]
 *
 * A label is either a border between two types or the inside of one. A path's score is the
 * sum of J over gaps and of the segment weights over segments; the best one is found exactly.
 *
 * Invariants: integers only, so every machine finds the same path; no memory is taken.
 * Cost: docs/morph.md; most of it is memory on its way, so all keys are made first.
 */
#include "words/morph/morphnet.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- the file ----------------------------------------------------------------------------- */

struct cut { struct str all; size_t at; bool bad; };

static const void *block(struct cut *c, size_t n, size_t size)
{
	size_t bytes = n * size, at = (c->at + 63) & ~(size_t)63;

	if (at > c->all.n || bytes > c->all.n - at) {
		c->bad = true;
		return NULL;
	}
	c->at = at + bytes;
	return c->all.p + at;
}

/* Labels of insides stand first, those of borders after them. */
static bool labels_fit(const struct morph_net *net)
{
	if (net->labels < NET_INSIDES || net->labels > NET_L)
		return false;
	for (int a = 0; a < MORPH_TYPES; a++) {
		if (net->inside[a] >= NET_INSIDES)
			return false;
		for (int b = 0; b < MORPH_TYPES; b++)
			if (net->pair[a][b] != NET_NONE &&
			    (net->pair[a][b] >= net->labels || net->pair[a][b] < NET_INSIDES))
				return false;
	}
	return true;
}

/* Of the whole file but the sum itself. */
uint64_t morph_net_sum(struct str bytes)
{
	uint8_t head[MORPH_NET_HEADER];

	memcpy(head, bytes.p, sizeof head);
	memset(head + MORPH_NET_SUM, 0, 8);
	return hash64(bytes.p + MORPH_NET_HEADER, bytes.n - MORPH_NET_HEADER,
	              hash64(head, sizeof head, 0));
}

enum status morph_net_open(struct morph_net *net, struct str bytes, struct err *e)
{
	struct reader r = reader_of(bytes);
	uint32_t magic = rd_u32(&r), version = rd_u32(&r), header = rd_u32(&r);
	uint64_t size, hash;
	struct cut c = { bytes, MORPH_NET_HEADER, false };
	struct str table;

	net->rows = rd_u32(&r);
	size = rd_u64(&r);
	hash = rd_u64(&r);
	net->set.blocks = rd_u32(&r);
	net->seg_bits = rd_u32(&r);
	net->labels = rd_u32(&r);
	net->n_affix = rd_u32(&r);
	table = rd_bytes(&r, sizeof net->pair + sizeof net->inside);
	if (r.bad || magic != MORPH_NET_MAGIC)
		return err_set(e, ERR_FORMAT, "morph_model.bin: not a model of morphemes");
	if (version != MORPH_NET_VERSION || header != MORPH_NET_HEADER)
		return err_set(e, ERR_FORMAT, "morph_model.bin: version %u, this program reads %u",
		               version, MORPH_NET_VERSION);
	if (size != bytes.n || bytes.n < MORPH_NET_HEADER || hash != morph_net_sum(bytes))
		return err_set(e, ERR_FORMAT, "morph_model.bin: damaged");
	memcpy(net->pair, table.p, sizeof net->pair);
	memcpy(net->inside, table.p + sizeof net->pair, sizeof net->inside);
	if (!net->rows || !net->set.blocks || net->seg_bits < 1 || net->seg_bits > 24 ||
	    !labels_fit(net))
		return err_set(e, ERR_FORMAT, "morph_model.bin: impossible sizes");
	net->row = block(&c, net->rows, NET_D);
	net->seg = block(&c, (size_t)1 << net->seg_bits, 1);
	net->set.bit = block(&c, net->set.blocks, 64);
	net->w1 = block(&c, NET_TAPS * NET_D * NET_H, 2);
	net->w2 = block(&c, (NET_H + NET_D) * NET_L, 2);
	net->row_bias = block(&c, NET_D, 2);
	net->b1 = block(&c, NET_H, 4);
	net->b2 = block(&c, NET_L, 4);
	net->affix = block(&c, net->n_affix, 8);
	if (c.bad || c.at != bytes.n)
		return err_set(e, ERR_FORMAT, "morph_model.bin: its blocks do not fit");
	memset(net->quick, 0, sizeof net->quick);
	for (uint32_t i = 0; i < net->n_affix; i++)
		net->quick[net->affix[i] >> 3 & 1023] |= (uint8_t)(1u << (net->affix[i] & 7));
	return OK;
}

/* ---- scores of gaps ------------------------------------------------------------------------- */

/* What is not zero of a layer's input: row of weights and value. */
struct inputs { int n; uint16_t row[NET_TAPS * NET_D + 2]; int16_t x[NET_TAPS * NET_D + 2]; };

static void input(struct inputs *in, int row, int16_t x)
{
	if (x) {
		in->row[in->n] = (uint16_t)row;
		in->x[in->n++] = x;
	}
}

/* sum[o] += sum over inputs of x * w[row][o], for n outputs, a multiple of 8. The plain loop is the
 * definition; two inputs at a time where the machine multiplies pairs. */
static void layer(int32_t *sum, const int16_t *w, int n, struct inputs *in)
{
#ifdef __SSE2__
	in->row[in->n] = 0;		/* an odd one out is paired with nothing */
	in->x[in->n] = 0;
	for (int o = 0; o < n; o += 8) {
		__m128i *s = (__m128i *)(sum + o), lo = s[0], hi = s[1];

		for (int k = 0; k < in->n; k += 2) {
			__m128i a = _mm_load_si128((const __m128i *)(w + in->row[k] * n + o));
			__m128i b = _mm_load_si128((const __m128i *)(w + in->row[k + 1] * n + o));
			__m128i x = _mm_set1_epi32((int32_t)((uint32_t)(uint16_t)in->x[k] |
			                                     (uint32_t)(uint16_t)in->x[k + 1] << 16));

			lo = _mm_add_epi32(lo, _mm_madd_epi16(_mm_unpacklo_epi16(a, b), x));
			hi = _mm_add_epi32(hi, _mm_madd_epi16(_mm_unpackhi_epi16(a, b), x));
		}
		s[0] = lo;
		s[1] = hi;
	}
#else
	for (int k = 0; k < in->n; k++)
		for (int o = 0; o < n; o++)
			sum[o] += (int32_t)in->x[k] * w[in->row[k] * n + o];
#endif
}

static int16_t relu(int32_t x, int shift)
{
	x >>= shift;
	return (int16_t)(x < 0 ? 0 : x > INT16_MAX ? INT16_MAX : x);
}

struct scored {
	struct word_hash hash;
	_Alignas(64) int32_t J[MWORD_MAX][NET_L];	/* [gap] */
	_Alignas(64) int16_t a[MWORD_MAX][NET_D];
	uint64_t key[MWORD_MAX][GAP_KEYS];
	const struct sure *sure;
	bool open[MWORD_MAX + 1];	/* may a morpheme begin at this letter? */
	int32_t inner[MORPH_TYPES][MWORD_MAX + 1];	/* sums of J[gap][inside] before a gap */
};

static void rows_of(struct scored *s, const struct morph_net *net, int g)
{
	_Alignas(16) int16_t sum[NET_D];	/* 41 terms of 127 at most and a bias: no overflow */

	memcpy(sum, net->row_bias, sizeof sum);
	for (int k = 0; k < GAP_KEYS; k++) {
		uint64_t key = s->key[g][k];
		const int8_t *row = net->row + (size_t)morph_row(key, net->rows) * NET_D;
		int16_t known = (int16_t)-bloom_has(&net->set, key);

		for (int d = 0; d < NET_D; d++)
			sum[d] = (int16_t)(sum[d] + (row[d] & known));
	}
	for (int d = 0; d < NET_D; d++)
		s->a[g][d] = sum[d] > 0 ? sum[d] : 0;
}

static void labels_of(struct scored *s, const struct morph_net *net, int g, int n)
{
	_Alignas(64) int32_t h[NET_H];
	struct inputs in = { .n = 0 };

	for (int r = -NET_R; r <= NET_R; r++)
		for (int d = 0; g + r > 0 && g + r < n && d < NET_D; d++)
			input(&in, (r + NET_R) * NET_D + d, s->a[g + r][d]);
	memcpy(h, net->b1, sizeof h);
	layer(h, net->w1, NET_H, &in);
	in.n = 0;
	for (int o = 0; o < NET_H; o++)
		input(&in, o, relu(h[o], FIX_ROW + FIX_W - FIX_H));
	for (int d = 0; d < NET_D; d++)
		input(&in, NET_H + d, relu(s->a[g][d] << (FIX_H - FIX_ROW), 0));
	memcpy(s->J[g], net->b2, sizeof s->J[g]);
	layer(s->J[g], net->w2, NET_L, &in);
	for (int l = 0; l < NET_L; l++)
		s->J[g][l] >>= FIX_H + FIX_W - FIX_SCORE;
}

/* A gap where every border is far worse than going on is closed: segments that begin or end there
 * are not looked at. CLOSED is wide enough to change no cut of the dev words. */
static void open_gaps(struct scored *s, const struct morph_net *net, int n)
{
	enum { CLOSED = 8 << FIX_SCORE };

	s->open[0] = s->open[n] = true;
	for (int g = 1; g < n; g++) {
		int32_t on = INT32_MIN, border = INT32_MIN;

		for (uint32_t l = 0; l < net->labels; l++) {
			int32_t *best = l < NET_INSIDES ? &on : &border;

			*best = s->J[g][l] > *best ? s->J[g][l] : *best;
		}
		s->open[g] = border > on - CLOSED;
	}
	for (int i = 0; s->sure && i < s->sure->n; i++)
		s->open[s->sure->at[i]] = true;
	for (int i = 0; i < n; i++)
		if (s->hash.w->c[i] == LETTER_HYPHEN)
			s->open[i] = s->open[i + 1] = true;
}

/* Keys of all gaps first, so that memory is on its way when they are looked up. */
static void keys_of(struct scored *s, const struct morph_net *net, int n)
{
	for (int g = 1; g < n; g++) {
		gap_keys(s->key[g], &s->hash, g);
		for (int k = 0; k < GAP_KEYS; k++) {
			bloom_expect(&net->set, s->key[g][k]);
			__builtin_prefetch(net->row + (size_t)morph_row(s->key[g][k], net->rows) * NET_D);
		}
	}
}

static void score(struct scored *s, const struct morph_net *net, const struct mword *w, int pos)
{
	word_hash_init(&s->hash, w, &net->set, pos);
	keys_of(s, net, w->n);
	for (int g = 1; g < w->n; g++)
		rows_of(s, net, g);
	for (int g = 1; g < w->n; g++)
		labels_of(s, net, g, w->n);
	open_gaps(s, net, w->n);
	for (int t = 1; t < MORPH_TYPES; t++) {
		s->inner[t][1] = 0;
		for (int g = 1; g < w->n; g++)
			s->inner[t][g + 1] = s->inner[t][g] + s->J[g][net->inside[t]];
	}
}

/* ---- the best path ---------------------------------------------------------------------------- */

enum { FAR = INT32_MIN / 2 };
struct place { int32_t score; uint8_t from, before; };	/* best path that ends here in a type */

static bool known_affix(const struct morph_net *net, uint64_t key)
{
	uint32_t lo = 0, hi = net->n_affix;

	if (!(net->quick[key >> 3 & 1023] & 1u << (key & 7)))
		return false;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (net->affix[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < net->n_affix && net->affix[lo] == key;
}

static int32_t seg_score(const struct scored *s, const struct morph_net *net, int from, int to, int t)
{
	uint64_t key[SEG_KEYS];
	int n = segment_keys(key, &s->hash, from, to, t);
	int32_t sum = 0;

	for (int k = 0; k < n; k++)
		sum += net->seg[key[k] >> (64 - net->seg_bits)];
	return sum * (1 << (FIX_SCORE - FIX_SEG)) + s->inner[t][to] - s->inner[t][from + 1];
}

/* May letters [from, to) be a morpheme of this type? Roots are free, affixes are listed. */
static bool may_be(const struct scored *s, const struct morph_net *net, int from, int to, int t)
{
	for (int i = 0; s->sure && i < s->sure->n; i++)
		if ((from < s->sure->at[i] && s->sure->at[i] < to) ||
		    (from == s->sure->at[i] && t != s->sure->type[i]))
			return false;
	if (t == MORPH_ROOT)
		return true;
	if (t == MORPH_HYPH)
		return false;
	return known_affix(net, affix_key(t, word_hash_piece(&s->hash, from, to)));
}

static void reach(struct place at[][MORPH_TYPES], const struct morph_net *net,
                  const struct scored *s, int from, int to, int t)
{
	int32_t own = seg_score(s, net, from, to, t);
	struct place *p = &at[to][t];

	if (!from && own > p->score)
		*p = (struct place){ own, 0, 0 };
	for (int a = 1; from && a < MORPH_TYPES; a++) {
		int32_t x;

		if (net->pair[a][t] == NET_NONE || at[from][a].score <= FAR)
			continue;
		x = at[from][a].score + s->J[from][net->pair[a][t]] + own;
		if (x > p->score)
			*p = (struct place){ x, (uint8_t)from, (uint8_t)a };
	}
}

static void reach_from(struct place at[][MORPH_TYPES], const struct morph_net *net,
                       const struct scored *s, int from)
{
	const struct mword *w = s->hash.w;

	if (w->c[from] == LETTER_HYPHEN) {
		reach(at, net, s, from, from + 1, MORPH_HYPH);
		return;
	}
	for (int to = from + 1; to <= w->n && w->c[to - 1] != LETTER_HYPHEN; to++)
		for (int t = 1; s->open[to] && t < MORPH_TYPES; t++)
			if (to - from <= (t == MORPH_ROOT ? SEG_ROOT_MAX : SEG_AFFIX_MAX) &&
			    may_be(s, net, from, to, t))
				reach(at, net, s, from, to, t);
}

static int trace(struct place at[][MORPH_TYPES], int n, struct mspan out[MORPHS_MAX])
{
	int t = MORPH_ROOT, k = 0, to = n;

	for (int i = 1; i < MORPH_TYPES; i++)
		if (at[n][i].score > at[n][t].score)
			t = i;
	if (at[n][t].score <= FAR)
		return 0;
	while (to > 0 && k < MORPHS_MAX) {
		struct place p = at[to][t];

		out[k++] = (struct mspan){ p.from, (uint8_t)to, (uint8_t)t };
		to = p.from;
		t = p.before;
	}
	for (int i = 0, j = k - 1; i < j; i++, j--) {
		struct mspan x = out[i];

		out[i] = out[j];
		out[j] = x;
	}
	return to > 0 ? 0 : k;
}

int morph_net_cut(const struct morph_net *net, const struct mword *w, int pos,
                  const struct sure *sure, struct mspan out[MORPHS_MAX])
{
	struct place at[MWORD_MAX + 1][MORPH_TYPES];
	struct scored s;
	int n;

	for (int i = 0; i <= w->n; i++)
		for (int t = 0; t < MORPH_TYPES; t++)
			at[i][t] = (struct place){ .score = FAR };
	s.sure = sure;
	score(&s, net, w, pos);
	for (int from = 0; from < w->n; from++) {
		bool begun = !from;

		for (int t = 1; t < MORPH_TYPES; t++)
			begun |= at[from][t].score > FAR;
		if (begun)
			reach_from(at, net, &s, from);
	}
	n = trace(at, w->n, out);
	if (n)
		return n;
	if (sure)		/* what was sure does not fit this model */
		return morph_net_cut(net, w, pos, NULL, out);
	out[0] = (struct mspan){ 0, (uint8_t)w->n, MORPH_ROOT };	/* nothing fits: one root */
	return 1;
}
