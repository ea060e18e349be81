/* gramtag.c - grammar tags: read from OpenCorpora's notation, packed, and printed.
 *
 *   in    a tag like "VERB,perf,tran sing,3per,futr,indc"
 *   out   struct gram, part of speech, marks; and short names for people to read
 *
 * The table ROWS is the one list of grammemes; reading uses it by name, printing by field.
 */
#include "words/dict/gramtag.h"

enum field {
	F_POS, F_MARK, F_CASE, F_NUMBER, F_GENDER, F_ANIM, F_TENSE, F_PERSON, F_MOOD, F_ASPECT,
	F_VOICE, F_NAME, F_SHORT, F_TRANS,
};

static const struct row {
	char key[5];
	uint8_t field, value;
} rows[] = {
	{ "NOUN", F_POS, POS_NOUN }, { "ADJF", F_POS, POS_ADJ }, { "ADJS", F_POS, POS_ADJ },
	{ "COMP", F_POS, POS_ADV }, { "VERB", F_POS, POS_VERB }, { "INFN", F_POS, POS_INF },
	{ "PRTF", F_POS, POS_PART }, { "PRTS", F_POS, POS_PART }, { "GRND", F_POS, POS_GER },
	{ "NUMR", F_POS, POS_NUM }, { "ADVB", F_POS, POS_ADV }, { "NPRO", F_POS, POS_PRON },
	{ "PRED", F_POS, POS_ADV }, { "PREP", F_POS, POS_PREP }, { "CONJ", F_POS, POS_CONJ },
	{ "PRCL", F_POS, POS_PRCL }, { "INTJ", F_POS, POS_INTJ }, { "Apro", F_POS, POS_APRO },
	{ "nomn", F_CASE, CASE_NOM }, { "gent", F_CASE, CASE_GEN }, { "datv", F_CASE, CASE_DAT },
	{ "accs", F_CASE, CASE_ACC }, { "ablt", F_CASE, CASE_INS }, { "loct", F_CASE, CASE_LOC },
	{ "voct", F_CASE, CASE_VOC }, { "gen2", F_CASE, CASE_GEN2 }, { "loc2", F_CASE, CASE_LOC2 },
	{ "acc2", F_CASE, CASE_ACC2 },
	{ "sing", F_NUMBER, 1 }, { "plur", F_NUMBER, 2 },
	{ "masc", F_GENDER, 1 }, { "femn", F_GENDER, 2 }, { "neut", F_GENDER, 3 },
	{ "ms-f", F_GENDER, 4 }, { "Ms-f", F_GENDER, 4 }, { "GNdr", F_GENDER, 4 },
	{ "anim", F_ANIM, 1 }, { "inan", F_ANIM, 2 },
	{ "past", F_TENSE, 1 }, { "pres", F_TENSE, 2 }, { "futr", F_TENSE, 3 },
	{ "1per", F_PERSON, 1 }, { "2per", F_PERSON, 2 }, { "3per", F_PERSON, 3 },
	{ "indc", F_MOOD, 1 }, { "impr", F_MOOD, 2 },
	{ "perf", F_ASPECT, 1 }, { "impf", F_ASPECT, 2 },
	{ "actv", F_VOICE, 1 }, { "pssv", F_VOICE, 2 },
	{ "Name", F_NAME, WNAME_GIVEN }, { "Patr", F_NAME, WNAME_PATR },
	{ "Surn", F_NAME, WNAME_SURN }, { "Geox", F_NAME, WNAME_PLACE },
	{ "Orgn", F_NAME, WNAME_ORG },
	{ "ADJS", F_SHORT, 1 }, { "PRTS", F_SHORT, 1 },
	{ "tran", F_TRANS, 1 }, { "intr", F_TRANS, 2 },
	{ "COMP", F_MARK, TAG_COMP }, { "Fixd", F_MARK, TAG_FIXED },
	{ "Abbr", F_MARK, TAG_ABBR }, { "Init", F_MARK, TAG_INITIAL },
	{ "Arch", F_MARK, TAG_RARE }, { "Erro", F_MARK, TAG_RARE }, { "Dist", F_MARK, TAG_RARE },
	{ "Infr", F_MARK, TAG_RARE }, { "Slng", F_MARK, TAG_RARE }, { "Litr", F_MARK, TAG_RARE },
	{ "V-oy", F_MARK, TAG_ALT }, { "V-ey", F_MARK, TAG_ALT }, { "V-be", F_MARK, TAG_BE },
	{ "V-ie", F_MARK, TAG_ALT }, { "V-ej", F_MARK, TAG_ALT }, { "V-sh", F_MARK, TAG_ALT },
	{ "V-bi", F_MARK, TAG_ALT }, { "V-en", F_MARK, TAG_ALT }, { "Cmp2", F_MARK, TAG_ALT },
	{ "NUMR", F_MARK, TAG_CLOSED }, { "NPRO", F_MARK, TAG_CLOSED },
	{ "PRED", F_MARK, TAG_CLOSED }, { "PREP", F_MARK, TAG_CLOSED },
	{ "CONJ", F_MARK, TAG_CLOSED }, { "PRCL", F_MARK, TAG_CLOSED },
	{ "INTJ", F_MARK, TAG_CLOSED }, { "Apro", F_MARK, TAG_CLOSED },
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static void put(struct tag *t, const struct row *r)
{
	unsigned v = r->value;

	switch (r->field) {
	case F_POS: t->pos = (uint8_t)v; break;
	case F_MARK: t->mark |= (uint8_t)v; break;
	case F_CASE: t->g.gcase = v & 15; break;
	case F_NUMBER: t->g.number = v & 3; break;
	case F_GENDER: t->g.gender = v & 7; break;
	case F_ANIM: t->g.anim = v & 3; break;
	case F_TENSE: t->g.tense = v & 3; break;
	case F_PERSON: t->g.person = v & 3; break;
	case F_MOOD: t->g.mood = v & 3; break;
	case F_ASPECT: t->g.aspect = v & 3; break;
	case F_VOICE: t->g.voice = v & 3; break;
	case F_NAME: t->g.name = v & 7; break;
	case F_SHORT: t->g.shortf = v & 1; break;
	case F_TRANS: t->g.trans = v & 3; break;
	}
}

static unsigned get(struct gram g, int field)
{
	switch (field) {
	case F_CASE: return g.gcase;
	case F_NUMBER: return g.number;
	case F_GENDER: return g.gender;
	case F_ANIM: return g.anim;
	case F_TENSE: return g.tense;
	case F_PERSON: return g.person;
	case F_MOOD: return g.mood;
	case F_ASPECT: return g.aspect;
	case F_VOICE: return g.voice;
	case F_NAME: return g.name;
	case F_TRANS: return g.trans;
	}
	return 0;
}

struct tag tag_parse(struct str s)
{
	struct tag t = { 0 };

	for (size_t i = 0; i < s.n;) {
		size_t k = i;

		while (k < s.n && s.p[k] != ',' && s.p[k] != ' ')
			k++;
		for (int r = 0; r < N_ROWS && k - i == 4; r++)
			if (!memcmp(rows[r].key, s.p + i, 4))
				put(&t, &rows[r]);
		i = k + 1;
	}
	/* "Ms-f" stands after the gender of the form; "GNdr" means any gender. */
	return t;
}

/* Widths in the order of struct gram: the two lists agree. */
uint32_t gram_pack(struct gram g)
{
	return (uint32_t)g.gcase | (uint32_t)g.number << 4 | (uint32_t)g.gender << 6 |
	       (uint32_t)g.anim << 9 | (uint32_t)g.tense << 11 | (uint32_t)g.person << 13 |
	       (uint32_t)g.mood << 15 | (uint32_t)g.aspect << 17 | (uint32_t)g.voice << 19 |
	       (uint32_t)g.name << 21 | (uint32_t)g.shortf << 24 | (uint32_t)g.trans << 25;
}

struct gram gram_unpack(uint32_t v)
{
	return (struct gram){
		.gcase = v & 15, .number = v >> 4 & 3, .gender = v >> 6 & 7,
		.anim = v >> 9 & 3, .tense = v >> 11 & 3, .person = v >> 13 & 3,
		.mood = v >> 15 & 3, .aspect = v >> 17 & 3, .voice = v >> 19 & 3,
		.name = v >> 21 & 7, .shortf = v >> 24 & 1, .trans = v >> 25 & 3,
	};
}

const char *pos_name(int pos)
{
	static const char *const name[] = {
		"X", "NOUN", "ADJ", "VERB", "INF", "PART", "GER", "NUM", "ADV", "PRON", "ADP",
		"CONJ", "PRCL", "INTJ", "LATIN", "DIGIT", "PUNCT", "DET",
	};

	return pos >= 0 && pos < (int)(sizeof name / sizeof *name) ? name[pos] : "X";
}

const char *gram_name(struct gram g, char *buf, size_t n)
{
	static const uint8_t order[] = {
		F_CASE, F_NUMBER, F_GENDER, F_ANIM, F_TENSE, F_PERSON, F_MOOD, F_ASPECT, F_VOICE,
		F_TRANS, F_NAME,
	};
	size_t at = 0;

	if (n)
		buf[0] = '\0';
	for (size_t k = 0; k < sizeof order; k++)
		for (int r = 0; r < N_ROWS; r++) {
			if (rows[r].field != order[k] || rows[r].value != get(g, order[k]))
				continue;
			if (at + 6 < n)
				at += (size_t)snprintf(buf + at, n - at, "%s%s", at ? "," : "", rows[r].key);
			break;
		}
	if (g.shortf && at + 7 < n)
		snprintf(buf + at, n - at, "%sshort", at ? "," : "");
	return buf;
}
