/* data.h - the tables of data/ru, carried inside the program.
 *
 * The build turns every data/ru/X.tsv into bytes of the library (no files are needed at run
 * time). Rows: one a line, fields separated by tabs, '#' begins a comment line, the first
 * row that is not a comment names the columns.
 */
#ifndef LTM_BASE_DATA_H
#define LTM_BASE_DATA_H

#include "base/base.h"

/* The bytes of data/ru/NAME ("tension.tsv"); must exist (a missing table is a bug). */
struct str data_find(const char *name);
/* For files that a build may leave out (morph_model.bin). */
bool data_has(const char *name);

/* Walks the rows after the column row. Zero-initialise with tsv_of. */
struct tsv {
	struct str rest;
	struct str field[16];
	int n;			/* fields of the current row */
};
struct tsv tsv_of(struct str bytes);
bool tsv_next(struct tsv *t);	/* false at the end; missing fields are empty */

#endif
