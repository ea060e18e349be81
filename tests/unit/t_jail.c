/* t_jail.c - untrusted books in a child: what it may not do, and that its death harms nobody. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "io/jail.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static const char story[] = "Анна шла по мокрой улице. Она ждала письма и боялась его.\n";

struct seen { size_t books; uint64_t hash; size_t sents; int kill_at, sig; struct jail *j; bool warned; };

static enum status note(void *ctx, struct book *b, struct err *e)
{
	struct seen *s = ctx;

	(void)e;
	s->books++;
	s->sents += b->n_sent;
	s->hash = hash64(b->text.p, b->text.n, s->hash);
	s->warned = b->warn.n > 0;
	if (s->kill_at && s->books == (size_t)s->kill_at)
		kill(jail_pid(s->j), s->sig);
	return OK;
}

static enum status refuse(void *ctx, struct book *b, struct err *e)
{
	(void)b;
	++*(int *)ctx;
	return err_set(e, ERR_STOP, "enough");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void plain(struct jail *j)
{
	struct seen s = {0};
	struct err e = {0};

	CHECK_EQ(jail_read_bytes(j, str_of(story), "story.txt", note, &s, &e), OK);
	CHECK_EQ(s.books, 1);
	CHECK_EQ(s.sents, 2);
}

static void walls(void **state)
{
	struct jail *j = jail_open();
	unsigned w = jail_walls(j);

	(void)state;
	CHECK(w & JAIL_CPU);
#if defined(__x86_64__) || defined(__aarch64__)
	CHECK((w & JAIL_NO_FILES) && (w & JAIL_NO_SOCKETS) && (w & JAIL_NO_FORK));
#endif
#ifndef SANITIZED
	CHECK(w & JAIL_MEMORY);
#endif
	plain(j);
	jail_close(j);
}

/* Killed between files: the next file knows nothing of it. Killed while reading: that file
 * is refused with the signal, the next one is read. */
static void deaths(void **state)
{
	struct jail *j = jail_open();

	(void)state;
	plain(j);
	int old = jail_pid(j);
	CHECK(old > 0);
	kill(old, SIGKILL);
	plain(j);
	CHECK(jail_pid(j) != old);
	jail_close(j);
}

static void death_in_reading(void **state)
{
	const char *dir = shared_dir();
	struct jail *j = jail_open();
	char path[1024];

	(void)state;
	if (!dir) {
		jail_close(j);
		skip_shared();
	}
	snprintf(path, sizeof path, "%s/data/hostile/fb2zip/1000-books.zip", dir);
	struct seen all = {0};
	struct err e = {0};
	CHECK_EQ(jail_read(j, path, note, &all, &e), OK);
	CHECK_EQ(all.books, 1000);
	struct seen s = { .kill_at = 1, .sig = SIGKILL, .j = j };
	CHECK_EQ(jail_read(j, path, note, &s, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "the reader crashed (signal 9)") && strstr(e.msg, path));
	CHECK(s.books < 1000);
	plain(j);
	/* A child that stands still is not waited for. */
	struct seen z = { .kill_at = 1, .sig = SIGSTOP, .j = j };
	double t = seconds();
	err_clear(&e);
	jail_patience(j, 0.3, 0.5);
	CHECK_EQ(jail_read(j, path, note, &z, &e), ERR_LIMIT);
	CHECK(strstr(e.msg, "took longer") && seconds() - t < 10);
	jail_patience(j, 20, 60);
	plain(j);
	jail_close(j);
}

static void stops(void **state)
{
	struct jail *j = jail_open();
	struct err e = {0};
	int calls = 0;

	(void)state;
	CHECK_EQ(jail_read_bytes(j, str_of(story), "story.txt", refuse, &calls, &e), ERR_STOP);
	CHECK_EQ(calls, 1);
	CHECK(strstr(e.msg, "enough"));
	plain(j);
	jail_close(j);
}

static void errors(void **state)
{
	struct jail *j = jail_open();
	struct seen s = {0};
	struct err e = {0};

	(void)state;
	CHECK_EQ(jail_read_bytes(j, S(""), "empty.txt", note, &s, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "empty.txt: "));
	err_clear(&e);
	CHECK_EQ(jail_read(j, "/nonexistent/book.txt", note, &s, &e), ERR_IO);
	CHECK(strstr(e.msg, "/nonexistent/book.txt"));
	CHECK_EQ(s.books, 0);
	plain(j);
	jail_close(j);
}

/* The same books as without a jail, to the byte. */
static void same_as_text(void **state)
{
	static const char *const files[] = { "chekhov_chayka.fb2", "turgenev_ottsy-i-deti.epub",
		"gogol_shinel.cp866.txt", "dostoevsky_prestuplenie-i-nakazanie.cp1251.fb2.zip" };
	const char *dir = shared_dir();
	struct jail *j = jail_open();

	(void)state;
	if (!dir) {
		jail_close(j);
		skip_shared();
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[1024];
		struct seen in = {0}, out = {0};
		struct err e = {0};
		struct buf b = {0};
		snprintf(path, sizeof path, "%s/data/formats/%s", dir, files[i]);
		CHECK_EQ(jail_read(j, path, note, &in, &e), OK);
		CHECK_EQ(file_read(&b, path, LIMIT_BOOK, &e), OK);
		CHECK_EQ(text_read(buf_view(&b), path, note, &out, &e), OK);
		CHECK(in.hash == out.hash && in.sents == out.sents && in.books == 1);
		buf_free(&b);
	}
	jail_close(j);
}

static void hostile(void **state)
{
	const char *dir = shared_dir();
	struct jail *j = jail_open();
	char path[1024];
	struct buf m = {0};
	struct err e = {0};
	size_t n = 0;

	(void)state;
	if (!dir) {
		jail_close(j);
		skip_shared();
	}
	snprintf(path, sizeof path, "%s/data/hostile/MANIFEST.tsv", dir);
	CHECK_EQ(file_read(&m, path, 1 << 20, &e), OK);
	struct str rest = buf_view(&m), row;
	while (str_cut(&rest, '\n', &row)) {
		char file[256], expect[32];
		struct seen s = {0};
		struct err own = {0};
		if (sscanf(row.p, "%255[^\t]\t%*[^\t]\t%*[^\t]\t%31[^\t]", file, expect) != 2 ||
		    (strncmp(file, "fb2", 3) && strncmp(file, "txt/", 4) && strncmp(file, "epub/", 5)))
			continue;
		double t = seconds();
		snprintf(path, sizeof path, "%s/data/hostile/%s", dir, file);
		enum status st = jail_read(j, path, note, &s, &own);
		bool good = !strcmp(expect, "any") || (!strcmp(expect, "accept") && st == OK && s.books) ||
			(!strcmp(expect, "accept-warn") && st == OK && s.warned) ||
			(!strcmp(expect, "reject") && (st == ERR_FORMAT || st == ERR_LIMIT) && own.msg[0]);
		if (!good || strstr(own.msg, "crashed"))
			print_error("%s: expected %s, got %d %s\n", file, expect, st, own.msg);
		CHECK(good && !strstr(own.msg, "crashed"));
		CHECK(seconds() - t < 15);	/* by the wall, on a busy machine; t_text counts CPU */
		n++;
	}
	CHECK(n > 100);
	buf_free(&m);
	jail_close(j);
}

/* Descriptors do not leak, in either process: the same numbers come back. */
static void descriptors(void **state)
{
	int before = open("/dev/null", O_RDONLY);

	(void)state;
	close(before);
	for (int i = 0; i < 5; i++) {
		struct jail *j = jail_open();
		plain(j);
		jail_close(j);
	}
	int after = open("/dev/null", O_RDONLY);
	CHECK_EQ(before, after);
	close(after);
}

static void *thread(void *arg)
{
	(void)arg;
	struct jail *j = jail_open();
	for (int i = 0; i < 20; i++)
		plain(j);
	jail_close(j);
	return NULL;
}

static void threads(void **state)
{
	pthread_t t[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, thread, NULL), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walls), cmocka_unit_test(deaths), cmocka_unit_test(death_in_reading),
		cmocka_unit_test(stops), cmocka_unit_test(errors), cmocka_unit_test(same_as_text),
		cmocka_unit_test(hostile), cmocka_unit_test(descriptors), cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
