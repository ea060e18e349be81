/* udset.h - sentences of Universal Dependencies (CoNLL-U) beside our words.
 *
 * Reads a .conllu file, rebuilds each sentence's text, cuts it with our own tokens and lays
 * the gold tokens beside them by place. Used to measure (bench_words) and to fit (fit_words).
 */
#ifndef LTM_BENCH_UDSET_H
#define LTM_BENCH_UDSET_H

#include "words/wordcache.h"

struct gold {
	struct str form, lemma, upos, feats;	/* lend from the file's bytes; lemma folded */
	uint32_t off, len;
};
struct ud_sent {
	struct str text;
	struct gold *g;
	size_t n;
};
struct ud {
	struct ud_sent *s;
	size_t n;
};

static inline struct str ud_field(struct str *rest)
{
	struct str f = { 0 };

	str_cut(rest, '\t', &f);
	return f;
}

static inline bool ud_feat(const struct gold *g, const char *name, struct str *value)
{
	struct str rest = g->feats, one, key;

	while (str_cut(&rest, '|', &one))
		if (str_cut(&one, '=', &key) && str_eq(key, str_of(name)))
			return *value = one, true;
	return false;
}

static inline void ud_flush(struct ud *u, size_t *cap, struct gold *g, size_t n,
                            struct buf *text, struct arena *a)
{
	struct ud_sent s = { str_copy(a, str_trim(buf_view(text))), TAKE(a, struct gold, n), n };

	if (n) {
		memcpy(s.g, g, n * sizeof *g);
		VEC_PUSH(u->s, u->n, *cap) = s;
	}
	text->n = 0;
}

/* Everything lives in a, but u->s (mem_free). */
static inline struct ud ud_read(struct str bytes, struct arena *a)
{
	struct ud u = { 0 };
	struct gold *g = NULL;
	struct buf text = { 0 };
	size_t n = 0, cap_g = 0, cap = 0;
	struct str line;

	while (str_cut(&bytes, '\n', &line)) {
		struct str id = ud_field(&line);

		if (!id.n) {
			ud_flush(&u, &cap, g, n, &text, a);
			n = 0;
			continue;
		}
		if (id.p[0] == '#' || memchr(id.p, '-', id.n) || memchr(id.p, '.', id.n))
			continue;
		struct gold t = { 0 };

		t.form = ud_field(&line);
		t.lemma = str_fold(a, ud_field(&line));
		t.upos = ud_field(&line);
		ud_field(&line);
		t.feats = ud_field(&line);
		for (int i = 0; i < 3; i++)
			ud_field(&line);
		if (str_eq(t.form, S("&#39;&#39;")))	/* GSD's escaped quote */
			t.form = S("''");
		t.off = (uint32_t)text.n;
		t.len = (uint32_t)t.form.n;
		buf_str(&text, t.form);
		if (!strstr(str_copy(a, ud_field(&line)).p, "SpaceAfter=No"))
			buf_char(&text, ' ');
		VEC_PUSH(g, n, cap_g) = t;
	}
	ud_flush(&u, &cap, g, n, &text, a);
	buf_free(&text);
	mem_free(g);
	return u;
}

static inline bool ud_is(struct str s, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(s, str_of(*list)))
			return true;
	return false;
}

/* Coarse classes in which both sets agree on what is meant: AUX is VERB, PROPN is NOUN,
 * CCONJ and SCONJ are CONJ, DET and PRON are PRON, SYM X and what is not Russian are X. */
static inline const char *ud_coarse(struct str upos)
{
	static const char *const pair[][2] = {
		{ "AUX", "VERB" }, { "PROPN", "NOUN" }, { "CCONJ", "CONJ" }, { "SCONJ", "CONJ" },
		{ "DET", "PRON" }, { "SYM", "X" }, { "X", "X" }, { "NOUN", "NOUN" }, { "VERB", "VERB" },
		{ "ADJ", "ADJ" }, { "ADV", "ADV" }, { "NUM", "NUM" }, { "PRON", "PRON" },
		{ "ADP", "ADP" }, { "PART", "PART" }, { "INTJ", "INTJ" }, { "PUNCT", "PUNCT" },
		{ "CONJ", "CONJ" },
	};

	for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
		if (str_eq(upos, str_of(pair[i][0])))
			return pair[i][1];
	return "X";
}

/* Our part of speech in UD's words; proper is WORD_PROPER. */
static inline const char *ud_upos(int pos, struct str lemma, bool proper)
{
	static const char *const sconj[] = { "что", "чтобы", "если", "как", "когда", "хотя",
		"чем", "пока", "словно", "будто", "поскольку", "потому", "поэтому", "ибо", "раз",
		"коли", "дабы", "так", "ежели", "едва", "лишь", "кабы", NULL };
	static const char *const pron[] = { "который", "кто", "что", NULL };

	switch (pos) {
	case POS_NOUN: return proper ? "PROPN" : "NOUN";
	case POS_ADJ: return "ADJ";
	case POS_VERB: case POS_INF: case POS_PART: case POS_GER:
		return str_eq(lemma, S("быть")) ? "AUX" : "VERB";
	case POS_NUM: case POS_DIGIT: return "NUM";
	case POS_ADV: return "ADV";
	case POS_PRON: return "PRON";
	case POS_APRO: return ud_is(lemma, pron) ? "PRON" : "DET";
	case POS_PREP: return "ADP";
	case POS_CONJ: return ud_is(lemma, sconj) ? "SCONJ" : "CCONJ";
	case POS_PRCL: return "PART";
	case POS_INTJ: return "INTJ";
	case POS_PUNCT: return "PUNCT";
	}
	return "X";
}

#endif
