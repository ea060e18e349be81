/* udset.h - sentences of Universal Dependencies (CoNLL-U) beside our words.
 *
 * Reads a .conllu file, rebuilds each sentence's text, cuts it with our own tokens and lays
 * the gold tokens beside them by place. Used to measure (bench_words) and to fit (fit_words).
 */
#ifndef LTM_BENCH_UDSET_H
#define LTM_BENCH_UDSET_H

#include "words/tag/wordcache.h"
#include "words/tag/ud.h"

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
			t.form = t.lemma = S("''");
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

#endif
