/* ggufwrite.c - a teller as a GGUF file that llama.cpp runs.
 *
 *   in    weights of a teller, a tokenizer or none
 *   out   GGUF version 3, architecture "llama": keys, table of tensors, data aligned to 32
 *
 * Our decoder is LLaMA's: RMSNorm with 1e-5, RoPE over neighbouring pairs (as llama.cpp's "llama"
 * turns them), SwiGLU, no biases. So tensors go over as they are: q, k and v are thirds of our qkv, gate
 * and up halves of gate_up, and without an output matrix llama.cpp takes the embedding, as we do.
 *
 * Invariants: the same model gives the same bytes; what is written, gguf_show accepts.
 * Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; names and keys from llama.cpp.
 */
#include "io/models/weights.h"
#include "model/speak.h"
#include "words/tokens/llamavocab.h"

enum { ALIGN = 32, GGUF_VERSION = 3, PIECE = 1 << 16 };
enum kind { K_U32 = 4, K_I32 = 5, K_F32 = 6, K_BOOL = 7, K_STR = 8, K_ARR = 9 };

/* ---- float16 ------------------------------------------------------------------------------------ */
/* To nearest, ties to even; beyond 65504 it is infinity. */
static uint16_t half_of(float f)
{
	uint32_t u, sign, m;
	int e;

	memcpy(&u, &f, 4);
	sign = u >> 16 & 0x8000;
	e = (int)(u >> 23 & 255) - 112;		/* exponent of float16, 1..30 when normal */
	m = u & 0x7FFFFF;
	if (e >= 31)
		return (uint16_t)(sign | 0x7C00);
	if (e <= 0) {				/* subnormal: the hidden bit comes down */
		int shift = 14 - e;

		if (shift > 24)
			return (uint16_t)sign;
		m |= 0x800000;
		return (uint16_t)(sign | ((m + (1u << (shift - 1)) - 1 + (m >> shift & 1)) >> shift));
	}
	/* A mantissa that rounds over carries into the exponent, as it should. */
	return (uint16_t)(sign | (((uint32_t)e << 10) + ((m + 0xFFF + (m >> 13 & 1)) >> 13)));
}

/* ---- keys ------------------------------------------------------------------------------------------ */
struct out {
	struct buf head;
	uint64_t keys;
};

static void text(struct buf *b, struct str s)
{
	buf_u64(b, s.n);
	buf_str(b, s);
}

static void key(struct out *o, const char *name, enum kind k)
{
	text(&o->head, str_of(name));
	buf_u32(&o->head, k);
	o->keys++;
}

static void key_u32(struct out *o, const char *name, uint64_t v)
{
	key(o, name, K_U32);
	buf_u32(&o->head, (uint32_t)v);
}

static void key_f32(struct out *o, const char *name, double v)
{
	key(o, name, K_F32);
	buf_f32(&o->head, (float)v);
}

static void key_no(struct out *o, const char *name)
{
	key(o, name, K_BOOL);
	buf_char(&o->head, 0);
}

static void key_text(struct out *o, const char *name, const char *v)
{
	key(o, name, K_STR);
	text(&o->head, str_of(v));
}

static void key_array(struct out *o, const char *name, enum kind of, size_t n)
{
	key(o, name, K_ARR);
	buf_u32(&o->head, of);
	buf_u64(&o->head, n);
}

static void put_shape(struct out *o, const struct teller_shape *s, const char *name, enum dtype type)
{
	key_text(o, "general.architecture", "llama");
	key_text(o, "general.name", name);
	key_u32(o, "general.file_type", type == DT_F16);
	key_u32(o, "llama.vocab_size", (uint64_t)s->vocab);
	key_u32(o, "llama.context_length", (uint64_t)s->context);
	key_u32(o, "llama.embedding_length", (uint64_t)s->width);
	key_u32(o, "llama.block_count", (uint64_t)s->layers);
	key_u32(o, "llama.feed_forward_length", (uint64_t)s->hidden);
	key_u32(o, "llama.rope.dimension_count", (uint64_t)(s->width / s->heads));
	key_f32(o, "llama.rope.freq_base", s->rope_base);
	key_u32(o, "llama.attention.head_count", (uint64_t)s->heads);
	key_u32(o, "llama.attention.head_count_kv", (uint64_t)s->heads);
	key_f32(o, "llama.attention.layer_norm_rms_epsilon", 1e-5);
}

static void put_vocab(struct out *o, const struct llamavocab *v)
{
	key_text(o, "tokenizer.ggml.model", v->model);
	if (!strcmp(v->model, "none"))
		return;
	if (v->pre)
		key_text(o, "tokenizer.ggml.pre", v->pre);
	key_array(o, "tokenizer.ggml.tokens", K_STR, v->n);
	for (size_t i = 0; i < v->n; i++)
		text(&o->head, v->token[i]);
	key_array(o, "tokenizer.ggml.token_type", K_I32, v->n);
	for (size_t i = 0; i < v->n; i++)
		buf_u32(&o->head, (uint32_t)v->type[i]);
	if (v->score) {
		key_array(o, "tokenizer.ggml.scores", K_F32, v->n);
		for (size_t i = 0; i < v->n; i++)
			buf_f32(&o->head, v->score[i]);
	} else {
		key_array(o, "tokenizer.ggml.merges", K_STR, v->n_merge);
		for (size_t i = 0; i < v->n_merge; i++)
			text(&o->head, v->merge[i]);
	}
	key_u32(o, "tokenizer.ggml.bos_token_id", v->bos);
	key_u32(o, "tokenizer.ggml.eos_token_id", v->eos);
	key_u32(o, "tokenizer.ggml.unknown_token_id", v->unk);
	key_no(o, "tokenizer.ggml.add_bos_token");
	key_no(o, "tokenizer.ggml.add_eos_token");
	key_no(o, "tokenizer.ggml.add_space_prefix");
	key_no(o, "tokenizer.ggml.remove_extra_whitespaces");
}

/* ---- tensors ------------------------------------------------------------------------------------------ */
struct part {
	char name[64];
	const float *x;
	size_t rows, cols;		/* cols 0: a vector */
};
enum { PER_LAYER = 9 };

static struct part part_of(const char *name, int layer, const float *x, size_t rows, size_t cols)
{
	struct part p = { .x = x, .rows = rows, .cols = cols };

	if (layer < 0)
		snprintf(p.name, sizeof p.name, "%s.weight", name);
	else
		snprintf(p.name, sizeof p.name, "blk.%d.%s.weight", layer, name);
	return p;
}

static size_t layer_parts(struct part *p, const struct speak_weights *w, int l)
{
	size_t W = (size_t)w->s.width, H = (size_t)w->s.hidden;
	const struct speak_layer *y = &w->layer[l];
	struct part v[PER_LAYER] = {
		part_of("attn_norm", l, y->att_norm, W, 0),
		part_of("attn_q", l, y->qkv, W, W),
		part_of("attn_k", l, y->qkv + W * W, W, W),
		part_of("attn_v", l, y->qkv + 2 * W * W, W, W),
		part_of("attn_output", l, y->att_out, W, W),
		part_of("ffn_norm", l, y->ffn_norm, W, 0),
		part_of("ffn_gate", l, y->gate_up, H, W),
		part_of("ffn_up", l, y->gate_up + H * W, H, W),
		part_of("ffn_down", l, y->down, W, H),
	};

	memcpy(p, v, sizeof v);
	return PER_LAYER;
}

static size_t all_parts(struct part *p, const struct speak_weights *w)
{
	size_t n = 0;

	p[n++] = part_of("token_embd", -1, w->embed, (size_t)w->s.vocab, (size_t)w->s.width);
	for (int l = 0; l < w->s.layers; l++)
		n += layer_parts(p + n, w, l);
	p[n++] = part_of("output_norm", -1, w->norm, (size_t)w->s.width, 0);
	return n;
}

static bool as_half(const struct part *p, enum dtype type)
{
	return type == DT_F16 && p->cols;
}

static uint64_t part_bytes(const struct part *p, enum dtype type)
{
	return (uint64_t)p->rows * (p->cols ? p->cols : 1) * (as_half(p, type) ? 2 : 4);
}

static uint64_t up(uint64_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

/* Dimensions stand in the order of ggml: the number of columns first. */
static void put_table(struct buf *b, const struct part *p, size_t n, enum dtype type)
{
	uint64_t at = 0;

	for (size_t i = 0; i < n; i++) {
		text(b, str_of(p[i].name));
		buf_u32(b, p[i].cols ? 2 : 1);
		if (p[i].cols)
			buf_u64(b, p[i].cols);
		buf_u64(b, p[i].rows);
		buf_u32(b, as_half(&p[i], type));	/* 0: F32, 1: F16 */
		buf_u64(b, at);
		at += up(part_bytes(&p[i], type));
	}
}

/* Every weight must be a float16, or the file would hold infinities. */
static enum status fits(const struct part *p, enum dtype type, struct err *e)
{
	size_t n = p->rows * (p->cols ? p->cols : 1);

	for (size_t i = 0; as_half(p, type) && i < n; i++)
		if ((half_of(p->x[i]) & 0x7C00) == 0x7C00)
			return err_set(e, ERR_NUM, "%s: %g is beyond float16; --type f32 writes it", p->name,
			               (double)p->x[i]);
	return OK;
}

static void put_data(struct saver *f, const struct part *p, enum dtype type)
{
	static const char zero[ALIGN];
	size_t n = p->rows * (p->cols ? p->cols : 1);
	uint64_t bytes = part_bytes(p, type);
	uint16_t *half = as_half(p, type) ? mem_alloc(PIECE, sizeof *half) : NULL;

	if (!half)
		saver_write(f, p->x, n * sizeof *p->x);
	for (size_t at = 0; half && at < n; at += PIECE) {
		size_t here = n - at < PIECE ? n - at : PIECE;

		for (size_t i = 0; i < here; i++)
			half[i] = half_of(p->x[at + i]);
		saver_write(f, half, here * sizeof *half);
	}
	saver_write(f, zero, (size_t)(up(bytes) - bytes));
	mem_free(half);
}

static void put_head(struct buf *b, const struct out *o, const struct part *p, size_t n, enum dtype type)
{
	buf_str(b, S("GGUF"));
	buf_u32(b, GGUF_VERSION);
	buf_u64(b, n);
	buf_u64(b, o->keys);
	buf_str(b, buf_view(&o->head));
	put_table(b, p, n, type);
	while (b->n % ALIGN)
		buf_char(b, 0);
}

enum status gguf_save(const char *path, const struct speak_weights *w, const struct tokenizer *tok,
                      const char *name, enum dtype type, struct err *e)
{
	struct part *p = mem_alloc((size_t)w->s.layers * PER_LAYER + 2, sizeof *p);
	size_t n = all_parts(p, w);
	struct err own = { 0 };
	struct out o = { 0 };
	struct buf b = { 0 };
	struct llamavocab v;
	struct saver f;

	e = e ? e : &own;
	must(type == DT_F32 || type == DT_F16);
	for (size_t i = 0; i < n && !e->code; i++)
		fits(&p[i], type, e);
	if (!e->code && !saver_open(&f, path, e)) {
		llamavocab_make(&v, tok, (size_t)w->s.vocab);
		put_shape(&o, &w->s, name, type);
		put_vocab(&o, &v);
		put_head(&b, &o, p, n, type);
		saver_write(&f, b.p, b.n);
		for (size_t i = 0; i < n; i++)
			put_data(&f, &p[i], type);
		saver_close(&f, e);
		llamavocab_clear(&v);
	}
	buf_free(&o.head);
	buf_free(&b);
	mem_free(p);
	return e->code;
}
