/* tokenfile.h - tokenizer files found and opened; streams of ids on disk. */
#ifndef LTM_IO_TOKENFILE_H
#define LTM_IO_TOKENFILE_H

#include "io/dictfile.h"
#include "words/tokens/tokens.h"

/* An opened tokenizer with the dictionary it may need. */
struct tokenfile {
	struct tokenizer *t;
	struct dictfile dict;	/* dict.dict NULL when the scheme needs none */
	uint64_t hash;		/* XXH3 of the file */
};
/* dict: as dictfile_open, only looked for when the scheme needs it. Messages name the path. */
enum status tokenfile_open(struct tokenfile *out, const char *path, const char *dict, struct err *e);
void tokenfile_close(struct tokenfile *f);

/* A stream of ids to train on. Little-endian, 64-byte header:
 *
 *     u32 magic "LTMI", u32 version 1, u32 header size 64, u32 bytes an id (2 or 4)
 *     u64 file size, u64 number of ids, u64 XXH3 of the tokenizer's file
 *     u64 XXH3 of all that follows the header, u32 vocabulary, u32 number of texts, u64 0
 *     ids, then zeros up to a multiple of 8
 *     u64 first[texts + 1]: text i is ids [first[i], first[i + 1])
 */
struct idstream {
	struct ids ids;
	uint64_t *first;	/* [texts + 1] */
	uint32_t texts, vocab;
	uint64_t tokenizer;	/* hash of its file */
};
enum { IDSTREAM_MAGIC = 0x494D544C };	/* "LTMI" */
/* Ids take two bytes when the vocabulary has at most 65,536. Whole or not at all. */
enum status idstream_save(const struct idstream *s, const char *path, struct err *e);
/* Checks everything, also that each id is below the vocabulary. */
enum status idstream_read(struct idstream *out, struct str bytes, struct err *e);
void idstream_clear(struct idstream *s);

#endif
