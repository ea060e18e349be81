/* jail.c - untrusted books, read in a child process: the parent's side.
 *
 *   in    a file's bytes
 *   out   its books, checked; or why there are none
 *
 * The child (jailchild.c) may be wholly in the hands of a hostile file: every frame from it is
 * length-checked, memory grows with what really arrives, every book is unpacked with checks.
 * The parent waits no longer than its patience and kills.
 *
 * Invariant: after any outcome the jail serves the next file; a child that was killed, has
 * crashed or retired is replaced at the next request.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/jailwall.h"

enum { LIMIT_MESSAGE = 4096 };	/* bytes of an END */

struct jail {
	int fd, pid;			/* 0: no child */
	bool fresh;			/* the child has read nothing yet */
	unsigned walls;
	double one, many;		/* seconds of patience */
	struct buf in;			/* payload of the frame being read */
};

struct watchdog {
	double start, end;
	const char *name;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct jail *jail_open(void)
{
	struct jail *j = mem_alloc(1, sizeof *j);

	j->one = 20;
	j->many = 60;
	j->fd = -1;
	return j;
}

int jail_pid(const struct jail *j) { return j->pid; }

void jail_patience(struct jail *j, double one, double many)
{
	j->one = one;
	j->many = many;
}

/* Ends the child and returns its wait status; -1 when there was none. */
static int bury(struct jail *j, bool kill_it)
{
	int how = -1;

	if (!j->pid)
		return -1;
	close(j->fd);
	if (kill_it)
		kill(j->pid, SIGKILL);
	while (waitpid(j->pid, &how, 0) < 0 && errno == EINTR)
		;
	j->pid = 0;
	j->fd = -1;
	return how;
}

void jail_close(struct jail *j)
{
	if (!j)
		return;
	bury(j, true);
	buf_free(&j->in);
	mem_free(j);
}

/* ---- the socket, with a deadline ----------------------------------------------------------- */

enum wire { WIRE_OK, WIRE_GONE, WIRE_LATE };

/* Waits until fd is ready for what; both sides are non-blocking for us. */
static enum wire await(struct jail *j, short what, double end)
{
	for (;;) {
		double left = end - now();
		struct pollfd p = { .fd = j->fd, .events = what };
		if (left <= 0)
			return WIRE_LATE;
		int n = poll(&p, 1, left > 1000 ? 1000000 : (int)(left * 1000) + 1);
		if (n > 0)
			return WIRE_OK;
		if (n < 0 && errno != EINTR)
			return WIRE_GONE;
	}
}

static enum wire put(struct jail *j, const void *data, size_t n, double end)
{
	const char *p = data;

	while (n) {
		ssize_t k = send(j->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		} else if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			enum wire w = await(j, POLLOUT, end);
			if (w)
				return w;
		} else if (k == 0 || errno != EINTR) {
			return WIRE_GONE;
		}
	}
	return WIRE_OK;
}

static enum wire get(struct jail *j, void *data, size_t n, double end)
{
	char *p = data;

	while (n) {
		ssize_t k = recv(j->fd, p, n, MSG_DONTWAIT);
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		} else if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			enum wire w = await(j, POLLIN, end);
			if (w)
				return w;
		} else if (k == 0 || errno != EINTR) {
			return WIRE_GONE;
		}
	}
	return WIRE_OK;
}

struct frame { uint32_t kind, number; uint64_t length; };

/* One frame; its payload goes to j->in, which grows only as bytes arrive. */
static enum wire get_frame(struct jail *j, struct frame *f, double end)
{
	uint8_t head[FRAME_HEAD];
	char step[16 << 10];
	enum wire w = get(j, head, sizeof head, end);

	j->in.n = 0;
	if (w)
		return w;
	frame_read(head, &f->kind, &f->number, &f->length);
	uint64_t most = f->kind == FRAME_BOOK ? (uint64_t)3 * LIMIT_BOOK : LIMIT_MESSAGE;
	if (f->length > most)
		return WIRE_GONE;	/* not our child any more */
	for (uint64_t left = f->length; left && !w;) {
		size_t n = left < sizeof step ? (size_t)left : sizeof step;
		w = get(j, step, n, end);
		if (!w)
			buf_add(&j->in, step, n);
		left -= n;
	}
	return w;
}

/* ---- birth ---------------------------------------------------------------------------------- */

static enum status start(struct jail *j, struct err *e)
{
	struct frame f = {0};
	int pair[2], parent = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_set(e, ERR_IO, "cannot make a socket for the reader: %s", strerror(errno));
	int pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return err_set(e, ERR_IO, "cannot start the reader: %s", strerror(errno));
	}
	if (!pid)
		jail_child(pair[1], parent);
	close(pair[1]);
	j->pid = pid;
	j->fd = pair[0];
	if (get_frame(j, &f, now() + 10) || f.kind != FRAME_HELLO) {
		bury(j, true);
		return err_set(e, ERR_IO, "the reader did not start");
	}
	j->walls = f.number;
	j->fresh = true;
	return OK;
}

/* A running child: the old one if it lives. One that died between files harms no file. */
static enum status ready(struct jail *j, struct err *e)
{
	int how;

	if (j->pid && waitpid(j->pid, &how, WNOHANG) == j->pid) {
		close(j->fd);
		j->pid = 0;
		j->fd = -1;
	}
	return j->pid ? OK : start(j, e);
}

unsigned jail_walls(struct jail *j)
{
	struct err e = {0};

	return ready(j, &e) ? 0 : j->walls;
}

/* ---- a file ----------------------------------------------------------------------------------- */

void jail_ready(struct jail *j)
{
	struct err e = { 0 };

	ready(j, &e);		/* what fails now is told at the first book */
}

/* Why a child that no longer answers ended. */
static enum status crashed(struct jail *j, const struct watchdog *d, enum wire w, struct err *e)
{
	int how = bury(j, w == WIRE_LATE);

	if (w == WIRE_LATE)
		return err_set(e, ERR_LIMIT, "%s: reading took longer than %.0f s", d->name, d->end - d->start);
	if (WIFSIGNALED(how) && (WTERMSIG(how) == SIGXCPU))
		return err_set(e, ERR_LIMIT, "%s: reading took longer than %d s of CPU", d->name, JAIL_CPU_SECONDS);
	if (WIFSIGNALED(how))
		return err_set(e, ERR_FORMAT, "%s: the reader crashed (signal %d)", d->name, WTERMSIG(how));
	if (WIFEXITED(how) && WEXITSTATUS(how) == ERR_LIMIT)
		return err_set(e, ERR_LIMIT, "%s: reading needs more than %d MB of memory", d->name, JAIL_MB);
	return err_set(e, ERR_FORMAT, "%s: the reader ended without an answer (exit %d)", d->name,
	               WIFEXITED(how) ? WEXITSTATUS(how) : -1);
}

/* A child that answers nonsense is not ours any more. */
static enum status traitor(struct jail *j, const struct watchdog *d, struct err *e)
{
	bury(j, true);
	return err_set(e, ERR_FORMAT, "%s: the reader gave a damaged answer", d->name);
}

static enum status one_book(struct jail *j, const struct watchdog *d,
                            enum status (*each)(void *, struct book *, struct err *), void *ctx,
                            struct err *e)
{
	struct arena a = arena_open("book");
	struct book b;
	struct err own = {0};
	enum status st = book_unpack(&b, buf_view(&j->in), &a, &own);

	if (st) {
		st = traitor(j, d, e);
	} else {
		st = each(ctx, &b, e);
		if (st)
			bury(j, true);		/* it is still sending what nobody wants */
	}
	arena_close(&a);
	return st;
}

/* Every number and byte is the child's word: the status is held to those a reader gives. */
static enum status ending(struct jail *j, const struct frame *f, const struct watchdog *d,
                          struct err *e)
{
	enum status st = (enum status)f->number;

	if (f->kind == FRAME_LAST)
		bury(j, false);
	if (st == OK)
		return OK;
	if (st != ERR_PART && st != ERR_FORMAT && st != ERR_LIMIT)
		return traitor(j, d, e);
	struct arena a = arena_open("message");
	struct str said = str_safe(&a, buf_view(&j->in), false);
	err_set(e, st, "%s: " STR_FMT, d->name, STR_ARG(said));
	arena_close(&a);
	return st;
}

static enum wire ask(struct jail *j, struct str bytes, struct str name, double end)
{
	uint8_t head[FRAME_HEAD];

	frame_head(head, FRAME_REQUEST, (uint32_t)name.n, name.n + bytes.n);
	enum wire w = put(j, head, sizeof head, end);
	if (!w)
		w = put(j, name.p, name.n, end);
	return w ? w : put(j, bytes.p, bytes.n, end);
}

/* Serves one request to the end; *w tells when the child did not. */
static enum status serve(struct jail *j, struct str bytes, struct watchdog *d,
                         enum status (*each)(void *, struct book *, struct err *), void *ctx,
                         size_t *books, enum wire *w, struct err *e)
{
	struct str name = str_of(d->name);

	if (name.n > LIMIT_NAME)
		name = (struct str){ name.p + name.n - LIMIT_NAME, LIMIT_NAME };
	d->start = now();
	d->end = d->start + j->one;
	*w = ask(j, bytes, name, d->end);
	while (!*w) {
		struct frame f;
		*w = get_frame(j, &f, d->end);
		if (*w)
			break;
		if (f.kind == FRAME_END || f.kind == FRAME_LAST)
			return ending(j, &f, d, e);
		if (f.kind != FRAME_BOOK)
			return traitor(j, d, e);
		double t = now();
		enum status st = one_book(j, d, each, ctx, e);
		if (st)
			return st;
		d->start += now() - t;	/* the caller's time is not the child's */
		d->end = d->start + (++*books > 1 ? j->many : j->one);
	}
	return OK;
}

/* A child that has read other files may die of them, or of a stray signal: only a fresh one
 * that dies convicts the file. So the verdict does not depend on what was read before. */
enum status jail_read_bytes(struct jail *j, struct str bytes, const char *name,
                            enum status (*each)(void *ctx, struct book *b, struct err *e),
                            void *ctx, struct err *e)
{
	struct err own = {0};
	struct watchdog d = { .name = name ? name : "standard input" };
	size_t books = 0;
	enum wire w;

	e = e ? e : &own;
	if (bytes.n > LIMIT_BOOK)
		return err_set(e, ERR_LIMIT, "%s: %zu MB is over the limit of %d MB", d.name, bytes.n >> 20,
		               LIMIT_BOOK >> 20);
	for (;;) {
		if (ready(j, e))
			return e->code;
		bool fresh = j->fresh;
		j->fresh = false;
		enum status st = serve(j, bytes, &d, each, ctx, &books, &w, e);
		if (!w)
			return st;
		if (fresh || books || w == WIRE_LATE)
			return crashed(j, &d, w, e);
		bury(j, true);
	}
}

enum status jail_read(struct jail *j, const char *path,
                      enum status (*each)(void *ctx, struct book *b, struct err *e), void *ctx,
                      struct err *e)
{
	struct buf b = {0};
	enum status st = file_read(&b, path, LIMIT_BOOK, e);

	if (!st)
		st = jail_read_bytes(j, buf_view(&b), path, each, ctx, e);
	buf_free(&b);
	return st;
}
