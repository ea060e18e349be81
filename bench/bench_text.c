/* bench_text.c - how fast bytes become sentences: MB a second of one core,
 * the fastest of several runs a format.
 *
 * Its book is a page in the public domain, repeated until it is 4 MB; files given come first.
 */
#include <stdlib.h>
#include <time.h>

#include "text/text.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);	/* neighbours do not count */
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct count { size_t books, sents, bytes; };

static enum status each(void *ctx, struct book *b, struct err *e)
{
	struct count *c = ctx;

	(void)e;
	c->books++;
	c->sents += b->n_sent;
	c->bytes += b->text.n;
	return OK;
}

static const char page[] =
	"    В начале июля, в чрезвычайно жаркое время, под вечер, один молодой человек вышел из своей "
	"каморки, которую нанимал от жильцов, на улицу и медленно, как бы в нерешимости, отправился к "
	"мосту. Он благополучно избегнул встречи с хозяйкой на лестнице… Каморка его приходилась под "
	"самою кровлей высокого дома.\n"
	"    — Что, А. С., не видать ещё? — спрашивал 20 мая 1859 г. барин лет сорока. — Никак нет-с!\n"
	"    «Если она здесь без мужа, — соображал он, — то было бы не лишнее познакомиться с ней».\n";

static void run(const char *what, struct str bytes, const char *name)
{
	double best = 1e9;
	struct count c = {0};

	for (int i = 0; i < 9; i++) {
		struct err e = {0};
		double t = seconds();
		c = (struct count){0};
		if (text_read(bytes, name, each, &c, &e)) {
			printf("%-10s %s\n", what, e.msg);
			return;
		}
		t = seconds() - t;
		best = t < best ? t : best;
	}
	printf("%-10s %7.1f MB/s of file, %7.1f MB/s of text, %zu sentences, %.2f ms\n", what,
	       (double)bytes.n / 1e6 / best, (double)c.bytes / 1e6 / best, c.sents, best * 1e3);
}

int main(int argc, char **argv)
{
	struct buf txt = {0}, fb2 = {0}, old = {0};
	struct err e = {0};

	for (int i = 1; i < argc; i++) {
		struct buf b = {0};
		if (file_read(&b, argv[i], LIMIT_BOOK, &e))
			return puts(e.msg), ERR_IO;
		const char *slash = strrchr(argv[i], '/');
		run(slash ? slash + 1 : argv[i], buf_view(&b), argv[i]);
		buf_free(&b);
	}
	while (txt.n < 4 << 20)
		buf_str(&txt, S(page));
	buf_str(&fb2, S("<?xml version=\"1.0\" encoding=\"utf-8\"?><FictionBook><body><section>"));
	for (struct str rest = buf_view(&txt), line; str_cut(&rest, '\n', &line);)
		buf_printf(&fb2, "<p>" STR_FMT "</p>\n", STR_ARG(line));
	buf_str(&fb2, S("</section></body></FictionBook>"));
	const char *p = txt.p, *end = txt.p + txt.n;
	while (p < end) {		/* CP1251 by its own rule for а…я, the rest as it comes */
		uint32_t r = utf8_next(&p, end);
		buf_char(&old, r < 0x80 ? (char)r : r >= 0x410 && r < 0x450 ? (char)(r - 0x350) : (char)0x96);
	}
	run("txt utf-8", buf_view(&txt), "bench.txt");
	run("txt cp1251", buf_view(&old), "bench.txt");
	run("fb2 utf-8", buf_view(&fb2), "bench.fb2");
	buf_free(&txt);
	buf_free(&fb2);
	buf_free(&old);
	return 0;
}
