/* pvqfile.c - residual codebooks written and read.
 *
 *   in    struct pvq, or bytes nobody vouches for
 *   out   the file, or a struct pvq whose numbers are all finite
 */
#include <math.h>

#include "io/models/pvqfile.h"
#include "num/num.h"

enum { VERSION = 1, HEADER = 64 };

static size_t book_bytes(const struct pvq *q)
{
	return (size_t)pvq_bytes(q) * PVQ_ENTRIES * (size_t)q->dim * sizeof(float);
}

enum status pvqfile_save(const char *path, const struct pvq *q, struct err *e)
{
	struct buf b = { 0 };
	enum status st;

	buf_u32(&b, PVQ_MAGIC);
	buf_u32(&b, VERSION);
	buf_u32(&b, HEADER);
	buf_u32(&b, (uint32_t)q->registers);
	buf_u32(&b, (uint32_t)q->dim);
	buf_u32(&b, (uint32_t)q->stages);
	buf_u64(&b, HEADER + book_bytes(q));
	buf_u64(&b, hash64(q->book, book_bytes(q), 0));
	while (b.n < HEADER)
		buf_char(&b, 0);
	buf_add(&b, q->book, book_bytes(q));
	st = file_save(path, buf_view(&b), e);
	buf_free(&b);
	return st;
}

enum status pvqfile_read(struct pvq *q, struct str bytes, struct err *e)
{
	struct reader r = reader_of(bytes);
	uint32_t magic = rd_u32(&r), version = rd_u32(&r), header = rd_u32(&r);
	uint32_t registers = rd_u32(&r), dim = rd_u32(&r), stages = rd_u32(&r);
	uint64_t size = rd_u64(&r), hash = rd_u64(&r);
	const char *wrong;

	*q = (struct pvq){ 0 };
	if (r.bad || magic != PVQ_MAGIC)
		return err_set(e, ERR_FORMAT, "not a file of codebooks");
	if (version > VERSION)
		return err_set(e, ERR_FORMAT, "version %u; this program reads up to %d: a newer ltm is needed", version,
		               VERSION);
	wrong = registers > PVQ_REGISTERS_MAX || dim > PVQ_DIM_MAX || stages > PVQ_STAGES_MAX ? "sizes over the limits" :
	        pvq_wrong((int)registers, (int)dim, (int)stages);
	if (wrong || header != HEADER)
		return err_set(e, ERR_FORMAT, "codebooks of %u registers, %u numbers, %u stages: %s", registers, dim, stages,
		               wrong ? wrong : "a header of another size");
	if (size != bytes.n || size != HEADER + (size_t)registers * stages * PVQ_ENTRIES * dim * sizeof(float))
		return err_set(e, ERR_FORMAT, "%zu bytes where %llu are announced", bytes.n, (unsigned long long)size);
	pvq_init(q, (int)registers, (int)dim, (int)stages);
	memcpy(q->book, bytes.p + HEADER, book_bytes(q));
	if (hash64(q->book, book_bytes(q), 0) != hash)
		err_set(e, ERR_FORMAT, "damaged: the codebooks are not those that were written");
	else if (num_finite(q->book, book_bytes(q) / sizeof(float)) < book_bytes(q) / sizeof(float))
		err_set(e, ERR_FORMAT, "a codebook holds a number that is not finite");
	if (e->code)
		pvq_clear(q);
	else
		pvq_norms(q);
	return e->code;
}

enum status pvqfile_open(struct pvq *q, const char *path, struct err *e)
{
	struct str map;

	*q = (struct pvq){ 0 };
	if (file_map(&map, path, e))
		return e->code;
	if (pvqfile_read(q, map, e))
		err_in(e, path);
	file_unmap(&map);
	return e->code;
}

void pvqfile_tell(struct buf *b, const struct pvq *q)
{
	buf_printf(b, "codebooks: %d registers of %d numbers, %d stages of %d entries: %d bytes a scene\n", q->registers,
	           q->dim, q->stages, PVQ_ENTRIES, pvq_bytes(q));
	for (int r = 0; r < q->registers; r++)
		for (int s = 0; s < q->stages; s++) {
			double sum = 0;

			for (int v = 0; v < PVQ_ENTRIES; v++)
				sum += sqrt((double)q->norm[(r * q->stages + s) * PVQ_ENTRIES + v]);
			buf_printf(b, "  register %d stage %d: mean length of an entry %.4f\n", r, s, sum / PVQ_ENTRIES);
		}
}
