/* store_kit.h - a store in a folder of its own, for the tests of the store. */
#ifndef LTM_STORE_KIT_H
#define LTM_STORE_KIT_H
#include "check.h"
#include "synth_book.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/t_store.XXXXXX";

static inline const char *at(const char *name)
{
	static char path[8][200];
	static int i;

	i = (i + 1) % 8;
	snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
	return path[i];
}

static inline struct store *open_store(const char *path, enum store_mode mode)
{
	struct store *s;
	struct err e = { 0 };

	if (store_open(&s, path, mode, &e))
		print_error("%s\n", e.msg);
	CHECK_EQ(e.code, OK);
	return s;
}

static inline void put_synth(struct store *s, uint64_t seed, size_t scenes, size_t words)
{
	struct arena a = arena_open("test");
	struct book_put b;
	struct err e = { 0 };
	int64_t id;

	synth_put(&b, seed, scenes, words, &a);
	if (!store_book_find(s, b.row.source_hash, &id)) {
		if (store_book_put(s, &b, &e))
			print_error("%s\n", e.msg);
		CHECK_EQ(e.code, OK);
	}
	arena_close(&a);
}

static inline void finish(struct store *s)
{
	struct err e = { 0 };

	if (store_finish(s, &e))
		print_error("%s\n", e.msg);
	CHECK_EQ(e.code, OK);
}

static inline uint64_t file_hash(const char *path)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	CHECK_EQ(file_read(&b, path, 1 << 30, &e), OK);
	uint64_t h = hash64(b.p, b.n, 0);
	buf_free(&b);
	return h;
}

static inline bool alone(const char *path)
{
	char name[300];
	bool yes = true;

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", path, i == 0 ? "-wal" : i == 1 ? "-shm" : "-journal");
		yes = yes && !file_exists(name);
	}
	return yes;
}

static inline int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static inline int drop_dir(void **state)
{
	char cmd[300];

	(void)state;
	snprintf(cmd, sizeof cmd, "rm -r '%s'", dir);
	return system(cmd);
}

#endif
