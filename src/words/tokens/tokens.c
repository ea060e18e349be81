/* tokens.c - the one door to all tokenizers: the table of schemes and the file form.
 *
 *   in    texts (training), or the bytes of a tokenizer file
 *   out   struct tokenizer; ids of texts and texts of ids through its scheme
 *
 * The file (docs/tokens.md), little-endian, sections on 64-byte boundaries, zeros between:
 *
 *     u32 magic "LTMT", u32 version, u32 header size, u32 number of sections
 *     u64 file size, u64 XXH3 of the section table, u32 scheme, u32 vocabulary, zeros up to 64
 *     section table: { u32 id, u32 0, u64 offset, u64 bytes, u64 XXH3 } each
 *     1  pieces: u32 first[vocabulary + 1], then bytes; piece i is [first[i], first[i + 1])
 *     2  the scheme's own part
 *
 * Invariants: a file is believed only after sizes, checksums and pieces agree, and the scheme's
 * `ready` has checked its own part; memory taken for a file is a small multiple of its size.
 */
#include "words/tokens/tokens_in.h"

/* One row a scheme; order is order of help. */
static const struct scheme *const schemes[] = {
	&scheme_byte, &scheme_morph, &scheme_hyper, &scheme_fold, &scheme_lemma,
};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

static const struct scheme *scheme_of(uint32_t id)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if ((uint32_t)schemes[i]->id == id)
			return schemes[i];
	return NULL;
}

const char *tokens_scheme_name(enum tokens_scheme s)
{
	const struct scheme *of = scheme_of((uint32_t)s);

	return of ? of->name : "?";
}

bool tokens_scheme_find(enum tokens_scheme *s, struct str name)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (str_eq(str_of(schemes[i]->name), name)) {
			*s = schemes[i]->id;
			return true;
		}
	return false;
}

bool tokens_reversible(enum tokens_scheme s)
{
	const struct scheme *of = scheme_of((uint32_t)s);

	return of && of->reversible;
}

bool tokens_needs_dict(enum tokens_scheme s)
{
	const struct scheme *of = scheme_of((uint32_t)s);

	return of && of->needs_dict;
}

/* ---- a tokenizer's life ---------------------------------------------------------------- */

static struct tokenizer *made(const struct scheme *of, const struct dict *d)
{
	struct tokenizer *t = mem_alloc(1, sizeof *t);

	t->mem = arena_open("tokenizer");
	t->scheme = of->id;
	t->of = of;
	t->dict = d;
	return t;
}

void tokens_close(struct tokenizer *t)
{
	if (!t)
		return;
	if (t->of->close)
		t->of->close(t);
	arena_close(&t->mem);
	mem_free(t);
}

enum { PATCH = 16 };

/* All pieces into one block, PATCH bytes longer than they are. */
static void pack(struct tokenizer *t)
{
	size_t bytes = 0;
	char *p;

	for (uint32_t i = 0; i < t->n; i++)
		bytes += t->piece[i].n;
	p = arena_take(&t->mem, bytes + PATCH);
	for (uint32_t i = 0; i < t->n; i++) {
		must(t->piece[i].n <= TOKENS_PIECE_MAX);
		memcpy(p, t->piece[i].p, t->piece[i].n);
		t->piece[i].p = p;
		p += t->piece[i].n;
	}
}

/* Hands t over when all went well, else frees it. */
static enum status settle(struct tokenizer **out, struct tokenizer *t, enum status st, struct err *e)
{
	if (!st) {
		pack(t);
		st = t->of->ready(t, e);
	}
	if (st)
		tokens_close(t);
	*out = st ? NULL : t;
	return st;
}

enum status tokens_train(struct tokenizer **out, const struct tokens_plan *p,
                         const struct str *text, size_t n, const struct watch *w, struct err *e)
{
	const struct scheme *of = scheme_of((uint32_t)p->scheme);
	struct tokenizer *t;

	*out = NULL;
	if (!of)
		return err_set(e, ERR_USAGE, "no tokenizer scheme %d in this program", (int)p->scheme);
	if (p->vocab < TOKENS_VOCAB_MIN || p->vocab > TOKENS_VOCAB_MAX)
		return err_set(e, ERR_USAGE, "a vocabulary of %u: %d to %d are possible", p->vocab,
		               TOKENS_VOCAB_MIN, TOKENS_VOCAB_MAX);
	if (of->needs_dict && !p->dict)
		return err_set(e, ERR_USAGE, "scheme '%s' reads words in context: it needs the dictionary",
		               of->name);
	t = made(of, p->dict);
	return settle(out, t, of->train(t, p, text, n, w, e), e);
}

enum tokens_scheme tokens_scheme(const struct tokenizer *t)
{
	return t->scheme;
}

uint32_t tokens_vocab(const struct tokenizer *t)
{
	return t->n;
}

struct str tokens_piece(const struct tokenizer *t, uint32_t id)
{
	return id < t->n ? t->piece[id] : (struct str){ "", 0 };
}

enum status tokens_export(const struct tokenizer *t, struct buf *json, struct err *e)
{
	if (!t->of->export)
		return err_set(e, ERR_USAGE, "scheme '%s' has no Hugging Face form: its encoding is not "
		               "merges within pre-tokens; 'byte' has one", t->of->name);
	return t->of->export(t, json, e);
}

/* ---- encoding and decoding ------------------------------------------------------------- */

struct tokens_work *tokens_work_open(const struct tokenizer *t)
{
	struct tokens_work *k = mem_alloc(1, sizeof *k);

	k->t = t;
	k->own = t->of->work_open ? t->of->work_open(t) : NULL;
	return k;
}

void tokens_work_close(struct tokens_work *k)
{
	if (!k)
		return;
	if (k->t->of->work_close)
		k->t->of->work_close(k->own);
	mem_free(k);
}

void tokens_encode(struct tokens_work *k, struct str text, struct ids *out)
{
	k->t->of->encode(k, text, out);
}

/* Pieces one after the other by way of a small buffer. Copies have a fixed length where they can:
 * what is too much is overwritten by the next one, and pieces lie in one block with PATCH bytes
 * behind it. */
static enum status plain_decode(const struct tokenizer *t, const uint32_t *id, size_t n,
                                struct buf *out, struct err *e)
{
	char part[8 * TOKENS_PIECE_MAX];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		struct str s;

		if (id[i] >= t->n)
			return err_set(e, ERR_FORMAT, "token %zu: id %u, the vocabulary has %u", i, id[i],
			               t->n);
		s = t->piece[id[i]];
		if (s.n <= PATCH)
			memcpy(part + at, s.p, PATCH);
		else
			memcpy(part + at, s.p, s.n);
		at += s.n;
		if (at > sizeof part - TOKENS_PIECE_MAX - PATCH) {
			buf_add(out, part, at);
			at = 0;
		}
	}
	buf_add(out, part, at);
	return OK;
}

enum status tokens_decode(struct tokens_work *k, const uint32_t *id, size_t n, struct buf *out,
                          struct err *e)
{
	return k->t->of->decode ? k->t->of->decode(k, id, n, out, e)
	                        : plain_decode(k->t, id, n, out, e);
}

/* ---- the file: writing ----------------------------------------------------------------- */

enum {
	TOKENS_MAGIC = 0x544D544C,	/* "LTMT" */
	TOKENS_VERSION = 1,
	HEADER = 64, ROW = 32,
	SEC_PIECES = 1, SEC_EXTRA = 2, SECTIONS = 2,
};

static size_t aligned(size_t n)
{
	return (n + 63) / 64 * 64;
}

static void put_row(struct buf *b, uint32_t id, size_t offset, struct str s)
{
	buf_u32(b, id);
	buf_u32(b, 0);
	buf_u64(b, offset);
	buf_u64(b, s.n);
	buf_u64(b, str_hash(s));
}

static void put_aligned(struct buf *b, struct str s, size_t start)
{
	buf_str(b, s);
	while ((b->n - start) % 64)
		buf_char(b, 0);
}

static void put_pieces(struct buf *b, const struct tokenizer *t)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i <= t->n; i++) {
		buf_u32(b, at);
		at += i < t->n ? (uint32_t)t->piece[i].n : 0;
	}
	for (uint32_t i = 0; i < t->n; i++)
		buf_str(b, t->piece[i]);
}

void tokens_save(const struct tokenizer *t, struct buf *out)
{
	struct buf pieces = { 0 }, table = { 0 };
	size_t start = out->n, first = HEADER + SECTIONS * ROW, second;

	put_pieces(&pieces, t);
	second = first + aligned(pieces.n);
	put_row(&table, SEC_PIECES, first, buf_view(&pieces));
	put_row(&table, SEC_EXTRA, second, t->extra);
	buf_u32(out, TOKENS_MAGIC);
	buf_u32(out, TOKENS_VERSION);
	buf_u32(out, HEADER);
	buf_u32(out, SECTIONS);
	buf_u64(out, second + aligned(t->extra.n));
	buf_u64(out, str_hash(buf_view(&table)));
	buf_u32(out, (uint32_t)t->scheme);
	buf_u32(out, t->n);
	put_aligned(out, S(""), start);
	buf_str(out, buf_view(&table));
	put_aligned(out, buf_view(&pieces), start);
	put_aligned(out, t->extra, start);
	buf_free(&pieces);
	buf_free(&table);
}

/* ---- the file: reading ----------------------------------------------------------------- */

struct head {
	uint32_t scheme, vocab;
	struct str pieces, extra;
};

enum tokens_scheme tokens_peek(struct str bytes)
{
	struct reader r = reader_of(bytes);
	uint32_t magic = rd_u32(&r), scheme;

	rd_bytes(&r, 28);
	scheme = rd_u32(&r);
	return !r.bad && magic == TOKENS_MAGIC ? (enum tokens_scheme)scheme : (enum tokens_scheme)0;
}

static enum status read_row(struct str *out, struct reader *r, uint32_t want, struct str file,
                            struct err *e)
{
	uint32_t id = rd_u32(r), zero = rd_u32(r);
	uint64_t off = rd_u64(r), n = rd_u64(r), hash = rd_u64(r);

	if (r->bad || id != want || zero)
		return err_set(e, ERR_FORMAT, "tokenizer: section %u expected, %u found", want, id);
	if (off % 64 || off > file.n || n > file.n - off)
		return err_set(e, ERR_FORMAT, "tokenizer: section %u lies outside the file", id);
	*out = (struct str){ file.p + off, (size_t)n };
	if (str_hash(*out) != hash)
		return err_set(e, ERR_FORMAT, "tokenizer: section %u at byte %llu is damaged (checksum)", id,
		               (unsigned long long)off);
	return OK;
}

static enum status read_head(struct head *h, struct str f, struct err *e)
{
	struct reader r = reader_of(f);
	uint32_t magic = rd_u32(&r), version = rd_u32(&r), header = rd_u32(&r), n = rd_u32(&r);
	uint64_t size = rd_u64(&r), hash = rd_u64(&r);

	h->scheme = rd_u32(&r);
	h->vocab = rd_u32(&r);
	if (r.bad || magic != TOKENS_MAGIC)
		return err_set(e, ERR_FORMAT, "not a tokenizer of this program");
	if (version != TOKENS_VERSION)
		return err_set(e, ERR_FORMAT, "tokenizer of version %u; this program reads %d", version,
		               TOKENS_VERSION);
	if (size != f.n || header != HEADER || n != SECTIONS || f.n < HEADER + SECTIONS * ROW)
		return err_set(e, ERR_FORMAT, "tokenizer cut short or grown: %zu bytes of %llu", f.n,
		               (unsigned long long)size);
	if (hash64(f.p + HEADER, SECTIONS * ROW, 0) != hash)
		return err_set(e, ERR_FORMAT, "tokenizer: the section table at byte %d is damaged", HEADER);
	r.p = r.start + HEADER;
	if (read_row(&h->pieces, &r, SEC_PIECES, f, e))
		return ERR_FORMAT;
	return read_row(&h->extra, &r, SEC_EXTRA, f, e);
}

/* Pieces into t; their lengths are held so that no id can be blown up in decoding. */
static enum status read_pieces(struct tokenizer *t, uint32_t vocab, struct str s, struct err *e)
{
	struct reader r = reader_of(s);
	size_t index = ((size_t)vocab + 1) * 4;
	struct str bytes;
	uint32_t at, next;

	if (vocab < 1 || vocab > TOKENS_VOCAB_MAX || index > s.n)
		return err_set(e, ERR_FORMAT, "tokenizer: a vocabulary of %u does not fit its file", vocab);
	bytes = (struct str){ s.p + index, s.n - index };	/* pack copies */
	t->piece = TAKE(&t->mem, struct str, vocab);
	t->n = vocab;
	at = rd_u32(&r);
	for (uint32_t i = 0; i < vocab; i++, at = next) {
		next = rd_u32(&r);
		if (next < at || next > bytes.n || next - at > TOKENS_PIECE_MAX || (!i && at))
			return err_set(e, ERR_FORMAT, "tokenizer: piece %u lies outside its section", i);
		t->piece[i] = (struct str){ bytes.p + at, next - at };
	}
	return at == bytes.n ? OK : err_set(e, ERR_FORMAT, "tokenizer: bytes behind the last piece");
}

static enum status check_bytes(const struct tokenizer *t, struct err *e)
{
	for (uint32_t i = 0; i < 256; i++)
		if (i >= t->n || t->piece[i].n != 1 || (uint8_t)t->piece[i].p[0] != i)
			return err_set(e, ERR_FORMAT, "tokenizer: id %u is not the byte %u", i, i);
	return OK;
}

enum status tokens_open(struct tokenizer **out, struct str bytes, const struct dict *d,
                        struct err *e)
{
	struct err own = { 0 };
	struct head h = { 0 };
	const struct scheme *of;
	struct tokenizer *t;
	enum status st;

	e = e ? e : &own;
	*out = NULL;
	if (read_head(&h, bytes, e))
		return e->code;
	of = scheme_of(h.scheme);
	if (!of)
		return err_set(e, ERR_FORMAT, "tokenizer of scheme %u, which this program does not know",
		               h.scheme);
	if (of->needs_dict && !d)
		return err_set(e, ERR_USAGE, "a tokenizer of scheme '%s' needs the dictionary", of->name);
	t = made(of, d);
	t->extra = str_copy(&t->mem, h.extra);
	st = read_pieces(t, h.vocab, h.pieces, e);
	if (!st && of->reversible)
		st = check_bytes(t, e);
	return settle(out, t, st, e);
}
