/* ledger_read.c - reads a library or a mind once, and joins the streams of its books.
 *
 *   workers   source → jail → words → scenes → flow, or text and scenes of a mind's store → flow;
 *             one jail, word cache and store a worker, at most BATCH sources at a time
 *   joining   in order of source, by one thread: local numbers become the library's
 *
 * The counted part is the test books, the learning part the training books; when either is
 * empty the library is read again and both are all of it (whole). A library of more than
 * LEDGER_BYTES_MAX gives every k-th source, a rule that depends on sizes only.
 *
 * Invariant: the same books give the same streams for any number of threads.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/ledger/ledger.h"
#include "app/ledger/ledger_guess.h"
#include "app/read/sources.h"
#include "base/data.h"
#include "num/num.h"
#include "order/order.h"

enum { BATCH = 32, KITS_MAX = 64 };
static const uint64_t LEDGER_BYTES_MAX = (uint64_t)256 << 20;

struct entry {
	const char *path;		/* a source, or NULL: a book of the store */
	struct str name;
	int64_t book;
	int split;
};
struct kit {
	struct jail *jail;
	struct word_cache *cache;
	struct store *store;
};
struct readjob {
	const struct ledger_opts *o;
	const char *mind;		/* NULL: sources */
	struct entry *item;		/* [n] */
	size_t n, first;		/* first: of the batch at hand */
	struct flows { struct flow *v; size_t n, cap; struct err e; } slot[BATCH];
	struct dictfile dict;
	struct kit kit[KITS_MAX];
	atomic_flag busy[KITS_MAX];
	int n_kit;
	atomic_size_t done;
	size_t unread;
	pthread_t owner;
	const struct watch *w;
	struct arena mem;
	bool whole;
};

bool in_part(const struct joined *j, int split)
{
	return j->whole || split == SPLIT_TEST;
}

static bool learns(const struct joined *j, int split)
{
	return j->whole || split == SPLIT_TRAIN;
}

/* ---- one book ------------------------------------------------------------------------------- */

/* Letters of the file when it is UTF-8, else its bytes. */
static void raw_of(struct flow *f, struct str bytes, bool keep)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;
	bool utf8 = utf8_valid(bytes);
	size_t k = 0;

	f->raw_chars = utf8 ? utf8_count(bytes) : bytes.n;
	if (!keep)
		return;
	f->raw = TAKE(&f->mem, uint32_t, f->raw_chars + 1);
	while (p < end)
		f->raw[k++] = utf8 ? utf8_next(&p, end) : (uint8_t)*p++;
}

struct one {
	struct readjob *r;
	struct kit *kit;
	struct flows *out;
	const struct entry *it;
	struct str bytes;
	bool raw_done;
};

static enum status one_book(void *ctx, struct book *b, struct err *e)
{
	struct one *x = ctx;
	struct flow *f = &VEC_PUSH(x->out->v, x->out->n, x->out->cap);
	struct book own;

	*f = (struct flow){ .mem = arena_open("flow") };
	if (watch_stopped(x->r->w))
		return err_set(e, ERR_STOP, "stopped");
	book_keep(&own, b, &f->mem);
	f->text = own.text;
	f->name = str_copy(&f->mem, x->it->name);
	f->split = (int)split_of(data_find("split.tsv"), x->it->name, b->title, b->author);
	if (!x->raw_done)
		raw_of(f, x->bytes, x->r->whole || f->split == SPLIT_TEST);
	x->raw_done = true;		/* an archive's bytes count once */
	flow_make(f, &own, NULL, 0, x->kit->cache);
	return OK;
}

static void source_flow(struct one *x, struct err *e)
{
	struct buf bytes = { 0 };

	if (!source_bytes(&bytes, x->it->path, e)) {
		x->bytes = buf_view(&bytes);
		jail_read_bytes(x->kit->jail, x->bytes, x->it->path, one_book, x, e);
	}
	buf_free(&bytes);
}

static void stored_flow(struct one *x, struct err *e)
{
	struct flow *f = &VEC_PUSH(x->out->v, x->out->n, x->out->cap);
	struct arena tmp = arena_open("stored");
	struct book b = { 0 };
	struct scene_row *row;
	struct scene *s;
	size_t n;

	*f = (struct flow){ .mem = arena_open("flow"), .split = x->it->split };
	f->name = str_copy(&f->mem, x->it->name);
	if (!store_book_text(x->kit->store, x->it->book, &b.text, &f->mem, e) &&
	    !store_sentences(x->kit->store, x->it->book, &b.sent, &b.n_sent, &tmp, e) &&
	    !store_scenes(x->kit->store, x->it->book, &row, &n, &tmp, e)) {
		f->text = b.text;
		s = TAKE(&tmp, struct scene, n + 1);
		for (size_t i = 0; i < n; i++)
			s[i] = row[i].scene;
		flow_make(f, &b, s, n, x->kit->cache);
	}
	arena_close(&tmp);
}

static int kit_take(struct readjob *r)
{
	for (;;)
		for (int i = 0; i < r->n_kit; i++)
			if (!atomic_flag_test_and_set(&r->busy[i]))
				return i;
}

static void item_lane(void *ctx, int lane)
{
	struct readjob *r = ctx;
	struct flows *out = &r->slot[lane];
	int k = kit_take(r);
	struct one x = { .r = r, .kit = &r->kit[k], .out = out, .it = &r->item[r->first + (size_t)lane] };

	if (!watch_stopped(r->w))
		(r->mind ? stored_flow : source_flow)(&x, &out->e);
	atomic_flag_clear(&r->busy[k]);
	atomic_fetch_add(&r->done, 1);
	if (pthread_equal(pthread_self(), r->owner))
		watch_step(r->w, "read", (double)atomic_load(&r->done), (double)r->n, "books");
}

/* ---- joining --------------------------------------------------------------------------------- */

static uint32_t *mapped(struct strtab *to, const struct strtab *from, struct arena *a)
{
	uint32_t *map = TAKE(a, uint32_t, from->n + 1);

	for (size_t i = 0; i < from->n; i++)
		map[i] = strtab_add(to, from->s[i]);
	return map;
}

static void append(struct stream *s, const uint32_t *id, size_t n, const uint32_t *map)
{
	for (size_t i = 0; i < n; i++)
		stream_put(s, map ? map[id[i]] : id[i]);
}

/* 0 borders are never doubled. */
static void border(struct stream *s)
{
	if (s->n && s->id[s->n - 1])
		stream_put(s, 0);
}

static void lemma_streams(struct stream *lemma, struct stream *content, const struct flow *f,
                          const uint32_t *map)
{
	for (size_t i = 0; i < f->n_word; i++) {
		if (f->w_flag[i] & FW_MARK) {
			border(lemma);
			border(content);
		} else {
			stream_put(lemma, map[f->w_lemma[i]] + 1);
			if (f->w_flag[i] & FW_CONTENT)
				stream_put(content, map[f->w_lemma[i]] + 1);
		}
		if (f->w_flag[i] & FW_END) {
			border(lemma);
			border(content);
		}
	}
	border(lemma);
	border(content);
}

static void count_surfaces(struct joined *j, const struct flow *f, const uint32_t *map)
{
	while (j->cap_surf < j->surf.n) {
		size_t old = j->cap_surf;

		j->surf_count = mem_grow(j->surf_count, &j->cap_surf, sizeof *j->surf_count);
		memset(j->surf_count + old, 0, (j->cap_surf - old) * sizeof *j->surf_count);
	}
	for (size_t i = 0; i < f->n_tok; i++)
		j->surf_count[map[f->tok[i]]]++;
}

static void part_streams(struct joined *j, const struct flow *f, const uint32_t *const map[5])
{
	if (f->raw)
		append(&j->raw, f->raw, f->raw_chars, NULL);
	append(&j->tok, f->tok, f->n_tok, map[0]);
	append(&j->w_form, f->w_form, f->n_word, map[1]);
	append(&j->w_lemma, f->w_lemma, f->n_word, map[2]);
	for (size_t i = 0; i < f->n_word; i++) {
		stream_put(&j->w_flag, f->w_flag[i]);
		j->part_words += !(f->w_flag[i] & FW_MARK);
	}
	append(&j->g, f->g, f->n_g, map[3]);
	append(&j->line_of, f->line_of, f->n_scene, map[4]);
	append(&j->code, f->code, f->n_scene * SC_N, NULL);
	j->part_scenes += f->n_scene;
}

static void join(struct joined *j, const struct flow *f)
{
	struct arena a = arena_open("map");
	const uint32_t *map[5] = { mapped(&j->surf, &f->surf, &a), mapped(&j->form, &f->form, &a),
		mapped(&j->lemma, &f->lemma, &a), mapped(&j->glyph, &f->glyph, &a),
		mapped(&j->line, &f->line, &a) };
	bool learn = learns(j, f->split);

	VEC_PUSH(j->book, j->n, j->cap) = (struct shelf_text){
		.text = str_copy(&j->mem, f->text), .name = str_copy(&j->mem, f->name), .split = f->split,
		.chars = utf8_count(f->text) };
	j->bytes += f->text.n;
	j->raw_all += f->raw_chars;
	j->tok_all += f->n_tok;
	j->g_all += f->n_g;
	j->scene_all += f->n_scene;
	count_surfaces(j, f, map[0]);
	for (size_t i = 0; i < f->n_word; i++) {
		j->marks += f->w_flag[i] & FW_MARK;
		j->content += (f->w_flag[i] & FW_CONTENT) != 0;
		if (learn && !(f->w_flag[i] & FW_MARK))
			guess_add(j->forms_of, map[2][f->w_lemma[i]], map[1][f->w_form[i]]);
	}
	j->words += f->n_word;
	for (size_t i = 0; i < f->n_scene * SC_N; i++)
		j->code_seen[f->code[i]]++;
	lemma_streams(&j->all_lemma, &j->all_content, f, map[2]);
	if (learn)
		lemma_streams(&j->learn_lemma, &j->learn_content, f, map[2]);
	if (in_part(j, f->split))
		part_streams(j, f, map);
	arena_close(&a);
}

static enum status join_batch(struct joined *j, struct readjob *r, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct flows *s = &r->slot[i];

		if (s->e.code == ERR_STOP || watch_stopped(r->w))
			err_set(e, ERR_STOP, "stopped while reading");
		else if (s->e.code) {
			watch_note(r->w, "%.*s: %s", STR_ARG(r->item[r->first + i].name), s->e.msg);
			if (!j->left_out++) {
				j->first = s->e.code;
				snprintf(j->why, sizeof j->why, "%.200s", s->e.msg);
			}
		}
		for (size_t k = 0; k < s->n; k++) {
			if (s->v[k].n_word && !(e && e->code))
				join(j, &s->v[k]);
			flow_clear(&s->v[k]);
		}
		mem_free(s->v);
		*s = (struct flows){ 0 };
	}
	return e ? e->code : OK;
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void note_stride(struct readjob *r, size_t all, size_t k)
{
	if (k > 1)
		watch_note(r->w, "a large library: every %zu-th of its %zu sources is counted", k, all);
}

static enum status find_sources(struct readjob *r, struct sources *s, struct err *e)
{
	uint64_t bytes = 0;
	size_t k;

	if (sources_find(s, r->o->path, r->o->n_path, r->o->root, r->w, e))
		return e->code;
	if (!s->n)
		return err_set(e, ERR_USAGE, "no books there: .txt, .fb2, .fb2.zip, .zip and .epub are read");
	for (size_t i = 0; i < s->n; i++) {
		struct stat st;

		bytes += stat(s->item[i].path, &st) ? 0 : (uint64_t)st.st_size;
	}
	k = (size_t)(bytes / LEDGER_BYTES_MAX) + 1;
	note_stride(r, s->n, k);
	r->item = TAKE(&r->mem, struct entry, s->n);
	for (size_t i = 0; i < s->n; i += k)
		r->item[r->n++] = (struct entry){ .path = s->item[i].path, .name = s->item[i].name };
	return OK;
}

static enum status find_stored(struct readjob *r, struct joined *j, struct err *e)
{
	struct arena tmp = arena_open("path");
	struct store *s;
	struct book_row *row;
	struct stat b;
	uint64_t bytes = 0;
	size_t n, k;
	enum status st = mind_enter(r->mind, r->w, e);

	if (!st && !(st = mind_store(&s, r->mind, STORE_READ, e))) {
		st = store_books(s, &row, &n, &r->mem, e);
		store_close(s);
	}
	if (!st && !stat(mind_path(&tmp, r->mind, "store.db"), &b))
		j->store_bytes = (uint64_t)b.st_size;
	arena_close(&tmp);
	if (st || !n)
		return st ? st : err_set(e, ERR_USAGE, "%s: no books in it", r->mind);
	for (size_t i = 0; i < n; i++)
		bytes += row[i].bytes;
	k = (size_t)(bytes / LEDGER_BYTES_MAX) + 1;
	note_stride(r, n, k);
	r->item = TAKE(&r->mem, struct entry, n);
	for (size_t i = 0; i < n; i += k)
		r->item[r->n++] = (struct entry){ .book = row[i].id, .name = row[i].path, .split = row[i].split };
	return OK;
}

static enum status kits_open(struct readjob *r, struct err *e)
{
	enum status st = dictfile_open(&r->dict, r->o->dict, e);
	int n = threads_of(r->o->threads);

	for (int i = 0; !st && i < n && i < KITS_MAX; i++, r->n_kit++) {
		r->kit[i].cache = word_cache_open(r->dict.dict);
		atomic_flag_clear(&r->busy[i]);
		if (r->mind) {
			st = mind_store(&r->kit[i].store, r->mind, STORE_READ, e);
		} else {
			r->kit[i].jail = jail_open();
			jail_ready(r->kit[i].jail);
		}
	}
	return st;
}

static void kits_close(struct readjob *r)
{
	for (int i = 0; i < r->n_kit; i++) {
		word_cache_close(r->kit[i].cache);
		if (r->kit[i].store)
			store_close(r->kit[i].store);
		if (r->kit[i].jail)
			jail_close(r->kit[i].jail);
	}
	if (r->dict.dict)
		dictfile_close(&r->dict);
}

static void joined_open(struct joined *j, bool whole)
{
	*j = (struct joined){ .mem = arena_open("texts"), .whole = whole };
	j->surf = strtab_open("surfaces");
	j->form = strtab_open("forms");
	j->lemma = strtab_open("lemmas");
	j->glyph = strtab_open("glyphs");
	j->line = strtab_open("lines");
	j->forms_of = guess_open();
}

static enum status read_once(struct joined *j, const struct ledger_opts *o, bool whole,
                             const struct watch *w, struct err *e)
{
	struct readjob *r = mem_alloc(1, sizeof *r);
	struct sources src = { 0 };
	enum status st;

	*r = (struct readjob){ .o = o, .w = w, .owner = pthread_self(), .mem = arena_open("reading"),
	                       .whole = whole };
	joined_open(j, whole);
	r->mind = ledger_mind(o);
	st = r->mind ? find_stored(r, j, e) : find_sources(r, &src, e);
	if (!st)
		st = kits_open(r, e);
	for (; !st && r->first < r->n; r->first += BATCH) {
		size_t n = r->n - r->first < BATCH ? r->n - r->first : BATCH;

		num_lanes((int)n, r->n_kit, item_lane, r);
		st = join_batch(j, r, n, e);
	}
	kits_close(r);
	if (src.item || src.mem.last)
		sources_clear(&src);
	arena_close(&r->mem);
	mem_free(r);
	return st;
}

static bool has_split(const struct joined *j, int split)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->book[i].split == split)
			return true;
	return false;
}

enum status joined_read(struct joined *j, const struct ledger_opts *o, const struct watch *w,
                        struct err *e)
{
	enum status st = read_once(j, o, false, w, e);

	if (!st && j->n && (!has_split(j, SPLIT_TRAIN) || !has_split(j, SPLIT_TEST))) {
		joined_close(j);
		st = read_once(j, o, true, w, e);
	}
	if (!st && !j->n)
		st = j->first ? err_set(e, j->first, "%s", j->why)
			: err_set(e, ERR_FORMAT, "no words in these books");
	return st;
}

void joined_close(struct joined *j)
{
	struct stream *s[] = { &j->raw, &j->tok, &j->w_form, &j->w_lemma, &j->w_flag, &j->g, &j->line_of,
		&j->code, &j->learn_lemma, &j->learn_content, &j->all_lemma, &j->all_content };

	for (size_t i = 0; i < sizeof s / sizeof *s; i++)
		mem_free(s[i]->id);
	strtab_close(&j->surf);
	strtab_close(&j->form);
	strtab_close(&j->lemma);
	strtab_close(&j->glyph);
	strtab_close(&j->line);
	mem_free(j->surf_count);
	mem_free(j->book);
	guess_close(j->forms_of);
	arena_close(&j->mem);
}
