/* inner.h - what the files of the text room tell each other; nobody outside includes it.
 *
 *   bytes -> charset.c -> UTF-8 -> txt.c | fb2.c | epub.c -> bookmake.c -> struct book
 *
 * Readers hand raw paragraphs to a maker; the maker cleans them (clean.c), keeps chapters,
 * and in the end finds the sentences (sentences.c).
 */
#ifndef LTM_TEXT_INNER_H
#define LTM_TEXT_INNER_H

#include "text/text.h"

/* Held under named limits, so that a file of a million empty tags stays cheap. */
enum {
	LIMIT_PARAS = 1 << 20,		/* paragraphs of one book */
	LIMIT_LINES = 2 << 20,		/* lines of one text */
	LIMIT_TITLE = 500,		/* bytes of a title or an author */
	LIMIT_WARN = 2000,		/* bytes of warnings */
	XML_TIMES = 20,			/* an XML document delivers at most 20 x its size */
	XML_MORE = 1 << 20,		/* … and 1 MB */
};

/* Room for n more bytes at the end of b (and a NUL); the caller adds to b->n what it used. */
char *buf_room(struct buf *b, size_t n);
/* A remark for struct book.warn: "; " between, no remark twice, at most LIMIT_WARN. */
void warn_add(struct buf *warn, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- clean.c: one paragraph's raw UTF-8 into the text's normal form ----------------- */
/* Appends to out; returns the bytes appended (0: nothing to see in it). raw may be any
 * bytes; bad ones become U+FFFD. */
size_t clean_add(struct buf *out, struct str raw);
/* raw when it is valid UTF-8; else a mended copy in b with *bad counted up. */
struct str utf8_mend(struct str raw, struct buf *b, size_t *bad);

/* ---- charset.c: bytes in any Russian charset into UTF-8 ----------------------------- */
void charset_warm(void);		/* builds the tables by iconv, once; threads may race */
struct decoded {
	struct str text;		/* UTF-8, valid; lends `in` or `own` */
	struct buf own;			/* free with buf_free */
	struct str charset;		/* a literal */
};
/* declared: the XML declaration's encoding or empty. Remarks go to warn. ERR_FORMAT when
 * the bytes are not text. */
enum status charset_decode(struct decoded *out, struct str in, struct str declared, bool xml,
                           struct buf *warn, struct err *e);
/* UTF-8 head of a file whatever its charset, to look for marks such as "<FictionBook". */
struct str charset_peek(struct str in, char *room, size_t n_room);

/* ---- letterpairs.c: how Russian a text is ------------------------------------------------- */
/* Mean score of the letter pairs in up to 64 kB of UTF-8: 6 to 7 for Russian, under 4
 * for Russian read in the wrong charset; -1 when there is nothing to judge. *judged, if
 * not NULL, is the number of characters beyond ASCII that were seen. */
double pairs_score(struct str utf8, size_t *judged);
/* A remark when the Cyrillic text is not Russian; NULL when it is, or too short to say. */
const char *pairs_language(struct str utf8);

/* ---- bookmake.c --------------------------------------------------------------------- */
struct maker {
	struct arena *a;
	struct buf text, warn, title, author;
	struct para *para;
	size_t n_para, para_cap;
	struct chapter *chapter;
	size_t n_chapter, chapter_cap;
	bool fresh;			/* the next paragraph begins an untitled chapter */
	bool full;			/* over a limit: said by maker_finish */
};
struct maker maker_open(struct arena *a);
void maker_close(struct maker *m);
void maker_reset(struct maker *m);	/* forgets paragraphs and chapters, keeps remarks */
void maker_chapter(struct maker *m, uint32_t level, struct str title);
void maker_section(struct maker *m);	/* the next paragraph begins an untitled chapter */
void maker_para(struct maker *m, enum para_kind kind, struct str raw, bool gap);
void maker_name(struct buf *field, struct str raw);	/* sets a title or an author, cleaned */
/* Where the book stood, and back to it: for a chapter file that proves to be notes. */
struct maker_mark { size_t text, n_para, n_chapter; bool fresh; };
struct maker_mark maker_mark(const struct maker *m);
void maker_back(struct maker *m, struct maker_mark k);
/* Fills *out in m's arena, sentences and all. ERR_FORMAT when there is no text. */
enum status maker_finish(struct maker *m, struct book *out, const char *name,
                         struct str format, struct str charset, struct err *e);

/* ---- formats.c ---------------------------------------------------------------------- */
typedef enum status (*book_each)(void *ctx, struct book *b, struct err *e);
struct format {
	const char *key;
	/* 0: surely not mine, 100: surely mine. head is UTF-8, bytes are the file. */
	int (*recognise)(struct str bytes, struct str head, const char *name);
	enum status (*read)(struct str bytes, const char *name, book_each each, void *ctx,
	                    struct err *e);
};
extern const struct format format_txt, format_fb2, format_epub, format_zip;
const struct format *format_find(struct str bytes, const char *name);
bool name_ends(const char *name, const char *tail);	/* without regard to case */
/* Decodes bytes (`said`: the charset they name, or ""), lets fill make paragraphs of the UTF-8,
 * finishes the book and hands it to each. */
typedef enum status (*book_fill)(struct maker *m, struct str utf8, struct err *e);
enum status book_decode(struct str bytes, struct str said, bool xml, book_fill fill, const char *name,
                        struct str format, book_each each, void *ctx, struct err *e);
/* One book given in UTF-8 or not, as FB2 or plain text, in a file or an archive. */
enum status fb2_read(struct str bytes, const char *name, struct str format, book_each each,
                     void *ctx, struct err *e);
enum status txt_read(struct str bytes, const char *name, struct str format, book_each each,
                     void *ctx, struct err *e);

/* ---- headlines.c: what a line of plain text is ------------------------------------------ */
enum head_kind { HEAD_NONE, HEAD_BREAK, HEAD_PART, HEAD_CHAPTER, HEAD_NUMBER, HEAD_CAPS };
enum head_kind head_kind(struct str line);	/* trimmed UTF-8 */
bool head_is_name(struct str line);		/* a person's name and nothing else */
/* Splits "Михаил Лермонтов. Герой нашего времени"; false when it is not of that form. */
bool head_name_title(struct str line, struct str *name, struct str *title);
bool head_is_notes(struct str title);		/* «Примечания», «Сноски», … */
bool head_is_contents(struct str title);	/* «Оглавление», «Содержание», … */

/* ---- xml.c: the only door of libxml2 ------------------------------------------------ */
struct xml_attr { struct str name, value; };	/* names without their prefix */
struct xml_sax {
	void (*reset)(void *ctx);	/* a pass begins: forget what an earlier one delivered */
	void (*open)(void *ctx, struct str tag, const struct xml_attr *attr, size_t n);
	void (*close)(void *ctx, struct str tag);
	void (*text)(void *ctx, struct str chars);
};
void xml_warm(void);
enum xml_kind { XML_DATA, XML_BOOK, XML_PAGE };	/* container and opf; FB2; XHTML */
/* utf8 is valid UTF-8 without regard to its declaration. Well-formed documents go straight
 * through; others are mended with a remark. warn may be NULL. ERR_LIMIT: depth, delivery.
 * ERR_FORMAT: an entity that contains itself, nothing like XML. */
enum status xml_read(struct str utf8, enum xml_kind kind, const struct xml_sax *sax, void *ctx,
                     struct buf *warn, struct err *e);
struct str xml_attr(const struct xml_attr *attr, size_t n, const char *name);	/* or empty */
struct str xml_declared(struct str head);	/* the encoding of <?xml … encoding="X"?> */
/* xmlprep.c: takes the document type away and expands its internal entities in a copy. */
enum status xml_prepare(struct buf *out, struct str utf8, enum xml_kind kind, struct buf *warn,
                        struct err *e);
/* xmlmend.c: balances tags, escapes what is no tag: what a strict parser then accepts. */
void xml_mend(struct buf *out, struct str prepared);
uint32_t html_entity(struct str name);		/* U+00A0 for "nbsp"; 0 when unknown */

/* ---- zip.c: the only door of libzip ------------------------------------------------- */
struct zipbox;
enum status zipbox_open(struct zipbox **out, struct str bytes, struct err *e);
void zipbox_close(struct zipbox *z);
size_t zipbox_count(const struct zipbox *z);
struct str zipbox_name(const struct zipbox *z, size_t i);	/* UTF-8, lends */
size_t zipbox_find(const struct zipbox *z, struct str name);	/* SIZE_MAX: absent */
bool zipbox_doubles(const struct zipbox *z, struct str *name);	/* two entries, one name */
bool zipbox_loose(const struct zipbox *z);	/* opened with its consistency unchecked */
/* Expands entry i into out (emptied first) under the caps of RELIABILITY.md. */
enum status zipbox_read(struct zipbox *z, size_t i, size_t limit, struct buf *out, struct err *e);

/* ---- epub.c, xhtml.c, opf.c --------------------------------------------------------- */
bool epub_inside(const struct zipbox *z);	/* a container.xml or an .opf is there */
enum status epub_read_box(struct zipbox *z, const char *name, book_each each, void *ctx,
                          struct err *e);
struct xhtml_facts {
	bool notes, contents;		/* the whole file is notes, or a table of contents */
};
/* Adds the running text of one chapter file. note_target(ctx, href) hears where the marks of
 * notes point to. */
enum status xhtml_read(struct maker *m, struct str utf8, struct xhtml_facts *facts,
                       void (*note_target)(void *ctx, struct str href), void *ctx, struct err *e);

struct opf_item { struct str id, href, type, props; };
struct opf {
	struct arena *a;
	struct buf title, author;
	struct opf_item *item;
	size_t n_item, item_cap;
	struct str *spine;		/* idref, linear ones */
	size_t n_spine, spine_cap;
	struct str *skip;		/* hrefs the guide calls a toc, a cover, notes; then paths */
	size_t n_skip, skip_cap;
	struct str root;		/* of container.xml: path of the .opf */
};
enum status opf_read(struct opf *o, struct str utf8, struct buf *warn, struct err *e);
/* href of a file in folder dir -> path in the archive; empty when it leaves the archive. */
struct str epub_path(struct arena *a, struct str dir, struct str href);

/* ---- sentences.c, abbrev.c -------------------------------------------------------------- */
enum abbrev { ABBREV_NO, ABBREV_LEADS, ABBREV_MAY_END };
enum abbrev abbrev_find(struct str word);	/* the word before a full stop, without it */
bool abbrev_begins(struct str word);		/* a capitalised word that begins sentences */

#endif
