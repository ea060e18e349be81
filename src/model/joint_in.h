/* joint_in.h - private to joint.c, joint_net.c and joint_see.c. */
#ifndef LTM_MODEL_JOINT_IN_H
#define LTM_MODEL_JOINT_IN_H

#include "model/joint.h"

enum { FEATURES = 3 * ECHO_ORDERS, GATE = 32 /* width of the gate */ };
enum { REGISTERS_MAX = 64, TOLD = 4 /* tokens a scene */ };
enum memory { REGISTERS, WORDS, MEMORIES };
struct cross {
	int norm, q, kv, out, now, after;	/* tensors; q < 0: not read; now, after < 0: none */
};
struct joint_net {
	struct net *net;
	struct node *id, *truth, *pool, *query, *word, *before, *after, *now, *see[MEMORIES], *loss;
	/* before: ids; after: their embeddings; now: those of all tokens */
	struct node *z, *part[REGISTERS_MAX], *of, *told, *tell;	/* registers; their own task: whose, which, its loss */
	struct node *says, *feature;	/* echo: [rows][ECHO_ORDERS], [rows][FEATURES] */
	uint8_t *is;			/* [micro][T] */
	struct echo *echo;		/* [micro][T], or NULL */
	int T, micro;			/* tokens of a span; spans at once */
	int *words;			/* [micro]: salient tokens kept of each span */
	bool shuffled;
};
struct joint {
	struct joint_plan plan;
	struct teller_tensors m;
	struct params p;
	int query, pool_norm, pool_q, pool_kv, pool_out, ffn_norm, gate_up, down, mem_norm[MEMORIES], meaning, say, after_norm;	/* the reader's */
	int gate_x, gate_f, gate_b, gate_out, gate_bias;	/* whom to believe: echo's tensors */
	struct cross (*cross)[MEMORIES];	/* [layers] */
	struct joint_net *lane, *eval;	/* [lanes] */
	int eval_T, eval_use;		/* what they were laid for */
	joint_rows *rows;
	void *ctx;
};

static inline bool kept(const struct joint_plan *p, enum memory m)
{
	return p->path != JOINT_OFF && (m == REGISTERS ? p->registers : p->words) > 0;
}

static inline bool echoes(const struct joint_plan *p)
{
	return p->path != JOINT_OFF && p->echo;
}

static inline bool reads(const struct joint_plan *p, int layer)
{
	if (p->path == JOINT_OFF || (!p->registers && !p->words) || layer < p->read_at)
		return false;
	if (p->cross_every < 0)
		return false;
	return p->cross_every ? (layer - p->read_at) % p->cross_every == 0 : layer == p->read_at;
}

/* Of a span of T tokens: as many a token as in training. */
static inline int span_words(const struct joint_plan *p, int T)
{
	return (int)((int64_t)p->words * T / p->t.T);
}

static inline int span_units(const struct joint_plan *p, int T)
{
	int n = (int)((int64_t)p->units * T / p->t.T);

	return n > 1 ? n : 1;
}

static inline int register_rows(const struct joint_plan *p, const struct joint_net *n)
{
	return n->micro * span_units(p, n->T) * p->registers;
}

/* What a net is laid for: to learn; to tell nats; to read registers, for which the layers above the reader and the
 * loss are not wanted. */
enum use { LEARN, TELL, READ };
/* joint_net.c */
void joint_lay(struct joint_net *n, struct joint *j, int lane, int T, int micro, enum use use);
void joint_unlay(struct joint_net *n, int lanes);
/* joint_see.c: from what the tokens are, into the net's inputs: what is kept and seen; what echoes say; what the
 * registers are to tell at this step. */
void joint_ranges(const struct joint *j, struct joint_net *n);
void joint_hear(struct joint_net *n);
void joint_told(const struct joint *j, struct joint_net *n, uint64_t step);

#endif
