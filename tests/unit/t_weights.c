/* t_weights.c - safetensors and GGUF: what is written comes back, what lies is refused. */
#include "check.h"
#include "io/models/weights.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- small files made by hand -------------------------------------------------------- */

static struct str file_of(struct arena *a, const char *json, size_t data)
{
	struct buf b = { 0 };

	buf_u64(&b, strlen(json));
	buf_add(&b, json, strlen(json));
	for (size_t i = 0; i < data; i++)
		buf_char(&b, (char)i);
	struct str s = str_copy(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static enum status read_json(const char *json, size_t data)
{
	struct arena a = arena_open("test");
	struct weights w;
	struct err e = { 0 };
	enum status st = weights_read(&w, file_of(&a, json, data), &a, &e);

	CHECK_EQ(st, e.code);
	if (st)
		CHECK(w.n == 0 && e.msg[0]);
	arena_close(&a);
	return st;
}

#define T(name, type, shape, from, to) \
	"\"" name "\":{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" from "," to "]}"

static void headers(void **state)
{
	(void)state;
	CHECK_EQ(read_json("{}", 0), OK);
	CHECK_EQ(read_json("{" T("w", "F32", "2,2", "0", "16") "}", 16), OK);
	CHECK_EQ(read_json("{" T("w", "F32", "", "0", "4") "}", 4), OK);
	CHECK_EQ(read_json("{" T("w", "I16", "3", "0", "6") "}   ", 6), OK);
	CHECK_EQ(read_json("{" T("b", "U8", "2", "4", "6") "," T("a", "F32", "1", "0", "4") "}", 6), OK);
	CHECK_EQ(read_json("{" T("z", "F32", "0,7", "0", "0") "," T("a", "U8", "1", "0", "1") "}", 1), OK);
	CHECK_EQ(read_json("{\"__metadata__\":{\"a\":\"\\u0436\\ud83d\\ude00\"}}", 0), OK);
	/* holes, overlaps, sizes, ends */
	CHECK_EQ(read_json("{" T("w", "F32", "1", "4", "8") "}", 8), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("a", "U8", "2", "0", "2") "," T("b", "U8", "2", "1", "3") "}", 3), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("a", "U8", "2", "0", "2") "," T("b", "U8", "2", "3", "5") "}", 5), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("a", "U8", "2", "0", "2") "," T("b", "U8", "2", "0", "2") "}", 2), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("w", "I16", "3", "0", "5") "}", 5), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("w", "I64", "1", "0", "4") "}", 4), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("w", "F32", "1", "4", "0") "}", 4), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("w", "U8", "4", "0", "4") "}", 5), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("w", "U8", "4", "0", "4") "}", 3), ERR_FORMAT);
	CHECK_EQ(read_json("{}", 1), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("w", "X9", "1", "0", "1") "}", 1), ERR_FORMAT);
	CHECK_EQ(read_json("{" T("w", "U8", "1,1,1,1,1,1,1,1,1", "0", "1") "}", 1), ERR_FORMAT);
	/* strictness */
	static const char *const bad[] = { "", "[]", " {}", "{", "{}x", "{,}", "nul", "{\"a\"}",
		"{" T("w", "U8", "01", "0", "1") "}", "{" T("w", "U8", "1.0", "0", "1") "}",
		"{" T("w", "U8", "1,", "0", "1") "}", "{" T("w", "U8", "-1", "0", "1") "}",
		"{" T("w", "U8", "1e0", "0", "1") "}", "{" T("w", "U8", "1", "0", "1") ",}",
		"{" T("w", "U8", "1", "0", "18446744073709551616") "}",
		"{\"w\":{\"dtype\":\"U8\",\"shape\":[1]}}",
		"{\"w\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
		"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}",
		"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "{\"__metadata__\":{\"a\":1}}",
		"{\"__metadata__\":{},\"__metadata__\":{}}", "{\"__metadata__\":{\"a\":\"\\ud83d\"}}",
		"{\"__metadata__\":{\"a\":\"\\x\"}}", "{\"__metadata__\":{\"a\":\"\xff\"}}",
		"{\"__metadata__\":{\"a\":\"\n\"}}" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(read_json(bad[i], 1), ERR_FORMAT);
}

static void names(void **state)
{
	static const char *const bad[] = { "", "a/b", "..", "a..b", ".hidden", "a\\\\b", "c:x",
		"\\u0000", "a\\u000ab", "~root" };
	static const char *const good[] = { "w", "layer.0.wq", "слой-1", "a b", "__pad2" };
	char json[300];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad + sizeof good / sizeof *good; i++) {
		bool is_bad = i < sizeof bad / sizeof *bad;
		snprintf(json, sizeof json, "{" T("%s", "U8", "1", "0", "1") "}",
		         is_bad ? bad[i] : good[i - sizeof bad / sizeof *bad]);
		CHECK_EQ(read_json(json, 1), is_bad ? ERR_FORMAT : OK);
	}
}

/* ---- what is written comes back ------------------------------------------------------ */

static const enum dtype all_types[] = { DT_F32, DT_F64, DT_F16, DT_BF16, DT_I64, DT_I32, DT_U32,
	DT_U8, DT_I8 };
static const unsigned type_bytes[] = { 4, 8, 2, 2, 8, 4, 4, 1, 1 };

static void random_weights(struct weights *w, struct rng *r, struct arena *a)
{
	w->n = rng_below(r, 12);
	w->n_meta = rng_below(r, 4);
	w->t = TAKE(a, struct tensor_row, w->n);
	w->meta = arena_take_n(a, w->n_meta, sizeof *w->meta);
	for (size_t i = 0; i < w->n_meta; i++) {
		w->meta[i].key = str_printf(a, "ключ \"%zu\"\\\n", i);
		w->meta[i].value = str_printf(a, "{\"a\":\t%llu}\x7f", (unsigned long long)rng_u64(r));
	}
	for (size_t i = 0; i < w->n; i++) {
		struct tensor_row *t = &w->t[i];
		size_t k = rng_below(r, sizeof all_types / sizeof *all_types), n = type_bytes[k];
		t->type = all_types[k];
		t->name = str_printf(a, "слой.%zu \"w\"", i);
		t->n_dim = (int)rng_below(r, 4);
		for (int d = 0; d < t->n_dim; d++)
			n *= t->dim[d] = rng_below(r, 6);
		char *p = arena_take(a, n);
		for (size_t j = 0; j < n; j++)
			p[j] = (char)rng_u64(r);
		t->data = p;
		t->bytes = n;
	}
}

static void same_weights(const struct weights *x, const struct weights *y)
{
	CHECK_EQ(x->n, y->n);
	CHECK_EQ(x->n_meta, y->n_meta);
	for (size_t i = 0; i < x->n_meta; i++)
		CHECK(str_eq(x->meta[i].key, y->meta[i].key) && str_eq(x->meta[i].value, y->meta[i].value));
	for (size_t i = 0; i < x->n; i++) {
		const struct tensor_row *p = &x->t[i], *q = &y->t[i];
		CHECK(str_eq(p->name, q->name) && p->type == q->type && p->n_dim == q->n_dim);
		CHECK(!memcmp(p->dim, q->dim, sizeof p->dim) && p->bytes == q->bytes);
		CHECK(!memcmp(p->data, q->data, p->bytes));
		CHECK_EQ(weights_find(y, p->name.p) == q, 1);
	}
}

static void round_trip(void **state)
{
	char dir[] = "/tmp/t_weights.XXXXXX", path[100];
	struct rng r = rng_stream(1, "t_weights", 0);

	(void)state;
	CHECK(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/w.safetensors", dir);
	for (int round = 0; round < 300; round++) {
		struct arena a = arena_open("test");
		struct err e = { 0 };
		struct weights w = { 0 }, back, again;
		struct buf first = { 0 }, second = { 0 };
		random_weights(&w, &r, &a);
		CHECK_EQ(weights_save(path, &w, &e), OK);
		CHECK_EQ(file_read(&first, path, 1 << 20, &e), OK);
		CHECK_EQ(weights_read(&back, buf_view(&first), &a, &e), OK);
		same_weights(&w, &back);
		/* every tensor stands at a multiple of 64 of the file */
		for (size_t i = 0; i < back.n; i++) {
			const char *p = back.t[i].data;
			if (back.t[i].bytes && p >= first.p && p < first.p + first.n)
				CHECK_EQ((p - first.p) % 64, 0);
		}
		CHECK_EQ(weights_save(path, &back, &e), OK);
		CHECK_EQ(file_read(&second, path, 1 << 20, &e), OK);
		CHECK(str_eq(buf_view(&first), buf_view(&second)));
		/* cut anywhere, it is refused */
		if (first.n) {
			struct str cut = { first.p, rng_below(&r, first.n) };
			struct err why = { 0 };
			if (w.n && w.t[w.n - 1].bytes)
				CHECK_EQ(weights_read(&again, cut, &a, &why), ERR_FORMAT);
		}
		buf_free(&first);
		buf_free(&second);
		arena_close(&a);
	}
	unlink(path);
	rmdir(dir);
}

/* Data of a foreign file may stand at an odd byte: pointers are aligned all the same. */
static void aligned(void **state)
{
	struct arena a = arena_open("test");
	struct weights w;
	struct err e = { 0 };

	(void)state;
	struct str s = file_of(&a, "{" T("b", "U8", "1", "0", "1") "," T("w", "F64", "2", "1", "17") "}", 17);
	CHECK_EQ(weights_read(&w, s, &a, &e), OK);
	CHECK_EQ(w.n, 2);
	CHECK_EQ((uintptr_t)w.t[1].data % 8, 0);
	CHECK_EQ(((const unsigned char *)w.t[1].data)[15], 16);
	arena_close(&a);
}

static void refuses_to_write(void **state)
{
	float x[2] = { 1, 2 };
	struct tensor_row t[2] = { { S("w"), DT_F32, 1, { 2 }, x, 8 }, { S("w"), DT_F32, 1, { 2 }, x, 8 } };
	struct weights w = { .t = t, .n = 2 };
	struct err e = { 0 };

	(void)state;
	CHECK_EQ(weights_save("/tmp/t_weights.never", &w, &e), ERR_FORMAT);	/* twice */
	t[1].name = S("../w");
	err_clear(&e);
	CHECK_EQ(weights_save("/tmp/t_weights.never", &w, &e), ERR_FORMAT);
	t[1].name = S("v");
	t[1].bytes = 7;
	err_clear(&e);
	CHECK_EQ(weights_save("/tmp/t_weights.never", &w, &e), ERR_FORMAT);
	CHECK(!file_exists("/tmp/t_weights.never"));
}

/* ---- the hostile set ----------------------------------------------------------------- */

static void hostile(void **state)
{
	const char *shared = shared_dir();
	char path[4096];
	struct buf manifest = { 0 };
	struct err e = { 0 };
	struct str line, rest, field[5];
	int seen = 0;

	(void)state;
	if (!shared)
		skip_shared();
	snprintf(path, sizeof path, "%s/data/hostile/MANIFEST.tsv", shared);
	CHECK_EQ(file_read(&manifest, path, 1 << 20, &e), OK);
	rest = buf_view(&manifest);
	while (str_cut(&rest, '\n', &line)) {
		struct arena a = arena_open("test");
		struct buf file = { 0 }, out = { 0 };
		struct weights w;
		for (int i = 0; i < 5 && str_cut(&line, '\t', &field[i]); i++)
			;
		bool st = str_starts(field[0], S("weights/")), gg = str_starts(field[0], S("gguf/"));
		if (st || gg) {
			struct err why = { 0 };
			snprintf(path, sizeof path, "%s/data/hostile/" STR_FMT, shared, STR_ARG(field[0]));
			CHECK_EQ(file_read(&file, path, 1 << 24, &e), OK);
			enum status got = st ? weights_read(&w, buf_view(&file), &a, &why)
				: gguf_show(&out, buf_view(&file), &why);
			if ((got == OK) != str_eq(field[3], S("accept")))
				print_error("%s: got %d %s\n", path, got, why.msg);
			CHECK_EQ(got == OK, str_eq(field[3], S("accept")));
			CHECK_EQ(out.n > 0, gg && got == OK);
			seen++;
		}
		buf_free(&file);
		buf_free(&out);
		arena_close(&a);
	}
	CHECK(seen >= 22);
	buf_free(&manifest);
}

static void add_string(struct buf *b, const char *s)
{
	buf_u64(b, strlen(s));
	buf_add(b, s, strlen(s));
}

static void shows_gguf(void **state)
{
	struct buf b = { 0 }, out = { 0 };
	struct err e = { 0 };

	(void)state;
	buf_str(&b, S("GGUF"));
	buf_u32(&b, 3);
	buf_u64(&b, 1);
	buf_u64(&b, 3);
	add_string(&b, "general.name"), buf_u32(&b, 8), add_string(&b, "тень\x1b[31m");
	add_string(&b, "a.list"), buf_u32(&b, 9), buf_u32(&b, 5), buf_u64(&b, 2), buf_u32(&b, 7), buf_u32(&b, (uint32_t)-3);
	add_string(&b, "a.real"), buf_u32(&b, 6), buf_f32(&b, 0.5f);
	add_string(&b, "w"), buf_u32(&b, 2), buf_u64(&b, 32), buf_u64(&b, 2), buf_u32(&b, 8), buf_u64(&b, 0);
	while (b.n % 32)
		buf_char(&b, 0);
	size_t from = b.n;
	for (int i = 0; i < 68; i++)
		buf_char(&b, 1);
	CHECK_EQ(gguf_show(&out, buf_view(&b), &e), OK);
	char want[400];
	snprintf(want, sizeof want, "gguf\tversion 3\tkeys 3\ttensors 1\nkey\tgeneral.name\tstr\tтень?[31m\n"
	         "key\ta.list\tarray\ti32[2] 7, -3\nkey\ta.real\tf32\t0.5\n"
	         "tensor\tw\tQ8_0\t[32, 2]\toffset 0\tbytes 68\ndata\tfrom %zu\tbytes 68\taligned to 32\n", from);
	CHECK_STR(buf_view(&out), want);
	/* cut anywhere, it is refused and nothing is shown */
	for (size_t n = 0; n < b.n; n++) {
		struct err why = { 0 };
		out.n = 0;
		CHECK_EQ(gguf_show(&out, (struct str){ b.p, n }, &why), ERR_FORMAT);
		CHECK_EQ(out.n, 0);
	}
	buf_free(&b);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers), cmocka_unit_test(names), cmocka_unit_test(round_trip),
		cmocka_unit_test(aligned), cmocka_unit_test(refuses_to_write),
		cmocka_unit_test(hostile), cmocka_unit_test(shows_gguf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
