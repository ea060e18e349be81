/* plan_print.c - a plan as text for people and as JSON (app/plan/plan.h).
 *
 * Numbers for people: three figures and a word, so that rows can be compared by eye; in JSON
 * they stand whole. No locale touches either.
 */
#include <math.h>

#include "app/plan/plan.h"

static const struct { const char *key, *en, *ru; } words[] = {
	{ "books", "books", "книг" },
	{ "chars", "characters", "знаков" },
	{ "bytes", "text", "текст" },
	{ "words", "words", "слов" },
	{ "scenes", "scenes", "сцен" },
	{ "tokens.gpt2", "GPT-2 tokens", "токенов GPT-2" },
	{ "tokens.cl100k", "cl100k tokens", "токенов cl100k" },
	{ "tokens.o200k", "o200k tokens", "токенов o200k" },
	{ "tokens.byte", "byte-BPE tokens", "токенов байтового BPE" },
	{ "tokens.hyper", "hyperlexemes", "гиперлексем" },
	{ "tokens.chain", "lemma chains (lossy)", "сцепок лемм (с потерей)" },
	{ "tokens.glyph", "glyphs (lossy)", "значков (с потерей)" },
	{ "fill.once", "parameters, once through", "параметров за один проход" },
	{ "fill.epochs", "parameters, all epochs", "параметров за все проходы" },
	{ "params", "parameters planned", "параметров в плане" },
	{ "params.core", "parameters of the core", "параметров ядра" },
	{ "layers", "layers", "слоёв" },
	{ "width", "width", "ширина" },
	{ "context", "context, positions", "контекст, позиций" },
	{ "disk.store", "store on disk", "хранилище на диске" },
	{ "disk.tokens", "positions on disk", "позиции на диске" },
	{ "disk.coded", "text, coded", "текст в сжатом виде" },
	{ "disk.glyphs", "glyph lines, coded", "строки значков в сжатом виде" },
	{ "disk.checkpoint", "checkpoints", "контрольные точки" },
	{ "memory.train", "memory to train", "память на обучение" },
	{ "memory.think", "memory to think", "память на мышление" },
	{ "memory.read", "memory to read", "память на чтение" },
	{ "flops.position", "FLOPs a position", "операций на позицию" },
	{ "flops", "FLOPs to train", "операций на обучение" },
	{ "speed", "FLOPs a second", "операций в секунду" },
	{ "time.read", "time to read", "время чтения" },
	{ "time.write", "of it for the disk", "из него на диск" },
	{ "time.train", "time to train", "время обучения" },
	{ "time.all", "time in all", "время всего" },
	{ "guess.175b", "books to fill 175B", "книг, чтобы наполнить 175B" },
	{ "guess.70b", "books to fill 70B", "книг, чтобы наполнить 70B" },
	{ "guess.30b", "books to fill 30B", "книг, чтобы наполнить 30B" },
	{ "guess.800gb", "800 GB of text, coded", "800 ГБ текста в сжатом виде" },
	{ "guess.1t", "1 T tokens of GPT-4", "1 трлн токенов GPT-4" },
	{ "guess.context", "a context of 32K", "контекст 32K" },
	{ "guess.books", "20,000 books like these", "20 000 таких книг" },
};
enum { WORDS = sizeof words / sizeof *words };

static const char *words_of(const char *key, bool ru)
{
	for (int i = 0; i < WORDS; i++)
		if (!strcmp(words[i].key, key))
			return ru ? words[i].ru : words[i].en;
	return key;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Three figures of v, no exponent: 0.123 1.23 12.3 123 */
static void figures(struct buf *b, double v)
{
	double x = fabs(v);
	int digits = x >= 99.95 ? 0 : x >= 9.995 ? 1 : 2;

	if (x > 0 && x < 0.1)
		digits = 4;
	buf_printf(b, "%.*f", digits, v);
}

static void scaled(struct buf *b, double v, const char *unit)
{
	static const char *const prefix[] = { "", "k", "M", "G", "T", "P", "E", "Z", "Y" };
	int i = 0;

	while (fabs(v) >= (v == floor(v) && !*unit && !i ? 9999.5 : 999.5) && i < 8) {
		v /= 1000;
		i++;
	}
	if (i == 0 && v == floor(v))
		buf_printf(b, "%.0f", v);
	else
		figures(b, v);
	buf_printf(b, "%s%s%s", *prefix[i] || *unit ? " " : "", prefix[i], unit);
}

static void duration(struct buf *b, double s, bool ru)
{
	static const struct { double s; const char *en, *ru; } unit[] = {
		{ 365.25 * 86400, "years", "лет" }, { 86400, "days", "сут" }, { 3600, "h", "ч" },
		{ 60, "min", "мин" }, { 1, "s", "с" } };
	int i = 0;

	while (i < 4 && s < 2 * unit[i].s)
		i++;
	figures(b, s / unit[i].s);
	buf_printf(b, " %s", ru ? unit[i].ru : unit[i].en);
}

static void value(struct buf *b, const struct plan_row *r, double v, bool ru)
{
	if (isnan(v))
		return;
	switch (r->unit) {
	case PU_SECONDS: duration(b, v, ru); return;
	case PU_BYTES: scaled(b, v, ru ? "Б" : "B"); return;
	case PU_FLOPS: case PU_COUNT: case PU_RATIO: scaled(b, v, ""); return;
	}
}

/* ---- text ------------------------------------------------------------------------------------- */

static void cell(struct buf *b, struct str s, int width, bool right)
{
	int pad = width - (int)utf8_count(s);

	for (int i = 0; right && i < pad; i++)
		buf_char(b, ' ');
	buf_str(b, s);
	for (int i = 0; !right && i < pad; i++)
		buf_char(b, ' ');
}

static void number_cell(struct buf *b, const struct plan_row *r, double v, bool ru)
{
	struct buf x = { 0 };

	value(&x, r, v, ru);
	cell(b, buf_view(&x), 14, true);
	buf_free(&x);
}

static void head(struct buf *b, const struct plan *p, bool ru)
{
	const struct plan_speed *s = &p->speed;

	buf_printf(b, ru ? "отношения  %s (%.0f книг, %.1f млн знаков)\n" : "ratios     %s (%.0f books, %.1f M "
	           "characters)\n", p->basis.from, p->basis.books, p->basis.chars / 1e6);
	buf_printf(b, ru ? "скорости   %.1f GFLOP/s на ядро, чтение %.0f знаков/с на %d ядрах, диск %.0f МБ/с%s\n\n"
	           : "speeds     %.1f GFLOP/s a core, reading %.0f characters/s on %d cores, disk %.0f MB/s%s\n\n",
	           s->gflops, s->read, s->cores, s->write, s->measured ? ru ? "; измерено сейчас"
	           : "; measured now" : ru ? "; не измерено здесь" : "; not measured here");
	cell(b, S(""), 26, false);
	cell(b, ru ? S("токенная") : S("token model"), 14, true);
	cell(b, S("LTM"), 14, true);
	buf_str(b, ru ? S("   как посчитано\n") : S("   computed as\n"));
}

/* Groups of rows, by the beginning of their keys; an empty line between. Others go on. */
static int group_of(const char *key, int now)
{
	static const char *const begins[] = { "books", "tokens", "fill", "disk", "memory", "flops", "guess" };

	for (int i = 0; i < (int)(sizeof begins / sizeof *begins); i++)
		if (!strncmp(key, begins[i], strlen(begins[i])))
			return i;
	return now;
}

void plan_text(struct buf *b, const struct plan *p, bool ru)
{
	int group = 0;

	head(b, p, ru);
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_row *r = &p->row[i];
		int of = group_of(r->key, group);

		if (of != group)
			buf_char(b, '\n');
		group = of;
		cell(b, str_of(words_of(r->key, ru)), 26, false);
		number_cell(b, r, r->token, ru);
		number_cell(b, r, r->ltm, ru);
		buf_printf(b, "   %s\n", r->formula);
	}
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static void json_number(struct buf *b, const char *key, double v)
{
	if (isfinite(v))
		buf_printf(b, ",\"%s\":%.10g", key, v);
	else
		buf_printf(b, ",\"%s\":null", key);
}

void plan_json(struct buf *b, const struct plan *p)
{
	static const char *const unit[] = { "count", "bytes", "seconds", "flops", "ratio" };

	buf_str(b, S("{\"basis\":{\"from\":"));
	json_str(b, str_of(p->basis.from));
	json_number(b, "books", p->basis.books);
	json_number(b, "chars", p->basis.chars);
	buf_printf(b, "},\n\"speeds\":{\"measured\":%s,\"cores\":%d", p->speed.measured ? "true" : "false",
	           p->speed.cores);
	json_number(b, "gflops", p->speed.gflops);
	json_number(b, "together", p->speed.all);
	json_number(b, "read", p->speed.read);
	json_number(b, "write", p->speed.write);
	json_number(b, "training_share", p->share);
	buf_str(b, S("},\n\"rows\":["));
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_row *r = &p->row[i];

		buf_printf(b, "%s{\"key\":\"%s\",\"unit\":\"%s\"", i ? ",\n" : "\n", r->key, unit[r->unit]);
		json_number(b, "token", r->token);
		json_number(b, "ltm", r->ltm);
		buf_str(b, S(",\"formula\":"));
		json_str(b, str_of(r->formula));
		buf_char(b, '}');
	}
	buf_str(b, S("]}\n"));
}
