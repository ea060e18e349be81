/* lexicon.c - the language knowledge of the room: data/ru/scene_*.tsv in one hash table.
 *
 *   in    the tables carried inside the program
 *   out   lex_find: everything known of a lemma, or of two lemmas that follow one another
 *
 * Invariants: built once, by whichever thread comes first (pthread_once), read-only afterwards;
 * the key of a lemma treats ё as е, so tables and texts may write either. A malformed row is a
 * bug of the build and stops the program.
 *
 * Vectors and weights are letters: one character '0' … 'o' a number, 0 … 63, less 32.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/data.h"
#include "scenes/parts.h"

enum { SLOTS = 1 << 16, IDEAS_MAX = 1000, CUTS_MAX = 400, CUT_WORDS = 4, ARCH_MAX = 400 };

static struct {
	struct lex *slot;		/* [SLOTS], key 0 = empty */
	size_t used;
	struct idea idea[IDEAS_MAX + 1];
	size_t n_idea;
	struct { uint64_t form[CUT_WORDS]; int n, weight; } cut[CUTS_MAX];
	size_t n_cut;
	struct { int tension, resolution; struct str phrase; } arch[ARCH_MAX];
	size_t n_arch;
	float dense[DENSE_N][OUT_N];
	float rank[3][NOUN_FEATURES];	/* actor, image, field */
	float cutw[CUT_FEATURES];
	float scale;			/* of lemma weights */
} lx;
static pthread_once_t once = PTHREAD_ONCE_INIT;

uint64_t lex_key(struct str s)
{
	char buf[128];
	size_t n = s.n < sizeof buf ? s.n : sizeof buf;
	bool yo = false;

	for (size_t i = 0; i + 1 < n; i++)
		yo |= (uint8_t)s.p[i] == 0xd1 && (uint8_t)s.p[i + 1] == 0x91;
	if (!yo)
		return hash64(s.p, n, 0) | 1;
	memcpy(buf, s.p, n);
	for (size_t i = 0; i + 1 < n; i++)
		if ((uint8_t)buf[i] == 0xd1 && (uint8_t)buf[i + 1] == 0x91) {
			buf[i] = (char)0xd0;
			buf[i + 1] = (char)0xb5;
		}
	return hash64(buf, n, 0) | 1;
}

uint64_t lex_key_pair(uint64_t a, uint64_t b)
{
	return ((a * 0x9e3779b97f4a7c15u) ^ (b + (a >> 29))) | 1;
}

static struct lex *probe(uint64_t key)
{
	size_t i = (size_t)(key >> 17) & (SLOTS - 1);

	while (lx.slot[i].key && lx.slot[i].key != key)
		i = (i + 1) & (SLOTS - 1);
	return &lx.slot[i];
}

static struct lex *lex_add(uint64_t key)
{
	struct lex *l = probe(key);

	if (!l->key) {
		must(++lx.used < SLOTS * 3 / 4);
		l->key = key;
	}
	return l;
}

/* Adds a cue as written: "а-б" stands for the hyphenated word and for the two in a row. Calls
 * set on each row made. */
static void cue_add(struct str cue, void (*set)(struct lex *, void *), void *ctx)
{
	struct str rest = cue, a, b;

	set(lex_add(lex_key(cue)), ctx);
	str_cut(&rest, '-', &a);
	if (!rest.n || !str_cut(&rest, '-', &b) || rest.n)
		return;
	set(lex_add(lex_key_pair(lex_key(a), lex_key(b))), ctx);
}

static void each_word(struct str list, void (*set)(struct lex *, void *), void *ctx)
{
	struct str cue;

	while (str_cut(&list, ' ', &cue))
		if (cue.n)
			cue_add(cue, set, ctx);
}

static int field_find(struct str key)
{
	for (int f = 0; f < SC_N; f++)
		if (str_eq(key, str_of(scene_code_key(f))))
			return f;
	must(!"a scene table names an unknown field");
	return 0;
}

int out_index(enum scene_code f, int kind)
{
	int at = kind - 1;

	for (int i = 0; i < (int)f; i++)
		at += kind_count(i);
	return at;
}

int cue_bit(enum scene_code f, int kind)
{
	if (f == SC_EMOTION)
		return -1;
	return out_index(f, kind) - (f > SC_EMOTION ? kind_count(SC_EMOTION) : 0);
}

static void set_cue(struct lex *l, void *ctx)
{
	l->cue |= *(uint64_t *)ctx;
}

static void load_cues(void)
{
	struct tsv t = tsv_of(data_find("scene_cues.tsv"));

	while (tsv_next(&t)) {
		int f = field_find(t.field[0]), k = kind_find(f, t.field[1]);

		must(k > 0 && f != SC_EMOTION);
		uint64_t bit = 1ull << cue_bit(f, k);
		each_word(t.field[2], set_cue, &bit);
	}
}

struct feel {
	int label;
	float valence, arousal;
};

static void set_feel(struct lex *l, void *ctx)
{
	const struct feel *f = ctx;
	float n = (float)__builtin_popcount(l->feel);

	/* a word of several labels has their mean value */
	l->valence = (l->valence * n + f->valence) / (n + 1);
	l->arousal = (l->arousal * n + f->arousal) / (n + 1);
	l->feel |= (uint16_t)(1u << (f->label - 1));
	l->flags |= LEX_FEEL;
}

static void load_feelings(void)
{
	struct tsv t = tsv_of(data_find("scene_feel.tsv"));

	while (tsv_next(&t)) {
		double v = 0, a = 0;
		struct feel f = { .label = kind_find(SC_EMOTION, t.field[0]) };

		must(f.label && str_f64(t.field[1], &v) && str_f64(t.field[2], &a));
		f.valence = (float)v;
		f.arousal = (float)a;
		each_word(t.field[3], set_feel, &f);
	}
}

static void set_place(struct lex *l, void *ctx)
{
	if (!l->place)
		l->place = *(uint8_t *)ctx;
	l->flags |= LEX_PLACE;
}

static void set_thing(struct lex *l, void *ctx)
{
	l->thing = *(uint8_t *)ctx;
	l->flags |= LEX_THING;
}

static void load_groups(const char *name, void (*set)(struct lex *, void *))
{
	struct tsv t = tsv_of(data_find(name));

	for (uint8_t group = 1; tsv_next(&t); group++)	/* order of rows = enum place_group */
		each_word(t.field[1], set, &group);
}

static void set_idea(struct lex *l, void *ctx)
{
	uint16_t idea = *(uint16_t *)ctx;

	if (l->n_idea < IDEAS_OF_MAX && (!l->n_idea || l->idea[l->n_idea - 1] != idea))
		l->idea[l->n_idea++] = idea;
	l->flags |= LEX_IDEA;
}

static void load_ideas(void)
{
	struct tsv t = tsv_of(data_find("scene_idea.tsv"));

	while (tsv_next(&t)) {
		must(lx.n_idea < IDEAS_MAX);
		uint16_t id = (uint16_t)++lx.n_idea;
		struct idea *d = &lx.idea[id];
		struct str rest = t.field[2], w;
		struct lex *own = lex_add(lex_key(t.field[0]));

		d->name = t.field[0];
		own->noun = id;
		own->flags |= LEX_IDEA;
		each_word(t.field[1], set_idea, &id);
		while (str_cut(&rest, ' ', &w)) {
			struct str code = { w.p + 2, w.n > 2 ? w.n - 2 : 0 };

			if (str_starts(w, S("T:")))
				d->tension |= 1u << kind_find(SC_TENSION, code);
			else if (str_starts(w, S("S:")))
				d->resolution |= 1u << kind_find(SC_RESOLUTION, code);
		}
	}
}

static void load_cuts(void)
{
	struct tsv t = tsv_of(data_find("scene_cut.tsv"));

	while (tsv_next(&t)) {
		struct str list = t.field[2], cue, form;
		uint64_t weight;
		bool move = str_eq(t.field[0], S("move"));

		must(str_u64(t.field[1], &weight));
		while (str_cut(&list, ' ', &cue)) {
			if (!cue.n)
				continue;
			if (move) {
				lex_add(lex_key(cue))->flags |= LEX_MOVE;
				continue;
			}
			must(lx.n_cut < CUTS_MAX);
			int n = 0;
			while (n < CUT_WORDS && str_cut(&cue, '_', &form))
				lx.cut[lx.n_cut].form[n++] = lex_key(form);
			lx.cut[lx.n_cut].n = n;
			lx.cut[lx.n_cut++].weight = (int)weight;
		}
	}
}

static void load_archetypes(void)
{
	struct tsv t = tsv_of(data_find("scene_archetype.tsv"));

	while (tsv_next(&t)) {
		must(lx.n_arch < ARCH_MAX);
		lx.arch[lx.n_arch].tension = kind_find(SC_TENSION, t.field[0]);
		lx.arch[lx.n_arch].resolution = kind_find(SC_RESOLUTION, t.field[1]);
		lx.arch[lx.n_arch++].phrase = t.field[2];
	}
}

static const int8_t *letters(struct str s, size_t n)
{
	int8_t *v = mem_alloc(n, 1);	/* lives as long as the program */

	must(s.n == n);
	for (size_t i = 0; i < n; i++)
		v[i] = (int8_t)(s.p[i] - '0' - 32);
	return v;
}

static void load_vectors(void)
{
	struct tsv t = tsv_of(data_find("scene_vec.tsv"));

	while (tsv_next(&t)) {
		struct lex *l = lex_add(lex_key(t.field[0]));

		if (!l->vec)		/* «всё» and «все» are one: the more frequent row comes first */
			l->vec = letters(t.field[1], VEC_N);
	}
}

static float number(struct str s)
{
	double v = 0;

	must(str_f64(s, &v));
	return (float)v;
}

static void numbers(float *out, struct str list, size_t n)
{
	struct str w;

	for (size_t i = 0; i < n; i++)
		out[i] = str_cut(&list, ' ', &w) ? number(w) : 0;
}

static int name_index(struct str name, const char *(*of)(int), int n)
{
	for (int i = 0; i < n; i++)
		if (str_eq(name, str_of(of(i))))
			return i;
	return -1;
}

/* Rows: kind, name, numbers. A row whose name the program no longer knows is passed over. */
static void load_weights(void)
{
	static const char *const ranker[3] = { "actor", "image", "field" };
	struct tsv t = tsv_of(data_find("scene_weight.tsv"));

	while (tsv_next(&t)) {
		struct str kind = t.field[0];
		int i;

		if (str_eq(kind, S("scale"))) {
			lx.scale = number(t.field[2]);
		} else if (str_eq(kind, S("lemma"))) {
			struct lex *l = lex_add(lex_key(t.field[1]));

			if (!l->weight)
				l->weight = letters(t.field[2], OUT_N);
		} else if (str_eq(kind, S("dense"))) {
			if ((i = name_index(t.field[1], dense_name, DENSE_N)) >= 0)
				numbers(lx.dense[i], t.field[2], OUT_N);
		} else if (str_eq(kind, S("cut"))) {
			if ((i = name_index(t.field[1], cut_feature_name, CUT_FEATURES)) >= 0)
				lx.cutw[i] = number(t.field[2]);
		} else {
			i = name_index(t.field[1], noun_feature_name, NOUN_FEATURES);
			for (int r = 0; i >= 0 && r < 3; r++)
				if (str_eq(kind, str_of(ranker[r])))
					lx.rank[r][i] = number(t.field[2]);
		}
	}
}

static void load(void)
{
	lx.slot = mem_alloc(SLOTS, sizeof *lx.slot);
	load_cues();
	load_feelings();
	load_groups("scene_place.tsv", set_place);
	load_groups("scene_thing.tsv", set_thing);
	load_ideas();
	load_cuts();
	load_archetypes();
	load_vectors();
	load_weights();
}

const struct lex *lex_find(uint64_t key)
{
	pthread_once(&once, load);
	const struct lex *l = probe(key);
	return l->key ? l : NULL;
}

size_t idea_count(void)
{
	pthread_once(&once, load);
	return lx.n_idea;
}

const struct idea *idea_get(size_t i)
{
	pthread_once(&once, load);
	must(i >= 1 && i <= lx.n_idea);
	return &lx.idea[i];
}

const float *weight_dense(int feature)
{
	pthread_once(&once, load);
	return lx.dense[feature];
}

const float *weight_rank(const char *ranker)
{
	pthread_once(&once, load);
	return lx.rank[ranker[0] == 'a' ? 0 : ranker[0] == 'i' ? 1 : 2];
}

const float *weight_cut(void)
{
	pthread_once(&once, load);
	return lx.cutw;
}

float weight_lemma_scale(void)
{
	pthread_once(&once, load);
	return lx.scale;
}

struct str archetype_of(int tension, int resolution)
{
	pthread_once(&once, load);
	for (size_t i = 0; i < lx.n_arch; i++)
		if (lx.arch[i].tension == tension
		    && (!lx.arch[i].resolution || lx.arch[i].resolution == resolution))
			return lx.arch[i].phrase;
	return (struct str){ "", 0 };
}

int cut_cue(const uint64_t *form, size_t n)
{
	int best = 0;

	pthread_once(&once, load);
	for (size_t i = 0; i < lx.n_cut; i++) {
		int k = 0;

		while (k < lx.cut[i].n && (size_t)k < n && lx.cut[i].form[k] == form[k])
			k++;
		if (k == lx.cut[i].n && lx.cut[i].weight > best)
			best = lx.cut[i].weight;
	}
	return best;
}
