/* api_tokens.c - public function of tokenizers: train, encode, decode, export, show.
 *
 *   in    struct ltm_tokens_opts
 *   out   a tokenizer file, ids, text, tokenizer.json
 *
 * Every act is a row. Texts come from three doors: the options' text, a file's bytes as they
 * are (from), or books read through the jail (path).
 */
#include <errno.h>
#include <stdlib.h>

#include "app/api/api.h"
#include "app/read/booktexts.h"
#include "app/think/tokentell.h"

struct job {
	const struct ltm_tokens_opts *o;
	const struct watch *w;
	struct buf out;
	struct booktexts texts;
	struct tokenfile tok;
	struct buf held;		/* bytes of `from` */
	struct str one;			/* the only text when there are no books */
	const struct str *text;		/* [n] */
	size_t n;
};

/* ---- texts ----------------------------------------------------------------------------- */

static enum status books(struct job *j, struct err *e)
{
	const struct ltm_tokens_opts *o = j->o;
	const char *part = o->part ? o->part : o->act == LTM_TOKENS_TRAIN ? "train" : "all";
	enum status st = booktexts_read(&j->texts, o->path, o->n_path, part, o->raw, j->w, e);

	j->text = j->texts.text;
	j->n = j->texts.n;
	return st;
}

/* The bytes of text or from. */
static enum status plain(struct job *j, struct err *e)
{
	const struct ltm_tokens_opts *o = j->o;

	if (o->from && source_bytes(&j->held, o->from, e))
		return e->code;
	if (!o->from && need(o->text, "a text", e))
		return e->code;
	j->one = o->from ? buf_view(&j->held) : str_of(o->text);
	j->text = &j->one;
	j->n = 1;
	return OK;
}

static enum status texts(struct job *j, struct err *e)
{
	return j->o->n_path ? books(j, e) : plain(j, e);
}

static enum status tokenizer(struct job *j, struct err *e)
{
	if (need(j->o->file, "a tokenizer file", e))
		return e->code;
	return tokenfile_open(&j->tok, j->o->file, j->o->dict, e);
}

/* Books left out make a success partial. */
static enum status verdict(const struct job *j, struct err *e)
{
	if (j->texts.over)
		return err_set(e, ERR_PART, "%zu books beyond the first %d MB", j->texts.over,
		               BOOKTEXTS_MAX >> 20);
	if (!j->texts.failed)
		return OK;
	return err_set(e, ERR_PART, j->texts.failed > 1 ? "%s, and %zu others" : "%s", j->texts.first.msg,
	               j->texts.failed - 1);
}

/* ---- acts ------------------------------------------------------------------------------ */

static enum status make(struct job *j, const struct tokens_plan *p, struct err *e)
{
	struct tokenizer *t;
	struct buf file = { 0 };
	double began = clock_now();
	enum status st = tokens_train(&t, p, j->text, j->n, j->w, e);

	if (st)
		return st;
	tokens_save(t, &file);
	st = file_save(j->o->file, buf_view(&file), e);
	if (!st) {
		buf_printf(&j->out, "%s: scheme %s, vocabulary %u, from ", j->o->file,
		           tokens_scheme_name(p->scheme), tokens_vocab(t));
		put_count(&j->out, j->texts.chars);
		buf_printf(&j->out, " characters of %zu books in %.1f s\n", j->n, clock_now() - began);
	}
	buf_free(&file);
	tokens_close(t);
	return st ? st : verdict(j, e);
}

static enum status train(struct job *j, struct err *e)
{
	const struct ltm_tokens_opts *o = j->o;
	struct tokens_plan p = { .scheme = TOKENS_BYTE, .vocab = o->vocab ? (uint32_t)o->vocab : 32768 };
	struct dictfile dict = { 0 };
	enum status st = need(o->file, "a file to write the tokenizer to (-o)", e);

	if (!st && o->scheme && !tokens_scheme_find(&p.scheme, str_of(o->scheme)))
		st = err_set(e, ERR_USAGE, "no tokenizer scheme '%s': byte, morph, hyper, fold, lemma",
		             o->scheme);
	if (!st && (p.vocab < TOKENS_VOCAB_MIN || p.vocab > TOKENS_VOCAB_MAX))
		st = err_set(e, ERR_USAGE, "a vocabulary of %u: %d to %d are possible", p.vocab,
		             TOKENS_VOCAB_MIN, TOKENS_VOCAB_MAX);
	if (!st && !o->n_path)
		st = err_set(e, ERR_USAGE, "books to train on are missing");
	if (!st && tokens_needs_dict(p.scheme))
		st = dictfile_open(&dict, o->dict, e);
	if (!st && !(st = books(j, e))) {
		p.dict = dict.dict;
		st = make(j, &p, e);
	}
	if (dict.dict)
		dictfile_close(&dict);
	return st;
}

static enum status encode(struct job *j, struct err *e)
{
	struct idstream s = { 0 };
	struct tokens_work *k;
	enum status st = tokenizer(j, e);

	if (st || (st = texts(j, e)))
		return st;
	k = tokens_work_open(j->tok.t);
	s.first = mem_alloc(j->n + 1, sizeof *s.first);
	for (size_t i = 0; i < j->n && !watch_stopped(j->w); i++) {
		tokens_encode(k, j->text[i], &s.ids);
		s.first[++s.texts] = s.ids.n;
		watch_step(j->w, "encode", (double)i + 1, (double)j->n, "books");
	}
	tokens_work_close(k);
	s.vocab = tokens_vocab(j->tok.t);
	s.tokenizer = j->tok.hash;
	if (watch_stopped(j->w))
		st = err_set(e, ERR_STOP, "stopped while encoding; nothing is written");
	else if (j->o->output)
		st = idstream_save(&s, j->o->output, e);
	else
		put_ids(&j->out, j->tok.t, &s.ids, j->o->pieces, j->o->json);
	idstream_clear(&s);
	return st ? st : verdict(j, e);
}

/* Ids as decimals with anything but digits between. */
static enum status read_decimals(struct ids *out, struct str s, struct err *e)
{
	for (size_t i = 0; i < s.n;) {
		uint64_t v = 0;
		size_t from = i;

		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && v <= UINT32_MAX)
			v = v * 10 + (uint64_t)(s.p[i++] - '0');
		if (v > UINT32_MAX)
			return err_set(e, ERR_FORMAT, "byte %zu: a number too great for an id", from);
		if (i > from)
			VEC_PUSH(out->id, out->n, out->cap) = (uint32_t)v;
		else if (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == ',' || s.p[i] == '\t' || s.p[i] == '\r')
			i++;
		else
			return err_set(e, ERR_FORMAT, "byte %zu: neither an id nor a space", i);
	}
	return OK;
}

static enum status read_ids(struct job *j, struct idstream *s, struct err *e)
{
	if (plain(j, e))
		return e->code;
	if (j->one.n < 4 || memcmp(j->one.p, "LTMI", 4))
		return read_decimals(&s->ids, j->one, e);
	if (idstream_read(s, j->one, e))
		return e->code;
	if (s->tokenizer != j->tok.hash)
		return err_set(e, ERR_USAGE, "these ids come from another tokenizer (%016llx) than %s (%016llx)",
		               (unsigned long long)s->tokenizer, j->o->file, (unsigned long long)j->tok.hash);
	return OK;
}

static enum status decode(struct job *j, struct err *e)
{
	struct idstream s = { 0 };
	struct tokens_work *k;
	enum status st = tokenizer(j, e);

	if (st)
		return st;
	st = read_ids(j, &s, e);
	k = tokens_work_open(j->tok.t);
	if (!st)
		st = tokens_decode(k, s.ids.id, s.ids.n, &j->out, e);
	tokens_work_close(k);
	idstream_clear(&s);
	if (!st && j->o->output) {
		st = file_save(j->o->output, buf_view(&j->out), e);
		buf_free(&j->out);
	}
	return st;
}

static enum status export(struct job *j, struct err *e)
{
	enum status st = tokenizer(j, e);

	if (!st)
		st = need(j->o->output, "a file to write tokenizer.json to (-o)", e);
	if (!st && !(st = tokens_export(j->tok.t, &j->out, e))) {
		st = file_save(j->o->output, buf_view(&j->out), e);
		buf_free(&j->out);
	}
	return st;
}

static enum status show(struct job *j, struct err *e)
{
	bool fits = j->o->n_path || j->o->text || j->o->from;
	enum status st = tokenizer(j, e);

	if (st || (fits && (st = texts(j, e))))
		return st;
	tokens_tell(&j->out, j->tok.t, 20);
	if (fits)
		tokens_tell_fit(&j->out, j->tok.t, j->text, j->n, 20);
	return verdict(j, e);
}

LTM_API int ltm_tokens(const struct ltm_tokens_opts *opts, const struct ltm_sink *out,
                       const struct ltm_watch *watch, struct ltm_error *error)
{
	static enum status (*const act[])(struct job *j, struct err *e) = {
		[LTM_TOKENS_TRAIN] = train, [LTM_TOKENS_ENCODE] = encode, [LTM_TOKENS_DECODE] = decode,
		[LTM_TOKENS_EXPORT] = export, [LTM_TOKENS_SHOW] = show,
	};
	struct ltm_tokens_opts o;
	struct watch w = watch_of(watch);
	struct job j = { .o = &o, .w = &w };
	struct err e = { 0 };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && (o.act < LTM_TOKENS_TRAIN || o.act > LTM_TOKENS_SHOW))
		st = err_set(&e, ERR_USAGE, "no such act of tokenizers: %d", (int)o.act);
	if (!st)
		st = act[o.act](&j, &e);
	tokenfile_close(&j.tok);
	booktexts_clear(&j.texts);
	buf_free(&j.held);
	if (st && st != ERR_PART)
		buf_free(&j.out);
	sink_send(out, &j.out);
	return give(error, &e, st);
}
