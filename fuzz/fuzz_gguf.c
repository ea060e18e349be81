/* fuzz_gguf.c - GGUF from anyone: no crash, and what is shown may reach a terminal. */
#include "io/models/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	if (gguf_show(&out, (struct str){ (const char *)p, n }, &e))
		must(e.code && e.msg[0] && out.n == 0);
	for (size_t i = 0; i < out.n; i++)
		must((unsigned char)out.p[i] >= 0x20 || out.p[i] == '\n' || out.p[i] == '\t');
	must(out.n < 1000 + 40 * n);
	buf_free(&out);
	return 0;
}
