/* corefile.c - a trained core, its ranker and its checkpoints as files.
 *
 *   in    struct core, struct lexis, struct train_state
 *   out   safetensors with metadata; and back, checked
 *
 * Invariants: the same core gives the same bytes; what is read has the names, shapes and
 * configuration this program would write, or it is refused and nothing of it is kept.
 */
#include <stdlib.h>

#include "io/models/corefile.h"
#include "io/scenes/sheet.h"

enum { CORE_VERSION = 1, CKPT_VERSION = 1, RANKER_MAGIC = 0x4b4e4152 /* "RANK" */ };
enum { LIMIT_IDF = 1 << 26 };

/* Pairs (key, df) by key: [n][2]. */
static void add_idf(struct sheet *s, const char *name, const struct idf *t)
{
	uint32_t *v = TAKE(&s->mem, uint32_t, t->n * 2);
	size_t n = 0;

	for (size_t i = 0; i < t->cap; i++)
		if (t->key[i]) {
			v[n * 2] = t->key[i];
			v[n++ * 2 + 1] = t->df[i];
		}
	qsort(v, n, 2 * sizeof *v, u32_cmp);
	sheet_add(s, name, DT_U32, v, 4, n, 2);
}

static void meta_config(struct sheet *s, const struct core_config *c)
{
	sheet_meta_u64(s, "seed", c->seed);
	sheet_meta_u64(s, "hidden1", (uint64_t)c->hidden1);
	sheet_meta_u64(s, "hidden2", (uint64_t)c->hidden2);
	sheet_meta_u64(s, "epochs", (uint64_t)c->epochs);
	sheet_meta_u64(s, "batch", (uint64_t)c->batch);
	sheet_meta_u64(s, "lanes", (uint64_t)c->lanes);
	sheet_meta_u64(s, "per_book", (uint64_t)c->per_book);
	sheet_meta_real(s, "rate", c->rate);
	sheet_meta_real(s, "decay", c->decay);
	sheet_meta_real(s, "dropout", c->dropout);
}

enum status corefile_save(const char *path, const struct core *c, const struct lexis *x,
                          uint64_t data, struct err *e)
{
	struct sheet s = { .mem = arena_open("corefile") };
	size_t raw = 2 * (size_t)core_raw();

	sheet_params(&s, &c->p, c->p.w, "");
	sheet_add(&s, "input.mean", DT_F32, c->mean, 4, raw, 0);
	sheet_add(&s, "input.scale", DT_F32, c->scale, 4, raw, 0);
	sheet_add(&s, "seam.vocabulary", DT_U32, c->vocab, 4, (size_t)c->n_vocab, 0);
	add_idf(&s, "idf.stem", &x->stem);
	add_idf(&s, "idf.lemma", &x->lemma);
	sheet_meta(&s, "format", S("ltm-core"));
	sheet_meta_u64(&s, "version", CORE_VERSION);
	sheet_meta_u64(&s, "features", (uint64_t)core_raw());
	sheet_meta_u64(&s, "scenes", x->stem.scenes);
	sheet_meta(&s, "data", str_printf(&s.mem, "%016llx", (unsigned long long)data));
	meta_config(&s, &c->c);
	return sheet_save(&s, path, e);
}

/* ---- reading ---- */

static bool real(const struct weights *w, const char *key, double *v)
{
	return sheet_real(w, key, v) && *v >= 0 && *v < 1e6;
}

static enum status read_config(struct core_config *c, const struct weights *w, const char *path,
                               struct err *e)
{
	uint64_t seed, h1, h2, epochs, batch, lanes, per;

	if (!sheet_u64(w, "seed", UINT64_MAX, &seed) || !sheet_u64(w, "hidden1", 4096, &h1) ||
	    !sheet_u64(w, "hidden2", 4096, &h2) || !sheet_u64(w, "epochs", 100000, &epochs) ||
	    !sheet_u64(w, "batch", 1 << 20, &batch) || !sheet_u64(w, "lanes", 64, &lanes) ||
	    !sheet_u64(w, "per_book", 1 << 30, &per) || !h1 || !h2 || !batch || !lanes ||
	    !real(w, "rate", &c->rate) || !real(w, "decay", &c->decay) ||
	    !real(w, "dropout", &c->dropout) || c->dropout >= 1)
		return err_set(e, ERR_FORMAT, "%s: the configuration in the metadata is missing or "
		               "impossible; train again", path);
	c->seed = seed;
	c->hidden1 = (int)h1;
	c->hidden2 = (int)h2;
	c->epochs = (int)epochs;
	c->batch = (int)batch;
	c->lanes = (int)lanes;
	c->per_book = (int)per;
	return OK;
}

static enum status take_idf(struct idf *t, const struct weights *w, const char *name,
                            uint64_t scenes, const char *path, struct err *e)
{
	const struct tensor_row *row = weights_find(w, name);
	const char *p;

	idf_init(t);
	t->scenes = scenes;
	if (!row || row->type != DT_U32 || row->n_dim != 2 || row->dim[1] != 2 || row->dim[0] > LIMIT_IDF)
		return err_set(e, ERR_FORMAT, "%s: tensor %s is missing or of another shape", path, name);
	p = row->data;
	for (uint64_t i = 0; i < row->dim[0]; i++, p += 8) {
		uint32_t pair[2];

		memcpy(pair, p, 8);
		if (pair[1] > scenes || !idf_put(t, pair[0], pair[1]))
			return err_set(e, ERR_FORMAT, "%s: tensor %s row %llu is impossible", path, name,
			               (unsigned long long)i);
	}
	return OK;
}

static enum status load(struct core *c, struct lexis *x, const struct weights *w, const char *path,
                        struct err *e)
{
	size_t raw = 2 * (size_t)core_raw();
	struct core_config cfg;
	const struct tensor_row *v = weights_find(w, "seam.vocabulary");
	uint64_t features, scenes;

	if (sheet_header(w, "ltm-core", CORE_VERSION, path, e) || read_config(&cfg, w, path, e))
		return e->code;
	if (!sheet_u64(w, "features", 1 << 20, &features) || features != (uint64_t)core_raw())
		return err_set(e, ERR_FORMAT, "%s: made for other features than this program's; train "
		               "again (ltm train)", path);
	if (!sheet_u64(w, "scenes", UINT32_MAX, &scenes) || !v || v->type != DT_U32 || v->n_dim != 1 ||
	    v->dim[0] > SEAM_VOCAB)
		return err_set(e, ERR_FORMAT, "%s: damaged metadata or vocabulary", path);
	core_init(c, &cfg);
	c->n_vocab = (int)v->dim[0];
	memcpy(c->vocab, v->data, v->dim[0] * 4);
	if (sheet_take_params(&c->p, c->p.w, "", w, path, e) ||
	    sheet_take(c->mean, w, "input.mean", DT_F32, raw * 4, path, e) ||
	    sheet_take(c->scale, w, "input.scale", DT_F32, raw * 4, path, e))
		return e->code;
	if (take_idf(&x->stem, w, "idf.stem", scenes, path, e) ||
	    take_idf(&x->lemma, w, "idf.lemma", scenes, path, e))
		return e->code;
	return OK;
}

enum status corefile_load(const char *path, struct core *c, struct lexis *x, struct err *e)
{
	struct arena a = arena_open("corefile");
	struct weights w;
	struct str map;

	*c = (struct core){ 0 };
	*x = (struct lexis){ 0 };
	if (!sheet_open(&w, &map, path, &a, e)) {
		if (load(c, x, &w, path, e)) {
			core_clear(c);
			lexis_clear(x);
		}
		file_unmap(&map);
	}
	arena_close(&a);
	return e->code;
}

/* ---- the ranker ---- */

enum status rankerfile_save(const char *path, const struct ranker *r, struct err *e)
{
	struct buf b = { 0 };
	enum status st;

	buf_u32(&b, RANKER_MAGIC);
	buf_u32(&b, 1);
	for (int k = 0; k < 3; k++) {
		struct buf one = { 0 };

		boost_save(&one, &r->kind[k]);
		buf_blob(&b, buf_view(&one));
		buf_free(&one);
	}
	st = file_save(path, buf_view(&b), e);
	buf_free(&b);
	return st;
}

enum status rankerfile_load(const char *path, struct ranker *r, struct err *e)
{
	struct str map;
	struct reader in;

	*r = (struct ranker){ 0 };
	if (file_map(&map, path, e))
		return e->code;
	in = reader_of(map);
	if (rd_u32(&in) != RANKER_MAGIC || rd_u32(&in) != 1)
		err_set(e, ERR_FORMAT, "%s: not a ranker of this version", path);
	for (int k = 0; k < 3 && !e->code; k++)
		if (boost_open(&r->kind[k], rd_blob(&in), e))
			err_in(e, path);
		else if (r->kind[k].d != 2 * SHALLOW_N)
			err_set(e, ERR_FORMAT, "%s: made for other features; train again", path);
	if (!e->code && (in.bad || rd_left(&in)))
		err_set(e, ERR_FORMAT, "%s: cut short or too long", path);
	if (e->code)
		ranker_clear(r);
	file_unmap(&map);
	return e->code;
}

/* ---- checkpoints ---- */

static uint64_t bits_of(double x)
{
	uint64_t u;

	memcpy(&u, &x, 8);
	return u;
}

enum status ckptfile_save(const char *path, const struct core *c, const struct train_state *st,
                          uint64_t data, struct err *e)
{
	struct sheet s = { .mem = arena_open("checkpoint") };

	sheet_params(&s, &c->p, c->p.w, "");
	sheet_params(&s, &c->p, c->p.m, "adamw.m.");
	sheet_params(&s, &c->p, c->p.v, "adamw.v.");
	sheet_params(&s, &c->p, st->avg.w, "average.");
	sheet_meta(&s, "format", S("ltm-checkpoint"));
	sheet_meta_u64(&s, "version", CKPT_VERSION);
	sheet_meta_u64(&s, "epoch", st->epoch);
	sheet_meta_u64(&s, "chunk", st->chunk);
	sheet_meta_u64(&s, "position", st->batch);
	sheet_meta_u64(&s, "step", st->step);
	sheet_meta_u64(&s, "loss_bits", bits_of(st->loss));
	sheet_meta_u64(&s, "losses", st->losses);
	sheet_meta_u64(&s, "averaged", st->avg.seen);
	sheet_meta(&s, "log", buf_view(&st->log));
	sheet_meta(&s, "data", str_printf(&s.mem, "%016llx", (unsigned long long)data));
	meta_config(&s, &c->c);
	return sheet_save(&s, path, e);
}

static enum status load_ckpt(const char *path, struct core *c, struct train_state *st, uint64_t data,
                             const struct weights *w, struct err *e)
{
	char want[20];
	uint64_t loss;
	struct str log = weights_meta(w, "log");

	snprintf(want, sizeof want, "%016llx", (unsigned long long)data);
	if (sheet_header(w, "ltm-checkpoint", CKPT_VERSION, path, e))
		return e->code;
	if (!str_eq(weights_meta(w, "data"), str_of(want)))
		return err_set(e, ERR_FORMAT, "%s: a checkpoint of other books or settings", path);
	if (!sheet_u64(w, "epoch", 1 << 20, &st->epoch) || !sheet_u64(w, "chunk", 1u << 31, &st->chunk) ||
	    !sheet_u64(w, "position", 1u << 31, &st->batch) || !sheet_u64(w, "step", 1ull << 40, &st->step) ||
	    !sheet_u64(w, "loss_bits", UINT64_MAX, &loss) || !sheet_u64(w, "losses", 1ull << 40, &st->losses) ||
	    !sheet_u64(w, "averaged", 1ull << 40, &st->avg.seen))
		return err_set(e, ERR_FORMAT, "%s: the position in the metadata is impossible", path);
	memcpy(&st->loss, &loss, 8);
	st->log.n = 0;
	buf_str(&st->log, log);
	if (sheet_take_params(&c->p, c->p.w, "", w, path, e) ||
	    sheet_take_params(&c->p, c->p.m, "adamw.m.", w, path, e) ||
	    sheet_take_params(&c->p, c->p.v, "adamw.v.", w, path, e) ||
	    sheet_take_params(&c->p, st->avg.w, "average.", w, path, e))
		return e->code;
	return OK;
}

enum status ckptfile_load(const char *path, struct core *c, struct train_state *st, uint64_t data,
                          struct err *e)
{
	struct arena a = arena_open("checkpoint");
	struct weights w;
	struct str map;

	if (!sheet_open(&w, &map, path, &a, e)) {
		if (!st->avg.w)
			average_init(&st->avg, &c->p);
		load_ckpt(path, c, st, data, &w, e);
		file_unmap(&map);
	}
	arena_close(&a);
	return e->code;
}
