/* bag.c - a stretch of words as a bag of content lemmas.
 *
 *   in    words [from, to)
 *   out   distinct lemmas of content words with their counts, sorted by key
 *
 * The key is the low half of the hash of the lemma's bytes, so bags of different books and
 * machines can be compared. Two lemmas of one key are added together.
 */
#include <stdlib.h>

#include "scenes/scenes.h"

uint32_t lemma_key(struct str lemma)
{
	return (uint32_t)str_hash(lemma);
}

bool pos_is_content(int pos)
{
	switch (pos) {
	case POS_NOUN: case POS_ADJ: case POS_VERB: case POS_INF: case POS_PART: case POS_GER:
	case POS_ADV: case POS_NUM: case POS_LATIN:
		return true;
	default:
		return false;
	}
}

static int by_key(const void *a, const void *b)
{
	uint32_t x = ((const struct bag_item *)a)->key, y = ((const struct bag_item *)b)->key;

	return x < y ? -1 : x > y;
}

/* Adds up neighbours of one key in a sorted list; the first item's kind stays. */
static size_t fold(struct bag_item *v, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (k && v[k - 1].key == v[i].key) {
			if (v[k - 1].count < UINT16_MAX)
				v[k - 1].count++;
		} else {
			v[k++] = v[i];
		}
	}
	return k;
}

size_t scene_bag(struct bag_item **out, const struct words *w, size_t from, size_t to,
                 struct arena *a)
{
	size_t n = 0;

	must(from <= to && to <= w->n);
	struct bag_item *v = TAKE(a, struct bag_item, to - from);
	for (size_t i = from; i < to; i++) {
		if (!pos_is_content(w->w[i].pos))
			continue;
		const struct lemma *l = &w->lemma[w->w[i].lemma];

		/* the lemma's own kind and flags: the same for every use in the book */
		v[n++] = (struct bag_item){ lemma_key(l->s), 1, l->pos,
			l->flags & (WORD_PROPER | WORD_UNKNOWN) };
	}
	qsort(v, n, sizeof *v, by_key);
	*out = v;
	return fold(v, n);
}
