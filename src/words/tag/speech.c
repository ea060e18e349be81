/* speech.c - which words of a paragraph are spoken aloud.
 *
 *   in    the tokens of one paragraph
 *   out   WORD_SPEECH on those inside direct speech
 *
 * A paragraph that begins with a dash is dialogue: speech first; a dash after a comma or an
 * end mark passes to the author's words («— Да, — сказал он, — иду.») and the next such dash
 * back. A dash after a colon begins speech anywhere. What stands inside «…» is speech too.
 *
 * Source: the rules of Russian punctuation for direct speech [Rosenthal, §§ 133-138].
 */
#include "words/tag/wordcut.h"

static bool seam(uint8_t mark)
{
	return mark == MARK_COMMA || mark == MARK_STOP;
}

static void dashes(struct tok *t, size_t n)
{
	bool dialogue = n && t[0].mark == MARK_DASH, speech = dialogue;

	for (size_t i = 0; i < n; i++) {
		if (t[i].mark == MARK_DASH && i) {
			if (t[i - 1].mark == MARK_COLON)
				dialogue = speech = true;
			else if (dialogue && seam(t[i - 1].mark))
				speech = !speech;
			continue;
		}
		if (speech && t[i].mark != MARK_DASH)
			t[i].flags |= WORD_SPEECH;
	}
}

static bool is_mark(const struct tok *t, struct str text, const char *s)
{
	return t->kind == TOK_PUNCT && t->len == strlen(s) && !memcmp(text.p + t->off, s, t->len);
}

/* From the opening mark at i to its partner, or to the end when speech began after a colon
 * or with the paragraph and runs on into the next one. */
static size_t quote_end(const struct tok *t, size_t n, size_t i, struct str text)
{
	int depth = 0;

	for (size_t k = i; k < n; k++) {
		depth += is_mark(&t[k], text, "«") || is_mark(&t[k], text, "„");
		depth -= is_mark(&t[k], text, "»") || (k > i && is_mark(&t[k], text, "“"));
		if (depth <= 0)
			return k;
	}
	return i == 0 || t[i - 1].mark == MARK_COLON ? n : i;
}

static void quotes(struct tok *t, size_t n, struct str text)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_mark(&t[i], text, "«") && !is_mark(&t[i], text, "„"))
			continue;
		size_t end = quote_end(t, n, i, text);

		for (size_t k = i + 1; k < end; k++)
			t[k].flags |= WORD_SPEECH;
		i = end > i ? end : i;
	}
}

void tok_speech(struct tok *t, size_t n, struct str text)
{
	dashes(t, n);
	quotes(t, n, text);
}
