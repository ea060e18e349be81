/* cut.c - finds where one scene ends and the next begins.
 *
 *   in    a chapter's sentences and words, in reading order
 *   out   a partition of its sentences into scenes
 *
 * The cut of a chapter with the largest sum, over all its scenes, of
 *     logit(boundary before it) + CUT_GAIN - LENGTH_COST * ln(runes / SCENE_AIM_CHARS)^2
 * is found by dynamic programming over sentences: segmentation as in [Utiyama & Isahara 2001]
 * with the boundary's evidence from borders.c. Bounds of length and marks in the text enter as
 * costs so large that they give way only where nothing else is possible: a single sentence over
 * SCENE_MAX_CHARS, a chapter under SCENE_MIN_CHARS, a section mark too near another.
 *
 * Invariants: every sentence is in exactly one scene; scenes never cross a chapter; the same words
 * give the same cut; time is linear in sentences (the window is two longest scenes).
 */
#include <math.h>
#include <stdlib.h>

#include "scenes/parts.h"

static const float LENGTH_COST = 3, INSIDE_COST = 4;
/* Evidence is mostly against a cut; this sets the mean scene of real books to the aim. */
static const float CUT_GAIN = 2.2f;
static const float OUT_OF_BOUNDS = 200, OVER_MARK = 60, AFTER_TITLE = 1000;
enum { WINDOW = 2 * SCENE_MAX_CHARS };

/* A chapter prepared for cutting; n sentences. */
struct strip {
	const struct book *b;
	uint32_t sent, n;
	uint32_t *rune;		/* [n + 1] runes before sentence i; the last: all */
	uint32_t *end;		/* [n] runes before the end of sentence i */
	float *gain;		/* [n] of a cut before sentence i */
	uint16_t *marks;	/* [n + 1] section marks before sentence i, i excluded */
	float *strength;	/* [n] 0..1 */
};

static float length_cost(uint32_t runes)
{
	float d = logf((float)(runes ? runes : 1) / SCENE_AIM_CHARS), c = LENGTH_COST * d * d;

	if (runes < SCENE_MIN_CHARS)
		c += OUT_OF_BOUNDS * (2 - (float)runes / SCENE_MIN_CHARS);
	if (runes > SCENE_MAX_CHARS)
		c += OUT_OF_BOUNDS * (float)runes / SCENE_MAX_CHARS;
	return c;
}

static void count_runes(struct strip *t)
{
	const char *p = t->b->text.p + t->b->sent[t->sent].off;
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		const struct sent *s = &t->b->sent[t->sent + i];
		const char *from = t->b->text.p + s->off, *to = from + s->len;

		for (; p < from; p++)		/* a rune begins at any byte but 10xxxxxx */
			n += ((uint8_t)*p & 0xc0) != 0x80;
		t->rune[i] = n;
		for (; p < to; p++)
			n += ((uint8_t)*p & 0xc0) != 0x80;
		t->end[i] = n;
	}
	t->rune[t->n] = n;
}

/* A title stays with what follows it. */
static bool after_title(const struct strip *t, uint32_t i)
{
	uint8_t k = t->b->para[t->b->sent[t->sent + i - 1].para].kind;

	return k == PARA_TITLE || k == PARA_EPIGRAPH || k == PARA_EPIGRAPH_AUTHOR;
}

static void weigh(struct strip *t, const struct words *w, const float *weight, struct arena *scratch)
{
	struct border *v;
	size_t n = borders_of(&v, t->b, w, t->sent, t->n, scratch);

	for (size_t k = 0; k < n; k++) {
		uint32_t i = v[k].sent - t->sent;
		float z = border_logit(&v[k], weight);

		t->strength[i] = 1 / (1 + expf(-z));
		if (v[k].force)
			t->strength[i] = 1;
		t->gain[i] = z + CUT_GAIN - (v[k].para ? 0 : INSIDE_COST);
		if (after_title(t, i))
			t->gain[i] = -AFTER_TITLE;
		t->marks[i + 1] = v[k].force;
	}
	for (uint32_t i = 1; i <= t->n; i++)
		t->marks[i] = (uint16_t)(t->marks[i] + t->marks[i - 1]);
}

/* best[i]: of cutting the first i sentences; back[i]: where the last scene begins. */
static void solve(const struct strip *t, uint32_t *back, const float *cost, struct arena *scratch)
{
	double *best = TAKE(scratch, double, t->n + 1);

	for (uint32_t i = 1; i <= t->n; i++) {
		best[i] = -INFINITY;
		for (uint32_t j = i; j-- > 0;) {
			uint32_t runes = t->end[i - 1] - t->rune[j];
			double v = best[j] + (j ? t->gain[j] : 0);

			v -= runes < WINDOW ? cost[runes] : length_cost(runes);
			/* marks strictly inside the scene */
			v -= OVER_MARK * (t->marks[i] - t->marks[j + 1]);
			if (v > best[i]) {
				best[i] = v;
				back[i] = j;
			}
			if (runes > WINDOW && j + 1 < i)
				break;
		}
	}
}

static void strip_init(struct strip *t, struct arena *scratch)
{
	t->rune = TAKE(scratch, uint32_t, t->n + 1);
	t->end = TAKE(scratch, uint32_t, t->n);
	t->gain = TAKE(scratch, float, t->n + 1);
	t->strength = TAKE(scratch, float, t->n + 1);
	t->marks = TAKE(scratch, uint16_t, t->n + 2);
	count_runes(t);
}

static struct scene scene_at(const struct strip *t, uint32_t from, uint32_t to, uint32_t chapter)
{
	const struct sent *s = t->b->sent + t->sent;
	struct scene c = { .sent = t->sent + from, .n_sent = to - from, .chapter = chapter };

	c.off = s[from].off;
	c.len = s[to - 1].off + s[to - 1].len - c.off;
	c.cut = from ? t->strength[from] : 1;
	return c;
}

void chapter_sents(const struct book *b, size_t chapter, uint32_t *sent, uint32_t *n_sent)
{
	const struct chapter *c = &b->chapter[chapter];

	*sent = *n_sent = 0;
	for (uint32_t p = c->para; p < c->para + c->n_para; p++) {
		if (!b->para[p].n_sent)
			continue;
		if (!*n_sent)
			*sent = b->para[p].sent;
		*n_sent += b->para[p].n_sent;
	}
}

void scenes_cut(struct scene **out, size_t *n, const struct book *b, const struct words *w,
                struct arena *a)
{
	scenes_cut_by(out, n, b, w, weight_cut(), a);
}

void scenes_cut_by(struct scene **out, size_t *n, const struct book *b, const struct words *w,
                   const float *weight, struct arena *a)
{
	struct scene *v = NULL;
	size_t cap = 0;
	float *cost = mem_alloc(WINDOW, sizeof *cost);

	*n = 0;
	for (uint32_t r = 0; r < WINDOW; r++)
		cost[r] = length_cost(r);
	for (size_t c = 0; c < b->n_chapter; c++) {
		struct arena scratch = arena_open("cut");
		struct strip t = { .b = b };

		chapter_sents(b, c, &t.sent, &t.n);
		if (t.n) {
			strip_init(&t, &scratch);
			weigh(&t, w, weight, &scratch);
			uint32_t *back = TAKE(&scratch, uint32_t, t.n + 1);
			solve(&t, back, cost, &scratch);
			size_t first = *n;
			for (uint32_t i = t.n; i > 0; i = back[i])
				VEC_PUSH(v, *n, cap) = scene_at(&t, back[i], i, (uint32_t)c);
			for (size_t i = first, j = *n - 1; i < j; i++, j--) {
				struct scene s = v[i];

				v[i] = v[j];
				v[j] = s;
			}
		}
		arena_close(&scratch);
	}
	*out = TAKE(a, struct scene, *n);
	if (*n)
		memcpy(*out, v, *n * sizeof *v);
	mem_free(v);
	mem_free(cost);
}
