/* readypack.c - see readypack.h.
 *
 *   in    a book as a reader's worker leaves it
 *   out   bytes; and the same book again
 *
 * Arrays of plain numbers go whole; strings go beside them, in a fixed order, and are tied in again.
 */
#include "app/read/readypack.h"

static void array(struct buf *b, const void *p, size_t n, size_t each)
{
	buf_u64(b, n);
	if (n)
		buf_add(b, p, n * each);
}

static void *array_back(size_t *n, struct reader *r, size_t each, struct arena *a)
{
	uint64_t count = rd_u64(r);
	struct str s;
	void *p;

	*n = 0;
	if (count > rd_left(r) / each)
		r->bad = true;
	if (r->bad)
		return NULL;
	s = rd_bytes(r, (size_t)count * each);
	p = arena_take_n(a, (size_t)count + 1, each);
	if (s.n)
		memcpy(p, s.p, s.n);
	*n = (size_t)count;
	return p;
}

/* The strings of a scene, one after the other. */
static struct str *string_of(struct scene *s, int i)
{
	if (i < ST_N)
		return &s->text[i];
	if ((i -= ST_N) < s->n_actor)
		return &s->actor[i];
	i -= s->n_actor;
	return i < s->n_image ? &s->image[i] : NULL;
}

void ready_pack(struct buf *out, const struct ready_parts *p)
{
	struct buf book = { 0 };

	book_pack(&book, &p->book);
	buf_blob(out, buf_view(&book));
	buf_free(&book);
	array(out, p->words.w, p->words.n, sizeof *p->words.w);
	array(out, p->words.sent, p->words.n_sent + 1, sizeof *p->words.sent);
	array(out, p->words.lemma, p->words.n_lemma, sizeof *p->words.lemma);
	for (size_t i = 0; i < p->words.n_lemma; i++)
		buf_blob(out, p->words.lemma[i].s);
	array(out, p->scene, p->n_scene, sizeof *p->scene);
	for (size_t i = 0; i < p->n_scene; i++)
		for (int k = 0; string_of(&p->scene[i], k); k++)
			buf_blob(out, *string_of(&p->scene[i], k));
	buf_blob(out, p->strip);
}

static void scenes_back(struct ready_parts *out, struct reader *r, struct arena *a)
{
	out->scene = array_back(&out->n_scene, r, sizeof *out->scene, a);
	for (size_t i = 0; i < out->n_scene && !r->bad; i++) {
		struct scene *s = &out->scene[i];

		r->bad |= s->n_actor < 0 || s->n_actor > ACTORS_MAX || s->n_image < 0 || s->n_image > IMAGES_MAX;
		for (int k = 0; !r->bad && string_of(s, k); k++)
			*string_of(s, k) = str_copy(a, rd_blob(r));
	}
}

enum status ready_unpack(struct ready_parts *out, struct str bytes, struct arena *a, struct err *e)
{
	struct reader r = reader_of(bytes);
	size_t sents;

	*out = (struct ready_parts){ 0 };
	if (book_unpack(&out->book, rd_blob(&r), a, e))
		return e->code;
	out->words.w = array_back(&out->words.n, &r, sizeof *out->words.w, a);
	out->words.sent = array_back(&sents, &r, sizeof *out->words.sent, a);
	out->words.n_sent = sents ? sents - 1 : 0;
	out->words.lemma = array_back(&out->words.n_lemma, &r, sizeof *out->words.lemma, a);
	for (size_t i = 0; i < out->words.n_lemma && !r.bad; i++)
		out->words.lemma[i].s = str_copy(a, rd_blob(&r));
	scenes_back(out, &r, a);
	out->strip = str_copy(a, rd_blob(&r));
	return r.bad || rd_left(&r) ? err_set(e, ERR_FORMAT, "a book from another process is damaged") : OK;
}
