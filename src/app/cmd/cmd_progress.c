/* cmd_progress.c - the conversation on stderr while a command works.
 *
 *   in    what the library tells its watch: stage, done, total, unit; remarks
 *   out   on a terminal one line, drawn after half a second and then at least once a second,
 *         also when the library is silent (a ticker thread); else a plain line a stage
 *
 * Invariants: nothing but our own escape bytes reaches the terminal; stdout is never touched;
 * with --quiet only errors speak.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/cmd/cmd.h"

static struct {
	pthread_mutex_t lock;
	pthread_t ticker;
	bool ticking, end, quiet, tty, shown;
	enum lang l;
	char stage[64], unit[32];
	double done, total, since, drawn;
	double first, first_at;		/* done when the stage began, for the rate */
} p = { .lock = PTHREAD_MUTEX_INITIALIZER };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Stages and units as the library names them, for a Russian reader. */
static const char *word(const char *s)
{
	static const char *const ru[][2] = {
		{ "read", "чтение" }, { "concepts", "понятия" }, { "train", "обучение" },
		{ "eval", "проверка" }, { "report", "отчёт" }, { "think", "мысль" },
		{ "check", "сверка" }, { "seal", "опись" }, { "index", "указатель" },
		{ "data", "данные" }, { "ranker", "оценщик" }, { "find", "поиск книг" },
		{ "books", "книг" }, { "scenes", "сцен" }, { "steps", "шагов" },
		{ "files", "файлов" }, { "rounds", "кругов" },
		{ "epochs", "эпох" }, { "parts", "частей" }, { "trees", "деревьев" },
		{ "targets", "заданий" }, { "bytes", "байт" }, { "count", "счёт слов" },
		{ "cut", "морфемы" }, { "merge", "слияния" }, { "merges", "слияний" },
		{ "words", "слов" }, { "encode", "кодирование" },
	};

	for (size_t i = 0; p.l == RU && i < sizeof ru / sizeof *ru; i++)
		if (!strcmp(ru[i][0], s))
			return ru[i][1];
	return s;
}

static unsigned rune_at(const unsigned char *s, size_t left, size_t *n)
{
	*n = 1;
	if (left >= 2 && s[0] == 0xc2) {
		*n = 2;
		return s[1];
	}
	if (left >= 3 && s[0] == 0xe2) {
		*n = 3;
		return 0x2000 + ((s[1] & 0x3fu) << 6) + (s[2] & 0x3fu);
	}
	return s[0] < 0x80 ? s[0] : 0x100;
}

static bool unsafe(unsigned r, bool bidi)
{
	if (r < ' ')
		return r != '\n' && r != '\t';
	if (r >= 0x7f && r < 0xa0)
		return true;
	return bidi && (r == 0x200e || r == 0x200f || (r >= 0x202a && r <= 0x202e) ||
	                (r >= 0x2066 && r <= 0x2069));
}

void write_safe(FILE *f, const char *s, size_t n, bool bidi)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t from = 0, len;

	for (size_t i = 0; i < n; i += len) {
		if (!unsafe(rune_at(u + i, n - i, &len), bidi))
			continue;
		fwrite(s + from, 1, i - from, f);
		fputc('?', f);
		from = i + len;
	}
	fwrite(s + from, 1, n - from, f);
}

static void put_time(char *b, size_t n, double s)
{
	if (s < 0 || s > 360000)
		snprintf(b, n, "?");
	else if (s < 60)
		snprintf(b, n, p.l == RU ? "%.*f с" : "%.*f s", s < 9.95, s);
	else if (s < 3600)
		snprintf(b, n, "%d:%02d", (int)s / 60, (int)s % 60);
	else
		snprintf(b, n, "%d:%02d:%02d", (int)s / 3600, (int)s / 60 % 60, (int)s % 60);
}

/* "read  12/340 books  3.2/s  1:42 left"; lock held. */
static void line(char *b, size_t n, double t)
{
	double gone = t - p.first_at, made = p.done - p.first;
	double rate = gone > 0.5 && made > 0 ? made / gone : 0;
	char left[40], age[40];
	int k;

	put_time(age, sizeof age, t - p.since);
	if (p.total > 0)
		k = snprintf(b, n, "%s  %.0f/%.0f %s", word(p.stage), p.done, p.total, word(p.unit));
	else
		k = snprintf(b, n, "%s  %.0f %s", word(p.stage), p.done, word(p.unit));
	if (rate > 0 && (size_t)k < n)
		k += snprintf(b + k, n - k, rate < 10 ? "  %.1f/%s" : "  %.0f/%s", rate,
		              p.l == RU ? "с" : "s");
	if ((size_t)k < n)
		k += snprintf(b + k, n - k, "  %s", age);
	if (rate > 0 && p.total > p.done && (size_t)k < n) {
		put_time(left, sizeof left, (p.total - p.done) / rate);
		snprintf(b + k, n - k, p.l == RU ? ", осталось %s" : ", %s left", left);
	}
}

static void draw(double t)
{
	char b[200];

	if (!*p.stage || t - p.since < 0.5)
		return;
	line(b, sizeof b, t);
	fputs("\r", stderr);
	write_safe(stderr, b, strlen(b), true);
	fputs("\x1b[K", stderr);
	fflush(stderr);
	p.shown = true;
	p.drawn = t;
}

static void hide(void)
{
	if (p.shown)
		fputs("\r\x1b[K", stderr);
	p.shown = false;
}

static void *tick(void *unused)
{
	(void)unused;
	for (;;) {
		struct timespec nap = { 0, 250000000 };
		double t;

		nanosleep(&nap, NULL);
		pthread_mutex_lock(&p.lock);
		t = now();
		if (p.end) {
			pthread_mutex_unlock(&p.lock);
			return NULL;
		}
		if (t - p.drawn >= 1)
			draw(t);
		pthread_mutex_unlock(&p.lock);
	}
}

void progress_start(bool quiet, enum lang l)
{
	p.quiet = quiet;
	p.l = l;
	p.tty = isatty(2);
	p.end = false;
	if (p.tty && !quiet)
		p.ticking = !pthread_create(&p.ticker, NULL, tick, NULL);
}

/* The stage is over: its plain line when it took long enough to be worth one. */
static void close_stage(double t, bool well)
{
	char b[200], age[40];

	hide();
	if (!*p.stage || p.quiet || t - p.since < 0.2)
		return;
	put_time(age, sizeof age, t - p.since);
	snprintf(b, sizeof b, "%s  %.0f %s  %s%s\n", word(p.stage), p.done, word(p.unit), age,
	         well ? "" : p.l == RU ? "  прервано" : "  broken off");
	write_safe(stderr, b, strlen(b), true);
}

void progress_show(void *ctx, const char *stage, double done, double total, const char *unit)
{
	double t = now();

	(void)ctx;
	if (p.quiet)
		return;
	pthread_mutex_lock(&p.lock);
	if (strcmp(stage, p.stage)) {
		close_stage(t, true);
		snprintf(p.stage, sizeof p.stage, "%s", stage);
		p.since = p.first_at = t;
		p.first = done;
		p.drawn = 0;
	}
	snprintf(p.unit, sizeof p.unit, "%s", unit ? unit : "");
	p.done = done;
	p.total = total;
	if (p.tty && t - p.drawn >= 0.1)
		draw(t);
	pthread_mutex_unlock(&p.lock);
}

void progress_note(void *ctx, const char *text)
{
	(void)ctx;
	if (p.quiet)
		return;
	pthread_mutex_lock(&p.lock);
	hide();
	fputs("ltm: ", stderr);
	write_safe(stderr, text, strcspn(text, "\n"), true);
	fputc('\n', stderr);
	pthread_mutex_unlock(&p.lock);
}

void progress_hide(void)
{
	pthread_mutex_lock(&p.lock);
	hide();
	fflush(stderr);
	pthread_mutex_unlock(&p.lock);
}

void progress_end(bool well)
{
	pthread_mutex_lock(&p.lock);
	close_stage(now(), well);
	p.stage[0] = 0;
	p.end = true;
	pthread_mutex_unlock(&p.lock);
	if (p.ticking)
		pthread_join(p.ticker, NULL);
	p.ticking = false;
}
