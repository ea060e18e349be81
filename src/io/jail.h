/* jail.h - untrusted books are read in a child process (RELIABILITY.md).
 *
 *   in    a path (opened and read by the parent under LIMIT_BOOK)
 *   out   the books in it, through a pipe, in text's length-checked form
 *
 * The child: RLIMIT_AS (what it inherited + 512 MB), RLIMIT_CPU 20 s, no files, no sockets
 * (seccomp where the kernel has it). It serves many books and is replaced after a crash, a
 * time-out (20 s a file by the wall, 60 s for an archive of many), or 5 s of CPU in all.
 * One jail a thread; forking from a threaded parent is safe because the parent never calls
 * libxml2, iconv, libzip or uchardet itself.
 */
#ifndef LTM_IO_JAIL_H
#define LTM_IO_JAIL_H

#include "base/base.h"
#include "text/text.h"

struct jail;
struct jail *jail_open(void);
void jail_close(struct jail *j);
/* Forks the child now instead of at the first book: before threads exist, which is kinder to
 * sanitizers, whose allocators do not survive a fork of a threaded process. */
void jail_ready(struct jail *j);
/* As text_read, on the file at path. A child that died gives ERR_FORMAT "… the reader
 * crashed (signal N) …" or ERR_LIMIT "… took longer than …"; the jail stays usable. */
enum status jail_read(struct jail *j, const char *path,
                      enum status (*each)(void *ctx, struct book *b, struct err *e), void *ctx,
                      struct err *e);
/* The same on bytes already in memory (standard input); name is for messages. */
enum status jail_read_bytes(struct jail *j, struct str bytes, const char *name,
                            enum status (*each)(void *ctx, struct book *b, struct err *e),
                            void *ctx, struct err *e);

/* What the child found when it tried its own walls, at birth: bits of enum jail_wall. Forks
 * the child if there is none. 0 when it could not be started. */
enum jail_wall {
	JAIL_NO_FILES = 1,	/* open() was refused */
	JAIL_NO_SOCKETS = 2,	/* socket() was refused */
	JAIL_NO_FORK = 4,	/* clone() was refused */
	JAIL_MEMORY = 8,	/* RLIMIT_AS holds (never under a sanitizer) */
	JAIL_CPU = 16,		/* RLIMIT_CPU holds */
};
unsigned jail_walls(struct jail *j);
/* The reading child's process, 0 when none runs: for messages, and for tests that kill it. */
int jail_pid(const struct jail *j);
/* Wall-clock patience in seconds, for a file and for an archive of many (20 and 60). */
void jail_patience(struct jail *j, double one, double many);

#endif
