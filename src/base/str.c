/* str.c - lent strings, growable bytes, the cursor over bytes from outside, interning. */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"

struct str str_of(const char *s)
{
	return s ? (struct str){ s, strlen(s) } : (struct str){ "", 0 };
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n));
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str head)
{
	return s.n >= head.n && (head.n == 0 || !memcmp(s.p, head.p, head.n));
}

bool str_ends(struct str s, struct str tail)
{
	return s.n >= tail.n && (tail.n == 0 || !memcmp(s.p + s.n - tail.n, tail.p, tail.n));
}

static size_t space_at(const char *p, size_t n)
{
	if (n && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
		return 1;
	return n > 1 && p[0] == '\xC2' && p[1] == '\xA0' ? 2 : 0;
}

struct str str_trim(struct str s)
{
	size_t k;

	while ((k = space_at(s.p, s.n)))
		s.p += k, s.n -= k;
	for (;;) {
		if (s.n && space_at(s.p + s.n - 1, 1))
			s.n--;
		else if (s.n > 1 && space_at(s.p + s.n - 2, 2) == 2)
			s.n -= 2;
		else
			return s;
	}
}

struct str str_copy(struct arena *a, struct str s)
{
	char *p = arena_take(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

struct str str_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	int n;
	char *p;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	must(n >= 0);
	p = arena_take(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct str){ p, (size_t)n };
}

bool str_cut(struct str *rest, char sep, struct str *piece)
{
	const char *at;

	if (!rest->p)
		return false;
	at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!at) {
		*piece = *rest;
		rest->p = NULL;
		rest->n = 0;
		return true;
	}
	*piece = (struct str){ rest->p, (size_t)(at - rest->p) };
	rest->n -= piece->n + 1;
	rest->p = at + 1;
	return true;
}

bool str_u64(struct str s, uint64_t *v)
{
	*v = 0;
	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(*v, 10, v) ||
		    __builtin_add_overflow(*v, (uint64_t)(s.p[i] - '0'), v))
			return false;
	}
	return true;
}

bool str_f64(struct str s, double *v)
{
	char tmp[64], *end;

	if (!s.n || s.n >= sizeof tmp || space_at(s.p, s.n))
		return false;
	memcpy(tmp, s.p, s.n);
	tmp[s.n] = 0;
	*v = strtod(tmp, &end);
	return *end == 0 && isfinite(*v);
}

/* ---- growable bytes ---- */

static void room(struct buf *b, size_t n)
{
	size_t need, cap = b->cap ? b->cap : 64;

	must(add_ok(b->n, n + 1, &need) && n + 1 > n);
	if (need <= b->cap)
		return;
	while (cap < need)
		cap *= 2;
	b->p = mem_resize(b->p, cap, 1);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	room(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
}

void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_rune(struct buf *b, uint32_t rune)
{
	char u[4];

	buf_add(b, u, (size_t)utf8_put(u, rune));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	must(n >= 0);
	room(b, (size_t)n);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
	va_end(again);
	b->n += (size_t)n;
}

void buf_u32(struct buf *b, uint32_t v)
{
	uint8_t u[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };

	buf_add(b, u, 4);
}

void buf_u64(struct buf *b, uint64_t v)
{
	buf_u32(b, (uint32_t)v);
	buf_u32(b, (uint32_t)(v >> 32));
}

void buf_f32(struct buf *b, float v)
{
	uint32_t u;

	memcpy(&u, &v, 4);
	buf_u32(b, u);
}

void buf_blob(struct buf *b, struct str s)
{
	must(s.n <= UINT32_MAX);
	buf_u32(b, (uint32_t)s.n);
	buf_str(b, s);
}

void buf_free(struct buf *b)
{
	mem_free(b->p);
	*b = (struct buf){ 0 };
}

/* ---- the cursor ---- */

struct reader reader_of(struct str bytes)
{
	const uint8_t *p = (const uint8_t *)bytes.p;

	return (struct reader){ .p = p, .end = p + bytes.n, .start = p };
}

size_t rd_left(const struct reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

struct str rd_bytes(struct reader *r, size_t n)
{
	struct str s = { "", 0 };

	if (n > rd_left(r)) {
		r->bad = true;
		return s;
	}
	s = (struct str){ (const char *)r->p, n };
	r->p += n;
	return s;
}

static uint64_t rd_le(struct reader *r, size_t n)
{
	struct str s = rd_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = s.n; i-- > 0;)
		v = v << 8 | (uint8_t)s.p[i];
	return v;
}

uint8_t rd_u8(struct reader *r) { return (uint8_t)rd_le(r, 1); }
uint16_t rd_u16(struct reader *r) { return (uint16_t)rd_le(r, 2); }
uint32_t rd_u32(struct reader *r) { return (uint32_t)rd_le(r, 4); }
uint64_t rd_u64(struct reader *r) { return rd_le(r, 8); }

float rd_f32(struct reader *r)
{
	uint32_t u = rd_u32(r);
	float v;

	memcpy(&v, &u, 4);
	return v;
}

struct str rd_blob(struct reader *r)
{
	return rd_bytes(r, rd_u32(r));
}

size_t rd_count(struct reader *r, size_t each)
{
	size_t n = rd_u32(r);

	if (each && n > rd_left(r) / each) {
		r->bad = true;
		return 0;
	}
	return r->bad ? 0 : n;
}

/* ---- interning ---- */

struct strtab strtab_open(const char *name)
{
	return (struct strtab){ .mem = arena_open(name) };
}

void strtab_close(struct strtab *t)
{
	arena_close(&t->mem);
	mem_free(t->s);
	mem_free(t->slot);
	*t = (struct strtab){ 0 };
}

/* The slot where s is, or where it would go. */
static size_t slot_of(const struct strtab *t, struct str s)
{
	size_t mask = t->n_slot - 1, i = str_hash(s) & mask;

	while (t->slot[i] && !str_eq(t->s[t->slot[i] - 1], s))
		i = (i + 1) & mask;
	return i;
}

static void rehash(struct strtab *t)
{
	mem_free(t->slot);
	t->n_slot = t->n_slot ? t->n_slot * 2 : 64;
	t->slot = mem_alloc(t->n_slot, sizeof *t->slot);
	for (size_t i = 0; i < t->n; i++)
		t->slot[slot_of(t, t->s[i])] = (uint32_t)i + 1;
}

uint32_t strtab_add(struct strtab *t, struct str s)
{
	size_t i;

	if (t->n * 2 >= t->n_slot)
		rehash(t);
	i = slot_of(t, s);
	if (!t->slot[i]) {
		must(t->n < UINT32_MAX - 1);
		struct str own = str_copy(&t->mem, s);

		VEC_PUSH(t->s, t->n, t->cap) = own;
		t->slot[i] = (uint32_t)t->n;
	}
	return t->slot[i] - 1;
}

uint32_t strtab_find(const struct strtab *t, struct str s)
{
	size_t i;

	if (!t->n_slot)
		return STRTAB_NONE;
	i = slot_of(t, s);
	return t->slot[i] ? t->slot[i] - 1 : STRTAB_NONE;
}
