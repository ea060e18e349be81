/* api_tell.c - public functions of token models: tell (a prompt goes on) and export (GGUF).
 *
 *   in    struct ltm_tell_opts, struct ltm_export_opts
 *   out   text as it comes, or JSON; a GGUF file
 *
 * Text leaves in whole runes: bytes wait until theirs is complete, and a byte that can begin no rune
 * leaves as U+FFFD. A tokenizer whose ids mean something only together (fold, lemma) is decoded when
 * all of them are there.
 */
#include "app/api/api.h"
#include "io/models/tellerfile.h"
#include "io/models/weights.h"
#include "num/mm/matvec.h"

/* ---- whole runes --------------------------------------------------------------------------------- */
/* Bytes that the first byte of a rune announces; 1 for one that begins none. */
static size_t rune_bytes(uint8_t b)
{
	return b >= 0xF0 && b < 0xF5 ? 4 : b >= 0xE0 ? b < 0xF0 ? 3 : 1 : b >= 0xC2 ? 2 : 1;
}

/* Moves what is complete from `wait` to `out`; at the end everything. */
static void release(struct buf *out, struct buf *wait, bool end)
{
	const char *p = wait->p, *stop = p + wait->n;

	while (p < stop) {
		size_t n = rune_bytes((uint8_t)*p), here = (size_t)(stop - p);
		bool open = n > here && !end;

		for (size_t i = 1; open && i < here; i++)
			open = (p[i] & 0xC0) == 0x80;
		if (open)
			break;
		buf_rune(out, utf8_next(&p, stop));
	}
	memmove(wait->p, p, (size_t)(stop - p));
	wait->n = (size_t)(stop - p);
}

/* ---- telling ---------------------------------------------------------------------------------------- */
struct telling {
	const struct ltm_tell_opts *o;
	const struct ltm_sink *out;
	const struct watch *w;
	struct tellerfile f;
	struct ids prompt, said;
	struct buf text, wait;		/* text made so far and not sent; bytes of an open rune */
	bool piecewise;			/* text of an id does not depend on the others */
	double began, first;		/* when reading the prompt began; when the first id was there */
};

static void send(struct telling *t)
{
	if (t->out && t->out->write && t->text.n)
		t->out->write(t->out->ctx, t->text.p, t->text.n);
	t->text.n = 0;
}

static bool hear(void *ctx, uint32_t id)
{
	struct telling *t = ctx;

	if (!t->said.n)
		t->first = clock_now();
	VEC_PUSH(t->said.id, t->said.n, t->said.cap) = id;
	if (t->piecewise) {
		if (id < tokens_vocab(t->f.tok.t))
			buf_str(&t->wait, tokens_piece(t->f.tok.t, id));
		else
			buf_rune(&t->wait, 0xFFFD);
		if (t->wait.n)
			release(&t->text, &t->wait, false);
		if (!t->o->json)
			send(t);
	}
	return !watch_stopped(t->w);
}

/* Text of ids that mean something only together: that of the prompt and them, less that of the prompt;
 * where no encoding gives such ids, their names. */
static void decode_all(struct telling *t)
{
	struct tokens_work *k = tokens_work_open(t->f.tok.t);
	struct buf head = { 0 };
	struct ids all = { 0 };
	struct err none = { 0 };

	for (size_t i = 0; i < t->prompt.n + t->said.n; i++)
		VEC_PUSH(all.id, all.n, all.cap) = i < t->prompt.n ? t->prompt.id[i] : t->said.id[i - t->prompt.n];
	if (!tokens_decode(k, t->prompt.id, t->prompt.n, &head, &none) &&
	    !tokens_decode(k, all.id, all.n, &t->wait, &none) && str_starts(buf_view(&t->wait), buf_view(&head))) {
		memmove(t->wait.p, t->wait.p + head.n, t->wait.n - head.n);
		t->wait.n -= head.n;
	} else {
		t->wait.n = 0;
		for (size_t i = 0; i < t->said.n; i++) {
			buf_str(&t->wait, S(" "));
			if (t->said.id[i] < tokens_vocab(t->f.tok.t))
				buf_str(&t->wait, tokens_piece(t->f.tok.t, t->said.id[i]));
		}
	}
	tokens_work_close(k);
	mem_free(all.id);
	buf_free(&head);
}

static enum status read_ids(struct ids *out, const char *s, struct err *e)
{
	struct str rest = str_of(s), word;
	uint64_t v;

	while (str_cut(&rest, ' ', &word)) {
		word = str_trim(word);
		if (!word.n)
			continue;
		if (!str_u64(word, &v) || v > UINT32_MAX)
			return err_set(e, ERR_USAGE, "'%.*s' is no id: ids are whole numbers with spaces "
			               "between", (int)(word.n < 40 ? word.n : 40), word.p);
		VEC_PUSH(out->id, out->n, out->cap) = (uint32_t)v;
	}
	return out->n ? OK : err_set(e, ERR_USAGE, "no ids to go on from");
}

static enum status read_text(struct telling *t, struct err *e)
{
	struct buf held = { 0 };
	struct tokens_work *k;
	struct str s;

	if (t->o->from && source_bytes(&held, t->o->from, e)) {
		buf_free(&held);
		return e->code;
	}
	s = t->o->from ? buf_view(&held) : str_of(t->o->prompt);
	if (t->o->from && s.n && s.p[s.n - 1] == '\n')
		s.n--;			/* the line end that a shell adds */
	k = tokens_work_open(t->f.tok.t);
	tokens_encode(k, s, &t->prompt);
	if (!t->prompt.n)
		tokens_encode(k, S("\n"), &t->prompt);
	tokens_work_close(k);
	if (!t->o->json && s.n) {
		buf_str(&t->wait, s);
		release(&t->text, &t->wait, true);
		send(t);
	}
	buf_free(&held);
	return t->prompt.n ? OK : err_set(e, ERR_USAGE, "the prompt has no tokens");
}

static enum status read_prompt(struct telling *t, struct err *e)
{
	if (t->o->ids)
		return read_ids(&t->prompt, t->o->ids, e);
	if (!t->f.tok.t)
		return err_set(e, ERR_USAGE, "%s: no tokenizer here (%s is missing); the prompt can only be "
		               "given as ids", t->o->model, TELLER_TOKENIZER);
	return read_text(t, e);
}

static struct speak_taste taste_of(const struct ltm_tell_opts *o)
{
	return (struct speak_taste){
		.temperature = o->greedy ? 0 : o->temperature ? o->temperature : 0.8,
		.top_k = o->greedy || o->top_k < 0 ? 0 : o->top_k ? o->top_k : 40,
		.top_p = o->greedy ? 1 : o->top_p ? o->top_p : 0.95,
		.penalty = o->penalty ? o->penalty : 1,
		.last = o->last ? o->last : 64,
		.seed = o->seed,
	};
}

static void put_list(struct buf *b, const char *name, const struct ids *v)
{
	buf_printf(b, "\"%s\":[", name);
	for (size_t i = 0; i < v->n; i++)
		buf_printf(b, "%s%u", i ? "," : "", v->id[i]);
	buf_char(b, ']');
}

static void put_json(struct telling *t)
{
	struct buf b = { 0 };

	buf_char(&b, '{');
	put_list(&b, "prompt", &t->prompt);
	buf_char(&b, ',');
	put_list(&b, "ids", &t->said);
	if (t->f.tok.t) {
		buf_str(&b, S(",\"text\":"));
		json_str(&b, buf_view(&t->text));
	}
	buf_str(&b, S("}\n"));
	buf_free(&t->text);
	t->text = b;
}

static void finish(struct telling *t)
{
	if (t->f.tok.t && !t->piecewise)
		decode_all(t);
	if (t->wait.n)
		release(&t->text, &t->wait, true);
	if (t->o->json)
		put_json(t);
	else if (!t->f.tok.t)
		for (size_t i = 0; i < t->said.n; i++)
			buf_printf(&t->text, "%s%u", i ? " " : "", t->said.id[i]);
	if (!t->o->json)
		buf_char(&t->text, '\n');
	send(t);
}

/* The first id comes from reading the prompt; the others took the rest of the time. */
static void put_stats(const struct telling *t, const struct speak_sum *sum, double ended)
{
	double reading = t->first - t->began, saying = ended - t->first;
	char drafts[100] = "";

	if (!sum->said)
		return;
	if (sum->drafted)
		snprintf(drafts, sizeof drafts, ", %.0f %% of %zu drafts kept", 100.0 * (double)sum->kept /
		         (double)sum->drafted, sum->drafted);
	watch_note(t->w, "%zu tokens after a prompt of %zu: read at %.0f a second, said at %.0f a second (%s, "
	           "%s%s)", sum->said, t->prompt.n, (double)t->prompt.n / (reading > 0 ? reading : 1),
	           (double)(sum->said - 1) / (saying > 0 ? saying : 1), t->o->int8 ? "int8" : "float32",
	           matvec_name(), drafts);
}

static enum status tell(struct telling *t, struct err *e)
{
	const struct ltm_tell_opts *o = t->o;
	struct speak_order order = { .taste = taste_of(o), .length = o->length ? (size_t)o->length : 200 };
	const char *wrong = speak_taste_wrong(&order.taste);
	struct speak_plan plan = { .threads = threads_of(o->threads),
	                           .way = o->int8 ? SPEAK_INT8 : o->no_draft ? SPEAK_F32 : SPEAK_DRAFT };
	struct speak_sum sum = { 0 };
	struct speak *s;
	double ended;

	if (wrong || o->length < 0)
		return err_set(e, ERR_USAGE, "%s", wrong ? wrong : "a length below 0");
	if (tellerfile_open(&t->f, o->model, o->dict, e))
		return e->code;
	t->piecewise = t->f.tok.t && tokens_reversible(tokens_scheme(t->f.tok.t)) &&
	               !tokens_needs_dict(tokens_scheme(t->f.tok.t));
	if (read_prompt(t, e))
		return e->code;
	/* No more is kept than there will be. */
	if (t->prompt.n + order.length < (size_t)t->f.w.s.context)
		plan.window = (int)(t->prompt.n + order.length);
	if (speak_open(&s, &t->f.w, &plan, e))
		return e->code;
	t->began = clock_now();
	speak_say(s, &order, t->prompt.id, t->prompt.n, hear, t, &sum, e);
	ended = clock_now();
	speak_close(s);
	if (e->code && e->code != ERR_NUM)
		return e->code;
	finish(t);
	if (o->stats)
		put_stats(t, &sum, ended);
	if (!e->code && watch_stopped(t->w))
		err_set(e, ERR_STOP, "stopped after %zu tokens", sum.said);
	return e->code;
}

LTM_API int ltm_tell(const struct ltm_tell_opts *opts, const struct ltm_sink *out,
                     const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_tell_opts o;
	struct watch w = watch_of(watch);
	struct telling t = { .o = &o, .out = out, .w = &w };
	struct err e = { 0 };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.model, "the folder of a model", &e)))
		st = tell(&t, &e);
	tellerfile_close(&t.f);
	mem_free(t.prompt.id);
	mem_free(t.said.id);
	buf_free(&t.text);
	buf_free(&t.wait);
	return give(error, &e, st);
}

/* ---- export -------------------------------------------------------------------------------------------- */
/* The last part of a path. */
static struct str base_name(const char *path, struct arena *a)
{
	struct str s = str_of(path);
	size_t from;

	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	for (from = s.n; from && s.p[from - 1] != '/'; from--)
		;
	return str_copy(a, (struct str){ s.p + from, s.n - from });
}

static enum status export(const struct ltm_export_opts *o, struct buf *b, struct err *e)
{
	struct str type = o->type ? str_of(o->type) : S("f32"), name;
	struct arena a = arena_open("export");
	struct tellerfile f = { 0 };
	uint64_t size, hash;

	name = o->name ? str_of(o->name) : base_name(o->model, &a);
	if (!str_eq(type, S("f32")) && !str_eq(type, S("f16")))
		err_set(e, ERR_USAGE, "--type '%.40s': f32 or f16", o->type);
	else if (!utf8_valid(name))
		err_set(e, ERR_USAGE, "the name is not UTF-8; --name gives another");
	else if (!tellerfile_open(&f, o->model, o->dict, e))
		gguf_save(o->gguf, &f.w, f.tok.t, name.p, str_eq(type, S("f16")) ? DT_F16 : DT_F32, e);
	if (!e->code && !file_measure(&size, &hash, o->gguf, e))
		buf_printf(b, "%s: GGUF, %d layers, width %d, vocabulary %d, %.*s, %.1f MB\n", o->gguf,
		           f.w.s.layers, f.w.s.width, f.w.s.vocab, STR_ARG(type), (double)size * 1e-6);
	tellerfile_close(&f);
	arena_close(&a);
	return e->code;
}

LTM_API int ltm_export(const struct ltm_export_opts *opts, const struct ltm_sink *out,
                       struct ltm_error *error)
{
	struct ltm_export_opts o;
	struct err e = { 0 };
	struct buf b = { 0 };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.model, "the folder of a model", &e)) &&
	    !(st = need(o.gguf, "a file to write (--gguf)", &e)))
		st = export(&o, &b, &e);
	sink_send(out, &b);
	return give(error, &e, st);
}
