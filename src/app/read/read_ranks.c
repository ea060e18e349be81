/* read_ranks.c - reading divided among ranks: books go to rank 0, which alone writes.
 *
 *   in    ready books of the other ranks
 *   out   the same books in rank 0's store, in order of source
 *
 * Rank 0 says GO when it comes to a source of another rank; that rank then sends each of its books, packed,
 * and its end. At the very end, or when it is stopped, rank 0 says STOP, once to each.
 */
#include "app/read/read_in.h"

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
	made = read_ready_of(&p, &mem);
	read_row_fill(&made->put.row, made, x->shop->src->item[x->shop->head].name);
	made->put.row.source_hash = hash;
	st = read_commit(x, made, *file_bytes ? 0 : bytes, e);
	*file_bytes = bytes;
	read_free(made);
	return st;
}

/* The head is another rank's source: our workers, if they have not come so far, pass it over too. */
static void pass_over(struct shop *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->next == s->head)
		s->ring[s->next++ % s->cap] = (struct slot){ 0 };
	pthread_mutex_unlock(&s->lock);
}

/* The source at the head, which is another rank's: all its books, then its end. */
enum status read_receive(struct writer *x, struct err *e)
{
	int owner = read_owner(x->shop->head);
	struct slot slot = { 0 };
	struct buf b = { 0 };
	uint64_t file_bytes = 0;
	enum status st = OK;
	bool ended = false;

	pass_over(x->shop);
	say(owner, GO);
	while (!ended) {
		struct reader r;

		team_recv(&b, owner);
		r = reader_of(buf_view(&b));
		ended = rd_u8(&r) == SOURCE_ENDS;
		if (!ended && !st) {
			st = commit_packed(x, &r, &file_bytes, e);
			read_tell(x);
		} else if (ended) {
			struct str error;

			slot.known = rd_u8(&r);
			error = rd_bytes(&r, sizeof slot.e);
			if (error.n)
				memcpy(&slot.e, error.p, sizeof slot.e);
		}
	}
	buf_free(&b);
	return st ? st : read_finish_source(x, &slot, e);
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
void read_send_all(struct writer *x)
{
	struct shop *s = x->shop;

	while (s->head < s->src->n) {
		struct slot *slot;
		struct ready *r;

		if (!read_mine(s->head)) {
			pass_over(s);
			next_head(s);
			continue;
		}
		if (!told_to_go())
			return;
		for (bool done = false; !done;) {
			if (!read_wait_head(x, &slot, &r))
				continue;
			if (r) {
				send_book(r, slot->file_bytes);
				read_free(r);
				continue;
			}
			send_end(slot);
			done = true;
		}
		next_head(s);
	}
	told_to_go();			/* the last word is STOP */
}

void read_stop_others(void)
{
	for (int i = 1; i < team_size(); i++)
		say(i, STOP);
}
