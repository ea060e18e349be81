/* aliases.c - the alias table of a corpus: lemma <-> letters.
 *
 *   in    lemmas in order of meeting, or pairs read from a file
 *   out   aliases of Latin capitals and digits, a letter first, each given once
 *
 * An alias is the shortest one free, tried in this order on the lemma's transliteration
 * (one Latin capital a Russian letter, so подпол is PODPOL):
 *   1  its first letter                                     P
 *   2  for 2, 3, 4 letters: the first letter and the next
 *      consonants, then its beginning                       PD PO PDP POD PDPL PODP
 *   3  the first letter and next consonant with a number    PD2 PD3 …
 * Numbers of one stem only grow, so a million lemmas cost a million short walks.
 *
 * Invariants: ids of lemma[] and alias[] agree; nothing is taken back; the same lemmas in
 * the same order give the same aliases.
 */
#include "glyphs/scan.h"

struct aliases {
	struct strtab lemma, alias;	/* the i-th lemma has the i-th alias */
	struct strtab stem;		/* of numbered aliases */
	uint32_t *next;			/* [stem.n] the number to try first */
	size_t n_next, cap;
};

enum { LETTERS = 16, TRY = 4 };		/* letters of a lemma looked at; longest unnumbered alias */

struct aliases *aliases_open(void)
{
	struct aliases *t = mem_alloc(1, sizeof *t);

	t->lemma = strtab_open("alias lemmas");
	t->alias = strtab_open("aliases");
	t->stem = strtab_open("alias stems");
	return t;
}

void aliases_close(struct aliases *t)
{
	if (!t)
		return;
	strtab_close(&t->lemma);
	strtab_close(&t->alias);
	strtab_close(&t->stem);
	mem_free(t->next);
	mem_free(t);
}

/* One capital for a letter, 0 for what has none (hard and soft sign, other scripts). */
static char latin(uint32_t r)
{
	/* а б в г д е ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я */
	static const char row[] = "ABVGDEJZIIKLMNOPRSTUFHCCSS_Y_EUY";

	if (r >= 'a' && r <= 'z')
		return (char)(r - 'a' + 'A');
	r = rune_lower(r);
	if (r >= 'a' && r <= 'z')
		return (char)(r - 'a' + 'A');
	if (r == 0x451)			/* ё */
		return 'E';
	if (r >= 0x430 && r <= 0x44F && row[r - 0x430] != '_')
		return row[r - 0x430];
	return 0;
}

static bool consonant(char c)
{
	return !strchr("AEIOUY", c);
}

/* The lemma's first letters; "X" when it has none. */
static int letters(char out[LETTERS], struct str lemma)
{
	const char *p = lemma.p, *end = lemma.p + (lemma.n < 256 ? lemma.n : 256);
	int n = 0;

	while (p < end && n < LETTERS) {
		char c = latin(utf8_next(&p, end));

		if (c)
			out[n++] = c;
	}
	if (n == 0)
		out[n++] = 'X';
	return n;
}

static bool is_free(const struct aliases *t, const char *s, int n)
{
	return strtab_find(&t->alias, (struct str){ s, (size_t)n }) == STRTAB_NONE;
}

/* The stem with the smallest number not tried yet. */
static int numbered(struct aliases *t, char out[ALIAS_MAX], const char *stem, int n)
{
	uint32_t id = strtab_add(&t->stem, (struct str){ stem, (size_t)n });
	int len;

	if (id == t->n_next)
		VEC_PUSH(t->next, t->n_next, t->cap) = 2;
	do
		len = snprintf(out, ALIAS_MAX, "%.*s%u", n, stem, t->next[id]++);
	while (!is_free(t, out, len));
	return len;
}

/* Fills out with an alias that is free. */
static int invent(struct aliases *t, char out[ALIAS_MAX], struct str lemma)
{
	char all[LETTERS], skeleton[LETTERS];
	int n = letters(all, lemma), k = 1;

	skeleton[0] = all[0];
	for (int i = 1; i < n; i++)
		if (consonant(all[i]))
			skeleton[k++] = all[i];
	for (int len = 1; len <= TRY; len++)
		for (int i = 0; i < 2; i++) {
			const char *from = i ? all : skeleton;

			if (len <= (i ? n : k) && is_free(t, from, len)) {
				memcpy(out, from, (size_t)len);
				return len;
			}
		}
	return numbered(t, out, skeleton, k < 2 ? k : 2);
}

struct str aliases_add(struct aliases *t, struct str lemma)
{
	uint32_t id = strtab_find(&t->lemma, lemma);
	char alias[ALIAS_MAX];
	int n;

	if (id != STRTAB_NONE)
		return t->alias.s[id];
	n = invent(t, alias, lemma);
	id = strtab_add(&t->lemma, lemma);
	must(strtab_add(&t->alias, (struct str){ alias, (size_t)n }) == id);
	return t->alias.s[id];
}

struct str aliases_alias(const struct aliases *t, struct str lemma)
{
	uint32_t id = strtab_find(&t->lemma, lemma);

	return id == STRTAB_NONE ? S("") : t->alias.s[id];
}

bool aliases_find(const struct aliases *t, struct str alias, struct str *lemma)
{
	uint32_t id = strtab_find(&t->alias, alias);

	*lemma = id == STRTAB_NONE ? S("") : t->lemma.s[id];
	return id != STRTAB_NONE;
}

struct str aliases_lemma(const struct aliases *t, struct str alias)
{
	struct str lemma;

	aliases_find(t, alias, &lemma);
	return lemma;
}

size_t aliases_count(const struct aliases *t)
{
	return t->lemma.n;
}

void aliases_get(const struct aliases *t, size_t i, struct str *lemma, struct str *alias)
{
	must(i < t->lemma.n);
	*lemma = t->lemma.s[i];
	*alias = t->alias.s[i];
}

bool alias_is_formed(struct str s)
{
	if (s.n == 0 || s.n > ALIAS_MAX || s.p[0] < 'A' || s.p[0] > 'Z')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && !(s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
	return true;
}

/* Bytes of the beginning that a message shows. */
static int cut(struct str s)
{
	return (int)utf8_offset(s, 40);
}

enum status aliases_put(struct aliases *t, struct str lemma, struct str alias, struct err *e)
{
	uint32_t by_lemma = strtab_find(&t->lemma, lemma), by_alias = strtab_find(&t->alias, alias);

	if (!alias_is_formed(alias))
		return err_set(e, ERR_FORMAT, "'%.*s' is no alias: expected a capital Latin letter, "
		               "then capitals and digits, at most %d", cut(alias), alias.p, ALIAS_MAX);
	if (by_alias != STRTAB_NONE)
		return err_set(e, ERR_FORMAT, "alias %.*s is given twice: to '%.*s' and to '%.*s'",
		               STR_ARG(alias), cut(t->lemma.s[by_alias]), t->lemma.s[by_alias].p,
		               cut(lemma), lemma.p);
	if (by_lemma != STRTAB_NONE)
		return err_set(e, ERR_FORMAT, "'%.*s' has two aliases, " STR_FMT " and " STR_FMT,
		               cut(lemma), lemma.p, STR_ARG(t->alias.s[by_lemma]), STR_ARG(alias));
	by_lemma = strtab_add(&t->lemma, lemma);
	must(strtab_add(&t->alias, alias) == by_lemma);
	return OK;
}
