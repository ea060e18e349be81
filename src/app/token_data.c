/* token_data.c - a library as streams of tokens: training, dev and test books by data/ru/split.tsv.
 *
 *   in    books; a tokenizer, or the wish for one
 *   out   ids with their characters counted
 *
 * Invariant: the streams depend on the books and the tokenizer alone; their hash names them.
 */
#include <stdlib.h>
#include <unistd.h>

#include "app/booktexts.h"
#include "app/token.h"
#include "num/team.h"
#include "order/order.h"

static struct token_part *part_of(struct token_data *d, int split)
{
	return split == SPLIT_TRAIN ? &d->train : split == SPLIT_DEV ? &d->dev : &d->test;
}

static enum status encode(struct token_data *d, const struct booktexts *t, const struct watch *w, struct err *e)
{
	struct tokens_work *k = tokens_work_open(d->tok.t);

	for (int i = 0; i < 3; i++) {
		struct token_part *p = part_of(d, i);

		p->s.first = mem_alloc(t->n + 1, sizeof *p->s.first);
		p->s.vocab = tokens_vocab(d->tok.t);
	}
	for (size_t i = 0; i < t->n && !watch_stopped(w); i++) {
		struct token_part *p = part_of(d, t->split[i]);

		tokens_encode(k, t->text[i], &p->s.ids);
		p->s.first[++p->s.texts] = p->s.ids.n;
		p->chars += utf8_count(t->text[i]);
		watch_step(w, "encode", (double)i + 1, (double)t->n, "books");
	}
	tokens_work_close(k);
	return watch_stopped(w) ? err_set(e, ERR_STOP, "stopped while reading; nothing is written") : OK;
}

/* The training texts alone. */
static struct str *training_texts(const struct booktexts *t, size_t *n)
{
	struct str *text = mem_alloc(t->n + 1, sizeof *text);

	*n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (t->split[i] == SPLIT_TRAIN)
			text[(*n)++] = t->text[i];
	return text;
}

/* Trains a tokenizer, or reads the one given; its file's bytes, which are kept at from->save. */
static enum status tokenizer_file(struct buf *file, const struct token_source *from, const struct str *text,
                                  size_t n, const struct watch *w, struct err *e)
{
	struct tokens_plan p = { .scheme = TOKENS_BYTE, .vocab = from->vocab ? (uint32_t)from->vocab : 8192 };
	struct dictfile dict = { 0 };
	struct tokenizer *tok = NULL;

	if (from->tokenizer)
		file_read(file, from->tokenizer, 1 << 30, e);
	else if (from->scheme && !tokens_scheme_find(&p.scheme, str_of(from->scheme)))
		err_set(e, ERR_USAGE, "no tokenizer scheme '%s': byte, morph, hyper, fold", from->scheme);
	else if (!tokens_reversible(p.scheme))
		err_set(e, ERR_USAGE, "scheme %s loses text: a token model needs byte, morph, hyper or fold",
		        from->scheme);
	else if (!tokens_needs_dict(p.scheme) || !dictfile_open(&dict, from->dict, e)) {
		p.dict = dict.dict;
		if (!tokens_train(&tok, &p, text, n, w, e)) {
			tokens_save(tok, file);
			tokens_close(tok);
		}
		if (dict.dict)
			dictfile_close(&dict);
	}
	return e->code ? e->code : file_save(from->save, buf_view(file), e);
}

/* Rank 0 makes it; the others open a copy of their own, which is gone when it is open. */
static enum status tokenizer(struct token_data *d, const struct token_source *from, const struct str *text,
                             size_t n, const struct watch *w, struct err *e)
{
	char copy[] = "/tmp/ltm.tokenizer.XXXXXX";
	struct buf file = { 0 };
	int fd;

	if (team_rank() == 0)
		tokenizer_file(&file, from, text, n, w, e);
	if (!team_share_err(e)) {
		team_share_buf(&file, 0);
		if (team_rank() == 0)
			tokenfile_open(&d->tok, from->save, from->dict, e);
		else if ((fd = mkstemp(copy)) < 0)
			err_set(e, ERR_IO, "%s: cannot be made", copy);
		else {
			close(fd);
			if (!file_save(copy, buf_view(&file), e))
				tokenfile_open(&d->tok, copy, from->dict, e);
			unlink(copy);
		}
	}
	buf_free(&file);
	return e->code;
}

static uint64_t hash_of(const struct token_data *d)
{
	const struct token_part *part[3] = { &d->train, &d->dev, &d->test };
	uint64_t h = d->tok.hash;

	for (int i = 0; i < 3; i++) {
		h = hash64(part[i]->s.ids.id, part[i]->s.ids.n * sizeof(uint32_t), h);
		h = hash64(part[i]->s.first, (part[i]->s.texts + 1) * sizeof(uint64_t), h);
	}
	return h;
}

static enum status from_texts(struct token_data *out, const struct token_source *from, const struct booktexts *t,
                              const struct watch *w, struct err *e)
{
	struct str *text;
	size_t n;

	if (t->over)
		return err_set(e, ERR_LIMIT, "more than %d MB of text", BOOKTEXTS_MAX >> 20);
	text = training_texts(t, &n);
	if (!n)
		err_set(e, ERR_USAGE, "no training books among those given (data/ru/split.tsv says which are set "
		        "aside)");
	else if (!tokenizer(out, from, text, n, w, e))
		encode(out, t, w, e);
	mem_free(text);
	return e->code;
}

enum status token_data_open(struct token_data *out, const struct token_source *from, const struct watch *w,
                            struct err *e)
{
	struct arena a = arena_open("token data");
	const char *shipped = from->n_path ? NULL : library_find(&a);
	struct booktexts t = { 0 };

	*out = (struct token_data){ 0 };
	if (!from->n_path && !shipped)
		err_set(e, ERR_USAGE, "no books given, and the shipped library is not found");
	else if (!booktexts_read(&t, from->n_path ? from->path : &shipped, from->n_path ? from->n_path : 1, "all",
	                         false, w, e)) {
		out->failed = t.failed;
		from_texts(out, from, &t, w, e);
	}
	booktexts_clear(&t);
	arena_close(&a);
	if (e->code) {
		token_data_close(out);
		return e->code;
	}
	out->hash = hash_of(out);
	return OK;
}

void token_data_close(struct token_data *d)
{
	idstream_clear(&d->train.s);
	idstream_clear(&d->dev.s);
	idstream_clear(&d->test.s);
	if (d->tok.t)
		tokenfile_close(&d->tok);
	*d = (struct token_data){ 0 };
}

uint32_t token_start(const struct tokenizer *t)
{
	enum tokens_scheme s = tokens_scheme(t);

	return s == TOKENS_BYTE || s == TOKENS_MORPH || s == TOKENS_HYPER ? '\n' : 0;
}
