/* dictfile.h - the dictionary's file: built at set-up, found and mapped at run time. */
#ifndef LTM_IO_DICTFILE_H
#define LTM_IO_DICTFILE_H

#include "base/base.h"
#include "words/words.h"

/* Reads the files of the folder dicts of the npm package az and saves our one file. */
enum status dictfile_build(const char *az_dicts, const char *out_path, struct err *e);
/* A mapped dictionary. The path is, in order: `path` when not NULL, $LTM_DICT, beside the
 * running program (words.dict, ../words.dict, ../share/ltm/words.dict), PREFIX/share/ltm.
 * ERR_IO with what to run when none is found. */
struct dictfile {
	struct dict *dict;
	struct str bytes;
};
enum status dictfile_open(struct dictfile *out, const char *path, struct err *e);
void dictfile_close(struct dictfile *d);

#endif
