/* fuzz_teller.c - weights of a teller from anyone: no crash, and what opens can speak.
 *
 * What opens and is small says a few ids in every way: they are below its vocabulary, or its numbers
 * overflow and it says so.
 */
#include "io/models/tellerfile.h"

enum { SMALL = 1 << 22, SAID = 6 };

static bool hear(void *ctx, uint32_t id)
{
	must(id < *(const uint32_t *)ctx);
	return true;
}

static void speak(const struct speak_weights *w)
{
	const uint32_t prompt[2] = { 0, (uint32_t)w->s.vocab - 1 }, vocab = (uint32_t)w->s.vocab;
	struct speak_order o = { .taste = { 1, 5, 0.9, 1.1, 3, 1 }, .length = SAID };

	for (int way = SPEAK_F32; way <= SPEAK_DRAFT; way++) {
		struct speak *s;
		struct speak_sum sum;
		struct err e = { 0 };

		must(!speak_open(&s, w, &(struct speak_plan){ (enum speak_way)way, 4, 1 }, &e));
		if (speak_say(s, &o, prompt, 2, hear, (void *)&vocab, &sum, &e))
			must(e.code == ERR_NUM && e.msg[0]);
		else
			must(sum.said == SAID);
		speak_close(s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tellerfile f;
	struct err e = { 0 };

	if (tellerfile_read(&f, (struct str){ (const char *)p, n }, &e)) {
		must(e.code && e.msg[0] && !f.w.layer);
		return 0;
	}
	must(!teller_shape_wrong(&f.w.s) && teller_params(&f.w.s) * 4 <= n);
	if (n < SMALL)
		speak(&f.w);
	tellerfile_close(&f);
	return 0;
}
