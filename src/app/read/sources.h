/* sources.h - which files make up a library, and a set of hashes to know them again by. */
#ifndef LTM_APP_SOURCES_H
#define LTM_APP_SOURCES_H

#include "base/base.h"

struct source {
	const char *path;	/* to open; "-" is standard input */
	struct str name;	/* NUL-terminated, as it stands in the store */
};
struct sources {
	struct arena mem;
	struct source *item;	/* [n] in order of reading */
	size_t n, cap;
};
enum { LIMIT_SOURCES = 2000000, LIMIT_FOLDERS = 64 };

/* Walks the paths in the order given; a folder's entries in order of name (bytes), folders
 * within it where their name falls. In a folder only files with a book's extension count, and
 * README.*, index.* and hidden names are passed over; a named file always counts. Links to
 * folders are not followed inside a folder. root (may be NULL) is left off names. ERR_IO when
 * a named path is not there. */
enum status sources_find(struct sources *out, const char *const *path, size_t n,
                         const char *root, const struct watch *w, struct err *e);
void sources_clear(struct sources *s);
/* Leaves a part of a large library: of the files that rules (order/order.h) name train, dev and test, each until they
 * come to most[] bytes, of files they do not name until the sum of the three; the first always. Taken by the hash
 * of the name, so a library gives the same part anywhere, kept in order. Returns how many were left out. */
size_t sources_part(struct sources *s, const uint64_t most[3], struct str rules);

/* A set of 64-bit hashes; zero-initialise. hashset_has may be called by many threads while
 * nobody adds. */
struct hashset {
	uint64_t *slot;		/* 0 empty */
	size_t n, cap;
	bool zero;		/* the hash 0 is in it */
};
void hashset_add(struct hashset *h, uint64_t v);
bool hashset_has(const struct hashset *h, uint64_t v);
void hashset_clear(struct hashset *h);

#endif
