/* fit_morph.c - teaches data/ru/morph_model.bin: words into morphemes.
 *
 *   use   fit_morph [options] DICT TRAIN.tsv OUT.bin
 *           -e N        passes over the words (8)
 *           -f N        forms of each word a pass, beside the word itself (2; 0: lemmas only)
 *           -x FILE     words never to be learnt from, nor forms spelt so (the dev set)
 *           -h          set a tenth of the words aside, and measure on them
 *           -n          set a tenth of the root nests aside: no root is on both sides
 *           -d          drop a tenth as -h does, of another tenth: 0..9 after it
 *           -r DROP     share of facts left out while learning (0.4)
 *           -B          no dictionary strings in the model (its set holds only keys of gaps)
 *           -u          TRAIN is UniMorph's "base TAB derived TAB POS:POS TAB affix"; words are cut
 *                       by it, the dictionary and our own affixes (morphderive.h): no EVAL data
 *           -m FILE     measure on these words at the end; never learnt from
 *
 *   in    TRAIN: word TAB морф:TYPE/…; the dictionary's lemmas and paradigms (OpenCorpora,
 *         CC BY-SA 3.0)
 *   out   the model, 5,000,000 bytes or less; measures on stdout
 *
 * What is learnt from a word is only which keys of gaps occur with three words or more, and
 * sums of slopes in tables where about five keys share a row: the list of words cannot be read
 * back. The same command gives the same file (one thread, fixed streams of random numbers).
 */
#include <stdlib.h>
#include <unistd.h>
#include "../morphset.h"
#include "morphteach.h"
#include "morphderive.h"
#include "base/data.h"
#include "io/dictfile.h"

enum { MODEL_MAX = 5000000, ROWS = 215000, SEG_BITS = 19, KEYS_MAX = 640000 };

static struct lexicon lex;
static struct teacher *T;
static struct example *train, *held;
static const struct lexeme **train_x, **held_x;	/* the dictionary's lexeme of each, or NULL */
static size_t n_train, cap_train, cap_tx, n_tx, n_held, cap_held, cap_hx, n_hx;
static struct strtab never;	/* spellings kept out */
static int epochs = 8, n_forms = 2, hold, nests, part, no_lex;
static double drop = 0.4;

static struct str spelt(const struct mword *w) { return (struct str){ (const char *)w->c, (size_t)w->n }; }

/* ---- the words ---------------------------------------------------------------------------- */

static bool example_of(struct example *x, const struct morph_gold *g)
{
	*x = (struct example){ 0 };
	if (!mword_of(&x->w, g->form))
		return false;
	for (int k = 0, at = 0; k < g->n; k++) {
		while (at < x->w.n && x->w.at[at] < g->m[k].off + g->m[k].len)
			at++;
		if (!add_morph(x, at, g->m[k].type))
			return false;
	}
	return x->end[x->n - 1] == x->w.n;
}

static bool root_aside(const struct example *x, int from, int to)
{
	return hash64(x->w.c + from, (size_t)(to - from), 7) % 10 == (uint64_t)part;
}

/* 1: held, 0: learnt from, -1: neither */
static int side(const struct example *x)
{
	int in = 0, out = 0;

	if (hold)
		return hash64(x->w.c, (size_t)x->w.n, 5) % 10 == (uint64_t)part;
	if (!nests)
		return 0;
	for (int k = 0, at = 0; k < x->n; at = x->end[k++])
		if (x->type[k] == MORPH_ROOT)
			root_aside(x, at, x->end[k]) ? out++ : in++;
	return !out ? 0 : !in ? 1 : -1;
}

static enum status read_words(const char *path, struct err *e)
{
	struct arena a = arena_open("words");
	struct morph_set m = { 0 };
	enum status st = morph_set_read(&m, path, &a, e);

	for (size_t i = 0; !st && i < m.n; i++) {
		struct example x;
		int s;

		if (!example_of(&x, &m.w[i]) || strtab_find(&never, spelt(&x.w)) != STRTAB_NONE ||
		    (s = side(&x)) < 0)
			continue;
		const struct lexeme *l = lexicon_find(&lex, &x.w);

		x.pos = l ? l->pos : 0;
		if (s) {
			VEC_PUSH(held, n_held, cap_held) = x;
			VEC_PUSH(held_x, n_hx, cap_hx) = l;
			strtab_add(&never, spelt(&x.w));
		} else {
			VEC_PUSH(train, n_train, cap_train) = x;
			VEC_PUSH(train_x, n_tx, cap_tx) = l;
		}
	}
	arena_close(&a);
	return st;
}

/* Every lemma of the dictionary that is more than a root, cut from free sources. */
static enum status derive_words(const char *path, struct err *e)
{
	static struct derive v;
	enum status st;

	derive_open(&v, &lex);
	st = derive_read(&v, path, e);
	for (size_t i = 0; !st && i < lex.n; i++) {
		struct example x;
		const struct lexeme *l = &lex.x[i];

		if (l->name || (i && !mword_cmp(&l->w, &l[-1].w)) ||
		    strtab_find(&never, spelt(&l->w)) != STRTAB_NONE ||
		    !derive_cut(&x, &v, l, 0) || (x.n < 2 && rng_below(&T->rng, 2)))
			continue;
		VEC_PUSH(train, n_train, cap_train) = x;
		VEC_PUSH(train_x, n_tx, cap_tx) = l;
	}
	return st;
}

/* Words to measure on. */
static enum status read_held(const char *path, struct err *e)
{
	struct arena a = arena_open("held");
	struct morph_set m = { 0 };
	enum status st = path ? morph_set_read(&m, path, &a, e) : OK;

	for (size_t i = 0; !st && i < m.n; i++) {
		struct example x;

		if (!example_of(&x, &m.w[i]))
			continue;
		const struct lexeme *l = lexicon_find(&lex, &x.w);

		x.pos = l ? l->pos : 0;
		VEC_PUSH(held, n_held, cap_held) = x;
		VEC_PUSH(held_x, n_hx, cap_hx) = l;
		strtab_add(&never, spelt(&x.w));
	}
	arena_close(&a);
	return st;
}

static enum status read_never(const char *path, struct err *e)
{
	struct arena a = arena_open("never");
	struct morph_set m = { 0 };
	enum status st = path ? morph_set_read(&m, path, &a, e) : OK;

	for (size_t i = 0; i < m.n; i++) {
		struct mword w;

		if (mword_of(&w, m.w[i].form))
			strtab_add(&never, spelt(&w));
	}
	arena_close(&a);
	return st;
}

/* A participle's own first form, взятый of взятого: set aside with it. */
static bool kept_out(const struct example *f)
{
	struct mword w = f->w;
	int stem = 0;

	if (strtab_find(&never, spelt(&w)) != STRTAB_NONE)
		return true;
	for (int k = 0; k < f->n; k++)
		if (f->type[k] == MORPH_END)
			stem = k ? f->end[k - 1] : 0;
	for (int i = 0; stem && i < 2; i++) {	/* -ый -ий */
		w.n = stem;
		if (w.n + 2 > MWORD_MAX)
			return false;
		w.c[w.n++] = i ? 9 : 28;
		w.c[w.n++] = 10;
		if (strtab_find(&never, spelt(&w)) != STRTAB_NONE)
			return true;
	}
	return false;
}

/* Some other form of a word, cut; false when none was found in a few tries. */
static bool some_form(struct example *f, const struct example *x, const struct lexeme *l,
                      struct rng *r, bool learn)
{
	uint32_t n = l ? forms_count(&lex, l) : 0;

	for (int i = 0; n > 1 && i < 4; i++)
		if (form_of(f, &lex, l, x, 1 + (uint32_t)rng_below(r, n - 1)) &&
		    !(learn && kept_out(f)))
			return true;
	return false;
}

/* ---- what is counted before learning -------------------------------------------------------- */

struct slot { uint64_t key, mask; uint32_t last, n; };
struct counts { struct slot *s; size_t n, size; };

static struct slot *count_slot(struct counts *c, uint64_t key)
{
	if (!c->size || c->n * 3 > c->size * 2) {
		struct counts old = *c;

		c->size = old.size ? 2 * old.size : 1 << 20;
		c->s = mem_alloc(c->size, sizeof *c->s);
		c->n = 0;
		for (size_t i = 0; i < old.size; i++)
			if (old.s[i].key)
				*count_slot(c, old.s[i].key) = old.s[i];
		mem_free(old.s);
	}
	for (size_t i = (size_t)(key >> 20) % c->size;; i = i + 1 == c->size ? 0 : i + 1) {
		if (!c->s[i].key)
			c->n++;
		if (!c->s[i].key || c->s[i].key == key) {
			c->s[i].key = key;
			return &c->s[i];
		}
	}
}

/* Counts a key once a lemma. */
static void count_key(struct counts *c, uint64_t key, uint32_t lemma)
{
	struct slot *s = count_slot(c, key ? key : 1);

	if (s->last != lemma + 1)
		s->n++;
	s->last = lemma + 1;
}

static int u64_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Keys of at least min lemmas, sorted: the order of a table never shows. */
static uint64_t *keys_kept(const struct counts *c, uint32_t min, size_t *n)
{
	uint64_t *k = mem_alloc(c->n + 1, sizeof *k);

	*n = 0;
	for (size_t i = 0; i < c->size; i++)
		if (c->s[i].key && c->s[i].n >= min)
			k[(*n)++] = c->s[i].key;
	qsort(k, *n, sizeof *k, u64_cmp);
	return k;
}

static void each_example(void (*fn)(const struct example *x, uint32_t lemma))
{
	struct rng r = rng_stream(1, "morph.count", 0);

	for (size_t i = 0; i < n_train; i++) {
		struct example f;

		fn(&train[i], (uint32_t)i);
		for (int k = 0; k < 2 * n_forms; k++)
			if (some_form(&f, &train[i], train_x[i], &r, true))
				fn(&f, (uint32_t)i);
	}
}

static struct counts key_counts, affix_counts, lex_counts;
static uint32_t pair_n[MORPH_TYPES][MORPH_TYPES];

static void count_shape(const struct example *x, uint32_t lemma)
{
	struct word_hash h;

	word_hash_init(&h, &x->w, &T->set, x->pos);
	for (int k = 0, at = 0; k < x->n; at = x->end[k++]) {
		if (x->type[k] != MORPH_ROOT && x->type[k] != MORPH_HYPH)
			count_key(&affix_counts, affix_key(x->type[k], word_hash_piece(&h, at, x->end[k])), lemma);
		if (k)
			pair_n[x->type[k - 1]][x->type[k]]++;
	}
}

static void count_gaps(const struct example *x, uint32_t lemma)
{
	uint64_t key[GAP_KEYS];

	for (int pos = x->pos;; pos = 0) {
		struct word_hash h;

		word_hash_init(&h, &x->w, &T->set, pos);
		for (int g = 1; g < x->w.n; g++) {
			gap_keys(key, &h, g);
			for (int k = 0; k < GAP_KEYS; k++)
				count_key(&key_counts, key[k], lemma);
		}
		if (!pos)
			return;
	}
}

static void count_inventory(void)
{
	size_t n;

	each_example(count_shape);
	T->affix = keys_kept(&affix_counts, 2, &n);
	T->n_affix = (uint32_t)n;
	memset(T->pair, NET_NONE, sizeof T->pair);
	T->labels = NET_INSIDES;
	for (int t = 1; t < MORPH_TYPES; t++)
		T->inside[t] = (uint8_t)(t - 1);
	for (int a = 1; a < MORPH_TYPES; a++)
		for (int b = 1; b < MORPH_TYPES; b++)
			if (pair_n[a][b] >= 2 && T->labels < NET_L)
				T->pair[a][b] = (uint8_t)T->labels++;
}

/* ---- strings of the dictionary ---------------------------------------------------------------- */

static void lex_add(const struct word_hash *h, enum lex_kind kind, int from, int to)
{
	if (to - from >= 2)
		count_slot(&lex_counts, lexset_key(kind, word_hash_piece(h, from, to)))->n = 1;
}

static bool vowel(uint8_t c) { return c == 1 || c == 6 || c == 9 || c == 15 || c == 20 || c == 28 || c >= 30; }

static void lex_stems(const struct word_hash *h, const struct lexeme *x)
{
	const uint8_t *c = x->w.c;
	int n = x->w.n;

	lex_add(h, LEX_LEMMA, 0, n);
	lex_add(h, LEX_STEM, 0, x->stem);
	if (x->pos != POS_INF) {
		lex_add(h, LEX_STEM, 0, n);
		return;
	}
	if (n > 4 && c[n - 1] == 32 && c[n - 2] == 18)	/* ся */
		n -= 2;
	if (n > 3 && c[n - 1] == 29 && c[n - 2] == 19)	/* ть */
		n -= 2;
	lex_add(h, LEX_STEM, 0, n);
	if (n > 2 && vowel(c[n - 1]))
		lex_add(h, LEX_STEM, 0, n - 1);
}

/* Strings of the dictionary that the model knows, as keys. */
static void lex_count(void)
{
	struct counts rest = { 0 }, side_of[2] = { { 0 }, { 0 } };
	struct mword pref[100];
	struct tsv t = tsv_of(data_find("words_affix.tsv"));
	int n_pref = 0;

	while (tsv_next(&t))
		if (str_eq(t.field[0], S("PREF")) && n_pref < 100 && mword_of(&pref[n_pref], t.field[1]))
			n_pref++;
	for (size_t i = 0; i < lex.n; i++) {
		const struct lexeme *x = &lex.x[i];
		struct word_hash h;

		if (x->name)
			continue;
		word_hash_init(&h, &x->w, NULL, 0);
		lex_stems(&h, x);
		for (int k = 0; k < n_pref; k++)
			if (x->w.n > pref[k].n + 2 && !memcmp(x->w.c, pref[k].c, (size_t)pref[k].n))
				count_slot(&rest, lexset_key(LEX_REST, word_hash_piece(&h, pref[k].n, x->w.n)))->mask |= 1ull << (k & 63);
		for (int g = 1; g < x->w.n; g++) {
			count_slot(&side_of[0], word_hash_piece(&h, 0, g))->mask |= 1ull << x->w.c[g];
			count_slot(&side_of[1], word_hash_piece(&h, g, x->w.n))->mask |= 1ull << x->w.c[g - 1];
		}
	}
	for (size_t i = 0; i < rest.size; i++)
		if (rest.s[i].key && __builtin_popcountll(rest.s[i].mask) >= 2)
			count_slot(&lex_counts, rest.s[i].key)->n = 1;
	for (int s = 0; s < 2; s++)
		for (size_t i = 0; i < side_of[s].size; i++) {
			int n = side_of[s].s[i].key ? __builtin_popcountll(side_of[s].s[i].mask) : 0;

			if (n >= 3)
				count_slot(&lex_counts, lexset_key(s ? LEX_BEFORE3 : LEX_NEXT3, side_of[s].s[i].key))->n = 1;
			if (n >= 6)
				count_slot(&lex_counts, lexset_key(s ? LEX_BEFORE6 : LEX_NEXT6, side_of[s].s[i].key))->n = 1;
		}
	mem_free(rest.s);
	mem_free(side_of[0].s);
	mem_free(side_of[1].s);
}

/* The set must hold the dictionary's strings before keys of gaps can be counted, which ask it. */
static void fill_set(void)
{
	size_t others = MORPH_NET_HEADER + (size_t)ROWS * NET_D + ((size_t)1 << SEG_BITS) +
	                2 * (NET_TAPS * NET_D * NET_H + IN * NET_L + NET_D) + 4 * (NET_H + NET_L) +
	                8 * T->n_affix + 64 * 10;
	uint8_t *bit;
	uint64_t *key;
	size_t n, n_lex = 0;
	uint32_t min = 2;

	T->set.blocks = (uint32_t)((MODEL_MAX - others) / 64);
	T->set.bit = bit = mem_aligned((size_t)T->set.blocks * 64);
	if (!no_lex) {
		lex_count();
		key = keys_kept(&lex_counts, 1, &n_lex);
		for (size_t i = 0; i < n_lex; i++)
			bloom_add(bit, T->set.blocks, key[i]);
		mem_free(key);
	}
	each_example(count_gaps);
	for (;; min++) {
		key = keys_kept(&key_counts, min, &n);
		if (n <= KEYS_MAX)
			break;
		mem_free(key);
	}
	for (size_t i = 0; i < n; i++)
		bloom_add(bit, T->set.blocks, key[i]);
	printf("set: %zu strings of the dictionary, %zu keys of gaps (of %zu; %u words or more), "
	       "%.1f bits a key\n", n_lex, n, key_counts.n, min,
	       512.0 * T->set.blocks / (double)(n + n_lex));
	mem_free(key);
	mem_free(key_counts.s);
}

/* ---- learning ------------------------------------------------------------------------------------ */

static void learn(uint64_t seed)
{
	uint32_t *order = mem_alloc(n_train, sizeof *order);
	double left = (double)epochs * (double)n_train, all = left;

	for (size_t i = 0; i < n_train; i++)
		order[i] = (uint32_t)i;
	for (int e = 0; e < epochs; e++) {
		struct rng r = rng_stream(seed, "morph.order", (uint64_t)e);
		double loss = 0, t0 = morph_seconds();
		size_t n = 0, unsaid = 0;

		rng_shuffle(&r, order, n_train);
		for (size_t i = 0; i < n_train; i++, left--) {
			size_t at = order[i];

			T->rate = (float)(0.1 * left / all + 0.001);
			for (int k = 0; k <= n_forms; k++) {
				struct example x = train[at];
				double l;

				if (k && !some_form(&x, &train[at], train_x[at], &r, true))
					continue;
				if (rng_u64(&r) & 1)
					x.pos = 0;
				l = teach_word(T, &x);
				unsaid += l < 0;
				loss += l < 0 ? 0 : l;
				n++;
			}
		}
		printf("pass %d: %zu words, loss %.4f, %zu cannot be said, %.0f s\n", e + 1, n,
		       loss / (double)n, unsaid, morph_seconds() - t0);
		fflush(stdout);
	}
	mem_free(order);
}

/* ---- the file ------------------------------------------------------------------------------------ */

static size_t clipped;

static int32_t fixed(double x, int bits, int32_t top)
{
	double v = floor(x * (double)(1 << bits) + 0.5);

	clipped += v > top || v < -top;
	return (int32_t)(v > top ? top : v < -top ? -top : v);
}

static void pad(struct buf *b) { while (b->n & 63) buf_char(b, 0); }

static void put_fixed(struct buf *b, const float *x, size_t n, int bits, int bytes)
{
	pad(b);
	for (size_t i = 0; i < n; i++) {
		int32_t v = fixed(x[i], bits, bytes == 1 ? 127 : bytes == 2 ? INT16_MAX : INT32_MAX / 4);

		for (int k = 0; k < bytes; k++)
			buf_char(b, (char)((uint32_t)v >> 8 * k));
	}
}

static void model_bytes(struct buf *b)
{
	struct buf body = { 0 };
	uint64_t sum;

	put_fixed(&body, T->row, (size_t)T->rows * NET_D, FIX_ROW, 1);
	put_fixed(&body, T->seg, (size_t)1 << T->seg_bits, FIX_SEG, 1);
	pad(&body);
	buf_add(&body, T->set.bit, (size_t)T->set.blocks * 64);
	put_fixed(&body, T->w1[0], NET_TAPS * NET_D * NET_H, FIX_W, 2);
	put_fixed(&body, T->w2[0], IN * NET_L, FIX_W, 2);
	put_fixed(&body, T->rb, NET_D, FIX_ROW, 2);
	put_fixed(&body, T->b1, NET_H, FIX_ROW + FIX_W, 4);
	put_fixed(&body, T->b2, NET_L, FIX_H + FIX_W, 4);
	pad(&body);
	for (uint32_t i = 0; i < T->n_affix; i++)
		buf_u64(&body, T->affix[i]);
	buf_u32(b, MORPH_NET_MAGIC);
	buf_u32(b, MORPH_NET_VERSION);
	buf_u32(b, MORPH_NET_HEADER);
	buf_u32(b, T->rows);
	buf_u64(b, MORPH_NET_HEADER + body.n);
	buf_u64(b, 0);			/* the sum, at MORPH_NET_SUM */
	buf_u32(b, T->set.blocks);
	buf_u32(b, T->seg_bits);
	buf_u32(b, T->labels);
	buf_u32(b, T->n_affix);
	buf_add(b, T->pair, sizeof T->pair);
	buf_add(b, T->inside, sizeof T->inside);
	while (b->n < MORPH_NET_HEADER)
		buf_char(b, 0);
	buf_add(b, body.p, body.n);
	buf_free(&body);
	sum = morph_net_sum(buf_view(b));
	for (int k = 0; k < 8; k++)
		b->p[MORPH_NET_SUM + k] = (char)(sum >> 8 * k);
	printf("model: %zu bytes, %u affixes, %u labels, %zu weights clipped\n", b->n, T->n_affix,
	       T->labels, clipped);
}

/* ---- measuring -------------------------------------------------------------------------------------- */

static void measure(const struct morph_net *net, const char *name, bool forms, bool pos)
{
	struct morph_score s = { 0 };
	struct rng r = rng_stream(2, "morph.measure", 0);

	for (size_t i = 0; i < n_held; i++)
		for (int k = 0; k < (forms ? 3 : 1); k++) {
			struct example x = held[i];
			struct mspan out[MORPHS_MAX];
			struct morph m[MORPHS_MAX];
			struct morph_gold g = { .form = { "", 0 } };
			int n;

			if (forms && !some_form(&x, &held[i], held_x[i], &r, false))
				continue;
			g.form.n = (size_t)x.w.n;
			for (int j = 0, at = 0; j < x.n; at = x.end[j++])
				g.m[g.n++] = (struct morph){ (uint16_t)at, (uint16_t)(x.end[j] - at), x.type[j] };
			n = morph_net_cut(net, &x.w, pos ? x.pos : 0, NULL, out);
			for (int j = 0; j < n; j++)
				m[j] = (struct morph){ out[j].from, (uint16_t)(out[j].to - out[j].from), out[j].type };
			morph_score_add(&s, &g, m, n);
		}
	if (s.words) {
		printf("%-22s", name);
		morph_score_print(&s);
		puts("");
	}
}

/* Forms that are words of the list themselves: does the carried cut say what people said? */
static void check_forms(void)
{
	struct strtab t = strtab_open("list");
	size_t met = 0, same = 0;
	uint32_t *first = mem_alloc(n_train, sizeof *first);	/* by id: a word may stand twice */

	for (size_t i = 0; i < n_train; i++) {
		size_t n = t.n;
		uint32_t id = strtab_add(&t, spelt(&train[i].w));

		if (id == n)
			first[id] = (uint32_t)i;
	}
	for (size_t i = 0; i < n_train; i++)
		for (uint32_t k = 1; train_x[i] && k < forms_count(&lex, train_x[i]); k++) {
			struct example f;
			uint32_t id;

			if (!form_of(&f, &lex, train_x[i], &train[i], k) ||
			    (id = strtab_find(&t, spelt(&f.w))) == STRTAB_NONE || (id = first[id]) == i)
				continue;
			met++;
			same += f.n == train[id].n && !memcmp(f.end, train[id].end, f.n) &&
			        !memcmp(f.type, train[id].type, f.n);
		}
	printf("forms that are words of the list too: %zu, cut the same %.1f %%\n", met,
	       met ? 100.0 * (double)same / (double)met : 0);
	mem_free(first);
	strtab_close(&t);
}

int main(int argc, char **argv)
{
	const char *kept = NULL, *measured = NULL;
	bool free_only = false;
	struct err e = { 0 };
	struct dictfile df;
	struct buf b = { 0 };
	struct morph_net net;
	int c;

	while ((c = getopt(argc, argv, "e:f:x:hnd:r:Bum:")) != -1)
		switch (c) {
		case 'e': epochs = atoi(optarg); break;
		case 'f': n_forms = atoi(optarg); break;
		case 'x': kept = optarg; break;
		case 'h': hold = 1; break;
		case 'n': nests = 1; break;
		case 'd': part = atoi(optarg); break;
		case 'r': drop = atof(optarg); break;
		case 'B': no_lex = 1; break;
		case 'u': free_only = true; break;
		case 'm': measured = optarg; break;
		default: return 2;
		}
	if (argc - optind < 3)
		return fprintf(stderr, "use: fit_morph [options] DICT TRAIN.tsv OUT.bin\n"), 2;
	never = strtab_open("never");
	T = mem_aligned((sizeof *T + 63) & ~(size_t)63);
	T->rows = ROWS;
	T->seg_bits = SEG_BITS;
	T->drop_fact = (float)drop;
	T->drop_unit = 0.3f;
	T->rng = rng_stream(1, "morph.roots", 0);
	if (dictfile_open(&df, argv[optind], &e))
		return fprintf(stderr, "fit_morph: %s\n", e.msg), 3;
	lexicon_of(&lex, df.dict);
	if (read_never(kept, &e) || read_held(measured, &e) ||
	    (free_only ? derive_words : read_words)(argv[optind + 1], &e))
		return fprintf(stderr, "fit_morph: %s\n", e.msg), 3;
	printf("%zu words to learn from, %zu set aside, %zu lemmas of the dictionary\n", n_train,
	       n_held, lex.n);
	check_forms();
	count_inventory();
	fill_set();
	teach_init(T, 1);
	learn(1);
	model_bytes(&b);
	if (file_save(argv[optind + 2], buf_view(&b), &e))
		return fprintf(stderr, "fit_morph: %s\n", e.msg), 5;
	void *own = mem_aligned((b.n + 63) & ~(size_t)63);

	memcpy(own, b.p, b.n);
	if (morph_net_open(&net, (struct str){ own, b.n }, &e))
		return fprintf(stderr, "fit_morph: %s\n", e.msg), 3;
	measure(&net, "held words", false, false);
	measure(&net, "held words, class known", false, true);
	measure(&net, "held forms", true, false);
	measure(&net, "held forms, class known", true, true);
	return 0;
}
