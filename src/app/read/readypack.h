/* readypack.h - a book with its words and scenes as bytes, from one rank to another of the same program. */
#ifndef LTM_APP_READYPACK_H
#define LTM_APP_READYPACK_H

#include "scenes/scenes.h"

struct ready_parts {
	struct book book;
	struct words words;
	struct scene *scene;
	size_t n_scene;
	struct str strip;
};
/* Appends; strings are copied. Structs go as they lie in memory: not a file format. */
void ready_pack(struct buf *out, const struct ready_parts *p);
/* Into a, which then holds all of it. ERR_FORMAT when the bytes are not what ready_pack makes. */
enum status ready_unpack(struct ready_parts *out, struct str bytes, struct arena *a, struct err *e);

#endif
