/* readings.c - all readings of a form with their probabilities.
 *
 *   in    a form as it stands in the text
 *   out   (lemma, grammar, probability) of each reading, most probable first
 *
 * P(tag | form) comes from the dictionary's corpus counts where it has any, smoothed by a
 * prior over cells of the paradigm; forms without counts have the prior alone. е in the text
 * may stand for ё; ё that the dictionary does not know is tried as е.
 *
 * Invariants: at least one reading; probabilities sum to 1; the order is total (ties by
 * part of speech, grammar, lemma), so results do not depend on the walk.
 */
#include "words/tag/choose.h"

enum { YO_BUDGET = 2000 };	/* steps over е/ё choices, against hostile graphs */

static void add_bytes(struct cell *c, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n && c->n_lemma < sizeof c->lemma; i++)
		c->lemma[c->n_lemma++] = p[i];
}

/* Cells of a paradigm: endings, tags, prefixes. */
struct forms {
	const struct dict *d;
	const uint16_t *v;
	uint32_t m;
};

static const struct tag *tag_at(const struct forms *p, uint32_t k)
{
	return &p->d->tag[p->v[p->m + k]];
}

static void set_lemma(struct cell *c, const struct forms *p, uint32_t k, const uint8_t *stem,
                      size_t n_stem)
{
	const struct rows *suf = &p->d->suffix;
	struct prefix head = dict_prefix[p->v[2 * p->m + k]];
	const uint32_t *first = suf->first + p->v[k];

	c->n_lemma = 0;
	add_bytes(c, (const uint8_t *)head.p, head.n);
	add_bytes(c, stem, n_stem);
	add_bytes(c, suf->byte + first[0], first[1] - first[0]);
}

/* The dictionary joins words that readers keep apart: an ordinal with its number, Ивановна
 * with Иван, Каренина with Каренин. The cell that is the word's own first form, or 0. */
static uint32_t own_lemma(const struct forms *p, const struct tag *t)
{
	const struct tag *t0 = tag_at(p, 0);
	bool ordinal = t->pos == POS_ADJ && t0->pos != POS_ADJ;
	bool patronymic = t->g.name == WNAME_PATR && t0->g.name != WNAME_PATR;
	bool her = t->g.name == WNAME_SURN && t->g.gender == 2 && t->g.number == 1 &&
	           t0->g.gender == 1;

	uint32_t best = 0;

	for (uint32_t k = 1; (ordinal || patronymic || her) && k < p->m; k++) {
		const struct tag *x = tag_at(p, k);

		if (x->pos != t->pos || x->g.name != t->g.name || x->g.number != 1 ||
		    x->g.gcase != CASE_NOM || x->g.shortf ||
		    x->g.gender != (ordinal || t->g.number == 2 ? 1 : t->g.gender))
			continue;
		if (x->mark == t->mark)	/* Аркадьевны is of Аркадьевна, not of Аркадиевна */
			return k;
		best = best ? best : k;
	}
	return best;
}

/* счастья is of счастье, not of счастие, where that is the commoner word. */
static void soft_lemma(struct cell *c, const struct forms *p, const uint8_t *stem, size_t n)
{
	struct cell soft = *c;

	for (uint32_t k = 1; k < p->m; k++) {
		const struct tag *x = tag_at(p, k);

		if (!(x->mark & TAG_BE) || x->g.gcase != CASE_NOM || x->g.number != 1)
			continue;
		set_lemma(&soft, p, k, stem, n);
		if (weights_freq(p->d->ctx, &soft) >= weights_freq(p->d->ctx, c))
			*c = soft;
		return;
	}
}

bool dict_cell(const struct dict *d, struct cell *c, uint32_t para, uint32_t k,
               const uint8_t *form, size_t n)
{
	if (para >= d->n_para)
		return false;
	const uint16_t *v = d->para + d->para_first[para];
	uint32_t m = (d->para_first[para + 1] - d->para_first[para]) / 3;

	if (k >= m)
		return false;
	struct forms p = { d, v, m };
	struct prefix head = dict_prefix[v[2 * m + k]];
	const uint8_t *tail = d->suffix.byte + d->suffix.first[v[k]];
	size_t n_tail = d->suffix.first[v[k] + 1] - d->suffix.first[v[k]];

	if (head.n + n_tail > n || memcmp(form, head.p, head.n) ||
	    memcmp(form + n - n_tail, tail, n_tail))
		return false;
	c->unknown = 0;
	c->tag = tag_at(&p, k);
	c->w = 0;
	set_lemma(c, &p, own_lemma(&p, c->tag), form + head.n, n - n_tail - head.n);
	if ((c->tag->mark & TAG_BE) && !c->tag->g.name)
		soft_lemma(c, &p, form + head.n, n - n_tail - head.n);
	weights_lemma(d->ctx, c);
	return true;
}

/* How likely a cell is before the form is known. */
static float prior(const struct tag *t)
{
	static const float by_case[CASE_ACC2 + 1] = {
		[0] = 1, [CASE_NOM] = 1.5f, [CASE_GEN] = 1.2f, [CASE_DAT] = 0.4f, [CASE_ACC] = 1,
		[CASE_INS] = 0.8f, [CASE_LOC] = 0.7f, [CASE_VOC] = 0.05f, [CASE_GEN2] = 0.05f,
		[CASE_LOC2] = 0.05f, [CASE_ACC2] = 0.05f,
	};
	float w = by_case[t->g.gcase];

	if (t->mark & TAG_RARE)
		w *= 0.15f;
	if (t->mark & TAG_ABBR)
		w *= 0.1f;
	if (t->mark & TAG_INITIAL)
		w *= 0.1f;
	if (t->g.name)
		w *= 0.5f;
	if (t->g.mood == 2)
		w *= 0.5f;
	if (t->g.number == 2 && t->pos == POS_NOUN)
		w *= 0.7f;
	return w;
}

struct walk {
	const struct dict *d;
	struct cell *out;
	size_t n_out, cap, n;
	int budget;
	uint8_t form[FORM_MAX];
};

static void collect(struct walk *w, uint32_t node)
{
	uint8_t key[CELLS_MAX][DAWG_DEPTH];
	size_t n;

	node = dawg_step(&w->d->words, node, 1);
	if (node == DAWG_NONE)
		return;
	n = dawg_below(&w->d->words, node, 4, key, CELLS_MAX);
	for (size_t i = 0; i < n && w->n_out < w->cap; i++) {
		uint32_t para = (uint32_t)(key[i][0] ^ 1) << 6 | key[i][1] >> 1;
		uint32_t k = (uint32_t)(key[i][2] ^ 1) << 6 | key[i][3] >> 1;

		if (dict_cell(w->d, &w->out[w->n_out], para, k, w->form, w->n))
			w->n_out++;
	}
}

/* Walks on from letter i; е is tried as itself and as ё. */
static void walk_on(struct walk *w, uint32_t node, size_t i)
{
	for (; i < w->n; i++) {
		if (w->budget-- <= 0)
			return;
		if (w->form[i] == CYR_IE) {
			uint32_t yo = dawg_step(&w->d->words, node, CYR_IO);

			if (yo != DAWG_NONE) {
				w->form[i] = CYR_IO;
				walk_on(w, yo, i + 1);
				w->form[i] = CYR_IE;
			}
		}
		node = dawg_step(&w->d->words, node, w->form[i]);
		if (node == DAWG_NONE)
			return;
	}
	collect(w, node);
}

/* Corpus counts say P(tag | form) but not which lemma: among readings of one tag the
 * lemmas share it by their frequency. */
static float share(const struct cell *c, size_t n, size_t i, const float *f)
{
	float sum = 0;

	for (size_t k = 0; k < n; k++)
		if (c[k].tag == c[i].tag)
			sum += f[k];
	return f[i] / sum;
}

/* P(reading | form) from corpus counts, smoothed by prior and frequency of the lemma. */
static void weigh(const struct dict *d, struct cell *c, size_t n_cell, const uint8_t *form,
                  size_t n)
{
	uint32_t node = dawg_walk(&d->prob, DAWG_ROOT, form, n);
	float sum = 0, seen = 0, p[CELLS_MAX] = { 0 }, f[CELLS_MAX];

	must(n_cell <= CELLS_MAX);
	if (node != DAWG_NONE)
		node = dawg_step(&d->prob, node, ':');
	for (size_t i = 0; i < n_cell; i++) {
		f[i] = weights_freq(d->ctx, &c[i]);
		c[i].w = prior(c[i].tag) * f[i];
		sum += c[i].w;
	}
	for (size_t i = 0; i < n_cell && node != DAWG_NONE; i++) {
		uint32_t t = (uint32_t)(c[i].tag - d->tag), v;
		const uint32_t *first = d->tag_name.first;
		uint32_t at = dawg_walk(&d->prob, node, d->tag_name.byte + first[t],
		                        first[t + 1] - first[t]);

		if (at != DAWG_NONE && dawg_value(&d->prob, at, &v))
			seen += p[i] = (float)v * share(c, n_cell, i, f);
	}
	for (size_t i = 0; i < n_cell; i++)
		c[i].w = seen > 0 ? 0.92f * p[i] / seen + 0.08f * c[i].w / sum : c[i].w / sum;
}

size_t dict_cells(const struct dict *d, struct cell *out, size_t cap, const uint8_t *form,
                  size_t n)
{
	struct walk w = { .d = d, .out = out, .cap = cap, .n = n, .budget = YO_BUDGET };

	if (!n || n > FORM_MAX)
		return 0;
	memcpy(w.form, form, n);
	walk_on(&w, DAWG_ROOT, 0);
	if (!w.n_out && memchr(form, CYR_IO, n)) {
		for (size_t i = 0; i < n; i++)
			if (w.form[i] == CYR_IO)
				w.form[i] = CYR_IE;
		w.budget = YO_BUDGET;
		walk_on(&w, DAWG_ROOT, 0);
	}
	weigh(d, out, w.n_out, form, n);
	return w.n_out;
}

static int cell_cmp(const struct cell *a, const struct cell *b)
{
	uint32_t ga = gram_pack(a->tag->g), gb = gram_pack(b->tag->g);

	if (a->w != b->w)
		return a->w > b->w ? -1 : 1;
	if (a->tag->pos != b->tag->pos)
		return a->tag->pos < b->tag->pos ? -1 : 1;
	if (ga != gb)
		return ga < gb ? -1 : 1;
	int c = memcmp(a->lemma, b->lemma, a->n_lemma < b->n_lemma ? a->n_lemma : b->n_lemma);

	return c ? c : (int)a->n_lemma - (int)b->n_lemma;
}

static bool same(const struct cell *a, const struct cell *b)
{
	return a->tag->pos == b->tag->pos && a->n_lemma == b->n_lemma &&
	       gram_pack(a->tag->g) == gram_pack(b->tag->g) &&
	       !memcmp(a->lemma, b->lemma, a->n_lemma);
}

/* Equal readings add up; then best first (insertion sort: the lists are short). */
static size_t order(struct cell *c, size_t n)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < m && !same(&c[k], &c[i]))
			k++;
		if (k < m)
			c[k].w += c[i].w;
		else
			c[m++] = c[i];
	}
	for (size_t i = 1; i < m; i++) {
		struct cell x = c[i];
		size_t k = i;

		for (; k > 0 && cell_cmp(&x, &c[k - 1]) < 0; k--)
			c[k] = c[k - 1];
		c[k] = x;
	}
	return m;
}

static bool names_only(const struct cell *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!c[i].tag->g.name)
			return false;
	return true;
}

/* How many letters follow -ов or -ев where a form ends as surnames do; -1 where not. */
static int surname_tail(const uint8_t *f, size_t n)
{
	static const char *const tail[] = { "", "\xE0", "\xF3", "\xFB\xEC", "\xE5", "\xEE\xE9" };

	for (size_t i = 0; i < sizeof tail / sizeof *tail; i++) {
		size_t k = strlen(tail[i]);

		if (n > k + 3 && !memcmp(f + n - k, tail[i], k) && f[n - k - 1] == 0xE2 &&
		    (f[n - k - 2] == 0xEE || f[n - k - 2] == CYR_IE))
			return (int)k;
	}
	return -1;
}

/* A form known as a common word that looks like a surname (Песцов) may be one: it declines
 * as Иванов does. */
static size_t surname_beside(const struct dict *d, struct cell *out, size_t cap,
                             const uint8_t *form, size_t n)
{
	static const char model[] = "\xE8\xE2\xE0\xED\xEE\xE2";	/* иванов */
	uint8_t like[FORM_MAX];
	int tail = surname_tail(form, n);
	size_t m, k = 0, stem = n - (size_t)tail;

	memcpy(like, model, 6);
	memcpy(like + 6, form + stem, (size_t)tail);
	m = dict_cells(d, out, cap, like, 6 + (size_t)tail);
	for (size_t i = 0; i < m; i++) {
		uint8_t rest[FORM_MAX];
		size_t n_rest = out[i].n_lemma > 6 ? out[i].n_lemma - 6u : 0;

		if (out[i].tag->g.name != WNAME_SURN || out[i].n_lemma < 6 || n_rest > 4 ||
		    memcmp(out[i].lemma, model, 6))
			continue;
		memcpy(rest, out[i].lemma + 6, n_rest);
		out[k] = out[i];
		memcpy(out[k].lemma, form, stem);
		memcpy(out[k].lemma + stem, rest, n_rest);
		out[k].n_lemma = (uint8_t)(stem + n_rest);
		out[k].unknown = 1;
		out[k++].w *= 0.1f;
	}
	return k;
}

/* A form known as a name only may be a common word or another name: guesses stand beside
 * with a tenth of the weight. */
static size_t guessed_beside(const struct dict *d, struct cell *out, size_t cap,
                             const uint8_t *form, size_t n)
{
	size_t m = dict_predict(d, out, cap, form, n);
	float sum = 0;

	for (size_t i = 0; i < m; i++)
		sum += out[i].w;
	for (size_t i = 0; i < m; i++)
		out[i].w *= 0.1f / sum;
	return m;
}

static bool has_name(const struct cell *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c[i].tag->g.name)
			return true;
	return false;
}

size_t dict_read(const struct dict *d, struct cell out[CELLS_MAX], const uint8_t *form,
                 size_t n)
{
	static const struct tag nothing = { .pos = POS_NOUN };
	size_t m = dict_cells(d, out, CELLS_MAX, form, n);
	float sum = 0;

	if (!m)
		m = dict_predict(d, out, CELLS_MAX, form, n);
	else if (names_only(out, m))
		m += guessed_beside(d, out + m, CELLS_MAX - m, form, n);
	else if (surname_tail(form, n) >= 0 && !has_name(out, m))
		m += surname_beside(d, out + m, CELLS_MAX - m, form, n);
	m = dict_extra(d, out, m, CELLS_MAX, form, n);
	if (!m) {
		out[0] = (struct cell){ .tag = &nothing, .unknown = 1, .w = 1 };
		add_bytes(&out[0], form, n);
		m = 1;
	}
	m = order(out, m);
	if (m > READINGS_MAX)
		m = READINGS_MAX;
	for (size_t i = 0; i < m; i++)
		sum += out[i].w;
	for (size_t i = 0; i < m; i++)
		out[i].w = sum > 0 ? out[i].w / sum : 1.0f / (float)m;
	return m;
}

size_t form_bytes(uint8_t out[FORM_MAX], struct str word)
{
	const char *p = word.p, *end = word.p + word.n;
	size_t n = 0;

	while (p < end) {
		uint32_t r = utf8_next(&p, end);
		uint8_t c = cyr_byte(r);

		if (r == 0x301 || r == 0x300)	/* a stress mark that text could not fold */
			continue;
		if (!c || n == FORM_MAX)
			return 0;
		out[n++] = c;
	}
	if (n > 1 && out[n - 1] == CYR_HARD)
		n--;
	return n;
}

int dict_readings(const struct dict *d, struct str form, struct reading out[READINGS_MAX],
                  struct arena *a)
{
	struct cell cell[CELLS_MAX];
	uint8_t byte[FORM_MAX];
	size_t n = form_bytes(byte, form);

	if (!n) {
		out[0] = (struct reading){ .lemma = str_lower(a, form), .unknown = 1, .p = 1 };
		return 1;
	}
	n = dict_read(d, cell, byte, n);
	for (size_t i = 0; i < n; i++) {
		struct buf b = { 0 };

		cyr_utf8(&b, cell[i].lemma, cell[i].n_lemma);
		out[i] = (struct reading){ str_copy(a, buf_view(&b)), cell[i].tag->g,
		                           cell[i].tag->pos, cell[i].unknown, cell[i].w };
		buf_free(&b);
	}
	return (int)n;
}
