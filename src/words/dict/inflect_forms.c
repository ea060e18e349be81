/* inflect_forms.c - all forms of a lemma, and the one form that a tag asks for.
 *
 *   in    a lemma as people write it
 *   out   its forms with whole grammar, in the dictionary's order
 *
 * A lemma the dictionary lacks is declined as the words that end alike; such forms are marked as
 * guesses. One spelling may be of several lexemes (печь): they follow one another.
 */
#include "words/dict/dict.h"
#include "words/dict/inflect.h"

struct list {
	struct inflected *v;
	size_t n, cap;
	struct arena *a;
};

static struct str utf8_of(struct arena *a, const uint8_t *p, size_t n)
{
	struct buf b = { 0 };
	struct str s;

	cyr_utf8(&b, p, n);
	s = str_copy(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static void add_lexeme(struct list *l, const struct inflect *f,
                       const struct inflection *x, uint8_t lexeme)
{
	uint32_t m = inflect_size(f, x->para);

	for (uint32_t k = 0; k < m; k++) {
		const struct tag *t =
		        x->para == PARA_NONE ? x->tag : inflect_tag(f, x->para, k);
		uint8_t form[INFLECTED_MAX];
		size_t n = inflect_spell(f, form, x->para, k, x->base, x->n_base);
		uint8_t variant = 0;

		for (size_t i = l->n; i-- > 0 && l->v[i].lexeme == lexeme;)
			variant += l->v[i].pos == t->pos &&
			           gram_pack(l->v[i].g) == gram_pack(t->g);
		VEC_PUSH(l->v, l->n, l->cap) = (struct inflected){
			utf8_of(l->a, form, n), t->g, t->pos, variant, lexeme, x->guessed
		};
	}
}

/* The same lexeme is found once for every form that is spelled as its first. */
static bool first_of(const struct inflection *x, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (x[k].para == x[i].para && x[k].n_base == x[i].n_base && x[k].k == 0 &&
		    (x[i].para != PARA_NONE || x[k].tag->pos == x[i].tag->pos) &&
		    !memcmp(x[k].base, x[i].base, x[i].n_base))
			return false;
	return x[i].k == 0;
}

size_t inflect_forms(const struct inflect *f, struct inflected **out, struct str lemma,
                     struct arena *a)
{
	struct inflection *x = mem_alloc(INFLECTIONS_MAX, sizeof *x);
	struct list l = { .a = a };
	uint8_t form[FORM_MAX], lexeme = 0;
	size_t n = form_bytes(form, lemma);

	n = n ? inflect_find(f, x, INFLECTIONS_MAX, form, n) : 0;
	for (size_t i = 0; i < n; i++)
		if (first_of(x, i))
			add_lexeme(&l, f, &x[i], lexeme++);
	*out = TAKE(a, struct inflected, l.n + 1);
	if (l.n)
		memcpy(*out, l.v, l.n * sizeof *l.v);
	mem_free(l.v);
	mem_free(x);
	return l.n;
}

/* Every field that `want` sets is the same in g. */
static bool answers(struct gram g, struct gram want)
{
	static const uint32_t field[] = {	/* the fields of gram_pack */
		15, 3 << 4, 7 << 6, 3 << 9, 3 << 11, 3 << 13, 3 << 15, 3 << 17, 3 << 19,
		7 << 21, 1 << 24, 3 << 25,
	};
	uint32_t have = gram_pack(g), ask = gram_pack(want);

	for (size_t i = 0; i < sizeof field / sizeof *field; i++)
		if ((ask & field[i]) && (ask & field[i]) != (have & field[i]))
			return false;
	return true;
}

struct str inflect_form(const struct inflect *f, struct str lemma, uint8_t pos,
                        struct gram g, struct arena *a)
{
	struct inflected *v;
	size_t n = inflect_forms(f, &v, lemma, a);

	for (size_t i = 0; i < n; i++)
		if ((!pos || v[i].pos == pos) && answers(v[i].g, g))
			return v[i].form;
	return S("");
}
