/* fuzz_tokens.c - tokens_open against any bytes; a tokenizer that opens encodes and decodes.
 *
 * The input is taken as it comes and once more with its checksums made right, so that a fuzzer
 * gets past the door. What opens must give its own bytes back when it is reversible, and decode
 * any ids within bounds or refuse them; the same bytes are read as a stream of ids.
 */
#include "../tests/unit/tokens_file.h"
#include "io/tokenfile.h"

static void there_and_back(const struct tokenizer *t, struct str text)
{
	struct tokens_work *k = tokens_work_open(t);
	struct ids ids = { 0 };
	struct buf back = { 0 };
	struct err e = { 0 };

	tokens_encode(k, text, &ids);
	must(!tokens_decode(k, ids.id, ids.n, &back, &e));
	must(!tokens_reversible(tokens_scheme(t)) || str_eq(buf_view(&back), text));
	for (size_t i = 0; i < ids.n && i < 64; i++)
		ids.id[i] = (uint32_t)(ids.id[i] * 2654435761u) % (tokens_vocab(t) + 1);
	if (tokens_decode(k, ids.id, ids.n < 64 ? ids.n : 64, &back, &e))
		must(e.code == ERR_FORMAT && e.msg[0]);
	mem_free(ids.id);
	buf_free(&back);
	tokens_work_close(k);
}

static void try(struct str bytes)
{
	struct tokenizer *t;
	struct idstream s;
	struct err e = { 0 };

	if (!idstream_read(&s, bytes, &e))
		idstream_clear(&s);
	err_clear(&e);
	if (tokens_open(&t, bytes, NULL, &e)) {
		must(!t && e.code && e.msg[0]);
		return;
	}
	there_and_back(t, S("Ученик смотрит в зеркало, 12345.\n\n"));
	there_and_back(t, (struct str){ bytes.p, bytes.n < 2000 ? bytes.n : 2000 });
	tokens_close(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *p = mem_alloc(size + 1, 1);

	memcpy(p, data, size);
	try((struct str){ p, size });
	tokens_mend(p, size);
	try((struct str){ p, size });
	mem_free(p);
	return 0;
}
