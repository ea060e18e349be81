/* fit_cues.c - makes data/ru/scene_weight.tsv: the weights of heads.c, nouns.c and borders.c.
 *
 *   fit_cues LIBRARY SHARED > w.tsv; fit_prior LIBRARY SHARED < w.tsv > data/ru/scene_weight.tsv
 *
 *   in    the 'train' stories of the shipped library and the 'train' passages of the shared
 *         development data, through the same features the product uses
 *   out   rows: dense (feature, 79 weights), lemma (79 letters), actor/image/field (feature, weight),
 *         cut (feature, weight); on stderr how the 'dev' parts are judged, which chose the
 *         strengths of regularisation below. The 'report' parts are never read.
 *
 * Multinomial logistic regression with a ridge for every coded field, least squares for valence
 * and arousal, both by full-batch Adam [Kingma & Ba 2015] in float from zero: deterministic.
 */
#include <math.h>

#include "goldset.h"
#include "scenes/parts.h"

enum { LEMMA_MAX = 6000, STEPS = 400 };
static struct {
	float dense, style, lemma;	/* ridge on dense features, on those of style, on lemmas */
	int df;				/* scenes a lemma must occur in */
	float whole;			/* weight of a story scene's copy that stands nowhere */
} opt = { 0.5f, 0.1f, 2, 3, 0.5f };

struct sample {
	float x[DENSE_N];
	uint32_t *lem;			/* lemma columns */
	int n_lem;
	float lv;			/* value of every lemma feature */
	float weight;
	int y[SC_N];
	float va[2];
	bool story;
};
struct data {
	struct sample *v;
	size_t n, cap;
};
static struct strtab vocab;
static uint32_t *vocab_df;
static int n_lemma_out;			/* lemmas with a weight */
static int32_t *lemma_row;		/* [vocab.n] row or -1 */
static struct arena mem;

/* ---- samples --------------------------------------------------------------------------- */
static void add_sample(struct data *t, const struct goldbook *k, const struct scene *g, bool whole,
                       float weight, bool learn)
{
	struct arena scratch = arena_open("sample");
	struct look l;
	struct sample *s = &VEC_PUSH(t->v, t->n, t->cap);

	memset(s, 0, sizeof *s);
	look_at(&l, g, &k->b, &k->w, &scratch);
	if (whole) {
		l.first = l.last = 0;
		l.at = 0.5f;
	}
	dense_features(s->x, &l);
	s->lem = TAKE(&mem, uint32_t, l.n_word + 1);
	for (size_t i = l.from; i < l.to; i++) {
		const struct word *w = &k->w.w[i];

		if (w->pos == POS_PUNCT || w->flags & WORD_PROPER || !l.lw[i - l.from].fresh)
			continue;
		struct str low = str_fold(&scratch, k->w.lemma[w->lemma].s);
		uint32_t id = learn ? strtab_add(&vocab, low) : strtab_find(&vocab, low);
		if (id != STRTAB_NONE)
			s->lem[s->n_lem++] = id;
	}
	s->lv = 1 / sqrtf((float)(l.n_content ? l.n_content : 1) / 100);
	s->weight = weight;
	s->story = k->story;
	for (int f = 0; f < SC_N; f++)
		s->y[f] = g->code[f];
	s->va[0] = g->valence;
	s->va[1] = g->arousal;
	arena_close(&scratch);
}

static void samples_of(struct data *t, const struct goldset *g, bool learn)
{
	for (size_t i = 0; i < g->n; i++)
		for (size_t j = 0; j < g->v[i].n; j++) {
			const struct scene *s = &g->v[i].g[j].s;

			if (learn && !g->v[i].ships)
				continue;
			add_sample(t, &g->v[i], s, false, 1, learn);
			if (learn && g->v[i].story && opt.whole > 0)
				add_sample(t, &g->v[i], s, true, opt.whole, learn);
		}
}

static void choose_lemmas(const struct data *t)
{
	vocab_df = mem_alloc(vocab.n, sizeof *vocab_df);
	lemma_row = mem_alloc(vocab.n, sizeof *lemma_row);
	for (size_t i = 0; i < t->n; i++)
		for (int j = 0; t->v[i].weight == 1 && j < t->v[i].n_lem; j++)
			vocab_df[t->v[i].lem[j]]++;
	for (size_t i = 0; i < vocab.n; i++)
		lemma_row[i] = vocab_df[i] >= (uint32_t)opt.df && n_lemma_out < LEMMA_MAX
			? n_lemma_out++ : -1;
}

static float mean[DENSE_N], sd[DENSE_N];

static void standardise(struct data *t, bool learn)
{
	if (learn)
		for (int k = 1; k < DENSE_N; k++) {
			double m = 0, q = 0;

			for (size_t i = 0; i < t->n; i++)
				m += t->v[i].x[k];
			m /= (double)t->n;
			for (size_t i = 0; i < t->n; i++)
				q += (t->v[i].x[k] - m) * (t->v[i].x[k] - m);
			mean[k] = (float)m;
			sd[k] = (float)sqrt(q / (double)t->n) + 1e-3f;
		}
	for (size_t i = 0; i < t->n; i++)
		for (int k = 1; k < DENSE_N; k++)
			t->v[i].x[k] = (t->v[i].x[k] - mean[k]) / sd[k];
}

/* ---- the heads ------------------------------------------------------------------------- */
struct model {
	float *w, *g, *m, *v;		/* [rows][OUT_N]; dense rows first, then lemmas */
	size_t rows;
};

static void scores(float z[OUT_N], const struct model *m, const struct sample *s)
{
	memset(z, 0, OUT_N * sizeof *z);
	for (int i = 0; i < DENSE_N; i++) {
		const float *w = m->w + (size_t)i * OUT_N, x = s->x[i];

		if (x != 0)
			for (int k = 0; k < OUT_N; k++)
				z[k] += x * w[k];
	}
	for (int j = 0; j < s->n_lem; j++) {
		int32_t r = lemma_row[s->lem[j]];

		if (r < 0)
			continue;
		const float *w = m->w + ((size_t)DENSE_N + (size_t)r) * OUT_N;
		for (int k = 0; k < OUT_N; k++)
			z[k] += s->lv * w[k];
	}
}

/* Turns scores into the slope of the loss in place. */
static void slopes(float z[OUT_N], const struct sample *s)
{
	for (int f = 0; f < SC_N; f++) {
		int at = out_index(f, 1), n = kind_count(f);
		float top = z[at], sum = 0;

		for (int k = 1; k < n; k++)
			top = z[at + k] > top ? z[at + k] : top;
		for (int k = 0; k < n; k++)
			sum += z[at + k] = expf(z[at + k] - top);
		for (int k = 0; k < n; k++)
			z[at + k] = s->y[f] ? z[at + k] / sum - (k + 1 == s->y[f]) : 0;
	}
	for (int k = 0; k < 2; k++)
		z[OUT_N - 2 + k] = s->y[SC_EMOTION] ? 2 * (z[OUT_N - 2 + k] - s->va[k]) : 0;
}

static float ridge_of(size_t row)
{
	if (row >= DENSE_N)
		return opt.lemma;
	return row >= DENSE_N - LOOK_STYLES ? opt.style : opt.dense;
}

static void gradient(struct model *m, const struct data *t)
{
	float z[OUT_N];
	double total = 0;

	memset(m->g, 0, m->rows * OUT_N * sizeof *m->g);
	for (size_t i = 0; i < t->n; i++)
		total += t->v[i].weight;
	for (size_t i = 0; i < t->n; i++) {
		const struct sample *s = &t->v[i];
		float c = s->weight / (float)total;

		scores(z, m, s);
		slopes(z, s);
		for (int k = 0; k < OUT_N; k++)
			z[k] *= c;
		for (int j = 0; j < DENSE_N; j++)
			for (int k = 0; k < OUT_N; k++)
				m->g[(size_t)j * OUT_N + k] += s->x[j] * z[k];
		for (int j = 0; j < s->n_lem; j++) {
			int32_t r = lemma_row[s->lem[j]];

			if (r < 0)
				continue;
			float *g = m->g + ((size_t)DENSE_N + (size_t)r) * OUT_N;
			for (int k = 0; k < OUT_N; k++)
				g[k] += s->lv * z[k];
		}
	}
	for (size_t i = OUT_N; i < m->rows * OUT_N; i++)	/* the bias is free */
		m->g[i] += ridge_of(i / OUT_N) * m->w[i];
}

static void fit(struct model *m, const struct data *t)
{
	m->rows = DENSE_N + (size_t)n_lemma_out;
	m->w = mem_alloc(m->rows * OUT_N, sizeof *m->w);
	m->g = mem_alloc(m->rows * OUT_N, sizeof *m->g);
	m->m = mem_alloc(m->rows * OUT_N, sizeof *m->m);
	m->v = mem_alloc(m->rows * OUT_N, sizeof *m->v);
	for (int step = 1; step <= STEPS; step++) {
		float rate = 0.02f * (1 - (float)step / (STEPS + 1));
		float b1 = 1 - powf(0.9f, (float)step), b2 = 1 - powf(0.999f, (float)step);

		gradient(m, t);
		for (size_t i = 0; i < m->rows * OUT_N; i++) {
			m->m[i] = 0.9f * m->m[i] + 0.1f * m->g[i];
			m->v[i] = 0.999f * m->v[i] + 0.001f * m->g[i] * m->g[i];
			m->w[i] -= rate * (m->m[i] / b1) / (sqrtf(m->v[i] / b2) + 1e-8f);
		}
	}
}

static void model_free(struct model *m)
{
	mem_free(m->w);
	mem_free(m->g);
	mem_free(m->m);
	mem_free(m->v);
}

static double corr(const double *s)	/* n, x, y, xx, yy, xy */
{
	double c = s[5] - s[1] * s[2] / s[0], v = (s[3] - s[1] * s[1] / s[0]) * (s[4] - s[2] * s[2] / s[0]);

	return v > 0 ? c / sqrt(v) : 0;
}

static void judge(const struct model *m, const struct data *t, bool story, const char *what)
{
	int n = 0, right[SC_N] = { 0 };
	float z[OUT_N];
	double s[6] = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		const struct sample *v = &t->v[i];

		if (v->story != story)
			continue;
		n++;
		scores(z, m, v);
		for (int f = 0; f < SC_N; f++) {
			int at = out_index(f, 1), best = 0;

			for (int k = 1; k < kind_count(f); k++)
				if (z[at + k] > z[at + best])
					best = k;
			right[f] += best + 1 == v->y[f];
		}
		double x = z[OUT_N - 2], y = v->va[0], add[6] = { 1, x, y, x * x, y * y, x * y };
		for (int k = 0; k < 6; k++)
			s[k] += add[k];
	}
	fprintf(stderr, "%-14s n=%d", what, n);
	for (int f = 0; f < SC_N && n; f++)
		fprintf(stderr, " %s=%.3f", scene_code_key(f), (double)right[f] / n);
	fprintf(stderr, " valence_r=%.3f\n", n ? corr(s) : 0);
}

static void print_heads(const struct model *m)
{
	float top = 0;

	/* standardisation folded in: w x' = (w / sd) x - w mean / sd */
	for (int i = 1; i < DENSE_N; i++)
		for (int k = 0; k < OUT_N; k++) {
			float *w = &m->w[(size_t)i * OUT_N + k];

			*w /= sd[i];
			m->w[k] -= *w * mean[i];
		}
	for (int i = 0; i < DENSE_N; i++) {
		printf("dense\t%s\t", dense_name(i));
		for (int k = 0; k < OUT_N; k++)
			printf("%s%.3g", k ? " " : "", m->w[(size_t)i * OUT_N + k]);
		putchar('\n');
	}
	for (size_t i = (size_t)DENSE_N * OUT_N; i < m->rows * OUT_N; i++)
		top = fabsf(m->w[i]) > top ? fabsf(m->w[i]) : top;
	top *= 0.6f;		/* the few largest are cut off for the sake of the many */
	printf("scale\tlemma\t%.6g\n", top / 31);
	for (size_t i = 0; i < vocab.n; i++) {
		if (lemma_row[i] < 0)
			continue;
		printf("lemma\t" STR_FMT "\t", STR_ARG(vocab.s[i]));
		for (int k = 0; k < OUT_N; k++) {
			long q = lrintf(m->w[((size_t)DENSE_N + (size_t)lemma_row[i]) * OUT_N + k] / top * 31);

			putchar('0' + 32 + (int)(q < -31 ? -31 : q > 31 ? 31 : q));
		}
		putchar('\n');
	}
}

/* ---- logistic rankers and the cut ------------------------------------------------------ */
struct rows {
	float *x;		/* [n][d] */
	uint8_t *y;
	size_t n, cap, ycap, yn;
	int d;
};

static void row_add(struct rows *r, const float *x, bool y)
{
	for (int k = 0; k < r->d; k++)
		VEC_PUSH(r->x, r->n, r->cap) = x[k];
	VEC_PUSH(r->y, r->yn, r->ycap) = y;
}

static void logistic(float *w, const struct rows *r, float ridge)
{
	float g[64], m[64] = { 0 }, v[64] = { 0 };

	must(r->d <= 64);
	memset(w, 0, (size_t)r->d * sizeof *w);
	for (int step = 1; step <= 1500; step++) {
		float rate = 0.05f * (1 - (float)step / 1501);
		double acc[64] = { 0 };

		for (size_t i = 0; i < r->yn; i++) {
			double z = 0;
			const float *x = r->x + i * (size_t)r->d;

			for (int k = 0; k < r->d; k++)
				z += (double)w[k] * x[k];
			z = 1 / (1 + exp(-z)) - r->y[i];
			for (int k = 0; k < r->d; k++)
				acc[k] += z * x[k];
		}
		for (int k = 0; k < r->d; k++) {
			g[k] = (float)(acc[k] / (double)r->yn) + ridge * w[k];
			m[k] = 0.9f * m[k] + 0.1f * g[k];
			v[k] = 0.999f * v[k] + 0.001f * g[k] * g[k];
			w[k] -= rate * (m[k] / (1 - powf(0.9f, (float)step)))
				/ (sqrtf(v[k] / (1 - powf(0.999f, (float)step))) + 1e-8f);
		}
	}
}

static bool same_word(struct str a, struct str b, struct arena *t)
{
	return str_eq(str_fold(t, a), str_fold(t, b));
}

static bool among(struct str s, const struct str *v, int n, struct arena *t)
{
	for (int i = 0; i < n; i++)
		if (same_word(s, v[i], t))
			return true;
	return false;
}

static void rank_rows(struct rows r[3], const struct goldset *g)
{
	for (size_t i = 0; i < g->n; i++)
		for (size_t j = 0; g->v[i].ships && j < g->v[i].n; j++) {
			struct arena t = arena_open("rank");
			const struct goldbook *k = &g->v[i];
			const struct scene *s = &k->g[j].s;
			struct look l;
			size_t n;

			look_at(&l, s, &k->b, &k->w, &t);
			struct noun *v = nouns_of(&n, &l, &t);
			for (size_t c = 0; c < n; c++) {
				struct str name = noun_text(&v[c], &k->w, &t);
				bool place = among(name, &s->text[ST_FIELD], 1, &t);

				row_add(&r[0], v[c].x, among(name, s->actor, s->n_actor, &t));
				if (v[c].lemma == NARRATOR)
					continue;
				row_add(&r[1], v[c].x, among(name, s->image, s->n_image, &t));
				row_add(&r[2], v[c].x, place);
			}
			arena_close(&t);
		}
}

static void cut_rows(struct rows *r, const struct goldset *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct goldbook *k = &g->v[i];
		struct arena t = arena_open("cut");
		struct border *v;

		if (!k->story) {
			arena_close(&t);
			continue;
		}
		size_t n = borders_of(&v, &k->b, &k->w, 0, (uint32_t)k->b.n_sent, &t), c = 1;
		for (size_t b = 0; b < n; b++) {
			while (c < k->n && k->g[c].s.sent < v[b].sent)
				c++;
			if (v[b].para)
				row_add(r, v[b].x, c < k->n && k->g[c].s.sent == v[b].sent);
		}
		arena_close(&t);
	}
}

static void fit_ranks(const struct goldset *g)
{
	static const char *const key[3] = { "actor", "image", "field" };
	struct rows r[3] = { { .d = NOUN_FEATURES }, { .d = NOUN_FEATURES }, { .d = NOUN_FEATURES } };
	struct rows c = { .d = CUT_FEATURES };
	float w[64];

	rank_rows(r, g);
	for (int i = 0; i < 3; i++) {
		logistic(w, &r[i], 1e-4f);
		for (int k = 0; k < NOUN_FEATURES; k++)
			printf("%s\t%s\t%.4g\n", key[i], noun_feature_name(k), w[k]);
	}
	cut_rows(&c, g);
	logistic(w, &c, 1e-3f);
	for (int k = 0; k < CUT_FEATURES; k++)
		printf("cut\t%s\t%.4g\n", cut_feature_name(k), w[k]);
}

static float option(const char *name, float otherwise)
{
	const char *s = getenv(name);
	double v;

	return s && str_f64(str_of(s), &v) ? (float)v : otherwise;
}

int main(int argc, char **argv)
{
	struct dictfile df;
	struct goldset train, dev;
	struct data t = { 0 }, d = { 0 };
	struct model m;
	struct err e = { 0 };

	if (argc != 3 || dictfile_open(&df, NULL, &e)) {
		fprintf(stderr, "use: fit_cues LIBRARY SHARED > data/ru/scene_weight.tsv  %s\n", e.msg);
		return 2;
	}
	opt.dense = option("DENSE", opt.dense);
	opt.style = option("STYLE", opt.style);
	opt.lemma = option("LEMMA", opt.lemma);
	opt.df = (int)option("DF", (float)opt.df);
	opt.whole = option("WHOLE", opt.whole);
	goldset_open(&train, df.dict);
	goldset_open(&dev, df.dict);
	if (goldset_stories(&train, argv[1], "train") || goldset_passages(&train, argv[2], "train")
	    || goldset_stories(&dev, argv[1], "dev") || goldset_passages(&dev, argv[2], "dev")) {
		fprintf(stderr, "%s %s\n", train.e.msg, dev.e.msg);
		return 3;
	}
	mem = arena_open("fit");
	vocab = strtab_open("lemmas");
	samples_of(&t, &train, true);
	choose_lemmas(&t);
	standardise(&t, true);
	samples_of(&d, &dev, false);
	standardise(&d, false);
	fit(&m, &t);
	fprintf(stderr, "%zu samples, %d lemmas, ridge %g %g %g\n", t.n, n_lemma_out,
	        opt.dense, opt.style, opt.lemma);
	judge(&m, &t, true, "train stories");
	judge(&m, &d, true, "dev stories");
	judge(&m, &d, false, "dev passages");
	printf("# scene_weight.tsv - fitted by bench/fit/fit_cues.c on the training stories and passages\n"
	       "# (library/split.tsv). dense, lemma: outputs in the order of taxonomy.tsv, then valence,\n"
	       "# arousal; a lemma's weights are letters '0' + 32 + value, times scale.\n"
	       "kind\tname\tnumbers\n");
	print_heads(&m);
	fit_ranks(&train);
	model_free(&m);
	return 0;
}
