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
#define NUM_FAST __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define NUM_FAST
#endif

static inline uint32_t bits_of(float x)
{
	uint32_t u;

	memcpy(&u, &x, 4);
	return u;
}

static inline float float_of(uint32_t u)
{
	float x;

	memcpy(&x, &u, 4);
	return x;
}

/* yes (0 or 1) ? a : b without a branch: a branch would keep the compiler from vectorising. */
static inline float pick(uint32_t yes, float a, float b)
{
	uint32_t mask = 0u - yes;

	return float_of((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

/* e^x to 2 units in the last place [Cephes, Moshier 1989]. Above 88 it stays at e^88, below
 * -87 it is 0; NaN stays NaN. */
static inline float fast_exp(float x)
{
	const float magic = 12582912.0f;	/* 1.5·2^23: adding it rounds to an integer */
	float c = pick(x < -87.0f, -87.0f, pick(x > 88.0f, 88.0f, x));
	float z = c * 1.44269504f + magic, n = z - magic;
	float r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
	float p = 1.9875691500e-4f;

	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1.0f;
	p *= float_of((bits_of(z) + 127u) << 23);	/* n into the exponent field */
	return pick(x < -87.0f, 0.0f, p);
}

static inline float fast_sigmoid(float x)
{
	return 1.0f / (1.0f + fast_exp(-x));
}

/* Near 0 the polynomial keeps the relative precision that 1 - 2/(e^2a + 1) loses. */
static inline float fast_tanh(float x)
{
	float a = float_of(bits_of(x) & 0x7FFFFFFFu), s = x * x;
	float big = 1.0f - 2.0f / (fast_exp(2.0f * a) + 1.0f);
	float p = -5.70498872745e-3f;

	p = p * s + 2.06390887954e-2f;
	p = p * s - 5.37397155531e-2f;
	p = p * s + 1.33314422036e-1f;
	p = p * s - 3.33332819422e-1f;
	p = p * s * x + x;
	big = float_of(bits_of(big) | (bits_of(x) & 0x80000000u));
	return pick(a < 0.625f, p, big);
}

/* Eight running sums in one fixed order of adding. */
static inline double fold8(const double a[8])
{
	return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}

#endif
