/* thought.h - one step of thought: situation and intention → field → recall → proposals → choice.
 *
 *   in    a situation as scenes (its last one is the present), an intention as lemmas, a
 *         trained core, the library's strips one by one
 *   out   the resonant scenes; proposals (what followed them), scored, each with its reasons; a
 *         choice, or a refusal with its reason
 *
 * Memory to memory: the caller brings strips and keeps them alive while proposals are used.
 */
#ifndef LTM_THOUGHT_H
#define LTM_THOUGHT_H

#include "base/base.h"
#include "model/model.h"

enum { RECALL_MAX = 64, PROPOSE_MAX = CAND_MAX, REASON_WORDS = 6, FIELD_SHOWN = 12 };

/* A remembered scene that resonates with the present, and is followed by another in its book. */
struct recall {
	uint32_t book, scene;		/* book as the caller numbers them */
	float resonance;		/* = 0.3·lemmas + 0.4·cover + 0.15·field + 0.1·tension + 0.05·emotion */
	float lemmas, field;		/* cosines in 0..1 */
	float cover;			/* share of the situation that the scene holds, 0..1: Σ w² of the
					   shared lemmas; one rare word is not a situation */
	bool same_tension, same_emotion;
};

struct thought {
	const struct core *core;
	const struct lexis *x;
	struct view *ctx;		/* [n_ctx] the situation's scenes, the last one first */
	int n_ctx;
	struct svec intention;		/* TF-IDF of its lemmas, empty when there is none */
	struct field field;		/* after the situation and the intention disturbed it */
	struct svec lit;		/* the same as a row: lemma keys of lit nodes, L2-normed */
	struct recall recall[RECALL_MAX];	/* best first, ties by book and scene */
	size_t n_recall;
	struct arena mem;
};
/* situation: at least one scene; intention: bag of content lemmas (n may be 0). The graph must
 * be in x. */
void thought_open(struct thought *t, const struct core *core, const struct lexis *x,
                  const struct strip *situation, const struct bag_item *intention, size_t n);
void thought_close(struct thought *t);
/* Weighs every scene of a book that has a successor; keeps the RECALL_MAX best of all books. */
void thought_recall(struct thought *t, uint32_t book, const struct strip *s);

enum reason_kind { REASON_SHARED /* words with the situation */, REASON_FIELD /* lit by the field */,
	REASON_INTENTION /* words of the intention */, REASON_KINDS };
struct proposal {
	uint32_t book, scene;		/* the proposed scene */
	struct recall from;		/* the scene it followed */
	float score;			/* logit/4 + 8·resonance + 4·intention: the order of proposals.
					   The core is trained within books; between books it only leans */
	float logit;			/* the core's, minus the mean over candidates */
	float p;			/* softmax of scores */
	float intention;		/* cosine of the proposal and its source with the intention */
	struct { uint32_t key[REASON_WORDS]; int n; } reason[REASON_KINDS];
};
/* next[i] is the strip of recall[i].book: proposals are scene recall[i].scene + 1 of it, for
 * the first PROPOSE_MAX distinct ones. Best first. Returns how many. */
size_t thought_propose(struct thought *t, struct proposal out[PROPOSE_MAX],
                       const struct strip *const *next);

/* Whether the best proposal holds. */
enum verdict {
	VERDICT_HOLDS,
	VERDICT_NO_MEMORY,	/* nothing in the library resonates with the situation */
	VERDICT_WEAK,		/* the best resonance is by grammar and kinds only, no shared concept */
	VERDICT_INTENTION,	/* nothing proposed serves the intention at all */
};
enum verdict thought_verdict(const struct thought *t, const struct proposal *p, size_t n);

#endif
