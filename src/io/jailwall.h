/* jailwall.h - between jail.c, the parent's side, and jailchild.c, the child's. */
#ifndef LTM_IO_JAILWALL_H
#define LTM_IO_JAILWALL_H

#include "io/jail.h"

/* A frame, little-endian: u32 kind, u32 number, u64 length, then so many bytes.
 *   REQUEST   name length in number; the name, then the file's bytes
 *   HELLO     walls in number
 *   BOOK      a packed book
 *   END       status in number; the message
 *   LAST      as END, and the child retires (its CPU is spent) */
enum { FRAME_REQUEST = 1, FRAME_HELLO, FRAME_BOOK, FRAME_END, FRAME_LAST };
enum {
	FRAME_HEAD = 16,
	LIMIT_NAME = 4096,
	JAIL_MB = 512,			/* RLIMIT_AS above what was inherited */
	JAIL_CPU_SECONDS = 20,
	JAIL_CPU_RETIRE = 5,
	JAIL_FD = 3,			/* the child's only descriptor, beside /dev/null thrice */
};

void frame_head(uint8_t out[FRAME_HEAD], uint32_t kind, uint32_t number, uint64_t length);
void frame_read(const uint8_t in[FRAME_HEAD], uint32_t *kind, uint32_t *number, uint64_t *length);

/* Never returns: serves requests on fd until the other end closes. */
_Noreturn void jail_child(int fd, int parent);

#endif
