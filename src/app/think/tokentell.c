/* tokentell.c - tokenizers, ids and streams of ids as text (app/think/tokentell.h).
 *
 * Invariant: same tokenizer, same text, same bytes; nothing here can reach a terminal as a
 * control character.
 */
#include <stdlib.h>

#include "app/think/tokentell.h"

void put_piece(struct buf *b, struct str piece)
{
	const char *p = piece.p, *end = piece.p + piece.n;

	while (p < end) {
		const char *from = p;
		uint32_t r = utf8_next(&p, end);

		if (r == '\n')
			buf_str(b, S("\\n"));
		else if (r == '\t')
			buf_str(b, S("\\t"));
		else if (r < ' ' || (r >= 0x7F && r < 0xA0) || (r == 0xFFFD && p - from == 1))
			buf_printf(b, "\\x%02x", (uint8_t)*from);
		else
			buf_add(b, from, (size_t)(p - from));
	}
}

/* ---- ids ------------------------------------------------------------------------------- */

static void put_u32(struct buf *b, uint32_t v)
{
	char digit[10];
	int n = 10;

	do {
		digit[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, digit + n, (size_t)(10 - n));
}

static void put_json(struct buf *b, const struct tokenizer *t, const struct ids *ids, bool pieces)
{
	buf_printf(b, "{\"scheme\":\"%s\",\"vocabulary\":%u,\"tokens\":%zu,\"ids\":[",
	           tokens_scheme_name(tokens_scheme(t)), tokens_vocab(t), ids->n);
	for (size_t i = 0; i < ids->n; i++) {
		if (i)
			buf_char(b, ',');
		put_u32(b, ids->id[i]);
	}
	buf_str(b, pieces ? S("],\"pieces\":[") : S("]"));
	for (size_t i = 0; pieces && i < ids->n; i++) {
		if (i)
			buf_char(b, ',');
		json_str(b, tokens_piece(t, ids->id[i]));
	}
	buf_str(b, pieces ? S("]}\n") : S("}\n"));
}

void put_ids(struct buf *b, const struct tokenizer *t, const struct ids *ids, bool pieces, bool json)
{
	if (json) {
		put_json(b, t, ids, pieces);
		return;
	}
	for (size_t i = 0; i < ids->n; i++) {
		if (i && !pieces)
			buf_char(b, ' ');
		put_u32(b, ids->id[i]);
		if (pieces) {
			buf_char(b, '\t');
			put_piece(b, tokens_piece(t, ids->id[i]));
			buf_char(b, '\n');
		}
	}
	if (!pieces)
		buf_char(b, '\n');
}

/* ---- a tokenizer ----------------------------------------------------------------------- */

struct ranked { uint64_t weight; uint32_t id; };

static int by_weight(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->weight != y->weight ? (x->weight < y->weight ? 1 : -1) : (x->id > y->id) - (x->id < y->id);
}

/* The pieces of greatest weight, one a line after their weight. */
static void put_top(struct buf *b, const struct tokenizer *t, struct ranked *v, size_t n, size_t limit)
{
	qsort(v, n, sizeof *v, by_weight);
	for (size_t i = 0; i < n && i < limit && v[i].weight; i++) {
		buf_printf(b, "%12llu  %6u  ", (unsigned long long)v[i].weight, v[i].id);
		put_piece(b, tokens_piece(t, v[i].id));
		buf_char(b, '\n');
	}
}

static size_t first_learnt(const struct tokenizer *t)
{
	return tokens_reversible(tokens_scheme(t)) ? 256 : 0;
}

void tokens_tell(struct buf *b, const struct tokenizer *t, size_t limit)
{
	size_t n = tokens_vocab(t), bytes = 0, runes = 0;
	struct ranked *v = mem_alloc(n + 1, sizeof *v);

	for (uint32_t i = 0; i < n; i++) {
		struct str s = tokens_piece(t, i);

		bytes += s.n;
		runes += utf8_count(s);
		v[i] = (struct ranked){ utf8_count(s), i };
	}
	buf_printf(b, "tokenizer: scheme %s, vocabulary %zu, %s; %.2f characters a piece, %zu bytes in all\n",
	           tokens_scheme_name(tokens_scheme(t)), n,
	           tokens_reversible(tokens_scheme(t)) ? "reversible" : "lossy", (double)runes / (double)n,
	           bytes);
	buf_str(b, S("first pieces (id, piece)\n"));
	for (size_t i = first_learnt(t); i < n && i < first_learnt(t) + limit; i++) {
		buf_printf(b, "%12s  %6zu  ", "", i);
		put_piece(b, tokens_piece(t, (uint32_t)i));
		buf_char(b, '\n');
	}
	buf_str(b, S("longest pieces (characters, id, piece)\n"));
	put_top(b, t, v, n, limit);
	mem_free(v);
}

void tokens_tell_fit(struct buf *b, const struct tokenizer *t, const struct str *text, size_t n,
                     size_t limit)
{
	struct tokens_work *k = tokens_work_open(t);
	size_t vocab = tokens_vocab(t), tokens = 0, chars = 0, used = 0;
	struct ranked *v = mem_alloc(vocab + 1, sizeof *v);
	struct ids ids = { 0 };

	for (uint32_t i = 0; i < vocab; i++)
		v[i].id = i;
	for (size_t i = 0; i < n; i++) {
		ids.n = 0;
		tokens_encode(k, text[i], &ids);
		for (size_t j = 0; j < ids.n; j++)
			used += !v[ids.id[j]].weight++;
		tokens += ids.n;
		chars += utf8_count(text[i]);
	}
	buf_printf(b, "texts: %zu, %zu characters, %zu tokens, %.3f characters a token; %zu of %zu pieces "
	           "in use\n", n, chars, tokens, tokens ? (double)chars / (double)tokens : 0.0, used, vocab);
	buf_str(b, S("commonest pieces (times, id, piece)\n"));
	put_top(b, t, v, vocab, limit);
	mem_free(v);
	mem_free(ids.id);
	tokens_work_close(k);
}

void idstream_tell(struct buf *b, const struct idstream *s, size_t limit)
{
	buf_printf(b, "stream of ids: %zu ids below %u, %u texts, tokenizer %016llx\n", s->ids.n, s->vocab,
	           s->texts, (unsigned long long)s->tokenizer);
	for (size_t i = 0; i < s->ids.n && i < limit; i++)
		buf_printf(b, "%s%u", i ? " " : "", s->ids.id[i]);
	buf_str(b, s->ids.n > limit ? S(" …\n") : S("\n"));
}
