/* stage_read.c - reads a library into a mind's store: the one loop over books.
 *
 *   in    sources in their order (app/sources.h)
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
#include <pthread.h>
#include <time.h>

#include "app/app.h"
#include "app/sources.h"
#include "app/readypack.h"
#include "base/data.h"
#include "num/team.h"
#include "order/order.h"

/* A reading of another version is another reading: part of a book's hash. */
enum { PIPELINE = 2 };
enum { FLIGHT_MAX = 256 << 20, HEAD_PENDING_MAX = 4, RING_A_THREAD = 16 };

/* A book ready to be committed, with everything it points to. */
struct ready {
	struct arena mem;
	struct book book;
	struct words words;
	struct book_put put;
	size_t bytes;		/* held in memory */
	struct ready *next;
};

/* What has become of one source so far. */
struct slot {
	struct ready *first, *last;
	size_t pending;
	bool known, done;
	uint64_t file_bytes;
	struct err e;
};

struct shop {
	pthread_mutex_t lock;
	pthread_cond_t room, work;	/* workers wait for room, the writer for work */
	const struct sources *src;
	const struct dict *dict;
	const struct hashset *stored;	/* hashes in the store before this reading; read-only */
	struct slot *ring;		/* [cap] by source number */
	size_t cap, next, head;
	size_t flight;			/* bytes of ready books */
	bool stop;
};

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

struct worker {
	struct shop *shop;
	pthread_t thread;
	struct jail *jail;
	struct word_cache *cache;
	/* the source at hand */
	size_t seq;
	uint64_t hash;
	uint32_t entry;
	struct ready *held;	/* the newest book: pushed when it is known whether it is the last */
	struct err soft;	/* a book without sentences: the others of its archive go on */
};

static void ready_free(struct ready *r)
{
	struct arena mem = r->mem;

	arena_close(&mem);	/* r lies in it */
}

/* What the parts need to be put; they live in mem, as does r. */
static struct ready *ready_of(const struct ready_parts *p, struct arena *mem)
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
	return ready_of(&p, &mem);
}

/* The numbers of a book that its row tells. */
static void row_fill(struct book_row *row, const struct ready *r, struct str path)
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
	row_fill(&w->held->put.row, w->held, s->src->item[w->seq].name);
	if (!w->held->put.n_scene) {
		ready_free(w->held);
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

static int owner_of(size_t seq)
{
	return (int)(seq % (size_t)team_size());
}

static bool mine(size_t seq)
{
	return owner_of(seq) == team_rank();
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
		else if (!mine(s->next))
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

static void *worker_run(void *ctx)
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

/* ---- the writer ------------------------------------------------------------------------ */

struct writer {
	struct shop *shop;
	struct store *store;
	struct lemmas lemmas;
	struct hashset now;		/* what is in the store by now */
	struct strtab path;		/* of the books there were before */
	struct str split_rules;
	struct read_sum *sum;
	const struct watch *w;
	double began;
};

/* Sources stand for books until an archive of many shows that they do not. */
static void tell(struct writer *x)
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

static enum status commit(struct writer *x, struct ready *r, uint64_t file_bytes, struct err *e)
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
static enum status finish_source(struct writer *x, struct slot *slot, struct err *e)
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
	tell(x);
	return st;
}

/* Waits a quarter of a second for work on the head: a ready book in *r, or its end. */
static bool wait_head(struct writer *x, struct slot **slot, struct ready **r)
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

/* ---- between ranks ------------------------------------------------------------------------ */
enum { GO, STOP };			/* rank 0 to the others: the next source of yours; no more */
enum { BOOK, SOURCE_ENDS };		/* the others to rank 0 */

static void say(int rank, uint8_t word)
{
	struct buf b = { 0 };

	buf_char(&b, (char)word);
	team_send(&b, rank);
	buf_free(&b);
}

static enum status commit_packed(struct writer *x, struct reader *r, uint64_t *file_bytes, struct err *e)
{
	struct arena mem = arena_open("book");
	struct ready_parts p;
	uint64_t hash = rd_u64(r), bytes = rd_u64(r);
	struct ready *made;
	enum status st;

	if (ready_unpack(&p, rd_bytes(r, rd_left(r)), &mem, e)) {
		arena_close(&mem);
		return e->code;
	}
	made = ready_of(&p, &mem);
	row_fill(&made->put.row, made, x->shop->src->item[x->shop->head].name);
	made->put.row.source_hash = hash;
	st = commit(x, made, *file_bytes ? 0 : bytes, e);
	*file_bytes = bytes;
	ready_free(made);
	return st;
}

/* The source at the head, which is another rank's: all its books, then its end. */
static enum status receive_source(struct writer *x, struct err *e)
{
	int owner = owner_of(x->shop->head);
	struct slot slot = { 0 };
	struct buf b = { 0 };
	uint64_t file_bytes = 0;
	enum status st = OK;
	bool ended = false;

	say(owner, GO);
	while (!ended) {
		struct reader r;

		team_recv(&b, owner);
		r = reader_of(buf_view(&b));
		ended = rd_u8(&r) == SOURCE_ENDS;
		if (!ended && !st) {
			st = commit_packed(x, &r, &file_bytes, e);
			tell(x);
		} else if (ended) {
			struct str error;

			slot.known = rd_u8(&r);
			error = rd_bytes(&r, sizeof slot.e);
			if (error.n)
				memcpy(&slot.e, error.p, sizeof slot.e);
		}
	}
	buf_free(&b);
	return st ? st : finish_source(x, &slot, e);
}

static void send_book(struct ready *r, uint64_t file_bytes)
{
	struct ready_parts p = { r->book, r->words, (struct scene *)(uintptr_t)r->put.scene, r->put.n_scene, r->put.strip };
	struct buf b = { 0 };

	buf_char(&b, BOOK);
	buf_u64(&b, r->put.row.source_hash);
	buf_u64(&b, file_bytes);
	ready_pack(&b, &p);
	team_send(&b, 0);
	buf_free(&b);
}

static void send_end(const struct slot *slot)
{
	struct buf b = { 0 };

	buf_char(&b, SOURCE_ENDS);
	buf_char(&b, slot->known);
	buf_add(&b, &slot->e, sizeof slot->e);
	team_send(&b, 0);
	buf_free(&b);
}

static bool told_to_go(void)
{
	struct buf b = { 0 };
	bool go;

	team_recv(&b, 0);
	go = b.n == 1 && b.p[0] == GO;
	buf_free(&b);
	return go;
}

static void next_head(struct shop *s)
{
	pthread_mutex_lock(&s->lock);
	s->head++;
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
}

/* What ranks other than 0 do in the writer's place: their sources' books leave when rank 0 asks for them. */
static void send_all(struct writer *x)
{
	struct shop *s = x->shop;

	while (s->head < s->src->n) {
		struct slot *slot;
		struct ready *r;

		if (!mine(s->head)) {
			next_head(s);
			continue;
		}
		if (!told_to_go())
			return;
		for (bool done = false; !done;) {
			if (!wait_head(x, &slot, &r))
				continue;
			if (r) {
				send_book(r, slot->file_bytes);
				ready_free(r);
				continue;
			}
			send_end(slot);
			done = true;
		}
		next_head(s);
	}
	told_to_go();			/* the last word is STOP */
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
		if (!mine(s->head)) {
			st = receive_source(x, e);
		} else if (!wait_head(x, &slot, &r)) {
			tell(x);
		} else if (r) {
			st = commit(x, r, slot->file_bytes, e);
			tell(x);
			slot->file_bytes = 0;	/* an archive's bytes count once */
			ready_free(r);
		} else {
			st = finish_source(x, slot, e);
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
			ready_free(r);
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
		if (pthread_create(&w[n].thread, NULL, worker_run, &w[n]))
			break;
	}
	if (!n)
		st = err_set(e, ERR_LIMIT, "cannot start a reading thread");
	if (team_any(st != OK)) {
		st = st ? st : err_set(e, ERR_LIMIT, "another process cannot start its reading threads");
	} else if (team_rank() > 0) {
		send_all(x);
	} else {
		st = write_all(x, e);
		for (int i = 1; i < team_size(); i++)
			say(i, STOP);
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
