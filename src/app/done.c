/* done.c - remembers what each stage of a mind was made from (app/done.h). */
#include <stdlib.h>

#include "app/done.h"
#include "io/mind.h"

enum { LIMIT_DONE = 64 << 10 };

uint64_t file_hash(const char *path)
{
	uint64_t size, h;

	return file_measure(&size, &h, path, NULL) ? 0 : h;
}

static void row(struct buf *b, const char *stage, uint64_t inputs, uint64_t output)
{
	buf_printf(b, "%s\t%016llx\t%016llx\n", stage, (unsigned long long)inputs,
	           (unsigned long long)output);
}

/* The rows of the file; every one but `without` goes to keep, that one's text to *found. */
static void split_rows(struct str file, const char *without, struct buf *keep, struct str *found)
{
	struct str line, key = str_of(without);

	while (str_cut(&file, '\n', &line)) {
		if (str_starts(line, key) && line.n > key.n && line.p[key.n] == '\t')
			*found = line;
		else if (line.n && line.p[0] != '#' && keep) {
			buf_str(keep, line);
			buf_char(keep, '\n');
		}
	}
}

bool done_is(const char *mind, const char *stage, uint64_t inputs, const char *file)
{
	struct arena a = arena_open("done");
	struct buf have = { 0 }, want = { 0 };
	struct str found = { 0 };
	uint64_t output = file_hash(file);
	bool yes;

	if (output && !file_read(&have, mind_path(&a, mind, "stages.tsv"), LIMIT_DONE, NULL))
		split_rows(buf_view(&have), stage, NULL, &found);
	row(&want, stage, inputs, output);
	yes = output && found.n + 1 == want.n && !memcmp(found.p, want.p, found.n);
	buf_free(&have);
	buf_free(&want);
	arena_close(&a);
	return yes;
}

enum status done_set(const char *mind, const char *stage, uint64_t inputs, const char *file,
                     struct err *e)
{
	struct arena a = arena_open("done");
	const char *path = mind_path(&a, mind, "stages.tsv");
	struct buf have = { 0 }, next = { 0 };
	struct str found = { 0 };
	enum status st;

	buf_str(&next, S("# stage, hash of its inputs, hash of what it made\n"));
	if (file_exists(path) && !file_read(&have, path, LIMIT_DONE, NULL))
		split_rows(buf_view(&have), stage, &next, &found);
	row(&next, stage, inputs, file_hash(file));
	st = file_save(path, buf_view(&next), e);
	buf_free(&have);
	buf_free(&next);
	arena_close(&a);
	return st;
}
