/* morphtell.c - a cut word as a linguist writes it on paper, in one line of plain text.
 *
 *     пере-      prefix          КОРЕНЬ     root, in capitals
 *     ^ник       suffix          +ами       ending
 *     ~о~        linking vowel   =ся        postfix
 *     --         the hyphen of the spelling; | stands between two roots
 *
 * The marks are those of the school notation as far as a keyboard has them: ^ over a suffix
 * is what every Russian pupil draws.
 */
#include "words/morph/morph.h"

static void put(struct buf *b, struct str s, bool capitals)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);

		buf_rune(b, capitals ? rune_upper(r) : rune_lower(r));
	}
}

void morph_tell(struct buf *b, struct str form, const struct morph *m, int n)
{
	static const char *const before[MORPH_POSTFIX + 1] = {
		[MORPH_SUFF] = "^", [MORPH_END] = "+", [MORPH_LINK] = "~", [MORPH_POSTFIX] = "=",
	};
	static const char *const after[MORPH_POSTFIX + 1] = { [MORPH_PREF] = "-", [MORPH_LINK] = "~" };

	for (int i = 0; i < n; i++) {
		int t = m[i].type;
		struct str s = { form.p + m[i].off, m[i].len };

		if (t == MORPH_ROOT && i && m[i - 1].type == MORPH_ROOT)
			buf_char(b, '|');		/* two roots side by side */
		buf_str(b, str_of(before[t]));
		if (t == MORPH_HYPH)
			buf_str(b, S("--"));
		else
			put(b, s, t == MORPH_ROOT);
		if (t != MORPH_PREF || i + 1 == n || m[i + 1].type != MORPH_HYPH)
			buf_str(b, str_of(after[t]));		/* по--РУС, not по---РУС */
	}
}

struct str morph_legend(const char *lang)
{
	if (lang && !strcmp(lang, "ru"))
		return S("приставка-  КОРЕНЬ  |КОРЕНЬ  ^суффикс  ~соединительная~  +окончание  "
		         "=постфикс  -- дефис");
	return S("prefix-  ROOT  |ROOT  ^suffix  ~linking vowel~  +ending  =postfix  -- hyphen");
}
