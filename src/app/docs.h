/* docs.h - books as documents of scenes, from a store or freshly read, for printing. */
#ifndef LTM_APP_DOCS_H
#define LTM_APP_DOCS_H

#include "app/app.h"

/* A book_doc with everything in one arena. */
struct doc {
	struct arena mem;
	struct book_doc d;
	bool full;		/* holds something */
};
void doc_clear(struct doc *x);
/* From a book just read: aliases grow in t. */
void doc_of_book(struct doc *x, const struct book *b, struct reading_kit *k, struct aliases *t,
                 bool passages);
/* From a store. */
enum status doc_of_store(struct doc *x, struct store *s, const struct book_row *row,
                         bool passages, struct err *e);
/* Appends a document in a form. first and last frame pvq.json. */
void doc_write(struct buf *out, const struct doc *x, enum ltm_form form, bool first, bool last);
/* One scene for people: its codes by name, its fields, indented. */
void doc_scene_text(struct buf *out, const struct scene *s);
/* At most n runes of a passage, on one line. */
void put_short(struct buf *out, struct str s, size_t n);

#endif
