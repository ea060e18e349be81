/* fill_store.c - what the store tells the report: books with their arcs, who meets whom, how
 * tensions are resolved, scenes to look at (app/report/fill.h).
 *
 * Large libraries: at most REPORT_BOOKS_MAX books are looked into, evenly spaced, and a note
 * says so. Invariant: counts are sorted by number, then by name, so that the same store gives
 * the same page.
 */
#include <math.h>
#include <stdlib.h>

#include "app/docs.h"
#include "app/report/fill.h"

enum { EXCERPT_RUNES = 160, NET_BOOKS = REPORT_NETS_MAX - 1, NET_MIN_SCENES = 20,
       ARC_SCENES_MAX = 20000 };

/* ---- who meets whom -------------------------------------------------------------------- */

struct tally {
	struct strtab name;
	uint32_t *scenes;		/* [name.n] */
	size_t n, cap;
	/* actors of every scene, ended by STRTAB_NONE, for the pairs */
	uint32_t *flow;
	size_t n_flow, cap_flow;
};

static void tally_scene(struct tally *t, const struct scene *s)
{
	for (int i = 0; i < s->n_actor; i++) {
		uint32_t id = strtab_add(&t->name, s->actor[i]);

		while (t->n <= id)
			VEC_PUSH(t->scenes, t->n, t->cap) = 0;
		t->scenes[id]++;
		VEC_PUSH(t->flow, t->n_flow, t->cap_flow) = id;
	}
	VEC_PUSH(t->flow, t->n_flow, t->cap_flow) = STRTAB_NONE;
}

static void tally_clear(struct tally *t)
{
	strtab_close(&t->name);
	mem_free(t->scenes);
	mem_free(t->flow);
}

static int by_scenes(const void *a, const void *b)
{
	const struct report_actor *x = a, *y = b;

	return x->scenes != y->scenes ? (x->scenes < y->scenes ? 1 : -1) : str_cmp(x->name, y->name);
}

static int by_meetings(const void *a, const void *b)
{
	const struct report_meet *x = a, *y = b;

	if (x->scenes != y->scenes)
		return x->scenes < y->scenes ? 1 : -1;
	return x->a != y->a ? (x->a > y->a ? 1 : -1) : (x->b > y->b) - (x->b < y->b);
}

/* rank[id]: place among the shown actors, or NONE. count [n][n] of meetings. */
static size_t count_meetings(struct report_meet *out, const struct tally *t, const uint32_t *rank,
                             size_t n, struct arena *a)
{
	uint32_t *count = TAKE(a, uint32_t, n * n + 1), here[ACTORS_MAX];
	size_t k = 0, n_out = 0;

	for (size_t i = 0; i < t->n_flow; i++) {
		if (t->flow[i] != STRTAB_NONE) {
			if (rank[t->flow[i]] != STRTAB_NONE && k < ACTORS_MAX)
				here[k++] = rank[t->flow[i]];
			continue;
		}
		for (size_t x = 0; x < k; x++)
			for (size_t y = 0; y < k; y++)
				if (here[x] < here[y])
					count[here[x] * n + here[y]]++;
		k = 0;
	}
	for (uint32_t x = 0; x < n; x++)
		for (uint32_t y = x + 1; y < n; y++)
			if (count[x * n + y])
				out[n_out++] = (struct report_meet){ x, y, count[x * n + y] };
	qsort(out, n_out, sizeof *out, by_meetings);
	return n_out;
}

static void net_fill(struct report_net *net, struct str title, const struct tally *t,
                     struct arena *a)
{
	struct report_actor *actor = TAKE(a, struct report_actor, t->n + 1);
	struct report_meet *meet;
	uint32_t *rank = TAKE(a, uint32_t, t->n + 1);
	size_t n = t->n < REPORT_ACTORS_MAX ? t->n : REPORT_ACTORS_MAX;

	for (size_t i = 0; i < t->n; i++) {
		actor[i] = (struct report_actor){ str_copy(a, t->name.s[i]), t->scenes[i] };
		rank[i] = STRTAB_NONE;
	}
	if (t->n)
		qsort(actor, t->n, sizeof *actor, by_scenes);
	for (size_t i = 0; i < n; i++)
		rank[strtab_find(&t->name, actor[i].name)] = (uint32_t)i;
	meet = TAKE(a, struct report_meet, n * n / 2 + 1);
	net->title = title;
	net->actor = actor;
	net->n_actor = n;
	net->n_meet = count_meetings(meet, t, rank, n, a);
	net->meet = meet;
}

/* ---- books ----------------------------------------------------------------------------- */

struct filling {
	struct report *r;
	struct store *s;
	struct arena *a;
	struct report_book *book;
	struct report_net *net;
	struct report_sample *sample;
	struct tally all;
	uint64_t scenes, sample_step;
	size_t arcs;
};

static struct str excerpt(struct arena *a, struct str passage)
{
	struct buf b = { 0 };
	struct str s;

	put_short(&b, passage, EXCERPT_RUNES);
	s = str_copy(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static struct str join(struct arena *a, const struct str *v, int n)
{
	struct buf b = { 0 };
	struct str s;

	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(v[i]));
	s = str_copy(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static struct str passage_of(struct str text, const struct scene *s)
{
	size_t end;

	if (!add_ok(s->off, s->len, &end) || end > text.n)
		return (struct str){ "", 0 };
	return (struct str){ text.p + s->off, s->len };
}

static void arc_fill(struct filling *f, struct report_book *b, const struct scene_row *row,
                     size_t n, struct str text)
{
	struct report_scene *v = TAKE(f->a, struct report_scene, n);

	for (size_t i = 0; i < n; i++) {
		const struct scene *s = &row[i].scene;
		bool felt = s->code[SC_EMOTION] != 0;

		v[i] = (struct report_scene){
			.tension = felt ? s->arousal : NAN, .valence = felt ? s->valence : NAN,
			.chapter = str_copy(f->a, row[i].chapter), .glyph = str_copy(f->a, row[i].glyph),
			.excerpt = excerpt(f->a, passage_of(text, s)) };
	}
	b->scene = v;
	f->arcs++;
}

static void sample_add(struct filling *f, const struct report_book *b, const struct scene_row *row,
                       struct str text)
{
	const struct scene *s = &row->scene;

	if (f->r->n_sample >= REPORT_SAMPLES_MAX || !s->n_actor || !s->code[SC_TENSION])
		return;
	f->sample[f->r->n_sample++] = (struct report_sample){
		.glyph = str_copy(f->a, row->glyph), .actors = join(f->a, s->actor, s->n_actor),
		.field = str_copy(f->a, s->text[ST_FIELD]), .tension = s->code[SC_TENSION],
		.resolution = s->code[SC_RESOLUTION], .excerpt = excerpt(f->a, passage_of(text, s)),
		.book = b->title };
}

static void count_scene(struct filling *f, const struct report_book *b, struct tally *own,
                        const struct scene_row *row, struct str text)
{
	const struct scene *s = &row->scene;

	for (int c = 0; c < SC_N; c++)
		f->r->kinds[c][s->code[c] <= KINDS_MAX ? s->code[c] : 0]++;
	f->r->answers[s->code[SC_TENSION]][s->code[SC_RESOLUTION]]++;
	tally_scene(&f->all, s);
	tally_scene(own, s);
	if (f->scenes++ % f->sample_step == f->sample_step / 2)
		sample_add(f, b, row, text);
}

/* Scenes of one book; an arc when it is among the long ones. */
static enum status book_fill(struct filling *f, struct report_book *b, const struct book_row *row,
                             bool arc, bool net, struct err *e)
{
	struct arena own = arena_open("book");
	struct tally t = { .name = strtab_open("actors") };
	struct scene_row *scene;
	struct str text;
	size_t n;
	enum status st = store_scenes(f->s, row->id, &scene, &n, &own, e);

	if (!st)
		st = store_book_text(f->s, row->id, &text, &own, e);
	for (size_t i = 0; !st && i < n; i++)
		count_scene(f, b, &t, &scene[i], text);
	if (!st && arc && n)
		arc_fill(f, b, scene, n < ARC_SCENES_MAX ? n : ARC_SCENES_MAX, text);
	if (!st && arc && n > ARC_SCENES_MAX)
		b->n_scene = ARC_SCENES_MAX;
	if (!st && net)
		net_fill(&f->net[f->r->n_net++], b->title, &t, f->a);
	tally_clear(&t);
	arena_close(&own);
	return st;
}

/* The scenes count of the k-th longest book: those with more are among the k longest. */
static int longer(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x < y) - (x > y);
}

static uint32_t kth_longest(const struct report_book *b, size_t n, size_t k, struct arena *a)
{
	uint32_t *v = TAKE(a, uint32_t, n + 1);

	for (size_t i = 0; i < n; i++)
		v[i] = b[i].n_scene;
	qsort(v, n, sizeof *v, longer);
	return n > k ? v[k] : 0;
}

static void failures_fill(struct report *r, const struct failed_row *bad, size_t n, struct arena *a)
{
	struct report_failure *v = TAKE(a, struct report_failure, n + 1);

	for (size_t i = 0; i < n; i++)
		v[i] = (struct report_failure){ bad[i].path, bad[i].why };
	r->failure = v;
	r->n_failure = n;
}

static void book_row_fill(struct report_book *b, const struct book_row *row)
{
	*b = (struct report_book){
		.title = row->title.n ? row->title : row->path, .author = row->author,
		.format = row->format, .warn = row->warn, .split = row->split, .chars = row->chars,
		.n_scene = row->scenes };
}

static enum status each_book(struct filling *f, const struct book_row *row, size_t step,
                             const struct watch *w, struct err *e)
{
	struct report *r = f->r;
	uint32_t arc = kth_longest(f->book, r->n_book, REPORT_ARCS_MAX, f->a);
	uint32_t net = kth_longest(f->book, r->n_book, NET_BOOKS, f->a);
	enum status st = OK;

	for (size_t i = 0; !st && i < r->n_book; i++) {
		uint32_t n = f->book[i].n_scene;

		if (watch_stopped(w))
			return err_set(e, ERR_STOP, "the report is not written");
		st = book_fill(f, &f->book[i], &row[i * step], n >= arc && f->arcs < REPORT_ARCS_MAX,
		               n >= net && n >= NET_MIN_SCENES && r->n_net <= NET_BOOKS, e);
		watch_step(w, "report", (double)(i + 1), (double)r->n_book, "books");
	}
	return st;
}

static void note(struct report *r, size_t all, size_t step, struct arena *a)
{
	struct str *v = TAKE(a, struct str, 1);
	bool ru = !strcmp(r->lang, "ru");

	if (step == 1)
		return;
	v[0] = str_printf(a, ru ? "книг %zu; здесь каждая %zu-я" : "%zu books; every %zu-th is shown here",
	                  all, step);
	r->note = v;
	r->n_note = 1;
}

enum status fill_store(struct report *r, struct store *s, struct arena *a, const struct watch *w,
                       struct err *e)
{
	struct filling f = { .r = r, .s = s, .a = a, .all = { .name = strtab_open("actors") } };
	struct book_row *row;
	struct failed_row *bad;
	size_t n, n_bad, step;
	uint64_t scenes = 0;
	enum status st = store_books(s, &row, &n, a, e);

	if (!st)
		st = store_failures(s, &bad, &n_bad, a, e);
	if (st) {
		tally_clear(&f.all);
		return st;
	}
	step = n / REPORT_BOOKS_MAX + 1;
	r->n_book = (n + step - 1) / step;
	r->book = f.book = TAKE(a, struct report_book, r->n_book + 1);
	r->net = f.net = TAKE(a, struct report_net, REPORT_NETS_MAX + 1);
	r->sample = f.sample = TAKE(a, struct report_sample, REPORT_SAMPLES_MAX);
	r->n_net = 1;				/* the library's own comes first */
	for (size_t i = 0; i < r->n_book; i++) {
		book_row_fill(&f.book[i], &row[i * step]);
		scenes += row[i * step].scenes;
	}
	f.sample_step = scenes / REPORT_SAMPLES_MAX + 1;
	failures_fill(r, bad, n_bad, a);
	note(r, n, step, a);
	st = each_book(&f, row, step, w, e);
	if (!st)
		net_fill(&f.net[0], (struct str){ 0 }, &f.all, a);
	tally_clear(&f.all);
	return st;
}
