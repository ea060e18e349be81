/* strands.h - private to num: sums over a row that the compiler can vectorise.
 *
 * Sixteen running sums, number k of a row into sum k % 16, folded in one fixed order: the same
 * bits on every chip, fast on all of them.
 */
#ifndef LTM_NUM_STRANDS_H
#define LTM_NUM_STRANDS_H

enum { STRANDS = 16 };

static inline float strands_fold(const float *a)
{
	float b[8];

	for (int i = 0; i < 8; i++)
		b[i] = a[i] + a[i + 8];
	return ((b[0] + b[4]) + (b[2] + b[6])) + ((b[1] + b[5]) + (b[3] + b[7]));
}

/* The greatest of s [n]; NaN is passed over; -3e38 when n is 0. */
static inline float strands_max(const float *s, int n)
{
	float a[STRANDS], top;
	int i = 0;

	for (int k = 0; k < STRANDS; k++)
		a[k] = -3e38f;
	for (; i + STRANDS <= n; i += STRANDS)
		for (int k = 0; k < STRANDS; k++)
			a[k] = s[i + k] > a[k] ? s[i + k] : a[k];
	for (int k = 0; i < n; i++, k++)
		a[k] = s[i] > a[k] ? s[i] : a[k];
	top = a[0];
	for (int k = 1; k < STRANDS; k++)
		top = a[k] > top ? a[k] : top;
	return top;
}

#endif
