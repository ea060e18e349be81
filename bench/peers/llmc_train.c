/* llmc_train.c - drives llm.c's CPU trainer on the shape of bench_train: forward, back, update.
 *
 * Put beside llm.c's train_gpt2.c as test_gpt2.c, so that its own Makefile builds it with its own
 * flags (bench/peers/train.sh does). Usage: test_gpt2 STEPS; prints tokens/s of the fastest step.
 */
#define TESTING
#include "train_gpt2.c"

enum { LAYERS = 6, WIDTH = 256, HEADS = 8, VOCAB = 8192, CONTEXT = 256, ROWS = 16 };

static void write_model(const char *path)
{
	int header[256] = { 20240326, 3, CONTEXT, VOCAB, LAYERS, HEADS, WIDTH, VOCAB };
	GPT2Config c = { CONTEXT, VOCAB, VOCAB, LAYERS, HEADS, WIDTH };
	size_t size[NUM_PARAMETER_TENSORS], n = 0;
	FILE *f = fopenCheck(path, "wb");
	unsigned x = 1;

	fill_in_parameter_sizes(size, c);
	for (int i = 0; i < NUM_PARAMETER_TENSORS; i++)
		n += size[i];
	fwrite(header, sizeof(int), 256, f);
	for (size_t i = 0; i < n; i++) {
		float v;

		x = x * 1664525u + 1013904223u;
		v = ((float)(x >> 8) / 8388608.0f - 1.0f) * 0.04f;
		fwrite(&v, sizeof v, 1, f);
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	static int in[ROWS * CONTEXT], out[ROWS * CONTEXT];
	int steps = argc > 1 ? atoi(argv[1]) : 3;
	double best = 1e9;
	GPT2 m;

	write_model("bench_model.bin");
	gpt2_build_from_checkpoint(&m, "bench_model.bin");
	for (int i = 0; i < ROWS * CONTEXT; i++) {
		in[i] = i * 7919 % VOCAB;
		out[i] = (i + 1) * 7919 % VOCAB;
	}
	for (int s = 0; s <= steps; s++) {	/* the first one allocates: not counted */
		struct timespec a, b;
		double t;

		clock_gettime(CLOCK_MONOTONIC, &a);
		gpt2_forward(&m, in, out, ROWS, CONTEXT);
		gpt2_zero_grad(&m);
		gpt2_backward(&m);
		gpt2_update(&m, 1e-4f, 0.9f, 0.999f, 1e-8f, 0.0f, s + 1);
		clock_gettime(CLOCK_MONOTONIC, &b);
		t = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
		if (s > 0 && t < best)
			best = t;
	}
	printf("tokens_per_second=%.1f\n", ROWS * CONTEXT / best);
	return 0;
}
