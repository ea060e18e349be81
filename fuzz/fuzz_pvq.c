/* fuzz_pvq.c - pvqfile_read against any bytes; codebooks that open encode and decode.
 *
 * The input is read as it comes, and once more as the numbers of a small file whose header and
 * checksum are right.
 */
#include "io/models/pvqfile.h"

static void try(struct str bytes)
{
	struct err e = { 0 };
	struct buf told = { 0 };
	struct pvq q;

	if (pvqfile_read(&q, bytes, &e)) {
		must(e.code == ERR_FORMAT && e.msg[0] && !q.book);
		return;
	}
	if (pvq_dims(&q) <= 64) {
		float z[64], back[64];
		uint8_t code[PVQ_BYTES_MAX];

		for (size_t i = 0; i < pvq_dims(&q); i++)
			z[i] = (float)i - 3;
		pvq_encode(&q, code, z, 3);
		pvq_decode(&q, back, code);
	}
	pvqfile_tell(&told, &q);
	buf_free(&told);
	pvq_clear(&q);
}

/* One register of two numbers, one stage: 2,048 bytes of entries from the input. */
static void mended(const uint8_t *data, size_t size)
{
	enum { BODY = PVQ_ENTRIES * 2 * 4 };
	struct buf b = { 0 };
	char body[BODY] = { 0 };

	memcpy(body, data, size < BODY ? size : BODY);
	buf_u32(&b, PVQ_MAGIC), buf_u32(&b, 1), buf_u32(&b, 64);
	buf_u32(&b, 1), buf_u32(&b, 2), buf_u32(&b, 1);
	buf_u64(&b, 64 + BODY), buf_u64(&b, hash64(body, BODY, 0));
	while (b.n < 64)
		buf_char(&b, 0);
	buf_add(&b, body, BODY);
	try(buf_view(&b));
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try((struct str){ (const char *)data, size });
	mended(data, size);
	return 0;
}
