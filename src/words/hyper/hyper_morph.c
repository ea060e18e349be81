/* hyper_morph.c - where in a book's words morphemes meet, so that pieces may respect it.
 *
 *   in    letters of a book
 *   out   a mark for each place: outside words, at a border of morphemes, or amid one
 *
 * Forms are cut once (morph.h), the small letters of a form standing for any case; what is
 * rarer than FORM_MIN in the texts is left unmarked: it would cost half of the time and tell
 * a twentieth of the places. A form is held as 64 bits, one a place.
 */
#include "words/hyper/hyper_in.h"
#include "words/morph/morph.h"

enum { FORM_MIN = 4, FORM_LETTERS = 60 };

/* The form that begins at p: its letters; 0 when it is none (too long, or not Cyrillic). */
static size_t form_at(struct buf *form, const struct letters *l, const uint8_t *kind,
                      const uint8_t *p, size_t left, size_t *letters)
{
	size_t n = 0;

	form->n = 0;
	while (n < left && kind[p[n]] == KIND_LETTER) {
		if (n < FORM_LETTERS)
			buf_rune(form, rune_lower(l->rune[p[n]]));
		n++;
	}
	*letters = n;
	return n > 1 && n <= FORM_LETTERS && rune_is_cyrillic(l->rune[p[0]]) ? n : 0;
}

void forms_count(struct forms *f, const struct letters *l, const uint8_t *kind, const uint8_t *p,
                 size_t n)
{
	struct buf form = { 0 };
	size_t len;

	for (size_t i = 0; i < n; i += len ? len : 1) {
		uint32_t id;

		if (!form_at(&form, l, kind, p + i, n - i, &len))
			continue;
		id = strtab_add(&f->seen, buf_view(&form));
		if (id == f->n)
			VEC_PUSH(f->count, f->n, f->cap) = 0;
		f->count[id]++;
	}
	buf_free(&form);
}

/* Bit k: morphemes meet after the k-th letter. */
static uint64_t borders(struct str form)
{
	struct morph m[MORPHS_MAX];
	int n = morph_cut(form, NULL, m);
	uint64_t bits = 0;

	for (int i = 1; i < n; i++)
		bits |= (uint64_t)1 << utf8_count((struct str){ form.p, m[i].off });
	return bits;
}

void forms_cut(struct forms *f)
{
	f->bits = mem_alloc(f->n + 1, sizeof *f->bits);
	for (size_t i = 0; i < f->n; i++)
		if (f->count[i] >= FORM_MIN)
			f->bits[i] = borders(f->seen.s[i]);
}

void forms_mark(uint8_t *place, const struct forms *f, const struct letters *l, const uint8_t *kind,
                const uint8_t *p, size_t n)
{
	struct buf form = { 0 };
	size_t len;

	memset(place, PLACE_OUTSIDE, n + 1);
	for (size_t i = 0; i < n; i += len ? len : 1) {
		uint32_t id;

		if (!form_at(&form, l, kind, p + i, n - i, &len))
			continue;
		id = strtab_find(&f->seen, buf_view(&form));
		if (id == STRTAB_NONE || f->count[id] < FORM_MIN)
			continue;
		for (size_t k = 1; k < len; k++)
			place[i + k] = f->bits[id] >> k & 1 ? PLACE_BORDER : PLACE_AMID;
	}
	buf_free(&form);
}

void forms_clear(struct forms *f)
{
	strtab_close(&f->seen);
	mem_free(f->count);
	mem_free(f->bits);
	*f = (struct forms){ 0 };
}
