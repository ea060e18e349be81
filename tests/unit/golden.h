/* golden.h - golden cases: CASE.in is read, what comes of it must be CASE.out.
 *
 * A person who does not program adds a case by writing the .in file and running the test once
 * with LTM_GOLDEN_WRITE=1; then reads the .out file.
 */
#ifndef LTM_GOLDEN_H
#define LTM_GOLDEN_H
#include <dirent.h>
#include "check.h"
enum { GOLDEN_BYTES = 1 << 20 };
/* Appends to got what the program makes of the bytes of the case; in_path ends with ".in". */
typedef void (*golden_make)(struct buf *got, struct str in, const char *in_path);

static inline void golden_case(const char *in_path, golden_make make)
{
	struct buf in = { 0 }, want = { 0 }, got = { 0 };
	struct err e = { 0 };
	char out_path[4096];

	CHECK_EQ(file_read(&in, in_path, GOLDEN_BYTES, &e), OK);
	make(&got, buf_view(&in), in_path);
	snprintf(out_path, sizeof out_path, "%.*sout", (int)strlen(in_path) - 2, in_path);
	if (getenv("LTM_GOLDEN_WRITE"))
		CHECK_EQ(file_save(out_path, buf_view(&got), &e), OK);
	CHECK_EQ(file_read(&want, out_path, GOLDEN_BYTES, &e), OK);
	if (!str_eq(buf_view(&want), buf_view(&got)))
		fail_msg("%s differs; got:\n%s", out_path, got.p ? got.p : "");
	buf_free(&in);
	buf_free(&want);
	buf_free(&got);
}

/* Every case of a folder, in order of name; there must be at least so many. */
static inline void golden_folder(const char *dir, golden_make make, int at_least)
{
	struct dirent **v;
	int n = scandir(dir, &v, NULL, alphasort), done = 0;
	char path[4096];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, v[i]->d_name);
		if (str_ends(str_of(path), S(".in"))) {
			golden_case(path, make);
			done++;
		}
		free(v[i]);
	}
	CHECK(done >= at_least);
	free(v);
}
#endif
