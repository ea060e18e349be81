/* scenelm.c - the trunk over scenes: its plan, tensors, data path and training.
 *
 *   in    scenes of training books, a plan
 *   out   a model that learns (learn.h); scenelm_say.c asks it
 *
 * Place j of a window reads scene j-1 of the book, or START before its first, and tells scene j. A net
 * holds `micro` windows at once: their places are rows of one product, and in the core each
 * other's wrong answers.
 *
 * Invariant: what a place tells depends on scenes before it in its own book alone
 * (tests/unit/t_scenelm.c).
 */
#include <math.h>
#include <stdarg.h>

#include "model/scenelm_in.h"

static const struct scenelm_head *const heads[SCENELM_KINDS] = {
	&scenelm_core, &scenelm_base, &scenelm_quant, &scenelm_diffusion, &scenelm_kmeans,
};

const char *scenelm_name(enum scenelm_kind k)
{
	must(k < SCENELM_KINDS);
	return heads[k]->name;
}

struct scenelm_plan scenelm_plan_default(enum scenelm_kind k)
{
	return (struct scenelm_plan){
		.kind = k, .layers = 2, .width = 256, .heads = 4, .hidden = 704, .context = 64, .rows = 16,
		.lanes = 2, .wide = NUM_F32, .dropout = 0.3,
		.slots = k == SCENELM_CORE, .side = k == SCENELM_CORE,
		.match = 256, .warmth = 0.07, .hard = 32, .far = 2, .code_weight = 0.5, .slot_weight = 0.05,
		.code_score = 0.3, .stages = 4, .soft = true, .steps = 20, .guidance = 3, .noise = 0.6,
		.alone = 0.15, .clusters = 512, .rounds = 8,
	};
}

/* ---- tensors ---------------------------------------------------------------------- */
static int add(struct scenelm *m, unsigned flags, double first, double uses, bool fill, size_t rows,
               size_t cols, const char *fmt, va_list ap)
{
	char name[64];
	int t;

	vsnprintf(name, sizeof name, fmt, ap);
	t = cols ? PARAMS_ADD(&m->params, name, flags, rows, cols) :
	           PARAMS_ADD(&m->params, name, flags, rows);
	must(m->firsts < SCENELM_TENSORS);
	m->first[m->firsts].tensor = t;
	m->first[m->firsts].gain = first;
	m->first[m->firsts].uses = uses;
	m->first[m->firsts++].fill = fill;
	return t;
}

int scenelm_matrix(struct scenelm *m, double gain, double uses, size_t rows, size_t cols,
                   const char *fmt, ...)
{
	va_list ap;
	int t;

	va_start(ap, fmt);
	t = add(m, PARAM_DECAY | PARAM_PACK, gain, uses, false, rows, cols, fmt, ap);
	va_end(ap);
	return t;
}

int scenelm_vector(struct scenelm *m, float value, size_t n, const char *fmt, ...)
{
	va_list ap;
	int t;

	va_start(ap, fmt);
	t = add(m, 0, (double)value, 0, true, n, 0, fmt, ap);
	va_end(ap);
	return t;
}

void scenelm_fixed(struct scenelm *m, float *of, size_t rows, size_t cols, const char *name)
{
	must(m->fixeds < SCENELM_FIXED);
	m->fixed[m->fixeds].tensor = PARAMS_ADD(&m->params, name, 0, rows, cols);
	m->fixed[m->fixeds].of = of;
	m->fixed[m->fixeds++].n = rows * cols;
}

static struct teller_shape shape_of(const struct scenelm_plan *p)
{
	return (struct teller_shape){ p->layers, p->width, p->heads, p->hidden, ENTRANCES, p->context,
	                              10000 };
}

static void tensors(struct scenelm *m)
{
	const struct latents *l = m->train;
	struct teller_shape shape = shape_of(&m->p);
	size_t w = (size_t)m->p.width;

	teller_tensors_add(&m->trunk, &m->params, &shape);
	m->in.z = scenelm_matrix(m, 1, 1, w, (size_t)m->dims, "in.z");
	if (m->p.side && l->side_dim)
		m->in.side = scenelm_matrix(m, 1, 1, w, (size_t)l->side_dim, "in.side");
	for (int k = 0; m->p.slots && k < l->slots; k++)
		m->in.slot[k] = scenelm_matrix(m, 0.3, 0, (size_t)l->kinds[k], w, "in.slot.%d", k);
	m->head->tensors(m);
	scenelm_fixed(m, m->middle, 1, (size_t)m->dims, "fixed.middle");
	scenelm_fixed(m, m->scale, 1, (size_t)m->dims, "fixed.scale");
	params_alloc(&m->params, m->p.lanes);
}

void scenelm_reset(void *model)
{
	struct scenelm *m = model;
	struct params *p = &m->params;

	teller_tensors_init(&m->trunk, p, m->p.seed);
	for (int i = 0; i < m->firsts; i++) {
		int t = m->first[i].tensor;

		if (m->first[i].fill)
			params_fill(p, t, (float)m->first[i].gain);
		else
			params_init(p, t, m->first[i].gain * params_fan_in(p, t), m->p.seed);
	}
	for (int i = 0; i < m->fixeds; i++)
		memcpy(params_w(p, m->fixed[i].tensor), m->fixed[i].of, m->fixed[i].n * sizeof(float));
	if (m->head->reset)
		m->head->reset(m);
}

/* Fixed tensors that were loaded are taken up; codes are made anew by them. */
static void take_up(struct scenelm *m)
{
	bool changed = false;

	for (int i = 0; i < m->fixeds; i++) {
		const float *now = params_w(&m->params, m->fixed[i].tensor);
		size_t bytes = m->fixed[i].n * sizeof *now;

		if (!memcmp(now, m->fixed[i].of, bytes))
			continue;
		memcpy(m->fixed[i].of, now, bytes);
		changed = true;
	}
	if (changed && m->head->coded)
		m->head->coded(m);
}

static void ready(void *model)
{
	struct scenelm *m = model;

	take_up(m);
	if (m->p.wide == NUM_BF16)
		params_pack(&m->params);
}

/* ---- the net ---------------------------------------------------------------------- */
void scenelm_loss(struct scenelm_net *n, struct node *loss, double weight)
{
	must(n->losses < SCENELM_LOSSES);
	n->loss[n->losses].n = loss;
	n->loss[n->losses++].weight = weight;
}

void scenelm_scene_in(struct scenelm *m, struct scene_in *in, struct net *t, int N)
{
	in->z = net_input(t, N, m->dims);
	if (m->p.side && m->train->side_dim)
		in->side = net_input(t, N, m->train->side_dim);
	for (int k = 0; m->p.slots && k < m->train->slots; k++)
		in->slot[k] = net_ids(t, N);
}

static struct node *enter(struct scenelm *m, struct scenelm_net *n)
{
	struct net *t = n->net;
	struct node *x;

	n->start = net_ids(t, n->N);
	scenelm_scene_in(m, &n->in, t, n->N);
	x = net_add(t, net_embed(t, m->trunk.embed, n->start), net_linear32(t, n->in.z, m->in.z, -1));
	if (n->in.side)
		x = net_add(t, x, net_linear32(t, n->in.side, m->in.side, -1));
	for (int k = 0; k < LATENTS_SLOTS_MAX && n->in.slot[k]; k++)
		x = net_add(t, x, net_embed(t, m->in.slot[k], n->in.slot[k]));
	return m->p.dropout > 0 && t->train ? net_dropout(t, x, m->p.dropout) : x;
}

static void lay(struct scenelm_net *n, struct scenelm *m, int lane, bool train)
{
	const struct scenelm_plan *p = &m->p;
	struct node *x;

	*n = (struct scenelm_net){ .N = p->micro * p->context, .windows = p->micro };
	n->tell = mem_alloc((size_t)n->N, sizeof *n->tell);
	n->net = net_open(&m->params, lane, p->wide, train);
	x = enter(m, n);
	for (int l = 0; l < p->layers; l++) {
		x = teller_attend(n->net, &m->trunk, l, x, p->context, 0, p->dropout);
		x = teller_feed(n->net, &m->trunk, l, x, p->dropout);
	}
	m->head->lay(m, n, net_rmsnorm(n->net, x, m->trunk.norm), train);
	n->net->scale = 1.0 / ((double)p->rows * p->context);
	n->net->seed = p->seed;
	net_plan(n->net);
	if (!train && m->head->tails)
		m->head->tails(m, n, lane);
}

static void lane_close(struct scenelm_net *n)
{
	for (int i = 0; i < n->tails; i++)
		net_close(n->tail[i].net);
	net_close(n->net);
	mem_free(n->tail), mem_free(n->tell), mem_free(n->cand_is);
}

/* ---- filling ---------------------------------------------------------------------- */
void scenelm_scene_put(const struct scenelm *m, const struct scene_in *in, int i, const struct latents *l,
                       size_t scene)
{
	bool none = scene == SIZE_MAX;
	size_t F = (size_t)l->side_dim, S = (size_t)l->slots;

	if (none)
		memset(scenelm_row(in->z, i), 0, (size_t)m->dims * sizeof(float));
	else
		normaliser_apply(scenelm_row(in->z, i), latents_z(l, scene), m->middle, m->scale, m->dims);
	if (in->side && none)
		memset(scenelm_row(in->side, i), 0, F * sizeof(float));
	else if (in->side)
		memcpy(scenelm_row(in->side, i), l->side + scene * F, F * sizeof(float));
	for (size_t k = 0; k < S && in->slot[k]; k++)
		node_ids(in->slot[k])[i] = none ? ID_NONE : l->slot[scene * S + k];
}

void scenelm_window_put(struct scenelm *m, struct scenelm_net *n, int w, const struct latents *l, size_t from,
                        size_t len, bool opens)
{
	int C = m->p.context;

	for (int j = 0; j < C; j++) {
		int i = w * C + j;
		bool is = (size_t)j < len, start = is && opens && j == 0;

		node_ids(n->start)[i] = start ? START : is ? SCENE : ID_NONE;
		scenelm_scene_put(m, &n->in, i, l, is && !start ? from + (size_t)j - 1 : SIZE_MAX);
		n->tell[i] = is ? from + (size_t)j : SIZE_MAX;
	}
}

/* ---- training --------------------------------------------------------------------- */
static void begin(void *model, uint64_t step)
{
	latent_windows_step(&((struct scenelm *)model)->win, step);
}

/* Windows row0 .. of the batch into a net; how many scenes they tell. */
static size_t fill(struct scenelm *m, struct scenelm_net *n, uint64_t step, int row0)
{
	size_t told = 0;

	for (int w = 0; w < n->windows; w++) {
		struct latent_window v = latent_windows_row(&m->win, step, row0 + w);

		scenelm_window_put(m, n, w, m->train, v.from, v.len, v.from == m->train->first[v.book]);
		told += v.len;
	}
	m->head->fill(m, n, step, row0);
	return told;
}

static void lane_of(void *model, int lane, uint64_t step, double *loss, double *count)
{
	struct scenelm *m = model;
	struct scenelm_net *n = &m->lane[lane];
	int each = m->p.rows / m->p.lanes, micro = m->p.micro;

	*loss = *count = 0;
	for (int at = 0; at < each; at += micro) {
		*count += (double)fill(m, n, step, lane * each + at);
		n->net->step = step * (uint64_t)(each / micro) + (uint64_t)(at / micro);
		net_forward(n->net);
		net_back(n->net);
		for (int i = 0; i < n->losses; i++)
			*loss += n->loss[i].weight * n->loss[i].n->loss;
	}
}

struct learner scenelm_learner(struct scenelm *m)
{
	return (struct learner){ &m->params, m, begin, lane_of, ready };
}

uint64_t scenelm_per_epoch(const struct scenelm *m)
{
	return m->win.per_epoch;
}

struct params *scenelm_params(struct scenelm *m)
{
	return &m->params;
}

/* ---- open, close ------------------------------------------------------------------ */
static const char *plan_wrong(const struct scenelm_plan *p, const struct latents *l)
{
	struct teller_shape shape = shape_of(p);
	const char *wrong = latents_wrong(l);

	if ((unsigned)p->kind >= SCENELM_KINDS)
		return "a model of scenes must be of a known kind";
	if (!wrong)
		wrong = teller_shape_wrong(&shape);
	if (wrong)
		return wrong;
	if (p->layers > SCENELM_LAYERS_MAX)
		return "a model of scenes has at most 16 layers";
	if (p->context < 2)
		return "a window must have 2 scenes at least";
	if (p->lanes < 1 || p->lanes > 64 || p->rows < p->lanes || p->rows % p->lanes)
		return "the batch must be a multiple of the number of lanes, which is 1 to 64";
	if (p->micro < 0 || (p->micro && p->rows / p->lanes % p->micro))
		return "the windows a net holds must divide the windows of a lane";
	if ((int64_t)p->rows * p->context > 1 << 20)
		return "a batch must have at most a million scenes";
	if (!(p->dropout >= 0 && p->dropout < 1))
		return "dropout must be at least 0 and below 1";
	return heads[p->kind]->wrong ? heads[p->kind]->wrong(p, l) : NULL;
}

static void fit(struct scenelm *m)
{
	m->middle = mem_alloc((size_t)m->dims, sizeof *m->middle);
	m->scale = mem_alloc((size_t)m->dims, sizeof *m->scale);
	normaliser_fit(m->middle, m->scale, m->train);
	if (m->head->fit)
		m->head->fit(m);
	if (m->head->coded)
		m->head->coded(m);
}

enum status scenelm_open(struct scenelm **out, const struct scenelm_plan *plan, const struct latents *train,
                         struct err *e)
{
	const char *wrong = plan_wrong(plan, train);
	struct latent_windows win;
	struct scenelm *m;

	if (wrong)
		return err_set(e, ERR_USAGE, "%s", wrong);
	if (latent_windows_open(&win, train, plan->context, plan->rows, plan->seed, e))
		return e->code;
	m = mem_alloc(1, sizeof *m);
	m->p = *plan;
	if (!m->p.micro)
		m->p.micro = plan->rows / plan->lanes;
	m->train = train;
	m->win = win;
	m->dims = latents_dims(train);
	m->head = heads[plan->kind];
	fit(m);
	tensors(m);
	scenelm_reset(m);
	ready(m);
	m->lane = mem_alloc((size_t)plan->lanes, sizeof *m->lane);
	for (int l = 0; l < plan->lanes; l++)
		lay(&m->lane[l], m, l, true);
	*out = m;
	return OK;
}

void scenelm_eval_lay(struct scenelm *m)
{
	if (m->eval)
		return;
	m->eval = mem_alloc((size_t)m->p.lanes, sizeof *m->eval);
	for (int l = 0; l < m->p.lanes; l++)
		lay(&m->eval[l], m, l, false);
}

void scenelm_close(struct scenelm *m)
{
	if (!m)
		return;
	for (int l = 0; l < m->p.lanes; l++) {
		lane_close(&m->lane[l]);
		if (m->eval)
			lane_close(&m->eval[l]);
	}
	mem_free(m->lane), mem_free(m->eval);
	mem_free(m->middle), mem_free(m->scale), mem_free(m->centre), mem_free(m->code);
	if (m->q.book)
		pvq_clear(&m->q);
	latent_windows_close(&m->win);
	params_clear(&m->params);
	teller_tensors_clear(&m->trunk);
	mem_free(m);
}

/* ---- counting --------------------------------------------------------------------- */
uint64_t scenelm_size(const struct scenelm *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->params.n_t; i++)
		n += m->params.t[i].n;
	return n;
}

/* Three times the forward: each matrix meets a scene `uses` times; attention sees half of a window. */
double scenelm_flops(const struct scenelm *m)
{
	const struct scenelm_plan *p = &m->p;
	double w = p->width, n = p->layers * (4 * w * w + 3 * w * p->hidden + 2 * w * (p->context + 1) / 2);

	for (int i = 0; i < m->firsts; i++)
		n += m->first[i].uses * (double)m->params.t[m->first[i].tensor].n;
	return 6 * (n + (m->head->work ? m->head->work(m) : 0));
}
