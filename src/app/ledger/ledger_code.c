/* ledger_code.c - vocabulary and bits of every stream of the ledger (app/ledger/ledger_rows.h).
 *
 * All streams go through one coder (order/idcode.h), the longest first, one a lane. The
 * vocabulary is coded apart, as a text of its own: spellings in order of their first coming.
 */
#include <stdlib.h>

#include "app/ledger/ledger_rows.h"
#include "num/num.h"
#include "order/idcode.h"

/* A coder of a long stream holds 240 MB: no more of them at a time. */
enum { CODERS_MAX = 4 };

/* ---- spellings -------------------------------------------------------------------------------- */

struct str spell_rune(const struct spelling *s, uint32_t id, struct arena *a)
{
	char *p = TAKE(a, char, 5);

	(void)s;
	return (struct str){ p, (size_t)utf8_put(p, id) };
}

struct str spell_tab(const struct spelling *s, uint32_t id, struct arena *a)
{
	(void)a;
	return ((const struct strtab *)s->from)->s[id];
}

struct str spell_lemma(const struct spelling *s, uint32_t id, struct arena *a)
{
	(void)a;
	return flow_lemma_text(((const struct strtab *)s->from)->s[id]);
}

struct str spell_token(const struct spelling *s, uint32_t id, struct arena *a)
{
	(void)a;
	return tokens_piece(s->from, id);
}

struct str spell_code(const struct spelling *s, uint32_t id, struct arena *a)
{
	enum scene_code f = (enum scene_code)(id / CODE_STEP);

	(void)s;
	return str_printf(a, "%s %.*s", scene_code_key(f), STR_ARG(kind_get(f, (int)(id % CODE_STEP))->code));
}

struct str spell_chain(const struct spelling *s, uint32_t id, struct arena *a)
{
	struct buf b = { 0 };
	struct str out;

	if (id < s->first)
		return s->base->of(s->base, id - 1, a);
	const struct chain *c = &((const struct chains *)s->from)->c[id - s->first];
	for (int i = 0; i < c->n; i++) {
		if (i)
			buf_char(&b, '+');
		buf_str(&b, s->base->of(s->base, c->word[i] - 1, a));
	}
	out = str_copy(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* ---- coding ----------------------------------------------------------------------------------- */

void add_job(struct rows *r, enum stage s, const uint32_t *id, size_t n, size_t symbols,
                    struct spelling spell)
{
	r->l->row[s].there = true;
	r->l->row[s].positions = n;
	r->job[r->n_job++] = (struct job){ s, id, n, (uint32_t)symbols, spell };
}

/* The vocabulary as a text of its own: spellings in order of coming, a line end after each; bytes
 * that are no UTF-8 (pieces of letters) as numbers above all runes. */
static void vocab_letters(struct stream *out, uint64_t *bytes, const struct job *j,
                          const uint32_t *fresh, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena a = arena_open("spelling");
		struct str s = j->spell.of(&j->spell, fresh[i], &a);
		const char *p = s.p, *end = s.p + s.n;
		bool utf8 = utf8_valid(s);

		*bytes += s.n + 1;
		while (p < end)
			stream_put(out, utf8 ? utf8_next(&p, end) : 0x110000u + (uint8_t)*p++);
		stream_put(out, '\n');
		arena_close(&a);
	}
}

static void job_lane(void *ctx, int lane)
{
	struct rows *r = ctx;
	struct job *j = &r->job[lane];
	struct stage_row *row = &r->l->row[j->stage];
	struct arena a = arena_open("fresh");
	struct stream letters = { 0 };
	struct buf out = { 0 }, names = { 0 };
	size_t n;
	const uint32_t *fresh = idcode_fresh(&n, j->id, j->n, j->symbols, &a);

	row->vocab = n;
	vocab_letters(&letters, &row->vocab_bytes, j, fresh, n);
	if (idcode_pack(&out, j->id, j->n, j->symbols, r->w, NULL) ||
	    idcode_pack(&names, letters.id, letters.n, 0x110100, r->w, NULL))
		r->stopped = true;
	row->bits = (uint64_t)out.n * 8;
	row->vocab_bits = (uint64_t)names.n * 8;
	buf_free(&out);
	buf_free(&names);
	mem_free(letters.id);
	arena_close(&a);
	atomic_fetch_add(&r->done, 1);
	if (pthread_equal(pthread_self(), r->owner))
		watch_step(r->w, "code", (double)atomic_load(&r->done), (double)r->n_job, "streams");
}

static int longest_first(const void *a, const void *b)
{
	const struct job *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : (int)x->stage - (int)y->stage;
}

enum status code_all(struct rows *r, struct err *e)
{
	int threads = threads_of(r->o->threads);

	qsort(r->job, r->n_job, sizeof *r->job, longest_first);
	watch_step(r->w, "code", 0, (double)r->n_job, "streams");
	num_lanes((int)r->n_job, threads < CODERS_MAX ? threads : CODERS_MAX, job_lane, r);
	return r->stopped ? err_set(e, ERR_STOP, "stopped while coding") : OK;
}
