/* t_mm.c - products in bf16: each kernel of this chip against the definition, packing against its
 * formula, rounding, and that nothing outside the arrays is read or written.
 *
 * The choice of kernel is made once a process, so the other kernels run in children of this
 * program: LTM_MM says which.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "num/mm/mm.h"

enum { GUARD = 64, MARK = 0x7FC1 };	/* a NaN: it shows wherever it leaks in */

/* Numbers with a guard of NaN on either side. */
static bf16 *guarded(size_t n, struct rng *r)
{
	bf16 *p = mem_aligned((n + 2 * GUARD) * sizeof *p);

	for (size_t i = 0; i < n + 2 * GUARD; i++)
		p[i] = i < GUARD || i >= n + GUARD ? MARK : bf16_down((float)rng_normal(r));
	return p;
}

/* A [M][K] in rows of lda; what lies between rows is NaN too. */
static bf16 *rows_of(int M, int K, int lda, struct rng *r)
{
	bf16 *p = guarded((size_t)M * (size_t)lda, r);

	for (int m = 0; m < M; m++)
		for (int k = K; k < lda; k++)
			p[GUARD + (size_t)m * lda + k] = MARK;
	return p;
}

static float at(const void *C, enum num_type t, size_t i)
{
	return t == NUM_BF16 ? bf16_up(((const bf16 *)C)[i]) : ((const float *)C)[i];
}

static void compare(int M, int N, int K, int gap, bool add, enum num_type t, struct rng *r)
{
	int lda = K + gap, ldb = N + gap, ldc = N + gap;
	bf16 *A = rows_of(M, K, lda, r), *B = rows_of(K, N, ldb, r), *P = mem_aligned(mm_packed(K, N) * 2 + 64);
	size_t n = (size_t)M * (size_t)ldc;
	bf16 *got = guarded(2 * n, r), *want = mem_aligned((2 * n + 2 * GUARD) * sizeof *want);
	double top = sqrt((double)K) * (t == NUM_BF16 ? 0.02 : 1e-4) + 1e-3;

	memcpy(want, got, (2 * n + 2 * GUARD) * sizeof *want);
	mm_pack(P, B + GUARD, NUM_BF16, ldb, false, K, N);
	mm_run(M, N, K, A + GUARD, lda, P, add, got + GUARD, t, ldc);
	mm_plain(M, N, K, A + GUARD, lda, P, add, want + GUARD, t, ldc);
	for (int m = 0; m < M; m++)
		for (int i = 0; i < N; i++) {
			size_t k = (size_t)m * ldc + i;
			float a = at(got + GUARD, t, k), b = at(want + GUARD, t, k);

			if (!(fabs((double)a - (double)b) <= top) && !(isnan(a) && isnan(b) && add)) {
				print_error("%s M %d N %d K %d gap %d add %d type %d: [%d][%d] %g, not %g\n", mm_name(), M, N,
				            K, gap, add, t, m, i, (double)a, (double)b);
				CHECK(0);
			}
		}
	/* What is not C's stays as it was: the guards, and the gaps between rows. */
	CHECK(!memcmp(got, want, GUARD * 2));
	for (size_t m = 0; m < (size_t)M; m++)
		CHECK(!memcmp((char *)(got + GUARD) + (m * ldc + (size_t)N) * num_size(t),
		              (char *)(want + GUARD) + (m * ldc + (size_t)N) * num_size(t), (size_t)gap * num_size(t)));
	mem_free(A), mem_free(B), mem_free(P), mem_free(got), mem_free(want);
}

static void t_run(void **state)
{
	static const int shape[][3] = { { 1, 1, 1 }, { 1, 33, 2 }, { 31, 1, 33 }, { 32, 32, 32 }, { 33, 65, 31 },
		{ 64, 64, 64 }, { 65, 31, 257 }, { 96, 300, 70 }, { 13, 40, 1100 }, { 40, 270, 2080 },
		{ 64, 32, 256 }, { 12, 64, 7 } };
	struct rng r = rng_stream(1, "t.mm", 0);

	(void)state;
	for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
		for (int flags = 0; flags < 8; flags++)
			compare(shape[s][0], shape[s][1], shape[s][2], flags & 1 ? 3 : 0, flags & 2, flags & 4 ? NUM_BF16 : NUM_F32,
			        &r);
}

/* packed[n/32][k/2][n%32][k%2], zeros beyond, from both types and both ways. */
static void t_pack(void **state)
{
	static const int shape[][2] = { { 1, 1 }, { 2, 32 }, { 33, 31 }, { 64, 64 }, { 70, 100 } };
	struct rng r = rng_stream(2, "t.mm", 0);

	(void)state;
	for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
		for (int flags = 0; flags < 4; flags++) {
			int K = shape[s][0], N = shape[s][1], rows = (K + 31) / 32 * 32, trans = flags & 1;
			int ld = (trans ? K : N) + 5;
			size_t n = (size_t)(trans ? N : K) * (size_t)ld, all = mm_packed(K, N);
			bf16 *B = rows_of(trans ? N : K, trans ? K : N, ld, &r), *P = mem_aligned(all * 2);
			float *F = mem_alloc(n, sizeof *F);

			bf16_up_n(F, B + GUARD, n);
			memset(P, 0xFF, all * 2);
			mm_pack(P, flags & 2 ? (void *)F : (void *)(B + GUARD), flags & 2 ? NUM_F32 : NUM_BF16, ld, trans, K, N);
			for (int p = 0; p < (N + 31) / 32 * 32; p++)
				for (int k = 0; k < rows; k++) {
					size_t at_p = (size_t)(p / 32) * (size_t)rows * 32 + (size_t)(k / 2) * 64 +
					              (size_t)(p % 32) * 2 + (size_t)(k % 2);
					size_t at_b = GUARD + (trans ? (size_t)p * ld + k : (size_t)k * ld + p);

					CHECK_EQ(P[at_p], p < N && k < K ? B[at_b] : 0);
				}
			mem_free(B), mem_free(P), mem_free(F);
		}
}

static void t_transpose(void **state)
{
	static const int shape[][2] = { { 1, 1 }, { 32, 32 }, { 33, 65 }, { 100, 31 }, { 64, 96 } };
	struct rng r = rng_stream(3, "t.mm", 0);

	(void)state;
	for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
		int R = shape[s][0], C = shape[s][1], ldf = C + 7, ldt = R + 3;
		bf16 *from = rows_of(R, C, ldf, &r), *to = guarded((size_t)C * ldt, &r);

		mm_transpose(to + GUARD, ldt, from + GUARD, ldf, R, C);
		for (int i = 0; i < R; i++)
			for (int j = 0; j < C; j++)
				CHECK_EQ(to[GUARD + (size_t)j * ldt + i], from[GUARD + (size_t)i * ldf + j]);
		for (int i = 0; i < GUARD; i++)
			CHECK(to[i] == MARK && to[GUARD + (size_t)C * ldt + i] == MARK);
		mem_free(from), mem_free(to);
	}
}

static void t_outer(void **state)
{
	static const int shape[][3] = { { 1, 1, 1 }, { 31, 33, 65 }, { 64, 32, 96 }, { 600, 40, 70 } };
	struct rng r = rng_stream(4, "t.mm", 0);

	(void)state;
	for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
		int N = shape[s][0], O = shape[s][1], I = shape[s][2];
		bf16 *dy = rows_of(N, O, O + 2, &r), *x = rows_of(N, I, I, &r);
		bf16 *scratch = mem_aligned(mm_outer_scratch(N, O, I) * 2);
		float *dW = mem_aligned((size_t)O * (size_t)I * 4);

		for (int i = 0; i < O * I; i++)
			dW[i] = (float)i;
		mm_outer(dW, I, dy + GUARD, O + 2, x + GUARD, I, N, O, I, scratch);
		for (int o = 0; o < O; o++)
			for (int i = 0; i < I; i++) {
				double sum = o * I + i;

				for (int n = 0; n < N; n++)
					sum += (double)bf16_up(dy[GUARD + n * (O + 2) + o]) * (double)bf16_up(x[GUARD + n * I + i]);
				CHECK_NEAR(dW[o * I + i], sum, 1e-3 + 1e-6 * fabs(sum));
			}
		mem_free(dy), mem_free(x), mem_free(scratch), mem_free(dW);
	}
}

static void t_rounding(void **state)
{
	static const struct { uint32_t from; bf16 to; } c[] = {
		{ 0x3F800000, 0x3F80 }, { 0x3F808000, 0x3F80 }, { 0x3F808001, 0x3F81 }, { 0x3F818000, 0x3F82 },
		{ 0x3F817FFF, 0x3F81 }, { 0x7F800000, 0x7F80 }, { 0xFF800000, 0xFF80 }, { 0x7F7FFFFF, 0x7F80 },
		{ 0x80000000, 0x8000 }, { 0x00000001, 0x0000 }, { 0x00018000, 0x0002 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		float f;
		bf16 one;

		memcpy(&f, &c[i].from, 4);
		CHECK_EQ(bf16_down(f), c[i].to);
		bf16_down_n(&one, &f, 1);
		CHECK_EQ(one, c[i].to);
	}
	CHECK(isnan(bf16_up(bf16_down(NAN))));
	for (uint32_t u = 0; u < 0x10000; u++)
		if (!isnan(bf16_up((bf16)u)))
			CHECK_EQ(bf16_down(bf16_up((bf16)u)), u);
}

/* Two products of the same numbers give the same bits, wherever the arrays lie. */
static void t_same(void **state)
{
	struct rng r = rng_stream(5, "t.mm", 0);
	bf16 *A = guarded(70 * 100 + 7, &r), *P = mem_aligned(mm_packed(100, 90) * 2), *B = guarded(100 * 90, &r);
	float *c1 = mem_aligned(70 * 90 * 4), *c2 = mem_aligned(70 * 90 * 4 + 64);

	(void)state;
	mm_pack(P, B + GUARD, NUM_BF16, 90, false, 100, 90);
	mm_run(70, 90, 100, A + GUARD, 100, P, false, c1, NUM_F32, 90);
	memmove(A + GUARD + 7, A + GUARD, 70 * 100 * 2);
	mm_run(70, 90, 100, A + GUARD + 7, 100, P, false, c2 + 3, NUM_F32, 90);
	CHECK(!memcmp(c1, c2 + 3, 70 * 90 * 4));
	mem_free(A), mem_free(P), mem_free(B), mem_free(c1), mem_free(c2);
}

static const char *program;

static void t_other_kernels(void **state)
{
	static const char *const name[] = { "plain", "avx512" };

	(void)state;
	if (getenv("LTM_MM"))
		return;
	for (size_t i = 0; i < 2; i++) {
		pid_t pid = fork();
		int status = -1;

		if (pid == 0) {
			setenv("LTM_MM", name[i], 1);
			execl(program, program, (char *)NULL);
			_exit(127);
		}
		CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
		CHECK_EQ(status, 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_run), cmocka_unit_test(t_pack), cmocka_unit_test(t_transpose),
		cmocka_unit_test(t_outer), cmocka_unit_test(t_rounding), cmocka_unit_test(t_same),
		cmocka_unit_test(t_other_kernels),
	};

	program = argc > 0 ? argv[0] : "";
	return cmocka_run_group_tests_name(getenv("LTM_MM") ? getenv("LTM_MM") : "tests", tests, NULL, NULL);
}
