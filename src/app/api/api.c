/* api.c - the public functions that make and use a mind: read, live, train, eval, think, dict,
 * report, check (include/ltm.h says what they promise).
 *
 * Every writer goes through with_lock: lock, work, seal. So a mind that a call leaves behind is
 * sealed whatever the call came to.
 */
#include "app/api/api.h"
#include "num/team.h"
#include "app/live.h"

LTM_API const char *ltm_version(void)
{
	return LTM_VERSION;
}

/* ---- between the header and the rooms -------------------------------------------------- */

enum status opts_take(void *own, size_t size, const void *from, struct err *e)
{
	size_t n = 0;

	memset(own, 0, size);
	if (from)
		memcpy(&n, from, sizeof n);
	if (n < sizeof n || n > 4096)
		return err_set(e, ERR_USAGE, "options without a size: begin with LTM_OPTS");
	memcpy(own, from, n < size ? n : size);
	return OK;
}

struct watch watch_of(const struct ltm_watch *w)
{
	return w ? (struct watch){ w->show, w->note, w->ctx, w->stop } : (struct watch){ 0 };
}

int give(struct ltm_error *e, const struct err *own, enum status st)
{
	if (e && st) {
		e->code = (int)st;
		snprintf(e->msg, sizeof e->msg, "%s", own->msg);
	}
	return (int)st;
}

void sink_send(const struct ltm_sink *out, struct buf *b)
{
	if (out && out->write && b->n)
		out->write(out->ctx, b->p, b->n);
	buf_free(b);
}

enum status need(const char *value, const char *name, struct err *e)
{
	return value && *value ? OK : err_set(e, ERR_USAGE, "%s is missing", name);
}

/* ---- writers --------------------------------------------------------------------------- */

static const char *mind_or_default(const char *mind)
{
	return mind && *mind ? mind : "mind";
}

static void read_totals(struct buf *b, const struct read_sum *s, bool ru)
{
	buf_printf(b, ru ? "прочитано %zu, уже было %zu, пропущено %zu\n"
	           : "read %zu, known before %zu, left out %zu\n", s->added, s->known, s->failed);
	if (!s->added)
		return;
	put_count(b, s->scenes);
	buf_str(b, ru ? S(" сцен, ") : S(" scenes, "));
	put_count(b, s->chars);
	buf_printf(b, ru ? " знаков, %.1f МБ за %.1f с: %.1f МБ/с\n"
	           : " characters, %.1f MB in %.1f s: %.1f MB/s\n", (double)s->bytes / 1e6, s->seconds,
	           (double)s->bytes / 1e6 / (s->seconds > 0 ? s->seconds : 1));
}

LTM_API int ltm_read(const struct ltm_read_opts *opts, const struct ltm_sink *out,
                     const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_read_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct read_sum sum = { 0 };
	struct buf b = { 0 };
	struct lock l;
	enum status st = opts_take(&o, sizeof o, opts, &e), end = OK;
	bool quiet = false;
	const char *mind = mind_or_default(o.mind);

	if (!st && !(st = team_join(&e))) {
		if (team_rank() == 0)
			mind_begin(&l, mind, &e);
		else
			w = (struct watch){ 0 };	/* rank 0 speaks for all */
		if (!(st = team_share_err(&e))) {
			st = stage_read(mind, &(struct read_opts){ .path = o.path, .n_path = o.n_path,
			                .threads = o.threads, .dict = o.dict }, &sum, &w, &e);
			if (team_rank() == 0)
				end = mind_end(&l, mind, &e);
			st = st ? st : end;
		}
		quiet = team_rank() > 0;
		team_leave();
	}
	if (!quiet && (sum.added || sum.known || sum.failed))
		read_totals(&b, &sum, o.lang && !strcmp(o.lang, "ru"));
	sink_send(out, &b);
	return give(error, &e, st);
}

LTM_API int ltm_live(const struct ltm_live_opts *opts, const struct ltm_sink *out,
                     const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_live_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct buf b = { 0 };
	struct lock l;
	enum status st = opts_take(&o, sizeof o, opts, &e), end;
	const char *mind = mind_or_default(o.mind);

	if (!st && team_started())
		st = err_set(&e, ERR_USAGE, "live is one process: mpirun … ltm read BOOKS -o MIND divides the reading, then ltm live goes on "
		                            "without mpirun");
	if (!st && !(st = mind_begin(&l, mind, &e))) {
		struct live_sum sum = { 0 };
		bool ru = o.lang && !strcmp(o.lang, "ru");

		st = live(mind, &(struct live_plan){ .path = o.path, .n_path = o.n_path,
		          .threads = o.threads, .seed = o.seed, .epochs = o.epochs, .dict = o.dict,
		          .lang = ru ? "ru" : "en" }, &sum, &w, &e);
		end = mind_end(&l, mind, &e);
		st = st ? st : end;
		if (sum.done[LIVE_READ])
			live_summary(&b, mind, &sum, ru);
	}
	sink_send(out, &b);
	return give(error, &e, st);
}

LTM_API int ltm_train(const struct ltm_train_opts *opts, const struct ltm_sink *out,
                      const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_train_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct lock l;
	bool did;
	enum status st = opts_take(&o, sizeof o, opts, &e), end;

	(void)out;
	if (!st && !(st = need(o.mind, "the mind", &e)) && !(st = mind_enter(o.mind, &w, &e)) &&
	    !(st = mind_begin(&l, o.mind, &e))) {
		st = stage_concepts(o.mind, &did, &w, &e);
		if (!st)
			st = stage_train(o.mind, &(struct train_opts){ .seed = o.seed,
			                 .threads = threads_of(o.threads), .epochs = o.epochs,
			                 .resume = o.resume, .stop_after_steps = o.stop_after }, &w, &e);
		end = mind_end(&l, o.mind, &e);
		st = st ? st : end;
	}
	return give(error, &e, st);
}

LTM_API int ltm_report(const struct ltm_report_opts *opts, const struct ltm_sink *out,
                       const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_report_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct buf b = { 0 };
	struct lock l;
	enum status st = opts_take(&o, sizeof o, opts, &e), end = OK;

	if (!st && !(st = need(o.mind, "the mind", &e)) && !(st = mind_enter(o.mind, &w, &e)) &&
	    (o.file || !(st = mind_begin(&l, o.mind, &e)))) {
		st = stage_report(o.mind, o.file, o.lang ? o.lang : "en", o.seed, &w, &e);
		if (!o.file)
			end = mind_end(&l, o.mind, &e);
		st = st ? st : end;
		if (!st)
			buf_printf(&b, "%s%s\n", o.file ? o.file : o.mind, o.file ? "" : "/report.html");
	}
	sink_send(out, &b);
	return give(error, &e, st);
}

/* A mind that was only read cannot think yet. */
static enum status need_core(const char *mind, struct err *e)
{
	struct arena a = arena_open("path");
	bool there = file_exists(mind_path(&a, mind, "core.safetensors"));

	arena_close(&a);
	return there ? OK : err_set(e, ERR_USAGE, "%s: not trained yet; run `ltm train %s`", mind, mind);
}

/* ---- readers --------------------------------------------------------------------------- */

LTM_API int ltm_eval(const struct ltm_eval_opts *opts, const struct ltm_sink *out,
                     const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_eval_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct buf b = { 0 };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.mind, "the mind", &e)) && !(st = mind_enter(o.mind, &w, &e)) &&
	    !(st = need_core(o.mind, &e)))
		st = stage_eval(o.mind, &(struct eval_opts){ .seed = o.seed,
		                .threads = threads_of(o.threads), .books = o.books, .tasks = o.tasks, .json = o.json,
		                .max_items = o.max_items }, &b, &w, &e);
	sink_send(out, &b);
	return give(error, &e, st);
}

/* A situation from standard input loses the line end that a shell adds. */
static enum status situation_of(struct buf *b, const char *given, struct err *e)
{
	enum { LIMIT_SITUATION = 1 << 20 };
	enum status st = OK;

	if (strcmp(given, "-"))
		buf_str(b, str_of(given));
	else
		st = source_bytes(b, given, e);
	while (b->n && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == '\r'))
		b->p[--b->n] = 0;
	if (!st && memchr(b->p ? b->p : "", 0, b->n))
		return err_set(e, ERR_FORMAT, "the situation has a zero byte");
	if (!st && b->n > LIMIT_SITUATION)
		return err_set(e, ERR_LIMIT, "the situation is longer than %d bytes", LIMIT_SITUATION);
	if (!st && !utf8_valid(buf_view(b)))
		return err_set(e, ERR_FORMAT, "the situation is not UTF-8");
	if (!st && !str_trim(buf_view(b)).n)
		return err_set(e, ERR_USAGE, "the situation is empty");
	return st;
}

LTM_API int ltm_think(const struct ltm_think_opts *opts, const struct ltm_sink *out,
                      const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_think_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct buf b = { 0 }, text = { 0 };
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.mind, "the mind", &e)) && !(st = need(o.situation, "the situation", &e)) &&
	    !(st = mind_enter(o.mind, &w, &e)) && !(st = need_core(o.mind, &e)) &&
	    !(st = situation_of(&text, o.situation, &e))) {
		if (o.intention && !utf8_valid(str_of(o.intention)))
			st = err_set(&e, ERR_FORMAT, "the intention is not UTF-8");
		else
			st = stage_think(o.mind, &(struct think_opts){ .situation = text.p,
			                 .intention = o.intention, .n = o.n, .json = o.json,
			                 .seed = o.seed, .dict = o.dict, .lang = o.lang }, &b, &w, &e);
	}
	buf_free(&text);
	sink_send(out, &b);
	return give(error, &e, st);
}

static enum status check_store(const char *mind, const struct watch *w, struct err *e)
{
	struct store *s;
	enum status st = mind_store(&s, mind, STORE_READ, e);

	if (st)
		return st;
	watch_step(w, "check", 1, 3, "files");
	st = store_check(s, e);
	store_close(s);
	return st;
}

static enum status check_lemmas(const char *mind, struct err *e)
{
	struct lemmas l;
	enum status st = lemmas_open(&l, mind, false, e);

	return st ? st : lemmas_close(&l, e);
}

LTM_API int ltm_check(const struct ltm_check_opts *opts, const struct ltm_sink *out,
                      const struct ltm_watch *watch, struct ltm_error *error)
{
	struct ltm_check_opts o;
	struct watch w = watch_of(watch);
	struct err e = { 0 };
	struct arena a = arena_open("check");
	struct buf b = { 0 };
	bool open = false;
	enum status st = opts_take(&o, sizeof o, opts, &e);

	if (!st && !(st = need(o.mind, "the mind", &e))) {
		watch_step(&w, "check", 0, 3, "files");
		open = file_exists(mind_path(&a, o.mind, ".unsealed"));
		st = open ? OK : mind_check(o.mind, &e);
		if (!st)
			st = check_store(o.mind, &w, &e);
		if (!st)
			st = check_lemmas(o.mind, &e);
	}
	if (!st && open)
		st = err_set(&e, ERR_PART, "%s: a writing was broken off; the store is whole; the same "
		             "command again finishes and seals it", o.mind);
	if (!st)
		buf_printf(&b, "%s: whole\n", o.mind);
	arena_close(&a);
	sink_send(out, &b);
	return give(error, &e, st);
}

LTM_API int ltm_dict(const struct ltm_dict_opts *opts, const struct ltm_sink *out,
                     struct ltm_error *error)
{
	struct ltm_dict_opts o;
	struct err e = { 0 };
	struct buf b = { 0 };
	enum status st = opts_take(&o, sizeof o, opts, &e);
	const char *file = o.file ? o.file : "words.dict";

	if (!st && !(st = need(o.az_dicts, "the folder of dictionaries", &e)))
		st = dictfile_build(o.az_dicts, file, &e);
	if (!st)
		buf_printf(&b, "%s\n", file);
	sink_send(out, &b);
	return give(error, &e, st);
}
