/* joint_net.c - the teller with its scene path as a list of operations.
 *
 *   in    struct joint with its tensors
 *   out   a net that learns, tells nats, or reads registers
 *
 * Two memories, laid out by span r and read by ranges of rows (joint_see.c fills them):
 *
 *   registers   rows (r·units + u)·registers ..   of scene u
 *   words       rows r·words ..                   the salient tokens of the span, in order
 */
#include <math.h>

#include "model/joint_in.h"

/* The registers of all scenes [micro·units·registers][register_dim], each of length sqrt(register_dim). x:
 * what is pooled, normalised. */
static struct node *reader(struct net *t, struct joint *j, struct joint_net *n, struct node *x)
{
	const struct joint_plan *p = &j->plan;
	int w = p->t.shape.width, H = p->t.shape.heads;
	struct attend a = { .heads = H, .head = w / H, .v_at = w };
	struct node *kv = net_linear(t, x, j->pool_kv, -1), *q, *r;

	n->query = net_ids(t, register_rows(p, n));
	n->pool = net_ids(t, 2 * register_rows(p, n));
	q = net_embed(t, j->query, n->query);
	a.T = register_rows(p, n), a.S = x->N;
	r = net_attend(t, net_linear(t, q, j->pool_q, -1), kv, kv, &a, n->pool);
	r = net_linear_add(t, q, r, j->pool_out);
	r = net_linear_add(t, r, net_swiglu(t, net_linear(t, net_rmsnorm(t, r, j->ffn_norm), j->gate_up, -1)),
	                   j->down);
	n->z = net_l2norm(t, net_linear32(t, net_rmsnorm(t, r, j->mem_norm[REGISTERS]), j->meaning, -1));
	net_hold(n->z);
	return net_scale(t, n->z, sqrt(p->register_dim));
}

/* The registers' own task: tokens of a scene from its registers, joined. */
static void tell(struct net *t, struct joint *j, struct joint_net *n, struct node *mem)
{
	int scenes = n->micro * span_units(&j->plan, n->T);
	struct node *z = NULL;

	for (int r = 0; r < j->plan.registers; r++) {
		struct node *one;

		n->part[r] = net_ids(t, scenes);
		one = net_gather(t, mem, n->part[r]);
		z = z ? net_join(t, z, one) : one;
	}
	n->of = net_ids(t, TOLD * scenes);
	n->told = net_ids(t, TOLD * scenes);
	n->tell = net_ce(t, net_gather(t, net_linear32(t, z, j->say, -1), n->of), j->m.embed, n->told, j->plan.tell);
}

static struct node *cross(struct net *t, struct joint *j, struct joint_net *n, int layer, struct node *x,
                          struct node *const mem[MEMORIES])
{
	const struct joint_plan *p = &j->plan;
	int w = p->t.shape.width, H = p->cross_heads ? p->cross_heads : p->t.shape.heads;

	for (int m = 0; m < MEMORIES; m++) {
		const struct cross *c = &j->cross[layer][m];
		struct attend a = { .heads = H, .head = w / H, .v_at = w, .T = x->N };
		struct node *q, *kv;

		if (c->q < 0)
			continue;
		a.S = mem[m]->N;
		q = net_linear(t, net_rmsnorm(t, x, c->norm), c->q, -1);
		if (c->now >= 0)
			q = net_add(t, q, net_linear(t, n->now, c->now, -1));
		kv = net_linear(t, mem[m], c->kv, -1);
		if (c->after >= 0)
			kv = net_add(t, kv, net_linear(t, n->after, c->after, -1));
		x = net_linear_add(t, x, net_attend(t, q, kv, kv, &a, n->see[m]), c->out);
	}
	return x;
}

/* The loss with what ended scenes say mixed in; x: the last states, normalised. */
static struct node *echo(struct net *t, struct joint *j, struct joint_net *n, struct node *x)
{
	struct node *g;

	n->says = net_input(t, x->N, ECHO_ORDERS);
	n->feature = net_input(t, x->N, FEATURES);
	g = net_add(t, net_linear32(t, x, j->gate_x, -1), net_linear32(t, n->feature, j->gate_f, j->gate_b));
	g = net_linear32(t, net_silu(t, g), j->gate_out, j->gate_bias);
	return net_ce_mixed(t, x, j->m.embed, n->truth, g, n->says, 1);
}

void joint_lay(struct joint_net *n, struct joint *j, int lane, int T, int micro, enum use use)
{
	bool train = use == LEARN;
	const struct joint_plan *p = &j->plan;
	int rows = micro * T;
	struct net *t = net_open(&j->p, lane, p->t.wide, train);
	struct node *x, *mem[MEMORIES] = { NULL }, *embedded;

	*n = (struct joint_net){ .net = t, .T = T, .micro = micro, .shuffled = p->path == JOINT_SHUFFLED };
	n->is = mem_alloc((size_t)rows, 1);
	n->words = mem_alloc((size_t)micro, sizeof *n->words);
	n->id = net_ids(t, rows);
	n->truth = net_ids(t, rows);
	for (int m = 0; m < MEMORIES; m++)
		n->see[m] = kept(p, m) ? net_ids(t, 2 * rows) : NULL;
	x = embedded = net_embed(t, j->m.embed, n->id);
	if (p->t.dropout > 0 && train)
		x = net_dropout(t, x, p->t.dropout);
	for (int l = 0; l < p->t.shape.layers; l++) {
		if (kept(p, WORDS) && l == p->read_at) {
			n->word = net_ids(t, micro * span_words(p, T));
			if (p->follow) {
				n->before = net_ids(t, micro * span_words(p, T));
				n->now = net_rmsnorm(t, embedded, j->after_norm);
				n->after = net_rmsnorm(t, net_gather(t, embedded, n->before), j->after_norm);
			}
			mem[WORDS] = net_rmsnorm(t, net_gather(t, p->symbols ? embedded : x, n->word), j->mem_norm[WORDS]);
		}
		if (kept(p, REGISTERS) && l == p->read_at)
			mem[REGISTERS] = reader(t, j, n, mem[WORDS] ? mem[WORDS] : net_rmsnorm(t, x, j->pool_norm));
		if (use == READ && l == p->read_at) {
			net_plan(t);
			return;
		}
		x = teller_attend(t, &j->m, l, x, T, p->t.window, p->t.dropout);
		if (reads(p, l))
			x = cross(t, j, n, l, x, mem);
		x = teller_feed(t, &j->m, l, x, p->t.dropout);
	}
	if (kept(p, REGISTERS) && p->tell > 0 && train)
		tell(t, j, n, mem[REGISTERS]);
	x = net_rmsnorm(t, x, j->m.norm);
	if (echoes(p)) {
		n->echo = mem_alloc((size_t)rows, sizeof *n->echo);
		n->loss = echo(t, j, n, x);
	} else {
		n->loss = net_ce(t, x, j->m.embed, n->truth, 1);
	}
	t->scale = 1.0 / ((double)p->t.rows * T);
	t->seed = p->t.seed;
	net_plan(t);
}

void joint_unlay(struct joint_net *n, int lanes)
{
	for (int l = 0; n && l < lanes; l++) {
		net_close(n[l].net);
		mem_free(n[l].is);
		mem_free(n[l].echo);
		mem_free(n[l].words);
	}
	mem_free(n);
}

