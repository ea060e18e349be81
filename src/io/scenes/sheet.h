/* sheet.h - tensors and metadata gathered into one safetensors file, and taken out of it again with
 * distrust: what cores, tellers and checkpoints share.
 */
#ifndef LTM_IO_SHEET_H
#define LTM_IO_SHEET_H

#include "io/models/weights.h"
#include "num/num.h"

/* Zero-initialise but for mem: { .mem = arena_open("…") }. Data is lent until sheet_save, which frees
 * all the sheet holds, whether it succeeds or not. */
struct sheet {
	struct weights w;
	size_t cap_t, cap_m;
	struct arena mem;
};
/* A tensor [rows][cols] of numbers of `each` bytes; cols 0: one dimension. */
void sheet_add(struct sheet *s, const char *name, enum dtype type, const void *data, size_t each, size_t rows,
               size_t cols);
/* All tensors of p with their names behind the prefix; block: p->w, p->m, … [p->n]. */
void sheet_params(struct sheet *s, const struct params *p, const float *block, const char *prefix);
void sheet_meta(struct sheet *s, const char *key, struct str value);	/* key: a literal; value lent */
void sheet_meta_u64(struct sheet *s, const char *key, uint64_t v);
void sheet_meta_real(struct sheet *s, const char *key, double v);	/* reads back to the same bits */
enum status sheet_save(struct sheet *s, const char *path, struct err *e);

/* Maps and reads a file of at most LIMIT bytes; *map is to be unmapped. Messages name the path. */
enum { SHEET_LIMIT_MB = 4096 };
enum status sheet_open(struct weights *w, struct str *map, const char *path, struct arena *a, struct err *e);
/* The metadata `format` is this, and `version` at most known. */
enum status sheet_header(const struct weights *w, const char *format, uint64_t known, const char *path,
                         struct err *e);
bool sheet_u64(const struct weights *w, const char *key, uint64_t max, uint64_t *v);
bool sheet_real(const struct weights *w, const char *key, double *v);	/* finite */
/* Copies a tensor of exactly this type and size; float32 must be finite. */
enum status sheet_take(void *to, const struct weights *w, const char *name, enum dtype type, uint64_t bytes,
                       const char *path, struct err *e);
enum status sheet_take_params(struct params *p, float *block, const char *prefix, const struct weights *w,
                              const char *path, struct err *e);

#endif
