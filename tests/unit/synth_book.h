/* synth_book.h - books made of numbers, for tests and benchmarks of the store.
 *
 *   in    a seed and sizes
 *   out   a book_put whose text, sentences, words, scenes and strip agree with each other
 *
 * The same seed gives the same book. Words follow a skewed law over made-up Russian lemmas,
 * part of them the book's own, as in a library.
 */
#ifndef LTM_SYNTH_BOOK_H
#define LTM_SYNTH_BOOK_H
#include <math.h>
#include "io/store/store.h"

enum { SYNTH_SENT_WORDS = 15 };

static struct str synth_lemma(struct arena *a, uint64_t id)
{
	static const char *const part[16] = { "ба", "во", "гри", "до", "же", "зи", "ка", "лю",
		"мо", "ни", "по", "ру", "сте", "ти", "йо", "чё" };
	char s[64];
	int n = 0;

	do
		n += snprintf(s + n, sizeof s - (size_t)n, "%s", part[id % 16]);
	while (id /= 16);
	return str_copy(a, (struct str){ s, (size_t)n });
}

/* Zipf's law over 60,000 lemmas; every eighth word is one of the book's own forty. */
static uint64_t synth_pick(struct rng *r, uint64_t own)
{
	return rng_below(r, 8) ? (uint64_t)exp(rng_unit(r) * log(60000))
		: 60000 + own * 40 + rng_below(r, 40);
}

/* Lemmas of a book by global number, through a small open table. */
struct synth_map { uint32_t *slot; uint64_t *key; size_t n; };

static uint32_t synth_local(struct synth_map *m, uint64_t id, struct words *w, struct arena *a)
{
	size_t i = (size_t)(id * 0x9e3779b97f4a7c15u >> 20) & (m->n - 1);

	while (m->slot[i] && m->key[i] != id)
		i = (i + 1) & (m->n - 1);
	if (!m->slot[i]) {
		must(w->n_lemma < m->n / 2);
		m->key[i] = id;
		m->slot[i] = (uint32_t)w->n_lemma + 1;
		w->lemma[w->n_lemma].s = synth_lemma(a, id);
		w->lemma[w->n_lemma++].pos = POS_NOUN;
	}
	return m->slot[i] - 1;
}

static void synth_scene(struct scene *c, struct rng *r, struct arena *a, uint64_t own)
{
	static const char *const field[3] = { "дом", "Подъезд", "лес" };

	for (int k = 0; k < SC_N; k++) {
		c->code[k] = (uint8_t)rng_below(r, (uint64_t)kind_count(k) + 1);
		c->code_conf[k] = c->code[k] ? (float)rng_unit(r) : 0;
	}
	for (int k = 0; k < ST_N; k++)
		if (rng_below(r, 2)) {
			c->text[k] = str_printf(a, "%s %u", field[rng_below(r, 3)],
			                        (unsigned)rng_below(r, 50));
			c->text_conf[k] = (float)rng_unit(r);
		}
	c->text[ST_FIELD] = str_of(field[rng_below(r, 3)]);
	c->valence = (float)(rng_unit(r) * 2 - 1);
	c->arousal = (float)rng_unit(r);
	c->cut = (float)rng_unit(r);
	c->n_actor = (int)rng_below(r, ACTORS_MAX + 1);
	for (int i = 0; i < c->n_actor; i++) {
		c->actor[i] = str_title(a, synth_lemma(a, own * 8 + (uint64_t)i + 70000));
		c->actor_conf[i] = (float)rng_unit(r);
	}
	c->n_image = (int)rng_below(r, IMAGES_MAX + 1);
	for (int i = 0; i < c->n_image; i++) {
		c->image[i] = synth_lemma(a, rng_below(r, 3000));
		c->image_conf[i] = (float)rng_unit(r);
	}
}

static void synth_put(struct book_put *b, uint64_t seed, size_t n_scene, size_t scene_words,
                      struct arena *a)
{
	struct rng r = rng_stream(seed, "synth.book", 0);
	struct book *k = TAKE(a, struct book, 1);
	struct words *w = TAKE(a, struct words, 1);
	struct scene *c = TAKE(a, struct scene, n_scene);
	struct buf text = { 0 };
	size_t n = n_scene * scene_words, sents = n / SYNTH_SENT_WORDS + n_scene + 1;
	struct synth_map m = { .n = 1 };

	while (m.n < 2 * n + 64)
		m.n *= 2;
	m.slot = TAKE(a, uint32_t, m.n);
	m.key = TAKE(a, uint64_t, m.n);
	memset(b, 0, sizeof *b);
	k->sent = TAKE(a, struct sent, sents);
	k->chapter = TAKE(a, struct chapter, n_scene / 10 + 1);
	w->w = TAKE(a, struct word, n + sents);
	w->lemma = TAKE(a, struct lemma, n + 1);
	w->sent = TAKE(a, uint32_t, sents + 1);
	for (size_t i = 0; i < n_scene; i++) {
		c[i].chapter = (uint32_t)(i / 10);
		k->n_chapter = i / 10 + 1;
		c[i].sent = (uint32_t)k->n_sent;
		if (text.n)
			buf_char(&text, '\n');
		c[i].off = (uint32_t)text.n;
		for (size_t j = 0; j < scene_words; j++) {
			bool opens = j % SYNTH_SENT_WORDS == 0;
			uint32_t l = synth_local(&m, synth_pick(&r, seed), w, a);
			if (j)
				buf_char(&text, ' ');
			if (opens) {
				w->sent[k->n_sent] = (uint32_t)w->n;
				k->sent[k->n_sent].off = (uint32_t)text.n;
				k->sent[k->n_sent++].para = (uint32_t)i;
			}
			w->w[w->n++] = (struct word){ .off = (uint32_t)text.n, .lemma = l,
				.len = (uint16_t)w->lemma[l].s.n, .pos = POS_NOUN };
			buf_str(&text, w->lemma[l].s);
			k->sent[k->n_sent - 1].len = (uint32_t)text.n - k->sent[k->n_sent - 1].off;
		}
		c[i].n_sent = (uint32_t)k->n_sent - c[i].sent;
		c[i].len = (uint32_t)text.n - c[i].off;
		synth_scene(&c[i], &r, a, seed);
	}
	for (size_t i = 0; i < k->n_chapter; i++) {
		k->chapter[i].title_off = c[i * 10].off;
		k->chapter[i].title_len = i ? (uint32_t)w->lemma[w->w[w->sent[c[i * 10].sent]].lemma].s.n : 0;
		k->chapter[i].level = 1;
	}
	w->sent[k->n_sent] = (uint32_t)w->n;
	w->n_sent = k->n_sent;
	k->text = str_copy(a, buf_view(&text));
	buf_free(&text);
	k->title = str_printf(a, "Книга %llu", (unsigned long long)seed);
	k->format = S("txt");
	k->charset = S("utf-8");
	b->row.source_hash = hash64(&seed, sizeof seed, 1);
	b->row.path = str_printf(a, "books/%llu.txt", (unsigned long long)seed);
	b->book = k;
	b->words = w;
	b->scene = c;
	b->n_scene = n_scene;
	b->strip = str_printf(a, "strip of %llu", (unsigned long long)seed);
}
#endif
