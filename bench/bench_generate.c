/* bench_generate.c - tokens a second of a teller that speaks, one core: float32 step by step, float32
 * with int8 drafts, int8 alone; and the bytes a second each reads beside a plain reading of memory.
 *
 *   bench_generate [MODEL...]          two shapes with random weights, and folders of tellers
 *   bench_generate --write DIR MODEL   writes a model as llama2.c's checkpoint (version 0) with a
 *                                      tokenizer whose piece of id 12 is "<12>": DIR/model.bin, .tok
 *   bench_generate --speak MODEL WAY N T   N ids after id 1 by float32, draft or int8, at temperature T
 *                                      (0: greedy) with top-p 0.95: "<12><7>…" on standard output,
 *                                      tokens a second on standard error
 *   bench_generate --loss MODEL IDS    nats a token of a stream of ids (ltm tokens encode -o), by float32
 *                                      and by int8
 *
 * MODEL is a folder, or the name of a shape: w256, stories15M. bench/peers/llama2c.sh puts them beside
 * llama2.c's own program. Weights of a shape are random: normal as at the start of training, four times
 * as wide, or the residual stream would echo the token that came in and one id repeat itself for ever;
 * so the ids wander, and drafts are as hard as random weights make them (a trained model's choices are
 * clearer). The embedding of id 1, where llama2.c's program stops, is so small that its logit is never
 * the greatest.
 */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "io/models/tellerfile.h"
#include "num/mm/matvec.h"

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
	const char *name;
	struct params p;		/* of a shape */
	struct teller_tensors t;
	struct tellerfile f;		/* of a folder */
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

	teller_tensors_add(&m->t, &m->p, s);
	params_alloc(&m->p, 1);
	teller_tensors_init(&m->t, &m->p, 1);
	params_init(&m->p, m->t.embed, 2 / sqrt((double)s->width), 1);
	for (size_t i = 0; i < m->p.n_t; i++)
		if (m->p.t[i].n_dim == 2 && (int)i != m->t.embed)
			widen(params_w(&m->p, (int)i), m->p.t[i].n, 4);
	widen(params_w(&m->p, m->t.embed) + s->width, (size_t)s->width, 0.02f);
	must(!speak_weights_of(&m->w, s, &m->p, &m->a, &e));
}

/* A shape by its name, or a folder; the program ends when it is neither. */
static void take(struct model *m, const char *name)
{
	struct err e = { 0 };

	*m = (struct model){ .name = name, .a = arena_open("bench") };
	for (int i = 0; i < SHAPES; i++)
		if (!strcmp(name, shapes[i].name)) {
			make(m, &shapes[i].s);
			return;
		}
	if (tellerfile_open(&m->f, name, NULL, &e)) {
		fprintf(stderr, "bench_generate: %s\n", e.msg);
		exit(e.code);
	}
	m->w = m->f.w;
}

static void drop(struct model *m)
{
	if (m->p.n_t) {
		params_clear(&m->p);
		teller_tensors_clear(&m->t);
	} else {
		tellerfile_close(&m->f);
	}
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

static void write_one(const char *dir, const char *name)
{
	char path[4096];
	struct model m;

	take(&m, name);
	snprintf(path, sizeof path, "%s/model.bin", dir);
	write_model(&m, path);
	snprintf(path, sizeof path, "%s/model.tok", dir);
	write_tokens(m.w.s.vocab, path);
	drop(&m);
}

/* ---- speaking ------------------------------------------------------------------------------------- */
static bool hear(void *ctx, uint32_t id)
{
	struct buf *b = ctx;

	if (b)
		buf_printf(b, "<%u>", id);
	return true;
}

/* Tokens a second of n ids after id 1, without the opening of the model. */
static double speed(struct speak *s, int n, double temperature, struct buf *out, struct speak_sum *sum)
{
	struct speak_order o = { .taste = SPEAK_GREEDY, .length = (size_t)n };
	struct err e = { 0 };
	uint32_t first = 1;
	double t;

	o.taste.temperature = temperature;
	o.taste.top_p = temperature > 0 ? 0.95 : 1;
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

static int speak_one(const char *name, const char *way, int n, double temperature)
{
	struct buf b = { 0 };
	struct speak_sum sum;
	struct model m;
	int k = 0;

	while (k < WAYS && strcmp(way, ways[k].name))
		k++;
	if (k == WAYS)
		return fprintf(stderr, "no way '%s': float32, draft, int8\n", way), 2;
	take(&m, name);
	struct speak *s = open_way(&m, ways[k].way);

	fprintf(stderr, "achieved tok/s: %.1f\n", speed(s, n, temperature, &b, &sum));
	if (sum.drafted)
		fprintf(stderr, "drafts kept: %zu of %zu\n", sum.kept, sum.drafted);
	fwrite(b.p, 1, b.n, stdout);
	putchar('\n');
	buf_free(&b);
	speak_close(s);
	drop(&m);
	return 0;
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

static void show(const char *name)
{
	struct model m;
	struct speak *s[WAYS];
	struct speak_sum sum[WAYS];
	double best[WAYS] = { 0 };
	int n = 255;

	take(&m, name);
	n = n < m.w.s.context ? n : m.w.s.context - 1;
	for (int k = 0; k < WAYS; k++)
		s[k] = open_way(&m, ways[k].way);
	for (int t = 0; t < 9; t++)
		for (int k = 0; k < WAYS; k++) {
			double v = speed(s[k], n, 0, NULL, &sum[k]);

			best[k] = v > best[k] ? v : best[k];
		}
	double top = reading(speak_bytes(s[0]));

	printf("%s: %.1f million numbers, memory read at %.1f GB/s; %d greedy ids, fastest of 9\n", name,
	       (double)teller_params(&m.w.s) * 1e-6, top * 1e-9, n);
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

/* ---- what int8 loses -------------------------------------------------------------------------- */
static double log_sum(const float *x, int n)
{
	double top = x[0], sum = 0;

	for (int i = 1; i < n; i++)
		top = x[i] > top ? x[i] : top;
	for (int i = 0; i < n; i++)
		sum += exp(x[i] - top);
	return top + log(sum);
}

/* Stretches as long as half the context, a token at a time, up to 20,000 tokens in all; differences of
 * the two are paired, so their mean is far surer than either. */
static int loss(const char *name, const char *path)
{
	struct model m;
	struct str bytes;
	struct idstream ids;
	struct err e = { 0 };
	struct speak *f, *q;
	double a = 0, d = 0, d2 = 0;
	size_t n = 0, same = 0, T;

	take(&m, name);
	if (file_map(&bytes, path, &e) || idstream_read(&ids, bytes, &e))
		return fprintf(stderr, "bench_generate: %s\n", e.msg), 3;
	T = (size_t)m.w.s.context / 2;
	f = open_way(&m, SPEAK_F32), q = open_way(&m, SPEAK_INT8);
	for (size_t at = 0; at + T + 1 < ids.ids.n && n < 20000; at += ids.ids.n / (20000 / T + 1)) {
		speak_cut(f, 0), speak_cut(q, 0);
		for (size_t t = at; t < at + T; t++, n++) {
			uint32_t truth = ids.ids.id[t + 1];
			const float *x, *y;
			int am = 0, bm = 0;

			speak_feed(f, &ids.ids.id[t], 1), speak_feed(q, &ids.ids.id[t], 1);
			x = speak_logits(f), y = speak_logits(q);
			double na = log_sum(x, m.w.s.vocab) - x[truth], nb = log_sum(y, m.w.s.vocab) - y[truth];

			a += na, d += nb - na, d2 += (nb - na) * (nb - na);
			for (int k = 0; k < m.w.s.vocab; k++) {
				am = x[k] > x[am] ? k : am;
				bm = y[k] > y[bm] ? k : bm;
			}
			same += am == bm;
		}
	}
	d /= (double)n;
	printf("%s on %zu tokens of %s: float32 %.4f nats a token, int8 %+.5f (standard error %.5f); the same "
	       "likeliest id %.2f %%\n", name, n, path, a / (double)n, d,
	       sqrt((d2 / (double)n - d * d) / (double)n), 100.0 * (double)same / (double)n);
	speak_close(f), speak_close(q);
	idstream_clear(&ids);
	file_unmap(&bytes);
	drop(&m);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--write"))
		write_one(argv[2], argv[3]);
	else if (argc == 6 && !strcmp(argv[1], "--speak"))
		return speak_one(argv[2], argv[3], atoi(argv[4]), atof(argv[5]));
	else if (argc == 4 && !strcmp(argv[1], "--loss"))
		return loss(argv[2], argv[3]);
	else {
		printf("%s, one core\n", matvec_name());
		for (int i = 0; i < SHAPES; i++)
			show(shapes[i].name);
		for (int i = 1; i < argc; i++)
			show(argv[i]);
	}
	return 0;
}
