/* kvcache.c - attention of one query over keys and values that were kept.
 *
 *   in    a query, panels of keys, rows of values
 *   out   softmax(q·k)·v
 *
 * Keys lie so that the scores of 16 places are 16 neighbouring numbers: a score is a plain sum over
 * the head, in order, and no register is ever folded. Values are added place by place, four sums at
 * a time by the place's number modulo four. Nothing here contracts a product and a sum, so all chips
 * give the same bits.
 */
#include "num/fast.h"
#include "num/mm/matvec.h"

typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));

void kv_put_key(float *k, const float *key, int t, int head)
{
	float *to = k + (size_t)(t / KV_PANEL) * head * KV_PANEL + t % KV_PANEL;

	for (int i = 0; i < head; i++)
		to[(size_t)i * KV_PANEL] = key[i];
}

void kv_put_value(float *v, const float *value, int t, int head)
{
	memcpy(v + (size_t)t * kv_head16(head), value, (size_t)head * sizeof *v);
}

/* Scores of whole panels: what lies behind the last place is computed and not used. */
static NUM_FAST void scores(float *s, const float *q, const float *k, int panels, int head)
{
	for (int p = 0; p < panels; p++, k += (size_t)head * KV_PANEL) {
		v16 sum = { 0 };

		for (int i = 0; i < head; i++)
			sum += q[i] * *(const v16 *)(k + (size_t)i * KV_PANEL);
		*(v16 *)(s + (size_t)p * KV_PANEL) = sum;
	}
}

static NUM_FAST float greatest(const float *s, int n)
{
	float m[16];
	int i = 0;

	for (int j = 0; j < 16; j++)
		m[j] = s[0];
	for (; i + 16 <= n; i += 16)
		for (int j = 0; j < 16; j++)
			m[j] = s[i + j] > m[j] ? s[i + j] : m[j];
	for (; i < n; i++)
		m[0] = s[i] > m[0] ? s[i] : m[0];
	for (int j = 1; j < 16; j++)
		m[0] = m[j] > m[0] ? m[j] : m[0];
	return m[0];
}

/* s becomes e^(s - max), zeros up to a multiple of 16; returns 1 / sum. */
static NUM_FAST float soften(float *s, int n, float max)
{
	int up = (n + 15) / 16 * 16;
	float a[16] = { 0 };

	for (int i = n; i < up; i++)
		s[i] = -1e30f;
	for (int i = 0; i < up; i += 16)
		for (int j = 0; j < 16; j++) {
			s[i + j] = fast_exp(s[i + j] - max);
			a[j] += s[i + j];
		}
	for (int half = 8; half; half /= 2)
		for (int j = 0; j < half; j++)
			a[j] += a[j + half];
	return 1 / a[0];
}

/* out [columns] = scale·Σ_t p[t]·v[t], `wide` registers of 16 columns at once: two of them are one
 * pass over whole rows where a head is 32 wide. */
#define MIX(wide) do { \
	v16 a[wide] = { { 0 } }, b[wide] = { { 0 } }, d[wide] = { { 0 } }, e[wide] = { { 0 } }; \
	const float *r = v; \
	int t = 0; \
	for (; t + 4 <= n; t += 4, r += 4 * ld) \
		for (int i = 0; i < (wide); i++) { \
			a[i] += p[t] * *(const v16 *)(r + 16 * i); \
			b[i] += p[t + 1] * *(const v16 *)(r + ld + 16 * i); \
			d[i] += p[t + 2] * *(const v16 *)(r + 2 * ld + 16 * i); \
			e[i] += p[t + 3] * *(const v16 *)(r + 3 * ld + 16 * i); \
		} \
	for (; t < n; t++, r += ld) \
		for (int i = 0; i < (wide); i++) \
			a[i] += p[t] * *(const v16 *)(r + 16 * i); \
	for (int i = 0; i < (wide); i++) \
		a[i] = ((a[i] + b[i]) + (d[i] + e[i])) * scale; \
	memcpy(out, a, (size_t)(columns < 16 * (wide) ? columns : 16 * (wide)) * sizeof *out); \
} while (0)

static NUM_FAST void mix(float *out, const float *p, const float *v, int n, int head, float scale)
{
	size_t ld = (size_t)kv_head16(head);
	int columns = head;

	for (; columns > 16; columns -= 32, out += 32, v += 32)
		MIX(2);
	if (columns > 0)
		MIX(1);
}

void kv_attend(float *out, float *s, const float *q, const float *k, const float *v, int n, int head)
{
	scores(s, q, k, (n + KV_PANEL - 1) / KV_PANEL, head);
	mix(out, s, v, n, head, soften(s, n, greatest(s, n)));
}
