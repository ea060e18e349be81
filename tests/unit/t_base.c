/* t_base.c - what every room relies on: memory, strings, runes, streams, files saved whole. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void arenas_are_zeroed_and_aligned(void **state)
{
	struct arena a = arena_open("test");
	size_t size[] = { 0, 1, 15, 16, 17, 5000, 1 << 20, 3 << 20, 7 };

	(void)state;
	for (int round = 0; round < 50; round++)
		for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
			char *p = arena_take(&a, size[i]);

			CHECK_EQ((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < size[i]; k += size[i] / 7 + 1)
				CHECK_EQ(p[k], 0);
			memset(p, 0xAA, size[i]);
		}
	arena_close(&a);
	CHECK(a.used == 0 && !a.last);
}

static void first_error_stays(void **state)
{
	struct err e = { 0 };

	(void)state;
	CHECK_EQ(err_set(&e, ERR_FORMAT, "bad \x1b[31m\xff byte in %s", "книга\n"), ERR_FORMAT);
	CHECK_EQ(err_set(&e, ERR_IO, "later"), ERR_FORMAT);
	assert_string_equal(e.msg, "bad ?[31m? byte in книга?");
	err_in(&e, "file.fb2");
	assert_string_equal(e.msg, "file.fb2: bad ?[31m? byte in книга?");
}

static void strings(void **state)
{
	struct arena a = arena_open("test");
	struct str rest = S("a\t\tб"), p;
	uint64_t u;
	double d;
	int n = 0;

	(void)state;
	while (str_cut(&rest, '\t', &p))
		n++;
	CHECK_EQ(n, 3);
	CHECK_STR(p, "б");
	CHECK_STR(str_trim(S(" \xC2\xA0\tслово \n")), "слово");
	CHECK(str_u64(S("18446744073709551615"), &u) && u == UINT64_MAX);
	CHECK(!str_u64(S("18446744073709551616"), &u) && !str_u64(S(""), &u) && !str_u64(S("-1"), &u));
	CHECK(str_f64(S("-1.5e3"), &d) && d == -1500);
	CHECK(!str_f64(S("nan"), &d) && !str_f64(S(" 1"), &d) && !str_f64(S("1x"), &d));
	CHECK_STR(str_fold(&a, S("a")), "a");
	CHECK_STR(str_fold(&a, S("ЁЖИК Élan")), "ежик élan");
	CHECK_STR(str_lower(&a, S("ЁЖ Й")), "ёж й");
	CHECK_STR(str_title(&a, S("ёжик")), "Ёжик");
	CHECK_STR(str_safe(&a, S("a\x1b]0;x\x07\xC2\x9B\nb"), false), "a?]0;x???b");
	CHECK_STR(str_safe(&a, S("a\nb"), true), "a\nb");
	arena_close(&a);
}

static void runes(void **state)
{
	static const char *const bad[] = { "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
		"\xFF", "\xE2\x82", "\xF0\x9F\x98" };

	(void)state;
	for (uint32_t r = 1; r < 0x110000; r += r < 0x3000 ? 1 : 97) {
		char u[4];
		const char *p = u;
		int n = utf8_put(u, r);

		if (r >= 0xD800 && r < 0xE000)
			continue;
		CHECK_EQ(utf8_next(&p, u + n), r);
		CHECK_EQ(p - u, n);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!utf8_valid(str_of(bad[i])));
	CHECK(utf8_valid(S("текст \xEF\xBF\xBD 🤖")));
	CHECK_EQ(utf8_count(S("ёж🤖")), 3);
	CHECK_EQ(utf8_offset(S("ёж🤖!"), 3), 8);
	CHECK_EQ(utf8_offset(S("ёж"), 9), 4);
	CHECK_EQ(rune_lower(0x401), 0x451);
	CHECK_EQ(rune_upper(0x451), 0x401);
}

static void interning(void **state)
{
	struct strtab t = strtab_open("test");
	char w[16];

	(void)state;
	CHECK_EQ(strtab_find(&t, S("x")), STRTAB_NONE);
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(w, sizeof w, "слово%u", i);
		CHECK_EQ(strtab_add(&t, str_of(w)), i);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(w, sizeof w, "слово%u", i);
		CHECK_EQ(strtab_add(&t, str_of(w)), i);
		CHECK_EQ(strtab_find(&t, str_of(w)), i);
	}
	CHECK_EQ(strtab_add(&t, S("")), 5000);
	strtab_close(&t);
}

static void cursor_remembers_trouble(void **state)
{
	struct buf b = { 0 };
	struct reader r;

	(void)state;
	buf_u32(&b, 7);
	buf_f32(&b, 1.5f);
	buf_blob(&b, S("abc"));
	buf_u32(&b, 0xFFFFFFFF);
	r = reader_of(buf_view(&b));
	CHECK_EQ(rd_u32(&r), 7);
	CHECK(rd_f32(&r) == 1.5f);
	CHECK_STR(rd_blob(&r), "abc");
	CHECK_EQ(rd_count(&r, 8), 0);		/* four thousand million things do not fit */
	CHECK(r.bad && rd_u32(&r) == 0 && rd_left(&r) == 0);
	buf_free(&b);
}

/* The streams are part of every result: their first numbers are pinned. */
static void streams_are_pinned(void **state)
{
	struct rng a = rng_stream(1, "order.shuffle", 0), b = rng_stream(1, "order.shuffle", 1),
	           c = rng_stream(1, "order.shuffle", 0);
	uint64_t first = rng_u64(&a);
	double sum = 0, sq = 0;
	uint32_t v[10];

	(void)state;
	CHECK(first == rng_u64(&c) && first != rng_u64(&b));
	CHECK(first == 0xf745d26bc749ad2eull);
	for (int i = 0; i < 20000; i++) {
		double x = rng_normal(&a);

		sum += x;
		sq += x * x;
	}
	CHECK_NEAR(sum / 20000, 0, 0.03);
	CHECK_NEAR(sq / 20000, 1, 0.04);
	for (uint32_t i = 0; i < 10; i++)
		v[i] = i;
	rng_shuffle(&a, v, 10);
	uint32_t seen = 0;
	for (int i = 0; i < 10; i++)
		seen |= 1u << v[i];
	CHECK_EQ(seen, 1023);
}

static char dir[64];

static const char *in_dir(const char *name)
{
	static char p[4][128];
	static int at;

	at = (at + 1) % 4;
	snprintf(p[at], sizeof p[at], "%s/%s", dir, name);
	return p[at];
}

static void saved_whole_or_not_at_all(void **state)
{
	struct err e = { 0 };
	struct buf b = { 0 };
	struct saver s;

	(void)state;
	CHECK(!file_save(in_dir("f"), S("old"), &e));
	CHECK(!saver_open(&s, in_dir("f"), &e));
	saver_write(&s, "new", 3);
	CHECK(!file_read(&b, in_dir("f"), 100, &e));
	CHECK_STR(buf_view(&b), "old");		/* not there before it is whole */
	saver_abort(&s);
	CHECK(!file_read(&b, in_dir("f"), 100, &e));
	CHECK_STR(buf_view(&b), "old");
	CHECK(!file_save(in_dir("f"), S("new"), &e));
	CHECK(!file_read(&b, in_dir("f"), 100, &e));
	CHECK_STR(buf_view(&b), "new");
	uint64_t size, hash;

	CHECK(!file_measure(&size, &hash, in_dir("f"), &e));
	CHECK(size == 3 && hash == hash64("new", 3, 0));
	CHECK_EQ(file_measure(&size, &hash, in_dir("absent"), NULL), ERR_IO);
	CHECK_EQ(file_read(&b, in_dir("f"), 2, &e), ERR_LIMIT);
	err_clear(&e);
	CHECK_EQ(file_read(&b, in_dir("absent"), 2, &e), ERR_IO);
	err_clear(&e);
	CHECK_EQ(file_save(in_dir("no/such/folder"), S("x"), &e), ERR_IO);
	err_clear(&e);
	/* the disk is full: an error, and the old file untouched */
	struct rlimit was, tiny;

	getrlimit(RLIMIT_FSIZE, &was);
	tiny = was;
	tiny.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &tiny);
	CHECK(!saver_open(&s, in_dir("f"), &e));
	for (int i = 0; i < 100; i++)
		saver_write(&s, dir, sizeof dir), saver_write(&s, (char[4096]){ 0 }, 4096);
	CHECK_EQ(saver_close(&s, &e), ERR_IO);
	setrlimit(RLIMIT_FSIZE, &was);
	CHECK(!file_read(&b, in_dir("f"), 100, &(struct err){ 0 }));
	CHECK_STR(buf_view(&b), "new");
	buf_free(&b);
}

static void stale_files_are_swept(void **state)
{
	char mine[64];

	(void)state;
	snprintf(mine, sizeof mine, "own.tmp.%ld", (long)getpid());
	CHECK(!file_save(in_dir("dead.tmp.999999999"), S("x"), &(struct err){ 0 }));
	CHECK(!file_save(in_dir(mine), S("x"), &(struct err){ 0 }));
	CHECK(!file_save(in_dir("kept.tmp.note"), S("x"), &(struct err){ 0 }));
	saver_sweep(dir);
	CHECK(!file_exists(in_dir("dead.tmp.999999999")));
	CHECK(file_exists(in_dir(mine)) && file_exists(in_dir("kept.tmp.note")));
}

static void one_writer(void **state)
{
	struct lock a, b;
	struct err e = { 0 };
	int status;
	pid_t pid;

	(void)state;
	CHECK(!lock_take(&a, dir, &e));
	pid = fork();
	if (!pid)
		_exit(lock_take(&b, dir, &e) == ERR_LOCK && strstr(e.msg, "PID") ? 0 : 1);
	waitpid(pid, &status, 0);
	CHECK_EQ(status, 0);
	lock_drop(&a);
	CHECK(!lock_take(&a, dir, &e));
	lock_drop(&a);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(arenas_are_zeroed_and_aligned), cmocka_unit_test(first_error_stays),
		cmocka_unit_test(strings), cmocka_unit_test(runes), cmocka_unit_test(interning),
		cmocka_unit_test(cursor_remembers_trouble), cmocka_unit_test(streams_are_pinned),
		cmocka_unit_test(saved_whole_or_not_at_all), cmocka_unit_test(stale_files_are_swept),
		cmocka_unit_test(one_writer),
	};
	int bad;

	snprintf(dir, sizeof dir, "/tmp/ltm-t_base-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	bad = cmocka_run_group_tests(t, NULL, NULL);
	char cmd[128];
	snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd) | bad;
}
