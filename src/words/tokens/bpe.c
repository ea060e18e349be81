/* bpe.c - the schemes TOKENS_BYTE and TOKENS_MORPH: training, encoding with a cache, file part.
 *
 *   in    text
 *   out   ids: pre-tokens (for MORPH: their morphemes), each merged by itself
 *
 * Text repeats its words, so a worker keeps a table of pre-tokens with their ids: two entries
 * of a cache line each for every hash, the newer one first. It is bounded and never changes a
 * result; who encodes little has a small one. Pre-tokens are taken by the dozen: the first pass finds their ends and calls for their
 * cache lines, the second finds them there.
 *
 * The scheme's own part of the file: u32 version 1, u32 number of merges, { u32 a, u32 b } each;
 * for MORPH then u32 number of sample words, { u16 length, bytes } each, u64 hash of their cuts.
 * A program whose morphemes differ would encode otherwise: it refuses such a file.
 *
 * Invariant: the bytes of id 256 + k are those of its a and b; both are lower ids.
 */
#include <sys/mman.h>

#include "words/tokens/bpe.h"
#include "words/morph/morph.h"

struct bpe {
	struct merges merges;
	const uint8_t *kind;
	bool morph;
};

/* ---- training -------------------------------------------------------------------------- */

enum { PART_VERSION = 1, SAMPLE_MAX = 1000, SAMPLE_BYTES = 250 };

/* What the cuts of a word hash to, going on from h. */
static uint64_t cut_hash(uint64_t h, struct str word)
{
	uint32_t end[PARTS_MAX];
	size_t n = bpe_parts(word, end);

	return hash64(end, n * sizeof *end, h);
}

/* Words spread evenly over those met, as witnesses of how this program cuts. */
static void put_samples(struct buf *b, const struct bpe_words *words)
{
	size_t step = words->n / SAMPLE_MAX + 1, n = 0;
	struct buf v = { 0 };
	uint64_t h = 0;

	for (size_t i = 0; i < words->n; i += step) {
		struct str s = words->w[i].s;

		if (s.n > SAMPLE_BYTES)
			continue;
		buf_char(&v, (char)(s.n & 255));
		buf_char(&v, (char)(s.n >> 8));
		buf_str(&v, s);
		h = cut_hash(h, s);
		n++;
	}
	buf_u32(b, (uint32_t)n);
	buf_str(b, buf_view(&v));
	buf_u64(b, h);
	buf_free(&v);
}

static void put_extra(struct tokenizer *t, const struct merge *merge, uint32_t n,
                      const struct bpe_words *samples)
{
	struct buf b = { 0 };

	buf_u32(&b, PART_VERSION);
	buf_u32(&b, n);
	for (uint32_t i = 0; i < n; i++) {
		buf_u32(&b, merge[i].a);
		buf_u32(&b, merge[i].b);
	}
	if (samples)
		put_samples(&b, samples);
	t->extra = str_copy(&t->mem, buf_view(&b));
	buf_free(&b);
}

static enum status train(struct tokenizer *t, const struct tokens_plan *p, const struct str *text,
                         size_t n, const struct watch *w, struct err *e)
{
	bool morph = p->scheme == TOKENS_MORPH;
	struct bpe_words words = { 0 }, parts = { 0 };
	uint32_t limit = p->vocab - 256, made = 0;
	struct merge *merge = mem_alloc(limit, sizeof *merge);
	enum status st = bpe_count(&words, text, n, w, e);

	if (!st && morph)
		st = bpe_count_morphs(&parts, &words, w, e);
	t->piece = TAKE(&t->mem, struct str, p->vocab);
	if (!st)
		st = bpe_train(merge, t->piece, &made, limit, morph ? &parts : &words, &t->mem, w, e);
	t->n = 256 + made;
	if (!st)
		put_extra(t, merge, made, morph ? &words : NULL);
	mem_free(merge);
	bpe_words_clear(&words);
	bpe_words_clear(&parts);
	return st;
}

/* ---- what stands in the file ----------------------------------------------------------- */

static uint32_t u32_at(const char *p)
{
	const uint8_t *u = (const uint8_t *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

struct merge bpe_merge_at(const struct tokenizer *t, uint32_t k)
{
	const char *p = t->extra.p + 8 + 8 * (size_t)k;

	return (struct merge){ u32_at(p), u32_at(p + 4) };
}

static bool joins(const struct tokenizer *t, struct merge m, uint32_t id)
{
	struct str c = t->piece[id], a, b;

	if (m.a >= id || m.b >= id)
		return false;
	a = t->piece[m.a];
	b = t->piece[m.b];
	return c.n == a.n + b.n && !memcmp(c.p, a.p, a.n) && !memcmp(c.p + a.n, b.p, b.n);
}

/* Does this program cut words as the one that trained? */
static enum status check_samples(struct reader *r, struct err *e)
{
	uint32_t n = rd_u32(r);
	uint64_t h = 0;

	if (r->bad || n > SAMPLE_MAX)
		return err_set(e, ERR_FORMAT, "tokenizer: %u sample words", n);
	for (uint32_t i = 0; i < n; i++) {
		struct str s = rd_bytes(r, rd_u16(r));

		if (r->bad || !s.n || s.n > SAMPLE_BYTES)
			return err_set(e, ERR_FORMAT, "tokenizer: sample word %u is cut short", i);
		h = cut_hash(h, s);
	}
	if (rd_u64(r) != h && !r->bad)
		return err_set(e, ERR_USAGE, "this tokenizer was trained with other morphemes than "
		               "this program has and would encode otherwise: train it again "
		               "(ltm tokens train --scheme morph)");
	return OK;
}

static enum status check_extra(const struct tokenizer *t, bool morph, struct err *e)
{
	struct reader r = reader_of(t->extra);
	uint32_t version = rd_u32(&r), n = rd_u32(&r);

	if (r.bad || version != PART_VERSION)
		return err_set(e, ERR_FORMAT, "tokenizer: merges of version %u; this program reads %d",
		               version, PART_VERSION);
	if (n != t->n - 256 || rd_left(&r) / 8 < n)
		return err_set(e, ERR_FORMAT, "tokenizer: %u merges for %u pieces", n, t->n);
	for (uint32_t k = 0; k < n; k++)
		if (!joins(t, bpe_merge_at(t, k), 256 + k))
			return err_set(e, ERR_FORMAT, "tokenizer: merge %u does not give piece %u", k,
			               256 + k);
	rd_bytes(&r, 8 * (size_t)n);
	if (morph && check_samples(&r, e))
		return e ? e->code : ERR_FORMAT;
	if (r.bad || rd_left(&r))
		return err_set(e, ERR_FORMAT, "tokenizer: its merges end at a wrong place");
	return OK;
}

static enum status ready(struct tokenizer *t, struct err *e)
{
	bool morph = t->scheme == TOKENS_MORPH;
	enum status st = check_extra(t, morph, e);
	struct merge *v;
	struct bpe *b;

	if (st)
		return st;
	v = mem_alloc(t->n - 255, sizeof *v);
	for (uint32_t k = 0; k < t->n - 256; k++)
		v[k] = bpe_merge_at(t, k);
	b = mem_alloc(1, sizeof *b);
	merges_init(&b->merges, v, t->n - 256);
	b->kind = pretoken_kinds();
	b->morph = morph;
	t->own = b;
	mem_free(v);
	return OK;
}

static void bpe_close(struct tokenizer *t)
{
	struct bpe *b = t->own;

	if (b)
		merges_clear(&b->merges);
	mem_free(b);
}

/* ---- the cache of pre-tokens ----------------------------------------------------------- */

enum {
	KEY_WORDS = 4, KEY = 8 * KEY_WORDS,	/* bytes of a pre-token that is kept */
	KEPT_IDS = 7,
	CACHE_SMALL = 10,			/* bits of the number of entries: 64 KB, */
	CACHE_FULL = 17,			/* and 8 MB for who has encoded FULL_AT bytes */
	CACHE_MORPH = 19,			/* 32 MB for MORPH: a new word costs it a network */
	FULL_AT = 1 << 18,
	BATCH = 16,
	HUGE_PAGE = 2 << 20,
};
struct entry {			/* one cache line */
	uint64_t key[KEY_WORDS];	/* zeros behind */
	uint8_t len, n;			/* len 0: empty */
	uint32_t id[KEPT_IDS];
};
struct found {			/* a pre-token of a batch */
	uint64_t key[KEY_WORDS];
	const char *p;
	uint32_t len, at;
};

struct work {
	void *block;			/* holds the cache */
	struct entry *cache;		/* [1 << bits] pairs of neighbours */
	unsigned bits;
	size_t seen;			/* bytes encoded, until the cache is full-sized */
	struct merge_work *merge;
	uint32_t id[PRETOKEN_MAX];
};

/* An empty cache of 1 << bits entries instead of the one there was. */
static void cache_open(struct work *k, unsigned bits)
{
	const size_t bytes = sizeof(struct entry) << bits, page = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;

	mem_free(k->block);
	k->block = mem_alloc(bytes + page, 1);
	k->cache = (struct entry *)(((uintptr_t)k->block + page - 1) & ~(uintptr_t)(page - 1));
	k->bits = bits;
	if (page == HUGE_PAGE)	/* a wish: 15 % faster where it is granted */
		madvise(k->cache, bytes, MADV_HUGEPAGE);
}

static void *work_open(const struct tokenizer *t)
{
	struct work *k = mem_alloc(1, sizeof *k);

	(void)t;
	cache_open(k, CACHE_SMALL);
	k->merge = merge_work_open();
	return k;
}

static void work_close(void *own)
{
	struct work *k = own;

	mem_free(k->block);
	merge_work_close(k->merge);
	mem_free(k);
}

/* The first n bytes at p as words, zeros behind; reads up to KEY bytes of what is there. */
static inline void key_load(uint64_t key[KEY_WORDS], const char *p, size_t n, const char *end)
{
	if (end - p >= KEY) {
		memcpy(key, p, KEY);
		for (int i = 0; i < KEY_WORDS; i++) {
			size_t left = n > 8 * (size_t)i ? n - 8 * (size_t)i : 0;

			key[i] &= left >= 8 ? ~(uint64_t)0 : ((uint64_t)1 << 8 * left) - 1;
		}
	} else {
		memset(key, 0, KEY);
		memcpy(key, p, n);
	}
}

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint32_t key_hash(const uint64_t k[KEY_WORDS], size_t n, unsigned bits)
{
	uint64_t h = mix(k[0] ^ 0x9E3779B97F4A7C15u, k[1] ^ 0xC2B2AE3D27D4EB4Fu ^ n) ^
	             mix(k[2] ^ 0x165667B19E3779F9u, k[3] ^ 0xD6E8FEB86659FD93u);

	return (uint32_t)((h * 0x9E3779B97F4A7C15u) >> (64 - bits));
}

static inline bool same(const struct entry *x, const struct found *f)
{
	return x->key[0] == f->key[0] && x->key[1] == f->key[1] && x->key[2] == f->key[2] &&
	       x->key[3] == f->key[3] && x->len == f->len;
}

/* ---- encoding -------------------------------------------------------------------------- */

/* A pre-token that no cache knows; ids in k->id. */
static size_t merge_new(const struct bpe *b, struct work *k, const char *p, size_t n)
{
	uint32_t end[PARTS_MAX], from = 0;
	size_t parts, out = 0;

	if (!b->morph)
		return merges_word(&b->merges, k->merge, (const uint8_t *)p, n, k->id);
	parts = bpe_parts((struct str){ p, n }, end);
	for (size_t i = 0; i < parts; from = end[i++])
		if (end[i] > from)
			out += merges_word(&b->merges, k->merge, (const uint8_t *)p + from, end[i] - from,
			                   k->id + out);
	return out;
}

static void reserve(struct ids *out, size_t n)
{
	while (out->cap - out->n < n)
		out->id = mem_grow(out->id, &out->cap, sizeof *out->id);
}

static void encode_new(const struct bpe *b, struct work *k, const struct found *f, struct ids *out)
{
	size_t n = merge_new(b, k, f->p, f->len);
	struct entry *x;

	reserve(out, n + KEPT_IDS);
	memcpy(out->id + out->n, k->id, n * sizeof *k->id);
	out->n += n;
	if (f->len > KEY || n > KEPT_IDS)
		return;
	x = &k->cache[f->at];
	k->cache[f->at ^ 1] = *x;
	memcpy(x->key, f->key, KEY);
	x->len = (uint8_t)f->len;
	x->n = (uint8_t)n;
	memcpy(x->id, k->id, n * sizeof *k->id);
}

/* Finds the ends of the next pre-tokens and calls for their cache lines. */
static int gather(const struct bpe *b, const struct work *k, struct found f[BATCH], const char **p,
                  const char *end)
{
	int n = 0;

	for (; n < BATCH && *p < end; n++) {
		size_t len = pretoken_at(b->kind, *p, (size_t)(end - *p));

		f[n].p = *p;
		f[n].len = (uint32_t)len;
		f[n].at = 0;
		if (len <= KEY) {
			key_load(f[n].key, *p, len, end);
			f[n].at = key_hash(f[n].key, len, k->bits);
			__builtin_prefetch(&k->cache[f[n].at]);
		}
		*p += len;
	}
	return n;
}

static void encode(struct tokens_work *w, struct str text, struct ids *out)
{
	const struct bpe *b = w->t->own;
	struct work *k = w->own;
	const char *p = text.p, *end = text.p + text.n;
	struct found f[BATCH];

	if (k->bits == CACHE_SMALL && (k->seen += text.n) > FULL_AT)
		cache_open(k, b->morph ? CACHE_MORPH : CACHE_FULL);
	while (p < end) {
		int n = gather(b, k, f, &p, end);

		reserve(out, BATCH * KEPT_IDS);
		for (int i = 0; i < n; i++) {
			const struct entry *x = &k->cache[f[i].at];

			if (f[i].len > KEY || (!same(x, &f[i]) && !same(x = &k->cache[f[i].at ^ 1], &f[i]))) {
				encode_new(b, k, &f[i], out);
				reserve(out, BATCH * KEPT_IDS);
				continue;
			}
			memcpy(out->id + out->n, x->id, sizeof x->id);	/* what is too much is overwritten */
			out->n += x->n;
		}
	}
}

const struct scheme scheme_byte = {
	.id = TOKENS_BYTE, .name = "byte", .reversible = true, .train = train, .ready = ready,
	.close = bpe_close, .work_open = work_open, .work_close = work_close, .encode = encode,
	.export = bpe_export,
};
const struct scheme scheme_morph = {
	.id = TOKENS_MORPH, .name = "morph", .reversible = true, .train = train, .ready = ready,
	.close = bpe_close, .work_open = work_open, .work_close = work_close, .encode = encode,
};
