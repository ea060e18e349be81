/* scenenet.c - the trunk over scenes, its data path, guesses and what they are worth.
 *
 *   in    meanings of training books; later those of others
 *   out   trained weights; guesses
 *
 * A window is `context` scenes running; place j reads scene j-1 and tells scene j. In training windows
 * pass from one book into the next, as the token model's do; a book's first scene is told from START. When
 * guessing, windows begin with their book and overlap by half.
 *
 * Invariant: a guess depends on scenes before it in its own book alone (tests/unit/t_scenenet.c).
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "model/scenenet_in.h"

static const struct scene_head *const heads[SCENENET_KINDS] = {
	&scene_head_core, &scene_head_base, &scene_head_quant, &scene_head_diffusion, &scene_head_planner,
};

static const struct scene_head *head_of(const struct scenenet *s)
{
	return heads[s->p.kind];
}

const char *scenenet_name(enum scenenet_kind k)
{
	return heads[k]->name;
}

struct scenenet_plan scenenet_plan_default(enum scenenet_kind k)
{
	return (struct scenenet_plan){
		.kind = k, .layers = 2, .width = 256, .heads = 4, .hidden = 704, .context = 64, .rows = 16, .lanes = 2,
		.match = 128, .stages = 4, .warmth = 1, .steps = 20, .guidance = 2, .dropout = 0.3, .wide = NUM_F32, .seed = 0,
	};
}

/* ---- tensors -------------------------------------------------------------------------------------- */
static int add(struct scenenet *s, double gain, bool fill, unsigned flags, size_t rows, size_t cols, const char *fmt,
               va_list ap)
{
	char name[64];
	int t;

	vsnprintf(name, sizeof name, fmt, ap);
	t = cols ? PARAMS_ADD(&s->params, name, flags, rows, cols) : PARAMS_ADD(&s->params, name, flags, rows);
	must(s->firsts < TENSORS_MAX);
	s->first[s->firsts].tensor = t;
	s->first[s->firsts].gain = gain;
	s->first[s->firsts++].fill = fill;
	return t;
}

int scenenet_matrix(struct scenenet *s, double gain, size_t rows, size_t cols, const char *fmt, ...)
{
	va_list ap;
	int t;

	va_start(ap, fmt);
	t = add(s, gain, false, PARAM_DECAY | PARAM_PACK, rows, cols, fmt, ap);
	va_end(ap);
	return t;
}

int scenenet_vector(struct scenenet *s, float value, size_t n, const char *fmt, ...)
{
	va_list ap;
	int t;

	va_start(ap, fmt);
	t = add(s, (double)value, true, 0, n, 0, fmt, ap);
	va_end(ap);
	return t;
}

static void tensors(struct scenenet *s)
{
	const struct scenenet_plan *p = &s->p;
	const struct meanings *m = s->train;
	struct teller_shape shape = { p->layers, p->width, p->heads, p->hidden, PLACES, p->context, 10000 };

	teller_tensors_add(&s->m, &s->params, &shape);
	s->in = scenenet_matrix(s, 1, (size_t)p->width, (size_t)s->dims, "scene.z");
	if (p->kind == SCENENET_CORE) {
		if (m->field)
			s->side = scenenet_matrix(s, 1, (size_t)p->width, (size_t)m->field, "scene.field");
		for (int k = 0; k < m->slots; k++)
			s->slot[k] = scenenet_matrix(s, 0.3, (size_t)m->kinds[k], (size_t)p->width, "scene.slot.%d", k);
	}
	head_of(s)->tensors(s);
	params_alloc(&s->params, p->lanes);
}

void scenenet_reset(void *net)
{
	struct scenenet *s = net;

	teller_tensors_init(&s->m, &s->params, s->p.seed);
	for (int i = 0; i < s->firsts; i++) {
		int t = s->first[i].tensor;

		if (s->first[i].fill)
			params_fill(&s->params, t, (float)s->first[i].gain);
		else
			params_init(&s->params, t, s->first[i].gain * params_fan_in(&s->params, t), s->p.seed);
	}
}

/* ---- the net -------------------------------------------------------------------------------------- */
void scenenet_loss(struct scene_lane *n, struct node *loss, double weight)
{
	must(n->losses < LOSSES_MAX);
	n->loss[n->losses].n = loss;
	n->loss[n->losses++].weight = weight;
}

/* A scene as it enters the trunk. */
static struct node *enter(struct scenenet *s, struct scene_lane *n)
{
	struct net *t = n->net;
	struct node *x;

	n->start = net_ids(t, n->N);
	n->z = net_input(t, n->N, s->dims);
	x = net_add(t, net_embed(t, s->m.embed, n->start), net_linear32(t, n->z, s->in, -1));
	if (s->p.kind != SCENENET_CORE)
		return x;
	if (s->train->field) {
		n->side = net_input(t, n->N, s->train->field);
		x = net_add(t, x, net_linear32(t, n->side, s->side, -1));
	}
	for (int k = 0; k < s->train->slots; k++) {
		n->slot[k] = net_ids(t, n->N);
		x = net_add(t, x, net_embed(t, s->slot[k], n->slot[k]));
	}
	return x;
}

static void lay(struct scene_lane *n, struct scenenet *s, int lane, bool train)
{
	const struct scenenet_plan *p = &s->p;
	struct node *x;

	*n = (struct scene_lane){ .N = p->rows / p->lanes * p->context };
	n->net = net_open(&s->params, lane, p->wide, train);
	x = enter(s, n);
	for (int l = 0; l < p->layers; l++) {
		x = teller_attend(n->net, &s->m, l, x, p->context, 0, p->dropout);
		x = teller_feed(n->net, &s->m, l, x, p->dropout);
	}
	n->truth = net_input(n->net, n->N, s->dims);
	head_of(s)->lay(s, n, net_rmsnorm(n->net, x, s->m.norm));
	n->net->scale = 1.0 / (p->rows * p->context);
	n->net->seed = p->seed;
	net_plan(n->net);
}

/* ---- filling ---------------------------------------------------------------------------------------- */
static float *row(struct node *n, int i)
{
	return (float *)n->x + (size_t)i * (size_t)n->D;
}

static void put(struct node *n, int i, const float *v, size_t D)
{
	if (!n)
		return;
	if (v)
		memcpy(row(n, i), v, D * sizeof *v);
	else
		memset(row(n, i), 0, D * sizeof(float));
}

static void put_normal(const struct scenenet *s, struct node *n, int i, const float *z)
{
	float *to = row(n, i);

	for (int d = 0; d < s->dims; d++)
		to[d] = z ? (z[d] - s->middle[d]) * s->scale[d] : 0;
}

/* Place i reads scene at-1, or START, and is to tell scene at; at SIZE_MAX: nothing. */
static void place(struct scenenet *s, struct scene_lane *n, int i, const struct meanings *m, size_t at, bool start,
                  bool train, uint64_t draw)
{
	const float *before = start || at == SIZE_MAX ? NULL : m->z + (at - 1) * (size_t)s->dims;
	size_t F = (size_t)m->field;
	bool none = at == SIZE_MAX;

	node_ids(n->start)[i] = start ? START : PLAIN;
	put_normal(s, n->z, i, before);
	put(n->side, i, before && n->side ? m->side + (at - 1) * F : NULL, F);
	put(n->next_side, i, !none && n->next_side ? m->side + at * F : NULL, F);
	for (int k = 0; k < m->slots; k++) {
		if (n->slot[k])
			node_ids(n->slot[k])[i] = before ? m->slot[(at - 1) * (size_t)m->slots + (size_t)k] : 0;
		if (n->next_slot[k])
			node_ids(n->next_slot[k])[i] = none ? 0 : m->slot[at * (size_t)m->slots + (size_t)k];
	}
	put(n->truth, i, none ? NULL : m->z + at * (size_t)s->dims, (size_t)s->dims);
	for (int c = 0; c < s->codes; c++)
		node_ids(n->code[c])[i] = train && !none ? s->code[at * (size_t)s->codes + (size_t)c] : ID_NONE;
	if (head_of(s)->fill)
		head_of(s)->fill(s, n, i, m, at, train, draw);
}

/* ---- training --------------------------------------------------------------------------------------- */
size_t scenenet_book(const struct meanings *m, size_t at)
{
	size_t lo = 0, hi = m->books;

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (m->first[mid] <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static void begin(void *net, uint64_t step)
{
	windows_step(&((struct scenenet *)net)->win, step);
}

static void lane_of(void *net, int lane, uint64_t step, double *loss, double *count)
{
	struct scenenet *s = net;
	struct scene_lane *n = &s->lane[lane];
	int C = s->p.context, each = s->p.rows / s->p.lanes;

	for (int r = 0; r < each; r++) {
		size_t from = windows_at(&s->win, step, lane * each + r);

		for (int j = 0; j < C; j++) {
			size_t at = from + (size_t)j + 1;	/* the window's own first scene is only read */

			place(s, n, r * C + j, s->train, at, s->train->first[scenenet_book(s->train, at)] == at, true,
			      (step * (uint64_t)s->p.rows + (uint64_t)(lane * each + r)) * (uint64_t)C + (uint64_t)j);
		}
	}
	n->net->step = step;
	net_forward(n->net);
	net_back(n->net);
	*loss = 0;
	for (int i = 0; i < n->losses; i++)
		*loss += n->loss[i].weight * n->loss[i].n->loss;
	*count = n->N;
}

static void ready(void *net)
{
	struct scenenet *s = net;

	if (s->p.wide == NUM_BF16)
		params_pack(&s->params);
}

struct learner scenenet_learner(struct scenenet *s)
{
	return (struct learner){ &s->params, s, begin, lane_of, ready };
}

uint64_t scenenet_per_epoch(const struct scenenet *s)
{
	return s->win.per_epoch;
}

struct params *scenenet_params(struct scenenet *s)
{
	return &s->params;
}

/* ---- open, close ------------------------------------------------------------------------------------- */
static const char *plan_wrong(const struct scenenet_plan *p, const struct meanings *m)
{
	struct teller_shape shape = { p->layers, p->width, p->heads, p->hidden, PLACES, p->context, 10000 };
	const char *wrong = teller_shape_wrong(&shape);

	if (wrong)
		return wrong;
	if ((int)p->kind < 0 || p->kind >= SCENENET_KINDS || p->layers > LAYERS_MAX)
		return "a network of scenes has at most 16 layers, and is of a known kind";
	if (p->lanes < 1 || p->rows < p->lanes || p->rows % p->lanes)
		return "the batch must be a multiple of the number of lanes";
	if (p->context < 2 || m->slots > SLOTS_MAX)
		return "a window must have 2 scenes at least";
	if (!(p->dropout >= 0 && p->dropout < 1) || !(p->warmth > 0))
		return "dropout must be at least 0 and below 1, warmth above 0";
	if (p->match < 1 || p->steps < 1 || p->steps > 1000)
		return "match and steps must be at least 1";
	if (heads[p->kind]->bytes < 0)
		return pvq_wrong(m->registers, m->dim, p->stages);
	return heads[p->kind]->bytes > 0 ? pvq_wrong(1, meanings_dims(m), 1) : NULL;
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/* Median and interquartile range of each number, over at most 20,000 scenes [LCM, 2.3.1]. */
static void normaliser(struct scenenet *s)
{
	const struct meanings *m = s->train;
	size_t n = m->n < 20000 ? m->n : 20000;
	float *v = mem_alloc(n, sizeof *v);

	s->middle = mem_alloc((size_t)s->dims, sizeof(float));
	s->scale = mem_alloc((size_t)s->dims, sizeof(float));
	for (int d = 0; d < s->dims; d++) {
		float iqr;

		for (size_t i = 0; i < n; i++)
			v[i] = m->z[(size_t)((double)i * (double)m->n / (double)n) * (size_t)s->dims + (size_t)d];
		qsort(v, n, sizeof *v, by_value);
		iqr = (v[n * 3 / 4] - v[n / 4]) / 1.349f;	/* as the deviation, where normal */
		s->middle[d] = v[n / 2];
		s->scale[d] = iqr > 1e-6f ? 1 / iqr : 1;
	}
	mem_free(v);
}

enum { ROUNDS = 8 };

static void codes(struct scenenet *s)
{
	const struct meanings *m = s->train;
	int bytes = head_of(s)->bytes;

	if (!bytes)
		return;
	if (bytes < 0)
		pvq_init(&s->q, m->registers, m->dim, s->p.stages);
	else
		pvq_init(&s->q, 1, s->dims, 1);
	pvq_train(&s->q, m->z, m->n, ROUNDS, s->p.seed);
	s->codes = pvq_bytes(&s->q);
	s->code = mem_alloc(m->n * (size_t)s->codes, 1);
	pvq_encode_all(&s->q, s->code, m->z, m->n, 1);
}

enum status scenenet_open(struct scenenet **out, const struct scenenet_plan *p, const struct meanings *train,
                          struct err *e)
{
	const char *wrong = plan_wrong(p, train);
	struct scenenet *s;

	if (wrong)
		return err_set(e, ERR_USAGE, "%s", wrong);
	s = mem_alloc(1, sizeof *s);
	s->p = *p;
	s->train = train;
	s->dims = meanings_dims(train);
	if (windows_open(&s->win, NULL, train->n, p->context, p->rows, p->seed, e)) {
		mem_free(s);
		return err_set(e, ERR_USAGE, "%zu scenes do not fill a batch of %d windows of %d", train->n, p->rows, p->context);
	}
	normaliser(s);
	codes(s);
	tensors(s);
	scenenet_reset(s);
	ready(s);
	s->lane = mem_alloc((size_t)p->lanes, sizeof *s->lane);
	for (int l = 0; l < p->lanes; l++)
		lay(&s->lane[l], s, l, true);
	*out = s;
	return OK;
}

void scenenet_close(struct scenenet *s)
{
	if (!s)
		return;
	for (int l = 0; l < s->p.lanes; l++) {
		net_close(s->lane[l].net);
		if (s->eval)
			net_close(s->eval[l].net);
	}
	mem_free(s->lane), mem_free(s->eval);
	mem_free(s->code), mem_free(s->middle), mem_free(s->scale);
	if (s->q.book)
		pvq_clear(&s->q);
	windows_close(&s->win);
	params_clear(&s->params);
	teller_tensors_clear(&s->m);
	mem_free(s);
}

/* ---- guesses ------------------------------------------------------------------------------------------ */
struct guessing {
	struct scenenet *s;
	const struct meanings *m;
	struct guesses *out;
	struct scoring win;
	size_t sets;
};

/* Window k: its places' scenes. */
static void window(struct guessing *g, struct scene_lane *n, int r, size_t k, size_t *scene)
{
	int C = g->s->p.context;
	size_t half = ((size_t)C + 1) / 2, from = 0, first = 0, len = 0;
	uint32_t book;

	if (k < scoring_count(&g->win)) {
		from = scoring_at(&g->win, k, &book);
		first = (size_t)g->m->first[book];
		len = (size_t)g->m->first[book + 1] - first;
	}
	for (int j = 0; j < C; j++) {
		size_t t = from + (size_t)j, at = t < len ? first + t : SIZE_MAX;

		scene[j] = at != SIZE_MAX && (from == 0 || (size_t)j >= (size_t)C - half) ? at : SIZE_MAX;
		place(g->s, n, r * C + j, g->m, at, t == 0, false, at == SIZE_MAX ? 0 : at);
	}
}

static void guess_lane(void *ctx, int lane)
{
	struct guessing *g = ctx;
	struct scenenet *s = g->s;
	struct scene_lane *n = &s->eval[lane];
	int C = s->p.context, each = s->p.rows / s->p.lanes;
	size_t *scene = mem_alloc((size_t)n->N, sizeof *scene), dim = (size_t)g->out->dim, dims = (size_t)s->dims;
	size_t from = num_lane_from(g->sets, lane, s->p.lanes), to = num_lane_to(g->sets, lane, s->p.lanes);

	for (size_t set = from; set < to; set++) {
		for (int r = 0; r < each; r++)
			window(g, n, r, set * (size_t)each + (size_t)r, scene + r * C);
		if (head_of(s)->run)
			head_of(s)->run(s, n);
		else
			net_forward(n->net);
		for (int i = 0; i < n->N; i++)
			if (scene[i] != SIZE_MAX) {
				head_of(s)->guess(s, n, i, g->out->guess + scene[i] * dim, g->out->z + scene[i] * dims);
				if (n->cand)
					memcpy(g->out->cand + scene[i] * dim, row(n->cand, i), dim * sizeof(float));
			}
	}
	mem_free(scene);
}

void scenenet_guess(struct guesses *out, struct scenenet *s, const struct meanings *m)
{
	struct guessing g = { .s = s, .m = m, .out = out };
	size_t each = (size_t)(s->p.rows / s->p.lanes);

	must(meanings_dims(m) == s->dims && m->slots == s->train->slots && m->field == s->train->field);
	g.win = (struct scoring){ NULL, m->first, m->books, 0, s->p.context };
	g.sets = (scoring_count(&g.win) + each - 1) / each;
	if (!s->eval) {
		s->eval = mem_alloc((size_t)s->p.lanes, sizeof *s->eval);
		for (int l = 0; l < s->p.lanes; l++)
			lay(&s->eval[l], s, l, false);
	}
	*out = (struct guesses){ .dim = s->eval->cand ? s->eval->cand->D : s->dims, .near = !s->eval->cand };
	out->guess = mem_alloc(m->n * (size_t)out->dim + 1, sizeof(float));
	out->cand = mem_alloc(m->n * (size_t)out->dim + 1, sizeof(float));
	out->z = mem_alloc(m->n * (size_t)s->dims + 1, sizeof(float));
	if (out->near)
		memcpy(out->cand, m->z, m->n * (size_t)s->dims * sizeof(float));
	num_lanes(s->p.lanes, 0, guess_lane, &g);
}

void guesses_clear(struct guesses *g)
{
	mem_free(g->guess), mem_free(g->cand), mem_free(g->z);
	*g = (struct guesses){ 0 };
}

static double distance2(const float *a, const float *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
	return sum;
}

float guesses_score(const struct guesses *g, size_t at, size_t cand)
{
	const float *a = g->guess + at * (size_t)g->dim, *b = g->cand + cand * (size_t)g->dim;

	return g->near ? -(float)distance2(a, b, (size_t)g->dim) : (float)num_dot(a, b, (size_t)g->dim);
}

enum { OTHERS = 64 };

/* Of scene at: the share of others that score below the truth; ties count half. */
static double beaten(const struct guesses *g, size_t at, size_t from, size_t to)
{
	size_t n = to - from - 1 < OTHERS ? to - from - 1 : OTHERS, won = 0, tie = 0;
	float own = guesses_score(g, at, at);

	for (size_t k = 0; k < n; k++) {
		size_t other = from + (size_t)((double)k * (double)(to - from - 1) / (double)n);
		float its;

		other += other >= at;
		its = guesses_score(g, at, other);
		won += own > its;
		tie += own == its;
	}
	return n ? ((double)won + 0.5 * (double)tie) / (double)n : 1;
}

void guesses_measure(struct guesses_worth *out, const struct guesses *g, const struct meanings *m)
{
	size_t dims = (size_t)meanings_dims(m);

	out->l2 = out->contrast = out->top1 = 0;
	out->scenes = 0;
	for (uint32_t b = 0; b < m->books; b++) {
		size_t from = (size_t)m->first[b], to = (size_t)m->first[b + 1];
		double sum = 0;

		for (size_t i = from + 1; i < to; i++) {
			double share = beaten(g, i, from, to);

			sum += share;
			out->top1 += share == 1;
			out->l2 += sqrt(distance2(g->z + i * dims, m->z + i * dims, dims));
		}
		if (out->book_contrast)
			out->book_contrast[b] = to > from + 1 ? sum / (double)(to - from - 1) : NAN;
		out->contrast += sum;
		out->scenes += to > from ? to - from - 1 : 0;
	}
	if (!out->scenes)
		return;
	out->contrast /= (double)out->scenes;
	out->top1 /= (double)out->scenes;
	out->l2 /= (double)out->scenes;
}

void guesses_copy(struct guesses *g, const struct meanings *m, bool field)
{
	size_t dims = (size_t)meanings_dims(m), D = field ? (size_t)m->field : dims;
	const float *from = field ? m->side : m->z;

	*g = (struct guesses){ .dim = (int)D, .near = !field };
	g->guess = mem_alloc(m->n * D + 1, sizeof(float));
	g->cand = mem_alloc(m->n * D + 1, sizeof(float));
	g->z = mem_alloc(m->n * dims + 1, sizeof(float));
	memcpy(g->cand, from, m->n * D * sizeof(float));
	for (uint32_t b = 0; b < m->books; b++)
		for (uint64_t i = m->first[b] + 1; i < m->first[b + 1]; i++)
			memcpy(g->guess + i * D, from + (i - 1) * D, D * sizeof(float));
	if (!field)
		memcpy(g->z, g->guess, m->n * dims * sizeof(float));
}

/* ---- counting --------------------------------------------------------------------------------------------- */
uint64_t scenenet_size(const struct scenenet *s)
{
	uint64_t n = s->q.book ? (uint64_t)s->q.registers * (uint64_t)s->q.stages * PVQ_ENTRIES * (uint64_t)s->q.dim : 0;

	for (size_t i = 0; i < s->params.n_t; i++)
		n += s->params.t[i].n;
	return n;
}

/* Each matrix meets each place once; attention over half of the window; and what the head does more. */
double scenenet_flops(const struct scenenet *s)
{
	double n = 0;

	for (size_t i = 0; i < s->params.n_t; i++)
		if (s->params.t[i].flags & PARAM_PACK)
			n += (double)s->params.t[i].n;
	return 6 * (n + (double)s->p.layers * 2 * s->p.width * s->p.context / 2) + (head_of(s)->more ? head_of(s)->more(s) : 0);
}
