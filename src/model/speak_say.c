/* speak_say.c - a prompt goes on: one id after the other, or with int8 running ahead.
 *
 *   in    a model that speaks, a prompt, an order
 *   out   ids to whoever listens
 *
 * A round with drafts [Leviathan, Kalman & Matias 2023; Chen et al. 2023], the draft being the same
 * model in int8 on the same kept keys and values:
 *
 *   int8      reads the last id and proposes a next one, k times
 *   float32   reads the last id and the k proposals in one block, over the places int8 wrote
 *   then      from each row of logits the id is chosen; as long as it is the one proposed, the next
 *             row is already there; the first other one ends the round, and what was read past it
 *             is forgotten
 *
 * Ids are chosen from float32's logits alone, by (logits, ids before, seed, step), and those logits
 * have the same bits as in steps of one: so the text is that of plain float32. How many are proposed
 * follows from how often proposals held so far.
 */
#include <math.h>

#include "model/speak.h"
#include "words/tokens/tokens.h"

struct saying {
	struct speak *s;
	const struct speak_order *o;
	struct speak_chooser *c;
	struct ids all;			/* prompt and what was said */
	size_t n_prompt;
	bool (*heard)(void *ctx, uint32_t id);
	void *ctx;
	struct speak_sum *sum;
	struct err *e;
	bool over;
	double asked, held;		/* proposals that were put to the test; that held; both fading */
	unsigned alone;			/* rounds in which none was worth it */
};

static bool is_stop(const struct speak_order *o, uint32_t id)
{
	for (size_t i = 0; i < o->n_stop; i++)
		if (o->stop[i] == id)
			return true;
	return false;
}

static bool all_finite(const struct saying *y, const float *logits)
{
	size_t n = (size_t)speak_shape(y->s)->vocab;

	return num_finite(logits, n) == n;
}

/* How many of the greatest logits a taste ever looks at; 0: all. Ids that a penalty lowers may let as
 * many others in; one that raises may raise any. */
static int looked_at(const struct speak_taste *t)
{
	long k = t->temperature == 0 ? 1 : t->top_k;

	if (!k || t->penalty < 1)
		return 0;
	k += t->penalty > 1 ? t->last : 0;
	return k <= INT32_MAX ? (int)k : 0;
}

/* Chooses from a row of logits and says it; sets over when that was the last. */
static uint32_t say(struct saying *y, float *logits)
{
	uint64_t step = y->all.n - y->n_prompt;
	uint32_t id;

	if (!all_finite(y, logits)) {
		err_set(y->e, ERR_NUM, "the model's numbers overflow: a logit after %zu tokens is no number",
		        y->all.n);
		y->over = true;
		return 0;
	}
	id = speak_choose(y->c, logits, y->all.id, y->all.n, step);
	if (is_stop(y->o, id)) {
		y->over = y->sum->stopped = true;
		return id;
	}
	VEC_PUSH(y->all.id, y->all.n, y->all.cap) = id;
	y->sum->said++;
	if (!y->heard(y->ctx, id) || y->sum->said == y->o->length)
		y->over = true;
	return id;
}

/* k proposals behind b[0] into b[1..k]; the places they took are given back. */
static void propose(struct saying *y, uint32_t *b, int k)
{
	size_t n = speak_length(y->s), told = y->all.n;

	for (int i = 0; i < k; i++) {
		float *row = speak_read(y->s, &b[i], 1, true);

		b[i + 1] = !all_finite(y, row) ? 0 :	/* any: float32 judges it */
		           speak_choose(y->c, row, y->all.id, y->all.n, y->all.n - y->n_prompt);
		VEC_PUSH(y->all.id, y->all.n, y->all.cap) = b[i + 1];
	}
	y->all.n = told;
	speak_cut(y->s, n);
	y->sum->drafted += (size_t)k;
}

/* One round with b[0] = the last id, not read yet; returns how many proposals held. */
static int round_of(struct saying *y, uint32_t *b, int k)
{
	size_t n = speak_length(y->s), vocab = (size_t)speak_shape(y->s)->vocab;
	float *row;
	int i = 0;

	propose(y, b, k);
	row = speak_read(y->s, b, k + 1, false);
	for (;; i++) {
		uint32_t id = say(y, row + (size_t)i * vocab);

		if (y->over)
			return i;
		if (i == k || id != b[i + 1]) {
			b[0] = id;
			break;
		}
	}
	y->sum->kept += (size_t)i;
	speak_cut(y->s, n + (size_t)i + 1);
	return i;
}

/* The k that gives most ids for its time when a proposal holds with the probability a: 1 + a + … + a^k
 * ids for k tokens by int8 and a block of k + 1 by float32. When that is 0, one is proposed now and then
 * all the same: a may have changed. */
static int how_many(struct saying *y)
{
	double a = y->held / y->asked, ids = 1, power = 1, best = 1 / speak_cost(y->s, 1, false);
	int k = 0;

	for (int i = 1; i <= SPEAK_AHEAD; i++) {
		double cost = i * speak_cost(y->s, 1, true) + speak_cost(y->s, i + 1, false);

		ids += power *= a;
		if (ids / cost > best) {
			best = ids / cost;
			k = i;
		}
	}
	y->alone = k ? 0 : y->alone + 1;
	return !k && y->alone % 16 == 0 ? 1 : k;
}

static void with_drafts(struct saying *y)
{
	uint32_t b[SPEAK_AHEAD + 1];

	y->asked = 10;			/* as if 9 of 10 had held before */
	y->held = 9;
	b[0] = say(y, speak_logits(y->s));
	while (!y->over) {
		size_t left = y->o->length - y->sum->said;
		int room, k = how_many(y), held;

		if (!speak_room(y->s))
			speak_slide(y->s);
		room = speak_room(y->s) - 1;
		k = k < room ? k : room;
		k = (size_t)k < left ? k : (int)left - 1;
		if (k <= 0) {
			speak_feed(y->s, b, 1);
			b[0] = say(y, speak_logits(y->s));
			continue;
		}
		held = round_of(y, b, k);
		y->held = 0.95 * y->held + held;
		y->asked = 0.95 * y->asked + (held < k ? held + 1 : k);
	}
}

static void plain(struct saying *y)
{
	while (!y->over) {
		uint32_t id = say(y, speak_logits(y->s));

		if (!y->over)
			speak_feed(y->s, &id, 1);
	}
}

enum status speak_say(struct speak *s, const struct speak_order *o, const uint32_t *prompt, size_t n,
                      bool (*heard)(void *ctx, uint32_t id), void *ctx, struct speak_sum *sum, struct err *e)
{
	struct saying y = { .s = s, .o = o, .n_prompt = n, .heard = heard, .ctx = ctx, .sum = sum, .e = e };
	const char *wrong = speak_taste_wrong(&o->taste);

	*sum = (struct speak_sum){ 0 };
	if (wrong || !n)
		return err_set(e, ERR_USAGE, "%s", wrong ? wrong : "an empty prompt: nothing to go on from");
	for (size_t i = 0; i < n; i++) {
		if (prompt[i] >= (uint32_t)speak_shape(s)->vocab) {
			mem_free(y.all.id);
			return err_set(e, ERR_USAGE, "id %u of the prompt is outside the vocabulary of %d",
			               prompt[i], speak_shape(s)->vocab);
		}
		VEC_PUSH(y.all.id, y.all.n, y.all.cap) = prompt[i];
	}
	if (!o->length)
		y.over = true;
	speak_want(s, looked_at(&o->taste));
	y.c = speak_chooser_open(&o->taste, speak_shape(s)->vocab);
	if (!y.over)
		speak_feed(s, prompt, n);
	if (speak_drafts(s) && !y.over)
		with_drafts(&y);
	else
		plain(&y);
	speak_chooser_close(y.c);
	mem_free(y.all.id);
	return y.e && y.e->code ? y.e->code : OK;
}
