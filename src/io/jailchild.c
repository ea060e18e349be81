/* jailchild.c - the process that reads untrusted books: locks itself in, then serves.
 *
 *   in    requests on one socket
 *   out   packed books and an end for each
 *
 * Everything that needs a file is made first (text_warm), then the limits are set, then the
 * walls go up: a seccomp filter that knows memory, time and the one socket, and answers
 * EPERM to the rest [Linux: Documentation/userspace-api/seccomp_filter.rst]. The child tries
 * its walls and says what it found. It leaves by _exit only: what the parent had buffered in
 * stdio is not its to write.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "io/jailwall.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define JAIL_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define JAIL_ARCH AUDIT_ARCH_AARCH64
#endif

void frame_head(uint8_t out[FRAME_HEAD], uint32_t kind, uint32_t number, uint64_t length)
{
	for (int i = 0; i < 4; i++) {
		out[i] = (uint8_t)(kind >> 8 * i);
		out[4 + i] = (uint8_t)(number >> 8 * i);
	}
	for (int i = 0; i < 8; i++)
		out[8 + i] = (uint8_t)(length >> 8 * i);
}

void frame_read(const uint8_t in[FRAME_HEAD], uint32_t *kind, uint32_t *number, uint64_t *length)
{
	struct reader r = reader_of((struct str){ (const char *)in, FRAME_HEAD });

	*kind = rd_u32(&r);
	*number = rd_u32(&r);
	*length = rd_u64(&r);
}

/* ---- the walls --------------------------------------------------------------------------- */

#ifdef JAIL_ARCH
#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static bool seal(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, JAIL_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(read), ALLOW(write), ALLOW(readv), ALLOW(writev),
		ALLOW(mmap), ALLOW(munmap), ALLOW(mremap), ALLOW(mprotect), ALLOW(madvise), ALLOW(brk),
		ALLOW(futex), ALLOW(exit), ALLOW(exit_group), ALLOW(rt_sigreturn), ALLOW(rt_sigprocmask),
		ALLOW(rt_sigaction), ALLOW(sigaltstack), ALLOW(clock_gettime), ALLOW(gettimeofday),
		ALLOW(getrandom), ALLOW(getpid), ALLOW(gettid), ALLOW(tgkill), ALLOW(sched_yield),
		ALLOW(restart_syscall), ALLOW(getrusage), ALLOW(close),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}
#else
static bool seal(void) { return false; }
#endif

/* Bytes of address space in use now: the limit is set above them. */
static size_t space_in_use(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

	if (fd >= 0)
		close(fd);
	return n > 0 ? strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) : (size_t)4 << 30;
}

static unsigned set_limits(void)
{
	struct rlimit cpu = { JAIL_CPU_SECONDS, JAIL_CPU_SECONDS + 1 }, none = { 0, 0 };
	unsigned walls = 0;

	setrlimit(RLIMIT_CORE, &none);
	if (!setrlimit(RLIMIT_CPU, &cpu))
		walls |= JAIL_CPU;
	if (!SANITIZED) {		/* shadow memory is terabytes of address space */
		rlim_t most = space_in_use() + ((rlim_t)JAIL_MB << 20);
		struct rlimit as = { most, most };
		if (!setrlimit(RLIMIT_AS, &as))
			walls |= JAIL_MEMORY;
	}
	return walls;
}

/* Knocks on every wall from inside. */
static unsigned try_walls(void)
{
	unsigned walls = 0;
	int fd = open("/dev/null", O_RDONLY);

	if (fd < 0)
		walls |= JAIL_NO_FILES;
	else
		close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		walls |= JAIL_NO_SOCKETS;
	else
		close(fd);
	errno = 0;			/* flags no kernel takes: EINVAL without a wall, EPERM with one */
	if (syscall(__NR_clone, ~0UL, 0, 0, 0, 0) < 0 && errno == EPERM)
		walls |= JAIL_NO_FORK;
	return walls;
}

/* ---- its one socket ------------------------------------------------------------------------ */

static void send_all(const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t k = write(JAIL_FD, at, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			_exit(0);	/* the parent is gone */
		at += k;
		n -= (size_t)k;
	}
}

static void read_all(void *p, size_t n)
{
	char *at = p;

	while (n) {
		ssize_t k = read(JAIL_FD, at, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			_exit(0);
		at += k;
		n -= (size_t)k;
	}
}

static void send_frame(uint32_t kind, uint32_t number, struct str payload)
{
	uint8_t head[FRAME_HEAD];

	frame_head(head, kind, number, payload.n);
	send_all(head, sizeof head);
	send_all(payload.p, payload.n);
}

static enum status send_book(void *ctx, struct book *b, struct err *e)
{
	struct buf out = {0};

	(void)ctx;
	(void)e;
	book_pack(&out, b);
	send_frame(FRAME_BOOK, 0, buf_view(&out));
	buf_free(&out);
	return OK;
}

static bool spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec >= JAIL_CPU_RETIRE;
}

static void serve_one(void)
{
	uint8_t head[FRAME_HEAD];
	uint32_t kind, n_name;
	uint64_t n;
	struct err e = {0};

	read_all(head, sizeof head);
	frame_read(head, &kind, &n_name, &n);
	must(kind == FRAME_REQUEST && n_name <= LIMIT_NAME && n >= n_name && n - n_name <= LIMIT_BOOK);
	char *name = mem_alloc(n_name + 1, 1), *bytes = mem_alloc(n - n_name + 1, 1);
	read_all(name, n_name);
	read_all(bytes, n - n_name);
	enum status st = text_read((struct str){ bytes, n - n_name }, name, send_book, NULL, &e);
	mem_free(name);
	mem_free(bytes);
	bool last = spent();
	send_frame(last ? FRAME_LAST : FRAME_END, (uint32_t)st, str_of(e.msg));
	if (last)
		_exit(0);
}

/* ---- birth ------------------------------------------------------------------------------------ */

/* One descriptor stays; the first three lead nowhere, so that nothing is said by accident. */
static void keep_only(int fd)
{
	int null;

	fd = fcntl(fd, F_DUPFD, 10);	/* out of the way, whatever the parent had closed */
	null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (fd < 0 || null < 0 || dup2(fd, JAIL_FD) < 0)
		_exit(ERR_IO);
	if (syscall(SYS_close_range, JAIL_FD + 1, ~0U, 0)) {
		long most = sysconf(_SC_OPEN_MAX);
		for (int i = JAIL_FD + 1; i < (most > 0 && most < 65536 ? most : 65536); i++)
			close(i);
	}
}

static void plain_signals(void)
{
	sigset_t none;

	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	signal(SIGINT, SIG_IGN);	/* Ctrl-C is the parent's to answer */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn void jail_child(int fd, int parent)
{
	unsigned walls;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	prctl(PR_SET_NAME, "ltm-reader");
	plain_signals();
	keep_only(fd);
	text_warm();
	walls = set_limits();
	seal();
	walls |= try_walls();
	send_frame(FRAME_HELLO, walls, S(""));
	for (;;)
		serve_one();
}
