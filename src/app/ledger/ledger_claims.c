/* ledger_claims.c - the table of stages, the peers, and verdicts on the claims of the founding
 * conversation (15 June 2025), computed from the ledger's rows.
 *
 * One rule for all claims, with lo the lower end of what was claimed:
 *     holds      the measured factor of a way without loss is lo or more
 *     in part    it is at least the square root of lo (half the way, in powers), or a way that
 *                loses words reaches lo; the loss stands beside it
 *     fails      neither
 * The rival is cl100k, the tokenizer of the GPT-4 that the conversation measures itself by;
 * factors against GPT-2, o200k and our own byte-BPE of equal vocabulary stand beside it.
 */
#include <math.h>

#include "app/ledger/ledger.h"
#include "base/data.h"

/* Agrees with enum stage. */
static const struct { const char *key; bool lossless; const char *name[2], *what[2]; } stages[LS_N] = {
	[LS_RAW] = { "raw", false, { "raw characters", "знаки файла" },
		{ "the file as it is", "файл как есть" } },
	[LS_CLEAN] = { "clean", true, { "clean text", "чистый текст" },
		{ "one blank, one line end a paragraph; layout and notes are gone",
		  "один пробел, строка на абзац; вёрстка и сноски убраны" } },
	[LS_WORDS] = { "words", true, { "words and marks", "слова и знаки" },
		{ "as written, the blank before included", "как написаны, вместе с пробелом" } },
	[LS_MORPHS] = { "morphs", true, { "morphemes", "морфемы" },
		{ "every prefix, root, suffix, ending a position", "каждая морфема — позиция" } },
	[LS_BYTE] = { "byte", true, { "byte-BPE", "байтовый BPE" },
		{ "the rival, of equal vocabulary", "соперник с равным словарём" } },
	[LS_MORPH] = { "morph", true, { "morpheme BPE", "морфемный BPE" },
		{ "no merge crosses a border of morphemes", "слияния не переходят границ морфем" } },
	[LS_HYPER] = { "hyper", true, { "hyperlexemes", "гиперлексемы" },
		{ "pieces of several words", "куски из нескольких слов" } },
	[LS_FOLD] = { "fold", true, { "folded grammar", "свёрнутая грамматика" },
		{ "lemma and grammar tag, function words as operators",
		  "лемма и помета грамматики, служебные слова — операторы" } },
	[LS_FOLD_CHAINS] = { "fold+chains", true, { "folded, chained", "свёртка и сцепки" },
		{ "all in a row without loss", "всё подряд без потерь" } },
	[LS_LEMMAS] = { "lemmas", false, { "lemmas", "леммы" },
		{ "forms are gone", "форм нет" } },
	[LS_LEMMA_CHAINS] = { "lemma-chains", false, { "lemmas, chained", "сцепки лемм" },
		{ "frequent chains of lemmas are one", "частые цепочки лемм — одна позиция" } },
	[LS_CONTENT] = { "content", false, { "content lemmas", "значимые леммы" },
		{ "function words and marks are gone", "служебных слов и знаков нет" } },
	[LS_CONTENT_CHAINS] = { "content-chains", false, { "content chained", "сцепки значимых" },
		{ "chains of content lemmas", "цепочки значимых лемм" } },
	[LS_GLYPHS] = { "glyphs", false, { "glyphs of scenes", "значки сцен" },
		{ "actors, field, tension, resolution: all in a row, lossy",
		  "лица, поле, напряжение, развязка: всё подряд с потерей" } },
	[LS_CODES] = { "codes", false, { "codes of scenes", "коды сцен" },
		{ "six kinds a scene", "шесть родов на сцену" } },
	[LS_SCENES] = { "scenes", false, { "scenes", "сцены" },
		{ "a whole line of glyphs a position", "целая строка значков — позиция" } },
};
static const struct { const char *key, *name; } peer_rows[PEERS] = {
	{ "gpt2", "GPT-2" }, { "cl100k_base", "cl100k" }, { "o200k_base", "o200k" } };

const char *stage_key(enum stage s) { return stages[s].key; }
const char *stage_name(enum stage s, bool ru) { return stages[s].name[ru]; }
const char *stage_what(enum stage s, bool ru) { return stages[s].what[ru]; }
bool stage_lossless(enum stage s) { return stages[s].lossless; }
const char *peer_name(int i) { return peer_rows[i].name; }

double ledger_per1000(const struct ledger *l, enum stage s)
{
	return l->row[s].there && l->part_chars
		? (double)l->row[s].positions * 1000 / (double)l->part_chars : 0;
}

double ledger_bpc(const struct ledger *l, enum stage s, bool with_vocab)
{
	const struct stage_row *r = &l->row[s];

	return r->there && l->part_chars
		? (double)(r->bits + (with_vocab ? r->vocab_bits : 0)) / (double)l->part_chars : 0;
}

/* ---- peers -------------------------------------------------------------------------------------- */

void ledger_peers(struct ledger *l, const struct str *name, const uint64_t *chars, size_t n)
{
	struct tsv t = tsv_of(data_find("ledger_peers.tsv"));
	size_t met = 0, rows = 0;

	while (tsv_next(&t)) {
		double c, k;

		if (!str_f64(t.field[2], &c) || !str_f64(t.field[3], &k) || !(c > 0))
			continue;
		for (int i = 0; i < PEERS; i++)
			if (str_eq(t.field[0], S("*")) && str_eq(t.field[1], str_of(peer_rows[i].key)))
				l->peer[i] = k * 1000 / c;
		if (str_eq(t.field[0], S("*")) || !str_eq(t.field[1], str_of(peer_rows[0].key)))
			continue;
		rows++;
		for (size_t i = 0; i < n; i++)
			met += str_ends(name[i], t.field[0]) && (double)chars[i] == c;
	}
	l->peers_same = rows && met == n && met == rows;
}

/* ---- claims ------------------------------------------------------------------------------------- */

enum verdict claim_verdict(double lo, double lossless, double lossy)
{
	if (!(lossless > 0) && !(lossy > 0))
		return UNKNOWN_VERDICT;
	if (lossless >= lo)
		return HOLDS;
	return lossless >= sqrt(lo) || lossy >= lo ? IN_PART : FAILS;
}

const char *verdict_name(enum verdict v, bool ru)
{
	static const char *const name[][2] = { { "holds", "верно" }, { "holds in part", "верно отчасти" },
		{ "fails", "неверно" }, { "not measured", "не измерено" } };

	return name[v][ru];
}

static double over(double a, double b) { return a > 0 && b > 0 ? a / b : 0; }
static double least(double a, double b) { return a > 0 && (a < b || !(b > 0)) ? a : b; }

/* Factors every claim speaks of. */
struct factors {
	double gpt2, cl100k, o200k, byte, morph, morphs, hyper, fold, fold_chains, lemmas, lemma_chains;
	double content, content_chains, glyphs, scenes, words;
};

static struct factors factors_of(const struct ledger *l)
{
	return (struct factors){
		.gpt2 = l->peer[0], .cl100k = l->peer[1], .o200k = l->peer[2],
		.byte = ledger_per1000(l, LS_BYTE), .morph = ledger_per1000(l, LS_MORPH),
		.morphs = ledger_per1000(l, LS_MORPHS),
		.hyper = l->row[LS_HYPER].reversible ? ledger_per1000(l, LS_HYPER) : 0,
		.fold = l->row[LS_FOLD].reversible ? ledger_per1000(l, LS_FOLD) : 0,
		.fold_chains = l->row[LS_FOLD_CHAINS].reversible ? ledger_per1000(l, LS_FOLD_CHAINS) : 0,
		.lemmas = ledger_per1000(l, LS_LEMMAS), .lemma_chains = ledger_per1000(l, LS_LEMMA_CHAINS),
		.content = ledger_per1000(l, LS_CONTENT),
		.content_chains = ledger_per1000(l, LS_CONTENT_CHAINS),
		.glyphs = ledger_per1000(l, LS_GLYPHS), .scenes = ledger_per1000(l, LS_SCENES),
		.words = l->part_chars ? (double)l->part_words * 1000 / (double)l->part_chars : 0,
	};
}

static void how(struct claim *c, const char *en, const char *ru, ...)
{
	va_list ap, again;

	va_start(ap, ru);
	va_copy(again, ap);
	vsnprintf(c->how[0], sizeof c->how[0], en, ap);
	vsnprintf(c->how[1], sizeof c->how[1], ru, again);
	va_end(again);
	va_end(ap);
}

static void loses(struct claim *c, const struct ledger *l, enum stage s)
{
	c->lost_form = l->row[s].lost_form;
	c->lost_order = l->row[s].lost_order;
	c->lost_identity = l->row[s].lost_identity;
}

static void morphemes_and_chains(struct claim *c, const struct ledger *l, const struct factors *f)
{
	double best = least(f->morph, f->morphs), base = least(f->byte, f->morph);

	c[0] = (struct claim){ "morphemes", { "morphemes: 3–10 times fewer tokens",
		"морфемы: в 3–10 раз меньше токенов" }, 3, 10, over(f->cl100k, best), 0, 0, 0, 0, 0, 0, { "" } };
	how(&c[0], "morpheme BPE %.0f, bare morphemes %.0f, cl100k %.0f positions per 1,000 characters; against "
	    "GPT-2 ×%.2f, o200k ×%.2f, byte-BPE of equal vocabulary ×%.2f",
	    "морфемный BPE %.0f, сами морфемы %.0f, cl100k %.0f позиций на 1000 знаков; против GPT-2 ×%.2f, "
	    "o200k ×%.2f, байтового BPE с равным словарём ×%.2f", f->morph, f->morphs, f->cl100k,
	    over(f->gpt2, best), over(f->o200k, best), over(f->byte, best));
	c[1] = (struct claim){ "chains", { "chains and hyperlexemes: another 2–5 times fewer",
		"сцепки и гиперлексемы: ещё в 2–5 раз меньше" }, 2, 5, over(base, f->hyper),
		over(f->lemmas, f->lemma_chains), 0, 0, 0, 0, 0, { "" } };
	loses(&c[1], l, LS_LEMMA_CHAINS);
	how(&c[1], "hyperlexemes %.0f against %.0f of the best BPE of words; chains over lemmas %.0f against %.0f",
	    "гиперлексемы %.0f против %.0f у лучшего пословного BPE; сцепки лемм %.0f против %.0f", f->hyper,
	    base, f->lemma_chains, f->lemmas);
}

static void grammar_and_forms(struct claim *c, const struct ledger *l, const struct factors *f)
{
	c[2] = (struct claim){ "grammar", { "folded grammar, no stop words: 1.5–2 times fewer",
		"свёрнутая грамматика, без предлогов: в 1,5–2 раза меньше" }, 1.5, 2, over(f->byte, f->fold),
		over(f->words, f->content), 0, 0, 0, 0, 0, { "" } };
	loses(&c[2], l, LS_CONTENT);
	how(&c[2], "without loss %.0f folded tokens against %.0f of byte-BPE of equal vocabulary; lossy: %.0f "
	    "content lemmas of %.0f words", "без потерь %.0f свёрнутых токенов против %.0f у байтового BPE с "
	    "равным словарём; с потерей: %.0f значимых лемм из %.0f слов", f->fold, f->byte, f->content, f->words);
	c[3] = (struct claim){ "forms", { "forms removed: half the vocabulary",
		"удаление форм: словарь вдвое меньше" }, 2, 2, 0, over((double)l->forms, (double)l->lemmas), 0,
		0, 0, 0, 0, { "" } };
	loses(&c[3], l, LS_LEMMAS);
	how(&c[3], "%.0f distinct forms, %.0f lemmas in the whole library",
	    "%.0f разных форм, %.0f лемм во всей библиотеке", (double)l->forms, (double)l->lemmas);
}

static void scenes_and_all(struct claim *c, const struct ledger *l, const struct factors *f)
{
	double best = least(f->hyper, f->fold_chains);

	c[4] = (struct claim){ "scenes", { "scenes and formulas: 3–10 times fewer",
		"сцены и формулы: в 3–10 раз меньше" }, 3, 10, 0, over(f->content_chains, f->glyphs), 0, 0, 0, 0, 0,
		{ "" } };
	loses(&c[4], l, LS_GLYPHS);
	how(&c[4], "%.1f glyphs against %.0f chained content lemmas; a scene as one position: %.2f",
	    "%.1f значка против %.0f сцепленных значимых лемм; сцена одной позицией: %.2f", f->glyphs,
	    f->content_chains, f->scenes);
	c[5] = (struct claim){ "all", { "all together: 30–500 times", "всё вместе: в 30–500 раз" }, 30, 500,
		over(f->cl100k, best), over(f->cl100k, f->glyphs),
		c[0].lossless * c[1].lossy * c[2].lossy * c[4].lossy, 0, 0, 0, 0, { "" } };
	loses(&c[5], l, LS_GLYPHS);
	how(&c[5], "one pipeline on the same text, against cl100k: without loss %.0f positions, to glyphs %.1f; "
	    "the product of the single factors would be ×%.0f; against GPT-2 ×%.0f, o200k ×%.0f, byte-BPE ×%.0f",
	    "один ряд на том же тексте, против cl100k: без потерь %.0f позиций, до значков %.1f; произведение "
	    "отдельных множителей дало бы ×%.0f; против GPT-2 ×%.0f, o200k ×%.0f, байтового BPE ×%.0f", best,
	    f->glyphs, c[5].product, over(f->gpt2, f->glyphs), over(f->o200k, f->glyphs),
	    over(f->byte, f->glyphs));
}

static void sizes(struct claim *c, const struct ledger *l, const struct factors *f)
{
	double bits = l->chars ? (double)l->bytes * 8 / (double)l->chars : 0;
	double hyper = ledger_bpc(l, LS_HYPER, false), chains = ledger_bpc(l, LS_CONTENT_CHAINS, false);

	c[6] = (struct claim){ "corpus", { "800 GB of text become 10–30 GB of hyperlexemes",
		"800 ГБ текста станут 10–30 ГБ гиперлексем" }, 800.0 / 30, 80, over(bits, hyper),
		over(bits, chains), 0, 0, 0, 0, 0, { "" } };
	loses(&c[6], l, LS_CONTENT_CHAINS);
	how(&c[6], "%.2f bits of UTF-8 a character; hyperlexemes coded %.3f, so 800 GB become %.0f GB (as 2-byte "
	    "ids %.0f GB); clean text through the same coder %.0f GB; content chains %.0f GB",
	    "%.2f бита UTF-8 на знак; гиперлексемы в сжатом виде %.3f, 800 ГБ станут %.0f ГБ (номерами по 2 байта "
	    "%.0f ГБ); чистый текст тем же кодером %.0f ГБ; сцепки значимых лемм %.0f ГБ", bits, hyper,
	    over(800, over(bits, hyper)), over(800, over(bits, f->hyper * 16 / 1000)),
	    over(800, over(bits, ledger_bpc(l, LS_CLEAN, false))), over(800, over(bits, chains)));
	c[7] = (struct claim){ "tokens", { "10^12 tokens become 30–100 G hypertokens",
		"10^12 токенов станут 30–100 млрд гипертокенов" }, 10, 1000.0 / 30, over(f->cl100k, f->hyper),
		over(f->cl100k, f->content_chains), 0, 0, 0, 0, 0, { "" } };
	loses(&c[7], l, LS_CONTENT_CHAINS);
	how(&c[7], "10^12 tokens of cl100k become %.0f G hyperlexemes, or %.0f G chained content lemmas",
	    "10^12 токенов cl100k станут %.0f млрд гиперлексем или %.0f млрд сцепленных значимых лемм",
	    over(1000, over(f->cl100k, f->hyper)), over(1000, over(f->cl100k, f->content_chains)));
	c[8] = (struct claim){ "context", { "2K hyperscenes hold a context of 32K",
		"2K гиперсцен вмещают контекст 32K" }, 16, 16, over(f->cl100k, f->hyper),
		over(f->cl100k, f->glyphs), 0, 0, 0, 0, 0, { "" } };
	loses(&c[8], l, LS_GLYPHS);
	how(&c[8], "32,768 tokens of cl100k are %.0f hyperlexemes, %.0f glyphs, %.0f scenes",
	    "32 768 токенов cl100k — это %.0f гиперлексем, %.0f значков, %.0f сцен",
	    over(32768, over(f->cl100k, f->hyper)), over(32768, over(f->cl100k, f->glyphs)),
	    over(32768, over(f->cl100k, f->scenes)));
}

void ledger_claims(struct claim out[CLAIMS], const struct ledger *l)
{
	struct factors f = factors_of(l);

	morphemes_and_chains(out, l, &f);
	grammar_and_forms(out, l, &f);
	scenes_and_all(out, l, &f);
	sizes(out, l, &f);
	for (int i = 0; i < CLAIMS; i++)
		out[i].verdict = claim_verdict(out[i].lo, out[i].lossless, out[i].lossy);
}
