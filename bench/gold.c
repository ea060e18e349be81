/* gold.c - how well scenes are cut and filled, against the annotated ones.
 *
 *   gold [train|dev|report] [LIBRARY [SHARED]]
 *
 *   out   per source (stories of the library; passages of real books when SHARED has them):
 *         coded fields: accuracy beside the majority class of the training part;
 *         actors and images: F1 over folded lemmas; field and idea: share equal among the scenes
 *         where gold has one; valence and arousal: correlation; boundaries on stories: F1, WindowDiff
 *         [Pevzner & Hearst 2002] and Pk, beside the same cut by length and paragraphs alone and
 *         beside cuts of equal length; speed of scenes_read.
 *
 * Beware: the stories' scenes were written to a length (704 +- 37 characters), so on them a stiff
 * length cost finds most boundaries without reading a word. Only what scenes_cut gains over
 * "length only" is evidence, and the length cost must not be tuned on this set.
 *
 * The set 'report' is for reporting: nothing was tuned on it.
 */
#include <math.h>
#include <time.h>

#include "goldset.h"
#include "scenes/parts.h"

struct tally {
	int n, right[SC_N], major[SC_N];
	int hit[2], told[2], gold[2];		/* actors, images */
	int field, field_n, field_told, idea, idea_n, idea_told;
	double cor[2][6];
	double conf[SC_N];
};

static int majority[2][SC_N];		/* of passages, of stories: kind */

static void learn_majority(const struct goldset *t)
{
	int count[2][SC_N][KINDS_MAX + 1] = { 0 };

	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < t->v[i].n; j++)
			for (int f = 0; f < SC_N; f++)
				count[t->v[i].story][f][t->v[i].g[j].s.code[f]]++;
	for (int k = 0; k < 2; k++)
		for (int f = 0; f < SC_N; f++)
			for (int c = 1; c <= kind_count(f); c++)
				if (count[k][f][c] > count[k][f][majority[k][f]] || !majority[k][f])
					majority[k][f] = c;
}

static int shared_words(const struct str *a, int n, const struct str *b, int m, struct arena *t)
{
	int hit = 0;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < m; j++)
			if (str_eq(str_fold(t, a[i]), str_fold(t, b[j]))) {
				hit++;
				break;
			}
	return hit;
}

static void add_lists(struct tally *t, const struct scene *s, const struct scene *g, struct arena *a)
{
	t->hit[0] += shared_words(s->actor, s->n_actor, g->actor, g->n_actor, a);
	t->told[0] += s->n_actor;
	t->gold[0] += g->n_actor;
	t->hit[1] += shared_words(s->image, s->n_image, g->image, g->n_image, a);
	t->told[1] += s->n_image;
	t->gold[1] += g->n_image;
}

static void add_text(int *right, int *n, int *told, struct str s, struct str g, struct arena *a)
{
	*told += s.n > 0;
	if (!g.n)
		return;
	++*n;
	*right += str_eq(str_fold(a, s), str_fold(a, g));
}

static void add_cor(double c[6], double x, double y)
{
	const double v[6] = { 1, x, y, x * x, y * y, x * y };

	for (int i = 0; i < 6; i++)
		c[i] += v[i];
}

static void add_scene(struct tally *t, const struct scene *s, const struct scene *g, bool story)
{
	struct arena a = arena_open("tally");

	t->n++;
	for (int f = 0; f < SC_N; f++) {
		t->right[f] += s->code[f] && s->code[f] == g->code[f];
		t->major[f] += majority[story][f] == g->code[f];
		t->conf[f] += s->code_conf[f];
	}
	add_lists(t, s, g, &a);
	add_text(&t->field, &t->field_n, &t->field_told, s->text[ST_FIELD], g->text[ST_FIELD], &a);
	add_text(&t->idea, &t->idea_n, &t->idea_told, s->text[ST_IDEA], g->text[ST_IDEA], &a);
	if (s->code[SC_EMOTION] && g->code[SC_EMOTION]) {
		add_cor(t->cor[0], s->valence, g->valence);
		add_cor(t->cor[1], s->arousal, g->arousal);
	}
	arena_close(&a);
}

static double corr(const double s[6])
{
	double c = s[5] - s[1] * s[2] / s[0], v = (s[3] - s[1] * s[1] / s[0]) * (s[4] - s[2] * s[2] / s[0]);

	return v > 0 ? c / sqrt(v) : 0;
}

static double f1(double hit, double told, double gold)
{
	return told + gold > 0 ? 2 * hit / (told + gold) : 0;
}

static void print_tally(const struct tally *t, const char *what)
{
	double n = t->n ? t->n : 1;

	if (!t->n)
		return;
	printf("%s: %d scenes\n", what, t->n);
	for (int f = 0; f < SC_N; f++)
		printf("  %-11s accuracy %.3f   majority %.3f   mean confidence %.3f\n", scene_code_key(f),
		       t->right[f] / n, t->major[f] / n, t->conf[f] / n);
	printf("  actors F1 %.3f (P %.3f R %.3f)   images F1 %.3f (P %.3f R %.3f)\n",
	       f1(t->hit[0], t->told[0], t->gold[0]), t->hit[0] / (t->told[0] + 1e-9),
	       t->hit[0] / (t->gold[0] + 1e-9), f1(t->hit[1], t->told[1], t->gold[1]),
	       t->hit[1] / (t->told[1] + 1e-9), t->hit[1] / (t->gold[1] + 1e-9));
	printf("  field %.3f of %d (named %d)   idea %.3f of %d (named %d)\n", t->field / (t->field_n + 1e-9),
	       t->field_n, t->field_told, t->idea / (t->idea_n + 1e-9), t->idea_n, t->idea_told);
	printf("  valence r %.3f   arousal r %.3f\n", corr(t->cor[0]), corr(t->cor[1]));
}

/* ---- boundaries ------------------------------------------------------------------------ */
struct edges {
	double hit, told, gold, wd, pk, units;
};

/* is[i] = 1 when a cut stands before paragraph i; 0 < i < n. */
static void add_edges(struct edges *e, const uint8_t *is, const uint8_t *gold, size_t n, size_t half)
{
	for (size_t i = 1; i < n; i++) {
		e->hit += is[i] && gold[i];
		e->told += is[i];
		e->gold += gold[i];
	}
	for (size_t i = 0; i + half < n; i++) {
		int a = 0, b = 0;

		for (size_t j = i + 1; j <= i + half; j++) {
			a += is[j];
			b += gold[j];
		}
		e->wd += a != b;
		e->pk += (a > 0) != (b > 0);
		e->units++;
	}
}

/* Cuts of equal length in bytes at the nearest paragraph, as many as gold has: it is told how many
 * there are, which scenes_cut is not. */
static void equal_cuts(uint8_t *is, const struct goldbook *k, const size_t *off, size_t n)
{
	for (size_t cut = 1; cut < k->n; cut++) {
		double want = (double)k->b.text.n * (double)cut / (double)k->n;
		size_t best = 0;

		for (size_t i = 1; i < n; i++)
			if (!best || fabs((double)off[i] - want) < fabs((double)off[best] - want))
				best = i;
		is[best] = 1;
	}
}

/* Marks the paragraphs at which scenes cut by these weights begin; cuts within a paragraph, which
 * cannot be right, are counted. */
static size_t mark_cuts(uint8_t *is, const struct goldbook *k, const uint32_t *unit, const float *weight,
                        struct arena *a)
{
	struct scene *s;
	size_t m, inside = 0;

	scenes_cut_by(&s, &m, &k->b, &k->w, weight, a);
	for (size_t i = 1; i < m; i++) {
		if (k->b.sent[s[i].sent].para != k->b.sent[s[i].sent - 1].para)
			is[unit[s[i].sent]] = 1;
		else
			inside++;
	}
	return inside;
}

enum { OURS, LENGTH_ONLY, EQUAL, EDGES };

static void add_book(struct edges e[EDGES], const struct goldbook *k)
{
	static const float none[CUT_FEATURES];
	struct arena a = arena_open("edges");
	size_t n = 0, *off = TAKE(&a, size_t, k->b.n_sent);
	uint32_t *unit = TAKE(&a, uint32_t, k->b.n_sent + 1);
	uint8_t *is[EDGES], *gold;

	for (size_t i = 0; i < k->b.n_sent; i++) {
		if (i == 0 || k->b.sent[i].para != k->b.sent[i - 1].para)
			off[n++] = k->b.sent[i].off;
		unit[i] = (uint32_t)n - 1;
	}
	gold = TAKE(&a, uint8_t, n);
	for (int i = 0; i < EDGES; i++)
		is[i] = TAKE(&a, uint8_t, n);
	for (size_t i = 1; i < k->n; i++)
		gold[unit[k->g[i].s.sent]] = 1;
	e[OURS].told += (double)mark_cuts(is[OURS], k, unit, weight_cut(), &a);
	e[LENGTH_ONLY].told += (double)mark_cuts(is[LENGTH_ONLY], k, unit, none, &a);
	equal_cuts(is[EQUAL], k, off, n);
	size_t half = n / (2 * k->n) > 1 ? n / (2 * k->n) : 2;
	for (int i = 0; i < EDGES; i++)
		add_edges(&e[i], is[i], gold, n, half);
	arena_close(&a);
}

static void print_edges(const struct edges *e, const char *what)
{
	printf("  %-12s F1 %.3f (P %.3f R %.3f)   WindowDiff %.3f   Pk %.3f\n", what,
	       f1(e->hit, e->told, e->gold), e->hit / (e->told + 1e-9), e->hit / (e->gold + 1e-9),
	       e->wd / (e->units + 1e-9), e->pk / (e->units + 1e-9));
}

/* ---- the run --------------------------------------------------------------------------- */
static void fill_all(struct tally *t, const struct goldset *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct goldbook *k = &g->v[i];
		struct arena a = arena_open("fill");
		struct scene *s = TAKE(&a, struct scene, k->n);

		for (size_t j = 0; j < k->n; j++) {
			const struct scene *gold = &k->g[j].s;

			s[j] = (struct scene){ .sent = gold->sent, .n_sent = gold->n_sent,
				.off = gold->off, .len = gold->len };
			scene_fill(&s[j], &k->b, &k->w, &a);
		}
		scenes_carry(s, k->n);
		for (size_t j = 0; j < k->n; j++)
			add_scene(&t[k->story], &s[j], &k->g[j].s, k->story);
		arena_close(&a);
	}
}

static void print_speed(const struct goldset *g)
{
	double best = 0;

	for (int round = 0; round < 5; round++) {
		struct timespec t0, t1;
		size_t words = 0, n;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t0);
		for (size_t i = 0; i < g->n; i++) {
			struct arena a = arena_open("speed");
			struct scene *s;

			scenes_read(&s, &n, &g->v[i].b, &g->v[i].w, &a);
			for (size_t j = 0; j < g->v[i].w.n; j++)
				words += g->v[i].w.w[j].pos != POS_PUNCT;
			arena_close(&a);
		}
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t1);
		double sec = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) * 1e-9;
		if ((double)words / sec > best)
			best = (double)words / sec;
	}
	printf("scenes_read: %.0f words/s\n", best);
}

int main(int argc, char **argv)
{
	const char *set = argc > 1 ? argv[1] : "dev", *library = argc > 2 ? argv[2] : "library";
	const char *shared = argc > 3 ? argv[3] : "../shared";
	struct dictfile df;
	struct err e = { 0 };
	struct goldset g, train;
	struct tally t[2] = { 0 };
	struct edges edge[EDGES] = { 0 };

	if (dictfile_open(&df, NULL, &e)) {
		fprintf(stderr, "gold: %s\n", e.msg);
		return e.code;
	}
	goldset_open(&g, df.dict);
	goldset_open(&train, df.dict);
	if (goldset_stories(&train, library, "train") || goldset_passages(&train, shared, "train")
	    || goldset_stories(&g, library, set) || goldset_passages(&g, shared, set) || !g.n) {
		fprintf(stderr, "gold: %s %s\n", g.n ? "" : "no such set;", g.e.msg[0] ? g.e.msg : train.e.msg);
		return 3;
	}
	learn_majority(&train);
	fill_all(t, &g);
	print_tally(&t[1], "stories");
	print_tally(&t[0], "passages");
	for (size_t i = 0; i < g.n; i++)
		if (g.v[i].story)
			add_book(edge, &g.v[i]);
	printf("boundaries of stories, between paragraphs\n");
	print_edges(&edge[OURS], "scenes_cut");
	print_edges(&edge[LENGTH_ONLY], "length only");
	print_edges(&edge[EQUAL], "equal cuts");
	print_speed(&g);
	goldset_close(&g);
	goldset_close(&train);
	dictfile_close(&df);
	return 0;
}
