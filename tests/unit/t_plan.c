/* t_plan.c - plans: rows against a calculation by hand, bounds of what may be wished, the same
 * inputs the same bytes, where ratios come from.
 */
#include "check.h"

#include <unistd.h>

#include "app/plan/plan.h"
#include "io/scenes/json.h"

/* A library whose numbers are easy: 2 bytes and 1/5 word a character, 1,000 characters a scene. */
static struct plan easy(void)
{
	struct plan p = { .basis = { .books = 10, .chars = 1e6, .bytes = 2e6, .words = 2e5, .scenes = 1000,
		.store_bytes = 5e5, .per1000 = { 1000, 500, 300, 250, 200, 50, 8, 1 }, .bits_text = 2, .bits_hyper = 1.6,
		.bits_glyph = 0.05, .vocab_byte = 32768, .vocab_hyper = 32768, .from = "easy" },
		.speed = { .gflops = 100, .all = 1, .read = 1e6, .write = 100, .cores = 2 },
		.wish = { .books = 1000 } };

	return p;
}

static const struct plan_row *find(const struct plan *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->row[i].key, key))
			return &p->row[i];
	print_error("no row '%s'\n", key);
	fail();
	return NULL;
}

static void near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9 * fabs(b)))
		print_error("%.12g, expected %.12g\n", a, b);
	CHECK(fabs(a - b) <= 1e-9 * fabs(b));
}

static void by_hand(void **state)
{
	struct plan p = easy();
	struct err e = { 0 };
	double worth = 1 + 15.39 * (1 - exp(-3 / 15.39)), n;

	(void)state;
	CHECK_EQ(plan_fill(&p, &e), OK);
	near(find(&p, "chars")->token, 1e8);
	near(find(&p, "bytes")->token, 2e8);
	near(find(&p, "scenes")->ltm, 1e5);
	near(find(&p, "tokens.byte")->token, 2.5e7);
	near(find(&p, "tokens.hyper")->ltm, 2e7);
	near(find(&p, "tokens.glyph")->ltm, 8e5);
	near(find(&p, "fill.once")->token, 2.5e7 / 20);
	near(find(&p, "fill.once")->ltm, 1e6);
	n = 2.5e7 * worth / 20;
	near(find(&p, "fill.epochs")->token, n);
	near(find(&p, "params")->token, n);
	near(find(&p, "params")->ltm, n);
	near(find(&p, "context")->ltm, 1024 * 0.8 + 0.8);	/* 819.2, upwards */
	near(find(&p, "disk.tokens")->token, 5e7);
	near(find(&p, "disk.coded")->ltm, 1e8 * 1.6 / 8);
	near(find(&p, "disk.store")->ltm, 5e7);
	near(find(&p, "time.read")->ltm, 100);
	near(find(&p, "speed")->token, 100e9 * 2 * 0.66);
	near(find(&p, "flops.position")->token, 6 * n + 6 * find(&p, "layers")->token *
	     find(&p, "width")->token * 1024);
	near(find(&p, "flops")->token, find(&p, "flops.position")->token * 2.5e7 * 4);
	near(find(&p, "time.train")->token, find(&p, "flops")->token / (100e9 * 2 * 0.66));
	near(find(&p, "guess.1t")->ltm, 1e12 / 500 * 200);
	near(find(&p, "guess.800gb")->ltm, 800e9 / 2 * 1.6 / 8);
	near(find(&p, "guess.books")->token, 20000 * 2e5);
	near(find(&p, "guess.175b")->token, 175e9 * 20 / worth / 25000);
}

static void shapes(void **state)
{
	struct plan p = easy();
	struct err e = { 0 };

	(void)state;
	p.wish.model = "base";
	CHECK_EQ(plan_fill(&p, &e), OK);
	near(find(&p, "params")->token, 1e8);
	double l = find(&p, "layers")->token, d = find(&p, "width")->token;
	CHECK(12 * l * d * d >= 1e8 && 12 * l * d * d < 1.2e8);	/* the shape holds the parameters */
	CHECK_EQ((long)d % 8, 0);
	p.wish.model = NULL;
	p.wish.epochs = 1;
	CHECK_EQ(plan_fill(&p, &e), OK);
	near(find(&p, "fill.epochs")->token, find(&p, "fill.once")->token);
}

static enum status wish(double books, double chars, double total, const char *model, int cores)
{
	struct plan p = easy();
	struct err e = { 0 };
	enum status st;

	p.wish = (struct plan_wish){ .books = books, .chars = chars, .total = total, .model = model,
	                             .cores = cores };
	st = plan_fill(&p, &e);
	CHECK(!st == !e.msg[0]);
	return st;
}

static void impossible(void **state)
{
	(void)state;
	CHECK_EQ(wish(0, 0, 0, NULL, 0), ERR_USAGE);
	CHECK_EQ(wish(-5, 0, 0, NULL, 0), ERR_USAGE);
	CHECK_EQ(wish(1e12, 0, 0, NULL, 0), ERR_USAGE);
	CHECK_EQ(wish(NAN, 0, 0, NULL, 0), ERR_USAGE);
	CHECK_EQ(wish(1e9, 1e9, 0, NULL, 0), ERR_USAGE);
	CHECK_EQ(wish(10, -1, 0, NULL, 0), ERR_USAGE);
	CHECK_EQ(wish(10, 0, 1e16, NULL, 0), ERR_USAGE);
	CHECK_EQ(wish(10, 0, 0, "huge", 0), ERR_USAGE);
	CHECK_EQ(wish(10, 0, 0, NULL, -1), ERR_USAGE);
	CHECK_EQ(wish(1, 1, 0, NULL, 1), OK);		/* one letter: a plan, if a small one */
	CHECK_EQ(wish(0, 0, 5e9, "tiny", 100000), OK);
	CHECK_EQ(wish(1e9, 1e6, 0, "large", 64), OK);
}

static void same_bytes(void **state)
{
	struct plan p = easy(), q = easy();
	struct buf a = { 0 }, b = { 0 };
	struct err e = { 0 };

	(void)state;
	CHECK_EQ(plan_fill(&p, &e), OK);
	CHECK_EQ(plan_fill(&q, &e), OK);
	for (int i = 0; i < 3; i++) {
		a.n = b.n = 0;
		i < 2 ? plan_text(&a, &p, i) : plan_json(&a, &p);
		i < 2 ? plan_text(&b, &q, i) : plan_json(&b, &q);
		CHECK(a.n > 1000 && str_eq(buf_view(&a), buf_view(&b)));
		CHECK(utf8_valid(buf_view(&a)));
	}
	struct arena mem = arena_open("json");
	struct tree *top;
	CHECK_EQ(json_read(&top, buf_view(&a), &mem, &e), OK);
	CHECK(tree_find(top, "rows") && tree_find(top, "speeds"));
	for (size_t i = 0; i < p.n; i++)		/* every row says how it was computed */
		CHECK(strlen(p.row[i].formula) > 5);
	arena_close(&mem);
	buf_free(&a);
	buf_free(&b);
}

static void basis(void **state)
{
	char path[] = "/tmp/t_plan.XXXXXX";
	struct plan_basis b;
	struct err e = { 0 };
	int fd = mkstemp(path);

	(void)state;
	CHECK(fd >= 0);
	close(fd);
	CHECK_EQ(plan_basis_read(&b, NULL, &e), OK);	/* the shipped table is whole */
	CHECK(b.per1000[PF_HYPER] > 0 && b.per1000[PF_HYPER] < b.per1000[PF_BYTE]);
	CHECK(b.gflops > 0 && b.read > 0 && b.write > 0);
	CHECK_EQ(plan_basis_read(&b, "/no/such/mind", &e), ERR_IO);
	err_clear(&e);
	CHECK_EQ(file_save(path, S("{\"basis\":{\"books\":3}}"), &e), OK);
	CHECK_EQ(plan_basis_read(&b, path, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "'chars'"));
	err_clear(&e);
	CHECK_EQ(file_save(path, S("{\"basis\":{\"books\":\"many\",\"chars\":-1}}"), &e), OK);
	CHECK_EQ(plan_basis_read(&b, path, &e), ERR_FORMAT);
	err_clear(&e);
	CHECK_EQ(file_save(path, S("[]"), &e), OK);
	CHECK_EQ(plan_basis_read(&b, path, &e), ERR_FORMAT);
	unlink(path);
}

static void given_speeds(void **state)
{
	struct plan_speed s = { .gflops = 5, .read = 7, .write = 9, .cores = 3 };
	struct plan_basis b = { .gflops = 50, .read = 70, .write = 90 };
	struct err e = { 0 };

	(void)state;
	CHECK_EQ(plan_speed_measure(&s, &b, false, NULL, NULL, &e), OK);
	CHECK(!s.measured && s.gflops == 5 && s.read == 7 && s.write == 9);
	s = (struct plan_speed){ .gflops = 5, .cores = 3 };
	CHECK_EQ(plan_speed_measure(&s, &b, true, NULL, NULL, &e), OK);
	CHECK(!s.measured && s.gflops == 5 && s.read == 70 && s.write == 90);
	s = (struct plan_speed){ .read = 7, .write = 9, .cores = 1 };
	CHECK_EQ(plan_speed_measure(&s, &b, false, NULL, NULL, &e), OK);
	CHECK(s.measured && s.gflops > 0.01 && s.gflops < 1e5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand), cmocka_unit_test(shapes), cmocka_unit_test(impossible),
		cmocka_unit_test(same_bytes), cmocka_unit_test(basis), cmocka_unit_test(given_speeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
