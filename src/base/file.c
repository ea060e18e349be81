/* file.c - files: read under a limit, mapped, saved whole or not at all, locked.
 *
 * Saving is one routine (RELIABILITY.md): X.tmp.PID, write, fsync, rename, fsync of the folder.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum status file_read(struct buf *out, const char *path, size_t limit, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char chunk[1 << 16];
	ssize_t k = 0;

	out->n = 0;
	if (fd < 0)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_IO, "%s: not a file", path);
	}
	buf_add(out, "", 0);
	while ((k = read(fd, chunk, sizeof chunk)) != 0) {
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			break;
		if (out->n + (size_t)k > limit) {
			close(fd);
			return err_set(e, ERR_LIMIT, "%s: larger than the limit of %zu MB", path,
			               limit >> 20);
		}
		buf_add(out, chunk, (size_t)k);
	}
	close(fd);
	return k < 0 ? err_set(e, ERR_IO, "%s: %s", path, strerror(errno)) : OK;
}

enum status file_map(struct str *out, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	*out = (struct str){ "", 0 };
	if (fd < 0)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_IO, "%s: not a file", path);
	}
	if (st.st_size == 0) {
		close(fd);
		return OK;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return err_set(e, ERR_IO, "%s: cannot map: %s", path, strerror(errno));
	*out = (struct str){ p, (size_t)st.st_size };
	return OK;
}

void file_unmap(struct str *map)
{
	if (map->n)
		munmap((void *)(uintptr_t)map->p, map->n);
	*map = (struct str){ "", 0 };
}

enum status file_measure(uint64_t *size, uint64_t *hash, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), why = 0;
	char chunk[1 << 16];
	void *h;
	ssize_t k;

	*size = *hash = 0;
	if (fd < 0)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	h = hash_begin();
	while ((k = read(fd, chunk, sizeof chunk)) != 0) {
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			why = errno;
			break;
		}
		hash_more(h, chunk, (size_t)k);
		*size += (uint64_t)k;
	}
	*hash = hash_end(h);
	close(fd);
	return why ? err_set(e, ERR_IO, "%s: %s", path, strerror(why)) : OK;
}

bool file_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

bool dir_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

enum status dir_make(const char *path, struct err *e)
{
	char p[4096];
	size_t n = strlen(path);

	if (!n || n >= sizeof p)
		return err_set(e, ERR_USAGE, "impossible folder name");
	memcpy(p, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (p[i] != '/' && p[i])
			continue;
		char c = p[i];

		p[i] = 0;
		if (mkdir(p, 0777) && errno != EEXIST)
			return err_set(e, ERR_IO, "%s: cannot make the folder: %s", p, strerror(errno));
		p[i] = c;
	}
	if (!dir_exists(path))
		return err_set(e, ERR_IO, "%s: exists and is not a folder", path);
	return OK;
}

/* ---- the saving routine ---- */

enum status saver_open(struct saver *s, const char *path, struct err *e)
{
	int fd;

	*s = (struct saver){ 0 };
	if (strlen(path) >= sizeof s->path)
		return err_set(e, ERR_USAGE, "%.80s…: the path is too long", path);
	strcpy(s->path, path);
	snprintf(s->tmp, sizeof s->tmp, "%s.tmp.%ld", path, (long)getpid());
	fd = open(s->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(e, ERR_IO, "%s: cannot write: %s", path, strerror(errno));
	s->f = fdopen(fd, "wb");
	must(s->f);
	s->state = hash_begin();
	return OK;
}

void saver_write(struct saver *s, const void *p, size_t n)
{
	if (s->bad || !n)
		return;
	if (fwrite(p, 1, n, s->f) != n)
		s->bad = true;
	hash_more(s->state, p, n);
	s->bytes += n;
}

static void sync_folder_of(const char *path)
{
	char dir[4096];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	int fd;

	memcpy(dir, path, n);
	dir[n] = 0;
	fd = open(!slash ? "." : n ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!fsync(fd);
	close(fd);
}

void saver_abort(struct saver *s)
{
	if (s->f)
		fclose(s->f);
	if (s->state)
		hash_end(s->state);
	if (s->tmp[0])
		unlink(s->tmp);
	*s = (struct saver){ 0 };
}

enum status saver_close(struct saver *s, struct err *e)
{
	int why;

	errno = 0;
	if (fflush(s->f) || fsync(fileno(s->f)))
		s->bad = true;
	why = errno;
	if (s->bad) {
		err_set(e, ERR_IO, "%s: cannot write: %s; what was there before is untouched", s->path,
		        why ? strerror(why) : "the disk refused");
		saver_abort(s);
		return ERR_IO;
	}
	if (fclose(s->f) || rename(s->tmp, s->path)) {
		why = errno;
		s->f = NULL;
		err_set(e, ERR_IO, "%s: cannot rename into place: %s", s->path, strerror(why));
		saver_abort(s);
		return ERR_IO;
	}
	sync_folder_of(s->path);
	s->hash = hash_end(s->state);
	s->state = NULL;
	s->f = NULL;
	return OK;
}

enum status file_save(const char *path, struct str bytes, struct err *e)
{
	struct saver s;

	if (saver_open(&s, path, e))
		return e ? e->code : ERR_IO;
	saver_write(&s, bytes.p, bytes.n);
	return saver_close(&s, e);
}

void saver_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *x;

	while (d && (x = readdir(d))) {
		const char *at = strstr(x->d_name, ".tmp.");
		char path[4096];
		char *end;
		long pid;

		if (!at)
			continue;
		pid = strtol(at + 5, &end, 10);
		if (*end || end == at + 5 || pid <= 0 || !kill((pid_t)pid, 0) || errno == EPERM)
			continue;
		if (snprintf(path, sizeof path, "%s/%s", dir, x->d_name) < (int)sizeof path)
			unlink(path);
	}
	if (d)
		closedir(d);
}

enum status lock_take(struct lock *l, const char *dir, struct err *e)
{
	char path[4096], who[32] = "";
	ssize_t k;

	l->fd = -1;
	if (snprintf(path, sizeof path, "%s/lock", dir) >= (int)sizeof path)
		return err_set(e, ERR_USAGE, "the path of the mind is too long");
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (l->fd < 0)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	if (flock(l->fd, LOCK_EX | LOCK_NB)) {
		k = read(l->fd, who, sizeof who - 1);
		close(l->fd);
		l->fd = -1;
		return err_set(e, ERR_LOCK, "%s: another process is writing this mind (PID %s)", dir,
		               k > 0 ? who : "unknown");
	}
	snprintf(who, sizeof who, "%ld", (long)getpid());
	(void)!ftruncate(l->fd, 0);
	(void)!pwrite(l->fd, who, strlen(who), 0);
	return OK;
}

/* The file stays, empty: removing it would let two writers hold two locks. */
void lock_drop(struct lock *l)
{
	if (l->fd < 0)
		return;
	(void)!ftruncate(l->fd, 0);
	close(l->fd);
	l->fd = -1;
}
