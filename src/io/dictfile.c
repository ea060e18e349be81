/* dictfile.c - the dictionary's file: made at set-up, found and mapped at run time.
 *
 *   in    the folder `dicts` of the npm package az, or a path, or nothing
 *   out   words.dict, saved whole or not at all; or an open dictionary over its bytes
 *
 * Invariant: the map outlives the dictionary; dictfile_close ends both in that order.
 */
#include <stdlib.h>
#include <unistd.h>
#include "io/dictfile.h"

enum { LIMIT_AZ = 64 << 20 };	/* bytes of one file of az; the largest has 5.4 MB */

static enum status load(struct buf *b, const char *dir, const char *name, struct err *e)
{
	char path[4096];

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return err_set(e, ERR_USAGE, "%s: too long a path", dir);
	return file_read(b, path, LIMIT_AZ, e);
}

enum status dictfile_build(const char *dir, const char *out_path, struct err *e)
{
	static const char *const name[] = {
		"words.dawg", "p_t_given_w.intdawg", "prediction-suffixes-0.dawg",
		"prediction-suffixes-1.dawg", "prediction-suffixes-2.dawg", "paradigms.array",
		"suffixes.json", "gramtab-opencorpora-int.json",
	};
	enum { N = sizeof name / sizeof *name };
	struct buf in[N] = { { 0 } }, out = { 0 };
	enum status st = OK;

	for (int i = 0; i < N && !st; i++)
		st = load(&in[i], dir, name[i], e);
	if (!st) {
		struct dict_source src = {
			buf_view(&in[0]), buf_view(&in[1]),
			{ buf_view(&in[2]), buf_view(&in[3]), buf_view(&in[4]) },
			buf_view(&in[5]), buf_view(&in[6]), buf_view(&in[7]),
		};
		st = dict_build(&out, &src, e);
		if (st)
			err_in(e, dir);
	}
	if (!st)
		st = file_save(out_path, buf_view(&out), e);
	for (int i = 0; i < N; i++)
		buf_free(&in[i]);
	buf_free(&out);
	return st;
}

static enum status open_at(struct dictfile *out, const char *path, struct err *e)
{
	enum status st = file_map(&out->bytes, path, e);

	if (st)
		return st;
	st = dict_open(&out->dict, out->bytes, e);
	if (st) {
		file_unmap(&out->bytes);
		return err_in(e, path);
	}
	return OK;
}

/* The folder of the running program; false when the system does not tell. */
static bool program_dir(char *dir, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", dir, cap - 1);
	char *slash;

	if (n <= 0)
		return false;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

/* The first place that has the file, into path; false when none has. */
static bool look_around(char *path, size_t cap)
{
	static const char *const near[] = {
		"words.dict", "../words.dict", "../../words.dict", "../share/ltm/words.dict",
	};
	char dir[3800];

	for (size_t i = 0; program_dir(dir, sizeof dir) && i < sizeof near / sizeof *near; i++) {
		snprintf(path, cap, "%s/%s", dir, near[i]);
		if (file_exists(path))
			return true;
	}
	snprintf(path, cap, "%s/share/ltm/words.dict", LTM_PREFIX);
	return file_exists(path);
}

enum status dictfile_open(struct dictfile *out, const char *path, struct err *e)
{
	const char *env = getenv("LTM_DICT");
	char found[4096];

	*out = (struct dictfile){ 0 };
	if (path)
		return open_at(out, path, e);
	if (env && *env)
		return open_at(out, env, e);
	if (look_around(found, sizeof found))
		return open_at(out, found, e);
	return err_set(e, ERR_IO, "no dictionary words.dict found; run `make build/words.dict` "
	               "in the source folder, or name the file in LTM_DICT");
}

void dictfile_close(struct dictfile *d)
{
	dict_close(d->dict);
	if (d->bytes.p)
		file_unmap(&d->bytes);
	*d = (struct dictfile){ 0 };
}
