/* fast.h - private to num: exp and tanh that the compiler can vectorise, and its licence to
 * do so for newer chips.
 *
 * NUM_FAST compiles a function also for AVX2 and AVX-512, chosen at run time. Bits do not
 * depend on the choice: without -ffast-math no sum is reordered, and -std=c11 contracts no
 * multiply-add. Sanitized builds run before ifuncs can, so they take the plain version.
 */
#ifndef LTM_NUM_FAST_H
#define LTM_NUM_FAST_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__) \
	&& !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) \
	&& defined(__OPTIMIZE__)
#define NUM_FAST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define NUM_FAST
#endif

/* e^x to 2 units in the last place [Cephes, Moshier 1989]. Above 88 it stays at e^88, below
 * -87 it is 0; NaN stays NaN. */
static inline float fast_exp(float x)
{
	const float magic = 12582912.0f;	/* 1.5·2^23: adding it rounds to an integer */
	float c = x > 88.0f ? 88.0f : x < -87.0f ? -87.0f : x;
	float z = c * 1.44269504f + magic, n = z - magic;
	float r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
	float p = 1.9875691500e-4f, scale;
	uint32_t bits;

	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1.0f;
	memcpy(&bits, &z, 4);
	bits = (bits + 127u) << 23;		/* n into the exponent field */
	memcpy(&scale, &bits, 4);
	return x < -87.0f ? 0.0f : p * scale;
}

static inline float fast_sigmoid(float x)
{
	return 1.0f / (1.0f + fast_exp(-x));
}

static inline float fast_tanh(float x)
{
	float a = x < 0.0f ? -x : x, s = x * x;
	float big = 1.0f - 2.0f / (fast_exp(2.0f * a) + 1.0f);
	float p = -5.70498872745e-3f;

	p = p * s + 2.06390887954e-2f;
	p = p * s - 5.37397155531e-2f;
	p = p * s + 1.33314422036e-1f;
	p = p * s - 3.33332819422e-1f;
	p = p * s * x + x;
	big = x < 0.0f ? -big : big;
	return a < 0.625f ? p : big;
}

/* Eight running sums in one fixed order of adding. */
static inline double fold8(const double a[8])
{
	return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}

#endif
