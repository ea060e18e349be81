/* tokens_file.h - a tokenizer file mended after bytes were changed, for tests and fuzzing: the
 * checksums of the section table and of both sections are made right again, so that what lies
 * behind the door is reached.
 */
#ifndef LTM_TOKENS_FILE_H
#define LTM_TOKENS_FILE_H

#include "base/base.h"

static inline uint64_t tf_u64(const char *p)
{
	struct reader r = reader_of((struct str){ p, 8 });

	return rd_u64(&r);
}

static inline void tf_put64(char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (char)(v >> 8 * i);
}

static inline void tokens_mend(char *p, size_t n)
{
	enum { HEAD = 64, ROW = 32 };

	if (n < HEAD + 2 * ROW)
		return;
	memcpy(p, "LTMT\1\0\0\0\100\0\0\0\2\0\0\0", 16);
	tf_put64(p + 16, n);
	for (int i = 0; i < 2; i++) {
		char *row = p + HEAD + i * ROW;
		uint64_t off = tf_u64(row + 8), len = tf_u64(row + 16);

		row[0] = (char)(i + 1);
		memset(row + 1, 0, 7);
		if (off <= n && len <= n - off)
			tf_put64(row + 24, hash64(p + off, len, 0));
	}
	tf_put64(p + 24, hash64(p + HEAD, 2 * ROW, 0));
}

#endif
