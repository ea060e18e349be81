/* tagweights.c - the tables of reading words: weights of the tagger, lexicon, lists.
 *
 *   in    data/ru/words_tagger.bin, words_lexicon.tsv, words_prefix.tsv, words_freq.tsv,
 *         words_lemma.tsv, words_extra.tsv
 *   out   struct weights_ctx, read-only afterwards and shared by all threads
 *
 * words_tagger.bin, little-endian: u32 magic "LTMT", u32 version, u32 log2 of the number of
 * weights, u32 0, u64 XXH3 of what follows, zeros up to 64, then int16 weights. They are used
 * where they lie. An unfitted tree may carry a file of 64 bytes: all weights are then 0.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "words/tag/choose.h"
#include "words/tag/tagweights.h"
#include "words/tag/wordcache.h"
#include "base/data.h"

static const char *class_name(int cls)
{
	return cls == CL_NAME ? "NAME" : pos_name(cls);
}

static int class_find(struct str s)
{
	for (int i = 0; i <= CL_NAME; i++)
		if (str_eq(s, str_of(class_name(i))))
			return i;
	return -1;
}

/* ---- weights ------------------------------------------------------------------------ */

enum { HUGE_PAGE = 2 << 20 };

static void read_weights(struct weights_ctx *c)
{
	struct str b = data_find("words_tagger.bin");
	uint32_t head[4];
	uint64_t sum;

	must(b.n >= TAGGER_HEADER);	/* our own file: a bug */
	memcpy(head, b.p, sizeof head);
	memcpy(&sum, b.p + 16, sizeof sum);
	must(head[0] == TAGGER_MAGIC && head[1] == TAGGER_VERSION);
	b = (struct str){ b.p + TAGGER_HEADER, b.n - TAGGER_HEADER };
	if (!b.n) {
		c->w = mem_alloc(TAGGER_N, sizeof *c->w);
		return;
	}
	must(head[2] == TAGGER_BITS && b.n == TAGGER_N * sizeof *c->w && hash64(b.p, b.n, 0) == sum);
	/* Two huge pages of their own instead of a thousand small ones: a look-up is a random read. */
	int16_t *w = aligned_alloc(HUGE_PAGE, b.n + HUGE_PAGE - b.n % HUGE_PAGE);

	if (w) {
		madvise(w, b.n, MADV_HUGEPAGE);
		memcpy(w, b.p, b.n);
	}
	must(w || ((uintptr_t)b.p & 1) == 0);
	c->w = w ? w : (const int16_t *)(const void *)b.p;
}

/* ---- the lexicon --------------------------------------------------------------------- */

static int lex_cmp(const void *a, const void *b)
{
	const struct lexrow *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (!x->only != !y->only)	/* the row that limits first */
		return x->only ? -1 : 1;
	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return str_cmp(x->lemma, y->lemma);
}

void weights_lex_sort(struct lexrow *row, size_t n)
{
	qsort(row, n, sizeof *row, lex_cmp);
}

/* "NOUN,ADJ" -> bits */
static uint32_t upos_set(struct str s)
{
	uint32_t set = 0;
	struct str one;

	while (str_cut(&s, ',', &one)) {
		int u = upos_find(one);

		must(u >= 0);
		set |= 1u << u;
	}
	return set;
}

static void read_lexicon(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_lexicon.tsv"));
	size_t cap = 0;

	while (tsv_next(&t)) {
		uint64_t key = cache_key_of(t.field[0]);

		if (str_eq(t.field[2], S("only"))) {
			VEC_PUSH(c->lex, c->n_lex, cap) = (struct lexrow){
				.key = key, .only = upos_set(t.field[1]),
			};
			continue;
		}
		VEC_PUSH(c->lex, c->n_lex, cap) = (struct lexrow){
			.key = key, .tag = ud_parse(t.field[1], t.field[2]), .lemma = t.field[3],
			.more = ud_more_of(t.field[2]),
		};
	}
	weights_lex_sort(c->lex, c->n_lex);
}

const struct lexrow *weights_lex(const struct weights_ctx *c, uint64_t key, size_t *n)
{
	size_t lo = 0, hi = c->n_lex;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (c->lex[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (*n = 0; lo + *n < c->n_lex && c->lex[lo + *n].key == key;)
		++*n;
	return c->lex + lo;
}

/* ---- lists --------------------------------------------------------------------------- */

/* A field as dictionary bytes. */
static struct prefix bytes_of(struct weights_ctx *c, struct str s)
{
	uint8_t b[FORM_MAX];
	size_t n = form_bytes(b, s);

	must(n);
	return (struct prefix){ memcpy(arena_take(&c->mem, n), b, n), n };
}

static void read_prefixes(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_prefix.tsv"));
	size_t cap = 0;

	while (tsv_next(&t))
		VEC_PUSH(c->prefix, c->n_prefix, cap) = bytes_of(c, t.field[0]);
}

int cell_class(const struct tag *t)
{
	if (t->pos == POS_INF || t->pos == POS_PART || t->pos == POS_GER)
		return POS_VERB;
	if (t->pos == POS_NOUN && t->g.name)
		return CL_NAME;
	return t->mark & TAG_COMP ? POS_ADJ : t->pos;
}

static uint64_t freq_hash(const void *lemma, size_t n, int cls)
{
	uint64_t h = hash64(lemma, n, (uint64_t)cls);

	return h ? h : 1;
}

static void read_freq(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_freq.tsv"));
	size_t lines = 1;

	for (size_t i = 0; i < t.rest.n; i++)
		lines += t.rest.p[i] == '\n';
	for (c->n_freq = 64; c->n_freq < 2 * lines;)
		c->n_freq *= 2;
	c->freq = mem_alloc(c->n_freq, sizeof *c->freq);
	while (tsv_next(&t)) {
		uint8_t b[FORM_MAX];
		size_t n = form_bytes(b, t.field[0]);
		int cls = class_find(t.field[1]);
		double v;

		must(n && cls >= 0 && str_f64(t.field[2], &v));
		uint64_t h = freq_hash(b, n, cls);
		size_t at = h & (c->n_freq - 1);

		while (c->freq[at].hash && c->freq[at].hash != h)
			at = (at + 1) & (c->n_freq - 1);
		c->freq[at] = (struct freq){ h, 1 + (float)v };
	}
}

float weights_freq(const struct weights_ctx *c, const struct cell *cell)
{
	uint64_t h = freq_hash(cell->lemma, cell->n_lemma, cell_class(cell->tag));

	for (size_t at = h & (c->n_freq - 1); c->freq[at].hash; at = (at + 1) & (c->n_freq - 1))
		if (c->freq[at].hash == h)
			return c->freq[at].w;
	return 1;
}

static void read_fixes(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_lemma.tsv"));
	size_t cap = 0;

	while (tsv_next(&t)) {
		VEC_PUSH(c->fix, c->n_fix, cap) = (struct fix){
			bytes_of(c, t.field[0]), bytes_of(c, t.field[2]), class_find(t.field[1]),
		};
	}
}

void weights_lemma(const struct weights_ctx *c, struct cell *cell)
{
	for (size_t i = 0; i < c->n_fix; i++) {
		const struct fix *x = &c->fix[i];

		if (x->lemma.n != cell->n_lemma || memcmp(x->lemma.p, cell->lemma, x->lemma.n) ||
		    x->cls != cell_class(cell->tag))
			continue;
		memcpy(cell->lemma, x->better.p, x->better.n);
		cell->n_lemma = (uint8_t)x->better.n;
		return;
	}
}

static void read_extra(struct weights_ctx *c)
{
	struct tsv t = tsv_of(data_find("words_extra.tsv"));
	size_t cap = 0;

	while (tsv_next(&t)) {
		double w;

		must(str_f64(t.field[3], &w));
		VEC_PUSH(c->extra, c->n_extra, cap) = (struct extra){
			bytes_of(c, t.field[0]), bytes_of(c, t.field[1]), tag_parse(t.field[2]),
			(float)w,
		};
	}
}

size_t dict_extra(const struct dict *d, struct cell *out, size_t n_out, size_t cap,
                  const uint8_t *form, size_t n)
{
	const struct weights_ctx *c = d->ctx;
	float sum = 0;

	for (size_t i = 0; i < n_out; i++)
		sum += out[i].w;
	for (size_t i = 0; i < c->n_extra && n_out < cap; i++) {
		const struct extra *x = &c->extra[i];

		if (x->form.n != n || memcmp(x->form.p, form, n))
			continue;
		out[n_out] = (struct cell){ .n_lemma = (uint8_t)x->lemma.n, .tag = &x->tag,
		                            .w = x->w * (sum > 0 ? sum : 1) };
		memcpy(out[n_out++].lemma, x->lemma.p, x->lemma.n);
	}
	return n_out;
}

static struct weights_ctx *read_all(void)
{
	struct weights_ctx *c = mem_alloc(1, sizeof *c);

	c->mem = arena_open("word weights");
	read_weights(c);
	read_lexicon(c);
	read_prefixes(c);
	read_freq(c);
	read_fixes(c);
	read_extra(c);
	return c;
}

/* The tables are the program's own: read once, kept to its end, shared by all. */
static struct weights_ctx *shared;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_once(void)
{
	shared = read_all();
}

struct weights_ctx *weights_take(void)
{
	pthread_once(&once, read_once);
	return shared;
}

const struct prefix *weights_prefixes(const struct weights_ctx *c, size_t *n)
{
	*n = c->n_prefix;
	return c->prefix;
}
