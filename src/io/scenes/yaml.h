/* yaml.h - YAML documents as trees, and back; private to io.
 *
 * Reading refuses, with line and column in characters: bytes that are not UTF-8, depth over
 * TREE_DEPTH, keys given twice, keys that are not scalars, anchors and aliases, foreign tags,
 * documents over TREE_NODES. Numbers are not guessed: "no" and "12:30" stay strings.
 */
#ifndef LTM_IO_YAML_H
#define LTM_IO_YAML_H

#include "io/scenes/tree.h"

struct yaml;
/* bytes must live while the reader does. */
enum status yaml_open(struct yaml **out, struct str bytes, struct err *e);
void yaml_close(struct yaml *y);
/* The next document, in a; *doc NULL after the last one. After an error no further call. */
enum status yaml_next(struct yaml *y, struct tree **doc, struct arena *a, struct err *e);

/* Appends one document, "---" first. Cyrillic unescaped, strings quoted where another reader
 * might take them for something else; bad UTF-8 becomes U+FFFD. */
void yaml_write(struct buf *out, const struct tree *doc);

#endif
