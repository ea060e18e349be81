/* pack.h - bytes made small and back: the only door of zstd.
 *
 * A packed blob is one zstd frame that states its own size and carries a checksum. Unpacking
 * distrusts it: the stated size is held under the caller's limit before anything is taken,
 * and exactly that many bytes must come out. The same bytes pack to the same bytes.
 * Threads: everything is safe on separate objects.
 */
#ifndef LTM_IO_PACK_H
#define LTM_IO_PACK_H

#include "base/base.h"

enum { PACK_LEVEL = 3 };	/* 87 MB of Russian prose: a third of a second, 3.6 : 1 */

/* Appends one frame that holds raw. */
void pack_add(struct buf *out, struct str raw);
/* Appends what the frame holds, at most limit bytes. ERR_FORMAT when it is not one whole
 * frame of ours, ERR_LIMIT when it says it is longer; out is then as it was. */
enum status pack_open(struct buf *out, struct str packed, size_t limit, struct err *e);

/* Unsigned numbers in 1..10 bytes of 7 bits, low ones first (LEB128). */
void varint_add(struct buf *out, uint64_t v);
uint64_t varint_read(struct reader *r);		/* bad when cut or over 64 bits */

#endif
