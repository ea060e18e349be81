/* t_scenefile.c - scene files: what is read is written and read again the same; hostile files
 * get the verdict their manifest asks for; every story of the library keeps its glyphs.
 */
#include "golden.h"

#include <locale.h>
#include <time.h>

#include "io/scenes/scenefields.h"
#include "io/scenes/scenefile.h"
#include "io/scenes/json.h"
#include "io/scenes/yaml.h"

/* ---- comparing ----------------------------------------------------------------------- */

static bool same_strs(const struct str *a, const struct str *b, int n)
{
	for (int i = 0; i < n; i++)
		if (!str_eq(a[i], b[i]))
			return false;
	return true;
}

static bool same_floats(const float *a, const float *b, int n)
{
	for (int i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static bool same_fields(const struct scene *a, const struct scene *b)
{
	return !memcmp(a->code, b->code, sizeof a->code) &&
	       same_floats(a->code_conf, b->code_conf, SC_N) &&
	       same_strs(a->text, b->text, ST_N) && same_floats(a->text_conf, b->text_conf, ST_N) &&
	       a->valence == b->valence && a->arousal == b->arousal &&
	       a->n_actor == b->n_actor && a->n_image == b->n_image &&
	       same_strs(a->actor, b->actor, a->n_actor) &&
	       same_floats(a->actor_conf, b->actor_conf, a->n_actor) &&
	       same_strs(a->image, b->image, a->n_image) &&
	       same_floats(a->image_conf, b->image_conf, a->n_image);
}

static bool same_place(const struct scene *a, const struct scene *b)
{
	return a->sent == b->sent && a->n_sent == b->n_sent && a->off == b->off &&
	       a->len == b->len && a->chapter == b->chapter && a->cut == b->cut;
}

static bool same_scene(const struct scene_doc *a, const struct scene_doc *b)
{
	if (!str_eq(a->id, b->id) || !str_eq(a->passage, b->passage) ||
	    !str_eq(a->glyph, b->glyph) || !str_eq(a->chapter, b->chapter) ||
	    !str_eq(a->book, b->book) || a->chapter_index != b->chapter_index ||
	    a->span[0] != b->span[0] || a->span[1] != b->span[1] || a->n_sent != b->n_sent ||
	    !a->sent != !b->sent || a->n_cause != b->n_cause || !a->cause != !b->cause)
		return false;
	if (a->n_sent && memcmp(a->sent, b->sent, a->n_sent * sizeof *a->sent))
		return false;
	if (a->n_cause && memcmp(a->cause, b->cause, a->n_cause * sizeof *a->cause))
		return false;
	return same_fields(&a->scene, &b->scene) && same_place(&a->scene, &b->scene);
}

static bool same_book(const struct book_doc *a, const struct book_doc *b)
{
	if (!str_eq(a->title, b->title) || !str_eq(a->author, b->author) ||
	    !str_eq(a->segment, b->segment) || !str_eq(a->story_id, b->story_id) ||
	    a->n_scene != b->n_scene || a->n_alias != b->n_alias)
		return false;
	for (size_t i = 0; i < a->n_scene; i++)
		if (!same_scene(&a->scene[i], &b->scene[i]))
			return false;
	for (size_t i = 0; i < a->n_alias; i++)
		if (!str_eq(a->alias[i].alias, b->alias[i].alias) ||
		    !str_eq(a->alias[i].lemma, b->alias[i].lemma))
			return false;
	return true;
}

/* ---- read, write, read --------------------------------------------------------------- */

struct loop {
	const struct book_doc *want;	/* the second reading compares with it */
	size_t books, scenes, glyphs;
};

static enum status second(void *ctx, struct book_doc *d, struct err *e)
{
	struct loop *l = ctx;

	CHECK(same_book(l->want, d));
	l->books++;
	return e->code;
}

/* The glyph in the file says what the fields say, by the file's own table. */
static void check_glyphs(struct loop *l, const struct book_doc *d)
{
	struct aliases *t = aliases_open();
	struct err e = { 0 };

	for (size_t i = 0; i < d->n_alias; i++)
		CHECK_EQ(aliases_put(t, d->alias[i].lemma, d->alias[i].alias, &e), OK);
	for (size_t i = 0; i < d->n_scene; i++) {
		const struct scene_doc *s = &d->scene[i];
		struct skeleton want, got;
		struct buf line = { 0 };

		if (!s->glyph.n)
			continue;
		skeleton_of(&want, &s->scene);
		if (glyph_decode(&got, s->glyph, t, &e))
			fail_msg("%s", e.msg);
		CHECK_EQ(got.n_actor, want.n_actor);
		CHECK(same_strs(got.actor, want.actor, want.n_actor));
		CHECK(str_eq(got.field, want.field));
		CHECK_EQ(got.tension, want.tension);
		CHECK_EQ(got.resolution, want.resolution);
		glyph_encode(&line, &want, t);
		CHECK(str_eq(buf_view(&line), s->glyph));
		buf_free(&line);
		l->glyphs++;
	}
	aliases_close(t);
}

static enum status first(void *ctx, struct book_doc *d, struct err *e)
{
	struct loop *l = ctx, inner = { .want = d };
	struct buf out = { 0 }, twice = { 0 }, warn = { 0 };

	l->scenes += d->n_scene;
	scenefile_yaml_write(&out, d);
	scenefile_yaml_write(&twice, d);
	CHECK(str_eq(buf_view(&out), buf_view(&twice)));
	if (scenefile_yaml_read(buf_view(&out), second, &inner, &warn, e))
		fail_msg("%s\n%s", e->msg, out.p);
	CHECK_EQ(warn.n, 0);
	CHECK_EQ(inner.books, 1);
	l->books++;
	check_glyphs(l, d);
	buf_free(&out);
	buf_free(&twice);
	buf_free(&warn);
	return OK;
}

static void loop_file(struct loop *l, const char *path)
{
	struct buf file = { 0 }, warn = { 0 };
	struct err e = { 0 };

	CHECK_EQ(file_read(&file, path, 1 << 24, &e), OK);
	if (scenefile_yaml_read(buf_view(&file), first, l, &warn, &e))
		fail_msg("%s: %s", path, e.msg);
	if (warn.n)
		fail_msg("%s: %s", path, warn.p);
	buf_free(&file);
	buf_free(&warn);
}

static void loop_dir(struct loop *l, const char *dir)
{
	struct dirent **v;
	int n = scandir(dir, &v, NULL, alphasort);
	char path[4096];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, v[i]->d_name);
		if (v[i]->d_name[0] != '.' && dir_exists(path))
			loop_dir(l, path);
		else if (str_ends(str_of(v[i]->d_name), S(".yaml")))
			loop_file(l, path);
		free(v[i]);
	}
	if (n >= 0)
		free(v);
}

static void test_library(void **state)
{
	struct loop l = { 0 };

	(void)state;
	loop_dir(&l, "library");
	CHECK(l.books >= 120);
	CHECK(l.scenes >= 638);
	CHECK_EQ(l.glyphs, l.scenes);
}

static void test_gold(void **state)
{
	const char *shared = shared_dir();
	struct loop l = { 0 };
	char path[4096];

	(void)state;
	if (!shared)
		skip_shared();
	snprintf(path, sizeof path, "%s/data/gold", shared);
	loop_dir(&l, path);
	CHECK_EQ(l.scenes, 405);
}

/* ---- any scene whatever -------------------------------------------------------------- */

static const char *const odd[] = {
	"", "ученик", "ёж", "Петров-Водкин", "в конце концов", "null", "~", "yes", "No", "0", "-1",
	"1e5", "12:30", "- a", "a: b", "a #b", "#", "'", "\"", "\\", "«»", "{", "[", "}", "*a", "&a",
	"!x", "%", "@", "`", "|", ">", "?", "? a", "...", "---", " край", "край ", "две\nстроки",
	"\nпустая первая", "последняя пустая\n", "последняя пустая\n\n", "a\n\n\nb", " a\nb",
	"a \nb", "a\n b", "\ttab", "a\tb\nc", "\r\n", "a\rb", "\x7f", "\x01\x1b[31m", "\xC2\x85",
	"\xE2\x80\xA8x\n", "\xEF\xBB\xBF", "\xF0\x9F\x98\x80", "\xE2\x80\x8F", "<b>&amp;</b>", ",",
	"a, b", ":", "a:", "0x1F", "1_000", ".inf", "2001-01-01", "=", "<<", "\xEF\xBF\xBF", "y", "ON",
};
enum { ODD = sizeof odd / sizeof *odd };

static struct str odd_str(struct rng *r, struct arena *a)
{
	struct buf b = { 0 };
	struct str s;

	for (uint64_t n = rng_below(r, 8) ? 1 : 1 + rng_below(r, 6); n; n--)
		buf_str(&b, str_of(odd[rng_below(r, ODD)]));
	if (!rng_below(r, 40))
		buf_char(&b, 0);
	s = str_copy(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static float odd_float(struct rng *r)
{
	return rng_below(r, 3) ? (float)rng_unit(r) : (float)rng_below(r, 2);
}

static void odd_scene(struct scene_doc *s, struct rng *r, struct arena *a, size_t i)
{
	struct scene *c = &s->scene;

	s->id = str_printf(a, "S%03zu", i);
	s->passage = odd_str(r, a);
	s->glyph = odd_str(r, a);
	s->chapter_index = c->chapter = (uint32_t)(i / 3 * 2);
	s->chapter = i % 3 ? s[-1].chapter : odd_str(r, a);
	for (int k = 0; k < SC_N; k++) {
		c->code[k] = (uint8_t)rng_below(r, (uint64_t)kind_count((enum scene_code)k) + 1);
		c->code_conf[k] = odd_float(r);
	}
	for (int k = 0; k < ST_N; k++) {
		c->text[k] = odd_str(r, a);
		c->text_conf[k] = odd_float(r);
	}
	c->n_actor = (int)rng_below(r, ACTORS_MAX + 1);
	for (int k = 0; k < c->n_actor; k++) {
		c->actor[k] = odd_str(r, a);
		c->actor_conf[k] = odd_float(r);
	}
	c->n_image = (int)rng_below(r, IMAGES_MAX + 1);
	for (int k = 0; k < c->n_image; k++) {
		c->image[k] = odd_str(r, a);
		c->image_conf[k] = odd_float(r);
	}
	c->valence = (rng_below(r, 2) ? 1.0f : -1.0f) * odd_float(r);
	c->arousal = odd_float(r);
	c->cut = odd_float(r);
	c->off = (uint32_t)rng_below(r, UINT32_MAX / 2);
	c->len = (uint32_t)rng_below(r, UINT32_MAX / 2);
	c->sent = (uint32_t)rng_below(r, 1000);
	c->n_sent = (uint32_t)rng_below(r, 9);
	if (rng_below(r, 2)) {
		s->n_sent = c->n_sent;
		s->sent = TAKE(a, struct sent, c->n_sent + 1);
		for (uint32_t k = 0; k < c->n_sent; k++)
			s->sent[k] = (struct sent){ (uint32_t)rng_u64(r), (uint32_t)rng_u64(r),
				                    (uint32_t)rng_u64(r) };
	}
	if (!rng_below(r, 3)) {
		s->book = str_printf(a, "книга %zu.txt", i);
		s->span[0] = rng_below(r, 1000);
		s->span[1] = s->span[0] + rng_u64(r) / 2;
	}
}

static void odd_book(struct book_doc *d, struct rng *r, struct arena *a)
{
	static const char *const alias[] = { "U", "NO", "Y", "PD", "X12", "NULL", "ON" };

	*d = (struct book_doc){ .title = odd_str(r, a), .author = odd_str(r, a),
		.segment = odd_str(r, a), .story_id = odd_str(r, a) };
	d->n_scene = rng_below(r, 7);
	d->scene = TAKE(a, struct scene_doc, d->n_scene + 1);
	for (size_t i = 0; i < d->n_scene; i++)
		odd_scene(&d->scene[i], r, a, i);
	d->n_alias = rng_below(r, 8);
	d->alias = arena_take_n(a, d->n_alias + 1, sizeof *d->alias);
	for (size_t i = 0; i < d->n_alias; i++) {
		d->alias[i].alias = str_of(alias[i]);
		d->alias[i].lemma = odd_str(r, a);
	}
}

static void test_any_book(void **state)
{
	struct rng r = rng_stream(7, "t_scenefile", 0);

	(void)state;
	for (int i = 0; i < 1500; i++) {
		struct arena a = arena_open("test");
		struct book_doc d;
		struct buf out = { 0 }, warn = { 0 };
		struct loop l = { .want = &d };
		struct err e = { 0 };

		odd_book(&d, &r, &a);
		scenefile_yaml_write(&out, &d);
		if (scenefile_yaml_read(buf_view(&out), second, &l, &warn, &e))
			fail_msg("%s\n%s", e.msg, out.p);
		CHECK_EQ(l.books, 1);
		CHECK_EQ(warn.n, 0);
		buf_free(&out);
		buf_free(&warn);
		arena_close(&a);
	}
}

/* pvq keeps the five parts; the rest is emptied before comparing. */
static void keep_pvq(struct scene_doc *s)
{
	static const enum scene_text drop[] = { ST_ARCHETYPE, ST_TENSION, ST_LOGIC, ST_IDEA };
	static const enum scene_code lose[] = { SC_TENSION, SC_LOGIC, SC_EMOTION, SC_FUNCTION };
	struct scene *c = &s->scene;

	for (int k = 0; k < 4; k++) {
		c->text[drop[k]] = S("");
		c->text_conf[drop[k]] = 0;
		c->code[lose[k]] = 0;
		c->code_conf[lose[k]] = 0;
	}
	c->n_actor = c->n_image = 0;
	c->valence = c->arousal = c->cut = 0;
	c->sent = c->n_sent = c->chapter = s->chapter_index = s->n_sent = 0;
	s->sent = NULL;
	s->passage = s->glyph = s->chapter = S("");
}

static void test_pvq(void **state)
{
	struct rng r = rng_stream(8, "t_scenefile", 1);
	struct book_doc d[3];

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct arena a = arena_open("test");
		struct buf out = { 0 }, warn = { 0 };
		struct err e = { 0 };
		struct tree *whole;
		struct loop l = { .want = d };

		odd_book(&d[0], &r, &a);
		scenefile_pvq_write(&out, &d[0], true, false);
		scenefile_pvq_write(&out, &d[0], false, true);
		CHECK_EQ(json_read(&whole, buf_view(&out), &a, &e), OK);
		d[0].n_alias = 0;
		for (size_t k = 0; k < d[0].n_scene; k++)
			keep_pvq(&d[0].scene[k]);
		if (scenefile_pvq_read(buf_view(&out), second, &l, &warn, &e))
			fail_msg("%s\n%s", e.msg, out.p);
		CHECK_EQ(l.books, 2);
		CHECK_EQ(warn.n, 0);
		buf_free(&out);
		buf_free(&warn);
		arena_close(&a);
	}
}

/* ---- the table and the scenes room agree -------------------------------------------- */

static void test_keys_agree(void **state)
{
	struct arena a = arena_open("test");
	struct scene s = { 0 };
	struct tree *map = tree_map(&a), *conf;

	(void)state;
	for (int k = 0; k < SC_N; k++)
		s.code[k] = 1, s.code_conf[k] = 0.5f;
	for (int k = 0; k < ST_N; k++)
		s.text[k] = S("x"), s.text_conf[k] = 0.5f;
	fields_write(map, &s, false, &a);
	conf = tree_find(map, "confidence");
	CHECK_EQ(conf->n, SC_N + ST_N);
	for (int k = 0; k < SC_N; k++)
		CHECK(tree_find(conf, scene_code_key((enum scene_code)k)));
	for (int k = 0; k < ST_N; k++)
		CHECK(tree_find(conf, scene_text_key((enum scene_text)k)));
	arena_close(&a);
}

/* ---- refusals ------------------------------------------------------------------------ */

static enum status ignore(void *ctx, struct book_doc *d, struct err *e)
{
	(void)ctx;
	(void)d;
	(void)e;
	return OK;
}

static void refused(const char *yaml, enum status code, const char *says)
{
	struct err e = { 0 };
	enum status st = scenefile_yaml_read(str_of(yaml), ignore, NULL, NULL, &e);

	if (st != code || !strstr(e.msg, says))
		fail_msg("status %d, message '%s'; expected %d, '%s'", st, e.msg, code, says);
}

static void test_refusals(void **state)
{
	(void)state;
	refused("", ERR_FORMAT, "nothing in the file");
	refused("- scene_id: S1\n  tension: {kind: Ы}\n", ERR_FORMAT,
	        "line 2, column 19: scene S1: key kind: unknown code 'Ы', expected one of R P N");
	refused("- scene_id: S1\n- scene_id: S1\n", ERR_FORMAT, "line 2, column 13");
	refused("- scene_id: S1\n  idea: a\n  idea: b\n", ERR_FORMAT,
	        "line 3, column 9: key 'idea' is given twice");
	refused("- scene_id: S1\n\tidea: a\n", ERR_FORMAT, "line 2, column 1: a tab");
	refused("a: &x b\n", ERR_FORMAT, "anchors");
	refused("[*x]\n", ERR_FORMAT, "aliases");
	refused("id: !!python/object x\n", ERR_FORMAT, "tags");
	refused("id: 1\nidea: \xD0\n", ERR_FORMAT, "line 2, column 7: byte 0xD0 is not UTF-8");
	refused("{[a]: b}\n", ERR_FORMAT, "a key must be a word");
	refused("version: 2\nscenes: []\n", ERR_FORMAT, "version 2");
	refused("scenes: []\nchapters: []\n", ERR_FORMAT, "not both");
	refused("id: 1\nspan: [5, 3]\n", ERR_FORMAT, "before the beginning");
	refused("id: 1\nspan: [5, 99999999999]\n", ERR_LIMIT, "over the limit");
	refused("id: 1\nemotion: {label: радость, valence: 7}\n", ERR_FORMAT, "from -1 to 1");
	refused("id: 1\nemotion: {valence: nan}\n", ERR_FORMAT, "number");
	refused("aliases: {u: x}\nscenes: []\n", ERR_FORMAT, "no alias");
	refused("just words\n", ERR_FORMAT, "neither a book");
	refused("id: 1\nactors: ученик\n", ERR_FORMAT, "expected a list");
}

/* Files that are small but ask for much: n copies of one piece. */
static void refused_many(const char *head, const char *piece, int n, const char *tail,
                         const char *says)
{
	struct buf b = { 0 };

	buf_str(&b, str_of(head));
	for (int i = 0; i < n; i++)
		buf_str(&b, str_of(piece));
	buf_str(&b, str_of(tail));
	refused(b.p, ERR_LIMIT, says);
	buf_free(&b);
}

static void test_limits(void **state)
{
	clock_t from = clock();

	(void)state;
	refused_many("", "[", 65, "", "nested deeper than 64");
	refused_many("", "- ", 70, "a", "nested deeper than 64");
	refused_many("", "%TAG !a! x:\n", 200000, "--- a\n", "%TAG");
	refused_many("[", "a,", 1100000, "]", "more values");
	refused_many("", "- {id: 1}\n", 60000, "", "60000 scenes");
	CHECK((double)(clock() - from) / CLOCKS_PER_SEC < 10);
}

/* Keys come from outside: what is said of them must not drive a terminal. */
static void test_warnings_safe(void **state)
{
	static const char yaml[] = "{id: 1, \"\\e[31m\\u202Exx\": 1}\n";
	struct buf warn = { 0 };
	struct err e = { 0 };

	(void)state;
	CHECK_EQ(scenefile_yaml_read(str_of(yaml), ignore, NULL, &warn, &e), OK);
	CHECK_STR(buf_view(&warn),
	          "line 1, column 27: scene 1: key ?[31m?xx: unknown key, left out\n");
	buf_free(&warn);
}

static void test_json_refusals(void **state)
{
	static const struct { const char *json, *says; } bad[] = {
		{ "", "nothing" }, { "[", "line 1" }, { "[{}]", "neither a book" },
		{ "[{\"id\": \"1\"},]", "line 1" }, { "[{\"id\": \"1\"}] x", "after the end" },
		{ "{\"id\": 1, \"id\": 2}", "line 1" }, { "{\"id\": \"\xff\"}", "line 1" },
		{ "{\"id\": 99999999999999999999}", "line 1" }, { "[]", "empty list" },
		{ "[{\"id\": 1}\n\n {\"id\": 2}]", "line 3, column 2: JSON: expected ','" },
	};
	struct buf deep = { 0 };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		err_clear(&e);
		CHECK(scenefile_pvq_read(str_of(bad[i].json), ignore, NULL, NULL, &e) != OK);
		if (!strstr(e.msg, bad[i].says))
			fail_msg("%s: '%s', expected '%s'", bad[i].json, e.msg, bad[i].says);
	}
	for (int i = 0; i < 100000; i++)
		buf_char(&deep, '[');
	err_clear(&e);
	CHECK_EQ(scenefile_pvq_read(buf_view(&deep), ignore, NULL, NULL, &e), ERR_LIMIT);
	buf_free(&deep);
}

/* ---- hostile files ------------------------------------------------------------------- */

static void hostile_file(const char *shared, struct str name, struct str expect)
{
	struct buf file = { 0 }, warn = { 0 };
	struct err e = { 0 };
	char path[4096];
	clock_t from = clock();
	enum status st;

	snprintf(path, sizeof path, "%s/data/hostile/" STR_FMT, shared, STR_ARG(name));
	CHECK_EQ(file_read(&file, path, 1 << 24, &e), OK);
	st = scenefile_yaml_read(buf_view(&file), ignore, NULL, &warn, &e);
	if (str_eq(expect, S("accept")) && (st || warn.n))
		fail_msg("%s: %s%s", path, e.msg, warn.n ? warn.p : "");
	if (str_eq(expect, S("accept-warn")) && (st || !warn.n))
		fail_msg("%s: %s, expected a warning", path, e.msg);
	if (str_eq(expect, S("reject")) && !st)
		fail_msg("%s: was accepted", path);
	CHECK(!st == !e.msg[0]);
	CHECK((double)(clock() - from) / CLOCKS_PER_SEC < 2);
	buf_free(&file);
	buf_free(&warn);
}

static void test_hostile(void **state)
{
	const char *shared = shared_dir();
	struct str rest, line, path, bytes, hash, expect;
	struct buf manifest = { 0 };
	struct err e = { 0 };
	char name[4096];
	int n = 0;

	(void)state;
	if (!shared)
		skip_shared();
	snprintf(name, sizeof name, "%s/data/hostile/MANIFEST.tsv", shared);
	CHECK_EQ(file_read(&manifest, name, 1 << 24, &e), OK);
	rest = buf_view(&manifest);
	while (str_cut(&rest, '\n', &line)) {
		if (!str_starts(line, S("yaml/")))
			continue;
		CHECK(str_cut(&line, '\t', &path) && str_cut(&line, '\t', &bytes) &&
		      str_cut(&line, '\t', &hash) && str_cut(&line, '\t', &expect));
		hostile_file(shared, path, expect);
		n++;
	}
	CHECK(n >= 30);
	buf_free(&manifest);
}

/* ---- the examples of docs/formats.md -------------------------------------------------- */

/* The text between the n-th "```KIND" and the next "```". */
static struct str example(struct str doc, const char *mark, int n)
{
	const char *p = doc.p, *end;

	for (int i = 0; i < n; i++) {
		CHECK(p = strstr(p, mark));
		p += strlen(mark);
	}
	CHECK(end = strstr(p, "```"));
	return (struct str){ p, (size_t)(end - p) };
}

static enum status count(void *ctx, struct book_doc *d, struct err *e)
{
	(void)e;
	CHECK_EQ(d->n_scene, 1);
	CHECK_STR(d->scene[0].scene.text[ST_FIELD], "кухня");
	CHECK_EQ(d->scene[0].scene.len, 1530);
	++*(int *)ctx;
	return OK;
}

static void test_docs(void **state)
{
	struct buf doc = { 0 }, warn = { 0 };
	struct err e = { 0 };
	int books = 0;

	(void)state;
	CHECK_EQ(file_read(&doc, "docs/formats.md", 1 << 20, &e), OK);
	if (scenefile_yaml_read(example(buf_view(&doc), "```yaml\n", 1), count, &books, &warn, &e) ||
	    scenefile_pvq_read(example(buf_view(&doc), "```json\n", 1), count, &books, &warn, &e))
		fail_msg("%s", e.msg);
	CHECK_EQ(books, 2);
	CHECK_EQ(warn.n, 0);
	buf_free(&doc);
	buf_free(&warn);
}

/* ---- golden files -------------------------------------------------------------------- */

static enum status rewrite(void *ctx, struct book_doc *d, struct err *e)
{
	(void)e;
	scenefile_yaml_write(ctx, d);
	return OK;
}

/* What is written again, the warnings and the refusal. */
static void golden(struct buf *got, struct str in, const char *in_path)
{
	struct buf warn = { 0 };
	struct err e = { 0 };

	(void)in_path;
	scenefile_yaml_read(in, rewrite, got, &warn, &e);
	if (warn.n)
		buf_printf(got, "# warned\n%s", warn.p);
	if (e.code)
		buf_printf(got, "# refused, code %d\n%s\n", e.code, e.msg);
	buf_free(&warn);
}

static void test_golden(void **state)
{
	(void)state;
	golden_folder("tests/golden/yaml", golden, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_agree),
		cmocka_unit_test(test_any_book),
		cmocka_unit_test(test_pvq),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_warnings_safe),
		cmocka_unit_test(test_json_refusals),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_docs),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_library),
		cmocka_unit_test(test_gold),
	};

	/* Numbers in files must not follow the user's locale. */
	setlocale(LC_ALL, "");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
