/* sha256.c - SHA-256 [FIPS 180-4], for naming a page's own script in its policy.
 *
 *   in    bytes
 *   out   32 bytes, or their base64
 *
 * Letters as in the standard: a…h the working variables, W the message schedule, K and H the
 * first 32 bits of the fractional parts of cube and square roots of primes. They are computed
 * by integer roots once a call instead of listed: 64 numbers that nobody has to proofread.
 */
#include "app/report/sha256.h"

static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* floor(p^(1/k) · 2^32) mod 2^32 for k = 2, 3: bit by bit, by r^k <= p · 2^(32k). */
static uint32_t root_bits(unsigned p, int k)
{
	unsigned __int128 r = 0;

	for (int bit = 35; bit >= 0; bit--) {
		unsigned __int128 t = r | (unsigned __int128)1 << bit;
		/* t < 2^36: t^2 < 2^72, t^3 < 2^108 */
		unsigned __int128 pow = k == 2 ? t * t : t * t * t;

		if (pow <= (unsigned __int128)p << 32 * k)
			r = t;
	}
	return (uint32_t)r;
}

static void constants(uint32_t K[64], uint32_t H[8])
{
	for (unsigned p = 2, n = 0; n < 64; p++) {
		bool prime = true;

		for (unsigned d = 2; d * d <= p; d++)
			prime = prime && p % d;
		if (!prime)
			continue;
		if (n < 8)
			H[n] = root_bits(p, 2);
		K[n++] = root_bits(p, 3);
	}
}

static void block(uint32_t H[8], const uint32_t K[64], const uint8_t p[64])
{
	uint32_t W[64], v[8];

	for (int t = 0; t < 16; t++)
		W[t] = (uint32_t)p[4 * t] << 24 | p[4 * t + 1] << 16 | p[4 * t + 2] << 8 | p[4 * t + 3];
	for (int t = 16; t < 64; t++) {
		uint32_t x = W[t - 15], y = W[t - 2];

		W[t] = W[t - 16] + (rotr(x, 7) ^ rotr(x, 18) ^ x >> 3) + W[t - 7]
		       + (rotr(y, 17) ^ rotr(y, 19) ^ y >> 10);
	}
	memcpy(v, H, sizeof v);
	for (int t = 0; t < 64; t++) {
		uint32_t a = v[0], e = v[4];
		uint32_t t1 = v[7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25))
		              + ((e & v[5]) ^ (~e & v[6])) + K[t] + W[t];
		uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22))
		              + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		H[i] += v[i];
}

void sha256(uint8_t out[32], struct str s)
{
	uint32_t K[64], H[8];
	uint8_t last[128] = { 0 };
	size_t whole = s.n / 64 * 64, rest = s.n - whole, n_last = rest < 56 ? 64 : 128;

	constants(K, H);
	for (size_t i = 0; i < whole; i += 64)
		block(H, K, (const uint8_t *)s.p + i);
	if (rest)
		memcpy(last, s.p + whole, rest);
	last[rest] = 0x80;
	for (int i = 0; i < 8; i++)
		last[n_last - 1 - (size_t)i] = (uint8_t)((uint64_t)s.n * 8 >> 8 * i);
	for (size_t i = 0; i < n_last; i += 64)
		block(H, K, last + i);
	for (int i = 0; i < 32; i++)
		out[i] = (uint8_t)(H[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_policy(struct buf *b, struct str s)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t h[33] = { 0 };

	sha256(h, s);
	buf_str(b, S("'sha256-"));
	for (int i = 0; i < 33; i += 3) {	/* 32 = 10 · 3 + 2: the last digit is '=' */
		uint32_t x = (uint32_t)h[i] << 16 | h[i + 1] << 8 | h[i + 2];

		for (int k = 0; k < 4 && i * 4 / 3 + k < 43; k++)
			buf_char(b, digit[x >> (18 - 6 * k) & 63]);
	}
	buf_str(b, S("='"));
}
