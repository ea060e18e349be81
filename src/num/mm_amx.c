/* mm_amx.c - the product in tiles: TDPBF16PS of AMX [Intel SDM, chapter on AMX].
 *
 *   in    A [M][K] bf16, B packed in panels of 32 columns (mm.h)
 *   out   C [M][N]
 *
 * A block of C is 32 × 32: two by two tiles of 16 × 16 float32. A step of 32 along K loads two
 * tiles of A (16 rows × 64 bytes), two of B (16 pair rows × 64 bytes, side by side in the panel)
 * and multiplies each with each: four products for four loads. Where rows or K end within a block,
 * A's part is copied into a block of zeros first, so nothing is read that is not A's.
 *
 * The tiles' shape is configured anew in each call: it belongs to the thread and costs some 30 ns.
 */
#include "num/mm_kernel.h"

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

/* `steps` whole steps along K from A (row stride in bytes) and a panel. */
AMX static void multiply(const bf16 *A, size_t stride, const bf16 *panel, int steps)
{
	for (int s = 0; s < steps; s++) {
		_tile_loadd(6, panel, 128);
		_tile_loadd(7, panel + 32, 128);
		_tile_loadd(4, A, stride);
		_tile_loadd(5, A + 8 * stride, stride);		/* 16 rows on, in numbers of 2 bytes */
		PRODUCTS();
		A += STEP;
		panel += STEP * MM_PANEL;
	}
}

/* A's part [rows][cols] in a block of zeros. */
static void block_of(bf16 *to, const bf16 *A, int lda, int rows, int cols)
{
	memset(to, 0, ROWS * STEP * sizeof *to);
	for (int r = 0; r < rows; r++)
		memcpy(to + r * STEP, A + (size_t)r * lda, (size_t)cols * sizeof *to);
}

/* The block's product over all of K into the tiles, which are zero or hold C. */
AMX static void block(const bf16 *A, int lda, const bf16 *panel, int rows, int K)
{
	_Alignas(64) bf16 part[ROWS * STEP];
	int whole = rows == ROWS ? K / STEP : 0;

	multiply(A, (size_t)lda * sizeof(bf16), panel, whole);
	for (int k = whole * STEP; k < K; k += STEP) {
		block_of(part, A + k, lda, rows, K - k < STEP ? K - k : STEP);
		multiply(part, STEP * sizeof(bf16), panel + (size_t)k * MM_PANEL, 1);
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

AMX void mm_amx(int M, int N, int K, const bf16 *A, int lda, const bf16 *packed, bool add, void *C,
                enum num_type type_c, int ldc)
{
	_Alignas(64) float sum[ROWS * MM_PANEL];
	size_t panel = mm_pairs(K) * 2 * MM_PANEL;

	configure();
	for (int m = 0; m < M; m += ROWS) {
		int rows = M - m < ROWS ? M - m : ROWS;

		for (int n = 0; n < N; n += MM_PANEL) {
			int cols = N - n < MM_PANEL ? N - n : MM_PANEL;
			bool whole = rows == ROWS && cols == MM_PANEL, direct = whole && type_c == NUM_F32;
			char *to = (char *)C + ((size_t)m * ldc + n) * num_size(type_c);

			if (direct && add)
				load_tiles((float *)to, (size_t)ldc);
			else
				zero_tiles();
			block(A + (size_t)m * lda, lda, packed + (size_t)(n / MM_PANEL) * panel, rows, K);
			if (direct) {
				store_tiles((float *)to, (size_t)ldc);
				continue;
			}
			store_tiles(sum, 32);
			if (whole && !add)
				store16((bf16 *)to, (size_t)ldc, sum);
			else
				store_part(to, type_c, (size_t)ldc, sum, rows, cols, add);
		}
	}
	_tile_release();
}
#else
typedef int mm_amx_is_for_x86;
#endif
