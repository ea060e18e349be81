/* gguf.c - a GGUF file as text, every number in it distrusted.
 *
 *   in    the bytes of a file nobody vouches for (GGUF version 2 or 3, little-endian)
 *   out   lines: the header, one a key, one a tensor
 *
 *   "GGUF" | u32 version | u64 n_tensors | u64 n_keys
 *   key:    string name | u32 kind | value           string = u64 length, bytes
 *   tensor: string name | u32 n_dims | u64 dim[n_dims] | u32 type | u64 offset
 *   data from the next multiple of general.alignment (32)
 *
 * Invariants of what is accepted: counts fit in the bytes that are left; keys and tensors are
 * named once; kinds and types are known; arrays hold no arrays; the alignment is a power of
 * two; sizes do not overflow; a row is whole blocks; offsets are aligned; tensors lie within
 * the data and do not overlap.
 * Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; block sizes from ggml.
 */
#include <stdlib.h>

#include "io/models/weights.h"

enum {
	GGUF_DIMS = 4,
	NAME_LONGEST = 65535,		/* keys, by the specification */
	TENSOR_NAME_LONGEST = 512,	/* the specification's 64, with room */
	SHOWN_ITEMS = 8,		/* of an array */
	SHOWN_BYTES = 120,		/* of a string */
	ALIGN_MAX = 1 << 20,
};

/* Kinds of values, in the order of their numbers; 0 bytes: of their own length. */
enum kind { K_U8, K_I8, K_U16, K_I16, K_U32, K_I32, K_F32, K_BOOL, K_STR, K_ARR, K_U64, K_I64,
	K_F64, K_N };
static const struct { const char *name; unsigned size; } kinds[K_N] = {
	{ "u8", 1 }, { "i8", 1 }, { "u16", 2 }, { "i16", 2 }, { "u32", 4 }, { "i32", 4 }, { "f32", 4 },
	{ "bool", 1 }, { "str", 8 }, { "array", 12 }, { "u64", 8 }, { "i64", 8 }, { "f64", 8 },
};

/* Types of tensors by number: elements of a block and its bytes; no name: withdrawn. */
static const struct { const char *name; unsigned block, bytes; } types[] = {
	[0] = { "F32", 1, 4 }, [1] = { "F16", 1, 2 }, [2] = { "Q4_0", 32, 18 },
	[3] = { "Q4_1", 32, 20 }, [6] = { "Q5_0", 32, 22 }, [7] = { "Q5_1", 32, 24 },
	[8] = { "Q8_0", 32, 34 }, [9] = { "Q8_1", 32, 36 }, [10] = { "Q2_K", 256, 84 },
	[11] = { "Q3_K", 256, 110 }, [12] = { "Q4_K", 256, 144 }, [13] = { "Q5_K", 256, 176 },
	[14] = { "Q6_K", 256, 210 }, [15] = { "Q8_K", 256, 292 }, [16] = { "IQ2_XXS", 256, 66 },
	[17] = { "IQ2_XS", 256, 74 }, [18] = { "IQ3_XXS", 256, 98 }, [19] = { "IQ1_S", 256, 50 },
	[20] = { "IQ4_NL", 32, 18 }, [21] = { "IQ3_S", 256, 110 }, [22] = { "IQ2_S", 256, 82 },
	[23] = { "IQ4_XS", 256, 136 }, [24] = { "I8", 1, 1 }, [25] = { "I16", 1, 2 },
	[26] = { "I32", 1, 4 }, [27] = { "I64", 1, 8 }, [28] = { "F64", 1, 8 },
	[29] = { "IQ1_M", 256, 56 }, [30] = { "BF16", 1, 2 }, [34] = { "TQ1_0", 256, 54 },
	[35] = { "TQ2_0", 256, 66 },
};
enum { N_TYPES = sizeof types / sizeof *types };

struct gguf {
	struct reader r;
	struct arena a;
	struct buf *out;
	struct err *e;
	uint64_t align;
};

static enum status bad(struct gguf *g, const char *why)
{
	return err_set(g->e, ERR_FORMAT, "gguf: byte %zu: %s", (size_t)(g->r.p - g->r.start), why);
}

static struct str string(struct reader *r)
{
	uint64_t n = rd_u64(r);

	if (n > rd_left(r)) {
		r->bad = true;
		return S("");
	}
	return rd_bytes(r, (size_t)n);
}

/* A count of things of at least `each` bytes. */
static uint64_t count(struct reader *r, unsigned each)
{
	uint64_t n = rd_u64(r);

	if (n <= rd_left(r) / each)
		return n;
	r->bad = true;
	return 0;
}

static void show_text(struct gguf *g, struct str s)
{
	size_t n = s.n;

	if (n > SHOWN_BYTES)
		for (n = SHOWN_BYTES; n && ((unsigned char)s.p[n] & 0xc0) == 0x80; n--)
			;
	buf_str(g->out, str_safe(&g->a, (struct str){ s.p, n }, false));
	if (n < s.n)
		buf_printf(g->out, "… (%zu bytes)", s.n);
}

/* ---- values -------------------------------------------------------------------------- */

static enum status scalar(struct gguf *g, enum kind k, bool show)
{
	struct buf *o = g->out;
	uint64_t u = k == K_STR ? 0 : kinds[k].size == 1 ? rd_u8(&g->r)
		: kinds[k].size == 2 ? rd_u16(&g->r) : kinds[k].size == 4 ? rd_u32(&g->r)
		: rd_u64(&g->r);
	uint32_t u32 = (uint32_t)u;
	struct str s;
	float f;
	double d;

	if (k == K_STR) {
		s = string(&g->r);
		if (show && !g->r.bad)
			show_text(g, s);
		return g->r.bad ? bad(g, "a string longer than the file") : OK;
	}
	if (g->r.bad)
		return bad(g, "the file ends within a value");
	if (k == K_BOOL && u > 1)
		return bad(g, "a truth value that is neither 0 nor 1");
	if (!show)
		return OK;
	memcpy(&f, &u32, sizeof f);
	memcpy(&d, &u, sizeof d);
	switch (k) {
	case K_F32: buf_printf(o, "%.9g", (double)f); break;
	case K_F64: buf_printf(o, "%.17g", d); break;
	case K_BOOL: buf_printf(o, "%s", u ? "true" : "false"); break;
	case K_I8: buf_printf(o, "%d", (int8_t)u); break;
	case K_I16: buf_printf(o, "%d", (int16_t)u); break;
	case K_I32: buf_printf(o, "%d", (int32_t)u); break;
	case K_I64: buf_printf(o, "%lld", (long long)u); break;
	default: buf_printf(o, "%llu", (unsigned long long)u);
	}
	return OK;
}

static enum status array(struct gguf *g)
{
	uint32_t k = rd_u32(&g->r);

	if (g->r.bad || k >= K_N || k == K_ARR)
		return bad(g, "an array of an unknown kind, or of arrays");
	uint64_t n = count(&g->r, kinds[k].size);
	if (g->r.bad)
		return bad(g, "an array longer than the file");
	buf_printf(g->out, "%s[%llu] ", kinds[k].name, (unsigned long long)n);
	for (uint64_t i = 0; i < n; i++) {
		bool show = i < SHOWN_ITEMS;
		buf_str(g->out, show && i ? S(", ") : S(""));
		if (scalar(g, (enum kind)k, show))
			return g->e->code;
	}
	buf_str(g->out, n > SHOWN_ITEMS ? S(", …") : S(""));
	return OK;
}

static bool name_good(struct str s, size_t longest)
{
	if (s.n == 0 || s.n > longest || !utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

/* The alignment is used before anything else of the data is believed. */
static enum status alignment(struct gguf *g, uint32_t k, struct reader at)
{
	uint32_t v = rd_u32(&at);

	if (k != K_U32 || v == 0 || v > ALIGN_MAX || (v & (v - 1)))
		return bad(g, "general.alignment is no u32 that is a power of two");
	g->align = v;
	return OK;
}

static enum status key(struct gguf *g, struct strtab *seen, size_t i)
{
	struct str name = string(&g->r);
	uint32_t k = rd_u32(&g->r);

	if (g->r.bad)
		return bad(g, "a key's name is longer than the file");
	if (!name_good(name, NAME_LONGEST) || strtab_add(seen, name) != i)
		return bad(g, "a key without a good name, or named twice");
	if (k >= K_N)
		return bad(g, "a value of an unknown kind");
	if (str_eq(name, S("general.alignment")) && alignment(g, k, g->r))
		return g->e->code;
	buf_str(g->out, S("key\t"));
	show_text(g, name);
	buf_printf(g->out, "\t%s\t", kinds[k].name);
	if (k == K_ARR ? array(g) : scalar(g, (enum kind)k, true))
		return g->e->code;
	buf_char(g->out, '\n');
	return OK;
}

/* ---- tensors ------------------------------------------------------------------------- */

struct range { uint64_t from, bytes; };

static enum status tensor_size(struct gguf *g, const uint64_t *dim, uint32_t n_dim, uint32_t type,
                               uint64_t *bytes)
{
	uint64_t n = 1;

	for (uint32_t i = 0; i < n_dim; i++)
		if (dim[i] > INT64_MAX || __builtin_mul_overflow(n, dim[i], &n) || n > INT64_MAX)
			return bad(g, "a tensor's shape overflows");
	if (dim[0] % types[type].block)
		return bad(g, "a tensor's row is no whole number of blocks");
	if (__builtin_mul_overflow(n / types[type].block, types[type].bytes, bytes))
		return bad(g, "a tensor's size overflows");
	return OK;
}

static enum status tensor(struct gguf *g, struct range *out, struct strtab *seen, size_t i)
{
	struct str name = string(&g->r);
	uint32_t n_dim = rd_u32(&g->r);
	uint64_t dim[GGUF_DIMS] = { 0 };

	if (g->r.bad || !name_good(name, TENSOR_NAME_LONGEST) || strtab_add(seen, name) != i)
		return bad(g, "a tensor without a good name, or named twice");
	if (n_dim < 1 || n_dim > GGUF_DIMS)
		return bad(g, "a tensor with no dimension or more than 4");
	for (uint32_t k = 0; k < n_dim; k++)
		dim[k] = rd_u64(&g->r);
	uint32_t type = rd_u32(&g->r);
	out->from = rd_u64(&g->r);
	if (g->r.bad)
		return bad(g, "the file ends within the table of tensors");
	if (type >= N_TYPES || !types[type].name)
		return bad(g, "a tensor of an unknown type");
	if (tensor_size(g, dim, n_dim, type, &out->bytes))
		return g->e->code;
	if (out->from % g->align)
		return bad(g, "a tensor's offset is not aligned");
	buf_str(g->out, S("tensor\t"));
	show_text(g, name);
	buf_printf(g->out, "\t%s\t[", types[type].name);
	for (uint32_t k = 0; k < n_dim; k++)
		buf_printf(g->out, "%s%llu", k ? ", " : "", (unsigned long long)dim[k]);
	buf_printf(g->out, "]\toffset %llu\tbytes %llu\n", (unsigned long long)out->from,
	           (unsigned long long)out->bytes);
	return OK;
}

static int by_place(const void *x, const void *y)
{
	const struct range *p = x, *q = y;

	if (p->from != q->from)
		return p->from < q->from ? -1 : 1;
	return p->bytes < q->bytes ? -1 : p->bytes > q->bytes;
}

static enum status places(struct gguf *g, struct range *v, size_t n)
{
	uint64_t at = (uint64_t)(g->r.p - g->r.start), end = 0;
	uint64_t whole = (uint64_t)(g->r.end - g->r.start);
	uint64_t from = (at + g->align - 1) / g->align * g->align;
	uint64_t left = from < whole ? whole - from : 0;

	if (n)
		qsort(v, n, sizeof *v, by_place);
	for (size_t i = 0; i < n; i++) {
		if (v[i].from > left || v[i].bytes > left - v[i].from)
			return bad(g, "a tensor's data lie past the end of the file");
		if (v[i].from < end)
			return bad(g, "two tensors share data");
		end = v[i].from + v[i].bytes;
	}
	buf_printf(g->out, "data\tfrom %llu\tbytes %llu\taligned to %llu\n", (unsigned long long)from,
	           (unsigned long long)left, (unsigned long long)g->align);
	return OK;
}

/* ---- the whole ----------------------------------------------------------------------- */

static enum status show(struct gguf *g)
{
	struct str magic = rd_bytes(&g->r, 4);
	uint32_t version = rd_u32(&g->r);

	if (g->r.bad || !str_eq(magic, S("GGUF")))
		return bad(g, "not a GGUF file");
	if (version < 2 || version > 3)
		return err_set(g->e, ERR_FORMAT, "gguf: version %u; 2 and 3 are read", version);
	/* A tensor takes 32 bytes at least (name of 0, one dimension), a key 13. */
	uint64_t n_tensor = count(&g->r, 32), n_key = count(&g->r, 13);
	if (g->r.bad)
		return bad(g, "more keys or tensors than the file has room for");
	if (n_tensor > WEIGHT_TENSORS_MAX || n_key > WEIGHT_TENSORS_MAX)
		return err_set(g->e, ERR_LIMIT, "gguf: %llu tensors, %llu keys; the limit is %d",
		               (unsigned long long)n_tensor, (unsigned long long)n_key,
		               WEIGHT_TENSORS_MAX);
	buf_printf(g->out, "gguf\tversion %u\tkeys %llu\ttensors %llu\n", version,
	           (unsigned long long)n_key, (unsigned long long)n_tensor);
	struct strtab keys = strtab_open("gguf keys"), names = strtab_open("gguf tensors");
	struct range *v = TAKE(&g->a, struct range, n_tensor);
	for (size_t i = 0; i < n_key && !g->e->code; i++)
		key(g, &keys, i);
	for (size_t i = 0; i < n_tensor && !g->e->code; i++)
		tensor(g, &v[i], &names, i);
	strtab_close(&keys);
	strtab_close(&names);
	return g->e->code ? g->e->code : places(g, v, (size_t)n_tensor);
}

enum status gguf_show(struct buf *out, struct str bytes, struct err *e)
{
	size_t was = out->n;
	struct gguf g = { .r = reader_of(bytes), .a = arena_open("gguf"), .out = out, .e = e,
		.align = 32 };

	if (show(&g) && out->p)
		out->p[out->n = was] = 0;
	arena_close(&g.a);
	return e->code;
}
