/* weights.h - tensors on disk: safetensors written and read; GGUF read for `ltm show`.
 *
 * safetensors: u64 header length, JSON header, data. Every number in the header is distrusted:
 * lengths, offsets, shapes are checked against the bytes that are left before any use.
 */
#ifndef LTM_IO_WEIGHTS_H
#define LTM_IO_WEIGHTS_H

#include "base/base.h"

enum dtype { DT_F32, DT_F64, DT_F16, DT_BF16, DT_I64, DT_I32, DT_U32, DT_U8, DT_I8, DT_OTHER };
enum { WEIGHT_DIMS = 8, WEIGHT_TENSORS_MAX = 100000 };
struct tensor_row {
	struct str name;
	enum dtype type;
	int n_dim;
	uint64_t dim[WEIGHT_DIMS];
	const void *data;		/* into the mapped bytes, or to be written */
	uint64_t bytes;
};
struct weights {
	struct tensor_row *t;		/* [n] in order of the file */
	size_t n;
	struct { struct str key, value; } *meta;	/* __metadata__, in order of key */
	size_t n_meta;
};
enum status weights_read(struct weights *out, struct str bytes, struct arena *a, struct err *e);
/* Writes the whole file by the saver; tensors 64-aligned; the same input gives the same bytes. */
enum status weights_save(const char *path, const struct weights *w, struct err *e);
const struct tensor_row *weights_find(const struct weights *w, const char *name);
struct str weights_meta(const struct weights *w, const char *key);	/* empty when absent */

/* GGUF v2/v3: header, keys and tensor table, all checked; for showing. */
enum status gguf_show(struct buf *out, struct str bytes, struct err *e);

/* A teller as GGUF v3 of the architecture "llama", whole or not at all (ggufwrite.c; docs/teller.md).
 * type: DT_F32, or DT_F16 for matrices (norms stay float32). tok NULL: ids only. ERR_NUM: a weight is
 * beyond float16. */
struct speak_weights;
struct tokenizer;
enum status gguf_save(const char *path, const struct speak_weights *w, const struct tokenizer *tok,
                      const char *name, enum dtype type, struct err *e);

#endif
