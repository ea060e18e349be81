/* scenefields.h - the table of a scene's fields in files; private to io. */
#ifndef LTM_IO_SCENEFIELDS_H
#define LTM_IO_SCENEFIELDS_H

#include "io/scenes/scenefile.h"
#include "io/scenes/tree.h"

/* Where a reader stands, what it may use, where it complains. */
struct fields_ctx {
	struct arena *a;
	struct buf *warn;		/* may be NULL */
	struct err *e;			/* never NULL */
	struct str scene;		/* id of the scene being read, for messages */
};

/* All fields of the schema, or the five of pvq, in the order of the table; then confidence. */
void fields_write(struct tree *map, const struct scene *s, bool pvq, struct arena *a);
/* Reads one child of a scene's mapping. *known says whether the key was of the table. */
enum status fields_read(struct scene *s, const struct tree *child, bool *known,
                        const struct fields_ctx *c);
/* After the last child: the confidence mapping, or 1 for all that is stated when NULL. */
enum status fields_confidence(struct scene *s, const struct tree *conf,
                              const struct fields_ctx *c);

/* "line 3, column 5: scene S001: key KEY: …" into c->e; returns its code. */
enum status fields_error(const struct fields_ctx *c, const struct tree *n, enum status code,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same as a line of c->warn. */
void fields_warn(const struct fields_ctx *c, const struct tree *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Scalars with their errors: a string (null gives empty), a number within [low, high]. */
enum status fields_text(struct str *out, const struct tree *n, const struct fields_ctx *c);
enum status fields_float(float *out, const struct tree *n, double low, double high,
                         const struct fields_ctx *c);
enum status fields_u64(uint64_t *out, const struct tree *n, uint64_t high,
                       const struct fields_ctx *c);

#endif
