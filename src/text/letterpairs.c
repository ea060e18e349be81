/* letterpairs.c - how Russian a text is: the judge between charsets.
 *
 *   in    UTF-8 made under some supposition about its charset
 *   out   the mean score of its letter pairs: the right supposition scores highest
 *
 * pair_log[a][b] = 9 + 0.75 (log2 p(ab) + 6), rounded and held in 0..9, p counted over the
 * letter pairs of 300 Russian books in the public domain, ё counted as е. A lower-case letter
 * before a capital, a letter that Russian lacks, a box or a control character cost extra:
 * KOI8-R read as CP1251 swaps the case of every letter, MacCyrillic read so capitalises я.
 */
#include "text/inner.h"

enum { SAMPLE = 64 << 10 };

static const char pair_log[32][33] = {
	"16867778468988267884564675000167",	/* а */
	"61402710604635707417031225483006",	/* б */
	"82335806805647956856033462475005",	/* в */
	"70207500604725906216000310200000",	/* г */
	"83613832705647847557035340366036",	/* д */
	"37788767477889568884366766000055",	/* е */
	"73026820704216301215000300103000",	/* ж */
	"85656542504557605325001310365025",	/* з */
	"46767757677888456782376765000057",	/* и */
	"00005000004335101650003440000000",	/* й */
	"90501632801616907567002020400000",	/* к */
	"83354852805425830747000510468177",	/* л */
	"73130801804537844427202312464016",	/* м */
	"92245922905007904657205524387057",	/* н */
	"28988777687888578884564765000366",	/* о */
	"70000700604604928246012310054005",	/* п */
	"94556853805456942568343453276056",	/* р */
	"73725822708866775696153540458058",	/* с */
	"82724801806536948747124512478046",	/* т */
	"26677575246775166770262665000163",	/* у */
	"50000500500300404123100000023000",	/* ф */
	"60500400500434704324000010300000",	/* х */
	"60400600504000500005000000150000",	/* ц */
	"70100800705216403086000040105000",	/* ч */
	"70200700706625530035000000006000",	/* ш */
	"50000700600003001004000000002000",	/* щ */
	"00000400000000000000000000000024",	/* ъ */
	"05644733175775045661061562000002",	/* ы */
	"04343604407057200640114452000056",	/* ь */
	"00021001013222022170120000000000",	/* э */
	"06025032002333033460022445000030",	/* ю */
	"03546455345656034670053425000044",	/* я */
};

/* 0..31 for а..я and ё, -1 for others; *upper tells the case. */
static int letter(uint32_t r, bool *upper)
{
	*upper = r < 0x430;
	if (r >= 0x410 && r <= 0x44F)
		return (int)(r & 31) ^ 16;
	if (r == 0x401 || r == 0x451) {
		*upper = r == 0x401;
		return 5;
	}
	return -1;
}

static bool usual_sign(uint32_t r)
{
	return (r >= 0x2010 && r <= 0x2026) || r == 0xA0 || r == 0xAB || r == 0xBB || r == 0x2116 ||
	       r == 0xAD || r == 0xA7 || r == 0xB0 || r == 0x301;
}

static int strange(uint32_t r)
{
	if (usual_sign(r))
		return 4;
	if (r < 0xA0 || (r >= 0x2500 && r < 0x25A0) || r == 0xFFFD)
		return -8;
	if (rune_is_cyrillic(r))
		return r == 0x463 || r == 0x456 || r == 0x462 || r == 0x406 || r == 0x473 ? 4 : -4;
	return rune_is_letter(r) ? -2 : -4;
}

double pairs_score(struct str utf8, size_t *judged)
{
	const char *p = utf8.p, *end = p + (utf8.n < SAMPLE ? utf8.n : SAMPLE);
	int prev = -1;
	bool prev_upper = false, prev_latin = false, upper;
	long sum = 0;
	size_t n = 0;

	while (p < end) {
		uint32_t r = utf8_next(&p, utf8.p + utf8.n);
		int c = r < 0x80 ? -1 : letter(r, &upper);
		if (r >= 0x80) {
			n++;
			if (c < 0)
				sum += strange(r);
			else if (prev < 0)
				sum += prev_latin ? -4 : 4;	/* «dйesse» is no word */
			else
				sum += pair_log[prev][c] - '0' - (upper && !prev_upper ? 8 : 0);
		}
		prev_latin = r < 0x80 && ((r | 32) >= 'a' && (r | 32) <= 'z');
		prev = c;
		prev_upper = c >= 0 && upper;
	}
	if (judged)
		*judged = n;
	return n ? (double)sum / (double)n : -1;
}

/* Bulgarian and Serbian have no ы; Bulgarian ъ is a vowel, before consonants; Ukrainian and
 * Serbian have letters of their own. The old Russian spelling has і, but also ѣ and ы. */
const char *pairs_language(struct str utf8)
{
	const char *p = utf8.p, *end = p + (utf8.n < SAMPLE ? utf8.n : SAMPLE);
	size_t all = 0, yery = 0, hard = 0, south = 0, ukr = 0, yat = 0;
	uint32_t prev = 0;

	while (p < end) {
		uint32_t r = rune_lower(utf8_next(&p, utf8.p + utf8.n));
		all += rune_is_cyrillic(r);
		yery += r == 0x44B || r == 0x44D;			/* ы э */
		yat += r == 0x463;
		ukr += r == 0x457 || r == 0x454 || r == 0x491;		/* ї є ґ */
		south += r == 0x458 || r == 0x459 || r == 0x45A || r == 0x452 || r == 0x45B;
		hard += prev == 0x44A && r >= 0x431 && r <= 0x449 && r != 0x435 && r != 0x438;
		prev = r;
	}
	if (all < 200 || yat)
		return NULL;
	if (ukr * 100 > all)
		return "the text seems to be Ukrainian, not Russian";
	if (south * 100 > all)
		return "the text seems to be Serbian or Macedonian, not Russian";
	if (hard * 200 > all && yery * 400 < all)
		return "the text seems to be Bulgarian, not Russian";
	return NULL;
}
