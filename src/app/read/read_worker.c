/* read_worker.c - a worker of the reading: source → jail → words → scenes → strip.
 *
 *   in    the next source of this rank
 *   out   ready books in the ring
 *
 * Invariant: what a worker makes depends on its source alone.
 */
#include "app/read/read_in.h"
#include "order/order.h"

/* A reading of another version is another reading: part of a book's hash. */
enum { PIPELINE = 2 };
/* ---- hashes ---------------------------------------------------------------------------- */

/* The identity of the entry-th book of a file. `last` tells where an archive ends, so that a
 * whole archive is recognised by its hashes alone. */
static uint64_t book_hash(uint64_t file, uint32_t entry, bool last)
{
	uint64_t what[3] = { file, entry, (uint64_t)PIPELINE << 1 | last };

	return hash64(what, sizeof what, 0);
}

static bool stored_whole(const struct hashset *h, uint64_t file)
{
	uint32_t i = 0;

	while (hashset_has(h, book_hash(file, i, false)))
		i++;
	return hashset_has(h, book_hash(file, i, true));
}

/* ---- a worker -------------------------------------------------------------------------- */


void read_free(struct ready *r)
{
	struct arena mem = r->mem;

	arena_close(&mem);	/* r lies in it */
}

/* What the parts need to be put; they live in mem, as does r. */
struct ready *read_ready_of(const struct ready_parts *p, struct arena *mem)
{
	struct ready *r = TAKE(mem, struct ready, 1);
	struct skeleton *k = TAKE(mem, struct skeleton, p->n_scene);

	for (size_t i = 0; i < p->n_scene; i++)
		skeleton_of(&k[i], &p->scene[i]);
	r->book = p->book;
	r->words = p->words;
	r->put = (struct book_put){ .book = &r->book, .words = &r->words, .scene = p->scene, .n_scene = p->n_scene,
	                            .skeleton = k, .strip = p->strip };
	r->mem = *mem;
	r->bytes = mem->used;
	return r;
}

static struct ready *ready_make(struct worker *w, const struct book *b)
{
	struct arena mem = arena_open("book");
	struct ready_parts p = { 0 };
	struct buf strip = { 0 };

	book_keep(&p.book, b, &mem);
	words_read(&p.words, &p.book, w->cache, &mem);
	scenes_read(&p.scene, &p.n_scene, &p.book, &p.words, &mem);
	strip_make(&strip, &p.book, &p.words, p.scene, p.n_scene);
	p.strip = str_copy(&mem, buf_view(&strip));
	buf_free(&strip);
	return read_ready_of(&p, &mem);
}

/* The numbers of a book that its row tells. */
void read_row_fill(struct book_row *row, const struct ready *r, struct str path)
{
	const struct book *b = &r->book;

	row->path = path;
	row->title = b->title;
	row->author = b->author;
	row->format = b->format;
	row->charset = b->charset;
	row->warn = b->warn;
	row->text_hash = str_hash(b->text);
	row->chars = (uint32_t)utf8_count(b->text);
	row->scenes = (uint32_t)r->put.n_scene;
	row->sentences = (uint32_t)b->n_sent;
	for (size_t i = 0; i < r->words.n; i++)
		row->words += r->words.w[i].pos != POS_PUNCT;
}

/* Hands the held book over; waits for room as the head of this file says. */
static void push(struct worker *w, bool last)
{
	struct shop *s = w->shop;
	struct slot *slot = &s->ring[w->seq % s->cap];
	struct ready *r = w->held;

	w->held = NULL;
	if (!r)
		return;
	r->put.row.source_hash = book_hash(w->hash, w->entry - 1, last);
	pthread_mutex_lock(&s->lock);
	while (!s->stop && (s->head == w->seq ? slot->pending >= HEAD_PENDING_MAX
	                                      : s->flight > FLIGHT_MAX))
		pthread_cond_wait(&s->room, &s->lock);
	*(slot->last ? &slot->last->next : &slot->first) = r;
	slot->last = r;
	slot->pending++;
	s->flight += r->bytes;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}

static bool closing(struct shop *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

static enum status one_book(void *ctx, struct book *b, struct err *e)
{
	struct worker *w = ctx;
	struct shop *s = w->shop;

	if (closing(s))
		return err_set(e, ERR_STOP, "stopped");
	push(w, false);
	w->entry++;
	if (hashset_has(s->stored, book_hash(w->hash, w->entry - 1, false)))
		return OK;		/* an archive that was broken off: this book is there */
	w->held = ready_make(w, b);
	read_row_fill(&w->held->put.row, w->held, s->src->item[w->seq].name);
	if (!w->held->put.n_scene) {
		read_free(w->held);
		w->held = NULL;
		err_set(&w->soft, ERR_FORMAT, "no sentences in '%.*s'", STR_ARG(b->title));
	}
	return OK;
}

static enum status read_source(struct worker *w, struct slot *slot, struct err *e)
{
	const struct source *src = &w->shop->src->item[w->seq];
	struct buf bytes = { 0 };
	enum status st = source_bytes(&bytes, src->path, e);

	if (!st) {
		slot->file_bytes = bytes.n;
		w->hash = hash64(bytes.p ? bytes.p : "", bytes.n, 0);
		w->entry = 0;
		err_clear(&w->soft);
		slot->known = stored_whole(w->shop->stored, w->hash);
		if (!slot->known)
			st = jail_read_bytes(w->jail, buf_view(&bytes), src->path, one_book, w, e);
	}
	buf_free(&bytes);
	push(w, true);
	return st || !w->soft.code ? st : err_set(e, w->soft.code, "%s", w->soft.msg);
}

/* Readers name the file in their messages; here the source stands beside them anyway. */
static void bare_message(struct err *e, const char *path)
{
	size_t n = strlen(path);

	if (!strncmp(e->msg, path, n) && !strncmp(e->msg + n, ": ", 2))
		memmove(e->msg, e->msg + n + 2, strlen(e->msg + n + 2) + 1);
}

/* The next source, or false when there is none or the shop is closing. */
static bool next_source(struct worker *w)
{
	struct shop *s = w->shop;
	bool got;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		if (s->stop || s->next == s->src->n)
			break;
		if (s->next != s->head && (s->next - s->head >= s->cap || s->flight > FLIGHT_MAX))
			pthread_cond_wait(&s->room, &s->lock);
		else if (!read_mine(s->next))
			s->ring[s->next++ % s->cap] = (struct slot){ 0 };
		else
			break;
	}
	got = !s->stop && s->next < s->src->n;
	if (got) {
		w->seq = s->next++;
		s->ring[w->seq % s->cap] = (struct slot){ 0 };
	}
	pthread_mutex_unlock(&s->lock);
	return got;
}

void *read_worker(void *ctx)
{
	struct worker *w = ctx;
	struct shop *s = w->shop;

	w->cache = word_cache_open(s->dict);
	while (next_source(w)) {
		struct slot *slot = &s->ring[w->seq % s->cap];
		struct err e = { 0 };

		read_source(w, slot, &e);
		bare_message(&e, s->src->item[w->seq].path);
		pthread_mutex_lock(&s->lock);
		slot->e = e;
		slot->done = true;
		pthread_cond_signal(&s->work);
		pthread_mutex_unlock(&s->lock);
	}
	word_cache_close(w->cache);
	jail_close(w->jail);
	return NULL;
}
