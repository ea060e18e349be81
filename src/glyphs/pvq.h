/* pvq.h - the vector code of a scene: each register quantised by residual codebooks.
 *
 *   in    z: R registers of D numbers
 *   out   R·S bytes: byte r·S + s is the entry of register r's codebook of stage s
 *
 *   decode   ẑ_r = Σ_s e[r][s][c[r·S + s]]
 *
 * Stage s quantises what the stages before it left over [residual quantisation: Juang & Gray 1982;
 * Chen 2010], 256 entries a stage. Encoding may keep a beam of the best partial codes: it can only
 * lower the error [Babenko & Lempitsky 2014]. Codebooks begin as k-means of the residuals and then
 * follow the data by exponential averages, entries that nobody uses being put where the error is
 * great [van den Oord 2017; Razavi 2019].
 *
 * Threads: functions that say so use lanes; bits never depend on the number of threads.
 */
#ifndef LTM_GLYPHS_PVQ_H
#define LTM_GLYPHS_PVQ_H

#include "base/base.h"

enum { PVQ_ENTRIES = 256, PVQ_REGISTERS_MAX = 16, PVQ_STAGES_MAX = 16, PVQ_DIM_MAX = 1024, PVQ_BYTES_MAX = 64,
       PVQ_BEAM_MAX = 16 };
struct pvq {
	int registers, dim, stages;	/* R, D, S; R·S <= PVQ_BYTES_MAX */
	float *book;			/* [R][S][256][D] */
	float *norm;			/* [R][S][256]: |e|² of each entry */
	double *count, *sum;		/* EMA: [R][S][256] and [R][S][256][D]; NULL until pvq_follow */
};
static inline int pvq_bytes(const struct pvq *q) { return q->registers * q->stages; }
static inline size_t pvq_dims(const struct pvq *q) { return (size_t)q->registers * (size_t)q->dim; }
static inline const float *pvq_entry(const struct pvq *q, int r, int s, int v)
{
	return q->book + (((size_t)r * (size_t)q->stages + (size_t)s) * PVQ_ENTRIES + (size_t)v) * (size_t)q->dim;
}

/* NULL when such codebooks can be made, else what is wrong. */
const char *pvq_wrong(int registers, int dim, int stages);
void pvq_init(struct pvq *q, int registers, int dim, int stages);	/* zeros */
void pvq_clear(struct pvq *q);

/* Codebooks of z [n][R·D] by k-means++ [Arthur & Vassilvitskii 2007] and `rounds` of Lloyd a stage.
 * Fewer than 256 vectors: entries repeat. Uses lanes. */
void pvq_train(struct pvq *q, const float *z, size_t n, int rounds, uint64_t seed);
/* One batch of the exponential averages, keep in (0, 1); returns how many entries were revived: those whose
 * share of use is under a tenth of even get a vector far from its code, by the stream (seed, step). Uses
 * lanes for encoding. */
int pvq_follow(struct pvq *q, const float *z, size_t n, double keep, uint64_t seed, uint64_t step);

/* beam 1: greedy. code [R·S]. Returns |z - ẑ|². */
double pvq_encode(const struct pvq *q, uint8_t *code, const float *z, int beam);
void pvq_encode_all(const struct pvq *q, uint8_t *code, const float *z, size_t n, int beam);	/* lanes */
void pvq_decode(const struct pvq *q, float *z, const uint8_t *code);
/* Refreshes norms after the book has been changed by hand. */
void pvq_norms(struct pvq *q);

/* The table of a query q [R·D] for codescan_search: [R·S][256], entry <q_r, e[r][s][v]>. */
void pvq_table(const struct pvq *q, float *table, const float *query);
/* Commitment: |z - ẑ|²·weight, and adds its gradient into dz (ẑ is taken as given). */
double pvq_commit(float *dz, const float *z, const float *decoded, size_t n, double weight);
/* e^entropy of the use of each byte's entries over codes [n][R·S]: out [R·S], 1..256. */
void pvq_perplexity(const struct pvq *q, double *out, const uint8_t *codes, size_t n);

#endif
