/* node_swiglu.c - y = silu(gate) ⊙ up [Shazeer 2020].
 *
 *   in    x [N][2H]: gate, then up
 *   out   y [N][H];  with σ = sigmoid(g):  dg += dy·u·σ·(1 + g·(1-σ)),  du += dy·g·σ
 */
#include "num/fast.h"
#include "num/net/net.h"
#include "num/mm/vec512.h"

static NUM_FAST void row32(float *y, const float *g, const float *u, int H)
{
	for (int i = 0; i < H; i++)
		y[i] = g[i] * fast_sigmoid(g[i]) * u[i];
}

static NUM_FAST void loop16(bf16 *y, const bf16 *g, const bf16 *u, int H)
{
	for (int i = 0; i < H; i++) {
		float a = bf16_up(g[i]);

		y[i] = bf16_down(a * fast_sigmoid(a) * bf16_up(u[i]));
	}
}

static void row16(bf16 *y, const bf16 *g, const bf16 *u, int H)
{
#if MM_X86
	if (vec512()) {
		vec_swiglu(y, g, u, H);
		return;
	}
#endif
	loop16(y, g, u, H);
}

static void forward(struct node *n)
{
	size_t H = (size_t)n->D;

	for (size_t r = 0; r < (size_t)n->N; r++) {
		if (n->type == NUM_BF16) {
			const bf16 *x = (const bf16 *)n->in[0]->x + r * 2 * H;

			row16((bf16 *)n->x + r * H, x, x + H, n->D);
		} else {
			const float *x = (const float *)n->in[0]->x + r * 2 * H;

			row32((float *)n->x + r * H, x, x + H, n->D);
		}
	}
}

static NUM_FAST void back32(float *dg, float *du, const float *dy, const float *g, const float *u, bool add,
                            int H)
{
	if (!add) {			/* no choice within the loop: it would not vectorise */
		memset(dg, 0, (size_t)H * sizeof *dg);
		memset(du, 0, (size_t)H * sizeof *du);
	}
	for (int i = 0; i < H; i++) {
		float s = fast_sigmoid(g[i]);

		dg[i] += dy[i] * u[i] * s * (1 + g[i] * (1 - s));
		du[i] += dy[i] * g[i] * s;
	}
}

static NUM_FAST void back_loop16(bf16 *dg, bf16 *du, const bf16 *dy, const bf16 *g, const bf16 *u, int H)
{
	for (int i = 0; i < H; i++) {
		float a = bf16_up(g[i]), s = fast_sigmoid(a), d = bf16_up(dy[i]);

		dg[i] = bf16_down(d * bf16_up(u[i]) * s * (1 + a * (1 - s)));
		du[i] = bf16_down(d * a * s);
	}
}

static void back16(bf16 *dg, bf16 *du, const bf16 *dy, const bf16 *g, const bf16 *u, int H)
{
#if MM_X86
	if (vec512()) {
		vec_swiglu_back(dg, du, dy, g, u, H);
		return;
	}
#endif
	back_loop16(dg, du, dy, g, u, H);
}

static void back(struct node *n)
{
	struct node *in = n->in[0];
	size_t H = (size_t)n->D;
	bool add;

	if (!in->wants)
		return;
	add = node_add(in);
	must(!add || n->type == NUM_F32);	/* in bf16 its input has one reader */
	for (size_t r = 0; r < (size_t)n->N; r++) {
		size_t at = r * 2 * H;

		if (n->type == NUM_BF16) {
			const bf16 *x = (const bf16 *)in->x + at;
			bf16 *d = (bf16 *)in->dx + at;

			back16(d, d + H, (const bf16 *)n->dx + r * H, x, x + H, n->D);
		} else {
			const float *x = (const float *)in->x + at;
			float *d = (float *)in->dx + at;

			back32(d, d + H, (const float *)n->dx + r * H, x, x + H, add, n->D);
		}
	}
}

static const struct node_kind kind_swiglu = { .name = "swiglu", .forward = forward, .back = back, .back_in = true };

struct node *net_swiglu(struct net *t, struct node *x)
{
	struct node *n = net_node(t, &kind_swiglu, x->N, x->D / 2, x->type, 0);

	must(x->D % 2 == 0);
	node_in(n, x);
	return n;
}
