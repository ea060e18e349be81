/* t_chains.c - hyperlexemes: what is mined, what is not, and how chains are laid. */
#include "check.h"
#include "words/hyper/chains.h"

struct stream { uint32_t *id; size_t n, cap; };

static void put(struct stream *s, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i < n; i++)
		VEC_PUSH(s->id, s->n, s->cap) = id[i];
}

enum { NOISE = 200 };	/* symbols 10..NOISE-1 fill the stream */

static void noise(struct stream *s, struct rng *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		VEC_PUSH(s->id, s->n, s->cap) = 10 + (uint32_t)rng_below(r, NOISE - 10);
}

/* 1 2 3 stand together 60 times; 4 5 always with a border between; 6 is everywhere, 7 before it
 * by chance; 8 9 stand together too seldom. */
static struct stream planted(void)
{
	struct stream s = { 0 };
	struct rng r = rng_stream(7, "chains", 0);

	for (int i = 0; i < 60; i++) {
		noise(&s, &r, 5 + rng_below(&r, 9));
		put(&s, (uint32_t[]){ 1, 2, 3 }, 3);
		noise(&s, &r, 3);
		put(&s, (uint32_t[]){ 4, 0, 5, 0 }, 4);
		noise(&s, &r, rng_below(&r, 9));
		for (int k = 0; k < 20; k++) {
			put(&s, (uint32_t[]){ 6 }, 1);
			noise(&s, &r, 1);
		}
		put(&s, (uint32_t[]){ 7, 6 }, 2);
		noise(&s, &r, 1);
		if (i < 5)
			put(&s, (uint32_t[]){ 8, 9 }, 2);
	}
	return s;
}

static struct chains mined(const struct stream *s, const struct chains_plan *p)
{
	struct chains c;
	struct err e = { 0 };

	CHECK_EQ(chains_mine(&c, s->id, s->n, NOISE, p, NULL, &e), OK);
	return c;
}

static void finds_what_is_planted(void **state)
{
	struct stream s = planted();
	struct chains c = mined(&s, &(struct chains_plan){ .min_sticky = 0.5f });

	(void)state;
	CHECK_EQ(c.n, 1);	/* neither 1 2 nor 2 3, nor 4 5 across a border, nor 7 6, nor 8 9 */
	CHECK_EQ(c.c[0].n, 3);
	CHECK_EQ(c.c[0].count, 60);
	CHECK(c.c[0].word[0] == 1 && c.c[0].word[1] == 2 && c.c[0].word[2] == 3);
	CHECK_NEAR(c.c[0].sticky, 1, 1e-6);
	chains_close(&c);
	mem_free(s.id);
}

static size_t undone(const struct chains *c, const uint32_t *in, size_t n, uint32_t symbols,
                     uint32_t *out)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		const struct chain *x = in[i] < symbols ? NULL : &c->c[in[i] - symbols];

		for (size_t k = 0; k < (x ? x->n : 1u); k++)
			out[m++] = x ? x->word[k] : in[i];
	}
	return m;
}

static void laying_counts_and_comes_back(void **state)
{
	struct stream s = planted();
	struct chains c = mined(&s, &(struct chains_plan){ .min_sticky = -1, .min_count = 3 });
	uint32_t *out = mem_alloc(s.n, sizeof *out), *back = mem_alloc(s.n, sizeof *back);
	uint32_t *uses = mem_alloc(c.n, sizeof *uses);
	size_t n = chains_apply(&c, s.id, s.n, NOISE, out), saved = 0;

	(void)state;
	CHECK(c.n > 20);
	for (size_t i = 0; i < n; i++)
		if (out[i] >= NOISE)
			uses[out[i] - NOISE]++;
	for (size_t i = 0; i < c.n; i++) {
		CHECK_EQ(uses[i], c.c[i].count);
		CHECK(uses[i] >= 3);
		CHECK(!i || c.c[i].saved <= c.c[i - 1].saved);
		saved += uses[i] * (c.c[i].n - 1u);
	}
	CHECK_EQ(n + saved, s.n);
	CHECK_EQ(undone(&c, out, n, NOISE, back), s.n);
	CHECK(!memcmp(back, s.id, s.n * sizeof *back));
	mem_free(out);
	mem_free(back);
	mem_free(uses);
	chains_close(&c);
	mem_free(s.id);
}

/* The fewest symbols, against every way there is. */
static size_t fewest(const struct chains *c, const uint32_t *s, size_t n)
{
	size_t best;

	if (!n)
		return 0;
	best = 1 + fewest(c, s + 1, n - 1);
	for (size_t i = 0; i < c->n; i++) {
		size_t m = c->c[i].n, way;

		if (m > n || memcmp(c->c[i].word, s, m * sizeof *s))
			continue;
		way = 1 + fewest(c, s + m, n - m);
		best = way < best ? way : best;
	}
	return best;
}

static void laying_is_the_shortest(void **state)
{
	struct rng r = rng_stream(3, "shortest", 0);
	struct stream s = { 0 };
	uint32_t out[16];

	(void)state;
	for (int i = 0; i < 4000; i++)		/* three symbols: everything overlaps */
		VEC_PUSH(s.id, s.n, s.cap) = (uint32_t)rng_below(&r, 12) ? 1 + (uint32_t)rng_below(&r, 3) : 0;
	struct chains c = mined(&s, &(struct chains_plan){ .min_sticky = -1, .limit = 40 });

	CHECK(c.n > 5 && c.n <= 40);
	for (int i = 0; i < 300; i++) {
		uint32_t t[16];
		size_t n = 1 + rng_below(&r, 14);

		for (size_t k = 0; k < n; k++)
			t[k] = 1 + (uint32_t)rng_below(&r, 3);
		CHECK_EQ(chains_apply(&c, t, n, NOISE, out), fewest(&c, t, n));
	}
	chains_close(&c);
	mem_free(s.id);
}

static void same_stream_same_chains(void **state)
{
	struct stream s = planted();
	struct chains_plan p = { .limit = 50, .min_count = 3, .min_sticky = -1 };
	struct chains a = mined(&s, &p), b = mined(&s, &p);

	(void)state;
	CHECK_EQ(a.n, 50);
	CHECK_EQ(a.n, b.n);
	for (size_t i = 0; i < a.n; i++)
		CHECK(!memcmp(&a.c[i].word, &b.c[i].word, sizeof a.c[i].word) &&
		      a.c[i].count == b.c[i].count && a.c[i].sticky == b.c[i].sticky);
	chains_close(&a);
	chains_close(&b);
	mem_free(s.id);
}

static void empty_and_stopped(void **state)
{
	struct stream s = planted();
	struct err e = { 0 };
	struct chains c;
	const volatile int stop = 1;
	struct watch w = { .stop = &stop };
	uint32_t none[1] = { 0 }, out[1];

	(void)state;
	CHECK_EQ(chains_mine(&c, none, 0, 1, NULL, NULL, &e), OK);
	CHECK_EQ(c.n, 0);
	CHECK_EQ(chains_apply(&c, none, 1, 1, out), 1);
	chains_close(&c);
	CHECK_EQ(chains_mine(&c, s.id, s.n, NOISE, NULL, &w, &e), ERR_STOP);
	mem_free(s.id);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(finds_what_is_planted), cmocka_unit_test(laying_counts_and_comes_back),
		cmocka_unit_test(laying_is_the_shortest), cmocka_unit_test(same_stream_same_chains),
		cmocka_unit_test(empty_and_stopped),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
