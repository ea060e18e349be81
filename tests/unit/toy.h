/* toy.h - toy shelves for tests of order and model: scenes that share words with the scene
 * before, so that there is something to learn, made from a seed. */
#ifndef LTM_TOY_H
#define LTM_TOY_H
#include "order/order.h"

enum { TOY_WORDS = 24, TOY_VOCAB = 3000 };

static inline int toy_by_key(const void *a, const void *b)
{
	uint32_t x = ((const struct bag_item *)a)->key, y = ((const struct bag_item *)b)->key;

	return (x > y) - (x < y);
}

/* Each of TOY_WORDS words stays from scene to scene with probability keep, else is drawn anew. */
static inline struct strip toy_strip(size_t n, double keep, uint64_t seed, struct arena *a)
{
	struct strip s = { TAKE(a, struct strip_scene, n), n };
	struct rng r = rng_stream(seed, "toy", 0);
	uint32_t w[TOY_WORDS];

	for (size_t i = 0; i < n; i++) {
		struct strip_scene *x = &s.scene[i];
		struct bag_item *bag = TAKE(a, struct bag_item, TOY_WORDS);
		uint32_t *edge = TAKE(a, uint32_t, EDGE_WORDS), k = 0;
		struct seam_word *seam = TAKE(a, struct seam_word, 8);

		for (int j = 0; j < TOY_WORDS; j++) {
			if (!i || rng_unit(&r) > keep)
				w[j] = 1 + (uint32_t)rng_below(&r, TOY_VOCAB);
			bag[j] = (struct bag_item){ w[j] * 2654435761u, 1, 1, (uint8_t)(w[j] % 7 ? 0 : 16) };
		}
		qsort(bag, TOY_WORDS, sizeof *bag, toy_by_key);
		for (int j = 0; j < TOY_WORDS; j++)
			if (!k || bag[k - 1].key != bag[j].key)
				bag[k++] = bag[j];
		for (int j = 0; j < 8; j++)
			seam[j] = (struct seam_word){ w[j] % 50, (uint8_t)(w[j] % 16), 0, (uint16_t)(w[j] % 5) };
		for (int j = 0; j < 10; j++)
			edge[j] = bag[(uint32_t)j % k].key;
		x->bag = x->stem = bag;
		x->n_bag = x->n_stem = k;
		x->head = x->tail = edge;
		x->n_head = x->n_tail = 10;
		x->first = x->last = seam;
		x->n_first = x->n_last = 8;
		x->chars = 500 + (uint32_t)rng_below(&r, 500);
		for (int j = 0; j < STYLE_N; j++)
			x->style[j] = (float)rng_unit(&r);
		x->style[STYLE_LENGTH] = (float)x->chars;
		x->n_actor = 1;
		x->actor[0] = w[0];
		x->code[SC_TENSION] = (uint8_t)(1 + w[1] % 24);
	}
	return s;
}
#endif
