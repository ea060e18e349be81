/* abbrev.c - which full stops end a word and not a sentence.
 *
 *   ABBREV_LEADS     what follows belongs to it: «ул. Ленина», «см. Письма», «г. Иванов»
 *   ABBREV_MAY_END   before a capital letter the sentence is over: «и т. д. Потом»
 *
 * Words that are also plain words («нем», «губ», «сел», «полк») are left out or may end.
 * Short words only; an initial (one capital letter) is judged by sentences.c.
 */
#include "text/inner.h"

struct row {
	const char *word;
	enum abbrev kind;
};

/* By what they are, so that a linguist can add to them. */
static const struct row rows[] = {
	/* titles and persons */
	{ "г", ABBREV_LEADS }, { "гг", ABBREV_LEADS }, { "гр", ABBREV_LEADS },
	{ "кн", ABBREV_LEADS }, { "св", ABBREV_LEADS }, { "свв", ABBREV_LEADS },
	{ "о", ABBREV_LEADS }, { "оо", ABBREV_LEADS }, { "преп", ABBREV_LEADS },
	{ "проф", ABBREV_LEADS }, { "акад", ABBREV_LEADS }, { "доц", ABBREV_LEADS },
	{ "тов", ABBREV_LEADS }, { "гос", ABBREV_LEADS }, { "ген", ABBREV_LEADS },
	{ "кап", ABBREV_LEADS }, { "лейт", ABBREV_LEADS },
	{ "адм", ABBREV_LEADS }, { "инж", ABBREV_LEADS }, { "арх", ABBREV_LEADS },
	{ "им", ABBREV_MAY_END }, { "мр", ABBREV_LEADS },
	{ "дж", ABBREV_LEADS }, { "ал", ABBREV_LEADS }, { "алекс", ABBREV_LEADS },
	{ "вл", ABBREV_LEADS }, { "ив", ABBREV_LEADS }, { "евг", ABBREV_LEADS },
	{ "мих", ABBREV_LEADS }, { "ник", ABBREV_LEADS }, { "серг", ABBREV_LEADS },
	{ "фр", ABBREV_LEADS }, { "ст", ABBREV_LEADS }, { "мл", ABBREV_LEADS },
	{ "mr", ABBREV_LEADS }, { "mrs", ABBREV_LEADS }, { "dr", ABBREV_LEADS },
	{ "st", ABBREV_LEADS }, { "th", ABBREV_LEADS }, { "ch", ABBREV_LEADS },
	/* places */
	{ "ул", ABBREV_LEADS }, { "пер", ABBREV_LEADS }, { "пл", ABBREV_LEADS },
	{ "просп", ABBREV_LEADS }, { "бул", ABBREV_LEADS }, { "наб", ABBREV_LEADS },
	{ "д", ABBREV_LEADS }, { "кв", ABBREV_LEADS }, { "корп", ABBREV_LEADS },
	{ "обл", ABBREV_LEADS },
	{ "дер", ABBREV_LEADS }, { "оз", ABBREV_LEADS },
	{ "р", ABBREV_LEADS }, { "м", ABBREV_LEADS }, { "п", ABBREV_LEADS },
	{ "пос", ABBREV_LEADS }, { "станц", ABBREV_LEADS },
	/* references */
	{ "см", ABBREV_LEADS }, { "ср", ABBREV_LEADS }, { "стр", ABBREV_LEADS },
	{ "с", ABBREV_LEADS }, { "гл", ABBREV_LEADS }, { "рис", ABBREV_MAY_END },
	{ "табл", ABBREV_LEADS }, { "т", ABBREV_LEADS }, { "тт", ABBREV_LEADS },
	{ "пп", ABBREV_LEADS }, { "вып", ABBREV_LEADS }, { "изд", ABBREV_LEADS },
	{ "соч", ABBREV_LEADS }, { "собр", ABBREV_LEADS }, { "ред", ABBREV_LEADS },
	{ "прим", ABBREV_LEADS }, { "примеч", ABBREV_LEADS }, { "напр", ABBREV_LEADS },
	{ "т-е", ABBREV_LEADS },
	{ "англ", ABBREV_LEADS }, { "франц", ABBREV_LEADS }, { "итал", ABBREV_LEADS },
	{ "греч", ABBREV_LEADS }, { "рус", ABBREV_LEADS }, { "польск", ABBREV_LEADS },
	{ "сокр", ABBREV_LEADS }, { "ч", ABBREV_LEADS },
	{ "тел", ABBREV_MAY_END }, { "илл", ABBREV_LEADS }, { "vol", ABBREV_LEADS },
	/* what a sentence may end with */
	{ "др", ABBREV_MAY_END }, { "пр", ABBREV_MAY_END }, { "проч", ABBREV_MAY_END },
	{ "э", ABBREV_MAY_END }, { "руб", ABBREV_MAY_END }, { "коп", ABBREV_MAY_END },
	{ "тыс", ABBREV_MAY_END }, { "млн", ABBREV_MAY_END }, { "млрд", ABBREV_MAY_END },
	{ "вв", ABBREV_MAY_END }, { "мин", ABBREV_MAY_END }, { "сек", ABBREV_MAY_END },
	{ "час", ABBREV_MAY_END }, { "км", ABBREV_MAY_END }, { "кг", ABBREV_MAY_END },
};

enum { LONGEST = 12 };		/* bytes of the longest words above: six letters */

/* Lower-cases into room; false when it is longer than any row. */
static bool lower(char room[LONGEST + 4], size_t *n, struct str word)
{
	const char *p = word.p, *end = word.p + word.n;

	*n = 0;
	while (p < end) {
		if (*n > LONGEST - 2)
			return false;
		*n += (size_t)utf8_put(room + *n, rune_lower(utf8_next(&p, end)));
	}
	return true;
}

enum abbrev abbrev_find(struct str word)
{
	char room[LONGEST + 4];
	size_t n;

	if (word.n > LONGEST || !lower(room, &n, word))
		return ABBREV_NO;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strlen(rows[i].word) == n && !memcmp(rows[i].word, room, n))
			return rows[i].kind;
	return ABBREV_NO;
}

/* Words that open a sentence far more often than they are somebody's surname. */
bool abbrev_begins(struct str word)
{
	static const char *const openers[] = {
		"а", "в", "во", "вот", "все", "всё", "вы", "где", "да", "для", "до", "его", "ее",
		"её", "если", "за", "затем", "здесь", "и", "из", "или", "их", "к", "как", "когда",
		"кто", "мне", "мой", "мы", "на", "наш", "не", "нет", "ни", "но", "ну", "о", "об",
		"он", "она", "они", "оно", "от", "по", "потом", "при", "с", "со", "там", "так",
		"тогда", "тот", "ты", "тут", "у", "что", "эта", "эти", "это", "этот", "я",
	};
	char room[LONGEST + 4];
	size_t n;

	if (word.n > LONGEST || !lower(room, &n, word))
		return false;
	for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
		if (strlen(openers[i]) == n && !memcmp(openers[i], room, n))
			return true;
	return false;
}
