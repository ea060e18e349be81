/* codescan.h - exact search over vector codes by look-ups in tables.
 *
 *   in    codes [n][bytes]; for a query one table [bytes][256]
 *   out   the k codes of the highest score  s(c) = Σ_b table[b][c[b]]
 *
 * With table[b][v] = <query's register, entry v of the codebook behind byte b> the score is the inner
 * product of the query with the decoded code, since residual stages add up (glyphs/pvq.h).
 *
 * The scan reads the codes once, 64 of them at a time, byte by byte [André 2015, fast scan]: tables
 * rounded down to 8 bits give a bound below which a code cannot be among the best; what passes is
 * scored in float32. The result is that of the plain loop, always: same ids, same scores, ties by
 * the lower id, with any kernel and any number of threads.
 */
#ifndef LTM_GLYPHS_CODESCAN_H
#define LTM_GLYPHS_CODESCAN_H

#include "base/base.h"

enum { CODE_BYTES_MAX = 64, CODE_BLOCK = 64 };

struct codescan {
	size_t n;
	int bytes;
	uint8_t *block;		/* [n/64 up][bytes][64]: the same byte of 64 codes side by side; zeros beyond n */
};
void codescan_open(struct codescan *s, const uint8_t *codes, size_t n, int bytes);	/* copies */
void codescan_close(struct codescan *s);

struct code_hit {
	uint64_t id;
	float score;
};
/* The best k, best first; returns how many there are: min(k, n). Uses lanes. Tables must be finite. */
size_t codescan_search(struct code_hit *out, size_t k, const struct codescan *s, const float *table);
/* The definition, for tests: every score in float32, bytes in order. */
size_t codescan_plain(struct code_hit *out, size_t k, const struct codescan *s, const float *table);
/* "vbmi" or "plain"; LTM_SCAN=plain overrides. */
const char *codescan_name(void);

#endif
