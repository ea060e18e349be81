/* speak.c - the forward pass of a teller for one stream, with kept keys and values.
 *
 *   in    weights, token ids
 *   out   logits
 *
 * A block of tokens goes through the layers together, so that each weight is fetched once for all of
 * them; a step is a block of one. No sum depends on how many tokens a block has or on the number of
 * threads (matvec.h), so neither do the bits.
 *
 * Invariants: places 0..n-1 of every layer hold the keys and values of id[0..n-1]; after a reading
 * the last row of logits belongs to id[n-1].
 */
#include <math.h>
#include <sys/mman.h>

#include "model/speak.h"
#include "model/speak_in.h"
#include "num/fast.h"

/* ---- tensors by number ----------------------------------------------------------------------- */
enum { PER_LAYER = 6 };

bool speak_tensor_at(struct speak_tensor *t, const struct teller_shape *s, int i)
{
	static const char *const name[PER_LAYER] = { "att_norm", "qkv", "att_out", "ffn_norm", "gate_up",
	                                             "down" };
	size_t w = (size_t)s->width, h = (size_t)s->hidden;
	const size_t rows[PER_LAYER] = { w, 3 * w, w, w, 2 * h, w }, cols[PER_LAYER] = { 0, w, w, 0, w, h };
	int last = 1 + PER_LAYER * s->layers, l = (i - 1) / PER_LAYER, k = (i - 1) % PER_LAYER;

	if (i < 0 || i > last)
		return false;
	if (i == 0 || i == last) {
		snprintf(t->name, sizeof t->name, "%s", i ? "norm" : "embed");
		t->rows = i ? w : (size_t)s->vocab;
		t->cols = i ? 0 : w;
		return true;
	}
	snprintf(t->name, sizeof t->name, "layer.%d.%s", l, name[k]);
	t->rows = rows[k];
	t->cols = cols[k];
	return true;
}

const float **speak_slot(struct speak_weights *w, int i)
{
	struct speak_layer *y;

	if (i == 0)
		return &w->embed;
	if (i == 1 + PER_LAYER * w->s.layers)
		return &w->norm;
	y = &w->layer[(i - 1) / PER_LAYER];
	return (const float **[]){ &y->att_norm, &y->qkv, &y->att_out, &y->ffn_norm, &y->gate_up,
	                           &y->down }[(i - 1) % PER_LAYER];
}

enum status speak_weights_of(struct speak_weights *w, const struct teller_shape *s, const struct params *p,
                             struct arena *a, struct err *e)
{
	struct speak_tensor t;

	*w = (struct speak_weights){ .s = *s, .layer = TAKE(a, struct speak_layer, (size_t)s->layers) };
	for (int i = 0; speak_tensor_at(&t, s, i); i++) {
		int at = params_find(p, t.name);

		if (at < 0)
			return err_set(e, ERR_FORMAT, "tensor '%s' is missing", t.name);
		if (p->t[at].n_dim != (t.cols ? 2 : 1) || p->t[at].rows != t.rows ||
		    (t.cols && p->t[at].cols != t.cols))
			return err_set(e, ERR_FORMAT, "tensor '%s' is not of the shape [%zu][%zu]", t.name,
			               t.rows, t.cols);
		*speak_slot(w, i) = params_w(p, at);
	}
	return OK;
}

/* ---- memory ------------------------------------------------------------------------------------ */
enum { HUGE_PAGE = 2 << 20 };

/* Zeroed, and for large blocks on huge pages where the system grants the wish: a step walks through
 * all of the weights, and with small pages through their translations too. */
static void *big(struct speak *s, size_t bytes)
{
	size_t page = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
	char *p = mem_alloc(bytes + page, 1);

	s->held = mem_resize(s->held, s->n_held + 1, sizeof *s->held);
	s->held[s->n_held++] = p;
	p += page - 1 - ((uintptr_t)p + page - 1) % page;
	if (page == HUGE_PAGE)
		madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

/* Floats of a row block, kept apart by cache lines. */
static size_t up16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static void mat_shape(struct mat *m, int rows, int cols)
{
	m->rows = rows;
	m->cols = cols;
	m->q = (struct matq){ rows, cols, matq_groups(cols), NULL, NULL };
}

/* Two blocks, and how much of each is used. */
struct cut {
	float *f;
	uint8_t *b;
	size_t n_f, n_b;
};

/* Cuts m's part out of the blocks, in the forms of `way`; without blocks only counts. */
static void mat_cut(struct mat *m, struct cut *c, enum speak_way way)
{
	size_t groups = (size_t)m->rows * m->q.groups;

	if (way & SPEAK_F32) {
		m->f = c->f ? c->f + c->n_f : NULL;
		c->n_f += up16((size_t)m->rows * m->cols);
	}
	if (way & SPEAK_INT8) {
		m->q.w = c->b ? c->b + c->n_b : NULL;
		c->n_b += groups * MATVEC_GROUP;
		m->q.scale = c->b ? (float *)(void *)(c->b + c->n_b) : NULL;
		c->n_b += up16(groups) * sizeof(float);
	}
}

/* The output has int8 also where nothing else has: for screening. */
static void cut_all(struct speak *s, struct cut *c)
{
	c->n_f = c->n_b = 0;
	for (int l = 0; l < s->s.layers; l++) {
		struct layer *y = &s->layer[l];

		mat_cut(&y->qkv, c, s->way);
		mat_cut(&y->att_out, c, s->way);
		mat_cut(&y->gate_up, c, s->way);
		mat_cut(&y->down, c, s->way);
	}
	mat_cut(&s->embed, c, s->way | SPEAK_INT8);
}

static void mat_fill(struct mat *m, const float *w)
{
	if (m->f)
		memcpy(m->f, w, (size_t)m->rows * m->cols * sizeof *w);
	if (m->q.w)
		matq_pack(&m->q, w, 0, m->rows);
}

static float *vector(struct speak *s, const float *w)
{
	float *v = big(s, (size_t)s->s.width * sizeof *v);

	return memcpy(v, w, (size_t)s->s.width * sizeof *v);
}

static void take_weights(struct speak *s, const struct speak_weights *w)
{
	const struct teller_shape *h = &s->s;
	struct cut c = { 0 };

	mat_shape(&s->embed, h->vocab, h->width);
	for (int l = 0; l < h->layers; l++) {
		mat_shape(&s->layer[l].qkv, 3 * h->width, h->width);
		mat_shape(&s->layer[l].att_out, h->width, h->width);
		mat_shape(&s->layer[l].gate_up, 2 * h->hidden, h->width);
		mat_shape(&s->layer[l].down, h->width, h->hidden);
	}
	cut_all(s, &c);
	s->bytes = s->way == SPEAK_INT8 ? c.n_b : c.n_f * sizeof(float);
	c.f = s->way & SPEAK_F32 ? big(s, c.n_f * sizeof(float)) : NULL;
	c.b = big(s, c.n_b);
	cut_all(s, &c);
	for (int l = 0; l < h->layers; l++) {
		struct layer *y = &s->layer[l];

		y->att_norm = vector(s, w->layer[l].att_norm);
		y->ffn_norm = vector(s, w->layer[l].ffn_norm);
		mat_fill(&y->qkv, w->layer[l].qkv);
		mat_fill(&y->att_out, w->layer[l].att_out);
		mat_fill(&y->gate_up, w->layer[l].gate_up);
		mat_fill(&y->down, w->layer[l].down);
	}
	mat_fill(&s->embed, w->embed);
	s->norm = vector(s, w->norm);
}

/* Angles of RoPE: place·base^(-2i/head) [Su 2021]. */
static void take_turns(struct speak *s)
{
	int half = s->head / 2;

	s->cos = big(s, (size_t)s->window * half * sizeof(float));
	s->sin = big(s, (size_t)s->window * half * sizeof(float));
	for (int i = 0; i < half; i++) {
		double f = pow(s->s.rope_base, -2.0 * i / s->head);

		for (int t = 0; t < s->window; t++) {
			s->cos[(size_t)t * half + i] = (float)cos(t * f);
			s->sin[(size_t)t * half + i] = (float)sin(t * f);
		}
	}
}

static size_t kept_floats(const struct speak *s)
{
	return up16((size_t)s->window) * ((size_t)s->head + kv_head16(s->head)) * (size_t)s->s.heads;
}

static void take_work(struct speak *s)
{
	size_t W = (size_t)s->s.width, H = (size_t)s->s.hidden, B = SPEAK_BLOCK;
	size_t place = up16((size_t)s->window);
	size_t g = (size_t)matq_groups(s->s.width > s->s.hidden ? s->s.width : s->s.hidden);

	for (int l = 0; l < s->s.layers; l++) {
		s->layer[l].k = big(s, kept_floats(s) * sizeof(float));
		s->layer[l].v = s->layer[l].k + place * (size_t)s->head * (size_t)s->s.heads;
	}
	s->x = big(s, B * W * sizeof(float));
	s->y = big(s, B * W * sizeof(float));
	s->r = big(s, B * sizeof(float));
	s->qkv = big(s, 3 * B * W * sizeof(float));
	s->att = big(s, B * W * sizeof(float));
	s->gu = big(s, 2 * B * H * sizeof(float));
	s->h = big(s, B * H * sizeof(float));
	s->score = big(s, (size_t)s->threads * place * sizeof(float));
	s->logits = big(s, (SPEAK_AHEAD + 1) * up16((size_t)s->s.vocab) * sizeof(float));
	s->id = big(s, (size_t)s->window * sizeof *s->id);
	s->vq = (struct vecq){ big(s, B * g * MATVEC_GROUP), big(s, B * g * MATVEC_LANES * 4),
	                       big(s, B * g * sizeof(float)) };
	if (s->way & SPEAK_F32) {
		size_t V = (size_t)s->s.vocab;

		s->row_norm = big(s, V * sizeof(float));
		s->row_off = big(s, V * sizeof(float));
		s->screen = big(s, V * sizeof(float));
		s->screen_id = big(s, V * sizeof(int32_t));
		screen_make(s);
	}
}

enum status speak_open(struct speak **out, const struct speak_weights *w, const struct speak_plan *p,
                       struct err *e)
{
	const char *wrong = teller_shape_wrong(&w->s);
	struct speak *s;
	size_t keep;

	if (wrong)
		return err_set(e, ERR_USAGE, "%s", wrong);
	s = mem_alloc(1, sizeof *s);
	s->s = w->s;
	s->way = p->way;
	s->window = p->window > 0 && p->window < w->s.context ? p->window : w->s.context;
	s->threads = p->threads > 0 ? p->threads : num_threads_get();
	s->head = w->s.width / w->s.heads;
	if (!mul_ok(kept_floats(s) * sizeof(float), (size_t)w->s.layers, &keep) || keep > SPEAK_KEEP_MAX) {
		keep = kept_floats(s) * sizeof(float) >> 20;
		err_set(e, ERR_LIMIT, "a window of %d tokens takes %zu MB a layer: more than %zu MB in all",
		        s->window, keep, SPEAK_KEEP_MAX >> 20);
		mem_free(s);
		return e->code;
	}
	s->layer = mem_alloc((size_t)w->s.layers, sizeof *s->layer);
	take_weights(s, w);
	take_turns(s);
	take_work(s);
	*out = s;
	return OK;
}

void speak_close(struct speak *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_held; i++)
		mem_free(s->held[i]);
	mem_free(s->held);
	mem_free(s->layer);
	mem_free(s);
}

/* ---- products, in lanes where it pays --------------------------------------------------------------- */
/* A lane costs some ten microseconds to wake; so long takes about a quarter of a megabyte. */
enum { LANE_BYTES = 1 << 20 };

struct product {
	struct speak *s;
	const struct mat *m;
	const float *x;
	float *y;
	size_t ldy;
	int T, lanes;
};

/* Lanes begin at multiples of eight rows: whole tiles. */
static void product_lane(void *ctx, int lane)
{
	struct product *p = ctx;
	size_t eights = ((size_t)p->m->rows + 7) / 8;
	int from = (int)num_lane_from(eights, lane, p->lanes) * 8;
	int to = (int)num_lane_to(eights, lane, p->lanes) * 8;

	to = to < p->m->rows ? to : p->m->rows;
	if (p->s->int8)
		matvec8(p->y, p->ldy, &p->m->q, &p->s->vq, from, to, p->T);
	else
		matvec(p->y, p->ldy, p->m->f, p->x, (size_t)p->m->cols, from, to, p->m->cols, p->T);
}

/* y [T][ldy] = x [T][cols]·Wᵀ */
static void product(struct speak *s, float *y, size_t ldy, const struct mat *m, const float *x, int T)
{
	size_t bytes = (size_t)m->rows * m->cols * (s->int8 ? 1 : 4);
	struct product p = { s, m, x, y, ldy, T, 1 };

	for (int t = 0; s->int8 && t < T; t++)
		vecq_set(&s->vq, t, x + (size_t)t * m->cols, m->cols);
	if (s->threads > 1 && bytes / 8 * (size_t)(7 + T) > LANE_BYTES)
		p.lanes = s->threads;
	num_lanes(p.lanes, p.lanes, product_lane, &p);
}

/* ---- layers -------------------------------------------------------------------------------------- */
static NUM_FAST void add(float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] += y[i];
}

static NUM_FAST void gate(float *h, const float *g, const float *u, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h[i] = g[i] * fast_sigmoid(g[i]) * u[i];
}

/* Pairs (2i, 2i + 1) of every head turned by their place and scaled. */
static void turn(float *x, const float *c, const float *s, int heads, int half, float scale)
{
	for (int h = 0; h < heads; h++, x += 2 * half)
		for (int i = 0; i < half; i++) {
			float a = x[2 * i] * scale, b = x[2 * i + 1] * scale;

			x[2 * i] = a * c[i] - b * s[i];
			x[2 * i + 1] = a * s[i] + b * c[i];
		}
}

/* Places [s->n, s->n + T) get their keys and values. */
static void keep(struct speak *s, struct layer *y, int T)
{
	int W = s->s.width, head = s->head, heads = s->s.heads, half = head / 2;
	size_t place = up16((size_t)s->window);

	for (int t = 0; t < T; t++) {
		float *q = s->qkv + (size_t)t * 3 * W;
		int at = s->n + t;
		const float *c = s->cos + (size_t)at * half, *n = s->sin + (size_t)at * half;

		turn(q, c, n, heads, half, 1 / sqrtf((float)head));
		turn(q + W, c, n, heads, half, 1);
		for (int h = 0; h < heads; h++) {
			kv_put_key(y->k + place * head * h, q + W + h * head, at, head);
			kv_put_value(y->v + place * kv_head16(head) * h, q + 2 * W + h * head, at, head);
		}
	}
}

struct attending {
	struct speak *s;
	struct layer *y;
	int T, lanes;
};

/* Query t of head h sees places 0 .. n + t. */
static void attend_lane(void *ctx, int lane)
{
	struct attending *a = ctx;
	struct speak *s = a->s;
	int W = s->s.width, head = s->head, heads = s->s.heads;
	size_t place = up16((size_t)s->window), all = (size_t)a->T * heads;

	for (size_t i = num_lane_from(all, lane, a->lanes); i < num_lane_to(all, lane, a->lanes); i++) {
		int h = (int)(i / (size_t)a->T), t = (int)(i % (size_t)a->T);

		kv_attend(s->att + (size_t)t * W + h * head, s->score + (size_t)lane * place,
		          s->qkv + (size_t)t * 3 * W + h * head, a->y->k + place * head * h,
		          a->y->v + place * kv_head16(head) * h, s->n + t + 1, head);
	}
}

static void attend(struct speak *s, struct layer *y, int T)
{
	struct attending a = { s, y, T, 1 };

	if (s->threads > 1 && (size_t)T * (size_t)(s->n + T) * s->s.width * 8 > LANE_BYTES)
		a.lanes = s->threads;
	num_lanes(a.lanes, a.lanes, attend_lane, &a);
}

static void through(struct speak *s, struct layer *y, int T)
{
	size_t W = (size_t)s->s.width, H = (size_t)s->s.hidden;

	op_rmsnorm(s->y, s->r, s->x, y->att_norm, T, (int)W);
	product(s, s->qkv, 3 * W, &y->qkv, s->y, T);
	keep(s, y, T);
	attend(s, y, T);
	product(s, s->y, W, &y->att_out, s->att, T);
	add(s->x, s->y, (size_t)T * W);
	op_rmsnorm(s->y, s->r, s->x, y->ffn_norm, T, (int)W);
	product(s, s->gu, 2 * H, &y->gate_up, s->y, T);
	for (int t = 0; t < T; t++)
		gate(s->h + (size_t)t * H, s->gu + (size_t)t * 2 * H, s->gu + (size_t)t * 2 * H + H, H);
	product(s, s->y, W, &y->down, s->h, T);
	add(s->x, s->y, (size_t)T * W);
}

static bool screens(const struct speak *s, int rows)
{
	return s->row_norm && s->best && s->best <= s->s.vocab / 8 && rows <= SCREEN_ROWS;
}

/* Logits of `want` hidden vectors y. */
static void output(struct speak *s, int want)
{
	size_t V = (size_t)s->s.vocab, W = (size_t)s->s.width;

	if (s->int8 || !screens(s, want)) {
		product(s, s->logits, V, &s->embed, s->y, want);
		return;
	}
	s->int8 = true;
	product(s, s->logits, V, &s->embed, s->y, want);
	s->int8 = false;
	for (int t = 0; t < want; t++)
		if (!screen_row(s, s->logits + t * V, s->y + t * W, t))
			product(s, s->logits + t * V, V, &s->embed, s->y + t * W, 1);
}

/* Reads T tokens into places n.. and leaves the logits of the last `want` of them. */
static void block(struct speak *s, const uint32_t *id, int T, int want, bool int8)
{
	size_t W = (size_t)s->s.width;

	must(T >= 1 && T <= SPEAK_BLOCK && want <= T && s->n + T <= s->window);
	must(s->way & (int8 ? SPEAK_INT8 : SPEAK_F32));
	s->int8 = int8;
	for (int t = 0; t < T; t++) {
		must(id[t] < (uint32_t)s->s.vocab);
		s->id[s->n + t] = id[t];
		if (s->embed.f)
			memcpy(s->x + (size_t)t * W, s->embed.f + id[t] * W, W * sizeof(float));
		else
			matq_row(&s->embed.q, (int)id[t], s->x + (size_t)t * W);
	}
	for (int l = 0; l < s->s.layers; l++)
		through(s, &s->layer[l], T);
	s->n += T;
	if (!want)
		return;
	op_rmsnorm(s->y, s->r, s->x + (size_t)(T - want) * W, s->norm, want, (int)W);
	output(s, want);
	s->last = s->logits + (size_t)(want - 1) * s->s.vocab;
}

/* ---- reading ------------------------------------------------------------------------------------- */
static void blocks(struct speak *s, const uint32_t *id, int n)
{
	for (int at = 0; at < n; at += SPEAK_BLOCK) {
		int T = n - at < SPEAK_BLOCK ? n - at : SPEAK_BLOCK;

		block(s, id + at, T, at + T == n, s->way == SPEAK_INT8);
	}
}

void speak_slide(struct speak *s)
{
	int stay = s->window / 2;

	if (s->n < stay)
		return;
	memmove(s->id, s->id + s->n - stay, (size_t)stay * sizeof *s->id);
	s->n = 0;
	blocks(s, s->id, stay);		/* writes id[i] over itself */
}

/* Token by token the window would slide each time it is full; what is in it at the end, and how it
 * came there, depends on the last tokens only, so only they are read. */
void speak_feed(struct speak *s, const uint32_t *id, size_t n)
{
	size_t room = (size_t)(s->window - s->n), half = (size_t)(s->window / 2);
	size_t each = (size_t)s->window - half, past, tail;

	if (n <= room) {
		blocks(s, id, (int)n);
		return;
	}
	past = n - room - 1;			/* tokens after the first one that found the window full */
	tail = past % each + 1;			/* of id, behind the last slide */
	if (past < each) {
		blocks(s, id, (int)room);
		id += room;
		speak_slide(s);
	} else {
		s->n = 0;
		id += n - tail;
		blocks(s, id - half, (int)half);
	}
	blocks(s, id, (int)tail);
}

float *speak_read(struct speak *s, const uint32_t *id, int n, bool int8)
{
	must(n >= 1 && n <= SPEAK_AHEAD + 1);
	block(s, id, n, n, int8);
	return s->logits;
}

void speak_want(struct speak *s, int n)
{
	s->best = n > 0 && n <= SCREEN_MAX ? n : 0;
}

float *speak_logits(struct speak *s)
{
	return s->n ? s->last : NULL;
}

size_t speak_length(const struct speak *s)
{
	return (size_t)s->n;
}

void speak_cut(struct speak *s, size_t n)
{
	must(n <= (size_t)s->n);
	s->n = (int)n;
}

const struct teller_shape *speak_shape(const struct speak *s)
{
	return &s->s;
}

uint64_t speak_bytes(const struct speak *s)
{
	return s->bytes;
}

/* The shares were measured on one core whose memory gives 27 GB/s. */
double speak_cost(const struct speak *s, int n, bool int8)
{
	const double shrink = 3.76, row = 0.03, row8 = 0.3;	/* bytes of int8; each further row */
	double out = 4.0 * s->s.vocab * s->s.width, body = 4.0 * (double)teller_params(&s->s) - out;

	if (int8)
		return 1.2 * (body + out) / shrink * (1 + row8 * (n - 1));
	return body * (1 + row * (n - 1)) +
	       (screens(s, n) ? out / shrink * (1 + row8 * (n - 1)) : out * (1 + row * (n - 1)));
}

bool speak_drafts(const struct speak *s)
{
	return s->way == SPEAK_DRAFT;
}

int speak_room(const struct speak *s)
{
	return s->window - s->n;
}
