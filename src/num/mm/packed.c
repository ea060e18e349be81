/* packed.c - bf16 copies of weight matrices, packed for the products of a step.
 *
 *   in    the float32 master weights of tensors marked PARAM_PACK, W [O][I]
 *   out   two packed forms of each: of Wᵀ (K = I, for y = x·Wᵀ) and of W (K = O, for dx = dy·W)
 *
 * Panels are packed independently, so that lanes share even a single large matrix.
 */
#include "num/mm/mm.h"
#include "num/num.h"

static size_t way_size(const struct tensor *t, int way)
{
	int O = (int)t->rows, I = (int)t->cols;

	return way == 0 ? mm_packed(I, O) : mm_packed(O, I);
}

static void pack_alloc(struct params *p)
{
	size_t n = 0;

	p->pack_off = mem_alloc(p->n_t, sizeof *p->pack_off);
	for (size_t i = 0; i < p->n_t; i++) {
		p->pack_off[i] = n;
		if (p->t[i].flags & PARAM_PACK)
			n += way_size(&p->t[i], 0) + way_size(&p->t[i], 1);
	}
	p->pack = mem_aligned((n ? n : 1) * sizeof *p->pack);
}

enum { PACK_LANES = 32 };

/* The panels [from, to) of op(W), whose panels are MM_PANEL columns each. */
static void pack_panels(bf16 *to, const float *w, bool trans, int K, int N, int ldb, int from, int until)
{
	size_t panel = mm_packed(K, MM_PANEL);

	for (int q = from; q < until; q++) {
		int n = q * MM_PANEL, wide = N - n < MM_PANEL ? N - n : MM_PANEL;
		const float *at = trans ? w + (size_t)n * ldb : w + n;

		mm_pack(to + (size_t)q * panel, at, NUM_F32, ldb, trans, K, wide);
	}
}

static void pack_lane(void *ctx, int lane)
{
	struct params *p = ctx;

	for (size_t i = 0; i < p->n_t; i++) {
		const struct tensor *t = &p->t[i];
		int O = (int)t->rows, I = (int)t->cols;

		if (!(t->flags & PARAM_PACK))
			continue;
		for (int way = 0; way < 2; way++) {
			int K = way == 0 ? I : O, N = way == 0 ? O : I;
			size_t panels = (size_t)(N + MM_PANEL - 1) / MM_PANEL;

			pack_panels((bf16 *)params_packed(p, (int)i, way), p->w + t->off, way == 0, K, N, I,
			            (int)num_lane_from(panels, lane, PACK_LANES),
			            (int)num_lane_to(panels, lane, PACK_LANES));
		}
	}
}

void params_pack(struct params *p)
{
	if (!p->pack)
		pack_alloc(p);
	num_lanes(PACK_LANES, 0, pack_lane, p);
}

const uint16_t *params_packed(const struct params *p, int i, int way)
{
	must(p->pack && p->t[i].flags & PARAM_PACK);
	return p->pack + p->pack_off[i] + (way == 0 ? 0 : way_size(&p->t[i], 0));
}
