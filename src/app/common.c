/* common.c - what the stages and the public functions share: a mind's folder with its lock and
 * seal, sources of bytes, small output helpers (app/app.h).
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"

double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int threads_of(int wish)
{
	cpu_set_t set;

	if (wish > 0)
		return wish > 256 ? 256 : wish;
	if (sched_getaffinity(0, sizeof set, &set))
		return 1;
	return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

/* ---- the mind as a whole --------------------------------------------------------------- */

static bool has(const char *mind, const char *file)
{
	struct arena a = arena_open("path");
	bool yes = file_exists(mind_path(&a, mind, file));

	arena_close(&a);
	return yes;
}

/* A folder that is neither a mind nor empty is somebody's: nothing is written into it. */
static enum status may_settle(const char *mind, struct err *e)
{
	DIR *d = opendir(mind);
	struct dirent *x;
	bool foreign = false;

	if (!d)
		return err_set(e, ERR_IO, "%s: cannot open the folder: %s", mind, strerror(errno));
	while ((x = readdir(d)))
		if (strcmp(x->d_name, ".") && strcmp(x->d_name, "..") && strcmp(x->d_name, "lock"))
			foreign = true;
	closedir(d);
	return foreign ? err_set(e, ERR_USAGE, "%s: neither a mind nor empty; name another folder with -o",
	                         mind) : OK;
}

static enum status mark(const char *mind, struct err *e)
{
	struct arena a = arena_open("path");
	enum status st = file_save(mind_path(&a, mind, ".unsealed"),
	                           S("A writer is at work here, or was killed; the next one seals.\n"), e);

	arena_close(&a);
	return st;
}

static void forget_lock(const char *mind)
{
	struct arena a = arena_open("path");

	unlink(mind_path(&a, mind, "lock"));
	arena_close(&a);
}

enum status mind_begin(struct lock *l, const char *mind, struct err *e)
{
	enum status st = dir_make(mind, e);

	if (st || (st = lock_take(l, mind, e)))
		return st;
	if (has(mind, ".unsealed"))
		saver_sweep(mind);
	else if (has(mind, "manifest.json"))
		st = mind_check(mind, e);
	else if ((st = may_settle(mind, e)))
		forget_lock(mind);	/* somebody else's folder is left as it was */
	if (!st)
		st = mark(mind, e);
	if (st)
		lock_drop(l);
	return st;
}

/* Nothing was read: a mistyped name must not leave a folder behind. Not a mind, so no writer
 * can be waiting for it; a folder with anything else in it stays. */
static void unmake(struct lock *l, const char *mind)
{
	struct arena a = arena_open("path");

	unlink(mind_path(&a, mind, ".unsealed"));
	forget_lock(mind);
	lock_drop(l);
	rmdir(mind);
	arena_close(&a);
}

enum status mind_end(struct lock *l, const char *mind, struct err *e)
{
	if (!has(mind, "store.db")) {
		unmake(l, mind);
		return OK;
	}
	struct arena a = arena_open("path");
	struct err own = { 0 };
	enum status st = mind_seal(mind, &own);

	if (!st && unlink(mind_path(&a, mind, ".unsealed")) && errno != ENOENT)
		st = err_set(&own, ERR_IO, "%s/.unsealed: %s", mind, strerror(errno));
	arena_close(&a);
	lock_drop(l);
	return st ? err_set(e, st, "%s", own.msg) : OK;
}

enum status mind_enter(const char *mind, const struct watch *w, struct err *e)
{
	if (!dir_exists(mind))
		return err_set(e, ERR_IO, "%s: no such folder; `ltm live -o %s` makes a mind", mind, mind);
	if (!has(mind, ".unsealed"))
		return mind_glance(mind, e);
	if (!has(mind, "store.db"))
		return err_set(e, ERR_FORMAT, "%s: not a mind yet: its reading was broken off; run "
		               "`ltm live -o %s` again", mind, mind);
	watch_note(w, "%s is being written, or its writer was killed: what is there is shown", mind);
	return OK;
}

enum status mind_store(struct store **out, const char *mind, enum store_mode mode, struct err *e)
{
	struct arena a = arena_open("path");
	enum status st;

	*out = NULL;
	st = store_open(out, mind_path(&a, mind, "store.db"), mode, e);
	arena_close(&a);
	return st;
}

const char *library_find(struct arena *a)
{
	static const char *const from_program[] = { "../../library", "../share/ltm/library", "library" };
	char self[PATH_MAX], real[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n > 0) {
		self[n] = 0;
		slash = strrchr(self, '/');
		*(slash ? slash : self) = 0;
		for (size_t i = 0; i < sizeof from_program / sizeof *from_program; i++) {
			const char *p = str_printf(a, "%s/%s", self, from_program[i]).p;

			if (dir_exists(p) && realpath(p, real))
				return str_copy(a, str_of(real)).p;
		}
	}
	return dir_exists(LTM_PREFIX "/share/ltm/library") ? LTM_PREFIX "/share/ltm/library" : NULL;
}

/* ---- sources of bytes, one analysed text ----------------------------------------------- */

enum status source_bytes(struct buf *out, const char *path, struct err *e)
{
	char chunk[1 << 16];
	size_t n;

	if (strcmp(path, "-"))
		return file_read(out, path, LIMIT_BOOK, e);
	while ((n = fread(chunk, 1, sizeof chunk, stdin))) {
		if (out->n + n > LIMIT_BOOK)
			return err_set(e, ERR_LIMIT, "standard input: more than %d MB", LIMIT_BOOK >> 20);
		buf_add(out, chunk, n);
	}
	return ferror(stdin) ? err_set(e, ERR_IO, "standard input: %s", strerror(errno)) : OK;
}

enum status kit_open(struct reading_kit *k, const char *dict, struct err *e)
{
	*k = (struct reading_kit){ 0 };
	if (dictfile_open(&k->dict, dict, e))
		return e ? e->code : ERR_IO;
	k->cache = word_cache_open(k->dict.dict);
	return OK;
}

void kit_close(struct reading_kit *k)
{
	if (!k->cache)
		return;
	word_cache_close(k->cache);
	dictfile_close(&k->dict);
	*k = (struct reading_kit){ 0 };
}

static void *copied(struct arena *a, const void *from, size_t n, size_t size)
{
	void *to = arena_take_n(a, n + !n, size);

	if (n)
		memcpy(to, from, n * size);
	return to;
}

void book_keep(struct book *out, const struct book *b, struct arena *a)
{
	*out = *b;
	out->title = str_copy(a, b->title);
	out->author = str_copy(a, b->author);
	out->text = str_copy(a, b->text);
	out->format = str_copy(a, b->format);
	out->charset = str_copy(a, b->charset);
	out->warn = str_copy(a, b->warn);
	out->chapter = copied(a, b->chapter, b->n_chapter, sizeof *b->chapter);
	out->para = copied(a, b->para, b->n_para, sizeof *b->para);
	out->sent = copied(a, b->sent, b->n_sent, sizeof *b->sent);
}

/* ---- output ---------------------------------------------------------------------------- */

void json_str(struct buf *b, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	buf_char(b, '"');
	while (p < end) {
		uint32_t r = utf8_next(&p, end);

		if (r == '"' || r == '\\')
			buf_printf(b, "\\%c", (char)r);
		else if (r == '\n')
			buf_str(b, S("\\n"));
		else if (r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || (r >= 0x2028 && r <= 0x202e))
			buf_printf(b, "\\u%04x", r);
		else
			buf_rune(b, r);
	}
	buf_char(b, '"');
}

void tsv_field(struct buf *b, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);

		buf_rune(b, r < ' ' || (r >= 0x7f && r < 0xa0) ? ' ' : r);
	}
}

void put_count(struct buf *b, uint64_t n)
{
	char digits[32];
	int k = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);

	for (int i = 0; i < k; i++) {
		if (i && (k - i) % 3 == 0)
			buf_char(b, ' ');
		buf_char(b, digits[i]);
	}
}
