/* report_page.h - what the files that write the report page share. Not for others. */
#ifndef LTM_APP_REPORT_PAGE_H
#define LTM_APP_REPORT_PAGE_H

#include "app/report/report.h"
#include "app/report/svg.h"

/* Every phrase of the page; agrees with the table in report_words.c. */
enum phrase {
	P_REPORT, P_SEED, P_BOOKS, P_SCENES, P_CHARS, P_CONCEPTS, P_EDGES, P_TRAIN, P_DEV, P_TEST,
	P_ARCS, P_ARCS_WHAT, P_ARCS_SOME, P_TENSION, P_VALENCE, P_SCENE, P_TENSEST, P_DARK, P_BRIGHT,
	P_NET, P_NET_WHAT, P_LIBRARY, P_MEET_TABLE, P_ACTOR, P_TOGETHER,
	P_KINDS, P_KINDS_WHAT, P_RESOLUTION, P_EMOTION, P_FUNCTION, P_TRANSITION, P_MATRIX,
	P_MATRIX_WHAT, P_UNKNOWN,
	P_GLYPHS, P_GLYPHS_WHAT, P_LINE, P_READS, P_PASSAGE, P_BOOK,
	P_PAIRS, P_PAIRS_WHAT, P_OCCURS, P_LEADS, P_STRENGTH,
	P_LEARN, P_LEARN_WHAT, P_LOSS, P_ACC, P_STEP,
	P_EVAL, P_EVAL_WHAT, P_TASK, P_SYSTEM, P_CHANCE, P_QUESTIONS, P_EXTRA, P_INTERVAL,
	P_DIFF, P_HOLDS, P_HOLDS_NOT, P_WORSE,
	P_BOOKS_WHAT, P_BOOKS_SOME, P_TITLE, P_AUTHOR, P_PART, P_WARNING,
	P_FAILED, P_FAILED_WHAT, P_FILE, P_REASON, P_NOTES, P_NOTHING, P_FOOT, P_CLOSE, P_NAV,
	P_UNTITLED, P_SCENES_N,
	P_LEDGER, P_LEDGER_WHAT, P_LEDGER_WHOLE, P_LOSSLESS, P_LOSSY, P_PEERS, P_PER1000, P_VOCAB, P_BITS,
	P_BITS_VOCAB, P_LOST_FORM, P_LOST_ORDER, P_LOST_WORD, P_CLAIMS, P_N_LEDGER,
	/* short names for the contents */
	P_N_ARCS, P_N_EVAL, P_N_NET, P_N_KINDS, P_N_GLYPHS, P_N_PAIRS, P_N_LEARN, P_N_BOOKS, P_N_FAILED,
	P_N
};

struct page {
	struct buf *b;
	const struct report *r;
	bool ru;
};

const char *page_phrase(const struct page *p, enum phrase id);
/* A kind's name in the page's language. */
struct str page_kind(const struct page *p, enum scene_code f, int kind);
/* One sentence on what a task of eval asks; empty for tasks it does not know. */
const char *page_task(const struct page *p, struct str task);

void page_put(const struct page *p, const char *s);		/* markup of ours */
void page_say(const struct page *p, enum phrase id);
void page_text(const struct page *p, struct str s, size_t runes);	/* theirs, within <bdi> */
void page_title(const struct page *p, const struct report_book *b);	/* or "untitled" */
void page_big(const struct page *p, uint64_t n);		/* 1 234 567 */
void page_real(const struct page *p, double v, int digits);	/* 0,75 or 0.75; fixed digits */
void page_share(const struct page *p, double v);		/* 61,3 % */

/* Opens <section id>, its heading and a line on what it shows. */
void page_section(const struct page *p, const char *id, enum phrase head, enum phrase what);
void page_section_end(const struct page *p);

void page_arcs(const struct page *p);
void page_net(const struct page *p);
void page_kinds(const struct page *p);
void page_glyphs(const struct page *p);
void page_pairs(const struct page *p);
void page_learn(const struct page *p);
void page_eval(const struct page *p);
void page_books(const struct page *p);
void page_failed(const struct page *p);
void page_ledger(const struct page *p);

#endif
