/* token_data.c - a library as streams of tokens: training, dev and test books by data/ru/split.tsv.
 *
 *   in    books; a tokenizer, or the wish for one
 *   out   ids with their characters counted
 *
 * Invariant: the streams depend on the books and the tokenizer alone; their hash names them.
 */
#include <stdlib.h>
#include <unistd.h>

#include "app/read/booktexts.h"
#include "app/learn/token.h"
#include "model/joint.h"
#include "num/team.h"
#include "order/order.h"
#include "order/windows.h"

static struct token_part *part_of(struct token_data *d, int split)
{
	return split == SPLIT_TRAIN ? &d->train : split == SPLIT_DEV ? &d->dev : &d->test;
}

/* Text i scene by scene: a scene's tokens are its own. */
static void encode_scenes(struct token_part *p, struct tokens_work *k, struct str text, const struct scene_cuts *c,
                          size_t i)
{
	for (size_t at = c->first[i]; at < c->first[i + 1]; at++) {
		size_t from = c->cut[at], to = at + 1 < c->first[i + 1] ? c->cut[at + 1] : text.n;

		p->scene[p->scenes] = p->s.ids.n;
		p->row[p->scenes++] = c->row[at];
		tokens_encode(k, (struct str){ text.p + from, to - from }, &p->s.ids);
	}
	p->scene[p->scenes] = p->s.ids.n;
	p->book[p->s.texts + 1] = p->scenes;
}

static void room_for_scenes(struct token_part *p, size_t texts, size_t scenes)
{
	p->scene = mem_alloc(scenes + 1, sizeof *p->scene);
	p->row = mem_alloc(scenes + 1, sizeof *p->row);
	p->book = mem_alloc(texts + 1, sizeof *p->book);
}

/* What each token is to the scene path; salient by the training books' counts. */
static void mark(struct token_part *p, const uint8_t *salient)
{
	p->is = mem_alloc(p->s.ids.n + 1, 1);
	for (size_t i = 0; i < p->s.ids.n; i++)
		p->is[i] = salient[p->s.ids.id[i]] ? TOKEN_SALIENT : 0;
	for (uint32_t i = 0; i < p->scenes; i++)
		p->is[p->scene[i]] |= TOKEN_SCENE;
	for (uint32_t b = 0; b < p->s.texts; b++)
		p->is[p->s.first[b]] |= TOKEN_BOOK | TOKEN_SCENE;
}

static void mark_all(struct token_data *d, double share)
{
	uint8_t *salient = mem_alloc(d->train.s.vocab, 1);

	salient_ids(salient, d->train.s.vocab, d->train.s.ids.id, d->train.s.ids.n, share > 0 ? share : 0.2);
	mark(&d->train, salient);
	mark(&d->dev, salient);
	mark(&d->test, salient);
	mem_free(salient);
}

/* ---- echoes, a book a lane ------------------------------------------------------------------- */
struct hearing {
	struct token_part *p;
	uint32_t at;
};

static void hear_lane(void *ctx, int lane)
{
	struct hearing *h = ctx;
	struct token_part *p = h->p;
	uint32_t b = h->at + (uint32_t)lane, o = (b + 1) % p->s.texts;
	size_t from = (size_t)p->s.first[b], n = (size_t)p->s.first[b + 1] - from;
	size_t other = (size_t)p->s.first[o], n_other = (size_t)p->s.first[o + 1] - other;

	echo_text(p->echo + from, p->s.ids.id + from, n, p->is + from, TOKEN_SCENE, p->s.ids.id + from, n);
	if (p->echo_other)
		echo_text(p->echo_other + from, p->s.ids.id + from, n, p->is + from, TOKEN_SCENE, p->s.ids.id + other, n_other);
}

static enum status hear(struct token_part *p, bool other, const struct watch *w, struct err *e)
{
	enum { LANES = 8 };

	p->echo = mem_alloc(p->s.ids.n + 1, sizeof *p->echo);
	if (other)
		p->echo_other = mem_alloc(p->s.ids.n + 1, sizeof *p->echo_other);
	for (struct hearing h = { p, 0 }; h.at < p->s.texts && !watch_stopped(w); h.at += LANES) {
		num_lanes((int)(p->s.texts - h.at < LANES ? p->s.texts - h.at : LANES), 0, hear_lane, &h);
		watch_step(w, "echo", h.at, p->s.texts, "books");
	}
	return watch_stopped(w) ? err_set(e, ERR_STOP, "stopped while reading; nothing is written") : OK;
}

/* c NULL: without scenes. */
static enum status encode(struct token_data *d, const struct booktexts *t, const struct scene_cuts *c,
                          const struct watch *w, struct err *e)
{
	struct tokens_work *k = tokens_work_open(d->tok.t);

	for (int i = 0; i < 3; i++) {
		struct token_part *p = part_of(d, i);

		p->s.first = mem_alloc(t->n + 1, sizeof *p->s.first);
		p->s.vocab = tokens_vocab(d->tok.t);
		if (c)
			room_for_scenes(p, t->n, c->first[t->n]);
	}
	for (size_t i = 0; i < t->n && !watch_stopped(w); i++) {
		struct token_part *p = part_of(d, t->split[i]);

		if (c)
			encode_scenes(p, k, t->text[i], c, i);
		else
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
                              const struct scene_cuts *c, const struct watch *w, struct err *e)
{
	struct str *text;
	size_t n;

	if (t->over)
		return err_set(e, ERR_LIMIT, "more than %d MB of text", BOOKTEXTS_MAX >> 20);
	text = training_texts(t, &n);
	if (!n)
		err_set(e, ERR_USAGE, "no training books among those given (data/ru/split.tsv says which are set "
		        "aside)");
	else if (!tokenizer(out, from, text, n, w, e) && c && tokens_scheme(out->tok.t) == TOKENS_FOLD)
		err_set(e, ERR_USAGE, "scenes have no fold tokens of their own: byte, morph or hyper");
	else if (!e->code && !encode(out, t, c, w, e) && c) {
		mark_all(out, from->salient);
		if (from->echo && !hear(&out->train, false, w, e) && !hear(&out->dev, true, w, e))
			hear(&out->test, true, w, e);
	}
	mem_free(text);
	return e->code;
}

enum status token_data_open(struct token_data *out, const struct token_source *from, const struct watch *w,
                            struct err *e)
{
	struct arena a = arena_open("token data");
	const char *shipped = from->n_path ? NULL : library_find(&a);
	struct booktexts t = { 0 };
	struct scene_cuts c = { 0 };

	*out = (struct token_data){ 0 };
	if (from->mind) {
		if (!scene_cuts_read(&t, &c, from->mind, w, e))
			from_texts(out, from, &t, &c, w, e);
	} else if (!from->n_path && !shipped)
		err_set(e, ERR_USAGE, "no books given, and the shipped library is not found");
	else if (!booktexts_read(&t, from->n_path ? from->path : &shipped, from->n_path ? from->n_path : 1, "all",
	                         false, w, e)) {
		out->failed = t.failed;
		from_texts(out, from, &t, NULL, w, e);
	}
	booktexts_clear(&t);
	arena_close(&c.mem);
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
	for (int i = 0; i < 3; i++) {
		struct token_part *p = part_of(d, i);

		idstream_clear(&p->s);
		mem_free(p->scene), mem_free(p->row), mem_free(p->book), mem_free(p->is);
		mem_free(p->echo), mem_free(p->echo_other);
	}
	if (d->tok.t)
		tokenfile_close(&d->tok);
	*d = (struct token_data){ 0 };
}

uint32_t token_start(const struct tokenizer *t)
{
	enum tokens_scheme s = tokens_scheme(t);

	return s == TOKENS_BYTE || s == TOKENS_MORPH || s == TOKENS_HYPER ? '\n' : 0;
}
