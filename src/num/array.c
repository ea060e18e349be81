/* array.c - small things over arrays that everything else in num uses.
 *
 * Sums run in double over eight interleaved partial sums, added in one fixed order: fast on
 * any chip and the same bits on all of them.
 */
#include <math.h>

#include "num/fast.h"
#include "num/num.h"

NUM_FAST double num_dot(const float *a, const float *b, size_t n)
{
	double s[8] = { 0 };
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		for (int k = 0; k < 8; k++)
			s[k] += (double)a[i + k] * (double)b[i + k];
	for (int k = 0; i < n; i++, k++)
		s[k] += (double)a[i] * (double)b[i];
	return fold8(s);
}

double num_sum2(const float *a, size_t n)
{
	return num_dot(a, a, n);
}

NUM_FAST void num_axpy(float *y, float a, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] += a * x[i];
}

/* Only NaN and infinity have all bits of the exponent set. */
static NUM_FAST bool block_bad(const float *a, size_t n)
{
	uint32_t bad = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t bits;

		memcpy(&bits, &a[i], 4);
		bad |= (bits & 0x7F800000u) == 0x7F800000u;
	}
	return bad;
}

size_t num_finite(const float *a, size_t n)
{
	for (size_t from = 0; from < n; from += 4096) {
		size_t m = n - from < 4096 ? n - from : 4096;

		if (!block_bad(a + from, m))
			continue;
		for (size_t i = from; i < from + m; i++)
			if (!isfinite(a[i]))
				return i;
	}
	return n;
}
