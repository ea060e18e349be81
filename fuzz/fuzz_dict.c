/* fuzz_dict.c - dict_open against any bytes; a dictionary that opens is read from.
 *
 * The input is taken as it comes and once more with its checksums made right, so that a
 * fuzzer gets past the door. Its last bytes also serve as words to look up.
 */
#include <stdlib.h>
#include "../tests/unit/synth_dict.h"

static void look(const struct dict *d, struct str word)
{
	struct arena a = arena_open("fuzz");
	struct reading r[READINGS_MAX];
	int n = dict_readings(d, word, r, &a);

	must(n >= 1 && n <= READINGS_MAX);
	for (int i = 0; i < n; i++)
		must(r[i].p >= 0 && r[i].p <= 1.001f);
	arena_close(&a);
}

static void try(struct str bytes)
{
	static const char *const word[] = {
		"мыла", "еж", "бутявка", "мама-мыла", "еееееееееееееееее", "д'ёж", "недом", "по-ежу",
	};
	struct err e = { 0 };
	struct dict *d;

	if (dict_open(&d, bytes, &e)) {
		must(e.code == ERR_FORMAT && e.msg[0]);
		return;
	}
	for (size_t i = 0; i < sizeof word / sizeof *word; i++)
		look(d, str_of(word[i]));
	look(d, (struct str){ bytes.p + bytes.n - (bytes.n < 40 ? bytes.n : 40),
	                      bytes.n < 40 ? bytes.n : 40 });
	dict_close(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *p = mem_aligned(size + 1);

	memcpy(p, data, size);
	try((struct str){ p, size });
	synth_mend(p, size);
	try((struct str){ p, size });
	mem_free(p);
	return 0;
}
