/* tagfeat.c - which features the tagger looks at.
 *
 *   in    a word's candidates, the words around it, the path so far
 *   out   indices into the table of weights, or their sum
 *
 * Indices and sums come from the same lists, so what is fitted is what is used. Kinds are
 * numbered in the order of enum kind; a new one goes to its end.
 */
#include "words/tag/tagfeat.h"

enum kind {
	K_BIAS = 1, K_FORM, K_LEMMA, K_END, K_CLASS, K_LOGP, K_UNKNOWN, K_LIST, K_RANK,
	K_W1, K_W_1, K_W2, K_W_2, K_C1, K_C_1, K_C2, K_C_2, K_C_1C1, K_C1C2, K_C0C1, K_C0C_1,
	K_E1, K_E_1, K_SHAPE, K_SHAPE1, K_SHAPE_1, K_VLEFT, K_VLEFT_L, K_VRIGHT, K_VRIGHT_L,
	K_PREP, K_END_MARK, K_W0W1, K_W0W_1, K_L1, K_L_1, K_FIRST, K_NAME,
	K_T1, K_T1M, K_T1T2, K_T2, K_T123, K_GOV, K_VERB, K_VERB_L, K_SUBJ, K_NOUN, K_T1W0,
	K_T1W1, K_AGREE1, K_AGREE2, K_AGREEN, K_AGREEV, K_T1C1, K_T1L0, K_NEXTN,
};

static uint32_t view(int kind, uint32_t v)
{
	return mix32(v + 0x51ED270Bu * (uint32_t)(kind + 1));
}

void cread_views(struct cread *r)
{
	uint32_t t = r->tag;
	uint32_t mid = t & (UD_MASK(POS) | UD_MASK(CASE) | UD_MASK(NUMBER) | UD_MASK(FORM) |
	                    UD_MASK(SHORT) | UD_MASK(MOOD) | UD_MASK(NEG));
	uint32_t c = t & UD_MASK(CASE) ? t & (UD_MASK(CASE) | UD_MASK(NUMBER)) :
	             t & (UD_MASK(POS) | UD_MASK(FORM));

	r->p[P_FULL] = view(P_FULL, t);
	r->p[P_MID] = view(P_MID, mid);
	r->p[P_POS] = view(P_POS, t & UD_MASK(POS));
	r->p[P_CASE] = view(P_CASE, c);
}

static void put(struct atoms *a, uint32_t x, int v)
{
	a->a[a->n] = x;
	a->view[a->n++] = (uint8_t)v;
}

static size_t as_indices(uint32_t *ix, const struct atoms *a, const struct cread *r)
{
	for (int i = 0; i < a->n; i++)
		ix[i] = slot_at(a->a[i], r->p[a->view[i]]);
	return (size_t)a->n;
}

/* ---- still ----------------------------------------------------------------------------- */

size_t still_features(uint32_t ix[FEATS_MAX], const struct look_at *at, const uint32_t *ends,
                      int n_end, const struct cread *r)
{
	uint32_t bucket = r->logp > -0.05f ? 0 : r->logp < -9 ? 19 : (uint32_t)(-r->logp * 2 + 1);
	struct atoms a = { .n = 0 };

	put(&a, atom(K_BIAS, 0, 0), P_FULL);
	put(&a, atom(K_BIAS, 0, 0), P_MID);
	put(&a, atom(K_FORM, at->form, 0), P_FULL);
	put(&a, atom(K_FORM, at->form, 0), P_POS);
	put(&a, atom(K_LEMMA, r->lemma_hash, 0), P_MID);
	put(&a, atom(K_LEMMA, r->lemma_hash, 0), P_POS);
	put(&a, atom(K_CLASS, at->klass, 0), P_FULL);
	put(&a, atom(K_LOGP, bucket, r->unknown), P_POS);
	put(&a, atom(K_LOGP, bucket, 9), P_CASE);
	put(&a, atom(K_UNKNOWN, r->unknown, r->by_list), P_MID);
	put(&a, atom(K_LIST, r->by_list, r->fixed + 2u * (r->g.name != 0)), P_POS);
	for (int k = 0; k < n_end; k++) {
		put(&a, atom(K_END, ends[k], (uint32_t)k), P_MID);
		if (k > 0 && r->unknown)
			put(&a, atom(K_END, ends[k], (uint32_t)k + 8), P_FULL);
	}
	return as_indices(ix, &a, r);
}

/* ---- place ----------------------------------------------------------------------------- */

static const struct look_at nothing;

static const struct look_at *at(const struct cword *s, size_t n, size_t i, int by)
{
	if (by < 0 ? i < (size_t)-by : i + (size_t)by >= n)
		return &nothing;
	return s[i + (size_t)by].at;
}

static uint32_t shape_at(const struct cword *s, size_t n, size_t i, int by)
{
	if (by < 0 ? i < (size_t)-by : i + (size_t)by >= n)
		return 9;
	return s[i + (size_t)by].shape;
}

/* The nearest sure verb within some words, not across the end of a sentence. */
static const struct look_at *verb_near(const struct cword *s, size_t n, size_t i, int way)
{
	for (int k = 1; k <= 8; k++) {
		const struct look_at *x = at(s, n, i, k * way);

		if (x == &nothing || x->verb)
			return x;
	}
	return &nothing;
}

/* The word that a run of adjectives leads to. */
static const struct look_at *next_noun(const struct cword *s, size_t n, size_t i)
{
	for (int k = 1; k <= 4; k++) {
		const struct look_at *x = at(s, n, i, k);

		if (!x->nominal)
			return x;
	}
	return &nothing;
}

/* The preposition before a run of adjectives. */
static uint32_t prep_near(const struct cword *s, size_t n, size_t i)
{
	for (int k = 1; k <= 4; k++) {
		const struct look_at *x = at(s, n, i, -k);

		if (x->prep)
			return x->prep;
		if (!x->nominal)
			return 0;
	}
	return 0;
}

static void place_atoms(struct atoms *a, const struct cword *s, size_t n, size_t i)
{
	const struct look_at *me = s[i].at, *l = at(s, n, i, -1), *r = at(s, n, i, 1);
	const struct look_at *l2 = at(s, n, i, -2), *r2 = at(s, n, i, 2);
	const struct look_at *vl = verb_near(s, n, i, -1), *vr = verb_near(s, n, i, 1);
	uint32_t shape = s[i].shape, prep = prep_near(s, n, i);

	a->n = 0;
	put(a, atom(K_W_1, l->form, 0), P_FULL);
	put(a, atom(K_W_1, l->form, 0), P_MID);
	put(a, atom(K_W1, r->form, 0), P_FULL);
	put(a, atom(K_W1, r->form, 0), P_MID);
	put(a, atom(K_W_2, l2->form, 0), P_MID);
	put(a, atom(K_W2, r2->form, 0), P_MID);
	put(a, atom(K_C_1, l->klass, 0), P_MID);
	put(a, atom(K_C1, r->klass, 0), P_FULL);
	put(a, atom(K_C1, r->klass, 0), P_MID);
	put(a, atom(K_C2, r2->klass, 0), P_MID);
	put(a, atom(K_C_1C1, l->klass, r->klass), P_MID);
	put(a, atom(K_C1C2, r->klass, r2->klass), P_MID);
	put(a, atom(K_C0C1, me->klass, r->klass), P_MID);
	put(a, atom(K_C0C_1, me->klass, l->klass), P_MID);
	put(a, atom(K_E1, r->end3, 0), P_MID);
	put(a, atom(K_E_1, l->end3, 0), P_MID);
	put(a, atom(K_SHAPE, shape, i == 0), P_POS);
	put(a, atom(K_SHAPE, shape, 2u + me->mark), P_POS);
	put(a, atom(K_SHAPE_1, shape, shape_at(s, n, i, -1)), P_POS);
	put(a, atom(K_SHAPE1, shape, shape_at(s, n, i, 1)), P_POS);
	put(a, atom(K_VLEFT, vl->verb, 0), P_MID);
	put(a, atom(K_VLEFT_L, vl->lemma, 0), P_CASE);
	put(a, atom(K_VRIGHT, vr->verb, 0), P_MID);
	put(a, atom(K_VRIGHT_L, vr->lemma, 0), P_CASE);
	put(a, atom(K_PREP, prep, 0), P_CASE);
	put(a, atom(K_END_MARK, s[n - 1].at->form, 0), P_POS);
	put(a, atom(K_W0W1, me->form, r->form), P_MID);
	put(a, atom(K_W0W_1, me->form, l->form), P_MID);
	put(a, atom(K_L_1, l->lemma, 0), P_CASE);
	put(a, atom(K_L1, r->lemma, 0), P_CASE);
	put(a, atom(K_FIRST, i == 0, me->form), P_POS);
	put(a, atom(K_NEXTN, next_noun(s, n, i)->klass, me->nominal), P_FULL);
}

/* How the word is written against what kind of name, if any, the candidate is. */
static uint32_t name_index(const struct cword *s, size_t i, const struct cread *r)
{
	return slot_at(atom(K_NAME, s[i].shape, r->g.name + 16u * r->unknown +
	                    32u * r->fixed), r->p[P_POS]);
}

void place_scores(int32_t *sum, const int16_t *w, const struct cword *s, size_t n, size_t i,
                  const bool *forbid)
{
	struct atoms a;

	place_atoms(&a, s, n, i);
	for (int k = 0; k < s[i].n; k++) {
		const struct cread *r = &s[i].r[k];
		int32_t t = 0;

		if (forbid && forbid[k])
			continue;
		for (int j = 0; j < a.n; j++)
			t += w[slot_at(a.a[j], r->p[a.view[j]])];
		sum[k] += t + w[name_index(s, i, r)];
	}
}

size_t place_features(uint32_t ix[FEATS_MAX], const struct cword *s, size_t n, size_t i, int k)
{
	struct atoms a;
	size_t m;

	place_atoms(&a, s, n, i);
	m = as_indices(ix, &a, &s[i].r[k]);
	ix[m] = name_index(s, i, &s[i].r[k]);
	return m + 1;
}

/* ---- path ------------------------------------------------------------------------------ */

/* What sees the last three tags alone. */
static void atoms_last(struct atoms *a, const struct state *from)
{
	uint32_t m1 = from->v[0][0], m2 = from->v[1][0];

	put(a, atom(K_T1, from->t[0], 0), P_FULL);
	put(a, atom(K_T1M, m1, 0), P_MID);
	put(a, atom(K_T1M, m1, 1), P_FULL);
	put(a, atom(K_T1T2, m1, m2), P_MID);
	put(a, atom(K_T2, m2, 0), P_MID);
	put(a, atom(K_T123, from->v[0][1] + 3 * from->v[1][1],
	            from->t[2] & UD_MASK(POS)), P_POS);
}

static void atoms_noun(struct atoms *a, const struct state *from)
{
	put(a, atom(K_NOUN, from->noun, 0), P_MID);
}

static void atoms_verb(struct atoms *a, const struct state *from)
{
	put(a, atom(K_VERB, from->verb, from->old_verb), P_MID);
	put(a, atom(K_SUBJ, from->subject, from->verb & (UD_MASK(FORM) | UD_MASK(VOICE))), P_MID);
}

void path_atoms(struct atoms *a, const struct state *from, const struct cword *s, size_t n,
                size_t i, bool tags)
{
	uint32_t m1 = from->v[0][0];
	const struct look_at *me = s[i].at, *r = at(s, n, i, 1);

	a->n = 0;
	if (tags) {
		atoms_last(a, from);
		atoms_noun(a, from);
		atoms_verb(a, from);
	}
	put(a, atom(K_GOV, from->prep, 0), P_CASE);
	put(a, atom(K_GOV, from->prep, 1), P_FULL);
	put(a, atom(K_VERB_L, from->verb_lemma, from->old_verb), P_CASE);
	put(a, atom(K_T1W0, m1, me->form), P_POS);
	put(a, atom(K_T1L0, m1, me->form), P_MID);
	put(a, atom(K_T1W1, m1, r->form), P_MID);
	put(a, atom(K_T1C1, m1, r->klass), P_MID);
}

/* How two tags agree in case, number, gender, animacy: 0 one does not say, 1 same, 2 not. */
static uint32_t agree(uint32_t a, uint32_t b)
{
	uint32_t x = 0;

#define AGREE(name) \
	x = x * 3 + (!UD_GET(a, name) || !UD_GET(b, name) ? 0 : \
	             UD_GET(a, name) == UD_GET(b, name) ? 1 : 2)
	AGREE(CASE);
	AGREE(NUMBER);
	AGREE(GENDER);
	AGREE(ANIM);
	AGREE(PERSON);
#undef AGREE
	return x;
}

/* Agreement with the word before and the one before that, the last noun, the last verb. */
static uint32_t agree_1(const struct state *from, const struct cread *r)
{
	return slot_at(atom(K_AGREE1, agree(from->t[0], r->tag), from->t[0] & UD_MASK(POS)),
	               r->p[P_POS]);
}

static uint32_t agree_2(const struct state *from, const struct cread *r)
{
	uint32_t p1 = from->t[0] & UD_MASK(POS), p2 = from->t[1] & UD_MASK(POS);

	return slot_at(atom(K_AGREE2, agree(from->t[1], r->tag), p2 + (p1 << 8)), r->p[P_POS]);
}

static uint32_t agree_noun(const struct state *from, const struct cread *r)
{
	return slot_at(atom(K_AGREEN, agree(from->noun, r->tag),
	                    from->noun & (UD_MASK(POS) | UD_MASK(CASE))), r->p[P_POS]);
}

static uint32_t agree_verb(const struct state *from, const struct cread *r)
{
	return slot_at(atom(K_AGREEV, agree(from->verb, r->tag),
	                    (from->verb & UD_MASK(FORM)) + from->old_verb), r->p[P_CASE]);
}

static int32_t sum_of(const int16_t *w, const struct atoms *a, const struct cread *r)
{
	int32_t t = 0;

	for (int j = 0; j < a->n; j++)
		t += w[slot_at(a->a[j], r->p[a->view[j]])];
	return t;
}

/* The slot of a key (below 2^43): key in the high bits, sum + 2^20 in the low 21; a sum is
 * of ten weights at most. */
enum { SUM_BITS = 21 };
static bool recall(struct memo *m, uint64_t key, uint64_t **slot, int32_t *sum)
{
	*slot = &m->slot[key * 0x9E3779B97F4A7C15u >> (64 - MEMO_BITS)];
	if (**slot >> SUM_BITS != key)
		return false;
	*sum = (int32_t)(**slot & ((1u << SUM_BITS) - 1)) - (1 << (SUM_BITS - 1));
	return true;
}

static int32_t keep(uint64_t *slot, uint64_t key, int32_t sum)
{
	*slot = key << SUM_BITS | (uint32_t)(sum + (1 << (SUM_BITS - 1)));
	return sum;
}

/* Keys: kind 1..3, then 12 bits a tag. tid is never 0 for a candidate, so no key is 0. */
static int32_t sum_last(const int16_t *w, struct memo *m, const struct state *from,
                        const struct cread *r)
{
	uint64_t key = 1ull << 41 | (uint64_t)from->id[0] << 29 | (uint64_t)from->id[1] << 17 |
	               (uint64_t)r->tid << 5 | UD_GET(from->t[2], POS), *slot;
	struct atoms a = { .n = 0 };
	int32_t sum;

	if (recall(m, key, &slot, &sum))
		return sum;
	atoms_last(&a, from);
	return keep(slot, key, sum_of(w, &a, r) + w[agree_1(from, r)] + w[agree_2(from, r)]);
}

static int32_t sum_noun(const int16_t *w, struct memo *m, const struct state *from,
                        const struct cread *r)
{
	uint64_t key = 2ull << 41 | (uint64_t)from->noun_id << 12 | r->tid, *slot;
	struct atoms a = { .n = 0 };
	int32_t sum;

	if (recall(m, key, &slot, &sum))
		return sum;
	atoms_noun(&a, from);
	return keep(slot, key, sum_of(w, &a, r) + w[agree_noun(from, r)]);
}

static int32_t sum_verb(const int16_t *w, struct memo *m, const struct state *from,
                        const struct cread *r)
{
	uint64_t key = 3ull << 41 | (uint64_t)from->verb_id << 16 | (uint64_t)r->tid << 4 |
	               (uint64_t)from->subject << 1 | from->old_verb, *slot;
	struct atoms a = { .n = 0 };
	int32_t sum;

	if (recall(m, key, &slot, &sum))
		return sum;
	atoms_verb(&a, from);
	return keep(slot, key, sum_of(w, &a, r) + w[agree_verb(from, r)]);
}

int32_t path_sum(const int16_t *w, struct memo *memo, const struct atoms *a,
                 const struct state *from, const struct cread *r)
{
	int32_t t = sum_of(w, a, r);

	if (!memo)
		return t + w[agree_1(from, r)] + w[agree_2(from, r)] + w[agree_noun(from, r)] +
		       w[agree_verb(from, r)];
	return t + sum_last(w, memo, from, r) + sum_noun(w, memo, from, r) +
	       sum_verb(w, memo, from, r);
}

size_t path_features(uint32_t ix[FEATS_MAX], const struct state *from, const struct cword *s,
                     size_t n, size_t i, int k)
{
	struct atoms a;
	size_t m;

	path_atoms(&a, from, s, n, i, true);
	m = as_indices(ix, &a, &s[i].r[k]);
	ix[m++] = agree_1(from, &s[i].r[k]);
	ix[m++] = agree_2(from, &s[i].r[k]);
	ix[m++] = agree_noun(from, &s[i].r[k]);
	ix[m++] = agree_verb(from, &s[i].r[k]);
	return m;
}
