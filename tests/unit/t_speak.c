/* t_speak.c - a teller that speaks: its products, its logits, its window, its drafts, its taste. */
#include "check.h"
#include "model/speak.h"
#include "num/mm/matvec.h"

#include <stdlib.h>

/* ---- models made of noise ------------------------------------------------------------------- */
struct model {
	struct params p;
	struct teller_tensors t;
	struct speak_weights w;
	struct arena a;
};

static void make(struct model *m, struct teller_shape s, double wide)
{
	struct err e = { 0 };

	*m = (struct model){ .a = arena_open("test") };
	teller_tensors_add(&m->t, &m->p, &s);
	params_alloc(&m->p, 1);
	teller_tensors_init(&m->t, &m->p, 5);
	for (size_t i = 0; i < m->p.n; i++)
		m->p.w[i] *= (float)wide;
	for (size_t i = 0; i < m->p.n_t; i++)		/* norms that are not all the same */
		for (size_t k = 0; m->p.t[i].n_dim == 1 && k < m->p.t[i].n; k++)
			params_w(&m->p, (int)i)[k] = 0.5f + 0.1f * (float)(k % 11);
	CHECK_EQ(speak_weights_of(&m->w, &s, &m->p, &m->a, &e), OK);
}

static void drop(struct model *m)
{
	params_clear(&m->p);
	teller_tensors_clear(&m->t);
	arena_close(&m->a);
}

static struct speak *open_way(const struct model *m, enum speak_way way, int window, int threads)
{
	struct speak *s = NULL;
	struct err e = { 0 };

	CHECK_EQ(speak_open(&s, &m->w, &(struct speak_plan){ way, window, threads }, &e), OK);
	return s;
}

static void ids_of(uint32_t *id, int n, int vocab, uint64_t seed)
{
	struct rng r = rng_stream(seed, "t_speak.ids", 0);

	for (int i = 0; i < n; i++)
		id[i] = (uint32_t)rng_below(&r, (uint64_t)vocab);
}

static const struct teller_shape odd = { 2, 18, 3, 13, 301, 40, 10000 };	/* heads of 6 */
static const struct teller_shape small = { 2, 64, 4, 96, 512, 64, 10000 };

/* ---- the definition: everything anew for each token, plain loops, double sums ----------------- */
static void dot_rows(double *y, const float *w, const double *x, int rows, int cols)
{
	for (int r = 0; r < rows; r++) {
		y[r] = 0;
		for (int c = 0; c < cols; c++)
			y[r] += (double)w[(size_t)r * cols + c] * x[c];
	}
}

static void norm(double *y, const double *x, const float *w, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += x[i] * x[i];
	for (int i = 0; i < n; i++)
		y[i] = x[i] * w[i] / sqrt(sum / n + 1e-5);
}

static void turn(double *x, int place, const struct teller_shape *s)
{
	int head = s->width / s->heads;

	for (int i = 0; i < s->width; i += 2) {
		double f = place * pow(s->rope_base, -(double)(i % head) / head), a = x[i], b = x[i + 1];

		x[i] = a * cos(f) - b * sin(f);
		x[i + 1] = a * sin(f) + b * cos(f);
	}
}

/* Logits [T][vocab] of T tokens. */
static void plain(double *logits, const struct speak_weights *w, const uint32_t *id, int T)
{
	const struct teller_shape *s = &w->s;
	int W = s->width, H = s->hidden, head = W / s->heads;
	double *x = mem_alloc((size_t)T * W, 8), *qkv = mem_alloc((size_t)T * 3 * W, 8);
	double *y = mem_alloc((size_t)W, 8), *z = mem_alloc((size_t)(2 * H + W), 8), *p = mem_alloc((size_t)T, 8);

	for (int t = 0; t < T; t++)
		for (int i = 0; i < W; i++)
			x[t * W + i] = w->embed[(size_t)id[t] * W + i];
	for (int l = 0; l < s->layers; l++) {
		const struct speak_layer *k = &w->layer[l];

		for (int t = 0; t < T; t++) {
			norm(y, x + t * W, k->att_norm, W);
			dot_rows(qkv + t * 3 * W, k->qkv, y, 3 * W, W);
			turn(qkv + t * 3 * W, t, s);
			turn(qkv + t * 3 * W + W, t, s);
		}
		for (int t = 0; t < T; t++) {
			for (int i = 0; i < W; i++)
				y[i] = 0;
			for (int h = 0; h < s->heads; h++) {
				double sum = 0;

				for (int u = 0; u <= t; u++) {
					p[u] = 0;
					for (int i = h * head; i < (h + 1) * head; i++)
						p[u] += qkv[t * 3 * W + i] * qkv[u * 3 * W + W + i];
					sum += p[u] = exp(p[u] / sqrt(head));
				}
				for (int u = 0; u <= t; u++)
					for (int i = h * head; i < (h + 1) * head; i++)
						y[i] += p[u] / sum * qkv[u * 3 * W + 2 * W + i];
			}
			dot_rows(z, k->att_out, y, W, W);
			for (int i = 0; i < W; i++)
				x[t * W + i] += z[i];
		}
		for (int t = 0; t < T; t++) {
			norm(y, x + t * W, k->ffn_norm, W);
			dot_rows(z, k->gate_up, y, 2 * H, W);
			for (int i = 0; i < H; i++)
				z[i] = z[i] / (1 + exp(-z[i])) * z[H + i];
			dot_rows(z + 2 * H, k->down, z, W, H);
			for (int i = 0; i < W; i++)
				x[t * W + i] += z[2 * H + i];
		}
	}
	for (int t = 0; t < T; t++) {
		norm(y, x + t * W, w->norm, W);
		dot_rows(logits + (size_t)t * s->vocab, w->embed, y, s->vocab, W);
	}
	mem_free(x), mem_free(qkv), mem_free(y), mem_free(z), mem_free(p);
}

/* ---- products ------------------------------------------------------------------------------------- */
static float *noise(size_t n, uint64_t seed)
{
	struct rng r = rng_stream(seed, "t_speak.noise", 0);
	float *x = mem_alloc(n, sizeof *x);

	for (size_t i = 0; i < n; i++)
		x[i] = (float)rng_normal(&r);
	return x;
}

static const char *const kernels[] = { "plain", "avx2", "avx2+vnni", "avx512", NULL };
enum { KERNELS = sizeof kernels / sizeof *kernels };

static void products(void **state)
{
	static const int sizes[][3] = { { 1, 1, 1 }, { 9, 64, 1 }, { 13, 17, 2 }, { 8, 16, 4 }, { 31, 100, 7 },
	                                { 5, 300, 9 }, { 64, 48, 3 }, { 20, 1100, 5 } };

	(void)state;
	for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++) {
		int R = sizes[z][0], C = sizes[z][1], T = sizes[z][2];
		float *W = noise((size_t)R * C, 1), *X = noise((size_t)T * C, 2);
		float *fused = mem_alloc((size_t)R * T, 4), *Y = mem_alloc((size_t)R * T, 4);

		for (int k = 0; k < KERNELS; k++) {
			matvec_wish(kernels[k]);
			memset(Y, 0xFF, (size_t)R * T * 4);
			matvec(Y, (size_t)R, W, X, (size_t)C, 0, R, C, T);
			for (int t = 0; t < T; t++)
				for (int r = 0; r < R; r++) {
					double sum = 0, size = 0, y = Y[t * R + r];

					for (int c = 0; c < C; c++) {
						double p = (double)W[r * C + c] * X[t * C + c];

						sum += p;
						size += fabs(p);
					}
					CHECK_NEAR(y, sum, 1e-6 * size + 1e-30);
				}
			/* part by part and vector by vector, the same bits; and on all chips with FMA */
			for (int t = 0; t < T; t++) {
				float *y = mem_alloc((size_t)R, 4);

				matvec(y, (size_t)R, W, X + t * C, (size_t)C, 0, R / 3, C, 1);
				matvec(y, (size_t)R, W, X + t * C, (size_t)C, R / 3, R, C, 1);
				CHECK(!memcmp(y, Y + t * R, (size_t)R * 4));
				mem_free(y);
			}
			if (strcmp(matvec_name(), "plain") && fused[0] == 0)
				memcpy(fused, Y, (size_t)R * T * 4);
			else if (strcmp(matvec_name(), "plain"))
				CHECK(!memcmp(fused, Y, (size_t)R * T * 4));
		}
		mem_free(W), mem_free(X), mem_free(Y), mem_free(fused);
	}
	matvec_wish(NULL);
}

static void products_int8(void **state)
{
	static const int sizes[][3] = { { 1, 1, 1 }, { 9, 64, 1 }, { 13, 65, 2 }, { 8, 128, 4 }, { 31, 100, 7 },
	                                { 20, 1100, 5 } };

	(void)state;
	for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++) {
		int R = sizes[z][0], C = sizes[z][1], T = sizes[z][2], G = matq_groups(C);
		float *W = noise((size_t)R * C, 1), *X = noise((size_t)T * C, 2), *back = mem_alloc((size_t)C, 4);
		float *first = mem_alloc((size_t)R * T, 4), *Y = mem_alloc((size_t)R * T, 4);
		struct matq m = { R, C, G, mem_aligned((size_t)R * G * 64), mem_aligned((size_t)R * G * 4) };
		struct vecq v = { mem_aligned((size_t)T * G * 64), mem_aligned((size_t)T * G * 64),
		                  mem_aligned((size_t)T * G * 4) };

		W[0] = 0;
		matq_pack(&m, W, 0, R);
		for (int t = 0; t < T; t++)
			vecq_set(&v, t, X + t * C, C);
		for (int r = 0; r < R; r++) {	/* half a step of the group away, at most */
			matq_row(&m, r, back);
			for (int c = 0; c < C; c++)
				CHECK_NEAR(back[c], W[r * C + c], 0.5001 * m.scale[r * G + c / 64] + 1e-12);
		}
		for (int k = 0; k < KERNELS; k++) {
			matvec_wish(kernels[k]);
			matvec8(Y, (size_t)R, &m, &v, 0, R, T);
			for (int t = 0; t < T; t++)
				for (int r = 0; r < R; r++) {
					double sum = 0, size = 0;

					for (int c = 0; c < C; c++) {
						double p = (m.w[(size_t)r * G * 64 + c] - 128) * (double)m.scale[r * G + c / 64] *
						           v.q[(size_t)t * G * 64 + c] * v.scale[t * G + c / 64];

						sum += p;
						size += fabs(p);
					}
					CHECK_NEAR(Y[t * R + r], sum, 1e-6 * size + 1e-30);
				}
			if (k)
				CHECK(!memcmp(first, Y, (size_t)R * T * 4));	/* on every chip */
			else
				memcpy(first, Y, (size_t)R * T * 4);
		}
		matvec8(first, (size_t)R, &m, &v, 0, R / 2, T);
		matvec8(first, (size_t)R, &m, &v, R / 2, R, T);
		CHECK(!memcmp(first, Y, (size_t)R * T * 4));
		mem_free(W), mem_free(X), mem_free(Y), mem_free(first), mem_free(back);
		mem_free(m.w), mem_free(m.scale), mem_free(v.q), mem_free(v.fix), mem_free(v.scale);
	}
	matvec_wish(NULL);
}

/* ---- logits ------------------------------------------------------------------------------------------ */
static void against_definition(struct teller_shape s, double wide)
{
	struct model m;
	int T = s.context, V = s.vocab;
	uint32_t id[64];
	double *want = mem_alloc((size_t)T * V, sizeof *want), top = 0;

	make(&m, s, wide);
	ids_of(id, T, V, 1);
	plain(want, &m.w, id, T);
	for (int i = 0; i < T * V; i++)
		top = fabs(want[i]) > top ? fabs(want[i]) : top;
	for (int k = 0; k < KERNELS; k++) {
		matvec_wish(kernels[k]);
		struct speak *f = open_way(&m, SPEAK_F32, 0, 1), *b = open_way(&m, SPEAK_F32, 0, 1);

		CHECK(!speak_logits(f));
		for (int t = 0; t < T; t++) {
			speak_feed(f, &id[t], 1);
			CHECK_EQ(speak_length(f), (size_t)t + 1);
			for (int i = 0; i < V; i++)
				CHECK_NEAR(speak_logits(f)[i], want[(size_t)t * V + i], 2e-5 * top);
			/* as one block from the start: the same bits */
			speak_cut(b, 0);
			speak_feed(b, id, (size_t)t + 1);
			CHECK(!memcmp(speak_logits(f), speak_logits(b), (size_t)V * sizeof(float)));
		}
		speak_close(f), speak_close(b);
	}
	matvec_wish(NULL);
	mem_free(want);
	drop(&m);
}

static void logits(void **state)
{
	(void)state;
	against_definition(odd, 1);
	against_definition(odd, 3);
	against_definition((struct teller_shape){ 1, 8, 1, 1, 5, 3, 10000 }, 2);
	against_definition((struct teller_shape){ 3, 40, 1, 65, 70, 20, 500 }, 2);	/* a head of 40 */
	against_definition((struct teller_shape){ 1, 64, 32, 30, 33, 34, 10000 }, 2);	/* heads of 2 */
}

static void rows(void **state)
{
	struct model m;
	uint32_t id[20];

	(void)state;
	make(&m, small, 2);
	ids_of(id, 20, small.vocab, 2);
	for (int way = SPEAK_F32; way <= SPEAK_DRAFT; way++) {
		struct speak *s = open_way(&m, (enum speak_way)way, 0, 1), *one = open_way(&m, (enum speak_way)way, 0, 1);
		bool int8 = way == SPEAK_INT8;
		float *row;

		speak_feed(s, id, 7);
		speak_feed(one, id, 7);
		row = speak_read(s, id + 7, 9, int8);
		for (int t = 0; t < 9; t++) {
			speak_feed(one, &id[7 + t], 1);
			CHECK(!memcmp(row + t * small.vocab, speak_logits(one), (size_t)small.vocab * 4));
		}
		/* what is forgotten leaves no trace */
		speak_cut(s, 10);
		CHECK_EQ(speak_room(s), small.context - 10);
		speak_feed(s, id + 10, 6);
		CHECK(!memcmp(speak_logits(s), speak_logits(one), (size_t)small.vocab * 4));
		CHECK_EQ(speak_drafts(s), way == SPEAK_DRAFT);
		speak_close(s), speak_close(one);
	}
	drop(&m);
}

/* The best logits are those of the whole product, to the bit; what is left out is below them. */
static void screened(void **state)
{
	static const int wants[] = { 1, 2, 7, 40, 64 };
	struct model m;
	uint32_t id[40];
	size_t left_out = 0;

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		make(&m, small, kind == 1 ? 1 : 3);
		float *embed = params_w(&m.p, m.t.embed);
		size_t W = (size_t)small.width;

		for (size_t i = 0; i < m.p.t[m.t.embed].n; i++)
			if (kind == 2 && i / W % 7 == 0)
				embed[i] *= 30;			/* rows that stick out */
			else if (kind == 3)
				embed[i] = embed[i % (100 * W)];	/* the same rows again and again */
		ids_of(id, 40, small.vocab, 8);
		for (size_t k = 0; k < sizeof wants / sizeof *wants; k++) {
			struct speak *all = open_way(&m, SPEAK_F32, 0, 1), *few = open_way(&m, SPEAK_DRAFT, 0, 1);

			speak_want(few, wants[k]);
			for (int t = 0; t < 40; t++) {
				float *x, *y;
				int n = small.vocab;

				speak_feed(all, &id[t], 1), speak_feed(few, &id[t], 1);
				x = speak_logits(all), y = speak_logits(few);
				for (int i = 0; i < n; i++) {
					int better = 0;

					left_out += y[i] != x[i];
					if (y[i] == x[i])
						continue;
					for (int j = 0; j < n; j++)
						better += x[j] > x[i];
					CHECK(better >= wants[k] && y[i] < -1e37f);
				}
			}
			speak_close(all), speak_close(few);
		}
		drop(&m);
	}
	CHECK(left_out > 200000);		/* of 409,600 */
}

static void threads(void **state)
{
	struct teller_shape s = { 2, 128, 4, 600, 9000, 64, 10000 };	/* large enough for lanes */
	struct model m;
	uint32_t id[64];

	(void)state;
	make(&m, s, 2);
	ids_of(id, 64, s.vocab, 3);
	for (int way = SPEAK_F32; way <= SPEAK_INT8; way++) {
		struct speak *one = open_way(&m, (enum speak_way)way, 0, 1), *two = open_way(&m, (enum speak_way)way, 0, 2);
		struct speak *many = open_way(&m, (enum speak_way)way, 0, 5);

		speak_feed(one, id, 50), speak_feed(two, id, 50), speak_feed(many, id, 50);
		for (int t = 50; t < 60; t++) {
			speak_feed(one, &id[t], 1), speak_feed(two, &id[t], 1), speak_feed(many, &id[t], 1);
			CHECK(!memcmp(speak_logits(one), speak_logits(two), (size_t)s.vocab * 4));
			CHECK(!memcmp(speak_logits(one), speak_logits(many), (size_t)s.vocab * 4));
		}
		speak_close(one), speak_close(two), speak_close(many);
	}
	drop(&m);
}

/* A full window keeps its last half; however tokens come, the end is the same. */
static void window(void **state)
{
	struct model m;
	uint32_t id[200];

	(void)state;
	make(&m, small, 2);
	ids_of(id, 200, small.vocab, 4);
	for (int wide = 1; wide <= 11; wide += wide < 3 ? 1 : 4) {
		struct speak *step = open_way(&m, SPEAK_F32, wide, 1);

		for (int n = 1; n <= 60; n++) {
			struct speak *at_once = open_way(&m, SPEAK_F32, wide, 1), *fresh = open_way(&m, SPEAK_F32, 0, 1);
			size_t kept;

			speak_feed(step, &id[n - 1], 1);
			kept = speak_length(step);
			CHECK(kept <= (size_t)wide && (n > wide || kept == (size_t)n));
			speak_feed(at_once, id, (size_t)(n / 3));
			speak_feed(at_once, id + n / 3, (size_t)(n - n / 3));
			CHECK_EQ(speak_length(at_once), kept);
			CHECK(!memcmp(speak_logits(step), speak_logits(at_once), (size_t)small.vocab * 4));
			speak_feed(fresh, id + n - kept, kept);
			CHECK(!memcmp(speak_logits(step), speak_logits(fresh), (size_t)small.vocab * 4));
			speak_close(at_once), speak_close(fresh);
		}
		speak_close(step);
	}
	drop(&m);
}

static void int8_is_near(void **state)
{
	struct model m;
	struct speak *f, *q;
	uint32_t id[60];
	double off = 0, size = 0;

	(void)state;
	make(&m, small, 2);
	ids_of(id, 60, small.vocab, 5);
	f = open_way(&m, SPEAK_F32, 0, 1), q = open_way(&m, SPEAK_INT8, 0, 1);
	CHECK(speak_bytes(q) * 3 < speak_bytes(f));
	for (int t = 0; t < 60; t++) {
		speak_feed(f, &id[t], 1), speak_feed(q, &id[t], 1);
		for (int i = 0; i < small.vocab; i++) {
			off += pow(speak_logits(f)[i] - speak_logits(q)[i], 2);
			size += pow(speak_logits(f)[i], 2);
		}
	}
	CHECK(off > 0 && off < 0.002 * size);
	speak_close(f), speak_close(q);
	drop(&m);
}

/* ---- taste ---------------------------------------------------------------------------------------------- */
static uint32_t choose(struct speak_taste t, const float *x, int n, const uint32_t *before, size_t n_before,
                       uint64_t step)
{
	float y[64];
	struct speak_chooser *c = speak_chooser_open(&t, n);

	memcpy(y, x, (size_t)n * sizeof *y);
	uint32_t id = speak_choose(c, y, before, n_before, step);

	speak_chooser_close(c);
	return id;
}

static void taste(void **state)
{
	float x[40];
	uint32_t before[6] = { 7, 7, 3, 12, 7, 0 };
	struct rng r = rng_stream(9, "t_speak.taste", 0);

	(void)state;
	for (int round = 0; round < 200; round++) {
		uint32_t top = 0, id;
		struct speak_taste t = { 0.9, 0, 1, 1, 64, (uint64_t)round };

		for (int i = 0; i < 40; i++) {
			x[i] = (float)(2 * rng_normal(&r));
			top = x[i] > x[top] ? (uint32_t)i : top;
		}
		CHECK_EQ(choose(SPEAK_GREEDY, x, 40, NULL, 0, 0), top);
		id = choose(t, x, 40, NULL, 0, 3);
		CHECK_EQ(choose(t, x, 40, NULL, 0, 3), id);	/* seed and step decide */
		t.top_k = 40;
		CHECK_EQ(choose(t, x, 40, NULL, 0, 3), id);	/* all is all */
		t.top_k = 1;
		CHECK_EQ(choose(t, x, 40, NULL, 0, 3), top);
		t.top_k = 0, t.top_p = 1e-9;
		CHECK_EQ(choose(t, x, 40, NULL, 0, 3), top);
		t.top_p = 1, t.temperature = 1e-4;
		CHECK_EQ(choose(t, x, 40, NULL, 0, 3), top);
		/* a heavy penalty keeps the greatest from coming again */
		struct speak_taste p = { 0, 0, 1, 100, 6, 0 };

		x[7] = 99;
		CHECK_EQ(choose(p, x, 40, NULL, 0, 0), 7);
		CHECK(choose(p, x, 40, before, 6, 0) != 7);
		p.last = 1;			/* 7 is further back */
		CHECK_EQ(choose(p, x, 40, before, 6, 0), 7);
	}
	x[5] = x[8] = 200;
	CHECK_EQ(choose(SPEAK_GREEDY, x, 40, NULL, 0, 0), 5);		/* ties: the lower id */
	/* logits at the ends of float, and a penalty that would push them over */
	for (int i = 0; i < 40; i++)
		x[i] = i % 2 ? 3e38f : -3e38f;
	for (int k = 0; k < 3; k++) {
		struct speak_taste t = { k ? 1 : 1e-30, k == 2 ? 5 : 0, 0.9, 0.01, 6, 1 };

		CHECK(choose(t, x, 40, before, 6, 0) < 40);
		t.penalty = 100;
		CHECK(choose(t, x, 40, before, 6, 0) < 40);
	}
	CHECK(speak_taste_wrong(&(struct speak_taste){ -1, 0, 1, 1, 0, 0 }));
	CHECK(speak_taste_wrong(&(struct speak_taste){ NAN, 0, 1, 1, 0, 0 }));
	CHECK(speak_taste_wrong(&(struct speak_taste){ 1, -1, 1, 1, 0, 0 }));
	CHECK(speak_taste_wrong(&(struct speak_taste){ 1, 0, 0, 1, 0, 0 }));
	CHECK(speak_taste_wrong(&(struct speak_taste){ 1, 0, 1.5, 1, 0, 0 }));
	CHECK(speak_taste_wrong(&(struct speak_taste){ 1, 0, 1, 0, 0, 0 }));
	CHECK(!speak_taste_wrong(&SPEAK_GREEDY));
}

/* Draws follow the softmax of what the taste leaves. */
static void shares(struct speak_taste t)
{
	enum { V = 12, N = 20000 };
	const float x[V] = { 1, 2, 0.5f, -1, 3, 2.5f, 0, -2, 1.5f, 2.9f, -3, 0.1f };
	double want[V], sum = 0, all = 0, so_far = 0;
	int order[V], count[V] = { 0 }, left = t.top_k ? t.top_k : V;
	struct speak_chooser *c = speak_chooser_open(&t, V);

	for (int i = 0; i < V; i++) {
		int k = i;

		for (; k && x[order[k - 1]] < x[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (int i = 0; i < left; i++)
		all += exp(x[order[i]] / t.temperature);
	for (int i = 0; i < V; i++) {
		double p = exp(x[order[i]] / t.temperature);
		bool in = i < left && so_far < t.top_p * all;

		so_far += p;
		sum += want[order[i]] = in ? p : 0;
	}
	for (int n = 0; n < N; n++) {
		float y[V];

		memcpy(y, x, sizeof y);
		count[speak_choose(c, y, NULL, 0, (uint64_t)n)]++;
	}
	for (int i = 0; i < V; i++) {
		double p = want[i] / sum;

		CHECK_NEAR(count[i] / (double)N, p, 4.5 * sqrt(p * (1 - p) / N));
	}
	speak_chooser_close(c);
}

static void draws(void **state)
{
	(void)state;
	shares((struct speak_taste){ 1, 0, 1, 1, 0, 1 });
	shares((struct speak_taste){ 0.5, 0, 1, 1, 0, 2 });
	shares((struct speak_taste){ 2, 5, 1, 1, 0, 3 });
	shares((struct speak_taste){ 1, 0, 0.8, 1, 0, 4 });
	shares((struct speak_taste){ 1.5, 7, 0.7, 1, 0, 5 });
}

/* ---- saying --------------------------------------------------------------------------------------------- */
struct heard {
	uint32_t id[400];
	size_t n, enough;
};

static bool hear(void *ctx, uint32_t id)
{
	struct heard *h = ctx;

	h->id[h->n++] = id;
	return h->n != h->enough;
}

static struct heard say(const struct model *m, enum speak_way way, int wide, struct speak_order o, int n_prompt,
                        struct speak_sum *sum)
{
	struct speak *s = open_way(m, way, wide, 1);
	struct heard h = { .enough = 400 };
	struct err e = { 0 };
	uint32_t prompt[40];

	ids_of(prompt, n_prompt, m->w.s.vocab, 6);
	CHECK_EQ(speak_say(s, &o, prompt, (size_t)n_prompt, hear, &h, sum, &e), OK);
	CHECK_EQ(h.n, sum->said);
	speak_close(s);
	return h;
}

/* Drafts change nothing: greedy, drawn, penalised, past the end of the window, for any length. */
static void drafts(void **state)
{
	const struct speak_taste tastes[] = { SPEAK_GREEDY, { 0.8, 40, 0.95, 1, 0, 1 }, { 1, 0, 1, 1.3, 20, 2 },
	                                      { 1.5, 0, 0.9, 1, 0, 3 } };
	struct model m;

	(void)state;
	make(&m, small, 3);
	for (size_t i = 0; i < sizeof tastes / sizeof *tastes; i++)
		for (int wide = 1; wide <= 64; wide = wide < 4 ? wide + 1 : wide * 4)
			for (int n = 1; n < 40; n += 19) {
				struct speak_order o = { .taste = tastes[i], .length = 100 + (size_t)n };
				struct speak_sum a, b;
				struct heard f = say(&m, SPEAK_F32, wide, o, n, &a);
				struct heard d = say(&m, SPEAK_DRAFT, wide, o, n, &b);

				CHECK(f.n == o.length && d.n == f.n && !memcmp(f.id, d.id, f.n * sizeof *f.id));
				CHECK(a.drafted == 0 && b.kept <= b.drafted);
				CHECK(wide < 16 || b.drafted > 20);
			}
	drop(&m);
}

static void endings(void **state)
{
	struct model m;
	struct speak_sum sum;

	(void)state;
	make(&m, small, 3);
	for (int way = SPEAK_F32; way <= SPEAK_DRAFT; way++) {
		struct speak_order o = { .taste = SPEAK_GREEDY, .length = 30 };
		struct heard all = say(&m, (enum speak_way)way, 0, o, 3, &sum), part;

		CHECK(all.n == 30 && !sum.stopped);
		o.stop = &all.id[17], o.n_stop = 1;
		part = say(&m, (enum speak_way)way, 0, o, 3, &sum);
		CHECK(sum.stopped && part.n <= 17 && !memcmp(part.id, all.id, part.n * sizeof *part.id));
		o.n_stop = 0, o.length = 0;
		CHECK_EQ(say(&m, (enum speak_way)way, 0, o, 3, &sum).n, 0);
		for (o.length = 1; o.length < 12; o.length++)
			CHECK_EQ(say(&m, (enum speak_way)way, 0, o, 3, &sum).n, o.length);
	}
	drop(&m);
}

static void refusals(void **state)
{
	struct model m;
	struct speak *s = NULL;
	struct err e = { 0 };
	struct heard h = { .enough = 5 };
	struct speak_sum sum;
	struct speak_order o = { .taste = SPEAK_GREEDY, .length = 20 };
	uint32_t id[2] = { 1, (uint32_t)small.vocab };
	struct speak_weights huge = { .s = { 256, 16384, 1, 1, 300, 65536, 10000 } };

	(void)state;
	CHECK_EQ(speak_open(&s, &huge, &(struct speak_plan){ .way = SPEAK_F32 }, &e), ERR_LIMIT);
	err_clear(&e);
	huge.s.heads = 3;
	CHECK_EQ(speak_open(&s, &huge, &(struct speak_plan){ .way = SPEAK_F32 }, &e), ERR_USAGE);
	err_clear(&e);
	make(&m, small, 3);
	s = open_way(&m, SPEAK_DRAFT, 0, 1);
	CHECK_EQ(speak_say(s, &o, id, 0, hear, &h, &sum, &e), ERR_USAGE);
	err_clear(&e);
	CHECK_EQ(speak_say(s, &o, id, 2, hear, &h, &sum, &e), ERR_USAGE);
	err_clear(&e);
	o.taste.top_p = 2;
	CHECK_EQ(speak_say(s, &o, id, 1, hear, &h, &sum, &e), ERR_USAGE);
	err_clear(&e);
	o.taste.top_p = 1;
	CHECK_EQ(speak_say(s, &o, id, 1, hear, &h, &sum, &e), OK);
	CHECK_EQ(h.n, 5);			/* the listener had enough */
	speak_close(s);
	/* numbers that overflow are said to, not spoken */
	for (size_t i = 0; i < m.p.n; i++)
		m.p.w[i] *= 1e20f;
	s = open_way(&m, SPEAK_F32, 0, 1);
	CHECK_EQ(speak_say(s, &o, id, 1, hear, &h, &sum, &e), ERR_NUM);
	CHECK_EQ(sum.said, 0);
	speak_close(s);
	/* a tensor of another shape */
	struct teller_shape other = small;

	other.hidden++;
	err_clear(&e);
	CHECK_EQ(speak_weights_of(&m.w, &other, &m.p, &m.a, &e), ERR_FORMAT);
	other = small;
	other.layers++;
	err_clear(&e);
	CHECK_EQ(speak_weights_of(&m.w, &other, &m.p, &m.a, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "layer.2.att_norm"));
	drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products), cmocka_unit_test(products_int8), cmocka_unit_test(logits),
		cmocka_unit_test(rows), cmocka_unit_test(screened), cmocka_unit_test(threads), cmocka_unit_test(window),
		cmocka_unit_test(int8_is_near), cmocka_unit_test(taste), cmocka_unit_test(draws),
		cmocka_unit_test(drafts), cmocka_unit_test(endings), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
