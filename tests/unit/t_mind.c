/* t_mind.c - a sealed mind: one byte flipped anywhere is found, a newer version is refused. */
#include "check.h"

#include <unistd.h>

#include "io/mind.h"

static char dir[64];
static const char *const files[] = { "store.db", "train.log", "adapters/lora.safetensors" };
enum { FILES = 3 };

static const char *path_of(const char *file)
{
	static char path[200];

	snprintf(path, sizeof path, "%s/%s", dir, file);
	return path;
}

static void put(const char *file, const char *bytes)
{
	struct err e = { 0 };

	CHECK_EQ(file_save(path_of(file), str_of(bytes), &e), OK);
}

static int make(void **state)
{
	struct err e = { 0 };

	(void)state;
	strcpy(dir, "/tmp/t_mind.XXXXXX");
	CHECK(mkdtemp(dir));
	CHECK_EQ(dir_make(path_of("adapters"), &e), OK);
	put("store.db", "books and scenes");
	put("train.log", "step=1 loss=3.5\n");
	put("adapters/lora.safetensors", "");
	put("lock", "123");
	put("store.db-wal", "transient");
	put("core.1.ckpt.tmp.99", "half");
	CHECK_EQ(mind_seal(dir, &e), OK);
	return 0;
}

static int drop(void **state)
{
	static const char *const all[] = { "store.db", "train.log", "adapters/lora.safetensors",
		"lock", "store.db-wal", "core.1.ckpt.tmp.99", "manifest.json", "adapters" };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		remove(path_of(all[i]));
	return rmdir(dir);
}

static void test_whole(void **state)
{
	struct err e = { 0 };
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	CHECK_EQ(mind_check(dir, &e), OK);
	CHECK_EQ(mind_glance(dir, &e), OK);
	CHECK_EQ(file_read(&a, path_of("manifest.json"), 1 << 20, &e), OK);
	for (int i = 0; i < FILES; i++)
		CHECK(strstr(a.p, files[i]));
	CHECK(!strstr(a.p, "wal") && !strstr(a.p, "lock") && !strstr(a.p, "tmp"));
	CHECK_EQ(mind_seal(dir, &e), OK);
	CHECK_EQ(file_read(&b, path_of("manifest.json"), 1 << 20, &e), OK);
	CHECK(str_eq(buf_view(&a), buf_view(&b)));
	buf_free(&a);
	buf_free(&b);
}

/* Every byte of one file, every bit of some: the check must fail and say why. */
static void flip_all(const char *file, unsigned mask)
{
	struct buf was = { 0 };
	struct err e = { 0 };

	CHECK_EQ(file_read(&was, path_of(file), 1 << 20, &e), OK);
	for (size_t i = 0; i < was.n; i++) {
		was.p[i] ^= (char)mask;
		CHECK_EQ(file_save(path_of(file), buf_view(&was), &e), OK);
		err_clear(&e);
		if (mind_check(dir, &e) != ERR_FORMAT || !e.msg[0])
			fail_msg("%s: byte %zu flipped and not found", file, i);
		err_clear(&e);
		was.p[i] ^= (char)mask;
	}
	CHECK_EQ(file_save(path_of(file), buf_view(&was), &e), OK);
	CHECK_EQ(mind_check(dir, &e), OK);
	buf_free(&was);
}

static void test_flip(void **state)
{
	(void)state;
	for (int i = 0; i < FILES; i++)
		flip_all(files[i], 0x01);
	flip_all("manifest.json", 0x01);
	flip_all("manifest.json", 0x20);	/* changes case and blanks: still JSON */
}

static void test_changed(void **state)
{
	struct err e = { 0 };

	(void)state;
	put("train.log", "step=1 loss=3.5\nstep=2\n");
	CHECK_EQ(mind_glance(dir, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "train.log: 23 bytes, the manifest says 16"));
	err_clear(&e);
	remove(path_of("train.log"));
	CHECK_EQ(mind_glance(dir, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "missing"));
	err_clear(&e);
	remove(path_of("manifest.json"));
	CHECK_EQ(mind_check(dir, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "not a mind"));
}

static void test_newer(void **state)
{
	struct err e = { 0 };

	(void)state;
	put("manifest.json", "{\"kind\": \"ltm mind\", \"version\": 7, \"files\": 0}");
	CHECK_EQ(mind_glance(dir, &e), ERR_FORMAT);
	CHECK(strstr(e.msg, "version 7"));
}

/* A manifest from elsewhere, sealed rightly, must not lead out of the folder. */
static void test_escape(void **state)
{
	static const char *const name[] = { "../x", "/etc/passwd", "a/../../x", "", "a//b" };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
		struct buf b = { 0 };

		buf_printf(&b, "{\n \"kind\": \"ltm mind\",\n \"version\": 1,\n \"files\": [\n"
		           "  {\"name\": \"%s\", \"size\": 0, \"xxh3\": \"0\"}\n ],\n", name[i]);
		buf_printf(&b, " \"seal\": \"%016llx\"\n}\n",
		           (unsigned long long)hash64(b.p, b.n, 0));
		put("manifest.json", b.p);
		err_clear(&e);
		CHECK_EQ(mind_glance(dir, &e), ERR_FORMAT);
		CHECK(strstr(e.msg, "without name"));
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, make, drop),
		cmocka_unit_test_setup_teardown(test_flip, make, drop),
		cmocka_unit_test_setup_teardown(test_changed, make, drop),
		cmocka_unit_test_setup_teardown(test_newer, make, drop),
		cmocka_unit_test_setup_teardown(test_escape, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
