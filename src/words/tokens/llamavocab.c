/* llamavocab.c - a tokenizer as llama.cpp's vocabularies take it.
 *
 *   in    pieces, merges, prices
 *   out   texts of tokens with their types, scores, merges
 *
 * "gpt2" writes every byte as a printable rune (bytelevel.c). "t5" writes pieces as they are, with
 * U+2581 for a space, and tries every token at every place, as hyper.c does: the least sum of prices
 * is the greatest sum of scores, and both keep the first of two equal ways. A byte of ASCII is a
 * normal token there; a byte above is one that text never matches.
 *
 * Invariant: no two texts are equal (llama.cpp refuses such a file); one that would be becomes a
 * control token, which text never matches either.
 */
#include "words/tokens/bpe.h"
#include "words/hyper/hyper_in.h"
#include "words/tokens/llamavocab.h"

static struct str leveled(const uint32_t rune[256], struct str s, struct arena *a)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < s.n; i++)
		buf_rune(&b, rune[(uint8_t)s.p[i]]);
	struct str t = str_copy(a, buf_view(&b));
	buf_free(&b);
	return t;
}

static void make_bpe(struct llamavocab *v, const struct tokenizer *t)
{
	uint32_t rune[256];

	bytelevel_runes(rune);
	v->model = "gpt2";
	v->pre = "gpt-4o";
	for (uint32_t i = 0; i < t->n; i++)
		v->token[i] = leveled(rune, t->piece[i], &v->mem);
	v->n_merge = t->n - 256;
	v->merge = TAKE(&v->mem, struct str, v->n_merge);
	for (uint32_t k = 0; k < v->n_merge; k++) {
		struct merge m = bpe_merge_at(t, k);

		v->merge[k] = str_printf(&v->mem, STR_FMT " " STR_FMT, STR_ARG(v->token[m.a]),
		                         STR_ARG(v->token[m.b]));
	}
}

/* Spaces as U+2581. */
static struct str spaced(struct str s, struct arena *a)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ' ')
			buf_rune(&b, 0x2581);
		else
			buf_char(&b, s.p[i]);
	struct str t = str_copy(a, buf_view(&b));
	buf_free(&b);
	return t;
}

/* A byte that is no letter by itself costs what a stray byte costs (hyper_export.c). */
static void hyper_scores(float *score, const struct tokenizer *t)
{
	const uint8_t *c = (const uint8_t *)t->extra.p;
	bool letter[256] = { false };

	for (uint32_t i = 256; i < t->n; i++)
		for (size_t k = 0; k < t->piece[i].n; k++)
			letter[(uint8_t)t->piece[i].p[k]] = true;
	for (uint32_t i = 0; i < t->n; i++)
		score[i] = -(float)(HYPER_PRICE + (i >= 256 || (i < 128 && letter[i]) ?
		                                   c[2 * (size_t)i] | c[2 * (size_t)i + 1] << 8 :
		                                   HYPER_EXTRA_MAX));
}

static void make_hyper(struct llamavocab *v, const struct tokenizer *t)
{
	v->model = "t5";
	v->score = TAKE(&v->mem, float, v->n);
	hyper_scores(v->score, t);
	for (uint32_t i = 0; i < t->n; i++) {
		if (i == 0 || (i >= 128 && i < 256)) {
			v->token[i] = str_printf(&v->mem, "<0x%02X>", i);
			v->type[i] = LLAMA_BYTE;
		} else {
			v->token[i] = spaced(t->piece[i], &v->mem);
		}
	}
}

static void make_none(struct llamavocab *v)
{
	v->model = "none";
	for (size_t i = 0; i < v->n; i++)
		v->token[i] = str_printf(&v->mem, "<%zu>", i);
}

static void all_different(struct llamavocab *v)
{
	struct strtab seen = strtab_open("tokens");

	for (size_t i = 0; i < v->n; i++)
		for (int k = 0; !v->token[i].n || strtab_add(&seen, v->token[i]) < i; k++) {
			v->token[i] = str_printf(&v->mem, "<piece %zu.%d>", i, k);
			v->type[i] = LLAMA_CONTROL;
		}
	strtab_close(&seen);
}

void llamavocab_make(struct llamavocab *v, const struct tokenizer *t, size_t n)
{
	*v = (struct llamavocab){ .n = n, .mem = arena_open("llama vocabulary") };
	must(!t || n >= t->n);
	v->token = TAKE(&v->mem, struct str, n);
	v->type = TAKE(&v->mem, int32_t, n);
	for (size_t i = 0; i < n; i++)
		v->type[i] = LLAMA_NORMAL;
	if (t && (t->scheme == TOKENS_BYTE || t->scheme == TOKENS_MORPH))
		make_bpe(v, t);
	else if (t && t->scheme == TOKENS_HYPER)
		make_hyper(v, t);
	else
		make_none(v);
	for (size_t i = t ? t->n : n; i < n; i++) {
		v->token[i] = str_printf(&v->mem, "<unused %zu>", i);
		v->type[i] = LLAMA_UNUSED;
	}
	all_different(v);
	/* Bytes that no text holds stand for what llama.cpp wants to have a number. */
	v->bos = v->eos = 1;
	v->unk = 0;
}

void llamavocab_clear(struct llamavocab *v)
{
	arena_close(&v->mem);
	*v = (struct llamavocab){ 0 };
}
