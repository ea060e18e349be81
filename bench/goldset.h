/* goldset.h - the annotated scenes as books with words, for measuring, fitting and testing.
 *
 *   in    library/gold/SEGMENT/NN_name.yaml of one set of library/split.tsv; the passages of real
 *         books in data/gold/train_NN.yaml of the shared development data (when it is there)
 *   out   goldbooks: a text read by the rooms text and words, and the gold scenes over its
 *         sentences. A story is one goldbook of all its scenes, joined in order; a passage is one
 *         goldbook of a single scene.
 *
 * Passages follow the same rule as stories: file NN divisible by 4 is 'report', NN mod 5 = 3 of the
 * rest 'dev', the others 'train'.
 */
#ifndef LTM_BENCH_GOLDSET_H
#define LTM_BENCH_GOLDSET_H

#include <stdlib.h>

#include "base/data.h"
#include "io/dictfile.h"
#include "io/scenes/scenefile.h"
#include "scenes/scenes.h"

enum { GOLD_FILE_MAX = 16 << 20 };

struct goldscene {
	struct scene s;			/* position and every gold field */
};
struct goldbook {
	struct book b;
	struct words w;
	struct goldscene *g;
	size_t n;
	bool story;			/* else a passage */
	bool ships;			/* a table may be derived from it */
	struct str id;
};
struct goldset {
	struct goldbook *v;
	size_t n, cap;
	struct arena a;
	struct word_cache *cache;
	bool story, ships;		/* of the file being read */
	const char *books;		/* folder of the passages' books */
	struct err e;
};

static struct str gold_keep(struct goldset *t, struct str s)
{
	return str_copy(&t->a, s);
}

/* The gold fields of d, their strings copied. */
static void gold_copy(struct scene *s, const struct scene_doc *d, struct goldset *t)
{
	*s = d->scene;
	for (int i = 0; i < ST_N; i++)
		s->text[i] = gold_keep(t, s->text[i]);
	for (int i = 0; i < s->n_actor; i++)
		s->actor[i] = gold_keep(t, s->actor[i]);
	for (int i = 0; i < s->n_image; i++)
		s->image[i] = gold_keep(t, s->image[i]);
}

/* Lines that were wrapped by hand become one paragraph: a line that begins with a small letter
 * goes on from the one before. */
static void gold_unwrap(struct buf *out, struct str text)
{
	struct str line;

	while (str_cut(&text, '\n', &line)) {
		line = str_trim(line);
		if (!line.n)
			continue;
		const char *p = line.p;
		uint32_t r = utf8_next(&p, line.p + line.n);
		if (out->n)
			buf_char(out, rune_is_letter(r) && !rune_is_upper(r) ? ' ' : '\n');
		buf_str(out, line);
	}
}

/* Positions of the scenes: end[i] is the byte past scene i in the joined text. Bytes may have been
 * cleaned away by the reader of texts, so ends are compared by letters passed. */
static size_t gold_letters(struct str s, size_t to)
{
	size_t n = 0;

	for (const char *p = s.p; p < s.p + (to < s.n ? to : s.n);)
		n += rune_is_letter(utf8_next(&p, s.p + s.n));
	return n;
}

static void gold_place(struct goldbook *k, struct str joined, const size_t *end)
{
	uint32_t sent = 0;
	size_t letters = 0, at = 0;

	for (size_t i = 0; i < k->n; i++) {
		struct scene *s = &k->g[i].s;
		size_t want = gold_letters(joined, end[i]);

		s->sent = sent;
		while (sent < k->b.n_sent && (letters < want || i + 1 == k->n)) {
			const struct sent *v = &k->b.sent[sent];
			struct str piece = { k->b.text.p + at, v->off + v->len - at };

			letters += gold_letters(piece, piece.n);
			at = v->off + v->len;
			sent++;
		}
		s->n_sent = sent - s->sent;
		must(s->n_sent > 0);
		s->off = k->b.sent[s->sent].off;
		s->len = k->b.sent[sent - 1].off + k->b.sent[sent - 1].len - s->off;
		s->chapter = 0;
	}
}

static struct goldbook *gold_push(struct goldset *t, struct str joined, size_t n, struct str id)
{
	struct goldbook *k = &VEC_PUSH(t->v, t->n, t->cap);

	memset(k, 0, sizeof *k);
	k->g = TAKE(&t->a, struct goldscene, n);
	k->n = n;
	k->id = gold_keep(t, id);
	k->story = t->story;
	k->ships = t->ships;
	text_from_plain(&k->b, gold_keep(t, joined), &t->a);
	words_read(&k->w, &k->b, t->cache, &t->a);
	return k;
}

static void gold_story(struct goldset *t, const struct book_doc *d)
{
	struct buf all = { 0 };
	size_t *end = mem_alloc(d->n_scene, sizeof *end);

	for (size_t i = 0; i < d->n_scene; i++) {
		gold_unwrap(&all, d->scene[i].passage);
		end[i] = all.n;
	}
	struct goldbook *k = gold_push(t, buf_view(&all), d->n_scene, d->story_id);
	for (size_t i = 0; i < d->n_scene; i++)
		gold_copy(&k->g[i].s, &d->scene[i], t);
	gold_place(k, buf_view(&all), end);
	mem_free(end);
	buf_free(&all);
}

static enum status gold_passage(struct goldset *t, const struct scene_doc *d, struct err *e)
{
	char path[4096];
	struct buf file = { 0 }, text = { 0 };

	snprintf(path, sizeof path, "%s/" STR_FMT, t->books, STR_ARG(d->book));
	if (file_read(&file, path, GOLD_FILE_MAX, e))
		return e->code;
	struct str s = buf_view(&file);
	size_t from = utf8_offset(s, d->span[0]);
	size_t to = from + utf8_offset((struct str){ s.p + from, s.n - from }, d->span[1] - d->span[0]);
	gold_unwrap(&text, (struct str){ s.p + from, to - from });
	size_t end = text.n;
	/* texts that may be measured but not derived from (data/README.md of the shared data) */
	t->ships = !str_starts(d->book, S("bible_")) && !str_starts(d->book, S("folk_didoyskiy"));
	struct goldbook *k = gold_push(t, buf_view(&text), 1, d->id);
	gold_copy(&k->g[0].s, d, t);
	gold_place(k, buf_view(&text), &end);
	buf_free(&file);
	buf_free(&text);
	return OK;
}

static enum status gold_each(void *ctx, struct book_doc *d, struct err *e)
{
	struct goldset *t = ctx;

	if (t->story) {
		gold_story(t, d);
		return OK;
	}
	for (size_t i = 0; i < d->n_scene; i++)
		if (gold_passage(t, &d->scene[i], e))
			return e->code;
	return OK;
}

static enum status gold_file(struct goldset *t, const char *path)
{
	struct buf file = { 0 };
	enum status st = file_read(&file, path, GOLD_FILE_MAX, &t->e);

	if (!st)
		st = scenefile_yaml_read(buf_view(&file), gold_each, t, NULL, &t->e);
	if (st)
		err_in(&t->e, path);
	buf_free(&file);
	return st;
}

/* Adds the stories of one set of LIBRARY/split.tsv. */
static inline enum status goldset_stories(struct goldset *t, const char *library, const char *set)
{
	char path[4096];
	struct buf split = { 0 };

	snprintf(path, sizeof path, "%s/split.tsv", library);
	if (file_read(&split, path, GOLD_FILE_MAX, &t->e))
		return t->e.code;
	struct tsv rows = tsv_of(buf_view(&split));
	t->story = t->ships = true;
	while (!t->e.code && tsv_next(&rows)) {
		if (!str_eq(rows.field[1], str_of(set)))
			continue;
		snprintf(path, sizeof path, "%s/gold/" STR_FMT ".yaml", library, STR_ARG(rows.field[2]));
		gold_file(t, path);
	}
	buf_free(&split);
	return t->e.code;
}

/* Adds the passages of one set; shared is the development data's folder. */
static inline enum status goldset_passages(struct goldset *t, const char *shared, const char *set)
{
	char path[4096], books[4096];

	snprintf(books, sizeof books, "%s/data/books", shared);
	t->books = books;
	t->story = false;
	for (int i = 1; i < 100 && !t->e.code; i++) {
		const char *is = i % 4 == 0 ? "report" : i % 5 == 3 ? "dev" : "train";

		snprintf(path, sizeof path, "%s/data/gold/train_%02d.yaml", shared, i);
		if (!strcmp(is, set) && file_exists(path))
			gold_file(t, path);
	}
	return t->e.code;
}

static inline void goldset_open(struct goldset *t, const struct dict *d)
{
	*t = (struct goldset){ .a = arena_open("gold"), .cache = word_cache_open(d) };
}

static inline void goldset_close(struct goldset *t)
{
	word_cache_close(t->cache);
	arena_close(&t->a);
	mem_free(t->v);
}

#endif
