/* ledger_print.c - a ledger for people: the table, the rows, the verdicts (app/ledger/ledger.h). */
#include <math.h>

#include "app/ledger/ledger.h"

/* Widths of the table's columns: 119 in all. */
enum { NAME = 20, PER = 10, ALL = 8, VOCAB = 8, KB = 7, BITS = 7, KIND = 10, LOST = 6, FEWER = 7 };

static void pad(struct buf *b, struct str s, int width, bool right)
{
	int n = width - (int)utf8_count(s);

	for (int i = 0; right && i < n; i++)
		buf_char(b, ' ');
	buf_str(b, s);
	for (int i = 0; !right && i < n; i++)
		buf_char(b, ' ');
}

static void real(struct buf *b, int width, int digits, double v)
{
	char x[40];
	int n = snprintf(x, sizeof x, "%.*f", v >= 1000 ? 0 : digits, v);

	pad(b, v > 0 ? (struct str){ x, (size_t)n } : S("–"), width, true);
}

static void count(struct buf *b, int width, uint64_t v)
{
	struct buf x = { 0 };

	put_count(&x, v);
	pad(b, buf_view(&x), width, true);
	buf_free(&x);
}

static double over(double a, double b) { return a > 0 && b > 0 ? a / b : 0; }

/* ---- head ------------------------------------------------------------------------------------- */

static void head(struct buf *b, const struct ledger *l, bool ru)
{
	buf_printf(b, ru ? "книг %llu, %.2f млн знаков, %.2f млн слов, %llu сцен\n"
	           : "books %llu, %.2f M characters, %.2f M words, %llu scenes\n", (unsigned long long)l->books,
	           (double)l->chars / 1e6, (double)l->words / 1e6, (unsigned long long)l->scenes);
	if (l->whole)
		buf_str(b, ru ? S("книг мало: токенизаторы учились на том же, что здесь посчитано\n")
		        : S("few books: the tokenizers learnt from the very text that is counted\n"));
	else
		buf_printf(b, ru ? "посчитано на %llu отложенных книгах, %.2f млн знаков; токенизаторы на %u учились "
		           "на других\n" : "counted on %llu books set aside, %.2f M characters; the tokenizers of %u "
		           "learnt from others\n", (unsigned long long)l->part_books, (double)l->part_chars / 1e6,
		           l->vocab);
	buf_str(b, l->peers_same ? ru ? S("GPT-2, cl100k, o200k: js-tiktoken на тех же книгах\n")
	        : S("GPT-2, cl100k, o200k: js-tiktoken on the same books\n")
	        : ru ? S("GPT-2, cl100k, o200k: js-tiktoken на русской прозе разработки, не на этих книгах\n")
	        : S("GPT-2, cl100k, o200k: js-tiktoken on the Russian prose of development, not these books\n"));
}

/* ---- the table --------------------------------------------------------------------------------- */

static void columns(struct buf *b, bool ru)
{
	pad(b, S(""), NAME, false);
	pad(b, ru ? S("позиций") : S("positions"), PER + ALL, true);
	pad(b, ru ? S("в ходу") : S("in use"), VOCAB + KB, true);
	pad(b, ru ? S("на знак") : S("a character"), 2 * BITS, true);
	pad(b, S(""), KIND, true);
	pad(b, ru ? S("потеряно") : S("lost"), 3 * LOST, true);
	pad(b, ru ? S("во столько раз меньше, чем у") : S("times fewer than"), 4 * FEWER, true);
	buf_char(b, '\n');

	static const struct { const char *en, *ru; int width; } c[] = {
		{ "", "", -NAME }, { "per 1,000", "на 1000", PER }, { "(all)", "(всего)", ALL },
		{ "vocab", "словарь", VOCAB }, { "kB", "кБ", KB }, { "bits", "бит", BITS },
		{ "+vocab", "+слов.", BITS }, { "kind", "вид", KIND }, { "form", "форма", LOST },
		{ "order", "пор.", LOST }, { "word", "слово", LOST }, { "GPT-2", "GPT-2", FEWER },
		{ "cl100k", "cl100k", FEWER }, { "o200k", "o200k", FEWER }, { "BPE", "BPE", FEWER } };

	for (size_t i = 0; i < sizeof c / sizeof *c; i++)
		pad(b, str_of(ru ? c[i].ru : c[i].en), i ? c[i].width : -c[i].width, i > 0);
	buf_char(b, '\n');
}

static const char *kind_of(const struct ledger *l, enum stage s, bool ru)
{
	if (!stage_lossless(s))
		return s == LS_RAW ? "" : ru ? "с потерей" : "lossy";
	return l->row[s].reversible ? ru ? "обратимо" : "lossless" : ru ? "НЕ ВЕРНУЛ" : "BROKEN";
}

static void lost(struct buf *b, int width, double v, bool lossy)
{
	char x[20];
	int n = snprintf(x, sizeof x, v > 0 && v < 0.0995 ? "%.1f%%" : "%.0f%%", 100 * v);

	pad(b, lossy ? (struct str){ x, (size_t)n } : S("0"), width, true);
}

static void stage_line(struct buf *b, const struct ledger *l, enum stage s, bool ru)
{
	const struct stage_row *r = &l->row[s];
	double per = ledger_per1000(l, s);
	bool lossy = !stage_lossless(s) && s != LS_RAW;

	pad(b, str_of(stage_name(s, ru)), NAME, false);
	real(b, PER, per < 10 ? 2 : 1, per);
	real(b, ALL, per < 10 ? 2 : 1, l->chars ? (double)r->positions_all * 1000 / (double)l->chars : 0);
	count(b, VOCAB, r->vocab);
	count(b, KB, (r->vocab_bytes + 512) / 1024);
	real(b, BITS, 3, ledger_bpc(l, s, false));
	real(b, BITS, 3, ledger_bpc(l, s, true));
	pad(b, str_of(kind_of(l, s, ru)), KIND, true);
	lost(b, LOST, r->lost_form, lossy);
	lost(b, LOST, r->lost_order, lossy);
	lost(b, LOST, r->lost_identity, lossy);
	for (int i = 0; i < PEERS; i++)
		real(b, FEWER, per > 0 && over(l->peer[i], per) >= 100 ? 0 : 2, over(l->peer[i], per));
	real(b, FEWER, per > 0 && over(ledger_per1000(l, LS_BYTE), per) >= 100 ? 0 : 2,
	     over(ledger_per1000(l, LS_BYTE), per));
	buf_char(b, '\n');
}

static void peer_line(struct buf *b, const struct ledger *l, int i)
{
	pad(b, str_of(peer_name(i)), NAME, false);
	real(b, PER, 1, l->peer[i]);
	buf_char(b, '\n');
}

/* ---- all in a row -------------------------------------------------------------------------------- */

/* Words of a line folded to the table's width, each line set in by `in`. */
static void folded(struct buf *b, struct str s, int in)
{
	struct str word;
	int at = in;

	pad(b, S(""), in, false);
	while (str_cut(&s, ' ', &word)) {
		int n = (int)utf8_count(word);

		if (at > in && at + 1 + n > 118) {
			buf_char(b, '\n');
			pad(b, S(""), in, false);
			at = in;
		}
		if (at > in)
			buf_char(b, ' ');
		buf_str(b, word);
		at += n + (at > in);
	}
	buf_char(b, '\n');
}

static void in_a_row(struct buf *b, const struct ledger *l, const char *name, const enum stage *way,
                     size_t n, bool ru)
{
	double product = 1;

	struct buf line = { 0 };

	buf_printf(b, "%s\n", name);
	for (size_t i = 0; i < n; i++) {
		double per = ledger_per1000(l, way[i]), before = i ? ledger_per1000(l, way[i - 1]) : per;

		product *= over(before, per);
		buf_printf(&line, "%s%s %.*f", i ? " → " : "", stage_name(way[i], ru), per < 10 ? 2 : 0, per);
		if (i)
			buf_printf(&line, " (×%.2f)", over(before, per));
	}
	folded(b, buf_view(&line), 2);
	buf_free(&line);
	buf_printf(b, ru ? "  от первой до последней ступени ×%.1f\n" : "  from first to last ×%.1f\n", product);
}

static void rows(struct buf *b, const struct ledger *l, const struct claim *c, bool ru)
{
	static const enum stage lossless[] = { LS_CLEAN, LS_BYTE, LS_FOLD, LS_FOLD_CHAINS };
	static const enum stage hyper[] = { LS_CLEAN, LS_BYTE, LS_HYPER };
	static const enum stage lossy[] = { LS_CLEAN, LS_WORDS, LS_LEMMAS, LS_CONTENT, LS_CONTENT_CHAINS,
		LS_GLYPHS, LS_SCENES };
	const struct claim *all = &c[5];

	buf_char(b, '\n');
	in_a_row(b, l, ru ? "подряд без потерь, свёртка" : "in a row without loss, folded", lossless, 4, ru);
	in_a_row(b, l, ru ? "без потерь, гиперлексемы" : "without loss, hyperlexemes", hyper, 3, ru);
	in_a_row(b, l, ru ? "подряд с потерей, до сцен" : "in a row with loss, to scenes", lossy, 7, ru);
	buf_printf(b, ru ? "измерено до значков против cl100k ×%.1f; произведение отдельных множителей ×%.1f\n"
	           : "measured to glyphs against cl100k ×%.1f; the product of the single factors ×%.1f\n",
	           all->lossy, all->product);
}

/* ---- verdicts ------------------------------------------------------------------------------------ */

static void verdict(struct buf *out, const struct claim *c, bool ru)
{
	struct buf line = { 0 }, *b = &line;

	pad(out, str_of(verdict_name(c->verdict, ru)), 15, false);
	buf_printf(out, "%s\n", c->says[ru]);
	if (c->lossless > 0)
		buf_printf(b, ru ? "без потерь ×%.2f; " : "without loss ×%.2f; ", c->lossless);
	if (c->lossy > 0)
		buf_printf(b, ru ? "с потерей ×%.2f (теряются формы %.0f%%, порядок %.0f%%, сами слова %.0f%%); "
		           : "with loss ×%.2f (lost: forms %.0f%%, order %.0f%%, the words themselves %.0f%%); ",
		           c->lossy, 100 * c->lost_form, 100 * c->lost_order, 100 * c->lost_identity);
	buf_printf(b, "%s", c->how[ru]);
	folded(out, buf_view(b), 15);
	buf_free(b);
}

void ledger_text(struct buf *b, const struct ledger *l, bool ru)
{
	struct claim c[CLAIMS];

	ledger_claims(c, l);
	head(b, l, ru);
	buf_char(b, '\n');
	columns(b, ru);
	for (int i = 0; i < PEERS; i++)
		peer_line(b, l, i);
	for (int s = 0; s < LS_N; s++)
		if (l->row[s].there)
			stage_line(b, l, (enum stage)s, ru);
	rows(b, l, c, ru);
	buf_str(b, ru ? S("\nутверждения разговора 15 июня 2025 года, против cl100k (токены GPT-4), если не сказано иное\n"
	                  "верно: без потерь не меньше нижней границы; отчасти: без потерь не меньше её корня или с "
	                  "потерей не меньше её\n\n")
	        : S("\nclaims of the conversation of 15 June 2025, against cl100k (GPT-4's tokens) unless said otherwise\n"
	            "holds: without loss at least the lower end; in part: at least its square root, or with loss at "
	            "least it\n\n"));
	for (int i = 0; i < CLAIMS; i++)
		verdict(b, &c[i], ru);
}
