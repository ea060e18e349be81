/* pack.c - bytes made small and back: the only door of zstd (see pack.h).
 *
 *   in    raw bytes, or a frame from a file nobody vouches for
 *   out   the frame, or the bytes
 *
 * Invariants: a frame is made by a fresh context, so its bytes depend on nothing but the
 * input; its size is known before the first byte is unpacked, so a small frame cannot
 * deliver more than the caller's limit.
 * Source: RFC 8878 (Zstandard), DWARF's LEB128 for numbers.
 */
#include "io/pack.h"

#include <zstd.h>

static void room(struct buf *b, size_t more)
{
	size_t need;

	must(add_ok(b->n, more, &need) && add_ok(need, 1, &need));
	if (need <= b->cap)
		return;
	size_t cap = b->cap * 2 > need ? b->cap * 2 : need;
	b->p = mem_resize(b->p, cap, 1);
	b->cap = cap;
}

void pack_add(struct buf *out, struct str raw)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t most = ZSTD_compressBound(raw.n);

	must(c && !ZSTD_isError(most));
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, PACK_LEVEL);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	room(out, most);
	size_t n = ZSTD_compress2(c, out->p + out->n, most, raw.p, raw.n);
	must(!ZSTD_isError(n));		/* the room is enough by compressBound */
	ZSTD_freeCCtx(c);
	out->n += n;
	out->p[out->n] = 0;
}

enum status pack_open(struct buf *out, struct str packed, size_t limit, struct err *e)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed.p, packed.n);

	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return err_set(e, ERR_FORMAT, "packed bytes: no frame that states its size");
	if (size > limit)
		return err_set(e, ERR_LIMIT, "packed bytes: %llu inside, the limit is %zu",
		               size, limit);
	/* No block of zstd says more than 128 kB in under 4 bytes: a lie about the size is
	 * found before memory is taken for it. */
	if (size / (128 << 10) > packed.n)
		return err_set(e, ERR_FORMAT, "packed bytes: %llu cannot come out of %zu",
		               size, packed.n);
	if (ZSTD_findFrameCompressedSize(packed.p, packed.n) != packed.n)
		return err_set(e, ERR_FORMAT, "packed bytes: cut, or more than one frame");
	room(out, (size_t)size);
	size_t n = ZSTD_decompress(out->p + out->n, (size_t)size, packed.p, packed.n);
	if (ZSTD_isError(n) || n != size) {
		out->p[out->n] = 0;
		return err_set(e, ERR_FORMAT, "packed bytes: %s",
		               ZSTD_isError(n) ? ZSTD_getErrorName(n) : "shorter than stated");
	}
	out->n += n;
	out->p[out->n] = 0;
	return OK;
}

void varint_add(struct buf *out, uint64_t v)
{
	char b[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		b[n++] = (char)(v | 0x80);
	b[n++] = (char)v;
	buf_add(out, b, n);
}

uint64_t varint_read(struct reader *r)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		uint8_t b = rd_u8(r);
		if (shift == 63 && b > 1)
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return r->bad ? 0 : v;
	}
	r->bad = true;
	return 0;
}
