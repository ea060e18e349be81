/* tiles.c - one block of 32 × 32 by AMX, two by two tiles of 16 × 16 float32 (see mm_amx.c).
 *
 *   in    see tiles.h
 *   out   see tiles.h
 */
#include "num/mm/mm_kernel.h"
#include "num/mm/tiles.h"

#if MM_X86
#include <immintrin.h>

#define AMX __attribute__((target("amx-tile,amx-bf16,avx512f")))

struct tile_config {		/* as LDTILECFG reads it */
	uint8_t palette, start_row, zero[14];
	uint16_t bytes[16];
	uint8_t rows[16];
};

/* Constant: the compiler believes that LDTILECFG reads 8 bytes, and drops what it need not have filled. */
static const struct tile_config shape = {
	.palette = 1,
	.bytes = { 64, 64, 64, 64, 64, 64, 64, 64 },
	.rows = { 16, 16, 16, 16, 16, 16, 16, 16 },
};

AMX static void configure(void)
{
	_tile_loadconfig(&shape);
}

AMX static void release(void)
{
	_tile_release();
}

bool tiles_begin(void)
{
	bool amx = !strcmp(mm_name(), "amx");

	if (amx)
		configure();
	return amx;
}

void tiles_end(bool amx)
{
	if (amx)
		release();
}

/* Tiles: 0..3 C (00, 01, 10, 11), 4 and 5 A, 6 and 7 B. */
AMX void tiles_block_amx(float *C, int ldc, bool add, const bf16 *A, int lda, const bf16 *panel, int steps)
{
	size_t c = (size_t)ldc * sizeof *C, a = (size_t)lda * sizeof *A;
	float *C1 = C + 16 * (size_t)ldc;
	const bf16 *A1 = A + 16 * (size_t)lda;

	if (add) {
		_tile_loadd(0, C, c);
		_tile_loadd(1, C + 16, c);
		_tile_loadd(2, C1, c);
		_tile_loadd(3, C1 + 16, c);
	} else {
		_tile_zero(0);
		_tile_zero(1);
		_tile_zero(2);
		_tile_zero(3);
	}
	for (int s = 0; s < steps; s++, A += 32, A1 += 32, panel += 32 * MM_PANEL) {
		_tile_loadd(6, panel, 128);
		_tile_loadd(4, A, a);
		_tile_loadd(7, panel + 32, 128);
		_tile_dpbf16ps(0, 4, 6);
		_tile_loadd(5, A1, a);
		_tile_dpbf16ps(1, 4, 7);
		_tile_dpbf16ps(2, 5, 6);
		_tile_dpbf16ps(3, 5, 7);
	}
	_tile_stored(0, C, c);
	_tile_stored(1, C + 16, c);
	_tile_stored(2, C1, c);
	_tile_stored(3, C1 + 16, c);
}
#else
bool tiles_begin(void)
{
	return false;
}

void tiles_end(bool amx)
{
	must(!amx);
}

void tiles_block_amx(float *C, int ldc, bool add, const bf16 *A, int lda, const bf16 *panel, int steps)
{
	mm_run(32, 32, 32 * steps, A, lda, panel, add, C, NUM_F32, ldc);
}
#endif
