/* synth_dict.h - a dictionary of a few words made from nothing, for tests and fuzzing.
 *
 * Builds the same files that the npm package az carries (double-array graphs with guides,
 * paradigms, endings, tags) and turns them into our form with dict_build.
 */
#ifndef LTM_SYNTH_DICT_H
#define LTM_SYNTH_DICT_H

#include <stdlib.h>
#include "words/words.h"

/* ---- a trie laid out as a double array ---------------------------------------------------- */
struct synth_node {
	int child[256];
	int value;		/* -1 none */
};
struct synth_trie {
	struct synth_node *n;
	size_t used;
	uint32_t *unit;
	uint8_t *guide, *taken;
	uint8_t *base;		/* each base serves one node: or a label could lie */
	size_t cap;
};

static inline int synth_new(struct synth_trie *t)
{
	t->n = mem_resize(t->n, t->used + 1, sizeof *t->n);
	memset(&t->n[t->used], 0, sizeof *t->n);
	t->n[t->used].value = -1;
	return (int)t->used++;
}

static inline void synth_key(struct synth_trie *t, const void *key, size_t n, int value)
{
	const uint8_t *p = key;
	int at = 0;

	if (!t->used)
		synth_new(t);
	for (size_t i = 0; i < n; i++) {
		if (!t->n[at].child[p[i]]) {
			int fresh = synth_new(t);

			t->n[at].child[p[i]] = fresh;
		}
		at = t->n[at].child[p[i]];
	}
	t->n[at].value = value;
}

static inline bool synth_fits(const struct synth_trie *t, const struct synth_node *n,
                              uint32_t base)
{
	if (t->base[base] || (n->value >= 0 && t->taken[base]))
		return false;
	for (uint32_t c = 1; c < 256; c++)
		if (n->child[c] && t->taken[base ^ c])
			return false;
	return true;
}

static inline void synth_lay(struct synth_trie *t, int node, uint32_t at)
{
	const struct synth_node *n = &t->n[node];
	uint32_t base = 1, last = 0;

	while (!synth_fits(t, n, base))
		base++;
	must(base + 256 < t->cap);
	t->base[base] = 1;
	t->unit[at] |= (at ^ base) << 10 | (n->value >= 0 ? 256u : 0);
	if (n->value >= 0) {
		t->taken[base] = 1;
		t->unit[base] = (uint32_t)n->value | 0x80000000u;
	}
	for (uint32_t c = 1; c < 256; c++)
		if (n->child[c]) {
			t->taken[base ^ c] = 1;
			t->unit[base ^ c] = c;
			if (last)
				t->guide[2 * (base ^ last) + 1] = (uint8_t)c;
			else
				t->guide[2 * at] = (uint8_t)c;
			last = c;
		}
	for (uint32_t c = 1; c < 256; c++)
		if (t->n[node].child[c])
			synth_lay(t, t->n[node].child[c], base ^ c);
}

/* The graph's file: u32 n, units, u32 n, guide. */
static inline void synth_graph(struct buf *out, struct synth_trie *t)
{
	size_t n = 0;

	if (!t->used)
		synth_new(t);
	t->cap = t->used * 8 + 1024;
	t->unit = mem_alloc(t->cap, sizeof *t->unit);
	t->guide = mem_alloc(2 * t->cap, 1);
	t->taken = mem_alloc(t->cap, 1);
	t->base = mem_alloc(t->cap, 1);
	t->taken[0] = 1;
	synth_lay(t, 0, 0);
	for (size_t i = 0; i < t->cap; i++)
		if (t->taken[i])
			n = i + 1;
	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		buf_u32(out, t->unit[i]);
	buf_u32(out, (uint32_t)n);
	buf_add(out, t->guide, 2 * n);
	mem_free(t->unit);
	mem_free(t->guide);
	mem_free(t->taken);
	mem_free(t->base);
	mem_free(t->n);
	*t = (struct synth_trie){ 0 };
}

/* ---- the words: Windows-1251 ---------------------------------------------------------------- */
static inline size_t synth_1251(uint8_t *out, const char *utf8)
{
	const char *p = utf8, *end = utf8 + strlen(utf8);
	size_t n = 0;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);

		out[n++] = r == 0x451 ? 0xB8 : r >= 0x430 ? (uint8_t)(r - 0x430 + 0xE0) : (uint8_t)r;
	}
	return n;
}

static inline size_t synth_pack(uint8_t *out, unsigned v)
{
	out[0] = (uint8_t)(v >> 6 ^ 1);
	out[1] = (uint8_t)((v & 63) << 1 | 1);
	return 2;
}

struct synth_para { int n; const char *end[8]; int tag[8]; };

/* стол and ёж (masculine), мама (feminine), мыть (verb); endings of both nouns for guessing. */
static inline void synth_dict(struct buf *out)
{
	static const char *const tag[] = {
		"NOUN,inan,masc sing,nomn", "NOUN,inan,masc sing,gent", "NOUN,inan,masc sing,datv",
		"NOUN,anim,femn sing,nomn", "NOUN,anim,femn sing,gent", "NOUN,anim,femn sing,accs",
		"INFN,impf,tran", "VERB,impf,tran femn,sing,past,indc",
		"NOUN,inan,neut sing,nomn", "NOUN,inan,neut sing,gent",
	};
	static const char *const end[] = { "", "а", "у", "ы", "ть", "ла", "о" };
	static const struct synth_para para[] = {
		{ 3, { "", "а", "у" }, { 0, 1, 2 } },
		{ 3, { "а", "ы", "у" }, { 3, 4, 5 } },
		{ 2, { "ть", "ла" }, { 6, 7 } },
		{ 2, { "о", "а" }, { 8, 9 } },
	};
	static const struct { const char *stem; unsigned para; } word[] = {
		{ "стол", 0 }, { "ёж", 0 }, { "мам", 1 }, { "мы", 2 }, { "мыл", 3 }, { "еж", 3 },
	};
	struct synth_trie words = { 0 }, prob = { 0 }, ends = { 0 }, none = { 0 };
	struct buf file[8] = { { 0 } };
	struct err e = { 0 };
	uint8_t key[256];

	for (size_t w = 0; w < sizeof word / sizeof *word; w++)
		for (int k = 0; k < para[word[w].para].n; k++) {
			size_t n = synth_1251(key, word[w].stem);

			n += synth_1251(key + n, para[word[w].para].end[k]);
			key[n++] = 1;
			n += synth_pack(key + n, word[w].para);
			n += synth_pack(key + n, (unsigned)k);
			synth_key(&words, key, n, 0);
		}
	for (unsigned p = 0; p < 2; p++)
		for (int k = 0; k < 3; k++) {
			size_t n = synth_1251(key, p ? "м" : "л");

			n += synth_1251(key + n, para[p].end[k]);
			key[n++] = 1;
			n += synth_pack(key + n, 10);
			n += synth_pack(key + n, p);
			n += synth_pack(key + n, (unsigned)k);
			synth_key(&ends, key, n, 0);
		}
	size_t n = synth_1251(key, "мыла");

	memcpy(key + n, ":NOUN,inan,neut sing,gent", 26);
	synth_key(&prob, key, n + 25, 900000);
	memcpy(key + n, ":VERB,impf,tran femn,sing,past,indc", 36);
	synth_key(&prob, key, n + 35, 100000);
	synth_graph(&file[0], &words);
	synth_graph(&file[1], &prob);
	synth_graph(&file[2], &ends);
	synth_graph(&file[3], &none);
	synth_graph(&file[4], &none);
	buf_add(&file[5], "\4\0", 2);
	for (size_t p = 0; p < 4; p++) {
		uint16_t v[3 * 8] = { 0 };
		uint16_t len = (uint16_t)(3 * para[p].n);

		for (int k = 0; k < para[p].n; k++) {
			while (strcmp(end[v[k]], para[p].end[k]))
				v[k]++;
			v[para[p].n + k] = (uint16_t)para[p].tag[k];
		}
		buf_add(&file[5], &len, 2);
		buf_add(&file[5], v, 2u * len);
	}
	for (size_t i = 0; i < sizeof end / sizeof *end; i++)
		buf_printf(&file[6], "%s\"%s\"", i ? ", " : "[", end[i]);
	for (size_t i = 0; i < sizeof tag / sizeof *tag; i++)
		buf_printf(&file[7], "%s\"%s\"", i ? ",\n" : "[\n", tag[i]);
	buf_char(&file[6], ']');
	buf_char(&file[7], ']');
	struct dict_source src = {
		buf_view(&file[0]), buf_view(&file[1]),
		{ buf_view(&file[2]), buf_view(&file[3]), buf_view(&file[4]) },
		buf_view(&file[5]), buf_view(&file[6]), buf_view(&file[7]),
	};

	if (dict_build(out, &src, &e)) {
		fprintf(stderr, "synth_dict: %s\n", e.msg);
		abort();
	}
	for (int i = 0; i < 8; i++)
		buf_free(&file[i]);
}

/* Makes every checksum of a dictionary's bytes right again, so that damage reaches further. */
static inline void synth_mend(char *p, size_t n)
{
	enum { HEAD = 64, ROW = 32, SECTIONS = 14 };

	if (n < HEAD + ROW * SECTIONS)
		return;
	uint64_t size = n, off, len, h;

	memcpy(p + 16, &size, 8);
	for (int s = 0; s < SECTIONS; s++) {
		char *row = p + HEAD + s * ROW;

		memcpy(&off, row + 8, 8);
		memcpy(&len, row + 16, 8);
		if (off <= n && len <= n - off) {
			h = hash64(p + off, (size_t)len, 0);
			memcpy(row + 24, &h, 8);
		}
	}
	h = hash64(p + HEAD, ROW * SECTIONS, 0);
	memcpy(p + 24, &h, 8);
}

#endif
