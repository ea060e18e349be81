/* morphset.h - words cut by people, read for fitting and measuring (bench and bench/fit).
 *
 * A line: form TAB морф:TYPE/морф:TYPE, morphs joined give the form. */
#ifndef LTM_BENCH_MORPHSET_H
#define LTM_BENCH_MORPHSET_H
#include <time.h>
#include "words/morph/morphin.h"

struct morph_gold { struct str form; struct morph m[MORPHS_MAX]; int n; };
struct morph_set { struct morph_gold *w; size_t n, cap; };
struct morph_score {
	size_t words, whole, borders;		/* words; right with types; right borders */
	size_t b_ours, b_gold, b_both;		/* inner borders */
	size_t m_gold, m_span, m_type;		/* morphemes; right span; right span and type */
};

static inline double morph_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int morph_type_of(struct str s)
{
	for (int t = MORPH_PREF; t <= MORPH_POSTFIX; t++)
		if (str_eq(s, str_of(morph_type_name(t))))
			return t;
	return 0;
}

static inline bool morph_gold_of(struct morph_gold *g, struct str form, struct str cut)
{
	struct str piece, morph;
	uint16_t off = 0;

	g->form = form;
	g->n = 0;
	while (str_cut(&cut, '/', &piece)) {
		int type;

		if (!str_cut(&piece, ':', &morph) || !(type = morph_type_of(piece)) ||
		    g->n == MORPHS_MAX || off + morph.n > form.n ||
		    memcmp(form.p + off, morph.p, morph.n))
			return false;
		g->m[g->n++] = (struct morph){ off, (uint16_t)morph.n, (uint8_t)type };
		off = (uint16_t)(off + morph.n);
	}
	return g->n && off == form.n;
}

static inline enum status morph_set_read(struct morph_set *out, const char *path, struct arena *a,
                                         struct err *e)
{
	struct buf b = { 0 };
	struct str rest, line, form;
	size_t no = 0;
	enum status st = file_read(&b, path, (size_t)64 << 20, e);

	rest = str_copy(a, buf_view(&b));
	buf_free(&b);
	while (!st && str_cut(&rest, '\n', &line)) {
		struct morph_gold g;

		no++;
		if (!line.n)
			continue;
		if (!str_cut(&line, '\t', &form) || !morph_gold_of(&g, form, line))
			return err_set(e, ERR_FORMAT, "%s:%zu: not form TAB морф:TYPE/…", path, no);
		VEC_PUSH(out->w, out->n, out->cap) = g;
	}
	return st;
}

static inline void morph_score_add(struct morph_score *s, const struct morph_gold *g,
                                   const struct morph *m, int n)
{
	size_t both = 0, types = 0, spans = 0;

	for (int i = 0, j = 0; i < g->n && j < n;) {
		size_t x = (size_t)g->m[i].off + g->m[i].len, y = (size_t)m[j].off + m[j].len;

		both += x == y && x < g->form.n;
		if (g->m[i].off == m[j].off && x == y) {
			spans++;
			types += g->m[i].type == m[j].type;
		}
		i += x <= y;
		j += y <= x;
	}
	s->words++;
	s->b_both += both;
	s->b_gold += (size_t)g->n - 1;
	s->b_ours += (size_t)n - 1;
	s->m_gold += (size_t)g->n;
	s->m_span += spans;
	s->m_type += types;
	s->borders += spans == (size_t)g->n && n == g->n;
	s->whole += types == (size_t)g->n && n == g->n;
}

static inline void morph_score_print(const struct morph_score *s)
{
	double p = s->b_ours ? (double)s->b_both / (double)s->b_ours : 0;
	double r = s->b_gold ? (double)s->b_both / (double)s->b_gold : 0;

	printf("%7zu words  whole %5.2f  borders %5.2f  P %5.2f R %5.2f F1 %5.2f  type %5.2f",
	       s->words, 100.0 * (double)s->whole / (double)s->words,
	       100.0 * (double)s->borders / (double)s->words, 100 * p, 100 * r,
	       p + r > 0 ? 200 * p * r / (p + r) : 0,
	       s->m_span ? 100.0 * (double)s->m_type / (double)s->m_span : 0);
}
#endif
