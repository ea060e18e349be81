/* bpe_export.c - a tokenizer of TOKENS_BYTE as Hugging Face's tokenizer.json.
 *
 *   in    merges and pieces
 *   out   JSON: a Split by pretoken_regex, then ByteLevel, then the BPE model; ids are ours
 *
 * The two agree on every valid UTF-8 text without runs longer than PRETOKEN_MAX; the library
 * takes no other text. Runes younger than the library's Unicode tables may fall in another class.
 */
#include "words/tokens/bpe.h"

static void put_pattern(struct buf *b)
{
	for (const char *p = pretoken_regex; *p; p++) {
		if (*p == '\\')
			buf_char(b, '\\');
		buf_char(b, *p);
	}
}

static void put_head(struct buf *b)
{
	static const char level[] = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
	                            "\"trim_offsets\":true,\"use_regex\":false}";

	buf_str(b, S("{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],\n"
	             "\"normalizer\":null,\n\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":["
	             "{\"type\":\"Split\",\"pattern\":{\"Regex\":\""));
	put_pattern(b);
	buf_printf(b, "\"},\"behavior\":\"Isolated\",\"invert\":false},%s]},\n", level);
	buf_printf(b, "\"post_processor\":null,\n\"decoder\":%s,\n", level);
	buf_str(b, S("\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,"
	             "\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,"
	             "\"fuse_unk\":false,\"byte_fallback\":false,\n\"vocab\":{"));
}

enum status bpe_export(const struct tokenizer *t, struct buf *json, struct err *e)
{
	uint32_t rune[256];

	(void)e;
	bytelevel_runes(rune);
	put_head(json);
	for (uint32_t i = 0; i < t->n; i++) {
		buf_str(json, i ? S(",\n\"") : S("\n\""));
		bytelevel_put(json, rune, t->piece[i]);
		buf_printf(json, "\":%u", i);
	}
	buf_str(json, S("},\n\"merges\":["));
	for (uint32_t k = 0; k + 256 < t->n; k++) {
		struct merge m = bpe_merge_at(t, k);

		buf_str(json, k ? S(",\n\"") : S("\n\""));
		bytelevel_put(json, rune, t->piece[m.a]);
		buf_char(json, ' ');
		bytelevel_put(json, rune, t->piece[m.b]);
		buf_char(json, '"');
	}
	buf_str(json, S("]}}\n"));
	return OK;
}
