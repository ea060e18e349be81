/* mm_amx.c - the product in tiles: TDPBF16PS of AMX [Intel SDM, chapter on AMX].
 *
 *   in    A [M][K] bf16, B packed in panels of 32 columns (mm.h)
 *   out   C [M][N]
 *
 * A block of C is 32 × 32: two by two tiles of 16 × 16 float32. A step of 32 along K loads two
 * tiles of A (16 rows × 64 bytes), two of B (16 pair rows × 64 bytes, side by side in the panel)
 * and multiplies each with each: four products for four loads. A strip of A is first gathered into
 * whole tiles, with zeros where rows or K end, so nothing is read that is not A's.
 *
 * The tiles' shape is configured anew in each call: it belongs to the thread and costs some 30 ns.
 */
#include "num/mm/mm_kernel.h"

#if MM_X86
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AMX __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512bf16")))

bool mm_amx_usable(void)
{
	enum { ARCH_REQ_XCOMP_PERM = 0x1023, XTILEDATA = 18 };
	uint32_t a, b, c, d;

	/* CPUID 7.0 EDX: bit 22 AMX-BF16, bit 24 AMX-TILE. */
	__asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
	if (!(d >> 22 & 1) || !(d >> 24 & 1) || !__builtin_cpu_supports("avx512bf16") ||
	    !__builtin_cpu_supports("avx512bw"))
		return false;
	return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XTILEDATA) == 0;
}

enum { ROWS = 32, STEP = 2 * MM_PAIRS };

struct tile_config {		/* as LDTILECFG reads it */
	uint8_t palette, start_row, zero[14];
	uint16_t bytes[16];
	uint8_t rows[16];
};

AMX static void configure(void)
{
	struct tile_config c = { .palette = 1 };

	for (int i = 0; i < 8; i++) {
		c.bytes[i] = 64;
		c.rows[i] = 16;
	}
	_tile_loadconfig(&c);
}

/* Tiles: 0..3 C (00, 01, 10, 11), 4 and 5 A, 6 and 7 B. */
#define PRODUCTS() do { \
		_tile_dpbf16ps(0, 4, 6); \
		_tile_dpbf16ps(1, 4, 7); \
		_tile_dpbf16ps(2, 5, 6); \
		_tile_dpbf16ps(3, 5, 7); \
	} while (0)

/* `steps` steps along K from A (row stride and distance of steps in bytes) and a panel. */
AMX static void multiply(const char *A, size_t stride, size_t next, const bf16 *panel, int steps)
{
	for (int s = 0; s < steps; s++) {
		_tile_loadd(6, panel, 128);
		_tile_loadd(7, panel + 32, 128);
		_tile_loadd(4, A, stride);
		_tile_loadd(5, A + 16 * stride, stride);
		PRODUCTS();
		A += next;
		panel += STEP * MM_PANEL;
	}
}

/* A's part [rows][K] as tiles, [K/32 up][32][32], zeros beyond its edges: rows that lie a power of two
 * apart would fall into the same few sets of the first cache. */
AMX static void gather_tiles(bf16 *to, const bf16 *A, int lda, int rows, int K)
{
	for (int k = 0; k < K; k += STEP) {
		__mmask32 in = K - k >= STEP ? ~0u : (1u << (K - k)) - 1;

		for (int r = 0; r < ROWS; r++, to += STEP)
			_mm512_store_si512(to, r < rows ? _mm512_maskz_loadu_epi16(in, A + (size_t)r * lda + k) :
			                                  _mm512_setzero_si512());
	}
}

AMX static void zero_tiles(void)
{
	_tile_zero(0);
	_tile_zero(1);
	_tile_zero(2);
	_tile_zero(3);
}

AMX static void load_tiles(const float *C, size_t ldc)
{
	_tile_loadd(0, C, ldc * 4);
	_tile_loadd(1, C + 16, ldc * 4);
	_tile_loadd(2, C + 16 * ldc, ldc * 4);
	_tile_loadd(3, C + 16 * ldc + 16, ldc * 4);
}

AMX static void store_tiles(float *C, size_t ldc)
{
	_tile_stored(0, C, ldc * 4);
	_tile_stored(1, C + 16, ldc * 4);
	_tile_stored(2, C + 16 * ldc, ldc * 4);
	_tile_stored(3, C + 16 * ldc + 16, ldc * 4);
}

/* 32 × 32 sums to bf16, whole block. */
AMX static void store16(bf16 *C, size_t ldc, const float *sum)
{
	for (int r = 0; r < ROWS; r++) {
		__m512 lo = _mm512_load_ps(sum + r * 32), hi = _mm512_load_ps(sum + r * 32 + 16);

		_mm512_storeu_si512((void *)(C + (size_t)r * ldc), (__m512i)_mm512_cvtne2ps_pbh(hi, lo));
	}
}

static void store_part(void *C, enum num_type type, size_t ldc, const float *sum, int rows, int cols, bool add)
{
	for (int r = 0; r < rows; r++)
		for (int c = 0; c < cols; c++) {
			float *f = (float *)C + (size_t)r * ldc + c, v = sum[r * 32 + c];
			bf16 *b = (bf16 *)C + (size_t)r * ldc + c;

			if (type == NUM_F32)
				*f = add ? *f + v : v;
			else
				*b = bf16_down(add ? bf16_up(*b) + v : v);
		}
}

/* One 32-row strip of C over the panels of [n, n_end): `chunk` of K from k on. acc holds the sums between
 * chunks of K, [32][NB]; first and last say which chunk it is. */
enum { KB = 1024, NB = 256 };
struct strip {
	const bf16 *packed;
	size_t panel;		/* numbers of a panel */
	int rows, N, ldc;
	bool add;
	char *C;		/* the strip's first number */
	enum num_type type;
};

AMX static void strip_part(const struct strip *s, float *acc, const char *A, size_t stride, size_t next, int k,
                           int steps, int n, int n_end, bool first, bool last)
{
	_Alignas(64) float sum[ROWS * MM_PANEL];

	for (int at = n; at < n_end; at += MM_PANEL) {
		int cols = s->N - at < MM_PANEL ? s->N - at : MM_PANEL;
		bool whole = s->rows == ROWS && cols == MM_PANEL, direct = whole && s->type == NUM_F32;
		char *to = s->C + (size_t)at * num_size(s->type);
		bool in_c = s->type == NUM_F32, add = s->add || (in_c && !first);
		float *kept = acc + (at - n);

		if (direct && add)
			load_tiles((float *)to, (size_t)s->ldc);
		else if (first || in_c)
			zero_tiles();
		else
			load_tiles(kept, NB);
		multiply(A, stride, next, s->packed + (size_t)(at / MM_PANEL) * s->panel + (size_t)k * MM_PANEL, steps);
		if (direct) {
			store_tiles((float *)to, (size_t)s->ldc);
		} else if (!last && !in_c) {
			store_tiles(kept, NB);
		} else {
			store_tiles(sum, 32);
			if (whole && !add)
				store16((bf16 *)to, (size_t)s->ldc, sum);
			else
				store_part(to, s->type, (size_t)s->ldc, sum, s->rows, cols, add);
		}
	}
}

/* Few columns, and rows that are whole and not a page apart: A is read where it lies. */
static bool as_it_lies(int rows, int N, int K, int lda)
{
	return rows == ROWS && K % STEP == 0 && (N <= 2 * MM_PANEL || K <= STEP) && lda % 2048 != 0;
}

/* The strip of rows m.. over columns [n, n_end) and a chunk of K from k on. */
AMX static void strip(const struct strip *s, float *acc, bf16 *tiles, const bf16 *A, int lda, int k, int part,
                      int n, int n_end, int K)
{
	bool first = k == 0, last = k + part == K;

	if (as_it_lies(s->rows, n_end - n, part, lda)) {
		strip_part(s, acc, (const char *)(A + k), (size_t)lda * 2, STEP * 2, k, part / STEP, n, n_end, first,
		           last);
		return;
	}
	gather_tiles(tiles, A + k, lda, s->rows, part);
	strip_part(s, acc, (const char *)tiles, STEP * 2, ROWS * STEP * 2, k, (part + STEP - 1) / STEP, n, n_end,
	           first, last);
}

/* Columns go in groups whose part of B stays in the second cache while all rows pass by. A float32 C keeps
 * the sums between chunks of K itself, so there all rows pass a chunk before the next one; sums for a bf16
 * C are kept aside, strip by strip. */
AMX void mm_amx(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
                enum num_type type_c, int ldc)
{
	_Alignas(64) bf16 tiles[ROWS * KB];
	_Alignas(64) float acc[ROWS * NB];
	int deep = K < KB ? (K + STEP - 1) / STEP * STEP : KB, wide = KB * NB / deep / MM_PANEL * MM_PANEL;
	int outer = type_c == NUM_F32 ? KB : K;		/* along K, all rows at a time */

	configure();
	for (int n = 0; n < N; n += wide)
		for (int k0 = 0; k0 < K; k0 += outer)
			for (int m = 0; m < M; m += ROWS) {
				struct strip s = { packed, mm_pairs(K) * 2 * MM_PANEL, M - m < ROWS ? M - m : ROWS, N, ldc,
				                   add, (char *)C + (size_t)m * ldc * num_size(type_c), type_c };
				int k_end = k0 + outer < K ? k0 + outer : K, n_end = n + wide < N ? n + wide : N;

				for (int k = k0; k < k_end; k += KB)
					strip(&s, acc, tiles, A + (size_t)m * lda, lda, k, k_end - k < KB ? k_end - k : KB,
					      n, n_end, K);
			}
	_tile_release();
}
#else
typedef int mm_amx_is_for_x86;
#endif
