/* booktexts.h - the texts of a library's books, for tokenizers and what counts them. */
#ifndef LTM_APP_BOOKTEXTS_H
#define LTM_APP_BOOKTEXTS_H

#include "app/app.h"

enum { BOOKTEXTS_MAX = 1 << 30 };	/* bytes held at once */
struct booktexts {
	struct arena mem;
	struct str *text;	/* [n] in order of the sources */
	uint8_t *split;		/* [n] enum split of each (order/order.h); raw files train */
	size_t n, cap, cap_split;
	uint64_t bytes, chars;
	size_t failed, over;	/* files left out as unreadable; books beyond BOOKTEXTS_MAX */
	struct err first;	/* of the first file left out */
};
/* Reads books and folders as `ltm read` does (jail, cleaning), or, when raw, the bytes of files as
 * they are. part: "train", "dev", "test" by data/ru/split.tsv, or "all" (raw files are taken
 * whole whatever it says). A file that cannot be read is noted and passed over; when none can,
 * the first one's code. ERR_STOP when stopped. */
enum status booktexts_read(struct booktexts *out, const char *const *path, size_t n, const char *part,
                           bool raw, const struct watch *w, struct err *e);
void booktexts_clear(struct booktexts *t);

#endif
