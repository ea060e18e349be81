/* safetensors.c - tensors on disk in the safetensors form: written, and read with distrust.
 *
 *   in    the bytes of a file nobody vouches for, or tensors in memory
 *   out   a table of tensors that point into the bytes, or the file, saved whole
 *
 *   u64 n | n bytes of JSON | data        (little-endian)
 *   JSON = { "__metadata__": {text: text}, "name": {"dtype", "shape", "data_offsets": [b, e]} }
 *
 * Invariants of what is accepted: the header is strict JSON of the shapes above and nothing
 * else (no other keys, no duplicates, numbers are whole and under 2^64, names hold no path);
 * the tensors' ranges, in order, tile the data without hole or overlap from its first byte to
 * its last; each range is as long as its shape and type say. Data of a type wider than its place
 * in the file allows is copied, so that every pointer is aligned.
 *
 * The writer keeps every tensor at a multiple of 64 bytes of the file. The form allows no
 * holes, so where a tensor ends between two such places a tensor of zero bytes fills the gap,
 * "__pad.N" of type U8; the reader passes over those. The header is padded with spaces.
 * Source: https://github.com/huggingface/safetensors, README, "Format".
 */
#include <stdlib.h>

#include "io/models/weights.h"

enum {
	HEADER_MAX = 100 << 20,		/* the reference's own limit */
	NAME_MAX_BYTES = 512,
	META_MAX = 100000,
	ALIGN = 64,
};

static const struct { const char *name; enum dtype type; unsigned size; } types[] = {
	{ "F32", DT_F32, 4 }, { "F64", DT_F64, 8 }, { "F16", DT_F16, 2 }, { "BF16", DT_BF16, 2 },
	{ "I64", DT_I64, 8 }, { "I32", DT_I32, 4 }, { "U32", DT_U32, 4 }, { "U8", DT_U8, 1 },
	{ "I8", DT_I8, 1 },
	/* known to the form, not to us: sizes are checked all the same */
	{ "U64", DT_OTHER, 8 }, { "I16", DT_OTHER, 2 }, { "U16", DT_OTHER, 2 },
	{ "BOOL", DT_OTHER, 1 }, { "F8_E4M3", DT_OTHER, 1 }, { "F8_E5M2", DT_OTHER, 1 },
};
enum { N_TYPES = sizeof types / sizeof *types };

static int type_find(struct str name)
{
	for (int i = 0; i < N_TYPES; i++)
		if (str_eq(name, str_of(types[i].name)))
			return i;
	return -1;
}

static int type_row(enum dtype t)
{
	for (int i = 0; i < N_TYPES; i++)
		if (types[i].type == t && t != DT_OTHER)
			return i;
	return -1;
}

/* ---- a strict cursor over the JSON of a header --------------------------------------- */

struct cursor {
	struct reader r;
	struct arena *a;
	const char *why;	/* the first trouble, NULL while all is well */
	size_t at;		/* where it was */
};

static void fail(struct cursor *c, const char *why)
{
	if (!c->why) {
		c->why = why;
		c->at = (size_t)(c->r.p - c->r.start);
	}
	c->r.p = c->r.end;
}

static int peek(struct cursor *c)
{
	while (c->r.p < c->r.end && (*c->r.p == ' ' || *c->r.p == '\t' || *c->r.p == '\n'
	                             || *c->r.p == '\r'))
		c->r.p++;
	return c->r.p < c->r.end ? *c->r.p : -1;
}

static bool take(struct cursor *c, char want)
{
	if (peek(c) != (unsigned char)want)
		return false;
	c->r.p++;
	return true;
}

static void need(struct cursor *c, char want, const char *why)
{
	if (!take(c, want))
		fail(c, why);
}

/* Between elements: true when another follows, false at the closing sign. */
static bool more(struct cursor *c, char close, bool first)
{
	if (c->why)
		return false;
	if (take(c, close))
		return false;
	if (first)
		return peek(c) >= 0 || (fail(c, "ends within a list"), false);
	need(c, ',', "',' or the closing sign expected");
	if (peek(c) == (unsigned char)close)
		fail(c, "',' before the closing sign");
	return !c->why;
}

static uint64_t number(struct cursor *c)
{
	uint64_t v = 0;
	int first = peek(c);

	if (first < '0' || first > '9') {
		fail(c, "a whole number of 0 or more expected");
		return 0;
	}
	const uint8_t *from = c->r.p;
	for (; c->r.p < c->r.end && *c->r.p >= '0' && *c->r.p <= '9'; c->r.p++)
		if (__builtin_mul_overflow(v, 10u, &v)
		    || __builtin_add_overflow(v, (uint64_t)(*c->r.p - '0'), &v)) {
			fail(c, "a number over 2^64");
			return 0;
		}
	if (first == '0' && c->r.p - from > 1)
		fail(c, "a number with a leading 0");
	if (c->r.p < c->r.end && (*c->r.p == '.' || *c->r.p == 'e' || *c->r.p == 'E'))
		fail(c, "a whole number expected");
	return v;
}

static uint32_t hex4(struct cursor *c)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		uint8_t b = rd_u8(&c->r);
		int d = b >= '0' && b <= '9' ? b - '0' : b >= 'a' && b <= 'f' ? b - 'a' + 10
			: b >= 'A' && b <= 'F' ? b - 'A' + 10 : -1;
		if (d < 0 || c->r.bad) {
			fail(c, "\\u without four hexadecimal digits");
			return 0;
		}
		v = v << 4 | (uint32_t)d;
	}
	return v;
}

static uint32_t escaped(struct cursor *c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t b = rd_u8(&c->r);
	const char *at = b ? strchr(from, b) : NULL;

	if (at)
		return (uint32_t)to[at - from];
	if (b != 'u') {
		fail(c, "an unknown escape");
		return 0;
	}
	uint32_t v = hex4(c);
	if (v >= 0xd800 && v < 0xdc00) {
		if (rd_u8(&c->r) != '\\' || rd_u8(&c->r) != 'u')
			fail(c, "half a surrogate pair");
		uint32_t low = hex4(c);
		if (low < 0xdc00 || low > 0xdfff)
			fail(c, "half a surrogate pair");
		return 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	}
	if (v >= 0xdc00 && v < 0xe000)
		fail(c, "half a surrogate pair");
	return v;
}

/* A string, in the arena. */
static struct str text(struct cursor *c)
{
	struct buf b = { 0 };

	need(c, '"', "a string expected");
	while (!c->why) {
		uint8_t ch = rd_u8(&c->r);
		if (c->r.bad)
			fail(c, "ends within a string");
		else if (ch == '"')
			break;
		else if (ch < 0x20)
			fail(c, "a control character in a string");
		else if (ch == '\\')
			buf_rune(&b, escaped(c));
		else
			buf_char(&b, (char)ch);
	}
	if (!c->why && !utf8_valid(buf_view(&b)))
		fail(c, "a string that is not UTF-8");
	struct str s = c->why ? S("") : str_copy(c->a, buf_view(&b));
	buf_free(&b);
	return s;
}

/* ---- the header ---------------------------------------------------------------------- */

struct range { uint64_t from, to; int type; };

/* A name may become a file's name or a key on screen: nothing of a path, nothing unseen. */
static bool name_good(struct str s)
{
	if (s.n == 0 || s.n > NAME_MAX_BYTES || s.p[0] == '.' || s.p[0] == '~')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];
		if (ch < 0x20 || ch == 0x7f || ch == '/' || ch == '\\' || ch == ':')
			return false;
		if (ch == '.' && i + 1 < s.n && s.p[i + 1] == '.')
			return false;
	}
	return true;
}

static void shape(struct cursor *c, struct tensor_row *t)
{
	bool first = true;

	need(c, '[', "a shape [ expected");
	for (; more(c, ']', first); first = false) {
		if (t->n_dim == WEIGHT_DIMS) {
			fail(c, "a shape of more than 8 dimensions");
			return;
		}
		t->dim[t->n_dim++] = number(c);
	}
}

static void tensor(struct cursor *c, struct tensor_row *t, struct range *r)
{
	enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
	unsigned seen = 0, bit;
	bool first = true;

	need(c, '{', "a tensor { expected");
	for (; more(c, '}', first); first = false) {
		struct str key = text(c);
		need(c, ':', "':' expected");
		bit = str_eq(key, S("dtype")) ? DTYPE : str_eq(key, S("shape")) ? SHAPE
			: str_eq(key, S("data_offsets")) ? OFFSETS : 0;
		if (!bit || seen & bit) {
			fail(c, bit ? "a key twice in a tensor" : "an unknown key in a tensor");
			return;
		}
		seen |= bit;
		if (bit == DTYPE && (r->type = type_find(text(c))) < 0)
			fail(c, "an unknown dtype");
		if (bit == SHAPE)
			shape(c, t);
		if (bit == OFFSETS) {
			need(c, '[', "[begin, end] expected");
			r->from = number(c);
			need(c, ',', "[begin, end] expected");
			r->to = number(c);
			need(c, ']', "[begin, end] expected");
		}
	}
	if (!c->why && seen != (DTYPE | SHAPE | OFFSETS))
		fail(c, "a tensor without dtype, shape or data_offsets");
	if (!c->why)
		t->type = types[r->type].type;
}

struct header {
	struct tensor_row *t;
	struct range *r;
	size_t n, cap_t, cap_r;
	struct { struct str key, value; } *meta;
	size_t n_meta, cap_meta;
};

static void metadata(struct cursor *c, struct header *h)
{
	bool first = true;

	need(c, '{', "__metadata__ { expected");
	for (; more(c, '}', first); first = false) {
		struct str key = text(c);
		need(c, ':', "':' expected");
		struct str value = text(c);
		if (h->n_meta == META_MAX)
			fail(c, "too many keys in __metadata__");
		if (c->why)
			return;
		size_t i = h->n_meta;
		VEC_PUSH(h->meta, h->n_meta, h->cap_meta).key = key;
		h->meta[i].value = value;
	}
}

static void header(struct cursor *c, struct header *h, struct strtab *names)
{
	bool first = true, meta = false;

	need(c, '{', "the header is no JSON object");
	for (; more(c, '}', first); first = false) {
		struct str key = text(c);
		need(c, ':', "':' expected");
		if (str_eq(key, S("__metadata__"))) {
			if (meta)
				fail(c, "__metadata__ twice");
			meta = true;
			metadata(c, h);
			continue;
		}
		if (!c->why && !name_good(key))
			fail(c, "a tensor's name that holds a path or control characters");
		if (!c->why && strtab_add(names, key) != h->n)
			fail(c, "a tensor twice");
		if (h->n == WEIGHT_TENSORS_MAX)
			fail(c, "too many tensors");
		if (c->why)
			return;
		size_t i = h->n;
		VEC_PUSH(h->t, h->n, h->cap_t) = (struct tensor_row){ .name = key };
		h->n = i;	/* two arrays of one length */
		VEC_PUSH(h->r, h->n, h->cap_r) = (struct range){ .type = -1 };
		tensor(c, &h->t[i], &h->r[i]);
	}
	if (!c->why && peek(c) >= 0)
		fail(c, "more after the header's object");
}

/* ---- what the header says against what is there -------------------------------------- */

static enum status bad_tensor(struct str name, const char *why, struct err *e)
{
	return err_set(e, ERR_FORMAT, "safetensors: tensor '%.*s': %s",
	               (int)(name.n > 200 ? 200 : name.n), name.p, why);
}

/* Order of tensors by their place; empty ones stand before the tensor that begins there. */
struct place { uint64_t from, to; size_t i; };

static int by_place(const void *x, const void *y)
{
	const struct place *p = x, *q = y;

	if (p->from != q->from)
		return p->from < q->from ? -1 : 1;
	if (p->to != q->to)
		return p->to < q->to ? -1 : 1;
	return p->i < q->i ? -1 : p->i > q->i;
}

static enum status size_check(struct tensor_row *t, const struct range *r, struct err *e)
{
	size_t n = types[r->type].size;

	for (int i = 0; i < t->n_dim; i++)
		if (t->dim[i] > SIZE_MAX || !mul_ok(n, (size_t)t->dim[i], &n))
			return bad_tensor(t->name, "its shape overflows", e);
	if (r->to < r->from || r->to - r->from != n)
		return bad_tensor(t->name, "its data_offsets are not as long as its shape and dtype", e);
	t->bytes = n;
	return OK;
}

static bool is_pad(const struct tensor_row *t)
{
	return t->type == DT_U8 && t->bytes < ALIGN && str_starts(t->name, S("__pad."));
}

/* Orders the tensors by place, finds holes, lends or copies their data. */
static enum status lay_out(struct weights *out, struct header *h, struct str data,
                           struct arena *a, struct err *e)
{
	struct place *p = TAKE(a, struct place, h->n);
	uint64_t end = 0;

	for (size_t i = 0; i < h->n; i++) {
		if (size_check(&h->t[i], &h->r[i], e))
			return e->code;
		p[i] = (struct place){ h->r[i].from, h->r[i].to, i };
	}
	if (h->n)
		qsort(p, h->n, sizeof *p, by_place);
	out->t = TAKE(a, struct tensor_row, h->n);
	for (size_t i = 0; i < h->n; i++) {
		struct tensor_row *t = &h->t[p[i].i];
		unsigned wide = types[h->r[p[i].i].type].size;
		if (p[i].from != end || p[i].to > data.n)
			return bad_tensor(t->name, p[i].to > data.n ? "its data lie past the end"
			                  : p[i].from < end ? "its data overlap another's"
			                  : "a hole before its data", e);
		end = p[i].to;
		t->data = data.p + p[i].from;
		if ((uintptr_t)t->data % wide && t->bytes)
			t->data = memcpy(arena_take(a, t->bytes), t->data, t->bytes);
		if (!is_pad(t))
			out->t[out->n++] = *t;
	}
	if (end != data.n)
		return err_set(e, ERR_FORMAT, "safetensors: %llu bytes after the last tensor",
		               (unsigned long long)(data.n - end));
	return OK;
}

static int by_key(const void *x, const void *y)
{
	const struct str *p = x, *q = y;	/* key is the first member */

	return str_cmp(*p, *q);
}

static enum status lay_meta(struct weights *out, struct header *h, struct arena *a, struct err *e)
{
	size_t each = sizeof *out->meta;

	out->n_meta = h->n_meta;
	out->meta = arena_take_n(a, h->n_meta, each);
	if (h->n_meta) {
		memcpy(out->meta, h->meta, h->n_meta * each);
		qsort(out->meta, h->n_meta, each, by_key);
	}
	for (size_t i = 1; i < h->n_meta; i++)
		if (str_eq(out->meta[i].key, out->meta[i - 1].key))
			return err_set(e, ERR_FORMAT, "safetensors: a key twice in __metadata__");
	return OK;
}

enum status weights_read(struct weights *out, struct str bytes, struct arena *a, struct err *e)
{
	struct reader r = reader_of(bytes);
	uint64_t n = rd_u64(&r);
	struct header h = { 0 };

	memset(out, 0, sizeof *out);
	if (r.bad)
		return err_set(e, ERR_FORMAT, "safetensors: %zu bytes, too short for a header", bytes.n);
	if (n > HEADER_MAX || n > rd_left(&r))
		return err_set(e, ERR_FORMAT, "safetensors: a header of %llu bytes, %zu are left",
		               (unsigned long long)n, rd_left(&r));
	struct str json = rd_bytes(&r, (size_t)n), data = rd_bytes(&r, rd_left(&r));
	struct cursor c = { .r = reader_of(json), .a = a };
	struct strtab names = strtab_open("tensor names");
	if (!json.n || json.p[0] != '{')
		fail(&c, "the header does not begin with '{'");
	else
		header(&c, &h, &names);
	strtab_close(&names);
	if (c.why)
		err_set(e, ERR_FORMAT, "safetensors: header, byte %zu: %s", c.at + 8, c.why);
	else if (!lay_meta(out, &h, a, e))
		lay_out(out, &h, data, a, e);
	mem_free(h.t);
	mem_free(h.r);
	mem_free(h.meta);
	if (e->code)
		memset(out, 0, sizeof *out);
	return e->code;
}

/* ---- writing ------------------------------------------------------------------------- */

static void json_text(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];
		if (ch == '"' || ch == '\\')
			buf_printf(b, "\\%c", ch);
		else if (ch < 0x20 || ch == 0x7f)
			buf_printf(b, "\\u%04x", ch);
		else
			buf_char(b, (char)ch);
	}
	buf_char(b, '"');
}

static void json_tensor(struct buf *b, const struct tensor_row *t, uint64_t from)
{
	buf_str(b, b->n > 9 ? S(",") : S(""));
	json_text(b, t->name);
	buf_printf(b, ":{\"dtype\":\"%s\",\"shape\":[", types[type_row(t->type)].name);
	for (int i = 0; i < t->n_dim; i++)
		buf_printf(b, "%s%llu", i ? "," : "", (unsigned long long)t->dim[i]);
	buf_printf(b, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)from,
	           (unsigned long long)(from + t->bytes));
}

static size_t gap_after(uint64_t end)
{
	return (size_t)((ALIGN - end % ALIGN) % ALIGN);
}

static struct tensor_row pad_row(char name[32], size_t i, size_t gap)
{
	snprintf(name, 32, "__pad.%zu", i);
	return (struct tensor_row){ .name = str_of(name), .type = DT_U8, .n_dim = 1,
		.dim = { gap }, .bytes = gap };
}

/* What we would not read back we do not write. */
static enum status writable(const struct weights *w, struct err *e)
{
	struct strtab names = strtab_open("tensor names");

	for (size_t i = 0; i < w->n && !e->code; i++) {
		struct tensor_row t = w->t[i];
		struct range r = { 0, t.bytes, type_row(t.type) };
		if (r.type < 0 || t.n_dim < 0 || t.n_dim > WEIGHT_DIMS)
			bad_tensor(t.name, "a type or shape that cannot be written", e);
		else if (!name_good(t.name) || !utf8_valid(t.name) || str_starts(t.name, S("__"))
		         || strtab_add(&names, t.name) != i)
			bad_tensor(t.name, "a name that cannot be written, or one used twice", e);
		else
			size_check(&t, &r, e);
	}
	strtab_close(&names);
	struct strtab keys = strtab_open("metadata keys");
	for (size_t i = 0; i < w->n_meta && !e->code; i++)
		if (!utf8_valid(w->meta[i].key) || !utf8_valid(w->meta[i].value)
		    || strtab_add(&keys, w->meta[i].key) != i || i == META_MAX)
			err_set(e, ERR_FORMAT, "safetensors: metadata that is not UTF-8, a key used "
			        "twice, or too many");
	strtab_close(&keys);
	if (w->n > WEIGHT_TENSORS_MAX / 2)
		err_set(e, ERR_LIMIT, "safetensors: %zu tensors are too many", w->n);
	return e->code;
}

/* "{" metadata, tensors and their pads "}", spaces up to a multiple of 64 of the file. */
static void write_header(struct buf *b, const struct weights *w)
{
	uint64_t end = 0;
	char name[32];

	buf_u64(b, 0);
	buf_char(b, '{');
	if (w->n_meta) {
		buf_str(b, S("\"__metadata__\":{"));
		for (size_t i = 0; i < w->n_meta; i++) {
			buf_str(b, i ? S(",") : S(""));
			json_text(b, w->meta[i].key);
			buf_char(b, ':');
			json_text(b, w->meta[i].value);
		}
		buf_char(b, '}');
	}
	for (size_t i = 0; i < w->n; i++) {
		size_t gap = gap_after(end + w->t[i].bytes);
		json_tensor(b, &w->t[i], end);
		end += w->t[i].bytes;
		if (gap && i + 1 < w->n) {
			struct tensor_row pad = pad_row(name, i, gap);
			json_tensor(b, &pad, end);
			end += gap;
		}
	}
	buf_char(b, '}');
	while (b->n % ALIGN)
		buf_char(b, ' ');
	for (int i = 0; i < 8; i++)
		b->p[i] = (char)((uint64_t)(b->n - 8) >> 8 * i);
}

enum status weights_save(const char *path, const struct weights *w, struct err *e)
{
	static const char zero[ALIGN];
	struct buf head = { 0 };
	struct saver f;
	uint64_t end = 0;

	if (writable(w, e) || saver_open(&f, path, e))
		return e->code;
	write_header(&head, w);
	saver_write(&f, head.p, head.n);
	buf_free(&head);
	for (size_t i = 0; i < w->n; i++) {
		size_t gap = i + 1 < w->n ? gap_after(end + w->t[i].bytes) : 0;
		saver_write(&f, w->t[i].data, (size_t)w->t[i].bytes);
		saver_write(&f, zero, gap);
		end += w->t[i].bytes + gap;
	}
	return saver_close(&f, e);
}

/* ---- asking -------------------------------------------------------------------------- */

const struct tensor_row *weights_find(const struct weights *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->t[i].name, str_of(name)))
			return &w->t[i];
	return NULL;
}

struct str weights_meta(const struct weights *w, const char *key)
{
	for (size_t i = 0; i < w->n_meta; i++)
		if (str_eq(w->meta[i].key, str_of(key)))
			return w->meta[i].value;
	return S("");
}
