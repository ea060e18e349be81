/* fuzz_tokens_text.c - any bytes as text for every scheme that needs no dictionary: trained on the
 * first half (every eighth input), encoded and decoded whole.
 *
 * MORPH, which asks the network of morphemes for every new word, gets one input of sixteen.
 * Ids must be within the vocabulary, no more than bytes, the same from a worker that has seen
 * other texts; what comes back must be what went in. A lossy scheme only has to live.
 */
#include "words/tokens/tokens.h"

static struct tokenizer *fixed[8];	/* trained once; its worker's cache fills over all inputs */
static struct tokens_work *old[8];

static const char page[] =
	"Мороз и солнце; день чудесный! Ещё ты дремлешь, друг прелестный — пора, красавица, проснись. "
	"Вечор, ты помнишь, вьюга злилась, на мутном небе мгла носилась; луна, как бледное пятно, сквозь "
	"тучи мрачные желтела, и ты печальная сидела — а нынче… погляди в окно. Кто-нибудь что-то 1829.";

static void same(struct tokens_work *k, const struct tokenizer *t, struct str text)
{
	struct tokens_work *fresh = tokens_work_open(t);
	struct ids x = { 0 }, y = { 0 };
	struct buf back = { 0 };
	struct err e = { 0 };

	tokens_encode(k, text, &x);
	tokens_encode(fresh, text, &y);
	must(x.n == y.n && (!x.n || !memcmp(x.id, y.id, x.n * sizeof *x.id)));
	for (size_t i = 0; i < x.n; i++)
		must(x.id[i] < tokens_vocab(t));
	must(!tokens_decode(fresh, x.id, x.n, &back, &e));
	if (tokens_reversible(tokens_scheme(t)))
		must(x.n <= text.n && str_eq(buf_view(&back), text));
	mem_free(x.id);
	mem_free(y.id);
	buf_free(&back);
	tokens_work_close(fresh);
}

static struct tokenizer *train(enum tokens_scheme s, struct str text)
{
	struct tokens_plan p = { .scheme = s, .vocab = 400 };
	struct str twice[2] = { text, text };
	struct tokenizer *t = NULL;
	struct err e = { 0 };

	must(!tokens_train(&t, &p, twice, 2, NULL, &e));
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };

	for (enum tokens_scheme s = TOKENS_BYTE; s <= TOKENS_LEMMA; s++) {
		struct tokenizer *t;
		struct tokens_work *k;

		if (!strcmp(tokens_scheme_name(s), "?") || tokens_needs_dict(s))
			continue;
		if (s == TOKENS_MORPH && size % 16 != 1)
			continue;	/* its network is slow under a fuzzer's eyes */
		if (!fixed[s]) {
			fixed[s] = train(s, S(page));
			old[s] = tokens_work_open(fixed[s]);
		}
		same(old[s], fixed[s], text);
		if (size > 4096 || size % 8)
			continue;	/* training costs a hundred times more than encoding */
		t = train(s, (struct str){ text.p, size / 2 });
		k = tokens_work_open(t);
		same(k, t, text);
		tokens_work_close(k);
		tokens_close(t);
	}
	return 0;
}
