/* live.c - read → concepts → train → eval → ledger → report, each only when its inputs have changed.
 *
 *   stage     its inputs                                  what it makes
 *   read      hashes of the sources                       store.db, lemmas.ltm
 *   concepts  training books                              concepts.ltm
 *   train     concepts.ltm, all books' split, seed, epochs   core.safetensors
 *   eval      core.safetensors, all books, seed           eval.json
 *   ledger    all books; only when the library is small   ledger.json, X.tokens
 *   report    eval.json, ledger.json, all books, language report.html
 *
 * Invariant: running it twice does nothing the second time; running it after a stop goes on.
 */
#include <sys/resource.h>

#include "app/done.h"
#include "app/ledger/ledger.h"
#include "app/live.h"

/* A ledger of more characters takes longer than the rest of a demonstration should: `ltm ledger
 * MIND` makes it. */
enum { LEDGER_CHARS = 2000000 };

struct way {
	const char *mind;
	const struct live_plan *p;
	struct live_sum *sum;
	const struct watch *w;
	struct err *e;
	struct arena mem;
	const char *file[LIVE_STAGES];	/* what each stage makes */
	uint64_t books;			/* hash of the books with their split */
	uint64_t chars;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t two[2] = { a, b };

	return hash64(two, sizeof two, 0);
}

static enum status hash_books(struct way *x)
{
	struct store *s;
	struct book_row *row;
	size_t n;
	enum status st = mind_store(&s, x->mind, STORE_READ, x->e);

	if (st)
		return st;
	st = store_books(s, &row, &n, &x->mem, x->e);
	for (size_t i = 0; !st && i < n; i++) {
		x->books = mix(mix(x->books, row[i].source_hash), row[i].split);
		x->chars += row[i].chars;
	}
	store_close(s);
	return st;
}

/* ---- the stages ------------------------------------------------------------------------ */

static enum status do_read(struct way *x)
{
	const char *shipped = x->p->n_path ? NULL : library_find(&x->mem);
	struct read_opts o = { .path = x->p->path, .n_path = x->p->n_path, .threads = x->p->threads,
	                       .dict = x->p->dict };

	if (!x->p->n_path && !shipped)
		return err_set(x->e, ERR_USAGE, "the shipped library is not found; name books or a folder");
	if (shipped) {
		o.path = &shipped;
		o.n_path = 1;
		o.root = shipped;
		x->sum->shipped = true;
	}
	return stage_read(x->mind, &o, &x->sum->read, x->w, x->e);
}

static enum status do_concepts(struct way *x)
{
	return stage_concepts(x->mind, &x->sum->ran[LIVE_CONCEPTS], x->w, x->e);
}

static uint64_t train_inputs(struct way *x)
{
	uint64_t plan = mix(x->p->seed, (uint64_t)x->p->epochs);

	return mix(mix(file_hash(x->file[LIVE_CONCEPTS]), x->books), plan);
}

/* A training that was begun on the same inputs and broken off goes on from its checkpoint. */
static bool was_begun(struct way *x, uint64_t inputs)
{
	return done_is(x->mind, "train-begun", inputs, x->file[LIVE_CONCEPTS]) &&
	       (file_exists(mind_path(&x->mem, x->mind, "core.1.ckpt")) ||
	        file_exists(mind_path(&x->mem, x->mind, "core.2.ckpt")) ||
	        file_exists(mind_path(&x->mem, x->mind, "core.stop.ckpt")));
}

static enum status do_train(struct way *x)
{
	uint64_t inputs = train_inputs(x);
	struct train_opts o = { .seed = x->p->seed, .threads = threads_of(x->p->threads),
	                        .epochs = x->p->epochs };
	enum status st;

	if (done_is(x->mind, "train", inputs, x->file[LIVE_TRAIN]))
		return OK;
	x->sum->ran[LIVE_TRAIN] = true;
	o.resume = was_begun(x, inputs);
	st = done_set(x->mind, "train-begun", inputs, x->file[LIVE_CONCEPTS], x->e);
	if (!st)
		st = stage_train(x->mind, &o, x->w, x->e);
	return st ? st : done_set(x->mind, "train", inputs, x->file[LIVE_TRAIN], x->e);
}

static enum status do_eval(struct way *x)
{
	uint64_t inputs = mix(mix(file_hash(x->file[LIVE_TRAIN]), x->books), x->p->seed);
	struct eval_opts o = { .seed = x->p->seed, .threads = threads_of(x->p->threads), .json = true };
	struct buf b = { 0 };
	enum status st;

	if (done_is(x->mind, "eval", inputs, x->file[LIVE_EVAL]))
		return OK;
	x->sum->ran[LIVE_EVAL] = true;
	st = stage_eval(x->mind, &o, &b, x->w, x->e);
	if (!st)
		st = file_save(x->file[LIVE_EVAL], buf_view(&b), x->e);
	buf_free(&b);
	return st ? st : done_set(x->mind, "eval", inputs, x->file[LIVE_EVAL], x->e);
}

/* The steps of the ledger are told as one stage. */
static void as_ledger(void *ctx, const char *stage, double done, double total, const char *unit)
{
	(void)stage;
	watch_step(ctx, "ledger", done, total, unit);
}

static void note_on(void *ctx, const char *line)
{
	watch_note(ctx, "%s", line);
}

static enum status do_ledger(struct way *x)
{
	struct watch w = { as_ledger, note_on, (void *)(uintptr_t)x->w, x->w ? x->w->stop : NULL };
	struct ledger_opts o = { .vocab = LEDGER_VOCAB, .threads = x->p->threads, .dict = x->p->dict };
	struct ledger *l = TAKE(&x->mem, struct ledger, 1);

	x->sum->no_ledger = x->chars > LEDGER_CHARS;
	if (x->sum->no_ledger)
		return OK;
	return ledger_of_mind(l, x->mind, &o, &x->sum->ran[LIVE_LEDGER], &w, x->e);
}

static enum status do_report(struct way *x)
{
	uint64_t inputs = mix(mix(file_hash(x->file[LIVE_EVAL]), x->books), str_hash(str_of(x->p->lang)));
	enum status st;

	inputs = mix(mix(inputs, file_hash(x->file[LIVE_LEDGER])), str_hash(str_of(LTM_VERSION)));
	if (done_is(x->mind, "report", inputs, x->file[LIVE_REPORT]))
		return OK;
	x->sum->ran[LIVE_REPORT] = true;
	st = stage_report(x->mind, NULL, x->p->lang, x->p->seed, x->w, x->e);
	return st ? st : done_set(x->mind, "report", inputs, x->file[LIVE_REPORT], x->e);
}

/* ---- the way --------------------------------------------------------------------------- */

static enum status step(struct way *x, enum live_stage i, enum status (*stage)(struct way *))
{
	double t = clock_now();
	enum status st = watch_stopped(x->w)
		? err_set(x->e, ERR_STOP, "the same command goes on where it was stopped") : stage(x);

	x->sum->seconds[i] = clock_now() - t;
	x->sum->done[i] = st == OK || st == ERR_PART;
	return st;
}

/* What can be had without learning is made all the same; the reason is the call's message. */
static enum status too_few(struct way *x, struct err *part)
{
	err_clear(part);
	err_set(part, ERR_PART, "not trained: %s", x->e->msg);
	err_clear(x->e);
	x->sum->ran[LIVE_TRAIN] = false;
	return OK;
}

enum status live(const char *mind, const struct live_plan *p, struct live_sum *sum,
                 const struct watch *w, struct err *e)
{
	static const char *const made[LIVE_STAGES] = {
		"store.db", "concepts.ltm", "core.safetensors", "eval.json", "ledger.json", "report.html" };
	static enum status (*const stage[LIVE_STAGES])(struct way *) = {
		do_read, do_concepts, do_train, do_eval, do_ledger, do_report };
	struct err part = { 0 }, own = { 0 };
	struct way x = { .mind = mind, .p = p, .sum = sum, .w = w, .e = &part,
	                 .mem = arena_open("live") };
	enum status st;

	for (int i = 0; i < LIVE_STAGES; i++)
		x.file[i] = mind_path(&x.mem, mind, made[i]);
	st = step(&x, LIVE_READ, do_read);
	sum->ran[LIVE_READ] = sum->read.added > 0;
	x.e = &own;
	if (st && st != ERR_PART)
		err_set(&own, st, "%s", part.msg);
	else
		st = hash_books(&x);
	for (int i = LIVE_CONCEPTS; i < LIVE_STAGES && !st; i++) {
		st = step(&x, (enum live_stage)i, stage[i]);
		if (i == LIVE_TRAIN && st == ERR_USAGE) {	/* too few books to learn from */
			st = too_few(&x, &part);
			i = LIVE_EVAL;
		}
	}
	arena_close(&x.mem);
	if (st)
		return err_set(e, st, "%s", own.msg);
	return part.code ? err_set(e, part.code, "%s", part.msg) : OK;
}

/* ---- the summary ----------------------------------------------------------------------- */

static double peak_mb(void)
{
	struct rusage own, children;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return (double)(own.ru_maxrss > children.ru_maxrss ? own.ru_maxrss : children.ru_maxrss) / 1024;
}

static void put_books(struct buf *b, const struct read_sum *r, bool ru)
{
	buf_printf(b, ru ? "книги      прочитано %zu, уже было %zu, пропущено %zu\n"
	           : "books      read %zu, known before %zu, left out %zu\n", r->added, r->known, r->failed);
	if (!r->added)
		return;
	buf_str(b, ru ? S("текст      ") : S("text       "));
	put_count(b, r->chars);
	buf_str(b, ru ? S(" знаков, ") : S(" characters, "));
	put_count(b, r->words);
	buf_str(b, ru ? S(" слов, ") : S(" words, "));
	put_count(b, r->scenes);
	buf_printf(b, ru ? " сцен; %.1f МБ/с\n" : " scenes; %.1f MB/s\n",
	           (double)r->bytes / 1e6 / (r->seconds > 0.001 ? r->seconds : 0.001));
}

void live_summary(struct buf *b, const char *mind, const struct live_sum *sum, bool ru)
{
	static const char *const name[LIVE_STAGES][2] = {
		{ "read", "чтение" }, { "concepts", "понятия" }, { "train", "обучение" },
		{ "eval", "проверка" }, { "ledger", "ведомость" }, { "report", "отчёт" } };

	put_books(b, &sum->read, ru);
	buf_str(b, ru ? S("время      ") : S("time       "));
	for (int i = 0; i < LIVE_STAGES; i++)
		if (sum->ran[i])
			buf_printf(b, ru ? "%s %.1f с  " : "%s %.1f s  ", name[i][ru], sum->seconds[i]);
		else if (sum->done[i] && !(i == LIVE_LEDGER && sum->no_ledger))
			buf_printf(b, ru ? "%s без изменений  " : "%s unchanged  ", name[i][ru]);
	while (b->n && b->p[b->n - 1] == ' ')
		b->p[--b->n] = 0;
	buf_printf(b, ru ? "\nпамять     не больше %.0f МБ\n" : "\nmemory     at most %.0f MB\n", peak_mb());
	if (sum->done[LIVE_REPORT])
		buf_printf(b, ru ? "отчёт      %s/report.html\n" : "report     %s/report.html\n", mind);
	if (sum->done[LIVE_TRAIN])
		buf_printf(b, "%s ltm think %s \"Ученик смотрит в зеркало и видит чужое лицо\"\n",
		           ru ? "дальше    " : "next      ", mind);
}
