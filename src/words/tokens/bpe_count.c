/* bpe_count.c - the distinct words of a training text with their counts.
 *
 *   in    texts
 *   out   struct bpe_words: pre-tokens, or the morphemes of pre-tokens, in order of first meeting
 *
 * A library of 40 million characters has nine million pre-tokens and some six hundred thousand
 * distinct ones: training works on those. Words lend their bytes from the texts. A slot of the
 * table holds 32 bits of the hash beside the number, so that bytes are compared once.
 */
#include "words/tokens/bpe.h"
#include "words/morph/morph.h"

/* ---- the table ------------------------------------------------------------------------- */

void bpe_words_clear(struct bpe_words *t)
{
	mem_free(t->w);
	mem_free(t->slot);
	*t = (struct bpe_words){ 0 };
}

static void place(struct bpe_words *t, uint64_t hash, uint32_t id)
{
	size_t at = hash & (t->n_slot - 1);

	while (t->slot[at])
		at = (at + 1) & (t->n_slot - 1);
	t->slot[at] = hash >> 32 << 32 | (id + 1);
}

static void grow(struct bpe_words *t)
{
	mem_free(t->slot);
	t->n_slot = t->n_slot ? 4 * t->n_slot : 1 << 16;
	t->slot = mem_alloc(t->n_slot, sizeof *t->slot);
	for (size_t i = 0; i < t->n; i++)
		place(t, str_hash(t->w[i].s), (uint32_t)i);
}

static void count(struct bpe_words *t, struct str s, uint64_t times)
{
	uint64_t hash = str_hash(s);
	size_t at;

	if (2 * t->n >= t->n_slot)
		grow(t);
	for (at = hash & (t->n_slot - 1); t->slot[at]; at = (at + 1) & (t->n_slot - 1))
		if (t->slot[at] >> 32 == hash >> 32) {
			struct bpe_word *w = &t->w[(uint32_t)t->slot[at] - 1];

			if (w->s.n == s.n && !memcmp(w->s.p, s.p, s.n)) {
				w->count += times;
				return;
			}
		}
	must(t->n < UINT32_MAX - 1);
	t->slot[at] = hash >> 32 << 32 | (t->n + 1);
	VEC_PUSH(t->w, t->n, t->cap) = (struct bpe_word){ s, times };
}

/* ---- pre-tokens ------------------------------------------------------------------------ */

enum { STEP = 1 << 20 };	/* bytes between two looks at the watch */

enum status bpe_count(struct bpe_words *t, const struct str *text, size_t n, const struct watch *w,
                      struct err *e)
{
	const uint8_t *kind = pretoken_kinds();
	double total = 0, done = 0;

	for (size_t i = 0; i < n; i++)
		total += (double)text[i].n;
	for (size_t i = 0; i < n; i++) {
		size_t at = 0, next = STEP;

		while (at < text[i].n) {
			size_t k = pretoken_at(kind, text[i].p + at, text[i].n - at);

			count(t, (struct str){ text[i].p + at, k }, 1);
			at += k;
			if (at < next)
				continue;
			next = at + STEP;
			watch_step(w, "count", (done + (double)at) / 1e6, total / 1e6, "MB");
			if (watch_stopped(w))
				return err_set(e, ERR_STOP, "stopped while counting words");
		}
		done += (double)text[i].n;
	}
	return watch_stopped(w) ? err_set(e, ERR_STOP, "stopped while counting words") : OK;
}

/* ---- morphemes ------------------------------------------------------------------------- */

/* A Cyrillic letter begins there: U+0400..U+047F. */
static bool cyrillic(struct str s, size_t at)
{
	return at + 1 < s.n && ((uint8_t)s.p[at] & 0xFE) == 0xD0 && ((uint8_t)s.p[at + 1] & 0xC0) == 0x80;
}

/* Bytes of the space or mark before the letters. */
static uint32_t lead_of(struct str pre)
{
	const char *p = pre.p;

	utf8_next(&p, pre.p + pre.n);
	return (uint32_t)(p - pre.p);
}

size_t bpe_parts(struct str pre, uint32_t end[PARTS_MAX])
{
	struct morph m[MORPHS_MAX];
	uint32_t lead = cyrillic(pre, 0) ? 0 : lead_of(pre);
	int n = 0;

	if (cyrillic(pre, lead))
		n = morph_cut((struct str){ pre.p + lead, pre.n - lead }, NULL, m);
	must(n <= MORPHS_MAX);
	for (int i = 0; i < n; i++)
		end[i] = lead + m[i].off + m[i].len;
	if (n > 0) {
		must(end[n - 1] == pre.n);
		return (size_t)n;
	}
	end[0] = (uint32_t)pre.n;
	return 1;
}

enum status bpe_count_morphs(struct bpe_words *out, const struct bpe_words *words,
                             const struct watch *w, struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		struct str s = words->w[i].s;
		uint32_t end[PARTS_MAX], from = 0;
		size_t k = bpe_parts(s, end);

		for (size_t j = 0; j < k; from = end[j++])
			if (end[j] > from)
				count(out, (struct str){ s.p + from, end[j] - from }, words->w[i].count);
		if (i % 4096)
			continue;
		watch_step(w, "cut", (double)i, (double)words->n, "words");
		if (watch_stopped(w))
			return err_set(e, ERR_STOP, "stopped while cutting words");
	}
	return OK;
}
