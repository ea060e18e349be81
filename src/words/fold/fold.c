/* fold.c - folded grammar as a scheme of tokenizers (tokens_in.h).
 *
 *   in    a tokenizer to train or to make ready; text or ids
 *   out   ids or text
 *
 * Each text is coded from a fresh start in pieces of about a megabyte, so memory does not grow with
 * it. What is expected (fold_flow.c) is carried over from piece to piece; runs of atoms are not.
 */
#include "words/fold/fold.h"

struct fold_work {
	const struct fold *o;
	struct fold_reader *r;
	struct fold_items it;
	struct ids atoms;
	struct fold_path_work path;
	struct fold_count count;
};

void fold_give(struct tokenizer *t, const struct fold *o)
{
	struct buf b = { 0 };

	t->n = o->n_atom + o->n_pair;
	t->piece = TAKE(&t->mem, struct str, (size_t)t->n + 1);
	for (uint32_t i = 0; i < t->n; i++) {
		b.n = 0;
		if (i < FOLD_BYTES)
			buf_char(&b, (char)i);
		else
			fold_name(o, i, &b);
		t->piece[i] = str_copy(&t->mem, buf_view(&b));
	}
	b.n = 0;
	fold_save(o, &b);
	t->extra = str_copy(&t->mem, buf_view(&b));
	buf_free(&b);
}

enum status fold_train(struct tokenizer *t, const struct tokens_plan *p,
                       const struct fold_plan *q, const struct str *text, size_t n,
                       const struct watch *w, struct err *e)
{
	struct fold_school *school;
	struct inflect *f;
	struct fold o;
	enum status s;

	if (!p->dict)
		return err_set(e, ERR_USAGE, "folded grammar needs the dictionary");
	f = inflect_open(p->dict);
	s = fold_school_open(&school, f, p->dict, text, n, w, e);
	if (!s) {
		s = fold_learn(&o, school, q, w, e);
		fold_school_close(school);
	}
	if (!s) {
		fold_give(t, &o);
		fold_clear(&o);
	}
	inflect_close(f);
	return s;
}

static enum status train(struct tokenizer *t, const struct tokens_plan *p,
                         const struct str *text, size_t n, const struct watch *w,
                         struct err *e)
{
	struct fold_plan q = { .option = FOLD_DEFAULT, .vocab = p->vocab };

	return fold_train(t, p, &q, text, n, w, e);
}

enum status fold_ready(struct tokenizer *t, struct err *e)
{
	struct fold_own *own;
	enum status s;

	if (!t->dict)
		return err_set(e, ERR_USAGE, "folded grammar needs the dictionary");
	own = mem_alloc(1, sizeof *own);
	own->f = inflect_open(t->dict);
	s = fold_load(&own->o, own->f, t->extra, e);
	if (!s && own->o.n_atom + own->o.n_pair != t->n) {
		fold_clear(&own->o);
		s = err_set(e, ERR_FORMAT, "folded grammar: %u names for %u tokens", t->n,
		            own->o.n_atom + own->o.n_pair);
	}
	if (s) {
		inflect_close(own->f);
		mem_free(own);
		return s;
	}
	t->own = own;
	return OK;
}

void fold_close(struct tokenizer *t)
{
	struct fold_own *own = t->own;

	if (!own)
		return;
	fold_clear(&own->o);
	inflect_close(own->f);
	mem_free(own);
	t->own = NULL;
}

static void *work_open(const struct tokenizer *t)
{
	const struct fold_own *own = t->own;
	struct fold_work *k = mem_alloc(1, sizeof *k);

	k->o = &own->o;
	k->r = fold_reader_open(own->f, t->dict, k->o);
	return k;
}

static void work_close(void *p)
{
	struct fold_work *k = p;

	if (!k)
		return;
	fold_reader_close(k->r);
	mem_free(k->it.v);
	mem_free(k->atoms.id);
	mem_free(k->path.best);
	mem_free(k->path.token);
	mem_free(k->path.len);
	mem_free(k);
}

static void encode(struct tokens_work *w, struct str text, struct ids *out)
{
	struct fold_work *k = w->own;
	struct fold_coder c = { .o = k->o, .r = k->r, .w = flow_begin(), .out = &k->atoms,
	                        .count = &k->count };

	while (text.n) {
		struct str piece = { text.p, fold_piece(text) };

		k->it.n = k->atoms.n = 0;
		fold_read(k->r, &k->it, piece);
		fold_code(&c, piece, &k->it);
		fold_path(k->o, &k->path, out, k->atoms.id, k->atoms.n);
		text.p += piece.n;
		text.n -= piece.n;
	}
}

static enum status decode(struct tokens_work *w, const uint32_t *id, size_t n,
                          struct buf *out, struct err *e)
{
	const struct fold_work *k = w->own;
	struct fold_writer x = fold_writer_begin(k->o, out);
	uint32_t atom[FOLD_SPAN];
	const char *bad = NULL;
	size_t i;

	for (i = 0; i < n && !bad; i++) {
		size_t m;

		if (id[i] >= k->o->n_atom + k->o->n_pair)
			return err_set(e, ERR_FORMAT,
			               "token %zu is %u, the vocabulary ends at %u", i,
			               id[i], k->o->n_atom + k->o->n_pair);
		m = fold_expand(k->o, id[i], atom);
		for (size_t a = 0; a < m && !bad; a++)
			bad = fold_write(&x, atom[a]);
	}
	if (!bad)
		bad = fold_write_end(&x);
	return bad ? err_set(e, ERR_FORMAT, "token %zu: %s", i - (i > 0), bad) : OK;
}

struct fold_count fold_counts(const struct tokens_work *k)
{
	return ((const struct fold_work *)k->own)->count;
}

const struct scheme scheme_fold = {
	.id = TOKENS_FOLD, .name = "fold", .reversible = true, .needs_dict = true,
	.train = train, .ready = fold_ready, .close = fold_close, .work_open = work_open,
	.work_close = work_close, .encode = encode, .decode = decode,
};
