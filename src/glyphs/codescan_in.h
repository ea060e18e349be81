/* codescan_in.h - private to glyphs: the kernel that bounds 64 codes at once. */
#ifndef LTM_GLYPHS_CODESCAN_IN_H
#define LTM_GLYPHS_CODESCAN_IN_H

#include "glyphs/codescan.h"

struct scan_tables {
	_Alignas(64) uint8_t q[CODE_BYTES_MAX][256];
};
/* Which of a block's 64 codes have Σ_b q[b][c_b] >= least: bit i for code i. */
typedef uint64_t code_bounds(const uint8_t *block, const struct scan_tables *t, int bytes, int least);

code_bounds *codescan_vbmi(void);	/* NULL where the chip has none */

#endif
