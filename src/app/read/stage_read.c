/* stage_read.c - reads a library into a mind's store: the one loop over books.
 *
 *   in    sources in their order (app/read/sources.h)
 *   out   MIND/store.db, MIND/lemmas.ltm
 *
 *   workers  source → jail → words → scenes → skeletons, strip      one jail and cache each
 *   writer   takes finished books in order of source, one transaction a book
 *
 * Between them lies a bounded reorder buffer: a ring of 16 × threads sources. A worker waits
 * when the ring is full or more than FLIGHT_MAX bytes are in flight, unless its source is the
 * one the writer waits for; so memory is bounded and nobody waits for ever.
 *
 * Under mpirun each rank's workers take every size-th source. Rank 0 alone writes: when the next source is
 * another rank's, it says so to that rank, and receives its books, packed; the others pack and
 * send theirs in order, each source when rank 0 asks for it. So no rank runs ahead by more than its ring.
 *
 * Invariants: what a worker makes depends on its source alone; the writer sees sources in
 * order; therefore the store has the same bytes for any number of threads. A source that fails
 * is noted and never stops the others. On a stop the book being committed is finished.
 */
#include <errno.h>
#include <time.h>

#include "app/read/read_in.h"
#include "base/data.h"
#include "order/order.h"

/* ---- the writer ------------------------------------------------------------------------ */


/* Sources stand for books until an archive of many shows that they do not. */
void read_tell(struct writer *x)
{
	size_t sources = x->shop->head, books = x->sum->added + x->sum->known;
	bool archive = books > sources;

	watch_step(x->w, "read", (double)(archive ? books : sources),
	           archive ? 0 : (double)x->shop->src->n, "books");
}

/* Sets the part a book belongs to, if it is not that already: a reading killed between a book
 * and its split left it among the training books. */
static enum status split_mend(struct writer *x, const struct book_row *row, struct err *e)
{
	int split = (int)split_of(x->split_rules, row->path, row->title, row->author);

	return split == row->split ? OK : store_split(x->store, row->id, split, e);
}

enum status read_commit(struct writer *x, struct ready *r, uint64_t file_bytes, struct err *e)
{
	struct book_row *row = &r->put.row;

	if (hashset_has(&x->now, row->source_hash)) {
		x->sum->known++;
		return OK;		/* the same file twice in one library */
	}
	if (strtab_find(&x->path, row->path) != STRTAB_NONE && !str_eq(row->path, S("-")))
		watch_note(x->w, "%.*s has changed since it was read: it is added as another book; a new "
		           "mind holds only the new one", STR_ARG(row->path));
	if (lemmas_book(&x->lemmas, &r->words, e) || store_book_put(x->store, &r->put, e))
		return e->code;
	hashset_add(&x->now, row->source_hash);
	x->sum->added++;
	x->sum->bytes += file_bytes;
	x->sum->chars += row->chars;
	x->sum->words += row->words;
	x->sum->scenes += row->scenes;
	return split_mend(x, row, e);
}

/* A source is finished: its failure is noted, its place in the ring is free. */
enum status read_finish_source(struct writer *x, struct slot *slot, struct err *e)
{
	struct shop *s = x->shop;
	const struct source *src = &s->src->item[s->head];
	enum status st = OK;

	if (slot->known)
		x->sum->known++;
	if (slot->e.code && slot->e.code != ERR_STOP) {
		x->sum->failed++;
		if (!x->sum->first) {
			x->sum->first = slot->e.code;
			snprintf(x->sum->why, sizeof x->sum->why, "%.*s: %s", STR_ARG(src->name),
			         slot->e.msg);
		}
		if (s->src->n > 1)	/* alone it is the error itself */
			watch_note(x->w, "%.*s: %s", STR_ARG(src->name), slot->e.msg);
		st = store_failed(x->store, src->name.p, &slot->e, e);
	}
	pthread_mutex_lock(&s->lock);
	s->head++;
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
	read_tell(x);
	return st;
}

/* Waits a quarter of a second for work on the head: a ready book in *r, or its end. */
bool read_wait_head(struct writer *x, struct slot **slot, struct ready **r)
{
	struct shop *s = x->shop;
	struct timespec until;
	bool got;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 250000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&s->lock);
	*slot = &s->ring[s->head % s->cap];
	while (s->next == s->head || (!(*slot)->first && !(*slot)->done))
		if (pthread_cond_timedwait(&s->work, &s->lock, &until) == ETIMEDOUT)
			break;
	got = s->next > s->head && ((*slot)->first || (*slot)->done);
	*r = got ? (*slot)->first : NULL;
	if (*r) {
		(*slot)->first = (*r)->next;
		(*slot)->pending--;
		if (!(*slot)->first)
			(*slot)->last = NULL;
		s->flight -= (*r)->bytes;
		pthread_cond_broadcast(&s->room);
	}
	pthread_mutex_unlock(&s->lock);
	return got;
}

static enum status write_all(struct writer *x, struct err *e)
{
	struct shop *s = x->shop;
	enum status st = OK;

	while (!st && s->head < s->src->n) {
		struct slot *slot;
		struct ready *r;

		if (watch_stopped(x->w))
			return err_set(e, ERR_STOP, "%zu of %zu sources read; the same command goes on",
			               s->head, s->src->n);
		if (!read_mine(s->head)) {
			st = read_receive(x, e);
		} else if (!read_wait_head(x, &slot, &r)) {
			read_tell(x);
		} else if (r) {
			st = read_commit(x, r, slot->file_bytes, e);
			read_tell(x);
			slot->file_bytes = 0;	/* an archive's bytes count once */
			read_free(r);
		} else {
			st = read_finish_source(x, slot, e);
		}
	}
	return st;
}

/* ---- opening and closing the shop ------------------------------------------------------ */

static void shop_close(struct shop *s, struct worker *w, int n)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
	for (int i = 0; i < n; i++)
		pthread_join(w[i].thread, NULL);
	for (size_t i = 0; i < s->cap; i++)
		for (struct ready *r = s->ring[i].first, *next; r; r = next) {
			next = r->next;
			read_free(r);
		}
}

static enum status run_shop(struct writer *x, int threads, struct err *e)
{
	struct shop *s = x->shop;
	struct arena a = arena_open("reading");
	struct worker *w = TAKE(&a, struct worker, (size_t)threads);
	enum status st = OK;
	int n = 0;

	s->cap = RING_A_THREAD * (size_t)threads;
	s->ring = TAKE(&a, struct slot, s->cap);
	for (int i = 0; i < threads; i++) {
		w[i].jail = jail_open();
		jail_ready(w[i].jail);
	}
	for (; n < threads; n++) {
		w[n].shop = s;
		if (pthread_create(&w[n].thread, NULL, read_worker, &w[n]))
			break;
	}
	if (!n)
		st = err_set(e, ERR_LIMIT, "cannot start a reading thread");
	if (team_any(st != OK)) {
		st = st ? st : err_set(e, ERR_LIMIT, "another process cannot start its reading threads");
	} else if (team_rank() > 0) {
		read_send_all(x);
	} else {
		st = write_all(x, e);
		read_stop_others();
	}
	shop_close(s, w, n);
	for (int i = n; i < threads; i++)
		jail_close(w[i].jail);
	arena_close(&a);
	return st;
}

/* What the store holds already. */
static enum status load_known(struct writer *x, struct hashset *known, struct err *e)
{
	struct arena a = arena_open("known");
	struct book_row *row;
	size_t n;
	enum status st = store_books(x->store, &row, &n, &a, e);

	for (size_t i = 0; !st && i < n; i++) {
		hashset_add(known, row[i].source_hash);
		hashset_add(&x->now, row[i].source_hash);
		strtab_add(&x->path, row[i].path);
		st = split_mend(x, &row[i], e);
	}
	arena_close(&a);
	return st;
}

static enum status verdict(const struct read_sum *sum, struct err *e)
{
	if (!sum->failed)
		return OK;
	if (!sum->added && !sum->known)
		return err_set(e, sum->first, sum->failed == 1 ? "%s"
		               : "%s (and %zu others: nothing was read)", sum->why, sum->failed - 1);
	return err_set(e, ERR_PART, sum->failed == 1 ? "%s" : "%s, and %zu others (`ltm books` lists them)",
	               sum->why, sum->failed - 1);
}

/* Everyone knows what rank 0's store holds. */
static void share_known(struct hashset *known)
{
	struct buf b = { 0 };

	if (team_rank() == 0)
		for (size_t i = 0; i < known->cap; i++)
			if (known->slot[i])
				buf_u64(&b, known->slot[i]);
	if (team_rank() == 0 && known->zero)
		buf_u64(&b, 0);
	team_share_buf(&b, 0);
	if (team_rank() > 0) {
		struct reader r = reader_of(buf_view(&b));

		while (rd_left(&r))
			hashset_add(known, rd_u64(&r));
	}
	buf_free(&b);
}

/* The part of ranks other than 0: no store, no word to the user. */
static enum status read_for_others(const struct dictfile *dict, const struct read_opts *o, struct writer *x, struct err *e)
{
	struct hashset known = { 0 };

	if (!team_share_err(e)) {	/* rank 0 has its store */
		share_known(&known);
		x->shop->dict = dict->dict;
		x->shop->stored = &known;
		run_shop(x, threads_of(o->threads), e);
	}
	hashset_clear(&known);
	return e->code;
}

static enum status read_sources(const char *mind, const struct read_opts *o, struct writer *x,
                                struct err *e)
{
	struct shop *s = x->shop;
	struct dictfile dict;
	struct hashset known = { 0 };
	enum status st = dictfile_open(&dict, o->dict, e);

	if (team_any(st != OK)) {
		if (!st)
			dictfile_close(&dict);
		return st ? st : err_set(e, ERR_IO, "another process cannot open its dictionary");
	}
	if (team_rank() > 0) {
		st = read_for_others(&dict, o, x, e);
		dictfile_close(&dict);
		return st;
	}
	if (!mind_store(&x->store, mind, STORE_WRITE, e) && !lemmas_open(&x->lemmas, mind, true, e))
		load_known(x, &known, e);
	if (!team_share_err(e)) {
		share_known(&known);
		s->dict = dict.dict;
		s->stored = &known;
		run_shop(x, threads_of(o->threads), e);
	}
	if (x->lemmas.f)
		lemmas_close(&x->lemmas, e);
	if (!e->code)	/* also when nothing is new: an earlier reading may have been killed here */
		store_finish(x->store, e);
	if (x->store)
		store_close(x->store);
	hashset_clear(&known);
	dictfile_close(&dict);
	return e->code;
}

enum status stage_read(const char *mind, const struct read_opts *o, struct read_sum *sum,
                       const struct watch *w, struct err *e)
{
	struct sources src = { 0 };
	struct shop shop = { .lock = PTHREAD_MUTEX_INITIALIZER, .room = PTHREAD_COND_INITIALIZER,
	                     .work = PTHREAD_COND_INITIALIZER, .src = &src };
	struct writer x = { .shop = &shop, .sum = sum, .w = w, .began = clock_now(),
	                    .path = strtab_open("paths"), .split_rules = data_find("split.tsv") };
	struct err own = { 0 };
	enum status st;

	e = e ? e : &own;
	*sum = (struct read_sum){ 0 };
	st = sources_find(&src, o->path, o->n_path, o->root, w, e);
	if (team_any(st != OK) && !st)
		st = err_set(e, ERR_IO, "another process does not find the books");
	if (!st && o->most) {
		size_t found = src.n, out = sources_part(&src, o->most, x.split_rules);

		if (out && team_rank() == 0)
			watch_note(w, "a part of the library is read: %zu of %zu books", src.n, found);
	}
	sum->sources = src.n;
	if (!st && !src.n)
		st = err_set(e, ERR_USAGE, "no books there: .txt, .fb2, .fb2.zip, .zip and .epub are read");
	if (!st)
		st = read_sources(mind, o, &x, e);
	hashset_clear(&x.now);
	strtab_close(&x.path);
	sources_clear(&src);
	sum->seconds = clock_now() - x.began;
	if (!st && team_rank() == 0)
		verdict(sum, e);
	return team_share_err(e);
}
