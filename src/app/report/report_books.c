/* report_books.c - the list of books with their figures, and what could not be read. */
#include "app/report/report_page.h"

static const enum phrase part_name[] = { P_TRAIN, P_DEV, P_TEST };

static void head_cell(const struct page *p, enum phrase id, bool num)
{
	page_put(p, num ? "<th class=\"num\" scope=\"col\">" : "<th scope=\"col\">");
	page_say(p, id);
	page_put(p, "</th>");
}

static void book_row(const struct page *p, const struct report_book *b, size_t i)
{
	buf_printf(p->b, "<tr><td class=\"num soft\">%zu</td><td>", i + 1);
	page_title(p, b);
	page_put(p, "</td><td>");
	page_text(p, b->author, 80);
	page_put(p, "</td><td class=\"num\">");
	page_big(p, b->chars);
	page_put(p, "</td><td class=\"num\">");
	page_big(p, b->n_scene);
	page_put(p, "</td><td class=\"soft\">");
	if (b->split >= 0 && b->split <= 2)
		page_say(p, part_name[b->split]);
	page_put(p, "</td><td class=\"soft\">");
	page_text(p, b->warn, 200);
	page_put(p, "</td></tr>\n");
}

void page_books(const struct page *p)
{
	size_t n = p->r->n_book < REPORT_BOOKS_MAX ? p->r->n_book : REPORT_BOOKS_MAX;

	page_section(p, "books", P_N_BOOKS, P_BOOKS_WHAT);
	if (n < p->r->n_book) {
		page_put(p, "<p class=\"what\">");
		page_say(p, P_BOOKS_SOME);
		buf_printf(p->b, " %zu / %zu</p>\n", n, p->r->n_book);
	}
	page_put(p, n > 30 ? "<div class=\"wide tall\" tabindex=\"0\">" : "<div class=\"wide\">");
	page_put(p, "<table class=\"books\"><thead><tr><td></td>");
	head_cell(p, P_TITLE, false);
	head_cell(p, P_AUTHOR, false);
	head_cell(p, P_CHARS, true);
	head_cell(p, P_SCENES, true);
	head_cell(p, P_PART, false);
	head_cell(p, P_WARNING, false);
	page_put(p, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++)
		book_row(p, &p->r->book[i], i);
	page_put(p, "</tbody></table></div>\n");
	page_section_end(p);
}

void page_failed(const struct page *p)
{
	size_t n = p->r->n_failure < REPORT_BOOKS_MAX ? p->r->n_failure : REPORT_BOOKS_MAX;

	page_section(p, "failed", P_FAILED, P_FAILED_WHAT);
	page_put(p, "<div class=\"wide\"><table class=\"failed\"><thead><tr>");
	head_cell(p, P_FILE, false);
	head_cell(p, P_REASON, false);
	page_put(p, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++) {
		page_put(p, "<tr><td><code>");
		page_text(p, p->r->failure[i].path, 200);
		page_put(p, "</code></td><td>");
		page_text(p, p->r->failure[i].why, 400);
		page_put(p, "</td></tr>\n");
	}
	page_put(p, "</tbody></table></div>\n");
	if (n < p->r->n_failure)
		buf_printf(p->b, "<p class=\"what\">%zu / %zu</p>\n", n, p->r->n_failure);
	page_section_end(p);
}
