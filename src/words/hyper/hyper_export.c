/* hyper_export.c - a tokenizer of TOKENS_HYPER as Hugging Face's tokenizer.json.
 *
 *   in    pieces and c
 *   out   JSON: ByteLevel without its pattern, then a Unigram model [Kudo 2018] with the scores
 *         -(K + c); ids are ours. hyper.c says why the two agree.
 */
#include "words/hyper/hyper_in.h"

/* A byte that is no letter by itself costs what a stray byte costs. */
static uint32_t score(const struct tokenizer *t, const bool letter[128], uint32_t id)
{
	const uint8_t *c = (const uint8_t *)t->extra.p + 2 * (size_t)id;

	return HYPER_PRICE + (id >= 256 || (id < 128 && letter[id]) ? c[0] | (uint32_t)c[1] << 8
	                      : HYPER_EXTRA_MAX);
}

enum status hyper_export(const struct tokenizer *t, struct buf *json, struct err *e)
{
	static const char level[] = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
	                            "\"trim_offsets\":true,\"use_regex\":false}";
	uint32_t rune[256];
	bool letter[128] = { false };

	(void)e;
	bytelevel_runes(rune);
	for (uint32_t i = 256; i < t->n; i++)
		for (size_t k = 0; k < t->piece[i].n; k++)
			if (!(t->piece[i].p[k] & 0x80))
				letter[(uint8_t)t->piece[i].p[k]] = true;
	buf_printf(json, "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],\n"
	           "\"normalizer\":null,\n\"pre_tokenizer\":%s,\n\"post_processor\":null,\n\"decoder\":%s,\n"
	           "\"model\":{\"type\":\"Unigram\",\"unk_id\":null,\"byte_fallback\":false,\"vocab\":[",
	           level, level);
	for (uint32_t i = 0; i < t->n; i++) {
		buf_str(json, i ? S(",\n[\"") : S("\n[\""));
		bytelevel_put(json, rune, t->piece[i]);
		buf_printf(json, "\",-%u.0]", score(t, letter, i));
	}
	buf_str(json, S("]}}\n"));
	return OK;
}
