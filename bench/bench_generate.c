/* bench_generate.c - tokens a second of a teller that speaks, one core: float32 step by step, float32
 * with int8 drafts, int8 alone; and the bytes a second each reads beside a plain reading of memory.
 *
 *   bench_generate                     two shapes with random weights
 *   bench_generate --write DIR         writes both as llama2.c's checkpoint (version 0) with a
 *                                      tokenizer whose piece of id 12 is "<12>": DIR/NAME.bin, .tok
 *   bench_generate --speak NAME WAY N  N greedy ids after id 1 by float32, draft or int8: the ids on
 *                                      standard output as "<12><7>…", tokens a second on standard error
 *   bench_generate --loss              what int8 loses: KL divergence and the share of equal choices
 *
 * bench/peers/llama2c.sh puts them beside llama2.c's own program. Weights are random: normal as at the
 * start of training, four times as wide, or the residual stream would echo the token that came in and
 * one id repeat itself for ever; so the ids wander, and drafts are as hard as random weights make them
 * (a trained model's choices are clearer). The embedding of id 1, where llama2.c's program stops, is so
 * small that its logit is never the greatest.
 */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "model/speak.h"
#include "num/matvec.h"

static const struct shape {
	const char *name;
	struct teller_shape s;
} shapes[] = {
	{ "w256", { 6, 256, 8, 704, 8192, 512, 10000 } },
	{ "stories15M", { 6, 288, 6, 768, 32000, 256, 10000 } },
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static const struct way {
	const char *name;
	enum speak_way way;
} ways[] = {
	{ "float32", SPEAK_F32 }, { "draft", SPEAK_DRAFT }, { "int8", SPEAK_INT8 },
};
enum { WAYS = sizeof ways / sizeof *ways };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct model {
	struct params p;
	struct teller_tensors t;
	struct speak_weights w;
	struct arena a;
};

static void widen(float *x, size_t n, float by)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= by;
}

static void make(struct model *m, const struct teller_shape *s)
{
	struct err e = { 0 };

	*m = (struct model){ .a = arena_open("bench") };
	teller_tensors_add(&m->t, &m->p, s);
	params_alloc(&m->p, 1);
	teller_tensors_init(&m->t, &m->p, 1);
	for (size_t i = 0; i < m->p.n_t; i++)
		if (m->p.t[i].n_dim == 2 && (int)i != m->t.embed)
			widen(params_w(&m->p, (int)i), m->p.t[i].n, 4);
	widen(params_w(&m->p, m->t.embed) + s->width, (size_t)s->width, 0.02f);
	must(!speak_weights_of(&m->w, s, &m->p, &m->a, &e));
}

static void drop(struct model *m)
{
	params_clear(&m->p);
	teller_tensors_clear(&m->t);
	arena_close(&m->a);
}

/* ---- for llama2.c ------------------------------------------------------------------------------ */
static void put(FILE *f, const void *p, size_t n)
{
	must(fwrite(p, 1, n, f) == n);
}

static void put_parts(FILE *f, const struct model *m, size_t layer_at, size_t from, size_t n)
{
	for (int l = 0; l < m->w.s.layers; l++) {
		const float *const *slot = (const float *const *)((const char *)&m->w.layer[l] + layer_at);

		put(f, *slot + from, n * sizeof(float));
	}
}

static void write_model(const struct model *m, const char *path)
{
	const struct teller_shape *s = &m->w.s;
	size_t W = (size_t)s->width, H = (size_t)s->hidden;
	const int32_t head[7] = { s->width, s->hidden, s->layers, s->heads, s->heads, s->vocab, s->context };
	FILE *f = fopen(path, "wb");
	float *none = mem_alloc((size_t)s->context * W / (size_t)s->heads, sizeof *none);

	must(f != NULL);
	put(f, head, sizeof head);
	put(f, m->w.embed, (size_t)s->vocab * W * sizeof(float));
	put_parts(f, m, offsetof(struct speak_layer, att_norm), 0, W);
	for (size_t i = 0; i < 3; i++)
		put_parts(f, m, offsetof(struct speak_layer, qkv), i * W * W, W * W);
	put_parts(f, m, offsetof(struct speak_layer, att_out), 0, W * W);
	put_parts(f, m, offsetof(struct speak_layer, ffn_norm), 0, W);
	put_parts(f, m, offsetof(struct speak_layer, gate_up), 0, H * W);
	put_parts(f, m, offsetof(struct speak_layer, down), 0, W * H);
	put_parts(f, m, offsetof(struct speak_layer, gate_up), H * W, H * W);
	put(f, m->w.norm, W * sizeof(float));
	put(f, none, (size_t)s->context * W / (size_t)s->heads * sizeof(float));	/* old tables of RoPE */
	mem_free(none);
	must(!fclose(f));
}

static void write_tokens(int vocab, const char *path)
{
	FILE *f = fopen(path, "wb");
	int32_t longest = 16;

	must(f != NULL);
	put(f, &longest, sizeof longest);
	for (int i = 0; i < vocab; i++) {
		char piece[16];
		float score = 0;
		int32_t n = snprintf(piece, sizeof piece, "<%d>", i);

		put(f, &score, sizeof score);
		put(f, &n, sizeof n);
		put(f, piece, (size_t)n);
	}
	must(!fclose(f));
}

static void write_all(const char *dir)
{
	char path[4096];

	for (int i = 0; i < SHAPES; i++) {
		struct model m;

		make(&m, &shapes[i].s);
		snprintf(path, sizeof path, "%s/%s.bin", dir, shapes[i].name);
		write_model(&m, path);
		snprintf(path, sizeof path, "%s/%s.tok", dir, shapes[i].name);
		write_tokens(shapes[i].s.vocab, path);
		drop(&m);
	}
}

/* ---- speaking ------------------------------------------------------------------------------------- */
static bool hear(void *ctx, uint32_t id)
{
	struct buf *b = ctx;

	if (b)
		buf_printf(b, "<%u>", id);
	return true;
}

/* Tokens a second of n greedy ids after id 1, without the opening of the model. */
static double speed(struct speak *s, int n, struct buf *out, struct speak_sum *sum)
{
	struct speak_order o = { .taste = SPEAK_GREEDY, .length = (size_t)n };
	struct err e = { 0 };
	uint32_t first = 1;
	double t;

	speak_cut(s, 0);
	t = now();
	must(!speak_say(s, &o, &first, 1, hear, out, sum, &e));
	return n / (now() - t);
}

static struct speak *open_way(const struct model *m, enum speak_way way)
{
	struct speak *s;
	struct err e = { 0 };

	must(!speak_open(&s, &m->w, &(struct speak_plan){ .way = way, .threads = 1 }, &e));
	return s;
}

static int speak_one(const char *name, const char *way, int n)
{
	struct buf b = { 0 };
	struct speak_sum sum;

	for (int i = 0; i < SHAPES; i++)
		for (int k = 0; k < WAYS; k++)
			if (!strcmp(name, shapes[i].name) && !strcmp(way, ways[k].name)) {
				struct model m;

				make(&m, &shapes[i].s);
				struct speak *s = open_way(&m, ways[k].way);

				fprintf(stderr, "achieved tok/s: %.1f\n", speed(s, n, &b, &sum));
				fwrite(b.p, 1, b.n, stdout);
				putchar('\n');
				buf_free(&b);
				speak_close(s);
				drop(&m);
				return 0;
			}
	fprintf(stderr, "no shape '%s' or way '%s'\n", name, way);
	return 2;
}

/* Bytes a second of reading a block as large as the weights. */
static double reading(size_t bytes)
{
	size_t n = bytes / 4 / 256 * 256;
	float *x = mem_aligned(n * 4), y[256], v[256] = { 0 };
	double best = 1e9;

	for (int i = 0; i < 20; i++) {
		double t = now();

		for (size_t at = 0; at < n; at += 256 * 256) {
			int rows = n - at < 256 * 256 ? (int)((n - at) / 256) : 256;

			matvec(y, 256, x + at, v, 256, 0, rows, 256, 1);
		}
		t = now() - t;
		best = t < best ? t : best;
	}
	mem_free(x);
	return (double)n * 4 / best;
}

static void show_all(void)
{
	printf("%s, one core; 255 greedy ids after one, fastest of 9 in turn\n", matvec_name());
	for (int i = 0; i < SHAPES; i++) {
		struct model m;
		struct speak *s[WAYS];
		struct speak_sum sum[WAYS];
		double best[WAYS] = { 0 };

		make(&m, &shapes[i].s);
		for (int k = 0; k < WAYS; k++)
			s[k] = open_way(&m, ways[k].way);
		for (int t = 0; t < 9; t++)
			for (int k = 0; k < WAYS; k++) {
				double v = speed(s[k], 255, NULL, &sum[k]);

				best[k] = v > best[k] ? v : best[k];
			}
		double top = reading(speak_bytes(s[0]));

		printf("%s: %.1f million numbers, memory read at %.1f GB/s\n", shapes[i].name,
		       (double)teller_params(&m.w.s) * 1e-6, top * 1e-9);
		for (int k = 0; k < WAYS; k++) {
			printf("  %-8s %7.0f tokens/s, %5.1f GB/s of weights", ways[k].name, best[k],
			       best[k] * (double)speak_bytes(s[k]) * 1e-9);
			if (sum[k].drafted)
				printf(", %.1f %% of %zu drafts kept", 100.0 * (double)sum[k].kept /
				       (double)sum[k].drafted, sum[k].drafted);
			putchar('\n');
			speak_close(s[k]);
		}
		drop(&m);
	}
}

/* ---- what int8 loses --------------------------------------------------------------------------------- */
static double log_sum(const float *x, int n)
{
	double top = x[0], sum = 0;

	for (int i = 1; i < n; i++)
		top = x[i] > top ? x[i] : top;
	for (int i = 0; i < n; i++)
		sum += exp(x[i] - top);
	return top + log(sum);
}

static void loss(void)
{
	for (int i = 0; i < SHAPES; i++) {
		struct model m;
		struct speak *f, *q;
		struct rng r = rng_stream(1, "bench.loss", 0);
		int V = shapes[i].s.vocab, N = 200, same = 0;
		double kl = 0;

		make(&m, &shapes[i].s);
		f = open_way(&m, SPEAK_F32), q = open_way(&m, SPEAK_INT8);
		for (int t = 0; t < N; t++) {
			uint32_t id = (uint32_t)rng_below(&r, (uint64_t)V);
			const float *a, *b;
			int am = 0, bm = 0;

			speak_feed(f, &id, 1), speak_feed(q, &id, 1);
			a = speak_logits(f), b = speak_logits(q);
			double la = log_sum(a, V), lb = log_sum(b, V);

			for (int k = 0; k < V; k++) {
				kl += exp(a[k] - la) * ((a[k] - la) - (b[k] - lb));
				am = a[k] > a[am] ? k : am;
				bm = b[k] > b[bm] ? k : bm;
			}
			same += am == bm;
		}
		printf("%s, random weights and ids: int8 is %.5f nats a token from float32 (KL), chooses the same "
		       "id %d times of %d\n", shapes[i].name, kl / N, same, N);
		speak_close(f), speak_close(q);
		drop(&m);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--write"))
		write_all(argv[2]);
	else if (argc == 5 && !strcmp(argv[1], "--speak"))
		return speak_one(argv[2], argv[3], atoi(argv[4]));
	else if (argc == 2 && !strcmp(argv[1], "--loss"))
		loss();
	else
		show_all();
	return 0;
}
