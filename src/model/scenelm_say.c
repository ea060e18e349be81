/* scenelm_say.c - what a model of scenes says: ẑ of every scene, and scores of candidates.
 *
 *   in    a trained model; scenes of any books; questions
 *   out   see scenelm.h
 *
 * A book of n scenes has n + 1 places: place t tells its scene t, and the last what would follow. Windows
 * begin with the book and then every half context; a window counts the places that no earlier one did. Only
 * windows with a place that is asked for are run.
 *
 * Invariant: a place's window depends on the place alone, so that an answer does not depend on what
 * else is asked, nor on lanes.
 */
#include <math.h>
#include <stdlib.h>

#include "model/scenelm_in.h"

struct window {
	uint32_t book;
	size_t from;			/* its first place */
};
struct asked {
	struct scenelm *m;
	const struct latents *l;
	struct window *win;		/* [n_win]: those to be run */
	size_t n_win, cap_win;
	/* ẑ */
	float *z;			/* [l->n][R·D], or NULL */
	/* scores: the questions of place p are of[at[p]] .. of[at[p + 1] - 1] */
	const struct questions *q;
	size_t *at, *of;
	struct scenelm_cands c;
	size_t *cand_at;		/* [l->n]: where a scene is among the candidates */
	float *score;
};

static size_t stride(const struct scenelm *m)
{
	return (size_t)m->p.context / 2;
}

/* Places in all, and the first of a book. */
static size_t places(const struct latents *l)
{
	return l->n + l->books;
}
static size_t book_place(const struct latents *l, uint32_t b)
{
	return (size_t)l->first[b] + b;
}
static size_t book_places(const struct latents *l, uint32_t b)
{
	return (size_t)(l->first[b + 1] - l->first[b]) + 1;
}

/* The places a window counts, within its book: [from, to). */
static void counted(const struct asked *a, const struct window *v, size_t *from, size_t *to)
{
	size_t C = (size_t)a->m->p.context, n = book_places(a->l, v->book);

	*from = v->from ? v->from + C - stride(a->m) : 0;
	*to = v->from + C < n ? v->from + C : n;
}

static bool wanted(const struct asked *a, const struct window *v)
{
	size_t from, to, p = book_place(a->l, v->book);

	counted(a, v, &from, &to);
	return a->z ? from < book_places(a->l, v->book) - 1 : a->at[p + from] < a->at[p + to];
}

static void windows(struct asked *a)
{
	size_t C = (size_t)a->m->p.context;

	for (uint32_t b = 0; b < a->l->books; b++) {
		size_t n = book_places(a->l, b), from = 0, done = 0;

		for (; n > 1 && done < n; done = from + C, from += stride(a->m)) {
			struct window v = { b, from };

			if (wanted(a, &v))
				VEC_PUSH(a->win, a->n_win, a->cap_win) = v;
		}
	}
}

/* ---- running ---------------------------------------------------------------------- */
static void put(struct asked *a, struct scenelm_net *n, uint64_t *draw, int w, const struct window *v)
{
	int C = a->m->p.context;
	size_t left = v ? book_places(a->l, v->book) - v->from : 0;
	size_t first = v ? (size_t)a->l->first[v->book] : 0;

	scenelm_window_put(a->m, n, w, a->l, first + (v ? v->from : 0), left < (size_t)C ? left : (size_t)C,
	                   v && v->from == 0);
	/* A book's place, not its scene's number in the set: the same noise wherever the book stands. */
	for (int j = 0; j < C; j++)
		draw[w * C + j] = v ? v->from + (size_t)j : 0;
}

static float near(const struct asked *a, const float *z, size_t c)
{
	size_t D = (size_t)a->m->dims;

	return -sqrtf(latents_far2(z, latents_z(a->l, a->c.scene[c]), D));
}

/* All questions at place p, told by row i of the net. */
static void answer(struct asked *a, const struct scenelm_net *n, int i, const float *z, size_t p)
{
	const struct scenelm_head *head = a->m->head;
	size_t k = (size_t)a->q->k;

	for (size_t j = a->at[p]; j < a->at[p + 1]; j++)
		for (size_t at = a->of[j] * k; at < (a->of[j] + 1) * k; at++) {
			size_t scene = a->q->cand[at];

			if (scene == SIZE_MAX)
				a->score[at] = -INFINITY;
			else if (head->score)
				a->score[at] = head->score(a->m, n, i, &a->c, a->cand_at[scene]);
			else
				a->score[at] = near(a, z, a->cand_at[scene]);
		}
}

static void take(struct asked *a, const struct scenelm_net *n, const float *z, int w, const struct window *v)
{
	size_t from, to, first = (size_t)a->l->first[v->book], D = (size_t)a->m->dims;

	counted(a, v, &from, &to);
	for (size_t t = from; t < to; t++) {
		size_t i = (size_t)w * (size_t)a->m->p.context + t - v->from;

		if (!a->z)
			answer(a, n, (int)i, z + i * D, book_place(a->l, v->book) + t);
		else if (t + 1 < book_places(a->l, v->book))
			memcpy(a->z + (first + t) * D, z + i * D, D * sizeof *z);
	}
}

static void ask_lane(void *ctx, int lane)
{
	struct asked *a = ctx;
	struct scenelm *m = a->m;
	struct scenelm_net *n = &m->eval[lane];
	size_t from = num_lane_from(a->n_win, lane, m->p.lanes), to = num_lane_to(a->n_win, lane, m->p.lanes);
	float *z = mem_alloc((size_t)n->N * (size_t)m->dims, sizeof *z);
	uint64_t *draw = mem_alloc((size_t)n->N, sizeof *draw);

	for (size_t at = from; at < to; at += (size_t)n->windows) {
		for (int w = 0; w < n->windows; w++)
			put(a, n, draw, w, at + (size_t)w < to ? &a->win[at + (size_t)w] : NULL);
		for (int i = 0; i < n->N; i++)
			for (int c = 0; c < m->codes && n->code[c]; c++)
				node_ids(n->code[c])[i] = ID_NONE;
		net_forward(n->net);
		if (a->z || !m->head->score)
			m->head->say(m, n, draw, z);
		for (int w = 0; w < n->windows && at + (size_t)w < to; w++)
			take(a, n, z, w, &a->win[at + (size_t)w]);
	}
	mem_free(z), mem_free(draw);
}

static void run(struct asked *a)
{
	must(latents_alike(a->l, a->m->train));
	scenelm_eval_lay(a->m);
	windows(a);
	num_lanes(a->m->p.lanes, 0, ask_lane, a);
	mem_free(a->win);
}

void scenelm_predict(struct scenelm *m, const struct latents *l, float *z)
{
	struct asked a = { .m = m, .l = l, .z = z };

	run(&a);
}

/* ---- questions -------------------------------------------------------------------- */
static size_t place_of(const struct latents *l, size_t end)
{
	return end + 1 + latents_book(l, end);
}

/* Questions by their places: counted, added up, dealt out. */
static void sort_questions(struct asked *a)
{
	size_t n = places(a->l);

	a->at = mem_alloc(n + 2, sizeof *a->at);
	a->of = mem_alloc(a->q->n + 1, sizeof *a->of);
	for (size_t i = 0; i < a->q->n; i++)
		a->at[place_of(a->l, a->q->end[i]) + 2]++;
	for (size_t p = 1; p < n + 2; p++)
		a->at[p] += a->at[p - 1];
	for (size_t i = 0; i < a->q->n; i++)
		a->of[a->at[place_of(a->l, a->q->end[i]) + 1]++] = i;
}

static void sort_candidates(struct asked *a, size_t **scene)
{
	size_t all = a->q->n * (size_t)a->q->k;

	a->cand_at = mem_alloc(a->l->n, sizeof *a->cand_at);
	*scene = mem_alloc(a->l->n, sizeof **scene);
	for (size_t i = 0; i < all; i++) {
		size_t c = a->q->cand[i];

		must(c < a->l->n || c == SIZE_MAX);
		if (c != SIZE_MAX)
			a->cand_at[c] = 1;
	}
	a->c.l = a->l;
	for (size_t c = 0; c < a->l->n; c++)
		if (a->cand_at[c]) {
			a->cand_at[c] = a->c.n;
			(*scene)[a->c.n++] = c;
		}
	a->c.scene = *scene;
}

void scenelm_score(void *model, const struct latents *l, const struct questions *q, float *score)
{
	struct asked a = { .m = model, .l = l, .q = q, .score = score };
	size_t *scene;

	sort_questions(&a);
	sort_candidates(&a, &scene);
	if (a.m->head->ready)
		a.m->head->ready(a.m, &a.c);
	run(&a);
	mem_free(a.at), mem_free(a.of), mem_free(a.cand_at), mem_free(scene);
	mem_free(a.c.k), mem_free(a.c.code);
}
