/* done.h - which stages of a mind are up to date: MIND/stages.tsv.
 *
 *   stage <tab> hash of its inputs <tab> hash of the file it made
 *
 * A stage is done when both hashes agree with what is there now; so an edited or lost file is
 * made again, and an unchanged one never.
 */
#ifndef LTM_APP_DONE_H
#define LTM_APP_DONE_H

#include "base/base.h"

uint64_t file_hash(const char *path);	/* XXH3 of its bytes; 0 when it cannot be read */
bool done_is(const char *mind, const char *stage, uint64_t inputs, const char *file);
enum status done_set(const char *mind, const char *stage, uint64_t inputs, const char *file,
                     struct err *e);

#endif
