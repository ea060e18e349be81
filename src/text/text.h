/* text.h - from the bytes of a book file to chapters, paragraphs and sentences.
 *
 *   in    the bytes of one file (TXT in any Russian charset, FB2, FB2.ZIP, EPUB) and its name
 *   out   struct book: one UTF-8 text with marks over it
 *
 * Memory to memory: no files are opened here. Untrusted bytes: call through io/jail.h.
 */
#ifndef LTM_TEXT_H
#define LTM_TEXT_H

#include "base/base.h"

/* What a paragraph is. Ids are stored in files: never reused. */
enum para_kind {
	PARA_PROSE = 0,
	PARA_VERSE = 1,		/* one line of verse */
	PARA_TITLE = 2,		/* a chapter's or part's heading */
	PARA_EPIGRAPH = 3,
	PARA_EPIGRAPH_AUTHOR = 4,
	PARA_BREAK = 5,		/* "* * *": a section mark; never has sentences */
};

struct para {
	uint32_t off, len;	/* bytes in book.text */
	uint32_t chapter;	/* index into book.chapter */
	uint32_t sent, n_sent;	/* its sentences */
	uint8_t kind;		/* enum para_kind */
	uint8_t gap;		/* 1 if a blank line stood before it (TXT), else 0 */
};

struct chapter {
	uint32_t title_off, title_len;	/* bytes in book.text; 0 length when untitled */
	uint32_t para, n_para;		/* its paragraphs, its title paragraph included */
	uint32_t level;			/* 1 a part or a lone chapter, 2 a chapter in a part, … */
};

struct sent {
	uint32_t off, len;	/* bytes in book.text, trimmed */
	uint32_t para;
};

/* The running text: NFC, no control characters, no soft hyphens, no stress accents
 * (U+0301 after NFC), typographic spaces folded to ' ', paragraphs joined by '\n'.
 * Notes, tables of contents and descriptions are left out. Chapter 0 always exists. */
struct book {
	struct str title, author;	/* empty when unknown; at most 500 bytes each */
	struct str text;
	struct chapter *chapter;
	struct para *para;
	struct sent *sent;
	size_t n_chapter, n_para, n_sent;
	struct str format;		/* "txt", "fb2", "fb2.zip", "epub" */
	struct str charset;		/* as found: "utf-8", "windows-1251", … */
	struct str warn;		/* what was mended, "; " between; empty when clean */
};

/* Limits on what an archive or a document may deliver (RELIABILITY.md). */
enum {
	LIMIT_BOOK = 512 << 20,		/* bytes of one book */
	LIMIT_PART = 64 << 20,		/* bytes of one chapter file */
	LIMIT_ENTRIES = 20000,
	LIMIT_XML_DEPTH = 256,
};

/* Reads the books in a file: one for most, many for a .zip that holds a library. `each` is
 * called for every book in the order of the archive; the book lives in an arena that is
 * closed after the call. name is used for the title when the file has none and for messages.
 * ERR_FORMAT (nothing readable: empty, binary, no zip, not text), ERR_LIMIT (over a cap), or
 * ERR_PART when some entries of an archive could not be read. each returning non-zero ends. */
enum status text_read(struct str bytes, const char *name,
                      enum status (*each)(void *ctx, struct book *b, struct err *e), void *ctx,
                      struct err *e);

/* Builds what reading needs (charset tables, libxml2) so that no file is opened and nothing
 * global is made later. Optional; the reading child calls it before it locks itself in. */
void text_warm(void);

/* Splits plain UTF-8 paragraphs given by the caller (a situation typed by a user, a gold
 * scene): no charset detection, no title guessing; '\n' ends a paragraph. */
void text_from_plain(struct book *out, struct str utf8, struct arena *a);

/* Finds the sentences of every paragraph of b (fills b->sent); used by both above.
 * Dialogue dashes, initials, abbreviations and ellipsis do not end a sentence wrongly;
 * every non-space byte of a prose or verse paragraph is in exactly one sentence. */
void text_split(struct book *b, struct arena *a);

/* Length-checked form in which a book crosses the pipe from the reading child. */
void book_pack(struct buf *out, const struct book *b);
enum status book_unpack(struct book *out, struct str bytes, struct arena *a, struct err *e);

#endif
