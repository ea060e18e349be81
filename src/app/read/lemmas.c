/* lemmas.c - the lemmas of a library by their key: MIND/lemmas.ltm.
 *
 * Scenes are kept as bags of keys (32 bits of a lemma's hash); this file gives the words back.
 *
 *   file     magic "LTML", version, header size 16, 0; blocks
 *   block    u32 bytes, u32 count, u64 XXH3 of the payload; payload: count × (u32 key, blob)
 *
 * Invariants: a block is written before its book is committed, so that no book lacks its
 * words; a lemma is written once; the order of books gives the order of bytes. Reading stops
 * at the first block that is cut short or damaged; a writer cuts the file there.
 */
#include <errno.h>
#include <unistd.h>

#include "app/app.h"

enum { LEMMAS_MAGIC = 0x4c4d544c, LEMMAS_VERSION = 1, LEMMAS_HEAD = 16, LIMIT_LEMMAS = 1 << 30 };

/* ---- the table ------------------------------------------------------------------------- */

static struct lemma_slot *place(const struct lemmas *t, uint32_t key)
{
	size_t i = key & (t->cap - 1);

	while (t->slot[i].s.p && t->slot[i].key != key)
		i = (i + 1) & (t->cap - 1);
	return &t->slot[i];
}

static void grow(struct lemmas *t)
{
	struct lemma_slot *old = t->slot;
	size_t n = t->cap;

	t->cap = n ? 2 * n : 4096;
	t->slot = mem_alloc(t->cap, sizeof *t->slot);
	for (size_t i = 0; i < n; i++)
		if (old[i].s.p)
			*place(t, old[i].key) = old[i];
	mem_free(old);
}

/* True when the key is new. The first lemma of two with one key stays. */
static bool add(struct lemmas *t, uint32_t key, struct str s)
{
	struct lemma_slot *x;

	if (2 * (t->n + 1) > t->cap)
		grow(t);
	x = place(t, key);
	if (x->s.p)
		return false;
	*x = (struct lemma_slot){ key, str_copy(&t->mem, s) };
	t->n++;
	return true;
}

struct str lemmas_find(const struct lemmas *t, uint32_t key)
{
	return t->cap ? place(t, key)->s : (struct str){ 0 };
}

/* ---- the file -------------------------------------------------------------------------- */

/* One block; false when the rest of the file is no whole block. */
static bool read_block(struct lemmas *t, struct reader *r)
{
	uint32_t bytes = rd_u32(r), count = rd_u32(r);
	uint64_t hash = rd_u64(r);
	struct str payload = rd_bytes(r, bytes);
	struct reader in = reader_of(payload);

	if (r->bad || hash64(payload.p, payload.n, 0) != hash)
		return false;
	for (uint32_t i = 0; i < count && !in.bad; i++) {
		uint32_t key = rd_u32(&in);
		struct str s = rd_blob(&in);

		if (!in.bad)
			add(t, key, s);
	}
	return !in.bad && !rd_left(&in);
}

/* Reads what is there; *good gets the bytes up to the end of the last whole block. */
static enum status read_file(struct lemmas *t, const char *path, size_t *good, struct err *e)
{
	struct buf file = { 0 };
	struct reader r;
	uint32_t magic, version, head;
	enum status st = file_read(&file, path, LIMIT_LEMMAS, e);

	if (st)
		return st;
	r = reader_of(buf_view(&file));
	magic = rd_u32(&r), version = rd_u32(&r), head = rd_u32(&r), rd_u32(&r);
	if (r.bad || magic != LEMMAS_MAGIC || head != LEMMAS_HEAD)
		st = err_set(e, ERR_FORMAT, "%s: not a file of lemmas", path);
	else if (version > LEMMAS_VERSION)
		st = err_set(e, ERR_FORMAT, "%s: version %u, this program reads up to %d", path, version,
		             LEMMAS_VERSION);
	*good = LEMMAS_HEAD;
	while (!st && rd_left(&r) && read_block(t, &r))
		*good = (size_t)(r.p - r.start);
	buf_free(&file);
	return st;
}

static enum status begin_file(const char *path, struct err *e)
{
	struct buf head = { 0 };
	enum status st;

	buf_u32(&head, LEMMAS_MAGIC);
	buf_u32(&head, LEMMAS_VERSION);
	buf_u32(&head, LEMMAS_HEAD);
	buf_u32(&head, 0);
	st = file_save(path, buf_view(&head), e);
	buf_free(&head);
	return st;
}

enum status lemmas_open(struct lemmas *t, const char *mind, bool grow_it, struct err *e)
{
	const char *path;
	size_t good = 0;
	enum status st = OK;

	*t = (struct lemmas){ .mem = arena_open("lemmas") };
	path = mind_path(&t->mem, mind, "lemmas.ltm");
	if (grow_it && !file_exists(path))
		st = begin_file(path, e);
	if (!st)
		st = read_file(t, path, &good, e);
	if (!st && grow_it) {
		t->f = fopen(path, "r+b");
		if (!t->f || ftruncate(fileno(t->f), (off_t)good) || fseek(t->f, 0, SEEK_END))
			st = err_set(e, ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
	}
	if (st)
		lemmas_close(t, NULL);
	return st;
}

enum status lemmas_open_file(struct lemmas *t, const char *path, struct err *e)
{
	size_t good;
	enum status st;

	*t = (struct lemmas){ .mem = arena_open("lemmas") };
	st = read_file(t, path, &good, e);
	if (st)
		lemmas_close(t, NULL);
	return st;
}

enum status lemmas_book(struct lemmas *t, const struct words *w, struct err *e)
{
	struct buf payload = { 0 }, block = { 0 };
	uint32_t count = 0;
	bool well = true;

	for (size_t i = 0; i < w->n_lemma; i++) {
		struct str s = w->lemma[i].s;
		uint32_t key = lemma_key(s);

		if (w->lemma[i].pos == POS_PUNCT || !add(t, key, s))
			continue;
		buf_u32(&payload, key);
		buf_blob(&payload, s);
		count++;
	}
	if (count) {
		buf_u32(&block, (uint32_t)payload.n);
		buf_u32(&block, count);
		buf_u64(&block, hash64(payload.p, payload.n, 0));
		buf_add(&block, payload.p, payload.n);
		well = fwrite(block.p, 1, block.n, t->f) == block.n && !fflush(t->f);
	}
	buf_free(&payload);
	buf_free(&block);
	return well ? OK : err_set(e, ERR_IO, "lemmas.ltm: cannot be written: %s", strerror(errno));
}

enum status lemmas_close(struct lemmas *t, struct err *e)
{
	bool well = !t->f || (!fflush(t->f) && !fsync(fileno(t->f)));

	if (t->f && fclose(t->f))
		well = false;
	mem_free(t->slot);
	arena_close(&t->mem);
	*t = (struct lemmas){ 0 };
	return well ? OK : err_set(e, ERR_IO, "lemmas.ltm: cannot be written: %s", strerror(errno));
}
