/* pvqfile.h - residual codebooks on disk. Little-endian, 64-byte header:
 *
 *     u32 magic "LTMQ", u32 version 1, u32 header size 64, u32 registers, u32 dim, u32 stages, u64 file size
 *     u64 XXH3 of all that follows the header, zeros
 *     f32 book[registers][stages][256][dim]
 */
#ifndef LTM_IO_PVQFILE_H
#define LTM_IO_PVQFILE_H

#include "glyphs/pvq.h"

enum { PVQ_MAGIC = 0x514D544C };	/* "LTMQ" */
enum status pvqfile_save(const char *path, const struct pvq *q, struct err *e);	/* whole or not at all */
/* From a file's bytes; every number is checked: ERR_FORMAT says what is wrong, and q is empty then. */
enum status pvqfile_read(struct pvq *q, struct str bytes, struct err *e);
enum status pvqfile_open(struct pvq *q, const char *path, struct err *e);
void pvqfile_tell(struct buf *b, const struct pvq *q);		/* for ltm show */

#endif
