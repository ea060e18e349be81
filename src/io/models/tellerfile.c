/* tellerfile.c - a trained token model written, and read with distrust.
 *
 *   in    a shape and struct params; or the bytes of a file nobody vouches for
 *   out   safetensors with metadata; or a shape and pointers to its tensors
 *
 * Invariants of what opens: the shape is one that teller_shape_wrong accepts, with a vocabulary a
 * tokenizer can have; each tensor of it is there, float32, of its size, and every number is finite;
 * the tokenizer, when there is one, is that which the weights name.
 */
#include "io/models/tellerfile.h"
#include "io/models/weights.h"

enum { VERSION = 1 };

/* ---- the shape as JSON ------------------------------------------------------------------------ */
#define FIELD(name) { #name, offsetof(struct teller_shape, name) }
static const struct { const char *key; size_t at; } fields[] = {
	FIELD(layers), FIELD(width), FIELD(heads), FIELD(hidden), FIELD(vocab), FIELD(context),
};
enum { FIELDS = sizeof fields / sizeof *fields };

static struct str shape_text(const struct teller_shape *s, struct arena *a)
{
	struct buf b = { 0 };

	buf_char(&b, '{');
	for (int i = 0; i < FIELDS; i++)
		buf_printf(&b, "\"%s\":%d,", fields[i].key, *(const int *)((const char *)s + fields[i].at));
	buf_printf(&b, "\"rope_base\":%.17g}", s->rope_base);
	struct str t = str_copy(a, buf_view(&b));
	buf_free(&b);
	return t;
}

/* One `"key": number` of a flat object; the number reaches to the next comma or the end. */
static bool take_field(struct teller_shape *s, struct str pair, unsigned *seen)
{
	struct str key;
	uint64_t v;

	if (!str_cut(&pair, ':', &key))
		return false;
	key = str_trim(key);
	pair = str_trim(pair);
	for (int i = 0; i <= FIELDS; i++) {
		struct str name = i < FIELDS ? str_of(fields[i].key) : S("rope_base");

		if (key.n != name.n + 2 || key.p[0] != '"' || key.p[key.n - 1] != '"' ||
		    memcmp(key.p + 1, name.p, name.n) || *seen >> i & 1)
			continue;
		*seen |= 1u << i;
		if (i == FIELDS)
			return str_f64(pair, &s->rope_base);
		if (!str_u64(pair, &v) || v > INT32_MAX)
			return false;
		*(int *)((char *)s + fields[i].at) = (int)v;
		return true;
	}
	return false;
}

static enum status take_shape(struct teller_shape *s, struct str text, struct err *e)
{
	struct str rest = str_trim(text), pair;
	const char *wrong;
	unsigned seen = 0;
	bool good = rest.n >= 2 && rest.p[0] == '{' && rest.p[rest.n - 1] == '}';

	if (!text.n)
		return err_set(e, ERR_FORMAT, "no shape in the metadata (ltm.shape)");
	if (good)
		rest = (struct str){ rest.p + 1, rest.n - 2 };
	while (good && str_cut(&rest, ',', &pair))
		good = take_field(s, pair, &seen);
	if (!good || seen != (1u << (FIELDS + 1)) - 1)
		return err_set(e, ERR_FORMAT, "ltm.shape must give layers, width, heads, hidden, vocab, "
		               "context and rope_base as numbers, each once");
	wrong = teller_shape_wrong(s);
	if (wrong)
		return err_set(e, ERR_FORMAT, "ltm.shape: %s", wrong);
	if (s->vocab > TOKENS_VOCAB_MAX)
		return err_set(e, ERR_LIMIT, "ltm.shape: a vocabulary of %d; a tokenizer has at most %d",
		               s->vocab, TOKENS_VOCAB_MAX);
	return OK;
}

/* ---- reading ------------------------------------------------------------------------------------- */
static bool is_hash(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return s.n == 16;
}

static enum status take_meta(struct tellerfile *f, const struct weights *w, struct err *e)
{
	struct str kind = weights_meta(w, "ltm.kind"), version = weights_meta(w, "ltm.version");
	struct str hash = weights_meta(w, "ltm.tokenizer");
	uint64_t v;

	if (!str_eq(kind, S("teller")))
		return err_set(e, ERR_FORMAT, "weights of no teller: ltm.kind is '%.*s'",
		               (int)(kind.n < 40 ? kind.n : 40), kind.p);
	if (!str_u64(version, &v) || v < 1)
		return err_set(e, ERR_FORMAT, "no version in the metadata (ltm.version)");
	if (v > VERSION)
		return err_set(e, ERR_FORMAT, "a teller of version %llu; this program reads %d",
		               (unsigned long long)v, VERSION);
	if (hash.n && !is_hash(hash))
		return err_set(e, ERR_FORMAT, "ltm.tokenizer is not 16 hexadecimal digits");
	memcpy(f->tokenizer, hash.p, hash.n);
	return take_shape(&f->w.s, weights_meta(w, "ltm.shape"), e);
}

static enum status take_tensor(const float **slot, const struct weights *w, const struct speak_tensor *t,
                               struct err *e)
{
	const struct tensor_row *r = weights_find(w, t->name);
	size_t n = t->rows * (t->cols ? t->cols : 1), at;

	if (!r)
		return err_set(e, ERR_FORMAT, "tensor '%s' is missing", t->name);
	if (r->type != DT_F32)
		return err_set(e, ERR_FORMAT, "tensor '%s' is not of float32", t->name);
	if (r->n_dim != (t->cols ? 2 : 1) || r->dim[0] != t->rows || (t->cols && r->dim[1] != t->cols))
		return err_set(e, ERR_FORMAT, t->cols ? "tensor '%s' is not of the shape [%zu, %zu]"
		               : "tensor '%s' is not of the shape [%zu]", t->name, t->rows, t->cols);
	if ((at = num_finite(r->data, n)) < n)
		return err_set(e, ERR_NUM, "tensor '%s': number %zu is not finite", t->name, at);
	*slot = r->data;
	return OK;
}

enum status tellerfile_read(struct tellerfile *out, struct str bytes, struct err *e)
{
	struct err own = { 0 };
	struct speak_tensor t;
	struct weights w;

	e = e ? e : &own;
	*out = (struct tellerfile){ .mem = arena_open("teller") };
	if (weights_read(&w, bytes, &out->mem, e) || take_meta(out, &w, e))
		goto bad;
	/* Before anything as long as the shape says is taken: the tensors it asks for are there. */
	if (w.n < (size_t)out->w.s.layers) {
		err_set(e, ERR_FORMAT, "%d layers by the shape, %zu tensors", out->w.s.layers, w.n);
		goto bad;
	}
	out->w.layer = TAKE(&out->mem, struct speak_layer, (size_t)out->w.s.layers);
	for (int i = 0; speak_tensor_at(&t, &out->w.s, i); i++)
		if (take_tensor(speak_slot(&out->w, i), &w, &t, e))
			goto bad;
	return OK;
bad:
	tellerfile_close(out);
	return e->code;
}

static enum status tokenizer(struct tellerfile *f, const char *path, const char *dict, struct err *e)
{
	char hash[17];

	if (tokenfile_open(&f->tok, path, dict, e))
		return e->code;
	snprintf(hash, sizeof hash, "%016llx", (unsigned long long)f->tok.hash);
	if (f->tokenizer[0] && strcmp(hash, f->tokenizer))
		return err_set(e, ERR_FORMAT, "%s (%s) is not the tokenizer the weights were trained with (%s)",
		               path, hash, f->tokenizer);
	if (tokens_vocab(f->tok.t) > (uint32_t)f->w.s.vocab)
		return err_set(e, ERR_FORMAT, "%s has %u tokens, the weights %d", path,
		               tokens_vocab(f->tok.t), f->w.s.vocab);
	return OK;
}

enum status tellerfile_open(struct tellerfile *out, const char *path, const char *dict, struct err *e)
{
	char model[4096], tok[4096];
	bool dir = dir_exists(path);
	struct err own = { 0 };
	struct str map;

	e = e ? e : &own;
	*out = (struct tellerfile){ 0 };
	if (snprintf(model, sizeof model, dir ? "%s/" TELLER_MODEL : "%s", path) >= (int)sizeof model)
		return err_set(e, ERR_USAGE, "a path longer than %zu bytes", sizeof model - 1);
	if (dir && !file_exists(model))
		return err_set(e, ERR_USAGE, "%s: no teller here (%s is missing)", path, TELLER_MODEL);
	if (file_map(&map, model, e))
		return e->code;
	if (tellerfile_read(out, map, e)) {
		file_unmap(&map);
		return err_in(e, model);
	}
	out->map = map;
	snprintf(tok, sizeof tok, "%.4000s/" TELLER_TOKENIZER, path);
	if (dir && file_exists(tok) && tokenizer(out, tok, dict, e))
		tellerfile_close(out);
	return e->code;
}

void tellerfile_close(struct tellerfile *f)
{
	if (f->tok.t)
		tokenfile_close(&f->tok);
	if (f->map.p)
		file_unmap(&f->map);
	arena_close(&f->mem);
	*f = (struct tellerfile){ 0 };
}

/* ---- writing --------------------------------------------------------------------------------------- */
static enum status finite(const struct params *p, struct err *e)
{
	for (size_t i = 0; i < p->n_t; i++) {
		size_t at = num_finite(params_w(p, (int)i), p->t[i].n);

		if (at < p->t[i].n)
			return err_set(e, ERR_NUM, "tensor '%s': number %zu is not finite; nothing is "
			               "written", p->t[i].name, at);
	}
	return OK;
}

enum status tellerfile_save(const char *path, const struct teller_shape *s, const struct params *p,
                            const char *tokenizer_hash, struct err *e)
{
	struct arena a = arena_open("teller");
	struct speak_weights sw;
	struct weights w = { .n = p->n_t, .n_meta = tokenizer_hash ? 4 : 3 };
	struct err own = { 0 };

	e = e ? e : &own;
	must(!teller_shape_wrong(s));
	if (tokenizer_hash && !is_hash(str_of(tokenizer_hash)))
		err_set(e, ERR_USAGE, "'%s' is not the hash of a tokenizer", tokenizer_hash);
	if (e->code || speak_weights_of(&sw, s, p, &a, e) || finite(p, e)) {
		arena_close(&a);
		return e->code;
	}
	w.meta = arena_take_n(&a, w.n_meta, sizeof *w.meta);
	w.meta[0].key = S("ltm.kind"), w.meta[0].value = S("teller");
	w.meta[1].key = S("ltm.shape"), w.meta[1].value = shape_text(s, &a);
	w.meta[2].key = S("ltm.version"), w.meta[2].value = str_printf(&a, "%d", VERSION);
	if (tokenizer_hash) {
		w.meta[3] = w.meta[2];
		w.meta[2].key = S("ltm.tokenizer"), w.meta[2].value = str_of(tokenizer_hash);
	}
	w.t = TAKE(&a, struct tensor_row, w.n);
	for (size_t i = 0; i < w.n; i++) {
		const struct tensor *t = &p->t[i];
		struct tensor_row *r = &w.t[i];

		*r = (struct tensor_row){ .name = str_of(t->name), .type = DT_F32, .n_dim = t->n_dim,
		                          .data = params_w(p, (int)i), .bytes = t->n * sizeof(float) };
		for (int d = 0; d < t->n_dim; d++)
			r->dim[d] = t->dim[d];
	}
	weights_save(path, &w, e);
	arena_close(&a);
	return e->code;
}
