/* tokenfile.c - tokenizer files found and opened; streams of ids written and read.
 *
 *   in    a path, or ids
 *   out   struct tokenfile, or a stream file as io/tokenfile.h draws it
 *
 * Invariant: a stream that opens has every id below its vocabulary and its texts in order.
 */
#include "io/tokenfile.h"

/* ---- tokenizers ------------------------------------------------------------------------ */

enum status tokenfile_open(struct tokenfile *out, const char *path, const char *dict, struct err *e)
{
	struct err own = { 0 };
	struct str bytes;
	enum status st;

	e = e ? e : &own;
	*out = (struct tokenfile){ 0 };
	if (file_map(&bytes, path, e))
		return e->code;
	st = tokens_needs_dict(tokens_peek(bytes)) ? dictfile_open(&out->dict, dict, e) : OK;
	if (!st && tokens_open(&out->t, bytes, out->dict.dict, e))
		st = err_in(e, path);
	out->hash = str_hash(bytes);
	file_unmap(&bytes);
	if (st)
		tokenfile_close(out);
	return st;
}

void tokenfile_close(struct tokenfile *f)
{
	tokens_close(f->t);
	if (f->dict.dict)
		dictfile_close(&f->dict);
	*f = (struct tokenfile){ 0 };
}

/* ---- streams --------------------------------------------------------------------------- */

enum { HEADER = 64, STREAM_VERSION = 1 };

static uint32_t width_of(uint32_t vocab)
{
	return vocab <= 1 << 16 ? 2 : 4;
}

/* Ids and the index of texts. */
static void put_body(struct buf *b, const struct idstream *s)
{
	uint32_t width = width_of(s->vocab);

	for (size_t i = 0; i < s->ids.n; i++) {
		uint32_t id = s->ids.id[i];
		char le[4] = { (char)id, (char)(id >> 8), (char)(id >> 16), (char)(id >> 24) };

		buf_add(b, le, width);
	}
	while (b->n % 8)
		buf_char(b, 0);
	for (uint32_t i = 0; i <= s->texts; i++)
		buf_u64(b, s->first[i]);
}

enum status idstream_save(const struct idstream *s, const char *path, struct err *e)
{
	struct buf head = { 0 }, body = { 0 };
	struct saver f;
	enum status st = saver_open(&f, path, e);

	if (st)
		return st;
	put_body(&body, s);
	buf_u32(&head, IDSTREAM_MAGIC);
	buf_u32(&head, STREAM_VERSION);
	buf_u32(&head, HEADER);
	buf_u32(&head, width_of(s->vocab));
	buf_u64(&head, HEADER + body.n);
	buf_u64(&head, s->ids.n);
	buf_u64(&head, s->tokenizer);
	buf_u64(&head, str_hash(buf_view(&body)));
	buf_u32(&head, s->vocab);
	buf_u32(&head, s->texts);
	buf_u64(&head, 0);
	saver_write(&f, head.p, head.n);
	saver_write(&f, body.p, body.n);
	buf_free(&head);
	buf_free(&body);
	return saver_close(&f, e);
}

struct shape { uint32_t width; uint64_t n; };

static enum status read_shape(struct idstream *s, struct shape *h, struct reader *r, size_t size,
                              struct err *e)
{
	uint32_t magic = rd_u32(r), version = rd_u32(r), header = rd_u32(r);
	uint64_t file, hash;

	h->width = rd_u32(r);
	file = rd_u64(r);
	h->n = rd_u64(r);
	s->tokenizer = rd_u64(r);
	hash = rd_u64(r);
	s->vocab = rd_u32(r);
	s->texts = rd_u32(r);
	rd_u64(r);
	if (r->bad || magic != IDSTREAM_MAGIC)
		return err_set(e, ERR_FORMAT, "not a stream of ids of this program");
	if (version != STREAM_VERSION)
		return err_set(e, ERR_FORMAT, "stream of ids of version %u; this program reads %d", version,
		               STREAM_VERSION);
	if (file != size || header != HEADER || !s->vocab || s->vocab > TOKENS_VOCAB_MAX ||
	    h->width != width_of(s->vocab))
		return err_set(e, ERR_FORMAT, "stream of ids cut short or grown: %zu bytes of %llu", size,
		               (unsigned long long)file);
	if (h->n > rd_left(r) / h->width || (h->n * h->width + 7) / 8 * 8 + 8 * ((uint64_t)s->texts + 1) !=
	    rd_left(r))
		return err_set(e, ERR_FORMAT, "stream of ids: %llu ids and %u texts do not fit its size",
		               (unsigned long long)h->n, s->texts);
	return hash64(r->p, rd_left(r), 0) == hash ? OK
	       : err_set(e, ERR_FORMAT, "stream of ids: damaged (checksum)");
}

enum status idstream_read(struct idstream *out, struct str bytes, struct err *e)
{
	struct reader r = reader_of(bytes);
	struct err own = { 0 };
	struct shape h;

	e = e ? e : &own;
	*out = (struct idstream){ 0 };
	if (read_shape(out, &h, &r, bytes.n, e))
		return e->code;
	out->ids.id = mem_alloc(h.n + 1, sizeof *out->ids.id);
	out->ids.n = out->ids.cap = h.n;
	for (uint64_t i = 0; i < h.n; i++) {
		out->ids.id[i] = h.width == 2 ? rd_u16(&r) : rd_u32(&r);
		if (out->ids.id[i] >= out->vocab) {
			err_set(e, ERR_FORMAT, "stream of ids: id %u at %llu, the vocabulary has %u",
			        out->ids.id[i], (unsigned long long)i, out->vocab);
			idstream_clear(out);
			return e->code;
		}
	}
	rd_bytes(&r, (8 - h.n * h.width % 8) % 8);
	out->first = mem_alloc((size_t)out->texts + 1, sizeof *out->first);
	for (uint32_t i = 0; i <= out->texts; i++) {
		out->first[i] = rd_u64(&r);
		if (out->first[i] > h.n || out->first[i] < (i ? out->first[i - 1] : 0)) {
			idstream_clear(out);
			return err_set(e, ERR_FORMAT, "stream of ids: text %u begins at no id", i);
		}
	}
	return OK;
}

void idstream_clear(struct idstream *s)
{
	mem_free(s->ids.id);
	mem_free(s->first);
	*s = (struct idstream){ 0 };
}
