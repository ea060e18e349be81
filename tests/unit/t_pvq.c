/* t_pvq.c - codebooks, codes, and the exact search over them. */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "glyphs/codescan.h"
#include "glyphs/pvq.h"
#include "io/models/pvqfile.h"
#include "num/num.h"

enum { R = 2, D = 6, S = 3, N = 1500 };

/* Clustered vectors: 40 centres, with noise. */
static float *vectors(size_t n, uint64_t seed)
{
	struct rng r = rng_stream(seed, "t.pvq", 0), c = rng_stream(99, "t.pvq.centres", 0);
	float *z = mem_alloc(n * R * D, sizeof *z), centre[40][R * D];

	for (int i = 0; i < 40; i++)
		for (int d = 0; d < R * D; d++)
			centre[i][d] = (float)rng_normal(&c) * 3;
	for (size_t i = 0; i < n; i++) {
		size_t k = (size_t)rng_below(&r, 40);

		for (int d = 0; d < R * D; d++)
			z[i * R * D + (size_t)d] = centre[k][d] + (float)rng_normal(&r);
	}
	return z;
}

static double error_of(const struct pvq *q, const float *z, size_t n, int beam)
{
	uint8_t code[PVQ_BYTES_MAX];
	float back[R * D];
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		double said = pvq_encode(q, code, z + i * R * D, beam), got = 0;

		pvq_decode(q, back, code);
		for (int d = 0; d < R * D; d++)
			got += ((double)z[i * R * D + (size_t)d] - (double)back[d]) * ((double)z[i * R * D + (size_t)d] - (double)back[d]);
		CHECK_NEAR(said, got, 1e-3 * got + 1e-4);
		sum += got;
	}
	return sum / (double)n;
}

static void t_train(void **state)
{
	float *z = vectors(N, 1), *held = vectors(200, 2);
	double last = 1e9;

	(void)state;
	for (int stages = 1; stages <= S; stages++) {
		struct pvq few, many;
		double e;

		pvq_init(&few, R, D, stages);
		pvq_train(&few, z, N, 1, 7);
		pvq_init(&many, R, D, stages);
		pvq_train(&many, z, N, 12, 7);
		e = error_of(&many, z, N, 1);
		CHECK(e < error_of(&few, z, N, 1));		/* rounds help */
		CHECK(e < last * 0.8);				/* and stages */
		CHECK(error_of(&many, held, 200, 8) <= error_of(&many, held, 200, 1) * (1 + 1e-9));
		last = e;
		pvq_clear(&few);
		pvq_clear(&many);
	}
	mem_free(z), mem_free(held);
}

static void t_same_bits(void **state)
{
	float *z = vectors(N, 1);
	uint64_t hash[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pvq q;

		num_threads_set(i ? 4 : 1);
		pvq_init(&q, R, D, S);
		pvq_train(&q, z, N, 3, 7);
		pvq_follow(&q, z, N, 0.9, 7, 1);
		hash[i] = hash64(q.book, (size_t)R * S * 256 * D * sizeof(float), 0);
		pvq_clear(&q);
	}
	num_threads_set(0);
	CHECK(hash[0] == hash[1]);
	mem_free(z);
}

/* What is a sum of entries is found whole by a wide beam. */
static void t_exact(void **state)
{
	struct rng r = rng_stream(3, "t.pvq", 0);
	struct pvq q;
	int found = 0;

	(void)state;
	pvq_init(&q, R, D, 2);
	for (size_t i = 0; i < (size_t)R * 2 * 256 * D; i++)
		q.book[i] = (float)rng_normal(&r) * (i / (256 * D) % 2 ? 0.3f : 1);	/* the second stage is finer */
	pvq_norms(&q);
	for (int turn = 0; turn < 50; turn++) {
		uint8_t code[R * 2], got[R * 2];
		float z[R * D];

		for (int b = 0; b < R * 2; b++)
			code[b] = (uint8_t)rng_below(&r, 256);
		pvq_decode(&q, z, code);
		found += pvq_encode(&q, got, z, PVQ_BEAM_MAX) < 1e-6;
	}
	CHECK(found >= 45);
	pvq_clear(&q);
}

/* Entries far from all data are put to use; averages come near to what k-means reaches. */
static void t_follow(void **state)
{
	float *z = vectors(N, 1);
	struct pvq q, k;
	int revived = 0;

	(void)state;
	pvq_init(&k, R, D, 1);
	pvq_train(&k, z, N, 12, 7);
	pvq_init(&q, R, D, 1);
	pvq_train(&q, z, N, 0, 7);
	for (int v = 0; v < 128; v++)
		for (int d = 0; d < D; d++)
			q.book[v * D + d] = 1000;
	pvq_norms(&q);
	for (uint64_t s = 0; s < 80; s++)
		revived += pvq_follow(&q, z, N, 0.8, 7, s);
	CHECK(revived >= 128);
	CHECK(error_of(&q, z, N, 1) < 1.35 * error_of(&k, z, N, 1));
	pvq_clear(&q), pvq_clear(&k);
	mem_free(z);
}

static void t_commit(void **state)
{
	float z[4] = { 1, -2, 0.5f, 3 }, e[4] = { 0, 1, 0.5f, -1 }, dz[4] = { 0 };
	double base = pvq_commit(dz, z, e, 4, 0.25);

	(void)state;
	CHECK_NEAR(base, 0.25 * (1 + 9 + 0 + 16), 1e-6);
	for (int i = 0; i < 4; i++) {
		float none[4] = { 0 }, was = z[i];
		double up, down;

		z[i] = was + 1e-2f, up = pvq_commit(none, z, e, 4, 0.25);
		z[i] = was - 1e-2f, down = pvq_commit(none, z, e, 4, 0.25);
		z[i] = was;
		CHECK_NEAR((up - down) / 2e-2, dz[i], 1e-3);
	}
}

static void t_perplexity(void **state)
{
	uint8_t codes[256 * R * S];
	double p[R * S];
	struct pvq q;

	(void)state;
	pvq_init(&q, R, D, S);
	for (int i = 0; i < 256; i++)
		for (int b = 0; b < R * S; b++)
			codes[i * R * S + b] = (uint8_t)(b == 0 ? i : b == 1 ? 5 : i % 4);
	pvq_perplexity(&q, p, codes, 256);
	CHECK_NEAR(p[0], 256, 1e-6);
	CHECK_NEAR(p[1], 1, 1e-9);
	CHECK_NEAR(p[2], 4, 1e-9);
	pvq_clear(&q);
}

/* ---- the search ------------------------------------------------------------------------------------ */
/* The definition once more, by sorting everything. */
static int by_rank(const void *pa, const void *pb)
{
	const struct code_hit *a = pa, *b = pb;

	return a->score != b->score ? (a->score < b->score) - (a->score > b->score) : (a->id > b->id) - (a->id < b->id);
}

static void same_as_sorted(const uint8_t *codes, size_t n, int bytes, const float *table, size_t k)
{
	struct code_hit *all = mem_alloc(n + 1, sizeof *all), *got = mem_alloc(k + 1, sizeof *got);
	struct codescan s;
	size_t want = k < n ? k : n;

	for (size_t i = 0; i < n; i++) {
		float sum = 0;

		for (int b = 0; b < bytes; b++)
			sum += table[b * 256 + codes[i * (size_t)bytes + (size_t)b]];
		all[i] = (struct code_hit){ i, sum };
	}
	qsort(all, n, sizeof *all, by_rank);
	codescan_open(&s, codes, n, bytes);
	for (int threads = 1; threads <= 3; threads += 2) {
		num_threads_set(threads);
		CHECK_EQ(codescan_search(got, k, &s, table), want);
		for (size_t i = 0; i < want; i++)
			CHECK(got[i].id == all[i].id && got[i].score == all[i].score);
		CHECK_EQ(codescan_plain(got, k, &s, table), want);
		for (size_t i = 0; i < want; i++)
			CHECK(got[i].id == all[i].id && got[i].score == all[i].score);
	}
	num_threads_set(0);
	codescan_close(&s);
	mem_free(all), mem_free(got);
}

static void t_search(void **state)
{
	static const size_t size[] = { 0, 1, 63, 64, 65, 5000 };
	enum { BYTES = 24 };
	struct rng r = rng_stream(5, "t.scan", 0);
	uint8_t *codes = mem_alloc(5000, BYTES);
	float table[BYTES * 256];

	(void)state;
	for (int kind = 0; kind < 6; kind++) {
		for (size_t i = 0; i < 5000 * BYTES; i++)
			codes[i] = (uint8_t)rng_below(&r, kind == 1 ? 2 : 256);
		for (int i = 0; i < BYTES * 256; i++)
			table[i] = kind == 2 ? 0.25f : (float)rng_normal(&r);	/* 2: all are equal */
		if (kind == 3)
			table[256 * 3 + 7] = 1e9f;				/* one outlier */
		if (kind == 4)
			for (int i = 0; i < BYTES * 256; i++)
				table[i] *= i / 256 % 2 ? 1e-6f : 1e4f;		/* a huge spread */
		if (kind == 5)
			for (int i = 0; i < BYTES * 256; i++)
				table[i] = -1e6f + (float)(i % 3);		/* sums that round */
		for (size_t s = 0; s < sizeof size / sizeof *size; s++)
			for (size_t k = 1; k <= 100; k *= 10)
				same_as_sorted(codes, size[s], kind == 0 ? BYTES : 1 + (int)(s * 5) % BYTES, table, k);
	}
	mem_free(codes);
}

/* The table of a query scores codes by their inner product with it. */
static void t_table(void **state)
{
	float *z = vectors(N, 1), table[R * S * 256], back[R * D];
	uint8_t *codes = mem_alloc(N, R * S);
	struct code_hit hit[1];
	struct codescan s;
	struct pvq q;

	(void)state;
	pvq_init(&q, R, D, S);
	pvq_train(&q, z, N, 4, 1);
	pvq_encode_all(&q, codes, z, N, 4);
	codescan_open(&s, codes, N, R * S);
	for (size_t i = 0; i < 20; i++) {
		pvq_table(&q, table, z + i * R * D);
		CHECK_EQ(codescan_search(hit, 1, &s, table), 1);
		pvq_decode(&q, back, codes + hit[0].id * R * S);
		CHECK_NEAR(hit[0].score, num_dot(back, z + i * R * D, R * D), 1e-3);
	}
	codescan_close(&s);
	pvq_clear(&q);
	mem_free(z), mem_free(codes);
}

/* ---- the file ---------------------------------------------------------------------------------------- */
static void t_file(void **state)
{
	char path[] = "/tmp/t_pvq.XXXXXX";
	int fd = mkstemp(path);
	struct rng r = rng_stream(8, "t.pvq.file", 0);
	struct err e = { 0 };
	struct buf file = { 0 };
	struct pvq q, back;

	(void)state;
	pvq_init(&q, R, D, S);
	for (size_t i = 0; i < (size_t)R * S * 256 * D; i++)
		q.book[i] = (float)rng_normal(&r);
	CHECK_EQ(pvqfile_save(path, &q, &e), OK);
	CHECK_EQ(pvqfile_open(&back, path, &e), OK);
	CHECK(!memcmp(q.book, back.book, (size_t)R * S * 256 * D * 4));
	pvq_clear(&back);
	CHECK_EQ(file_read(&file, path, 1 << 24, &e), OK);
	for (size_t cut = 0; cut < file.n; cut = cut < 80 ? cut + 1 : cut * 2) {
		struct err x = { 0 };

		CHECK_EQ(pvqfile_read(&back, (struct str){ file.p, cut }, &x), ERR_FORMAT);
	}
	for (size_t i = 0; i < file.n; i = i < 70 ? i + 1 : i + 997) {
		struct err x = { 0 };

		if (i >= 40 && i < 64)
			continue;		/* padding of the header */
		file.p[i] ^= 0x41;
		CHECK_EQ(pvqfile_read(&back, buf_view(&file), &x), ERR_FORMAT);
		file.p[i] ^= 0x41;
	}
	buf_free(&file);
	pvq_clear(&q);
	close(fd), unlink(path);
}

static const char *program;

/* The same tests again with the plain scan alone. */
static void t_plain_scan(void **state)
{
	pid_t pid;
	int status = -1;

	(void)state;
	if (getenv("LTM_SCAN"))
		return;
	pid = fork();
	if (pid == 0) {
		setenv("LTM_SCAN", "plain", 1);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest scan[] = { cmocka_unit_test(t_search), cmocka_unit_test(t_table) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_train), cmocka_unit_test(t_same_bits), cmocka_unit_test(t_exact),
		cmocka_unit_test(t_follow), cmocka_unit_test(t_commit), cmocka_unit_test(t_perplexity),
		cmocka_unit_test(t_search), cmocka_unit_test(t_table), cmocka_unit_test(t_file),
		cmocka_unit_test(t_plain_scan),
	};

	program = argc > 0 ? argv[0] : "";
	if (getenv("LTM_SCAN"))
		return cmocka_run_group_tests_name("plain", scan, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
