/* json.h - JSON values as trees, and back; private to io.
 *
 * Reading refuses, with line and column: bytes that are not UTF-8, keys given twice, depth
 * over TREE_DEPTH, more than TREE_NODES values, and bytes after the value. Nodes know no
 * lines. Strings are TREE_TEXT; numbers, true, false, null are TREE_PLAIN.
 */
#ifndef LTM_IO_JSON_H
#define LTM_IO_JSON_H

#include "io/scenes/tree.h"

/* The one value of the text, in a. */
enum status json_read(struct tree **out, struct str bytes, struct arena *a, struct err *e);
/* The same for a text that may be a list: each is called for every element, or once for a
 * value that is no list; only one element is in memory at a time. */
enum status json_each(struct str bytes,
                      enum status (*each)(void *ctx, struct tree *v, struct arena *a,
                                          struct err *e),
                      void *ctx, struct err *e);

/* Appends the value on one line, members in order, Cyrillic unescaped. */
void json_write(struct buf *out, const struct tree *v);

#endif
