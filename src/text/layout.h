/* layout.h - how the lines of a plain text stand, and the pieces they make (layout.c). */
#ifndef LTM_TEXT_LAYOUT_H
#define LTM_TEXT_LAYOUT_H

#include "text/inner.h"

enum line_end { END_OPEN, END_SOFT, END_FULL };	/* a letter; , ; : -; . ! ? … and quotes */
enum line_start { START_UPPER, START_LOWER, START_DASH, START_OTHER };

struct line {
	struct str s;			/* trimmed, not empty */
	uint16_t indent, runes;		/* held under 60000 */
	uint8_t blanks;			/* blank lines before it, held under 255 */
	uint8_t ends, starts;		/* enum line_end, enum line_start */
};
struct lines { struct line *v; size_t n, cap; };
/* ERR_LIMIT over LIMIT_LINES lines. The lines lend text. */
enum status lines_cut(struct lines *out, struct str text, struct err *e);

struct layout {
	bool wrapped;			/* paragraphs are broken into lines of one width */
	bool indents;			/* … and begin with a deeper indent */
	bool poem;			/* most lines are verse */
	unsigned width;			/* of a full line */
	unsigned base, para_indent;	/* indents of a running line and of a first line */
	unsigned usual_blanks;		/* blank lines between ordinary paragraphs: 0 or 1 */
};
struct layout layout_of(const struct lines *l);

/* A paragraph to be: one line, or several joined. */
struct piece {
	struct str s;
	uint32_t lines;
	uint16_t indent;
	uint32_t runes;
	uint8_t blanks, ends, starts;
	uint8_t kind;			/* enum para_kind */
	uint8_t level;			/* of a title */
	uint8_t head;			/* enum head_kind: by its words alone */
};
struct pieces { struct piece *v; size_t n, cap; };
/* Joined text goes to joined, which must outlive out. */
void pieces_join(struct pieces *out, struct buf *joined, const struct lines *in,
                 const struct layout *l);
#endif
