/* windows.c - a stream of tokens cut into windows.
 *
 *   in    see windows.h
 *   out   see windows.h
 *
 * Invariant: within an epoch no two rows share a truth; every token of a text is scored once.
 */
#include <stdlib.h>

#include "order/windows.h"

static void begin_epoch(struct windows *w, uint64_t epoch)
{
	struct rng phase = rng_stream(w->seed, "windows.phase", epoch);
	struct rng order = rng_stream(w->seed, "windows.order", epoch);

	w->epoch = epoch;
	w->phase = (size_t)rng_below(&phase, (uint64_t)w->T);
	for (size_t i = 0; i < w->count; i++)
		w->order[i] = (uint32_t)i;
	rng_shuffle(&order, w->order, w->count);
}

enum status windows_open(struct windows *w, const uint32_t *id, size_t n, int T, int rows, uint64_t seed,
                         struct err *e)
{
	/* One token past a window is its last truth; the phase takes up to T - 1. */
	size_t count = n > (size_t)T ? (n - (size_t)T) / (size_t)T : 0;

	*w = (struct windows){ .id = id, .n = n, .T = T, .rows = rows, .seed = seed, .count = count };
	if (count < (size_t)rows)
		return err_set(e, ERR_USAGE, "%zu tokens make %zu windows of %d: less than one batch of %d; give "
		               "more books, or a smaller --batch or --context", n, count, T, rows);
	must(count <= UINT32_MAX);
	w->per_epoch = count / (size_t)rows;
	w->order = mem_alloc(count, sizeof *w->order);
	begin_epoch(w, 0);
	return OK;
}

void windows_close(struct windows *w)
{
	mem_free(w->order);
	*w = (struct windows){ 0 };
}

void windows_step(struct windows *w, uint64_t step)
{
	if (step / w->per_epoch != w->epoch)
		begin_epoch(w, step / w->per_epoch);
}

size_t windows_at(const struct windows *w, uint64_t step, int row)
{
	size_t k = (size_t)(step % w->per_epoch) * (size_t)w->rows + (size_t)row;

	must(step / w->per_epoch == w->epoch && row < w->rows);
	return w->phase + (size_t)w->order[k] * (size_t)w->T;
}

void windows_row(const struct windows *w, uint64_t step, int row, uint32_t *in, uint32_t *truth)
{
	const uint32_t *from = w->id + windows_at(w, step, row);

	memcpy(in, from, (size_t)w->T * sizeof *in);
	memcpy(truth, from + 1, (size_t)w->T * sizeof *truth);
}

/* ---- scoring -------------------------------------------------------------------------------- */
/* Windows of a text of n tokens: the first counts T, each further one half a window more. */
static size_t text_windows(size_t n, int T)
{
	size_t t = (size_t)T, half = (size_t)(T + 1) / 2;

	return n == 0 ? 0 : n <= t ? 1 : 1 + (n - t + half - 1) / half;
}

size_t scoring_count(const struct scoring *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->texts; i++)
		n += text_windows((size_t)(s->first[i + 1] - s->first[i]), s->T);
	return n;
}

size_t scoring_at(const struct scoring *s, size_t k, uint32_t *text)
{
	size_t half = (size_t)(s->T + 1) / 2;

	for (*text = 0; *text < s->texts; ++*text) {
		size_t here = text_windows((size_t)(s->first[*text + 1] - s->first[*text]), s->T);

		if (k < here)
			return k * half;
		k -= here;
	}
	must(!"a window beyond the last");
	return 0;
}

int scoring_window(const struct scoring *s, size_t k, uint32_t *in, uint32_t *truth)
{
	size_t T = (size_t)s->T, half = (T + 1) / 2, from, n;
	uint32_t i;
	int counted = 0;

	from = scoring_at(s, k, &i);		/* the window's first truth is token `from` of the text */
	n = (size_t)(s->first[i + 1] - s->first[i]);
	for (size_t j = 0; j < T; j++) {
		size_t at = from + j;
		const uint32_t *text = s->id + s->first[i];
		bool count = at < n && (from == 0 || j >= T - half);

		in[j] = at == 0 ? s->start : at <= n ? text[at - 1] : s->start;
		truth[j] = count ? text[at] : UINT32_MAX;
		counted += count;
	}
	return counted;
}

/* ---- salience -------------------------------------------------------------------------------- */
static int by_count(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void salient_ids(uint8_t *yes, uint32_t vocab, const uint32_t *id, size_t n, double share)
{
	uint64_t *key = mem_alloc(vocab, sizeof *key), seen = 0;

	must(n < (uint64_t)1 << 32);
	for (size_t i = 0; i < n; i++)
		key[id[i]] += (uint64_t)1 << 32;
	for (uint32_t v = 0; v < vocab; v++)
		key[v] |= v;
	qsort(key, vocab, sizeof *key, by_count);
	for (uint32_t k = 0; k < vocab; k++) {
		seen += key[k] >> 32;
		yes[(uint32_t)key[k]] = (double)seen <= share * (double)n;
	}
	mem_free(key);
}
