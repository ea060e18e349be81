/* tellerfile.h - a trained token model on disk: its weights, and its tokenizer beside them.
 *
 *   DIR/model.safetensors   the tensors of model/teller.h in float32; metadata
 *       ltm.kind       "teller"
 *       ltm.version    "1"
 *       ltm.shape      {"layers":6,"width":256,"heads":8,"hidden":704,"vocab":8192,"context":512,
 *                       "rope_base":10000}
 *       ltm.tokenizer  XXH3 of the tokenizer's file, 16 hexadecimal digits
 *   DIR/tokenizer.ltmt      the tokenizer (tokens_save)
 *
 * Tensors of other names may stand in the file too (other parts of a mind); they are left alone.
 * Everything read is distrusted: the shape, each tensor's type and size, every number.
 */
#ifndef LTM_IO_TELLERFILE_H
#define LTM_IO_TELLERFILE_H

#include "io/tokenfile.h"
#include "model/speak.h"

#define TELLER_MODEL "model.safetensors"
#define TELLER_TOKENIZER "tokenizer.ltmt"

struct tellerfile {
	struct speak_weights w;		/* lent: points into the file */
	char tokenizer[17];		/* as the metadata has it; "" when it names none */
	struct tokenfile tok;		/* tok.t NULL: opened without one */
	struct str map;
	struct arena mem;
};
/* Weights from a file's bytes, which must outlive out. ERR_FORMAT names what is wrong; ERR_NUM: a
 * tensor has NaN or infinity. */
enum status tellerfile_read(struct tellerfile *out, struct str bytes, struct err *e);
/* path: a folder, with the tokenizer when it is there, or a file of weights. A tokenizer that the
 * weights do not name, or with more tokens than they have, is ERR_FORMAT. dict: as tokenfile_open. */
enum status tellerfile_open(struct tellerfile *out, const char *path, const char *dict, struct err *e);
void tellerfile_close(struct tellerfile *f);

/* Writes every tensor of p, whole or not at all; those of a teller of this shape must be among them.
 * tokenizer: 16 hexadecimal digits, or NULL. The same weights give the same bytes. */
enum status tellerfile_save(const char *path, const struct teller_shape *s, const struct params *p,
                            const char *tokenizer, struct err *e);

#endif
