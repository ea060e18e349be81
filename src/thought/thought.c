/* thought.c - one step of thought over a library.
 *
 * The field is disturbed by the situation's scenes, oldest first, under the core's learned ρ and
 * edge weights, then by the intention; it is read back as a row over lemmas. A remembered scene
 * resonates when it shares lemmas with the present, when the field lights its lemmas, and when
 * its tension and emotion are of the same kind. What followed a resonant scene is proposed; the
 * core, trained to tell the true next scene from wrong ones, scores it in the situation's
 * context.
 *
 * Invariants: the same strips in the same order give the same thought; ties go by book and scene.
 */
#include <math.h>
#include <stdlib.h>

#include "thought/thought.h"

enum { LIT_KEEP = 400 };
/* Shares are learned on whole scenes; a typed situation is a sentence or two, so some spreading
 * is kept, and never so much that the field would not fade. */
#define FIELD_SHARE_MIN 0.1f
#define FIELD_SHARE_MAX 0.3f

/* The core's field parameters as the law of the graph's field. */
static struct field_law law_of(const struct core *c)
{
	const float *w = params_w(&c->p, c->i_field);
	struct field_law law = { .rho = 1 / (1 + expf(-w[0])) };

	for (int t = 0; t < EDGE_TYPES; t++) {
		float s = w[1 + t];

		law.spread[t] = s < FIELD_SHARE_MIN ? FIELD_SHARE_MIN : s > FIELD_SHARE_MAX ?
		                FIELD_SHARE_MAX : s;
	}
	return law;
}

/* The strongest nodes of the field as a row by key. */
static void read_field(struct thought *t)
{
	uint32_t node[LIT_KEEP];
	float value[LIT_KEEP];
	size_t n = field_top(&t->field, node, value, LIT_KEEP);
	double sum = 0;

	qsort(node, n, sizeof *node, u32_cmp);		/* nodes ascend with keys */
	t->lit = (struct svec){ .key = TAKE(&t->mem, uint32_t, n), .w = TAKE(&t->mem, float, n),
	                          .n = (uint32_t)n };
	for (size_t i = 0; i < n; i++) {
		t->lit.key[i] = t->x->graph->key[node[i]];
		t->lit.w[i] = t->field.phi[node[i]];
		sum += (double)t->lit.w[i] * t->lit.w[i];
	}
	for (size_t i = 0; i < n && sum > 0; i++)
		t->lit.w[i] = (float)(t->lit.w[i] / sqrt(sum));
}

void thought_open(struct thought *t, const struct core *core, const struct lexis *x,
                  const struct strip *situation, const struct bag_item *intention, size_t n)
{
	struct field_law law = law_of(core);
	size_t k = situation->n < CONTEXT_SCENES ? situation->n : CONTEXT_SCENES;

	must(situation->n > 0 && x->graph);
	*t = (struct thought){ .core = core, .x = x, .n_ctx = (int)k, .mem = arena_open("thought") };
	t->ctx = TAKE(&t->mem, struct view, k);
	field_init(&t->field, x->graph);
	for (size_t i = 0; i < situation->n; i++) {
		const struct strip_scene *s = &situation->scene[i];

		field_step(&t->field, &law, s->bag, s->n_bag);
		if (situation->n - 1 - i < k)
			view_make(&t->ctx[situation->n - 1 - i], s, x, &t->mem);
	}
	if (n) {
		struct field_law still = { .rho = 1 };

		field_step(&t->field, &still, intention, n);
	}
	svec_tfidf(&t->intention, intention, n, &x->lemma, &t->mem);
	read_field(t);
}

void thought_close(struct thought *t)
{
	field_clear(&t->field);
	arena_close(&t->mem);
}

static bool better(const struct recall *a, const struct recall *b)
{
	if (a->resonance != b->resonance)
		return a->resonance > b->resonance;
	return a->book != b->book ? a->book < b->book : a->scene < b->scene;
}

static void keep(struct thought *t, const struct recall *r)
{
	size_t at = t->n_recall;

	if (at == RECALL_MAX && !better(r, &t->recall[at - 1]))
		return;
	if (at < RECALL_MAX)
		t->n_recall++;
	else
		at--;
	for (; at > 0 && better(r, &t->recall[at - 1]); at--)
		t->recall[at] = t->recall[at - 1];
	t->recall[at] = *r;
}

/* Σ w² of a's entries that b holds too. */
static float covered(const struct svec *a, const struct svec *b)
{
	uint32_t i = 0, j = 0;
	double sum = 0;

	while (i < a->n && j < b->n) {
		uint32_t x = a->key[i], y = b->key[j];

		if (x == y)
			sum += (double)a->w[i] * a->w[i];
		i += x <= y;
		j += y <= x;
	}
	return (float)sum;
}

void thought_recall(struct thought *t, uint32_t book, const struct strip *s)
{
	const struct strip_scene *now = t->ctx[0].s;

	for (size_t i = 0; i + 1 < s->n; i++) {
		const struct strip_scene *x = &s->scene[i];
		struct arena a = arena_open("recall");
		struct recall r = { .book = book, .scene = (uint32_t)i };
		struct svec row;

		svec_tfidf(&row, x->bag, x->n_bag, &t->x->lemma, &a);
		r.lemmas = svec_dot(&row, &t->ctx[0].lemma);
		r.cover = covered(&t->ctx[0].lemma, &row);
		r.field = svec_dot(&row, &t->lit);
		r.same_tension = x->code[SC_TENSION] && x->code[SC_TENSION] == now->code[SC_TENSION];
		r.same_emotion = x->code[SC_EMOTION] && x->code[SC_EMOTION] == now->code[SC_EMOTION];
		r.resonance = 0.3f * r.lemmas + 0.4f * r.cover + 0.15f * r.field +
		              0.1f * (float)r.same_tension + 0.05f * (float)r.same_emotion;
		arena_close(&a);
		keep(t, &r);
	}
}

/* ---- reasons: the words that carry a cosine, strongest first ---- */

struct carrier { uint32_t key; float w; };

static int by_carry(const void *a, const void *b)
{
	const struct carrier *x = a, *y = b;

	return x->w != y->w ? (x->w < y->w) - (x->w > y->w) : (x->key > y->key) - (x->key < y->key);
}

static int carriers(uint32_t key[REASON_WORDS], const struct svec *a, const struct svec *b)
{
	struct carrier *v = mem_alloc(a->n, sizeof *v);
	uint32_t i = 0, j = 0;
	size_t n = 0;
	int k;

	while (i < a->n && j < b->n) {
		uint32_t x = a->key[i], y = b->key[j];

		if (x == y && a->w[i] * b->w[j] > 0)
			v[n++] = (struct carrier){ x, a->w[i] * b->w[j] };
		i += x <= y;
		j += y <= x;
	}
	qsort(v, n, sizeof *v, by_carry);
	for (k = 0; k < REASON_WORDS && (size_t)k < n; k++)
		key[k] = v[k].key;
	mem_free(v);
	return k;
}

static void explain(struct proposal *p, const struct thought *t, const struct view *source,
                    const struct view *next)
{
	p->reason[REASON_SHARED].n = carriers(p->reason[REASON_SHARED].key, &source->lemma, &t->ctx[0].lemma);
	p->reason[REASON_FIELD].n = carriers(p->reason[REASON_FIELD].key, &next->lemma, &t->lit);
	p->reason[REASON_INTENTION].n = carriers(p->reason[REASON_INTENTION].key, &next->lemma, &t->intention);
}

/* ---- proposals ---- */

static int by_proposal(const void *a, const void *b)
{
	const struct proposal *x = a, *y = b;

	if (x->score != y->score)
		return (x->score < y->score) - (x->score > y->score);
	return x->book != y->book ? (x->book > y->book) - (x->book < y->book)
	                          : (x->scene > y->scene) - (x->scene < y->scene);
}

static void softmax(struct proposal *p, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += exp(p[i].score - p[0].score);
	for (size_t i = 0; i < n; i++)
		p[i].p = (float)(exp(p[i].score - p[0].score) / sum);
}

size_t thought_propose(struct thought *t, struct proposal out[PROPOSE_MAX],
                       const struct strip *const *next)
{
	struct question q = { .n_ctx = t->n_ctx };
	size_t n = t->n_recall < PROPOSE_MAX ? t->n_recall : PROPOSE_MAX;
	float s[CAND_MAX];
	struct core_input in;
	double mean = 0;
	struct view *v = TAKE(&t->mem, struct view, 2 * n + 1);

	if (!n)
		return 0;
	for (int i = 0; i < t->n_ctx; i++)
		q.ctx[i] = &t->ctx[i];
	for (size_t i = 0; i < n; i++) {
		const struct recall *r = &t->recall[i];

		must(r->scene + 1 < next[i]->n);
		view_make(&v[2 * i], &next[i]->scene[r->scene], t->x, &t->mem);
		view_make(&v[2 * i + 1], &next[i]->scene[r->scene + 1], t->x, &t->mem);
		q.cand[q.n_cand++] = &v[2 * i + 1];
	}
	core_input_make(&in, ITEM_FAR, &q, &t->mem);
	core_scores(t->core, s, NULL, &in);
	for (size_t i = 0; i < n; i++)
		mean += s[i];
	mean /= (double)n;
	for (size_t i = 0; i < n; i++) {
		struct proposal *p = &out[i];

		*p = (struct proposal){ .book = t->recall[i].book, .scene = t->recall[i].scene + 1,
		                        .from = t->recall[i], .logit = (float)(s[i] - mean) };
		p->intention = 0.7f * svec_dot(&v[2 * i + 1].lemma, &t->intention) +
		               0.3f * svec_dot(&v[2 * i].lemma, &t->intention);
		p->score = 0.25f * p->logit + 8 * p->from.resonance + 4 * p->intention;
		explain(p, t, &v[2 * i], &v[2 * i + 1]);
	}
	qsort(out, n, sizeof *out, by_proposal);
	softmax(out, n);
	return n;
}

enum verdict thought_verdict(const struct thought *t, const struct proposal *p, size_t n)
{
	bool serves = false;

	if (!n || p[0].from.resonance <= 0)
		return VERDICT_NO_MEMORY;
	if (p[0].from.lemmas < 0.02f && p[0].reason[REASON_FIELD].n == 0)
		return VERDICT_WEAK;
	for (size_t i = 0; i < n; i++)
		serves |= p[i].intention > 0 || p[i].reason[REASON_FIELD].n > 0;
	return t->intention.n && !serves ? VERDICT_INTENTION : VERDICT_HOLDS;
}
