/* t_tellerfile.c - tellers on disk: what is written comes back, what lies is refused; GGUF. */
#include "check.h"
#include "io/models/tellerfile.h"
#include "io/models/weights.h"
#include "words/tokens/llamavocab.h"

#include <stdlib.h>
#include <unistd.h>

static const struct teller_shape shape = { 2, 16, 2, 24, 300, 64, 10000 };

struct made {
	char dir[64], model[128], tok[128], gguf[128];
	struct params p;
	struct teller_tensors t;
};

static void make(struct made *m)
{
	*m = (struct made){ .dir = "/tmp/t_teller.XXXXXX" };
	CHECK(mkdtemp(m->dir));
	snprintf(m->model, sizeof m->model, "%s/" TELLER_MODEL, m->dir);
	snprintf(m->tok, sizeof m->tok, "%s/" TELLER_TOKENIZER, m->dir);
	snprintf(m->gguf, sizeof m->gguf, "%s/x.gguf", m->dir);
	teller_tensors_add(&m->t, &m->p, &shape);
	PARAMS_ADD(&m->p, "scene.extra", 0, 3, 5);
	params_alloc(&m->p, 1);
	teller_tensors_init(&m->t, &m->p, 1);
}

static void drop(struct made *m)
{
	unlink(m->model), unlink(m->tok), unlink(m->gguf);
	rmdir(m->dir);
	params_clear(&m->p);
	teller_tensors_clear(&m->t);
}

/* The tokenizer of tests/golden: scheme byte, 300 tokens. */
static struct buf golden_tokenizer(void)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	CHECK_EQ(file_read(&b, "tests/golden/files/tokens-1.ltm", 1 << 20, &e), OK);
	return b;
}

static void hash_of(char hex[17], const struct buf *b)
{
	snprintf(hex, 17, "%016llx", (unsigned long long)str_hash(buf_view(b)));
}

static void round_trip(void **state)
{
	struct made m;
	struct tellerfile f;
	struct err e = { 0 };
	struct buf tok = golden_tokenizer();
	struct speak_tensor t;
	char hex[17];

	(void)state;
	make(&m);
	hash_of(hex, &tok);
	CHECK_EQ(tellerfile_save(m.model, &shape, &m.p, hex, &e), OK);
	CHECK_EQ(tellerfile_open(&f, m.dir, NULL, &e), OK);
	CHECK(!f.tok.t && !strcmp(f.tokenizer, hex));
	CHECK(!memcmp(&f.w.s, &shape, sizeof shape));
	for (int i = 0; speak_tensor_at(&t, &shape, i); i++) {
		int at = params_find(&m.p, t.name);

		CHECK(at >= 0);
		CHECK(!memcmp(*speak_slot(&f.w, i), params_w(&m.p, at), m.p.t[at].n * sizeof(float)));
	}
	tellerfile_close(&f);
	CHECK_EQ(file_save(m.tok, buf_view(&tok), &e), OK);
	CHECK_EQ(tellerfile_open(&f, m.dir, NULL, &e), OK);
	CHECK(f.tok.t && tokens_vocab(f.tok.t) == 300);
	tellerfile_close(&f);
	CHECK_EQ(tellerfile_open(&f, m.model, NULL, &e), OK);		/* the file alone */
	CHECK(!f.tok.t);
	tellerfile_close(&f);
	/* another tokenizer than the weights name; none named: any that fits */
	hex[0] = hex[0] == '0' ? '1' : '0';
	CHECK_EQ(tellerfile_save(m.model, &shape, &m.p, hex, &e), OK);
	CHECK_EQ(tellerfile_open(&f, m.dir, NULL, &e), ERR_FORMAT);
	err_clear(&e);
	CHECK_EQ(tellerfile_save(m.model, &shape, &m.p, NULL, &e), OK);
	CHECK_EQ(tellerfile_open(&f, m.dir, NULL, &e), OK);
	tellerfile_close(&f);
	CHECK_EQ(tellerfile_save(m.model, &shape, &m.p, "12ab", &e), ERR_USAGE);
	err_clear(&e);
	CHECK_EQ(tellerfile_open(&f, "/tmp/t_teller.none", NULL, &e), ERR_IO);
	err_clear(&e);
	unlink(m.model);
	CHECK_EQ(tellerfile_open(&f, m.dir, NULL, &e), ERR_USAGE);	/* a folder without a teller */
	buf_free(&tok);
	drop(&m);
}

static void what_is_not_saved(void **state)
{
	struct made m;
	struct err e = { 0 };
	struct teller_shape other = shape;

	(void)state;
	make(&m);
	params_w(&m.p, m.t.layer[1].down)[5] = NAN;
	CHECK_EQ(tellerfile_save(m.model, &shape, &m.p, NULL, &e), ERR_NUM);
	CHECK(strstr(e.msg, "layer.1.down") && !file_exists(m.model));
	params_w(&m.p, m.t.layer[1].down)[5] = 0;
	other.hidden = 25;
	err_clear(&e);
	CHECK_EQ(tellerfile_save(m.model, &other, &m.p, NULL, &e), ERR_FORMAT);
	CHECK(!file_exists(m.model));
	drop(&m);
}

/* ---- lies ----------------------------------------------------------------------------------------- */
static struct buf saved(struct made *m)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	CHECK_EQ(tellerfile_save(m->model, &shape, &m->p, NULL, &e), OK);
	CHECK_EQ(file_read(&b, m->model, 1 << 24, &e), OK);
	return b;
}

static enum status read_it(const char *p, size_t n)
{
	struct tellerfile f;
	struct err e = { 0 };
	enum status st = tellerfile_read(&f, (struct str){ p, n }, &e);

	CHECK_EQ(st, e.code);
	CHECK(!st || (e.msg[0] && !f.w.layer));
	tellerfile_close(&f);
	return st;
}

/* The file with one text exchanged for another of the same length. */
static enum status read_with(const struct buf *b, const char *was, const char *is)
{
	char *p = mem_alloc(b->n, 1), *at;
	enum status st;

	memcpy(p, b->p, b->n);
	CHECK_EQ(strlen(was), strlen(is));
	at = memmem(p, b->n, was, strlen(was));
	CHECK(at != NULL);
	memcpy(at, is, strlen(is));
	st = read_it(p, b->n);
	mem_free(p);
	return st;
}

static void lies(void **state)
{
	static const char *const bad[][2] = {
		{ "ltm.kind", "ltm.kimd" }, { "\"teller\"", "\"taller\"" }, { "ltm.shape", "ltm.shapf" },
		{ "\"ltm.version\":\"1\"", "\"ltm.version\":\"x\"" }, { "\"ltm.version\":\"1\"", "\"ltm.version\":\"2\"" },
		{ "\"ltm.version\":\"1\"", "\"ltm.version\":\"0\"" },
		{ "\\\"layers\\\":2", "\\\"layers\\\":3" }, { "\\\"layers\\\":2", "\\\"layers\\\":1" },
		{ "\\\"layers\\\":2", "\\\"layers\\\":-" }, { "\\\"layers\\\":2", "\\\"Layers\\\":2" },
		{ "\\\"width\\\":16", "\\\"width\\\":17" }, { "\\\"width\\\":16", "\\\"width\\\":99" },
		{ "\\\"heads\\\":2", "\\\"heads\\\":0" }, { "\\\"heads\\\":2", "\\\"heads\\\":3" },
		{ "\\\"hidden\\\":24", "\\\"hidden\\\":23" }, { "\\\"hidden\\\":24", "\\\"hidden\\\":2." },
		{ "\\\"vocab\\\":300", "\\\"vocab\\\":299" }, { "\\\"vocab\\\":300", "\\\"vocab\\\":9e9" },
		{ "\\\"context\\\":64", "\\\"context\\\":00" }, { "\\\"context\\\":64", "\\\"vocab\\\":3000" },
		{ "\\\"rope_base\\\":10000", "\\\"rope_base\\\":00000" }, { "\\\"rope_base\\\":10000", "\\\"rope_base\\\":1e999" },
		{ "\\\"rope_base\\\":10000}", "\\\"rope_base\\\":10000]" },
		{ "\"layer.1.qkv\"", "\"layer.1.qkw\"" }, { "\"embed\"", "\"enbed\"" }, { "\"norm\"", "\"morn\"" },
		{ "[300,16]", "[16,300]" }, { "\"layer.0.down\":{\"dtype\":\"F32\"", "\"layer.0.down\":{\"dtype\":\"I32\"" },
	};
	struct made m;
	struct buf b;
	float nan = NAN, inf = -INFINITY;

	(void)state;
	make(&m);
	b = saved(&m);
	CHECK_EQ(read_it(b.p, b.n), OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		enum status st = read_with(&b, bad[i][0], bad[i][1]);

		/* fewer layers than there are tensors for is a shape of its own */
		CHECK_EQ(st, !strcmp(bad[i][1], "\\\"layers\\\":1") ? OK : ERR_FORMAT);
	}
	/* cut anywhere */
	for (size_t n = 0; n < b.n; n += n < 3000 ? 1 : 997)
		CHECK_EQ(read_it(b.p, n), ERR_FORMAT);
	/* a number that is none, in the last tensor of the shape and in the first */
	for (int k = 0; k < 2; k++) {
		float *x = k ? params_w(&m.p, m.t.norm) : params_w(&m.p, m.t.embed);
		char *at = memmem(b.p, b.n, x, 40);

		CHECK(at != NULL);
		memcpy(at + 36, k ? &nan : &inf, 4);
		CHECK_EQ(read_it(b.p, b.n), ERR_NUM);
		memcpy(at + 36, &x[9], 4);
	}
	CHECK_EQ(read_it(b.p, b.n), OK);
	buf_free(&b);
	drop(&m);
}

/* A small header that claims a large model: refused before anything of its size is taken. */
static void claims(void **state)
{
	static const char *const shapes[] = {
		"{\\\"layers\\\":256,\\\"width\\\":16384,\\\"heads\\\":1,\\\"hidden\\\":65536,\\\"vocab\\\":262144,"
		"\\\"context\\\":65536,\\\"rope_base\\\":10000}",
		"{\\\"layers\\\":2147483648,\\\"width\\\":8,\\\"heads\\\":1,\\\"hidden\\\":8,\\\"vocab\\\":300,"
		"\\\"context\\\":8,\\\"rope_base\\\":10000}",
		"{\\\"layers\\\":1,\\\"width\\\":8,\\\"heads\\\":1,\\\"hidden\\\":8,\\\"vocab\\\":1000000,"
		"\\\"context\\\":8,\\\"rope_base\\\":10000}",
		"{\\\"layers\\\":1,\\\"layers\\\":1,\\\"width\\\":8,\\\"heads\\\":1,\\\"hidden\\\":8,\\\"vocab\\\":300,"
		"\\\"context\\\":8,\\\"rope_base\\\":10000}",
		"{}", "", "{\\\"layers\\\"}", "[1,2,3,4,5,6,7]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct buf b = { 0 }, j = { 0 };

		buf_printf(&j, "{\"__metadata__\":{\"ltm.kind\":\"teller\",\"ltm.version\":\"1\",\"ltm.shape\":\"%s\"}}",
		           shapes[i]);
		buf_u64(&b, j.n);
		buf_str(&b, buf_view(&j));
		CHECK(read_it(b.p, b.n) == (i == 2 ? ERR_LIMIT : ERR_FORMAT));
		buf_free(&b), buf_free(&j);
	}
}

/* ---- GGUF ------------------------------------------------------------------------------------------- */
static double half_value(uint16_t h)
{
	int e = h >> 10 & 31;
	double m = h & 1023, v = e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);

	return h >> 15 ? -v : v;
}

/* Is h the float16 nearest to x? Its neighbours are not nearer. */
static bool nearest_half(float x, uint16_t h)
{
	double off = fabs(half_value(h) - (double)x);
	uint16_t up = (uint16_t)(h + 1), down = (h & 0x7FFF) ? (uint16_t)(h - 1) : (uint16_t)(h ^ 0x8001);

	if (fabs(half_value(up) - (double)x) < off || fabs(half_value(down) - (double)x) < off)
		return false;
	return fabs(half_value(up) - (double)x) != off || !(h & 1);
}

static struct buf gguf(struct made *m, enum dtype type, const struct tokenizer *t)
{
	struct arena a = arena_open("test");
	struct speak_weights w;
	struct err e = { 0 };
	struct buf b = { 0 };

	CHECK_EQ(speak_weights_of(&w, &shape, &m->p, &a, &e), OK);
	CHECK_EQ(gguf_save(m->gguf, &w, t, "проба", type, &e), OK);
	CHECK_EQ(file_read(&b, m->gguf, 1 << 24, &e), OK);
	arena_close(&a);
	return b;
}

static void gguf_files(void **state)
{
	struct made m;
	struct tokenfile tok;
	struct err e = { 0 };
	struct buf b, out = { 0 };

	(void)state;
	make(&m);
	float *q = params_w(&m.p, m.t.layer[1].qkv);
	const float hard[] = { 0, -0.0f, 1, -65504, 65519.9f, 6.1e-5f, 5.96e-8f, 2.98e-8f, 3e-8f, 1e-10f, 1.0009765f,
	                       1.00048828125f, 1.00146484375f, 0.33325195f, -2047.9f, 2048.5f };

	memcpy(q, hard, sizeof hard);
	CHECK_EQ(tokenfile_open(&tok, "tests/golden/files/tokens-1.ltm", NULL, &e), OK);
	for (int k = 0; k < 3; k++) {
		b = gguf(&m, k == 1 ? DT_F16 : DT_F32, k == 2 ? NULL : tok.t);
		out.n = 0;
		CHECK_EQ(gguf_show(&out, buf_view(&b), &e), OK);
		CHECK(strstr(out.p, "tensors 20"));		/* 2 and 9 a layer */
		CHECK(strstr(out.p, "key\tgeneral.name\tstr\tпроба\n"));
		CHECK(strstr(out.p, "key\tllama.rope.dimension_count\tu32\t8\n"));
		CHECK(strstr(out.p, k == 1 ? "tensor\tblk.1.ffn_down.weight\tF16\t[24, 16]"
		             : "tensor\tblk.1.ffn_down.weight\tF32\t[24, 16]"));
		CHECK(strstr(out.p, "tensor\tblk.0.attn_norm.weight\tF32\t[16]"));
		CHECK(!strstr(out.p, "tensor\toutput.weight"));
		CHECK(strstr(out.p, k == 2 ? "tokenizer.ggml.model\tstr\tnone" : "tokenizer.ggml.model\tstr\tgpt2"));
		CHECK(k == 2 || strstr(out.p, "tokenizer.ggml.merges\tarray\tstr[44]"));
		if (k == 1) {	/* q of layer 1: the first rows of our qkv, to the nearest float16 */
			const char *at = strstr(out.p, "tensor\tblk.1.attn_q.weight");
			unsigned long long off = strtoull(strstr(at, "offset ") + 7, NULL, 10);
			unsigned long long from = strtoull(strstr(out.p, "data\tfrom ") + 10, NULL, 10);

			for (int i = 0; i < 256; i++) {
				uint16_t h;

				memcpy(&h, b.p + from + off + 2 * i, 2);
				CHECK(nearest_half(q[i], h));
			}
		}
		buf_free(&b);
	}
	/* what float16 cannot hold is refused, and nothing is left behind */
	struct arena a = arena_open("test");
	struct speak_weights w;

	unlink(m.gguf);
	q[3] = 65520;
	CHECK_EQ(speak_weights_of(&w, &shape, &m.p, &a, &e), OK);
	CHECK_EQ(gguf_save(m.gguf, &w, tok.t, "x", DT_F16, &e), ERR_NUM);
	CHECK(!file_exists(m.gguf));
	arena_close(&a);
	tokenfile_close(&tok);
	buf_free(&out);
	drop(&m);
}

/* ---- vocabularies ---------------------------------------------------------------------------------------- */
static void all_good(const struct llamavocab *v, size_t n)
{
	struct strtab seen = strtab_open("tokens");

	CHECK_EQ(v->n, n);
	for (size_t i = 0; i < n; i++)
		CHECK(v->token[i].n && strtab_add(&seen, v->token[i]) == i && v->type[i] >= 1 && v->type[i] <= 6);
	strtab_close(&seen);
}

static void vocabularies(void **state)
{
	static const enum tokens_scheme schemes[] = { TOKENS_BYTE, TOKENS_MORPH, TOKENS_HYPER };
	struct buf text = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++)
		buf_printf(&text, "Ученик %d вошёл в мастерскую и увидел на стене зеркало. <0x41> ▁ Кто ты?\n", i % 7);
	for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++) {
		struct tokens_plan p = { .scheme = schemes[k], .vocab = 330 };
		struct str s = buf_view(&text);
		struct tokenizer *t;
		struct llamavocab v;
		struct err e = { 0 };

		CHECK_EQ(tokens_train(&t, &p, &s, 1, NULL, &e), OK);
		size_t n = tokens_vocab(t);

		llamavocab_make(&v, t, n);
		all_good(&v, n);
		CHECK(!strcmp(v.model, schemes[k] == TOKENS_HYPER ? "t5" : "gpt2"));
		CHECK((v.score != NULL) == (schemes[k] == TOKENS_HYPER) && (v.n_merge > 0) == !v.score);
		if (v.score) {
			CHECK_STR(v.token[' '], "▁");
			CHECK_STR(v.token[0xD0], "<0xD0>");
			CHECK(v.type[0xD0] == LLAMA_BYTE && v.type['a'] == LLAMA_NORMAL);
		} else {
			CHECK_STR(v.token[' '], "Ġ");
			for (size_t i = 0; i < v.n_merge; i++)		/* a merge gives its token */
				CHECK_EQ(v.merge[i].n, v.token[256 + i].n + 1);
		}
		llamavocab_clear(&v);
		llamavocab_make(&v, t, n + 34);		/* a model may have more rows than tokens */
		all_good(&v, n + 34);
		CHECK_EQ(v.type[n + 33], LLAMA_UNUSED);
		llamavocab_clear(&v);
		tokens_close(t);
	}
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(what_is_not_saved), cmocka_unit_test(lies),
		cmocka_unit_test(claims), cmocka_unit_test(gguf_files), cmocka_unit_test(vocabularies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
